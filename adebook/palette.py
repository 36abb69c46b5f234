"""Colors for masks: MIT's palette, a palette for people with color-blindness, and back from color to class.

`"mit"` is the palette of the official toolkit (color150.mat), with one trap: road (7) and skyscraper (49) are
both (140, 140, 140), so a color-coded mask does not say which of the two it means. `"accessible"` has 150
different colors that stay apart under protanopia, deuteranopia and tritanopia: among the 20 most frequent
classes and black, the smallest CAM02-UCS distance under any of these is 11.67, where MIT's palette has 0.53
(`tools/make_palette.py` makes it, `tests/test_palette.py` recomputes both numbers). Even so, 150 colors
cannot all be told apart by eye: show names beside colors (`legend`, `adebook.plots.mask_with_names`).

For matplotlib, `norm()` and `colormap()` belong together, and either registers the colormaps "ade20k" and
"ade20k_accessible" by name, so this works as it stands:

    plt.imshow(mask, cmap="ade20k", norm=adebook.palette.norm())
"""

import csv
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from adebook import _checks
from adebook._data_files import data_path
from adebook.classes import CLASSES, find

if TYPE_CHECKING:
    import PIL.Image
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.figure import Figure

PaletteName: TypeAlias = Literal["mit", "accessible"]
PALETTES: tuple[str, ...] = ("mit", "accessible")

_UNKNOWN = 255  # in the table from color to class


@lru_cache
def colors(palette: PaletteName = "mit") -> npt.NDArray[np.uint8]:
    """The colors of all classes, indexed by official id.

    Args:
        palette: "mit" (color150.mat of CSAILVision/sceneparsing) or "accessible".

    Returns:
        uint8 array [151, 3], RGB, read-only. Row 0 ("other") is black.
    """
    table = np.zeros((len(CLASSES) + 1, 3), dtype=np.uint8)
    if palette == "mit":
        for c in CLASSES:
            table[c.id] = c.color
    elif palette == "accessible":
        with data_path("palette.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                table[int(row["id"])] = int(row["r"]), int(row["g"]), int(row["b"])
    else:
        raise ValueError(f"Unknown palette {palette!r}. Cure: use one of {', '.join(map(repr, PALETTES))}.")
    table.flags.writeable = False
    return table


def colorize(mask: _checks.LabelsLike, palette: PaletteName = "mit") -> npt.NDArray[np.uint8]:
    """Paint a mask: every official id becomes its color, 0 ("other") becomes black.

    Args:
        mask: [H, W], official ids 0..150; array or PIL image.
        palette: "mit" or "accessible".

    Returns:
        uint8 array [H, W, 3], RGB.

    Raises:
        TypeError, ValueError: when it is not a mask, as `adebook.labels.check_mask` says.
    """
    return colors(palette)[_checks.check_mask(mask)]


def decolorize(
    rgb: "npt.NDArray[np.uint8] | PIL.Image.Image",
    palette: PaletteName = "mit",
    *,
    shared_color: int | str | None = None,
) -> npt.NDArray[np.uint8]:
    """Turn a color-coded mask back into official ids; black becomes 0 ("other").

    Args:
        rgb: [H, W, 3], uint8 array or PIL image of mode "RGB".
        palette: the palette it was painted with.
        shared_color: which class a color means that two classes share. In MIT's palette (140, 140, 140) is
            road (7) and skyscraper (49); the picture cannot say which, so you must: 7, 49, "road" or
            "skyscraper".

    Returns:
        uint8 mask [H, W].

    Raises:
        ValueError: for a color that is not in the palette (naming it, the first pixel, the count and the
            nearest class), and for the shared color when `shared_color` is not given.

    Example:
        >>> decolorize(colorize(mask), shared_color="road")  # doctest: +SKIP
    """
    array = _rgb_array(rgb, "The color-coded mask")
    table, shared = _color_table(palette)
    packed = _pack(array)
    mask = table[packed]
    chosen = _choose_shared(shared_color, shared, palette)
    for color, owners in shared.items():
        here = packed == color
        if not here.any():
            continue
        if chosen not in owners:
            both = " and ".join(f"{CLASSES[i - 1].name} ({i})" for i in owners)
            choices = " or ".join(repr(CLASSES[i - 1].name) for i in owners)
            raise ValueError(
                f"The color {_unpack(color)} at {_checks.position(_checks.first_of(here))} "
                f"({_checks.pixels(int(here.sum()))}) belongs to {both} in the palette {palette!r}, so these "
                f"pixels cannot be told apart. Cure: decide with shared_color={choices}, or start from the "
                f"mask of ids."
            )
        mask[here] = chosen
    unknown = mask == _UNKNOWN
    if unknown.any():
        first = _checks.first_of(unknown)
        color = array[first]
        distances = np.abs(colors(palette).astype(int) - color.astype(int)).sum(axis=1)
        nearest = int(np.argmin(distances))
        name = "other" if nearest == 0 else CLASSES[nearest - 1].name
        raise ValueError(
            f"The color {tuple(int(v) for v in color)} at {_checks.position(first)} is not in the palette "
            f"{palette!r} ({_checks.pixels(int(unknown.sum()))} hold colors that are not). The nearest is "
            f"{name} ({nearest}), {tuple(int(v) for v in colors(palette)[nearest])}. Likely cause: the mask "
            f"was saved as JPEG, or resized with interpolation, or painted with another palette. Cure: save "
            f"it as PNG and resize it with nearest neighbor; colors are never guessed."
        )
    return mask


def _pack(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    wide = array.astype(np.int32)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def _unpack(color: int) -> tuple[int, int, int]:
    return color >> 16, (color >> 8) & 255, color & 255


@lru_cache
def _color_table(palette: PaletteName) -> tuple[npt.NDArray[np.uint8], dict[int, tuple[int, ...]]]:
    """From a packed color to its class (16 MiB, built once), and the colors that several classes share."""
    table = np.full(1 << 24, _UNKNOWN, dtype=np.uint8)
    owners: dict[int, list[int]] = {}
    for index, color in enumerate(_pack(colors(palette)).tolist()):
        table[color] = index
        owners.setdefault(color, []).append(index)
    return table, {color: tuple(ids) for color, ids in owners.items() if len(ids) > 1}


def _choose_shared(choice: int | str | None, shared: dict[int, tuple[int, ...]], palette: str) -> int | None:
    if choice is None:
        return None
    chosen = find(choice).id
    sharing = sorted(i for ids in shared.values() for i in ids)
    if sharing and chosen not in sharing:
        listed = ", ".join(f"{CLASSES[i - 1].name!r} ({i})" for i in sharing)
        raise ValueError(
            f"shared_color={choice!r} is class {chosen}, which shares its color with no other in the palette "
            f"{palette!r}. Cure: use one of {listed}."
        )
    return chosen


def _rgb_array(image: "npt.NDArray[np.uint8] | PIL.Image.Image", name: str) -> npt.NDArray[np.uint8]:
    mode = getattr(image, "mode", None)
    if isinstance(mode, str) and mode != "RGB":
        raise ValueError(
            f"{name} is a PIL image of mode {mode!r}, but 'RGB' is needed. Cure: image.convert('RGB')."
        )
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[-1] != 3:
        raise ValueError(f"{name} has shape {array.shape}, but a color image is [H, W, 3].")
    if array.dtype != np.uint8:
        raise TypeError(
            f"{name} has dtype {array.dtype}, but colors are uint8, 0..255. "
            "Cure: for values 0..1 use (255 * image).round().astype('uint8')."
        )
    return array


def overlay(
    image: "npt.NDArray[np.uint8] | PIL.Image.Image",
    mask: _checks.LabelsLike,
    alpha: float = 0.5,
    palette: PaletteName = "mit",
) -> npt.NDArray[np.uint8]:
    """Lay the colors of a mask over its picture; where the label is 0 ("other") the picture stays as it is.

    Args:
        image: picture [H, W, 3] or gray [H, W], uint8 array or PIL image.
        mask: [H, W], official ids 0..150.
        alpha: weight of the color: 0 shows the picture only, 1 the colors only.
        palette: "mit" or "accessible".

    Returns:
        uint8 array [H, W, 3], RGB.

    Raises:
        ValueError: when the sizes differ, the picture has more than 8 bits per channel, or alpha is outside
            0..1.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha}, but it is a weight from 0 (picture only) to 1 (colors only).")
    labels = _checks.check_mask(mask)
    if hasattr(image, "convert"):  # PIL: palette, gray and CMYK pictures have a defined RGB
        _checks.check_convertible(image, "The picture")
        image = image.convert("RGB")
    elif np.ndim(image) == 2:
        image = np.repeat(np.asarray(image)[..., None], 3, axis=-1)
    picture = _rgb_array(image, "The picture")
    if picture.shape[:2] != labels.shape:
        (h, w), (mask_h, mask_w) = picture.shape[:2], labels.shape
        raise ValueError(
            f"The picture is {w} x {h} but its mask {mask_w} x {mask_h} (width x height). "
            "Cure: pass a pair of one size; resize a mask with nearest neighbor only."
        )
    weight = np.where(labels == 0, 0.0, alpha).astype(np.float32)[..., None]
    mixed = (1 - weight) * picture + weight * colors(palette)[labels]
    return np.rint(mixed).astype(np.uint8)


def colormap(palette: PaletteName = "mit") -> "ListedColormap":
    """A matplotlib colormap of 151 colors, index = official id; use it together with `norm()`.

    Values outside 0..150 are drawn transparent rather than in the color of a class. Registers "ade20k" and
    "ade20k_accessible" with matplotlib.
    """
    import matplotlib as mpl

    colors(palette)  # refuses an unknown name
    register()
    return mpl.colormaps[_COLORMAP_NAMES[palette]]


def norm() -> "BoundaryNorm":
    """The matplotlib norm that maps official id k to color k, whatever ids the picture at hand holds.

    Without it `imshow` stretches the colors over the smallest and largest value present. Registers the
    colormaps "ade20k" and "ade20k_accessible" with matplotlib.
    """
    from matplotlib.colors import BoundaryNorm

    register()
    return BoundaryNorm(np.arange(-0.5, len(CLASSES) + 1), len(CLASSES) + 1)


_COLORMAP_NAMES = {"mit": "ade20k", "accessible": "ade20k_accessible"}


def register() -> None:
    """Make `cmap="ade20k"` and `cmap="ade20k_accessible"` known to matplotlib; doing it twice does no harm.

    Happens by itself when `adebook.palette` is imported after matplotlib, at the first `norm()` or
    `colormap()`, and with `import adebook.plots`; importing this module does not import matplotlib.
    """
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    for palette, name in _COLORMAP_NAMES.items():
        if name not in mpl.colormaps:
            clear = (0.0, 0.0, 0.0, 0.0)
            cmap = ListedColormap(colors(palette) / 255.0, name=name)
            mpl.colormaps.register(cmap.with_extremes(bad=clear, under=clear, over=clear))


def legend(
    ids: Iterable[int | str], palette: PaletteName = "mit", columns: int = 2, *, width: float = 5.2
) -> "Figure":
    """Draw a legend: a swatch, the official id and the name of each class, in the order given.

    Args:
        ids: official ids or names; 0 is drawn as "other". `np.unique(mask)` serves well.
        palette: "mit" or "accessible".
        columns: how many columns at most; fewer are used when a long name would not fit.
        width: of the figure, in inches.

    Returns:
        a matplotlib figure.
    """
    entries = [_legend_entry(key) for key in ids]
    if not entries:
        raise ValueError("The legend needs at least one class; ids is empty.")
    if columns < 1:
        raise ValueError(f"columns is {columns}, but a legend has at least one.")
    from matplotlib.patches import Rectangle

    from adebook._figures import new_figure, text_width

    register()
    size, row, swatch, gap, pad = 10.5, 0.27, 0.34, 0.09, 0.06  # points, then inches
    labels = [f"{index} {name}" for index, name in entries]
    widest = max(text_width(label, size) for label in labels)
    columns = max(1, min(columns, len(entries), int((width - 2 * pad) // (swatch + 2 * gap + widest))))
    rows = -(-len(entries) // columns)
    height = rows * row + 2 * pad
    figure = new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    column = (width - 2 * pad) / columns
    for number, ((index, _), label) in enumerate(zip(entries, labels, strict=True)):
        x = pad + number // rows * column
        y = pad + number % rows * row
        color = colors(palette)[index] / 255.0
        axes.add_patch(
            Rectangle((x, y + 0.03), swatch, row - 0.06, facecolor=color, edgecolor="0.2", linewidth=0.6)
        )
        axes.text(x + swatch + gap, y + row / 2, label, fontsize=size, va="center_baseline", ha="left")
    return figure


def _legend_entry(key: int | str) -> tuple[int, str]:
    if not isinstance(key, (str, bool)) and key == 0:
        return 0, "other"
    found = find(key)
    return found.id, found.name


if "matplotlib" in sys.modules:
    register()
