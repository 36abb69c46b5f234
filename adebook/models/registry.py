"""The rows of the leaderboard as models: which function builds which, and what it needs."""

import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

import torch

from adebook import _words
from adebook.models.common import SceneParser


@dataclass(frozen=True)
class Entry:
    """A model that can be built.

    Attributes:
        key: its name, as in `adebook.leaderboard`.
        title: its name in words.
        builder: "module:function" in `adebook.models`; the function takes `num_classes`, `image_size`,
            `teaching` and `arguments`, and returns a `SceneParser`.
        image_size: the side of the crops it is published with, in pixels.
        requires: distributions beside torch that it needs, as pip names them.
        arguments: further arguments of the function, which tell variants apart.
        variant_of: key of the row it varies, "" for the 23 rows of the brief.
    """

    key: str
    title: str
    builder: str
    image_size: int
    requires: tuple[str, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    variant_of: str = ""


_TIMM, _HF, _SMP = "timm", "transformers", "segmentation-models-pytorch"

_ENTRIES = [
    # the convolutional era
    Entry("fcn-8s-vgg16", "FCN-8s (VGG-16)", "fcn:fcn8s", 512, ("torchvision",)),
    Entry("pspnet-r101", "PSPNet (ResNet-101)", "pspnet:pspnet", 473, (_TIMM,)),
    Entry("deeplabv3plus-xception65", "DeepLabv3+ (Xception-65)", "deeplab:deeplabv3plus", 513, (_SMP,)),
    Entry("deeplabv3plus-r101", "DeepLabv3+ (ResNet-101)", "deeplab:deeplabv3plus", 512, (_SMP,),
          {"encoder": "resnet101"}, "deeplabv3plus-xception65"),
    Entry("hrnetv2-w48", "HRNetV2-W48", "hrnet:hrnetv2", 512, (_TIMM,)),
    # the transformer era
    Entry("setr-mla-vit-l", "SETR-MLA (ViT-L)", "setr:setr_mla", 512, (_TIMM,)),
    Entry("segmenter-l-mask16", "Segmenter Seg-L-Mask/16", "segmenter:segmenter", 640, (_TIMM,)),
    Entry("segformer-b5", "SegFormer-B5", "segformer:segformer", 640, (_SMP,), {"size": "b5"}),
    *(
        Entry(f"segformer-b{i}", f"SegFormer-B{i}", "segformer:segformer", 512, (_SMP,), {"size": f"b{i}"},
              "segformer-b5")
        for i in range(5)
    ),
    Entry("swin-l-upernet", "Swin-L (UPerNet)", "upernet:swin_upernet", 640, (_TIMM,)),
    Entry("beit-l-upernet", "BEiT-L (UPerNet)", "upernet:beit_upernet", 640, (_TIMM,)),
    Entry("deit3-l-upernet", "DeiT III-L (UPerNet)", "upernet:deit3_upernet", 512, (_TIMM,)),
    Entry("convnext-xl-upernet", "ConvNeXt-XL (UPerNet)", "upernet:convnext_upernet", 640, (_TIMM,)),
    # masks, hybrids and foundation models
    Entry("mask2former-swin-l", "Mask2Former (Swin-L)", "mask2former:mask2former_swin", 640, (_HF,)),
    Entry("semask-l-mask2former", "SeMask-L Mask2Former", "semask:semask_mask2former", 640, (_TIMM, _HF)),
    Entry("oneformer-dinat-l", "OneFormer (DiNAT-L)", "oneformer:oneformer_dinat", 640, (_HF,)),
    Entry("oneformer-internimage-h", "OneFormer (InternImage-H)", "oneformer:oneformer_internimage", 896,
          (_HF,)),
    Entry("internimage-h", "InternImage-H + Mask2Former", "internimage:internimage_mask2former", 896, (_HF,)),
    Entry("vit-adapter-l-beit", "ViT-Adapter-L (BEiT) + Mask2Former", "vit_adapter:adapter_mask2former", 640,
          (_TIMM, _HF), {"backbone": "beit_large_patch16_224"}),
    Entry("vit-comer-l", "ViT-CoMer-L (BEiTv2) + Mask2Former", "vit_comer:comer_mask2former", 640,
          (_TIMM, _HF)),
    Entry("dinov2-g-mask2former", "DINOv2-g (frozen) + ViT-Adapter + Mask2Former",
          "vit_adapter:adapter_mask2former", 896, (_TIMM, _HF), {"backbone": "vit_giant_patch14_dinov2"}),
    Entry("beit3-g", "BEiT-3 (giant) + ViT-Adapter + Mask2Former", "vit_adapter:adapter_mask2former", 896,
          (_TIMM, _HF), {"backbone": "beit3_giant_patch14_224"}),
    Entry("eva02-l", "EVA-02-L", "upernet:eva02_upernet", 512, (_TIMM,)),
    Entry("fd-swinv2-g", "FD-SwinV2-G", "upernet:swinv2_upernet", 896, (_TIMM,)),
    # no row of the leaderboard: the small network of the project's own checkpoint
    Entry("small-fpn", "FPN (MobileNetV3-Large)", "small:small", 256, (_SMP, _TIMM)),
]  # fmt: skip
ENTRIES: Mapping[str, Entry] = MappingProxyType({entry.key: entry for entry in _ENTRIES})

#: Rows of the leaderboard that nobody outside can build, and why.
NOT_BUILT = MappingProxyType(
    {
        "sernet-former-v2": "no code and no paper of version 2 is public (its repository holds notebooks of "
        "other networks and MATLAB files), so a model under its name would be an invention"
    }
)


def find(key: str) -> Entry:
    """The entry of a key.

    Raises:
        ValueError: for a key that is unknown (with the nearest ones) or of a row that cannot be built (with
            why).
    """
    if isinstance(key, str):
        if key in ENTRIES:
            return ENTRIES[key]
        if key in NOT_BUILT:
            raise ValueError(f"{key!r} cannot be built: {NOT_BUILT[key]}.")
    advice = _words.did_you_mean(key, [*ENTRIES, *NOT_BUILT]) or "adebook.models.keys() lists them."
    raise ValueError(f"no model has the key {key!r}; {advice}")


def build(
    key: str,
    num_classes: int = 150,
    *,
    teaching: bool = False,
    image_size: int | None = None,
    device: str | None = None,
) -> SceneParser:
    """A model of the leaderboard with random weights.

    Args:
        key: such as "segformer-b5"; `adebook.models.keys()` lists them.
        num_classes: K, at least 2.
        teaching: the same structure with under 5 million parameters, to train on a CPU.
        image_size: side in pixels of the pictures it is meant for. A model whose position table has one size
            looks at larger pictures through windows of this side. Default: the published crop; 128 at
            teaching size.
        device: such as "cuda"; "meta" builds the shapes alone, with no memory for weights. Default: torch's
            own.

    Returns:
        A `SceneParser`: [B, 3, H, W] to logits [B, K, ceil(H/s), ceil(W/s)], with `.stride` s and
        `.loss(images, target)`. `.built_with` holds the arguments, for checkpoints.

    Raises:
        ValueError: for an unknown key, fewer than 2 classes or a picture size of 0 or less.
        ModuleNotFoundError: naming the optional library that is missing and the command that installs it.
    """
    entry = find(key)
    if not isinstance(num_classes, int) or isinstance(num_classes, bool) or num_classes < 2:
        raise ValueError(
            f"num_classes is {num_classes!r}, but a segmenter tells at least 2 classes apart (ADE20K has "
            f"150). Cure: for one class against the rest, take num_classes=2."
        )
    image_size = (128 if teaching else entry.image_size) if image_size is None else image_size
    if not isinstance(image_size, int) or isinstance(image_size, bool) or image_size < 1:
        raise ValueError(f"image_size is {image_size!r}, but it is a number of pixels, such as 512.")
    function = _function_of(entry)
    built_with = {"num_classes": num_classes, "teaching": teaching, "image_size": image_size}
    with nullcontext() if device is None else torch.device(device):
        model = function(**built_with, **entry.arguments)
    model.built_with = {"key": key, **built_with}  # what a checkpoint needs to build it again
    return model


#: Names to import, where they are not the names to install.
_IMPORTED = MappingProxyType({_SMP: "segmentation_models_pytorch"})


def _function_of(entry: Entry) -> Callable[..., SceneParser]:
    missing = [name for name in entry.requires if find_spec(_IMPORTED.get(name, name)) is None]
    if missing:
        raise ModuleNotFoundError(
            f"{entry.key!r} is put together from {' and '.join(entry.requires)}, and {' and '.join(missing)} "
            f"is not installed. Cure: pip install {' '.join(missing)}",
            name=_IMPORTED.get(missing[0], missing[0]),
        )
    module, function = entry.builder.split(":")
    with warnings.catch_warnings():
        # The libraries bring tqdm, which warns in notebooks without ipywidgets; no bar is shown here.
        warnings.filterwarnings("ignore", message="IProgress not found")
        return getattr(import_module(f"adebook.models.{module}"), function)
