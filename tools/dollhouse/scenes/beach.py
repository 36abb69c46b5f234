"""A beach."""

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_fabric, m_gloss, m_ground, m_mountain, m_paint, m_water
from ..mesh import add, grid_faces, tube, vf_grid, vf_sphere
from ..registry import builds, scene
from ..things.boats import sailboat
from ..things.ground import mountain_range, rock, slab
from ..things.oddities import strew_oddities
from ..things.people import person
from ..things.trees import bush_mesh, palm_mesh, place
from ..world import at, other, thing, world


@scene("beach")
@builds("sea", "sand", "ball", "towel", "palm", "plant", "rock")
def beach():
    """Sand, surf, parasols, palms."""
    rng = world.rng
    nz = world.noise
    x = np.linspace(-90, 90, 160)
    y = np.linspace(-8, 90, 120)
    X, Y = np.meshgrid(x, y, indexing="ij")
    tilt = rng.choice([-1, 1]) * rng.uniform(0.35, 0.6)

    def hgt(px, py):
        e = 13 + tilt * px + 2.2 * nz.fbm(px / 14, py / 14, 2)
        return np.clip((e - py) * 0.085, -3, 1.8) + 0.05 * nz.fbm(px / 1.6, py / 1.6, 3)

    with thing("sand"):
        add(
            (np.stack([X, Y, hgt(X, Y)], -1).reshape(-1, 3), grid_faces(160, 120)),
            m_ground("#ecd6ab", "#dcc291", 0.5, bscale=18, bump=0.35, bdist=0.05),
            grain="obj",
        )
    slab("sea", -3000, 3000, -60, 3500, 0, m_water("#1f7488", 0.35, 0.05, 0.6), 0.05)
    # a line of foam along the shore
    xs = np.linspace(-60, 60, 400)
    with thing("sea"):
        for k in range(2):
            ys = (
                13
                + tilt * xs
                + 2.2 * nz.fbm(xs / 14, (13 + tilt * xs) / 14, 2)
                + 1.2
                + k * 3.2
                + 0.5 * nz.fbm(xs / 2, 0 * xs + k, 3)
            )
            wd = (0.35 + 0.3 * nz.fbm(xs / 3, 0 * xs + 5 + k, 2)) * (1 - 0.3 * k)
            V = np.concatenate(
                [
                    np.stack([xs, ys, 0 * xs + 0.03], 1),
                    np.stack([xs, ys + np.clip(wd, 0.04, 1), 0 * xs + 0.03], 1),
                ]
            )
            F = np.stack([np.arange(399), np.arange(1, 400), np.arange(401, 800), np.arange(400, 799)], 1)
            add((V, F), m_paint("#f2f6f6", 0.6, 0.1, 0.2), smooth=False)
    pv = [palm_mesh(rng.uniform(6, 8.5)) for _ in range(2)]
    s_ = 1 if tilt > 0 else -1
    for _ in range(rng.randint(4, 7)):
        y_ = rng.uniform(9, 22)
        x_ = s_ * y_ * rng.uniform(0.22, 0.62)
        h = float(hgt(np.array(x_), np.array(y_)))
        if h > 0.3:
            with thing("palm"), at(x_, y_, h - 0.1, rz=rng.uniform(0, 6), s=rng.uniform(0.8, 1.1)):
                place(rng.choice(pv))
    for _ in range(6):
        x_ = s_ * rng.uniform(6, 24)
        y_ = rng.uniform(10, 34)
        h = float(hgt(np.array(x_), np.array(y_)))
        if h > 0.5:
            with thing("plant"), at(x_, y_, h - 0.1, rz=rng.uniform(0, 6)):
                place(
                    bush_mesh(
                        rng.uniform(0.7, 1.5), rng.uniform(0.7, 1.3), rng.uniform(0.5, 1.0), 900, leaf=0.14
                    )
                )
    rm = m_ground("#6f6a62", "#8f887d", 2.2, bump=0.7)
    for _ in range(rng.randint(6, 12)):
        x_ = rng.uniform(-14, 14)
        y_ = 13 + tilt * x_ + rng.uniform(-2, 3)
        if y_ > 4:
            with (
                thing("rock"),
                at(x_, y_, max(float(hgt(np.array(x_), np.array(y_))), -0.1), rz=rng.uniform(0, 6)),
            ):
                rock(rng.uniform(0.2, 0.9), rm)
    with thing("ball"), at(rng.uniform(-2.5, 2.5), rng.uniform(5, 8), 0):
        m0 = world.stack[-1].translation
        bm = [m_gloss(c_, 0.4, 0.3) for c_ in ("#d8342c", "#f4f1ea", "#2f6fb0", "#f0c13a")]
        V, F = vf_sphere(0.2, 0.2, 0.2, (0, 0, float(hgt(np.array(m0.x), np.array(m0.y))) + 0.19), 24, 14)
        add((V, F), bm, mi=(np.arange(len(F)) // 13 // 3) % 4)
    for _ in range(rng.randint(2, 5)):
        x_ = rng.uniform(-4, 4) + s_ * 1.5
        y_ = rng.uniform(5.5, 11)
        h = float(hgt(np.array(x_), np.array(y_)))
        with at(x_, y_, h), other("umbrella"):
            tube([(0, 0, -0.2), (0.12, 0, 2.2)], 0.025, m_gloss("#efece4", 0.4, 0.2))
            c = rng.choice(["#d8425a", "#2f7a8c", "#e8b23a", "#3f6b9c"])
            a = np.linspace(0, 2 * np.pi, 8 * 6, endpoint=False)
            r = np.linspace(0, 1, 6)
            V = np.stack(
                [
                    0.12 + 1.25 * np.outer(np.cos(a), r),
                    1.25 * np.outer(np.sin(a), r),
                    2.2 - 0.45 * np.outer(1 + 0.08 * np.cos(a * 8), r**2),
                ],
                -1,
            ).reshape(-1, 3)
            Fc = grid_faces(48, 6, cu=True)
            mi = (Fc[:, 0] // 6 // 6) % 2
            add(
                (V, Fc),
                [m_fabric(c, transl=0.3, sheen=0), m_fabric("#f4efe4", transl=0.3, sheen=0)],
                mi=mi,
            )
        with thing("towel"), at(x_ + rng.uniform(-0.9, -0.6), y_ + 0.3, h + 0.035, rz=rng.uniform(-0.4, 0.4)):
            V, F, _ = vf_grid(
                lambda u, v: ((u - 0.5) * 0.9, (v - 0.5) * 1.8, 0.02 * np.sin(u * 9) * np.sin(v * 5)), 14, 20
            )
            add(
                (V, F),
                m_fabric(rng.choice(["#d8425a", "#2f7a8c", "#e8b23a"]), "stripe", "#f4efe4", size=0.2),
                solid=0.015,
                grain=V[:, [1, 0, 2]],
            )
    for _ in range(rng.randint(5, 10)):
        x_ = rng.uniform(-7, 7)
        y_ = rng.uniform(6, 18)
        h = float(hgt(np.array(x_), np.array(y_)))
        if h > -0.15:
            with at(x_, y_, max(h, -0.1), rz=rng.uniform(0, 6)):
                person(rng.uniform(1.2, 1.85))
    for _ in range(rng.randint(1, 3)):
        with at(rng.uniform(-60, 60) - s_ * 30, rng.uniform(70, 160), 0, rz=rng.uniform(-0.5, 0.5)):
            sailboat()
    mountain_range(
        700,
        1100,
        1500,
        120,
        rng.randrange(1 << 20),
        "mountain",
        m_mountain(2.0, "#5d7447", "#7d7870", 1.0),
        nx=160,
        ny=40,
    ) if rng.random() < 0.7 else None
    el = outdoor_sky(
        (60, 150), rng.choice([rng.uniform(0.5, 0.85), rng.uniform(0.2, 0.3)]), rng.choice([0.3, 0.45, 0.6])
    )
    camera(
        (0, 0, float(hgt(np.array(0.0), np.array(0.0))) + 1.7),
        rng.uniform(-0.1, 0.1) - s_ * 0.06,
        rng.uniform(24, 31),
        shift_y=rng.uniform(-0.05, 0.02),
        clip=0.2,
    )

    def dry_sand(r):
        x_, y_ = r.uniform(-4.5, 4.5), r.uniform(4.0, 10.0)
        return x_, y_, max(float(hgt(np.array(x_), np.array(y_))), 0.05) - 0.05, r.uniform(-1, 1)

    strew_oddities("sand", dry_sand, 0.03, 3)
    return outdoor_look(el, fog=0.0003, target=0.27)
