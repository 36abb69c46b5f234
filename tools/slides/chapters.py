"""From a chapter that `make book` has run to its slides.

Nothing is written for the slides alone. Each picture of a section (a figure, a small table, a formula, a
short list) gets a slide of its own, under the section's heading, with a few sentences of the paragraph that
introduces it. The whole of what the section says is in the speaker notes. A section without a picture shows
what its cells printed, or is one slide of text.
"""

import html
import re
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path

import nbformat

from tools.slides.blocks import LARGEST, NO_TABLE, PRACTICE, Block, Section, read_sections
from tools.slides.text import parser, remainder, render, shorten

GOALS, TAKE_AWAY = "What you will be able to do", "Take-away"
NOT_SHOWN = ("Self-quiz", "Where to go next")

# What fits on a slide, in characters: sentences beside a picture, sentences alone, and printed lines.
LEAD, LONE_LEAD = 230, 480
PRINTED_LINES, PRINTED_WIDTH = 9, 84


@dataclass
class Slide:
    """One slide.

    Attributes:
        kind: "title", "goals", "text", "practice", "take-away" or the kind of the picture.
        title: HTML of the heading.
        lead: HTML of the sentences beside the picture.
        picture: HTML of the picture; empty where there is none.
        notes: HTML of the speaker notes.
        ratio: width over height of a figure.
        mistake: whether the slide belongs to a common mistake.
    """

    kind: str
    title: str
    lead: str = ""
    picture: str = ""
    notes: str = ""
    ratio: float = 0.0
    mistake: bool = False


@dataclass
class Chapter:
    """A chapter and its slides, the title first."""

    number: int
    title: str
    slides: list[Slide]


PICTURES = ("figure", "table", "formula", "list")
SPOKEN = ("paragraph", "result", "left out")


def spoken(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block.kind in SPOKEN]


def html_of(blocks: list[Block]) -> str:
    return "".join(block.html for block in blocks)


def fits(block: Block) -> bool:
    """Whether what a cell printed fits on a slide."""
    lines = block.html.rstrip().splitlines()
    return len(lines) <= PRINTED_LINES and max(map(len, lines), default=0) <= PRINTED_WIDTH


def pictures(section: Section) -> list[int]:
    """Which blocks of a section get a slide: its pictures.

    In a common mistake (the failure is often a number) and where there is no picture, also what cells
    printed, up to the first output that is too large. A line above a table is a part of the table.
    """
    blocks = section.blocks
    found = [index for index, block in enumerate(blocks) if block.kind in PICTURES]
    if found and not section.is_mistake:
        return found
    printed = [index for index, block in enumerate(blocks) if block.kind == "printed"]
    alone = [i for i in printed if i + 1 == len(blocks) or blocks[i + 1].kind not in ("table", "left out")]
    return sorted([*found, *takewhile(lambda index: fits(blocks[index]), alone)])


def as_picture(block: Block) -> str:
    if block.kind != "printed":
        return block.html
    text = block.html.rstrip()
    size = min(LARGEST, 1840 // max(map(len, text.splitlines())))
    return f'<pre style="font-size: {size}px">{html.escape(text)}</pre>'


def text_slide(section: Section) -> list[Slide]:
    """The slide of a section that has nothing to show; none, if it says nothing either."""
    said = spoken(section.blocks)
    if not said:
        return []
    lead = next((shorten(block.html, LONE_LEAD) for block in said if block.kind == "paragraph"), "")
    lead = re.sub(r":((?:</\w+>)*)$", r".\1", lead)  # what it announces is left out
    see = '<p class="see">The table is in the chapter.</p>' if NO_TABLE in html_of(said) else ""
    return [Slide("text", section.heading, lead, see, html_of(said), mistake=section.is_mistake)]


def slides_of(section: Section) -> list[Slide]:
    """A slide for each picture of a section, or one of text."""
    blocks, shown = section.blocks, pictures(section)
    if not shown:
        return text_slide(section)
    # The last paragraph before a picture introduces it; what else is between two pictures follows the first.
    before, after = [spoken(blocks[: shown[0]])], []
    for left, right in pairwise([*shown, len(blocks)]):
        between = spoken(blocks[left + 1 : right])
        introduces = right < len(blocks) and between and between[-1].kind == "paragraph"
        after.append(between[:-1] if introduces else between)
        before.append(between[-1:] if introduces else [])
    slides, kinds = [], [blocks[index].kind for index in shown]
    rest = None  # of a paragraph that serves two pictures: what the first has left
    for place, index in enumerate(shown):
        block, near = blocks[index], [*reversed(before[place]), *after[place]]
        said = [b for kind in ("paragraph", "result") for b in near if b.kind == kind]
        lead = said[0].html if said else ""
        if rest is not None:
            lead, rest = rest, None
        elif block.kind == "figure" and not said and before[place + 1] and kinds[place + 1] != "list":
            lead = before[place + 1][0].html
            rest = remainder(lead, LEAD)
        slides.append(
            Slide(
                block.kind,
                section.heading,
                shorten(lead, LEAD),
                as_picture(block),
                html_of([*before[place], *after[place]]) + block.full,
                block.ratio,
                section.is_mistake,
            )
        )
    return slides


def first_list(section: Section, name: str) -> tuple[str, str]:
    """A section's list, and the rest of what it says."""
    found = next((block for block in section.blocks if block.kind == "list"), None)
    if found is None:
        raise ValueError(f"{name}: {section.source!r} has no list that is short enough for a slide.")
    return found.html, html_of(spoken(section.blocks)) + found.full


def chapter_slides(notebook: nbformat.NotebookNode, name: str, folder: Path, lesson_notes: dict) -> Chapter:
    """The slides of one chapter.

    Args:
        notebook: the chapter, with its outputs.
        name: how errors call it.
        folder: where the book keeps its figures.
        lesson_notes: number of a chapter -> what instructors are told about it, HTML.

    Raises:
        ValueError: if the chapter lacks what every chapter has, or a figure its alternative text.
        FileNotFoundError: if a figure was not stored by the book's build.
    """
    sections = read_sections(notebook, name, folder)
    match = re.fullmatch(r"(\d+) · (.+)", sections[0].source) if sections else None
    if not match:
        raise ValueError(f"{name} does not begin with a heading such as '# 5 · IoU by hand'.")
    number = int(match[1])
    missing = {GOALS, PRACTICE, TAKE_AWAY} - {section.source for section in sections}
    if missing:
        raise ValueError(f"{name} has no section {' and no section '.join(map(repr, sorted(missing)))}.")
    if number not in lesson_notes:
        raise ValueError(
            f"back/for-instructors.md has no lesson note for {name}. "
            f"Cure: a section '### Chapter {number}: {match[2]}'"
        )
    title, promise = sections[0].heading.partition(" · ")[2], sections[0].blocks
    promise = re.sub(r"</?(?:p|strong)>", "", promise[0].html) if promise else ""
    slides = [Slide("title", title, promise, notes=lesson_notes[number])]
    exercises = []
    for section in sections[1:]:
        if section.level == 2:
            chosen = section.source
        if chosen in NOT_SHOWN:
            continue
        if section.source == GOALS:
            goals, notes = first_list(section, name)
            slides.append(Slide("goals", section.heading, picture=goals, notes=notes))
            shown = [block for block in section.blocks if block.kind in PICTURES and block.kind != "list"]
            slides += slides_of(Section(title, title, 1, shown))  # the scenes that a chapter works on
        elif section.source == PRACTICE:
            slides.append(Slide("practice", "To practice"))
        elif chosen == PRACTICE:
            label, _, task = section.heading.removeprefix("Exercise ").partition(": ")
            exercises.append(f"<li><strong>{label}</strong> {task}</li>")
        elif section.source == TAKE_AWAY:
            items, notes = first_list(section, name)
            slides.append(Slide("take-away", section.heading, picture=items, notes=notes))
        else:
            slides += slides_of(section)
    if not any(slide.kind == "figure" for slide in slides):
        raise ValueError(f"{name} has no figure, and slides are made of figures. Cure: let a cell draw one.")
    practice = next(slide for slide in slides if slide.kind == "practice")
    practice.picture = f"<ul>{''.join(exercises)}</ul>"
    return Chapter(number, title, slides)


def lesson_notes(page: str) -> dict[int, str]:
    """Number of a chapter -> its lesson note as HTML, from the text of back/for-instructors.md."""
    pieces = re.split(r"^(?:##|### Chapter (\d+):) .*$", page, flags=re.M)
    return {
        int(number): render(parser().parse(text))
        for number, text in zip(pieces[1::2], pieces[2::2], strict=True)
        if number
    }


def with_outputs(path: Path, cache: Path) -> nbformat.NotebookNode:
    """A notebook with the outputs of its last run by `make book`.

    Raises:
        FileNotFoundError: if it has not run as it is now.
    """
    from jupyter_cache import get_cache

    cure = "Cure: make book"
    if not cache.is_dir():
        raise FileNotFoundError(f"The book is not built: {cache} is not there. {cure}")
    try:
        return get_cache(cache).merge_match_into_notebook(nbformat.read(path, as_version=4))[1]
    except KeyError:
        raise FileNotFoundError(
            f"{path.name} has not run as it is now: {cache} has no outputs. {cure}"
        ) from None


def read_chapter(path: Path, build: Path, notes: dict[int, str]) -> Chapter:
    """A chapter of the book that `build` (a folder `_build`) holds."""
    notebook = with_outputs(path, build / ".jupyter_cache")
    return chapter_slides(notebook, path.name, build / "jupyter_execute", notes)
