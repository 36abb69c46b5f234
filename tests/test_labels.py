import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adebook import labels
from adebook.classes import CLASSES

torch = pytest.importorskip("torch")

integers = st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.int64])
masks = integers.flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(max_dims=4), elements=st.integers(0, 150))
)


def test_the_contract():
    mask = np.array([[0, 1, 2, 150]], np.uint8)
    target = np.array([[255, 0, 1, 149]], np.uint8)
    assert labels.to_train_ids(mask).tolist() == target.tolist()
    assert labels.to_official_ids(target).tolist() == mask.tolist()
    assert (labels.OTHER, labels.IGNORE, labels.NUM_CLASSES) == (0, 255, 150)
    assert mask.tolist() == [[0, 1, 2, 150]]  # the input is left alone


@given(masks)
def test_there_and_back(mask):
    target = labels.to_train_ids(mask)
    assert target.dtype == np.uint8
    assert target.shape == mask.shape
    assert ((target == 255) == (mask == 0)).all()
    back = labels.to_official_ids(target)
    assert back.dtype == np.uint8
    assert (back == mask).all()


def test_pil_and_lists():
    mask = np.array([[0, 7], [150, 1]], np.uint8)
    gray = PIL.Image.fromarray(mask)
    indexed = PIL.Image.fromarray(mask)
    indexed.putpalette(list(range(256)) * 3)
    assert indexed.mode == "P"
    for given_as in (gray, indexed, mask.tolist()):
        assert labels.to_train_ids(given_as).tolist() == [[255, 6], [149, 0]]
        assert labels.check_mask(given_as).tolist() == mask.tolist()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
def test_torch_in_torch_out(dtype):
    mask = torch.tensor([[[0, 1], [2, 150]]], dtype=dtype)
    target = labels.to_train_ids(mask)
    assert isinstance(target, torch.Tensor)
    assert (target.dtype, target.device) == (torch.uint8, mask.device)
    assert target.tolist() == [[[255, 0], [1, 149]]]
    assert labels.to_official_ids(target.to(dtype)).tolist() == mask.tolist()
    assert labels.check_mask(mask[0]).tolist() == mask[0].tolist()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_stays_on_its_device():
    assert labels.to_train_ids(torch.zeros(2, 2, dtype=torch.uint8, device="cuda")).is_cuda


def test_train_ids_given_as_official():
    with pytest.raises(ValueError) as caught:
        labels.to_train_ids(np.array([[3, 255], [255, 0]]))
    for part in ("255", "row 0, column 1", "2 pixels", "looks like a train-id array", "to_official_ids"):
        assert part in str(caught.value)


def test_official_ids_given_as_train_ids():
    with pytest.raises(ValueError) as caught:
        labels.to_official_ids(np.array([[3, 255], [150, 0]]))
    for part in (
        "150",
        "row 1, column 0",
        "1 pixel ",
        "150 in a train-id array: this looks like official ids",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "convert, array, says",
    [
        (labels.to_train_ids, np.array([[1, 151]]), "mask holds 151 at row 0, column 1"),
        (labels.to_train_ids, np.array([[-1]]), "mask holds -1 at row 0, column 0"),
        (labels.to_train_ids, np.array([0, 0, 300]), r"mask holds 300 at index \(2,\)"),
        (labels.to_train_ids, np.full((4, 4, 3), 200), "looks like a color image.*decolorize"),
        (labels.to_official_ids, np.array([[-1]]), "target holds -1.*negative"),
        (labels.to_official_ids, np.array([[-100, 254]]), "2 pixels out of range"),
        (labels.check_mask, np.zeros((1, 2, 2), int), r"shape \(1, 2, 2\).*one mask at a time"),
        (labels.check_mask, np.zeros((2, 2, 3), int), r"shape \(2, 2, 3\).*decolorize"),
    ],
)
def test_values_out_of_range(convert, array, says):
    with pytest.raises(ValueError, match=says):
        convert(array)


@pytest.mark.parametrize("convert", [labels.to_train_ids, labels.to_official_ids, labels.check_mask])
@pytest.mark.parametrize(
    "array, says",
    [
        (np.zeros((2, 2)), "float64.*argmax"),
        (np.zeros((2, 2), bool), "bool.*one class"),
        (np.array([["wall"]]), "dtype <U4"),
        (torch.zeros(2, 2), "float32.*argmax"),
        (torch.zeros(2, 2, dtype=torch.float16), "dtype float16, but labels are integers.*argmax"),
        (torch.zeros(2, 2, dtype=torch.bfloat16), "dtype bfloat16, but labels are integers.*argmax"),
        (torch.zeros(2, 2, dtype=torch.bool), "bool.*one class"),
        (np.ma.masked_equal(np.array([[1, 2]]), 2), r"masked array.*\.filled\(0\).*\.filled\(255\)"),
        (PIL.Image.new("RGB", (2, 2)), "mode 'RGB'.*decolorize.*from_full_release"),
        (PIL.Image.new("1", (2, 2)), "mode '1'"),
    ],
)
def test_what_cannot_be_labels(convert, array, says):
    with pytest.raises(TypeError, match=says):
        convert(array)


@pytest.mark.parametrize("convert", [labels.to_train_ids, labels.to_official_ids, labels.check_mask])
@pytest.mark.parametrize("nothing", [[], [[]], ()])
def test_an_empty_list_has_no_pixels(convert, nothing):
    with pytest.raises(ValueError, match="is empty: there are no pixels"):
        convert(nothing)


def test_check_mask_uses_the_name():
    with pytest.raises(ValueError, match=r"ADE_val_00000007\.png holds 200"):
        labels.check_mask([[200]], name="ADE_val_00000007.png")


def test_empty_is_fine():
    assert labels.to_train_ids(np.zeros((0, 5), np.uint8)).shape == (0, 5)
    assert labels.to_official_ids(np.zeros((0, 5), np.uint8)).shape == (0, 5)


# --- the full release ---


def encode(index, instance=1, rest=0):
    return [index // 256 * 10 + rest, index % 256, instance]


def test_every_class_from_the_full_release():
    for c in CLASSES:
        for index in c.full_ids:
            rgb = np.array([[encode(index), encode(index, 7, rest=9)]], np.uint8)
            assert labels.from_full_release(rgb).tolist() == [[c.id, c.id]]
            assert labels.full_release_ids(rgb).tolist() == [[index, index]]
            assert labels.full_release_instances(rgb).tolist() == [[1, 7]]


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))))
def test_any_color_is_some_class_or_other(rgb):
    index = labels.full_release_ids(rgb)
    assert index.dtype == np.uint16
    assert (index == rgb[..., 0].astype(int) // 10 * 256 + rgb[..., 1]).all()
    of = {i: c.id for c in CLASSES for i in c.full_ids}
    mask = labels.from_full_release(PIL.Image.fromarray(rgb))
    assert mask.dtype == np.uint8
    assert mask.tolist() == [[of.get(i, 0) for i in row] for row in index.tolist()]


@pytest.mark.parametrize(
    "size, expected",
    [  # height, width
        ((512, 700), (512, 700)),
        ((300, 2000), (300, 2000)),
        ((513, 700), (512, 699)),  # 700 / 513 * 512 = 698.6
        ((1024, 2049), (512, 1025)),  # 1024.5 is rounded up, as MATLAB does
        ((1600, 1200), (683, 512)),
        ((1600, 1600), (1600, 1600)),  # squares fall through MIT's script
    ],
)
def test_sizes_as_mit_made_them(size, expected):
    rgb = np.zeros((*size, 3), np.uint8)
    assert labels.from_full_release(rgb, resize=True).shape == expected
    assert labels.from_full_release(rgb).shape == size


@pytest.mark.parametrize(
    "rgb, says",
    [
        (np.zeros((2, 2), np.uint8), r"color image \[H, W, 3\].*needs no conversion"),
        (PIL.Image.new("L", (2, 2)), "mode 'L'"),
        (np.zeros((2, 2, 3), int), "uint8"),
    ],
)
def test_full_release_refuses(rgb, says):
    with pytest.raises((TypeError, ValueError), match=says):
        labels.from_full_release(rgb)


@pytest.mark.real
@pytest.mark.parametrize(
    "name, split, percent",
    [("ADE_val_00000001", "validation", 100.0), ("ADE_train_00000001", "training", 99.9222)],
)
def test_real_pairs(real_root, full_release_2016, name, split, percent):
    """The full-release masks of 2016 give MIT's challenge masks back."""
    full = PIL.Image.open(full_release_2016 / f"{name}_seg.png")
    challenge = np.asarray(PIL.Image.open(real_root / "annotations" / split / f"{name}.png"))
    converted = labels.from_full_release(full, resize=True)
    assert converted.shape == challenge.shape
    assert round(100 * float((converted == challenge).mean()), 4) == percent
