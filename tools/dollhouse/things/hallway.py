"""What stands and hangs in hallways and utility rooms."""

import math

import numpy as np

from ..materials import m_fabric, m_gloss, m_metal, m_wood
from ..mesh import add, box, cyl, grid_faces, lathe, rbox, smooth, sphere, tube, vf_torus
from ..registry import builds
from ..style import style
from ..world import at, other, part, thing, world

COATS = ["#2f4a6b", "#7a2f33", "#3b3f45", "#4f6b4a", "#c9a24e", "#8c8f94", "#b5623f", "#1f2733"]


@builds("apparel")
def hanging_coat(h=1.0):
    """A coat on a hook at the origin, hanging down, its back to the wall at +y."""
    rng = world.rng
    m = m_fabric(rng.choice(COATS), rng.choice([None, None, "check"]), "#d8d2c4", size=0.09, bump=0.6)
    z = np.linspace(0, -h, 14)
    f = np.linspace(0, 1, 14)
    half = np.interp(f, [0, 0.06, 0.12, 0.5, 1], [0.03, 0.1, 0.19, 0.19, 0.25])
    deep = np.interp(f, [0, 0.1, 0.5, 1], [0.02, 0.06, 0.08, 0.1])
    a = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    fold = 1 + 0.13 * f[:, None] * np.sin(a * 6 + rng.uniform(0, 6))[None]
    V = np.stack(
        [
            np.outer(half, np.cos(a)) * fold,
            np.outer(deep, np.sin(a)) * fold - 0.09,
            np.repeat(z[:, None], 40, 1),
        ],
        -1,
    )
    with thing("apparel"):
        F = [tuple(q) for q in grid_faces(14, 40, cv=True)] + [
            tuple(range(40)),
            tuple(13 * 40 + i for i in range(39, -1, -1)),
        ]
        add((V.reshape(-1, 3), F), m, sharp=70)
        for s in (-1, 1):
            with part("sleeve"):
                tube(
                    [(s * 0.15, -0.09, -0.11), (s * 0.24, -0.1, -0.3), (s * 0.25, -0.11, -0.62)],
                    [0.055, 0.06, 0.05],
                    m,
                    n=14,
                    curve=4,
                )


@builds("apparel", "bag")
def coat_rail(w=1.4, n=4):
    """Hooks on a board on the wall plane at the origin's height, with coats and a bag."""
    rng = world.rng
    with other("coat hooks"):
        box(w, 0.025, 0.1, (0, -0.0125, -0.03), style.wood, 0.006)
        for i in range(n + 1):
            x = -w / 2 + w * (i + 0.5) / (n + 1)
            tube([(x, -0.02, 0.03), (x, -0.08, 0.02), (x, -0.09, 0.06)], 0.008, style.metal, n=8, curve=3)
    for i in range(n):
        x = -w / 2 + w * (i + 0.5) / (n + 1)
        if rng.random() < 0.85:
            with at(x, -0.06, 0.0):
                hanging_coat(rng.uniform(0.75, 1.05))
    with thing("bag"), at(-w / 2 + w * (n + 0.5) / (n + 1), -0.1, -0.62):
        m = m_fabric(rng.choice(COATS), bump=0.5)
        rbox(0.3, 0.13, 0.32, (0, 0, 0), m, r=0.05)
        tube([(-0.1, 0, 0.28), (0, 0.02, 0.62), (0.1, 0, 0.28)], 0.01, m, curve=5)


def umbrella_stand():
    """A tall pot with umbrellas (neither is one of the 150 classes)."""
    rng = world.rng
    with other("umbrella stand"):
        lathe(
            smooth(
                [
                    (0, 0),
                    (0.11, 0),
                    (0.12, 0.02),
                    (0.1, 0.3),
                    (0.13, 0.52),
                    (0.12, 0.52),
                    (0.09, 0.3),
                    (0, 0.04),
                ],
                4,
            ),
            style.metal,
            n=32,
        )
    for i in range(rng.randint(1, 3)):
        with other("umbrella"), at(0, 0, 0.05, rz=i * 2.1, rx=0.11):
            m = m_fabric(rng.choice(COATS), bump=0.3)
            lathe(smooth([(0.005, 0), (0.018, 0.2), (0.03, 0.55), (0.012, 0.62), (0.01, 0.63)], 4), m, n=16)
            tube(
                [(0, 0, 0.6), (0, 0, 0.82), (0.03, 0, 0.87), (0.06, 0, 0.84)],
                0.009,
                m_wood("#6b4429"),
                curve=4,
            )


def shoes(n=3):
    """Pairs of shoes in a row along x, toes to -y (not one of the 150 classes)."""
    rng = world.rng
    for i in range(n):
        m = m_gloss(rng.choice(["#1e1c1b", "#6b4a30", "#e9e6e0", "#7a2f2b", "#2f4a6b"]), 0.45, 0.2)
        for s in (-1, 1):
            with other("shoe"), at(i * 0.28 + s * 0.055, rng.uniform(-0.02, 0.02), 0):
                rbox(0.085, 0.27, 0.05, (0, 0, 0), m, r=0.024)
                rbox(0.075, 0.13, 0.07, (0, 0.07, 0.03), m, r=0.03)


@builds("washer")
def washer(h=0.85):
    """A front-loading washing machine or dryer, 0.6 m wide."""
    rng = world.rng
    m = rng.choice([m_gloss("#efeeea", 0.25, 0.6), m_metal("#b5b8bb", 0.3), m_gloss("#3a3d40", 0.3, 0.5)])
    with thing("washer"):
        rbox(0.6, 0.58, h - 0.02, (0, 0, 0.02), m, r=0.015)
        box(0.58, 0.012, 0.1, (0, -0.292, h - 0.12), m_gloss("#d9dcde", 0.2, 0.5), 0.004)
        with at(0.2, -0.3, h - 0.07, rx=math.pi / 2):
            cyl(0.03, 0.025, (0, 0, 0), style.chrome, n=24)
        box(0.12, 0.004, 0.04, (-0.02, -0.3, h - 0.09), style.screen, 0)
        with part("door"), at(0, -0.295, h * 0.46, rx=math.pi / 2):
            add(vf_torus(0.18, 0.028, (0, 0, 0.005), n=48), style.chrome)
            lathe(smooth([(0, 0.02), (0.1, 0.016), (0.16, 0)], 4), m_gloss("#20262b", 0.05, 0.9), n=44)
    return h


@builds("tank")
def water_heater():
    """A water tank on the wall plane, its bottom at the origin's height."""
    with thing("tank"), at(0, -0.27, 0):
        m = m_gloss("#eceae4", 0.3, 0.4)
        lathe(
            smooth(
                [
                    (0, 0),
                    (0.15, 0.0),
                    (0.23, 0.04),
                    (0.235, 0.1),
                    (0.235, 0.75),
                    (0.22, 0.84),
                    (0.12, 0.9),
                    (0, 0.9),
                ],
                3,
            ),
            m,
            n=44,
        )
        for x in (-0.07, 0.07):
            tube([(x, 0, 0.02), (x, 0.02, -0.2), (x, 0.22, -0.24)], 0.012, m_metal("#b87a4b", 0.3), curve=4)
        sphere(0.03, 0.012, 0.03, (0, -0.236, 0.2), style.black)


@builds("basket", "towel")
def laundry_basket(r=0.24, h=0.5):
    """A woven basket with cloths in it."""
    rng = world.rng
    m = m_fabric("#b8925f", "lines", "#8a6738", size=0.03, bump=0.9)
    with thing("basket"):
        lathe(
            smooth(
                [(0, 0), (r * 0.85, 0), (r, h * 0.5), (r * 1.05, h), (r, h), (r * 0.93, h * 0.5), (0, 0.06)],
                4,
            ),
            m,
            n=36,
        )
    with thing("towel"):
        for i in range(3):
            a = i * 2.1
            c = m_fabric(rng.choice(["#f0ede6", *style.tex]), bump=1.0)
            rbox(
                r * 1.1,
                r * 1.0,
                0.12,
                (0.25 * r * math.cos(a), 0.25 * r * math.sin(a), h * 0.82 + 0.03 * i),
                c,
                r=0.055,
                lump=0.02,
            )
