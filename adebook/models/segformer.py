"""SegFormer: a transformer that makes a pyramid, and a decoder of nothing but linear layers.

Xie, Wang, Yu, Anandkumar, Alvarez and Luo, "SegFormer: Simple and Efficient Design for Semantic
Segmentation with Transformers", NeurIPS 2021, arXiv 2105.15203, Figure 2. The network is
segmentation-models-pytorch's; its parts:

- `encoder` (Mix Transformer B0 to B5): overlapping patches give maps at strides 4, 8, 16 and 32; attention
  asks all tokens but reads a shrunken map (8, 4, 2, 1 times), so its cost stays bearable; no position
  table, because a 3x3 convolution in every feed-forward layer (Mix-FFN, Equation 3) tells places apart. Any
  size goes in;
- `decoder.mlp_stage`: a linear layer per map (Equation 4), all enlarged to stride 4, then
  `decoder.fuse_stage`;
- `segmentation_head`: one score per class.
"""

import segmentation_models_pytorch as smp
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from adebook.models.common import SceneParser

#: Channels of the decoder: 256 for the two real-time sizes, 768 for the others.
WIDTH = {"b0": 256, "b1": 256, "b2": 768, "b3": 768, "b4": 768, "b5": 768}


def segformer(*, num_classes: int, image_size: int, teaching: bool, size: str) -> SceneParser:
    """SegFormer-B0 to B5; all are taught by B0's encoder with a decoder of 128 channels."""
    with _TablesOnCPU():
        net = smp.Segformer(
            "mit_b0" if teaching else f"mit_{size}",
            encoder_weights=None,
            decoder_segmentation_channels=128 if teaching else WIDTH[size],
            classes=num_classes,
        )
    net.segmentation_head[1] = nn.Identity()  # the library enlarges by 4 here; the contract leaves that
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=("encoder",))


class _TablesOnCPU(TorchFunctionMode):
    """While the library builds, it reads numbers out of `torch.linspace`, which the meta device cannot."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}) | ({"device": "cpu"} if function is torch.linspace else {}))
