"""Score a folder of predicted masks against a folder of annotations: `adebook evaluate`.

A prediction belongs to the annotation that has the same path in its folder, whatever the two endings are:

    PREDICTIONS/ADE_val_00000001.png    GROUND_TRUTH/ADE_val_00000001.png
    PREDICTIONS/kitchen/a.npy           GROUND_TRUTH/kitchen/a.png

Nothing is guessed and nothing passes silently. What the numbers in the predictions mean has to be said
(`ids`); a file that is missing, left over, of another size or unreadable is listed by name and makes the
whole evaluation fail, unless it is allowed to be missing; and then every result says how many pictures it is
about.

Pictures are read and counted by as many threads as there are cores. Each lives only until it is counted, so
memory does not grow with their number, except by their names and, for an interval, their counts by class.
"""

import argparse
import csv
import json
import math
import os
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, TypeAlias, TypeVar, get_args

import numpy as np
import numpy.typing as npt

from adebook import _checks, labels
from adebook._mask_files import read_mask, strict_decoding
from adebook.classes import CLASSES
from adebook.metrics import Absent, ConfusionMatrix, Interval, PerImage, Scores, _image_means, _image_sums

__all__ = ["Evaluation", "Ids", "ImageScore", "evaluate_folders"]

#: What the numbers in a file mean: "official" (0 = other, 1..150) or "train" (0..149, 255 = ignore).
Ids: TypeAlias = Literal["official", "train"]

_SUFFIXES = (".png", ".npy")
_PASSED_OVER = ("thumbs.db", "desktop.ini")  # what Windows leaves in folders
_LISTED = 20  # names of a kind that a message lists
_BATCH = 8  # pictures that a thread takes at a time

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ImageScore:
    """The scores of one picture.

    Attributes:
        name: path of the annotation within its folder, without ending.
        labeled_pixels: pixels with a label.
        pixel_accuracy: share of them that was predicted right; NaN when there are none.
        mean_iou: mean IoU of this picture alone; NaN when no pixel is labeled. The mean of these over
            pictures
            is not the mean IoU of the data set: see `adebook.metrics.PerImage.mean_iou`.
        classes: how many classes its labels show.
    """

    name: str
    labeled_pixels: int
    pixel_accuracy: float
    mean_iou: float
    classes: int


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What `evaluate_folders` counted and what it could not.

    Attributes:
        matrix: the counts of all scored pictures.
        images: how many annotations there are.
        scored: how many of them were scored.
        missing: annotations without a prediction, by path within their folder.
        extra: files that belong to nothing: predictions without an annotation, and what is no mask file.
        mis_sized: predictions whose size is not their annotation's; a sentence each.
        unreadable: predictions and annotations that could not be read; a sentence each.
        per_image: the counts of every scored picture, when they were asked for.
    """

    matrix: ConfusionMatrix
    images: int
    scored: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    mis_sized: tuple[str, ...]
    unreadable: tuple[str, ...]
    per_image: PerImage | None

    @property
    def complete(self) -> bool:
        """Whether every annotation was scored."""
        return self.scored == self.images

    def __str__(self) -> str:
        return f"{self.scored:,} of {self.images:,} images scored"


def evaluate_folders(
    predictions: str | os.PathLike[str],
    ground_truth: str | os.PathLike[str],
    *,
    ids: Ids,
    ground_truth_ids: Ids = "official",
    allow_missing: bool = False,
    on_image: Callable[[ImageScore], None] | None = None,
    absent: Absent = "exclude",
    keep_images: bool = False,
    progress: bool = False,
) -> Evaluation:
    """Count every pixel of every pair of masks in two folders, sub-folders included.

    Args:
        predictions: folder of predicted masks, PNG (8-bit gray or palette; 16-bit gray) or NPY (integers [H,
            W]). Each has the size of its annotation.
        ground_truth: folder of annotations, e.g. ADEChallengeData2016/annotations/validation.
        ids: what the predictions hold: "official" (1..150) or "train" (0..149). What they hold where the
            annotation is unlabeled does not matter, as long as it is such an id, or the one for unlabeled.
        ground_truth_ids: what the annotations hold: "official" as MIT ships them (0 = other, 1..150), or
            "train" (0..149, 255 = ignore).
        allow_missing: leave out, instead of failing, annotations whose prediction is missing, of another size
            or unreadable, and predictions that belong to no annotation. The result names them. A prediction
            that holds what is no class always fails.
        on_image: called for each scored picture, in the order of the names. Nothing of it is kept.
        absent: the convention of the mean IoU of single pictures, as in `ConfusionMatrix.scores`.
        keep_images: keep the counts of every picture by class, 3.6 kB each, from which `PerImage.bootstrap`
            takes confidence intervals.
        progress: show a progress bar on stderr when that is a terminal.

    Returns:
        `Evaluation`; its `matrix.scores()` are the scores.

    Raises:
        ValueError: for files that are missing, left over, mis-sized, unreadable, or hold other ids than was
            said; names the files of each kind.
        FileNotFoundError, NotADirectoryError: for a folder that is not there, is empty, or is none.

    Warns:
        UserWarning: when more pixels would agree if one side were numbered one higher or lower, which is what
            official ids taken for train ids look like.
    """
    for name, value in (("ids", ids), ("ground_truth_ids", ground_truth_ids)):
        if value not in get_args(Ids):
            raise ValueError(f"{name} is {value!r}, but it is 'official' (1..150) or 'train' (0..149).")
    predictions, ground_truth = Path(predictions), Path(ground_truth)
    predicted, strangers = _mask_files(predictions, "predictions")
    annotated, other_strangers = _mask_files(ground_truth, "ground truth")
    names = [name for name in annotated if name in predicted]
    if not names:
        raise ValueError(
            f"No prediction has the name of an annotation: in {predictions} they are called like "
            f"{next(iter(predicted.values()))}, in {ground_truth} like {next(iter(annotated.values()))}. "
            f"Cure: name each prediction as its annotation, and give folders that begin at the same level."
        )
    kind = "neither PNG nor NPY"
    total = _Counts(
        per_image=PerImage() if keep_images else None,
        missing=[file for name, file in annotated.items() if name not in predicted],
        extra=[file for name, file in predicted.items() if name not in annotated]
        + [f"{file} ({kind})" for file in strangers]
        + [f"{file} (in the ground truth, {kind})" for file in other_strangers],
    )
    job = _Job(predictions, ground_truth, ids, ground_truth_ids, on_image and absent, keep_images)
    batches = (
        [_Pair(name, predicted[name], annotated[name]) for name in names[i : i + _BATCH]]
        for i in range(0, len(names), _BATCH)
    )
    with strict_decoding(), _bar(len(names), progress) as bar:
        for counts in _in_order(partial(_count, job), batches):
            for image in counts.images:
                on_image(image)
            bar.update(counts.pairs)
            total.add(counts)
    scored = total.pairs - len(total.mis_sized) - len(total.unreadable) - len(total.wrong)
    evaluation = Evaluation(
        matrix=total.matrix,
        images=len(annotated),
        scored=scored,
        missing=tuple(total.missing),
        extra=tuple(total.extra),
        mis_sized=tuple(total.mis_sized),
        unreadable=tuple(total.unreadable),
        per_image=total.per_image,
    )
    if total.wrong or not (allow_missing and scored):
        _fail_if_any(evaluation, total.wrong, ids, ground_truth_ids)
    _warn_if_shifted(total.matrix)
    return evaluation


# --- which files --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    name: str
    prediction: str
    annotation: str


@dataclass(frozen=True, slots=True)
class _Job:
    predictions: Path
    ground_truth: Path
    ids: Ids
    ground_truth_ids: Ids
    score_images: Absent | None
    keep_images: bool


def _mask_files(folder: Path, what: str) -> tuple[dict[str, str], list[str]]:
    """Mask files below a folder, {path without ending: path}, sorted; and the other files."""
    if not folder.exists():
        parent = next(p for p in folder.absolute().parents if p.exists())
        raise FileNotFoundError(
            f"The {what} folder {folder} does not exist; the path is right as far as {parent}."
        )
    if not folder.is_dir():
        raise NotADirectoryError(f"The {what} {folder} is a file, but a folder of masks is needed.")
    if (folder / "images").is_dir() and (folder / "annotations").is_dir():
        raise ValueError(
            f"The {what} folder {folder} is a whole data set, with its pictures. Cure: give the masks of one "
            f"split, e.g. {folder / 'annotations' / 'validation'}"
        )
    files: dict[str, str] = {}
    strangers = []
    for file in sorted(_walk(folder)):
        suffix = PurePosixPath(file).suffix
        name = file.removesuffix(suffix)
        if suffix.lower() not in _SUFFIXES:
            strangers.append(file)
            continue
        if name in files:
            raise ValueError(
                f"In the {what} folder {folder}, {files[name]} and {file} are two masks of one name. Cure: "
                f"remove one."
            )
        files[name] = file
    if not files:
        holds = f"; it holds {', '.join(strangers[:3])}" if strangers else ""
        raise FileNotFoundError(f"The {what} folder {folder} has no masks (.png or .npy){holds}.")
    return files, strangers


def _walk(folder: Path) -> Iterator[str]:
    """All files below, as paths within the folder, but hidden ones and what Windows leaves behind."""

    def refuse(error: OSError) -> None:
        raise error  # os.walk would pass over a folder that it may not read

    for here, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if (link := Path(here, name)).is_symlink():
                raise ValueError(
                    f"{link} is a link to a folder, and links below a folder are not followed. Cure: give "
                    f"the folder that it points to, or copy it here."
                )
        for name in files:
            if not name.startswith(".") and name.lower() not in _PASSED_OVER:
                yield Path(here, name).relative_to(folder).as_posix()


# --- counting -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counts:
    """What some pairs came to."""

    matrix: ConfusionMatrix = field(default_factory=ConfusionMatrix)
    pairs: int = 0
    images: list[ImageScore] = field(default_factory=list)
    per_image: PerImage | None = None
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    mis_sized: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "_Counts") -> None:
        self.matrix += other.matrix
        self.pairs += other.pairs
        if self.per_image is not None:
            self.per_image.merge(other.per_image)
        self.mis_sized += other.mis_sized
        self.unreadable += other.unreadable
        self.wrong += other.wrong


def _count(job: _Job, pairs: Sequence[_Pair]) -> _Counts:
    counts = _Counts(pairs=len(pairs), per_image=PerImage() if job.keep_images else None)
    for pair in pairs:
        try:
            target = read_mask(job.ground_truth / pair.annotation, f"{pair.annotation} (in the ground truth)")
            prediction = read_mask(job.predictions / pair.prediction, pair.prediction)
        except (ValueError, TypeError, OSError) as error:
            counts.unreadable.append(str(error))
            continue
        if prediction.shape != target.shape:
            (height, width), (true_height, true_width) = prediction.shape, target.shape
            counts.mis_sized.append(
                f"{pair.prediction}: {width} x {height}, but its annotation is {true_width} x {true_height} "
                f"(width x height)"
            )
            continue
        try:
            target, prediction = _as_train_ids(target, prediction, pair, job)
        except ValueError as error:
            counts.wrong.append(str(error))
            continue
        if not job.score_images and counts.per_image is None:
            counts.matrix.update(prediction, target)
            continue
        matrix = ConfusionMatrix()  # of this picture alone
        matrix.update(prediction, target)
        counts.matrix += matrix
        sums = _image_sums(matrix.matrix)
        if job.score_images:
            counts.images.append(_image_score(pair.name, sums, job.score_images))
        if counts.per_image is not None:
            counts.per_image._add([pair.name], [sums])
    return counts


def _as_train_ids(
    target: npt.NDArray[np.integer], prediction: npt.NDArray[np.integer], pair: _Pair, job: _Job
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Both as bytes. The message of an error begins with the file that is to blame."""
    target = _to_train_ids(target, job.ground_truth_ids, f"{pair.annotation} (in the ground truth)")
    prediction = _to_train_ids(prediction, job.ids, pair.prediction)
    if prediction.max(initial=0) == labels.IGNORE:  # rare, so most pictures are spared the comparison
        wrong = (prediction == labels.IGNORE) & (target != labels.IGNORE)
        if wrong.any():
            stored = "0 (other)" if job.ids == "official" else "255 (ignore)"
            raise ValueError(
                f"{pair.prediction}: {stored} at {_checks.position(_checks.first_of(wrong))}, where the "
                f"annotation has a label ({_checks.pixels(int(wrong.sum()))} in all)"
            )
    return target, prediction


def _to_train_ids(mask: npt.NDArray[np.integer], ids: Ids, name: str) -> npt.NDArray[np.uint8]:
    """Bytes, whatever the file's type; refuses what are no such ids."""
    highest = labels.NUM_CLASSES if ids == "official" else labels.NUM_CLASSES - 1
    if mask.size and (mask.min() < 0 or mask.max() > highest):
        wrong = (mask < 0) | (mask > highest)
        allowed = "0 (other) and 1..150"
        if ids == "train":
            wrong &= mask != labels.IGNORE
            allowed = "0..149 and 255 (ignore)"
        if wrong.any():
            first = _checks.first_of(wrong)
            raise ValueError(
                f"{name}: {int(mask[first])} at {_checks.position(first)} "
                f"({_checks.pixels(int(wrong.sum()))} out of range), but {ids} ids are {allowed}"
            )
    mask = mask.astype(np.uint8, copy=False)
    return labels.to_train_ids(mask) if ids == "official" else mask


def _image_score(name: str, sums: npt.NDArray[np.int64], absent: Absent) -> ImageScore:
    right, labeled, _ = sums
    pixels = int(labeled.sum())
    return ImageScore(
        name=name,
        labeled_pixels=pixels,
        pixel_accuracy=int(right.sum()) / pixels if pixels else math.nan,
        mean_iou=float(_image_means(sums[None], absent)[0]),
        classes=np.count_nonzero(labeled),
    )


def _in_order(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """`map` in threads, in the order of the items, with no more of them in memory than keep the threads busy.

    Threads and not processes: Pillow's decoder and the counting let go of the interpreter while they work, so
    two threads decode 1.75 times as fast as one, and nothing has to be started, imported or sent again.
    """
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = ThreadPoolExecutor(workers, thread_name_prefix="adebook-evaluate")
    waiting = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _bar(total: int, wanted: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, unit="image", disable=None if wanted else True)


# --- what is wrong ------------------------------------------------------------------------------------------


def _fail_if_any(evaluation: Evaluation, wrong: Sequence[str], ids: Ids, ground_truth_ids: Ids) -> None:
    report = _report(evaluation)
    if wrong:
        other = {"official": "train", "train": "official"}
        cure = (
            f"Were these masks made with {other[ids]} ids? Then say --ids {other[ids]}, or "
            f"ids={other[ids]!r} in Python. (Annotations were read as {ground_truth_ids} ids: "
            f"--ground-truth-ids.) A model must predict one of the 150 classes at every labeled pixel."
        )
        report.append(_group("file holds", "files hold", "what is no class", wrong, cure))
    if report:
        raise ValueError("\n".join(report) + "\nNothing was scored.")


def _report(evaluation: Evaluation) -> list[str]:
    """What could not be scored, one text for each kind that there is."""
    kinds = [
        _group("prediction is", "predictions are", "missing", evaluation.missing),
        _group("file belongs", "files belong", "to no annotation", evaluation.extra),
        _group(
            "prediction has", "predictions have", "another size than the annotation", evaluation.mis_sized,
            "Cure: resize the model's scores to the size of the annotation before argmax, never a mask.",
        ),
        _group("file is", "files are", "unreadable", evaluation.unreadable),
    ]  # fmt: skip
    return [kind for kind in kinds if kind]


def _group(one: str, many: str, what: str, names: Sequence[str], cure: str = "") -> str:
    if not names:
        return ""
    lines = [f"{len(names):,} {one if len(names) == 1 else many} {what}:"]
    lines += [f"  {name}" for name in names[:_LISTED]]
    if len(names) > _LISTED:
        lines.append(f"  and {len(names) - _LISTED:,} more")
    return "\n".join([*lines, cure] if cure else lines)


def _warn_if_shifted(matrix: ConfusionMatrix) -> None:
    counts = matrix.matrix
    right, total = int(np.trace(counts)), int(counts.sum())
    shifted = max(int(np.trace(counts, offset)) for offset in (1, -1))
    if shifted > right:
        warnings.warn(
            f"{shifted / total:.1%} of the labeled pixels would agree if the predictions were numbered one "
            f"higher or lower, and only {right / total:.1%} agree as they are. Official ids taken for train "
            f"ids, or the other way round, look like this. Cure: check --ids and --ground-truth-ids (ids "
            f"and ground_truth_ids in Python).",
            UserWarning,
            stacklevel=3,
        )


# --- the command --------------------------------------------------------------------------------------------


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `adebook evaluate`."""
    parser.description = (
        "Score a folder of predicted masks (PNG or NPY) against a folder of annotations. A prediction has "
        "the size of its annotation and the same path in its folder, whatever the endings."
    )
    parser.add_argument("predictions", metavar="PREDICTIONS", type=Path, help="folder of predicted masks")
    parser.add_argument(
        "ground_truth",
        metavar="GROUND_TRUTH",
        type=Path,
        help="folder of annotations, e.g. ADEChallengeData2016/annotations/validation",
    )
    parser.add_argument(
        "--ids",
        choices=get_args(Ids),
        required=True,
        help="what the predictions hold: official ids 1..150, or train ids 0..149. This is never guessed",
    )
    parser.add_argument(
        "--ground-truth-ids",
        choices=get_args(Ids),
        default="official",
        help="what the annotations hold: official ids as MIT ships them (0 = other; the default), or train "
        "ids (255 = ignore)",
    )
    parser.add_argument(
        "--absent",
        choices=get_args(Absent),
        default="exclude",
        help="what the means do with classes that do not occur: exclude (the default, as on leaderboards), "
        "zero (as in MIT's devkit), exclude_unlabeled (leave out also what was predicted but never labeled)",
    )
    parser.add_argument(
        "--allow-missing",
        action="store_true",
        help="score what can be scored when predictions are missing, left over, mis-sized or unreadable",
    )
    parser.add_argument(
        "--interval",
        action="store_true",
        help="show how far the mean IoU would move with other images of the same kind (95 %% bootstrap)",
    )
    parser.add_argument("--per-class", action="store_true", help="print the scores of every class, too")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all of it as JSON")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write the scores by class as CSV")
    parser.add_argument("--per-image", metavar="FILE", type=Path, help="write the scores by image as CSV")


def run(args: argparse.Namespace) -> int:
    """`adebook evaluate`: print the scores, and write the files that were asked for when all went well."""
    outputs = _outputs(args)
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as rows:
        table = csv.writer(rows, lineterminator="\n")
        table.writerow(ImageScore.__slots__)
        evaluation = evaluate_folders(
            args.predictions,
            args.ground_truth,
            ids=args.ids,
            ground_truth_ids=args.ground_truth_ids,
            allow_missing=args.allow_missing,
            absent=args.absent,
            keep_images=args.interval,
            on_image=(lambda image: table.writerow(_cells(image))) if args.per_image else None,
            progress=True,
        )
        for kind in _report(evaluation):
            warnings.warn(kind, UserWarning, stacklevel=2)
        scores = evaluation.matrix.scores(args.absent)
        interval = evaluation.per_image.bootstrap(absent=args.absent) if args.interval else None
        writers = {
            "json": lambda file: _write_json(file, args, evaluation, scores, interval),
            "csv": lambda file: _write_classes(file, evaluation, scores),
            "per_image": lambda file: _copy(rows, file),
        }
        _write_all({outputs[name]: writers[name] for name in outputs})
    print(_summary(evaluation, scores, interval))
    if args.per_class:
        print(scores.table().to_string(na_rep="", float_format="{:.4f}".format))
    return 0


def _outputs(args: argparse.Namespace) -> dict[str, Path]:
    """The files to write, {option: path}, after making sure that they can be."""
    outputs: dict[str, Path] = {}
    for name in ("json", "csv", "per_image"):
        given = getattr(args, name)
        if given is None:
            continue
        option, path = f"--{name.replace('_', '-')}", given.resolve()  # a link stays one
        if path.exists() and not path.is_file():
            raise ValueError(f"{option} {given} is there and is no file. Cure: name a file.")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{option} {given}: the folder {path.parent} does not exist.")
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(f"{option} {given}: nothing can be written to the folder {path.parent}.")
        if path in outputs.values():
            raise ValueError(f"{option} {given} is the file of another option. Cure: name two files.")
        outputs[name] = path
    return outputs


def _write_all(writers: dict[Path, Callable[[IO[str]], None]]) -> None:
    """Write files whole or not at all: each under another name first, and none renamed before all are
    written."""
    parts: dict[Path, Path] = {}
    try:
        for path, write in writers.items():
            parts[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            with parts[path].open("w", encoding="utf-8", newline="") as file:
                write(file)
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _cells(image: ImageScore) -> list[Any]:
    return [_known(getattr(image, name), "") for name in ImageScore.__slots__]


def _known(value: Any, unknown: Any = None) -> Any:
    return unknown if isinstance(value, float) and math.isnan(value) else value


def _copy(source: IO[str], target: IO[str]) -> None:
    source.seek(0)
    for chunk in iter(partial(source.read, 1 << 20), ""):
        target.write(chunk)


def _classes(scores: Scores) -> list[dict[str, Any]]:
    """What `Scores.table` holds, without pandas, which takes longer to import than a folder to score."""
    return [
        {
            "train_id": c.id - 1,
            "id": c.id,
            "name": c.name,
            **{name: _known(getattr(scores, name)[c.id - 1].item()) for name in _BY_CLASS},
        }
        for c in CLASSES
    ]


def _write_classes(file: IO[str], evaluation: Evaluation, scores: Scores) -> None:
    """Every row says how many images it is about."""
    rows = [
        row | {"images_scored": evaluation.scored, "images": evaluation.images} for row in _classes(scores)
    ]
    table = csv.DictWriter(file, rows[0], lineterminator="\n")
    table.writeheader()
    table.writerows(rows)


_BY_CLASS = ("iou", "dice", "precision", "recall", "labeled_pixels", "predicted_pixels")
_MEANS = ("mean_iou", "pixel_accuracy", "mean_accuracy", "frequency_weighted_iou", "mit_score")


def _write_json(
    file: IO[str], args: argparse.Namespace, evaluation: Evaluation, scores: Scores, interval: Interval | None
) -> None:
    result = {
        "predictions": str(args.predictions),
        "ground_truth": str(args.ground_truth),
        "ids": args.ids,
        "ground_truth_ids": args.ground_truth_ids,
        "images": evaluation.images,
        "images_scored": evaluation.scored,
        "summary": str(evaluation),
        "absent": scores.absent,
        **{name: _known(getattr(scores, name)) for name in _MEANS},
        "mean_iou_interval": interval and {
            "low": interval.low, "high": interval.high, "confidence": interval.confidence,
            "resamples": len(interval.values), "images": interval.images,
        },
        "labeled_pixels": int(scores.labeled_pixels.sum()),
        "missing": evaluation.missing,
        "extra": evaluation.extra,
        "mis_sized": evaluation.mis_sized,
        "unreadable": evaluation.unreadable,
        "classes": _classes(scores),
    }  # fmt: skip
    json.dump(result, file, indent=1, allow_nan=False, ensure_ascii=False)
    file.write("\n")


def _summary(evaluation: Evaluation, scores: Scores, interval: Interval | None) -> str:
    *lines, convention = str(scores).splitlines()
    if interval is not None:
        lines.insert(
            1,
            f"  {100 * interval.confidence:g} % interval        {interval.low:.6f} to {interval.high:.6f} "
            f"({len(interval.values):,} resamples of the images)",
        )
    if not evaluation.complete:  # a number that is copied alone must still say so
        lines = [f"{line}  ({evaluation})" for line in lines]
    pixels = _checks.pixels(int(scores.labeled_pixels.sum()))
    return "\n".join([f"{evaluation}: {pixels} with a label", *lines, convention])
