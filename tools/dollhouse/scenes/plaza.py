"""A town square."""

import math

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_tiles, rgb, scaled
from ..registry import builds, scene
from ..things.buildings import building, tower
from ..things.garden import flower_bed
from ..things.ground import slab
from ..things.oddities import strew_oddities
from ..things.people import person
from ..things.square import flagpole, fountain, kiosk, market_stall, monument, portico
from ..things.street_furniture import ashcan, cafe, park_bench, planter, streetlight
from ..things.trees import AUTUMN, BLOSSOM, GREENS, place, tree_mesh
from ..things.vehicles import bicycle, minibike
from ..world import at, thing, world


@builds("sidewalk", "tree", "road")
@scene("plaza")
def plaza():
    """A paved square with a fountain or a monument, a portico or houses behind, stalls and people."""
    rng = world.rng
    half, depth = rng.uniform(17, 22), rng.uniform(42, 52)
    c = rng.choice(["#b8aca0", "#a9a49b", "#c2b5a0"])
    w, h, shift = rng.choice([(0.6, 0.4, 0.5), (0.3, 0.15, 0.5), (1.0, 1.0, 0.0)])
    paving = m_tiles(c, scaled(rgb(c), 0.88), scaled(rgb(c), 0.6), w, h, 0.8, shift, 0.014)
    slab("sidewalk", -80, 80, -30, depth + 40, 0, paving, 0.3)
    # what surrounds it
    grand = rng.random() < 0.55
    if grand:
        with at(0, depth, 0):
            portico(rng.uniform(22, 28), rng.choice([6, 8, 8]))
        x = 22.0
    else:
        x = 0.0
        for s in (-1, 1):
            x = 0.0
            while x < half + 14:
                b = rng.uniform(8, 12)
                with at(x if s > 0 else -x - b, depth, 0):
                    building(b, 10, rng.randint(2, 4))
                x += b + 0.02
    for s in (-1, 1):
        y = -16.0
        while y < depth - 6:
            b = rng.uniform(8, 13)
            with at(s * half, y if s < 0 else y + b, 0, rz=math.pi / 2 if s < 0 else -math.pi / 2):
                building(b, 10, rng.randint(2, 4), shop=rng.random() < 0.75)
            y += b + (0.02 if rng.random() < 0.8 else 5.0)
    if rng.random() < 0.4:
        with at(rng.uniform(-30, 10), depth + 70, 0):
            tower(20, 18, rng.uniform(45, 80))
    # the middle
    middle = rng.uniform(17, 22)
    with at(rng.uniform(-3, 3), middle, 0):
        fountain(rng.uniform(2.8, 3.6)) if rng.random() < 0.65 else monument()
    for i in range(rng.choice([0, 2, 3])):
        with at((i - 1) * 2.6 + (9 if rng.random() < 0.5 else -9), middle + 10, 0):
            flagpole(rng.uniform(7, 9))
    stalls = rng.choice([0, 2, 3])
    side = rng.choice([-1, 1])
    for i in range(stalls):
        with at(side * (half - 5.5), 9 + 4.2 * i, 0, rz=side * math.pi / 2 * -1 + rng.uniform(-0.1, 0.1)):
            market_stall()
    with at(-side * rng.uniform(6.5, 9), rng.uniform(11, 15), 0, rz=-side * rng.uniform(-0.8, -0.2)):
        kiosk(rng.choice(["NEWS", "FLOWERS", "ICES"]))
    with at(-side * (half - 3.2), rng.uniform(8, 12), 0, rz=math.pi / 2):
        cafe(4)
    colors = rng.choice([GREENS, GREENS, AUTUMN, BLOSSOM])
    kinds = [
        tree_mesh(rng.uniform(6, 8), rng.uniform(1.9, 2.5), 12000, rng.choice(colors), leaf=0.15, trunk=0.36)
        for _ in range(2)
    ]
    for s in (-1, 1):
        for y in range(8, int(depth) - 8, 8):
            if rng.random() < 0.6:
                with (
                    thing("tree"),
                    at(
                        s * (half - 8.2),
                        y + rng.uniform(-1, 1),
                        0,
                        rz=rng.uniform(0, 6),
                        s=rng.uniform(0.8, 1.05),
                    ),
                ):
                    place(rng.choice(kinds))
    for s in (-1, 1):
        for y in (10, 24, 36):
            with at(s * (half - 6.6), y + rng.uniform(-1, 1), 0):
                streetlight("lantern")
    for _ in range(rng.randint(2, 4)):
        with at(
            rng.choice([-1, 1]) * rng.uniform(4.5, 8), middle + rng.uniform(-7, 5), 0, rz=rng.uniform(0, 6.28)
        ):
            park_bench()
    wheels = minibike if world.second_edition and rng.random() < 0.6 else bicycle
    for make in (ashcan, planter, planter, wheels):
        with at(rng.uniform(-9, 9), rng.uniform(6, 14), 0, rz=rng.uniform(0, 6.28)):
            make()
    for _ in range(rng.randint(10, 20)):
        with at(rng.uniform(-10, 10), 5 + 26 * rng.random(), 0, rz=rng.uniform(0, 6.28)):
            person(rng.uniform(1.3, 1.86))
    if world.second_edition:
        _more_life(half, middle)
    elevation = outdoor_sky((95, 160))
    cx = rng.uniform(-5, 5)
    camera(
        (cx, -1.0, rng.uniform(1.6, 2.4)),
        math.atan2(-cx, 26) + rng.uniform(-0.12, 0.12),
        rng.uniform(24, 30),
        shift_y=rng.uniform(0.05, 0.11),
        clip=0.2,
    )
    strew_oddities(
        "pavement", lambda r: (r.uniform(-9, 9), 4 + 14 * r.random() ** 1.5, 0, r.uniform(-3, 3)), 0.05, 6
    )
    return outdoor_look(elevation, fog=0.0011, target=0.21)


def _more_life(half, middle):
    """Flower beds and benches around the middle, cafe tables at both sides, a row of parked bicycles."""
    rng = world.rng
    for k in range(6):
        a = k * math.pi / 3 + rng.uniform(-0.2, 0.2)
        r = rng.uniform(5.2, 6.4)
        with at(r * math.cos(a), middle + r * math.sin(a), 0, rz=a + math.pi / 2):
            flower_bed(rng.uniform(1.6, 2.6), 0.8)
    for s in (-1, 1):
        for y in (8.0, 12.5, 17.0):
            if rng.random() < 0.6:
                with at(s * (half - 2.6), y + rng.uniform(-0.6, 0.6), 0, rz=math.pi / 2):
                    cafe(rng.randint(2, 3))
    s, y = rng.choice([-1, 1]), rng.uniform(7, 10)
    for k in range(rng.randint(2, 4)):
        with at(s * rng.uniform(6.8, 7.2), y + 0.75 * k, 0, rz=rng.uniform(-0.1, 0.1)):
            minibike() if rng.random() < 0.3 else bicycle()
