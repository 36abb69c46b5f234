"""Copies of ADE20K on the Hugging Face Hub, stored as parquet: streamed row by row, or fetched by the split.

`adebook.load(source, root="hub")` comes here. Copies differ in the names of columns and splits and, worse, in
their label encoding; what a copy says about it is not trusted but compared with the values of its masks.

    form             columns that are understood
    SceneParse150    image; annotation, annotated, label or mask; scene_category or scene (may be missing)
    full release     image, segmentations, filename, folder, objects (the columns of 1aurent/ADE20K)
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import PIL.Image
import pyarrow as pa

from adebook import datasets, full_release, palette
from adebook.datasets import hf

__all__ = ["COPIES", "check_encoding", "load"]

#: source -> the copy that root="hub" means.
COPIES = {"sceneparse150": "merve/scene_parse_150", "ade20k-full": "1aurent/ADE20K"}

_COLUMNS = {
    "image": ("image", "rgb"),
    "annotation": ("annotation", "annotated", "label", "mask"),
    "scene": ("scene_category", "scene"),
}
_FULL_COLUMNS = ("image", "segmentations", "filename", "folder")
_SPLITS = {"training": ("train", "training"), "validation": ("validation", "val", "valid")}
_LOOK = 8  # masks at the beginning of a file whose encoding is looked at before any is given out


@dataclass(frozen=True)
class _Plan:
    """What to read of a copy, and how to turn a row of it into a row of `adebook.load`.

    Attributes:
        key: the source.
        repo: "owner/name".
        columns: our name -> the copy's name, for "image", "annotation" and "scene" (SceneParse150 only).
        scenes: the names of the copy's scene numbers, or None when its scenes are text.
        asked: which of "instances", "parts", "objects" to add.
    """

    key: str
    repo: str
    columns: dict[str, str]
    scenes: tuple[str, ...] | None
    asked: tuple[str, ...]

    @property
    def reads(self) -> list[str]:
        """The copy's columns that are needed; no other is fetched."""
        if self.key == "sceneparse150":
            return list(self.columns.values())
        return [*_FULL_COLUMNS, *(["objects"] if "objects" in self.asked else [])]


def load(
    key: str, split: str, root: str, streaming: bool, asked: dict[str, bool]
) -> "hf.Dataset | hf.IterableDataset":
    """The part of `adebook.load` that reads from the hub; the arguments are explained there."""
    if key not in COPIES:
        raise ValueError(
            f"The source {key!r} has no copy on the hub; it comes with adebook. Cure: leave root out."
        )
    repo, revision, folder = _address(root, key)
    files = _files(repo, revision, folder, split)
    plan = _plan(key, repo, files[0], tuple(name for name, wish in asked.items() if wish))
    about = datasets.describe(key, f"https://huggingface.co/datasets/{repo}", _types(plan))
    if streaming:
        stream = hf.IterableDataset.from_generator(
            _rows,
            features=about.features,
            gen_kwargs={"files": files, "plan": plan},
            split=hf.NamedSplit(split),
        )
        stream.info.update(about)
        return stream
    return _fetched(files, plan, about, split)


# --- which files --------------------------------------------------------------------------------------------


def _address(root: str, key: str) -> tuple[str, str | None, str | None]:
    """Owner/name, revision and folder of "hub" or "hf://datasets/OWNER/NAME[@REVISION][/FOLDER]"."""
    if root == "hub":
        return COPIES[key], None, None
    match = re.fullmatch(r"hf://datasets/([^/@]+/[^/@]+)(?:@([^/]+))?(?:/(.+?))?/?", root)
    if not match:
        raise ValueError(
            f"root={root!r} is no address of a data set. Cure: 'hf://datasets/OWNER/NAME', with '@REVISION' "
            f"and '/FOLDER' if need be (a '/' in a revision is written '%2F'); or 'hub' for {COPIES[key]}."
        )
    repo, revision, folder = match.groups()
    return repo, revision and revision.replace("%2F", "/"), folder


def _files(repo: str, revision: str | None, folder: str | None, split: str) -> list[str]:
    """Addresses of the parquet files of a split, each with the commit in it."""
    try:
        builder = hf.load_dataset_builder(repo, revision=revision, data_dir=folder)
    except Exception as error:  # what can go wrong on the way has no common type
        raise RuntimeError(
            f"The data set {repo} cannot be read from the hub: {type(error).__name__}: {error}. Cure: look "
            f"at the network and at https://huggingface.co/datasets/{repo}; for a private or gated copy, log "
            f"in with `hf auth login`."
        ) from error
    having = dict(builder.config.data_files or {})
    for name in _SPLITS[split]:
        if having.get(name):
            files = [str(file) for file in having[name]]
            if strange := [file for file in files if not file.endswith(".parquet")]:
                raise ValueError(
                    f"{repo} is not stored as parquet ({PurePosixPath(strange[0]).name}). Cure: try "
                    f"root='hf://datasets/{repo}@refs%2Fconvert%2Fparquet', the hub's own conversion."
                )
            return files
    there = ", ".join(map(str, having)) or "none"
    raise ValueError(
        f"{repo} has no split {split!r} ({' or '.join(map(repr, _SPLITS[split]))} there). It has: {there}."
    )


# --- which columns ------------------------------------------------------------------------------------------


def _plan(key: str, repo: str, file: str, asked: tuple[str, ...]) -> _Plan:
    with _open(file) as parquet:
        features = hf.Features.from_arrow_schema(parquet.schema_arrow)
    if key == "ade20k-full":
        needed = [*_FULL_COLUMNS, *(["objects"] if "objects" in asked else [])]
        if missing := [name for name in needed if name not in features]:
            raise _lacking(repo, missing, features, key)
        return _Plan(key, repo, {}, None, asked)
    columns = {}
    for ours, theirs in _COLUMNS.items():
        name = next((name for name in theirs if name in features), None)
        if name is not None:
            columns[ours] = name
        elif ours != "scene":
            raise _lacking(repo, theirs, features, key)
    scene = features.get(columns.get("scene", ""))
    if isinstance(scene, hf.ClassLabel):
        return _Plan(key, repo, columns, tuple(scene.names), asked)
    if scene is not None and getattr(scene, "dtype", "") != "string":
        del columns["scene"]  # numbers without names say nothing
    return _Plan(key, repo, columns, None, asked)


def _lacking(repo: str, names: Iterable[str], features: "hf.Features", key: str) -> ValueError:
    if key == "sceneparse150" and "segmentations" in features:
        cure = "this is a copy of the full release, so load it as 'ade20k-full'"
    elif key == "ade20k-full" and "annotation" in features:
        cure = "this is a copy of the 150 classes, so load it as 'sceneparse150'"
    else:
        cure = f"root='hub' means {COPIES[key]}, which has it"
    return ValueError(
        f"{repo} has no column {' or '.join(map(repr, names))}; it has {', '.join(features)}. Cure: {cure}."
    )


def _types(plan: _Plan) -> dict[str, Any]:
    types: dict[str, Any] = {
        "image": datasets.Picture(),
        "annotation": datasets.Mask() if plan.key == "sceneparse150" else datasets.FullMask(),
        "scene": hf.Value("string"),
        "name": hf.Value("string"),
    }
    more = {
        "instances": datasets.FullInstances(),
        "parts": hf.List(datasets.FullParts()),
        "objects": datasets.Objects(),
    }
    return types | {name: more[name] for name in plan.asked}


# --- rows ---------------------------------------------------------------------------------------------------


def _tidy(row: dict[str, Any], plan: _Plan) -> dict[str, Any]:
    """One row as the copy stores it, with undecoded cells, as a row of `adebook.load`."""
    for column in plan.columns.values() if plan.columns else ("image", "segmentations"):
        if not row[column] and column != plan.columns.get("scene"):
            raise ValueError(
                f"{plan.repo}: a row has nothing in its column {column!r}, as in splits without masks. Cure: "
                f"use another copy."
            )
    if plan.key == "ade20k-full":
        seg, *parts = row["segmentations"]
        folder = re.sub(r"^.*?/(?:training|validation)/", "", row["folder"] or "")
        tidy = {
            "image": row["image"],
            "annotation": seg,
            "scene": full_release.scene_of(folder),
            "name": PurePosixPath(row["filename"]).stem,
        }
        values = {
            "instances": lambda: seg,
            "parts": lambda: parts,
            "objects": lambda: datasets.Objects().encode_example(
                [full_release.tidy(entry) for entry in row["objects"] or []]
            ),
        }
        tidy |= {name: values[name]() for name in plan.asked}
    else:
        image, annotation = row[plan.columns["image"]], row[plan.columns["annotation"]]
        scene = row[plan.columns["scene"]] if "scene" in plan.columns else None
        if plan.scenes is not None and scene is not None:
            scene = plan.scenes[scene] if 0 <= scene < len(plan.scenes) else None
        path = image["path"] or annotation["path"]
        name = PurePosixPath(path).stem if path else f"sha1-{hashlib.sha1(image['bytes']).hexdigest()[:12]}"
        tidy = {"image": image, "annotation": annotation, "scene": scene, "name": name}
    _check_sizes(tidy, plan.repo)
    return tidy


def _check_sizes(row: dict[str, Any], repo: str) -> None:
    """Compare the sizes in the headers; damage is reported when the row is decoded."""
    try:
        sizes = [PIL.Image.open(BytesIO(row[column]["bytes"])).size for column in ("image", "annotation")]
    except (OSError, TypeError):
        return
    if sizes[0] != sizes[1]:
        image, mask = (f"{width} x {height}" for width, height in sizes)
        raise ValueError(
            f"{repo}, {row['name']}: the mask is {mask}, but its picture is {image} (width x height). Cure: "
            f"use another copy; a mask is never resized to fit."
        )


def check_encoding(masks: list[bytes], where: str) -> None:
    """Refuse masks that are not official ids, and say what they seem to be.

    Args:
        masks: PNG files.
        where: for the message.

    Raises:
        ValueError: train ids (255 = ignore), 0..149 with 150 = other, colors, more than 150 values.
    """
    with_150 = pixels_150 = pixels = 0
    for content in masks:
        try:
            image = PIL.Image.open(BytesIO(content))
            array = np.asarray(image)
        except (OSError, SyntaxError, TypeError):
            continue  # damaged: reported when the row is decoded
        if array.ndim == 3:
            raise ValueError(f"{where}: its masks are {_color_code(array[..., :3])}. {_OTHER_COPY}")
        if array.size == 0 or array.dtype == np.bool_:
            continue
        if array.max() == 255:
            raise ValueError(
                f"{where}: its masks hold 255, which is no class, so they are train ids (0..149, 255 = "
                f"ignore) and every class would be off by one. {_OTHER_COPY}"
            )
        if array.max() > 150:
            raise ValueError(
                f"{where}: its masks hold {array.max()}, but there are 150 classes; they may be indices of "
                f"another vocabulary. {_OTHER_COPY}"
            )
        count = int((array == 150).sum())
        with_150, pixels_150, pixels = with_150 + (count > 0), pixels_150 + count, pixels + array.size
    if with_150 >= 4 and 2 * with_150 >= len(masks) and pixels_150 >= 0.02 * pixels:
        raise ValueError(
            f"{where}: 150 (flag, a rare class) is in {with_150} of the first {len(masks)} masks, so it "
            f"seems to mean 'other' here, with classes 0..149: every class would be off by one. {_OTHER_COPY}"
        )


_OTHER_COPY = (
    "Official ids are 0 = other and 1..150. Cure: use another copy (root='hub'), or load it with `datasets` "
    "and convert its masks by adebook.labels or adebook.palette."
)


def _color_code(rgb: np.ndarray) -> str:
    colors = np.unique(rgb.reshape(-1, 3), axis=0)
    known = {tuple(color) for color in palette.colors().tolist()} | {(0, 0, 0)}
    if all(tuple(color) in known for color in colors.tolist()):
        return "colored with the palette of the 150 classes (adebook.palette.decolorize reads them)"
    if not colors[:, 2].any() and colors[:, 0].max() <= 150:
        return "those of the instance challenge (red = class, green = instance)"
    return "color-coded, perhaps those of the full release (load it as 'ade20k-full')"


# --- streaming ----------------------------------------------------------------------------------------------


def _open(file: str, *, whole_groups: bool = False) -> Any:
    """A parquet file on the hub, of which only what is read is fetched: by the page or by the row group."""
    import pyarrow.parquet as pq
    from huggingface_hub import HfFileSystem

    remote = HfFileSystem().open(file, cache_type="none")
    try:
        return pq.ParquetFile(remote, pre_buffer=whole_groups, buffer_size=0 if whole_groups else 1 << 18)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"{file} is damaged or no parquet file ({error}). Cure: use another copy."
        ) from error


def _rows(files: list[str], plan: _Plan) -> Iterator[dict[str, Any]]:
    """Rows of the files in order. `datasets` itself would fetch 32 MB and more before the first row.

    The first row group of a file comes in small pieces, for those who want a few rows; whoever goes on wants
    many, and gets row groups in one piece each.
    """
    for file in files:
        looked_at: list[dict[str, Any]] | None = []
        with _open(file) as first, ExitStack() as later:
            parquet = first
            for group in range(first.num_row_groups):
                if group == 1:
                    parquet = later.enter_context(_open(file, whole_groups=True))
                for batch in parquet.iter_batches(batch_size=1, row_groups=[group], columns=plan.reads):
                    rows = batch.to_pylist()
                    if looked_at is None:
                        yield from (_tidy(row, plan) for row in rows)
                        continue
                    looked_at += rows
                    if len(looked_at) >= _LOOK:
                        yield from _looked_at(looked_at, plan)
                        looked_at = None
        if looked_at:
            yield from _looked_at(looked_at, plan)


def _looked_at(rows: list[dict[str, Any]], plan: _Plan) -> Iterator[dict[str, Any]]:
    if plan.key == "sceneparse150":
        cells = [row[plan.columns["annotation"]] for row in rows]
        check_encoding([cell["bytes"] for cell in cells if cell], plan.repo)
    yield from (_tidy(row, plan) for row in rows)


# --- a whole split ------------------------------------------------------------------------------------------


def _fetched(files: list[str], plan: _Plan, about: "hf.DatasetInfo", split: str) -> "hf.Dataset":
    """A data set over the files in the hub's cache; pictures stay on disk until a row is read."""
    kept = plan.reads
    stored = hf.load_dataset("parquet", data_files={split: files}, split=split, columns=kept)
    raw = stored
    for column, feature in stored.features.items():
        if isinstance(feature, hf.Image):
            raw = raw.cast_column(column, hf.Image(decode=False))
    if "segmentations" in kept:
        raw = raw.cast_column("segmentations", hf.List(hf.Image(decode=False)))
    if plan.key == "sceneparse150":
        column = plan.columns["annotation"]
        check_encoding([cell["bytes"] for cell in raw[:_LOOK][column] if cell], plan.repo)
    computed = {
        name: feature
        for name, feature in about.features.items()
        if name not in (("image", "annotation") if plan.key == "sceneparse150" else ("image",))
    }
    more = raw.map(
        partial(_computed, plan=plan, names=tuple(computed)),
        remove_columns=raw.column_names,
        features=hf.Features(computed),
        desc="Checking",
    )
    as_stored = {"image": plan.columns.get("image", "image")}
    if plan.key == "sceneparse150":
        as_stored["annotation"] = plan.columns["annotation"]
    pictures = raw.select_columns(list(as_stored.values()))
    for ours, theirs in as_stored.items():
        pictures = pictures if ours == theirs else pictures.rename_column(theirs, ours)
        pictures = pictures.cast_column(ours, about.features[ours])
    both = hf.concatenate_datasets([pictures, more], axis=1)
    both = both.select_columns(list(about.features))
    both.info.update(about)
    return both


def _computed(row: dict[str, Any], plan: _Plan, names: tuple[str, ...]) -> dict[str, Any]:
    tidy = _tidy(row, plan)
    return {name: tidy[name] for name in names}
