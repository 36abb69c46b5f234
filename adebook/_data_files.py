"""Find the files of `data/`: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "_data", _PACKAGE.parent / "data")  # wheel, checkout


def data_path(*parts: str) -> Path:
    """Path of a file or folder under `data/`.

    Args:
        *parts: the path below `data/`, e.g. `data_path("dollhouse", "images")`.

    Raises:
        FileNotFoundError: when neither an installed copy nor the checkout has it; names both places.
    """
    for place in _PLACES:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    looked = " and ".join(str(place.joinpath(*parts)) for place in _PLACES)
    raise FileNotFoundError(
        f"data/{'/'.join(parts)} is not there; looked at {looked}. "
        "Cure: reinstall adebook, or run from a complete checkout of the repository."
    )
