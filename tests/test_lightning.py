import pickle
import sys
import warnings

import numpy as np
import pytest

from adebook.metrics import ConfusionMatrix

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")
from adebook.lightning import MeanIoU  # noqa: E402


def batches(count=3):
    rng = np.random.default_rng(0)
    for _ in range(count):
        target = rng.choice([0, 1, 2, 3, 255], size=(2, 8, 9))
        prediction = np.where(
            rng.random(target.shape) < 0.6, np.minimum(target, 3), rng.integers(0, 4, target.shape)
        )
        yield torch.tensor(prediction), torch.tensor(target)


@pytest.mark.parametrize("absent", ["exclude", "zero", "exclude_unlabeled"])
def test_equals_the_confusion_matrix(absent):
    metric, cm = MeanIoU(5, absent=absent), ConfusionMatrix(5)
    for prediction, target in batches():
        metric.update(prediction, target)
        cm.update(prediction, target)
    assert metric.matrix.dtype == torch.int64
    assert (metric.matrix.numpy() == cm.matrix).all()
    assert metric.compute().shape == ()
    assert float(metric.compute()) == pytest.approx(cm.scores(absent).mean_iou, abs=1e-7)
    metric.reset()
    assert not metric.matrix.any()


def test_logits():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 4, 3, 3), torch.randint(0, 4, (2, 12, 12))
    upsampled = torch.nn.functional.interpolate(logits, size=(12, 12), mode="bilinear", align_corners=False)
    direct, usual = MeanIoU(4), MeanIoU(4)
    direct.update(logits, target)
    usual.update(upsampled.argmax(1), target)
    assert direct.matrix.sum() == 288
    assert (direct.matrix == usual.matrix).all()


def test_forward_gives_the_score_of_the_batch_and_keeps_the_sum():
    metric, total = MeanIoU(4), ConfusionMatrix(4)
    for prediction, target in batches():
        alone = ConfusionMatrix(4)
        alone.update(prediction, target)
        total += alone
        assert float(metric(prediction, target)) == pytest.approx(alone.scores().mean_iou, abs=1e-7)
    assert float(metric.compute()) == pytest.approx(total.scores().mean_iou, abs=1e-7)


def test_processes_are_summed():
    metric = MeanIoU(
        2,
        dist_sync_fn=lambda x, group: [x, torch.tensor([[0, 2], [1, 0]])],
        distributed_available_fn=lambda: True,
    )
    metric.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
    assert float(metric.compute()) == pytest.approx(1 / 4)  # synced: [[1, 2], [1, 1]], IoU 1/4 and 1/4
    assert metric.matrix.tolist() == [[1, 0], [0, 1]]  # and unsynced again


def test_a_refused_update_changes_nothing():
    metric = MeanIoU(4)
    metric.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="target holds 9"):
        metric.update(torch.tensor([0, 1]), torch.tensor([0, 9]))
    assert metric.matrix.sum() == 2
    metric.update(torch.tensor([3]), torch.tensor([3]))
    assert metric.matrix.sum() == 3


def test_survives_pickle_and_state_dict():
    metric = MeanIoU(4)
    metric.update(torch.tensor([0, 1]), torch.tensor([0, 0]))
    assert float(pickle.loads(pickle.dumps(metric)).compute()) == 0.25
    metric.persistent(True)
    other = MeanIoU(4)
    other.persistent(True)
    other.load_state_dict(metric.state_dict())
    assert (other.matrix == metric.matrix).all()


def test_refuses():
    with pytest.raises(ValueError, match="absent is 'nan'"):
        MeanIoU(4, absent="nan")
    with pytest.raises(ValueError, match="is also a class"):
        MeanIoU(150, ignore_index=0)


def test_empty_is_nan_with_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchmetrics warns, too
        assert MeanIoU(4).compute().isnan()


def test_without_torchmetrics(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    monkeypatch.delitem(sys.modules, "adebook.lightning")
    with pytest.raises(ImportError, match="pip install torchmetrics"):
        import adebook.lightning  # noqa: F401
