"""Segmenter: classes as tokens, and masks as their scalar products with the tokens of patches.

Strudel, Garcia, Laptev and Schmid, "Segmenter: Transformer for Semantic Segmentation", ICCV 2021,
arXiv 2105.05633. Figure 2 is the model, Section 3.2 the mask transformer. Seg-L-Mask/16 is a ViT-L of timm,
with two more layers that the tokens of patches and of classes pass together.

    picture -> ViT -> patch tokens + one token a class -> 2 layers -> scalar products -> logits at stride 16
"""

import timm
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from adebook.models.common import SceneParser


class MaskTransformer(nn.Module):
    """Patch tokens [B, N, C] to a score for every patch and class [B, N, K].

    Args:
        channels: C of the encoder, kept by the decoder.
        num_classes: K.
        layers: transformer layers that patches and classes pass together.
        heads: attention heads of each.
    """

    def __init__(self, channels: int, num_classes: int, layers: int, heads: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.project = nn.Linear(channels, channels)
        self.class_tokens = nn.Parameter(torch.empty(1, num_classes, channels))
        nn.init.trunc_normal_(self.class_tokens, std=0.02)
        self.blocks = nn.Sequential(*(Block(channels, heads, qkv_bias=True) for _ in range(layers)))
        self.norm = nn.LayerNorm(channels)
        self.patch_projection = nn.Linear(channels, channels, bias=False)
        self.class_projection = nn.Linear(channels, channels, bias=False)
        self.mask_norm = nn.LayerNorm(num_classes)

    def forward(self, patches: Tensor) -> Tensor:
        """Scores [B, N, K] of patch tokens [B, N, C]."""
        classes = self.class_tokens.expand(patches.shape[0], -1, -1)
        tokens = self.norm(self.blocks(torch.cat([self.project(patches), classes], dim=1)))  # [B, N + K, C]
        patches = F.normalize(self.patch_projection(tokens[:, : -self.num_classes]), dim=-1)  # [B, N, C]
        classes = F.normalize(self.class_projection(tokens[:, -self.num_classes :]), dim=-1)  # [B, K, C]
        # A cosine lies within -1 and 1, too narrow for a softmax: a layer norm over classes spreads it.
        return self.mask_norm(patches @ classes.mT)


class Segmenter(nn.Module):
    """A plain ViT with the mask transformer.

    Args:
        num_classes: K.
        layers: of the mask transformer.
        arguments: of `timm.create_model`, for the ViT.
    """

    def __init__(self, num_classes: int, layers: int = 2, **arguments: object) -> None:
        super().__init__()
        self.vit = timm.create_model("vit_large_patch16_384", num_classes=0, **arguments)
        heads = self.vit.blocks[0].attn.num_heads
        self.decoder = MaskTransformer(self.vit.embed_dim, num_classes, layers, heads)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/16, W/16] of pictures [B, 3, H, W], H and W multiples of 16."""
        rows, columns = (n // 16 for n in images.shape[-2:])
        tokens = self.vit.forward_features(images)  # [B, 1 + N, C]: first the class token of the encoder
        scores = self.decoder(tokens[:, self.vit.num_prefix_tokens :])  # [B, N, K]
        return scores.mT.unflatten(-1, (rows, columns))  # [B, K, H/16, W/16]


def segmenter(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """Seg-L-Mask/16."""
    size = {"embed_dim": 96, "depth": 4, "num_heads": 4} if teaching else {}
    # dynamic_img_size: the table of positions is resampled when a picture has another size than image_size.
    side = -(-image_size // 16) * 16
    net = Segmenter(num_classes, img_size=side, dynamic_img_size=True, **size)
    return SceneParser(net, num_classes, stride=16, backbone=("vit",))
