"""What the groups share: timing in turns, rows of results, the machine they are from, the table they go
to."""

import csv
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "data" / "speed.csv"
_SHORTEST = 0.02  # seconds: what is faster is called several times, and their mean is one measurement


@dataclass(frozen=True)
class Settings:
    """How to run: `quick` is for tests, on tiny inputs; `compile` adds torch.compile to the contenders."""

    quick: bool = False
    compile: bool = False

    def of(self, full: Any, quick: Any) -> Any:
        """The one that applies."""
        return quick if self.quick else full

    def rounds(self, full: int) -> int:
        """How often to measure."""
        return self.of(full, 2)

    def threads(self) -> list[int]:
        """How many threads to try."""
        return self.of(sorted({1, cores()}), [1])


@dataclass(frozen=True)
class Row:
    """One measured quantity of one contender.

    `ratio` compares with the contender `reference` of the same case, round by round: how many times as long
    (as much memory, ...) this one takes, so above 1 is worse than the reference. It is None where nothing is
    compared.
    """

    group: str
    case: str
    contender: str
    quantity: str
    unit: str
    median: float
    low: float
    high: float
    repetitions: int
    reference: str = ""
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None

    @property
    def key(self) -> str:
        """A name for the row, unique in the table."""
        words = (self.group, self.case, self.contender, self.quantity)
        return "/".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)


COLUMNS = ("key", *(field.name for field in fields(Row)), "date", "machine", "versions", "source")


def in_turns(
    contenders: Mapping[str, Callable[[], object]],
    repetitions: int,
    wait: Callable[[], object] = lambda: None,
) -> dict[str, list[float]]:
    """Seconds for one call of each, measured A B C A B C ..., so that a slow minute of the machine hits all
    alike.

    Each is called once before, to compile and to load what it needs. `wait` waits for a device to finish.
    """
    calls = {}
    for name, contender in contenders.items():
        contender()
        wait()
        calls[name] = max(1, round(_SHORTEST / max(_seconds(contender, 1, wait), 1e-6)))
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repetitions):
        for name, contender in contenders.items():
            seconds[name].append(_seconds(contender, calls[name], wait))
    return seconds


def _seconds(function: Callable[[], object], calls: int, wait: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    wait()
    return (time.perf_counter() - start) / calls


def row(
    where: tuple[str, str],
    contender: str,
    quantity: str,
    unit: str,
    values: Sequence[float],
    reference: str = "",
    ratios: Sequence[float] = (),
) -> Row:
    """A row from the values of all rounds, and their ratios to those of the reference."""
    compared = (statistics.median(ratios), min(ratios), max(ratios)) if ratios else (None, None, None)
    spread = (statistics.median(values), min(values), max(values))
    return Row(
        *where, contender, quantity, unit, *spread, len(values), reference if ratios else "", *compared
    )


def speed_rows(
    where: tuple[str, str],
    seconds: Mapping[str, Sequence[float]],
    reference: str,
    work: Mapping[str, float] | float = 1.0,
    unit: str = "s",
) -> list[Row]:
    """Rows of times, or of speeds in `unit` when `work` says how much of it one call does."""
    each = work if isinstance(work, Mapping) else dict.fromkeys(seconds, work)
    per_unit = {name: [t / each[name] for t in times] for name, times in seconds.items()}
    rows = []
    for name, times in per_unit.items():
        ratios = [t / base for t, base in zip(times, per_unit[reference], strict=True)]
        quantity, values = ("time", times) if unit == "s" else ("speed", [1 / t for t in times])
        rows.append(row(where, name, quantity, unit, values, reference, ratios))
    return rows


def in_a_process(*arguments: object) -> dict[str, float]:
    """Run `python -m benchmarks.child ARGUMENTS` and return what it reports, with its `seconds`."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"benchmarks.child {' '.join(map(str, arguments))} failed:\n{done.stderr}")
    return {"seconds": seconds, **json.loads(done.stdout.splitlines()[-1])}


# --- the machine and the table ------------------------------------------------------------------------------


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Processor and cores, in words; and a word of warning when others are at work on it."""
    model, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*:\s*(.+)", info.read_text())):
        model = found[1].strip()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    busy = f", busy (load {load:.0f})" if load > 1 else ""
    return f"{model}, {cores()} core{'s' * (cores() != 1)}, {platform.system()}{busy}"


def versions() -> str:
    """What was compared, with versions."""
    from importlib.metadata import version

    names = ("adebook", "numpy", "numba", "torch", "torchmetrics", "scikit-learn", "pillow")
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)])


def source(command: str) -> str:
    """The command, and the commit it ran on."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True
    )
    return f"{command} @{done.stdout.strip()}" if done.returncode == 0 else command


def write(path: Path, rows: Iterable[Row], where: str, command: str) -> None:
    """Put the rows into the table, in the place of all rows of their groups; other groups keep theirs.

    Args:
        path: the table.
        rows: what was measured.
        where: the machine, as it was before the first measurement.
        command: what was run.
    """
    rows = list(rows)
    measured = {row.group for row in rows}
    old = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            old = [cells for cells in csv.DictReader(file) if cells["group"] not in measured]
    common = (datetime.date.today().isoformat(), where, versions(), source(command))
    new = [dict(zip(COLUMNS, (r.key, *map(_cell, astuple(r)), *common), strict=True)) for r in rows]
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(sorted([*old, *new], key=lambda cells: cells["group"]))  # stable: cases stay in order
    part.replace(path)


def _cell(value: Any) -> Any:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else value


def markdown(rows: Iterable[Row]) -> str:
    """The rows as Markdown tables, one for each case."""
    lines: list[str] = []
    case = None
    for r in rows:  # the first of a case is compared, if any is
        if (r.group, r.case) != case:
            case = (r.group, r.case)
            compared = f"times as much as {r.reference}" if r.reference else ""
            lines += ["", f"**{r.group}: {r.case}**", "", f"| | | median | min .. max | {compared} |"]
            lines.append("|---|---|--:|--:|--:|")
        ratio = f"{r.ratio:.3g} ({r.ratio_low:.3g} .. {r.ratio_high:.3g})" if r.ratio is not None else ""
        lines.append(
            f"| {r.contender} | {r.quantity} | {r.median:.4g} {r.unit} | {r.low:.4g} .. {r.high:.4g} | "
            f"{ratio} |"
        )
    return "\n".join(lines)
