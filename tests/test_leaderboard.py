"""The leaderboard: what the table holds, the lines computed from it, and rows that it refuses."""

import functools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adebook import leaderboard

MINE = {"key": "my-model", "model": "Mine", "miou": 41.5, "protocol": "ss", "source": "runs/3/log.txt"}


@pytest.fixture(scope="module")
def board():
    return leaderboard.table()


def small_board(rows):
    """A table of a few models: key, cost in millions, single-scale, multi-scale, month."""
    start = leaderboard.table().head(0)
    for key, params, ss, ms, released in rows:
        scores = {name: value for name, value in (("miou_ss", ss), ("miou_ms", ms)) if value is not None}
        row = {"key": key, "model": key, "source": "a test", "released": released, **scores}
        if params is not None:
            row |= {"params_m": params, "params_of": "whole"}
        start = leaderboard.add(row, start)
    return start


@functools.cache
def one_model():
    return small_board([("a", 1, 1.5, None, "2020-01")])


# The table ------------------------------------------------------------------------------------------------------------


def test_the_23_rows_come_first_and_in_the_order_of_the_page(board):
    brief = leaderboard.table("brief")
    assert brief["rank"].tolist() == list(range(1, 24))
    assert board["key"].head(23).tolist() == brief["key"].tolist()
    assert brief["key"].iloc[0] == "internimage-h"
    assert brief["key"].iloc[-1] == "fcn-8s-vgg16"


def test_kinds_divide_the_table_and_keys_are_unique(board):
    parts = [leaderboard.table(kind) for kind in ("brief", "later", "family")]
    assert [len(part) for part in parts[:2]] == [23, 36]
    assert len(parts[2]) >= 40
    assert sum(map(len, parts)) == len(board)
    assert board["key"].is_unique
    with pytest.raises(ValueError, match=r"listed is 'Brief'.*'brief', 'later' or 'family'"):
        leaderboard.table("Brief")


def test_three_numbers_beside_each_other(board):
    """As listed, as published, as built; the whole and the backbone."""
    row = board.set_index("key").loc["internimage-h"]
    assert (row["brief_miou"], row["miou_ss"], row["miou_ms"]) == (62.9, 62.5, 62.9)
    assert (row["brief_params_m"], row["params_m"], row["params_of"]) == (1080, 1310, "whole")
    assert row["built_params_m"] == pytest.approx(1310, rel=0.02)
    assert row["built_backbone_m"] == pytest.approx(1080, rel=0.02)
    assert (row["whole_params_m"], row["whole_params_from"]) == (1310, "published")


def test_where_only_a_backbone_is_published_the_whole_is_counted(board):
    rows = board.set_index("key")
    dino = rows.loc["dinov2-g-mask2former"]
    assert dino["backbone_params_m"] == 1100
    assert dino["whole_params_m"] == dino["built_params_m"] > 1300
    assert dino["whole_params_from"] == "counted"
    eva = rows.loc["eva02-l"]  # built with another decoder than the published score
    assert eva["built_params_m"] > 0
    assert np.isnan(eva["whole_params_m"])
    assert eva["whole_params_from"] == ""


def test_a_teaching_size_is_no_size_of_the_model(board):
    """models.csv counts each model twice."""
    assert board["key"].is_unique
    assert board.set_index("key").loc["fcn-8s-vgg16", "built_params_m"] > 100


def test_efficient_models_are_small_and_whole(board):
    efficient = board[board["efficient"]]
    assert {"segformer-b0", "segnext-l", "seaformer-t", "segman-s", "tiny-moat-0"} <= set(efficient["key"])
    assert efficient["whole_params_m"].max() <= 50
    assert not board.loc[board["whole_params_m"].isna(), "efficient"].any()


def test_every_number_has_a_source_and_a_status(board):
    assert (board["source"].str.strip() != "").all()
    assert set(board["status"]) <= {"confirmed", "corrected", "unverified"}
    built = board[board["built_params_m"].notna()]
    assert len(built) >= 27
    assert (built["built_source"].fillna("") != "").all()


def test_families_carry_their_paper(board):
    b2 = board.set_index("key").loc["segformer-b2"]
    assert (b2["series"], b2["variant"], b2["listed"]) == ("SegFormer", "B2", "family")
    assert b2["arxiv"] == "arXiv:2105.15203"
    assert board.set_index("key").loc["segformer-b5", "series"] == "SegFormer"


def test_the_table_is_a_copy(board):
    changed = leaderboard.table()
    changed["miou_ss"] = 0
    assert leaderboard.table()["miou_ss"].max() == board["miou_ss"].max() > 60


def test_import_is_light():
    code = "import sys, adebook.leaderboard; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {
        "torch",
        "pandas",
        "numpy",
        "matplotlib",
        "datasets",
        "transformers",
    }


# Where numbers are from -----------------------------------------------------------------------------------------------


def test_provenance_of_a_corrected_row():
    numbers = leaderboard.provenance("mask2former-swin-l").set_index(["says", "quantity"])
    assert numbers.loc[("listed", "mIoU"), ["value", "status"]].tolist() == [57.7, "corrected"]
    assert numbers.loc[("published", "mIoU, multi-scale"), "value"] == 57.3
    assert "MODEL_ZOO" in numbers.loc[("published", "mIoU, single-scale"), "source"]
    assert numbers.loc[("built", "parameters (whole)"), "status"] == "counted"
    assert (numbers["source"] != "").all()


@pytest.mark.parametrize(
    ("key", "miou", "size"),
    [
        ("beit-l-upernet", "confirmed", "confirmed"),
        ("segformer-b5", "confirmed", "confirmed"),  # listed 85, published 84.7
        ("vit-comer-l", "confirmed", "corrected"),
        ("eva02-l", "corrected", "confirmed"),
        ("sernet-former-v2", "unverified", None),
        ("fcn-8s-vgg16", "corrected", "unverified"),
    ],
)
def test_status_is_given_number_by_number(key, miou, size):
    listed = leaderboard.provenance(key).query("says == 'listed'").set_index("quantity")["status"]
    assert listed["mIoU"] == miou
    assert listed.get("parameters") == size


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no row 'segformer-5'; did you mean 'segformer-b5'"):
        leaderboard.provenance("segformer-5")
    with pytest.raises(ValueError, match=r"no row 'zzz'; there are .* and more"):
        leaderboard.bibtex("zzz")


# Best over time -------------------------------------------------------------------------------------------------------


def test_the_line_of_records(board):
    lines = leaderboard.sota()
    multi = lines[lines["protocol"] == "ms"].set_index("key")["miou"].to_dict()
    assert multi == {
        "pspnet-r269": 44.94,
        "deeplabv3plus-xception65": 45.65,
        "acnet-r101": 45.9,
        "setr-mla-vit-l": 50.28,
        "swin-l-upernet": 53.53,
        "segmenter-l-mask16": 53.6,
        "beit-l-upernet": 57.0,
        "swinv2-g-upernet": 59.9,
        "fd-swinv2-g": 61.4,
        "beit3-g": 62.8,
        "internimage-h": 62.9,
        "one-peace": 63.0,
        "vit-p-internimage-h": 63.6,
    }
    single = lines[lines["protocol"] == "ss"]
    assert single["key"].iloc[0] == "pspnet-r269"
    assert single["miou"].iloc[-1] == 63.1


def test_records_rise_and_have_a_month():
    for _, line in leaderboard.sota().groupby("protocol"):
        assert line["miou"].is_monotonic_increasing and line["miou"].is_unique
        assert line["released"].is_monotonic_increasing and line["released"].is_unique
        assert line["gain"].iloc[1:].tolist() == pytest.approx(np.diff(line["miou"]).tolist())
        assert np.isnan(line["gain"].iloc[0])


def test_linear_probes_and_frozen_backbones_are_not_ranked(board):
    regimes = board.set_index("key")["regime"]
    for keys in (leaderboard.sota()["key"], leaderboard.frontier("ss")["key"]):
        assert set(regimes[keys]) == {"fine-tuned"}


def test_of_one_month_only_the_best_counts():
    rows = [("a", None, 40.0, None, "2020-01"), ("b", None, 42.0, None, "2020-01")]
    rows += [("c", None, 42.0, None, "2020-02"), ("d", None, 43.0, None, "2020-03")]
    line = leaderboard.sota(small_board(rows))
    assert line["key"].tolist() == ["b", "d"]


# The frontier ---------------------------------------------------------------------------------------------------------


def test_frontier_by_hand():
    rows = [
        ("small", 10, 40.0, 41.0, "2020-01"),
        ("dominated", 20, 39.0, 45.0, "2020-01"),  # beaten single-scale only
        ("even", 30, 40.0, None, "2020-01"),  # a cheaper one reaches the same
        ("large", 30, 50.0, 51.0, "2020-01"),
        ("sizeless", None, 60.0, 60.0, "2020-01"),
    ]
    board = small_board(rows)
    assert leaderboard.frontier("ss", board=board)["key"].tolist() == ["small", "large"]
    assert leaderboard.frontier("ms", board=board)["key"].tolist() == ["small", "dominated", "large"]
    assert leaderboard.frontier("unstated", board=board).empty
    assert leaderboard.frontier("ss", "gflops", board=board).empty


@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(30, 38)), min_size=1, max_size=9
    )  # few values, so many ties
)
@settings(max_examples=60, deadline=None)
def test_frontier_is_what_nobody_beats(points):
    board = pd.concat([one_model()] * len(points), ignore_index=True)
    board["whole_params_m"], board["miou_ss"] = [[float(p[i]) for p in points] for i in (0, 1)]
    found = leaderboard.frontier("ss", board=board)
    kept = set(zip(found["cost"], found["miou"], strict=True))
    beats = {(c, s) for c, s in points if not any(d <= c and t >= s and (d, t) != (c, s) for d, t in points)}
    assert kept == beats
    assert len(found) == len(kept)  # of equals, one


def test_protocols_have_frontiers_of_their_own():
    single, multi = leaderboard.frontier("ss"), leaderboard.frontier("ms")
    for line in (single, multi):
        assert line["cost"].is_monotonic_increasing
        assert line["miou"].is_monotonic_increasing
        assert set(line["cost_from"]) <= {"published", "counted"}
    assert single["key"].iloc[0] == "seaformer-t"
    assert multi.iloc[-1][["key", "cost"]].tolist() == ["vit-p-internimage-h", 1610]
    assert leaderboard.frontier("ms", "gflops")["cost_from"].unique().tolist() == ["counted"]


@pytest.mark.parametrize("arguments", [("s",), ("miou_ss",), (None,), ("ss", "params_m")])
def test_unknown_protocols_and_costs_are_refused(arguments):
    with pytest.raises(ValueError, match=r"it is one of 'ss'|it is one of 'params', 'gflops'"):
        leaderboard.frontier(*arguments)


def test_a_table_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"lacks the columns .* start from adebook.leaderboard.table"):
        leaderboard.sota(pd.DataFrame({"key": ["a"]}))


# A row of one's own ---------------------------------------------------------------------------------------------------


def test_add_gives_a_new_table(board):
    more = leaderboard.add(MINE)
    assert len(more) == len(board) + 1
    assert len(leaderboard.table()) == len(board)
    row = more.iloc[-1]
    assert row[["key", "listed", "status", "regime", "miou_ss"]].tolist() == [
        "my-model",
        "own",
        "own",
        "fine-tuned",
        41.5,
    ]
    assert np.isnan(row["miou_ms"])
    assert list(more.columns) == list(board.columns)
    assert more["miou_ss"].dtype == board["miou_ss"].dtype


def test_an_added_row_competes_under_its_protocol_only():
    own = MINE | {"miou": 64.0, "params_m": 1, "params_of": "whole", "released": "2026-11"}
    more = leaderboard.add(own)
    lines = leaderboard.sota(more)
    assert lines[lines["key"] == "my-model"]["protocol"].tolist() == ["ss"]
    assert leaderboard.frontier("ss", board=more)["key"].tolist() == ["my-model"]
    assert "my-model" not in set(leaderboard.frontier("ms", board=more)["key"])


def test_both_scores_and_several_rows():
    both = {key: MINE[key] for key in ("key", "model", "source")} | {"miou_ss": 40.0, "miou_ms": 41.0}
    more = leaderboard.add(MINE | {"key": "another"}, leaderboard.add(both))
    assert more["key"].tail(2).tolist() == ["my-model", "another"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": ""}, "no source.*rumor"),
        ({"source": "  "}, "no source"),
        ({"source": None}, "source is None"),
        ({"protocol": None}, "no protocol: nobody can compare it.*protocol='ss'"),
        ({"protocol": "single-scale"}, "protocol is 'single-scale', but it is one of 'ss', 'ms', 'unstated'"),
        ({"miou": None}, "no score"),
        ({"miou": 0.415}, "looks like a fraction.*Cure: 41.5"),
        ({"miou": 101}, "at most 100"),
        ({"miou": -1}, "at least 0"),
        ({"miou": float("nan")}, "finite"),
        ({"miou": "41.5"}, "it is a number"),
        ({"miou": True}, "it is a number"),
        ({"miou_ss": 40.0}, "twice"),
        ({"miou_unstated": 40.0}, "one protocol"),
        ({"param_m": 12}, "no column 'param_m'; did you mean 'params_m'"),
        ({"brief_miou": 12}, "no column 'brief_miou'"),
        ({"rank": 1}, "no column 'rank'"),
        ({"params_m": 12}, "params_m and params_of belong together"),
        ({"params_of": "whole"}, "params_m and params_of belong together"),
        ({"params_m": 85_000_000, "params_of": "whole"}, "millions of parameters"),
        ({"params_m": 85, "params_of": "all"}, "params_of is 'all'"),
        ({"family": "CNN"}, "family is 'CNN', but it is one of 'cnn'"),
        ({"regime": "finetuned"}, "regime is 'finetuned'"),
        ({"released": "2026"}, "'YYYY-MM'"),
        ({"released": "2026-13"}, "'YYYY-MM'"),
        ({"year": 26}, "a year such as"),
        ({"key": "swin-l-upernet"}, "has a row 'swin-l-upernet' already"),
        ({"key": "My Model"}, "lower-case words with hyphens"),
        ({"key": ""}, "no key"),
        ({"model": ""}, "no model"),
        ({"key": 7}, "it is a text"),
    ],
)
def test_what_add_refuses(change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        leaderboard.add(MINE | change)


@pytest.mark.parametrize("missing", ["key", "model", "source", "miou", "protocol"])
def test_what_add_needs(missing):
    with pytest.raises(ValueError, match="Cure"):
        leaderboard.add({name: value for name, value in MINE.items() if name != missing})


def test_add_leaves_the_row_as_it_was():
    row = dict(MINE)
    leaderboard.add(row)
    assert row == MINE


# Papers ---------------------------------------------------------------------------------------------------------------


def test_every_row_has_bibtex(board):
    for key in board["key"]:
        entry = leaderboard.bibtex(key)
        assert entry.startswith("@") and entry.endswith("\n}")
        assert entry.count("\n@") == 0


def test_bibtex_is_the_entry_of_the_paper():
    entry = leaderboard.bibtex("segformer-b0")
    assert "xie2021segformer" in entry
    assert "eprint    = {2105.15203}" in entry or "2105.15203" in entry
    pybtex = pytest.importorskip("pybtex.database")
    [(key, parsed)] = pybtex.parse_string(entry, "bibtex").entries.items()
    assert key == "xie2021segformer"
    assert len(parsed.persons["author"]) == 6


def test_a_missing_bibliography_says_where_it_was_looked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(leaderboard, "__file__", str(tmp_path / "adebook" / "leaderboard.py"))
    with pytest.raises(FileNotFoundError, match=r"references.bib is not there; looked at .*_data"):
        leaderboard.bibtex("segformer-b0")
