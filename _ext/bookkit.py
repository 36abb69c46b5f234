"""The site, as one Sphinx extension: for a book that needs no network and shuts nobody out.

In the order of a build:

1. the address    read from pyproject.toml; every link to GitHub or Colab follows from it
2. the numbers    index.md's figures are computed from data/*.csv
3. the pictures   `{scene-pairs}` shows pictures beside their masks
4. the outputs    charts and tables are readable without JavaScript; charts.js brings them to life
5. the scripts    a page loads only what it uses
6. the finish     browser assets are copied out of Python packages, and the theme's HTML is repaired where it
                  would lock out a keyboard or a screen reader
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.util
import io
import json
import logging
import re
import shutil
import tomllib
from importlib import resources
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.core.render import MimeData, load_mime_renders
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[1]


# 1. The address ---------------------------------------------------------------------------------------------


def repository(root: Path = ROOT) -> tuple[str, str, str]:
    """(address, organisation, name) of the repository, from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    address = project["urls"]["Repository"].rstrip("/")
    match = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", address)
    if not match:
        raise ExtensionError(
            f"pyproject.toml: [project.urls] Repository is {address!r}, not https://github.com/ORG/NAME. "
            "Cure: python tools/address.py https://github.com/ORG/NAME"
        )
    return address, match[1], match[2]


def set_address(app, config):
    address, org, name = repository()
    # A repository called ORG.github.io is served from the root of its host, every other from a folder.
    prefix = "/" if name.lower() == f"{org}.github.io".lower() else f"/{name}/"
    site = f"https://{org.lower()}.github.io{prefix}"
    config.html_baseurl = site
    config.ogp_site_url = site
    config.ogp_image = f"{site}_static/card.png"
    config.ogp_image_alt = "The book's logo: a house, a tree and a road, parsed into flat colors"
    config.notfound_urls_prefix = prefix
    config.html_theme_options.update(
        repository_url=address,
        repository_branch="main",
        use_repository_button=True,
        use_issues_button=True,
    )


# 2. The numbers ---------------------------------------------------------------------------------------------


def set_numbers(app, config):
    from adebook import facts
    from adebook.classes import CLASSES

    release = facts.table("releases").set_index("key").loc["sceneparse150"]
    training, validation = int(release["train_images"]), int(release["val_images"])
    stuff = sum(c.is_stuff for c in CLASSES)
    board = facts.table("leaderboard")
    best = board.loc[board[["miou_ms", "miou_ss"]].max(axis=1).idxmax()]
    score = best[["miou_ms", "miou_ss"]].max()
    how = "multi-scale" if best["miou_ms"] == score else "single-scale"
    values = {
        "images": f"{training + validation:,}",
        "images_note": f"{training:,} training and {validation:,} validation",
        "classes": len(CLASSES),
        "classes_note": f"{stuff} stuff and {len(CLASSES) - stuff} things",
        "best_miou": f"{score:.1f}",
        "best_miou_note": f"{how}, {best['model']}, {best['year']}",
        "models": len(board),
        "models_note": f"published {board['year'].min()} to {board['year'].max()}",
    }
    config.myst_substitutions = {**config.myst_substitutions, **{k: str(v) for k, v in values.items()}}


# 3. The pictures --------------------------------------------------------------------------------------------

PAIR_WIDTH = 320  # CSS pixels are about 170 on a laptop, 330 on a phone; the mask is cut to the same size


def make_pairs(count: int, wanted: list[str]) -> list[dict]:
    """Validation pictures of different kinds of scene, `wanted` first, each with its mask, as small files.

    The mask is cut down by nearest neighbor and kept as palette PNG: every pixel has exactly a class's color.
    """
    import numpy as np
    from PIL import Image

    import adebook

    scenes = adebook.load(split="validation")
    first: dict[str, int] = {}
    for index, kind in enumerate(scenes["scene"]):
        first.setdefault(kind, index)
    if len(first) < count:
        raise ExtensionError(
            f"index.md shows {count} kinds of scene; the validation pictures of {adebook.source()!r} "
            f"have {len(first)}: {', '.join(map(str, first))}."
        )
    # The kinds that were asked for, as far as this source has them; then others, in the order of their names.
    order = [*(kind for kind in wanted if kind in first), *(kind for kind in first if kind not in wanted)]
    spread = [first[kind] for kind in order[:count]]
    colors = np.zeros((256, 3), np.uint8)
    colors[:151] = adebook.palette.colors()
    pairs = []
    for row in scenes.select(spread):
        mask, picture = np.asarray(row["annotation"]), row["image"].convert("RGB")
        # A common 4:3 window keeps the row even whatever the pictures' shapes.
        w, h = picture.size
        cw, ch = min(w, h * 4 // 3), min(h, w * 3 // 4)
        box = ((w - cw) // 2, (h - ch) // 2, (w - cw) // 2 + cw, (h - ch) // 2 + ch)
        size = (PAIR_WIDTH, PAIR_WIDTH * 3 // 4)
        picture = picture.crop(box).resize(size, Image.LANCZOS)
        small = Image.fromarray(mask).crop(box).resize(size, Image.NEAREST)
        ids, areas = np.unique(np.asarray(small), return_counts=True)
        names = [adebook.classes.find(i).name for i in ids[np.argsort(-areas)].tolist() if i]
        small.putpalette(colors.tobytes())
        files = {}
        for kind, image, options in (
            ("webp", picture, {"quality": 64, "method": 6}),
            ("png", small, {"optimize": True}),
        ):
            buffer = io.BytesIO()
            image.save(buffer, kind.upper() if kind == "png" else "WEBP", **options)
            files[kind] = buffer.getvalue()
        scene = (row["scene"] or "scene").replace("_", " ")
        pairs.append({"name": row["name"], "scene": scene, "names": names, **files})
    return pairs


class ScenePairs(SphinxDirective):
    """`{scene-pairs}`: pictures beside their masks, with a caption that says what the pictures are."""

    option_spec = {"count": directives.positive_int, "kinds": directives.unchanged}  # noqa: RUF012

    def run(self):
        import adebook

        pairs = make_pairs(self.options.get("count", 4), self.options.get("kinds", "").split())
        photographs = not adebook.datasets.source_info(adebook.source()).rendered
        kind = "Photograph" if photographs else "Rendered scene"
        size = f'width="{PAIR_WIDTH}" height="{PAIR_WIDTH * 3 // 4}" decoding="async"'
        items = []
        for pair in pairs:
            listed = ", ".join(pair["names"][:6])
            alt = html.escape(f"{kind}: {pair['scene']}, with {listed}", quote=True)
            mask_alt = html.escape(
                f"Mask of the {pair['scene']}: one flat color each for {listed}", quote=True
            )
            src = f"_static/scenes/{pair['name']}"
            items.append(
                f'<li><img src="{src}.webp" alt="{alt}" {size}>'
                f'<img class="mask" src="{src}.png" alt="{mask_alt}" {size}>'
                f"<span>{html.escape(pair['scene'])}</span></li>"
            )
        caption = (
            "Photographs from the ADE20K validation set"
            if photographs
            else "Rendered scenes from Dollhouse, the book's own data set"
        )
        caption += "; below each, its mask in the colors MIT published."
        raw = f'<figure class="pairs"><ul>{"".join(items)}</ul><figcaption>{caption}</figcaption></figure>'
        self.env.bookkit_pairs = [(p["name"], p["webp"], p["png"]) for p in pairs]
        return [nodes.raw(text=raw, format="html")]


def write_pairs(app):
    folder = Path(app.outdir) / "_static" / "scenes"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture, mask in getattr(app.env, "bookkit_pairs", []):
        (folder / f"{name}.webp").write_bytes(picture)
        (folder / f"{name}.png").write_bytes(mask)


# 4. The outputs ---------------------------------------------------------------------------------------------

VEGA_MIME = re.compile(r"application/vnd\.vegalite\.v\d+(\.\d+)?\+json")
VEGA_SCHEMA = "https://vega.github.io/schema/vega-lite/"
DECODER = json.JSONDecoder()


class Outputs:
    """A myst-nb renderer plugin. What it does not know it leaves to myst-nb (by returning None)."""

    mime_priority_overrides = [("html", f"application/vnd.vegalite.v{v}+json", 1) for v in (5, 6)]  # noqa: RUF012

    @staticmethod
    def handle_mime(renderer, data: MimeData, inline: bool):
        if inline:
            return None
        if VEGA_MIME.fullmatch(data.mime_type):
            spec = data.content if isinstance(data.content, dict) else json.loads(data.content)
            return chart(renderer, data, spec)
        if data.mime_type == "image/png":
            return figure(renderer, data)
        if data.mime_type == "text/html":
            if VEGA_SCHEMA in data.string and "vegaEmbed" in data.string:
                return chart(renderer, data, spec_in(data.string))
            if "let dt_args" in data.string:
                return [interactive_table(data)]
            if "<table" in data.string:
                return [plain_table(data)]
        return None


LOSSLESS_LIMIT = 60_000  # bytes


def stored_figure(folder: Path, stem: str) -> Path | None:
    """The file of a figure that was stored before, by the hash of what the cell drew."""
    return next((p for kind in ("webp", "avif") if (p := folder / f"{stem}.{kind}").is_file()), None)


def figure(renderer, data: MimeData):
    """A figure in a smaller form: WebP without loss, or, for what is mostly photograph, AVIF.

    A chapter of twenty figures would weigh megabytes as PNG. AVIF keeps full color resolution (4:4:4): a mask
    beside a photograph stays within about 3/255 of its class colors. Masks alone are stored exactly.
    """
    from PIL import Image, features

    packed = base64.b64decode(data.content)
    stem = hashlib.sha256(packed).hexdigest()
    folder = Path(renderer.config.output_folder)
    found = stored_figure(folder, stem)
    if found is None:
        with Image.open(io.BytesIO(packed)) as file:
            image = file.convert("RGBA" if file.mode in ("RGBA", "LA", "PA") else "RGB")
        if image.mode == "RGBA" and image.getextrema()[3][0] == 255:
            image = image.convert("RGB")
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", lossless=True, quality=80, method=4)
        kind = "webp"
        if buffer.tell() > LOSSLESS_LIMIT and features.check("avif"):
            kind, buffer = "avif", io.BytesIO()
            image.save(buffer, "AVIF", quality=90, subsampling="4:4:4", speed=6)
        found = folder / f"{stem}.{kind}"
    else:
        buffer = io.BytesIO(found.read_bytes())
    [node] = renderer.render_image(data)  # for its options: alternative text, width, classes
    node["uri"] = renderer.write_file([found.name], buffer.getvalue(), overwrite=False, exists_ok=True)
    return [node]


def spec_in(text: str) -> dict:
    """The Vega-Lite specification in the HTML that altair emits where a notebook has no chart viewer."""
    for match in re.finditer(r"\{", text):
        try:
            value, _ = DECODER.raw_decode(text, match.start())
        except ValueError:
            continue
        if isinstance(value, dict) and str(value.get("$schema", "")).startswith(VEGA_SCHEMA):
            return value
    raise ExtensionError(
        "An altair chart's HTML holds no Vega-Lite specification: altair changed its template."
    )


def image_options(data: MimeData) -> dict:
    return (data.cell_metadata.get("mystnb") or {}).get("image") or {}


def chart(renderer, data: MimeData, spec: dict):
    """A chart: a drawn picture for everybody, and the data from which charts.js makes it interactive."""
    import vl_convert

    picture = vl_convert.vegalite_to_svg(spec).encode()
    static = MimeData("image/svg+xml", picture.decode(), cell_metadata=data.cell_metadata, line=data.line)
    image = renderer.render_image(static)[0]
    body = json.dumps(spec, separators=(",", ":")).replace("</", "<\\/")
    label = html.escape(image_options(data).get("alt", "Chart"), quote=True)
    return [
        nodes.raw(text=f'<div class="bk-chart" data-label="{label}">', format="html"),
        image,
        nodes.raw(text=f'<script type="application/json">{body}</script></div>', format="html"),
    ]


SORT_RENDER = (
    "function (data, type, row, meta) { return type === 'sort' || type === 'type' ? data[1] : data[0]; }"
)


def interactive_table(data: MimeData) -> nodes.raw:
    """An itables table: all its rows as HTML, which DataTables then makes sortable and searchable in place.

    itables ships rows as JSON, shown by an ES module from a public host. Here rows are in the page (readable
    without JavaScript, found by the browser's search), and the module is a local script, also from file://.
    """
    text = data.string
    start = text.index("{", text.index("let dt_args"))
    args, _ = DECODER.raw_decode(text, start)
    head = args.pop("table_html")
    rows = json.loads(args.pop("data_json", "null"))
    if rows is not None:
        # A cell is a value, or [shown, sort key] where the column has itables' own sorting function.
        keyed: set[int] = set()
        for index, column in enumerate(args.get("columnDefs", [])):
            if column.get("render") == SORT_RENDER:
                keyed.update(column["targets"])
                del column["render"]
                args["keys_to_be_evaluated"].remove(["columnDefs", index, "render"])

        def cell(value, column):
            if column in keyed and isinstance(value, list):
                shown, key = value
                if isinstance(key, str) and key.startswith("___"):  # itables' spelling of NaN and infinity
                    return '<td data-order=""></td>'
                return f'<td data-order="{html.escape(str(key), quote=True)}">{shown}</td>'
            return f"<td>{'' if value is None else value}</td>"

        body = "\n".join("<tr>" + "".join(cell(v, c) for c, v in enumerate(row)) + "</tr>" for row in rows)
        head = re.sub(
            r"(<tbody>.*?</tbody>)?\s*((<tfoot>.*?</tfoot>)?\s*</table>)\s*$",
            rf"<tbody>\n\0{body}\n</tbody>\2",
            head,
            flags=re.S,
        )
        head = head.replace("\0", "")
    if not args.get("keys_to_be_evaluated"):
        args.pop("keys_to_be_evaluated", None)
    # The book's style sheet sets the table; itables' inline widths and margins would fight it.
    for key in ("style", "text_in_header_can_be_selected"):
        args.pop(key, None)
    caption = args.pop("caption", None)
    label = html.escape(image_options(data).get("alt") or caption or "Table", quote=True)
    head = re.sub(r"<table[^>]*>", f'<table class="{" ".join(args.pop("classes", []))}">', head, count=1)
    head = re.sub(r'<tr style="text-align: right;">', "<tr>", head)
    # Above the region that scrolls sideways, where a phone shows all of it; the region's label says it again.
    above = f'<p class="bk-caption" aria-hidden="true">{html.escape(caption)}</p>' if caption else ""
    options = json.dumps(args, separators=(",", ":")).replace("</", "<\\/")
    return nodes.raw(
        text=f'{above}<div class="bk-table" role="region" tabindex="0" aria-label="{label}">{head}</div>'
        f'<script type="application/json" class="bk-table-options">{options}</script>',
        format="html",
        classes=["output", "text_html"],
    )


NUMBER = re.compile(r"[-+−]?[\d,. ]*\d[\d,.]*(?:e[-+]?\d+)?\s*%?|nan|NaN|<NA>|None|-|–|")


def placed(rows: list[Tag]) -> dict[tuple[int, int], Tag]:
    """The cells of a table by row and column. A cell that spans rows moves those below it to the right."""
    grid: dict[tuple[int, int], Tag] = {}
    for r, row in enumerate(rows):
        c = 0
        for cell in row.find_all(["th", "td"]):
            while (r, c) in grid:
                c += 1
            down, across = (int(cell.get(span, 1)) for span in ("rowspan", "colspan"))
            grid |= {(r + i, c + j): cell for i in range(down) for j in range(across)}
    return grid


def cells_of(grid: dict[tuple[int, int], Tag], column: int) -> list[Tag]:
    """Each cell of a column, once."""
    return list({id(cell): cell for (_, c), cell in grid.items() if c == column}.values())


def join_heads(rows: list[Tag]) -> None:
    """pandas puts the names of the index in a row below those of the columns: one row has room for both."""
    if len(rows) < 2:
        return
    upper, lower = (row.find_all(["th", "td"]) for row in rows[-2:])
    if len(upper) != len(lower):
        return
    pairs = list(zip(upper, lower, strict=True))
    if all(bool(a.get_text(strip=True)) != bool(b.get_text(strip=True)) for a, b in pairs):
        for a, b in pairs:
            if b.get_text(strip=True):
                a.replace_with(b)
        rows[-1].decompose()


def plain_table(data: MimeData) -> nodes.raw:
    """A DataFrame, in a region of its own that scrolls sideways and that a keyboard can reach."""
    soup = BeautifulSoup(data.string, "html.parser")
    for found in soup.find_all("table"):
        for row in found.find_all("tr", style=True):
            del row["style"]  # pandas aligns every heading to the right
        if "dataframe" not in found.get("class", []):  # a Styler leaves it out
            found["class"] = [*found.get("class", []), "dataframe"]
        join_heads(found.select("thead tr"))
        # Numbers stand on the right, under a heading that does too; words on the left.
        body, heads = (placed(found.select(f"{part} tr")) for part in ("tbody", "thead"))
        for column in {column for _, column in body}:
            cells = cells_of(body, column)
            if all(NUMBER.fullmatch(cell.get_text(strip=True)) for cell in cells):
                for cell in cells + [head for head in cells_of(heads, column) if not head.get("colspan")]:
                    cell["class"] = [*cell.get("class", []), "num"]
        # pandas leaves the corner above the index empty: a heading without a text.
        for head in found.find_all("th"):
            if not head.get_text(strip=True):
                head.name = "td"
        columns = [head.get_text(" ", strip=True) for head in found.select("thead th")]
        label = image_options(data).get("alt") or (found.caption and found.caption.get_text(" ", strip=True))
        label = label or "Table: " + ", ".join(filter(None, columns))[:120]
        region = soup.new_tag("div", role="region", tabindex="0")
        region["class"], region["aria-label"] = "bk-scroll", label
        found.wrap(region)
    return nodes.raw(text=str(soup), format="html", classes=["output", "text_html"])


# 5. The scripts ---------------------------------------------------------------------------------------------


def page_scripts(app, pagename, templatename, context, doctree):
    """Drop from a page what it does not use. (MathJax alone is more than a plain page's whole weight.)"""
    raw = " ".join(node.astext() for node in doctree.findall(nodes.raw)) if doctree else ""
    unused = ["thebe", "require.min.js", "design-tabs.js"]
    if not doctree or not any(
        True for _ in doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))
    ):
        unused += ["mathjax", "window.MathJax"]
    if "bk-chart" not in raw and "bk-table" not in raw:
        unused.append("charts.js")

    def used(script) -> bool:
        body = (getattr(script, "attributes", None) or {}).get("body", "")
        return not any(word in f"{getattr(script, 'filename', script)} {body}" for word in unused)

    context["script_files"] = [s for s in context.get("script_files", []) if used(s)]
    context["css_files"] = [c for c in context.get("css_files", []) if used(c)]


# 6. The finish ----------------------------------------------------------------------------------------------


def copy_mathjax(target: Path):
    """MathJax's TeX input, HTML output and assistive MathML: 3 of the package's 24 MB."""
    # The package's name has hyphens, so that `import` cannot reach it.
    found = importlib.util.find_spec("sphinx-mathjax-offline")
    if found is None:
        raise ExtensionError(
            "The package sphinx-mathjax-offline is missing. Cure: pip install -r requirements.txt"
        )
    source = Path(found.origin).parent / "static" / "mathjax"
    for part in (
        "tex-chtml.js",
        "output/chtml/fonts/woff-v2",
        "input/tex/extensions",
        "a11y",
        "sre/mathmaps/en.json",
        "sre/mathmaps/base.json",
    ):
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        elif (source / part).is_file():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / part, target / part)


def write_vega(target: Path):
    """Vega, Vega-Lite and vega-embed as one script, from the package that also draws the static pictures."""
    import vl_convert

    if not target.exists():
        # In a function of its own: the bundle's names would meet Sphinx's `_`.
        target.write_text(f"(()=>{{{vl_convert.javascript_bundle()}\n}})();", "utf-8")


def write_card(target: Path):
    """The logo as PNG, for the previews that chats and social networks draw of a link: they take no SVG."""
    import vl_convert

    target.write_bytes(
        vl_convert.svg_to_png((ROOT / "_assets" / "logo-light.svg").read_text("utf-8"), scale=8)
    )


def write_datatables(target: Path):
    """itables' bundle as a classic script: browsers refuse ES modules in pages opened from a folder."""
    source = resources.files("itables") / "html"
    text = (source / "dt_bundle.js").read_text("utf-8")
    exported = re.search(r"export\{([^}]*)\}", text)
    if not exported:
        raise ExtensionError(
            "itables' bundle has no `export{...}`: it changed its form; see write_datatables."
        )
    names = dict(reversed(part.split(" as ")) for part in exported[1].split(","))
    inner = text[: exported.start()] + f"window.bookTable={names['ITable']}" + text[exported.end() :]
    target.write_text(f"(()=>{{{inner}\n}})();", "utf-8")
    shutil.copyfile(source / "dt_bundle.css", target.with_suffix(".css"))


def subset_icons(out: Path):
    """Keep only the Font Awesome glyphs that pages use: 270 kB of icon fonts become about 5."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    css = "".join(p.read_text("utf-8") for p in (out / "_static").rglob("*.css") if "vendor" not in p.parts)
    used: set[str] = set()
    for path in [*out.rglob("*.html"), *(out / "_static" / "scripts").glob("*theme.js")]:
        used |= set(re.findall(r"\bfa-[a-z0-9-]+", path.read_text("utf-8", "ignore")))
    points = {0x20}
    for selector, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        codes = {int(c, 16) for c in re.findall(r"""["']\\([0-9a-f]{4,5})["']""", rule)}
        codes |= {ord(c) for c in rule if 0xE000 <= ord(c) <= 0xF8FF}
        names = set(re.findall(r"\.(fa-[a-z0-9-]+)", selector))
        if codes and (not names or names & used):
            points |= codes
    for path in (out / "_static" / "vendor" / "fontawesome" / "webfonts").glob("*.woff2"):
        options = Options()
        options.flavor, options.ignore_missing_unicodes = "woff2", True
        font = load_font(path, options)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=points)
        subsetter.subset(font)
        save_font(font, path, options)


# (pattern, replacement): the theme's HTML, repaired. Each is what axe-core reports on the page as it comes.
REPAIRS = [
    (re.compile(p, re.S), r)
    for p, r in [
        # Chevrons in the contents have no name.
        (r"<summary>\s*(<span class=\"toctree-toggle\")", r'<summary aria-label="Show sections">\1'),
        # Visible words and accessible names differ.
        (r"(<button class=\"btn search-button-field[^>]*?) title=\"[^\"]*\" aria-label=\"Search\"", r"\1"),
        (
            r"(<button class=\"[^\"]*\btheme-switch-button\b[^>]*?) aria-label=\"[^\"]*\"",
            r'\1 aria-label="Color mode"',
        ),
        (r"<summary aria-label=\"Toggle hidden content\">", "<summary>"),
        # The sidebar is outside every landmark.
        (
            r"(<(?:div|dialog)[^>]*\bid=\"pst-primary-sidebar\"(?![^>]*role=))",
            r'\1 role="navigation" aria-label="Book"',
        ),
        # Roles that ARIA 1.3 withdrew.
        (r"role=\"doc-biblioentry\"", 'role="listitem"'),
        # A second copy of title and contents, hidden on screen and of no use in print.
        (r"<div id=\"jb-print-docs-body\".*?(?=<div id=\"searchbox\"|<article )", ""),
        # Font Awesome as a script, 1.5 MB: the style sheet's web font draws the same icons.
        (
            r"\s*<!-- So that users can add custom icons -->\s*<script [^>]*fontawesome\.js[^>]*></script>",
            "",
        ),
    ]
]
# The search index, which grows with the book, serves the search page alone.
SEARCH_SCRIPTS = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
)


def repair(text: str, page: str) -> str:
    for pattern, replacement in REPAIRS:
        text = pattern.sub(replacement, text)
    return text if page == "search.html" else SEARCH_SCRIPTS.sub("", text)


def slim(out: Path):
    """What no page loads: translations of the theme, source maps, icon scripts."""
    for folder in out.glob("_static/locales"):
        shutil.rmtree(folder)
    for path in [*out.rglob("*.map"), *out.rglob("fontawesome*.js")]:
        path.unlink()


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    vendor = out / "_static" / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    copy_mathjax(vendor / "mathjax")
    write_vega(vendor / "vega.js")
    write_datatables(vendor / "datatables.js")
    write_card(out / "_static" / "card.png")
    write_pairs(app)
    for path in out.rglob("*.html"):
        if "_static" in path.parts:
            continue
        text = path.read_text("utf-8")
        repaired = repair(text, path.relative_to(out).as_posix())
        if repaired != text:
            path.write_text(repaired, "utf-8")
    subset_icons(out)
    slim(out)


def setup(app):
    if Outputs not in load_mime_renders():
        load_mime_renders().append(Outputs)
    app.add_directive("scene-pairs", ScenePairs)
    app.connect("config-inited", set_address, priority=400)
    app.connect("config-inited", set_numbers, priority=400)
    app.connect("html-page-context", page_scripts, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
