"""A harbor."""

import math

from ..camera import camera
from ..light import outdoor_look, outdoor_sky, sky
from ..materials import m_asphalt, m_brick, m_concrete, m_ground, m_mountain, m_water
from ..mesh import MeshBuilder
from ..registry import builds, scene
from ..things.boats import boat, sailboat
from ..things.buildings import building
from ..things.countryside import barrel
from ..things.ground import mountain_range, rock, slab
from ..things.harbor import bollard, containers, crane, crate, fishing_nets, lighthouse, ship
from ..things.people import person
from ..things.street_furniture import park_bench, streetlight
from ..things.vehicles import van
from ..world import at, thing, world


@builds("pier", "water", "sea", "rock", "hill")
@scene("harbor")
def harbor():
    """A quay with ships alongside; cranes and containers, or fishing boats and houses; a lighthouse."""
    rng = world.rng
    s = rng.choice([-1, 1])  # the water lies on this side
    z = 1.3
    edge = rng.uniform(1.5, 3.0)
    water = m_water(rng.choice(["#1d4250", "#1f4f5f", "#2a4a4a"]), 0.5, 0.05, 0.4)
    slab(rng.choice(["water", "sea"]), -2500, 2500, -60, 3000, 0, water, 0.05)
    x0, x1 = sorted((s * edge, -s * 140))
    paving = rng.choice(
        [
            m_concrete("#a5a29b", 0.85, 0.2),
            m_brick("#a39c90", "#8f887c", "#6b665e", 0.3, 0.2, axis="xy"),
            m_asphalt(),
        ]
    )
    with thing("pier"):
        b = MeshBuilder()
        b.box(x0, x1, -40, 260, -3, z, 0.5)
        b.done(paving)
        b = MeshBuilder()
        a, c = sorted((s * (edge - 0.5), s * (edge + 0.06)))
        for i in range(60):
            b.box(a, c, -12 + i * 4.5, -7.6 + i * 4.5, -0.8, z + 0.12)
        b.done(m_concrete("#8f8b84", 0.8, 0.25), bevel=0.04, smooth=True)
    for i in range(14):
        with at(s * (edge - 0.9), 6 + i * 9, z):
            bollard()
    # ships alongside and out on the water
    y = rng.uniform(16, 24)
    for _ in range(rng.randint(2, 4)):
        length = rng.uniform(24, 40)
        with at(s * (edge + length * 0.1 + 1.0), y + length / 2, 0, rz=math.pi / 2 * rng.choice([-1, 1])):
            ship(length)
        y += length + rng.uniform(4, 18)
    for _ in range(rng.randint(2, 4)):
        with at(s * rng.uniform(edge + 3, edge + 7), rng.uniform(7, 14), 0.0, rz=rng.uniform(0, 6.28)):
            boat()
    for _ in range(rng.randint(2, 5)):
        with at(s * rng.uniform(30, 120), rng.uniform(50, 170), 0, rz=rng.uniform(0, 6.28)):
            sailboat()
    with at(s * rng.uniform(55, 110), rng.uniform(150, 260), 1.5):
        lighthouse(rng.uniform(15, 20))
        stone = m_ground("#77726a", "#96918a", 1.2, bump=0.7)
        for i in range(16):
            a = i * 2.4
            with (
                thing("rock"),
                at(
                    3.2 * math.sqrt(i + 1) * math.cos(a) * 0.7,
                    3.2 * math.sqrt(i + 1) * math.sin(a) * 0.7,
                    -1.6,
                ),
            ):
                rock(rng.uniform(1.2, 2.6), stone)
    # the land side
    cargo = rng.random() < 0.55
    if cargo:
        for i in range(rng.randint(2, 3)):
            with at(-s * 7.5, 34 + 42 * i, z, rz=0 if s > 0 else math.pi):
                crane(rng.uniform(22, 30))
        for i in range(7):
            with at(-s * rng.uniform(14, 18) - (6 if s > 0 else 0), 14 + 8.5 * i, z):
                containers(rng.randint(2, 4), 3)
        with at(-s * 4.5, rng.uniform(13, 24), z, rz=math.pi / 2):
            van(rng.choice(["truck", "van"]))
    y = 6.0 if not cargo else 30.0
    far = 13.0 if not cargo else 30.0
    while y < 150:
        w = rng.uniform(8, 14)
        with at(-s * far, y + w if s < 0 else y, z - 0.02, rz=math.pi / 2 if s > 0 else -math.pi / 2):
            building(w, 10, rng.randint(2, 4), shop=not cargo)
        y += w + 0.02
    # things on the quay
    for _ in range(rng.randint(5, 9)):
        with at(s * rng.uniform(-5.5, edge - 2.2), 4.5 + 18 * rng.random() ** 1.5, z, rz=rng.uniform(0, 3)):
            make = rng.choice([barrel, barrel, crate, crate, fishing_nets])
            make()
            if make is crate and rng.random() < 0.5:
                with at(0.05, 0.05, 0.8, rz=0.3):
                    crate(0.6)
    for i in range(5):
        with at(-s * 6.5, 10 + 17 * i, z, rz=s * math.pi / 2):
            streetlight(rng.choice(["modern", "gray"]) if cargo else "lantern")
    if not cargo:
        with at(-s * 3.8, rng.uniform(7, 11), z, rz=s * math.pi / 2):
            park_bench()
    for _ in range(rng.randint(2, 6)):
        with at(
            s * rng.uniform(-5.5, edge - 1.2),
            6 + 24 * rng.random(),
            z,
            rz=rng.choice([0, math.pi]) + rng.uniform(-0.5, 0.5),
        ):
            person(rng.uniform(1.58, 1.86))
    peak, seed = rng.uniform(90, 240), rng.randrange(1 << 20)
    mountain_range(
        700, 1400, 1900, peak, seed, "hill", m_mountain(2.0, "#5d7447", "#6f6f63", 1.2), 170, 45, 0.9
    )
    if not world.second_edition and rng.random() < 0.35:  # overcast
        elevation = rng.uniform(0.5, 0.8)
        sky(elevation, rng.uniform(0, 6), 1.0, clouds=1.0, sun_size=0.2, sun_scale=0.12)
    else:
        elevation = outdoor_sky((50, 150))
    cx = s * rng.uniform(-3.0, edge - 1.4)
    yaw = s * rng.uniform(0.08, 0.3)
    camera(
        (cx, 0, z + rng.uniform(1.6, 2.2)), yaw, rng.uniform(25, 31), shift_y=rng.uniform(0.03, 0.1), clip=0.2
    )
    return outdoor_look(elevation, fog=0.0009, target=0.21)
