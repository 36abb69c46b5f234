"""Predict a mask for any picture: a path, a PIL image or an array, of whatever size and kind.

    prediction = adebook.predict(model, "photo.jpg")
    prediction.mask          # official ids, as large as the photo
    prediction.shares()      # {"wall": 0.31, "floor": 0.2, ...}
    prediction.figure()      # the photo under its mask, with names

How a network looks at a picture (`mode`):

- "whole": once, resized as in its training. What every published single-scale score uses.
- "sliding": through square windows that overlap by a third; the logits of a place are averaged. The picture
  is not made smaller for its long side, and memory does not grow with it: for panoramas.
- "multiscale": at six sizes, each also mirrored; the probabilities are averaged. The "MS + flip" of papers,
  and about 17 times the work.

What pictures become before a network sees them:

- The rotation that a camera noted (EXIF) is applied; the mask is upright, too.
- Gray, palette and CMYK pictures are converted to RGB. Transparent parts are laid over white.
- 16-bit and 32-bit gray is refused (its scale is not known), and so are animations and files of several
  pages (which one is meant?), each with the cure.

Memory: the logits, at the network's stride, and beside them no more than a band of the picture at a time;
never logits of the picture's own size.

Source of the modes: mmsegmentation, `EncoderDecoder.slide_inference` and `SegTTAModel`.
"""

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageOps

from adebook import _checks, labels
from adebook._mask_files import reading, strict_decoding
from adebook.classes import CLASSES
from adebook.palette import PaletteName
from adebook.palette import overlay as lay_over

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure

    from adebook.models import SceneParser

__all__ = ["SCALES", "Mode", "Prediction", "open_picture", "predict"]

Mode: TypeAlias = Literal["whole", "sliding", "multiscale"]
#: What "multiscale" multiplies the size by.
SCALES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)

_BAND = 1 << 24  # values of enlarged logits that exist at a time: 64 MB
_LONG = 8  # the aspect from which "whole" warns that a picture becomes a thin strip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prediction:
    """What a network sees in a picture.

    Attributes:
        name: of the picture.
        picture: the upright picture, mode "RGB".
        mask: official ids 1..150, uint8 [H, W], of the picture's size.
        confidence: probability of the predicted class, float32 [H, W], 0..1; None when it was not asked for.
        mode: how the network looked at it.
    """

    name: str
    picture: PIL.Image.Image
    mask: npt.NDArray[np.uint8]
    confidence: npt.NDArray[np.float32] | None
    mode: Mode

    def shares(self) -> dict[str, float]:
        """The predicted classes and the share of the picture that each covers, the largest first."""
        counts = np.bincount(self.mask.ravel(), minlength=len(CLASSES) + 1)
        order = sorted(np.flatnonzero(counts), key=lambda i: -counts[i])
        return {CLASSES[i - 1].name: float(counts[i] / self.mask.size) for i in order}

    def overlay(self, alpha: float = 0.5, palette: PaletteName = "mit") -> PIL.Image.Image:
        """The colors of the classes over the picture; arguments as in `adebook.palette.overlay`."""
        return PIL.Image.fromarray(lay_over(self.picture, self.mask, alpha, palette))

    def figure(self, min_share: float = 0.01, palette: PaletteName = "mit") -> "Figure":
        """The overlay with names in it; arguments as in `adebook.plots.mask_with_names`."""
        from adebook.plots import mask_with_names

        return mask_with_names(self.picture, self.mask, min_share, palette=palette)

    def __repr__(self) -> str:
        width, height = self.picture.size
        shares = list(self.shares().items())
        named = ", ".join(f"{name} {share:.0%}" for name, share in shares[:5])
        more = f", and {len(shares) - 5} more" if len(shares) > 5 else ""
        return f"<Prediction of {Path(self.name).name}, {width} x {height}: {named}{more}>"


def predict(
    model: "SceneParser",
    image: "str | os.PathLike[str] | PIL.Image.Image | npt.NDArray[np.uint8]",
    *,
    mode: Mode = "whole",
    confidence: bool = True,
) -> Prediction:
    """Predict the class of every pixel of a picture.

    Args:
        model: from `adebook.pretrained` or `adebook.checkpoints.load_model`, on any device; or any network
            with the same contract and an attribute `preprocessing`. It is used in eval mode and put back.
        image: a path, a PIL image, or a uint8 array [H, W], [H, W, 3] or [H, W, 4] (RGB, RGBA).
        mode: "whole", "sliding" or "multiscale"; see the top of this module.
        confidence: whether to keep the probability of the predicted class, 4 bytes a pixel.

    Returns:
        a `Prediction`.

    Raises:
        FileNotFoundError, PermissionError: from the system, for a path.
        ValueError: for a picture that cannot be read, is animated or has more than 8 bits a channel; for a
            model that does not say how pictures are prepared, has not 150 classes, or returns NaN; for an
            unknown mode.
        TypeError: for what is no picture.

    Warns:
        UserWarning: when a long picture becomes a thin strip, in the modes "whole" and "multiscale".
    """
    import torch

    if mode not in get_args(Mode):
        raise ValueError(f"mode is {mode!r}, but it is one of {', '.join(map(repr, get_args(Mode)))}.")
    preparation = _preparation(model)
    picture, name = open_picture(image)
    pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)
    network = _network(model, preparation, name)
    with torch.inference_mode(), _evaluating(model):
        if mode == "sliding":
            prediction, sure = _slide(network, model, preparation, pixels, confidence)
        else:
            _warn_of_strip(preparation, pixels, name)
            views = []
            for scale in SCALES if mode == "multiscale" else (1.0,):
                resized = _resized(pixels, preparation, scale)
                views.append(network(resized))
                if mode == "multiscale":
                    views.append(network(resized.flip(-1)).flip(-1))
            prediction, sure = _enlarge(views, tuple(pixels.shape[-2:]), confidence)
    return Prediction(name, picture, labels.to_official_ids(prediction), sure, mode)


# --- pictures -----------------------------------------------------------------------------------------------


def open_picture(
    image: "str | os.PathLike[str] | PIL.Image.Image | npt.NDArray[np.uint8]",
) -> tuple[PIL.Image.Image, str]:
    """A picture as an upright PIL image of mode "RGB", and what to call it; see the top of this module.

    Args:
        image: a path, a PIL image, or a uint8 array [H, W], [H, W, 3] or [H, W, 4].

    Raises:
        FileNotFoundError, ValueError, TypeError: as `predict`.
    """
    if isinstance(image, (str, os.PathLike)):
        name = os.fspath(image)
        image = _read(Path(image), name)
    elif isinstance(image, PIL.Image.Image):
        name = getattr(image, "filename", "") or "the picture"
    else:
        name = "the picture"
        image = _from_array(image)
    if 0 in image.size:
        raise ValueError(f"{name} has no pixels: it is {image.width} x {image.height}.")
    # An MPO is a photograph, with further shots of the same scene that some cameras add.
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise ValueError(
            f"{name} has {image.n_frames} frames or pages, and a mask belongs to one. Cure: choose it: "
            f"image = PIL.Image.open(...); image.seek(0); predict(model, image.convert('RGB'))."
        )
    _checks.check_convertible(image, name)
    with reading(name, "picture"), strict_decoding():
        upright = PIL.ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            upright = upright.convert("RGBA")
            white = PIL.Image.new("RGBA", upright.size, "white")
            upright = PIL.Image.alpha_composite(white, upright)
        return upright.convert("RGB"), name


def _read(path: Path, name: str) -> PIL.Image.Image:
    data = path.read_bytes()
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
        raise ValueError(
            f"{name} is a HEIC picture, as iPhones take them, which Pillow does not read. Cure: export it as "
            f"JPEG."
        )
    try:
        with reading(name, "picture"):
            try:
                return PIL.Image.open(BytesIO(data))
            except PIL.Image.DecompressionBombError as error:
                raise _TooLarge(str(error)) from None
    except _TooLarge as error:
        raise ValueError(
            f"{name}: {error}. Cure: if you trust the file, set PIL.Image.MAX_IMAGE_PIXELS = None before; or "
            f"shrink it."
        ) from None


class _TooLarge(Exception):
    """Pillow refuses a picture for its number of pixels."""


def _from_array(array: Any) -> PIL.Image.Image:
    if not isinstance(array, np.ndarray):
        what = f"a tensor {list(array.shape)}" if _checks.is_tensor(array) else f"a {type(array).__name__}"
        raise TypeError(
            f"The picture is {what}, but a path, a PIL image or a NumPy array is needed. Cure: for a tensor "
            f"[3, H, W] of values 0..255, tensor.permute(1, 2, 0).byte().numpy()."
        )
    if array.dtype != np.uint8:
        raise TypeError(
            f"The picture is an array of {array.dtype}, but its values are uint8, 0..255. Cure: for values "
            f"0..1 use (255 * image).round().astype('uint8')."
        )
    if array.ndim != 2 and (array.ndim != 3 or array.shape[-1] not in (3, 4)):
        first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        cure = "image.transpose(1, 2, 0) puts the channels last" if first else "pass one picture at a time"
        raise ValueError(
            f"The picture is an array {array.shape}, but it is [H, W], [H, W, 3] or [H, W, 4]. Cure: {cure}."
        )
    if array.size == 0:
        raise ValueError(f"The picture is an array {array.shape}: it has no pixels.")
    return PIL.Image.fromarray(np.ascontiguousarray(array))


# --- the network --------------------------------------------------------------------------------------------


class _Preparation(NamedTuple):
    mean: Sequence[float]
    std: Sequence[float]
    short_side: int | None
    long_side: int | None


def _preparation(model: "SceneParser") -> _Preparation:
    found = getattr(model, "preprocessing", None)
    if not found:
        raise ValueError(
            "The model does not say how pictures are prepared for it. Cure: model.preprocessing = dict(mean="
            "(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), short_side=512, long_side=2048), with the "
            "values of its training."
        )
    if missing := [key for key in _Preparation._fields if key not in found]:
        raise ValueError(f"model.preprocessing lacks {', '.join(missing)}. It has {', '.join(found)}.")
    if (found["short_side"] is None) != (found["long_side"] is None):
        raise ValueError(
            f"model.preprocessing has short_side={found['short_side']} and long_side={found['long_side']}. "
            f"Cure: give both in pixels, or None for both (pictures at native size)."
        )
    if model.num_classes != labels.NUM_CLASSES:
        raise ValueError(
            f"The model tells {model.num_classes} classes apart, but a mask of official ids has "
            f"{labels.NUM_CLASSES}. Cure: use a model of the 150 classes; for classes of your own, "
            f"model(images).argmax(1) has their numbers."
        )
    return _Preparation(*(found[key] for key in _Preparation._fields))


def _network(
    model: "SceneParser", preparation: _Preparation, name: str
) -> Callable[["torch.Tensor"], "torch.Tensor"]:
    """From pixels, uint8 [3, h, w], to logits, float32 [150, h', w'] on the CPU."""
    import torch
    from torchvision.transforms.v2 import functional as F

    weight = next(model.parameters(), torch.empty(0))

    def run(pixels: "torch.Tensor") -> "torch.Tensor":
        values = F.to_dtype(pixels, torch.float32, scale=True)
        values = F.normalize(values, list(preparation.mean), list(preparation.std))
        logits = model(values[None].to(weight.device, weight.dtype))[0].float().cpu()
        if torch.isnan(logits).any():
            raise ValueError(
                f"{name}: the model returned NaN. Cure: look at its weights; training may have diverged."
            )
        return logits

    return run


@contextmanager
def _evaluating(model: "SceneParser") -> Iterator[None]:
    """Within it the model, and each of its parts, is in eval mode."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _resized(
    pixels: "torch.Tensor", preparation: _Preparation, scale: float, long_side: float | None = None
) -> "torch.Tensor":
    """The picture at the size that the network was trained for, times `scale`.

    Args:
        pixels: uint8 [3, H, W].
        preparation: of the model.
        scale: multiplies the size.
        long_side: another bound for the long side than the preparation's.
    """
    from torchvision.transforms.v2 import functional as F

    from adebook.transforms import InterpolationMode, resized_size

    height, width = pixels.shape[-2:]
    short = preparation.short_side or min(height, width)
    long = long_side or preparation.long_side or max(height, width)
    size = resized_size(height, width, short * scale, long * scale)
    if size == (height, width):
        return pixels
    return F.resize(pixels, list(size), interpolation=InterpolationMode.BILINEAR, antialias=True)


def _warn_of_strip(preparation: _Preparation, pixels: "torch.Tensor", name: str) -> None:
    short, long = sorted(pixels.shape[-2:])
    if preparation.long_side and long > preparation.long_side and long > _LONG * short:
        seen = max(1, round(short * preparation.long_side / long))
        warnings.warn(
            f"{name} is {pixels.shape[-1]} x {pixels.shape[-2]}; with its long side at "
            f"{preparation.long_side} pixels, the network sees a strip {_checks.pixels(seen)} wide. Cure: "
            f"mode='sliding'.",
            UserWarning,
            stacklevel=3,
        )


# --- from logits to labels ----------------------------------------------------------------------------------

_Labels: TypeAlias = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32] | None]


def _enlarge(views: list["torch.Tensor"], size: tuple[int, int], confidence: bool) -> _Labels:
    """The class at each pixel of `size`, and its probability, averaged over views [150, h, w] of any size."""
    from adebook.metrics import upsampled_argmax

    alone = len(views) == 1
    prediction = upsampled_argmax(views[0], size) if alone else np.empty(size, np.uint8)
    if alone and not confidence:
        return prediction, None
    sure = np.empty(size, np.float32) if confidence else None
    rows = max(1, _BAND // (len(views[0]) * size[1]))
    for top in range(0, size[0], rows):
        bottom = min(top + rows, size[0])
        total = 0
        for view in views:
            band = _stretch(_stretch(view, 1, size[0], top, bottom), 2, size[1], 0, size[1])
            total = total + band.softmax(0)
        best, which = (total / len(views)).max(0)
        if not alone:
            prediction[top:bottom] = which.numpy()
        if sure is not None:
            sure[top:bottom] = best.numpy()
    return prediction, sure


def _stretch(
    values: "torch.Tensor",
    axis: int,
    out: int,
    first: int,
    last: int,
    begin: int = 0,
    cells: int | None = None,
) -> "torch.Tensor":
    """Places `first`..`last` - 1 of what `F.interpolate` makes along an axis (bilinear, align_corners=False).

    Args:
        values: the cells from number `begin` on, of `cells` in all (None: `values` has all).
        axis: along which.
        out: number of places for all cells.
        first, last: which of these places to compute.
        begin, cells: see `values`.
    """
    import torch

    cells = values.shape[axis] if cells is None else cells
    source = ((torch.arange(first, last, dtype=torch.float64) + 0.5) * (cells / out) - 0.5).clamp(
        0, cells - 1
    )
    lower = source.floor().long()
    upper = (lower + 1).clamp(max=begin + values.shape[axis] - 1)
    shape = [1] * values.ndim
    shape[axis] = -1
    weight = (source - lower).float().reshape(shape)
    return torch.lerp(
        values.index_select(axis, lower - begin), values.index_select(axis, upper - begin), weight
    )


# --- sliding windows ----------------------------------------------------------------------------------------


def _slide(
    network: Callable[["torch.Tensor"], "torch.Tensor"],
    model: "SceneParser",
    preparation: _Preparation,
    pixels: "torch.Tensor",
    confidence: bool,
) -> _Labels:
    """Labels from windows, written from one end of the long side to the other as they become final."""
    import torch

    stride = model.stride
    # A long side is not made shorter than it is, but it is not enlarged beyond the limit either.
    resized = _resized(pixels, preparation, 1.0, max(preparation.long_side or 0, *pixels.shape[-2:]))
    side = preparation.short_side or model.window or 512
    side = max(stride, side // stride * stride)
    axis = 1 if resized.shape[1] > resized.shape[2] else 2
    size = tuple(pixels.shape[-2:])
    out, cells = size[axis - 1], -(-resized.shape[axis] // stride)
    prediction = np.empty(size, np.uint8)
    sure = np.empty(size, np.float32) if confidence else None
    # Final cells that are still needed, the number of the first of them, and how many places are written.
    held, begin, done = None, 0, 0
    for block in _blocks(network, resized, axis, side, stride):
        held = block if held is None else torch.cat([held, block], axis)
        known = begin + held.shape[axis]
        # A place lies between two cells; the last one whose both cells are known.
        until = out if known == cells else max(done, math.ceil((known - 0.5) * out / cells - 0.5))
        if until == done:
            continue
        part = _stretch(held, axis, out, done, until, begin, cells)
        where = (slice(done, until), slice(None)) if axis == 1 else (slice(None), slice(done, until))
        part_size = (until - done, size[1]) if axis == 1 else (size[0], until - done)
        prediction[where], part_sure = _enlarge([part], part_size, confidence)
        if sure is not None:
            sure[where] = part_sure
        done = until
        next_needed = min(max(math.floor((done + 0.5) * cells / out - 0.5), begin), known - 1)
        held, begin = held.narrow(axis, next_needed - begin, known - next_needed), next_needed
    return prediction, sure


def _blocks(
    network: Callable[["torch.Tensor"], "torch.Tensor"],
    pixels: "torch.Tensor",
    axis: int,
    side: int,
    stride: int,
) -> Iterator["torch.Tensor"]:
    """Averaged logits of windows, in consecutive blocks along `axis`, each as soon as it is final."""
    from adebook.models.common import window_starts

    across = 3 - axis
    along_starts, across_starts = (
        [stride * cell for cell in window_starts(-(-pixels.shape[a] // stride), side // stride)]
        for a in (axis, across)
    )
    total = count = None
    for number, start in enumerate(along_starts):
        for other in across_starts:
            window = pixels.narrow(axis, start, min(side, pixels.shape[axis] - start))
            window = window.narrow(across, other, min(side, pixels.shape[across] - other))
            logits = network(window)
            if total is None:
                shape = list(logits.shape)
                shape[across] = -(-pixels.shape[across] // stride)
                total, count = logits.new_zeros(shape), logits.new_zeros(1, *shape[1:])
            for sum_, value in ((total, logits), (count, 1)):
                here = sum_.narrow(across, other // stride, logits.shape[across])
                here.narrow(axis, 0, logits.shape[axis]).add_(value)
        length = logits.shape[axis]
        following = along_starts[number + 1] if number + 1 < len(along_starts) else None
        final = length if following is None else (following - start) // stride
        yield total.narrow(axis, 0, final) / count.narrow(axis, 0, final)
        if following is not None:
            total, count = (_shifted(t, axis, final) for t in (total, count))


def _shifted(values: "torch.Tensor", axis: int, by: int) -> "torch.Tensor":
    """The first `by` dropped along an axis, zeros appended."""
    import torch

    dropped, kept = values.split([by, values.shape[axis] - by], axis)
    return torch.cat([kept, torch.zeros_like(dropped)], axis)
