"""Counts that stay on a device: nothing here waits for a GPU until the counts are read.

An update only queues work. What would need an answer from the device (is every label a class? is a logit
NaN?) is answered there: the update is counted into a matrix of its own, which is added times 1 or times 0.

Logits on CUDA become counts in one Triton kernel: a tile of output pixels goes through the channels, mixes
the four neighbors of each, keeps the largest, and adds 1 to a cell. It evaluates the expression of torch's
CUDA kernel (UpSampleBilinear2d.cu, upsample_bilinear2d_out_frame) in float32:

    position = max(scale * (i + 0.5) - 0.5, 0),  scale = float32(input size / output size)
    h0 * (w0 * a + w1 * b) + h1 * (w0 * c + w1 * d),  w1 = position - floor(position),  w0 = 1 - w1

and fuses the products of scale, w0 and h0 with the sums they stand in, as the machine code of torch 2.15 for
sm_90 does. Where torch is compiled to do likewise, the label map is that of `F.interpolate(...).argmax(1)` on
the same GPU to the bit. Where it fuses others, a pixel whose two best classes are a few roundings apart may
go to the other one; unless nothing is rounded, as with logits of few bits and factors of 2. No GPU was at
hand when this was written: the kernel was compiled for sm_80 and sm_90, and run by Triton's interpreter only.
Without Triton, torch interpolates one channel after the other, with the result of
`F.interpolate(...).argmax(1)` on that device.

The two floors, for logits [1, 150, 128, 128] in float16 and labels [1, 512, 512] in uint8 (`floors` computes
them for any size):

- bytes: logits 4,915,200 and labels 262,144 read once, 180,000 for the matrix: 5,357,344. At B bytes a
  second, this takes 5,357,344 / B seconds.
- operations: stretching 150 x 128 rows to 512 pixels and mixing 150 x 512 x 512 pixels, two multiply-adds
  each: 98,304,000; and 39,321,600 comparisons.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from adebook import _checks, _logits

try:
    import triton
    import triton.language as tl
except ImportError:  # it comes with torch for CUDA on Linux, and with no other
    triton = None

_COPIES = 32  # of the matrix: pixels of a common pair of classes would all wait for the same cell
_TILE = (4, 64)  # output pixels that a program makes: rows, columns
_LARGEST = torch.iinfo(torch.int64).max
_NONE = (0, _LARGEST, -_LARGEST)  # what `_describe` says when nothing is wrong


class Floors(NamedTuple):
    """What turning logits into counts must at least do."""

    bytes: int
    multiply_adds: int
    comparisons: int


def floors(
    channels: int, low: tuple[int, int], size: tuple[int, int], logit_bytes: int = 2, label_bytes: int = 1
) -> Floors:
    """The least bytes moved and operations done for one picture: see the head of this module.

    Args:
        channels: C.
        low: (h, w) of the logits.
        size: (H, W) of the labels.
        logit_bytes: bytes of one logit.
        label_bytes: bytes of one label.
    """
    (h, w), (height, width) = low, size
    return Floors(
        bytes=channels * h * w * logit_bytes + height * width * label_bytes + channels * channels * 8,
        multiply_adds=2 * channels * (h + height) * width,
        comparisons=channels * height * width,
    )


class DeviceCounts:
    """A confusion matrix on one device, int64 [C, C], rows = ground truth, columns = prediction.

    Updates do not wait for the device, so they cannot say whether the values were right; `read` does. An
    update that held a value out of range, or NaN, has counted nothing.

    Args:
        num_classes: C.
        ignore_index: the label of pixels to leave out; None when there is none.
        device: where the tensors will be.
    """

    def __init__(self, num_classes: int, ignore_index: int | None, device: torch.device | str) -> None:
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.device = torch.device(device)
        self._counts = torch.zeros(num_classes**2, dtype=torch.int64, device=self.device)
        self._updates = 0
        # How many updates were refused; then of target and prediction how many pixels hold no class, the
        # lowest and the highest value there; then NaN logits.
        self._nothing_found = torch.tensor([0, *_NONE, *_NONE, 0], device=self.device)
        self._found = self._nothing_found.clone()

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        """Count a label map or a batch of them.

        Args:
            prediction: train ids 0..C-1, any shape, integer.
            target: train ids 0..C-1 or `ignore_index`, of the same shape.

        Raises:
            ValueError: for different shapes or another device.
            TypeError: for a dtype that is not integer.
        """
        for name, labels in (("prediction", prediction), ("target", target)):
            self._check_labels(name, labels)
        if prediction.shape != target.shape:
            raise ValueError(
                f"prediction has shape {tuple(prediction.shape)} and target {tuple(target.shape)}, but they "
                f"must be equal."
            )
        self._add(prediction, target, torch.zeros((), dtype=torch.int64, device=self.device))

    def add_from_logits(self, logits: torch.Tensor, target: torch.Tensor) -> None:
        """Count the classes that are largest after enlarging the logits to the target's size.

        Bilinear, align_corners=False, in float32, as `F.interpolate(logits.float(), ...).argmax(1)`; the
        enlarged logits are never held. How equal the two are on a GPU is said at the head of this module.

        Args:
            logits: [C, h, w] or [B, C, h, w], float16, bfloat16, float32 or float64.
            target: train ids 0..C-1 or `ignore_index`, [H, W] or [B, H, W], integer.

        Raises:
            ValueError: for shapes that do not belong together, or another device.
            TypeError: for logits that are not floats, or a target that is not integers.
        """
        _logits.check_logits(logits, self.num_classes)
        self._check_labels("target", target)
        self._check_device("logits", logits)
        _logits.check_target_shape(tuple(logits.shape), tuple(target.shape))
        if logits.ndim == 3:
            logits, target = logits[None], target[None]
        logits = logits.detach()
        nan = torch.isnan(logits).sum()
        if triton is not None and self.device.type == "cuda":
            with torch.cuda.device(self.device):
                bad = self._nothing_found[1:4].clone()
                counts = _count_with_triton(logits, target, self.num_classes, self.ignore_index, bad)
            self._commit(counts, bad, self._nothing_found[4:7], nan)
        else:
            self._add(_argmax(logits, tuple(target.shape[-2:])), target, nan)

    def read(self) -> npt.NDArray[np.int64]:
        """The counts so far, int64 [C, C]; waits for the device.

        Raises:
            ValueError: when updates since the last `read` were refused: how many, and what they held. They
                counted nothing, the others did, and the next `read` returns those.
        """
        refused, *found = self._found.tolist()
        if refused:
            self._found = self._nothing_found.clone()
            updates, self._updates = self._updates, 0
            raise ValueError(self._explain(refused, updates, found))
        self._updates = 0
        return self._counts.cpu().numpy().reshape(self.num_classes, self.num_classes).copy()

    def reset(self) -> None:
        """Forget all counts, and what was refused."""
        self._counts = torch.zeros_like(self._counts)
        self._found = self._nothing_found.clone()
        self._updates = 0

    def _explain(self, refused: int, updates: int, found: list[int]) -> str:
        allowed = f"0..{self.num_classes - 1}"
        parts = []
        for name, (pixels, lowest, highest) in (("target", found[:3]), ("prediction", found[3:6])):
            if pixels:
                values = f"{lowest}" if lowest == highest else f"values from {lowest} to {highest}"
                ignored = name == "target" and self.ignore_index is not None
                also = f" and {self.ignore_index} (ignore)" if ignored else ""
                parts.append(
                    f"{name} holds {values} ({_checks.pixels(pixels)} out of range), but train ids are "
                    f"{allowed}{also}."
                )
        if found[6]:
            parts.append(f"logits hold {found[6]:,} NaN value{'' if found[6] == 1 else 's'}.")
        return (
            f"{refused} of the last {updates} updates on {self.device} refused: {' '.join(parts)} "
            f"Those counted nothing, the others did. Cure: convert official ids with "
            f"adebook.labels.to_train_ids; look for overflow in half precision where logits are NaN."
        )

    def _check_device(self, name: str, tensor: torch.Tensor) -> None:
        if not _checks.is_tensor(tensor) or tensor.device != self._counts.device:
            where = f"on {tensor.device}" if _checks.is_tensor(tensor) else f"a {type(tensor).__name__}"
            raise ValueError(
                f"{name} is {where}, but the counts are on {self._counts.device}. Cure: move both there."
            )

    def _check_labels(self, name: str, labels: torch.Tensor) -> None:
        self._check_device(name, labels)
        _checks.as_labels(labels.new_empty(0, device="cpu"), name)  # refuses what is no integer

    def _add(self, prediction: torch.Tensor, target: torch.Tensor, nan: torch.Tensor) -> None:
        t, p = (labels.detach().reshape(-1).to(torch.int64) for labels in (target, prediction))
        counted = (
            torch.ones_like(t, dtype=torch.bool) if self.ignore_index is None else t != self.ignore_index
        )
        bad_t, bad_p = (((v < 0) | (v >= self.num_classes)) & counted for v in (t, p))
        # What does not count goes to a cell of its own: leaving it out would make the size depend on the
        # data, for which the host would have to wait.
        nowhere = self.num_classes**2
        cell = torch.where(counted & ~bad_t & ~bad_p, t * self.num_classes + p, nowhere)
        counts = torch.zeros(nowhere + 1, dtype=torch.int64, device=self.device)
        counts.scatter_add_(0, cell, torch.ones_like(cell))
        if t.numel():
            self._commit(counts[:-1], _describe(t, bad_t), _describe(p, bad_p), nan)

    def _commit(
        self, counts: torch.Tensor, bad_target: torch.Tensor, bad_prediction: torch.Tensor, nan: torch.Tensor
    ) -> None:
        """Add one update's counts [C * C], unless something was found in it."""
        refused = (bad_target[0] + bad_prediction[0] + nan > 0).to(torch.int64)
        self._counts = self._counts + counts * (1 - refused)
        both = torch.stack([bad_target, bad_prediction])
        old = self._found[1:7].view(2, 3)
        self._found = torch.cat(
            [
                (self._found[0] + refused)[None],
                torch.stack(
                    [
                        old[:, 0] + both[:, 0],
                        torch.minimum(old[:, 1], both[:, 1]),
                        torch.maximum(old[:, 2], both[:, 2]),
                    ],
                    dim=1,
                ).view(-1),
                (self._found[7] + nan)[None],
            ]
        )
        self._updates += 1


def _describe(values: torch.Tensor, bad: torch.Tensor) -> torch.Tensor:
    """int64 [3]: how many are bad, the lowest and the highest of them."""
    lowest, highest = torch.where(bad, values, _LARGEST).min(), torch.where(bad, values, -_LARGEST).max()
    return torch.stack([bad.sum(), lowest, highest])


def _argmax(logits: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """int64 [B, H, W] from logits [B, C, h, w], holding the enlarged values of few channels at a time."""
    channels, *low = logits.shape[1:]
    together = logits.device.type == "cpu" and _logits.needs_all_channels(channels, tuple(low), size)
    step = channels if together else 1
    best = index = None
    for c in range(0, channels, step):
        part = logits[:, c : c + step].float().contiguous()
        enlarged = F.interpolate(part, size=size, mode="bilinear", align_corners=False)
        value, where = enlarged.max(1) if step > 1 else (enlarged[:, 0], c)
        if best is None:
            best = value
            index = where if step > 1 else torch.zeros(value.shape, dtype=torch.int64, device=value.device)
            continue
        # NaN (infinity times a weight of 0) is the largest to torch, and the first one stays.
        wins = ~(value <= best) & (best == best)
        index = torch.where(wins, where, index)
        best = torch.maximum(best, value)
    return index


def _count_with_triton(
    logits: torch.Tensor, target: torch.Tensor, num_classes: int, ignore_index: int | None, bad: torch.Tensor
) -> torch.Tensor:
    """Counts int64 [C * C]; adds to `bad` [3] what `_describe` would say of the target.

    Args:
        logits: [B, C, h, w].
        target: [B, H, W].
        num_classes: C.
        ignore_index: the label to leave out.
        bad: int64 [3], `_NONE` at first.
    """
    batch, channels, h, w = logits.shape
    height, width = target.shape[-2:]
    histogram = torch.zeros((_COPIES, num_classes**2), dtype=torch.int64, device=logits.device)
    rows, columns = _TILE
    grid = (triton.cdiv(width, columns), triton.cdiv(height, rows), batch)
    if batch:
        _upsample_argmax_count[grid](
            *(logits, target, histogram, bad),
            *(*logits.stride(), *target.stride()),
            *(channels, h, w, height, width),
            *(float(np.float32(h / height)), float(np.float32(w / width))),
            0 if ignore_index is None else ignore_index,
            has_ignore=ignore_index is not None,
            same_size=(h, w)
            == (height, width),  # torch copies then: infinity times a weight of 0 would be NaN
            largest=_LARGEST,
            copies=_COPIES,
            rows=rows,
            columns=columns,
            enable_fp_fusion=False,  # but for what is fused explicitly
        )
    return histogram.sum(0)


if triton is not None:

    @triton.jit
    def _positions(i, size, scale):
        """Which two input positions output positions `i` mix, and the weights of both."""
        position = tl.maximum(tl.fma(i.to(tl.float32) + 0.5, scale, -0.5), 0.0)
        lower = tl.minimum(position.to(tl.int32), size - 1)
        upper = tl.minimum(lower + 1, size - 1)
        w1 = position - lower.to(tl.float32)
        return lower, upper, 1.0 - w1, w1

    @triton.jit
    def _upsample_argmax_count(
        logits,
        target,
        histogram,
        bad,
        logits_b,
        logits_c,
        logits_y,
        logits_x,
        target_b,
        target_y,
        target_x,
        channels,
        h,
        w,
        height,
        width,
        scale_y,
        scale_x,
        ignore,
        has_ignore: tl.constexpr,
        same_size: tl.constexpr,
        largest: tl.constexpr,
        copies: tl.constexpr,
        rows: tl.constexpr,
        columns: tl.constexpr,
    ):
        """One tile of output pixels: interpolate, take the largest class, count."""
        b = tl.program_id(2).to(tl.int64)
        y = tl.program_id(1) * rows + tl.arange(0, rows)
        x = tl.program_id(0) * columns + tl.arange(0, columns)
        inside = (y < height)[:, None] & (x < width)[None, :]
        y0, y1, h0, h1 = _positions(y, h, scale_y)
        x0, x1, w0, w1 = _positions(x, w, scale_x)
        h0, h1, w0, w1 = h0[:, None], h1[:, None], w0[None, :], w1[None, :]
        y0, y1 = y0.to(tl.int64)[:, None] * logits_y, y1.to(tl.int64)[:, None] * logits_y
        x0, x1 = x0.to(tl.int64)[None, :] * logits_x, x1.to(tl.int64)[None, :] * logits_x

        best = tl.full((rows, columns), float("-inf"), tl.float32)
        index = tl.zeros((rows, columns), tl.int32)
        channel = logits + b * logits_b
        for c in range(channels):
            top_left = tl.load(channel + y0 + x0).to(tl.float32)
            top_right = tl.load(channel + y0 + x1).to(tl.float32)
            bottom_left = tl.load(channel + y1 + x0).to(tl.float32)
            bottom_right = tl.load(channel + y1 + x1).to(tl.float32)
            # Fused explicitly: left to the compiler, neighboring pixels came out fused in different orders.
            top = tl.fma(w0, top_left, w1 * top_right)
            bottom = tl.fma(w0, bottom_left, w1 * bottom_right)
            value = top_left if same_size else tl.fma(h0, top, h1 * bottom)
            # NaN (infinity times a weight of 0) is the largest to torch, and the first one stays.
            wins = (value > best) | ((value != value) & (best == best))
            best = tl.where(wins, value, best)
            index = tl.where(wins, c, index)
            channel += logits_c

        offset = b * target_b + y.to(tl.int64)[:, None] * target_y + x.to(tl.int64)[None, :] * target_x
        label = tl.load(target + offset, mask=inside, other=0).to(tl.int64)
        is_class = (label >= 0) & (label < channels)
        wrong = inside & (is_class == 0)
        if has_ignore:
            wrong = wrong & (label != ignore)
        number = tl.sum(tl.sum(wrong.to(tl.int64), axis=1), axis=0)
        if number > 0:
            tl.atomic_add(bad, number)
            tl.atomic_min(bad + 1, tl.min(tl.min(tl.where(wrong, label, largest), axis=1), axis=0))
            tl.atomic_max(bad + 2, tl.max(tl.max(tl.where(wrong, label, -largest), axis=1), axis=0))
        copy = (tl.program_id(0) + tl.program_id(1) * tl.num_programs(0)) % copies
        cell = histogram + copy.to(tl.int64) * channels * channels + label * channels + index
        tl.atomic_add(cell, tl.full((rows, columns), 1, tl.int64), mask=inside & is_class)
