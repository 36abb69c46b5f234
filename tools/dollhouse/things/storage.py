"""Wardrobes, chests of drawers, bookcases, shelves, sideboards."""

import itertools

from ..materials import m_fabric
from ..mesh import box, rbox, sphere, tube
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world
from .decor import shelf_fill
from .seating import legs


def knob(x, y, z, kind=None):
    """A knob or handle, a part of whatever is open."""
    kind = kind or style.knob
    if kind is None:
        kind = style.knob = world.rng.choice(["ball", "bar", "cup"])
    with part("knob"):
        if kind == "ball":
            sphere(0.014, 0.014, 0.014, (x, y, z), style.metal)
        elif kind == "bar":
            tube([(x - 0.05, y - 0.005, z), (x + 0.05, y - 0.005, z)], 0.006, style.metal)
        else:
            box(0.07, 0.015, 0.02, (x, y, z - 0.01), style.metal, 0.006)


@builds("chest_of_drawers")
def chest(w=1.0, d=0.46, h=0.85, cls="chest_of_drawers", cols=2, rows=3):
    """A chest of drawers; returns its height."""
    with thing(cls):
        z = 0.13
        rbox(w, d, h - z, (0, 0, z), style.case, r=0.012)
        with part("top"):
            box(
                w + 0.03,
                d + 0.02,
                0.025,
                (0, -0.005, h - 0.01),
                style.case if style.casec != "paint" else style.wood,
                0.008,
            )
        legs(w, d, z + 0.01, style.leg)
        cw, rh = (w - 0.06) / cols, (h - z - 0.07) / rows
        for i in range(cols):
            for j in range(rows):
                x, zz = -w / 2 + 0.03 + cw * (i + 0.5), z + 0.03 + rh * j
                with part("drawer"):
                    box(cw - 0.016, 0.02, rh - 0.016, (x, -d / 2, zz + 0.008), style.case, 0.007)
                    knob(x, -d / 2 - 0.016, zz + rh / 2)
    return h


@builds("wardrobe")
def wardrobe(w=1.5, d=0.6, h=2.15):
    """A wardrobe with doors."""
    rng = world.rng
    n = max(2, round(w / 0.55))
    st = rng.choice(["flat", "shaker", "louver", "frame"])
    with thing("wardrobe"):
        rbox(w, d, h - 0.08, (0, 0, 0.08), style.case, r=0.01)
        box(w - 0.04, d - 0.04, 0.08, (0, 0.02, 0), style.dark, 0)
        if rng.random() < 0.5:
            box(w + 0.06, d + 0.04, 0.05, (0, -0.01, h - 0.03), style.case, 0.015)
        cw = (w - 0.03) / n
        for i in range(n):
            x = -w / 2 + 0.015 + cw * (i + 0.5)
            with part("door"):
                box(cw - 0.008, 0.024, h - 0.16, (x, -d / 2 - 0.004, 0.12), style.case, 0.006)
                if st in ("shaker", "frame"):
                    for z0, hh in (
                        ((0.2, h * 0.48), (0.2 + h * 0.48 + 0.08, h * 0.52 - 0.36))
                        if st == "shaker"
                        else ((0.2, h - 0.34),)
                    ):
                        for a, b, c_, e in ((x, z0, cw - 0.13, 0.03), (x, z0 + hh - 0.03, cw - 0.13, 0.03)):
                            box(c_, 0.014, e, (a, -d / 2 - 0.02, b), style.case, 0.005)
                        for s in (-1, 1):
                            box(
                                0.03,
                                0.016,
                                hh,
                                (x + s * (cw / 2 - 0.08), -d / 2 - 0.021, z0),
                                style.case,
                                0.005,
                            )
                elif st == "louver":
                    for j in range(26):
                        with at(x, -d / 2 - 0.02, 0.22 + j * (h - 0.42) / 26, rx=0.5):
                            box(cw - 0.14, 0.01, 0.045, (0, 0, 0), style.case, 0.002)
                s = 1 if i % 2 == 0 else -1
                with part("handle"):
                    tube(
                        [
                            (x + s * (cw / 2 - 0.045), -d / 2 - 0.035, h * 0.42),
                            (x + s * (cw / 2 - 0.045), -d / 2 - 0.035, h * 0.56),
                        ],
                        0.008,
                        style.metal,
                    )


@builds("bookcase", "cabinet")
def bookcase(w=0.9, d=0.32, h=2.0, cls="bookcase"):
    """A bookcase, filled."""
    rng = world.rng
    m = rng.choice([style.case, style.wood, style.paintw])
    n = max(2, int(h / 0.36))
    cols = 1 if w < 1.1 else 2 if w < 1.9 else 3
    t = 0.026
    with thing(cls):
        for i in range(cols + 1):
            box(t, d, h, (-w / 2 + t / 2 + (w - t) * i / cols, 0, 0), m, 0.003)
        box(w - 0.01, 0.012, h - 0.02, (0, d / 2 - 0.008, 0.01), m, 0)
        zs = [0.06 + (h - 0.06 - t) * i / n for i in range(n + 1)]
        for z in zs:
            with part("shelf"):
                box(w - t, d - 0.01, t, (0, 0, z), m, 0.003)
        box(w - t, 0.02, 0.06, (0, -d / 2 + 0.03, 0), m, 0)
    cw = (w - t) / cols
    for z, z2 in itertools.pairwise(zs):
        for i in range(cols):
            shelf_fill(cw - t, d, z2 - z - t, -w / 2 + t + cw * i, z + t)


@builds("shelf")
def wall_shelf(w=0.9, d=0.22, tiers=1):
    """Boards on the wall, filled."""
    for i in range(tiers):
        with at(0, 0, i * 0.36):
            with thing("shelf"):
                box(w, d, 0.03, (0, 0, 0), style.wood, 0.006)
                for s in (-1, 1):
                    box(0.02, d * 0.8, 0.08, (s * w * 0.36, 0.01, -0.08), style.metal, 0.004)
            shelf_fill(w * 0.5, d, 0.33, -w / 2, 0.03)
            shelf_fill(w * 0.48, d, 0.33, 0.02, 0.03)


@builds("cabinet", "buffet")
def sideboard(w=1.6, d=0.42, h=0.7, cls="cabinet"):
    """A low cabinet with doors; returns its height."""
    rng = world.rng
    with thing(cls):
        z = rng.choice([0.1, 0.2])
        rbox(w, d, h - z, (0, 0, z), style.case, r=0.012)
        legs(w, d, z + 0.01, style.leg, "splay" if z > 0.15 else "taper", 0.12)
        n = rng.choice([3, 4])
        cw = (w - 0.05) / n
        st = rng.choice(["flat", "slat", "cane"])
        for i in range(n):
            x = -w / 2 + 0.025 + cw * (i + 0.5)
            with part("door"):
                box(cw - 0.012, 0.02, h - z - 0.06, (x, -d / 2 - 0.002, z + 0.03), style.case, 0.006)
                if st == "slat":
                    k = int(cw / 0.025)
                    for j in range(k):
                        box(
                            0.012,
                            0.012,
                            h - z - 0.09,
                            (x - cw / 2 + 0.02 + (cw - 0.04) * (j + 0.5) / k, -d / 2 - 0.014, z + 0.045),
                            style.case,
                            0.004,
                        )
                elif st == "cane" and i in (0, n - 1):
                    box(
                        cw - 0.1,
                        0.008,
                        h - z - 0.16,
                        (x, -d / 2 - 0.012, z + 0.08),
                        m_fabric("#c9a873", "check", "#8f6d3d", size=0.02),
                        0.002,
                    )
                knob(x + (cw * 0.35 if i % 2 == 0 else -cw * 0.35), -d / 2 - 0.02, z + (h - z) * 0.55, "ball")
    return h


def front_panel(x, z, w, h, look, vert=False):
    """A door (vert) or drawer front of a kitchen unit on the plane y = 0, centered at x."""
    with part("door" if vert else "drawer"):
        box(w - 0.008, 0.022, h - 0.008, (x, -0.011, z + 0.004), style.kit, 0.004)
        if look == "shaker" and h > 0.2:
            for zz in (z + 0.01, z + h - 0.07):
                box(w - 0.03, 0.012, 0.055, (x, -0.026, zz), style.kit, 0.004)
            for sx in (-1, 1):
                box(0.055, 0.014, h - 0.03, (x + sx * (w / 2 - 0.042), -0.0275, z + 0.015), style.kit, 0.004)
        with part("handle"):
            if vert:
                tube(
                    [(x + w * 0.36, -0.05, z + h * 0.35), (x + w * 0.36, -0.05, z + h * 0.35 + 0.14)],
                    0.006,
                    style.metal,
                )
            else:
                tube([(x - 0.07, -0.05, z + h - 0.05), (x + 0.07, -0.05, z + h - 0.05)], 0.006, style.metal)
