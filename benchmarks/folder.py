"""The command `adebook evaluate`, from start to finish, on 100, 1,000 and 10,000 pairs of PNG masks."""

import os
import shutil
import tempfile
from pathlib import Path

import PIL.Image

from benchmarks.harness import Row, Settings, cores, in_a_process, row, speed_rows
from benchmarks.masks import annotations, degraded, read

GROUP = "folder"
OURS = "adebook evaluate"
DECODING = "decoding the PNG files only, all cores"
LOOP = "a loop of Pillow and NumPy bincount"
_MODES = {OURS: "evaluate", DECODING: "decode", LOOP: "loop"}


def run(settings: Settings) -> list[Row]:
    """Each size in a folder of its own, which is removed afterwards."""
    rows = []
    sizes = settings.of({100: 5, 1_000: 3, 10_000: 2}, {5: 1, 10: 1})
    with tempfile.TemporaryDirectory(prefix="adebook-bench-") as there:
        originals = _originals(Path(there, "originals"), settings.of(len(annotations()), 5))
        for number, repetitions in sizes.items():
            folders = _copies(originals, Path(there, str(number)), number)
            rows += _case(f"{number:,} pairs of masks, {cores()} cores", folders, number, repetitions)
    return rows


def _originals(folder: Path, number: int) -> list[tuple[Path, Path]]:
    """Predictions, made from the annotations and saved as PNG, and copies of the annotations."""
    pairs = []
    for side in ("predictions", "annotations"):
        (folder / side).mkdir(parents=True)
    for seed, path in enumerate(annotations()[:number]):
        prediction, annotation = folder / "predictions" / path.name, folder / "annotations" / path.name
        PIL.Image.fromarray(degraded(read(path), seed)).save(prediction)
        shutil.copyfile(path, annotation)
        pairs.append((prediction, annotation))
    return pairs


def _copies(originals: list[tuple[Path, Path]], folder: Path, number: int) -> tuple[Path, Path]:
    """`number` pairs under other names; links where the file system has them, which costs no space."""
    folders = folder / "predictions", folder / "annotations"
    for side, to in enumerate(folders):
        to.mkdir(parents=True)
        for i in range(number):
            original = originals[i % len(originals)][side]
            try:
                os.link(original, to / f"{i:05}.png")
            except OSError:
                shutil.copyfile(original, to / f"{i:05}.png")
    return folders


def _case(case: str, folders: tuple[Path, Path], number: int, repetitions: int) -> list[Row]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in _MODES}
    for _ in range(repetitions):
        for name, mode in _MODES.items():
            found[name].append(in_a_process(mode, *folders))
    right = {report["right"] for reports in (found[OURS], found[LOOP]) for report in reports}
    if len(right) != 1:
        raise AssertionError(f"The command and the loop count differently: {right}.")
    where = (GROUP, case)
    seconds = {name: [report["seconds"] for report in reports] for name, reports in found.items()}
    rows = speed_rows(where, seconds, OURS)
    rows += speed_rows(where, seconds, OURS, number, "images/s")
    decoding = [100 * d / e for d, e in zip(seconds[DECODING], seconds[OURS], strict=True)]
    rows.append(row(where, OURS, "time that decoding alone takes", "%", decoding))
    for name, reports in found.items():
        busy = [report["cpu_seconds"] / report["seconds"] for report in reports]
        rows.append(row(where, name, "cores busy", "cores", busy))
        peaks = [report["peak_mib"] for report in reports]
        if all(peak == peak for peak in peaks):
            rows.append(row(where, name, "peak memory", "MiB", peaks))
    return rows
