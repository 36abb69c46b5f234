"""A mountain lake."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_ground, m_mountain, m_water, m_wood
from ..mesh import add, box, grid_faces, tube
from ..registry import builds, scene
from ..things.boats import boat
from ..things.ground import grass_blades, mountain_range, rock, slab
from ..things.oddities import strew_oddities
from ..things.street_furniture import park_bench
from ..things.trees import conifer_mesh, place
from ..world import at, thing, world


@scene("lake")
@builds("lake", "water", "earth", "grass", "rock", "tree", "pier")
def lake():
    """A lake, mountains, conifers, a boat or a jetty."""
    rng = world.rng
    nprng = world.nprng
    snow = rng.choice([0.5, 0.6, 0.75, 1.3])
    mountain_range(
        520, 1500, 1700, rng.uniform(300, 460), rng.randrange(1 << 20), mat=m_mountain(snow), nx=300, ny=110
    )
    mountain_range(
        230,
        560,
        800,
        rng.uniform(55, 110),
        rng.randrange(1 << 20),
        "hill",
        m_mountain(1.5, "#42583a", "#5c6650", 3.0),
        nx=200,
        ny=50,
        sharp=0.8,
    )
    shore = rng.uniform(7, 11)
    # near bank
    nz = world.noise
    x = np.linspace(-60, 60, 160)
    y = np.linspace(-6, 40, 90)
    X, Y = np.meshgrid(x, y, indexing="ij")
    edge = shore + 3.5 * nz.fbm(X / 16, 0 * X + 3, 3) + np.abs(X) * 0.22
    H = np.clip((edge - Y) * 0.16, -2, 1.3) + 0.12 * nz.fbm(X / 2.5, Y / 2.5, 3)
    with thing("grass"):
        lawn = rng.choice([("#6d8240", "#54692f"), ("#87853f", "#66702f"), ("#5c7f3a", "#4a6b30")])
        add(
            (np.stack([X, Y, H], -1).reshape(-1, 3), grid_faces(160, 90)),
            m_ground(*lawn, 0.8, bscale=12, bdist=0.08),
            grain="obj",
        )

    def hgt(px, py):
        e = shore + 3.5 * nz.fbm(px / 16, 0 * px + 3, 3) + np.abs(px) * 0.22
        return np.clip((e - py) * 0.16, -2, 1.3) + 0.12 * nz.fbm(px / 2.5, py / 2.5, 3)

    n = 30000
    px = nprng.uniform(-9, 9, n) * (0.35 + nprng.random(n))
    py = nprng.uniform(-1, shore + 3, n)
    h = hgt(px, py)
    k = h > 0.08
    grass_blades(np.stack([px, py], 1)[k], h[k] - 0.02, 0.17, (lawn[1], "#b3b35e"), 0.009)
    slab(
        "lake" if rng.random() < 0.6 else "water",
        -900,
        900,
        -30,
        600,
        0,
        m_water(rng.choice(["#1d4250", "#24505a", "#2a4a5e"]), 0.6, 0.03, 0.16),
        0.05,
    )
    rm = m_ground("#77726a", "#96918a", 2.2, bump=0.7)
    for _ in range(rng.randint(7, 12)):
        x_ = rng.uniform(-10, 10)
        y_ = shore + rng.uniform(-3, 2.0)
        with thing("rock"), at(x_, y_, float(hgt(np.array(x_), np.array(y_))) + 0.05, rz=rng.uniform(0, 6)):
            rock(rng.uniform(0.2, 0.75), rm)
    # conifers: near ones frame the view, far ones clothe the opposite bank
    v = [
        conifer_mesh(
            rng.uniform(8, 11),
            rng.uniform(1.6, 2.2),
            rng.choice([("#27482f", "#4b6f42"), ("#2f5238", "#5a7d45"), ("#33503a", "#6b8a55")]),
        )
        for _ in range(3)
    ]
    side = rng.choice([-1, 1])
    for i in range(7):
        s_ = side if i < 5 else -side
        y_ = rng.uniform(9, 17)
        x_ = s_ * (rng.uniform(0.42, 0.8) * y_ + 1)
        with (
            thing("tree"),
            at(
                x_,
                y_,
                max(float(hgt(np.array(x_), np.array(y_))), 0.05) - 0.05,
                rz=rng.uniform(0, 6),
                s=rng.uniform(0.75, 1.2),
            ),
        ):
            place(rng.choice(v))
    for _ in range(240):
        x_ = rng.uniform(-230, 230)
        y_ = rng.uniform(205, 250) + abs(x_) * 0.05
        with (
            thing("tree"),
            at(
                x_,
                y_,
                rng.uniform(0, 0.8) + max(0, (y_ - 215) * 0.12),
                rz=rng.uniform(0, 6),
                s=rng.uniform(1.0, 1.9),
            ),
        ):
            place(rng.choice(v))
    slab("earth", -500, 500, 198, 420, 0.25, m_ground("#5d6a42", "#77704f", 0.3), 0.6)
    k = rng.choice(["pier", "boat", "pier", "none", "bench"])
    if k == "pier":
        px_ = rng.uniform(-2.5, 2.5)
        with thing("pier"):
            w = m_wood("#8f7a62", rough=0.8)
            for i in range(46):
                y_ = shore - 2 + i * 0.24
                box(1.5, 0.2, 0.05, (px_, y_, 0.42), w, 0.006)
            for i in range(5):
                for s_ in (-1, 1):
                    tube(
                        [
                            (px_ + s_ * 0.72, shore - 1 + i * 2.2, -1.2),
                            (px_ + s_ * 0.72, shore - 1 + i * 2.2, 0.95 if i % 2 == 0 else 0.5),
                        ],
                        0.07,
                        w,
                        n=10,
                    )
            for s_ in (-1, 1):
                box(0.1, 11, 0.12, (px_ + s_ * 0.6, shore + 3.3, 0.3), w, 0.01)
    if k in ("boat", "pier"):
        with at(rng.uniform(-5, 5), shore + rng.uniform(8, 14), 0, rz=rng.uniform(0, 6)):
            boat()
    if k == "bench":
        with at(rng.uniform(-2, 2), 6, float(hgt(np.array(0.0), np.array(6.0))), rz=math.pi):
            park_bench()
    el = outdoor_sky((40, 130), rng.choice([rng.uniform(0.35, 0.6), rng.uniform(0.16, 0.24)]))
    camera(
        (rng.uniform(-1, 1), 0, float(hgt(np.array(0.0), np.array(0.0))) + rng.uniform(1.5, 1.9)),
        rng.uniform(-0.08, 0.08),
        rng.uniform(24, 32),
        shift_y=rng.uniform(0.02, 0.07),
        clip=0.2,
    )

    def meadow(r):
        x_, y_ = r.uniform(-3.5, 3.5), r.uniform(3.6, shore - 1.5)
        return x_, y_, float(hgt(np.array(x_), np.array(y_))) - 0.03, r.uniform(-1, 1)

    strew_oddities("meadow", meadow, 0.035, 2)
    strew_oddities(
        "sky", lambda r: (r.uniform(-50, 50), r.uniform(70, 160), r.uniform(18, 40), r.uniform(0, 3)), 0.02, 1
    )
    return outdoor_look(el, fog=0.00032, target=0.20)
