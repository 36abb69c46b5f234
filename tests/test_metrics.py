import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adebook.classes import CLASSES
from adebook.metrics import ConfusionMatrix

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


def test_class_only_predicted():
    cm = ConfusionMatrix(num_classes=3)
    cm.update([[0, 1], [2, 2]], [[0, 1], [1, 255]])
    scores = cm.scores()
    assert scores.iou.tolist() == [1, 0.5, 0]
    assert scores.mean_iou == 0.5
    assert scores.mean_accuracy == 0.75  # class 2 is not in the labels
    assert np.isnan(scores.recall[2])
    assert scores.precision[2] == 0


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
    for dtype in (torch.uint8, torch.int32, torch.int64):
        cm = ConfusionMatrix(4)
        cm.update(torch.tensor(PREDICTION, dtype=dtype), torch.tensor(TARGET, dtype=dtype))
        assert cm.matrix.sum() == 7
    mixed = ConfusionMatrix(4)
    mixed.update(torch.tensor(PREDICTION), TARGET.astype(np.uint8))
    assert (mixed.matrix == cm.matrix).all()


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


# --- what is shown ---


@pytest.mark.parametrize("absent", ["exclude", "zero"])
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
