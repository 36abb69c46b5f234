"""City buildings and skyscrapers."""

import itertools
import math

import bpy
import numpy as np

from ..materials import (
    m_brick,
    m_concrete,
    m_fabric,
    m_facade_glass,
    m_gloss,
    m_roof,
    m_simple,
    m_tiles,
    rgb,
    scaled,
)
from ..mesh import MeshBuilder, add, box, tube, vf_grid
from ..registry import builds
from ..world import at, link, part, thing, world


def lettering(s, size, mat, depth=0.02):
    """A word in capitals, upright, facing -y."""
    cu = bpy.data.curves.new("t", "FONT")
    cu.body = s
    cu.size = size
    cu.align_x = "CENTER"
    cu.align_y = "CENTER"
    cu.extrude = depth
    cu.resolution_u = 3
    cu.materials.append(mat)
    ob = bpy.data.objects.new("t", cu)
    link(ob)
    with at(rx=math.pi / 2):
        ob.matrix_world = world.stack[-1].copy()
    return ob


STUCCO = [
    "#d9b98c",
    "#e3d3b4",
    "#c98f6b",
    "#dcc7b0",
    "#b7c0b4",
    "#e8dcc6",
    "#c7a3a0",
    "#aebccb",
    "#d8a878",
    "#efe6d4",
    "#bfae93",
    "#93a39b",
]


BRICKS = [
    ("#9c4f3a", "#7d3c2d"),
    ("#a9654a", "#8a4d38"),
    ("#b7896a", "#997055"),
    ("#7a4438", "#5f352c"),
    ("#c2a286", "#a98a70"),
    ("#8e5b4a", "#6f4538"),
]


SHOPS = [
    "CAFE",
    "BOOKS",
    "BAKERY",
    "FLOWERS",
    "DELI",
    "TAILOR",
    "GALLERY",
    "OPTIK",
    "MUSIC",
    "HOTEL",
    "MARKET",
    "SALON",
    "TEA ROOM",
    "PIZZA",
    "HATS",
    "CERAMICS",
]


@builds("building", "signboard", "awning")
def building(w, d=10, floors=4, style=None, shop=True):
    """A town house, w x d meters; front plane y = 0 facing -y, from x = 0 to w. Returns its height."""
    rng = world.rng
    style = style or rng.choice(["brick", "brick", "stucco", "stucco", "stone", "modern"])
    fh = rng.uniform(2.9, 3.4)
    gh = rng.uniform(3.9, 4.5) if shop else rng.uniform(3.2, 3.6)
    t = 0.3
    H = gh + fh * floors
    nb = max(2, round(w / rng.uniform(2.3, 3.1)))
    bw = w / nb
    if style == "brick":
        b1, b2 = rng.choice(BRICKS)
        wm = m_brick(b1, b2, rng.choice(["#b9b2a6", "#8f877c", "#d0c8ba"]), 0.24, 0.08)
        trim_c = rng.choice(["#d8cfbd", "#e8e1d3", "#b9ab94"])
    elif style == "stone":
        c = rng.choice(["#c9bca3", "#b9b0a0", "#d6cbb6", "#a89f92"])
        wm = m_brick(c, scaled(rgb(c), 0.86), scaled(rgb(c), 0.6), 0.8, 0.38, msize=0.012, bump=0.35)
        trim_c = c
    elif style == "modern":
        c = rng.choice(["#d9d7d2", "#8e9498", "#4a4d50", "#b9aa96", "#c9cdd0"])
        wm = (
            m_tiles(c, scaled(rgb(c), 0.95), scaled(rgb(c), 0.6), 1.5, 1.1, 0.45, gap=0.012, plane="xz")
            if rng.random() < 0.6
            else m_concrete(c, 0.7, 0.15)
        )
        trim_c = rng.choice(["#3a3d40", "#e6e6e4", "#6b6e70"])
    else:
        c = rng.choice(STUCCO)
        wm = m_concrete(c, 0.85, 0.10, 0.8, 0.08, 0.06)
        trim_c = rng.choice(["#efe8da", "#f4efe5", "#d9cdb8"])
    trim = m_concrete(trim_c, 0.75, 0.08, 1.0, 0.08, 0.05)
    frame_c = (
        rng.choice(["#ece8df", "#f0eee9", "#3b4038", "#2d2f31", "#5a4636", "#34515a"])
        if style != "modern"
        else "#2b2d2f"
    )
    fm = m_gloss(frame_c, 0.45, 0.1)
    gl = m_facade_glass(rng.choice(["#22303a", "#2a3a46", "#25302f", "#31404f"]))
    W_, Tm, Fm, G = MeshBuilder(), MeshBuilder(), MeshBuilder(), MeshBuilder()
    with thing("building"):
        W_.box(0, w, t, d, 0, H, 0.5)
        if style == "modern":
            ww, wh, sill = bw * rng.uniform(0.7, 0.92), fh * rng.uniform(0.55, 0.8), fh * 0.15
        else:
            ww, wh, sill = bw * rng.uniform(0.40, 0.52), fh * rng.uniform(0.54, 0.66), fh * 0.2
        surround = (
            rng.choice(["lintel", "full", "none", "arch"])
            if style in ("brick", "stucco", "stone")
            else "none"
        )
        shutters = style == "stucco" and rng.random() < 0.45
        sm = m_gloss(rng.choice(["#4d6b5c", "#5b7a8c", "#7a5a44", "#6b7f5a", "#8a4a3c"]), 0.5, 0)
        S = MeshBuilder()
        balc = rng.choice([0, 0, 1, 2]) if style != "stone" else rng.choice([0, 1])
        mull = rng.choice(["cross", "center", "sash", "none"])
        for k in range(floors):
            z = gh + k * fh
            zs, ze = z + sill, z + sill + wh
            if balc and k > 0:
                zs = z + 0.08
            W_.box(0, w, 0, t, z, zs, 0.5)
            W_.box(0, w, 0, t, ze, z + fh, 0.5)
            xs = [bw * (i + 0.5) for i in range(nb)]
            prev = 0
            for i, cx in enumerate(xs):
                W_.box(prev, cx - ww / 2, 0, t, zs, ze, 0.5)
                prev = cx + ww / 2
                x0, x1 = cx - ww / 2, cx + ww / 2
                with part("window"):
                    tn = rng.random()
                    y = t - 0.05
                    G.vf([(x0, y, zs), (x1, y, zs), (x1, y, ze), (x0, y, ze)], [(0, 1, 2, 3)], tn)
                    f = 0.06
                    Fm.box(x0, x0 + f, y - 0.07, y, zs, ze)
                    Fm.box(x1 - f, x1, y - 0.07, y, zs, ze)
                    Fm.box(x0, x1, y - 0.07, y, zs, zs + f)
                    Fm.box(x0, x1, y - 0.07, y, ze - f, ze)
                    if mull in ("cross", "center") or style == "modern":
                        Fm.box(cx - 0.025, cx + 0.025, y - 0.05, y, zs, ze)
                    if mull == "cross":
                        Fm.box(x0, x1, y - 0.05, y, zs + (ze - zs) * 0.68, zs + (ze - zs) * 0.68 + 0.05)
                    if mull == "sash":
                        Fm.box(x0, x1, y - 0.06, y, (zs + ze) / 2 - 0.03, (zs + ze) / 2 + 0.03)
                if style != "modern":
                    Tm.box(x0 - 0.1, x1 + 0.1, -0.1, t - 0.1, zs - 0.1, zs)
                    if surround == "lintel":
                        Tm.box(x0 - 0.12, x1 + 0.12, -0.04, t - 0.1, ze, ze + 0.24)
                    elif surround == "full":
                        Tm.box(x0 - 0.16, x0, -0.06, t - 0.1, zs, ze)
                        Tm.box(x1, x1 + 0.16, -0.06, t - 0.1, zs, ze)
                        Tm.box(x0 - 0.16, x1 + 0.16, -0.06, t - 0.1, ze, ze + 0.18)
                        Tm.box(x0 - 0.22, x1 + 0.22, -0.16, 0, ze + 0.18, ze + 0.26)
                    elif surround == "arch":
                        a = np.linspace(0, np.pi, 11)
                        for q in range(10):
                            a0, a1 = a[q], a[q + 1]
                            r0, r1 = ww / 2, ww / 2 + 0.2
                            pts = [
                                (cx - r_ * math.cos(aa), yy, ze - 0.02 + 0.45 * r_ * math.sin(aa))
                                for yy in (-0.05, 0.0)
                                for r_, aa in ((r0, a0), (r1, a0), (r1, a1), (r0, a1))
                            ]
                            Tm.vf(
                                pts,
                                [
                                    (0, 1, 2, 3),
                                    (7, 6, 5, 4),
                                    (0, 4, 5, 1),
                                    (1, 5, 6, 2),
                                    (2, 6, 7, 3),
                                    (3, 7, 4, 0),
                                ],
                            )
                    if shutters:
                        for s_ in (-1, 1):
                            xx = x0 - ww * 0.26 if s_ < 0 else x1 + ww * 0.26
                            S.box(xx - ww * 0.24, xx + ww * 0.24, -0.05, 0, zs, ze)
                            for q in range(int((ze - zs) / 0.14)):
                                S.box(
                                    xx - ww * 0.2,
                                    xx + ww * 0.2,
                                    -0.065,
                                    -0.05,
                                    zs + 0.06 + q * 0.14,
                                    zs + 0.13 + q * 0.14,
                                )
                if balc and k > 0 and (balc == 2 or i % 2 == (k % 2)):
                    bx0, bx1 = cx - bw * 0.42, cx + bw * 0.42
                    with part("balcony"):
                        Tm.box(bx0, bx1, -0.85, 0, z - 0.12, z + 0.04)
                        for q in range(int((bx1 - bx0) / 0.14) + 1):
                            xx = bx0 + 0.02 + q * 0.14
                            S.box(xx - 0.012, xx + 0.012, -0.83, -0.81, z + 0.04, z + 1.0)
                        for yy in np.arange(-0.7, 0, 0.14):
                            for xx in (bx0 + 0.02, bx1 - 0.02):
                                S.box(xx - 0.012, xx + 0.012, yy - 0.012, yy + 0.012, z + 0.04, z + 1.0)
                        S.box(bx0, bx1, -0.85, -0.8, z + 1.0, z + 1.05)
                        S.box(bx0, bx0 + 0.04, -0.85, 0, z + 1.0, z + 1.05)
                        S.box(bx1 - 0.04, bx1, -0.85, 0, z + 1.0, z + 1.05)
            W_.box(prev, w, 0, t, zs, ze, 0.5)
            if style != "modern" and (rng.random() < 0.25 or k == 0):
                Tm.box(-0.04, w + 0.04, -0.07, 0, z - 0.1, z + 0.06)
        if balc and not shutters:
            sm = m_gloss("#26282a", 0.5, 0)
        S.done(sm)
        # quoins
        if style in ("brick", "stucco") and rng.random() < 0.4:
            for k in range(int((H - gh) / 0.5)):
                q = 0.5 if k % 2 else 0.35
                for x0, x1 in ((-0.03, q), (w - q, w + 0.03)):
                    Tm.box(x0, x1, -0.03, 0, gh + k * 0.5 + 0.02, gh + k * 0.5 + 0.46)
        # ground floor
        yg = t - 0.08
        if shop:
            ns = max(1, round(w / 5.5))
            sw = w / ns
            pm = m_gloss(
                rng.choice(["#2f4a3f", "#26323d", "#5a2f2b", "#3b3b3d", "#7a5a3a", "#1f2a44", "#8c7a5b"]),
                0.45,
                0.1,
            )
            Pm = MeshBuilder()
            W_.box(0, w, 0, t, gh - 0.45, gh, 0.5)
            signs = []
            for i in range(ns):
                x0, x1 = i * sw, (i + 1) * sw
                Pm.box(x0, x0 + 0.28, -0.05, t, 0, gh - 0.45)
                Pm.box(x1 - 0.28, x1, -0.05, t, 0, gh - 0.45)
                dx = rng.choice([0.3, 0.5, 0.7]) * sw + x0
                a, b = x0 + 0.28, x1 - 0.28
                with part("shop window"):
                    G.vf(
                        [(a, yg, 0.5), (b, yg, 0.5), (b, yg, gh - 0.95), (a, yg, gh - 0.95)],
                        [(0, 1, 2, 3)],
                        rng.uniform(0, 0.5),
                    )
                Pm.box(a, b, 0.05, t, 0, 0.5)
                Pm.box(a, b, -0.1, t, gh - 0.95, gh - 0.42)
                n = max(2, int((b - a) / 1.2))
                for q in range(1, n):
                    xx = a + (b - a) * q / n
                    Pm.box(xx - 0.04, xx + 0.04, 0.05, t, 0.5, gh - 0.95)
                # door
                with part("door"):
                    Pm.box(dx - 0.55, dx - 0.45, 0, t, 0, gh - 0.95)
                    Pm.box(dx + 0.45, dx + 0.55, 0, t, 0, gh - 0.95)
                    Pm.box(dx - 0.5, dx + 0.5, 0.02, t, 2.15, 2.25)
                    Pm.box(dx - 0.45, dx + 0.45, yg - 0.06, yg, 0.02, 0.75)
                signs.append((x0, x1))
            Pm.done(pm)
        else:
            W_.box(0, w, 0, t, gh - 0.7, gh, 0.5)
            prev = 0
            di = rng.randrange(nb)
            for i in range(nb):
                cx = bw * (i + 0.5)
                z0 = 0.25 if i == di else 1.1
                x0, x1 = cx - ww / 2, cx + ww / 2
                W_.box(prev, x0, 0, t, 0, gh - 0.7, 0.5)
                prev = x1
                W_.box(x0, x1, 0, t, 0, z0, 0.5)
                if i == di:
                    with part("door"):
                        Fm.box(x0, x1, t - 0.1, t - 0.04, z0, 2.4)
                        G.vf(
                            [
                                (x0, t - 0.06, 2.4),
                                (x1, t - 0.06, 2.4),
                                (x1, t - 0.06, gh - 0.7),
                                (x0, t - 0.06, gh - 0.7),
                            ],
                            [(0, 1, 2, 3)],
                            0.2,
                        )
                    Tm.box(x0 - 0.25, x0, -0.1, t, 0, gh - 0.6)
                    Tm.box(x1, x1 + 0.25, -0.1, t, 0, gh - 0.6)
                    Tm.box(x0 - 0.4, x1 + 0.4, -0.35, 0, gh - 0.62, gh - 0.4)
                    for q in range(2):
                        Tm.box(x0 - 0.15, x1 + 0.15, -0.7 + 0.32 * q, 0, 0, 0.125 * (q + 1))
                else:
                    with part("window"):
                        G.vf(
                            [(x0, yg, z0), (x1, yg, z0), (x1, yg, gh - 0.7), (x0, yg, gh - 0.7)],
                            [(0, 1, 2, 3)],
                            rng.random(),
                        )
                        for xx in (x0, x1 - 0.06, cx - 0.03):
                            Fm.box(xx, xx + 0.06, yg - 0.06, yg, z0, gh - 0.7)
                        Fm.box(x0, x1, yg - 0.06, yg, z0, z0 + 0.06)
                        Fm.box(x0, x1, yg - 0.06, yg, gh - 0.76, gh - 0.7)
                    Tm.box(x0 - 0.1, x1 + 0.1, -0.1, t - 0.1, z0 - 0.1, z0)
            W_.box(prev, w, 0, t, 0, gh - 0.7, 0.5)
            Tm.box(-0.02, w + 0.02, -0.05, 0.02, 0, 0.5)
        # top
        kind = (
            rng.choice(["cornice", "cornice", "parapet", "gable", "mansard"])
            if style in ("brick", "stucco", "stone")
            else "parapet"
        )
        if kind == "cornice":
            Tm.box(-0.1, w + 0.1, -0.2, 0.2, H - 0.12, H + 0.1)
            Tm.box(-0.25, w + 0.25, -0.4, 0.2, H + 0.1, H + 0.3)
            Tm.box(-0.32, w + 0.32, -0.5, 0.2, H + 0.3, H + 0.4)
            for q in range(int(w / 0.5)):
                xx = (q + 0.5) * w / int(w / 0.5)
                Tm.box(xx - 0.09, xx + 0.09, -0.36, 0, H - 0.05, H + 0.12)
            W_.box(0, w, 0, 0.25, H, H + 0.75, 0.5)
            Tm.box(-0.05, w + 0.05, -0.05, 0.3, H + 0.75, H + 0.85)
        elif kind == "parapet":
            W_.box(0, w, 0, 0.25, H, H + 0.9, 0.5)
            W_.box(0, 0.25, 0, d, H, H + 0.9, 0.5)
            W_.box(w - 0.25, w, 0, d, H, H + 0.9, 0.5)
            Tm.box(-0.04, w + 0.04, -0.06, 0.3, H + 0.9, H + 1.0)
            if rng.random() < 0.6:
                Tm.box(w * 0.3, w * 0.6, d * 0.4, d * 0.7, H, H + 2.4)
        W_.done(wm)
        Tm.done(trim, bevel=0.012, seg=1)
        Fm.done(fm)
        G.done(gl)
        if kind in ("gable", "mansard"):
            rm = m_roof(rng.choice(["#8a4b38", "#6b5a52", "#5a5f66", "#9a5a40", "#4f4a4a"]))
            if kind == "gable":
                rh = d * 0.32
                prof = [(-0.4, H - 0.1), (d / 2, H + rh), (d + 0.4, H - 0.1)]
            else:
                prof = [(-0.2, H + 0.1), (0.9, H + 2.4), (d / 2, H + 3.2), (d + 0.2, H + 0.1)]
                Tm2 = MeshBuilder()
                Tm2.box(-0.15, w + 0.15, -0.3, 0.2, H - 0.1, H + 0.14)
                Tm2.done(trim)
            V, F, Gc = [], [], []
            s = 0
            for (y0, z0), (y1, z1) in itertools.pairwise(prof):
                n0 = len(V)
                L = math.hypot(y1 - y0, z1 - z0)
                V += [(-0.15, y0, z0), (w + 0.15, y0, z0), (w + 0.15, y1, z1), (-0.15, y1, z1)]
                Gc += [(0, s, 0), (w, s, 0), (w, s + L, 0), (0, s + L, 0)]
                s += L
                F.append((n0, n0 + 1, n0 + 2, n0 + 3))
            with part("roof"):
                add(
                    (np.array(V, float), np.array(F)), rm, solid=0.12, smooth=False, grain=np.array(Gc, float)
                )
            # gable ends
            pts = [(y, z) for y, z in prof]
            for xx in (0.0, w):
                add(
                    (
                        np.array([(xx, y, z - 0.08) for y, z in pts] + [(xx, d, H - 0.3), (xx, 0, H - 0.3)]),
                        [tuple(range(len(pts) + 2))],
                    ),
                    wm,
                    solid=0.1,
                    smooth=False,
                    grain="obj",
                )
            if kind == "mansard" or rng.random() < 0.5:
                D_ = MeshBuilder()
                G2 = MeshBuilder()
                for i in range(nb):
                    cx = bw * (i + 0.5)
                    ww2 = 0.55
                    zb = H + 0.45 if kind == "mansard" else H + 0.5
                    yb = 0.05 if kind == "mansard" else 1.0
                    D_.box(cx - ww2 - 0.12, cx - ww2 + 0.06, yb, yb + 1.8, zb, zb + 1.5)
                    D_.box(cx + ww2 - 0.06, cx + ww2 + 0.12, yb, yb + 1.8, zb, zb + 1.5)
                    D_.box(cx - ww2 - 0.25, cx + ww2 + 0.25, yb - 0.15, yb + 2.2, zb + 1.5, zb + 1.68)
                    D_.box(cx - ww2 - 0.15, cx + ww2 + 0.15, yb - 0.06, yb + 0.2, zb - 0.1, zb)
                    with part("dormer"), part("window"):
                        G2.vf(
                            [
                                (cx - ww2, yb + 0.06, zb),
                                (cx + ww2, yb + 0.06, zb),
                                (cx + ww2, yb + 0.06, zb + 1.5),
                                (cx - ww2, yb + 0.06, zb + 1.5),
                            ],
                            [(0, 1, 2, 3)],
                        )
                    D_.box(cx - 0.03, cx + 0.03, yb + 0.02, yb + 0.06, zb, zb + 1.5)
                D_.done(trim)
                G2.done(gl)
            for _ in range(rng.randint(1, 2)):
                xx = rng.choice([0.6, w - 0.6, w * 0.5])
                yy = d * rng.uniform(0.35, 0.65)
                ch = MeshBuilder()
                ch.box(
                    xx - 0.4,
                    xx + 0.4,
                    yy - 0.3,
                    yy + 0.3,
                    H,
                    H + (3.6 if kind == "mansard" else d * 0.32 + 1.2),
                )
                ch.done(m_brick("#8e5b4a", "#6f4538"))
    if shop:
        for x0, x1 in signs:
            cx = (x0 + x1) / 2
            k = rng.random()
            with thing("signboard"):
                sc_, tc = rng.choice(
                    [
                        ("#f0e8d8", "#2a2a2a"),
                        ("#23313f", "#f1e6cf"),
                        ("#7a2f2b", "#f4e4c4"),
                        ("#2f4f43", "#efe3c8"),
                        ("#e9c46a", "#2a2a2a"),
                    ]
                )
                box(sw * 0.62, 0.06, 0.5, (cx, -0.13, gh - 0.93), m_gloss(sc_, 0.5, 0.1), 0.01)
                with at(cx, -0.17, gh - 0.69):
                    lettering(rng.choice(SHOPS), 0.42, m_simple(tc, 0.5), 0.012)
            if k < 0.55:
                with thing("awning"):
                    aw, dep = sw * 0.86, rng.uniform(1.1, 1.5)
                    c = rng.choice(["#b5443a", "#2f6b52", "#31567a", "#d8a03c", "#7a3f5a", "#e4dccb"])
                    m = m_fabric(
                        c,
                        "stripe" if rng.random() < 0.7 else None,
                        "#f1eadb",
                        size=0.5,
                        sheen=0,
                        bump=0.05,
                        transl=0.3,
                    )
                    z1, z0 = gh - 1.0, gh - 1.75
                    nn = int(aw / 0.12)
                    V, F, _ = vf_grid(
                        lambda u, v, cx=cx, aw=aw, dep=dep, z0=z0, z1=z1: (
                            cx + (u - 0.5) * aw,
                            -0.1 - v * dep + 0 * u,
                            z1 + (z0 - z1) * v - 0.05 * np.sin(np.pi * v),
                        ),
                        nn,
                        8,
                    )
                    add((V, F), m, solid=0.012, grain=np.stack([V[:, 0], V[:, 1], V[:, 2]], 1))
                    V, F, _ = vf_grid(
                        lambda u, v, cx=cx, aw=aw, dep=dep, z0=z0: (
                            cx + (u - 0.5) * aw,
                            -0.1 - dep + 0 * u,
                            z0 - v * (0.16 + 0.06 * np.abs(np.sin(u * aw / 0.5 * np.pi))),
                        ),
                        nn * 2,
                        3,
                    )
                    add((V, F), m, solid=0.01, grain=V.copy())
            elif k < 0.8:
                with thing("signboard"), at(x0 + 0.5, -0.55, gh - 0.6):
                    box(
                        0.06,
                        0.7,
                        0.7,
                        (0, 0, -0.35),
                        m_gloss(rng.choice(["#c0392b", "#2c3e50", "#d9a441", "#2f6b52"]), 0.4, 0.2),
                        0.02,
                    )
                    tube([(0, 0.6, 0.4), (0, -0.3, 0.4)], 0.015, m_gloss("#222222"))
    return H


@builds("skyscraper")
def tower(w, d, H):
    """A glass or concrete skyscraper, origin at the corner of its footprint."""
    rng = world.rng
    with thing("skyscraper"):
        fh = 3.6
        k = rng.choice(["curtain", "bands", "grid"])
        g = m_facade_glass(rng.choice(["#2c4a5e", "#35566b", "#3b4f52", "#4a5c6e"]), 0.65)
        m = m_concrete(rng.choice(["#c9c5bc", "#9ba0a3", "#b7a894", "#e1ded8"]), 0.6, 0.1)
        G, B = MeshBuilder(), MeshBuilder()
        nx = max(3, int(w / 2.5))
        for fl in range(int(H / fh)):
            z = fl * fh
            for i in range(nx):
                for a, b, face in ((w * i / nx, w * (i + 1) / nx, 0), (w * i / nx, w * (i + 1) / nx, 1)):
                    if face == 0:
                        G.vf(
                            [(a, 0, z), (b, 0, z), (b, 0, z + fh), (a, 0, z + fh)],
                            [(0, 1, 2, 3)],
                            rng.random() * 0.75,
                        )
                    else:
                        for xx in (0, w):
                            aa, bb = a * d / w, b * d / w
                            G.vf(
                                [(xx, aa, z), (xx, bb, z), (xx, bb, z + fh), (xx, aa, z + fh)],
                                [(0, 1, 2, 3)] if xx else [(3, 2, 1, 0)],
                                rng.random() * 0.75,
                            )
            th = {"curtain": 0.15, "bands": 1.3, "grid": 0.6}[k]
            B.box(-0.12, w + 0.12, -0.12, d + 0.1, z, z + th)
        if k != "bands":
            for i in range(nx + 1):
                x = w * i / nx
                r = 0.08 if k == "curtain" else 0.35
                B.box(x - r, x + r, -0.2, 0.1, 0, H)
                y = d * i / nx
                B.box(-0.2, 0.1, y - r, y + r, 0, H)
                B.box(w - 0.1, w + 0.2, y - r, y + r, 0, H)
        B.box(-0.1, w + 0.1, -0.1, d, int(H / fh) * fh, int(H / fh) * fh + 1.5)
        B.box(w * 0.2, w * 0.8, d * 0.2, d * 0.8, H - 1, H + 4)
        G.done(g)
        B.done(m)
