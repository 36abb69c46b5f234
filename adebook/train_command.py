"""Train a model that a file describes: `adebook train CONFIG.toml`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datasets as hf

    from adebook.models import SceneParser

__all__ = ["configure", "run"]

_EXAMPLE = """\
an example, in which all but [model] key and [training] folder may be left out:

  [model]
  key = "segformer-b0"          # adebook.models.keys(), or small-fpn
  teaching = true               # the same structure, small enough for a CPU
  weights = "best.safetensors"  # start from these instead of random weights

  [data]
  source = "dollhouse"          # or sceneparse150, ...; root = "FOLDER" where it is elsewhere
  scenes = ["street", "park"]   # only these

  [recipe]                      # adebook.batches.Recipe
  short_side = 192
  crop_size = [160, 192]

  [training]                    # adebook.training.Config
  steps = 1000
  batch_size = 8
  folder = "runs/first"
"""
_MODEL_KEYS = ["key", "num_classes", "teaching", "image_size", "weights"]
_DATA_KEYS = ["source", "root", "training", "validation", "scenes"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `adebook train` to its parser."""
    parser.description = (
        "Train the model that a TOML file describes. The same command goes on where it was stopped, or "
        "killed. On several GPUs: accelerate launch -m adebook train CONFIG.toml."
    )
    parser.epilog = _EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("config", type=Path, metavar="CONFIG.toml", help="what to train, on what, and how")


def run(args: argparse.Namespace) -> int:
    """Train, and print the scores and where the files are."""
    from adebook import training

    tables = training.read_toml(args.config)
    config = training.from_tables(training.Config, tables, args.config)
    if config.folder is None:
        raise ValueError(
            f'{args.config} names no folder, so all would be lost at the end. Cure: folder = "runs/first" '
            f"below [training]."
        )
    for name, known in (("model", _MODEL_KEYS), ("data", _DATA_KEYS)):
        training.check_keys(tables[name], known, f"{args.config}, [{name}]")
    model = _model(tables["model"], config.seed, args.config)
    data = tables["data"]
    train, validation = (_rows(data, split, args.config) for split in ("training", "validation"))
    result = training.fit(model, train, validation, config)
    if _is_main_process():
        best = result.best
        print(
            f"best at step {best['step']}: mean IoU {best['mean_iou']:.4f} (mean over the classes that "
            f"occur), pixel accuracy {best['pixel_accuracy']:.4f}\n"
            f"model: {result.best_model}\nlog:   {result.log}"
        )
    return 0


def _model(table: dict[str, Any], seed: int, path: Path) -> "SceneParser":
    import torch

    from adebook import checkpoints, models

    if "key" not in table:
        raise ValueError(f'{path} names no model. Cure: key = "segformer-b0" below [model].')
    build = {k: v for k, v in table.items() if k != "weights"}
    torch.manual_seed(seed)
    model = models.build(**build)
    if "weights" in table:
        checkpoints.load_weights(model, table["weights"])
    return model


def _rows(table: dict[str, Any], split: str, path: Path) -> "hf.Dataset":
    import adebook

    source = table.get("source", adebook.source())
    rows = adebook.load(source, table.get(split, split), root=table.get("root"))
    if "scenes" not in table:
        return rows
    kinds = list(rows["scene"])
    if unknown := [scene for scene in table["scenes"] if scene not in kinds]:
        raise ValueError(
            f"{path}, [data]: no picture of {source}, {split}, has the scene {unknown[0]!r}. There are "
            f"{', '.join(sorted({kind for kind in kinds if kind}))}."
        )
    return rows.select([i for i, kind in enumerate(kinds) if kind in table["scenes"]])


def _is_main_process() -> bool:
    from accelerate import PartialState

    return PartialState().is_main_process
