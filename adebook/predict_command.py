"""`adebook predict`: masks, overlays and a legend for pictures and folders of pictures.

    OUT/masks/NAME.png      official ids, as a palette PNG
    OUT/overlays/NAME.jpg   the same colors over the picture
    OUT/legend.png          the classes that occur

`adebook evaluate OUT/masks GROUND_TRUTH --ids official` scores the masks.

A picture given by itself has its file's name; one in a folder keeps its path within it. Nothing that is there
is overwritten unless asked. A picture that cannot be predicted is named and does not stop the others; the
exit status is then 1.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import PIL.Image

from adebook import palette
from adebook.inference import Mode, Prediction, predict

if TYPE_CHECKING:
    from adebook.models import SceneParser

__all__ = ["find_pictures", "save_mask"]

#: Endings that make a file in a folder a picture.
_SUFFIXES = (".bmp", ".gif", ".heic", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_LISTED = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `adebook predict`."""
    parser.description = (
        "Predict the class of every pixel: writes OUT/masks (official ids, which `adebook evaluate --ids "
        "official` scores), OUT/overlays and OUT/legend.png."
    )
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="pictures, and folders of them")
    parser.add_argument(
        "--model",
        metavar="NAME|FILE",
        required=True,
        help="a name, such as segformer-b0 (one that does not exist lists all), or a .safetensors file that "
        "adebook wrote",
    )
    parser.add_argument("--out", metavar="FOLDER", required=True, type=Path, help="where to write")
    parser.add_argument(
        "--mode",
        choices=get_args(Mode),
        default="whole",
        help="how the network looks at a picture: whole (the default), sliding (windows, for long pictures), "
        "multiscale (six sizes, also mirrored; about 17 times the work)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")


def run(args: argparse.Namespace) -> int:
    """`adebook predict`: predict one picture after the other, and write each as soon as it is done."""
    from tqdm.auto import tqdm

    if args.out.exists() and not args.out.is_dir():
        raise NotADirectoryError(f"--out {args.out} is a file. Cure: name a folder.")
    pictures, others = find_pictures(args.images, args.out)
    files = {name: _outputs(args.out, name) for name in pictures}
    legend = args.out / "legend.png"
    if not args.overwrite:
        _refuse_existing([*(file for pair in files.values() for file in pair), legend])
    model = _load(args.model)
    seen: set[int] = set()
    failed = 0
    with tqdm(pictures.items(), unit="picture", disable=None) as bar:
        for name, path in bar:
            try:
                prediction = predict(model, path, mode=args.mode, confidence=False)
                _write(prediction, *files[name])
            except (ValueError, TypeError, OSError, RuntimeError) as error:
                failed += 1
                tqdm.write(f"adebook predict: {_naming(path, error)}", file=sys.stderr)
            else:
                seen |= set(np.unique(prediction.mask).tolist())
    if seen:
        _save(legend, lambda part: palette.legend(sorted(seen)).savefig(part, format="png"))
    done = len(pictures) - failed
    print(f"{done:,} of {len(pictures):,} pictures predicted: {args.out / 'masks'}, {args.out / 'overlays'}")
    if others:
        print(f"Left out for their ending: {others:,} of the files in the folders")
    return 1 if failed else 0


def find_pictures(given: list[Path], out: Path) -> tuple[dict[str, Path], int]:
    """The pictures among files and folders.

    Args:
        given: pictures, taken whatever their ending, and folders, searched at every depth.
        out: a folder that is not searched, since it holds what was predicted before.

    Returns:
        name without ending -> path, sorted within a folder; and how many files were left out for their
        ending.

    Raises:
        FileNotFoundError: for what does not exist, and a folder without pictures.
        ValueError: for two pictures of one name, and for a whole data set, annotations included.
    """
    found: dict[str, Path] = {}
    others = 0
    for place in given:
        if not place.is_dir():
            if not place.exists():
                raise FileNotFoundError(f"{place} does not exist. Cure: look at the path.")
            pairs = [(place.stem, place)]
        else:
            if (place / "images").is_dir() and (place / "annotations").is_dir():
                raise ValueError(
                    f"{place} is a whole data set, with its annotations. Cure: give the pictures of one "
                    f"split, e.g. {place / 'images' / 'validation'}"
                )
            below = [file for file in sorted(place.rglob("*")) if _counts(file, place, out)]
            pictures = [file for file in below if file.suffix.lower() in _SUFFIXES]
            others += len(below) - len(pictures)
            if not pictures:
                raise FileNotFoundError(f"The folder {place} has no pictures ({', '.join(_SUFFIXES)}).")
            pairs = [(file.relative_to(place).with_suffix("").as_posix(), file) for file in pictures]
        for name, path in pairs:
            if name in found:
                raise ValueError(
                    f"{found[name]} and {path} would both be written as {name}.png. Cure: predict them into "
                    f"two folders, or rename one."
                )
            found[name] = path
    return found, others


def _counts(file: Path, folder: Path, out: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden and out.resolve() not in file.resolve().parents


def _outputs(out: Path, name: str) -> tuple[Path, Path]:
    return out / "masks" / f"{name}.png", out / "overlays" / f"{name}.jpg"


def _refuse_existing(files: list[Path]) -> None:
    there = [str(file) for file in files if file.exists()]
    if there:
        more = f" and {len(there) - _LISTED:,} more" if len(there) > _LISTED else ""
        raise FileExistsError(
            f"{', '.join(there[:_LISTED])}{more}: there already. Cure: another --out, or --overwrite."
        )


def _load(name: str) -> "SceneParser":
    import torch

    from adebook.checkpoints import load_model
    from adebook.weights import pretrained

    is_file = name.endswith(".safetensors") or Path(name).is_file()
    model = load_model(name) if is_file else pretrained(name)
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def _naming(path: Path, error: Exception) -> str:
    """The message, with the picture's path in front unless it is in there."""
    return str(error) if str(path) in str(error) else f"{path}: {error}"


# --- writing ------------------------------------------------------------------------------------------------


def save_mask(mask: np.ndarray, path: Path) -> None:
    """Write a mask as a palette PNG: the numbers are official ids, viewers show MIT's colors.

    Args:
        mask: official ids 0..150, uint8 [H, W].
        path: of the file; its folders are made.
    """
    image = PIL.Image.fromarray(mask)
    image.putpalette(palette.colors().tobytes())
    _save(path, lambda part: image.save(part, format="PNG"))


def _write(prediction: Prediction, mask: Path, overlay: Path) -> None:
    """The overlay first: a mask that is there belongs to a picture that is done."""
    over = prediction.overlay()
    _save(overlay, lambda part: over.save(part, format="JPEG", quality=90))
    save_mask(prediction.mask, mask)


def _save(path: Path, write: Callable[[Path], None]) -> None:
    """Under another name first, so that a file under its own name is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
