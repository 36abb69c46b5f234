"""A campsite at a river."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_ground, m_mountain, m_water
from ..mesh import add, grid_faces
from ..registry import builds, scene
from ..style import pick_style
from ..things.camping import campfire, cooler, dome_tent, footbridge, waterfall
from ..things.ground import grass_blades, mountain_range, rock, slab
from ..things.oddities import log_pile
from ..things.people import person
from ..things.seating import bench, chair
from ..things.tables import table
from ..things.trees import AUTUMN, GREENS, bush_mesh, conifer_mesh, place, tree_mesh
from ..world import at, thing, world


@builds("river", "grass", "earth", "rock", "tree", "plant")
@scene("campsite")
def campsite():
    """Tents on a river bank, a footbridge, woods, perhaps a waterfall."""
    rng, nprng, nz = world.rng, world.nprng, world.noise
    pick_style()
    s = rng.choice([-1, 1])  # the river runs on this side
    wide = rng.uniform(5.0, 7.5)
    bend, phase = rng.uniform(1.5, 3.5), rng.uniform(0, 6)
    lawn = rng.choice([("#6d8a3c", "#577a32"), ("#7f9444", "#66803a"), ("#5c7f3a", "#4a6b30")])

    def river_x(y):
        return s * (7.5 + 0.09 * y) + bend * np.sin(y / 17 + phase) - s * np.clip(y - 45, 0, 30) * 0.35

    def height(x, y):
        d = np.abs(x - river_x(y)) - wide / 2
        bank = np.clip(d / 1.6, -1, 1) * 0.75
        swell = (
            np.clip(d / 14, 0, 1) * (0.9 * nz.fbm(x / 22, y / 22, 3) + 0.5) + np.clip(y - 55, 0, 90) * 0.09
        )
        return bank + np.where(d > 0, swell, 0) + 0.06 * nz.fbm(x / 1.8, y / 1.8, 2)

    def ground(x, y):
        return float(height(np.array(x), np.array(y)))

    x, y = np.linspace(-95, 95, 240), np.linspace(-12, 150, 190)
    X, Y = np.meshgrid(x, y, indexing="ij")
    with thing("grass"):
        V = np.stack([X, Y, height(X, Y)], -1).reshape(-1, 3)
        add((V, grid_faces(240, 190)), m_ground(*lawn, 0.6, bscale=24, bump=0.5), grain="obj")
    slab("river", -90, 90, -12, 140, 0, m_water("#2f5f63", 1.6, 0.06, 0.5), 0.05)
    with thing("earth"):  # trodden ground between the tents
        cx, cy = -s * 2.2, 10.0
        a, r = np.linspace(0, 2 * np.pi, 48, endpoint=False), np.linspace(0, 1, 8)
        k = 1 + 0.18 * nz.fbm(np.cos(a) * 1.5 + 7, np.sin(a) * 1.5, 2)
        px, py = cx + 3.4 * np.outer(np.cos(a) * k, r), cy + 4.2 * np.outer(np.sin(a) * k, r)
        V = np.stack([px, py, height(px, py) + 0.035 - 0.05 * r[None] ** 6], -1).reshape(-1, 3)
        add(
            (V, grid_faces(48, 8, cu=True)[:, ::-1]),
            m_ground("#8a7355", "#75603f", 3.0, bscale=40, bump=0.5),
            grain="obj",
        )
    # the camp
    taken = [(cx, cy)]
    for i in range(rng.randint(2, 4)):
        a = 0.4 + i * 1.25
        tx, ty = cx - s * 4.6 * math.cos(a) * 0.9, cy + 5.2 * math.sin(a) - 0.5
        taken.append((tx, ty))
        with at(tx, ty, ground(tx, ty) + 0.02, rz=s * (math.pi / 2 - a) + rng.uniform(-0.3, 0.3)):
            dome_tent(rng.uniform(2.1, 2.8), rng.uniform(2.6, 3.2), rng.uniform(1.3, 1.6))
    with at(cx, cy, ground(cx, cy) + 0.04):
        campfire()
    for i in range(rng.randint(2, 3)):
        a = rng.uniform(0, 6.28)
        qx, qy = cx + 1.5 * math.cos(a + i * 2.1), cy + 1.5 * math.sin(a + i * 2.1)
        with at(qx, qy, ground(qx, qy) + 0.03, rz=a + i * 2.1 - math.pi / 2):
            chair("shell")
    for make, dx, dy in ((cooler, 1.9, -1.6), (log_pile, -3.0, -3.0)):
        if rng.random() < 0.75:
            qx, qy = cx + dx * s, cy + dy
            with at(qx, qy, ground(qx, qy) + 0.01, rz=rng.uniform(-0.7, 0.7)):
                make()
    for _ in range(rng.randint(2, 4)):
        qx, qy = cx + rng.uniform(-3, 3), cy + rng.uniform(-3.5, 4)
        if math.hypot(qx - cx, qy - cy) > 1.0:
            with at(qx, qy, ground(qx, qy) + 0.02, rz=rng.uniform(0, 6.28)):
                person(rng.uniform(1.3, 1.85))
    # across the river
    by = rng.uniform(22, 32)
    with at(float(river_x(np.array(by))), by, 0.75):
        footbridge(wide + 3.2, 1.6, 0.6)
    if rng.random() < 0.7:
        fy = rng.uniform(58, 70)
        with at(float(river_x(np.array(fy))), fy, 0, rz=s * 0.2):
            waterfall(rng.uniform(8, 11), rng.uniform(4.5, 6))
    stone = m_ground("#77726a", "#96918a", 2.2, bump=0.7)
    for _ in range(46):
        ry = 2 + 55 * rng.random() ** 1.3
        q = rng.choice([-1, 1])
        rx = float(river_x(np.array(ry))) + q * (wide / 2 + rng.uniform(-1.4, 0.9))
        with thing("rock"), at(rx, ry, max(ground(rx, ry), -0.1) + 0.02, rz=rng.uniform(0, 6)):
            rock(rng.uniform(0.15, 0.65), stone)
    # woods
    colors = rng.choice([GREENS, GREENS, GREENS + AUTUMN])
    kinds = [
        tree_mesh(rng.uniform(7, 10.5), rng.uniform(2.3, 3.3), 12000, rng.choice(colors), leaf=0.17)
        for _ in range(2)
    ]
    kinds += [conifer_mesh(rng.uniform(9, 12), rng.uniform(1.8, 2.4)) for _ in range(2)]
    for _ in range(120):
        ty = 8 + 120 * rng.random()
        tx = rng.uniform(-70, 70)
        clear = abs(tx - float(river_x(np.array(ty)))) > wide / 2 + 2.2
        if clear and all(math.hypot(tx - u, ty - v) > 4.6 for u, v in taken) and abs(tx) > 2.5 + ty * 0.09:
            with (
                thing("tree"),
                at(tx, ty, ground(tx, ty) - 0.1, rz=rng.uniform(0, 6), s=rng.uniform(0.75, 1.25)),
            ):
                place(rng.choice(kinds))
    if world.second_edition:  # trees close to the camp, a table
        for _ in range(16):
            ty, tx = rng.uniform(9, 26), -s * rng.uniform(4, 16)
            if all(math.hypot(tx - u, ty - v) > 4.2 for u, v in taken):
                taken.append((tx, ty))
                with thing("tree"), at(tx, ty, ground(tx, ty) - 0.1, rz=rng.uniform(0, 6)):
                    place(rng.choice(kinds))
        qx, qy = cx + s * 2.6, cy + rng.uniform(-2.5, 1.5)
        with at(qx, qy, ground(qx, qy), rz=rng.uniform(0, 3)):
            table(1.5, 0.8, 0.74, "table", "taper")
            for k in (-1, 1):
                with at(0, k * 0.75, 0, rz=0 if k < 0 else math.pi):
                    bench(1.3)
    for _ in range(30):
        ty = 4 + 40 * rng.random()
        tx = float(river_x(np.array(ty))) + rng.choice([-1, 1]) * (wide / 2 + rng.uniform(0.9, 5))
        if all(math.hypot(tx - u, ty - v) > 3.2 for u, v in taken):
            with thing("plant"), at(tx, ty, ground(tx, ty) - 0.05, rz=rng.uniform(0, 6)):
                place(bush_mesh(rng.uniform(0.4, 0.8), rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.7), 600))
    n = 26000
    px, py = nprng.uniform(-12, 12, n), 1 + 22 * nprng.random(n) ** 1.5
    dry = (np.abs(px - river_x(py)) > wide / 2 + 0.7) & (np.hypot((px - cx) / 3.3, (py - cy) / 4.1) > 1)
    px, py = px[dry], py[dry]
    grass_blades(np.stack([px, py], 1), height(px, py) - 0.02, 0.16, (lawn[1], "#b3b35e"), 0.011)
    mountain_range(
        160,
        420,
        420,
        rng.uniform(60, 110),
        rng.randrange(1 << 20),
        "hill",
        m_mountain(1.5, "#42583a", "#5c6650", 3.0),
        170,
        50,
        0.9,
    )
    if rng.random() < 0.7:
        mountain_range(
            420,
            1200,
            1300,
            rng.uniform(240, 380),
            rng.randrange(1 << 20),
            mat=m_mountain(rng.choice([0.5, 0.65, 1.3])),
            nx=220,
            ny=80,
        )
    elevation = outdoor_sky((50, 150))
    vx = -s * rng.uniform(-1.2, 1.0)
    camera(
        (vx, 0, ground(vx, 0) + rng.uniform(1.6, 1.9)),
        s * rng.uniform(-0.02, 0.14),
        rng.uniform(24, 29),
        shift_y=rng.uniform(0.0, 0.06),
        clip=0.2,
    )
    return outdoor_look(elevation, fog=0.001, target=0.2)
