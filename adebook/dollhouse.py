"""What Dollhouse, the rendered data set, knows about its scenes beyond the columns of `adebook.load`.

Example:
    >>> import adebook
    >>> adebook.dollhouse.recipe("dollhouse_bedroom_0005")["kind"]
    'bedroom'
"""

import difflib
import json
import os
from typing import Any

__all__ = ["recipe"]


def recipe(name: str, *, root: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """How a scene was made: camera, light and objects, as its generator wrote them down.

    Args:
        name: as in the column `name`.
        root: as in `adebook.load`.

    Returns:
        the recipe; its fields are listed in data/dollhouse/README.md.

    Raises:
        FileNotFoundError: when there is no such scene; suggests names that are there.
        ValueError: when the recipe is damaged.
        TypeError: when `name` is no string.
    """
    from adebook.datasets import SPLITS, _find_root  # the library `datasets` takes a second to import

    if not isinstance(name, str):
        raise TypeError(f"The name of a scene is a string, as in the column `name`; got {name!r}.")
    folder = _find_root("dollhouse", root) / "recipes"
    files = {path.stem: path for split in SPLITS for path in sorted((folder / split).glob("*.json"))}
    if name not in files:
        close = difflib.get_close_matches(name, files, n=3) or list(files)[:3]
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise FileNotFoundError(f"There is no recipe {name}.json in the folders of {folder}.{hint}")
    try:
        return json.loads(files[name].read_text(encoding="utf-8"))
    except ValueError as error:  # both of a broken JSON and of bytes that are no text
        raise ValueError(
            f"{files[name]}: the recipe is damaged ({error}). Cure: get the file again."
        ) from error
