"""A bathroom."""

import numpy as np

from ..materials import m_fabric, m_gloss, m_marble, m_shade, m_tiles, rgb, scaled
from ..mesh import MeshBuilder, add, box, cyl, grid_faces, lathe, rbox, smooth, sphere, tube, vf_grid
from ..registry import builds, scene
from ..shell import Room, finish_room, pick_floor, pick_wall
from ..style import begin_room, style
from ..things.decor import bottle, mirror, paintings, vase
from ..things.fixtures import radiator
from ..things.hallway import laundry_basket
from ..things.lamps import bulb, sconce
from ..things.plants import plant
from ..things.seating import legs, stool
from ..things.storage import knob, wall_shelf
from ..things.textiles import curtain, m_curtain, rug
from ..world import at, part, thing, world


@scene("bathroom")
@builds("bathtub", "ashcan", "shower", "cabinet", "countertop", "sink", "toilet", "towel", "light", "wall")
def bathroom():
    """Bathtub, vanity, toilet; tiles up to a line."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(2.7, 3.4), rng.uniform(3.0, 3.6), rng.uniform(2.45, 2.65)
    rm = Room(W, D, H)
    along = rm.along
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    main = rng.choice(["back", s])
    wx = W * 0.5
    if main == "back":
        rm.window("back", wx, rng.uniform(0.9, 1.2), 1.25, 2.1, None, None, blind=rng.random() < 0.3)
    else:
        rm.window(s, along(s, D * 0.55), 1.2, 1.1, 2.1, None, None)
    tc = rng.choice(["#eef0ee", "#dfe7e5", style.pal["accent"], "#cdd8d0", "#e9e1d6", style.tex[0]])
    tw, th, off = rng.choice(
        [(0.2, 0.1, 0.5), (0.15, 0.15, 0), (0.1, 0.1, 0), (0.3, 0.6, 0), (0.15, 0.075, 0.5)]
    )
    tm = m_tiles(tc, scaled(rgb(tc), 0.93), "#c4c2bc", tw, th, 0.15, off, 0.004, "xz")
    rm.build(pick_wall(), pick_floor(("tiles", "check", "check")), {}, None)
    hw = rng.choice([1.15, 1.25, H])
    if hw < H - 0.1 or True:
        for wall in ("back", "left", "right"):
            Lw = rm.length(wall)
            with thing("wall"), at(**rm.frame(wall)):
                ops = [q for q in rm.open[wall] if q[2] < hw]
                segs = (
                    [(0, Lw, 0, hw)]
                    if not ops
                    else [
                        (0, ops[0][0] - 0.08, 0, hw),
                        (ops[0][1] + 0.08, Lw, 0, hw),
                        (ops[0][0] - 0.08, ops[0][1] + 0.08, 0, ops[0][2] - 0.04),
                    ]
                    + (
                        [(ops[0][0] - 0.08, ops[0][1] + 0.08, ops[0][3] + 0.1, hw)]
                        if hw > ops[0][3] + 0.1
                        else []
                    )
                )
                b = MeshBuilder()
                for a, e, z0, z1 in segs:
                    b.box(a, e, -0.012, 0.0, z0, z1, 0.5)
                b.done(tm)
                if hw < H - 0.1:
                    for a, e, _, _ in segs[:2]:
                        if e > a:
                            box(
                                e - a,
                                0.025,
                                0.03,
                                ((a + e) / 2, -0.012, hw),
                                m_gloss(scaled(rgb(tc), 0.8), 0.2, 0.4),
                                0.008,
                            )
    wm = m_gloss("#f3f2ef", 0.12, 0.8)
    # bathtub along the back wall or free standing
    free = rng.random() < 0.5
    with thing("bathtub"), at(W * 0.5, D - 0.55 if free else D - 0.42, 0):
        Lb = min(1.7, W - 0.3)
        n = 64
        a = np.linspace(0, 2 * np.pi, n, endpoint=False)

        def sg(q):
            return np.sign(q) * np.abs(q) ** (0.62 if free else 0.35)

        prof = (
            smooth(
                [
                    (0.78, 0.03),
                    (0.86, 0.2),
                    (0.97, 0.5),
                    (1.03, 0.58),
                    (1.0, 0.6),
                    (0.94, 0.57),
                    (0.86, 0.35),
                    (0.74, 0.16),
                    (0.3, 0.13),
                    (0.0, 0.13),
                ],
                4,
            )
            if free
            else np.array(
                [
                    (1, 0),
                    (1, 0.54),
                    (1.0, 0.56),
                    (0.99, 0.57),
                    (0.88, 0.57),
                    (0.86, 0.55),
                    (0.78, 0.2),
                    (0.7, 0.16),
                    (0.3, 0.15),
                    (0, 0.15),
                ]
            )
        )
        V = np.stack(
            [
                np.outer(sg(np.cos(a)), prof[:, 0]) * Lb / 2,
                np.outer(sg(np.sin(a)), prof[:, 0]) * 0.37,
                np.tile(prof[:, 1], (n, 1)),
            ],
            -1,
        ).reshape(-1, 3)
        add((V, grid_faces(n, len(prof), cu=True)), wm, sharp=50)
        tx = rng.choice([-1, 1]) * Lb * 0.36
        with part("faucet"):
            tube(
                [(tx, 0.3, 0.5), (tx, 0.3, 0.78), (tx, 0.2, 0.84), (tx, 0.1, 0.8), (tx, 0.08, 0.74)],
                0.016,
                style.chrome,
                curve=5,
            )
            for q in (-0.07, 0.07):
                cyl(0.02, 0.05, (tx + q, 0.3, 0.6), style.chrome, n=16)
    if not free or rng.random() < 0.4:
        with thing("shower"), rm.on("back", W * 0.5 + (tx if not free else 0.5), -0.05):
            tube(
                [(0, 0.03, 1.0), (0, 0.0, 2.05), (0, -0.18, 2.12), (0, -0.22, 2.06)],
                0.012,
                style.chrome,
                curve=5,
            )
            with at(0, -0.22, 2.03):
                lathe([(0, 0), (0.09, 0), (0.09, 0.015), (0.02, 0.03), (0, 0.03)], style.chrome, n=32)
    # vanity with basin and mirror
    yv = D * 0.46
    vw = rng.uniform(0.75, 1.1)
    with rm.on(o, along(o, yv)):
        with thing("cabinet"), at(0, -0.26, 0):
            z = rng.choice([0.1, 0.28])
            rbox(vw, 0.48, 0.8 - z, (0, 0, z), style.case, r=0.01)
            for i in range(2):
                with part("door"):
                    box(
                        vw / 2 - 0.02,
                        0.02,
                        0.72 - z,
                        ((i - 0.5) * vw / 2, -0.245, z + 0.04),
                        style.case,
                        0.006,
                    )
                    knob((i - 0.5) * 0.12, -0.265, 0.6, "ball")
            if z < 0.2:
                legs(vw, 0.48, z + 0.01, style.leg, "block")
        with thing("countertop"), at(0, -0.27, 0.8):
            box(
                vw + 0.04,
                0.52,
                0.035,
                (0, 0, 0),
                rng.choice([m_marble(), style.wood, m_marble("#d9d2c6", "#a39a8c")]),
                0.008,
            )
        with thing("sink"), at(0, -0.28, 0.835):
            lathe(
                smooth(
                    [
                        (0, 0.01),
                        (0.12, 0.0),
                        (0.17, 0.04),
                        (0.2, 0.12),
                        (0.205, 0.13),
                        (0.19, 0.13),
                        (0.15, 0.06),
                        (0.08, 0.03),
                        (0, 0.03),
                    ],
                    4,
                ),
                wm,
                n=48,
            )
            with part("faucet"):
                tube(
                    [(0, 0.22, 0), (0, 0.22, 0.26), (0, 0.12, 0.3), (0, 0.06, 0.27)],
                    0.013,
                    style.chrome,
                    curve=5,
                )
        for i, f in enumerate([lambda: bottle(0.18), lambda: vase(0.18), lambda: plant(0.24, "small")]):
            if rng.random() < 0.7:
                with at((-0.36 + 0.36 * 2 * (i % 2)) * vw, -0.2 - 0.06 * i, 0.835):
                    f()
        with at(0, 0, 1.62):
            mirror(min(vw, 0.85), 0.9, rng.choice(["round", "rect", "arch"]))
        for q in (-1, 1):
            with at(q * (vw / 2 + 0.06), 0, 1.65):
                sconce()
    # toilet
    with rm.on(s, along(s, D * 0.42), -0.36, rz=0), thing("toilet"):
        lathe(
            smooth(
                [
                    (0.12, 0),
                    (0.13, 0.03),
                    (0.11, 0.15),
                    (0.15, 0.28),
                    (0.19, 0.37),
                    (0.2, 0.4),
                    (0.0, 0.4),
                ],
                4,
            ),
            wm,
            (0, -0.02, 0),
            n=40,
        )
        with at(0, -0.05, 0.4, s=(1, 1.22, 1)):
            lathe([(0, 0.01), (0.19, 0.01), (0.2, 0.02), (0.195, 0.04), (0.1, 0.05), (0, 0.05)], wm, n=40)
        rbox(0.38, 0.18, 0.36, (0, 0.24, 0.4), wm, r=0.035)
        rbox(0.4, 0.2, 0.04, (0, 0.24, 0.75), wm, r=0.015)
        rbox(0.22, 0.3, 0.4, (0, 0.16, 0), wm, r=0.05)
        cyl(0.02, 0.012, (0, 0.24, 0.79), style.chrome, n=16)
    with rm.on(s, along(s, D * 0.42) + 0.5, -0.1), thing("ashcan"):
        lathe([(0, 0), (0.1, 0), (0.12, 0.26), (0.115, 0.27), (0.0, 0.24)], style.metal, n=28)
    # towels
    with (
        rm.on(s if main != s else o, along(s if main != s else o, D * 0.7)),
        thing("towel"),
        at(0, -0.07, 1.0),
    ):
        tube([(-0.3, 0, 0.5), (0.3, 0, 0.5)], 0.01, style.chrome)
        c = rng.choice([*style.tex, "#f0ede6"])
        V, F, _ = vf_grid(
            lambda u, v: (
                (u - 0.5) * 0.45,
                np.where(v < 0.5, -0.018, 0.018) + 0.004 * np.sin(u * 20),
                0.5 - np.abs(v - 0.5) * 1.2 + 0.012 * (np.abs(v - 0.5) < 0.05),
            ),
            20,
            30,
        )
        add(
            (V, F),
            m_fabric(c, rng.choice([None, "stripe", "lines"]), "#f4f1ea", size=0.09, bump=1.0),
            solid=0.014,
            grain=V[:, [2, 0, 1]],
        )
    with at(W * 0.5, D * 0.5, 0):
        if rng.random() < 0.8:
            rug(rng.uniform(0.9, 1.2), rng.uniform(0.6, 0.75))
    with rm.on("back", 0.3 if rng.random() < 0.5 else W - 0.3, -0.3):
        if free:
            plant(rng.uniform(0.9, 1.4))
    if main != "back":
        with rm.on("back", W * 0.5):
            paintings(0, 1.75 if hw < 1.5 else 1.85, 1.0)
    with at(W * 0.5, D * 0.5, H), thing("light"):
        cyl(0.17, 0.03, (0, 0, -0.03), style.metal, n=40)
        sphere(
            0.155,
            0.155,
            0.07,
            (0, 0, -0.04),
            m_shade("#f7efe0", 1.4 * style.glow if style.lamps_on else 0),
        )
        if style.lamps_on:
            bulb(12 * style.glow, z=-0.2, r=0.12)
    if world.second_edition:
        _lived_in(rm, s, o, free, Lb)
    return finish_room(rm, mood, main)


def _lived_in(rm, s, o, free, length):
    """A shower curtain, a stool with a towel, a basket, a shelf of bottles, a radiator."""
    rng, W, D = world.rng, rm.W, rm.D
    if not free:
        x = W * 0.5 + rng.choice([-1, 1]) * (length / 2 - 0.3)
        with thing("curtain"):
            tube([(0, D - 0.86, 2.05), (W, D - 0.86, 2.05)], 0.013, style.chrome)
            with at(x, D - 0.86, 0.16):
                curtain(0.55, 1.88, m_curtain(), folds=7)
    with at(W * 0.5 + rng.choice([-1, 1]) * rng.uniform(0.35, 0.6), D - 1.3, 0, rz=rng.uniform(-0.4, 0.4)):
        stool(0.45)
        with thing("towel"), at(0, 0, 0.46):
            for k in range(2):
                rbox(0.26, 0.2, 0.07, (0, 0, 0.07 * k), m_fabric(rng.choice([*style.tex, "#f0ede6"])), r=0.03)
    with rm.on(o, rm.along(o, 0.75), -0.3):
        laundry_basket()
    with rm.on(s, rm.along(s, D * 0.84), 0, rng.uniform(1.35, 1.5)):
        wall_shelf(0.55, 0.16)
    with rm.on(s, rm.along(s, 0.85), -0.08):
        radiator(0.6, 0.7)
