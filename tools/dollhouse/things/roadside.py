"""What stands beside and above big roads."""

import math
from itertools import pairwise

import numpy as np

from ..materials import m_concrete, m_gloss, m_metal, m_simple
from ..mesh import MeshBuilder, add, box, lathe, rbox, smooth, tube, vf_grid
from ..registry import builds
from ..world import at, other, part, thing, world
from .buildings import lettering

PLACES = ["NORTH", "CENTER", "AIRPORT", "HARBOR", "LAKES", "OLD TOWN", "RIVER", "HILLS", "PARK", "EAST"]


@builds("railing")
def guard_rail(length, h=0.75):
    """A steel crash barrier along +y from the origin, its beam towards -x."""
    steel = m_metal("#b9bcbf", 0.45)
    with thing("railing"):
        b = MeshBuilder()
        for i in range(int(length / 4) + 1):
            b.box(-0.03, 0.05, i * 4 - 0.06, i * 4 + 0.06, -0.1, h)
        b.done(steel)
        v = np.linspace(0, 1, 9)
        V, F, _ = vf_grid(
            lambda u, v: (-0.06 - 0.04 * np.abs(np.sin(2 * np.pi * v)), u * length, h - 0.32 + 0.32 * v),
            2,
            len(v),
        )
        add((V, F), steel, solid=0.01, sharp=60)


@builds("bridge", "railing")
def overpass(width=120.0, depth=9.0, clearance=5.6):
    """A road bridge along x over the origin, pillars beside the road below; meters."""
    m = m_concrete("#b5b1a8", 0.8, 0.14, 0.6)
    with thing("bridge"):
        box(width, depth, 1.1, (0, 0, clearance), m, 0.05)
        box(width, depth + 1.2, 0.3, (0, 0, clearance + 1.0), m, 0.03)
        for x in (-22.5, 0, 22.5):
            for y in (-depth * 0.3, depth * 0.3):
                with part("pillar"):
                    rbox(1.0, 1.1, clearance + 0.1, (x, y, 0), m, r=0.3)
        for s in (-1, 1):
            with part("abutment"):
                box(3, depth + 0.4, clearance + 0.4, (s * 27, 0, 0), m, 0.05)
    with thing("railing"):
        b = MeshBuilder()
        for y in (-depth / 2 - 0.5, depth / 2 + 0.5):
            for x in np.arange(-width / 2, width / 2, 1.6):
                b.box(x - 0.03, x + 0.03, y - 0.03, y + 0.03, clearance + 1.3, clearance + 2.3)
            for z in (1.65, 1.95, 2.3):
                b.box(-width / 2, width / 2, y - 0.025, y + 0.025, clearance + z - 0.03, clearance + z + 0.03)
        b.done(m_gloss("#7f8a91", 0.4, 0.2))


@builds("pole", "signboard")
def gantry(x0, x1, h=6.4):
    """Signs above the lanes between x0 and x1, seen from -y; meters."""
    rng = world.rng
    steel = m_gloss("#8d9296", 0.4, 0.2)
    for x in (x0, x1):
        with thing("pole"), at(x, 0, 0):
            tube([(0, 0, 0), (0, 0, h + 0.9)], 0.16, steel, n=16)
            box(0.7, 0.7, 0.3, (0, 0, 0), m_concrete(), 0.03)
    with thing("pole"):
        for z in (h, h + 0.7):
            tube([(x0, 0, z), (x1, 0, z)], 0.08, steel, n=10)
        n = int((x1 - x0) / 1.2)
        for i in range(n):
            a, b = x0 + (x1 - x0) * i / n, x0 + (x1 - x0) * (i + 1) / n
            tube([(a, 0, h + 0.7 * (i % 2)), (b, 0, h + 0.7 * ((i + 1) % 2))], 0.04, steel, n=6)
    ground = rng.choice(["#1f5f9c", "#1f6b43"])
    names = rng.sample(PLACES, 4)
    for i, cx in enumerate((x0 + (x1 - x0) * 0.28, x0 + (x1 - x0) * 0.72)):
        with thing("signboard"):
            rbox(4.0, 0.1, 2.3, (cx, -0.25, h - 0.8), m_gloss(ground, 0.45, 0.1), r=0.04)
            for j in range(2):
                with at(cx, -0.31, h + 0.75 - 0.95 * j):
                    lettering(names[2 * i + j], 0.62, m_simple("#f2f2ee", 0.5), 0.01)


def transmission_tower(h=32.0):
    """A lattice mast for power lines, its arms along x (not one of the 150 classes)."""
    steel = m_metal("#9aa0a3", 0.5)
    with other("transmission tower"):
        levels = np.linspace(0, 1, 9)
        half = lambda f: 2.6 * (1 - f) ** 1.4 + 0.35  # noqa: E731
        for sx in (-1, 1):
            for sy in (-1, 1):
                tube([(sx * half(f), sy * half(f), h * f) for f in levels], 0.11, steel, n=5)
        for f, g in pairwise(levels):
            for s in (-1, 1):
                for t in (-1, 1):
                    tube(
                        [(s * half(f), t * half(f), h * f), (-s * half(g), t * half(g), h * g)],
                        0.055,
                        steel,
                        n=4,
                    )
                    tube(
                        [(t * half(f), s * half(f), h * f), (t * half(g), -s * half(g), h * g)],
                        0.055,
                        steel,
                        n=4,
                    )
        for f, w in ((0.66, 6.5), (0.8, 5.2), (0.93, 4.0)):
            for s in (-1, 1):
                tube([(0, 0, h * f + 1.0), (s * w, 0, h * f), (s * half(f), 0, h * f)], 0.08, steel, n=5)
                tube([(s * w, 0, h * f), (s * w, 0, h * f - 1.4)], 0.07, m_gloss("#5a3a2a", 0.3, 0.5), n=6)


def power_line(points, h=32.0):
    """Masts at points (x, y) and the sagging wires between them (not one of the 150 classes)."""
    points = [np.array(p, float) for p in points]
    d = points[-1] - points[0]
    turn = math.atan2(d[1], d[0]) - math.pi / 2
    across = np.array([math.cos(turn), math.sin(turn)])
    for p in points:
        with at(p[0], p[1], 0, rz=turn):
            transmission_tower(h)
    with other("power lines"):
        t = np.linspace(0, 1, 24)
        for f, w in ((0.66, 6.5), (0.8, 5.2), (0.93, 4.0)):
            for s in (-1, 1):
                for p, q in pairwise(points):
                    a, b = p + s * w * across, q + s * w * across
                    z = h * f - 1.4 - 12 * t * (1 - t)
                    tube(np.column_stack([a + np.outer(t, b - a), z]), 0.05, m_gloss("#26282a", 0.5, 0), n=4)


def wind_turbine(h=65.0):
    """A wind turbine, hub h meters up, facing -y (not one of the 150 classes)."""
    white = m_gloss("#eceeee", 0.35, 0.3)
    with other("wind turbine"):
        lathe([(2.1, 0), (1.2, h), (0, h)], white, n=28)
        rbox(3.0, 7.0, 3.2, (0, 0.5, h - 1.2), white, r=0.9)
        a0 = world.rng.uniform(0, 2)
        for i in range(3):
            with at(0, -3.6, h + 0.4, ry=a0 + i * 2 * math.pi / 3):
                t = np.linspace(0, 1, 12)
                chord = np.interp(t, [0, 0.08, 0.2, 1], [0.5, 0.7, 1.5, 0.25])
                tube(np.stack([0 * t, 0 * t, t * h * 0.55], 1), chord, white, n=12, flat=0.22)
        with at(0, -3.4, h + 0.4, rx=math.pi / 2):
            lathe(smooth([(1.2, -0.6), (1.1, 0.6), (0, 1.5)], 4), white, n=24)
