import errno
import hashlib
import json
import os
import resource
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import adebook
from adebook import checkpoints, models
from adebook.models import SceneParser

ROOT = Path(__file__).resolve().parent.parent
PREPROCESSING = {"mean": [0.5, 0.25, 0.125], "std": [0.2, 0.4, 1.0], "short_side": 192, "long_side": None}


def tiny(num_classes: int = 4, width: int = 6) -> SceneParser:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, width, 4, 4), nn.BatchNorm2d(width), nn.Conv2d(width, num_classes, 1))
    return SceneParser(net, num_classes, stride=4)


def save(path: Path, model: SceneParser | None = None, **changes) -> SceneParser:
    model = model or tiny()
    given = {"build": None, "preprocessing": PREPROCESSING, "about": {"name": "tiny"}} | changes
    checkpoints.save_model(path, model, **given)
    return model


def is_equal(a: nn.Module, b: nn.Module) -> bool:
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "deep" / "model.safetensors"


# --- models -------------------------------------------------------------------------------------------------


def test_a_model_comes_back_with_what_it_needs(path):
    build = {"key": "small-fpn", "num_classes": 5, "teaching": True, "image_size": 64}
    model = models.build(**build)
    with torch.no_grad():
        model(torch.randn(2, 3, 64, 64))  # in training mode: the statistics of batch norm move
    save(
        path,
        model,
        build=build,
        about={"name": "five", "classes": list("abcde"), "scores": {"mean_iou": 0.25}},
    )
    state = torch.get_rng_state()
    loaded = checkpoints.load_model(path)
    assert torch.equal(torch.get_rng_state(), state)
    assert is_equal(loaded, model)
    assert not loaded.training and loaded.num_classes == 5
    assert loaded.preprocessing == PREPROCESSING
    assert loaded.built_with == build
    assert loaded.about == {"name": "five", "classes": list("abcde"), "scores": {"mean_iou": 0.25}}
    assert sorted(p.name for p in path.parent.iterdir()) == ["model.safetensors"]


def test_the_card_is_read_without_the_weights(path):
    save(path)
    card = checkpoints.read_card(path)
    assert card["build"] is None and card["num_classes"] == 4 and card["about"] == {"name": "tiny"}
    assert card["adebook"] == adebook.__version__
    # Any program that knows safetensors can read it: length of the header, header, tensors.
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + struct.unpack("<Q", raw[:8])[0]])
    assert json.loads(header["__metadata__"]["adebook"]) == card
    assert header["net.0.weight"] | {"data_offsets": None} == {
        "dtype": "F32",
        "shape": [6, 3, 4, 4],
        "data_offsets": None,
    }


def test_150_classes_have_their_names(path):
    save(path, tiny(150))
    names = checkpoints.read_card(path)["about"]["classes"]
    assert len(names) == 150 and names[:2] == ["wall", "building"]


def test_half_takes_half_the_room_and_rounds_once(path, tmp_path):
    model = save(path, tiny(150, 64))
    half = tmp_path / "half.safetensors"
    save(half, model, half=True)
    assert half.stat().st_size < 0.6 * path.stat().st_size
    loaded = tiny(150, 64)
    checkpoints.load_weights(loaded, half)
    assert loaded.net[0].weight.dtype == torch.float32
    assert torch.equal(loaded.net[0].weight, model.net[0].weight.half().float())
    assert loaded.net[1].num_batches_tracked.dtype == torch.int64
    again = tmp_path / "again.safetensors"
    save(again, loaded, half=True)
    assert checkpoints.read_card(again)["sha256"] == checkpoints.read_card(half)["sha256"]


def test_half_refuses_what_it_cannot_hold(path):
    model = tiny()
    model.net[1].running_var[2] = 1e6
    with pytest.raises(ValueError, match=r"net\.1\.running_var holds a value that float16 cannot"):
        save(path, model, half=True)
    assert not path.exists()


def test_weights_that_share_memory_are_kept(path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 3)
            self.b = nn.Linear(3, 3)
            self.b.weight = self.a.weight

    model = Tied()
    model.num_classes = 3
    save(path, model)
    other = Tied()
    checkpoints.load_weights(other, path)
    assert torch.equal(other.b.weight, model.a.weight)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"preprocessing": {"mean": [0.5], "std": [1, 1, 1]}},
            r"preprocessing\['mean'\] is \[0.5\], but is 3 numbers",
        ),
        ({"preprocessing": {"mean": [0, 0, 0]}}, r"preprocessing\['std'\] is None"),
        (
            {"build": {"key": "small-fpn", "num_classes": 150}},
            "build says num_classes=150, but the model has 4",
        ),
        ({"about": {"classes": ["wall"]}}, "has 1 names, but the model has 4 classes"),
        ({"about": {"path": Path("x")}}, "must be JSON: Object of type PosixPath"),
        ({"about": {"loss": float("nan")}}, "must be JSON: Out of range"),
    ],
)
def test_what_makes_no_sense_is_not_written(path, changes, message):
    with pytest.raises(ValueError, match=message):
        save(path, **changes)
    assert not path.exists()


def test_another_number_of_classes_says_so_and_changes_nothing(path):
    save(path)
    other = tiny(7)
    before = {k: v.clone() for k, v in other.state_dict().items()}
    with pytest.raises(
        ValueError,
        match=r"net\.2\.bias has shape \[4\], but \[7\] .* 4 classes there and 7 here.*but=\('net\.2',\)",
    ):
        checkpoints.load_weights(other, path)
    assert all(torch.equal(v, before[k]) for k, v in other.state_dict().items())
    checkpoints.load_weights(other, path, but=("net.2",))  # what the message advises
    assert torch.equal(other.net[0].weight, tiny().net[0].weight)
    assert torch.equal(other.net[2].weight, before["net.2.weight"])


def test_another_model_says_what_is_missing(path):
    save(path)
    other = SceneParser(
        nn.Sequential(nn.Conv2d(3, 6, 4, 4), nn.Identity(), nn.Conv2d(6, 4, 1), nn.Conv2d(4, 4, 1)),
        4,
        stride=4,
    )
    with pytest.raises(
        ValueError,
        match=r"2 weights of the model are missing \(net\.3\.bias, \.\.\.\) and 5 weights are unknown to it \(net\.1\.bias",
    ):
        checkpoints.load_weights(other, path)


def test_a_model_of_ones_own_cannot_be_built(path):
    save(path)
    with pytest.raises(ValueError, match="did not build"):
        checkpoints.load_model(path)


# --- broken files -------------------------------------------------------------------------------------------


def test_there_is_no_file(tmp_path):
    for read in (checkpoints.load_model, checkpoints.load_state, checkpoints.read_card):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            read(tmp_path / "nowhere.safetensors")


def test_every_truncation_is_noticed(path):
    save(path)
    raw = path.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, *range(200, len(raw), 97), len(raw) - 1]:
        path.write_bytes(raw[:length])
        with pytest.raises(ValueError, match=r"model\.safetensors is broken: it was cut or changed"):
            checkpoints.load_weights(tiny(), path)


def test_every_changed_bit_of_the_weights_is_noticed(path):
    save(path)
    raw = path.read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    rng = np.random.default_rng(0)
    for position in rng.integers(start, len(raw), 60):
        changed = bytearray(raw)
        changed[position] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        with pytest.raises(ValueError, match="checksum"):
            checkpoints.load_weights(tiny(), path)


def test_foreign_files_are_refused(tmp_path):
    foreign = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"a": torch.zeros(2)}, foreign)
    with pytest.raises(ValueError, match="no checkpoint of adebook"):
        checkpoints.load_model(foreign)
    torch.save({"a": torch.zeros(2)}, foreign)  # a pickle: never opened as one
    with pytest.raises(ValueError, match="is broken"):
        checkpoints.load_model(foreign)
    checkpoints.save_state(foreign, {"a": torch.zeros(2)}, {})
    with pytest.raises(
        ValueError, match="holds an 'adebook training state', but an 'adebook model' is needed"
    ):
        checkpoints.load_model(foreign)


# --- states -------------------------------------------------------------------------------------------------


def test_a_state_keeps_the_one_before(tmp_path):
    path = tmp_path / "state.safetensors"
    for step in (1, 2, 3):
        checkpoints.save_state(path, {"w": torch.full((2,), float(step))}, {"step": step, "rate": 0.1})
    tensors, state = checkpoints.load_state(path)
    assert tensors["w"].tolist() == [3, 3] and state == {"step": 3, "rate": 0.1}
    assert checkpoints.load_state(checkpoints.previous_of(path))[1]["step"] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["previous-state.safetensors", "state.safetensors"]


def test_a_broken_state_names_the_last_good_one(tmp_path):
    path = tmp_path / "state.safetensors"
    checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 1})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"state\.safetensors is broken.*There is no earlier one"):
        checkpoints.load_state(path)
    checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 2})
    checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 3})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"last good checkpoint is .*previous-state\.safetensors"):
        checkpoints.load_state(path)
    path.unlink()  # what the message advises
    assert checkpoints.load_state(checkpoints.previous_of(path))[1]["step"] == 2


@pytest.mark.parametrize("place", ["save_file", "fsync"])
def test_a_full_disk_names_the_last_good_one(tmp_path, monkeypatch, place):
    path = tmp_path / "state.safetensors"
    checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 1})
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(safetensors.torch if place == "save_file" else os, place, full)
    with pytest.raises(
        OSError, match=r"the disk is full\. The last good checkpoint is .*/state\.safetensors, untouched"
    ):
        checkpoints.save_state(path, {"w": torch.ones(9)}, {"step": 2})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["state.safetensors"]


def test_a_write_that_the_system_refuses(tmp_path):
    """Not simulated: the system lets this process write no file over 100 kB."""
    path = tmp_path / "state.safetensors"
    checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 1})
    usual, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))
        with pytest.raises(OSError, match=r"could not be written: .*The last good checkpoint is"):
            checkpoints.save_state(path, {"w": torch.zeros(100_000)}, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, handler)
    assert checkpoints.load_state(path)[1] == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state.safetensors"]


_KILLED = """
import os, signal, sys, torch
from pathlib import Path
from adebook import checkpoints
import safetensors.torch

path, moment = Path(sys.argv[1]), sys.argv[2]
save_file, replace = safetensors.torch.save_file, Path.replace
checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 1})
checkpoints.save_state(path, {"w": torch.zeros(9)}, {"step": 2})

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def half_written(tensors, part, **more):
    save_file(tensors, part, **more)
    os.truncate(part, os.path.getsize(part) // 2)
    die()

def first(self, target):
    if "previous" in str(target):
        replace(self, target)
        die()
    return replace(self, target)

if moment == "half written":
    safetensors.torch.save_file = half_written
elif moment == "before it is on the disk":
    os.fsync = die
elif moment == "before the names change":
    Path.replace = die
elif moment == "between the names":
    Path.replace = first
checkpoints.save_state(path, {"w": torch.ones(9)}, {"step": 3})
"""


@pytest.mark.parametrize(
    "moment", ["half written", "before it is on the disk", "before the names change", "between the names"]
)
def test_killed_while_writing(tmp_path, moment):
    path = tmp_path / "state.safetensors"
    done = subprocess.run([sys.executable, "-c", _KILLED, path, moment], cwd=ROOT, timeout=300)
    assert done.returncode == -signal.SIGKILL
    good = path if path.exists() else checkpoints.previous_of(path)
    assert path.exists() == (moment != "between the names")
    assert checkpoints.load_state(good)[1]["step"] == 2
    checkpoints.save_state(path, {"w": torch.ones(9)}, {"step": 3})  # what lay about does not hinder
    assert checkpoints.load_state(path)[1]["step"] == 3


# --- the project's own --------------------------------------------------------------------------------------

OWN = sorted((ROOT / "data" / "checkpoints").glob("*.safetensors"))


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_own_checkpoint(path):
    card = checkpoints.read_card(path)
    assert path.stat().st_size < 10_000_000
    assert card == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    model = checkpoints.load_model(path)
    assert sum(p.numel() for p in model.parameters()) < 4_500_000
    scores = card["about"]["scores"]
    assert scores["this"]["mean_iou_95"][0] > max(
        scores[k]["mean_iou"] for k in ("constant", "random_weights")
    )


def test_own_checkpoint_scores_what_its_card_says():
    from adebook import training

    path = ROOT / "data" / "checkpoints" / "dollhouse-indoor.safetensors"
    if not path.exists():
        pytest.skip("python tools/pretrain.py --adopt has not been run")
    model = checkpoints.load_model(path)
    about = model.about
    rows = adebook.load("dollhouse", "validation")
    rows = rows.select([i for i, kind in enumerate(rows["scene"]) if kind in about["trained_on"]["scenes"]])
    scores = training.evaluate(model, rows, training.recipe_of(model)).scores()
    assert scores.mean_iou == pytest.approx(about["scores"]["this"]["mean_iou"], abs=2e-4)
    assert scores.pixel_accuracy == pytest.approx(about["scores"]["this"]["pixel_accuracy"], abs=2e-4)


def test_indoors_is_where_no_sky_is():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from pretrain import INDOOR
    finally:
        sys.path.pop(0)
    seen: dict[str, set[tuple[bool, bool]]] = {}
    for file in (ROOT / "data" / "dollhouse" / "recipes").glob("*/*.json"):
        recipe = json.loads(file.read_text(encoding="utf-8"))
        classes = {thing["class"] for thing in recipe["objects"]}
        seen.setdefault(recipe["kind"], set()).add(("sky" in classes, "ceiling" in classes))
    assert {kind for kind, found in seen.items() if found == {(False, True)}} == set(INDOOR)
    assert all(found == {(True, False)} for kind, found in seen.items() if kind not in INDOOR)


def test_digests_do_not_depend_on_the_order(tmp_path):
    a, b = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    checkpoints.save_state(a, {"x": torch.zeros(2), "y": torch.ones(3)}, {})
    checkpoints.save_state(b, {"y": torch.ones(3), "x": torch.zeros(2)}, {})
    assert hashlib.sha256(a.read_bytes()).digest() == hashlib.sha256(b.read_bytes()).digest()


@pytest.mark.skipif(os.name != "posix", reason="rights of files as on Unix")
def test_others_may_read_it_as_they_may_other_files(path):
    save(path)
    plain = path.with_name("plain")
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
