"""Trained models by name: the book's own, and published ADE20K checkpoints from the Hugging Face Hub.

    adebook.weights.available()                  # what there is, where it is, under which license
    model = adebook.pretrained("segformer-b0")   # ready to predict: in eval mode, with model.preprocessing

The book's own lie in `data/checkpoints` and need no network. The published ones are the entries of
segmentation-models-pytorch (https://huggingface.co/smp-hub); they are fetched once and kept in the hub's
cache, by `huggingface_hub`, with its settings: HF_ENDPOINT (another address), HF_HOME (where the cache is),
HF_HUB_OFFLINE=1 (no network: only what the cache has).

Convention: all have 150 outputs, in the order of the official ids (train ids 0..149).
"""

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adebook import _words
from adebook._data_files import data_path
from adebook.labels import NUM_CLASSES

if TYPE_CHECKING:
    import pandas as pd

    from adebook.models import SceneParser

__all__ = ["PUBLISHED", "Published", "available", "pretrained"]

_NVIDIA = "NVIDIA Source Code License for SegFormer: research and evaluation only, no commercial use"
_CONFIG, _WEIGHTS, _PREPARATION = "config.json", "model.safetensors", "albumentations_config_eval.json"


@dataclass(frozen=True)
class Published:
    """A checkpoint on the hub.

    Attributes:
        name: what `pretrained` takes.
        repo: "owner/name" on the hub; `pretrained` takes this, too.
        title: its name in words.
        megabytes: size of its weights, from the number of parameters (4 bytes each).
        license: of its weights.
        license_source: where that is stated.
        also: its key in `adebook.models`, where that is another than `name`.
    """

    name: str
    repo: str
    title: str
    megabytes: int
    license: str
    license_source: str
    also: str = ""


def _published() -> dict[str, Published]:
    nvidia = "https://github.com/NVlabs/SegFormer/blob/master/LICENSE"
    entries = [
        Published(f"segformer-b{i}", f"smp-hub/segformer-b{i}-{side}x{side}-ade-160k", f"SegFormer-B{i}",
                  megabytes, _NVIDIA, nvidia)
        for i, side, megabytes in ((0, 512, 15), (1, 512, 55), (2, 512, 110), (3, 512, 189), (4, 512, 257),
                                   (5, 640, 339))
    ]  # fmt: skip
    # Converted from the repositories openmmlab/upernet-*, whose cards state the license.
    for backbone, sizes in (
        ("ConvNeXt", {"tiny": 237, "small": 324, "base": 484, "large": 933, "xlarge": 1555}),
        ("Swin", {"tiny": 236, "small": 321, "large": 929}),
    ):
        for size, megabytes in sizes.items():
            name = f"upernet-{backbone.lower()}-{size}"
            also = {"ConvNeXt xlarge": "convnext-xl-upernet", "Swin large": "swin-l-upernet"}
            entries.append(
                Published(
                    name,
                    f"smp-hub/{name}",
                    f"UPerNet ({backbone}, {size})",
                    megabytes,
                    "MIT",
                    f"https://huggingface.co/openmmlab/{name}",
                    also.get(f"{backbone} {size}", ""),
                )
            )
    dpt = "https://github.com/isl-org/DPT/blob/main/LICENSE"
    entries.append(Published("dpt-large", "smp-hub/dpt-large-ade20k", "DPT (ViT-L)", 1378, "MIT", dpt))
    return {entry.name: entry for entry in entries}


#: Checkpoints on the hub, by name.
PUBLISHED: Mapping[str, Published] = _published()


def pretrained(name: str) -> "SceneParser":
    """A trained model, ready for `adebook.predict`. Prints one line that names its license.

    Args:
        name: such as "dollhouse-indoor" or "segformer-b0" (`adebook.weights.available()` lists all); the
            name on the hub, such as "smp-hub/dpt-large-ade20k", does as well.

    Returns:
        A `SceneParser` in eval mode on the CPU: normalized pictures [B, 3, H, W] to logits [B, 150,
        ceil(H/s), ceil(W/s)], in the order of train ids 0..149. Two attributes more: `preprocessing` (`mean`
        and `std` for values in 0..1, `short_side` and `long_side` in pixels or None) and `about` (`name`,
        `license`, ...).

    Raises:
        ValueError: for an unknown name (with the nearest ones), and a checkpoint of ours that is broken.
        RuntimeError: when a published one is neither in the cache nor to be had (naming what is there without
            a network), when it is truncated or its checksum is wrong (it is then removed and not used), and
            when it is not the model that it should be.
        ModuleNotFoundError: when segmentation-models-pytorch is missing.

    Convention: the hub's entries come with a preparation that squeezes every picture into a square. Here the
    aspect is kept and the short side has that length, as when these models were trained and scored.
    """
    own, entry = _own(), _find_published(name)
    if name in own:
        from adebook.checkpoints import load_model

        model = load_model(own[name])
        title = model.about.get("title", "this book's own")
    elif entry is not None:
        model = _from_hub(entry)
        title = entry.title
    else:
        known = [*own, *PUBLISHED]
        advice = _words.did_you_mean(name, known) or f"there are {', '.join(known)}."
        raise ValueError(f"no checkpoint has the name {name!r}; {advice}")
    print(f"{name}: {title}; license: {model.about.get('license', 'not stated')}")
    return model


def available() -> "pd.DataFrame":
    """The checkpoints that `pretrained` knows.

    Returns:
        a row for each, index `name`: `title`; `megabytes` (of weights); `where` ("here" in the book's data,
        "in the cache", or "on the hub"); `license`.
    """
    import pandas as pd

    rows = []
    for name, path in _own().items():
        from adebook.checkpoints import read_card

        about = read_card(path)["about"]
        rows.append(
            {
                "name": name,
                "title": about.get("title", "this book's own"),
                "megabytes": round(path.stat().st_size / 1e6),
                "where": "here",
                "license": about.get("license", "not stated"),
            }
        )
    for entry in PUBLISHED.values():
        rows.append(
            {
                "name": entry.name,
                "title": entry.title,
                "megabytes": entry.megabytes,
                "where": "in the cache" if _is_cached(entry) else "on the hub",
                "license": entry.license,
            }
        )
    return pd.DataFrame(rows).set_index("name")


def _own() -> dict[str, Path]:
    """Checkpoints in the book's data, by name."""
    try:
        folder = data_path("checkpoints")
    except FileNotFoundError:
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def _find_published(name: str) -> Published | None:
    return next((e for e in PUBLISHED.values() if name and name in (e.name, e.repo, e.also)), None)


# --- the hub ------------------------------------------------------------------------------------------------


def _from_hub(entry: Published) -> "SceneParser":
    try:
        import huggingface_hub  # noqa: F401
        import segmentation_models_pytorch as smp
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{entry.name} needs {error.name}. Cure: pip install 'adebook[train]'.", name=error.name
        ) from error
    config_file = _fetch(entry, _CONFIG)
    # The folder is named after the commit: all files are of one, whatever is uploaded in the meantime.
    folder, commit = config_file.parent, config_file.parent.name
    weights = _fetch(entry, _WEIGHTS, commit)
    preparation = _fetch(entry, _PREPARATION, commit)
    _check_sum(weights, entry)
    config = _json(config_file)
    if config.get("classes") != NUM_CLASSES:
        raise RuntimeError(
            f"{entry.repo}: the model has {config.get('classes')} outputs, but ADE20K has {NUM_CLASSES} "
            f"classes, so it is another model."
        )
    try:
        # It says on stdout that it reads a folder. An encoder's own weights would be fetched only to be
        # replaced.
        with contextlib.redirect_stdout(io.StringIO()):
            net = smp.from_pretrained(str(folder), encoder_weights=None)
    except Exception as error:  # safetensors, torch, timm and smp raise what they like
        raise RuntimeError(
            f"{weights} does not load as {entry.title}: {type(error).__name__}: {error}. Nothing of it is "
            f"used. Cure: delete the file and call again; if that does not help, pip install -U "
            f"segmentation-models-pytorch timm."
        ) from error
    model = _behind_contract(net, config)
    model.preprocessing = _preprocessing(_json(preparation), str(preparation))
    model.about = {
        "name": entry.name,
        "title": entry.title,
        "license": entry.license,
        "license_source": entry.license_source,
        "source": f"https://huggingface.co/{entry.repo}",
        "commit": commit,
        "trained_on": "ADE20K (SceneParse150)",
    }
    return model.eval()


def _fetch(entry: Published, file: str, revision: str | None = None) -> Path:
    """The file in the hub's cache, fetched when it is not there."""
    from huggingface_hub import constants, hf_hub_download

    try:
        return Path(hf_hub_download(entry.repo, file, revision=revision))
    except Exception as error:  # what can go wrong on the way has no common type
        if constants.HF_HUB_OFFLINE:
            why, cure = "HF_HUB_OFFLINE is set", "unset HF_HUB_OFFLINE and call once with a network"
        else:
            why = f"{constants.ENDPOINT} did not give it ({type(error).__name__}: {error})"
            cure = "look at the network and call again"
        local = [*_own(), *(e.name for e in PUBLISHED.values() if _is_cached(e))]
        raise RuntimeError(
            f"{entry.name}: {file} of {entry.repo} is not in the cache ({constants.HF_HUB_CACHE}), and "
            f"{why}. There without a network: {', '.join(local) or 'none'}. Cure: {cure}."
        ) from error


def _is_cached(entry: Published) -> bool:
    try:
        from huggingface_hub import try_to_load_from_cache
    except ModuleNotFoundError:
        return False
    return all(
        isinstance(try_to_load_from_cache(entry.repo, file), str)
        for file in (_CONFIG, _WEIGHTS, _PREPARATION)
    )


def _check_sum(weights: Path, entry: Published) -> None:
    """Compare with the SHA-256 that the hub stated: the cache names a large file by it.

    Where the system has no links, the cache does not keep that name; then only safetensors' own checks of the
    length remain.
    """
    stored = weights.resolve()
    if not re.fullmatch(r"[0-9a-f]{64}", stored.name):
        return
    with stored.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != stored.name:
        weights.unlink()
        stored.unlink(missing_ok=True)
        raise RuntimeError(
            f"{entry.repo}: the weights are not those that the hub stated (SHA-256 {found[:12]}..., stated "
            f"{stored.name[:12]}...): damaged on the way or on the disk. They were removed and not used. "
            f"Cure: call again, which fetches them anew."
        )


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RuntimeError(
            f"{path} is no JSON ({error}). Cure: delete the file and call again, which fetches it anew."
        ) from None


def _behind_contract(net: Any, config: Mapping[str, Any]) -> "SceneParser":
    """A model of segmentation-models-pytorch as a `SceneParser`.

    The heads of Segformer and UPerNet there enlarge the logits with corners aligned, which the published
    models were not trained with. Without that step the logits have the decoder's stride, and whoever enlarges
    them (as `adebook.metrics.upsampled_argmax` does) goes the published way and saves memory. DPT was trained
    with it.
    """
    from torch import nn

    from adebook.models import SceneParser

    kind = config["_model_class"]
    if kind == "DPT":
        stride = 1
    elif kind in ("Segformer", "UPerNet"):
        net.segmentation_head[1], stride = nn.Identity(), 4
    else:
        raise RuntimeError(f"The checkpoint is a {kind}, but Segformer, UPerNet and DPT are known here.")
    window = None if config.get("dynamic_img_size") else config.get("img_size")
    return SceneParser(net, NUM_CLASSES, stride=stride, divisor=32, window=window, backbone=("encoder",))


def _preprocessing(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The steps that albumentations saved, as ours; `SceneParser` pads by itself.

    Raises:
        RuntimeError: for a step that is not known here.
    """
    found: dict[str, Any] = {"mean": None, "std": None, "short_side": None, "long_side": None}
    for step in config["transform"]["transforms"]:
        kind = step["__class_fullname__"].rpartition(".")[2]
        if kind == "Normalize" and step.get("normalization", "standard") == "standard":
            # albumentations: (x - mean * m) / (std * m) for x in 0..255
            scale = step["max_pixel_value"] / 255
            found |= {name: tuple(round(v * scale, 6) for v in step[name]) for name in ("mean", "std")}
        elif kind == "Resize":
            side = min(step["height"], step["width"])
            # 512 and 2048 in mmsegmentation's configurations
            found |= {"short_side": side, "long_side": 4 * side}
        elif kind == "LongestMaxSize" and isinstance(step["max_size"], int):
            found |= {"short_side": step["max_size"], "long_side": step["max_size"]}
        elif kind != "PadIfNeeded":
            raise RuntimeError(
                f"{where} asks for the step {kind}, which is not known here, so pictures would be prepared "
                f"wrongly. Cure: pip install -U adebook."
            )
    if found["mean"] is None:
        raise RuntimeError(f"{where} does not say how pictures are normalized.")
    return found
