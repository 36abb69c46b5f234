"""Bars, shop counters and what stands on and behind them."""

import numpy as np

from ..materials import m_fabric, m_gloss, m_marble, m_metal, m_paint, m_wood
from ..mesh import box, cyl, lathe, rbox, smooth, tube
from ..registry import builds
from ..style import style
from ..world import at, other, part, thing, world
from .buildings import lettering
from .decor import bottle


@builds("bar", "counter")
def bar_counter(length=3.0, h=1.08, cls="bar"):
    """A counter along x, guests at -y; cls: bar or counter. Returns its height."""
    rng = world.rng
    front = rng.choice([style.wood, style.wood2, style.case, m_gloss(style.pal["accent"], 0.4, 0.2)])
    top = rng.choice([m_marble(), style.wood2, m_marble("#3a3b3d", "#77777a")])
    with thing(cls):
        box(length, 0.5, h - 0.14, (0, 0.05, 0.1), front, 0.006)
        box(length - 0.06, 0.44, 0.1, (0, 0.07, 0), style.dark, 0)
        n = max(3, round(length / 0.5))
        for i in range(n):
            with part("panel"):
                rbox(
                    length / n - 0.06,
                    0.03,
                    h - 0.32,
                    (-length / 2 + length * (i + 0.5) / n, -0.21, 0.18),
                    front,
                    r=0.01,
                )
        with part("top"):
            rbox(length + 0.1, 0.68, 0.045, (0, 0, h - 0.045), top, r=0.012)
        if cls == "bar":
            tube([(-length / 2, -0.32, 0.2), (length / 2, -0.32, 0.2)], 0.02, m_metal("#b08d57", 0.25))
    return h


@builds("shelf", "glass")
def back_bar(length=2.4, tiers=3):
    """Shelves of bottles and glasses on the wall plane, lowest board at the origin's height."""
    rng = world.rng
    m = rng.choice([style.wood, style.wood2, style.metal])
    for i in range(tiers):
        with at(0, -0.13, i * 0.4):
            with thing("shelf"):
                box(length, 0.24, 0.03, (0, 0, 0), m, 0.004)
            x = -length / 2 + 0.08
            while x < length / 2 - 0.08:
                with at(x, rng.uniform(-0.03, 0.03), 0.03):
                    if rng.random() < 0.7:
                        bottle(rng.uniform(0.22, 0.32))
                    else:
                        drinking_glass()
                x += rng.uniform(0.085, 0.13)


@builds("glass")
def drinking_glass():
    """A tumbler, or a filled one."""
    rng = world.rng
    c = rng.choice(["#dfe9ea", "#c98f3a", "#8c2f2f", "#e9d9a0"])
    with thing("glass"):
        lathe(
            [(0, 0), (0.032, 0), (0.037, 0.1), (0.033, 0.1), (0.03, 0.008), (0, 0.008)],
            m_gloss(c, 0.06, 0.8),
            n=22,
        )


@builds("plate", "food")
def served_plate():
    """A plate with something on it."""
    rng = world.rng
    with thing("plate"):
        lathe(
            [(0, 0.004), (0.08, 0.004), (0.125, 0.018), (0.128, 0.018), (0.085, 0), (0, 0)],
            m_gloss("#f2efe9", 0.25, 0.4),
            n=40,
            sharp=80,
        )
    with thing("food"):
        for i in range(5):
            a, r = i * 2.4, 0.022 * i**0.5
            c = rng.choice(["#b5622f", "#d9a441", "#6b8f3f", "#c8432d", "#e6d5a8"])
            with at(r * np.cos(a), r * np.sin(a), 0.005):
                lathe(
                    smooth([(0, 0), (0.032, 0.004), (0.028, 0.022), (0, 0.03)], 3), m_paint(c, 0.5, 0.1), n=18
                )


@builds("screen", "signboard")
def sign(word, w=1.2, h=0.4):
    """A sign board with a word, on the wall plane, centered at the origin."""
    rng = world.rng
    ground, ink = rng.choice(
        [("#23313f", "#f1e6cf"), ("#7a2f2b", "#f4e4c4"), ("#2f4f43", "#efe3c8"), ("#f0e8d8", "#2a2a2a")]
    )
    with thing("signboard"):
        box(w, 0.04, h, (0, -0.03, -h / 2), m_gloss(ground, 0.5, 0.1), 0.01)
        with at(0, -0.055, 0):
            lettering(word, h * 0.6, m_paint(ink, 0.5, 0, 0), 0.008)


def chalkboard(w=0.9, h=1.2):
    """A menu on a blackboard, on the wall plane, bottom edge at the origin (not one of the 150 classes)."""
    rng = world.rng
    with other("chalkboard"):
        box(w, 0.02, h, (0, -0.012, 0), m_paint("#22282a", 0.8, 0.1), 0)
        wood = m_wood("#8a5a36")
        for s in (-1, 1):
            box(0.035, 0.035, h + 0.03, (s * w / 2, -0.016, -0.015), wood, 0.005)
            box(w, 0.035, 0.035, (0, -0.016, -0.015 if s < 0 else h - 0.02), wood, 0.005)
        chalk = m_paint("#e6e6e0", 0.9, 0.1)
        for i in range(9):
            z = h * 0.86 - i * h * 0.088
            n = rng.uniform(0.35, 0.62) * w
            if i == 0:
                box(w * 0.5, 0.002, h * 0.045, (0, -0.024, z), chalk, 0)
            else:
                box(n, 0.002, h * 0.014, (-w * 0.4 + n / 2, -0.024, z), chalk, 0)
                box(w * 0.1, 0.002, h * 0.014, (w * 0.36, -0.024, z), chalk, 0)


@builds("counter", "food")
def display_case(w=1.4, h=1.25):
    """A glazed counter with cakes, front to -y."""
    rng = world.rng
    m = rng.choice([style.wood, style.metal, style.paintw])
    with thing("counter"):
        box(w, 0.6, 0.5, (0, 0, 0), m, 0.008)
        box(w, 0.62, 0.03, (0, 0, h - 0.03), m, 0.006)
        for x in (-w / 2 + 0.012, w / 2 - 0.012):
            for y in (-0.29, 0.29):
                box(0.024, 0.024, h - 0.5, (x, y, 0.5), style.metal, 0.003)
        for z in (0.5, 0.82):
            box(w - 0.03, 0.52, 0.015, (0, 0.02, z), m_gloss("#e9eeee", 0.1, 0.6), 0.002)
        box(w, 0.02, h - 0.5, (0, 0.3, 0.5), m, 0)
    for z in (0.515, 0.835):
        n = int(w / 0.22)
        for i in range(n):
            with thing("food"), at(-w / 2 + w * (i + 0.5) / n, -0.06, z):
                c = rng.choice(["#8a5526", "#f0dcc0", "#c8432d", "#5a2f1a", "#e9b0b8", "#d9a441"])
                if rng.random() < 0.5:
                    cyl(0.08, 0.07, (0, 0, 0), m_fabric(c, bump=0.4, sheen=0), n=24)
                else:
                    for k in range(4):
                        rbox(
                            0.07,
                            0.07,
                            0.045,
                            (0.04 * (k % 2 * 2 - 1), 0.045 * (k // 2 * 2 - 1), 0),
                            m_paint(c, 0.5, 0.1),
                            r=0.02,
                        )
