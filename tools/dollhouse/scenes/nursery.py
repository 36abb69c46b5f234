"""A child's room."""

from ..registry import scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room
from ..things.decor import book_stack, paintings, small_decor
from ..things.lamps import pendant, table_lamp
from ..things.plants import plant
from ..things.play import building_blocks, cot, play_tent, poster, rocking_horse, teddy, toy_ball, toy_box
from ..things.seating import armchair, ottoman
from ..things.storage import bookcase, chest, wardrobe
from ..things.textiles import m_curtain, rug
from ..world import at, world


@scene("nursery")
def nursery():
    """A cot, a chest of drawers, and toys on the floor."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(3.4, 4.2), rng.uniform(3.6, 4.3), rng.uniform(2.45, 2.7)
    rm = Room(W, D, H)
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    side = 1 if s == "left" else -1
    sill = rng.choice([0.8, 0.95])
    curtains = rng.choice(["long", "short", None])
    rm.window(
        s,
        rm.along(s, D * rng.uniform(0.5, 0.62)),
        rng.uniform(1.2, 1.6),
        sill,
        2.15,
        curtains=curtains,
        cur_mat=m_curtain(),
        blind=curtains is None,
    )
    rm.build(
        pick_wall(),
        pick_floor(("planks", "carpet", "wide")),
        accent_wall("back"),
        rng.choice([None, "bead", "panel"]),
    )
    cx = W * 0.5
    # the cot stands with its long side or its head to the back wall
    cot_x = cx + rng.uniform(-0.3, 0.3)
    if rng.random() < 0.5:
        with rm.on("back", cot_x, -0.75):
            cot()
    else:
        with rm.on("back", cot_x, -0.45, rz=1.5708):
            cot()
    with rm.on("back", cot_x):
        if rng.random() < 0.5:
            paintings(0, 1.65, 1.3)
        else:
            for x in (-0.36, 0.36):
                with at(x, 0, 1.3):
                    poster(0.5, 0.7)
    # storage on the other side
    k = rng.choice(["chest", "bookcase", "wardrobe"])
    y = D - 1.25
    if k == "chest":
        with rm.on(o, rm.along(o, y), -0.26):
            h = chest(rng.uniform(0.9, 1.1), 0.42, 0.85)
            with at(-0.25, 0, h):
                table_lamp(0.4)
            with at(0.22, 0, h):
                teddy(0.3) if rng.random() < 0.6 else small_decor(0.22)
    elif k == "bookcase":
        with rm.on(o, rm.along(o, y), -0.18):
            bookcase(1.1, 0.3, rng.uniform(1.2, 1.6))
    else:
        with rm.on(o, rm.along(o, y), -0.32):
            wardrobe(1.1, 0.55, 2.0)
    with rm.on(o, rm.along(o, D * 0.38), -0.25):
        toy_box(rng.uniform(0.6, 0.8))
    with at(cx, D - 2.0, 0):
        rug(1.8, 1.8, True) if rng.random() < 0.5 else rug(rng.uniform(1.8, 2.3), 1.4)
    # a big toy on the window side, small ones on the rug
    big = rng.choice(["tent", "armchair", "horse"])
    bx = cx - side * (W * 0.5 - 0.75)
    with at(bx, D - 1.0 if big == "tent" else D * 0.5, 0, rz=-side * (0.4 if big == "tent" else 1.9)):
        {"tent": play_tent, "armchair": armchair, "horse": rocking_horse}[big]()
    toys = [
        building_blocks,
        teddy,
        lambda: toy_ball(rng.uniform(0.09, 0.15)),
        lambda: book_stack(3),
        rocking_horse,
    ]
    if big == "horse":
        toys.pop()
    rng.shuffle(toys)
    for i, toy in enumerate(toys[: rng.randint(3, 4)]):
        with at(cx - 0.75 + 0.5 * i, D - 2.1 + 0.3 * (i % 2), 0.014, rz=rng.uniform(-0.8, 0.8)):
            toy()
    if rng.random() < 0.5:
        with rm.on("back", W - 0.35 if side > 0 else 0.35, -0.35):
            plant(rng.uniform(0.9, 1.3)) if rng.random() < 0.6 else ottoman(0.22, 0.35)
    with at(cx, D * 0.5, H):
        pendant(rng.uniform(0.35, 0.55), rng.choice(["paper", "globe", "drum", "rattan"]))
    return finish_room(rm, mood, s, cot_x / W)
