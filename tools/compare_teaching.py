"""Every model of the zoo at teaching size, trained on Dollhouse with one and the same budget.

    python tools/compare_teaching.py                       # adds the runs that data/teaching_runs.csv lacks
    python tools/compare_teaching.py --keys segformer-b5   # only these
    python tools/compare_teaching.py --seeds 0 1 2

The budget is pictures seen, not seconds: the same crops in the same order for every model. The recipe is the
same, too (AdamW, one cycle, one rate), tuned for none, and the weights are random: what is compared is
how fast a structure learns from little, not how good it gets. Each model trains with its own loss.

Scores are taken on the whole validation split: pictures at half size in, scores at native size, pooled over
the pictures; the interval is a bootstrap over the pictures. A run that stands in the table is not repeated.
Masks that the first seed predicts for four scenes go to data/teaching/KEY.png, one below the other.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import adebook
from adebook import models
from adebook.labels import to_official_ids, to_train_ids
from adebook.metrics import PerImage, upsampled_argmax
from adebook.predict_command import save_mask

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "data" / "teaching_runs.csv"
MASKS = ROOT / "data" / "teaching"
SIZE = 256, 192  # width, height of the pictures that the models see: half of the originals
CROP, BATCH, STEPS, RATE, DECAY = 128, 8, 160, 1e-3, 0.02
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SHOWN = (4, 20, 36, 52)  # rows of the validation split whose masks are kept
COLUMNS = [
    "key",
    "model",
    "seed",
    "steps",
    "batch",
    "crop",
    "params_m",
    "seconds",
    "mean_iou",
    "low",
    "high",
    "pixel_accuracy",
    "classes_hit",
    "first_loss",
    "last_loss",
    "source",
]


def read(split: str) -> tuple[Tensor, list[np.ndarray]]:
    """All pictures at SIZE, normalized float32 [N, 3, h, w], and all targets at native size, uint8 [H, W]."""
    pictures, targets = [], []
    for row in adebook.load("dollhouse", split):
        small = np.asarray(row["image"].resize(SIZE, Image.Resampling.BOX), np.float32) / 255
        pictures.append((small - MEAN) / STD)
        targets.append(to_train_ids(np.asarray(row["annotation"])))
    return torch.from_numpy(np.stack(pictures).astype(np.float32)).permute(0, 3, 1, 2).contiguous(), targets


def batches(pictures: Tensor, targets: list[np.ndarray], seed: int, steps: int):
    """Crops with their targets, flipped half of the time: a function of the seed alone."""
    random = np.random.default_rng(seed)
    small = torch.from_numpy(np.stack([target[1::2, 1::2] for target in targets]))  # nearest neighbor
    width, height = SIZE
    order = np.concatenate(
        [random.permutation(len(pictures)) for _ in range(-(-steps * BATCH // len(pictures)))]
    )
    for chosen in order[: steps * BATCH].reshape(steps, BATCH):
        xs, ys = [], []
        for i in chosen:
            top, left = random.integers(height - CROP + 1), random.integers(width - CROP + 1)
            there = (..., slice(top, top + CROP), slice(left, left + CROP))
            x, y = pictures[i][there], small[i][there]
            flip = random.random() < 0.5
            xs.append(x.flip(-1) if flip else x)
            ys.append(y.flip(-1) if flip else y)
        yield torch.stack(xs), torch.stack(ys).long()


def train(key: str, pictures: Tensor, targets: list[np.ndarray], seed: int, steps: int):
    """The trained model and the mean loss of the first and of the last twenty steps."""
    torch.manual_seed(seed)
    model = models.build(key, teaching=True, image_size=CROP).train()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    losses = []
    for images, target in batches(pictures, targets, seed, steps):
        loss = model.loss(images, target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return model.eval(), float(np.mean(losses[:20])), float(np.mean(losses[-20:]))


@torch.inference_mode()
def evaluate(model: models.SceneParser, pictures: Tensor, targets: list[np.ndarray]):
    """The counts of every picture, and the predictions for SHOWN, train ids [H, W]."""
    images, shown = PerImage(), []
    for i, (picture, target) in enumerate(zip(pictures, targets, strict=True)):
        prediction = upsampled_argmax(model(picture[None]), target.shape)[0]
        images.update(np.asarray(prediction), target, name=str(i))
        if i in SHOWN:
            shown.append(np.asarray(prediction)[1::2, 1::2])
    return images, shown


def main() -> None:
    """Train and score what is missing; the table is written after every run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keys", nargs="+", default=models.keys(), help="models (default: all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = list(csv.DictReader(args.out.open(encoding="utf-8"))) if args.out.exists() else []
    done = {(row["model"], int(row["seed"]), int(row["steps"])) for row in rows}
    pictures, targets = read("training")
    seen, truth = read("validation")
    for seed in args.seeds:
        for key in args.keys:
            if (key, seed, args.steps) in done:
                continue
            started = time.process_time()
            model, first, last = train(key, pictures, targets, seed, args.steps)
            seconds = time.process_time() - started
            images, shown = evaluate(model, seen, truth)
            scores, interval = images.scores(), images.bootstrap()
            rows.append(
                {
                    "key": f"{key}-seed-{seed}",
                    "model": key,
                    "seed": seed,
                    "steps": args.steps,
                    "batch": BATCH,
                    "crop": CROP,
                    "params_m": f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}",
                    "seconds": f"{seconds:.0f}",
                    "mean_iou": f"{100 * scores.mean_iou:.2f}",
                    "low": f"{100 * interval.low:.2f}",
                    "high": f"{100 * interval.high:.2f}",
                    "pixel_accuracy": f"{100 * scores.pixel_accuracy:.2f}",
                    "classes_hit": int((scores.iou > 0).sum()),
                    "first_loss": f"{first:.3f}",
                    "last_loss": f"{last:.3f}",
                    "source": "python tools/compare_teaching.py",
                }
            )
            print(", ".join(f"{name} {value}" for name, value in list(rows[-1].items())[:-1]), flush=True)
            part = args.out.with_name(args.out.name + ".part")
            with part.open("w", newline="", encoding="utf-8") as f:
                table = csv.DictWriter(f, COLUMNS, lineterminator="\n")
                table.writeheader()
                table.writerows(rows)
            part.replace(args.out)
            if seed == args.seeds[0]:
                folder = MASKS if args.out == OUT else args.out.parent / "masks"
                save_mask(to_official_ids(np.vstack(shown)), folder / f"{key}.png")


if __name__ == "__main__":
    main()
