"""Materials from code: colors, a small shader-node builder, and a maker (m_*) for each kind of surface.

Every mesh carries two attributes that materials read: `grain`, coordinates in meters that run with the piece
(wood fibers, weave), and `tone`, 0..1, which differs from piece to piece.
"""

import bpy
import numpy as np

from .mood import lamps
from .world import world


def rgb(h):
    """'#rrggbb' (sRGB) as linear RGBA."""
    h = h.lstrip("#")
    c = [int(h[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    return (*(x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in c), 1.0)


def scaled(c, k):
    """A color, k times as bright."""
    return (*(min(1, x * k) for x in c[:3]), 1.0)


def mixed(a, b, t):
    """Color a at t = 0, color b at t = 1."""
    return (*(x * (1 - t) + y * t for x, y in zip(a[:3], b[:3], strict=True)), 1.0)


class Nodes:
    """A terse builder of shader nodes: `n` makes one, sockets are given by name or as i0, i1, ..."""

    def __init__(self, name):
        m = bpy.data.materials.new(name)
        m.use_nodes = True
        self.m, self.t = m, m.node_tree
        self.t.nodes.clear()
        self.out = self.t.nodes.new("ShaderNodeOutputMaterial")
        self._grain = None

    @classmethod
    def of_world(cls, blender_world):
        """A builder for the background; `out` is the world's output node."""
        t = cls.__new__(cls)
        blender_world.use_nodes = True
        t.m, t.t, t._grain = None, blender_world.node_tree, None
        t.t.nodes.clear()
        t.out = t.t.nodes.new("ShaderNodeOutputWorld")
        return t

    def n(self, typ, p=None, **inp):
        """Make a node; p: its properties, inp: values or links for its inputs."""
        nd = self.t.nodes.new("ShaderNode" + typ)
        for a, b in (p or {}).items():
            setattr(nd, a, b)
        for a, b in inp.items():
            s = nd.inputs[int(a[1:])] if a[0] == "i" and a[1:].isdigit() else nd.inputs[a.replace("_", " ")]
            self.set(s, b)
        return nd

    def set(self, s, b):
        """Link or set the input s."""
        if isinstance(b, bpy.types.NodeSocket):
            self.t.links.new(b, s)
        elif isinstance(b, bpy.types.Node):
            self.t.links.new(b.outputs[0], s)
        else:
            s.default_value = b

    @property
    def grain(self):
        """The grain coordinates of the mesh."""
        if self._grain is None:
            self._grain = self.n("Attribute", {"attribute_name": "grain"}).outputs["Vector"]
        return self._grain

    def tone(self):
        """The tone of the piece, 0..1."""
        return self.n("Attribute", {"attribute_name": "tone"}).outputs["Fac"]

    def map(self, v=None, scale=(1, 1, 1), loc=(0, 0, 0), rot=(0, 0, 0)):
        """Scaled, moved, turned coordinates (grain unless given)."""
        return self.n(
            "Mapping", Vector=v if v is not None else self.grain, Scale=scale, Location=loc, Rotation=rot
        ).outputs[0]

    def noise(self, v=None, scale=5, detail=3, rough=0.55, dist=0):
        """Fractal noise, about 0..1."""
        return self.n(
            "TexNoise",
            Vector=v if v is not None else self.grain,
            Scale=scale,
            Detail=detail,
            Roughness=rough,
            Distortion=dist,
        ).outputs[0]

    def math(self, op, a, b=0.0, clamp=False):
        """An arithmetic node."""
        return self.n("Math", {"operation": op, "use_clamp": clamp}, i0=a, i1=b).outputs[0]

    def mix(self, f, a, b, blend="MIX"):
        """Color a blended with b by factor f."""
        nd = self.n("Mix", {"data_type": "RGBA", "blend_type": blend})
        self.set(nd.inputs[0], f)
        self.set(nd.inputs[6], a)
        self.set(nd.inputs[7], b)
        return nd.outputs[2]

    def ramp(self, f, stops, interp="LINEAR"):
        """Factor f to colors or numbers by (position, value) stops."""
        nd = self.n("ValToRGB", i0=f)
        e = nd.color_ramp
        e.interpolation = interp
        while len(e.elements) < len(stops):
            e.elements.new(0.5)
        for el, (p, c) in zip(e.elements, stops, strict=False):
            el.position = p
            el.color = c if not np.isscalar(c) else (c, c, c, 1)
        return nd.outputs[0]

    def bump(self, h, strength=0.2, dist=0.01):
        """A normal from a height; dist in meters."""
        return self.n("Bump", Height=h, Strength=strength, Distance=dist).outputs[0]

    def bsdf(self, color, rough=0.5, **k):
        """A principled surface."""
        b = self.n("BsdfPrincipled")
        self.set(b.inputs["Base Color"], color)
        self.set(b.inputs["Roughness"], rough)
        for a, v in k.items():
            self.set(b.inputs[a.replace("_", " ")], v)
        return b

    def done(self, sh, avg=None):
        """Finish with this shader.

        avg: mean color; diffuse bounces then see a plain surface, which is much cheaper.
        """
        if avg is not None:
            lp = self.n("LightPath").outputs["Is Diffuse Ray"]
            sh = self.n("MixShader", i0=lp, i1=sh, i2=self.n("BsdfDiffuse", Color=(*avg[:3], 1)))
        self.m.cycles.emission_sampling = "NONE"
        self.t.links.new(sh.outputs[0] if isinstance(sh, bpy.types.Node) else sh, self.out.inputs[0])
        return self.m


def cached(fn):
    """Make a material once per scene and set of arguments."""

    def w(*a, **k):
        key = (fn.__name__, repr(a), repr(sorted(k.items())))
        if key not in world.materials:
            world.materials[key] = fn(*a, **k)
        return world.materials[key]

    w.__name__ = fn.__name__
    return w


def as_color(c):
    """Linear RGBA from '#rrggbb' or RGBA."""
    return rgb(c) if isinstance(c, str) else tuple(c)


@cached
def m_paint(c, rough=0.55, var=0.05, bump=0.06, scale=1.0, coat=0.0, spec=0.35):
    """Wall paint, paper: matt, faintly uneven."""
    t, c = Nodes("paint"), as_color(c)
    f = t.noise(scale=1.3 * scale, detail=2)
    base = t.mix(f, scaled(c, 1 - var * 1.6), scaled(c, 1 + var))
    k = {}
    if bump:
        k["Normal"] = t.bump(t.noise(scale=55 * scale, detail=1), bump, 0.004)
    return t.done(t.bsdf(base, rough, Specular_IOR_Level=spec, Coat_Weight=coat, **k), c)


@cached
def m_wood(c, dark=0.55, rough=0.42, scale=1.0, coat=0.0, tonevar=0.22):
    """Wood with fibers along the grain."""
    t, c = Nodes("wood"), as_color(c)
    v = t.map(scale=(0.9 * scale, 9 * scale, 9 * scale))
    a = t.noise(v, 1.6, 4, 0.6, 0.6)
    ring = t.math("FRACT", t.math("MULTIPLY", a, 7.0))
    ring = t.math("ABSOLUTE", t.math("SUBTRACT", ring, 0.5))
    fib = t.noise(t.map(scale=(2.5 * scale, 90 * scale, 90 * scale)), 1.5, 3, 0.6)
    f = t.math("ADD", t.math("MULTIPLY", ring, 0.75), t.math("MULTIPLY", fib, 0.55), True)
    cd = scaled((c[0], c[1] * 0.93, c[2] * 0.82, 1), dark)
    base = t.ramp(f, [(0.12, cd), (0.42, mixed(cd, c, 0.65)), (0.8, scaled(c, 1.08))])
    tn = t.tone()
    base = t.mix(1.0, base, t.ramp(tn, [(0, 1 - tonevar), (1, 1 + tonevar * 0.35)]), "MULTIPLY")
    nrm = t.bump(fib, 0.12, 0.004)
    return t.done(
        t.bsdf(
            base,
            t.ramp(f, [(0, rough * 1.15), (1, rough * 0.85)]),
            Normal=nrm,
            Coat_Weight=coat,
            Coat_Roughness=0.15,
        ),
        scaled(mixed(cd, c, 0.7), 0.92),
    )


@cached
def m_fabric(c, pat=None, c2="#ffffff", size=0.08, rough=0.9, sheen=0.35, var=0.1, bump=0.35, transl=0.0):
    """Cloth; pat: None, stripe, check, dots, lines, zig, blotch in color c2, `size` meters apart."""
    t, c, c2 = Nodes("fabric"), as_color(c), as_color(c2)
    base = None
    g = t.grain
    if pat:
        s = t.n("SeparateXYZ", Vector=g).outputs
        if pat == "stripe":
            f = t.math("FRACT", t.math("DIVIDE", s[0], size))
            f = t.ramp(f, [(0, 0.0), (0.62, 0.0), (0.64, 1.0), (0.98, 1.0)], "LINEAR")
        elif pat == "check":
            a = t.math("GREATER_THAN", t.math("FRACT", t.math("DIVIDE", s[0], size)), 0.5)
            b = t.math("GREATER_THAN", t.math("FRACT", t.math("DIVIDE", s[1], size)), 0.5)
            f = t.math("MULTIPLY", t.math("ADD", a, b), 0.5)
        elif pat == "dots":
            d = t.n("TexVoronoi", {"feature": "F1"}, Vector=g, Scale=1 / size, Randomness=0.0).outputs[0]
            f = t.math("LESS_THAN", d, 0.27)
        elif pat == "lines":
            f = t.math("LESS_THAN", t.math("FRACT", t.math("DIVIDE", s[1], size)), 0.12)
        elif pat == "zig":
            z = t.math("ABSOLUTE", t.math("SUBTRACT", t.math("FRACT", t.math("DIVIDE", s[0], size)), 0.5))
            f = t.math("GREATER_THAN", t.math("FRACT", t.math("ADD", t.math("DIVIDE", s[1], size), z)), 0.5)
        else:  # blotches
            f = t.ramp(t.noise(scale=0.6 / size, detail=2), [(0.5, 0.0), (0.56, 1.0)])
        base = t.mix(f, c, c2)
    else:
        base = c
    f = t.noise(scale=7, detail=3, rough=0.7)
    base = t.mix(1.0, base, t.ramp(f, [(0.25, 1 - var * 1.6), (0.75, 1 + var)]), "MULTIPLY")
    w = t.noise(scale=190, detail=0, rough=0.8)
    b = t.bsdf(
        base,
        rough,
        Sheen_Weight=sheen,
        Sheen_Roughness=0.5,
        Specular_IOR_Level=0.2,
        Normal=t.bump(w, bump, 0.004),
    )
    if transl:
        tr = t.n("BsdfTranslucent", Color=base)
        return t.done(t.n("MixShader", i0=transl, i1=b, i2=tr))
    return t.done(b, mixed(c, c2, 0.35) if pat else c)


@cached
def m_metal(c="#c8c4bc", rough=0.28):
    """Bare metal."""
    t, c = Nodes("metal"), as_color(c)
    f = t.noise(scale=9, detail=2)
    return t.done(t.bsdf(c, t.ramp(f, [(0.2, rough * 0.92), (0.8, rough * 1.08)]), Metallic=1.0))


@cached
def m_gloss(c, rough=0.22, coat=0.4, var=0.02):
    """Ceramic, plastic, lacquer, car paint."""
    t, c = Nodes("gloss"), as_color(c)
    f = t.noise(scale=3, detail=2)
    return t.done(
        t.bsdf(
            t.mix(f, scaled(c, 1 - var), scaled(c, 1 + var)), rough, Coat_Weight=coat, Coat_Roughness=0.06
        ),
        c,
    )


@cached
def m_pane(tint=0.55):
    """Window glass: clear to light, a gray filter to the camera so that the view is not burnt out."""
    t = Nodes("pane")
    lp = t.n("LightPath").outputs
    tr = t.n(
        "BsdfTransparent", Color=t.mix(lp[0], (0.97, 0.98, 0.98, 1), (tint, tint * 1.01, tint * 1.03, 1))
    )
    gl = t.n("BsdfGlossy", Color=(1, 1, 1, 1), Roughness=0.02)
    fr = t.math("MULTIPLY", t.n("Fresnel", IOR=1.4).outputs[0], lp[0])
    return t.done(t.n("MixShader", i0=fr, i1=tr, i2=gl))


@cached
def m_clearglass(c="#f4fbfa"):
    """Glass of vessels."""
    t, c = Nodes("glass"), as_color(c)
    tr = t.n("BsdfTransparent", Color=mixed((1, 1, 1, 1), c, 0.8))
    gl = t.n("BsdfGlossy", Color=(1, 1, 1, 1), Roughness=0.03)
    fr = t.n("LayerWeight", Blend=0.35).outputs[0]
    return t.done(t.n("MixShader", i0=t.math("ADD", t.math("MULTIPLY", fr, 0.6), 0.04), i1=tr, i2=gl))


def m_headlight():
    """The glass of a headlight; it shines when the lamps of the street do."""
    return m_emit("#fff3d8", 8 * lamps()) if lamps() else m_gloss("#e9eef0", 0.08, 1.0)


@cached
def m_emit(c, strength):
    """A surface that shines."""
    t = Nodes("emit")
    return t.done(t.n("Emission", Color=as_color(c), Strength=strength))


@cached
def m_shade(c, glow, warm="#ffd9a0"):
    """A lamp shade: translucent cloth, softly glowing."""
    t, c = Nodes("shade"), as_color(c)
    b = t.bsdf(c, 0.9)
    tr = t.n("BsdfTranslucent", Color=c)
    s = t.n("MixShader", i0=0.45, i1=b, i2=tr)
    e = t.n("Emission", Color=mixed(c, rgb(warm), 0.6), Strength=glow)
    return t.done(t.n("AddShader", i0=s, i1=e))


@cached
def m_leaf(c, c2=None, rough=0.45, transl=0.35, spec=0.4):
    """Leaves and blades: tone runs from dark c to light c2."""
    t, c = Nodes("leaf"), as_color(c)
    c2 = as_color(c2) if c2 is not None else scaled((c[0] * 1.5, c[1] * 1.25, c[2] * 0.8, 1), 1.1)
    f = t.tone()
    base = t.ramp(f, [(0, scaled(c, 0.6)), (0.55, c), (1, c2)])
    b = t.bsdf(base, rough, Specular_IOR_Level=spec)
    tr = t.n("BsdfTranslucent", Color=t.mix(1.0, base, (1.25, 1.2, 0.6, 1), "MULTIPLY"))
    return t.done(t.n("MixShader", i0=transl, i1=b, i2=tr))


def np_image(a):
    """A Blender image from a float array h x w x 3 (sRGB, row 0 on top)."""
    h, w = a.shape[:2]
    im = bpy.data.images.new(f"image{world.images}", w, h)
    world.images += 1
    buf = np.ones((h, w, 4), np.float32)
    buf[..., :3] = np.clip(a[::-1], 0, 1)
    im.pixels.foreach_set(buf.ravel())
    im.update()
    im.pack()
    return im


def m_image(arr, rough=0.7, bump=0, sheen=0, emit=0, coat=0.0):
    """A picture on a surface, by its UVs."""
    t = Nodes("img")
    uv = t.n("UVMap").outputs[0]
    im = t.n("TexImage", {"image": np_image(arr), "extension": "EXTEND"}, Vector=uv)
    k = {}
    if bump:
        k["Normal"] = t.bump(t.noise(scale=150, detail=3, rough=0.8), bump, 0.01)
    if emit:
        k["Emission_Color"] = im.outputs[0]
        k["Emission_Strength"] = emit
    return t.done(
        t.bsdf(im.outputs[0], rough, Sheen_Weight=sheen, Coat_Weight=coat, **k),
        None if emit else (np.asarray(arr).reshape(-1, 3) ** 2.2).mean(0),
    )


@cached
def m_brick(c, c2, mortar="#b9b2a6", bw=0.24, bh=0.075, rough=0.85, bump=0.5, msize=0.012, axis="xz"):
    """Bricks on a vertical wall, bw x bh meters.

    Z and the running horizontal direction are taken from grain.
    """
    t, c, c2, mo = Nodes("brick"), as_color(c), as_color(c2), as_color(mortar)
    s = t.n("SeparateXYZ", Vector=t.grain).outputs
    geo = t.n("TexCoord").outputs["Normal"]
    ns = t.n("SeparateXYZ", Vector=geo).outputs
    # choose x or y as the running direction from the object-space normal
    side = t.math("GREATER_THAN", t.math("ABSOLUTE", ns[0]), 0.5)
    u = t.math("ADD", t.math("MULTIPLY", s[0], t.math("SUBTRACT", 1.0, side)), t.math("MULTIPLY", s[1], side))
    v = t.n("CombineXYZ", X=u, Y=s[2] if axis == "xz" else s[1], Z=0.0).outputs[0]
    wob = t.n(
        "VectorMath",
        {"operation": "ADD"},
        i0=v,
        i1=t.n(
            "VectorMath",
            {"operation": "SCALE"},
            i0=t.n("TexNoise", Vector=t.grain, Scale=9.0).outputs[1],
            Scale=0.008,
        ).outputs[0],
    ).outputs[0]
    br = t.n(
        "TexBrick",
        Vector=wob,
        Color1=c,
        Color2=c2,
        Mortar=mo,
        Scale=1.0,
        Mortar_Size=msize,
        Mortar_Smooth=0.3,
        Bias=0.0,
        Brick_Width=bw,
        Row_Height=bh,
    )
    f = t.noise(scale=0.7, detail=6)
    base = t.mix(1.0, br.outputs[0], t.ramp(f, [(0.25, 0.72), (0.75, 1.12)]), "MULTIPLY")
    fine = t.noise(scale=60, detail=3)
    base = t.mix(0.25, base, t.ramp(fine, [(0.3, 0.5), (0.7, 1.0)]), "MULTIPLY")
    h = t.math("SUBTRACT", t.math("MULTIPLY", fine, 0.4), br.outputs[1])
    return t.done(
        t.bsdf(base, rough, Normal=t.bump(h, bump, 0.012), Specular_IOR_Level=0.2),
        scaled(mixed(c, c2, 0.5), 0.88),
    )


@cached
def m_tiles(
    c, c2, grout="#8d8a84", w=0.3, h=0.3, rough=0.25, off=0.0, gap=0.006, plane="xy", bump=0.3, var=0.12
):
    """Tiles w x h meters with grout `gap`; plane: xy (floors) or xz (walls); off: shift of every
    second row.
    """
    t, c, c2, g = Nodes("tiles"), as_color(c), as_color(c2), as_color(grout)
    s = t.n("SeparateXYZ", Vector=t.grain).outputs
    if plane == "xy":
        v = t.n("CombineXYZ", X=s[0], Y=s[1], Z=0.0).outputs[0]
    else:
        v = t.n("CombineXYZ", X=t.math("ADD", s[0], s[1]), Y=s[2], Z=0.0).outputs[0]
    br = t.n(
        "TexBrick",
        {"offset": off},
        Vector=v,
        Color1=c,
        Color2=c2,
        Mortar=g,
        Scale=1.0,
        Mortar_Size=gap,
        Mortar_Smooth=0.2,
        Bias=0.0,
        Brick_Width=w,
        Row_Height=h,
    )
    f = t.noise(scale=2.2, detail=6, rough=0.65, dist=0.6)
    base = t.mix(1.0, br.outputs[0], t.ramp(f, [(0.3, 1 - var), (0.7, 1 + var * 0.5)]), "MULTIPLY")
    return t.done(
        t.bsdf(
            base,
            t.mix(br.outputs[1], (rough, rough, rough, 1), (0.8, 0.8, 0.8, 1)),
            Normal=t.bump(t.math("SUBTRACT", 0.0, br.outputs[1]), bump, 0.006),
        ),
        mixed(c, c2, 0.5),
    )


@cached
def m_concrete(c="#9d9a94", rough=0.8, var=0.22, scale=1.0, bump=0.15, fine=0.15):
    """Concrete, stucco, plaster."""
    t, c = Nodes("concrete"), as_color(c)
    a = t.noise(scale=0.45 * scale, detail=8, rough=0.6)
    b = t.noise(scale=35 * scale, detail=4, rough=0.7)
    base = t.mix(
        1.0,
        t.ramp(a, [(0.25, scaled(c, 1 - var)), (0.5, c), (0.8, scaled(c, 1 + var * 0.5))]),
        t.ramp(b, [(0.3, 1 - fine), (0.7, 1 + fine * 0.5)]),
        "MULTIPLY",
    )
    return t.done(t.bsdf(base, rough, Normal=t.bump(b, bump, 0.01), Specular_IOR_Level=0.3), c)


@cached
def m_marble(c="#eceae6", vein="#8b8a8c", rough=0.15):
    """Stone with veins."""
    t, c, v = Nodes("marble"), as_color(c), as_color(vein)
    a = t.noise(scale=2.0, detail=8, rough=0.6, dist=1.6)
    d = t.math("ABSOLUTE", t.math("SUBTRACT", a, 0.5))
    base = t.ramp(d, [(0, mixed(c, v, 0.75)), (0.03, mixed(c, v, 0.2)), (0.1, c)])
    return t.done(t.bsdf(base, rough, Coat_Weight=0.3), c)


@cached
def m_ground(c, c2, scale=3.0, lo=0.42, hi=0.58, rough=0.85, bump=0.3, bscale=25, bdist=0.03, detail=6):
    """Natural ground of two colors: earth, grass, rock."""
    t = Nodes("ground")
    a = t.noise(scale=scale, detail=detail, rough=0.65)
    b = t.noise(scale=bscale, detail=5, rough=0.7)
    base = t.mix(
        1.0,
        t.ramp(a, [(lo, as_color(c)), (hi, as_color(c2))]),
        t.ramp(b, [(0.25, 0.68), (0.75, 1.15)]),
        "MULTIPLY",
    )
    return t.done(
        t.bsdf(base, rough, Normal=t.bump(b, bump, bdist), Specular_IOR_Level=0.2),
        scaled(mixed(as_color(c), as_color(c2), 0.5), 0.95),
    )


@cached
def m_sheer():
    """Net curtain."""
    t = Nodes("sheer")
    b = t.bsdf((0.9, 0.9, 0.88, 1), 0.9)
    tr = t.n("BsdfTranslucent", Color=(0.9, 0.9, 0.88, 1))
    s = t.n("MixShader", i0=0.5, i1=b, i2=tr)
    p = t.n("BsdfTransparent", Color=(1, 1, 1, 1))
    return t.done(t.n("MixShader", i0=0.45, i1=s, i2=p))


@cached
def m_gauze(c="#3d4144", cover=0.55):
    """Insect screen: wire too fine to see, which darkens what is behind it. cover: 0..1."""
    t = Nodes("gauze")
    p = t.n("BsdfTransparent", Color=(1, 1, 1, 1))
    return t.done(t.n("MixShader", i0=cover, i1=p, i2=t.bsdf(as_color(c), 0.7)))


@cached
def m_checker(a, b, s=0.33):
    """Checkered floor, fields of s meters."""
    t = Nodes("checker")
    c = t.n("TexChecker", Vector=t.grain, Color1=as_color(a), Color2=as_color(b), Scale=1 / s)
    f = t.noise(scale=2.0, detail=7, dist=1.0)
    return t.done(t.bsdf(t.mix(1.0, c.outputs[0], t.ramp(f, [(0.3, 0.85), (0.7, 1.05)]), "MULTIPLY"), 0.2))


@cached
def m_facade_glass(tint="#2a3a46", metal=0.45):
    """Windows seen from outside; tone chooses dark rooms or drawn curtains."""
    t = Nodes("fglass")
    tn = t.tone()
    base = t.ramp(
        tn,
        [
            (0, rgb(tint)),
            (0.55, scaled(rgb(tint), 1.6)),
            (0.56, rgb("#a9a498")),
            (0.68, rgb("#c4beb0")),
            (0.69, scaled(rgb(tint), 0.7)),
            (1.0, scaled(rgb(tint), 1.3)),
        ],
        "CONSTANT",
    )
    glow = {}
    if lamps():  # in some rooms somebody is at home
        lit = [(0, 0.0), (0.2, 1.0), (0.42, 0.0), (0.56, 0.9), (0.68, 0.5), (0.76, 0.0)]
        glow = {"Emission_Color": rgb("#ffc578")}
        glow["Emission_Strength"] = t.math("MULTIPLY", t.ramp(tn, lit, "CONSTANT"), 1.1 * lamps())
    return t.done(t.bsdf(base, 0.07, Metallic=metal, Specular_IOR_Level=0.9, **glow), rgb(tint))


@cached
def m_asphalt():
    """Road surface with cracks."""
    t = Nodes("asphalt")
    a = t.noise(scale=0.25, detail=4, rough=0.6)
    b = t.noise(scale=45, detail=2, rough=0.8)
    cr = t.n("TexVoronoi", {"feature": "DISTANCE_TO_EDGE"}, Vector=t.grain, Scale=0.35).outputs[0]
    base = t.mix(
        1.0,
        t.ramp(a, [(0.3, rgb("#55565a")), (0.7, rgb("#6d6d6e"))]),
        t.ramp(b, [(0.25, 0.75), (0.75, 1.15)]),
        "MULTIPLY",
    )
    base = t.mix(1.0, base, t.ramp(cr, [(0, 0.8), (0.012, 1.0)]), "MULTIPLY")
    return t.done(t.bsdf(base, 0.85, Normal=t.bump(b, 0.35, 0.02)), rgb("#5d5d60"))


@cached
def m_roof(c="#8a4b38", w=0.25, h=0.3):
    """Roof tiles w x h meters; grain = (along the eaves, up the slope, -)."""
    t, c = Nodes("roof"), as_color(c)
    s = t.n("SeparateXYZ", Vector=t.grain).outputs
    v = t.n("CombineXYZ", X=s[0], Y=s[1], Z=0.0).outputs[0]
    br = t.n(
        "TexBrick",
        {"offset": 0.5},
        Vector=v,
        Color1=scaled(c, 1.1),
        Color2=scaled(c, 0.75),
        Mortar=scaled(c, 0.35),
        Scale=1.0,
        Mortar_Size=0.018,
        Bias=0.0,
        Brick_Width=w,
        Row_Height=h,
    )
    f = t.noise(scale=0.6, detail=5)
    base = t.mix(1.0, br.outputs[0], t.ramp(f, [(0.3, 0.75), (0.7, 1.1)]), "MULTIPLY")
    row = t.math("FRACT", t.math("DIVIDE", s[1], h))
    hh = t.math("SUBTRACT", t.math("SUBTRACT", 1.0, row), br.outputs[1])
    return t.done(t.bsdf(base, 0.8, Normal=t.bump(hh, 0.5, 0.04)), c)


@cached
def m_siding(c, h=0.16):
    """Clapboard, h meters per board."""
    t, c = Nodes("siding"), as_color(c)
    s = t.n("SeparateXYZ", Vector=t.grain).outputs
    r = t.math("FRACT", t.math("DIVIDE", s[2], h))
    f = t.noise(scale=0.8, detail=4)
    base = t.mix(
        1.0,
        t.mix(1.0, c, t.ramp(r, [(0, 0.55), (0.1, 0.97), (1, 1.03)]), "MULTIPLY"),
        t.ramp(f, [(0.3, 0.93), (0.7, 1.03)]),
        "MULTIPLY",
    )
    return t.done(t.bsdf(base, 0.6, Normal=t.bump(t.math("SUBTRACT", 1.0, r), 0.5, 0.03)), c)


@cached
def m_simple(c, rough=0.6, metallic=0.0, emit=0.0):
    """Plain color; needs no attributes, so it suits lettering."""
    t = Nodes("simple")
    b = t.bsdf(as_color(c), rough, Metallic=metallic)
    if emit:
        t.set(b.inputs["Emission Color"], as_color(c))
        t.set(b.inputs["Emission Strength"], emit)
    return t.done(b)


def m_bark(c="#5d4a3a"):
    """Bark."""
    return m_wood(c, dark=0.45, rough=0.9, scale=1.4)


@cached
def m_mountain(snow=0.62, base="#5f7048", rock="#7d7870", scale=1.0):
    """Grass below, rock where steep or high, snow above `snow` (relative height 0..1, from tone)."""
    t = Nodes("mountain")
    geo = t.n("NewGeometry").outputs
    nz = t.n("SeparateXYZ", Vector=geo["Normal"]).outputs[2]
    pz = t.tone()  # relative height, stored per vertex
    f = t.noise(scale=0.02 * scale, detail=5)
    hgt = t.math("ADD", pz, t.math("MULTIPLY", t.math("SUBTRACT", f, 0.5), 0.35))
    b = t.noise(scale=0.12 * scale, detail=4, rough=0.7)
    rk = t.mix(
        1.0,
        t.ramp(f, [(0.3, scaled(rgb(rock), 0.7)), (0.7, scaled(rgb(rock), 1.15))]),
        t.ramp(b, [(0.3, 0.75), (0.7, 1.1)]),
        "MULTIPLY",
    )
    gr = t.mix(
        1.0,
        t.ramp(f, [(0.3, scaled(rgb(base), 0.7)), (0.7, rgb(base))]),
        t.ramp(b, [(0.3, 0.7), (0.7, 1.15)]),
        "MULTIPLY",
    )
    steep = t.ramp(nz, [(0.62, 1.0), (0.8, 0.0)])
    high = t.ramp(hgt, [(0.32, 0.0), (0.5, 1.0)])
    c = t.mix(t.math("MAXIMUM", steep, high), gr, rk)
    sn = t.math(
        "MULTIPLY", t.ramp(hgt, [(snow, 0.0), (snow + 0.07, 1.0)]), t.ramp(nz, [(0.45, 0.0), (0.62, 1.0)])
    )
    c = t.mix(sn, c, (0.82, 0.86, 0.92, 1))
    return t.done(t.bsdf(c, 0.9, Normal=t.bump(b, 0.5, 4.0), Specular_IOR_Level=0.1))


@cached
def m_water(c="#1d4250", scale=1.0, rough=0.05, bump=0.35):
    """Water with ripples."""
    t = Nodes("water")
    a = t.noise(t.map(scale=(1.2 * scale, 0.35 * scale, 1)), 1.6, 3, 0.55)
    b = t.noise(t.map(scale=(5 * scale, 1.4 * scale, 1)), 1.8, 2, 0.5)
    n = t.bump(t.math("ADD", a, t.math("MULTIPLY", b, 0.35)), bump, 0.06)
    big = t.noise(t.map(scale=(0.02, 0.006, 1)), 1.0, 3)
    d = t.n("BsdfDiffuse", Color=t.mix(big, scaled(as_color(c), 0.35), scaled(as_color(c), 0.75)), Normal=n)
    g = t.n("BsdfGlossy", Color=(0.95, 0.97, 1, 1), Roughness=rough, Normal=n)
    f = t.n("Fresnel", IOR=1.36, Normal=n).outputs[0]
    return t.done(t.n("MixShader", i0=f, i1=d, i2=g), scaled(as_color(c), 0.6))
