import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adebook import palette
from adebook.classes import CLASSES

masks = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(0, 150))
names = st.sampled_from(palette.PALETTES)


def test_colors():
    mit = palette.colors()
    assert mit.shape == (151, 3)
    assert mit.dtype == np.uint8
    assert mit[[0, 1, 7, 49, 150]].tolist() == [
        [0, 0, 0],
        [120, 120, 120],
        [140, 140, 140],
        [140, 140, 140],
        [92, 0, 255],
    ]
    with pytest.raises(ValueError, match="read-only"):
        mit[0] = 1
    with pytest.raises(ValueError, match=r"Unknown palette 'MIT'.*'mit', 'accessible'"):
        palette.colors("MIT")


def test_accessible_colors_are_all_different():
    assert len({tuple(c) for c in palette.colors("accessible").tolist()}) == 151


def smallest_distance(name, count, vision):
    """Among black and the `count` most frequent classes: CAM02-UCS, color-blindness of severity 100 %."""
    colorspacious = pytest.importorskip("colorspacious")
    order = sorted(CLASSES, key=lambda c: (-c.pixel_share, c.id))[:count]
    rgb = palette.colors(name)[[0, *(c.id for c in order)]] / 255
    if vision != "normal":
        seen = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
        rgb = np.clip(colorspacious.cspace_convert(rgb, seen, "sRGB1"), 0, 1)
    points = colorspacious.cspace_convert(rgb, "sRGB1", "CAM02-UCS")
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return distances[np.triu_indices(len(points), 1)].min()


@pytest.mark.parametrize(
    "vision, mit, accessible",
    [
        ("normal", 2.32, 13.59),
        ("protanomaly", 0.92, 11.67),
        ("deuteranomaly", 2.27, 12.04),
        ("tritanomaly", 0.53, 12.73),
    ],
)
def test_accessible_colors_stay_apart(vision, mit, accessible):
    assert smallest_distance("mit", 20, vision) == pytest.approx(mit, abs=0.005)
    assert smallest_distance("accessible", 20, vision) == pytest.approx(accessible, abs=0.005)
    assert smallest_distance("accessible", 150, vision) > 3.8  # MIT's: 0


def test_accessible_colors_are_what_the_tool_makes(monkeypatch):
    pytest.importorskip("colorspacious")
    monkeypatch.syspath_prepend(Path(__file__).resolve().parent.parent / "tools")
    import make_palette

    order = sorted(CLASSES, key=lambda c: (-c.pixel_share, c.id))[:40]
    assert (make_palette.choose(40) == palette.colors("accessible")[[c.id for c in order]]).all()


@given(masks, names)
def test_colorize_and_back(mask, name):
    rgb = palette.colorize(mask, name)
    assert rgb.shape == (*mask.shape, 3)
    assert rgb.dtype == np.uint8
    if name == "accessible":
        assert (palette.decolorize(rgb, name) == mask).all()
    else:
        expected = np.where(mask == 49, 7, mask)
        assert (palette.decolorize(rgb, shared_color="road") == expected).all()
        expected = np.where(mask == 7, 49, mask)
        back = palette.decolorize(PIL.Image.fromarray(rgb), shared_color=49)
        assert (back == expected).all()
        assert back.dtype == np.uint8


def test_shared_color_is_an_explicit_choice():
    rgb = palette.colorize(np.array([[1, 7], [49, 2]], np.uint8))
    with pytest.raises(ValueError) as caught:
        palette.decolorize(rgb)
    for part in (
        "(140, 140, 140)",
        "row 0, column 1",
        "2 pixels",
        "road (7)",
        "skyscraper (49)",
        "shared_color='road' or 'skyscraper'",
    ):
        assert part in str(caught.value)
    assert palette.decolorize(rgb, shared_color=7).tolist() == [[1, 7], [7, 2]]
    assert palette.decolorize(rgb, shared_color="skyscraper").tolist() == [[1, 49], [49, 2]]
    with pytest.raises(ValueError, match=r"shared_color='wall'.*'road' \(7\), 'skyscraper' \(49\)"):
        palette.decolorize(rgb, shared_color="wall")


def test_unknown_color():
    rgb = palette.colorize(np.full((3, 4), 3, np.uint8))
    rgb[1, 2] = rgb[2, 0] = (7, 229, 231)
    with pytest.raises(ValueError) as caught:
        palette.decolorize(rgb)
    for part in (
        "(7, 229, 231)",
        "row 1, column 2",
        "2 pixels",
        "sky (3)",
        "(6, 230, 230)",
        "JPEG",
        "nearest neighbor",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "rgb, says",
    [
        (np.zeros((2, 2), np.uint8), r"shape \(2, 2\).*\[H, W, 3\]"),
        (np.zeros((2, 2, 4), np.uint8), r"shape \(2, 2, 4\)"),
        (np.zeros((2, 2, 3)), "float64.*uint8"),
        (PIL.Image.new("L", (2, 2)), "mode 'L'.*convert"),
    ],
)
def test_decolorize_wants_colors(rgb, says):
    with pytest.raises((TypeError, ValueError), match=says):
        palette.decolorize(rgb)


def test_colorize_wants_a_mask():
    with pytest.raises(ValueError, match="holds 151 at row 0, column 1"):
        palette.colorize([[0, 151]])


@given(masks, st.floats(0, 1), names)
def test_overlay(mask, alpha, name):
    image = np.random.default_rng(0).integers(0, 256, (*mask.shape, 3), dtype=np.uint8)
    mixed = palette.overlay(image, mask, alpha, name)
    assert mixed.dtype == np.uint8
    assert (mixed[mask == 0] == image[mask == 0]).all()
    expected = (1 - alpha) * image + alpha * palette.colors(name)[mask].astype(float)
    assert np.abs(mixed - expected)[mask > 0].max(initial=0) <= 0.51


def test_overlay_by_hand():
    image = np.full((1, 2, 3), 100, np.uint8)
    assert palette.overlay(image, [[0, 1]]).tolist() == [[[100, 100, 100], [110, 110, 110]]]
    assert palette.overlay(image, [[0, 3]], alpha=1).tolist() == [[[100, 100, 100], [6, 230, 230]]]
    gray = PIL.Image.new("L", (2, 1), 100)
    assert palette.overlay(gray, PIL.Image.new("L", (2, 1), 1)).tolist() == [[[110, 110, 110]] * 2]
    assert palette.overlay(np.full((1, 2), 100, np.uint8), [[1, 1]]).tolist() == [[[110, 110, 110]] * 2]


def test_overlay_refuses():
    image = np.zeros((4, 6, 3), np.uint8)
    with pytest.raises(ValueError, match="6 x 4 but its mask 4 x 6"):
        palette.overlay(image, np.zeros((6, 4), np.uint8))
    for alpha in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="alpha is"):
            palette.overlay(image, np.zeros((4, 6), np.uint8), alpha)


def test_norm_and_colormap_agree_with_colorize():
    ids = np.arange(151)
    for name in palette.PALETTES:
        drawn = palette.colormap(name)(palette.norm()(ids), bytes=True)
        assert (drawn[:, :3] == palette.colors(name)).all()
        assert (drawn[:, 3] == 255).all()
        outside = palette.colormap(name)(palette.norm()(np.array([-1, 151, 255])), bytes=True)
        assert (outside[:, 3] == 0).all()


@pytest.mark.parametrize(
    "code",
    [
        "import adebook; import matplotlib.pyplot as plt",
        "import matplotlib.pyplot as plt; import adebook",
    ],
)
def test_registered_by_name_in_any_order_of_imports(code):
    code += (
        "; import numpy as np; plt.switch_backend('agg'); mask = np.array([[0, 150]])"
        "; shown = plt.imshow(mask, cmap='ade20k', norm=adebook.palette.norm())"
        "; print(shown.to_rgba(mask, bytes=True)[0, 1].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[92, 0, 255, 255]", done.stderr


def test_registered_at_import_when_matplotlib_is_there():
    code = "import matplotlib, adebook.palette; matplotlib.colormaps['ade20k'], matplotlib.colormaps['ade20k_accessible']"
    subprocess.run([sys.executable, "-c", code], check=True)


def texts(figure):
    return [t.get_text() for axes in figure.axes for t in axes.texts]


def boxes(figure):
    figure.draw_without_rendering()
    return [t.get_window_extent() for axes in figure.axes for t in axes.texts]


def assert_readable(figure):
    """No text overlaps another or is cut by the figure's border."""
    width, height = figure.bbox.size
    found = boxes(figure)
    for i, box in enumerate(found):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert not any(box.overlaps(other) for other in found[i + 1 :])


def test_legend_keeps_the_order():
    figure = palette.legend(["sky", 0, 150, 2])
    assert texts(figure) == ["3 sky", "0 other", "150 flag", "2 building"]
    assert_readable(figure)


@pytest.mark.parametrize("columns", [1, 2, 3, 9])
def test_legend_of_all_classes_fits(columns):
    figure = palette.legend(range(151), "accessible", columns)
    assert len(texts(figure)) == 151
    assert_readable(figure)


def test_legend_refuses():
    with pytest.raises(ValueError, match="ids is empty"):
        palette.legend([])
    with pytest.raises(ValueError, match="columns is 0"):
        palette.legend([1], columns=0)
    with pytest.raises(ValueError, match="did you mean"):
        palette.legend(["skky"])
