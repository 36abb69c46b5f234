"""Scores of semantic segmentation from one confusion matrix: exact, in NumPy, with every convention by name.

"Mean IoU" is six numbers in the wild. What this module leaves open is an argument, and what it prints says
which was chosen:

- Pixels labeled "ignore" (255, official id 0) count nowhere, neither as miss nor as false alarm: MIT's
  devkit, mmsegmentation and torchmetrics (`ignore_index=255`) agree on that.
- Intersections and unions are summed over all pictures first and divided once. Averaging the IoU of single
  pictures gives another number.
- Classes that occur nowhere are left out of the mean (`absent="exclude"`: mmsegmentation, Hugging Face
  evaluate, torchmetrics) or count as 0 (`absent="zero"`: MIT's devkit). On all 2,000 validation pictures
  every class occurs and the two agree; on a part of them they can differ by a factor of ten.
"""

import operator
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from adebook import _checks
from adebook.classes import CLASSES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Absent", "ConfusionMatrix", "Scores"]

Absent: TypeAlias = Literal["exclude", "zero"]

_ABSENT = {
    "exclude": "mean over the classes that occur",
    "zero": "mean over all classes, absent ones count as 0, as in MIT's devkit",
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
        mean_accuracy: mean of `recall` by the convention `absent` (with "exclude": over classes in the
            labels).
        frequency_weighted_iou: $\sum_i t_i \, \mathrm{IoU}_i / \sum_i t_i$.
        mit_score: (pixel_accuracy + mean_iou) / 2, by which the 2016 and 2017 challenges ranked.
        dice: $2 n_{ii} / (t_i + p_i)$ per class, float64 [C], NaN where absent. The F1 score.
        precision: $n_{ii} / p_i$ per class, float64 [C], NaN where never predicted.
        recall: $n_{ii} / t_i$ per class, float64 [C], NaN where not in the labels. The class accuracy.
        labeled_pixels: $t_i$, int64 [C].
        predicted_pixels: $p_i$, int64 [C].
        absent: the convention of the means, "exclude" or "zero".

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

    @property
    def matrix(self) -> npt.NDArray[np.int64]:
        """The counts, int64 [C, C], rows = ground truth, columns = prediction; a read-only view."""
        view = self._matrix.view()
        view.flags.writeable = False
        return view

    def update(self, prediction: _checks.LabelsLike, target: _checks.LabelsLike) -> None:
        """Add the pixels of one picture or a batch. After an error the matrix is as it was before.

        Args:
            prediction: train ids 0..C-1, any shape, integer; NumPy array or torch tensor on any device. What
                it holds where the target is `ignore_index` does not matter.
            target: train ids 0..C-1 or `ignore_index`, of the same shape.

        Raises:
            ValueError: for different shapes, or values out of range: says which argument, which value, where
                first and how many pixels.
            TypeError: for floats and booleans.
        """
        predicted = _checks.as_labels(prediction, "prediction")
        labeled = _checks.as_labels(target, "target")
        if predicted.shape != labeled.shape:
            hint = ""
            if predicted.ndim == labeled.ndim + 1 and self.num_classes in predicted.shape:
                hint = " The prediction has a class axis: take argmax over it."
            raise ValueError(
                f"prediction has shape {predicted.shape} and target {labeled.shape}, but they must be "
                f"equal.{hint} Cure: score at the size of the labels; resize logits before argmax, never the "
                f"labels."
            )
        counted = np.ones(labeled.shape, bool) if self.ignore_index is None else labeled != self.ignore_index
        rows, columns = labeled[counted], predicted[counted]
        if not self._known(rows):
            self._refuse(labeled, counted, "target")
        if not self._known(columns):
            if self.ignore_index is not None:
                self._refuse_ignored_prediction(predicted, counted)
            self._refuse(predicted, counted, "prediction")
        cells = rows.astype(np.int64) * self.num_classes + columns.astype(np.int64)
        size = self.num_classes**2
        self._matrix += np.bincount(cells, minlength=size).reshape(self._matrix.shape)

    def _known(self, values: npt.NDArray[np.integer]) -> bool:
        """Whether all are classes."""
        return values.size == 0 or (values.min() >= 0 and values.max() < self.num_classes)

    def _refuse(self, values: npt.NDArray[np.integer], where: npt.NDArray[np.bool_], name: str) -> None:
        wrong = ((values < 0) | (values >= self.num_classes)) & where
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

    def _refuse_ignored_prediction(
        self, values: npt.NDArray[np.integer], counted: npt.NDArray[np.bool_]
    ) -> None:
        wrong = (values == self.ignore_index) & counted
        if wrong.any():
            raise ValueError(
                f"prediction is {self.ignore_index} (ignore) at {_checks.position(_checks.first_of(wrong))}, "
                f"where the target is labeled ({_checks.pixels(int(wrong.sum()))} in all). Only labels can "
                f"be ignored. Cure: predict one of the classes 0..{self.num_classes - 1} everywhere. Nothing "
                f"was counted."
            )

    def merge(self, other: "ConfusionMatrix") -> Self:
        """Add the counts of another matrix, e.g. of another worker, in place.

        Raises:
            ValueError: when the two count different classes or ignore different labels.
        """
        if not isinstance(other, ConfusionMatrix):
            raise TypeError(f"Expected a ConfusionMatrix, got {type(other).__name__}.")
        mine, theirs = (self.num_classes, self.ignore_index), (other.num_classes, other.ignore_index)
        if mine != theirs:
            raise ValueError(
                f"Cannot merge: this matrix has num_classes={mine[0]}, ignore_index={mine[1]}, the other "
                f"num_classes={theirs[0]}, ignore_index={theirs[1]}. Cure: make both alike."
            )
        self._matrix += other._matrix
        return self

    def __iadd__(self, other: "ConfusionMatrix") -> Self:
        return self.merge(other) if isinstance(other, ConfusionMatrix) else NotImplemented

    def __add__(self, other: "ConfusionMatrix") -> "ConfusionMatrix":
        if not isinstance(other, ConfusionMatrix):
            return NotImplemented
        return ConfusionMatrix(self.num_classes, self.ignore_index).merge(self).merge(other)

    def reset(self) -> None:
        """Forget all counts."""
        self._matrix[:] = 0

    def __repr__(self) -> str:
        total = int(self._matrix.sum())
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
                then scores 0.1.

        Returns:
            `Scores`. Before anything was counted, all of them are NaN, with a warning.
        """
        if absent not in _ABSENT:
            raise ValueError(
                f"absent is {absent!r}, but it is 'exclude' (the usual) or 'zero' (MIT's devkit)."
            )
        hit = np.diag(self._matrix).astype(np.float64)
        labeled, predicted = self._matrix.sum(axis=1), self._matrix.sum(axis=0)
        total = int(labeled.sum())
        iou = _divide(hit, labeled + predicted - hit)
        recall = _divide(hit, labeled)
        if total == 0:
            warnings.warn("No labeled pixel was counted, so every score is NaN.", UserWarning, stacklevel=2)
            mean_iou = pixel_accuracy = mean_accuracy = weighted = float("nan")
        else:
            mean = np.nanmean if absent == "exclude" else _mean_with_zeros
            mean_iou, mean_accuracy = float(mean(iou)), float(mean(recall))
            pixel_accuracy = float(hit.sum() / total)
            weighted = float(np.nansum(labeled * iou) / total)
        return Scores(
            iou=iou,
            mean_iou=mean_iou,
            pixel_accuracy=pixel_accuracy,
            mean_accuracy=mean_accuracy,
            frequency_weighted_iou=weighted,
            mit_score=(pixel_accuracy + mean_iou) / 2,
            dice=_divide(2 * hit, labeled + predicted),
            precision=_divide(hit, predicted),
            recall=recall,
            labeled_pixels=labeled,
            predicted_pixels=predicted,
            absent=absent,
        )


def _divide(numerator: npt.NDArray[np.float64], denominator: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Element by element; NaN where the denominator is 0."""
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _mean_with_zeros(values: npt.NDArray[np.float64]) -> float:
    return float(np.nan_to_num(values, nan=0.0).mean())
