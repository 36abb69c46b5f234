"""The whole folder is read, and every file that cannot be used is named."""

import shutil

import numpy as np
import PIL.Image
import pytest
from conftest import SIZE, some_mask, write_pair

from adebook.verification import verify


@pytest.fixture
def whole(root):
    """The data set of conftest with a scene list that names exactly its pictures."""
    names = sorted(path.stem for path in root.glob("images/*/*.jpg"))
    (root / "sceneCategories.txt").write_text("".join(f"{name} street\n" for name in names))
    return root


def test_a_good_folder(whole):
    found = verify(whole)
    assert found.ok
    assert found.pairs == {"training": 2, "validation": 5}
    assert str(found) == f"{whole}: 2 pairs in training, 5 pairs in validation: every file is good"


def test_every_kind_of_trouble(whole):
    masks, pictures = whole / "annotations" / "validation", whole / "images" / "validation"
    bad = some_mask(1)
    bad[1, 2] = 255
    PIL.Image.fromarray(bad).save(masks / "ADE_val_00000001.png")
    (pictures / "ADE_val_00000002.jpg").write_bytes((pictures / "ADE_val_00000002.jpg").read_bytes()[:-40])
    (masks / "ADE_val_00000003.png").unlink()
    (pictures / "ADE_val_00000004.jpg").unlink()
    write_pair(whole, "validation", "ADE_val_00000005", some_mask(5), (SIZE[0] - 1, SIZE[1]))
    (pictures / "notes.txt").write_text("x")
    (masks / "more").mkdir()
    found = verify(whole)
    assert not found.ok
    assert found.pairs == {"training": 2, "validation": 3}
    assert found.missing == [
        "annotations/validation/ADE_val_00000003.png",
        "images/validation/ADE_val_00000004.jpg",
    ]
    assert found.extra == ["annotations/validation/more/", "images/validation/notes.txt"]
    assert list(found.bad) == [
        "images/validation/ADE_val_00000002.jpg",
        "annotations/validation/ADE_val_00000001.png",
        "annotations/validation/ADE_val_00000005.png",
    ]
    assert "255 at row 1, column 2" in found.bad["annotations/validation/ADE_val_00000001.png"]
    for part in (*found.missing, *found.extra, *found.bad.values(), "not as it should be"):
        assert part in str(found)


def test_pictures_of_the_scene_list_that_are_not_there(whole):
    with (whole / "sceneCategories.txt").open("a") as file:
        file.write("ADE_train_00000003 street\nADE_val_00000006 street\n")
    shutil.rmtree(whole / "images" / "training")
    assert verify(whole).missing == [
        "annotations/training/ADE_train_00000003.png",
        "annotations/validation/ADE_val_00000006.png",
        "images/training/ADE_train_00000001.jpg",
        "images/training/ADE_train_00000002.jpg",
        "images/training/ADE_train_00000003.jpg",
        "images/validation/ADE_val_00000006.jpg",
    ]


def test_a_broken_scene_list_is_a_bad_file(whole):
    (whole / "sceneCategories.txt").write_text("ADE_val_00000001\n")
    assert list(verify(whole).bad) == ["sceneCategories.txt"]


def test_many_are_counted(whole):
    for number in range(13):
        (whole / "images" / "validation" / f"{number:02}.txt").write_text("x")
    assert "extra: 3 more" in str(verify(whole))


def test_files_are_only_read(whole):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    verify(whole)
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        verify(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="'ade20k-full'"):
        verify(tmp_path, source="ade20k-full")


@pytest.mark.real
def test_the_real_sample(real_root):
    found = verify(real_root)
    assert found.bad == {} and found.extra == []
    assert sum(found.pairs.values()) + len(found.missing) // 2 == 22_210
    assert np.all([path.startswith(("images/", "annotations/")) for path in found.missing])
