"""Prediction: every kind of picture, the three ways of looking at one, and how much memory that takes."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from adebook import inference
from adebook.batches import logits_at_native_size
from adebook.inference import SCALES, open_picture, predict
from adebook.models import SceneParser
from adebook.transforms import Recipe, evaluation_transform

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def of_colors(short_side: int | None = 64, long_side: int | None = 256, stride: int = 1) -> SceneParser:
    """A fully convolutional network that looks at one pixel (or cell) at a time."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(3, 150, 1))
    model = SceneParser(net, 150, stride=stride)
    model.preprocessing = {"mean": MEAN, "std": STD, "short_side": short_side, "long_side": long_side}
    return model.eval()


def brightest() -> SceneParser:
    """Classes 0, 1, 2 for pixels in which red, green, blue is the largest."""
    model = of_colors(None, None)
    model.preprocessing |= {"mean": (0, 0, 0), "std": (1, 1, 1)}
    with torch.no_grad():
        model.net[1].weight.zero_()
        model.net[1].bias.fill_(-9)
        for channel in range(3):
            model.net[1].weight[channel, channel] = 10
            model.net[1].bias[channel] = 0
    return model


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    small = PIL.Image.fromarray(noise(6, 8))
    return np.asarray(small.resize((width, height), PIL.Image.Resampling.BICUBIC))


RED_GREEN = np.zeros((2, 3, 3), np.uint8)
RED_GREEN[:, 0] = 255, 0, 0
RED_GREEN[:, 1:] = 0, 255, 0


# --- what comes back ---


def test_by_hand():
    prediction = predict(brightest(), RED_GREEN)
    assert prediction.mask.tolist() == [[1, 2, 2], [1, 2, 2]]  # official ids: wall, building
    assert prediction.mask.dtype == np.uint8
    assert prediction.shares() == {"building": 4 / 6, "wall": 2 / 6}
    # softmax of (10, 0, 0, 147 times -9)
    expected = np.exp(10) / (np.exp(10) + 2 + 147 * np.exp(-9))
    assert prediction.confidence == pytest.approx(np.full((2, 3), expected), rel=1e-5)
    assert repr(prediction) == "<Prediction of the picture, 3 x 2: building 67%, wall 33%>"
    assert np.asarray(prediction.overlay(1.0)).tolist()[0][0] == [120, 120, 120]  # MIT's color of wall
    assert prediction.picture.mode == "RGB"


def test_without_confidence_the_mask_is_the_same():
    model, picture = of_colors(stride=4), smooth(60, 90)
    with_it = predict(model, picture)
    without = predict(model, picture, confidence=False)
    assert without.confidence is None
    assert np.array_equal(with_it.mask, without.mask)


def test_the_figure_has_the_names():
    figure = predict(brightest(), np.repeat(np.repeat(RED_GREEN, 100, 0), 100, 1)).figure()
    assert {"wall", "building"} <= {text.get_text() for axes in figure.axes for text in axes.texts}


def test_whole_is_what_the_evaluation_does():
    """Resized, normalized and enlarged as in `evaluation_loader` and `ConfusionMatrix.update_from_logits`."""
    model, picture = of_colors(48, 192, stride=4), smooth(75, 110)
    recipe = Recipe(short_side=48, long_side=192)
    sample = evaluation_transform(recipe)(
        {
            "image": torch.from_numpy(picture.copy()).permute(2, 0, 1),
            "target": torch.zeros(75, 110, dtype=torch.uint8),
        }
    )
    logits = model(sample["image"][None])
    expected = F.interpolate(logits, (75, 110), mode="bilinear", align_corners=False)
    prediction = predict(model, picture)
    assert np.array_equal(prediction.mask, expected.argmax(1)[0].numpy() + 1)
    assert prediction.confidence == pytest.approx(expected.softmax(1).max(1)[0][0].detach().numpy(), abs=1e-6)
    assert logits_at_native_size is not None


def test_the_model_is_used_in_eval_mode_and_put_back():
    model = of_colors()
    model.net.append(nn.Dropout(0.9))
    model.train()
    model.net[0].eval()
    first, second = predict(model, smooth(40, 50)), predict(model, smooth(40, 50))
    assert np.array_equal(first.mask, second.mask)
    assert model.training
    assert model.net[2].training
    assert not model.net[0].training


def test_half_precision():
    model, picture = of_colors(), smooth(50, 70)
    half = predict(of_colors().to(torch.bfloat16), picture)
    assert (half.mask == predict(model, picture).mask).mean() > 0.9


# --- the three ways ---


@settings(max_examples=30, deadline=None)
@given(
    cells=st.integers(1, 20),
    out=st.integers(1, 90),
    data=st.data(),
)
def test_stretching_a_part_equals_interpolating_all(cells, out, data):
    first = data.draw(st.integers(0, out - 1))
    last = data.draw(st.integers(first + 1, out))
    values = torch.randn(2, 3, cells)
    expected = F.interpolate(values[None], (3, out), mode="bilinear", align_corners=False)[0]
    part = inference._stretch(values, 2, out, first, last)
    assert torch.allclose(part, expected[..., first:last], atol=1e-5)


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("size", [(64, 64), (64, 300), (300, 64), (70, 333), (401, 59), (9, 9)])
def test_sliding_equals_whole_on_a_network_that_sees_no_neighbors(size, stride):
    model, picture = of_colors(64, 10_000, stride), smooth(*size)
    whole, sliding = (predict(model, picture, mode=mode) for mode in ("whole", "sliding"))
    # Averaging equal logits may move the last bit, and a pixel that is torn between two classes.
    assert (whole.mask == sliding.mask).mean() > 0.999
    assert sliding.confidence == pytest.approx(whole.confidence, abs=1e-5)


@pytest.mark.parametrize("size", [(150, 100), (100, 150)])
def test_sliding_at_native_size_goes_both_ways(size):
    """With no size of its own, the network takes windows of the only size that it takes."""
    seen = []
    model = of_colors(None, None)
    model.window = 64
    model._windows = lambda images: seen.append(tuple(images.shape[-2:])) or model.net(images)
    sliding = predict(model, smooth(*size), mode="sliding")
    model.window = None
    assert set(seen) == {(64, 64)}
    assert len(seen) == 4 * 2  # at 0, 42, 84, 86 and at 0, 36
    assert (sliding.mask == predict(model, smooth(*size)).mask).mean() > 0.999


def test_sliding_averages_the_logits_of_windows():
    """A network that sees its window: it adds the mean color of the window to every pixel's."""

    class SeesAll(nn.Module):
        def forward(self, x):
            logits = x.new_zeros(len(x), 150, *x.shape[-2:])
            logits[:, :3] = x + 5 * x.mean((2, 3), keepdim=True)
            return logits

    model = of_colors(6, 1000)
    model.net = SeesAll()
    picture = noise(6, 15)
    x = torch.from_numpy(picture.copy()).permute(2, 0, 1) / 255
    x = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    total, count = torch.zeros(150, 6, 15), torch.zeros(6, 15)
    for left in (0, 4, 8, 9):  # windows of 6, two thirds apart, the last flush with the end
        total[:, :, left : left + 6] += model.net(x[None, :, :, left : left + 6])[0]
        count[:, left : left + 6] += 1
    expected = (total / count).softmax(0).max(0)
    prediction = predict(model, picture, mode="sliding")
    assert np.array_equal(prediction.mask, expected.indices.numpy() + 1)
    assert prediction.confidence == pytest.approx(expected.values.numpy(), abs=1e-5)


def test_multiscale_by_hand():
    """The mean of the probabilities at six sizes, each also mirrored."""

    class SeesSides(nn.Module):
        def forward(self, x):
            ramp = torch.linspace(-1, 1, x.shape[-1]).expand_as(x[:, :1])
            logits = x.new_zeros(len(x), 150, *x.shape[-2:])
            logits[:, :4] = torch.cat([x, 2 * ramp], 1)
            return logits

    model = of_colors(32, 128)
    model.net = SeesSides()
    picture = smooth(40, 60)
    total = torch.zeros(150, 40, 60)
    pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)
    for scale in SCALES:
        sample = evaluation_transform(Recipe(short_side=round(32 * scale), long_side=round(128 * scale)))(
            {"image": pixels, "target": torch.zeros(40, 60, dtype=torch.uint8)}
        )
        for flip in (False, True):
            image = sample["image"].flip(-1) if flip else sample["image"]
            logits = model.net(image[None])
            logits = logits.flip(-1) if flip else logits
            total += F.interpolate(logits, (40, 60), mode="bilinear", align_corners=False)[0].softmax(0)
    best = (total / 12).max(0)
    prediction = predict(model, picture, mode="multiscale")
    assert np.array_equal(prediction.mask, best.indices.numpy() + 1)
    assert prediction.confidence == pytest.approx(best.values.numpy(), abs=1e-5)


def test_multiscale_in_bands_is_the_same(monkeypatch):
    model, picture = of_colors(stride=4), smooth(60, 90)
    at_once = predict(model, picture, mode="multiscale")
    monkeypatch.setattr(inference, "_BAND", 150 * 90 * 7)
    in_bands = predict(model, picture, mode="multiscale")
    assert (at_once.mask == in_bands.mask).mean() > 0.999
    assert in_bands.confidence == pytest.approx(at_once.confidence, abs=1e-6)


# --- kinds of pictures ---


def save(folder: Path, name: str, picture: PIL.Image.Image, **options) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def test_gray():
    assert predict(brightest(), PIL.Image.new("L", (3, 2), 7)).mask.tolist() == [[1, 1, 1]] * 2
    assert predict(brightest(), np.zeros((2, 3), np.uint8)).picture.mode == "RGB"
    assert open_picture(PIL.Image.new("1", (3, 2), 1))[0].getpixel((0, 0)) == (255, 255, 255)


def test_transparency_is_laid_over_white():
    """What is stored under transparent pixels is not what anybody sees."""
    picture = PIL.Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (255, 0, 0, 0))
    opened, _ = open_picture(picture)
    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0), (255, 255, 255)]
    assert open_picture(np.asarray(picture))[0].tobytes() == opened.tobytes()
    assert open_picture(picture.convert("LA"))[0].getpixel((1, 0)) == (255, 255, 255)


def test_palette_with_a_transparent_color(tmp_path):
    picture = PIL.Image.new("P", (2, 1), 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((1, 0), 1)
    opened, _ = open_picture(save(tmp_path, "a.png", picture, transparency=1))
    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0), (255, 255, 255)]


def test_cmyk(tmp_path):
    picture = PIL.Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # red
    path = save(tmp_path, "a.jpg", picture, quality=95)
    assert predict(brightest(), path).shares() == {"wall": 1.0}


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_more_than_8_bits_is_refused(tmp_path, mode):
    path = save(tmp_path, "deep.tif", PIL.Image.new(mode, (3, 2)))
    with pytest.raises(ValueError, match=r"deep\.tif is (16|32)-bit gray .* Cure: scale it to 0\.\.255"):
        predict(brightest(), path)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_animations_and_pages_are_refused(tmp_path, name):
    frames = [PIL.Image.fromarray(noise(4, 5, seed)) for seed in range(3)]
    path = save(tmp_path, name, frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match=rf"{name} has 3 frames or pages.*Cure: choose it"):
        predict(brightest(), path)
    opened = PIL.Image.open(path)
    opened.seek(1)
    assert predict(brightest(), opened.convert("RGB")).mask.shape == (4, 5)  # the cure works


def test_a_photograph_with_further_shots_is_one_picture(tmp_path):
    first, second = PIL.Image.new("RGB", (16, 16), "red"), PIL.Image.new("RGB", (16, 16), "lime")
    path = save(tmp_path, "a.mpo", first, save_all=True, append_images=[second])
    assert PIL.Image.open(path).n_frames == 2
    assert predict(brightest(), path).shares() == {"wall": 1.0}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_rotation_that_a_camera_noted_is_applied(tmp_path, orientation):
    upright = PIL.Image.new("RGB", (40, 16), "red")
    upright.paste((0, 255, 0), (20, 0, 40, 16))
    stored = {
        1: upright,
        2: upright.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(PIL.Image.Transpose.ROTATE_180),
        4: upright.transpose(PIL.Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(PIL.Image.Transpose.TRANSPOSE),
        6: upright.transpose(PIL.Image.Transpose.ROTATE_90),
        7: upright.transpose(PIL.Image.Transpose.TRANSVERSE),
        8: upright.transpose(PIL.Image.Transpose.ROTATE_270),
    }[orientation]
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    prediction = predict(brightest(), save(tmp_path, "a.jpg", stored, exif=exif, quality=95))
    assert prediction.mask.shape == (16, 40)
    assert set(prediction.mask[:, :19].ravel()) == {1}
    assert set(prediction.mask[:, 21:].ravel()) == {2}
    assert prediction.picture.size == (40, 16)


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (100, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("mode", ["whole", "sliding", "multiscale"])
def test_one_pixel_wide(size, mode):
    picture = np.zeros((*size, 3), np.uint8)
    picture[..., 1] = 255
    model = brightest()
    model.preprocessing |= {"short_side": 16, "long_side": 64}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        prediction = predict(model, picture, mode=mode)
    assert prediction.mask.shape == size
    assert set(prediction.mask.ravel()) == {2}


def test_a_long_picture_that_becomes_a_strip_is_said():
    with pytest.warns(UserWarning, match=r"the picture is 1000 x 30; .* strip 8 pixels wide.*sliding"):
        predict(of_colors(), smooth(30, 1000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predict(of_colors(), smooth(30, 1000), mode="sliding")
        predict(of_colors(), smooth(100, 400))


MEMORY = """
import re
from pathlib import Path
import numpy as np, torch
from adebook.inference import predict
from adebook.models.common import SceneParser

def of_process(what):
    return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

torch.set_num_threads(1)
model = SceneParser(torch.nn.Sequential(torch.nn.AvgPool2d(4), torch.nn.Conv2d(3, 150, 1)), 150, stride=4)
model.preprocessing = dict(mean=[0.5] * 3, std=[0.25] * 3, short_side=64, long_side=256)
picture = np.random.default_rng(0).integers(0, 256, (64, 20_000, 3), dtype=np.uint8)
predict(model, picture[:, :200], mode="sliding")  # what is loaded and compiled counts as before
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = of_process("VmRSS")
prediction = predict(model, picture, mode="sliding", confidence=False)
assert prediction.mask.shape == (64, 20_000)
print(of_process("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_20000_pixels_wide_in_bounded_memory():
    """All logits of it are 48 MB at the network's stride, and 768 MB at the picture's size."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEMORY], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 40, f"{done.stdout} MB"


def test_the_largest_tensor_does_not_grow_with_the_length(monkeypatch):
    largest = []
    for width in (2_000, 20_000):
        seen = []
        stretch = inference._stretch
        monkeypatch.setattr(
            inference, "_stretch", lambda *a, seen=seen, f=stretch: [t := f(*a), seen.append(t.numel())][0]
        )
        predict(of_colors(), smooth(16, width), mode="sliding", confidence=False)
        monkeypatch.setattr(inference, "_stretch", stretch)
        largest.append(max(seen))
    assert largest[0] == largest[1]


# --- what is refused ---


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        predict(of_colors(), tmp_path / "nowhere.jpg")


def test_damaged_and_foreign_files(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match=r"text\.jpg: the picture cannot be read"):
        predict(of_colors(), tmp_path / "text.jpg")
    whole = save(tmp_path, "whole.jpg", PIL.Image.fromarray(noise(90, 90)))
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"cut\.jpg: the picture is damaged or truncated"):
        predict(of_colors(), tmp_path / "cut.jpg")
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(ValueError, match=r"HEIC picture.*export it as JPEG"):
        predict(of_colors(), tmp_path / "IMG_1.HEIC")


def test_more_pixels_than_pillow_trusts(tmp_path, monkeypatch):
    path = save(tmp_path, "big.png", PIL.Image.fromarray(noise(30, 30)))
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match=r"big\.png: Image size \(900 pixels\).*MAX_IMAGE_PIXELS = None"):
        predict(of_colors(), path)


@pytest.mark.parametrize(
    ("picture", "error", "message"),
    [
        (np.zeros((4, 5, 3)), TypeError, "float64.*values are uint8"),
        (np.zeros((4, 5, 3), np.uint16), TypeError, "uint16"),
        (np.zeros((3, 4, 5), np.uint8), ValueError, r"transpose\(1, 2, 0\)"),
        (np.zeros((2, 4, 5, 3), np.uint8), ValueError, "one picture at a time"),
        (np.zeros((0, 5, 3), np.uint8), ValueError, "no pixels"),
        (torch.zeros(3, 4, 5), TypeError, r"a tensor \[3, 4, 5\].*permute"),
        (17, TypeError, "is a int"),
    ],
)
def test_what_is_no_picture(picture, error, message):
    with pytest.raises(error, match=message):
        predict(of_colors(), picture)


def test_an_unknown_mode():
    with pytest.raises(
        ValueError, match=r"mode is 'slide', but it is one of 'whole', 'sliding', 'multiscale'"
    ):
        predict(of_colors(), noise(4, 5), mode="slide")


def test_a_model_without_preparation():
    model = of_colors()
    del model.preprocessing
    with pytest.raises(
        ValueError, match=r"does not say how pictures are prepared.*Cure: model\.preprocessing"
    ):
        predict(model, noise(4, 5))
    model.preprocessing = {"mean": MEAN}
    with pytest.raises(ValueError, match="lacks std, short_side, long_side"):
        predict(model, noise(4, 5))
    model.preprocessing = {"mean": MEAN, "std": STD, "short_side": 3, "long_side": None}
    with pytest.raises(ValueError, match="short_side=3 and long_side=None"):
        predict(model, noise(4, 5))


def test_a_model_of_other_classes():
    model = of_colors()
    model.num_classes = 12
    with pytest.raises(ValueError, match="tells 12 classes apart, but a mask of official ids has 150"):
        predict(model, noise(4, 5))


@pytest.mark.parametrize("mode", ["whole", "sliding", "multiscale"])
def test_nan(mode):
    model = of_colors()
    with torch.no_grad():
        model.net[1].bias[3] = float("nan")
    with pytest.raises(ValueError, match=r"the picture: the model returned NaN"):
        predict(model, noise(4, 5), mode=mode)
