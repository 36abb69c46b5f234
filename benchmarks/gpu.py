"""The same on a CUDA device: masks and half-precision logits to counts, beside the least time that memory
allows."""

from collections.abc import Callable, Mapping

from adebook import ConfusionMatrix
from benchmarks import logits as on_cpu
from benchmarks import peers
from benchmarks.harness import Row, Settings, in_turns, row, speed_rows
from benchmarks.masks import CLASSES, blocky

GROUP = "gpu"
COPY = "device copy"


def run(settings: Settings) -> list[Row]:
    """Nothing, and a line that says so, where there is no GPU."""
    import torch

    if not torch.cuda.is_available():
        print("gpu: no GPU: skipped", flush=True)
        return []
    return rows_on("cuda", torch.cuda.get_device_name(), torch.cuda.synchronize, settings)


def rows_on(device: str, name: str, wait: Callable[[], object], settings: Settings) -> list[Row]:
    """All of it on any device; tests run it on the CPU."""
    bandwidth, rows = _bandwidth(device, name, wait, settings)
    return (
        rows
        + _logits(device, name, wait, bandwidth, settings)
        + _masks(device, name, wait, bandwidth, settings)
    )


def _bandwidth(
    device: str, name: str, wait: Callable[[], object], settings: Settings
) -> tuple[float, list[Row]]:
    """Bytes per second that a copy reads and writes on the device."""
    import statistics

    import torch

    a = torch.zeros(settings.of(2**30, 2**16), dtype=torch.uint8, device=device)
    b = torch.empty_like(a)
    seconds = in_turns({COPY: lambda: b.copy_(a)}, settings.rounds(9), wait)[COPY]
    rates = [2 * a.numel() / t for t in seconds]
    where = (GROUP, f"memory, {name}")
    return statistics.median(rates), [row(where, COPY, "bandwidth", "GB/s", [rate / 1e9 for rate in rates])]


def _logits(
    device: str, name: str, wait: Callable[[], object], bandwidth: float, settings: Settings
) -> list[Row]:
    import torch

    x, labels = on_cpu.inputs("scene", settings.of(8, 2), settings.quick, device, "float16")
    matrix = ConfusionMatrix(CLASSES)
    on_cpu.check(on_cpu.contenders(x, labels, settings.compile), x, labels)
    # In a loop over batches nothing is read back, and no metric is made anew.
    metric, size = peers.torchmetrics_metric(device), labels.shape[-2:]
    last = x.to(memory_format=torch.channels_last)
    ways = {
        on_cpu.OURS: lambda: matrix.update_from_logits(x, labels),
        on_cpu.USUAL: lambda: metric.update(on_cpu.usual_argmax(x, size), labels),
        on_cpu.LAST: lambda: metric.update(on_cpu.usual_argmax(last, size), labels),
        f"{on_cpu.USUAL}, in float32": lambda: metric.update(on_cpu.usual_argmax(x.float(), size), labels),
    }
    if settings.compile:
        compiled = torch.compile(on_cpu.usual_argmax)
        ways[on_cpu.COMPILED] = lambda: metric.update(compiled(x, size), labels)
    seconds = in_turns(ways, settings.rounds(15), wait)
    matrix.matrix  # noqa: B018  an update that was refused says so here
    where = (GROUP, f"logits {on_cpu.shapes(x, labels)}, float16, {name}")
    needed = x.numel() * x.element_size() + labels.numel()
    return speed_rows(where, seconds, on_cpu.OURS) + _shares(where, seconds, needed / bandwidth)


def _masks(
    device: str, name: str, wait: Callable[[], object], bandwidth: float, settings: Settings
) -> list[Row]:
    import torch

    predicted, labeled = (
        torch.from_numpy(m).to(device) for m in blocky(*settings.of((64, 512, 683), (2, 40, 50)))
    )
    expected = peers.numpy_bincount(predicted.cpu().numpy(), labeled.cpu().numpy())
    matrix = ConfusionMatrix(CLASSES)
    matrix.update(predicted, labeled)
    usual = {"torchmetrics": lambda: peers.torchmetrics_matrix(predicted, labeled)}
    peers.check_equal(expected, {**usual, on_cpu.OURS: lambda: matrix.matrix})
    metric = peers.torchmetrics_metric(device)
    ways = {
        on_cpu.OURS: lambda: matrix.update(predicted, labeled),
        "torchmetrics": lambda: metric.update(predicted, labeled),
    }
    seconds = in_turns(ways, settings.rounds(15), wait)
    matrix.matrix  # noqa: B018
    where = (GROUP, f"counting blocky and noisy masks, uint8, {name}")
    floor = 2 * labeled.numel() / bandwidth
    return speed_rows(where, seconds, on_cpu.OURS, labeled.numel() / 1e6, "Mpixel/s") + _shares(
        where, seconds, floor
    )


def _shares(where: tuple[str, str], seconds: Mapping[str, list[float]], floor: float) -> list[Row]:
    """How much of the time reading the input once would take at the bandwidth of a copy."""
    return [
        row(where, name, "share of the byte floor", "%", [100 * floor / t for t in times])
        for name, times in seconds.items()
    ]
