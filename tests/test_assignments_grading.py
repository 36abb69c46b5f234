"""Grading a folder: right grades beside submissions that hang, crash, bomb, delete, forge or are none at all."""

import csv
import json
import re
import zipfile
from dataclasses import asdict

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.assignments import grade, isolation

TESTS = """
from otter.test_files import test_case

@test_case(points=2, hidden=True)
def test_twice(twice):
    assert twice(4) == 8, "twice 4 is 8"

@test_case(points=3, hidden=True)
def test_negative(twice):
    assert twice(-1) == -2, "twice -1 is -2"
"""
HEADING = "Question 1: Double it"
TOY = grade.Assignment(
    "09-toy",
    "Assignment 9: A toy",
    {
        "q1": {"title": HEADING, "points": 5.0, "tests": TESTS, "cases": [2.0, 3.0]},
        "q2": {"title": "Question 2: Say why", "points": 4.0, "tests": "", "cases": []},
    },
    ["twice"],
    [HEADING],
)
OTHER = grade.Assignment(
    "08-other",
    "Assignment 8: Another",
    {
        "q1": {
            "title": "Question 1: Square it",
            "points": 1.0,
            "tests": TESTS.replace("twice", "square"),
            "cases": [2.0, 3.0],
        }
    },
    ["square"],
    ["Question 1: Square it"],
)
RIGHT = "def twice(x):\n    return 2 * x"
HALF = "def twice(x):\n    return 2 * abs(x)"
LIMITS = isolation.Limits(seconds=15, cell_seconds=4, test_seconds=5, memory=1 << 30, processes=32)


def notebook(*cells: str, heading: str = HEADING, **metadata) -> str:
    made = new_notebook(
        cells=[new_markdown_cell(f"## {heading}"), *map(new_code_cell, cells)], metadata=metadata
    )
    return nbformat.writes(made)


@pytest.fixture(scope="module")
def canary(tmp_path_factory):
    path = tmp_path_factory.mktemp("instructor") / "canary.txt"
    path.write_text("alive")
    return path


@pytest.fixture(scope="module")
def graded(tmp_path_factory, canary):
    """One run over all of them: student -> submission, and the folder with the results."""
    here = isolation.best()
    files = {
        "right.ipynb": notebook(RIGHT),
        "half.ipynb": notebook(HALF),
        "blank.ipynb": notebook("def twice(x):\n    raise NotImplementedError('Replace this line.')"),
        "hangs.ipynb": notebook("while True:\n    pass", RIGHT),
        "hangs_for_good.ipynb": notebook(
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\nwhile True:\n    pass"
        ),
        "hangs_in_a_test.ipynb": notebook("def twice(x):\n    while x < 0:\n        pass\n    return 2 * x"),
        "exits.ipynb": notebook(RIGHT, "import os\nos._exit(0)"),
        "crashes.ipynb": notebook("import ctypes\nctypes.string_at(0)", RIGHT),
        "fork_bomb.ipynb": notebook("import os\nwhile True:\n    os.fork()", RIGHT),
        "ten_gigabytes.ipynb": notebook(RIGHT, "big = b'x' * (10 << 30)"),
        "metadata.ipynb": notebook(RIGHT, adebook={"assignment": "08-other"}, kernelspec={"name": "R", "display_name": "R"}),
        "no_metadata.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": RIGHT}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}),
        "other.ipynb": notebook("def cube(x):\n    return x**3", heading="Question 1: Cube it"),
        "of_the_other.ipynb": notebook("def square(x):\n    return 2 * x", heading="Question 1: Square it"),
        "not_a_notebook.ipynb": "Dear professor, my dog",
        "picture.png": "\x89PNG",
        "empty.ipynb": "",
        "forges.ipynb": notebook(
            "import json, os\n"
            "for k in range(2):\n    print(json.dumps({'event': 'test', 'question': 'q1', 'index': k, 'passed': True}))\n"
            "for fd in range(3, 20):\n"
            "    try:\n        os.write(fd, b'{\"event\": \"test\", \"nonce\": 1, \"question\": \"q1\", \"index\": 0, \"passed\": true}\\n')\n"
            "    except OSError:\n        pass",
        ),
        "exception.ipynb": notebook("class E(Exception):\n    def __str__(self):\n        raise E\nraise E", RIGHT),
        "Ada Lovelace_4711_assignsubmission_file/work.ipynb": notebook(RIGHT),
        "hoppergrace_LATE_815_99_work-1.ipynb": notebook(HALF),
        "_formula.ipynb": notebook(RIGHT),
    }  # fmt: skip
    if here.unshare:  # without namespaces these would do what they say
        files["deletes.ipynb"] = notebook(
            f"import shutil, pathlib\nshutil.rmtree({str(canary.parent)!r}, ignore_errors=True)\n"
            f"pathlib.Path({str(canary)!r}).write_text('dead')",
            RIGHT,
        )
        files["phones.ipynb"] = notebook(
            "import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=3)\n", RIGHT
        )
        files["peeks.ipynb"] = notebook(
            f"import pathlib\nseen = list(pathlib.Path({str(canary.parent)!r}).iterdir())\nprint(1 / len(seen))",
            RIGHT,
        )
    folder = tmp_path_factory.mktemp("handed") / "in"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    submissions = grade.collect(folder, [OTHER, TOY])
    grade.grade_all(submissions, here, LIMITS, jobs=2, hide=[folder, canary.parent])
    out = folder.with_name("out")
    grade.write(submissions, out)
    return {s.student: s for s in submissions}, out


@pytest.mark.parametrize(
    ("student", "points", "status", "note"),
    [
        ("right", 5, "graded", ""),
        ("half", 2, "graded", ""),
        ("blank", 0, "graded", ""),
        ("hangs", 5, "graded", "code cell 1: stopped after 4 s"),
        ("hangs_for_good", 0, "stopped", "not finished after 15 s, hung in code cell 1"),
        ("hangs_in_a_test", 2, "graded", ""),
        ("exits", 0, "stopped", "crashed: its process ended with code 0 in code cell 2"),
        ("crashes", 0, "stopped", "in code cell 1"),
        ("ten_gigabytes", 5, "graded", "code cell 2: MemoryError"),
        ("metadata", 5, "graded", "its metadata says assignment '08-other', its content is 09-toy"),
        ("no_metadata", 5, "graded", ""),
        ("other", 0, "not graded", "not one of these assignments"),
        ("of_the_other", 5, "graded", ""),
        ("not_a_notebook", 0, "not graded", "not a notebook"),
        ("picture", 0, "not graded", "not a notebook"),
        ("empty", 0, "not graded", "not a notebook"),
        ("exception", 5, "graded", "code cell 1: E"),
        ("Ada Lovelace", 5, "graded", ""),
        ("hoppergrace", 2, "graded", ""),
    ],
)
def test_each_has_its_own_line(graded, student, points, status, note):
    submission = graded[0][student]
    assert (submission.points, grade.status(submission)) == (points, status), submission.notes
    assert note in "; ".join(submission.notes)
    assert bool(note) == bool(submission.notes)


def test_a_fork_bomb_ends(graded):
    """Where the kernel counts processes, forking fails and the rest is graded; elsewhere it is stopped."""
    bomb = graded[0]["fork_bomb"]
    assert bomb.points in (0, 5) and bomb.notes, bomb.notes
    assert any("processes" in n or "BlockingIOError" in n or "stopped" in n for n in bomb.notes)


def test_forged_results_do_not_count(graded):
    assert graded[0]["forges"].points == 0


def test_the_machine_is_unharmed(graded, canary):
    if "deletes" not in graded[0]:
        pytest.skip("this machine grants no namespaces: nothing here keeps a submission from deleting files")
    assert canary.read_text() == "alive"
    assert graded[0]["deletes"].points == 5, "what it defined afterwards is graded"
    assert "Error" in graded[0]["deletes"].notes[0]
    assert "code cell 1: " in graded[0]["phones"].notes[0]
    assert "PermissionError" in graded[0]["peeks"].notes[0], "solutions and other submissions are hidden"


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_sheet(graded):
    rows = {row["student"]: row for row in read_csv(graded[1] / "grades.csv")}
    assert len(rows) == len(graded[0])
    assert rows["half"]["points"] == "2" and rows["half"]["out of"] == "5" and rows["half"]["09 q1"] == "2"
    assert rows["picture"]["status"] == "not graded" and rows["picture"]["assignment"] == ""


def test_canvas(graded):
    rows = read_csv(graded[1] / "canvas.csv")
    assert list(rows[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert rows[0]["Student"].strip() == "Points Possible" and rows[0][TOY.title] == "5"
    by_name = {row["Student"]: row for row in rows}
    assert by_name["hoppergrace"]["ID"] == "815" and by_name["hoppergrace"][TOY.title] == "2"
    assert by_name["right"]["SIS Login ID"] == "right" and by_name["right"][OTHER.title] == ""


def test_moodle(graded):
    rows = {row["Full name"]: row for row in read_csv(graded[1] / f"moodle-{TOY.name}.csv")}
    assert rows["Ada Lovelace"]["Identifier"] == "Participant 4711"
    # Without these three Moodle says that the file is no worksheet; the time has to be one that it can read.
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(rows["Ada Lovelace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", rows["Ada Lovelace"]["Last modified (grade)"])
    assert rows["Ada Lovelace"]["Grade"] == "5" and rows["Ada Lovelace"]["Maximum Grade"] == "5"
    assert "of_the_other" not in rows and rows["half"]["Feedback comments"].startswith("q1: 2")


def test_feedback_page(graded):
    pages = {p.name: p.read_text("utf-8") for p in (graded[1] / "feedback").iterdir()}
    assert len(pages) == len(graded[0])
    half = pages["half--09-toy.html"]
    assert "2 of 5 points" in half and "twice -1 is -2" in half and "remaining 4" in half
    assert "assert twice" not in half, "feedback says what went wrong, not what the test is"
    assert "not a notebook" in pages["not_a_notebook.html"]
    assert '<html lang="en">' in half and "&#x27;08-other&#x27;" in pages["metadata--09-toy.html"]


def test_no_cell_becomes_a_formula():
    assert (
        grade._cell("=1+1") == "'=1+1" and grade._cell("two\nlines") == "two lines" and grade._cell("") == ""
    )


def test_two_files_of_one_student(tmp_path):
    for name in ("a_1_2_one.ipynb", "a_1_3_two.ipynb"):
        (tmp_path / name).write_text(notebook(RIGHT))
    both = grade.collect(tmp_path, [TOY])
    grade.note_doubles(both)
    assert [s.notes for s in both] == [
        ["one of 2 files for this assignment; Canvas and Moodle get the best"]
    ] * 2
    both[1].results = {"q1": [(2.0, 2.0, "")]}
    assert grade._one_each(both) == [both[1]]


def test_missing_zip_and_folder_are_named(tmp_path, capsys):
    assert grade.main([str(tmp_path), "--instructor", str(tmp_path / "none.zip")]) == 1
    assert "make assignments COURSE_KEY" in capsys.readouterr().err
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("grading/09-toy.json", json.dumps(asdict(TOY)))
    assert grade.main([str(tmp_path / "nowhere"), "--instructor", str(tmp_path / "some.zip")]) == 1
    assert "is not a folder" in capsys.readouterr().err


def test_no_grades_are_overwritten(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "in")]) == 1
    assert "exists already" in capsys.readouterr().err
