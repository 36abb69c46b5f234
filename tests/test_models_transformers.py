"""The plain transformers and UPerNet: equal to their sources, of the published size, and able to learn."""

import math

import pytest
import timm
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import gradcheck

from adebook import models
from adebook.models.segmenter import MaskTransformer
from adebook.models.setr import MLAHead
from adebook.models.upernet import UPerHead, UPerNet, ViTPyramid

UPERNETS = [
    "swin-l-upernet",
    "beit-l-upernet",
    "deit3-l-upernet",
    "convnext-xl-upernet",
    "eva02-l",
    "fd-swinv2-g",
]
KEYS = ["setr-mla-vit-l", "segmenter-l-mask16", *UPERNETS]


pytestmark = pytest.mark.usefixtures("one_thread_one_seed")


def lived_in(module: nn.Module) -> nn.Module:
    """In float64, to evaluate, with statistics and biases that are not the zeros and ones of a new network."""
    module = module.double().eval()
    for name, value in module.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point() and value.ndim == 1:
            value.uniform_(-0.5, 0.5)
    return module


def pyramid_of(channels: list[int], batch: int = 2) -> list[torch.Tensor]:
    sizes = [(16, 24), (8, 12), (4, 6), (2, 3)]
    return [
        torch.randn(batch, c, *size, dtype=torch.float64) for c, size in zip(channels, sizes, strict=True)
    ]


# --- sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "whole", "backbone", "published"),
    [  # millions, counted here; and what the source says of the whole model
        ("setr-mla-vit-l", 310.18, 304.15, 310),
        ("segmenter-l-mask16", 333.23, 304.74, 334),
        ("swin-l-upernet", 233.96, 195.20, 234),
        ("beit-l-upernet", 441.27, 305.52, 441),
        ("deit3-l-upernet", 353.61, 304.20, 353.6),
        ("convnext-xl-upernet", 391.14, 348.14, 391),
        ("eva02-l", 439.99, 304.24, None),  # the source counts the encoder alone: 304
        ("fd-swinv2-g", 3057.42, 2997.53, 3000),
    ],
)
def test_a_model_has_the_published_number_of_parameters(key, whole, backbone, published):
    model = models.build(key, device="meta").eval()
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(whole, abs=0.005)
    assert sum(p.numel() for p in model.backbone_parameters()) / 1e6 == pytest.approx(backbone, abs=0.005)
    assert whole == pytest.approx(published or whole, rel=0.02)
    stride = 16 if key == "segmenter-l-mask16" else 4
    images = torch.zeros(1, 3, 75, 97, device="meta")
    assert model(images).shape == (1, 150, math.ceil(75 / stride), math.ceil(97 / stride))


@pytest.mark.parametrize("key", KEYS)
def test_a_teaching_size_is_small_and_takes_any_picture(key):
    model = models.build(key, 7, teaching=True).eval()
    assert sum(p.numel() for p in model.parameters()) < 5e6
    with torch.no_grad():
        for height, width in [(75, 97), (128, 128), (1, 1), (150, 40)]:
            logits = model(torch.randn(1, 3, height, width))
            assert logits.shape == (1, 7, math.ceil(height / model.stride), math.ceil(width / model.stride))
            assert logits.isfinite().all()


@pytest.mark.parametrize("key", KEYS)
def test_a_picture_of_another_size_leaves_no_trace(key):
    model = models.build(key, 5, teaching=True).eval()
    images = torch.randn(1, 3, 96, 64)
    with torch.no_grad():
        before = model(images)
        model(torch.randn(1, 3, 33, 180))
        torch.testing.assert_close(model(images), before, rtol=0, atol=0)


def test_the_windows_of_swin_keep_their_size():
    small, large = (models.build("swin-l-upernet", image_size=n, device="meta") for n in (64, 640))
    assert {n: p.shape for n, p in small.named_parameters()} == {
        n: p.shape for n, p in large.named_parameters()
    }
    table = "body.encoder.model.layers.3.blocks.1.attn.relative_position_bias_table"
    assert small.net.get_parameter(table).shape == (23 * 23, 48)


# --- equal to their sources ---------------------------------------------------------------------------------

LAST = {"norm.weight", "norm.bias", "head.weight", "head.bias"}


@pytest.mark.parametrize(
    ("key", "encoder", "name", "left_out", "resized"),
    [
        ("setr-mla-vit-l", "vit.model", "vit_large_patch16_384", LAST, {"pos_embed"}),
        ("segmenter-l-mask16", "vit", "vit_large_patch16_384", {"head.weight", "head.bias"}, {"pos_embed"}),
        (
            "swin-l-upernet",
            "body.encoder.model",
            "swin_large_patch4_window12_384",
            {"norm.weight", "norm.bias", "head.fc.weight", "head.fc.bias"},
            set(),
        ),
        (
            "beit-l-upernet",
            "body.vit.model",
            "beit_large_patch16_224",
            {"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"},
            {f"blocks.{i}.attn.relative_position_bias_table" for i in range(24)},
        ),
        ("deit3-l-upernet", "body.vit.model", "deit3_large_patch16_384", LAST, {"pos_embed"}),
        (
            "convnext-xl-upernet",
            "body.encoder.model",
            "convnext_xlarge",
            {"head.norm.weight", "head.norm.bias", "head.fc.weight", "head.fc.bias"},
            set(),
        ),
        (
            "eva02-l",
            "body.vit.model",
            "eva02_large_patch14_448",
            {"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"},
            {"patch_embed.proj.weight"},
        ),
    ],
)
def test_an_encoder_has_the_parameters_of_timms(key, encoder, name, left_out, resized):
    ours = models.build(key, device="meta").net.get_submodule(encoder).state_dict()
    with torch.device("meta"):
        theirs = timm.create_model(name).state_dict()
    assert theirs.keys() - ours.keys() == left_out
    assert ours.keys() <= theirs.keys()
    assert {n for n in ours if ours[n].shape != theirs[n].shape} == resized


def as_transformers_names(name: str) -> str:
    """The name of a parameter of UPerHead in transformers' UperNetHead."""
    first, *rest = name.split(".")
    if first == "classify":
        return f"classifier.{rest[-1]}"
    place = f".{rest.pop(0)}" if first in ("pool", "lateral", "smooth") else ""
    module = {
        "pool": f"psp_modules{place}.1",
        "fuse_pool": "bottleneck",
        "lateral": f"lateral_convs{place}",
        "smooth": f"fpn_convs{place}",
        "fuse": "fpn_bottleneck",
    }[first]
    return ".".join([module, {"0": "conv", "1": "batch_norm"}[rest[0]], *rest[1:]])


def test_upernets_head_is_that_of_transformers():
    pytest.importorskip("transformers")
    from transformers import UperNetConfig
    from transformers.models.upernet.modeling_upernet import UperNetHead

    channels = [3, 5, 6, 7]
    ours = lived_in(UPerHead(channels, num_classes=4, width=8))
    theirs = UperNetHead(UperNetConfig(hidden_size=8, num_labels=4), channels).double().eval()
    theirs.load_state_dict({as_transformers_names(n): v for n, v in ours.state_dict().items()})  # strict
    maps = pyramid_of(channels)
    expected = theirs(maps)
    assert expected.shape == (2, 4, 16, 24)
    torch.testing.assert_close(ours(maps), expected)


def test_setrs_head_is_its_plain_restatement():
    head = lived_in(MLAHead(channels=6, num_classes=5, width=4))
    maps = [torch.randn(2, 6, 3, 4, dtype=torch.float64) for _ in range(4)]

    def block(x, sequence):  # convolution, batch norm, ReLU
        conv, norm = sequence[0], sequence[1]
        x = F.conv2d(x, conv.weight, padding=conv.weight.shape[-1] // 2)
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        return (
            (x - norm.running_mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None]
        ).relu()

    def reduced(i):
        x, norm = maps[i], head.norm[i]
        mean, var = x.mean(1, keepdim=True), x.var(1, keepdim=True, correction=0)
        x = (x - mean) / (var + 1e-6).sqrt() * norm.weight[:, None, None] + norm.bias[:, None, None]
        return block(x, head.reduce[i])

    p5 = reduced(3)
    p4 = p5 + reduced(2)
    p3 = p4 + reduced(1)
    p2 = p3 + reduced(0)
    fine = []
    for i, level in enumerate([p2, p3, p4, p5]):
        x = block(level, head.smooth[i])
        x = block(block(x, head.refine[i][0]), head.refine[i][1])
        fine.append(F.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False))
    expected = F.conv2d(torch.cat(fine, 1), head.classify.weight, head.classify.bias, padding=1)
    assert expected.shape == (2, 5, 12, 16)
    torch.testing.assert_close(head(maps), expected)


def test_segmenters_head_is_its_plain_restatement():
    channels, classes, heads = 8, 3, 2
    head = lived_in(MaskTransformer(channels, classes, layers=2, heads=heads))
    patches = torch.randn(2, 5, channels, dtype=torch.float64)

    def norm(x, layer):
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + layer.eps).sqrt()
        return x * layer.weight + layer.bias

    x = torch.cat(
        [patches @ head.project.weight.T + head.project.bias, head.class_tokens.expand(2, -1, -1)], 1
    )
    for layer in head.blocks:
        y = norm(x, layer.norm1) @ layer.attn.qkv.weight.T + layer.attn.qkv.bias
        seen = []
        for h in range(heads):
            q, k, v = (y[..., i * channels + h * 4 : i * channels + (h + 1) * 4] for i in range(3))
            seen.append((q @ k.transpose(1, 2) / math.sqrt(4)).softmax(-1) @ v)
        x = x + torch.cat(seen, -1) @ layer.attn.proj.weight.T + layer.attn.proj.bias
        y = F.gelu(norm(x, layer.norm2) @ layer.mlp.fc1.weight.T + layer.mlp.fc1.bias)
        x = x + y @ layer.mlp.fc2.weight.T + layer.mlp.fc2.bias
    x = norm(x, head.norm)
    patch, cls = x[:, :5] @ head.patch_projection.weight.T, x[:, 5:] @ head.class_projection.weight.T
    cosine = torch.einsum("bnc,bkc->bnk", patch, cls) / (
        patch.norm(dim=-1)[:, :, None] * cls.norm(dim=-1)[:, None]
    )
    assert cosine.abs().max() <= 1
    torch.testing.assert_close(head(patches), norm(cosine, head.mask_norm))


def test_the_tokens_of_segmenter_lie_where_their_patches_do():
    """A picture that differs in one patch alone, through a ViT without attention, changes one cell of the logits."""
    model = models.build("segmenter-l-mask16", 3, teaching=True).eval()
    for block in [*model.net.vit.blocks, *model.net.decoder.blocks]:
        nn.init.zeros_(block.attn.proj.weight)
    plain = torch.zeros(1, 3, 64, 96)
    changed = plain.clone()
    changed[..., 16:32, 64:80] = torch.randn(3, 16, 16)
    with torch.no_grad():
        moved = (model(changed) - model(plain)).abs().sum(1)[0] > 1e-6
    assert moved.nonzero().tolist() == [[1, 4]]


def test_a_plain_vit_gives_maps_at_four_strides_each_from_its_own_layer():
    size = {"img_size": 64, "embed_dim": 12, "depth": 4, "num_heads": 2}
    pyramid = ViTPyramid("vit_tiny_patch16_224", (0, 1, 2, 3), **size).eval()
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        maps = pyramid(images)
        assert [tuple(x.shape) for x in maps] == [
            (1, 12, 16, 16),
            (1, 12, 8, 8),
            (1, 12, 4, 4),
            (1, 12, 2, 2),
        ]
        changed = []
        for block in reversed(
            pyramid.vit.model.blocks
        ):  # a layer feeds its own map and those of later layers
            nn.init.constant_(block.mlp.fc2.bias, 1.0)
            now = pyramid(images)
            changed.append([not torch.equal(x, y) for x, y in zip(maps, now, strict=True)])
            maps = now
    assert changed == [[i >= layer for i in range(4)] for layer in (3, 2, 1, 0)]


# --- gradients ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "inputs"),
    [
        (lambda: UPerHead([2, 3, 2, 3], num_classes=2, width=3), lambda: pyramid_of([2, 3, 2, 3], batch=1)),
        (
            lambda: MLAHead(channels=3, num_classes=2, width=4),
            lambda: [torch.randn(1, 3, 2, 3, dtype=torch.float64) for _ in range(4)],
        ),
        (
            lambda: MaskTransformer(4, num_classes=3, layers=1, heads=2),
            lambda: [torch.randn(1, 5, 4, dtype=torch.float64)],
        ),
    ],
    ids=["upernet", "setr", "segmenter"],
)
def test_gradients_of_own_heads(head, inputs):
    head, inputs = lived_in(head()), inputs()
    names = [name for name, _ in head.named_parameters()]
    count = len(inputs)

    def function(*tensors):
        given = list(tensors[:count]) if count > 1 else tensors[0]
        return torch.func.functional_call(head, dict(zip(names, tensors[count:], strict=True)), (given,))

    tensors = [x.detach().requires_grad_() for x in (*inputs, *head.parameters())]
    assert gradcheck(function, tensors, fast_mode=True)


# --- learning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_a_step_lowers_the_loss_on_a_dollhouse_batch(key, dollhouse_batch):
    images, target = dollhouse_batch["image"], dollhouse_batch["target"]
    model = models.build(key, teaching=True).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    losses = []
    for _ in range(2):
        torch.manual_seed(1)  # the same channels dropped
        loss = model.loss(images, target)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        assert [n for n, p in model.named_parameters() if p.grad is None] == []
        optimizer.step()
    assert losses[1] < losses[0] - 0.01


def test_the_loss_of_upernet_weighs_its_auxiliary_head_and_skips_what_is_ignored():
    class Body(nn.Module):
        def forward(self, images):
            return [F.avg_pool2d(images, stride) for stride in (4, 8, 16, 32)]

    net = UPerNet(Body(), [3, 3, 3, 3], num_classes=4, width=8).eval()
    images, target = torch.randn(2, 3, 64, 64), torch.randint(0, 4, (2, 64, 64))
    target[:, :, 20:] = 255
    with torch.no_grad():
        maps = net.body(images)
        parts = []
        for logits, step in [(net.head(maps), 1), (net.auxiliary(maps[2]), 4)]:
            labels = target[:, step // 2 :: step, step // 2 :: step]
            logits = F.interpolate(logits, labels.shape[-2:], mode="bilinear", align_corners=False)
            probability = logits.softmax(1).gather(1, labels.clamp(max=3)[:, None])[:, 0]
            parts.append(-probability[labels != 255].log().mean())
        torch.testing.assert_close(net.loss(images, target), parts[0] + 0.4 * parts[1])


@pytest.mark.parametrize("key", KEYS)
def test_nothing_labeled_is_a_loss_of_zero_without_gradient(key):
    model = models.build(key, 5, teaching=True).train()
    loss = model.loss(torch.randn(2, 3, 64, 64), torch.full((2, 64, 64), 255))
    assert loss.item() == 0
    loss.backward()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


# --- bad input ----------------------------------------------------------------------------------------------


def test_one_picture_in_training_mode_is_refused_with_the_cure():
    model = models.build("deit3-l-upernet", 5, teaching=True)
    with pytest.raises(ValueError, match=r"batch of 1 .* Cure: model\.eval\(\)"):
        model(torch.zeros(1, 3, 64, 64))


def test_a_picture_larger_than_the_position_table_of_beit_is_refused_in_training_with_the_cure():
    model = models.build("beit-l-upernet", 5, teaching=True)
    with pytest.raises(ValueError, match=r"160 x 128, .* Cure: smaller crops"):
        model.loss(torch.zeros(2, 3, 160, 128), torch.zeros(2, 160, 128, dtype=torch.int64))
