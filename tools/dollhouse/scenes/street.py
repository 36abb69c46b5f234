"""A city street."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_asphalt, m_concrete, m_ground, m_metal, m_paint, m_tiles
from ..mesh import MeshBuilder, add, box, cyl, grid_faces
from ..registry import builds, scene
from ..things.buildings import building, tower
from ..things.ground import slab
from ..things.oddities import strew_oddities
from ..things.people import person
from ..things.street_furniture import ashcan, cafe, park_bench, planter, streetlight, traffic_light
from ..things.trees import AUTUMN, BLOSSOM, GREENS, place, tree_mesh
from ..things.vehicles import bicycle, car, minibike, van
from ..world import at, thing, world


@scene("street")
@builds("road", "sidewalk", "grass", "hill", "tree", "earth")
def street():
    """A street between houses: pavements, cars, people, shops."""
    rng = world.rng
    rw = rng.uniform(3.4, 5.0)  # half width of the roadway
    sw = rng.uniform(2.8, 4.2)  # pavement
    far = rng.uniform(75, 130)
    hk = 0.14
    slab("road", -rw, rw, -30, far + 30, 0, m_asphalt())
    # markings
    paint = m_paint("#e9e7e0", 0.6, 0.12, 0)
    with thing("road"):
        b = MeshBuilder()
        dash = rng.random() < 0.8
        for i in range(40):
            y = -8 + i * 4.5
            if dash:
                b.box(-0.07, 0.07, y, y + 2.2, 0, 0.006)
        for s_ in (-1, 1):
            b.box(s_ * (rw - 2.15) - 0.05, s_ * (rw - 2.15) + 0.05, -20, far, 0, 0.005)
        yc = rng.uniform(7, 14) if rng.random() < 0.6 else None
        if yc:
            n = int(2 * rw / 0.95)
            for i in range(n):
                x = -rw + 0.3 + i * 0.95
                b.box(x, x + 0.5, yc, yc + 3.0, 0, 0.007)
        b.done(paint)
        for _ in range(2):
            cyl(0.33, 0.008, (rng.uniform(-1.5, 1.5), rng.uniform(4, 25), 0), m_metal("#4a4b4d", 0.5), n=32)
    pav = rng.choice(
        [
            m_tiles("#a9a49b", "#989389", "#77736b", 0.6, 0.4, 0.8, 0.5, 0.014),
            m_tiles("#b8aca0", "#a3968a", "#7d746b", 0.3, 0.15, 0.85, 0.5, 0.01),
            m_concrete("#a5a29b", 0.85, 0.14),
        ]
    )
    curb = m_concrete("#b5b2ac", 0.8, 0.1)
    for s_ in (-1, 1):
        x0, x1 = sorted((s_ * (rw + 0.16), s_ * (rw + sw + 0.5)))
        slab("sidewalk", x0, x1, -30, far + 30, hk, pav, 0.2)
        x0, x1 = sorted((s_ * rw, s_ * (rw + 0.16)))
        with thing("sidewalk"):
            b = MeshBuilder()
            for i in range(int((far + 40) / 1.2)):
                b.box(x0, x1, -20 + i * 1.2 + 0.006, -20 + (i + 1) * 1.2 - 0.006, -0.1, hk + 0.005)
            b.done(curb, bevel=0.02, seg=2, smooth=True)
    # buildings
    tall = rng.random()
    for s_ in (-1, 1):
        y = -14.0
        while y < far:
            w = rng.uniform(7, 13)
            fl = rng.randint(3, 5) if tall < 0.7 else rng.randint(2, 3)
            gap = rng.random() < 0.07 and y > 12
            if gap:
                y += rng.uniform(2.5, 4)
                continue
            with at(
                (rw + sw) * s_, y if s_ < 0 else y + w, hk - 0.02, rz=math.pi / 2 if s_ < 0 else -math.pi / 2
            ):
                building(w, 10, fl, shop=rng.random() < 0.7)
            y += w + 0.02
    # end of the street
    k = rng.choice(["block", "trees", "tower", "hills"])
    if k in ("block", "tower"):
        with at(-9, far + 2, 0):
            building(18, 10, rng.randint(3, 5), rng.choice(["stone", "brick", "stucco"]), shop=False)
    if k == "tower" or rng.random() < 0.3:
        for _ in range(rng.randint(1, 3)):
            w = rng.uniform(16, 26)
            with at(rng.uniform(-45, 25), far + rng.uniform(25, 80), 0):
                tower(w, w * rng.uniform(0.8, 1.1), rng.uniform(45, 95))
    if k == "hills":
        with thing("hill"):
            x = np.linspace(-400, 400, 80)
            y = np.linspace(far + 60, far + 420, 30)
            X, Y = np.meshgrid(x, y, indexing="ij")
            Z = (Y - far - 60) * 0.16 * (1 + 0.6 * world.noise.fbm(X / 160, Y / 160, 4)) - 2
            add(
                (np.stack([X, Y, Z], -1).reshape(-1, 3), grid_faces(80, 30)),
                m_ground("#5d7447", "#4c6340", 0.03, bscale=0.5, bdist=1.0),
                grain="obj",
            )
    slab("road", -60, 60, far - 1, far + 60, -0.02, m_asphalt()) if k != "hills" else slab(
        "grass", -400, 400, far + 20, far + 600, -0.05, m_ground("#6b8a48", "#587a3c", 0.1)
    )
    # trees
    tc = rng.choice(GREENS + GREENS + AUTUMN + BLOSSOM[:1])
    variants = [
        tree_mesh(rng.uniform(6.5, 9), rng.uniform(1.9, 2.6), 13000, tc, leaf=0.15, trunk=0.36)
        for _ in range(3)
    ]
    if rng.random() < 0.85 or k == "trees":
        for s_ in (-1, 1):
            if rng.random() < 0.25:
                continue
            y = rng.uniform(6, 11)
            step = rng.uniform(9, 14)
            while y < far:
                x = s_ * (rw + 0.75)
                with thing("tree"), at(x, y, hk, rz=rng.uniform(0, 6.28), s=rng.uniform(0.85, 1.1)):
                    place(rng.choice(variants))
                with thing("earth"):
                    box(1.0, 1.0, 0.012, (x, y, hk), m_ground("#4a3b2c", "#5d4b38", 8), 0)
                y += step * rng.uniform(0.9, 1.15)
    if k == "trees":
        for _ in range(14):
            with (
                thing("tree"),
                at(
                    rng.uniform(-22, 22),
                    far + rng.uniform(4, 16),
                    0,
                    rz=rng.uniform(0, 6),
                    s=rng.uniform(1.1, 1.6),
                ),
            ):
                place(rng.choice(variants))
    # lights
    lk = rng.choice(["modern", "gray", "lantern"])
    for s_ in (-1, 1):
        y = rng.uniform(9, 15)
        while y < far:
            with at(s_ * (rw + 0.45), y, hk, rz=-s_ * math.pi / 2 if lk != "lantern" else 0):
                streetlight(lk)
            y += rng.uniform(17, 22)
    if yc:
        for s_ in (-1, 1):
            with at(s_ * (rw + 0.4), yc - 0.6, hk):
                traffic_light()
    # parked and moving cars
    used = []
    for s_ in (-1, 1):
        y = rng.uniform(6, 10)
        while y < far - 8:
            near_cross = yc and yc - 3.5 < y < yc + 6.5
            if rng.random() < 0.62 and not near_cross:
                with at(
                    s_ * (rw - 1.08),
                    y,
                    0,
                    rz=(math.pi / 2 if s_ > 0 else -math.pi / 2) + rng.uniform(-0.02, 0.02),
                ):
                    if rng.random() < 0.12:
                        van("van")
                    else:
                        car()
            y += rng.uniform(5.4, 7.5)
    lane = (rw - 2.15) / 2
    for _ in range(rng.randint(1, 3)):
        s_ = rng.choice([-1, 1])
        y = rng.uniform(16, 60)
        if any(abs(y - u) < 8 and q == s_ for u, q in used):
            continue
        used.append((y, s_))
        with at(s_ * max(lane, 1.0), y, 0, rz=math.pi / 2 if s_ > 0 else -math.pi / 2):
            van("bus") if (rng.random() < 0.2 and rw > 4.2 and y > 25) else car()
    # people
    for _ in range(rng.randint(6, 13)):
        s_ = rng.choice([-1, 1])
        y = 4.5 + 38 * rng.random() ** 1.6
        with at(
            s_ * (rw + rng.uniform(1.2, sw - 0.4)),
            y,
            hk,
            rz=rng.choice([0, math.pi]) + rng.uniform(-0.3, 0.3),
        ):
            person(rng.uniform(1.58, 1.86))
            if rng.random() < 0.3:
                with at(rng.choice([-0.55, 0.55]), rng.uniform(-0.1, 0.1), 0):
                    person(rng.uniform(1.55, 1.85))
    if yc and rng.random() < 0.6:
        with at(rng.uniform(-rw * 0.6, rw * 0.6), yc + 1.5, 0, rz=rng.choice([-1, 1]) * math.pi / 2):
            person(rng.uniform(1.6, 1.85))
    # furniture of the pavement
    for s_ in (-1, 1):
        for y in (rng.uniform(5, 9), rng.uniform(14, 22), rng.uniform(26, 34)):
            k2 = rng.random()
            xk = s_ * (rw + 0.65)
            if k2 < 0.22:
                with at(s_ * (rw + sw - 0.9), y, hk, rz=math.pi / 2):
                    cafe(rng.randint(2, 3))
            elif k2 < 0.4:
                with at(xk, y, hk, rz=math.pi / 2 * s_):
                    park_bench()
            elif k2 < 0.58:
                with at(xk, y, hk):
                    ashcan()
            elif k2 < 0.76:
                with at(xk, y, hk, rz=math.pi / 2 + rng.uniform(-0.2, 0.2)):
                    minibike() if world.second_edition and rng.random() < 0.6 else bicycle()
            else:
                with at(s_ * (rw + sw - 0.6), y, hk):
                    planter()
    el = outdoor_sky((110, 160))
    side = rng.choice([-1, 1])
    cx = side * rng.choice([rw + 1.2, rw - 2.4, 0.6, rw + sw * 0.55])
    yaw = math.atan2(-cx * 0.9, 34) + rng.uniform(-0.06, 0.06)
    camera(
        (cx, 0, rng.uniform(1.55, 2.3)), yaw, rng.uniform(24, 31), shift_y=rng.uniform(0.07, 0.13), clip=0.2
    )
    sides = (-1, 1)
    strew_oddities("facade", lambda r: _facade(r.choice(sides), rw + sw - 1.6, r.uniform(7, 30), hk), 0.02, 1)
    strew_oddities(
        "road", lambda r: (r.choice(sides) * (rw - 1.1), r.uniform(5, 22), 0, math.pi / 2), 0.015, 2
    )
    strew_oddities(
        "pavement",
        lambda r: (
            r.choice(sides) * (rw + r.uniform(0.4, sw - 0.5)),
            4 + 14 * r.random() ** 2,
            hk,
            r.uniform(-3, 3),
        ),
        0.05,
        7,
    )
    return outdoor_look(el, fog=0.0013, target=0.21)


def _facade(side, x, y, z):
    """A spot in front of the houses on one side, facing the road."""
    return side * x, y, z, -side * math.pi / 2
