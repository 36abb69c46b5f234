"""Count every model of the zoo and write data/models.csv.

    python tools/count_models.py                       # all rows, one model at a time
    python tools/count_models.py segformer-b5 eva02-l  # only these; the other rows stay as they are
    python tools/count_models.py --counts              # only what is counted: a minute or two

Published sizes are counted on the meta device. Where they have fewer than 500 million parameters they also
see one real picture of 128 x 128 on the CPU. The teaching sizes are put through torch.compile and
torch.export. A count that is more than 2 % off the published one needs a reason in REASONS (a test holds it).
"""

import argparse
import csv
import gc
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch

from adebook import facts
from adebook.models import ENTRIES, build, keys
from adebook.models.measure import Measurement, measure

OUT = Path(__file__).resolve().parent.parent / "data" / "models.csv"
COLUMNS = [
    *(
        "key",
        "model",
        "teaching",
        "params_m",
        "backbone_params_m",
        "training_params_m",
        "gflops_512",
        "stride",
    ),
    *("own_lines", "libraries", "published_params_m", "params_of", "ratio", "reason", "cpu_output_128"),
    *("torch_compile", "torch_export", "source"),
]
TRIED = ("cpu_output_128", "torch_compile", "torch_export")
LARGEST_ON_CPU = 500  # million parameters
LIMIT = 180  # seconds for each of torch.compile and torch.export

#: Counts that data/leaderboard.csv does not have: millions, of what, where printed.
PUBLISHED = {
    f"segformer-b{i}": (millions, "whole", "SegFormer paper, Table 1")
    for i, millions in ((1, 13.7), (2, 27.5), (3, 47.3), (4, 64.1))
} | {"deeplabv3plus-r101": (62.7, "whole", "SegFormer paper, Table 2 (MMSegmentation's network)")}

#: Why a count is more than 2 % off.
REASONS = {
    "beit3-g": "1900 counts the language and vision-language experts, too; pictures pass through the vision "
    "part alone",
    "deeplabv3plus-r101": "62.7 is MMSegmentation's network, whose head is wider (recalled)",
    "dinov2-g-mask2former": "1100 is rounded; timm's ViT-g/14 has 1136",
    "vit-comer-l": "604 is the paper's count; the authors' repository prints 633.6",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("keys", nargs="*", choices=[[], *keys()], help="models to count (default: all)")
    parser.add_argument(
        "--counts", action="store_true", help="count only, and keep the columns that take minutes"
    )
    args = parser.parse_args()
    for key in args.keys or keys():
        rows = [published_row(key), teaching_row(key)]
        if not args.counts:
            try_out(key, *rows)
        for row in rows:
            print({name: row[name] for name in COLUMNS if name not in ("libraries", "source")}, flush=True)
        write(rows)
        gc.collect()


def published_row(key: str) -> dict[str, object]:
    """Counts beside what is published."""
    counted = measure(key)
    row = _counts(key, counted, teaching=False)
    millions, of, where = published(key)
    if millions is None:
        row["reason"] = "no published count"
    else:
        ours = counted.backbone_parameters if of == "backbone" else counted.parameters
        ratio = ours / 1e6 / millions
        row |= {"published_params_m": f"{millions:g}", "params_of": of, "ratio": f"{ratio:.3f}"}
        row["source"] += f"; published count: {where}"
        if abs(ratio - 1) > 0.02:
            row["reason"] = REASONS.get(key, "")
    return row


def teaching_row(key: str) -> dict[str, object]:
    """Counts of the teaching size."""
    return _counts(key, measure(key, teaching=True), teaching=True)


def try_out(key: str, whole: dict[str, object], small: dict[str, object]) -> None:
    """Fill in what a real picture, torch.compile and torch.export say."""
    if float(whole["params_m"]) < LARGEST_ON_CPU:
        with torch.no_grad():
            output = build(key, image_size=128).eval()(torch.rand(1, 3, 128, 128))
        assert output.isfinite().all(), key
        whole["cpu_output_128"] = "x".join(map(str, output.shape))
    small |= {"torch_compile": compiles(key), "torch_export": exports(key)}


def published(key: str) -> tuple[float | None, str, str]:
    """The published count: millions, of what, and where it is from."""
    board = facts.table("leaderboard").set_index("key")
    if key in board.index and board.loc[key, "params_m"] == board.loc[key, "params_m"]:  # not NaN
        return float(board.loc[key, "params_m"]), board.loc[key, "params_of"], "data/leaderboard.csv"
    return PUBLISHED.get(key, (None, "", ""))


def compiles(key: str) -> str:
    """ "whole": one graph, same logits; "in parts": works with breaks; else why not.

    The graph is captured and differentiated (backend "aot_eager"); code is not generated from it, which would
    take minutes for each model.
    """

    def attempt(whole: bool) -> None:
        torch._dynamo.reset()
        model, picture = build(key, teaching=True).eval(), torch.rand(1, 3, 128, 128)
        with torch.no_grad():
            compiled = torch.compile(model, backend="aot_eager", fullgraph=whole)(picture)
            torch.testing.assert_close(compiled, model(picture), rtol=1e-3, atol=1e-3)

    answer = _tried(lambda: attempt(whole=True), "whole")
    return answer if answer == "whole" or _tried(lambda: attempt(whole=False), "") else f"in parts: {answer}"


def exports(key: str) -> str:
    """ "yes": one graph for 128 x 128, same logits; else why not."""

    def attempt() -> None:
        model, picture = build(key, teaching=True).eval(), torch.rand(1, 3, 128, 128)
        with torch.no_grad():
            exported = torch.export.export(model, (picture,)).module()(picture)
            torch.testing.assert_close(exported, model(picture), rtol=1e-3, atol=1e-3)

    return _tried(attempt, "yes")


def _tried(attempt: Callable[[], None], success: str) -> str:
    try:
        with _time_limit(LIMIT):
            attempt()
    except Exception as error:  # whatever goes wrong is the answer
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
        return f"{type(error).__name__}: {lines[0]}"[:200].strip()
    return success


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"not done in {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _counts(key: str, counted: Measurement, *, teaching: bool) -> dict[str, object]:
    libraries = ENTRIES[key].requires
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", *libraries))
    return dict.fromkeys(COLUMNS, "") | {
        "key": f"{key}-teaching" if teaching else key,
        "model": key,
        "teaching": int(teaching),
        "params_m": f"{counted.parameters / 1e6:.2f}",
        "backbone_params_m": f"{counted.backbone_parameters / 1e6:.2f}",
        "training_params_m": f"{counted.training_parameters / 1e6:.2f}",
        "gflops_512": f"{counted.flops / 1e9:.1f}",
        "stride": counted.stride,
        "own_lines": counted.own_lines,
        "libraries": ";".join(libraries),
        "source": f"counted by tools/count_models.py with {versions}",
    }


def write(rows: list[dict[str, object]]) -> None:
    """Put rows in the place of those with their keys; the table has the order of the zoo."""
    table = {}
    if OUT.exists():
        with OUT.open(encoding="utf-8", newline="") as file:
            table = {row["key"]: row for row in csv.DictReader(file)}
    for row in rows:
        old = table.get(row["key"], {})
        table[row["key"]] = row | {name: old[name] for name in TRIED if old.get(name) and not row[name]}
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table[name] for key in keys() for name in (key, f"{key}-teaching") if name in table)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
