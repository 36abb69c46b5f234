"""Slides for each part of the book, HTML and PDF: `make slides`, after which they lie in _build/slides."""

import sys
from pathlib import Path

import yaml

from tools.build_book import chosen_source, output_folder
from tools.slides import chapters, deck

ROOT = Path(__file__).resolve().parents[2]


def parts(contents: dict) -> list[tuple[str, list[str]]]:
    """(caption, chapters) of the parts of a _toc.yml; the back matter has no slides."""
    found = []
    for part in contents["parts"]:
        files = [entry["file"] for entry in part["chapters"] if entry["file"].startswith("chapters/")]
        if files:
            found.append((part["caption"], files))
    return found


def about() -> str:
    """Where the pictures are from, and the license of the rest."""
    import adebook

    title = adebook.datasets.source_info(chosen_source()).title
    return f"Made from the chapters of the book. Text and drawn figures: CC BY 4.0. Pictures: {title}."


def make(build: Path, out: Path) -> list[Path]:
    """Write the decks of the book in `build` (a folder `_build`) as HTML into `out`; returns their paths."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    notes = chapters.lesson_notes((ROOT / "back" / "for-instructors.md").read_text("utf-8"))
    pages = []
    for caption, files in parts(contents):
        read = [chapters.read_chapter(ROOT / f"{file}.ipynb", build, notes) for file in files]
        pages.append(deck.page(deck.Part(caption, read), about()))
    out.mkdir(exist_ok=True)
    for old in out.glob("part-*"):
        old.unlink()
    written = []
    for number, text in enumerate(pages, start=1):
        written.append(out / f"part-{number}.html")
        written[-1].write_text(text, "utf-8")
    return written


def main() -> int:
    try:
        build = output_folder() / "_build"
        decks = make(build, build / "slides")
        print(f"Slides: {decks[0].parent}")
        deck.print_pdf(decks)
    except (ValueError, FileNotFoundError, RuntimeError) as e:
        print(f"slides: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
