"""The chapters: their anatomy, their exercises, and that every cell runs."""

import copy
import itertools
import os
import re
import tomllib
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
NOTEBOOKS = [*CHAPTERS, *sorted((ROOT / "back").glob("*.ipynb"))]
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
SETUP = f"""\
# @title Set-up (Colab installs the book's helpers; elsewhere this does nothing)
try:
    import adebook
except ModuleNotFoundError:
    %pip install -q "adebook @ git+{ADDRESS}"
    import adebook"""
# For chapters that build models: one library more, which Colab lacks.
SETUP_MODELS = f"""\
# @title Set-up (Colab installs the book's helpers and one library of models; elsewhere this does nothing)
from importlib.util import find_spec

if find_spec("adebook") is None or find_spec("segmentation_models_pytorch") is None:
    %pip install -q "adebook[models] @ git+{ADDRESS}"

import adebook"""
NEEDS_MODELS = (
    r"adebook\.models|adebook import .*\bmodels\b|adebook\.pretrained|adebook\.training|import training"
)
ROLES = ("stub", "check", "solution")


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def markdown(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def exercises(notebook) -> dict[str, dict[str, int]]:
    """Exercise number -> role -> index of its cell."""
    found: dict[str, dict[str, int]] = {}
    for index, cell in enumerate(notebook.cells):
        if mark := cell.metadata.get("adebook"):
            assert mark["role"] not in found.get(mark["exercise"], {}), f"two {mark['role']} cells for {mark}"
            found.setdefault(mark["exercise"], {})[mark["role"]] = index
    return found


def by_name(path: Path) -> str:
    return path.stem


def test_there_are_chapters():
    assert len(CHAPTERS) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=by_name)
def test_committed_without_outputs(path):
    for cell in read(path).cells:
        assert not cell.get("outputs"), f"{path.name}: cell {cell.id} is stored with outputs"
        assert not cell.get("execution_count"), (
            f"{path.name}: cell {cell.id} is stored with its execution count"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=by_name)
def test_setup_cell_is_the_same_everywhere(path):
    setups = [c for c in read(path).cells if "setup" in c.metadata.get("tags", [])]
    code = "\n".join(c.source for c in read(path).cells if c.cell_type == "code")
    expected = SETUP_MODELS if re.search(NEEDS_MODELS, code) else SETUP
    assert [c.source for c in setups] == [expected], f"{path.name}: the set-up cell differs from the others"
    assert "hide-input" in setups[0].metadata.tags, (
        f"{path.name}: the page folds the set-up cell, as Colab does"
    )
    assert len(re.findall(r"pip install", code)) == 1, f"{path.name}: only the set-up cell may install"


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_anatomy(path):
    notebook = read(path)
    number = int(path.name[:2])
    cells = notebook.cells
    assert re.match(rf"# {number} · \S.*\n\n\*\*.+\*\*\n", cells[0].source), "title, then the promise in bold"
    text = "\n\n".join(markdown(notebook))
    headings = re.findall(r"^(#{1,6}) (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.M)
    levels = [len(marks) for marks, _ in headings]
    assert levels[0] == 1 and levels.count(1) == 1, "one title"
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), "headings must not skip a level"
    titles = [title for marks, title in headings if len(marks) == 2]
    assert titles[0] == "What you will be able to do"
    assert any(title.startswith("A common mistake") for title in titles)
    assert titles[-4:] == ["Exercises", "Self-quiz", "Take-away", "Where to go next"]
    assert re.search(r"\*\*Time:\*\* .+ to read, .+ to run .+\*\*GPU:\*\* ", cells[0].source), (
        "time and GPU are stated"
    )
    goals = re.findall(r"^- .*\(Exercise (\d+\.\d+)\)$", cells[0].source, flags=re.M)
    bullets = re.findall(r"^- ", cells[0].source, flags=re.M)
    assert 3 <= len(goals) <= 5 and len(goals) == len(bullets), "3 to 5 goals, each with its exercise"
    assert set(goals) <= set(exercises(notebook))


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_markdown_is_what_colab_renders(path):
    """No MyST: directives and roles would stand there as raw text."""
    for source in markdown(read(path)):
        assert not re.search(r"^(```|~~~|:::)\{", source, flags=re.M), f"a directive: {source[:80]!r}"
        assert not re.search(r"\{[a-z:]+\}`", source), f"a role: {source[:80]!r}"
        assert not re.search(r"!\[[^\]]*\]\((?!https?:|attachment:)", source), (
            "a picture that does not travel to Colab"
        )


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_exercises_have_one_format(path):
    notebook = read(path)
    found = exercises(notebook)
    assert len(found) >= 3
    for number, cells in found.items():
        assert list(cells) == list(ROLES), f"Exercise {number}: stub, check and solution, in this order"
        heading = re.findall(
            rf"^### Exercise {re.escape(number)}: \S", "\n\n".join(markdown(notebook)), flags=re.M
        )
        assert len(heading) == 1, f"Exercise {number} needs one heading of its own"
        stub, check, solution = (notebook.cells[cells[role]] for role in ROLES)
        between = notebook.cells[cells["check"] + 1 : cells["solution"]]
        assert any("<details><summary>Hint</summary>" in c.source for c in between), (
            f"Exercise {number} needs a hint"
        )
        assert "raise NotImplementedError(" in stub.source
        assert f'with adebook.check("Exercise {number}"):' in check.source
        assert "hide-cell" in solution.metadata.tags and solution.source.startswith(
            f"# @title Solution {number}\n"
        )
        asserts = re.findall(r"^\s+assert .+$", check.source, flags=re.M)
        assert asserts and all(re.search(r', \(?$|, f?"', line) for line in asserts), (
            "every assert says what is wrong"
        )
    predictions = [s for s in markdown(notebook) if "predict" in s.lower() and "### Exercise" in s]
    assert predictions, "at least one exercise asks for a prediction before running"


ANSWER = re.compile(
    r"<details><summary>(?P<answer>[^\n]+)</summary>\n\n(?P<why>.+?)\n\n</details>", flags=re.S
)


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_self_quiz_has_one_format(path):
    """Native `<details>`: an answer opens by keyboard, without scripts, in Colab, and says why."""
    (quiz,) = (s for s in markdown(read(path)) if s.startswith("## Self-quiz\n"))
    introduction, *questions = re.split(r"\n\n(?=\*\*Question \d+\.\*\* )", quiz)
    assert introduction == (
        "## Self-quiz\n\nChoose an answer and open it: it says whether it is right, and why."
    ), "the same introduction everywhere"
    assert 4 <= len(questions) <= 6
    right_at = set()
    for number, text in enumerate(questions, 1):
        question, _, rest = text.partition("\n\n")
        assert question.startswith(f"**Question {number}.** ") and question.endswith("?"), question
        answers = list(ANSWER.finditer(rest))
        assert ANSWER.sub("", rest).strip() == "", f"Question {number}: nothing but its answers"
        assert len(answers) in (3, 4), f"Question {number}: three or four answers"
        why = [a["why"] for a in answers]
        right = [i for i, reason in enumerate(why) if reason.startswith("**Right.** ")]
        assert len(right) == 1, f"Question {number}: one right answer"
        assert all(reason.startswith(("**Right.** ", "**No.** ")) for reason in why)
        assert all(len(reason.split()) >= 8 for reason in why), f"Question {number}: each answer says why"
        assert len({a["answer"] for a in answers}) == len(answers)
        # Markdown is not rendered inside <summary>.
        assert not any(re.search(r"[`$*]|<(?!/?code>)", a["answer"]) for a in answers)
        right_at |= set(right)
    assert len(right_at) > 1, "the right answer must not always stand at the same place"


def known_numbers() -> set[str]:
    """Every number that is a value (not part of a note or a source) in the tables the chapters quote."""
    values = set(pd.read_csv(ROOT / "data" / "facts.csv", dtype=str)["value"])
    for name in ("releases", "classes", "benchmarks"):
        numbers = pd.read_csv(ROOT / "data" / f"{name}.csv").select_dtypes("number").stack()
        values |= {f"{number:.0f}" for number in numbers} | {f"{number:g}" for number in numbers}
    return values


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_numbers_in_the_prose_have_a_source(path):
    """Numbers of three digits or more in Markdown must occur in a table of data/; ids and years are free."""
    free = {"149", "150", "151", "255", "256", "512"} | {str(year) for year in range(1990, 2031)}
    known = known_numbers()
    for source in markdown(read(path)):
        plain = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<[^>]*>", " ", source, flags=re.S)
        plain = re.sub(r"Exercise \d+\.\d+", " ", plain)
        for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)", plain):
            bare = number.rstrip(",").replace(",", "")
            if len(bare.replace(".", "")) >= 3 and bare not in free:
                assert bare in known, f"{path.name}: {number} is in no table of data/"


def with_solutions_tried(notebook) -> nbformat.NotebookNode:
    """The notebook as committed, and after each solution its check once more."""
    notebook = copy.deepcopy(notebook)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        mark = cell.metadata.get("adebook")
        if mark and mark["role"] == "check":
            again = copy.deepcopy(cell)
            again.metadata.adebook = {"exercise": mark["exercise"], "role": "check again"}
            again.id = f"{cell.id}-again"
        if mark and mark["role"] == "solution":
            cells.append(again)
    notebook.cells = cells
    return notebook


def printed(cell) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


SOURCES = ["dollhouse", pytest.param("sceneparse150", marks=pytest.mark.real)]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_runs_and_exercises_hold(path, source, monkeypatch):
    """Every cell runs; each stub fails its check with a helpful message; each solution passes it; figures have alt text."""
    if source == "sceneparse150" and not os.environ.get("ADE20K_ROOT"):
        pytest.skip("ADE20K_ROOT is not set: no real pictures here")
    monkeypatch.setenv("ADEBOOK_SOURCE", source)
    notebook = with_solutions_tried(read(path))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()

    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", f"{cell.id} wrote to stderr: {output.text[:300]}"
        if any(
            "image/png" in o.get("data", {}) or "image/svg+xml" in o.get("data", {}) for o in cell.outputs
        ):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) >= 40 and " " in alt, (
                f"{path.name}: the figure of {cell.id} needs a real alternative text"
            )
        mark = cell.metadata.get("adebook", {})
        if mark.get("role") == "check":
            text = printed(cell)
            assert text.startswith(f"Exercise {mark['exercise']}: not yet."), text
            assert len(text.split()) >= 10, f"the message should help: {text}"
        if mark.get("role") == "check again":
            assert printed(cell).startswith(f"Exercise {mark['exercise']}: passed"), printed(cell)
