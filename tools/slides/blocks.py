"""A chapter that has run, as sections, and a section as blocks: paragraphs, and what can be shown."""

import base64
import hashlib
import html
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from markdown_it.token import Token

from tools.slides.text import plain, render, sentences, top_level

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "_ext"))
import bookkit

PRACTICE, MISTAKE = "Exercises", "A common mistake"

# What fits on a slide of 1280 x 720 pixels, in characters and lines of the type that deck.css sets.
LIST = 560
TABLE_LINES, TABLE_WIDTH, COLUMN_WIDTH = 10, 84, 34
#: What the notes say instead of a large table.
NO_TABLE = "a table that is too large for a slide"
#: Pixels of the type in tables and printed lines, where there are few.
LARGEST = 28


@dataclass
class Block:
    """A paragraph or a picture of a section.

    Attributes:
        kind: "paragraph", "result" (a sentence that a cell computed), "figure", "table", "formula", "list",
            "printed" or "left out" (what no slide can show; `html` says so).
        html: the block itself.
        ratio: width over height, of figures.
        full: the whole of what `html` holds a part of.
    """

    kind: str
    html: str
    ratio: float = 0.0
    full: str = ""


@dataclass
class Section:
    """A heading of the chapter (HTML, and as it is written) and the blocks below it."""

    heading: str
    source: str
    level: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def is_mistake(self) -> bool:
        """Whether the section shows a common mistake."""
        return self.source.startswith(MISTAKE)


def figure(packed: bytes, alt: str, folder: Path) -> Block:
    """A figure in the form that the book's pages have: see bookkit.figure."""
    from PIL import Image

    stem = hashlib.sha256(packed).hexdigest()
    found = bookkit.stored_figure(folder, stem)
    if found is None:
        raise FileNotFoundError(
            f"{folder} has no {stem}.webp or .avif, the figure {alt[:60]!r}. Cure: make clean, then make book"
        )
    with Image.open(found) as file:
        width, height = file.size
    return picture(found.read_bytes(), f"image/{found.suffix[1:]}", alt, width, height)


def picture(data: bytes, mime: str, alt: str, width: float, height: float) -> Block:
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    size = f'width="{width:.0f}" height="{height:.0f}"'
    tag = f'<img alt="{html.escape(alt, quote=True)}" {size} src="{source}">'
    return Block("figure", tag, width / height)


def chart(text: str, alt: str) -> Block:
    """An altair chart, as the picture that the book shows where no script runs."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(bookkit.spec_in(text))
    width, height = (
        float(re.search(rf'<svg[^>]*\b{side}="([\d.]+)', svg)[1]) for side in ("width", "height")
    )
    return picture(svg.encode(), "image/svg+xml", alt, width, height)


def table(markup: str, metadata: dict) -> Block:
    """A table as the book sets it, if it is small enough to be read from the last row of seats."""
    data = bookkit.MimeData("text/html", markup, cell_metadata=metadata)
    region = BeautifulSoup(bookkit.plain_table(data).astext(), "html.parser").select_one(".bk-scroll")
    found, label = region.table, region["aria-label"]
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in found("tr")]
    columns = max(map(len, rows))
    widths = [
        min(max((len(row[column]) for row in rows if column < len(row)), default=0), COLUMN_WIDTH)
        for column in range(columns)
    ]
    lines = sum(max((-(-len(cell) // COLUMN_WIDTH) for cell in row), default=1) or 1 for row in rows)
    width = sum(widths) + 3 * columns
    if lines > TABLE_LINES or width > TABLE_WIDTH:
        return left_out(f"{NO_TABLE}: {label}")
    del found["border"]
    found["aria-label"] = label
    found["style"] = f"font-size: {min(LARGEST, 1900 / width, 300 / lines - 8):.0f}px"
    return Block("table", str(found))


def left_out(what: str) -> Block:
    return Block("left out", f"<p>(The chapter shows {html.escape(what)}.)</p>")


def output_block(output, metadata: dict, folder: Path, where: str) -> Block | None:
    """What a cell has put out, or None for what is nothing to show."""
    if output.output_type == "error":
        return Block("printed", f"{output.ename}: {output.evalue}")
    if output.output_type == "stream":
        return Block("printed", output.text) if output.name == "stdout" else None
    data = output.data
    options = (metadata.get("mystnb") or {}).get("image") or {}
    alt = options.get("alt", "")
    if "image/png" in data or bookkit.VEGA_SCHEMA in data.get("text/html", ""):
        if not alt:
            raise ValueError(
                f"{where} draws a figure without an alternative text. "
                'Cure: cell metadata {"mystnb": {"image": {"alt": "..."}}}'
            )
        if "image/png" in data:
            return figure(base64.b64decode(data["image/png"]), alt, folder)
        return chart(data["text/html"], alt)
    if "text/html" in data:
        markup = data["text/html"]
        if "let dt_args" in markup:
            caption = re.search(r"<caption[^>]*>(.*?)</caption>", markup, re.S)
            return left_out(f"{NO_TABLE}: {alt or (caption and plain(caption[1])) or where}")
        if "<table" in markup:
            return table(markup, metadata)
        return left_out(f"an output that is no picture: {alt or plain(markup)[:60]}")
    if "text/markdown" in data:
        blocks = [block for tokens in top_level(data["text/markdown"]) if (block := text_block(tokens))]
        return Block("result", "".join(block.html for block in blocks))
    return Block("printed", data["text/plain"]) if "text/plain" in data else None


def text_block(tokens: list[Token]) -> Block | None:
    """A block of Markdown."""
    kind = tokens[0].type
    markup = re.sub(r"(Exercise|Chapter) (?=\d)", "\\1\N{NO-BREAK SPACE}", render(tokens))
    if kind == "paragraph_open":
        return Block("paragraph", markup) if plain(markup).strip() else None
    if kind in ("math_block", "blockquote_open"):
        return Block("formula", markup)
    if kind == "table_open":
        return table(markup, {})
    if kind in ("bullet_list_open", "ordered_list_open"):
        return short_list(markup)
    if kind in ("fence", "code_block"):
        return left_out("lines to copy")
    return None


def short_list(markup: str) -> Block:
    """A list. Of a long one the first sentence of each item; none where even this is too long."""
    if len(plain(markup)) > LIST:
        soup = BeautifulSoup(markup, "html.parser")
        for item in soup.find_all("li"):
            paragraph = item.find("p", recursive=False) or item
            first = BeautifulSoup(sentences(paragraph.decode_contents().strip())[0], "html.parser")
            paragraph.clear()
            paragraph.append(first)
        short = str(soup)
        return Block("list", short, full=markup) if len(plain(short)) <= LIST else Block("left out", markup)
    return Block("list", markup)


def merge_streams(outputs: list) -> list:
    """Prints that follow each other are one output, as on the book's pages."""
    merged: list = []
    for output in outputs:
        if output.output_type == "stream" and merged and merged[-1].get("name") == output.name:
            merged[-1] = nbformat.v4.new_output(
                "stream", name=output.name, text=merged[-1].text + output.text
            )
        else:
            merged.append(output)
    return merged


def read_sections(notebook: nbformat.NotebookNode, name: str, folder: Path) -> list[Section]:
    """The sections of a notebook that has run. The first one is the chapter's title.

    Outputs below *Exercises* stay out: they belong to checks and solutions.
    """
    found: list[Section] = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for tokens in top_level(cell.source):
                if tokens[0].type == "heading_open":
                    level = int(tokens[0].tag[1])
                    found.append(Section(render(tokens[1:2]), tokens[1].content, level))
                elif found and (block := text_block(tokens)):
                    found[-1].blocks.append(block)
        elif cell.cell_type == "code" and found and not any(s.source == PRACTICE for s in found):
            for output in merge_streams(cell.outputs):
                where = f"{name}, cell {index + 1},"
                if block := output_block(output, cell.metadata, folder, where):
                    found[-1].blocks.append(block)
    return found
