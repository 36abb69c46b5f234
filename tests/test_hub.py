"""The real `datasets` and `huggingface_hub` against a server on loopback that speaks the hub's API.

Both read HF_ENDPOINT when they are imported, so the client's side runs in one process of its own, started with
the server's address; what it is to do is a function of this module.
"""

import io
import json
import multiprocessing
import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import datasets as hf
import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import some_mask
from full_release_samples import OBJECTS, coded, full_ids
from servers import Hub, Server

import adebook
from adebook import hub as adebook_hub

SCENES = ["abbey", "street"]
FEATURES = hf.Features(
    {"image": hf.Image(), "annotation": hf.Image(), "scene_category": hf.ClassLabel(names=SCENES)}
)
PART = {
    "is_part_of": hf.Value("uint16"),
    "part_level": hf.Value("uint8"),
    "has_parts": hf.List(hf.Value("uint16")),
}
FULL_FEATURES = hf.Features(
    {
        "image": hf.Image(mode="RGB"),
        "segmentations": hf.List(hf.Image(mode="RGB")),
        "instances": hf.List(hf.Image(mode="L")),
        "filename": hf.Value("string"),
        "folder": hf.Value("string"),
        "source": {name: hf.Value("string") for name in ("folder", "filename", "origin")},
        "scene": hf.List(hf.Value("string")),
        "objects": hf.List(
            {
                "id": hf.Value("uint16"),
                "name": hf.Value("string"),
                "name_ndx": hf.Value("uint16"),
                "hypernym": hf.List(hf.Value("string")),
                "raw_name": hf.Value("string"),
                "attributes": hf.Value("string"),
                "depth_ordering_rank": hf.Value("uint16"),
                "occluded": hf.Value("bool"),
                "crop": hf.Value("bool"),
                "parts": PART,
                "polygon": {
                    "x": hf.List(hf.Value("uint16")),
                    "y": hf.List(hf.Value("uint16")),
                    "click_date": hf.List(hf.Value("timestamp[us]")),
                },
                "saved_date": hf.Value("timestamp[us]"),
            }
        ),
    }
)


# --- data sets of the real schema ---


def file_of(image: PIL.Image.Image, kind: str = "PNG", **options: object) -> bytes:
    memory = io.BytesIO()
    image.save(memory, kind, **options)
    return memory.getvalue()


def pairs(split: str) -> Iterator[tuple[str, bytes, bytes, str]]:
    """Name, picture, mask and scene: of the real sample where it is, else of Dollhouse."""
    source = "sceneparse150" if os.environ.get("ADE20K_ROOT") else "dollhouse"
    rows = adebook.load(source, split)
    for name, image, annotation in zip(
        rows["name"],
        rows.data.column("image").to_pylist(),
        rows.data.column("annotation").to_pylist(),
        strict=True,
    ):
        yield (
            name,
            Path(image["path"]).read_bytes(),
            Path(annotation["path"]).read_bytes(),
            SCENES[len(name) % 2],
        )


def parquet(rows: list[dict[str, object]], features: hf.Features, group: int = 100) -> bytes:
    memory = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=features.arrow_schema), memory, row_group_size=group)
    return memory.getvalue()


def copy_of_150(rows: list[tuple[str, bytes, bytes, str]], group: int = 100) -> bytes:
    return parquet(
        [
            {
                "image": {"bytes": image, "path": f"{name}.jpg"},
                "annotation": {"bytes": mask, "path": f"{name}.png"},
                "scene_category": SCENES.index(scene),
            }
            for name, image, mask, scene in rows
        ],
        FEATURES,
        group,
    )


def of_the_hub(entry: dict[str, object]) -> dict[str, object]:
    """An object of NAME.json as the copy on the hub has it."""
    first = lambda value: None if value == [] else value  # noqa: E731
    many = lambda value: value if isinstance(value, list) else [value]  # noqa: E731
    parts, polygon = entry["parts"], entry["polygon"]
    return entry | {
        "attributes": first(entry["attributes"]),
        "occluded": None if entry["occluded"] == [] else entry["occluded"] == "yes",
        "crop": entry["crop"] == "1",
        "parts": {
            "is_part_of": first(parts["ispartof"]),
            "part_level": parts["part_level"],
            "has_parts": many(parts["hasparts"]),
        },
        "polygon": {"x": many(polygon["x"]), "y": many(polygon["y"]), "click_date": None},
        "saved_date": datetime(2005, 12, 18),
    }


def full_row(
    name: str, image: bytes, segmentations: list[bytes], objects: list[dict[str, object]], folder: str
):
    return {
        "image": {"bytes": image, "path": f"{name}.jpg"},
        "segmentations": [
            {"bytes": content, "path": f"{name}_{'seg' if level == 0 else f'parts_{level}'}.png"}
            for level, content in enumerate(segmentations)
        ],
        "instances": [{"bytes": file_of(PIL.Image.effect_noise((400, 400), 90)), "path": "instance_000.png"}],
        "filename": f"{name}.jpg",
        "folder": folder,
        "source": {"folder": "", "filename": "", "origin": ""},
        "scene": ["outdoor", "urban", "street"],
        "objects": [of_the_hub(entry) for entry in objects],
    }


def made_full_rows(count: int) -> list[dict[str, object]]:
    rows = []
    for number in range(1, count + 1):
        mask = some_mask(number)
        seg = coded(full_ids(mask), np.where(mask == 0, 0, 5 * (1 + mask % 3)))
        part = coded(np.full_like(mask, 3035, dtype=np.int64), np.full_like(mask, 255))
        image = file_of(PIL.Image.effect_noise(mask.shape[::-1], 50).convert("RGB"), "JPEG")
        levels = [file_of(PIL.Image.fromarray(array)) for array in (seg, part)]
        folder = "ADE20K_2021_17_01/images/ADE/validation/shopping_and_dining/bakery/shop"
        rows.append(full_row(f"ADE_val_{number:08d}", image, levels, OBJECTS, folder))
    return rows


# --- the two sides ---


@dataclass
class Site:
    """The server's data sets and log, and the process that asks it."""

    hub: Hub
    server: Server
    client: ProcessPoolExecutor

    def ask(self, function, *args):
        self.server.asked.clear()
        return self.client.submit(function, *args).result(timeout=120)

    def sent(self, ending: str = ".parquet") -> int:
        return sum(asked.sent for asked in self.server.asked if asked.path.endswith(ending))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    hub = Hub()
    server = Server(hub.respond)
    server.start()
    home = tmp_path_factory.mktemp("hub")
    settings = {
        "HF_ENDPOINT": server.url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
        "ADEBOOK_CACHE": str(home / "nothing"),
    }
    kept = {name: os.environ.get(name) for name in [*settings, "ADE20K_FULL_ROOT"]}
    os.environ.update(settings)
    os.environ.pop("ADE20K_FULL_ROOT", None)
    client = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        client.submit(os.getpid).result(timeout=60)  # starts it, with these settings
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        fill(hub)
        yield Site(hub, server, client)
    finally:
        client.shutdown(cancel_futures=True)
        server.stop()


VALIDATION: list[tuple[str, bytes, bytes, str]] = []


def fill(hub: Hub) -> None:
    VALIDATION[:] = list(pairs("validation"))
    training = list(pairs("training"))
    card = {"README.md": b"---\nlicense: other\n---\nA copy.\n"}
    many = [(f"{name}_{copy}", *rest) for copy in range(8) for name, *rest in VALIDATION]
    hub.repos["merve/scene_parse_150"] = card | {
        "data/train-00000-of-00002.parquet": copy_of_150(training[::2]),
        "data/train-00001-of-00002.parquet": copy_of_150(training[1::2]),
        "data/validation-00000-of-00001.parquet": copy_of_150(many, group=len(VALIDATION)),
    }
    hub.repos["1aurent/ADE20K"] = card | {
        "data/train-00000-of-00001.parquet": parquet(real_full_rows() or made_full_rows(3), FULL_FEATURES),
        "data/validation-00000-of-00001.parquet": parquet(made_full_rows(4), FULL_FEATURES),
    }


def real_full_rows() -> list[dict[str, object]]:
    root = os.environ.get("ADE20K_ROOT")
    folder = Path(root).resolve().parent / "ADE20K_2021_17_01" if root else Path("/nowhere")
    rows = []
    for picture in sorted(folder.rglob("*.jpg")):
        notes = json.loads(picture.with_suffix(".json").read_text())["annotation"]
        levels = [
            picture.with_name(f"{picture.stem}_seg.png"),
            *sorted(picture.parent.glob(f"{picture.stem}_parts_*")),
        ]
        seg = [path.read_bytes() for path in levels]
        rows.append(full_row(picture.stem, picture.read_bytes(), seg, notes["object"], notes["folder"]))
    return rows


# --- what the client does (functions of the module, for the other process) ---


def plain(row: dict[str, object]) -> dict[str, object]:
    """A row with arrays for pictures, which travel between processes."""

    def array(value):
        return np.asarray(value) if isinstance(value, PIL.Image.Image) else value

    return {
        name: [array(part) for part in value] if isinstance(value, list) else array(value)
        for name, value in row.items()
    }


def first_rows(source, split, count, options):
    rows = adebook.load(source, split, **options)
    head = rows.take(count) if options.get("streaming") else rows.select(range(count))
    about = adebook.datasets.info_of(rows)
    return [plain(row) for row in head], list(rows.features), type(rows).__name__, about


def loaded_again(source, split, options):
    rows = adebook.load(source, split, **options)
    return len(rows), [file["filename"] for file in rows.cache_files]


def names_by_workers(source, split, options):
    from torch.utils.data import DataLoader

    rows = pickle.loads(pickle.dumps(adebook.load(source, split, **options)))  # as a spawned worker gets it
    loader = DataLoader(rows, batch_size=None, num_workers=2, multiprocessing_context="fork")
    return sorted(row["name"] for row in loader)


def names_shuffled(source, split, options):
    rows = adebook.load(source, split, **options).shuffle(seed=0, buffer_size=4)
    return [row["name"] for row in rows]


def memory_of_all(source, split, options, times):
    import resource

    rows = adebook.load(source, split, **options)
    peaks = []
    for _ in range(times):
        for row in rows:
            np.asarray(row["image"]), np.asarray(row["annotation"])
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return peaks


HUB = {"root": "hub"}
STREAM = {"root": "hub", "streaming": True}


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(content)))


# --- the copy of the 150 classes ---


@pytest.mark.parametrize("options", [HUB, STREAM], ids=["whole", "stream"])
def test_the_columns_of_the_design(site, options):
    rows, features, kind, about = site.ask(first_rows, "sceneparse150", "validation", 3, options)
    assert kind == ("IterableDataset" if "streaming" in options else "Dataset")
    assert features == ["image", "annotation", "scene", "name"]
    for row, (name, image, mask, scene) in zip(rows, VALIDATION, strict=False):
        assert row["name"] == f"{name}_0"
        assert row["scene"] == scene
        assert (row["image"] == np.asarray(PIL.Image.open(io.BytesIO(image)).convert("RGB"))).all()
        assert (row["annotation"] == decoded(mask)).all()
    assert (about.key, about.root) == ("sceneparse150", None)


def test_the_splits(site):
    training = site.ask(loaded_again, "sceneparse150", "training", HUB)[0]
    assert training == len(list(pairs("training")))
    assert not [asked.path for asked in site.server.asked if "/validation-" in asked.path]


def test_a_whole_split_is_fetched_once(site):
    site.ask(loaded_again, "sceneparse150", "validation", HUB)
    count, files = site.ask(loaded_again, "sceneparse150", "validation", HUB)
    assert count == 8 * len(VALIDATION)
    assert files  # on disk, not in memory
    whole = len(site.hub.repos["merve/scene_parse_150"]["data/validation-00000-of-00001.parquet"])
    assert site.sent() < whole / 4  # the footer only


def test_the_first_few_rows_cost_little(site):
    """At most the first of 8 row groups, and of the others nothing."""
    whole = len(site.hub.repos["merve/scene_parse_150"]["data/validation-00000-of-00001.parquet"])
    rows, *_ = site.ask(first_rows, "sceneparse150", "validation", 4, STREAM)
    assert len(rows) == 4
    sent = site.sent()
    print(f"{sent:,} of {whole:,} bytes")
    assert sent < whole / 8 + 3 * 65_536
    for asked in site.server.asked:
        if asked.path.endswith(".parquet"):
            assert asked.method == "HEAD" or asked.headers["Range"]


def test_a_stream_for_workers_and_in_other_order(site):
    names = sorted(name for name, *_ in pairs("training"))
    assert site.ask(names_by_workers, "sceneparse150", "training", STREAM) == names
    shuffled = site.ask(names_shuffled, "sceneparse150", "training", STREAM)
    assert sorted(shuffled) == names
    assert shuffled != names or len(names) < 4


def test_another_copy_with_other_words(site):
    """Another name for every column and split, no scenes, no file names."""
    features = hf.Features({"image": hf.Image(), "label": hf.Image(), "extra": hf.Value("int64")})
    rows = [
        {"image": {"bytes": image, "path": None}, "label": {"bytes": mask, "path": None}, "extra": 1}
        for _, image, mask, _ in VALIDATION[:3]
    ]
    site.hub.repos["someone/copy"] = {"data/val.parquet": parquet(rows, features)}
    for options in (
        {"root": "hf://datasets/someone/copy"},
        {"root": "hf://datasets/someone/copy@main", "streaming": True},
    ):
        found, *_ = site.ask(first_rows, "sceneparse150", "validation", 3, options)
        assert [row["scene"] for row in found] == [None] * 3
        names = [row["name"] for row in found]
        assert len(set(names)) == 3 and all(name.startswith("sha1-") for name in names)
        assert (found[2]["annotation"] == decoded(VALIDATION[2][2])).all()


def test_memory_is_flat(site):
    """Visiting a split twice more needs no more than the first visit did, give or take 30 MB."""
    first, *others = site.ask(memory_of_all, "sceneparse150", "validation", HUB, 3)
    assert max(others) - first < 30e6


# --- the copy of the full release ---


@pytest.mark.parametrize("options", [HUB, {"streaming": True}], ids=["whole", "stream"])
def test_the_full_release(site, options):
    rows, features, _, about = site.ask(first_rows, "ade20k-full", "validation", 4, options)
    assert features == ["image", "annotation", "scene", "name"]
    assert [row["name"] for row in rows] == [f"ADE_val_{number:08d}" for number in (1, 2, 3, 4)]
    assert {row["scene"] for row in rows} == {"bakery/shop"}
    for number, row in enumerate(rows, start=1):
        assert (row["annotation"] == some_mask(number)).all()
    assert (about.key, about.root) == ("ade20k-full", None)


@pytest.mark.parametrize("options", [HUB, {"streaming": True}], ids=["whole", "stream"])
def test_its_instances_parts_and_objects(site, options):
    asked = options | {"instances": True, "parts": True, "objects": True}
    rows, *_ = site.ask(first_rows, "ade20k-full", "validation", 2, asked)
    mask = some_mask(2)
    assert (rows[1]["instances"] == np.where(mask == 0, 0, 1 + mask % 3)).all()
    assert [np.unique(part).tolist() for part in rows[1]["parts"]] == [[3035]]
    text = json.dumps({"annotation": {"object": OBJECTS}}).encode()
    assert rows[0]["objects"] == adebook.full_release.read_objects("x.json", text)


def test_what_is_not_asked_for_is_not_fetched(site):
    """The instance masks, most of the file, stay where they are."""
    files = site.hub.repos["1aurent/ADE20K"]
    whole = len(files["data/validation-00000-of-00001.parquet"])
    site.ask(first_rows, "ade20k-full", "validation", 4, {"streaming": True})
    assert site.sent() < whole / 2


def test_without_streaming_nothing_is_fetched_unasked(site):
    with pytest.raises(FileNotFoundError, match="root='hub' fetches a whole split"):
        site.ask(loaded_again, "ade20k-full", "validation", {})
    with pytest.raises(FileNotFoundError, match="root='hub'"):
        site.ask(loaded_again, "sceneparse150", "validation", {"root": "/nowhere/at/all"})
    assert site.server.asked == []


@pytest.mark.real
def test_the_real_scenes_from_a_copy_as_from_the_folder(site, real_root):
    everything = {"instances": True, "parts": True, "objects": True}
    folder = adebook.load(
        "ade20k-full", "training", root=real_root.parent / "ADE20K_2021_17_01", **everything
    )
    rows, *_ = site.ask(first_rows, "ade20k-full", "training", 3, {"streaming": True} | everything)
    for row, same in zip(rows, folder, strict=True):
        same = plain(same)
        assert (row["name"], row["scene"]) == (same["name"], same["scene"])
        for column in ("image", "annotation", "instances"):
            assert (row[column] == same[column]).all()
        assert all((a == b).all() for a, b in zip(row["parts"], same["parts"], strict=True))
        assert row["objects"] == same["objects"]


# --- copies that are not what they should be ---


def spoiled(site, rows, options=STREAM, features=FEATURES, key="sceneparse150"):
    repo = f"someone/spoiled{len(site.hub.repos)}"  # a name of its own: what a commit holds never changes
    site.hub.repos[repo] = {"data/validation.parquet": parquet(rows, features)}
    options = options | {"root": f"hf://datasets/{repo}"}
    return site.ask(first_rows, key, "validation", 1, options)


def row_with(mask: np.ndarray, number: int = 0) -> dict[str, object]:
    picture = PIL.Image.new("RGB", mask.shape[1::-1], (number, 9, 9))
    return {
        "image": {"bytes": file_of(picture, "JPEG"), "path": f"{number}.jpg"},
        "annotation": {"bytes": file_of(PIL.Image.fromarray(mask)), "path": f"{number}.png"},
        "scene_category": 0,
    }


def official(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 30, (9, 12), dtype=np.uint8)


ENCODINGS = {
    "train ids": (lambda mask: mask - np.uint8(1), "hold 255, which is no class, so they are train ids"),
    "150 = other": (
        lambda mask: np.where(mask == 0, 150, mask - np.uint8(1)).astype(np.uint8),
        "150 .*seems to mean 'other' here",
    ),
    "another vocabulary": (lambda mask: mask + np.uint8(200), "hold 229, but there are 150 classes"),
    "palette": (lambda mask: adebook.palette.colorize(mask), "palette of the 150 classes"),
    "instances": (
        lambda mask: np.stack([mask, mask % 5, 0 * mask], axis=-1),
        "instance challenge",
    ),
    "full release": (lambda mask: coded(full_ids(mask), mask), "full release .*'ade20k-full'"),
}


@pytest.mark.parametrize("options", [HUB, STREAM], ids=["whole", "stream"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_another_label_encoding(site, encoding, options):
    change, says = ENCODINGS[encoding]
    rows = [row_with(change(official(number)), number) for number in range(8)]
    with pytest.raises(ValueError, match=rf"someone/spoiled\d+: .*{says}.*Cure"):
        spoiled(site, rows, options)


def test_official_ids_pass(site):
    for masks in ([official(n) for n in range(8)], [some_mask(n) for n in range(8)]):
        assert spoiled(site, [row_with(mask, n) for n, mask in enumerate(masks)])[0]


def test_a_bad_mask_further_down_is_found_when_it_is_read(site):
    rows = [row_with(official(number), number) for number in range(20)]
    rows[15] = row_with(np.full((9, 12), 151, np.uint8), 15)
    site.hub.repos["someone/late"] = {"data/validation.parquet": parquet(rows, FEATURES)}
    for options in (HUB, STREAM):
        with pytest.raises(ValueError, match=r"15\.png: the mask holds 151"):
            site.ask(
                first_rows,
                "sceneparse150",
                "validation",
                20,
                options | {"root": "hf://datasets/someone/late"},
            )


@pytest.mark.parametrize("options", [HUB, STREAM], ids=["whole", "stream"])
def test_sizes_that_differ(site, options):
    rows = [row_with(official(1), 1), row_with(official(2), 2)]
    rows[1]["annotation"]["bytes"] = rows[0]["annotation"]["bytes"]
    rows[1]["image"]["bytes"] = file_of(PIL.Image.new("RGB", (5, 4)), "JPEG")
    with pytest.raises(
        ValueError, match=r"someone/spoiled\d+, 2: the mask is 12 x 9, but its picture is 5 x 4"
    ):
        spoiled(site, rows, options)


@pytest.mark.parametrize("column, says", [("image", "the picture"), ("annotation", "the mask")])
def test_damaged_cells(site, column, says):
    rows = [row_with(official(1), 1)]
    rows[0][column]["bytes"] = rows[0][column]["bytes"][:-30]
    with pytest.raises(ValueError, match=rf"{says} is damaged or truncated"):
        spoiled(site, rows)


@pytest.mark.parametrize("options", [HUB, STREAM], ids=["whole", "stream"])
def test_cells_with_nothing_in_them(site, options):
    with pytest.raises(ValueError, match=r"nothing in its column 'annotation'"):
        spoiled(site, [row_with(official(1)) | {"annotation": None}], options)
    empty = [made_full_rows(1)[0] | {"segmentations": []}]
    with pytest.raises(ValueError, match=r"nothing in its column 'segmentations'"):
        spoiled(site, empty, options, FULL_FEATURES, "ade20k-full")
    assert spoiled(site, [row_with(official(1)) | {"scene_category": None}], options)[0][0]["scene"] is None


def test_a_missing_column(site):
    rows = [row_with(official(1))]
    features = hf.Features({"image": hf.Image(), "pixels": hf.Image()})
    rows = [{"image": rows[0]["image"], "pixels": rows[0]["annotation"]}]
    with pytest.raises(ValueError, match=r"no column 'annotation' or 'annotated'.*; it has image, pixels"):
        spoiled(site, rows, features=features)
    with pytest.raises(ValueError, match="no column 'segmentations' or 'filename' or 'folder'; it has"):
        spoiled(site, rows, features=features, key="ade20k-full")
    with pytest.raises(ValueError, match="copy of the 150 classes, so load it as 'sceneparse150'"):
        spoiled(site, [row_with(official(1))], key="ade20k-full")
    with pytest.raises(ValueError, match="copy of the full release, so load it as 'ade20k-full'"):
        spoiled(site, made_full_rows(1), features=FULL_FEATURES)


def test_a_missing_split(site):
    site.hub.repos["someone/half"] = {"data/train.parquet": copy_of_150(VALIDATION[:1])}
    with pytest.raises(ValueError, match=r"someone/half has no split 'validation'.*It has: train"):
        site.ask(first_rows, "sceneparse150", "validation", 1, {"root": "hf://datasets/someone/half"})


def test_files_of_another_kind(site):
    site.hub.repos["someone/csv"] = {"validation.csv": b"a,b\n1,2\n"}
    with pytest.raises(ValueError, match=r"not stored as parquet \(validation\.csv\)"):
        site.ask(first_rows, "sceneparse150", "validation", 1, {"root": "hf://datasets/someone/csv"})


def test_no_parquet_file_in_spite_of_its_name(site):
    site.hub.repos["someone/torn"] = {"data/validation.parquet": copy_of_150(VALIDATION[:3])[:-100]}
    for options in (HUB, STREAM):
        with pytest.raises(ValueError, match=r"validation\.parquet is damaged or no parquet file"):
            site.ask(
                first_rows, "sceneparse150", "validation", 1, options | {"root": "hf://datasets/someone/torn"}
            )


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_connection_cut_while_a_split_is_fetched(site, tenth):
    """At every tenth of the file: the same call goes on, or the next one does; never half a file."""
    content = copy_of_150(VALIDATION[:12])
    repo = f"someone/cut{tenth}"
    site.hub.repos[repo] = {"data/validation.parquet": content}
    options = {"root": f"hf://datasets/{repo}"}
    cuts = [len(content) * tenth // 10]
    site.hub.cut = lambda asked: cuts.pop() if "Range" not in asked.headers and cuts else None
    try:
        rows, *_ = site.ask(first_rows, "sceneparse150", "validation", 12, options)
    except Exception:
        rows, *_ = site.ask(first_rows, "sceneparse150", "validation", 12, options)
    finally:
        site.hub.cut = None
    assert cuts == []  # it was cut
    assert [row["name"] for row in rows] == [name for name, *_ in VALIDATION[:12]]


def test_a_connection_cut_while_streaming(site):
    """Wherever it is cut, the rows are the right ones or there is an error; the next call goes on."""
    content = copy_of_150(VALIDATION[:12])
    right = [name for name, *_ in VALIDATION[:12]]
    for number in range(4):
        repo = f"someone/wire{number}"
        site.hub.repos[repo] = {"data/validation.parquet": content}
        options = {"root": f"hf://datasets/{repo}", "streaming": True}
        left = [number]

        def cut(asked, left=left):
            left[0] -= 1
            return 1000 if left[0] == -1 else None

        site.hub.cut = cut
        try:
            rows, *_ = site.ask(first_rows, "sceneparse150", "validation", 12, options)
        except Exception:
            rows = None
        finally:
            site.hub.cut = None
        if rows is None:
            rows, *_ = site.ask(first_rows, "sceneparse150", "validation", 12, options)
        assert [row["name"] for row in rows] == right
        assert (rows[11]["annotation"] == decoded(VALIDATION[11][2])).all()


def test_no_such_data_set(site):
    for repo in ("no/where", "someone/copy@nothere/x"):
        with pytest.raises(RuntimeError, match=r"cannot be read from the hub.*Cure"):
            site.ask(first_rows, "sceneparse150", "validation", 1, {"root": f"hf://datasets/{repo}"})


def test_bad_words():
    for root in ("hf://merve/scene_parse_150", "hf://datasets/merve", "hf://datasets/", "hf://"):
        with pytest.raises(ValueError, match="is no address of a data set"):
            adebook.load("sceneparse150", root=root)
    with pytest.raises(ValueError, match="'dollhouse' has no copy on the hub"):
        adebook.load("dollhouse", root="hub")
    assert adebook_hub._address("hf://datasets/a/b@refs%2Fconvert%2Fparquet/c/d", "sceneparse150") == (
        "a/b",
        "refs/convert/parquet",
        "c/d",
    )
    assert adebook.datasets.source_info("sceneparse150", root="hub").root is None
