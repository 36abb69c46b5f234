"""Train the project's own small checkpoint: Dollhouse's scenes indoors, from random weights.

    python tools/pretrain.py                # trains, or goes on training; under half an hour on a free core
    python tools/pretrain.py --adopt        # scores the best model so far, and writes data/checkpoints

The run lies in _build/pretrain/NAME, and can be killed and started again at any time. It has two parts: in
the first, classes of few pixels weigh more, so that they are learned at all; in the second, which is short,
every pixel weighs the same. The mean of the weights of both is better than either (Wortsman et al., "Robust
fine-tuning of zero-shot models", CVPR 2022, average the weights before and after fine-tuning). What is
adopted:

    data/checkpoints/NAME.safetensors       weights in float16, what they need, and the card
    data/checkpoints/NAME.json              the card alone, to be read: data, settings, scores
    data/checkpoints/NAME.csv               the log of the training

A scene is indoors when its kind is: no picture of these kinds has a pixel labeled sky, and every one has a
ceiling; of the other kinds every picture has a sky (tests/test_checkpoints.py holds this).
"""

import argparse
import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import torch

import adebook
from adebook import checkpoints, models, training
from adebook.batches import count_pixels
from adebook.metrics import PerImage
from adebook.transforms import Recipe

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "data" / "checkpoints"
NAME = "dollhouse-indoor"
INDOOR = (
    "bathroom", "bedroom", "corridor", "dining_room", "game_room", "home_office", "kitchen", "laundry_room",
    "living_room", "nursery", "restaurant", "terminal", "theater",
)  # fmt: skip
BUILD = {"key": "small-fpn", "num_classes": 150, "teaching": False, "image_size": 256}
# Pictures at half size: a quarter of the work, and scores are taken at full size all the same.
RECIPE = Recipe(short_side=192, long_side=768, scale=(0.75, 1.75), crop_size=(160, 192))
STEPS = 1500
# Steps more in which every pixel counts the same: outlines of rare things shrink to what they are.
POLISH = 300


def config(folder: Path, steps: int, seed: int) -> training.Config:
    """The settings. A class of few pixels weighs up to nine times as much as a wall."""
    return training.Config(
        steps=steps,
        batch_size=8,
        learning_rate=2e-3,
        weight_decay=0.05,
        schedule="cosine",
        warmup=0.03,
        clip=5.0,
        class_weights="inverse_log",
        loss_at="stride",
        evaluate_every=250,
        checkpoint_every=50,
        log_every=10,
        seed=seed,
        folder=folder,
        recipe=RECIPE,
    )


def polish_config(folder: Path, steps: int, seed: int) -> training.Config:
    """The settings of the second part."""
    first = config(folder, steps, seed)
    return dataclasses.replace(first, learning_rate=5e-4, class_weights=None, evaluate_every=100)


def indoors(split: str):
    """Dollhouse's scenes indoors."""
    rows = adebook.load("dollhouse", split)
    return rows.select([i for i, scene in enumerate(rows["scene"]) if scene in INDOOR])


def fresh(seed: int) -> "models.SceneParser":
    """The model with random weights."""
    torch.manual_seed(seed)
    return models.build(**BUILD).to(memory_format=torch.channels_last)  # a fifth quicker on a CPU


def train(folder: Path, steps: int, seed: int) -> None:
    """Train, or go on, in two parts."""
    rows = indoors("training"), indoors("validation")
    print(training.fit(fresh(seed), *rows, config(folder / "first", steps, seed)))
    polish(folder, seed)


def polish(folder: Path, seed: int) -> None:
    """The second part, from the best model of the first."""
    model = fresh(seed)
    checkpoints.load_weights(model, folder / "first" / "best.safetensors")
    rows = indoors("training"), indoors("validation")
    print(training.fit(model, *rows, polish_config(folder / "second", POLISH, seed)))


def constant_scores(train_rows, rows) -> tuple[float, float]:
    """Mean IoU and pixel accuracy of calling every pixel by the class with the most training pixels."""
    most = int(count_pixels(train_rows).sum(axis=0).argmax())
    matrix = np.zeros((150, 150), dtype=np.int64)
    matrix[:, most] = count_pixels(rows).sum(axis=0)
    scores = adebook.ConfusionMatrix.from_matrix(matrix).scores()
    return scores.mean_iou, scores.pixel_accuracy


def score(model, rows) -> dict[str, object]:
    """Shares with 95 % intervals, rounded to six digits."""
    images = PerImage(150)
    training.evaluate(model, rows, training.recipe_of(model), images=images)
    found: dict[str, object] = {"pictures": len(images)}
    for name in ("mean_iou", "pixel_accuracy"):
        interval = images.bootstrap(name)
        found[name] = round(float(interval.estimate), 6)
        found[f"{name}_95"] = [round(float(interval.low), 6), round(float(interval.high), 6)]
    return found


def mean_of(paths: list[Path], seed: int) -> "models.SceneParser":
    """The model whose weights, and statistics of batch normalization, are the mean of those of the files."""
    states = []
    for path in paths:
        model = fresh(seed)
        checkpoints.load_weights(model, path)
        states.append(model.state_dict())
    mean = {
        name: torch.stack([s[name] for s in states]).mean(0) if tensor.is_floating_point() else tensor
        for name, tensor in states[-1].items()
    }
    model.load_state_dict(mean)
    return model


def adopt(folder: Path, out: Path, name: str, seed: int) -> None:
    """Write the best model so far in float16, score what was written, and write the scores into it."""
    parts = [part for part in ("first", "second") if (folder / part / "best.safetensors").exists()]
    cards = [checkpoints.read_card(folder / part / "best.safetensors") for part in parts]
    card = cards[-1]
    rows, train_rows = indoors("validation"), indoors("training")
    path = out / f"{name}.safetensors"
    model = mean_of([folder / part / "best.safetensors" for part in parts], seed)
    about = {
        "name": name,
        "title": "FPN (MobileNetV3-Large), trained on Dollhouse's rendered rooms",
        "license": "CC0-1.0",
        "made_by": "python tools/pretrain.py",
        "trained_on": {
            "source": "dollhouse", "split": "training", "scenes": list(INDOOR), "pictures": len(train_rows),
            "pretraining": "none",
        },
        "training": {
            "seed": seed,
            "parts": [c["about"]["training"] for c in cards],
            "weights": "the mean of those of the parts",
        },
    }  # fmt: skip
    shared = {"build": BUILD, "preprocessing": card["preprocessing"], "half": True}
    checkpoints.save_model(path, model, about=about, **shared)
    constant = dict(
        zip(
            ("mean_iou", "pixel_accuracy"),
            (round(s, 6) for s in constant_scores(train_rows, rows)),
            strict=True,
        )
    )
    about["scores"] = {
        "on": "dollhouse, validation, the same scenes, at native size; absent='exclude'",
        "this": score(checkpoints.load_model(path), rows),
        "random_weights": score(_with_preprocessing(fresh(seed), card), rows),
        "constant": constant,
    }
    checkpoints.save_model(path, model, about=about, **shared)
    (out / f"{name}.json").write_text(
        json.dumps(checkpoints.read_card(path), indent=1) + "\n", encoding="utf-8"
    )
    log = []
    for part in parts:
        with (folder / part / "log.csv").open(encoding="utf-8", newline="") as file:
            log += [{"part": part, **row} for row in csv.DictReader(file) if int(row["step"]) % 50 == 0]
    with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*log[0], "source"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "source": "python tools/pretrain.py"} for row in log)
    print(json.dumps(about["scores"], indent=1))
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _with_preprocessing(model, card):
    model.preprocessing = card["preprocessing"]
    return model.eval()


def main() -> None:
    """Train or adopt."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--adopt", action="store_true", help="write the best model so far to --out; no training"
    )
    parser.add_argument("--name", default=NAME)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps ({STEPS})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="of the run (_build/pretrain/NAME)")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    folder = args.folder or ROOT / "_build" / "pretrain" / args.name
    if args.adopt:
        adopt(folder, args.out, args.name, args.seed)
    else:
        train(folder, args.steps, args.seed)


if __name__ == "__main__":
    main()
