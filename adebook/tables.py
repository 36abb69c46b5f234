"""Tables that sort and search, in the book, in Jupyter and in Colab."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "show_table"]

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_SWATCH = (
    '<span aria-hidden="true" style="display:inline-block;width:1.5em;height:1em;vertical-align:-0.15em;'
    'border:1px solid #767676;background:{0}"></span> {0}'
)
#: Never drop rows to save bytes; wrap long cells; the caption stands above, where screen readers meet it
#: first.
_DEFAULTS: dict[str, Any] = {
    "maxBytes": 0,
    "classes": "display compact",
    "style": "table-layout:auto;width:100%;caption-side:top",
}


class Table:
    """What `show_table` returns: an interactive table in a notebook, plain text elsewhere."""

    def __init__(self, shown: "pd.DataFrame", caption: str, markup: str) -> None:
        self.caption = caption
        self._shown = shown
        self._markup = markup

    def _repr_html_(self) -> str:
        return self._markup

    def __repr__(self) -> str:
        return f"{self.caption}\n{self._shown.to_string(index=_index_matters(self._shown))}"


def show_table(
    df: "pd.DataFrame",
    caption: str,
    *,
    formats: Mapping[str, str] | None = None,
    color_columns: Sequence[str] = (),
    **options: Any,
) -> Table:
    """Show a DataFrame as a table that readers can sort and search.

    Args:
        df: one row per entry. Numbers in a column get equally many decimals: as many as they need, but at
            most 4 (2 when any is above 1). Missing values are left empty.
        caption: one sentence that says what the table holds, as plain text; screen readers announce it.
            Mandatory.
        formats: how to print a column instead, as Python format specs: `{"params_m": ",.1f", "share":
            ".2%"}`.
        color_columns: columns of colors "#rrggbb"; each is shown as a swatch beside its text.
        **options: options of itables, e.g. `paging=False`, `pageLength=25`, `order=[[2, "desc"]]`
            (https://itables.org/options/options.html).

    Returns:
        an object that a notebook shows as the interactive table; elsewhere it prints as text. The table's
        script is loaded from a public address, so the notebook stays small; the built book carries its own
        copy.

    Raises:
        ValueError: for an empty caption, an unknown column, or a color that is not "#rrggbb".
    """
    import itables

    if not isinstance(caption, str) or not caption.strip():
        raise ValueError("A table needs a caption that says what it holds; screen readers announce it.")
    for column in [*(formats or {}), *color_columns]:
        if column not in df.columns:
            raise ValueError(
                f"The table has no column {column!r}. It has {', '.join(map(repr, df.columns))}."
            )
    shown = _formatted(df, formats or {})
    rich = shown
    options = {**_DEFAULTS, "paging": len(df) > 25, **options}
    may_forbid = hasattr(itables.options, "allow_html")  # older versions always allow it, and escape nothing
    if color_columns or not may_forbid:
        rich = _with_swatches(shown, color_columns)
        if may_forbid:
            options["allow_html"] = True
    # Captions itables takes as HTML, whatever is allowed in cells.
    markup = itables.to_html_datatable(rich, caption=_escaped(caption), connected=True, **options)
    return Table(shown, caption, markup)


def _index_matters(df: "pd.DataFrame") -> bool:
    import pandas as pd

    return df.index.name is not None or not isinstance(df.index, pd.RangeIndex)


def _formatted(df: "pd.DataFrame", formats: Mapping[str, str]) -> "pd.DataFrame":
    """Numbers as text; DataTables still sorts "1,234.5" and "12 %" as numbers."""
    import pandas as pd

    shown = df.copy()
    for column in df.columns:
        values = df[column]
        spec = formats.get(column)
        if spec is None:
            if not pd.api.types.is_float_dtype(values):
                continue
            spec = f".{_decimals(values)}f"
        text = ["" if pd.isna(value) else format(value, spec) for value in values]
        shown[column] = pd.Series(text, index=df.index, dtype=object)
    return shown


def _decimals(values: "pd.Series") -> int:
    known = values.dropna()
    limit = 2 if len(known) and known.abs().max() > 1 else 4
    return (
        next((d for d in range(limit) if (known - known.round(d)).abs().max() < 1e-9), limit)
        if len(known)
        else 0
    )


def _with_swatches(df: "pd.DataFrame", color_columns: Sequence[str]) -> "pd.DataFrame":
    rich = df.copy()
    for column in df.columns:
        if column in color_columns:
            for row, value in enumerate(df[column]):
                if not isinstance(value, str) or not _HEX.fullmatch(value):
                    raise ValueError(
                        f"Row {row} of the column {column!r} holds {value!r}, but a color is '#rrggbb'."
                    )
            rich[column] = [_SWATCH.format(value) for value in df[column]]
        elif not _is_number(df[column]):  # HTML is allowed in the whole table, so all other text is escaped
            rich[column] = [_escaped(value) for value in df[column]]
    rich.columns, rich.index = _escaped_names(df.columns), _escaped_names(df.index)
    return rich


def _escaped(value: Any) -> Any:
    """Its text with `<`, `>` and `&` escaped; the value itself when there are none."""
    text = str(value)
    escaped = html.escape(text, quote=False)
    return value if escaped == text else escaped


def _escaped_names(index: "pd.Index") -> "pd.Index":
    """Row or column names, and the names of these, escaped."""
    import pandas as pd

    names = [_escaped(name) for name in index.names]
    if isinstance(index, pd.MultiIndex):
        return pd.MultiIndex.from_tuples([tuple(map(_escaped, entry)) for entry in index], names=names)
    index = index if _is_number(index) else pd.Index([_escaped(value) for value in index])
    return index.rename(names[0])


def _is_number(values: "pd.Series | pd.Index") -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(values)
