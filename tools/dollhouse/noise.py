"""Gradient noise in two dimensions, for shapes (shaders have their own)."""

import numpy as np


class Noise:
    """Gradient noise on a lattice of unit squares, about -1..1."""

    def __init__(self, seed):
        r = np.random.default_rng(seed)
        self.p = np.tile(r.permutation(512), 2)
        a = r.uniform(0, 2 * np.pi, 512)
        self.g = np.stack([np.cos(a), np.sin(a)], 1)

    def n2(self, x, y):
        """Noise at points (x, y)."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        xi, yi = np.floor(x).astype(int), np.floor(y).astype(int)
        xf, yf = x - xi, y - yi
        u, v = xf**3 * (xf * (xf * 6 - 15) + 10), yf**3 * (yf * (yf * 6 - 15) + 10)

        def d(ox, oy):
            h = self.p[(self.p[(xi + ox) & 511] + yi + oy) & 511]
            g = self.g[h]
            return g[..., 0] * (xf - ox) + g[..., 1] * (yf - oy)

        a = d(0, 0) * (1 - u) + d(1, 0) * u
        b = d(0, 1) * (1 - u) + d(1, 1) * u
        return (a * (1 - v) + b * v) * 1.5

    def fbm(self, x, y, octaves=4, gain=0.5, lac=2.03):
        """Several octaves of noise, added up."""
        s, a = 0, 1.0
        x, y = np.asarray(x, float), np.asarray(y, float)
        for o in range(octaves):
            s = s + a * self.n2(x + 17.3 * o, y - 9.1 * o)
            a *= gain
            x, y = x * lac, y * lac
        return s
