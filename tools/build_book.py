"""Build the book; nothing when nothing changed. `make book` calls this; `--where` prints the pages' folder.

jupyter-cache runs a notebook again when its code cells change, and only then. What a notebook also depends on
(the package, the tables, the pictures, the versions, the chosen source) is fingerprinted here: when it
changes, the cache of outputs is cleared. Each source of pictures has a folder of its own: outputs never mix.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# As adebook.datasets.SOURCES (a test compares them): importing it would take longer than a build of nothing.
SOURCES = ("dollhouse", "sceneparse150", "ade20k-full")

TIMEOUT = 180  # seconds for one cell, as in _config.yml

# What the notebooks' outputs depend on, besides their own code.
INPUTS = ["adebook", "data", "requirements.txt"]
# What the pages depend on, besides the outputs.
PAGES = [
    "_config.yml",
    "_toc.yml",
    "_ext",
    "_assets",
    "index.md",
    "references.bib",
    "chapters",
    "back",
    "pyproject.toml",
    "tools/build_book.py",
]


def chosen_source() -> str:
    """The source of pictures that the environment asks for, as `adebook.source()` reads it."""
    source = os.environ.get("ADEBOOK_SOURCE", "").strip() or "dollhouse"
    if source not in SOURCES:
        sys.exit(f"ADEBOOK_SOURCE is {source!r}, which is no source. Cure: use one of {', '.join(SOURCES)}.")
    return source


def output_folder() -> Path:
    """The folder given to jupyter-book as --path-output; the pages lie in _build/html below it."""
    source = chosen_source()
    return ROOT if source == "dollhouse" else ROOT / "_build" / source


def data_root() -> Path | None:
    """ADE20K_ROOT as an absolute path: notebooks run in their own folders, where a relative one fails."""
    root = os.environ.get("ADE20K_ROOT")
    try:
        return Path(root).expanduser().resolve() if root else None
    except RuntimeError:
        sys.exit(f"ADE20K_ROOT is {root!r}, whose home folder does not exist. Cure: give the path in full.")


def files(names: Iterable[str]) -> Iterable[Path]:
    for name in names:
        path = ROOT / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            hidden = {"__pycache__", ".ipynb_checkpoints"} & set(file.parts)
            if file.is_file() and not hidden and file.suffix != ".pyc":
                yield file


def fingerprint(names: Iterable[str], extra: Iterable[str] = ()) -> str:
    digest = hashlib.sha256()
    for file in files(names):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    for text in extra:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def environment() -> list[str]:
    """The source, and the listing of the reader's own data (too large to read: names, sizes and times)."""
    source = chosen_source()
    lines = [source, sys.version.split()[0]]
    root = data_root()
    if root is not None and source != "dollhouse":  # Dollhouse lies in data/ and looks nowhere else
        lines.append(str(root))
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                stat = (Path(folder) / name).stat()
                lines.append(f"{folder}/{name} {stat.st_size} {stat.st_mtime_ns}")
    return lines


def set_environment() -> None:
    """What notebooks run in: this interpreter, and none of the kernels or start-up files of the reader."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # notebooks that share cores must not spin on them
    profile = ROOT / "_build" / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # Errors alone: each kernel would warn that what it says to this machine is not encrypted.
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n", "utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    os.environ.pop("MPLBACKEND", None)  # a set one would turn the figures off
    if (root := data_root()) is not None:
        os.environ["ADE20K_ROOT"] = str(root)


def run_notebooks(cache: Path) -> None:
    """Run the notebooks that are not in the cache, as many at once as there are cores.

    jupyter-book would run them one after another. It then finds them in the cache; one that failed
    here it runs again, and reports.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.executors import load_executor

    names = re.findall(r"\bfile:\s*(\S+)", (ROOT / "_toc.yml").read_text("utf-8"))
    notebooks = [path for name in names if (path := ROOT / f"{name}.ipynb").is_file()]
    store = get_cache(cache)
    for notebook in notebooks:
        store.add_nb_to_project(str(notebook))
    missing = [record.pk for record in store.list_unexecuted()]
    if len(missing) > 1 and (os.cpu_count() or 1) > 1:
        print(f"Running {len(missing)} notebooks.", flush=True)
        load_executor("local-parallel", store).run_and_cache(filter_pks=missing, timeout=TIMEOUT)


def build(out: Path, full: bool) -> int:
    state = out / "_build" / "fingerprints.json"
    pages = out / "_build" / "html"
    cache = out / "_build" / ".jupyter_cache"
    index = pages / "index.html"
    before = json.loads(state.read_text("utf-8")) if state.is_file() else {}
    inputs = fingerprint(INPUTS, environment())
    now = {"inputs": inputs, "pages": fingerprint(PAGES, [inputs])}
    if now == before and index.is_file() and not full:
        print("The book is up to date.")
        print(f"Built: {index.as_uri()}")
        return 0

    # From here on nothing counts as up to date until the build has succeeded.
    state.unlink(missing_ok=True)
    if full or before.get("inputs") != inputs:
        shutil.rmtree(cache, ignore_errors=True)
        shutil.rmtree(out / "_build" / "jupyter_execute", ignore_errors=True)
    # Pages are cheap to write anew (seconds), and none that has left the contents stays behind.
    shutil.rmtree(pages, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)

    start = time.monotonic()
    set_environment()
    run_notebooks(cache)
    book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*book, "build", str(ROOT), "--path-output", str(out), "-W", "--keep-going", "--all"]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        for report in sorted((pages / "reports").rglob("*.err.log")):
            print(
                f"\n==== {report.relative_to(pages / 'reports')} failed ====\n{report.read_text('utf-8')}",
                file=sys.stderr,
            )
        print("The book was not built: see the messages above.", file=sys.stderr)
        return code
    state.write_text(json.dumps(now), "utf-8")
    print(f"Built in {time.monotonic() - start:.0f} s.")
    print(f"Built: {index.as_uri()}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--where", action="store_true", help="print the folder of the pages and build nothing"
    )
    parser.add_argument("--all", action="store_true", help="run every notebook and write every page anew")
    options = parser.parse_args()
    out = output_folder()
    if options.where:
        print(out / "_build" / "html")
        return 0
    return build(out, options.all)


if __name__ == "__main__":
    sys.exit(main())
