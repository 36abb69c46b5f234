"""Tables, coffee tables, nightstands."""

import math

from ..materials import m_concrete, m_marble
from ..mesh import box, cyl, lathe, rbox, smooth, tube
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world
from .decor import book_stack
from .seating import legs
from .storage import knob


@builds("table", "desk", "coffee_table")
def table(w, d, h, cls="table", kind=None, top=None):
    """A table, desk or side table; kind: taper, trestle, frame, splay, round, tulip. Returns its height."""
    rng = world.rng
    kind = kind or rng.choice(["taper", "trestle", "frame", "splay"])
    top = top or rng.choice([style.wood, style.wood, style.wood2, m_marble()])
    with thing(cls):
        if kind in ("round", "tulip"):
            r = w / 2
            with part("top"):
                lathe(
                    [
                        (0, h - 0.03),
                        (r - 0.03, h - 0.03),
                        (r - 0.006, h - 0.02),
                        (r, h - 0.01),
                        (r - 0.006, h),
                        (0, h),
                    ],
                    top,
                    n=56,
                )
            if kind == "tulip":
                with part("base"):
                    lathe(
                        smooth(
                            [
                                (r * 0.5, 0),
                                (r * 0.48, 0.015),
                                (r * 0.2, 0.05),
                                (0.045, 0.2),
                                (0.04, h * 0.6),
                                (0.1, h - 0.06),
                                (0.16, h - 0.03),
                            ],
                            5,
                        ),
                        style.white,
                        n=40,
                    )
            else:
                for i in range(3 if w < 0.7 else 4):
                    a = 0.5 + i * 2 * math.pi / (3 if w < 0.7 else 4)
                    with part("leg"):
                        tube(
                            [
                                (r * 0.55 * math.cos(a), r * 0.55 * math.sin(a), h - 0.02),
                                (r * 0.85 * math.cos(a), r * 0.85 * math.sin(a), 0),
                            ],
                            [0.022, 0.013],
                            style.leg,
                        )
        else:
            with part("top"):
                rbox(w, d, 0.035, (0, 0, h - 0.035), top, r=0.012)
            if kind == "trestle":
                for sx in (-1, 1):
                    x = sx * (w / 2 - 0.22)
                    with part("leg"):
                        tube([(x, -d * 0.12, h - 0.04), (x, -d * 0.38, 0)], 0.03, style.leg)
                        tube([(x, d * 0.12, h - 0.04), (x, d * 0.38, 0)], 0.03, style.leg)
                tube([(-w / 2 + 0.22, 0, h * 0.35), (w / 2 - 0.22, 0, h * 0.35)], 0.02, style.leg)
            elif kind == "frame":
                for sx in (-1, 1):
                    x = sx * (w / 2 - 0.05)
                    for y in (-d / 2 + 0.03, d / 2 - 0.03):
                        with part("leg"):
                            box(0.04, 0.04, h - 0.035, (x, y, 0), style.metal, 0.004)
                    box(0.04, d - 0.02, 0.03, (x, 0, 0), style.metal, 0.004)
                    box(0.04, d - 0.02, 0.03, (x, 0, h - 0.065), style.metal, 0.004)
            else:
                box(
                    w - 0.16,
                    d - 0.16,
                    0.07,
                    (0, 0, h - 0.105),
                    style.wood if top != style.wood2 else style.wood2,
                    0.004,
                )
                for sx in (-1, 1):
                    for sy in (-1, 1):
                        x, y = sx * (w / 2 - 0.08), sy * (d / 2 - 0.08)
                        o = 0.05 if kind == "splay" else 0
                        with part("leg"):
                            tube([(x, y, h - 0.05), (x + sx * o, y + sy * o, 0)], [0.034, 0.018], style.leg)
    return h


@builds("coffee_table")
def coffee_table(w=1.1, d=0.6):
    """A low table; returns its height."""
    rng = world.rng
    k = rng.choice(["round", "rect", "drum", "nest", "shelf"])
    h = rng.uniform(0.36, 0.43)
    if k == "round":
        return table(rng.uniform(0.75, 0.95), 0, h, "coffee_table", "round")
    if k == "drum":
        with thing("coffee_table"):
            r = rng.uniform(0.36, 0.44)
            n = 48
            m = rng.choice([style.wood, style.case, m_concrete("#b7b0a5")])
            lathe([(0, 0.01), (r * 0.96, 0.01), (r, 0.02), (r, h - 0.03), (0, h - 0.03)], m, n=n)
            with part("top"):
                cyl(r * 1.03, 0.03, (0, 0, h - 0.03), m, n=n, bevel=0.01)
        return h
    if k == "shelf":
        with thing("coffee_table"):
            with part("top"):
                rbox(w, d, 0.035, (0, 0, h - 0.035), style.wood, r=0.012)
            box(w - 0.1, d - 0.1, 0.02, (0, 0, 0.14), style.wood)
            legs(w, d, h - 0.03, style.wood, "block", 0.05)
        for i in range(rng.randint(1, 2)):
            with at(-0.25 + 0.5 * i, 0, 0.16):
                book_stack(rng.randint(2, 4))
        return h
    return table(w, d, h, "coffee_table", rng.choice(["frame", "splay", "taper"]))


@builds("table")
def nightstand(w=0.46, d=0.4, h=0.52):
    """A nightstand; returns its height."""
    rng = world.rng
    k = rng.choice(["drawer", "open", "round"])
    with thing("table"):
        if k == "round":
            with part("top"):
                cyl(w * 0.5, 0.03, (0, 0, h - 0.03), style.case, bevel=0.01, n=40)
            tube([(0, 0, h - 0.03), (0, 0, 0.02)], 0.02, style.leg)
            cyl(w * 0.32, 0.02, (0, 0, 0), style.leg, bevel=0.008, n=36)
        else:
            z = 0.14
            rbox(w, d, h - z, (0, 0, z), style.case, r=0.012)
            legs(w, d, z + 0.01, style.leg)
            n = 2 if k == "drawer" else 1
            hh = (h - z - 0.05) / 2
            for i in range(n):
                with part("drawer"):
                    box(
                        w - 0.05, 0.02, hh - 0.015, (0, -d / 2, z + 0.025 + (hh) * (1 - i)), style.case, 0.006
                    )
                    knob(0, -d / 2 - 0.014, z + 0.025 + hh * (1 - i) + hh * 0.45)
            if n == 1:
                box(w - 0.06, 0.02, hh - 0.02, (0, -d / 2 + 0.004, z + 0.03), style.dark, 0.002)
    return h
