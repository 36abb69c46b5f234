"""Fetch the official archives: resumed where they broke off, checked by sha256, unpacked whole or not at all.

`download` works in `PLACE/.adebook-download/` and moves the finished folder to `PLACE/` as its last step:

    PLACE/.adebook-download/NAME.zip.part     as far as it came; the next call goes on from here
    PLACE/.adebook-download/NAME.zip          whole, its sha256 checked
    PLACE/.adebook-download/NAME.unpacking/   never used; the next call begins it anew
    PLACE/NAME/                               finished: has the file .adebook-complete.json

So a crash at any moment leaves nothing that could be mistaken for the data set. One process at a time works
in a place; others wait and then find what it made.
"""

import errno
import json
import os
import re
import shutil
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from adebook import _cache, facts

if TYPE_CHECKING:
    import requests
    from tqdm import tqdm

__all__ = ["TERMS", "Archive", "archive_of", "download"]

#: Printed before a download begins.
TERMS = (
    "ADE20K's terms of use, in short: MIT does not own the pictures; they may be used for non-commercial "
    "research and education only, at your own risk; colleagues you share them with accept the same terms. "
    "The annotations are under the BSD-3-Clause license. In full: "
    "https://groups.csail.mit.edu/vision/datasets/ADE20K/terms/"
)

_TRIES = 5  # connections in a row that brought nothing new
_PAUSE = 1.0  # seconds before the second of them; doubles each time
_TIMEOUT = (10, 60)  # seconds to connect, seconds without a byte
_CHUNK = 1 << 16
_UNPACKED = 1.2  # unpacked size on disk over archive size; pictures do not compress, files fill whole blocks
_BOMB = 4  # an archive of pictures that says it unpacks to more than this many times its size is none
_BLOCK = 4096
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows has no quotas of this kind
_HUB = "load('sceneparse150', root='hub')"


@dataclass(frozen=True, slots=True)
class Archive:
    """An official archive.

    Attributes:
        url: where it lies.
        size: bytes.
        sha256: checksum, hexadecimal.
        folder: the folder it unpacks to.
        needs: folders without which it is not what it should be.
    """

    url: str
    size: int
    sha256: str
    folder: str
    needs: tuple[str, ...] = ()


def archive_of(what: str) -> Archive:
    """The official archive of "sceneparse150" or "sceneparse150-test", from data/facts.csv."""
    prefix = {"sceneparse150": "zip", "sceneparse150-test": "test_zip"}.get(what)
    if prefix is None:
        why = {
            "dollhouse": "Dollhouse comes with adebook; load('dollhouse') needs no download.",
            "ade20k-full": "MIT gives the full release to registered users only, by a personal link. Cure: "
            "load('ade20k-full', streaming=True) reads the hub's copy; or unpack your archive and pass root.",
        }.get(what, "There are 'sceneparse150' and 'sceneparse150-test'.")
        raise ValueError(f"There is no archive of {what!r} to download. {why}")
    return Archive(
        url=str(facts.value(f"{prefix}_url")),
        size=int(facts.value(f"{prefix}_bytes")),
        sha256=str(facts.value(f"{prefix}_sha256")),
        folder=_cache.FOLDERS[what],
        needs=("images", "annotations") if what == "sceneparse150" else (),
    )


def download(what: str = "sceneparse150", *, root: str | os.PathLike[str] | None = None) -> Path:
    """Download an official archive and unpack it; a second call finds it finished.

    The transfer goes on where it broke off, in this call and in the next one. Free space is checked first.
    MIT's terms are printed. Afterwards `adebook.load(what)` finds the folder by itself (if `root` was not
    used).

    Args:
        what: "sceneparse150" (training and validation, about 1 GB) or "sceneparse150-test" (test pictures
            without masks, about 0.2 GB).
        root: the folder to put it in. None means the environment variable ADEBOOK_CACHE, else the platform's
            cache folder. If the official zip lies there already, it is checked and unpacked, and kept.

    Returns:
        the folder: ADEChallengeData2016 in official layout, or release_test.

    Raises:
        ValueError: there is no such archive.
        FileExistsError: the target folder is there but was not made by a finished download.
        RuntimeError: too little space, no connection, or an answer that is not the archive; says what was
            kept and what to do. Nothing incomplete or altered is ever unpacked or used.

    Example:
        >>> download()  # doctest: +SKIP
        PosixPath('~/.cache/adebook/ADEChallengeData2016')
    """
    archive = archive_of(what)
    place = _cache.place() if root is None else Path(root).expanduser().absolute()
    target = place / archive.folder
    work = place / ".adebook-download"
    name = archive.url.rpartition("/")[2]
    packed, part = work / name, work / f"{name}.part"
    if _cache.is_finished(target) and not packed.exists():
        return target
    work.mkdir(parents=True, exist_ok=True)
    with _alone(work / f"{name}.lock", f"Another process is downloading {name} to {place}; waiting for it."):
        if not _cache.is_finished(target):
            if target.exists():
                raise FileExistsError(
                    f"{target} is there, but no finished download made it, so it may be incomplete. Cure: if "
                    f"it is a good copy, load it with root={str(target)!r}; otherwise move it away and call "
                    f"again."
                )
            print(TERMS)
            own = place / name
            if not (own.is_file() and _is_official(own, archive)):
                own = packed
                _fetch(archive, packed, part)
            _unpack(own, work / f"{archive.folder}.unpacking", target, archive)
        for path in (packed, part):
            path.unlink(missing_ok=True)
    return target


@contextmanager
def _alone(lock: Path, message: str) -> Iterator[None]:
    """Hold the lock; the system takes it from a process that dies."""
    import filelock

    held = filelock.FileLock(lock)
    try:
        held.acquire(timeout=0)
    except filelock.Timeout:
        print(message)
        held.acquire()
    try:
        yield
    finally:
        held.release()


def _is_official(path: Path, archive: Archive) -> bool:
    import pooch

    return path.stat().st_size == archive.size and pooch.file_hash(str(path)) == archive.sha256


# --- the transfer -------------------------------------------------------------------------------------------


def _fetch(archive: Archive, packed: Path, part: Path) -> None:
    """The archive at `packed`, its checksum verified by pooch."""
    import pooch

    have = packed.stat().st_size if packed.exists() else _size(part)
    _check_space(packed.parent, max(archive.size - have, 0) + int(archive.size * _UNPACKED), "to begin")
    for left in packed.parent.glob("tmp*"):  # pooch's own files, of a process that was killed
        left.unlink()
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # the progress bar says it all
    try:
        pooch.retrieve(
            archive.url,
            known_hash=f"sha256:{archive.sha256}",
            fname=packed.name,
            path=packed.parent,
            downloader=partial(_transfer, part=part, size=archive.size),
        )
    except ValueError as error:  # pooch removed its copy
        part.unlink(missing_ok=True)
        raise RuntimeError(
            f"{archive.url} gave {archive.size:,} bytes, but not the published ones: their sha256 is not "
            f"{archive.sha256}. They were removed. Cure: call again; if it happens twice, something on the "
            f"way (a proxy, a mirror) alters the file: try another network, or the hub's copy: {_HUB}."
        ) from error
    finally:
        logger.setLevel(level)


def _transfer(url: str, output_file: str, _pooch: object, *, part: Path, size: int) -> None:
    """pooch's downloader, but one that goes on where it broke off."""
    import requests
    from tqdm.auto import tqdm

    best, failures = _size(part), 0
    if best > size:
        part.unlink()
        best = 0
    with (
        requests.Session() as session,
        tqdm(total=size, initial=best, unit="B", unit_scale=True, unit_divisor=1000, desc=part.stem) as bar,
    ):
        while _size(part) < size:
            try:
                _go_on(session, url, part, size, bar)
                problem: Exception | None = None
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
                _Again,
            ) as error:
                problem = error
            except requests.RequestException as error:
                raise RuntimeError(f"{url} cannot be fetched: {error}. {_kept(part)}") from error
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                raise RuntimeError(
                    f"The disk of {part.parent} is full ({error.strerror}). {_kept(part)} Cure: free "
                    f"{_gigabytes(size - _size(part) + int(size * _UNPACKED))} and call again."
                ) from error
            if (now := _size(part)) > best:
                best, failures = now, 0
                continue
            failures += 1
            if failures == _TRIES:
                raise RuntimeError(
                    f"{url}: {_TRIES} connections in a row brought nothing new"
                    f"{f' ({problem})' if problem else ''}. {_kept(part)} Cure: look at the network and call "
                    f"again."
                ) from problem
            time.sleep(_PAUSE * 2 ** (failures - 1))
    # A hard link, so that a process killed while pooch computes the checksum has not lost the file.
    Path(output_file).unlink(missing_ok=True)
    try:
        os.link(part, output_file)
    except OSError:  # a file system without hard links
        part.replace(output_file)


class _Again(Exception):
    """The server did not answer with what was asked for, but may do so another time."""


def _go_on(session: "requests.Session", url: str, part: Path, size: int, bar: "tqdm") -> None:
    """One connection: append to `part` what it brings.

    The size of the whole file in the answer tells whether the server still has the same file, and the
    checksum at the end is the judge; so no ETag needs to be remembered.
    """
    have = _size(part)
    answer = _ask(session, url, have)
    first, total = _content_range(answer)
    if answer.status_code == 416 or (answer.status_code == 206 and first != have):
        answer.close()  # the server cannot go on from here: the whole file, then
        have = 0
        answer = _ask(session, url, have)
        first, total = _content_range(answer)
    with answer:
        said = f"{url}: the server answered {answer.status_code} {answer.reason}"
        if answer.status_code in (429, 500, 502, 503, 504):
            raise _Again(said)
        if answer.status_code not in (200, 206) or (answer.status_code == 206 and first != have):
            raise RuntimeError(
                f"{said}, so the archive is not to be had there. {_kept(part)} Cure: try later, or use the "
                f"hub's copy: {_HUB}."
            )
        if "html" in answer.headers.get("Content-Type", ""):
            raise RuntimeError(
                f"{said} with a web page, not with the archive: a log-in page of the network, or an error "
                f"page. {_kept(part)} Cure: open the address in a browser to see it, then call again."
            )
        if answer.status_code == 200:  # from the first byte, whatever was asked for
            have, total = 0, answer.headers.get("Content-Length")
        if total is not None and int(total) != size:
            raise RuntimeError(
                f"{said} with a file of {int(total):,} bytes, but the archive has {size:,}; it is another "
                f"file. {_kept(part)} Cure: try later, or use the hub's copy: {_HUB}."
            )
        bar.update(have - bar.n)
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            for chunk in answer.iter_content(_CHUNK):
                have += len(chunk)
                if have > size:
                    file.truncate(0)
                    raise RuntimeError(
                        f"{said} with more than the {size:,} bytes of the archive; it is another file, and "
                        f"what came was removed. Cure: try later, or use the hub's copy: {_HUB}."
                    )
                file.write(chunk)
                file.flush()  # to the system: what a killed process has written stays
                bar.update(len(chunk))


def _ask(session: "requests.Session", url: str, have: int) -> "requests.Response":
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    return session.get(url, headers=headers, stream=True, timeout=_TIMEOUT)


def _content_range(answer: "requests.Response") -> tuple[int | None, str | None]:
    """First byte and size of the whole file, as far as the answer says."""
    value = answer.headers.get("Content-Range", "").strip()
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", value)
    if not match:
        return None, None
    return int(match[1]), None if match[2] == "*" else match[2]


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _kept(part: Path) -> str:
    have = _size(part)
    return f"{have:,} bytes are kept in {part}; the next call goes on from there." if have else ""


def _check_space(folder: Path, need: int, when: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < need:
        raise RuntimeError(
            f"Too little space {when}: {folder} has {_gigabytes(free)} free, {_gigabytes(need)} are needed. "
            f"Cure: free some, or choose another place with root= or the environment variable ADEBOOK_CACHE."
        )


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.2f} GB" if number >= 1e7 else f"{number:,} bytes"


# --- unpacking ----------------------------------------------------------------------------------------------


def _unpack(packed: Path, temporary: Path, target: Path, archive: Archive) -> None:
    """Unpack beside the target, then move: the target is whole from its first moment."""
    from tqdm.auto import tqdm

    if temporary.exists():
        shutil.rmtree(temporary)  # of a process that was killed
    temporary.mkdir()
    need = 0
    try:
        with zipfile.ZipFile(packed) as content:
            members = _safe_members(content, packed, limit=_BOMB * packed.stat().st_size)
            need = sum(-(-info.file_size // _BLOCK) * _BLOCK for info, _ in members)
            _check_space(temporary, need, "to unpack")
            for info, path in tqdm(members, unit="file", desc=f"Unpacking {packed.name}"):
                destination = temporary / path
                if info.is_dir():
                    destination.mkdir(parents=True, exist_ok=True)
                    continue
                destination.parent.mkdir(parents=True, exist_ok=True)
                with content.open(info) as source, destination.open("xb") as file:
                    shutil.copyfileobj(
                        source, file, 1 << 20
                    )  # zipfile compares with the declared size and CRC
    except zipfile.BadZipFile as error:
        shutil.rmtree(temporary)
        raise RuntimeError(f"{packed} is no good zip file: {error}. Nothing of it is used.") from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        shutil.rmtree(temporary)
        raise RuntimeError(
            f"The disk of {temporary.parent} is full ({error.strerror}). What was unpacked was removed, the "
            f"archive is kept. Cure: free {_gigabytes(need)} and call again."
        ) from error
    whole = temporary / archive.folder if (temporary / archive.folder).is_dir() else temporary
    if missing := [name for name in archive.needs if not (whole / name).is_dir()]:
        raise RuntimeError(f"{packed} has no folder {' or '.join(missing)}, so it is not the data set.")
    about = {"url": archive.url, "sha256": archive.sha256, "files": len(members)}
    (whole / _cache.MARKER).write_text(json.dumps(about) + "\n", encoding="utf-8")
    sync: Callable[[], None] = getattr(os, "sync", lambda: None)  # Windows has none
    sync()  # the files reach the disk before the name under which they count as whole
    whole.rename(target)
    shutil.rmtree(temporary, ignore_errors=True)


def _safe_members(
    content: zipfile.ZipFile, packed: Path, limit: int
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The entries of a zip with their relative paths, after making sure that none can do harm.

    Raises:
        RuntimeError: for a path that leaves the folder, a link or device, two entries of one name, an
            encrypted entry, and more bytes than `limit`.
    """
    members: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    seen: set[str] = set()
    total = 0
    for info in content.infolist():
        path = PurePosixPath(info.filename)
        windows = PureWindowsPath(info.filename)
        kind = stat.S_IFMT(info.external_attr >> 16)
        total += info.file_size
        why = None
        if path.is_absolute() or windows.drive or windows.root or ".." in windows.parts or not path.parts:
            why = "would be written outside of the folder"
        elif "\\" in info.filename or ":" in info.filename:
            why = "has a name that means another place on some systems"
        elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            why = "is a link or a device, not a file"
        elif info.flag_bits & 1:
            why = "is encrypted"
        elif str(path).casefold() in seen:
            why = "is there twice (on systems that do not tell capitals from small letters)"
        elif total > limit:
            why = f"brings the unpacked size above {limit:,} bytes, too much for pictures"
        if why:
            raise RuntimeError(f"{packed}: the entry {info.filename!r} {why}. Nothing was unpacked.")
        seen.add(str(path).casefold())
        members.append((info, path))
    return members
