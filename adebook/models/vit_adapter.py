"""ViT-Adapter (Chen et al., ICLR 2023): a plain vision transformer gets fine detail from a branch beside it.

A plain ViT works on one grid of patches at stride 16. The adapter runs a small convolutional branch beside
it, at strides 8, 16 and 32, and lets the two talk four times: an *injector* adds detail to the ViT's tokens
before a quarter of its blocks, an *extractor* reads those tokens back after it. Because the injector starts
as zero, a pretrained ViT is at first undisturbed. Both talk by multi-scale deformable attention, which reads
a few points instead of all. Paper: https://arxiv.org/abs/2205.08534, the attention:
https://arxiv.org/abs/2010.04159
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adebook.models.common import SceneParser, upsample

PATCH = 16  # pixels per side of a patch, whatever the ViT was pretrained with
Shapes = Sequence[tuple[int, int]]  # rows and columns of the maps that a token sequence is made of


# ---------------------------------------------------------------- multi-scale deformable attention
def deformable_attention(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """The gather of multi-scale deformable attention: sum over levels and points of weight * value there.

    Points between cells are interpolated, points outside a map read 0.

    Args:
        value: [B, S, M, D], the cells of all levels one after the other, for M heads of D channels.
        shapes: rows and columns of the L levels, whose products add up to S.
        locations: [B, Q, M, L, P, 2], (x, y) as shares of width and height: (0, 0) is the upper left corner.
        weights: [B, Q, M, L, P].

    Returns:
        [B, Q, M * D].
    """
    batch, _, heads, width = value.shape
    queries = locations.shape[1]
    total = 0
    for level, (cells, shape) in enumerate(zip(_split(value, shapes), shapes, strict=True)):
        maps = cells.permute(0, 2, 3, 1).reshape(batch * heads, width, *shape)  # [B*M, D, h, w]
        points = 2 * locations[:, :, :, level].transpose(1, 2).flatten(0, 1) - 1  # [B*M, Q, P, 2]
        weight = weights[:, :, :, level].transpose(1, 2).flatten(0, 1)[:, None]  # [B*M, 1, Q, P]
        read = F.grid_sample(maps, points, mode="bilinear", align_corners=False)  # [B*M, D, Q, P]
        total = total + (read * weight).sum(-1)  # [B*M, D, Q]
    return total.view(batch, heads * width, queries).transpose(1, 2)


class DeformableAttention(nn.Module):
    """Multi-scale deformable attention (Deformable DETR, Equation 3).

    Args:
        dim: C.
        heads: M. C / 2 must be a multiple of it.
        levels: L, the maps that are read.
        points: P, points per head, level and query.
        ratio: width of the values, as a share of C: the adapters' way to make it light.
    """

    def __init__(self, dim: int, heads: int, levels: int, points: int = 4, ratio: float = 0.5) -> None:
        super().__init__()
        width = int(dim * ratio)
        if width % heads:
            raise ValueError(f"values of width {width} do not split into {heads} heads of one size.")
        self.heads, self.levels, self.points = heads, levels, points
        self.offset = nn.Linear(dim, heads * levels * points * 2)
        self.weight = nn.Linear(dim, heads * levels * points)
        self.value = nn.Linear(dim, width)
        self.out = nn.Linear(width, dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """At first each head looks in a direction of its own, 1 to P cells far; all points weigh alike."""
        angle = torch.arange(self.heads) * (2 * math.pi / self.heads)
        direction = torch.stack([angle.cos(), angle.sin()], dim=-1)  # [M, 2]
        direction = direction / direction.abs().max(-1, keepdim=True).values
        far = torch.arange(1, self.points + 1)[:, None]  # [P, 1]
        star = direction[:, None, None] * far  # [M, 1, P, 2]
        with torch.no_grad():
            self.offset.bias.copy_(star.expand(-1, self.levels, -1, -1).flatten())
        for zero in (
            self.offset.weight,
            self.weight.weight,
            self.weight.bias,
            self.value.bias,
            self.out.bias,
        ):
            nn.init.zeros_(zero)
        nn.init.xavier_uniform_(self.value.weight)
        nn.init.xavier_uniform_(self.out.weight)

    def forward(self, query: Tensor, places: Tensor, source: Tensor, shapes: Shapes) -> Tensor:
        """Each query reads the source around its place.

        Args:
            query: [B, Q, C].
            places: [1, Q, 2], where each query stands, (x, y) as shares of width and height.
            source: [B, S, C], cells of all levels.
            shapes: of the levels.

        Returns:
            [B, Q, C].
        """
        batch, queries, _ = query.shape
        layout = batch, queries, self.heads, self.levels, self.points
        value = self.value(source).unflatten(-1, (self.heads, -1))  # [B, S, M, D]
        offsets = self.offset(query).view(*layout, 2)  # in cells of the level
        size = torch.tensor([[w, h] for h, w in shapes], dtype=query.dtype, device=query.device)  # [L, 2]
        locations = places[:, :, None, None, None] + offsets / size[:, None]
        weights = self.weight(query).unflatten(-1, (self.heads, -1)).softmax(-1).view(layout)
        return self.out(deformable_attention(value, shapes, locations, weights))


def places(shapes: Shapes, like: Tensor) -> Tensor:
    """Centers of all cells of all levels, [1, S, 2], (x, y) as shares of width and height."""
    centers = []
    for height, width in shapes:
        y = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height
        x = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width
        y, x = torch.meshgrid(y, x, indexing="ij")
        centers.append(torch.stack([x, y], dim=-1).view(-1, 2))
    return torch.cat(centers)[None]


# ---------------------------------------------------------------- the adapter's parts (Figure 4)
class SpatialPrior(nn.Module):
    """Convolutions that see edges and textures the patches lose (Figure 4c): maps at strides 4, 8, 16 and 32.

    Args:
        dim: C, the channels of the ViT.
        width: channels of the first convolutions.
    """

    def __init__(self, dim: int, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *_conv(3, width, stride=2), *_conv(width, width), *_conv(width, width),
            nn.MaxPool2d(3, stride=2, padding=1),
        )  # fmt: skip
        widths = [width, 2 * width, 4 * width, 4 * width]
        self.downs = nn.ModuleList(
            nn.Sequential(*_conv(widths[i], widths[i + 1], stride=2)) for i in range(3)
        )
        self.project = nn.ModuleList(nn.Conv2d(n, dim, 1) for n in widths)

    def forward(self, images: Tensor) -> list[Tensor]:
        """[B, 3, h, w] to four maps [B, C, h/s, w/s], s = 4, 8, 16, 32."""
        maps = [self.stem(images)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        return [project(x) for project, x in zip(self.project, maps, strict=True)]


class ConvFFN(nn.Module):
    """A feed-forward layer with a depthwise 3x3 convolution inside, the same for all levels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        hidden = dim // 4
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)

    def forward(self, c: Tensor, shapes: Shapes) -> Tensor:
        """[B, S, C] to [B, S, C]."""
        maps = [self.depthwise(x) for x in to_maps(self.fc1(c), shapes)]
        return self.fc2(F.gelu(to_tokens(maps)))


class Injector(nn.Module):
    """From the detail branch to the ViT (Equation 1): x + gamma * Attention(norm(x), norm(c)).

    gamma is 0 at first.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.query_norm, self.source_norm = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attention = DeformableAttention(dim, heads, levels=3)
        self.gamma = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor, c: Tensor, shapes: Shapes) -> Tensor:
        """Tokens x [B, h/16 * w/16, C], detail c [B, S, C] at strides 8, 16 and 32; returns new x."""
        here = places(shapes[1:2], x)
        return x + self.gamma * self.attention(self.query_norm(x), here, self.source_norm(c), shapes)


class Extractor(nn.Module):
    """From the ViT to the detail branch (Equations 2 and 3): attention, then a feed-forward layer."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.query_norm, self.source_norm = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attention = DeformableAttention(dim, heads, levels=1)
        self.ffn_norm, self.ffn = nn.LayerNorm(dim, eps=1e-6), ConvFFN(dim)

    def forward(self, c: Tensor, x: Tensor, shapes: Shapes) -> Tensor:
        """Detail c [B, S, C], tokens x [B, h/16 * w/16, C]; returns new c."""
        here = places(shapes, c)
        c = c + self.attention(self.query_norm(c), here, self.source_norm(x), shapes[1:2])
        return c + self.ffn(self.ffn_norm(c), shapes)


class Interaction(nn.Module):
    """Inject, run a quarter of the ViT, extract; the last one extracts three times.

    Args:
        dim: C.
        heads: of the deformable attentions.
        last: whether it is the last of the four.
    """

    def __init__(self, dim: int, heads: int, last: bool) -> None:
        super().__init__()
        self.injector = Injector(dim, heads)
        self.extractors = nn.ModuleList(Extractor(dim, heads) for _ in range(3 if last else 1))

    def forward(
        self, prefix: Tensor, x: Tensor, c: Tensor, blocks: nn.Sequential, shapes: Shapes
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Class token `prefix` [B, 1, C], tokens x, detail c; returns all three."""
        x = self.injector(x, c, shapes)
        prefix, x = run(blocks, prefix, x)
        for extractor in self.extractors:
            c = extractor(c, x, shapes)
        return prefix, x, c


class TwoBranchViT(nn.Module):
    """A plain ViT and a convolutional branch that talk four times; ViT-Adapter and ViT-CoMer differ in how.

    Args:
        vit: a `VisionTransformer` or `Beit` of timm with patches of 16 pixels.
        interactions: four modules (prefix, x, c, blocks, shapes) -> (prefix, x, c).
        width: channels of the first convolutions of the spatial prior.
    """

    def __init__(self, vit: nn.Module, interactions: Sequence[nn.Module], width: int = 64) -> None:
        super().__init__()
        dim = vit.embed_dim
        self.vit = vit
        self.interactions = nn.ModuleList(interactions)
        self.prior = SpatialPrior(dim, width)
        self.level = nn.Parameter(torch.empty(3, dim))
        self.up = nn.ConvTranspose2d(dim, dim, 2, stride=2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(4))
        self.channels = [dim] * 4
        nn.init.normal_(self.level)
        for part in (self.prior, self.up, self.interactions):
            part.apply(_initialize)
        for part in self.interactions.modules():
            if isinstance(part, DeformableAttention):
                part.reset_parameters()

    def forward(self, images: Tensor) -> list[Tensor]:
        """[B, 3, h, w], multiples of 32, to four maps [B, C, h/s, w/s], s = 4, 8, 16, 32."""
        c1, *maps = self.prior(images)
        shapes = [(x.shape[-2], x.shape[-1]) for x in maps]
        c = torch.cat([to_tokens([x]) + e for x, e in zip(maps, self.level, strict=True)], dim=1)  # [B, S, C]
        prefix, x = embed(self.vit, images)  # [B, 1, C], [B, h/16 * w/16, C]
        depth, outputs = len(self.vit.blocks), []
        for i, interaction in enumerate(self.interactions):
            blocks = self.vit.blocks[depth * i // 4 : depth * (i + 1) // 4]
            prefix, x, c = interaction(prefix, x, c, blocks, shapes)
            outputs += to_maps(x, shapes[1:2])
        c2, c3, c4 = to_maps(c, shapes)
        c1 = c1 + self.up(c2)
        return [
            norm(c + upsample(x, c.shape[-2:]))
            for norm, c, x in zip(self.norms, (c1, c2, c3, c4), outputs, strict=True)
        ]


# ---------------------------------------------------------------- timm's ViTs, opened up
def embed(vit: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Class token [B, 1, C] and patch tokens [B, h/16 * w/16, C] with positions, before the first block.

    A table of absolute positions is resampled to the picture. A ViT with relative ones takes one size only.
    """
    from timm.layers import resample_abs_pos_embed

    if vit.pos_embed is None and tuple(images.shape[-2:]) != tuple(vit.patch_embed.img_size):
        height, width = images.shape[-2:]
        side = vit.patch_embed.img_size[0]
        raise ValueError(
            f"the pictures are {height} x {width} pixels, but this ViT's relative positions are made for "
            f"{side} x {side}. Cure: crops of that size, or a model that is built with another image_size."
        )
    shape = images.shape[-2] // PATCH, images.shape[-1] // PATCH
    patches = vit.patch_embed(images).reshape(len(images), shape[0] * shape[1], vit.embed_dim)
    tokens = torch.cat([vit.cls_token.expand(len(images), -1, -1), patches], dim=1)
    if vit.pos_embed is not None:
        old = vit.patch_embed.grid_size
        tokens = tokens + resample_abs_pos_embed(vit.pos_embed, list(shape), list(old), num_prefix_tokens=1)
    return tokens[:, :1], tokens[:, 1:]


def run(blocks: nn.Sequential, prefix: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Some blocks of the ViT over class token and patch tokens together."""
    tokens = torch.cat([prefix, x], dim=1)
    for block in blocks:
        tokens = block(tokens)
    return tokens[:, :1], tokens[:, 1:]


def plain_vit(name: str, image_size: int, teaching: bool) -> nn.Module:
    """A ViT of timm by name with patches of 16 pixels, without what only a classifier needs.

    Args:
        name: such as "beit_large_patch16_224".
        image_size: side in pixels of the pictures its position table is made for.
        teaching: the same kind of block, but 96 channels, 4 blocks and 3 heads.
    """
    import timm

    if image_size % 32:
        below = image_size // 32 * 32
        raise ValueError(
            f"image_size is {image_size}, but the deepest map of this model has a cell per 32 pixels. "
            f"Cure: image_size={f'{below} or ' if below else ''}{below + 32}. (The position table has this "
            f"size; pictures of any size are padded.)"
        )
    size = {"embed_dim": 96, "depth": 4, "num_heads": 3} if teaching else {}
    if not name.startswith(("beit_", "beitv2_")):
        size["dynamic_img_size"] = True  # patches of a picture of any size
    vit = timm.create_model(
        name, pretrained=False, num_classes=0, img_size=image_size, patch_size=PATCH, **size
    )
    for unused in ("norm", "fc_norm"):
        setattr(vit, unused, nn.Identity())
    return vit


# ---------------------------------------------------------------- the rows
def adapter_mask2former(
    *, num_classes: int, image_size: int, teaching: bool, backbone: str = "beit_large_patch16_224"
) -> SceneParser:
    """A ViT with the adapter under a Mask2Former of width 1024.

    The published DINOv2 result trains the adapter and the head around a frozen ViT, so here, too, the
    parameters of a ViT whose name ends in "dinov2" take no gradient. Random weights are not worth freezing:
    `for p in model.backbone_parameters(): p.requires_grad_(True)` trains them as well.

    Args:
        num_classes: K.
        image_size: side in pixels that the position table is made for, a multiple of 32. BEiT's relative
            positions have this one size, and larger pictures are looked at through windows; the tables of the
            others are resampled.
        teaching: under 5 million parameters.
        backbone: name of the ViT in timm.
    """
    vit = plain_vit(backbone, image_size, teaching)
    if backbone.endswith("dinov2"):
        vit.requires_grad_(False)
    heads = vit.blocks[0].attn.num_heads
    interactions = [Interaction(vit.embed_dim, heads, last=i == 3) for i in range(4)]
    return two_branch_mask2former(vit, interactions, num_classes, image_size, teaching)


def two_branch_mask2former(
    vit: nn.Module, interactions: Sequence[nn.Module], num_classes: int, image_size: int, teaching: bool
) -> SceneParser:
    """Both branches under a Mask2Former, behind the contract."""
    from adebook.models import mask2former

    body = TwoBranchViT(vit, interactions, width=16 if teaching else 64)
    make = mask2former.mask2former_small if teaching else mask2former.mask2former_wide
    net = make(body, body.channels, num_classes)
    return SceneParser(
        net,
        num_classes,
        stride=4,
        divisor=32,
        window=image_size if vit.pos_embed is None else None,
        backbone=[f"{name}.body.vit" for name in net.BACKBONE],
    )


# ---------------------------------------------------------------- tokens and maps
def to_maps(tokens: Tensor, shapes: Shapes) -> list[Tensor]:
    """[B, S, C] to one map [B, C, h, w] per level."""
    return [
        cells.transpose(1, 2).unflatten(2, shape)
        for cells, shape in zip(_split(tokens, shapes), shapes, strict=True)
    ]


def to_tokens(maps: Sequence[Tensor]) -> Tensor:
    """Maps [B, C, h, w] to [B, S, C], one level after the other."""
    return torch.cat([x.flatten(2).transpose(1, 2) for x in maps], dim=1)


def _split(tokens: Tensor, shapes: Shapes) -> tuple[Tensor, ...]:
    return tokens.split([height * width for height, width in shapes], dim=1)


def _conv(channels_in: int, channels_out: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)]


def _initialize(module: nn.Module) -> None:
    """As the authors do: small normal weights in linear layers, variance-keeping ones in convolutions."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
