"""Detached houses."""

import math

import numpy as np

from ..materials import m_brick, m_concrete, m_facade_glass, m_gauze, m_gloss, m_roof, m_siding
from ..mesh import MeshBuilder, add, box
from ..registry import builds
from ..world import part, thing, world
from .buildings import BRICKS


@builds("screen_door")
def screen_door(x):
    """A door of insect screen before the door of a house, centered at x, its sill at 0.3 m."""
    frame = m_gloss(world.rng.choice(["#f3f0ea", "#e9e4d8", "#3b4038"]), 0.45, 0.1)
    with thing("screen_door"):
        for s in (-1, 1):
            box(0.09, 0.03, 2.12, (x + s * 0.47, -0.12, 0.3), frame, 0.006)
        for z, h in ((0.3, 0.22), (1.3, 0.1), (2.3, 0.12)):
            box(0.86, 0.03, h, (x, -0.12, z), frame, 0.006)
        with part("screen"):
            box(0.86, 0.004, 1.9, (x, -0.12, 0.45), m_gauze(), 0)
        with part("handle"):
            box(0.03, 0.06, 0.14, (x + 0.42, -0.16, 1.2), m_gloss("#2b2d2f", 0.4, 0.2), 0.01)


@builds("house")
def house(w=9, d=7, floors=1):
    """A detached house, w x d meters; front wall at y = 0 facing -y, centered on x."""
    rng = world.rng
    c = rng.choice(["#e9e4d8", "#c9d2d3", "#d9c9a8", "#a9b8b0", "#f1ede4", "#b5645a", "#8fa3ad", "#d8b98f"])
    wm = rng.choice(
        [m_siding(c), m_siding(c), m_concrete(c, 0.85, 0.08, 0.8, 0.06, 0.05), m_brick(*rng.choice(BRICKS))]
    )
    trim = m_gloss("#f3f0ea", 0.5, 0)
    gl = m_facade_glass("#2a3a46")
    H = 2.9 + 2.8 * (floors - 1)
    rh = d * rng.uniform(0.32, 0.45)
    front_gable = rng.random() < 0.4
    rm = m_roof(rng.choice(["#6b4438", "#55585c", "#7a5040", "#4a4644", "#8a5a44"]), 0.3, 0.25)
    sh = m_gloss(rng.choice(["#39506b", "#4d5f4a", "#6b3a34", "#3b3b3d", "#5b7a8c"]), 0.5, 0)
    with thing("house"):
        W_, Tm, G, S = MeshBuilder(), MeshBuilder(), MeshBuilder(), MeshBuilder()
        W_.box(-w / 2, w / 2, 0, d, 0, H, 0.5)
        Tm.box(-w / 2 - 0.02, w / 2 + 0.02, -0.02, d + 0.02, 0, 0.3)

        def win(cx, z, ww=1.1, wh=1.35, y=0.0):
            with part("window"):
                G.vf(
                    [
                        (cx - ww / 2, y - 0.015, z),
                        (cx + ww / 2, y - 0.015, z),
                        (cx + ww / 2, y - 0.015, z + wh),
                        (cx - ww / 2, y - 0.015, z + wh),
                    ],
                    [(0, 1, 2, 3)],
                    rng.random() * 0.7,
                )
                for a, b, e, f in (
                    (cx - ww / 2 - 0.1, cx - ww / 2 + 0.02, z - 0.1, z + wh + 0.12),
                    (cx + ww / 2 - 0.02, cx + ww / 2 + 0.1, z - 0.1, z + wh + 0.12),
                    (cx - ww / 2 - 0.1, cx + ww / 2 + 0.1, z + wh - 0.02, z + wh + 0.12),
                    (cx - ww / 2 - 0.15, cx + ww / 2 + 0.15, z - 0.12, z + 0.02),
                ):
                    Tm.box(a, b, y - 0.07, y, e, f)
                Tm.box(cx - 0.025, cx + 0.025, y - 0.04, y, z, z + wh)
                Tm.box(cx - ww / 2, cx + ww / 2, y - 0.04, y, z + wh * 0.5 - 0.025, z + wh * 0.5 + 0.025)
            for s_ in (-1, 1):
                with part("shutter"):
                    xx = cx + s_ * (ww / 2 + 0.33)
                    S.box(xx - 0.22, xx + 0.22, y - 0.05, y, z - 0.05, z + wh + 0.05)
                    for q in range(9):
                        S.box(
                            xx - 0.17,
                            xx + 0.17,
                            y - 0.065,
                            y - 0.05,
                            z + 0.02 + q * wh / 9,
                            z + 0.1 + q * wh / 9,
                        )

        dx = rng.choice([-0.2, 0, 0.22]) * w
        slots = [x for x in (-0.34 * w, -0.02 * w, 0.34 * w) if abs(x - dx) > 1.7]
        for fl in range(floors):
            for x in slots if fl == 0 else (-0.3 * w, 0, 0.3 * w):
                win(x, 0.95 + 2.8 * fl)
        # door and porch
        dm = m_gloss(rng.choice(["#7a2f2b", "#2f4f5f", "#3f5a43", "#8a5a2b", "#c9942f"]), 0.4, 0.2)
        with part("door"):
            box(1.0, 0.08, 2.1, (dx, -0.03, 0.3), dm, 0.02)
            for z in (0.45, 1.2):
                box(0.7, 0.03, 0.6, (dx, -0.08, z), dm, 0.02)
        if world.second_edition and rng.random() < 0.6:
            screen_door(dx)
        for s_ in (-1, 1):
            Tm.box(dx + s_ * 0.57 - 0.07, dx + s_ * 0.57 + 0.07, -0.09, 0, 0.3, 2.5)
        Tm.box(dx - 0.7, dx + 0.7, -0.1, 0, 2.4, 2.55)
        for q in range(3):
            Tm.box(dx - 1.2, dx + 1.2, -1.7 - 0.28 * (2 - q) * 1.0, 0, 0, 0.1 * (q + 1))
        for s_ in (-1, 1):
            Tm.box(dx + s_ * 1.1 - 0.07, dx + s_ * 1.1 + 0.07, -1.6, -1.46, 0.3, 2.6)
        Tm.box(dx - 1.35, dx + 1.35, -1.75, 0, 2.6, 2.78)
        pr = np.array(
            [
                (dx - 1.5, -1.9, 2.76),
                (dx + 1.5, -1.9, 2.76),
                (dx, -1.9, 3.5),
                (dx - 1.5, 0.1, 2.76),
                (dx + 1.5, 0.1, 2.76),
                (dx, 0.1, 3.5),
            ]
        )
        add((pr, [(0, 1, 2), (0, 2, 5, 3), (1, 4, 5, 2)]), rm, smooth=False, grain=pr)
        W_.done(wm)
        G.done(gl)
        S.done(sh)
        # main roof
        o = 0.45
        if front_gable:
            np.array([(-w / 2 - o, 0), (0, 0), (w / 2 + o, 0)])
            rh2 = w * 0.32
            zz = [H - o * rh2 / (w / 2), H + rh2, H - o * rh2 / (w / 2)]
            for (x0, z0), (x1, z1) in (((-w / 2 - o, zz[0]), (0, zz[1])), ((0, zz[1]), (w / 2 + o, zz[2]))):
                V = np.array([(x0, -o, z0), (x1, -o, z1), (x1, d + o, z1), (x0, d + o, z0)])
                L = math.hypot(x1 - x0, z1 - z0)
                g = (
                    np.array([(0, 0, 0), (0, L, 0), (d, L, 0), (d, 0, 0)], float)
                    if x0 < 0 and x1 <= 0
                    else np.array([(0, L, 0), (0, 0, 0), (d, 0, 0), (d, L, 0)], float)
                )
                with part("roof"):
                    add((V, np.array([(0, 1, 2, 3)])), rm, solid=0.16, smooth=False, grain=g)
            tri = np.array([(-w / 2, 0.0, H), (w / 2, 0.0, H), (0, 0.0, H + rh2)])
            add((tri, [(0, 1, 2)]), wm, solid=0.05, smooth=False, grain="obj")
            t2 = MeshBuilder()
            G3 = MeshBuilder()
            win_y = -0.03
            G3.vf(
                [
                    (-0.5, win_y - 0.02, H + 0.35),
                    (0.5, win_y - 0.02, H + 0.35),
                    (0.5, win_y - 0.02, H + 1.35),
                    (-0.5, win_y - 0.02, H + 1.35),
                ],
                [(0, 1, 2, 3)],
                0.2,
            )
            for a, b, e, f in (
                (-0.6, -0.5, H + 0.25, H + 1.45),
                (0.5, 0.6, H + 0.25, H + 1.45),
                (-0.6, 0.6, H + 1.35, H + 1.47),
                (-0.6, 0.6, H + 0.25, H + 0.35),
                (-0.025, 0.025, H + 0.3, H + 1.4),
            ):
                t2.box(a, b, win_y - 0.06, 0, e, f)
            t2.done(trim)
            G3.done(gl)
        else:
            for (y0, z0), (y1, z1) in (
                ((-o, H - o * rh / (d / 2)), (d / 2, H + rh)),
                ((d / 2, H + rh), (d + o, H - o * rh / (d / 2))),
            ):
                V = np.array(
                    [(-w / 2 - o, y0, z0), (w / 2 + o, y0, z0), (w / 2 + o, y1, z1), (-w / 2 - o, y1, z1)]
                )
                L = math.hypot(y1 - y0, z1 - z0)
                with part("roof"):
                    add(
                        (V, np.array([(0, 1, 2, 3)])),
                        rm,
                        solid=0.16,
                        smooth=False,
                        grain=np.array([(0, 0, 0), (w, 0, 0), (w, L, 0), (0, L, 0)], float),
                    )
            for s_ in (-1, 1):
                tri = np.array([(s_ * w / 2, 0, H), (s_ * w / 2, d, H), (s_ * w / 2, d / 2, H + rh)])
                add((tri, [(0, 1, 2)]), wm, solid=0.05, smooth=False, grain="obj")
            Tm.box(
                -w / 2 - o,
                w / 2 + o,
                -o - 0.06,
                -o + 0.06,
                H - o * rh / (d / 2) - 0.14,
                H - o * rh / (d / 2) + 0.06,
            )
        ch = MeshBuilder()
        cx = rng.choice([-0.3, 0.3]) * w
        with part("chimney"):
            ch.box(cx - 0.4, cx + 0.4, d * 0.5, d * 0.5 + 0.7, H, H + rh + 1.3)
            ch.box(cx - 0.48, cx + 0.48, d * 0.5 - 0.08, d * 0.5 + 0.78, H + rh + 1.3, H + rh + 1.45)
            ch.done(m_brick("#8e5b4a", "#6f4538"))
        Tm.done(trim)
    return H + rh
