"""A garden with a swimming pool."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_concrete, m_ground, m_mountain, m_tiles, m_wood, rgb, scaled
from ..mesh import MeshBuilder
from ..registry import builds, scene
from ..style import pick_style
from ..things.garden import lounger, pool, potted_palm, swim_ring
from ..things.ground import grass_blades, mountain_range
from ..things.houses import house
from ..things.oddities import parasol
from ..things.people import person
from ..things.play import toy_ball
from ..things.seating import chair
from ..things.street_furniture import fence, planter
from ..things.tables import table
from ..things.trees import BLOSSOM, GREENS, bush_mesh, conifer_mesh, palm_mesh, place, tree_mesh
from ..world import at, thing, world


@builds("floor", "grass", "palm", "tree", "plant", "hill")
@scene("swimming_pool")
def swimming_pool():
    """A pool in its terrace, loungers, parasols, a house or a hedge behind."""
    rng, nprng = world.rng, world.nprng
    pick_style()
    w, length = rng.uniform(4.2, 5.6), rng.uniform(8, 11)
    cx, cy = rng.uniform(-1.5, 1.5), 3.2 + length / 2
    tx, ty0, ty1 = w / 2 + rng.uniform(2.8, 3.6), 0.0, cy + length / 2 + rng.uniform(2.2, 3.2)
    c = rng.choice(["#cfc5b4", "#b9aa98", "#c9c5bc", "#a5825a"])
    if c == "#a5825a":
        deck = m_wood(c, rough=0.7, tonevar=0.3)
    else:
        deck = rng.choice(
            [
                m_tiles(c, scaled(rgb(c), 0.92), scaled(rgb(c), 0.65), 0.6, 0.6, 0.75, 0, 0.012),
                m_concrete(c, 0.85, 0.1),
            ]
        )
    with thing("floor"):  # the terrace around the pool's hole
        b = MeshBuilder(0)
        for x0, x1, y0, y1 in (
            (cx - tx, cx - w / 2, ty0 - 8, ty1),
            (cx + w / 2, cx + tx, ty0 - 8, ty1),
            (cx - w / 2, cx + w / 2, ty0 - 8, cy - length / 2),
            (cx - w / 2, cx + w / 2, cy + length / 2, ty1),
        ):
            b.box(x0, x1, y0, y1, -0.3, 0, 0.5)
        b.done(deck)
    lawn = rng.choice([("#5f8a3a", "#4d7532"), ("#6d8f42", "#577a35")])
    with thing("grass"):
        b = MeshBuilder(0)
        for x0, x1, y0, y1 in (
            (-120, cx - tx, -40, 160),
            (cx + tx, 120, -40, 160),
            (cx - tx, cx + tx, ty1, 160),
            (cx - tx, cx + tx, -40, -8),
        ):
            b.box(x0, x1, y0, y1, -0.4, -0.03, 0.5)
        b.done(m_ground(*lawn, 1.0, bscale=30, bump=0.4))
    with at(cx, cy, 0):
        pool(w, length)
        if rng.random() < 0.6:
            with at(rng.uniform(-w * 0.3, w * 0.3), rng.uniform(-length * 0.3, length * 0.2), -0.2):
                swim_ring()
    # the terrace: loungers along one side, a table on the other
    s = rng.choice([-1, 1])
    n = rng.randint(2, 4)
    for i in range(n):
        y = cy - length * 0.32 + i * 1.5
        with at(cx + s * (w / 2 + 1.55), y, 0, rz=-s * math.pi / 2 + rng.uniform(-0.1, 0.1)):
            lounger()
        if i % 2 == 0:
            with at(cx + s * (w / 2 + 2.3), y + 0.75, 0):
                parasol()
    with at(cx - s * (w / 2 + 1.7), cy + rng.uniform(-1, 2.5), 0):
        table(0.9, 0.9, 0.74, "table", "round")
        for i in range(4):
            with at(0, 0, 0, rz=0.5 + i * math.pi / 2), at(0, 0.62, 0):
                chair("shell")
        if rng.random() < 0.5:
            with at(0, 0, 0):
                parasol()
    for x, y in (
        (cx - tx + 0.5, ty1 - 0.6),
        (cx + tx - 0.5, ty1 - 0.6),
        (cx - s * (tx - 0.5), cy - length * 0.4),
    ):
        with at(x, y, 0):
            rng.choice([potted_palm, potted_palm, planter])()
    with at(cx + rng.uniform(-1.5, 1.5), 1.9, 0):
        toy_ball(rng.uniform(0.12, 0.2))
    for _ in range(rng.randint(1, 4)):
        x = cx + rng.choice([-1, 1]) * (w / 2 + 0.75)
        with at(x, cy + rng.uniform(-length / 2, length / 2 + 1.5), 0, rz=rng.uniform(0, 6.28)):
            person(rng.uniform(1.3, 1.85))
    # behind: the house, hedges, trees
    back = ty1 + rng.uniform(2.5, 4.5)
    if rng.random() < 0.7:
        with at(cx + rng.uniform(-3, 3), back, -0.05):
            house(rng.uniform(11, 14), 8, rng.choice([1, 2]))
    else:
        for i in range(16):
            with thing("plant"), at(cx - 12 + 1.6 * i, back, -0.05):
                place(bush_mesh(0.95, 0.6, rng.uniform(1.7, 1.9), 1500, box_=True, leaf=0.1))
    for q in (-1, 1):
        if rng.random() < 0.6:
            with at(cx + q * (tx + 2.5), -4, -0.03, rz=math.pi / 2):
                fence(back + 4, rng.choice(["picket", "iron"]), 1.1)
        for i in range(9):
            with (
                thing("plant"),
                at(cx + q * (tx + rng.uniform(0.7, 1.9)), 2.5 + i * 1.7, -0.05, rz=rng.uniform(0, 6)),
            ):
                place(bush_mesh(rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.9), 700))
    warm = rng.random() < 0.5
    trees = [
        tree_mesh(
            rng.uniform(6, 8.5), rng.uniform(2.2, 3.0), 12000, rng.choice(GREENS + BLOSSOM[:1]), leaf=0.16
        )
        for _ in range(2)
    ]
    trees.append(conifer_mesh(8, 1.7))
    palms = [palm_mesh(rng.uniform(5.5, 7.5)) for _ in range(2)]
    for _ in range(16):
        q, y = rng.choice([-1, 1]), rng.uniform(5, 40)
        x = cx + q * (tx + rng.uniform(3.2, 9 + y * 0.5))
        if y < back - 2 or y > back + 11:
            tall = warm and rng.random() < 0.7
            with (
                thing("palm" if tall else "tree"),
                at(x, y, -0.1, rz=rng.uniform(0, 6), s=rng.uniform(0.8, 1.1)),
            ):
                place(rng.choice(palms if tall else trees))
    n = 12000
    q = nprng.choice([-1, 1], n)
    grass_blades(
        np.stack([cx + q * (tx + 0.03 + 5 * nprng.random(n)), 1 + 18 * nprng.random(n)], 1),
        -0.04,
        0.1,
        (lawn[1], "#9fb35c"),
        0.011,
    )
    mountain_range(
        160,
        600,
        800,
        rng.uniform(40, 90),
        rng.randrange(1 << 20),
        "hill",
        m_mountain(2.0, "#5d7447", "#6f6f63", 2.0),
        140,
        40,
        0.8,
    )
    elevation = outdoor_sky((70, 150), rng.uniform(0.45, 0.9))
    x = cx - s * rng.uniform(0.5, 2.4)
    camera(
        (x, -0.6, rng.uniform(1.6, 2.3)),
        math.atan2(cx - x, 11) + rng.uniform(-0.08, 0.08),
        rng.uniform(23, 27),
        shift_y=rng.uniform(-0.08, -0.02),
        clip=0.2,
    )
    return outdoor_look(elevation, fog=0.0008, target=0.24)
