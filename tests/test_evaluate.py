"""Scoring folders: what is counted, what is refused and how it is said, and which files are written."""

import csv
import json
import math
import os
import signal
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adebook.cli import main
from adebook.evaluate import Evaluation, ImageScore, evaluate_folders
from adebook.labels import to_official_ids, to_train_ids
from adebook.metrics import ConfusionMatrix


def save(path: Path, mask, dtype=np.uint8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.asarray(mask, dtype)
    if path.suffix.lower() == ".npy":
        np.save(path, array)
    else:
        PIL.Image.fromarray(array).save(path)


TRUTH = {"a": [[1, 2, 3], [3, 0, 0]], "b": [[5, 5, 5], [0, 7, 7]], "c": [[150, 150, 1], [1, 1, 1]]}
GUESS = {"a": [[1, 2, 2], [3, 3, 9]], "b": [[5, 5, 5], [1, 7, 7]], "c": [[150, 1, 1], [1, 1, 1]]}
# Pixels with a label: 4 + 5 + 6. Right: 3 + 5 + 5.


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    for folder, masks in (("predictions", GUESS), ("truth", TRUTH)):
        for name, mask in masks.items():
            save(tmp_path / folder / f"{name}.png", mask)
    return tmp_path / "predictions", tmp_path / "truth"


def the_command(*arguments: object) -> int:
    return main(["evaluate", *map(str, arguments)])


# --- what is counted ---


def test_by_hand(folders):
    evaluation = evaluate_folders(*folders, ids="official")
    assert (evaluation.images, evaluation.scored, evaluation.complete) == (3, 3, True)
    assert str(evaluation) == "3 of 3 images scored"
    assert evaluation.missing == evaluation.extra == evaluation.mis_sized == evaluation.unreadable == ()
    assert evaluation.matrix.matrix.sum() == 15
    assert np.trace(evaluation.matrix.matrix) == 13
    assert evaluation.matrix.matrix[149].tolist() == [1, *[0] * 148, 1]  # one of class 150 was called wall
    # 1: 5/6; 2: 1/2; 3: 1/2; 5: 3/3; 7: 2/2; 150: 1/2
    assert evaluation.matrix.scores().mean_iou == pytest.approx((5 / 6 + 1 / 2 + 1 / 2 + 1 + 1 + 1 / 2) / 6)


def test_by_image(folders):
    images = []
    evaluate_folders(*folders, ids="official", on_image=images.append)
    a, b, c = images
    assert a == ImageScore("a", 4, 0.75, pytest.approx((1 + 1 / 2 + 1 / 2) / 3), 3)
    assert b == ImageScore("b", 5, 1.0, 1.0, 2)
    assert c == ImageScore("c", 6, pytest.approx(5 / 6), pytest.approx((4 / 5 + 1 / 2) / 2), 2)


@pytest.mark.parametrize("absent", ["exclude", "zero", "exclude_unlabeled"])
def test_kept_images_are_those_that_were_scored(folders, absent):
    save(folders[0] / "d.png", [[4]])
    save(folders[1] / "d.png", [[0]])
    images = []
    evaluation = evaluate_folders(
        *folders, ids="official", absent=absent, keep_images=True, on_image=images.append
    )
    table = evaluation.per_image.table(absent)
    assert table.index.tolist() == [image.name for image in images] == ["a", "b", "c", "d"]
    for column in table.columns:
        assert [getattr(image, column) for image in images] == pytest.approx(
            table[column].tolist(), nan_ok=True
        )
    assert evaluation.per_image.scores().mean_iou == evaluation.matrix.scores().mean_iou
    assert evaluate_folders(*folders, ids="official").per_image is None


def test_an_image_without_labels(folders):
    save(folders[0] / "d.png", [[4]])
    save(folders[1] / "d.png", [[0]])
    images = []
    evaluation = evaluate_folders(*folders, ids="official", on_image=images.append)
    assert evaluation.scored == 4
    assert (images[3].labeled_pixels, images[3].classes) == (0, 0)
    assert math.isnan(images[3].pixel_accuracy)
    assert math.isnan(images[3].mean_iou)


sides = st.integers(1, 9)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    ids=st.sampled_from(["official", "train"]),
    ground_truth_ids=st.sampled_from(["official", "train"]),
    sizes=st.lists(st.tuples(sides, sides), min_size=1, max_size=20),
)
def test_equals_the_matrix(seed, ids, ground_truth_ids, sizes):
    """Whatever the ids, the formats and the folders, it is what a loop over arrays counts."""
    rng = np.random.default_rng(seed)
    forms = [(".png", np.uint8), (".PNG", np.uint16), *((".npy", t) for t in ("u1", "i2", ">i4", "i8", "u8"))]
    expected = ConfusionMatrix()
    with tempfile.TemporaryDirectory() as there:
        for number, size in enumerate(sizes):
            name = f"{'deep/er/' * (number % 3 == 2)}{number}"
            target = to_train_ids(rng.integers(0, 151, size))
            prediction = rng.integers(0, 150, size).astype(np.uint8)
            expected.update(prediction, target)
            if rng.random() < 0.5:
                prediction[target == 255] = 255
            for folder, mask, kind in (
                ("p", prediction, ids),
                ("t", target, ground_truth_ids),
            ):
                suffix, dtype = forms[rng.integers(len(forms))]
                save(
                    Path(there, folder, name + suffix),
                    to_official_ids(mask) if kind == "official" else mask,
                    dtype,
                )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # noise may agree better one class further
            evaluation = evaluate_folders(
                Path(there, "p"), Path(there, "t"), ids=ids, ground_truth_ids=ground_truth_ids
            )
    assert evaluation.scored == len(sizes)
    assert (evaluation.matrix.matrix == expected.matrix).all()


def test_the_indices_of_a_palette_are_the_ids(folders):
    image = PIL.Image.fromarray(np.array(GUESS["a"], np.uint8))
    image.putpalette([200, 10, 10] * 256)
    image.save(folders[0] / "a.png")
    assert evaluate_folders(*folders, ids="official").matrix.matrix.trace() == 13


def test_columns_first_and_a_view_in_a_file(folders):
    (folders[0] / "a.png").unlink()
    np.save(folders[0] / "a.npy", np.asfortranarray(np.array(GUESS["a"], np.int32)))
    assert evaluate_folders(*folders, ids="official").matrix.matrix.trace() == 13


def test_many_images_come_in_order(tmp_path):
    rng = np.random.default_rng(0)
    expected = ConfusionMatrix()
    for number in range(100):
        guess, truth = rng.integers(1, 151, (2, 6, 5))
        save(tmp_path / "p" / f"{number:03}.png", guess)
        save(tmp_path / "t" / f"{number:03}.png", truth)
        expected.update(to_train_ids(guess), to_train_ids(truth))
    images = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        evaluation = evaluate_folders(tmp_path / "p", tmp_path / "t", ids="official", on_image=images.append)
    assert [image.name for image in images] == [f"{number:03}" for number in range(100)]
    assert (evaluation.matrix.matrix == expected.matrix).all()


def test_hidden_files_and_windows_leftovers_are_passed_over(folders):
    for name in (".DS_Store", ".hidden/x.png", "Thumbs.db"):
        for folder in folders:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"?")
    assert evaluate_folders(*folders, ids="official").complete


# --- ids that are not what was said ---


def says(*lines: str):
    return "(?s)" + ".*".join(lines)


def test_train_ids_called_official(folders):
    for name, mask in GUESS.items():
        save(folders[0] / f"{name}.png", np.array(mask) - 1)
    expected = says(
        "2 files hold what is no class:",
        r"a\.png: 0 \(other\) at row 0, column 0, where the annotation has a label \(1 pixel in all\)",
        r"c\.png: 0 \(other\) at row 0, column 1, .*\(5 pixels in all\)",
        "say --ids train",
        "Nothing was scored",
    )
    with pytest.raises(ValueError, match=expected):
        evaluate_folders(*folders, ids="official")
    with pytest.raises(ValueError, match="no class"):
        evaluate_folders(*folders, ids="official", allow_missing=True)
    assert evaluate_folders(*folders, ids="train").matrix.matrix.trace() == 13


def test_official_ids_called_train(folders):
    expected = says(
        "1 file holds what is no class:",
        r"c\.png: 150 at row 0, column 0 \(1 pixel out of range\), but train ids are 0\.\.149 and 255 \(ignore\)",
        "say --ids official",
    )
    with pytest.raises(ValueError, match=expected):
        evaluate_folders(*folders, ids="train")


def test_official_ids_called_train_where_no_value_shows_it(folders):
    for folder in folders:
        (folder / "c.png").unlink()
    with pytest.warns(UserWarning, match=r"88\.9% .* would agree .* only 11\.1% agree.*--ids"):
        evaluate_folders(*folders, ids="train")


def test_train_ids_called_official_where_no_value_shows_it(tmp_path):
    save(tmp_path / "p" / "a.png", [[4, 6, 9]])
    save(tmp_path / "t" / "a.png", [[5, 7, 10]])
    with pytest.warns(UserWarning, match=r"100\.0% .* only 0\.0%"):
        evaluate_folders(tmp_path / "p", tmp_path / "t", ids="official")


def test_annotations_that_hold_train_ids(folders):
    for name, mask in TRUTH.items():
        save(folders[1] / f"{name}.png", to_train_ids(mask))
    expected = says(
        r"a\.png \(in the ground truth\): 255 at row 1, column 1", "read as official ids: --ground-truth-ids"
    )
    with pytest.raises(ValueError, match=expected):
        evaluate_folders(*folders, ids="official")
    assert evaluate_folders(*folders, ids="official", ground_truth_ids="train").matrix.matrix.sum() == 15


def test_ignore_as_a_prediction(folders):
    save(folders[0] / "b.png", [[4, 4, 4], [255, 6, 255]])
    for name in ("a", "c"):
        save(folders[0] / f"{name}.png", np.array(GUESS[name]) - 1)
    with pytest.raises(ValueError, match=r"b\.png: 255 \(ignore\) at row 1, column 2, where"):
        evaluate_folders(*folders, ids="train")


@pytest.mark.parametrize(
    "mask, dtype, says",
    [
        ([[1, 2, 2], [3, 151, 9]], np.uint8, r"a\.png: 151 at row 1, column 1 \(1 pixel out"),
        ([[1, 2, 2], [3, 1000, 9]], np.uint16, r"a\.png: 1000 at row 1, column 1"),
        ([[1, 2, 2], [3, 257, 9]], np.uint16, r"a\.png: 257 at row 1, column 1"),  # not 1, modulo 256
    ],
)
def test_values_out_of_range(folders, mask, dtype, says):
    save(folders[0] / "a.png", mask, dtype)
    with pytest.raises(ValueError, match=says):
        evaluate_folders(*folders, ids="official")


@pytest.mark.parametrize("value", [-1, 256, 2**40])
def test_values_out_of_range_of_arrays(folders, value):
    (folders[0] / "a.png").unlink()
    save(folders[0] / "a.npy", [[value, 2, 2], [3, 3, 9]], np.int64)
    for ids in ("official", "train"):
        with pytest.raises(ValueError, match=rf"a\.npy: {value} at row 0, column 0"):
            evaluate_folders(*folders, ids=ids)


@pytest.mark.parametrize("name", ["ids", "ground_truth_ids"])
def test_ids_are_said_and_not_guessed(folders, name):
    with pytest.raises(ValueError, match=rf"{name} is 'auto', but it is 'official'.*'train'"):
        evaluate_folders(*folders, **({"ids": "official"} | {name: "auto"}))
    with pytest.raises(TypeError, match="ids"):
        evaluate_folders(*folders)


# --- files that cannot be scored ---


def damage(folders: tuple[Path, Path], kind: str) -> None:
    predictions, truth = folders
    b = predictions / "b.png"
    if kind == "missing":
        b.unlink()
    elif kind == "extra":
        save(predictions / "z.png", [[1]])
    elif kind == "other files":
        (predictions / "log.txt").write_text("")
        (truth / "sceneCategories.txt").write_text("")
    elif kind == "mis-sized":
        save(b, np.ones((3, 2)))
    elif kind == "truncated":
        save(b, np.random.default_rng(0).integers(1, 150, (2, 3)))
        b.write_bytes(b.read_bytes()[:-20])
    elif kind == "without its end":
        b.write_bytes(b.read_bytes()[:-12])
    elif kind == "empty":
        b.write_bytes(b"")
    elif kind == "no image":
        b.write_bytes(b"hello")
    elif kind == "jpeg":
        PIL.Image.fromarray(np.ones((2, 3), np.uint8)).save(b, "JPEG")
    elif kind == "color":
        PIL.Image.fromarray(np.ones((2, 3, 3), np.uint8)).save(b)
    elif kind == "transparent":
        PIL.Image.fromarray(np.ones((2, 3, 4), np.uint8)).save(b)
    elif kind == "one bit":
        PIL.Image.fromarray(np.ones((2, 3), bool)).save(b)
    elif kind == "annotation":
        (truth / "b.png").write_bytes(b"")
    elif kind == "a link to nothing":
        b.unlink()
        b.symlink_to(predictions / "nowhere.png")
    else:
        b.unlink()
        b = predictions / "b.npy"
        arrays = {
            "floats": np.ones((2, 3)),
            "booleans": np.ones((2, 3), bool),
            "logits": np.ones((150, 2, 3), np.float32),
            "batch": np.ones((1, 2, 3), int),
            "objects": np.array([[{}]]),
        }
        if kind == "archive":
            np.savez(predictions / "b.npz", np.ones((2, 3), int))
            (predictions / "b.npz").rename(b)
        else:
            np.save(b, arrays.get(kind, np.ones((2, 3), int)), allow_pickle=True)
        if kind == "cut array":
            b.write_bytes(b.read_bytes()[:-5])


PROBLEMS = {
    "missing": ("missing", r"1 prediction is missing:\n  b\.png\n"),
    "extra": ("extra", r"1 file belongs to no annotation:\n  z\.png\n"),
    "other files": (
        "extra",
        r"2 files belong to no annotation:\n  log\.txt \(neither PNG nor NPY\)\n"
        r"  sceneCategories\.txt \(in the ground truth, neither PNG nor NPY\)\n",
    ),
    "mis-sized": (
        "mis_sized",
        r"1 prediction has another size than the annotation:\n"
        r"  b\.png: 2 x 3, but its annotation is 3 x 2 \(width x height\)\nCure: resize the model's scores",
    ),
    "truncated": ("unreadable", r"1 file is unreadable:\n  b\.png: the mask is damaged or truncated"),
    "without its end": (
        "unreadable",
        r"b\.png: the mask is damaged or truncated \(its last bytes are missing\)",
    ),
    "empty": ("unreadable", r"b\.png: the mask cannot be read; it is empty or no image at all"),
    "no image": ("unreadable", r"b\.png: the mask cannot be read"),
    "jpeg": ("unreadable", r"b\.png: the mask is a JPEG file by its content"),
    "color": ("unreadable", r"b\.png: the mask is a color image \(RGB\).*adebook\.palette\.decolorize"),
    "transparent": ("unreadable", r"b\.png: the mask is a color image \(RGBA\).*decolorize"),
    "one bit": ("unreadable", r"b\.png: the mask is black and white \(1 bit\).*8-bit gray PNG"),
    "annotation": ("unreadable", r"b\.png \(in the ground truth\): the mask cannot be read"),
    "a link to nothing": ("unreadable", r"No such file or directory: .*b\.png"),
    "floats": ("unreadable", r"b\.npy: the mask has dtype float64, but labels are integers.*argmax"),
    "booleans": ("unreadable", r"b\.npy: the mask has dtype bool"),
    "logits": ("unreadable", r"b\.npy: the mask has dtype float32.*argmax"),
    "batch": ("unreadable", r"b\.npy: the mask has shape \(1, 2, 3\).*\[H, W\]"),
    "objects": ("unreadable", r"b\.npy: the mask is damaged or truncated"),
    "archive": ("unreadable", r"b\.npy: .*archive"),
    "cut array": ("unreadable", r"b\.npy: the mask is damaged or truncated"),
}


@pytest.mark.parametrize("kind", PROBLEMS)
def test_what_cannot_be_scored_fails_by_name(folders, kind, capsys):
    damage(folders, kind)
    group, text = PROBLEMS[kind]
    with pytest.raises(ValueError, match=text):
        evaluate_folders(*folders, ids="official")
    evaluation = evaluate_folders(*folders, ids="official", allow_missing=True)
    listed = {g: len(getattr(evaluation, g)) for g in ("missing", "extra", "mis_sized", "unreadable")}
    assert listed == dict.fromkeys(listed, 0) | {group: 2 if kind == "other files" else 1}
    whole = group == "extra"
    assert (evaluation.images, evaluation.scored, evaluation.complete) == (3, 3 if whole else 2, whole)
    assert evaluation.matrix.matrix.sum() == (15 if whole else 10)

    assert the_command(*folders, "--ids", "official") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("adebook evaluate: ")
    assert "Nothing was scored." in err
    assert the_command(*folders, "--ids", "official", "--allow-missing") == 0
    out, err = capsys.readouterr()
    assert err.startswith("adebook evaluate: warning: ")
    numbers = [line for line in out.splitlines() if not line.startswith("(absent")]
    assert len(numbers) == 6
    for line in numbers:
        assert whole or "2 of 3 images scored" in line


def test_16_bits_are_fine_and_4_are_not(folders):
    """Pillow stretches gray of 4 bits to 0..255, so the ids would be others."""
    save(folders[0] / "a.png", GUESS["a"], np.uint16)
    assert evaluate_folders(*folders, ids="official").matrix.matrix.trace() == 13

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"\0\x12\x20" + b"\0\x33\x90"
    header = struct.pack(">IIBBBBB", 3, 2, 4, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (folders[0] / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    with pytest.raises(ValueError, match=r"a\.png: the mask is 4-bit gray"):
        evaluate_folders(*folders, ids="official")


def test_all_kinds_at_once_and_long_lists(folders):
    for number in range(25):
        save(folders[1] / f"m{number:02}.png", [[1]])
    for kind in ("extra", "mis-sized"):
        damage(folders, kind)
    (folders[0] / "c.png").write_bytes(b"")
    expected = says(
        "25 predictions are missing:\n  m00.png\n",
        "  m19.png\n  and 5 more\n",
        "1 file belongs to no annotation:\n  z.png\n",
        "1 prediction has another size",
        "1 file is unreadable:\n  c.png",
        "Nothing was scored.",
    )
    with pytest.raises(ValueError, match=expected) as caught:
        evaluate_folders(*folders, ids="official")
    assert "m20" not in str(caught.value)
    evaluation = evaluate_folders(*folders, ids="official", allow_missing=True)
    assert str(evaluation) == "1 of 28 images scored"
    assert len(evaluation.missing) == 25


def test_nothing_left_to_score_always_fails(folders):
    for name in "abc":
        (folders[0] / f"{name}.png").write_bytes(b"")
    with pytest.raises(ValueError, match="3 files are unreadable"):
        evaluate_folders(*folders, ids="official", allow_missing=True)


def test_truncated_files_fail_even_where_pillow_was_told_not_to_mind(folders, monkeypatch):
    monkeypatch.setattr(PIL.ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    damage(folders, "truncated")
    with pytest.raises(ValueError, match="damaged or truncated"):
        evaluate_folders(*folders, ids="official")
    assert PIL.ImageFile.LOAD_TRUNCATED_IMAGES is True


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="nothing is forbidden here")
def test_files_that_may_not_be_read(folders):
    (folders[0] / "b.png").chmod(0)
    with pytest.raises(ValueError, match=r"Permission denied: .*b\.png"):
        evaluate_folders(*folders, ids="official")


# --- folders ---


def test_folders_that_are_none(folders, tmp_path):
    predictions, truth = folders
    with pytest.raises(
        FileNotFoundError, match=rf"predictions folder .*x/y does not exist.*as far as {tmp_path}"
    ):
        evaluate_folders(tmp_path / "x" / "y", truth, ids="official")
    with pytest.raises(FileNotFoundError, match="ground truth folder"):
        evaluate_folders(predictions, tmp_path / "x", ids="official")
    with pytest.raises(NotADirectoryError, match="is a file, but a folder of masks"):
        evaluate_folders(predictions / "a.png", truth, ids="official")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="has no masks"):
        evaluate_folders(tmp_path / "empty", truth, ids="official")
    (tmp_path / "empty" / "a.jpg").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"has no masks .*it holds a\.jpg"):
        evaluate_folders(tmp_path / "empty", truth, ids="official")


def test_a_whole_data_set_is_not_a_folder_of_masks(root):
    with pytest.raises(ValueError, match=r"a whole data set.*annotations/validation"):
        evaluate_folders(root, root, ids="official")
    masks = root / "annotations" / "validation"
    evaluation = evaluate_folders(masks, masks, ids="official", allow_missing=True)
    assert evaluation.scored == 5
    both = evaluate_folders(root / "annotations", root / "annotations", ids="official")
    assert both.scored == 7  # with the two splits as sub-folders


def test_names_that_never_match(folders, tmp_path):
    for name in "abc":
        (folders[0] / f"{name}.png").rename(folders[0] / f"{name}_pred.png")
    with pytest.raises(
        ValueError, match=r"called like a_pred\.png, .* like a\.png.*Cure: name each prediction"
    ):
        evaluate_folders(*folders, ids="official", allow_missing=True)


def test_two_masks_of_one_name(folders):
    save(folders[0] / "a.npy", GUESS["a"])
    with pytest.raises(ValueError, match=r"a\.(npy|png) and a\.(npy|png) are two masks of one name"):
        evaluate_folders(*folders, ids="official", allow_missing=True)


def test_links_to_folders_are_refused_and_links_to_files_followed(folders, tmp_path):
    (folders[0] / "a.png").rename(tmp_path / "elsewhere.png")
    (folders[0] / "a.png").symlink_to(tmp_path / "elsewhere.png")
    assert evaluate_folders(*folders, ids="official").complete
    (folders[0] / "more").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="more is a link to a folder"):
        evaluate_folders(*folders, ids="official")


# --- the command and its files ---


def test_the_table(folders, capsys):
    assert the_command(*folders, "--ids", "official") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "3 of 3 images scored: 15 pixels with a label",
        "mean IoU                0.722222",
        "pixel accuracy          0.866667",
        "mean accuracy           0.833333",
        "frequency-weighted IoU  0.777778",
        "MIT score               0.794444",
        '(absent="exclude": mean over the classes that occur; 6 of 150 occur; ignored pixels left out)',
    ]
    assert err == ""


@pytest.mark.parametrize(
    "absent, mean_iou", [("exclude", 0.722222), ("zero", 0.028889), ("exclude_unlabeled", 0.722222)]
)
def test_the_convention(folders, capsys, absent, mean_iou):
    assert the_command(*folders, "--ids", "official", "--absent", absent) == 0
    out = capsys.readouterr().out
    assert f"mean IoU                {mean_iou:.6f}" in out
    assert f'absent="{absent}"' in out


def test_an_interval(folders, tmp_path, capsys):
    file = tmp_path / "o.json"
    assert the_command(*folders, "--ids", "official", "--interval", "--json", file) == 0
    expected = evaluate_folders(*folders, ids="official", keep_images=True).per_image.bootstrap()
    assert 0 < expected.low < expected.high <= 1
    line = capsys.readouterr().out.splitlines()[2]
    assert (
        line
        == f"  95 % interval        {expected.low:.6f} to {expected.high:.6f} (1,000 resamples of the images)"
    )
    assert json.loads(file.read_text())["mean_iou_interval"] == {
        "low": expected.low, "high": expected.high, "confidence": 0.95, "resamples": 1000, "images": 3
    }  # fmt: skip
    assert the_command(*folders, "--ids", "official", "--json", file) == 0
    assert json.loads(file.read_text())["mean_iou_interval"] is None


def test_classes_on_the_screen(folders, capsys):
    assert the_command(*folders, "--ids", "official", "--per-class") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7 + 2 + 150
    (wall,) = [line.split() for line in lines if " wall " in line]
    assert wall[:4] == ["0", "1", "wall", "0.8333"]


def test_files(folders, tmp_path, capsys):
    damage(folders, "extra")
    (folders[0] / "b.png").unlink()
    files = {name: tmp_path / f"out.{name}" for name in ("json", "csv", "per-image")}
    for file in files.values():
        file.write_text("old")
    options = [word for name, file in files.items() for word in (f"--{name}", file)]
    assert the_command(*folders, "--ids", "official", "--allow-missing", *options) == 0

    result = json.loads(files["json"].read_text())
    assert result["summary"] == "2 of 3 images scored"
    assert (result["images"], result["images_scored"]) == (3, 2)
    assert (result["missing"], result["extra"]) == (["b.png"], ["z.png"])
    assert (result["mis_sized"], result["unreadable"]) == ([], [])
    assert (result["ids"], result["ground_truth_ids"], result["absent"]) == (
        "official",
        "official",
        "exclude",
    )
    assert result["labeled_pixels"] == 10
    assert result["pixel_accuracy"] == 0.8
    assert result["mean_iou"] == pytest.approx((5 / 6 + 1 / 2 + 1 / 2 + 1 / 2) / 4)
    assert result["mit_score"] == pytest.approx((result["mean_iou"] + 0.8) / 2)
    assert len(result["classes"]) == 150
    wall, five = result["classes"][0], result["classes"][4]
    assert (wall["id"], wall["train_id"], wall["name"], wall["labeled_pixels"]) == (1, 0, "wall", 5)
    assert wall["iou"] == pytest.approx(5 / 6)
    assert five["iou"] is None  # occurs nowhere: null, which JSON has, and not NaN, which it has not

    with files["csv"].open(newline="") as file:
        classes = list(csv.DictReader(file))
    assert len(classes) == 150
    assert (classes[0]["train_id"], classes[0]["id"], classes[0]["name"]) == ("0", "1", "wall")
    assert float(classes[0]["iou"]) == pytest.approx(5 / 6)
    assert classes[4]["iou"] == ""
    table = (
        evaluate_folders(*folders, ids="official", allow_missing=True).matrix.scores().table().reset_index()
    )
    assert list(classes[0]) == [*list(result["classes"][0]), "images_scored", "images"]
    assert list(result["classes"][0]) == list(table.columns)
    for column in table.columns[3:]:
        expected = table[column].tolist()
        found = [math.nan if row[column] is None else row[column] for row in result["classes"]]
        assert found == pytest.approx(expected, nan_ok=True), column
    assert {(row["images_scored"], row["images"]) for row in classes} == {("2", "3")}

    with files["per-image"].open(newline="") as file:
        images = list(csv.DictReader(file))
    assert [row["name"] for row in images] == ["a", "c"]
    assert images[0] == {
        "name": "a", "labeled_pixels": "4", "pixel_accuracy": "0.75", "mean_iou": images[0]["mean_iou"], "classes": "3"
    }  # fmt: skip
    assert float(images[0]["mean_iou"]) == pytest.approx(2 / 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.csv", "out.json", "out.per-image", "predictions", "truth"
    ]  # fmt: skip


def test_an_existing_file_survives_a_failure(folders, tmp_path):
    damage(folders, "missing")
    files = [tmp_path / name for name in ("o.json", "o.csv", "i.csv")]
    for file in files:
        file.write_text("old")
    options = ["--json", files[0], "--csv", files[1], "--per-image", files[2]]
    assert the_command(*folders, "--ids", "official", *options) == 1
    assert [file.read_text() for file in files] == ["old"] * 3
    assert {path.name for path in tmp_path.iterdir()} == {"o.json", "o.csv", "i.csv", "predictions", "truth"}


def test_all_files_or_none(folders, tmp_path, monkeypatch):
    """When the disk is full at the last file, the others are not replaced either."""
    from adebook import evaluate

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evaluate, "_write_classes", full)
    (tmp_path / "o.json").write_text("old")
    options = ["--json", tmp_path / "o.json", "--csv", tmp_path / "o.csv"]
    assert the_command(*folders, "--ids", "official", *options) == 1
    assert (tmp_path / "o.json").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"o.json", "predictions", "truth"}


def test_places_that_cannot_be_written_to_are_refused_before_the_work(folders, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("adebook.evaluate.evaluate_folders", lambda *_, **__: pytest.fail("it began to work"))

    def refused(*options: object) -> str:
        assert the_command(*folders, "--ids", "official", *options) == 1
        return capsys.readouterr().err

    assert "the folder" in refused("--json", tmp_path / "nowhere" / "o.json")
    assert "is there and is no file" in refused("--csv", tmp_path)
    assert "of another option" in refused("--csv", tmp_path / "o", "--per-image", tmp_path / "o")


def test_a_linked_output_stays_a_link(folders, tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "o.json").symlink_to(tmp_path / "real.json")
    assert the_command(*folders, "--ids", "official", "--json", tmp_path / "o.json") == 0
    assert (tmp_path / "o.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["images"] == 3


def heed_interrupts():
    """A shell that puts a command in the background has it ignore SIGINT, and what it starts as well."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes, to stop it at a known place")
@pytest.mark.parametrize("how, status", [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_killed_midway(folders, tmp_path, how, status):
    """The prediction of the last picture is a pipe, at which the command waits until it is killed."""
    for folder in folders:
        for number in range(40):
            save(folder / f"a{number:02}.png", [[1, 2]])
    (folders[0] / "c.png").unlink()
    os.mkfifo(folders[0] / "c.png")
    files = [tmp_path / name for name in ("o.json", "o.csv", "i.csv")]
    files[2].write_text("old")
    command = [*folders, "--ids", "official", "--json", files[0], "--csv", files[1], "--per-image", files[2]]
    process = subprocess.Popen(
        [sys.executable, "-m", "adebook", "evaluate", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    with (folders[0] / "c.png").open("wb"):  # returns when the command opens it, too
        process.send_signal(how)
        if how == signal.SIGKILL:
            process.wait(60)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (status, "", "")
    assert {path.name for path in tmp_path.iterdir()} == {"i.csv", "predictions", "truth"}
    assert files[2].read_text() == "old"


# --- real annotations ---


@pytest.mark.real
@pytest.mark.parametrize("ids, suffix", [("official", ".png"), ("train", ".npy")])
def test_the_real_sample(real_root, tmp_path, ids, suffix):
    """Predictions made of the annotations: four times coarser, one class exchanged."""
    annotations = real_root / "annotations" / "validation"
    expected = ConfusionMatrix()
    for file in sorted(annotations.glob("*.png")):
        mask = np.asarray(PIL.Image.open(file))
        rows, columns = (np.minimum(np.arange(n) // 4 * 4 + 2, n - 1) for n in mask.shape)
        coarse = np.maximum(mask[np.ix_(rows, columns)], 1)
        coarse[coarse == 3] = 22
        expected.update(to_train_ids(coarse), to_train_ids(mask))
        save(tmp_path / (file.stem + suffix), to_train_ids(coarse) if ids == "train" else coarse)
    evaluation = evaluate_folders(tmp_path, annotations, ids=ids)
    assert evaluation.complete
    assert evaluation.scored >= 25
    assert (evaluation.matrix.matrix == expected.matrix).all()
    assert 0.5 < evaluation.matrix.scores().pixel_accuracy < 1


def test_what_is_returned_is_documented():
    for attribute in Evaluation.__slots__:
        assert f"{attribute}:" in Evaluation.__doc__
    for attribute in ImageScore.__slots__:
        assert f"{attribute}:" in ImageScore.__doc__
