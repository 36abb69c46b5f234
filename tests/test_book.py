"""The built pages, read as files: complete, self-contained, accessible in what a file can show, and light."""

import gzip
import json
import os
import re
import subprocess
import sys
import types
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "_ext"))

pytest.importorskip("myst_nb", reason="the site's packages are not installed: pip install adebook[book]")
import address  # noqa: E402
import bookkit  # noqa: E402
import build_book  # noqa: E402

pytestmark = pytest.mark.book

WHERE = subprocess.run(
    [sys.executable, str(ROOT / "tools" / "build_book.py"), "--where"],
    capture_output=True,
    text=True,
    check=True,
).stdout.strip()
BOOK = Path(WHERE)


def toc() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"]] + [
        chapter["file"] for part in contents["parts"] for chapter in part["chapters"]
    ]


PAGES = [f"{name}.html" for name in toc()]
EVERY = [*PAGES, "search.html", "404.html"]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]


@pytest.fixture(autouse=True)
def built():
    if not (BOOK / "index.html").is_file():
        message = f"the book is not built: {BOOK} has no index.html (make book)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@cache
def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup((BOOK / page).read_text("utf-8"), "html.parser")


def local(page: str, link: str) -> Path | None:
    """The file that a link of a page points at; None for other hosts."""
    parts = urlparse(link)
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    if not path:
        return BOOK / page
    prefix = bookkit_prefix()
    if path.startswith("/"):
        assert path.startswith(prefix), f"{page}: {link} is not below {prefix}"
        return BOOK / path.removeprefix(prefix)
    return ((BOOK / page).parent / path).resolve()


def bookkit_prefix() -> str:
    _, owner, name = bookkit.repository()
    return "/" if name.lower() == f"{owner}.github.io".lower() else f"/{name}/"


def assets(page: str) -> list[tuple[str, str]]:
    """(tag, address) of everything that a page loads by its markup."""
    found = []
    for tag in soup(page).find_all(
        ["script", "img", "link", "source", "iframe", "video", "audio", "object", "embed"]
    ):
        if tag.name == "link":
            if set(tag.get("rel", [])) & {"stylesheet", "icon", "preload", "modulepreload", "shortcut"}:
                found.append(("link", tag["href"]))
            continue
        for value in [tag.get("src"), tag.get("data")]:
            if value:
                found.append((tag.name, value))
        found += [
            (tag.name, part.split()[0]) for part in (tag.get("srcset") or "").split(",") if part.strip()
        ]
    return found


@pytest.mark.parametrize("page", EVERY)
def test_page_is_there(page):
    assert (BOOK / page).is_file()


def test_nothing_else_is_published():
    found = {
        path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.html") if "_static" not in path.parts
    }
    assert found == set(EVERY)


@pytest.mark.parametrize("page", EVERY)
def test_asks_no_other_host(page):
    foreign = [
        (tag, url) for tag, url in assets(page) if local(page, url) is None and not url.startswith("data:")
    ]
    assert not foreign
    scripts = "\n".join(
        s.get_text()
        for s in soup(page).find_all("script")
        if s.get("type", "") in ("", "module", "text/javascript")
    )
    assert not re.search(r"""(import|from|src\s*=|fetch\()\s*\(?["']https?://""", scripts)
    styles = "\n".join(s.get_text() for s in soup(page).find_all("style"))
    assert not re.search(r"url\(\s*[\"']?https?:|@import\s+[\"']?https?:", styles)


def test_style_sheets_ask_no_other_host():
    for path in BOOK.rglob("*.css"):
        text = path.read_text("utf-8")
        assert not re.search(r"url\(\s*[\"']?(https?:)?//|@import\s+[\"'](https?:)?//", text), path


@pytest.mark.parametrize("page", EVERY)
def test_links_resolve(page):
    broken = []
    links = [(a, a["href"]) for a in soup(page).find_all("a", href=True)]
    links += [(None, url) for _, url in assets(page) if not url.startswith("data:")]
    for _, link in links:
        address_, anchor = urldefrag(link)
        target = local(page, address_)
        if target is None:
            continue
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            broken.append(link)
        elif anchor and target.suffix == ".html":
            there = soup(target.relative_to(BOOK).as_posix())
            if not there.find(id=unquote(anchor)) and not there.find(attrs={"name": unquote(anchor)}):
                broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", EVERY)
def test_pictures_have_a_text(page):
    for image in soup(page).find_all("img"):
        alt, where = image.get("alt"), f"{page}: {str(image)[:160]}"
        assert alt is not None, where
        if "logo__image" in image.get("class", []):
            continue  # the book's name stands beside it
        if image.find_parent(class_="dropdown-menu"):
            continue  # theme icons beside their names
        assert alt.strip(), where
        assert not re.search(r"\.(png|jpe?g|svg|webp|gif)\b|_images/|^[0-9a-f]{16,}", alt), where
        if image.find_parent(class_="cell_output") or image.find_parent(class_="pairs"):
            assert len(alt) >= 15, where


@pytest.mark.parametrize("page", EVERY)
def test_headings_in_order(page):
    levels = [int(h.name[1]) for h in soup(page).find("main").find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1 and levels[0] == 1
    assert len(soup(page).find_all("h1")) == 1
    jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    assert not jumps


@pytest.mark.parametrize("page", PAGES)
def test_describes_itself(page):
    found = [
        m for m in soup(page).find_all("meta", attrs={"name": "description"}) if m.get("content", "").strip()
    ]
    assert found, f"{page} has no description: front matter or notebook metadata, myst.html_meta"
    assert all(20 <= len(m["content"]) <= 320 for m in found)
    assert soup(page).find("html")["lang"] == "en"


@pytest.mark.parametrize("page", CHAPTERS)
def test_opens_in_colab(page):
    _, owner, name = bookkit.repository()
    wanted = f"https://colab.research.google.com/github/{owner}/{name}/blob/main/{page.removesuffix('.html')}.ipynb"
    links = {
        a["href"] for a in soup(page).find_all("a", href=True) if "colab.research.google.com" in a["href"]
    }
    assert wanted in links
    assert all(
        link.startswith(f"https://colab.research.google.com/github/{owner}/{name}/blob/main/")
        for link in links
    )
    assert (ROOT / "chapters" / f"{Path(page).stem}.ipynb").is_file()


@pytest.mark.parametrize("page", PAGES)
def test_outputs_are_clean(page):
    for output in soup(page).select("div.cell_output"):
        text = output.get_text()
        assert "Traceback (most recent call last)" not in text, text[:400]
        assert not output.select(".stderr, .traceback"), text[:400]
        assert not re.search(r"(User|Future|Deprecation|Runtime)Warning", text), text[:400]


@pytest.mark.parametrize("page", EVERY)
def test_loads_only_what_it_uses(page):
    there, scripts = soup(page), " ".join(url for tag, url in assets(page) if tag == "script")
    assert ("mathjax" in scripts) == bool(there.select(".math")), (
        "MathJax without maths, or maths without MathJax"
    )
    assert ("charts.js" in scripts) == bool(there.select(".bk-chart, .bk-table"))
    assert "thebe" not in scripts and "fontawesome" not in scripts


def weight(page: str) -> int:
    """Bytes that the page's own markup loads: text as gzip -6 sends it, pictures and fonts as they are."""
    total, seen, queue = len(gzip.compress((BOOK / page).read_bytes(), 6)), set(), []
    queue += [local(page, url) for _, url in assets(page) if not url.startswith("data:")]
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        data = path.read_bytes()
        text = path.suffix in {".css", ".js", ".svg", ".json", ".html"}
        total += len(gzip.compress(data, 6)) if text else len(data)
        if path.suffix == ".css":
            for url in re.findall(r"@import\s+[\"']([^\"']+)", data.decode()):
                queue.append((path.parent / url.split("?")[0]).resolve())
        if path.name == "tex-chtml.js":
            total += 105_000  # the fonts that MathJax fetches for an ordinary page of formulas
    return total


@pytest.mark.parametrize("page", PAGES)
def test_weight(page):
    there = soup(page)
    plain = not there.select(".math, .bk-chart, .bk-table, div.cell_output img")
    kilobytes = weight(page) / 1000
    assert kilobytes < (200 if plain else 700), f"{page} weighs {kilobytes:.0f} kB"


def test_figures_on_the_first_page_come_from_the_tables():
    import csv

    def rows(name):
        with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    release = next(row for row in rows("releases.csv") if row["key"] == "sceneparse150")
    board = rows("leaderboard.csv")
    best = max(float(row[c]) for row in board for c in ("miou_ss", "miou_ms") if row[c])
    shown = [li.strong.get_text() for li in soup("index.html").select(".figures li")]
    images = int(release["train_images"]) + int(release["val_images"])
    assert shown == [f"{images:,}", str(len(rows("classes.csv"))), f"{best:.1f}", str(len(board))]


def test_no_theme_leftovers():
    assert not list(BOOK.glob("_static/locales")) and not list(BOOK.rglob("*.map"))


def test_tables_are_readable_without_scripts():
    """Every row of an interactive table stands in the page itself."""
    tables = [(page, box) for page in PAGES for box in soup(page).select(".bk-table")]
    assert tables
    for page, box in tables:
        assert box.find("tbody").find_all("tr"), page
        assert box["role"] == "region" and len(box["aria-label"]) >= 10, page
        json.loads(box.find_next_sibling("script").get_text())
    sizes = [len(box.find("tbody").find_all("tr")) for page, box in tables if page == "back/classes.html"]
    assert 150 in sizes


# The address


def test_the_address_stands_in_one_place():
    here = address.present()
    assert not address.strays()
    owner_name = here.removeprefix("https://github.com/")
    config = (ROOT / "_config.yml").read_text("utf-8")
    assert owner_name not in config
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        assert f"git+{here}" in path.read_text("utf-8"), (
            f"{path.name}: its set-up cell does not install from {here}"
        )


def copy_carriers(target: Path) -> None:
    for path in [ROOT / "pyproject.toml", *address.carriers()]:
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def test_the_address_can_be_changed_and_changed_back(tmp_path):
    copy_carriers(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    here = address.present(tmp_path)
    changed = address.change("https://github.com/someone/their-book", tmp_path)
    assert "pyproject.toml" in changed and any(name.startswith("chapters/") for name in changed)
    assert address.present(tmp_path) == "https://github.com/someone/their-book"
    assert not address.strays(tmp_path)
    for path in before:
        assert not address.pattern(here).search(path.read_text("utf-8")), path
    address.change(here, tmp_path)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "bad",
    [
        "http://github.com/a/b",
        "https://gitlab.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b/tree/main",
        "https://github.com/a/b.git",
        "git@github.com:a/b",
        "https://github.com/a b/c",
        "",
    ],
)
def test_the_address_must_be_a_repository(bad, tmp_path):
    copy_carriers(tmp_path)
    with pytest.raises(ValueError, match=r"not the address of a GitHub repository"):
        address.change(bad, tmp_path)


def test_a_stray_address_is_found(tmp_path):
    copy_carriers(tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text(
        readme.read_text("utf-8") + "\npip install git+https://github.com/other/adebook\n", "utf-8"
    )
    assert address.strays(tmp_path) == ["README.md: git+https://github.com/other/adebook"]


def test_the_build_knows_the_sources_of_the_package():
    import adebook

    assert build_book.SOURCES == adebook.datasets.SOURCES


# Tables -----------------------------------------------------------------------------------------------------


def test_numbers_stand_right_below_a_cell_that_spans_rows():
    """pandas shows an index that repeats once, so that the rows below it have a cell less."""
    rows = pd.DataFrame(
        {"model": ["a", "a", "b"], "GPUs": [1, 2, 1], "hours": [3.5, 1.8, 40.0], "note": ["x", "y", "z"]}
    )
    data = types.SimpleNamespace(string=rows.set_index(["model", "GPUs"]).to_html(), cell_metadata={})
    shown = BeautifulSoup(bookkit.plain_table(data).astext(), "html.parser")
    assert [cell.get_text() for cell in shown.select("tbody .num")] == ["1", "3.5", "2", "1.8", "1", "40.0"]
    assert [cell.get_text() for cell in shown.select("thead .num")] == ["GPUs", "hours"]
    assert len(shown.select("thead tr")) == 1, "the names of index and columns share a row"


def test_names_of_columns_keep_their_row():
    """Where a column of names has a title of its own, both rows are needed."""
    rows = pd.DataFrame([[1, 2]], columns=pd.Index(["a", "b"], name="class"), index=pd.Index(["x"], name="i"))
    data = types.SimpleNamespace(string=rows.to_html(), cell_metadata={})
    shown = BeautifulSoup(bookkit.plain_table(data).astext(), "html.parser")
    texts = [[c.get_text() for c in row.find_all(["th", "td"])] for row in shown.select("thead tr")]
    assert texts == [["class", "a", "b"], ["i", "", ""]]


def test_tables_of_a_styler_look_like_the_others():
    rows = pd.DataFrame({"x": [1.0]}, index=pd.Index(["a"], name="model"))
    for made in (rows.to_html(), rows.style.to_html()):
        data = types.SimpleNamespace(string=made, cell_metadata={})
        table = BeautifulSoup(bookkit.plain_table(data).astext(), "html.parser").table
        assert "dataframe" in table["class"]
        assert [c.get_text() for c in table.select("thead tr *")] == ["model", "x"]
