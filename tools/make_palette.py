"""Write data/palette.csv: 150 colors that stay apart for people with color-blindness.

Greedy farthest-point choice in the order of pixel share: each class in turn gets the color whose smallest
perceptual distance to all colors already given (and to black and white, the background) is greatest. The
distance is Euclidean in CAM02-UCS, and of four ways of seeing the worst counts: normal vision and complete
protanopia, deuteranopia and tritanopia by the simulation of Machado et al. (2009). The candidates are a grid
in sRGB, so the result is the same on every machine.

Needs colorspacious (extra [test]). Run: python tools/make_palette.py
"""

import csv
from pathlib import Path

import numpy as np
from colorspacious import cspace_convert

from adebook.classes import CLASSES

ROOT = Path(__file__).resolve().parent.parent
STEP = 8  # 33 levels a channel: finer steps gain nothing that one could see
MIN_LIGHTNESS = 18.0  # J' of CAM02-UCS: darker colors all look black in a figure
SOURCE = "tools/make_palette.py: farthest points in CAM02-UCS under normal and color-blind vision"
VISIONS = ("normal", "protanomaly", "deuteranomaly", "tritanomaly")


def perceived(rgb: np.ndarray, vision: str) -> np.ndarray:
    """Colors [N, 3] (0..255) as CAM02-UCS coordinates [N, 3] for an eye of this kind (severity 100 %)."""
    space = "sRGB1" if vision == "normal" else {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
    seen = np.clip(cspace_convert(np.asarray(rgb) / 255.0, space, "sRGB1"), 0.0, 1.0)
    return cspace_convert(seen, "sRGB1", "CAM02-UCS")


def choose(count: int) -> np.ndarray:
    levels = np.minimum(np.arange(0, 256 + STEP, STEP), 255)[: 256 // STEP + 1]
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[perceived(grid, "normal")[:, 0] >= MIN_LIGHTNESS]
    candidates = np.stack([perceived(grid, vision) for vision in VISIONS], axis=1)  # [N, vision, 3]
    background = np.stack([perceived([[0, 0, 0], [255, 255, 255]], v) for v in VISIONS], axis=1)

    def distance(points: np.ndarray) -> np.ndarray:  # [vision, 3] -> [N], the worst way of seeing counts
        return np.linalg.norm(candidates - points, axis=-1).min(axis=1)

    nearest = np.minimum(distance(background[0]), distance(background[1]))
    chosen = []
    for _ in range(count):
        best = int(np.argmax(np.round(nearest, 6)))  # rounded: equal on every machine
        chosen.append(grid[best])
        nearest = np.minimum(nearest, distance(candidates[best]))
    return np.array(chosen)


def main() -> None:
    order = sorted(CLASSES, key=lambda c: (-c.pixel_share, c.id))
    colors = dict(zip((c.id for c in order), choose(len(order)).tolist(), strict=True))
    target = ROOT / "data" / "palette.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "r", "g", "b", "source"])
        writer.writerows([c.id, *colors[c.id], SOURCE] for c in CLASSES)
    print(f"{target.relative_to(ROOT)}: {len(colors)} colors")


if __name__ == "__main__":
    main()
