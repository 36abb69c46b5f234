"""Pictures and carpets painted with numpy: float arrays H x W x 3 in sRGB, 0..1."""

import numpy as np

from .noise import Noise


def rgb01(h):
    """'#rrggbb' as three numbers 0..1 (sRGB)."""
    h = h.lstrip("#")
    return np.array([int(h[i : i + 2], 16) / 255 for i in (0, 2, 4)])


def blend(img, mask, c):
    """Paint color c over img where mask is 1."""
    m = np.clip(mask, 0, 1)[..., None]
    return img * (1 - m) + np.asarray(c) * m


def edge(d, w=0.006):
    """A soft step: 1 where d < 0, 0 where d > 0, over a width of w."""
    return np.clip(0.5 - d / w, 0, 1)


SCHEMES = [
    ["#f1e7d3", "#d98f5c", "#8c3f2b", "#2f4858", "#7aa095", "#e9b872"],
    ["#f4efe6", "#c9ada7", "#9a8c98", "#4a4e69", "#22223b", "#f2cc8f"],
    ["#fefae0", "#dda15e", "#bc6c25", "#606c38", "#283618", "#e9edc9"],
    ["#edf2f4", "#8d99ae", "#2b2d42", "#d90429", "#ef8354", "#bfc0c0"],
    ["#f8f4e3", "#a3b18a", "#588157", "#344e41", "#dad7cd", "#e07a5f"],
    ["#fdf0d5", "#669bbc", "#003049", "#c1121f", "#780000", "#f7b267"],
    ["#f5ebe0", "#e3d5ca", "#d5bdaf", "#a68a64", "#656d4a", "#333d29"],
    ["#faf3dd", "#c8d5b9", "#8fc0a9", "#68b0ab", "#4a7c59", "#f4a259"],
]


def picture(rng, w, h, kind=None):
    """A painting, h x w pixels, from a numpy Generator; kind: hills, shapes, field, bauhaus.

    Botanical, sea, blobs, lines, city.
    """
    kind = kind or rng.choice(
        ["hills", "shapes", "field", "bauhaus", "botanical", "sea", "blobs", "lines", "city"]
    )
    S = [rgb01(c) for c in SCHEMES[rng.integers(len(SCHEMES))]]
    nz = Noise(int(rng.integers(1 << 30)))
    y, x = np.mgrid[0:h, 0:w]
    y, x = y / h, x / h
    asp = w / h
    rest = [S[i] for i in rng.permutation(range(1, 6))]
    img = np.ones((h, w, 3)) * S[0]
    if kind == "hills":
        a, b = rest[0] * 0.4 + S[0] * 0.6, S[0]
        img = a + (b - a) * (np.clip(y / 0.6, 0, 1)[..., None])
        cx, cy, r = rng.uniform(0.25, 0.75) * asp, rng.uniform(0.2, 0.4), rng.uniform(0.07, 0.14)
        img = blend(img, edge(np.hypot(x - cx, y - cy) - r), rest[1] * 0.7 + 0.3)
        n = 5
        for i in range(n):
            base = 0.42 + 0.12 * i
            line = base + 0.13 * nz.fbm(x * (2.2 - 0.25 * i) + 11 * i, 0 * x + i, 4) * (1 - 0.1 * i)
            c = S[0] * (1 - (i + 1) / n) * 0.8 + rest[i % 3 + 1] * (0.2 + 0.8 * (i + 1) / n)
            img = blend(img, edge(line - y, 0.008), c)
    elif kind == "sea":
        hor = rng.uniform(0.45, 0.62)
        sky = S[0] * np.clip(y / hor, 0, 1)[..., None] + rest[0] * (1 - np.clip(y / hor, 0, 1))[..., None]
        sea = (
            rest[1] * (1 - np.clip((y - hor) / (1 - hor), 0, 1))[..., None]
            + rest[2] * np.clip((y - hor) / (1 - hor), 0, 1)[..., None]
        )
        img = np.where((y < hor)[..., None], sky, sea)
        cl = nz.fbm(x * 2.2, y * 7, 5)
        img = blend(img, np.where(y < hor, np.clip(cl * 1.2, 0, 0.8), 0), S[0] * 0.5 + 0.5)
        rip = nz.fbm(x * 5, y * 60, 3)
        img = blend(img, np.where(y > hor, np.clip(rip - 0.25, 0, 0.6), 0), S[0])
        bx, by = rng.uniform(0.3, 0.7) * asp, hor + 0.07
        d1 = by - y
        t = x - bx
        sail = (t > 0) & (t < 0.1 * np.clip(1 - d1 / 0.26, 0, 1)) & (d1 > 0.02) & (d1 < 0.26)
        img = blend(img, sail * 1.0, [0.97, 0.95, 0.9])
        hull = (np.abs(t) < 0.09 - 0.25 * (y - by)) & (y > by - 0.01) & (y < by + 0.04)
        img = blend(img, hull * 1.0, rest[3])
    elif kind == "field":
        m = 0.07
        n = rng.integers(2, 4)
        e = np.cumsum(rng.uniform(0.6, 1.5, n))
        e = np.concatenate([[0], e / e[-1]])
        img = np.ones((h, w, 3)) * rest[4]
        for i in range(n):
            y0, y1 = m + e[i] * (1 - 2 * m) + 0.015, m + e[i + 1] * (1 - 2 * m) - 0.015
            d = np.maximum.reduce([y0 - y, y - y1, m - x, x - (asp - m)]) + 0.02 * nz.fbm(x * 8, y * 8, 3)
            img = blend(img, edge(d, 0.04) * (0.85 + 0.15 * nz.fbm(x * 5, y * 5 + 9 * i, 4)), rest[i])
    elif kind == "shapes":
        for i in range(rng.integers(4, 7)):
            cx, cy, r = rng.uniform(0.15, 0.85) * asp, rng.uniform(0.15, 0.85), rng.uniform(0.1, 0.3)
            k = rng.integers(4)
            th = rng.uniform(0, 6.28)
            X, Y = (
                (x - cx) * np.cos(th) + (y - cy) * np.sin(th),
                -(x - cx) * np.sin(th) + (y - cy) * np.cos(th),
            )
            if k == 0:
                d = np.hypot(X, Y) - r
            elif k == 1:
                d = np.maximum(np.hypot(X, Y) - r, Y)
            elif k == 2:
                d = np.abs(np.hypot(X, Y) - r) - 0.018
            else:
                d = np.hypot(X / 1.6, Y) - r * 0.5 + 0.06 * nz.n2(x * 5 + i, y * 5)
            img = blend(img, edge(d), rest[i % 5])
    elif kind == "blobs":
        f = nz.fbm(x * 1.8, y * 1.8, 2)
        lv = np.linspace(-0.6, 0.6, 6)
        for i, level in enumerate(lv):
            img = blend(img, np.clip((f - level) * 60, 0, 1), rest[i % 5] if i % 2 else S[0])
    elif kind == "bauhaus":
        n = int(rng.integers(3, 5))
        c = 1 / n
        for i in range(n):
            for j in range(int(np.ceil(asp * n))):
                X, Y = x / c - j, y / c - i
                inn = (X >= 0) & (X < 1) & (Y >= 0) & (Y < 1)
                a, b = rng.permutation(5)[:2]
                img = blend(img, inn * 1.0, rest[a] if rng.random() < 0.75 else S[0])
                ox, oy = rng.integers(0, 2, 2)
                k = rng.integers(3)
                d = (np.hypot(X - ox, Y - oy) - 1, np.hypot(X - 0.5, Y - 0.5) - 0.38, np.abs(X - 0.5) - 0.25)[
                    k
                ]
                img = blend(img, inn * edge(d, 0.02), rest[b])
    elif kind == "botanical":
        c = rest[int(rng.integers(3))] * 0.75
        cx = asp / 2
        bend = rng.uniform(-0.2, 0.2)
        st = cx + bend * (1 - y) ** 2
        img = blend(img, edge(np.abs(x - st) - 0.006) * (y > 0.12) * (y < 0.95), c)
        for i in range(9):
            yy = 0.16 + 0.082 * i
            for s in (-1, 1):
                L = 0.30 * np.sin(np.pi * (0.25 + 0.07 * i)) * min(1, asp * 1.1)
                X = (x - (cx + bend * (1 - yy) ** 2)) * s
                Y = y - yy
                u = X * np.cos(0.6) - Y * np.sin(0.6)
                v = X * np.sin(0.6) + Y * np.cos(0.6)
                wd = 0.3 * L * np.sin(np.pi * np.clip(u / L, 0, 1)) ** 0.8
                img = blend(img, edge(np.abs(v) - wd) * (u > 0) * (u < L), c * (0.85 + 0.3 * rng.random()))
    elif kind == "lines":
        f = y * 14 + 2.2 * nz.fbm(x * 1.5, y * 1.5, 3)
        img = blend(img, edge(np.abs(f % 1 - 0.5) - 0.13, 0.08), rest[0])
        img = blend(img, edge(np.hypot(x - 0.62 * asp, y - 0.35) - 0.16), rest[1])
    elif kind == "city":
        img = S[0] * (1 - y[..., None] * 0.5) + rest[0] * y[..., None] * 0.5
        for L in range(3):
            xx = 0
            while xx < asp:
                bw = rng.uniform(0.05, 0.13)
                bh = rng.uniform(0.25, 0.6) - 0.1 * L + 0.05
                inn = (x >= xx) & (x < xx + bw) & (y > 1 - bh)
                cc = rest[1] * (0.4 + 0.3 * L) + S[0] * (0.6 - 0.3 * L)
                img = blend(img, inn * 1.0, cc * rng.uniform(0.85, 1.1))
                win = inn & (((x - xx) / 0.022) % 1 < 0.5) & ((y / 0.04) % 1 < 0.5)
                img = blend(img, win * 0.55, S[0])
                xx += bw
    grain = nz.fbm(x * 60, y * 60, 3)[..., None]
    return np.clip(img * (1 + 0.035 * grain), 0, 1)


RUGS = [
    ["#7a2e2a", "#1f2f46", "#d8c3a0", "#a8683f"],
    ["#e9e2d5", "#3a3a3c", "#b9a78f", "#8c7a66"],
    ["#33475b", "#d9cbb3", "#a9542f", "#7f93a0"],
    ["#d6c7b0", "#8a5a44", "#4e5a48", "#efe7da"],
    ["#4c5f58", "#dccfb4", "#b5793f", "#22302d"],
    ["#cfc8be", "#6f7d8c", "#e7e2da", "#3f4a57"],
    ["#c98b70", "#f0e3d2", "#6b3e3a", "#d9b48f"],
]


def carpet(rng, w, h, kind=None):
    """A carpet, h x w pixels; kind: persian, berber, stripes, border, kilim, waves."""
    kind = kind or rng.choice(["persian", "berber", "stripes", "border", "kilim", "waves"])
    A = [rgb01(c) for c in RUGS[rng.integers(len(RUGS))]]
    rng.shuffle(A)
    nz = Noise(int(rng.integers(1 << 30)))
    y, x = np.mgrid[0:h, 0:w].astype(float)
    m = min(w, h)
    xs, ys = (x + 0.5) / m, (y + 0.5) / m
    W, H = w / m, h / m
    e = np.minimum.reduce([xs, ys, W - xs, H - ys])
    u, v = np.abs(xs - W / 2), np.abs(ys - H / 2)
    img = np.ones((h, w, 3)) * A[0]
    if kind == "persian":
        f = nz.fbm(u * 9, v * 9, 3) + 0.5 * np.cos(u * 40) * np.cos(v * 40)
        img = blend(img, np.clip((np.abs(f) - 0.38) * 9, 0, 1), A[2])
        img = blend(img, np.clip((f - 0.62) * 9, 0, 1), A[3])
        d = (u / (0.30 * W)) + (v / (0.30 * H)) + 0.12 * np.cos(np.arctan2(v, u) * 8)
        img = blend(img, edge(d - 1, 0.04), A[1])
        img = blend(img, edge(np.abs(d - 0.98) - 0.03, 0.03), A[2])
        g = nz.fbm(u * 14 + 9, v * 14, 2)
        img = blend(img, edge(d - 0.9, 0.03) * np.clip((np.abs(g) - 0.22) * 9, 0, 1), A[3])
        img = blend(img, edge(d - 0.28, 0.03), A[2])
        img = blend(img, edge(e - 0.15), A[1])
        b = np.sin((xs + ys) * 55) * np.sin((xs - ys) * 55)
        img = blend(img, edge(e - 0.15) * np.clip((np.abs(b) - 0.45) * 6, 0, 1), A[2])
        for k, c in ((0.15, 2), (0.135, 3), (0.03, 2), (0.02, 0)):
            img = blend(img, edge(np.abs(e - k) - 0.006), A[c])
    elif kind == "berber":
        img[:] = A[0] * 0.3 + rgb01("#efe8dc") * 0.7
        s = 0.32
        for k in (0, 0.5):
            f = np.abs(((xs / s + ys / s * 0.62 + k) % 1) - 0.5)
            g = np.abs(((xs / s - ys / s * 0.62 + k) % 1) - 0.5)
            dd = np.minimum(f, g) + 0.018 * nz.fbm(xs * 12, ys * 12, 2)
            if k == 0:
                img = blend(img, edge(dd - 0.045, 0.03), A[1] * 0.6)
    elif kind == "stripes":
        k = rng.uniform(0.06, 0.16)
        q = (ys / k).astype(int) % 4
        for i in range(4):
            img = blend(img, (q == i) * 1.0, A[i] if i != 2 else A[0] * 0.5 + 0.45)
    elif kind == "border":
        img[:] = A[0] * 0.6 + 0.3
        img = blend(img, edge(np.abs(e - 0.09) - 0.022), A[1])
        img = blend(img, edge(np.abs(e - 0.14) - 0.006), A[1])
    elif kind == "kilim":
        s = 0.2
        X, Y = (xs / s) % 1 - 0.5, (ys / s) % 1 - 0.5
        d = np.abs(X) + np.abs(Y)
        row = (ys / s).astype(int) % 3
        for i in range(3):
            mm = row == i
            img = blend(img, mm * 1.0, A[i])
            img = blend(img, mm * edge(d - 0.46, 0.03), A[(i + 2) % 4])
            img = blend(img, mm * edge(d - 0.3, 0.03), A[(i + 1) % 4])
            img = blend(img, mm * edge(d - 0.12, 0.03), A[(i + 3) % 4])
        img = blend(img, edge(e - 0.04), A[3])
    else:
        f = ys * 9 + 1.3 * nz.fbm(xs * 2, ys * 2, 3)
        img = blend(img, edge(np.abs(f % 1 - 0.5) - 0.22, 0.1), A[1] * 0.5 + 0.35)
    g = nz.fbm(xs * 70, ys * 70, 2)[..., None]
    big = nz.fbm(xs * 4, ys * 4, 3)[..., None]
    return np.clip(img * (1 + 0.09 * g + 0.06 * big), 0, 1)
