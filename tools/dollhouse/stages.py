"""Render the stages of one scene for the page "How Dollhouse is built": `python -m tools.dollhouse.stages`.

Writes NAME_clay.jpg (the geometry in gray clay, lit as in the finished picture), NAME_materials.jpg (the
color of every surface, without light) and NAME_paths.jpg (a detail of the light, before the denoiser). The
other stages of the page are files of the data set, so the scene must be one of data/dollhouse.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from . import dataset, render
from .vocabulary import ROOT

OUT = ROOT / "data" / "dollhouse_stages"
SCENE = "living_room", 12
SAMPLES = 64  # light paths per pixel of the clay
DETAIL = (180, 195, 340, 315)  # left, top, right, bottom: what NAME_paths.jpg shows
CLAY = (0.42, 0.41, 0.40, 1)  # linear RGBA


def _lets_light_through(material) -> bool:
    """Whether the scene would be dark if this were clay: panes, and what shines."""
    for node in material.node_tree.nodes:
        strength = node.inputs.get("Emission Strength")
        shines = strength is not None and (strength.is_linked or strength.default_value > 0)
        if shines or node.bl_idname in ("ShaderNodeBsdfTransparent", "ShaderNodeEmission"):
            return True
    return False


def _turn_to_clay() -> None:
    """Give every surface the same matt gray, but for panes and lamps."""
    import bpy

    clay = bpy.data.materials.new("clay")
    clay.use_nodes = True
    surface = clay.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = CLAY
    surface.inputs["Roughness"].default_value = 0.9
    for thing in bpy.context.scene.objects:
        for slot in thing.material_slots:
            if slot.material and not _lets_light_through(slot.material):
                slot.material = clay


def _srgb(linear) -> Image.Image:
    """Linear colors 0..1 as a picture, without tone mapping."""
    x = np.clip(linear, 0, 1)
    x = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.rint(x * 255).astype(np.uint8))


def stages(kind: str, seed: int, out: Path = OUT) -> list[Path]:
    """Render and write the stages of one scene; return their files.

    Raises:
        RuntimeError: without bpy, and when the generator no longer builds the scene of the data set.
        FileNotFoundError: when the data set has no such scene.
    """
    recipe = dataset.read_recipe(dataset.DATA, kind, seed)
    world, look = render._build(kind, seed)
    import bpy

    (w, h), ss = recipe["size"], recipe["supersample"]
    bpy.context.view_layer.cycles.denoising_store_passes = True
    cycles = bpy.context.scene.cycles
    cycles.use_adaptive_sampling, cycles.use_denoising = False, True
    with tempfile.TemporaryDirectory(prefix="dollhouse-") as folder:
        cycles.samples = recipe["samples"]
        light, paths = (a[..., :3] for a in render._passes(folder, ["Image", "Noisy Image"], w * ss, h * ss))
        gain = _white_balance(light, look)
        paths = render._develop(folder, paths * gain, recipe["light"]["exposure_stops"])
        cycles.samples = 16
        (albedo,) = render._passes(folder, ["Denoising Albedo"], w, h)
        _turn_to_clay()
        cycles.samples = SAMPLES
        (clay,) = (a[..., :3] for a in render._passes(folder, ["Image"], w, h))
        leaf, _ = render._label_passes(folder, w, h)[:2]
        mask = render.label_maps(world, leaf, look.outdoor)["mask"]
        files = dataset.paths(dataset.DATA, kind, seed)
        with Image.open(files["annotation"]) as there:
            if not np.array_equal(mask, np.asarray(there)):
                raise RuntimeError(
                    f"The generator now builds another scene {kind} {seed} than {files['annotation']} "
                    f"shows. Cure: python -m tools.dollhouse {kind} {seed} --again, then this once more."
                )
        clay *= _white_balance(clay, look)
        clay = render._develop(folder, clay, render._exposure(clay, mask, look.target) + 0.5)
    out.mkdir(parents=True, exist_ok=True)
    stem = out / dataset.scene_name(kind, seed)
    pictures = {
        "clay.jpg": clay,
        "materials.jpg": _srgb(albedo[..., :3]),
        "paths.jpg": paths.crop([ss * edge for edge in DETAIL]),
    }
    written = []
    for ending, picture in pictures.items():
        written.append(Path(f"{stem}_{ending}"))
        picture.save(written[-1], quality=88, optimize=True)
    return written


def _white_balance(light, look) -> np.ndarray:
    """Factors of red, green and blue, as `render.render` applies them."""
    if not look.white_balance:
        return np.ones(3, np.float32)
    mean = np.exp(np.log(np.maximum(light, 1e-4)).mean((0, 1)))
    return ((mean[1] / mean) ** look.white_balance).astype(np.float32)


if __name__ == "__main__":
    try:
        for file in stages(*SCENE):
            print(f"{file}: {file.stat().st_size:,} bytes")
    except (FileNotFoundError, RuntimeError) as e:
        sys.exit(f"dollhouse: {e}")
