"""UPerNet: pyramid pooling and a feature pyramid, the head that most encoders were tried with.

Xiao et al., "Unified Perceptual Parsing for Scene Understanding", ECCV 2018, arXiv 1807.10221, Figure 4, in
the form that mmsegmentation gave it and the papers of Swin, BEiT, ConvNeXt, EVA-02 and SwinV2 report: one
task, an auxiliary head on the map of stride 16, its loss weighted 0.4. The encoders are timm's.

    picture -> encoder -> maps at strides 4, 8, 16, 32 -> UPerHead -> logits at stride 4
"""

from collections.abc import Sequence

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook.models.common import LayerNorm2d, SceneParser, conv_bn_relu, pixel_loss, upsample

BINS = (1, 2, 3, 6)  # the map of stride 32 is averaged over 1x1, 2x2, 3x3 and 6x6 regions, as in PSPNet
AUXILIARY_WEIGHT, AUXILIARY_WIDTH = 0.4, 256


class UPerHead(nn.Module):
    """Four maps at strides 4, 8, 16 and 32 to logits [B, K, H/4, W/4].

    Args:
        channels: of the four maps, finest first.
        num_classes: K.
        width: channels within the head.
    """

    def __init__(self, channels: Sequence[int], num_classes: int, width: int = 512) -> None:
        super().__init__()
        *finer, top = channels
        self.pool = nn.ModuleList(conv_bn_relu(top, width) for _ in BINS)
        self.fuse_pool = conv_bn_relu(top + len(BINS) * width, width, 3)
        self.lateral = nn.ModuleList(conv_bn_relu(c, width) for c in finer)
        self.smooth = nn.ModuleList(conv_bn_relu(width, width, 3) for _ in finer)
        self.fuse = conv_bn_relu(len(channels) * width, width, 3)
        self.classify = nn.Sequential(nn.Dropout2d(0.1), nn.Conv2d(width, num_classes, 1))

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Logits [B, K, H/4, W/4] of maps [B, C_i, H/s, W/s], s = 4, 8, 16, 32.

        Raises:
            ValueError: for a single picture while training.
        """
        *finer, top = maps
        if self.training and top.shape[0] == 1:
            raise ValueError(
                "a batch of 1 picture in training mode, but batch norm cannot average one 1x1 map. "
                "Cure: model.eval() to predict, or batches of at least 2 to train."
            )
        # What the scene is like: the coarsest map beside its averages over ever smaller regions.
        context = [
            upsample(pool(F.adaptive_avg_pool2d(top, n)), top.shape[-2:])  # [B, D, H/32, W/32]
            for n, pool in zip(BINS, self.pool, strict=True)
        ]
        pyramid = [self.fuse_pool(torch.cat([top, *context], dim=1))]  # [B, D, H/32, W/32]
        # Top-down: what is known of a place, refined by the next finer map.
        for x, lateral in zip(reversed(finer), reversed(self.lateral), strict=True):
            pyramid.insert(0, lateral(x) + upsample(pyramid[0], x.shape[-2:]))  # strides 16, 8, 4
        levels = [smooth(x) for smooth, x in zip(self.smooth, pyramid[:-1], strict=True)] + pyramid[-1:]
        levels = [upsample(x, levels[0].shape[-2:]) for x in levels]  # four of [B, D, H/4, W/4]
        return self.classify(self.fuse(torch.cat(levels, dim=1)))  # [B, K, H/4, W/4]


class UPerNet(nn.Module):
    """An encoder with UPerNet's head, and the small head on its third map that only training uses.

    Args:
        body: maps pictures [B, 3, H, W] to four maps at strides 4, 8, 16 and 32.
        channels: of the four maps, finest first.
        num_classes: K.
        width: channels within the head.
    """

    def __init__(self, body: nn.Module, channels: Sequence[int], num_classes: int, width: int = 512) -> None:
        super().__init__()
        self.body = body
        self.head = UPerHead(channels, num_classes, width)
        side = min(AUXILIARY_WIDTH, width)
        self.auxiliary = nn.Sequential(
            conv_bn_relu(channels[2], side, 3), nn.Dropout2d(0.1), nn.Conv2d(side, num_classes, 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/4, W/4] of pictures [B, 3, H, W]."""
        return self.head(self.body(images))

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy of the logits plus 0.4 times that of the auxiliary logits, a scalar."""
        maps = self.body(images)
        auxiliary = self.auxiliary(maps[2])  # [B, K, H/16, W/16]
        # Every fourth pixel a side is enough for a map of stride 16, and a third of a step is saved.
        sparse = target[:, 2::4, 2::4]
        return pixel_loss(self.head(maps), target) + AUXILIARY_WEIGHT * pixel_loss(auxiliary, sparse)


class StagePyramid(nn.Module):
    """A timm encoder that works in four stages, at strides 4, 8, 16 and 32, such as Swin or ConvNeXt.

    Args:
        name: timm's name of the encoder.
        normalize: put a layer norm on each map, as the papers of Swin and ConvNeXt do before the head.
        arguments: further arguments of `timm.create_model`.
    """

    def __init__(self, name: str, *, normalize: bool = True, **arguments: object) -> None:
        super().__init__()
        # The getter leaves the encoder whole, so that its parameters keep timm's names.
        self.encoder = timm.create_model(name, features_only=True, feature_cls="getter", **arguments)
        self.channels: list[int] = self.encoder.feature_info.channels()
        self.norms = nn.ModuleList(LayerNorm2d(c) if normalize else nn.Identity() for c in self.channels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Four maps [B, C_i, H/s, W/s], s = 4, 8, 16, 32."""
        return [norm(x) for norm, x in zip(self.norms, self.encoder(images), strict=True)]


class ViTPyramid(nn.Module):
    """A plain ViT made into a pyramid: all its layers have stride 16, so four of them are rescaled.

    As in BEiT: transposed 2x2 convolutions up to the strides 4 and 8, pooling down to 32.

    Args:
        name: timm's name of the ViT, with patches of 16 pixels.
        layers: the four layers (from 0) whose output is taken, evenly spaced.
        arguments: further arguments of `timm.create_model`.
    """

    def __init__(self, name: str, layers: Sequence[int], **arguments: object) -> None:
        super().__init__()
        self.vit = timm.create_model(name, features_only=True, out_indices=tuple(layers), **arguments)
        width = self.vit.feature_info.channels()[0]
        self.channels = [width] * 4
        self.to_4 = nn.Sequential(
            nn.ConvTranspose2d(width, width, 2, stride=2),
            nn.BatchNorm2d(width),
            nn.GELU(),
            nn.ConvTranspose2d(width, width, 2, stride=2),
        )
        self.to_8 = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.to_32 = nn.MaxPool2d(2)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Four maps [B, C, H/s, W/s], s = 4, 8, 16, 32."""
        first, second, third, fourth = self.vit(images)  # each [B, C, H/16, W/16]
        return [self.to_4(first), self.to_8(second), third, self.to_32(fourth)]


# The rows of the leaderboard. The rates of stochastic depth are those of the recipes; for
# Swin-L, that of Swin-B. Teaching sizes keep the structure: patches, windows, norms, position tables.

TEACHING_VIT = {"embed_dim": 96, "depth": 4, "num_heads": 4, "drop_path_rate": 0.0}
# BEiT and DeiT III scale what a layer adds, from near 0 on where there are many; few layers start at 0.1.
TEACHING_SCALE = {"init_values": 0.1}
TEACHING_WIDTH = 64


def swin_upernet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """Swin-L with windows of 12x12 tokens: Liu et al., ICCV 2021, arXiv 2103.14030."""
    size = (
        {"embed_dim": 32, "depths": (2, 2, 2, 2), "num_heads": (1, 2, 4, 8), "window_size": 4}
        if teaching
        else {"drop_path_rate": 0.3}
    )
    # Maps are padded to whole windows, so any picture goes; the window never shrinks (always_partition).
    body = StagePyramid(
        "swin_large_patch4_window12_384",
        img_size=_multiple(image_size, 32),
        strict_img_size=False,
        always_partition=True,
        **size,
    )
    return _parser(body, num_classes, teaching, encoder="body.encoder")


def convnext_upernet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """ConvNeXt-XL: Liu et al., CVPR 2022, arXiv 2201.03545."""
    size = {"depths": (2, 2, 4, 2), "dims": (32, 64, 128, 256)} if teaching else {"drop_path_rate": 0.4}
    body = StagePyramid("convnext_xlarge", ls_init_value=1.0, **size)  # as in the authors' recipe
    return _parser(body, num_classes, teaching, encoder="body.encoder")


def swinv2_upernet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """FD-SwinV2-G, 3.0 billion parameters: Wei et al., 2022, arXiv 2205.14141.

    Feature distillation changes how a network is trained; this one is SwinV2-G of Liu et al., CVPR 2022,
    arXiv 2111.09883. Its windows have 1/32 of `image_size` tokens a side.
    """
    size = (
        {"embed_dim": 32, "depths": (2, 2, 2, 2), "num_heads": (1, 2, 4, 8)}
        if teaching
        else {"depths": (2, 2, 42, 4)}  # timm's own giant has depths 2, 2, 42, 2 (2.6 billion)
    )
    body = StagePyramid(
        "swinv2_cr_giant_384",
        normalize=False,  # its blocks end with a norm
        img_size=_multiple(image_size, 32),
        strict_img_size=False,
        **size,
    )
    return _parser(body, num_classes, teaching, encoder="body.encoder")


def beit_upernet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """BEiT-L, head 1024 wide: Bao et al., ICLR 2022, arXiv 2106.08254.

    Its relative positions are a table for pictures of one size; larger ones go through windows.
    """
    side = _multiple(image_size, 32)
    size = {"img_size": side, "drop_path_rate": 0.2} | (TEACHING_SCALE if teaching else {})
    body = _vit_pyramid("beit_large_patch16_224", teaching, **size)
    return _parser(body, num_classes, teaching, encoder="body.vit", width=1024, window=side)


def deit3_upernet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """DeiT III ViT-L: Touvron, Cord and Jegou, ECCV 2022, arXiv 2204.07118."""
    size = {"img_size": _multiple(image_size, 16), "dynamic_img_size": True}
    size |= TEACHING_SCALE if teaching else {}
    body = _vit_pyramid("deit3_large_patch16_384", teaching, **size)
    return _parser(body, num_classes, teaching, encoder="body.vit")


def eva02_upernet(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """EVA-02-L, head 1024 wide, patches of 16 pixels instead of 14: Fang et al., 2023, arXiv 2303.11331.

    The 304 million parameters of the leaderboard are the encoder's alone.
    """
    size = {"img_size": _multiple(image_size, 16), "patch_size": 16, "dynamic_img_size": True}
    body = _vit_pyramid("eva02_large_patch14_448", teaching, drop_path_rate=0.2, **size)
    return _parser(body, num_classes, teaching, encoder="body.vit", width=1024)


def _vit_pyramid(name: str, teaching: bool, **arguments: object) -> ViTPyramid:
    if teaching:
        return ViTPyramid(name, (0, 1, 2, 3), **arguments | TEACHING_VIT)
    return ViTPyramid(name, (7, 11, 15, 23), **arguments)


def _parser(
    body: StagePyramid | ViTPyramid,
    num_classes: int,
    teaching: bool,
    *,
    encoder: str,
    width: int = 512,
    window: int | None = None,
) -> SceneParser:
    net = UPerNet(body, body.channels, num_classes, TEACHING_WIDTH if teaching else width)
    return SceneParser(net, num_classes, stride=4, divisor=32, window=window, backbone=(encoder,))


def _multiple(size: int, of: int) -> int:
    return -(-size // of) * of
