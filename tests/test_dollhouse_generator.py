"""The Dollhouse generator, as far as it needs no Blender, and the data that it made."""

import errno
import json
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.dollhouse import dataset, datasheet, registry, render, vocabulary  # noqa: E402
from tools.dollhouse.__main__ import main  # noqa: E402

RECIPES = sorted(dataset.DATA.glob("recipes/*/*.json"))


def fake_scene(kind="bedroom", seed=3, parts_2=True, shape=(24, 32)):
    """A scene as `render.render` returns it, without rendering."""
    mask = np.zeros(shape, np.uint8)
    mask[:12] = 8
    instances = (mask > 0).astype(np.uint16)
    parts = instances * 1, (instances * 2 if parts_2 else instances * 0)
    image = np.full((*shape, 3), 127, np.uint8)
    depth = np.where(mask > 0, 1984, 0).astype(np.uint16)
    recipe = {"kind": kind, "seed": seed, "seconds": 1.0, "unlabeled_share": 0.5, "objects": []}
    return dataset.Rendered(kind, seed, image, mask, instances, parts, depth, recipe)


# ---------------------------------------------------------------- names, seeds, kinds
def test_every_fifth_seed_is_validation():
    assert [dataset.split_of(s) for s in range(6)] == ["validation", *["training"] * 4, "validation"]


@pytest.mark.parametrize("seed", [-1, 10_000, 1.5, "7"])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match="from 0 to 9999"):
        dataset.scene_name("bedroom", seed)


def test_an_unknown_kind_suggests_the_nearest():
    with pytest.raises(ValueError, match="'bedrom': did you mean 'bedroom'"):
        registry.check_kind("bedrom")


def test_an_unknown_class_suggests_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'wardrobe'"):
        vocabulary.class_id("wardrob")


def test_registering_a_class_outside_the_150_is_refused():
    with pytest.raises(ValueError, match="not one of the 150"):
        registry.builds("guitar")


def test_a_scene_lives_in_the_file_of_its_kind():
    with pytest.raises(ValueError, match=r"scenes/ballroom\.py"):
        registry.scene("ballroom")(lambda: None)


def test_the_palette_is_mits():
    colors = np.array(vocabulary.palette()).reshape(256, 3)
    assert colors[0].tolist() == [0, 0, 0] and colors[1].tolist() == [120, 120, 120]
    assert colors[150].tolist() == [92, 0, 255] and not colors[151:].any()


# ---------------------------------------------------------------- the list of scenes
def test_scenes_csv_lists_each_scene_once():
    rows = dataset.listed_scenes()
    assert rows and len(rows) == len(set(rows))


def test_a_scene_listed_twice_is_refused(tmp_path):
    file = tmp_path / "scenes.csv"
    file.write_text("kind,seed\nbedroom,3\nbedroom,3\n")
    with pytest.raises(ValueError, match="twice"):
        dataset.listed_scenes(file)


# ---------------------------------------------------------------- writing a scene: whole or not at all
def test_a_written_scene_is_whole_and_reads_back(tmp_path):
    dataset.write_scene(tmp_path, fake_scene())
    assert dataset.is_whole(tmp_path, "bedroom", 3)
    files = dataset.paths(tmp_path, "bedroom", 3)
    mask = Image.open(files["annotation"])
    assert mask.mode == "P" and set(np.unique(mask)) == {0, 8}
    assert np.asarray(Image.open(files["parts_2"])).max() == 2
    assert not list(tmp_path.glob(".partial-*"))


def test_without_parts_of_parts_there_is_no_second_file(tmp_path):
    dataset.write_scene(tmp_path, fake_scene())
    dataset.write_scene(tmp_path, fake_scene(parts_2=False))
    assert dataset.is_whole(tmp_path, "bedroom", 3)
    assert not dataset.paths(tmp_path, "bedroom", 3)["parts_2"].exists()


@pytest.mark.parametrize("lost", ["recipe", "image", "instances", "depth"])
def test_a_scene_that_lacks_a_file_is_not_whole(tmp_path, lost):
    dataset.write_scene(tmp_path, fake_scene())
    dataset.paths(tmp_path, "bedroom", 3)[lost].unlink()
    assert not dataset.is_whole(tmp_path, "bedroom", 3)
    with pytest.raises(RuntimeError, match=r"half-written.*python -m tools\.dollhouse bedroom 3"):
        dataset.read_recipe(tmp_path, "bedroom", 3)


def test_a_damaged_recipe_is_not_whole(tmp_path):
    file = dataset.write_scene(tmp_path, fake_scene())
    file.write_text(file.read_text()[:40])
    with pytest.raises(RuntimeError, match="not JSON"):
        dataset.read_recipe(tmp_path, "bedroom", 3)


def test_a_missing_scene_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m tools\.dollhouse bedroom 3"):
        dataset.read_recipe(tmp_path, "bedroom", 3)


@pytest.mark.parametrize("fails_at", range(1, 7))
def test_a_full_disk_leaves_no_half_written_scene(tmp_path, monkeypatch, fails_at):
    real, calls = Image.Image.save, []

    def save(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "save", save)
    with pytest.raises(RuntimeError, match="disk is full"):
        dataset.write_scene(tmp_path, fake_scene())
    assert not dataset.is_whole(tmp_path, "bedroom", 3)
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]


def test_a_crash_between_the_moves_leaves_the_scene_missing(tmp_path, monkeypatch):
    dataset.write_scene(tmp_path, fake_scene())
    real, calls = Path.replace, []

    def replace(self, target):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        dataset.write_scene(tmp_path, fake_scene())
    assert not dataset.is_whole(tmp_path, "bedroom", 3)


# ---------------------------------------------------------------- depth
def test_depth_is_in_millimeters_and_zero_where_nothing_is():
    meters = np.array([1e10, np.inf, np.nan, 0.0004, 0.05, 1.0, 3.333, 65.279, 65.28, 900.0], np.float32)
    depth = dataset.depth_image(meters)
    assert depth.dtype == np.uint16
    assert depth.tolist() == [0, 0, 0, 1, 50, 1000, 3328, 65024, 65535, 65535]


@given(st.floats(0.001, 65.0))
def test_depth_is_off_by_at_most_one_part_in_128(meters):
    mm = int(dataset.depth_image(np.array([meters]))[0])
    assert abs(mm - 1000 * meters) <= max(1000 * meters / 128, 0.5)


def without_depth(root):
    """A scene as the first version wrote it."""
    file = dataset.write_scene(root, fake_scene())
    dataset.paths(root, "bedroom", 3)["depth"].unlink()
    recipe = json.loads(file.read_text())
    recipe["files"].remove("depth")
    file.write_text(json.dumps(recipe))
    return file


def test_depth_is_added_to_a_finished_scene(tmp_path):
    without_depth(tmp_path)
    assert dataset.state(tmp_path, "bedroom", 3) == "no depth"
    assert not dataset.is_whole(tmp_path, "bedroom", 3)
    image = dataset.paths(tmp_path, "bedroom", 3)["image"]
    before = image.read_bytes()
    dataset.add_depth(tmp_path, fake_scene())
    assert dataset.is_whole(tmp_path, "bedroom", 3) and image.read_bytes() == before
    depth = np.asarray(Image.open(dataset.paths(tmp_path, "bedroom", 3)["depth"]))
    assert depth.dtype == np.uint16 and depth[:12].min() == depth.max() == 1984 and not depth[12:].any()


def test_depth_of_another_picture_is_refused(tmp_path):
    without_depth(tmp_path)
    scene = fake_scene()
    scene.mask[0, :5] = 9
    with pytest.raises(RuntimeError, match=r"differs in 5 pixels.*bedroom 3 --again"):
        dataset.add_depth(tmp_path, scene)
    assert dataset.state(tmp_path, "bedroom", 3) == "no depth"


# ---------------------------------------------------------------- the command line, with a stub for Blender
@pytest.fixture
def stub(monkeypatch):
    rendered = []

    def fake_render(kind, seed, samples, supersample, size):
        rendered.append((kind, seed))
        return fake_scene(kind, seed)

    def fake_labels(kind, seed, size):
        rendered.append(("labels", kind, seed))
        return fake_scene(kind, seed)

    monkeypatch.setattr(render, "render", fake_render)
    monkeypatch.setattr(render, "labels", fake_labels)
    monkeypatch.setattr(render, "require_bpy", lambda: None)
    monkeypatch.setattr(dataset, "listed_scenes", lambda: [("bedroom", 3), ("street", 5), ("park", 1)])
    return rendered


def test_a_run_renders_what_is_missing_and_resumes(tmp_path, stub):
    dataset.write_scene(tmp_path, fake_scene("street", 5))
    assert main(["--out", str(tmp_path)]) == 0
    assert stub == [("bedroom", 3), ("park", 1)]
    assert main(["--out", str(tmp_path)]) == 0 and len(stub) == 2
    dataset.paths(tmp_path, "park", 1)["recipe"].unlink()
    assert main(["--out", str(tmp_path)]) == 0 and stub[2:] == [("park", 1)]
    lines = (tmp_path / "sceneCategories.txt").read_text().splitlines()
    assert lines == [
        "dollhouse_bedroom_0003 bedroom",
        "dollhouse_park_0001 park",
        "dollhouse_street_0005 street",
    ]


def test_a_run_draws_only_the_labels_of_a_scene_that_lacks_depth(tmp_path, stub):
    without_depth(tmp_path)
    assert main(["--out", str(tmp_path)]) == 0
    assert stub == [("labels", "bedroom", 3), ("street", 5), ("park", 1)]
    assert dataset.is_whole(tmp_path, "bedroom", 3)


def test_errors_are_one_line_and_a_status(tmp_path, stub, capsys):
    assert main(["strete", "1", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "dollhouse: Unknown scene kind 'strete': did you mean 'street'?\n"


def test_without_bpy_the_error_names_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(RuntimeError, match=r"pip install bpy==4\.5\.15 on Python 3\.11"):
        render.require_bpy()


def test_leaves_become_maps_of_what_is_seen():
    world = SimpleNamespace(
        objects=[("bed", 8), ("guitar", 0), ("car", 21)],
        parts=[("headboard", 1, 0, 1), ("wheel", 1, 0, 3), ("rim", 2, 2, 3)],
        leaves=[(0, 0, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (3, 0, 0), (3, 2, 0), (3, 2, 3)],
    )
    maps = render.label_maps(world, np.array([[0, 3, 4], [5, 6, 6]]), outdoor=True)
    assert maps["mask"].tolist() == [[3, 0, 21], [21, 21, 21]]
    assert maps["instances"].tolist() == [[3, 1, 2], [2, 2, 2]]
    assert maps["parts"][0].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert maps["parts"][1].tolist() == [[0, 0, 0], [0, 2, 2]]
    assert [o["class"] for o in maps["objects"]] == ["guitar", "car", "sky"]
    wheel, rim = maps["objects"][1]["parts"]
    assert wheel == {"id": 1, "name": "wheel", "level": 1, "parent": None}
    assert rim == {"id": 2, "name": "rim", "level": 2, "parent": 1}


# ---------------------------------------------------------------- the committed data
def read(recipe):
    r = json.loads(recipe.read_text())
    files = dataset.paths(dataset.DATA, r["kind"], r["seed"])
    maps = {w: np.asarray(Image.open(files[w])) for w in r["files"] if w != "image"}
    return r, files, maps


def test_the_data_set_is_what_scenes_csv_lists():
    have = {(r["kind"], r["seed"]) for r in (json.loads(f.read_text()) for f in RECIPES)}
    assert have == set(dataset.listed_scenes())
    names = [f.stem for f in RECIPES]
    assert sorted(names) == [
        n.split()[0] for n in (dataset.DATA / "sceneCategories.txt").read_text().splitlines()
    ]
    for folder in ("images", "annotations", "instances", "depth"):
        assert sorted(f.stem for f in dataset.DATA.glob(f"{folder}/*/*")) == sorted(names)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda f: f.stem)
def test_a_scene_agrees_with_itself(recipe):
    r, files, maps = read(recipe)
    assert dataset.is_whole(dataset.DATA, r["kind"], r["seed"])
    assert Image.open(files["image"]).size == tuple(r["size"]) == (512, 384)
    annotation = Image.open(files["annotation"])
    assert annotation.mode == "P" and tuple(annotation.getpalette()[:768]) == vocabulary.palette()
    mask, instances = maps["annotation"], maps["instances"]
    assert mask.max() <= 150 and mask.shape == instances.shape == (384, 512)
    assert instances.dtype == np.uint16 and round(float((mask == 0).mean()), 5) == r["unlabeled_share"]
    # each object id is one class, and the recipe tells the truth about it
    assert [o["id"] for o in r["objects"]] == [int(i) for i in np.unique(instances) if i]
    pairs = Counter(zip(instances.ravel().tolist(), mask.ravel().tolist(), strict=True))
    assert {(o["id"], o["class_id"]): o["pixels"] for o in r["objects"]} == {
        k: n for k, n in pairs.items() if k[0]
    }
    ids = {name.replace("_", " "): i for name, i in vocabulary.class_ids().items()}
    assert all(o["class_id"] == ids.get(o["class"], 0) for o in r["objects"])
    # depth is 0 where no surface is: in the sky, and where a ray left the room
    depth = maps["depth"]
    assert depth.dtype == np.uint16 and depth.shape == mask.shape
    sky = mask == vocabulary.class_id("sky")
    assert np.array_equal(depth == 0, sky | (instances == 0))
    assert (instances == 0).mean() < 0.001
    # a part lies within its object, a part of a part within its part
    parts = {p["id"]: (p, o["id"]) for o in r["objects"] for p in o["parts"]}
    seen = set()
    for level in (1, 2):
        part = maps.get(f"parts_{level}", np.zeros_like(instances))
        for i in (int(i) for i in np.unique(part) if i):
            p, owner = parts[i]
            assert p["level"] == level and set(np.unique(instances[part == i])) == {owner}
            if level == 2:
                assert set(np.unique(maps["parts_1"][part == i])) == {p["parent"]}
            seen.add(i)
    assert seen == set(parts)


@pytest.mark.parametrize("kind, seed", [("bedroom", 10), ("beach", 5)])
def test_the_generator_makes_the_committed_masks(kind, seed):
    pytest.importorskip("bpy", reason="needs Blender as a module: pip install bpy==4.5.15 on Python 3.11")
    if (kind, seed) not in dataset.listed_scenes():
        pytest.skip(f"{kind} {seed} is not in scenes.csv")
    scene = render.render(kind, seed, samples=1, supersample=1)
    files = dataset.paths(dataset.DATA, kind, seed)
    assert np.array_equal(scene.mask, np.asarray(Image.open(files["annotation"])))
    assert np.array_equal(scene.instances, np.asarray(Image.open(files["instances"])))
    assert np.array_equal(scene.parts[0], np.asarray(Image.open(files["parts_1"])))
    assert np.array_equal(scene.depth, np.asarray(Image.open(files["depth"])))


def test_the_datasheet_has_todays_statistics():
    text = (dataset.DATA / "README.md").read_text(encoding="utf-8")
    assert datasheet.table(datasheet.read()) in text


def test_things_outside_the_150_cover_three_to_eight_percent():
    shares = [json.loads(f.read_text())["unlabeled_share"] for f in RECIPES]
    assert 0.03 <= np.mean(shares) <= 0.08


def thumbnails(split):
    """(name, gray picture 24 x 32, mask 48 x 64) of every scene of a split."""
    rows = []
    for f in sorted((dataset.DATA / "images" / split).glob("*.jpg")):
        gray = Image.open(f).convert("L").resize((32, 24), Image.Resampling.BOX)
        mask = np.asarray(Image.open(dataset.DATA / "annotations" / split / f"{f.stem}.png"))
        rows.append((f.stem, np.asarray(gray, float), mask[4::8, 4::8]))
    return rows


def test_no_two_scenes_are_nearly_the_same():
    rows = thumbnails("training") + thumbnails("validation")
    for i, (name, gray, mask) in enumerate(rows):
        for other, gray2, mask2 in rows[:i]:
            assert np.abs(gray - gray2).mean() > 8 or (mask == mask2).mean() < 0.8, (name, other)


def test_no_validation_scene_has_a_near_duplicate_in_training():
    training = thumbnails("training")
    for name, gray, mask in thumbnails("validation"):
        for other, gray2, mask2 in training:
            difference = np.abs(gray - gray2).mean()  # gray levels
            correlation = np.corrcoef(gray.ravel(), gray2.ravel())[0, 1]
            agree = (mask == mask2).mean()  # share of pixels with the same label
            assert difference > 10 and correlation < 0.95 and agree < 0.9, (
                f"{name} and {other}: {difference:.1f} gray levels apart, r = {correlation:.2f}, "
                f"{agree:.0%} of the labels agree"
            )


# ---------------------------------------------------------------- edges
def gradient_around_edges(image, instances):
    """Mean step of the picture across label edges moved by -4 to 4 pixels; the middle value is the edge."""
    total = np.zeros(9)
    for rgb, ids in ((image, instances), (image.swapaxes(0, 1), instances.T)):
        edge = ids[:, 1:] != ids[:, :-1]
        step = np.abs(np.diff(rgb.astype(float), axis=1)).sum(-1)
        width = step.shape[1]
        total += [step[:, 4 + k : width - 4 + k][edge[:, 4 : width - 4]].mean() for k in range(-4, 5)]
    return total


@pytest.mark.parametrize("recipe", RECIPES[::8], ids=lambda f: f.stem)
def test_pictures_change_most_where_labels_do(recipe):
    _, files, maps = read(recipe)
    profile = gradient_around_edges(np.asarray(Image.open(files["image"])), maps["instances"])
    assert profile.argmax() == 4, profile
    assert 0.8 < profile[3] / profile[5] < 1.25, profile  # as much to the left as to the right


def flat_colors(kind, seed, samples):
    """A scene's leaves, and a picture of it through the picture's soft pixel filter: a flat color per leaf."""
    import tempfile

    import bpy

    render._build(kind, seed)
    flat = bpy.data.materials.new("flat")
    flat.use_nodes = True
    tree = flat.node_tree
    tree.nodes.clear()
    info, emit = tree.nodes.new("ShaderNodeObjectInfo"), tree.nodes.new("ShaderNodeEmission")
    noise, out = tree.nodes.new("ShaderNodeTexWhiteNoise"), tree.nodes.new("ShaderNodeOutputMaterial")
    noise.noise_dimensions = "1D"
    tree.links.new(info.outputs["Object Index"], noise.inputs["W"])
    tree.links.new(noise.outputs["Color"], emit.inputs["Color"])
    tree.links.new(emit.outputs[0], out.inputs["Surface"])
    layer, cycles = bpy.context.view_layer, bpy.context.scene.cycles
    layer.material_override = flat
    bpy.context.scene.world = bpy.data.worlds.new("black")
    bpy.context.scene.world.color = (0, 0, 0)
    cycles.samples, cycles.use_adaptive_sampling, cycles.use_denoising = samples, False, False
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    with tempfile.TemporaryDirectory() as folder:
        (light,) = render._passes(folder, ["Image"], 512, 384)
        leaf, _ = render._label_passes(folder, 512, 384)
    return leaf, light[..., :3]


@pytest.mark.parametrize("kind, seed", [("bedroom", 10), ("street", 5), ("nursery", 5)])
def test_edges_lie_within_one_pixel_of_the_rendered_edges(kind, seed):
    pytest.importorskip("bpy", reason="needs Blender as a module: pip install bpy==4.5.15 on Python 3.11")
    leaf, light = flat_colors(kind, seed, samples=16)
    ids, index = np.unique(leaf, return_inverse=True)
    index = index.reshape(leaf.shape)
    color = np.array([np.median(light[leaf == i], axis=0) for i in ids])
    off = np.abs(light - color[index]).sum(-1) > 0.3  # shows something else than its label's color
    inside = np.ones(leaf.shape, bool)  # farther than one pixel from any label edge
    for dy, dx in product((-1, 0, 1), (-1, 0, 1)):
        inside &= np.roll(leaf, (dy, dx), (0, 1)) == leaf
    beyond = off & inside  # a rendered edge that no label edge is near
    print(f"{kind} {seed}: {off.mean():.2%} of pixels are mixed, {beyond.mean():.3%} away from label edges")
    assert beyond.mean() < 0.002
