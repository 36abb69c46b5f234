"""Farmland."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_ground, m_mountain
from ..mesh import add, grid_faces
from ..registry import builds, scene
from ..things.countryside import barrel, cow, hay_bale, shed, sheep, tractor, windmill
from ..things.ground import grass_blades, mountain_range, rock, slab
from ..things.houses import house
from ..things.oddities import log_pile, wheelbarrow
from ..things.people import person
from ..things.street_furniture import fence
from ..things.trees import AUTUMN, BLOSSOM, GREENS, bush_mesh, conifer_mesh, place, tree_mesh
from ..world import at, thing, world


@builds("land", "dirt_track", "field", "grass", "tree", "plant", "rock", "hill")
@scene("farm")
def farm():
    """A dirt track between fenced meadows, animals, a farmhouse with its sheds, fields and hills."""
    rng, nprng, nz = world.rng, world.nprng, world.noise
    lawn = rng.choice([("#6d8a3c", "#577a32"), ("#7f9444", "#66803a"), ("#8f9248", "#74823a")])

    def track_x(y):
        return bend * np.sin(y / 26.0 + 0.4) * np.clip(y / 18, 0, 1) + start

    def height(x, y):
        d = np.clip((np.abs(x - track_x(y)) - 2.0) / 9, 0, 1)
        swell = 1.4 * nz.fbm(x / 45, y / 45, 3) + np.clip((y - 60) / 60, 0, 3)
        return d * d * (3 - 2 * d) * swell

    bend, start = rng.uniform(-7, 7), rng.uniform(-1.5, 1.5)
    x, y = np.linspace(-160, 160, 180), np.linspace(-12, 230, 150)
    X, Y = np.meshgrid(x, y, indexing="ij")
    with thing("grass"):
        V = np.stack([X, Y, height(X, Y)], -1).reshape(-1, 3)
        add((V, grid_faces(180, 150)), m_ground(*lawn, 0.5, bscale=22, bump=0.5), grain="obj")
    with thing("dirt_track"):
        along, across = np.linspace(-10, 170, 260), np.linspace(-1, 1, 9)
        ruts = 0.045 + 0.035 * np.cos(across * 2 * np.pi)
        V = np.stack(
            [
                track_x(along)[:, None] + across * 1.5,
                np.repeat(along[:, None], 9, 1),
                np.repeat(ruts[None], 260, 0),
            ],
            -1,
        )
        add(
            (V.reshape(-1, 3), grid_faces(260, 9)[:, ::-1]),
            m_ground("#a58a66", "#8a7150", 2.5, bscale=40, bump=0.6),
            grain="obj",
        )
    if world.second_edition:  # a plot that lies fallow
        s, near, far = rng.choice([-1, 1]), rng.uniform(7, 10), rng.uniform(24, 36)
        along, across = np.linspace(near, far, 60), np.linspace(3.4, rng.uniform(13, 20), 120)
        A, B = np.meshgrid(along, across, indexing="ij")
        px = track_x(A) + s * B
        Z = height(px, A) + 0.06 + 0.05 * np.sin(B * 2 * np.pi / 0.7) + 0.05 * nz.fbm(px * 2, A * 2, 2)
        V = np.stack([px, A, Z], -1).reshape(-1, 3)
        soil = rng.choice([("#6b4f38", "#54402f"), ("#7d6248", "#68503a"), ("#5a4638", "#47372c")])
        with thing("land"):
            F = grid_faces(60, 120)
            add((V, F if s < 0 else F[:, ::-1]), m_ground(*soil, 2.0, bscale=30, bump=0.7), grain="obj")
    # fields in the distance
    for i in range(5):
        crop = rng.choice(
            [("#c9b25f", "#b59f4f"), ("#a5a04a", "#8f8f3f"), ("#7a5f45", "#8f7052"), ("#5f8a3c", "#7a9a45")]
        )
        fx = -240 + i * 120
        slab(
            "field",
            fx - 55,
            fx + 55,
            150 + 12 * (i % 2),
            520,
            4.6 + 0.3 * (i % 3),
            m_ground(*crop, 0.2, bscale=8, bump=0.6),
            1.0,
        )
    # the farm
    side = rng.choice([-1, 1])
    fy = rng.uniform(34, 52)
    fx = float(track_x(np.array(fy))) + side * rng.uniform(11, 16)

    def ground(px, py):
        return float(height(np.array(px), np.array(py)))

    with at(fx, fy, ground(fx, fy) - 0.4, rz=side * rng.uniform(0.2, 0.7)):
        house(rng.uniform(9, 12), rng.uniform(7, 8), rng.choice([1, 2]))
    for _ in range(rng.randint(1, 3)):
        sx, sy = fx + side * rng.uniform(2, 22), fy + rng.choice([-13, 13]) + rng.uniform(-3, 3)
        with at(sx, sy, ground(sx, sy) - 0.15, rz=side * rng.uniform(0.1, 0.8)):
            shed(rng.uniform(3.5, 7), rng.uniform(3, 5), rng.uniform(2.2, 3.2))
    if rng.random() < 0.4:
        wx, wy = -side * rng.uniform(22, 40), rng.uniform(55, 85)
        with at(wx, wy, ground(wx, wy) - 0.3, rz=rng.uniform(-0.5, 0.5)):
            windmill(rng.uniform(11, 14))
    for s in (-1, 1):  # fences along the track
        kind, h = rng.choice([("rail", 1.2), ("rail", 1.1), ("picket", 1.0)]), 0
        kind, h = kind
        for i in range(14):
            y0 = 4 + i * 4.4
            a, b = float(track_x(np.array(y0))) + s * 2.6, float(track_x(np.array(y0 + 4.4))) + s * 2.6
            if abs(y0 - fy) < 6 and s == side:
                continue
            with at(a, y0, ground(a, y0) - 0.05, rz=math.atan2(4.4, b - a)):
                fence(4.4, kind, h)
    # animals
    make = rng.choice([cow, cow, sheep])
    placed = []
    for _ in range(rng.randint(5, 11)):
        ay = 7 + 32 * rng.random() ** 1.3
        ax = float(track_x(np.array(ay))) - side * rng.uniform(4.2, 6 + ay * 0.45)
        if all(math.hypot(ax - u, ay - v) > 2.6 for u, v in placed):
            placed.append((ax, ay))
            with at(ax, ay, ground(ax, ay) - 0.02, rz=rng.uniform(0, 6.28)):
                make(rng.uniform(1.3, 1.5)) if make is cow else make(rng.uniform(0.7, 0.85))
    # what farmers leave about
    for _ in range(rng.randint(3, 8)):
        by = rng.uniform(12, 60)
        bx = float(track_x(np.array(by))) + side * rng.uniform(5, 9 + by * 0.3)
        if abs(by - fy) > 9:
            with at(bx, by, ground(bx, by) - 0.05, rz=rng.uniform(0, 3)):
                hay_bale(rng.uniform(0.6, 0.75))
    ty = rng.uniform(11, 22)
    tx = float(track_x(np.array(ty))) + side * (0.2 if rng.random() < 0.5 else 4.6)
    with at(tx, ty, max(ground(tx, ty), 0.02), rz=rng.choice([-1, 1]) * math.pi / 2 + rng.uniform(-0.3, 0.3)):
        tractor()
    for make_it, dx in ((barrel, 3.6), (barrel, 4.3), (wheelbarrow, 5.2), (log_pile, 6.5)):
        if rng.random() < 0.55:
            py = rng.uniform(6.5, 10)
            px = float(track_x(np.array(py))) + side * dx
            with at(px, py, ground(px, py) - 0.03, rz=rng.uniform(-0.6, 0.6)):
                make_it()
    for _ in range(rng.randint(0, 2)):
        py = rng.uniform(8, 26)
        with at(float(track_x(np.array(py))) + rng.uniform(-1, 1), py, 0.03, rz=rng.choice([0, math.pi])):
            person(rng.uniform(1.6, 1.85))
    # plants
    colors = rng.choice([GREENS, GREENS, GREENS + AUTUMN, GREENS + BLOSSOM])
    kinds = [
        tree_mesh(rng.uniform(6.5, 10), rng.uniform(2.4, 3.6), 12000, rng.choice(colors), leaf=0.17)
        for _ in range(3)
    ]
    kinds.append(conifer_mesh(10, 2.1))
    for _ in range(46):
        ty = rng.uniform(16, 150)
        tx = float(track_x(np.array(ty))) + rng.choice([-1, 1]) * rng.uniform(5.5, 16 + ty * 0.6)
        if math.hypot(tx - fx, ty - fy) > 9 and all(math.hypot(tx - u, ty - v) > 3 for u, v in placed):
            with (
                thing("tree"),
                at(tx, ty, ground(tx, ty) - 0.1, rz=rng.uniform(0, 6), s=rng.uniform(0.7, 1.2)),
            ):
                place(rng.choice(kinds))
    for _ in range(18):
        py = rng.uniform(6, 50)
        px = float(track_x(np.array(py))) + rng.choice([-1, 1]) * rng.uniform(3.2, 10)
        with thing("plant"), at(px, py, ground(px, py) - 0.05, rz=rng.uniform(0, 6)):
            place(bush_mesh(rng.uniform(0.4, 0.9), rng.uniform(0.4, 0.9), rng.uniform(0.4, 0.8), 700))
    stone = m_ground("#77726a", "#96918a", 2.2, bump=0.7)
    for _ in range(7):
        py = rng.uniform(5, 24)
        px = float(track_x(np.array(py))) + rng.choice([-1, 1]) * rng.uniform(1.8, 3.4)
        with thing("rock"), at(px, py, ground(px, py), rz=rng.uniform(0, 6)):
            rock(rng.uniform(0.12, 0.35), stone)
    n = 30000
    px, py = nprng.uniform(-13, 13, n), 1 + 22 * nprng.random(n) ** 1.5
    off = np.abs(px - track_x(py)) > 1.55
    px, py = px[off], py[off]
    grass_blades(np.stack([px, py], 1), height(px, py) - 0.01, 0.2, (lawn[1], "#b3b35e"), 0.011)
    mountain_range(
        420,
        900,
        900,
        rng.uniform(50, 110),
        rng.randrange(1 << 20),
        "hill",
        m_mountain(2.0, "#5d7447", "#66705a", 2.0),
        150,
        45,
        0.8,
    )
    elevation = outdoor_sky((60, 150))
    yaw = math.atan2(float(track_x(np.array(24.0))) - float(track_x(np.array(0.0))), 24) * 0.8 + rng.uniform(
        -0.1, 0.1
    )
    camera(
        (float(track_x(np.array(0.0))) + rng.uniform(-0.8, 0.8), 0, rng.uniform(1.6, 2.1)),
        yaw,
        rng.uniform(25, 32),
        shift_y=rng.uniform(0.02, 0.07),
        clip=0.2,
    )
    return outdoor_look(elevation, fog=0.0012, target=0.2)
