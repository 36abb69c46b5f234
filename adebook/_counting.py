"""Counting pairs of labels in one pass, at about the speed at which memory delivers them.

Two masks of bytes are one stream of 65,536 possible pairs, and a histogram of that size fits in a core's
cache. So no pixel is compared, masked or multiplied: every pair is counted, those of ignored pixels too, and
which pairs count is decided once, on the histogram. A label that is no class is a pair in a forbidden cell,
so checking costs nothing either; where it stands is looked for only when it is known to be there.

Masks consist of runs. Eight pixels of each mask are read as one 64-bit word, and when both words repeat the
pair before them, two comparisons count eight pixels.

Wider integers are narrowed to bytes in blocks that stay in the cache, and then go the same way.

This module imports numba and compiles when it is imported; `adebook.metrics` imports it when it first counts.
"""

import functools
import itertools
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types, uint8, uint32, uint64

_PIXELS_PER_THREAD = 1 << 20  # below this, a thread costs more than it saves
_PIXELS_PER_PART = 1 << 31  # counters have 32 bits, to fit in the cache, and must not overflow
_BLOCK = 1 << 16  # pixels that are copied or narrowed at a time, to stay in the cache
_IGNORED, _NO_CLASS = 255, 254  # codes of narrowed labels
_MOST_NARROWED = 254  # classes, which leave both codes free

_BYTES = types.Array(types.uint8, 1, "C")
_WORDS = types.Array(types.uint64, 1, "C", readonly=True)  # takes writable arrays too
_INTEGERS = types.Array(types.int64, 1, "C", readonly=True)
_HISTOGRAM = types.Array(types.uint32, 1, "C")
_MATRIX = types.Array(types.int64, 2, "C")


def _compile(signature: Any) -> Callable[[Callable], Callable]:
    """`numba.njit` for one signature: compiled once, then read from the disk."""

    def decorate(function: Callable) -> Callable:
        options = {"nogil": True, "boundscheck": False}
        try:
            return njit([signature], cache=True, **options)(function)
        except RuntimeError:  # neither this folder nor the home directory can be written to
            return njit([signature], **options)(function)

    return decorate


@_compile(types.void(_WORDS, _WORDS, _HISTOGRAM))
def _count_words(target, prediction, histogram):
    """Count the pairs of bytes in two arrays of 8 pixels per element.

    Cell `256 * target + prediction` exists twice, 65,536 cells apart. Neighboring pixels go to different
    copies, so that an addition need not wait until the one before it has reached the memory.
    """
    byte, repeat = uint64(0xFF), uint64(0x0101010101010101)
    run_target, run_prediction, cell, run = uint64(0), uint64(0), uint64(0), uint32(0)
    for i in range(target.size):
        t, p = target[i], prediction[i]
        if (t ^ run_target) | (p ^ run_prediction) == uint64(0):
            run += uint32(8)
            continue
        histogram[cell] += run
        for j in range(8):
            shift = uint64(8 * j)
            pair = (((t >> shift) & byte) << uint64(8)) | ((p >> shift) & byte)
            histogram[pair + uint64(j & 1) * uint64(65536)] += uint32(1)
        last_t, last_p = t >> uint64(56), p >> uint64(56)
        run_target, run_prediction = last_t * repeat, last_p * repeat
        cell, run = (last_t << uint64(8)) | last_p, uint32(0)
    histogram[cell] += run


@_compile(types.void(_INTEGERS, types.int64, types.int64, types.uint8, _BYTES))
def _narrow(labels, classes, ignored, code, narrowed):
    """Classes stay what they are, `ignored` becomes `code`, everything else `_NO_CLASS`."""
    for i in range(labels.size):
        label = labels[i]
        other = code if label == ignored else uint8(_NO_CLASS)
        narrowed[i] = uint8(label) if uint64(label) < uint64(classes) else other


@_compile(types.boolean(_INTEGERS, _INTEGERS, types.int64, _MATRIX))
def _count_integers(target, prediction, ignored, matrix):
    """Count into the matrix itself, for more classes than fit in a byte. Whether all pairs may be counted."""
    classes = uint64(matrix.shape[0])
    allowed = True
    for i in range(target.size):
        t, p = target[i], prediction[i]
        if uint64(t) < classes:
            if uint64(p) < classes:
                matrix[t, p] += 1
            else:
                allowed = False
        elif t != ignored:
            allowed = False
    return allowed


def count(
    prediction: npt.NDArray[np.integer],
    target: npt.NDArray[np.integer],
    num_classes: int,
    ignore_index: int | None,
) -> npt.NDArray[np.int64] | None:
    """How many pixels of each class were predicted as which.

    Large inputs are shared among threads: as many as this process may use cores, and torch, where it is
    imported, may use threads (in the workers of a DataLoader that is one).

    Args:
        prediction: train ids 0..C-1 of any shape and integer dtype, in any memory layout and byte order.
        target: train ids 0..C-1 or `ignore_index`, of the same shape.
        num_classes: C.
        ignore_index: the label to leave out; not a class.

    Returns:
        int64 [C, C], rows = ground truth, columns = prediction; or None when the target holds something else,
        or the prediction does where the target is a class.
    """
    if prediction.ndim > 1 and prediction.flags.f_contiguous and target.flags.f_contiguous:
        prediction, target = prediction.T, target.T  # the same pairs, and no copy
    prediction, target = (np.ascontiguousarray(a).reshape(-1) for a in (prediction, target))
    size = target.size
    parts = max(min(size // _PIXELS_PER_THREAD, _threads()), -(-size // _PIXELS_PER_PART), 1)
    bounds = [size * i // parts // 64 * 64 for i in range(parts)] + [size]
    jobs = [(prediction[i:j], target[i:j]) for i, j in itertools.pairwise(bounds)]
    run = functools.partial(_count_part, num_classes=num_classes, ignore_index=ignore_index)
    matrices = [run(jobs[0])] if parts == 1 else list(_pool(os.getpid()).map(run, jobs))
    return None if any(matrix is None for matrix in matrices) else functools.reduce(np.add, matrices)


def _count_part(
    labels: tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]],
    num_classes: int,
    ignore_index: int | None,
) -> npt.NDArray[np.int64] | None:
    prediction, target = labels
    matrix = np.zeros((num_classes, num_classes), np.int64)
    if prediction.dtype == target.dtype == np.uint8:
        narrow, ignored_row = False, ignore_index
    elif num_classes <= _MOST_NARROWED:
        narrow, ignored_row = True, None if ignore_index is None else _IGNORED
    else:
        return matrix if _count_in_blocks(prediction, target, ignore_index, matrix) else None
    # Taken out and put back empty: an interrupted count must not leave its pixels to the next.
    histogram = vars(_scratch).pop("histogram", None)
    if histogram is None:
        histogram = np.zeros(2 * 65536, np.uint32)
    if narrow:
        _count_narrowed(prediction, target, num_classes, ignore_index, histogram)
    else:
        _count_bytes(prediction, target, histogram)
    pairs, second = histogram.reshape(2, 256, 256)
    pairs += second
    if ignored_row is not None and 0 <= ignored_row < 256:
        pairs[ignored_row] = 0
    classes = min(num_classes, 256)
    allowed = not (pairs[classes:].any() or pairs[:classes, classes:].any())
    matrix[:classes, :classes] = pairs[:classes, :classes]
    histogram.fill(0)
    _scratch.histogram = histogram
    return matrix if allowed else None


_scratch = threading.local()


def _count_bytes(
    prediction: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8], histogram: npt.NDArray[np.uint32]
) -> None:
    """Arrays that do not start at a whole word are copied, block by block."""
    aligned = _is_aligned(prediction) and _is_aligned(target)
    step = max(target.size, 1) if aligned else _BLOCK
    for start in range(0, target.size, step):
        t, p = (
            block if _is_aligned(block) else block.copy()
            for block in (a[start : start + step] for a in (target, prediction))
        )
        whole = t.size // 8 * 8
        _count_words(t[:whole].view(np.uint64), p[:whole].view(np.uint64), histogram)
        for i in range(whole, t.size):
            histogram[256 * int(t[i]) + int(p[i])] += 1


def _is_aligned(array: npt.NDArray[Any]) -> bool:
    return array.__array_interface__["data"][0] % 8 == 0


def _count_narrowed(
    prediction: npt.NDArray[np.integer],
    target: npt.NDArray[np.integer],
    num_classes: int,
    ignore_index: int | None,
    histogram: npt.NDArray[np.uint32],
) -> None:
    # A code is given only to what is no class, so 0 never gets one.
    ignored, code = (0, _NO_CLASS) if ignore_index is None else (ignore_index, _IGNORED)
    size = min(target.size, _BLOCK)
    t, p = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for start in range(0, target.size, _BLOCK):
        block = _as_int64(target[start : start + _BLOCK])
        t, p = t[: block.size], p[: block.size]
        _narrow(block, num_classes, ignored, code, t)
        _narrow(_as_int64(prediction[start : start + _BLOCK]), num_classes, 0, _NO_CLASS, p)
        _count_bytes(p, t, histogram)


def _count_in_blocks(
    prediction: npt.NDArray[np.integer],
    target: npt.NDArray[np.integer],
    ignore_index: int | None,
    matrix: npt.NDArray[np.int64],
) -> bool:
    ignored = 0 if ignore_index is None else ignore_index  # asked only of what is no class
    return all(
        _count_integers(
            _as_int64(target[start : start + _BLOCK]),
            _as_int64(prediction[start : start + _BLOCK]),
            ignored,
            matrix,
        )
        for start in range(0, target.size, _BLOCK)
    )


def _as_int64(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """No copy where they are that already. What is too large becomes the largest, which is no class."""
    if labels.dtype.kind == "u" and labels.dtype.itemsize == 8:
        labels = np.minimum(labels, np.iinfo(np.int64).max)
    return np.require(labels, np.int64, ["C", "A"])


@functools.lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """One pool for each process: threads do not survive a fork."""
    return ThreadPoolExecutor(_cores(), thread_name_prefix="adebook-counting")


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads() -> int:
    torch = sys.modules.get("torch")
    return _cores() if torch is None else min(_cores(), torch.get_num_threads())
