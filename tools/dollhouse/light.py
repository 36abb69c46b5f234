"""Light: the sky with its clouds and sun, daylight through windows, and how the picture is developed."""

import math
from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .materials import Nodes, rgb
from .mood import outdoor_mood
from .world import world


@dataclass
class Look:
    """How a scene is developed, from linear light to a picture.

    target: brightness of the average (geometric mean) pixel before tone mapping, sky and panes left out.
    white_balance: 0..1, how far the average color is pulled to gray. saturation: 1 leaves colors alone.
    fog: 1/m, density of the haze that takes on the color of the horizon; None for none.
    """

    outdoor: bool
    target: float
    light: dict = field(default_factory=dict)  # goes into the recipe
    white_balance: float = 0.0
    saturation: float = 1.0
    fog: float | None = None


def room_look(mood):
    """The look of a room in a mood of `style.MOODS`."""
    return Look(False, {"dusk": 0.19, "golden": 0.24}.get(mood, 0.27), {"mood": mood}, white_balance=0.35)


def outdoor_look(elevation, fog, target):
    """The look of a scene under an open sky; elevation of the sun in radians, target by day."""
    mood = outdoor_mood()
    target *= {"dusk": 0.62, "night": 0.42}.get(mood, 1)
    if mood == "day" and elevation < 0.35:
        mood = "low sun"
    light = {"mood": mood, "sun_elevation_deg": round(math.degrees(elevation), 1)}
    fog = 1.6 * fog if mood == "overcast" else fog
    return Look(True, target, light, saturation=1.1, fog=fog)


def _clouds(t, clear, elevation, azimuth, amount, strength):
    """Clouds from noise over the clear sky; what lights the scene is a cheaper mean of both."""
    xyz = t.n("SeparateXYZ", Vector=t.n("TexCoord").outputs["Generated"]).outputs
    k = t.math(
        "ADD", t.math("MAXIMUM", xyz[2], 0.0), 0.16
    )  # the plane of the clouds, bent down at the horizon
    x, y = t.math("DIVIDE", xyz[0], k), t.math("DIVIDE", xyz[1], k)
    v = t.n("CombineXYZ", X=x, Y=y, Z=world.rng.uniform(0, 50)).outputs[0]
    cover = t.noise(v, 0.85, 8, 0.58, 0.25)
    low = 0.66 - 0.24 * amount
    m = t.ramp(cover, [(low, 0.0), (low + 0.10, 0.75), (low + 0.22, 1.0)])
    m = t.math("MULTIPLY", m, t.ramp(xyz[2], [(0.0, 0.0), (0.07, 1.0)]))
    # lit towards the sun: the difference of the noise with itself, shifted sunwards
    towards = (math.sin(azimuth) * 0.09, math.cos(azimuth) * 0.09, 0)
    shifted = t.n("VectorMath", {"operation": "ADD"}, i0=v, i1=towards).outputs[0]
    relief = t.math("SUBTRACT", cover, t.noise(shifted, 0.85, 5, 0.58, 0.25))
    lum = 9.0 * max(0.08, math.sin(max(elevation, 0.02)) ** 0.7)
    warm = rgb("#fffaf4") if elevation > 0.3 else rgb("#ffe2c0")
    shade = (*(lum * 0.58 * x for x in (0.86, 0.92, 1.0)), 1)
    bright = (*(lum * 1.7 * x for x in warm[:3]), 1)
    lit = t.math("ADD", t.math("MULTIPLY", relief, 3.2), 0.5)
    seen = t.mix(m, clear, t.ramp(lit, [(0.2, shade), (0.75, bright)]))
    mean = t.mix(0.75 * amount, clear, (*(lum * 0.3 * x for x in warm[:3]), 1))
    return t.n(
        "MixShader",
        i0=t.n("LightPath").outputs[0],
        i1=t.n("Background", Color=mean, Strength=strength),
        i2=t.n("Background", Color=seen, Strength=strength),
    )


def sky(elevation, azimuth, strength=1.0, clouds=0.0, sun=True, dust=0.5, sun_scale=1.0, sun_size=0.0095):
    """Physical sky, clouds, and a matching sun lamp.

    elevation, azimuth (clockwise from +y), sun_size (the sun's diameter): radians. clouds: 0..1 cover.
    """
    sc = bpy.context.scene
    w = sc.world = bpy.data.worlds.new("sky")
    t = Nodes.of_world(w)
    options = {"sky_type": "NISHITA", "sun_disc": False, "sun_elevation": elevation}
    options |= {"sun_rotation": azimuth % (2 * math.pi), "dust_density": dust, "altitude": 200}
    clear = t.n("TexSky", options).outputs[0]
    if clouds > 0:
        background = _clouds(t, clear, elevation, azimuth, clouds, strength)
    else:
        background = t.n("Background", Color=clear, Strength=strength)
    t.t.links.new(background.outputs[0], t.out.inputs[0])
    w.cycles.sampling_method = "MANUAL"
    w.cycles.sample_map_resolution = 256
    if sun:
        lamp = bpy.data.lights.new("sun", "SUN")
        air = max(math.sin(elevation), 0.0) + 0.06
        # rough solar transmission: warm and weak when the sun is low
        passed = np.exp(-np.array([0.10, 0.19, 0.42]) * (1.0 + 0.5 * (dust - 1)) / max(air, 0.07))
        lamp.color = tuple(passed / passed.max())
        lamp.energy = 52 * passed.max() * strength * sun_scale
        lamp.angle = sun_size
        ob = bpy.data.objects.new("sun", lamp)
        horizontal = math.cos(elevation)
        d = Vector((math.sin(azimuth) * horizontal, math.cos(azimuth) * horizontal, math.sin(elevation)))
        ob.rotation_euler = d.to_track_quat("Z", "Y").to_euler()
        sc.collection.objects.link(ob)


def outdoor_sky(degrees=(105, 160), elevation=None, clouds=None):
    """The sky of this scene's mood; by day the sun is `degrees` (a range) to the left or right of the view.

    elevation (radians) and clouds (0..1) hold by day. Returns the elevation of the sun, negative at night.
    """
    rng, mood = world.rng, outdoor_mood()
    if mood == "overcast":
        el = rng.uniform(0.5, 0.8)
        sky(el, rng.uniform(0, 6), 1.0, clouds=1.0, sun_size=0.2, sun_scale=0.12)
        return el
    if mood == "dusk":  # the sun is about to set, or has; its glow is in front of the camera
        el = rng.uniform(-0.02, 0.05)
        sky(el, rng.uniform(-0.9, 0.9), 0.12, clouds=rng.choice([0, 0.35, 0.6]), sun=False, dust=1.3)
        return el
    if mood == "night":
        night_sky()
        return -0.3
    azimuth = math.radians(rng.choice([-1, 1]) * rng.uniform(*degrees))
    el = elevation or rng.choice([rng.uniform(0.5, 0.85), rng.uniform(0.45, 0.7), rng.uniform(0.2, 0.3)])
    cover = rng.choice([0.35, 0.5, 0.65, 0.8]) if clouds is None else clouds
    low = el <= 0.35
    sky(el, azimuth, clouds=cover, sun_size=0.01, dust=1.0 if low else 0.4, sun_scale=1.3 if low else 1.0)
    return el


def night_sky():
    """Dark blue, brighter at the horizon, and a weak moon. The light tree finds the lamps that matter."""
    sc, rng = bpy.context.scene, world.rng
    w = sc.world = bpy.data.worlds.new("night")
    t = Nodes.of_world(w)
    up = t.n("SeparateXYZ", Vector=t.n("TexCoord").outputs["Generated"]).outputs[2]
    horizon = rng.choice(["#3a4468", "#4a4560", "#2f4264"])
    color = t.ramp(up, [(0, rgb(horizon)), (0.12, rgb("#222c4c")), (0.6, rgb("#0d1430"))])
    t.t.links.new(t.n("Background", Color=color, Strength=0.5).outputs[0], t.out.inputs[0])
    lamp = bpy.data.lights.new("moon", "SUN")
    lamp.color, lamp.energy, lamp.angle = (0.62, 0.74, 1.0), 0.12, 0.01
    ob = bpy.data.objects.new("moon", lamp)
    ob.rotation_euler = (0.6, 0, rng.uniform(0, 6.28))
    sc.collection.objects.link(ob)
    sc.cycles.use_light_tree = True


def _area(name, width, height, matrix):
    """A rectangular area light of this size in meters that shines along the frame's -z."""
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", width, height
    ob = bpy.data.objects.new(name, lamp)
    ob.matrix_world = matrix
    bpy.context.scene.collection.objects.link(ob)
    return ob


def portals(room):
    """Mark every window as a portal, so that Cycles looks for daylight there."""
    for wall, holes in room.open.items():
        for x0, x1, z0, z1, kind in holes:
            if kind == "window":
                with room.on(wall, (x0 + x1) / 2, 0.2, (z0 + z1) / 2):
                    inward = world.stack[-1] @ Matrix.Rotation(-math.pi / 2, 4, "X")
                _area("portal", x1 - x0, z1 - z0, inward).data.cycles.is_portal = True


def light_room(room, mood, main_wall):
    """Sky, sun through the windows of the main wall, and a weak fill from the house behind the camera."""
    rng = world.rng
    facing = {"back": 0, "left": -math.pi / 2, "right": math.pi / 2, "front": math.pi}[main_wall]
    side = rng.choice([-1, 1])
    if main_wall == "left":
        side = rng.choice([1, 1, -1])
    azimuth = facing + side * rng.uniform(0.35, 0.95)
    if mood == "sun":
        sky(rng.uniform(0.42, 0.75), azimuth, 1.0, clouds=rng.choice([0, 0.4, 0.6]), sun_size=0.012)
    elif mood == "golden":
        elevation, clouds = rng.uniform(0.14, 0.24), rng.choice([0, 0.5])
        sky(elevation, azimuth, 1.0, clouds=clouds, dust=1.6, sun_size=0.012, sun_scale=1.5)
    elif mood == "soft":
        elevation, away = rng.uniform(0.5, 0.8), facing + math.pi + rng.uniform(-0.4, 0.4)
        sky(elevation, away, 1.3, clouds=0.9, sun_size=0.03)
    else:  # dusk
        sky(rng.uniform(0.03, 0.07), azimuth + math.pi, 2.2, clouds=0.5, sun=False, dust=1.2)
    portals(room)
    matrix = Matrix.Translation((room.W / 2, 0.12, room.H * 0.55)) @ Matrix.Rotation(math.pi / 2, 4, "X")
    fill = _area("fill", room.W * 0.9, room.H * 0.8, matrix)
    weight = {"sun": 0.5, "golden": 0.28, "soft": 0.34, "dusk": 0.10}[mood]
    fill.data.energy = weight * fill.data.size * fill.data.size_y * math.pi * 0.5
    fill.visible_camera = fill.visible_glossy = False
