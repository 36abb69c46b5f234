import itertools

import matplotlib as mpl
import numpy as np
import pytest
from conftest import SIZE
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

mpl.use("agg")

import matplotlib.pyplot as plt

from adebook import plots
from adebook.classes import CLASSES
from adebook.datasets import load
from adebook.metrics import ConfusionMatrix
from adebook.palette import colorize, colors


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def texts(figure):
    return [t.get_text() for t in (*figure.texts, *itertools.chain(*(a.texts for a in figure.axes)))]


def assert_readable(figure):
    """No text overlaps another or is cut by the figure's border."""
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    found = [
        *figure.texts,
        *itertools.chain(*(a.texts + a.get_yticklabels() for a in figure.axes if a.axison)),
    ]
    found += [t for a in figure.axes if not a.axison for t in a.texts]
    boxes = [(t.get_text(), t.get_window_extent()) for t in found if t.get_text()]
    for i, (text, box) in enumerate(boxes):
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, (
            f"{text} is cut"
        )
        for other, second in boxes[i + 1 :]:
            assert not box.overlaps(second), f"{text} overlaps {other}"


def read(root):
    return load("sceneparse150", "validation", root=root)


# --- samples ---


@pytest.mark.parametrize("overlay, panels", [(False, 2), (True, 1)])
def test_samples(root, overlay, panels):
    figure = plots.samples(read(root), 3, overlay=overlay)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 3 * panels
    assert texts(figure) == [
        "abbey",
        "living room",
        "ADE val 00000003",
        "Pictures and masks: SceneParse150 (photographs)",
    ]
    assert_readable(figure)


def test_samples_shows_picture_and_mask(root):
    rows = read(root)
    picture, mask = plots.samples(rows, [3], palette="accessible").axes
    assert (picture.images[0].get_array() == np.asarray(rows[3]["image"])).all()
    assert (mask.images[0].get_array() == colorize(rows[3]["annotation"], "accessible")).all()
    box, below = picture.get_position(), mask.get_position()
    assert below.y1 < box.y0
    assert box.width * plots.WIDTH / SIZE[0] == pytest.approx(below.width * plots.WIDTH / SIZE[0])


def test_rendered_pictures_are_called_rendered(root):
    (root / "recipes").mkdir()
    assert (
        texts(plots.samples(load("dollhouse", root=root), 1))[-1]
        == "Pictures and masks: Dollhouse (rendered)"
    )


def test_samples_of_any_data_set(root):
    rows = [{"image": row["image"], "annotation": row["annotation"]} for row in read(root)]
    figure = plots.samples(rows, [4, 0, 1, 2, 3], columns=3)
    assert texts(figure) == [f"row {n}" for n in range(5)]
    assert_readable(figure)


def test_samples_refuses(root):
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.samples(read(root), [])
    with pytest.raises(ValueError, match="indices=-1 is a negative number"):
        plots.samples(read(root), -1)
    with pytest.raises(IndexError):
        plots.samples(read(root), [99])


@pytest.mark.parametrize("number", [np.int64(2), np.array(2), np.uint8(2)])
def test_samples_takes_numbers_of_numpy(root, number):
    assert len(plots.samples(read(root), number).axes) == 4
    assert len(plots.samples(read(root), np.array([2])).axes) == 2
    assert len(plots.samples(read(root), [number]).axes) == 2


def test_nothing_is_shown(root, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("plt.show was called"))
    plots.samples(read(root), 1)


# --- mask_with_names ---


def two_halves(height=300, width=400):
    mask = np.zeros((height, width), np.uint8)
    mask[: height // 2] = 3
    mask[height // 2 :, : width // 2] = 90
    mask[-1, -1] = 24
    return np.full((height, width, 3), 128, np.uint8), mask


def test_names_stand_in_their_regions():
    image, mask = two_halves()
    figure = plots.mask_with_names(image, mask)
    (axes,) = figure.axes
    places = {t.get_text(): t.get_position() for t in axes.texts}
    assert set(places) == {"sky", "television receiver"}
    for name, (x, y) in places.items():
        assert CLASSES[mask[int(y), int(x)] - 1].name == name
    assert [t.get_text() for t in figure.texts] == ["Also: sofa"]
    assert_readable(figure)


def test_no_pixels():
    with pytest.raises(ValueError, match=r"shape \(0, 5\): there are no pixels"):
        plots.mask_with_names(np.zeros((0, 5, 3), np.uint8), np.zeros((0, 5), np.uint8))


def test_min_share():
    image, mask = two_halves()
    assert {t.get_text() for t in plots.mask_with_names(image, mask, 0.4).axes[0].texts} == {"sky"}
    assert not plots.mask_with_names(image, mask, 1).axes[0].texts
    with pytest.raises(ValueError, match=r"min_share is 5.*1 % is 0\.01"):
        plots.mask_with_names(image, mask, 5)


def test_ink_stands_out_from_every_color():
    def luminance(rgb):
        share = np.asarray(rgb) / 255
        return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) @ (
            0.2126,
            0.7152,
            0.0722,
        )

    for name in ("mit", "accessible"):
        for color in colors(name)[1:]:
            ink, edge = plots._contrast(color)
            assert {ink, edge} == {"black", "white"}
            light, dark = sorted((luminance(color), 1.0 if ink == "white" else 0.0), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(20, 320), st.integers(20, 320), st.integers(1, 25))
def test_names_never_overlap_nor_are_cut(seed, height, width, regions):
    """Random patchworks: every class is named exactly once, in the picture or below it."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(regions):
        y, x = rng.integers(0, height), rng.integers(0, width)
        mask[y : y + rng.integers(1, height + 1), x : x + rng.integers(1, width + 1)] = rng.integers(0, 151)
    figure = plots.mask_with_names(np.zeros((height, width, 3), np.uint8), mask, 0.0)
    assert_readable(figure)
    written = [t.get_text() for t in figure.axes[0].texts]
    below = " ".join(t.get_text() for t in figure.texts).removeprefix("Also: ")
    listed = [name.strip() for name in below.split(",")] if below else []
    expected = sorted(CLASSES[i - 1].name for i in np.unique(mask) if i)
    assert sorted(written + listed) == expected
    plt.close("all")


# --- class_bars ---


def bars(figure):
    (axes,) = figure.axes
    return dict(
        zip(
            (t.get_text() for t in axes.get_yticklabels()), [p.get_width() for p in axes.patches], strict=True
        )
    )


def test_class_bars_sorted_and_cut():
    figure = plots.class_bars({c.id: c.pixel_share for c in CLASSES}, 3, xlabel="share", percent=True)
    assert list(bars(figure).items()) == [("wall", 0.1576), ("building", 0.1072), ("sky", 0.0878)]
    assert texts(figure) == ["15.8%", "10.7%", "8.8%"]
    assert figure.axes[0].get_xlabel() == "share"
    assert_readable(figure)


def test_class_bars_of_scores():
    cm = ConfusionMatrix()
    cm.update([[0, 5, 5, 23]], [[0, 5, 0, 23]])
    figure = plots.class_bars(cm.scores().table(), column="iou")
    assert bars(figure) == {"ceiling": 0.5, "sofa": 1.0, "wall": 0.5}
    assert list(bars(figure)) == ["sofa", "wall", "ceiling"]


def test_class_bars_of_train_ids():
    """An index named train_id holds train ids, whatever was selected from it."""
    import pandas as pd

    cm = ConfusionMatrix()
    cm.update([[0, 5, 5, 23]], [[0, 5, 0, 23]])
    table = cm.scores().table()
    assert bars(plots.class_bars(table["iou"].nlargest(1))) == {"sofa": 1.0}
    assert list(bars(plots.class_bars(table["iou"]))) == ["sofa", "wall", "ceiling"]
    assert list(bars(plots.class_bars(table[["iou"]], column="iou"))) == ["sofa", "wall", "ceiling"]
    assert list(bars(plots.class_bars(table.set_index("id")["iou"]))) == ["sofa", "wall", "ceiling"]
    assert list(bars(plots.class_bars(table.set_index("name")["iou"]))) == ["sofa", "wall", "ceiling"]
    for wrong in (150, -1, "wall", True):
        series = pd.Series([1.0], index=pd.Index([wrong], name="train_id", dtype=object))
        with pytest.raises(ValueError, match=r"named 'train_id' but holds .*0\.\.149.*Cure"):
            plots.class_bars(series)
    few = ConfusionMatrix(3)
    few.update([[0, 1]], [[0, 1]])
    with pytest.raises(ValueError, match="not the 150 of ADE20K"):
        plots.class_bars(few.scores().table(), column="iou")


def test_class_bars_in_the_order_given():
    figure = plots.class_bars({"television receiver": -2.5, 7: 3, "sky": 0}, None, sort=False, palette="mit")
    assert list(bars(figure)) == ["television receiver", "road", "sky"]
    assert figure.axes[0].patches[1].get_facecolor()[:3] == tuple(colors()[7] / 255)
    assert_readable(figure)


@pytest.mark.parametrize("values", [{c.id: -c.pixel_share for c in CLASSES}, {1: 0}, {1: 1e7, 150: 1}])
def test_class_bars_fit(values):
    assert_readable(plots.class_bars(values, None))


def test_class_bars_refuses():
    import pandas as pd

    with pytest.raises(ValueError, match="no bars to draw"):
        plots.class_bars({1: float("nan")})
    with pytest.raises(ValueError, match=r"column=None.*'id', 'x'"):
        plots.class_bars(pd.DataFrame({"id": [1], "x": [2]}))
    with pytest.raises(TypeError, match="each value needs its class"):
        plots.class_bars(np.zeros(150))
    with pytest.raises(ValueError, match="0 is 'other'"):
        plots.class_bars({0: 1})
    with pytest.raises(ValueError, match="top is -1"):
        plots.class_bars({1: 1}, top=-1)
    with pytest.raises(ValueError, match=r"'wall' \(1\) stands there twice"):
        plots.class_bars({1: 1, "wall": 2})
    for value in (float("inf"), -np.inf):
        with pytest.raises(ValueError, match=r"'wall' \(1\) is -?inf"):
            plots.class_bars({1: value, 2: 1})
    with pytest.raises(ValueError, match="several columns 'x'"):
        plots.class_bars(pd.DataFrame([[1, 2]], columns=["x", "x"], index=[1]), column="x")


def test_class_bars_takes_numbers_of_numpy():
    figure = plots.class_bars({np.uint8(1): np.float32(2), np.int64(2): np.int64(1)}, np.int64(1))
    assert bars(figure) == {"wall": 2.0}


# --- in a notebook ---


@pytest.mark.parametrize(
    "line",
    [
        "plots.class_bars({1: 2})",
        "plots.class_bars({1: 2});",
        "f = plots.class_bars({1: 2})",
        "display(plots.class_bars({1: 2})); 3",
    ],
)
def test_a_notebook_shows_a_figure_once(line):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cell = nbformat.v4.new_code_cell(f"from adebook import plots\n{line}")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert sum("image/png" in output.get("data", {}) for output in notebook.cells[0].outputs) == 1
