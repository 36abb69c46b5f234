"""Airplanes and what surrounds them on the ground."""

import math

import numpy as np

from ..materials import m_concrete, m_fabric, m_facade_glass, m_gloss, m_metal, m_paint
from ..mesh import MeshBuilder, add, box, cyl, lathe, rbox, smooth, tube, vf_box, vf_lathe
from ..registry import builds
from ..world import at, other, part, thing, world

LIVERIES = ["#1f4e8c", "#b3202a", "#1f6b5a", "#c9962f", "#5b3f7a", "#2b2d30"]


def _plate(root, tip, thickness, mat):
    """A wing: root and tip are ((x0, y, z), (x1, y, z)), leading and trailing edge; meters."""
    (r0, r1), (t0, t1) = root, tip
    up = np.array([0, 0, thickness / 2])
    corners = [np.array(p, float) for p in (r0, r1, t1, t0)]
    k = [1, 0.35, 0.2, 0.6]
    V = np.array(
        [p - up * q for p, q in zip(corners, k, strict=True)]
        + [p + up * q for p, q in zip(corners, k, strict=True)]
    )
    add((V, vf_box(1, 1, 1)[1]), mat, bevel=thickness * 0.2)


@builds("airplane")
def airliner(length=30.0):
    """A twin-engined airliner on its wheels, nose to +x; meters."""
    rng = world.rng
    white, color = m_gloss("#eeeeea", 0.2, 0.7), m_gloss(rng.choice(LIVERIES), 0.25, 0.7)
    dark, glass, steel = (
        m_paint("#1d1f22", 0.6, 0.03, 0),
        m_gloss("#151b20", 0.05, 0.9),
        m_metal("#b9bcbf", 0.3),
    )
    r, z = length * 0.058, length * 0.115
    half = length / 2
    with thing("airplane"):
        profile = [
            (0.02, -half),
            (r * 0.3, -half * 0.94),
            (r * 0.7, -half * 0.7),
            (r, -half * 0.42),
            (r, half * 0.68),
            (r * 0.86, half * 0.84),
            (r * 0.5, half * 0.95),
            (r * 0.2, half * 0.99),
            (0, half),
        ]
        V, F = vf_lathe(smooth(profile, 6), 40)
        V = V[:, [2, 1, 0]] * (1, 1, -1) + (0, 0, z)  # along x
        V[:, 2] += 0.75 * r * np.clip((-V[:, 0] / half - 0.4) / 0.6, 0, 1) ** 1.3  # the tail rises
        low = V[:, 2] < z - r * 0.25
        belly = np.array([all(low[i] for i in f) for f in np.asarray(F)])
        add((V, [tuple(f) for f in np.asarray(F)]), [white, color], mi=belly.astype(int), sharp=60)
        for s in (-1, 1):
            with part("wing"):
                _plate(
                    ((half * 0.2, s * r * 0.8, z - r * 0.4), (-half * 0.18, s * r * 0.8, z - r * 0.4)),
                    (
                        (-half * 0.2, s * half * 0.95, z + half * 0.07),
                        (-half * 0.32, s * half * 0.95, z + half * 0.07),
                    ),
                    0.55,
                    white,
                )
                _plate(
                    (
                        (-half * 0.2, s * half * 0.95, z + half * 0.07),
                        (-half * 0.32, s * half * 0.95, z + half * 0.07),
                    ),
                    (
                        (-half * 0.3, s * half * 0.98, z + half * 0.17),
                        (-half * 0.36, s * half * 0.98, z + half * 0.17),
                    ),
                    0.2,
                    color,
                )
            with part("stabilizer"):
                _plate(
                    ((-half * 0.78, s * r * 0.4, z + r * 0.75), (-half * 0.96, s * r * 0.4, z + r * 0.75)),
                    (
                        (-half * 0.94, s * half * 0.36, z + r * 1.0),
                        (-half * 1.02, s * half * 0.36, z + r * 1.0),
                    ),
                    0.25,
                    white,
                )
            with part("engine"), at(half * 0.16, s * half * 0.34, z - r * 0.95, ry=math.pi / 2):
                lathe(
                    smooth(
                        [
                            (r * 0.42, -half * 0.1),
                            (r * 0.5, 0),
                            (r * 0.52, half * 0.08),
                            (r * 0.46, half * 0.11),
                            (r * 0.4, half * 0.1),
                        ],
                        4,
                    ),
                    color,
                    n=36,
                )
                lathe([(0, half * 0.07), (r * 0.42, half * 0.08)], dark, n=30)
                lathe([(0.0, half * 0.105), (r * 0.1, half * 0.085)], steel, n=20)
            with part("door"):
                box(
                    r * 0.5,
                    0.06,
                    r * 1.05,
                    (half * 0.62, s * (r - 0.01), z - r * 0.4),
                    m_gloss("#dcdcd6", 0.3, 0.4),
                    0.02,
                )
            n = int(length * 0.9)
            for i in range(n):
                x = -half * 0.5 + i * (half * 1.06) / n
                with part("window"):
                    box(0.26, 0.08, 0.36, (x, s * (r - 0.035), z + r * 0.16), glass, 0.02)
            x, w = -half * 0.08, 0.55
            with part("landing gear"):
                tube([(x, s * half * 0.16, z - r * 0.5), (x, s * half * 0.16, 0.5)], 0.16, steel, n=10)
                for y in (-0.3, 0.3):
                    with at(x, s * half * 0.16 + y, w, rx=math.pi / 2):
                        cyl(w, 0.34, (0, 0, -0.17), dark, n=28)
        with part("fin"):
            V = np.array(
                [
                    (-half * 0.68, 0, z + r * 0.9),
                    (-half * 0.98, 0, z + r * 0.9),
                    (-half * 1.06, 0, z + half * 0.52),
                    (-half * 0.94, 0, z + half * 0.52),
                ]
            )
            add((V, [(0, 1, 2, 3)]), color, solid=0.35, smooth=False)
        with part("landing gear"):
            tube([(half * 0.74, 0, z - r * 0.7), (half * 0.74, 0, 0.4)], 0.13, steel, n=10)
            for y in (-0.2, 0.2):
                with at(half * 0.74, y, 0.4, rx=math.pi / 2):
                    cyl(0.4, 0.24, (0, 0, -0.12), dark, n=24)
        with part("cockpit window"):
            for s in (-1, 1):
                for k, x in enumerate((0.9, 0.865)):
                    with at(
                        half * x,
                        s * r * (0.3 + 0.28 * k),
                        z + r * (0.42 + 0.04 * k),
                        rz=s * (0.35 + 0.5 * k),
                        ry=-0.5,
                    ):
                        box(0.05, r * 0.34, r * 0.3, (0.1, 0, 0), glass, 0.02)


@builds("tower")
def control_tower(h=26.0):
    """An airport's control tower; meters."""
    m, glass = m_concrete("#cfcac0", 0.7, 0.1), m_facade_glass("#24424f", 0.5)
    with thing("tower"):
        lathe([(2.6, 0), (2.2, h * 0.74), (3.8, h * 0.8), (3.8, h * 0.84)], m, n=24)
        with part("cab"):
            lathe([(3.4, h * 0.84), (4.3, h * 0.96)], glass, n=12, smooth=False)
            for i in range(12):
                a = i * math.pi / 6
                tube(
                    [
                        (3.42 * math.cos(a), 3.42 * math.sin(a), h * 0.84),
                        (4.34 * math.cos(a), 4.34 * math.sin(a), h * 0.96),
                    ],
                    0.1,
                    m,
                    n=6,
                )
        lathe([(4.6, h * 0.96), (4.6, h), (0, h * 1.02)], m, n=24)
        tube([(0, 0, h), (0, 0, h * 1.2)], 0.12, m_gloss("#b3302a", 0.4, 0.2), n=8)


@builds("stairs")
def boarding_stairs(h=3.3):
    """Mobile stairs, the top end towards +y."""
    m, dark = m_gloss("#e6e6e2", 0.35, 0.3), m_paint("#1d1f22", 0.6, 0.03, 0)
    n = int(h / 0.2)
    with thing("stairs"):
        for i in range(n):
            box(1.3, 0.3, 0.05, (0, -0.28 * (n - i), 0.2 * (i + 1) - 0.05), m, 0.005)
        box(1.5, 1.2, 0.08, (0, 0.5, h - 0.08), m, 0.01)
        for s in (-1, 1):
            tube([(s * 0.7, -0.28 * n, 0.2), (s * 0.7, 0, h - 0.05), (s * 0.7, 1.1, h - 0.05)], 0.07, m, n=8)
            tube([(s * 0.7, -0.28 * n, 1.15), (s * 0.7, 0, h + 0.95), (s * 0.7, 1.1, h + 0.95)], 0.03, m, n=8)
            for k in np.linspace(0, 1, 7):
                y = -0.28 * n * (1 - k)
                tube([(s * 0.7, y, 0.2 + (h - 0.25) * k), (s * 0.7, y, 1.15 + (h - 0.2) * k)], 0.025, m, n=6)
            for y in (-1.9, 0.3):
                tube([(s * 0.6, y, 0.3), (s * 0.6, y * 0.6, h * (0.45 if y < 0 else 0.95))], 0.07, m, n=8)
                with at(s * 0.62, y, 0.3, rx=0, ry=math.pi / 2):
                    cyl(0.3, 0.18, (0, 0, -0.09), dark, n=24)


def baggage_train(n=3):
    """A tug with n carts, front to +x (not one of the 150 classes)."""
    rng = world.rng
    dark = m_paint("#1d1f22", 0.6, 0.03, 0)

    def wheels(xs):
        for x in xs:
            for s in (-1, 1):
                with at(x, s * 0.6, 0.25, rx=math.pi / 2):
                    cyl(0.25, 0.16, (0, 0, -0.08), dark, n=22)

    with other("baggage tug"):
        m = m_gloss("#e0b12f", 0.4, 0.3)
        rbox(2.3, 1.2, 0.55, (0, 0, 0.3), m, r=0.1)
        rbox(0.9, 1.1, 0.9, (-0.5, 0, 0.8), dark, r=0.1)
        wheels((-0.7, 0.7))
    for i in range(n):
        with other("baggage cart"), at(-2.9 - 2.7 * i, 0, 0):
            box(2.2, 1.3, 0.1, (0, 0, 0.42), m_gloss("#8d9296", 0.4, 0.2), 0.01)
            wheels((-0.8, 0.8))
            for k in range(8):
                c = m_gloss(rng.choice(["#2b2d30", "#b5443a", "#2f4f6b", "#3f6b58", "#6b4a30"]), 0.5, 0.2)
                rbox(0.5, 0.5, 0.34, (-0.75 + 0.5 * (k % 4), -0.3 + 0.6 * (k // 4), 0.52), c, r=0.06)
            for x in (-1.08, 1.08):
                box(0.05, 1.3, 1.0, (x, 0, 0.5), m_gloss("#8d9296", 0.4, 0.2), 0.005)


def windsock(h=6.0):
    """A windsock (not one of the 150 classes)."""
    with other("windsock"):
        tube([(0, 0, 0), (0, 0, h)], [0.1, 0.05], m_gloss("#efeeea", 0.4, 0.2), n=10)
        t = np.linspace(0, 1, 12)
        P = np.stack([0.2 + 2.4 * t, 0 * t, h - 0.3 - 0.9 * t**1.6], 1)
        b = m_fabric("#e8541a", "stripe", "#f2efe8", size=1.0, bump=0.1, sheen=0)
        tube(P, 0.38 - 0.2 * t, b, n=18)


@builds("building")
def hangar(w=34.0, d=26.0, h=11.0):
    """A hangar with a curved roof, doors to -y, centered on x; meters."""
    rng = world.rng
    wall = m_gloss(rng.choice(["#c9ccce", "#b5b8b0", "#8fa0ab"]), 0.5, 0.1)
    t = np.linspace(0, np.pi, 25)
    x, z = -w / 2 * np.cos(t), h * 0.55 + h * 0.45 * np.sin(t)
    with thing("building"):
        k = len(t)
        V = np.vstack([np.stack([x, 0 * x, z], 1), np.stack([x, 0 * x + d, z], 1)])
        i = np.arange(k - 1)
        with part("roof"):
            add((V, np.stack([i, i + 1, i + 1 + k, i + k], 1)), m_metal("#aeb3b6", 0.5), solid=0.2)
        for y in (0.0, d):
            add(
                (
                    np.vstack([np.stack([x, 0 * x + y, z], 1), [(w / 2, y, 0), (-w / 2, y, 0)]]),
                    [tuple(range(k + 2))],
                ),
                wall,
                solid=0.1,
                smooth=False,
            )
        b = MeshBuilder()
        for s in (-1, 1):
            b.box(s * w / 2 - 0.15, s * w / 2 + 0.15, 0, d, 0, h * 0.55)
        b.done(wall)
        for j in range(6):
            with part("door"):
                box(
                    w * 0.13,
                    0.2,
                    h * 0.62,
                    ((j - 2.5) * w * 0.132, -0.15 - 0.1 * (j % 2), 0),
                    m_gloss("#6f7f8a", 0.5, 0.1),
                    0.02,
                )
