"""Ships, cranes, lighthouses and what lies about on a quay."""

import math

import numpy as np

from ..materials import m_emit, m_fabric, m_facade_glass, m_gloss, m_metal, m_paint, m_wood
from ..mesh import MeshBuilder, add, box, grid_faces, lathe, rbox, smooth, sphere, tube, vf_torus
from ..registry import builds
from ..world import at, other, part, thing, world

HULLS = ["#8c2f2b", "#1f3f66", "#2b2d30", "#2f5f4a", "#d9d4c8"]


def _hull(length, beam, depth, sheer):
    """Vertices and faces of a hull, bow to +x, keel at -depth, deck about z = sheer; meters."""
    n, k = 44, 15
    t = np.linspace(-1, 1, n)
    half = (
        beam
        / 2
        * np.where(
            t < 0.2,
            1 - 0.12 * np.clip(-t, 0, 1) ** 3,
            np.clip(1 - np.clip((t - 0.2) / 0.8, 0, 1) ** 2.2, 0, 1) ** 0.75,
        )
    )
    top = sheer * (1 + 0.55 * np.clip(t, 0, 1) ** 3 + 0.12 * np.clip(-t, 0, 1) ** 3)
    keel = -depth + (depth + top * 0.3) * np.clip((t - 0.75) / 0.25, 0, 1) ** 2
    a = np.linspace(-1, 1, k)
    V = np.stack(
        [
            np.repeat(t[:, None] * length / 2, k, 1)
            + 0.04 * length * np.clip(t, 0, 1)[:, None] * (np.abs(a) ** 2)[None],
            half[:, None] * np.sign(a) * np.abs(a) ** 0.35,
            keel[:, None] + (top - keel)[:, None] * np.abs(a) ** 1.6,
        ],
        -1,
    ).reshape(-1, 3)
    return V, [tuple(f) for f in grid_faces(n, k)] + [tuple(range(k))], top


@builds("ship")
def ship(length=34.0):
    """A coaster or trawler afloat, its waterline at z = 0, bow to +x; meters."""
    rng = world.rng
    beam, sheer = length * 0.2, length * 0.085
    hull, white = m_gloss(rng.choice(HULLS), 0.4, 0.3), m_gloss("#efede6", 0.4, 0.2)
    red, glass, deck = m_gloss("#7a2f2b", 0.5, 0.1), m_facade_glass("#22303a"), m_wood("#8f7a5f", rough=0.8)
    with thing("ship"):
        V, F, top = _hull(length, beam, 1.6, sheer)
        add((V, F), hull, solid=0.08, sharp=50)
        add(
            (V * (1.004, 1.012, 1.0), [f for f in F if len(f) == 4 and all(V[i][2] < 0.35 for i in f)]),
            red,
            solid=0.02,
        )
        t = np.linspace(-0.97, 0.9, 30)
        half = (
            beam
            / 2
            * np.where(t < 0.2, 0.93, np.clip(1 - np.clip((t - 0.2) / 0.8, 0, 1) ** 2.2, 0, 1) ** 0.75 * 0.93)
        )
        z = np.interp(t, np.linspace(-1, 1, len(top)), top) - 0.5
        D = np.concatenate([np.stack([t * length / 2, half, z], 1), np.stack([t * length / 2, -half, z], 1)])
        q = np.arange(29)
        add((D, np.stack([q + 30, q + 31, q + 1, q], 1)), deck, smooth=False)
        x0 = -length * rng.choice([0.3, 0.28, 0.05])
        levels = rng.choice([2, 3])
        for k in range(levels):
            w, d, h = length * (0.2 - 0.035 * k), beam * (0.78 - 0.12 * k), 2.4
            base = sheer - 0.5 + h * k
            rbox(w, d, h, (x0, 0, base), white, r=0.12)
            for s in (-1, 1):
                for i in range(5):
                    with part("window"):
                        box(
                            w * 0.11, 0.05, 0.7, (x0 + w * (i - 2) * 0.18, s * d / 2, base + 1.1), glass, 0.02
                        )
            with part("window"):
                box(0.06, d * 0.82, 0.75, (x0 + w / 2, 0, base + 1.1), glass, 0.02)
        base = sheer - 0.5 + 2.4 * levels
        with part("funnel"):
            lathe(
                [(0.0, 0), (0.75, 0), (0.68, 2.2), (0.6, 2.2), (0, 2.0)],
                m_gloss(rng.choice(["#c9a227", "#b3202a", "#2b2d30"]), 0.4, 0.3),
                (x0 - length * 0.05, 0, base - 0.4),
                n=28,
            )
        for x, h in ((x0 + length * 0.02, 5.0), (length * 0.26, 8.5)):
            with part("mast"):
                tube([(x, 0, sheer - 0.6), (x, 0, sheer + h)], 0.14, white, n=10)
                tube(
                    [(x, -beam * 0.25, sheer + h * 0.72), (x, beam * 0.25, sheer + h * 0.72)],
                    0.07,
                    white,
                    n=8,
                )
        tube(
            [(length * 0.26, 0, sheer + 1), (length * 0.05, 0, sheer + 6)],
            0.12,
            m_gloss("#d9a227", 0.4, 0.2),
            n=8,
        )
        for s in (-1, 1):  # bulwark rail
            P = np.stack([t * length / 2, s * half * 1.04, z + 1.35], 1)
            tube(P, 0.04, white, n=6)
            for i in range(0, 30, 2):
                tube([P[i] - (0, 0, 0.9), P[i]], 0.025, white, n=5)
        for i in range(6):
            rbox(
                1.4,
                1.4,
                1.2,
                (length * (0.02 + 0.05 * i), beam * rng.uniform(-0.2, 0.2), sheer - 0.6),
                m_paint(rng.choice(["#8a6b4c", "#5f7a8c", "#b5623f"]), 0.7),
                r=0.05,
            )


def containers(columns=3, levels=3):
    """Shipping containers stacked along x, doors to -y (not one of the 150 classes)."""
    rng = world.rng
    for i in range(columns):
        for k in range(rng.randint(1, levels)):
            c = m_gloss(
                rng.choice(["#b5443a", "#2f4f6b", "#3f6b58", "#c9a24e", "#8c8f94", "#e0dcd0"]), 0.55, 0.1
            )
            with other("shipping container"), at(i * 2.6, 0, k * 2.6):
                box(2.44, 6.06, 2.55, (0, 0, 0), c, 0.02)
                ribs = MeshBuilder()
                for j in range(20):
                    for s in (-1, 1):
                        ribs.box(s * 1.22 - 0.03, s * 1.22 + 0.03, -2.9 + 0.3 * j, -2.76 + 0.3 * j, 0.15, 2.4)
                for s in (-1, 1):
                    ribs.box(s * 0.6 - 0.03, s * 0.6 + 0.03, -3.07, -3.02, 0.1, 2.45)
                    ribs.box(s * 1.18 - 0.05, s * 1.18 + 0.05, -3.06, -2.98, 0, 2.55)
                ribs.done(c)


def crane(h=26.0):
    """A quay crane on four legs, its boom towards +x (not one of the 150 classes)."""
    m = m_gloss(world.rng.choice(["#c9962f", "#2f5f8c", "#b5443a", "#d9d6cc"]), 0.45, 0.2)
    dark = m_gloss("#2a2d2e", 0.5, 0.1)
    with other("crane"):
        for x in (-4, 4):
            for y in (-4.5, 4.5):
                tube([(x, y, 0), (x * 0.7, y * 0.6, h * 0.62)], 0.42, m, n=8)
                box(1.2, 1.8, 0.9, (x, y, 0), dark, 0.05)
        for z in (0.24, 0.62):
            k = 1 - 0.3 * z / 0.62
            for s in (-1, 1):
                tube(
                    [
                        (-4 * k, s * 4.5 * (1 - 0.4 * z / 0.62), h * z),
                        (4 * k, s * 4.5 * (1 - 0.4 * z / 0.62), h * z),
                    ],
                    0.3,
                    m,
                    n=8,
                )
                tube(
                    [
                        (s * 4 * k, -4.5 * (1 - 0.4 * z / 0.62), h * z),
                        (s * 4 * k, 4.5 * (1 - 0.4 * z / 0.62), h * z),
                    ],
                    0.3,
                    m,
                    n=8,
                )
        rbox(5.0, 3.6, 3.2, (-1.5, 0, h * 0.64), m, r=0.1)
        tube([(0, 0, h * 0.7), (-1.5, 0, h)], 0.35, m, n=8)
        for y in (-0.7, 0.7):
            tube([(-9, y, h * 0.74), (22, y, h * 0.78)], 0.26, m, n=8)
        for i in range(16):
            x0 = -8 + 1.9 * i
            tube(
                [(x0, -0.7, h * 0.742 + 0.04 * h * i / 16), (x0 + 1.9, 0.7, h * 0.742 + 0.04 * h * i / 16)],
                0.09,
                m,
                n=5,
            )
        for x in (-8.5, 12, 21):
            tube([(-1.5, 0, h), (x, 0, h * 0.76)], 0.08, dark, n=5)
        tube([(17, 0, h * 0.76), (17, 0, h * 0.36)], 0.06, dark, n=5)
        box(0.7, 0.7, 1.1, (17, 0, h * 0.33), dark, 0.1)


@builds("tower", "rock")
def lighthouse(h=17.0):
    """A striped lighthouse; meters."""
    rng = world.rng
    white, color = (
        m_paint("#efece4", 0.7, 0.06, 0.2),
        m_paint(rng.choice(["#b3302a", "#2b2d30", "#1f4e8c"]), 0.7, 0.06, 0.2),
    )
    with thing("tower"):
        n = 5
        for i in range(n):
            a, b = i / n, (i + 1) / n
            lathe(
                [(2.4 - 1.0 * a, h * 0.82 * a), (2.4 - 1.0 * b, h * 0.82 * b)],
                white if i % 2 == 0 else color,
                n=40,
            )
        with part("gallery"):
            lathe(
                [(1.4, h * 0.8), (2.0, h * 0.83), (2.0, h * 0.85), (0, h * 0.85)],
                m_metal("#8d9296", 0.4),
                n=36,
            )
            add(vf_torus(1.95, 0.04, (0, 0, h * 0.91), n=36), color)
            for i in range(18):
                q = i * math.pi / 9
                tube(
                    [
                        (1.95 * math.cos(q), 1.95 * math.sin(q), h * 0.85),
                        (1.95 * math.cos(q), 1.95 * math.sin(q), h * 0.91),
                    ],
                    0.025,
                    color,
                    n=5,
                )
        with part("lantern"):
            lathe([(1.1, h * 0.85), (1.1, h * 0.95)], m_facade_glass("#3a4a52"), n=16, smooth=False)
            sphere(0.4, 0.4, 0.5, (0, 0, h * 0.9), m_emit("#fff0c8", 3))
        with part("roof"):
            lathe(smooth([(1.35, h * 0.95), (0.9, h * 1.0), (0.1, h * 1.04), (0, h * 1.06)], 3), color, n=32)


def bollard():
    """An iron bollard for ropes (not one of the 150 classes)."""
    m = m_gloss("#23272a", 0.5, 0.2)
    with other("bollard"):
        lathe(
            smooth([(0.26, 0), (0.2, 0.08), (0.16, 0.3), (0.26, 0.46), (0.24, 0.54), (0, 0.56)], 4), m, n=28
        )


def fishing_nets(r=0.9):
    """A heap of nets with floats (not one of the 150 classes)."""
    rng = world.rng
    x, y = np.meshgrid(np.linspace(-r, r, 34), np.linspace(-r, r, 34), indexing="ij")
    h = (
        0.6 * np.clip(1 - (x**2 + y**2) / r**2, 0, 1) ** 0.6 * (1 + 0.35 * world.noise.fbm(x * 3, y * 3, 3))
        - 0.02
    )
    with other("fishing nets"):
        c = m_fabric(rng.choice(["#2f6f6b", "#b5622f", "#3f5f8c"]), "check", "#1f2f33", size=0.06, bump=1.0)
        add((np.stack([x, y, h], -1).reshape(-1, 3), grid_faces(34, 34)), c)
        for i in range(9):
            a = i * 2.4
            q = r * 0.28 * math.sqrt(i + 0.5)
            k = np.clip(1 - q**2 / r**2, 0, 1) ** 0.6
            sphere(
                0.1,
                0.1,
                0.09,
                (q * math.cos(a), q * math.sin(a), 0.55 * k + 0.05),
                m_gloss("#e8743b", 0.5, 0.2),
            )


@builds("box")
def crate(s=0.8):
    """A slatted wooden crate, s meters."""
    wood = m_wood(world.rng.choice(["#a9824f", "#8f7048"]), rough=0.8)
    with thing("box"):
        box(s * 0.94, s * 0.94, s * 0.94, (0, 0, s * 0.03), wood, 0.004)
        b = MeshBuilder()
        for k in range(4):
            z = s * (0.02 + 0.25 * k)
            for q in (-1, 1):
                b.box(-s / 2, s / 2, q * s / 2 - 0.02, q * s / 2 + 0.02, z, z + s * 0.2)
                b.box(q * s / 2 - 0.02, q * s / 2 + 0.02, -s / 2, s / 2, z, z + s * 0.2)
        b.done(wood)
