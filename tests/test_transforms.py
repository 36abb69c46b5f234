import dataclasses
import pickle

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import tv_tensors
from torchvision.transforms import v2

from adebook import transforms
from adebook.transforms import (
    PadToMultiple,
    PhotometricDistortion,
    RandomCrop,
    RandomResize,
    Recipe,
    evaluation_transform,
    resize_target,
    resized_size,
    training_transform,
)


def sample_of(target: np.ndarray, image: np.ndarray | None = None) -> dict:
    if image is None:  # the picture's color is the class, and its place in the target
        image = np.stack([target, 255 - target, np.full_like(target, 7)], axis=-1)
    return {
        "image": tv_tensors.Image(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)),
        "target": tv_tensors.Mask(torch.from_numpy(target.copy())),
        "name": "made_up",
    }


def patches(seed: int, height: int, width: int, side: int) -> np.ndarray:
    """A target of square patches of one class each, some of them ignored."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice([*range(150), 255, 255], (-(-height // side), -(-width // side))).astype(np.uint8)
    return np.kron(coarse, np.ones((side, side), np.uint8))[:height, :width]


sides = st.integers(1, 70)
seeds = st.integers(0, 2**31)
recipes = st.builds(
    Recipe,
    short_side=st.integers(1, 60),
    long_side=st.integers(60, 200),
    scale=st.sampled_from([(0.5, 2.0), (1.0, 1.0), (0.1, 0.3)]),
    crop_size=st.one_of(st.integers(1, 50), st.tuples(st.integers(1, 50), st.integers(1, 50))),
    max_class_share=st.sampled_from([0.3, 0.75, 1.0]),
)


# --- the recipe ---


def test_the_default_is_the_fields_recipe():
    assert dataclasses.asdict(Recipe()) == {
        "short_side": 512,
        "long_side": 2048,
        "scale": (0.5, 2.0),
        "crop_size": (512, 512),
        "max_class_share": 0.75,
        "flip": 0.5,
        "photometric": True,
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
        "pad_multiple": 1,
    }
    steps = [type(step).__name__ for step in training_transform().transforms]
    assert steps == [
        "RandomResize",
        "RandomCrop",
        "RandomHorizontalFlip",
        "PhotometricDistortion",
        "ToDtype",
        "Normalize",
        "PadToSize",
    ]


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"short_side": 0}, ValueError, "short_side is 0"),
        ({"short_side": 51.2}, TypeError, "short_side is 51.2"),
        ({"short_side": 2048, "long_side": 512}, ValueError, "the order is short, long"),
        ({"crop_size": (512, 512, 3)}, ValueError, "(height, width)"),
        ({"crop_size": (512, -1)}, ValueError, "crop_size[1] is -1"),
        ({"scale": (2.0, 0.5)}, ValueError, "scale is (2.0, 0.5)"),
        ({"scale": (0, 1)}, ValueError, "scale is (0, 1)"),
        ({"max_class_share": 75}, ValueError, "max_class_share is 75"),
        ({"flip": 1.5}, ValueError, "flip is 1.5"),
        ({"mean": (123.675, 116.28, 103.53)}, ValueError, "divide values for 0..255 by 255"),
        ({"std": (0.2, 0.2)}, ValueError, "std has 2 values"),
        ({"std": (0.2, 0.2, 0)}, ValueError, "std is (0.2, 0.2, 0.0)"),
        ({"pad_multiple": 0}, ValueError, "pad_multiple is 0"),
    ],
)
def test_a_recipe_without_sense_is_refused(options, error, says):
    with pytest.raises(error) as caught:
        Recipe(**options)
    assert says in str(caught.value)


def test_transforms_can_be_pickled():
    for transform in (training_transform(), evaluation_transform(Recipe(pad_multiple=32))):
        assert repr(pickle.loads(pickle.dumps(transform))) == repr(transform)


# --- targets: nearest, and nothing else ---


def test_resized_size():
    assert resized_size(512, 683, 512, 2048) == (512, 683)
    assert resized_size(683, 512, 256, 1024) == (342, 256)
    assert resized_size(100, 1000, 512, 2048) == (205, 2048)  # the long side decides
    assert resized_size(1, 1, 512, 2048) == (512, 512)
    assert resized_size(2000, 1, 512, 2048) == (2048, 1)


@given(seeds, sides, sides, sides, sides)
@settings(max_examples=60, deadline=None)
def test_a_target_is_resized_as_mit_resized_masks(seed, height, width, new_height, new_width):
    target = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    expected = PIL.Image.fromarray(target).resize((new_width, new_height), PIL.Image.Resampling.NEAREST)
    resized = resize_target(torch.from_numpy(target), (new_height, new_width))
    # Exactly between two centers either is nearest, and the two libraries round differently.
    ours, theirs = resized.numpy(), np.asarray(expected)
    ties = np.zeros(ours.shape, bool)
    for axis, (old, new) in enumerate(((height, new_height), (width, new_width))):
        at = (2 * np.arange(new) + 1) * old % (2 * new) == 0
        ties |= at[:, None] if axis == 0 else at[None, :]
    assert (ours == theirs)[~ties].all()


def test_a_target_resized_by_hand():
    target = torch.tensor([[1, 2, 3, 4]], dtype=torch.uint8)
    assert resize_target(target, (1, 8)).tolist() == [[1, 1, 2, 2, 3, 3, 4, 4]]
    assert resize_target(target, (2, 3)).tolist() == [[1, 3, 4], [1, 3, 4]]
    masks = tv_tensors.Mask(target[None])
    assert isinstance(resize_target(masks, (2, 8)), tv_tensors.Mask)
    assert resize_target(masks, (2, 8)).shape == (1, 2, 8)


def test_a_target_cannot_be_resized_any_other_way():
    target = tv_tensors.Mask(torch.tensor([[3, 5]], dtype=torch.uint8))
    for interpolation in v2.InterpolationMode:
        resized = v2.Resize((1, 7), interpolation=interpolation)(target)
        assert set(resized.unique().tolist()) == {3, 5}, f"v2.Resize with {interpolation} made up a class"
    with pytest.raises(TypeError):
        resize_target(target, (1, 7), interpolation="bilinear")
    with pytest.raises(TypeError, match="float32"):
        resize_target(torch.rand(4, 4), (2, 2))
    assert not [f.name for f in dataclasses.fields(Recipe) if "interpol" in f.name or "nearest" in f.name]


# --- training ---


@given(seeds, sides, sides, recipes, seeds)
@settings(max_examples=80, deadline=None)
def test_no_class_is_gained(seed, height, width, recipe, draw):
    target = np.random.default_rng(seed).integers(0, 150, (height, width), dtype=np.uint8)
    target[target % 7 == 0] = 255
    torch.manual_seed(draw)
    done = training_transform(recipe)(sample_of(target))
    assert set(np.unique(done["target"])) <= set(np.unique(target)) | {255}
    assert done["image"].shape == (3, *recipe.crop_size)
    assert done["target"].shape == recipe.crop_size
    assert done["image"].dtype == torch.float32
    assert done["target"].dtype == torch.uint8
    assert torch.isfinite(done["image"]).all()


@given(seeds, st.integers(40, 120), st.integers(40, 120), seeds, st.sampled_from([(0.5, 2.0), (1.0, 1.0)]))
@settings(max_examples=60, deadline=None)
def test_picture_and_target_stay_together(seed, height, width, draw, scale):
    """The class is painted into the picture; away from edges both must still agree, whatever was drawn."""
    target = patches(seed, height, width, side=20)
    recipe = Recipe(
        short_side=80,
        long_side=320,
        crop_size=90,
        scale=scale,
        photometric=False,
        mean=(0, 0, 0),
        std=(1, 1, 1),
    )
    torch.manual_seed(draw)
    done = training_transform(recipe)(sample_of(target))
    labels = done["target"].numpy().astype(int)
    red, green, blue = (done["image"] * 255).round().int().numpy()
    real = blue == 7  # not padding
    inside = real.copy()
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            inside &= np.roll(labels, (dy, dx), (0, 1)) == labels
            inside &= np.roll(real, (dy, dx), (0, 1))
    inside[:3], inside[-3:], inside[:, :3], inside[:, -3:] = False, False, False, False
    assert (labels[~real] == 255).all()
    assert (red == labels)[inside].all()
    assert (green == 255 - labels)[inside].all()


def offset(factor: float, resize) -> float:
    """By how many new pixels the edge of the target lies right of the picture's, on average over many edges."""
    offsets = []
    for edge in range(40, 80):
        target = np.tile((np.arange(120) >= edge).astype(np.uint8), (40, 1))
        sample = sample_of(target, np.repeat((target * 200)[..., None], 3, axis=-1))
        image, resized = resize(sample, factor)
        offsets.append(float((resized[5] == 0).sum() - (image.shape[2] - (image[0, 5].float() / 200).sum())))
    return float(np.mean(offsets))


@pytest.mark.parametrize("factor", [0.6, 0.8, 0.9, 1.3, 1.7, 2.0])
def test_the_target_lies_on_its_picture(factor):
    def ours(sample, factor):
        done = RandomResize(40, 120, (factor, factor))(sample)
        return done["image"], done["target"]

    assert abs(offset(factor, ours)) < 0.06  # at 0.5 and 0.75 some centers are ties, which no rule can halve


def test_nearest_from_corners_would_not():
    def torchvisions(sample, factor):
        return v2.Resize((int(40 * factor), int(120 * factor)))(sample["image"], sample["target"])

    assert abs(offset(0.6, torchvisions)) > 0.15  # why resize_target exists; when this fails, it need not


def test_a_varied_crop_is_preferred():
    target = np.zeros((64, 256), np.uint8)
    target[:, 224:] = 5  # a second class in the last eighth
    torch.manual_seed(0)
    shown = [
        len(np.unique(RandomCrop((64, 64), share)(sample_of(target))["target"]))
        for share in [0.75] * 40 + [1.0] * 40
    ]
    # An acceptable window begins at 177..192 (16 of 193 places): one draw in 12; ten more draws find it in 3 of 5.
    assert sum(n == 2 for n in shown[:40]) > 15
    assert sum(n == 2 for n in shown[40:]) < 15


def test_ignored_pixels_do_not_make_a_crop_varied():
    target = np.full((8, 8), 255, np.uint8)
    target[:4] = 3
    assert not RandomCrop((8, 8))._is_varied(torch.from_numpy(target))
    target[0, :2] = 9  # 2 of 32 labeled pixels
    assert not RandomCrop((8, 8))._is_varied(torch.from_numpy(target))
    target[:2] = 9
    assert RandomCrop((8, 8))._is_varied(torch.from_numpy(target))
    assert not RandomCrop((8, 8), 0.5)._is_varied(torch.from_numpy(target))  # the share itself is too much


def test_normalization_and_padding_literally():
    white = np.full((2, 2, 3), 255, np.uint8)
    recipe = Recipe(short_side=2, long_side=2, scale=(1, 1), crop_size=3, photometric=False, flip=0)
    done = training_transform(recipe)(sample_of(np.full((2, 2), 9, np.uint8), white))
    assert done["image"][:, 0, 0].tolist() == pytest.approx([2.2489083, 2.4285715, 2.64], abs=1e-6)
    assert done["image"][:, 2, 2].tolist() == [0, 0, 0]
    assert done["target"].tolist() == [[9, 9, 255], [9, 9, 255], [255, 255, 255]]
    black = training_transform(recipe)(sample_of(np.zeros((2, 2), np.uint8), 0 * white))
    assert black["image"][:, 1, 1].tolist() == pytest.approx([-2.117904, -2.0357143, -1.8044444], abs=1e-6)


def test_one_pixel():
    done = training_transform(Recipe(crop_size=4, short_side=1, long_side=1))(
        sample_of(np.full((1, 1), 3, np.uint8))
    )
    assert done["target"].flatten().tolist()[0] == 3
    assert (done["target"] == 255).sum() == 15


def distorted(image: np.ndarray, monkeypatch, coins: list[bool], values: list[float]) -> np.ndarray:
    coins, values = iter(coins), iter(values)
    monkeypatch.setattr(transforms, "_coin", lambda: next(coins))
    monkeypatch.setattr(transforms, "_uniform", lambda low, high: next(values))
    done = PhotometricDistortion()(sample_of(np.zeros(image.shape[:2], np.uint8), image))
    assert done["target"].sum() == 0
    return done["image"].permute(1, 2, 0).numpy()


def test_photometric_distortion_literally(monkeypatch):
    # order of the coins: brightness, contrast, saturation, hue, contrast last
    pixel = np.array([[[200, 100, 50]]], np.uint8)
    off = [False, False, False, False, False]
    assert distorted(pixel, monkeypatch, off, []).tolist() == [[[200, 100, 50]]]
    assert distorted(pixel, monkeypatch, [True, *off[1:]], [20.0]).tolist() == [[[220, 120, 70]]]
    assert distorted(pixel, monkeypatch, [True, *off[1:]], [-60.0]).tolist() == [[[140, 40, 0]]]
    assert distorted(pixel, monkeypatch, [True, True, False, False, False], [32.0, 1.5]).tolist() == [
        [[255, 198, 123]]
    ]
    contrast_last = [False, True, False, False, True]
    assert distorted(pixel, monkeypatch, contrast_last, [0.5]).tolist() == [[[100, 50, 25]]]
    gray = distorted(pixel, monkeypatch, [False, False, True, False, False], [0.0])
    assert gray.tolist() == [[[200, 200, 200]]]  # no saturation: the brightest channel in all
    turned = distorted(
        np.array([[[255, 0, 0]]], np.uint8), monkeypatch, [False, False, False, True, False], [1 / 3]
    )
    assert np.abs(turned.astype(int) - [[[0, 255, 0]]]).max() <= 6  # red becomes green; hue has 256 steps


def test_photometric_distortion_wants_bytes():
    sample = sample_of(np.zeros((2, 2), np.uint8)) | {"image": torch.rand(3, 2, 2)}
    with pytest.raises(TypeError, match="put it before ToDtype"):
        PhotometricDistortion()(sample)


def test_steps_mix_with_those_of_torchvision():
    both = v2.Compose(
        [v2.RandomRotation(30), RandomResize(20, 40), v2.RandomVerticalFlip(1.0), RandomCrop((16, 16))]
    )
    done = both(sample_of(patches(1, 30, 40, 10)))
    assert done["image"].shape == (3, 16, 16)
    assert isinstance(done["target"], tv_tensors.Mask)


# --- evaluation ---


@given(seeds, sides, sides, st.sampled_from([1, 32]))
@settings(max_examples=30, deadline=None)
def test_evaluation_leaves_the_target_alone(seed, height, width, multiple):
    target = np.random.default_rng(seed).integers(0, 150, (height, width), dtype=np.uint8)
    recipe = Recipe(short_side=48, long_side=96, pad_multiple=multiple)
    done = evaluation_transform(recipe)(sample_of(target))
    assert (done["target"].numpy() == target).all()
    content = done["content"]
    assert content == resized_size(height, width, 48, 96)
    assert tuple(done["image"].shape[1:]) == tuple(-(-side // multiple) * multiple for side in content)
    assert done["image"][:, content[0] :].abs().sum() == 0
    assert done["image"][:, :, content[1] :].abs().sum() == 0


def test_padding_to_a_multiple_that_is_there():
    sample = sample_of(np.zeros((32, 64), np.uint8))
    assert PadToMultiple(32)(sample) is sample
