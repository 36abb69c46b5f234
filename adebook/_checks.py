"""What counts as a label array, decided once: `palette`, `labels`, `datasets` and `metrics` all ask here."""

import sys
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

#: Labels as a caller may hand them in: NumPy array, PIL image of mode "L" or "P", nested list, or tensor.
LabelsLike: TypeAlias = Any

MAX_OFFICIAL = 150
IGNORE = 255


def is_tensor(value: object) -> bool:
    """Whether it is a torch tensor, without importing torch: who holds a tensor has imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def as_labels(value: LabelsLike, name: str) -> npt.NDArray[np.integer]:
    """`value` as an integer NumPy array of any shape; what cannot be labels is refused.

    Raises:
        TypeError: for floats, booleans, objects, masked arrays, and PIL images with more than one channel.
        ValueError: for an empty list.
    """
    if is_tensor(value):
        if value.is_floating_point():  # bfloat16 is not known to NumPy
            raise _no_labels(name, str(value.dtype).removeprefix("torch."))
        array = value.detach().cpu().numpy()
    elif isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, whose mask would be lost. Cure: say what the masked pixels are: "
            f".filled(0) for 'other' in official ids, .filled(255) for 'ignore' in train ids."
        )
    else:
        # A memory map has a mode, too.
        mode = None if isinstance(value, np.ndarray) else getattr(value, "mode", None)  # PIL image
        if isinstance(mode, str) and mode not in ("L", "P", "I", "I;16", "I;16B"):
            raise TypeError(
                f"{name} is a PIL image of mode {mode!r}, but labels are one integer per pixel (mode 'L'). "
                + cure_for_color_image()
            )
        array = np.asarray(value)
        if array.size == 0 and isinstance(value, (list, tuple)):  # NumPy calls these float64
            raise ValueError(f"{name} is empty: there are no pixels in it. Cure: pass one integer per pixel.")
    if array.dtype == np.bool_ or not np.issubdtype(array.dtype, np.integer):
        raise _no_labels(name, str(array.dtype))
    return array


def _no_labels(name: str, dtype: str) -> TypeError:
    cure = (
        "a 0/1 mask of one class is not a label map; multiply it by the class's id"
        if dtype == "bool"
        else "class ids are whole numbers; convert to uint8 after making sure that they are, and for scores "
        "take argmax over the class axis"
    )
    return TypeError(f"{name} has dtype {dtype}, but labels are integers. Cure: {cure}.")


def check_convertible(image: Any, name: str) -> None:
    """Refuse a PIL picture of more than 8 bits: `convert("RGB")` would cut its values off at 255, not scale.

    Raises:
        ValueError: naming the picture, its mode and the cure.
    """
    if image.mode.startswith(("I", "F")):
        depth = "16-bit gray" if image.mode.startswith("I;16") else "32-bit gray"
        raise ValueError(
            f"{name} is {depth} (PIL mode {image.mode!r}), but a picture has 8 bits per channel; in RGB its "
            f"values would be cut off at 255, not scaled. Cure: scale it to 0..255, and save it as an 8-bit "
            f"picture."
        )


def cure_for_color_image() -> str:
    """The sentence that helps somebody who passed a color image."""
    return (
        "Cure: a color-coded mask goes through adebook.palette.decolorize, a mask of the full release "
        "through adebook.labels.from_full_release."
    )


def position(index: npt.NDArray[np.intp] | tuple[int, ...]) -> str:
    """`(2, 5)` as "row 2, column 5"; other ranks as an index."""
    numbers = [int(i) for i in index]
    return f"row {numbers[0]}, column {numbers[1]}" if len(numbers) == 2 else f"index {tuple(numbers)}"


def first_of(wrong: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Index of the first True."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))


def pixels(count: int) -> str:
    """`1 pixel`, `1,234 pixels`."""
    return f"{count:,} pixel{'' if count == 1 else 's'}"


def check_official(array: npt.NDArray[np.integer], name: str) -> None:
    """Refuse what is not 0..150.

    Raises:
        ValueError: with the value, its first position, how many pixels, and the cure.
    """
    not_negative = array.dtype.kind == "u" or array.size == 0 or array.min() >= 0
    if array.size == 0 or (not_negative and array.max() <= MAX_OFFICIAL):
        return
    wrong = (array < 0) | (array > MAX_OFFICIAL)
    first = first_of(wrong)
    value = int(array[first])
    if np.all(array[wrong] == IGNORE):
        cure = (
            "255 marks ignored pixels in train ids, so this looks like a train-id array; "
            "adebook.labels.to_official_ids converts it."
        )
    elif array.ndim == 3 and array.shape[-1] in (3, 4):
        cure = f"The shape {array.shape} looks like a color image. " + cure_for_color_image()
    else:
        cure = "Cure: make sure that it is a mask of SceneParse150 and was not resized with interpolation."
    raise ValueError(
        f"{name} holds {value} at {position(first)} ({pixels(int(wrong.sum()))} out of range), but official "
        f"ids are 0 (other) and 1..150. {cure}"
    )


def check_mask(mask: LabelsLike, name: str = "mask") -> npt.NDArray[np.uint8]:
    """Validate a mask of official ids and return it as an array.

    Args:
        mask: [H, W], integers 0..150 (0 = other); NumPy array, PIL image of mode "L" or "P", nested list, or
            torch tensor.
        name: what to call it in an error message, e.g. its file.

    Returns:
        uint8 array [H, W]; the input itself when it is one already.

    Raises:
        TypeError: for floats, booleans and PIL images with several channels.
        ValueError: when it is not two-dimensional, or for a value outside 0..150 (naming the value, the first
            position and the count).
    """
    array = as_labels(mask, name)
    if array.ndim != 2:
        looks_color = array.ndim == 3 and array.shape[-1] in (3, 4)
        cure = cure_for_color_image() if looks_color else "Cure: pass one mask at a time, without batch axis."
        raise ValueError(f"{name} has shape {array.shape}, but a mask is two-dimensional: [H, W]. {cure}")
    check_official(array, name)
    return array.astype(np.uint8, copy=False)
