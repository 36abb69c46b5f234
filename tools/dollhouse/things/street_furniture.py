"""Street lights, traffic lights, benches, bins, fences, cafe tables, planters."""

import math

import numpy as np

from ..materials import m_concrete, m_emit, m_gloss, m_leaf, m_marble, m_paint, m_shade, m_wood, rgb, scaled
from ..mesh import MeshBuilder, add, box, cyl, lathe, rbox, scatter_leaves, tube, vf_grid
from ..mood import lamps
from ..registry import builds
from ..world import at, part, thing, world
from .lamps import bulb
from .trees import GREENS, bush_mesh, place


@builds("streetlight")
def streetlight(kind="modern", h=6.5):
    """A street light; kind: modern, gray (arm towards -y), lantern."""
    with thing("streetlight"):
        m = m_gloss("#2f3336" if kind != "gray" else "#8d9296", 0.45, 0.2)
        if kind == "lantern":
            h = 4.2
            lathe(
                [
                    (0, 0),
                    (0.16, 0),
                    (0.16, 0.3),
                    (0.1, 0.45),
                    (0.07, 0.6),
                    (0.055, 1.2),
                    (0.045, h - 0.5),
                    (0.07, h - 0.45),
                    (0.03, h - 0.4),
                    (0.03, h - 0.3),
                ],
                m,
                n=20,
            )
            with part("lamp"):
                lathe(
                    [(0.1, h - 0.3), (0.19, h + 0.2), (0.1, h + 0.2)],
                    m_shade("#f4ead2", 0.25 + 6 * lamps()),
                    n=6,
                    smooth=False,
                )
            lathe(
                [(0.24, h + 0.2), (0.2, h + 0.26), (0.06, h + 0.42), (0.02, h + 0.5), (0, h + 0.52)],
                m,
                n=6,
                smooth=False,
            )
            if lamps():
                bulb(320 * lamps(), (1, 0.72, 0.42), 0.12, h - 0.42)
            for i in range(6):
                a = i * math.pi / 3
                tube(
                    [
                        (0.1 * math.cos(a), 0.1 * math.sin(a), h - 0.3),
                        (0.19 * math.cos(a), 0.19 * math.sin(a), h + 0.2),
                    ],
                    0.01,
                    m,
                    n=5,
                )
        else:
            lathe([(0, 0), (0.14, 0), (0.14, 0.5), (0.09, 0.6), (0.06, h), (0, h)], m, n=20)
            tube(
                [(0, 0, h - 0.15), (0, -0.35, h + 0.25), (0, -1.1, h + 0.42), (0, -1.7, h + 0.42)],
                0.035,
                m,
                curve=6,
            )
            with part("lamp"), at(0, -1.9, h + 0.38):
                rbox(0.26, 0.75, 0.09, (0, 0, 0), m, r=0.04)
                glass = m_emit("#ffe6bd", 20 * lamps()) if lamps() else m_gloss("#e9e6d8", 0.3, 0.3)
                box(0.2, 0.5, 0.02, (0, 0, -0.015), glass, 0.004)
                if lamps():
                    bulb(700 * lamps(), (1, 0.8, 0.55), 0.15, -0.2)


@builds("traffic_light")
def traffic_light(h=3.2):
    """A traffic light, lamps to -y."""
    with thing("traffic_light"):
        m = m_gloss("#2a2d2e", 0.5, 0.1)
        lathe([(0, 0), (0.1, 0), (0.1, 0.3), (0.055, 0.4), (0.05, h), (0, h)], m, n=16)
        with part("housing"):
            rbox(0.3, 0.22, 0.95, (0, -0.1, h - 0.75), m, r=0.03)
        lit = world.rng.randrange(3)
        for i, c in enumerate(["#3fbf6a", "#e0b12f", "#d8342c"]):
            with at(0, -0.21, h - 0.58 + 0.28 * i, rx=math.pi / 2):
                cyl(
                    0.1,
                    0.02,
                    (0, 0, 0),
                    m_emit(c, 3.0) if i == lit else m_gloss(scaled(rgb(c), 0.25), 0.2, 0.6),
                    n=20,
                )
            with at(0, -0.24, h - 0.58 + 0.28 * i):
                np.linspace(0.1, math.pi - 0.1, 12)
                V, F, _ = vf_grid(
                    lambda u, v: (
                        0.115 * np.cos(0.1 + u * (math.pi - 0.2)),
                        -0.16 * v,
                        0.115 * np.sin(0.1 + u * (math.pi - 0.2)),
                    ),
                    12,
                    2,
                )
                add((V, F), m, solid=0.008)


@builds("bench")
def park_bench():
    """A park bench, facing -y."""
    with thing("bench"):
        w = m_wood("#8a5a34", rough=0.6)
        i = m_gloss("#26292a", 0.5, 0.1)
        for k in range(4):
            box(1.6, 0.09, 0.035, (0, -0.2 + 0.11 * k, 0.42), w, 0.008)
        for k in range(3):
            with at(0, 0.2 + 0.03 * k, 0.52 + 0.12 * k, rx=-0.22):
                box(1.6, 0.03, 0.09, (0, 0, 0), w, 0.008)
        for s_ in (-1, 1):
            tube(
                [
                    (s_ * 0.68, -0.24, 0),
                    (s_ * 0.68, -0.2, 0.4),
                    (s_ * 0.68, 0.14, 0.41),
                    (s_ * 0.68, 0.3, 0.85),
                ],
                0.022,
                i,
                curve=4,
            )
            tube([(s_ * 0.68, 0.1, 0.41), (s_ * 0.68, 0.24, 0)], 0.022, i)
            tube(
                [(s_ * 0.68, -0.22, 0.36), (s_ * 0.68, -0.24, 0.6), (s_ * 0.68, 0.2, 0.62)], 0.018, i, curve=4
            )


@builds("ashcan")
def ashcan():
    """A litter bin."""
    with thing("ashcan"):
        m = m_gloss(world.rng.choice(["#2f4a3a", "#3a3d40", "#6b4a30"]), 0.5, 0.1)
        lathe(
            [
                (0, 0.04),
                (0.22, 0.04),
                (0.25, 0.08),
                (0.27, 0.85),
                (0.29, 0.87),
                (0.29, 0.93),
                (0.22, 0.95),
                (0.2, 0.9),
                (0, 0.7),
            ],
            m,
            n=28,
        )
        for i in range(18):
            a = i * 2 * math.pi / 18
            tube(
                [
                    (0.255 * math.cos(a), 0.255 * math.sin(a), 0.1),
                    (0.278 * math.cos(a), 0.278 * math.sin(a), 0.83),
                ],
                0.014,
                m,
                n=6,
            )


@builds("fence")
def fence(L, kind="picket", h=1.0):
    """A fence along +x; kind: picket, rail, iron."""
    with thing("fence"):
        b = MeshBuilder()
        if kind == "picket":
            for i in range(int(L / 0.13)):
                x = i * 0.13
                b.vf(
                    [
                        (x, -0.012, 0.08),
                        (x + 0.085, -0.012, 0.08),
                        (x + 0.085, -0.012, h - 0.06),
                        (x + 0.0425, -0.012, h),
                        (x, -0.012, h - 0.06),
                        (x, 0.012, 0.08),
                        (x + 0.085, 0.012, 0.08),
                        (x + 0.085, 0.012, h - 0.06),
                        (x + 0.0425, 0.012, h),
                        (x, 0.012, h - 0.06),
                    ],
                    np.array(
                        [
                            (0, 1, 2, 4),
                            (2, 3, 4, 4),
                            (5, 9, 7, 6),
                            (7, 9, 8, 8),
                            (0, 4, 9, 5),
                            (1, 6, 7, 2),
                            (2, 7, 8, 3),
                            (3, 8, 9, 4),
                        ]
                    ),
                )
            b2 = MeshBuilder()
            for z in (0.25, h - 0.28):
                b2.box(0, L, 0.012, 0.05, z, z + 0.09)
            for i in range(int(L / 1.9) + 1):
                b2.box(i * 1.9 - 0.05, i * 1.9 + 0.05, 0.01, 0.11, 0, h + 0.02)
            m = m_gloss("#f1eee7", 0.55, 0)
            [f for p in b.pieces for f in p[1]]
            Vs, Fs, o = [], [], 0
            for V, F in b.pieces:
                Vs.append(V)
                Fs += [tuple(dict.fromkeys(int(i) + o for i in f)) for f in F]
                o += len(V)
            add((np.concatenate(Vs), Fs), m, smooth=False, grain="obj")
            b2.done(m)
        elif kind == "rail":
            m = m_wood("#8a6b4c", rough=0.8)
            for i in range(int(L / 2.2) + 1):
                tube([(i * 2.2, 0, -0.2), (i * 2.2, 0, h)], 0.07, m, n=8)
            for z in (h * 0.35, h * 0.62, h * 0.9):
                for i in range(int(L / 2.2)):
                    tube(
                        [
                            (i * 2.2 - 0.1, 0.02, z + world.rng.uniform(-0.03, 0.03)),
                            (i * 2.2 + 2.3, 0.02, z + world.rng.uniform(-0.03, 0.03)),
                        ],
                        0.045,
                        m,
                        n=7,
                    )
        else:
            m = m_gloss("#222527", 0.5, 0.1)
            for i in range(int(L / 0.12)):
                b.box(i * 0.12 - 0.01, i * 0.12 + 0.01, -0.01, 0.01, 0.1, h)
            b.box(0, L, -0.02, 0.02, 0.15, 0.2)
            b.box(0, L, -0.02, 0.02, h - 0.15, h - 0.1)
            for i in range(int(L / 2.4) + 1):
                b.box(i * 2.4 - 0.03, i * 2.4 + 0.03, -0.03, 0.03, 0, h + 0.08)
            b.done(m)


@builds("table", "chair")
def cafe(n=2):
    """n cafe tables with chairs, along +x."""
    rng = world.rng
    for i in range(n):
        with at(i * 1.7, rng.uniform(-0.1, 0.1), 0):
            with thing("table"):
                cyl(0.33, 0.02, (0, 0, 0.71), m_marble(), n=32)
                tube([(0, 0, 0.71), (0, 0, 0.02)], 0.02, m_gloss("#222527"))
                cyl(0.22, 0.02, (0, 0, 0), m_gloss("#222527"), n=24)
            for s_ in (-1, 1):
                with at(s_ * 0.55, 0, 0, rz=-s_ * math.pi / 2 + rng.uniform(-0.2, 0.2)), thing("chair"):
                    m = m_gloss(rng.choice(["#2f4a3f", "#7a2f2b", "#c9a24e", "#26323d"]), 0.45, 0.2)
                    cyl(0.2, 0.02, (0, 0, 0.44), m, n=24)
                    for a in range(4):
                        q = math.pi / 4 + a * math.pi / 2
                        tube(
                            [
                                (0.14 * math.cos(q), 0.14 * math.sin(q), 0.44),
                                (0.2 * math.cos(q), 0.2 * math.sin(q), 0),
                            ],
                            0.011,
                            m,
                        )
                    tube(
                        [
                            (-0.15, 0.14, 0.44),
                            (-0.18, 0.2, 0.75),
                            (0, 0.22, 0.86),
                            (0.18, 0.2, 0.75),
                            (0.15, 0.14, 0.44),
                        ],
                        0.011,
                        m,
                        curve=5,
                    )
                    tube([(-0.08, 0.17, 0.44), (-0.08, 0.21, 0.82)], 0.007, m)
                    tube([(0.08, 0.17, 0.44), (0.08, 0.21, 0.82)], 0.007, m)


@builds("pot", "plant", "flower")
def planter():
    """A tub with flowers."""
    rng = world.rng
    with thing("pot"):
        m = rng.choice([m_concrete("#9b968d"), m_paint("#a8583a", 0.8, 0.1), m_gloss("#33383a", 0.5, 0.1)])
        lathe(
            [
                (0, 0),
                (0.3, 0),
                (0.31, 0.03),
                (0.4, 0.5),
                (0.42, 0.52),
                (0.42, 0.56),
                (0.36, 0.56),
                (0.35, 0.5),
                (0, 0.5),
            ],
            m,
            n=32,
        )
    with thing(rng.choice(["plant", "flower"])), at(0, 0, 0.55):
        place(bush_mesh(0.4, 0.4, 0.38, 500, rng.choice(GREENS), leaf=0.1))
        if rng.random() < 0.7:
            c = rng.choice(["#d8425a", "#f0c13a", "#e88fb0", "#f4efe6", "#9a6bc0"])
            d = world.nprng.normal(size=(90, 3))
            d[:, 2] = np.abs(d[:, 2])
            d /= np.linalg.norm(d, axis=1, keepdims=True)
            vf, tn = scatter_leaves(d * (0.42, 0.42, 0.41), 0.08, 0.07, up=0.8, curl=0.2, norm=d, out=d)
            add(vf, m_leaf(c, scaled(rgb(c), 1.2)), tone=tn)
