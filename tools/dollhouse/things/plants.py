"""House plants."""

import math

import numpy as np

from ..materials import m_concrete, m_fabric, m_gloss, m_ground, m_leaf, m_paint, m_wood
from ..mesh import add, cyl, grid_faces, lathe, scatter_leaves, smooth, tube
from ..registry import builds
from ..style import style
from ..world import at, thing, world


@builds("pot", "plant")
def plant(h=1.2, kind=None):
    """A plant in its pot, h meters in all; kind: fig, snake, palm, monstera, small."""
    rng = world.rng
    kind = kind or rng.choice(["fig", "snake", "palm", "monstera"])
    g = rng.choice(["#3d6b35", "#4b7a3d", "#2f5d3a", "#5a8746"])
    lm = m_leaf(g, transl=0.25, rough=0.35)
    pr = {"small": h * 0.3, "snake": 0.15}.get(kind, 0.17) * (1 if kind == "small" else rng.uniform(0.9, 1.2))
    ph = pr * rng.uniform(1.5, 2.0)
    with thing("pot"):
        pm = rng.choice(
            [
                m_gloss("#eeeae2", 0.4, 0.2),
                m_paint("#b5603c", 0.8, 0.1),
                m_concrete("#9b968d", scale=3),
                m_gloss("#2c2f33", 0.5, 0.1),
                m_gloss(style.pal["accent"], 0.4, 0.2),
            ]
        )
        q = rng.choice(["cone", "round", "basket"])
        if q == "cone":
            lathe(
                [
                    (0, 0),
                    (pr * 0.72, 0),
                    (pr * 0.74, 0.01),
                    (pr, ph * 0.97),
                    (pr, ph),
                    (pr * 0.92, ph),
                    (pr * 0.9, ph * 0.9),
                    (0, ph * 0.9),
                ],
                pm,
                n=40,
            )
        elif q == "round":
            lathe(
                smooth(
                    [
                        (0, 0),
                        (pr * 0.6, 0),
                        (pr * 0.95, ph * 0.35),
                        (pr, ph * 0.65),
                        (pr * 0.85, ph),
                        (pr * 0.78, ph * 0.98),
                        (pr * 0.8, ph * 0.88),
                        (0, ph * 0.86),
                    ],
                    4,
                ),
                pm,
                n=40,
            )
        else:
            lathe(
                smooth(
                    [
                        (0, 0),
                        (pr * 0.85, 0),
                        (pr * 1.02, ph * 0.4),
                        (pr, ph * 0.9),
                        (pr * 0.95, ph),
                        (pr * 0.88, ph * 0.95),
                        (pr * 0.85, ph * 0.88),
                        (0, ph * 0.86),
                    ],
                    4,
                ),
                m_fabric("#b8925f", "lines", "#96723f", size=0.03, bump=0.9),
                n=40,
            )
        cyl(pr * 0.88, 0.01, (0, 0, ph * 0.86), m_ground("#33251a", "#4a3829", 20))
    with thing("plant"), at(0, 0, ph * 0.86):
        s = h - ph
        nprng = world.nprng
        if kind == "snake":
            n = rng.randint(9, 14)
            m2 = m_leaf("#55733f", "#c9c07a", transl=0.1, rough=0.4)
            for i in range(n):
                a = i * 2.4
                rr = 0.08 * math.sqrt(i / n)
                L = s * rng.uniform(0.6, 1.05)
                t = np.linspace(0, 1, 9)
                w = 0.035 * np.sin(np.pi * np.clip(t * 0.86 + 0.12, 0, 1)) ** 0.7 + 0.001
                tw = rng.uniform(-0.6, 0.6) * t + a
                lean = 0.22 * t**1.6 * (0.3 + rr * 8) * L
                cx, cy = rr * math.cos(a) + lean * math.cos(a), rr * math.sin(a) + lean * math.sin(a)
                V = np.stack(
                    [
                        np.stack([cx + k * w * -np.sin(tw), cy + k * w * np.cos(tw), t * L], -1)
                        + (abs(k) * 0.012 * np.stack([np.cos(tw), np.sin(tw), 0 * t], -1))
                        for k in (-1, 0, 1)
                    ],
                    1,
                ).reshape(-1, 3)
                add((V, grid_faces(9, 3)), m2, solid=0.004, tone=np.tile([0.95, 0.25, 0.95], 9))
        elif kind == "palm":
            n = rng.randint(10, 15)
            for i in range(n):
                a = i * 2.4 + rng.uniform(-0.2, 0.2)
                tilt = 0.15 + 0.9 * (i / n)
                L = s * rng.uniform(0.85, 1.15)
                t = np.linspace(0, 1, 14)
                ang = math.pi / 2 - tilt * (0.35 + 1.25 * t)
                x = np.cumsum(np.cos(ang)) * L / 14
                z = np.cumsum(np.sin(ang)) * L / 14
                pts = np.stack([x * math.cos(a), x * math.sin(a), z], 1)
                tube(pts, np.linspace(0.006, 0.002, 14), m_leaf("#7a9a4d"), n=5)
                q = np.repeat(pts[4:], 4, 0) + nprng.normal(0, 0.004, (40, 3))
                tang = np.gradient(pts, axis=0)[4:]
                tang /= np.linalg.norm(tang, axis=1, keepdims=True)
                side = np.cross(tang, [0, 0, 1.0])
                side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
                out = (
                    np.repeat(tang * 0.8, 4, 0)
                    + np.repeat(side, 4, 0) * np.tile([1, -1, 1, -1], 10)[:, None] * 1.6
                )
                vf, tn = scatter_leaves(
                    q, s * 0.26, s * 0.028, up=0.7, curl=-0.7, n=5, out=out * 2, size_var=0.2
                )
                add(vf, lm, tone=tn)
        elif kind == "monstera":
            n = rng.randint(11, 17)
            for i in range(n):
                a = i * 2.4 + rng.uniform(-0.3, 0.3)
                t_ = (i + 1) / n
                L = s * (0.45 + 0.5 * (1 - abs(t_ - 0.35)))
                r_ = s * (0.12 + 0.42 * t_)
                zz = s * (1.0 - 0.62 * t_) * rng.uniform(0.85, 1.05)
                e = np.array([r_ * math.cos(a), r_ * math.sin(a), zz])
                tube(
                    [(0, 0, 0), (e[0] * 0.35, e[1] * 0.35, zz * 0.75), e],
                    0.006,
                    m_leaf("#5f8a45"),
                    n=6,
                    curve=5,
                )
                with at(*e, rz=a, ry=rng.uniform(0.35, 0.8), rx=rng.uniform(-0.3, 0.3)):
                    heart_leaf(s * rng.uniform(0.26, 0.36), lm)
        else:
            # rubber fig / small leafy plant: stems with alternating leaves
            ns = rng.randint(3, 4) if kind == "fig" else rng.randint(5, 8)
            for i in range(ns):
                a = i * 2.4 + rng.uniform(-0.3, 0.3)
                tilt = (0.12 if kind == "fig" else 0.45) * rng.uniform(0.5, 1.3)
                L = s * rng.uniform(0.75, 1.0)
                pts = smooth(
                    [
                        (0, 0, 0),
                        (
                            math.sin(tilt) * L * 0.4 * math.cos(a),
                            math.sin(tilt) * L * 0.4 * math.sin(a),
                            L * 0.45,
                        ),
                        (
                            math.sin(tilt) * L * math.cos(a),
                            math.sin(tilt) * L * math.sin(a),
                            L * math.cos(tilt),
                        ),
                    ],
                    8,
                )
                tube(
                    pts,
                    np.linspace(0.012, 0.004, len(pts)) * (1 if kind == "fig" else 0.4),
                    m_wood("#6b5138"),
                    n=6,
                )
                k = 16 if kind == "fig" else 10
                idx = np.linspace(3, len(pts) - 1, k).astype(int)
                th = np.arange(k) * 2.4
                out = np.stack([np.cos(th), np.sin(th), 0.35 + 0 * th], 1)
                lw = (s * 0.26, s * 0.15) if kind == "fig" else (s * 0.4, s * 0.2)
                vf, tn = scatter_leaves(
                    pts[idx], lw[0], lw[1], up=0.65, curl=-0.6, n=6, out=out * 2.5, size_var=0.25, fold=0.18
                )
                add(vf, lm, tone=tn)
    return pr


def heart_leaf(L, m):
    """One large leaf along +x."""
    n = 12
    t = np.linspace(0, 1, n)
    w = L * 0.48 * np.sin(np.pi * np.clip(t * 0.82 + 0.16, 0, 1)) ** 0.75
    ang = 0.25 - 1.0 * t
    x = np.cumsum(np.cos(ang)) * L / n - 0.12 * L
    z = np.cumsum(np.sin(ang)) * L / n
    V = []
    for k in (-1, -0.5, 0, 0.5, 1):
        notch = 1 - 0.3 * (np.sin(t * 22) > 0.55) * (abs(k) == 1)
        V.append(
            np.stack(
                [x + abs(k) * L * 0.1 * (t - 0.3), k * w * notch, z + (0.12 * abs(k) - 0.05 * k * k) * w], -1
            )
        )
    V = np.stack(V, 1).reshape(-1, 3)
    add((V, grid_faces(n, 5)), m, tone=np.full(len(V), world.rng.random()))
