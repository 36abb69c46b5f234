"""Sports grounds: a grandstand with its spectators, goals, floodlights, a scoreboard."""

import math

import numpy as np

from ..materials import m_concrete, m_emit, m_fabric, m_gloss, m_metal, m_paint
from ..mesh import MeshBuilder, add, box, cyl, lathe, merge, sphere, tube, vf_rbox, vf_sphere
from ..mood import lamps
from ..registry import builds
from ..world import at, other, part, thing, world
from .buildings import lettering
from .lamps import bulb
from .people import CLOTH, SKIN


@builds("person")
def spectator():
    """Somebody who sits on a seat 0.45 m high at the origin and looks to -y; meant for a distance."""
    rng = world.rng
    with thing("person"):
        body = [vf_rbox(0.4, 0.24, 0.56, 0.1, n=2, m=3, c=(0, 0.0, 0.73))]
        for s in (-1, 1):
            body.append(vf_rbox(0.1, 0.34, 0.1, 0.045, n=2, m=3, c=(s * 0.24, -0.14, 0.72)))
        with part("torso"):
            add(merge(body), m_fabric(rng.choice(CLOTH)))
        legs = []
        for s in (-1, 1):
            legs.append(vf_rbox(0.15, 0.48, 0.15, 0.06, n=2, m=3, c=(s * 0.1, -0.2, 0.53)))
            legs.append(vf_rbox(0.12, 0.13, 0.5, 0.05, n=2, m=3, c=(s * 0.1, -0.4, 0.25)))
        with part("leg"):
            add(merge(legs), m_fabric(rng.choice(["#2b3648", "#3b3a38", "#5a5f66", "#8a7a63"])))
        with part("head"):
            add(
                vf_sphere(0.095, 0.11, 0.135, (0, -0.02, 1.16), n=14, m=10),
                m_paint(rng.choice(SKIN), 0.55, 0.03),
            )
            hair = m_paint(rng.choice(["#2a1c14", "#15120f", "#8a6238", "#b9b2a8"]), 0.6, 0.15)
            add(vf_sphere(0.1, 0.11, 0.11, (0, 0.02, 1.21), n=14, m=10), hair)


@builds("grandstand")
def grandstand(w=30.0, rows=8, full=0.3):
    """Tiers of seats that climb from the plane y = 0 towards +y, centered on x, perhaps under a roof.

    w: meters. full: share of the seats that are taken.
    """
    rng = world.rng
    up, deep, first = 0.42, 0.85, 1.1
    concrete = m_concrete(rng.choice(["#b5b0a6", "#a5a39d", "#c2baa9"]), 0.8, 0.12)
    colors = rng.sample(["#2f5f9c", "#b5332f", "#3f7a4f", "#e0b12f", "#e6e6e2", "#d9772f"], 2)
    seat = [m_gloss(c, 0.4, 0.2) for c in colors]
    steel = m_gloss(rng.choice(["#e6e6e2", "#39506b", "#8d9296"]), 0.4, 0.2)
    back = rows * deep
    aisles = [w * (k - 1.5) / 4 for k in range(4)]
    n = int(w / 0.52)
    xs = [-w / 2 + (i + 0.5) * w / n for i in range(n)]
    xs = [x for x in xs if all(abs(x - a) > 0.75 for a in aisles)]
    with thing("grandstand"):
        tiers = MeshBuilder()
        tiers.box(-w / 2, w / 2, 0, 0.2, 0, first + 0.0)
        for r in range(rows):
            tiers.box(
                -w / 2, w / 2, r * deep, back + 0.3, 0 if r == 0 else first + (r - 1) * up, first + r * up
            )
        tiers.box(-w / 2, w / 2, back, back + 0.3, 0, first + rows * up + 1.0)
        steps = MeshBuilder()
        for a in aisles:
            for r in range(rows):
                steps.box(
                    a - 0.6, a + 0.6, r * deep - 0.4, r * deep, first + (r - 1) * up, first + (r - 0.5) * up
                )
        tiers.done(concrete)
        with part("steps"):
            steps.done(m_concrete("#d8d2c4", 0.8, 0.1))
        with part("seats"):
            for k, m in enumerate(seat):
                b = MeshBuilder()
                for r in range(rows):
                    for x in xs:
                        if (int((x + w / 2) / w * 5) + r // 3) % 2 == k:
                            y, z = r * deep + 0.5, first + r * up
                            b.box(x - 0.22, x + 0.22, y - 0.2, y + 0.2, z + 0.38, z + 0.45)
                            b.box(x - 0.22, x + 0.22, y + 0.18, y + 0.24, z + 0.42, z + 0.85)
                            b.box(x - 0.04, x + 0.04, y - 0.04, y + 0.1, z, z + 0.4)
                b.done(m)
        with part("railing"):
            for z in (0.5, 1.0):
                tube([(-w / 2, 0.08, first + z), (w / 2, 0.08, first + z)], 0.025, steel, n=8)
            bars = MeshBuilder()
            for i in range(int(w / 1.5) + 1):
                x = -w / 2 + i * w / int(w / 1.5)
                bars.box(x - 0.02, x + 0.02, 0.06, 0.1, first, first + 1.0)
            bars.done(steel)
        if rng.random() < 0.75:
            top = first + rows * up + rng.uniform(3.2, 4.2)
            with part("roof"):
                with at(0, back * 0.45, top, rx=-0.08):
                    box(w + 1.2, back + 3.2, 0.22, (0, 0, 0), m_gloss(colors[0], 0.4, 0.1), 0.02)
                for k in range(6):
                    x = -w / 2 + 0.4 + k * (w - 0.8) / 5
                    tube([(x, back + 0.1, 0), (x, back + 0.1, top + 0.3)], 0.16, steel, n=12)
                    tube([(x, back, top - 1.6), (x, back * 0.2, top - 0.05)], 0.09, steel, n=10)
            if lamps():
                for k in range(4):
                    x = -w / 2 + w * (k + 0.5) / 4
                    with at(x, back * 0.3, top - 0.35):
                        with part("lamp"):
                            box(1.6, 0.2, 0.06, (0, 0, 0), m_emit("#fff1d6", 14 * lamps()), 0)
                        bulb(500 * lamps(), (1, 0.92, 0.8), 0.5, -0.3)
    for r in range(rows):
        for x in xs:
            if rng.random() < full:
                with at(x, r * deep + 0.5, first + r * up, rz=rng.uniform(-0.3, 0.3)):
                    spectator()


def goal(w=7.32, h=2.44):
    """A goal with its net, open to -y (not one of the 150 classes)."""
    white = m_gloss("#f4f3ef", 0.35, 0.2)
    with other("goal"):
        tube([(-w / 2, 0, 0), (-w / 2, 0, h), (w / 2, 0, h), (w / 2, 0, 0)], 0.06, white, n=12)
        net = m_paint("#e9e9e4", 0.8, 0, 0)
        for s in (-1, 1):
            tube([(s * w / 2, 0, h), (s * w / 2, 0.9, h), (s * w / 2, 2.0, 0)], 0.03, white, n=8)
        for i in range(37):
            x = -w / 2 + i * w / 36
            tube([(x, 0.02, h), (x, 0.9, h - 0.02), (x, 1.98, 0.02)], 0.008, net, n=4)
        for y, z in [(0.3 * i, h - 0.01) for i in range(4)] + [
            (0.9 + 1.08 * i / 11, h * (1 - i / 11)) for i in range(12)
        ]:
            tube([(-w / 2, y, z), (w / 2, y, z)], 0.008, net, n=4)


@builds("pole")
def floodlight(h=16.0):
    """A mast with a rack of lamps that shine towards -y."""
    steel = m_metal("#9a9d9f", 0.45)
    with thing("pole"):
        lathe([(0, 0), (0.28, 0), (0.12, h), (0, h)], steel, n=16)
        glass = m_emit("#f4f6ff", 40 * lamps()) if lamps() else m_gloss("#e9eef0", 0.1, 1.0)
        for r in range(2):
            box(2.6, 0.12, 0.1, (0, -0.1, h - 0.9 + 0.8 * r), steel, 0.01)
            for i in range(4):
                with part("lamp"), at(-1.05 + 0.7 * i, -0.25, h - 0.6 + 0.8 * r, rx=math.pi / 2 - 0.5):
                    cyl(0.26, 0.22, (0, 0, -0.1), steel, n=24)
                    cyl(0.23, 0.02, (0, 0, 0.12), glass, n=24)
        if lamps():
            bulb(9000 * lamps(), (0.93, 0.96, 1.0), 0.6, h - 1.6)


def scoreboard(home=2, guests=1):
    """A board on two posts (not one of the 150 classes)."""
    dark, lit = m_gloss("#15181b", 0.4, 0.2), m_emit("#ffb347", 2.5)
    with other("scoreboard"):
        for s in (-1, 1):
            cyl(0.12, 3.0, (s * 1.8, 0, 0), m_metal(), n=14)
        box(5.2, 0.35, 2.3, (0, 0, 2.9), dark, 0.02)
        with at(0, -0.19, 4.55):
            lettering("HOME  GUESTS", 0.5, m_gloss("#f0efe9", 0.4, 0), 0.01)
        with at(0, -0.19, 3.65):
            lettering(f"{home} : {guests}", 1.1, lit, 0.01)


@builds("ball")
def football(r=0.11):
    """A ball on the ground."""
    with thing("ball"):
        sphere(r, r, r, (0, 0, r), m_gloss("#f4f3ef", 0.35, 0.3))
        a = np.linspace(0, 2 * np.pi, 6)[:-1]
        for x, z in zip(np.cos(a) * r * 0.8, np.sin(a) * r * 0.8, strict=True):
            sphere(r * 0.28, r * 0.28, r * 0.28, (x, -r * 0.5, r + z), m_gloss("#1b1b1d", 0.4, 0.2))
