"""A laundry."""

from ..materials import m_gloss, m_marble, m_wood
from ..mesh import box, lathe, rbox, smooth, tube
from ..registry import builds, scene
from ..shell import Room, finish_room, pick_floor, pick_wall
from ..style import begin_room, style
from ..things.decor import basket, bottle, paintings, small_decor
from ..things.hallway import hanging_coat, laundry_basket, washer, water_heater
from ..things.lamps import pendant
from ..things.oddities import drying_rack, ironing_board
from ..things.plants import plant
from ..things.storage import front_panel, wall_shelf
from ..things.textiles import m_curtain, rug
from ..world import at, part, thing, world


@builds("cabinet", "countertop", "sink", "basket")
@scene("laundry_room")
def laundry_room():
    """Washing machines under a countertop, shelves above, a sink and baskets."""
    rng = world.rng
    mood = begin_room()
    style.kit = rng.choice(
        [m_gloss("#f0ede6", 0.4, 0.15), m_gloss(style.pal["accent"], 0.4, 0.15), m_wood(style.woodc)]
    )
    W, D, H = rng.uniform(3.0, 3.7), rng.uniform(3.0, 3.8), rng.uniform(2.45, 2.65)
    rm = Room(W, D, H)
    s = rng.choice(["left", "right"])
    o = "right" if s == "left" else "left"
    rm.window(
        s,
        rm.along(s, D * 0.55),
        rng.uniform(0.9, 1.3),
        1.1,
        2.15,
        curtains=rng.choice(["short", None]),
        cur_mat=m_curtain(),
        blind=rng.random() < 0.3,
    )
    rm.build(pick_wall(), pick_floor(("tiles", "check", "check", "wide")), {}, rng.choice([None, "bead"]))
    # the run along the back wall
    n = int((W - 0.1) / 0.62)
    machines = rng.randint(1, 2) if n > 4 else 1
    first = rng.randint(0, n - machines - 2)
    sink_i = rng.choice([i for i in range(n) if not first <= i < first + machines])
    x0 = (W - n * 0.62) / 2
    top = rng.choice([m_marble(), style.wood, m_marble("#d9d2c6", "#a39a8c")])
    for i in range(n):
        x = x0 + 0.62 * (i + 0.5)
        with rm.on("back", x, -0.32):
            if first <= i < first + machines:
                washer()
            else:
                with thing("cabinet"):
                    box(0.62, 0.56, 0.76, (0, 0.02, 0.1), style.kit, 0.002)
                    box(0.6, 0.5, 0.1, (0, 0.04, 0), style.dark, 0)
                    with at(0, -0.26, 0):
                        front_panel(0, 0.1, 0.62, 0.76, "shaker", vert=True)
    with thing("countertop"), rm.on("back", W * 0.5, -0.32, 0.87):
        rbox(n * 0.62 + 0.02, 0.62, 0.04, (0, 0, 0), top, r=0.008)
    with thing("sink"), rm.on("back", x0 + 0.62 * (sink_i + 0.5), -0.32, 0.91):
        lathe(
            smooth(
                [
                    (0, 0.01),
                    (0.12, 0.0),
                    (0.2, 0.04),
                    (0.23, 0.12),
                    (0.22, 0.13),
                    (0.18, 0.06),
                    (0.08, 0.03),
                    (0, 0.03),
                ],
                4,
            ),
            style.white,
            n=48,
        )
        with part("faucet"):
            tube(
                [(0, 0.26, 0), (0, 0.26, 0.3), (0, 0.14, 0.34), (0, 0.08, 0.3)], 0.013, style.chrome, curve=5
            )
    for i in range(n):
        if i != sink_i and rng.random() < 0.75:
            with rm.on("back", x0 + 0.62 * (i + 0.5), -0.3, 0.91):
                k = rng.random()
                if k < 0.4:
                    with thing("basket"):
                        basket(0.4, 0.3, 0.2)
                elif k < 0.7:
                    for q in (-0.1, 0.02, 0.12):
                        with at(q, 0, 0):
                            bottle(rng.uniform(0.2, 0.3))
                else:
                    small_decor(0.2)
    with rm.on("back", W * 0.5 + rng.uniform(-0.2, 0.2), -0.14, 1.5):
        wall_shelf(min(2.2, W - 0.8), 0.24, 2)
    # side o: the water tank, clothes on a rail
    with rm.on(o, rm.along(o, D - 1.15), 0, 1.35):
        water_heater()
    with rm.on(o, rm.along(o, D * 0.42), -0.2, 1.75):
        for x in (-0.4, -0.05, 0.3):
            with at(x, 0.1, -0.05):
                hanging_coat(rng.uniform(0.7, 0.95))
    with rm.on(s, rm.along(s, D - 1.1), -0.35):
        laundry_basket()
    with rm.on(s, rm.along(s, D * 0.36), -0.32):
        laundry_basket(0.2, 0.42) if rng.random() < 0.5 else plant(1.1)
    with rm.on(s, rm.along(s, D * 0.3)):
        if rng.random() < 0.5:
            paintings(0, 1.6, 0.8)
    side = 1 if s == "right" else -1
    with at(W * 0.5 + side * W * 0.26, D * 0.36, 0, rz=rng.uniform(0.9, 1.4) * side):
        rng.choice([drying_rack, ironing_board])()
    with at(W * 0.5, D * 0.5, 0):
        rug(rng.uniform(1.1, 1.5), rng.uniform(0.7, 0.9))
    with at(W * 0.5, D * 0.5, H):
        pendant(rng.uniform(0.3, 0.5), rng.choice(["globe", "drum", "dome", "rattan"]))
    return finish_room(rm, mood, s)
