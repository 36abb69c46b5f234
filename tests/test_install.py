"""Installing adebook must not move anything under a running notebook: the set-up cell of every chapter relies on it."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COLAB = ROOT / "tests" / "colab.txt"
LACKING = {"itables"}  # what adebook needs and Colab does not have
# Part of Colab in every package list it has published; colab.txt does not record the version of its newest one.
UNRECORDED = {"filelock", "numba", "pooch", "tqdm"}
LACKING_MODELS = LACKING | {"segmentation-models-pytorch"}  # what the extra [models] needs and Colab lacks


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def colab_versions() -> dict[str, str]:
    lines = [line for line in COLAB.read_text().splitlines() if line and not line.startswith("#")]
    return {normal(line.split("==")[0]): line.split("==")[1] for line in lines}


def requirements() -> list[str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def extras(*names: str) -> list[str]:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return [r for name in names for r in listed[name] if not r.startswith("adebook[")]


def test_lower_bounds_only():
    """A pin or an upper bound on a package that Colab updates breaks the book there."""
    for requirement in [*requirements(), *extras("train", "models")]:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+>=[0-9.]+", requirement), (
            f"{requirement}: give a lower bound only"
        )


def test_dependencies_are_on_colab_or_known_to_be_missing():
    for requirement in requirements():
        name = normal(requirement.split(">=")[0])
        assert name in colab_versions() or name in LACKING | UNRECORDED, (
            f"{name} is neither part of Colab (tests/colab.txt) nor listed as lacking there: "
            f"the set-up cell would install it, and what it needs, into every reader's notebook"
        )


def pip_resolve(*arguments: str) -> list[dict]:
    """What pip would install, from its own report, for Python 3.13 from wheels only."""
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
        *("--disable-pip-version-check", "--python-version", "3.13", "--only-binary=:all:"),
        *("--target", "unused", "--report", "-", *arguments),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode and re.search(
        r"NewConnectionError|Name or service|ConnectTimeout|Max retries", done.stderr
    ):
        reason = "the package index cannot be reached, so nothing can be resolved"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)["install"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("adebook-*.whl"))


@pytest.mark.network
@pytest.mark.parametrize(("extra", "lacking"), [("", LACKING), ("[models]", LACKING_MODELS)])
def test_setup_cell_installs_only_what_colab_lacks(wheel, extra, lacking):
    """Dry-run resolve of the set-up cell's install against Colab's versions (constraints), Python 3.13."""
    colab = colab_versions()
    report = pip_resolve("--constraint", str(COLAB), f"{wheel}{extra}")
    chosen = {normal(item["metadata"]["name"]): item["metadata"]["version"] for item in report}
    assert "adebook" in chosen
    moved = {name: version for name, version in chosen.items() if name in colab and version != colab[name]}
    assert not moved, f"these would change under a running notebook: {moved}"
    # What would really be new there: adebook, what Colab lacks, and whatever only those pull in.
    by_name = {normal(item["metadata"]["name"]): item["metadata"].get("requires_dist", []) for item in report}
    for name in lacking & set(by_name):
        needs = {normal(re.match(r"[A-Za-z0-9_.-]+", r)[0]) for r in by_name[name] if "extra ==" not in r}
        assert needs <= set(colab) | UNRECORDED | {"safetensors"}, (
            f"{name} would bring {sorted(needs - set(colab))} to Colab"
        )


def test_wheel_carries_the_data(wheel):
    """The default source and every table must be inside the wheel: Colab has no checkout."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "adebook/_data/classes.csv" in names
    for split in ("training", "validation"):
        pictures = [n for n in names if n.startswith(f"adebook/_data/dollhouse/images/{split}/")]
        assert pictures, f"no Dollhouse pictures of the {split} split in the wheel"
    assert wheel.stat().st_size < 40e6
    assert not [n for n in names if "tests/" in n or n.endswith(".ipynb")]


def test_installed_wheel_works_without_the_checkout(wheel, tmp_path):
    """Unpack the wheel elsewhere and load the default data set from there."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import adebook; ds = adebook.load(); import numpy as np;"
        "print(adebook.__file__, len(ds), int(np.array(ds[0]['annotation']).max()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    file, count, largest = done.stdout.split()
    assert file.startswith(str(tmp_path)), f"the test ran on {file}, not on the wheel"
    assert int(count) > 0 and 0 < int(largest) <= 150
