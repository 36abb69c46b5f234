"""Sofas, armchairs, chairs, stools, benches."""

import math

import numpy as np

from ..materials import m_fabric, m_gloss
from ..mesh import (
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
    vf_rbox,
    vf_torus,
    vf_tube,
)
from ..registry import builds
from ..style import room_fabric, style
from ..world import at, part, thing, world
from .textiles import cushion_at


def legs(w, d, h, mat, shape=None, inset=0.06):
    """Four legs under a w x d top at height h; shape: taper, block, splay."""
    shape = shape or world.rng.choice(["taper", "block", "splay"])
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * (w / 2 - inset), sy * (d / 2 - inset)
            with part("leg"):
                if shape == "block":
                    box(0.05, 0.05, h, (x, y, 0), mat)
                elif shape == "taper":
                    tube([(x, y, h), (x, y, 0)], [0.026, 0.014], mat)
                else:
                    tube([(x, y, h), (x + sx * 0.06, y + sy * 0.06, 0)], [0.026, 0.013], mat)


@builds("blanket", "sofa", "armchair")
def sofa(w=2.1, d=0.92, cls="sofa", chaise=0, n=None):
    """A sofa, w x d meters; chaise: -1, 0, 1. Returns the height of the seat."""
    rng = world.rng
    m = m_fabric(
        rng.choice([*style.tex, style.pal["light"], style.pal["accent"], "#9a9690", "#c9c1b4"]), var=0.08
    )
    kind = rng.choice(["modern", "mid", "rolled", "chunky", "curvy"])
    n = n or (1 if w < 1.2 else 2 if w < 1.9 else 3)
    leg = {"mid": 0.17, "modern": 0.12, "rolled": 0.09, "chunky": 0.04, "curvy": 0.05}[kind]
    aw = {"mid": 0.1, "modern": 0.16, "rolled": 0.2, "chunky": 0.24, "curvy": 0.2}[kind]
    ah = {"mid": 0.58, "modern": 0.6, "rolled": 0.62, "chunky": 0.56, "curvy": 0.66}[kind]
    bh = rng.uniform(0.78, 0.88)
    sh = rng.uniform(0.4, 0.44)
    with thing(cls):
        legs(w, d, leg + 0.02, style.leg, "splay" if kind == "mid" else "taper", 0.1)
        if kind == "mid":
            with part("frame"):
                box(w, d * 0.96, 0.06, (0, 0, leg), style.wood, 0.015)
            bz = leg + 0.06
        else:
            rbox(w - 0.02, d - 0.04, 0.2, (0, 0.01, leg), m, r=0.035)
            bz = leg + 0.16
        inner = w - 2 * aw
        # back frame
        with part("back"):
            rbox(
                w - (0.06 if kind != "curvy" else 0),
                0.18 if kind != "mid" else 0.1,
                bh - 0.14 - leg,
                (0, d / 2 - 0.09, leg + 0.04),
                m,
                r=0.06,
                lump=0.004,
            )
        for sx in (-1, 1):
            x = sx * (w / 2 - aw / 2)
            with part("arm"):
                if kind == "mid":
                    tube([(x, -d / 2 + 0.08, ah - 0.0), (x, -d / 2 + 0.06, leg)], [0.022, 0.018], style.wood)
                    tube([(x, d / 2 - 0.1, ah), (x, d / 2 - 0.06, leg)], [0.022, 0.018], style.wood)
                    box(0.075, d - 0.08, 0.035, (x, -0.01, ah - 0.02), style.wood, 0.014, 3)
                elif kind == "rolled":
                    rbox(aw * 0.8, d - 0.04, ah - leg - 0.06, (x, -0.01, leg + 0.02), m, r=0.05)
                    with at(x + sx * 0.02, 0, ah - 0.08):
                        add(
                            vf_tube([(0, -d / 2 + 0.02, 0), (0, d / 2 - 0.02, 0)], 0.115, 20),
                            m,
                            bevel=0.03,
                            seg=4,
                            sharp=50,
                        )
                else:
                    rbox(
                        aw,
                        d - 0.02,
                        ah - leg,
                        (x, -0.01, leg),
                        m,
                        r=0.05 if kind == "modern" else 0.1,
                        lump=0.004,
                        bulge=(0.008, 0, 0.01),
                    )
        cw = inner / n
        sd = d - 0.2
        for i in range(n):
            x = -inner / 2 + cw * (i + 0.5)
            with part("seat cushion"):
                rbox(
                    cw * 0.995,
                    sd + 0.02,
                    sh - bz + 0.03,
                    (x, -0.09, bz - 0.005),
                    m,
                    r=0.055,
                    n=5,
                    bulge=(0, 0.012, 0.028),
                    lump=0.006,
                )
            with part("back pillow"), at(x, d / 2 - 0.2, sh + 0.01, rx=-0.2):
                rbox(
                    cw * 0.985,
                    0.19,
                    bh - sh + rng.uniform(0.0, 0.04),
                    (0, 0, 0),
                    m,
                    r=0.075,
                    n=5,
                    bulge=(0, 0.04, 0.02),
                    lump=0.008,
                )
        if chaise:
            s = 1 if chaise > 0 else -1
            x = s * (inner / 2 - cw / 2)
            rbox(cw + 0.02, 0.75, 0.2, (x, -d / 2 - 0.3, leg), m, r=0.035)
            rbox(
                cw * 0.995,
                0.78,
                sh - bz + 0.03,
                (x, -d / 2 - 0.3, bz - 0.005),
                m,
                r=0.055,
                bulge=(0, 0.01, 0.025),
                lump=0.006,
            )
    if cls == "sofa" or rng.random() < 0.5:
        k = rng.randint(2, 5) if cls == "sofa" else 1
        for i in range(k):
            side = -1 if i % 2 == 0 else 1
            off = (i // 2) * 0.36
            x = side * (inner / 2 - 0.2 - off) if cls == "sofa" else rng.uniform(-0.05, 0.05)
            cushion_at(
                x,
                d / 2 - 0.34 - 0.05 * (i // 2),
                sh + 0.035,
                rng.uniform(0.38, 0.47),
                rng.uniform(0.3, 0.5),
                side * -rng.uniform(0.05, 0.35),
                h=0.17,
            )
    if cls == "sofa" and rng.random() < 0.45:
        with thing("blanket"), at(rng.choice([-1, 1]) * inner * 0.28, -0.02, 0):
            bm = m_fabric(
                rng.choice([*style.tex, style.pal["light"]]),
                rng.choice([None, "stripe", "check", "lines"]),
                style.pal["light"],
                size=0.08,
                bump=0.6,
            )
            ww = rng.uniform(0.42, 0.6)
            V, F, _ = vf_grid(
                lambda u, v: ((u - 0.5) * ww + 0.03 * np.sin(v * 5), *throw_path(v, d, sh, bh, u)), 16, 70
            )
            add((V, F), bm, solid=0.018, grain=V + world.nprng.uniform(-5, 5, 3))
    return sh


def throw_path(v, d, sh, bh, u):
    """Section of a throw: down the sofa's back, over the seat and its front edge."""
    pts = np.array(
        [
            (d / 2 - 0.05, bh - 0.1),
            (d / 2 - 0.08, bh + 0.02),
            (d / 2 - 0.2, bh + 0.045),
            (d / 2 - 0.31, bh - 0.04),
            (d / 2 - 0.36, sh + 0.2),
            (d / 2 - 0.40, sh + 0.09),
            (d / 2 - 0.52, sh + 0.075),
            (-0.05, sh + 0.085),
            (-d / 2 + 0.12, sh + 0.08),
            (-d / 2 + 0.0, sh + 0.05),
            (-d / 2 - 0.035, sh - 0.04),
            (-d / 2 - 0.045, sh - 0.2),
        ]
    )
    s = smooth(pts, 6)
    L = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(s, axis=0).T))])
    L /= L[-1]
    w = 0.012 * np.sin(u * 22 + 3 * v)
    return np.interp(v, L, s[:, 0]) - w * 0.6, np.interp(v, L, s[:, 1]) + np.abs(w) * 0.8


@builds("armchair")
def armchair(w=0.82, d=0.84):
    """An armchair, w x d meters."""
    rng = world.rng
    k = rng.choice(["sofa", "barrel", "lounge", "wing"])
    if k == "sofa":
        sofa(w, d, "armchair", n=1)
        return
    m = m_fabric(rng.choice([*style.tex, style.pal["light"], style.pal["accent"]]), var=0.08)
    with thing("armchair"):
        if k == "barrel":
            a = np.linspace(math.radians(-38), math.radians(218), 44)
            n = len(a)
            prof = smooth(
                [
                    (0.0, 0.13),
                    (0.03, 0.1),
                    (0.09, 0.1),
                    (0.12, 0.16),
                    (0.125, 0.55),
                    (0.1, 0.63),
                    (0.06, 0.66),
                    (0.02, 0.63),
                    (0, 0.55),
                    (0, 0.13),
                ],
                5,
            )
            hgt = 0.78 + 0.22 * np.clip(np.sin(a), 0, 1)
            r0 = 0.32
            V = []
            for i, t in enumerate(a):
                e = min(i, n - 1 - i)
                sh_ = 1 - 0.5 * math.exp(-e * 1.1)
                rr = r0 + (prof[:, 0] - 0.06) * sh_ + 0.06
                V.append(
                    np.stack(
                        [
                            rr * np.cos(t),
                            rr * np.sin(t),
                            0.1 + (prof[:, 1] - 0.1) * hgt[i] * (1 - 0.1 * (1 - sh_)),
                        ],
                        -1,
                    )
                )
            V = np.concatenate(V)
            k2 = len(prof)
            F = [tuple(f) for f in grid_faces(n, k2)] + [
                tuple(range(k2)),
                tuple((n - 1) * k2 + i for i in range(k2 - 1, -1, -1)),
            ]
            add((V, F), m, sharp=60)
            lathe(
                smooth(
                    [
                        (0, 0.2),
                        (0.3, 0.2),
                        (0.34, 0.26),
                        (0.345, 0.36),
                        (0.31, 0.43),
                        (0.15, 0.455),
                        (0, 0.46),
                    ],
                    4,
                ),
                m,
                n=40,
            )
            cyl(0.3, 0.1, (0, 0, 0.1), m)
            cyl(0.2, 0.1, (0, 0, 0), style.leg)
        elif k == "lounge":
            for sx in (-1, 1):
                x = sx * (w / 2 - 0.05)
                tube(
                    [
                        (x, -d / 2 + 0.08, 0),
                        (x, -d / 2 + 0.12, 0.55),
                        (x, d * 0.2, 0.57),
                        (x, d / 2 - 0.08, 0.5),
                    ],
                    0.02,
                    style.wood,
                    curve=6,
                )
                tube([(x, d * 0.22, 0.56), (x, d / 2 - 0.02, 0)], 0.018, style.wood)
            tube(
                [(-w / 2 + 0.05, -d / 2 + 0.12, 0.28), (w / 2 - 0.05, -d / 2 + 0.12, 0.28)], 0.018, style.wood
            )
            tube([(-w / 2 + 0.05, d / 2 - 0.2, 0.26), (w / 2 - 0.05, d / 2 - 0.2, 0.26)], 0.018, style.wood)
            with part("seat cushion"), at(0, -0.03, 0.29, rx=0.08):
                rbox(w - 0.16, 0.6, 0.14, (0, 0, 0), m, r=0.055, bulge=(0, 0, 0.03), lump=0.006)
            with part("back"), at(0, d / 2 - 0.24, 0.36, rx=-0.32):
                rbox(w - 0.16, 0.14, 0.56, (0, 0, 0), m, r=0.055, bulge=(0, 0.03, 0), lump=0.006)
        else:
            legs(w * 0.85, d * 0.85, 0.17, style.leg, "taper")
            rbox(w * 0.9, d * 0.85, 0.16, (0, 0, 0.15), m, r=0.04)
            with part("seat cushion"):
                rbox(w - 0.24, d - 0.2, 0.16, (0, -0.06, 0.29), m, r=0.06, bulge=(0, 0, 0.03), lump=0.005)
            with part("back"), at(0, d / 2 - 0.18, 0.3, rx=-0.14):
                rbox(w - 0.14, 0.15, 0.78, (0, 0, 0), m, r=0.07, bulge=(0, 0.02, 0.03))
            for sx in (-1, 1):
                with part("arm"):
                    rbox(0.12, d - 0.14, 0.34, (sx * (w / 2 - 0.06), -0.03, 0.25), m, r=0.055)
                with at(sx * (w / 2 - 0.07), d / 2 - 0.26, 0.55, rx=-0.14):
                    rbox(0.09, 0.26, 0.45, (0, 0, 0), m, r=0.044)
    if rng.random() < 0.7:
        cushion_at(0, d / 2 - 0.3, 0.46, 0.4, 0.35, rng.uniform(-0.15, 0.15))


@builds("chair")
def chair(kind, m_seat=None):
    """A dining chair; kind: shell, spindle, uph, ladder. The same kind makes a set."""
    with thing("chair"):
        if kind == "shell":
            c = m_seat or m_gloss(style.tex[0], 0.4, 0.1)
            # molded shell: seat curving up into the back
            path = smooth(
                [
                    (-0.22, 0.455),
                    (-0.19, 0.445),
                    (-0.05, 0.43),
                    (0.1, 0.432),
                    (0.17, 0.47),
                    (0.215, 0.58),
                    (0.245, 0.72),
                    (0.26, 0.82),
                ],
                5,
            )
            hw = np.interp(
                np.linspace(0, 1, len(path)),
                [0, 0.1, 0.4, 0.6, 0.8, 1],
                [0.19, 0.215, 0.235, 0.24, 0.225, 0.16],
            )
            lift = np.interp(
                np.linspace(0, 1, len(path)), [0, 0.3, 0.55, 0.8, 1], [0.015, 0.04, 0.085, 0.05, 0.02]
            )
            t = np.linspace(-1, 1, 15)
            V = np.stack(
                [
                    np.outer(hw, t),
                    np.repeat(path[:, :1], 15, 1)
                    - np.outer(lift, t**2) * np.interp(np.arange(len(path)), [0, len(path)], [0, 1])[:, None],
                    np.repeat(path[:, 1:], 15, 1)
                    + np.outer(lift, t**2)
                    * np.interp(np.arange(len(path)), [0, len(path)], [1, 0.2])[:, None],
                ],
                -1,
            ).reshape(-1, 3)
            add((V, grid_faces(len(path), 15)), c, solid=0.014, sub=1)
            for sx in (-1, 1):
                for sy in (-1, 1):
                    with part("leg"):
                        tube(
                            [(sx * 0.1, sy * 0.09, 0.43), (sx * 0.2, sy * 0.2, 0)], [0.017, 0.011], style.leg
                        )
            tube([(-0.12, -0.12, 0.35), (0.12, 0.12, 0.35)], 0.006, style.black)
            tube([(0.12, -0.12, 0.35), (-0.12, 0.12, 0.35)], 0.006, style.black)
        elif kind == "spindle":
            V, F = vf_rbox(0.44, 0.42, 0.04, 0.018, c=(0, 0, 0.44))
            with part("seat"):
                add((V, F), style.wood)
            for sx in (-1, 1):
                for sy in (-1, 1):
                    with part("leg"):
                        tube(
                            [(sx * 0.15, sy * 0.15, 0.43), (sx * 0.2, sy * 0.2, 0)],
                            [0.018, 0.013],
                            style.wood,
                        )
            with part("back"):
                tube(
                    [
                        (-0.18, 0.17, 0.45),
                        (-0.21, 0.24, 0.8),
                        (0, 0.27, 0.86),
                        (0.21, 0.24, 0.8),
                        (0.18, 0.17, 0.45),
                    ],
                    0.012,
                    style.wood,
                    curve=7,
                )
                for i in range(5):
                    x = -0.12 + 0.06 * i
                    tube([(x, 0.18, 0.45), (x * 1.15, 0.26, 0.845 - abs(x) * 0.1)], 0.007, style.wood)
        elif kind == "uph":
            c = m_seat or room_fabric(0)
            with part("seat"):
                rbox(0.46, 0.46, 0.1, (0, 0, 0.38), c, r=0.04, bulge=(0, 0, 0.015))
            with part("back"), at(0, 0.2, 0.44, rx=-0.12):
                rbox(0.44, 0.07, 0.42, (0, 0, 0), c, r=0.034, bulge=(0, 0.012, 0))
            legs(0.44, 0.44, 0.4, style.leg, "splay", 0.05)
        else:  # ladder-back
            for sx in (-1, 1):
                with part("leg"):
                    tube([(sx * 0.19, -0.19, 0.44), (sx * 0.19, -0.19, 0)], [0.018, 0.014], style.wood)
                with part("leg"):
                    tube(
                        [(sx * 0.19, 0.19, 0), (sx * 0.19, 0.19, 0.45), (sx * 0.18, 0.25, 0.9)],
                        0.017,
                        style.wood,
                        curve=5,
                    )
            with part("seat"):
                rbox(0.44, 0.43, 0.035, (0, 0, 0.43), m_seat or style.wood, r=0.015)
            with part("back"):
                for i in range(3):
                    z = 0.56 + 0.13 * i
                    V, F, _ = vf_grid(
                        lambda u, v, i=i, z=z: (
                            (u - 0.5) * 0.36,
                            0.205 + 0.035 * i * 0.5 + 0.03 * np.sin(np.pi * u) - 0.002,
                            z + v * 0.06,
                        ),
                        12,
                        2,
                    )
                    add((V, F), style.wood, solid=0.014)


@builds("stool")
def stool(h=0.65):
    """A bar stool."""
    with thing("stool"):
        with part("seat"):
            cyl(0.17, 0.04, (0, 0, h - 0.04), style.wood, bevel=0.012)
        for i in range(4):
            a = math.pi / 4 + i * math.pi / 2
            with part("leg"):
                tube(
                    [
                        (0.1 * math.cos(a), 0.1 * math.sin(a), h - 0.04),
                        (0.19 * math.cos(a), 0.19 * math.sin(a), 0),
                    ],
                    [0.016, 0.012],
                    style.leg,
                )
        add(vf_torus(0.145, 0.008, (0, 0, h * 0.4)), style.leg)


@builds("ottoman")
def ottoman(r=0.28, h=0.4):
    """An ottoman; returns its height."""
    rng = world.rng
    with thing("ottoman"):
        m = m_fabric(
            rng.choice([*style.tex, style.pal["light"]]),
            rng.choice([None, None, "stripe"]),
            style.pal["light"],
            bump=0.8,
        )
        if rng.random() < 0.6:
            lathe(
                smooth(
                    [
                        (0, 0),
                        (r * 0.85, 0),
                        (r, h * 0.3),
                        (r * 1.02, h * 0.6),
                        (r * 0.85, h * 0.95),
                        (r * 0.4, h * 1.02),
                        (0, h * 1.02),
                    ],
                    5,
                ),
                m,
                n=40,
            )
        else:
            rbox(2 * r, 1.6 * r, h - 0.1, (0, 0, 0.1), m, r=0.07, bulge=(0, 0, 0.03))
            legs(2 * r, 1.6 * r, 0.12, style.leg)
    return h


@builds("bench")
def bench(w=1.2):
    """An upholstered bench."""
    rng = world.rng
    with thing("bench"):
        with part("seat"):
            rbox(w, 0.42, 0.12, (0, 0, 0.34), room_fabric(), r=0.045, bulge=(0, 0, 0.02))
        legs(w, 0.42, 0.36, style.leg, rng.choice(["taper", "splay"]))


@builds("swivel_chair")
def swivel_chair():
    """A desk chair."""
    rng = world.rng
    m = m_fabric(rng.choice([*style.tex, "#3b3d40", "#55585c"]), bump=0.6)
    with thing("swivel_chair"):
        for i in range(5):
            a = i * 2 * math.pi / 5 + 0.3
            with part("leg"):
                tube(
                    [(0, 0, 0.1), (0.3 * math.cos(a), 0.3 * math.sin(a), 0.065)], [0.025, 0.014], style.black
                )
                sphere(0.03, 0.018, 0.03, (0.3 * math.cos(a), 0.3 * math.sin(a), 0.03), style.black)
        tube([(0, 0, 0.08), (0, 0, 0.42)], 0.024, style.chrome)
        with part("seat"):
            rbox(0.5, 0.48, 0.09, (0, 0, 0.41), m, r=0.04, bulge=(0, 0, 0.015))
        with part("back"), at(0, 0.22, 0.5, rx=-0.14):
            rbox(0.44, 0.07, 0.52, (0, 0, 0.06), m, r=0.034, bulge=(0, 0.02, 0))
            box(0.05, 0.02, 0.3, (0, 0.035, -0.08), style.black, 0.006)
        for s in (-1, 1):
            with part("arm"):
                tube(
                    [(s * 0.25, 0.05, 0.45), (s * 0.29, 0.05, 0.5), (s * 0.29, 0.04, 0.65)],
                    0.012,
                    style.black,
                    curve=4,
                )
                rbox(0.06, 0.26, 0.03, (s * 0.29, 0.0, 0.65), style.black, r=0.013)
