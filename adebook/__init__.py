"""ADE20K, from files to scores: labels, palette, loaders, metrics and figures.

`import adebook` costs milliseconds: a submodule, and whatever heavy library it needs, is imported when it is
first used. The way of the data is the order of the modules, and a module imports only from its left:

    classes -> palette -> labels -> datasets -> transforms -> batches -> metrics -> plots, leaderboard

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
        classes,
        datasets,
        dollhouse,
        downloads,
        evaluate,
        exercises,
        facts,
        full_release,
        hub,
        labels,
        leaderboard,
        metrics,
        palette,
        plots,
        statistics,
        tables,
        transforms,
        verification,
    )
    from adebook.datasets import load, source
    from adebook.downloads import download
    from adebook.exercises import check
    from adebook.metrics import ConfusionMatrix
    from adebook.tables import show_table

    __version__: str

__all__ = [
    "ConfusionMatrix",
    "__version__",
    "batches",
    "check",
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
    "labels",
    "leaderboard",
    "load",
    "metrics",
    "palette",
    "plots",
    "repository_url",
    "show_table",
    "source",
    "statistics",
    "tables",
    "transforms",
    "verification",
]

_MODULES = frozenset(
    {
        "batches",
        "classes",
        "datasets",
        "dollhouse",
        "downloads",
        "evaluate",
        "exercises",
        "facts",
        "full_release",
        "hub",
        "labels",
        "leaderboard",
        "metrics",
        "palette",
        "plots",
        "statistics",
        "tables",
        "transforms",
        "verification",
    }
)
_HOME = {  # name -> the module that defines it
    "ConfusionMatrix": "metrics",
    "check": "exercises",
    "download": "downloads",
    "load": "datasets",
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
