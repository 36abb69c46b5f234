"""`adebook.training.fit` beside a plain loop of PyTorch, and one of Lightning where it is installed: the same
model, pictures, loss and optimizer. Pictures per second, and the memory of a process that trains.

The plain loop does what every such loop does and no more: no accelerate, no log, no checkpoint, no
evaluation.
"""

import importlib.util
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch

import adebook
from adebook import models, training
from adebook.batches import SegmentationDataset, training_loader
from adebook.transforms import Recipe, training_transform
from benchmarks.child import forget_peak, peak_mib
from benchmarks.harness import Row, Settings, row, speed_rows

GROUP = "training"
PLAIN = "a loop of PyTorch"
OURS = "adebook.training.fit"
LIGHTNING = "Lightning"
BATCH = 8


def run(settings: Settings) -> list[Row]:
    """All loops, in turns, each in a fresh process, so that each pays for its own memory."""
    loops = [PLAIN, OURS, *([LIGHTNING] if importlib.util.find_spec("lightning") else [])]
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    memory: dict[str, list[float]] = {name: [] for name in loops}
    steps = settings.of(40, 2)
    for _ in range(settings.rounds(5)):
        for name in loops:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                took, mib = pool.submit(_measure, name, steps, settings.quick).result()
            seconds[name].append(took)
            memory[name].append(mib)
    device = "1 GPU" if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    where = (GROUP, f"FPN on MobileNetV3-Large, batches of {BATCH}, {device}")
    rows = speed_rows(where, seconds, PLAIN, steps * BATCH, "pictures/s")
    for name in loops:
        ratios = [mine / plain for mine, plain in zip(memory[name], memory[PLAIN], strict=True)]
        rows.append(row(where, name, "peak memory while training", "MiB", memory[name], PLAIN, ratios))
    return rows


def _recipe(quick: bool) -> Recipe:
    side = 32 if quick else 192
    return Recipe(short_side=side, long_side=4 * side, crop_size=side)


def _measure(name: str, steps: int, quick: bool) -> tuple[float, float]:
    """Seconds for so many steps after two to warm up, and the most memory held meanwhile, MiB."""
    rows = adebook.load("dollhouse", "training")
    torch.manual_seed(0)
    model = models.build("small-fpn")
    loop = {PLAIN: _plain, OURS: _ours, LIGHTNING: _lightning}[name]
    clock = _Clock()
    loop(model, rows, steps + 2, _recipe(quick), clock)
    return clock.moments[steps + 1] - clock.moments[1], clock.peaks[steps + 1]


class _Clock:
    """When each step ended, and the most memory held from the end of the second step to then."""

    def __init__(self) -> None:
        self.moments: list[float] = []
        self.peaks: list[float] = []

    def tick(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            self.peaks.append(torch.cuda.max_memory_allocated() / 2**20)
        else:
            self.peaks.append(peak_mib())
        self.moments.append(time.perf_counter())
        if len(self.moments) == 2:
            forget_peak()


def _plain(model: torch.nn.Module, rows: object, steps: int, recipe: Recipe, clock: _Clock) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-4, weight_decay=0.01)
    loader = training_loader(SegmentationDataset(rows, training_transform(recipe)), BATCH)
    while len(clock.moments) < steps:
        for batch in loader:
            loss = model.loss(batch["image"].to(device), batch["target"].to(device))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            clock.tick()
            if len(clock.moments) == steps:
                break


def _ours(model: torch.nn.Module, rows: object, steps: int, recipe: Recipe, clock: _Clock) -> None:
    # Where a progress bar counts the steps; the last one ends where the evaluation begins, which is not
    # timed.
    usual = training._Progress.show
    training._Progress.show = lambda self: (clock.tick(), usual(self))
    config = training.Config(steps=steps, batch_size=BATCH, log_every=10, recipe=recipe, progress=False)
    evaluate = training.evaluate
    training.evaluate = lambda *args, **kwargs: (clock.tick(), evaluate(*args, **kwargs))[1]
    try:
        training.fit(model, rows, rows.select(range(2)), config)
    finally:
        training._Progress.show, training.evaluate = usual, evaluate


def _lightning(model: torch.nn.Module, rows: object, steps: int, recipe: Recipe, clock: _Clock) -> None:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def training_step(self, batch: dict, _: int) -> torch.Tensor:
            return self.model.loss(batch["image"], batch["target"])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.model.parameters(), lr=6e-4, weight_decay=0.01)

        def on_train_batch_end(self, *_: object) -> None:
            clock.tick()

    trainer = lightning.Trainer(
        max_steps=steps, logger=False, enable_checkpointing=False, enable_progress_bar=sys.stderr.isatty(),
        enable_model_summary=False, use_distributed_sampler=False, devices=1,
    )  # fmt: skip
    trainer.fit(Module(), training_loader(SegmentationDataset(rows, training_transform(recipe)), BATCH))
