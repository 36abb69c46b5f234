"""What stands on public squares: fountains, flags, kiosks, porticos, steps."""

import math

import numpy as np

from ..materials import (
    m_concrete,
    m_fabric,
    m_facade_glass,
    m_gloss,
    m_metal,
    m_paint,
    m_roof,
    m_simple,
    m_water,
)
from ..mesh import MeshBuilder, add, box, cyl, lathe, rbox, smooth, sphere, tube, vf_grid, vf_torus
from ..registry import builds
from ..world import at, part, thing, world
from .buildings import lettering

STONES = ["#c9bca3", "#b9b0a0", "#d6cbb6", "#a89f92", "#cfc8ba"]


@builds("fountain")
def fountain(r=3.2):
    """A round fountain of two bowls with water falling, r meters."""
    rng = world.rng
    m = m_concrete(rng.choice(STONES), 0.7, 0.12, 1.0)
    water = m_water("#3f6f78", 2.0, 0.08, 0.5)
    spray = m_paint("#eaf2f4", 0.35, 0.1, 0.3, 3)
    with thing("fountain"):
        with part("basin"):
            lathe(
                [
                    (r, 0),
                    (r + 0.15, 0.08),
                    (r, 0.16),
                    (r, 0.5),
                    (r + 0.12, 0.56),
                    (r + 0.12, 0.64),
                    (r - 0.3, 0.64),
                    (r - 0.3, 0.2),
                    (0, 0.2),
                ],
                m,
                n=72,
            )
        with part("water"):
            cyl(r - 0.28, 0.02, (0, 0, 0.45), water, n=64)
        lathe(
            smooth([(0.6, 0.2), (0.55, 0.5), (0.28, 0.8), (0.25, 1.5), (0.4, 1.7), (0.3, 1.75)], 4), m, n=36
        )
        with part("bowl"):
            lathe(
                smooth(
                    [
                        (0.3, 1.7),
                        (0.9, 1.85),
                        (1.35, 2.1),
                        (1.42, 2.16),
                        (1.34, 2.16),
                        (0.8, 1.96),
                        (0, 1.93),
                    ],
                    4,
                ),
                m,
                n=56,
            )
            cyl(1.3, 0.01, (0, 0, 2.1), water, n=48)
        lathe(
            smooth(
                [(0.2, 1.95), (0.16, 2.5), (0.12, 2.9), (0.5, 3.1), (0.6, 3.2), (0.5, 3.18), (0, 3.12)], 4
            ),
            m,
            n=36,
        )
        with part("water"):
            for i in range(14):
                a = i * 2 * math.pi / 14 + rng.uniform(-0.1, 0.1)
                t = np.linspace(0, 1, 9)
                d, z = 1.38 + 0.35 * t, 2.14 - 1.66 * t**2
                tube(np.stack([d * math.cos(a), d * math.sin(a), z], 1), 0.02 + 0.03 * t, spray, n=6)
            for i in range(8):
                a = i * math.pi / 4
                t = np.linspace(0, 1, 9)
                d, z = 0.1 + 0.75 * t, 3.15 + 1.5 * t - 2.3 * t**2
                tube(np.stack([d * math.cos(a), d * math.sin(a), z], 1), 0.014 + 0.02 * t, spray, n=6)
            tube([(0, 0, 3.1), (0, 0, 4.0)], [0.04, 0.015], spray, n=8)


@builds("pole", "flag")
def flagpole(h=8.0):
    """A pole with a flag that blows towards +x."""
    rng = world.rng
    with thing("pole"):
        lathe([(0.12, 0), (0.12, 0.2), (0.06, 0.3), (0.035, h), (0, h)], m_gloss("#dfe0de", 0.35, 0.3), n=18)
        sphere(0.08, 0.08, 0.08, (0, 0, h + 0.05), m_metal("#c9a24e", 0.2))
    colors = rng.choice(
        [
            ["#b5443a", "#f1ede4", "#2f4f6b"],
            ["#2f6b52", "#f1ede4", "#d9a441"],
            ["#1f3f66", "#e9c46a", "#b5443a"],
        ]
    )
    w, tall, phase = 2.1, 1.35, rng.uniform(0, 6)
    upright = rng.random() < 0.5
    with thing("flag"):
        for i, c in enumerate(colors):

            def wave(u, v, i=i):
                x = (i + u) / 3 if upright else u
                y = v if upright else (2 - i + v) / 3
                k = x * 0.9 + 0.1
                return (
                    0.05 + x * w,
                    0.2 * k * np.sin(x * 7 + phase) + 0.05 * k * np.sin(y * 6),
                    h - 0.15 - tall * (1 - y) - 0.25 * x**2,
                )

            V, F, _ = vf_grid(wave, 26, 12)
            add((V, F), m_fabric(c, bump=0.1, transl=0.3), grain=V[:, [0, 2, 1]])


@builds("booth", "signboard")
def kiosk(word="NEWS"):
    """An octagonal newsstand with an awning, counter to -y."""
    rng = world.rng
    c = rng.choice(["#2f4a3f", "#26323d", "#5a2f2b", "#31567a"])
    body, gold = m_gloss(c, 0.4, 0.3), m_metal("#b08d57", 0.3)
    r = 1.35
    with thing("booth"):
        lathe(
            [(0, 0), (r, 0), (r, 0.12), (r * 0.95, 0.14), (r * 0.95, 1.0), (r, 1.02), (r, 1.08), (0, 1.08)],
            body,
            n=8,
            smooth=False,
        )
        for i in range(8):
            a = i * math.pi / 4
            box(0.12, 0.12, 1.5, (r * 0.92 * math.cos(a), r * 0.92 * math.sin(a), 1.05), body, 0.01)
        lathe([(r * 0.86, 1.05), (r * 0.86, 2.4)], m_facade_glass("#2a3a46", 0.3), n=8, smooth=False)
        with part("roof"):
            lathe(
                smooth(
                    [
                        (r * 1.25, 2.45),
                        (r * 1.28, 2.55),
                        (r * 0.9, 2.9),
                        (r * 0.4, 3.25),
                        (0.1, 3.6),
                        (0.06, 3.9),
                        (0, 4.0),
                    ],
                    3,
                ),
                body,
                n=8,
                smooth=False,
            )
            add(vf_torus(r * 1.26, 0.05, (0, 0, 2.5), n=8), gold)
        for i in range(6):  # papers on the counter
            box(
                0.28,
                0.2,
                0.02,
                (-0.6 + 0.24 * i, -r * 0.88, 1.09 + 0.004 * i),
                m_paint(rng.choice(["#e9e4d8", "#c9504a", "#5a86a8", "#e2b13c"]), 0.7),
                0,
            )
    with thing("signboard"):
        box(1.3, 0.06, 0.34, (0, -r * 1.2, 2.42), gold, 0.01)
        with at(0, -r * 1.2 - 0.04, 2.59):
            lettering(word, 0.26, m_simple("#f4ead6", 0.5), 0.01)


@builds("building", "column", "stairs")
def portico(w=26.0, columns=8):
    """A public building with columns and a flight of stairs; front at y = 0 facing -y, centered on x."""
    rng = world.rng
    c = rng.choice(STONES)
    m, trim = m_concrete(c, 0.8, 0.1, 0.8, 0.08, 0.06), m_concrete(c, 0.7, 0.06, 1.0, 0.05, 0.04)
    glass, dark = m_facade_glass("#22303a"), m_gloss("#3b2a20", 0.4, 0.2)
    h, z0, d = 9.5, 1.5, 14.0
    with thing("stairs"):
        for i in range(10):
            y1 = -0.4 - 0.32 * (9 - i)
            box(w * 0.86, abs(y1) + 4.0, 0.15, (0, (y1 - 0.32 + 4.0) / 2 - 0.0, 0.15 * i), trim, 0.008)
    with thing("building"):
        W, G, D = MeshBuilder(), MeshBuilder(), MeshBuilder()
        W.box(-w / 2 - 6, w / 2 + 6, 4.0, d, 0, z0 + h, 0.5)
        W.box(-w / 2, w / 2, 0.3, 4.2, 0, z0, 0.5)
        for i in range(columns - 1):
            x = -w / 2 + w * (i + 1) / columns
            with part("door" if i == columns // 2 - 1 else "window"):
                if i == columns // 2 - 1:
                    D.box(x - 1.1, x + 1.1, 3.9, 4.05, z0, z0 + 4.4)
                else:
                    G.box(x - 0.75, x + 0.75, 3.94, 4.02, z0 + 1.2, z0 + 4.6)
                G.box(x - 0.75, x + 0.75, 3.94, 4.02, z0 + 6.0, z0 + 8.2)
        for s in (-1, 1):
            for z in (1.6, 6.2):
                with part("window"):
                    x = s * (w / 2 + 3)
                    G.box(x - 0.9, x + 0.9, 3.92, 4.02, z + 0.6, z + 3.4)
        W.done(m)
        G.done(glass)
        D.done(dark)
        box(w + 0.6, 4.4, 1.3, (0, 2.0, z0 + h - 0.6), trim, 0.04)
        box(w + 1.4, 5.0, 0.4, (0, 2.0, z0 + h + 0.7), trim, 0.04)
        with part("pediment"):
            V = np.array(
                [
                    (-w / 2 - 0.6, -0.3, z0 + h + 1.1),
                    (w / 2 + 0.6, -0.3, z0 + h + 1.1),
                    (0, -0.3, z0 + h + 4.4),
                ]
            )
            add(
                (
                    np.vstack([V, np.add(V, (0, 5, 0))]),
                    [(0, 1, 2), (5, 4, 3), (0, 2, 5, 3), (1, 4, 5, 2), (0, 3, 4, 1)],
                ),
                trim,
                smooth=False,
            )
        with part("roof"):
            V = np.array(
                [
                    (-w / 2 - 6.5, 3.6, z0 + h),
                    (w / 2 + 6.5, 3.6, z0 + h),
                    (w / 2 + 6.5, d, z0 + h + 2.6),
                    (-w / 2 - 6.5, d, z0 + h + 2.6),
                ]
            )
            add((V, np.array([(0, 1, 2, 3)])), m_roof("#6b5a52"), smooth=False, grain=V[:, [0, 1, 2]])
    for i in range(columns):
        with thing("column"):
            x = -w / 2 + 0.9 + (w - 1.8) * i / (columns - 1)
            box(1.15, 1.15, 0.3, (x, 0.9, z0), trim, 0.03)
            lathe(
                smooth([(0.48, z0 + 0.3), (0.46, z0 + 3), (0.4, z0 + h - 1.4), (0.5, z0 + h - 1.1)], 4),
                trim,
                (x, 0.9, 0),
                n=28,
            )
            box(1.1, 1.1, 0.4, (x, 0.9, z0 + h - 1.05), trim, 0.03)


@builds("sculpture", "base")
def monument():
    """A figure on a stepped base."""
    rng = world.rng
    stone, bronze = m_concrete(rng.choice(STONES), 0.7, 0.1), m_metal(rng.choice(["#5f7a6b", "#7a5f45"]), 0.5)
    with thing("base"):
        for i in range(3):
            box(2.8 - 0.5 * i, 2.8 - 0.5 * i, 0.22, (0, 0, 0.22 * i), stone, 0.02)
        box(1.3, 1.3, 1.9, (0, 0, 0.66), stone, 0.04)
        box(1.55, 1.55, 0.18, (0, 0, 2.5), stone, 0.03)
    with thing("sculpture"), at(0, 0, 2.68):
        V = smooth([(0.42, 0), (0.36, 0.5), (0.28, 1.05), (0.34, 1.4), (0.3, 1.62), (0.1, 1.72)], 4)
        lathe(V, bronze, n=24)
        sphere(0.15, 0.17, 0.2, (0, 0, 1.92), bronze)
        s = rng.choice([-1, 1])
        tube(
            [(s * 0.3, 0, 1.55), (s * 0.52, -0.2, 1.8), (s * 0.6, -0.32, 2.3)],
            [0.1, 0.08, 0.06],
            bronze,
            curve=4,
        )
        tube(
            [(-s * 0.3, 0, 1.55), (-s * 0.44, -0.05, 1.2), (-s * 0.3, -0.28, 1.0)],
            [0.1, 0.08, 0.06],
            bronze,
            curve=4,
        )


@builds("canopy", "box", "food")
def market_stall(w=2.6):
    """A stall under a striped cloth with crates of fruit, front to -y."""
    rng = world.rng
    pole = m_gloss("#8a6b4c", 0.6, 0)
    c = rng.choice(["#b5443a", "#2f6b52", "#31567a", "#d8a03c"])
    cloth = m_fabric(c, "stripe", "#f1eadb", size=0.4, sheen=0, transl=0.3)
    with thing("canopy"):
        for x in (-w / 2, w / 2):
            for y, h in ((-0.9, 2.1), (0.9, 2.5)):
                tube([(x, y, 0), (x, y, h)], 0.03, pole, n=8)
        V, F, _ = vf_grid(
            lambda u, v: ((u - 0.5) * (w + 0.5), -1.2 + 2.4 * v, 2.1 + 0.45 * v - 0.06 * np.sin(np.pi * v)),
            20,
            8,
        )
        add((V, F), cloth, solid=0.01, grain=V.copy())
        V, F, _ = vf_grid(
            lambda u, v: (
                (u - 0.5) * (w + 0.5),
                -1.2 + 0 * u,
                2.1 - v * (0.18 + 0.05 * np.abs(np.sin(u * 20))),
            ),
            40,
            3,
        )
        add((V, F), cloth, solid=0.01, grain=V.copy())
    n = 5
    for i in range(n):
        for j in range(2):
            x, y, z = -w / 2 + w * (i + 0.5) / n, -0.55 + 0.5 * j, 0.62 + 0.22 * j
            wood = m_gloss("#b98f5a", 0.7, 0)
            with thing("box"):
                for k in range(2):
                    box(w / n - 0.05, 0.02, 0.16, (x, y + (k * 2 - 1) * 0.21, z), wood, 0.003)
                    box(0.02, 0.42, 0.16, (x + (k * 2 - 1) * (w / n / 2 - 0.035), y, z), wood, 0.003)
                box(w / n - 0.05, 0.42, 0.02, (x, y, z), wood, 0)
                box(w / n - 0.1, 0.38, z, (x, y, 0), m_gloss("#8a6b4c", 0.7, 0), 0)
            fruit = m_gloss(
                rng.choice(["#c8372d", "#e39a2d", "#a9b93b", "#6b8f3f", "#7a3f6b", "#e8d24a"]), 0.4, 0.3
            )
            with thing("food"):
                for q in range(16):
                    rbox(
                        0.085,
                        0.085,
                        0.08,
                        (x + 0.1 * (q % 4 - 1.5), y + 0.09 * (q // 4 - 1.5), z + 0.1 + 0.02 * rng.random()),
                        fruit,
                        r=0.038,
                    )
