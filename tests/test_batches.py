import hashlib
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path

import datasets as hf
import numpy as np
import PIL.Image
import pytest
import torch
from conftest import SIZE, some_mask, write_pair
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader
from torchvision.transforms import v2

import adebook
from adebook.batches import (
    Draw,
    EpochSampler,
    Prepare,
    SegmentationDataset,
    SegmentationStream,
    class_weights,
    collate,
    count_pixels,
    evaluation_loader,
    logits_at_native_size,
    repeat_factors,
    stratified_subset,
    training_loader,
)
from adebook.transforms import Recipe, evaluation_transform, training_transform

SMALL = Recipe(short_side=10, long_side=40, crop_size=8)


def read(root, split="validation", **options):
    return adebook.load("sceneparse150", split, root=root, **options)


def training(root, seed=0):
    return SegmentationDataset(read(root), training_transform(SMALL), seed=seed)


def evaluation(root, recipe=SMALL):
    return SegmentationDataset(read(root), evaluation_transform(recipe))


def same(one, other) -> bool:
    """Batches, or samples, bit for bit."""
    return one.keys() == other.keys() and all(
        torch.equal(one[key], other[key]) if isinstance(one[key], torch.Tensor) else one[key] == other[key]
        for key in one
    )


def all_same(some, others) -> bool:
    some, others = list(some), list(others)
    return len(some) == len(others) > 0 and all(same(a, b) for a, b in zip(some, others, strict=True))


def names(batches) -> list[str]:
    return [name for batch in batches for name in batch["name"]]


def refused(call, error, *parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert str(part) in str(caught.value), f"{part!r} is not in: {caught.value}"


@pytest.fixture(autouse=True)
def _one_picture_at_a_time():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the pictures are tiny
    yield
    torch.set_num_threads(threads)


# --- samples ---


def test_a_training_sample(root):
    sample = training(root)[2]
    assert list(sample) == ["image", "target", "name"]
    assert (sample["image"].dtype, sample["image"].shape) == (torch.float32, (3, 8, 8))
    assert (sample["target"].dtype, sample["target"].shape) == (torch.int64, (8, 8))
    assert type(sample["image"]) is type(sample["target"]) is torch.Tensor
    assert sample["name"] == "ADE_val_00000003"
    assert sample["image"].is_contiguous()


def test_an_evaluation_sample_is_the_file(root):
    sample = evaluation(root, Recipe(short_side=SIZE[1], long_side=SIZE[0]))[0]
    mask = some_mask(1).astype(int)
    assert (sample["target"].numpy() == np.where(mask == 0, 255, mask - 1)).all()
    picture = np.asarray(PIL.Image.open(root / "images/validation/ADE_val_00000001.jpg")) / 255
    expected = (picture - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.allclose(sample["image"].permute(1, 2, 0).numpy(), expected, atol=1e-5)
    assert sample["content"] == (9, 12)


def test_cross_entropy_takes_a_batch_as_it_is(root):
    batch = next(iter(training_loader(training(root), 2)))
    logits = torch.zeros(2, 150, 8, 8)
    loss = torch.nn.functional.cross_entropy(logits, batch["target"], ignore_index=255)
    assert loss.item() == pytest.approx(np.log(150))


def test_a_sample_depends_on_seed_epoch_name_and_repeat_only(root):
    dataset = training(root)
    first = dataset[0]
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert same(dataset[0], first)
    assert torch.equal(torch.get_rng_state(), before), "the caller's random numbers must go on undisturbed"
    assert same(dataset[Draw(0)], first)
    assert same(training(root)[torch.tensor(0)], first)
    for other in (dataset[Draw(0, epoch=1)], dataset[Draw(0, repeat=1)], training(root, seed=1)[0]):
        assert other["name"] == first["name"]
        assert not torch.equal(other["image"], first["image"])
    subset = SegmentationDataset(read(root).select([4, 0]), training_transform(SMALL))
    assert same(subset[1], first)


def test_only_the_columns_that_count_are_read(root):
    broken = read(root).add_column("instances", ["not decoded"] * 5)
    assert training(root).rows.column_names == ["image", "annotation", "name"]
    assert len(SegmentationDataset(broken, training_transform(SMALL))[0]) == 3


def test_a_transform_of_ones_own(root):
    own = v2.Compose([v2.RandomCrop(8), v2.ToDtype(torch.float32, scale=True)])
    sample = SegmentationDataset(read(root), own)[0]
    assert sample["image"].max() <= 1
    assert sample["target"].shape == (8, 8)


# --- bad input ---


def row(picture="RGB", size=(4, 3), mask_size=(4, 3), value=7):
    mask = PIL.Image.new("L", mask_size, value)
    return {"image": PIL.Image.new(picture, size), "annotation": mask, "name": "ADE_val_00000042"}


def test_bad_rows_name_the_picture():
    prepare = Prepare(evaluation_transform(SMALL))
    assert prepare(row())["target"].unique().tolist() == [6]
    refused(
        lambda: prepare(row(mask_size=(3, 3))),
        ValueError,
        "ADE_val_00000042",
        "3 x 3",
        "4 x 3",
        "never resized",
    )
    refused(lambda: prepare(row(value=151)), ValueError, "ADE_val_00000042", "151", "row 0, column 0")
    refused(lambda: prepare(row(value=255)), ValueError, "ADE_val_00000042", "to_official_ids")
    for mode in ("L", "RGBA", "I;16"):
        refused(lambda mode=mode: prepare(row(mode)), TypeError, "ADE_val_00000042", mode, "convert('RGB')")
    refused(lambda: prepare(row() | {"image": np.zeros((3, 4, 3), np.uint8)}), TypeError, "ndarray")
    refused(lambda: prepare({"image": 1, "label": 2}), KeyError, "annotation", "it has image, label")


def test_a_bad_file_is_named_through_a_worker(root):
    bad = np.full(SIZE[::-1], 200, np.uint8)
    write_pair(root, "validation", "ADE_val_00000003", bad)
    loader = evaluation_loader(evaluation(root), num_workers=1)
    refused(lambda: list(loader), ValueError, "ADE_val_00000003.png", "200")


def test_bad_data_sets(root):
    refused(lambda: SegmentationDataset(read(root).select([]), training_transform()), ValueError, "is empty")
    refused(lambda: SegmentationDataset([], training_transform()), TypeError, "a list", "adebook.load")
    stream = read(root, streaming=True)
    refused(lambda: SegmentationDataset(stream, training_transform()), TypeError, "SegmentationStream")
    refused(lambda: SegmentationStream(read(root), training_transform()), TypeError, "streaming=True")
    other = hf.Dataset.from_dict({"image": [1], "label": [2], "name": ["a"]})
    refused(lambda: SegmentationDataset(other, training_transform()), ValueError, "'annotation'", "label")
    refused(lambda: SegmentationDataset(read(root), None), TypeError, "training_transform()")
    refused(lambda: training(root, seed=-1), ValueError, "seed is -1")
    refused(lambda: training(root, seed=0.5), TypeError, "seed is 0.5")


def test_gray_pictures_come_as_the_loader_gives_them(root):
    path = root / "images/validation/ADE_val_00000001.jpg"
    PIL.Image.new("L", SIZE, 128).save(path)
    image = evaluation(root)[0]["image"]
    expected = (128 / 255 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    assert torch.allclose(image, expected[:, None, None].expand_as(image), atol=0.02)


def test_pictures_of_one_pixel(tmp_path):
    write_pair(tmp_path, "validation", "dot", np.array([[5]], np.uint8), size=(1, 1))
    rows = adebook.load("sceneparse150", root=tmp_path)
    sample = SegmentationDataset(rows, training_transform(SMALL))[0]
    assert set(sample["target"].unique().tolist()) <= {4, 255}
    evaluated = SegmentationDataset(rows, evaluation_transform(SMALL))[0]
    assert (evaluated["target"].tolist(), evaluated["image"].shape) == ([[4]], (3, 10, 10))


def test_a_batch_has_one_size(root):
    write_pair(root, "validation", "ADE_val_00000002", some_mask(1, (20, 9)), size=(20, 9))
    dataset = evaluation(root)
    refused(
        lambda: collate([dataset[0], dataset[1]]),
        ValueError,
        "ADE_val_00000001 is 10 x 13",
        "ADE_val_00000002 is 10 x 22",
        "training_transform",
    )


# --- loaders ---


@pytest.mark.parametrize(("context", "workers"), [("fork", 2), ("forkserver", 1)])
def test_batches_do_not_depend_on_the_workers(root, context, workers):
    if context not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {context}")
    here = training_loader(training(root), 2, seed=5)
    there = training_loader(training(root), 2, seed=5, num_workers=workers, multiprocessing_context=context)
    first, second = list(here), list(here)
    assert all_same(first, there)
    assert all_same(second, there), "persistent workers must see the next epoch"
    assert len(first) == len(second) == 2
    assert not all_same(first, second)
    assert not all_same(first, training_loader(training(root), 2, seed=6))


def checksum(loader) -> str:
    """Of all pictures, targets and names of two epochs."""
    digest = hashlib.sha256()
    for _ in range(2):
        for batch in loader:
            for part in (batch["image"].numpy(), batch["target"].numpy(), str(batch["name"]).encode()):
                digest.update(part)
    return digest.hexdigest()


def test_spawned_workers_where_there_is_no_file_to_import(root):
    """As on Windows, from a notebook's cell or `python -c`: the same batches, in the next epoch, too."""
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_batches import *
root = {str(root)!r}
print(checksum(training_loader(training(root), 2, num_workers=1, multiprocessing_context="spawn")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.stdout.split() == [checksum(training_loader(training(root), 2))], done.stderr


def test_everything_pickles(root):
    dataset = pickle.loads(pickle.dumps(training(root)))
    assert same(dataset[1], training(root)[1])


def test_evaluation_shows_each_picture_once_over_uneven_ranks(root):
    per_rank = [names(evaluation_loader(evaluation(root), rank=r, world_size=3)) for r in range(3)]
    assert [len(n) for n in per_rank] == [2, 2, 1]
    assert sorted(name for part in per_rank for name in part) == read(root)["name"][:]
    assert names(evaluation_loader(evaluation(root), rank=6, world_size=7)) == []
    batch = next(iter(evaluation_loader(evaluation(root))))
    assert batch["image"].shape == (1, 3, 10, 13)
    assert batch["target"].shape == (1, 9, 12)
    assert batch["content"] == [(10, 13)]
    refused(lambda: evaluation_loader(evaluation(root), rank=3, world_size=3), ValueError, "0..2")


def test_training_ranks_share_an_epoch(root):
    per_rank = [names(training_loader(training(root), 1, rank=r, world_size=2)) for r in range(2)]
    assert [len(n) for n in per_rank] == [2, 2]  # 5 rows: one is left out, for equal lengths
    assert len({*per_rank[0], *per_rank[1]}) == 4


def test_a_batch_larger_than_the_data(root):
    refused(lambda: training_loader(training(root), 6), ValueError, "A batch of 6", "5 rows")
    refused(lambda: training_loader(training(root), 3, world_size=2), ValueError, "2 rank(s)")


@pytest.mark.parametrize("workers", [0, 2])
def test_training_goes_on_in_the_middle_of_an_epoch(root, workers):
    whole = training_loader(training(root), 1)
    expected = [*whole, *whole]  # 2 epochs of 5
    loader = training_loader(training(root), 1, num_workers=workers)
    seen = []
    for batch in loader:
        seen.append(batch)
        if len(seen) == 3:
            state = pickle.loads(pickle.dumps(loader.state_dict()))
            break
    assert state == {"seed": 0, "size": 5, "epoch": 0, "position": 3}
    again = training_loader(training(root), 1, num_workers=workers)
    again.load_state_dict(state)
    assert len(again) == 2
    seen += [*again, *again]
    assert all_same(seen, expected)


def test_a_state_saved_after_the_last_batch(root):
    loader = training_loader(training(root), 2)
    for _ in loader:
        state = loader.state_dict()
    assert loader.state_dict() == {"seed": 0, "size": 5, "epoch": 1, "position": 0}
    again = training_loader(training(root), 2)
    again.load_state_dict(state)
    assert list(again) == []
    assert again.sampler.epoch == 1


# --- the sampler ---


@given(st.integers(1, 60), st.integers(1, 6), st.integers(0, 100), st.integers(0, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_ranks_draw_each_row_at_most_once(size, world_size, seed, epoch, data):
    world_size = min(world_size, size)
    samplers = [EpochSampler(size, seed=seed, rank=r, world_size=world_size) for r in range(world_size)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
    draws = [list(s) for s in samplers]
    assert {len(d) for d in draws} == {size // world_size} == {len(s) for s in samplers}
    rows = [draw.index for d in draws for draw in d]
    assert len(set(rows)) == len(rows)
    assert set(rows) <= set(range(size))
    # stop after some, go on with another number of ranks: nothing twice, and nothing lost but the left-over
    done = data.draw(st.integers(0, size // world_size))
    samplers[0].advance(done)
    state = samplers[0].state_dict()
    other = data.draw(st.integers(1, min(4, size)))
    rest = []
    for rank in range(other):
        sampler = EpochSampler(size, seed=seed, rank=rank, world_size=other)
        sampler.load_state_dict(state)
        rest += [draw.index for draw in sampler]
    drawn = [draw.index for d in draws for draw in d[:done]]
    assert len(set(drawn + rest)) == len(drawn) + len(rest)
    assert size - len(drawn) - len(rest) < other


def test_epochs_differ_and_repeat():
    sampler = EpochSampler(50, seed=3)
    first = list(sampler)
    assert sorted(d.index for d in first) == list(range(50))
    assert [d.index for d in first] != list(range(50))
    sampler.set_epoch(1)
    second = list(sampler)
    assert [d.index for d in second] != [d.index for d in first]
    assert {d.epoch for d in second} == {1}
    sampler.set_epoch(0)
    assert list(sampler) == first
    sampler.advance(10)
    sampler.set_epoch(0)  # as a loop over epochs does after a state was loaded
    assert list(sampler) == first[10:]


def test_what_a_sampler_refuses():
    refused(lambda: EpochSampler(0), ValueError, "nothing to draw")
    refused(lambda: EpochSampler(5, rank=2, world_size=2), ValueError, "0..1")
    refused(lambda: EpochSampler(2, world_size=3), ValueError, "3 ranks cannot share 2 rows")
    refused(lambda: EpochSampler(2, repeat_factors=[1.0]), ValueError, "(1,)", "2 rows")
    refused(lambda: EpochSampler(2, repeat_factors=[1.0, 0.5]), ValueError, "below 1")
    refused(lambda: EpochSampler(2, repeat_factors=[1.0, np.nan]), ValueError, "below 1")
    state = EpochSampler(5).state_dict()
    refused(lambda: EpochSampler(6).load_state_dict(state), ValueError, "size=5", "size=6")
    refused(lambda: EpochSampler(5, seed=1).load_state_dict(state), ValueError, "seed=0")
    refused(lambda: EpochSampler(5).load_state_dict({"step": 1}), ValueError, "epoch, position, seed, size")


# --- streams ---


def test_a_stream_gives_the_same_samples(root):
    stream = SegmentationStream(read(root, streaming=True), training_transform(SMALL))
    dataset = training(root)
    assert all_same(stream, [dataset[i] for i in range(5)])
    stream.set_epoch(2)  # datasets then reads its shards in another order
    by_name = sorted(stream, key=lambda sample: sample["name"])
    assert all_same(by_name, [dataset[Draw(i, 2)] for i in range(5)])


def test_a_stream_in_workers(root):
    stream = SegmentationStream(read(root, streaming=True), training_transform(SMALL))
    loader = DataLoader(
        stream,
        batch_size=2,
        num_workers=2,
        collate_fn=collate,
        persistent_workers=True,
        multiprocessing_context="fork",
    )
    dataset = training(root)
    by_name = {name: i for i, name in enumerate(read(root)["name"][:])}
    for epoch in (0, 1):
        stream.set_epoch(epoch)
        seen = [
            dict(zip(batch, cells, strict=True))
            for batch in loader
            for cells in zip(*batch.values(), strict=True)
        ]
        assert sorted(s["name"] for s in seen) == sorted(by_name), "each picture once, whoever read it"
        assert all(same(s, dataset[Draw(by_name[s["name"]], epoch)]) for s in seen)


def test_datasets_own_ways(root):
    """`with_transform` and `map` of datasets take the same function."""
    prepare, expected = Prepare(evaluation_transform(SMALL)), evaluation(root)
    rows = read(root).with_transform(prepare)
    assert same(rows[3], expected[3])
    assert rows[1:3]["name"] == [expected[1]["name"], expected[2]["name"]]
    assert torch.equal(rows[1:3]["target"][1], expected[2]["target"])
    mapped = read(root, streaming=True).map(prepare, remove_columns=["annotation", "scene"])
    assert all_same(mapped, [expected[i] for i in range(5)])
    batch = next(iter(DataLoader(rows, batch_size=2, collate_fn=collate)))
    assert batch["target"].shape == (2, 9, 12)


# --- native size ---


def test_logits_come_back_to_native_size(root):
    recipe = Recipe(short_side=18, long_side=99, pad_multiple=16)  # 9 x 12 -> 18 x 24, padded to 32 x 32
    batch = next(iter(evaluation_loader(evaluation(root, recipe))))
    assert batch["image"].shape == (1, 3, 32, 32)
    assert batch["content"] == [(18, 24)]
    logits = torch.full((1, 2, 32, 32), 9.0)
    logits[:, :, :18, :24] = 1.0
    assert torch.equal(logits_at_native_size(logits, batch), torch.ones(1, 2, 9, 12))
    # a ramp, at a quarter of the input's size, has its values where the pixels are
    ramp = torch.arange(8.0).repeat(1, 1, 8, 1)  # at input columns 1.5, 5.5, 9.5, ...
    native = logits_at_native_size(ramp, batch)[0, 0, 4]
    assert native[2:10].tolist() == pytest.approx([(2 * x + 0.5 - 1.5) / 4 for x in range(2, 10)])
    small = next(iter(evaluation_loader(evaluation(root, Recipe(short_side=9, long_side=12)))))
    exact = torch.rand(1, 3, 9, 12)
    assert torch.equal(logits_at_native_size(exact, small), exact)


# --- which pictures, how often, with which weight ---


def test_count_pixels(root):
    counts = count_pixels(read(root))
    assert (counts.shape, counts.dtype) == ((5, 150), np.int64)
    mask = some_mask(2)
    assert counts[1].tolist() == [int((mask == k + 1).sum()) for k in range(150)]
    assert counts.sum() == sum(int((some_mask(n) > 0).sum()) for n in range(1, 6))


def test_repeat_factors():
    counts = np.zeros((8, 3), int)
    counts[:, 0] = 10  # f = 1
    counts[:2, 1] = 1  # f = 1/4
    factors = repeat_factors(counts, threshold=0.5)
    assert factors.tolist() == pytest.approx([np.sqrt(2), np.sqrt(2), 1, 1, 1, 1, 1, 1])
    assert repeat_factors(counts, 0.25).tolist() == [1] * 8
    assert repeat_factors(np.zeros((2, 3), int), 0.5).tolist() == [1, 1]
    refused(lambda: repeat_factors(counts, 0), ValueError, "threshold is 0")
    refused(lambda: repeat_factors(counts[0], 0.5), ValueError, "count_pixels")
    refused(lambda: repeat_factors(counts * 0.5, 0.5), ValueError, "float64")


def test_repeated_rows_get_other_crops(root):
    sampler = EpochSampler(3, repeat_factors=[1, 2.5, 1])
    draws = [sampler.order(epoch) for epoch in range(200)]
    times = [[d.index for d in order].count(1) for order in draws]
    assert set(times) == {2, 3}
    assert 2.4 < np.mean(times) < 2.6
    assert all([d.index for d in order].count(0) == 1 for order in draws)
    assert all(len(set(order)) == len(order) for order in draws)
    loader = training_loader(training(root), 1, repeat_factors=[1, 1, 3, 1, 1])
    images = [batch["image"] for batch in loader if batch["name"] == ["ADE_val_00000003"]]
    assert len(images) == 3
    assert not torch.equal(images[0], images[1])
    assert len(loader) == 7


def test_class_weights():
    counts = np.array([[60, 20, 0, 0], [80, 0, 40, 0]])
    # frequencies: 140/200, 20/80, 40/120; the median is 1/3
    weights = class_weights(counts)
    assert weights.dtype == np.float32
    assert weights.tolist() == pytest.approx([1 / 2.1, 4 / 3, 1, 4 / 3])
    inverse = class_weights(counts, "inverse_log")
    assert inverse.tolist() == pytest.approx([1.84392, 8.82389, 5.02889, 8.82389], abs=1e-4)
    refused(lambda: class_weights(counts, "focal"), ValueError, "'focal'", "inverse_log")
    refused(lambda: class_weights(counts * 0), ValueError, "No pixel")


def with_scenes(scenes):
    numbers = [f"n{i}" for i in range(len(scenes))]
    return hf.Dataset.from_dict(
        {"scene": scenes, "name": numbers},
        features=hf.Features({c: hf.Value("string") for c in ("scene", "name")}),
    )


@given(
    st.lists(st.sampled_from(["street", "bedroom", "kitchen", None, "abbey"]), min_size=1, max_size=60),
    st.data(),
)
@settings(max_examples=40, deadline=None)
def test_a_subset_has_the_scenes_of_the_whole(scenes, data):
    n = data.draw(st.integers(1, len(scenes)))
    rows = with_scenes(scenes)
    subset = stratified_subset(rows, n, seed=1)
    assert len(subset) == n
    order = [int(name[1:]) for name in subset["name"]]
    assert order == sorted(set(order))
    assert stratified_subset(rows, n, seed=1)["name"][:] == subset["name"][:]
    for scene in set(scenes):
        quota = scenes.count(scene) * n / len(scenes)
        assert abs(list(subset["scene"]).count(scene) - quota) < 1


def test_what_a_subset_refuses(root):
    rows = with_scenes(["street"] * 40)
    assert stratified_subset(rows, 5, seed=0)["name"][:] != stratified_subset(rows, 5, seed=1)["name"][:]
    refused(lambda: stratified_subset(rows, 41), ValueError, "1..40")
    refused(lambda: stratified_subset(rows, 0), ValueError, "1..40")
    refused(lambda: stratified_subset(rows.remove_columns("scene"), 1), ValueError, "'scene'")
    refused(lambda: stratified_subset(read(root, streaming=True), 1), TypeError, "without streaming")


def test_dollhouse_stratified():
    rows = adebook.load("dollhouse", "training")
    subset = stratified_subset(rows, len(rows) // 2, seed=0)
    scenes, chosen = list(rows["scene"]), list(subset["scene"])
    for scene in set(scenes):
        assert abs(chosen.count(scene) - scenes.count(scene) * len(subset) / len(rows)) < 1
    assert subset[0]["image"].mode == "RGB"


# --- real pictures ---


@pytest.mark.real
def test_real_pictures(real_root):
    rows = adebook.load("sceneparse150", "validation", root=real_root)
    recipe = Recipe(crop_size=256, short_side=256, long_side=1024)
    for batch in training_loader(SegmentationDataset(rows, training_transform(recipe)), 2):
        assert batch["image"].shape == (2, 3, 256, 256)
        assert ((batch["target"] < 150) | (batch["target"] == 255)).all()
    for i, batch in enumerate(evaluation_loader(SegmentationDataset(rows, evaluation_transform(recipe)))):
        mask = np.asarray(rows[i]["annotation"])
        assert (adebook.labels.to_official_ids(batch["target"][0]).numpy() == mask).all()
