"""Fireplaces, radiators, ceiling fans."""

import math

from ..materials import m_brick, m_concrete, m_emit, m_gloss, m_marble, m_tiles, m_wood
from ..mesh import box, cyl, lathe, rbox, smooth, tube
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world
from .lamps import bulb


@builds("fireplace")
def fireplace(w=1.5, h=1.15):
    """A fireplace, perhaps lit; returns its height."""
    rng = world.rng
    st = rng.choice(
        [
            m_brick("#8d4a37", "#a4604a"),
            m_gloss("#efebe4", 0.4, 0.1),
            m_marble("#d9d5ce", "#77757a"),
            m_concrete("#a7a29a"),
        ]
    )
    with thing("fireplace"):
        ow, oh = w * 0.5, h * 0.62
        d = 0.3
        for s in (-1, 1):
            box((w - ow) / 2, d, h - 0.08, (s * (w + ow) / 4, 0, 0), st, 0.008, grain="obj")
        box(ow, d, h - 0.08 - oh, (0, 0, oh), st, 0.004, grain="obj")
        box(
            w + 0.16,
            d + 0.1,
            0.06,
            (0, -0.03, h - 0.07),
            rng.choice([style.wood, style.paintw, style.wood2]),
            0.012,
        )
        box(w + 0.06, d + 0.03, 0.04, (0, -0.01, h - 0.11), style.paintw, 0.008)
        soot = m_concrete("#2a2725")
        box(ow, 0.02, oh, (0, d / 2 - 0.02, 0), soot, 0)
        box(ow, d, 0.012, (0, 0, 0), soot, 0)
        box(w + 0.2, 0.4, 0.03, (0, -d / 2 - 0.15, 0), m_tiles("#4a4a4c", "#57565a", w=0.2, h=0.2), 0.004)
        for i in range(4):
            with at(-0.12 + 0.08 * i, 0.03 * (i % 2), 0.05 + 0.05 * (i // 2), rz=rng.uniform(-0.5, 0.5)):
                tube([(-0.17, 0, 0), (0.17, 0, 0.01)], 0.035, m_wood("#4a3425"), n=10)
        if rng.random() < 0.6:
            for _ in range(7):
                x, hh = rng.uniform(-0.14, 0.14), rng.uniform(0.1, 0.24)
                lathe(
                    smooth([(0, 0), (0.03, 0.05), (0.022, hh * 0.6), (0, hh)], 4),
                    m_emit("#ff8a2b", 9),
                    (x, rng.uniform(-0.04, 0.04), 0.06),
                    n=10,
                )
            with at(0, -0.05, 0.15):
                bulb(10, (1, 0.45, 0.15), 0.1)
    return h


@builds("radiator")
def radiator(w=0.9, h=0.55):
    """A ribbed radiator."""
    n = int(w / 0.06)
    with thing("radiator"):
        for i in range(n):
            rbox(0.045, 0.1, h, (-w / 2 + (i + 0.5) * w / n, 0, 0.1), style.white, r=0.02, n=3, m=2)
        for z in (0.18, h):
            tube([(-w / 2, 0, z), (w / 2, 0, z)], 0.018, style.white)


@builds("fan")
def ceiling_fan():
    """A fan, hanging from z = 0."""
    with thing("fan"):
        tube([(0, 0, 0), (0, 0, -0.3)], 0.015, style.metal)
        cyl(0.09, 0.1, (0, 0, -0.4), style.metal, bevel=0.02)
        a0 = world.rng.uniform(0, 6)
        for i in range(4):
            with at(0, 0, -0.35, rz=a0 + i * math.pi / 2, rx=0), part("blade"), at(0.36, 0, 0, rx=0.2):
                rbox(0.5, 0.12, 0.012, (0, 0, 0), style.wood, r=0.006)
