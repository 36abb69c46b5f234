import numpy as np
import pandas as pd
import pytest

from adebook import show_table

FRAME = pd.DataFrame(
    {
        "model": ["A <b>", "C & D"],
        "miou": [51.25, 48.0],
        "share": [0.15764321, np.nan],
        "year": [2021, 2017],
        "color": ["#787878", "#06E6E6"],
    }
)


def test_interactive_and_plain():
    table = show_table(FRAME, "Two models.")
    markup = table._repr_html_()
    assert "Two models." in markup
    assert "https://www.unpkg.com/dt_for_itables" in markup  # connected: the script is not in the notebook
    assert len(markup) < 10_000
    assert repr(table).splitlines()[0] == "Two models."
    assert "A <b>" in repr(table)


def test_numbers():
    text = repr(show_table(FRAME, "Two models."))
    assert "51.25" in text and "48.00" in text
    assert "0.1576" in text and "NaN" not in text and "nan" not in text
    assert "2021" in text  # a year gets no comma
    text = repr(show_table(FRAME, "Two models.", formats={"miou": ".1f", "share": ".1%"}))
    assert "51.2" in text and "51.25" not in text and "15.8%" in text


def test_decimals_are_as_many_as_needed():
    frame = pd.DataFrame(
        {"a": [1.0, 2.0], "b": [0.5, 0.25], "c": [1 / 3, 100.0], "d": [1 / 3, 0.0], "e": [np.nan] * 2}
    )
    row = repr(show_table(frame, "x")).splitlines()[2].split()
    assert row == ["1", "0.50", "0.33", "0.3333"]


def test_all_rows_are_kept():
    frame = pd.DataFrame({"text": [f"{'long ' * 20}{i}" for i in range(3000)]})
    markup = show_table(frame, "Many.")._repr_html_()
    assert "2999" in markup
    assert "downsampling" not in markup


def test_color_column():
    markup = show_table(FRAME, "Colors.", color_columns=["color"])._repr_html_()
    assert "background:#787878" in markup
    assert markup.count("#06E6E6") >= 2  # the swatch, and its text
    assert "A <b>" not in markup  # other text stays text
    assert "<span" not in repr(show_table(FRAME, "Colors.", color_columns=["color"]))


@pytest.mark.parametrize("colors", [["color"], []])
def test_text_stays_text_everywhere(colors):
    frame = FRAME.rename(columns={"year": "year <u>"}).set_index("model")
    frame.index.name = "the <s> model"
    frame["list"] = [["<q>"], None]
    markup = show_table(frame, "A <h1> caption & more.", color_columns=colors)._repr_html_()
    for tag in ("<b>", "<u>", "<s>", "<h1>", "<q>"):
        assert tag not in markup
    assert "A &lt;h1&gt; caption &amp; more." in markup
    assert "&lt;b&gt;" in markup and "&lt;u&gt;" in markup and "&lt;q&gt;" in markup
    assert "&amp;lt;" not in markup and "&amp;amp;" not in markup  # escaped once only
    assert list(frame.columns) == ["miou", "share", "year <u>", "color", "list"]


def test_several_levels_of_names():
    frame = pd.DataFrame(
        [["#787878", 1]],
        index=pd.MultiIndex.from_tuples([("<a>", 1)], names=["<x>", None]),
        columns=["color", "n"],
    )
    markup = show_table(frame, "x", color_columns=["color"])._repr_html_()
    assert "<a>" not in markup and "<x>" not in markup


def test_the_frame_is_left_alone():
    before = FRAME.copy()
    show_table(FRAME, "x", color_columns=["color"])
    pd.testing.assert_frame_equal(FRAME, before)


def test_refused():
    with pytest.raises(ValueError, match="needs a caption"):
        show_table(FRAME, " ")
    with pytest.raises(TypeError):
        show_table(FRAME)
    with pytest.raises(ValueError, match=r"no column 'mIoU'.*'miou'"):
        show_table(FRAME, "x", formats={"mIoU": ".1f"})
    with pytest.raises(ValueError, match=r"Row 0 of the column 'model' holds 'A <b>'.*'#rrggbb'"):
        show_table(FRAME, "x", color_columns=["model"])
