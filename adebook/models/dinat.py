"""DiNAT (Hassani, Shi, 2022): every place attends to its own neighborhood, near and dilated by turns.

Swin cuts a map into windows; a place at the edge of a window does not see its neighbor across the edge.
Neighborhood attention gives every place the k x k places around it instead. With dilation d it takes every
d-th place, so that the same k * k places span (k - 1) * d + 1. The library natten has fast kernels for it on
GPUs; this is the definition in pure PyTorch, which is slow for large maps and runs anywhere.
Papers: https://arxiv.org/abs/2204.07143 (NAT), https://arxiv.org/abs/2209.15001 (DiNAT).
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def neighbors(
    length: int, kernel: int, dilation: int = 1, device: torch.device | None = None
) -> tuple[Tensor, Tensor]:
    """The `kernel` places that each place of a line attends to.

    A place sees those of its own residue modulo `dilation`. At a border the neighborhood is not cut and not
    padded: it shifts inward, so that every place has `kernel` real neighbors (natten's rule).

    Args:
        length: places on the line, at least kernel * dilation.
        kernel: odd number of neighbors, the place itself among them.
        dilation: step between neighbors.
        device: of the result.

    Returns:
        indices, int64 [length, kernel], and how far each neighbor is away, in steps, int64 [length, kernel],
        between -(kernel - 1) and kernel - 1.

    Raises:
        ValueError: for an even kernel, or a line that is too short.

    Example:
        >>> neighbors(5, 3)[0].tolist()
        [[0, 1, 2], [0, 1, 2], [1, 2, 3], [2, 3, 4], [2, 3, 4]]
    """
    if kernel % 2 == 0 or length < kernel * dilation:
        raise ValueError(
            f"a neighborhood of {kernel} places with dilation {dilation} needs an odd kernel and at least "
            f"{kernel * dilation} places, and there are {length}. Cure: pad the map."
        )
    place = torch.arange(length, device=device)
    step, residue = place // dilation, place % dilation
    # How many places share a residue; not the same for all where dilation does not divide the length.
    count = (length - residue + dilation - 1) // dilation
    start = torch.minimum((step - kernel // 2).clamp(min=0), count - kernel)
    steps = start[:, None] + torch.arange(kernel, device=device)  # [length, kernel]
    return residue[:, None] + dilation * steps, steps - step[:, None]


def neighborhood_attention(
    query: Tensor, key: Tensor, value: Tensor, kernel: int, dilation: int = 1, bias: Tensor | None = None
) -> Tensor:
    """For each place: softmax(query . key of its neighbors + bias) . value of its neighbors.

    Args:
        query: [B, heads, h, w, D], scaled already; of all H x W places, or of the upper left ones alone where
            the map was padded and nobody asks what the padding sees.
        key: [B, heads, H, W, D].
        value: [B, heads, H, W, D].
        kernel: side of the neighborhood, odd.
        dilation: step between neighbors; H and W are at least kernel * dilation.
        bias: [heads, 2 * kernel - 1, 2 * kernel - 1], one number per head and distance, or None.

    Returns:
        [B, heads, h, w, D].
    """
    height, width = query.shape[2:4]
    rows, row_distance = (t[:height] for t in neighbors(key.shape[2], kernel, dilation, key.device))
    columns, column_distance = (t[:width] for t in neighbors(key.shape[3], kernel, dilation, key.device))

    def strip(x: Tensor, i: int) -> Tensor:
        """Each place's neighbors of their i-th row: [B, heads, h, w, kernel, D]."""
        return x[:, :, rows[:, i]][:, :, :, columns]

    # Row by row of the neighborhood: all k * k neighbors at once would be k times the memory.
    scores = [(strip(key, i) @ query[..., None]).squeeze(-1) for i in range(kernel)]
    scores = torch.stack(scores, dim=-2)  # [B, heads, h, w, kernel, kernel]
    if bias is not None:
        i = row_distance[:, None, :, None] + kernel - 1  # [h, 1, kernel, 1]
        j = column_distance[None, :, None, :] + kernel - 1  # [1, w, 1, kernel]
        scores = scores + bias[:, i, j]  # [heads, h, w, kernel, kernel]
    weights = scores.flatten(-2).softmax(-1).view_as(scores)
    return sum((weights[..., i, None, :] @ strip(value, i)).squeeze(-2) for i in range(kernel))


class NeighborhoodAttention(nn.Module):
    """Multi-head neighborhood attention with a learned bias per distance."""

    def __init__(self, channels: int, heads: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.heads, self.kernel, self.dilation = heads, kernel, dilation
        self.rpb = nn.Parameter(torch.zeros(heads, 2 * kernel - 1, 2 * kernel - 1))
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] to [B, H, W, C]."""
        height, width = x.shape[1:3]
        span = self.kernel * self.dilation
        # A smaller map is padded with zeros, which are attended to, as in the paper's code.
        padded = F.pad(x, (0, 0, 0, max(0, span - width), 0, max(0, span - height)))

        def heads(y: Tensor) -> Tensor:
            return y.unflatten(-1, (self.heads, -1)).permute(0, 3, 1, 2, 4)  # [B, heads, H, W, D]

        query, key, value = heads(self.query(x)), heads(self.key(padded)), heads(self.value(padded))
        query = query / math.sqrt(query.shape[-1])
        y = neighborhood_attention(query, key, value, self.kernel, self.dilation, self.rpb)
        return y.permute(0, 2, 3, 1, 4).flatten(-2)


class Layer(nn.Module):
    """x + attention(norm(x)), then x + MLP(norm(x))."""

    def __init__(
        self, channels: int, heads: int, kernel: int, dilation: int, mlp_ratio: float, drop_path: float
    ) -> None:
        super().__init__()
        hidden = int(mlp_ratio * channels)
        self.drop_path = drop_path
        self.layernorm_before = nn.LayerNorm(channels)
        self.attention = nn.ModuleDict(
            {
                "self": NeighborhoodAttention(channels, heads, kernel, dilation),
                "output": nn.ModuleDict({"dense": nn.Linear(channels, channels)}),
            }
        )
        self.layernorm_after = nn.LayerNorm(channels)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(channels, hidden)})
        self.output = nn.ModuleDict({"dense": nn.Linear(hidden, channels)})

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] to [B, H, W, C]."""
        y = self.attention["self"](self.layernorm_before(x))
        x = x + self._drop(self.attention["output"]["dense"](y))
        y = F.gelu(self.intermediate["dense"](self.layernorm_after(x)))
        return x + self._drop(self.output["dense"](y))

    def _drop(self, y: Tensor) -> Tensor:
        """Stochastic depth: in training a picture skips the branch with probability `drop_path`."""
        if not self.training or self.drop_path == 0:
            return y
        kept = torch.rand(len(y), 1, 1, 1, device=y.device, dtype=y.dtype) >= self.drop_path
        return y * kept / (1 - self.drop_path)


class Downsample(nn.Module):
    """Half the side, twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduction = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=False)
        self.norm = nn.LayerNorm(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] to [B, H/2, W/2, 2C]."""
        return self.norm(self.reduction(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))


class DiNAT(nn.Module):
    """The backbone: [B, 3, H, W] to four maps at strides 4, 8, 16 and 32.

    Parameters have the names and shapes of transformers' `DinatBackbone` with all four stages as its output,
    so that weights for it fit here. That class itself needs an old version of natten. The default is DiNAT-L
    with the dilations that OneFormer takes for ADE20K.

    Args:
        channels: of the first stage; each stage doubles them.
        depths: layers per stage.
        heads: per stage.
        kernel: side of the neighborhood.
        dilations: of each layer, by stage.
        mlp_ratio: hidden channels of the MLP per channel.
        drop_path: stochastic depth of the last layer; it grows linearly from 0 at the first.
    """

    def __init__(
        self,
        channels: int = 192,
        depths: Sequence[int] = (3, 4, 18, 5),
        heads: Sequence[int] = (6, 12, 24, 48),
        kernel: int = 11,
        dilations: Sequence[Sequence[int]] = (
            (1, 20, 1),
            (1, 5, 1, 10),
            (1, 2, 1, 3, 1, 4, 1, 5, 1, 2, 1, 3, 1, 4, 1, 5, 1, 5),
            (1, 2, 1, 2, 1),
        ),
        mlp_ratio: float = 2.0,
        drop_path: float = 0.3,
    ) -> None:
        super().__init__()
        self.channels = [channels * 2**i for i in range(4)]
        # Two convolutions that overlap, where Swin cuts patches of 4 x 4.
        projection = nn.Sequential(
            nn.Conv2d(3, channels // 2, 3, stride=2, padding=1),
            nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1),
        )
        self.embeddings = nn.ModuleDict(
            {
                "patch_embeddings": nn.ModuleDict({"projection": projection}),
                "norm": nn.LayerNorm(channels),
            }
        )
        levels, last, layer = nn.ModuleList(), sum(depths) - 1, 0
        for i, width in enumerate(self.channels):
            layers = nn.ModuleList()
            for j in range(depths[i]):
                rate = drop_path * layer / last
                layers.append(Layer(width, heads[i], kernel, dilations[i][j], mlp_ratio, rate))
                layer += 1
            level = nn.ModuleDict({"layers": layers})
            if i < 3:
                level["downsample"] = Downsample(width)
            levels.append(level)
        self.encoder = nn.ModuleDict({"levels": levels})
        self.hidden_states_norms = nn.ModuleDict(
            {f"stage{i}": nn.LayerNorm(width) for i, width in enumerate(self.channels, start=1)}
        )
        self.apply(_init)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Four maps [B, C, H/4, W/4], [B, 2C, H/8, W/8], [B, 4C, H/16, W/16] and [B, 8C, H/32, W/32]."""
        x = self.embeddings["patch_embeddings"]["projection"](images)
        x = self.embeddings["norm"](x.permute(0, 2, 3, 1))  # [B, H/4, W/4, C]
        maps = []
        for level, norm in zip(self.encoder["levels"], self.hidden_states_norms.values(), strict=True):
            for layer in level["layers"]:
                x = layer(x)
            maps.append(norm(x).permute(0, 3, 1, 2))
            if "downsample" in level:
                x = level["downsample"](x)
        return maps


def dinat_small() -> DiNAT:
    """The same structure at teaching size: neighborhoods of 3 x 3, near and dilated by turns."""
    return DiNAT(
        channels=32,
        depths=(2, 2, 2, 2),
        heads=(1, 2, 4, 8),
        kernel=3,
        dilations=((1, 8), (1, 4), (1, 2), (1, 1)),
        drop_path=0.0,
    )


def _init(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, NeighborhoodAttention):
        nn.init.trunc_normal_(module.rpb, std=0.02)
