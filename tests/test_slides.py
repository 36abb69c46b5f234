"""The slides: what is in a deck, what it looks like in a browser and on paper, and what stops it from being made."""

import base64
import hashlib
import io
import re
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

pytest.importorskip("myst_nb", reason="the site's packages are not installed: pip install adebook[book]")
from bs4 import BeautifulSoup  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from pages import AXE, need  # noqa: E402

from tools import build_book  # noqa: E402
from tools.slides import __main__ as command  # noqa: E402
from tools.slides import chapters, deck, text  # noqa: E402

pytestmark = pytest.mark.book

PARTS = command.parts(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8")))


# A small chapter ----------------------------------------------------------------------------------------------

LESSON = {3: "<ul><li>Open with a question.</li></ul>"}


def png(color=(250, 40, 0)) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), color).save(buffer, "PNG")
    return buffer.getvalue()


def stored(folder: Path, packed: bytes) -> bytes:
    """The figure in the form that the book's build leaves."""
    from PIL import Image

    Image.open(io.BytesIO(packed)).save(folder / f"{hashlib.sha256(packed).hexdigest()}.webp", lossless=True)
    return packed


def draws(packed: bytes, alt: str = "A red bar."):
    metadata = {"mystnb": {"image": {"alt": alt}}} if alt else {}
    output = new_output("display_data", {"image/png": base64.b64encode(packed).decode(), "text/plain": ""})
    return new_code_cell("draw()", metadata=metadata, outputs=[output])


def prints(*lines: str):
    return new_code_cell("show()", outputs=[new_output("stream", text="\n".join(lines) + "\n")])


def shows(markup: str):
    return new_code_cell("table", outputs=[new_output("execute_result", {"text/html": markup})])


BEGIN = new_markdown_cell(
    "# 3 · Bars\n\n**A bar is long or short. After this you know.**\n\n"
    "## What you will be able to do\n\n- measure a bar (Exercise 3.1)\n\n**Time:** 5 minutes."
)
END = new_markdown_cell("## Take-away\n\n- Bars are bars.\n\n## Where to go next\n\n- Away.")
PRACTICE = new_markdown_cell("## Exercises\n\nDo them.\n\n### Exercise 3.1: Measure `one`\n\nHow long is it?")


def slides(tmp_path, *cells, begin=BEGIN, practice=PRACTICE, end=END):
    notebook = new_notebook(cells=[begin, *cells, practice, end])
    return chapters.chapter_slides(notebook, "03-bars.ipynb", tmp_path, LESSON).slides


def summary(found):
    return [(slide.kind, text.plain(slide.title), text.plain(slide.lead)) for slide in found]


def test_a_small_chapter(tmp_path):
    cells = [
        new_markdown_cell(
            "## Red bars\n\nFirst paragraph.\n\nLook at it. It is red. The next cell draws it."
        ),
        draws(stored(tmp_path, png())),
        new_markdown_cell(
            "It was red.\n\n## Words\n\nOnly words here. And more.\n\n## A common mistake: blue"
        ),
        new_markdown_cell("Do not do it."),
        prints("ValueError: <blue>"),
        new_markdown_cell("**The rule:** never."),
    ]
    found = slides(tmp_path, *cells)
    assert summary(found) == [
        ("title", "Bars", "A bar is long or short. After this you know."),
        ("goals", "What you will be able to do", ""),
        ("figure", "Red bars", "Look at it. It is red."),
        ("text", "Words", "Only words here. And more."),
        ("printed", "A common mistake: blue", "Do not do it."),
        ("practice", "To practice", ""),
        ("take-away", "Take-away", ""),
    ]
    title, goals, figure, _, mistake, practice, take_away = found
    assert title.notes == LESSON[3]
    assert "measure a bar" in goals.picture and "5 minutes" in goals.notes
    assert figure.notes == (
        "<p>First paragraph.</p><p>Look at it. It is red. The next cell draws it.</p><p>It was red.</p>"
    )
    assert '<img alt="A red bar." width="40" height="20" src="data:image/webp;base64,' in figure.picture
    assert figure.ratio == 2
    assert "ValueError: &lt;blue&gt;" in mistake.picture and mistake.mistake
    assert mistake.notes == "<p>Do not do it.</p><p><strong>The rule:</strong> never.</p>"
    assert practice.picture == "<ul><li><strong>3.1</strong> Measure <code>one</code></li></ul>"
    assert "Bars are bars." in take_away.picture


def test_a_slide_of_text_announces_nothing(tmp_path):
    cells = [
        new_markdown_cell("## Words\n\nSo this is *how*:"),
        new_code_cell("x = 1"),
        new_markdown_cell("## Bars"),
        draws(stored(tmp_path, png())),
    ]
    assert summary(slides(tmp_path, *cells))[2] == ("text", "Words", "So this is how.")


def test_each_picture_has_the_paragraph_that_introduces_it(tmp_path):
    cells = [
        new_markdown_cell("## Bars\n\nThe first bar."),
        draws(stored(tmp_path, png())),
        new_markdown_cell("What it showed.\n\nThe second bar. Its end. " + "A long sentence follows. " * 9),
        draws(stored(tmp_path, png((0, 90, 0))), "A green bar."),
        draws(stored(tmp_path, png((0, 0, 90))), "A blue bar."),
        new_markdown_cell("What all of them showed."),
    ]
    _, _, first, second, third, *_ = slides(tmp_path, *cells)
    assert first.lead == "The first bar."
    assert first.notes == "<p>The first bar.</p><p>What it showed.</p>"
    assert second.lead.startswith("The second bar. Its end. A long") and second.lead.endswith("follows.")
    assert len(second.lead) <= chapters.LEAD
    assert third.lead == "What all of them showed."


def test_a_paragraph_can_serve_two_pictures(tmp_path):
    cells = [
        new_markdown_cell("## Bars\n\nThe first bar."),
        draws(stored(tmp_path, png())),
        draws(stored(tmp_path, png((0, 90, 0))), "A green bar."),
        new_markdown_cell(
            "Both are bars. " + "This sentence is there to make it long. " * 5 + "The last is blue."
        ),
        draws(stored(tmp_path, png((0, 0, 90))), "A blue bar."),
    ]
    _, _, _, second, third, *_ = slides(tmp_path, *cells)
    assert second.lead.startswith("Both are bars.") and third.lead == "The last is blue."


def test_what_exercises_put_out_stays_out(tmp_path):
    solution = new_markdown_cell("<details><summary>Hint</summary>\n\nhidden words\n\n</details>")
    practice = new_markdown_cell(PRACTICE.source)
    notebook = new_notebook(
        cells=[
            BEGIN,
            new_markdown_cell("## Red\n\nA bar."),
            draws(stored(tmp_path, png())),
            practice,
            solution,
            prints("the answer is 42"),
            draws(b"never stored"),
            new_markdown_cell("## Self-quiz\n\n**Question 1.** Why?"),
            END,
        ]
    )
    found = chapters.chapter_slides(notebook, "03-bars.ipynb", tmp_path, LESSON).slides
    everything = " ".join(f"{slide.lead} {slide.picture} {slide.notes}" for slide in found)
    for word in ("42", "hidden words", "Question", "Away"):
        assert word not in everything


def test_small_tables_are_shown_and_large_ones_named(tmp_path):
    def table(rows):
        body = "".join(f"<tr><td>class {row}</td><td>{row}</td></tr>" for row in range(rows))
        head = "<thead><tr><th>name</th><th>id</th></tr></thead>"
        return shows(f'<table border="1">{head}<tbody>{body}</tbody></table>')

    red = [new_markdown_cell("## Red\n\nA bar."), draws(stored(tmp_path, png()))]
    *_, small, large, _, _ = slides(
        tmp_path,
        *red,
        new_markdown_cell("## Small\n\nThree rows."),
        table(3),
        new_markdown_cell("## Large\n\nForty rows."),
        table(40),
    )
    assert (small.kind, small.lead) == ("table", "Three rows.")
    assert 'aria-label="Table: name, id"' in small.picture and "border" not in small.picture
    assert (large.kind, large.lead) == ("text", "Forty rows.")
    assert "too large for a slide: Table: name, id" in large.notes and "class 7" not in large.notes


def test_long_prints_are_not_cut_but_left_out(tmp_path):
    red = [new_markdown_cell("## Red\n\nA bar."), draws(stored(tmp_path, png()))]
    long = slides(tmp_path, *red, new_markdown_cell("## Lines\n\nMany."), prints(*"abcdefghij"))
    wide = slides(tmp_path, *red, new_markdown_cell("## Lines\n\nWide."), prints("x" * 85))
    short = slides(tmp_path, *red, new_markdown_cell("## Lines\n\nFew."), prints("one", "two"))
    assert [found[-3].kind for found in (long, wide, short)] == ["text", "text", "printed"]
    assert ">one\ntwo</pre>" in short[-3].picture


# Sentences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It is 3.5 points, e.g. IoU. So.", ["It is 3.5 points, e.g. IoU.", "So."]),
        (
            "Say “no.” *Then* `x. Y` is it. **Bold. Still.** End.",
            [
                "Say “no.”",
                "<em>Then</em> <code>x. Y</code> is it.",
                "<strong>Bold. Still.</strong>",
                "End.",
            ],
        ),
        ("See [Chapter 2. Labels](02.ipynb). `mask` is one.", ["See <em>Chapter 2. Labels</em>.", "<code>mask</code> is one."]),
        ("of versions v2. which go on", ["of versions v2. which go on"]),
    ],
)  # fmt: skip
def test_sentences(markdown, expected):
    markup = re.sub("</?p>", "", text.render(text.parser().parse(markdown)))
    assert text.sentences(markup) == expected


@given(
    st.lists(st.text("abc ,", min_size=1, max_size=60).map(lambda s: f"A{s.strip()}."), min_size=1),
    st.integers(1, 200),
)
def test_nothing_is_cut_inside_a_sentence(pieces, limit):
    paragraph = f"<p>{' '.join(pieces)}</p>"
    short, rest = text.shorten(paragraph, limit), text.remainder(paragraph, limit)
    assert f"{short} {rest}".strip() == " ".join(pieces)
    assert len(short) <= limit or short == pieces[0]


def test_formulas_are_mathml():
    need(text.REVEAL.is_dir(), "latex2mathml is not installed (make slides)")
    markup = text.render(text.parser().parse("so $n_{ii}$ and\n\n$$\\frac{a}{b}$$"))
    assert (
        "$" not in markup
        and markup.count("<math") == 2
        and "<mfrac>" in markup
        and 'display="block"' in markup
    )


def test_lesson_notes():
    page = "# All\n\n## Notes\n\n### Chapter 1: One\n\n- *Open* it\n\n### Chapter 2: Two\n\nx\n\n## Report\n\nno\n"
    assert chapters.lesson_notes(page) == {1: "<ul>\n<li><em>Open</em> it</li>\n</ul>", 2: "<p>x</p>"}


def test_parts_are_those_with_chapters():
    contents = {
        "parts": [
            {"caption": "Part I: A", "chapters": [{"file": "chapters/01-a"}, {"file": "chapters/02-b"}]},
            {"caption": "Back matter", "chapters": [{"file": "back/classes"}]},
        ]
    }
    assert command.parts(contents) == [("Part I: A", ["chapters/01-a", "chapters/02-b"])]
    assert len(PARTS) == 4 and sum(len(files) for _, files in PARTS) == 16


# What goes wrong ----------------------------------------------------------------------------------------------


def test_a_chapter_without_figures(tmp_path):
    with pytest.raises(ValueError, match=r"03-bars\.ipynb has no figure.*Cure: let a cell draw one"):
        slides(tmp_path, new_markdown_cell("## Words\n\nOnly words."))


def test_a_figure_without_alternative_text(tmp_path):
    with pytest.raises(
        ValueError, match=r"03-bars\.ipynb, cell 2, draws a figure without an alternative text"
    ):
        slides(tmp_path, draws(stored(tmp_path, png()), alt=""))


def test_a_figure_that_the_book_has_not_stored(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"the figure 'A red bar\.'. Cure: make clean, then make book"
    ):
        slides(tmp_path, draws(png()))


def test_a_chapter_without_its_parts(tmp_path):
    with pytest.raises(ValueError, match=r"does not begin with a heading such as"):
        slides(tmp_path, begin=new_markdown_cell("# Bars"))
    with pytest.raises(ValueError, match=r"no section 'Exercises' and no section 'Take-away'"):
        slides(tmp_path, practice=new_markdown_cell("x"), end=new_markdown_cell("y"))
    with pytest.raises(ValueError, match=r"no lesson note for 03-bars\.ipynb.*### Chapter 4: Lines"):
        slides(tmp_path, begin=new_markdown_cell(BEGIN.source.replace("3 · Bars", "4 · Lines")))


def test_a_notebook_that_has_not_run(tmp_path):
    from jupyter_cache import get_cache

    path, cache = tmp_path / "03-bars.ipynb", tmp_path / ".jupyter_cache"
    nbformat.write(new_notebook(cells=[BEGIN, new_code_cell("1 + 1")]), path)
    with pytest.raises(
        FileNotFoundError, match=r"The book is not built: .*\.jupyter_cache is not there.*make book"
    ):
        chapters.with_outputs(path, cache)
    get_cache(cache).list_cache_records()  # an empty one
    with pytest.raises(FileNotFoundError, match=r"03-bars\.ipynb has not run as it is now.*Cure: make book"):
        chapters.with_outputs(path, cache)


def test_without_reveal(tmp_path, monkeypatch):
    monkeypatch.setattr(deck, "REVEAL_FILES", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"reveal\.js is not installed.*Cure: make slides"):
        deck.page(deck.Part("Part I: A", []), "about")


@pytest.mark.parametrize("named", [None, "no-such-browser"])
def test_without_chromium_the_html_is_there(tmp_path, monkeypatch, capsys, named):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    if named:
        monkeypatch.setenv("CHROMIUM", named)

    def make(build, out):
        (tmp_path / "part-1.html").write_text("<p>a deck")
        return [tmp_path / "part-1.html"]

    monkeypatch.setattr(command, "make", make)
    assert command.main() == 1
    error = capsys.readouterr().err
    assert "No Chromium to print the PDF with" in error and "apt install chromium" in error
    assert named is None or named in error
    assert (tmp_path / "part-1.html").is_file()


def test_a_chromium_that_fails(tmp_path, monkeypatch):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(broken))
    with pytest.raises(RuntimeError, match=r"did not print the PDF: .*Cure: name another Chromium"):
        deck.print_pdf([])


# The decks of the book ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def build():
    folder = build_book.output_folder() / "_build"
    need((folder / ".jupyter_cache").is_dir(), "the book is not built (make book)")
    need((deck.REVEAL_FILES / "dist").is_dir(), "reveal.js is not installed (make slides)")
    return folder


@pytest.fixture(scope="module")
def decks(build, tmp_path_factory):
    return command.make(build, tmp_path_factory.mktemp("slides"))


@pytest.fixture(scope="module")
def soups(decks):
    return [BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in decks]


def drawn(path: Path, build: Path) -> list[str]:
    """The alternative texts of a chapter's figures, in order."""
    notebook = chapters.with_outputs(path, build / ".jupyter_cache")
    return [
        cell.metadata["mystnb"]["image"]["alt"]
        for cell in notebook.cells
        if cell.cell_type == "code" and "adebook" not in cell.metadata
        for output in cell.outputs
        if "image/png" in output.get("data", {}) or "vegaEmbed" in output.get("data", {}).get("text/html", "")
    ]


def test_there_is_a_deck_for_each_part(decks, soups):
    assert [path.name for path in decks] == [f"part-{number}.html" for number in range(1, len(PARTS) + 1)]
    for path, soup, (caption, files) in zip(decks, soups, PARTS, strict=True):
        assert path.stat().st_size < 8_000_000
        assert soup.h1.get_text() == caption and len(soup.find_all("h1")) == 1
        assert soup.title.get_text() == f"{caption} · Parsing Every Pixel"
        assert soup.html["lang"] == "en"
        titles = [nbformat.read(ROOT / f"{file}.ipynb", 4).cells[0].source.splitlines()[0] for file in files]
        shown = [
            f"# {s['id'].split('-')[1]} · {s.h2.get_text()}" for s in soup.select("section.title:has(h2)")
        ]
        assert shown == titles
        for link in soup.select("section.part a"):
            assert soup.find(id=link["href"].removeprefix("#/"))


def test_every_figure_is_there_once(build, soups):
    for soup, (_, files) in zip(soups, PARTS, strict=True):
        wanted = [alt for file in files for alt in drawn(ROOT / f"{file}.ipynb", build)]
        shown = [image["alt"] for image in soup.select(".picture img")]
        assert len(wanted) > len(files)
        assert shown == wanted
        assert max(Counter(image["src"] for image in soup.select("img")).values()) == 1
        assert all(len(slide.select("img")) <= 1 for slide in soup.select("section"))


def test_every_chapter_has_its_slides_and_notes(soups):
    for soup in soups:
        for kind in ("goals", "practice", "take-away"):
            assert len(soup.select(f"section.{kind}")) == len(soup.select("section.title:has(h2)"))
        assert soup.select("section.mistake")
        for slide in soup.select("section.title:has(h2)"):
            assert "Open with." in slide.aside.get_text() and "Misconceptions." in slide.aside.get_text()
        for slide in soup.select("section.figure"):
            lead = slide.find("p", class_=None)
            assert slide.h3.get_text(strip=True)
            assert lead is None or lead.get_text().strip()[-1] in ".?!:)”"


def test_no_markdown_is_left(soups):
    for soup in soups:
        for part in soup.select(".frame, .notes"):
            for formula in part.find_all(["math", "code", "pre", "table"]):
                formula.extract()
            assert not re.search(r"\$[^$]+\$|\*\*|\]\(|^#", part.get_text()), part.get_text()[:200]


def opened(browser, path, view=""):
    """A deck in a tab of 1280 x 720 pixels, and what it asked for or complained about."""
    page = browser.new_page(viewport={"width": deck.WIDTH, "height": deck.HEIGHT})
    problems = []
    page.on("request", lambda r: r.url.startswith((path.as_uri(), "data:")) or problems.append(r.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: message.type in ("error", "warning") and problems.append(message.text))
    page.goto(path.as_uri() + view)
    page.wait_for_function("() => Reveal.isReady()")
    if view:
        page.wait_for_selector("html[data-paper]")
    return page, problems


def violations(page):
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"axe {found['id']}: {node['html'][:200]} | {node.get('failureSummary', '')}"
        for found in Axe().run(page, options=AXE).response["violations"]
        for node in found["nodes"][:3]
    ]


# What leaves its frame, lies on the footer, or is too small to be read.
LAYOUT = """() => [...document.querySelectorAll('.slides section')].flatMap(slide => {
    const frame = slide.querySelector('.frame'), outer = frame.getBoundingClientRect(), found = [];
    const say = (what, element) => found.push(`${slide.id}: ${what} ${element.outerHTML.slice(0, 80)}`);
    if (frame.scrollHeight > frame.clientHeight || frame.scrollWidth > frame.clientWidth) say('overflows', frame);
    const foot = slide.querySelector('.foot');
    const bottom = foot ? foot.getBoundingClientRect().top : outer.bottom;
    for (const part of frame.querySelectorAll(':scope > :not(.foot, .about), .picture > *')) {
        const box = part.getBoundingClientRect();
        if (box.bottom > bottom + 1 || box.right > outer.right - 20 || box.top < outer.top) say('is cut off', part);
        if (!box.height || !box.width) say('is empty', part);
    }
    const parts = [...frame.querySelectorAll(':scope > :is(h1, h2, h3, p:not(.foot, .about), .picture)')];
    parts.forEach((part, i) => parts.slice(i + 1).forEach(other => {
        const a = part.getBoundingClientRect(), b = other.getBoundingClientRect();
        if (a.bottom > b.top + 1 && b.bottom > a.top + 1 && a.right > b.left + 1) say('is overlapped', part);
    }));
    for (const text of frame.querySelectorAll('p:not(.foot, .about, .over, .see), li'))
        if (parseFloat(getComputedStyle(text).fontSize) < 28) say('is small', text);
    for (const text of frame.querySelectorAll('table, pre'))
        if (parseFloat(getComputedStyle(text).fontSize) < 20) say('is small', text);
    for (const image of frame.querySelectorAll('img'))
        if (image.getBoundingClientRect().height < 300) say('is small', image);
    return found;
})"""


@pytest.mark.browser
@pytest.mark.parametrize("number", range(1, len(PARTS) + 1))
def test_every_slide_fits(decks, browser, number):
    """Laid out as for paper, where all slides are there at once: each in its frame, and without a barrier."""
    page, problems = opened(browser, decks[number - 1], "?view=print")
    assert page.locator(".slides [aria-hidden]").count() == 0
    found = problems + page.evaluate(LAYOUT) + violations(page)
    page.close()
    assert not found, "\n".join(found)


@pytest.mark.browser
def test_a_deck_works_by_keyboard_and_asks_for_nothing(decks, browser):
    page, problems = opened(browser, decks[0])
    found = violations(page)
    shown = "Reveal.getCurrentSlide().id"
    assert page.evaluate(shown) == "part"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(shown) == "chapter-1"
    page.keyboard.press("End")
    assert page.evaluate("Reveal.isLastSlide()")
    page.keyboard.press("Home")
    page.locator("section.part a").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => {shown} === 'chapter-2'")
    assert page.locator(".slide-number").inner_text().replace("\n", "").split("/")[1].strip().isdigit()
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    popup.value.wait_for_function("() => /Misconceptions/.test(document.body.innerText)")
    popup.value.close()
    page.close()
    assert not problems + found


@pytest.mark.browser
def test_a_pdf_has_a_page_for_each_slide(decks, soups, browser):
    for path, soup in zip(decks, soups, strict=True):
        pdf = deck.print_deck(browser, path)
        assert pdf == path.with_suffix(".pdf")
        data = pdf.read_bytes()
        assert len(re.findall(rb"/Type\s*/Page\b", data)) == len(soup.select("section"))
        assert set(re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)) == {
            b"0 0 960 540"
        }  # 1280 x 720 CSS pixels
