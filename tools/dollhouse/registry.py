"""What can be built: classes and scene kinds register themselves here. Needs no Blender.

A thing:   @builds("bed", "pillow")  above the function that makes it (in things/).
A scene:   @scene("bedroom")         above a function of no arguments, in scenes/bedroom.py.
"""

import difflib
import importlib
from collections.abc import Callable
from pathlib import Path

from .vocabulary import class_id

PACKAGE = Path(__file__).resolve().parent

BUILDERS: dict[str, list[Callable]] = {}  # class name -> the functions that make one
_SCENES: dict[str, Callable] = {}


def builds(*classes: str):
    """Register a function as a maker of these ADE classes; a name outside the 150 is refused."""
    for name in classes:
        class_id(name)

    def register(make):
        for name in classes:
            BUILDERS.setdefault(name, []).append(make)
        return make

    return register


def scene(kind: str):
    """Register a function as the maker of a scene kind. It builds the scene and returns its `light.Look`."""

    def register(make):
        file = make.__module__.rsplit(".", 1)[-1]
        if kind != file:
            raise ValueError(f"Scene kind {kind!r} must live in scenes/{kind}.py, not in scenes/{file}.py.")
        _SCENES[kind] = make
        return make

    return register


def kinds() -> list[str]:
    """All scene kinds: the files of scenes/. Answers without Blender."""
    return sorted(p.stem for p in (PACKAGE / "scenes").glob("*.py") if not p.stem.startswith("_"))


def check_kind(kind: str) -> str:
    """Return kind if it exists; a ValueError suggests the nearest one otherwise."""
    if kind not in kinds():
        near = difflib.get_close_matches(kind, kinds(), 1, 0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(kinds())}."
        raise ValueError(f"Unknown scene kind {kind!r}: {hint}")
    return kind


def scene_maker(kind: str) -> Callable:
    """The function that builds a scene of this kind (imports Blender)."""
    check_kind(kind)
    importlib.import_module(f"{__package__}.scenes.{kind}")
    return _SCENES[kind]
