"""Mask classifiers: the inference rule by hand, attentions against their definitions, published sizes, learning."""

import copy
import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import gradcheck

from adebook import models
from adebook.models import mask2former, oneformer
from adebook.models.common import pixel_loss, upsample
from adebook.models.dinat import DiNAT, NeighborhoodAttention, neighborhood_attention, neighbors
from adebook.models.semask import SemanticAttention

KEYS = ["mask2former-swin-l", "semask-l-mask2former", "oneformer-dinat-l", "oneformer-internimage-h"]


pytestmark = pytest.mark.usefixtures("one_thread_one_seed")


class Pools(nn.Module):
    """The cheapest body: the picture itself at strides 4, 8, 16 and 32, through one constant convolution."""

    channels = (3, 3, 3, 3)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        nn.init.constant_(self.conv.weight, 0.25)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [nn.functional.avg_pool2d(self.conv(x), 4 * 2**i) for i in range(4)]


# --- what a pixel is given ----------------------------------------------------------------------------------

# Two queries, two classes and "no object", two pixels.
CLASSES = torch.tensor([[[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]]]).log()
MASKS = torch.tensor([[[[0.5, 0.9]], [[0.8, 0.25]]]]).logit()


def test_semantic_inference_by_hand():
    scores = mask2former.semantic_logits(CLASSES, MASKS).exp()
    # class 0, pixel 0: 0.6 * 0.5 + 0.2 * 0.8; "no object" takes its share of the softmax and gives nothing
    torch.testing.assert_close(scores, torch.tensor([[[[0.46, 0.59]], [[0.31, 0.32]]]]))


def test_the_class_on_top_is_the_one_of_the_library():
    from transformers import MaskFormerImageProcessor

    classes, masks = torch.randn(2, 7, 6), torch.randn(2, 7, 9, 11)
    output = SimpleNamespace(class_queries_logits=classes, masks_queries_logits=masks)
    published = MaskFormerImageProcessor().post_process_semantic_segmentation(output)
    ours = mask2former.semantic_logits(classes, masks).argmax(1)
    assert torch.equal(ours, torch.stack(published))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_logarithm_of_no_score_is_finite(dtype):
    # The query is surely "no object", and its mask surely nowhere.
    classes, masks = torch.tensor([[[-60000.0, -60000, 0]]]), torch.full((1, 1, 1, 1), -60000.0)
    logits = mask2former.semantic_logits(classes.to(dtype), masks.to(dtype))
    assert logits.isfinite().all() and (logits < -15).all()


def test_masks_of_a_target():
    target = torch.tensor([[[2, 2, 255], [0, 255, 2]], [[255] * 3] * 2])
    masks, classes = mask2former.masks_of(target, 3)
    assert [c.tolist() for c in classes] == [[0, 2], []]
    # An ignored pixel is in no mask.
    assert masks[0].tolist() == [[[0, 0, 0], [1, 0, 0]], [[1, 1, 0], [0, 0, 1]]]
    assert masks[1].shape == (0, 2, 3)


@pytest.mark.parametrize("wrong", [-1, 3, 150])
def test_a_target_with_other_classes_is_refused(wrong):
    with pytest.raises(ValueError, match=f"target holds {wrong}, but the model has the train ids 0 to 2"):
        mask2former.masks_of(torch.tensor([[[0, wrong]]]), 3)


# --- neighborhood attention ---------------------------------------------------------------------------------


def test_neighbors_shift_inward_at_borders():
    indices, distances = neighbors(6, 5)
    assert indices.tolist() == [[0, 1, 2, 3, 4]] * 3 + [[1, 2, 3, 4, 5]] * 3
    assert distances[0].tolist() == [0, 1, 2, 3, 4]
    assert distances[2].tolist() == [-2, -1, 0, 1, 2]
    assert distances[5].tolist() == [-4, -3, -2, -1, 0]


def test_dilated_neighbors_keep_to_their_residue():
    indices, distances = neighbors(7, 3, dilation=2)
    even, odd = [0, 2, 4], [1, 3, 5]  # four places are even, three are odd
    assert indices.tolist() == [even, odd, even, odd, [2, 4, 6], odd, [2, 4, 6]]
    assert distances.tolist() == [[0, 1, 2], [0, 1, 2], *[[-1, 0, 1]] * 3, [-2, -1, 0], [-2, -1, 0]]


@given(kernel=st.sampled_from([1, 3, 5, 7]), dilation=st.integers(1, 5), extra=st.integers(0, 20))
def test_every_place_has_its_neighbors(kernel, dilation, extra):
    length = kernel * dilation + extra
    indices, distances = neighbors(length, kernel, dilation)
    places = torch.arange(length)[:, None]
    assert torch.equal(indices, places + dilation * distances)
    assert indices.min() >= 0 and indices.max() < length
    assert (indices == places).sum(1).eq(1).all()
    assert indices.diff(dim=1).eq(dilation).all()
    far = dilation * (kernel // 2)
    inner = slice(far, length - far)
    assert torch.equal(
        distances[inner], torch.arange(-(kernel // 2), kernel // 2 + 1).expand(length - 2 * far, -1)
    )


@pytest.mark.parametrize(("length", "kernel", "dilation"), [(6, 4, 1), (4, 5, 1), (8, 3, 3)])
def test_a_neighborhood_that_does_not_fit_is_refused(length, kernel, dilation):
    with pytest.raises(ValueError, match=f"at least {kernel * dilation} places, and there are {length}"):
        neighbors(length, kernel, dilation)


def window_start(place: int, length: int, kernel: int, dilation: int) -> int:
    """First neighbor, with the case distinctions of natten's kernels."""
    half = kernel // 2
    if place - half * dilation < 0:
        return place % dilation
    if place + half * dilation >= length:
        residue, whole = place % dilation, length // dilation * dilation
        rest = length - whole
        if residue < rest:
            return length - rest + residue - 2 * half * dilation
        return whole + residue - kernel * dilation
    return place - half * dilation


def dense_attention(query, key, value, kernel, dilation, bias):
    """All places against all, with -inf where one is not in the neighborhood of the other."""
    height, width = query.shape[2:4]
    allowed = torch.full((query.shape[1], height, width, height, width), -math.inf, dtype=query.dtype)
    for y in range(height):
        for x in range(width):
            top, left = window_start(y, height, kernel, dilation), window_start(x, width, kernel, dilation)
            for i in range(top, top + kernel * dilation, dilation):
                for j in range(left, left + kernel * dilation, dilation):
                    dy, dx = (i - y) // dilation, (j - x) // dilation
                    allowed[:, y, x, i, j] = bias[:, dy + kernel - 1, dx + kernel - 1]
    q, k, v = (t.flatten(2, 3) for t in (query, key, value))
    scores = q @ k.transpose(-1, -2) + allowed.flatten(3, 4).flatten(1, 2)
    return (scores.softmax(-1) @ v).view_as(query)


@pytest.mark.parametrize(
    ("height", "width", "kernel", "dilation"),
    [(3, 3, 3, 1), (5, 8, 3, 1), (7, 6, 5, 1), (6, 7, 3, 2), (9, 11, 3, 3), (10, 13, 5, 2), (4, 3, 1, 3)],
)
def test_neighborhood_attention_is_a_masked_dense_attention(height, width, kernel, dilation):
    query, key, value = torch.randn(3, 2, 2, height, width, 4, dtype=torch.float64)
    bias = torch.randn(2, 2 * kernel - 1, 2 * kernel - 1, dtype=torch.float64)
    for b in (bias, None):
        dense = dense_attention(
            query, key, value, kernel, dilation, torch.zeros_like(bias) if b is None else b
        )
        ours = neighborhood_attention(query, key, value, kernel, dilation, b)
        torch.testing.assert_close(ours, dense, rtol=0, atol=1e-12)


def test_queries_may_be_of_a_part_of_the_places():
    query, key, value = torch.randn(3, 1, 2, 8, 9, 4, dtype=torch.float64)
    whole = neighborhood_attention(query, key, value, 3, 2)
    part = neighborhood_attention(query[:, :, :5, :4], key, value, 3, 2)
    torch.testing.assert_close(part, whole[:, :, :5, :4])


def test_neighborhood_attention_gradient():
    layer = NeighborhoodAttention(4, 2, kernel=3, dilation=2).double()
    with torch.no_grad():
        layer.rpb.normal_()
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def function(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    # 5 < kernel * dilation: padding is in it, too
    x = torch.randn(1, 5, 7, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(function, (x, *parameters), fast_mode=True)


def test_dinat_is_that_of_transformers_but_for_its_attention(monkeypatch):
    from transformers import DinatBackbone, DinatConfig
    from transformers.models.dinat import modeling_dinat

    dilations = ((1, 3), (1, 2), (1, 1), (1, 1))
    ours = DiNAT(8, (2, 2, 2, 2), (1, 2, 2, 4), 3, dilations, mlp_ratio=2, drop_path=0.1).eval()
    # Theirs needs a version of natten that is no longer published.
    monkeypatch.setattr(modeling_dinat, "requires_backends", lambda *_: None)
    config = DinatConfig(
        embed_dim=8,
        depths=[2, 2, 2, 2],
        num_heads=[1, 2, 2, 4],
        kernel_size=3,
        dilations=dilations,
        mlp_ratio=2.0,
        out_features=mask2former.STAGES,
    )
    theirs = DinatBackbone(config).eval()
    assert {n: p.shape for n, p in theirs.state_dict().items()} == {
        n: p.shape for n, p in ours.state_dict().items()
    }
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.3)
    ours.load_state_dict(theirs.state_dict())

    def attention(self, x: Tensor, output_attentions: bool = False) -> tuple[Tensor]:
        def heads(y: Tensor) -> Tensor:
            return y.view(*y.shape[:3], self.num_attention_heads, -1).permute(0, 3, 1, 2, 4)

        q, k, v = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
        q = q / math.sqrt(self.attention_head_size)
        y = dense_attention(q, k, v, self.kernel_size, self.dilation, self.rpb)
        return (y.permute(0, 2, 3, 1, 4).reshape(x.shape),)

    monkeypatch.setattr(modeling_dinat.NeighborhoodAttention, "forward", attention)
    images = torch.randn(1, 3, 32, 64)  # the last stage has 1 x 2 places, fewer than a neighborhood
    with torch.no_grad():
        for a, b in zip(ours(images), theirs(images).feature_maps, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


# --- semantic attention -------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [3, None])
@pytest.mark.parametrize("size", [(6, 9), (5, 7)])
def test_semantic_attention_window_by_window(window, size):
    layer = SemanticAttention(4, 5, window).double().eval()
    nn.init.constant_(layer.gamma, 0.7)
    x = torch.randn(2, *size, 4, dtype=torch.float64)
    y, scores = layer(x)
    assert y.shape == x.shape and scores.shape == (2, *size, 5)

    normed = layer.norm(x)
    torch.testing.assert_close(scores, layer.query(normed))
    side = window or max(size)
    # The border windows are filled up with zeros, which are attended to.
    filled = torch.zeros(2, *(-(-n // side) * side if window else n for n in size), 4, dtype=torch.float64)
    filled[:, : size[0], : size[1]] = normed
    for top in range(0, size[0], side):
        for left in range(0, size[1], side):
            here = (slice(None), slice(top, top + side), slice(left, left + side))
            places = filled[here].flatten(1, 2)
            agreement = (layer.query(places) @ layer.key(places).transpose(1, 2)).softmax(-1)
            expected = places + 0.7 * layer.out(agreement @ layer.value(places))
            expected = expected.view_as(filled[here])[:, : size[0] - top, : size[1] - left]
            torch.testing.assert_close(y[here], expected)


def test_semantic_attention_begins_as_a_norm():
    layer = SemanticAttention(4, 5, 2)
    x = torch.randn(1, 3, 3, 4)
    assert torch.equal(layer(x)[0], layer.norm(x))


def test_semantic_attention_gradient():
    layer = SemanticAttention(3, 4, 2).double().eval()
    nn.init.constant_(layer.gamma, 0.7)
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def function(x: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    x = torch.randn(1, 3, 4, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(function, (x, *parameters), fast_mode=True)


def test_semask_adds_the_loss_of_its_own_scores():
    model = models.build("semask-l-mask2former", 6, teaching=True, image_size=64).eval()
    images, target = torch.randn(2, 3, 64, 64), torch.randint(0, 6, (2, 64, 64))
    target[0, :32] = 255
    net = model.net
    torch.manual_seed(1)  # of the sampled points
    with_scores = net.loss(images, target)
    torch.manual_seed(1)
    without = mask2former.Mask2Former.loss(net, images, target)

    body, scores = net.core.model.pixel_level_module.encoder.body, []
    x = body.patch_embed(images)
    for stage, semantic in zip(body.stages, body.semantic, strict=True):
        x, score = semantic(stage(x))
        scores.append(upsample(score.permute(0, 3, 1, 2), (16, 16)))
    expected = 0.4 * pixel_loss(sum(scores), target)
    torch.testing.assert_close(with_scores - without, expected, rtol=1e-4, atol=1e-4)
    copy.deepcopy(model)  # nothing of the pass is kept in the model


# --- the decoders of the library ----------------------------------------------------------------------------


def plain_deformable_attention(value, shapes, locations, weights):
    """Every head of every query reads, at each level, between the four cells around each of its points."""
    batch, queries, heads, levels, points, _ = locations.shape
    out = torch.zeros(batch, queries, heads, value.shape[-1], dtype=value.dtype)
    starts = [0]
    for h, w in shapes:
        starts.append(starts[-1] + h * w)
    for b, q, m, level, p in torch.cartesian_prod(
        *(torch.arange(n) for n in (batch, queries, heads, levels, points))
    ).tolist():
        h, w = shapes[level]
        cells = value[b, starts[level] : starts[level + 1], m].view(h, w, -1)
        x = locations[b, q, m, level, p, 0].item() * w - 0.5  # 0 is the center of the first cell
        y = locations[b, q, m, level, p, 1].item() * h - 0.5
        for i in (math.floor(y), math.floor(y) + 1):
            for j in (math.floor(x), math.floor(x) + 1):
                if 0 <= i < h and 0 <= j < w:  # outside there are zeros
                    share = (1 - abs(y - i)) * (1 - abs(x - j))
                    out[b, q, m] += weights[b, q, m, level, p] * share * cells[i, j]
    return out.flatten(2)


@pytest.mark.parametrize("family", ["mask2former", "oneformer"])
def test_deformable_attention_is_a_gather(family):
    from importlib import import_module

    module = import_module(f"transformers.models.{family}.modeling_{family}")
    shapes = [(4, 5), (2, 3)]
    value = torch.randn(1, 4 * 5 + 2 * 3, 2, 3, dtype=torch.float64)
    locations = torch.rand(1, 6, 2, 2, 4, 2, dtype=torch.float64) * 1.4 - 0.2
    weights = torch.rand(1, 6, 2, 8, dtype=torch.float64).softmax(-1).view(1, 6, 2, 2, 4)
    theirs = module.multi_scale_deformable_attention(value, shapes, locations, weights)
    torch.testing.assert_close(theirs, plain_deformable_attention(value, shapes, locations, weights))


def test_a_body_keeps_its_weights():
    for make in (mask2former.Mask2Former, oneformer.OneFormer):
        body = Pools()
        net = make(body, body.channels, 5, **mask2former.SMALL)
        assert (body.conv.weight == 0.25).all()
        # and is where `backbone=` says
        assert list(net.get_submodule(net.BACKBONE[0]).parameters()) == list(body.parameters())


def test_the_wide_setting():
    with torch.device("meta"):
        net = mask2former.mask2former_wide(Pools(), Pools.channels, 150)
    config = net.core.config
    assert (config.hidden_dim, config.num_queries, config.num_attention_heads) == (1024, 200, 32)
    assert (config.encoder_feedforward_dim, config.dim_feedforward) == (4096, 4096)
    assert {p.device.type for p in net.parameters()} == {"meta"}


def test_the_task_in_token_ids():
    body = Pools()
    net = oneformer.OneFormer(body, body.channels, 5, **mask2former.SMALL)
    # <start> the task is seman tic <end>
    assert net.task[:8].tolist() == [49406, 518, 10549, 533, 29119, 1550, 49407, 0]
    assert net.task.shape == (77,) and not net.task[7:].any()


# --- the models ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "whole", "backbone", "published"),
    [
        ("mask2former-swin-l", 215.49, 195.20, 215),
        ("semask-l-mask2former", 222.63, 202.34, 222),
        ("oneformer-dinat-l", 223.22, 199.61, 223),  # without the text encoder, which is for training alone
        ("oneformer-internimage-h", 1097.22, 1073.12, 1100),
    ],
)
def test_parameters_of_the_published_size(key, whole, backbone, published):
    model = models.build(key, device="meta")
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(whole, abs=0.005)
    assert sum(p.numel() for p in model.backbone_parameters()) / 1e6 == pytest.approx(backbone, abs=0.005)
    assert whole == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize("key", KEYS)
def test_any_size_on_the_meta_device_and_off_it(key):
    for device in ("meta", "cpu"):
        model = models.build(key, 7, teaching=True, device=device).eval()
        assert sum(p.numel() for p in model.parameters()) < 5e6
        with torch.no_grad():
            logits = model(torch.randn(2, 3, 75, 97, device=device))
        assert logits.shape == (2, 7, 19, 25) and logits.device.type == device
        assert device == "meta" or logits.isfinite().all()


@pytest.mark.parametrize("key", KEYS)
def test_steps_lower_the_set_loss_on_a_dollhouse_batch(key, dollhouse_batch):
    images, target = dollhouse_batch["image"][:2], dollhouse_batch["target"][:2]
    model = models.build(key, teaching=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    losses = []
    for _ in range(5):
        loss = model.loss(images, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert loss.shape == ()
    assert losses[-1] < 0.95 * losses[0]


@pytest.mark.parametrize("key", KEYS)
def test_a_picture_without_labels_has_a_loss(key):
    model = models.build(key, 5, teaching=True, image_size=64)
    target = torch.full((2, 40, 64), 255)
    loss = model.loss(torch.randn(2, 3, 40, 64), target)
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert loss.isfinite() and all(g.isfinite().all() for g in gradients)
