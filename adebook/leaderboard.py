"""Every model of the book in one table: as a well-known page lists it, as published, and as built here.

A score belongs to its protocol: single-scale ("ss"), multi-scale ("ms"), or one that the source does not
state ("unstated"). Nothing here compares across protocols, and every number has a source and a status.

Example:
    >>> from adebook import leaderboard
    >>> board = leaderboard.table().set_index("key")
    >>> float(board.loc["segformer-b5", "miou_ss"]), float(board.loc["segformer-b5", "miou_ms"])
    (51.0, 51.8)
"""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from adebook import _words, facts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PROTOCOLS", "add", "bibtex", "frontier", "provenance", "sota", "table"]

#: How a score was measured -> the column that holds it.
PROTOCOLS = {"ss": "miou_ss", "ms": "miou_ms", "unstated": "miou_unstated"}

Protocol = Literal["ss", "ms", "unstated"]

_COSTS = {"params": "whole_params_m", "gflops": "built_gflops_512"}
_GROUPS = ("brief", "later", "family", "own")
_FAMILIES = ("cnn", "transformer", "hybrid")
_REGIMES = ("fine-tuned", "frozen backbone", "linear probe")
_PARAMS_OF = ("whole", "backbone", "vision part", "multimodal model", "unstated")
#: A whole model up to this size, in millions of parameters, is called efficient.
_EFFICIENT_M = 50.0
#: Built here with another decoder than the published score had (EVA-02-L: UPerNet for Mask2Former; SeMask-L:
#: Mask2Former's own pixel decoder for MSFaPN), so a count is not the price of that score.
_BUILT_OTHERWISE = frozenset({"eva02-l", "semask-l-mask2former"})

#: What a user's row may say, beside `miou` with `protocol`.
_OWN_TEXT = (
    "key", "model", "org", "family", "backbone", "decoder", "regime", "released", "venue", "title", "bib",
    "arxiv", "code_url", "params_of", "pretraining", "source", "note",
)  # fmt: skip
_OWN_NUMBERS = (
    "year", "miou_ss", "miou_ms", "miou_unstated", "params_m", "crop", "built_gflops_512",
)  # fmt: skip

_COLUMNS = (
    # what it is
    "key", "listed", "rank", "model", "org", "series", "variant", "family", "backbone", "decoder",
    "regime", "year", "released", "venue", "title", "bib", "arxiv", "code_url", "pretraining", "crop",
    # as the page lists it
    "brief_model", "brief_org", "brief_family", "brief_year", "brief_miou", "brief_is", "brief_params_m",
    # as published
    "miou_ss", "miou_ms", "miou_unstated", "params_m", "params_of", "backbone_params_m", "status",
    "source", "note",
    # as built
    "built_params_m", "built_backbone_m", "built_gflops_512", "built_stride", "built_own_lines",
    "built_libraries", "built_note", "built_source",
    # to compare by
    "whole_params_m", "whole_params_from", "efficient",
)  # fmt: skip
_BUILT = {
    "params_m": "built_params_m",
    "backbone_params_m": "built_backbone_m",
    "gflops_512": "built_gflops_512",
    "stride": "built_stride",
    "own_lines": "built_own_lines",
    "libraries": "built_libraries",
    "reason": "built_note",
    "source": "built_source",
}


def table(listed: str | None = None) -> "pd.DataFrame":
    """The leaderboard, one row per model.

    Args:
        listed: only the rows of one kind: "brief" (the 23 rows of the page this book grew from, in its
            order), "later" (models added by this book, whatever their year) or "family" (further sizes of a
            design). Default: all.

    Returns:
        A DataFrame with the columns

        - what it is: `key`, `listed`, `rank` (on that page), `model`, `org`, `series` and `variant` (of a
          design in several sizes), `family`, `backbone`, `decoder`, `regime`, `year`, `released` ("YYYY-MM"),
          `venue`, `title`, `bib`, `arxiv`, `code_url`, `pretraining`, `crop` (pixels);
        - as listed: `brief_model`, `brief_org`, `brief_family`, `brief_year`, `brief_miou`, `brief_is`,
          `brief_params_m`;
        - as published: `miou_ss`, `miou_ms`, `miou_unstated` (percent), `params_m` (millions) and `params_of`
          (of what), `backbone_params_m` (where the source counts the backbone), `status`, `source`, `note`;
        - as built by `adebook.models.build`: `built_params_m` and `built_backbone_m` (millions),
          `built_gflops_512` (billions of operations for one picture of 512 x 512, a multiplication and an
          addition counted as 2), `built_stride` (pixels per cell of the logits), `built_own_lines` (of code
          in this package), `built_libraries`, `built_note` (why a count differs from the published one),
          `built_source`;
        - to compare by: `whole_params_m`, the published size of the whole model or else the counted one, and
          `whole_params_from` ("published" or "counted"); `efficient`, whether that is at most 50 million.

        Missing means not published, not found, or not built. `provenance` says it number by number.

    Raises:
        ValueError: for an unknown kind.
    """
    import pandas as pd

    if listed is not None and listed not in _GROUPS[:3]:
        raise ValueError(f"listed is {listed!r}, but rows are 'brief', 'later' or 'family'; None gives all.")
    board, families = facts.table("leaderboard"), facts.table("families")
    series = families.set_index("key")[["series", "variant"]]
    board = board.join(series, on="key")
    # gflops are of each source's own input size: no column to compare by
    more = families[~families["key"].isin(board["key"])].drop(columns="gflops")
    papers = board.drop_duplicates("bib").set_index("bib")[["title", "arxiv", "code_url", "org", "venue"]]
    more = more.assign(listed="family", regime="fine-tuned").join(papers, on="bib")
    return _finished(pd.concat([board, more], ignore_index=True), listed)


def _finished(rows: "pd.DataFrame", listed: str | None = None) -> "pd.DataFrame":
    """Join what was counted, derive the columns to compare by, and put the columns in order."""
    import pandas as pd

    built = facts.table("models")
    built = built[built["teaching"] == 0].set_index("key")[list(_BUILT)].rename(columns=_BUILT)
    rows = rows.join(built, on="key")
    published = rows["params_m"].where(rows["params_of"] == "whole")
    counted = rows["built_params_m"].where(~rows["key"].isin(_BUILT_OTHERWISE))
    rows["backbone_params_m"] = rows["params_m"].where(rows["params_of"] == "backbone")
    rows["whole_params_m"] = published.fillna(counted)
    origin = pd.Series("", index=rows.index, dtype=object)
    origin[counted.notna()] = "counted"
    origin[published.notna()] = "published"
    rows["whole_params_from"] = origin
    rows["efficient"] = rows["whole_params_m"] <= _EFFICIENT_M
    rows = rows.reindex(columns=_COLUMNS)
    return rows if listed is None else rows[rows["listed"] == listed].reset_index(drop=True)


def provenance(key: str) -> "pd.DataFrame":
    """Where each number of a row is from.

    Args:
        key: of a row of `table()`.

    Returns:
        One row per number: `quantity`, `value`, `unit`, `says` (who says so: "listed", "published" or
        "built"), `status`, `source`. The status of a listed number is "confirmed", "corrected" or
        "unverified"; that of a published one "sourced", or "unverified" without a first-hand source; that of
        a built one "counted".

    Raises:
        ValueError: for an unknown key, with the nearest ones.
    """
    import pandas as pd

    row = _row(key)
    first_hand = "unverified" if row["status"] == "unverified" else "sourced"
    listing = "the page this book grew from"
    numbers = [
        ("mIoU", "brief_miou", "%", "listed", _listed_status(row), listing),
        ("parameters", "brief_params_m", "M", "listed", _listed_size_status(row), listing),
        ("mIoU, single-scale", "miou_ss", "%", "published", first_hand, row["source"]),
        ("mIoU, multi-scale", "miou_ms", "%", "published", first_hand, row["source"]),
        ("mIoU, protocol not stated", "miou_unstated", "%", "published", first_hand, row["source"]),
        (f"parameters ({row['params_of']})", "params_m", "M", "published", first_hand, row["source"]),
        ("parameters (whole)", "built_params_m", "M", "built", "counted", row["built_source"]),
        ("parameters (backbone)", "built_backbone_m", "M", "built", "counted", row["built_source"]),
        ("operations at 512 x 512", "built_gflops_512", "G", "built", "counted", row["built_source"]),
    ]
    columns = ("quantity", "value", "unit", "says", "status", "source")
    kept = [
        (quantity, float(row[column]), *rest) for quantity, column, *rest in numbers if pd.notna(row[column])
    ]
    return pd.DataFrame(kept, columns=columns)


def _listed_status(row: "pd.Series") -> str:
    if row["status"] == "unverified":
        return "unverified"
    return "confirmed" if row["brief_is"] in ("ss", "ms") else "corrected"


def _listed_size_status(row: "pd.Series") -> str:
    import pandas as pd

    if pd.isna(row["params_m"]):
        return "unverified"
    # as printed: a listed 85 is a published 84.7
    return "confirmed" if abs(row["brief_params_m"] - row["params_m"]) <= 0.5 else "corrected"


def sota(board: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """The best published value over time, each protocol for itself.

    Counted are fine-tuned models whose score has a month; of the models of one month the best one, since
    months say no more. A value has to be higher than all before it under the same protocol.

    Args:
        board: a table as `table` or `add` gives it. Default: `table()`.

    Returns:
        One row per record: `protocol`, `released`, `key`, `model`, `family`, `miou` (percent), `gain` (over
        the record before, missing for the first), `status`, `source`; in the order of protocol and time.
    """
    import pandas as pd

    rows = _fine_tuned(table() if board is None else board)
    found = []
    for protocol, column in PROTOCOLS.items():
        dated = rows.dropna(subset=[column, "released"]).rename(columns={column: "miou"})
        dated = dated.assign(protocol=protocol).sort_values(["released", "miou"], ascending=[True, False])
        monthly = dated.drop_duplicates("released")
        before = monthly["miou"].cummax().shift()
        records = monthly[before.isna() | (monthly["miou"] > before)]
        found.append(records.assign(gain=records["miou"].diff()))
    columns = ["protocol", "released", "key", "model", "family", "miou", "gain", "status", "source"]
    return pd.concat(found, ignore_index=True)[columns]


def frontier(
    protocol: Protocol,
    against: Literal["params", "gflops"] = "params",
    board: "pd.DataFrame | None" = None,
) -> "pd.DataFrame":
    """The models that no other beats at both: higher mIoU and lower cost (the Pareto frontier).

    Counted are fine-tuned models with a score of that protocol and a cost. Of models with the same cost only
    the best is on the frontier, and a score that a cheaper model reaches too is not.

    Args:
        protocol: "ss", "ms" or "unstated".
        against: the cost. "params": `whole_params_m`, the whole model in millions; "gflops":
            `built_gflops_512`.
        board: a table as `table` or `add` gives it. Default: `table()`.

    Returns:
        `key`, `model`, `family`, `pretraining`, `miou` (percent), `cost`, `cost_from` ("published" or
        "counted"), `released`, `status`, `source`, from the cheapest to the best.

    Raises:
        ValueError: for an unknown protocol or cost.
    """
    _one_of(protocol, PROTOCOLS, "protocol")
    _one_of(against, _COSTS, "against")
    score, cost = PROTOCOLS[protocol], _COSTS[against]
    rows = _fine_tuned(table() if board is None else board).dropna(subset=[score, cost])
    if against == "gflops":
        rows = rows[~rows["key"].isin(_BUILT_OTHERWISE)]
    rows = rows.sort_values([cost, score], ascending=[True, False], kind="stable")
    before = rows[score].cummax().shift()
    rows = rows[before.isna() | (rows[score] > before)]
    rows = rows.assign(cost_from=rows["whole_params_from"] if against == "params" else "counted")
    rows = rows.rename(columns={score: "miou", cost: "cost"}).reset_index(drop=True)
    what = ["key", "model", "family", "pretraining", "miou", "cost", "cost_from"]
    return rows[[*what, "released", "status", "source"]]


def _fine_tuned(board: "pd.DataFrame") -> "pd.DataFrame":
    """Scores of different regimes do not belong in one ranking."""
    missing = [name for name in _COLUMNS if name not in board.columns]
    if missing:
        raise ValueError(
            f"The board lacks the columns {', '.join(missing)}. Cure: start from adebook.leaderboard.table()."
        )
    return board[board["regime"] == "fine-tuned"]


def add(row: Mapping[str, Any], board: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """A table with one more row, to see where your own result stands. Nothing is stored.

    Args:
        row: what you know. Needed: `key` (lower-case words with hyphens, new), `model`, `source` (where
            somebody else finds the number: a paper and its table, a repository with file and commit, a log),
            and the score with its protocol: `miou` in percent with `protocol` "ss", "ms" or "unstated", or
            one or both of `miou_ss` and `miou_ms`. Optional: `params_m` (millions) with `params_of`,
            `built_gflops_512`, `released` ("YYYY-MM"), `year`, `family`, `backbone`, `decoder`, `regime`
            (default "fine-tuned"), `crop`, `pretraining`, `org`, `venue`, `title`, `bib`, `arxiv`,
            `code_url`, `note`.
        board: the table to add to. Default: `table()`.

    Returns:
        A new DataFrame with the row at the end, `listed` and `status` "own", for `sota` and `frontier`.

    Raises:
        ValueError: for a row without source or protocol, an unknown column, a score that is a fraction, a
            count that is not in millions, a word that is not from the list of its column, or a key that is
            taken.
        TypeError: when a number is not a number or a text not a text.

    Example:
        >>> mine = dict(key="my-model", model="Mine", miou=41.5, protocol="ss", source="runs/3/log.txt")
        >>> add(mine).iloc[-1]["miou_ss"]
        41.5
    """
    import pandas as pd

    row = _by_protocol(dict(row))
    for column in row:
        if column not in (*_OWN_TEXT, *_OWN_NUMBERS):
            allowed = [*_OWN_TEXT, *_OWN_NUMBERS, "miou", "protocol"]
            raise ValueError(f"A row has no column {column!r}; {_nearest(column, allowed)}")
    for column in _OWN_TEXT:
        if column in row and not isinstance(row[column], str):
            raise TypeError(f"{column} is {row[column]!r}, but it is a text.")
    for column in _OWN_NUMBERS:
        if column in row:
            _check_number(column, row[column])
    _check_words(row)
    board = table() if board is None else board
    if row["key"] in set(board["key"]):
        raise ValueError(f"The table has a row {row['key']!r} already. Cure: give yours a key of its own.")
    whole = row.get("params_m") if row.get("params_of") == "whole" else None
    row |= {
        "listed": "own",
        "status": "own",
        "regime": row.get("regime", "fine-tuned"),
        "backbone_params_m": row.get("params_m") if row.get("params_of") == "backbone" else None,
        "whole_params_m": whole,
        "whole_params_from": "published" if whole is not None else "",
        "efficient": whole is not None and whole <= _EFFICIENT_M,
    }
    last = pd.DataFrame([row]).reindex(columns=board.columns)
    last = last.astype({name: board[name].dtype for name in board.columns if board[name].dtype != "int64"})
    return pd.concat([board, last], ignore_index=True)


def _by_protocol(row: dict[str, Any]) -> dict[str, Any]:
    """Put a score that stands with its protocol into the column of the protocol; refuse one without."""
    scores = "Cure: miou=45.2 with protocol='ss' (one scale), 'ms' (several, or flipped) or 'unstated'."
    protocol, miou = row.pop("protocol", None), row.pop("miou", None)
    if miou is not None and protocol is None:
        raise ValueError(f"The row has a score, {miou!r}, but no protocol: nobody can compare it. {scores}")
    if protocol is not None:
        _one_of(protocol, PROTOCOLS, "protocol")
        column = PROTOCOLS[protocol]
        if miou is None:
            raise ValueError(f"The row has a protocol, {protocol!r}, but no score `miou`. {scores}")
        if column in row:
            raise ValueError(f"The row gives its score twice, as miou and as {column}. Cure: drop one.")
        row[column] = miou
    given = [column for column in PROTOCOLS.values() if row.get(column) is not None]
    if not given:
        raise ValueError(f"The row has no score with a protocol. {scores}")
    if "miou_unstated" in given and len(given) > 1:
        raise ValueError("A score has one protocol: miou_unstated stands alone. Cure: drop one.")
    return row


def _check_number(column: str, value: Any) -> None:
    import numbers

    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{column} is {value!r}, but it is a number; leave out what you do not know.")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{column} is {value!r}, but it is a finite number of at least 0.")
    if column in PROTOCOLS.values():
        if 0 < value <= 1:
            raise ValueError(
                f"{column} is {value!r}, which looks like a fraction; scores here are percent. "
                f"Cure: {100 * value:g}."
            )
        if value > 100:
            raise ValueError(f"{column} is {value!r}, but a mean IoU is at most 100 percent.")
    if column in ("params_m", "built_gflops_512") and value >= 1e6:
        unit = "millions of parameters" if column == "params_m" else "billions of operations"
        raise ValueError(f"{column} is {value!r}, but it is in {unit}. Cure: divide the plain count.")
    if column == "year" and not 2012 <= value <= 2100:
        raise ValueError(f"year is {value!r}, but it is a year such as 2026.")


def _check_words(row: Mapping[str, Any]) -> None:
    for column, why in (
        ("key", "a row is asked for by its key"),
        ("model", "a row is shown by its name"),
        ("source", "a number that nobody can look up is a rumor"),
    ):
        if not row.get(column, "").strip():
            raise ValueError(f"The row has no {column}: {why}. Cure: {column}='...'.")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["key"]):
        raise ValueError(f"The key {row['key']!r} is not lower-case words with hyphens, as 'my-model'.")
    for column, words in (("family", _FAMILIES), ("regime", _REGIMES), ("params_of", _PARAMS_OF)):
        if column in row:
            _one_of(row[column], words, column)
    if ("params_m" in row) != ("params_of" in row):
        raise ValueError(
            "params_m and params_of belong together: a size says what it counts. "
            "Cure: params_m=85, params_of='whole' (or 'backbone')."
        )
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", row.get("released", "2000-01")):
        raise ValueError(f"released is {row['released']!r}, but it is a month, 'YYYY-MM'.")


def bibtex(key: str) -> str:
    """The BibTeX entry of a model's paper, from the book's bibliography.

    Args:
        key: of a row of `table()`.

    Raises:
        ValueError: for an unknown key, with the nearest ones.
        FileNotFoundError: when the bibliography is not there.
    """
    bib = _row(key)["bib"]
    found = re.search(rf"^@\w+\{{{re.escape(bib)},.*?^\}}", _bibliography(), flags=re.M | re.S)
    if found is None:
        raise ValueError(f"references.bib has no entry {bib!r}, the paper of {key!r}. Cure: add it there.")
    return found[0]


def _bibliography() -> str:
    package = Path(__file__).resolve().parent
    places = (package / "_data" / "references.bib", package.parent / "references.bib")  # wheel, checkout
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError(
        f"references.bib is not there; looked at {places[0]} and {places[1]}. "
        "Cure: reinstall adebook, or run from a complete checkout of the repository."
    )


def _row(key: str) -> "pd.Series":
    board = table().set_index("key")
    if key not in board.index:
        raise ValueError(f"The table has no row {key!r}; {_nearest(key, board.index)}")
    return board.loc[key]


def _nearest(word: Any, known: Iterable[str]) -> str:
    known = list(known)
    return _words.did_you_mean(word, known) or f"there are {', '.join(map(repr, known[:6]))} and more."


def _one_of(value: Any, words: Iterable[str], name: str) -> None:
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{name} is {value!r}, but it is one of {', '.join(map(repr, words))}.")
