"""Trees and bushes. *_mesh functions return lists of meshes that `place` puts down again and again."""

import math

import numpy as np

from ..materials import m_bark, m_leaf, m_paint, rgb, scaled
from ..mesh import add_mesh, make_mesh, merge, scatter_leaves, vf_box, vf_sphere, vf_tube
from ..world import world

GREENS = [("#4f7a34", "#86a94a"), ("#3f6b33", "#6f9a45"), ("#5c8a3c", "#a3b954"), ("#466f3f", "#7ea35a")]


AUTUMN = [("#c9742a", "#e8b04a"), ("#b5482a", "#e0813c"), ("#d9a431", "#f0d06a")]


BLOSSOM = [("#e3a9b8", "#f7dfe4"), ("#eee3e0", "#fbf6f3")]


def place(meshes):
    """Put a list of meshes down at the current frame."""
    for me in meshes:
        add_mesh(me)


def add_branch(parts, P_, r, n=7):
    """Append a tapering branch to a list of meshes."""
    V, F = vf_tube(P_, r, n, cap=False)
    parts.append((V, np.array(F)))


def tree_mesh(h=8.0, cr=2.6, leaves=7000, colors=None, leaf=0.17, trunk=0.32):
    """A broadleaf tree, h meters high, crown of radius cr: [wood, leaves]."""
    rng, nprng = world.rng, world.nprng
    colors = colors or rng.choice(GREENS)
    parts, tips = [], []
    r0 = h * 0.022 + 0.04
    th = h * rng.uniform(0.55, 0.68)
    nz = world.rng.uniform(0, 99)
    t = np.linspace(0, 1, 10)
    tr = np.stack(
        [
            0.12 * h * 0.2 * world.noise.fbm(t * 2 + nz, 0 * t, 2) * t,
            0.12 * h * 0.2 * world.noise.fbm(t * 2, 0 * t + nz, 2) * t,
            t * th,
        ],
        1,
    )
    add_branch(parts, tr, np.interp(t, [0, 0.06, 0.15, 1], [r0 * 1.7, r0 * 1.15, r0, r0 * 0.45]), 10)
    nb = rng.randint(12, 16)
    for i in range(nb):
        f = trunk + (1 - trunk) * (i + 0.5) / nb
        p = np.array([np.interp(f, t, tr[:, k]) for k in range(3)])
        a = i * 2.4 + rng.uniform(-0.3, 0.3)
        up = np.interp(f, [0, 1], [0.35, 1.25])
        L = cr * rng.uniform(0.75, 1.05) * math.sqrt(max(0.15, 1 - (2 * (f - 0.5) * 0.62) ** 2))
        d = np.array([math.cos(a) * math.cos(up), math.sin(a) * math.cos(up), math.sin(up)])
        s = np.linspace(0, 1, 6)[:, None]
        br = p + d * L * s + np.array([0, 0, 1]) * L * 0.22 * s**2 + nprng.normal(0, 0.03 * L, (6, 3)) * s
        add_branch(parts, br, np.interp(s[:, 0], [0, 1], [r0 * 0.42 * (1.2 - f * 0.6), r0 * 0.08]))
        for _ in range(6):
            q = rng.uniform(0.3, 1.0)
            b0 = np.array([np.interp(q, s[:, 0], br[:, k]) for k in range(3)])
            d2 = d * 0.6 + nprng.normal(0, 0.65, 3)
            d2[2] = abs(d2[2]) * 0.6 + 0.15
            d2 /= np.linalg.norm(d2)
            L2 = L * rng.uniform(0.28, 0.5)
            s2 = np.linspace(0, 1, 4)[:, None]
            tw = b0 + d2 * L2 * s2
            add_branch(parts, tw, np.interp(s2[:, 0], [0, 1], [r0 * 0.13, r0 * 0.03]), 5)
            for q2 in (0.55, 1.0):
                tips.append(b0 + d2 * L2 * q2)
        tips.append(br[-1])
    tips.append(tr[-1] + (0, 0, cr * 0.3))
    tips.append(tr[-1] + (0, 0, cr * 0.12))
    wood = make_mesh(merge(parts), m_bark(rng.choice(["#5d4a3a", "#6b5a4b", "#4a3d33"])))
    tips = np.array(tips)
    n = leaves
    k = nprng.integers(0, len(tips), n)
    sig = cr * 0.15
    off = nprng.normal(size=(n, 3))
    off /= np.linalg.norm(off, axis=1, keepdims=True)
    rad = sig * 1.75 * nprng.random(n)[:, None] ** 0.45
    Pt = tips[k] + off * rad * (1, 1, 0.8)
    cen = np.array([0, 0, th * 0.72])
    out = Pt - cen
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    (V, F), tone = scatter_leaves(
        Pt, leaf, leaf * 0.58, up=0.35, curl=-0.5, n=3, out=out * 0.8, norm=np.add(out, (0, 0, 0.5))
    )
    # darker inside, brighter outside and on top
    depth = np.clip(np.linalg.norm(Pt - cen, axis=1) / (cr * 1.15), 0, 1)
    tone = np.repeat(np.clip(0.15 + 0.55 * depth + 0.3 * (nprng.random(n) - 0.5), 0, 1), len(V) // n)
    lm = make_mesh((V, F), m_leaf(*colors), smooth=True, grain="obj", tone=tone)
    return [wood, lm]


def conifer_mesh(h=9.0, r=2.0, colors=("#27482f", "#4b6f42")):
    """A conifer of height h and radius r."""
    rng, nprng = world.rng, world.nprng
    parts = []
    add_branch(
        parts,
        np.array([(0, 0, 0), (0, 0, h * 0.5), (0, 0, h)]),
        np.array([h * 0.018 + 0.03, h * 0.01 + 0.015, 0.01]),
        8,
    )
    wood = make_mesh(merge(parts), m_bark("#4b3b30"))
    Ps, outs = [], []
    z = h * rng.uniform(0.08, 0.16)
    while z < h * 0.985:
        f = 1 - (z / h)
        L = r * f**0.85 * rng.uniform(0.85, 1.1) + 0.06
        nb = int(8 + 7 * f)
        a0 = rng.uniform(0, 6)
        for i in range(nb):
            a = a0 + i * 2 * math.pi / nb + rng.uniform(-0.2, 0.2)
            m = max(4, int(L / 0.05))
            s = np.linspace(0.08, 1, m)
            droop = -0.34 * L * s + 0.26 * L * s**2.2
            p = np.stack([np.cos(a) * L * s, np.sin(a) * L * s, z + droop + 0.1 * f], 1)
            w = 0.3 * L * (1.12 - s) * np.where(np.arange(m) % 2, 1, -1)
            p[:, 0] += -np.sin(a) * w * 0.8
            p[:, 1] += np.cos(a) * w * 0.8
            Ps.append(p)
            o = np.stack(
                [
                    np.cos(a) - np.sin(a) * np.sign(w) * 0.8,
                    np.sin(a) + np.cos(a) * np.sign(w) * 0.8,
                    -0.25 + 0 * w,
                ],
                1,
            )
            outs.append(o)
        z += h * 0.021 + 0.03 * f
    Pt, out = np.concatenate(Ps), np.concatenate(outs)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    (V, F), tone = scatter_leaves(
        Pt, h * 0.03 + 0.06, h * 0.008 + 0.02, up=0.8, curl=-0.5, n=3, out=out * 3, fold=-0.5
    )
    rr = np.hypot(Pt[:, 0], Pt[:, 1]) / (r * np.clip(1 - Pt[:, 2] / h, 0.05, 1))
    tone = np.repeat(
        np.clip(0.1 + 0.6 * np.clip(rr, 0, 1) + 0.3 * (nprng.random(len(Pt)) - 0.5), 0, 1), len(V) // len(Pt)
    )
    return [wood, make_mesh((V, F), m_leaf(*colors, transl=0.15), grain="obj", tone=tone)]


def palm_mesh(h=7.0):
    """A palm of height h."""
    rng, _nprng = world.rng, world.nprng
    t = np.linspace(0, 1, 24)
    lean = rng.uniform(-0.8, 0.8)
    tr = np.stack([lean * t**2, 0 * t, h * t], 1)
    rad = 0.17 - 0.05 * t + 0.012 * np.sin(t * h * 22)
    V, F = vf_tube(tr, rad, 12)
    wood = make_mesh((V, F), m_bark("#8a7358"))
    Ps, outs, parts = [], [], []
    for i in range(20):
        a = i * 2.4
        tilt = 0.25 + 1.35 * i / 20
        L = h * 0.36 * rng.uniform(0.9, 1.1)
        s = np.linspace(0, 1, 18)
        ang = math.pi / 2 - tilt - 1.25 * s
        x = np.cumsum(np.cos(ang)) * L / 18
        z = np.cumsum(np.sin(ang)) * L / 18
        p = np.stack([lean + x * math.cos(a), x * math.sin(a), h + z], 1)
        add_branch(parts, p, np.linspace(0.03, 0.006, 18), 5)
        tang = np.gradient(p, axis=0)
        tang /= np.linalg.norm(tang, axis=1, keepdims=True)
        side = np.cross(tang, [0, 0, 1.0])
        side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
        for sg in (-1, 1):
            for e in (0, 0.5):
                q = p[3:] + tang[3:] * L / 18 * e
                Ps.append(q)
                outs.append(tang[3:] * 0.7 + sg * side[3:] * 1.1 - (0, 0, 0.35))
    (V, F), tone = scatter_leaves(
        np.concatenate(Ps),
        h * 0.085,
        h * 0.009,
        up=0.5,
        curl=-0.8,
        n=4,
        out=np.concatenate(outs) * 3,
        size_var=0.15,
    )
    lf = m_leaf("#4b7a38", "#8fae4d")
    return [wood, make_mesh(merge(parts), lf), make_mesh((V, F), lf, grain="obj", tone=tone)]


def bush_mesh(rx=0.6, ry=0.6, rz=0.5, n=1200, colors=None, box_=False, leaf=0.09):
    """A bush with radii rx, ry, rz."""
    nprng = world.nprng
    colors = colors or world.rng.choice(GREENS)
    d = nprng.normal(size=(n, 3))
    d[:, 2] = np.abs(d[:, 2]) if not box_ else d[:, 2]
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    if box_:
        q = nprng.uniform(-1, 1, (n, 3))
        ax = nprng.integers(0, 3, n)
        q[np.arange(n), ax] = np.sign(q[np.arange(n), ax]) * 1
        q[:, 2] = np.where((ax == 2), 1, q[:, 2])
        Pt = q * (rx, ry, rz / 2) + (0, 0, rz / 2) + nprng.normal(0, 0.03, (n, 3))
        out = np.eye(3)[ax] * np.sign(q[np.arange(n), ax])[:, None]
        core = vf_box(2 * rx * 0.93, 2 * ry * 0.9, rz * 0.96, (0, 0, rz * 0.48))
    else:
        wob = 1 + 0.14 * world.noise.fbm(d[:, 0] * 2.5 + nprng.uniform(0, 50), d[:, 1] * 2.5 + d[:, 2], 2)
        Pt = d * (rx, ry, rz) * wob[:, None] * (nprng.uniform(0.82, 1.02, n)[:, None])
        out = d
        core = vf_sphere(rx * 0.84, ry * 0.84, rz * 0.84, (0, 0, 0), 14, 9)
    (V, F), tone = scatter_leaves(Pt, leaf, leaf * 0.6, up=0.3, curl=-0.4, n=3, out=out * 0.7, norm=out)
    tone = np.repeat(np.clip(0.45 * nprng.random(n) + 0.5 * np.clip(Pt[:, 2] / rz, 0, 1), 0, 1), len(V) // n)
    return [
        make_mesh((V, F), m_leaf(*colors), grain="obj", tone=tone),
        make_mesh(core, m_paint(scaled(rgb(colors[0]), 0.35), 0.9)),
    ]
