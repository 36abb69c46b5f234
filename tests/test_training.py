import dataclasses
import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import training_runs as tiny
from torch import nn
from torch.nn import functional as F

import adebook
from adebook import checkpoints, cli, models, training
from adebook.metrics import PerImage
from adebook.models import SceneParser
from adebook.training import Config, evaluate, fit
from adebook.transforms import Recipe

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def train():
    return tiny.rows(10)


@pytest.fixture(scope="module")
def validation():
    return tiny.rows(5, seed=1)


def in_a_process(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "tests.training_runs", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# --- it learns ----------------------------------------------------------------------------------------------


def test_it_learns_and_keeps_what_it_learned(train, validation, tmp_path):
    model = tiny.model()
    config = tiny.config(tmp_path / "run", steps=60, evaluate_every=20, log_every=10, learning_rate=1e-2)
    result = fit(model, train, validation, config)
    losses = [row["loss"] for row in result.history]
    assert [row["step"] for row in result.history] == [10, 20, 30, 40, 50, 60]
    assert [row["step"] for row in result.history if row["mean_iou"] is not None] == [20, 40, 60]
    assert losses[-1] < 0.8 * losses[0]
    assert result.best["mean_iou"] == max(row["mean_iou"] for row in result.history if row["mean_iou"]) > 0.5
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "best.safetensors",
        "log.csv",
        "previous-state.safetensors",
        "state.safetensors",
    ]
    best = tiny.model()
    checkpoints.load_weights(best, result.best_model)
    assert evaluate(best, validation, tiny.RECIPE).scores().mean_iou == result.best["mean_iou"]
    card = checkpoints.read_card(result.best_model)
    assert card["preprocessing"]["short_side"] == 32
    assert card["about"]["training"]["step"] == result.best["step"]
    log = result.log.read_text().splitlines()
    assert log[0] == "step,loss,learning_rate,seconds,mean_iou,pixel_accuracy" and len(log) == 7
    assert result.table().index.tolist() == [10, 20, 30, 40, 50, 60]
    assert f"at step {result.best['step']}" in repr(result)


def test_without_a_folder_nothing_is_written(train, validation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = fit(tiny.model(), train, validation, tiny.config(steps=2))
    assert (result.best_model, result.state, result.log) == (None, None, None)
    assert not list(tmp_path.iterdir())


def test_a_run_that_ended_is_not_trained_again(train, validation, tmp_path):
    first = tiny.model()
    fit(first, train, validation, tiny.config(tmp_path))
    second = tiny.model()
    result = fit(second, train, validation, tiny.config(tmp_path))
    assert tiny.equal(tiny.weights(first), tiny.weights(second))
    assert result.history[-1]["step"] == 24


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "focal"},
        {"dice": 0.5},
        {"class_weights": "median_frequency"},
        {"class_weights": "inverse_log", "loss_at": "stride", "clip": 1.0},
        {"schedule": "cosine", "encoder_rate": 0.1, "layer_decay": 0.9},
        {"precision": "bf16"},
        {"accumulate": 2, "workers": 1},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_every_part_of_the_recipe_trains(train, validation, changes):
    result = fit(
        tiny.model(), train, validation, tiny.config(**{"steps": 16, "learning_rate": 1e-2} | changes)
    )
    losses = [row["loss"] for row in result.history]
    assert all(map(math.isfinite, losses))
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


def test_precisions_follow_each_other_in_one_process(train, validation):
    """accelerate alone refuses a second one."""
    for precision in ("no", "bf16", "no"):
        fit(tiny.model(), train, validation, tiny.config(steps=1, precision=precision))


def test_parts_of_a_batch_add_up_to_the_batch(train, validation):
    """Also where one part has fewer labeled pixels than the other: it is the mean over all pixels."""
    curves = []
    for accumulate in (1, 2, 4):
        # steps of one epoch: parts of a batch may go over the end of an epoch, where a batch does not
        config = tiny.config(steps=2, accumulate=accumulate)
        result = fit(tiny.model(norm="group", dropout=0), train, validation, config)
        curves.append([row["loss"] for row in result.history])
    assert curves[1] == pytest.approx(curves[0], rel=1e-5)
    assert curves[2] == pytest.approx(curves[0], rel=1e-5)


def test_the_users_memory_format_is_kept(train, validation, tmp_path):
    models_ = [tiny.model().to(memory_format=torch.channels_last) for _ in range(2)]
    fit(models_[0], train, validation, tiny.config(tmp_path / "a"))
    assert models_[0].net[4].weight.is_contiguous(memory_format=torch.channels_last)


# --- loss, rates, groups ------------------------------------------------------------------------------------


def objective(model=None, rows=None, **changes) -> training._Objective:
    return training._Objective(model or tiny.model(), tiny.config(**changes), rows)


def test_loss_is_the_mean_over_labeled_pixels():
    model = tiny.model(dropout=0).eval()
    images, target = torch.randn(2, 3, 32, 32), torch.randint(0, 4, (2, 32, 32))
    target[0, :7] = 255
    made = objective(model)
    loss = made(images, made.labels_of(target), 1 / made.weight_of(target))
    upsampled = F.interpolate(model(images), size=(32, 32), mode="bilinear", align_corners=False)
    assert loss.item() == pytest.approx(F.cross_entropy(upsampled, target, ignore_index=255).item(), rel=1e-6)


def test_weighted_loss_is_torchs(train):
    model = tiny.model(dropout=0).eval()
    images, target = torch.randn(2, 3, 32, 32), torch.randint(0, 4, (2, 32, 32))
    made = objective(model, train, class_weights="median_frequency")
    weights = adebook.batches.class_weights(adebook.batches.count_pixels(train))[:4]
    upsampled = F.interpolate(model(images), size=(32, 32), mode="bilinear", align_corners=False)
    expected = F.cross_entropy(upsampled, target, weight=torch.from_numpy(weights))
    assert made(images, target, 1 / made.weight_of(target)).item() == pytest.approx(expected.item(), rel=1e-6)


def test_focal_loss_weighs_the_sure_pixels_down():
    model = tiny.model(dropout=0).eval()
    images, target = torch.randn(1, 3, 8, 8), torch.tensor([[[0, 3], [255, 1]]])
    made = objective(model, loss="focal", loss_at="stride")
    p = model(images).softmax(1)[0]
    expected = (
        sum(-((1 - p[k, y, x]) ** 2) * p[k, y, x].log() for k, y, x in ((0, 0, 0), (3, 0, 1), (1, 1, 1))) / 3
    )
    assert made(images, target, 1 / made.weight_of(target)).item() == pytest.approx(expected.item(), rel=1e-5)


def test_labels_at_the_centers_of_cells():
    target = torch.arange(9 * 6).reshape(1, 9, 6)
    found = objective(loss_at="stride").labels_of(target)
    # 9 x 6 pixels are 3 x 2 cells of 4; the last row of cells has one row of pixels, the last column two
    assert found.tolist() == [[[2 * 6 + 2, 2 * 6 + 5], [6 * 6 + 2, 6 * 6 + 5], [8 * 6 + 2, 8 * 6 + 5]]]
    assert objective().labels_of(target) is target


def test_a_batch_without_labels_has_loss_0(validation):
    blank = validation.map(lambda row: {"annotation": row["annotation"].point(lambda _: 0)})
    result = fit(tiny.model(), blank, validation, tiny.config(steps=2))
    assert [row["loss"] for row in result.history] == [0, 0]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("poly", [0.5, 1.0 * 0.75**0.9, 0.5**0.9, 0.25**0.9]), ("cosine", [0.5, 0.853553, 0.5, 0.146447])],
)
def test_rates_rise_and_fall(schedule, expected):
    config = Config(steps=4, schedule=schedule, warmup=0.25)
    assert [training._rate(step, config) for step in range(4)] == pytest.approx(expected, abs=1e-6)


def test_groups_of_weights():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.vit = nn.ModuleDict(
                {"embed": nn.Linear(2, 2), "blocks": nn.ModuleList(nn.Linear(2, 2) for _ in range(2))}
            )
            self.head = nn.Linear(2, 2)

        def forward(self, x):
            return x

    model = SceneParser(Net(), 2, stride=1, backbone=("vit",))
    config = Config(learning_rate=1.0, encoder_rate=0.5, layer_decay=0.1, weight_decay=0.3)
    groups = training._parameter_groups(model, config)
    name_of = {id(p): name.removeprefix("net.") for name, p in model.named_parameters()}
    found = {
        name_of[id(p)]: (round(group["highest"], 6), group["weight_decay"])
        for group in groups
        for p in group["params"]
    }
    assert found == {
        "vit.embed.weight": (0.005, 0.3),
        "vit.embed.bias": (0.005, 0.0),
        "vit.blocks.0.weight": (0.005, 0.3),
        "vit.blocks.0.bias": (0.005, 0.0),
        "vit.blocks.1.weight": (0.05, 0.3),
        "vit.blocks.1.bias": (0.05, 0.0),
        "head.weight": (1.0, 0.3),
        "head.bias": (1.0, 0.0),
    }


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("vit.blocks.3.mlp.fc1.weight", "vit.blocks.3"),
        ("vit.blocks.3.mlp.0.weight", "vit.blocks.3"),
        ("backbone.layers.0.blocks.1.norm1.bias", "backbone.layers.0.blocks.1"),
        ("encoder.model.blocks.2.1.conv_pw.weight", "encoder.model.blocks.2.1"),
        ("encoder.block1.0.attn.q.weight", "encoder.block1.0"),
        ("vit.pos_embed", None),
    ],
)
def test_layers_by_name(name, layer):
    assert training._layer_name(name) == layer


def test_a_model_with_a_loss_of_its_own():
    class Net(nn.Conv2d):
        def loss(self, images, target):
            return (self(images) ** 2).mean()

    model = SceneParser(Net(3, 4, 4, 4), 4, stride=4)
    images, target = torch.randn(1, 3, 8, 8), torch.zeros(1, 8, 8, dtype=torch.int64)
    made = objective(model)
    assert made.weight_of(target) == 1
    assert made(images, target, torch.ones(())).item() == pytest.approx(model.loss(images, target).item())
    with pytest.raises(
        ValueError, match=r"dice is 0.5, but this model trains with a loss of its own \(Net.loss\)"
    ):
        objective(model, dice=0.5)


# --- killed, full, broken -----------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_fifty_random_moments(tmp_path):
    found = in_a_process("kill", str(tmp_path), "50")
    assert found["killed"] == 50
    assert found["unequal"] == 0
    assert found["ended"] >= 1
    assert found["no_state"] < 50  # or nothing was ever resumed


@pytest.mark.parametrize("moment", ["step", "evaluation", "best", "state"])
def test_stopped_at_a_given_place_goes_on_bit_for_bit(train, validation, tmp_path, monkeypatch, moment):
    whole, halves = tiny.model(), tiny.model()
    expected = fit(whole, train, validation, tiny.config(tmp_path / "whole"))

    class Stop(Exception):
        pass

    calls = 0

    def stopping(function):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == {"step": 14, "evaluation": 2, "best": 2, "state": 6}[moment]:
                raise Stop
            return function(*args, **kwargs)

        return call

    owner, name = {
        "step": (training._Objective, "forward"),
        "evaluation": (training, "evaluate"),
        "best": (checkpoints, "save_model"),
        "state": (checkpoints, "save_state"),
    }[moment]
    monkeypatch.setattr(owner, name, stopping(getattr(owner, name)))
    with pytest.raises(Stop):
        fit(tiny.model(), train, validation, tiny.config(tmp_path / "halves"))
    monkeypatch.undo()
    result = fit(halves, train, validation, tiny.config(tmp_path / "halves"))
    assert tiny.equal(tiny.weights(whole), tiny.weights(halves))
    assert [row["loss"] for row in result.history] == [row["loss"] for row in expected.history]
    assert result.best["mean_iou"] == expected.best["mean_iou"]
    ours, theirs = tiny.model(), tiny.model()
    checkpoints.load_weights(ours, result.best_model)
    checkpoints.load_weights(theirs, expected.best_model)
    assert tiny.equal(tiny.weights(ours), tiny.weights(theirs))


def test_a_nan_stops_and_names_the_last_good_checkpoint(train, validation, tmp_path, monkeypatch):
    forward = training._Objective.forward
    calls = 0

    def sometimes_nan(self, *args):
        nonlocal calls
        calls += 1
        return forward(self, *args) * (float("nan") if calls == 8 else 1)

    monkeypatch.setattr(training._Objective, "forward", sometimes_nan)
    config = tiny.config(tmp_path, log_every=5)
    with pytest.raises(
        RuntimeError,
        match=r"loss is nan between steps 6 and 8\. The last good checkpoint is .*state\.safetensors",
    ):
        fit(tiny.model(), train, validation, config)
    tensors, state = checkpoints.load_state(tmp_path / "state.safetensors")
    assert state["step"] == 6 and all(t.isfinite().all() for t in tensors.values())


def test_weights_that_are_no_numbers_are_not_saved(train, validation, tmp_path, monkeypatch):
    """The loss is of the weights before the step; the step itself may be the one that breaks them."""
    step = torch.optim.AdamW.step
    calls = 0

    def breaking(self, *args, **kwargs):
        nonlocal calls
        calls += 1
        step(self, *args, **kwargs)
        if calls == 6:
            self.param_groups[0]["params"][0].data.view(-1)[0] = math.inf

    monkeypatch.setattr(torch.optim.AdamW, "step", breaking)
    with pytest.raises(RuntimeError, match="a weight is no finite number after step 6"):
        fit(tiny.model(), train, validation, tiny.config(tmp_path))
    assert checkpoints.load_state(tmp_path / "state.safetensors")[1]["step"] == 3


def test_a_nan_before_any_checkpoint(train, validation, tmp_path):
    model = tiny.model()
    model.net[0].weight.data.fill_(math.nan)
    with pytest.raises(RuntimeError, match="There is no checkpoint yet"):
        fit(model, train, validation, tiny.config(tmp_path))
    with pytest.raises(RuntimeError, match="because folder is None"):
        fit(model, train, validation, tiny.config())


def test_a_full_disk_while_training(train, validation, tmp_path, monkeypatch):
    import safetensors.torch

    save, calls = safetensors.torch.save_file, 0

    def fills_up(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        return save(*args, **kwargs)

    monkeypatch.setattr(safetensors.torch, "save_file", fills_up)
    with pytest.raises(
        OSError, match=r"disk is full\. The last good checkpoint is .*state\.safetensors, untouched"
    ):
        fit(tiny.model(), train, validation, tiny.config(tmp_path, evaluate_every=None))
    assert checkpoints.load_state(tmp_path / "state.safetensors")[1]["step"] == 6


def test_a_broken_state_is_not_trained_on(train, validation, tmp_path):
    fit(tiny.model(), train, validation, tiny.config(tmp_path))
    state = tmp_path / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-10])
    with pytest.raises(
        ValueError, match=r"state\.safetensors is broken.*last good checkpoint is .*previous-state"
    ):
        fit(tiny.model(), train, validation, tiny.config(tmp_path))
    state.unlink()
    assert fit(tiny.model(), train, validation, tiny.config(tmp_path)).history[-1]["step"] == 24


def test_a_folder_of_another_run_is_refused(train, validation, tmp_path):
    fit(tiny.model(), train, validation, tiny.config(tmp_path, steps=3))
    with pytest.raises(ValueError, match=r"a run with learning_rate = 0.003, but now it is 0.1"):
        fit(tiny.model(), train, validation, tiny.config(tmp_path, steps=3, learning_rate=0.1))
    with pytest.raises(ValueError, match="a run on other pictures"):
        fit(tiny.model(), tiny.rows(10, seed=5), validation, tiny.config(tmp_path, steps=3))
    with pytest.raises(
        ValueError, match=r"state\.safetensors: net\.6\.bias has shape \[4\].*4 classes there and 5 here"
    ):
        fit(tiny.model(5), train, validation, tiny.config(tmp_path, steps=3))
    fit(tiny.model(), train, validation, tiny.config(tmp_path, steps=3, checkpoint_every=2, log_every=7))


# --- several processes --------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_processes_are_as_good_as_one(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = in_a_process("ranks", str(tmp_path), str(port))
    (one,), (first, second) = found["one"], found["two"]
    labeled = sum(np.count_nonzero(np.asarray(row["annotation"])) for row in tiny.rows(7, seed=1))
    assert np.sum(one["counts"]) == labeled  # every picture once
    assert one["counts"] == first["counts"] == second["counts"]  # to the pixel
    assert first["counts_after"] == second["counts_after"]
    assert np.sum(first["counts_after"]) == labeled
    assert first["loss"] == second["loss"]
    assert first["loss"] == pytest.approx(one["loss"], rel=1e-4)


def test_evaluation_counts_each_picture(train):
    model, images = tiny.model(), PerImage(tiny.CLASSES)
    model.train()
    confusion = evaluate(model, train, tiny.RECIPE, images=images)
    assert model.training
    assert images.names == list(train["name"])
    assert images.scores().mean_iou == confusion.scores().mean_iou
    assert np.array_equal(evaluate(model, train, tiny.RECIPE).matrix, confusion.matrix)


# --- what is refused ----------------------------------------------------------------------------------------


def test_empty_data(train, validation):
    with pytest.raises(ValueError, match="train is empty"):
        fit(tiny.model(), train.select([]), validation, tiny.config())
    with pytest.raises(ValueError, match="validation is empty"):
        fit(tiny.model(), train, validation.select([]), tiny.config())


def test_labels_without_a_class(train, validation):
    with pytest.raises(
        ValueError,
        match=r"0-\d+ is labeled [23] \(train id\), but the model has 2 classes, 0\.\.1\. Cure: .*num_classes=",
    ):
        fit(tiny.model(2), train, validation, tiny.config())
    with pytest.raises(ValueError, match=r"1-000 is labeled"):
        evaluate(tiny.model(2), validation, tiny.RECIPE)


def test_batches_that_cannot_be_shared(train, validation):
    with pytest.raises(
        ValueError,
        match=r"batch_size is 4, which 1 process\(es\) in 3 part\(s\) cannot share\. Cure: a multiple of 3",
    ):
        fit(tiny.model(), train, validation, tiny.config(accumulate=3))
    with pytest.raises(ValueError, match="A batch of 11"):
        fit(tiny.model(), train, validation, tiny.config(batch_size=11))


def test_a_model_without_an_encoder(train, validation):
    model = tiny.model()
    model.backbone = ()
    with pytest.raises(ValueError, match="this model names none"):
        fit(model, train, validation, tiny.config(encoder_rate=0.1))
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="no weight to train"):
        fit(model, train, validation, tiny.config())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps is 0, but is at least 1"),
        ({"batch_size": 2.5}, TypeError, "batch_size is 2.5, but is a whole number"),
        ({"learning_rate": -1}, ValueError, "learning_rate is -1, but is 0 or more"),
        ({"learning_rate": "6e-5"}, TypeError, "learning_rate is '6e-5', but is a number"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate is nan"),
        ({"warmup": 2}, ValueError, "warmup is 2, but is 0 to 1"),
        (
            {"schedule": "poli"},
            ValueError,
            "schedule is 'poli', but is one of 'poly', 'cosine'. Did you mean 'poly'",
        ),
        ({"precision": "fp8"}, ValueError, "precision is 'fp8'"),
        ({"recipe": {"crop_size": 3}}, TypeError, "recipe is"),
        ({"recipe": Recipe(pad_multiple=32)}, ValueError, "pad_multiple is 32"),
    ],
)
def test_settings_that_make_no_sense(changes, error, message):
    with pytest.raises(error, match=message):
        Config(**changes)


# --- files of settings, and the command ---------------------------------------------------------------------

GOOD = """
[model]
key = "small-fpn"
[data]
source = "sceneparse150"
[recipe]
short_side = 32
crop_size = [24, 32]
[training]
steps = 3
batch_size = 2
"""


def test_settings_from_a_file(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(GOOD)
    assert Config.from_toml(file) == Config(
        steps=3, batch_size=2, recipe=Recipe(short_side=32, crop_size=(24, 32))
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[training]\nlearning_rat = 1",
            r"a\.toml, \[training\] has an unknown key 'learning_rat'\. Did you mean 'learning_rate'\?",
        ),
        ("[training]\nxyz = 1", r"unknown key 'xyz'\. There are steps, batch_size"),
        ("[recipe]\ncrop = 1", r"\[recipe\] has an unknown key 'crop'\. Did you mean 'crop_size'\?"),
        ("[trainign]\nsteps = 1", r"unknown table \[trainign\]\. Did you mean 'training'\?"),
        ("steps = 1", "'steps' stands outside of any table"),
        ("[training]\nsteps = 0", r"a\.toml: steps is 0"),
        ("[recipe]\nshort_side = 0", r"a\.toml: short_side is 0"),
        ("[training", r"a\.toml is no valid TOML"),
    ],
)
def test_files_that_make_no_sense(tmp_path, text, message):
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        Config.from_toml(file)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.toml"):
        Config.from_toml(tmp_path / "nowhere.toml")


def test_the_command_trains_and_its_model_is_loaded(root, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    file, folder = tmp_path / "a.toml", tmp_path / "run"
    text = GOOD + f'folder = "{folder}"\n'
    text = text.replace('source = "sceneparse150"', f'source = "sceneparse150"\nroot = "{root}"')
    file.write_text(text)
    assert cli.main(["train", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "best at step 3: mean IoU 0." in printed and f"model: {folder / 'best.safetensors'}" in printed
    model = checkpoints.load_model(folder / "best.safetensors")
    assert model.built_with == {"key": "small-fpn", "num_classes": 150, "teaching": False, "image_size": 256}
    assert training.recipe_of(model).short_side == 32
    assert cli.main(["train", str(file)]) == 0  # goes on, and has nothing left to do
    # from these weights, in another run
    again = text.replace('key = "small-fpn"', f'key = "small-fpn"\nweights = "{folder / "best.safetensors"}"')
    file.write_text(
        again.replace(str(folder) + '"\n', str(tmp_path / "second") + '"\n').replace("steps = 3", "steps = 1")
    )
    assert cli.main(["train", str(file)]) == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('key = "small-fpn"', 'key = "smal-fpn"', "did you mean 'small-fpn'"),
        ('key = "small-fpn"', "teaching = true", "names no model"),
        (
            'key = "small-fpn"',
            'key = "small-fpn"\nclasses = 2',
            "unknown key 'classes'. Did you mean 'num_classes'?",
        ),
        ('source = "sceneparse150"', 'split = "training"', r"[data] has an unknown key 'split'"),
        (
            'source = "sceneparse150"',
            'source = "dollhouse"\nscenes = ["moon"]',
            "has the scene 'moon'. There are airfield",
        ),
        ("steps = 3", "step = 3", "Did you mean 'steps'?"),
        ("FOLDER", "", "names no folder"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, old, new, message):
    file = tmp_path / "a.toml"
    text = GOOD + 'folder = "FOLDER"\n'
    file.write_text(text.replace('folder = "FOLDER"\n', "") if old == "FOLDER" else text.replace(old, new))
    assert cli.main(["train", str(file)]) == 1
    assert message in capsys.readouterr().err


# --- real pictures ------------------------------------------------------------------------------------------


@pytest.mark.real
def test_a_handful_of_real_pictures_is_learned_by_heart(real_root):
    rows = adebook.load("sceneparse150", "validation", root=real_root)
    rows = rows.select(range(min(4, len(rows))))
    torch.manual_seed(0)
    model = models.build("small-fpn").to(memory_format=torch.channels_last)
    recipe = Recipe(
        short_side=128,
        long_side=512,
        scale=(1, 1),
        crop_size=(128, 192),
        max_class_share=1,
        photometric=False,
    )
    config = Config(
        steps=150, batch_size=4, learning_rate=4e-3, loss_at="stride", recipe=recipe, progress=False
    )
    result = fit(model, rows, rows, config)
    assert result.best["pixel_accuracy"] > 0.9


def test_a_plot_grows_in_a_notebook(train, validation, monkeypatch):
    shown = []

    class Handle:
        def update(self, figure):
            shown.append(figure)

    import IPython.display

    def display(figure, display_id):
        shown.append(figure)
        return Handle()

    monkeypatch.setattr(training, "_in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", display)
    fit(tiny.model(), train, validation, dataclasses.replace(tiny.config(), progress=True))
    assert len(shown) >= 2
    left, right = shown[-1].axes
    assert left.get_ylabel() == "training loss" and len(left.lines[0].get_xdata()) == 24
    assert right.lines[0].get_xdata().tolist() == [8, 16, 24]
