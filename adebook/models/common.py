"""What every model stands on: one contract for pictures of any size, and the pieces that papers share.

A network of this folder is written for pictures whose sides its stride divides. `SceneParser` puts it behind
the contract that everything else relies on: pictures of any size in, logits at the network's own stride out.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook._checks import IGNORE


class SceneParser(nn.Module):
    """A network behind the contract: pictures [B, 3, H, W] of any size to [B, K, ceil(H/s), ceil(W/s)].

    A picture is padded with zeros (the mean color, once pictures are normalized) at its right and lower edge
    to what the network can take, and what belongs to the padding is cut off the logits. A network whose
    position table is of one size (`window`) looks at a larger picture through windows that overlap by a third
    or more, and the logits of a place are averaged, as its paper does.

    Args:
        net: maps [B, 3, h, w] to logits [B, K, h / stride, w / stride], for h and w multiples of `divisor`.
            It may define `loss(images, target)`; without, the loss is the cross-entropy of its upsampled
            logits.
        num_classes: K.
        stride: s, pixels of the picture per cell of the logits.
        divisor: what h and w must be multiples of; a multiple of `stride`.
        window: the only h and w that the net takes, a multiple of `divisor`; None for any.
        backbone: names of the submodules of `net` that a pretrained encoder would fill, such as ("vit",).

    Raises:
        ValueError: when the sizes do not divide each other.
        AttributeError: when `net` has no submodule of a name in `backbone`.
    """

    def __init__(
        self,
        net: nn.Module,
        num_classes: int,
        *,
        stride: int,
        divisor: int | None = None,
        window: int | None = None,
        backbone: Sequence[str] = (),
    ) -> None:
        super().__init__()
        divisor = stride if divisor is None else divisor
        if divisor % stride:
            raise ValueError(f"divisor is {divisor}, but must be a multiple of the stride, {stride}.")
        if window is not None and (window < divisor or window % divisor):
            raise ValueError(f"window is {window}, but must be a multiple of the divisor, {divisor}.")
        for name in backbone:
            net.get_submodule(name)
        self.net = net
        self.num_classes = num_classes
        self.stride = stride
        self.divisor = divisor
        self.window = window
        self.backbone = tuple(backbone)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, ceil(H/s), ceil(W/s)] of normalized pictures [B, 3, H, W].

        Raises:
            ValueError: when `images` is not [B, 3, H, W] with at least one pixel.
            TypeError: when `images` holds whole numbers.
        """
        height, width = _size_of(images)
        rows, columns = -(-height // self.stride), -(-width // self.stride)
        logits = self.net(_pad(images, self.divisor)) if self.window is None else self._windows(images)
        return logits[..., :rows, :columns]

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """The loss the network trains with, a scalar.

        Args:
            images: normalized pictures [B, 3, H, W].
            target: train ids [B, H, W], int64, 255 = ignore.

        Raises:
            ValueError: when the two are not of one size, or when the pictures are larger than the only size
                that the network takes and its loss cannot be put together from windows.
            TypeError: when `target` is not int64, or `images` holds whole numbers.
        """
        height, width = _size_of(images)
        _check_target(images, target)
        if not hasattr(self.net, "loss"):
            return pixel_loss(self(images), target)
        if self.window is not None and max(height, width) > self.window:
            raise ValueError(
                f"pictures are {height} x {width}, but this network trains on crops of at most "
                f"{self.window} x {self.window}. Cure: smaller crops, or "
                f"build(..., image_size={max(height, width)})."
            )
        padded = _pad(images, self.window or self.divisor)
        below, right = padded.shape[-2] - height, padded.shape[-1] - width
        return self.net.loss(padded, F.pad(target, (0, right, 0, below), value=IGNORE))  # no label there

    def backbone_parameters(self) -> list[nn.Parameter]:
        """The parameters of the encoder, without those of the decoder."""
        return [p for name in self.backbone for p in self.net.get_submodule(name).parameters()]

    def _windows(self, images: Tensor) -> Tensor:
        """Logits of all cells of the pictures once padded, averaged over the windows that see a cell."""
        side, stride = self.window, self.stride
        height, width = images.shape[-2:]
        images = _pad(F.pad(images, (0, max(0, side - width), 0, max(0, side - height))), stride)
        rows, columns = images.shape[-2] // stride, images.shape[-1] // stride
        cells = side // stride  # of a window's side
        total = images.new_zeros(images.shape[0], self.num_classes, rows, columns)
        counts = images.new_zeros(1, 1, rows, columns)
        for top in window_starts(rows, cells):
            for left in window_starts(columns, cells):
                y, x = top * stride, left * stride
                here = (..., slice(top, top + cells), slice(left, left + cells))
                total[here] += self.net(images[..., y : y + side, x : x + side])
                counts[here] += 1
        return total / counts


def pixel_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of logits [B, K, h, w] upsampled to the target [B, H, W]; 255 is ignored.

    With every pixel ignored the loss is 0, not the NaN of a mean over nothing.
    """
    pixels = per_pixel(logits, target.shape[-2:])
    total = F.cross_entropy(pixels, target.flatten(), ignore_index=IGNORE, reduction="sum")
    return total / (target != IGNORE).sum().clamp(min=1)


def per_pixel(logits: Tensor, size: Sequence[int]) -> Tensor:
    """Logits [B, K, h, w], upsampled, as rows [B * H * W, K] of the pixels of `size`.

    With its classes side by side in memory, a pixel's softmax takes half the time on a CPU.
    """
    logits = upsample(logits.contiguous(memory_format=torch.channels_last), size)
    return logits.permute(0, 2, 3, 1).flatten(0, 2)


def upsample(x: Tensor, size: Sequence[int]) -> Tensor:
    """[B, C, h, w] to [B, C, *size], bilinear, pixel centers aligned (align_corners=False)."""
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


def conv_bn_relu(channels_in: int, channels_out: int, kernel: int = 1) -> nn.Sequential:
    """The block of every decoder: convolution that keeps the size, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of [B, C, H, W]."""

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _size_of(images: Tensor) -> tuple[int, int]:
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ValueError(
            f"images have shape {list(images.shape)}, but a model takes [B, 3, H, W]: a batch of RGB "
            f"pictures, channels first, none empty. Cure: image.permute(2, 0, 1)[None] makes a batch of one "
            f"H x W x 3 picture."
        )
    if not images.is_floating_point():
        raise TypeError(
            f"images are {images.dtype}, but a model takes normalized pictures in floating point. "
            f"Cure: adebook.transforms.evaluation_transform()."
        )
    return images.shape[-2], images.shape[-1]


def _check_target(images: Tensor, target: Tensor) -> None:
    wanted = [images.shape[0], *images.shape[-2:]]
    if list(target.shape) != wanted:
        raise ValueError(
            f"target has shape {list(target.shape)}, but the pictures want {wanted}: one label per pixel. "
            f"Cure: crop and resize target and picture together; nearest neighbor for the target."
        )
    if target.dtype != torch.int64:
        raise TypeError(f"target is {target.dtype}, but must be int64 train ids. Cure: target.long().")


def _pad(images: Tensor, multiple: int) -> Tensor:
    """Zeros at the right and lower edge, up to the next multiple."""
    height, width = images.shape[-2:]
    return F.pad(images, (0, -width % multiple, 0, -height % multiple))


def window_starts(length: int, window: int) -> list[int]:
    """Where windows begin along a side, in cells: every two thirds of a window, the last flush with the end.

    A side that is shorter than a window has one, at 0.
    """
    last = max(0, length - window)
    return [*range(0, last, max(1, window * 2 // 3)), last]
