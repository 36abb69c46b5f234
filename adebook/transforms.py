"""Augmentation and preparation that keep a picture and its target together.

A transform here takes a sample and returns a sample: a dictionary whose `image` is a `tv_tensors.Image` and
whose `target` is a `tv_tensors.Mask` of train ids, as `adebook.batches` makes them. So the steps below mix
freely with those of `torchvision.transforms.v2` in a `v2.Compose`.

Convention: a target is resized by `resize_target` only, and that is nearest neighbor, counted between pixel
centers, as MIT resized the masks of SceneParse150. There is no argument for another way: between class 3 and
class 5 lies no class 4. (`v2.Resize` takes nearest for masks, too, but counts from pixel corners; the target
is then up to half a pixel off the picture, whose resizing counts between centers.)

Randomness comes from torch's generator, so `torch.manual_seed` repeats it; `adebook.batches` seeds each
sample.

Source of the training recipe: mmsegmentation, `configs/_base_/datasets/ade20k.py` and
`mmseg/datasets/transforms/transforms.py` (RandomCrop, PhotoMetricDistortion).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image

try:
    import torch
    from torchvision import tv_tensors
    from torchvision.transforms import InterpolationMode, v2
    from torchvision.transforms.v2 import functional as F
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"adebook.transforms and adebook.batches need {error.name}. Cure: pip install 'adebook[train]'.",
        name=error.name,
    ) from error

from adebook.labels import IGNORE

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "PadToMultiple",
    "PadToSize",
    "PhotometricDistortion",
    "RandomCrop",
    "RandomResize",
    "Recipe",
    "ResizeImage",
    "evaluation_transform",
    "resize_target",
    "resized_size",
    "training_transform",
]

Sample = dict[str, Any]

#: Mean and standard deviation of ImageNet's pictures, per channel (R, G, B), for values in 0..1.
#: mmsegmentation states the same as 123.675, 116.28, 103.53 and 58.395, 57.12, 57.375 for values in 0..255.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Recipe:
    """How pictures become training crops and evaluation input; the defaults are the field's for ADE20K.

    One recipe serves both, so that a network never sees other sizes or colors when it is scored.

    Attributes:
        short_side: length in pixels that the short side of a picture is resized to, at scale 1.
        long_side: where that would make the long side longer than this, the long side decides.
        scale: training draws a factor from this range, uniformly, and multiplies both lengths by it.
        crop_size: height and width of a training crop; a single number is a square.
        max_class_share: a crop in which one class has this share or more of the labeled pixels is drawn
            again, up to 10 times (`cat_max_ratio` in mmsegmentation); 1 turns it off.
        flip: probability of a horizontal flip.
        photometric: whether training changes brightness, contrast, saturation and hue.
        mean: what is subtracted from the channels R, G, B (values in 0..1), ...
        std: ... and what the difference is divided by.
        pad_multiple: evaluation pictures are padded on the right and at the bottom until both sides are
            multiples of it, for networks that need it (32 for most); 1 pads nothing.

    Raises:
        ValueError, TypeError: for a value that makes no sense, naming it.

    Source: mmsegmentation, `configs/_base_/datasets/ade20k.py`: RandomResize(scale=(2048, 512),
    ratio_range=(0.5, 2.0)), RandomCrop(512, cat_max_ratio=0.75), RandomFlip(0.5), PhotoMetricDistortion, Pad
    to the crop's size; for evaluation Resize(scale=(2048, 512), keep_ratio=True), with the target at its
    native size.
    """

    short_side: int = 512
    long_side: int = 2048
    scale: tuple[float, float] = (0.5, 2.0)
    crop_size: int | tuple[int, int] = 512
    max_class_share: float = 0.75
    flip: float = 0.5
    photometric: bool = True
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    pad_multiple: int = 1

    def __post_init__(self) -> None:
        for name in ("short_side", "long_side", "pad_multiple"):
            _whole(getattr(self, name), name)
        if self.long_side < self.short_side:
            raise ValueError(
                f"long_side is {self.long_side}, below short_side ({self.short_side}). Cure: the order is "
                f"short, long; mmsegmentation's scale=(2048, 512) is short_side=512, long_side=2048."
            )
        object.__setattr__(self, "crop_size", _height_width(self.crop_size, "crop_size"))
        low, high = self.scale
        if not 0 < low <= high < math.inf:
            raise ValueError(f"scale is {self.scale}, but is (low, high) with 0 < low <= high.")
        if not 0 < self.max_class_share <= 1:
            raise ValueError(f"max_class_share is {self.max_class_share}, but is a share above 0, at most 1.")
        if not 0 <= self.flip <= 1:
            raise ValueError(f"flip is {self.flip}, but is a probability from 0 to 1.")
        for name in ("mean", "std"):
            values = tuple(float(v) for v in getattr(self, name))
            if len(values) != 3:
                raise ValueError(f"{name} has {len(values)} values, but there are 3 channels: R, G, B.")
            if max(values) > 1 or min(values) < 0 or (name == "std" and min(values) == 0):
                raise ValueError(
                    f"{name} is {values}, but is stated for values in 0..1. Cure: divide values for 0..255 "
                    f"by 255."
                )
            object.__setattr__(self, name, values)


def training_transform(recipe: Recipe | None = None) -> v2.Compose:
    """Random resize, random crop, random flip, photometric distortion, normalization, padding.

    Args:
        recipe: None means `Recipe()`.

    Returns:
        a transform of samples: `image` uint8 [3, H, W] and `target` uint8 [H, W] become `image` float32 [3,
        h, w] and `target` uint8 [h, w], with h, w = `recipe.crop_size` always. What a small picture leaves
        empty is the mean color in the picture (0 after normalization) and 255 (ignore) in the target.
    """
    recipe = recipe or Recipe()
    steps = [
        RandomResize(recipe.short_side, recipe.long_side, recipe.scale),
        RandomCrop(recipe.crop_size, recipe.max_class_share),
        v2.RandomHorizontalFlip(recipe.flip),
        *([PhotometricDistortion()] if recipe.photometric else []),
        *_normalization(recipe),
        PadToSize(recipe.crop_size),
    ]
    return v2.Compose(steps)


def evaluation_transform(recipe: Recipe | None = None) -> v2.Compose:
    """The picture resized and normalized for the network; the target untouched, at its native size.

    Scores at any other size than the native one are scores of another benchmark: resize the network's logits
    to the target (`adebook.batches.logits_at_native_size`), never the target.

    Args:
        recipe: None means `Recipe()`.

    Returns:
        a transform of samples: `image` uint8 [3, H, W] becomes float32 [3, h, w]; `target` stays [H, W];
        `content` is added, the (height, width) of the picture within `image`, before padding.
    """
    recipe = recipe or Recipe()
    return v2.Compose(
        [
            ResizeImage(recipe.short_side, recipe.long_side),
            *_normalization(recipe),
            PadToMultiple(recipe.pad_multiple),
        ]
    )


def _normalization(recipe: Recipe) -> list[torch.nn.Module]:
    return [v2.ToDtype(torch.float32, scale=True), v2.Normalize(recipe.mean, recipe.std, inplace=True)]


def resize_target(target: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resize a target by nearest neighbor between pixel centers, the only way there is here.

    Args:
        target: uint8 [H, W] or [B, H, W], a `tv_tensors.Mask` or a plain tensor.
        size: new height and width.

    Returns:
        the same type, uint8, [..., h, w]; equal to PIL's `resize(..., Resampling.NEAREST)`.

    Raises:
        TypeError: when it is not uint8; logits and int64 targets do not come this way.
    """
    if target.dtype != torch.uint8:
        raise TypeError(f"A target is resized as uint8, got {target.dtype}. Cure: .to(torch.uint8) before.")
    planes = target.as_subclass(torch.Tensor).reshape(-1, 1, *target.shape[-2:])
    resized = F.resize_image(planes, list(size), interpolation=InterpolationMode.NEAREST_EXACT)
    resized = resized.reshape(*target.shape[:-2], *size)
    return tv_tensors.Mask(resized) if isinstance(target, tv_tensors.Mask) else resized


def resized_size(height: int, width: int, short_side: float, long_side: float) -> tuple[int, int]:
    """The largest size of the same aspect whose short and long side stay within the two lengths.

    Args:
        height, width: of the picture, in pixels.
        short_side, long_side: bounds in pixels.

    Returns:
        height and width, rounded, at least 1.

    Example:
        >>> resized_size(512, 683, 256, 1024)
        (256, 342)

    Source: `rescale_size` of mmcv.
    """
    short, long = sorted((height, width))
    factor = min(short_side / short, long_side / long)
    return max(1, int(height * factor + 0.5)), max(1, int(width * factor + 0.5))


@dataclass(frozen=True)
class RandomResize:
    """Resize picture and target by a factor drawn from `scale`, keeping the aspect; see `Recipe`.

    The picture is resized bilinearly with antialiasing (mmsegmentation's OpenCV has none).
    """

    short_side: int = 512
    long_side: int = 2048
    scale: tuple[float, float] = (0.5, 2.0)

    def __call__(self, sample: Sample) -> Sample:
        """A sample like this one, changed."""
        factor = _uniform(*self.scale)
        height, width = sample["target"].shape[-2:]
        size = resized_size(height, width, self.short_side * factor, self.long_side * factor)
        return sample | {
            "image": _resize_image(sample["image"], size),
            "target": resize_target(sample["target"], size),
        }


@dataclass(frozen=True)
class ResizeImage:
    """Resize the picture only, to the recipe's size for evaluation; the target keeps its native size."""

    short_side: int = 512
    long_side: int = 2048

    def __call__(self, sample: Sample) -> Sample:
        """A sample like this one, changed."""
        size = resized_size(*sample["image"].shape[-2:], self.short_side, self.long_side)
        return sample | {"image": _resize_image(sample["image"], size), "content": size}


def _resize_image(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return F.resize(image, list(size), interpolation=InterpolationMode.BILINEAR, antialias=True)


@dataclass(frozen=True)
class RandomCrop:
    """Cut out a random window; where the picture is smaller than the window, all of it (`PadToSize` fills
    up).

    Attributes:
        size: height and width.
        max_class_share: a window in which one class has this share or more of the labeled pixels, or that has
            fewer than two classes, is drawn again, at most 10 times; after that the last one is taken.
    """

    size: tuple[int, int] = (512, 512)
    max_class_share: float = 0.75

    def __call__(self, sample: Sample) -> Sample:
        """A sample like this one, changed."""
        image, target = sample["image"], sample["target"]
        top, left = self._window(target)
        if self.max_class_share < 1:
            for _ in range(10):
                if self._is_varied(target[..., top : top + self.size[0], left : left + self.size[1]]):
                    break
                top, left = self._window(target)
        height = min(self.size[0], target.shape[-2])
        width = min(self.size[1], target.shape[-1])
        return sample | {
            "image": F.crop(image, top, left, height, width),
            "target": F.crop(target, top, left, height, width),
        }

    def _window(self, target: torch.Tensor) -> tuple[int, int]:
        height, width = target.shape[-2:]
        return _below(max(height - self.size[0], 0) + 1), _below(max(width - self.size[1], 0) + 1)

    def _is_varied(self, window: torch.Tensor) -> bool:
        counts = np.bincount(window.numpy().reshape(-1), minlength=256)
        counts[IGNORE] = 0
        return np.count_nonzero(counts) > 1 and counts.max() < self.max_class_share * counts.sum()


@dataclass(frozen=True)
class PhotometricDistortion:
    """Change brightness, contrast, saturation and hue of a picture (uint8), each with probability one half.

    Contrast comes second or last, by the toss of a coin. The target and the geometry are untouched. The
    formulas are mmsegmentation's (`PhotoMetricDistortion`), not those of `v2.ColorJitter`: brightness is
    added rather than multiplied, contrast is around black rather than the mean. They are one look-up table
    per channel, in RGB and in HSV (8 bits each, by PIL).

    Attributes:
        brightness: largest number added or subtracted, in 0..255.
        contrast: range of the factor on all values.
        saturation: range of the factor on the saturation.
        hue: largest turn of the hue, as a share of the circle (0.1 is mmsegmentation's 18 of 180).
    """

    brightness: float = 32
    contrast: tuple[float, float] = (0.5, 1.5)
    saturation: tuple[float, float] = (0.5, 1.5)
    hue: float = 0.1

    def __call__(self, sample: Sample) -> Sample:
        """A sample like this one, changed."""
        added = _uniform(-self.brightness, self.brightness) if _coin() else 0.0
        contrast = _uniform(*self.contrast) if _coin() else 1.0
        saturation = _uniform(*self.saturation) if _coin() else 1.0
        turn = _uniform(-self.hue, self.hue) if _coin() else 0.0
        contrast_last = _coin()

        image = sample["image"]
        if image.dtype != torch.uint8:
            raise TypeError(
                f"Photometric distortion works on uint8, got {image.dtype}. Cure: put it before ToDtype."
            )
        values = np.arange(256, dtype=np.float64)
        before = _bytes(values + added)
        after = np.arange(256, dtype=np.uint8)
        if contrast_last:
            after = _bytes(values * contrast)
        else:
            before = _bytes(before * contrast)
        picture = PIL.Image.fromarray(np.ascontiguousarray(image.permute(1, 2, 0).numpy()))
        picture = picture.point(before.tolist() * 3)
        if saturation != 1 or turn:
            hues = ((values + round(turn * 256)) % 256).astype(np.uint8)
            tables = np.concatenate([hues, _bytes(values * saturation), values.astype(np.uint8)])
            picture = picture.convert("HSV").point(tables.tolist()).convert("RGB")
        if contrast_last:
            picture = picture.point(after.tolist() * 3)
        return sample | {"image": tv_tensors.Image(F.pil_to_tensor(picture))}


def _bytes(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(np.uint8)  # cut off, not rounded, as in the source


@dataclass(frozen=True)
class PadToSize:
    """Pad on the right and at the bottom: 0 in the (normalized) picture, 255 in the target."""

    size: tuple[int, int] = (512, 512)

    def __call__(self, sample: Sample) -> Sample:
        """A sample like this one, changed."""
        height, width = sample["target"].shape[-2:]
        padding = [0, 0, max(self.size[1] - width, 0), max(self.size[0] - height, 0)]
        if not any(padding):
            return sample
        return sample | {
            "image": F.pad(sample["image"], padding, fill=0.0),
            "target": F.pad(sample["target"], padding, fill=IGNORE),
        }


@dataclass(frozen=True)
class PadToMultiple:
    """Pad the (normalized) picture only, with 0, until both sides are multiples of `multiple`."""

    multiple: int = 32

    def __call__(self, sample: Sample) -> Sample:
        """A sample like this one, changed."""
        height, width = sample["image"].shape[-2:]
        padding = [0, 0, -width % self.multiple, -height % self.multiple]
        if not any(padding):
            return sample
        return sample | {"image": F.pad(sample["image"], padding, fill=0.0)}


# --- random numbers and checks ------------------------------------------------------------------------------


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), dtype=torch.float64).item()


def _below(bound: int) -> int:
    return int(torch.randint(bound, ()).item())


def _coin() -> bool:
    return bool(torch.randint(2, ()).item())


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}, but is a whole number of pixels.")
    if value < 1:
        raise ValueError(f"{name} is {value}, but is at least 1.")
    return value


def _height_width(value: int | tuple[int, int], name: str) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} is {value!r}, but is one number or (height, width).")
    return _whole(pair[0], f"{name}[0]"), _whole(pair[1], f"{name}[1]")
