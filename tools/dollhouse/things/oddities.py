"""Things outside the 150 classes (label 0), and where they fit into a finished scene.

An oddity is a function with `@oddity(name, width, depth, height, where)`: its footprint in meters, front
to -y, origin on the floor in the middle. `furnish_oddities` (rooms) and `strew_oddities` (outdoors) look for
free spots in view, among what already stands there, until enough of the picture is covered. They draw from a
random stream of their own, so a new oddity changes no other part of a scene.
"""

import math
from dataclasses import dataclass
from itertools import product

import bpy
import numpy as np

from ..art import picture
from ..camera import project
from ..materials import m_concrete, m_fabric, m_gloss, m_image, m_metal, m_paint, m_wood
from ..mesh import (
    MeshBuilder,
    add,
    box,
    cyl,
    grid_faces,
    lathe,
    rbox,
    smooth,
    sphere,
    tube,
    vf_grid,
    vf_lathe,
    vf_picture,
    vf_sphere,
    vf_torus,
)
from ..noise import Noise
from ..world import at, other, stream, world


@dataclass
class Oddity:
    """A maker with its footprint (width x depth, meters), height, and where it may stand."""

    name: str
    make: object
    width: float
    depth: float
    height: float
    where: tuple[str, ...]
    rooms: tuple[str, ...]  # the room kinds that it belongs in


ODDITIES: list[Oddity] = []
GROUND = [
    "road",
    "sidewalk",
    "grass",
    "earth",
    "sand",
    "path",
    "sea",
    "lake",
    "water",
    "floor",
    "rug",
    "wall",
    "ceiling",
    "hill",
    "mountain",
    "field",
    "sky",
]


def oddity(name, width, depth, height, *where, rooms=""):
    """Register a maker of a thing outside the 150.

    where: wall, corner, open (indoors); pavement, road, facade, meadow, sand, sky (outdoors).
    rooms: the scene kinds that it belongs in, if indoors.
    """

    def register(make):
        ODDITIES.append(Oddity(name, make, width, depth, height, where, tuple(rooms.split())))
        return make

    return register


# ---------------------------------------------------------------- indoors
@oddity("piano", 1.5, 0.65, 1.25, "wall", rooms="living_room dining_room game_room restaurant")
def piano():
    """An upright piano: lid, keys, pedals."""
    m = m_gloss(world.rng.choice(["#16130f", "#3a2114", "#4d2c18", "#e9e4da"]), 0.15, 0.9)
    white, black = m_gloss("#f2eee2", 0.25, 0.4), m_gloss("#111111", 0.2, 0.5)
    with other("piano"):
        box(1.48, 0.36, 1.2, (0, 0.13, 0.02), m, 0.012)
        box(1.52, 0.4, 0.035, (0, 0.12, 1.22), m, 0.01)
        box(1.42, 0.3, 0.1, (0, -0.18, 0.62), m, 0.01)
        box(1.3, 0.02, 0.42, (0, -0.06, 0.76), m, 0.008)
        keys, flats = MeshBuilder(0), MeshBuilder(0)
        for i in range(52):
            x = -0.61 + i * 0.02346
            keys.box(x + 0.0006, x + 0.0228, -0.32, -0.18, 0.72, 0.738)
            if i % 7 not in (1, 4):
                flats.box(x - 0.006, x + 0.006, -0.27, -0.18, 0.738, 0.748)
        keys.done(white)
        flats.done(black)
        for s in (-1, 1):
            box(0.06, 0.28, 0.13, (s * 0.68, -0.19, 0.62), m, 0.008)
            box(0.07, 0.07, 0.62, (s * 0.66, -0.28, 0), m, 0.01)
            box(0.08, 0.34, 0.05, (s * 0.66, -0.16, 0), m, 0.01)
        for x in (-0.08, 0, 0.08):
            box(0.03, 0.12, 0.015, (x, -0.1, 0.06), m_metal("#b08d57", 0.2), 0.004)
        sheet = vf_picture(0.36, 0.24)
        with at(0, -0.09, 0.84, rx=-0.2):
            add(sheet, m_image(picture(world.nprng, 72, 48, "lines"), 0.8))


@oddity("guitar", 0.5, 0.45, 1.1, "corner", "wall", rooms="living_room bedroom home_office game_room")
def guitar():
    """A guitar on a stand."""
    rng = world.rng
    top = m_wood(rng.choice(["#c98d4e", "#d9a860", "#8c3b22", "#5a2f1a"]), rough=0.25, coat=0.6)
    dark = m_gloss("#20140d", 0.3, 0.3)
    a = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waist = 0.15 + 0.035 * np.cos(2 * a) - 0.02 * np.sin(a)
    with other("guitar"), at(0, 0.02, 0.32, rx=-0.22):
        rim = np.stack([waist * np.cos(a) * 1.15, 0 * a, 0.24 * np.sin(a)], -1)
        loops = [
            rim * s + (0, y, 0)
            for s, y in ((0.0, -0.05), (0.96, -0.05), (1, -0.042), (1, 0.042), (0.96, 0.05))
        ]
        loops.append(rim * 0 + (0, 0.05, 0))
        V = np.stack(loops, 1).reshape(-1, 3)
        n = len(loops)
        F = [
            (i * n + j, ((i + 1) % 48) * n + j, ((i + 1) % 48) * n + j + 1, i * n + j + 1)
            for i, j in product(range(48), range(n - 1))
        ]
        add((V, np.array(F)), top, sharp=40)
        with at(0, -0.052, 0.04, rx=math.pi / 2):
            cyl(0.045, 0.004, (0, 0, 0), dark, n=32)
        box(0.12, 0.012, 0.02, (0, -0.055, -0.13), dark, 0.003)
        box(0.052, 0.03, 0.5, (0, -0.052, 0.16), dark, 0.006)
        box(0.07, 0.02, 0.14, (0, -0.05, 0.66), top, 0.006)
        for i in range(6):
            x = -0.018 + 0.0072 * i
            tube([(x, -0.072, -0.12), (x, -0.07, 0.68)], 0.0012, m_metal("#d8d8d8", 0.2), n=4)
            sphere(0.012, 0.008, 0.01, (0.045 * (1 if i % 2 else -1), -0.05, 0.69 + 0.04 * (i // 2)), dark)
    with other("guitar stand"):
        m = m_gloss("#1c1c1e", 0.4, 0.1)
        for x, y in ((-0.2, -0.16), (0.2, -0.16), (0, 0.2)):
            tube([(0, 0.1, 0.42), (x, y, 0)], 0.009, m)
        tube([(-0.12, -0.12, 0.1), (0, 0.02, 0.1), (0.12, -0.12, 0.1)], 0.009, m)


@oddity(
    "easel",
    0.75,
    0.7,
    1.7,
    "corner",
    "wall",
    "open",
    "meadow",
    rooms="living_room bedroom home_office nursery",
)
def easel():
    """A painter's easel with a canvas on it."""
    m = m_wood("#b98a55", rough=0.6)
    with other("easel"):
        for s in (-1, 1):
            tube([(s * 0.33, -0.2, 0), (s * 0.06, 0.1, 1.65)], 0.018, m, n=8)
        tube([(0, 0.42, 0), (0, 0.1, 1.6)], 0.018, m, n=8)
        box(0.62, 0.07, 0.03, (0, -0.1, 0.68), m, 0.004)
    with other("canvas"), at(0, -0.075, 0.71, rx=-0.19):
        w, h = world.rng.choice([(0.6, 0.8), (0.7, 0.6), (0.62, 0.74)])
        box(w, 0.025, h, (0, 0.014, 0), m_paint("#efe9dc", 0.9), 0.002)
        add(
            vf_picture(w - 0.004, h - 0.004),
            m_image(picture(world.nprng, 120, int(120 * h / w)), 0.8, bump=0.3),
        )


@oddity(
    "stepladder",
    0.55,
    0.8,
    1.5,
    "wall",
    "corner",
    rooms="home_office kitchen dining_room corridor laundry_room",
)
def stepladder():
    """A wooden or metal stepladder."""
    m = world.rng.choice([m_wood("#c29a66"), m_metal("#c3c6c8", 0.35), m_gloss("#d8a03c", 0.4, 0.2)])
    h = 1.45
    with other("stepladder"):
        for s in (-1, 1):
            tube([(s * 0.25, -0.34, 0), (s * 0.18, 0.02, h)], 0.02, m, n=8)
            tube([(s * 0.24, 0.36, 0), (s * 0.18, 0.06, h - 0.03)], 0.016, m, n=8)
        for i in range(1, 6):
            z = i * h / 5.4
            y, w = -0.34 + 0.36 * z / h, 0.5 - 0.14 * z / h
            box(w, 0.1, 0.025, (0, y, z), m, 0.004)
        box(0.4, 0.2, 0.03, (0, 0.04, h), m, 0.006)


@oddity("dress form", 0.45, 0.45, 1.55, "corner", "wall", "open", rooms="bedroom home_office")
def dress_form():
    """A tailor's dummy on a wooden foot."""
    cloth = m_fabric(world.rng.choice(["#d8c9b0", "#2b2b2e", "#b98a84", "#8fa08c"]), bump=0.6)
    wood = m_wood("#6b4429")
    profile = [
        (0.0, 0.78),
        (0.15, 0.78),
        (0.17, 0.86),
        (0.12, 1.08),
        (0.15, 1.25),
        (0.17, 1.36),
        (0.07, 1.44),
        (0.05, 1.5),
    ]
    with other("dress form"):
        V, F = vf_lathe(smooth([*profile, (0, 1.5)], 5), 36, sy=0.72)
        add((V, F), cloth, sharp=60)
        lathe(smooth([(0.05, 1.5), (0.05, 1.53), (0.02, 1.58), (0, 1.58)], 3), wood)
        tube([(0, 0, 0.2), (0, 0, 0.8)], 0.018, wood)
        for i in range(3):
            a = i * 2.09 + 0.5
            tube(
                [
                    (0, 0, 0.3),
                    (0.13 * math.cos(a), 0.13 * math.sin(a), 0.12),
                    (0.22 * math.cos(a), 0.22 * math.sin(a), 0),
                ],
                0.014,
                wood,
                curve=4,
            )


@oddity("exercise bike", 0.55, 1.1, 1.25, "corner", "open", rooms="bedroom living_room home_office game_room")
def exercise_bike():
    """A home trainer, front to -y."""
    frame = m_gloss(world.rng.choice(["#1d1f22", "#e6e6e4", "#9c2b2b"]), 0.35, 0.3)
    black, steel = m_gloss("#131315", 0.5, 0.1), m_metal("#b9bcbf", 0.3)
    with other("exercise bike"):
        for y in (-0.48, 0.46):
            box(0.5, 0.07, 0.05, (0, y, 0), black, 0.015)
        tube([(0, -0.46, 0.05), (0, -0.1, 0.25), (0, 0.44, 0.05)], 0.035, frame, curve=5)
        with at(0, -0.3, 0.33, ry=math.pi / 2):
            cyl(0.26, 0.05, (0, 0, -0.025), frame, n=44)
            cyl(0.2, 0.06, (0, 0, -0.03), steel, n=44)
        tube([(0, 0.02, 0.22), (0, 0.2, 0.85)], 0.03, frame)
        rbox(0.22, 0.28, 0.07, (0, 0.2, 0.85), black, r=0.03)
        tube([(0, -0.25, 0.3), (0, -0.4, 1.02)], 0.03, frame)
        tube(
            [(-0.22, -0.3, 1.1), (-0.2, -0.45, 1.06), (0.2, -0.45, 1.06), (0.22, -0.3, 1.1)],
            0.014,
            black,
            curve=4,
        )
        with at(0, -0.44, 1.08, rx=0.5):
            box(0.2, 0.03, 0.14, (0, 0, 0), black, 0.01)
        for s in (-1, 1):
            tube([(s * 0.06, -0.02, 0.28), (s * 0.1, -0.02 + s * 0.1, 0.28 - s * 0.12)], 0.012, steel)
            box(0.09, 0.1, 0.02, (s * 0.15, -0.02 + s * 0.1, 0.27 - s * 0.12), black, 0.004)


@oddity(
    "globe on a stand",
    0.5,
    0.5,
    1.0,
    "corner",
    "wall",
    rooms="home_office living_room dining_room bedroom nursery",
)
def floor_globe():
    """A terrestrial globe in a wooden stand."""
    nz = Noise(world.rng.randrange(1 << 20))
    y, x = np.mgrid[0:90, 0:180]
    lat, lon = np.pi * (y / 90 - 0.5), 2 * np.pi * x / 180
    X, Y, Z = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    land = nz.fbm(X * 1.6 + Z, Y * 1.6 - Z, 4) > 0.12
    sea, earth = np.array([0.45, 0.6, 0.62]), np.array([0.82, 0.72, 0.5])
    image = np.where(land[..., None], earth, sea)
    with other("globe on a stand"):
        m = m_wood("#7a4a2c")
        with at(0, 0, 0.72, rx=0.4):
            V, F, uv = vf_grid(
                lambda u, v: (
                    0.23 * np.cos(2 * np.pi * u) * np.cos(np.pi * (v - 0.5)),
                    0.23 * np.sin(2 * np.pi * u) * np.cos(np.pi * (v - 0.5)),
                    0.23 * np.sin(np.pi * (v - 0.5)),
                ),
                48,
                24,
            )
            add((V, F, uv), m_image(image, 0.35, coat=0.3))
        add(vf_torus(0.27, 0.018, (0, 0, 0.72), n=48), m)
        for i in range(3):
            a = i * 2.09
            c, s = math.cos(a), math.sin(a)
            tube(
                [(0.27 * c, 0.27 * s, 0.72), (0.16 * c, 0.16 * s, 0.36), (0.24 * c, 0.24 * s, 0)],
                0.017,
                m,
                curve=5,
            )
        cyl(0.14, 0.02, (0, 0, 0.3), m)


@oddity("drum", 0.62, 0.62, 0.8, "corner", "open", rooms="living_room bedroom game_room nursery")
def drum():
    """A floor drum on legs."""
    m = m_gloss(world.rng.choice(["#8c1c1f", "#1f3f66", "#d9d2c2", "#2b2b2e"]), 0.2, 0.8)
    steel = m_metal("#c9cacc", 0.2)
    with other("drum"):
        cyl(0.27, 0.4, (0, 0, 0.28), m, n=48)
        for z in (0.28, 0.68):
            add(vf_torus(0.275, 0.012, (0, 0, z), n=48), steel)
        cyl(0.262, 0.006, (0, 0, 0.68), m_paint("#ece7da", 0.7), n=48)
        for i in range(8):
            a = i * math.pi / 4
            tube(
                [
                    (0.28 * math.cos(a), 0.28 * math.sin(a), 0.3),
                    (0.28 * math.cos(a), 0.28 * math.sin(a), 0.67),
                ],
                0.006,
                steel,
            )
        for i in range(3):
            a = i * 2.09 + 0.4
            tube(
                [(0.285 * math.cos(a), 0.285 * math.sin(a), 0.5), (0.3 * math.cos(a), 0.3 * math.sin(a), 0)],
                0.01,
                steel,
            )


@oddity("suitcase", 0.5, 0.3, 0.75, "corner", "wall", "open", rooms="bedroom home_office corridor")
def suitcase():
    """A trolley case."""
    m = m_gloss(world.rng.choice(["#b5443a", "#2f4f6b", "#c9a24e", "#3f6b58", "#39393c"]), 0.35, 0.4)
    dark = m_gloss("#19191b", 0.5, 0)
    with other("suitcase"):
        rbox(0.44, 0.24, 0.6, (0, 0, 0.05), m, r=0.05)
        for i in range(6):
            box(0.012, 0.25, 0.5, (-0.15 + 0.06 * i, 0, 0.1), m, 0.004)
        for x, y in product((-0.18, 0.18), (-0.08, 0.08)):
            sphere(0.028, 0.018, 0.028, (x, y, 0.028), dark)
        tube(
            [(-0.1, 0.09, 0.64), (-0.1, 0.09, 0.95), (0.1, 0.09, 0.95), (0.1, 0.09, 0.64)],
            0.009,
            dark,
            curve=3,
        )


@oddity("drying rack", 1.3, 0.6, 1.05, "wall", "open", rooms="bathroom bedroom kitchen laundry_room")
def drying_rack():
    """A rack of white bars with cloths hung over it."""
    rng = world.rng
    m = m_gloss("#e9e8e4", 0.35, 0.3)
    with other("drying rack"):
        for y in (-0.25, 0.25):
            for x in (-0.6, 0.6):
                tube([(x, y, 0), (x, -y * 0.2, 0.98)], 0.011, m, n=8)
            tube([(-0.6, y, 0.02), (0.6, y, 0.02)], 0.011, m, n=8)
        for y in np.linspace(-0.27, 0.27, 7):
            tube([(-0.62, y, 0.98), (0.62, y, 0.98)], 0.006, m, n=6)
        for x in (-0.62, 0.62):
            tube([(x, -0.28, 0.98), (x, 0.28, 0.98)], 0.011, m, n=8)
    with other("laundry"):
        for y in (-0.27, 0.0, 0.18):
            w, drop = rng.uniform(0.35, 0.6), rng.uniform(0.3, 0.5)
            x0 = rng.uniform(-0.55 + w / 2, 0.55 - w / 2)
            cloth = m_fabric(
                rng.choice(["#f0ede6", "#7f93a3", "#c98b70", "#e2b13c"]),
                rng.choice([None, "stripe"]),
                "#ffffff",
            )
            V, F, _ = vf_grid(
                lambda u, v, x0=x0, w=w, y=y, drop=drop: (
                    x0 + (u - 0.5) * w,
                    y + 0.02 * np.tanh((v - 0.5) * 30) + 0.008 * np.sin(u * 14) * np.abs(v - 0.5),
                    0.995 - np.abs(v - 0.5) * 2 * drop,
                ),
                18,
                24,
            )
            add((V, F), cloth, solid=0.006, grain=V[:, [0, 2, 1]])


@oddity("ironing board", 1.35, 0.45, 1.1, "wall", "open", rooms="bedroom kitchen bathroom laundry_room")
def ironing_board():
    """An ironing board with the iron on it."""
    legs, cloth = m_gloss("#d9d9d6", 0.35, 0.3), m_fabric("#8fa9b8", "dots", "#f4f1ea", size=0.06)
    with other("ironing board"):
        x = np.linspace(-0.65, 0.65, 40)
        half = 0.19 * np.clip((0.66 - x) / 0.45, 0, 1) ** 0.6
        V = np.concatenate([np.stack([x, half, 0 * x + 0.88], 1), np.stack([x, -half, 0 * x + 0.88], 1)])
        F = np.stack([np.arange(39), np.arange(40, 79), np.arange(41, 80), np.arange(1, 40)], 1)
        add((V, F), cloth, solid=0.03, smooth=False)
        for s in (-1, 1):
            tube([(-s * 0.42, 0.06 * s, 0.86), (s * 0.36, 0.06 * s, 0.03)], 0.013, legs, n=8)
            tube([(s * 0.36, -0.2, 0.02), (s * 0.36, 0.2, 0.02)], 0.013, legs, n=8)
    with other("iron"), at(-0.35, 0, 0.9):
        body = m_gloss(world.rng.choice(["#2f6f9c", "#b5443a", "#e6e6e4"]), 0.25, 0.6)
        rbox(0.24, 0.11, 0.07, (0, 0, 0), body, r=0.03)
        tube(
            [(-0.1, 0, 0.06), (-0.08, 0, 0.13), (0.06, 0, 0.13), (0.08, 0, 0.06)],
            0.014,
            m_gloss("#1b1b1d"),
            curve=4,
        )


@oddity(
    "vacuum cleaner",
    0.4,
    0.75,
    1.1,
    "wall",
    "corner",
    rooms="kitchen dining_room living_room bedroom bathroom corridor laundry_room nursery",
)
def vacuum_cleaner():
    """An upright vacuum cleaner."""
    m = m_gloss(world.rng.choice(["#9c2b2b", "#2f4f6b", "#5f6b45", "#3a3a3d"]), 0.25, 0.6)
    dark = m_gloss("#1b1b1d", 0.45, 0.1)
    with other("vacuum cleaner"):
        rbox(0.32, 0.22, 0.1, (0, -0.2, 0.01), m, r=0.04)
        with at(0, -0.1, 0.08, rx=-0.3):
            rbox(0.2, 0.17, 0.5, (0, 0, 0), m, r=0.07)
            box(0.14, 0.02, 0.3, (0, -0.085, 0.1), dark, 0.008)
            tube([(0, 0.02, 0.45), (0, 0.02, 0.95), (0, -0.06, 1.02), (0, -0.12, 0.98)], 0.016, dark, curve=4)


@oddity("wine rack", 0.6, 0.35, 0.9, "wall", "corner", rooms="kitchen dining_room restaurant")
def wine_rack():
    """A wooden rack of bottles that lie with their bottoms to the front."""
    rng = world.rng
    m = m_wood(rng.choice(["#8a5a36", "#b98a5a"]))
    with other("wine rack"):
        for x in (-0.28, 0.28):
            box(0.025, 0.3, 0.86, (x, 0, 0), m, 0.004)
        for i in range(7):
            box(0.56, 0.3, 0.016, (0, 0, 0.04 + 0.135 * i), m, 0.003)
        for x in (-0.14, 0, 0.14):
            box(0.012, 0.28, 0.81, (x, 0, 0.04), m, 0.002)
        for row, col in product(range(6), range(4)):
            if rng.random() < 0.8:
                with at(-0.21 + 0.14 * col, -0.13, 0.098 + 0.135 * row, rx=-math.pi / 2):
                    green = m_gloss(rng.choice(["#22382a", "#3a1c1c", "#2c3a4a"]), 0.1, 0.6)
                    lathe(
                        [(0, 0), (0.037, 0), (0.038, 0.17), (0.014, 0.22), (0.014, 0.27), (0, 0.27)],
                        green,
                        n=20,
                    )


# ---------------------------------------------------------------- outdoors
@oddity("mailbox", 0.55, 0.5, 1.3, "pavement")
def mailbox():
    """A pillar box for letters."""
    m = m_gloss(world.rng.choice(["#b3202a", "#1f4e8c", "#e0b12f"]), 0.3, 0.6)
    with other("mailbox"):
        for x, y in product((-0.2, 0.2), (-0.16, 0.16)):
            box(0.05, 0.05, 0.16, (x, y, 0), m, 0.006)
        box(0.52, 0.46, 0.8, (0, 0, 0.14), m, 0.02)
        V, F, _ = vf_grid(
            lambda u, v: ((u - 0.5) * 0.52, -0.23 * np.cos(np.pi * v), 0.93 + 0.27 * np.sin(np.pi * v)), 2, 20
        )
        add((V, F), m, sharp=60)
        for x in (-0.26, 0.26):
            t = np.linspace(0, np.pi, 20)
            V = np.stack([0 * t + x, -0.23 * np.cos(t), 0.93 + 0.27 * np.sin(t)], -1)
            add((V, [tuple(range(20))]), m, smooth=False)
        box(0.4, 0.02, 0.06, (0, -0.235, 0.86), m_gloss("#151515", 0.4, 0), 0.004)
        box(0.3, 0.006, 0.16, (0, -0.234, 0.5), m_paint("#efece2", 0.6), 0)


@oddity("fire hydrant", 0.45, 0.45, 0.85, "pavement")
def hydrant():
    """A fire hydrant."""
    m = m_gloss(world.rng.choice(["#c5281f", "#e0b12f", "#b8321f"]), 0.35, 0.3)
    with other("fire hydrant"):
        lathe(
            [
                (0, 0),
                (0.17, 0),
                (0.17, 0.05),
                (0.12, 0.07),
                (0.115, 0.5),
                (0.14, 0.52),
                (0.14, 0.57),
                (0.1, 0.66),
                (0.05, 0.71),
                (0.035, 0.76),
                (0, 0.77),
            ],
            m,
            n=32,
        )
        for rz in (0, math.pi / 2, math.pi):
            with at(0, 0, 0.4, rz=rz - math.pi / 2), at(rx=math.pi / 2):
                cyl(0.055, 0.17, (0, 0, 0), m, n=20)
                cyl(0.07, 0.04, (0, 0, 0.15), m, n=6)


@oddity("traffic cone", 0.45, 0.45, 0.75, "pavement", "road")
def cone():
    """A traffic cone."""
    orange, white = m_gloss("#e8541a", 0.45, 0.2), m_gloss("#f2efe8", 0.45, 0.1)
    with other("traffic cone"):
        box(0.42, 0.42, 0.04, (0, 0, 0), orange, 0.01)
        r = lambda z: 0.16 - 0.13 * z / 0.72  # noqa: E731
        for z0, z1, m in (
            (0.04, 0.28, orange),
            (0.28, 0.42, white),
            (0.42, 0.54, orange),
            (0.54, 0.62, white),
            (0.62, 0.74, orange),
        ):
            lathe([(r(z0), z0), (r(z1), z1)] + ([(0, z1)] if z1 > 0.7 else []), m, n=28)


@oddity("road works", 3.2, 1.9, 1.2, "road", "pavement")
def road_works():
    """A trench behind striped barriers, with a heap of spoil and cones."""
    red, white, steel = (
        m_gloss("#c5281f", 0.45, 0.2),
        m_gloss("#f4f1ea", 0.45, 0.1),
        m_gloss("#8d9296", 0.4, 0.2),
    )
    for y in (-0.85, 0.85):
        with other("barrier"):
            for x in (-1.4, 0, 1.4):
                box(0.05, 0.05, 1.0, (x, y, 0), steel, 0.006)
                box(0.06, 0.5, 0.06, (x, y, 0), steel, 0.01)
            for z in (0.45, 0.8):
                for i in range(12):
                    box(0.25, 0.03, 0.18, (-1.375 + 0.25 * i, y - 0.04, z), red if i % 2 else white, 0)
    with other("rubble"):
        x, y = np.meshgrid(np.linspace(-1.1, 1.1, 40), np.linspace(-0.6, 0.6, 26), indexing="ij")
        h = 0.55 * np.clip(1 - (x / 1.15) ** 2 - (y / 0.65) ** 2, 0, 1) ** 0.8
        h = (
            h * (1 + 0.25 * world.noise.fbm(x * 3, y * 3, 3))
            + 0.02 * world.noise.fbm(x * 16, y * 16, 2)
            - 0.02
        )
        add(
            (np.stack([x, y, h], -1).reshape(-1, 3), grid_faces(40, 26)),
            m_concrete("#7a6a58", 0.95, 0.3, 3.0),
        )
    with at(1.75, -0.5):
        cone()


@oddity("shopping cart", 0.6, 1.0, 1.05, "pavement")
def shopping_cart():
    """A wire cart."""
    m = m_metal("#b5b8bb", 0.3)
    handle = m_gloss("#c5281f", 0.4, 0.2)
    with other("shopping cart"):
        top = np.array([(-0.28, -0.45, 0.95), (0.28, -0.45, 0.95), (0.24, 0.42, 0.85), (-0.24, 0.42, 0.85)])
        low = np.array([(-0.22, -0.4, 0.5), (0.22, -0.4, 0.5), (0.19, 0.36, 0.55), (-0.19, 0.36, 0.55)])
        for ring in (top, low, (top + low) / 2):
            tube(np.vstack([ring, ring[:1]]), 0.008, m, n=6)
        for i, n in enumerate((9, 14, 9, 14)):
            j = (i + 1) % 4
            for k in np.linspace(0, 1, n):
                tube([top[i] + (top[j] - top[i]) * k, low[i] + (low[j] - low[i]) * k], 0.004, m, n=4)
        for k in np.linspace(0, 1, 10):
            tube([low[0] + (low[1] - low[0]) * k, low[3] + (low[2] - low[3]) * k], 0.004, m, n=4)
        tube([top[0] + (0, -0.08, 0.06), top[1] + (0, -0.08, 0.06)], 0.018, handle)
        for x in (-0.2, 0.2):
            tube([(x, -0.4, 0.5), (x, -0.42, 0.12), (x * 0.9, 0.4, 0.16), (x * 0.9, 0.36, 0.5)], 0.012, m)
            for y in (-0.42, 0.4):
                sphere(0.03, 0.06, 0.06, (x, y, 0.06), m_gloss("#1b1b1c", 0.6, 0))


@oddity("scaffolding", 6.0, 1.4, 7.0, "facade")
def scaffolding(length=6.0, lifts=3):
    """Scaffolding along x, against a facade at +y."""
    rng = world.rng
    pipe, plank = m_metal("#a9adb0", 0.4), m_wood("#a98a60", rough=0.8)
    net = m_fabric(
        rng.choice(["#4f8f6b", "#5b86a8", "#d8d4c8"]), "check", "#e8e6de", size=0.4, transl=0.4, bump=0.05
    )
    n = max(2, round(length / 2))
    with other("scaffolding"):
        for i in range(n + 1):
            for y in (-0.55, 0.55):
                x = -length / 2 + i * length / n
                tube([(x, y, 0), (x, y, lifts * 2.1 + 1)], 0.03, pipe, n=8)
        for k in range(1, lifts + 1):
            z = k * 2.1
            for j in range(5):
                box(length + 0.2, 0.21, 0.045, (0, -0.44 + 0.22 * j, z), plank, 0.004)
            for dz in (0.5, 1.0):
                tube([(-length / 2, -0.55, z + dz), (length / 2, -0.55, z + dz)], 0.024, pipe, n=8)
            for i in range(n):
                x0, x1 = -length / 2 + i * length / n, -length / 2 + (i + 1) * length / n
                if (i + k) % 2:
                    tube([(x0, -0.56, z - 2.1), (x1, -0.56, z)], 0.02, pipe, n=8)
        if rng.random() < 0.6:
            z0, z1 = 2.2, lifts * 2.1 + 0.9
            V, F, _ = vf_grid(
                lambda u, v: (
                    (u - 0.5) * length,
                    -0.6 - 0.04 * np.sin(u * 19) * np.sin(v * 7),
                    z0 + (z1 - z0) * v,
                ),
                30,
                16,
            )
            add((V, F), net, grain=V[:, [0, 2, 1]])


@oddity("parasol", 2.6, 2.6, 2.5, "pavement", "sand")
def parasol():
    """A sunshade on a pole: ADE20K calls it umbrella and leaves it out of the 150."""
    rng = world.rng
    c = rng.choice(["#c9443a", "#2f7a8c", "#e8b23a", "#efe6d6", "#3f6b58"])
    with other("umbrella"):
        tube([(0, 0, 0), (0, 0, 2.35)], 0.024, m_wood("#c9a574"), n=10)
        cyl(0.24, 0.08, (0, 0, 0), m_concrete("#8d8a84"), n=28)
        n, k = 48, 6
        a, r = np.linspace(0, 2 * np.pi, n, endpoint=False), np.linspace(0, 1, k)
        V = np.stack(
            [
                1.2 * np.outer(np.cos(a), r),
                1.2 * np.outer(np.sin(a), r),
                2.4 - 0.5 * np.outer(1 + 0.07 * np.cos(a * 8), r**2),
            ],
            -1,
        ).reshape(-1, 3)
        F = np.array(
            [
                (i * k + j, (i + 1) % n * k + j, (i + 1) % n * k + j + 1, i * k + j + 1)
                for i, j in product(range(n), range(k - 1))
            ]
        )
        stripes = F[:, 0] // k // 6 % 2
        add((V, F), [m_fabric(c, transl=0.3, sheen=0), m_fabric("#f4efe4", transl=0.3, sheen=0)], mi=stripes)


@oddity("wheelbarrow", 0.7, 1.4, 0.7, "meadow")
def wheelbarrow():
    """A garden wheelbarrow, wheel to -y."""
    m = m_gloss(world.rng.choice(["#3f6b48", "#b3302a", "#5a6f86"]), 0.4, 0.2)
    wood, tire = m_wood("#9a7448", rough=0.7), m_paint("#1c1c1e", 0.8, 0.05, 0)
    with other("wheelbarrow"):
        V = np.array(
            [
                (-0.2, -0.3, 0.3),
                (0.2, -0.3, 0.3),
                (0.22, 0.3, 0.3),
                (-0.22, 0.3, 0.3),
                (-0.33, -0.5, 0.62),
                (0.33, -0.5, 0.62),
                (0.33, 0.42, 0.6),
                (-0.33, 0.42, 0.6),
            ]
        )
        F = np.array([(0, 3, 2, 1), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)])
        add((V, F), m, solid=0.015, smooth=False)
        for s in (-1, 1):
            tube([(s * 0.06, -0.62, 0.2), (s * 0.2, -0.1, 0.3), (s * 0.28, 0.85, 0.55)], 0.02, wood, n=8)
            tube([(s * 0.22, 0.3, 0.33), (s * 0.24, 0.36, 0)], 0.018, wood, n=8)
        with at(0, -0.62, 0.2, ry=math.pi / 2):
            add(vf_torus(0.17, 0.035), tire)


@oddity("log pile", 2.4, 1.0, 1.0, "meadow")
def log_pile():
    """Firewood, stacked."""
    rng = world.rng
    bark, cut = m_wood("#5d4a3a", dark=0.45, rough=0.9), m_wood("#c9a574", rough=0.8)
    with other("logs"):
        for row in range(5):
            for i in range(12 - row):
                r = rng.uniform(0.085, 0.1)
                x, z = -1.1 + 0.2 * i + 0.1 * row, 0.1 + 0.17 * row
                y = rng.uniform(-0.05, 0.05)
                tube([(x, y - 0.45, z), (x, y + 0.45, z)], r, bark, n=14)
                for s in (-1, 1):
                    with at(x, y + s * 0.451, z, rx=math.pi / 2):
                        cyl(r * 0.94, 0.004, (0, 0, -0.002), cut, n=14)


@oddity("surfboard", 0.6, 0.3, 2.0, "sand")
def surfboard():
    """A surfboard, stuck upright into the sand."""
    c = world.rng.choice(["#e8b23a", "#2f7a8c", "#d8425a", "#f4efe4"])
    V, F = vf_sphere(0.27, 0.035, 1.05, (0, 0, 0.95), 32, 24)
    with other("surfboard"), at(rx=-0.12, ry=world.rng.uniform(-0.1, 0.1)):
        add((V, F), m_gloss(c, 0.15, 0.9))
        box(
            0.03,
            0.074,
            1.7,
            (0, 0, 0.1),
            m_gloss("#f4efe4" if c != "#f4efe4" else "#d8425a", 0.15, 0.9),
            0.01,
        )


@oddity("hot-air balloon", 13.0, 13.0, 19.0, "sky")
def hot_air_balloon(radius=6.0):
    """A hot-air balloon, 18 m high."""
    rng = world.rng
    c = rng.sample(["#d8425a", "#f0c13a", "#2f6fb0", "#efe6d6", "#3f8f6b", "#e8743b"], 3)
    profile = smooth(
        [(0.06, -1.35), (0.3, -1.0), (0.78, -0.4), (1.0, 0.25), (0.86, 0.75), (0.5, 1.05), (0, 1.15)], 5
    )
    V, F = vf_lathe(profile * radius, 48)
    with other("hot-air balloon"), at(0, 0, 1.8 * radius):
        rows = len(profile)
        gores = np.asarray(F)[:, 0] // rows // 4 % 3
        add((V, F), [m_fabric(x, transl=0.25, sheen=0, bump=0) for x in c], mi=gores)
        z = -1.75 * radius
        rbox(
            0.22 * radius,
            0.22 * radius,
            0.17 * radius,
            (0, 0, z),
            m_fabric("#8a5f38", "lines", "#6b4429"),
            r=0.03 * radius,
        )
        for x, y in product((-0.1, 0.1), (-0.1, 0.1)):
            tube(
                [
                    (x * radius, y * radius, z + 0.16 * radius),
                    (x * radius * 1.6, y * radius * 1.6, -1.2 * radius),
                ],
                0.008 * radius,
                m_gloss("#222222"),
                n=4,
            )


# ---------------------------------------------------------------- finding a place
def _occupied(passing=()):
    """Boxes (x0, x1, y0, y1, z0, z1) of what stands in the scene but ground, walls and `passing`; N x 6."""
    boxes = []
    for ob in bpy.context.scene.objects:
        if ob.type != "MESH" or not ob.pass_index or not len(ob.data.vertices):
            continue
        name, _ = world.objects[world.leaves[ob.pass_index][0] - 1]
        if name in GROUND or name in passing:
            continue
        co = np.empty(len(ob.data.vertices) * 3, np.float32)
        ob.data.vertices.foreach_get("co", co)
        co = co.reshape(-1, 3)
        corners = np.array(list(product(*zip(co.min(0), co.max(0), strict=True))))
        m = np.array(ob.matrix_world)
        p = corners @ m[:3, :3].T + m[:3, 3]
        boxes.append(np.ravel(np.stack([p.min(0), p.max(0)], 1)))
    return np.array(boxes) if boxes else np.zeros((0, 6))


def _footprint(o, x, y, turn):
    c, s = abs(math.cos(turn)), abs(math.sin(turn))
    w, d = o.width * c + o.depth * s, o.width * s + o.depth * c
    return x - w / 2, x + w / 2, y - d / 2, y + d / 2


def _free(rect, boxes, z=0.0, height=2.0, gap=0.05):
    x0, x1, y0, y1 = rect
    b = boxes[(boxes[:, 5] > z + 0.03) & (boxes[:, 4] < z + height)]
    hit = (b[:, 0] < x1 + gap) & (b[:, 1] > x0 - gap) & (b[:, 2] < y1 + gap) & (b[:, 3] > y0 - gap)
    return not hit.any()


def _share(rect, z, height):
    """Share of the picture that a box would cover if nothing stood in front of it, and how near it is (m)."""
    x0, x1, y0, y1 = rect
    u, v, depth = project(list(product((x0, x1), (y0, y1), (z, z + height))))
    if depth.min() < world.camera["clip_m"] + 0.3:
        return 1.0, float(depth.min())
    w = min(u.max(), 1) - max(u.min(), 0)
    h = min(v.max(), 1) - max(v.min(), 0)
    return max(w, 0) * max(h, 0), float(depth.min())


def _choose(spots, target, most, passing=(), largest=0.16):
    """Build oddities at spots (oddity, x, y, z, turn) until about `target` of the picture is covered."""
    boxes, covered, used = _occupied(passing), 0.0, set()
    for o, x, y, z, turn in spots:
        rect = _footprint(o, x, y, turn)
        if o.name in used or not _free(rect, boxes, z, o.height):
            continue
        share, _ = _share(rect, z, o.height)
        if not 0.004 < share < largest:
            continue
        with at(x, y, z, rz=turn):
            o.make()
        boxes = np.vstack([boxes, [*rect, z, z + o.height]])
        covered += 0.55 * share  # of the box's outline, the thing fills about this much
        used.add(o.name)
        if covered > target or len(used) >= most:
            return


def furnish_oddities(room):
    """Place things outside the 150 into a room: along its walls, in its corners, on its open floor."""
    with stream("oddities") as rng:
        doors = [
            (wall, h) for wall, holes in room.open.items() for h in holes if h[4] == "door" or h[2] < 0.6
        ]
        fitting = [o for o in ODDITIES if world.kind in o.rooms]
        spots = []
        for _ in range(500):
            o = rng.choice(fitting)
            place = rng.choice([w for w in o.where if w in ("wall", "corner", "open")])
            wall = rng.choice(["back", "left", "right"])
            length = room.length(wall)
            if place == "open":
                side = rng.choice([-1, 1]) * rng.uniform(0.26, 0.42)  # not in the middle of the room
                x, y = room.W * (0.5 + side), rng.uniform(1.0, room.D - 0.6)
                spots.append((o, x, y, 0.0, rng.uniform(-0.7, 0.7)))
                continue
            half = o.width / 2 + 0.08
            if length < 2 * half:
                continue
            p = rng.uniform(half, length - half)
            if place == "corner":
                p = rng.choice([half, length - half])
            if any(w == wall and h[0] - half < p < h[1] + half for w, h in doors):
                continue
            back = o.depth / 2 + 0.06
            x, y, turn = {
                "back": (p, room.D - back, 0.0),
                "left": (back, p, math.pi / 2),
                "right": (room.W - back, room.D - p, -math.pi / 2),
            }[wall]
            high_window = any(
                w[4] == "window" and w[2] < o.height and w[0] - half < p < w[1] + half
                for w in room.open[wall]
            )
            if not high_window:
                spots.append((o, x, y, 0.0, turn))
        _choose(spots, target=rng.uniform(0.045, 0.1), most=5)


def strew_oddities(where, place, target=0.04, most=4, tries=150):
    """Place things outside the 150 outdoors. place(rng) returns a spot (x, y, z, turn) of the kind `where`.

    target: about this share of the picture is enough. most: at most this many things.
    """
    with stream(f"oddities {where}") as rng:
        fitting = [o for o in ODDITIES if where in o.where]
        passing, largest = (("building", "signboard"), 0.45) if where == "facade" else ((), 0.2)
        _choose([(rng.choice(fitting), *place(rng)) for _ in range(tries)], target, most, passing, largest)
