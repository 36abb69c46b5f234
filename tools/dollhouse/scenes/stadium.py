"""A sports ground."""

import itertools
import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_ground, m_mountain, m_paint
from ..mesh import MeshBuilder
from ..registry import builds, scene
from ..style import pick_style
from ..things.ground import grass_blades, mountain_range, slab
from ..things.oddities import cone
from ..things.people import person
from ..things.seating import bench
from ..things.square import flagpole
from ..things.stadium import floodlight, football, goal, grandstand, scoreboard
from ..things.street_furniture import ashcan, fence
from ..things.trees import AUTUMN, GREENS, conifer_mesh, place, tree_mesh
from ..world import at, thing, world


def _line(b, x0, y0, x1, y1, wide=0.12):
    """A painted line between two points of the pitch, meters."""
    n = np.array([-(y1 - y0), x1 - x0]) / math.hypot(x1 - x0, y1 - y0) * wide / 2
    corners = [(x0 - n[0], y0 - n[1]), (x1 - n[0], y1 - n[1]), (x1 + n[0], y1 + n[1]), (x0 + n[0], y0 + n[1])]
    b.vf([(x, y, 0.012) for x, y in corners], [(0, 1, 2, 3)], 0.5)


@builds("grass", "path", "tree")
@scene("stadium")
def stadium():
    """A pitch with a goal, a grandstand beside or behind it, players, floodlights, woods and hills."""
    rng, nprng = world.rng, world.nprng
    pick_style()
    lawn = rng.choice([("#5f8a3a", "#527c33"), ("#6d9440", "#5d8338"), ("#578a45", "#4a7a3a")])
    slab("grass", -160, 160, -40, 260, -0.03, m_ground(*lawn, 0.8, bscale=40, bump=0.4), 0.3)
    across, long = 25.0, rng.uniform(27, 34)  # the half of the pitch in view: half its width, its length
    with thing("grass"):  # mown in stripes
        for k in range(12):
            b = MeshBuilder()
            y0, y1 = 4 + k * long / 12, 4 + (k + 1) * long / 12
            b.vf(
                [(-across, y0, 0.0), (across, y0, 0.0), (across, y1, 0.0), (-across, y1, 0.0)],
                [(0, 1, 2, 3)],
            )
            c = lawn[k % 2]
            b.done(m_ground(c, c, 1.5, bscale=60, bump=0.3))
        b = MeshBuilder()
        end = 4 + long
        for x in (-across, across):
            _line(b, x, 4, x, end)
        for y in (4, end):
            _line(b, -across, y, across, y)
        for x, d in ((15.0, 12.0), (8.0, 4.5)):
            for s in (-1, 1):
                _line(b, s * x, end - d, s * x, end)
            _line(b, -x, end - d, x, end - d)
        a = np.linspace(0, np.pi, 49)
        ring = np.stack([6.0 * np.cos(a), 4 + 6.0 * np.sin(a)], 1)
        for p, q in itertools.pairwise(ring):
            _line(b, *p, *q)
        b.done(m_paint("#f1f0ea", 0.8, 0.05, 0))
    track = m_ground(rng.choice(["#a5523f", "#8f4a3a"]), "#9a4d3c", 3.0, bscale=60, bump=0.3)
    slab("path", -across - 10, across + 10, end + 3.5, end + 9.5, -0.005, track, 0.1)
    s = rng.choice([-1, 1])
    slab("path", *sorted((s * (across + 3), s * (across + 9))), -20, end + 9.5, -0.006, track, 0.1)
    with at(0, end + 0.1, 0):
        goal()
    # the stands: a long one behind the goal or along the side, where the camera looks
    behind = rng.random() < 0.6
    full = rng.choice([0.08, 0.2, 0.35])
    if behind:
        with at(rng.uniform(-5, 5), end + 10.5, 0):
            grandstand(rng.uniform(30, 42), rng.randint(7, 10), full)
    else:
        with at(-s * 15, end * 0.55, 0, rz=s * math.pi / 2 * 0.8):
            grandstand(rng.uniform(24, 30), rng.randint(6, 9), full)
        with at(s * 12, end + 11, 0):
            grandstand(rng.uniform(18, 24), rng.randint(4, 5), full * 0.5)
    for q in (-1, 1):
        with at(q * (across + 4), end + 8, 0, rz=-q * 0.5):
            floodlight(rng.uniform(15, 18))
        with at(q * (across + 1.5), 12, 0, rz=-q * 1.2):
            floodlight(rng.uniform(15, 18))
    with at(s * (rng.uniform(22, 26) if behind else 3.0), end + 9.8, 0, rz=-s * 0.15):
        scoreboard(rng.randint(0, 4), rng.randint(0, 4))
    for k in range(rng.randint(1, 3)):
        with at(-s * (24 + 3 * k), end + 10.5, 0):
            flagpole(rng.uniform(8, 10))
    for k in range(10):
        with at(-across + k * 5.0, end + 2.6, 0):
            fence(5.0, "iron", 1.0)
    # people on the pitch
    for _ in range(rng.randint(7, 12)):
        x, y = rng.uniform(-11, 11), rng.uniform(9, end - 2)
        if behind or -s * x < 6:
            with at(x, y, 0, rz=rng.uniform(0, 6.28)):
                person(rng.uniform(1.65, 1.9))
    near = rng.uniform(-2.5, 2.5), rng.uniform(7.5, 10)
    with at(*near, 0, rz=rng.uniform(-0.7, 0.7)):
        person(rng.uniform(1.7, 1.85))
        with at(0.3, -0.7, 0):
            football()
    for make, x, y in ((lambda: bench(2.4), 6.0, 4.6), (ashcan, 8.5, 4.2)):
        with at(rng.choice([-1, 1]) * x, y, 0, rz=rng.uniform(-0.3, 0.3)):
            make()
    # around it
    colors = rng.choice([GREENS, GREENS, GREENS + AUTUMN])
    kinds = [
        tree_mesh(rng.uniform(8, 11), rng.uniform(2.6, 3.6), 12000, rng.choice(colors), leaf=0.17)
        for _ in range(2)
    ]
    kinds.append(conifer_mesh(11, 2.2))
    for _ in range(60):
        x, y = rng.uniform(-90, 90), end + 26 + 50 * rng.random()
        if rng.random() < 0.4:
            x, y = rng.choice([-1, 1]) * rng.uniform(across + 16, 90), rng.uniform(20, end + 30)
        with thing("tree"), at(x, y, 0, rz=rng.uniform(0, 6), s=rng.uniform(0.8, 1.3)):
            place(rng.choice(kinds))
    mountain_range(
        420,
        1000,
        1100,
        rng.uniform(70, 150),
        rng.randrange(1 << 20),
        "hill",
        m_mountain(2.0, "#5d7447", "#66705a", 2.0),
        150,
        45,
        0.8,
    )
    xy = np.stack([nprng.uniform(-9, 9, 16000), nprng.uniform(0.5, 3.9, 16000)], 1)
    grass_blades(xy, -0.03, 0.07, (lawn[1], "#9fb35c"), 0.009)
    elevation = outdoor_sky((60, 155))
    x = rng.uniform(-5, 5)
    yaw = math.atan2((0 if behind else -s * 12) - x, end) + rng.uniform(-0.06, 0.06)
    camera(
        (x, 0, rng.uniform(1.7, 3.2)),
        yaw,
        rng.uniform(28, 36),
        shift_y=rng.uniform(0.0, 0.06),
        clip=0.2,
    )
    for k in range(rng.randint(3, 6)):
        with at(rng.choice([-1, 1]) * (2.5 + 1.3 * k), 7.0 + 0.9 * k, 0):
            cone()
    return outdoor_look(elevation, fog=0.001, target=0.21)
