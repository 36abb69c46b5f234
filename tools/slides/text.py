"""The chapters' Markdown as HTML, and its sentences."""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

#: Where `make slides` installs requirements.txt.
REVEAL = Path(__file__).resolve().parents[2] / "_build" / "reveal"


def mathml(source: str, options: dict) -> str:
    """A formula as MathML, which browsers set without a script."""
    if str(REVEAL) not in sys.path:
        sys.path.append(str(REVEAL))
    from latex2mathml.converter import convert

    return convert(source, display="block" if options["display_mode"] else "inline")


@cache
def parser() -> MarkdownIt:
    """Markdown as in _config.yml, as far as chapters use it. A link keeps its text: a slide leads nowhere."""
    md = MarkdownIt("commonmark", {"typographer": True, "html": True}).enable(["table", "smartquotes"])
    md.use(dollarmath_plugin, renderer=mathml)
    for rule in ("html_inline", "html_block"):
        md.add_render_rule(rule, lambda *_: "")
    md.add_render_rule("link_open", lambda *_: "<em>")
    md.add_render_rule("link_close", lambda *_: "</em>")
    return md


def render(tokens: list[Token]) -> str:
    return parser().renderer.render(tokens, parser().options, {}).strip()


def top_level(text: str) -> Iterator[list[Token]]:
    """The blocks of a Markdown text, each as its tokens."""
    block: list[Token] = []
    depth = 0
    for token in parser().parse(text):
        block.append(token)
        depth += token.nesting
        if depth == 0:
            yield block
            block = []


def plain(markup: str) -> str:
    """The text of some HTML; of a formula, its letters."""
    return BeautifulSoup(markup, "html.parser").get_text()


_END = re.compile(
    r"(?<!e\.g)(?<!i\.e)(?<!vs)(?<!al)[.!?](?:</\w+>|[”’)\"])*(\s+)(?=(?:<\w[^>]*>)*[“‘\"(]*[A-Z0-9]|<code>)"
)


def sentences(markup: str) -> list[str]:
    """The sentences of a paragraph's HTML. What stands inside one element (bold, say) is not cut."""
    found, start = [], 0
    for match in _END.finditer(markup):
        piece = markup[start : match.start(1)]
        if len(re.findall(r"<\w[^>]*(?<!/)>", piece)) == len(re.findall(r"</\w", piece)):
            found.append(piece)
            start = match.end(1)
    return [piece for piece in [*found, markup[start:].strip()] if piece]


_ON_THE_PAGE = re.compile(
    r"\b(?:next|last|first|this|following|previous) cells?\b|\bcells? (?:above|below)\b|\b[Cc]hoose an? "
)


def complete(sentence: str) -> bool:
    """Whether a sentence has an end; a formula may follow one that has none."""
    return plain(sentence)[-1:] in set(".!?:…)”")


def divide(paragraph: str, limit: int) -> tuple[list[str], list[str]]:
    """The sentences of a paragraph that fit into `limit` characters (the first does in any case); the others.

    Sentences about the notebook's cells and the page's controls are passed over: a slide has none.
    """
    pieces = sentences(re.sub(r"^<p>|</p>$", "", paragraph))
    pieces = [piece for piece in pieces if not _ON_THE_PAGE.search(plain(piece))] or pieces
    count = 1
    while count < len(pieces) and len(plain(" ".join(pieces[: count + 1]))) <= limit:
        count += 1
    if count > 1 and not complete(pieces[count - 1]):
        count -= 1  # "So", before a formula
    return pieces[:count], pieces[count:]


def shorten(paragraph: str, limit: int) -> str:
    return " ".join(divide(paragraph, limit)[0])


def remainder(paragraph: str, limit: int) -> str:
    return " ".join(filter(complete, divide(paragraph, limit)[1]))
