"""A small restaurant."""

import math

from ..registry import scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room, room_fabric
from ..things.bar import back_bar, bar_counter, chalkboard, display_case, drinking_glass, served_plate, sign
from ..things.decor import bottle, paintings, vase
from ..things.lamps import pendant
from ..things.people import person
from ..things.plants import plant
from ..things.play import poster
from ..things.seating import chair, stool
from ..things.tables import table
from ..things.textiles import m_curtain
from ..world import at, world

NAMES = ["BISTRO", "TRATTORIA", "CAFE", "CANTINA", "BRASSERIE", "TAVERNA", "NOODLES"]


@scene("restaurant")
def restaurant():
    """A bar along the back or one side, tables laid for two to four, lamps above them."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(6.0, 7.4), rng.uniform(5.6, 6.8), rng.uniform(2.9, 3.3)
    rm = Room(W, D, H)
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    cm = m_curtain() if rng.random() < 0.5 else None
    for q in (0.3, 0.68):
        rm.window(
            s,
            rm.along(s, D * q),
            rng.uniform(1.5, 1.9),
            rng.choice([0.5, 0.8]),
            2.4,
            curtains="long" if cm else None,
            cur_mat=cm,
        )
    rm.build(
        pick_wall(),
        pick_floor(("planks", "wide", "herring", "tiles", "check")),
        accent_wall("back"),
        rng.choice([None, "panel", "bead"]),
    )
    # the bar
    back = rng.random() < 0.6
    with rm.on("back" if back else o, W * 0.5 if back else rm.along(o, D * 0.62), -1.15):
        length = rng.uniform(2.6, 3.4)
        h = bar_counter(length, cls=rng.choice(["bar", "bar", "counter"]))
        n = int(length / 0.75)
        for i in range(n):
            with at(-length / 2 + length * (i + 0.5) / n, -0.62, 0):
                stool(0.74)
        for _ in range(rng.randint(2, 4)):
            with at(rng.uniform(-length * 0.45, length * 0.45), rng.uniform(-0.15, 0.15), h):
                rng.choice([drinking_glass, lambda: bottle(0.3), lambda: vase(0.2, True)])()
        with at(rng.uniform(-0.8, 0.8), 0.65, 0):
            person(rng.uniform(1.62, 1.82), walk=False)
    with rm.on("back" if back else o, W * 0.5 if back else rm.along(o, D * 0.62), 0, 1.25):
        back_bar(rng.uniform(2.0, 2.8), rng.randint(2, 3))
        with at(0, 0, 1.25 if H > 3.0 else 1.15):
            sign(rng.choice(NAMES), 1.7, 0.36)
    if back:
        with rm.on("back", 0.85 if o == "left" else W - 0.85, -0.4):
            display_case(1.2) if W > 6.6 else plant(1.6)
    # the other walls
    with rm.on(o if back else "back", rm.along(o, D * 0.55) if back else W * 0.45):
        k = rng.random()
        if k < 0.4:
            paintings(0, 1.65, 2.0)
        elif k < 0.75:
            for x in (-0.75, 0, 0.75):
                with at(x, 0, 1.3):
                    poster(0.5, 0.7)
        with at(1.5 if o == "left" else -1.5, 0, 1.1):
            chalkboard()
    # tables in rows, nearest to the windows
    kind, seat = rng.choice(["shell", "spindle", "uph", "ladder"]), None
    if kind in ("uph", "ladder"):
        seat = room_fabric(rng.randrange(3))
    shape = rng.choice(["round", "tulip", "taper", "frame"])
    x_bar = 0 if back else (1.9 if o == "right" else -1.9)
    columns = [W * 0.25, W * 0.75] if back else ([W * 0.22, W * 0.55] if x_bar > 0 else [W * 0.45, W * 0.78])
    for cx in columns:
        for cy in (D * 0.23, D * 0.52) if back else (D * 0.24, D * 0.53, D * 0.82):
            size = rng.uniform(0.75, 0.9)
            with at(cx + rng.uniform(-0.1, 0.1), cy + rng.uniform(-0.1, 0.1), 0):
                hh = table(size, size, 0.75, "table", shape)
                turns = [0, math.pi] if rng.random() < 0.6 else [0, math.pi / 2, math.pi, -math.pi / 2]
                for a in (t + math.pi / 2 for t in turns):
                    with at(0, 0, 0, rz=a), at(0, size * 0.5 + 0.14, 0, rz=rng.uniform(-0.15, 0.15)):
                        chair(kind, seat)
                    with at(0, 0, hh, rz=a), at(0, size * 0.28, 0):
                        served_plate()
                        with at(0.15, -0.06, 0):
                            drinking_glass()
                with at(0, 0, hh):
                    vase(0.18, True) if rng.random() < 0.6 else bottle(0.3)
            with at(cx, cy, H):
                if cy < D * 0.7:
                    pendant(H - rng.uniform(1.75, 1.8), rng.choice(["dome", "dome", "rattan", "globe"]))
    with rm.on("back", 0.4 if s == "left" else W - 0.4, -0.4):
        plant(rng.uniform(1.3, 1.8))
    return finish_room(rm, mood, s)
