import pickle
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adebook.classes import CLASSES
from adebook.metrics import BoundaryIoU, ConfusionMatrix, PerImage, paired_bootstrap

# --- by hand ---

TARGET = np.array([[0, 0, 1], [1, 1, 255], [0, 3, 255]])
PREDICTION = np.array([[0, 1, 1], [1, 0, 2], [0, 3, 0]])
#   labels:  0 0 0 1 1 1 3      the two ignored pixels count nowhere, not even the 2 that was predicted on one
#   guesses: 0 1 0 1 1 0 3      class 2 occurs nowhere


@pytest.fixture
def by_hand():
    cm = ConfusionMatrix(num_classes=4)
    cm.update(PREDICTION, TARGET)
    return cm


def test_matrix_by_hand(by_hand):
    assert by_hand.matrix.dtype == np.int64
    assert by_hand.matrix.tolist() == [[2, 1, 0, 0], [1, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]


def test_scores_by_hand(by_hand):
    scores = by_hand.scores()
    nan = pytest.approx(float("nan"), nan_ok=True)
    assert scores.iou.tolist() == [0.5, 0.5, nan, 1.0]
    assert scores.dice.tolist() == [pytest.approx(2 / 3), pytest.approx(2 / 3), nan, 1.0]
    assert scores.precision.tolist() == [pytest.approx(2 / 3), pytest.approx(2 / 3), nan, 1.0]
    assert scores.recall.tolist() == [pytest.approx(2 / 3), pytest.approx(2 / 3), nan, 1.0]
    assert scores.mean_iou == pytest.approx(2 / 3)  # (1/2 + 1/2 + 1) / 3
    assert scores.pixel_accuracy == pytest.approx(5 / 7)
    assert scores.mean_accuracy == pytest.approx(7 / 9)  # (2/3 + 2/3 + 1) / 3
    assert scores.frequency_weighted_iou == pytest.approx(4 / 7)  # (3/2 + 3/2 + 1) / 7
    assert scores.mit_score == pytest.approx((5 / 7 + 2 / 3) / 2)
    assert scores.labeled_pixels.tolist() == [3, 3, 0, 1]
    assert scores.predicted_pixels.tolist() == [3, 3, 0, 1]
    zero = by_hand.scores(absent="zero")
    assert zero.mean_iou == pytest.approx(0.5)  # (1/2 + 1/2 + 0 + 1) / 4
    assert zero.mean_accuracy == pytest.approx(7 / 12)
    assert zero.pixel_accuracy == scores.pixel_accuracy
    assert zero.frequency_weighted_iou == scores.frequency_weighted_iou
    assert by_hand.scores(absent="exclude_unlabeled").mean_iou == scores.mean_iou


def test_class_only_predicted():
    cm = ConfusionMatrix(num_classes=3)
    cm.update([[0, 1], [2, 2]], [[0, 1], [1, 255]])
    scores = cm.scores()
    assert scores.iou.tolist() == [1, 0.5, 0]
    assert scores.mean_iou == 0.5
    assert scores.mean_accuracy == 0.75  # class 2 is not in the labels
    assert np.isnan(scores.recall[2])
    assert scores.precision[2] == 0
    assert cm.scores("exclude_unlabeled").mean_iou == 0.75  # (1 + 1/2) / 2
    assert cm.scores("exclude_unlabeled").mean_accuracy == 0.75


# --- against others ---


def labels_and_guesses(classes, shape):
    target = hnp.arrays(np.uint8, shape, elements=st.sampled_from([*range(classes), 255]))
    guess = hnp.arrays(np.uint8, shape, elements=st.integers(0, classes - 1))
    return st.tuples(guess, target)


pairs = st.tuples(st.integers(2, 6), hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)).flatmap(
    lambda cs: st.tuples(st.just(cs[0]), labels_and_guesses(cs[0], cs[1]))
)


@given(pairs)
def test_counts_like_a_loop(case):
    classes, (guess, target) = case
    cm = ConfusionMatrix(classes)
    cm.update(guess, target)
    expected = np.zeros((classes, classes), int)
    for t, p in zip(target.ravel().tolist(), guess.ravel().tolist(), strict=True):
        if t != 255:
            expected[t, p] += 1
    assert (cm.matrix == expected).all()


@settings(deadline=None)
@given(pairs)
def test_equals_torchmetrics(case):
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.classification")
    classes, (guess, target) = case
    if (target == 255).all():
        return
    cm = ConfusionMatrix(classes)
    cm.update(guess, target)
    options = {"num_classes": classes, "ignore_index": 255}
    tensors = torch.tensor(guess).long(), torch.tensor(target).long()
    peer = classification.MulticlassConfusionMatrix(**options)(*tensors)
    assert (cm.matrix == peer.numpy()).all()
    peer = classification.MulticlassJaccardIndex(**options)(*tensors)
    assert cm.scores().mean_iou == pytest.approx(float(peer), abs=1e-6)
    peer = classification.MulticlassJaccardIndex(**options, average="none")(*tensors)
    assert np.nan_to_num(cm.scores().iou) == pytest.approx(peer.numpy(), abs=1e-6)
    peer = classification.MulticlassAccuracy(**options, average="micro")(*tensors)
    assert cm.scores().pixel_accuracy == pytest.approx(float(peer), abs=1e-6)
    peer = classification.MulticlassJaccardIndex(**options, average="weighted")(*tensors)
    assert cm.scores().frequency_weighted_iou == pytest.approx(float(peer), abs=1e-6)


def evaluate_mean_iou(predictions, labels, num_labels, ignore_index):
    """What mean_iou of Hugging Face evaluate computes (from mmsegmentation), said again: histograms of bins as
    many as labels, summed over pictures; NaN where a class is nowhere; nanmean."""
    intersect, predicted, labeled = np.zeros((3, num_labels))
    bins = {"bins": num_labels, "range": (0, num_labels - 1)}
    for p, t in zip(predictions, labels, strict=True):
        p, t = p[t != ignore_index], t[t != ignore_index]
        intersect += np.histogram(p[p == t], **bins)[0]
        predicted += np.histogram(p, **bins)[0]
        labeled += np.histogram(t, **bins)[0]
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        iou, accuracy = intersect / (predicted + labeled - intersect), intersect / labeled
        return {
            "mean_iou": np.nanmean(iou),
            "mean_accuracy": np.nanmean(accuracy),
            "overall_accuracy": intersect.sum() / labeled.sum(),
            "per_category_iou": iou,
            "per_category_accuracy": accuracy,
        }


@settings(deadline=None)
@given(pairs)
def test_equals_evaluate(case):
    classes, (guess, target) = case
    if (target == 255).all():
        return
    cm = ConfusionMatrix(classes)
    cm.update(guess, target)
    scores, peer = cm.scores(), evaluate_mean_iou(guess, target, classes, 255)
    assert scores.mean_iou == pytest.approx(peer["mean_iou"], abs=1e-12)
    assert scores.mean_accuracy == pytest.approx(peer["mean_accuracy"], abs=1e-12)
    assert scores.pixel_accuracy == pytest.approx(peer["overall_accuracy"], abs=1e-12)
    assert scores.iou == pytest.approx(peer["per_category_iou"], abs=1e-12, nan_ok=True)
    assert scores.recall == pytest.approx(peer["per_category_accuracy"], abs=1e-12, nan_ok=True)


def smp_stats(guess, target, classes):
    torch = pytest.importorskip("torch")
    smp = pytest.importorskip("segmentation_models_pytorch")
    tensors = (torch.tensor(a.reshape(len(a), -1).astype(np.int64)) for a in (guess, target))
    return smp.metrics, smp.metrics.get_stats(
        *tensors, mode="multiclass", ignore_index=255, num_classes=classes
    )[:4]


@settings(deadline=None)
@given(pairs)
def test_equals_segmentation_models_pytorch(case):
    """Which gives a class that is nowhere 0, like MIT's devkit, unless told another `zero_division`.

    For one image that makes "macro" our "zero", and "macro-imagewise" our image-level mIoU with "zero", except
    that it lets an image without labels count as 0 where we leave it out.
    """
    classes, (guess, target) = case
    if guess.ndim == 2:
        guess, target = guess[None], target[None]
    labeled = (target != 255).any(axis=(1, 2))
    if not labeled.any():
        return
    guess, target = guess[labeled], target[labeled]
    peer, stats = smp_stats(guess, target, classes)
    images = PerImage(classes)
    images.update(guess, target)
    options = {"zero_division": 0}
    assert images.scores("zero").mean_iou == pytest.approx(
        float(peer.iou_score(*stats, reduction="macro", **options)), abs=1e-6
    )
    assert images.mean_iou("zero") == pytest.approx(
        float(peer.iou_score(*stats, reduction="macro-imagewise", **options)), abs=1e-6
    )
    assert (images.intersection == stats[0].numpy()).all()
    assert (images.predicted == (stats[0] + stats[1]).numpy()).all()
    assert (images.labeled == (stats[0] + stats[2]).numpy()).all()


def test_where_segmentation_models_pytorch_miscounts():
    """It counts with `torch.histc`, which with one class spans whatever values there are: ignored pixels become
    hits. And in float32, where 2^24 + 1 is 2^24: pixels of one class and image beyond 16,777,216 may be lost."""
    torch = pytest.importorskip("torch")
    target, guess = np.array([[[0, 0, 255, 255]]]), np.zeros((1, 1, 4), int)
    _, (hits, *_) = smp_stats(guess, target, 1)
    cm = ConfusionMatrix(1)
    cm.update(guess, target)
    assert cm.matrix.tolist() == [[2]]
    assert hits.tolist() == [[4]]

    size = 2**24 + 3
    zeros = np.zeros(size, np.uint8)
    large = ConfusionMatrix(3)
    large.update(zeros, zeros)
    assert large.matrix[0, 0] == size
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert int(torch.histc(torch.zeros(size), bins=3, min=0, max=2)[0]) == 2**24
    finally:
        torch.set_num_threads(threads)


def test_millions_of_pixels_equal_torchmetrics():
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.classification")
    rng = np.random.default_rng(0)
    target = np.repeat(rng.choice([*range(150), 255], size=(8, 100, 100)).astype(np.uint8), 25, axis=2)
    guess = np.where(
        rng.random(target.shape) < 0.8, np.minimum(target, 149), rng.integers(0, 150, target.shape)
    )
    options = {"num_classes": 150, "ignore_index": 255, "validate_args": False}
    peer = classification.MulticlassConfusionMatrix(**options)
    peer.update(torch.tensor(guess), torch.tensor(target).long())
    for dtype in (np.uint8, np.int64):
        cm = ConfusionMatrix()
        cm.update(guess.astype(dtype), target)
        assert (cm.matrix == peer.compute().numpy()).all()


def devkit_scores(predictions, masks):
    """What MIT's evaluation code computes, said again: official ids 0..150, sums over all pictures."""
    eps = np.finfo(float).eps
    intersection, union, right, labeled = np.zeros(150), np.zeros(150), 0, 0
    for predicted, mask in zip(predictions, masks, strict=True):
        predicted = predicted * (mask > 0)  # what is predicted on unlabeled pixels is forgotten
        right += int(((predicted == mask) & (mask > 0)).sum())
        labeled += int((mask > 0).sum())
        for k in range(1, 151):
            both = int(((predicted == k) & (mask == k)).sum())
            intersection[k - 1] += both
            union[k - 1] += int((predicted == k).sum() + (mask == k).sum()) - both
    accuracy, iou = right / labeled, intersection / (union + eps)
    return iou.mean(), accuracy, (iou.mean() + accuracy) / 2


IN_THE_SAMPLE = (1, 2, 3, 5, 7, 10, 12, 14, 18, 21, 44, 81, 88, 97, 103)  # of MIT's own sampleData


def three_masks():
    rng = np.random.default_rng(0)
    masks = [rng.choice([0, *IN_THE_SAMPLE], size=(40, 30)).astype(np.uint8) for _ in range(3)]
    assert set(np.unique(masks)) == {0, *IN_THE_SAMPLE}
    return masks


def from_official(predictions, masks):
    from adebook.labels import to_train_ids

    cm = ConfusionMatrix()
    for predicted, mask in zip(predictions, masks, strict=True):
        cm.update(to_train_ids(predicted), to_train_ids(mask))
    return cm


def test_a_perfect_prediction_as_mit_scores_it():
    """MIT's README: mean IoU 0.1000, pixel accuracy 100 %, for a perfect prediction with 15 of 150 classes."""
    masks = three_masks()
    scores = from_official(masks, masks).scores(absent="zero")
    assert (
        f"{scores.mean_iou:.6f} {scores.pixel_accuracy:.6f} {scores.mit_score:.6f}"
        == "0.100000 1.000000 0.550000"
    )
    assert from_official(masks, masks).scores().mean_iou == 1.0


def test_equals_the_devkit():
    masks = three_masks()
    rng = np.random.default_rng(1)
    guesses = [
        np.where(rng.random(m.shape) < 0.3, rng.integers(1, 151, m.shape), np.maximum(m, 1)) for m in masks
    ]
    scores = from_official(guesses, masks).scores(absent="zero")
    ours = (scores.mean_iou, scores.pixel_accuracy, scores.mit_score)
    assert ours == pytest.approx(devkit_scores(guesses, masks), abs=1e-12)


# --- adding up ---


@given(pairs)
def test_order_and_batching_do_not_matter(case):
    classes, (guess, target) = case
    whole = ConfusionMatrix(classes)
    whole.update(guess, target)
    parts = [ConfusionMatrix(classes) for _ in range(3)]
    for i, (g, t) in enumerate(zip(guess, target, strict=True)):
        parts[i % 3].update(g, t)
    total = parts[2] + parts[0]
    total += parts[1]
    assert (total.matrix == whole.matrix).all()
    merged = ConfusionMatrix(classes).merge(parts[0]).merge(parts[1]).merge(parts[2])
    assert (merged.matrix == whole.matrix).all()
    assert (pickle.loads(pickle.dumps(whole)).matrix == whole.matrix).all()


def test_plus_leaves_its_operands_alone(by_hand):
    total = by_hand + by_hand
    assert total.matrix.sum() == 14
    assert by_hand.matrix.sum() == 7


def test_reset(by_hand):
    by_hand.reset()
    assert not by_hand.matrix.any()


def test_matrix_cannot_be_written_to(by_hand):
    with pytest.raises(ValueError, match="read-only"):
        by_hand.matrix[0, 0] = 5


def test_merge_refuses(by_hand):
    with pytest.raises(ValueError, match=r"num_classes=4, ignore_index=255.*num_classes=5, ignore_index=255"):
        by_hand += ConfusionMatrix(5)
    with pytest.raises(ValueError, match="ignore_index=-1"):
        by_hand.merge(ConfusionMatrix(4, ignore_index=-1))
    with pytest.raises(TypeError):
        by_hand += 3
    with pytest.raises(TypeError, match="int"):
        by_hand.merge(3)


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    for dtype in (torch.uint8, torch.uint16, torch.int16, torch.int32, torch.int64):
        cm = ConfusionMatrix(4)
        cm.update(torch.tensor(PREDICTION, dtype=dtype), torch.tensor(TARGET, dtype=dtype))
        assert cm.matrix.sum() == 7
    mixed = ConfusionMatrix(4)
    mixed.update(torch.tensor(PREDICTION), TARGET.astype(np.uint8))
    assert (mixed.matrix == cm.matrix).all()
    with pytest.raises(TypeError, match="prediction has dtype bfloat16"):
        cm.update(torch.zeros(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.uint8))


def test_pictures_lists_and_single_pixels(by_hand):
    cm = ConfusionMatrix(4)
    cm.update(PIL.Image.fromarray(PREDICTION.astype(np.uint8)), TARGET.tolist())
    assert (cm.matrix == by_hand.matrix).all()
    cm.update(np.int32(3), np.uint8(3))
    assert cm.matrix[3, 3] == 2


def test_a_memory_map(tmp_path, by_hand):
    for name, labels in (("prediction", PREDICTION), ("target", TARGET)):
        np.save(tmp_path / f"{name}.npy", labels.astype(np.uint8))
    cm = ConfusionMatrix(4)
    cm.update(*(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("prediction", "target")))
    assert (cm.matrix == by_hand.matrix).all()


# --- on a device, played by torch's "meta" device, which holds no values ---


class FakeCounts:
    def __init__(self, num_classes, ignore_index, device):
        self.counts, self.refused = np.zeros((num_classes, num_classes), np.int64), None
        self.made_with = (num_classes, ignore_index, str(device))
        self.added = []

    def add(self, prediction, target):
        self.added.append((prediction, target))
        self.counts[0, 1] += prediction.numel()

    def add_from_logits(self, logits, target):
        self.added.append((logits, target))
        self.counts[1, 0] += target.numel()

    def read(self):
        if self.refused:
            refused, self.refused = self.refused, None
            raise ValueError(refused)
        return self.counts.copy()

    def reset(self):
        self.counts[:] = 0


@pytest.fixture
def meta(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "adebook._cuda", SimpleNamespace(DeviceCounts=FakeCounts))
    return lambda *shape, dtype=torch.uint8: torch.zeros(shape, dtype=dtype, device="meta")


def test_tensors_are_counted_where_they_are(meta):
    torch = pytest.importorskip("torch")
    cm = ConfusionMatrix(4)
    cm.update([0], [0])
    for _ in range(2):
        cm.update(meta(2, 3), meta(2, 3, dtype=torch.int64))
    cm.update_from_logits(meta(1, 4, 2, 2, dtype=torch.float16), meta(1, 8, 8))
    (counts,) = cm._on_devices.values()
    assert counts.made_with == (4, 255, "meta")
    assert len(counts.added) == 3
    assert repr(cm) == "ConfusionMatrix(num_classes=4, ignore_index=255, 1 pixel counted, and those on meta)"
    assert not cm._matrix[0, 1]  # nothing has been read
    for _ in range(2):  # reading twice does not count twice
        assert cm.matrix.tolist() == [[1, 12, 0, 0], [64, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    cm.update(meta(5), meta(5))
    assert (cm + cm).matrix[0, 1] == 34
    cm.update(meta(5), meta(5))
    assert pickle.loads(pickle.dumps(cm)).matrix[0, 1] == 22
    cm.reset()
    assert not cm.matrix.any()


def test_device_counts_do_what_is_expected_of_them(monkeypatch):
    """The real ones, on the CPU."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("adebook.metrics._device_of", lambda **arguments: torch.device("cpu"))
    torch.manual_seed(0)
    prediction, target = torch.tensor(PREDICTION), torch.tensor(TARGET).to(torch.uint8)
    logits, labels = torch.randn(1, 4, 3, 3), torch.randint(0, 4, (1, 12, 12))
    upsampled = torch.nn.functional.interpolate(logits, size=(12, 12), mode="bilinear", align_corners=False)
    cm, twin = ConfusionMatrix(4), ConfusionMatrix(4)
    cm.update(prediction, target)
    cm.update_from_logits(logits, labels)
    cm.update(prediction, target + 9)  # refused, but only reading says so
    cm.update(prediction, target)
    assert list(cm._on_devices) == [torch.device("cpu")]
    with pytest.raises(ValueError, match="target holds"):
        cm.scores()
    for pair in [(PREDICTION, TARGET), (PREDICTION, TARGET), (upsampled.argmax(1).numpy(), labels.numpy())]:
        twin._matrix += twin._count(*pair)
    assert (cm.matrix == twin._matrix).all()
    assert (cm.matrix == twin._matrix).all()


def test_refusals_on_a_device(meta):
    torch = pytest.importorskip("torch")
    cm = ConfusionMatrix(4)
    with pytest.raises(
        ValueError, match=r"prediction is on the CPU and target on meta.*as_tensor\(prediction, device=target"
    ):
        cm.update(torch.zeros(2, dtype=torch.uint8), meta(2))
    with pytest.raises(ValueError, match="prediction is on meta and target on the CPU"):
        cm.update(meta(2), np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match="logits is on the CPU and target on meta"):
        cm.update_from_logits(np.zeros((1, 4, 2, 2), np.float32), meta(1, 8, 8))
    with pytest.raises(ValueError, match=r"prediction has shape \(2,\) and target \(3,\)"):
        cm.update(meta(2), meta(3))
    for dtype in (torch.float32, torch.bool):
        with pytest.raises(TypeError, match="target has dtype"):
            cm.update(meta(2), meta(2, dtype=dtype))
    assert not cm._on_devices
    cm.update(meta(2), meta(2))
    (counts,) = cm._on_devices.values()
    counts.refused = "target holds 9"
    with pytest.raises(ValueError, match="target holds 9"):
        cm.scores()
    assert cm.matrix.sum() == 2


def test_logits_count_like_upsampling_them():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    logits, target = torch.randn(2, 5, 6, 7), torch.randint(0, 5, (2, 24, 28), dtype=torch.uint8)
    target[:, :4] = 255
    upsampled = torch.nn.functional.interpolate(logits, size=(24, 28), mode="bilinear", align_corners=False)
    usual, direct = ConfusionMatrix(5), ConfusionMatrix(5)
    usual.update(upsampled.argmax(1), target)
    direct.update_from_logits(logits, target)
    assert (direct.matrix == usual.matrix).all()
    for wrong_logits, wrong_target, says in [
        (torch.full((2, 5, 6, 7), torch.nan), target, "NaN"),
        (torch.zeros(2, 4, 6, 7), target, "4"),
        (logits[:1], target, "shape"),
        (logits, target + 7, "target holds"),
    ]:
        with pytest.raises(ValueError, match=says):
            direct.update_from_logits(wrong_logits, wrong_target)
        assert (direct.matrix == usual.matrix).all()


# --- to and from other places ---


def test_state_dict(by_hand):
    state = by_hand.state_dict()
    assert list(state) == ["num_classes", "ignore_index", "matrix"]
    other = ConfusionMatrix(4)
    other.update([3], [3])
    other.load_state_dict(pickle.loads(pickle.dumps(state)))
    assert (other.matrix == by_hand.matrix).all()
    other.update([3], [3])
    assert state["matrix"].sum() == 7  # a copy

    before = other.matrix.copy()
    for change, error, says in [
        ({"num_classes": 5}, ValueError, "num_classes=5, but its matrix has 4"),
        ({"ignore_index": -1}, ValueError, "Cannot load the state: .*ignore_index=-1"),
        ({"matrix": np.zeros((4, 3), int)}, ValueError, r"shape \(4, 3\)"),
        ({"matrix": -state["matrix"]}, ValueError, "holds -2"),
        ({"matrix": state["matrix"] / 2}, TypeError, "matrix has dtype float64"),
        ({"extra": 1}, ValueError, "keys"),
    ]:
        with pytest.raises(error, match=says):
            other.load_state_dict(state | change)
        assert (other.matrix == before).all()
    with pytest.raises(ValueError, match=r"keys \['matrix'\]"):
        other.load_state_dict({"matrix": state["matrix"]})


def test_from_matrix(by_hand):
    copied = ConfusionMatrix.from_matrix(by_hand.matrix, ignore_index=None)
    assert copied.ignore_index is None
    copied.update([3], [3])
    assert copied.matrix.sum() == 8
    assert by_hand.matrix.sum() == 7
    assert ConfusionMatrix.from_matrix([[1, 2], [3, 4]]).scores().pixel_accuracy == 0.5
    for matrix, error, says in [
        ([[1, 2]], ValueError, r"matrix has shape \(1, 2\).*square"),
        ([1], ValueError, "square"),
        ([[-1]], ValueError, "holds -1"),
        ([[0.5]], TypeError, "matrix has dtype float64"),
        (np.zeros((0, 0), int), ValueError, "num_classes is 0"),
    ]:
        with pytest.raises(error, match=says):
            ConfusionMatrix.from_matrix(matrix)


ONE_OF_TWO_PROCESSES = """
import sys
from torch import distributed
from adebook import ConfusionMatrix

rank = int(sys.argv[1])
distributed.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=rank, world_size=2)
cm = ConfusionMatrix(2)
cm.update([rank], [0])
cm._matrix[1, 1] += 2**53 + rank  # float64 would round it
cm.all_reduce()
assert cm.matrix.tolist() == [[1, 1], [0, 2**54 + 1]], cm.matrix

other = ConfusionMatrix(2 + rank)
try:
    other.all_reduce()
except RuntimeError as error:
    assert "num_classes [2, 3]" in str(error), error
else:
    raise AssertionError("different classes were added up")

class Refusing(dict):
    def values(self):
        raise ValueError("target holds 9")

if rank == 1:
    cm._on_devices = Refusing()
try:
    cm.all_reduce()
except RuntimeError as error:
    assert rank == 0 and "refused in process 1" in str(error), error
except ValueError as error:
    assert rank == 1 and "target holds 9" in str(error), error
else:
    raise AssertionError("a refused update was passed over")
assert cm._matrix.tolist() == [[1, 1], [0, 2**54 + 1]], cm._matrix
distributed.barrier()
distributed.destroy_process_group()
"""


def test_all_reduce(tmp_path):
    pytest.importorskip("torch.distributed")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_OF_TWO_PROCESSES, str(rank), str(tmp_path / "rendezvous")],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    errors = [process.communicate(timeout=100)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(errors)


def test_all_reduce_needs_a_group(by_hand):
    pytest.importorskip("torch.distributed")
    with pytest.raises(RuntimeError, match=r"init_process_group.*leave all_reduce out"):
        by_hand.all_reduce()


def test_other_ignore_index():
    cm = ConfusionMatrix(4, ignore_index=-100)
    cm.update(PREDICTION, np.where(TARGET == 255, -100, TARGET))
    assert cm.matrix.sum() == 7
    everything = ConfusionMatrix(4, ignore_index=None)
    everything.update([[0, 1]], [[0, 0]])
    assert everything.matrix.sum() == 2


# --- refusals, after which nothing has changed ---


@pytest.mark.parametrize(
    "prediction, target, error, says",
    [
        ([[0, 1]], [[0], [1]], ValueError, r"prediction has shape \(1, 2\) and target \(2, 1\)"),
        (np.zeros((2, 4, 3, 3), int), np.zeros((2, 3, 3), int), ValueError, "class axis: take argmax"),
        ([[0.0, 1.0]], [[0, 1]], TypeError, "prediction has dtype float64.*argmax"),
        ([[0, 1]], [[True, False]], TypeError, "target has dtype bool"),
        ([[0, 4]], [[0, 1]], ValueError, r"prediction holds 4 at row 0, column 1 \(1 pixel .*0\.\.3"),
        ([[0, -1]], [[0, 1]], ValueError, "prediction holds -1 at row 0, column 1"),
        (
            [[0, 0]],
            [[9, 9]],
            ValueError,
            r"target holds 9 at row 0, column 0 \(2 pixels.*0\.\.3 and 255 \(ignore\)",
        ),
        ([[9, 0, 9]], [[255, 0, 1]], ValueError, r"prediction holds 9 at row 0, column 2 \(1 pixel "),
        (
            [[255, 255]],
            [[255, 1]],
            ValueError,
            r"prediction is 255 \(ignore\) at row 0, column 1.*1 pixel in all",
        ),
    ],
)
def test_update_refuses(by_hand, prediction, target, error, says):
    before = by_hand.matrix.copy()
    with pytest.raises(error, match=says):
        by_hand.update(prediction, target)
    assert (by_hand.matrix == before).all()


def test_official_ids_are_recognized():
    cm = ConfusionMatrix()
    with pytest.raises(
        ValueError, match=r"target holds 150 .*looks like official ids.*to_train_ids.*Nothing was counted"
    ):
        cm.update([[1, 2]], [[1, 150]])
    assert not cm.matrix.any()


@pytest.mark.parametrize("value", [255, 200, 4, -1, -100, 2**40])
def test_any_prediction_on_an_ignored_pixel_is_fine(value):
    cm = ConfusionMatrix(4)
    cm.update([[value, 1]], [[255, 1]])
    assert cm.matrix.sum() == cm.matrix[1, 1] == 1
    cm.update([[value, value]], [[255, 255]])
    assert cm.matrix.sum() == 1


def test_nothing_to_count_is_no_list():
    cm = ConfusionMatrix(4)
    cm.update(np.zeros((0,), int), np.zeros((0,), int))
    assert not cm.matrix.any()
    with pytest.raises(ValueError, match="prediction is empty: there are no pixels"):
        cm.update([], [])


@pytest.mark.parametrize("ignore_index", [0, 149])
def test_ignore_index_must_not_be_a_class(ignore_index):
    with pytest.raises(ValueError, match=r"is also a class.*to_train_ids"):
        ConfusionMatrix(150, ignore_index)


def test_other_refusals(by_hand):
    with pytest.raises(ValueError, match="num_classes is 0"):
        ConfusionMatrix(0)
    with pytest.raises(ValueError, match=r"absent is 'nan'.*'exclude'.*'zero'"):
        by_hand.scores(absent="nan")
    with pytest.raises(ValueError, match="64 bits"):
        ConfusionMatrix(4, ignore_index=2**64)


# --- what is shown ---


@pytest.mark.parametrize("absent", ["exclude", "zero", "exclude_unlabeled"])
def test_empty_is_nan_with_a_warning(absent):
    cm = ConfusionMatrix()
    cm.update([[5, 5]], [[255, 255]])
    with pytest.warns(UserWarning, match="No labeled pixel"):
        scores = cm.scores(absent)
    for value in (scores.mean_iou, scores.pixel_accuracy, scores.mean_accuracy, scores.mit_score):
        assert np.isnan(value)
    assert np.isnan(scores.iou).all()


def test_the_convention_is_printed_with_the_number(by_hand):
    text = str(by_hand.scores())
    assert "mean IoU                0.666667" in text
    assert 'absent="exclude": mean over the classes that occur; 3 of 4 occur' in text
    text = str(by_hand.scores("zero"))
    assert "mean IoU                0.500000" in text
    assert "MIT's devkit" in text
    assert "absent='zero'" in repr(by_hand.scores("zero"))
    assert repr(by_hand) == "ConfusionMatrix(num_classes=4, ignore_index=255, 7 pixels counted)"


def test_table(by_hand):
    table = by_hand.scores().table()
    assert list(table.columns) == [
        "iou",
        "dice",
        "precision",
        "recall",
        "labeled_pixels",
        "predicted_pixels",
    ]
    assert table.index.name == "class_index"  # 4 classes are not ADE20K's
    cm = ConfusionMatrix()
    cm.update([[0, 23]], [[0, 23]])
    table = cm.scores().table()
    assert table.index.name == "train_id"
    assert table["name"].tolist() == [c.name for c in CLASSES]
    assert table.loc[23, ["id", "name", "iou"]].tolist() == [24, "sofa", 1.0]
    assert int(table["iou"].notna().sum()) == 2


# --- image by image ---

EASY = ([[0, 0], [0, 0]], [[0, 0], [0, 0]])  # IoU of class 0: 1
HARD = ([[0, 0], [0, 1]], [[0, 0], [1, 1]])  # 2/3 and 1/2
STRAY = ([[0, 2]], [[0, 0]])  # 1/2 and, of class 2 that is not there, 0
BLANK = ([[0, 1]], [[255, 255]])


def some_images(*images, classes=3):
    per_image = PerImage(classes)
    for i, image in enumerate(images):
        per_image.update(*image, name=f"image {i}")
    return per_image


def test_per_image_by_hand():
    images = some_images(EASY, HARD, STRAY)
    assert len(images) == 3
    assert images.names == ["image 0", "image 1", "image 2"]
    assert images.intersection.tolist() == [[4, 0, 0], [2, 1, 0], [1, 0, 0]]
    assert images.labeled.tolist() == [[4, 0, 0], [2, 2, 0], [2, 0, 0]]
    assert images.predicted.tolist() == [[4, 0, 0], [3, 1, 0], [1, 0, 1]]
    assert images.labeled.dtype == np.int64
    assert images.mean_iou() == pytest.approx((1 + (2 / 3 + 1 / 2) / 2 + (1 / 2 + 0) / 2) / 3)
    assert images.mean_iou("exclude_unlabeled") == pytest.approx((1 + (2 / 3 + 1 / 2) / 2 + 1 / 2) / 3)
    assert images.mean_iou("zero") == pytest.approx((1 / 3 + (2 / 3 + 1 / 2) / 3 + 1 / 6) / 3)
    table = images.table()
    assert table.index.name == "name"
    assert table.loc["image 1"].tolist() == pytest.approx([7 / 12, 3 / 4, 2, 4])
    assert list(table.columns) == ["mean_iou", "pixel_accuracy", "classes", "labeled_pixels"]
    assert images.table("exclude_unlabeled").loc["image 2", "mean_iou"] == 0.5


@given(pairs)
def test_pooled_images_are_the_data_set(case):
    classes, (guess, target) = case
    if (target == 255).all():
        return
    cm, images = ConfusionMatrix(classes), PerImage(classes)
    cm.update(guess, target)
    images.update(guess, target)
    assert len(images) == (1 if target.ndim == 2 else len(target))
    for absent in ("exclude", "zero", "exclude_unlabeled"):
        ours, whole = images.scores(absent), cm.scores(absent)
        for name in ("mean_iou", "pixel_accuracy", "mean_accuracy", "frequency_weighted_iou", "mit_score"):
            assert getattr(ours, name) == getattr(whole, name)
        assert np.array_equal(ours.iou, whole.iou, equal_nan=True)


def test_an_image_without_labels_has_no_score():
    images = some_images(EASY, BLANK)
    for absent in ("exclude", "exclude_unlabeled"):
        assert images.mean_iou(absent) == 1
    assert images.mean_iou("zero") == pytest.approx(1 / 3)
    assert np.isnan(images.table().loc["image 1", "mean_iou"])
    assert np.isnan(images.table().loc["image 1", "pixel_accuracy"])
    with pytest.warns(UserWarning, match="No labeled pixel"):
        assert np.isnan(some_images(BLANK).mean_iou())
    with pytest.warns(UserWarning, match="No labeled pixel"):
        assert np.isnan(PerImage(3).scores().mean_iou)
    assert len(PerImage(3).table()) == 0


def test_per_image_merge():
    images = some_images(EASY).merge(PerImage(3))
    more = PerImage(3)
    more.update(np.array([HARD[0], EASY[0]]), np.array([HARD[1], EASY[1]]), name=["a", "b"])
    assert images.merge(more).names == ["image 0", "a", "b"]
    assert images.labeled.tolist() == [[4, 0, 0], [2, 2, 0], [4, 0, 0]]
    with pytest.raises(ValueError, match=r"2 image\(s\) would be counted twice: a, b"):
        images.merge(more)
    with pytest.raises(ValueError, match="num_classes=4"):
        images.merge(PerImage(4))
    with pytest.raises(TypeError, match="ConfusionMatrix"):
        images.merge(ConfusionMatrix(3))
    assert len(images) == 3


@pytest.mark.parametrize(
    "prediction, target, name, says",
    [
        ([0], [0], None, r"shape \(1,\), but images are \[H, W\]"),
        ([[0]], [[0, 0]], None, "they must be equal"),
        ([[0]], [[7]], "x.png", "^x.png: target holds 7 at row 0, column 0"),
        ([[0]], [[7]], None, "^target holds 7"),
        ([[[0]], [[0]]], [[[0]], [[7]]], None, "^image 1 of the batch: target holds 7"),
        ([[[0]], [[0]]], [[[0]], [[0]]], ["x"], r"2 images, but 1 names: \['x'\]"),
        ([[[0]], [[0]]], [[[0]], [[0]]], ["x", "x"], "counted twice: x"),
        ([[0]], [[0]], "image 0", "counted twice: image 0"),
    ],
)
def test_per_image_refuses(prediction, target, name, says):
    images = some_images(EASY)
    with pytest.raises(ValueError, match=says):
        images.update(prediction, target, name)
    assert images.names == ["image 0"]
    assert len(images.labeled) == 1


# --- how sure a score is ---


def random_images(count, skill, seed=0, classes=4):
    rng = np.random.default_rng(seed)
    images = PerImage(classes)
    for i in range(count):
        target = rng.choice([*range(classes), 255], size=(6, 7))
        right = rng.random(target.shape) < skill + 0.3 * rng.random()
        images.update(
            np.where(right, np.minimum(target, classes - 1), rng.integers(0, classes, target.shape)),
            target,
            str(i),
        )
    return images


@pytest.mark.parametrize("absent", ["exclude", "zero", "exclude_unlabeled"])
@pytest.mark.parametrize(
    "statistic", ["mean_iou", "pixel_accuracy", "mean_accuracy", "frequency_weighted_iou", "image_mean_iou"]
)
def test_bootstrap_equals_a_loop(statistic, absent):
    images = random_images(5, 0.4).merge(some_images(BLANK, classes=4))
    interval = images.bootstrap(statistic, absent, samples=130, seed=3)

    def score(chosen):
        if statistic == "image_mean_iou":
            means = images.table(absent)["mean_iou"].to_numpy()[chosen]
            return np.nanmean(means)
        resampled = PerImage(4)
        resampled._names = [None] * len(chosen)
        resampled._sums = [images._sums[i] for i in chosen]
        return getattr(resampled.scores(absent), statistic)

    rng = np.random.default_rng(3)
    draws = np.concatenate([rng.integers(6, size=(n, 6)) for n in (100, 30)])
    assert interval.values == pytest.approx([score(draw) for draw in draws], abs=1e-12)
    assert interval.estimate == pytest.approx(score(np.arange(6)), abs=1e-12)
    assert interval.low == pytest.approx(np.quantile(interval.values, 0.025))
    assert interval.high == pytest.approx(np.quantile(interval.values, 0.975))
    assert interval.low < interval.estimate < interval.high


def test_bootstrap_is_reproducible_and_narrows():
    images = random_images(60, 0.4)
    first, again, other = (images.bootstrap(samples=300, seed=seed) for seed in (0, 0, 1))
    assert (first.low, first.high) == (again.low, again.high) != (other.low, other.high)
    narrow, few = images.bootstrap(confidence=0.5), random_images(10, 0.4).bootstrap()
    assert narrow.high - narrow.low < first.high - first.low < few.high - few.low
    assert str(first).startswith(f"mean_iou {first.estimate:.4f}, 95 % interval {first.low:.4f} to ")
    assert "(300 resamples of 60 images)" in str(first)


def test_the_interval_covers():
    """Of the mean accuracy of many images from one source, the 90 % interval of 40 of them holds the truth about nine
    times in ten."""
    truth = random_images(2000, 0.4, seed=99).scores().pixel_accuracy
    held = 0
    for seed in range(60):
        interval = random_images(40, 0.4, seed).bootstrap("pixel_accuracy", samples=300, confidence=0.9)
        held += interval.low <= truth <= interval.high
    assert 46 <= held <= 60  # 54 expected; fewer than 46 would be 3.4 standard deviations off


def test_paired_bootstrap():
    worse, better = random_images(50, 0.4), random_images(50, 0.4)
    for i in range(50):  # the same errors but for one pixel of each image
        counts = better._sums[i]
        wrong = np.flatnonzero(counts[1] > counts[0])[:1]
        counts[0, wrong] += 1
        counts[2, wrong] += 1
        counts[2, np.flatnonzero(counts[2] > counts[0])[:1]] -= 1
    difference = paired_bootstrap(worse, better)
    assert difference.estimate == pytest.approx(better.scores().mean_iou - worse.scores().mean_iou)
    assert 0 < difference.low < difference.estimate < difference.high
    assert str(difference).startswith("difference in mean_iou 0.")
    alone = worse.bootstrap()
    assert difference.high - difference.low < (alone.high - alone.low) / 2
    back = paired_bootstrap(better, worse)
    assert back.high == pytest.approx(-difference.low)
    same = paired_bootstrap(worse, worse)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)

    shuffled = PerImage(4)
    for i in reversed(range(50)):
        shuffled._names.append(str(i))
        shuffled._sums.append(better._sums[i])
    assert paired_bootstrap(worse, shuffled).low == difference.low  # matched by name


def test_bootstrap_refuses():
    images = some_images(EASY, HARD)
    for arguments, says in [
        ({"statistic": "median"}, "statistic is 'median'.*image_mean_iou"),
        ({"absent": "nan"}, "absent is 'nan'"),
        ({"samples": 0}, "samples is 0"),
        ({"confidence": 95}, "confidence 95"),
    ]:
        with pytest.raises(ValueError, match=says):
            images.bootstrap(**arguments)
    with pytest.raises(ValueError, match="There is 1 image"):
        some_images(EASY).bootstrap()
    with pytest.raises(ValueError, match="nothing to resample"):
        some_images(BLANK, BLANK).bootstrap()
    with pytest.raises(ValueError, match="num_classes=4"):
        paired_bootstrap(images, PerImage(4))
    with pytest.raises(ValueError, match="different images: 2 and 3; only one of them holds image 2"):
        paired_bootstrap(images, some_images(EASY, HARD, STRAY))
    with pytest.raises(ValueError, match=r"labels of image 1 differ.*1 such images"):
        paired_bootstrap(images, some_images(EASY, STRAY))


# --- along outlines ---


def outline(region, width):
    """The authors' way: a frame of zeros, `width` erosions of 3 x 3; what they take away is the outline."""
    eroded = np.pad(region, 1)
    for _ in range(width):
        framed = np.pad(eroded, 1, constant_values=True)  # cv2.erode takes what is beyond for 1
        rows, columns = eroded.shape
        eroded = np.all([framed[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)
    return region & ~eroded[1:-1, 1:-1]


def boundary_iou(prediction, target, classes, ratio):
    width = max(1, round(ratio * np.sqrt(target.shape[0] ** 2 + target.shape[1] ** 2)))
    iou = np.full(classes, np.nan)
    for k in np.intersect1d(np.arange(classes), [target, prediction]):
        g = outline(target == k, width)
        p = outline((prediction == k) & (target != 255), width)
        if (g | p).any():
            iou[k] = (g & p).sum() / (g | p).sum()
    return iou


@settings(deadline=None)
@given(
    st.integers(1, 4),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.sampled_from([0.02, 0.05, 0.1, 0.5]),
    st.integers(0, 2**32),
    st.sampled_from([1, 4, 9]),
    st.sampled_from([np.uint8, np.int64]),
)
def test_boundary_iou_equals_erosion_class_by_class(classes, shape, ratio, seed, block, dtype):
    rng = np.random.default_rng(seed)

    def blocks(values):
        small = rng.choice(values, size=[-(-side // block) for side in shape])
        return np.kron(small, np.ones((block, block), int))[: shape[0], : shape[1]]

    target = blocks([*range(classes), 255])
    prediction = np.where(rng.random(shape) < 0.9, np.minimum(target, classes - 1), blocks(range(classes)))
    if (target == 255).all():
        return
    boundary = BoundaryIoU(classes, dilation_ratio=ratio)
    boundary.update(prediction.astype(dtype), target.astype(dtype))
    expected = boundary_iou(prediction, target, classes, ratio)
    assert boundary.scores().iou == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_boundary_iou_by_hand():
    target = np.zeros((7, 9), np.uint8)
    target[:, :4] = 1
    boundary = BoundaryIoU(2, dilation_ratio=0.05)  # of 11.4: one pixel
    boundary.update(np.roll(target, 1, axis=1), target)
    # class 1: the frame of 7 x 4 has 18 pixels, and so has that of columns 1..4; both have rows 0 and 6 of
    # columns 1..3, which is 6
    scores = boundary.scores()
    assert scores.labeled_pixels[1] == scores.predicted_pixels[1] + 0 == 18
    assert scores.iou[1] == 6 / 30
    assert repr(boundary) == (
        "BoundaryIoU(num_classes=2, ignore_index=255, dilation_ratio=0.05, 38 pixels on outlines)"
    )


def test_boundary_iou_is_one_for_a_perfect_prediction_whatever_is_ignored():
    target = np.zeros((40, 40), np.uint8)
    target[10:30, 10:30] = 1
    target[12:20, 5:35] = 255
    prediction = np.where(target == 255, np.arange(40) % 2, target)
    boundary = BoundaryIoU(2)
    boundary.update(prediction, target)
    assert boundary.scores().iou.tolist() == [1, 1]


def test_boundary_iou_adds_up():
    rng = np.random.default_rng(0)
    images = [(rng.integers(0, 3, (9, 9)), rng.integers(0, 3, (9, 9))) for _ in range(2)]
    parts = [BoundaryIoU(3) for _ in images]
    whole = BoundaryIoU(3)
    for part, image in zip(parts, images, strict=True):
        part.update(*image)
        whole.update(*image)
    assert (parts[0].merge(parts[1]).scores().iou == whole.scores().iou).all()
    whole.update(np.zeros((0, 5), int), np.zeros((0, 5), int))
    assert whole.scores().mean_iou == parts[0].scores().mean_iou
    whole.reset()
    with pytest.warns(UserWarning, match="No labeled pixel"):
        assert np.isnan(whole.scores().mean_iou)


def test_boundary_iou_refuses():
    boundary = BoundaryIoU(3)
    for ratio in (0, 1, -0.1, float("nan")):
        with pytest.raises(ValueError, match="dilation_ratio is"):
            BoundaryIoU(3, dilation_ratio=ratio)
    with pytest.raises(ValueError, match=r"\(1, 2, 2\).*one image at a time"):
        boundary.update(np.zeros((1, 2, 2), int), np.zeros((1, 2, 2), int))
    with pytest.raises(ValueError, match="target holds 3"):
        boundary.update([[0]], [[3]])
    with pytest.raises(ValueError, match=r"dilation_ratio=0\.02, the other 0\.1"):
        boundary.merge(BoundaryIoU(3, dilation_ratio=0.1))
    with pytest.raises(TypeError, match="PerImage"):
        boundary.merge(PerImage(3))
    with pytest.raises(ValueError, match="ignore_index=None"):
        boundary.merge(BoundaryIoU(3, ignore_index=None))


# --- on real annotations ---


@pytest.mark.real
def test_real_annotations(real_root):
    """Every definition at once, on masks as they are: shifted by some pixels to have something to score."""
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.classification")
    from adebook.labels import to_official_ids, to_train_ids

    files = sorted((real_root / "annotations" / "validation").glob("*.png"))[:4]
    masks = [np.array(PIL.Image.open(file)) for file in files]
    guesses = [np.maximum(np.roll(mask, (3, 5), (0, 1)), 1) for mask in masks]
    targets, predictions = [to_train_ids(m) for m in masks], [to_train_ids(g) for g in guesses]
    assert (to_official_ids(predictions[0]) == guesses[0]).all()

    cm, images, boundary = ConfusionMatrix(), PerImage(), BoundaryIoU()
    options = {"num_classes": 150, "ignore_index": 255}
    peers = [
        classification.MulticlassConfusionMatrix(**options),
        classification.MulticlassJaccardIndex(**options),
    ]
    for file, p, t in zip(files, predictions, targets, strict=True):
        cm.update(p, t)
        images.update(p, t, file.stem)
        for peer in peers:
            peer.update(torch.tensor(p).long(), torch.tensor(t).long())
    p, t = (labels[0][:200, :300] for labels in (predictions, targets))
    boundary.update(p, t)
    scores, zero = cm.scores(), cm.scores("zero")
    assert (cm.matrix == peers[0].compute().numpy()).all()
    assert scores.mean_iou == pytest.approx(float(peers[1].compute()), abs=1e-6)
    assert scores.mean_iou == pytest.approx(
        evaluate_mean_iou(predictions, targets, 150, 255)["mean_iou"], abs=1e-12
    )
    assert (zero.mean_iou, zero.pixel_accuracy, zero.mit_score) == pytest.approx(
        devkit_scores(guesses, masks), abs=1e-12
    )
    assert images.scores().mean_iou == scores.mean_iou
    assert boundary.scores().iou == pytest.approx(boundary_iou(p, t, 150, 0.02), nan_ok=True)

    perfect = ConfusionMatrix()
    for t in targets:
        perfect.update(np.where(t == 255, 0, t), t)
    assert perfect.scores().mean_iou == 1
    assert perfect.scores("zero").mean_iou == pytest.approx(perfect.scores().num_present / 150)
