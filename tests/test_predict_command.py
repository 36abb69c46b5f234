"""`adebook predict`: what it writes, what it refuses, and that `adebook evaluate` scores it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from conftest import write_pair

import adebook
from adebook import checkpoints, palette, predict_command
from adebook._mask_files import read_mask
from adebook.cli import main
from adebook.inference import predict
from adebook.models import build


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    checkpoints.save_model(
        path,
        build("small-fpn", teaching=True),
        build={"key": "small-fpn", "num_classes": 150, "teaching": True, "image_size": 128},
        preprocessing={"mean": (0.5,) * 3, "std": (0.25,) * 3, "short_side": 96, "long_side": 384},
        about={"license": "MIT"},
    )
    return path


@pytest.fixture
def pictures(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.png", "deep/a.jpg")):
        noise = np.random.default_rng(number).integers(0, 256, (30 + number, 40, 3), dtype=np.uint8)
        PIL.Image.fromarray(noise).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def the_command(*arguments: object) -> int:
    return main(["predict", *map(str, arguments)])


def written(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def test_a_folder(pictures, model_file, tmp_path, capsys):
    out = tmp_path / "out"
    assert the_command(pictures, "--model", model_file, "--out", out) == 0
    assert written(out) == [
        "legend.png",
        "masks/a.png",
        "masks/b.png",
        "masks/deep/a.png",
        "overlays/a.jpg",
        "overlays/b.jpg",
        "overlays/deep/a.jpg",
    ]
    said = capsys.readouterr()
    assert said.out == (
        f"3 of 3 pictures predicted: {out / 'masks'}, {out / 'overlays'}\n"
        f"Left out for their ending: 1 of the files in the folders\n"
    )
    expected = predict(checkpoints.load_model(model_file), pictures / "b.png")
    mask = PIL.Image.open(out / "masks/b.png")
    assert np.array_equal(read_mask(out / "masks/b.png", "b"), expected.mask)
    assert np.array_equal(np.asarray(mask.convert("RGB")), palette.colorize(expected.mask))
    assert PIL.Image.open(out / "overlays/b.jpg").size == (40, 31)


def test_files_by_name_and_the_modes(pictures, model_file, tmp_path):
    for mode in ("whole", "sliding", "multiscale"):
        out = tmp_path / mode
        assert the_command(pictures / "b.png", "--model", model_file, "--out", out, "--mode", mode) == 0
        model = checkpoints.load_model(model_file)
        expected = predict(model, pictures / "b.png", mode=mode).mask
        assert np.array_equal(read_mask(out / "masks/b.png", "b"), expected)


def test_a_broken_picture_does_not_stop_the_others(pictures, model_file, tmp_path, capsys):
    (pictures / "b.png").write_bytes(b"no picture")
    PIL.Image.new("I;16", (4, 4)).save(pictures / "c.png")
    out = tmp_path / "out"
    assert the_command(pictures, "--model", model_file, "--out", out) == 1
    said = capsys.readouterr()
    assert f"adebook predict: {pictures / 'b.png'}: the picture cannot be read" in said.err
    assert f"adebook predict: {pictures / 'c.png'} is 16-bit gray" in said.err
    assert said.out.startswith("2 of 4 pictures predicted")
    assert written(out / "masks") == ["a.png", "deep/a.png"]


def test_nothing_is_overwritten_unasked(pictures, model_file, tmp_path, capsys):
    out = tmp_path / "out"
    (out / "overlays" / "deep").mkdir(parents=True)
    (out / "overlays" / "deep" / "a.jpg").write_text("mine")
    assert the_command(pictures, "--model", model_file, "--out", out) == 1
    assert "deep/a.jpg: there already. Cure: another --out, or --overwrite." in capsys.readouterr().err
    assert written(out) == ["overlays/deep/a.jpg"]
    assert (out / "overlays" / "deep" / "a.jpg").read_text() == "mine"
    assert the_command(pictures, "--model", model_file, "--out", out, "--overwrite") == 0
    assert PIL.Image.open(out / "overlays" / "deep" / "a.jpg").size == (40, 32)


def test_what_was_predicted_is_no_input(pictures, model_file, tmp_path):
    out = pictures / "predicted"
    for _ in range(2):
        assert the_command(pictures, "--model", model_file, "--out", out, "--overwrite") == 0
    assert len(written(out / "masks")) == 3


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PIL.Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        predict_command.save_mask(np.ones((2, 3), np.uint8), tmp_path / "a.png")
    assert written(tmp_path) == []


def test_two_pictures_of_one_name(pictures, model_file, tmp_path, capsys):
    shutil.copy(pictures / "a.jpg", pictures / "b.jpg")
    assert the_command(pictures, "--model", model_file, "--out", tmp_path / "out") == 1
    assert "would both be written as b.png" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_refused(pictures, model_file, tmp_path, root, capsys):
    def message(*arguments: object) -> str:
        assert the_command(*arguments, "--out", tmp_path / "out") == 1
        return capsys.readouterr().err

    assert "nowhere.jpg does not exist" in message(tmp_path / "nowhere.jpg", "--model", model_file)
    (tmp_path / "empty").mkdir()
    assert "has no pictures (.bmp" in message(tmp_path / "empty", "--model", model_file)
    assert "is a whole data set" in message(root, "--model", model_file)
    assert "no checkpoint has the name 'segformer'; did you mean" in message(pictures, "--model", "segformer")
    assert "gone.safetensors is not there" in message(pictures, "--model", tmp_path / "gone.safetensors")
    assert the_command(pictures, "--model", model_file, "--out", pictures / "a.jpg") == 1
    assert "is a file. Cure: name a folder" in capsys.readouterr().err


def test_evaluate_scores_what_predict_writes(model_file, tmp_path):
    """From the command line to the command line, on Dollhouse."""
    check_round_trip(adebook.load("dollhouse", "validation"), model_file, tmp_path)


@pytest.mark.real
def test_evaluate_scores_what_predict_writes_on_real_pictures(real_root, model_file, tmp_path):
    check_round_trip(adebook.load("sceneparse150", "validation", root=real_root), model_file, tmp_path)


def check_round_trip(rows, model_file: Path, tmp_path: Path, count: int = 3) -> None:
    images, truth = tmp_path / "images", tmp_path / "truth"
    for folder, column in ((images, "image"), (truth, "annotation")):
        folder.mkdir()
        for cell in rows.data.column(column).to_pylist()[:count]:
            shutil.copy(cell["path"], folder)
    assert the_command(images, "--model", model_file, "--out", tmp_path / "out") == 0
    result = tmp_path / "scores.json"
    scored = main(
        ["evaluate", str(tmp_path / "out/masks"), str(truth), "--ids", "official", "--json", str(result)]
    )
    assert scored == 0
    scores = json.loads(result.read_text())
    assert (scores["images"], scores["images_scored"]) == (count, count)
    # The score of the same model, counted here.
    model, cm = checkpoints.load_model(model_file), adebook.ConfusionMatrix()
    for path in sorted(images.glob("*.jpg")):
        target = adebook.labels.to_train_ids(read_mask(truth / f"{path.stem}.png", path.stem))
        cm.update(predict(model, path).mask - 1, target)
    assert scores["pixel_accuracy"] == cm.scores().pixel_accuracy
    assert scores["mean_iou"] == cm.scores().mean_iou


def test_from_a_shell(pictures, model_file, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "adebook", "predict", pictures / "a.jpg", "--model", model_file, "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 of 1 pictures predicted")


def test_help_names_the_modes(capsys):
    with pytest.raises(SystemExit):
        the_command("--help")
    assert "{whole,sliding,multiscale}" in capsys.readouterr().out


def test_pictures_are_found_in_a_data_set(root):
    write_pair(root, "validation", "ADE_val_00000009", np.ones((9, 12), np.uint8))
    found, others = predict_command.find_pictures([root / "images" / "validation"], root / "out")
    assert list(found) == [f"ADE_val_{n:08d}" for n in (1, 2, 3, 4, 5, 9)]
    assert others == 0
