"""The built pages in a browser: every page, light and dark, on a laptop and on a phone."""

import functools
import gzip
import http.server
import io
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "_ext"))

pytest.importorskip("myst_nb", reason="the site's packages are not installed: pip install adebook[book]")
import bookkit  # noqa: E402
from pages import AXE, need  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.book]

BOOK = Path(
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_book.py"), "--where"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
)
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
PAGES = [f"{CONTENTS['root']}.html"]
PAGES += [f"{chapter['file']}.html" for part in CONTENTS["parts"] for chapter in part["chapters"]]
EVERY = [*PAGES, "search.html", "404.html"]
WIDTHS = {1440: 900, 390: 844}


@pytest.fixture(scope="session")
def site():
    """The address of the book, served below the folder where GitHub Pages will serve it."""
    need((BOOK / "index.html").is_file(), f"the book is not built: {BOOK} has no index.html (make book)")
    _, owner, name = bookkit.repository()
    prefix = "/" if name.lower() == f"{owner}.github.io".lower() else f"/{name}/"

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            # A request from outside the folder is a broken link, and must not find anything.
            return super().translate_path(
                "/" + path.removeprefix(prefix) if path.startswith(prefix) else "/outside"
            )

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(BOOK))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{prefix}"
    server.shutdown()


@pytest.fixture(scope="module")
def contexts(browser):
    """One browser context for each theme and width: pages share its cache, as a reader's do."""
    made = {
        (theme, width): browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        for theme in ("light", "dark")
        for width, height in WIDTHS.items()
    }
    for context in made.values():
        context.set_default_timeout(20_000)
    yield made
    for context in made.values():
        context.close()


class Watch:
    """What a page asks for and complains about."""

    def __init__(self, page, site):
        self.problems, self.responses = [], []
        page.on("request", lambda r: self.foreign(r.url, site))
        page.on("response", self.response)
        page.on("requestfailed", lambda r: self.problems.append(f"failed: {r.url} ({r.failure})"))
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on(
            "console", lambda m: m.type == "error" and self.problems.append(f"console: {m.text} {m.location}")
        )

    def foreign(self, url, site):
        if not url.startswith((site, "data:", "blob:")):
            self.problems.append(f"asked for {url}")

    def response(self, response):
        self.responses.append(response)
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")

    def weight(self):
        """Bytes loaded: text as gzip -6 sends it, pictures and fonts as they are."""
        total = 0
        for url in {r.url for r in self.responses}:
            data = next(r for r in self.responses if r.url == url).body()
            packed = re.search(r"\.(png|jpe?g|webp|gif|woff2?)(\?|$)", url)
            total += len(data) if packed else len(gzip.compress(data, 6))
        return total


def read_through(page):
    """Scroll to the end and back, so that everything that waits for a reader is drawn."""
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """async () => {
            for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
                scrollTo(0, y);
                await new Promise(requestAnimationFrame);
            }
            scrollTo(0, 0);
        }"""
    )
    page.wait_for_function(
        "() => !document.querySelector('.bk-chart:not(.bk-live), .bk-table:not(.bk-live)')"
    )
    if page.query_selector(".math"):
        page.wait_for_function("() => document.querySelector('mjx-container')")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("name", EVERY)
def test_page(name, contexts, site):
    """No other host, no failed request, no error, no barrier, no sideways scrolling."""
    from axe_playwright_python.sync_playwright import Axe

    problems = []
    for (theme, width), context in contexts.items():
        page = context.new_page()
        watch = Watch(page, site)
        page.goto(site + name)
        read_through(page)
        found = list(watch.problems)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        wide, window = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        if wide > window:
            found.append(f"scrolls sideways: {wide} px in a window of {window} px")
        for violation in Axe().run(page, options=AXE).response["violations"]:
            nodes = [
                f"{node['html'][:200]} | {node.get('failureSummary', '')}" for node in violation["nodes"][:3]
            ]
            found.append(f"axe {violation['id']} ({len(violation['nodes'])}): " + "\n    ".join(nodes))
        problems += [f"{theme} {width}: {problem}" for problem in found]
        page.close()
    assert not problems, f"{name}\n" + "\n".join(problems)


@pytest.mark.parametrize("name", PAGES)
def test_weight(name, browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    watch = Watch(page, site)
    page.goto(site + name)
    page.wait_for_load_state("networkidle")
    rich = page.query_selector(".math, .bk-chart, .bk-table, div.cell_output img")
    kilobytes = watch.weight() / 1000
    context.close()
    print(f"{name}: {kilobytes:.0f} kB")
    assert kilobytes < (700 if rich else 200), f"{name} loads {kilobytes:.0f} kB"


@pytest.fixture
def page(contexts):
    page = contexts["light", 1440].new_page()
    yield page
    page.close()


def rows(page):
    return page.locator(".bk-table").first.locator("tbody tr")


def test_classes_can_be_searched(page, site):
    page.goto(site + "back/classes.html")
    read_through(page)
    page.locator(".bk-table").first.locator("input[type=search]").fill("couch")
    page.wait_for_function(
        "() => document.querySelectorAll('.bk-table')[0].querySelectorAll('tbody tr').length < 5"
    )
    assert "sofa" in rows(page).first.inner_text()


def test_tables_work_by_keyboard(page, site):
    page.goto(site + "back/classes.html")
    read_through(page)
    table = page.locator(".bk-table").first
    # The search field, then a heading that sorts, then the region that scrolls: all reached by Tab.
    reached = set()
    page.locator("body").press("Tab")
    for _ in range(150):
        reached.add(
            page.evaluate(
                """() => {
                    const at = document.activeElement, table = document.querySelector('.bk-table');
                    if (!table.contains(at)) return 'elsewhere';
                    if (at.matches('input[type=search]')) return 'search';
                    if (at.matches('.dt-layout-table')) return 'region';
                    return at.closest('thead') ? 'heading' : 'other';
                }"""
            )
        )
        if {"search", "region", "heading"} <= reached:
            break
        page.keyboard.press("Tab")
    assert {"search", "region", "heading"} <= reached
    before = rows(page).first.inner_text()
    heading = table.locator("thead th", has_text=re.compile("^name")).first.locator(".dt-column-order")
    heading.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => document.querySelector('.bk-table tbody tr').innerText !== before", arg=before
    )
    assert "aria-sort" in page.locator(".bk-table thead th[aria-sort]").first.evaluate("e => e.outerHTML")


def test_tables_work_from_a_file(browser):
    need((BOOK / "index.html").is_file(), "the book is not built (make book)")
    context = browser.new_context()
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((BOOK / "back" / "classes.html").as_uri())
    read_through(page)
    page.locator(".bk-table").first.locator("input[type=search]").fill("windowpane")
    page.wait_for_function(
        "() => document.querySelectorAll('.bk-table')[0].querySelectorAll('tbody tr').length < 5"
    )
    assert "windowpane" in rows(page).first.inner_text()
    context.close()
    assert not errors


def test_tables_show_their_rows_without_scripts(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "back/classes.html")
    assert rows(page).count() == 150
    assert rows(page).nth(149).is_visible()
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_self_quiz_by_keyboard(scripts, browser, site):
    """Tab leads from answer to answer, Enter and Space open one, and what opens says right or no."""
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(site + "chapters/02-the-label-contract.html")
    answers = page.locator("#self-quiz details")
    count = answers.count()
    assert count >= 12 and page.locator("#self-quiz details[open]").count() == 0
    answers.first.locator("summary").focus()
    for i in range(count):
        reason = answers.nth(i).locator("p").first
        assert not reason.is_visible()
        page.keyboard.press("Enter" if i % 2 else "Space")
        assert reason.is_visible()
        assert reason.inner_text().startswith(("Right. ", "No. "))
        page.keyboard.press("Tab")
        while page.locator("mjx-container:focus").count():
            page.keyboard.press("Tab")  # past the formulas of what was opened
    context.close()


def test_search_finds_a_word(page, site):
    page.goto(site + "search.html?q=couch")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() >= 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_mask_colors_are_true(theme, contexts, site):
    """A mask on the page has, pixel for pixel, the colors of its file."""
    import numpy as np
    from PIL import Image

    page = contexts[theme, 1440].new_page()
    page.goto(site + "index.html")
    page.wait_for_load_state("networkidle")
    mask = page.locator("img.mask").first
    mask.scroll_into_view_if_needed()
    shown = np.asarray(Image.open(io.BytesIO(mask.screenshot())).convert("RGB"))
    source = mask.get_attribute("src")
    page.close()
    with Image.open(BOOK / source) as file:
        wanted = {tuple(color) for color in np.asarray(file.convert("RGB")).reshape(-1, 3).tolist()}
    inner = shown[2:-2, 2:-2].reshape(-1, 3)  # the edge may fall between two screen pixels
    colors, counts = np.unique(inner, axis=0, return_counts=True)
    strange = [tuple(c) for c, n in zip(colors.tolist(), counts, strict=True) if tuple(c) not in wanted]
    assert len(colors) > 1 and not strange


def test_pages_follow_the_theme_switch(page, site):
    page.goto(site + "index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    for _ in range(3):
        page.locator(".theme-switch-button").first.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(ground) != light
    page.evaluate("localStorage.clear()")
