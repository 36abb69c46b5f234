"""A small segmenter trained on Dollhouse for a few minutes, beside what class priors alone score.

    python tools/dollhouse_baseline.py                      # writes data/dollhouse_baseline.csv
    python tools/dollhouse_baseline.py --strip strip.png    # and pictures of what the last seed predicts

Two priors: *constant* calls every pixel by the class with the most training pixels; *position* calls a pixel
by the class most frequent at its place in the training masks. The segmenter is a plain convolutional encoder
and decoder from random weights, trained on crops of half-size pictures. Every score is taken on the whole
validation split at native size, 512 x 384, pooled over the pictures; classes that neither occur nor are
predicted are left out of the mean.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

import adebook
from adebook.labels import to_official_ids, to_train_ids
from adebook.palette import colorize

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "data" / "dollhouse_baseline.csv"
SIZE = 256, 192  # width, height of the pictures that the segmenter sees: half of the originals
CROP = 192, 160
SEEDS = 0, 1
STEPS, BATCH, RATE = 700, 8, 2e-3  # three to four minutes on two free cores
IGNORE = 255


def unit(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Segmenter(nn.Module):
    """Picture [N, 3, H, W] in 0..1 to logits [N, 150, H/4, W/4]; H and W are multiples of 32."""

    def __init__(self, widths: tuple[int, ...] = (64, 96, 128, 192), decoder: int = 96) -> None:
        super().__init__()
        self.stem = unit(3, 32, stride=2)
        before = (32, *widths)
        self.encoder = nn.ModuleList(
            nn.Sequential(unit(i, o, stride=2), unit(o, o)) for i, o in zip(before, widths, strict=False)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(width, decoder, 1) for width in widths)
        self.head = nn.Sequential(unit(decoder, decoder), nn.Conv2d(decoder, 150, 1))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        x = self.stem(picture - 0.5)  # 1/2
        levels = []
        for stage in self.encoder:
            levels.append(x := stage(x))  # 1/4, 1/8, 1/16, 1/32
        deepest = self.lateral[-1](x)
        for lateral, level in zip(self.lateral[-2::-1], levels[-2::-1], strict=True):
            deepest = lateral(level) + F.interpolate(deepest, size=level.shape[2:], mode="bilinear")
        return self.head(deepest)


def read(split: str) -> tuple[torch.Tensor, np.ndarray]:
    """All pictures at SIZE, uint8 [N, 3, h, w], and all targets at native size, uint8 [N, H, W]."""
    pictures, targets = [], []
    for row in adebook.load("dollhouse", split):
        pictures.append(np.asarray(row["image"].resize(SIZE, Image.Resampling.BOX)))
        targets.append(to_train_ids(np.asarray(row["annotation"])))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), np.stack(targets)


def position_prior(targets: np.ndarray) -> tuple[int, np.ndarray]:
    """The most frequent class of all, and at each place [H, W]; train ids."""
    counts = np.stack([(targets == c).sum(axis=0, dtype=np.int32) for c in range(150)])
    return int(counts.sum(axis=(1, 2)).argmax()), counts.argmax(axis=0).astype(np.uint8)


def train(pictures: torch.Tensor, targets: np.ndarray, seed: int, steps: int) -> Segmenter:
    """Train for a fixed number of steps: random crop, flip and brightness; AdamW; one cycle of the rate."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    small = torch.from_numpy(targets[:, 1::2, 1::2].copy())  # nearest neighbor
    model = Segmenter().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    (width, height), (cw, ch) = SIZE, CROP
    started = time.perf_counter()
    for step in range(steps):
        xs, ys = [], []
        for i in random.choice(len(pictures), BATCH, replace=len(pictures) < BATCH):
            top, left = random.integers(height - ch + 1), random.integers(width - cw + 1)
            x = pictures[i, :, top : top + ch, left : left + cw].float() / 255
            y = small[i, top : top + ch, left : left + cw]
            if random.random() < 0.5:
                x, y = x.flip(-1), y.flip(-1)
            xs.append(x * float(random.uniform(0.8, 1.2)))
            ys.append(y)
        logits = model(torch.stack(xs).contiguous(memory_format=torch.channels_last))
        logits = F.interpolate(logits, size=(ch // 2, cw // 2), mode="bilinear")
        loss = F.cross_entropy(logits, torch.stack(ys)[:, ::2, ::2].long(), ignore_index=IGNORE)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == steps - 1:
            print(f"seed {seed}, step {step}: loss {loss.item():.3f}, {time.perf_counter() - started:.0f} s")
    return model.eval()


@torch.inference_mode()
def predict(model: Segmenter, picture: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """Train ids, uint8 [H, W] of this size, for one picture, uint8 [3, h, w]."""
    logits = model(picture[None].float() / 255)
    return F.interpolate(logits, size=size, mode="bilinear").argmax(1)[0].to(torch.uint8).numpy()


def score(predictions, targets: np.ndarray) -> adebook.metrics.Scores:
    """Scores of an iterable of predictions."""
    cm = adebook.ConfusionMatrix(num_classes=150, ignore_index=IGNORE)
    for prediction, target in zip(predictions, targets, strict=True):
        cm.update(prediction, target)
    return cm.scores(absent="exclude")


def strip(model: Segmenter, pictures: torch.Tensor, targets: np.ndarray, file: Path, count: int = 8) -> None:
    """Draw picture, labels and prediction of some scenes, evenly spaced over the split."""
    lines = []
    for i in np.linspace(0, len(pictures) - 1, count).astype(int):
        prediction = predict(model, pictures[i], targets[i].shape)
        masks = [colorize(to_official_ids(m)) for m in (targets[i], prediction)]
        picture = Image.fromarray(pictures[i].permute(1, 2, 0).numpy())
        panels = [np.asarray(picture), *(np.asarray(Image.fromarray(m).resize(SIZE, 0)) for m in masks)]
        lines.append(np.hstack(panels))
    Image.fromarray(np.vstack(lines)).save(file)


def main() -> None:
    """Score the priors and one segmenter per seed; write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--strip", type=Path, help="a PNG of pictures, labels and predictions")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps ({STEPS})")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    args = parser.parse_args()
    torch.set_num_threads(2)
    pictures, targets = read("training")
    seen, truth = read("validation")
    command = "python tools/dollhouse_baseline.py"
    if args.steps != STEPS:
        command += f" --steps {args.steps}"
    rows = []

    def note(key, seed, steps, seconds, scores):
        row = {
            "key": key,
            "seed": seed,
            "steps": steps,
            "seconds": f"{seconds:.0f}" if seconds != "" else "",
            "training_scenes": len(pictures),
            "validation_scenes": len(seen),
            "mean_iou": f"{100 * scores.mean_iou:.2f}",
            "pixel_accuracy": f"{100 * scores.pixel_accuracy:.2f}",
            "source": command,
        }
        rows.append(row)
        print(", ".join(f"{key} {value}" for key, value in list(row.items())[:-1]), flush=True)

    most, at_place = position_prior(targets)
    note("constant-prior", "", "", "", score((np.full_like(t, most) for t in truth), truth))
    note("position-prior", "", "", "", score((at_place for _ in truth), truth))
    for seed in args.seeds:
        started = time.perf_counter()
        model = train(pictures, targets, seed, args.steps)
        seconds = time.perf_counter() - started
        note(
            f"segmenter-seed-{seed}",
            seed,
            args.steps,
            seconds,
            score((predict(model, p, t.shape) for p, t in zip(seen, truth, strict=True)), truth),
        )
    with args.out.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    if args.strip:
        strip(model, seen, truth, args.strip)


if __name__ == "__main__":
    main()
