"""A living room."""

from ..registry import builds, scene
from ..shell import Room, accent_wall, finish_room, pick_floor, pick_wall
from ..style import begin_room
from ..things.decor import book_stack, fruit_bowl, mirror, paintings, picture_frame, small_decor, vase
from ..things.electronics import television
from ..things.fixtures import fireplace
from ..things.lamps import floor_lamp, pendant, table_lamp
from ..things.plants import plant
from ..things.seating import armchair, ottoman, sofa
from ..things.storage import bookcase, sideboard, wall_shelf
from ..things.tables import coffee_table, table
from ..things.textiles import m_curtain, rug
from ..world import at, thing, world


@scene("living_room")
@builds("painting")
def living_room():
    """Sofa, coffee table, and one of three plans: window, pictures or fireplace behind."""
    rng = world.rng
    mood = begin_room()
    W, D, H = rng.uniform(4.4, 5.8), rng.uniform(4.2, 5.2), rng.uniform(2.5, 3.0)
    rm = Room(W, D, H)
    along = rm.along
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    cm = m_curtain()
    plan = rng.choice(["window_back", "sofa_back", "sofa_back", "fire_back"])
    if plan == "window_back":
        n = rng.choice([1, 2])
        big = rng.random() < 0.55
        z0, z1 = (0.1 if big else rng.uniform(0.7, 0.85)), rng.uniform(2.15, 2.3)
        if n == 1:
            rm.window(
                "back",
                W / 2,
                rng.uniform(2.0, 2.8),
                z0,
                z1,
                rng.choice(["three", "grid", "three"]),
                rng.choice(["long", "long", None]),
                cur_mat=cm,
            )
        else:
            for q in (0.3, 0.7):
                rm.window(
                    "back", W * q, rng.uniform(1.1, 1.3), z0, z1, None, rng.choice(["long"]), cur_mat=cm
                )
        main = "back"
        if rng.random() < 0.4:
            rm.window(s, along(s, D * 0.6), 1.3, z0, z1, curtains="long", cur_mat=cm)
            main = s
    else:
        z0 = rng.choice([0.12, rng.uniform(0.6, 0.85)])
        rm.window(
            s,
            along(s, D * rng.uniform(0.5, 0.62)),
            rng.uniform(1.6, 2.2),
            z0,
            rng.uniform(2.15, 2.35),
            None,
            rng.choice(["long", "long", None]),
            cur_mat=cm,
            blind=rng.random() < 0.15,
        )
        main = s
    if rng.random() < 0.35:
        rm.door(o, along(o, D * 0.34))
    rm.build(
        pick_wall(),
        pick_floor(),
        accent_wall("back") if plan != "window_back" else accent_wall(o),
        rng.choice([None, None, None, "panel", "panel"]),
    )
    sw = rng.uniform(1.9, 2.4)
    cx = W * rng.uniform(0.46, 0.54)
    if plan in ("sofa_back", "window_back"):
        ys = D - 0.62 if plan == "sofa_back" else D - 0.95
        with at(cx, ys, 0):
            sofa(sw, 0.92, chaise=rng.choice([0, 0, 1, -1]) if plan == "sofa_back" else 0)
        if plan == "sofa_back":
            with rm.on("back", cx):
                k = rng.random()
                if k < 0.75:
                    paintings(0, 1.62, sw)
                elif k < 0.9:
                    with at(-0.1, -0.12, 1.4):
                        wall_shelf(1.3, tiers=rng.randint(1, 2))
                else:
                    with at(0, 0, 1.6):
                        mirror(0.85, kind="round")
        yc = ys - 1.12
    elif plan == "fire_back":
        with rm.on("back", cx, -0.17):
            h = fireplace(rng.uniform(1.4, 1.7), rng.uniform(1.05, 1.2))
            for q in (-0.5, -0.2, 0.45):
                if rng.random() < 0.8:
                    with at(q, -0.02, h):
                        small_decor(rng.uniform(0.16, 0.3))
        with rm.on("back", cx):
            if rng.random() < 0.6:
                with thing("painting"), at(0, -0.02, 1.35):
                    picture_frame(0.9, 0.7)
            else:
                with at(0, 0, 1.85):
                    mirror(0.8, 1.0)
        for q in (-1, 1):
            bxx = cx + q * (1.55 + 0.1)
            if 0.5 < bxx < W - 0.5:
                with rm.on("back", bxx, -0.18):
                    bookcase(min(1.1, 2 * min(bxx, W - bxx) - 0.1), 0.3, min(H - 0.3, rng.uniform(1.9, 2.3)))
        # sofa on the side opposite the window, facing across
        with rm.on(o, along(o, D * 0.52), -0.58):
            sofa(min(sw, 2.0), 0.9)
        yc = D * 0.52
    # rug and coffee table
    with at(cx, yc + 0.1, 0):
        rug(rng.uniform(2.2, 3.0), rng.uniform(1.6, 2.1), False) if rng.random() < 0.8 else rug(
            2.1, 2.1, True
        )
    with at(cx, yc, 0.014):
        h = coffee_table(rng.uniform(1.0, 1.25), rng.uniform(0.55, 0.65))
        with at(-0.2, 0.03, h):
            book_stack(rng.randint(1, 3), 0.26, 0.19)
        with at(0.18, -0.04, h):
            vase(rng.uniform(0.18, 0.28)) if rng.random() < 0.6 else fruit_bowl()
    # armchair(s)
    side = 1 if s == "left" else -1
    na = rng.choice([0, 1, 1, 2])
    for i in range(na):
        q = side if i == 0 else -side
        ax = cx + q * rng.uniform(1.35, 1.5)
        ax = min(max(ax, 0.55), W - 0.55)
        if plan == "fire_back" and ((q > 0) == (o == "right")):
            continue
        with at(ax, yc - 0.15 - 0.1 * i, 0, rz=q * -rng.uniform(1.2, 1.7)):
            armchair()
    # lamp + plants in corners
    if plan != "fire_back":
        lx = cx - side * (sw / 2 + 0.32)
        lx = min(max(lx, 0.3), W - 0.3)
        with at(lx, D - 0.4, 0):
            if rng.random() < 0.6:
                floor_lamp()
            else:
                hh = table(0.42, 0.42, 0.52, "table", "round")
                with at(0, 0, hh):
                    table_lamp(0.5)
        px = cx + side * (sw / 2 + 0.38)
        if 0.3 < px < W - 0.3:
            with at(px, D - 0.4, 0):
                plant(rng.uniform(1.2, 1.8))
    else:
        with rm.on(s, along(s, D - 0.4), -0.4):
            plant(rng.uniform(1.2, 1.8))
        with rm.on(o, along(o, D * 0.52 + 1.25), -0.3):
            floor_lamp()
    # media or storage on the far side wall
    if plan != "fire_back":
        k = rng.choice(["side", "tv", "book", "side", "radiator"])
        yy = D * 0.55
        has_door = any(x[4] == "door" for x in rm.open[o])
        if has_door:
            yy = D * 0.68
        if k == "tv":
            with rm.on(o, along(o, yy), -0.24):
                h = sideboard(rng.uniform(1.5, 1.8), 0.4, 0.5)
                with at(0, 0, h):
                    television(rng.uniform(1.0, 1.25))
        elif k == "side":
            with rm.on(o, along(o, yy), -0.24):
                h = sideboard(rng.uniform(1.4, 1.8), 0.42, rng.uniform(0.65, 0.8))
                for q in (-0.5, 0, 0.45):
                    if rng.random() < 0.75:
                        with at(q, 0.03, h):
                            rng.choice(
                                [
                                    lambda: vase(0.3),
                                    lambda: table_lamp(0.45),
                                    lambda: small_decor(0.25),
                                    lambda: book_stack(3),
                                ]
                            )()
            with rm.on(o, along(o, yy)):
                paintings(0, 1.55, 1.2)
        elif k == "book":
            with rm.on(o, along(o, yy), -0.18):
                bookcase(rng.uniform(1.2, 1.9), 0.32, min(H - 0.3, rng.uniform(1.9, 2.3)))
        if plan == "window_back" and rng.random() < 0.5 and not any(o_[4] == "window" for o_ in rm.open[s]):
            with rm.on(s, along(s, D * 0.6), -0.18):
                bookcase(rng.uniform(1.0, 1.6), 0.32, rng.uniform(1.8, 2.2))
    if rng.random() < 0.35:
        with at(cx - side * 1.1, yc - 0.5, 0):
            ottoman()
    with at(cx, D * 0.5, H):
        if rng.random() < 0.65:
            pendant(rng.uniform(0.4, 0.7))
    return finish_room(rm, mood, main, cx / W)
