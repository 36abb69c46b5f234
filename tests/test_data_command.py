"""`adebook data`: what it prints, what it writes, and its exit status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import write_pair

from adebook import cli
from adebook.statistics import Statistics, measure

RUN = [sys.executable, "-m", "adebook", "data"]


def environment(**changes: str) -> dict[str, str]:
    """No source is set but by the test."""
    kept = {k: v for k, v in os.environ.items() if k not in ("ADEBOOK_SOURCE", "ADE20K_ROOT")}
    return kept | {"ADEBOOK_CACHE": "/nowhere/adebook"} | changes


def run(*arguments: object, **changes: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*RUN, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(**changes),
    )


def test_info_says_where_and_how(root):
    done = run("info", ADE20K_ROOT=str(root), ADEBOOK_SOURCE="sceneparse150")
    assert done.returncode == 0, done.stderr
    first, second, *_, last = done.stdout.split("\n\n")
    assert first.startswith("dollhouse: Dollhouse (rendered)")
    assert "CC0" in first
    assert "non-commercial" in second
    assert str(root) in second
    assert "training   2 pictures" in second
    assert "validation 5 pictures" in second
    assert last.startswith("adebook.load() takes 'sceneparse150' (ADEBOOK_SOURCE)")


def test_info_without_the_benchmark_says_how_to_get_it():
    done = run("info")
    assert done.returncode == 0, done.stderr
    assert "missing  The source 'sceneparse150' was asked for" in done.stdout
    assert "967,382,037 bytes" in done.stdout
    assert "takes 'dollhouse' (the default). Downloads go to /nowhere/adebook." in done.stdout


def test_download_of_what_cannot_be_downloaded(tmp_path):
    done = run("download", "dollhouse", "--root", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("adebook data: There is no archive of 'dollhouse'")


def test_download_hands_over_and_prints_the_folder(tmp_path):
    code = """
import sys
from pathlib import Path
from adebook import cli, downloads
downloads.download = lambda what, root: Path(root) / what
sys.exit(cli.main(["data", "download", "sceneparse150-test", "--root", sys.argv[1]]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'sceneparse150-test'}\n"), done.stderr


def test_verify_good_and_bad(root):
    done = run("verify", "sceneparse150", "--root", root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every file is good" in done.stdout
    masks = root / "annotations" / "validation"
    (masks / "ADE_val_00000002.png").unlink()
    (masks / "notes.txt").write_text("?")
    damaged = masks / "ADE_val_00000003.png"
    damaged.write_bytes(damaged.read_bytes()[:50])
    done = run("verify", "sceneparse150", "--root", root)
    assert done.returncode == 1
    assert "missing: annotations/validation/ADE_val_00000002.png" in done.stdout
    assert "extra: annotations/validation/notes.txt" in done.stdout
    assert "ADE_val_00000003.png: the mask is damaged" in done.stdout
    done = run("verify", "sceneparse150", "--root", root / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not exist" in done.stderr


def test_stats_prints_the_table_and_writes_files(root, tmp_path):
    out = tmp_path / "out"
    arguments = ("sceneparse150", "--root", root, "--colors", "--objects", "regions", "--out", out)
    done = run("stats", *arguments)
    assert done.returncode == 0, done.stderr
    assert "SceneParse150 (photographs), validation: 5 pictures, 540 pixels" in done.stdout
    assert "1 size, most often 12 x 9 (5 times, 100.0%); 2 scene labels" in done.stdout
    expected = measure(root, colors=True, objects="regions")
    mean = " ".join(f"{value:.4f}" for value in expected.colors()["mean"])
    assert f"mean {mean}, deviation" in done.stdout
    classes = expected.classes()
    top = classes.sort_values(["pixels", "id"], ascending=[False, True]).iloc[0]
    rows = [line.split() for line in done.stdout.splitlines()]
    header = next(i for i, row in enumerate(rows) if row[:2] == ["id", "name"])
    assert rows[header][-1] == "objects"
    assert rows[header + 1][0] == str(top["id"])
    assert Statistics.load(out) == expected
    again = run("stats", *arguments)
    assert again.stdout == done.stdout


def test_stats_of_the_chosen_source(root):
    done = run("stats", "--split", "training", ADEBOOK_SOURCE="sceneparse150", ADE20K_ROOT=str(root))
    assert done.returncode == 0, done.stderr
    assert "training: 2 pictures" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_stats_go_on_after_being_killed(tmp_path):
    folder, out = tmp_path / "many", tmp_path / "out"
    rng = np.random.default_rng(0)
    for number in range(24):
        mask = rng.integers(0, 151, (9, 12), dtype=np.uint8)
        write_pair(folder, "validation", f"ADE_val_{number:08d}", mask)
    code = """
import sys, time
from adebook import cli, statistics
update, done = statistics.Statistics.update, 0
def slow(self, *arguments, **options):
    global done
    done += 1
    if done == 12:
        print("half", flush=True)
        time.sleep(60)
    return update(self, *arguments, **options)
statistics.Statistics.update = slow
sys.exit(cli.main(sys.argv[1:]))
"""
    arguments = ["stats", "sceneparse150", "--root", str(folder), "--out", str(out)]
    for how, status in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        child = subprocess.Popen(
            [sys.executable, "-c", code, "data", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            # A shell that puts a command in the background has it ignore SIGINT, and what it starts as well.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert child.stdout.readline() == "half\n"
        time.sleep(0.2)
        child.send_signal(how)
        _, errors = child.communicate(timeout=30)
        assert child.returncode == status
        if how == signal.SIGINT:
            assert "the same command goes on from here" in errors
            assert len(list((out / "parts").glob("*.npz"))) == 1
            # the second run counts the 16 that are left, and is stopped at the 12th of them
    assert len(list((out / "parts").glob("*.npz"))) == 2
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert Statistics.load(out) == measure(folder)


@pytest.mark.parametrize(
    "arguments, status, says",
    [
        ([], 2, "ACTION"),
        (["stats", "coco"], 2, "invalid choice: 'coco'"),
        (["stats", "--split", "test"], 2, "invalid choice: 'test'"),
        (["stats", "sceneparse150"], 1, "ADE20K_ROOT"),
        (["stats", "dollhouse", "--workers", "0"], 1, "workers is 0"),
        (["stats", "--root", "/nowhere"], 1, "does not exist"),
    ],
)
def test_wrong_usage(arguments, status, says, capsys, monkeypatch):
    for name in ("ADEBOOK_SOURCE", "ADE20K_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ADEBOOK_CACHE", "/nowhere/adebook")
    try:
        assert cli.main(["data", *arguments]) == status
    except SystemExit as wrong:
        assert wrong.code == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert says in printed.err


def test_an_unwritable_place_is_named(root, tmp_path):
    file = Path(tmp_path / "file")
    file.write_text("")
    done = run("stats", "sceneparse150", "--root", root, "--out", file)
    assert done.returncode == 1
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr
