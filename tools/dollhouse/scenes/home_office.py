"""A home office."""

import math

from ..art import picture
from ..materials import m_gloss, m_ground, m_image, m_paint
from ..mesh import add, box, rbox, vf_picture
from ..registry import builds, scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room, style
from ..things.decor import book_stack, paintings, small_decor, vase
from ..things.electronics import desktop_screen, laptop
from ..things.fixtures import ceiling_fan
from ..things.lamps import pendant, table_lamp
from ..things.plants import plant
from ..things.seating import armchair, chair, swivel_chair
from ..things.storage import bookcase, knob, wall_shelf
from ..things.tables import table
from ..things.textiles import m_curtain, rug
from ..world import at, thing, world


@scene("home_office")
@builds("computer", "chest_of_drawers", "bulletin_board")
def home_office():
    """A desk and shelves."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(3.4, 4.3), rng.uniform(3.6, 4.3), rng.uniform(2.5, 2.8)
    rm = Room(W, D, H)
    along = rm.along
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    cm = m_curtain()
    back = rng.random() < 0.5
    if back:
        rm.window(
            "back",
            W * 0.5,
            rng.uniform(1.5, 2.0),
            rng.uniform(0.85, 1.0),
            2.2,
            None,
            rng.choice(["long", "short", None]),
            cur_mat=cm,
            blind=rng.random() < 0.25,
        )
        main = "back"
    else:
        rm.window(
            s,
            along(s, D * 0.58),
            rng.uniform(1.4, 1.8),
            rng.uniform(0.8, 0.95),
            2.2,
            None,
            rng.choice(["long", "short", None]),
            cur_mat=cm,
            blind=rng.random() < 0.25,
        )
        main = s
    if rng.random() < 0.4:
        rm.door(o, along(o, D * 0.28))
    rm.build(
        pick_wall(),
        pick_floor(("planks", "herring", "carpet", "wide")),
        accent_wall("back") if not back else {},
        rng.choice([None, None, "panel"]),
    )
    cx = W * 0.5
    dw = rng.uniform(1.4, 1.8)
    with at(cx, D - 1.6, 0):
        rug(rng.uniform(2.0, 2.6), rng.uniform(1.5, 1.9)) if rng.random() < 0.8 else None
    with rm.on("back", cx, -0.4):
        h = table(dw, 0.68, 0.74, "desk", rng.choice(["taper", "frame", "splay", "trestle"]))
        with at(0, 0.12, h):
            if rng.random() < 0.6:
                desktop_screen(rng.uniform(0.56, 0.7))
                with thing("computer"), at(0, -0.26, 0):
                    box(0.42, 0.13, 0.018, (0, 0, 0), style.white, 0.006)
                    for i in range(4):
                        box(
                            0.39,
                            0.022,
                            0.006,
                            (0, -0.042 + 0.028 * i, 0.018),
                            m_gloss("#d9d7d2", 0.5, 0),
                            0.002,
                        )
                with thing("computer"), at(0.3, -0.26, 0):
                    rbox(0.06, 0.1, 0.03, (0, 0, 0), style.white, r=0.014)
            else:
                laptop()
        with at(-dw * 0.36, 0.1, h):
            table_lamp(0.42)
        with at(dw * 0.34, 0.08, h):
            book_stack(rng.randint(2, 4))
        with at(dw * 0.42, -0.14, h):
            rng.choice([lambda: vase(0.2), lambda: plant(0.28, "small"), lambda: small_decor(0.18)])()
        with at(rng.uniform(-0.2, 0.2), -0.62, 0, rz=math.pi + rng.uniform(-0.6, 0.6)):
            swivel_chair() if rng.random() < 0.7 else chair(rng.choice(["shell", "uph", "spindle"]))
        if rng.random() < 0.7:
            with at(rng.choice([-1, 1]) * (dw * 0.34), 0.06, 0), thing("chest_of_drawers"):
                box(0.4, 0.5, 0.58, (0, 0, 0.04), style.case, 0.006)
                for i in range(3):
                    box(0.38, 0.02, 0.17, (0, -0.255, 0.06 + 0.185 * i), style.case, 0.005)
                    knob(0, -0.275, 0.15 + 0.185 * i)
    if not back:
        with rm.on("back", cx):
            k = rng.random()
            if k < 0.35:
                with at(0, -0.12, 1.4):
                    wall_shelf(1.4, tiers=rng.randint(1, 2))
            elif k < 0.65:
                paintings(0, 1.65, 1.5)
            else:
                with thing("bulletin_board"), at(0, -0.012, 1.25):
                    box(1.1, 0.02, 0.75, (0, 0, 0), m_ground("#b98a58", "#a37747", 30), 0)
                    for q in (-1, 1):
                        box(0.03, 0.03, 0.78, (q * 0.55, -0.003, -0.015), style.wood, 0.005)
                        box(1.1, 0.03, 0.03, (0, -0.003, -0.015 if q < 0 else 0.735), style.wood, 0.005)
                    for i in range(rng.randint(6, 10)):
                        w_, h_ = rng.uniform(0.09, 0.2), rng.uniform(0.1, 0.2)
                        with at(
                            rng.uniform(-0.42, 0.42),
                            -0.014 - i * 0.0006,
                            rng.uniform(0.06, 0.5),
                            ry=rng.uniform(-0.12, 0.12),
                        ):
                            if rng.random() < 0.5:
                                add(vf_picture(w_, h_), m_image(picture(world.nprng, 40, 40), 0.8))
                            else:
                                add(
                                    vf_picture(w_, h_),
                                    m_paint(rng.choice(["#f4f1e8", "#f2d36b", "#bcd7e0", "#e9b7a6"]), 0.9),
                                )
    for wl in (s, o):
        if any(q[4] == "window" for q in rm.open[wl]):
            continue
        with rm.on(wl, along(wl, D * 0.66), -0.18):
            bookcase(rng.uniform(1.2, 2.0), 0.32, min(H - 0.25, rng.uniform(1.9, 2.3)))
        break
    with rm.on("back", 0.4 if s == "left" else W - 0.4, -0.4):
        plant(rng.uniform(1.1, 1.7))
    if rng.random() < 0.6 and W > 3.7:
        q = 1 if s == "left" else -1
        with at(W * 0.5 - q * (W * 0.5 - 0.65), D * 0.42, 0, rz=math.pi * 0.6 * q):
            armchair()
    with at(cx, D * 0.5, H):
        r = rng.random()
        pendant(rng.uniform(0.4, 0.6)) if r < 0.7 else ceiling_fan() if r < 0.85 else None
    return finish_room(rm, mood, main)
