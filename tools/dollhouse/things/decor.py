"""Small things: books, vases, flowers, pictures, mirrors, what stands on tables."""

import math

import numpy as np

from ..art import picture
from ..materials import (
    m_clearglass,
    m_concrete,
    m_fabric,
    m_gloss,
    m_image,
    m_leaf,
    m_metal,
    m_paint,
    rgb,
    scaled,
)
from ..mesh import add, box, cyl, lathe, scatter_leaves, smooth, sphere, tube, vf_lathe, vf_picture, vf_torus
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world
from .plants import plant

BOOK_COVERS = [
    "#8c3b2e",
    "#2f4a5c",
    "#d8c8a8",
    "#3f5a49",
    "#b7783c",
    "#6b5673",
    "#e6ded0",
    "#27313b",
    "#a44a3f",
    "#7d8f86",
    "#c9a24e",
    "#4a3b34",
    "#9fb0b8",
    "#d9d4ca",
]


@builds("book")
def book(w, d, h, flat=False):
    """An upright book at the origin, spine to -y."""
    c = world.rng.choice(BOOK_COVERS + style.tex)
    m = m_gloss(c, 0.55, 0.05)
    with thing("book"):
        box(w, d, h, (0, 0, 0), m, 0.004)
        pg = m_paint("#efe7d6", 0.8)
        box(w * 0.8, d * 0.97, h * 0.985, (0, 0.008, h * 0.01), pg, 0.001) if not flat else None
        if world.rng.random() < 0.5:
            box(
                w * 1.01,
                0.004,
                h * 0.06,
                (0, -d / 2, h * world.rng.choice([0.15, 0.75])),
                m_gloss(world.rng.choice(["#d9b56a", "#f0eadc", "#222222"]), 0.4),
                0,
            )


def book_row(w, d, hmax):
    """Upright books that fill the width w from x = 0, sometimes leaning."""
    rng = world.rng
    x = 0.01
    while True:
        bw = rng.uniform(0.018, 0.05)
        h = min(hmax - 0.03, rng.uniform(0.17, 0.29))
        bd = min(d - 0.03, rng.uniform(0.14, 0.2))
        if x + bw > w:
            break
        if rng.random() < 0.06 and x + 0.12 < w:
            with at(x + 0.015, -d / 2 + bd / 2 + 0.02, 0), at(h * 0.2, 0, 0, ry=-0.22):
                book(bw, bd, h)
            x += bw + h * 0.22 + 0.01
            continue
        with at(x + bw / 2, -d / 2 + bd / 2 + rng.uniform(0.01, 0.03), 0):
            book(bw, bd, h)
        x += bw + 0.002


@builds("book")
def book_stack(n, w=0.21, d=0.15):
    """n books lying on each other; returns the height."""
    rng = world.rng
    z = 0
    for i in range(n):
        t = rng.uniform(0.02, 0.04)
        s = 1 - 0.08 * i
        with (
            at(rng.uniform(-0.01, 0.01), rng.uniform(-0.01, 0.01), z, rz=rng.uniform(-0.25, 0.25)),
            thing("book"),
        ):
            box(
                w * s,
                d * s,
                t,
                (0, 0, 0),
                m_gloss(rng.choice(BOOK_COVERS + style.tex), 0.55, 0.05),
                0.003,
            )
            box(w * s * 0.985, d * s * 0.9, t * 0.8, (0.006, 0, t * 0.1), m_paint("#efe7d6", 0.8), 0.001)
        z += t
    return z


@builds("basket")
def shelf_fill(w, d, h, x0, z):
    """Books and small things on one board from x0, width w, clear height h."""
    rng = world.rng
    k = rng.random()
    with at(x0, 0, z):
        if k < 0.42:
            book_row(w, d, h)
        elif k < 0.62:
            book_row(w * 0.55, d, h)
            with at(w * 0.78, 0, 0):
                small_decor(min(h * 0.8, 0.26))
        elif k < 0.8:
            with at(w * 0.3, 0, 0):
                small_decor(min(h * 0.8, 0.26))
            with at(w * 0.72, 0, 0):
                zz = book_stack(rng.randint(2, 4))
                if rng.random() < 0.5:
                    with at(0, 0, zz):
                        small_decor(min(h - zz - 0.03, 0.14))
        elif k < 0.9 and w > 0.3:
            with at(w / 2, 0, 0), thing("basket"):
                basket(w * 0.8, d * 0.8, min(h * 0.7, 0.2))
        else:
            with at(w * 0.5, 0, 0):
                small_decor(min(h * 0.8, 0.26))


@builds("pot", "painting", "sculpture", "box", "clock", "vase")
def small_decor(h):
    """One small thing up to h meters high."""
    rng = world.rng
    k = rng.choice(["vase", "vase", "bowl", "frame", "sculpt", "plant", "box", "candle", "clock"])
    if k == "vase":
        vase(h)
    elif k == "bowl":
        with thing("pot"):
            c = rng.choice([*style.tex, "#efe9df", "#3b3b3d"])
            lathe(
                smooth(
                    [
                        (0, 0.0),
                        (0.04, 0),
                        (0.07, 0.03),
                        (0.1, 0.075),
                        (0.094, 0.075),
                        (0.06, 0.03),
                        (0, 0.015),
                    ],
                    4,
                ),
                m_gloss(c, 0.35, 0.3),
                n=32,
            )
    elif k == "frame":
        with thing("painting"), at(0, 0, 0, rx=-0.14):
            picture_frame(h * 0.7, h * 0.9, thick=0.012, border=0.012)
    elif k == "sculpt":
        with thing("sculpture"):
            m = rng.choice(
                [style.black, m_gloss("#e9e4da", 0.5, 0), m_metal("#b08d57", 0.35), m_concrete("#a9a39a")]
            )
            q = rng.choice(["ring", "balls", "knot"])
            if q == "ring":
                with at(0, 0, h * 0.5, rx=math.pi / 2, rz=rng.uniform(-0.4, 0.4)):
                    add(vf_torus(h * 0.36, h * 0.1), m)
                box(h * 0.35, h * 0.25, h * 0.08, (0, 0, 0), m)
            elif q == "balls":
                z = 0
                for r in (0.3, 0.23, 0.16):
                    sphere(h * r, h * r, h * r * 0.8, (0, 0, z + h * r * 0.8), m)
                    z += h * r * 1.5
            else:
                t = np.linspace(0, 2 * np.pi, 90)
                pts = (
                    np.stack(
                        [np.sin(t) + 2 * np.sin(2 * t), np.cos(t) - 2 * np.cos(2 * t), -np.sin(3 * t)], 1
                    )
                    * h
                    * 0.14
                )
                with at(0, 0, h * 0.5, rx=math.pi / 2):
                    tube(pts, h * 0.06, m, n=12)
    elif k == "plant":
        plant(h, "small")
    elif k == "box":
        with thing("box"):
            c = rng.choice([*style.tex, style.woodc])
            box(0.18, 0.13, h * 0.4, (0, 0, 0), m_gloss(c, 0.5, 0.05), 0.006)
            box(0.186, 0.136, h * 0.1, (0, 0, h * 0.4), m_gloss(c, 0.45, 0.05), 0.006)
    elif k == "candle":
        for i in range(3):
            with thing("vase"):
                hh = h * (0.5 + 0.22 * i)
                cyl(0.022, hh, (-0.05 + 0.05 * i, 0.03 * (i % 2), 0), m_gloss("#efe6d2", 0.5, 0), n=16)
    else:
        with thing("clock"):
            with at(0, 0, h * 0.36, rx=math.pi / 2):
                cyl(h * 0.36, 0.04, (0, 0, 0), style.metal, bevel=0.008)
                cyl(h * 0.32, 0.045, (0, 0, 0), m_paint("#f5f2ea"))
            box(0.006, 0.004, h * 0.2, (0, -0.047, h * 0.36), style.black, 0)
            box(h * 0.15, 0.004, 0.006, (h * 0.07, -0.047, h * 0.36), style.black, 0)


VASES = [
    [
        (0, 0),
        (0.28, 0),
        (0.42, 0.18),
        (0.46, 0.4),
        (0.3, 0.68),
        (0.14, 0.82),
        (0.13, 0.92),
        (0.18, 1.0),
        (0.15, 1.0),
        (0.1, 0.9),
        (0.1, 0.8),
        (0.2, 0.6),
    ],
    [
        (0, 0),
        (0.2, 0),
        (0.24, 0.1),
        (0.34, 0.55),
        (0.4, 0.85),
        (0.38, 0.98),
        (0.36, 1.0),
        (0.34, 0.97),
        (0.34, 0.8),
        (0.2, 0.3),
    ],
    [
        (0, 0),
        (0.36, 0),
        (0.5, 0.14),
        (0.5, 0.3),
        (0.34, 0.5),
        (0.12, 0.58),
        (0.09, 0.75),
        (0.1, 0.96),
        (0.14, 1.0),
        (0.11, 1.0),
        (0.07, 0.9),
        (0.07, 0.7),
    ],
    [(0, 0), (0.3, 0), (0.32, 0.05), (0.32, 0.92), (0.3, 1.0), (0.27, 0.98), (0.27, 0.6), (0.27, 0.3)],
]


@builds("vase")
def vase(h, flowers=None):
    """A vase; flowers: True, False or None (perhaps)."""
    rng = world.rng
    p = np.array(rng.choice(VASES)) * (h * rng.uniform(0.8, 1.0), h)
    m = rng.choice(
        [
            m_gloss(rng.choice(style.tex), 0.3, 0.5),
            m_gloss("#eee8dd", 0.35, 0.4),
            m_gloss("#2f3236", 0.4, 0.3),
            m_concrete("#b9ac9a", scale=3),
            m_gloss(style.pal["accent"], 0.25, 0.6),
        ]
    )
    with thing("vase"):
        lathe(p, m, n=36, smooth_k=4)
    if flowers or (flowers is None and rng.random() < 0.4):
        with at(0, 0, h * 0.95):
            bouquet(h * rng.uniform(0.9, 1.4))


@builds("flower", "plant")
def bouquet(s):
    """Flowers or twigs, s meters long."""
    rng = world.rng
    q = rng.choice(["tulip", "daisy", "branch", "pampas"])
    g = m_leaf("#4e7a3a")
    with thing("flower" if q != "branch" else "plant"):
        n = rng.randint(6, 11) if q != "branch" else 5
        c = rng.choice(["#d94f5c", "#f2b134", "#f3e9e4", "#e58fa6", "#9b6fb0", "#e8743b"])
        pm = m_leaf(c, scaled(rgb(c), 1.15), transl=0.3)
        for i in range(n):
            a, tilt = i * 2.4, rng.uniform(0.1, 0.5)
            e = np.array(
                [
                    math.cos(a) * math.sin(tilt) * s,
                    math.sin(a) * math.sin(tilt) * s,
                    math.cos(tilt) * s * rng.uniform(0.7, 1.05),
                ]
            )
            tube([(0, 0, -s * 0.3), e * 0.5 + (0, 0, 0.03 * s), e], 0.0028, g, n=6, curve=4)
            if q == "tulip":
                with at(*e, rx=rng.uniform(-0.3, 0.3)):
                    lathe(
                        smooth([(0, -0.01), (0.022, 0.0), (0.03, 0.025), (0.022, 0.055), (0.012, 0.06)], 3)
                        * (s / 0.3),
                        pm,
                        n=12,
                    )
            elif q == "daisy":
                P_ = np.repeat(e[None], 14, 0)
                th = np.linspace(0, 6.28, 14, endpoint=False)
                out = np.stack([np.cos(th), np.sin(th), 0.25 + 0 * th], 1)
                vf, tn = scatter_leaves(P_, s * 0.13, s * 0.06, up=1.0, curl=0.3, out=out * 6, size_var=0.1)
                add(vf, pm, tone=tn)
                sphere(s * 0.035, s * 0.035, s * 0.02, np.add(e, (0, 0, 0.004)), m_gloss("#d9a21b", 0.6, 0))
            elif q == "pampas":
                P_ = e[None] * np.linspace(0.72, 1.12, 60)[:, None]
                vf, tn = scatter_leaves(
                    P_, s * 0.1, s * 0.012, up=0.3, curl=-0.4, out=np.repeat(e[None] / s, 60, 0) * 1.2
                )
                add(vf, m_leaf("#d8c3a0", transl=0.4), tone=tn)
            else:
                P_ = np.linspace(0.3, 1, 16)[:, None] * e[None]
                vf, tn = scatter_leaves(P_, s * 0.13, s * 0.07, up=0.4, curl=-0.3)
                add(vf, g, tone=tn)
        if q in ("tulip", "daisy"):
            vf, tn = scatter_leaves(
                np.add(world.nprng.normal(0, s * 0.08, (14, 3)), (0, 0, s * 0.25)),
                s * 0.3,
                s * 0.06,
                up=0.2,
                curl=0.5,
                n=5,
                out=np.tile([0, 0, 1.5], (14, 1)),
            )
            add(vf, g, tone=tn)


def picture_frame(w, h, thick=0.025, border=0.03, kind=None, mat_border=None):
    """A framed picture, bottom edge at the origin."""
    rng = world.rng
    fm = rng.choice([style.wood, style.black, style.metal, style.paintw, style.wood2])
    mb = (rng.choice([0, 0, 0.05, 0.08]) if mat_border is None else mat_border) * min(w, h) * 1.6
    px = 150
    a = picture(world.nprng, max(24, int(px * w / max(w, h))), max(24, int(px * h / max(w, h))), kind)
    with part("frame"):
        for sx in (-1, 1):
            box(border, thick, h, (sx * (w - border) / 2, 0, 0), fm, 0.004)
        for z in (0, h - border):
            box(w - 2 * border, thick, border, (0, 0, z), fm, 0.004)
    if mb:
        with at(0, -thick * 0.1, border * 0.8):
            box(w - 1.6 * border, thick * 0.3, h - 1.6 * border, (0, 0, 0), m_paint("#f4f1ea", 0.8, 0.01), 0)
    iw, ih = w - 1.8 * border - 2 * mb, h - 1.8 * border - 2 * mb
    with at(0, -thick * 0.28, border * 0.9 + mb):
        add(vf_picture(iw, ih), m_image(a, 0.55, coat=0.15))


@builds("painting")
def paintings(x, z, span):
    """A picture, a pair or a small gallery on the wall, centered at x, z."""
    rng = world.rng
    k = rng.choice(["one", "one", "pair", "trio", "gallery"])
    if k == "one":
        w = min(span * 0.7, rng.uniform(0.7, 1.3))
        h = w * rng.choice([0.66, 0.75, 1.0, 1.25])
        h = min(h, 0.95)
        L = [(x, z - h / 2, w, h)]
    elif k == "pair":
        w = min(span * 0.36, 0.55)
        h = w * rng.choice([1.3, 1.4, 1.0])
        L = [(x + s * (w / 2 + 0.05), z - h / 2, w, h) for s in (-1, 1)]
    elif k == "trio":
        w = min(span * 0.27, 0.46)
        h = w * rng.choice([1.35, 1.4, 1.0])
        L = [(x + s * (w + 0.07), z - h / 2, w, h) for s in (-1, 0, 1)]
    else:
        L = []
        w1, h1 = 0.5, 0.66
        L.append((x - 0.3, z - h1 / 2, w1, h1))
        L.append((x + 0.17, z + 0.03, 0.34, 0.3))
        L.append((x + 0.17, z - 0.33, 0.34, 0.31))
        if span > 1.5:
            L.append((x + 0.56, z - 0.26, 0.34, 0.5))
    for px, pz, w, h in L:
        with thing("painting"), at(px, -0.02, pz):
            picture_frame(w, h)


@builds("mirror")
def mirror(w=0.7, h=1.0, kind=None):
    """A mirror on the wall; kind: round, rect, arch."""
    rng = world.rng
    kind = kind or rng.choice(["round", "rect", "arch"])
    mm = m_metal("#f4f6f6", 0.015)
    with thing("mirror"):
        if kind == "round":
            with at(0, -0.015, 0, rx=math.pi / 2):
                cyl(w / 2, 0.012, (0, 0, 0), mm, n=56)
                add(vf_torus(w / 2, 0.018, (0, 0, 0.008), n=56), style.metal)
        elif kind == "rect":
            box(w, 0.012, h, (0, -0.01, -h / 2), mm, 0)
            for s in (-1, 1):
                box(0.03, 0.03, h + 0.03, (s * w / 2, -0.012, -h / 2 - 0.015), style.metal, 0.006)
                box(w, 0.03, 0.03, (0, -0.012, s * h / 2 - 0.015), style.metal, 0.006)
        else:
            t = np.linspace(0, np.pi, 24)
            V = [(-w / 2, -0.01, -h / 2), (w / 2, -0.01, -h / 2)] + [
                (w / 2 * math.cos(q), -0.01, h / 2 - w / 2 + w / 2 * math.sin(q)) for q in t
            ]
            add((V, [tuple(range(len(V)))]), mm, smooth=False)
            tube(np.array(V + V[:1]), 0.016, style.metal, n=8)


@builds("plate", "glass")
def table_setting():
    """Plate and glass in front of a diner."""
    rng = world.rng
    with thing("plate"):
        lathe(
            [(0, 0.004), (0.075, 0.004), (0.115, 0.018), (0.118, 0.018), (0.08, 0), (0, 0)],
            m_gloss("#f2efe9", 0.25, 0.4),
            n=40,
            sharp=80,
        )
        if rng.random() < 0.6:
            lathe(
                [(0, 0.01), (0.055, 0.01), (0.082, 0.022), (0.085, 0.022), (0.06, 0.006), (0, 0.006)],
                m_gloss(rng.choice(style.tex), 0.3, 0.4),
                n=36,
                sharp=80,
            )
    with thing("glass"), at(0.16, 0.1, 0):
        lathe(
            smooth(
                [
                    (0.03, 0),
                    (0.03, 0.004),
                    (0.005, 0.01),
                    (0.005, 0.08),
                    (0.035, 0.11),
                    (0.042, 0.15),
                    (0.036, 0.2),
                ],
                4,
            ),
            m_clearglass(),
            n=28,
        )


@builds("pot", "food")
def fruit_bowl():
    """A bowl of fruit."""
    rng = world.rng
    with thing("pot"):
        lathe(
            smooth(
                [
                    (0, 0),
                    (0.06, 0),
                    (0.07, 0.015),
                    (0.13, 0.05),
                    (0.16, 0.09),
                    (0.152, 0.09),
                    (0.12, 0.055),
                    (0, 0.02),
                ],
                4,
            ),
            rng.choice([style.wood, m_gloss("#efeae0", 0.3, 0.4), m_gloss(style.tex[0], 0.3, 0.4)]),
            n=40,
        )
    with thing("food"):
        for i in range(6):
            a = i * 2.4
            r = 0 if i == 0 else 0.075
            z = 0.085 if i else 0.11
            c = rng.choice(["#c8372d", "#e39a2d", "#a9b93b", "#d9682b", "#b3262b"])
            lathe(
                smooth(
                    [
                        (0, 0.012),
                        (0.02, 0),
                        (0.038, 0.02),
                        (0.04, 0.045),
                        (0.025, 0.068),
                        (0.006, 0.062),
                        (0, 0.06),
                    ],
                    3,
                ),
                m_gloss(c, 0.35, 0.3),
                (r * math.cos(a), r * math.sin(a), z - 0.03),
                n=20,
            )


@builds("bottle")
def bottle(h=0.3):
    """A bottle."""
    with thing("bottle"):
        c = world.rng.choice(["#2c4a2e", "#5a3a1e", "#3a4a52", "#7a2a2a"])
        lathe(
            smooth(
                [
                    (0, 0),
                    (0.037, 0),
                    (0.038, 0.02),
                    (0.038, h * 0.55),
                    (0.03, h * 0.66),
                    (0.013, h * 0.75),
                    (0.012, h * 0.97),
                    (0.015, h * 0.98),
                    (0.015, h),
                    (0, h),
                ],
                3,
            ),
            m_gloss(c, 0.1, 0.6),
            n=24,
        )
        lathe([(0.0385, h * 0.18), (0.0385, h * 0.45)], m_paint("#eee6d4"), n=24)


def basket(w, d, h):
    """A basket."""
    m = m_fabric("#b8925f", "lines", "#8a6738", size=0.03, bump=0.9)
    add(
        vf_lathe(
            smooth(
                [
                    (0, 0.0),
                    (0.42, 0.0),
                    (0.47, 0.3),
                    (0.5, 0.9),
                    (0.49, 1.0),
                    (0.455, 0.95),
                    (0.42, 0.3),
                    (0, 0.12),
                ],
                3,
            )
            * (1, h),
            28,
            sx=w,
            sy=d,
        ),
        m,
        sharp=60,
    )
