"""The full release as a folder, made small on the spot; and the three real scenes where they are."""

import json
import os
import pickle
import shutil
from pathlib import Path

import datasets as hf
import numpy as np
import PIL.Image
import pytest
from conftest import SIZE, some_mask
from full_release_samples import write

import adebook
from adebook import labels
from adebook.classes import CLASSES
from adebook.datasets import info_of, load, source_info
from adebook.full_release import read_objects, scene_of


@pytest.fixture(scope="module", autouse=True)
def _no_settings():
    kept = {name: os.environ.pop(name, None) for name in ("ADE20K_FULL_ROOT", "ADEBOOK_SOURCE")}
    yield
    os.environ.update({name: value for name, value in kept.items() if value is not None})


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "ADE20K_2021_17_01"
    for split, group, name, seed in (
        ("training", "urban/street", "ADE_train_00000002", 2),
        ("training", "shopping_and_dining/bakery/shop", "ADE_train_00000001", 1),
        ("validation", "cultural/abbey", "ADE_val_00000001", 3),
    ):
        write(folder / "images" / "ADE" / split / group, name, some_mask(seed))
    return folder


@pytest.fixture
def root_2016(tmp_path) -> Path:
    folder = tmp_path / "ADE20K_2016_07_26"
    write(folder / "images" / "training" / "a" / "abbey", "ADE_train_00000001", some_mask(1), year=2016)
    return folder


ALL = {"instances": True, "parts": True, "objects": True}


@pytest.mark.parametrize("streaming", [False, True])
def test_the_columns_of_the_design(root, streaming):
    rows = load("ade20k-full", "training", root=root, streaming=streaming)
    assert list(rows.features) == ["image", "annotation", "scene", "name"]
    first, second = rows
    assert (first["name"], first["scene"]) == ("ADE_train_00000001", "bakery/shop")
    assert (second["name"], second["scene"]) == ("ADE_train_00000002", "street")
    assert (first["image"].mode, first["image"].size) == ("RGB", SIZE)
    assert first["annotation"].mode == "L"
    assert (np.asarray(first["annotation"]) == some_mask(1)).all()
    assert len(list(load("ade20k-full", root=root, streaming=streaming))) == 1


@pytest.mark.parametrize("streaming", [False, True])
def test_instances_parts_and_objects(root, streaming):
    row = next(iter(load("ade20k-full", "training", root=root, streaming=streaming, **ALL)))
    mask = some_mask(1)
    assert row["instances"].mode == "I;16"
    assert (np.asarray(row["instances"]) == np.where(mask == 0, 0, 1 + mask % 3)).all()
    assert [np.unique(np.asarray(level)).tolist() for level in row["parts"]] == [[0, 3035], [0, 2122]]
    car, wheel, rim, door = row["objects"]
    assert car == {
        "id": 0,
        "name": "car, auto",
        "name_ndx": 401,
        "class_id": 21,
        "is_part": False,
        "part_level": 0,
        "part_of": None,
        "occluded": True,
        "cropped": True,
        "attributes": ["parked", "old"],
        "polygon": {"x": [1, 5, 5], "y": [1, 1, 4]},
    }
    assert [(o["is_part"], o["part_level"], o["part_of"]) for o in (wheel, rim)] == [
        (True, 1, 0),
        (True, 2, 3),
    ]
    assert [o["occluded"] for o in (wheel, rim)] == [False, None]
    assert (door["class_id"], door["polygon"]) == (15, {"x": [9], "y": [2]})
    assert (wheel["class_id"], rim["attributes"]) == (0, ["round"])


def test_the_release_of_2016(root_2016):
    row = load("ade20k-full", "training", root=root_2016, **ALL)[0]
    assert (row["name"], row["scene"]) == ("ADE_train_00000001", "abbey")
    assert (np.asarray(row["annotation"]) == some_mask(1)).all()
    car, wheel = row["objects"]
    assert (car["id"], car["name"], car["occluded"], car["attributes"]) == (
        1,
        "car, auto",
        True,
        ["parked", "old"],
    )
    assert (car["name_ndx"], car["class_id"], car["polygon"], car["part_of"]) == (None,) * 4
    assert (wheel["is_part"], wheel["part_level"], wheel["occluded"]) == (True, 1, False)
    assert set(car) == set(
        read_objects("x.json", b'{"annotation": {"object": {"id": 1, "name": "a", "name_ndx": 5}}}')[0]
    )


def test_names_in_another_encoding():
    text = '{"annotation": {"object": [{"id": 1, "name": "caf\u00e9", "name_ndx": 5}]}}'
    for encoding in ("utf-8", "latin-1"):
        assert read_objects("x.json", text.encode(encoding))[0]["name"] == "caf\u00e9"


def test_the_types_go_where_the_data_goes(root, tmp_path):
    rows = load("ade20k-full", "training", root=root, **ALL)
    first = rows[0]
    changed = rows.map(lambda row: {"n": len(row["objects"]), "ids": np.unique(row["annotation"]).tolist()})
    assert changed[0]["n"] == 4
    pickled = pickle.loads(pickle.dumps(rows))
    changed.save_to_disk(tmp_path / "saved")
    shutil.rmtree(root)
    saved = hf.load_from_disk(tmp_path / "saved")
    for other in (saved[0],):
        for column in ("annotation", "instances"):
            assert (np.asarray(other[column]) == np.asarray(first[column])).all()
        assert other["objects"] == first["objects"]
        assert [np.asarray(p).tolist() for p in other["parts"]] == [
            np.asarray(p).tolist() for p in first["parts"]
        ]
    with pytest.raises(FileNotFoundError):
        pickled[0]


def test_what_map_returns_may_be_other_pictures(root):
    rows = load("ade20k-full", "training", root=root, **ALL)

    def halve(row):
        half = {name: row[name].resize((6, 4), 0) for name in ("image", "annotation", "instances")}
        return half | {
            "parts": [part.resize((6, 4), 0) for part in row["parts"]],
            "objects": row["objects"][:1],
        }

    row = rows.map(halve)[0]
    assert row["annotation"].size == row["instances"].size == row["parts"][1].size == (6, 4)
    assert set(np.unique(row["annotation"]).tolist()) <= set(some_mask(1).ravel().tolist())
    assert [o["name"] for o in row["objects"]] == ["car, auto"]


def test_source_info_and_credit(root):
    rows = load("ade20k-full", "training", root=root)
    assert info_of(rows) == source_info("ade20k-full", root=root)
    assert (info_of(rows).rendered, info_of(rows).root) == (False, root)
    assert "non-commercial" in info_of(rows).license
    assert info_of(load("ade20k-full", root=root, streaming=True)).root == root
    assert source_info("ade20k-full").root is None


def test_the_folder_from_the_environment(root, monkeypatch):
    monkeypatch.setenv("ADE20K_FULL_ROOT", str(root))
    assert len(load("ade20k-full", "training")) == 2
    assert len(list(load("ade20k-full", "training", streaming=True))) == 2
    assert source_info("ade20k-full").root == root
    monkeypatch.setenv("ADEBOOK_SOURCE", "ade20k-full")
    assert adebook.load()[0]["name"] == "ADE_val_00000001"


@pytest.mark.parametrize(
    "folder, scene",
    [
        ("urban/street", "street"),
        ("b/bakery/shop", "bakery/shop"),
        ("a/abbey", "abbey"),
        ("misc", "misc"),
        (".", None),
    ],
)
def test_scene_of(folder, scene):
    assert scene_of(folder) == scene


# --- bad folders and files ---


def refused(call, error, *parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert str(part) in str(caught.value), f"{part!r} is not in: {caught.value}"


def full(root, **options):
    return load("ade20k-full", "training", root=root, **options)


def test_nothing_is_there():
    refused(
        lambda: load("ade20k-full"), FileNotFoundError, "ADE20K_FULL_ROOT", "streaming=True", "root='hub'"
    )


def test_a_folder_of_something_else(root, tmp_path):
    refused(lambda: full(tmp_path / "lost"), FileNotFoundError, tmp_path / "lost", "does not exist")
    refused(lambda: full(tmp_path), FileNotFoundError, f"set root to {root}")
    refused(lambda: full(root / "images" / "ADE"), FileNotFoundError, f"set root to {root}")
    (tmp_path / "holiday" / "pictures").mkdir(parents=True)
    (tmp_path / "benchmark" / "annotations").mkdir(parents=True)
    refused(lambda: full(tmp_path / "benchmark"), FileNotFoundError, "load it as 'sceneparse150'")
    shutil.rmtree(root)
    refused(lambda: full(tmp_path / "holiday"), FileNotFoundError, "ADE20K_2021_17_01 or ADE20K_2016_07_26")
    refused(lambda: load("sceneparse150", root=tmp_path / "holiday"), FileNotFoundError, "Cure")


def test_pictures_and_masks_that_do_not_pair_up(root):
    street = root / "images" / "ADE" / "training" / "urban" / "street"
    (street / "ADE_train_00000002_seg.png").rename(street / "x")
    refused(lambda: full(root), ValueError, street / "ADE_train_00000002.jpg", "1 of the pictures", "Cure")
    (street / "x").rename(street / "ADE_train_00000002_seg.png")
    shutil.copy(street / "ADE_train_00000002.jpg", street.parent)
    refused(lambda: full(root), ValueError, street.parent / "ADE_train_00000002.jpg", "have one name")
    shutil.rmtree(root / "images" / "ADE" / "validation")
    refused(lambda: load("ade20k-full", root=root), FileNotFoundError, "no pictures", "Cure")


def test_bad_files(root):
    street = root / "images" / "ADE" / "training" / "urban" / "street"
    name = "ADE_train_00000002"
    seg, picture, notes = street / f"{name}_seg.png", street / f"{name}.jpg", street / f"{name}.json"
    whole = {path: path.read_bytes() for path in (seg, picture, notes, street / f"{name}_parts_1.png")}

    def read():
        return full(root, **ALL)[1]

    for path, content in whole.items():
        path.write_bytes(content[: len(content) // 2])
        refused(read, ValueError, path, "damaged", "Cure")
        path.write_bytes(content)
    PIL.Image.fromarray(some_mask(2)).save(seg)
    refused(read, ValueError, seg, "PIL mode 'L'", "'sceneparse150'")
    PIL.Image.new("RGB", (3, 3)).save(seg)
    refused(read, ValueError, seg, "3 x 3", f"{SIZE[0]} x {SIZE[1]}", picture)
    PIL.Image.new("RGB", SIZE).save(seg, "JPEG")
    refused(read, ValueError, seg, "JPEG file by its content")
    seg.write_bytes(whole[seg])
    for text in ("[]", '{"annotation": {}}', '{"annotation": {"object": [{"id": 1}]}}', "\xff"):
        notes.write_text(text, encoding="latin-1")
        refused(read, ValueError, notes, "Cure")
    notes.unlink()
    refused(read, FileNotFoundError, f"{name}.json", "leave objects out")
    assert full(root, parts=True)[1]["name"] == name


def test_a_line_of_another_form(root_2016):
    file = next(root_2016.rglob("*_atr.txt"))
    file.write_text("001 # 0 # car\n")
    refused(lambda: full(root_2016, objects=True)[0], ValueError, file, "damaged or in another form")


def test_columns_that_a_source_does_not_have(root):
    refused(lambda: full(root, depth=True), ValueError, "'ade20k-full' has no depth; only 'dollhouse' has")
    refused(lambda: load("dollhouse", objects=True), ValueError, "no objects; only 'ade20k-full' has")
    refused(
        lambda: load("sceneparse150", root=root, parts=True),
        ValueError,
        "'sceneparse150' has no parts; only 'dollhouse' and 'ade20k-full' have",
    )


# --- real files ---

FULL_2021 = "ADE20K_2021_17_01"


@pytest.fixture
def real_2021(real_root) -> Path:
    folder = real_root.parent / FULL_2021
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


def agreement(folder: Path) -> dict[str, list[tuple[int, str, int, int, int]]]:
    """For every picture: (id, name, class, visible pixels, those that the converted mask gives that class).

    Objects only; the visible pixels are those of value 255 in the object's own mask.
    """
    by_index = {index: entry.id for entry in CLASSES for index in entry.full_ids}
    found = {}
    for row in load("ade20k-full", "training", root=folder, objects=True):
        mask = np.asarray(row["annotation"])
        notes = next(folder.rglob(f"{row['name']}.json"))
        files = {o["id"]: o["instance_mask"] for o in json.loads(notes.read_text())["annotation"]["object"]}
        found[row["name"]] = []
        for entry in row["objects"]:
            if entry["is_part"]:
                continue
            visible = np.asarray(PIL.Image.open(notes.parent / files[entry["id"]])) == 255
            expected = by_index.get(entry["name_ndx"], 0)
            right = int((mask[visible] == expected).sum())
            found[row["name"]].append((entry["id"], entry["name"], expected, int(visible.sum()), right))
    return found


@pytest.mark.real
def test_every_named_object_of_the_three_scenes(real_2021):
    found = agreement(real_2021)
    assert {name: len(entries) for name, entries in found.items()} == {
        "ADE_train_00016869": 51,
        "ADE_train_00016900": 34,
        "ADE_train_00016964": 24,
    }
    for entries in found.values():
        for number, name, expected, visible, right in entries:
            assert right == visible > 0, (number, name, expected, visible, right)


@pytest.mark.real
def test_class_names_of_the_objects_of_the_three_scenes(real_2021):
    """By the names, not by the numbers: the object's first word is a synonym of the class it became."""
    for row in load("ade20k-full", "training", root=real_2021, objects=True):
        for entry in row["objects"]:
            if entry["class_id"]:
                known = CLASSES[entry["class_id"] - 1]
                words = {known.name, *known.synonyms}
                assert set(entry["name"].split(", ")) & words, (entry["name"], words)


@pytest.mark.real
def test_instances_and_parts_of_the_three_scenes(real_2021):
    for row in load("ade20k-full", "training", root=real_2021, **ALL):
        objects = [entry for entry in row["objects"] if not entry["is_part"]]
        assert np.asarray(row["instances"]).max() == len(objects)
        assert row["scene"] == "street"
        for level, part in enumerate(row["parts"], start=1):
            named = {entry["name_ndx"] for entry in row["objects"] if entry["part_level"] == level}
            assert set(np.unique(np.asarray(part)).tolist()) <= named | {0}
        assert (np.asarray(row["annotation"]) <= labels.NUM_CLASSES).all()
