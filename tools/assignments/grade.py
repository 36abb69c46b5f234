"""Grade a folder of notebooks on this machine.

    make grade SUBMISSIONS=folder

Every submission runs in a process of its own, in a box (isolation.py), under limits. What goes wrong with one
is written in its line and does not touch the others. Beside the folder appears FOLDER-graded-DATE with
grades.csv, one file each for Canvas and Moodle, and a feedback page for each submission.
"""

import argparse
import ast
import csv
import datetime
import html
import json
import os
import re
import secrets
import selectors
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil

from tools.assignments.isolation import HERE, Isolation, Limits, best

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTOR_ZIP = ROOT / "_build" / "assignments" / "instructor" / "instructor.zip"
_LARGEST = 20 << 20


@dataclass(frozen=True)
class Assignment:
    """What the grader knows of an assignment; build.py writes it into the instructor's zip.

    Attributes:
        name: of its folder, e.g. "01-label-contract".
        title: as its notebook says.
        questions: name -> {"title", "points", "tests": source of the tests or "", "cases": points of each}.
        answers: the names that its tests take from a submission.
        headings: the headings of its questions, to recognize it by.
    """

    name: str
    title: str
    questions: dict[str, dict]
    answers: list[str]
    headings: list[str]

    @property
    def points(self) -> float:
        """That the tests give."""
        return sum(sum(q["cases"]) for q in self.questions.values())


@dataclass
class Submission:
    """A file that came back, and what became of it."""

    path: Path
    student: str
    canvas_id: str = ""
    moodle_id: str = ""
    assignment: Assignment | None = None
    cells: list[str] = field(default_factory=list)
    #: question -> one (points given, points possible, message) per test
    results: dict[str, list[tuple[float, float, str]]] = field(default_factory=dict)
    #: what a person should read: errors in cells, oddities, or why there is no grade
    notes: list[str] = field(default_factory=list)
    graded: bool = False
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """That the tests gave."""
        return sum(given for results in self.results.values() for given, _, _ in results)


def read_assignments(path: Path) -> list[Assignment]:
    """The assignments in an instructor's zip."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there. Cure: run make assignments COURSE_KEY=... first, with the key that the "
            "students' notebooks were made with."
        )
    with zipfile.ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if n.startswith("grading/"))
        return [Assignment(**json.loads(archive.read(name))) for name in names]


def collect(folder: Path, assignments: list[Assignment]) -> list[Submission]:
    """Every file below a folder as a submission, read and recognized as far as possible."""
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is not a folder. Cure: make grade SUBMISSIONS=the folder that holds the notebooks."
        )
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(part.startswith((".", "__MACOSX")) for part in inside.parts) or path.is_dir():
            continue
        submission = Submission(path, **_who(inside))
        found.append(submission)
        try:
            read(submission, assignments)
        except ValueError as error:
            submission.notes.append(str(error))
    if not found:
        raise FileNotFoundError(f"{folder} holds no files. Cure: put the notebooks there, unpacked.")
    return found


def _who(inside: Path) -> dict[str, str]:
    """Student and ids, from the way Moodle and Canvas name what they hand out; else from the file's name."""
    for part in inside.parts:
        if match := re.match(r"(?P<student>.+)_(?P<moodle_id>\d+)_assignsubmission_", part):
            return match.groupdict()
    if match := re.match(r"(?P<student>[^_]+)_(?:LATE_)?(?P<canvas_id>\d+)_\d+_", inside.name):
        return match.groupdict()
    return {"student": "/".join((*inside.parts[:-1], inside.stem))}


def read(submission: Submission, assignments: list[Assignment]) -> None:
    """Take the code cells out of the notebook and say which assignment it is.

    Raises:
        ValueError: in words for the grade sheet, when it is not a notebook or of no known assignment.
    """
    path = submission.path
    if path.is_symlink() or not path.is_file():
        raise ValueError("not read: this is a link or a special file, not a notebook")
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"not read: the file has {path.stat().st_size >> 20} MB, more than a notebook needs")
    try:
        text = path.read_text("utf-8")
        notebook = json.loads(text)
        if notebook["nbformat"] != 4:
            notebook = nbformat.reads(text, as_version=4)
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    except Exception as error:
        raise ValueError(f"not a notebook ({type(error).__name__}): nothing in it could be read") from error
    submission.cells = [source for kind, source in cells if kind == "code"]
    if not submission.cells:
        raise ValueError("the notebook has no code cells")
    text = "\n".join(source for kind, source in cells if kind == "markdown")
    metadata = notebook["metadata"].get("adebook") if isinstance(notebook.get("metadata"), dict) else None
    said = metadata.get("assignment") if isinstance(metadata, dict) else None
    submission.assignment = recognize(submission.cells, text, assignments)
    if submission.assignment is None:
        raise ValueError(
            "not one of these assignments: it has neither the questions nor the answers of "
            + ", ".join(a.name for a in assignments)
        )
    if said is not None and said != submission.assignment.name:
        submission.notes.append(
            f"its metadata says assignment {str(said)[:60]!r}, its content is {submission.assignment.name}"
        )


def recognize(cells: list[str], text: str, assignments: list[Assignment]) -> Assignment | None:
    """By what it contains, since metadata gets lost or edited: headings of questions and names of answers."""
    defined = set().union(*(_defined(source) for source in cells))

    def likeness(assignment: Assignment) -> float:
        headings = sum(heading in text for heading in assignment.headings) / len(assignment.headings)
        return headings + len(defined & set(assignment.answers)) / len(assignment.answers)

    best_one = max(assignments, key=likeness)
    return best_one if likeness(best_one) >= 0.5 else None


def _defined(source: str) -> set[str]:
    try:
        tree = ast.parse("\n".join(line for line in source.splitlines() if not re.match(r"\s*[%!]", line)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return functions | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def grade(
    submission: Submission, isolation: Isolation, limits: Limits, hide: list[Path] | None = None
) -> None:
    """Run one submission in its box and write the results into it; nothing that it does raises here."""
    assignment = submission.assignment
    if assignment is None:
        return
    started = time.monotonic()
    tests = {name: q["tests"] for name, q in assignment.questions.items() if q["tests"]}
    submission.results = {
        name: [(0.0, points, "not reached") for points in q["cases"]]
        for name, q in assignment.questions.items()
        if q["tests"]
    }
    nonce = secrets.token_hex(16)
    where = "before its first cell"
    with isolation.start([str(HERE / "runner.py")], limits, hide or []) as (process, _):
        _send(process, cells=submission.cells, cell_seconds=limits.cell_seconds)
        for event in _events(process, started + limits.seconds, limits):
            kind = event.get("event")
            if kind == "stopped":
                submission.notes.append(f"{event['why']} {where}")
            elif kind == "cell":
                where = f"in code cell {event.get('number')}"
            elif kind == "error":
                submission.notes.append(f"code cell {event.get('number')}: {str(event.get('message'))[:400]}")
            elif kind == "cells done":
                where = "while its tests ran"
                _send(process, tests=tests, nonce=nonce, test_seconds=limits.test_seconds)
            elif kind == "test" and event.get("nonce") == nonce:
                question, index = event["question"], event["index"]
                possible = assignment.questions[question]["cases"][index]
                given = possible if event["passed"] else 0.0
                submission.results[question][index] = (given, possible, event["message"])
            elif kind == "done" and event.get("nonce") == nonce:
                submission.graded = True
                break
    submission.seconds = time.monotonic() - started


def _send(process, **message: object) -> None:
    try:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
    except (BrokenPipeError, ValueError):
        pass  # it has ended; the reader says how


def _events(process, deadline: float, limits: Limits):
    """What the runner says, line by line, and last, if it did not come to its end, why."""
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    os.set_blocking(process.stdout.fileno(), False)
    buffer, read_in_all = b"", 0
    while True:
        ready = selector.select(timeout=0.1)
        if ready:
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                yield {"event": "stopped", "why": _how_it_ended(process)}
                return
            read_in_all += len(chunk)
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    yield event
        if why := _over(process, deadline, limits):
            yield {"event": "stopped", "why": why}
            return
        if read_in_all > 16 << 20:
            yield {"event": "stopped", "why": "stopped: it wrote into the grader's own channel"}
            return


def _over(process, deadline: float, limits: Limits) -> str:
    if time.monotonic() > deadline:
        return f"stopped: not finished after {limits.seconds:.0f} s, hung"
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return ""
    if len(family) > limits.processes:
        return f"stopped: more than {limits.processes} processes were started"
    used = 0
    for member in family:
        try:
            used += member.memory_info().rss
        except psutil.Error:
            continue
    if used > 1.25 * limits.memory:
        return f"stopped: its {len(family)} processes used more than {limits.memory / 2**30:.0f} GB of memory"
    return ""


def _how_it_ended(process) -> str:
    try:
        code = process.wait(timeout=5)
    except Exception:
        return "crashed: its process closed the line to the grader"
    said = process.stderr.read()[-300:].strip()
    detail = f" ({' '.join(said.split())})" if said else ""
    return f"crashed: its process ended with code {code}{detail}"


def status(submission: Submission) -> str:
    """One word for the sheet."""
    if submission.assignment is None:
        return "not graded"
    return "graded" if submission.graded else "stopped"


def write(submissions: list[Submission], folder: Path) -> None:
    """grades.csv, canvas.csv, moodle-NAME.csv and the feedback pages."""
    feedback = folder / "feedback"
    feedback.mkdir(parents=True)
    with (folder / "grades.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        questions = sorted({(s.assignment.name, q) for s in submissions if s.assignment for q in s.results})
        writer.writerow(
            ["student", "assignment", "points", "out of", "status", "notes", "seconds", "file"]
            + [f"{name[:2]} {question}" for name, question in questions]
        )
        for s in submissions:
            name = s.assignment.name if s.assignment else ""
            per_question = [
                _number(sum(g for g, _, _ in s.results[q])) if a == name and q in s.results else ""
                for a, q in questions
            ]
            writer.writerow(
                [
                    _cell(s.student),
                    name,
                    _number(s.points),
                    _number(s.assignment.points) if s.assignment else "",
                    status(s),
                    _cell("; ".join(s.notes)),
                    f"{s.seconds:.1f}",
                    _cell(s.path.name),
                    *per_question,
                ]
            )
    _write_canvas(submissions, folder / "canvas.csv")
    for assignment in {s.assignment.name: s.assignment for s in submissions if s.assignment}.values():
        mine = [s for s in submissions if s.assignment and s.assignment.name == assignment.name]
        _write_moodle(_one_each(mine), assignment, folder / f"moodle-{assignment.name}.csv")
    for s in submissions:
        name = re.sub(r"[^\w.-]+", "_", s.student) + (f"--{s.assignment.name}" if s.assignment else "")
        path = feedback / f"{name}.html"
        count = 2
        while path.exists():
            path = feedback / f"{name}-{count}.html"
            count += 1
        path.write_text(page(s), encoding="utf-8")


def _one_each(submissions: list[Submission]) -> list[Submission]:
    """One submission per student, the best; the notes of all say that there were several."""
    chosen: dict[str, Submission] = {}
    for s in submissions:
        key = s.canvas_id or s.moodle_id or s.student
        if key not in chosen or s.points > chosen[key].points:
            chosen[key] = s
    return list(chosen.values())


def _write_canvas(submissions: list[Submission], path: Path) -> None:
    """In the form of Canvas's own grade export: found by ID where file names hold one, else by login or name.

    The columns before the first assignment, Section last of them, are what Canvas knows the form by
    (lib/gradebook_importer.rb). It finds an assignment by its title.
    """
    assignments = {s.assignment.name: s.assignment for s in submissions if s.assignment}
    rows: dict[str, dict[str, Submission]] = {}
    for name in assignments:
        for s in _one_each([s for s in submissions if s.assignment and s.assignment.name == name]):
            rows.setdefault(s.canvas_id or s.moodle_id or s.student, {})[name] = s
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        who = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        writer.writerow(who + [a.title for a in assignments.values()])
        writer.writerow(
            ["    Points Possible", "", "", "", ""] + [_number(a.points) for a in assignments.values()]
        )
        for mine in rows.values():
            s = next(iter(mine.values()))
            login = "" if s.canvas_id else _cell(s.student)
            writer.writerow(
                [_cell(s.student), s.canvas_id, "", login, ""]
                + [_number(mine[name].points) if name in mine else "" for name in assignments]
            )


def _write_moodle(submissions: list[Submission], assignment: Assignment, path: Path) -> None:
    """In the form of Moodle's offline grading worksheet.

    Moodle refuses the file without Identifier, Grade and Last modified (grade), and keeps a grade that was
    changed there after the last of these (mod/assign/feedback/offline: importgradeslib.php, locallib.php).
    """
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "Identifier",
                "Full name",
                "Grade",
                "Maximum Grade",
                "Last modified (grade)",
                "Feedback comments",
            ]
        )
        for s in submissions:
            identifier = f"Participant {s.moodle_id}" if s.moodle_id else _cell(s.student)
            summary = "; ".join(f"{q}: {_number(sum(g for g, _, _ in r))}" for q, r in s.results.items())
            comments = "; ".join([summary, *s.notes])
            writer.writerow(
                [
                    identifier,
                    _cell(s.student),
                    _number(s.points),
                    _number(assignment.points),
                    now,
                    _cell(comments),
                ]
            )


def _number(value: float) -> str:
    return f"{value:g}"


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, in one line."""
    text = " ".join(text.split())
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: {student}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
color: #1b1b1b; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #bbb; }}
td.points {{ white-space: nowrap; }}
</style></head><body>
<h1>{title}</h1>
<p>{student}</p>
<p><strong>{points} of {possible} points</strong> from the tests.{by_hand}</p>
{notes}
{questions}
</body></html>
"""


def page(submission: Submission) -> str:
    """The feedback for a student: what each test says, never what it is."""
    s, escape = submission, html.escape
    title = s.assignment.title if s.assignment else "Not graded"
    notes = ""
    if s.notes:
        notes = "<h2>Notes</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in s.notes) + "</ul>"
    parts, manual = [], 0.0
    for name, question in (s.assignment.questions if s.assignment else {}).items():
        parts.append(f"<h2>{escape(question['title'])}</h2>")
        if not question["tests"]:
            manual += question["points"]
            parts.append(f"<p>Graded by a person: {_number(question['points'])} points.</p>")
            continue
        rows = "".join(
            f'<tr><td class="points">{_number(given)} of {_number(possible)}</td>'
            f"<td>{'passed' if given else escape(message)}</td></tr>"
            for given, possible, message in s.results.get(name, [])
        )
        parts.append(
            '<table><tr><th scope="col">Points</th><th scope="col">What the test says</th></tr>'
            f"{rows}</table>"
        )
    return _PAGE.format(
        title=escape(title),
        student=escape(s.student),
        points=_number(s.points),
        possible=_number(s.assignment.points) if s.assignment else "0",
        by_hand=f" A person grades the remaining {_number(manual)}." if manual else "",
        notes=notes,
        questions="\n".join(parts),
    )


def grade_all(
    submissions: list[Submission], isolation: Isolation, limits: Limits, jobs: int, hide: list[Path]
) -> None:
    """Grade several at a time, and say a line for each."""
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(grade, s, isolation, limits, hide): s for s in submissions}
        for finished in as_completed(waiting):
            s, done = waiting[finished], done + 1
            try:
                finished.result()
            except Exception as error:  # a fault of the grader, not of the others' work
                s.graded = False
                s.notes.append(f"the grader failed on it: {type(error).__name__}: {error}")
            points = f"{_number(s.points)} of {_number(s.assignment.points)}" if s.assignment else "-"
            note = f"  {s.notes[0]}" if s.notes else ""
            more = f" (and {len(s.notes) - 1} more)" if len(s.notes) > 1 else ""
            print(f"{done:4}  {s.student:32}  {points:>10}  {status(s)}{note}{more}", flush=True)


def note_doubles(submissions: list[Submission]) -> None:
    """Say it where a student handed in an assignment more than once."""
    seen: dict[tuple[str, str], list[Submission]] = {}
    for s in submissions:
        if s.assignment:
            seen.setdefault((s.canvas_id or s.moodle_id or s.student, s.assignment.name), []).append(s)
    for several in seen.values():
        if len(several) > 1:
            for s in several:
                s.notes.append(
                    f"one of {len(several)} files for this assignment; Canvas and Moodle get the best"
                )


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make grade", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("submissions", type=Path)
    parser.add_argument(
        "--instructor", type=Path, default=INSTRUCTOR_ZIP, help="the zip that make assignments wrote"
    )
    parser.add_argument("--out", type=Path, help="a new folder (default: FOLDER-graded-DATE beside FOLDER)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--seconds", type=float, default=Limits.seconds, help="for one submission")
    parser.add_argument("--memory", type=float, default=Limits.memory / 2**30, help="GB for one submission")
    options = parser.parse_args(arguments)
    folder = options.submissions.resolve()
    out = options.out or folder.with_name(f"{folder.name}-graded-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        if out.exists():
            raise FileExistsError(
                f"{out} exists already. Cure: name a new folder; no grades are overwritten."
            )
        assignments = read_assignments(options.instructor)
        submissions = collect(folder, assignments)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    started = time.monotonic()
    isolation = best()
    print(f"{len(submissions)} files, {options.jobs} at a time. Isolation: {isolation}\n")
    limits = Limits(
        seconds=options.seconds,
        cell_seconds=min(Limits.cell_seconds, 0.6 * options.seconds),
        memory=int(options.memory * 2**30),
    )
    # Solutions stand in all of these; the history holds what the folder holds.
    hide = [folder, options.instructor.resolve().parent, ROOT / "assignments", ROOT / ".git"]
    grade_all(submissions, isolation, limits, options.jobs, hide)
    note_doubles(submissions)
    write(submissions, out)
    print(f"\n{out / 'grades.csv'} ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
