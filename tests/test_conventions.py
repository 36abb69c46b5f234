"""data/conventions.csv says who averages how: here the libraries that are installed answer for themselves."""

import numpy as np
import pytest

import adebook
from adebook import facts

# Four classes. Class 0: 6 of 8 hit; class 1: 4 of 6 in its union; class 2: only predicted, 1 pixel; class 3: nowhere.
TARGET = np.array([0] * 8 + [1] * 5 + [255] * 2, dtype=np.uint8)
PREDICTION = np.array([0] * 6 + [1, 2] + [1] * 4 + [0] + [3] * 2, dtype=np.uint8)
IOU = [6 / 9, 4 / 6, 0.0]
EXPECTED = {"left out": sum(IOU) / 3, "count as 0": sum(IOU) / 4, "count as 1": (sum(IOU) + 1) / 4}


def stated(key: str) -> str:
    """How the table says that `key` treats absent classes."""
    return facts.table("conventions").set_index("key")["absent"][key]


def test_adebook():
    matrix = adebook.ConfusionMatrix(num_classes=4)
    matrix.update(PREDICTION, TARGET)
    assert matrix.scores().iou[:3].tolist() == IOU
    assert stated("adebook").startswith("left out")
    assert matrix.scores().mean_iou == pytest.approx(EXPECTED["left out"])
    assert matrix.scores("zero").mean_iou == pytest.approx(EXPECTED[stated("mit-devkit")])


def test_torchmetrics():
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.classification")
    metric = classification.MulticlassJaccardIndex(4, ignore_index=255)
    metric.update(torch.from_numpy(PREDICTION), torch.from_numpy(TARGET).long())
    assert float(metric.compute()) == pytest.approx(EXPECTED[stated("torchmetrics")])


def test_segmentation_models_pytorch():
    torch = pytest.importorskip("torch")
    metrics = pytest.importorskip("segmentation_models_pytorch.metrics")
    stats = metrics.get_stats(
        torch.from_numpy(PREDICTION)[None].long(),
        torch.from_numpy(TARGET)[None].long(),
        mode="multiclass",
        num_classes=4,
        ignore_index=255,
    )
    assert float(metrics.iou_score(*stats, reduction="macro")) == pytest.approx(EXPECTED[stated("smp")])
    assert float(metrics.iou_score(*stats, reduction="macro", zero_division=0)) == pytest.approx(
        EXPECTED["count as 0"]
    )


def test_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    labeled = TARGET != 255
    truth, guess = TARGET[labeled], PREDICTION[labeled]
    assert stated("scikit-learn") == "left out, or count as 0 when labels= names them"
    assert metrics.jaccard_score(truth, guess, average="macro") == pytest.approx(EXPECTED["left out"])
    named = metrics.jaccard_score(truth, guess, average="macro", labels=range(4), zero_division=0)
    assert named == pytest.approx(EXPECTED["count as 0"])
