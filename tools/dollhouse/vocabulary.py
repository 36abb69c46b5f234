"""The 150 classes of MIT SceneParse150 and their colors, read from data/classes.csv. Needs no Blender."""

import csv
import difflib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CLASSES_CSV = ROOT / "data" / "classes.csv"


@cache
def _rows() -> tuple[dict, ...]:
    if not CLASSES_CSV.is_file():
        raise FileNotFoundError(
            f"{CLASSES_CSV} is missing: the generator takes the class ids and colors from it."
        )
    with CLASSES_CSV.open(newline="", encoding="utf-8") as f:
        return tuple(csv.DictReader(f))


@cache
def class_ids() -> dict[str, int]:
    """Class name with underscores (`chest_of_drawers`) -> official id, 1..150."""
    return {row["name"].replace(" ", "_"): int(row["id"]) for row in _rows()}


@cache
def names_and_synonyms() -> frozenset[str]:
    """Every word by which one of the 150 classes is known, with underscores."""
    words = set(class_ids())
    for row in _rows():
        words |= {s.strip().replace(" ", "_") for s in row["synonyms"].split(";") if s.strip()}
    return frozenset(words)


def class_id(name: str) -> int:
    """Official id (1..150) of a class; a ValueError suggests the nearest name."""
    ids = class_ids()
    if name not in ids:
        near = difflib.get_close_matches(name, ids, 1)
        hint = (
            f" Did you mean {near[0]!r}?" if near else " Things outside the 150 are built with `other(...)`."
        )
        raise ValueError(f"{name!r} is not one of the 150 classes of data/classes.csv.{hint}")
    return ids[name]


@cache
def palette() -> tuple[int, ...]:
    """MIT's colors as Pillow wants them: 256 * 3 values, index 0 (unlabeled) black."""
    colors = [0] * 768
    for row in _rows():
        i = 3 * int(row["id"])
        colors[i : i + 3] = int(row["r"]), int(row["g"]), int(row["b"])
    return tuple(colors)
