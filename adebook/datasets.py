"""Load ADE20K, or its rendered stand-in, as a Hugging Face `datasets.Dataset`.

A folder has the layout of the official ADEChallengeData2016.zip, so one reader serves all:

    ROOT/images/{training,validation}/NAME.jpg
    ROOT/annotations/{training,validation}/NAME.png     8-bit, 0 = other, 1..150 = the classes
    ROOT/sceneCategories.txt                            "NAME scene" per line; may be missing

The full release has its own layouts (`adebook.full_release`), and both have copies on the Hugging Face Hub
(`adebook.hub`); `load` gives the same columns from all of them.

Nothing is guessed and nothing passes silently. Whether every picture has a mask and every mask a picture, and
whether anything else lies beside them, is checked when `load` lists the folder; only hidden files, Thumbs.db
and desktop.ini are passed over. What a file holds is checked each time it is decoded: a truncated picture,
one of more than 8 bits, a mask that is no PNG, has colors, 16 bits or a value above 150, and a mask whose
size differs from its picture's raise an error that names the file. (To find such files in advance, read every
row once.) Pixels are returned as stored; EXIF orientation is not applied, because the masks were drawn on the
stored pixels.

The checks live in the column types, so they go where the data goes: through `select`, `shuffle`, `map`,
`with_transform`, worker processes, pickles and streams. Before `datasets.load_from_disk` reads a data set
that was saved, `import adebook.datasets` makes the types known. Nothing is written to the data folder.
"""

import difflib
import json
import os
import re
import threading
import urllib.parse
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from urllib.request import url2pathname

import numpy as np
import PIL.Image
import PIL.ImageFile
import pyarrow as pa

with warnings.catch_warnings():
    # datasets brings tqdm, which warns in notebooks without ipywidgets. No progress bar is shown here anyway.
    warnings.filterwarnings("ignore", message="IProgress not found")
    import datasets as hf
    from datasets.features.features import register_feature

from adebook import _cache, _checks, facts, labels
from adebook._data_files import data_path
from adebook._mask_files import CHANNELS, PNG_END, reading

__all__ = [
    "DEFAULT_SOURCE",
    "SOURCES",
    "SPLITS",
    "SourceInfo",
    "info_of",
    "load",
    "source",
    "source_info",
]

#: The splits, by their official folder names.
SPLITS = ("training", "validation")
SOURCES = ("dollhouse", "sceneparse150", "ade20k-full")
DEFAULT_SOURCE = "dollhouse"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source is.

    Attributes:
        key: the word that `load` takes.
        title: for captions and credit lines; says "rendered" or "photographs".
        rendered: whether the pictures come from a renderer rather than a camera.
        license: terms of the pictures and of the masks.
        root: the folder in official layout, or None when it was not found on this machine.
    """

    key: str
    title: str
    rendered: bool
    license: str
    root: Path | None


_FACTS: dict[str, dict[str, Any]] = {
    "dollhouse": {
        "title": "Dollhouse (rendered)",
        "rendered": True,
        "license": "CC0 1.0",
    },
    "sceneparse150": {
        "title": "SceneParse150 (photographs)",
        "rendered": False,
        "license": "pictures: non-commercial research and education only (MIT's terms of use); "
        "masks: BSD-3-Clause",
    },
    "ade20k-full": {
        "title": "ADE20K, full release (photographs)",
        "rendered": False,
        "license": "pictures: non-commercial research and education only (MIT's terms of use); "
        "masks: BSD-3-Clause",
    },
}


# --- which source, which folder -----------------------------------------------------------------------------


def source() -> str:
    """The source that `load()` uses when none is named: the environment variable ADEBOOK_SOURCE, else
    "dollhouse".

    Raises:
        ValueError: when ADEBOOK_SOURCE names no source.
    """
    wanted = os.environ.get("ADEBOOK_SOURCE", "").strip()
    return (
        _known(wanted, SOURCES, "source", " (from the environment variable ADEBOOK_SOURCE)")
        if wanted
        else DEFAULT_SOURCE
    )


def source_info(key: str | None = None, *, root: str | os.PathLike[str] | None = None) -> SourceInfo:
    """What a source is, and where it lies on this machine. Never fails because the data is missing: see
    `root`.

    Args:
        key: one of `SOURCES`; None means `source()`.
        root: where to look, as in `load`.

    Raises:
        ValueError: for an unknown source, and for `root=""`.
    """
    key = source() if key is None else _known(key, SOURCES, "source")
    try:
        folder = _find_root(key, root)
    except (FileNotFoundError, NotADirectoryError):
        folder = None
    return SourceInfo(key=key, root=folder, **_FACTS[key])


def info_of(dataset: "hf.Dataset | hf.IterableDataset") -> SourceInfo | None:
    """The source and folder that a data set from `load` came from, through any `select` or `map`; None for
    others.

    A stream knows it, too, when it comes from `load(..., streaming=True)`; the method `to_iterable_dataset`
    forgets it.
    """
    info = getattr(dataset, "info", None)
    key = getattr(info, "dataset_name", None)
    if key not in SOURCES:
        return None
    home = urllib.parse.urlsplit(info.homepage or "")
    return source_info(key, root=url2pathname(home.path) if home.scheme == "file" else home.scheme and "hub")


def _known(value: str, allowed: Iterable[str], what: str, origin: str = "") -> str:
    allowed = tuple(allowed)
    if value in allowed:
        return value
    if not isinstance(value, str):
        raise TypeError(f"A {what} is a string, one of {', '.join(map(repr, allowed))}; got {value!r}.")
    close = [a for a in allowed if value and (a.startswith(value.lower()) or value.lower().startswith(a))]
    close = close or difflib.get_close_matches(value.lower(), allowed, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    if what == "split" and value.lower() == "test":
        hint = " (The test pictures were published without masks, so they are no split here.)"
    raise ValueError(f"Unknown {what} {value!r}{origin}. There are {' and '.join(map(repr, allowed))}.{hint}")


def _find_root(key: str, root: str | os.PathLike[str] | None) -> Path:
    """The folder of a source, verified to be in its layout."""
    if on_hub(root):
        raise FileNotFoundError(f"root={root!r} is a data set on the hub, not a folder.")
    if root is not None:
        if isinstance(root, str) and not root.strip():
            raise ValueError(
                f"root is {root!r}, which names no folder. Cure: leave it out for the usual place, or pass "
                f"'.' for the folder you are in."
            )
        given = f"root={os.fspath(root)!r}"
        return _check_layout(_expand(root, given), key, given, "root")
    if key == "dollhouse":
        return _check_layout(data_path("dollhouse"), key, "the package's data/dollhouse", "root")
    if key == "ade20k-full":
        value = os.environ.get("ADE20K_FULL_ROOT", "").strip()
        if not value:
            raise FileNotFoundError(
                "The source 'ade20k-full' was asked for, but neither root=... nor the environment variable "
                "ADE20K_FULL_ROOT says where it lies. Cure: streaming=True reads the hub's copy as far as "
                "you visit it, root='hub' fetches a whole split of it (several GB); or set ADE20K_FULL_ROOT "
                "to the folder ADE20K_2021_17_01 (or ADE20K_2016_07_26) of your own copy, which MIT gives to "
                "registered users."
            )
        given = f"ADE20K_FULL_ROOT={value}"
        return _check_layout(_expand(value, given), key, given, "ADE20K_FULL_ROOT")
    value = os.environ.get("ADE20K_ROOT", "").strip()
    if not value:
        if (finished := _cache.finished(key)) is not None:
            return finished
        raise FileNotFoundError(
            "The source 'sceneparse150' was asked for, but neither root=... nor the environment variable "
            f"ADE20K_ROOT says where it lies, and no finished download is in {_cache.place()}. "
            f"{_how_to_get('ADE20K_ROOT')}"
        )
    given = f"ADE20K_ROOT={value}"
    return _check_layout(_expand(value, given), key, given, "ADE20K_ROOT")


def on_hub(root: str | os.PathLike[str] | None) -> bool:
    """Whether `root` names a data set on the Hugging Face Hub: "hub" or "hf://datasets/OWNER/NAME"."""
    return isinstance(root, str) and (root == "hub" or root.startswith("hf://"))


def _expand(path: str | os.PathLike[str], given: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # ~nobody
        raise FileNotFoundError(
            f"{given} starts with the home folder of a user who is not known here. Cure: write the whole "
            f"path, or ~/ for your own home folder."
        ) from None


def _how_to_get(setting: str) -> str:
    return (
        f"Cure: adebook.download() gets it (ADEChallengeData2016.zip, {facts.value('zip_bytes'):,} bytes "
        f"from {facts.value('zip_url')}; MIT's terms: non-commercial research and education), root='hub' "
        f"reads a copy on the Hugging Face Hub; or set {setting} to the folder ADEChallengeData2016 of your "
        f"own copy."
    )


def _is_root(folder: Path) -> bool:
    return (folder / "images").is_dir() and (folder / "annotations").is_dir()


def _check_layout(folder: Path, key: str, given: str, setting: str) -> Path:
    """`folder` when it has the official layout; else an error that says where the data is instead."""
    get = f" {_how_to_get(setting)}" if key == "sceneparse150" else ""
    if not folder.exists():
        parent = next(p for p in folder.absolute().parents if p.exists())
        raise FileNotFoundError(f"{given} does not exist; the path is right as far as {parent}.{get}")
    if not folder.is_dir():
        raise NotADirectoryError(
            f"{given} is a file, not a folder. Cure: unzip it and set {setting} to the folder in it."
            + (
                f" (adebook.download(root={str(folder.parent)!r}) checks and unpacks the official zip there.)"
                if folder.name == "ADEChallengeData2016.zip"
                else ""
            )
        )
    if key == "ade20k-full":
        from adebook import full_release

        full_release.check_layout(folder, given, setting)
        return folder.absolute()
    if _is_root(folder):
        if key == "dollhouse" and not (folder / "recipes").is_dir():
            raise FileNotFoundError(
                f"{given} has no folder recipes/, which every copy of Dollhouse has, so these are other "
                f"pictures; as 'dollhouse' they would be called rendered and free (CC0). Cure: load them as "
                f"'sceneparse150', or complete the copy of Dollhouse."
            )
        return folder.absolute()
    found = _look_around(folder)
    if len(found) == 1:
        level = "too low" if found[0] in folder.absolute().parents else "too high"
        raise FileNotFoundError(
            f"{given} has no images/ and annotations/ in it; it points {level}: the data lies at {found[0]}. "
            f"Cure: set {setting} to {found[0]}"
        )
    if found:
        listed = ", ".join(map(str, found[:3])) + (", ..." if len(found) > 3 else "")
        raise FileNotFoundError(
            f"{given} has no images/ and annotations/ in it; it points too high: {len(found)} folders "
            f"below have them: {listed}. Cure: set {setting} to the one you mean."
        )
    if (folder / "images" / "ADE").is_dir():
        raise FileNotFoundError(
            f"{given} looks like the full ADE20K release (it has images/ADE), which is not the source "
            f"'sceneparse150' but 'ade20k-full'." + get
        )
    listed = sorted(p.name + "/" * p.is_dir() for p in folder.iterdir())
    holds = ", ".join(listed[:5]) + (", ..." if len(listed) > 5 else "") if listed else "nothing: it is empty"
    raise FileNotFoundError(
        f"{given} lacks the folders images/ and annotations/, and neither the folders above nor those one or "
        f"two levels below have them. It holds {holds}.{get}"
    )


def _look_around(folder: Path) -> list[Path]:
    """The folders in official layout one or two levels above `folder`, or else below it."""
    folder = folder.absolute()
    for parent in list(folder.parents)[:2]:
        if _is_root(parent):
            return [parent]
    found: list[Path] = []
    for pattern in ("*", "*/*"):
        try:
            found += sorted(p for p in folder.glob(pattern) if p.is_dir() and _is_root(p))
        except OSError:  # an unreadable folder somewhere below is not what the user asked about
            continue
    return found


# --- column types: decoding with checks ---------------------------------------------------------------------


_STRICT = threading.Lock()


@contextmanager
def _strict() -> Iterator[None]:
    """Decode without filling up truncated files with gray, even where another library has asked Pillow to."""
    if not PIL.ImageFile.LOAD_TRUNCATED_IMAGES:
        yield
        return
    with _STRICT:
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        finally:
            PIL.ImageFile.LOAD_TRUNCATED_IMAGES = True


_RECENT = threading.local()  # path and size of the picture read last: a row's mask comes right after it


def _open(value: dict[str, Any] | str, what: str) -> tuple[PIL.Image.Image, str, bytes]:
    """The loaded image of an Arrow cell {"path", "bytes"}, its name for messages, and its first 32 bytes."""
    if isinstance(value, str):
        value = {"path": value, "bytes": None}
    path, content = value["path"], value["bytes"]
    name = path or f"{what} without a file name"
    with reading(name, what):
        data = Path(path).read_bytes() if content is None else content
        with _strict():
            image = PIL.Image.open(BytesIO(data))
            image.load()
        if image.format == "PNG" and PNG_END not in data:  # Pillow does not mind
            raise ValueError("its last bytes are missing")
    if content is None:
        image.filename = path  # so that `map` keeps the path instead of a re-encoded copy
        if what == "picture":
            _RECENT.picture = (path, image.size)
    return image, name, data[:32]


def _named(image: PIL.Image.Image, like: PIL.Image.Image) -> PIL.Image.Image:
    filename = getattr(like, "filename", "")
    if filename:
        image.filename = filename
    return image


_MAP_FOLDERS = ("annotations", "instances", "parts", "depth")


def _picture_of(path: str) -> Path | None:
    """The picture of ROOT/FOLDER/SPLIT/NAME[_level].png or NAME_seg.png, or None for other paths."""
    file = Path(path)
    if full := re.fullmatch(r"(.+)_(seg|parts_\d+)", file.stem):  # the full release keeps them side by side
        picture = file.with_name(f"{full[1]}.jpg")
        return picture if picture.is_file() else None
    if len(file.parents) < 3 or file.parents[1].name not in _MAP_FOLDERS:
        return None
    stem = file.stem.rpartition("_")[0] if file.parents[1].name == "parts" else file.stem
    return file.parents[2] / "images" / file.parent.name / f"{stem}.jpg"


def _check_size(path: str | None, size: tuple[int, int], what: str) -> None:
    """Compare with the size of the picture: of the one just read, or else in its header."""
    picture = _picture_of(path) if path else None
    if picture is None:
        return  # embedded in a saved data set or produced by `map`; sizes were compared before
    path_read, expected = getattr(_RECENT, "picture", ("", (0, 0)))
    if path_read != str(picture):
        with reading(str(picture), "picture"), PIL.Image.open(picture) as image:
            expected = image.size
    if size != expected:
        raise ValueError(
            f"{path}: the {what} is {size[0]} x {size[1]}, but its picture {picture} is {expected[0]} x "
            f"{expected[1]} (width x height). Cure: get both files again; a mask is never resized to fit."
        )


def _check_png(image: PIL.Image.Image, name: str, what: str) -> None:
    """Refuse all formats but PNG, whatever the file is called; `map` writes what PNG cannot hold as TIFF."""
    if image.format == "PNG" or (image.format == "TIFF" and not getattr(image, "filename", "")):
        return
    why = (
        "JPEG stores a picture approximately and so invents numbers at the edges of regions. Cure: get the "
        "original PNG; to convert this file does not bring the numbers back."
        if image.format == "JPEG"
        else "of other formats it is not certain that they kept every number. Cure: get the original PNG."
    )
    raise ValueError(f"{name}: the {what} is a {image.format} file by its content, but must be a PNG; {why}")


def _check_mask_format(image: PIL.Image.Image, name: str, head: bytes) -> None:
    depth = head[24] if head.startswith(b"\x89PNG") and len(head) > 25 else 8
    if image.mode in ("L", "P") and (depth == 8 or image.mode == "P"):
        return
    if image.mode == "L":  # Pillow stretches gray of 2 and 4 bits to 0..255: the ids would be others
        found = f"{depth}-bit gray"
    elif image.mode.startswith("I"):
        found = "16-bit"
    else:
        found = CHANNELS.get(image.mode, f"of PIL mode {image.mode!r}")
    cure = (
        _checks.cure_for_color_image()
        if image.mode in ("RGB", "RGBA")
        else "Cure: save it as an 8-bit gray PNG (uint8, PIL mode 'L')."
    )
    raise ValueError(
        f"{name}: the mask is {found}, but a mask is 8-bit with one channel, 0 = other and 1..150 = the "
        f"classes. {cure}"
    )


class _Checked(hf.Image):
    """What the column types share; each adds how it reads a cell of a file, `_read`."""

    def decode_example(self, value: Any, token_per_repo_id: Any = None) -> PIL.Image.Image:
        """Decode one cell; raises ValueError or FileNotFoundError that names the file."""
        return value if isinstance(value, PIL.Image.Image) else self._read(value)

    def encode_example(self, value: Any) -> dict[str, Any]:
        """As in the base class, but content is never exchanged for a file of the same name that happens to
        lie in the working directory."""
        if isinstance(value, dict) and value.get("bytes") is not None:
            return {"bytes": value["bytes"], "path": value.get("path")}
        return super().encode_example(value)

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        raise NotImplementedError

    def embed_storage(self, storage: pa.StructArray, *args: Any, **options: Any) -> pa.StructArray:
        for cell in storage.to_pylist():
            if cell is not None:
                # Embedding (`save_to_disk`) drops the folder, and with it the picture to compare with.
                self.decode_example(cell)
        return super().embed_storage(storage, *args, **options)


@dataclass
class Picture(_Checked):
    """A picture, decoded to a PIL image of mode "RGB"."""

    _type: str = field(default="AdebookPicture", init=False, repr=False)

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        image, name, _ = _open(value, "picture")
        if image.mode == "RGB":
            return image
        _checks.check_convertible(image, f"{name}: the picture")
        with reading(name, "picture"):
            return _named(image.convert("RGB"), image)


@dataclass
class Mask(_Checked):
    """A mask of official ids, decoded to a PIL image of mode "L" and checked against its picture."""

    _type: str = field(default="AdebookMask", init=False, repr=False)

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        image, name, head = _open(value, "mask")
        _check_png(image, name, "mask")
        _check_mask_format(image, name, head)
        ids = np.asarray(image)
        _checks.check_official(ids, f"{name}: the mask")
        _check_size(getattr(image, "filename", None), image.size, "mask")
        if image.mode == "L":
            return image
        # The indices of a palette image are the ids; .convert("L") would give the brightness of its colors.
        return _named(PIL.Image.fromarray(ids), image)


@dataclass
class Numbers(_Checked):
    """Instance or part numbers, decoded to a PIL image of mode "I;16" and checked against its picture."""

    _type: str = field(default="AdebookNumbers", init=False, repr=False)
    _modes: ClassVar[tuple[str, ...]] = ("L", "P", "I", "I;16", "I;16B")

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        wanted = "instance and part numbers have one channel of 8 or 16 bits"
        return _sixteen_bits(value, "instance or part mask", self._modes, wanted)


@dataclass
class Depth(_Checked):
    """Distances in millimeters, decoded to a PIL image of mode "I;16" and checked against its picture."""

    _type: str = field(default="AdebookDepth", init=False, repr=False)
    _modes: ClassVar[tuple[str, ...]] = ("I", "I;16", "I;16B")

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        wanted = "depth has one channel of 16 bits (millimeters). Cure: get the original PNG again"
        return _sixteen_bits(value, "depth map", self._modes, wanted)


def _sixteen_bits(
    value: dict[str, Any] | str, what: str, modes: tuple[str, ...], wanted: str
) -> PIL.Image.Image:
    """The image of a cell, in mode "I;16", after the checks that all maps but the mask share."""
    image, name, _ = _open(value, what)
    _check_png(image, name, what)
    if image.mode not in modes:
        found = CHANNELS.get(image.mode, f"of PIL mode {image.mode!r}")
        raise ValueError(f"{name}: the {what} is {found}, but {wanted}.")
    _check_size(getattr(image, "filename", None), image.size, what)
    if image.mode == "I;16":
        return image
    return _named(PIL.Image.fromarray(np.asarray(image).astype(np.uint16)), image)


def _open_full(value: dict[str, Any] | str, what: str, own: str) -> tuple[PIL.Image.Image, bool]:
    """A color-coded image of the full release, and whether it is one; else it is of mode `own`, the result of
    `map`."""
    image, name, _ = _open(value, what)
    _check_png(image, name, what)
    from_file = isinstance(value, str) or value["path"] is not None
    if image.mode != "RGB" and (from_file or image.mode != own):
        found = CHANNELS.get(image.mode, f"of PIL mode {image.mode!r}")
        raise ValueError(
            f"{name}: the {what} is {found}, but the full release codes classes and instances in the colors "
            f"of an RGB image. Cure: a one-channel mask of 0..150 belongs to the source 'sceneparse150'."
        )
    _check_size(getattr(image, "filename", None), image.size, what)
    return image, image.mode == "RGB"


@dataclass
class FullMask(_Checked):
    """A mask of the full release (`_seg.png`), decoded to official ids: a PIL image of mode "L"."""

    _type: str = field(default="AdebookFullMask", init=False, repr=False)

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        image, coded = _open_full(value, "mask of the full release", "L")
        if not coded:
            _checks.check_official(np.asarray(image), "the mask")
            return image
        return _named(PIL.Image.fromarray(labels.from_full_release(image)), image)


@dataclass
class FullInstances(_Checked):
    """The instances of a mask of the full release: a PIL image of mode "I;16", numbered 1, 2, ...; 0 = none.

    The numbers are the ranks of the blue values, as in MIT's devkit.
    """

    _type: str = field(default="AdebookFullInstances", init=False, repr=False)

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        image, coded = _open_full(value, "mask of the full release", "I;16")
        if not coded:
            return image
        blue = np.asarray(image)[..., 2]
        occurs = np.bincount(blue.ravel(), minlength=256) > 0
        occurs[0] = False
        return _named(PIL.Image.fromarray(np.cumsum(occurs).astype(np.uint16)[blue]), image)


@dataclass
class FullParts(_Checked):
    """A part mask of the full release (`_parts_N.png`): class indices in mode "I;16", 0 = none."""

    _type: str = field(default="AdebookFullParts", init=False, repr=False)

    def _read(self, value: dict[str, Any] | str) -> PIL.Image.Image:
        image, coded = _open_full(value, "part mask of the full release", "I;16")
        return _named(PIL.Image.fromarray(labels.full_release_ids(image)), image) if coded else image


@dataclass
class Objects(_Checked):
    """The objects of a picture, decoded to a list of dicts from NAME.json (2021) or NAME_atr.txt (2016)."""

    _type: str = field(default="AdebookObjects", init=False, repr=False)

    def encode_example(self, value: Any) -> dict[str, Any]:
        """A list of dicts as JSON; a cell as it is."""
        if isinstance(value, list):
            return {"bytes": json.dumps(value).encode(), "path": None}
        return dict(value)

    def decode_example(self, value: Any, token_per_repo_id: Any = None) -> list[dict[str, Any]]:
        """Decode one cell; raises ValueError or FileNotFoundError that names the file."""
        from adebook import full_release

        if value["path"] is None:
            return json.loads(value["bytes"])
        return full_release.read_objects(value["path"], value["bytes"])


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # datasets calls register_feature experimental, each time it is called
    for _feature in (Picture, Mask, Numbers, Depth, FullMask, FullInstances, FullParts, Objects):
        register_feature(_feature, _feature._type)


# --- load ---------------------------------------------------------------------------------------------------


def load(
    source: str | None = None,
    split: str = "validation",
    *,
    root: str | os.PathLike[str] | None = None,
    streaming: bool = False,
    instances: bool = False,
    parts: bool = False,
    depth: bool = False,
    objects: bool = False,
) -> "hf.Dataset | hf.IterableDataset":
    """Load one split of one source.

    Args:
        source: "dollhouse" (rendered scenes that come with adebook), "sceneparse150" (the real benchmark) or
            "ade20k-full" (the full release, its classes converted to the 150). None means the environment
            variable ADEBOOK_SOURCE, else "dollhouse". What was asked for is loaded or an error says why not;
            there is no silent fall-back, and no archive is downloaded (`adebook.download` does that).
        split: "training" or "validation", the official names.
        root: a folder in official layout, or a copy on the Hugging Face Hub: "hub" for the one this book
            knows (merve/scene_parse_150, 1aurent/ADE20K), "hf://datasets/OWNER/NAME[@REVISION][/FOLDER]" for
            another. (A folder named hub is "./hub".) Without it, "dollhouse" is the package's own data;
            "sceneparse150" is the folder that the environment variable ADE20K_ROOT names, else what
            `adebook.download()` has finished; "ade20k-full" is the folder that ADE20K_FULL_ROOT names, else,
            with streaming=True, the hub's copy.
        streaming: return a `datasets.IterableDataset`, whose rows can be visited in order only. From the hub
            it fetches what is visited and little more: `.take(8)` costs a few MB. Without it, the hub's copy
            of the whole split is fetched and kept in the hub's cache.
        instances: add the column `instances` (not in "sceneparse150").
        parts: add the column `parts` (not in "sceneparse150").
        depth: add the column `depth` ("dollhouse" only).
        objects: add the column `objects` ("ade20k-full" only).

    Returns:
        a data set sorted by name (from the hub: in the order of the copy); pictures are decoded when a row is
        read. Columns:

        - `image`: PIL image, mode "RGB".
        - `annotation`: PIL image, mode "L", official ids: 0 = other, 1..150. As large as the picture, also
          in the full release, where the benchmark's were shrunk.
        - `scene`: scene category, or None where there is none.
        - `name`: file name without extension.
        - `instances`: PIL image, mode "I;16", instance numbers, 0 = none. In "ade20k-full" those of objects,
          not of parts.
        - `parts`: list of PIL images, mode "I;16", level 1 first: parts, then parts of parts where there are
          any. Dollhouse: part ids; full release: class indices, as `name_ndx` in `objects`.
        - `objects`: list of dicts, see `adebook.full_release.read_objects`.
        - `depth`: PIL image, mode "I;16", millimeters along the viewing axis (not along the ray); 0 = no
          surface (sky), 65535 = 65.28 m or farther.

        To change a picture in `map`, return a new one (`row["image"].resize(...)`, or work on a `.copy()`).
        Changes in place (`putpixel`, `thumbnail`, `ImageDraw`) are lost: datasets keeps the file that the
        picture came from.

    Raises:
        ValueError: unknown source or split, pictures and masks that do not pair up, anything else in their
            folders, a broken sceneCategories.txt, a source without the column asked for, a copy on the hub
            without the columns, or with another label encoding than 0..150; and while reading a row: a
            damaged file, a picture of more than 8 bits, a mask that is not an 8-bit PNG with one channel or
            holds a value above 150, a depth map of other than 16 bits, a size that differs from the
            picture's.
        FileNotFoundError, NotADirectoryError: a missing or empty folder; says where the data was found
            instead when the folder is one or two levels off. "dollhouse" also needs a folder `recipes`.
        RuntimeError: the hub cannot be reached, or has no such data set.

    Example:
        >>> row = load("dollhouse", "validation")[0]  # doctest: +SKIP
        >>> adebook.labels.to_train_ids(row["annotation"])  # doctest: +SKIP
    """
    key = _default_source() if source is None else _known(source, SOURCES, "source")
    _known(split, SPLITS, "split")
    asked = {"instances": instances, "parts": parts, "depth": depth, "objects": objects}
    _check_offered(key, [name for name, wish in asked.items() if wish])
    if on_hub(root) or (key == "ade20k-full" and _only_on_hub(root, streaming)):
        from adebook import hub

        return hub.load(key, split, root or "hub", streaming, asked)
    folder = _find_root(key, root)
    if key == "ade20k-full":
        from adebook import full_release

        columns, types = full_release.columns(folder, split, asked)
        return pack(key, split, columns, types, folder.as_uri(), streaming)
    names = _paired_names(folder, split)
    scenes = _read_scenes(folder)
    columns: dict[str, list[Any]] = {
        "image": [str(folder / "images" / split / f"{name}.jpg") for name in names],
        "annotation": [str(folder / "annotations" / split / f"{name}.png") for name in names],
        "scene": [scenes.get(name) for name in names],
        "name": names,
    }
    types: dict[str, Any] = {
        "image": Picture(),
        "annotation": Mask(),
        "scene": hf.Value("string"),
        "name": hf.Value("string"),
    }
    if instances:
        columns["instances"] = [str(path) for path in _extra(folder, "instances", split, names, ".png")]
        types["instances"] = Numbers()
    if parts:
        first = _extra(folder, "parts", split, names, "_1.png")
        columns["parts"] = [[str(path) for path in _levels(path)] for path in first]
        types["parts"] = hf.List(Numbers())
    if depth:
        columns["depth"] = [str(path) for path in _extra(folder, "depth", split, names, ".png")]
        types["depth"] = Depth()
    return pack(key, split, columns, types, folder.as_uri(), streaming)


_default_source = source  # `load` has an argument of that name


_OFFERED = {
    "dollhouse": ("instances", "parts", "depth"),
    "sceneparse150": (),
    "ade20k-full": ("instances", "parts", "objects"),
}


def _check_offered(key: str, asked: list[str]) -> None:
    if lacking := [name for name in asked if name not in _OFFERED[key]]:
        having = [repr(other) for other in SOURCES if set(lacking) <= set(_OFFERED[other])]
        wanted = " and ".join(lacking)
        verb = "has" if len(having) == 1 else "have"
        only = f"only {' and '.join(having)} {verb}" if having else "none has"
        raise ValueError(
            f"The source {key!r} has no {wanted}; {only}. Cure: leave {wanted} out"
            + (f", or load {' or '.join(having)}." if having else ".")
        )


def _only_on_hub(root: str | os.PathLike[str] | None, streaming: bool) -> bool:
    """Whether the full release is to be streamed from the hub, because no folder of it is named."""
    return streaming and root is None and not os.environ.get("ADE20K_FULL_ROOT", "").strip()


def describe(key: str, homepage: str, types: dict[str, Any]) -> hf.DatasetInfo:
    """What a data set of this package knows about itself; `info_of` reads it."""
    about = _FACTS[key]
    return hf.DatasetInfo(
        description=about["title"],
        homepage=homepage,  # from where `info_of` has the folder
        license=about["license"],
        features=hf.Features(types),
        dataset_name=key,
    )


def pack(
    key: str, split: str, columns: dict[str, list[Any]], types: dict[str, Any], homepage: str, streaming: bool
) -> "hf.Dataset | hf.IterableDataset":
    """Columns of paths (strings, or lists of them) and of text as a data set; the last step of `load`."""
    about = describe(key, homepage, types)
    cells = {
        column: values if types[column] == hf.Value("string") else [_cell(value) for value in values]
        for column, values in columns.items()
    }
    schema = about.features.arrow_schema
    table = pa.table(
        {column: pa.array(values, type=schema.field(column).type) for column, values in cells.items()}
    ).replace_schema_metadata(schema.metadata)
    dataset = hf.Dataset(hf.table.InMemoryTable(table), info=about, split=hf.NamedSplit(split))
    if not streaming:
        return dataset
    stream = dataset.to_iterable_dataset(num_shards=min(len(dataset), 16))  # keeps the features only
    stream.info.update(about)
    return stream


def _cell(value: str | list[str]) -> dict[str, Any] | list[dict[str, Any]]:
    if isinstance(value, list):
        return [{"bytes": None, "path": path} for path in value]
    return {"bytes": None, "path": value}


def _listing(folder: Path, suffix: str) -> tuple[set[str], list[str]]:
    """The names without suffix of the files of a folder, and whatever else lies there."""
    stems, strangers = set(), []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in _PASSED_OVER:
                continue
            if entry.is_dir():
                strangers.append(entry.name + "/")
            elif entry.name.endswith(suffix):
                stems.add(entry.name.removesuffix(suffix))
            else:
                strangers.append(entry.name)
    return stems, strangers


def _stems(folder: Path, suffix: str, what: str) -> set[str]:
    if not folder.is_dir():
        parent = next(p for p in folder.parents if p.exists())
        there = ", ".join(sorted(p.name for p in parent.iterdir())) or "nothing"
        raise FileNotFoundError(
            f"The folder {folder} is missing; {parent} holds {there}. Cure: complete the copy."
        )
    stems, strangers = _listing(folder, suffix)
    if strangers:
        raise ValueError(_strange(folder, sorted(strangers), suffix, what, stems))
    if not stems:
        raise FileNotFoundError(
            f"The folder {folder} is empty: it has no {what} (NAME{suffix}). Cure: complete the copy."
        )
    return stems


_PASSED_OVER = ("thumbs.db", "desktop.ini")  # what Windows leaves in folders
_SAME_FORMAT = {".jpg": (".jpg", ".jpeg", ".jpe", ".jfif"), ".png": (".png",)}


def _strange(folder: Path, names: list[str], suffix: str, what: str, stems: set[str]) -> str:
    """Message about entries of a folder that are not NAME.jpg or NAME.png."""
    listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    verb = "entry is" if len(names) == 1 else "entries are"
    cures = []
    misnamed = [
        name for name in names if Path(name).suffix.lower() in _SAME_FORMAT[suffix] and name[-1] != "/"
    ]
    if misnamed:
        stem = Path(misnamed[0]).stem
        cures.append(
            f"{misnamed[0]} is there beside {stem}{suffix}: remove one"
            if stem in stems
            else f"rename {misnamed[0]} to {stem}{suffix}" + (" and so on" if len(misnamed) > 1 else "")
        )
    if len(misnamed) < len(names):
        cures.append(f"move what is not one of the {what} out of the folder; sub-folders are not searched")
    return (
        f"In {folder}, {len(names)} {verb} not named NAME{suffix} as {what} are: {listed}. None is skipped. "
        f"Cure: {'; '.join(cures)}."
    )


def _paired_names(root: Path, split: str) -> list[str]:
    """Names of all pictures, sorted, after making sure that pictures and masks pair up."""
    pictures, masks = root / "images" / split, root / "annotations" / split
    with_picture = _stems(pictures, ".jpg", "pictures")
    with_mask = _stems(masks, ".png", "masks")
    problems = []
    if missing := sorted(with_picture - with_mask):
        problems.append(_missing(missing, ".jpg", "picture", pictures, "mask", masks))
    if missing := sorted(with_mask - with_picture):
        problems.append(_missing(missing, ".png", "mask", masks, "picture", pictures))
    if problems:
        raise ValueError(
            " ".join(problems) + " Cure: add the missing files or remove the lone ones; none is skipped."
        )
    return sorted(with_picture)


def _missing(names: list[str], suffix: str, one: str, here: Path, other: str, there: Path) -> str:
    listed = ", ".join(name + suffix for name in names[:3]) + (", ..." if len(names) > 3 else "")
    verb = f"{one} has" if len(names) == 1 else f"{one}s have"
    return f"{len(names)} {verb} no {other}: {listed} in {here}, nothing of that name in {there}."


def _read_scenes(root: Path) -> dict[str, str]:
    file = root / "sceneCategories.txt"
    if not file.is_file():
        return {}
    try:
        text = file.read_bytes().decode("utf-8-sig")  # Windows editors put a mark before the first name
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not text in UTF-8 ({error}). Cure: save it as UTF-8.") from error
    scenes: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, _, scene = line.strip().partition(" ")
        if not (scene := scene.strip()):
            raise ValueError(
                f"{file}, line {number}: {line!r} is not 'NAME scene'. Cure: get the file again."
            )
        if scenes.setdefault(name, scene) != scene:
            raise ValueError(
                f"{file}, line {number}: {name} is {scene!r} here but {scenes[name]!r} further up. Cure: "
                f"remove the wrong line."
            )
    return scenes


def _extra(root: Path, folder: str, split: str, names: list[str], ending: str) -> list[Path]:
    paths = [root / folder / split / (name + ending) for name in names]
    if missing := [path for path in paths if not path.is_file()]:
        listed = ", ".join(str(path) for path in missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} files are missing: {listed}. Cure: complete the copy."
        )
    return paths


def _levels(first: Path) -> Iterator[Path]:
    """NAME_1.png, NAME_2.png, ... as far as they exist."""
    stem, level, path = first.stem.removesuffix("_1"), 1, first
    while path.is_file():
        yield path
        level += 1
        path = first.with_name(f"{stem}_{level}.png")
    if (beyond := first.with_name(f"{stem}_{level + 1}.png")).is_file():
        raise ValueError(f"{path} is missing, though {beyond.name} is there. Cure: complete the copy.")
