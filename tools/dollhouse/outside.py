"""What a window shows: grass, trees, hills."""

import math

import numpy as np

from .materials import m_ground, rgb, scaled
from .mesh import add, grid_faces, vf_box
from .registry import builds
from .things.trees import place, tree_mesh
from .world import at, thing, world


@builds("grass", "hill", "tree")
def outside():
    """Grass, 18 trees and a ring of hills around the house."""
    rng = world.rng
    with thing("grass"):
        g = rng.choice(["#5d7d3a", "#6c8746", "#55733c"])
        with at(0, 0, -rng.choice([0.5, 0.5, 3.0, 6.0])):
            z0 = world.stack[-1].translation.z
            add(
                vf_box(400, 400, 0.1, (0, 0, -0.05)),
                m_ground(g, scaled(rgb(g), 0.7), 0.3),
                grain="obj",
                smooth=False,
            )
    tm = tree_mesh(rng.uniform(4, 6.5), rng.uniform(1.6, 2.6), leaves=3500)
    for _ in range(18):
        a = rng.uniform(0, 2 * math.pi)
        r = rng.uniform(9, 30)
        with (
            thing("tree"),
            at(2.5 + r * math.cos(a), 3 + r * math.sin(a), z0, rz=rng.uniform(0, 6), s=rng.uniform(0.8, 1.4)),
        ):
            place(tm)
    with thing("hill"):
        a = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        r = np.array([60.0, 110, 150])
        hgt = 6 + 9 * np.abs(world.noise.fbm(np.cos(a) * 2.2, np.sin(a) * 2.2, 4))
        V = np.stack(
            [np.outer(np.cos(a), r), np.outer(np.sin(a), r), np.stack([0 * a + z0 - 1, hgt * 0.7, hgt], 1)],
            -1,
        ).reshape(-1, 3)
        add((V, grid_faces(120, 3, cu=True)), m_ground("#587044", "#74855a", 0.15))
