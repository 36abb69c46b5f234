"""Tiny training runs for tests/test_training.py, in a process of their own that forks.

    python -m tests.training_runs kill FOLDER MOMENTS     kills runs at random moments
    python -m tests.training_runs ranks FOLDER            one process, then two

Each prints one line of JSON at its end. They fork, because importing torch takes a hundred times longer than
such a run; and in a process of their own, because a process with threads must not fork.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import datasets as hf
import numpy as np
import PIL.Image
import torch
from torch import nn

from adebook.models import SceneParser
from adebook.training import Config, evaluate, fit
from adebook.transforms import Recipe

CLASSES = 4
SIZE = 32
RECIPE = Recipe(short_side=SIZE, long_side=2 * SIZE, crop_size=SIZE, scale=(0.8, 1.3), max_class_share=1)


def rows(count: int, seed: int = 0, ids: int = CLASSES, ignored: bool = True) -> hf.Dataset:
    """Pictures of 32 x 32 and wider in which each quarter has a class, and the color tells which."""
    rng = np.random.default_rng(seed)
    colors = np.random.default_rng(99).integers(0, 256, (ids + 1, 3))
    pictures, masks = [], []
    for i in range(count):
        mask = np.zeros((SIZE, SIZE + 8 * (i % 3)), np.uint8)
        half = SIZE // 2
        for part in ((slice(half), slice(half)), (slice(half, None), slice(half)),
                     (slice(half), slice(half, None)), (slice(half, None), slice(half, None))):  # fmt: skip
            mask[part] = rng.integers(1, ids + 1)
        if ignored:
            mask[: i % 5, :] = 0
        noisy = colors[mask] + rng.normal(0, 10, (*mask.shape, 3))
        pictures.append(PIL.Image.fromarray(noisy.clip(0, 255).astype(np.uint8)))
        masks.append(PIL.Image.fromarray(mask))
    return hf.Dataset.from_dict(
        {"image": pictures, "annotation": masks, "scene": ["square"] * count,
         "name": [f"{seed}-{i:03d}" for i in range(count)]},
        features=hf.Features({"image": hf.Image(), "annotation": hf.Image(), "scene": hf.Value("string"),
                              "name": hf.Value("string")}),
    )  # fmt: skip


def model(num_classes: int = CLASSES, norm: str = "batch", dropout: float = 0.1) -> SceneParser:
    """A network of three convolutions, stride 4, the same each time."""
    torch.manual_seed(0)
    normalize = nn.BatchNorm2d(16) if norm == "batch" else nn.GroupNorm(4, 16)
    net = nn.Sequential(
        nn.Conv2d(3, 16, 4, 4), normalize, nn.ReLU(), nn.Dropout2d(dropout), nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(), nn.Conv2d(16, num_classes, 1),
    )  # fmt: skip
    return SceneParser(net, num_classes, stride=4, backbone=("0",))


def config(folder: Path | None = None, **changes) -> Config:
    """24 steps with three evaluations and nine states."""
    settings = {
        "steps": 24, "batch_size": 4, "learning_rate": 3e-3, "evaluate_every": 8, "checkpoint_every": 3,
        "log_every": 1, "recipe": RECIPE, "folder": folder, "progress": False,
    }  # fmt: skip
    return Config(**settings | changes)


def weights(parser: nn.Module) -> dict[str, np.ndarray]:
    """All weights and buffers."""
    return {name: tensor.detach().numpy().copy() for name, tensor in parser.state_dict().items()}


def equal(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    """Whether they are equal bit for bit."""
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def kill(folder: Path, moments: int) -> dict[str, object]:
    """Start runs, kill each at a random moment and start it again; when one ends, compare it with a whole one."""
    train, validation = rows(10), rows(5, seed=1)
    reference = model()
    expected = fit(reference, train, validation, config(folder / "reference"))
    began = time.perf_counter()
    fit(model(), train, validation, config(folder / "again"))
    usual = time.perf_counter() - began
    moment = random.Random(0)
    killed, ended, unequal, no_state, while_writing = 0, 0, 0, 0, 0
    while killed < moments or (folder / str(ended)).exists():
        here = folder / str(ended)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                mine = model()
                result = fit(mine, train, validation, config(here))
                same = equal(weights(mine), weights(reference))
                for column in ("step", "loss", "learning_rate", "mean_iou"):
                    same &= [r[column] for r in result.history] == [r[column] for r in expected.history]
                status = 0 if same else 3
            finally:
                os._exit(status)
        if killed < moments:
            time.sleep(moment.uniform(0, usual))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            no_state += not list(here.glob("*state.safetensors"))
            while_writing += bool(list(here.glob("*.part")))
            continue
        unequal += os.WEXITSTATUS(status) != 0
        ended += 1
    return {
        "killed": killed, "ended": ended, "unequal": unequal, "no_state": no_state, "while_writing": while_writing,
    }  # fmt: skip


def ranks(folder: Path) -> dict[str, object]:
    """The same training in one process and in two; 10 pictures in batches of 4, 7 to evaluate."""
    train, validation = rows(10), rows(7, seed=1)
    found = {}
    for name, world in (("one", 1), ("two", 2)):
        children = [_rank(folder / name, rank, world, train, validation) for rank in range(world)]
        codes = [os.WEXITSTATUS(os.waitpid(child, 0)[1]) for child in children]
        assert codes == [0] * world, codes
        found[name] = [json.loads((folder / name / f"rank{rank}.json").read_text()) for rank in range(world)]
    return found


def _rank(folder: Path, rank: int, world: int, train: hf.Dataset, validation: hf.Dataset) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        if world > 1:  # what `accelerate launch --cpu --num_processes 2` sets
            os.environ |= {
                "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world),
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[3], "ACCELERATE_USE_CPU": "true",
            }  # fmt: skip
        mine = model(norm="group", dropout=0)
        start = model(norm="group", dropout=0)
        result = fit(mine, train, validation, config(folder))
        counts = evaluate(start.eval(), validation, RECIPE)  # weights that are surely the same
        (folder / f"rank{rank}.json").write_text(
            json.dumps(
                {"loss": [row["loss"] for row in result.history], "best": result.best["mean_iou"],
                 "counts": counts.matrix.tolist(), "counts_after": evaluate(mine, validation, RECIPE).matrix.tolist()}
            )
        )  # fmt: skip
        if world > 1:
            torch.distributed.destroy_process_group()
        status = 0
    finally:
        if status:
            import traceback

            traceback.print_exc()
        os._exit(status)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "kill":
        print(json.dumps(kill(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        print(json.dumps(ranks(Path(sys.argv[2]))))
