"""The figures of the book: sample grids, masks with names written in, bars per class.

Every function returns a matplotlib figure and calls no `show`: a notebook displays it once, whether it is the
last line of a cell, ends in a semicolon or is assigned; in a script use `figure.savefig` or `plt.show()`.
Text is large for the width, so that a figure can be read on a phone. Colors never stand alone: names are
written beside or inside them.
"""

import operator
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.patheffects import Normal, withStroke
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy import ndimage

from adebook import _checks
from adebook._figures import new_figure, text_width, wrap
from adebook.classes import CLASSES, ADEClass, find
from adebook.palette import PaletteName, colorize, register
from adebook.palette import colors as palette_colors
from adebook.palette import overlay as lay_over

if TYPE_CHECKING:
    import datasets as hf
    import pandas as pd
    import PIL.Image
    from matplotlib.figure import Figure

__all__ = ["class_bars", "mask_with_names", "samples"]

register()

WIDTH = 5.2  # inches: on a phone 350 pixels wide, 11 point text is then 10 pixels high
TITLE, TEXT, SMALL = 11.0, 10.5, 9.0  # points


def samples(
    dataset: "hf.Dataset",
    indices: int | Iterable[int] = 4,
    *,
    palette: PaletteName = "mit",
    overlay: bool = False,
    columns: int = 2,
) -> "Figure":
    """A grid of pictures, each above its mask, titled with its scene; a credit line names the source.

    Args:
        dataset: from `adebook.load`, or any with columns `image` and `annotation` (official ids), and, if it
            has them, `scene` and `name`.
        indices: which rows; a number n means the first n (all, when there are fewer).
        palette: "mit" or "accessible".
        overlay: draw one panel each, the mask laid over the picture, instead of two.
        columns: how many pairs side by side, at most.

    Returns:
        a figure.

    Raises:
        ValueError: when there is nothing to draw, or for a negative number of rows.
        IndexError: for a row that the data set does not have.
    """
    rows = _rows(dataset, indices)
    columns = max(1, min(columns, len(rows)))
    gap, title, margin = 0.08, 0.26, 0.02
    width = (WIDTH - 2 * margin - (columns - 1) * gap) / columns
    cells = [_panels(row, palette, overlay) for row in rows]
    sizes = [_fit(panels[0].shape, width) for panels in cells]  # inches; tall pictures are drawn narrower
    panels_each = len(cells[0])
    heights = [
        max(h for h, _ in sizes[i : i + columns]) for i in range(0, len(rows), columns)
    ]  # one per line
    credit = _credit(dataset)
    total = sum(title + panels_each * (height + gap) for height in heights) + (0.24 if credit else 0.04)
    figure = new_figure(WIDTH, total)
    for number, (row, panels, (h, w)) in enumerate(zip(rows, cells, sizes, strict=True)):
        line, column = divmod(number, columns)
        center = margin + column * (width + gap) + width / 2
        top = total - sum(title + panels_each * (height + gap) for height in heights[:line]) - title
        text = _shorten(_row_title(row, number), TITLE, width)
        figure.text(center / WIDTH, (top + 0.07) / total, text, ha="center", fontsize=TITLE)
        for level, panel in enumerate(panels):
            bottom = top - (level + 1) * h - level * gap
            axes = figure.add_axes(((center - w / 2) / WIDTH, bottom / total, w / WIDTH, h / total))
            axes.imshow(panel, interpolation="nearest" if level else "antialiased", aspect="auto")
            axes.axis("off")
    if credit:
        figure.text(1 - margin / WIDTH, 0.07 / total, credit, ha="right", fontsize=SMALL, color="0.25")
    return figure


def _fit(shape: tuple[int, ...], side: float) -> tuple[float, float]:
    """Height and width, in inches, of a picture drawn as large as a square of this side holds."""
    scale = side / max(shape[:2])
    return shape[0] * scale, shape[1] * scale


def _rows(dataset: "hf.Dataset", indices: int | Iterable[int]) -> list[dict[str, Any]]:
    if hasattr(indices, "__index__") and np.ndim(indices) == 0:  # a number, be it Python's or NumPy's
        count = operator.index(indices)
        if count < 0:
            raise ValueError(
                f"indices={count} is a negative number of rows. Cure: pass how many to draw, or the rows "
                f"themselves; [{count}] is the {'last row' if count == -1 else f'row {-count} from the end'}."
            )
        chosen = list(range(min(count, len(dataset))))
    else:
        chosen = [operator.index(i) for i in indices]
    if not chosen:
        raise ValueError(
            f"There is nothing to draw: indices={indices!r}, and the data set has {len(dataset)} rows."
        )
    return [dataset[i] for i in chosen]


def _panels(row: Mapping[str, Any], name: PaletteName, overlay: bool) -> list[npt.NDArray[np.uint8]]:
    if overlay:
        return [lay_over(row["image"], row["annotation"], palette=name)]
    return [np.asarray(row["image"]), colorize(row["annotation"], name)]


def _row_title(row: Mapping[str, Any], number: int) -> str:
    title = row.get("scene") or row.get("name") or f"row {number}"
    return title.replace("_", " ")


def _credit(dataset: "hf.Dataset") -> str:
    from adebook.datasets import info_of

    info = info_of(dataset)
    return "" if info is None else f"Pictures and masks: {info.title}"


def _shorten(text: str, size: float, width: float) -> str:
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def mask_with_names(
    image: "npt.NDArray[np.uint8] | PIL.Image.Image",
    mask: _checks.LabelsLike,
    min_share: float = 0.01,
    *,
    palette: PaletteName = "mit",
    alpha: float = 0.6,
) -> "Figure":
    """A picture under its mask, with the name of each class written inside its largest region.

    A name goes to the spot of its region that is farthest from the region's edge, measured in widths and
    heights of the name, among the spots where it is neither cut by the border nor touches another name. Names
    that find no room, and classes that cover less than `min_share`, are listed below the picture.

    Args:
        image: picture [H, W, 3] or gray [H, W], uint8 array or PIL image.
        mask: [H, W], official ids 0..150.
        min_share: classes that cover a smaller share of the picture are listed only, 0..1.
        palette: "mit" or "accessible".
        alpha: weight of the colors, 0..1.

    Returns:
        a figure.

    Raises:
        ValueError: when the picture has no pixels, the sizes differ, or a number is out of its range.
    """
    labels = _checks.check_mask(mask)
    if labels.size == 0:
        raise ValueError(
            f"The mask has shape {labels.shape}: there are no pixels to draw. Cure: pass a whole picture and "
            f"its mask."
        )
    if not 0 <= min_share <= 1:
        raise ValueError(
            f"min_share is {min_share}, but it is a share of the picture, 0..1. Cure: 1 % is 0.01."
        )
    colors = palette_colors(palette)
    blended = lay_over(image, labels, alpha, palette)
    height, width = labels.shape
    panel = WIDTH * min(1.0, 1.15 * width / height)  # tall pictures are drawn narrower
    inches = panel / width  # per pixel of the picture
    counts = np.bincount(labels.ravel(), minlength=len(CLASSES) + 1)
    order = [int(i) for i in np.argsort(-counts, kind="stable") if i != 0 and counts[i]]
    free = np.ones(labels.shape, bool)  # where no name stands yet
    placed: list[tuple[float, float, str, int, float]] = []
    listed: list[int] = []
    for index in order:
        name = CLASSES[index - 1].name
        spot = None
        if counts[index] >= min_share * labels.size:
            for size in (TEXT, SMALL):
                box = (
                    (1.6 * size / 72) / inches,
                    (text_width(name, size, "bold") + 0.12) / inches,
                )  # height, width
                spot = _place(labels == index, free, box)
                if spot is not None:
                    placed.append((*spot, name, index, size))
                    break
        if spot is None:
            listed.append(index)
    lines = _listing(listed)
    extra = 0.08 + 0.2 * len(lines) if lines else 0.0
    total = height * inches + extra
    figure = new_figure(WIDTH, total)
    axes = figure.add_axes(((WIDTH - panel) / 2 / WIDTH, extra / total, panel / WIDTH, 1 - extra / total))
    axes.imshow(blended, interpolation="antialiased")
    axes.axis("off")
    for y, x, name, index, size in placed:
        ink, edge = _contrast(colors[index])
        effects = [withStroke(linewidth=2.6, foreground=edge), Normal()]
        axes.text(
            x,
            y,
            name,
            fontsize=size,
            weight="bold",
            color=ink,
            ha="center",
            va="center_baseline",
            path_effects=effects,
        )
    for number, line in enumerate(lines):
        y = (extra - 0.08 - 0.2 * number) / total
        figure.text(0.01, y, line, fontsize=SMALL, va="top", color="0.15")
    return figure


def _place(
    region: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_], box: tuple[float, float]
) -> tuple[int, int] | None:
    """Center (row, column) for a name of `box` (height, width) pixels in the largest part of `region`, or
    None.

    Marks the place as taken in `free`.
    """
    parts, count = ndimage.label(region)
    if count > 1:
        region = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    half_h, half_w = int(np.ceil(box[0] / 2)), int(np.ceil(box[1] / 2))
    rows, columns = region.shape
    if 2 * half_h >= rows or 2 * half_w >= columns:
        return None
    # Distance to the region's edge in units of the box: a wide name wants room to its sides, not above it.
    padded = np.pad(region, 1)  # the border of the picture is an edge, too
    distance = ndimage.distance_transform_edt(padded, sampling=(1 / box[0], 1 / box[1]))[1:-1, 1:-1]
    allowed = np.zeros_like(region)
    allowed[half_h : rows - half_h, half_w : columns - half_w] = True
    # A center is allowed when the whole box around it is free: erosion with a rectangle, as a windowed
    # minimum.
    size = (2 * half_h + 1, 2 * half_w + 1)
    allowed &= ndimage.minimum_filter(free.astype(np.uint8), size=size, mode="constant", cval=1) > 0
    distance = np.where(allowed, distance, 0.0)
    best = int(np.argmax(distance))
    y, x = (int(i) for i in np.unravel_index(best, distance.shape))
    if distance[y, x] <= 0.15:  # a name on a region much thinner than a line of text labels its neighbors
        return None
    free[y - half_h : y + half_h + 1, x - half_w : x + half_w + 1] = False
    return y, x


def _listing(ids: list[int]) -> list[str]:
    """Lines that name the classes which are in the picture without a name written in."""
    if not ids:
        return []
    names = [CLASSES[i - 1].name for i in ids]
    return wrap([f"Also: {names[0]}", *names[1:]], SMALL, WIDTH - 0.12)


def _contrast(color: npt.NDArray[np.uint8]) -> tuple[str, str]:
    """Text and outline color that stand out from `color`: luminance as WCAG 2 defines it."""
    share = color / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return ("black", "white") if luminance > 0.3 else ("white", "black")


def class_bars(
    values: "Mapping[int, float] | pd.Series | pd.DataFrame",
    top: int | None = 20,
    *,
    column: str | None = None,
    xlabel: str = "",
    palette: PaletteName | None = None,
    percent: bool = False,
    sort: bool = True,
    format: str | None = None,
) -> "Figure":
    """Horizontal bars, one per class, with its name on the left and its value at the end.

    Args:
        values: official id (or class name) -> value, as a dict or a Series; or a DataFrame that has a column
            `id` (or the official ids as index), such as `scores.table()`, and the name of its value column in
            `column`. An index that is named "train_id", such as that of `scores.table()["iou"]`, holds train
            ids 0..149 and is read as such, unless there is a column `id`. NaN (a class without a score) is
            left out.
        top: how many bars, from the first after sorting; None draws all.
        column: the value column of a DataFrame.
        xlabel: what the values are, with unit; written below the axis.
        palette: "mit" or "accessible" to fill the bars with the classes' colors; None for one neutral color.
        percent: values are shares 0..1 and shown as percent.
        sort: from the greatest to the smallest; False keeps the order given.
        format: Python format spec of the numbers at the bars; chosen by itself when None.

    Returns:
        a figure.

    Raises:
        ValueError: when there is nothing to draw, a class is not known or stands there twice, a value is
            infinite, or `top` is negative.
    """
    if top is not None and operator.index(top) < 0:
        raise ValueError(f"top is {top}, but it is how many bars to draw. Cure: None draws all.")
    pairs = [(find(key), float(value)) for key, value in _pairs(values, column)]
    _check_pairs(pairs)
    pairs = [(c, value) for c, value in pairs if not np.isnan(value)]
    if sort:
        pairs.sort(key=lambda pair: (-pair[1], pair[0].id))
    pairs = pairs[:top]
    if not pairs:
        raise ValueError("There are no bars to draw: no class has a value. Cure: check `values` and `top`.")
    numbers = [_number(value, percent, format, [v for _, v in pairs]) for _, value in pairs]
    row = 0.25
    height = row * len(pairs) + (0.72 if xlabel else 0.45)
    figure = new_figure(WIDTH, height, layout="constrained")
    axes = figure.add_subplot()
    where = np.arange(len(pairs))
    fill = "#4c72b0" if palette is None else [palette_colors(palette)[c.id] / 255.0 for c, _ in pairs]
    bars = [value for _, value in pairs]
    axes.barh(where, bars, height=0.74, color=fill, edgecolor="0.2", linewidth=0.7)
    axes.set_yticks(where, [c.name for c, _ in pairs], fontsize=TEXT)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    low, high = min(0.0, *bars), max(0.0, *bars)
    names = max(text_width(c.name, TEXT) for c, _ in pairs)
    room = max(text_width(text, SMALL) for text in numbers) + 0.14  # inches beyond a bar for its number
    unit = ((high - low) or 1.0) / (
        WIDTH - names - 0.3 - room * (2 if low < 0 < high else 1)
    )  # value per inch
    axes.set_xlim(low - room * unit if low < 0 else 0, high + room * unit if high > 0 or low == 0 else 0)
    if low < 0:
        axes.axvline(0, color="0.2", linewidth=0.7)
    for y, value, text in zip(where, bars, numbers, strict=True):
        offset, align = ((4, 0), "left") if value >= 0 else ((-4, 0), "right")
        axes.annotate(
            text,
            (value, y),
            xytext=offset,
            textcoords="offset points",
            ha=align,
            va="center_baseline",
            fontsize=SMALL,
        )
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=SMALL)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    if percent:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.spines[["top", "right"]].set_visible(False)
    if xlabel:
        axes.set_xlabel(xlabel, fontsize=TEXT)
    return figure


def _pairs(values: Any, column: str | None) -> list[tuple[int | str, float]]:
    if hasattr(values, "columns"):  # DataFrame
        if column is None or column not in values.columns:
            raise ValueError(
                f"column={column!r} is none of the DataFrame's columns: "
                f"{', '.join(map(repr, values.columns))}. Cure: name the column that holds the values."
            )
        values = values.set_index("id")[column] if "id" in values.columns else values[column]
        if hasattr(values, "columns"):
            raise ValueError(f"The DataFrame has several columns {column!r}. Cure: rename all but one.")
    if not hasattr(values, "items"):
        raise TypeError(
            f"values is {type(values).__name__}, but each value needs its class. Cure: pass a dict or Series "
            f"from official id to value; for an array by train id, "
            f"{{c.id: array[c.train_id] for c in CLASSES}}."
        )
    index_name = getattr(getattr(values, "index", None), "name", None)
    if index_name == "class_index":
        raise ValueError(
            "The index 'class_index' counts classes that are not the 150 of ADE20K, so their names are not "
            "known. Cure: pass a dict from official id (or class name) to value."
        )
    if index_name == "train_id":
        return [(_official(key), value) for key, value in values.items()]
    return list(values.items())


def _official(train_id: Any) -> int:
    """The official id of an entry in an index named "train_id"."""
    try:
        number = operator.index(train_id)
    except TypeError:
        number = -1
    if isinstance(train_id, bool) or not 0 <= number < len(CLASSES):
        raise ValueError(
            f"The index is named 'train_id' but holds {train_id!r}; train ids are 0..{len(CLASSES) - 1}. "
            f"Cure: if these are official ids or class names, rename it: values.rename_axis('id')."
        )
    return number + 1


def _check_pairs(pairs: list[tuple[ADEClass, float]]) -> None:
    """Refuse what cannot be drawn as one bar per class."""
    seen = set()
    for c, value in pairs:
        if c in seen:
            raise ValueError(
                f"The class {c.name!r} ({c.id}) stands there twice, perhaps by number and by name. Cure: "
                f"give each class one value."
            )
        seen.add(c)
        if np.isinf(value):
            raise ValueError(
                f"The value of {c.name!r} ({c.id}) is {value}, which has no bar. Cure: leave it out, or set "
                f"it to NaN."
            )


def _number(value: float, percent: bool, spec: str | None, all_values: list[float]) -> str:
    if spec is not None:
        return format(value, spec)
    if percent:
        return format(value, ".1%" if max(all_values) >= 0.02 else ".2%")
    if all(float(v).is_integer() for v in all_values):
        return format(value, ",.0f")
    return format(value, ".3f" if max(map(abs, all_values)) <= 1 else ",.1f")
