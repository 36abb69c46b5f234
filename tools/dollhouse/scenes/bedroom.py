"""A bedroom."""

import math

from ..materials import m_paint
from ..mesh import box, cyl
from ..registry import builds, scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room, style
from ..things.beds import bed
from ..things.decor import book_stack, mirror, paintings, small_decor, vase
from ..things.electronics import laptop
from ..things.fixtures import ceiling_fan
from ..things.lamps import pendant, table_lamp
from ..things.plants import plant
from ..things.seating import armchair, bench, chair, ottoman
from ..things.storage import bookcase, chest, wall_shelf, wardrobe
from ..things.tables import nightstand, table
from ..things.textiles import m_curtain, rug
from ..world import at, thing, world


@scene("bedroom")
@builds("clock")
def bedroom():
    """A bed and what goes with it."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(3.6, 4.6), rng.uniform(3.8, 4.6), rng.uniform(2.45, 2.8)
    rm = Room(W, D, H)
    s = rng.choice(["left", "right"])  # window side
    o = "right" if s == "left" else "left"
    bx = W * 0.5 + (0.12 if s == "left" else -0.12) * rng.uniform(0, 1)
    along = rm.along
    cm = m_curtain()
    big = rng.random() < 0.4
    yw = D * rng.uniform(0.56, 0.66)
    ww = rng.uniform(1.3, 1.7)
    rm.window(
        s,
        along(s, yw),
        ww,
        0.15 if big else rng.uniform(0.7, 0.9),
        rng.uniform(2.1, 2.25),
        curtains=rng.choice(["long", "long", "short" if not big else "long", None]),
        cur_mat=cm,
        blind=rng.random() < 0.2,
    )
    back_win = rng.random() < 0.25
    bw = rng.choice([1.4, 1.6, 1.8]) if W > 3.9 else rng.choice([1.2, 1.4])
    if back_win:
        rm.window("back", bx, 1.5, 1.25, 2.15, curtains=rng.choice(["short", None]), cur_mat=cm)
    has_door = rng.random() < 0.45
    if has_door:
        rm.door(o, along(o, D * 0.3))
    rm.build(
        pick_wall(),
        pick_floor(("planks", "wide", "herring", "carpet")),
        accent_wall("back") if not back_win else {},
        rng.choice([None, None, None, "panel", "bead"]),
    )
    # bed group
    with rm.on("back", bx, -1.13):
        bed(bw)
    for sgn in (-1, 1):
        x = bx + sgn * (bw / 2 + 0.36)
        if 0.25 < x < W - 0.25:
            with rm.on("back", x, -0.25):
                h = nightstand(0.44, 0.38, rng.uniform(0.46, 0.55))
                with at(rng.uniform(-0.03, 0.03), 0.04, h):
                    if rng.random() < 0.85:
                        table_lamp(rng.uniform(0.42, 0.52))
                    else:
                        vase(0.24, True)
                if rng.random() < 0.6:
                    with at(0.1 * -sgn, -0.1, h):
                        book_stack(rng.randint(1, 3), 0.2, 0.14)
    if not back_win:
        k = rng.random()
        if k < 0.7:
            with rm.on("back", bx):
                paintings(0, 1.78, bw + 0.4)
        elif k < 0.85:
            with rm.on("back", bx, -0.02, 1.45):
                wall_shelf(1.1)
        else:
            with rm.on("back", bx, 0, 1.75):
                mirror(0.7, kind="round")
    # rug
    with at(bx + rng.uniform(-0.1, 0.1), D - 1.75, 0):
        rug(bw + rng.uniform(0.9, 1.3), rng.uniform(1.5, 2.0)) if rng.random() < 0.85 else None
    # other wall
    k = rng.choice(["wardrobe", "wardrobe", "chest", "bookcase", "desk"])
    if W < 4.0 and k == "desk":
        k = "chest"
    depth_ok = W - (bx + bw / 2) if o == "right" else bx - bw / 2
    if k == "wardrobe" and depth_ok < 1.15:
        k = "chest"
    if k == "wardrobe":
        with rm.on(o, along(o, D - 0.95), -0.32):
            wardrobe(rng.uniform(1.2, 1.7), 0.6, min(H - 0.15, rng.uniform(2.0, 2.3)))
    elif k == "chest":
        with rm.on(o, along(o, D - 1.3), -0.26):
            h = chest(rng.uniform(0.9, 1.2), 0.42, rng.uniform(0.75, 0.95))
            with at(-0.25, 0, h):
                vase(rng.uniform(0.22, 0.34))
            with at(0.25, 0, h):
                small_decor(0.22)
        with rm.on(o, along(o, D - 1.3), 0, 1.6):
            mirror(0.7, 0.9) if rng.random() < 0.6 else paintings(0, 0, 0.9)
    elif k == "bookcase":
        with rm.on(o, along(o, D - 1.1), -0.18):
            bookcase(rng.uniform(0.8, 1.2), 0.3, rng.uniform(1.7, 2.1))
    else:
        with rm.on(o, along(o, D - 1.2), -0.3):
            h = table(1.1, 0.5, 0.74, "desk", rng.choice(["taper", "frame"]))
            with at(0, 0, h):
                laptop()
            with at(0.4, 0.08, h):
                table_lamp(0.4)
            with at(0, -0.5, 0, rz=math.pi + rng.uniform(-0.3, 0.3)):
                chair(rng.choice(["shell", "spindle", "uph"]))
    # window side: armchair or plant
    if rng.random() < 0.6:
        with rm.on(s, along(s, D - 0.38), -0.4):
            plant(rng.uniform(1.1, 1.7))
    if rng.random() < 0.5 and W > 4.0:
        xx = 0.75 if s == "left" else W - 0.75
        with at(xx, D * 0.4, 0, rz=(math.pi * 0.62 if s == "left" else -math.pi * 0.62)):
            armchair()
    elif rng.random() < 0.6:
        with at(bx, D - 2.6, 0):
            bench(bw * 0.75) if rng.random() < 0.5 else None
        if rng.random() < 0.4:
            with at(0.7 if s == "left" else W - 0.7, D * 0.42, 0):
                ottoman()
    # ceiling
    with at(W / 2, D * 0.55, H):
        r = rng.random()
        if r < 0.7:
            pendant(rng.uniform(0.35, 0.6))
        elif r < 0.85:
            ceiling_fan()
    if rng.random() < 0.3:
        with rm.on(o, along(o, D * 0.4), 0, 1.7), thing("clock"):
            with at(0, -0.01, 0, rx=math.pi / 2):
                cyl(0.16, 0.03, (0, 0, 0), style.metal, n=40, bevel=0.008)
                cyl(0.145, 0.033, (0, 0, 0), m_paint("#f6f3ec"), n=40)
            box(0.008, 0.004, 0.1, (0, -0.047, 0), style.black, 0)
            box(0.07, 0.004, 0.008, (0.03, -0.047, 0), style.black, 0)
    return finish_room(rm, mood, s, bx / W)
