"""A hall of an airport or a station."""

import math

from ..camera import camera
from ..light import light_room, room_look
from ..materials import m_concrete, m_emit, m_gloss, m_marble, m_metal, m_paint, m_tiles, rgb, scaled
from ..mesh import box, cyl
from ..outside import outside
from ..registry import builds, scene
from ..shell import Room, floor_flat
from ..style import begin_room
from ..things.halls import (
    arrival_screens,
    bannister,
    conveyer_belt,
    display_case,
    escalator,
    hanging_sign,
    shop,
    stairway,
)
from ..things.lamps import bulb
from ..things.oddities import suitcase
from ..things.people import person
from ..things.plants import plant
from ..things.seating import bench
from ..things.street_furniture import ashcan
from ..world import at, thing, world

SIGNS = ["GATES A-D", "ARRIVALS", "PLATFORMS 1-6", "EXIT", "CHECK-IN", "TICKETS"]


@builds("floor", "column", "light")
@scene("terminal")
def terminal():
    """Escalators and a stairway to a gallery, shops, a baggage belt under arrival screens, travelers."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(14, 17), rng.uniform(21, 25), rng.uniform(7.2, 8.4)
    rise, deep = 4.0, rng.uniform(5.0, 6.5)  # the gallery's height and depth
    edge = D - deep
    s = rng.choice([-1, 1])  # the side of the windows and the belt; shops are on the other
    light_wall, shop_wall = ("right", "left") if s > 0 else ("left", "right")

    def across(x):  # x meters from the shops' wall
        return x if s > 0 else W - x

    rm = Room(W, D, H)
    for k in range(4):
        y = 3.0 + k * (D - 5.0) / 3.6
        rm.window(light_wall, rm.along(light_wall, y), 3.4, 1.1 if k < 3 else 4.9, H - 0.8, bars="grid")
    c = rng.choice(["#c9c3b8", "#b9bdbf", "#d3c7b2", "#a9a59e"])
    tiles = m_tiles(c, scaled(rgb(c), 0.93), scaled(rgb(c), 0.7), 0.8, 0.8, 0.18, 0.0, 0.006)
    wall = rng.choice(
        [
            m_paint(rng.choice(["#e6e1d6", "#d9dde0", "#cfd6cf"]), 0.7, 0.03, 0.05),
            m_concrete(rng.choice(["#bdb8ae", "#a9abab"]), 0.75, 0.1, 1.2),
        ]
    )
    rm.build(wall, floor_flat(rng.choice([tiles, tiles, m_marble("#d9d4ca", "#a39b90")])), crown=False)
    with thing("floor"):  # the gallery
        box(W, deep, 0.35, (W / 2, edge + deep / 2, rise - 0.35), m_paint("#efece5", 0.6, 0.03), 0)
        box(W, deep, 0.02, (W / 2, edge + deep / 2, rise), tiles, 0, grain="obj")
    # up to it: an escalator or two, a stairway beside them
    n = rng.choice([1, 2, 2])
    run = rise / math.tan(math.radians(30))
    wide = rng.uniform(2.2, 3.0)
    total = n * 1.45 + 0.5 + wide
    x0 = (W - total) / 2 + rng.uniform(-1.0, 1.0)
    flip = rng.random() < 0.5
    xs = [x0 + 0.7 + 1.45 * i + (wide + 0.5 if flip else 0) for i in range(n)]
    for x in xs:
        with at(x, edge - run + 0.02, 0):
            escalator(rise)
    xstairs = x0 + wide / 2 if flip else x0 + n * 1.45 + 0.5 + wide / 2
    with at(xstairs, edge - 24 * 0.29, 0):
        stairway(rise, wide)
    gaps = sorted([(x - 0.75, x + 0.75) for x in xs] + [(xstairs - wide / 2, xstairs + wide / 2)])
    x = 0.0
    for a, b in [*gaps, (W, W)]:
        if a - x > 0.5:
            bannister([(x + 0.05, edge + 0.06, rise), (a - 0.05, edge + 0.06, rise)])
        x = b
    steel = m_metal("#b5b8ba", 0.35) if rng.random() < 0.4 else m_paint("#e9e6df", 0.5, 0.03)
    for x in (W * 0.12, W * 0.88):
        with thing("column"):
            cyl(0.32, H, (x, edge + 0.5, 0), steel, n=36)
    # shops along one wall and under the gallery
    y = rng.uniform(3.5, 4.5)
    while y + 2 < edge - 1:
        w = rng.uniform(3.8, 4.8)
        with rm.on(shop_wall, rm.along(shop_wall, y + w / 2)):
            shop(w)
        y += w + rng.uniform(0.3, 0.9)
    for k in range(2):
        with at(W * (0.3 + 0.4 * k), D, 0):
            shop(rng.uniform(4.0, 5.0), 1.5, 3.3)
    taken = []  # where nobody can stand
    for k in range(rng.randint(1, 2)):
        x, y = across(rng.uniform(3.8, 4.6)), 5.8 + 3.2 * k
        taken.append((x, y))
        with at(x, y, 0, rz=s * math.pi / 2 + rng.uniform(-0.2, 0.2)):
            display_case(rng.uniform(1.2, 1.7))
    # the belt, with luggage on it, and the screens above
    length = rng.uniform(6.5, 8.5)
    bx, by = across(W - 3.4), 4.6 + length / 2
    with at(bx, by, 0, rz=math.pi / 2):
        h = conveyer_belt(length)
    for k in range(rng.randint(4, 7)):
        with at(bx, by - length / 2 + 0.6 + k * 1.05, h, rz=rng.uniform(-0.4, 0.4) + math.pi / 2):
            suitcase()
    with at(across(W - 4.4), by + rng.uniform(-1.0, 1.5), H, rz=-s * rng.uniform(0.0, 0.3)):
        arrival_screens(rng.choice([2, 3, 3]), H - rng.uniform(2.5, 2.9))
    with at(W * rng.uniform(0.4, 0.6), edge - run - 1.5, H):
        hanging_sign(rng.choice(SIGNS), 2.8, H - 4.9)
    # waiting
    for k in range(rng.randint(1, 3)):
        x, y = W * 0.5 + rng.uniform(-1.2, 1.2), 5.4 + 1.9 * k
        taken += [(x + dx, y) for dx in (-0.9, 0, 0.9)]
        with at(x, y, 0, rz=rng.choice([0, math.pi])):
            bench(2.2)
    with at(across(W - 5.0), edge - run - 2.0, 0):
        rng.choice([lambda: plant(1.3), ashcan])()
    with at(across(2.9), edge - 0.6, 0):
        plant(rng.uniform(1.5, 1.9))
    for _ in range(rng.randint(12, 18)):
        x, y = across(rng.uniform(3.2, W - 5.0)), rng.uniform(3.8, edge - run - 1.4)
        if any(math.hypot(x - u, y - v) < 1.1 for u, v in taken):
            continue
        taken.append((x, y))
        with at(x, y, 0, rz=rng.uniform(0, 6.28)):
            person(rng.uniform(1.5, 1.88), walk=rng.random() < 0.6)
            if rng.random() < 0.4:
                with at(0.45, 0.1, 0, rz=rng.uniform(-1, 1)):
                    suitcase()
    for _ in range(rng.randint(1, 3)):
        with at(rng.choice(xs), edge - run * rng.uniform(0.2, 0.9), 0, rz=math.pi):
            y = world.stack[-1].translation.y - (edge - run)
            step = math.floor(y / 0.4) + 1
            with at(0, 0, step * rise / int(run / 0.4)):
                person(rng.uniform(1.6, 1.85), walk=False)
    for _ in range(rng.randint(1, 4)):
        with at(rng.uniform(1.5, W - 1.5), edge + rng.uniform(0.6, 2.0), rise + 0.02, rz=rng.uniform(-1, 1)):
            person(rng.uniform(1.6, 1.85), walk=False)
    for k in range(3):
        for i in (0.28, 0.72):
            with at(W * i, 3 + k * (D - 6) / 2, H):
                with thing("light"):
                    box(1.5, 0.5, 0.06, (0, 0, -0.06), m_emit("#fff3df", 6), 0.01)
                bulb(90, (1, 0.9, 0.78), 0.5, -0.5)
    for i in (0.25, 0.75):
        with at(W * i, edge + deep * 0.5, rise - 0.4):
            with thing("light"):
                box(1.2, 0.3, 0.05, (0, 0, 0), m_gloss("#fff6e6", 0.4, 0), 0.01)
            bulb(45, (1, 0.88, 0.72), 0.4, -0.35)
    outside()
    light_room(rm, mood, light_wall)
    x = across(W * rng.uniform(0.42, 0.66))
    camera(
        (x, 0.3, rng.uniform(1.65, 2.3)),
        math.atan2(W * 0.5 - x, D * 0.6) + rng.uniform(-0.1, 0.1),
        rng.uniform(21, 25),
        shift_y=rng.uniform(0.03, 0.08),
    )
    return room_look(mood)
