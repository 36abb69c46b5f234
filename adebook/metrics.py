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

import math
import operator
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from adebook import _checks
from adebook._logits import upsampled_argmax
from adebook.classes import CLASSES

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from adebook._cuda import DeviceCounts

__all__ = [
    "Absent",
    "BoundaryIoU",
    "ConfusionMatrix",
    "Interval",
    "PerImage",
    "Scores",
    "Statistic",
    "paired_bootstrap",
    "upsampled_argmax",
]

Absent: TypeAlias = Literal["exclude", "zero", "exclude_unlabeled"]
Statistic: TypeAlias = Literal[
    "mean_iou", "pixel_accuracy", "mean_accuracy", "frequency_weighted_iou", "image_mean_iou"
]

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
        if self.ignore_index is not None and not -(2**63) <= self.ignore_index < 2**63 - 1:
            raise ValueError(f"ignore_index {ignore_index} does not fit in 64 bits.")
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
            logits: [N, C, h, w], or [C, h, w] for one picture, floating point; torch tensor on any device, or
                NumPy array.
            target: [N, H, W] or [H, W], train ids 0..C-1 or `ignore_index`, on the same device.

        Raises:
            ValueError: for NaN, another number of classes, shapes that do not fit, different devices, or
                target values out of range.
            TypeError: for logits that are not floating point, or a target that is not integer.

        Convention:
            - As in `update`, nothing is counted after an error, and CUDA tensors are counted on their device
              without waiting.
            - On CUDA the counts are compared with upsampling on that GPU. How equal the two are, where torch
              rounds differently from one build to the next, is said at the head of `adebook._cuda`.
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
                    f"({_checks.pixels(int(ignored.sum()))} in all). Only labels can be ignored. Cure: "
                    f"predict one of the classes 0..{self.num_classes - 1} everywhere. Nothing was counted."
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
        """Forget all counts, and refusals of other devices that were not reported yet."""
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
        # Reading the devices here would report a refused update to a debugger, and to nobody else.
        more = "".join(f", and those on {device}" for device in self._on_devices)
        return (
            f"ConfusionMatrix(num_classes={self.num_classes}, ignore_index={self.ignore_index}, "
            f"{_checks.pixels(int(self._matrix.sum()))} counted{more})"
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


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """A score with a bootstrap confidence interval.

    Attributes:
        estimate: the score of the images themselves, or the difference of two.
        low: lower end, the (1 - confidence) / 2 quantile of `values`.
        high: upper end, the (1 + confidence) / 2 quantile of `values`.
        confidence: 0.95 for a 95 % interval.
        values: the score of every resample, float64 [samples].
        statistic: which score, or "difference in" which.
        images: how many images were resampled.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    values: npt.NDArray[np.float64]
    statistic: str
    images: int

    def __str__(self) -> str:
        return (
            f"{self.statistic} {self.estimate:.4f}, {100 * self.confidence:g} % interval {self.low:.4f} to "
            f"{self.high:.4f} ({len(self.values):,} resamples of {self.images:,} images)"
        )

    def __repr__(self) -> str:
        return f"Interval(estimate={self.estimate:.6f}, low={self.low:.6f}, high={self.high:.6f})"


class PerImage:
    r"""The counts of every image by itself: image-level scores, and how sure a score is.

    For image $m$ and class $i$ it keeps the intersection $n_{ii}^{(m)}$, the labeled pixels $t_i^{(m)}$ and
    the predicted pixels $p_i^{(m)}$: 24 bytes for each class and image, whatever the size of the images.

    Args:
        num_classes: how many classes, C. Labels and predictions are train ids 0..C-1.
        ignore_index: the label that marks pixels to leave out; None when there is none.

    Convention:
        - As in `ConfusionMatrix`; the sums over images are the same, so `scores` is the same.
        - An image without a single labeled pixel has no score, and is left out of means over images.

    Example:
        >>> images = PerImage(num_classes=2)
        >>> images.update([[0, 0], [0, 0]], [[0, 0], [0, 0]], name="easy")
        >>> images.update([[0, 0], [0, 1]], [[0, 0], [1, 1]], name="hard")
        >>> round(images.mean_iou(), 4)  # (1 + (2/3 + 1/2) / 2) / 2
        0.7917
        >>> round(images.scores().mean_iou, 4)  # (6/7 + 1/2) / 2
        0.6786
    """

    def __init__(self, num_classes: int = 150, ignore_index: int | None = 255) -> None:
        self._counter = ConfusionMatrix(num_classes, ignore_index)  # checks and counts, but keeps nothing
        self._names: list[str | None] = []
        self._known: set[str] = set()  # the names once more, to find one without going through all
        self._sums: list[npt.NDArray[np.int64]] = []  # [3, C] for each image

    @property
    def num_classes(self) -> int:
        """How many classes there are, C."""
        return self._counter.num_classes

    @property
    def ignore_index(self) -> int | None:
        """The label of pixels that are left out."""
        return self._counter.ignore_index

    @property
    def names(self) -> list[str | None]:
        """The images in the order in which they came; None for those without a name."""
        return list(self._names)

    @property
    def intersection(self) -> npt.NDArray[np.int64]:
        """Pixels labeled and predicted as the class, int64 [N, C]."""
        return self._stacked()[:, 0]

    @property
    def labeled(self) -> npt.NDArray[np.int64]:
        """Pixels labeled as the class, int64 [N, C]."""
        return self._stacked()[:, 1]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """Labeled pixels predicted as the class, int64 [N, C]."""
        return self._stacked()[:, 2]

    def _stacked(self) -> npt.NDArray[np.int64]:
        return np.array(self._sums, np.int64).reshape(-1, 3, self.num_classes)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return (
            f"PerImage(num_classes={self.num_classes}, ignore_index={self.ignore_index}, {len(self)} images)"
        )

    def update(
        self,
        prediction: _checks.LabelsLike,
        target: _checks.LabelsLike,
        name: str | Sequence[str] | None = None,
    ) -> None:
        """Add one image or a batch. After an error nothing has changed.

        Args:
            prediction: train ids 0..C-1, [H, W] or [N, H, W], any integer dtype; NumPy array or torch tensor
                (one on a GPU is copied to the CPU). What it holds where the target is `ignore_index` does not
                matter.
            target: train ids 0..C-1 or `ignore_index`, of the same shape.
            name: the name of the image, or one for each image of the batch.

        Raises:
            ValueError: for different shapes, values out of range (says in which image), a name that was
                already counted, or another number of names than images.
            TypeError: for floats and booleans.
        """
        predicted = _checks.as_labels(prediction, "prediction")
        labeled = _checks.as_labels(target, "target")
        self._counter._check_shapes(predicted.shape, labeled.shape)
        if labeled.ndim not in (2, 3):
            raise ValueError(
                f"prediction and target have shape {labeled.shape}, but images are [H, W] and batches "
                f"[N, H, W]."
            )
        single = labeled.ndim == 2
        if single:
            predicted, labeled = predicted[None], labeled[None]
        if name is None:
            names: list[str | None] = [None] * len(labeled)
        else:
            names = [name] if isinstance(name, str) else list(name)
        if len(names) != len(labeled):
            raise ValueError(f"There are {len(labeled)} images, but {len(names)} names: {names}.")
        self._check_new(names)
        sums = []
        for i, (p, t) in enumerate(zip(predicted, labeled, strict=True)):
            try:
                matrix = self._counter._count(p, t)
            except ValueError as error:
                if single and name is None:
                    raise
                raise ValueError(f"{names[i] or f'image {i} of the batch'}: {error}") from None
            sums.append(_image_sums(matrix))
        self._add(names, sums)

    def _add(self, names: Sequence[str | None], sums: Sequence[npt.NDArray[np.int64]]) -> None:
        """Take over counts, [3, C] for each name, that `_image_sums` made of a confusion matrix."""
        self._check_new(names)
        self._names += names
        self._known.update(name for name in names if name is not None)
        self._sums += sums

    def _check_new(self, names: Sequence[str | None]) -> None:
        given = Counter(name for name in names if name is not None)
        twice = sorted(name for name, count in given.items() if count > 1 or name in self._known)
        if twice:
            raise ValueError(
                f"{len(twice)} image(s) would be counted twice: {', '.join(twice[:3])}. Cure: give each "
                f"image a name of its own, or none."
            )

    def merge(self, other: "PerImage") -> Self:
        """Add the images of another, e.g. of another worker, in place, after those that are here.

        Raises:
            ValueError: when the two count different classes, ignore different labels, or hold an image of the
                same name.
        """
        if not isinstance(other, PerImage):
            raise TypeError(f"Expected a PerImage, got {type(other).__name__}.")
        self._counter._check_alike(other._counter, "merge")
        self._add(other._names, other._sums)
        return self

    def scores(self, absent: Absent = "exclude") -> Scores:
        """Scores over all images together, those of `ConfusionMatrix.scores`."""
        _check_absent(absent)
        return _scores(*self._stacked().sum(axis=0), absent)

    def mean_iou(self, absent: Absent = "exclude") -> float:
        r"""Image-level mIoU: the mean over images of each image's own mean IoU.

        $\frac{1}{N}\sum_m \frac{1}{|K_m|}\sum_{i \in K_m} \mathrm{IoU}_i^{(m)}$ with $K_m$ = classes of image
        $m$. Every image weighs the same, so a class that fills a few pixels of many images counts for more,
        and one large object for less, than in the mIoU of the data set.

        Args:
            absent: what $K_m$ is, as in `ConfusionMatrix.scores`, but within one image: "exclude": classes in
                its labels or predictions; "exclude_unlabeled": classes in its labels
                ($\mathrm{mIoU}^\mathrm{I}$ of Wang et al. 2023); "zero": all C.

        Returns:
            A share, 0..1. NaN, with a warning, when no image has a labeled pixel.

        Source:
            Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013; Wang et
            al., "Revisiting evaluation metrics for semantic segmentation", NeurIPS 2023.
        """
        _check_absent(absent)
        means = _image_means(self._stacked(), absent)
        if np.isnan(means).all():
            warnings.warn("No labeled pixel was counted, so the score is NaN.", UserWarning, stacklevel=2)
            return float("nan")
        return float(np.nanmean(means))

    def table(self, absent: Absent = "exclude") -> "pd.DataFrame":
        """The images, one row each, as a DataFrame.

        The index is `name` when every image has one, else `image` (0, 1, ...). The columns: `mean_iou` by the
        convention `absent` within the image, `pixel_accuracy` (shares; NaN without labeled pixels), `classes`
        (how many are in the labels) and `labeled_pixels`.
        """
        import pandas as pd

        _check_absent(absent)
        sums = self._stacked()
        intersection, labeled = sums[:, 0], sums[:, 1]
        total = labeled.sum(axis=1)
        index = (
            pd.RangeIndex(len(self), name="image")
            if None in self._names
            else pd.Index(self._names, name="name", dtype=object)
        )
        columns = {
            "mean_iou": _image_means(sums, absent),
            "pixel_accuracy": _divide(intersection.sum(axis=1), total),
            "classes": np.count_nonzero(labeled, axis=1),
            "labeled_pixels": total,
        }
        return pd.DataFrame(columns, index=index)

    def bootstrap(
        self,
        statistic: Statistic = "mean_iou",
        absent: Absent = "exclude",
        samples: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> Interval:
        """How much a score would move with other images of the same kind: a percentile bootstrap interval.

        As many images as there are get drawn with replacement, `samples` times, and each time the score is
        computed anew. The mIoU of a data set is no mean over images, so it is computed from resampled sums.

        Args:
            statistic: "mean_iou", "pixel_accuracy", "mean_accuracy" or "frequency_weighted_iou" of the data
                set, or "image_mean_iou", the image-level mIoU.
            absent: as in `scores`. With "exclude", a class of few images is missing from some resamples.
            samples: how many resamples.
            confidence: share of resamples that the interval holds, between 0 and 1.
            seed: the same seed gives the same interval.

        Raises:
            ValueError: with fewer than two images, none that is labeled, or an unknown statistic.

        Source:
            Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
        """
        return _bootstrap([self], statistic, absent, samples, confidence, seed)


def paired_bootstrap(
    a: PerImage,
    b: PerImage,
    statistic: Statistic = "mean_iou",
    absent: Absent = "exclude",
    samples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Whether model B is better than model A on the same images: the difference of their scores, B - A.

    Both are resampled with the same images each time, so what is hard for both cancels out, and the interval
    is narrower than the two single ones suggest. B is better, beyond what the choice of images explains, when
    the whole interval lies above 0.

    Args:
        a: the images as predicted by one model.
        b: the same images as predicted by the other; matched by name, or by position when none has a name.
        statistic: as in `PerImage.bootstrap`.
        absent: as in `PerImage.bootstrap`.
        samples: as in `PerImage.bootstrap`.
        confidence: as in `PerImage.bootstrap`.
        seed: as in `PerImage.bootstrap`.

    Raises:
        ValueError: when the two count different classes or hold different images, or the labels of an image
            differ; and as `PerImage.bootstrap`.
    """
    a._counter._check_alike(b._counter, "compare")
    only = sorted(str(name) for name in set(a._names) ^ set(b._names))
    if only or len(a) != len(b):
        raise ValueError(
            f"The two hold different images: {len(a)} and {len(b)}"
            + (f"; only one of them holds {', '.join(only[:3])}" if only else "")
            + ". Cure: compare models on the same images."
        )
    if None not in a._names and a._names != b._names:
        place = {name: i for i, name in enumerate(b._names)}
        ordered = PerImage(b.num_classes, b.ignore_index)
        ordered._names, ordered._sums = a._names, [b._sums[place[name]] for name in a._names]
        b = ordered
    differ = (a.labeled != b.labeled).any(axis=1)
    if differ.any():
        first = int(np.argmax(differ))
        raise ValueError(
            f"The labels of {a._names[first] or f'image {first}'} differ between the two "
            f"({int(differ.sum())} such images in all). Cure: score both models against the same ground "
            f"truth, in the same order where images have no names."
        )
    return _bootstrap([a, b], statistic, absent, samples, confidence, seed)


class BoundaryIoU:
    r"""IoU along outlines only, per class: what a large object's interior hides.

    $\frac{|(G_d \cap G) \cap (P_d \cap P)|}{|(G_d \cap G) \cup (P_d \cap P)|}$, where $G$ is the region
    labeled as the class, $P$ the one predicted as it, and $G_d$, $P_d$ are the pixels within distance $d$ of
    their outlines. Both counts are summed over all images before they are divided.

    Args:
        num_classes: how many classes, C. Labels and predictions are train ids 0..C-1.
        ignore_index: the label that marks pixels to leave out; None when there is none.
        dilation_ratio: $d$ as a share of the image's diagonal, rounded to pixels, at least 1. The paper's
            value 0.02 is 17 pixels for 512 x 683.

    Convention:
        - $d$ counts steps of a 3 x 3 erosion (Chebyshev distance), as in the authors' code: a pixel belongs
          to the outline when the square of 2d + 1 pixels around it holds anything but its class. What is
          beyond the picture is not its class, so the picture's border is outline.
        - Ignored pixels count nowhere. As neighbors they are not the class either, in labels and prediction
          alike, whatever was predicted there: a region's edge to them is outline in both.
        - Absent classes as in `ConfusionMatrix`.

    Example:
        >>> target = np.zeros((100, 100), np.uint8)
        >>> target[20:80, 20:80] = 1
        >>> boundary = BoundaryIoU(num_classes=2, dilation_ratio=0.01)  # d = 1
        >>> boundary.update(np.roll(target, 1, axis=1), target)  # one pixel to the right
        >>> boundary.scores().iou.round(4)  # the plain IoU of class 1 is 0.9672
        array([0.6798, 0.3333])

    Source:
        Cheng, Girshick, Dollár, Berg and Kirillov, "Boundary IoU: improving object-centric image segmentation
        evaluation", CVPR 2021; github.com/bowenc0221/boundary-iou-api.
    """

    def __init__(
        self, num_classes: int = 150, ignore_index: int | None = 255, dilation_ratio: float = 0.02
    ) -> None:
        if not 0 < dilation_ratio < 1:
            raise ValueError(
                f"dilation_ratio is {dilation_ratio}, but it is a share of the diagonal, between 0 and 1."
            )
        self._counter = ConfusionMatrix(num_classes, ignore_index)  # checks, but keeps nothing
        self.dilation_ratio = dilation_ratio
        self._sums = np.zeros((3, self._counter.num_classes), np.int64)

    @property
    def num_classes(self) -> int:
        """How many classes there are, C."""
        return self._counter.num_classes

    @property
    def ignore_index(self) -> int | None:
        """The label of pixels that are left out."""
        return self._counter.ignore_index

    def update(self, prediction: _checks.LabelsLike, target: _checks.LabelsLike) -> None:
        """Add one image. After an error nothing has changed.

        Args:
            prediction: train ids 0..C-1, [H, W], any integer dtype; NumPy array or torch tensor (one on a GPU
                is copied to the CPU).
            target: train ids 0..C-1 or `ignore_index`, of the same shape.

        Raises:
            ValueError: for different shapes, more than one image, or values out of range.
            TypeError: for floats and booleans.
        """
        predicted = _checks.as_labels(prediction, "prediction")
        labeled = _checks.as_labels(target, "target")
        self._counter._count(predicted, labeled)
        if labeled.ndim != 2:
            raise ValueError(
                f"prediction and target have shape {labeled.shape}, but boundaries are found in one image at "
                f"a time: [H, W]. Cure: call update for each image of a batch."
            )
        if labeled.size == 0:
            return
        ignored = np.zeros(labeled.shape, bool) if self.ignore_index is None else labeled == self.ignore_index
        width = max(1, round(self.dilation_ratio * math.hypot(*labeled.shape)))
        outlines = []
        for labels in (labeled, predicted):
            labels = labels.astype(np.int32)
            labels[ignored] = -1
            outlines.append(np.where(_near_another(labels, width), labels, -1))
        g, p = outlines
        for sums, kept in zip(self._sums, (g[g == p], g, p), strict=True):
            sums += np.bincount(kept[kept >= 0], minlength=self.num_classes)

    def merge(self, other: "BoundaryIoU") -> Self:
        """Add the counts of another, e.g. of another worker, in place.

        Raises:
            ValueError: when the two count different classes, ignore different labels or differ in
                `dilation_ratio`.
        """
        if not isinstance(other, BoundaryIoU):
            raise TypeError(f"Expected a BoundaryIoU, got {type(other).__name__}.")
        self._counter._check_alike(other._counter, "merge")
        if self.dilation_ratio != other.dilation_ratio:
            raise ValueError(
                f"Cannot merge: this one has dilation_ratio={self.dilation_ratio}, the other "
                f"{other.dilation_ratio}. Cure: make both alike."
            )
        self._sums += other._sums
        return self

    def reset(self) -> None:
        """Forget all counts."""
        self._sums[:] = 0

    def __repr__(self) -> str:
        return (
            f"BoundaryIoU(num_classes={self.num_classes}, ignore_index={self.ignore_index}, "
            f"dilation_ratio={self.dilation_ratio}, {_checks.pixels(int(self._sums[1].sum()))} on outlines)"
        )

    def scores(self, absent: Absent = "exclude") -> Scores:
        """Scores of the outlines counted so far; `iou` is the Boundary IoU of each class.

        In the other attributes, too, labeled and predicted pixels are those on outlines. `absent` is as in
        `ConfusionMatrix.scores`.
        """
        _check_absent(absent)
        return _scores(*self._sums.copy(), absent)


def _near_another(labels: npt.NDArray[np.int32], width: int) -> npt.NDArray[np.bool_]:
    """Where the square of 2 * width + 1 pixels holds another label, -1 beyond the border being one."""
    from scipy import ndimage

    low, high = (
        extreme(labels, 2 * width + 1, mode="constant", cval=-1)
        for extreme in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    return low != high


def _image_sums(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Intersection, labeled and predicted pixels, [3, C], from the confusion matrix of an image."""
    return np.stack([np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)])


def _image_means(sums: npt.NDArray[np.int64], absent: Absent) -> npt.NDArray[np.float64]:
    """Each image's own mean IoU, [N], from sums [N, 3, C]; NaN without labeled pixels."""
    intersection, labeled, predicted = sums.swapaxes(0, 1)
    return _mean(_divide(intersection, labeled + predicted - intersection), labeled, absent)


def _bootstrap(
    sides: list[PerImage], statistic: str, absent: Absent, samples: int, confidence: float, seed: int
) -> Interval:
    """The interval of one score, or of the second's less the first's."""
    _check_absent(absent)
    if statistic not in get_args(Statistic):
        raise ValueError(f"statistic is {statistic!r}, but it is one of {', '.join(get_args(Statistic))}.")
    if samples < 1 or not 0 < confidence < 1:
        raise ValueError(
            f"samples is {samples} and confidence {confidence}, but samples is at least 1 and confidence "
            f"between 0 and 1."
        )
    images = len(sides[0])
    if images < 2:
        raise ValueError(
            f"There is {images} image, but resampling needs at least 2. Cure: update with more images."
        )
    stacked = [side._stacked() for side in sides]
    if not stacked[0][:, 1].any():
        raise ValueError("No labeled pixel was counted, so there is nothing to resample.")

    def score(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        values = [_weighted(sums, weights, statistic, absent) for sums in stacked]
        return values[-1] - values[0] if len(values) == 2 else values[0]

    rng = np.random.default_rng(seed)
    values = []
    for start in range(0, samples, 100):  # a hundred at a time, so that memory does not grow with `samples`
        rows = min(100, samples - start)
        drawn = rng.integers(images, size=(rows, images)) + images * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * images).reshape(rows, images)
        values.append(score(times.astype(np.float64)))
    values = np.concatenate(values)
    low, high = np.nanquantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    estimate = float(score(np.ones((1, images)))[0])
    name = statistic if len(sides) == 1 else f"difference in {statistic}"
    return Interval(estimate, float(low), float(high), confidence, values, name, images)


def _weighted(
    sums: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], statistic: str, absent: Absent
) -> npt.NDArray[np.float64]:
    """The statistic of each resample, [S], in which image m of sums [N, 3, C] occurs weights[s, m] times."""
    if statistic == "image_mean_iou":
        means = _image_means(sums, absent)
        return _divide(weights @ np.nan_to_num(means), weights @ ~np.isnan(means))
    pooled = weights @ sums.reshape(len(sums), -1).astype(np.float64)  # exact: whole numbers below 2^53
    intersection, labeled, predicted = pooled.reshape(len(weights), 3, -1).swapaxes(0, 1)
    if statistic == "pixel_accuracy":
        return _divide(intersection.sum(axis=1), labeled.sum(axis=1))
    if statistic == "mean_accuracy":
        return _mean(_divide(intersection, labeled), labeled, absent)
    iou = _divide(intersection, labeled + predicted - intersection)
    if statistic == "mean_iou":
        return _mean(iou, labeled, absent)
    return _divide(np.nansum(labeled * iou, axis=1), labeled.sum(axis=1))


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
        moved, there = (first, second) if one == cpu else (second, first)
        raise ValueError(
            f"{first} is on {one} and {second} on {other}, but they must be on one device. Cure: "
            f"torch.as_tensor({moved}, device={there}.device), or {there}.cpu()."
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
) -> Scores:
    r"""`Scores` from $n_{ii}$, $t_i$ and $p_i$, each [C]."""
    total = int(labeled.sum())
    iou = _divide(intersection, labeled + predicted - intersection)
    recall = _divide(intersection, labeled)
    if total == 0:
        warnings.warn("No labeled pixel was counted, so every score is NaN.", UserWarning, stacklevel=3)
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
