"""The benchmarks: every contender counts the same, the table is whole. No test looks at a time."""

import csv
import itertools
import math
import mmap
import re
import types
from pathlib import Path

import numpy as np
import pytest

from adebook import ConfusionMatrix
from benchmarks import __main__ as command
from benchmarks import child, counting, gpu, harness, logits, masks, peers
from benchmarks.harness import Row, Settings

ROOT = Path(__file__).resolve().parent.parent
QUICK = Settings(quick=True)
GROUPS = ("counting", "logits", "folder", "gpu")  # a group that is added is tested with what it measures


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> list[dict[str, str]]:
    """The table that one quick run writes."""
    file = tmp_path_factory.mktemp("bench") / "speed.csv"
    assert command.main([*GROUPS, "--quick", "--output", str(file)]) == 0
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def the_table_is_whole(rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == list(harness.COLUMNS)
    assert len({row["key"] for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+){3}", row["key"])
        low, median, high = (float(row[name]) for name in ("low", "median", "high"))
        assert 0 <= low <= median <= high
        assert int(row["repetitions"]) >= 1
        assert all(
            row[name] for name in ("group", "case", "contender", "quantity", "unit", "date", "machine")
        )
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"])
        assert "numpy " in row["versions"]
        assert row["source"].startswith("make bench")
        ratios = [row[name] for name in ("ratio_low", "ratio", "ratio_high")]
        if row["reference"]:
            assert float(ratios[0]) <= float(ratios[1]) <= float(ratios[2])
            of_reference = [
                r
                for r in rows
                if (r["group"], r["case"], r["contender"]) == (row["group"], row["case"], row["reference"])
            ]
            assert {r["ratio"] for r in of_reference if r["reference"] == r["contender"]} == {"1"}
        else:
            assert ratios == ["", "", ""]


def test_a_quick_run_measures_all(table):
    the_table_is_whole(table)
    seen = {(row["group"], row["contender"]) for row in table}
    assert seen >= {
        ("counting", name)
        for name in (
            "adebook",
            "NumPy bincount",
            "torchmetrics",
            "Hugging Face evaluate",
            "MIT devkit",
            "mmsegmentation",
            "scikit-learn",
            "copying both masks",
        )
    }
    assert seen >= {("logits", name) for name in (logits.OURS, logits.USUAL, logits.LAST)}
    assert {row["unit"] for row in table if row["group"] == "folder"} >= {"s", "images/s", "%", "cores"}
    assert {row["case"] for row in table if row["group"] == "counting"} == {
        f"{kind} masks, {dtype}, 1 thread"
        for kind, dtype in itertools.product(("blocky and noisy", "rendered"), ("uint8", "int64"))
    }


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system does not tell its peaks")
def test_memory_is_measured(table):
    peaks = {
        row["contender"]: float(row["median"])
        for row in table
        if row["unit"] == "MiB" and row["group"] == "logits"
    }
    assert peaks.pop("the upsampled logits") == pytest.approx(150 * 64 * 64 * 4 / 2**20, rel=1e-3)
    assert set(peaks) == {logits.OURS}


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system does not tell its peaks")
def test_a_peak_is_seen_and_forgotten():
    before = child.forget_peak()
    block = mmap.mmap(
        -1, 32 << 20
    )  # new pages, which an array in a process that has run for long need not be
    np.frombuffer(block, np.uint8)[:] = 1
    block.close()
    assert 31 < child.peak_mib() - before < 40
    before = child.forget_peak()
    assert child.peak_mib() - before < 5


def test_the_table_in_the_book_is_one_of_these():
    if not harness.TABLE.exists():
        pytest.skip("data/speed.csv is not there: make bench writes it")
    with harness.TABLE.open(encoding="utf-8", newline="") as lines:
        the_table_is_whole(list(csv.DictReader(lines)))


def test_the_gpu_path_runs_on_the_cpu(capsys):
    rows = gpu.rows_on("cpu", "no GPU", lambda: None, QUICK)
    assert {row.unit for row in rows} == {"GB/s", "s", "Mpixel/s", "%"}
    assert {row.contender for row in rows} >= {
        gpu.COPY,
        logits.OURS,
        logits.USUAL,
        f"{logits.USUAL}, in float32",
    }


def test_no_gpu_is_said(capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.run(QUICK) == []
    assert "no GPU: skipped" in capsys.readouterr().out


# --- the peers ---


def test_peers_agree_with_the_definition():
    rng = np.random.default_rng(0)
    labels = rng.choice([0, 1, 7, 149, 255], size=(3, 11, 13)).astype(np.uint8)
    predictions = rng.choice([0, 1, 7, 80, 149], size=labels.shape).astype(np.uint8)
    expected = np.zeros((150, 150), np.int64)
    for predicted, labeled in zip(predictions.ravel(), labels.ravel(), strict=True):
        if labeled != 255:
            expected[labeled, predicted] += 1
    assert (peers.numpy_bincount(predictions, labels) == expected).all()
    assert (peers.scikit_learn(predictions, labels) == expected).all()
    for name in ("hugging_face_evaluate",):
        sums = getattr(peers, name)(predictions, labels)
        assert [s.tolist() for s in sums] == [
            np.diag(expected).tolist(), expected.sum(axis=0).tolist(), expected.sum(axis=1).tolist()
        ]  # fmt: skip


def test_a_peer_that_counts_otherwise_is_not_timed(monkeypatch):
    def off_by_one(predictions, labels):
        matrix = numpy_bincount(predictions, labels)
        matrix[3, 4] += 1
        return matrix

    numpy_bincount = peers.numpy_bincount
    expected = numpy_bincount(*masks.blocky(1, 20, 20))
    with pytest.raises(AssertionError, match="wrong counts otherwise"):
        peers.check_equal(expected, {"wrong": lambda: off_by_one(*masks.blocky(1, 20, 20))})
    sums = (np.diag(expected), expected.sum(axis=0), expected.sum(axis=1))
    peers.check_equal(expected, {"right": lambda: sums})
    with pytest.raises(AssertionError, match="swapped counts otherwise"):
        peers.check_equal(expected, {"swapped": lambda: (sums[0], sums[2], sums[1])})


@pytest.mark.parametrize("wrong", ["torchmetrics_matrix", "mmsegmentation", "mit_devkit"])
def test_the_groups_check_before_they_time(monkeypatch, wrong):
    right = getattr(peers, wrong)

    def broken(*arguments):
        found = right(*arguments)
        return tuple(part + 1 for part in found) if isinstance(found, tuple) else found + 1

    monkeypatch.setattr(peers, wrong, broken)
    monkeypatch.setattr(counting, "in_turns", lambda *_: pytest.fail("it was timed"))
    with pytest.raises(AssertionError, match="counts otherwise"):
        counting.run(QUICK)


def test_logits_that_are_counted_otherwise_are_not_timed(monkeypatch):
    monkeypatch.setattr(ConfusionMatrix, "update_from_logits", lambda *_: None)
    monkeypatch.setattr(logits, "in_turns", lambda *_: pytest.fail("it was timed"))
    with pytest.raises(AssertionError, match="adebook counts otherwise"):
        logits.run(QUICK)


# --- masks ---


def test_predictions_are_plausible():
    for predictions, labels in (masks.blocky(2, 64, 70), masks.rendered(3)):
        assert predictions.dtype == labels.dtype == np.uint8
        assert predictions.max() < 150
        assert set(np.unique(labels)) <= {*range(150), 255}
        matrix = ConfusionMatrix()
        matrix.update(predictions, labels)
        assert 0.5 < matrix.scores().pixel_accuracy < 0.95


# --- the harness ---


def test_contenders_take_turns(monkeypatch):
    clock = itertools.count(step=1.0)
    monkeypatch.setattr(harness, "time", types.SimpleNamespace(perf_counter=lambda: next(clock)))
    order = []
    ways = {name: lambda name=name: order.append(name) for name in "abc"}
    seconds = harness.in_turns(ways, 3)
    assert (
        "".join(order) == "aabbcc" + "abc" * 3
    )  # once to warm up, once to see how long it takes, then in turns
    assert seconds == {name: [1.0] * 3 for name in "abc"}


def test_ratios_are_taken_round_by_round():
    rows = harness.speed_rows(("g", "c"), {"us": [1.0, 2.0, 4.0], "them": [3.0, 4.0, 20.0]}, "us")
    us, them = rows
    assert (us.median, us.ratio) == (2.0, 1.0)
    assert (them.median, them.low, them.high, them.unit) == (4.0, 3.0, 20.0, "s")
    assert (them.ratio, them.ratio_low, them.ratio_high) == (3.0, 2.0, 5.0)  # and not 4 / 2
    assert them.key == "g/c/them/time"


def test_speeds_account_for_the_work():
    rows = harness.speed_rows(
        ("g", "c"), {"us": [2.0], "them": [1.0]}, "us", {"us": 8.0, "them": 1.0}, "Mpixel/s"
    )
    assert [(row.median, row.ratio, row.quantity) for row in rows] == [
        (4.0, 1.0, "speed"),
        (1.0, 4.0, "speed"),
    ]


def test_a_run_replaces_its_groups_and_leaves_the_others(tmp_path):
    file = tmp_path / "speed.csv"

    def one(group: str, value: float) -> Row:
        return harness.row((group, "case"), "x", "time", "s", [value])

    harness.write(file, [one("b", 1.0), one("a", 2.0)], "here", "make bench")
    harness.write(file, [one("b", 3.0)], "there", 'make bench ARGS="b"')
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["group"], float(row["median"])) for row in rows] == [("a", 2.0), ("b", 3.0)]
    assert [row["machine"] for row in rows] == ["here", "there"]
    assert rows[1]["source"].startswith('make bench ARGS="b"')
    assert list(tmp_path.iterdir()) == [file]
    before = file.read_text()
    harness.write(file, [], "there", "make bench")  # nothing measured, e.g. no GPU: nothing lost
    assert file.read_text() == before


def test_a_busy_machine_is_called_so(monkeypatch):
    monkeypatch.setattr(harness.os, "getloadavg", lambda: (7.6, 0.0, 0.0), raising=False)
    assert harness.machine().endswith(", busy (load 8)")
    monkeypatch.setattr(harness.os, "getloadavg", lambda: (0.4, 0.0, 0.0), raising=False)
    assert "busy" not in harness.machine()


def test_a_child_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"benchmarks\.child evaluate [\s\S]*does not exist"):
        harness.in_a_process("evaluate", "/nowhere", "/nowhere")


def test_the_command(tmp_path, monkeypatch, capsys):
    ran = []
    row = harness.row(("a", "case"), "x", "time", "s", [math.pi])

    def module(name: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(run=lambda settings: ran.append((name, settings)) or [row])

    monkeypatch.setattr(command.importlib, "import_module", module)
    monkeypatch.setattr(harness, "TABLE", tmp_path / "speed.csv")
    assert command.main(["counting", "--quick"]) == 0
    assert ran == [("benchmarks.counting", Settings(quick=True))]
    assert not harness.TABLE.exists()
    assert "| x | time | 3.142 s | 3.142 .. 3.142 |" in capsys.readouterr().out
    assert command.main(["counting"]) == 0
    assert harness.TABLE.exists()
    with pytest.raises(SystemExit):
        command.main(["cuonting"])
    assert "unknown group 'cuonting'" in capsys.readouterr().err


def test_every_group_is_there():
    for name, what in command.GROUPS.items():
        assert (ROOT / "benchmarks" / f"{name}.py").is_file()
        assert what


def test_make_bench():
    assert re.search(
        r"^bench: .*\n\t@\$\(BIN\)/python -m benchmarks \$\(ARGS\)$", (ROOT / "Makefile").read_text(), re.M
    )
