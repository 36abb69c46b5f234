"""Gardens with a pool."""

import math

import numpy as np

from ..materials import m_concrete, m_fabric, m_gloss, m_leaf, m_metal, m_tiles, m_water, m_wood, rgb, scaled
from ..mesh import MeshBuilder, add, box, cyl, rbox, scatter_leaves, tube, vf_torus
from ..registry import builds
from ..world import at, other, part, thing, world
from .ground import grass_blades
from .trees import bush_mesh, place


@builds("swimming_pool")
def pool(w=5.0, length=9.0):
    """A pool let into the ground along y, coping at z = 0; meters. The ground must leave it free."""
    rng = world.rng
    tile = m_tiles("#9fd4dc", "#8ac6d2", "#d9ecec", 0.15, 0.15, 0.2, 0, 0.008)
    stone = m_concrete(rng.choice(["#d9d2c4", "#c9c5bc", "#b9b0a0"]), 0.8, 0.08)
    with thing("swimming_pool"):
        b = MeshBuilder()
        b.box(-w / 2, w / 2, -length / 2, length / 2, -1.7, -1.5)
        for s in (-1, 1):
            b.box(s * w / 2 - 0.1, s * w / 2 + 0.1, -length / 2, length / 2, -1.6, -0.02)
            b.box(-w / 2, w / 2, s * length / 2 - 0.1, s * length / 2 + 0.1, -1.6, -0.02)
        b.done(tile)
        with part("coping"):
            for s in (-1, 1):
                box(0.4, length + 0.8, 0.06, (s * (w / 2 + 0.15), 0, 0), stone, 0.015)
                box(w - 0.1, 0.4, 0.06, (0, s * (length / 2 + 0.15), 0), stone, 0.015)
        with part("water"):
            box(w, length, 0.01, (0, 0, -0.16), m_water("#39b4c4", 1.6, 0.04, 0.3), 0)
    with other("pool ladder"):
        steel = m_metal("#d5d5d6", 0.12)
        for y in (-0.28, 0.28):
            tube(
                [
                    (w / 2 + 0.5, y, 0.05),
                    (w / 2 + 0.45, y, 0.75),
                    (w / 2 - 0.12, y, 0.7),
                    (w / 2 - 0.2, y, -0.7),
                ],
                0.022,
                steel,
                curve=4,
            )
        for z in (-0.25, -0.5):
            box(0.1, 0.56, 0.03, (w / 2 - 0.18, 0, z), steel, 0.005)


@builds("chair", "towel", "cushion")
def lounger():
    """A deck lounger, head towards +y, 1.9 m long."""
    rng = world.rng
    frame = rng.choice(
        [m_wood("#a9794a", rough=0.6), m_gloss("#efede8", 0.4, 0.2), m_gloss("#3a3d40", 0.4, 0.1)]
    )
    pad = m_fabric(
        rng.choice(["#f1ede4", "#2f6b8c", "#d9a441", "#b5623f", "#8fa08c"]),
        rng.choice([None, "stripe"]),
        "#f4f1ea",
        size=0.12,
    )
    with thing("chair"):
        for s in (-1, 1):
            box(0.05, 1.9, 0.06, (s * 0.3, 0, 0.28), frame, 0.01)
            for y in (-0.8, 0.7):
                with part("leg"):
                    box(0.05, 0.06, 0.29, (s * 0.3, y, 0), frame, 0.008)
        with part("seat"):
            rbox(0.62, 1.2, 0.09, (0, -0.35, 0.32), pad, r=0.035)
        with part("back"), at(0, 0.24, 0.36, rx=rng.choice([0.25, 0.6, 0.9])):
            rbox(0.62, 0.75, 0.09, (0, 0.36, -0.02), pad, r=0.035)
    if rng.random() < 0.4:
        with thing("towel"), at(0, -0.35, 0.415):
            rbox(
                0.5,
                0.8,
                0.02,
                (0, 0, 0),
                m_fabric(rng.choice(["#e8743b", "#2f7a8c", "#f2b134"]), "stripe", "#f4efe4", size=0.15),
                r=0.009,
            )


def swim_ring(r=0.45):
    """An inflated ring (not one of the 150 classes)."""
    rng = world.rng
    c = rng.choice(["#e8743b", "#d94f8f", "#f2b134", "#4f8fc9"])
    with other("swim ring"):
        V, F = vf_torus(r * 0.68, r * 0.3, (0, 0, r * 0.28), 48, 18)
        add(
            (V, F),
            [m_gloss(c, 0.25, 0.6), m_gloss("#f4f1ea", 0.25, 0.6)],
            mi=(np.arange(len(F)) // 18 // 6) % 2,
        )


@builds("pot", "plant")
def potted_palm(h=1.9):
    """A fan of long leaves in a tub."""
    rng = world.rng
    with thing("pot"):
        cyl(
            0.3,
            0.5,
            (0, 0, 0),
            m_gloss(rng.choice(["#b5603c", "#e9e4da", "#3a3d40"]), 0.6, 0.1),
            r2=0.38,
            n=32,
            bevel=0.02,
        )
    green = m_gloss("#4f7a34", 0.5, 0.1)
    with thing("plant"), at(0, 0, 0.5):
        for i in range(11):
            a, lean = i * 2.4, 0.25 + 0.06 * i
            t = np.linspace(0, 1, 7)
            reach, rise = lean * (h - 0.5) * t**1.5, (h - 0.5) * np.sin(t * (1.5 - 0.08 * i))
            tube(
                np.stack([reach * math.cos(a), reach * math.sin(a), rise], 1),
                np.linspace(0.05, 0.006, 7),
                green,
                n=6,
                flat=0.25,
            )
        place(bush_mesh(0.26, 0.26, 0.25, 260, leaf=0.09))


@builds("flower")
def flower_bed(w=2.0, d=0.7):
    """Flowers on a bed w x d meters around the origin."""
    rng, nprng = world.rng, world.nprng
    n = int(170 * w * d)
    xy = np.stack([nprng.uniform(-w / 2, w / 2, n), nprng.uniform(-d / 2, d / 2, n)], 1)
    with thing("flower"):
        grass_blades(xy, 0.0, 0.3, ("#4b7a36", "#7fa552"), 0.014)
        for c in rng.sample(["#d8425a", "#f0c13a", "#e88fb0", "#f4efe6", "#9a6bc0", "#e8743b"], 2):
            some = xy[nprng.random(n) < 0.5]
            heads = np.column_stack([some, nprng.uniform(0.18, 0.34, len(some))])
            vf, tone = scatter_leaves(heads, 0.09, 0.08, up=0.9, curl=0.4)
            add(vf, m_leaf(c, scaled(rgb(c), 1.25)), tone=tone)
