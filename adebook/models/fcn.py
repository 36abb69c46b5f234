"""FCN-8s: the classifier that became a segmenter by sliding over the picture.

Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015, arXiv
1411.4038. Three ideas: the fully connected layers of VGG-16 are convolutions (Figure 2), so a picture of
any size gives a map of scores; the map is enlarged by transposed convolutions that learn how; and the
coarse scores are added to scores from finer layers (Figure 3), 32 -> 16 -> 8 pixels per cell, hence the
name.

Two departures: convolutions pad by what keeps the size, where the authors pad the picture by 100 pixels and
cut the logits; and the last enlargement, by 8 and fixed to bilinear in the paper, is left to whoever wants
full size.
"""

import torch
from torch import Tensor, nn
from torchvision.models.vgg import make_layers

from adebook.models.common import SceneParser

#: Channels of VGG-16's convolutions; "M" halves the map. Five halvings: 32 pixels per cell at the end.
VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")


class FCN8s(nn.Module):
    """Pictures [B, 3, H, W], H and W multiples of 32, to logits [B, K, H/8, W/8].

    Args:
        num_classes: K.
        layers: of the VGG encoder, as in `VGG16`.
        hidden: channels of the two layers that were fully connected.
    """

    def __init__(self, num_classes: int, layers: tuple[int | str, ...] = VGG16, hidden: int = 4096) -> None:
        super().__init__()
        self.features = make_layers(list(layers))  # named as in torchvision's VGG
        pool3, pool4, pool5 = [layers[i - 1] for i, layer in enumerate(layers) if layer == "M"][2:]
        self.classifier = nn.Sequential(  # fc6 and fc7 of VGG
            nn.Conv2d(pool5, hidden, 7, padding=3),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Conv2d(hidden, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(),
        )
        self.score32 = nn.Conv2d(hidden, num_classes, 1)
        self.score16 = nn.Conv2d(pool4, num_classes, 1)
        self.score8 = nn.Conv2d(pool3, num_classes, 1)
        self.enlarge32 = nn.ConvTranspose2d(num_classes, num_classes, 4, stride=2, padding=1, bias=False)
        self.enlarge16 = nn.ConvTranspose2d(num_classes, num_classes, 4, stride=2, padding=1, bias=False)
        self._initialize()

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, K, H/8, W/8]."""
        x, pools = images, []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.MaxPool2d):
                pools.append(x)
        pool3, pool4, pool5 = pools[2:]  # [B, 256, H/8, W/8], [B, 512, H/16, W/16], [B, 512, H/32, W/32]
        scores = self.score32(self.classifier(pool5))  # [B, K, H/32, W/32]: FCN-32s stops here
        scores = self.enlarge32(scores) + self.score16(pool4)  # [B, K, H/16, W/16]: FCN-16s
        return self.enlarge16(scores) + self.score8(pool3)  # [B, K, H/8, W/8]: FCN-8s

    def _initialize(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # without batch norm, 15 layers need this to train from scratch
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        for score in (self.score32, self.score16, self.score8):
            nn.init.zeros_(score.weight)  # as in the paper (Section 4.3)
        for enlarge in (self.enlarge32, self.enlarge16):
            bilinear_(enlarge.weight)


@torch.no_grad()
def bilinear_(weight: Tensor) -> None:
    """Make a transposed convolution [K, K, 4, 4] of stride 2 enlarge channels bilinearly (Section 3.3)."""
    slope = torch.tensor([0.25, 0.75, 0.75, 0.25], device=weight.device)
    channels = torch.arange(len(weight), device=weight.device)
    weight.zero_()
    weight[channels, channels] = torch.outer(slope, slope)


def fcn8s(*, num_classes: int, image_size: int, teaching: bool) -> SceneParser:
    """FCN-8s on VGG-16; at teaching size every layer has a quarter of the channels, the 4096 a sixteenth."""
    layers = tuple(n if n == "M" else n // 4 for n in VGG16) if teaching else VGG16
    net = FCN8s(num_classes, layers, hidden=256 if teaching else 4096)
    return SceneParser(net, num_classes, stride=8, divisor=32, backbone=("features",))
