"""OneFormer (Jain et al., CVPR 2023): one mask classifier for three tasks, told in words which one.

A Mask2Former whose queries begin as copies of a task token, made from the sentence "the task is semantic"
("instance", "panoptic"). The decoder is transformers' own. For ADE20K as a benchmark of scene parsing the
task is always semantic, so the sentence is a constant here.
Paper: https://arxiv.org/abs/2211.06220, code: https://github.com/SHI-Labs/OneFormer
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from adebook.models.common import SceneParser
from adebook.models.dinat import DiNAT, dinat_small
from adebook.models.mask2former import SMALL, masks_of, semantic_logits

#: "the task is semantic" as CLIP's tokenizer (byte-pair encoding, 49,408 entries) writes it: start, the,
#: task, is, seman, tic, end. OneFormer pads it with zeros to TOKENS and puts the ids into a linear layer as
#: plain numbers.
TASK = (49406, 518, 10549, 533, 29119, 1550, 49407)
TOKENS = 77


class OneFormer(nn.Module):
    """OneFormer for semantic segmentation: pictures [B, 3, H, W] to logits [B, K, H/4, W/4].

    The logits are those of `mask2former.Mask2Former`: the logarithm of the scores of semantic inference.

    Args:
        body: maps [B, 3, H, W] to four maps at strides 4, 8, 16 and 32. Its weights are kept as they are.
        channels: of the four maps.
        num_classes: K.
        width: channels inside, a multiple of 32 (group norm) and of `heads`.
        queries: N, the task token among them.
        heads: of all attentions.
        encoder_ffn, decoder_ffn: hidden channels of the feed-forward layers of pixel decoder and decoder.
        encoder_layers: of the pixel decoder.
        decoder_layers: predictions, counted as in `mask2former.Mask2Former`.
        points: pixels at which the set loss looks.
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
        queries: int = 250,
        heads: int = 8,
        encoder_ffn: int = 1024,
        decoder_ffn: int = 2048,
        encoder_layers: int = 6,
        decoder_layers: int = 10,
        points: int = 112 * 112,
    ) -> None:
        from transformers import OneFormerConfig, OneFormerForUniversalSegmentation

        from adebook.models._transformers import MapsConfig

        super().__init__()
        self.num_classes = num_classes
        config = OneFormerConfig(
            backbone_config=MapsConfig(channels),
            num_labels=num_classes,
            conv_dim=width,
            mask_dim=width,
            hidden_dim=width,
            num_queries=queries,
            num_attention_heads=heads,
            encoder_feedforward_dim=encoder_ffn,
            dim_feedforward=decoder_ffn,
            encoder_layers=encoder_layers,
            decoder_layers=decoder_layers,
            train_num_points=points,
            task_seq_len=TOKENS,
            is_training=False,  # without the text encoder, which only the contrastive loss needs
        )
        core = OneFormerForUniversalSegmentation(config)
        # transformers makes one of its tables on the CPU, whatever torch.device says.
        self.core = core.to(core.model.transformer_module.level_embed.weight.device)
        self.core.model.pixel_level_module.encoder.body = body
        task = torch.tensor(TASK + (0,) * (TOKENS - len(TASK)), dtype=torch.float32)
        self.register_buffer("task", task, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/4, W/4]."""
        with _shapes_only() if images.is_meta else nullcontext():
            output = self.core(pixel_values=images, task_inputs=self._task(images))
        return semantic_logits(output.class_queries_logits, output.masks_queries_logits)

    def loss(self, images: Tensor, target: Tensor) -> Tensor:
        """The set loss of classes and masks, a scalar (transformers' implementation).

        As `mask2former.Mask2Former.loss`. Two parts of the published training are left out: the contrastive
        loss between queries and texts (weight 0.5), which needs a tokenizer and the names of what each
        picture holds, and the training on panoptic and instance targets, which SceneParse150 has none of.

        Args:
            images: [B, 3, H, W].
            target: train ids [B, H, W], int64, 255 = ignore.
        """
        masks, classes = masks_of(target, self.num_classes)
        task = self._task(images)
        loss = self.core(pixel_values=images, task_inputs=task, mask_labels=masks, class_labels=classes).loss
        return loss.squeeze()  # transformers gives it as [1]

    def _task(self, images: Tensor) -> Tensor:
        return self.task.expand(len(images), -1)


@contextmanager
def _shapes_only() -> Iterator[None]:
    """Lets transformers' OneFormer run on the meta device, where there are shapes and no numbers.

    It checks a sum, which its own switch turns off, and it writes at the places that `nonzero` finds, of
    which torch assumes here that they are all. Neither changes a result, as there is none.
    """
    from torch.fx.experimental import _config

    switch = "TRANSFORMERS_DISABLE_TORCH_CHECK"
    before = os.environ.get(switch)
    os.environ[switch] = "1"
    try:
        with _config.patch(meta_nonzero_assume_all_nonzero=True):
            yield
    finally:
        if before is None:
            os.environ.pop(switch, None)
        else:
            os.environ[switch] = before


def oneformer_dinat(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """OneFormer on DiNAT-L (250 queries), 223 million parameters, 640 x 640 crops; takes any size."""
    del image_size  # nothing in it depends on the size of a picture
    body = dinat_small() if teaching else DiNAT()
    return _parser(body, num_classes, teaching)


def oneformer_internimage(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """OneFormer of width 256 on InternImage-H (250 queries), 1.10 billion parameters, 896 x 896 crops."""
    from adebook.models.internimage import InternImage, internimage_small

    del image_size  # nothing in it depends on the size of a picture
    body = internimage_small() if teaching else InternImage()
    return _parser(body, num_classes, teaching)


def _parser(body: nn.Module, num_classes: int, teaching: bool) -> SceneParser:
    net = OneFormer(body, body.channels, num_classes, **(SMALL if teaching else {}))
    return SceneParser(net, num_classes, stride=4, divisor=32, backbone=net.BACKBONE)
