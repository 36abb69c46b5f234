"""A park."""

import math

import numpy as np

from ..camera import camera
from ..light import outdoor_look, outdoor_sky
from ..materials import m_concrete, m_ground, m_leaf, m_metal, m_mountain, m_tiles, rgb, scaled
from ..mesh import add, box, grid_faces, scatter_leaves, tube
from ..registry import builds, scene
from ..things.buildings import tower
from ..things.ground import grass_blades, mountain_range
from ..things.oddities import strew_oddities
from ..things.people import person
from ..things.street_furniture import ashcan, park_bench, streetlight
from ..things.trees import AUTUMN, BLOSSOM, GREENS, bush_mesh, conifer_mesh, place, tree_mesh
from ..world import at, thing, world


@scene("park")
@builds("grass", "path", "flower", "tree", "plant", "sculpture")
def park():
    """A winding path between lawns, flowers and trees."""
    rng = world.rng
    nprng = world.nprng
    lawn = rng.choice([("#5f8a3a", "#4d7532"), ("#6d8f42", "#577a35")])
    nz = world.noise
    x = np.linspace(-120, 120, 160)
    y = np.linspace(-10, 200, 140)
    X, Y = np.meshgrid(x, y, indexing="ij")
    curve = rng.uniform(-5, 5)
    pw = rng.uniform(1.3, 1.9)

    def cx(yy):
        return curve * np.sin(yy / 22.0) + 0.9 * np.sin(yy / 7.0)

    def hgt(px, py):
        d = np.abs(px - cx(py))
        k = np.clip((d - pw) / 6, 0, 1)
        return (k * k * (3 - 2 * k)) * (
            1.0 * nz.fbm(px / 26, py / 26, 3) + 0.4 + np.clip((py - 45) / 70, 0, 2)
        )

    with thing("grass"):
        add(
            (np.stack([X, Y, hgt(X, Y)], -1).reshape(-1, 3), grid_faces(160, 140)),
            m_ground(*lawn, 0.6, bscale=30, bdist=0.05),
            grain="obj",
        )
    yy = np.linspace(-8, 150, 220)
    with thing("path"):
        w = np.linspace(-1, 1, 7)
        V = np.stack(
            [
                cx(yy)[:, None] + w * pw,
                np.repeat(yy[:, None], 7, 1),
                np.repeat((0.03 - 0.02 * w**2)[None], 220, 0),
            ],
            -1,
        ).reshape(-1, 3)
        add(
            (V, grid_faces(220, 7)[:, ::-1]),
            rng.choice(
                [
                    m_ground("#b9a587", "#a08c70", 3, bscale=60),
                    m_tiles("#a9998a", "#97877a", "#6f655b", 0.3, 0.2, 0.85, 0.5, 0.012),
                    m_concrete("#a8a49c", 0.85, 0.14),
                ]
            ),
            grain="obj",
        )
    n = 34000
    px = nprng.uniform(-1, 1, n) * 13
    py = 1 + 22 * nprng.random(n) ** 1.5
    k = np.abs(px - cx(py)) > pw + 0.05
    px, py = px[k], py[k]
    grass_blades(np.stack([px, py], 1), hgt(px, py) - 0.01, 0.11, (lawn[1], "#a9b95e"), 0.010)
    cols = rng.choice([GREENS, GREENS + AUTUMN, AUTUMN, GREENS + BLOSSOM])
    v = [
        tree_mesh(rng.uniform(7.5, 11), rng.uniform(2.8, 3.8), 17000, rng.choice(cols), leaf=0.16, trunk=0.28)
        for _ in range(4)
    ]
    v.append(conifer_mesh(11, 2.2))
    placed = []
    for _ in range(60):
        y_ = rng.uniform(9, 130)
        x_ = cx(y_) + rng.choice([-1, 1]) * rng.uniform(pw + 2.2, 9 + y_ * 0.55)
        if any(math.hypot(x_ - a, y_ - b) < 4.2 for a, b in placed):
            continue
        placed.append((x_, y_))
        with (
            thing("tree"),
            at(
                x_,
                y_,
                float(hgt(np.array(x_), np.array(y_))) - 0.05,
                rz=rng.uniform(0, 6),
                s=rng.uniform(0.75, 1.15),
            ),
        ):
            place(rng.choice(v))
    for _ in range(14):
        y_ = rng.uniform(7, 40)
        x_ = cx(y_) + rng.choice([-1, 1]) * rng.uniform(pw + 1.0, 8)
        with thing("plant"), at(x_, y_, float(hgt(np.array(x_), np.array(y_))) - 0.05, rz=rng.uniform(0, 6)):
            place(bush_mesh(rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.0), rng.uniform(0.5, 0.9), 900))
    with thing("flower"):
        for _ in range(rng.randint(2, 4)):
            y_ = rng.uniform(5, 16)
            x_ = cx(y_) + rng.choice([-1, 1]) * (pw + rng.uniform(0.5, 1.4))
            n = 260
            q = np.add(nprng.normal(0, (0.45, 0.9), (n, 2)), (x_, y_))
            q = q[np.abs(q[:, 0] - cx(q[:, 1])) > pw + 0.05]
            c = rng.choice(["#d8425a", "#f0c13a", "#e88fb0", "#f4efe6", "#9a6bc0", "#e8743b"])
            hz = hgt(q[:, 0], q[:, 1])
            grass_blades(q, hz, 0.3, ("#4b7a36", "#7fa552"), 0.014)
            vf, tn = scatter_leaves(
                np.column_stack([q, hz + nprng.uniform(0.18, 0.34, len(q))]), 0.09, 0.08, up=0.9, curl=0.4
            )
            add(vf, m_leaf(c, scaled(rgb(c), 1.25)), tone=tn)
    for _ in range(rng.randint(1, 3)):
        y_ = rng.uniform(7, 26)
        s_ = rng.choice([-1, 1])
        with at(cx(y_) + s_ * (pw + 0.6), y_, 0.05, rz=-s_ * math.pi / 2):
            park_bench()
    for i in range(3):
        y_ = 9 + 14 * i + rng.uniform(-2, 2)
        s_ = rng.choice([-1, 1])
        with at(cx(y_) + s_ * (pw + 0.45), y_, 0.02):
            streetlight("lantern")
    for _ in range(rng.randint(2, 6)):
        y_ = rng.uniform(6, 32)
        with at(
            cx(y_) + rng.uniform(-pw * 0.6, pw * 0.6),
            y_,
            0.03,
            rz=rng.choice([0, math.pi]) + rng.uniform(-0.3, 0.3),
        ):
            person(rng.uniform(1.3, 1.85))
    if rng.random() < 0.5:
        y_ = rng.uniform(8, 16)
        with at(cx(y_) + rng.choice([-1, 1]) * (pw + 0.5), y_, 0.02):
            ashcan()
    if rng.random() < 0.5:
        with (
            at(
                cx(16.0) + rng.choice([-1, 1]) * 4.5,
                16,
                float(hgt(np.array(4.5), np.array(16.0))),
                rz=rng.uniform(0, 3),
            ),
            thing("sculpture"),
        ):
            box(1.2, 1.2, 0.8, (0, 0, -0.1), m_concrete("#b5b0a6"), 0.03)
            with at(0, 0, 0.7):
                t = np.linspace(0, 2 * np.pi, 90)
                pts = (
                    np.stack(
                        [np.sin(t) + 2 * np.sin(2 * t), np.cos(t) - 2 * np.cos(2 * t), -np.sin(3 * t)], 1
                    )
                    * 0.3
                )
                with at(0, 0, 0.95, rx=math.pi / 2):
                    tube(pts, 0.13, m_metal("#8a6a45", 0.4), n=14)
    if rng.random() < 0.5:
        for _ in range(3):
            with at(rng.uniform(-60, 60), 150 + rng.uniform(0, 30), 2):
                tower(rng.uniform(14, 22), 16, rng.uniform(35, 70))
    mountain_range(
        260,
        500,
        500,
        40,
        rng.randrange(1 << 20),
        "hill",
        m_mountain(2.0, "#5d7447", "#66705a", 2.0),
        nx=120,
        ny=40,
        sharp=0.7,
    )
    el = outdoor_sky((50, 150))
    camera(
        (float(cx(np.array(0.0))) + rng.uniform(-0.6, 0.6), 0, 1.65),
        rng.uniform(-0.1, 0.1) + math.atan2(float(cx(np.array(14.0))) - float(cx(np.array(0.0))), 26),
        rng.uniform(25, 32),
        shift_y=rng.uniform(0.06, 0.11),
        clip=0.1,
    )

    def meadow(r):
        y_ = 5 + 14 * r.random() ** 1.5
        x_ = float(cx(y_)) + r.choice([-1, 1]) * (pw + r.uniform(0.8, 4.5))
        return x_, y_, float(hgt(np.array(x_), np.array(y_))) - 0.02, r.uniform(-1, 1)

    strew_oddities("meadow", meadow, 0.04, 4)
    strew_oddities(
        "sky", lambda r: (r.uniform(-40, 40), r.uniform(60, 120), r.uniform(16, 34), r.uniform(0, 3)), 0.01, 1
    )
    return outdoor_look(el, fog=0.0016, target=0.20)
