"""A small network that learns fast on a CPU: FPN (Kirillov et al., 2019) on MobileNetV3-Large (Howard et al.,
2019).

It is not on the leaderboard; the project's own checkpoint is one. On a CPU most of an FPN's time goes into
its decoder, which works at a quarter of the picture's size: so the decoder is narrow here, 128 and 64
channels instead of 256 and 128, which halves a training step.
"""

import segmentation_models_pytorch as smp

from adebook.models.common import SceneParser


def small(*, num_classes: int, image_size: int, teaching: bool = False) -> SceneParser:
    """FPN on MobileNetV3-Large: 3.5 million parameters with 150 classes, stride 4.

    Args:
        num_classes: K.
        image_size: not used; any size will do.
        teaching: not used; it is small as it is.
    """
    net = smp.FPN(
        "tu-mobilenetv3_large_100",
        encoder_weights=None,
        decoder_pyramid_channels=128,
        decoder_segmentation_channels=64,
        classes=num_classes,
        upsampling=1,  # logits at a quarter of the picture, as the decoder makes them
    )
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=("encoder",))
