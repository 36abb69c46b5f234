"""What only Dollhouse has: depth, and the recipe of each scene."""

import importlib
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import PIL.Image
import pytest

import adebook

ROOT = Path(__file__).resolve().parent.parent
SIZE = (8, 6)  # width, height
NAMES = ("dollhouse_bedroom_0005", "dollhouse_street_0010")


@pytest.fixture
def root(tmp_path):
    """Two scenes in the layout of data/dollhouse. The depth of the second goes from no surface to the farthest."""
    root = tmp_path / "dollhouse"
    for folder in ("images", "annotations", "depth", "recipes"):
        (root / folder / "validation").mkdir(parents=True)
    for name in NAMES:
        PIL.Image.new("RGB", SIZE).save(root / "images/validation" / f"{name}.jpg")
        PIL.Image.new("L", SIZE, 1).save(root / "annotations/validation" / f"{name}.png")
        depth = np.full(SIZE[::-1], 2500, np.uint16)
        if "street" in name:
            depth[0], depth[1] = 0, 65535
        PIL.Image.fromarray(depth).save(root / "depth/validation" / f"{name}.png")
        recipe = {"kind": name.split("_")[1], "camera": {"lens_mm": 27.5}}
        (root / "recipes/validation" / f"{name}.json").write_text(json.dumps(recipe))
    return root


def depth_file(root):
    return root / "depth/validation" / f"{NAMES[0]}.png"


# --- depth ---


def test_depth_is_in_millimeters(root):
    rows = adebook.load("dollhouse", root=root, depth=True)
    assert rows.column_names == ["image", "annotation", "scene", "name", "depth"]
    near, far = (row["depth"] for row in rows)
    assert (near.mode, near.size) == ("I;16", SIZE)
    assert np.asarray(near).dtype == np.uint16
    assert np.asarray(near).tolist() == [[2500] * 8] * 6
    assert np.asarray(far)[:3, 0].tolist() == [0, 65535, 2500]


def test_depth_only_when_asked(root):
    assert "depth" not in adebook.load("dollhouse", root=root).column_names


def test_depth_streams_and_maps(root):
    streamed = next(iter(adebook.load("dollhouse", root=root, depth=True, streaming=True)))
    assert streamed["depth"].getpixel((0, 0)) == 2500
    rows = adebook.load("dollhouse", root=root, depth=True)
    meters = rows.map(lambda row: {"farthest": np.asarray(row["depth"]).max() / 1000})
    assert meters["farthest"][:] == [2.5, 65.535]


def test_depth_is_saved_and_read_back(root, tmp_path):
    import datasets

    adebook.load("dollhouse", root=root, depth=True).save_to_disk(tmp_path / "saved")
    back = datasets.load_from_disk(tmp_path / "saved")
    assert back[0]["depth"].mode == "I;16"
    assert np.asarray(back[1]["depth"])[:3, 0].tolist() == [0, 65535, 2500]


def test_missing_depth(root):
    depth_file(root).unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 2 files are missing: .*bedroom_0005\.png.*Cure"):
        adebook.load("dollhouse", root=root, depth=True)
    assert len(adebook.load("dollhouse", root=root)) == 2  # and nobody else minds


@pytest.mark.parametrize(
    ("image", "format", "message"),
    [
        (PIL.Image.new("I;16", (3, 3)), "PNG", r"depth map is 3 x 3, but its picture .* is 8 x 6"),
        (PIL.Image.new("L", SIZE), "PNG", r"depth map is of PIL mode 'L', but depth has .* 16 bits .*Cure"),
        (PIL.Image.new("RGB", SIZE), "PNG", r"depth map is a color image \(RGB\), but depth has .*Cure"),
        (PIL.Image.new("L", SIZE), "JPEG", r"depth map is a JPEG file by its content.*Cure"),
    ],
    ids=["size", "8 bits", "color", "JPEG"],
)
def test_wrong_depth(root, image, format, message):
    image.save(depth_file(root), format)
    rows = adebook.load("dollhouse", root=root, depth=True)
    with pytest.raises(ValueError, match=message) as caught:
        rows[0]
    assert str(depth_file(root)) in str(caught.value)


def test_damaged_depth(root):
    depth_file(root).write_bytes(depth_file(root).read_bytes()[:-20])
    rows = adebook.load("dollhouse", root=root, depth=True)
    with pytest.raises(ValueError, match=r"bedroom_0005\.png: the depth map is damaged or truncated.*Cure"):
        rows[0]


def test_only_dollhouse_has_depth(root):
    with pytest.raises(ValueError, match=r"'sceneparse150' has no depth; only 'dollhouse' has\. Cure"):
        adebook.load("sceneparse150", root=root, depth=True)
    with pytest.raises(ValueError, match="has no instances and depth"):
        adebook.load("sceneparse150", root=root, instances=True, depth=True)


# --- recipes ---


def test_recipe(root):
    recipe = adebook.dollhouse.recipe("dollhouse_street_0010", root=root)
    assert recipe == {"kind": "street", "camera": {"lens_mm": 27.5}}


def test_unknown_recipe(root):
    with pytest.raises(
        FileNotFoundError, match=r"no recipe dollhouse_stret_0010\.json in .*'dollhouse_street"
    ):
        adebook.dollhouse.recipe("dollhouse_stret_0010", root=root)
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'dollhouse_bedroom_0005' or"):
        adebook.dollhouse.recipe("", root=root)
    with pytest.raises(FileNotFoundError):  # the name of a scene, not a path
        adebook.dollhouse.recipe("../validation/dollhouse_street_0010", root=root)
    with pytest.raises(TypeError, match="got 5"):
        adebook.dollhouse.recipe(5, root=root)


@pytest.mark.parametrize("content", [b'{"kind": "bedr', b"\xff\xfe\x00"], ids=["cut", "no text"])
def test_damaged_recipe(root, content):
    (root / "recipes/validation/dollhouse_bedroom_0005.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"bedroom_0005\.json: the recipe is damaged .*Cure"):
        adebook.dollhouse.recipe("dollhouse_bedroom_0005", root=root)


def test_recipe_that_comes_with_the_book():
    recipe = adebook.dollhouse.recipe("dollhouse_bedroom_0005")
    assert (recipe["kind"], recipe["seed"], recipe["size"]) == ("bedroom", 5, [512, 384])
    assert "bed" in {thing["class"] for thing in recipe["objects"]}


def test_import_is_cheap():
    code = "import sys, adebook.dollhouse; print(*sorted({'datasets', 'numpy', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# --- the page "How Dollhouse is built" ---


def test_quoted_code_is_the_generators():
    """The page quotes the generator; both must say the same, but for indentation."""
    page = nbformat.read(ROOT / "back" / "how-dollhouse-is-built.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    quotes = re.findall(r"```python\n(.*?)\n```", text, flags=re.S)
    assert len(quotes) == 2
    files = [f.read_text(encoding="utf-8") for f in (ROOT / "tools" / "dollhouse").rglob("*.py")]
    for quote in quotes:
        assert any(textwrap.indent(quote, " " * n) in file for file in files for n in (0, 4, 8, 12)), quote


def test_stages_show_a_scene_of_the_data_set():
    stages = sorted((ROOT / "data" / "dollhouse_stages").iterdir())
    names = {file.stem.rpartition("_")[0] for file in stages}
    assert [file.stem.rpartition("_")[2] for file in stages] == ["clay", "materials", "paths"]
    for name in names:
        size = tuple(adebook.dollhouse.recipe(name)["size"])
        for file in stages[:2]:
            with PIL.Image.open(file) as image:
                assert image.size == size
    assert sum(file.stat().st_size for file in stages) < 300_000


# --- the baseline in the datasheet ---


@pytest.fixture
def baseline(monkeypatch):
    """The tool's module."""
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("tools.dollhouse_baseline")


def test_priors_of_the_baseline(baseline):
    targets = np.array([[[0, 5]], [[3, 5]], [[3, 255]], [[255, 5]]], np.uint8)  # four masks of 1 x 2 pixels
    most, at_place = baseline.position_prior(targets)
    assert most == 5  # three pixels; 255 is no class
    assert at_place.tolist() == [[3, 5]]


def test_the_segmenter_of_the_baseline(baseline):
    model = baseline.Segmenter().eval()
    picture = baseline.torch.zeros(3, 96, 128, dtype=baseline.torch.uint8)
    assert model(picture[None] / 255).shape == (1, 150, 24, 32)
    prediction = baseline.predict(model, picture, (192, 256))
    assert (prediction.shape, prediction.dtype) == ((192, 256), np.uint8)
    assert prediction.max() < 150


def test_the_segmenter_beats_the_priors():
    table = pd.read_csv(ROOT / "data" / "dollhouse_baseline.csv", index_col="key")
    trained = table.filter(like="segmenter", axis="index")
    priors = table.drop(trained.index)
    for column in ("mean_iou", "pixel_accuracy"):
        assert trained[column].min() > 2 * priors[column].max()
    datasheet = (ROOT / "data" / "dollhouse" / "README.md").read_text(encoding="utf-8")
    for score in table[["mean_iou", "pixel_accuracy"]].stack():
        assert f"{score:.2f} %" in datasheet
