import os
import pickle
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import datasets as hf
import numpy as np
import PIL.Image
import pytest
from conftest import SIZE, some_mask, write_pair
from hypothesis import given, settings
from hypothesis import strategies as st

import adebook
from adebook.datasets import Mask, Picture, info_of, load, source, source_info

NAME = "ADE_val_00000003"


@pytest.fixture(scope="module", autouse=True)
def _no_download_is_found():
    """Not with monkeypatch, for the reason given in conftest.py."""
    os.environ["ADEBOOK_CACHE"] = "/nowhere/adebook"
    yield
    os.environ.pop("ADEBOOK_CACHE", None)


def refused(call, error, *parts):
    """The call raises this error, and its message has all these parts."""
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert str(part) in str(caught.value), f"{part!r} is not in: {caught.value}"


def read(root, **options):
    return load("sceneparse150", "validation", root=root, **options)


def row_of(root, name=NAME):
    rows = read(root)
    return rows[rows["name"][:].index(name)]


# --- what a good folder gives ---


def test_columns_and_order(root):
    rows = read(root)
    assert isinstance(rows, hf.Dataset)
    assert rows.column_names == ["image", "annotation", "scene", "name"]
    assert rows["name"][:] == [f"ADE_val_{n:08d}" for n in range(1, 6)]
    assert rows["scene"][:] == ["abbey", "living_room", None, None, None]
    assert len(load("sceneparse150", "training", root=str(root))) == 2
    assert rows.split == "validation"


def test_rows_are_as_on_disk(root):
    row = row_of(root)
    assert (row["image"].mode, row["image"].size) == ("RGB", SIZE)
    assert (row["annotation"].mode, row["annotation"].size) == ("L", SIZE)
    assert (np.asarray(row["annotation"]) == some_mask(3)).all()
    on_disk = PIL.Image.open(root / "images" / "validation" / f"{NAME}.jpg")
    assert (np.asarray(row["image"]) == np.asarray(on_disk)).all()


def test_the_default_source(root, monkeypatch):
    assert source() == adebook.source() == "dollhouse"
    monkeypatch.setenv("ADEBOOK_SOURCE", "sceneparse150")
    monkeypatch.setenv("ADE20K_ROOT", str(root))
    assert source() == "sceneparse150"
    assert len(load()) == 5
    assert source_info().root == root
    monkeypatch.setenv("ADEBOOK_SOURCE", "")
    assert source() == "dollhouse"


def test_source_info(root):
    info = source_info("sceneparse150", root=root)
    assert (info.title, info.rendered, info.root) == ("SceneParse150 (photographs)", False, root)
    assert "non-commercial" in info.license
    assert source_info("dollhouse", root=root).title == "Dollhouse (rendered)"
    assert source_info("dollhouse", root=root).rendered
    assert source_info("sceneparse150").root is None
    refused(lambda: source_info("dolhouse"), ValueError, "dolhouse", "Did you mean 'dollhouse'?")


def test_info_of(root):
    rows = read(root).shuffle(seed=1).select([0]).map(lambda row: {"width": row["image"].width})
    assert info_of(rows).key == "sceneparse150"
    assert info_of(hf.Dataset.from_dict({"a": [1]})) is None


def test_info_of_knows_the_folder(root, tmp_path, monkeypatch):
    """Not the one that ADE20K_ROOT names in the meantime."""
    other = Path(shutil.copytree(root, tmp_path / "o ther %20 \u00e9"))
    monkeypatch.setenv("ADE20K_ROOT", str(root))
    rows = read(other)
    assert info_of(rows) == source_info("sceneparse150", root=other)
    assert info_of(rows).root == other
    assert info_of(load("sceneparse150")).root == root
    both = hf.concatenate_datasets([rows, load("sceneparse150", "training", root=other)])
    assert info_of(both).root == other
    shutil.rmtree(other)
    assert info_of(rows).root is None


def test_info_of_a_stream(root):
    rows = read(root, streaming=True)
    assert info_of(rows) == source_info("sceneparse150", root=root)
    changed = rows.shuffle(seed=1).map(lambda row: {"width": row["image"].width}).take(1)
    assert info_of(changed) == info_of(rows)
    assert next(iter(changed))["width"] == SIZE[0]


def test_gray_and_palette_files(root):
    mask = np.array([[0, 1], [7, 150]], np.uint8)
    indexed = PIL.Image.fromarray(mask)
    indexed.putpalette(list(np.random.default_rng(0).integers(0, 256, 768)))
    indexed.save(root / "annotations" / "validation" / f"{NAME}.png")
    PIL.Image.new("L", (2, 2), 77).save(root / "images" / "validation" / f"{NAME}.jpg")
    row = row_of(root)
    assert (row["image"].mode, row["image"].getpixel((0, 0))) == ("RGB", (77, 77, 77))
    assert row["annotation"].mode == "L"  # the ids, not the brightness of their colors
    assert np.asarray(row["annotation"]).tolist() == mask.tolist()


def test_exif_orientation_is_not_applied(root):
    """The mask was drawn on the pixels as stored."""
    path = root / "images" / "validation" / f"{NAME}.jpg"
    image = PIL.Image.open(path)
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    image.save(path, exif=exif)
    assert row_of(root)["image"].size == SIZE


def test_hidden_files_do_not_matter(root):
    (root / "images" / "validation" / ".DS_Store").write_bytes(b"x")
    (root / "images" / "validation" / "._ADE_val_00000001.jpg").write_bytes(b"x")
    (root / "images" / "validation" / "Thumbs.db").write_bytes(b"x")
    (root / "annotations" / "validation" / "desktop.ini").write_bytes(b"x")
    (root / "annotations" / "validation" / ".ipynb_checkpoints").mkdir()
    assert len(read(root)) == 5


def test_without_scene_categories(root):
    (root / "sceneCategories.txt").unlink()
    assert read(root)["scene"][:] == [None] * 5


def test_broken_scene_categories(root):
    (root / "sceneCategories.txt").write_text("ADE_val_00000001 abbey\nADE_val_00000002\n")
    refused(
        lambda: read(root), ValueError, root / "sceneCategories.txt", "line 2", "ADE_val_00000002", "Cure"
    )


@pytest.mark.parametrize("start, end", [("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")])
def test_scene_categories_of_windows(root, start, end):
    text = start + end.join(
        ["ADE_val_00000001 abbey", "ADE_val_00000002 living_room", "no_such_picture x", ""]
    )
    (root / "sceneCategories.txt").write_bytes(text.encode())
    assert read(root)["scene"][:] == ["abbey", "living_room", None, None, None]


def test_scene_categories_that_cannot_be_right(root):
    file = root / "sceneCategories.txt"
    file.write_bytes("ADE_val_00000001 caf\xe9\n".encode("latin-1"))
    refused(lambda: read(root), ValueError, file, "not text in UTF-8", "Cure")
    file.write_text("ADE_val_00000001 abbey\nADE_val_00000001 abbey\nADE_val_00000001 attic\n")
    refused(lambda: read(root), ValueError, file, "line 3", "'attic' here but 'abbey'", "Cure")
    file.write_text("ADE_val_00000001 abbey\x0cADE_val_00000002 attic\n", newline="")  # one line, not two
    assert read(root)["scene"][:2] == ["abbey\x0cADE_val_00000002 attic", None]


def test_root_may_be_written_in_many_ways(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    monkeypatch.setenv("HOME", str(root.parent))
    for way in (root, str(root), root.name, f"~/{root.name}", f"{root}/"):
        rows = read(way)
    monkeypatch.chdir("/")
    assert rows[0]["name"] == "ADE_val_00000001"
    assert Path(rows[0]["image"].filename).is_absolute()


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_pictures_of_more_than_8_bits(root, mode):
    path = root / "images" / "validation" / f"{NAME}.jpg"
    PIL.Image.new("I;16" if mode == "I;16" else "I", SIZE, 700).save(
        path, "PNG" if mode == "I;16" else "TIFF"
    )
    refused(lambda: row_of(root), ValueError, path, "the picture is", "-bit gray", "0..255", "Cure")
    refused(
        lambda: adebook.palette.overlay(PIL.Image.new(mode, SIZE), some_mask(3)),
        ValueError,
        "-bit gray",
        "Cure",
    )


# --- the checks go where the data goes ---


def ids(row):
    return sorted(set(np.asarray(row["annotation"]).ravel().tolist()))


@pytest.fixture
def spoiled(root):
    """The data set in which one mask holds 151."""
    bad = some_mask(3)
    bad[4, 5] = 151
    PIL.Image.fromarray(bad).save(root / "annotations" / "validation" / f"{NAME}.png")
    return root


TRANSFORMED = {
    "select": lambda rows: rows.select([2]),
    "shuffle": lambda rows: rows.shuffle(seed=0),
    "filter": lambda rows: rows.filter(lambda name: name == NAME, input_columns="name"),
    "map": lambda rows: rows.map(lambda row: {"letters": len(row["name"])}),
    "with_transform": lambda rows: rows.with_transform(
        lambda batch: {"n": [ids({"annotation": a}) for a in batch["annotation"]]}
    ),
    "numpy format": lambda rows: rows.with_format("numpy"),
    "pickle": lambda rows: pickle.loads(pickle.dumps(rows)),
    "iterable": lambda rows: rows.to_iterable_dataset(num_shards=2),
    "concatenate": lambda rows: hf.concatenate_datasets([rows, rows]),
    "rename": lambda rows: rows.rename_column("annotation", "mask"),
}


@pytest.mark.parametrize("way", TRANSFORMED)
def test_checks_survive(spoiled, way):
    rows = TRANSFORMED[way](read(spoiled))
    refused(lambda: list(rows), ValueError, f"{NAME}.png", "151", "row 4, column 5")


@pytest.mark.parametrize("way", TRANSFORMED)
def test_data_survives(root, way):
    rows = list(TRANSFORMED[way](read(root)))
    assert len(rows) in (1, 5, 10)


def test_map_keeps_files_by_reference(root):
    rows = read(root).map(lambda row: {"width": row["image"].width, "ids": ids(row)})
    assert isinstance(rows.features["annotation"], Mask)
    assert isinstance(rows.features["image"], Picture)
    cell = rows.data.column("image")[0].as_py()
    assert cell["bytes"] is None
    assert cell["path"] == str(root / "images" / "validation" / "ADE_val_00000001.jpg")


def test_map_may_replace_images(root):
    rows = read(root).map(
        lambda row: {"image": row["image"].resize((4, 3)), "annotation": row["annotation"].resize((4, 3), 0)}
    )
    assert rows[0]["image"].size == rows[0]["annotation"].size == (4, 3)


def test_map_may_replace_masks_by_indexed_ones(root):
    """Which datasets stores as TIFF, not as PNG."""

    def indexed(row):
        image = PIL.Image.fromarray(np.asarray(row["annotation"]))
        image.putpalette(list(range(256)) * 3)
        return {"annotation": image}

    assert ids(read(root).map(indexed)[2]) == sorted(set(some_mask(3).ravel().tolist()))


def test_map_with_processes(spoiled):
    with pytest.raises(ValueError, match="151"):
        read(spoiled).map(lambda row: {"ids": ids(row)}, num_proc=2)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_loader_workers(root, method):
    torch_data = pytest.importorskip("torch.utils.data")
    loader = torch_data.DataLoader(
        read(root), batch_size=2, num_workers=2, collate_fn=list, multiprocessing_context=method
    )
    rows = [row for batch in loader for row in batch]
    assert [row["name"] for row in rows] == [f"ADE_val_{n:08d}" for n in range(1, 6)]
    assert ids(rows[2]) == sorted(set(some_mask(3).ravel().tolist()))


def test_data_loader_reports_the_file(spoiled):
    torch_data = pytest.importorskip("torch.utils.data")
    loader = torch_data.DataLoader(read(spoiled), batch_size=2, num_workers=2, collate_fn=list)
    refused(lambda: list(loader), ValueError, f"{NAME}.png", "151", "row 4, column 5")


def test_streaming(root, spoiled):
    rows = read(root, streaming=True)
    assert isinstance(rows, hf.IterableDataset)
    first = next(iter(rows))
    assert first["annotation"].mode == "L"
    assert (np.asarray(first["annotation"]) == some_mask(1)).all()
    refused(lambda: list(rows), ValueError, f"{NAME}.png", "151")


def test_streaming_in_workers(root):
    torch_data = pytest.importorskip("torch.utils.data")
    loader = torch_data.DataLoader(read(root, streaming=True), batch_size=None, num_workers=2)
    assert sorted(row["name"] for row in loader) == [f"ADE_val_{n:08d}" for n in range(1, 6)]


def test_save_and_load_again(root, tmp_path):
    read(root).save_to_disk(tmp_path / "saved")
    rows = hf.load_from_disk(tmp_path / "saved")
    shutil.rmtree(root)
    assert ids(rows[2]) == sorted(set(some_mask(3).ravel().tolist()))
    assert rows[0]["image"].size == SIZE


def test_saving_checks_first(spoiled, tmp_path):
    refused(lambda: read(spoiled).save_to_disk(tmp_path / "saved"), ValueError, f"{NAME}.png", "151")


def test_quiet_and_without_traces(root, tmp_path):
    """No output, no progress bar, no cache, nothing written beside the data; a read-only folder will do."""
    before = sorted(root.rglob("*"))
    folders = [root, *(p for p in before if p.is_dir())]
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    home = tmp_path / "home"
    home.mkdir()
    code = f"import adebook; rows = adebook.load('sceneparse150', root={str(root)!r}); rows[0]; [r for r in rows]"
    env = {**os.environ, "HOME": str(home), "HF_HOME": str(home / "hf")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=env
    )
    for folder in folders:
        folder.chmod(stat.S_IRWXU)
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    assert sorted(root.rglob("*")) == before
    assert list(home.rglob("*")) == []


# --- bad words ---


def test_unknown_source(monkeypatch):
    refused(
        lambda: load("scenparse"),
        ValueError,
        "'scenparse'",
        "'dollhouse' and 'sceneparse150'",
        "Did you mean 'sceneparse150'?",
    )
    refused(lambda: load("ade20k"), ValueError, "'ade20k'", "Did you mean 'ade20k-full'?")
    monkeypatch.setenv("ADEBOOK_SOURCE", "dolhouse")
    refused(
        load, ValueError, "'dolhouse'", "environment variable ADEBOOK_SOURCE", "Did you mean 'dollhouse'?"
    )


@pytest.mark.parametrize(
    "split, meant",
    [("val", "validation"), ("train", "training"), ("validate", "validation"), ("Training", "training")],
)
def test_unknown_split(root, split, meant):
    refused(
        lambda: load("sceneparse150", split, root=root),
        ValueError,
        repr(split),
        "'training' and 'validation'",
        f"Did you mean {meant!r}?",
    )


def test_the_test_split(root):
    refused(lambda: load("sceneparse150", "test", root=root), ValueError, "'test'", "published without masks")


def test_wrong_types(root):
    refused(lambda: load(150), TypeError, "source is a string", "150")
    refused(lambda: load("sceneparse150", None, root=root), TypeError, "split is a string", "None")


def test_unknown_class_name():
    refused(lambda: adebook.classes.find("chiar"), ValueError, "'chiar'", "did you mean 'chair'")


# --- bad folders ---


def test_no_root_and_no_fall_back():
    refused(
        lambda: load("sceneparse150"),
        FileNotFoundError,
        "'sceneparse150' was asked for",
        "ADE20K_ROOT",
        "no finished download is in /nowhere/adebook",
        "adebook.download()",
        "http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip",
        "967,382,037 bytes",
    )


def test_root_does_not_exist(tmp_path, monkeypatch):
    lost = tmp_path / "data" / "ade"
    for call in (lambda: read(lost), lambda: load("sceneparse150")):
        monkeypatch.setenv("ADE20K_ROOT", str(lost))
        refused(
            call,
            FileNotFoundError,
            lost,
            "does not exist",
            f"right as far as {tmp_path}",
            "ADEChallengeData2016.zip",
        )


def test_root_is_the_zip_file(tmp_path):
    archive = tmp_path / "ADEChallengeData2016.zip"
    archive.write_bytes(b"PK")
    refused(
        lambda: read(archive),
        NotADirectoryError,
        archive,
        "is a file",
        "unzip",
        f"adebook.download(root='{tmp_path}')",
    )


@pytest.mark.parametrize("down", ["images", "annotations", "images/validation"])
def test_root_too_low(root, monkeypatch, down):
    monkeypatch.setenv("ADE20K_ROOT", str(root / down))
    refused(
        lambda: load("sceneparse150"),
        FileNotFoundError,
        f"ADE20K_ROOT={root / down}",
        "too low",
        f"set ADE20K_ROOT to {root}",
    )


@pytest.mark.parametrize("up", [1, 2])
def test_root_too_high(root, monkeypatch, up):
    high = root.parents[up - 1]
    if up == 2:  # pytest's folders lie beside each other there; make one of our own
        high = root.parent / "outer"
        (high / "inner").mkdir(parents=True)
        root = Path(shutil.move(root, high / "inner" / root.name))
    monkeypatch.setenv("ADE20K_ROOT", str(high))
    refused(
        lambda: load("sceneparse150"),
        FileNotFoundError,
        f"ADE20K_ROOT={high}",
        "too high",
        f"set ADE20K_ROOT to {root}",
    )


def test_root_too_high_with_several_below(root, monkeypatch):
    high = root.parent / "outer"
    for way in ("a/x", "b", "c", "d"):
        shutil.copytree(root, high / way)
    monkeypatch.setenv("ADE20K_ROOT", str(high))
    refused(
        lambda: load("sceneparse150"),
        FileNotFoundError,
        "too high: 4 folders below have them",
        f"{high / 'b'}, {high / 'c'}, {high / 'd'}, ...",
        "set ADE20K_ROOT to the one you mean",
    )


def test_root_is_empty_text(root, monkeypatch):
    monkeypatch.chdir(root)
    refused(lambda: read(""), ValueError, "root is ''", "Cure")
    refused(lambda: source_info("sceneparse150", root=" "), ValueError, "root is ' '")
    assert len(read(".")) == len(read(Path())) == 5


def test_root_of_an_unknown_user(monkeypatch):
    refused(
        lambda: read("~nosuchuser/x"), FileNotFoundError, "root='~nosuchuser/x'", "not known here", "Cure"
    )
    monkeypatch.setenv("ADE20K_ROOT", "~nosuchuser/x")
    refused(lambda: load("sceneparse150"), FileNotFoundError, "ADE20K_ROOT=~nosuchuser/x", "Cure")
    assert source_info("sceneparse150").root is None


def test_root_is_something_else(tmp_path):
    other = tmp_path / "a" / "b" / "c"
    other.mkdir(parents=True)
    refused(lambda: read(other), FileNotFoundError, other, "images/ and annotations/", "it is empty", "Cure")
    (other / "holiday.jpg").write_bytes(b"x")
    refused(lambda: read(other), FileNotFoundError, "It holds holiday.jpg")
    (other / "images" / "ADE").mkdir(parents=True)
    refused(lambda: read(other), FileNotFoundError, "looks like the full ADE20K release")


def test_split_folder_missing(root):
    shutil.rmtree(root / "annotations" / "validation")
    refused(
        lambda: read(root),
        FileNotFoundError,
        root / "annotations" / "validation",
        "missing",
        "holds training",
        "Cure",
    )


def test_empty_folder(root):
    for path in (root / "images" / "validation").iterdir():
        path.unlink()
    refused(
        lambda: read(root),
        FileNotFoundError,
        root / "images" / "validation",
        "no pictures (NAME.jpg)",
        "empty",
        "Cure",
    )
    refused(lambda: read(root), FileNotFoundError, f"{root / 'images' / 'validation'} is empty: it has no")
    (root / "images" / "validation" / "a.png").write_bytes(b"x")
    refused(lambda: read(root), ValueError, "a.png")


@pytest.mark.parametrize(
    "entry, says",
    [
        ("images/validation/ADE_val_00000009.JPG", "rename ADE_val_00000009.JPG to ADE_val_00000009.jpg"),
        ("images/validation/ADE_val_00000009.jpeg", "rename ADE_val_00000009.jpeg to ADE_val_00000009.jpg"),
        ("images/validation/ADE_val_00000001.jpeg", "is there beside ADE_val_00000001.jpg: remove one"),
        ("images/validation/ADE_val_00000009.webp", "move what is not one of the pictures out"),
        ("images/validation/more/ADE_val_00000009.jpg", "sub-folders are not searched"),
        ("images/validation/folder.jpg/a.jpg", "folder.jpg/"),
        (
            "annotations/validation/ADE_val_00000009.PNG",
            "rename ADE_val_00000009.PNG to ADE_val_00000009.png",
        ),
        ("annotations/validation/ADE_val_00000009.npy", "move what is not one of the masks out"),
    ],
)
def test_nothing_is_skipped(root, entry, says):
    path = root / entry
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    split = root.joinpath(*entry.split("/")[:2])
    refused(
        lambda: read(root), ValueError, split, entry.split("/")[2], "1 entry is not", "None is skipped", says
    )


def test_a_pair_with_capital_endings(root):
    for path in (
        root / "images" / "validation" / f"{NAME}.jpg",
        root / "annotations" / "validation" / f"{NAME}.png",
    ):
        path.rename(path.with_suffix(path.suffix.upper()))
    refused(lambda: read(root), ValueError, f"{NAME}.JPG", f"rename {NAME}.JPG to {NAME}.jpg")


def test_many_strangers_are_counted(root):
    for number in range(5):
        (root / "annotations" / "validation" / f"{number}.npy").write_bytes(b"x")
    refused(lambda: read(root), ValueError, "5 entries are not", "0.npy, 1.npy, 2.npy, ...")


def test_picture_without_mask(root):
    for n in (1, 2, 4, 5):
        (root / "annotations" / "validation" / f"ADE_val_{n:08d}.png").unlink()
    refused(
        lambda: read(root),
        ValueError,
        "4 pictures have no mask: ADE_val_00000001.jpg, ADE_val_00000002.jpg, ADE_val_00000004.jpg, ...",
        root / "images" / "validation",
        root / "annotations" / "validation",
        "Cure",
    )


def test_mask_without_picture(root):
    (root / "images" / "validation" / f"{NAME}.jpg").unlink()
    refused(
        lambda: read(root),
        ValueError,
        f"1 mask has no picture: {NAME}.png",
        root / "annotations" / "validation",
        "Cure",
    )


# --- bad files ---


@pytest.mark.parametrize("size", [(SIZE[0] - 1, SIZE[1]), SIZE[::-1]])
def test_sizes_that_differ(root, size):
    write_pair(root, "validation", NAME, some_mask(3), size)
    refused(
        lambda: row_of(root),
        ValueError,
        root / "annotations" / "validation" / f"{NAME}.png",
        root / "images" / "validation" / f"{NAME}.jpg",
        f"mask is {SIZE[0]} x {SIZE[1]}",
        f"is {size[0]} x {size[1]} (width x height)",
        "Cure",
    )


SIXTEEN = PIL.Image.fromarray(np.full(SIZE[::-1], 300, np.uint16))


@pytest.mark.parametrize(
    "image, parts",
    [
        (
            PIL.Image.new("RGB", SIZE, (120, 120, 120)),
            ("a color image (RGB)", "decolorize", "from_full_release"),
        ),
        (PIL.Image.new("RGBA", SIZE), ("a color image (RGBA)", "decolorize")),
        (PIL.Image.new("LA", SIZE), ("PIL mode 'LA'", "Cure")),
        (PIL.Image.new("1", SIZE), ("black and white (1 bit)", "Cure")),
        (SIXTEEN, ("16-bit", "save it as an 8-bit gray PNG")),
    ],
    ids=lambda value: getattr(value, "mode", None),
)
def test_mask_of_another_format(root, image, parts):
    image.save(root / "annotations" / "validation" / f"{NAME}.png")
    refused(
        lambda: row_of(root),
        ValueError,
        root / "annotations" / "validation" / f"{NAME}.png",
        "8-bit with one channel",
        *parts,
    )


@pytest.mark.parametrize(
    "kind, says", [("JPEG", "invents numbers"), ("BMP", "not certain"), ("GIF", "not certain")]
)
def test_mask_that_is_no_png_in_spite_of_its_name(root, kind, says):
    path = root / "annotations" / "validation" / f"{NAME}.png"
    PIL.Image.new("L", SIZE, 7).save(path, kind)
    refused(lambda: row_of(root), ValueError, path, f"is a {kind} file by its content", says, "Cure")


def test_mask_of_four_bits(root):
    """Pillow stretches 4-bit gray to 0..255: id 1 would come out as 17."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", *SIZE, 4, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x12" * (SIZE[0] // 2) for _ in range(SIZE[1]))
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    (root / "annotations" / "validation" / f"{NAME}.png").write_bytes(png)
    refused(lambda: row_of(root), ValueError, f"{NAME}.png", "4-bit gray", "Cure")


@pytest.mark.parametrize("value, says", [(151, "Cure"), (255, "looks like a train-id array"), (200, "Cure")])
def test_value_above_150(root, value, says):
    bad = some_mask(3)
    bad[2, 7] = bad[3, 1] = value
    PIL.Image.fromarray(bad).save(root / "annotations" / "validation" / f"{NAME}.png")
    refused(
        lambda: row_of(root),
        ValueError,
        root / "annotations" / "validation" / f"{NAME}.png",
        f"holds {value} at row 2, column 7",
        "2 pixels",
        "0 (other) and 1..150",
        says,
    )


@pytest.mark.parametrize(
    "what, folder, suffix", [("picture", "images", "jpg"), ("mask", "annotations", "png")]
)
@pytest.mark.parametrize("keep", [0, -2, 0.5, 0.9])
def test_truncated(root, what, folder, suffix, keep):
    path = root / folder / "validation" / f"{NAME}.{suffix}"
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if isinstance(keep, int) else keep * len(content))])
    says = "empty or no image at all" if keep == 0 else "damaged or truncated"
    refused(lambda: row_of(root), ValueError, path, what, says, "Cure: get the file again")


@pytest.mark.parametrize("folder, suffix", [("images", "jpg"), ("annotations", "png")])
def test_truncated_although_pillow_was_told_not_to_mind(root, monkeypatch, folder, suffix):
    import PIL.ImageFile

    monkeypatch.setattr(PIL.ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    path = root / folder / "validation" / f"{NAME}.{suffix}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(lambda: row_of(root), ValueError, path, "damaged or truncated")
    assert PIL.ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("folder, suffix", [("images", "jpg"), ("annotations", "png")])
@settings(max_examples=40, deadline=None)
@given(keep=st.floats(0, 1))
def test_truncated_anywhere(tmp_path_factory, folder, suffix, keep):
    """Wherever a file is cut: its pixels come out whole, or an error names it."""
    root = tmp_path_factory.mktemp("cut")
    write_pair(root, "validation", NAME, some_mask(3))
    column = "image" if folder == "images" else "annotation"
    whole = np.asarray(read(root)[0][column])
    path = root / folder / "validation" / f"{NAME}.{suffix}"
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    try:
        row = read(root)[0]
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert (np.asarray(row[column]) == whole).all()


def test_not_an_image(root):
    path = root / "images" / "validation" / f"{NAME}.jpg"
    path.write_text("<html>404 Not Found</html>")
    refused(lambda: row_of(root), ValueError, path, "no image at all", "Cure")


def test_file_that_went_away(root):
    rows = read(root)
    (root / "images" / "validation" / f"{NAME}.jpg").unlink()
    refused(lambda: rows[2], FileNotFoundError, f"{NAME}.jpg")


def test_other_rows_can_still_be_read(spoiled):
    rows = read(spoiled)
    assert [ids(rows[i])[-1] for i in (0, 1, 3, 4)] == [150] * 4


# --- Dollhouse ---


@pytest.fixture
def dollhouse(tmp_path):
    root = tmp_path / "dollhouse"
    for number, name in enumerate(("dollhouse_bedroom_0005", "dollhouse_street_0010")):
        write_pair(root, "validation", name, some_mask(number))
        for folder in ("instances", "parts"):
            (root / folder / "validation").mkdir(parents=True, exist_ok=True)
        numbers = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE[::-1]) * 7
        PIL.Image.fromarray(numbers).save(root / "instances" / "validation" / f"{name}.png")
        for level in range(1, 3 - number):  # the street has no second level
            PIL.Image.fromarray(numbers + level).save(root / "parts" / "validation" / f"{name}_{level}.png")
    (root / "recipes").mkdir()
    return root


def test_instances_and_parts(dollhouse):
    rows = load("dollhouse", root=dollhouse, instances=True, parts=True)
    assert rows.column_names == ["image", "annotation", "scene", "name", "instances", "parts"]
    first, second = rows
    assert first["instances"].mode == "I;16"
    assert np.asarray(first["instances"]).max() == (SIZE[0] * SIZE[1] - 1) * 7
    assert [np.asarray(level).min() for level in first["parts"]] == [1, 2]
    assert [len(row["parts"]) for row in (first, second)] == [2, 1]
    streamed = next(iter(load("dollhouse", root=dollhouse, parts=True, streaming=True)))
    assert [level.mode for level in streamed["parts"]] == ["I;16", "I;16"]
    assert load("dollhouse", root=dollhouse).column_names == ["image", "annotation", "scene", "name"]


def test_other_pictures_are_not_called_dollhouse(root, dollhouse):
    """They would be credited as rendered and CC0."""
    refused(lambda: load("dollhouse", root=root), FileNotFoundError, root, "recipes/", "rendered", "Cure")
    assert source_info("dollhouse", root=root).root is None
    assert info_of(load("dollhouse", root=dollhouse)).root == dollhouse
    assert len(read(dollhouse)) == 2  # the other way round is fine: the layout is the same


def test_no_level_of_parts_is_skipped(dollhouse):
    first = dollhouse / "parts" / "validation" / "dollhouse_street_0010_1.png"
    shutil.copy(first, first.with_name("dollhouse_street_0010_3.png"))
    refused(
        lambda: load("dollhouse", root=dollhouse, parts=True),
        ValueError,
        "dollhouse_street_0010_2.png is missing",
        "dollhouse_street_0010_3.png",
        "Cure",
    )


def test_instances_and_parts_are_checked(dollhouse):
    path = dollhouse / "instances" / "validation" / "dollhouse_bedroom_0005.png"
    PIL.Image.new("I;16", (3, 3)).save(path)
    rows = load("dollhouse", root=dollhouse, instances=True)
    refused(lambda: rows[0], ValueError, path, "3 x 3", f"{SIZE[0]} x {SIZE[1]}")
    PIL.Image.new("RGB", SIZE).save(path)
    refused(lambda: rows[0], ValueError, path, "a color image (RGB)", "one channel")
    PIL.Image.new("L", SIZE).save(path, "JPEG")
    refused(lambda: rows[0], ValueError, path, "is a JPEG file by its content", "Cure")
    path.unlink()
    refused(
        lambda: load("dollhouse", root=dollhouse, instances=True), FileNotFoundError, path, "1 of 2", "Cure"
    )


def test_only_dollhouse_has_instances(root):
    refused(lambda: read(root, instances=True), ValueError, "'sceneparse150' has no instances", "Cure")
    refused(lambda: read(root, parts=True, instances=True), ValueError, "no instances and parts")


def test_the_dollhouse_that_comes_with_the_book():
    for split in ("training", "validation"):
        rows = load("dollhouse", split, instances=True, parts=True)
        for row in rows:
            assert row["scene"]
            assert adebook.dollhouse.recipe(row["name"])
            assert np.asarray(row["annotation"]).any()


# --- real files ---


@pytest.mark.real
def test_real_files(real_root):
    rows = load("sceneparse150", "validation", root=real_root)
    first = rows[0]
    assert (first["name"], first["scene"], first["image"].size) == ("ADE_val_00000001", "abbey", (683, 512))
    assert ids(first) == [0, 1, 2, 3, 5, 7, 10, 18]
    for row in rows:
        assert row["image"].size == row["annotation"].size
        assert row["scene"]


@pytest.mark.real
@pytest.mark.parametrize("way", ["images", "images/training", ".."])
def test_real_root_one_level_off(real_root, way):
    refused(lambda: read(real_root / way), FileNotFoundError, f"the data lies at {real_root}")
