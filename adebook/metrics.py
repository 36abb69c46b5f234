"""Scores of semantic segmentation: exact, at the speed of memory, with every convention by name.

`ConfusionMatrix` counts pixels of a whole data set, `PerImage` keeps the counts of each picture apart,
`BoundaryIoU` counts only along outlines. All give `Scores`.

"Mean IoU" is six numbers in the wild. What this module leaves open is an argument, and what it prints says
which was chosen:

- Pixels labeled "ignore" (255, official id 0) count nowhere, neither as miss nor as false alarm: MIT's
  devkit, mmsegmentation and torchmetrics (`ignore_index=255`) agree on that.
- Intersections and unions are summed over all pictures first and divided once. Averaging the IoU of single
  pictures gives another number: `PerImage.mean_iou`.
- Classes that occur nowhere are left out of the mean (`absent="exclude"`: mmsegmentation, Hugging Face
  evaluate, torchmetrics) or count as 0 (`absent="zero"`: MIT's devkit, segmentation-models-pytorch). On all
  2,000 validation pictures every class occurs and the two agree; on a part of them they can differ by a
  factor of ten. `absent="exclude_unlabeled"` leaves out classes that were predicted but never labeled, too.
"""

import operator
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from adebook import _checks
from adebook.classes import CLASSES

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from adebook._cuda import DeviceCounts

__all__ = ["Absent", "ConfusionMatrix", "Scores"]

Absent: TypeAlias = Literal["exclude", "zero", "exclude_unlabeled"]

_ABSENT = {
    "exclude": "mean over the classes that occur",
    "zero": "mean over all classes, absent ones count as 0, as in MIT's devkit",
    "exclude_unlabeled": "mean over the classes that occur in the labels",
}


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    r"""Scores computed from a confusion matrix $n$ of $C$ classes, $n_{ij}$ = pixels of class $i$ predicted
    as $j$.

    With $t_i = \sum_j n_{ij}$ (labeled as $i$) and $p_i = \sum_j n_{ji}$ (predicted as $i$):

    Attributes:
        iou: $n_{ii} / (t_i + p_i - n_{ii})$ per class, float64 [C]; NaN where a class occurs in neither
            labels nor predictions. The Jaccard index.
        mean_iou: mean of `iou` by the convention `absent`; "mIoU" of the leaderboards.
        pixel_accuracy: $\sum_i n_{ii} / \sum_i t_i$, over labeled pixels.
        mean_accuracy: mean of `recall` by the convention `absent` (unless that is "zero": over the classes
            in the labels).
        frequency_weighted_iou: $\sum_i t_i \, \mathrm{IoU}_i / \sum_i t_i$.
        mit_score: (pixel_accuracy + mean_iou) / 2, by which the 2016 and 2017 challenges ranked.
        dice: $2 n_{ii} / (t_i + p_i)$ per class, float64 [C], NaN where absent. The F1 score.
        precision: $n_{ii} / p_i$ per class, float64 [C], NaN where never predicted.
        recall: $n_{ii} / t_i$ per class, float64 [C], NaN where not in the labels. The class accuracy.
        labeled_pixels: $t_i$, int64 [C].
        predicted_pixels: $p_i$, int64 [C].
        absent: the convention of the means: "exclude", "zero" or "exclude_unlabeled".

    Convention:
        - Shares, 0..1, higher is better; nothing is in percent.
        - Ignored pixels are in none of the sums.
        - The attributes per class do not depend on `absent`; the means do.
    """

    iou: npt.NDArray[np.float64]
    mean_iou: float
    pixel_accuracy: float
    mean_accuracy: float
    frequency_weighted_iou: float
    mit_score: float
    dice: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    labeled_pixels: npt.NDArray[np.int64]
    predicted_pixels: npt.NDArray[np.int64]
    absent: Absent

    @property
    def num_classes(self) -> int:
        """How many classes there are, C."""
        return len(self.iou)

    @property
    def num_present(self) -> int:
        """How many classes occur in the labels or the predictions."""
        return int(np.count_nonzero(~np.isnan(self.iou)))

    def __str__(self) -> str:
        lines = [
            ("mean IoU", self.mean_iou),
            ("pixel accuracy", self.pixel_accuracy),
            ("mean accuracy", self.mean_accuracy),
            ("frequency-weighted IoU", self.frequency_weighted_iou),
            ("MIT score", self.mit_score),
        ]
        convention = f'absent="{self.absent}": {_ABSENT[self.absent]}'
        body = "\n".join(f"{label:<24}{value:.6f}" for label, value in lines)
        return (
            f"{body}\n({convention}; {self.num_present} of {self.num_classes} occur; ignored pixels left out)"
        )

    def __repr__(self) -> str:
        return (
            f"Scores(mean_iou={self.mean_iou:.6f}, pixel_accuracy={self.pixel_accuracy:.6f}, "
            f"absent={self.absent!r}, {self.num_present} of {self.num_classes} classes occur)"
        )

    def table(self) -> "pd.DataFrame":
        """The scores by class, one row each, as a DataFrame.

        With 150 classes the index is `train_id`, and the columns `id` (official) and `name` come first; with
        another number of classes, which are not ADE20K's, the index is `class_index`. The other columns are
        `iou`, `dice`, `precision`, `recall` (shares, NaN where undefined), `labeled_pixels` and
        `predicted_pixels`.
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        if self.num_classes == len(CLASSES):
            columns["id"] = [c.id for c in CLASSES]
            columns["name"] = [c.name for c in CLASSES]
        for name in ("iou", "dice", "precision", "recall", "labeled_pixels", "predicted_pixels"):
            columns[name] = getattr(self, name)
        name = "train_id" if self.num_classes == len(CLASSES) else "class_index"
        return pd.DataFrame(columns, index=pd.RangeIndex(self.num_classes, name=name))


class ConfusionMatrix:
    r"""Counts which class was predicted where which was labeled, over as many pictures as you like.

    $n_{ij}$ = number of pixels with label $i$ and prediction $j$. Integers, so the result does not depend on
    the order of the pictures, on batching, or on the device.

    Args:
        num_classes: how many classes, C. Labels and predictions are train ids 0..C-1.
        ignore_index: the label that marks pixels to leave out; None when there is none. It must not be a
            class.

    Convention:
        - Rows are the ground truth, columns the prediction.
        - A pixel labeled `ignore_index` is left out, whatever was predicted there, be it no class at all.
        - A prediction of `ignore_index` on a labeled pixel is refused: it would have to be counted as
          something, and libraries differ in what. A model for this benchmark predicts one of its C classes
          everywhere.
        - Official ids must be converted first: `adebook.labels.to_train_ids`.

    Example:
        >>> cm = ConfusionMatrix(num_classes=3)
        >>> cm.update(prediction=[[0, 1], [2, 2]], target=[[0, 1], [1, 255]])
        >>> cm.matrix
        array([[1, 0, 0],
               [0, 1, 1],
               [0, 0, 0]])
        >>> cm.scores().mean_iou  # (1 + 1/2 + 0) / 3: class 2 was predicted, so it counts
        0.5
    """

    def __init__(self, num_classes: int = 150, ignore_index: int | None = 255) -> None:
        self.num_classes = operator.index(num_classes)
        self.ignore_index = None if ignore_index is None else operator.index(ignore_index)
        if self.num_classes < 1:
            raise ValueError(f"num_classes is {num_classes}, but at least one class is needed.")
        if self.ignore_index is not None and 0 <= self.ignore_index < self.num_classes:
            raise ValueError(
                f"ignore_index {ignore_index} is also a class (0..{self.num_classes - 1}). Cure: number the "
                f"classes from 0 without the ignored one; adebook.labels.to_train_ids does so for ADE20K."
            )
        self._matrix = np.zeros((self.num_classes, self.num_classes), dtype=np.int64)
        self._on_devices: dict[torch.device, DeviceCounts] = {}

    @classmethod
    def from_matrix(cls, matrix: npt.ArrayLike, ignore_index: int | None = 255) -> Self:
        """A confusion matrix that starts with these counts, e.g. another tool's.

        Args:
            matrix: [C, C], integers from 0, rows = ground truth, columns = prediction. It is copied.
            ignore_index: as in the class.

        Raises:
            ValueError: when it is not square or holds a negative count.
            TypeError: when it does not hold integers.
        """
        counts = _checks.as_labels(matrix, "matrix")
        if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
            raise ValueError(
                f"matrix has shape {counts.shape}, but a confusion matrix is square: [num_classes, "
                f"num_classes], rows = ground truth, columns = prediction."
            )
        if counts.size and counts.min() < 0:
            raise ValueError(f"matrix holds {counts.min()}, but counts of pixels are not negative.")
        made = cls(len(counts), ignore_index)
        made._matrix += counts.astype(np.int64)
        return made

    @property
    def matrix(self) -> npt.NDArray[np.int64]:
        """The counts, int64 [C, C], rows = ground truth, columns = prediction; a read-only view.

        Reading it waits for what was counted on other devices.

        Raises:
            ValueError: when an update on another device was refused, see `update`.
        """
        for counts in self._on_devices.values():
            self._matrix += counts.read()
            counts.reset()
        view = self._matrix.view()
        view.flags.writeable = False
        return view

    def update(self, prediction: _checks.LabelsLike, target: _checks.LabelsLike) -> None:
        """Add the pixels of one picture or a batch. After an error the matrix is as it was before.

        Args:
            prediction: train ids 0..C-1, any shape, any integer dtype; NumPy array, torch tensor, PIL image
                or nested list. What it holds where the target is `ignore_index` does not matter.
            target: train ids 0..C-1 or `ignore_index`, of the same shape.

        Raises:
            ValueError: for different shapes, tensors on different devices, or values out of range: says which
                argument, which value, where first and how many pixels.
            TypeError: for floats and booleans.

        Convention:
            - Bytes (uint8) are counted fastest: they are an eighth of the memory of int64.
            - Tensors on a CUDA device are counted there, and `update` does not wait for it. Values out of
              range are then reported by whatever reads the counts next (`matrix`, `scores`); the update
              that held them has counted nothing.
        """
        device = _device_of(prediction=prediction, target=target)
        if device is not None:
            for name, value in (("prediction", prediction), ("target", target)):
                _checks.as_labels(value.new_empty(0, device="cpu"), name)  # refuses what is no integer
            self._check_shapes(tuple(prediction.shape), tuple(target.shape))
            self._counts_on(device).add(prediction, target)
            return
        self._matrix += self._count(
            _checks.as_labels(prediction, "prediction"), _checks.as_labels(target, "target")
        )

    def update_from_logits(self, logits: "torch.Tensor | npt.ArrayLike", target: _checks.LabelsLike) -> None:
        """Add the pixels of a batch for which a model gave scores by class, at any resolution.

        The counts are bit for bit those of upsampling the logits to the size of the target (bilinear,
        `align_corners=False`, float32), taking argmax over the classes and `update`, but the upsampled
        tensor, C times as large as the target, never exists.

        Args:
            logits: [N, C, h, w], floating point; torch tensor on any device, or NumPy array.
            target: [N, H, W], train ids 0..C-1 or `ignore_index`, on the same device.

        Raises:
            ValueError: for NaN, another number of classes, shapes that do not fit, different devices, or
                target values out of range.
            TypeError: for logits that are not floating point, or a target that is not integer.

        Convention:
            - As in `update`, nothing is counted after an error, and CUDA tensors are counted on their device
              without waiting.
        """
        device = _device_of(logits=logits, target=target)
        if device is not None:
            self._counts_on(device).add_from_logits(logits, target)
            return
        from adebook import _logits

        self._matrix += _logits.count_from_logits(logits, target, self.num_classes, self.ignore_index)

    def _counts_on(self, device: "torch.device") -> "DeviceCounts":
        if device not in self._on_devices:
            from adebook._cuda import DeviceCounts

            self._on_devices[device] = DeviceCounts(self.num_classes, self.ignore_index, device)
        return self._on_devices[device]

    def _check_shapes(self, predicted: tuple[int, ...], labeled: tuple[int, ...]) -> None:
        if predicted == labeled:
            return
        hint = ""
        if len(predicted) == len(labeled) + 1 and self.num_classes in predicted:
            hint = " The prediction has a class axis: take argmax over it, or call update_from_logits."
        raise ValueError(
            f"prediction has shape {predicted} and target {labeled}, but they must be equal.{hint} Cure: "
            f"score at the size of the labels; resize logits before argmax, never the labels."
        )

    def _count(
        self, predicted: npt.NDArray[np.integer], labeled: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.int64]:
        """The matrix of these pixels alone, after all checks."""
        from adebook import _counting  # imports numba, which takes longer than everything else here

        self._check_shapes(predicted.shape, labeled.shape)
        counts = _counting.count(predicted, labeled, self.num_classes, self.ignore_index)
        if counts is None:
            self._refuse(predicted, labeled)
        return counts

    def _refuse(self, predicted: npt.NDArray[np.integer], labeled: npt.NDArray[np.integer]) -> NoReturn:
        """Look for what was wrong. That may take its time, because it ends in an error."""
        counted = np.ones(labeled.shape, bool) if self.ignore_index is None else labeled != self.ignore_index
        name, values, wrong = "target", labeled, self._no_class(labeled) & counted
        if not wrong.any():
            name, values, wrong = "prediction", predicted, self._no_class(predicted) & counted
            ignored = wrong & (predicted == self.ignore_index)  # nothing equals None
            if ignored.any():
                raise ValueError(
                    f"prediction is {self.ignore_index} (ignore) at "
                    f"{_checks.position(_checks.first_of(ignored))}, where the target is labeled "
                    f"({_checks.pixels(int(ignored.sum()))} in all). Only labels can be ignored. Cure: predict "
                    f"one of the classes 0..{self.num_classes - 1} everywhere. Nothing was counted."
                )
        first = _checks.first_of(wrong)
        value = int(values[first])
        allowed = f"0..{self.num_classes - 1}"
        if name == "target" and self.ignore_index is not None:
            allowed += f" and {self.ignore_index} (ignore)"
        if value == self.num_classes == len(CLASSES):
            cure = "150 among train ids looks like official ids; adebook.labels.to_train_ids converts them."
        elif value == 255 and name == "target":
            cure = "255 marks ignored pixels: make the matrix with ignore_index=255."
        else:
            cure = "Cure: convert official ids with adebook.labels.to_train_ids, or set num_classes."
        raise ValueError(
            f"{name} holds {value} at {_checks.position(first)} ({_checks.pixels(int(wrong.sum()))} out of "
            f"range), but train ids are {allowed}. {cure} Nothing was counted."
        )

    def _no_class(self, values: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        return (values < 0) | (values >= self.num_classes)

    def merge(self, other: "ConfusionMatrix") -> Self:
        """Add the counts of another matrix, e.g. of another worker, in place.

        Raises:
            ValueError: when the two count different classes or ignore different labels.
        """
        if not isinstance(other, ConfusionMatrix):
            raise TypeError(f"Expected a ConfusionMatrix, got {type(other).__name__}.")
        self._check_alike(other, "merge")
        self._matrix += other.matrix
        return self

    def _check_alike(self, other: "ConfusionMatrix", what: str) -> None:
        mine, theirs = (self.num_classes, self.ignore_index), (other.num_classes, other.ignore_index)
        if mine != theirs:
            raise ValueError(
                f"Cannot {what}: this matrix has num_classes={mine[0]}, ignore_index={mine[1]}, the other "
                f"num_classes={theirs[0]}, ignore_index={theirs[1]}. Cure: make both alike."
            )

    def __iadd__(self, other: "ConfusionMatrix") -> Self:
        return self.merge(other) if isinstance(other, ConfusionMatrix) else NotImplemented

    def __add__(self, other: "ConfusionMatrix") -> "ConfusionMatrix":
        if not isinstance(other, ConfusionMatrix):
            return NotImplemented
        return ConfusionMatrix(self.num_classes, self.ignore_index).merge(self).merge(other)

    def reset(self) -> None:
        """Forget all counts."""
        self._matrix[:] = 0
        self._on_devices.clear()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes: `num_classes`, `ignore_index` and `matrix` (a copy, int64 [C, C])."""
        return {
            "num_classes": self.num_classes,
            "ignore_index": self.ignore_index,
            "matrix": self.matrix.copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Replace the counts by those of `state_dict`, made with the same `num_classes` and `ignore_index`.

        Raises:
            ValueError: when a key is missing or unknown, the two differ, or the matrix is none.
            TypeError: when the matrix does not hold integers.
        """
        expected = {"num_classes", "ignore_index", "matrix"}
        if set(state) != expected:
            raise ValueError(f"The state has the keys {sorted(state)}, but needs {sorted(expected)}.")
        loaded = ConfusionMatrix.from_matrix(state["matrix"], state["ignore_index"])
        if loaded.num_classes != state["num_classes"]:
            raise ValueError(
                f"The state has num_classes={state['num_classes']}, but its matrix has {loaded.num_classes} "
                f"classes."
            )
        self._check_alike(loaded, "load the state")
        self.reset()
        self._matrix += loaded._matrix

    def all_reduce(self, group: Any = None) -> None:
        """Add up the counts of all processes of `torch.distributed`, so that each then holds the total.

        Call it once, in every process, after the last update; a second call would count everything again.
        Integers are added, so nothing depends on the order or the number of processes.

        Args:
            group: the process group; None is all processes.

        Raises:
            RuntimeError: when `torch.distributed` was not initialized, or when another process holds a
                matrix of other classes or a refused update. Nothing has changed then.
            ValueError: when an update of this process was refused on its device, see `update`.
        """
        import torch
        from torch import distributed

        if not (distributed.is_available() and distributed.is_initialized()):
            raise RuntimeError(
                "torch.distributed is not initialized, so there are no processes to add up. Cure: start with "
                "torchrun and call torch.distributed.init_process_group() first; in a single process leave "
                "all_reduce out; without torch.distributed send state_dict() and use merge."
            )
        counts, refused = self._matrix, None
        try:
            counts = self.matrix
        except ValueError as error:  # the others must hear of it, or they would wait forever
            refused = error
        everybody: list[Any] = [None] * distributed.get_world_size(group)
        mine = (self.num_classes, self.ignore_index, refused is not None)
        distributed.all_gather_object(everybody, mine, group=group)
        if refused is not None:
            raise refused
        classes, ignored, failed = zip(*everybody, strict=True)
        if any(failed):
            raise RuntimeError(
                f"An update was refused in process {failed.index(True)} of the group, which says why. "
                f"Nothing was added up."
            )
        if len(set(classes)) > 1 or len(set(ignored)) > 1:
            raise RuntimeError(
                f"The processes count differently: num_classes {list(classes)}, ignore_index "
                f"{list(ignored)}. Cure: make the matrices alike. Nothing was added up."
            )
        on_gpu = distributed.get_backend(group) == "nccl"  # which takes no other tensors
        device = torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")
        total = torch.tensor(counts, device=device)
        distributed.all_reduce(total, group=group)
        self._matrix[:] = total.cpu().numpy()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_matrix": self.matrix.copy(), "_on_devices": {}}

    def __repr__(self) -> str:
        total = int(self.matrix.sum())
        return (
            f"ConfusionMatrix(num_classes={self.num_classes}, ignore_index={self.ignore_index}, "
            f"{_checks.pixels(total)} counted)"
        )

    def scores(self, absent: Absent = "exclude") -> Scores:
        r"""Scores of everything counted so far.

        mIoU is $\frac{1}{|K|}\sum_{i \in K} \frac{n_{ii}}{t_i + p_i - n_{ii}}$; `absent` decides what K is.

        Args:
            absent: "exclude": K = classes that occur in the labels or in the predictions (mmsegmentation,
                Hugging Face evaluate, torchmetrics, and with them the published leaderboards). "zero": K =
                all C classes, and one that occurs nowhere scores 0 (evaluationCode of
                CSAILVision/sceneparsing); a perfect prediction of pictures that show 15 of the 150 classes
                then scores 0.1. "exclude_unlabeled": K = classes that occur in the labels, so that predicting
                a class that is nowhere costs only the classes that stood there.

        Returns:
            `Scores`. Before anything was counted, all of them are NaN, with a warning.
        """
        _check_absent(absent)
        matrix = self.matrix
        return _scores(np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0), absent)


def _device_of(**arguments: Any) -> "torch.device | None":
    """The device other than the CPU that holds both, or None when both are on the CPU.

    Raises:
        ValueError: when they are on different devices.
    """
    cpu = "the CPU"
    places = {
        name: value.device if _checks.is_tensor(value) and value.device.type != "cpu" else cpu
        for name, value in arguments.items()
    }
    (first, one), (second, other) = places.items()
    if one != other:
        raise ValueError(
            f"{first} is on {one} and {second} on {other}, but they must be on one device. Cure: "
            f"{second}.to({first}.device), or .cpu() for both."
        )
    return None if one == cpu else one


def _check_absent(absent: str) -> None:
    if absent not in _ABSENT:
        raise ValueError(
            f"absent is {absent!r}, but it is 'exclude' (the usual), 'zero' (MIT's devkit) or "
            f"'exclude_unlabeled' (only classes in the labels)."
        )


def _scores(
    intersection: npt.NDArray[np.int64],
    labeled: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    absent: Absent,
    stacklevel: int = 3,
) -> Scores:
    r"""`Scores` from $n_{ii}$, $t_i$ and $p_i$, each [C]."""
    total = int(labeled.sum())
    iou = _divide(intersection, labeled + predicted - intersection)
    recall = _divide(intersection, labeled)
    if total == 0:
        warnings.warn(
            "No labeled pixel was counted, so every score is NaN.", UserWarning, stacklevel=stacklevel
        )
        mean_iou = pixel_accuracy = mean_accuracy = weighted = float("nan")
    else:
        mean_iou = float(_mean(iou, labeled, absent))
        mean_accuracy = float(_mean(recall, labeled, absent))
        pixel_accuracy = float(intersection.sum() / total)
        weighted = float(np.nansum(labeled * iou) / total)
    return Scores(
        iou=iou,
        mean_iou=mean_iou,
        pixel_accuracy=pixel_accuracy,
        mean_accuracy=mean_accuracy,
        frequency_weighted_iou=weighted,
        mit_score=(pixel_accuracy + mean_iou) / 2,
        dice=_divide(2 * intersection, labeled + predicted),
        precision=_divide(intersection, predicted),
        recall=recall,
        labeled_pixels=labeled,
        predicted_pixels=predicted,
        absent=absent,
    )


def _divide(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Element by element; NaN where the denominator is 0."""
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _mean(
    values: npt.NDArray[np.float64], labeled: npt.NDArray[Any], absent: Absent
) -> npt.NDArray[np.float64]:
    """The mean over classes, which are the last axis; NaN where there is none to take it over."""
    if absent == "zero":
        return np.where(labeled.any(axis=-1), np.nan_to_num(values).mean(axis=-1), np.nan)
    kept = ~np.isnan(values) if absent == "exclude" else labeled > 0
    return _divide(np.where(kept, values, 0).sum(axis=-1), kept.sum(axis=-1))
