"""A highway through open country."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_asphalt, m_ground, m_mountain, m_paint
from ..mesh import MeshBuilder, box
from ..registry import builds, scene
from ..things.ground import grass_blades, mountain_range, slab
from ..things.houses import house
from ..things.oddities import cone
from ..things.roadside import gantry, guard_rail, overpass, power_line, wind_turbine
from ..things.street_furniture import streetlight
from ..things.trees import AUTUMN, GREENS, bush_mesh, conifer_mesh, place, tree_mesh
from ..things.vehicles import car, van
from ..world import at, thing, world

LANE = 3.6


@builds("road", "field", "grass", "tree", "plant", "railing")
@scene("highway")
def highway():
    """Two carriageways, crash barriers, signs, traffic; an overpass or hills ahead."""
    rng, nprng = world.rng, world.nprng
    lanes = rng.choice([2, 2, 3])
    inner, outer = 2.0, 2.0 + LANE * lanes + 2.6  # of each carriageway, with its hard shoulder
    lawn = rng.choice([("#6d8240", "#54692f"), ("#7b9447", "#63803a"), ("#8f8a4a", "#6f7a3a")])
    slab("grass", -120, 120, -40, 700, -0.12, m_ground(*lawn, 0.5, bscale=20, bump=0.4), 0.4)
    for s in (-1, 1):
        x0, x1 = sorted((s * inner, s * outer))
        slab("road", x0, x1, -40, 700, 0, m_asphalt(), 0.3)
        crop = rng.choice(
            [("#a5a04a", "#8f8f3f"), ("#6f8f3f", "#8fa552"), ("#c9b25f", "#b59f4f"), ("#7a5f45", "#8f7052")]
        )
        a, b = sorted((s * 120, s * 800))
        slab("field", a, b, -40, 900, -0.5, m_ground(*crop, 0.12, bscale=6, bump=0.5), 0.5)
        a, b = sorted((s * (outer + 14), s * 121))
        slab(
            "field", a, b, 20, 260, -0.05, m_ground(*rng.choice([crop, lawn]), 0.3, bscale=10, bump=0.5), 0.3
        )
    with thing("road"):
        b = MeshBuilder()
        for s in (-1, 1):
            for x in (s * (inner + 0.35), s * (inner + 0.5 + LANE * lanes)):
                b.box(x - 0.09, x + 0.09, -40, 700, 0, 0.008)
            for k in range(1, lanes):
                for i in range(50):
                    x = s * (inner + 0.45 + LANE * k)
                    b.box(x - 0.07, x + 0.07, -10 + i * 12, -4 + i * 12, 0, 0.008)
        b.done(m_paint("#e9e7e0", 0.6, 0.1, 0))
    for x, turn in ((-outer - 0.6, math.pi), (outer + 0.6, 0), (-0.9, 0), (0.9, math.pi)):
        with at(x, 560 if turn else -20, 0, rz=turn):
            guard_rail(580)
    # traffic: on the right it drives away from us
    for s in (-1, 1):
        for k in range(lanes):
            y = rng.uniform(9, 26)
            while y < 330:
                x = s * (inner + 0.45 + LANE * (k + 0.5))
                with at(x, y, 0, rz=s * math.pi / 2):
                    q = rng.random()
                    heavy = k == lanes - 1
                    if q < (0.45 if heavy else 0.06):
                        van("truck")
                    elif q < (0.6 if heavy else 0.18):
                        van(rng.choice(["van", "van", "bus"]))
                    else:
                        car()
                y += rng.uniform(16, 60)
    # above and beside the road
    far = rng.choice(["overpass", "overpass", "open"])
    if far == "overpass":
        with at(0, rng.uniform(75, 150), 0):
            overpass()
    if rng.random() < 0.75:
        with at(0, rng.uniform(34, 58), 0):
            gantry(1.0, outer + 1.6)
    if rng.random() < 0.6:
        side = rng.choice([-1, 1])
        for i in range(9):
            with at(side * (outer + 1.6), 18 + i * 32, 0, rz=-side * math.pi / 2):
                streetlight("gray", 9.0)
    side, x = rng.choice([-1, 1]), rng.uniform(42, 65)
    power_line([(side * (x + 0.09 * y), y) for y in (45, 165, 285, 405)], rng.uniform(26, 34))
    if rng.random() < 0.5:
        for i in range(5):
            with at(outer - 0.9 - 0.1 * i, 12 + 5.0 * i, 0):
                cone()
    turbines = rng.choice([0, 3, 5])
    away = rng.choice([-1, 1])
    for i in range(turbines):
        with at(away * (95 + 40 * i) + rng.uniform(-15, 15), 150 + 55 * i, -0.5, rz=rng.uniform(-0.3, 0.3)):
            wind_turbine(rng.uniform(60, 75))
    # trees, hedges, a farm
    colors = rng.choice([GREENS, GREENS, GREENS + AUTUMN])
    kinds = [
        tree_mesh(rng.uniform(7, 11), rng.uniform(2.4, 3.6), 9000, rng.choice(colors), leaf=0.2)
        for _ in range(3)
    ]
    kinds.append(conifer_mesh(11, 2.3))
    for _ in range(90):
        s = rng.choice([-1, 1])
        y = 25 + 420 * rng.random() ** 1.4
        x = s * (outer + rng.uniform(7, 11) if rng.random() < 0.5 else outer + rng.uniform(12, 190))
        with thing("tree"), at(x, y, -0.2, rz=rng.uniform(0, 6), s=rng.uniform(0.8, 1.3)):
            place(rng.choice(kinds))
    for _ in range(26):
        s = rng.choice([-1, 1])
        with (
            thing("plant"),
            at(s * (outer + rng.uniform(2.5, 6)), rng.uniform(9, 120), -0.2, rz=rng.uniform(0, 6)),
        ):
            place(bush_mesh(rng.uniform(0.6, 1.3), rng.uniform(0.6, 1.3), rng.uniform(0.5, 1.0), 600))
    for _ in range(rng.randint(0, 4)):
        with at(
            rng.choice([-1, 1]) * rng.uniform(50, 110), rng.uniform(90, 240), -0.3, rz=rng.uniform(-1, 1)
        ):
            house(rng.uniform(9, 13), rng.uniform(7, 9), rng.choice([1, 2]))
    n = 16000
    x = nprng.choice([-1, 1], n) * (outer + 0.3 + 5 * nprng.random(n))
    grass_blades(np.stack([x, 3 + 34 * nprng.random(n) ** 1.4], 1), -0.12, 0.26, (lawn[1], "#b3b35e"), 0.014)
    peaks, seed = rng.uniform(70, 150), rng.randrange(1 << 20)
    mountain_range(
        700, 1500, 1600, peaks, seed, "hill", m_mountain(2.0, "#5d7447", "#66705a", 1.5), 160, 50, 0.8
    )
    if rng.random() < 0.5:
        mountain_range(
            1600,
            3000,
            3200,
            rng.uniform(350, 600),
            rng.randrange(1 << 20),
            mat=m_mountain(0.6),
            nx=200,
            ny=60,
        )
    # from a bridge, or from the hard shoulder
    high = rng.random() < 0.6
    cx = rng.choice([-1, 1]) * rng.uniform(0, 4) if high else outer - 0.8
    if high:
        with thing("railing"):
            box(60, 0.12, 0.1, (0, 1.35, 5.55), m_paint("#8d9296", 0.5), 0.02)
    elevation = outdoor_sky((60, 160))
    z = rng.uniform(6.2, 7.4) if high else rng.uniform(1.6, 2.2)
    camera(
        (cx, 0, z),
        -cx / 90,
        rng.uniform(26, 34),
        shift_y=rng.uniform(-0.15, -0.08) if high else rng.uniform(0.03, 0.08),
        clip=0.2,
    )
    return outdoor_look(elevation, fog=0.0011, target=0.21)
