"""Make students' notebooks and the instructor's zip from assignments/NN-name/master.ipynb.

    make assignments COURSE_KEY=words-that-only-you-know

The key decides the data: numbers that the students' notebooks show (VARIANT) and others that only the hidden
tests hold (SEED). Neither lets anyone compute the key or the other one. Before anything is written, every
solution is graded (it must get all points) and every blank notebook (it must get none).
"""

import argparse
import ast
import contextlib
import hashlib
import importlib.util
import io
import json
import logging
import os
import re
import shutil
import site
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

from tools.assignments.grade import Assignment, Submission, grade, read
from tools.assignments.isolation import Isolation, Limits, best

ROOT = Path(__file__).resolve().parents[2]
MASTERS = ROOT / "assignments"
OUT = ROOT / "_build" / "assignments"
OTTER = ROOT / "_build" / "otter"
#: The key of the notebooks in assignments/students. It is public, so it protects nothing.
PUBLIC_KEY = "parsing-every-pixel"
_FILLED_IN = re.compile(r"^(?P<start>\s*(?P<name>VARIANT|SEED) = )\d+\b", re.MULTILINE)
_HEADING = re.compile(r"^## (Question \d+: .+)$", re.MULTILINE)
#: Everything that leads to a solution or a hidden test in a master.
_LEFT_OVER = re.compile(
    r"SOLUTION|BEGIN (?:QUESTION|PROMPT|TESTS?)|END (?:QUESTION|PROMPT|TESTS?)|SEED = |\botter\b"
)
#: Comments that otter leaves around questions that a person grades.
_MARKS = re.compile(r"<!-- (?:BEGIN|END) QUESTION -->\s*")


@dataclass
class Built:
    """One assignment, ready to be handed out.

    Attributes:
        assignment: what the grader needs, hidden tests included.
        student: the notebook for students.
        solution: the notebook with the solutions.
        autograder: the zip for Gradescope.
        rubric: for the parts that a person grades, Markdown.
    """

    assignment: Assignment
    student: nbformat.NotebookNode
    solution: nbformat.NotebookNode
    autograder: bytes
    rubric: str


def number_from(key: str, assignment: str, purpose: str) -> int:
    """A number of 48 bits that follows from the key and says nothing about it."""
    digest = hashlib.scrypt(key.encode(), salt=f"{assignment}/{purpose}".encode(), n=2**14, r=8, p=1, dklen=6)
    return int.from_bytes(digest, "big")


def find_otter() -> None:
    """Make otter importable, from where `make assignments` puts it: it stays out of the book's environment.

    Raises:
        FileNotFoundError: when it is in neither place.
    """
    if importlib.util.find_spec("otter") is None:
        site.addsitedir(str(OTTER))  # at the end of the path, so that nothing of the environment is replaced
    if importlib.util.find_spec("otter") is None:
        raise FileNotFoundError(
            f"otter-grader is not in {OTTER}. Cure: make assignments, which installs it there."
        )


def masters() -> list[Path]:
    """The master notebooks, in order."""
    return sorted(MASTERS.glob("[0-9][0-9]-*/master.ipynb"))


def filled_in(master: nbformat.NotebookNode, key: str, name: str) -> nbformat.NotebookNode:
    """The master with the numbers of this key."""
    numbers = {"VARIANT": number_from(key, name, "given"), "SEED": number_from(key, name, "hidden")}
    for cell in master.cells:
        if cell.cell_type == "code":
            cell.source = _FILLED_IN.sub(lambda m: f"{m['start']}{numbers[m['name']]}", cell.source)
    return master


def build(path: Path, key: str, colab: str) -> Built:
    """Split one master.

    Args:
        path: of the master.
        key: the course key.
        colab: where the students' notebooks will lie, as OWNER/REPOSITORY/blob/BRANCH/FOLDER on GitHub.

    Raises:
        ValueError: when the students' copy would still hold a trace of solutions or tests.
    """
    find_otter()
    from otter.assign import main as otter_assign

    name = path.parent.name
    with tempfile.TemporaryDirectory() as folder:
        master = filled_in(nbformat.read(path, as_version=4), key, name)
        work = Path(folder)
        nbformat.write(master, work / f"{name}.ipynb")
        # For the image that Gradescope builds; Colab and the book's environment have torch.
        sources = [cell.source for cell in master.cells if cell.cell_type == "code"]
        torch = any("import torch" in source for source in sources)
        package = "adebook[models]" if any("adebook[models]" in source for source in sources) else "adebook"
        (work / "requirements.txt").write_text(f"{package} @ git+{address()}\n" + "torch\n" * torch)
        logging.getLogger("otter").setLevel(logging.WARNING)
        with contextlib.redirect_stdout(io.StringIO()):
            otter_assign(str(work / f"{name}.ipynb"), str(work / "dist"), no_pdfs=True, no_run_tests=True)
        student = nbformat.read(work / "dist" / "student" / f"{name}.ipynb", as_version=4)
        solution = nbformat.read(work / "dist" / "autograder" / f"{name}.ipynb", as_version=4)
        (zipped,) = (work / "dist" / "autograder").glob("*.zip")
        with zipfile.ZipFile(zipped) as archive:
            tests = {
                Path(n).stem: archive.read(n).decode()
                for n in archive.namelist()
                if re.fullmatch(r"(?:.*/)?tests/[^/]+\.py", n)
            }
        autograder = zipped.read_bytes()
    _clean(student, name)
    _clean(solution, name)
    _add_colab_button(student, f"{colab}/{name}.ipynb")
    if left := sorted({m[0] for c in student.cells for m in _LEFT_OVER.finditer(c.source)}):
        raise ValueError(
            f"{path}: the students' copy still holds {', '.join(left)}. Cure: every solution and test "
            "must stand inside its BEGIN and END cells."
        )
    rubric = (path.parent / "rubric.md").read_text("utf-8")
    return Built(describe(name, master, tests), student, solution, autograder, rubric)


def _clean(notebook: nbformat.NotebookNode, name: str) -> None:
    """Take out what otter and editors left; keep what readers and Colab use."""
    notebook.metadata = nbformat.from_dict(
        {
            "adebook": {"assignment": name},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.source = _MARKS.sub("", cell.source)
        cell.id = f"a{name[:2]}-{number:03d}"
        kept = {k: v for k, v in cell.metadata.items() if k in ("cellView", "mystnb")}
        tags = [t for t in cell.metadata.get("tags", []) if not t.startswith("otter")]
        cell.metadata = nbformat.from_dict(kept | ({"tags": tags} if tags else {}))
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _add_colab_button(notebook: nbformat.NotebookNode, place: str) -> None:
    badge = (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        f"(https://colab.research.google.com/github/{place})"
    )
    notebook.cells[0].source = f"{badge}\n\n{notebook.cells[0].source}"


def describe(name: str, master: nbformat.NotebookNode, tests: dict[str, str]) -> Assignment:
    """What the grader needs to know: questions, points, tests, and how to recognize a submission."""
    titles = [t for c in master.cells if c.cell_type == "markdown" for t in _HEADING.findall(c.source)]
    configs = [_config(c.source) for c in master.cells if c.source.startswith("# BEGIN QUESTION")]
    if len(titles) != len(configs):
        raise ValueError(
            f"{name}: {len(titles)} headings '## Question N: ...', but {len(configs)} questions."
        )
    questions, answers = {}, []
    for title, config in zip(titles, configs, strict=True):
        source = tests.get(config["name"], "")
        cases = [p for p, _ in _cases(source)]
        answers += [a for _, names in _cases(source) for a in names if a not in answers]
        points = sum(cases) if source else float(config["points"])
        questions[config["name"]] = {"title": title, "points": points, "tests": source, "cases": cases}
    first = master.cells[1].source.splitlines()[0]
    return Assignment(name, first.removeprefix("# ").strip(), questions, answers, titles)


def _config(source: str) -> dict:
    import yaml

    return yaml.safe_load(source.split("\n", 1)[1])


def _cases(source: str) -> list[tuple[float, list[str]]]:
    """Points and parameters of each test in a file."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            settings = {k.arg: ast.literal_eval(k.value) for k in node.decorator_list[0].keywords}
            found.append((float(settings["points"]), [a.arg for a in node.args.args]))
    return found


def prove(built: Built, isolation: Isolation, limits: Limits = Limits()) -> None:  # noqa: B008
    """Grade the solution and the blank notebook.

    Raises:
        ValueError: when the solution does not get all points or the blank notebook gets any.
    """
    assignment = built.assignment
    for what, notebook, expected in (
        ("solution", built.solution, assignment.points),
        ("blank notebook", built.student, 0.0),
    ):
        submission = graded(notebook, assignment, isolation, limits)
        if not submission.graded or submission.points != expected:
            lost = [
                m for results in submission.results.values() for g, p, m in results if g != p and expected
            ]
            raise ValueError(
                f"{assignment.name}: the {what} gets {submission.points:g} points instead of {expected:g}. "
                f"{'; '.join([*submission.notes, *lost])}"
            )


def graded(
    notebook: nbformat.NotebookNode, assignment: Assignment, isolation: Isolation, limits: Limits
) -> Submission:
    """A notebook as if it had been handed in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.ipynb"
        nbformat.write(notebook, path)
        submission = Submission(path, "trial")
        read(submission, [assignment])
        grade(submission, isolation, limits)
    return submission


def address() -> str:
    """Of the repository, from pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]


def public_place() -> str:
    """Where this repository keeps its own students' notebooks."""
    return address().removeprefix("https://github.com/") + "/blob/main/assignments/students"


def instructor_zip(all_built: list[Built]) -> bytes:
    """Solutions, rubrics, autograders for Gradescope, and what make grade reads."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README)
        for b in all_built:
            name = b.assignment.name
            archive.writestr(f"solutions/{name}.ipynb", nbformat.writes(b.solution))
            archive.writestr(f"rubrics/{name}.md", b.rubric)
            archive.writestr(f"gradescope/{name}.zip", b.autograder)
            archive.writestr(f"grading/{name}.json", json.dumps(asdict(b.assignment), indent=1))
    return buffer.getvalue()


_README = """\
For instructors only: solutions, rubrics and hidden tests.

solutions/   the notebooks with answers
rubrics/     how to grade the parts that a person grades
gradescope/  one zip for each assignment, for "Configure autograder"
grading/     what `make grade` reads; keep this zip where make assignments put it
"""


def write_all(all_built: list[Built], out: Path) -> None:
    """students/ and instructor.zip, which never hold the same file."""
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "students").mkdir(parents=True)
    for b in all_built:
        nbformat.write(b.student, fresh / "students" / f"{b.assignment.name}.ipynb")
    (fresh / "instructor").mkdir()
    (fresh / "instructor" / "instructor.zip").write_bytes(instructor_zip(all_built))
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make assignments", description=__doc__)
    parser.add_argument("--key", default=os.environ.get("COURSE_KEY", ""))
    parser.add_argument("--colab", default=os.environ.get("COLAB", ""))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument(
        "--public", action="store_true", help="write assignments/students with the public key"
    )
    options = parser.parse_args(arguments)
    if not options.key and not options.public:
        print(
            "COURSE_KEY is missing. It decides the data of your course, so that last year's answers do not "
            "pass. Cure: make assignments COURSE_KEY=words-that-only-you-know",
            file=sys.stderr,
        )
        return 1
    colab = (options.colab or public_place()).removeprefix("https://github.com/").rstrip("/")
    isolation, all_built = best(), []
    try:
        for path in masters():
            print(f"{path.parent.name}: ", end="", flush=True)
            built = build(path, PUBLIC_KEY if options.public else options.key, colab)
            prove(built, isolation)
            all_built.append(built)
            points = sum(q["points"] for q in built.assignment.questions.values())
            print(
                f"{len(built.assignment.questions)} questions, {points:g} points, "
                f"{built.assignment.points:g} of them from tests; solution full marks, blank 0"
            )
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.public:
        for b in all_built:
            (MASTERS / "students").mkdir(exist_ok=True)
            nbformat.write(b.student, MASTERS / "students" / f"{b.assignment.name}.ipynb")
        print(f"Students: {MASTERS / 'students'}")
        return 0
    write_all(all_built, options.out)
    print(
        f"Students:   {options.out / 'students'}\nInstructor: {options.out / 'instructor' / 'instructor.zip'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
