"""Masks to count, as train ids, uint8: labels with 255 = ignore, and predictions of about the right
quality."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from adebook.labels import to_train_ids
from benchmarks.harness import ROOT

CLASSES = 150


def blocky(number: int, height: int, width: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Labels of 16 x 16 blocks, frequent classes first, and predictions that miss a quarter of the pixels one
    by one.

    The noise leaves hardly a run of equal pixels: the worst that a counter meets.

    Returns:
        predictions and labels, each [number, height, width].
    """
    rng = np.random.default_rng(0)
    share = np.r_[0.1, 0.9 / np.arange(1, CLASSES + 1) / np.sum(1 / np.arange(1, CLASSES + 1))]

    def blocks() -> npt.NDArray[np.uint8]:
        small = rng.choice(CLASSES + 1, size=(number, -(-height // 16), -(-width // 16)), p=share)
        return np.kron(small.astype(np.uint8), np.ones((1, 16, 16), np.uint8))[:, :height, :width]

    mask, other = blocks(), blocks()
    guess = np.where(rng.random(mask.shape) < 0.75, mask, other)
    return np.maximum(guess, 1) - np.uint8(1), to_train_ids(mask)


def annotations() -> list[Path]:
    """The masks of Dollhouse's rendered scenes, all of 384 x 512."""
    return sorted((ROOT / "data" / "dollhouse" / "annotations").glob("*/*.png"))


def read(path: Path) -> npt.NDArray[np.uint8]:
    """A mask of official ids."""
    with PIL.Image.open(path) as image:
        return np.asarray(image)


def degraded(mask: npt.NDArray[np.uint8], seed: int) -> npt.NDArray[np.uint8]:
    """What a model might predict for this mask: outlines at a quarter of the resolution, some regions called
    otherwise.

    Args:
        mask: official ids [H, W].

    Returns:
        official ids 1..150 [H, W].
    """
    rng = np.random.default_rng(seed)
    rows, columns = (np.minimum(np.arange(n) // 4 * 4 + 2, n - 1) for n in mask.shape)
    names = np.arange(CLASSES + 1, dtype=np.uint8)
    confused = rng.random(names.size) < 0.2
    names[confused] = rng.integers(1, CLASSES + 1, int(confused.sum()))
    names[0] = 1
    return np.maximum(names[mask[np.ix_(rows, columns)]], 1)


def rendered(number: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Predictions and labels of Dollhouse, [number, 384, 512], spread over its scenes."""
    files = annotations()
    masks = [read(files[i * len(files) // number]) for i in range(number)]
    guesses = [degraded(mask, seed) for seed, mask in enumerate(masks)]
    return np.stack([to_train_ids(guess) for guess in guesses]), np.stack([to_train_ids(m) for m in masks])
