"""What may be committed, and what not."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout, so nothing is tracked")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_nothing_large_outside_data(tracked):
    large = {
        path.relative_to(ROOT).as_posix(): path.stat().st_size
        for path in tracked
        if path.stat().st_size > 1_000_000 and "data" not in path.relative_to(ROOT).parts[:1]
    }
    assert not large


def test_no_picture_of_ade20k(tracked):
    """They may not be passed on; neither may their masks lie here."""
    pictures = [
        path.name
        for path in tracked
        if re.match(r"ADE_(train|val|test|frame)_\d+", path.name)
        and path.suffix.lower() in {".jpg", ".jpeg", ".png", ".json"}
    ]
    assert not pictures


def test_no_third_party_scripts(tracked):
    """Browser assets come from packages at build time."""
    scripts = [
        path.relative_to(ROOT).as_posix() for path in tracked if path.suffix in {".js", ".css", ".woff2"}
    ]
    own = {"_assets/book.css", "_assets/book.js", "_assets/charts.js", "tools/slides/deck.css"}
    assert set(scripts) <= own


def test_no_path_of_one_machine(tracked):
    homes = re.compile(r"(?<![\w.])/(home|Users|root)/\w+|(?<![\w.])/work/\w+")
    found = {}
    for path in tracked:
        if path.suffix in {".jpg", ".png", ".svg"} or path == Path(__file__).resolve():
            continue
        if match := homes.search(path.read_text(encoding="utf-8", errors="ignore")):
            found[path.relative_to(ROOT).as_posix()] = match[0]
    assert not found
