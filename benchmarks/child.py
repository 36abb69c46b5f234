"""What is measured in a process of its own: `python -m benchmarks.child MODE ...` prints one line of JSON at
its end.

The modes: `evaluate`, `decode` and `loop` with the folders PREDICTIONS ANNOTATIONS; `logits` with the name of
a way to count and 1 for tiny inputs.
"""

import contextlib
import io
import json
import sys
import time
from pathlib import Path

from benchmarks.harness import cores


def peak_mib() -> float:
    """The most memory held since `forget_peak`, or ever; NaN where the system does not tell."""
    return _status("VmHWM")


def forget_peak() -> float:
    """Begin a new peak, and return what is held now."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> float:
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name)) / 1024


def evaluate(predictions: str, annotations: str) -> dict[str, float]:
    """The command, with the file that it writes."""
    from adebook.cli import main

    file = Path(predictions).parent / "scores.json"
    with contextlib.redirect_stdout(io.StringIO()):
        status = main(["evaluate", predictions, annotations, "--ids", "official", "--json", str(file)])
    if status:
        raise SystemExit(status)
    result = json.loads(file.read_text())
    return {"right": round(result["pixel_accuracy"] * result["labeled_pixels"])}


def decode(*folders: str) -> dict[str, float]:
    """Read every file with as many threads as cores, and do nothing with it."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    import PIL.Image

    def read(path: Path) -> int:
        with PIL.Image.open(path) as image:
            return np.asarray(image).size

    files = [path for folder in folders for path in sorted(Path(folder).iterdir())]
    with ThreadPoolExecutor(cores()) as pool:
        return {"pixels": sum(pool.map(read, files, chunksize=16))}


def loop(predictions: str, annotations: str) -> dict[str, float]:
    """What one would write without a library."""
    import numpy as np
    import PIL.Image

    matrix = np.zeros((150, 150), np.int64)
    for path in sorted(Path(annotations).iterdir()):
        labels = np.array(PIL.Image.open(path)).astype(np.int64) - 1
        predicted = np.array(PIL.Image.open(Path(predictions) / path.name)).astype(np.int64) - 1
        kept = labels >= 0
        cells = 150 * labels[kept] + predicted[kept]
        matrix += np.bincount(cells, minlength=150 * 150).reshape(150, 150)
    return {"right": int(np.trace(matrix))}


def logits(name: str, quick: str) -> dict[str, float]:
    """Memory that one way to count needs beyond its inputs."""
    from benchmarks import logits as ways

    tiny = ways.inputs("scene", batch=1, quick=True)
    ways.contenders(*tiny)[name]()  # loads and compiles what it needs
    if quick == "1":
        x, labels = tiny
    else:
        x, labels = ways.inputs("scene", batch=1)
    if name == ways.LAST:
        import torch

        x = x.to(memory_format=torch.channels_last)  # so that the conversion is not counted
    way = ways.contenders(x, labels)[name]
    before = forget_peak()
    way()
    return {"extra_mib": peak_mib() - before}


def main() -> None:
    """Run a mode and report."""
    mode, *arguments = sys.argv[1:]
    modes = {"evaluate": evaluate, "decode": decode, "loop": loop, "logits": logits}
    found = modes[mode](*arguments)
    print(json.dumps({"cpu_seconds": time.process_time(), "peak_mib": peak_mib(), **found}))


if __name__ == "__main__":
    main()
