"""Render a scene: the picture, and exact maps of classes, objects and parts.

The picture is rendered at `supersample` times its size, denoised, exposed and scaled down. The labels are a
second rendering at the final size: one ray through each pixel's center writes the number of the leaf it hits.
"""

import math
import sys
import tempfile
import time

import numpy as np
from PIL import Image

from . import VERSION
from .dataset import Rendered, check_seed, depth_image
from .registry import check_kind, scene_maker
from .vocabulary import class_id

WIDTH, HEIGHT = 512, 384
FAR = 3000.0  # meters; the mist pass ends here
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


def require_bpy():
    """Import Blender's module; RuntimeError says how to get it."""
    try:
        import bpy
    except ImportError as e:
        cure = "Cure: pip install bpy==4.5.15 on Python 3.11"
        if sys.version_info[:2] != (3, 11):
            have = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise RuntimeError(
                f"Rendering needs Python 3.11, for which bpy is built; this is {have}. {cure}"
            ) from e
        raise RuntimeError(f"Rendering needs bpy, Blender as a Python module ({e}). {cure}") from e
    return bpy


def _new_scene(seed):
    """An empty Blender scene with Cycles set up."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    sc = bpy.context.scene
    sc.render.engine = "CYCLES"
    cy = sc.cycles
    cy.device = "CPU"
    cy.seed = seed & 0xFFFF
    cy.max_bounces, cy.diffuse_bounces, cy.glossy_bounces, cy.transmission_bounces = 8, 5, 3, 4
    cy.transparent_max_bounces = 12
    cy.caustics_reflective = cy.caustics_refractive = False
    cy.sample_clamp_indirect = 6.0
    cy.use_light_tree = False
    cy.denoiser = "OPENIMAGEDENOISE"
    cy.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cy.denoising_prefilter = "FAST"
    sc.view_settings.view_transform = "AgX"
    sc.view_settings.look = "AgX - Medium High Contrast"
    sc.render.resolution_percentage = 100


def _passes(folder, names, width, height):
    """Render and return the named passes as float arrays H x W x channels."""
    import bpy

    sc = bpy.context.scene
    sc.render.resolution_x, sc.render.resolution_y = width, height
    sc.use_nodes = True
    tree = sc.node_tree
    tree.nodes.clear()
    layers = tree.nodes.new("CompositorNodeRLayers")
    out = tree.nodes.new("CompositorNodeOutputFile")
    out.base_path = str(folder)
    out.format.file_format, out.format.color_depth, out.format.exr_codec = "OPEN_EXR", "32", "ZIP"
    out.file_slots.clear()
    for name in names:
        out.file_slots.new(name)
        tree.links.new(layers.outputs[name], out.inputs[name])
    bpy.ops.render.render(write_still=False)
    arrays = []
    for name in names:
        im = bpy.data.images.load(f"{folder}/{name}0001.exr")
        im.colorspace_settings.name = "Non-Color"
        a = np.empty(width * height * im.channels, np.float32)
        im.pixels.foreach_get(a)
        bpy.data.images.remove(im)
        arrays.append(a.reshape(height, width, -1)[::-1].copy())
    return arrays


def _light_passes(folder, width, height, samples, fog):
    """Linear light H x W x 3; with fog also the distance in meters and the share of the sky in each pixel."""
    import bpy

    sc, layer = bpy.context.scene, bpy.context.view_layer
    cy = sc.cycles
    cy.samples, cy.use_adaptive_sampling, cy.use_denoising = samples, False, True
    cy.pixel_filter_type, cy.filter_width = "BLACKMAN_HARRIS", 1.5
    names = ["Image"]
    if fog:
        layer.use_pass_mist = layer.use_pass_environment = True
        mist = sc.world.mist_settings
        mist.start, mist.depth, mist.falloff = 0, FAR, "LINEAR"
        names += ["Mist", "Env"]
    out = _passes(folder, names, width, height)
    layer.use_pass_mist = layer.use_pass_environment = False
    light = out[0][..., :3]
    return (light, out[1][..., 0] * FAR, out[2][..., :3]) if fog else (light, None, None)


def _label_passes(folder, width, height):
    """Leaf (int32) and depth (float32) at every pixel's center. No light, no soft edges.

    Depth is Cycles' Z pass: meters along the viewing axis, not along the ray; 1e10 where nothing is.
    """
    import bpy

    sc, layer = bpy.context.scene, bpy.context.view_layer
    cy = sc.cycles
    flat = bpy.data.materials.new("flat")
    flat.use_nodes = True
    layer.material_override = flat
    layer.use_pass_object_index = layer.use_pass_z = True
    cy.use_denoising, cy.samples, cy.max_bounces = False, 1, 0
    cy.pixel_filter_type, cy.filter_width = "BOX", 0.01
    leaf, depth = _passes(folder, ["IndexOB", "Depth"], width, height)
    return np.rint(leaf[..., 0]).astype(np.int32), depth[..., 0]


def _grown(a, radius, axes=(0, 1)):
    """Maximum of a over a square of this radius in pixels."""
    for ax in axes:
        a = np.max([np.roll(a, k, ax) for k in range(-radius, radius + 1)], axis=0)
    return a


def _haze(img, mist, env, depth, sky, density, ss):
    """Aerial perspective: things fade into the color of the sky just above the horizon."""
    h = sky.shape[0]
    if sky.sum() > 50:
        low = sky & (np.arange(h)[:, None] >= np.percentile(np.where(sky)[0], 60))
        color = np.median(img[::ss, ::ss][low], axis=0)
    else:
        color = np.array([0.55, 0.7, 0.95], np.float32) * np.median(img)
    # soft edges: each pixel is split into sky (the Env pass) and the rest, `solid` = share of the rest
    bright = env.sum(-1)
    brightest = _grown(bright, 4 * ss)
    solid = np.clip(1 - bright / np.maximum(brightest, 1e-6), 0, 1)
    solid[brightest < 1e-5] = 1
    distance = np.clip((mist - (1 - solid) * FAR) / np.maximum(solid, 0.05), 0, FAR)
    farthest = _grown(np.where(sky, 0, depth), 2).repeat(ss, 0).repeat(ss, 1)
    distance = np.minimum(distance, np.maximum(farthest, 1))
    k = (1 - np.exp(-distance * density))[..., None].astype(np.float32)
    rest = np.maximum(img - env, 0) * (1 - k)
    return np.minimum(img, env) + rest + (solid[..., None] * k * color).astype(np.float32)


def _exposure(img, mask, target):
    """Stops that bring the geometric mean of the picture (without sky and panes) to target."""
    lum = img @ LUMINANCE
    sky = mask == class_id("sky")
    m = ~sky & (mask != class_id("windowpane")) if sky.mean() < 0.75 else np.ones_like(sky)
    gain = target / float(np.exp(np.mean(np.log(np.maximum(lum[m], 1e-4)))))
    high = np.percentile(lum[m], 97) * gain
    if high > 2.6:  # keep the highlights of very uneven light
        gain *= (2.6 / high) ** 0.4
    return math.log2(gain)


def _develop(folder, img, exposure):
    """Linear light to an 8-bit sRGB picture, through Blender's AgX."""
    import bpy

    sc = bpy.context.scene
    h, w = img.shape[:2]
    sc.view_settings.exposure = exposure
    im = bpy.data.images.new("linear", w, h, float_buffer=True)
    rgba = np.ones((h, w, 4), np.float32)
    rgba[..., :3] = img[::-1]
    im.pixels.foreach_set(rgba.ravel())
    im.update()
    settings = sc.render.image_settings
    settings.file_format, settings.color_depth, settings.color_mode = "PNG", "8", "RGB"
    im.save_render(f"{folder}/picture.png", scene=sc)
    bpy.data.images.remove(im)
    with Image.open(f"{folder}/picture.png") as picture:
        return picture.convert("RGB")


def label_maps(world, leaf, outdoor):
    """From the leaf in each pixel (H x W) to class, object and part maps; only what is seen, numbered from 1.

    Returns {"mask": uint8, "instances": uint16, "parts": (uint16, uint16), "objects": rows for the recipe}.
    """
    objects = list(world.objects)
    owner, part1, part2 = np.moveaxis(np.array(world.leaves)[leaf], -1, 0)
    if outdoor:  # rays that hit nothing saw the sky
        objects.append(("sky", class_id("sky")))
        owner = np.where(leaf == 0, len(objects), owner)

    def renumber(ids, *maps):
        table = np.zeros(max(ids, default=0) + 1, np.uint16)
        table[ids] = np.arange(1, len(ids) + 1)
        return [table[m] for m in maps]

    seen = [int(i) for i in np.unique(owner) if i]
    seen_parts = [int(i) for i in np.union1d(part1, part2) if i]
    mask = np.array([0] + [c for _, c in objects], np.uint8)[owner]
    (instances,) = renumber(seen, owner)
    parts = renumber(seen_parts, part1, part2)
    new_id = {old: i + 1 for i, old in enumerate(seen_parts)}
    rows = []
    for i, old in enumerate(seen, start=1):
        name, official = objects[old - 1]
        row = {
            "id": i,
            "class": name.replace("_", " "),  # as data/classes.csv spells it
            "class_id": official,
            "pixels": int((instances == i).sum()),
            "parts": [],
        }
        rows.append(row)
    for old in seen_parts:
        name, level, parent, object_id = world.parts[old - 1]
        row = {"id": new_id[old], "name": name, "level": level, "parent": new_id[parent] if parent else None}
        rows[seen.index(object_id)]["parts"].append(row)
    return {"mask": mask, "instances": instances, "parts": tuple(parts), "objects": rows}


def _build(kind, seed):
    """Build a scene in Blender; its world and its look."""
    check_kind(kind)
    check_seed(seed)
    require_bpy()
    from .world import world

    _new_scene(world.reset(kind, seed))
    return world, scene_maker(kind)()


def labels(kind, seed, size=(WIDTH, HEIGHT)):
    """A scene's labels and depth without its picture: a `dataset.Rendered` whose image is all black."""
    world, look = _build(kind, seed)
    with tempfile.TemporaryDirectory(prefix="dollhouse-") as folder:
        leaf, depth = _label_passes(folder, *size)
    maps = label_maps(world, leaf, look.outdoor)
    image = np.zeros((size[1], size[0], 3), np.uint8)
    depth = depth_image(depth)
    return Rendered(kind, seed, image, maps["mask"], maps["instances"], maps["parts"], depth, {})


def render(kind, seed, samples=2, supersample=2, size=(WIDTH, HEIGHT)):
    """Build and render one scene, a `dataset.Rendered`. The same kind and seed give the same masks."""
    started = time.perf_counter()
    world, look = _build(kind, seed)
    (w, h), ss = size, supersample
    with tempfile.TemporaryDirectory(prefix="dollhouse-") as folder:
        img, mist, env = _light_passes(folder, w * ss, h * ss, samples, look.fog)
        leaf, depth = _label_passes(folder, w, h)
        maps = label_maps(world, leaf, look.outdoor)
        mask = maps["mask"]
        if look.fog:
            img = _haze(img, mist, env, depth, mask == class_id("sky"), look.fog, ss)
        if look.white_balance:
            mean = np.exp(np.log(np.maximum(img, 1e-4)).mean((0, 1)))
            img = img * ((mean[1] / mean) ** look.white_balance).astype(np.float32)
        exposure = _exposure(img[::ss, ::ss], mask, look.target)
        if look.saturation != 1:
            lum = (img @ LUMINANCE)[..., None]
            img = np.maximum(lum + (img - lum) * look.saturation, 0)
        picture = _develop(folder, img, exposure)
    if ss > 1:
        picture = picture.resize((w, h), Image.Resampling.LANCZOS)
    recipe = {
        "kind": kind,
        "seed": seed,
        "generator": VERSION,
        "samples": samples,
        "supersample": ss,
        "size": [w, h],
        "camera": world.camera,
        "light": look.light | {"exposure_stops": round(exposure, 3)},
        "seconds": round(time.perf_counter() - started, 1),
        "unlabeled_share": round(float((mask == 0).mean()), 5),
        "objects": maps["objects"],
    }
    image, depth = np.asarray(picture), depth_image(depth)
    return Rendered(kind, seed, image, mask, maps["instances"], maps["parts"], depth, recipe)
