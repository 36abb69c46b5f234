"""What one finds at a river in the hills: tents, a footbridge, a waterfall, a campfire."""

import math

import numpy as np

from ..materials import m_emit, m_fabric, m_gloss, m_ground, m_metal, m_paint, m_wood
from ..mesh import add, box, grid_faces, lathe, rbox, smooth, sphere, tube
from ..registry import builds
from ..world import at, other, thing, world
from .ground import rock
from .lamps import bulb


@builds("tent")
def dome_tent(w=2.4, length=2.9, h=1.5):
    """A dome tent, entrance to -y; meters."""
    rng = world.rng
    c, c2 = rng.choice(
        [
            ("#d9702b", "#e9e1d0"),
            ("#3f7f6b", "#d9c9a0"),
            ("#2f5f8c", "#c9d2d3"),
            ("#b5a23a", "#5f6b45"),
            ("#b53f3a", "#e3dccb"),
        ]
    )
    cloth, light = m_fabric(c, bump=0.15, sheen=0, transl=0.25), m_fabric(c2, bump=0.15, sheen=0, transl=0.25)
    with thing("tent"):
        u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 49), np.linspace(0, 1, 14), indexing="ij")
        k = np.cos(v * np.pi / 2) ** 0.75
        corner = 1 - 0.1 * np.cos(4 * u)
        V = np.stack(
            [w / 2 * np.cos(u) * k * corner, length / 2 * np.sin(u) * k * corner, h * np.sin(v * np.pi / 2)],
            -1,
        ).reshape(-1, 3)
        F = grid_faces(49, 14)
        front = ((F[:, 0] // 14) > 31) & ((F[:, 0] // 14) < 41) & ((F[:, 0] % 14) < 8)
        add((V, [tuple(f) for f in F]), [cloth, light], mi=front.astype(int), sharp=60)
        pole = m_gloss("#3a3d40", 0.4, 0.2)
        t = np.linspace(0, np.pi, 25)
        for s in (-1, 1):
            k = np.abs(np.cos(t)) ** 0.75 * np.sign(np.cos(t))
            tube(
                np.stack([s * w / 2 * k * 0.78, length / 2 * k * 0.78, h * np.sin(t) + 0.01], 1),
                0.012,
                pole,
                n=6,
            )
        for sx in (-1, 1):
            for sy in (-1, 1):
                tube(
                    [(sx * w * 0.4, sy * length * 0.4, 0.55), (sx * w * 0.72, sy * length * 0.68, 0.0)],
                    0.005,
                    m_gloss("#efeeea"),
                    n=4,
                )


@builds("bridge", "railing")
def footbridge(length=9.0, w=1.6, rise=0.5):
    """A wooden footbridge along x, its ends at z = 0, centered at the origin; meters."""
    wood = m_wood("#8a6b4c", rough=0.8)
    n = int(length / 0.22)

    def arch(x):
        return rise * (1 - (2 * x / length) ** 2)

    with thing("bridge"):
        for i in range(n):
            x = -length / 2 + length * (i + 0.5) / n
            box(0.19, w, 0.06, (x, 0, arch(x) - 0.06), wood, 0.006)
        for y in (-w * 0.4, w * 0.4):
            x = np.linspace(-length / 2, length / 2, 20)
            tube(np.stack([x, 0 * x + y, arch(x) - 0.16], 1), 0.1, wood, n=8)
    with thing("railing"):
        for y in (-w / 2, w / 2):
            x = np.linspace(-length / 2, length / 2, 20)
            for z, r in ((1.0, 0.045), (0.55, 0.03)):
                tube(np.stack([x, 0 * x + y, arch(x) + z], 1), r, wood, n=8)
            for i in range(7):
                x0 = -length / 2 + 0.1 + (length - 0.2) * i / 6
                tube([(x0, y, arch(x0) - 0.2), (x0, y, arch(x0) + 1.05)], 0.05, wood, n=8)


@builds("waterfall", "rock")
def waterfall(h=9.0, w=4.0):
    """Water falling over a rock face at y = 0, its foot at the origin, seen from -y; meters."""
    rng = world.rng
    stone = m_ground("#6f6a62", "#8f887d", 0.9, bump=0.8)
    white = m_paint("#eaf1f3", 0.4, 0.12, 0.4, 2)
    for i in range(16):
        x = (i - 7.5) * 1.9
        top = h * (1.0 if abs(x) > w * 0.6 else 0.82) + rng.uniform(-0.8, 1.8)
        with (
            thing("rock"),
            at(x, 2.2 + rng.uniform(-0.5, 0.7), top * 0.35, rz=rng.uniform(0, 6), s=(1, 1, 1.5)),
        ):
            rock(rng.uniform(1.8, 2.3) * max(1, h / 8), stone, 1.25)
        with (
            thing("rock"),
            at(x + rng.uniform(-0.5, 0.5), 3.4, top * 0.75, rz=rng.uniform(0, 6), s=(1, 1, 1.2)),
        ):
            rock(rng.uniform(1.9, 2.5) * max(1, h / 8), stone, 1.2)
    with thing("waterfall"):
        for _ in range(34):
            x, r = rng.uniform(-w / 2, w / 2), rng.uniform(0.08, 0.22)
            t = np.linspace(0, 1, 14)
            out = 1.5 * np.sqrt(t) + rng.uniform(-0.15, 0.15)
            z = h * 0.95 - h * 0.97 * t**1.7
            tube(
                np.stack([x + 0.15 * np.sin(t * 5 + x), 1.2 - out, z], 1),
                r * (0.7 + 0.6 * t),
                white,
                n=8,
                flat=0.5,
            )
        u, v = np.meshgrid(np.linspace(-1, 1, 30), np.linspace(0, 1, 30), indexing="ij")
        V = np.stack(
            [
                u * w / 2 + 0.1 * np.sin(v * 9),
                1.25 - 1.5 * np.sqrt(v) + 0.06 * np.sin(u * 22),
                h * 0.94 - h * 0.97 * v**1.7,
            ],
            -1,
        ).reshape(-1, 3)
        add((V, grid_faces(30, 30)), white)
        for i in range(26):
            a = i * 2.4
            q = 0.25 * w * math.sqrt(i / 26)
            sphere(
                rng.uniform(0.2, 0.5),
                rng.uniform(0.2, 0.5),
                rng.uniform(0.1, 0.3),
                (q * 2 * math.cos(a), -0.5 + q * math.sin(a), 0.05),
                white,
            )


def campfire():
    """Stones, logs and a fire (not one of the 150 classes)."""
    rng = world.rng
    wood, stone = m_wood("#4a3425", rough=0.9), m_ground("#6f6a62", "#8f887d", 3.0, bump=0.6)
    with other("campfire"):
        for i in range(10):
            a = i * 2 * math.pi / 10
            with at(0.42 * math.cos(a), 0.42 * math.sin(a), 0.03):
                rock(rng.uniform(0.1, 0.14), stone)
        for i in range(6):
            a = i * math.pi / 3
            tube(
                [
                    (0.34 * math.cos(a), 0.34 * math.sin(a), 0.03),
                    (0.03 * math.cos(a), 0.03 * math.sin(a), 0.42),
                ],
                [0.05, 0.035],
                wood,
                n=8,
            )
        for _ in range(9):
            x, y, hh = rng.uniform(-0.14, 0.14), rng.uniform(-0.14, 0.14), rng.uniform(0.2, 0.5)
            lathe(
                smooth([(0, 0), (0.06, 0.08), (0.045, hh * 0.6), (0, hh)], 4),
                m_emit("#ff8a2b", 6),
                (x, y, 0.08),
                n=10,
            )
        with at(0, 0, 0.4):
            bulb(40, (1, 0.5, 0.2), 0.15)


def cooler():
    """A box for cold drinks (not one of the 150 classes)."""
    m = m_gloss(world.rng.choice(["#2f5f8c", "#b53f3a", "#e6e6e2"]), 0.4, 0.3)
    with other("cooler"):
        rbox(0.6, 0.36, 0.34, (0, 0, 0.02), m, r=0.04)
        rbox(0.62, 0.38, 0.09, (0, 0, 0.36), m_gloss("#efeeea", 0.4, 0.2), r=0.03)
        tube([(-0.31, 0, 0.3), (-0.33, 0, 0.52), (0.33, 0, 0.52), (0.31, 0, 0.3)], 0.014, m_metal(), curve=3)
