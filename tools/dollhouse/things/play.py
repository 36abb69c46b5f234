"""What children and grown-ups play with: cots, toys, pool tables, arcade machines."""

import math
from itertools import product

import numpy as np

from ..art import picture
from ..materials import m_emit, m_fabric, m_gloss, m_image, m_metal, m_paint, m_wood
from ..mesh import add, box, cyl, lathe, rbox, smooth, sphere, tube, vf_grid, vf_picture, vf_torus
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world

TOY_COLORS = ["#d94f4f", "#f2b134", "#4f8fc9", "#5fa861", "#9b6fb0", "#e8743b"]


@builds("cradle", "pillow")
def cot(w=0.7, length=1.3):
    """A barred cot, head towards +y; meters."""
    rng = world.rng
    m = rng.choice([style.paintw, style.wood, style.white])
    with thing("cradle"):
        for sx, sy in product((-1, 1), (-1, 1)):
            with part("leg"):
                box(0.05, 0.05, 0.95, (sx * w / 2, sy * length / 2, 0), m, 0.01)
        for sy in (-1, 1):
            for z in (0.25, 0.88):
                box(w, 0.04, 0.06, (0, sy * length / 2, z), m, 0.01)
            n = 6
            for i in range(n):
                tube(
                    [
                        (-w / 2 + w * (i + 0.5) / n, sy * length / 2, 0.3),
                        (-w / 2 + w * (i + 0.5) / n, sy * length / 2, 0.9),
                    ],
                    0.011,
                    m,
                )
        for sx in (-1, 1):
            for z in (0.25, 0.84):
                box(0.04, length, 0.05, (sx * w / 2, 0, z), m, 0.01)
            n = 12
            for i in range(n):
                y = -length / 2 + length * (i + 0.5) / n
                tube([(sx * w / 2, y, 0.3), (sx * w / 2, y, 0.86)], 0.011, m)
        with part("mattress"):
            rbox(w - 0.06, length - 0.08, 0.14, (0, 0, 0.28), m_fabric("#f3f1ec", var=0.04), r=0.04)
        rbox(
            w - 0.05,
            length * 0.6,
            0.05,
            (0, -length * 0.17, 0.41),
            m_fabric(rng.choice(style.tex), "dots", "#f4f1ea", size=0.08),
            r=0.02,
            lump=0.006,
        )
    with thing("pillow"):
        rbox(w * 0.6, 0.26, 0.07, (0, length / 2 - 0.22, 0.42), m_fabric("#f6f4f0", var=0.03), r=0.03)


@builds("plaything")
def teddy(h=0.38):
    """A sitting teddy bear, facing -y."""
    m = m_fabric(world.rng.choice(["#a9794a", "#c9a574", "#7a5a44", "#d9c9b0"]), bump=1.0, sheen=0.6)
    light = m_fabric("#e3d0b0", bump=1.0)
    black = m_gloss("#15120f", 0.2, 0.4)
    k = h / 0.38
    with thing("plaything"), at(s=k):
        sphere(0.1, 0.09, 0.12, (0, 0, 0.11), m)
        sphere(0.065, 0.03, 0.08, (0, -0.07, 0.11), light)
        sphere(0.085, 0.08, 0.08, (0, -0.01, 0.28), m)
        sphere(0.04, 0.035, 0.032, (0, -0.085, 0.265), light)
        sphere(0.012, 0.01, 0.01, (0, -0.118, 0.275), black)
        for s in (-1, 1):
            sphere(0.032, 0.018, 0.032, (s * 0.065, 0, 0.35), m)
            sphere(0.01, 0.008, 0.01, (s * 0.034, -0.082, 0.3), black)
            tube([(s * 0.08, -0.02, 0.18), (s * 0.13, -0.07, 0.11)], [0.036, 0.03], m, n=14)
            sphere(0.032, 0.032, 0.032, (s * 0.13, -0.075, 0.105), m)
            tube([(s * 0.05, -0.05, 0.05), (s * 0.085, -0.17, 0.045)], [0.045, 0.04], m, n=14)
            sphere(0.042, 0.03, 0.05, (s * 0.088, -0.185, 0.05), light)


@builds("plaything")
def building_blocks(n=9):
    """Colored blocks on the floor, some stacked."""
    rng = world.rng
    with thing("plaything"):
        for i in range(n):
            a, r = i * 2.4, 0.06 * math.sqrt(i) + 0.02
            level = 0.06 if i in (0, 3) else 0
            with at(r * math.cos(a), r * math.sin(a), 0, rz=rng.uniform(0, 1.5)):
                box(0.06, 0.06, 0.06, (0, 0, 0), m_gloss(rng.choice(TOY_COLORS), 0.4, 0.2), 0.006)
            if level:
                with at(0.02, 0.01, level, rz=rng.uniform(0, 1.5)):
                    box(0.06, 0.06, 0.06, (0, 0, 0), m_gloss(rng.choice(TOY_COLORS), 0.4, 0.2), 0.006)


@builds("plaything")
def rocking_horse():
    """A wooden rocking horse, head towards -y."""
    rng = world.rng
    m = rng.choice([m_wood("#c29a66"), m_gloss("#efe6d6", 0.4, 0.2)])
    red, hair = m_gloss(rng.choice(TOY_COLORS), 0.4, 0.3), m_fabric("#5a3a20", bump=1.0)
    with thing("plaything"):
        for s in (-1, 1):
            t = np.linspace(-0.5, 0.5, 12)
            tube(np.stack([0 * t + s * 0.16, t, 0.02 + 0.25 * t**2], 1), 0.018, red, n=8)
            for y in (-0.24, 0.24):
                tube([(s * 0.09, y * 0.8, 0.42), (s * 0.16, y * 1.2, 0.05)], [0.035, 0.025], m)
        for y in (-0.3, 0.3):
            tube([(-0.16, y, 0.05), (0.16, y, 0.05)], 0.014, red)
        sphere(0.12, 0.3, 0.13, (0, 0, 0.48), m)
        tube([(0, -0.2, 0.52), (0, -0.32, 0.7), (0, -0.34, 0.8)], [0.08, 0.06, 0.05], m, n=14, curve=4)
        tube([(0, -0.32, 0.82), (0, -0.46, 0.74)], [0.055, 0.035], m, n=14)
        tube([(0, -0.2, 0.62), (0, -0.25, 0.78), (0, -0.32, 0.88)], 0.025, hair, curve=4)
        tube([(0, 0.28, 0.52), (0, 0.4, 0.42), (0, 0.38, 0.3)], [0.03, 0.02, 0.01], hair, curve=4)
        rbox(0.2, 0.22, 0.05, (0, 0.02, 0.58), red, r=0.02)
        tube([(-0.14, -0.34, 0.72), (0.14, -0.34, 0.72)], 0.012, red)


@builds("tent")
def play_tent(w=1.2, h=1.6):
    """A children's tipi: four poles and cloth, open to -y."""
    rng = world.rng
    pole = m_wood("#c9a574")
    cloth = m_fabric(
        rng.choice(["#f0e9dc", *style.tex]),
        rng.choice([None, "dots", "stripe"]),
        "#ffffff",
        size=0.12,
        transl=0.3,
    )
    r = w / 2
    with thing("tent"):
        feet = [(-r, -r), (r, -r), (r, r), (-r, r)]
        for x, y in feet:
            tube([(x, y, 0), (-x * 0.12, -y * 0.12, h * 1.12)], 0.015, pole, n=8)
        for i in (1, 2, 3):
            (x0, y0), (x1, y1) = feet[i], feet[(i + 1) % 4]
            V = np.array(
                [
                    (x0, y0, 0.02),
                    (x1, y1, 0.02),
                    (x1 * 0.04, y1 * 0.04, h * 0.96),
                    (x0 * 0.04, y0 * 0.04, h * 0.96),
                ]
            )
            add((V, np.array([(0, 1, 2, 3)])), cloth, smooth=False, grain=V[:, [0, 2, 1]])
        for s in (-1, 1):  # the two flaps of the entrance, drawn aside
            V = np.array(
                [
                    (s * r, -r, 0.02),
                    (s * r * 0.55, -r, 0.02),
                    (s * 0.02, -0.05, h * 0.92),
                    (s * r * 0.04, -r * 0.04, h * 0.96),
                ]
            )
            add((V, np.array([(0, 1, 2, 3)])), cloth, smooth=False, grain=V[:, [0, 2, 1]])


@builds("pool_table", "ball")
def pool_table(length=2.5, w=1.4, h=0.82):
    """A pool table along x, with balls and a cue; meters."""
    rng = world.rng
    wood, felt = (
        m_wood(rng.choice(["#5a2f1a", "#7a4a2c", "#3b2a20"]), coat=0.4),
        m_fabric(rng.choice(["#1f6b43", "#1f4f7a", "#7a1f2b"]), bump=0.4),
    )
    dark, brass = m_gloss("#0f0f10", 0.6, 0), m_metal("#b08d57", 0.25)
    with thing("pool_table"):
        with part("bed"):
            box(length - 0.2, w - 0.2, 0.05, (0, 0, h - 0.08), felt, 0)
        box(length, w, 0.16, (0, 0, h - 0.24), wood, 0.02)
        for s in (-1, 1):
            box(length, 0.13, 0.06, (0, s * (w / 2 - 0.065), h - 0.05), wood, 0.015)
            box(0.13, w, 0.06, (s * (length / 2 - 0.065), 0, h - 0.05), wood, 0.015)
            box(length - 0.3, 0.04, 0.04, (0, s * (w / 2 - 0.15), h - 0.04), felt, 0.012)
            box(0.04, w - 0.3, 0.04, (s * (length / 2 - 0.15), 0, h - 0.04), felt, 0.012)
        for x, y in product((-length / 2 + 0.12, 0, length / 2 - 0.12), (-w / 2 + 0.12, w / 2 - 0.12)):
            with part("pocket"):
                cyl(0.065, 0.035, (x, y, h - 0.03), dark, n=24)
                add(vf_torus(0.066, 0.01, (x, y, h + 0.005), n=24), brass)
        for sx, sy in product((-1, 1), (-1, 1)):
            with part("leg"):
                lathe(
                    smooth([(0.05, 0), (0.07, 0.05), (0.05, 0.15), (0.09, 0.4), (0.1, h - 0.24)], 4),
                    wood,
                    (sx * (length / 2 - 0.2), sy * (w / 2 - 0.2), 0),
                    n=24,
                )
    for i in range(rng.randint(6, 11)):
        with thing("ball"):
            x, y = rng.uniform(-length / 2 + 0.3, length / 2 - 0.3), rng.uniform(-w / 2 + 0.3, w / 2 - 0.3)
            sphere(
                0.03,
                0.03,
                0.03,
                (x, y, h),
                m_gloss("#f3efe4" if i == 0 else rng.choice([*TOY_COLORS, "#1b1b1d"]), 0.1, 0.9),
            )
    return h


@builds("arcade_machine")
def arcade_machine():
    """An upright arcade machine, 0.7 m wide, facing -y."""
    rng = world.rng
    color = rng.choice(["#1f2f6b", "#7a1f2b", "#2a2a2e", "#1f5f4f", "#5b2f7a"])
    body, dark = m_gloss(color, 0.3, 0.5), m_gloss("#101012", 0.3, 0.5)
    glow = rng.choice(["#ffd24a", "#5fd0ff", "#ff6fa8"])
    w = 0.68
    with thing("arcade_machine"):
        for s in (-1, 1):
            y = np.array([-0.38, 0.38, 0.38, -0.28, -0.3, -0.12, -0.14, -0.42, -0.4])
            z = np.array([0.0, 0.0, 1.8, 1.8, 1.6, 1.45, 1.08, 0.95, 0.85])
            V = np.stack([0 * y + s * w / 2, y, z], 1)
            add((V, [tuple(range(9))]), body, solid=0.03, smooth=False)
        box(w - 0.02, 0.66, 0.86, (0, 0.04, 0.02), dark, 0.004)
        with part("control panel"), at(0, -0.3, 0.88, rx=0.35):
            box(w - 0.04, 0.32, 0.04, (0, 0, 0), dark, 0.008)
            for x in (-0.18, 0.1):
                tube([(x, 0, 0.04), (x, 0, 0.11)], 0.008, m_metal(), n=8)
                sphere(0.02, 0.02, 0.02, (x, 0, 0.12), m_gloss(rng.choice(TOY_COLORS), 0.2, 0.6))
                for i in range(3):
                    cyl(
                        0.016,
                        0.015,
                        (x + 0.06 + 0.045 * i, 0.02 * (i % 2), 0.04),
                        m_gloss(rng.choice(TOY_COLORS), 0.2, 0.6),
                        n=16,
                    )
        with part("screen"), at(0, -0.06, 1.08, rx=-0.22):
            box(w - 0.06, 0.02, 0.5, (0, 0.02, 0), dark, 0)
            with at(0, 0.005, 0.03):
                add(
                    vf_picture(w - 0.16, 0.42),
                    m_image(
                        picture(world.nprng, 96, 78, rng.choice(["city", "bauhaus", "shapes"])), 0.2, emit=1.1
                    ),
                )
        box(w - 0.04, 0.3, 0.3, (0, 0.2, 1.48), dark, 0.004)
        with part("marquee"):
            box(w - 0.05, 0.02, 0.18, (0, -0.27, 1.61), m_emit(glow, 1.6), 0.004)
        box(w - 0.02, 0.62, 0.03, (0, 0.06, 1.79), body, 0.004)


@builds("flag")
def wall_flag(w=1.3, h=0.85):
    """A flag of three stripes pinned to the wall plane, centered at the origin."""
    rng = world.rng
    colors = rng.choice(
        [
            ["#2f6b52", "#f1ede4", "#b5443a"],
            ["#1f3f66", "#f1ede4", "#d9a441"],
            ["#b5443a", "#f4e4c4", "#1f3f66"],
        ]
    )
    upright = rng.random() < 0.5
    with thing("flag"):
        for i, c in enumerate(colors):
            V, F, _ = vf_grid(
                lambda u, v, i=i: (
                    (((i + u) / 3 - 0.5) if upright else (u - 0.5)) * w,
                    -0.012 - 0.008 * np.sin(9 * (u + i) + 5 * v),
                    ((v - 0.5) if upright else ((2 - i + v) / 3 - 0.5)) * h,
                ),
                14,
                14,
            )
            add((V, F), m_fabric(c, bump=0.3), grain=V[:, [0, 2, 1]])


@builds("poster")
def poster(w=0.6, h=0.85):
    """A poster on the wall plane, bottom edge at the origin."""
    with thing("poster"), at(0, -0.006, 0):
        add(vf_picture(w, h), m_image(picture(world.nprng, 110, int(110 * h / w)), 0.7))


@builds("box")
def toy_box(w=0.7):
    """A chest for toys."""
    rng = world.rng
    m = rng.choice([style.case, style.paintw, style.wood])
    with thing("box"):
        rbox(w, 0.4, 0.36, (0, 0, 0.02), m, r=0.015)
        with part("lid"):
            rbox(w + 0.03, 0.43, 0.05, (0, 0, 0.38), m, r=0.015)


@builds("ball")
def toy_ball(r=0.12):
    """A striped ball."""
    c = world.rng.choice(TOY_COLORS)
    with thing("ball"):
        sphere(r, r, r, (0, 0, r), m_gloss(c, 0.35, 0.4))
        add(vf_torus(r, 0.004, (0, 0, r), n=36), m_paint("#f4f1ea"))
