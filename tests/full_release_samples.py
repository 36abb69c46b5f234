"""Small full releases in the layouts of 2021 and 2016, made from official masks."""

import json
from pathlib import Path

import numpy as np
import PIL.Image

from adebook.classes import CLASSES


def coded(ids: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """An [H, W, 3] mask as the full release codes it."""
    ids = ids.astype(np.int64)
    return np.stack([ids // 256 * 10, ids % 256, blue], axis=-1).astype(np.uint8)


def full_ids(mask: np.ndarray) -> np.ndarray:
    """The full release's index of every pixel of an official mask."""
    return np.array([0] + [entry.full_ids[0] for entry in CLASSES])[mask]


def an_object(number: int, name: str, index: int, **more: object) -> dict[str, object]:
    """An entry as in NAME.json, with MATLAB's habits: [] for nothing, a scalar for a list of one."""
    return {
        "id": number,
        "name": name,
        "name_ndx": index,
        "hypernym": [],
        "raw_name": name,
        "attributes": [],
        "depth_ordering_rank": number + 1,
        "occluded": [],
        "crop": "0",
        "parts": {"hasparts": [], "ispartof": [], "part_level": 0},
        "instance_mask": "",
        "polygon": {"x": [1, 5, 5], "y": [1, 1, 4], "click_date": []},
        "saved_date": "18-Dec-2005 06:56:48",
    } | more


OBJECTS = [
    an_object(0, "car, auto", 401, occluded="yes", crop="1", attributes="parked, old"),
    an_object(3, "wheel", 3035, parts={"hasparts": 4, "ispartof": 0, "part_level": 1}, occluded="no"),
    an_object(4, "rim", 2122, parts={"hasparts": [], "ispartof": 3, "part_level": 2}, attributes="round"),
    an_object(7, "double door", 783, polygon={"x": 9, "y": 2}),
]
ATR = """001 # 0 # 1 # car, auto # car # "parked, old"
002 # 1 # 0 # wheel # wheel # ""
"""


def write(folder: Path, name: str, mask: np.ndarray, *, year: int = 2021) -> None:
    """NAME.jpg, _seg.png, two levels of parts, and the list of objects."""
    folder.mkdir(parents=True, exist_ok=True)
    height, width = mask.shape
    picture = np.random.default_rng(len(name)).integers(0, 256, (height, width, 3), dtype=np.uint8)
    PIL.Image.fromarray(picture).save(folder / f"{name}.jpg")
    blue = np.where(mask == 0, 0, 5 * (1 + mask % 3))
    PIL.Image.fromarray(coded(full_ids(mask), blue)).save(folder / f"{name}_seg.png")
    for level, index in ((1, 3035), (2, 2122)):
        ids = np.zeros_like(mask, dtype=np.int64)
        ids[level:, :2] = index
        PIL.Image.fromarray(coded(ids, np.where(ids == 0, 0, 255))).save(folder / f"{name}_parts_{level}.png")
    if year == 2021:
        (folder / f"{name}.json").write_text(
            json.dumps({"annotation": {"object": OBJECTS}}), encoding="utf-8"
        )
        (folder / name).mkdir()  # one mask per instance
        PIL.Image.fromarray(mask).save(folder / name / f"instance_000_{name}.png")
    else:
        (folder / f"{name}_atr.txt").write_text(ATR, encoding="utf-8")
