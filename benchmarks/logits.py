"""Logits at a quarter of the resolution to a confusion matrix at full resolution."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from adebook import ConfusionMatrix
from benchmarks import peers
from benchmarks.harness import Row, Settings, in_a_process, in_turns, row, speed_rows
from benchmarks.masks import CLASSES, rendered

GROUP = "logits"
OURS = "adebook"
USUAL = "interpolate, argmax, torchmetrics"
LAST = "the same, channels last"
COMPILED = "the same, torch.compile"


def run(settings: Settings) -> list[Row]:
    """Random logits and logits of a scene, with one thread and with all; then the memory each needs."""
    import torch

    rows = []
    before = torch.get_num_threads()
    try:
        for kind in ("noise", "scene"):
            logits, labels = inputs(kind, batch=1, quick=settings.quick)
            ways = contenders(logits, labels, settings.compile)
            check(ways, logits, labels)
            for threads in settings.threads():
                torch.set_num_threads(threads)
                case = f"{kind}, {shapes(logits, labels)}, float32, {threads} thread{'s' * (threads > 1)}"
                rows += speed_rows((GROUP, case), in_turns(ways, settings.rounds(9)), OURS)
    finally:
        torch.set_num_threads(before)
    return rows + _memory(settings, shapes(logits, labels), upsampled_bytes(labels))


def inputs(
    kind: str, batch: int, quick: bool = False, device: str = "cpu", dtype: str = "float32"
) -> tuple[Any, Any]:
    """Logits [batch, 150, 128, 128] and labels uint8 [batch, 512, 512], as tensors.

    "noise" has no structure at all; "scene" is what a trained model gives: the rendered scene's own classes
    stand out, smoothly, with noise on top.
    """
    import torch
    import torch.nn.functional as F

    size, factor = (16, 4) if quick else (128, 4)
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(batch, CLASSES, size, size, generator=generator)
    predictions, labels = rendered(batch)
    middle = (slice(None), slice(0, size * 3), slice(0, size * 4))  # 384 x 512, enlarged to the square
    predictions, labels = (
        F.interpolate(torch.from_numpy(m[middle].copy())[:, None].float(), size=(size * factor,) * 2)[
            :, 0
        ].byte()
        for m in (predictions, labels)
    )
    if kind == "scene":
        small = predictions[:, ::factor, ::factor].long()
        standing_out = F.one_hot(small, CLASSES).permute(0, 3, 1, 2).float()
        logits += 8 * F.avg_pool2d(standing_out, 3, stride=1, padding=1)
    return logits.to(device, getattr(torch, dtype)), labels.to(device)


def contenders(logits: Any, labels: Any, with_compile: bool = False) -> dict[str, Callable[[], Any]]:
    """The ways to the counts, by name; each returns a confusion matrix."""
    import torch

    last = logits.to(memory_format=torch.channels_last)

    def ours(x: Any) -> npt.NDArray[np.int64]:
        matrix = ConfusionMatrix(CLASSES)
        matrix.update_from_logits(x, labels)
        return matrix.matrix

    ways = {
        OURS: lambda: ours(logits),
        f"{OURS}, channels last": lambda: ours(last),
        USUAL: lambda: peers.torchmetrics_matrix(usual_argmax(logits, labels.shape[-2:]), labels),
        LAST: lambda: peers.torchmetrics_matrix(usual_argmax(last, labels.shape[-2:]), labels),
    }
    if with_compile:
        compiled = torch.compile(usual_argmax)
        ways[COMPILED] = lambda: peers.torchmetrics_matrix(compiled(logits, labels.shape[-2:]), labels)
    return ways


def usual_argmax(logits: Any, size: tuple[int, int]) -> Any:
    """The label map as everybody makes it."""
    from torch.nn.functional import interpolate

    return interpolate(logits, size=size, mode="bilinear", align_corners=False).argmax(1)


def check(ways: dict[str, Callable[[], Any]], logits: Any, labels: Any) -> None:
    """adebook must count what float32 gives, to the bit; the variants of the usual way may round otherwise.

    Raises:
        AssertionError: naming the one that does not.
    """
    size = labels.shape[-2:]
    exact = peers.torchmetrics_matrix(usual_argmax(logits.float().contiguous(), size), labels).cpu().numpy()
    peers.check_equal(exact, {name: way for name, way in ways.items() if name.startswith(OURS)})
    for name, way in ways.items():
        found = way()
        differing = np.abs(np.asarray(found.cpu() if hasattr(found, "cpu") else found) - exact).sum() / 2
        allowed = 1e-4 if logits.dtype.itemsize == 4 else 0.05  # half precision rounds when it upsamples
        if differing > allowed * labels.numel():
            raise AssertionError(f"{name} counts {differing:,.0f} pixels otherwise: its time means nothing.")


def shapes(logits: Any, labels: Any) -> str:
    """`1x150x128x128 to 512x512`."""
    return f"{'x'.join(map(str, logits.shape))} to {'x'.join(map(str, labels.shape[-2:]))}"


def upsampled_bytes(labels: Any) -> int:
    """What the usual way holds at its peak, at least: the upsampled logits in float32."""
    return labels.numel() * CLASSES * 4


def _memory(settings: Settings, what: str, tensor: int) -> list[Row]:
    """Each in a process of its own, so that none finds memory that another has left."""
    where = (GROUP, f"memory, {what}, float32")
    reference, mebi = "the upsampled logits", tensor / 2**20
    rows = [row(where, reference, "size", "MiB", [mebi], reference, [1.0])]
    for name in settings.of((OURS, USUAL, LAST), (OURS,)):
        peaks = [
            in_a_process("logits", name, int(settings.quick))["extra_mib"] for _ in range(settings.of(3, 1))
        ]
        if all(peak == peak for peak in peaks):  # NaN: this system does not tell
            rows.append(
                row(where, name, "peak extra memory", "MiB", peaks, reference, [p / mebi for p in peaks])
            )
    return rows
