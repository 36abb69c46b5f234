"""Meshes from numpy: boxes, rounded boxes, lathes, tubes, pillows, leaves.

Functions named vf_* return (vertices, faces) or (vertices, faces, uvs) in meters and add nothing; the others
add an object to the scene at the current frame of `world.at`. A position `c` is the center of the bottom face
unless said otherwise.
"""

import math

import bpy
import numpy as np

from .world import link, world


def grain_coordinates(V):
    """Grain coordinates: longest axis of the part first, random offset, meters."""
    e = np.ptp(V, axis=0)
    o = np.argsort(-e, kind="stable")
    off = world.nprng.uniform(-40, 40, 3)
    return V[:, o] - V[:, o].mean(0) + off


def make_mesh(vf, mats, smooth=True, sharp=None, grain=None, tone=None, mi=None):
    """A Blender mesh with the attributes grain and tone.

    sharp: degrees above which edges stay sharp; mi: material index per face.
    """
    V, F = np.asarray(vf[0], float), vf[1]
    uv = vf[2] if len(vf) > 2 else None
    me = bpy.data.meshes.new("m")
    if isinstance(F, np.ndarray) and F.ndim == 2:
        k = F.shape[1]
        me.vertices.add(len(V))
        me.vertices.foreach_set("co", V.astype(np.float32).ravel())
        me.loops.add(F.size)
        me.loops.foreach_set("vertex_index", F.astype(np.int32).ravel())
        me.polygons.add(len(F))
        me.polygons.foreach_set("loop_start", np.arange(0, F.size, k, dtype=np.int32))
        me.update(calc_edges=True)
    else:
        me.from_pydata([tuple(v) for v in V], [], [tuple(int(i) for i in f) for f in F])
    if smooth:
        me.polygons.foreach_set("use_smooth", np.ones(len(me.polygons), bool))
        if sharp:
            me.set_sharp_from_angle(angle=math.radians(sharp))
    else:
        me.shade_flat()  # new meshes are smooth by default since Blender 4.1
    for m in mats if isinstance(mats, (list, tuple)) else [mats]:
        me.materials.append(m)
    if mi is not None:
        me.polygons.foreach_set("material_index", np.asarray(mi, np.int32))
    g = grain_coordinates(V) if grain is None else (V if isinstance(grain, str) else np.asarray(grain))
    at_ = me.attributes.new("grain", "FLOAT_VECTOR", "POINT")
    at_.data.foreach_set("vector", g.astype(np.float32).ravel())
    t = np.full(len(V), world.rng.random()) if tone is None else np.asarray(tone)
    at_ = me.attributes.new("tone", "FLOAT", "POINT")
    at_.data.foreach_set("value", t.astype(np.float32))
    if uv is not None:
        li = np.empty(len(me.loops), np.int32)
        me.loops.foreach_get("vertex_index", li)
        ul = me.uv_layers.new(name="UVMap")
        ul.data.foreach_set("uv", np.asarray(uv, np.float32)[li].ravel())
    me.update()
    return me


def add(vf, mats, bevel=0, seg=2, sub=0, solid=0, smooth=True, sharp=None, grain=None, tone=None, mi=None):
    """Add (vertices, faces) to the scene. bevel, solid: meters; sub: levels of subdivision."""
    me = make_mesh(vf, mats, smooth, sharp, grain, tone, mi)
    return add_mesh(me, bevel, seg, sub, solid)


def add_mesh(me, bevel=0, seg=2, sub=0, solid=0):
    """Add a Blender mesh to the scene; the same mesh may be added many times."""
    ob = bpy.data.objects.new("o", me)
    link(ob)
    ob.matrix_world = world.stack[-1].copy()
    if solid:
        md = ob.modifiers.new("s", "SOLIDIFY")
        md.thickness = solid
        md.offset = 0
    if bevel:
        md = ob.modifiers.new("b", "BEVEL")
        md.width = bevel
        md.segments = seg
        md.limit_method = "ANGLE"
        md.angle_limit = math.radians(35)
        md.harden_normals = True
    if sub:
        md = ob.modifiers.new("u", "SUBSURF")
        md.levels = md.render_levels = sub
    return ob


def vf_box(sx, sy, sz, c=(0, 0, 0)):
    """A box centered at c."""
    x, y, z = sx / 2, sy / 2, sz / 2
    V = (
        np.array(
            [
                (-x, -y, -z),
                (x, -y, -z),
                (x, y, -z),
                (-x, y, -z),
                (-x, -y, z),
                (x, -y, z),
                (x, y, z),
                (-x, y, z),
            ]
        )
        + c
    )
    F = np.array([(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)])
    return V, F


def box(sx, sy, sz, c, mat, bevel=0.006, seg=2, **k):
    """A box; c = center of its bottom face."""
    bevel = min(bevel, min(sx, sy, sz) * 0.45)
    k.setdefault("smooth", bevel > 0)  # a smooth-shaded plain box would leak light at its edges
    return add(vf_box(sx, sy, sz, (c[0], c[1], c[2] + sz / 2)), mat, bevel=bevel, seg=seg, **k)


def merge(parts):
    """One mesh of several."""
    Vs, Fs, o = [], [], 0
    for p in parts:
        Vs.append(p[0])
        Fs.append(np.asarray(p[1]) + o)
        o += len(p[0])
    return np.concatenate(Vs), np.concatenate(Fs)


class MeshBuilder:
    """Collects many boxes and quads of one material; `done` makes one mesh of them, and one per part.

    jitter: meters. Every box grows by its own hair's breadth, or overlapping faces would render black.
    """

    def __init__(self, jitter=0.0012):
        self.pieces, self.tones, self.leaves, self.jitter = [], [], [], jitter

    def box(self, x0, x1, y0, y1, z0, z1, tone=None):
        """Add a box between these planes, to the part that is open now."""
        e = (len(self.pieces) * 37 % 101) / 101 * self.jitter
        x0, y0, z0, x1, y1, z1 = x0 - e, y0 - e, z0 - e, x1 + e, y1 + e, z1 + e
        center = ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)
        return self.vf(*vf_box(x1 - x0, y1 - y0, z1 - z0, center), tone)

    def vf(self, V, F, tone=None):
        """Add a mesh, to the part that is open now."""
        self.pieces.append((np.asarray(V, float), np.asarray(F)))
        self.tones.append(np.full(len(V), world.rng.random() if tone is None else tone))
        self.leaves.append(world.leaf)
        return self

    def done(self, mat, grain="obj", **k):
        """Add what was collected. What was collected outside any part belongs to the part open now."""
        k.setdefault("smooth", False)
        now, made = world.leaf, None
        for leaf in dict.fromkeys(self.leaves):
            mine = [i for i, own in enumerate(self.leaves) if own == leaf]
            world.leaf = leaf
            tone = np.concatenate([self.tones[i] for i in mine])
            made = add(merge([self.pieces[i] for i in mine]), mat, grain=grain, tone=tone, **k)
        world.leaf = now
        return made


def grid_faces(nu, nv, cu=False, cv=False):
    """Faces of a grid of nu x nv vertices, index u * nv + v; cu, cv close it."""
    u = np.arange(nu if cu else nu - 1)
    v = np.arange(nv if cv else nv - 1)
    U, W = np.meshgrid(u, v, indexing="ij")
    U2, W2 = (U + 1) % nu, (W + 1) % nv
    return np.stack([U * nv + W, U2 * nv + W, U2 * nv + W2, U * nv + W2], -1).reshape(-1, 4)


def vf_rbox(sx, sy, sz, r, n=5, m=6, bulge=(0, 0, 0), lump=0, c=(0, 0, 0)):
    """A box with round edges of radius r, centered at c.

    Bulge (meters per axis) and lump make a cushion of it.
    """
    h = np.array([sx, sy, sz]) / 2
    r = min(r, *(h * 0.98))

    def ax(a):
        k = np.linspace(0, 1, n + 1)
        lo = -a + r * k
        mid = np.linspace(-a + r, a - r, m + 1)[1:-1]
        return np.concatenate([lo, mid, -lo[::-1]])

    A = [ax(h[0]), ax(h[1]), ax(h[2])]
    Vs, Fs, o = [], [], 0
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        for sgn in (-1, 1):
            u, v = np.meshgrid(A[i], A[j], indexing="ij")
            P = np.zeros((*u.shape, 3))
            P[..., i], P[..., j], P[..., axis] = u, v, sgn * h[axis]
            f = grid_faces(len(A[i]), len(A[j]))
            if sgn < 0:
                f = f[:, ::-1]
            Vs.append(P.reshape(-1, 3))
            Fs.append(f + o)
            o += u.size
    V, F = np.concatenate(Vs), np.concatenate(Fs)
    key = np.round(V * 1e5).astype(np.int64)
    _, idx, inv = np.unique(key, axis=0, return_index=True, return_inverse=True)
    V, F = V[idx], inv.ravel()[F]
    inner = np.clip(V, -(h - r), h - r)
    d = V - inner
    L = np.linalg.norm(d, axis=1, keepdims=True)
    # spread the cube points evenly over the round edge
    d = np.tan(np.clip(d / r, -1, 1) * np.pi / 4)
    L = np.linalg.norm(d, axis=1, keepdims=True)
    V = inner + r * d / np.maximum(L, 1e-9)
    q = V / h
    for a in range(3):
        if bulge[a]:
            o = [k for k in range(3) if k != a]
            w = np.clip(1 - q[:, o[0]] ** 2, 0, 1) * np.clip(1 - q[:, o[1]] ** 2, 0, 1)
            V[:, a] += np.sign(q[:, a]) * np.abs(q[:, a]) * bulge[a] * w
    if lump:
        ph = world.nprng.uniform(0, 99)
        V[:, 2] += (
            lump
            * world.noise.fbm(V[:, 0] * 3 + ph, V[:, 1] * 3 + V[:, 2] * 2, 3)
            * np.clip(q[:, 2] + 0.6, 0, 1)
        )
        V[:, 1] += 0.6 * lump * world.noise.fbm(V[:, 0] * 3 + ph + 7, V[:, 2] * 4, 2)
    return V + np.asarray(c), F


def rbox(sx, sy, sz, c, mat, r=0.05, **k):
    """A box with round edges; c = center of its bottom."""
    kk = {q: k.pop(q) for q in list(k) if q in ("n", "m", "bulge", "lump")}
    return add(vf_rbox(sx, sy, sz, r, c=(c[0], c[1], c[2] + sz / 2), **kk), mat, **k)


def vf_lathe(prof, n=32, c=(0, 0, 0), sx=1, sy=1):
    """A profile of (radius, z), bottom to top, turned around z."""
    prof = np.asarray(prof, float)
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    V = np.stack(
        [
            np.outer(np.cos(a), prof[:, 0]) * sx,
            np.outer(np.sin(a), prof[:, 0]) * sy,
            np.tile(prof[:, 1], (n, 1)),
        ],
        -1,
    ).reshape(-1, 3)
    F = grid_faces(n, len(prof), cu=True)
    return V + np.asarray(c), F


def smooth(pts, k=4):
    """Catmull-Rom through profile points."""
    p = np.asarray(pts, float)
    q = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    out = []
    for i in range(1, len(q) - 2):
        t = np.linspace(0, 1, k, endpoint=False)[:, None]
        a, b, c_, d = q[i - 1], q[i], q[i + 1], q[i + 2]
        out.append(
            0.5
            * (2 * b + (c_ - a) * t + (2 * a - 5 * b + 4 * c_ - d) * t**2 + (3 * b - a - 3 * c_ + d) * t**3)
        )
    out.append(p[-1:])
    return np.concatenate(out)


def lathe(prof, mat, c=(0, 0, 0), n=32, sharp=40, smooth_k=0, **k):
    """A turned body, standing at c."""
    prof = np.asarray(prof, float)
    if smooth_k:
        prof = smooth(prof, smooth_k)
        prof[:, 0] = np.maximum(prof[:, 0], 0)
    return add(vf_lathe(prof, n, c), mat, sharp=sharp, **k)


def cyl(r, h, c, mat, n=24, r2=None, bevel=0, **k):
    """A cylinder or cone of height h; c = center of its bottom."""
    r2 = r if r2 is None else r2
    b = bevel or min(r, r2, h / 2) * 0.08
    return lathe([(0, 0), (r - b, 0), (r, b), (r2, h - b), (max(r2 - b, 0), h), (0, h)], mat, c, n=n, **k)


def vf_tube(P, rad, n=10, cap=True, flat=1.0):
    """A tube of radius rad (one, or one per point) along the points P."""
    P = np.asarray(P, float)
    rad = np.broadcast_to(np.asarray(rad, float), (len(P),))
    T = np.gradient(P, axis=0)
    T /= np.maximum(np.linalg.norm(T, axis=1, keepdims=True), 1e-9)
    up = np.array([0, 0, 1.0]) if abs(T[0, 2]) < 0.9 else np.array([1.0, 0, 0])
    N = np.cross(up, T[0])
    N /= np.linalg.norm(N)
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    V = []
    for i in range(len(P)):
        N = N - T[i] * (N @ T[i])
        N /= max(np.linalg.norm(N), 1e-9)
        B = np.cross(T[i], N)
        V.append(P[i] + rad[i] * (np.outer(np.cos(a), N) + flat * np.outer(np.sin(a), B)))
    V = np.concatenate(V)
    F = grid_faces(len(P), n, cv=True)
    F = [tuple(f) for f in F]
    if cap:
        F.append(tuple(range(n - 1, -1, -1)))
        F.append(tuple((len(P) - 1) * n + i for i in range(n)))
    return V, F


def tube(P, rad, mat, n=10, flat=1.0, curve=0, **k):
    """A tube along points; curve: points are joined smoothly, in this many steps each."""
    P = np.asarray(P, float)
    if curve:
        P = smooth(P, curve)
        if np.ndim(rad):
            rad = np.interp(np.linspace(0, 1, len(P)), np.linspace(0, 1, len(rad)), rad)
    k.setdefault("sharp", 50)
    return add(vf_tube(P, rad, n, flat=flat), mat, **k)


def vf_sphere(rx, ry, rz, c=(0, 0, 0), n=20, m=14):
    """An ellipsoid centered at c."""
    a = np.linspace(-np.pi / 2, np.pi / 2, m)
    V, F = vf_lathe(np.stack([np.cos(a), np.sin(a)], 1), n)
    return V * (rx, ry, rz) + np.asarray(c), F


def sphere(rx, ry, rz, c, mat, **k):
    """An ellipsoid centered at c."""
    return add(vf_sphere(rx, ry, rz, c), mat, **k)


def vf_grid(f, nu, nv):
    """A surface f(u, v) -> x, y, z over [0, 1] x [0, 1], with UVs; f takes arrays."""
    u, v = np.meshgrid(np.linspace(0, 1, nu), np.linspace(0, 1, nv), indexing="ij")
    V = np.stack(np.broadcast_arrays(*f(u, v)), -1).reshape(-1, 3)
    return V, grid_faces(nu, nv), np.stack([u, v], -1).reshape(-1, 2)


def vf_pillow(w, d, h, n=18, pinch=0.09, wr=0.008):
    """A lens-shaped pillow in the xy plane with pinched corners."""
    t = np.linspace(-1, 1, n)
    t = np.sign(t) * (1 - (1 - np.abs(t)) ** 1.5)
    u, v = np.meshgrid(t, t, indexing="ij")
    prof = np.clip((1 - np.abs(u) ** 2.6) * (1 - np.abs(v) ** 2.6), 0, 1) ** 0.48
    ph = world.nprng.uniform(0, 99)
    wv = world.noise.fbm(u * 2.2 + ph, v * 2.2, 3) * wr
    X = w / 2 * u * (1 - pinch * u**2 * (1 - v**2))
    Y = d / 2 * v * (1 - pinch * v**2 * (1 - u**2))
    top = np.stack([X, Y, h / 2 * prof + wv * prof], -1).reshape(-1, 3)
    bot = np.stack([X, Y, -h / 2 * prof], -1).reshape(-1, 3)
    f = grid_faces(n, n)
    return np.concatenate([top, bot]), np.concatenate([f, f[:, ::-1] + n * n])


def pillow(w, d, h, mat, **k):
    """A pillow, w x d x h meters."""
    vf = vf_pillow(w, d, h, **k)
    return add(vf, mat, grain=vf[0] + world.nprng.uniform(-9, 9, 3))


def leaf_strip(L, W, curl, n=5, fold=0.25):
    """One leaf along +x, its rib at y = 0."""
    t = np.linspace(0, 1, n)
    w = W / 2 * np.sin(np.pi * np.clip(t * 0.94 + 0.05, 0, 1)) ** 0.8
    ang = curl * t
    x = np.cumsum(np.concatenate([[0], np.cos(ang[1:]) * L / (n - 1)]))
    z = np.cumsum(np.concatenate([[0], np.sin(ang[1:]) * L / (n - 1)]))
    V = np.stack([np.stack([x, s * w, z + abs(s) * w * fold], -1) for s in (-1, 0, 1)], 1).reshape(-1, 3)
    return V, grid_faces(n, 3)


def scatter_leaves(P, L, W, up=0.5, curl=-0.5, n=3, fold=0.25, out=None, size_var=0.35, norm=None):
    """One mesh of leaves (L x W meters) at points P, and their tones; out = preferred direction per point."""
    nprng = world.nprng
    N = len(P)
    lv, lf = leaf_strip(1, W / L, curl, n, fold)
    d = nprng.normal(size=(N, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    if out is not None:
        d = d * 0.7 + out
    d[:, 2] *= 0.6
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    z = nprng.normal(size=(N, 3)) * (1 - up) + np.array([0, 0, up * 1.6])
    if norm is not None:
        z = z * 0.5 + norm
    z -= d * np.sum(z * d, 1, keepdims=True)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    y = np.cross(z, d)
    s = L * (1 + size_var * nprng.uniform(-1, 1, N))[:, None, None]
    M = np.stack([d, y, z], 1)  # rows
    V = np.einsum("kj,njc->nkc", lv, M) * s + P[:, None, :]
    k = len(lv)
    F = (lf[None] + (np.arange(N) * k)[:, None, None]).reshape(-1, 4)
    tone = np.repeat(nprng.random(N), k)
    return (V.reshape(-1, 3), F), tone


def vf_picture(w, h, nx=2, ny=2):
    """An upright rectangle in the xz plane, facing -y, with UVs."""
    return vf_grid(lambda u, v: ((u - 0.5) * w, 0 * u, v * h), nx, ny)


def vf_torus(R_, r, c=(0, 0, 0), n=36, m=10):
    """A ring of radius R_ and thickness r around z, centered at c."""
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    b = np.linspace(0, 2 * np.pi, m, endpoint=False)
    A, B = np.meshgrid(a, b, indexing="ij")
    V = np.stack(
        [(R_ + r * np.cos(B)) * np.cos(A), (R_ + r * np.cos(B)) * np.sin(A), r * np.sin(B)], -1
    ).reshape(-1, 3)
    return V + np.asarray(c), grid_faces(n, m, True, True)
