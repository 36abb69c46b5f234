"""A small theater."""

import math

from ..camera import camera
from ..light import room_look, sky
from ..materials import m_fabric, m_gloss, m_paint, m_wood
from ..mesh import box
from ..registry import builds, scene
from ..shell import Room, floor_flat, pick_floor
from ..style import begin_room, style
from ..things.lamps import bulb, pendant, sconce
from ..things.people import person
from ..things.play import poster
from ..things.seating import chair
from ..things.theater import (
    grand_piano,
    loudspeaker,
    projection_screen,
    seat_row,
    spotlight,
    stage,
    stage_curtain,
)
from ..world import at, thing, world


@builds("floor")
@scene("theater")
def theater():
    """Rows of seats before a stage with a curtain; a film, a concert or an empty stage."""
    rng = world.rng
    begin_room()
    style.lamps_on, style.glow = True, 1.1
    W, D, H = rng.uniform(8.0, 9.6), rng.uniform(10.5, 12.5), rng.uniform(4.8, 5.6)
    rm = Room(W, D, H)
    wall = m_paint(rng.choice(["#6b3a34", "#3f4a5c", "#5c4a3a", "#7d6f5f", "#44524a"]), 0.8, 0.05, 0.08)
    carpet = floor_flat(m_fabric(rng.choice(["#5a2328", "#2b3348", "#3a3a3c", "#4a3b2c"]), bump=0.9, var=0.1))
    rm.build(
        wall,
        rng.choice([carpet, carpet, pick_floor(("planks", "wide"))]),
        {},
        rng.choice(["panel", "panel", None]),
    )
    h = 0.9
    front = D - 4.0
    with at(W / 2, front, 0):
        stage(W - 0.06, 4.0, h)
    plan = rng.choice(["film", "concert", "play"])
    with at(W / 2, front + 0.55, h):
        stage_curtain(W - 0.1, H - h - 0.3, {"film": 5.9, "concert": 5.2, "play": 4.4}[plan])
    with at(W / 2, D - 0.4, h + 0.55):
        if plan == "film":
            projection_screen(5.4, 2.9, rng.choice(["hills", "sea", "city", "shapes", "lines"]))
        else:
            with at(0, 0.3, -0.55), thing("curtain"):
                box(W - 0.2, 0.06, H - h - 0.05, (0, 0, 0), m_fabric("#1f1f22", bump=0.6), 0)
    if plan == "concert":
        with at(W / 2 - rng.uniform(0.5, 1.2), D - 2.1, h, rz=rng.uniform(-0.3, 0.3)):
            grand_piano()
        with at(W / 2 - 2.2, D - 2.0, h, rz=-1.4):
            person(1.74, walk=False)
    elif plan == "play":
        for i in range(rng.randint(2, 4)):
            with at(W / 2 + rng.uniform(-1.8, 1.8), D - rng.uniform(1.2, 2.6), h, rz=rng.uniform(-1.2, 1.2)):
                person(rng.uniform(1.6, 1.84), walk=bool(i % 2))
        for _ in range(2):
            with at(W / 2 + rng.uniform(-1.8, 1.8), D - 1.2, h, rz=rng.uniform(-2.5, 2.5)):
                chair("spindle")
    for s in (-1, 1):
        with at(W / 2 + s * (W / 2 - 0.7), front + 0.32, h):
            loudspeaker(rng.uniform(1.1, 1.5))
    # the seats
    cloth = m_fabric(rng.choice(["#8c2f35", "#2f4f7a", "#3f6b58", "#7a4a2c", "#6b4f7a"]), bump=0.5, sheen=0.5)
    frame = rng.choice([m_wood("#4a2f1c", rough=0.4), m_gloss("#1b1b1d", 0.5, 0.1)])
    n = int((W - 2.6) / 2 / 0.58)
    rows = int((front - 2.2) / 0.95)
    for row in range(rows):
        for s in (-1, 1):
            with at(W / 2 + s * (0.6 + n * 0.29), front - 1.7 - 0.95 * row, 0):
                seat_row(n, cloth, frame)
    for _ in range(rng.randint(0, 3)):
        with at(W / 2 + rng.uniform(-0.3, 0.3), front - rng.uniform(1.2, 5), 0, rz=rng.choice([0, math.pi])):
            person(rng.uniform(1.6, 1.84))
    for wall_name in ("left", "right"):
        for k in range(3):
            with rm.on(wall_name, rm.along(wall_name, 1.6 + 2.3 * k)):
                with at(0, 0, 2.35):
                    sconce()
                with at(1.1, 0, 1.35):
                    poster(0.6, 0.85)
    for x in (-2.4, -0.8, 0.8, 2.4):
        with at(W / 2 + x, front - 0.6, H - 0.02):
            spotlight()
            with at(0, 0.2, -0.4):
                bulb(15, r=0.3)
    for y in (1.8, front - 2.4):
        with at(W / 2, y, H):
            pendant(rng.uniform(0.8, 1.2), "chandelier")
            with at(0, 0, -1.6):
                bulb(40, r=0.5)
    with at(W / 2, D - 1.8, H - 0.4):
        bulb(60 if plan != "film" else 12, (1, 0.86, 0.66), 0.5)
    sky(0.05, 2.5, 0.6, sun=False)
    x = W / 2 + rng.choice([-1, 1]) * rng.uniform(0.0, 2.2)
    yaw = math.atan2(W / 2 - x, D * 0.8)
    camera((x, 0.35, rng.uniform(1.75, 2.3)), yaw, rng.uniform(22, 26), shift_y=rng.uniform(-0.02, 0.03))
    return room_look("dusk")
