"""How transformers' mask classifiers get an encoder that is not theirs; needs transformers."""

from collections.abc import Sequence
from typing import ClassVar

import transformers
from torch import Tensor, nn
from transformers import AutoBackbone, AutoConfig, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BackboneOutput


class MapsConfig(PreTrainedConfig):
    """Says how many channels the four maps of an encoder have, and no more."""

    model_type = "adebook-maps"

    def __init__(self, channels: Sequence[int] = (), **kwargs) -> None:
        super().__init__(**kwargs)
        self.channels = list(channels)


class Maps(PreTrainedModel):
    """Any module [B, 3, H, W] -> list of maps, in the clothes of a transformers backbone.

    transformers builds a backbone from its config, so the module itself is put in afterwards, as `body`. That
    also keeps its initial weights: transformers draws anew those of every layer that it finds when it builds.
    """

    config_class = MapsConfig
    main_input_name = "pixel_values"

    def __init__(self, config: MapsConfig) -> None:
        super().__init__(config)
        self.channels = config.channels
        self.body: nn.Module | None = None
        self.post_init()

    def forward(self, pixel_values: Tensor, **_) -> BackboneOutput:
        return BackboneOutput(feature_maps=tuple(self.body(pixel_values)))


# The library's own way to make a new kind of backbone known; kinds that are there already are not touched.
AutoConfig.register(MapsConfig.model_type, MapsConfig, exist_ok=True)
AutoBackbone.register(MapsConfig, Maps, exist_ok=True)


class Mask2FormerConfig(transformers.Mask2FormerConfig):
    """Mask2Former's settings, without the warning that only Swin has been tried as its encoder."""

    backbones_supported: ClassVar[list[str]] = [MapsConfig.model_type]


class FeatureMaps(nn.Module):
    """A transformers backbone as a module [B, 3, H, W] -> list of its four maps."""

    def __init__(self, config: PreTrainedConfig) -> None:
        super().__init__()
        self.backbone = AutoBackbone.from_config(config)
        self.channels: list[int] = self.backbone.channels

    def forward(self, images: Tensor) -> list[Tensor]:
        return list(self.backbone(images).feature_maps)
