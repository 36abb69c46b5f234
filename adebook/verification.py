"""Read a whole folder once, before days are spent on it: is every file there, and is every file good?"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from adebook import datasets

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    Attributes:
        root: the folder.
        pairs: split -> number of pictures that have a mask.
        missing: files that should be there and are not, relative to the folder: the partner of a lone picture
            or mask, and both files of a picture that sceneCategories.txt lists.
        extra: files and folders beside the pictures and masks that are neither, relative to the folder.
        bad: file -> what is wrong with it, for every file that cannot be used.
    """

    root: Path
    pairs: dict[str, int]
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Nothing missing, nothing extra, nothing bad."""
        return not (self.missing or self.extra or self.bad)

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} pairs in {split}" for split, count in self.pairs.items())
        lines = [f"{self.root}: {counts}: " + ("every file is good" if self.ok else "not as it should be")]
        lines += _listed("missing", self.missing)
        lines += _listed("extra", self.extra)
        lines += _listed("bad", self.bad.values())
        return "\n".join(lines)


def _listed(word: str, entries: Iterable[str], most: int = 10) -> list[str]:
    entries = list(entries)
    lines = [f"  {word}: {entry}" for entry in entries[:most]]
    return lines + [f"  {word}: {len(entries) - most:,} more"] * (len(entries) > most)


def verify(root: str | os.PathLike[str] | None = None, *, source: str = "sceneparse150") -> Verification:
    """Decode and check every picture and every mask of a folder in official layout, with all cores.

    Args:
        root: the folder; None looks where `adebook.load` looks.
        source: "sceneparse150" or "dollhouse"; only tells where to look.

    Returns:
        what is there, what is missing, extra and bad. Files are never changed.

    Raises:
        ValueError, FileNotFoundError, NotADirectoryError: when there is no folder in official layout, as from
            `adebook.load`; the full release has another layout.

    Example:
        >>> verify(source="dollhouse").ok  # doctest: +SKIP
        True
    """
    from tqdm.auto import tqdm

    folder = datasets._find_root(datasets._known(source, ("sceneparse150", "dollhouse"), "source"), root)
    pairs: dict[str, int] = {}
    missing: set[str] = set()
    extra: list[str] = []
    files: list[tuple[Path, datasets.Picture | datasets.Mask]] = []
    there: set[str] = set()
    for split in datasets.SPLITS:
        stems = {}
        for kind, suffix, reader in (
            ("images", ".jpg", datasets.Picture()),
            ("annotations", ".png", datasets.Mask()),
        ):
            place = folder / kind / split
            found, strangers = datasets._listing(place, suffix) if place.is_dir() else (set(), [])
            stems[kind] = found
            extra += [f"{kind}/{split}/{name}" for name in strangers]
            files += [(place / (stem + suffix), reader) for stem in sorted(found)]
        pairs[split] = len(stems["images"] & stems["annotations"])
        missing |= {f"images/{split}/{stem}.jpg" for stem in stems["annotations"] - stems["images"]}
        missing |= {f"annotations/{split}/{stem}.png" for stem in stems["images"] - stems["annotations"]}
        there |= stems["images"] | stems["annotations"]
    bad: dict[str, str] = {}
    try:
        listed = datasets._read_scenes(folder)
    except ValueError as error:
        listed, bad["sceneCategories.txt"] = {}, str(error)
    for name in set(listed) - there:
        split = "training" if "_train_" in name else "validation"
        missing |= {f"images/{split}/{name}.jpg", f"annotations/{split}/{name}.png"}

    def problem(job: tuple[Path, datasets.Picture | datasets.Mask]) -> str | None:
        path, reader = job
        try:
            reader.decode_example({"path": str(path), "bytes": None})
        except (ValueError, OSError) as error:
            lone = isinstance(error, FileNotFoundError) and path.exists()  # its picture is missing: counted
            return None if lone else str(error)
        return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside the interpreter's lock
        results = tqdm(pool.map(problem, files), total=len(files), unit="file", desc="Verifying")
        for (path, _), message in zip(files, results, strict=True):
            if message:
                bad[path.relative_to(folder).as_posix()] = message
    return Verification(root=folder, pairs=pairs, missing=sorted(missing), extra=sorted(extra), bad=bad)
