"""How large and how costly a model of the leaderboard is, counted and not looked up.

Everything happens on torch's meta device, where tensors have shapes and no memory, so a model of three
billion parameters takes seconds.
"""

import ast
import io
import tokenize
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from adebook.models.common import SceneParser
from adebook.models.registry import build, find

#: What every row stands on counts for none of them.
_SHARED = {"adebook.models", "adebook.models.common", "adebook.models.registry", "adebook.models.measure"}


@dataclass(frozen=True)
class Measurement:
    """What `measure` counts.

    Attributes:
        parameters: of the whole network as built, what only training uses among them.
        backbone_parameters: of the encoder alone.
        training_parameters: of what only training uses (auxiliary heads, text encoders): parameters beside
            the encoder's that the logits do not depend on.
        flops: of one forward pass of one picture, a multiplication and an addition counted as 2 (many papers
            count the pair as 1 and call it FLOPs, too). Convolutions and matrix products are counted;
            normalization, activations, interpolation and the sampling of deformable operators are not.
        image_size: side in pixels of the picture behind `flops` and `output_shape`.
        output_shape: of the logits, [1, K, ceil(H/s), ceil(W/s)].
        stride: s.
        own_lines: lines of code of the modules of `adebook.models` that this network is made of, beside the
            contract that all share; docstrings, comments and blank lines are left out.
    """

    parameters: int
    backbone_parameters: int
    training_parameters: int
    flops: int
    image_size: int
    output_shape: tuple[int, ...]
    stride: int
    own_lines: int


def measure(
    key: str, *, num_classes: int = 150, image_size: int = 512, teaching: bool = False
) -> Measurement:
    """Count a model's parameters, operations and lines.

    Parameters are those of the model built for its published crop, as some position tables grow with it (128
    pixels at teaching size); operations are those of the model built for `image_size`, so that they compare.

    Args:
        key: such as "segformer-b5".
        num_classes: K.
        image_size: side in pixels of the square picture whose operations are counted.
        teaching: the teaching size in place of the published one.

    Raises:
        ValueError: as `adebook.models.build` does.
    """
    model = build(key, num_classes, teaching=teaching, device="meta").eval()
    side = 128 if teaching else find(key).image_size
    fitting = build(key, num_classes, teaching=teaching, image_size=image_size, device="meta").eval()
    flops, shape = _forward(fitting, image_size)
    return Measurement(
        parameters=sum(p.numel() for p in model.parameters()),
        backbone_parameters=sum(p.numel() for p in model.backbone_parameters()),
        training_parameters=_unused(model, side),
        flops=flops,
        image_size=image_size,
        output_shape=shape,
        stride=model.stride,
        own_lines=sum(code_lines(source) for source in _sources(model, key)),
    )


def code_lines(source: str) -> int:
    """Lines of Python that hold code: without blank lines, comments and docstrings.

    Args:
        source: the text of a module.
    """
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstrings.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def _forward(model: SceneParser, side: int) -> tuple[int, tuple[int, ...]]:
    model.requires_grad_(False)  # the counter hangs hooks on what wants gradients, and queries are parameters
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        logits = model(torch.zeros(1, 3, side, side, device="meta"))
    return counter.get_total_flops(), tuple(logits.shape)


def _unused(model: SceneParser, side: int) -> int:
    """Parameters that no path leads from to the logits; those of the encoder (mask tokens) are not meant."""
    encoder = {id(p) for p in model.backbone_parameters()}
    wanted = [p for p in model.parameters() if p.requires_grad and id(p) not in encoder]
    logits = model(torch.zeros(1, 3, side, side, device="meta"))
    gradients = torch.autograd.grad(logits.sum(), wanted, allow_unused=True)
    return sum(p.numel() for p, gradient in zip(wanted, gradients, strict=True) if gradient is None)


def _sources(model: nn.Module, key: str) -> list[str]:
    modules = {type(layer).__module__ for layer in model.modules()}
    modules.add(f"adebook.models.{find(key).builder.partition(':')[0]}")
    own = sorted(name for name in modules - _SHARED if name.startswith("adebook.models."))
    return [Path(import_module(name).__file__).read_text(encoding="utf-8") for name in own]
