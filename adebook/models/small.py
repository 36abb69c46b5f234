"""A small network that learns fast on a CPU: FPN (Kirillov et al. 2019) on MobileNetV4-Conv-S (Qin et al. 2024).

It is not on the leaderboard. The project's own checkpoint and the exercises use it, because per second on two
cores it learns more than the small transformers do: its encoder is convolutions and ReLU only.
"""

import segmentation_models_pytorch as smp

from adebook.models.common import SceneParser

_ENCODER = "tu-mobilenetv4_conv_small"


def small(*, num_classes: int, image_size: int, teaching: bool = False) -> SceneParser:
    """FPN on MobileNetV4-Conv-S: 3.2 million parameters with 150 classes, stride 4.

    Args:
        num_classes: K.
        image_size: not used; any size will do.
        teaching: a decoder of half the width, 1.8 million parameters.
    """
    width = 128 if teaching else 256
    net = smp.FPN(
        _ENCODER,
        encoder_weights=None,
        decoder_pyramid_channels=width,
        decoder_segmentation_channels=width // 2,
        classes=num_classes,
        upsampling=1,  # logits at a quarter of the picture, as the decoder makes them
    )
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=("encoder",))
