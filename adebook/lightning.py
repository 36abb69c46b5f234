"""Mean IoU as a `torchmetrics.Metric`, for training with Lightning.

Needs torchmetrics, which adebook does not install: `pip install torchmetrics`.
"""

from typing import Any

try:
    import torch
    from torchmetrics import Metric
except ImportError as error:
    raise ImportError(
        "adebook.lightning needs torchmetrics, which is not installed. Cure: pip install torchmetrics."
    ) from error

from adebook.metrics import Absent, ConfusionMatrix, _check_absent

__all__ = ["MeanIoU"]


class MeanIoU(Metric):
    """The mean IoU of `adebook.ConfusionMatrix`, summed over steps and processes by torchmetrics.

    Args:
        num_classes: how many classes, C.
        ignore_index: the label that marks pixels to leave out; None when there is none.
        absent: what becomes of classes that do not occur, as in `ConfusionMatrix.scores`.
        **kwargs: passed on to `torchmetrics.Metric`.

    Attributes:
        matrix: the counts, int64 [C, C], rows = ground truth, columns = prediction. The other scores come
            from `ConfusionMatrix.from_matrix(metric.matrix).scores()`.

    Convention:
        - The step's value, which `forward` returns, is the mean IoU of that batch alone. The mean of these
          values is not the mean IoU of the epoch: log the metric object, and Lightning calls `compute`.
        - Unlike `ConfusionMatrix`, an update waits for the GPU, so that an error names its batch.

    Example:
        >>> metric = MeanIoU(num_classes=3)
        >>> metric.update(torch.tensor([[0, 1], [2, 2]]), torch.tensor([[0, 1], [1, 255]]))
        >>> metric.compute()
        tensor(0.5000)
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0
    matrix: torch.Tensor

    def __init__(
        self,
        num_classes: int = 150,
        ignore_index: int | None = 255,
        absent: Absent = "exclude",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_absent(absent)
        self.absent = absent
        self._counter = ConfusionMatrix(num_classes, ignore_index)  # counts one update, then is emptied
        self.num_classes, self.ignore_index = self._counter.num_classes, self._counter.ignore_index
        zeros = torch.zeros((self.num_classes, self.num_classes), dtype=torch.int64)
        self.add_state("matrix", default=zeros, dist_reduce_fx="sum")

    def update(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        """Add a batch. After an error nothing has changed.

        Args:
            prediction: train ids 0..C-1 of the shape of the target, any integer dtype; or floating-point
                logits [N, C, h, w] for a target [N, H, W], as in `ConfusionMatrix.update_from_logits`.
            target: train ids 0..C-1 or `ignore_index`, on the same device.

        Raises:
            ValueError: as `ConfusionMatrix.update` and `update_from_logits`.
            TypeError: likewise.
        """
        try:
            if prediction.is_floating_point():
                self._counter.update_from_logits(prediction, target)
            else:
                self._counter.update(prediction, target)
            self.matrix += torch.tensor(self._counter.matrix, device=self.matrix.device)
        finally:
            self._counter.reset()

    def compute(self) -> torch.Tensor:
        """The mean IoU of everything counted so far, float32 []; NaN, with a warning, before that."""
        scores = ConfusionMatrix.from_matrix(self.matrix, self.ignore_index).scores(self.absent)
        return torch.tensor(scores.mean_iou, dtype=torch.float32, device=self.matrix.device)
