"""Training a segmenter: `fit` is the loop, to be read from top to bottom.

    rows = adebook.load("dollhouse", "training")
    model = adebook.models.build("segformer-b0", teaching=True)
    config = Config(steps=300, batch_size=8, learning_rate=1e-3, folder="runs/first")
    result = fit(model, rows, adebook.load("dollhouse", "validation"), config)

On several GPUs or hosts the same file is started by `accelerate launch file.py`. On a CPU, accelerate's
launcher starts one process whatever it is told, unless there is MPI; there it is
`ACCELERATE_USE_CPU=true torchrun --nproc_per_node 2 file.py`.

Conventions:

- A step is one change of the weights, and `batch_size` is how many pictures it sees, over all processes.
  With more processes each gets fewer, and the loss is divided by the labeled pixels of all of them, so the
  curve is the same up to rounding (batch normalization alone still looks at the pictures of one process).
- Every random number follows from (seed, step, process) and every sample from (seed, epoch, name). So a run
  that was killed goes on as if nothing had happened: on a CPU the weights at the end are equal bit for bit.
- Evaluation is exact: every picture once, at its native size, counted by `ConfusionMatrix`, whatever the
  number of processes.

Sources: learning rate and schedule as in mmsegmentation's configs for ADE20K (AdamW, poly, linear warm-up; no
weight decay for norms and biases); layer-wise decay as in BEiT (Bao et al., 2022); focal loss of Lin et
al., 2017.
"""

import csv
import dataclasses
import difflib
import hashlib
import json
import math
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from adebook import checkpoints
from adebook._checks import IGNORE
from adebook.batches import (  # the first import: it says what to install where torch is missing
    SegmentationDataset,
    TrainingLoader,
    class_weights,
    count_pixels,
    evaluation_loader,
    training_loader,
)
from adebook.metrics import ConfusionMatrix, PerImage, upsampled_argmax
from adebook.models.common import per_pixel, upsample
from adebook.transforms import Recipe, evaluation_transform, training_transform

import torch  # isort: skip
from torch import Tensor, distributed, nn  # isort: skip
from torch.nn import functional as F  # isort: skip

if TYPE_CHECKING:
    import datasets as hf
    import pandas as pd
    from accelerate import Accelerator

    from adebook.models import SceneParser

__all__ = ["Config", "Result", "evaluate", "fit"]

_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "schedule": ("poly", "cosine"),
    "loss": ("cross_entropy", "focal"),
    "loss_at": ("pixels", "stride"),
    "class_weights": (None, "median_frequency", "inverse_log"),
    "precision": (None, "no", "fp16", "bf16"),
}
_COLUMNS = ("step", "loss", "learning_rate", "seconds", "mean_iou", "pixel_accuracy")  # of the log
# A run may go on with other values of these: they change no weight.
_FREE = {"folder", "workers", "progress", "evaluate_every", "checkpoint_every", "log_every"}


@dataclass(frozen=True)
class Config:
    """How to train.

    Attributes:
        steps: how often the weights are changed.
        batch_size: pictures per step, over all processes.
        accumulate: into how many parts a process cuts its share of a step, when memory does not hold it at
            once.
        learning_rate: the highest; of AdamW.
        encoder_rate: factor on it for the encoder: 1 for random weights, 0.1 for pretrained ones.
        layer_decay: a further factor on the encoder's rate for each layer further from the decoder; 1 is
            none, 0.9 is BEiT's for large transformers.
        weight_decay: of AdamW; norms and biases have none.
        schedule: how the rate falls to 0: "poly" (1 - t)^0.9, or "cosine" (1 + cos(pi t)) / 2.
        warmup: share of the steps in which the rate rises linearly before that.
        clip: longest gradient (L2 norm over all weights); None for any.
        loss: "cross_entropy", or "focal", which weighs a pixel by (1 - p)^2 of its class's probability p.
        dice: weight of the Dice loss (of segmentation-models-pytorch) that is added; 0 is none.
        class_weights: weights of the classes, from the training masks: None, "median_frequency" or
            "inverse_log"; see `adebook.batches.class_weights`.
        loss_at: "pixels": logits are enlarged to the crop; "stride": labels are taken at the centers of the
            logits' cells, which is several times quicker with 150 classes on a CPU.
        precision: "no" (float32), "bf16", "fp16"; None is what `accelerate launch` was told, else float32.
        evaluate_every: steps between evaluations; None for one at the end only.
        checkpoint_every: steps between training states; evaluations save one, too.
        log_every: steps between rows of the history.
        workers: processes that prepare batches, in each training process.
        seed: of everything random.
        folder: where the state, the best model and the log go. If it holds a state of the same settings and
            data, training goes on from there. None: nothing is written.
        progress: a bar, and in a notebook a plot that grows.
        recipe: how pictures become crops.

    Raises:
        ValueError, TypeError: for a value that makes no sense, naming it.
    """

    steps: int = 1000
    batch_size: int = 16
    accumulate: int = 1
    learning_rate: float = 6e-4
    encoder_rate: float = 1.0
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    schedule: str = "poly"
    warmup: float = 0.05
    clip: float | None = None
    loss: str = "cross_entropy"
    dice: float = 0.0
    class_weights: str | None = None
    loss_at: str = "pixels"
    precision: str | None = None
    evaluate_every: int | None = None
    checkpoint_every: int = 500
    log_every: int = 10
    workers: int = 0
    seed: int = 0
    folder: Path | None = None
    progress: bool = True
    recipe: Recipe = field(default_factory=Recipe)

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "accumulate", "checkpoint_every", "log_every"):
            _whole(name, getattr(self, name), 1)
        if self.evaluate_every is not None:
            _whole("evaluate_every", self.evaluate_every, 1)
        for name in ("workers", "seed"):
            _whole(name, getattr(self, name), 0)
        for name in ("learning_rate", "encoder_rate", "weight_decay", "dice"):
            _number(name, getattr(self, name), 0, math.inf)
        _number("layer_decay", self.layer_decay, 0.01, 1)
        _number("warmup", self.warmup, 0, 1)
        if self.clip is not None:
            _number("clip", self.clip, 1e-6, math.inf)
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                words = ", ".join(repr(choice) for choice in choices)
                raise ValueError(f"{name} is {value!r}, but is one of {words}.{_meant(value, choices)}")
        if not isinstance(self.recipe, Recipe):
            raise TypeError(f"recipe is {self.recipe!r}, but is an adebook.batches.Recipe.")
        if self.recipe.pad_multiple != 1:
            raise ValueError(
                f"recipe.pad_multiple is {self.recipe.pad_multiple}, but models pad for themselves. Cure: 1."
            )
        if self.folder is not None:
            object.__setattr__(self, "folder", Path(self.folder))

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """The tables `[training]` and `[recipe]` of a TOML file, whose keys are the attributes of this
        class and of `Recipe`. `[model]` and `[data]` are for `adebook train`.

        Raises:
            FileNotFoundError: when there is no such file.
            ValueError: for an unknown key (did you mean ...?), a value that makes no sense, or no valid TOML;
                naming the file.
        """
        tables = read_toml(path)
        return from_tables(cls, tables, path)


def read_toml(path: str | Path) -> dict[str, dict[str, Any]]:
    """The tables of a configuration file: `model`, `data`, `recipe`, `training`, each empty when it is not
    there.

    Raises:
        FileNotFoundError, ValueError: as `Config.from_toml`.
    """
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is not there: no configuration to read.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no valid TOML: {error}.") from None
    tables = ("model", "data", "recipe", "training")
    for name, table in found.items():
        if not isinstance(table, dict):
            raise ValueError(
                f"{path}: {name!r} stands outside of any table. Cure: put it below [model], [data], "
                f"[recipe] or [training]."
            )
        if name not in tables:
            raise ValueError(f"{path} has an unknown table [{name}].{_meant(name, tables)}")
    return {name: found.get(name, {}) for name in tables}


def from_tables(cls: type[Config], tables: Mapping[str, Mapping[str, Any]], path: str | Path) -> Config:
    """A `Config` of what `read_toml` returned."""
    recipe, training = dict(tables["recipe"]), dict(tables["training"])
    check_keys(recipe, [f.name for f in fields(Recipe)], f"{path}, [recipe]")
    check_keys(training, [f.name for f in fields(cls) if f.name != "recipe"], f"{path}, [training]")
    lists = {k: tuple(v) if isinstance(v, list) else v for k, v in recipe.items()}
    try:
        return cls(**training, recipe=Recipe(**lists))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None


def check_keys(table: Mapping[str, Any], known: list[str], where: str) -> None:
    """Refuse keys that nobody reads.

    Raises:
        ValueError: naming the first, and the nearest known one.
    """
    for key in table:
        if key not in known:
            meant = _meant(key, known) or f" There are {', '.join(known)}."
            raise ValueError(f"{where} has an unknown key {key!r}.{meant}")


def _meant(word: Any, known: Any) -> str:
    names = [name for name in known if isinstance(name, str)]
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}, but is a whole number.")
    if value < least:
        raise ValueError(f"{name} is {value}, but is at least {least}.")


def _number(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is {value!r}, but is a number.")
    if not (low <= value <= high and math.isfinite(value)):
        allowed = f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
        raise ValueError(f"{name} is {value}, but is {allowed}.")


@dataclass(frozen=True)
class Result:
    """What `fit` returns. The model itself holds the weights of the last step.

    Attributes:
        history: a dictionary for each row of the log: `step`, `loss` (mean since the row before),
            `learning_rate`, `seconds` (of training and evaluation so far), and after an evaluation
            `mean_iou` and `pixel_accuracy` (shares, by `ConfusionMatrix.scores()`), else None.
        best: the row with the highest `mean_iou`.
        best_model: file of the weights of that step, for `adebook.checkpoints.load_model`; None without a
            folder.
        state: file of the last training state; None without a folder.
        log: the history as CSV; None without a folder.
    """

    history: list[dict[str, Any]]
    best: dict[str, Any]
    best_model: Path | None
    state: Path | None
    log: Path | None

    def table(self) -> "pd.DataFrame":
        """The history as a DataFrame, its index `step`."""
        import pandas as pd

        return pd.DataFrame(self.history).set_index("step")

    def __repr__(self) -> str:
        last = self.history[-1]
        return (
            f"Result(steps={last['step']}, best mean IoU {self.best['mean_iou']:.4f} at step "
            f"{self.best['step']}, last loss {last['loss']:.4f}, {last['seconds']:.0f} s)"
        )


# --- the loop -----------------------------------------------------------------------------------------------


def fit(model: "SceneParser", train: "hf.Dataset", validation: "hf.Dataset", config: Config) -> Result:
    """Train a model, evaluate it, and keep what is needed to go on after whatever happens.

    Args:
        model: of `adebook.models.build`, `load_model` or your own `SceneParser`; it is trained in place.
        train: rows of `adebook.load`.
        validation: rows of `adebook.load`; scores are taken on all of them at native size.
        config: how.

    Returns:
        `Result`: the history, the best scores and the files.

    Raises:
        ValueError: for an empty data set, labels that the model has no class for, a batch that the processes
            cannot share, a folder with a run of other settings or other data, or a broken checkpoint.
        RuntimeError: when the loss or a weight is no longer a finite number; names the last good checkpoint.
        OSError: when a checkpoint cannot be written; names the last good one.

    Convention:
        - Python's, NumPy's and torch's global random numbers are seeded anew at each step.
        - `config.folder` holds `state.safetensors` and, in case it breaks, the one before it,
          `previous-state.safetensors`; `best.safetensors`; and `log.csv`. Remove the folder to start anew.
        - A model whose memory format is `channels_last` is trained in it.
    """
    try:
        from accelerate.utils import set_seed
    except ModuleNotFoundError:
        raise ModuleNotFoundError("fit needs accelerate. Cure: pip install 'adebook[train]'.") from None
    for name, rows in (("train", train), ("validation", validation)):
        if not len(rows):
            raise ValueError(
                f"{name} is empty: it has no rows. Cure: look at the filter or select before it."
            )
    accelerator = _accelerator(config)
    ranks = accelerator.num_processes
    share, rest = divmod(config.batch_size, ranks * config.accumulate)
    if rest:
        raise ValueError(
            f"batch_size is {config.batch_size}, which {ranks} process(es) in {config.accumulate} part(s) "
            f"cannot share. Cure: a multiple of {ranks * config.accumulate}."
        )
    samples = SegmentationDataset(train, training_transform(config.recipe), seed=config.seed)
    loader = training_loader(
        samples,
        share,
        num_workers=config.workers,
        seed=config.seed,
        rank=accelerator.process_index,
        world_size=ranks,
    )
    model.to(accelerator.device)
    objective = _Objective(model, config, train).to(accelerator.device)
    optimizer = torch.optim.AdamW(_parameter_groups(model, config), lr=config.learning_rate)
    trained, optimizer = accelerator.prepare(objective, optimizer)

    run = _Run(model, optimizer, loader, accelerator, config, _names(train))
    run.resume()
    batches = _endless(loader)
    model.train()
    with _Progress(config, run, accelerator.is_main_process) as progress:
        while run.step < config.steps:
            rate = _rate(run.step, config)
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * rate

            parts = [_on(accelerator.device, next(batches), objective) for _ in range(config.accumulate)]
            # All randomness of a step follows from its number, so a state needs no generators in it. After
            # the batches: a loader draws a number of its own whenever it starts.
            set_seed(_seed_of(config.seed, run.step, accelerator.process_index))
            weight = torch.stack([objective.weight_of(target) for _, target in parts]).sum()
            weight = accelerator.reduce(weight, "sum").clamp(min=1)  # of the step, over all processes
            for images, target in parts:
                with accelerator.accumulate(trained):
                    # What follows averages over parts and processes; this makes it the mean over all pixels.
                    loss = trained(images, target, ranks * config.accumulate / weight)
                    accelerator.backward(loss)
                    if config.clip is not None and accelerator.sync_gradients:
                        accelerator.clip_grad_norm_(model.parameters(), config.clip)
                    optimizer.step()
                    optimizer.zero_grad()
                run.add_loss(loss.detach() / config.accumulate)
            run.step += 1

            every = config.evaluate_every
            last = run.step == config.steps
            evaluates = last or (every is not None and run.step % every == 0)
            saves = evaluates or run.step % config.checkpoint_every == 0
            if evaluates or run.step % config.log_every == 0:
                run.log(config.learning_rate * rate)
            if evaluates:
                run.score(evaluate(model, validation, config.recipe, workers=config.workers))
            if saves:
                run.save()
            progress.show()
    return run.result()


def evaluate(
    model: "SceneParser",
    rows: "hf.Dataset",
    recipe: Recipe | None = None,
    *,
    images: PerImage | None = None,
    workers: int = 0,
) -> ConfusionMatrix:
    """Count a model's predictions on every picture once, at native size.

    In a process group (`accelerate launch`, torchrun) every process counts its share, and each returns the
    total.

    Args:
        model: on any device; its mode (training or not) is put back afterwards.
        rows: of `adebook.load`.
        recipe: how pictures are resized and normalized; None is `Recipe()`. For a loaded model see
            `recipe_of`.
        images: filled with the counts of each picture when given, for confidence intervals.
        workers: processes that prepare pictures.

    Returns:
        the confusion matrix, of as many classes as the model has.

    Raises:
        ValueError: for an empty data set, or labels that the model has no class for, naming the picture.
    """
    grouped = distributed.is_available() and distributed.is_initialized()
    rank, ranks = (distributed.get_rank(), distributed.get_world_size()) if grouped else (0, 1)
    samples = SegmentationDataset(rows, evaluation_transform(recipe))
    device = next(model.parameters()).device
    confusion = ConfusionMatrix(model.num_classes, IGNORE)
    mine = PerImage(model.num_classes, IGNORE)
    training = model.training
    model.eval()
    if grouped:  # batch normalization keeps statistics of its own in each process; those of the first count
        for buffer in model.buffers():
            distributed.broadcast(buffer, src=0)
    try:
        with torch.inference_mode():
            for batch in evaluation_loader(samples, num_workers=workers, rank=rank, world_size=ranks):
                _check_classes(batch, model.num_classes)
                logits = model(batch["image"].to(device)).float()
                if images is None:
                    confusion.update_from_logits(logits, batch["target"].to(device))
                else:
                    prediction = upsampled_argmax(logits.cpu(), tuple(batch["target"].shape[-2:]))
                    confusion.update(prediction, batch["target"])
                    mine.update(prediction, batch["target"], batch["name"])
    finally:
        model.train(training)
    if grouped:
        confusion.all_reduce()
    if images is not None:
        if grouped:
            parts: list[Any] = [None] * ranks
            distributed.all_gather_object(parts, mine)
        for part in parts if grouped else [mine]:
            images.merge(part)
    return confusion


def recipe_of(model: "SceneParser", **changes: Any) -> Recipe:
    """The recipe with the preprocessing of a loaded model, and with `changes`."""
    return Recipe(**{k: v for k, v in {**model.preprocessing, **changes}.items() if v is not None})


def _accelerator(config: Config) -> "Accelerator":
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    # accelerate keeps one state for the process and refuses a second precision; a notebook compares several.
    AcceleratorState._reset_state()
    return Accelerator(mixed_precision=config.precision, gradient_accumulation_steps=config.accumulate)


def _seed_of(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _names(rows: "hf.Dataset") -> str:
    """A fingerprint of which pictures there are, in which order."""
    return hashlib.sha256("\n".join(rows["name"]).encode()).hexdigest()[:16]


def _endless(loader: TrainingLoader) -> Iterator[dict[str, Any]]:
    while True:
        yield from loader


def _on(device: torch.device, batch: dict[str, Any], objective: "_Objective") -> tuple[Tensor, Tensor]:
    _check_classes(batch, objective.model.num_classes)
    target = objective.labels_of(batch["target"])
    return batch["image"].to(device, non_blocking=True), target.to(device, non_blocking=True)


def _check_classes(batch: dict[str, Any], num_classes: int) -> None:
    """A label beyond the last class is a crash somewhere in a GPU's kernel; here it is a sentence."""
    target = batch["target"]
    wrong = (target >= num_classes) & (target != IGNORE)
    if wrong.any():
        which = int(wrong.flatten(1).any(1).nonzero()[0])
        label = int(target[which][wrong[which]][0])
        raise ValueError(
            f"{batch['name'][which]} is labeled {label} (train id), but the model has {num_classes} classes, "
            f"0..{num_classes - 1}. Cure: build it with num_classes={label + 1} or more (ADE20K has 150)."
        )


def _rate(step: int, config: Config) -> float:
    """The factor on the learning rate at a step, above 0 and at most 1."""
    warmup = round(config.warmup * config.steps)
    past = step / config.steps
    falling = (1 - past) ** 0.9 if config.schedule == "poly" else (1 + math.cos(math.pi * past)) / 2
    return min(1.0, (step + 1) / (warmup + 1)) * falling


# --- loss ---------------------------------------------------------------------------------------------------


class _Objective(nn.Module):
    """Pictures and labels to the loss; a module, so that accelerate can wrap all of it."""

    def __init__(self, model: "SceneParser", config: Config, rows: "hf.Dataset") -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.own = hasattr(model.net, "loss")
        defaults = {f.name: f.default for f in fields(Config)}
        changed = [
            n for n in ("loss", "dice", "class_weights", "loss_at") if getattr(config, n) != defaults[n]
        ]
        if self.own and changed:
            raise ValueError(
                f"{changed[0]} is {getattr(config, changed[0])!r}, but this model trains with a loss of its "
                f"own ({type(model.net).__name__}.loss). Cure: leave it at {defaults[changed[0]]!r}."
            )
        weights = None
        if config.class_weights is not None:
            weights = torch.from_numpy(class_weights(count_pixels(rows), config.class_weights))
            weights = weights[: model.num_classes]
        self.register_buffer("class_weights", weights, persistent=False)
        self.dice = None
        if config.dice:
            from segmentation_models_pytorch.losses import DiceLoss

            self.dice = DiceLoss("multiclass", ignore_index=IGNORE)

    def labels_of(self, target: Tensor) -> Tensor:
        """The labels that the loss compares with: all [B, H, W], or those at the centers of the cells."""
        if self.config.loss_at == "pixels":
            return target
        stride = self.model.stride
        # The center of a cell lies between pixels when the stride is even; this takes the one after it.
        rows, columns = (
            (torch.arange(-(-n // stride)) * stride + stride // 2).clamp(max=n - 1) for n in target.shape[-2:]
        )
        return target[:, rows][:, :, columns]

    def weight_of(self, target: Tensor) -> Tensor:
        """What the sum over pixels must be divided by to be their mean."""
        if self.own:  # is a mean already
            return torch.ones((), device=target.device)
        labeled = target[target != IGNORE]
        if self.class_weights is None:
            return torch.tensor(float(labeled.numel()), device=target.device)
        return self.class_weights[labeled].sum()

    def forward(self, images: Tensor, target: Tensor, factor: Tensor) -> Tensor:
        """The sum over pixels times `factor`, plus what is a mean already."""
        if self.own:
            return self.model.loss(images, target) * factor
        logits, labels = self.model(images).float(), target.flatten()
        pixels = per_pixel(logits, target.shape[-2:])
        options = {"weight": self.class_weights, "ignore_index": IGNORE}
        if self.config.loss == "focal":
            losses = F.cross_entropy(pixels, labels, reduction="none", **options)
            sure = torch.exp(-F.cross_entropy(pixels, labels, reduction="none", ignore_index=IGNORE))
            total = ((1 - sure) ** 2 * losses).sum()
        else:
            total = F.cross_entropy(pixels, labels, reduction="sum", **options)
        loss = total * factor
        if self.dice is not None:
            loss = loss + self.config.dice * self.dice(upsample(logits, target.shape[-2:]), target)
        return loss


# --- optimizer ----------------------------------------------------------------------------------------------


def _parameter_groups(model: "SceneParser", config: Config) -> list[dict[str, Any]]:
    """Groups of weights with one rate and one decay each."""
    encoder = {id(p) for p in model.backbone_parameters()}
    if not encoder and (config.encoder_rate != 1 or config.layer_decay != 1):
        raise ValueError(
            "encoder_rate and layer_decay are about the encoder, but this model names none (SceneParser's "
            "backbone). Cure: leave both at 1."
        )
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not named:
        raise ValueError("The model has no weight to train: requires_grad is False for all of them.")
    layers: dict[str, int] = {}  # the encoder's, in the order of their weights, which is that of the pass
    layer_of: dict[str, int] = {}
    for name, p in named:
        if id(p) in encoder:
            key = _layer_name(name)
            if key is None:  # what stands between layers goes with the one before
                layer_of[name] = max(len(layers) - 1, 0)
            else:
                layer_of[name] = layers.setdefault(key, len(layers))
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, p in named:
        rate = config.learning_rate
        if name in layer_of:
            rate *= config.encoder_rate * config.layer_decay ** (max(len(layers), 1) - layer_of[name])
        groups.setdefault((rate, config.weight_decay if p.ndim > 1 else 0.0), []).append(p)
    return [
        {"params": params, "highest": rate, "lr": rate, "weight_decay": decay}
        for (rate, decay), params in groups.items()
    ]


def _layer_name(name: str) -> str | None:
    """Of which layer a weight is: "vit.blocks.3.mlp.fc1.weight" of "vit.blocks.3",
    "layers.0.blocks.1.norm.bias" of "layers.0.blocks.1"."""
    words = name.split(".")
    numbers = [i for i, word in enumerate(words) if word.isdigit()]
    if not numbers:
        return None
    end = numbers[0]
    for i in numbers[1:]:
        if i == end + 1 or (i == end + 2 and words[i - 1] in ("blocks", "layers", "layer")):
            end = i
            break
    return ".".join(words[: end + 1])


# --- what is kept -------------------------------------------------------------------------------------------


class _Run:
    """How far training has come, and its files."""

    def __init__(
        self,
        model: "SceneParser",
        optimizer: Any,
        loader: TrainingLoader,
        accelerator: "Accelerator",
        config: Config,
        names: str,
    ) -> None:
        self.model, self.optimizer, self.loader = model, optimizer, loader
        self.accelerator, self.config, self.names = accelerator, config, names
        self.step = 0
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        # Of the losses since the last row; on the device, because reading it would wait for it.
        self._total = torch.zeros((), device=accelerator.device)
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def file(self, name: str) -> Path | None:
        return None if self.config.folder is None else self.config.folder / name

    def add_loss(self, loss: Tensor) -> None:
        self._total += loss

    def _mean_loss(self) -> float:
        """Of the steps since the last row, and of all processes; 0 right after a row."""
        before = self.history[-1]["step"] if self.history else 0
        if self.step == before:
            return 0.0
        loss = float(self.accelerator.reduce(self._total, "mean")) / (self.step - before)
        if not math.isfinite(loss):
            self._diverged(f"the loss is {loss} between steps {before + 1} and {self.step}")
        return loss

    def log(self, rate: float) -> None:
        """A row of the history.

        Raises:
            RuntimeError: when the loss or a weight is not finite.
        """
        loss = self._mean_loss()
        self._total.zero_()
        values = (self.step, loss, rate, round(self.seconds, 2), None, None)
        self.history.append(dict(zip(_COLUMNS, values, strict=True)))

    def score(self, confusion: ConfusionMatrix) -> None:
        """Add an evaluation to the last row, and keep the model if it is the best so far."""
        scores = confusion.scores()
        row = self.history[-1]
        row |= {"mean_iou": scores.mean_iou, "pixel_accuracy": scores.pixel_accuracy}
        row["seconds"] = round(self.seconds, 2)
        if self.best is None or scores.mean_iou > self.best["mean_iou"]:
            self.best = dict(row)
            if self.config.folder is not None and self.accelerator.is_main_process:
                recipe = self.config.recipe
                checkpoints.save_model(
                    self.file("best.safetensors"),
                    self.model,
                    build=getattr(self.model, "built_with", None),
                    preprocessing={k: getattr(recipe, k) for k in ("mean", "std", "short_side", "long_side")},
                    about={"training": {"config": self._settings(), **self.best}},
                )

    def save(self) -> None:
        """Write the state and the log, unless it would be worth nothing.

        Raises:
            RuntimeError: when the loss or a weight is not finite.
        """
        self._mean_loss()
        if not all(bool(p.isfinite().all()) for p in self.model.parameters()):
            self._diverged(f"a weight is no finite number after step {self.step}")
        path = self.file("state.safetensors")
        if path is not None and self.accelerator.is_main_process:
            tensors = {f"model.{name}": t for name, t in self.model.state_dict().items()}
            for i, moments in self.optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{i}.{name}": t for name, t in moments.items()}
            scaler = self.accelerator.scaler
            state = {
                "step": self.step,
                "sampler": self.loader.state_dict(),
                "scaler": None if scaler is None else scaler.state_dict(),
                "best": self.best,
                "history": self.history,
                "seconds": self.seconds,
                "loss": float(self._total),
                "config": self._settings(),
                "names": self.names,
            }
            checkpoints.save_state(path, tensors, state)
            self._write_log()
        self.accelerator.wait_for_everyone()

    def resume(self) -> None:
        """Go on from the last state, if there is one."""
        path = self.file("state.safetensors")
        if path is None:
            return
        if not path.exists():
            path = checkpoints.previous_of(path)  # killed between two renamings
        if not path.exists():
            return
        tensors, state = checkpoints.load_state(path)
        there, here = state["config"], json.loads(json.dumps(self._settings()))
        for key in here:
            if there.get(key) != here[key]:
                raise ValueError(
                    f"{path} is the state of a run with {key} = {there.get(key)!r}, but now it is "
                    f"{here[key]!r}. Cure: the same settings, or another folder."
                )
        if state["names"] != self.names:
            raise ValueError(
                f"{path} is the state of a run on other pictures. Cure: the same rows, or another folder."
            )
        weights = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
        checkpoints.fill(self.model, weights, path)
        groups = self.optimizer.state_dict()["param_groups"]
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            if key.startswith("optimizer."):
                _, i, name = key.split(".")
                like = parameters[int(i)]  # its memory format decides how sums are rounded
                if tensor.shape == like.shape:
                    tensor = torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)
                moments.setdefault(int(i), {})[name] = tensor
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.loader.load_state_dict(state["sampler"])
        if state["scaler"] is not None and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        self.step, self.best, self.history = state["step"], state["best"], state["history"]
        self._total.fill_(state["loss"])
        self._began = time.perf_counter() - state["seconds"]

    def result(self) -> Result:
        files = [self.file(name) for name in ("best.safetensors", "state.safetensors", "log.csv")]
        return Result(self.history, self.best, *files)

    def _settings(self) -> dict[str, Any]:
        """What decides about the weights, as JSON."""
        return {k: v for k, v in dataclasses.asdict(self.config).items() if k not in _FREE}

    def _write_log(self) -> None:
        path = self.file("log.csv")
        part = path.with_name("log.csv.part")
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.history)
        part.replace(path)

    def _diverged(self, what: str) -> None:
        path = self.file("state.safetensors")
        if path is None:
            kept = "No checkpoint was kept, because folder is None."
        elif path.exists():
            kept = f"The last good checkpoint is {path}."
        else:
            kept = "There is no checkpoint yet."
        raise RuntimeError(
            f"Training diverged: {what}. {kept} Cure: a smaller learning_rate or a longer warmup, clip=1.0, "
            f"and with precision='fp16' rather 'bf16'; in another folder, because the settings change."
        )


# --- what is shown ------------------------------------------------------------------------------------------


class _Progress:
    """A bar of the steps in a terminal; in a notebook the curves, drawn anew every few seconds."""

    def __init__(self, config: Config, run: _Run, here: bool) -> None:
        from tqdm import tqdm

        self.run, self.config = run, config
        shown = config.progress and here
        self.plots = shown and _in_notebook()
        # disable=None: only where somebody looks. A log file would get a line for each step.
        hidden = None if shown and not self.plots else True
        self.bar = tqdm(total=config.steps, initial=run.step, unit="step", disable=hidden)
        self.display: Any = None
        self.next_plot = 0.0  # not before this time

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()
        if self.plots and self.run.history:
            self._draw()

    def show(self) -> None:
        self.bar.update(self.run.step - self.bar.n)
        if not self.run.history or self.run.history[-1]["step"] != self.run.step:
            return
        words = {"loss": f"{self.run.history[-1]['loss']:.3f}"}
        if self.run.best is not None:
            words["best mIoU"] = f"{self.run.best['mean_iou']:.3f}"
        self.bar.set_postfix(words, refresh=False)
        if self.plots and (began := time.perf_counter()) > self.next_plot:
            self._draw()
            took = time.perf_counter() - began
            self.next_plot = time.perf_counter() + max(3.0, 30 * took)  # so that it costs 3 % at most

    def _draw(self) -> None:
        import matplotlib.pyplot as plt
        from IPython.display import display

        table = self.run.result().table()
        figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
        figure.suptitle(f"step {self.run.step} of {self.config.steps}, {self.run.seconds:.0f} s")
        left.plot(table.index, table["loss"])
        left.set(xlabel="step", ylabel="training loss", xlim=(0, self.config.steps))
        scored = table.dropna(subset=["mean_iou"])
        right.plot(scored.index, scored["pixel_accuracy"].astype(float), "o-", label="pixel accuracy")
        right.plot(scored.index, scored["mean_iou"].astype(float), "s-", label="mean IoU")
        right.set(xlabel="step", ylabel="validation", xlim=(0, self.config.steps), ylim=(0, 1))
        right.legend()
        plt.close(figure)
        if self.display is None:
            self.display = display(figure, display_id=True)
        else:
            self.display.update(figure)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
