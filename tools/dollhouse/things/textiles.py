"""Cloth: cushions, drapes, curtains, rugs."""

import math

import numpy as np

from ..art import carpet
from ..materials import m_fabric, m_image
from ..mesh import MeshBuilder, add, grid_faces, pillow
from ..registry import builds
from ..style import cushion_fabric, style
from ..world import at, thing, world


@builds("cushion", "pillow")
def cushion_at(x, y, z, w, lean, rz=0, cls="cushion", mat=None, h=None, d=None):
    """A cushion on its edge at height z, leaning back (front to -y)."""
    d = d or w
    with thing(cls), at(x, y, z, rz=rz), at(rx=math.pi / 2 - lean), at(0, d / 2 * 0.96, 0):
        pillow(w, d, h or 0.16, mat or cushion_fabric())


def drape(
    hx,
    hy,
    top,
    hang,
    mat,
    r=0.06,
    y0=None,
    y1=None,
    n=90,
    fold=0.03,
    wr=0.012,
    thick=0.02,
    hang_front=True,
    nf=9,
):
    """Cloth over a box of half size hx, hy: covers y0..y1, hangs over both sides and (hang_front) over y0."""
    y0 = -hy if y0 is None else y0
    y1 = hy if y1 is None else y1
    rng = world.rng
    ph = [rng.uniform(0, 99) for _ in range(4)]
    s = np.linspace(-(hx + hang), hx + hang, n)
    t = np.linspace(y0 - (hang if hang_front else 0), y1, int(n * 0.9))
    S, Tt = np.meshgrid(s, t, indexing="ij")
    qx = np.clip(S, -(hx - r), hx - r)
    qy = np.clip(Tt, y0 + r if hang_front else y0, 1e9)
    dx, dy = S - qx, Tt - qy
    L = np.hypot(dx, dy)
    ux, uy = dx / np.maximum(L, 1e-9), dy / np.maximum(L, 1e-9)
    arc = r * math.pi / 2
    a = np.clip(L / r, 0, math.pi / 2)
    over = np.clip(L - arc, 0, hang * 1.02)
    per = (qx * np.abs(uy) * 1.0 - qy * np.abs(ux)) * nf / 1.2 + np.arctan2(uy, ux) * 2.5 * hang * nf
    k = np.clip(over / hang, 0, 1)
    wave = (0.55 + 0.45 * np.sin(per + 1.5 * world.noise.fbm(per * 0.15 + ph[0], 0 * per, 2))) * fold * k**0.8
    f = r * np.sin(a) + wave + 0.02 * k
    Z = top - r * (1 - np.cos(a)) - over * 0.985
    flat = np.clip(1 - over / (hang * 0.4), 0, 1)
    Z = Z + wr * flat * world.noise.fbm(S * 2.3 + ph[1], Tt * 2.1, 4)
    V = np.stack([qx + ux * f, qy + uy * f, Z], -1).reshape(-1, 3)
    g = np.stack([S, Tt, 0 * S], -1).reshape(-1, 3) + world.nprng.uniform(-9, 9, 3)
    return add((V, grid_faces(len(s), len(t))), mat, solid=thick, grain=g)


def curtain(w, h, mat, folds=None, amp=0.05):
    """A curtain from z = h to the floor, centered on x."""
    rng = world.rng
    folds = folds or max(3, int(w / 0.115))
    n = folds * 12
    ph = rng.uniform(0, 9)
    u, v = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, 26), indexing="ij")
    wob = world.noise.fbm(u * 4 + ph, v * 0.8, 2) * 0.5
    A = amp * (0.35 + 0.65 * np.clip(v * 1.6, 0, 1)) * (1 + 0.5 * world.noise.n2(u * 3 + ph, 0 * u))
    X = (u - 0.5) * w * (1 + 0.05 * (v - 0.5)) + 0.012 * np.cos(2 * np.pi * folds * u * 2 + wob * 3)
    Y = A * np.sin(2 * np.pi * folds * u + wob * 3.2)
    Z = h * (1 - v) + 0.01
    V = np.stack([X, Y, Z], -1).reshape(-1, 3)
    g = np.stack([u * w * 1.6, (1 - v) * h, 0 * u], -1).reshape(-1, 3) + rng.uniform(0, 5)
    add((V, grid_faces(n, 26)), mat, solid=0.004, grain=g)


@builds("rug")
def rug(w, d, round_=False):
    """A rug, w x d meters."""
    rng = world.rng
    with thing("rug"):
        if round_:
            a = carpet(world.nprng, 200, 200, rng.choice(["waves", "border", "berber"]))
            m = m_image(a, 0.95, 1.0, 0.3)
            n = 64
            r = np.array([0, 0.5, 0.97, 1.0])
            t = np.linspace(0, 2 * np.pi, n, endpoint=False)
            V = np.stack(
                [
                    np.outer(np.cos(t), r) * w / 2,
                    np.outer(np.sin(t), r) * w / 2,
                    np.tile([0.014, 0.014, 0.012, 0.0], (n, 1)),
                ],
                -1,
            ).reshape(-1, 3)
            add((V, grid_faces(n, 4, cu=True), V[:, :2] / w + 0.5), m)
        else:
            a = carpet(world.nprng, int(240 * w / max(w, d)), int(240 * d / max(w, d)))
            m = m_image(a, 0.95, 1.0, 0.3)
            ph = rng.uniform(0, 50)

            def f(u, v):
                e = np.minimum.reduce([u * w, (1 - u) * w, v * d, (1 - v) * d])
                return (
                    (u - 0.5) * w + 0.01 * world.noise.n2(v * 4 + ph, u),
                    (v - 0.5) * d + 0.01 * world.noise.n2(u * 4, v + ph),
                    0.002 + 0.012 * np.clip(e / 0.015, 0, 1) + 0.002 * world.noise.n2(u * 9, v * 9 + ph),
                )

            u = np.concatenate([[0, 0.006], np.linspace(0.02, 0.98, 20), [0.994, 1]])
            U, V_ = np.meshgrid(u, u, indexing="ij")
            V = np.stack(np.broadcast_arrays(*f(U, V_)), -1).reshape(-1, 3)
            add((V, grid_faces(24, 24), np.stack([U, V_], -1).reshape(-1, 2)), m)
            if rng.random() < 0.5:
                b = MeshBuilder()
                for s in (-1, 1):
                    for i in range(int(d / 0.02)):
                        y = -d / 2 + (i + 0.5) * 0.02
                        b.box(
                            min(s * w / 2, s * (w / 2 + 0.06)),
                            max(s * w / 2, s * (w / 2 + 0.06)),
                            y - 0.004,
                            y + 0.004,
                            0.001,
                            0.006,
                        )
                b.done(m_fabric("#e9dfcc"))


def m_curtain():
    """Cloth for the room's curtains."""
    rng = world.rng
    c = rng.choice(
        [style.pal["light"], style.pal["light"], style.tex[0], style.tex[1], style.pal["accent"], "#d9cdbb"]
    )
    pat = rng.choice([None, None, None, "stripe", "dots"])
    return m_fabric(
        c,
        pat,
        style.pal["light"] if c != style.pal["light"] else style.tex[2],
        size=0.12,
        var=0.05,
        transl=0.35,
    )
