"""Measure chapter 14 with three seeds: rooms to outdoors, against the same budget from random weights.

    python tools/fine_tune_seeds.py         # writes data/fine_tune_seeds.csv; about 4 minutes on an idle core

A row is written as soon as it is measured, and rows that are there are not measured again: remove the file to
start anew. Intervals are over pictures (bootstrap, 95 %); what the seed does shows between rows.
"""

import argparse
import csv
from pathlib import Path

import torch
from pretrain import INDOOR, constant_scores, fresh, score

import adebook
from adebook import checkpoints, training
from adebook.transforms import Recipe

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "data" / "fine_tune_seeds.csv"
CHECKPOINT = ROOT / "data" / "checkpoints" / "dollhouse-indoor.safetensors"
COLUMNS = (
    "key", "start", "seed", "steps", "batch_size", "training_scenes", "validation_scenes", "mean_iou",
    "mean_iou_low", "mean_iou_high", "pixel_accuracy", "pixel_accuracy_low", "pixel_accuracy_high", "source",
)  # fmt: skip
SEEDS = (0, 1, 2)
# The same as in the chapter.
RECIPE = Recipe(short_side=192, long_side=768, scale=(0.75, 1.75), crop_size=(160, 192))
SETTINGS = {
    "steps": 60,
    "batch_size": 8,
    "learning_rate": 2e-3,
    "weight_decay": 0.05,
    "schedule": "cosine",
    "warmup": 0.1,
    "clip": 5.0,
    "loss_at": "stride",
}


def outdoors(split: str):
    """Dollhouse's scenes outdoors."""
    rows = adebook.load("dollhouse", split)
    return rows.select([i for i, scene in enumerate(rows["scene"]) if scene not in INDOOR])


def measure(start: str, seed: int | None, train, validation) -> dict[str, object]:
    """The scores of one way to the outdoors, in percent."""
    row: dict[str, object] = {
        "key": start if seed is None else f"{start}-seed-{seed}",
        "start": start.removesuffix("-not-tuned"),
        "seed": seed,
        "steps": 0,
        "training_scenes": len(train),
        "validation_scenes": len(validation),
        "source": "python tools/fine_tune_seeds.py",
    }
    if start == "constant":
        row["mean_iou"], row["pixel_accuracy"] = (
            f"{100 * v:.2f}" for v in constant_scores(train, validation)
        )
        return row
    if start == "random":
        model = fresh(seed)
    else:
        row["source"] += f", checkpoint {checkpoints.read_card(CHECKPOINT)['sha256'][:8]}"
        model = checkpoints.load_model(CHECKPOINT).to(memory_format=torch.channels_last)
    model.preprocessing = {k: getattr(RECIPE, k) for k in ("mean", "std", "short_side", "long_side")}
    if seed is not None:
        torch.manual_seed(seed)
        for layer in model.net.segmentation_head.modules():  # a new head: the old one is sure, and wrong
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        config = training.Config(**SETTINGS, seed=seed, recipe=RECIPE, progress=False)
        training.fit(model, train, validation.select([0]), config)  # the scores come from below
        row |= {"steps": config.steps, "batch_size": config.batch_size}
    found = score(model, validation)
    for name in ("mean_iou", "pixel_accuracy"):
        values = (found[name], *found[f"{name}_95"])
        row |= {
            key: f"{100 * value:.2f}"
            for key, value in zip((name, f"{name}_low", f"{name}_high"), values, strict=True)
        }
    return row


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    train, validation = outdoors("training"), outdoors("validation")
    jobs = [("constant", None), ("dollhouse-indoor-not-tuned", None)]
    jobs += [(start, seed) for seed in SEEDS for start in ("dollhouse-indoor", "random")]
    done: list[dict[str, object]] = []
    if out.exists():
        with out.open(encoding="utf-8", newline="") as file:
            done = list(csv.DictReader(file))
    for start, seed in jobs:
        key = start if seed is None else f"{start}-seed-{seed}"
        if any(row["key"] == key for row in done):
            continue
        row = measure(start, seed, train, validation)
        done.append(row)
        print({k: row.get(k) for k in ("key", "mean_iou", "pixel_accuracy")}, flush=True)
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(done)


if __name__ == "__main__":
    main()
