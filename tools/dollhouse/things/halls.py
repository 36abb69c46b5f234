"""What stands in public halls: stairs that move or not, belts, shops, display cases, arrival screens."""

import itertools
import math

import numpy as np

from ..art import picture
from ..materials import m_clearglass, m_concrete, m_emit, m_gloss, m_image, m_metal, m_paint, m_wood
from ..mesh import MeshBuilder, add, box, cyl, rbox, tube, vf_picture
from ..registry import builds
from ..style import style
from ..world import at, part, thing, world
from .buildings import SHOPS, lettering

RISER, TREAD = 0.165, 0.29  # meters
SLOPE = math.radians(30)


def _prism(outline, x0, x1, mat):
    """A prism from x0 to x1 with this outline in the (y, z) plane, meters."""
    n = len(outline)
    V = np.array([(x, y, z) for x in (x0, x1) for y, z in outline], float)
    F = [tuple(range(n)), tuple(range(2 * n - 1, n - 1, -1))]
    F += [(i, n + i, n + (i + 1) % n, (i + 1) % n) for i in range(n)]
    add((V, F), mat, smooth=False, grain="obj")


@builds("escalator")
def escalator(rise=4.0, w=1.0):
    """An escalator that climbs from the origin towards +y at 30 degrees; landings add 1.2 m at each end."""
    run = rise / math.tan(SLOPE)
    metal, dark, rubber = m_metal("#b9bcbe", 0.3), m_metal("#4a4c4e", 0.45), m_paint("#141414", 0.5, 0.02, 0)
    path = [(-1.2, 0.0), (0.0, 0.0), (run, rise), (run + 1.2, rise)]
    with thing("escalator"):
        below = [(run + 1.2, rise - 0.6), (run, rise - 0.75), (1.1, -0.05), (-1.2, -0.05)]
        for s in (-1, 1):
            with part("side"):
                x0, x1 = sorted((s * w / 2, s * (w / 2 + 0.18)))
                _prism([(y, z + 0.16) for y, z in path] + below, x0, x1, metal)
            with part("balustrade"):
                x = s * (w / 2 + 0.09)
                up = [(y, z + 0.9) for y, z in path]
                _prism(
                    [(y, z + 0.1) for y, z in path] + up[::-1], x - 0.01, x + 0.01, m_clearglass("#d5e6e4")
                )
            with part("handrail"):
                rail = [(x, -1.15, 0.45), (x, -1.32, 0.7), (x, -1.15, 0.94)]
                rail += [(x, y, z + 0.94) for y, z in path[1:3]]
                end = run + 1.15
                rail += [(x, end, rise + 0.94), (x, end + 0.17, rise + 0.7), (x, end, rise + 0.45)]
                tube(rail, 0.045, rubber, n=10)
        _prism(
            [(-1.2, 0.02), (0, 0.02), (run, rise + 0.0), (run + 1.2, rise + 0.02), *below],
            -w / 2,
            w / 2,
            dark,
        )
        steps, edges = MeshBuilder(), MeshBuilder()
        n = int(run / 0.4)
        for i in range(n):
            with part("step"):
                y, z = i * run / n, (i + 1) * rise / n
                steps.box(-w / 2 + 0.02, w / 2 - 0.02, y, y + run / n, z - 0.3, z)
                edges.box(-w / 2 + 0.02, w / 2 - 0.02, y - 0.004, y + 0.03, z - 0.02, z + 0.003)
        steps.done(m_metal("#8b8d8f", 0.4))
        edges.done(m_gloss("#d9b13b", 0.5, 0.1))
    return run


@builds("stairway")
def stairway(rise=4.0, w=2.4):
    """Stairs that climb towards +y from the origin, centered on x; returns their length in meters."""
    n = round(rise / RISER)
    stone = m_concrete(world.rng.choice(["#b9b2a6", "#a39e96", "#c9c0b0"]), 0.5, 0.1)
    nose = m_metal("#77797b", 0.4)
    with thing("stairway"):
        steps, noses = MeshBuilder(), MeshBuilder()
        for i in range(n):
            with part("step"):
                y, z = i * TREAD, (i + 1) * rise / n
                steps.box(-w / 2, w / 2, y, n * TREAD, i * rise / n, z, world.rng.random())
                noses.box(-w / 2, w / 2, y - 0.01, y + 0.03, z - 0.03, z + 0.002)
        steps.done(stone)
        noses.done(nose)
    for s in (-1, 1):
        bannister([(s * (w / 2 - 0.06), 0, RISER), (s * (w / 2 - 0.06), (n - 1) * TREAD, rise)])
    return n * TREAD


@builds("bannister")
def bannister(path, h=0.95, gap=0.16):
    """A handrail h above the points of path (meters) on thin balusters `gap` apart."""
    rail = m_wood("#6b4429", rough=0.3, coat=0.4) if style.leg is not style.metal else style.metal
    path = np.asarray(path, float)
    with thing("bannister"):
        with part("handrail"):
            tube(np.add(path, (0, 0, h)), 0.032, rail, n=12)
        bars = MeshBuilder()
        for a, b in itertools.pairwise(path):
            n = max(2, round(float(np.hypot(*(b - a)[:2])) / gap))
            for x, y, z in a + np.linspace(0, 1, n + 1)[:, None] * (b - a):
                bars.box(x - 0.011, x + 0.011, y - 0.011, y + 0.011, z, z + h)
        with part("baluster"):
            bars.done(m_gloss("#2b2d2f", 0.4, 0.2))


@builds("conveyer_belt")
def conveyer_belt(length=6.0, w=0.95, h=0.5):
    """A baggage belt along x, centered, its top h meters high."""
    steel, rubber = m_metal("#a9adb0", 0.35), m_paint("#1d1e20", 0.6, 0.05, 0.1)
    with thing("conveyer_belt"):
        rbox(length, w, h - 0.1, (0, 0, 0), steel, r=0.06)
        box(length - 0.1, w + 0.14, 0.12, (0, 0, 0.02), m_gloss("#2b2d2f", 0.5, 0), 0.01)
        with part("belt"):
            plates = MeshBuilder()
            n = int(length / 0.3)
            for i in range(n):
                x = -length / 2 + length * i / n
                plates.box(x + 0.006, x + length / n - 0.006, -w / 2 + 0.06, w / 2 - 0.06, h - 0.12, h)
            plates.done(rubber)
        for s in (-1, 1):
            with part("rim"):
                rbox(length, 0.09, 0.14, (0, s * w / 2, h - 0.11), steel, r=0.035)
    return h


@builds("crt_screen")
def crt_screen(w=0.56):
    """A picture tube in its housing, screen to -y, bottom at the origin."""
    rng = world.rng
    h, deep = w * 0.82, w * 0.8
    case = m_gloss(rng.choice(["#2a2b2d", "#b9b3a2", "#c9c4b5"]), 0.45, 0.1)
    with thing("crt_screen"):
        rbox(w, 0.14, h, (0, 0, 0), case, r=0.03)
        k = 0.55
        front = [(-w * 0.46, 0.06, h * 0.04), (w * 0.46, 0.06, h * 0.04)]
        front += [(w * 0.46, 0.06, h * 0.96), (-w * 0.46, 0.06, h * 0.96)]
        V = np.array(front + [(x * k, deep, h / 2 + (z - h / 2) * k) for x, _, z in front])
        F = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7)]
        add((V, F), case, smooth=False)
        with part("screen"), at(0, -0.072, h * 0.1):
            lines = picture(world.nprng, 96, 72, "lines") * np.array([0.35, 0.75, 1.0])
            add(vf_picture(w * 0.84, h * 0.8), m_image(lines, 0.15, emit=1.3, coat=0.6))


@builds("crt_screen", "pole")
def arrival_screens(n=3, drop=1.6):
    """n picture tubes side by side under a beam that hangs `drop` meters below the origin."""
    with thing("pole"):
        for s in (-1, 1):
            tube([(s * n * 0.22, 0.2, 0), (s * n * 0.22, 0.2, -drop)], 0.03, style.metal)
        box(n * 0.66, 0.5, 0.04, (0, 0.2, -drop - 0.04), style.metal, 0.006)
    for i in range(n):
        with at((i - (n - 1) / 2) * 0.64, 0, -drop, rx=0):
            crt_screen()


@builds("case", "vase")
def display_case(w=1.3, d=0.55, h=1.25):
    """A glass case on a wooden base, goods on its two shelves, front to -y."""
    rng = world.rng
    wood = m_wood(rng.choice(["#6b4429", "#b98a5a", "#3b2a20"]), rough=0.35, coat=0.3)
    with thing("case"):
        with part("base"):
            box(w, d, h * 0.4, (0, 0, 0.0), wood, 0.012)
        frame = MeshBuilder()
        for sx in (-1, 1):
            for sy in (-1, 1):
                x, y = sx * (w / 2 - 0.012), sy * (d / 2 - 0.012)
                frame.box(x - 0.012, x + 0.012, y - 0.012, y + 0.012, h * 0.4, h)
            frame.box(
                -w / 2, w / 2, sx * d / 2 - 0.012 - sx * 0.012, sx * d / 2 + 0.012 - sx * 0.012, h - 0.02, h
            )
        frame.done(style.metal)
        with part("shelf"):
            box(w - 0.05, d - 0.05, 0.012, (0, 0, h * 0.7), m_clearglass("#dfeeee"), 0)
        goods = [m_gloss(rng.choice([*style.tex, "#c9a24e", "#e9e6df"]), 0.3, 0.4) for _ in range(4)]
        for z in (h * 0.4, h * 0.7 + 0.012):
            for i in range(int(w / 0.22)):
                x, m = -w / 2 + 0.16 + i * 0.22, rng.choice(goods)
                size = rng.uniform(0.09, 0.16)
                if rng.random() < 0.5:
                    box(size, size, size * rng.uniform(0.8, 1.4), (x, rng.uniform(-0.08, 0.08), z), m, 0.006)
                else:
                    cyl(size / 2, size * 1.4, (x, rng.uniform(-0.08, 0.08), z), m, n=20, r2=size / 3)
        with part("glass"):
            ob = box(w - 0.01, d - 0.01, h * 0.6 - 0.01, (0, 0, h * 0.4), m_clearglass("#eaf4f3"), 0)
            ob.visible_shadow = False
    return h


@builds("trade_name", "shelf", "box", "counter", "wall")
def shop(w=4.2, d=1.9, h=3.4, word=None):
    """An open shop front, its back on the plane y = 0, its fascia with the trade name at y = -d."""
    rng = world.rng
    word = word or rng.choice(SHOPS)
    color = rng.choice(["#2f4a3f", "#26323d", "#7a2f2b", "#1f2a44", "#c9773a", "#2f5f6b", "#e6dfd1"])
    paint = m_gloss(color, 0.45, 0.1)
    with thing("wall"):
        for s in (-1, 1):
            box(0.18, d, h, (s * (w / 2 - 0.09), -d / 2, 0), paint, 0.006)
        box(w - 0.36, 0.06, h, (0, -0.04, 0), m_paint("#efe8da", 0.7), 0)
        box(w - 0.36, d - 0.05, 0.1, (0, -d / 2, h - 0.12), m_paint("#f3f1ec", 0.7), 0)
        box(w - 0.36, 0.2, 0.7, (0, -d + 0.1, h - 0.72), paint, 0.006)
    with thing("trade_name"):
        plate = m_gloss("#f2ead8" if color != "#e6dfd1" else "#2b2d2f", 0.4, 0.2)
        box(w * 0.72, 0.04, 0.52, (0, -d - 0.02, h - 0.63), plate, 0.01)
        with at(0, -d - 0.045, h - 0.37):
            ink = m_gloss(color if color != "#e6dfd1" else "#f2ead8", 0.4, 0.2)
            lettering(word, min(0.42, w * 0.9 / max(len(word), 4)), ink)
    with thing("light"):
        box(w - 1.2, 0.12, 0.04, (0, -d * 0.55, h - 0.16), m_emit("#fff1d6", 9), 0.01)
    goods = [m_gloss(c, 0.5, 0.1) for c in ("#d94f4f", "#f2b134", "#4f8fc9", "#5fa861", "#e9e6df", "#6b4f7a")]
    with thing("shelf"):
        frame = MeshBuilder()
        for z in (0.35, 0.85, 1.35, 1.85, 2.3):
            frame.box(-w / 2 + 0.3, w / 2 - 0.3, -0.42, -0.08, z, z + 0.03)
        for i in range(4):
            x = -w / 2 + 0.3 + i * (w - 0.6) / 3
            frame.box(x - 0.02, x + 0.02, -0.42, -0.08, 0, 2.5)
        frame.done(style.case)
    with thing("box"):
        stock = [MeshBuilder() for _ in goods]
        for z in (0.38, 0.88, 1.38, 1.88):
            x = -w / 2 + 0.36
            while x < w / 2 - 0.5:
                bw, bh = rng.uniform(0.12, 0.3), rng.uniform(0.18, 0.4)
                if rng.random() < 0.85:
                    rng.choice(stock).box(x, x + bw, -0.38, -0.14, z, z + bh)
                x += bw + rng.uniform(0.02, 0.06)
        for b, m in zip(stock, goods, strict=True):
            if b.pieces:
                b.done(m)
    with thing("counter"), at(rng.choice([-1, 1]) * w * 0.16, -d + 0.35, 0):
        box(w * 0.5, 0.55, 0.92, (0, 0, 0), style.case, 0.01)
        box(w * 0.5 + 0.08, 0.62, 0.05, (0, 0, 0.92), m_gloss("#d9d4c8", 0.25, 0.5), 0.01)


@builds("signboard")
def hanging_sign(word, w=2.6, drop=1.0):
    """A sign that hangs `drop` meters below the origin, to be read from -y."""
    with thing("signboard"):
        for s in (-1, 1):
            tube([(s * w * 0.4, 0, 0), (s * w * 0.4, 0, -drop)], 0.015, style.metal)
        color = world.rng.choice(["#f2c230", "#1f3f6b", "#2b2d2f"])
        box(w, 0.12, 0.55, (0, 0, -drop - 0.55), m_gloss(color, 0.4, 0.1), 0.01)
        with at(0, -0.065, -drop - 0.275):
            lettering(word, 0.3, m_gloss("#14161a" if color == "#f2c230" else "#f4f1ea", 0.4, 0.1), 0.006)
