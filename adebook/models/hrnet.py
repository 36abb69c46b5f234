"""HRNetV2: never give up the resolution.

Sun et al., "High-Resolution Representations for Labeling Pixels and Regions", 2019, arXiv 1904.04514.
Others shrink the picture and enlarge the result. HRNet keeps a branch at stride 4 from beginning to end, and
lets branches at strides 8, 16 and 32 join it one after another; all exchange what they know after every few
layers (Figure 1). Version 2 uses all four at the end: enlarged to stride 4, stacked, mixed by a 1x1
convolution, scored. The branches are timm's.
"""

import timm
import torch
from torch import Tensor, nn

from adebook.models.common import SceneParser, conv_bn_relu, upsample


class HRNetV2(nn.Module):
    """Pictures [B, 3, H, W], H and W multiples of 32, to logits [B, K, H/4, W/4].

    Args:
        num_classes: K.
        encoder: an HRNet of timm; w48 means 48 channels in the finest branch, and 96, 192, 384 in the others.
    """

    def __init__(self, num_classes: int, encoder: str = "hrnet_w48") -> None:
        super().__init__()
        # feature_location="": the branches themselves, not what a classifier would make of them.
        self.encoder = timm.create_model(
            encoder, features_only=True, feature_location="", out_indices=(1, 2, 3, 4)
        )
        width = sum(self.encoder.feature_info.channels())  # 15 times that of the finest: 720 for w48
        self.head = nn.Sequential(conv_bn_relu(width, width), nn.Conv2d(width, num_classes, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/4, W/4]."""
        branches = self.encoder(images)  # [B, C, H/4, W/4], [B, 2C, H/8, W/8], [B, 4C, ...], [B, 8C, ...]
        stacked = torch.cat([upsample(x, branches[0].shape[-2:]) for x in branches], dim=1)
        return self.head(stacked)  # [B, 15C, H/4, W/4] -> [B, K, H/4, W/4]


def hrnetv2(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """HRNetV2-W48; at teaching size timm's smallest: 16 channels and fewer exchanges."""
    net = HRNetV2(num_classes, "hrnet_w18_small" if teaching else "hrnet_w48")
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=("encoder",))
