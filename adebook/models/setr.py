"""SETR-MLA: segmentation read as sequence to sequence, and four layers of one ViT put back into a picture.

Zheng et al., "Rethinking Semantic Segmentation from a Sequence-to-Sequence Perspective with Transformers",
CVPR 2021, arXiv 2012.15840. Figure 1 (a) is the encoder, a plain ViT-L/16 (timm's), Figure 1 (c) the decoder,
multi-level feature aggregation (MLA, Section 3.3). Channels, norms and loss weights are those of the authors'
code; maps are enlarged with pixel centers aligned, where that code aligns corners.

    picture -> ViT, layers 6, 12, 18, 24 -> 1x1 conv -> sums, deepest first -> 3x3 convs -> logits at stride 4
"""

from collections.abc import Sequence

import timm
import torch
from torch import Tensor, nn

from adebook.models.common import SceneParser, conv_bn_relu, pixel_loss, upsample

AUXILIARY_WEIGHT = 0.4


class MLAHead(nn.Module):
    """Four maps of one size [B, C, h, w], shallowest first, to logits [B, K, 4h, 4w].

    Args:
        channels: C.
        num_classes: K.
        width: channels D of the aggregated maps; the maps that are concatenated have half of them.
    """

    def __init__(self, channels: int, num_classes: int, width: int = 256) -> None:
        super().__init__()
        half = width // 2
        self.norm = nn.ModuleList(nn.LayerNorm(channels, eps=1e-6) for _ in range(4))
        self.reduce = nn.ModuleList(conv_bn_relu(channels, width) for _ in range(4))
        self.smooth = nn.ModuleList(conv_bn_relu(width, width, 3) for _ in range(4))
        self.refine = nn.ModuleList(
            nn.Sequential(conv_bn_relu(width, half, 3), conv_bn_relu(half, half, 3)) for _ in range(4)
        )
        self.classify = nn.Conv2d(4 * half, num_classes, 3, padding=1)

    def aggregate(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Four maps [B, D, h, w], each the sum of its own layer and all deeper ones."""
        total, sums = None, []
        for norm, reduce, x in zip(self.norm[::-1], self.reduce[::-1], maps[::-1], strict=True):
            # A ViT normalizes after its last layer only; the others come raw.
            x = reduce(norm(x.movedim(1, -1)).movedim(-1, 1))  # [B, D, h, w]
            total = x if total is None else total + x
            sums.insert(0, total)
        return [smooth(x) for smooth, x in zip(self.smooth, sums, strict=True)]

    def decode(self, levels: Sequence[Tensor]) -> Tensor:
        """Logits [B, K, 4h, 4w] of the aggregated maps."""
        size = [4 * n for n in levels[0].shape[-2:]]
        fine = [upsample(refine(x), size) for refine, x in zip(self.refine, levels, strict=True)]
        return self.classify(torch.cat(fine, dim=1))  # [B, 4 x D/2, 4h, 4w] -> [B, K, 4h, 4w]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Logits [B, K, 4h, 4w]."""
        return self.decode(self.aggregate(maps))


class SETR(nn.Module):
    """A plain ViT with the MLA head, and a 1x1 classifier on each aggregated map that only training uses.

    Args:
        num_classes: K.
        layers: the four layers (from 0) whose output is taken.
        width: channels within the head.
        arguments: of `timm.create_model`, for the ViT.
    """

    def __init__(self, num_classes: int, layers: Sequence[int], width: int, **arguments: object) -> None:
        super().__init__()
        self.vit = timm.create_model(
            "vit_large_patch16_384", features_only=True, out_indices=tuple(layers), **arguments
        )
        self.head = MLAHead(self.vit.feature_info.channels()[0], num_classes, width)
        self.auxiliary = nn.ModuleList(nn.Conv2d(width, num_classes, 1, bias=False) for _ in range(4))

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/4, W/4] of pictures [B, 3, H, W], H and W multiples of 16."""
        return self.head(self.vit(images))

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy of the logits plus 0.4 times that of each of the four auxiliary logits, a scalar."""
        levels = self.head.aggregate(self.vit(images))
        # Every fourth pixel a side is enough for maps of stride 16; with all, most of a step would go here.
        sparse = target[:, 2::4, 2::4]
        auxiliary = sum(
            pixel_loss(classify(x), sparse) for classify, x in zip(self.auxiliary, levels, strict=True)
        )
        return pixel_loss(self.head.decode(levels), target) + AUXILIARY_WEIGHT * auxiliary


def setr_mla(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """SETR-MLA with ViT-L/16."""
    size = {"embed_dim": 96, "depth": 4, "num_heads": 4} if teaching else {}
    layers, width = ((0, 1, 2, 3), 64) if teaching else ((5, 11, 17, 23), 256)
    # dynamic_img_size: the table of positions is resampled when a picture has another size than image_size.
    side = -(-image_size // 16) * 16
    net = SETR(num_classes, layers, width, img_size=side, dynamic_img_size=True, **size)
    return SceneParser(net, num_classes, stride=4, divisor=16, backbone=("vit",))
