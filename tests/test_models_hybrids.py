"""InternImage, ViT-Adapter and ViT-CoMer: the parts against plain code and libraries, the rows by number."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adebook
from adebook import models
from adebook.batches import SegmentationDataset, collate
from adebook.models.internimage import DCNv3, InternImage, sample, sampling_locations
from adebook.models.vit_adapter import (
    DeformableAttention,
    Extractor,
    Injector,
    Interaction,
    TwoBranchViT,
    deformable_attention,
    embed,
    places,
    plain_vit,
    run,
    to_maps,
    to_tokens,
)
from adebook.models.vit_comer import MRFP, CTIToC, CTIToV, Exchange
from adebook.transforms import Recipe, training_transform

KEYS = ["internimage-h", "vit-adapter-l-beit", "vit-comer-l", "dinov2-g-mask2former", "beit3-g"]
BACKBONES = [
    "beit_large_patch16_224",
    "beitv2_large_patch16_224",
    "vit_giant_patch14_dinov2",
    "beit3_giant_patch14_224",
]
SHAPES = [(4, 6), (2, 3), (1, 2)]  # 24 + 6 + 2 cells


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def scattered(module: nn.Module, scale: float = 0.3) -> nn.Module:
    """With weights of no symmetry: what starts as zero or in whole cells would hide errors and has kinks."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * scale + 0.1)
    return module


def count(parameters) -> int:
    return sum(p.numel() for p in parameters)


def check_gradients(module: nn.Module, *inputs, **options) -> None:
    """Of the inputs and of all parameters, in float64."""
    module = scattered(module.double()).eval()
    names, parameters = zip(*module.named_parameters(), strict=True)
    inputs = [x.double().requires_grad_() for x in inputs]

    def outputs(*values):
        called = dict(zip(names, values[len(inputs) :], strict=True))
        return torch.func.functional_call(module, called, values[: len(inputs)], options)

    assert torch.autograd.gradcheck(outputs, (*inputs, *parameters), fast_mode=True)


# ---------------------------------------------------------------- DCNv3
def bilinear(one: torch.Tensor, x: float, y: float) -> torch.Tensor:
    """[h, w, C] read at (x, y) in cells, 0 outside: the definition."""
    height, width, _ = one.shape
    total = torch.zeros_like(one[0, 0])
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            if 0 <= row < height and 0 <= column < width:
                total = total + one[row, column] * (1 - abs(x - column)) * (1 - abs(y - row))
    return total


def test_dcnv3_gathers_as_a_plain_loop():
    value = torch.randn(2, 3, 4, 6)
    locations = torch.rand(2, 3, 4, 2, 5, 2) * 7 - 2  # some outside
    modulation = torch.rand(2, 3, 4, 2, 5)
    expected = torch.zeros(2, 3, 4, 6)
    for b, i, j, g, k in torch.cartesian_prod(*(torch.arange(n) for n in (2, 3, 4, 2, 5))).tolist():
        x, y = locations[b, i, j, g, k].tolist()
        group = slice(3 * g, 3 * g + 3)
        expected[b, i, j, group] += modulation[b, i, j, g, k] * bilinear(value[b, ..., group], x, y)
    torch.testing.assert_close(sample(value, locations, modulation), expected)


def test_dcnv3_is_torchvisions_deformable_convolution_where_they_coincide():
    from torchvision.ops import deform_conv2d

    layer = scattered(DCNv3(8, groups=2, kernel=5)).double()
    for projection in (layer.value, layer.out):
        nn.init.eye_(projection.weight)
        nn.init.zeros_(projection.bias)
    x = torch.randn(2, 5, 7, 8, dtype=torch.float64)
    query = layer.query(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    offsets = layer.offset(query).view(2, 5, 7, 2, 9, 2).flip(-1)  # torchvision has (y, x)
    modulation = layer.modulation(query).view(2, 5, 7, 2, 9).softmax(-1)
    expected = deform_conv2d(
        x.permute(0, 3, 1, 2),
        offsets.flatten(3).permute(0, 3, 1, 2),
        torch.ones(8, 1, 3, 3, dtype=torch.float64),  # depthwise: each channel adds up its own nine points
        padding=1,
        mask=modulation.flatten(3).permute(0, 3, 1, 2),
    )
    torch.testing.assert_close(layer(x), expected.permute(0, 2, 3, 1))


def test_dcnv3_begins_as_an_average_over_nine_cells():
    layer = DCNv3(4, groups=2)
    x = torch.randn(1, 5, 6, 4)
    value = layer.value(x).permute(0, 3, 1, 2)
    mean = F.avg_pool2d(value, 3, stride=1, padding=1).permute(0, 2, 3, 1)
    torch.testing.assert_close(layer(x), layer.out(mean))


def test_center_scale_mixes_a_places_own_feature_in():
    layer = scattered(DCNv3(4, groups=2, center_scale=True))
    nn.init.zeros_(layer.center.weight)
    x = torch.randn(1, 5, 6, 4)
    with torch.no_grad():
        layer.center.bias.copy_(torch.tensor([100.0, 100.0]))  # a share of 1: only the place itself
    torch.testing.assert_close(layer(x), layer.out(layer.value(x)))


@pytest.mark.parametrize("center_scale", [False, True])
def test_gradients_of_dcnv3(center_scale):
    check_gradients(DCNv3(4, groups=2, center_scale=center_scale), torch.randn(1, 3, 4, 4))


def test_groups_must_divide_the_channels():
    with pytest.raises(ValueError, match="10 channels do not split into 4 groups"):
        DCNv3(10, groups=4)


def test_where_a_layer_looks_in_pixels():
    body = InternImage(16, depths=(1, 1, 2, 1), groups=(1, 2, 4, 8), period=2)
    images = torch.randn(1, 3, 64, 96)
    locations, modulation = sampling_locations(body, images)
    assert locations.shape == (1, 4, 6, 4, 9, 2)
    # Cells of 16 pixels: the center of the first is 7.5, its left neighbor would be at -8.5.
    assert locations[0, 0, 0, 0].tolist() == [[x, y] for y in (-8.5, 7.5, 23.5) for x in (-8.5, 7.5, 23.5)]
    assert locations[0, 3, 5, 0, 4].tolist() == [87.5, 55.5]
    torch.testing.assert_close(modulation, torch.full((1, 4, 6, 4, 9), 1 / 9))
    with torch.no_grad():
        body.stages[2][1].dcn.offset.bias.view(4, 9, 2)[1, 4] = torch.tensor([0.5, -1.0])
    moved, _ = sampling_locations(body, images)
    assert moved[0, 0, 0, 1, 4].tolist() == [15.5, -8.5]
    assert moved[0, 0, 0, 0, 4].tolist() == [7.5, 7.5]
    first, _ = sampling_locations(body, images, layer=0)
    assert torch.equal(first, locations), "the first layer did not change"


# ---------------------------------------------------------------- deformable attention
def scattered_points(batch=2, queries=5, heads=2, width=3, points=4):
    value = torch.randn(batch, 32, heads, width)
    locations = torch.rand(batch, queries, heads, 3, points, 2) * 1.4 - 0.2  # some outside
    weights = torch.rand(batch, queries, heads, 3, points)
    return value, locations, weights


def test_deformable_attention_gathers_as_a_plain_loop():
    value, locations, weights = scattered_points()
    expected = torch.zeros(2, 5, 6)
    levels = value.split([24, 6, 2], dim=1)
    for b, q, m, n, k in torch.cartesian_prod(*(torch.arange(n) for n in (2, 5, 2, 3, 4))).tolist():
        height, width = SHAPES[n]
        cells = levels[n][b, :, m].view(height, width, 3)
        x, y = locations[b, q, m, n, k].tolist()
        read = bilinear(cells, x * width - 0.5, y * height - 0.5)
        expected[b, q, 3 * m : 3 * m + 3] += weights[b, q, m, n, k] * read
    torch.testing.assert_close(deformable_attention(value, SHAPES, locations, weights), expected)


def test_deformable_attention_is_that_of_transformers():
    theirs = pytest.importorskip("transformers.models.mask2former.modeling_mask2former")
    value, locations, weights = scattered_points()
    expected = theirs.multi_scale_deformable_attention(value, SHAPES, locations, weights)
    torch.testing.assert_close(deformable_attention(value, SHAPES, locations, weights), expected)


def test_deformable_attention_reads_around_the_place_of_a_query():
    layer = DeformableAttention(4, heads=2, levels=1, points=1, ratio=1)
    for zero in (layer.offset.weight, layer.offset.bias, layer.value.bias, layer.out.bias):
        nn.init.zeros_(zero)
    nn.init.eye_(layer.value.weight)
    nn.init.eye_(layer.out.weight)
    source = torch.randn(1, 24, 4)
    here = places([(4, 6)], source)
    torch.testing.assert_close(layer(torch.randn(1, 24, 4), here, source, [(4, 6)]), source)
    with torch.no_grad():
        layer.offset.bias.view(2, 1, 1, 2)[:] = torch.tensor([1.0, 0.0])  # one cell to the right
    read = layer(torch.randn(1, 24, 4), here, source, [(4, 6)]).view(4, 6, 4)
    torch.testing.assert_close(read[:, :-1], source.view(4, 6, 4)[:, 1:])
    torch.testing.assert_close(read[:, -1], torch.zeros(4, 4))


def test_heads_begin_with_directions_of_their_own():
    bias = DeformableAttention(16, heads=4, levels=2, points=3).offset.bias.view(4, 2, 3, 2)
    expected = [[[1, 0], [2, 0], [3, 0]], [[0, 1], [0, 2], [0, 3]], [[-1, 0], [-2, 0], [-3, 0]]]
    torch.testing.assert_close(bias[:3, 1], torch.tensor(expected, dtype=torch.float32))


def test_places_are_the_centers_of_cells():
    assert places([(1, 2), (1, 1)], torch.zeros(1)).tolist() == [[[0.25, 0.5], [0.75, 0.5], [0.5, 0.5]]]


def test_value_width_must_fit_the_heads():
    with pytest.raises(ValueError, match="values of width 6 do not split into 4 heads"):
        DeformableAttention(12, heads=4, levels=1)


def test_tokens_and_maps_are_the_same_cells():
    tokens = torch.randn(2, 32, 5)
    maps = to_maps(tokens, SHAPES)
    assert [x.shape for x in maps] == [(2, 5, 4, 6), (2, 5, 2, 3), (2, 5, 1, 2)]
    assert torch.equal(to_tokens(maps), tokens)
    assert torch.equal(maps[1][0, :, 1, 2], tokens[0, 24 + 5])


# ---------------------------------------------------------------- gradients of the blocks
def test_gradients_of_deformable_attention():
    layer = DeformableAttention(8, heads=2, levels=3)
    here = places(SHAPES[1:2], torch.zeros(1, dtype=torch.float64))
    check_gradients(Reads(layer, here), torch.randn(1, 6, 8), torch.randn(1, 32, 8))


class Reads(nn.Module):
    """A deformable attention with fixed places."""

    def __init__(self, layer, here):
        super().__init__()
        self.layer, self.here = layer, here

    def forward(self, query, source):
        return self.layer(query, self.here, source, SHAPES)


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (Injector(8, 2), (6, 32)),
        (Extractor(8, 2), (32, 6)),
        (MRFP(8, 2), (32,)),
        (CTIToV(8, 2), (6, 32)),
        (CTIToC(8, 2), (32, 6)),
        (CTIToC(8, 2, extra=True), (32, 6)),
    ],
    ids=["injector", "extractor", "mrfp", "cti-to-v", "cti-to-c", "cti-to-c-extra"],
)
def test_gradients_of_the_exchange(block, tokens):
    check_gradients(block, *(torch.randn(1, n, 8) for n in tokens), shapes=SHAPES)


# ---------------------------------------------------------------- the ViT stays itself
@pytest.mark.parametrize("make", [Interaction, Exchange], ids=["adapter", "comer"])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_with_gamma_0_the_vit_is_the_plain_vit(backbone, make):
    vit = plain_vit(backbone, 64, teaching=True)
    body = TwoBranchViT(vit, [make(96, 3, last=i == 3) for i in range(4)], width=8).eval()
    # A table of absolute positions serves another size, too; relative positions have one.
    images = torch.randn(2, 3, 64, 64 if backbone.startswith(("beit_", "beitv2_")) else 96)
    seen = []
    body.interactions[3].register_forward_hook(lambda module, inputs, output: seen.append(output))
    body(images)
    prefix, x, _ = seen.pop()
    plain = vit.forward_features(images)  # timm's own
    torch.testing.assert_close(torch.cat([prefix, x], dim=1), plain)
    with torch.no_grad():
        for name, parameter in body.interactions.named_parameters():
            if name.endswith("gamma"):
                parameter.fill_(0.5)
    body(images)
    assert not torch.allclose(seen.pop()[1], plain[:, 1:]), "the branch is not heard"


def test_positions_are_resampled_and_blocks_run_in_order():
    vit = plain_vit("vit_giant_patch14_dinov2", 64, teaching=True)
    images = torch.randn(1, 3, 96, 32)
    prefix, x = embed(vit, images)
    assert prefix.shape == (1, 1, 96)
    assert x.shape == (1, 12, 96)
    halves = run(vit.blocks[2:], *run(vit.blocks[:2], prefix, x))
    torch.testing.assert_close(torch.cat(halves, dim=1), vit.forward_features(images))


def test_four_maps_at_strides_4_to_32():
    vit = plain_vit("beit3_giant_patch14_224", 64, teaching=True)
    body = TwoBranchViT(vit, [Interaction(96, 3, last=i == 3) for i in range(4)], width=8)
    maps = body(torch.randn(2, 3, 64, 96))
    assert [x.shape for x in maps] == [(2, 96, 16, 24), (2, 96, 8, 12), (2, 96, 4, 6), (2, 96, 2, 3)]
    assert [len(i.extractors) for i in body.interactions] == [1, 1, 1, 3]


# ---------------------------------------------------------------- the rows
@pytest.mark.parametrize(
    ("key", "whole", "encoder", "sourced"),
    [
        # `sourced`: millions, of the authors' tables (whole model; of the frozen ViT alone for DINOv2).
        ("internimage-h", 1_313_496_135, 1_073_122_480, 1310),
        ("vit-adapter-l-beit", 568_409_687, 328_756_928, 568),
        ("vit-comer-l", 631_213_527, 391_560_768, 633.6),
        ("dinov2-g-mask2former", 1_431_577_623, 1_189_827_712, None),
        ("beit3-g", 1_298_090_263, 1_056_864_640, None),
    ],
)
def test_parameters_of_the_published_size(key, whole, encoder, sourced):
    model = models.build(key, device="meta")
    body = model.net.get_submodule(model.net.BACKBONE[0]).body
    assert count(model.parameters()) == whole
    assert count(body.parameters()) == encoder
    assert all(p.is_meta for p in model.parameters())
    if sourced:
        assert whole / 1e6 == pytest.approx(sourced, rel=0.02)
    with torch.device("meta"):
        maps = body(torch.zeros(1, 3, models.find(key).image_size, models.find(key).image_size))
    assert [models.find(key).image_size // x.shape[-1] for x in maps] == [4, 8, 16, 32]


@pytest.mark.parametrize(
    ("key", "vit"),
    [
        ("vit-adapter-l-beit", 305_520_128),
        ("vit-comer-l", 305_520_128),
        (
            "dinov2-g-mask2former",
            1_139_466_752,
        ),  # 1.136 billion with the pretrained table of 37 x 37 positions
        ("beit3-g", 1_016_112_256),
    ],
)
def test_parameters_of_the_plain_vit(key, vit):
    assert count(models.build(key, device="meta").backbone_parameters()) == vit


def dollhouse_batch():
    rows = adebook.load("dollhouse", "training").select(range(4))
    recipe = Recipe(short_side=128, long_side=512, crop_size=128)
    dataset = SegmentationDataset(rows, training_transform(recipe), seed=0)
    return collate([dataset[i] for i in range(4)])


@pytest.mark.parametrize("key", KEYS)
def test_teaching_size(key):
    model = models.build(key, teaching=True)
    assert count(model.parameters()) < 5_000_000
    model.eval()
    with torch.no_grad():
        assert model(torch.randn(1, 3, 75, 97)).shape == (1, 150, 19, 25)
        assert model(torch.randn(1, 3, 75, 197)).shape == (1, 150, 19, 50)  # wider than the window of BEiT

    model.train()
    batch = dollhouse_batch()
    frozen = [p.clone() for p in model.backbone_parameters()]
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    losses = []
    for _ in range(5):
        torch.manual_seed(0)  # the set loss samples points
        loss = model.loss(batch["image"], batch["target"])
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.95 * losses[0]
    silent = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not silent, "parameters that nothing reads"
    if key == "dinov2-g-mask2former":
        assert all(p.grad is None and not p.requires_grad for p in model.backbone_parameters())
        assert all(map(torch.equal, frozen, model.backbone_parameters()))
    else:
        assert all(p.requires_grad for p in model.parameters())


def test_a_size_that_32_does_not_divide():
    with pytest.raises(ValueError, match="image_size=96 or 128"):
        models.build("vit-adapter-l-beit", teaching=True, image_size=100)


def test_relative_positions_are_of_one_size():
    vit = plain_vit("beitv2_large_patch16_224", 64, teaching=True)
    with pytest.raises(ValueError, match=r"64 x 128 pixels.*made for 64 x 64"):
        embed(vit, torch.randn(1, 3, 64, 128))
