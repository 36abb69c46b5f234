"""A hallway."""

import math

from ..camera import inside_view
from ..registry import scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room
from ..things.decor import book_stack, mirror, paintings, vase
from ..things.fixtures import radiator
from ..things.hallway import coat_rail, shoes, umbrella_stand
from ..things.lamps import pendant, sconce, table_lamp
from ..things.plants import plant
from ..things.seating import bench
from ..things.storage import chest, sideboard
from ..things.tables import table
from ..things.textiles import m_curtain, rug
from ..world import at, world


@scene("corridor")
def corridor():
    """Doors along both sides, a runner, coats, a window or a door at the end."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(2.1, 2.7), rng.uniform(5.6, 7.4), rng.uniform(2.5, 2.8)
    rm = Room(W, D, H)
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    end = rng.choice(["window", "window", "door"])
    if end == "window":
        rm.window(
            "back",
            W * 0.5,
            rng.uniform(0.9, 1.2),
            0.75,
            2.15,
            curtains=rng.choice(["long", None]),
            cur_mat=m_curtain(),
        )
    else:
        rm.door("back", W * 0.5)
    # light falls in through a glazed opening on side s, doors lead away on side o
    rm.window(s, rm.along(s, D * 0.72), 1.2, 0.95, 2.15)
    for q in (0.3, 0.78) if rng.random() < 0.6 else (0.55,):
        rm.door(o, rm.along(o, D * q))
    if rng.random() < 0.5:
        rm.door(s, rm.along(s, D * 0.36))
        free = 0.54
    else:
        free = 0.42
    wall_kind = rng.choice([None, "panel", "bead", "panel"])
    rm.build(
        pick_wall(),
        pick_floor(("planks", "herring", "tiles", "check", "wide")),
        accent_wall("back") if end == "door" else {},
        wall_kind,
    )
    with at(W * 0.5, D * 0.52, 0):
        rug(min(1.0, W - 1.1), rng.uniform(2.6, 3.6))
    # side s: coats above a bench, or a console below a mirror
    with rm.on(s, rm.along(s, D * free)):
        if rng.random() < 0.5:
            with at(0, 0, 1.65):
                coat_rail(1.3, 4)
            with at(0, -0.24, 0):
                bench(1.1)
            with at(-0.3, -0.2, 0):
                shoes(3)
        else:
            with at(0, -0.2, 0):
                k = rng.random()
                if k < 0.4:
                    h = table(1.0, 0.34, 0.8, "table", rng.choice(["taper", "frame"]))
                elif k < 0.7:
                    h = chest(0.9, 0.36, 0.82)
                else:
                    h = sideboard(1.1, 0.36, 0.8)
                with at(-0.28, 0, h):
                    table_lamp(0.42)
                with at(0.25, 0, h):
                    vase(0.26, True) if rng.random() < 0.6 else book_stack(2)
            with at(0, 0, 1.55):
                mirror(0.7, 0.9)
    doors = [h[0] for h in rm.open[o]]
    with rm.on(o, rm.along(o, D * (0.54 if len(doors) == 2 else 0.3))):
        if rng.random() < 0.6:
            paintings(0, 1.6, 1.0)
        else:
            with at(0, 0, 1.7):
                sconce()
    with rm.on("back", 0.3 if s == "right" else W - 0.3, -0.32):
        rng.choice([lambda: plant(rng.uniform(1.0, 1.4), "snake"), umbrella_stand, umbrella_stand])()
    if end == "window":
        with rm.on("back", W * 0.5, -0.08):
            radiator(0.8, 0.5)
    for q in (0.4, 0.75):
        with at(W * 0.5, D * q, H, rz=math.pi / 4):
            pendant(rng.uniform(0.3, 0.5), rng.choice(["globe", "drum", "dome"]) if q < 0.5 else "globe")
    return finish_room(rm, mood, s, view=inside_view)
