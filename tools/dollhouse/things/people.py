"""People, plainly modeled."""

import math

import numpy as np

from ..materials import m_fabric, m_gloss, m_paint
from ..mesh import add, grid_faces, lathe, rbox, smooth, sphere, tube, vf_rbox, vf_sphere
from ..registry import builds
from ..world import at, part, thing, world

SKIN = ["#e8b896", "#c98f68", "#8d5a3c", "#f0c8a8", "#a86f4a", "#5f3b28"]


CLOTH = [
    "#2f4a6b",
    "#7a2f33",
    "#d8d2c4",
    "#3b3f45",
    "#4f6b4a",
    "#c9a24e",
    "#8c8f94",
    "#b5623f",
    "#1f2733",
    "#e6dfd1",
    "#6b4f7a",
    "#376b70",
    "#c05a5a",
]


@builds("person", "bag")
def person(h=1.72, walk=True):
    """A person h meters tall, facing -y."""
    rng = world.rng
    H = h
    skin = m_paint(rng.choice(SKIN), 0.55, 0.03, 0)
    top = m_fabric(
        rng.choice(CLOTH), rng.choice([None, None, None, "stripe", "check"]), rng.choice(CLOTH), size=0.06
    )
    bot = m_fabric(rng.choice(["#2b3648", "#3b3a38", "#5a5f66", "#8a7a63", "#1d1f24", "#46556b"]))
    shoe = m_gloss(rng.choice(["#1e1c1b", "#6b4a30", "#e9e6e0", "#7a2f2b"]), 0.5, 0.1)
    hair = m_paint(
        rng.choice(["#2a1c14", "#15120f", "#5a3a20", "#8a6238", "#b9b2a8", "#6b2f1a"]), 0.6, 0.15, 0.3, 3
    )
    sex = rng.random() < 0.5
    dress = sex and rng.random() < 0.35
    coat = rng.random() < 0.4
    ph = rng.uniform(0.22, 0.42) * (1 if walk else 0.12) * rng.choice([-1, 1])
    with thing("person"):
        hip = 0.53 * H
        for s_ in (-1, 1):
            a = ph * s_
            hx = s_ * 0.052 * H
            kn = np.array([hx * 1.02, -math.sin(a) * 0.25 * H - 0.012, hip - 0.245 * H * math.cos(a)])
            b = a - (0.45 if a < 0 and walk else 0.06)
            an = kn + np.array([0, -math.sin(b) * 0.245 * H, -0.245 * H * math.cos(b)])
            an[2] = max(an[2], 0.045 * H)
            m = bot if not dress else skin
            with part("leg"):
                tube(
                    [
                        (hx, 0, hip + 0.02),
                        ((hx + kn[0]) / 2, kn[1] * 0.45, (hip + kn[2]) / 2),
                        kn,
                        (kn + an) / 2 + (0, 0.01, 0),
                        an,
                    ],
                    np.array([0.056, 0.052, 0.043, 0.041, 0.038 if not dress else 0.022])
                    * H
                    * (1 if not dress else 0.82),
                    m,
                    n=14,
                    curve=3,
                    sharp=70,
                )
                with (
                    at(an[0], an[1] - 0.028 * H, max(an[2] - 0.047 * H, 0), rx=-0.35 if b < -0.3 else 0),
                    part("foot"),
                ):
                    rbox(0.06 * H, 0.155 * H, 0.05 * H, (0, 0, 0), shoe, r=0.02 * H, n=4, m=3)
        if dress:
            lo, prof = (
                0.27,
                [
                    (0.27, 0.125, 0.115),
                    (0.36, 0.12, 0.105),
                    (0.45, 0.108, 0.09),
                    (0.52, 0.098, 0.075),
                    (0.6, 0.082, 0.062),
                    (0.66, 0.085, 0.065),
                    (0.73, 0.097, 0.07),
                    (0.79, 0.1, 0.062),
                    (0.82, 0.085, 0.052),
                    (0.84, 0.038, 0.038),
                ],
            )
        elif coat:
            lo = rng.choice([0.34, 0.42])
            prof = [
                (lo, 0.108, 0.095),
                (0.46, 0.106, 0.088),
                (0.53, 0.103, 0.08),
                (0.6, 0.096, 0.073),
                (0.68, 0.1, 0.076),
                (0.76, 0.113, 0.078),
                (0.80, 0.113, 0.066),
                (0.825, 0.092, 0.054),
                (0.845, 0.044, 0.044),
            ]
        else:
            prof = [
                (0.495, 0.09, 0.066),
                (0.53, 0.096, 0.072),
                (0.6, 0.086, 0.064),
                (0.68, 0.092, 0.068),
                (0.75, 0.106, 0.073),
                (0.795, 0.108, 0.063),
                (0.822, 0.088, 0.052),
                (0.842, 0.04, 0.04),
            ]
        pr = smooth(prof, 4)
        a = np.linspace(0, 2 * np.pi, 28, endpoint=False)

        def sq(c_):
            return np.sign(c_) * np.abs(c_) ** 0.85

        V = np.stack(
            [
                np.outer(pr[:, 1] * H, sq(np.cos(a))),
                np.outer(pr[:, 2] * H, sq(np.sin(a))),
                np.repeat(pr[:, :1] * H, 28, 1),
            ],
            -1,
        )
        if dress or coat:
            k = np.clip((0.5 - pr[:, 0]) / 0.2, 0, 1)[:, None]
            V[..., :2] *= (1 + 0.06 * k * np.sin(a * 7)[None])[..., None]
        F = [tuple(f) for f in grid_faces(len(pr), 28, cv=True)] + [
            tuple(range(27, -1, -1)),
            tuple((len(pr) - 1) * 28 + i for i in range(28)),
        ]
        with part("torso"):
            add((V.reshape(-1, 3), F), top, sharp=70)
        # arms
        for s_ in (-1, 1):
            a_ = -ph * s_ * 0.9
            sh = np.array([s_ * 0.101 * H, 0.004 * H, 0.788 * H])
            el = sh + np.array([s_ * 0.022 * H, -math.sin(a_) * 0.17 * H + 0.01, -0.17 * H * math.cos(a_)])
            wr = el + np.array(
                [s_ * 0.004 * H, -math.sin(a_ + 0.35) * 0.15 * H, -0.15 * H * math.cos(a_ + 0.35)]
            )
            with part("arm"):
                tube(
                    [np.add(sh, (-s_ * 0.02 * H, 0, 0.012 * H)), sh, (sh + el) / 2, el, (el + wr) / 2, wr],
                    np.array([0.026, 0.031, 0.029, 0.026, 0.023, 0.018]) * H,
                    top,
                    n=12,
                    curve=3,
                    sharp=70,
                )
                with part("hand"):
                    sphere(0.019 * H, 0.022 * H, 0.034 * H, np.add(wr, (0, -0.008, -0.028 * H)), skin)
        # head
        tube([(0, 0.005 * H, 0.825 * H), (0, -0.004 * H, 0.885 * H)], [0.033 * H, 0.03 * H], skin, n=14)
        with part("head"), at(0, -0.008 * H, 0.928 * H, s=1.1):
            V, F = vf_sphere(0.045 * H, 0.055 * H, 0.068 * H, n=24, m=18)
            V[:, 0] *= 1 - 0.18 * np.clip(-V[:, 2] / (0.068 * H), 0, 1)
            add((V, F), skin)
            sphere(0.008 * H, 0.012 * H, 0.012 * H, (0, -0.055 * H, -0.008 * H), skin)
            k = (
                rng.choice(["short", "short", "hat", "beanie"])
                if not sex
                else rng.choice(["long", "bun", "bob", "long"])
            )
            if k == "hat":
                hm = m_fabric(rng.choice(CLOTH))
                lathe(
                    smooth(
                        [
                            (0.085 * H, 0.028 * H),
                            (0.055 * H, 0.03 * H),
                            (0.05 * H, 0.05 * H),
                            (0.046 * H, 0.08 * H),
                            (0.02 * H, 0.086 * H),
                            (0, 0.084 * H),
                        ],
                        3,
                    ),
                    hm,
                    n=28,
                    solid=0.004,
                )
            if k == "beanie":
                V, F = vf_sphere(0.05 * H, 0.06 * H, 0.066 * H, (0, 0.003 * H, 0.012 * H))
                keep = V[:, 2] > 0.012 * H
                V[~keep, 2] = 0.012 * H
                add((V, F), m_fabric(rng.choice(CLOTH)))
            else:
                V, F = vf_sphere(0.0505 * H, 0.06 * H, 0.07 * H, (0, 0.007 * H, 0.010 * H), n=24, m=18)
                front = (V[:, 1] < -0.02 * H) & (V[:, 2] < 0.03 * H)
                V[front, 1] = -0.02 * H + (V[front, 1] + 0.02 * H) * 0.1
                low = V[:, 2] < -0.03 * H
                V[low, 2] = -0.03 * H
                with part("hair"):
                    add((V, F), hair)
                    if k in ("long", "bob"):
                        zl = -0.13 * H if k == "long" else -0.06 * H
                        V, F = vf_rbox(
                            0.105 * H,
                            0.05 * H,
                            0.06 * H - zl,
                            0.024 * H,
                            c=(0, 0.032 * H, (0.03 * H + zl) / 2),
                        )
                        add((V, F), hair)
                    if k == "bun":
                        sphere(0.024 * H, 0.024 * H, 0.024 * H, (0, 0.06 * H, 0.05 * H), hair)
    if rng.random() < 0.4:
        with thing("bag"):
            bm = m_fabric(rng.choice(CLOTH))
            if rng.random() < 0.5:
                rbox(
                    0.16 * H,
                    0.075 * H,
                    0.22 * H,
                    (0, 0.105 * H, 0.58 * H),
                    bm,
                    r=0.03 * H,
                    bulge=(0, 0.02, 0),
                )
            else:
                s_ = rng.choice([-1, 1])
                rbox(0.04 * H, 0.15 * H, 0.12 * H, (s_ * 0.155 * H, 0, 0.36 * H), bm, r=0.015 * H)
                tube(
                    [
                        (s_ * 0.155 * H, -0.05 * H, 0.47 * H),
                        (s_ * 0.15 * H, 0, 0.58 * H),
                        (s_ * 0.155 * H, 0.05 * H, 0.47 * H),
                    ],
                    0.005 * H,
                    bm,
                    curve=5,
                )
