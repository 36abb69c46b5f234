"""What every figure of the package shares: how it is made, how its text is measured."""

from functools import lru_cache

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

#: Pixels per inch. At 5.2 inches a figure is 728 pixels wide, the text column of the book.
DPI = 140


class BookFigure(Figure):
    """A pyplot figure that a notebook shows once.

    A notebook draws the value of a cell's last line, and then every figure that pyplot still holds; a figure
    that is both would appear twice. This one leaves pyplot when it is displayed. So all of these show it
    once: as the last line of a cell, followed by a semicolon, assigned to a name, and through `display`.
    """

    def _ipython_display_(self) -> None:
        from IPython.core.pylabtools import print_figure
        from IPython.display import Image, display

        plt.close(self)
        display(Image(data=print_figure(self, fmt="png"), format="png"))


def new_figure(width: float, height: float, layout: str | None = None) -> Figure:
    """An empty white figure, `width` x `height` inches."""
    return plt.figure(
        figsize=(width, height), dpi=DPI, layout=layout, facecolor="white", FigureClass=BookFigure
    )


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a line of text in inches, in matplotlib's current font, `size` in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), text or " ", size=size, prop=FontProperties(weight=weight))
    return float(path.get_extents().x1) / 72.0


def wrap(words: list[str], size: float, width: float, separator: str = ", ") -> list[str]:
    """Join `words` into lines no wider than `width` inches."""
    lines: list[str] = []
    for word in words:
        if lines and text_width(joined := lines[-1] + separator + word, size) <= width:
            lines[-1] = joined
        else:
            if lines:
                lines[-1] += separator.rstrip()
            lines.append(word)
    return lines
