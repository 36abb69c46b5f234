"""The tables of data/: complete, sourced, and in agreement with each other and with references.bib."""

import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
TABLES = sorted(path.name for path in DATA.glob("*.csv"))
NUMBERS = {
    "leaderboard.csv": "rank year brief_year brief_miou miou_ss miou_ms miou_unstated params_m brief_params_m crop",
    "families.csv": "year miou_ss miou_ms miou_unstated params_m gflops crop",
    "reruns.csv": "crop iterations miou_ss miou_ms",
    "benchmarks.csv": (
        "train_images val_images test_images extra_images total_images classes_annotated classes_scored year "
        "brief_images brief_classes brief_year"
    ),
    "releases.csv": "train_images val_images test_images classes objects parts",
    "classes.csv": "id is_stuff pixel_share train_images val_images r g b",
    "palette.csv": "id r g b",
    "published_scenes.csv": "train_images val_images",
    "dollhouse_baseline.csv": "seed steps seconds training_scenes validation_scenes mean_iou pixel_accuracy",
    "cross_benchmarks.csv": "miou_ss",
    "models.csv": (
        "teaching params_m backbone_params_m training_params_m gflops_512 stride own_lines published_params_m ratio"
    ),
    "teaching_runs.csv": (
        "seed steps batch crop params_m seconds mean_iou low high pixel_accuracy classes_hit first_loss last_loss"
    ),
    "fine_tune_seeds.csv": (
        "seed steps batch_size training_scenes validation_scenes mean_iou mean_iou_low mean_iou_high pixel_accuracy "
        "pixel_accuracy_low pixel_accuracy_high"
    ),
    "speed.csv": "median low high repetitions ratio ratio_low ratio_high",
}
KEYS = {"leaderboard.csv": "key", "benchmarks.csv": "key", "releases.csv": "key", "facts.csv": "key"} | {
    "factcheck.csv": "id",
    "families.csv": "key",
    "reruns.csv": "key",
    "classes.csv": "id",
    "palette.csv": "id",
    "conventions.csv": "key",
    "cross_benchmarks.csv": "key",
    "published_scenes.csv": "scene",
    "dollhouse_baseline.csv": "key",
    "fine_tune_seeds.csv": "key",
    "models.csv": "key",
    "speed.csv": "key",
    "teaching_runs.csv": "key",
}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def text(name: str) -> pd.DataFrame:
    """A table as it is written: every cell a string, empty cells "" ."""
    return pd.read_csv(DATA / name, dtype=str, keep_default_na=False)


def numbers(name: str) -> pd.DataFrame:
    """A table with its number columns parsed; anything that is not a number raises."""
    table = text(name)
    for column in NUMBERS[name].split():
        table[column] = pd.to_numeric(table[column].replace("", None))
    return table


@pytest.fixture(scope="module")
def board() -> pd.DataFrame:
    return numbers("leaderboard.csv").set_index("key")


@pytest.fixture(scope="module")
def facts() -> pd.DataFrame:
    return text("facts.csv").set_index("key")


@pytest.fixture(scope="module")
def classes() -> pd.DataFrame:
    return numbers("classes.csv")


# Every table ----------------------------------------------------------------------------------------------------------


def test_the_tables_are_the_ones_we_know():
    assert set(TABLES) == set(KEYS)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source_and_an_id_of_its_own(name):
    table = text(name)
    assert len(table)
    assert (table["source"].str.strip() != "").all(), table.loc[table["source"].str.strip() == ""]
    assert table[KEYS[name]].is_unique
    assert (table[KEYS[name]] != "").all()


@pytest.mark.parametrize("name", TABLES)
def test_cells_are_clean(name):
    raw = (DATA / name).read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    for column, cells in text(name).items():
        assert (cells == cells.str.strip()).all(), f"{name}: {column} has blanks at an end"


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_number_columns_parse_and_are_not_negative(name):
    table = numbers(name)
    for column in NUMBERS[name].split():
        assert (table[column].dropna() >= 0).all(), column


@pytest.mark.parametrize("name", TABLES)
def test_no_private_places(name):
    """A source is something a reader can find: no path of some machine, no opaque identifier."""
    raw = (DATA / name).read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w./])/(home|root|tmp|work|mnt|Users)/", raw)
    if name != "facts.csv":  # which has sizes and checksums
        assert not re.search(r"(?<![\w.])\d{10,}(?![\w.])", raw)


def test_the_readme_names_every_table_and_every_column():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for name in TABLES:
        assert f"`{name}`" in readme
        for column in text(name).columns:
            assert f"`{column}`" in readme, f"{name}: {column}"


# The leaderboard ------------------------------------------------------------------------------------------------------


def test_leaderboard_keys_are_slugs(board):
    assert [key for key in board.index if not SLUG.fullmatch(key)] == []


def test_leaderboard_words_are_from_their_lists(board):
    assert set(board["listed"]) == {"brief", "later"}
    assert set(board["family"]) <= {"cnn", "transformer", "hybrid"}
    assert set(board["regime"]) <= {"fine-tuned", "frozen backbone", "linear probe"}
    assert set(board["status"]) <= {"confirmed", "corrected", "unverified"}
    assert set(board["params_of"]) <= {
        "",
        "whole",
        "backbone",
        "vision part",
        "multimodal model",
        "unstated",
    }
    assert set(board.loc[board["listed"] == "brief", "brief_is"]) <= {"ss", "ms", "other", "none"}
    assert set(board.loc[board["listed"] == "later", "brief_is"]) == {""}
    assert set(board["brief_family"]) <= {"", "CNN", "Transformer", "Hybrid"}


def test_the_page_has_23_rows_in_order(board):
    listed = board[board["listed"] == "brief"]
    assert listed["rank"].tolist() == list(range(1, 24))
    assert listed["brief_miou"].notna().all()
    assert listed["brief_miou"].is_monotonic_decreasing
    assert (
        board.loc[board["listed"] == "later", ["rank", "brief_miou", "brief_params_m"]].isna().all(axis=None)
    )


def test_scores_are_percentages_and_multi_scale_does_not_lose(board):
    for column in ("miou_ss", "miou_ms", "miou_unstated", "brief_miou"):
        assert board[column].dropna().between(0, 100).all()
    both = board.dropna(subset=["miou_ss", "miou_ms"])
    assert (both["miou_ms"] >= both["miou_ss"]).all()
    # A score has one protocol: unstated excludes the other two, and each row has at least one score.
    stated = board[["miou_ss", "miou_ms"]].notna().any(axis=1)
    assert (stated ^ board["miou_unstated"].notna()).all()


def test_a_size_says_what_it_counts(board):
    assert ((board["params_m"].notna()) == (board["params_of"] != "")).all()


def test_what_the_listed_value_is_agrees_with_the_published_ones(board):
    listed = board[board["listed"] == "brief"]
    multi = listed[listed["brief_is"] == "ms"]
    assert ((multi["brief_miou"] - multi["miou_ms"]).abs() < 0.0501).all()
    for kind in ("other", "none"):
        rows = listed[listed["brief_is"] == kind]
        gaps = rows[["miou_ss", "miou_ms"]].sub(rows["brief_miou"], axis=0).abs()
        assert (gaps.isna() | (gaps > 0.05)).all(axis=None)


def test_papers_are_named(board):
    assert (board["title"] != "").all()
    assert board["arxiv"].str.fullmatch(r"arXiv:\d{4}\.\d{5}|arXiv:1[0-4]\d\d\.\d{4}").all()
    assert board["released"].str.fullmatch(r"(20[12]\d-(0[1-9]|1[0-2]))?").all()
    assert board["code_url"].str.fullmatch(r"(https://github\.com/[\w./-]+)?").all()


def test_families_say_what_the_leaderboard_says(board):
    families = numbers("families.csv").set_index("key")
    shared = families.index.intersection(board.index)
    assert {
        "segformer-b0",
        "segformer-b5",
        "swin-l-upernet",
        "convnext-xl-upernet",
        "mask2former-swin-l",
    } <= set(shared)
    for column in [
        "model",
        "miou_ss",
        "miou_ms",
        "miou_unstated",
        "params_m",
        "params_of",
        "family",
        "year",
        "released",
        "bib",
    ]:
        left, right = families.loc[shared, column], board.loc[shared, column]
        assert ((left == right) | (left.isna() & right.isna())).all(), column


def test_families_are_sequences_with_words_from_the_lists():
    families = numbers("families.csv")
    assert [key for key in families["key"] if not SLUG.fullmatch(key)] == []
    assert (families.groupby("series").size() >= 3).all()
    assert not families.duplicated(["series", "variant"]).any()
    assert set(families["family"]) == {"cnn", "transformer", "hybrid"}
    assert set(families["status"]) <= {"confirmed", "unverified"}
    assert ((families["params_m"].notna()) == (families["params_of"] != "")).all()
    stated = families[["miou_ss", "miou_ms"]].notna().any(axis=1)
    assert (stated ^ families["miou_unstated"].notna()).all()


def test_reruns_point_to_published_rows(board):
    reruns = numbers("reruns.csv")
    known = set(board.index) | set(text("families.csv")["key"])
    assert set(reruns["published_key"]) - known == {""}
    assert set(reruns["status"]) == {"sourced"}
    assert reruns["miou_ss"].between(0, 100).all()
    assert (reruns["iterations"] % 10_000 == 0).all()
    # names that the metafiles give twice are told apart, and say so
    twice = reruns[reruns["key"].str.endswith("-second")]
    assert len(twice) == 4
    assert (twice["note"] != "").all()


# The bibliography -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bibliography():
    database = pytest.importorskip("pybtex.database")
    return database.parse_file(str(ROOT / "references.bib")).entries


def test_every_key_of_the_tables_is_in_the_bibliography(bibliography):
    tables = ("leaderboard.csv", "families.csv", "benchmarks.csv")
    used = set().union(*(text(name)["bib"] for name in tables))
    assert "" not in used
    assert used <= set(bibliography)


def test_bibliography_entries_are_whole(bibliography):
    for key, entry in bibliography.items():
        assert re.fullmatch(r"[a-z]+(19|20)\d\d[a-z0-9]+", key), key
        assert entry.fields.get("title"), key
        assert entry.persons.get("author"), key
        assert entry.fields["year"] in key, key


def test_bibliography_and_leaderboard_name_the_same_arxiv_paper(bibliography, board):
    for key, row in board.iterrows():
        eprint = bibliography[row["bib"]].fields.get("eprint")
        if eprint:
            assert row["arxiv"] == f"arXiv:{eprint}", key


# Other tables ---------------------------------------------------------------------------------------------------------


def test_facts_have_a_meaning_and_a_status(facts):
    assert (facts[["value", "unit", "meaning"]] != "").all(axis=None)
    assert set(facts["status"]) <= {"sourced", "computed", "recalled"}
    for key, row in facts.iterrows():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
        if row["unit"] in ("sha256", "sha1"):
            assert re.fullmatch(f"[0-9a-f]{{{64 if row['unit'] == 'sha256' else 40}}}", row["value"]), key
        elif row["unit"] != "address":
            float(row["value"])


def test_verdicts_and_topics_are_from_their_lists():
    table = text("factcheck.csv")
    assert set(table["verdict"]) == {"correct", "wrong", "misleading", "incomplete", "unverified"}
    assert set(table["topic"]) == {
        "numbers",
        "classes",
        "metrics",
        "leaderboard",
        "other benchmarks",
        "papers",
    }
    assert all(SLUG.fullmatch(key) for key in table["id"])
    assert (table[["claim", "explanation"]] != "").all(axis=None)
    assert (table.loc[table["verdict"] != "unverified", "sourced_value"] != "").all()


def test_every_corrected_row_of_the_leaderboard_is_in_the_fact_check(board):
    sources = " ".join(text("factcheck.csv")["source"])
    changed = board[(board["listed"] == "brief") & (board["status"] != "confirmed")]
    assert [key for key in changed.index if key not in sources] == []


def test_statuses_of_benchmarks_and_releases():
    assert set(text("benchmarks.csv")["status"]) <= {"confirmed", "corrected", "sourced", "recalled"}
    assert set(text("releases.csv")["status"]) <= {"sourced", "recalled"}


# Agreement ------------------------------------------------------------------------------------------------------------


def test_classes_add_up(classes):
    assert classes["id"].tolist() == list(range(1, 151))
    assert classes["pixel_share"].sum() == pytest.approx(0.9275, abs=0.0005)
    assert classes["is_stuff"].value_counts().to_dict() == {0: 115, 1: 35}
    assert len(classes[["r", "g", "b"]].drop_duplicates()) == 149
    full = [int(i) for cell in classes["full_ids"] for i in re.findall(r"\d+", cell)]
    assert len(full) == len(set(full)) == 153


def test_facts_agree_with_the_classes(facts, classes):
    value = facts["value"].astype(str)
    covered = classes["pixel_share"].sum()
    assert float(value["labeled_share"]) == pytest.approx(covered, abs=5e-5)
    assert float(value["unlabeled_share"]) == pytest.approx(1 - covered, abs=5e-5)
    train, val = int(value["train_images"]), int(value["val_images"])
    per_train, per_val = classes["train_images"].sum() / train, classes["val_images"].sum() / val
    both = (classes["train_images"] + classes["val_images"]).sum() / (train + val)
    assert float(value["classes_per_image_150_train"]) == round(per_train, 2)
    assert float(value["classes_per_image_150_val"]) == round(per_val, 2)
    assert float(value["classes_per_image_150"]) == round(both, 2)
    full = [re.findall(r"\d+", cell) for cell in classes["full_ids"]]
    assert int(value["mapping_rows"]) == sum(len(ids) for ids in full)
    assert int(value["mapping_largest_index"]) == max(int(i) for ids in full for i in ids)
    assert int(value["mapping_classes_with_two"]) == sum(len(ids) == 2 for ids in full)


def test_facts_agree_with_each_other(facts):
    def value(key):
        return float(facts.loc[key, "value"])

    assert value("labeled_images") == value("train_images") + value("val_images")
    assert value("full_2021_images") == value("full_2021_train_images") + value("full_2021_val_images")
    assert value("full_2016_classes") == value("full_2016_object_classes") + value("full_2016_part_classes")
    sides = ("train_short_side_512", "train_short_side_below_512", "train_short_side_above_512")
    assert sum(map(value, sides)) == value("train_images")
    shapes = ("train_landscape", "train_square", "train_portrait")
    assert sum(map(value, shapes)) == value("train_images")
    assert value("scene_labels") == value("scene_labels_train") + value("scene_labels_val_only")
    parts = [key for key in facts.index if key.startswith("parts_of_")]
    assert sum(map(value, parts)) == value("part_classes")
    score = (value("devkit_sample_mean_iou") + value("devkit_sample_pixel_accuracy")) / 2
    assert score == pytest.approx(value("devkit_sample_score"))
    assert value("devkit_sample_mean_iou") == pytest.approx(value("devkit_sample_classes") / 150)


def test_scenes_agree_with_the_facts(facts):
    scenes = numbers("published_scenes.csv").set_index("scene")
    both = scenes["train_images"] + scenes["val_images"]
    counted = {
        "train_images": scenes["train_images"].sum(),
        "val_images": scenes["val_images"].sum(),
        "scene_labels": len(scenes),
        "scene_labels_train": (scenes["train_images"] > 0).sum(),
        "scene_labels_val": (scenes["val_images"] > 0).sum(),
        "scene_labels_val_only": (scenes["train_images"] == 0).sum(),
    } | {f"scene_{s}": both[s] for s in ("street", "misc", "bedroom", "living_room", "bathroom", "kitchen")}
    assert counted == {key: int(facts.loc[key, "value"]) for key in counted}
    assert both.is_monotonic_decreasing
    assert (both > 0).all()


def test_releases_facts_and_benchmarks_agree(facts):
    releases = numbers("releases.csv").set_index("key")
    benchmarks = numbers("benchmarks.csv").set_index("key")
    prefixes = {"sceneparse150": "", "full-2021": "full_2021_"}
    for release, prefix in prefixes.items():
        for split in ("train", "val"):
            fact = int(facts.loc[f"{prefix}{split}_images", "value"])
            assert releases.loc[release, f"{split}_images"] == fact
    assert releases.loc["sceneparse150", "test_images"] == int(facts.loc["test_images", "value"])
    assert releases.loc["full-2016", "classes"] == int(facts.loc["full_2016_classes", "value"])
    for column, fact in (("classes", "categories"), ("objects", "objects"), ("parts", "parts")):
        assert releases.loc["full-2021", column] == int(facts.loc[f"full_2021_{fact}", "value"])
    for release in releases.index:
        row = benchmarks.loc[f"ade20k-{release}"]
        for split in ("train", "val"):
            assert row[f"{split}_images"] == releases.loc[release, f"{split}_images"]
        assert row["classes_annotated"] == releases.loc[release, "classes"]


def test_benchmark_totals_add_up():
    table = numbers("benchmarks.csv").set_index("key")
    parts = table[["train_images", "val_images", "test_images", "extra_images"]].sum(axis=1)
    exact = table.index != "coco-stuff"  # its README rounds
    assert (parts[exact] == table.loc[exact, "total_images"]).all()
    assert parts["coco-stuff"] == pytest.approx(table.loc["coco-stuff", "total_images"], rel=0.01)
    scored = table["classes_scored"].dropna()
    assert (scored <= table.loc[scored.index, "classes_annotated"]).all()


def test_the_three_captions_follow_from_the_leaderboard(board, facts):
    """The sentences of the fact check that the numbers must carry."""
    listed = board[board["listed"] == "brief"]
    assert listed["brief_is"].value_counts().to_dict() == {"ms": 16, "other": 5, "none": 2}
    checks = text("factcheck.csv").set_index("id")

    fcn, last = board.loc["fcn-8s-vgg16"], board.loc["internimage-h"]
    assert fcn["miou_unstated"] == float(facts.loc["fcn_mean_iou", "value"])
    gain = 100 * (last["brief_miou"] / fcn["miou_unstated"] - 1)
    assert f"{gain:.1f} %" in checks.loc["caption-relative", "sourced_value"]

    best = board[["miou_ss", "miou_ms", "miou_unstated"]].max(axis=1)
    steps = [
        best["pspnet-r269"] - best["cascade-dilatednet"],
        best["resnest-200"] - best["pspnet-r269"],
        best["setr-mla-vit-l"] - best["resnest-200"],
        best["swinv2-g-upernet"] - best["setr-mla-vit-l"],
    ]
    assert min(steps) == steps[2]  # from the best CNN to the first transformer
    leap = checks.loc["caption-leap", "sourced_value"]
    assert f"{steps[0]:+.1f}" in leap
    assert f"{steps[2]:+.1f}" in leap

    # "2021 brought the largest gain of any year after 2016": the best value at the end of each year
    tuned = board[(board["regime"] != "linear probe") & (board["released"] != "")]
    record = best[tuned.index].groupby(tuned["released"].str[:4].astype(int)).max().cummax()
    gains = record.diff().dropna()
    assert gains.idxmax() == 2021
