"""The scene under construction: random streams, the placement stack, and whose pixels are whose.

Lengths are meters, angles radians, z points up. Everything is built inside three context managers:

    with at(x=2, rz=.3):            # move the local frame
        with thing("bed"):          # what is added now is one new bed
            with part("headboard"): # ... and within it one headboard; parts nest once more: door > knob
                box(...)

Each combination of object and part is a *leaf*: a number that Cycles writes into every pixel it covers.
"""

import random
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Matrix

from .noise import Noise
from .registry import BUILDERS
from .vocabulary import class_id as ade_class
from .vocabulary import names_and_synonyms

SECOND_EDITION = 100  # the first seed of the second edition
MAX_LEAVES = 32767  # Blender's Object.pass_index


def _seed(*words) -> int:
    """A 32-bit seed from words; Python's own hash differs from run to run."""
    return zlib.crc32("-".join(map(str, words)).encode())


@dataclass
class World:
    """State of the scene that is being built; `reset` starts a new one."""

    kind: str = ""
    seed: int = 0
    name: str = ""
    rng: random.Random = None
    nprng: np.random.Generator = None
    noise: Noise = None
    materials: dict = field(default_factory=dict)  # cache of materials, by maker and arguments
    stack: list = field(default_factory=list)  # 4x4 matrices; the last is the current frame
    objects: list = field(default_factory=list)  # (class name, official id or 0); object id = index + 1
    parts: list = field(default_factory=list)  # (name, level, parent part id or 0, object id); id = index + 1
    leaves: list = field(default_factory=list)  # (object id, part id level 1, part id level 2); [0] = nothing
    leaf: int = 0  # the leaf that new meshes belong to
    camera: dict = field(default_factory=dict)
    images: int = 0

    @property
    def second_edition(self) -> bool:
        """True for seeds from 100 on. Whatever would change older scenes is built in these only."""
        return self.seed >= SECOND_EDITION

    def reset(self, kind: str, seed: int):
        """Forget everything; seed the random streams from kind and seed."""
        self.__init__(kind=kind, seed=seed, name=f"{kind}-{seed}")
        start = _seed(kind, seed)
        self.rng, self.nprng, self.noise = random.Random(start), np.random.default_rng(start), Noise(start)
        self.stack = [Matrix.Identity(4)]
        self.leaves = [(0, 0, 0)]
        return start

    def new_leaf(self, object_id, part1=0, part2=0) -> int:
        """Number a new (object, part, part of part) and return its leaf."""
        if len(self.leaves) > MAX_LEAVES:
            raise RuntimeError(
                f"{self.name} has more than {MAX_LEAVES} objects and parts, all that Blender can number: "
                "model fewer parts in it."
            )
        self.leaves.append((object_id, part1, part2))
        return len(self.leaves) - 1


world = World()


@contextmanager
def at(x=0, y=0, z=0, rz=0, rx=0, ry=0, s=1):
    """Move (meters), turn (radians; x first, then y, then z) and scale the local frame."""
    scale = (s, s, s, 1) if np.isscalar(s) else (*s, 1)
    m = Matrix.Translation((x, y, z)) @ Matrix.Rotation(rz, 4, "Z") @ Matrix.Rotation(ry, 4, "Y")
    world.stack.append(world.stack[-1] @ m @ Matrix.Rotation(rx, 4, "X") @ Matrix.Diagonal(scale))
    try:
        yield
    finally:
        world.stack.pop()


@contextmanager
def _owner(leaf):
    before, world.leaf = world.leaf, leaf
    try:
        yield leaf
    finally:
        world.leaf = before


def _object(name, class_id):
    world.objects.append((name, class_id))
    return _owner(world.new_leaf(len(world.objects)))


def thing(name):
    """Everything added inside is one new object of the ADE class `name`, even inside another thing."""
    if name not in BUILDERS:
        ade_class(name)  # a misspelt name gets its own, better message
        raise ValueError(f"No function is registered as a maker of {name!r}: add @builds({name!r}) to it.")
    return _object(name, ade_class(name))


def more_of(name):
    """Everything added inside belongs to the last object of class `name` (blades to a lawn), or a new one."""
    for leaf in range(len(world.leaves) - 1, 0, -1):
        object_id, part1, _ = world.leaves[leaf]
        if not part1 and world.objects[object_id - 1][0] == name:
            return _owner(leaf)
    return thing(name)


def other(name):
    """Everything added inside is one new object outside the 150 classes: label 0."""
    if name in names_and_synonyms():
        raise ValueError(f"{name!r} is one of the 150 classes (or a synonym): use `thing`, not `other`.")
    return _object(name, 0)


def part(name):
    """Everything added inside is one new part of the current thing, or of the current part."""
    object_id, part1, part2 = world.leaves[world.leaf]
    if not object_id:
        raise ValueError(f"part({name!r}) stands outside any thing(...).")
    if part2:
        raise ValueError(f"part({name!r}) would be a part of a part of a part; there are two levels.")
    world.parts.append((name, 2 if part1 else 1, part1, object_id))
    new = len(world.parts)
    return _owner(world.new_leaf(object_id, part1, new) if part1 else world.new_leaf(object_id, new))


@contextmanager
def stream(name):
    """Draw from a random stream of its own inside: what is added here moves nothing elsewhere."""
    before = world.rng, world.nprng
    start = _seed(world.name, name)
    world.rng, world.nprng = random.Random(start), np.random.default_rng(start)
    try:
        yield world.rng
    finally:
        world.rng, world.nprng = before


def link(ob):
    """Put a Blender object into the scene, on account of the current thing and part."""
    if not world.leaf:
        raise ValueError(f"{ob.name!r} is added outside any thing(...): its pixels would have no label.")
    ob.pass_index = world.leaf
    bpy.context.scene.collection.objects.link(ob)
    return ob
