"""How others count, each as its source does it, from a batch of masks [N, H, W] of train ids with 255 =
ignore.

Some give a confusion matrix, int64 [C, C]; others only its `Sums`: intersection, predicted and labeled pixels
by class.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.masks import CLASSES

Sums: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


def numpy_bincount(predictions: npt.NDArray[Any], labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The usual lines of NumPy, in many repositories as `fast_hist`."""
    kept = labels != 255
    cells = CLASSES * labels[kept].astype(np.int64) + predictions[kept]
    return np.bincount(cells, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def scikit_learn(predictions: npt.NDArray[Any], labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """`sklearn.metrics.confusion_matrix` of the pixels that are labeled."""
    from sklearn.metrics import confusion_matrix

    kept = labels != 255
    return confusion_matrix(labels[kept], predictions[kept], labels=np.arange(CLASSES))


def torchmetrics_metric(device: Any = "cpu") -> Any:
    """torchmetrics, without its validation of arguments, which would cost it more."""
    from torchmetrics.classification import MulticlassConfusionMatrix

    return MulticlassConfusionMatrix(CLASSES, ignore_index=255, validate_args=False).to(device)


def torchmetrics_matrix(predictions: Any, labels: Any) -> Any:
    """What torchmetrics counts in these. Takes tensors."""
    metric = torchmetrics_metric(labels.device)
    metric.update(predictions, labels)
    return metric.confmat


def hugging_face_evaluate(predictions: npt.NDArray[Any], labels: npt.NDArray[Any]) -> Sums:
    """`intersect_and_union` of Hugging Face evaluate's mean_iou, picture by picture."""
    sums = np.zeros((3, CLASSES), np.int64)
    for predicted, labeled in zip(predictions, labels, strict=True):
        kept = np.not_equal(labeled, 255)
        predicted, labeled = predicted[kept], labeled[kept]
        intersection = predicted[predicted == labeled]
        for i, values in enumerate((intersection, predicted, labeled)):
            sums[i] += np.histogram(values, bins=CLASSES, range=(0, CLASSES - 1))[0]
    return tuple(sums)


def mmsegmentation(predictions: Any, labels: Any) -> Sums:
    """`intersect_and_union` of mmsegmentation's IoUMetric, picture by picture. Takes tensors."""
    import torch

    sums = torch.zeros(3, CLASSES, dtype=torch.float64, device=labels.device)
    for predicted, labeled in zip(predictions, labels, strict=True):
        kept = labeled != 255
        predicted, labeled = predicted[kept], labeled[kept]
        intersection = predicted[predicted == labeled]
        for i, values in enumerate((intersection, predicted, labeled)):
            sums[i] += torch.histc(values.float(), bins=CLASSES, min=0, max=CLASSES - 1)
    return tuple(sums.cpu().numpy().astype(np.int64))


def mit_devkit(predictions: npt.NDArray[Any], labels: npt.NDArray[Any]) -> Sums:
    """`intersectionAndUnion` of MIT's semantic-segmentation-pytorch, each picture, from official ids."""
    sums = np.zeros((3, CLASSES), np.int64)
    for predicted, labeled in zip(predictions, labels, strict=True):
        predicted = predicted * (labeled > 0)
        intersection = predicted * (predicted == labeled)
        for i, values in enumerate((intersection, predicted, labeled)):
            sums[i] += np.histogram(values, bins=CLASSES, range=(1, CLASSES))[0]
    return tuple(sums)


def check_equal(expected: npt.NDArray[np.int64], contenders: dict[str, Callable[[], Any]]) -> None:
    """Every contender must give these counts, before anything is timed.

    Raises:
        AssertionError: naming the one that does not.
    """
    sums = (np.diag(expected), expected.sum(axis=0), expected.sum(axis=1))
    for name, contender in contenders.items():
        found = contender()
        if isinstance(found, tuple):
            equal = all(np.array_equal(f, s) for f, s in zip(found, sums, strict=True))
        else:
            equal = np.array_equal(np.asarray(found.cpu() if hasattr(found, "cpu") else found), expected)
        if not equal:
            raise AssertionError(f"{name} counts otherwise than NumPy's bincount, so its time means nothing.")
