"""A dining room."""

import math

from ..registry import scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room, room_fabric
from ..things.decor import bottle, fruit_bowl, mirror, paintings, small_decor, table_setting, vase
from ..things.lamps import pendant, table_lamp
from ..things.plants import plant
from ..things.seating import chair
from ..things.storage import bookcase, sideboard
from ..things.tables import table
from ..things.textiles import m_curtain, rug
from ..world import at, world


@scene("dining_room")
def dining_room():
    """A table, laid; chairs; a sideboard."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(3.8, 4.8), rng.uniform(4.0, 4.8), rng.uniform(2.5, 2.9)
    rm = Room(W, D, H)
    along = rm.along
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    cm = m_curtain()
    back = rng.random() < 0.5
    z0 = rng.choice([0.12, rng.uniform(0.75, 0.9)])
    if back:
        rm.window(
            "back",
            W * 0.5,
            rng.uniform(1.8, 2.6),
            z0,
            rng.uniform(2.15, 2.3),
            rng.choice(["three", "grid", "cross"]),
            rng.choice(["long", "long", None]),
            cur_mat=cm,
        )
        main = "back"
        if rng.random() < 0.5:
            rm.window(s, along(s, D * 0.55), 1.4, z0, 2.2, None, "long", cur_mat=cm)
    else:
        rm.window(
            s,
            along(s, D * 0.55),
            rng.uniform(1.6, 2.2),
            z0,
            rng.uniform(2.15, 2.3),
            None,
            rng.choice(["long", None]),
            cur_mat=cm,
            blind=rng.random() < 0.2,
        )
        main = s
    if rng.random() < 0.4:
        rm.door(o, along(o, D * 0.3))
    rm.build(
        pick_wall(),
        pick_floor(("planks", "herring", "tiles", "wide", "check")),
        accent_wall("back") if not back else {},
        rng.choice([None, None, "panel", "bead"]),
    )
    cx, cy = W * 0.5, D * 0.56
    rnd = rng.random() < 0.4
    h = 0.75
    ck = rng.choice(["shell", "spindle", "uph", "ladder"])
    sm = room_fabric(rng.randrange(3)) if ck in ("uph", "ladder") else None
    with at(cx, cy, 0):
        if rng.random() < 0.7:
            rug(2.6, 2.1) if not rnd or rng.random() < 0.3 else rug(2.3, 2.3, True)
    with at(cx, cy, 0.012):
        if rnd:
            r = rng.uniform(0.55, 0.68)
            table(2 * r, 0, h, "table", rng.choice(["round", "tulip"]))
            n = rng.choice([4, 4, 5])
            seats = [
                (r * math.cos(a), r * math.sin(a), a + math.pi / 2)
                for a in [math.pi / 4 + i * 2 * math.pi / n for i in range(n)]
            ]
        else:
            w, d = rng.uniform(1.6, 2.0), rng.uniform(0.85, 0.95)
            table(w, d, h, "table")
            seats = [
                (x, sg * d / 2, math.pi / 2 * sg + math.pi / 2)
                for x in (-w * 0.26, w * 0.26)
                for sg in (-1, 1)
            ]
            if rng.random() < 0.5:
                seats += [(sg * w / 2, 0, 0 if sg > 0 else math.pi) for sg in (-1, 1)]
                seats[-2] = (w / 2, 0, math.pi / 2)
                seats[-1] = (-w / 2, 0, -math.pi / 2)
        setting = rng.random() < 0.75
        for x, y, _a in seats:
            L = math.hypot(x, y)
            ux, uy = x / L, y / L
            if not rnd and abs(y) > 0.1:
                ux, uy = 0, math.copysign(1, y)
            if not rnd and abs(y) < 0.1:
                ux, uy = math.copysign(1, x), 0
            out = rng.uniform(0.1, 0.3)
            ang = math.atan2(uy, ux) - math.pi / 2  # chair's back (+y) points outwards
            with at(x + ux * out, y + uy * out, 0, rz=ang + rng.uniform(-0.15, 0.15)):
                chair(ck, sm)
            if setting:
                with at(x - ux * 0.2, y - uy * 0.2, h, rz=ang):
                    table_setting()
        with at(0, 0, h):
            if rng.random() < 0.6:
                vase(rng.uniform(0.22, 0.3), True)
            else:
                fruit_bowl()
            if rng.random() < 0.5:
                with at(0.25, 0.05, 0):
                    bottle(0.3)
    if not back:
        with rm.on("back", W * 0.5, -0.24):
            hh = sideboard(
                rng.uniform(1.4, 1.8), 0.42, rng.uniform(0.75, 0.9), rng.choice(["buffet", "cabinet"])
            )
            for q in (-0.55, -0.15, 0.5):
                if rng.random() < 0.8:
                    with at(q, 0.03, hh):
                        rng.choice(
                            [
                                lambda: vase(0.32),
                                lambda: table_lamp(0.48),
                                lambda: small_decor(0.25),
                                lambda: fruit_bowl(),
                            ]
                        )()
        with rm.on("back", W * 0.5):
            if rng.random() < 0.7:
                paintings(0, 1.62, 1.7)
            else:
                with at(0, 0, 1.6):
                    mirror(0.8, 1.0)
    with rm.on(o, along(o, D * 0.62), -0.2):
        if rng.random() < 0.5:
            bookcase(rng.uniform(0.9, 1.4), 0.34, rng.uniform(1.9, 2.2), rng.choice(["bookcase", "cabinet"]))
        else:
            with at(0, 0.2, 1.55):
                paintings(0, 0, 1.4)
    with rm.on("back", W - 0.4 if s == "left" else 0.4, -0.4):
        plant(rng.uniform(1.2, 1.8))
    with at(cx, cy, H):
        pendant(
            H - rng.uniform(1.6, 1.75),
            rng.choice(["dome", "dome", "rattan", "globe", "drum", "chandelier", "paper"]),
        )
    return finish_room(rm, mood, main)
