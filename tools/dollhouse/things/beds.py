"""Beds, with everything that lies on them."""

import numpy as np

from ..materials import m_fabric
from ..mesh import add, box, rbox, sphere, tube
from ..registry import builds
from ..style import cushion_fabric, room_fabric, style
from ..world import part, thing, world
from .seating import legs
from .textiles import cushion_at, drape


@builds("bed", "blanket")
def bed(w=1.6, length=2.05):
    """A made bed, w x length meters, head towards +y; returns the height of the mattress."""
    rng = world.rng
    with thing("bed"):
        kind = rng.choice(["panel", "channel", "tuft", "slat", "round"])
        base_h, mat_h = rng.uniform(0.22, 0.3), rng.uniform(0.2, 0.26)
        top = base_h + mat_h
        hb = rng.uniform(1.0, 1.25)
        uph = room_fabric(rng.randrange(3))
        if kind in ("channel", "tuft", "round"):
            rbox(w + 0.08, length + 0.06, base_h - 0.06, (0, 0, 0.06), uph, r=0.03)
        else:
            box(w + 0.08, length + 0.06, base_h * 0.5, (0, 0, base_h * 0.45), style.wood, 0.012)
        legs(w, length, base_h * 0.5, style.leg, inset=0.08)
        y = length / 2 + 0.06
        if kind == "panel":
            with part("headboard"):
                box(w + 0.14, 0.05, hb - 0.2, (0, y, 0.2), style.wood, 0.014)
                box(w + 0.18, 0.07, 0.05, (0, y, hb - 0.02), style.wood, 0.012)
        elif kind == "channel":
            with part("headboard"):
                n = rng.randint(6, 10)
                for i in range(n):
                    ww = (w + 0.12) / n
                    rbox(
                        ww * 1.01,
                        0.13,
                        hb - 0.15,
                        (-(w + 0.12) / 2 + ww * (i + 0.5), y, 0.15),
                        uph,
                        r=0.055,
                        n=4,
                        bulge=(0, 0.012, 0),
                    )
        elif kind == "tuft":
            with part("headboard"):
                rbox(w + 0.14, 0.14, hb - 0.15, (0, y, 0.15), uph, r=0.06, n=5, bulge=(0, 0.02, 0))
                for i in range(5):
                    for j in range(2):
                        sphere(
                            0.018,
                            0.012,
                            0.018,
                            (
                                -(w) / 2 + w * (i + 0.5) / 5,
                                y - 0.084,
                                hb - 0.2 - 0.22 * j,
                            ),
                            uph,
                        )
        elif kind == "slat":
            with part("headboard"):
                for sx in (-1, 1):
                    tube([(sx * (w / 2 + 0.04), y, 0), (sx * (w / 2 + 0.04), y, hb)], 0.028, style.wood)
                for i in range(12):
                    x = -(w / 2) + (w) * (i + 0.5) / 12
                    tube([(x, y, 0.3), (x, y, hb - 0.05)], 0.012, style.wood)
                tube(
                    [(-(w / 2 + 0.04), y, hb - 0.04), (0, y, hb + 0.06), (w / 2 + 0.04, y, hb - 0.04)],
                    0.026,
                    style.wood,
                    curve=8,
                )
        else:
            t = np.linspace(0, np.pi, 30)
            loopx, loopz = (w / 2 + 0.08) * np.cos(t), 0.55 + (hb - 0.45) * np.sin(t) ** 0.7
            V = []
            for yy in (y - 0.06, y + 0.06):
                V += [(-x_, yy, z_) for x_, z_ in zip(loopx, loopz, strict=True)] + [
                    (loopx[0], yy, 0.15),
                    (-loopx[0], yy, 0.15),
                ]
            n = len(loopx) + 2
            F = [tuple(range(n)), tuple(range(2 * n - 1, n - 1, -1))] + [
                (i, i + n, (i + 1) % n + n, (i + 1) % n) for i in range(n)
            ]
            with part("headboard"):
                add((V, F), uph, bevel=0.03, seg=4, sharp=60)
        # mattress
        sheet = m_fabric(rng.choice(["#f3f1ec", "#f1ede6", style.pal["light"]]), var=0.04)
        with part("mattress"):
            rbox(w, length, mat_h, (0, 0, base_h), sheet, r=0.07, n=5, lump=0.006)
        # duvet
        dc = rng.choice([style.pal["light"], style.tex[0], style.tex[1], "#f0eee9", style.pal["accent"]])
        pat = rng.choice([None, None, None, "stripe", "check", "dots", "blotch"])
        duv = m_fabric(
            dc,
            pat,
            rng.choice([style.pal["light"], *style.tex]),
            size=rng.choice([0.06, 0.1, 0.16]),
            var=0.05,
            bump=0.2,
        )
        yt = length / 2 - rng.uniform(0.52, 0.66)
        drape(
            w / 2 + 0.015,
            length / 2,
            top + 0.055,
            rng.uniform(0.22, 0.34),
            duv,
            r=0.09,
            y0=-length / 2 - 0.01,
            y1=yt,
            wr=0.024,
            fold=0.035,
            thick=0.035,
            nf=7,
        )
        # folded-back top
        fold_m = m_fabric(rng.choice(["#f5f3ee", style.pal["light"]]), var=0.04)
        drape(
            w / 2 + 0.025,
            length / 2,
            top + 0.088,
            0.2,
            fold_m,
            r=0.07,
            y0=yt - 0.3,
            y1=yt + 0.015,
            wr=0.016,
            fold=0.02,
            thick=0.03,
            hang_front=False,
        )
    # pillows
    pm = m_fabric(rng.choice(["#f6f4f0", "#efeae2", style.pal["light"]]), var=0.04)
    pm2 = m_fabric(
        rng.choice([*style.tex, style.pal["light"]]), rng.choice([None, "stripe", None]), "#f2efe9", size=0.05
    )
    zt = top + 0.03
    n = 2 if w > 1.3 else 1
    for i in range(n):
        x = (i - (n - 1) / 2) * w / 2
        cushion_at(
            x + rng.uniform(-0.03, 0.03),
            length / 2 - 0.1,
            zt,
            w / 2.25 if n == 2 else 0.62,
            0.5,
            rng.uniform(-0.06, 0.06),
            "pillow",
            pm,
            0.2,
            0.46,
        )
        if rng.random() < 0.8:
            cushion_at(
                x * 0.95 + rng.uniform(-0.03, 0.03),
                length / 2 - 0.3,
                zt,
                0.6,
                0.68,
                rng.uniform(-0.1, 0.1),
                "pillow",
                pm2,
                0.17,
                0.42,
            )
    if rng.random() < 0.8:
        m = cushion_fabric()
        for i in range(rng.randint(1, 2)):
            cushion_at(
                (i * 0.46 - 0.2) * (1 if n == 2 else 0.3),
                length / 2 - 0.48,
                zt + 0.03,
                rng.uniform(0.36, 0.44),
                0.6,
                rng.uniform(-0.25, 0.25),
                "cushion",
                m if rng.random() < 0.5 else None,
            )
    if rng.random() < 0.65:
        with thing("blanket"):
            bm = m_fabric(
                rng.choice(style.tex),
                rng.choice([None, "stripe", "check", "lines", None]),
                style.pal["light"],
                size=0.09,
                bump=0.6,
            )
            yb = -length / 2 + rng.uniform(0.12, 0.3)
            drape(
                w / 2 + 0.06,
                length / 2,
                top + 0.118,
                0.3,
                bm,
                r=0.1,
                y0=yb,
                y1=yb + rng.uniform(0.42, 0.6),
                wr=0.012,
                fold=0.03,
                thick=0.02,
                hang_front=False,
                nf=8,
            )
    return top
