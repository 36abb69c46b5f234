"""Where finished downloads lie. `datasets` looks here; only `downloads` puts something here."""

import os
from pathlib import Path

#: Written as the last step of a download: a folder without it is half a folder.
MARKER = ".adebook-complete.json"
#: source -> the folder it unpacks to.
FOLDERS = {"sceneparse150": "ADEChallengeData2016", "sceneparse150-test": "release_test"}


def place() -> Path:
    """The folder for downloads: the environment variable ADEBOOK_CACHE, else the platform's usual place."""
    value = os.environ.get("ADEBOOK_CACHE", "").strip()
    if value:
        return Path(value).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("adebook"))


def is_finished(folder: Path) -> bool:
    """Whether a download into this folder ran to its end."""
    return (folder / MARKER).is_file()


def finished(key: str) -> Path | None:
    """The folder of a finished download, or None."""
    if key not in FOLDERS:
        return None
    folder = place() / FOLDERS[key]
    return folder if is_finished(folder) else None
