"""Halls for plays and films: rows of seats, a stage, a screen."""

import numpy as np

from ..art import picture
from ..materials import m_emit, m_fabric, m_gloss, m_image, m_metal, m_paint, m_wood
from ..mesh import add, box, grid_faces, lathe, rbox, tube, vf_picture
from ..registry import builds
from ..world import at, other, part, thing, world


@builds("seat")
def seat_row(n, cloth, frame, pitch=0.58):
    """n folding seats side by side along x, seen from behind when +y is towards the stage; meters."""
    for i in range(n):
        with thing("seat"), at((i - (n - 1) / 2) * pitch, 0, 0):
            with part("back"), at(0, -0.16, 0.36, rx=0.12):
                rbox(0.5, 0.1, 0.62, (0, 0, 0), cloth, r=0.045, bulge=(0, 0.015, 0))
            with part("seat cushion"):
                rbox(0.48, 0.44, 0.11, (0, 0.1, 0.36), cloth, r=0.045, bulge=(0, 0, 0.015))
            for s in (-1, 1):
                with part("arm"):
                    rbox(0.06, 0.42, 0.05, (s * pitch / 2, 0.05, 0.6), frame, r=0.02)
                box(0.04, 0.3, 0.6, (s * pitch / 2, 0.02, 0), frame, 0.008)


@builds("stage", "step")
def stage(w, d, h=0.9):
    """A wooden stage, its front edge at y = 0, centered on x, with steps at one side."""
    rng = world.rng
    wood, dark = m_wood(rng.choice(["#7a4f32", "#5a3a24", "#8f6844"]), rough=0.4), m_gloss("#1b1b1d", 0.6, 0)
    with thing("stage"):
        box(w, d, h - 0.04, (0, d / 2, 0), dark, 0)
        n = int(w / 0.18)
        for i in range(n):
            box(
                w / n - 0.006,
                d + 0.06,
                0.045,
                (-w / 2 + w * (i + 0.5) / n, d / 2 - 0.03, h - 0.045),
                wood,
                0.004,
            )
    s = rng.choice([-1, 1])
    with thing("step"):
        for i in range(4):
            box(1.1, 0.3, 0.2 * (i + 1) * h / 0.9, (s * w * 0.36, -1.05 + 0.3 * i, 0), wood, 0.008)
    return h


@builds("curtain")
def stage_curtain(w, h, opening):
    """A curtain across the stage in the plane y = 0, hanging to z = 0, drawn aside by `opening` meters."""
    m = m_fabric(
        world.rng.choice(["#7a1f2b", "#1f2f5b", "#2f4f3a", "#5b1f4a"]), var=0.06, sheen=0.6, bump=0.4
    )
    half = (w - opening) / 2
    for s in (-1, 1):
        with thing("curtain"):
            n = int(half / 0.16) * 12
            u, v = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, 24), indexing="ij")
            x = s * (opening / 2 + half * u)
            y = 0.09 * (0.5 + 0.5 * v) * np.sin(2 * np.pi * u * half / 0.16 + 0.6 * np.sin(v * 3))
            V = np.stack([x, y, h * (1 - v) + 0.01], -1).reshape(-1, 3)
            add((V, grid_faces(n, 24)), m, solid=0.01, grain=V[:, [0, 2, 1]])
    with thing("curtain"):
        n = int(w / 0.2) * 10
        u, v = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, 8), indexing="ij")
        scallop = 0.9 + 0.25 * np.abs(np.sin(u * np.pi * 7))
        V = np.stack(
            [(u - 0.5) * w, -0.16 + 0.07 * np.sin(2 * np.pi * u * w / 0.2), h + 0.25 - v * scallop], -1
        ).reshape(-1, 3)
        add((V, grid_faces(n, 8)), m, solid=0.01, grain=V[:, [0, 2, 1]])


@builds("screen")
def projection_screen(w=5.0, h=2.8, kind=None):
    """A lit screen in the plane y = 0, bottom edge at the origin."""
    with thing("screen"):
        box(w + 0.12, 0.05, h + 0.12, (0, 0.03, -0.06), m_gloss("#141416", 0.6, 0), 0.01)
        add(vf_picture(w, h), m_image(picture(world.nprng, 240, int(240 * h / w), kind), 0.9, emit=0.6))


def grand_piano():
    """A grand piano with its stool, keyboard to -x (not one of the 150 classes)."""
    black, white = m_gloss("#111112", 0.08, 1.0), m_gloss("#f2eee2", 0.25, 0.4)
    t = np.linspace(0, 1, 30)
    with other("piano"):
        right = np.stack([2.0 * t, 0.75 - 1.05 * t**2.4 * (1.6 - 0.6 * t)], 1)
        outline = np.vstack([[(0, -0.75)], [(1.2, -0.75), (1.9, -0.72), (2.1, -0.55)], right[::-1]])
        for z0, z1 in ((0.62, 0.95), (0.955, 0.975)):
            k = len(outline)
            V = np.vstack(
                [np.column_stack([outline, np.full(k, z0)]), np.column_stack([outline, np.full(k, z1)])]
            )
            F = [tuple(range(k - 1, -1, -1)), tuple(range(k, 2 * k))] + [
                (i, (i + 1) % k, (i + 1) % k + k, i + k) for i in range(k)
            ]
            add((V, F), black, smooth=False)
        box(0.34, 1.46, 0.07, (-0.16, 0, 0.64), black, 0.01)
        for i in range(52):
            box(0.15, 0.025, 0.02, (-0.2, -0.66 + i * 0.0256, 0.71), white, 0.001)
        for x, y in ((0.15, -0.6), (0.15, 0.6), (1.75, -0.45)):
            lathe([(0.05, 0), (0.06, 0.1), (0.09, 0.62)], black, (x, y, 0), n=20)
        with at(0.9, 0.35, 1.0, rx=-0.6):
            tube([(0, 0, 0), (0, 0, 0.7)], 0.012, m_metal("#b08d57", 0.3))
    with other("piano stool"), at(-0.7, 0, 0):
        rbox(0.4, 0.7, 0.1, (0, 0, 0.42), m_fabric("#2a2a2c"), r=0.04)
        for x in (-0.15, 0.15):
            for y in (-0.28, 0.28):
                box(0.05, 0.05, 0.43, (x, y, 0), black, 0.006)


def loudspeaker(h=1.3):
    """A black loudspeaker, front to -y (not one of the 150 classes)."""
    black, cone = m_gloss("#18181a", 0.6, 0.05), m_paint("#2b2b2e", 0.9)
    with other("loudspeaker"):
        rbox(0.55, 0.5, h, (0, 0, 0), black, r=0.02)
        for z, r in ((0.32 * h, 0.2), (0.72 * h, 0.14)):
            with at(0, -0.255, z, rx=1.5708):
                lathe([(0, 0.0), (r * 0.4, 0.004), (r, 0.03), (r * 1.1, 0.03)], cone, n=32)


@builds("light")
def spotlight(color="#ffe6c0"):
    """A theater lamp hanging from the origin, aimed at -y and down."""
    with thing("light"):
        tube([(0, 0, 0), (0, 0, -0.25)], 0.012, m_gloss("#1b1b1d"))
        with at(0, 0, -0.35, rx=-2.2):
            lathe([(0, -0.2), (0.1, -0.2), (0.12, 0.16), (0.11, 0.16)], m_gloss("#1b1b1d", 0.5, 0.1), n=24)
            lathe([(0.1, 0.12), (0, 0.12)], m_emit(color, 9.0), n=24)
