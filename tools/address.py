"""Show or change the repository's address.

    python tools/address.py                                   print it; fail if any file carries another
    python tools/address.py https://github.com/you/your-fork  write it wherever it must stand as text

pyproject.toml holds the address; the book, its Colab links included, reads it from there. Only what is read
on its own carries a copy: the set-up cells of notebooks, README.md, CITATION.cff and CONTRIBUTING.md.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)/([A-Za-z0-9._-]+)")
COPIES = ["README.md", "CITATION.cff", "CONTRIBUTING.md", "back/for-instructors.md"]
NOTEBOOKS = ["chapters/*.ipynb", "back/*.ipynb", "assignments/**/*.ipynb"]


def present(root: Path = ROOT) -> str:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]


def carriers(root: Path = ROOT) -> list[Path]:
    """The files that carry the address as text."""
    found = [root / name for name in COPIES]
    for pattern in NOTEBOOKS:
        found += sorted(root.glob(pattern))
    return [path for path in found if path.is_file() and ".ipynb_checkpoints" not in path.parts]


def forms(address: str) -> list[str]:
    """Every way in which files name the repository: on GitHub, on Colab, as a published site."""
    match = ADDRESS.fullmatch(address)
    if not match or match[2].endswith(".git") or match[2] in (".", ".."):
        raise ValueError(
            f"{address!r} is not the address of a GitHub repository: https://github.com/OWNER/NAME, no .git."
        )
    owner, name = match.groups()
    site = f"https://{owner.lower()}.github.io"
    if name.lower() != f"{owner}.github.io".lower():
        site += f"/{name}"
    return [address, f"colab.research.google.com/github/{owner}/{name}", site]


def pattern(form: str) -> re.Pattern[str]:
    # Not the beginning of a longer name: .../adebook is not in .../adebook-extras.
    return re.compile(re.escape(form) + r"(?![\w-]|\.\w)")


def strays(root: Path = ROOT) -> list[str]:
    """Places that install this package from, or link to Colab at, an address other than pyproject.toml's."""
    here = present(root)
    owner_name = here.removeprefix("https://github.com/")
    found = []
    for path in carriers(root):
        text = path.read_text("utf-8")
        for match in re.finditer(
            r"git\+(https://github\.com/[\w.-]+/[\w-]+)|colab\.research\.google\.com/github/([\w.-]+/[\w.-]+?)/",
            text,
        ):
            if (match[1] or "https://github.com/" + match[2]) != here and match[2] != owner_name:
                found.append(f"{path.relative_to(root).as_posix()}: {match[0]}")
    return found


def change(new: str, root: Path = ROOT) -> list[str]:
    """Write the address `new` everywhere; return the names of the files that changed."""
    pairs = list(zip(forms(present(root)), forms(new), strict=True))
    changed = []
    for path in [root / "pyproject.toml", *carriers(root)]:
        text = old = path.read_bytes().decode("utf-8")
        for before, after in pairs:
            text = pattern(before).sub(lambda _, after=after: after, text)
        if text != old:
            path.write_bytes(text.encode("utf-8"))
            changed.append(path.relative_to(root).as_posix())
    return changed


def main(arguments: Iterable[str]) -> int:
    arguments = [a for a in arguments if a]
    if not arguments:
        print(present())
        for stray in strays():
            print(f"another address in {stray}", file=sys.stderr)
        return 1 if strays() else 0
    if len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        changed = change(arguments[0].rstrip("/"))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(f"changed {name}" for name in changed) or "Nothing to change.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
