"""Mask2Former (Cheng, Misra, Schwing, Kirillov, Girdhar, CVPR 2022): classes for masks, not for pixels.

An encoder gives four maps; a pixel decoder (multi-scale deformable attention) makes one fine map E of them; a
decoder turns N learned queries into N pairs of a class distribution and a mask, looking each time only inside
the mask of the layer before (masked attention). Pixel decoder, decoder and set loss are transformers' own.
"""

from collections.abc import Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from adebook._checks import IGNORE
from adebook.models.common import SceneParser

#: A score below counts as this much, so that its logarithm is finite; half precision still holds the number.
SMALLEST_SCORE = 1e-7

#: Teaching size.
SMALL = MappingProxyType(
    {
        "width": 64,
        "queries": 30,
        "heads": 4,
        "encoder_ffn": 128,
        "decoder_ffn": 128,
        "encoder_layers": 2,
        "decoder_layers": 4,
        "points": 1024,
    }
)

STAGES = ["stage1", "stage2", "stage3", "stage4"]


class Mask2Former(nn.Module):
    """A mask classifier on any encoder of four maps: pictures [B, 3, H, W] to logits [B, K, H/4, W/4].

    Published semantic inference gives every pixel the scores

        score[k] = sum over queries q of  softmax(class[q])[k] * sigmoid(mask[q])

    where "no object" takes part in the softmax and is dropped then. Scores are no logits: they are positive,
    and no softmax of them makes sense. The contract's logits are therefore log(score): the same class is on
    top, and their softmax is the scores scaled to sum 1, so that a pixel loss or a calibration makes sense.
    One difference remains: the paper enlarges the masks to the picture before it adds them up, and here they
    are added up at 1/4 of the size, as in transformers' `post_process_semantic_segmentation`.

    Args:
        body: maps [B, 3, H, W] to four maps at strides 4, 8, 16 and 32 (or at the sizes it has; the smallest
            three go through the deformable encoder). Its weights are kept as they are.
        channels: of the four maps.
        num_classes: K.
        width: channels inside, a multiple of 32 (group norm) and of `heads`.
        queries: N.
        heads: of all attentions.
        encoder_ffn, decoder_ffn: hidden channels of the feed-forward layers of pixel decoder and decoder.
        encoder_layers: of the pixel decoder.
        decoder_layers: predictions, counted as transformers does: the paper's 9 layers, and the bare queries.
        points: pixels at which the set loss looks, 112 * 112 in the paper.
    """

    #: Name of the submodule that a pretrained encoder would fill.
    BACKBONE = ("core.model.pixel_level_module.encoder",)

    def __init__(
        self,
        body: nn.Module,
        channels: Sequence[int],
        num_classes: int,
        *,
        width: int = 256,
        queries: int = 100,
        heads: int = 8,
        encoder_ffn: int = 1024,
        decoder_ffn: int = 2048,
        encoder_layers: int = 6,
        decoder_layers: int = 10,
        points: int = 112 * 112,
    ) -> None:
        from transformers import Mask2FormerForUniversalSegmentation

        from adebook.models._transformers import MapsConfig, Mask2FormerConfig

        super().__init__()
        self.num_classes = num_classes
        config = Mask2FormerConfig(
            backbone_config=MapsConfig(channels),
            num_labels=num_classes,
            feature_size=width,
            mask_feature_size=width,
            hidden_dim=width,
            num_queries=queries,
            num_attention_heads=heads,
            encoder_feedforward_dim=encoder_ffn,
            dim_feedforward=decoder_ffn,
            encoder_layers=encoder_layers,
            decoder_layers=decoder_layers,
            train_num_points=points,
        )
        core = Mask2FormerForUniversalSegmentation(config)
        # transformers makes one of its tables on the CPU, whatever torch.device says.
        self.core = core.to(core.class_predictor.weight.device)
        self.core.model.pixel_level_module.encoder.body = body

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/4, W/4]: the logarithm of the scores of the published semantic inference."""
        output = self.core(pixel_values=images)
        return semantic_logits(output.class_queries_logits, output.masks_queries_logits)

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """The published set loss, a scalar (transformers' implementation).

        Hungarian matching of queries to the classes that a picture holds, then 2 * cross-entropy of the
        classes ("no object" weighs 0.1) + 5 * binary cross-entropy + 5 * dice of the masks at `points`
        sampled pixels, summed over all layers of the decoder. An ignored pixel belongs to no mask and thus
        counts as background of every mask, as in the published code; it is not left out.

        Args:
            images: [B, 3, H, W].
            target: train ids [B, H, W], int64, 255 = ignore.
        """
        masks, classes = masks_of(target, self.num_classes)
        return self.core(pixel_values=images, mask_labels=masks, class_labels=classes).loss


def semantic_logits(classes: Tensor, masks: Tensor) -> Tensor:
    """Class logits [B, N, K + 1] and mask logits [B, N, h, w] of N queries to logits [B, K, h, w].

    The last class is "no object". Semantic inference as in MaskFormer (NeurIPS 2021), its logarithm.
    """
    probabilities = classes.softmax(dim=-1)[..., :-1]
    scores = torch.einsum("bqk,bqhw->bkhw", probabilities, masks.sigmoid())
    return scores.clamp(min=SMALLEST_SCORE).log()


def masks_of(target: Tensor, num_classes: int) -> tuple[list[Tensor], list[Tensor]]:
    """What the set loss compares with: for each picture one mask per class that it holds.

    Args:
        target: train ids [B, H, W], int64, 255 = ignore.
        num_classes: K.

    Returns:
        the masks, float [M, H, W] for each picture, and their classes, int64 [M]. M differs between pictures
        and is 0 where all is ignored.

    Raises:
        ValueError: when `target` holds another number than 0 to K - 1 and 255.
    """
    masks, classes = [], []
    for one in target:
        present = one.unique()
        present = present[present != IGNORE]
        if len(present) and not 0 <= present.min() <= present.max() < num_classes:
            wrong = int(present.min() if present.min() < 0 else present.max())
            raise ValueError(
                f"target holds {wrong}, but the model has the train ids 0 to {num_classes - 1}, and 255 for "
                f"ignored pixels. Cure: adebook.labels.to_train_ids for official ids, or more classes."
            )
        masks.append((one == present[:, None, None]).float())
        classes.append(present)
    return masks, classes


def mask2former_wide(body: nn.Module, channels: Sequence[int], num_classes: int) -> Mask2Former:
    """The wide setting of ViT-Adapter, InternImage-H and BEiT-3: width 1024, 200 queries, 32 heads."""
    return Mask2Former(
        body, channels, num_classes, width=1024, queries=200, heads=32, encoder_ffn=4096, decoder_ffn=4096
    )


def mask2former_small(body: nn.Module, channels: Sequence[int], num_classes: int) -> Mask2Former:
    """The same structure at teaching size: width 64, 30 queries, 2 encoder and 3 decoder layers."""
    return Mask2Former(body, channels, num_classes, **SMALL)


def mask2former_swin(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """Mask2Former on Swin-L (windows of 12, 100 queries), 215 million parameters, 640 x 640 crops."""
    from transformers import SwinConfig

    from adebook.models._transformers import FeatureMaps

    size = {"embed_dim": 192, "depths": [2, 2, 18, 2], "num_heads": [6, 12, 24, 48], "window_size": 12}
    if teaching:
        size = {"embed_dim": 32, "depths": [2, 2, 2, 2], "num_heads": [1, 2, 4, 8], "window_size": 4}
    body = FeatureMaps(
        SwinConfig(
            image_size=image_size, out_features=STAGES, drop_path_rate=0.0 if teaching else 0.3, **size
        )
    )
    make = mask2former_small if teaching else Mask2Former
    net = make(body, body.channels, num_classes)
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=net.BACKBONE)
