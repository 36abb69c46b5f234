"""The assignments: full marks for the solution, none for the blank notebook, nothing of the answers with students."""

import ast
import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import nbformat
import pytest

from adebook import exercises
from tools.assignments import build, grade, isolation, runner

ROOT = Path(__file__).resolve().parent.parent
MASTERS = build.masters()
STUDENTS = ROOT / "assignments" / "students"
KEYS = ("first key", build.PUBLIC_KEY)
LIMITS = isolation.Limits(seconds=150, cell_seconds=100, test_seconds=60)


def by_name(path: Path) -> str:
    return path.parent.name


each_master = pytest.mark.parametrize("path", MASTERS, ids=by_name)


@pytest.fixture(scope="module")
def built() -> dict[tuple[str, str], build.Built]:
    """Every assignment under two course keys."""
    try:
        build.find_otter()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    return {
        (path.parent.name, key): build.build(path, key, build.public_place())
        for path in MASTERS
        for key in KEYS
    }


@pytest.fixture(scope="module")
def spaces(built) -> dict[tuple[str, str], dict]:
    """What every solution has defined when it has run, and what its visible checks said."""
    pytest.importorskip("torch").set_num_threads(1)
    found = {}
    for key, one in built.items():
        exercises.results.clear()
        found[key] = {"space": namespace_of(one.solution), "checks": dict(exercises.results)}
    return found


def of(built, path, key="first key"):
    return built[path.parent.name, key]


def code_of(notebook) -> str:
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "code")


def namespace_of(notebook) -> dict:
    """What a notebook has defined when it has run, without a box: these are our own notebooks."""
    space: dict = {"__name__": "notebook"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        source = "import adebook" if "setup" in cell.metadata.get("tags", []) else cell.source
        exec(compile(source, cell.id, "exec"), space)
    return space


def failing(assignment: grade.Assignment, question: str, space: dict) -> set[int]:
    """Which hidden tests of a question fail."""
    cases = runner.load_tests(assignment.questions[question]["tests"])
    return {
        i
        for i, (_, function) in enumerate(cases)
        if not runner.run_test(function, space, LIMITS.test_seconds)[0]
    }


def wrong_answers(path: Path) -> list[tuple[str, str, str]]:
    """(question, what is wrong, code) of the answers stored beside a master."""
    blocks = re.split(r"^# %% (q\d+): (.+)$", (path.parent / "wrong_answers.py").read_text(), flags=re.M)
    return list(zip(blocks[1::3], blocks[2::3], blocks[3::3], strict=True))


def secret_lines(path: Path) -> set[str]:
    """Every line of a solution or a hidden test in a master, unless the master also gives it to students."""
    secret, given, inside = [], [], []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "raw":
            word = re.search(r"(BEGIN|END) (SOLUTION|TESTS)", cell.source)
            if word:
                inside = [word[2]] if word[1] == "BEGIN" else []
            continue
        lines = cell.source.splitlines()
        if inside == ["TESTS"] or (inside and cell.cell_type == "markdown"):
            secret += lines
        elif inside:
            within = False
            for line in lines:
                if "# END SOLUTION" in line:
                    within = False
                (secret if within else given).append(line)
                if "# BEGIN SOLUTION" in line:
                    within = True
        else:
            given += lines
    known = {line.strip() for line in given}
    return {
        s for line in secret if len(s := line.strip()) > 8 and s not in known and s != "import numpy as np"
    }


@each_master
def test_solution_gets_all_points_under_two_keys(built, spaces, path):
    for key in KEYS:
        assignment = of(built, path, key).assignment
        space = of(spaces, path, key)["space"]
        for question, described in assignment.questions.items():
            if described["tests"]:
                assert failing(assignment, question, space) == set(), f"{key}, {question}"


@each_master
def test_solution_passes_the_visible_checks_and_the_blank_none(built, spaces, path, capsys):
    tested = [n for n, q in enumerate(of(built, path).assignment.questions.values(), start=1) if q["tests"]]
    for key in KEYS:
        assert of(spaces, path, key)["checks"] == {f"Question {n}": True for n in tested}
    exercises.results.clear()
    capsys.readouterr()
    namespace_of(of(built, path).student)
    assert exercises.results == {f"Question {n}": False for n in tested}
    said = capsys.readouterr().out
    for n in tested:
        assert re.search(rf"^Question {n}: not yet\. (Replace this line|name ')", said, flags=re.M), said


@each_master
def test_two_keys_give_different_data(built, path):
    one, other = of(built, path), of(built, path, build.PUBLIC_KEY)
    assert code_of(one.student) != code_of(other.student), "what students see should vary"
    for question, described in one.assignment.questions.items():
        if "SEED" in described["tests"]:
            assert described["tests"] != other.assignment.questions[question]["tests"]
    assert sum("SEED" in q["tests"] for q in one.assignment.questions.values()) >= 2
    seeds = set(re.findall(r"SEED = (\d+)", json.dumps(one.assignment.questions)))
    assert len(seeds) == 1 and not seeds & set(re.findall(r"\d+", code_of(one.student)))
    assert "first key" not in nbformat.writes(one.student) + json.dumps(one.assignment.questions)


@each_master
def test_blank_and_half_right_in_the_box(built, path):
    here = isolation.best()
    one = of(built, path)
    blank = build.graded(one.student, one.assignment, here, LIMITS)
    assert blank.graded and blank.points == 0, blank.notes
    half = nbformat.from_dict(json.loads(json.dumps(one.student)))
    answers = [c for c in one.solution.cells if c.cell_type == "code"]
    stubs = [i for i, c in enumerate(half.cells) if "raise NotImplementedError" in c.source]
    for i in stubs[: len(stubs) // 2]:
        (name,) = re.findall(r"^(?:def|class) (\w+)", half.cells[i].source, flags=re.M)[:1]
        half.cells[i].source = next(
            c.source for c in answers if re.search(rf"^(?:def|class) {name}\b", c.source, re.M)
        )
    result = build.graded(half, one.assignment, here, LIMITS)
    assert result.graded and 0 < result.points < one.assignment.points, result.notes


@each_master
def test_each_hidden_test_fails_on_a_stored_wrong_answer(built, spaces, path):
    one, space = of(built, path), of(spaces, path)["space"]
    caught: dict[str, set[int]] = {}
    for question, what, code in wrong_answers(path):
        changed = dict(space)
        exec(compile(code, what, "exec"), changed)
        failed = failing(one.assignment, question, changed)
        assert failed, f"{question}, {what!r}: no hidden test sees it"
        caught.setdefault(question, set()).update(failed)
    for question, described in one.assignment.questions.items():
        never = set(range(len(described["cases"]))) - caught.get(question, set())
        assert not never, f"{question}: tests {sorted(never)} fail on no stored wrong answer"


@each_master
def test_nothing_secret_in_what_students_get(built, path):
    """Not in the notebook of any key, in no cell, output or metadata, nor in the committed copy."""
    secret = secret_lines(path)
    assert len(secret) > 30
    handed_out = [nbformat.writes(b.student) for (name, _), b in built.items() if name == path.parent.name]
    handed_out.append((STUDENTS / f"{path.parent.name}.ipynb").read_text("utf-8"))
    for text in handed_out:
        notebook = nbformat.reads(text, as_version=4)
        lines = {line.strip() for cell in notebook.cells for line in cell.source.splitlines()}
        assert not lines & secret
        assert not any(cell.get("outputs") for cell in notebook.cells if cell.cell_type == "code")
        assert set(notebook.metadata) == {"adebook", "kernelspec", "language_info"}
        assert not re.search(r"\botter\b|BEGIN SOLUTION|BEGIN TEST|SEED = ", text)


def test_the_zip_for_instructors_holds_no_student_copy_and_students_get_no_zip(built, tmp_path):
    all_built = [b for (_, key), b in built.items() if key == "first key"]
    build.write_all(all_built, tmp_path / "out")
    students = sorted(p.name for p in (tmp_path / "out" / "students").iterdir())
    assert students == [f"{b.assignment.name}.ipynb" for b in all_built]
    with zipfile.ZipFile(tmp_path / "out" / "instructor" / "instructor.zip") as archive:
        names = archive.namelist()
        for b in all_built:
            name = b.assignment.name
            wanted = {
                f"solutions/{name}.ipynb",
                f"rubrics/{name}.md",
                f"gradescope/{name}.zip",
                f"grading/{name}.json",
            }
            assert wanted <= set(names)
            with zipfile.ZipFile(BytesIO(archive.read(f"gradescope/{name}.zip"))) as inner:
                files = inner.namelist()
                needs = inner.read("environment.yml").decode()
                package = "adebook[models]" if "adebook[models]" in code_of(b.solution) else "adebook"
                assert f"- {package} @ git+{build.address()}" in needs
                assert ("- torch" in needs) == ("import torch" in code_of(b.solution))
                for question, described in b.assignment.questions.items():
                    assert (f"tests/{question}.py" in files) == bool(described["tests"])
    read_back = grade.read_assignments(tmp_path / "out" / "instructor" / "instructor.zip")
    assert read_back == [b.assignment for b in all_built]


@each_master
def test_committed_copy_is_what_the_public_key_makes(built, path):
    committed = nbformat.read(STUDENTS / f"{path.parent.name}.ipynb", as_version=4)
    assert committed == of(built, path, build.PUBLIC_KEY).student, "Cure: make assignments ARGS=--public"


@each_master
def test_a_student_sees_goals_time_points_and_one_way_to_set_up(path):
    notebook = nbformat.read(STUDENTS / f"{path.parent.name}.ipynb", as_version=4)
    models = re.search(r"adebook import .*\b(models|training)\b|adebook\.pretrained", code_of(notebook))
    like = "14-fine-tune.ipynb" if models else "01-meet-ade20k.ipynb"  # the chapter with the same needs
    chapter = nbformat.read(ROOT / "chapters" / like, as_version=4)
    (setup,) = [c.source for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    (same,) = [c.source for c in chapter.cells if "setup" in c.metadata.get("tags", [])]
    assert setup == same
    first = notebook.cells[0].source
    assert (
        first.startswith("[![Open in Colab]") and f"assignments/students/{path.parent.name}.ipynb)" in first
    )
    assert re.search(r"\*\*Goals:\*\* .*Chapters? \d", first) and re.search(
        r"\*\*Time:\*\* (60 to 90|90 to 120) min", first
    )
    total, tests, person = map(int, re.search(r"\*\*Points:\*\* (\d+), .*?(\d+) .*?(\d+)\.", first).groups())
    assert total == tests + person
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert sum(map(int, re.findall(r"^\*(\d+) points", text, flags=re.M))) == total
    for cell in notebook.cells:
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", []):
            ast.parse(cell.source)
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, ast.Assert) or node.msg, "a check says what is wrong"


@each_master
def test_points_in_the_notebook_are_the_points_of_the_tests(built, path):
    one = of(built, path)
    text = "\n".join(c.source for c in one.student.cells if c.cell_type == "markdown")
    for described in one.assignment.questions.values():
        (said,) = re.findall(rf"^## {re.escape(described['title'])}\n\n\*(\d+) points", text, flags=re.M)
        assert float(said) == described["points"], described["title"]
        if not described["tests"]:
            assert described["title"].split(": ", 1)[1] in one.rubric


def test_without_a_key_nothing_is_made(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_KEY", raising=False)
    assert build.main(["--out", str(tmp_path / "out")]) == 1
    assert "COURSE_KEY is missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
