"""A kitchen."""

import math

import numpy as np

from ..materials import m_concrete, m_gloss, m_marble, m_metal, m_tiles, m_wood, rgb, scaled
from ..mesh import add, box, cyl, lathe, rbox, smooth, tube, vf_box, vf_torus
from ..registry import builds, scene
from ..shell import Room, finish_room, pick_floor, pick_wall
from ..style import begin_room, style
from ..things.decor import book_stack, bottle, fruit_bowl, paintings, vase
from ..things.kitchenware import bread_board, kettle, microwave, shelf_dishes
from ..things.lamps import pendant
from ..things.plants import plant
from ..things.seating import chair, stool
from ..things.storage import front_panel, wall_shelf
from ..things.tables import table
from ..things.textiles import m_curtain
from ..world import at, part, thing, world


@scene("kitchen")
@builds(
    "refrigerator",
    "cabinet",
    "countertop",
    "wall",
    "sink",
    "oven",
    "stove",
    "hood",
    "dishwasher",
    "pot",
    "kitchen_island",
    "shelf",
)
def kitchen():
    """A run of units along the back wall; an island or a table."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(3.6, 4.6), rng.uniform(3.6, 4.4), rng.uniform(2.5, 2.75)
    rm = Room(W, D, H)
    along = rm.along
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    kc = rng.choice(
        ["#f0ede6", "#e6e3da", style.pal["accent"], "#3b4a44", "#2f3d4c", "#b9c2b5", style.woodc, "#d8cdbb"]
    )
    style.kit = m_wood(kc) if kc == style.woodc else m_gloss(kc, 0.4, 0.15)
    ct = rng.choice(
        [
            m_marble(),
            m_marble("#3a3b3d", "#77777a"),
            style.wood,
            m_concrete("#b7b2a9", 0.4),
            m_marble("#d9d2c6", "#a39a8c"),
        ]
    )
    st = rng.choice(["flat", "shaker", "shaker"])
    tile = rng.choice(
        [
            ("#eeebe4", 0.15, 0.075, 0.5),
            ("#dfe6e4", 0.1, 0.1, 0),
            ("#f2f0ea", 0.2, 0.1, 0.5),
            (style.tex[0], 0.12, 0.12, 0),
            ("#cfd8cf", 0.15, 0.075, 0.5),
        ]
    )
    tm = m_tiles(tile[0], scaled(rgb(tile[0]), 0.92), "#c9c5bd", tile[1], tile[2], 0.2, tile[3], 0.004, "xz")
    bw = rng.random() < 0.6
    wx = W * rng.uniform(0.38, 0.6)
    zc = 0.9
    if bw:
        rm.window(
            "back",
            wx,
            rng.uniform(1.1, 1.5),
            1.12,
            2.1,
            rng.choice(["plain", "cross", "grid"]),
            rng.choice([None, None, "short"]),
            cur_mat=m_curtain(),
            blind=rng.random() < 0.2,
        )
    rm.window(s, along(s, D * 0.5), rng.uniform(1.2, 1.6), rng.choice([0.95, 0.12]), 2.15, None, None)
    main = s
    rm.build(pick_wall(), pick_floor(("tiles", "check", "planks", "wide", "herring")), {}, None)
    # back run: fridge at one end, then base units
    flip = rng.random() < 0.5
    fx = W - 0.38 if flip else 0.38
    fr = (
        m_metal("#c9cbcd", 0.3)
        if rng.random() < 0.55
        else m_gloss(rng.choice(["#f1efea", style.tex[0], "#d9e3df"]), 0.25, 0.6)
    )
    with thing("refrigerator"), rm.on("back", fx, -0.35):
        h = rng.uniform(1.8, 2.0)
        rbox(0.7, 0.64, h - 0.04, (0, 0, 0.04), fr, r=0.025)
        for z, hh in ((0.06, h * 0.34), (0.06 + h * 0.34 + 0.012, h * 0.66 - 0.1)):
            with part("door"):
                rbox(0.69, 0.05, hh, (0, -0.34, z), fr, r=0.018)
        for z in (h * 0.22, h * 0.5):
            tube(
                [((-0.28 if flip else 0.28), -0.4, z), ((-0.28 if flip else 0.28), -0.4, z + 0.3)],
                0.011,
                style.chrome,
            )
    x0, x1 = (0.02, W - 0.8) if flip else (0.8, W - 0.02)
    n = max(3, round((x1 - x0) / 0.6))
    cw = (x1 - x0) / n
    stove_i = rng.randrange(0, n) if not bw else min(range(n), key=lambda i: -abs(x0 + cw * (i + 0.5) - wx))
    sink_i = (
        min((i for i in range(n) if i != stove_i), key=lambda i: abs(x0 + cw * (i + 0.5) - wx))
        if bw
        else (stove_i + n // 2) % n
    )
    dish_i = next((i for i in (sink_i + 1, sink_i - 1) if 0 <= i < n and i != stove_i), None)
    with thing("cabinet"), rm.on("back", 0, -0.6):
        for i in range(n):
            x = x0 + cw * (i + 0.5)
            if i in (stove_i, dish_i):
                continue
            box(cw, 0.58, zc - 0.14, (x, 0.3, 0.1), style.kit, 0.002)
            if i % 2 == 0:
                front_panel(x, 0.1, cw, zc - 0.14, st, vert=True)
            else:
                hh = (zc - 0.14) / 3
                for k in range(3):
                    front_panel(x, 0.1 + hh * k, cw, hh, st)
        box(x1 - x0, 0.5, 0.1, ((x0 + x1) / 2, 0.32, 0), style.dark, 0)
    with thing("countertop"), rm.on("back", 0, -0.62):
        b = [(x0, x0 + cw * stove_i), (x0 + cw * (stove_i + 1), x1)]
        for a, e in b:
            if e - a > 0.05:
                box(e - a, 0.62, 0.04, ((a + e) / 2, 0.31, zc - 0.04), ct, 0.006)
    with thing("wall"), rm.on("back", (x0 + x1) / 2, -0.004):
        top = 1.12 - 0.04 if bw else 1.45
        box(x1 - x0, 0.008, top - zc, (0, 0, zc), tm, 0, grain="obj")
        if bw:
            for a, e in ((x0, wx - 1.0), (wx + 1.0, x1)):
                if e - a > 0.2:
                    box(e - a, 0.009, 1.5 - top, ((a + e) / 2 - (x0 + x1) / 2, 0, top), tm, 0, grain="obj")
    # stove, oven, hood
    sx = x0 + cw * (stove_i + 0.5)
    ov = rng.choice([m_metal("#c5c7c9", 0.3), style.black, m_gloss("#efede8", 0.3, 0.4)])
    with rm.on("back", sx, -0.6):
        with thing("oven"):
            box(cw - 0.01, 0.58, zc - 0.06, (0, 0.3, 0.05), ov, 0.006)
            with part("door"):
                box(cw - 0.06, 0.03, 0.46, (0, -0.005, 0.2), ov, 0.01)
                box(cw - 0.16, 0.01, 0.3, (0, -0.022, 0.27), style.screen, 0.01)
                with part("handle"):
                    tube([(-cw * 0.36, -0.06, 0.7), (cw * 0.36, -0.06, 0.7)], 0.01, style.chrome)
            for k in range(5):
                with at(-cw * 0.36 + cw * 0.18 * k, -0.01, 0.79, rx=math.pi / 2):
                    cyl(0.02, 0.03, (0, 0, 0), style.chrome, n=16)
        with thing("stove"):
            box(cw - 0.005, 0.62, 0.03, (0, 0.29, zc - 0.02), style.black, 0.006)
            for a in (-0.14, 0.14):
                for c_ in (0.15, 0.43):
                    add(vf_torus(0.075, 0.008, (a, c_, zc + 0.02)), style.dark)
                    for q in range(2):
                        with at(a, c_, zc + 0.024, rz=q * math.pi / 2 + 0.78):
                            box(0.2, 0.01, 0.01, (0, 0, -0.005), style.dark, 0)
        if rng.random() < 0.8:
            with thing("pot"), at(0.14, 0.15, zc + 0.03):
                pc = rng.choice([style.chrome, m_gloss(rng.choice([*style.tex, "#b5443a"]), 0.25, 0.5)])
                lathe(
                    [
                        (0, 0),
                        (0.09, 0),
                        (0.1, 0.01),
                        (0.1, 0.11),
                        (0.104, 0.115),
                        (0.094, 0.115),
                        (0.092, 0.02),
                        (0, 0.02),
                    ],
                    pc,
                    n=32,
                )
                lathe(
                    smooth(
                        [
                            (0.1, 0.118),
                            (0.07, 0.14),
                            (0.015, 0.15),
                            (0.015, 0.165),
                            (0.022, 0.175),
                            (0, 0.18),
                        ],
                        3,
                    ),
                    pc,
                    n=32,
                )
                for q in (-1, 1):
                    tube(
                        [
                            (q * 0.1, -0.03, 0.09),
                            (q * 0.135, -0.02, 0.095),
                            (q * 0.135, 0.02, 0.095),
                            (q * 0.1, 0.03, 0.09),
                        ],
                        0.007,
                        style.black,
                        curve=3,
                    )
        with thing("hood"), at(0, 0.33, 0):
            k = rng.choice(["chimney", "cone"])
            hm = m_metal("#c9cbcd", 0.28) if rng.random() < 0.6 else style.kit
            if k == "chimney":
                box(cw * 1.02, 0.5, 0.06, (0, 0, 1.6), hm, 0.006)
                box(0.28, 0.26, H - 1.66, (0, 0.1, 1.66), hm, 0.004)
            else:
                V = np.array(
                    [
                        (-cw * 0.52, -0.26, 1.6),
                        (cw * 0.52, -0.26, 1.6),
                        (cw * 0.52, 0.26, 1.6),
                        (-cw * 0.52, 0.26, 1.6),
                        (-0.16, -0.03, 2.0),
                        (0.16, -0.03, 2.0),
                        (0.16, 0.26, 2.0),
                        (-0.16, 0.26, 2.0),
                    ]
                )
                add((V, vf_box(1, 1, 1)[1]), hm, bevel=0.01)
                box(0.3, 0.28, H - 1.98, (0, 0.11, 1.98), hm, 0.004)
    # sink
    kx = x0 + cw * (sink_i + 0.5)
    with thing("sink"), rm.on("back", kx, -0.32):
        sm = style.chrome if rng.random() < 0.6 else style.white
        box(0.5, 0.4, 0.012, (0, 0, zc - 0.008), sm, 0.004)
        box(0.42, 0.32, 0.01, (0, 0, zc + 0.001), m_metal("#7d8083", 0.35), 0.003)
        with part("faucet"):
            tube(
                [
                    (0, 0.19, zc),
                    (0, 0.19, zc + 0.3),
                    (0, 0.08, zc + 0.36),
                    (0, -0.02, zc + 0.3),
                    (0, -0.03, zc + 0.22),
                ],
                0.013,
                style.chrome,
                curve=6,
            )
        tube([(0.06, 0.19, zc), (0.06, 0.17, zc + 0.09)], 0.009, style.chrome)
    if dish_i is not None:
        with thing("dishwasher"), rm.on("back", x0 + cw * (dish_i + 0.5), -0.6):
            box(cw - 0.01, 0.58, zc - 0.1, (0, 0.3, 0.06), ov, 0.005)
            box(cw - 0.02, 0.025, zc - 0.16, (0, -0.01, 0.1), ov, 0.008)
            tube([(-cw * 0.34, -0.05, 0.76), (cw * 0.34, -0.05, 0.76)], 0.01, style.chrome)
    # wall cabinets or open shelves
    for i in range(n):
        x = x0 + cw * (i + 0.5)
        if i == stove_i or (bw and abs(x - wx) < 1.15):
            continue
        with rm.on("back", x, 0):
            if st == "flat" and rng.random() < 0.5:
                for z in (1.5, 1.85):
                    with thing("shelf"):
                        box(cw, 0.26, 0.03, (0, -0.13, z), style.wood, 0.004)
                    with at(0, -0.13, z + 0.03):
                        shelf_dishes(cw)
            else:
                with thing("cabinet"):
                    box(cw, 0.33, 0.72, (0, -0.165, 1.5), style.kit, 0.002)
                    with at(0, -0.33, 0):
                        front_panel(0, 1.5, cw, 0.72, st, vert=True)
    # things on the counter
    cand = [
        lambda: fruit_bowl(),
        lambda: bottle(0.3),
        lambda: vase(0.26),
        microwave,
        lambda: plant(0.3, "small"),
        bread_board,
        kettle,
        lambda: book_stack(3, 0.22, 0.16),
    ]
    rng.shuffle(cand)
    free = [i for i in range(n) if i not in (stove_i, sink_i)]
    for i, f in zip(free, cand, strict=False):
        with rm.on("back", x0 + cw * (i + 0.5) + rng.uniform(-0.08, 0.08), -0.3, zc):
            f()
    # island or table
    if rng.random() < 0.6:
        iw, idp = rng.uniform(1.5, 1.9), rng.uniform(0.7, 0.85)
        ix, iy = W * 0.5, D * 0.42
        with at(ix, iy, 0):
            with thing("kitchen_island"):
                box(iw - 0.1, idp - 0.14, zc - 0.14, (0, 0.03, 0.1), style.kit, 0.004)
                box(iw - 0.16, idp - 0.2, 0.1, (0, 0.03, 0), style.dark, 0)
                k = 3
                for i in range(k):
                    with at(0, -idp / 2 + 0.1, 0):
                        front_panel(
                            -(iw - 0.1) / 2 + (iw - 0.1) * (i + 0.5) / k,
                            0.1,
                            (iw - 0.1) / k,
                            zc - 0.14,
                            st,
                            vert=True,
                        )
            with thing("countertop"):
                box(iw, idp, 0.04, (0, 0, zc - 0.04), rng.choice([ct, style.wood]), 0.008)
            with at(rng.uniform(-0.4, 0.4), 0, zc):
                rng.choice([fruit_bowl, lambda: vase(0.26, True), bread_board])()
            for i in range(rng.randint(2, 3)):
                with at(-iw * 0.32 + iw * 0.32 * i, -idp / 2 - 0.12, 0):
                    stool(0.66)
        for i in (-1, 1):
            with at(ix + i * iw * 0.27, iy, H):
                pendant(H - 1.75, "dome")
    else:
        with at(W * 0.5, D * 0.42, 0):
            hh = table(1.0, 0, 0.75, "table", rng.choice(["round", "tulip"]))
            with at(0, 0, hh):
                vase(0.25, True)
            ck = rng.choice(["shell", "spindle", "ladder"])
            for i in range(rng.randint(2, 4)):
                a = 0.6 + i * math.pi / 2
                with at(0.62 * math.cos(a), 0.62 * math.sin(a), 0, rz=a - math.pi / 2):
                    chair(ck)
        with at(W * 0.5, D * 0.42, H):
            pendant(H - 1.7)
    with rm.on(o, along(o, D * 0.62)):
        if rng.random() < 0.5:
            paintings(0, 1.6, 1.2)
        else:
            with at(0, -0.13, 1.45):
                wall_shelf(1.0, tiers=2)
    return finish_room(rm, mood, main)
