"""The 150 classes of SceneParse150: ids, names, synonyms, frequencies, colors.

Read this before indexing: an *official id* runs from 1 (wall) to 150 (flag), as in the mask files, where 0
means "other" and is no class. A *train id* is the official id minus one. `CLASSES` is a plain tuple, so its
index is the **train id**: `CLASSES[0]` is the wall, whose official id is 1. To look up by official id, use
`find(1)`.
"""

import csv
import difflib
import operator
from dataclasses import dataclass
from typing import SupportsIndex

from adebook._data_files import data_path


@dataclass(frozen=True, slots=True)
class ADEClass:
    """One class of SceneParse150; every value comes from `data/classes.csv`, which names its sources.

    Attributes:
        id: official id, 1..150, as in the mask files.
        name: MIT's first name for it, e.g. "sofa".
        synonyms: MIT's other names, without `name`.
        is_stuff: stuff (sky, floor) rather than thing (sofa, lamp), by MIT's 35/115 split.
        pixel_share: share of all pixels, 0..1, unlabeled pixels included in the total.
        train_images: training pictures in which it occurs (of 20,210).
        val_images: validation pictures in which it occurs (of 2,000).
        color: MIT's color (red, green, blue), 0..255 each. Classes 7 and 49 share one.
        full_ids: class indices of the full ADE20K release that were merged into it.
    """

    id: int
    name: str
    synonyms: tuple[str, ...]
    is_stuff: bool
    pixel_share: float
    train_images: int
    val_images: int
    color: tuple[int, int, int]
    full_ids: tuple[int, ...]

    @property
    def train_id(self) -> int:
        """The id that tensors and metrics use: `id - 1`, 0..149."""
        return self.id - 1

    @property
    def is_thing(self) -> bool:
        """Whether it can be counted (a sofa), unlike stuff (sky)."""
        return not self.is_stuff


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _read() -> tuple[ADEClass, ...]:
    with data_path("classes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            ADEClass(
                id=int(row["id"]),
                name=row["name"],
                synonyms=_split(row["synonyms"]),
                is_stuff=row["is_stuff"] == "1",
                pixel_share=float(row["pixel_share"]),
                train_images=int(row["train_images"]),
                val_images=int(row["val_images"]),
                color=(int(row["r"]), int(row["g"]), int(row["b"])),
                full_ids=tuple(int(index) for index in _split(row["full_ids"])),
            )
            for row in csv.DictReader(file)
        )


#: All 150 classes in order. THE INDEX IS THE TRAIN ID: `CLASSES[i].train_id == i` and `CLASSES[i].id == i +
#: 1`.
CLASSES: tuple[ADEClass, ...] = _read()


def _normalize(name: str) -> str:
    return " ".join(name.split()).casefold()


_BY_NAME = {_normalize(c.name): c for c in CLASSES}
_BY_SYNONYM: dict[str, list[ADEClass]] = {}
for _class in CLASSES:
    for _synonym in _class.synonyms:
        _BY_SYNONYM.setdefault(_normalize(_synonym), []).append(_class)


def find(key: SupportsIndex | str) -> ADEClass:
    """Look a class up by official id, name or synonym.

    Args:
        key: an official id, 1..150 (not a train id), or a name. Names are compared without regard to case and
            extra spaces. A class's own name wins over a synonym: "screen" is class 131, although class 59
            (screen door) lists "screen" too.

    Raises:
        ValueError: for an id outside 1..150, for an unknown name (with suggestions), and for a synonym that
            several classes share (with their names).
        TypeError: when `key` is neither an integer nor a string.

    Example:
        >>> find("couch").name, find("couch").id, find(24).train_id
        ('sofa', 24, 23)
    """
    if isinstance(key, str):
        return _find_name(key)
    if isinstance(key, bool):
        raise ValueError(f"{key} is a bool, not a class. Cure: pass an official id from 1 to 150, or a name.")
    try:
        number = operator.index(key)
    except TypeError:
        raise TypeError(
            f"Expected an official id (int) or a class name (str), got {type(key).__name__}: {key!r}."
        ) from None
    if 1 <= number <= len(CLASSES):
        return CLASSES[number - 1]
    if number == 0:
        why = (
            "0 is 'other' (unlabeled) and never a class. Did you pass a train id? Train id 0 is the wall: "
            "CLASSES[0], or find(1)"
        )
    elif number == 255:
        why = "255 marks ignored pixels in train ids and is never a class"
    else:
        why = "official ids run from 1 (wall) to 150 (flag)"
    raise ValueError(f"There is no class with official id {number}: {why}.")


def _find_name(key: str) -> ADEClass:
    name = _normalize(key)
    if name in _BY_NAME:
        return _BY_NAME[name]
    candidates = _BY_SYNONYM.get(name, [])
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        listed = ", ".join(f"{c.name!r} ({c.id})" for c in candidates)
        raise ValueError(
            f"{key!r} is a synonym of several classes: {listed}. Cure: use one of these names or ids."
        )
    close = difflib.get_close_matches(name, [*_BY_NAME, *_BY_SYNONYM], n=3, cutoff=0.6)
    if close:
        hint = "did you mean " + " or ".join(repr(match) for match in close) + "?"
    elif name.isdigit():
        hint = f"did you mean the number, find({name})?"
    else:
        hint = "adebook.classes.CLASSES holds all 150."
    raise ValueError(f"No class of SceneParse150 is named {key!r}; {hint}")
