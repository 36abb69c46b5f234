"""Lamps, with the light they give (powers in watts, as Blender counts them)."""

import math

import bpy
import numpy as np
from mathutils import Matrix

from ..materials import m_emit, m_fabric, m_gloss, m_marble, m_paint, m_shade
from ..mesh import add, cyl, lathe, smooth, sphere, tube, vf_lathe, vf_torus
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world


def bulb(power, c=(1, 0.74, 0.45), r=0.09, z=0):
    """A point light, z above the frame's origin."""
    lamp = bpy.data.lights.new("l", "POINT")
    lamp.energy = power
    lamp.color = c
    lamp.shadow_soft_size = r
    o = bpy.data.objects.new("l", lamp)
    o.matrix_world = world.stack[-1] @ Matrix.Translation((0, 0, z))
    bpy.context.scene.collection.objects.link(o)


def shade(r0, r1, h, z, c="#f2e6cf"):
    """A lamp shade from radius r0 at z to r1 at z + h."""
    m = m_shade(c, 0.9 * style.glow if style.lamps_on else 0.0)
    [(r0, z), (r1, z + h)]
    with part("shade"):
        add(vf_lathe([(r0, z), (r0 * 0.5 + r1 * 0.5, z + h / 2), (r1, z + h)], 40), m, solid=0.003)
        add(vf_torus(r0, 0.004, (0, 0, z)), style.metal)
        add(vf_torus(r1, 0.004, (0, 0, z + h)), style.metal)


@builds("lamp")
def table_lamp(h=0.5):
    """A table lamp h meters high."""
    rng = world.rng
    with thing("lamp"):
        k = rng.choice(["gourd", "col", "ball", "mush", "tripod"])
        sc = rng.choice(["#f2e6cf", "#efe9df", style.tex[1], "#e9d8b8"])
        bm = rng.choice(
            [m_gloss(rng.choice(style.tex), 0.25, 0.5), m_gloss("#eee9e0", 0.3, 0.4), style.metal, style.wood]
        )
        if k == "mush":
            with part("base"):
                lathe(
                    smooth([(0.09, 0), (0.085, 0.02), (0.03, 0.06), (0.026, h * 0.5), (0.04, h * 0.62)], 4),
                    bm,
                    n=32,
                )
            with part("shade"):
                lathe(
                    smooth(
                        [(0.2, h * 0.6), (0.195, h * 0.68), (0.15, h * 0.86), (0.08, h * 0.96), (0, h)], 4
                    ),
                    m_shade("#f4ead6", 1.1 * style.glow if style.lamps_on else 0),
                    n=40,
                )
        else:
            if k == "gourd":
                p = [
                    (0, 0),
                    (0.085, 0),
                    (0.09, 0.015),
                    (0.06, 0.03),
                    (0.1, h * 0.2),
                    (0.11, h * 0.3),
                    (0.05, h * 0.44),
                    (0.015, h * 0.5),
                    (0.01, h * 0.6),
                ]
            elif k == "col":
                p = [
                    (0, 0),
                    (0.09, 0),
                    (0.09, 0.02),
                    (0.03, 0.03),
                    (0.028, h * 0.5),
                    (0.01, h * 0.52),
                    (0.01, h * 0.6),
                ]
            elif k == "ball":
                p = [
                    (0, 0),
                    (0.07, 0),
                    (0.07, 0.02),
                    (0.02, 0.03),
                    (0.02, 0.05),
                    (0.1, h * 0.25),
                    (0.1, h * 0.33),
                    (0.03, h * 0.48),
                    (0.01, h * 0.5),
                    (0.01, h * 0.6),
                ]
            else:
                p = [(0, h * 0.45), (0.02, h * 0.46), (0.01, h * 0.6)]
                for i in range(3):
                    a = i * 2.09
                    tube([(0, 0, h * 0.47), (0.12 * math.cos(a), 0.12 * math.sin(a), 0)], 0.009, style.wood)
            with part("base"):
                lathe(p, bm, n=36, smooth_k=4 if k in ("gourd", "ball") else 0)
            r = h * rng.uniform(0.3, 0.36)
            shade(r, r * rng.choice([1, 0.72, 0.85]), h * 0.42, h * 0.58, sc)
        if style.lamps_on:
            bulb(5 * style.glow, z=h * 0.74)
    return h


@builds("lamp")
def floor_lamp():
    """A standard lamp."""
    rng = world.rng
    k = rng.choice(["arc", "tripod", "straight", "reading"])
    with thing("lamp"):
        if k == "arc":
            with part("base"):
                cyl(
                    0.16,
                    0.03,
                    (0, 0.0, 0),
                    style.metal if rng.random() < 0.5 else m_marble(),
                    n=40,
                    bevel=0.008,
                )
            tube(
                [
                    (0, 0, 0.03),
                    (0, 0, 1.1),
                    (0, -0.12, 1.6),
                    (0, -0.5, 1.88),
                    (0, -0.9, 1.82),
                    (0, -1.02, 1.66),
                ],
                0.011,
                style.metal,
                curve=8,
            )
            with at(0, -1.03, 1.46):
                with part("shade"):
                    lathe(
                        smooth([(0.19, 0), (0.185, 0.05), (0.14, 0.14), (0.06, 0.19), (0.015, 0.2)], 4),
                        rng.choice([style.metal, style.black, style.white]),
                        n=40,
                        solid=0.004,
                    )
                sphere(
                    0.05,
                    0.05,
                    0.05,
                    (0, 0, 0.06),
                    m_emit("#ffd9a0", 14 * style.glow if style.lamps_on else 0.3),
                )
                if style.lamps_on:
                    bulb(12 * style.glow, z=-0.03)
        else:
            h = rng.uniform(1.4, 1.6)
            if k == "tripod":
                for i in range(3):
                    a = i * 2.09 + 0.5
                    tube([(0, 0, h * 0.78), (0.26 * math.cos(a), 0.26 * math.sin(a), 0)], 0.014, style.wood)
                cyl(0.03, 0.05, (0, 0, h * 0.76), style.metal)
            else:
                with part("base"):
                    cyl(0.15, 0.022, (0, 0, 0), style.metal, n=40, bevel=0.006)
                with part("tube"):
                    tube([(0, 0, 0), (0, 0, h * 0.85)], 0.01, style.metal)
            r = rng.uniform(0.2, 0.25)
            shade(r, r * rng.choice([1, 0.75]), 0.3, h * 0.8, rng.choice(["#f3ead8", "#efe6d6", "#e8d3ae"]))
            if style.lamps_on:
                bulb(12 * style.glow, z=h * 0.8 + 0.15)


@builds("chandelier", "light")
def pendant(drop, kind=None):
    """A lamp that hangs `drop` meters below z = 0."""
    rng = world.rng
    kind = kind or rng.choice(["dome", "globe", "drum", "rattan", "chandelier", "paper"])
    with thing("chandelier" if kind == "chandelier" else "light"):
        tube([(0, 0, 0), (0, 0, -drop)], 0.004, style.black, n=6)
        cyl(0.05, 0.025, (0, 0, -0.025), style.metal)
        with at(0, 0, -drop):
            on = style.glow if style.lamps_on else 0
            if kind == "dome":
                with part("shade"):
                    lathe(
                        smooth([(0.2, -0.2), (0.195, -0.14), (0.14, -0.05), (0.05, -0.01), (0.01, 0)], 4),
                        rng.choice([style.metal, style.black, style.white, m_gloss(style.tex[0], 0.3, 0.4)]),
                        n=40,
                        solid=0.004,
                    )
                sphere(0.045, 0.045, 0.045, (0, 0, -0.13), m_emit("#ffdba8", 14 * on + 0.3))
                if on:
                    bulb(14 * on, z=-0.22)
            elif kind in ("globe", "paper"):
                r = 0.15 if kind == "globe" else 0.24
                sphere(r, r, r * 0.96, (0, 0, -r), m_shade("#f7efe0", 1.6 * on))
                if kind == "paper":
                    for i in range(9):
                        z = -r + r * 0.96 * math.sin(-1.2 + 0.3 * i)
                        add(
                            vf_torus(r * math.cos(-1.2 + 0.3 * i) + 0.001, 0.002, (0, 0, z)),
                            m_paint("#d9cfbb"),
                        )
                if on:
                    bulb(9 * on, z=-2 * r - 0.05)
            elif kind == "drum":
                shade(0.26, 0.26, 0.2, -0.22, "#f1e6d2")
                if on:
                    bulb(12 * on, z=-0.14)
            elif kind == "rattan":
                m = m_fabric("#c49a62", "lines", "#8a6434", size=0.02, bump=0.8)
                for i in range(26):
                    a = i * 2 * math.pi / 26
                    pr = smooth([(0.05, 0), (0.17, -0.06), (0.24, -0.16), (0.22, -0.26), (0.19, -0.3)], 4)
                    tube(
                        np.stack([pr[:, 0] * math.cos(a), pr[:, 0] * math.sin(a), pr[:, 1]], 1), 0.004, m, n=5
                    )
                for r, z in (
                    (0.05, 0),
                    (0.17, -0.06),
                    (0.24, -0.16),
                    (0.19, -0.3),
                    (0.21, -0.11),
                    (0.235, -0.22),
                ):
                    add(vf_torus(r, 0.006, (0, 0, z)), m)
                sphere(0.05, 0.05, 0.05, (0, 0, -0.15), m_emit("#ffdba8", 12 * on + 0.3))
                if on:
                    bulb(14 * on, z=-0.16)
            else:
                n = rng.choice([5, 6, 8])
                sphere(0.05, 0.05, 0.07, (0, 0, -0.2), style.metal)
                tube([(0, 0, 0), (0, 0, -0.2)], 0.01, style.metal)
                for i in range(n):
                    a = i * 2 * math.pi / n
                    ca, sa = math.cos(a), math.sin(a)
                    with part("arm"):
                        tube(
                            [
                                (0, 0, -0.2),
                                (0.12 * ca, 0.12 * sa, -0.28),
                                (0.28 * ca, 0.28 * sa, -0.24),
                                (0.32 * ca, 0.32 * sa, -0.13),
                            ],
                            0.008,
                            style.metal,
                            curve=5,
                        )
                        cyl(0.03, 0.01, (0.32 * ca, 0.32 * sa, -0.13), style.metal, n=16)
                        cyl(0.011, 0.07, (0.32 * ca, 0.32 * sa, -0.12), m_paint("#f3ecd9"), n=12)
                        sphere(
                            0.014,
                            0.014,
                            0.026,
                            (0.32 * ca, 0.32 * sa, -0.03),
                            m_emit("#ffd29a", 25 * on + 0.3),
                        )
                if on:
                    bulb(20 * on, z=-0.02, r=0.25)


@builds("sconce")
def sconce():
    """A wall lamp."""
    with thing("sconce"):
        with at(0, -0.01, 0, rx=math.pi / 2):
            cyl(0.05, 0.015, (0, 0, 0), style.metal)
        tube([(0, -0.02, 0), (0, -0.1, -0.01), (0, -0.11, 0.04)], 0.007, style.metal, curve=4)
        with at(0, -0.11, 0.03):
            shade(0.07, 0.05, 0.13, 0)
            if style.lamps_on:
                bulb(2.5 * style.glow, z=0.06)
