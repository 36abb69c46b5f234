"""The tables of the book: numbers that were looked up rather than computed, each with its source.

The tables are the CSV files in `data/`; data/README.md explains their columns. Chapters quote numbers
from here, so that a corrected row corrects the prose.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ._data_files import data_path

if TYPE_CHECKING:
    import pandas as pd

TABLES = (
    "benchmarks",
    "classes",
    "conventions",
    "cross_benchmarks",
    "factcheck",
    "facts",
    "families",
    "fine_tune_seeds",
    "leaderboard",
    "models",
    "palette",
    "published_scenes",
    "releases",
    "reruns",
    "speed",
    "teaching_runs",
)


@cache
def _read(name: str) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(data_path(f"{name}.csv"))


def table(name: str) -> "pd.DataFrame":
    """One of the book's tables as a DataFrame (a copy: change it as you like).

    Args:
        name: one of `adebook.facts.TABLES`.

    Raises:
        ValueError: there is no such table.
    """
    if name not in TABLES:
        raise ValueError(f"no table {name!r}; the tables are {', '.join(TABLES)}")
    return _read(name).copy()


def file(*parts: str) -> Path:
    """A file of the book's data, such as `file("teaching", "pspnet-r101.png")`.

    Raises:
        FileNotFoundError: when it is not there; names the places.
    """
    return data_path(*parts)


def value(key: str) -> int | float | str:
    """A single number (or text) of `data/facts.csv`, as int where it is whole, float or str otherwise.

    Raises:
        ValueError: there is no such key; the message names similar ones.

    Example:
        >>> value("train_images")
        20210
    """
    rows = table("facts").set_index("key")["value"]
    if key not in rows.index:
        from difflib import get_close_matches

        near = get_close_matches(key, rows.index, n=3)
        hint = f"did you mean {', '.join(map(repr, near))}?" if near else "see data/facts.csv"
        raise ValueError(f"no fact {key!r}; {hint}")
    text = str(rows[key])
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def source(key: str) -> str:
    """Where the value of `key` comes from."""
    value(key)  # for its error message
    return str(table("facts").set_index("key")["source"][key])
