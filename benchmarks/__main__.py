"""`python -m benchmarks`, or `make bench`: measure, print, and put the numbers into data/speed.csv.

A group is a module of this folder with the name `GROUP` and a function `run(settings)` that returns its rows.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

from benchmarks import harness

GROUPS = {  # in the order in which they run
    "counting": "two masks to a confusion matrix, beside six other ways",
    "logits": "low-resolution logits to a confusion matrix: time and memory",
    "folder": "adebook evaluate on 100, 1,000 and 10,000 pairs of masks",
    "loading": "from files to batches, beside Pillow, datasets and torchvision used plainly",
    "training": "adebook.training.fit beside plain loops of PyTorch and Lightning",
    "gpu": "masks and logits on a CUDA device, where there is one",
}


def main(argv: list[str] | None = None) -> int:
    """Run the groups that were asked for."""
    argv = sys.argv[1:] if argv is None else argv
    listed = "\n".join(f"  {name:<10}{what}" for name, what in GROUPS.items())
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        epilog=f"groups:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="what to measure; all without any")
    parser.add_argument(
        "--quick", action="store_true", help="tiny inputs, to try it; writes no table unasked"
    )
    parser.add_argument("--compile", action="store_true", help="torch.compile of the usual way, too")
    parser.add_argument("--output", type=Path, help="the table to write (default: data/speed.csv)")
    args = parser.parse_args(argv)
    if unknown := [name for name in args.groups if name not in GROUPS]:
        parser.error(f"unknown group {unknown[0]!r}; there are {', '.join(GROUPS)}")
    output = args.output or (None if args.quick else harness.TABLE)
    settings = harness.Settings(quick=args.quick, compile=args.compile)
    machine = harness.machine()
    print(f"{machine}\n{harness.versions()}", flush=True)
    rows = []
    for name in args.groups or GROUPS:
        start = time.perf_counter()
        found = importlib.import_module(f"benchmarks.{name}").run(settings)
        rows += found
        print(harness.markdown(found), flush=True)
        print(f"\n{name}: {time.perf_counter() - start:.0f} s", flush=True)
    if output is not None:
        arguments = " ".join(argv)
        harness.write(output, rows, machine, f'make bench ARGS="{arguments}"' if arguments else "make bench")
        print(f"Written to {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
