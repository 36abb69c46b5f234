"""Farm animals, sheds, windmills, hay bales, tractors."""

import math

import numpy as np

from ..materials import m_fabric, m_gloss, m_ground, m_metal, m_paint, m_roof, m_siding, m_wood
from ..mesh import MeshBuilder, add, box, cyl, lathe, rbox, smooth, sphere, tube, vf_torus
from ..registry import builds
from ..world import at, other, part, thing, world


@builds("animal")
def cow(h=1.4):
    """A grazing or standing cow, head towards -y, h meters at the shoulder."""
    rng = world.rng
    c, c2 = rng.choice(
        [("#efe9df", "#1d1a18"), ("#8a5a36", "#a9744a"), ("#7a4a2c", "#efe6d8"), ("#c9a574", "#b58f5f")]
    )
    hide = m_ground(c, c2, 1.3, 0.5, 0.53, rough=0.7, bump=0.1, detail=1)
    dark, pink = m_gloss("#2a2320", 0.5, 0.1), m_paint("#d9a79a", 0.6)
    grazing = rng.random() < 0.5
    with thing("animal"), at(s=h / 1.4):
        rbox(0.62, 1.6, 0.72, (0, 0.05, 0.68), hide, r=0.26, n=6, bulge=(0.07, 0, 0.05), lump=0.03)
        for sx in (-1, 1):
            for y in (-0.55, 0.66):
                k = rng.uniform(-0.08, 0.08)
                with part("leg"):
                    tube(
                        [(sx * 0.2, y, 0.85), (sx * 0.2, y + k * 0.5, 0.42), (sx * 0.2, y + k, 0.06)],
                        [0.13, 0.075, 0.06],
                        hide,
                        n=14,
                        curve=3,
                    )
                    box(0.12, 0.15, 0.08, (sx * 0.2, y + k - 0.01, 0), dark, 0.02)
        sphere(0.14, 0.13, 0.1, (0, 0.5, 0.66), pink)
        head = np.array([0, -1.32, 0.42]) if grazing else np.array([0, -1.2, 1.36])
        tube(
            [(0, -0.6, 1.14), (0, -0.92, 0.95 if grazing else 1.24), np.add(head, (0, 0.12, 0.05))],
            [0.27, 0.2, 0.14],
            hide,
            n=18,
            curve=4,
        )
        with part("head"), at(*head, rx=0.9 if grazing else 0.35):
            rbox(0.25, 0.5, 0.26, (0, -0.15, -0.13), hide, r=0.1)
            rbox(0.2, 0.14, 0.17, (0, -0.42, -0.12), pink, r=0.06)
            for s in (-1, 1):
                sphere(0.025, 0.02, 0.025, (s * 0.115, -0.14, 0.05), dark)
                with at(s * 0.2, 0.04, 0.06, rz=s * 0.3):
                    sphere(0.1, 0.03, 0.05, (0, 0, 0), hide)
                tube(
                    [(s * 0.08, 0.05, 0.12), (s * 0.17, 0.02, 0.2), (s * 0.16, -0.02, 0.28)],
                    [0.025, 0.018, 0.006],
                    m_gloss("#e3d9c0", 0.4),
                    curve=3,
                )
        with part("tail"):
            tube([(0, 0.84, 1.3), (0, 0.96, 1.1), (0, 0.94, 0.6)], [0.04, 0.025, 0.02], hide, n=10, curve=4)
            sphere(0.05, 0.05, 0.12, (0, 0.94, 0.52), dark)


@builds("animal")
def sheep(h=0.75):
    """A sheep, head towards -y, h meters at the back."""
    rng = world.rng
    wool = m_fabric(
        rng.choice(["#e9e3d6", "#d9d0be", "#efe9dc"]), "blotch", "#cfc6b2", size=0.06, bump=1.0, sheen=0.6
    )
    dark = m_paint(rng.choice(["#1f1b18", "#d9c9b0"]), 0.7)
    with thing("animal"), at(s=h / 0.75):
        rbox(0.46, 0.92, 0.5, (0, 0, 0.3), wool, r=0.21, n=6, bulge=(0.05, 0, 0.05), lump=0.06)
        for sx in (-1, 1):
            for y in (-0.28, 0.3):
                with part("leg"):
                    tube([(sx * 0.13, y, 0.4), (sx * 0.13, y, 0)], [0.05, 0.035], dark, n=10)
        z = rng.choice([0.16, 0.68])
        tube(
            [(0, -0.36, 0.56), (0, -0.5, (z + 0.56) / 2), (0, -0.54, z)],
            [0.14, 0.1, 0.07],
            wool,
            n=14,
            curve=3,
        )
        with part("head"), at(0, -0.56, z, rx=0.5):
            rbox(0.15, 0.3, 0.16, (0, -0.1, -0.08), dark, r=0.06)
            for s in (-1, 1):
                sphere(0.07, 0.025, 0.03, (s * 0.11, 0.0, 0.03), dark)


@builds("hovel")
def shed(w=4.5, d=3.5, h=2.4):
    """A wooden hut, front to -y, centered on x; meters."""
    rng = world.rng
    wall = rng.choice([m_siding("#8a6b4c", 0.18), m_siding("#9c4f3a", 0.2), m_wood("#8f7a62", rough=0.85)])
    roof, dark = m_roof(rng.choice(["#6b4438", "#55585c", "#4a4644"])), m_wood("#4a3526", rough=0.8)
    with thing("hovel"):
        b = MeshBuilder()
        b.box(-w / 2, w / 2, 0, d, 0, h, 0.5)
        b.done(wall)
        rise = w * 0.3
        V = np.array([(-w / 2, 0, h), (w / 2, 0, h), (0, 0, h + rise)])
        for y in (0.0, d):
            add((np.add(V, (0, y, 0)), [(0, 1, 2)]), wall, solid=0.04, smooth=False, grain="obj")
        with part("roof"):
            for s in (-1, 1):
                o = 0.35
                R = np.array(
                    [
                        (s * (w / 2 + o), -o, h - o * 0.6),
                        (0, -o, h + rise),
                        (0, d + o, h + rise),
                        (s * (w / 2 + o), d + o, h - o * 0.6),
                    ]
                )
                slope = math.hypot(w / 2 + o, rise)
                g = np.array([(0, slope, 0), (0, 0, 0), (d, 0, 0), (d, slope, 0)], float)
                add((R, np.array([(0, 1, 2, 3)])), roof, solid=0.1, smooth=False, grain=g)
        with part("door"):
            box(1.3, 0.06, 2.0, (-w * 0.12, -0.03, 0), dark, 0.01)
            for z in (0.5, 1.5):
                box(1.2, 0.03, 0.12, (-w * 0.12, -0.08, z), dark, 0.005)
        with part("window"):
            box(0.8, 0.05, 0.7, (w * 0.3, -0.02, 1.1), m_gloss("#22303a", 0.08, 0.9), 0.005)
            for q in (-0.4, 0.0, 0.4):
                box(0.06, 0.03, 0.76, (w * 0.3 + q, -0.05, 1.07), m_paint("#efe9dc", 0.6), 0.004)
            for z in (1.07, 1.43, 1.79):
                box(0.86, 0.03, 0.06, (w * 0.3, -0.05, z), m_paint("#efe9dc", 0.6), 0.004)


def hay_bale(r=0.7):
    """A round bale, its axis along x (not one of the 150 classes)."""
    straw = m_fabric("#cfae62", "lines", "#b08f48", size=0.05, bump=1.0, sheen=0)
    with other("hay bale"), at(0, 0, r, ry=math.pi / 2):
        lathe(
            smooth([(0, -0.6), (r * 0.96, -0.6), (r, -0.55), (r, 0.55), (r * 0.96, 0.6), (0, 0.6)], 2),
            straw,
            n=44,
        )


@builds("tower")
def windmill(h=13.0):
    """A tower mill with four sails, facing -y; meters."""
    rng = world.rng
    stone, wood = (
        m_paint(rng.choice(["#ece6da", "#b9a78f", "#d9cdb8"]), 0.85, 0.08, 0.3),
        m_wood("#6b5038", rough=0.8),
    )
    with thing("tower"):
        lathe(smooth([(2.9, 0), (2.6, h * 0.35), (2.15, h * 0.8)], 5), stone, n=48)
        with part("roof"):
            lathe(smooth([(2.4, h * 0.78), (2.35, h * 0.84), (1.6, h * 0.95), (0, h * 1.02)], 4), wood, n=40)
        with part("door"):
            box(1.1, 0.3, 2.1, (0, -2.75, 0), wood, 0.02)
        for z in (h * 0.3, h * 0.55):
            with part("window"):
                box(0.7, 0.5, 0.9, (0.3, -2.42, z), m_gloss("#22303a", 0.1, 0.8), 0.01)
        tube([(0, -1.2, h * 0.84), (0, -3.2, h * 0.86)], 0.22, wood, n=14)
        a0 = rng.uniform(0, 1.57)
        for i in range(4):
            with part("sail"), at(0, -3.1, h * 0.86, ry=a0 + i * math.pi / 2):
                box(0.16, 0.14, h * 0.52, (0, 0, 0), wood, 0.01)
                for k in range(12):
                    box(1.2, 0.06, 0.06, (0.6, 0, h * 0.08 + k * h * 0.036), wood, 0.004)
                for x in (0.4, 0.8, 1.18):
                    box(0.05, 0.06, h * 0.42, (x, 0.0, h * 0.08), wood, 0.004)


def tractor():
    """A farm tractor, front to +x (not one of the 150 classes)."""
    rng = world.rng
    m = m_gloss(rng.choice(["#b3202a", "#2f6b3a", "#1f4e8c", "#d9a227"]), 0.3, 0.7)
    dark, glass, steel = (
        m_paint("#1b1c1e", 0.7, 0.05, 0),
        m_gloss("#1b2a33", 0.05, 0.9),
        m_metal("#8d9296", 0.4),
    )
    with other("tractor"):
        rbox(1.9, 0.75, 0.65, (0.95, 0, 0.85), m, r=0.12)
        box(0.06, 0.6, 0.5, (1.92, 0, 0.92), dark, 0.01)
        box(1.2, 0.7, 0.4, (-0.2, 0, 0.7), dark, 0.03)
        rbox(1.2, 1.25, 1.35, (-0.3, 0, 1.25), glass, r=0.1)
        rbox(1.3, 1.35, 0.12, (-0.3, 0, 2.6), m, r=0.05)
        for x in (-0.85, 0.26):
            for y in (-0.6, 0.6):
                box(0.07, 0.07, 1.4, (x, y, 1.22), dark, 0.01)
        tube([(1.2, 0.25, 1.4), (1.2, 0.25, 2.2)], 0.04, steel)
        for y in (-0.75, 0.75):
            rbox(1.3, 0.45, 0.12, (-0.55, y, 1.55), m, r=0.05)
    with other("tractor wheel"):
        for x, r, w in ((-0.55, 0.85, 0.42), (1.45, 0.52, 0.3)):
            for s in (-1, 1):
                with at(x, s * 0.78, r, rx=math.pi / 2):
                    add(vf_torus(r - w * 0.42, w * 0.42, n=40, m=14), dark)
                    cyl(r * 0.55, w * 0.5, (0, 0, -w * 0.25), m_gloss("#d9c9a0", 0.4, 0.3), n=28)


@builds("barrel")
def barrel(r=0.3, h=0.9):
    """A wooden barrel with hoops."""
    wood, hoop = m_wood(world.rng.choice(["#8a5a34", "#7a4a2c", "#9a7448"])), m_metal("#6b6e70", 0.5)
    with thing("barrel"):
        lathe(
            smooth(
                [
                    (0, 0),
                    (r * 0.82, 0),
                    (r * 0.95, h * 0.2),
                    (r, h * 0.5),
                    (r * 0.95, h * 0.8),
                    (r * 0.82, h),
                    (r * 0.78, h * 0.97),
                    (0, h * 0.97),
                ],
                4,
            ),
            wood,
            n=36,
        )
        for z, k in ((0.12, 0.9), (0.3, 0.985), (0.7, 0.985), (0.88, 0.9)):
            with part("hoop"):
                add(vf_torus(r * k + 0.004, 0.014, (0, 0, h * z), n=36, m=6), hoop)
