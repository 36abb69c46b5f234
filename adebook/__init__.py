"""ADE20K, from files to trained models and their scores: labels, loaders, metrics, the model zoo, training.

`import adebook` costs milliseconds: a submodule, and whatever heavy library it needs, is imported when it is
first used. The way of the data is the order of the modules, and a module imports only from its left:

    classes -> palette -> labels -> datasets -> transforms -> batches -> metrics -> models -> checkpoints
        -> training, weights -> inference -> plots, leaderboard

Example:
    >>> import adebook
    >>> rows = adebook.load("dollhouse", "validation")
    >>> adebook.classes.find("sofa").id
    24
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adebook import (
        batches,
        checkpoints,
        classes,
        datasets,
        dollhouse,
        downloads,
        evaluate,
        exercises,
        facts,
        full_release,
        hub,
        inference,
        labels,
        leaderboard,
        metrics,
        models,
        palette,
        plots,
        statistics,
        tables,
        training,
        transforms,
        verification,
        weights,
    )
    from adebook.datasets import load, source
    from adebook.downloads import download
    from adebook.exercises import check
    from adebook.inference import predict
    from adebook.metrics import ConfusionMatrix
    from adebook.tables import show_table
    from adebook.weights import pretrained

    __version__: str

__all__ = [
    "ConfusionMatrix",
    "__version__",
    "batches",
    "check",
    "checkpoints",
    "classes",
    "datasets",
    "dollhouse",
    "download",
    "downloads",
    "evaluate",
    "exercises",
    "facts",
    "full_release",
    "hub",
    "inference",
    "labels",
    "leaderboard",
    "load",
    "metrics",
    "models",
    "palette",
    "plots",
    "predict",
    "pretrained",
    "repository_url",
    "show_table",
    "source",
    "statistics",
    "tables",
    "training",
    "transforms",
    "verification",
    "weights",
]

_MODULES = frozenset(
    {
        "batches",
        "checkpoints",
        "classes",
        "datasets",
        "dollhouse",
        "downloads",
        "evaluate",
        "exercises",
        "facts",
        "full_release",
        "hub",
        "inference",
        "labels",
        "leaderboard",
        "metrics",
        "models",
        "palette",
        "plots",
        "statistics",
        "tables",
        "training",
        "transforms",
        "verification",
        "weights",
    }
)
_HOME = {  # name -> the module that defines it
    "ConfusionMatrix": "metrics",
    "check": "exercises",
    "download": "downloads",
    "load": "datasets",
    "predict": "inference",
    "pretrained": "weights",
    "show_table": "tables",
    "source": "datasets",
}


def repository_url() -> str:
    """The address of the book's repository, as the installed distribution states it (`Project-URL:
    Repository`).

    Raises:
        importlib.metadata.PackageNotFoundError: when adebook is not installed (`pip install -e .` cures it).
    """
    from importlib.metadata import metadata

    for entry in metadata("adebook").get_all("Project-URL") or []:
        label, _, url = entry.partition(",")
        if label.strip() == "Repository":
            return url.strip()
    raise ValueError(
        "The installed adebook names no 'Repository' among its Project-URLs. Cure: reinstall it from a "
        "checkout whose pyproject.toml has [project.urls] Repository."
    )


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"adebook.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(f"adebook.{_HOME[name]}"), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("adebook")
    else:
        raise AttributeError(f"module 'adebook' has no attribute {name!r}")
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
