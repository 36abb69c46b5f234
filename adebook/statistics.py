"""Count a data set in one pass: pixels, pictures, pairs of classes, sizes, scenes, places, colors.

    >>> statistics = measure("ADEChallengeData2016", "training", workers=2, cache="counts")  # doctest: +SKIP
    >>> statistics.classes().nlargest(3, "share")  # doctest: +SKIP

Everything counted is a whole number, so the result does not depend on the order of the pictures, the number
of workers or an interruption. What takes a division (shares, means, lift) is computed when a table is asked
for.

Convention:
    - Arrays are indexed by train id, 0..149; unlabeled pixels (official id 0) have counts of their own.
      Tables show the official id.
    - Shares of pixels are shares of all pixels, the unlabeled ones included, as in MIT's objectInfo150.
    - A class is "in" a picture when one pixel has it.
"""

import hashlib
import itertools
import os
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from adebook import _checks
from adebook.classes import CLASSES

if TYPE_CHECKING:
    import datasets as hf
    import pandas as pd
    import PIL.Image
    import pyarrow as pa

__all__ = ["GRID", "Objects", "Statistics", "measure"]

#: What counts as one object: what the source numbers, or a connected region of one class.
Objects: TypeAlias = Literal["instances", "regions"]

#: Pictures are cut into GRID x GRID cells to count where classes lie.
GRID = 16
_CLASSES = len(CLASSES)
_IDS = _CLASSES + 1  # official ids, 0 included
_BINS = 32  # areas from 2**0 to 2**31 pixels
_FORMAT = 1  # raise it when the meaning of a count changes, so that old partial results are not used


class Statistics:
    """Counts over the pictures it was shown; `measure` fills one, and two add up.

    Args:
        colors: also count color values; `update` then needs the picture.
        objects: also count objects by area: "instances" (`update` then needs the instance numbers; two pixels
            belong to one object when class and number agree) or "regions" (connected regions of one class, by
            the 4 direct neighbors: touching objects are one, and an object cut in two by another is two).

    Attributes:
        pixels: pixels of each class, int64 [150].
        unlabeled_pixels: pixels of official id 0.
        unlabeled_images: pictures with such a pixel.
        pair_images: pictures that hold both classes, int64 [150, 150], symmetric; the diagonal is
            `class_images`.
        classes_per_image: pictures by how many classes they hold, int64 [151].
        area_images: pictures by class and by the class's area in the picture, int64 [150, 32]; bin k holds
            areas of 2**k to 2**(k + 1) - 1 pixels.
        positions: pixels by class and cell, int64 [150, 16, 16]; the pixel in row y of H lies in row
            y * 16 // H of the grid, and columns alike.
        size_images: (width, height) -> pictures.
        scene_images: scene label -> pictures; None for those without one.
        color_values: pixels by channel (red, green, blue) and value, int64 [3, 256]; None when not counted.
        object_areas: objects by class and area, int64 [150, 32], bins as in `area_images`; None when not
            counted.
        objects: "instances", "regions", or None.
    """

    def __init__(self, *, colors: bool = False, objects: Objects | None = None) -> None:
        if objects not in (None, "instances", "regions"):
            raise ValueError(f"objects is {objects!r}, but there are 'instances', 'regions' and None.")
        self.objects = objects
        self.pixels = np.zeros(_CLASSES, np.int64)
        self.unlabeled_pixels = 0
        self.unlabeled_images = 0
        self.pair_images = np.zeros((_CLASSES, _CLASSES), np.int64)
        self.classes_per_image = np.zeros(_CLASSES + 1, np.int64)
        self.area_images = np.zeros((_CLASSES, _BINS), np.int64)
        self.positions = np.zeros((_CLASSES, GRID, GRID), np.int64)
        self.size_images: Counter[tuple[int, int]] = Counter()
        self.scene_images: Counter[str | None] = Counter()
        self.color_values = np.zeros((3, 256), np.int64) if colors else None
        self.object_areas = np.zeros((_CLASSES, _BINS), np.int64) if objects else None

    # What follows from the counts ---------------------------------------------------------------------------

    @property
    def images(self) -> int:
        """How many pictures were counted."""
        return sum(self.size_images.values())

    @property
    def all_pixels(self) -> int:
        """How many pixels were counted, the unlabeled ones included."""
        return int(self.pixels.sum()) + self.unlabeled_pixels

    @property
    def class_images(self) -> npt.NDArray[np.int64]:
        """Pictures that hold each class, int64 [150]."""
        return self.pair_images.diagonal().copy()

    # Counting -----------------------------------------------------------------------------------------------

    def update(
        self,
        mask: _checks.LabelsLike,
        *,
        scene: str | None = None,
        image: "PIL.Image.Image | npt.NDArray[np.uint8] | None" = None,
        instances: "PIL.Image.Image | npt.NDArray[np.integer] | None" = None,
    ) -> None:
        """Count one picture.

        Args:
            mask: [H, W], official ids 0..150.
            scene: its scene label.
            image: the picture, PIL image of mode "RGB" or uint8 [H, W, 3]; needed with `colors=True`.
            instances: [H, W], instance numbers; needed with `objects="instances"`.

        Raises:
            TypeError, ValueError: no mask; no picture or no instances where they are needed; sizes that
                differ. Nothing is counted then.
        """
        labels = _checks.check_mask(mask)
        if labels.size == 0:
            raise ValueError(f"The mask has shape {labels.shape}: there are no pixels to count.")
        if not (scene is None or isinstance(scene, str)):
            raise TypeError(
                f"The scene is {scene!r}, but a scene label is a string, or None. Cure: pass its name."
            )
        # Whatever can fail comes before the first count.
        colors = None if self.color_values is None else _color_values(image, labels.shape)
        areas = None
        if self.objects == "instances":
            areas = _instance_areas(labels, instances)
        elif self.objects == "regions":
            areas = _region_areas(labels)

        height, width = labels.shape
        cells = _by_cell(labels)
        pixels = cells.sum(axis=(1, 2))
        present = np.flatnonzero(pixels[1:])
        self.pixels += pixels[1:]
        self.unlabeled_pixels += int(pixels[0])
        self.unlabeled_images += int(pixels[0] > 0)
        self.pair_images[np.ix_(present, present)] += 1
        self.classes_per_image[len(present)] += 1
        self.area_images[present, _bin(pixels[1:][present])] += 1
        self.positions += cells[1:]
        self.size_images[width, height] += 1
        self.scene_images[scene] += 1
        if colors is not None:
            self.color_values += colors
        if areas is not None:
            np.add.at(self.object_areas, areas, 1)

    def __iadd__(self, other: "Statistics") -> Self:
        if not isinstance(other, Statistics):
            return NotImplemented
        for what in ("color_values", "object_areas"):
            if (getattr(self, what) is None) != (getattr(other, what) is None):
                raise ValueError(f"Only one of the two has counted {what}. Cure: measure both alike.")
        if self.objects != other.objects:
            raise ValueError(f"One has counted {self.objects} and the other {other.objects}, which differ.")
        self.unlabeled_pixels += other.unlabeled_pixels
        self.unlabeled_images += other.unlabeled_images
        for name in _ARRAYS:
            if getattr(self, name) is not None:
                getattr(self, name).__iadd__(getattr(other, name))
        self.size_images.update(other.size_images)
        self.scene_images.update(other.scene_images)
        return self

    def __add__(self, other: "Statistics") -> "Statistics":
        if not isinstance(other, Statistics):
            return NotImplemented
        total = Statistics(colors=self.color_values is not None, objects=self.objects)
        total += self
        total += other
        return total

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statistics):
            return NotImplemented
        return self._digest() == other._digest()

    __hash__ = None  # it changes when it counts

    def __repr__(self) -> str:
        classes = int((self.pixels > 0).sum())
        return f"Statistics({self.images:,} images, {self.all_pixels:,} pixels, {classes} of 150 classes)"

    # Tables -------------------------------------------------------------------------------------------------

    def classes(self) -> "pd.DataFrame":
        """One row per class: `id`, `name`, `kind` ("stuff" or "thing"), `pixels`, `share` (of all pixels),
        `images`, `image_share` (of all pictures), `pixels_per_image` (where it occurs; NaN if nowhere), and
        `objects` where these were counted."""
        import pandas as pd

        images = self.class_images
        with np.errstate(invalid="ignore"):
            table = {
                "id": [c.id for c in CLASSES],
                "name": [c.name for c in CLASSES],
                "kind": ["stuff" if c.is_stuff else "thing" for c in CLASSES],
                "pixels": self.pixels,
                "share": self.pixels / self.all_pixels,
                "images": images,
                "image_share": images / self.images,
                "pixels_per_image": self.pixels / images,
            }
        if self.object_areas is not None:
            table["objects"] = self.object_areas.sum(axis=1)
        return pd.DataFrame(table)

    def cooccurrence(self, min_images: int = 1) -> "pd.DataFrame":
        r"""One row per pair of classes that share a picture, the highest lift first.

        $\mathrm{lift}(a, b) = \frac{P(a, b)}{P(a)\,P(b)} = \frac{n_{ab}\, N}{n_a\, n_b}$ over $N$ pictures:
        1 when the two are independent, above when they seek each other.

        Args:
            min_images: leave out pairs that share fewer pictures; lift is unreliable for small counts.

        Returns:
            columns `id_a`, `name_a`, `id_b`, `name_b` (id_a < id_b), `images`, `expected` (pictures if the
            two were independent), `lift`.
        """
        import pandas as pd

        a, b = np.nonzero(np.triu(self.pair_images, 1) >= max(min_images, 1))
        alone = self.class_images
        together = self.pair_images[a, b]
        expected = alone[a] * alone[b] / max(self.images, 1)
        table = pd.DataFrame(
            {
                "id_a": a + 1,
                "name_a": [CLASSES[i].name for i in a],
                "id_b": b + 1,
                "name_b": [CLASSES[i].name for i in b],
                "images": together,
                "expected": expected,
                "lift": together / expected,
            }
        )
        return table.sort_values(["lift", "images"], ascending=False, kind="stable", ignore_index=True)

    def scenes(self) -> "pd.DataFrame":
        """One row per scene label (None where pictures have none), the most frequent first: `scene`,
        `images`, `image_share`."""
        import pandas as pd

        rows = sorted(self.scene_images.items(), key=lambda row: (-row[1], row[0] or ""))
        table = pd.DataFrame(rows, columns=["scene", "images"])
        table["image_share"] = table["images"] / self.images
        return table

    def sizes(self) -> "pd.DataFrame":
        """One row per size of picture, the most frequent first: `width`, `height`, `images`,
        `image_share`."""
        import pandas as pd

        rows = sorted(self.size_images.items(), key=lambda row: (-row[1], row[0]))
        table = pd.DataFrame([(*size, count) for size, count in rows], columns=["width", "height", "images"])
        table["image_share"] = table["images"] / self.images
        return table

    def areas(self) -> "pd.DataFrame":
        """How large classes are: one row per class and area that occurs: `id`, `name`, `low` and `high`
        (pixels, both inclusive), `images` (in how many the class covers that much), and `objects` where these
        were counted (how many have that area)."""
        import pandas as pd

        counted = self.area_images if self.object_areas is None else self.area_images + self.object_areas
        index, exponent = np.nonzero(counted)
        table = {
            "id": index + 1,
            "name": [CLASSES[i].name for i in index],
            "low": 2**exponent,
            "high": 2 ** (exponent + 1) - 1,
            "images": self.area_images[index, exponent],
        }
        if self.object_areas is not None:
            table["objects"] = self.object_areas[index, exponent]
        return pd.DataFrame(table)

    def colors(self) -> "pd.DataFrame":
        """Mean and standard deviation of each channel over all pixels, in 0..1: `channel`, `mean`, `std`.

        Raises:
            ValueError: when colors were not counted.
        """
        import pandas as pd

        if self.color_values is None:
            raise ValueError("Colors were not counted. Cure: measure(..., colors=True).")
        value = np.arange(256) / 255
        share = self.color_values / self.color_values.sum(axis=1, keepdims=True)
        mean = share @ value
        std = np.sqrt((share * (value - mean[:, None]) ** 2).sum(axis=1))
        return pd.DataFrame({"channel": ["red", "green", "blue"], "mean": mean, "std": std})

    # Files --------------------------------------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the counts as a few small parquet files into `folder`, which is made when it is not there.

        Each file holds one table of whole numbers, and in its metadata the digest of all of them together, by
        which `load` notices files of different runs.
        """
        import pyarrow.parquet as pq

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tables = self._tables()
        mark = {_MARK: self._digest()}
        for name in _FILES:
            path = folder / f"{name}.parquet"
            if name not in tables:
                path.unlink(missing_ok=True)  # of an earlier run that counted more
                continue
            partial = path.with_suffix(f".{os.getpid()}.tmp")
            pq.write_table(tables[name].replace_schema_metadata(mark), partial, compression="zstd")
            partial.replace(path)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "Statistics":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: the folder or one of its files is not there.
            ValueError: a file is damaged, or the files belong to different runs.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = Path(folder)
        tables: dict[str, dict[str, list[Any]]] = {}
        marks = set()
        for name in _FILES:
            path = folder / f"{name}.parquet"
            if not path.is_file():
                if name in _OPTIONAL:
                    continue
                raise FileNotFoundError(
                    f"{path} is not there. Cure: save the statistics again, or name the folder that "
                    f"`Statistics.save` or `adebook data stats --out` wrote."
                )
            try:
                table = pq.read_table(path)
            except (pa.ArrowInvalid, OSError) as error:
                raise ValueError(f"{path} is damaged ({error}). Cure: measure and save again.") from error
            marks.add((table.schema.metadata or {}).get(_MARK.encode(), b"").decode())
            tables[name] = table.to_pydict()
        try:
            result = cls._from_tables(tables)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ValueError(
                f"{folder} holds parquet files that are no statistics ({error!r}). Cure: save again."
            ) from error
        if marks != {result._digest()}:
            raise ValueError(
                f"The files in {folder} do not belong together: one was changed, or saving was interrupted. "
                f"Cure: measure and save again."
            )
        return result

    def _digest(self) -> str:
        """sha256 over all counts."""
        digest = hashlib.sha256(repr((_FORMAT, self.objects)).encode())
        for name in _ARRAYS:
            if (array := getattr(self, name)) is not None:
                digest.update(name.encode() + array.astype("<i8").tobytes())
        digest.update(repr((self.unlabeled_pixels, self.unlabeled_images, *self._sorted())).encode())
        return digest.hexdigest()

    def _sorted(self) -> tuple[list[tuple[str | None, int]], list[tuple[tuple[int, int], int]]]:
        """Scenes and sizes in an order that does not depend on which came first."""
        scenes = sorted(self.scene_images.items(), key=lambda row: (row[0] is not None, row[0] or ""))
        return scenes, sorted(self.size_images.items())

    def _tables(self) -> "dict[str, pa.Table]":
        import pyarrow as pa

        scenes, sizes = self._sorted()
        tables = {
            "classes": pa.table(
                {
                    "id": list(range(_IDS)),  # 0: unlabeled
                    "pixels": [self.unlabeled_pixels, *self.pixels.tolist()],
                    "images": [self.unlabeled_images, *self.class_images.tolist()],
                }
            ),
            "pairs": _sparse(np.triu(self.pair_images, 1), ("id_a", "id_b"), "images", ids=2),
            "classes_per_image": _sparse(self.classes_per_image, ("classes",), "images", ids=0),
            "areas": _sparse(self.area_images, ("id", "log2"), "images"),
            "positions": _sparse(self.positions, ("id", "row", "column"), "pixels"),
            "sizes": pa.table(
                {
                    "width": pa.array([size[0] for size, _ in sizes], pa.int64()),
                    "height": pa.array([size[1] for size, _ in sizes], pa.int64()),
                    "images": pa.array([count for _, count in sizes], pa.int64()),
                }
            ),
            "scenes": pa.table(
                {
                    "scene": pa.array([scene for scene, _ in scenes], pa.string()),
                    "images": pa.array([count for _, count in scenes], pa.int64()),
                }
            ),
        }
        if self.color_values is not None:
            tables["colors"] = _sparse(self.color_values, ("channel", "value"), "pixels", ids=0)
        if self.objects is not None:
            tables[self.objects] = _sparse(self.object_areas, ("id", "log2"), "objects")
        return tables

    @classmethod
    def _from_tables(cls, tables: Mapping[str, Mapping[str, list[Any]]]) -> "Statistics":
        objects = next((name for name in ("instances", "regions") if name in tables), None)
        result = cls(colors="colors" in tables, objects=objects)
        pixels = dict(zip(tables["classes"]["id"], tables["classes"]["pixels"], strict=True))
        images = dict(zip(tables["classes"]["id"], tables["classes"]["images"], strict=True))
        result.pixels[:] = [pixels[i] for i in range(1, _IDS)]
        result.unlabeled_pixels, result.unlabeled_images = pixels[0], images[0]
        _fill(result.pair_images, tables["pairs"], ids=2)
        result.pair_images += result.pair_images.T
        np.fill_diagonal(result.pair_images, [images[i] for i in range(1, _IDS)])
        _fill(result.classes_per_image, tables["classes_per_image"], ids=0)
        _fill(result.area_images, tables["areas"])
        _fill(result.positions, tables["positions"])
        for width, height, count in zip(*tables["sizes"].values(), strict=True):
            result.size_images[width, height] = count
        for scene, count in zip(*tables["scenes"].values(), strict=True):
            result.scene_images[scene] = count
        if result.color_values is not None:
            _fill(result.color_values, tables["colors"], ids=0)
        if objects is not None:
            _fill(result.object_areas, tables[objects])
        return result


_ARRAYS = (
    "pixels",
    "pair_images",
    "classes_per_image",
    "area_images",
    "positions",
    "color_values",
    "object_areas",
)
_OPTIONAL = ("colors", "instances", "regions")
_FILES = ("classes", "pairs", "classes_per_image", "areas", "positions", "sizes", "scenes", *_OPTIONAL)
_MARK = "adebook.statistics"


def _sparse(
    array: npt.NDArray[np.int64], columns: tuple[str, ...], value: str, *, ids: int = 1
) -> "pa.Table":
    """The entries that are not 0; the first `ids` axes are train ids and become official ids."""
    import pyarrow as pa

    where = np.nonzero(array)
    named = {c: axis + (n < ids) for n, (c, axis) in enumerate(zip(columns, where, strict=True))}
    return pa.table({**named, value: array[where]})


def _fill(array: npt.NDArray[np.int64], table: Mapping[str, list[int]], *, ids: int = 1) -> None:
    """Undo `_sparse`."""
    *where, values = (np.asarray(column, np.int64) for column in table.values())
    where = tuple(axis - (n < ids) for n, axis in enumerate(where))
    if any(len(axis) and axis.min() < 0 for axis in where):
        raise ValueError("a negative index")
    array[where] = values


# Counting one picture ---------------------------------------------------------------------------------------


def _bin(areas: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """floor(log2(area)), exact: `frexp` takes the exponent out of the number."""
    return np.frexp(areas.astype(np.float64))[1].astype(np.intp) - 1


def _by_cell(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Pixels by official id and cell of the grid, int64 [151, GRID, GRID]: one count per row of cells.

    (In one count over the whole mask, its large temporary arrays would take four times as long.)
    """
    height, width = labels.shape
    edges = -(
        -np.arange(GRID + 1) * height // GRID
    )  # the first row y with y * GRID // height == edge's index
    column = (np.arange(width) * GRID // width * _IDS).astype(np.uint16)
    counts = np.zeros((GRID, GRID * _IDS), np.int64)
    for row, (top, bottom) in enumerate(itertools.pairwise(edges.tolist())):
        counts[row] = np.bincount((column + labels[top:bottom]).ravel(), minlength=GRID * _IDS)
    return counts.reshape(GRID, GRID, _IDS).transpose(2, 0, 1)


def _color_values(image: Any, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Pixels by channel and value, int64 [3, 256]."""
    import PIL.Image

    if image is None:
        raise ValueError("Colors are counted, but no picture was passed. Cure: update(mask, image=picture).")
    if not isinstance(image, PIL.Image.Image):
        array = np.asarray(image)
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
            raise ValueError(
                f"The picture has shape {array.shape} and dtype {array.dtype}, but a picture is [H, W, 3], "
                f"uint8. Cure: pass it as it was read."
            )
        image = PIL.Image.fromarray(array)
    if image.mode != "RGB":
        raise ValueError(f"The picture has PIL mode {image.mode!r}. Cure: image.convert('RGB').")
    _check_same_size(image.size, shape, "picture")
    return np.array(image.histogram(), np.int64).reshape(3, 256)


def _check_same_size(size: tuple[int, int], shape: tuple[int, ...], what: str) -> None:
    if size != shape[::-1]:
        raise ValueError(
            f"The {what} is {size[0]} x {size[1]}, but the mask is {shape[1]} x {shape[0]} (width x height). "
            f"Cure: pass the {what} of this mask."
        )


def _instance_areas(labels: npt.NDArray[np.uint8], instances: Any) -> tuple[npt.NDArray[np.intp], ...]:
    """Train id and area bin of each object: the pixels with the same class and the same number."""
    if instances is None:
        raise ValueError(
            "Instances are counted, but none were passed. Cure: update(mask, instances=numbers)."
        )
    numbers = np.asarray(instances)
    if not np.issubdtype(numbers.dtype, np.integer) or numbers.ndim != 2:
        raise ValueError(
            f"The instance numbers have shape {numbers.shape} and dtype {numbers.dtype}, but they are whole "
            f"numbers, [H, W]. Cure: pass the column `instances`."
        )
    _check_same_size(numbers.shape[::-1], labels.shape, "instance mask")
    if numbers.min() < 0:
        raise ValueError(f"An instance number is {numbers.min()}, but they count from 1, and 0 is none.")
    # Renumbered without gaps, so that the count stays small whatever the numbers are.
    known, numbers = np.unique(numbers, return_inverse=True)
    pairs = labels.ravel().astype(np.intp) * len(known) + numbers.ravel()
    counts = np.bincount(pairs, minlength=_IDS * len(known)).reshape(_IDS, len(known))
    counts = counts[1:, 1:] if known[0] == 0 else counts[1:]
    index, column = np.nonzero(counts)
    return index, _bin(counts[index, column])


def _region_areas(labels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.intp], ...]:
    """Train id and area bin of each connected region of one class."""
    from scipy import ndimage

    # Twice the size: pixels are at even places, and between two neighbors there is a bridge when they agree.
    # Regions of all classes are then found in one call.
    height, width = labels.shape
    bridges = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)
    bridges[::2, ::2] = 1
    bridges[::2, 1::2] = labels[:, 1:] == labels[:, :-1]
    bridges[1::2, ::2] = labels[1:] == labels[:-1]
    regions, count = ndimage.label(bridges)
    regions = regions[::2, ::2].ravel()
    areas = np.bincount(regions, minlength=count + 1)
    ids = np.zeros(count + 1, np.intp)
    ids[regions] = labels.ravel()
    named = ids > 0
    return ids[named] - 1, _bin(areas[named])


# One pass over a data set -----------------------------------------------------------------------------------


def measure(
    data: "hf.Dataset | hf.IterableDataset | str | os.PathLike[str]",
    split: str | None = None,
    *,
    colors: bool = False,
    objects: Objects | None = None,
    workers: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> Statistics:
    """Count a whole data set in one pass.

    Memory does not grow with the data set: it is read in at most 64 pieces, one picture at a time. A picture
    is decoded only when its colors are counted.

    Args:
        data: from `adebook.load`, any source, also streaming; or any data set with a column `annotation`
            (official ids) and, if it has them, `scene`, `image` and `instances`; or a folder in official
            layout.
        split: for a folder, "training" or "validation" (the default).
        colors: also count color values (pictures are then decoded, which takes most of the time).
        objects: also count objects: "instances", which the source must have, or "regions".
        workers: how many processes. None uses every core for 512 pictures and more, and else none beside this
            one. The result does not depend on it.
        cache: a folder for partial results. When `measure` was interrupted, by whatever, the next call with
            the same folder goes on where it stood; when the data changed, what changed is counted again. (A
            piece of the data is known by the names and sizes of its files, or by the content where the data
            set holds it itself.) Not for streams.
        progress: show a bar.

    Raises:
        ValueError: a column that is needed is not there; `split` for something else than a folder; `cache`
            for a stream; and what the source raises when it meets a damaged file. What was counted until
            then is in the cache.
        FileNotFoundError, NotADirectoryError: as in `adebook.load`.
    """
    dataset = _open(data, split, colors, objects)
    pieces = _pieces(dataset)
    if workers is None:
        workers = (os.cpu_count() or 1) if not hasattr(dataset, "__len__") or len(dataset) >= 512 else 1
    if workers < 1:
        raise ValueError(f"workers is {workers}, but it is how many processes work: 1 or more.")
    if cache is not None:
        if not hasattr(dataset, "__len__"):
            raise ValueError(
                "A stream cannot be cached: its files are not known before it is read. Cure: leave cache "
                "out, or load the data set without streaming."
            )
        Path(cache).mkdir(parents=True, exist_ok=True)
    total = Statistics(colors=colors, objects=objects)
    job = _Job(dataset, colors, objects, None if cache is None else Path(cache))
    with _bar(progress, dataset) as bar:
        for part in _run(job, pieces, min(workers, len(pieces))):
            total += part
            bar.update(part.images)
    if total.images == 0:
        raise ValueError("There is nothing to measure: the data set has no pictures.")
    return total


def _open(
    data: Any, split: str | None, colors: bool, objects: Objects | None
) -> "hf.Dataset | hf.IterableDataset":
    """The data set with the columns that are counted, and no others: what is not read is not decoded."""
    from adebook.datasets import hf, load

    if isinstance(data, (str, os.PathLike)):
        folder = Path(data).expanduser()
        # Instances are part of Dollhouse's layout only.
        source = "dollhouse" if (folder / "recipes").is_dir() else "sceneparse150"
        data = load(source, split or "validation", root=folder, instances=objects == "instances")
    elif not isinstance(data, (hf.Dataset, hf.IterableDataset)):
        raise TypeError(
            f"data is a {type(data).__name__}, but a data set or a folder is measured. Cure: pass one split, "
            f"as adebook.load returns it."
        )
    elif split is not None:
        raise ValueError(
            f"split={split!r} is for folders; this is a {type(data).__name__}. Cure: load that split of it."
        )
    needed = ["annotation"] + ["image"] * colors + ["instances"] * (objects == "instances")
    there = list(data.column_names or data.features or ())
    if missing := [column for column in needed if column not in there]:
        raise ValueError(
            f"The data set has no column {missing[0]!r}; it has {', '.join(map(repr, there)) or 'none'}. "
            + (
                "Cure: load it with instances=True if its source has them, or count objects='regions'."
                if missing[0] == "instances"
                else "Cure: pass a data set from adebook.load, or rename the column."
            )
        )
    columns = [*needed, *(["scene"] if "scene" in there else [])]
    return data.select_columns(columns).with_format(None)


def _pieces(dataset: Any) -> list[Any]:
    """What one worker does at a time: rows of a data set, or the number of a stream's shard.

    At most 64, so that partial results stay few and small, however large the data set is; at least 8
    pictures.
    """
    if not hasattr(dataset, "__len__"):
        return list(range(dataset.num_shards))
    size = max(8, -(-len(dataset) // 64))
    return [range(start, min(start + size, len(dataset))) for start in range(0, len(dataset), size)]


class _Job:
    """What a worker needs to count a piece."""

    def __init__(self, dataset: Any, colors: bool, objects: Objects | None, cache: Path | None) -> None:
        self.dataset, self.colors, self.objects, self.cache = dataset, colors, objects, cache

    def count(self, piece: Any) -> Statistics:
        """Count it, or take the counts from the cache."""
        if self.cache is None:
            return self._count(piece)
        path = self.cache / f"{self._fingerprint(piece)}.npz"
        if (part := _read_part(path, self.colors, self.objects)) is None:
            part = self._count(piece)
            _write_part(path, part)
        return part

    def _count(self, piece: Any) -> Statistics:
        part = Statistics(colors=self.colors, objects=self.objects)
        for row in self._rows(piece):
            part.update(
                row["annotation"],
                scene=row.get("scene"),
                image=row.get("image"),
                instances=row.get("instances"),
            )
        return part

    def _rows(self, piece: Any) -> Iterator[dict[str, Any]]:
        if isinstance(piece, range):
            return (self.dataset[i] for i in piece)
        return iter(self.dataset.shard(num_shards=self.dataset.num_shards, index=piece))

    def _fingerprint(self, piece: range) -> str:
        """A name for the piece and for what is counted in it; another one when a file changes."""
        digest = hashlib.sha256(repr((_FORMAT, self.colors, self.objects)).encode())
        cells = self.dataset.with_format("arrow")[piece.start : piece.stop]
        for column in sorted(cells.column_names):
            for cell in cells.column(column).to_pylist():
                digest.update(repr((column, _identity(cell))).encode())
        return digest.hexdigest()[:32]


def _identity(cell: Any) -> Any:
    """What a cell is known by: its value, name and size of its file, or checksum of the content it holds."""
    if not isinstance(cell, dict):
        return cell
    path, content = cell.get("path"), cell.get("bytes")
    if content is not None:
        return len(content), zlib.crc32(content)
    if path is None:
        return None  # decoding will say so
    # Not the folder: data that was moved is the same data. Not the time: unzipping again does not change it.
    return Path(path).name, Path(path).stat().st_size


def _run(job: _Job, pieces: list[Any], workers: int) -> Iterator[Statistics]:
    """The counts of each piece, as they come."""
    if workers <= 1:  # 0: there are no pieces
        yield from map(job.count, pieces)
        return
    # Processes, not threads: Python holds the lock for two thirds of the time that a mask takes.
    with ProcessPoolExecutor(workers, initializer=_start_worker, initargs=(job,)) as pool:
        waiting: list[Future[Statistics]] = [pool.submit(_count_in_worker, piece) for piece in pieces]
        try:
            for done in as_completed(waiting):
                waiting.remove(done)  # and with it the counts: memory stays flat
                yield done.result()
        except BrokenProcessPool as error:
            raise RuntimeError(
                "A worker process ended without an answer. Cure: if memory ran out, use workers=1; in a "
                "script on Windows or macOS, put the call under `if __name__ == '__main__':`."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_job: _Job | None = None


def _start_worker(job: _Job) -> None:
    global _job
    _job = job
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Without this, a worker whose parent was killed waits for work forever."""
    from multiprocessing import parent_process

    parent_process().join()
    os._exit(1)


def _count_in_worker(piece: Any) -> Statistics:
    return _job.count(piece)


def _write_part(path: Path, part: Statistics) -> None:
    """Atomically: the file has its name only when it is whole."""
    scenes = [s for s in part.scene_images if s is not None]
    arrays = {name: array for name in _ARRAYS if (array := getattr(part, name)) is not None}
    partial = path.with_suffix(f".{os.getpid()}.tmp.npz")
    try:
        np.savez_compressed(
            partial,
            **arrays,
            unlabeled=np.array([part.unlabeled_pixels, part.unlabeled_images]),
            sizes=np.array([(*size, count) for size, count in part.size_images.items()]).reshape(-1, 3),
            scenes=np.array(scenes, dtype=str),
            scene_images=np.array([part.scene_images[s] for s in scenes], np.int64),
            without_scene=np.array(part.scene_images.get(None, 0)),
        )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)  # of a full disk, say


def _read_part(path: Path, colors: bool, objects: Objects | None) -> Statistics | None:
    """None when it is not there or cannot be read; it is counted again then."""
    from zipfile import BadZipFile

    part = Statistics(colors=colors, objects=objects)
    try:
        with np.load(path, allow_pickle=False) as stored:
            for name in _ARRAYS:
                if getattr(part, name) is not None:
                    getattr(part, name)[...] = stored[name]
            part.unlabeled_pixels, part.unlabeled_images = stored["unlabeled"].tolist()
            for width, height, count in stored["sizes"].tolist():
                part.size_images[width, height] = count
            counts = zip(stored["scenes"].tolist(), stored["scene_images"].tolist(), strict=True)
            part.scene_images.update(dict(counts))
            if without := int(stored["without_scene"]):
                part.scene_images[None] = without
    except (FileNotFoundError, BadZipFile, KeyError, ValueError, EOFError, zlib.error):
        return None
    return part


def _bar(progress: bool, dataset: Any) -> Any:
    from tqdm import tqdm

    total = len(dataset) if hasattr(dataset, "__len__") else None
    return tqdm(total=total, unit=" images", disable=not progress)
