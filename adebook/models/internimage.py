"""InternImage (Wang et al., CVPR 2023): a convolutional network that chooses, place by place, where it looks.

A 3x3 convolution reads the nine cells around a place. A deformable convolution moves the nine points by
offsets that it predicts from the features, weights each point, and reads between the cells. Its third
version, DCNv3, takes three things from attention: heads (here: groups) that look in different directions,
weights that add up to one, and one projection shared by all points. Paper: https://arxiv.org/abs/2211.05778
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook.models.common import LayerNorm2d, SceneParser

_TAPS = 9  # the points of a 3x3 kernel, row by row


class DCNv3(nn.Module):
    """Deformable convolution v3 (Equation 2): y(p) = sum over g, k of w_g m_gk x_g(p + p_k + dp_gk).

    Args:
        channels: C, a multiple of `groups`.
        groups: G, the parts of the channels that each look at places of their own.
        kernel: side of the depthwise convolution from which offsets and modulation are predicted.
        center_scale: mix a place's own feature back in, by a share predicted per group (as the H size does).
    """

    def __init__(self, channels: int, groups: int, kernel: int = 3, center_scale: bool = False) -> None:
        super().__init__()
        if channels % groups:
            raise ValueError(f"{channels} channels do not split into {groups} groups of one size.")
        self.groups = groups
        self.query = nn.Sequential(
            nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels),
            LayerNorm2d(channels, eps=1e-6),
            nn.GELU(),
        )
        self.offset = nn.Linear(channels, groups * _TAPS * 2)
        self.modulation = nn.Linear(channels, groups * _TAPS)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)
        self.center = nn.Linear(channels, groups) if center_scale else None
        # Offset 0, equal weights: the layer begins as an average over 3x3 cells.
        for layer in (self.offset, self.modulation):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] to [B, H, W, C]."""
        query = self._query(x)  # [B, H, W, C]
        value = self.value(x)  # [B, H, W, C]
        y = sample(value, *self._sampling(query))  # [B, H, W, C]
        if self.center is not None:
            share = self.center(query).sigmoid()  # [B, H, W, G]
            share = share.repeat_interleave(x.shape[-1] // self.groups, dim=-1)  # [B, H, W, C]
            y = y * (1 - share) + value * share
        return self.out(y)

    def sampling(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Where the layer reads for each place of x [B, H, W, C], and how much each point counts.

        Returns:
            locations [B, H, W, G, 9, 2], (x, y) in cells with 0 at the center of the first one, and
            modulation [B, H, W, G, 9], which adds up to 1 over the nine points.
        """
        return self._sampling(self._query(x))

    def _query(self, x: Tensor) -> Tensor:
        return self.query(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    def _sampling(self, query: Tensor) -> tuple[Tensor, Tensor]:
        batch, height, width, _ = query.shape
        offsets = self.offset(query).view(batch, height, width, self.groups, _TAPS, 2)
        modulation = self.modulation(query).view(batch, height, width, self.groups, _TAPS).softmax(-1)
        place = _grid(torch.arange(height), torch.arange(width), query)[:, :, None, None]  # [H, W, 1, 1, 2]
        tap = _grid(torch.arange(-1, 2), torch.arange(-1, 2), query).view(_TAPS, 2)
        return place + tap + offsets, modulation


def sample(value: Tensor, locations: Tensor, modulation: Tensor) -> Tensor:
    """The gather of DCNv3: reads each group of channels at its points and adds up what it finds.

    Points between cells are interpolated, points outside the map read 0.

    Args:
        value: [B, H, W, C].
        locations: [B, H, W, G, K, 2], (x, y) in cells.
        modulation: [B, H, W, G, K].

    Returns:
        [B, H, W, C].
    """
    batch, height, width, channels = value.shape
    groups, taps = modulation.shape[-2:]
    maps = value.view(batch, height, width, groups, channels // groups)
    maps = maps.permute(0, 3, 4, 1, 2).flatten(0, 1)  # [B*G, C/G, H, W]
    size = torch.tensor([width, height], dtype=value.dtype, device=value.device)
    points = (2 * locations + 1) / size - 1  # -1 and 1 are the outer edges of the map
    points = points.permute(0, 3, 1, 2, 4, 5).reshape(batch * groups, height * width, taps, 2)
    weights = modulation.permute(0, 3, 1, 2, 4).reshape(batch * groups, 1, height * width, taps)
    read = F.grid_sample(maps, points, mode="bilinear", align_corners=False)  # [B*G, C/G, H*W, K]
    return (read * weights).sum(-1).view(batch, channels, height, width).permute(0, 2, 3, 1)


class Layer(nn.Module):
    """A transformer block with DCNv3 in the place of attention (Figure 3).

    The H size also normalizes what each branch returns (`post_norm1`, `post_norm2`).
    """

    def __init__(self, channels: int, groups: int, kernel: int, large: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels, eps=1e-6), nn.LayerNorm(channels, eps=1e-6)
        self.dcn = DCNv3(channels, groups, kernel, center_scale=large)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels)
        )
        self.post_norm1 = nn.LayerNorm(channels, eps=1e-6) if large else nn.Identity()
        self.post_norm2 = nn.LayerNorm(channels, eps=1e-6) if large else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] to [B, H, W, C]."""
        x = x + self.post_norm1(self.dcn(self.norm1(x)))
        return x + self.post_norm2(self.mlp(self.norm2(x)))


class InternImage(nn.Module):
    """Four stages at strides 4, 8, 16 and 32, each with twice the channels and half the side of the last.

    Args:
        channels: of the first stage (H: 320).
        depths: layers per stage.
        groups: DCNv3 groups per stage.
        kernel: side of DCNv3's depthwise convolution.
        large: with what the H size adds: center feature scale, a norm after each branch, and in the third
            stage a norm after every `period` layers.
        period: see `large`.
    """

    def __init__(
        self,
        channels: int = 320,
        depths: Sequence[int] = (6, 6, 32, 6),
        groups: Sequence[int] = (10, 20, 40, 80),
        kernel: int = 5,
        large: bool = True,
        period: int = 6,
    ) -> None:
        super().__init__()
        self.channels = [channels * 2**i for i in range(4)]
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels // 2, 3, stride=2, padding=1),
            LayerNorm2d(channels // 2, eps=1e-6),
            nn.GELU(),
            nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1),
            LayerNorm2d(channels, eps=1e-6),
        )
        self.stages, self.norms, self.downs = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for i, (width, depth, parts) in enumerate(zip(self.channels, depths, groups, strict=True)):
            stage = nn.Sequential()
            for j in range(1, depth + 1):
                stage.append(Layer(width, parts, kernel, large))
                if large and i == 2 and j % period == 0:
                    stage.append(nn.LayerNorm(width, eps=1e-6))
            self.stages.append(stage)
            self.norms.append(nn.LayerNorm(width, eps=1e-6))
            if i < 3:
                self.downs.append(
                    nn.Sequential(
                        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False),
                        LayerNorm2d(2 * width, eps=1e-6),
                    )
                )

    def forward(self, images: Tensor) -> list[Tensor]:
        """[B, 3, h, w] to four maps [B, C, h/4, w/4], [B, 2C, h/8, w/8], ..., [B, 8C, h/32, w/32]."""
        x, maps = self.stem(images), []
        for i, (stage, norm) in enumerate(zip(self.stages, self.norms, strict=True)):
            if i:
                x = self.downs[i - 1](x)  # [B, C_i, h/s, w/s]
            x = norm(stage(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
            maps.append(x)
        return maps


@torch.no_grad()
def sampling_locations(
    body: InternImage, images: Tensor, *, stage: int = 2, layer: int = -1
) -> tuple[Tensor, Tensor]:
    """Where a layer looks on the pictures, to be drawn on them.

    Args:
        body: the network.
        images: [B, 3, h, w], h and w multiples of 32.
        stage: 0 to 3, for cells of 4, 8, 16 and 32 pixels.
        layer: which layer of the stage; -1 is the last.

    Returns:
        locations [B, h/s, w/s, G, 9, 2], (x, y) in pixels of the picture with 0 at the center of the first
        pixel, and modulation [B, h/s, w/s, G, 9], the share of each point.
    """
    dcn = [module.dcn for module in body.stages[stage] if isinstance(module, Layer)][layer]
    seen: list[Tensor] = []
    handle = dcn.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        body(images)
    finally:
        handle.remove()
    locations, modulation = dcn.sampling(seen[0])
    return (locations + 0.5) * 4 * 2**stage - 0.5, modulation


def internimage_small() -> InternImage:
    """The same structure at teaching size."""
    return InternImage(32, depths=(1, 1, 4, 1), groups=(2, 4, 8, 16), period=2)


def internimage_mask2former(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """InternImage-H under a Mask2Former of width 1024: 1.07 of 1.31 billion parameters are the backbone's.

    Any picture size: nothing in the network depends on `image_size`.
    """
    from adebook.models import mask2former

    if teaching:
        body = internimage_small()
        net = mask2former.mask2former_small(body, body.channels, num_classes)
    else:
        body = InternImage()
        net = mask2former.mask2former_wide(body, body.channels, num_classes)
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=net.BACKBONE)


def _grid(rows: Tensor, columns: Tensor, like: Tensor) -> Tensor:
    """[len(rows), len(columns), 2] of (x, y)."""
    y, x = torch.meshgrid(rows.to(like), columns.to(like), indexing="ij")
    return torch.stack([x, y], dim=-1)
