"""Dollhouse on disk: names, splits, files, and writing a scene whole or not at all. Needs no Blender.

The layout is that of ADEChallengeData2016.zip; beside images and annotations lie instances, parts, depth
and recipes. A scene exists once its recipe does: the recipe is moved into place last.
"""

import csv
import errno
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .registry import PACKAGE, check_kind
from .vocabulary import ROOT, palette

DATA = ROOT / "data" / "dollhouse"
SCENES_CSV = PACKAGE / "scenes.csv"
MAX_SEED = 9999


@dataclass
class Rendered:
    """One finished scene. Arrays are H x W."""

    kind: str
    seed: int
    image: np.ndarray  # H x W x 3, uint8, sRGB
    mask: np.ndarray  # uint8, official ids 0..150
    instances: np.ndarray  # uint16, object id, 0 = none
    parts: tuple[
        np.ndarray, np.ndarray
    ]  # uint16, part id: level 1 (parts), level 2 (parts of parts); 0 = none
    depth: np.ndarray  # uint16, millimeters along the viewing axis, 0 = no surface; see depth_image
    recipe: dict


def depth_image(meters: np.ndarray) -> np.ndarray:
    """Depth (float meters) as uint16 millimeters; not finite or beyond 1e6 m is 0, no surface.

    Of each value the 7 highest bits are kept, rounded: it is off by at most 1/128 of itself, and PNG finds
    far fewer different values to store. From 65.28 m on, where that reaches the end of 16 bits, 65535.
    """
    surface = np.isfinite(meters) & (meters < 1e6)
    mm = np.clip(np.where(surface, meters, 0) * 1000, 1, 65535)
    step = 2.0 ** np.maximum(np.floor(np.log2(mm)) - 6, 0)
    return np.where(surface, np.minimum(np.rint(mm / step) * step, 65535), 0).astype(np.uint16)


def check_seed(seed: int) -> int:
    """Return seed if it is in range; ValueError otherwise."""
    if not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise ValueError(
            f"Seed {seed!r} is out of range: a scene's seed is a whole number from 0 to {MAX_SEED}."
        )
    return seed


def scene_name(kind: str, seed: int) -> str:
    """The name of a scene's files: `dollhouse_bedroom_0003`."""
    return f"dollhouse_{check_kind(kind)}_{check_seed(seed):04d}"


def split_of(seed: int) -> str:
    """Every fifth seed is validation. No seed is in both, so near-duplicates cannot be."""
    return "validation" if seed % 5 == 0 else "training"


def paths(root: Path, kind: str, seed: int) -> dict[str, Path]:
    """Where a scene's files lie: image, annotation, instances, parts_1, parts_2, depth, recipe."""
    name, split = scene_name(kind, seed), split_of(seed)
    files = {"image": f"images/{split}/{name}.jpg", "annotation": f"annotations/{split}/{name}.png"}
    files |= {"instances": f"instances/{split}/{name}.png", "parts_1": f"parts/{split}/{name}_1.png"}
    files |= {"parts_2": f"parts/{split}/{name}_2.png", "depth": f"depth/{split}/{name}.png"}
    files |= {"recipe": f"recipes/{split}/{name}.json"}
    return {what: Path(root) / file for what, file in files.items()}


def read_recipe(root: Path, kind: str, seed: int) -> dict:
    """A scene's recipe; FileNotFoundError if there is none, RuntimeError if the scene is half-written."""
    files = paths(root, kind, seed)
    there = [f for f in files.values() if f.is_file()]
    if not there:
        raise FileNotFoundError(
            f"No scene {kind} {seed} below {root}. Cure: python -m tools.dollhouse {kind} {seed}"
        )
    cure = f"The scene is half-written. Cure: python -m tools.dollhouse {kind} {seed}"
    try:
        recipe = json.loads(files["recipe"].read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RuntimeError(f"{there[0]} has no recipe {files['recipe']}. {cure}") from None
    except ValueError as e:
        raise RuntimeError(f"{files['recipe']} is not JSON ({e}). {cure}") from e
    for what in recipe["files"]:
        if not files[what].is_file():
            raise RuntimeError(f"{files[what]} is missing. {cure}")
    return recipe


def state(root: Path, kind: str, seed: int) -> str:
    """ "whole"; "no depth" if that is all that is missing; "missing" if the scene must be rendered."""
    try:
        recipe = read_recipe(root, kind, seed)
    except (FileNotFoundError, RuntimeError):
        return "missing"
    return "whole" if "depth" in recipe["files"] else "no depth"


def is_whole(root: Path, kind: str, seed: int) -> bool:
    """True if the scene's recipe, every file that it names, and its depth are there."""
    return state(root, kind, seed) == "whole"


def write_scene(root: Path, scene: Rendered) -> Path:
    """Write all files of a scene, or none; return the recipe's path. RuntimeError when the disk is full."""
    root = Path(root)
    files = paths(root, scene.kind, scene.seed)
    if not scene.parts[1].any():
        files["parts_2"].unlink(missing_ok=True)
        del files["parts_2"]
    mask = Image.fromarray(scene.mask, "P")
    mask.putpalette(palette())
    pictures = {
        "image": (Image.fromarray(scene.image), {"quality": 90, "subsampling": 0, "optimize": True}),
        "annotation": (mask, {"optimize": True}),
        "instances": (Image.fromarray(scene.instances), {"optimize": True}),
        "parts_1": (Image.fromarray(scene.parts[0]), {"optimize": True}),
        "parts_2": (Image.fromarray(scene.parts[1]), {"optimize": True}),
        "depth": (Image.fromarray(scene.depth), {"optimize": True}),
    }
    recipe = scene.recipe | {"files": [what for what in files if what != "recipe"]}
    return _write(root, files, pictures, recipe)


def add_depth(root: Path, scene: Rendered) -> Path:
    """Give a finished scene its depth; return the recipe's path.

    scene: the same scene with its labels drawn anew (`render.labels`). RuntimeError if they differ from the
    stored ones in any pixel, because then the depth belongs to another picture, or when the disk is full.
    """
    recipe = read_recipe(root, scene.kind, scene.seed)
    files = paths(root, scene.kind, scene.seed)
    anew = {"annotation": scene.mask, "instances": scene.instances, "parts_1": scene.parts[0]}
    for what, a in anew.items():
        with Image.open(files[what]) as stored:
            differ = int((np.asarray(stored) != a).sum())
        if differ:
            raise RuntimeError(
                f"{files[what]} differs in {differ} pixels from what the generator makes of {scene.kind} "
                f"{scene.seed} today, so today's depth would not fit it. Cure: render the scene anew with "
                f"python -m tools.dollhouse {scene.kind} {scene.seed} --again"
            )
    new = {"depth": files["depth"], "recipe": files["recipe"]}
    recipe = recipe | {"files": list(dict.fromkeys([*recipe["files"], "depth"]))}
    depth = {"depth": (Image.fromarray(scene.depth), {"optimize": True})}
    return _write(root, new, depth, recipe)


def _write(root, files, pictures, recipe) -> Path:
    """Write pictures and recipe into a folder beside the data, then move them into place, the recipe last."""
    partial = None
    try:
        root = Path(root)
        root.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=root))
        for what, file in files.items():
            if what != "recipe":
                picture, options = pictures[what]
                picture.save(partial / f"{what}{file.suffix}", **options)
        text = _compact(recipe)
        (partial / "recipe.json").write_text(text, encoding="utf-8")
        files["recipe"].unlink(missing_ok=True)  # from here until the last move the scene counts as missing
        for what, file in files.items():  # the recipe is the last of them
            file.parent.mkdir(parents=True, exist_ok=True)
            (partial / f"{what}{file.suffix}").replace(file)
    except OSError as e:
        if e.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise RuntimeError(
            f"The disk is full: {files['recipe'].stem} could not be written below {root}. Nothing of it "
            "counts as rendered. Free some space and run the same command again; it resumes."
        ) from e
    finally:
        if partial:
            shutil.rmtree(partial, ignore_errors=True)
    return files["recipe"]


def _compact(recipe: dict) -> str:
    """JSON with one line per key, and one per object: small, and readable in a diff."""
    lines = []
    for key, value in recipe.items():
        if key == "objects":
            rows = ",\n  ".join(json.dumps(o, separators=(",", ":")) for o in value)
            lines.append(f'"objects": [\n  {rows}\n ]')
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def sweep(root: Path) -> None:
    """Remove what an interrupted run left behind: temporary folders, never a finished scene."""
    for folder in Path(root).glob(".partial-*"):
        shutil.rmtree(folder, ignore_errors=True)


def write_categories(root: Path) -> None:
    """Write sceneCategories.txt, `NAME kind` per finished scene, as the official data set does."""
    lines = []
    for recipe in sorted(Path(root).glob("recipes/*/*.json"), key=lambda p: p.stem):
        lines.append(f"{recipe.stem} {recipe.stem.removeprefix('dollhouse_').rsplit('_', 1)[0]}\n")
    new = Path(root) / ".sceneCategories.new"
    new.write_text("".join(lines), encoding="utf-8")
    new.replace(Path(root) / "sceneCategories.txt")


def listed_scenes(file: Path = SCENES_CSV) -> list[tuple[str, int]]:
    """The (kind, seed) pairs that the data set is made of, in the order of scenes.csv."""
    with Path(file).open(newline="", encoding="utf-8") as f:
        rows = [(row["kind"], int(row["seed"])) for row in csv.DictReader(f)]
    for kind, seed in rows:
        scene_name(kind, seed)
    twice = sorted({row for row in rows if rows.count(row) > 1})
    if twice:
        raise ValueError(f"{file} lists these scenes twice: {twice}")
    return rows
