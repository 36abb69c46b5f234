"""PSPNet: what the whole scene is like, told to every place.

Zhao, Shi, Qi, Wang and Jia, "Pyramid Scene Parsing Network", CVPR 2017, arXiv 1612.01105, Figure 3. A
dilated ResNet keeps 8 pixels per cell; its last map is averaged over the whole picture and over 2x2, 3x3
and 6x6 regions, and the averages stand beside the map when a 3x3 convolution decides. A second head on the
stage before helps to train (Figure 4); prediction drops it.
"""

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook.models.common import SceneParser, conv_bn_relu, pixel_loss, upsample

BINS = (1, 2, 3, 6)
AUXILIARY_WEIGHT = 0.4


class PyramidPooling(nn.Module):
    """[B, C, h, w] to [B, C + 4 * (C / 4), h, w]: the map beside its averages over 1, 4, 9 and 36 regions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(conv_bn_relu(channels, channels // len(BINS)) for _ in BINS)

    def forward(self, x: Tensor) -> Tensor:
        """The map and, upsampled to its size, what it is like on average."""
        averages = (F.adaptive_avg_pool2d(x, side) for side in BINS)  # each [B, C, side, side]
        reduced = (reduce(a) for reduce, a in zip(self.reduce, averages, strict=True))  # [B, C/4, side, side]
        return torch.cat([x, *(upsample(r, x.shape[-2:]) for r in reduced)], dim=1)  # [B, 2C, h, w]


class PSPNet(nn.Module):
    """Pictures [B, 3, H, W], H and W multiples of 8, to logits [B, K, H/8, W/8].

    Args:
        num_classes: K.
        encoder: a ResNet of timm. The "s" in resnet101s: its stem is three 3x3 convolutions, as in the
            authors' code.
        width: channels of the head.
        arguments: further arguments of `timm.create_model`.
    """

    def __init__(self, num_classes: int, encoder: str, width: int = 512, **arguments: object) -> None:
        super().__init__()
        # output_stride=8: stages 3 and 4 do not halve the map, their convolutions are dilated by 2 and 4.
        self.encoder = timm.create_model(
            encoder, features_only=True, output_stride=8, out_indices=(3, 4), **arguments
        )
        third, fourth = self.encoder.feature_info.channels()
        self.pool = PyramidPooling(fourth)
        self.head = nn.Sequential(
            conv_bn_relu(2 * fourth, width, 3), nn.Dropout2d(0.1), nn.Conv2d(width, num_classes, 1)
        )
        self.auxiliary = nn.Sequential(
            conv_bn_relu(third, width // 2, 3), nn.Dropout2d(0.1), nn.Conv2d(width // 2, num_classes, 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/8, W/8]."""
        _, fourth = self.encoder(images)  # [B, 2048, H/8, W/8]
        return self.head(self.pool(fourth))

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy, plus 0.4 times that of the head on the third stage; a scalar.

        Raises:
            ValueError: for a single picture while training.
        """
        if self.training and len(images) == 1:
            raise ValueError(
                "a batch of 1 picture in training mode, but batch norm cannot average one 1x1 map. "
                "Cure: model.eval() to predict, or batches of at least 2 to train."
            )
        third, fourth = self.encoder(images)  # [B, 1024, H/8, W/8], [B, 2048, H/8, W/8]
        main = pixel_loss(self.head(self.pool(fourth)), target)
        return main + AUXILIARY_WEIGHT * pixel_loss(self.auxiliary(third), target)


def pspnet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """PSPNet on ResNet-101; at teaching size on a ResNet of 10 layers and half the channels."""
    if teaching:
        net = PSPNet(num_classes, "resnet10t", width=128, channels=(32, 64, 128, 256))
    else:
        net = PSPNet(num_classes, "resnet101s")
    return SceneParser(net, num_classes, stride=8, divisor=8, backbone=("encoder",))
