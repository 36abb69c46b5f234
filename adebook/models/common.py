"""What every model stands on: one contract for pictures of any size, and the pieces that papers share.

A network of this folder is written for pictures whose sides its stride divides. `SceneParser` puts it behind the
contract that everything else relies on: pictures of any size in, logits at the network's own stride out.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from adebook._checks import IGNORE


class SceneParser(nn.Module):
    """A network behind the contract: pictures [B, 3, H, W] of any size to logits [B, K, ceil(H/s), ceil(W/s)].

    A picture is padded with zeros (the mean color, once pictures are normalized) at its right and lower edge to
    what the network can take, and what belongs to the padding is cut off the logits. A network whose position
    table is of one size (`window`) looks at a larger picture through windows that overlap by a third, and the
    logits of a place are averaged, as its paper does.

    Args:
        net: maps [B, 3, h, w] to logits [B, K, h / stride, w / stride], for h and w multiples of `divisor`. It may
            define `loss(images, target)`; without, the loss is the cross-entropy of its upsampled logits.
        num_classes: K.
        stride: s, pixels of the picture per cell of the logits.
        divisor: what h and w must be multiples of; a multiple of `stride`.
        window: the only h and w that the net takes, or None for any.
        backbone: names of the submodules of `net` that a pretrained encoder would fill, such as ("vit",).
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
        self.net = net
        self.num_classes = num_classes
        self.stride = stride
        self.divisor = divisor or stride
        self.window = window
        self.backbone = tuple(backbone)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, ceil(H/s), ceil(W/s)] of normalized pictures [B, 3, H, W].

        Raises:
            ValueError: when `images` is not [B, 3, H, W] with at least one pixel.
        """
        height, width = _size_of(images)
        rows, columns = -(-height // self.stride), -(-width // self.stride)
        logits = self._windows(images) if self.window else self.net(_pad(images, self.divisor, self.divisor))
        return logits[..., :rows, :columns]

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """The loss the network trains with, a scalar.

        Args:
            images: normalized pictures [B, 3, H, W].
            target: train ids [B, H, W], int64, 255 = ignore.
        """
        if hasattr(self.net, "loss"):
            side = self.window or self.divisor
            # A padded pixel has no label: 255.
            padded = _pad(images, side, side)
            below, right = padded.shape[-2] - target.shape[-2], padded.shape[-1] - target.shape[-1]
            return self.net.loss(padded, F.pad(target, (0, right, 0, below), value=IGNORE))
        return pixel_loss(self(images), target)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """The parameters of the encoder, without those of the decoder."""
        return [p for name in self.backbone for p in self.net.get_submodule(name).parameters()]

    def _windows(self, images: Tensor) -> Tensor:
        """Logits averaged over windows; H and W are at least one window after padding."""
        side, step = self.window, self.window * 2 // 3 // self.stride * self.stride
        height, width = images.shape[-2:]
        images = F.pad(images, (0, max(0, side - width), 0, max(0, side - height)))
        images = _pad(images, self.stride, self.stride)
        total = counts = None
        for top in _starts(images.shape[-2], side, step):
            for left in _starts(images.shape[-1], side, step):
                logits = self.net(images[..., top : top + side, left : left + side])
                if total is None:
                    shape = [n // self.stride for n in images.shape[-2:]]
                    total = logits.new_zeros(*logits.shape[:2], *shape)
                    counts = logits.new_zeros(1, 1, *shape)
                cells = side // self.stride
                there = (
                    ...,
                    slice(top // self.stride, top // self.stride + cells),
                    slice(left // self.stride, left // self.stride + cells),
                )
                total[there] += logits
                counts[there] += 1
        return total / counts


def pixel_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of logits [B, K, h, w] upsampled to the target [B, H, W]; 255 is ignored.

    With every pixel ignored the loss is 0, not the NaN of a mean over nothing.
    """
    logits = upsample(logits, target.shape[-2:])
    total = F.cross_entropy(logits, target, ignore_index=IGNORE, reduction="sum")
    return total / (target != IGNORE).sum().clamp(min=1)


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
            f"images have shape {list(images.shape)}, but a model takes [B, 3, H, W]: a batch of RGB pictures, "
            f"channels first. Cure: image.permute(2, 0, 1)[None] makes a batch of one H x W x 3 picture."
        )
    return images.shape[-2], images.shape[-1]


def _pad(images: Tensor, rows: int, columns: int) -> Tensor:
    height, width = images.shape[-2:]
    return F.pad(images, (0, -width % columns, 0, -height % rows))


def _starts(length: int, side: int, step: int) -> list[int]:
    """Where windows begin: every `step`, and the last one flush with the end."""
    last = length - side
    return [*range(0, last, step), last]
