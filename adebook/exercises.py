"""Checks for the exercises of the book: they say what is wrong, and let the notebook run on."""

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What every check of this session found last: title -> passed.
results: dict[str, bool] = {}

_NOT_STUDENTS = (
    *{
        str(Path(sysconfig.get_path(name)).resolve())
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    },
    str(Path(__file__).resolve().parent),
)


@contextmanager
def check(title: str) -> Iterator[None]:
    """Run the assertions in a `with` block and print one verdict; never raises, so the notebook runs on.

    Prints `TITLE: passed.`, or `TITLE: not yet.` with the assertion's message, or with the error that the
    learner's code raised and the line that raised it. The outcome is also kept in
    `adebook.exercises.results`. Only KeyboardInterrupt and SystemExit pass through.

    Args:
        title: of the exercise, e.g. "Exercise 1.1".

    Example:
        >>> with check("Exercise 1.1"):
        ...     assert 2 + 2 == 5, "2 + 2 should be 5, because the exercise is a joke"
        Exercise 1.1: not yet. 2 + 2 should be 5, because the exercise is a joke
    """
    results[title] = False
    try:
        yield
    except AssertionError as error:
        message = str(error) or f"This is not so{_where(error)}"
    except NotImplementedError as error:
        message = str(error) or "Replace the stub with your own code, then run this cell again."
    except Exception as error:
        text = " ".join(str(error).split())
        message = f"Your code raised {type(error).__name__}{': ' + text if text else ''}{_where(error, ' ')}"
    else:
        results[title] = True
        print(f"{title}: passed.")
        return
    print(f"{title}: not yet. {message}")


def _where(error: BaseException, before: str = "") -> str:
    """The last line of the learner's own code that led to the error: `in line 3: x = y / 0`."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_foreign(frame.filename)]
    frame = (own or frames)[-1]
    place = f"line {frame.lineno}" + (f" of {frame.name}" if frame.name.isidentifier() else "")
    line = f": {frame.line}" if frame.line else ""
    return f"{before}({place}{line})" if before else f" in {place}{line}"


def _is_foreign(filename: str) -> bool:
    if filename.startswith("<"):  # <ipython-input-3-...>, <string>: typed by the learner
        return filename.startswith("<frozen")
    return str(Path(filename).resolve()).startswith(_NOT_STUDENTS)
