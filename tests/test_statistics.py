"""Counting a data set: exact against a plain loop, and the same however it was read, split or interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from conftest import write_pair
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import adebook
from adebook.statistics import Statistics, measure


def plain_loop(masks, scenes):
    """Everything that is counted, pixel by pixel, with no library."""
    pixels, images, pairs, areas, positions = Counter(), Counter(), Counter(), Counter(), Counter()
    per_image, sizes = Counter(), Counter()
    for mask in masks:
        height, width = mask.shape
        here = Counter()
        for y in range(height):
            for x in range(width):
                label = int(mask[y, x])
                here[label] += 1
                positions[label, y * 16 // height, x * 16 // width] += 1
        pixels.update(here)
        images.update(here.keys())
        classes = [label for label in here if label]
        pairs.update((a, b) for a in classes for b in classes)
        areas.update((label, here[label].bit_length() - 1) for label in classes)
        per_image[len(classes)] += 1
        sizes[width, height] += 1
    return {
        "pixels": [pixels[i] for i in range(151)],
        "images": [images[i] for i in range(151)],
        "pairs": pairs,
        "areas": areas,
        "positions": Counter({key: n for key, n in positions.items() if key[0]}),
        "per_image": per_image,
        "sizes": sizes,
        "scenes": Counter(scenes),
    }


def counted(s: Statistics):
    """The same from `Statistics`."""

    def entries(array, ids):
        where = np.argwhere(array)
        keys = (tuple(int(v) + (n < ids) for n, v in enumerate(index)) for index in where)
        return Counter(dict(zip(keys, array[array > 0].tolist(), strict=True)))

    return {
        "pixels": [s.unlabeled_pixels, *s.pixels.tolist()],
        "images": [s.unlabeled_images, *s.class_images.tolist()],
        "pairs": entries(s.pair_images, 2),
        "areas": entries(s.area_images, 1),
        "positions": entries(s.positions, 1),
        "per_image": Counter({i: n for i, n in enumerate(s.classes_per_image.tolist()) if n}),
        "sizes": s.size_images,
        "scenes": s.scene_images,
    }


def regions_by_flood(mask):
    """(label, area) of every connected region, found by a flood fill."""
    left = {(y, x) for y in range(mask.shape[0]) for x in range(mask.shape[1])}
    found = []
    while left:
        start = left.pop()
        label, todo, area = mask[start], [start], 1
        while todo:
            y, x = todo.pop()
            for near in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if near in left and mask[near] == label:
                    left.remove(near)
                    todo.append(near)
                    area += 1
        found.append((int(label), area))
    return found


def histogram(areas):
    """Objects by train id and floor(log2(area)), int64 [150, 32], from (label, area) pairs."""
    expected = np.zeros((150, 32), np.int64)
    for label, area in areas:
        if label:
            expected[label - 1, area.bit_length() - 1] += 1
    return expected


masks = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20),
    elements=st.sampled_from([0, 1, 2, 75, 150]),
)


# One picture ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(masks, st.sampled_from([None, "street", "abbey"])), min_size=1, max_size=4))
def test_equals_a_plain_loop(pictures):
    total = Statistics(objects="regions")
    for mask, scene in pictures:
        total.update(mask, scene=scene)
    assert counted(total) == plain_loop([mask for mask, _ in pictures], [scene for _, scene in pictures])
    regions = [region for mask, _ in pictures for region in regions_by_flood(mask)]
    np.testing.assert_array_equal(total.object_areas, histogram(regions))
    assert total.all_pixels == sum(mask.size for mask, _ in pictures)


@settings(max_examples=40, deadline=None)
@given(masks, st.data())
def test_instances_are_pixels_with_one_class_and_one_number(mask, data):
    numbers = data.draw(hnp.arrays(np.uint16, mask.shape, elements=st.sampled_from([0, 1, 7, 65535])))
    total = Statistics(objects="instances")
    total.update(mask, instances=numbers)
    pairs = Counter(zip(mask.ravel().tolist(), numbers.ravel().tolist(), strict=True))
    expected = histogram((label, area) for (label, number), area in pairs.items() if number)
    np.testing.assert_array_equal(total.object_areas, expected)


@settings(max_examples=30, deadline=None)
@given(st.lists(masks, min_size=2, max_size=5), st.integers(1, 4))
def test_parts_add_up(pictures, cut):
    whole, first, second = Statistics(), Statistics(), Statistics()
    for number, mask in enumerate(pictures):
        whole.update(mask)
        (first if number < cut else second).update(mask)
    assert first + second == whole == second + first
    first += second
    assert first == whole
    assert (first == Statistics()) is False


def test_literal_counts():
    total = Statistics()
    total.update([[1, 1, 3], [1, 0, 3]], scene="room")
    total.update([[1, 4, 4, 4]])
    assert total.pixels[[0, 2, 3]].tolist() == [4, 2, 3]
    assert (total.unlabeled_pixels, total.unlabeled_images, total.images) == (1, 1, 2)
    assert total.class_images[[0, 2, 3]].tolist() == [2, 1, 1]
    assert total.classes_per_image.tolist()[:4] == [0, 0, 2, 0]
    assert total.area_images[0, :3].tolist() == [1, 1, 0]  # 3 pixels: 2..3; 1 pixel: 1
    assert total.size_images == {(3, 2): 1, (4, 1): 1}
    assert total.scene_images == {"room": 1, None: 1}
    assert total.positions[2].nonzero() == (pytest.approx([0, 8]), pytest.approx([10, 10]))


def test_colors_are_those_of_the_pixels():
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 14
    for image in (picture, PIL.Image.fromarray(picture)):
        total = Statistics(colors=True)
        total.update(np.ones((2, 3), np.uint8), image=image)
        flat = picture.reshape(-1, 3)
        np.testing.assert_array_equal(
            total.color_values, [np.bincount(flat[:, c], minlength=256) for c in range(3)]
        )
        table = total.colors()
        assert table["mean"].tolist() == pytest.approx((flat / 255).mean(axis=0))
        assert table["std"].tolist() == pytest.approx((flat / 255).std(axis=0))


def test_what_cannot_be_counted_is_refused_and_nothing_is_counted():
    mask = np.ones((2, 3), np.uint8)
    everything = Statistics(colors=True, objects="instances")
    picture, numbers = np.zeros((2, 3, 3), np.uint8), np.ones((2, 3), np.uint16)
    cases = [
        ((np.full((2, 3), 151),), {}, ValueError, "holds 151"),
        ((np.zeros((0, 3), np.uint8),), {}, ValueError, "no pixels"),
        ((mask,), {}, ValueError, "update.mask, image=picture"),
        ((mask,), {"image": picture}, ValueError, "instances=numbers"),
        ((mask,), {"image": picture[:1], "instances": numbers}, ValueError, "picture is 3 x 1"),
        ((mask,), {"image": picture[..., 0], "instances": numbers}, ValueError, r"shape \(2, 3\)"),
        ((mask,), {"image": PIL.Image.fromarray(mask), "instances": numbers}, ValueError, "'L'"),
        ((mask,), {"image": picture, "instances": numbers[:1]}, ValueError, "instance mask is 3 x 1"),
        ((mask,), {"image": picture, "instances": numbers / 2}, ValueError, "whole"),
        ((mask,), {"image": picture, "instances": -numbers.astype(int)}, ValueError, "is -1"),
        ((mask,), {"image": picture, "instances": numbers, "scene": 3}, TypeError, "scene is 3"),
    ]
    for arguments, options, error, message in cases:
        with pytest.raises(error, match=message):
            everything.update(*arguments, **options)
    assert everything == Statistics(colors=True, objects="instances")
    with pytest.raises(ValueError, match="'parts', but there are"):
        Statistics(objects="parts")
    with pytest.raises(ValueError, match="Only one of the two has counted color_values"):
        everything += Statistics(objects="instances")
    with pytest.raises(ValueError, match="instances and the other regions"):
        everything += Statistics(colors=True, objects="regions")
    with pytest.raises(ValueError, match="colors=True"):
        Statistics().colors()


# Tables ---------------------------------------------------------------------------------------------------------------


def test_tables():
    total = Statistics(objects="regions")
    total.update([[1, 1, 3], [1, 0, 3]], scene="room")
    total.update([[1, 4, 4]], scene="room")
    total.update([[3, 3], [3, 1]])
    total.update([[5]])
    classes = total.classes().set_index("name")
    wall = classes.loc["wall"]
    assert (wall["id"], wall["kind"], wall["pixels"], wall["images"], wall["objects"]) == (
        1,
        "stuff",
        5,
        3,
        3,
    )
    assert (wall["share"], wall["image_share"]) == (5 / 14, 0.75)
    assert wall["pixels_per_image"] == pytest.approx(5 / 3)
    assert np.isnan(classes.loc["flag", "pixels_per_image"])
    pairs = total.cooccurrence()
    assert pairs[["name_a", "name_b", "images"]].values.tolist() == [
        ["wall", "sky", 2],
        ["wall", "floor", 1],
    ]
    assert pairs["lift"].tolist() == pytest.approx([2 * 4 / (3 * 2), 1 * 4 / (3 * 1)])
    assert pairs["expected"].tolist() == [1.5, 0.75]
    assert len(total.cooccurrence(min_images=2)) == 1
    scenes = total.scenes()
    assert scenes["scene"].isna().tolist() == [True, False]
    assert scenes[["images", "image_share"]].values.tolist() == [[2, 0.5], [2, 0.5]]
    sizes = total.sizes()
    assert sizes[["width", "height", "images"]].values.tolist() == [
        [1, 1, 1],
        [2, 2, 1],
        [3, 1, 1],
        [3, 2, 1],
    ]
    areas = total.areas()
    sky = areas[areas["name"] == "sky"][["low", "high", "images", "objects"]].values.tolist()
    assert sky == [[2, 3, 2, 2]]


# Data sets ------------------------------------------------------------------------------------------------------------


def loop_over(root: Path, split: str):
    names = sorted(path.stem for path in (root / "annotations" / split).glob("*.png"))
    scenes = dict(
        line.split(" ", 1) for line in (root / "sceneCategories.txt").read_text().splitlines() if line
    )
    loaded = [np.array(PIL.Image.open(root / "annotations" / split / f"{name}.png")) for name in names]
    return plain_loop(loaded, [scenes.get(name) for name in names])


def test_however_it_is_read(root, tmp_path):
    expected = loop_over(root, "validation")
    rows = adebook.load("sceneparse150", root=root)
    embedded = tmp_path / "saved"
    rows.save_to_disk(embedded)
    import datasets as hf

    forms = {
        "folder": root,
        "path as a string": str(root),
        "data set": rows,
        "with a transform": rows.with_format("numpy"),
        "stream": adebook.load("sceneparse150", root=root, streaming=True),
        "embedded": hf.load_from_disk(str(embedded)),
    }
    for name, form in forms.items():
        assert counted(measure(form)) == expected, name
    assert counted(measure(root, "training")) == loop_over(root, "training")


def test_workers_change_nothing(root, tmp_path):
    rows = adebook.load("sceneparse150", root=root)
    rows = rows.select([0, 1, 2, 3, 4] * 8)
    one = measure(rows, colors=True, objects="regions", workers=1)
    two = measure(rows, colors=True, objects="regions", workers=2, cache=tmp_path / "cache")
    stream = adebook.load("sceneparse150", root=root, streaming=True)
    assert one == two
    assert measure(stream, workers=2) == measure(root)
    one.save(tmp_path / "one")
    two.save(tmp_path / "two")
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_dollhouse_instances_equal_a_plain_loop():
    rows = adebook.load("dollhouse", instances=True).select(range(6))
    pairs = []
    for row in rows:
        both = zip(np.array(row["annotation"]).ravel(), np.array(row["instances"]).ravel(), strict=True)
        counts = Counter((int(label), int(number)) for label, number in both)
        pairs += [(label, area) for (label, number), area in counts.items() if number]
    total = measure(rows, objects="instances")
    np.testing.assert_array_equal(total.object_areas, histogram(pairs))


def test_pictures_are_decoded_for_colors_only(root):
    picture = root / "images" / "validation" / "ADE_val_00000003.jpg"
    picture.write_bytes(picture.read_bytes()[:-40])  # the header, and so the size, is whole
    assert measure(root).images == 5
    with pytest.raises(ValueError, match=r"ADE_val_00000003\.jpg.*truncated"):
        measure(root, colors=True)


def test_few_pieces_however_many_pictures(root, tmp_path):
    rows = adebook.load("sceneparse150", root=root).select(np.random.default_rng(0).integers(0, 5, 600))
    measure(rows, workers=1, cache=tmp_path / "cache")
    parts = list((tmp_path / "cache").iterdir())
    assert len(parts) == 60
    assert {path.suffix for path in parts} == {".npz"}


def test_wrong_calls(root, tmp_path):
    rows = adebook.load("sceneparse150", root=root)
    with pytest.raises(ValueError, match="split='training' is for folders"):
        measure(rows, "training")
    with pytest.raises(ValueError, match="no column 'annotation'; it has 'mask'"):
        measure(rows.select_columns(["annotation"]).rename_column("annotation", "mask"))
    with pytest.raises(ValueError, match=r"no column 'instances'.*instances=True"):
        measure(rows, objects="instances")
    with pytest.raises(ValueError, match="no instances"):
        measure(root, objects="instances")
    with pytest.raises(ValueError, match="objects is 'parts'"):
        measure(rows, objects="parts")
    with pytest.raises(ValueError, match="workers is 0"):
        measure(rows, workers=0)
    with pytest.raises(ValueError, match="A stream cannot be cached"):
        measure(adebook.load("sceneparse150", root=root, streaming=True), cache=tmp_path / "cache")
    with pytest.raises(TypeError, match="data is a dict"):
        measure({"validation": rows})
    with pytest.raises(FileNotFoundError, match="does not exist"):
        measure(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="nothing to measure"):
        measure(rows.select([]))


# Interrupted ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(tmp_path) -> Path:
    """40 validation pairs: five pieces of eight."""
    folder = tmp_path / "many"
    rng = np.random.default_rng(0)
    for number in range(40):
        mask = rng.integers(0, 151, (9, 12), dtype=np.uint8)
        write_pair(folder, "validation", f"ADE_val_{number:08d}", mask)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_interrupted_and_resumed_is_the_same_bit_for_bit(many, tmp_path, monkeypatch):
    measure(many, colors=True).save(tmp_path / "whole")
    update, calls = Statistics.update, []

    def interrupted(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return update(self, *arguments, **options)

    monkeypatch.setattr(Statistics, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(many, colors=True, workers=1, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2
    resumed = measure(many, colors=True, workers=1, cache=tmp_path / "cache")
    assert len(calls) == 20 + 24  # the two pieces that were done were not read again
    resumed.save(tmp_path / "resumed")
    assert files_of(tmp_path / "resumed") == files_of(tmp_path / "whole")
    assert measure(many, colors=True, workers=1, cache=tmp_path / "cache") == resumed
    assert len(calls) == 44


KILLED = r"""
import os, signal, sys, time
from adebook import statistics
update, done = statistics.Statistics.update, 0
def slow(self, *arguments, **options):
    global done
    done += 1
    if done == 12:  # in the second piece of this worker
        os.write(1, b"%d\n" % os.getpid())
        time.sleep(60)
    return update(self, *arguments, **options)
statistics.Statistics.update = slow
statistics.measure(sys.argv[1], workers=2, cache=sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX, processes by fork")
def test_killed_with_its_workers_at_work(many, tmp_path):
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", KILLED, str(many), str(cache)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    workers = [int(child.stdout.readline()) for _ in range(2)]
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    deadline = time.monotonic() + 20
    while any(map(_alive, workers)):
        assert time.monotonic() < deadline, "workers outlive the process that started them"
        time.sleep(0.05)
    assert len(list(cache.glob("*.npz"))) == 2
    assert measure(many, cache=cache) == measure(many)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")  # ended, but nobody took note
    return not (status.is_file() and "State:\tZ" in status.read_text())


def test_what_changed_is_counted_again(many, tmp_path):
    cache = tmp_path / "cache"
    measure(many, cache=cache)
    mask = np.ones((40, 50), np.uint8)
    write_pair(many, "validation", "ADE_val_00000011", mask, (50, 40))
    changed = measure(many, cache=cache)
    assert changed == measure(many)
    assert changed.size_images == {(12, 9): 39, (50, 40): 1}
    (many / "sceneCategories.txt").write_text("ADE_val_00000002 attic\n")
    assert measure(many, cache=cache).scene_images == {"attic": 1, None: 39}
    assert measure(many, cache=cache, objects="regions").objects == "regions"
    many.rename(tmp_path / "moved")
    before = len(list(cache.iterdir()))
    measure(tmp_path / "moved", cache=cache)
    assert len(list(cache.iterdir())) == before  # moved data is the same data


def test_damaged_parts_are_counted_again(many, tmp_path):
    cache = tmp_path / "cache"
    whole = measure(many, cache=cache)
    first, second, third, *_ = sorted(cache.iterdir())
    first.write_bytes(first.read_bytes()[:200])
    second.write_bytes(b"")
    content = bytearray(third.read_bytes())
    content[len(content) // 2] ^= 0xFF
    third.write_bytes(content)
    assert measure(many, cache=cache) == whole


def test_a_damaged_file_loses_no_work(many, tmp_path):
    mask = many / "annotations" / "validation" / "ADE_val_00000030.png"
    content = mask.read_bytes()
    mask.write_bytes(content[:60])
    for workers in (1, 2):
        with pytest.raises(ValueError, match=r"ADE_val_00000030\.png"):
            measure(many, workers=workers, cache=tmp_path / f"cache{workers}")
    assert len(list((tmp_path / "cache1").iterdir())) == 3
    mask.write_bytes(content)
    assert measure(many, cache=tmp_path / "cache1") == measure(many)


# Files ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    st.lists(masks, min_size=1, max_size=3), st.sampled_from([None, "instances", "regions"]), st.booleans()
)
def test_saved_and_loaded(tmp_path_factory, pictures, objects, colors):
    total = Statistics(objects=objects, colors=colors)
    for number, mask in enumerate(pictures):
        total.update(
            mask,
            scene=[None, "street", "ä/ö"][number],
            image=np.full((*mask.shape, 3), number, np.uint8),
            instances=np.ones_like(mask),
        )
    folder = tmp_path_factory.mktemp("saved")
    total.save(folder)
    assert Statistics.load(folder) == total
    assert counted(Statistics.load(folder)) == counted(total)


def test_files_that_are_no_statistics_are_refused(root, tmp_path):
    folder, other = tmp_path / "one", tmp_path / "two"
    measure(root, colors=True).save(folder)
    measure(root, "training").save(other)
    with pytest.raises(FileNotFoundError, match=r"nowhere.*is not there"):
        Statistics.load(tmp_path / "nowhere")
    pairs = folder / "pairs.parquet"
    kept = pairs.read_bytes()
    pairs.write_bytes((other / "pairs.parquet").read_bytes())
    with pytest.raises(ValueError, match="do not belong together"):
        Statistics.load(folder)
    pairs.write_bytes(kept[:-20])
    with pytest.raises(ValueError, match=r"pairs\.parquet is damaged"):
        Statistics.load(folder)
    pairs.write_bytes((folder / "sizes.parquet").read_bytes())
    with pytest.raises(ValueError, match=r"are no statistics|do not belong together"):
        Statistics.load(folder)
    pairs.unlink()
    with pytest.raises(FileNotFoundError, match=r"pairs\.parquet is not there"):
        Statistics.load(folder)
    measure(root).save(folder)  # without colors: the old file goes
    assert not (folder / "colors.parquet").exists()
    assert Statistics.load(folder) == measure(root)


# The real files -------------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_real_sample(real_root):
    for split in ("validation", "training"):
        total = measure(real_root, split, workers=2)
        pixels, images = np.zeros(151, np.int64), np.zeros(151, np.int64)
        for path in (real_root / "annotations" / split).glob("*.png"):
            counts = np.bincount(np.asarray(PIL.Image.open(path)).ravel(), minlength=151)
            pixels += counts
            images += counts > 0
        assert [total.unlabeled_pixels, *total.pixels] == pixels.tolist()
        assert [total.unlabeled_images, *total.class_images] == images.tolist()
        assert None not in total.scene_images
