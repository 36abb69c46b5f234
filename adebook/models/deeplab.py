"""DeepLabv3+: wide views without small maps, and a decoder that finds the edges again.

Chen, Zhu, Papandreou, Schroff and Adam, "Encoder-Decoder with Atrous Separable Convolution for Semantic
Image Segmentation", ECCV 2018, arXiv 1802.02611, Figure 2. The network is segmentation-models-pytorch's, in
the paper's setting; its parts by name:

- `encoder`: the last stage is dilated, so the coarsest map has 16 pixels per cell and not 32;
- `decoder.aspp`: atrous spatial pyramid pooling, a 1x1 and three separable 3x3 convolutions whose taps lie
  6, 12 and 18 cells apart, beside the average of the whole map;
- `decoder.block1`, `decoder.block2`: the map of stride 4, reduced to 48 channels, joins; a 3x3 convolution
  decides;
- `segmentation_head`: one score per class.
"""

from copy import deepcopy

import segmentation_models_pytorch as smp
from torch import nn

from adebook.models.common import SceneParser


def deeplabv3plus(
    *, num_classes: int, image_size: int, teaching: bool, encoder: str = "xception65"
) -> SceneParser:
    """DeepLabv3+ on Xception-65, as in the authors' ADE20K model, or on ResNet-101.

    At teaching size on the same kind of encoder with fewer blocks and channels, and a decoder of 64 channels.
    """
    name, size = (TEACHING if teaching else PUBLISHED)[encoder]
    net = smp.DeepLabV3Plus(
        name,
        encoder_weights=None,
        encoder_output_stride=16,
        decoder_channels=64 if teaching else 256,
        decoder_atrous_rates=(6, 12, 18),  # for output stride 16 (the library's default is that for 8)
        decoder_aspp_dropout=0.1,  # as in the authors' code
        classes=num_classes,
        **deepcopy(size),  # timm changes the list that it builds Xception from
    )
    net.segmentation_head[1] = nn.Identity()  # the library enlarges by 4 here; the contract leaves that
    return SceneParser(net, num_classes, stride=4, divisor=16, backbone=("encoder",))


PUBLISHED = {"xception65": ("tu-xception65", {}), "resnet101": ("resnet101", {})}

#: Xception with one block in the middle flow in place of 16; the blocks' channels in, out, and the stride.
_THIN_XCEPTION = [
    {"in_chs": 64, "out_chs": 64, "stride": 2},
    {"in_chs": 64, "out_chs": 96, "stride": 2},
    {"in_chs": 96, "out_chs": 128, "stride": 2},
    {"in_chs": 128, "out_chs": 128, "stride": 1},
    {"in_chs": 128, "out_chs": (128, 192, 192), "stride": 2},
    {"in_chs": 192, "out_chs": (256, 256, 256), "stride": 1, "no_skip": True, "start_with_relu": False},
]
TEACHING = {
    "xception65": ("tu-xception65", {"block_cfg": _THIN_XCEPTION}),
    "resnet101": ("tu-resnet10t", {"channels": (32, 64, 128, 256)}),
}
