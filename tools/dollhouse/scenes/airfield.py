"""An airport's apron."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky, sky
from ..materials import m_asphalt, m_concrete, m_ground, m_mountain, m_paint, m_tiles
from ..mesh import MeshBuilder
from ..registry import builds, scene
from ..things.airfield import airliner, baggage_train, boarding_stairs, control_tower, hangar, windsock
from ..things.buildings import building
from ..things.ground import grass_blades, mountain_range, slab
from ..things.oddities import cone
from ..things.people import person
from ..things.street_furniture import fence, streetlight
from ..things.trees import GREENS, place, tree_mesh
from ..things.vehicles import van
from ..world import at, thing, world


@builds("runway", "road", "grass", "tree", "hill")
@scene("airfield")
def airfield():
    """Airliners on the apron, stairs and carts around them; runway, tower and hangars behind."""
    rng, nprng = world.rng, world.nprng
    lawn = rng.choice([("#6d8240", "#54692f"), ("#8f8a4a", "#6f7a3a"), ("#6d8f42", "#577a35")])
    slab("grass", -600, 600, -60, 900, -0.06, m_ground(*lawn, 0.3, bscale=15, bump=0.4), 0.3)
    # "runway" is what ADE20K's annotators called all the paving that airplanes use
    slab(
        "runway", -90, 90, -20, 62, 0, m_tiles("#a9a59c", "#a09c93", "#7f7b74", 6.0, 6.0, 0.85, 0, 0.06), 0.3
    )
    slab("runway", -600, 600, 105, 150, 0, m_asphalt(), 0.3)
    slab("runway", -14, 14, 60, 106, 0.01, m_asphalt(), 0.3)
    with thing("runway"):
        b = MeshBuilder()
        for i in range(40):
            b.box(-590 + 30 * i, -575 + 30 * i, 127, 128, 0, 0.02)
        b.box(-600, 600, 106, 106.8, 0, 0.02)
        b.box(-600, 600, 148.2, 149, 0, 0.02)
        b.done(m_paint("#ecebe4", 0.6, 0.05, 0))
        y = MeshBuilder()
        y.box(-90, 90, 50.0, 50.4, 0, 0.02)
        for x in (-42, 0, 42):
            y.box(x - 0.15, x + 0.15, 8, 50, 0, 0.02)
        y.box(-0.15, 0.15, 50, 106, 0.01, 0.03)
        y.done(m_paint("#e0b12f", 0.6, 0.05, 0))
    # the airplanes
    s = rng.choice([-1, 1])
    length = rng.uniform(26, 33)
    px, py = s * rng.uniform(1, 6), rng.uniform(25, 31)
    turn = rng.choice([0, math.pi]) + rng.uniform(-0.35, 0.35)
    with at(px, py, 0, rz=turn):
        airliner(length)
        side = -1 if math.cos(turn) > 0 else 1  # the side that faces us
        with at(length * 0.31, side * (length * 0.058 + 0.7), 0, rz=math.pi if side > 0 else 0):
            boarding_stairs(length * 0.095)
    for i, q in enumerate(rng.sample([-1, 1], 2)[: rng.randint(1, 2)]):
        with at(
            px + q * rng.uniform(44, 52),
            py + 8 + 5 * i,
            0,
            rz=rng.uniform(-0.5, 0.5) + rng.choice([0, math.pi]),
        ):
            airliner(rng.uniform(24, 32))
    if rng.random() < 0.5:
        with at(rng.uniform(-80, 80), 128, 0, rz=rng.choice([0, math.pi])):
            airliner(rng.uniform(26, 34))
    # around them
    with at(
        px - s * rng.uniform(6, 12),
        rng.uniform(11, 16),
        0,
        rz=rng.uniform(-0.4, 0.4) + (math.pi if s > 0 else 0),
    ):
        baggage_train(rng.randint(2, 4))
    with at(px + s * rng.uniform(6, 12), rng.uniform(13, 18), 0, rz=rng.uniform(-0.6, 0.6)):
        van(rng.choice(["truck", "van", "bus"]))
    for _ in range(rng.randint(2, 5)):
        with at(rng.uniform(-8, 8), rng.uniform(6, 15), 0):
            cone()
    for _ in range(rng.randint(2, 6)):
        with at(px + rng.uniform(-12, 12), rng.uniform(8, 20), 0, rz=rng.uniform(0, 6.28)):
            person(rng.uniform(1.6, 1.86))
    with at(s * 15, 66, 0):
        windsock()
    # buildings on the far side
    bx = rng.uniform(-60, 20)
    with at(bx, 190, 0):
        control_tower(rng.uniform(24, 32))
    for i in range(rng.randint(2, 4)):
        with at(-130 + 62 * i + rng.uniform(-8, 8), 205, 0):
            hangar(rng.uniform(30, 42), 26, rng.uniform(10, 13))
    with at(bx + 8, 200, 0):
        building(44, 18, rng.randint(1, 2), "modern", shop=False)
    for i in range(5):
        with at(-80 + 40 * i, 60, 0):
            streetlight("gray", 12.0)
    with at(-90, 230, 0):
        fence(180, "iron", 2.0)
    kinds = [
        tree_mesh(rng.uniform(7, 10), rng.uniform(2.4, 3.4), 7000, rng.choice(GREENS), leaf=0.22)
        for _ in range(2)
    ]
    for _ in range(70):
        with (
            thing("tree"),
            at(
                rng.uniform(-330, 330),
                rng.uniform(245, 300),
                -0.2,
                rz=rng.uniform(0, 6),
                s=rng.uniform(0.9, 1.6),
            ),
        ):
            place(rng.choice(kinds))
    n = 9000
    grass_blades(
        np.stack([nprng.uniform(-40, 40, n), 62.2 + 12 * nprng.random(n)], 1),
        -0.06,
        0.3,
        (lawn[1], "#b3b35e"),
        0.02,
    )
    mountain_range(
        420,
        1400,
        1600,
        rng.uniform(70, 190),
        rng.randrange(1 << 20),
        "hill",
        m_mountain(2.0, "#5d7447", "#66705a", 1.5),
        170,
        50,
        0.8,
    )
    if not world.second_edition and rng.random() < 0.3:  # overcast
        elevation = rng.uniform(0.5, 0.8)
        sky(elevation, rng.uniform(0, 6), 1.0, clouds=1.0, sun_size=0.2, sun_scale=0.12)
    else:
        elevation = outdoor_sky((80, 160))
    slab("runway", -90, 90, -25, -20, 0, m_concrete(), 0.3)
    cx = rng.uniform(-5, 5)
    high = rng.random() < 0.4
    camera(
        (cx, 0, rng.uniform(4.5, 6.5) if high else rng.uniform(1.65, 2.2)),
        math.atan2(px * 0.6 - cx, 30) + rng.uniform(-0.08, 0.08),
        rng.uniform(24, 30),
        shift_y=rng.uniform(-0.06, -0.01) if high else rng.uniform(0.03, 0.08),
        clip=0.2,
    )
    return outdoor_look(elevation, fog=0.0009, target=0.22)
