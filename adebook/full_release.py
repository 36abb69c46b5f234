"""The full release of ADE20K as a folder: where its files lie, and what its annotation files say.

    2021_17_01   ROOT/images/ADE/{training,validation}/.../SCENE/NAME.jpg, _seg.png, _parts_N.png, .json
    2016_07_26   ROOT/images/{training,validation}/LETTER/SCENE/NAME.jpg, _seg.png, _parts_N.png, _atr.txt

`adebook.load("ade20k-full", root=ROOT)` gives either, its masks converted to the 150 classes.

Source: README of CSAILVision/ADE20K for 2021. The fields of `_atr.txt` are those that MIT's page of the 2016
release lists; no file of that kind was at hand when this was written.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from adebook import datasets
from adebook.classes import CLASSES

__all__ = ["check_layout", "columns", "read_objects", "scene_of"]


def check_layout(folder: Path, given: str, setting: str) -> None:
    """Refuse a folder that is in neither layout, and say where the data lies instead.

    Raises:
        FileNotFoundError: with the cure.
    """
    if _splits(folder) is not None:
        return
    near = [*list(folder.absolute().parents)[:3], *sorted(p for p in folder.glob("*") if p.is_dir())]
    found = next((place for place in near if _splits(place) is not None), None)
    if found is not None:
        raise FileNotFoundError(
            f"{given} is not the folder of a full release, but {found} is. Cure: set {setting} to {found}"
        )
    if (folder / "annotations").is_dir():
        raise FileNotFoundError(
            f"{given} has the layout of SceneParse150 (a folder annotations/), not of the full release. "
            f"Cure: load it as 'sceneparse150'."
        )
    raise FileNotFoundError(
        f"{given} is not the folder of a full release: it has neither images/ADE/training (2021_17_01) nor "
        f"images/training with folders of scenes (2016_07_26). Cure: set {setting} to the unpacked folder "
        f"ADE20K_2021_17_01 or ADE20K_2016_07_26; streaming=True without root reads the hub's copy."
    )


def _splits(root: Path) -> Path | None:
    """The folder that holds training/ and validation/, or None when this is no full release."""
    if any((root / "images" / "ADE" / split).is_dir() for split in datasets.SPLITS):
        return root / "images" / "ADE"
    if (root / "annotations").is_dir():
        return None
    for split in datasets.SPLITS:
        place = root / "images" / split
        if place.is_dir() and any(entry.is_dir() for entry in os.scandir(place)):
            return root / "images"
    return None


def columns(root: Path, split: str, asked: dict[str, bool]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Columns and their types for `adebook.load`.

    Raises:
        FileNotFoundError: no pictures, or no annotation files though `objects` was asked for.
        ValueError: a picture without mask or the reverse, or a name that occurs twice.
    """
    place = (_splits(root) or root) / split
    pictures: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    for path in _files(place) if place.is_dir() else ():
        stem, kind = (
            (path.stem, pictures) if path.suffix == ".jpg" else (path.stem.removesuffix("_seg"), masks)
        )
        if stem in kind:
            raise ValueError(f"{path} and {kind[stem]} have one name. Cure: remove the copy.")
        kind[stem] = path
    if not pictures:
        raise FileNotFoundError(f"{place} has no pictures (NAME.jpg). Cure: complete the copy.")
    if lone := sorted(pictures.keys() ^ masks.keys()):
        one = (pictures | masks)[lone[0]]
        raise ValueError(
            f"{len(lone)} of the pictures and masks in {place} are alone, the first {one}: NAME.jpg and "
            f"NAME_seg.png belong together. Cure: complete the copy or remove the lone ones; none is skipped."
        )
    names = sorted(pictures)
    seg = [str(masks[name]) for name in names]
    values: dict[str, list[Any]] = {
        "image": [str(pictures[name]) for name in names],
        "annotation": seg,
        "scene": [scene_of(pictures[name].parent.relative_to(place)) for name in names],
        "name": names,
    }
    types: dict[str, Any] = {
        "image": datasets.Picture(),
        "annotation": datasets.FullMask(),
        "scene": datasets.hf.Value("string"),
        "name": datasets.hf.Value("string"),
    }
    if asked["instances"]:
        values["instances"], types["instances"] = seg, datasets.FullInstances()
    if asked["parts"]:
        values["parts"] = [_levels(pictures[name]) for name in names]
        types["parts"] = datasets.hf.List(datasets.FullParts())
    if asked["objects"]:
        values["objects"] = [str(_annotation(pictures[name])) for name in names]
        types["objects"] = datasets.Objects()
    return values, types


def _files(folder: Path) -> Iterator[Path]:
    """Pictures and masks at any depth; the folders of instance masks, one per picture, are not searched."""
    found, below = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                below.append(entry.name)
            elif entry.name.endswith((".jpg", "_seg.png")):
                found.append(entry.name)
    yield from (folder / name for name in found)
    for name in below:
        if f"{name}.jpg" not in found and f"{name}_seg.png" not in found:
            yield from _files(folder / name)


def _levels(picture: Path) -> list[str]:
    paths, level = [], 1
    while (path := picture.with_name(f"{picture.stem}_parts_{level}.png")).is_file():
        paths.append(str(path))
        level += 1
    return paths


def _annotation(picture: Path) -> Path:
    for path in (picture.with_suffix(".json"), picture.with_name(f"{picture.stem}_atr.txt")):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{picture} has neither {picture.stem}.json nor {picture.stem}_atr.txt beside it, which list its "
        f"objects. Cure: complete the copy, or leave objects out."
    )


def scene_of(folder: PurePath | str) -> str | None:
    """The scene of a picture from its folder below the split, without the first level (a letter in 2016, a
    group of scenes in 2021).

    Example:
        >>> scene_of("urban/street"), scene_of("b/bakery/shop")
        ('street', 'bakery/shop')
    """
    parts = PurePath(folder).parts
    return "/".join(parts[1:] or parts) or None


# --- objects ------------------------------------------------------------------------------------------------


def read_objects(path: str, content: bytes | None = None) -> list[dict[str, Any]]:
    """The objects and parts of a picture, one dict each, in the order of the file.

    Args:
        path: NAME.json of 2021_17_01 or NAME_atr.txt of 2016_07_26.
        content: what the file holds, if it was read already.

    Returns:
        dicts with the same keys from either release; None where a release does not say:

        - `id`: number within the picture.
        - `name`: class name of the full vocabulary, with its synonyms.
        - `name_ndx`: class index of the full vocabulary, as in the masks (2021 only).
        - `class_id`: official id 1..150, or 0 when the class is none of the 150 (2021 only). A part that is
          an object of the 150 elsewhere (a door, a window) has that id, though the mask shows its whole.
        - `is_part`, `part_level`: 0 = object, 1 = part, 2 = part of a part.
        - `part_of`: the `id` of the whole (2021 only); None for objects.
        - `occluded`, `cropped`: True, False, or None when the annotators did not say.
        - `attributes`: list of words.
        - `polygon`: {"x": [...], "y": [...]} in pixels, outline as clicked, hidden regions included (2021
          only).

    Raises:
        ValueError: the file is damaged; names it.
    """
    data = Path(path).read_bytes() if content is None else content
    try:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:  # some files are as MATLAB wrote them
            text = data.decode("latin-1")
        if path.endswith(".json"):
            return [tidy(entry) for entry in as_list(json.loads(text)["annotation"]["object"])]
        return [_from_line(line) for line in text.splitlines() if line.strip()]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(
            f"{path}: the list of objects is damaged or in another form ({type(error).__name__}: {error}). "
            f"Cure: get the file again."
        ) from error


def tidy(entry: dict[str, Any]) -> dict[str, Any]:
    """One object as the 2021 release or its copy on the hub has it, in the form of `read_objects`."""
    parts = entry.get("parts") or {}
    whole = as_list(parts.get("ispartof", parts.get("is_part_of")))
    level = int(parts.get("part_level") or 0)
    polygon = entry.get("polygon") or {}
    return {
        "id": int(entry["id"]),
        "name": entry["name"],
        "name_ndx": int(entry["name_ndx"]),
        "class_id": _class_ids().get(int(entry["name_ndx"]), 0),
        "is_part": level > 0,
        "part_level": level,
        "part_of": int(whole[0]) if whole else None,
        "occluded": _flag(entry.get("occluded")),
        "cropped": _flag(entry.get("crop")),
        "attributes": _words(entry.get("attributes")),
        "polygon": {axis: [int(value) for value in as_list(polygon.get(axis))] for axis in ("x", "y")},
    }


def _from_line(line: str) -> dict[str, Any]:
    """A line `001 # 0 # 0 # car, auto # car # ""`: number, level, occluded, classes, raw name, attributes."""
    number, level, occluded, name, _, attributes = (column.strip() for column in line.split("#"))
    return {
        "id": int(number),
        "name": name,
        "name_ndx": None,
        "class_id": None,
        "is_part": int(level) > 0,
        "part_level": int(level),
        "part_of": None,
        "occluded": _flag(occluded),
        "cropped": None,
        "attributes": _words(attributes.strip('"')),
        "polygon": None,
    }


def as_list(value: Any) -> list[Any]:
    """MATLAB wrote lists of one as the thing itself, and nothing as []."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    words = {"yes": True, "1": True, 1: True, "no": False, "0": False, 0: False}
    return words.get(value) if isinstance(value, (str, int)) else None


def _words(value: Any) -> list[str]:
    words = [word for entry in as_list(value) for word in str(entry).split(",")]
    return [word.strip() for word in words if word.strip()]


@cache
def _class_ids() -> dict[int, int]:
    return {index: entry.id for entry in CLASSES for index in entry.full_ids}
