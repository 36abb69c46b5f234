"""From low-resolution logits to a label map and to counts, without the upsampled logits.

The usual way enlarges 150 channels of 128x128 to 512x512, 157 MB, only to keep the index of the largest
channel at each pixel. Here a band of output rows is made at a time: each channel's two neighboring rows are
stretched to the output's width, mixed for every output row between them, and compared with the best channel
so far. What is held is a few rows.

The result is, bit for bit, that of

    F.interpolate(logits.float().contiguous(), size=(H, W), mode="bilinear", align_corners=False).argmax(1)

though nobody promises in which order torch rounds (it differs between processors and between versions). Every
rounding order stays within a bound of the exact value, and the loop here compares upper bounds: it adds each
channel's bound to its values and keeps the two largest. Where the winner's lower bound is above the
runner-up's upper bound, torch has the same winner. The few other pixels, exact ties among them, are put to
torch itself: interpolation treats channels independently (where it does not, torch gets all of them), so one
picture put together of the channels in question answers for many pixels at once. Where too many are open
(constant logits), or values are infinite, torch does the picture, channel by channel.

The bound, with u = 2^-24 and M the largest magnitude among a channel's taps: a product of two weights with a
value and the sum of four of those round at most 8 times (8 uM) in any order; the loop here, at most 15 times;
a position computed in float32 as scale * (i + 0.5) - 0.5 rounds three times and is off by at most 3 u * size,
which moves the value by at most twice that times M. Positions that float32 holds exactly (enlarging 4 times,
say) are off by nothing.

The checks here serve `adebook._cuda` too, so numba is imported only when the first label map is made.
"""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from adebook import _checks

if TYPE_CHECKING:
    import torch

_U = 2.0**-24  # how much rounding to float32 changes a number at most, relative to it
_TINY = 1e-36  # the same near zero, where torch may be set to flush denormal numbers
_HUGE = 1e38  # beyond, a sum of two may overflow
_ROWS = 4  # output rows made at a time: their best, second and index stay in the first-level cache
_BAND_BYTES = 1 << 19
_VALUES_PER_THREAD = 1 << 18  # upsampled values for which a second thread is worth its start
_MOST_OPEN = 4096  # undecided pixels of a picture that are asked about one by one
_MOST_QUESTIONS = 16  # pictures put together for them; more, and the whole picture costs as little
_CHUNK = 256  # pixels looked at together, at all channels
# Up to this height + width torch takes several channels at a time, and the last few differently, so that a
# channel's value depends on how many come with it (_use_vectorized_kernel_cond_2d in ATen's
# UpSampleKernel.cpp).
_SMALL = 128


def _argmax_rows(
    band, bound, start, stop, first, y0, y1, wy, x0, x1, wx, line, step, best, second, index, undecided
):
    """Output rows start..stop-1 from `band` [C, rows, w], whose row 0 is row `first` of the picture."""
    y = start
    while y < stop:
        rows = 1  # that lie between the same two
        while rows < best.shape[0] and y + rows < stop and y0[y + rows] == y0[y]:
            rows += 1
        top, bottom, at = y0[y] - first, y1[y] - first, y - start
        for k in range(rows):
            for i in range(x0.size):
                best[k, i] = -np.inf
                second[k, i] = -np.inf
                index[at + k, i] = 0
        for c in range(band.shape[0]):
            slack = max(bound[c, top], bound[c, bottom])
            for i in range(x0.size):
                left, right, w = x0[i], x1[i], wx[i]
                upper = band[c, top, left]
                lower = band[c, bottom, left]
                upper += (band[c, top, right] - upper) * w
                lower += (band[c, bottom, right] - lower) * w
                line[i] = upper + slack
                step[i] = lower - upper
            for k in range(rows):
                w = wy[y + k]
                for i in range(x0.size):  # selects, no branches: this loop works on 8 or 16 pixels at once
                    value = line[i] + step[i] * w
                    largest, next_largest = best[k, i], second[k, i]
                    wins = value > largest
                    loser = largest if wins else value
                    best[k, i] = value if wins else largest
                    second[k, i] = loser if loser > next_largest else next_largest
                    index[at + k, i] = c if wins else index[at + k, i]
        for k in range(rows):
            for i in range(x0.size):
                c = index[at + k, i]
                slack = max(bound[c, top], bound[c, bottom])
                undecided[at + k, i] = not (best[k, i] - np.float32(2) * slack > second[k, i])
        y += rows


@functools.cache
def _kernel() -> Callable[..., None]:
    """`_argmax_rows`, compiled."""
    from numba import types

    from adebook import _counting

    indices, weights = (types.Array(t, 1, "C", readonly=True) for t in (types.uint32, types.float32))
    line, lines = (types.Array(types.float32, rank, "C") for rank in (1, 2))
    signature = types.void(
        *(types.Array(types.float32, 3, "C"), lines),
        *(types.int64, types.int64, types.int64),
        *(indices, indices, weights),
        *(indices, indices, weights),
        *(line, line, lines, lines),
        *(types.Array(types.int32, 2, "C"), types.Array(types.boolean, 2, "C")),
    )
    return _counting._compile(signature)(_argmax_rows)


@dataclass(frozen=True)
class _Axis:
    """Which two input positions each output position mixes, and how much of the second."""

    size: int
    lower: npt.NDArray[np.uint32]
    upper: npt.NDArray[np.uint32]
    weight: npt.NDArray[np.float64]
    weight32: npt.NDArray[np.float32]
    doubt: float  # by how much torch may find another position
    first: npt.NDArray[np.int64]  # the input positions that torch may read, from here
    last: npt.NDArray[np.int64]  # to here


@functools.lru_cache(maxsize=64)
def _axis(size: int, out: int) -> _Axis:
    shifted = (np.arange(out) + 0.5) * size  # exact in float64
    source = np.maximum(shifted / out - 0.5, 0)
    lower = np.minimum(source.astype(np.int64), size - 1)
    scale = np.float32(size / out)
    product = (np.arange(out) + 0.5) * float(scale)
    exact = (
        float(scale) * out == size
        and np.array_equal(product.astype(np.float32), product)
        and np.array_equal((product - 0.5).astype(np.float32), product - 0.5)
    )
    doubt = 0.0 if exact else 4 * _U * size
    weight = source - lower
    return _Axis(
        size=size,
        lower=lower.astype(np.uint32),
        upper=np.minimum(lower + 1, size - 1).astype(np.uint32),
        weight=weight,
        weight32=weight.astype(np.float32),
        doubt=doubt,
        first=np.clip(np.floor(source - doubt), 0, size - 1).astype(np.int64),
        last=np.clip(np.floor(source + doubt) + 1, 0, size - 1).astype(np.int64),
    )


def upsampled_argmax(
    logits: "torch.Tensor | npt.NDArray[np.floating]", size: tuple[int, int]
) -> npt.NDArray[np.integer]:
    """The label map of logits that are enlarged (or reduced) bilinearly to `size`.

    Equal to `F.interpolate(logits.float().contiguous(), size=size, mode="bilinear",
    align_corners=False).argmax(1)`, without the enlarged logits.

    Args:
        logits: [C, h, w] or [B, C, h, w], float16, bfloat16, float32 or float64, in any memory layout; torch
            tensor on the CPU or NumPy array. They are taken as float32, float64 too, which rounds it.
        size: (H, W) of the result, at least 1 x 1.

    Returns:
        [H, W] or [B, H, W]: at each pixel the class with the largest value, the lowest among equals; uint8
        for up to 256 classes, int16 up to 32,768, else int32. Infinite logits give what torch makes of them.

    Raises:
        TypeError: for logits that are not floats of these types.
        ValueError: for NaN (how many, where first), another rank, an empty size or another device.
    """
    pictures = _as_pictures(logits)
    labels = _argmax(pictures, _checked_size(size))
    return labels if logits.ndim == 4 else labels[0]


def count_from_logits(
    logits: "torch.Tensor | npt.NDArray[np.floating]",
    target: _checks.LabelsLike,
    num_classes: int,
    ignore_index: int | None,
) -> npt.NDArray[np.int64]:
    """Count the pixels of each class and what they are predicted as, at the target's size.

    Args:
        logits: as in `upsampled_argmax`, with C = num_classes channels.
        target: train ids 0..C-1 or `ignore_index`, [H, W] or [B, H, W], integer.
        num_classes: C.
        ignore_index: the label to leave out; None when there is none.

    Returns:
        int64 [C, C], rows = ground truth, columns = prediction.

    Raises:
        TypeError: for logits that are not floats, or a target that is not integers.
        ValueError: for NaN logits; another number of channels, rank or batch size; a target out of range.
    """
    from adebook import _counting

    labeled = check_shapes(logits, target, num_classes)
    labels = _argmax(_as_pictures(logits), labeled.shape[-2:])
    matrix = _counting.count(labels.reshape(labeled.shape), labeled, num_classes, ignore_index)
    if matrix is None:  # the prediction cannot be wrong, so the target is
        known = (labeled >= 0) & (labeled < num_classes)
        wrong = ~known if ignore_index is None else ~known & (labeled != ignore_index)
        first = _checks.first_of(wrong)
        ignored = "" if ignore_index is None else f" and {ignore_index} (ignore)"
        raise ValueError(
            f"target holds {labeled[first]} at {_checks.position(first)} "
            f"({_checks.pixels(int(wrong.sum()))} out of range), but train ids are "
            f"0..{num_classes - 1}{ignored}. Cure: convert official ids with adebook.labels.to_train_ids, or "
            f"set num_classes. Nothing was counted."
        )
    return matrix


def check_shapes(logits: Any, target: _checks.LabelsLike, num_classes: int) -> npt.NDArray[np.integer]:
    """Refuse logits and a target that do not belong together; the target comes back as a NumPy array.

    Raises:
        TypeError: for logits that are not floats, or a target that is not integers.
        ValueError: for another number of channels, rank or batch size.
    """
    check_logits(logits, num_classes)
    labeled = _checks.as_labels(target, "target")
    check_target_shape(tuple(logits.shape), labeled.shape)
    return labeled


def check_logits(logits: Any, num_classes: int | None = None) -> None:
    """Refuse what is not floats [C, h, w] or [B, C, h, w] with `num_classes` channels.

    Raises:
        TypeError: for another type or dtype.
        ValueError: for another rank, no pixels, or another number of channels.
    """
    if not (isinstance(logits, np.ndarray) or _checks.is_tensor(logits)):
        raise TypeError(f"logits is a {type(logits).__name__}. Cure: pass a torch tensor or a NumPy array.")
    dtype, shape = str(logits.dtype).removeprefix("torch."), tuple(logits.shape)
    if dtype.lstrip("<>") not in ("float16", "bfloat16", "float32", "float64", "f2", "f4", "f8"):
        cure = (
            "whole numbers look like a label map, which ConfusionMatrix.update counts"
            if dtype.startswith(("int", "uint", "bool"))
            else "convert them to float32"
        )
        raise TypeError(
            f"logits have dtype {dtype}, but they are float16, bfloat16, float32 or float64. Cure: {cure}."
        )
    if len(shape) not in (3, 4):
        raise ValueError(f"logits have shape {shape}, but they are [C, h, w] or [B, C, h, w].")
    channels = shape[-3]
    if num_classes is not None and channels != num_classes:
        if shape[-1] == num_classes:
            order = "(2, 0, 1)" if len(shape) == 3 else "(0, 3, 1, 2)"
            method = "permute" if _checks.is_tensor(logits) else "transpose"
            cure = f"The classes seem to come last; logits.{method}{order} moves them."
        else:
            cure = "Cure: make the matrix with as many classes as the model has outputs."
        raise ValueError(
            f"logits of shape {shape} have {channels} channels, but there are {num_classes} classes. {cure}"
        )
    if 0 in shape[-3:]:
        raise ValueError(f"logits of shape {shape} hold no values.")


def check_target_shape(logits: tuple[int, ...], target: tuple[int, ...]) -> None:
    """Refuse a target whose shape does not go with that of the logits.

    Raises:
        ValueError: for another rank or batch size, or no pixels.
    """
    wanted = "[H, W]" if len(logits) == 3 else "[B, H, W]"
    if len(target) != len(logits) - 1:
        if len(target) == 4 and target[1] == 1:
            cure = "Cure: target.squeeze(1) drops the channel axis."
        elif len(target) == 2:
            cure = "Cure: target[None] makes a batch of one."
        else:
            cure = "Cure: give both a batch axis, or neither."
        raise ValueError(
            f"target has shape {target}, but for logits of shape {logits} it is {wanted}. {cure}"
        )
    if len(logits) == 4 and logits[0] != target[0]:
        raise ValueError(
            f"logits hold {logits[0]} pictures and target {target[0]} (shapes {logits} and {target})."
        )
    if 0 in target[-2:]:
        raise ValueError(f"target has shape {target}: pictures without pixels.")


def _checked_size(size: tuple[int, int]) -> tuple[int, int]:
    height, width = (int(n) for n in size)
    if height < 1 or width < 1:
        raise ValueError(f"size is {size}, but height and width are at least 1.")
    return height, width


@dataclass(frozen=True)
class _Pictures:
    """Logits [B, C, h, w] as they came, read as float32 a part at a time."""

    values: npt.NDArray[Any]  # bfloat16, which NumPy does not know, as its bits
    bfloat16: bool

    def read(self, where: Any) -> npt.NDArray[np.float32]:
        """A copy of `values[where]`."""
        part = self.values[where]
        out = np.empty(part.shape, np.float32)
        if self.bfloat16:  # the upper half of a float32
            np.left_shift(part, 16, out=out.view(np.uint32), dtype=np.uint32)
        else:
            with np.errstate(over="ignore"):  # a float64 too large for float32 is infinite, as in torch
                np.copyto(out, part, casting="same_kind")
        return out


def _as_pictures(logits: Any) -> _Pictures:
    check_logits(logits)
    bfloat16 = False
    if _checks.is_tensor(logits):
        import torch

        if logits.device.type != "cpu":
            raise ValueError(f"logits are on {logits.device}, but this is for the CPU. Cure: logits.cpu().")
        logits = logits.detach()
        bfloat16 = logits.dtype == torch.bfloat16
        values = (logits.view(torch.int16) if bfloat16 else logits).numpy()
        values = values.view(np.uint16) if bfloat16 else values
    else:
        values = logits
    return _Pictures(values if values.ndim == 4 else values[None], bfloat16)


def _argmax(pictures: _Pictures, size: tuple[int, int]) -> npt.NDArray[np.integer]:
    from adebook import _counting

    batch, channels, h, w = pictures.values.shape
    height, width = size
    ys, xs = _axis(h, height), _axis(w, width)
    dtype = np.uint8 if channels <= 256 else np.int16 if channels <= 32768 else np.int32
    labels = np.empty((batch, height, width), dtype)
    undecided = np.empty(labels.shape, np.bool_)
    same_size = (h, w) == (height, width)  # values are copied, not mixed: nothing is rounded
    slack = 0.0 if same_size else _U * 32 + 2 * (ys.doubt + xs.doubt)

    upsampled = channels * height * width
    threads = max(min(_counting._threads(), batch * upsampled // _VALUES_PER_THREAD), 1)
    rows = max(min(upsampled * 4 // (80 * threads), _BAND_BYTES) // (channels * w * 4), 2)
    bands = min(max(-(-h // rows), min(threads, height // _ROWS), 1), height)
    starts = [height * k // bands for k in range(bands + 1)]

    kernel = _kernel()

    def make_band(job: tuple[int, int]) -> float:
        """The label map of one band; returns the largest magnitude in it."""
        b, k = job
        start, stop = starts[k], starts[k + 1]
        # All rows are looked at, in search of NaN: those that the output skips belong to the band before.
        first = 0 if k == 0 else int(ys.lower[start])
        last = h if k == bands - 1 else max(int(ys.upper[stop - 1]) + 1, int(ys.lower[stop]))
        band = pictures.read((b, slice(None), slice(first, last)))
        magnitude = np.maximum(band.max(axis=2), -band.min(axis=2))  # [C, rows]
        largest = float(magnitude.max())
        if not largest <= _HUGE:  # or NaN
            return largest
        index = np.empty((stop - start, width), np.int32)
        kernel(
            *(band, magnitude * np.float32(slack) + np.float32(_TINY if slack else 0), start, stop, first),
            *(ys.lower, ys.upper, ys.weight32, xs.lower, xs.upper, xs.weight32),
            *np.empty((2, width), np.float32),
            *np.empty((2, min(_ROWS, stop - start), width), np.float32),
            *(index, undecided[b, start:stop]),
        )
        labels[b, start:stop] = index
        return largest

    jobs = [(b, k) for b in range(batch) for k in range(bands)]
    run = map if threads == 1 else _counting._pool(os.getpid()).map
    largest = np.array(list(run(make_band, jobs)), dtype=np.float64).reshape(batch, bands)
    if np.isnan(largest).any():
        raise _holds_nan(pictures)
    for b in range(batch):
        if largest[b].max() > _HUGE:
            _ask_for_picture(pictures, b, labels[b])
        elif not same_size and undecided[b].any():
            _ask_for_pixels(pictures, b, ys, xs, labels[b], undecided[b])
    return labels


def _holds_nan(pictures: _Pictures) -> ValueError:
    count, first = 0, None
    for b, c in np.ndindex(pictures.values.shape[:2]):
        wrong = np.isnan(pictures.read((b, c)))
        if wrong.any():
            first = first or (b, c, *_checks.first_of(wrong))
            count += int(wrong.sum())
    b, c, y, x = first
    return ValueError(
        f"logits hold {count:,} NaN value{'' if count == 1 else 's'}, the first in picture {b}, channel "
        f"{c}, row {y}, column {x}. No class is the largest there. Cure: find where the model makes them "
        f"(often an overflow in half precision). Nothing was counted."
    )


def _interpolate(values: npt.NDArray[np.float32], size: tuple[int, int]) -> "torch.Tensor":
    """[c, h, w] -> [c, H, W], by torch."""
    import torch
    import torch.nn.functional as F

    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        batch = torch.from_numpy(values)[None]
        return F.interpolate(batch, size=size, mode="bilinear", align_corners=False)[0]


def needs_all_channels(channels: int, low: tuple[int, int], size: tuple[int, int]) -> bool:
    """Whether torch on the CPU may give a channel other values when it does not come with all the others."""
    import torch

    return sum(size) <= _SMALL or low == (1, 1) or not _channels_are_alone(channels, torch.get_num_threads())


@functools.cache
def _channels_are_alone(channels: int, threads: int) -> bool:
    """Tried on a small picture: torch 2.15 with one thread treats exactly three channels in another way."""
    random = np.random.default_rng(0).standard_normal((channels, 5, 23), np.float32)
    size = (9, 160)
    alone = (_interpolate(random[c : c + 1], size)[0] for c in range(channels))
    return all(a.equal(b) for a, b in zip(alone, _interpolate(random, size), strict=True))


def _ask_for_picture(pictures: _Pictures, b: int, labels: npt.NDArray[np.integer]) -> None:
    """Have torch enlarge picture `b`, one channel at a time, and write its label map into `labels` [H, W]."""
    import torch

    _, channels, h, w = pictures.values.shape
    result = torch.from_numpy(labels)
    if needs_all_channels(channels, (h, w), labels.shape):
        result.copy_(_interpolate(pictures.read(b), labels.shape).argmax(0))
        return
    best = _interpolate(pictures.read((b, slice(0, 1))), labels.shape)[0]
    result.zero_()
    wins, known = torch.empty_like(best, dtype=torch.bool), torch.empty_like(best, dtype=torch.bool)
    for c in range(1, channels):
        value = _interpolate(pictures.read((b, slice(c, c + 1))), labels.shape)[0]
        # NaN (infinity times a weight of 0) is the largest to torch, and the first one stays.
        torch.le(value, best, out=wins).logical_not_()
        wins.logical_and_(torch.eq(best, best, out=known))
        result.masked_fill_(wins, c)
        torch.maximum(best, value, out=best)
        del value  # before the next one is made


def _ask_for_pixels(
    pictures: _Pictures,
    b: int,
    ys: _Axis,
    xs: _Axis,
    labels: npt.NDArray[np.integer],
    undecided: npt.NDArray[np.bool_],
) -> None:
    """Settle the undecided pixels of `labels` [H, W] by torch's values of the channels in question.

    torch enlarges a picture whose channel differs from place to place: around each pixel, where torch reads
    for it, the one asked about. Questions that would need two channels at one place go to different pictures.
    """
    together = needs_all_channels(pictures.values.shape[1], (ys.size, xs.size), labels.shape)
    if together or np.count_nonzero(undecided) > _MOST_OPEN:
        _ask_for_picture(pictures, b, labels)
        return
    pixels = np.argwhere(undecided)  # [n, 2]
    questions = _close_channels(pictures, b, ys, xs, pixels)  # [m, 2]: which pixel, which channel
    values = np.empty(len(questions), np.float32)
    where = pixels[questions[:, 0]]
    windows = np.stack(
        [ys.first[where[:, 0]], ys.last[where[:, 0]] + 1, xs.first[where[:, 1]], xs.last[where[:, 1]] + 1],
        axis=1,
    ).tolist()
    channels = questions[:, 1].tolist()
    rows, columns = np.ogrid[: ys.size, : xs.size]
    waiting = list(range(len(questions)))
    for _ in range(_MOST_QUESTIONS):
        if not waiting:
            break
        channel = np.full((ys.size, xs.size), -1, np.int32)
        asked, later = [], []
        for q in waiting:
            y0, y1, x0, x1 = windows[q]
            window = channel[y0:y1, x0:x1]
            if ((window == -1) | (window == channels[q])).all():
                window[:] = channels[q]
                asked.append(q)
            else:
                later.append(q)
        mixture = pictures.read((b, np.maximum(channel, 0), rows, columns))
        enlarged = _interpolate(mixture[None], labels.shape)[0].numpy()
        values[asked] = enlarged[where[asked, 0], where[asked, 1]]
        waiting = later
    if waiting:
        _ask_for_picture(pictures, b, labels)
        return
    # By pixel, then from the largest value down, then by channel: the first of each pixel is its class.
    order = np.lexsort((questions[:, 1], -values, questions[:, 0]))
    winners = questions[order][np.unique(questions[order, 0], return_index=True)[1]]
    labels[tuple(pixels[winners[:, 0]].T)] = winners[:, 1]


def _close_channels(
    pictures: _Pictures, b: int, ys: _Axis, xs: _Axis, pixels: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The channels that may be torch's largest at each of `pixels` [n, 2]: [m, 2], pixel and channel."""
    found = []
    slack = 12 * _U + 2 * (ys.doubt + xs.doubt)
    for start in range(0, len(pixels), _CHUNK):
        y, x = pixels[start : start + _CHUNK].T
        wy, wx = ys.weight[y, None], xs.weight[x, None]
        value, magnitude = 0.0, 0.0  # [n, C] each; float64, whose rounding is nothing beside the slack
        for row, weight_y in ((ys.lower[y], 1 - wy), (ys.upper[y], wy)):
            for column, weight_x in ((xs.lower[x], 1 - wx), (xs.upper[x], wx)):
                tap = pictures.read((b, slice(None), row, column))
                value = value + tap * (weight_y * weight_x)
                magnitude = np.maximum(magnitude, np.abs(tap))
        bound = slack * magnitude.astype(np.float64) + _TINY
        n, c = np.nonzero(value + bound >= (value - bound).max(axis=1, keepdims=True))
        found.append(np.stack([n + start, c], axis=1))
    return np.concatenate(found)
