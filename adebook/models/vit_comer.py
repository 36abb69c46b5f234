"""ViT-CoMer (Xia et al., CVPR 2024): a plain ViT and a convolutional pyramid exchange features both ways.

The frame is that of ViT-Adapter (vit_adapter.py): a spatial prior at strides 8, 16 and 32 beside a plain
ViT, four exchanges. What differs is the exchange. A *multi-receptive-field feature pyramid* (MRFP) first
spreads each level by 3x3 and 5x5 convolutions. Then ViT and pyramid are simply added at the level they
share, stride 16, and deformable attention mixes the levels: before the blocks for the ViT (*CTI to V*),
after them for the pyramid (*CTI to C*). Paper: https://arxiv.org/abs/2403.07392; details as in
https://github.com/Traffic-X/ViT-CoMer.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook.models.common import SceneParser, upsample
from adebook.models.vit_adapter import (
    ConvFFN,
    DeformableAttention,
    Shapes,
    places,
    plain_vit,
    run,
    to_maps,
    to_tokens,
    two_branch_mask2former,
)


class MRFP(nn.Module):
    """Multi-receptive-field feature pyramid: half of the channels see 3x3 cells, the other half 5x5.

    Args:
        dim: C.
        ratio: hidden channels per channel; 6 in the authors' code.
    """

    def __init__(self, dim: int, ratio: int = 6) -> None:
        super().__init__()
        hidden, half = dim * ratio, dim * ratio // 2
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.near = nn.ModuleList(nn.Conv2d(half, half, 3, padding=1, groups=half) for _ in range(3))
        self.far = nn.ModuleList(nn.Conv2d(half, half, 5, padding=2, groups=half) for _ in range(3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(hidden) for _ in range(3))

    def forward(self, c: Tensor, shapes: Shapes) -> Tensor:
        """[B, S, C] to [B, S, C]; each of the three levels has convolutions of its own."""
        maps = []
        for level, x in enumerate(to_maps(self.fc1(c), shapes)):
            a, b = x.chunk(2, dim=1)
            x = torch.cat([self.near[level](a), self.far[level](b)], dim=1)  # [B, 6C, h, w]
            # Tokens lie channels last. A batch norm whose input does not gets wrong gradients from them in a
            # batch of one (torch 2.15 on a CPU).
            x = x.contiguous(memory_format=torch.channels_last)
            maps.append(F.gelu(self.norms[level](x)))
        return self.fc2(F.gelu(to_tokens(maps)))


class CTIToV(nn.Module):
    """To the ViT: the three levels read each other and are added at stride 16; gamma is 0 at first."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.query_norm, self.source_norm = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attention = DeformableAttention(dim, heads, levels=3)
        self.ffn_norm, self.ffn = nn.LayerNorm(dim, eps=1e-6), ConvFFN(dim)
        self.gamma = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor, c: Tensor, shapes: Shapes) -> Tensor:
        """Tokens x [B, h/16 * w/16, C], pyramid c [B, S, C] with x added at stride 16; returns new x."""
        c = self.attention(self.query_norm(c), places(shapes, c), self.source_norm(c), shapes)
        c = c + self.ffn(self.ffn_norm(c), shapes)
        at16 = sum(upsample(level, shapes[1]) for level in to_maps(c, shapes))  # [B, C, h/16, w/16]
        return x + self.gamma * to_tokens([at16])


class CTIToC(nn.Module):
    """To the pyramid: add the ViT's tokens at stride 16, then the three levels read each other.

    Args:
        dim: C.
        heads: of the deformable attention.
        extra: with one more feed-forward layer before the attention (four such end the last exchange).
    """

    def __init__(self, dim: int, heads: int, extra: bool = False) -> None:
        super().__init__()
        self.first_norm, self.first_ffn = (
            (nn.LayerNorm(dim, eps=1e-6), ConvFFN(dim)) if extra else (None, None)
        )
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.query_norm, self.source_norm = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attention = DeformableAttention(dim, heads, levels=3)
        self.ffn_norm, self.ffn = nn.LayerNorm(dim, eps=1e-6), ConvFFN(dim)

    def forward(self, c: Tensor, x: Tensor, shapes: Shapes) -> Tensor:
        """Pyramid c [B, S, C], tokens x [B, h/16 * w/16, C]; returns new c."""
        c = add_at_stride_16(c, x, shapes)
        if self.first_ffn is not None:
            c = c + self.first_ffn(self.first_norm(c), shapes)
        c = self.norm(c)
        c = c + self.attention(self.query_norm(c), places(shapes, c), self.source_norm(c), shapes)
        return c + self.ffn(self.ffn_norm(c), shapes)


class Exchange(nn.Module):
    """One of the four exchanges around a quarter of the ViT's blocks.

    Args:
        dim: C.
        heads: of the deformable attentions.
        last: the last exchange has four extra interactions towards the pyramid.
        ratio: hidden channels per channel in the MRFP.
    """

    def __init__(self, dim: int, heads: int, last: bool, ratio: int = 6) -> None:
        super().__init__()
        self.mrfp = MRFP(dim, ratio)
        self.to_v = CTIToV(dim, heads)
        self.to_c = nn.ModuleList(CTIToC(dim, heads, extra=i > 0) for i in range(5 if last else 1))

    def forward(
        self, prefix: Tensor, x: Tensor, c: Tensor, blocks: nn.Sequential, shapes: Shapes
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Class token `prefix` [B, 1, C], tokens x, pyramid c; returns all three."""
        c = add_at_stride_16(self.mrfp(c, shapes), x, shapes)
        x = self.to_v(x, c, shapes)
        prefix, x = run(blocks, prefix, x)
        for to_c in self.to_c:
            c = to_c(c, x, shapes)
        return prefix, x, c


def add_at_stride_16(c: Tensor, x: Tensor, shapes: Shapes) -> Tensor:
    """Pyramid c [B, S, C] with the ViT's tokens x added to its middle level."""
    above, middle, below = c.split([height * width for height, width in shapes], dim=1)
    return torch.cat([above, middle + x, below], dim=1)


def comer_mask2former(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """BEiTv2-L with CoMer's exchanges under a Mask2Former of width 1024.

    Args:
        num_classes: K.
        image_size: side in pixels, a multiple of 32, that BEiT's relative positions are made for; larger
            pictures are looked at through windows.
        teaching: under 5 million parameters.
    """
    vit = plain_vit("beitv2_large_patch16_224", image_size, teaching)
    heads = vit.blocks[0].attn.num_heads
    ratio = 1 if teaching else 6
    exchanges = [Exchange(vit.embed_dim, heads, last=i == 3, ratio=ratio) for i in range(4)]
    return two_branch_mask2former(vit, exchanges, num_classes, image_size, teaching)
