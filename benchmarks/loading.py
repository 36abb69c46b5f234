"""From files to batches: decoding beside Pillow, `datasets` and torchvision used plainly; workers; the
training recipe beside a training step; memory over 5,000 pictures.

On Dollhouse, and on the real benchmark when ADE20K_ROOT is set.
"""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import PIL.Image
import torch
from torch.utils.data import DataLoader, Dataset

import adebook
from adebook.batches import SegmentationDataset, collate, training_loader
from adebook.transforms import Recipe, training_transform
from benchmarks.child import forget_peak
from benchmarks.harness import Row, Settings, in_turns, row, speed_rows

GROUP = "loading"
PLAIN = "a loop of Pillow"
OURS = "adebook"
PICTURES = "pictures"
BATCH = 4


def run(settings: Settings) -> list[Row]:
    """All cases, for each source at hand."""
    sources = {"dollhouse": "training"}
    if os.environ.get("ADE20K_ROOT"):
        sources["sceneparse150"] = "validation"
    rows, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)  # as in a worker; a training step has its own
    try:
        for source, split in sources.items():
            rows += _decoding(source, split, settings)
            rows += _workers(source, split, settings)
            rows += _recipe(source, split, settings)
        rows += _beside_a_step(settings, threads)
        rows += _memory(settings)
    finally:
        torch.set_num_threads(threads)
    return rows


# --- decoding -----------------------------------------------------------------------------------------------


def _paths(source: str, split: str) -> list[tuple[str, str]]:
    root = adebook.datasets.source_info(source).root
    names = adebook.load(source, split)["name"][:]
    return [
        (str(root / "images" / split / f"{n}.jpg"), str(root / "annotations" / split / f"{n}.png"))
        for n in names
    ]


def _decoding(source: str, split: str, settings: Settings) -> list[Row]:
    """Pictures and masks as arrays, in this process; only adebook checks what it reads."""
    import datasets as hf
    from torchvision.io import ImageReadMode, decode_image

    paths = _paths(source, split)[: settings.of(None, 4)]
    ours = adebook.load(source, split)
    plain = hf.Dataset.from_dict({"image": [p for p, _ in paths], "annotation": [m for _, m in paths]})
    for column in plain.column_names:
        plain = plain.cast_column(column, hf.Image())

    def read_rows(rows: Any) -> None:
        for i in range(len(paths)):
            cells = rows[i]
            np.asarray(cells["image"]), np.asarray(cells["annotation"])

    def pillow() -> None:
        for picture, mask in paths:
            np.asarray(PIL.Image.open(picture).convert("RGB")), np.asarray(PIL.Image.open(mask))

    def torchvision() -> None:
        for picture, mask in paths:
            decode_image(picture, ImageReadMode.RGB), decode_image(mask, ImageReadMode.UNCHANGED)

    seconds = in_turns(
        {
            PLAIN: pillow,
            f"{OURS}.load": lambda: read_rows(ours),
            "datasets, plain": lambda: read_rows(plain),
            "torchvision.io, plain": torchvision,
        },
        settings.rounds(9),
    )
    where = (GROUP, f"decode {source}, 1 process")
    return speed_rows(where, seconds, PLAIN, len(paths), PICTURES + "/s")


class _Decoded(Dataset):
    """Decoding only, without the pixels going from process to process."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> int:
        cells = self.rows[i]
        return int(np.asarray(cells["image"])[0, 0, 0]) + int(np.asarray(cells["annotation"])[0, 0])


def _workers(source: str, split: str, settings: Settings) -> list[Row]:
    """How much two worker processes bring."""
    rows = adebook.load(source, split)
    rows = rows.select([i % len(rows) for i in range(settings.of(600, 8))])
    found = []
    pipelines: dict[str, Callable[[int], Any]] = {
        "decode": lambda n: DataLoader(_Decoded(rows), 16, num_workers=n, persistent_workers=n > 0),
        "decode and prepare": lambda n: training_loader(
            SegmentationDataset(rows, training_transform()), BATCH, num_workers=n
        ),
    }
    for what, loader_of in pipelines.items():
        loaders = {f"{OURS}, {n} workers" if n else f"{OURS}, no workers": loader_of(n) for n in (0, 2)}
        contenders = {name: (lambda loader=loader: _drain(loader)) for name, loader in loaders.items()}
        seconds = in_turns(contenders, settings.rounds(3))
        where = (GROUP, f"{what} {source}, DataLoader")
        found += speed_rows(where, seconds, f"{OURS}, no workers", len(rows), PICTURES + "/s")
    return found


def _drain(loader: Any) -> None:
    for _ in loader:
        pass


# --- the training recipe ------------------------------------------------------------------------------------


class _Torchvisions(Dataset):
    """The nearest that torchvision's own transforms come to the recipe: the share of a class in a crop is not
    looked at, and nearest counts from corners."""

    def __init__(self, paths: list[tuple[str, str]]) -> None:
        from torchvision.transforms import v2

        self.paths = paths
        self.transform = v2.Compose(
            [
                v2.ScaleJitter((512, 2048), (0.5, 2.0)),
                v2.RandomCrop(512, pad_if_needed=True, fill={torch.Tensor: 0, "others": 255}),
                v2.RandomHorizontalFlip(0.5),
                v2.RandomPhotometricDistort(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> dict[str, Any]:
        from torchvision import tv_tensors
        from torchvision.transforms.v2 import functional as F

        picture, mask = self.paths[i]
        image = F.to_image(PIL.Image.open(picture).convert("RGB"))
        target = tv_tensors.Mask(torch.from_numpy(np.asarray(PIL.Image.open(mask)) - np.uint8(1)))
        image, target = self.transform(image, target)
        return {"image": image, "target": target.long(), "name": picture}


def _recipe(source: str, split: str, settings: Settings) -> list[Row]:
    """Random resize, crop at 512, flip, distortion and normalization, in one process."""
    number = settings.of(None, 4)
    paths = _paths(source, split)[:number]
    rows = adebook.load(source, split).select(range(len(paths)))
    plain = Recipe(photometric=False)

    def all_of(dataset: Any) -> Callable[[], None]:
        return lambda: [dataset[i] for i in range(len(paths))] and None

    seconds = in_turns(
        {
            OURS: all_of(SegmentationDataset(rows, training_transform())),
            f"{OURS}, without distortion": all_of(SegmentationDataset(rows, training_transform(plain))),
            "torchvision v2, plain": all_of(_Torchvisions(paths)),
        },
        settings.rounds(5),
    )
    where = (GROUP, f"training crops of {source}, 1 process")
    return speed_rows(where, seconds, OURS, len(paths), PICTURES + "/s")


def _beside_a_step(settings: Settings, threads: int) -> list[Row]:
    """One training step of SegFormer-B0 (random weights) on all cores, and the batch it takes made on one."""
    import segmentation_models_pytorch as smp

    side = settings.of(512, 64)
    model = smp.Segformer("mit_b0", encoder_weights=None, classes=150).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-5)
    rows = adebook.load("dollhouse", "training")
    dataset = SegmentationDataset(rows, training_transform(Recipe(crop_size=side)))
    batch = collate([dataset[i] for i in range(BATCH)])
    position = 0

    def make_a_batch() -> None:
        nonlocal position
        collate([dataset[(position + i) % len(rows)] for i in range(BATCH)])
        position += BATCH

    def step() -> None:
        torch.set_num_threads(threads)
        loss = torch.nn.functional.cross_entropy(model(batch["image"]), batch["target"], ignore_index=255)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        torch.set_num_threads(1)

    name = f"a training step of SegFormer-B0, {threads} threads"
    seconds = in_turns({name: step, f"{OURS}, 1 process": make_a_batch}, settings.rounds(5))
    where = (GROUP, f"a batch of {BATCH} at {side} x {side}")
    return speed_rows(where, seconds, name, BATCH, PICTURES + "/s")


# --- memory -------------------------------------------------------------------------------------------------


def _memory(settings: Settings) -> list[Row]:
    """Memory of a fresh process that makes training crops, early and late."""
    early, late = settings.of((500, 5_000), (4, 8))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        held = pool.submit(_held_after, early, late).result()
    where = (GROUP, "memory of a process that makes training crops of Dollhouse")
    return [
        row(where, OURS, f"held after {n:,} pictures", "MiB", [mib])
        for n, mib in zip((early, late), held, strict=True)
    ]


def _held_after(early: int, late: int) -> tuple[float, float]:
    torch.set_num_threads(1)
    rows = adebook.load("dollhouse", "training")
    dataset = SegmentationDataset(rows, training_transform())
    held = []
    for i in range(late):
        dataset[i % len(rows)]
        if i + 1 in (early, late):
            held.append(forget_peak())
    return held[0], held[1]
