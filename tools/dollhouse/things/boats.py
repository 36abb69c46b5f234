"""Boats."""

import numpy as np

from ..materials import m_fabric, m_gloss, m_wood
from ..mesh import add, box, grid_faces, tube
from ..registry import builds
from ..world import at, thing, world


@builds("boat")
def boat():
    """A rowing boat, 3.8 m, bow to +x."""
    rng = world.rng
    with thing("boat"):
        m = m_gloss(rng.choice(["#9c3b2e", "#e8e3d8", "#2f5a7a", "#3f6b58"]), 0.4, 0.3)
        w = m_wood("#a9794a")
        n = 30
        t = np.linspace(-1, 1, n)
        half = 0.75 * (1 - np.abs(t) ** 2.6) ** 0.75
        half = np.where(t < 0, np.maximum(half, 0.55 * (1 - (t + 1) * 0)), half)
        sheer = 0.42 + 0.22 * np.clip(t, 0, 1) ** 2 + 0.05 * t**2
        keel = -0.16 + 0.45 * np.clip(t, 0, 1) ** 3
        a = np.linspace(-1, 1, 13)
        V = np.stack(
            [
                np.repeat(t[:, None] * 1.9, 13, 1),
                half[:, None] * np.sign(a) * np.abs(a) ** 0.6,
                keel[:, None] + (sheer - keel)[:, None] * np.abs(a) ** 2.2,
            ],
            -1,
        ).reshape(-1, 3)
        F = [tuple(f) for f in grid_faces(n, 13)] + [tuple(range(13))]
        add((V, F), m, solid=0.04)
        rim = np.concatenate(
            [np.stack([t * 1.9, half, sheer], 1), np.stack([t * 1.9, -half, sheer], 1)[::-1]]
        )
        tube(rim, 0.035, w, n=8)
        for x in (-0.8, 0.2):
            box(0.28, 1.25 if x < 0 else 1.35, 0.04, (x, 0, 0.25), w, 0.008)


@builds("boat")
def sailboat():
    """A small sailing yacht."""
    rng = world.rng
    with at(s=2.0):
        boat()
        with thing("boat"):
            tube([(0.1, 0, 0.3), (0.1, 0, 4.6)], 0.035, m_wood("#a9794a"))
            V = np.array([(0.04, 0, 0.9), (-1.7, 0.15, 1.0), (-0.9, 0.22, 2.6), (0.04, 0, 4.5)])
            add((V, [(0, 1, 2, 3)]), m_fabric("#f4efe4", transl=0.3), smooth=False)
            V = np.array([(0.16, 0, 1.0), (1.75, 0.1, 0.75), (0.16, 0, 3.9)])
            add(
                (V, [(0, 1, 2)]),
                m_fabric(rng.choice(["#f4efe4", "#c0504a", "#3f6b9c"]), transl=0.3),
                smooth=False,
            )
