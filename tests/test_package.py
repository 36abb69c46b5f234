"""The package as a whole: what `import adebook` costs, and what it offers."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import adebook
from adebook._data_files import data_path

ROOT = Path(__file__).resolve().parent.parent


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_import_is_light():
    loaded = loaded_after("import adebook")
    assert not loaded & {"torch", "datasets", "matplotlib", "pandas", "numpy", "PIL", "itables", "scipy"}


@pytest.mark.parametrize(
    "module, heavy",
    [
        ("adebook.classes", {"numpy", "pandas", "torch"}),
        ("adebook.palette", {"matplotlib", "torch", "datasets", "pandas"}),
        ("adebook.labels", {"matplotlib", "torch", "datasets", "pandas"}),
        ("adebook.metrics", {"matplotlib", "torch", "datasets", "pandas"}),
        ("adebook.plots", {"torch", "datasets"}),
        ("adebook.exercises", {"numpy", "matplotlib", "torch"}),
    ],
)
def test_a_module_imports_only_what_it_needs(module, heavy):
    assert not loaded_after(f"import {module}") & heavy


@pytest.mark.parametrize(
    "module, right",
    [
        ("classes", ("palette", "labels", "datasets", "metrics", "plots")),
        ("palette", ("labels", "datasets", "metrics", "plots")),
        ("labels", ("datasets", "metrics", "plots")),
        ("datasets", ("metrics", "plots")),
        ("metrics", ("plots",)),
    ],
)
def test_a_module_imports_only_from_its_left(module, right):
    loaded = loaded_after(f"import adebook.{module}")
    assert not loaded & {f"adebook.{name}" for name in right}


def test_everything_promised_is_there():
    for name in adebook.__all__:
        assert getattr(adebook, name) is not None, name
    assert set(adebook.__all__) <= set(dir(adebook))
    assert adebook.load is adebook.datasets.load
    assert adebook.check is adebook.exercises.check


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="no attribute 'clases'"):
        adebook.clases  # noqa: B018


def test_version_and_address_are_those_of_the_distribution():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert adebook.__version__ == importlib.metadata.version("adebook")
    assert adebook.repository_url() == project["urls"]["Repository"]


def test_typed():
    assert (Path(adebook.__file__).parent / "py.typed").exists()


def test_data_path_names_what_it_looked_for():
    assert data_path("classes.csv").is_file()
    with pytest.raises(FileNotFoundError, match=r"data/nowhere/x\.csv is not there; looked at .*reinstall"):
        data_path("nowhere", "x.csv")
