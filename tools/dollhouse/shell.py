"""A room's shell: walls with holes for windows and doors, floors, ceilings."""

import itertools
import math

import numpy as np

from .camera import room_view
from .light import light_room, room_look
from .materials import (
    m_brick,
    m_checker,
    m_concrete,
    m_fabric,
    m_paint,
    m_pane,
    m_sheer,
    m_tiles,
    m_wood,
    mixed,
    rgb,
    scaled,
)
from .mesh import MeshBuilder, add, box, sphere, tube, vf_picture
from .outside import outside
from .registry import builds
from .style import style
from .things.oddities import furnish_oddities
from .things.textiles import curtain
from .world import at, part, thing, world


@builds("ceiling", "wall", "windowpane", "door", "blind", "curtain")
class Room:
    """Walls around 0..W, 0..D (meters, +y away from the camera), height H.

    Windows and doors are cut before `build`.
    """

    def __init__(self, W, D, H):
        self.W, self.D, self.H = W, D, H
        self.open = {"back": [], "left": [], "right": [], "front": []}  # (x0,x1,z0,z1,kind)
        self.used = {"back": [], "left": [], "right": []}

    def frame(self, wall):
        """Where a wall's frame stands."""
        W, D = self.W, self.D
        return {
            "back": {"x": 0, "y": D, "rz": 0},
            "left": {"x": 0, "y": 0, "rz": math.pi / 2},
            "right": {"x": W, "y": D, "rz": -math.pi / 2},
            "front": {"x": W, "y": 0, "rz": math.pi},
        }[wall]

    def along(self, wall, y):
        """The position along a side wall that lies at depth y of the room."""
        return y if wall == "left" else self.D - y

    def length(self, wall):
        """Length of a wall, meters."""
        return self.W if wall in ("back", "front") else self.D

    def on(self, wall, x, y=0.0, z=0.0, rz=0.0):
        """The wall's frame: x along it as seen from inside, -y into the room."""
        f = self.frame(wall)
        m = at(**f)
        n = at(x, y, z, rz)

        class K:
            def __enter__(s):
                m.__enter__()
                n.__enter__()

            def __exit__(s, *a):
                n.__exit__(*a)
                m.__exit__(*a)

        return K()

    def build(self, wall_m, floor, accent=None, wains=None, baseboard=True, crown=True, ceil=None):
        """Raise walls, trim, ceiling and floor."""
        W, D, H = self.W, self.D, self.H
        T_ = 0.22
        for wall in self.open:
            Lw = self.length(wall)
            ops = self.open[wall]
            mat = (accent or {}).get(wall, wall_m)
            with thing("wall"), at(**self.frame(wall)):
                xs = sorted({-T_, Lw + T_} | {o[0] for o in ops} | {o[1] for o in ops})
                zs = sorted({-0.1, H + 0.1} | {o[2] for o in ops} | {o[3] for o in ops})
                b = MeshBuilder(0)
                for x0, x1 in itertools.pairwise(xs):
                    for z0, z1 in itertools.pairwise(zs):
                        cx, cz = (x0 + x1) / 2, (z0 + z1) / 2
                        # doors reach below the floor: a wall that ends level with it would flicker
                        hole = any(o[0] < cx < o[1] and (o[2] or -0.1) < cz < o[3] for o in ops)
                        if not hole:
                            b.box(x0, x1, 0, T_, z0, z1, 0.5)
                b.done(mat)
                doors = [o for o in ops if o[2] <= 0.02]
                if baseboard:
                    segs, x = [], 0.0
                    for o in sorted(doors):
                        segs.append((x, o[0] - 0.08))
                        x = o[1] + 0.08
                    segs.append((x, Lw))
                    for a, e in segs:
                        if e > a:
                            box(e - a, 0.018, 0.11, ((a + e) / 2, -0.009, 0), style.trim, 0.005)
                if crown:
                    box(Lw, 0.05, 0.07, (Lw / 2, -0.025, H - 0.07), style.trim, 0.02, 3)
            if wains and wall != "front":
                self.wainscot(wall, wains)
        with thing("ceiling"):
            box(W + 0.4, D + 0.4, 0.2, (W / 2, D / 2, H), ceil or m_paint("#f3f1ec", 0.7, 0.02), 0)
        floor(W, D)

    def wainscot(self, wall, kind):
        """Paneling (kind panel or bead) up to 1 m."""
        Lw = self.length(wall)
        ops = self.open[wall]
        h = 0.95 if kind == "panel" else 1.1
        with thing("wall"), at(**self.frame(wall)):
            edges = [0.0]
            for o in sorted(ops):
                if o[2] < h + 0.1:
                    edges += [o[0] - 0.1, o[1] + 0.1]
            edges.append(Lw)
            for a, e in zip(edges[::2], edges[1::2], strict=True):
                if e - a < 0.25:
                    continue
                box(e - a, 0.012, h, ((a + e) / 2, -0.006, 0), style.trim, 0)
                box(e - a, 0.035, 0.04, ((a + e) / 2, -0.0175, h), style.trim, 0.01)
                if kind == "panel":
                    n = max(1, round((e - a) / 0.7))
                    w = (e - a) / n
                    for i in range(n):
                        cx = a + w * (i + 0.5)
                        for s in (-1, 1):
                            box(
                                0.025,
                                0.016,
                                h - 0.3,
                                (cx + s * (w / 2 - 0.09), -0.02, 0.2),
                                style.trim,
                                0.006,
                            )
                            box(
                                w - 0.18,
                                0.016,
                                0.025,
                                (cx, -0.02, 0.2 if s < 0 else h - 0.125),
                                style.trim,
                                0.006,
                            )
                else:
                    n = int((e - a) / 0.1)
                    for i in range(n):
                        box(
                            0.012,
                            0.012,
                            h - 0.12,
                            (a + (e - a) * (i + 0.5) / n, -0.014, 0.11),
                            style.trim,
                            0.004,
                        )

    def window(
        self,
        wall,
        x,
        w,
        z0,
        z1,
        bars=None,
        curtains=None,
        frame_m=None,
        sill=True,
        cur_mat=None,
        blind=False,
    ):
        """A window centered at x, w wide, from z0 to z1; curtains: long, short or None."""
        self.open[wall].append((x - w / 2, x + w / 2, z0, z1, "window"))
        rng = world.rng
        h = z1 - z0
        fm = frame_m or style.trim
        bars = bars or rng.choice(["cross", "three", "plain", "grid"])
        with self.on(wall, x, 0, z0):
            with thing("windowpane"):
                y = 0.12
                for s in (-1, 1):
                    box(0.055, 0.07, h, (s * (w / 2 - 0.0275), y, 0), fm, 0.008)
                    box(w, 0.07, 0.055, (0, y, 0 if s < 0 else h - 0.055), fm, 0.008)
                vs, hs = {
                    "cross": ([0], [0.5]),
                    "three": ([-w / 6, w / 6], []),
                    "plain": ([0], []),
                    "grid": ([-w / 4, 0, w / 4], [0.33, 0.67]),
                    "top": ([0], [0.72]),
                }[bars]
                for vx in vs:
                    box(0.04 if bars != "grid" else 0.022, 0.06, h - 0.05, (vx, y, 0.025), fm, 0.006)
                for q in hs:
                    box(w - 0.05, 0.06, 0.04 if bars != "grid" else 0.022, (0, y, h * q), fm, 0.006)
                with at(0, y, 0):
                    ob = add(vf_picture(w - 0.02, h), m_pane(), smooth=False)
                    ob.visible_shadow = ob.visible_diffuse = False
            with thing("wall"):
                # casing
                for s in (-1, 1):
                    box(0.075, 0.025, h + 0.15, (s * (w / 2 + 0.037), -0.0125, -0.075), style.trim, 0.006)
                box(w + 0.2, 0.03, 0.085, (0, -0.015, h), style.trim, 0.006)
                if sill:
                    box(w + 0.2, 0.225, 0.035, (0, 0.0175, -0.030), style.trim, 0.01)
            if blind:
                with thing("blind"):
                    n = int(h * rng.uniform(0.35, 0.8) / 0.045)
                    bm = rng.choice([style.white, style.wood])
                    for i in range(n):
                        with at(0, 0.045, h - 0.06 - i * 0.045, rx=0.6):
                            box(w - 0.03, 0.045, 0.003, (0, 0, 0), bm, 0)
                    box(w - 0.02, 0.05, 0.05, (0, 0.045, h - 0.05), bm, 0.006)
            if curtains:
                zt = min(z1 + 0.18, self.H - 0.06) - z0
                cm = cur_mat
                rodx = w / 2 + 0.38
                with thing("curtain"):
                    tube([(-rodx, -0.11, zt + 0.02), (rodx, -0.11, zt + 0.02)], 0.013, style.metal)
                    for s in (-1, 1):
                        sphere(0.025, 0.025, 0.025, (s * rodx, -0.11, zt + 0.02), style.metal)
                drop = zt + z0 - 0.015 if curtains == "long" else zt + 0.12
                for s in (-1, 1):
                    cw = rng.uniform(0.36, 0.5) * min(1.2, w / 1.3)
                    with thing("curtain"), at(s * (w / 2 + 0.3 - cw / 2), -0.11, zt - drop):
                        curtain(cw, drop, cm)
                if rng.random() < 0.35:
                    with thing("curtain"), at(0, -0.055, zt - drop):
                        curtain(w + 0.1, drop, m_sheer(), folds=int(w / 0.09), amp=0.022)

    def door(self, wall, x, w=0.86, h=2.05):
        """A closed door centered at x."""
        rng = world.rng
        self.open[wall].append((x - w / 2, x + w / 2, 0, h, "door"))
        dm = rng.choice([style.paintw, style.wood, style.case])
        with self.on(wall, x), thing("door"):
            box(w - 0.01, 0.045, h - 0.01, (0, 0.1, 0.005), dm, 0.004)
            k = rng.choice(["two", "six", "flat", "four"])
            pan = {
                "two": [(0, 0.1, 0.7, 0.38), (0, 0.55, 0.7, 0.38)],
                "flat": [],
                "four": [(s, z, 0.32, hh) for s in (-0.19, 0.19) for z, hh in ((0.08, 0.36), (0.5, 0.44))],
                "six": [
                    (s, z, 0.32, hh)
                    for s in (-0.19, 0.19)
                    for z, hh in ((0.06, 0.3), (0.41, 0.3), (0.76, 0.18))
                ],
            }[k]
            for px, pz, pw, phh in pan:
                x0, z0, ww, hh = px * w, pz * h, pw * w, phh * h
                box(ww, 0.02, hh, (x0, 0.072, z0), dm, 0.012, 3)
                box(ww * 0.8, 0.02, hh - ww * 0.2, (x0, 0.064, z0 + ww * 0.1), dm, 0.014, 3)
            with part("handle"):
                tube(
                    [(w * 0.4, 0.07, 1.02), (w * 0.4, 0.02, 1.02), (w * 0.28, 0.02, 1.02)],
                    0.01,
                    style.metal,
                    curve=3,
                )
            for s in (-1, 1):
                box(0.08, 0.03, h + 0.08, (s * (w / 2 + 0.04), -0.015, 0), style.trim, 0.008)
            box(w + 0.22, 0.035, 0.09, (0, -0.0175, h), style.trim, 0.008)


@builds("floor")
def floor_planks(m, pw=0.14, pl=1.4, angle=0):
    """Planks pw x pl meters. Floors are functions of the room's width and depth."""

    def f(W, D):
        nprng = world.nprng
        V, F, G, Tn = [], [], [], []
        with thing("floor"):
            box(W + 0.4, D + 0.4, 0.1, (W / 2, D / 2, -0.106), m_paint("#241a12", 0.9), 0)
            rows = int((W if angle else D) / pw) + 2
            for i in range(rows):
                p = -nprng.uniform(0, pl) - 0.1
                lim = (D if angle else W) + 0.2
                while p < lim:
                    L = pl * nprng.uniform(0.6, 1.1)
                    g = 0.002
                    a0, a1, b0, b1 = p + g, p + L - g, i * pw - 0.1 + g, (i + 1) * pw - 0.1 - g
                    a0, a1, b1 = max(a0, -0.1), min(a1, lim), min(b1, (W if angle else D) + 0.1)
                    if a1 > a0 and b1 > b0:
                        q = np.array([(a0, b0), (a1, b0), (a1, b1), (a0, b1)])
                        off = nprng.uniform(-50, 50, 2)
                        n0 = len(V)
                        for a, b in q:
                            V.append((b, a, 0) if angle else (a, b, 0))
                            G.append((a + off[0], b + off[1], 0))
                            Tn.append(0)
                        t_ = nprng.random()
                        Tn[-4:] = [t_] * 4
                        F.append((n0 + 3, n0 + 2, n0 + 1, n0) if angle else (n0, n0 + 1, n0 + 2, n0 + 3))
                    p += L
            add((np.array(V), np.array(F)), m, grain=np.array(G), tone=np.array(Tn), smooth=False)

    return f


@builds("floor")
def floor_herring(m, pw=0.1, pl=0.6):
    """Herringbone parquet."""

    def f(W, D):
        nprng = world.nprng
        V, F, G, Tn = [], [], [], []
        s = math.sqrt(0.5)
        with thing("floor"):
            box(W + 0.4, D + 0.4, 0.1, (W / 2, D / 2, -0.106), m_paint("#241a12", 0.9), 0)
            pl / pw
            n = int((W + D) / pw) + 10
            for i in range(-n, n):
                for j in range(-2, int((W + D) / (2 * pl)) + 6):
                    for o in (0, 1):
                        # classic herringbone lattice in rotated coordinates
                        if o == 0:
                            a0, b0 = i * pw + j * 2 * pl - 0, i * pw
                            r = (a0, a0 + pl, b0, b0 + pw)
                        else:
                            a0, b0 = i * pw + j * 2 * pl + pl, i * pw - pl + pw
                            r = (a0, a0 + pw, b0, b0 + pl)
                        for _jj in (0,):
                            cx, cy = (r[0] + r[1]) / 2, (r[2] + r[3]) / 2
                            X, Y = (cx - cy) * s, (cx + cy) * s - 1.0
                            if not (-0.3 < X < W + 0.3 and -0.1 < Y < D + 0.12):
                                continue
                            g = 0.0015
                            q = [
                                (r[0] + g, r[2] + g),
                                (r[1] - g, r[2] + g),
                                (r[1] - g, r[3] - g),
                                (r[0] + g, r[3] - g),
                            ]
                            off = nprng.uniform(-50, 50, 2)
                            t_ = nprng.random()
                            n0 = len(V)
                            for a, b in q:
                                V.append(((a - b) * s, (a + b) * s - 1.0, 0))
                                Tn.append(t_)
                                G.append(
                                    (a + off[0], b + off[1], 0) if o == 0 else (b + off[0], a + off[1], 0)
                                )
                            F.append((n0, n0 + 1, n0 + 2, n0 + 3))
            add((np.array(V), np.array(F)), m, grain=np.array(G), tone=np.array(Tn), smooth=False)

    return f


@builds("floor")
def floor_flat(m):
    """One material all over."""

    def f(W, D):
        with thing("floor"):
            box(W + 0.4, D + 0.4, 0.1, (W / 2, D / 2, -0.1), m, 0, grain="obj")

    return f


def pick_floor(kinds=("planks", "planks", "herring", "tiles", "carpet", "wide")):
    """A floor of one of these kinds."""
    rng = world.rng
    k = rng.choice(kinds)
    wc = rng.choice(["#b98a5a", "#a06a3c", "#c7a06f", "#7a4f32", "#8f6844", "#d0b08a", style.woodc])
    if k == "planks":
        return floor_planks(m_wood(wc, rough=0.38, tonevar=0.4), 0.12, 1.3, rng.randint(0, 1))
    if k == "wide":
        return floor_planks(m_wood(wc, rough=0.42, tonevar=0.35), 0.2, 2.0, rng.randint(0, 1))
    if k == "herring":
        return floor_herring(m_wood(wc, rough=0.35, tonevar=0.4), 0.09, 0.54)
    if k == "tiles":
        c = rng.choice(["#cfc7ba", "#b9b4ab", "#d8cfc2", "#9d9a95"])
        return floor_flat(m_tiles(c, scaled(rgb(c), 0.9), "#a39c91", 0.6, 0.6, 0.28))
    if k == "check":
        return floor_flat(m_checker("#e9e5dc", rng.choice(["#3b3f44", "#5a6b63", "#7d7368"])))
    return floor_flat(m_fabric(rng.choice(["#b9ab98", "#9a948b", "#c9bda9", "#7f8a8f"]), bump=0.9, var=0.14))


def pick_wall():
    """The room's wall paint."""
    return m_paint(style.pal["wall"], 0.75, 0.03, 0.05)


def accent_wall(which):
    """Paint, paper, brick or plaster for one wall: {wall: material} or {}."""
    rng = world.rng
    k = rng.choice(["none", "paint", "paint", "paper", "brick", "plaster"])
    if k == "paint":
        return {which: m_paint(style.pal["accent"], 0.75, 0.03, 0.05)}
    if k == "brick":
        c = rng.choice(["#a9583f", "#ded8cf", "#b3694c", "#8f8a84"])
        return {which: m_brick(c, scaled(rgb(c), 0.78), "#c2bab0" if c != "#ded8cf" else "#cfc9c0")}
    if k == "plaster":
        return {which: m_concrete(rng.choice(["#bdb5a9", "#c9b8a5", "#9aa39f", "#b08d78"]), 0.85, 0.14, 1.5)}
    if k == "paper":
        return {
            which: m_fabric(
                style.pal["wall"],
                rng.choice(["stripe", "dots", "zig", "check"]),
                mixed(rgb(style.pal["wall"]), rgb(style.pal["accent"]), 0.55),
                size=rng.choice([0.14, 0.2]),
                bump=0.05,
                sheen=0,
            )
        }
    return {}


def finish_room(room, mood, main_wall, focus=0.5, view=room_view):
    """The world outside, light, camera, and a few things outside the 150 classes. Returns the look."""
    outside()
    light_room(room, mood, main_wall)
    view(room, focus)
    furnish_oddities(room)
    return room_look(mood)
