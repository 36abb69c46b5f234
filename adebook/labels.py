"""The label contract. This module, and no other, converts between the ways ADE20K numbers its classes.

=================  =======================  ==========================================================
name in this book  values                   where
=================  =======================  ==========================================================
official ids       0 = other, 1..150        mask files (8-bit PNG), variables named `mask`
train ids          0..149, 255 = ignore     tensors and metrics, variables `target` and `prediction`
full-release       color-coded, 3,000 and   `_seg.png` of the full ADE20K: class in red and green,
                   more classes             instance in blue
=================  =======================  ==========================================================

Whatever is neither is refused, with the value, where it is, and what to do. Source of the numbers: MIT's
sceneparsing toolkit (objectInfo150, convertFromADE).
"""

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from adebook import _checks
from adebook._checks import check_mask
from adebook.classes import CLASSES

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "IGNORE",
    "NUM_CLASSES",
    "OTHER",
    "check_mask",
    "from_full_release",
    "full_release_ids",
    "full_release_instances",
    "to_official_ids",
    "to_train_ids",
]

#: Official id of unlabeled pixels; never scored.
OTHER = 0
#: Train id of pixels that no loss and no metric looks at.
IGNORE = _checks.IGNORE
NUM_CLASSES = len(CLASSES)

T = TypeVar("T")


def to_train_ids(mask: T) -> T | npt.NDArray[np.uint8]:
    """Official ids to train ids: 0 (other) becomes 255 (ignore), k becomes k - 1.

    Args:
        mask: official ids 0..150, any shape; NumPy array, PIL image of mode "L" or "P", nested list, or torch
            tensor.

    Returns:
        a new uint8 array of the same shape; for a torch tensor a uint8 tensor on the same device
        (`torch.nn.functional.cross_entropy` wants `.long()`).

    Raises:
        TypeError: for floats, booleans and color images.
        ValueError: for a value outside 0..150.

    Example:
        >>> to_train_ids([[0, 1, 150]])
        array([[255,   0, 149]], dtype=uint8)
    """
    array = _checks.as_labels(mask, "mask")
    _checks.check_official(array, "mask")
    return _like(mask, array.astype(np.uint8) - np.uint8(1))  # in uint8, 0 - 1 is 255: the contract itself


def to_official_ids(target: T) -> T | npt.NDArray[np.uint8]:
    """Train ids to official ids: 255 (ignore) becomes 0 (other), k becomes k + 1. Undoes `to_train_ids`.

    Args:
        target: train ids 0..149 and 255, any shape; NumPy array, PIL image, nested list, or torch tensor. A
            prediction will do as well.

    Returns:
        a new uint8 array of the same shape; for a torch tensor a uint8 tensor on the same device.

    Raises:
        TypeError: for floats (logits want argmax first), booleans and color images.
        ValueError: for any other value. 150 is one: it means that the array held official ids already.

    Example:
        >>> to_official_ids([[255, 0, 149]])
        array([[  0,   1, 150]], dtype=uint8)
    """
    array = _checks.as_labels(target, "target")
    wrong = ((array < 0) | (array >= NUM_CLASSES)) & (array != IGNORE)
    if wrong.any():
        first = _checks.first_of(wrong)
        value = int(array[first])
        if value == NUM_CLASSES:
            cure = "150 in a train-id array: this looks like official ids, which need no conversion."
        elif value < 0:
            cure = "Some code marks ignored pixels with a negative number; here they are 255."
        else:
            cure = "Cure: check which ids the array holds before it comes here."
        raise ValueError(
            f"target holds {value} at {_checks.position(first)} ({_checks.pixels(int(wrong.sum()))} out of "
            f"range), but train ids are 0..149 and 255 (ignore). {cure}"
        )
    return _like(target, array.astype(np.uint8) + np.uint8(1))  # in uint8, 255 + 1 is 0


def _like(original: T, converted: npt.NDArray[np.uint8]) -> T | npt.NDArray[np.uint8]:
    if _checks.is_tensor(original):
        return sys.modules["torch"].from_numpy(np.ascontiguousarray(converted)).to(original.device)
    return converted


def from_full_release(
    rgb: "npt.NDArray[np.uint8] | PIL.Image.Image", *, resize: bool = False
) -> npt.NDArray[np.uint8]:
    """A mask of the full ADE20K release (`_seg.png`) as official ids of SceneParse150.

    Full-release classes outside the 150 become 0 (other). Three classes collect several: door (15: door,
    double door), wardrobe (36: wardrobe, closet) and booth (89: two kinds). The same numbers hold for the
    releases 2016_07_26 and 2021_17_01.

    Args:
        rgb: [H, W, 3], uint8 array or PIL image, as stored in `_seg.png`.
        resize: shrink as MIT did for SceneParse150, before decoding: when the short side is above 512,
            nearest neighbor to a short side of 512 and a long side of `round(long / short * 512)`. Square
            masks stay as they are, as in MIT's script.

    Returns:
        uint8 mask [H, W].

    Raises:
        TypeError, ValueError: when it is not an [H, W, 3] uint8 image.

    Source: convertFromADE.m and mapFromADE.txt of CSAILVision/sceneparsing.
    """
    array = _full_release_array(rgb)
    if resize:
        array = _resize_as_mit(array)
    return _full_release_table()[full_release_ids(array)]


def full_release_ids(rgb: "npt.NDArray[np.uint8] | PIL.Image.Image") -> npt.NDArray[np.uint16]:
    """Class indices of a full-release mask: `(R // 10) * 256 + G`; 0 is unlabeled.

    Args:
        rgb: [H, W, 3], uint8 array or PIL image.

    Returns:
        uint16 array [H, W], indices into the full release's class list, as in its `name_ndx`.
    """
    array = _full_release_array(rgb)
    return (array[..., 0].astype(np.uint16) // 10) * 256 + array[..., 1]


def full_release_instances(rgb: "npt.NDArray[np.uint8] | PIL.Image.Image") -> npt.NDArray[np.uint8]:
    """Instance numbers of a full-release mask, its blue channel; 0 is unlabeled.

    Args:
        rgb: [H, W, 3], uint8 array or PIL image.

    Returns:
        uint8 array [H, W].
    """
    return _full_release_array(rgb)[..., 2].copy()


def _full_release_array(rgb: "npt.NDArray[np.uint8] | PIL.Image.Image") -> npt.NDArray[np.uint8]:
    mode = getattr(rgb, "mode", None)
    array = np.asarray(rgb)
    if (isinstance(mode, str) and mode != "RGB") or array.ndim != 3 or array.shape[-1] != 3:
        what = f"a PIL image of mode {mode!r}" if isinstance(mode, str) else f"shape {array.shape}"
        raise ValueError(
            f"A full-release mask is a color image [H, W, 3], got {what}. "
            "Cure: pass the file NAME_seg.png; a one-channel mask of SceneParse150 needs no conversion."
        )
    if array.dtype != np.uint8:
        raise TypeError(
            f"A full-release mask has dtype uint8, got {array.dtype}. Cure: pass it as it was read."
        )
    return array


def _resize_as_mit(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = array.shape[:2]
    short, long = sorted((height, width))
    if short <= 512 or height == width:
        return array
    import PIL.Image

    new_long = int(long / short * 512 + 0.5)  # MATLAB's round: halves go up
    size = (new_long, 512) if width > height else (512, new_long)
    return np.asarray(PIL.Image.fromarray(array).resize(size, PIL.Image.Resampling.NEAREST))


@lru_cache
def _full_release_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(26 * 256, dtype=np.uint8)  # R // 10 is 0..25
    for c in CLASSES:
        table[list(c.full_ids)] = c.id
    return table
