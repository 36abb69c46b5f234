"""The model zoo: every row builds, keeps its contract at any size, and learns; and the papers' parts against peers."""

import copy
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

import adebook
import adebook.models
from adebook.labels import to_train_ids
from adebook.models import ENTRIES, NOT_BUILT, SceneParser, build, registry
from adebook.models.common import LayerNorm2d, pixel_loss, upsample
from adebook.models.measure import code_lines, measure

KEYS = list(ENTRIES)
TAUGHT = [key for key in KEYS if key not in {f"segformer-b{i}" for i in range(1, 6)}]  # all as B0 is


@pytest.fixture(scope="module")
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Two Dollhouse pictures, 96 x 128: normalized [2, 3, 96, 128], and train ids [2, 96, 128]."""
    images, targets = [], []
    for row in adebook.load("dollhouse", "training").select(range(2)):
        image = np.asarray(row["image"].resize((128, 96), Image.Resampling.BOX))
        images.append(torch.from_numpy(image.copy()).permute(2, 0, 1) / 255)
        mask = np.asarray(row["annotation"].resize((128, 96), Image.Resampling.NEAREST))
        targets.append(torch.from_numpy(to_train_ids(mask)).long())
    return (torch.stack(images) - 0.45) / 0.225, torch.stack(targets)


@pytest.fixture(autouse=True)
def _same_start():
    torch.manual_seed(0)


# --- every row ----------------------------------------------------------------------------------------------


def test_the_rows_are_those_of_the_leaderboard():
    board = adebook.facts.table("leaderboard")
    listed = set(board.loc[board["listed"] == "brief", "key"])
    built = {key for key, entry in ENTRIES.items() if not entry.variant_of}
    assert len(listed) == 23
    assert (built | set(NOT_BUILT)) - listed == {"small-fpn"}  # the project's own
    assert listed <= built | set(NOT_BUILT)
    assert {entry.variant_of for entry in ENTRIES.values() if entry.variant_of} <= built
    assert all(key == entry.key for key, entry in ENTRIES.items())


@pytest.mark.parametrize("key", KEYS)
def test_published_size_keeps_the_contract(key):
    model = build(key, 7, device="meta").eval()
    assert all(p.is_meta for p in model.parameters())
    logits = model(torch.zeros(1, 3, 512, 512, device="meta"))
    assert logits.shape == (1, 7, 512 // model.stride, 512 // model.stride)
    assert (
        0 < sum(p.numel() for p in model.backbone_parameters()) < sum(p.numel() for p in model.parameters())
    )
    roots = {type(layer).__module__.partition(".")[0] for layer in model.modules()}
    if "segmentation-models-pytorch" not in ENTRIES[key].requires:  # which brings timm and torchvision
        assert roots & {"timm", "torchvision", "transformers"} <= set(ENTRIES[key].requires)


@pytest.mark.parametrize("key", TAUGHT)
def test_teaching_size_takes_any_picture_and_learns(key, batch):
    images, target = batch
    model = build(key, teaching=True)
    assert sum(p.numel() for p in model.parameters()) < 5e6
    model.eval()
    with torch.no_grad():
        for height, width in ((128, 128), (75, 97)):
            logits = model(torch.randn(1, 3, height, width))
            assert logits.shape == (1, 150, -(-height // model.stride), -(-width // model.stride))
            assert torch.isfinite(logits).all()

    def loss() -> torch.Tensor:
        torch.manual_seed(1)  # the same dropout, and the same pixels where a loss draws some
        return model.loss(images, target)

    model.train()
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=3e-4)
    before = loss()
    assert before.shape == ()
    for step in range(3):
        optimizer.zero_grad()
        (before if step == 0 else loss()).backward()
        optimizer.step()
    assert loss().item() < before.item()


def test_the_sizes_of_segformer_are_taught_by_one():
    first, *others = (build(f"segformer-b{i}", teaching=True, device="meta") for i in range(6))
    assert all(shapes(other) == shapes(first) for other in others)


def test_importing_the_zoo_imports_no_library():
    code = """
        import sys, adebook.models
        assert len(adebook.models.keys()) == len(adebook.models.ENTRIES)
        heavy = {"timm", "transformers", "segmentation_models_pytorch", "torchvision"} & set(sys.modules)
        assert not heavy, heavy
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


# --- what is refused ----------------------------------------------------------------------------------------


def test_an_unknown_key_names_its_neighbors():
    with pytest.raises(ValueError, match="did you mean 'segformer-b5'"):
        build("segformer_b5")
    with pytest.raises(ValueError, match="did you mean 'hrnetv2-w48'"):
        build("HRNet-W48")
    with pytest.raises(ValueError, match=r"adebook\.models\.keys\(\) lists them"):
        build("zzz")
    with pytest.raises(ValueError, match="no model has the key None"):
        build(None)


def test_what_has_no_public_model_is_not_imitated():
    with pytest.raises(ValueError, match="no paper of version 2 is public"):
        build("sernet-former-v2")
    with pytest.raises(ValueError, match="did you mean 'sernet-former-v2'"):
        build("sernet-former")


@pytest.mark.parametrize("wrong", [0, 1, -3, 2.0, True, None, "150"])
def test_too_few_classes(wrong):
    with pytest.raises(ValueError, match=r"num_classes is .* at least 2 classes"):
        build("segformer-b0", wrong)


@pytest.mark.parametrize("wrong", [0, -512, 512.0, (512, 512), True])
def test_a_size_that_is_none(wrong):
    with pytest.raises(ValueError, match=r"image_size is .* a number of pixels"):
        build("segformer-b0", image_size=wrong)


def test_a_missing_library_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install timm$") as error:
        build("pspnet-r101")
    assert error.value.name == "timm"
    with pytest.raises(ModuleNotFoundError, match=r"pip install segmentation-models-pytorch$") as error:
        build("segformer-b0")
    assert error.value.name == "segmentation_models_pytorch"


# --- the contract -------------------------------------------------------------------------------------------


class Average(nn.Module):
    """Logit k of a cell: the mean color of the cell, channel k; strict about the sizes it takes."""

    def __init__(self, stride: int, only: int | None = None) -> None:
        super().__init__()
        self.stride, self.only = stride, only
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert all(n % self.stride == 0 for n in images.shape[-2:])
        assert self.only is None or images.shape[-2:] == (self.only, self.only)
        return self.scale * F.avg_pool2d(images, self.stride)


class AverageWithLoss(Average):
    def loss(self, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        assert images.shape[-2:] == target.shape[-2:]
        return pixel_loss(self(images), target)


@pytest.mark.parametrize("size", [(8, 8), (7, 13), (1, 1), (40, 9), (31, 64)])
def test_padding_and_windows_change_nothing_for_a_local_network(size):
    images = torch.randn(2, 3, *size)
    rows, columns = -(-size[0] // 4), -(-size[1] // 4)
    padded = F.pad(images, (0, 4 * columns - size[1], 0, 4 * rows - size[0]))
    expected = F.avg_pool2d(padded, 4)
    torch.testing.assert_close(SceneParser(Average(4), 3, stride=4)(images), expected)
    torch.testing.assert_close(SceneParser(Average(4), 3, stride=4, divisor=16)(images), expected)
    torch.testing.assert_close(SceneParser(Average(4, only=24), 3, stride=4, window=24)(images), expected)


def test_windows_overlap_by_a_third_and_are_averaged():
    class Corner(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            corners.append(images[0, 0, 0, 0].item())
            return torch.full((1, 1, 6, 6), images[0, 0, 0, 0].item())

    corners: list[float] = []
    columns = torch.arange(40.0).expand(1, 3, 24, 40)
    logits = SceneParser(Corner(), 1, stride=4, window=24)(columns)
    assert corners == [0, 16]  # 24 wide each, so they share 8 of 24 pixels
    assert logits[0, 0, 0].tolist() == [0, 0, 0, 0, 8, 8, 16, 16, 16, 16]


def test_the_loss_pads_the_target_with_ignored_pixels():
    images, target = torch.randn(2, 3, 10, 13), torch.randint(0, 3, (2, 10, 13))
    padded_images, padded_target = F.pad(images, (0, 3, 0, 6)), F.pad(target, (0, 3, 0, 6), value=255)
    expected = F.cross_entropy(
        upsample(F.avg_pool2d(padded_images, 4), (16, 16)), padded_target, ignore_index=255
    )
    for model in (
        SceneParser(AverageWithLoss(4), 3, stride=4, divisor=16),
        SceneParser(AverageWithLoss(4, only=16), 3, stride=4, window=16),
    ):
        torch.testing.assert_close(model.loss(images, target), expected)
    model = SceneParser(
        Average(4, only=8), 3, stride=4, window=8
    )  # no loss of its own: windows may be put together
    model.loss(images, target).backward()
    assert model.net.scale.grad.isfinite()


def test_a_loss_larger_than_the_window_is_refused():
    model = SceneParser(AverageWithLoss(4, only=16), 3, stride=4, window=16)
    with pytest.raises(ValueError, match=r"20 x 16, but .* at most 16 x 16\. Cure: .*image_size=20"):
        model.loss(torch.zeros(1, 3, 20, 16), torch.zeros(1, 20, 16, dtype=torch.int64))


@pytest.mark.parametrize(
    "shape", [(3, 8, 8), (1, 8, 8, 3), (1, 4, 8, 8), (1, 3, 0, 8), (0, 3, 8, 8), (1, 1, 3, 8, 8)]
)
def test_what_is_no_batch_of_pictures(shape):
    model = SceneParser(Average(4), 3, stride=4)
    with pytest.raises(ValueError, match=r"\[B, 3, H, W\].*Cure"):
        model(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"\[B, 3, H, W\].*Cure"):
        model.loss(torch.zeros(shape), torch.zeros(1, 8, 8, dtype=torch.int64))


def test_bytes_and_wrong_targets():
    model = SceneParser(Average(4), 3, stride=4)
    images, target = torch.zeros(2, 3, 8, 8), torch.zeros(2, 8, 8, dtype=torch.int64)
    with pytest.raises(TypeError, match=r"torch\.uint8, but .* normalized pictures"):
        model(images.byte())
    with pytest.raises(TypeError, match=r"target is torch\.uint8.*target\.long"):
        model.loss(images, target.byte())
    for wrong in (target[:1], target[:, :4], target[:, None], target[0]):
        with pytest.raises(ValueError, match=r"target has shape .* want \[2, 8, 8\]"):
            model.loss(images, wrong)


def test_sizes_that_do_not_divide_each_other():
    with pytest.raises(ValueError, match="divisor is 6, but must be a multiple of the stride, 4"):
        SceneParser(Average(4), 3, stride=4, divisor=6)
    for window in (40, 0):
        with pytest.raises(
            ValueError, match=f"window is {window}, but must be a multiple of the divisor, 16"
        ):
            SceneParser(Average(4), 3, stride=4, divisor=16, window=window)
    with pytest.raises(AttributeError):
        SceneParser(Average(4), 3, stride=4, backbone=("encoder",))


def test_the_pixel_loss():
    logits = torch.tensor([[[[2.0]], [[0.0]]]])  # two classes, one cell
    target = torch.tensor([[[0, 1], [255, 255]]])
    first = np.log1p(np.exp(-2))
    assert pixel_loss(logits, target).item() == pytest.approx((first + first + 2) / 2, rel=1e-6)
    assert pixel_loss(logits, torch.full((1, 2, 2), 255)).item() == 0  # not NaN


def test_layer_norm_of_maps():
    x = torch.randn(2, 5, 3, 4)
    torch.testing.assert_close(
        LayerNorm2d(5)(x), F.layer_norm(x.permute(0, 2, 3, 1), (5,)).permute(0, 3, 1, 2)
    )


# --- the papers, against peers ------------------------------------------------------------------------------


def test_fcn_8s_against_its_description():
    from adebook.models.fcn import FCN8s

    net = FCN8s(3, (4, "M", 4, "M", 6, "M", 8, "M", 8, "M"), hidden=10).double().eval()
    for p in net.parameters():
        nn.init.normal_(p, std=0.3)
    w = net.state_dict()

    def conv(x, name, padding=0):
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=padding)

    x, pools = torch.randn(2, 3, 64, 96, dtype=torch.float64), []
    logits = net(x)
    for layer in (0, 3, 6, 9, 12):
        x = F.max_pool2d(F.relu(conv(x, f"features.{layer}", 1)), 2)
        pools.append(x)
    x = F.relu(conv(x, "classifier.0", 3))
    x = F.relu(conv(x, "classifier.3"))
    x = conv(x, "score32")
    x = F.conv_transpose2d(x, w["enlarge32.weight"], stride=2, padding=1) + conv(pools[3], "score16")
    x = F.conv_transpose2d(x, w["enlarge16.weight"], stride=2, padding=1) + conv(pools[2], "score8")
    assert logits.shape == (2, 3, 8, 12)
    torch.testing.assert_close(logits, x)


def test_fcn_starts_as_bilinear_interpolation_of_no_scores():
    from adebook.models.fcn import FCN8s

    net = FCN8s(3, (4, "M", 4, "M", 6, "M", 8, "M", 8, "M"), hidden=10)
    x = torch.randn(1, 3, 5, 7)
    enlarged, expected = net.enlarge32(x), upsample(x, (10, 14))
    torch.testing.assert_close(
        enlarged[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1]
    )  # borders see the padding
    assert net(torch.randn(1, 3, 32, 32)).abs().max() == 0


def test_fcn_has_the_parameters_of_torchvisions_vgg():
    import torchvision

    with torch.device("meta"):
        theirs = torchvision.models.vgg16(weights=None)
        ours = build("fcn-8s-vgg16").net
    assert shapes(ours.features) == shapes(theirs.features)
    fc6, fc7 = (theirs.classifier[i].weight.shape for i in (0, 3))
    assert ours.classifier[0].weight.reshape(4096, -1).shape == fc6
    assert ours.classifier[3].weight.flatten(1).shape == fc7


def test_pyramid_pooling_equals_transformers():
    transformers = pytest.importorskip("transformers.models.upernet.modeling_upernet")
    from adebook.models.pspnet import PyramidPooling

    ours = PyramidPooling(16)
    theirs = transformers.UperNetPyramidPoolingModule((1, 2, 3, 6), 16, 4, align_corners=False)
    for p in ours.state_dict().values():
        if p.is_floating_point():
            nn.init.uniform_(p, 0.1, 1.0)  # batch norm's variances, too
    copied = list(ours.state_dict().values())
    assert [p.shape for p in theirs.state_dict().values()] == [p.shape for p in copied]
    theirs.load_state_dict(dict(zip(theirs.state_dict(), copied, strict=True)))
    x = torch.randn(2, 16, 13, 9)
    torch.testing.assert_close(ours.eval()(x), torch.cat([x, *theirs.eval()(x)], dim=1))


def test_pspnet_is_dilated_and_trains_two_heads(batch):
    model = build("pspnet-r101", teaching=True)
    images, target = batch
    third, fourth = model.net.encoder(images)
    assert third.shape[-2:] == fourth.shape[-2:] == (12, 16)
    model.loss(images, target).backward()
    assert all(p.grad is not None for p in model.parameters())
    with pytest.raises(ValueError, match="a batch of 1 picture in training mode"):
        model.loss(images[:1], target[:1])
    published = build("pspnet-r101", device="meta").net.eval()
    assert published.head[0][0].weight.shape == (
        512,
        4096,
        3,
        3,
    )  # the 3x3 bottleneck on 2048 + 4 * 512 channels
    dilations = {m.dilation for m in published.encoder.modules() if isinstance(m, nn.Conv2d)}
    assert dilations == {(1, 1), (2, 2), (4, 4)}


@pytest.mark.parametrize(("key", "width"), [("segformer-b1", 256), ("segformer-b2", 768)])
def test_segformer_has_the_librarys_parameters(key, width):
    smp = pytest.importorskip("segmentation_models_pytorch")
    theirs = smp.Segformer(
        f"mit_{key[-2:]}", encoder_weights=None, decoder_segmentation_channels=width, classes=150
    )
    assert shapes(build(key, device="meta").net) == shapes(theirs)


def test_smp_networks_stop_before_their_last_enlargement():
    for key in ("segformer-b0", "deeplabv3plus-r101"):
        net = build(key, teaching=True).net.eval()
        whole = copy.deepcopy(net)
        whole.segmentation_head[1] = nn.UpsamplingBilinear2d(scale_factor=4)
        x = torch.randn(1, 3, 64, 64)
        with torch.no_grad():
            theirs = F.interpolate(net(x), scale_factor=4, mode="bilinear", align_corners=True)
            torch.testing.assert_close(whole(x), theirs)


def test_deeplab_looks_6_12_and_18_cells_wide():
    for key in ("deeplabv3plus-xception65", "deeplabv3plus-r101"):
        net = build(key, device="meta").net
        rates = {m.dilation[0] for m in net.decoder.aspp.modules() if isinstance(m, nn.Conv2d)}
        assert rates == {1, 6, 12, 18}
        coarsest = net.encoder(torch.zeros(1, 3, 256, 256, device="meta"))[-1]
        assert coarsest.shape == (1, 2048, 16, 16)


def test_the_thin_xception_can_be_built_again():
    first, second = (build("deeplabv3plus-xception65", teaching=True, device="meta") for _ in range(2))
    assert shapes(first) == shapes(second)


def test_hrnet_stacks_four_resolutions():
    from adebook.models.hrnet import HRNetV2

    with torch.device("meta"):
        net = HRNetV2(150)
    branches = net.encoder(torch.zeros(1, 3, 128, 128, device="meta"))
    assert [tuple(b.shape[1:]) for b in branches] == [(48, 32, 32), (96, 16, 16), (192, 8, 8), (384, 4, 4)]
    assert net.head[0][0].weight.shape == (720, 720, 1, 1)


def test_gradients_of_own_parts():
    from adebook.models.fcn import FCN8s
    from adebook.models.pspnet import PyramidPooling

    pool = PyramidPooling(8).double().eval()
    x = torch.randn(1, 8, 6, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pool, (x,))
    fcn = FCN8s(2, (2, "M", 2, "M", 2, "M", 2, "M", 2, "M"), hidden=3).double().eval()
    for p in fcn.parameters():
        nn.init.normal_(p, std=0.5)
    x = torch.randn(1, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(fcn, (x,), fast_mode=True)


def shapes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: p.shape for name, p in module.state_dict().items()}


# --- measuring ----------------------------------------------------------------------------------------------


def test_measure_counts_what_it_says():
    m = measure("pspnet-r101", num_classes=7, teaching=True)
    model = build("pspnet-r101", 7, teaching=True)
    assert m.parameters == sum(p.numel() for p in model.parameters())
    assert m.backbone_parameters == sum(p.numel() for p in model.net.encoder.parameters())
    assert m.training_parameters == sum(p.numel() for p in model.net.auxiliary.parameters())
    assert m.output_shape == (1, 7, 64, 64)
    assert m.stride == 8
    assert measure("segformer-b0", teaching=True).training_parameters == 0


def test_operations_are_two_for_a_multiplication_and_an_addition():
    """SegFormer's paper prints 8.4 G for B0 at 512, multiplication and addition counted as one."""
    assert measure("segformer-b0").flops / 2e9 == pytest.approx(8.4, rel=0.01)
    small, large = (measure("fcn-8s-vgg16", teaching=True, image_size=n).flops for n in (256, 512))
    assert large == 4 * small  # convolutions only


def test_code_lines():
    source = '''"""A module.

    Two paragraphs."""

import os  # counts


# does not
def f(x):
    """Nor does this."""
    text = """but
    this does"""
    return (
        x,  # and this

        text,
    )
'''
    assert code_lines(source) == 8
    assert code_lines("") == 0
    own = Path(adebook.models.hrnet.__file__).read_text(encoding="utf-8")
    assert measure("hrnetv2-w48", teaching=True).own_lines == code_lines(own)


@pytest.fixture(scope="module")
def counted():
    return adebook.facts.table("models").set_index("key")


def test_the_table_has_every_model_at_both_sizes(counted):
    assert list(counted.index) == [name for key in KEYS for name in (key, f"{key}-teaching")]
    assert counted["model"].tolist() == [key for key in KEYS for _ in range(2)]
    assert counted["teaching"].tolist() == [0, 1] * len(KEYS)
    small = counted[counted["teaching"] == 1]
    assert (small["params_m"] < 5).all()
    assert small[["torch_compile", "torch_export"]].notna().all(axis=None)


def test_a_count_is_the_published_one_or_says_why_not(counted):
    whole = counted[counted["teaching"] == 0]
    apart = whole[(whole["ratio"] - 1).abs() > 0.02].index.tolist()
    unpublished = whole[whole["published_params_m"].isna()].index.tolist()
    assert sorted(apart + unpublished) == sorted(whole[whole["reason"].notna()].index)


def test_smaller_models_had_a_real_picture(counted):
    whole = counted[counted["teaching"] == 0]
    real = whole[whole["params_m"] < 500]
    cells = 128 // real["stride"]
    assert real["cpu_output_128"].tolist() == [f"1x150x{n}x{n}" for n in cells]
    assert whole.loc[whole["params_m"] >= 500, "cpu_output_128"].isna().all()


@pytest.mark.parametrize("key", ["hrnetv2-w48", "segmenter-l-mask16", "swin-l-upernet"])
def test_the_table_is_what_is_counted_now(counted, key):
    m, row = measure(key), counted.loc[key]
    assert round(m.parameters / 1e6, 2) == row["params_m"]
    assert round(m.backbone_parameters / 1e6, 2) == row["backbone_params_m"]
    assert round(m.training_parameters / 1e6, 2) == row["training_params_m"]
    assert round(m.flops / 1e9, 1) == row["gflops_512"]
    assert m.stride == row["stride"]
    assert m.own_lines == pytest.approx(row["own_lines"], rel=0.1)  # a comma more makes no new table
