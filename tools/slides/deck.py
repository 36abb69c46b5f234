"""From slides to one file that a browser shows, and to a PDF.

A deck is reveal.js with everything inside: its script and style, the book's, and the pictures. It asks no
host for anything and works from a folder, a mail or a stick.
"""

import html
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.slides.chapters import Chapter, Slide
from tools.slides.text import REVEAL, plain

WIDTH, HEIGHT = 1280, 720
REVEAL_FILES = REVEAL / "sphinx_revealjs" / "_static" / "revealjs"
STYLE = Path(__file__).with_name("deck.css")

# Chromium as a quiet guest: nothing fetched, nothing updated, no sandbox (containers have none to give).
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<!-- The script and the first style sheet are reveal.js, under this license:
{license}
-->
<style>{reveal_css}</style>
<style>{style}</style>
</head>
<body>
<main><div class="reveal"><div class="slides">
{slides}
</div></div></main>
<script>{reveal_js}</script>
<script>{notes_js}</script>
<script>
// On paper all slides are there at once: none is hidden from those who hear the PDF, or from its outline.
Reveal.on("pdf-ready", () => {{
  document.querySelector(".reveal").removeAttribute("role");
  for (const slide of document.querySelectorAll(".slides section"))
    for (const mark of ["hidden", "aria-hidden"]) slide.removeAttribute(mark);
  document.documentElement.dataset.paper = "ready";
}});
Reveal.initialize({{
  width: {width}, height: {height}, margin: 0, center: false, hash: true, transition: "none",
  slideNumber: "c/t", pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false, plugins: [RevealNotes],
}});
</script>
</body>
</html>
"""


@dataclass
class Part:
    """A part of the book: its caption in _toc.yml, and its chapters."""

    caption: str
    chapters: list[Chapter]


def asset(path: Path) -> str:
    """A file of reveal.js.

    Raises:
        FileNotFoundError: if it is not installed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"reveal.js is not installed: {path} is not there. Cure: make slides")
    return path.read_text("utf-8")


def script(path: Path) -> str:
    return asset(path).replace("</script", "<\\/script")


def section(slide: str, kind: str, identity: str, footer: str, notes: str) -> str:
    """The frame of every slide. The inner box has the slide's size on the screen and on paper alike."""
    aside = f'<aside class="notes">{notes}</aside>' if notes else ""
    foot = f'<p class="foot">{footer}</p>' if footer else ""
    return f'<section id="{identity}" class="{kind}"><div class="frame">{slide}{foot}</div>{aside}</section>'


def beside(ratio: float) -> bool:
    """Whether a figure comes out larger beside its text than below it."""
    below, next_to = (1180, 440), (740, 540)
    widths = [min(width, height * ratio) for width, height in (below, next_to)]
    return widths[1] > widths[0]


def slide_html(slide: Slide, chapter: Chapter, identity: str) -> str:
    footer = f"Chapter {chapter.number} · {chapter.title}"
    if slide.kind == "title":
        body = f'<p class="over">Chapter {chapter.number}</p><h2>{slide.title}</h2><p>{slide.lead}</p>'
        return section(body, "title", identity, "", slide.notes)
    kind = slide.kind + (" mistake" if slide.mistake else "")
    if slide.kind == "figure" and beside(slide.ratio):
        kind += " beside"
    lead = f"<p>{slide.lead}</p>" if slide.lead else ""
    picture = f'<div class="picture">{slide.picture}</div>' if slide.picture else ""
    title = slide.title
    if slide.mistake:  # "A common mistake: pixels as samples"
        what, _, which = title.partition(": ")
        title = f'<span class="what">{what}: </span><span class="which">{which}</span>'
    return section(f"<h3>{title}</h3>{lead}{picture}", kind, identity, footer, slide.notes)


def first_slide(part: Part, about: str) -> str:
    chapters = "".join(
        f'<li><a href="#/chapter-{c.number}">{c.number} · {c.title}</a></li>' for c in part.chapters
    )
    over = '<p class="over">Parsing Every Pixel</p>'
    body = f"{over}<h1>{html.escape(part.caption)}</h1><ul>{chapters}</ul><p class='about'>{about}</p>"
    return section(body, "part title", "part", "", "")


def page(part: Part, about: str) -> str:
    """The deck of one part.

    Args:
        part: the part.
        about: one line on the first slide: where the pictures are from, under which license this is.
    """
    slides = [first_slide(part, about)]
    for chapter in part.chapters:
        for number, slide in enumerate(chapter.slides):
            identity = f"chapter-{chapter.number}" + (f"-{number}" if number else "")
            slides.append(slide_html(slide, chapter, identity))
    return PAGE.format(
        title=html.escape(f"{plain(part.caption)} · Parsing Every Pixel"),
        license=asset(REVEAL_FILES / "LICENSE"),
        reveal_css=asset(REVEAL_FILES / "dist" / "reveal.css"),
        reveal_js=script(REVEAL_FILES / "dist" / "reveal.js"),
        notes_js=script(REVEAL_FILES / "plugin" / "notes" / "notes.js"),
        style=STYLE.read_text("utf-8"),
        slides="\n".join(slides),
        width=WIDTH,
        height=HEIGHT,
    )


# Paper ------------------------------------------------------------------------------------------------------


def chromium() -> str:
    """The system's Chromium.

    Raises:
        RuntimeError: if there is none.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found or not shutil.which(found):
        raise RuntimeError(
            f"No Chromium to print the PDF with{f': CHROMIUM is {found!r}' if found else ''}. "
            "Cure: install one (apt install chromium) or name it in the variable CHROMIUM."
        )
    return found


def print_deck(browser, deck: Path) -> Path:
    """Print a deck to PDF beside it, in a browser of playwright's, and return the PDF's path.

    A page has 1280 x 720 CSS pixels. The PDF is tagged, for screen readers, and has an outline.

    Raises:
        RuntimeError: if reveal.js lays out other pages than slides.
    """
    tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    tab.goto(f"{deck.as_uri()}?view=print")
    tab.wait_for_selector("html[data-paper]")
    tab.evaluate("async () => { await Promise.all([...document.images].map(image => image.decode())) }")
    slides, pages = tab.evaluate("[Reveal.getTotalSlides(), document.querySelectorAll('.pdf-page').length]")
    if slides != pages:
        raise RuntimeError(f"{deck.name} has {slides} slides and would be printed on {pages} pages.")
    target = deck.with_suffix(".pdf")
    tab.pdf(path=target, prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    tab.close()
    return target


def print_pdf(decks: Iterable[Path]) -> list[Path]:
    """Print decks with the system's Chromium.

    Raises:
        RuntimeError: if there is none, or it fails.
    """
    executable = chromium()
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
            printed = [print_deck(browser, deck) for deck in decks]
            browser.close()
    except Error as e:
        raise RuntimeError(
            f"{executable} did not print the PDF: {e.message.splitlines()[0]} "
            "Cure: name another Chromium in the variable CHROMIUM."
        ) from e
    return printed
