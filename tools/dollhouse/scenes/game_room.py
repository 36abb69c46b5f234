"""A room for games: a pool table, arcade machines, posters."""

from ..registry import scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room
from ..things.decor import paintings
from ..things.electronics import television
from ..things.fixtures import radiator
from ..things.lamps import floor_lamp, pendant
from ..things.plants import plant
from ..things.play import arcade_machine, pool_table, poster, wall_flag
from ..things.seating import armchair, sofa, stool
from ..things.storage import bookcase, sideboard
from ..things.textiles import m_curtain, rug
from ..world import at, world


@scene("game_room")
def game_room():
    """A pool table under its lamps; machines or a sofa along the walls."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(5.0, 6.2), rng.uniform(5.0, 5.8), rng.uniform(2.6, 3.0)
    rm = Room(W, D, H)
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    for q in (0.42, 0.75) if rng.random() < 0.6 else (0.58,):
        rm.window(
            s,
            rm.along(s, D * q),
            rng.uniform(1.1, 1.4),
            0.9,
            2.15,
            curtains=rng.choice(["short", None]),
            cur_mat=m_curtain(),
            blind=rng.random() < 0.3,
        )
    door = rng.random() < 0.4
    if door:
        rm.door(o, rm.along(o, D * 0.3))
    rm.build(
        pick_wall(),
        pick_floor(("planks", "wide", "herring", "carpet")),
        accent_wall("back"),
        rng.choice([None, "panel", "bead"]),
    )
    cx, cy = W * 0.5 + rng.uniform(-0.2, 0.2), D * 0.5
    with at(cx, cy, 0):
        if rng.random() < 0.6:
            rug(3.4, 2.3)
    with at(cx, cy, 0.014, rz=0.0 if rng.random() < 0.6 else 1.5708):
        pool_table()
    for i in (-1, 1):
        with at(cx + 0.55 * i, cy, H):
            pendant(H - 1.75, "dome")
    # the back wall
    plan = rng.choice(["arcade", "sofa", "media"])
    if plan == "arcade":
        n = rng.randint(2, 4)
        for i in range(n):
            with rm.on("back", W * 0.5 + (i - (n - 1) / 2) * 0.95, -0.45):
                arcade_machine()
    elif plan == "sofa":
        with rm.on("back", W * 0.5, -0.52):
            sofa(rng.uniform(1.9, 2.3))
    else:
        with rm.on("back", W * 0.5, -0.26):
            h = sideboard(1.8, 0.42, 0.6)
            with at(0, 0, h):
                television(1.3)
    high = 2.1 if plan == "arcade" else 1.45
    with rm.on("back", W * 0.5):
        k = rng.random()
        if plan == "arcade":
            pass
        elif k < 0.4 and plan == "sofa":
            with at(0, 0, 1.75):
                wall_flag()
        elif plan == "sofa":
            for x in (-0.75, 0, 0.75):
                with at(x, 0, high - 0.1):
                    poster(0.55, 0.75)
    # the side walls
    with rm.on(o, rm.along(o, D * 0.72)):
        k = rng.random()
        if k < 0.4:
            for x in (-0.4, 0.4):
                with at(x, 0, 1.15):
                    poster()
        elif k < 0.7:
            paintings(0, 1.6, 1.4)
        else:
            with at(0, 0, 1.7):
                wall_flag()
    with rm.on(o, rm.along(o, D * 0.72), -0.45):
        k = rng.random()
        if k < 0.35:
            with at(0, 0.27, 0):
                bookcase(1.0, 0.3, 1.0)
        elif k < 0.7:
            for x in (-0.4, 0.4):
                with at(x, 0, 0):
                    stool(0.7)
        else:
            with at(0, -0.1, 0):
                armchair()
    if rng.random() < 0.5:
        with rm.on(s, rm.along(s, D * 0.58), -0.08):
            radiator(1.0)
    with rm.on("back", 0.4, -0.4):
        plant(rng.uniform(1.1, 1.6)) if rng.random() < 0.6 else floor_lamp()
    return finish_room(rm, mood, s)
