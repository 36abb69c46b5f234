"""Ground: slabs, grass, rocks, mountain ranges."""

from contextlib import nullcontext

import numpy as np

from ..materials import m_ground, m_leaf, m_mountain
from ..mesh import MeshBuilder, add, grid_faces, vf_sphere
from ..noise import Noise
from ..registry import builds
from ..world import more_of, thing, world


@builds("grass")
def grass_blades(xy, z, h=0.12, colors=("#55803a", "#9db45c"), w=0.012):
    """Bent blades at points xy (N x 2), h meters high; grass, unless another thing is open."""
    nprng = world.nprng
    N = len(xy)
    a = nprng.uniform(0, 2 * np.pi, N)
    L = h * nprng.uniform(0.5, 1.25, N)
    b = nprng.uniform(0.15, 0.8, N) * L
    ca, sa = np.cos(a), np.sin(a)
    P0 = np.stack([xy[:, 0], xy[:, 1], np.broadcast_to(z, N)], 1)
    sd = np.stack([-sa, ca, 0 * a], 1) * w
    dirv = np.stack([ca, sa, 0 * a], 1)
    m = P0 + dirv * (b * 0.3)[:, None] + np.array([0, 0, 1]) * (L * 0.6)[:, None]
    tip = P0 + dirv * b[:, None] + np.array([0, 0, 1]) * L[:, None]
    V = np.stack([P0 - sd, P0 + sd, m + sd * 0.7, m - sd * 0.7, tip + sd * 0.05, tip - sd * 0.05], 1).reshape(
        -1, 3
    )
    o = (np.arange(N) * 6)[:, None]
    F = np.concatenate([np.add(o, [0, 1, 2, 3]), np.add(o, [3, 2, 4, 5])])
    t = np.repeat(nprng.random(N) * 0.7, 6).reshape(-1, 6)
    t[:, 2:] += 0.15
    t[:, 4:] += 0.15
    with nullcontext() if world.leaf else more_of("grass"):
        add((V, F), m_leaf(*colors, rough=0.6, transl=0.3), grain="obj", tone=np.clip(t.ravel(), 0, 1))


def rock(r=0.5, mat=None, flat=0.65):
    """A rock of radius r."""
    n = world.rng.uniform(0, 99)
    V, F = vf_sphere(1, 1, 1, n=28, m=18)
    d = (
        1
        + 0.28 * world.noise.fbm(V[:, 0] * 1.1 + n, V[:, 1] * 1.1 + V[:, 2] * 0.9, 4)
        + 0.14 * world.noise.fbm(V[:, 2] * 2 + n, V[:, 0] * 2 - V[:, 1], 3)
    )
    # facets
    nprng = world.nprng
    for _ in range(7):
        p = nprng.normal(size=3)
        p /= np.linalg.norm(p)
        q = V @ p
        d = np.minimum(d, np.where(q > 0.05, 0.86 / np.maximum(q, 0.05), 9))
    V = V * d[:, None] * (r, r * world.rng.uniform(0.7, 1), r * flat)
    add(
        (V, F),
        mat or m_ground("#7d776e", "#9b958a", 2.5, bump=0.6),
        sharp=35,
        grain=V / max(r, 0.2) * 0.5 + n,
    )


def slab(cls, x0, x1, y0, y1, z, mat, th=0.1):
    """A flat piece of ground of class cls between x0, x1, y0, y1, its top at z."""
    with thing(cls):
        b = MeshBuilder(0)
        b.box(x0, x1, y0, y1, z - th, z, 0.5)
        return b.done(mat)


@builds("mountain", "hill")
def mountain_range(y0, y1, width, peak, seed, cls="mountain", mat=None, nx=220, ny=70, sharp=1.0, base=0):
    """Ridges between y0 and y1, 2 * width wide, peaks about `peak` meters."""
    x = np.linspace(-width, width, nx)
    y = np.linspace(y0, y1, ny)
    X, Y = np.meshgrid(x, y, indexing="ij")
    nz = Noise(seed)
    s = peak * 2.4
    r = 0
    a = 1.0
    f = 1.0
    w_ = 1
    for o in range(6):
        n = 1 - np.abs(nz.n2(X / s * f + 7 * o, Y / s * f)) * 1.15
        n = np.clip(n, 0, 1) ** 2 * w_
        r = r + a * n
        w_ = np.clip(n * 1.6, 0, 1)
        a *= 0.5 * sharp
        f *= 2.05
    r = r / 1.75
    env = np.sin(np.pi * np.clip((Y - y0) / (y1 - y0), 0, 1)) ** 0.7
    big = 0.55 + 0.6 * nz.fbm(X / (s * 2.2) + 31, Y / (s * 3), 2)
    Z = base + peak * np.clip(r * env * np.clip(big, 0.2, 1.4), 0, 9) - 2
    with thing(cls):
        add(
            (np.stack([X, Y, Z], -1).reshape(-1, 3), grid_faces(nx, ny)),
            mat or m_mountain(),
            grain="obj",
            tone=np.clip((Z - base) / peak, 0, 1).ravel(),
        )
