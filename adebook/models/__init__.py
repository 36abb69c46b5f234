"""Every model of the leaderboard in a line: `adebook.models.build("segformer-b5")`.

One file per paper, to be read from top to bottom. Libraries give what they hold as published
(segmentation-models-pytorch, timm, transformers, torchvision) and are imported when a row needs them; the
rest is written here. Weights are random.

Example:
    >>> model = adebook.models.build("pspnet-r101", teaching=True).eval()
    >>> model(torch.zeros(1, 3, 96, 128)).shape
    torch.Size([1, 150, 12, 16])
"""

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "adebook.models needs torch. Cure: pip install 'adebook[models]'.", name="torch"
    ) from error

from adebook.models.common import SceneParser
from adebook.models.registry import ENTRIES, NOT_BUILT, Entry, build, find

__all__ = ["ENTRIES", "NOT_BUILT", "Entry", "SceneParser", "build", "find", "keys"]


def keys() -> list[str]:
    """The keys of all models that can be built, from FCN-8s on."""
    return list(ENTRIES)
