"""Two masks to a confusion matrix."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from adebook import ConfusionMatrix
from adebook.labels import to_official_ids
from benchmarks import peers
from benchmarks.harness import Row, Settings, in_turns, speed_rows
from benchmarks.masks import CLASSES, blocky, rendered

GROUP = "counting"
OURS = "adebook"
COPY = "copying both masks"


def run(settings: Settings) -> list[Row]:
    """Every kind of mask and number, with one thread and with all."""
    import torch

    inputs = {
        "blocky and noisy": blocky(*settings.of((8, 512, 683), (2, 40, 50))),
        "rendered": rendered(settings.of(16, 2)),
    }
    before = torch.get_num_threads()
    rows = []
    try:
        for kind, (predictions, labels) in inputs.items():
            for dtype in ("uint8", "int64"):
                for threads in settings.threads():
                    torch.set_num_threads(threads)  # adebook, too, uses no more than torch may
                    case = f"{kind} masks, {dtype}, {threads} thread{'s' * (threads > 1)}"
                    rows += _case(case, predictions.astype(dtype), labels.astype(dtype), settings)
    finally:
        torch.set_num_threads(before)
    return rows


def _case(
    case: str, predictions: npt.NDArray[Any], labels: npt.NDArray[Any], settings: Settings
) -> list[Row]:
    import torch

    predicted, labeled = torch.from_numpy(predictions), torch.from_numpy(labels)
    copies = torch.empty_like(predicted), torch.empty_like(labeled)
    official = tuple(to_official_ids(mask).astype(mask.dtype) for mask in (predictions, labels))
    one = (predictions[:1], labels[:1])  # scikit-learn is so slow that one picture must do

    def adebook() -> npt.NDArray[np.int64]:
        matrix = ConfusionMatrix(CLASSES)
        matrix.update(predictions, labels)
        return matrix.matrix

    contenders: dict[str, Callable[[], Any]] = {
        OURS: adebook,
        "NumPy bincount": lambda: peers.numpy_bincount(predictions, labels),
        "torchmetrics": lambda: peers.torchmetrics_matrix(predicted, labeled),
        "Hugging Face evaluate": lambda: peers.hugging_face_evaluate(predictions, labels),
        "MIT devkit": lambda: peers.mit_devkit(*official),
        "mmsegmentation": lambda: peers.mmsegmentation(predicted, labeled),
    }
    peers.check_equal(peers.numpy_bincount(predictions, labels), contenders)
    slow = {"scikit-learn": lambda: peers.scikit_learn(*one)}
    peers.check_equal(peers.numpy_bincount(*one), slow)
    contenders |= slow | {COPY: lambda: (copies[0].copy_(predicted), copies[1].copy_(labeled))}
    seconds = in_turns(contenders, settings.rounds(9))
    megapixels = dict.fromkeys(contenders, labels.size / 1e6) | {"scikit-learn": one[0].size / 1e6}
    return speed_rows((GROUP, case), seconds, OURS, megapixels, "Mpixel/s")
