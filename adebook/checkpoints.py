"""Weights and training states on disk: safetensors with JSON in its header, never pickle.

    save_model(path, model, build={"key": "small-fpn", ...}, preprocessing=..., about=...)
    model = load_model(path)            # built, filled, in eval mode; model.preprocessing, model.about

Conventions:

- One file holds everything, so it is never half of one version and half of another: the tensors as
  safetensors, and under the key `adebook` of the header a JSON object that says what they are.
- A file is written beside its place, under a name of its own, forced to the disk and then renamed. Whatever
  happens meanwhile, a file under its proper name is complete.
- The header holds a SHA-256 of all tensors. Every reader checks it: a file that was cut or changed is
  refused.
- Nothing in a file is ever executed.
"""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from adebook.models import SceneParser

__all__ = ["load_model", "load_state", "load_weights", "read_card", "save_model", "save_state"]

_MODEL, _STATE = "adebook model", "adebook training state"
_KEY = "adebook"  # of the JSON object in the header


# --- models -------------------------------------------------------------------------------------------------


def save_model(
    path: str | Path,
    model: "SceneParser",
    *,
    build: Mapping[str, Any] | None,
    preprocessing: Mapping[str, Any],
    about: Mapping[str, Any],
    half: bool = False,
) -> None:
    """Write the weights of a model, and what one must know to use them.

    Args:
        path: where to, such as "best.safetensors"; missing folders are made.
        model: its `state_dict` is written.
        build: the arguments of `adebook.models.build`: `key`, `num_classes`, `teaching`, `image_size`. None
            for a model of your own, which `load_weights` can fill and `load_model` cannot build.
        preprocessing: what pictures need before they enter: `mean` and `std` (3 numbers each, for values in
            0..1), `short_side` and `long_side` (pixels, or None for pictures at native size).
        about: anything else as JSON, such as `name`, `license`, `training`, `scores`. `classes`, the names
            of the classes, is filled in where there are 150 and it is not given.
        half: store float32 as float16, half the size. Scores must be taken from what `load_model` gives back.

    Raises:
        ValueError: for a `mean` or `std` that are not 3 numbers, a `num_classes` that is not the model's,
            or what JSON cannot hold.
        OSError: when it cannot be written, such as for a full disk. What was at `path` before is still there.
    """
    import torch

    path = Path(path)
    for name in ("mean", "std"):
        if len(preprocessing.get(name) or ()) != 3:
            raise ValueError(
                f"preprocessing[{name!r}] is {preprocessing.get(name)!r}, but is 3 numbers: R, G, B in 0..1."
            )
    if build is not None and build.get("num_classes") != model.num_classes:
        raise ValueError(
            f"build says num_classes={build.get('num_classes')}, but the model has {model.num_classes}."
        )
    card = {
        "build": None if build is None else dict(build),
        "num_classes": model.num_classes,
        "preprocessing": dict(preprocessing),
        "about": _with_classes(about, model.num_classes),
    }
    tensors = model.state_dict()
    if half:
        tensors = {k: v.half() if v.dtype == torch.float32 else v for k, v in tensors.items()}
        if spoiled := [
            k for k, v in tensors.items() if v.is_floating_point() and not torch.isfinite(v).all()
        ]:
            raise ValueError(f"{spoiled[0]} holds a value that float16 cannot. Cure: half=False.")
    _write(path, _MODEL, tensors, card)


def load_model(path: str | Path) -> "SceneParser":
    """Build the model of a file, and fill it.

    Args:
        path: of `save_model`.

    Returns:
        The model in eval mode, in float32 on the CPU, with three attributes more: `preprocessing` and
        `about`, as in `save_model`, and `built_with`, the arguments of `adebook.models.build`.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: for a file that is cut, changed or of something else, and for weights that do not fit the
            model.
    """
    import torch

    from adebook.models import build

    tensors, card = _read(Path(path), _MODEL)
    if card["build"] is None:
        raise ValueError(
            f"{path} holds the weights of a model that adebook.models did not build. Cure: make that model "
            f"yourself, then adebook.checkpoints.load_weights(model, {str(path)!r})."
        )
    with torch.random.fork_rng(devices=[]):  # random weights that nobody will see
        model = build(**card["build"])
    fill(model, tensors, path)
    model.preprocessing = card["preprocessing"]
    model.about = card["about"]
    return model.eval()


def load_weights(model: "torch.nn.Module", path: str | Path, *, but: tuple[str, ...] = ()) -> None:
    """Fill a model with the weights of a file.

    Args:
        model: with the same names and shapes of weights, on any device.
        path: of `save_model`.
        but: leave out weights whose name begins with one of these, such as the last layer when the classes
            are others. They stay as they are.

    Raises:
        FileNotFoundError, ValueError: as `load_model`. The model is then unchanged.
    """
    tensors, _ = _read(Path(path), _MODEL)
    fill(model, tensors, path, but)


def read_card(path: str | Path) -> dict[str, Any]:
    """What a file of `save_model` says about itself, without reading its weights: `build`, `num_classes`,
    `preprocessing`, `about`, `adebook` (the version that wrote it) and `sha256` (of its tensors).

    Raises:
        FileNotFoundError, ValueError: as `load_model`; cut or changed weights are not noticed.
    """
    from safetensors import SafetensorError, safe_open

    path = _existing(Path(path))
    try:
        with safe_open(path, framework="pt") as file:
            return _card_of(path, file.metadata(), _MODEL)
    except SafetensorError as error:
        raise _broken(path, str(error)) from None


def _with_classes(about: Mapping[str, Any], num_classes: int) -> dict[str, Any]:
    from adebook.classes import CLASSES

    about = dict(about)
    if num_classes == len(CLASSES):
        about.setdefault("classes", [c.name for c in CLASSES])
    if "classes" in about and len(about["classes"]) != num_classes:
        raise ValueError(
            f"about['classes'] has {len(about['classes'])} names, but the model has {num_classes} classes."
        )
    return about


def fill(
    model: "torch.nn.Module",
    tensors: Mapping[str, "torch.Tensor"],
    path: str | Path,
    but: tuple[str, ...] = (),
) -> None:
    """Copy tensors into a model, all or none."""
    own, given = (
        {name: tensor for name, tensor in some.items() if not name.startswith(but)}
        for some in (model.state_dict(), tensors)
    )
    for name, tensor in given.items():
        if name in own and own[name].shape != tensor.shape:
            there, here = list(tensor.shape), list(own[name].shape)
            classes = ""
            if there[1:] == here[1:]:
                classes = (
                    f" It looks like {there[0]} classes there and {here[0]} here: build the model with "
                    f"num_classes={there[0]}, or leave the layer out with but=({name.rpartition('.')[0]!r},)."
                )
            raise ValueError(f"{path}: {name} has shape {there}, but {here} in this model.{classes}")
    missing, unknown = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
    if missing or unknown:
        kinds = {"weights of the model are missing": missing, "weights are unknown to it": unknown}
        what = [f"{len(names)} {kind} ({names[0]}, ...)" for kind, names in kinds.items() if names]
        raise ValueError(f"{path} belongs to another model: {' and '.join(what)}.")
    model.load_state_dict(given, strict=not but)


# --- training states ----------------------------------------------------------------------------------------


def save_state(path: str | Path, tensors: Mapping[str, "torch.Tensor"], state: Mapping[str, Any]) -> None:
    """Write the state of a training run; what was at `path` becomes `path` with `previous-` before its name.

    Args:
        path: such as "run/state.safetensors".
        tensors: by name, on any device.
        state: everything else, as JSON.

    Raises:
        ValueError: for what JSON cannot hold.
        OSError: when it cannot be written; names the last good state, which is untouched.
    """
    path = Path(path)
    _write(path, _STATE, tensors, {"state": dict(state)}, keep=previous_of(path))


def load_state(path: str | Path) -> tuple[dict[str, "torch.Tensor"], dict[str, Any]]:
    """The tensors (on the CPU) and the rest of a training state.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: for a file that is cut, changed or of something else; names the state before it, if
            there is.
    """
    path = Path(path)
    before = previous_of(path)
    try:
        tensors, card = _read(path, _STATE)
    except _Broken as error:
        cure = (
            f" The last good checkpoint is {before}. Cure: delete the broken file, and training goes on from "
            f"the last good one."
            if before.exists()
            else " There is no earlier one. Cure: delete it, and training starts anew."
        )
        raise ValueError(f"{error}{cure}") from None
    return tensors, card["state"]


def previous_of(path: Path) -> Path:
    """Where `save_state` puts the state that it replaces."""
    return path.with_name(f"previous-{path.name}")


# --- files --------------------------------------------------------------------------------------------------


def _write(
    path: Path,
    kind: str,
    tensors: Mapping[str, "torch.Tensor"],
    card: Mapping[str, Any],
    keep: Path | None = None,
) -> None:
    from importlib.metadata import version

    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    tensors = _without_sharing(tensors)
    card = {"kind": kind, "adebook": version("adebook"), "sha256": _digest(tensors), **card}
    try:
        text = json.dumps(card, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: what describes the weights must be JSON: {error}.") from None
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        usual = part.stat().st_mode  # safetensors makes files that only their owner can read
        save_file(tensors, part, metadata={_KEY: text})
        part.chmod(usual)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if keep is not None and path.exists():
            path.replace(keep)
        part.replace(path)
        _sync_folder(path.parent)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        good = [str(p) for p in (path, keep) if p is not None and p.exists()]
        kept = f"The last good checkpoint is {good[0]}, untouched." if good else "There is no earlier one."
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        what = "the disk is full" if full else str(error)
        cure = "Cure: make room, and start again; it goes on from there." if full else "Cure: see the reason."
        raise OSError(f"{path} could not be written: {what}. {kept} {cure}") from error


def _without_sharing(tensors: dict[str, "torch.Tensor"]) -> dict[str, "torch.Tensor"]:
    """Weights that share memory (tied layers) are copied: safetensors takes each for itself."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        start = tensor.untyped_storage().data_ptr()
        if start in seen and tensor.numel():
            tensors[name] = tensor.clone()
        seen.add(start)
    return tensors


def _sync_folder(folder: Path) -> None:
    """Make sure that the new name is on the disk, too; Windows cannot open folders, and needs not."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: no checkpoint to read. Cure: look at the path.")
    return path


def _read(path: Path, kind: str) -> tuple[dict[str, "torch.Tensor"], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    _existing(path)
    try:
        with safe_open(path, framework="pt") as file:
            card = _card_of(path, file.metadata(), kind)
            # Copies: a mapped tensor would change, or crash the process, with its file.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise _broken(path, str(error)) from None
    if _digest(tensors) != card.get("sha256"):
        raise _broken(path, "its contents do not have the checksum of its header")
    return tensors, card


def _card_of(path: Path, metadata: Mapping[str, str] | None, kind: str) -> dict[str, Any]:
    try:
        card = json.loads((metadata or {})[_KEY])
    except (KeyError, ValueError):
        raise ValueError(
            f"{path} is no checkpoint of adebook: its header does not say what it holds."
        ) from None
    if card.get("kind") != kind:
        raise ValueError(f"{path} holds an {card.get('kind')!r}, but an {kind!r} is needed here.")
    return card


class _Broken(ValueError):
    """A file that was good once."""


def _broken(path: Path, why: str) -> _Broken:
    return _Broken(f"{path} is broken: it was cut or changed ({why}).")


def _digest(tensors: Mapping[str, "torch.Tensor"]) -> str:
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
