"""Reading mask files strictly: what is damaged, or is not one number a pixel, is refused by name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageFile

from adebook import _checks

PNG_END = b"IEND\xaeB`\x82"  # the last chunk's name and checksum
CHANNELS = {"1": "black and white (1 bit)", "RGB": "a color image (RGB)", "RGBA": "a color image (RGBA)"}


def read_mask(path: str | os.PathLike[str], name: str) -> npt.NDArray[np.integer]:
    """The numbers in a mask file, whatever ids they are.

    Args:
        path: a PNG (8-bit gray or palette, whose indices count; 16-bit gray) or an NPY file (integers), which
            is mapped into memory.
        name: what to call it in a message.

    Returns:
        integer array [H, W].

    Raises:
        ValueError, TypeError: for anything else, and for a damaged file, with the name and the cure.
        OSError: when the system refuses, e.g. PermissionError.
    """
    return _read_npy(path, name) if Path(path).suffix.lower() == ".npy" else _read_png(path, name)


def _read_png(path: str | os.PathLike[str], name: str) -> npt.NDArray[np.integer]:
    data = Path(path).read_bytes()
    with reading(name, "mask"):
        image = PIL.Image.open(BytesIO(data))
        image.load()
        if image.format == "PNG" and PNG_END not in data:  # Pillow does not mind
            raise ValueError("its last bytes are missing")
    if image.format != "PNG":
        raise ValueError(
            f"{name}: the mask is a {image.format} file by its content, but must be a PNG. Cure: get the "
            f"original PNG; to convert this file may not bring the numbers back."
        )
    depth = data[24]
    if image.mode == "P" or (image.mode == "L" and depth == 8) or image.mode.startswith("I"):
        return np.asarray(image)
    # Pillow stretches gray of 2 and 4 bits to 0..255: the ids would be others.
    found = (
        f"{depth}-bit gray" if image.mode == "L" else CHANNELS.get(image.mode, f"of PIL mode {image.mode!r}")
    )
    cure = (
        _checks.cure_for_color_image()
        if image.mode in ("RGB", "RGBA")
        else "Cure: save it as an 8-bit gray PNG (uint8, PIL mode 'L')."
    )
    raise ValueError(f"{name}: the mask is {found}, but a mask has one channel of 8 or 16 bits. {cure}")


def _read_npy(path: str | os.PathLike[str], name: str) -> npt.NDArray[np.integer]:
    with reading(name, "mask"):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("it is an archive, not one array")
    if array.dtype == np.bool_ or not np.issubdtype(array.dtype, np.integer):
        raise TypeError(
            f"{name}: the mask has dtype {array.dtype}, but labels are integers. Cure: take argmax over the "
            f"class axis of scores, and save it as uint8."
        )
    if array.ndim != 2:
        raise ValueError(
            f"{name}: the mask has shape {array.shape}, but a mask is two-dimensional: [H, W]. Cure: save "
            f"one mask a file, without batch or channel axis."
        )
    return np.asarray(array)  # a plain view: np.memmap has an attribute `mode`, as PIL images do


@contextmanager
def reading(name: str, what: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a ValueError that names the file."""
    try:
        yield
    except (FileNotFoundError, PermissionError):
        raise  # these name the file themselves
    except PIL.UnidentifiedImageError:
        raise ValueError(
            f"{name}: the {what} cannot be read; it is empty or no image at all. Cure: get the file again."
        ) from None
    except (OSError, SyntaxError, EOFError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise ValueError(
            f"{name}: the {what} is damaged or truncated ({error}). Cure: get the file again."
        ) from error


@contextmanager
def strict_decoding() -> Iterator[None]:
    """Decode without filling up truncated files with gray, even where another library has asked Pillow to.

    The setting is the process's, so this goes around the threads that read, not into them.
    """
    before, PIL.ImageFile.LOAD_TRUNCATED_IMAGES = PIL.ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = before
