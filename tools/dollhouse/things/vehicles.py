"""Cars, vans, buses, trucks, bicycles."""

import math

import numpy as np

from ..materials import m_gloss, m_headlight, m_metal, m_paint
from ..mesh import add, box, cyl, grid_faces, lathe, rbox, smooth, sphere, tube, vf_torus
from ..registry import builds
from ..world import at, part, thing, world

CAR_PAINTS = [
    "#b3202a",
    "#1f4e8c",
    "#d9dadb",
    "#2b2d30",
    "#f0efec",
    "#3f6b58",
    "#c9a227",
    "#7f8a91",
    "#5a6f86",
    "#8c3b2a",
    "#a8b7bf",
    "#dd6b2f",
]


def rounded_loop(xf, xr, b, rc, nf=7, ns=19, nc=5):
    """A rounded rectangle, counter-clockwise from the front right corner; constant number of points."""
    rc = min(rc, b * 0.9, (xf - xr) * 0.45)
    P_ = []

    def arc(cx, cy, a0):
        for q in np.linspace(a0, a0 + math.pi / 2, nc + 2)[1:-1]:
            P_.append((cx + rc * math.cos(q), cy + rc * math.sin(q)))

    for y in np.linspace(-b + rc, b - rc, nf):
        P_.append((xf, y))
    arc(xf - rc, b - rc, 0)
    for x in np.linspace(xf - rc, xr + rc, ns):
        P_.append((x, b))
    arc(xr + rc, b - rc, math.pi / 2)
    for y in np.linspace(b - rc, -b + rc, nf):
        P_.append((xr, y))
    arc(xr + rc, -b + rc, math.pi)
    for x in np.linspace(xr + rc, xf - rc, ns):
        P_.append((x, -b))
    arc(xf - rc, -b + rc, 1.5 * math.pi)
    return np.array(P_)


def wheel(r, w=0.2):
    """A wheel of radius r, its axis along y, outside to -y."""
    tire = m_paint("#1d1d1f", 0.8, 0.05, 0)
    rim = m_metal(world.rng.choice(["#c9cacc", "#b5b7ba", "#8a8c90"]), 0.25)
    with part("wheel"), at(rx=math.pi / 2):
        lathe(
            smooth(
                [
                    (r * 0.62, -w / 2),
                    (r * 0.9, -w / 2),
                    (r, -w * 0.36),
                    (r, w * 0.36),
                    (r * 0.9, w / 2),
                    (r * 0.64, w / 2),
                ],
                3,
            ),
            tire,
            n=36,
        )
        with part("rim"):
            lathe(
                [(r * 0.64, w * 0.1), (r * 0.66, w * 0.48), (r * 0.6, w * 0.5), (r * 0.56, w * 0.3)],
                rim,
                n=36,
            )
            lathe([(0, w * 0.05), (r * 0.6, w * 0.05)], m_paint("#202022", 0.6, 0, 0), n=24)
            n = 5
            for i in range(n):
                with at(rz=i * 2 * math.pi / n):
                    box(r * 0.56, r * 0.17, 0.03, (r * 0.33, 0, w * 0.28), rim, 0.01)
            cyl(r * 0.15, 0.03, (0, 0, w * 0.3), rim, n=20)


@builds("car")
def car(kind=None, color=None):
    """A car, front to +x; kind: sedan, hatch, suv, wagon."""
    rng = world.rng
    kind = kind or rng.choice(["sedan", "hatch", "hatch", "suv", "sedan", "wagon"])
    paint = m_gloss(color or rng.choice(CAR_PAINTS), 0.22, 1.0, 0.01)
    glass = m_gloss("#12171b", 0.05, 0.8)
    dark = m_paint("#17181a", 0.6, 0, 0)
    L, W, belt, roof, ra, rw = {
        "sedan": (4.45, 1.8, 0.93, 1.44, 0.37, 0.32),
        "hatch": (3.95, 1.74, 0.95, 1.5, 0.36, 0.31),
        "suv": (4.4, 1.86, 1.08, 1.68, 0.42, 0.37),
        "wagon": (4.55, 1.8, 0.94, 1.48, 0.37, 0.32),
    }[kind]
    xw = np.array([-0.31 * L, 0.31 * L])
    zt_p = {
        "sedan": [
            (-0.5, 0.70),
            (-0.488, 0.84),
            (-0.46, 0.93),
            (-0.36, 0.975),
            (-0.22, 0.97),
            (0.1, 0.945),
            (0.24, 0.925),
            (0.36, 0.87),
            (0.45, 0.79),
            (0.487, 0.70),
            (0.5, 0.58),
        ],
        "hatch": [
            (-0.5, 0.80),
            (-0.49, 0.92),
            (-0.46, 0.97),
            (-0.3, 0.98),
            (0.1, 0.965),
            (0.26, 0.945),
            (0.38, 0.88),
            (0.46, 0.80),
            (0.488, 0.70),
            (0.5, 0.58),
        ],
        "suv": [
            (-0.5, 0.9),
            (-0.49, 1.02),
            (-0.46, 1.09),
            (-0.3, 1.1),
            (0.1, 1.09),
            (0.24, 1.07),
            (0.38, 1.02),
            (0.46, 0.95),
            (0.488, 0.85),
            (0.5, 0.68),
        ],
        "wagon": [
            (-0.5, 0.78),
            (-0.49, 0.9),
            (-0.46, 0.95),
            (-0.3, 0.965),
            (0.1, 0.95),
            (0.26, 0.93),
            (0.38, 0.87),
            (0.46, 0.79),
            (0.488, 0.70),
            (0.5, 0.58),
        ],
    }[kind]
    xs = np.unique(
        np.round(
            np.concatenate(
                [np.linspace(-0.5, 0.5, 60) * L]
                + [
                    x_
                    + ra
                    * np.array(
                        [
                            -1.001,
                            -0.999,
                            -0.985,
                            -0.95,
                            -0.88,
                            -0.75,
                            -0.5,
                            -0.25,
                            0,
                            0.25,
                            0.5,
                            0.75,
                            0.88,
                            0.95,
                            0.985,
                            0.999,
                            1.001,
                        ]
                    )
                    for x_ in xw
                ]
            ),
            4,
        )
    )
    zp = smooth(zt_p, 5)
    zt = np.interp(xs / L, zp[:, 0], zp[:, 1])
    lo = 0.3 if kind == "suv" else 0.22
    zb = np.interp(xs / L, [-0.5, -0.485, -0.44, 0.44, 0.485, 0.5], [0.46, lo + 0.1, lo, lo, lo + 0.08, 0.42])
    for x_ in xw:
        d_ = np.abs(xs - x_)
        zb = np.where(d_ < ra, np.maximum(zb, rw + np.sqrt(np.maximum(ra**2 - d_**2, 0))), zb)
    zb = np.minimum(zb, zt - 0.1)
    e = np.clip((np.abs(xs) - 0.36 * L) / (0.14 * L), 0, 1)
    hw = W / 2 * (1 - 0.17 * e**2.2)
    half = np.array(
        [
            (0, 0),
            (0.86, 0),
            (0.93, 0.02),
            (0.965, 0.10),
            (0.99, 0.3),
            (1.0, 0.5),
            (0.995, 0.68),
            (0.97, 0.83),
            (0.93, 0.92),
            (0.86, 0.975),
            (0.72, 1.0),
            (0.4, 1.025),
            (0, 1.035),
        ]
    )
    sec = np.concatenate([half, half[-2:0:-1] * (-1, 1)])
    V = np.stack(
        [
            np.repeat(xs[:, None], len(sec), 1),
            hw[:, None] * sec[None, :, 0],
            zb[:, None] + (zt - zb)[:, None] * sec[None, :, 1],
        ],
        -1,
    ).reshape(-1, 3)
    n = len(sec)
    F = [tuple(f) for f in grid_faces(len(xs), n, cv=True)] + [
        tuple(range(n - 1, -1, -1)),
        tuple((len(xs) - 1) * n + i for i in range(n)),
    ]
    with thing("car"):
        add((V, [f[::-1] for f in F]), paint, sharp=38)
        box(L * 0.9, W * 0.8, 0.5, (0, 0, lo - 0.02), dark, 0.02)
        # greenhouse
        xf0, xf1, xr0, xr1 = {
            "sedan": (0.235, 0.05, -0.40, -0.245),
            "hatch": (0.265, 0.08, -0.475, -0.40),
            "suv": (0.245, 0.10, -0.475, -0.42),
            "wagon": (0.245, 0.06, -0.48, -0.42),
        }[kind]
        zl = np.array([0, 0.08, 0.16, 0.5, 0.84, 0.93, 1.0])
        loops = []
        for q in zl:
            s_ = q**0.92
            xf = L * (xf0 + (xf1 - xf0) * s_)
            xr = L * (xr0 + (xr1 - xr0) * s_**1.15)
            b = W / 2 * (0.93 - 0.19 * q**1.2)
            P_ = rounded_loop(xf, xr, b, 0.16 + 0.06 * q)
            # windscreen and rear window bow outwards
            loops.append(
                np.column_stack(
                    [
                        P_[:, 0]
                        + 0.07
                        * (1 - (P_[:, 1] / b) ** 2)
                        * np.where(P_[:, 0] > (xf + xr) / 2, 1, -1)
                        * np.clip((np.abs(P_[:, 0] - (xf + xr) / 2) / ((xf - xr) / 2) - 0.8) / 0.2, 0, 1),
                        P_[:, 1],
                        np.full(len(P_), belt - 0.03 + (roof - belt) * q),
                    ]
                )
            )
        c0 = np.array([loops[-1][:, 0].mean(), 0])
        for sc_, dz in ((0.975, 0.028), (0.9, 0.05), (0.6, 0.072), (0.25, 0.082), (0.02, 0.084)):
            P_ = loops[len(zl) - 1]
            loops.append(
                np.column_stack(
                    [c0[0] + (P_[:, 0] - c0[0]) * sc_, P_[:, 1] * sc_, np.full(len(P_), roof - 0.03 + dz)]
                )
            )
        m = len(loops[0])
        V = np.concatenate(loops)
        F = grid_faces(len(loops), m, cv=True)[:, ::-1]
        nf, ns, nc = 7, 19, 5
        np.arange(m)

        def seg(i):  # which part of the loop
            return (
                0
                if i < nf - 1
                else 1
                if i < nf + nc
                else 2
                if i < nf + nc + ns - 1
                else 3
                if i < nf + 2 * nc + ns
                else 4
                if i < 2 * nf + 2 * nc + ns - 1
                else 5
                if i < 2 * nf + 3 * nc + ns
                else 6
                if i < 2 * nf + 3 * nc + 2 * ns - 1
                else 7
            )

        mi = np.zeros(len(F), int)
        for f in range(len(F)):
            lev, i = divmod(f, m)
            if not (1 <= lev <= 4):
                continue
            sgm = seg(i)
            if sgm in (0, 4):
                mi[f] = 1
            elif sgm in (2, 6):
                j = i - (nf + nc if sgm == 2 else 2 * nf + 3 * nc + ns)
                j = j if sgm == 2 else ns - 2 - j
                if j not in (8,) and 0 < j < ns - 2 and not (kind in ("wagon", "suv") and j == 13):
                    mi[f] = 1
        sides = np.array([seg(f % m) for f in range(len(F))])
        add((V, [tuple(f) for f in F[mi == 0]]), paint, sharp=50)
        for side, name in ((0, "windshield"), (4, "rear window"), (2, "window"), (6, "window")):
            with part(name):
                add((V, [tuple(f) for f in F[(mi == 1) & (sides == side)]]), glass, sharp=50)
        # wheels
        for x_ in xw:
            for s_ in (-1, 1):
                with at(x_, s_ * (W / 2 - 0.11), rw, rz=0 if s_ < 0 else math.pi):
                    wheel(rw)
        # lights, grille, bumpers, mirrors
        hl = m_headlight()
        tl = m_gloss("#9c1118", 0.15, 1.0)
        zh = {"suv": 0.86}.get(kind, 0.68)
        for s_ in (-1, 1):
            with at(L / 2 - 0.13, s_ * W * 0.335, zh, rz=s_ * 0.35), part("headlight"):
                rbox(0.2, 0.4, 0.15, (0.0, 0, -0.06), hl, r=0.065, n=3, m=2)
            with at(-L / 2 + 0.05, s_ * W * 0.36, zh + 0.1, rz=-s_ * 0.3), part("taillight"):
                rbox(0.09, 0.3, 0.16, (0, 0, -0.08), tl, r=0.04, n=3, m=2)
            with at(L * 0.19, s_ * (W / 2 + 0.07), belt + 0.05), part("mirror"):
                rbox(0.12, 0.18, 0.13, (0, 0, -0.05), paint, r=0.05, n=3, m=2)
            for xx in (-0.02, -0.2):
                with part("door handle"):
                    rbox(
                        0.15,
                        0.03,
                        0.03,
                        (xx * L - 0.05, s_ * (W / 2 - 0.002), belt - 0.17),
                        paint,
                        r=0.012,
                        n=2,
                        m=2,
                    )
            # door seams
            for xx in (0.16, -0.055, -0.235 if kind != "sedan" else -0.23):
                box(0.008, 0.012, 0.5, (xx * L, s_ * (W / 2 - 0.003), lo + 0.18), dark, 0)
            box(L * 0.44, 0.02, 0.07, (0, s_ * (W / 2 - 0.012), lo + 0.03), dark, 0.008)
        rbox(0.1, W * 0.52, 0.17, (L / 2 - 0.03, 0, zh - 0.2), dark, r=0.025, n=2, m=2)
        rbox(0.1, W * 0.72, 0.1, (L / 2 - 0.035, 0, lo + 0.12), dark, r=0.03, n=2, m=2)
        rbox(0.08, W * 0.72, 0.12, (-L / 2 + 0.05, 0, lo + 0.12), dark, r=0.03, n=2, m=2)
        pl = m_gloss("#eceae4", 0.5, 0)
        with part("license plate"):
            box(0.012, 0.46, 0.11, (L / 2 + 0.022, 0, zh - 0.24), pl, 0.003)
        with part("license plate"):
            box(0.012, 0.46, 0.11, (-L / 2 - 0.006, 0, zh - 0.06), pl, 0.003)


@builds("van", "bus", "truck")
def van(cls="van", color=None):
    """A van, bus or truck, front to +x."""
    rng = world.rng
    L, W, H = {"van": (5.2, 1.95, 2.3), "bus": (11.0, 2.5, 3.1), "truck": (6.2, 2.1, 2.7)}[cls]
    paint = m_gloss(color or rng.choice([*CAR_PAINTS, "#efefec", "#efefec"]), 0.3, 0.8, 0.01)
    glass = m_gloss("#12171b", 0.05, 0.8)
    dark = m_paint("#17181a", 0.6, 0, 0)
    rw = 0.36 if cls == "van" else 0.48
    with thing(cls):
        if cls == "truck":
            rbox(
                L * 0.68,
                W + 0.1,
                H - 0.75,
                (-L * 0.15, 0, 0.75),
                m_gloss(rng.choice(["#efefec", "#d8d4c8", "#7f9bb0"]), 0.5, 0.1),
                r=0.03,
            )
            rbox(L * 0.27, W, H * 0.72, (L * 0.355, 0, 0.4), paint, r=0.16, n=5)
            with part("windshield"):
                rbox(0.06, W * 0.84, H * 0.26, (L * 0.355 + L * 0.135 - 0.02, 0, H * 0.62), glass, r=0.03)
            for s_ in (-1, 1):
                with part("window"):
                    rbox(L * 0.14, 0.05, H * 0.24, (L * 0.38, s_ * (W / 2 - 0.015), H * 0.62), glass, r=0.02)
            box(L * 0.9, W * 0.7, 0.3, (0, 0, 0.4), dark)
        else:
            lo = 0.32
            sl = 0.9 if cls == "van" else 0.25
            prof = smooth(
                [
                    (-L / 2, lo),
                    (-L / 2 - 0.01, H * 0.5),
                    (-L / 2 + 0.04, H - 0.12),
                    (-L / 2 + 0.25, H),
                    (L * 0.1, H + 0.02),
                    (L / 2 - sl, H - 0.04),
                    (L / 2 - sl * 0.45, H * 0.66),
                    (L / 2 - 0.1, H * 0.46),
                    (L / 2, H * 0.38),
                    (L / 2 + 0.02, lo + 0.2),
                    (L / 2 - 0.05, lo),
                ],
                6,
            )
            n = len(prof)
            [(-W / 2, 0), (-W / 2 + 0.04, 0)]
            V, _rows = [], []
            for y, k in ((-W / 2 + 0.0, 0.94), (-W / 2 + 0.09, 1.0), (W / 2 - 0.09, 1.0), (W / 2, 0.94)):
                c = np.array([0, H * 0.5])
                V += [
                    (
                        c[0] + (p[0] - c[0]) * (k if abs(y) > W / 2 - 0.05 else 1) ** 0.5,
                        y,
                        c[1] + (p[1] - c[1]) * (k if abs(y) > W / 2 - 0.05 else 1),
                    )
                    for p in prof
                ]
            F = [tuple(f) for f in grid_faces(4, n, cv=True)] + [
                tuple(range(n - 1, -1, -1)),
                tuple(3 * n + i for i in range(n)),
            ]
            add((np.array(V), F), paint, bevel=0.05, seg=3, sharp=40)
            if cls == "bus":
                with part("windshield"):
                    rbox(0.05, W * 0.88, H * 0.42, (L / 2 - 0.02, 0, H * 0.45), glass, r=0.02)
                for s_ in (-1, 1):
                    k = 7
                    for i in range(k):
                        with part("window"):
                            rbox(
                                L / k * 0.82 * 0.95,
                                0.04,
                                H * 0.32,
                                (-L * 0.44 + L * 0.88 * (i + 0.5) / k, s_ * (W / 2 - 0.0), H * 0.5),
                                glass,
                                r=0.015,
                            )
            else:
                a = np.array([(L / 2 - 0.87, H - 0.1), (L / 2 - 0.16, H * 0.5)])
                (x0, z0), (x1, z1) = a + 0.05
                V = np.array(
                    [(x0, -W * 0.42, z0), (x0, W * 0.42, z0), (x1, W * 0.46, z1), (x1, -W * 0.46, z1)]
                )
                with part("windshield"):
                    add((V, np.array([(0, 1, 2, 3)])), glass, solid=0.03, smooth=False)
                for s_ in (-1, 1):
                    with part("window"):
                        rbox(0.9, 0.04, H * 0.28, (L * 0.2, s_ * (W / 2 - 0.01), H * 0.56), glass, r=0.015)
                    with part("window"):
                        rbox(
                            1.2, 0.04, H * 0.25, (-L * 0.1, s_ * (W / 2 - 0.01), H * 0.58), glass, r=0.015
                        ) if rng.random() < 0.5 else None
        xw = (-0.3 * L, 0.3 * L) if cls != "truck" else (-0.32 * L, 0.33 * L)
        for x_ in xw:
            for s_ in (-1, 1):
                with at(x_, s_ * (W / 2 - 0.1), rw, rz=0 if s_ < 0 else math.pi):
                    with at(0, -0.0, 0, rx=math.pi / 2):
                        cyl(rw * 1.13, 0.2, (0, 0, -0.085), dark, n=36)
                    with at(0, -0.015, 0):
                        wheel(rw, 0.24)
        for s_ in (-1, 1):
            with part("headlight"):
                rbox(
                    0.06,
                    0.26,
                    0.16,
                    (L / 2 + (0.0 if cls != "truck" else -0.02), s_ * W * 0.36, 0.75),
                    m_headlight(),
                    r=0.03,
                )
            with part("taillight"):
                rbox(
                    0.05,
                    0.14,
                    0.3,
                    (-L / 2 - 0.005, s_ * W * 0.42, 0.9),
                    m_gloss("#9c1118", 0.15, 1.0),
                    r=0.02,
                )
        rbox(0.1, W * 0.9, 0.2, (L / 2, 0, 0.38), dark, r=0.04)
        rbox(0.08, W * 0.9, 0.16, (-L / 2, 0, 0.38), dark, r=0.03)


@builds("bicycle")
def bicycle(color=None):
    """A bicycle, front to +x."""
    rng = world.rng
    with thing("bicycle"):
        m = m_gloss(color or rng.choice(CAR_PAINTS), 0.3, 0.6)
        b = m_paint("#1b1b1c", 0.7, 0, 0)
        s = m_metal("#c9cacc", 0.3)
        for x in (-0.52, 0.52):
            with part("wheel"), at(x, 0, 0.34, rx=math.pi / 2):
                add(vf_torus(0.325, 0.018, n=40, m=8), b)
                add(vf_torus(0.305, 0.01, n=40, m=6), s)
                for i in range(12):
                    a = i * math.pi / 6
                    tube([(0, 0, 0), (0.3 * math.cos(a), 0.3 * math.sin(a), 0)], 0.0025, s, n=4)
                cyl(0.02, 0.08, (0, 0, -0.04), s, n=12)
        J = {
            "bb": (-0.06, 0, 0.3),
            "st": (-0.2, 0, 0.8),
            "hd": (0.36, 0, 0.82),
            "hb": (0.4, 0, 0.68),
            "ra": (-0.52, 0, 0.34),
            "fa": (0.52, 0, 0.34),
        }
        for a, c in (("bb", "st"), ("st", "hd"), ("bb", "hb"), ("hd", "hb")):
            tube([J[a], J[c]], 0.018, m, n=8)
        for y in (-0.05, 0.05):
            tube([J["bb"], (J["ra"][0], y, J["ra"][2])], 0.01, m, n=6)
            tube([J["st"], (J["ra"][0], y, J["ra"][2])], 0.01, m, n=6)
            tube([J["hb"], (J["fa"][0], y, J["fa"][2])], 0.012, m, n=6)
        tube([J["hd"], (0.34, 0, 0.95)], 0.014, s, n=8)
        with part("handlebar"):
            tube(
                [
                    (0.22, -0.28, 0.97),
                    (0.34, -0.2, 0.98),
                    (0.36, 0, 0.96),
                    (0.34, 0.2, 0.98),
                    (0.22, 0.28, 0.97),
                ],
                0.012,
                b,
                n=8,
                curve=4,
            )
        tube([J["st"], (-0.23, 0, 0.92)], 0.013, s, n=8)
        with part("saddle"):
            rbox(0.26, 0.14, 0.05, (-0.23, 0, 0.91), b, r=0.022, n=3, m=2)
        with at(-0.06, -0.05, 0.3, rx=math.pi / 2):
            add(vf_torus(0.09, 0.008, n=24, m=6), s)
        tube([(-0.06, -0.08, 0.3), (0.04, -0.09, 0.16)], 0.008, s, n=6)
        box(0.08, 0.06, 0.02, (0.05, -0.12, 0.14), b, 0.004)


@builds("minibike")
def minibike(color=None):
    """A motor scooter on its stand, front to +x."""
    rng = world.rng
    body = m_gloss(color or rng.choice(CAR_PAINTS), 0.22, 1.0, 0.01)
    black, steel = m_paint("#18191a", 0.6, 0.02, 0), m_metal("#c9cacc", 0.25)
    with thing("minibike"):
        for x in (-0.5, 0.6):
            with part("wheel"), at(x, 0, 0.22, rx=math.pi / 2):
                add(vf_torus(0.165, 0.055, n=40, m=12), black)
                cyl(0.12, 0.07, (0, 0, -0.035), steel, n=28)
        with part("body"):
            rbox(0.72, 0.3, 0.34, (-0.42, 0, 0.34), body, r=0.13, bulge=(0, 0.02, 0.02))
            rbox(0.55, 0.32, 0.07, (0.08, 0, 0.24), body, r=0.03)
            tube(
                [(0.3, 0, 0.3), (0.42, 0, 0.55), (0.44, 0, 0.86)], [0.2, 0.19, 0.1], body, flat=0.32, curve=4
            )
            tube([(0.42, 0, 0.44), (0.58, 0, 0.49), (0.76, 0, 0.34)], [0.08, 0.1, 0.06], body, n=14, curve=4)
        with part("saddle"):
            rbox(0.66, 0.27, 0.11, (-0.4, 0, 0.68), m_gloss("#3a2a20", 0.5, 0.1), r=0.05, bulge=(0, 0, 0.02))
        tube([(0.6, 0, 0.22), (0.5, 0, 0.6), (0.42, 0, 0.96)], 0.028, steel, n=10)
        with part("handlebar"):
            tube(
                [(0.32, -0.34, 0.98), (0.42, -0.14, 1.0), (0.42, 0.14, 1.0), (0.32, 0.34, 0.98)], 0.02, black
            )
        with part("headlight"):
            sphere(0.05, 0.085, 0.085, (0.47, 0, 0.93), m_headlight())
        for s in (-1, 1):
            tube([(0.4, s * 0.2, 1.0), (0.36, s * 0.24, 1.16)], 0.008, steel, n=6)
            with part("mirror"):
                sphere(0.012, 0.06, 0.045, (0.36, s * 0.26, 1.19), black)
        tube([(-0.1, 0.05, 0.24), (-0.16, 0.2, 0.0)], 0.014, steel, n=6)
        with part("taillight"):
            rbox(0.03, 0.12, 0.07, (-0.79, 0, 0.5), m_gloss("#9c1118", 0.15, 1.0), r=0.012)
