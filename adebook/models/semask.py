"""SeMask (Jain et al., 2021): Swin whose every stage ends by saying what it sees, and uses the answer.

A backbone that is fine-tuned for segmentation knows nothing of classes until the decoder. SeMask puts a
semantic attention behind each stage: the features are turned into K class scores per place, places attend to
each other by how well their class scores agree, and what they gather is added to the features. The scores of
all stages are added up and trained to segment by themselves. Here on Swin-L, with Mask2Former behind it.
Paper: https://arxiv.org/abs/2112.12782, code: https://github.com/Picsart-AI-Research/SeMask-Segmentation
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook.models.common import SceneParser, pixel_loss, upsample
from adebook.models.mask2former import SMALL, Mask2Former

#: Weight of the cross-entropy of the backbone's own class scores.
SEMANTIC_WEIGHT = 0.4


class SemanticAttention(nn.Module):
    """Places attend to each other by their class scores.

    With the norm x of the features, in windows of side w (in the last stage: all places together):

        S_Q, S_K = linear maps of x to K scores       semantic query and key
        y        = x + gamma * W softmax(S_Q S_K^T) V x

    S_Q is the semantic prior map that the loss looks at. gamma begins at 0: a pretrained backbone is not
    disturbed.

    Args:
        channels: C.
        num_classes: K.
        window: w, or None for all places together.
    """

    def __init__(self, channels: int, num_classes: int, window: int | None) -> None:
        super().__init__()
        self.window = window
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, num_classes)
        self.key = nn.Linear(channels, num_classes)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)
        self.drop = nn.Dropout(0.1)
        self.gamma = nn.Parameter(torch.zeros(1))
        for layer in (self.query, self.key, self.value):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, H, W, C] to features [B, H, W, C] and class scores [B, H, W, K]."""
        height, width = x.shape[1:3]
        x = self.norm(x)
        if self.window is None:
            rows, columns = height, width
        else:
            rows = columns = self.window
            x = F.pad(x, (0, 0, 0, -width % columns, 0, -height % rows))
        down, across = x.shape[1] // rows, x.shape[2] // columns

        def join(windows: Tensor) -> Tensor:
            """[B, windows, places, C] back to [B, H, W, C], without the padding."""
            cells = windows.unflatten(2, (rows, columns)).unflatten(1, (down, across))
            return cells.transpose(2, 3).flatten(3, 4).flatten(1, 2)[:, :height, :width]

        # [B, down, rows, across, columns, C] to [B, windows, places, C]
        cells = x.unflatten(2, (across, columns)).unflatten(1, (down, rows)).transpose(2, 3)
        x = cells.flatten(3, 4).flatten(1, 2)
        query, key = self.query(x), self.key(x)  # [B, windows, places, K]
        agreement = (query @ key.transpose(-1, -2)).softmax(-1)  # [B, windows, places, places]
        x = x + self.gamma * self.drop(self.out(agreement @ self.value(x)))
        return join(x), join(query)


class SeMaskSwin(nn.Module):
    """Swin (timm's) with semantic attention behind each stage: [B, 3, H, W] to four maps at strides 4 to 32.

    Args:
        num_classes: K.
        image_size: of the pictures it is meant for; any other fits, too.
        window: of Swin and of the semantic attention.
        sizes: `embed_dim`, `depths` and `num_heads` of timm's Swin, and `drop_path_rate`.
    """

    def __init__(self, num_classes: int, image_size: int, window: int, **sizes) -> None:
        from timm.models.swin_transformer import SwinTransformer

        super().__init__()
        swin = SwinTransformer(
            img_size=image_size, window_size=window, num_classes=0, strict_img_size=False, **sizes
        )
        self.patch_embed, self.stages = swin.patch_embed, swin.layers
        self.channels = [swin.embed_dim * 2**i for i in range(4)]
        # The last stage is small enough for all places to attend to each other.
        windows = [window, window, window, None]
        self.semantic = nn.ModuleList(
            SemanticAttention(c, num_classes, w) for c, w in zip(self.channels, windows, strict=True)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(c) for c in self.channels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Four maps [B, C, H/4, W/4] to [B, 8C, H/32, W/32]."""
        x, maps = self.patch_embed(images), []
        for stage, semantic, norm in zip(self.stages, self.semantic, self.norms, strict=True):
            x, _ = semantic(stage(x))  # a stage of timm's Swin begins by halving the side
            maps.append(norm(x).permute(0, 3, 1, 2))
        return maps


class SeMaskMask2Former(Mask2Former):
    """Mask2Former on SeMask-Swin, which adds the loss of the semantic prior maps to the set loss."""

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """Set loss + 0.4 * cross-entropy of the sum of the stages' class scores, a scalar.

        The scores are enlarged to stride 4, added up and enlarged to the picture, ignored pixels left out.
        The published code aligns corners when it enlarges; this aligns pixel centers, as everything here
        does.

        Args:
            images: [B, 3, H, W].
            target: train ids [B, H, W], int64, 255 = ignore.
        """
        scores = []

        def keep(_module: nn.Module, _inputs: tuple, outputs: tuple[Tensor, Tensor]) -> None:
            scores.append(outputs[1].permute(0, 3, 1, 2))  # [B, K, h, w]

        body = self.core.model.pixel_level_module.encoder.body
        hooks = [block.register_forward_hook(keep) for block in body.semantic]
        try:
            set_loss = super().loss(images, target)
        finally:
            for hook in hooks:
                hook.remove()
        total = sum(upsample(s, scores[0].shape[-2:]) for s in scores)
        return set_loss + SEMANTIC_WEIGHT * pixel_loss(total, target)


def semask_mask2former(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """SeMask-L with Mask2Former (100 queries), 222 million parameters, 640 x 640 crops."""
    window, sizes = 12, {"embed_dim": 192, "depths": (2, 2, 18, 2), "num_heads": (6, 12, 24, 48)}
    if teaching:
        window, sizes = 4, {"embed_dim": 32, "depths": (2, 2, 2, 2), "num_heads": (1, 2, 4, 8)}
    body = SeMaskSwin(num_classes, image_size, window, drop_path_rate=0.0 if teaching else 0.3, **sizes)
    net = SeMaskMask2Former(body, body.channels, num_classes, **(SMALL if teaching else {}))
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=net.BACKBONE)
