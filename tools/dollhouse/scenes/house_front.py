"""A house seen from across its road."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_asphalt, m_concrete, m_ground, m_paint, m_tiles
from ..mesh import MeshBuilder, add, grid_faces
from ..registry import builds, scene
from ..things.garden import flower_bed
from ..things.ground import grass_blades, slab
from ..things.houses import house
from ..things.oddities import strew_oddities
from ..things.people import person
from ..things.street_furniture import ashcan, fence, park_bench, planter, streetlight
from ..things.trees import AUTUMN, BLOSSOM, GREENS, bush_mesh, conifer_mesh, place, tree_mesh
from ..things.vehicles import bicycle, car, minibike
from ..world import at, thing, world


@scene("house_front")
@builds("grass", "road", "sidewalk", "path", "hill", "tree", "plant")
def house_front():
    """A row of houses across a road."""
    rng = world.rng
    rw, sw = 3.2, 1.6
    grass_c = rng.choice([("#5f8a3a", "#4d7532"), ("#6d8f42", "#577a35"), ("#7b9447", "#63803a")])
    gm = m_ground(*grass_c, 1.2, bscale=40, bump=0.4)
    slab("grass", -200, 200, -40, 400, -0.02, gm, 0.3)
    slab("road", -200, 200, 3.5, 3.5 + 2 * rw, 0.0, m_asphalt())
    with thing("road"):
        b = MeshBuilder()
        for i in range(40):
            b.box(-60 + i * 4, -58 + i * 4, 3.5 + rw - 0.06, 3.5 + rw + 0.06, 0, 0.006)
        b.done(m_paint("#e9e4d2", 0.6, 0.1, 0))
    y1 = 3.5 + 2 * rw
    slab("sidewalk", -200, 200, y1, y1 + 0.2, 0.12, m_concrete("#b8b5ae", 0.85, 0.1), 0.2)
    slab(
        "sidewalk",
        -200,
        200,
        y1 + 0.9,
        y1 + 0.9 + sw,
        0.10,
        m_tiles("#b3aea5", "#a5a097", "#8a857c", 1.5, 1.6, 0.85, 0.0, 0.02),
        0.2,
    )
    slab("sidewalk", -200, 200, 3.3, 3.5, 0.12, m_concrete("#b8b5ae", 0.85, 0.1), 0.2)
    yl = y1 + 0.9 + sw
    setb = rng.uniform(7, 10)
    center = rng.uniform(-1, 1)
    yh = yl + setb
    for i in (-2, -1, 0, 1, 2):
        w = rng.uniform(8.5, 11)
        x = center + i * 17 + rng.uniform(-1, 1)
        with at(x, yh + rng.uniform(-0.8, 0.8), 0):
            house(w, rng.uniform(6.5, 8), rng.choice([1, 2, 2]))
        with at(x, 0, 0):
            slab(
                "path",
                -0.75,
                0.75,
                yl,
                yh - 1.4,
                0.02,
                m_tiles("#b9aa98", "#a39484", "#857868", 0.5, 0.5, 0.85, 0.5, 0.02),
            )
        dx = rng.choice([-1, 1]) * (w / 2 + 2.2)
        slab("path", x + dx - 1.4, x + dx + 1.4, y1, yh + 4, 0.015, m_concrete("#a9a6a0", 0.85, 0.12))
        if rng.random() < 0.6:
            with at(x + dx, yh - rng.uniform(0.5, 3), 0, rz=-math.pi / 2):
                car()
        for s_ in (-1, 1):
            for q in range(3):
                with thing("plant"), at(x + s_ * (1.9 + q * 0.95), yh - 0.5, 0.0, rz=rng.uniform(0, 6)):
                    place(bush_mesh(0.5, 0.45, rng.uniform(0.55, 0.85), 700, leaf=0.09))
        if rng.random() < 0.6:
            q0, q1 = x - 8, x + 8
            kind = rng.choice(["picket", "picket", "iron"])
            for a, b_ in ((q0, x - 0.95), (x + 0.95, q1)):
                if abs((a + b_) / 2 - (x + dx)) < (b_ - a) / 2:
                    # leave the drive open
                    parts = ((a, x + dx - 1.5), (x + dx + 1.5, b_))
                else:
                    parts = ((a, b_),)
                for p0, p1 in parts:
                    if p1 - p0 > 0.8:
                        with at(p0, yl + 0.25, 0):
                            fence(p1 - p0, kind, rng.uniform(0.85, 1.05))
    tc = rng.choice(GREENS + GREENS + AUTUMN + BLOSSOM)
    v = [
        tree_mesh(
            rng.uniform(6.5, 9.5),
            rng.uniform(2.2, 3.2),
            14000,
            tc if i == 0 else rng.choice(GREENS),
            leaf=0.16,
            trunk=0.3,
        )
        for i in range(2)
    ]
    cf = conifer_mesh(9, 1.9)
    for _ in range(5):
        with (
            thing("tree"),
            at(
                center + rng.choice([-1, 1]) * rng.uniform(5.5, 26),
                yl + rng.uniform(1.2, setb - 1.5),
                0,
                rz=rng.uniform(0, 6),
                s=rng.uniform(0.7, 1.0),
            ),
        ):
            place(rng.choice(v))
    for _ in range(16):
        with (
            thing("tree"),
            at(
                rng.uniform(-60, 60),
                yh + rng.uniform(13, 40),
                0,
                rz=rng.uniform(0, 6),
                s=rng.uniform(0.9, 1.6),
            ),
        ):
            place(rng.choice([*v, cf]))
    with thing("hill"):
        x = np.linspace(-600, 600, 90)
        y = np.linspace(120, 600, 30)
        X, Y = np.meshgrid(x, y, indexing="ij")
        Z = (Y - 120) * 0.14 * (1 + 0.8 * world.noise.fbm(X / 200, Y / 200, 4)) - 1
        add(
            (np.stack([X, Y, Z], -1).reshape(-1, 3), grid_faces(90, 30)),
            m_ground("#5d7447", "#4c6340", 0.03, bscale=0.5, bdist=1.0),
            grain="obj",
        )
    with at(center + rng.choice([-1, 1]) * rng.uniform(4, 8), y1 + 0.5, 0, rz=0):
        streetlight("modern", 6)
    if rng.random() < 0.8:
        with at(rng.uniform(-6, 6), 3.5 + rw * 1.5, 0, rz=math.pi):
            car()
    for _ in range(rng.randint(1, 4)):
        with at(
            rng.uniform(-7, 7),
            y1 + 0.9 + sw * rng.uniform(0.3, 0.7),
            0.1,
            rz=rng.choice([-1, 1]) * math.pi / 2 + rng.uniform(-0.2, 0.2),
        ):
            person(rng.uniform(1.3, 1.85))
    nprng = world.nprng
    n = 26000
    xy = np.stack([nprng.uniform(-18, 18, n), yl + setb * nprng.random(n)], 1)
    grass_blades(xy, -0.02, 0.10, (grass_c[1], "#9fb35c"), 0.012)
    n = 9000
    xy = np.stack([nprng.uniform(-8, 8, n), nprng.uniform(-1, 3.25, n)], 1)
    grass_blades(xy, -0.02, 0.12, (grass_c[1], "#9fb35c"), 0.009)
    if world.second_edition:
        _gardens(center, y1, yl, yh)
    el = outdoor_sky((110, 165))
    cx = center + rng.uniform(-7, 7)
    yaw = math.atan2(center - cx, 19)
    camera(
        (cx, -0.5, rng.uniform(1.7, 2.6)),
        yaw * 0.9,
        rng.uniform(29, 36),
        shift_y=rng.uniform(0.02, 0.06),
        clip=0.1,
    )
    strew_oddities(
        "pavement", lambda r: (r.uniform(-7, 7), y1 + 0.45, 0.0, math.pi + r.uniform(-0.1, 0.1)), 0.012, 2
    )
    strew_oddities(
        "meadow", lambda r: (r.uniform(-8, 8), r.uniform(yl + 1, yh - 1.2), 0.0, r.uniform(-1, 1)), 0.025, 3
    )
    strew_oddities("road", lambda r: (r.uniform(-6, 6), 4.6, 0.0, 0.0), 0.03, 1, tries=3)
    return outdoor_look(el, fog=0.0016, target=0.21)


def _gardens(center, curb, front, back):
    """Hedges, flower beds, bins and wheels between the y of the curb, the lots' front and the houses."""
    rng = world.rng
    hedge = bush_mesh(0.62, 0.55, 0.95, 1100, leaf=0.08)
    for i in (-2, -1, 0, 1):
        if rng.random() < 0.7:
            for k in range(int((back - front) / 0.8)):
                x, y = center + (i + 0.5) * 17, front + 0.7 + 0.8 * k
                with thing("plant"), at(x, y, -0.05, rz=rng.uniform(0, 6)):
                    place(hedge)
    for i in (-1, 0, 1):
        for s in (-1, 1):
            if rng.random() < 0.7:
                with at(center + i * 17 + s * rng.uniform(1.9, 2.6), front + rng.uniform(0.9, 2.2), 0):
                    flower_bed(rng.uniform(1.4, 2.6), rng.uniform(0.5, 0.9))
    makers = [ashcan, ashcan, bicycle, minibike, planter, park_bench]
    for k, make in enumerate(rng.sample(makers, 4)):
        x = center + (k - 1.5) * 4.2 + rng.uniform(-1, 1)
        y = front + rng.uniform(2.6, back - front - 2.4) if make in (planter, park_bench) else curb + 0.55
        with at(x, y, 0.0, rz=rng.choice([0, math.pi]) if make is not park_bench else 0):
            make()
