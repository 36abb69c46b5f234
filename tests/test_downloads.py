"""The real download code against a server on loopback that cuts, lies and stalls."""

import errno
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from conftest import some_mask, write_pair
from servers import Answer, serving

import adebook
from adebook import _cache, downloads
from adebook.downloads import Archive, download

ZIP = "/ADEChallengeData2016.zip"


@pytest.fixture(autouse=True)
def _quick_and_apart(monkeypatch, tmp_path):
    monkeypatch.setattr(downloads, "_PAUSE", 0.0)
    monkeypatch.setenv("ADEBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ADE20K_ROOT", raising=False)
    monkeypatch.delenv("ADEBOOK_SOURCE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "cache"


def zipped(folder: Path) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return memory.getvalue()


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> bytes:
    """The official zip in small: 3 pairs and one picture of noise, about 1 MB."""
    folder = tmp_path_factory.mktemp("made") / "ADEChallengeData2016"
    for number in (1, 2):
        write_pair(folder, "validation", f"ADE_val_{number:08d}", some_mask(number))
    write_pair(folder, "training", "ADE_train_00000001", some_mask(3), (1200, 1000))
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1200, 3), dtype=np.uint8)
    PIL.Image.fromarray(noise).save(folder / "images" / "training" / "ADE_train_00000001.jpg", quality=90)
    PIL.Image.new("L", (1200, 1000), 7).save(folder / "annotations" / "training" / "ADE_train_00000001.png")
    (folder / "sceneCategories.txt").write_text("ADE_val_00000001 abbey\n")
    return zipped(folder)


def announce(monkeypatch, server, content, **changes):
    """Make `content` the official archive, to be had from the server."""
    archive = Archive(
        **{
            "url": server.url + ZIP,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "folder": "ADEChallengeData2016",
            "needs": ("images", "annotations"),
        }
        | changes
    )
    monkeypatch.setattr(downloads, "archive_of", lambda what: archive)
    return archive


def part_of(place) -> Path:
    return place / ".adebook-download" / "ADEChallengeData2016.zip.part"


def starts(server) -> list[int]:
    """The first byte that each request asked for."""
    ranges = [asked.headers.get("Range") for asked in server.asked]
    return [0 if value is None else int(value.removeprefix("bytes=").removesuffix("-")) for value in ranges]


def assert_finished(folder: Path, place: Path) -> None:
    assert folder == place / "ADEChallengeData2016"
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "annotations",
        "images",
        "sceneCategories.txt",
    ]
    rows = adebook.load("sceneparse150", "validation")
    assert [row["name"] for row in rows] == ["ADE_val_00000001", "ADE_val_00000002"]
    assert (np.asarray(rows[0]["annotation"]) == some_mask(1)).all()
    assert rows[0]["scene"] == "abbey"
    assert len(adebook.load("sceneparse150", "training")) == 1
    assert adebook.datasets.source_info("sceneparse150").root == folder
    left = [path.name for path in (place / ".adebook-download").iterdir()]
    assert left in ([], ["ADEChallengeData2016.zip.lock"])


def assert_nothing_is_used(place: Path) -> None:
    assert not (place / "ADEChallengeData2016").exists()
    with pytest.raises(FileNotFoundError, match=r"adebook\.download\(\)"):
        adebook.load("sceneparse150")


# --- it works ---


def test_download_then_load(monkeypatch, place, content, capsys):
    assert_nothing_is_used(place)
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        folder = download()
        assert_finished(folder, place)
        assert capsys.readouterr().out.count("non-commercial research") == 1
        assert download() == folder
        assert capsys.readouterr().out == ""
        assert len(server.asked) == 1
    assert adebook.download is download


def test_another_place(monkeypatch, place, tmp_path, content):
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        folder = download(root=str(tmp_path / "elsewhere"))
    assert folder == tmp_path / "elsewhere" / "ADEChallengeData2016"
    assert len(adebook.load("sceneparse150", root=folder)) == 2
    assert_nothing_is_used(place)


def test_the_order_of_places(monkeypatch, place, root, content):
    """root, then ADE20K_ROOT, then the download."""
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        download()
    assert len(adebook.load("sceneparse150")) == 2
    monkeypatch.setenv("ADE20K_ROOT", str(root))
    assert len(adebook.load("sceneparse150")) == 5
    assert len(adebook.load("sceneparse150", root=place / "ADEChallengeData2016")) == 2


def test_a_zip_that_was_got_by_other_means(monkeypatch, place, content):
    place.mkdir()
    (place / "ADEChallengeData2016.zip").write_bytes(content)
    with serving(lambda asked: Answer(status=404)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert server.asked == []
    assert (place / "ADEChallengeData2016.zip").read_bytes() == content


def test_a_wrong_zip_that_was_got_by_other_means_is_left_alone(monkeypatch, place, content):
    place.mkdir()
    wrong = content[:-1] + bytes([content[-1] ^ 1])
    (place / "ADEChallengeData2016.zip").write_bytes(wrong)
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
    assert (place / "ADEChallengeData2016.zip").read_bytes() == wrong


def test_the_test_pictures(monkeypatch, place):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("release_test/testing/ADE_test_00000001.jpg", b"x")
    with serving(lambda asked: Answer(memory.getvalue())) as server:
        announce(monkeypatch, server, memory.getvalue(), folder="release_test", needs=())
        folder = download("sceneparse150-test")
    assert (folder / "testing" / "ADE_test_00000001.jpg").read_bytes() == b"x"


def test_the_official_archives():
    archive = downloads.archive_of("sceneparse150")
    assert archive.size == 967_382_037
    assert archive.sha256 == "7ff1be44964418441f542a7cc1e1a650e7dc0fc275f5d23252bc9bbdbc977b29"
    assert archive.url == "http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip"
    archive = downloads.archive_of("sceneparse150-test")
    assert (archive.size, archive.folder) == (211_820_497, "release_test")
    assert archive.sha256 == "1878d23b4586e8724adfa5bf2b6a225aea99ec4eaa395aec2e1b47a79be67ee0"
    for word, says in (
        ("dollhouse", "comes with adebook"),
        ("ade20k-full", "registered users"),
        ("scene", "'sceneparse150'"),
    ):
        with pytest.raises(ValueError, match=says):
            download(word)


# --- broken connections ---


@pytest.mark.parametrize("tenth", range(1, 10))
def test_cut_at_every_tenth(monkeypatch, place, content, tenth):
    """One cut: the same call goes on, and asks only for what is missing."""
    cut = len(content) * tenth // 10
    with serving(lambda asked: Answer(content, cut=cut if len(server.asked) == 1 else None)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        first, second = starts(server)
        assert first == 0
        assert cut - downloads._CHUNK <= second <= cut


def test_cut_again_and_again(monkeypatch, place, content):
    """Ten cuts in a row, each after a tenth more."""
    tenth = len(content) // 10 + downloads._CHUNK
    with serving(lambda asked: Answer(content, cut=tenth)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert 8 <= len(server.asked) <= 11
        assert starts(server) == sorted(starts(server))


def test_gives_up_and_goes_on_in_the_next_call(monkeypatch, place, content):
    half = len(content) // 2
    with serving(lambda asked: Answer(content, cut=half if len(server.asked) == 1 else 0)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match=r"5 connections in a row.* bytes are kept in .*call again"):
            download()
        assert len(server.asked) == 1 + downloads._TRIES
    assert_nothing_is_used(place)
    have = part_of(place).stat().st_size
    assert have > half - downloads._CHUNK
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert starts(server) == [have]
        assert server.asked[0].sent == len(content) - have


def test_no_server_at_all(monkeypatch, place, content):
    with serving(lambda asked: Answer()) as server:
        announce(monkeypatch, server, content)
    with pytest.raises(RuntimeError, match="5 connections in a row brought nothing new"):
        download()
    assert_nothing_is_used(place)


def test_a_server_without_ranges(monkeypatch, place, content):
    cuts = [len(content) // 3, len(content) // 2, None]
    with serving(lambda asked: Answer(content, ranges=False, cut=cuts[len(server.asked) - 1])) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert [asked.sent for asked in server.asked] == [cuts[0], cuts[1], len(content)]


def test_a_server_without_ranges_that_always_cuts(monkeypatch, place, content):
    with serving(lambda asked: Answer(content, ranges=False, cut=300_000)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match="brought nothing new"):
            download()
        assert len(server.asked) == 1 + downloads._TRIES
    assert_nothing_is_used(place)


def test_a_server_that_does_not_tell_the_length(monkeypatch, place, content):
    cuts = [len(content) // 2, None]
    with serving(lambda asked: Answer(content, length=False, cut=cuts[len(server.asked) - 1])) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert starts(server)[1] == cuts[0]


def test_a_server_that_is_busy(monkeypatch, place, content):
    with serving(
        lambda asked: Answer(content) if len(server.asked) == 3 else Answer(b"later", status=503)
    ) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)


def test_a_server_that_sends_another_part_than_asked_for(monkeypatch, place, content):
    part_of(place).parent.mkdir(parents=True)
    part_of(place).write_bytes(content[:1000])
    wrong = Answer(content[500:], status=206, headers={"Content-Range": f"bytes 500-9/{len(content)}"})
    with serving(lambda asked: wrong if len(server.asked) == 1 else Answer(content)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert starts(server) == [1000, 0]


def test_a_server_that_does_not_have_our_part(monkeypatch, place, content):
    part_of(place).parent.mkdir(parents=True)
    part_of(place).write_bytes(content[:1000])
    with serving(lambda asked: Answer(content) if len(server.asked) == 2 else Answer(status=416)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert starts(server) == [1000, 0]


def test_a_server_that_makes_no_sense(monkeypatch, place, content):
    part_of(place).parent.mkdir(parents=True)
    part_of(place).write_bytes(content[:1000])
    with serving(lambda asked: Answer(content, status=206)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match="answered 206"):
            download()
    assert_nothing_is_used(place)
    assert part_of(place).stat().st_size == 1000


def test_a_server_that_falls_silent(monkeypatch, place, content):
    monkeypatch.setattr(downloads, "_TIMEOUT", (5, 0.5))
    end = threading.Event()
    silent = Answer(content, cut=400_000, hold=end)
    with serving(lambda asked: silent if len(server.asked) == 1 else Answer(content)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        end.set()
        assert 400_000 - downloads._CHUNK <= starts(server)[1] <= 400_000


def test_a_redirect(monkeypatch, place, content):
    def respond(asked):
        if asked.path == ZIP:
            return Answer(status=302, headers={"Location": "/mirror.zip"})
        return Answer(content, cut=300_000 if len(server.asked) == 2 else None)

    with serving(respond) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)
        assert [asked.path for asked in server.asked] == [ZIP, "/mirror.zip"] * 2


def test_a_redirect_in_circles(monkeypatch, place, content):
    with serving(lambda asked: Answer(status=302, headers={"Location": ZIP})) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match="cannot be fetched"):
            download()
        assert len(server.asked) < 50
    assert_nothing_is_used(place)


# --- wrong content ---


@pytest.mark.parametrize(
    "answer, says",
    [
        (Answer(b"gone", status=404), "answered 404"),
        (Answer(b"no", status=403), "answered 403"),
        (Answer(b"<html>Log in</html>", headers={"Content-Type": "text/html"}), "web page"),
        (
            Answer(b"<html>Log in</html>", headers={"Content-Type": "text/html; charset=x"}, length=False),
            "web page",
        ),
        (Answer(b"short"), "file of 5 bytes, but the archive has"),
        (Answer(b"x" * 3_000_000), "file of 3,000,000 bytes"),
        (Answer(b"x" * 3_000_000, length=False), "more than the"),
        (Answer(status=302, headers={"Location": "ftp://127.0.0.1/x"}), "cannot be fetched"),
    ],
)
def test_another_answer(monkeypatch, place, content, answer, says):
    with serving(lambda asked: answer) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match=says):
            download()
        assert len(server.asked) == 1
    assert_nothing_is_used(place)
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        assert_finished(download(), place)


def test_another_answer_does_not_cost_what_was_there(monkeypatch, place, content):
    part_of(place).parent.mkdir(parents=True)
    part_of(place).write_bytes(content[:400_000])
    page = Answer(b"<html>", headers={"Content-Type": "text/html"}, ranges=False)
    with serving(lambda asked: page if len(server.asked) == 1 else Answer(content)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match=r"400,000 bytes are kept"):
            download()
        assert_finished(download(), place)
        assert starts(server) == [400_000, 400_000]


@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_one_wrong_bit(monkeypatch, place, content, where):
    wrong = bytearray(content)
    wrong[int(where * (len(content) - 1))] ^= 1
    with serving(lambda asked: Answer(bytes(wrong) if len(server.asked) == 1 else content)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match=r"sha256 is not .*removed.*call again"):
            download()
        assert_nothing_is_used(place)
        assert not part_of(place).exists()
        assert_finished(download(), place)


def test_what_was_kept_belongs_to_another_file(monkeypatch, place, content):
    part_of(place).parent.mkdir(parents=True)
    part_of(place).write_bytes(b"\0" * 500_000)
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(RuntimeError, match="sha256"):
            download()
        assert_finished(download(), place)
        part_of(place).write_bytes(b"\0" * (len(content) + 1))
        shutil.rmtree(place / "ADEChallengeData2016")
        assert_finished(download(), place)


# --- no space ---


def test_too_little_space_is_seen_first(monkeypatch, place, content):
    usage = shutil.disk_usage(place.parent)
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=len(content)))
        with pytest.raises(RuntimeError, match=r"Too little space.*are needed.*ADEBOOK_CACHE"):
            download()
        assert server.asked == []
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=3 * len(content)))
        assert_finished(download(), place)


def full_disk(file, after):
    """The file object, which fails like a full disk when it has taken `after` bytes."""
    write, taken = file.write, 0

    def limited(data):
        nonlocal taken
        taken += len(data)
        if taken > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(data)

    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            file.close()

        def __getattr__(self, name):
            return getattr(file, name)

    full = Full()
    full.write = limited
    return full


@pytest.mark.parametrize("what, says", [(".part", "bytes are kept in"), (".jpg", "the archive is kept")])
def test_the_disk_fills_up_on_the_way(monkeypatch, place, content, what, says):
    whole = Path.open

    def opened(path, mode="r", *args, **options):
        file = whole(path, mode, *args, **options)
        return full_disk(file, 400_000) if path.suffix == what and mode in ("wb", "r+b", "xb") else file

    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", opened)
            with pytest.raises(RuntimeError, match=rf"is full.*{says}"):
                download()
        assert_nothing_is_used(place)
        assert_finished(download(), place)
        if what == ".part":
            assert starts(server)[0] == 0
            assert 400_000 - downloads._CHUNK <= starts(server)[1] <= 400_000
        else:
            assert starts(server) == [0]


# --- processes ---

SCRIPT = """
import sys
from adebook import downloads
from adebook.downloads import Archive
archive = Archive({url!r}, {size}, {sha256!r}, "ADEChallengeData2016", ("images", "annotations"))
downloads.archive_of = lambda what: archive
{also}
print("AT", downloads.download())
"""


def start(archive, also=""):
    code = SCRIPT.format(url=archive.url, size=archive.size, sha256=archive.sha256, also=also)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_two_processes_at_once(monkeypatch, place, content):
    go = threading.Event()
    with serving(
        lambda asked: Answer(content, cut=200_000, hold=go) if not go.is_set() else Answer(content)
    ) as server:
        archive = announce(monkeypatch, server, content)
        first = start(archive)
        wait_until(lambda: server.asked)
        second = start(archive)
        wait_until(lambda: "waiting" in second.stdout.readline())
        go.set()
        outputs = [process.communicate(timeout=60) for process in (first, second)]
        assert [process.returncode for process in (first, second)] == [0, 0], outputs
        assert all("AT" in out for out, _ in outputs)
        assert sum(asked.sent for asked in server.asked) <= len(content) + downloads._CHUNK
    assert_finished(place / "ADEChallengeData2016", place)


def test_killed_in_the_middle_of_the_transfer(monkeypatch, place, content):
    go = threading.Event()
    with serving(
        lambda asked: Answer(content, cut=500_000, hold=go) if len(server.asked) == 1 else Answer(content)
    ) as server:
        archive = announce(monkeypatch, server, content)
        process = start(archive)
        wait_until(lambda: part_of(place).exists() and part_of(place).stat().st_size > 400_000)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        go.set()
        assert_nothing_is_used(place)
        have = part_of(place).stat().st_size
        assert_finished(download(), place)
        assert starts(server) == [0, have]


KILL = "import os, signal\ndef killed(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"


@pytest.mark.parametrize(
    "moment, also",
    [
        ("checksum", "import pooch.core, sys; sys.modules['pooch.core'].hash_matches = killed"),
        ("unpacking", "import shutil; shutil.copyfileobj = killed"),
        ("before the move", "from pathlib import Path; Path.rename = killed"),
        (
            "after the move",
            "from pathlib import Path; Path.unlink = lambda p, **k: killed() if p.suffix == '.zip' else os.unlink(p)",
        ),
    ],
)
def test_killed_later(monkeypatch, place, content, moment, also):
    with serving(lambda asked: Answer(content)) as server:
        archive = announce(monkeypatch, server, content)
        process = start(archive, KILL + also)
        out, err = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, (out, err)
        if moment != "after the move":
            assert_nothing_is_used(place)
        assert_finished(download(), place)
        assert len(server.asked) == 1  # nothing was transferred twice


# --- a folder that is there, a zip that does harm ---


def test_a_folder_of_unknown_origin_is_left_alone(monkeypatch, place, content):
    (place / "ADEChallengeData2016" / "images").mkdir(parents=True)
    with serving(lambda asked: Answer(content)) as server:
        announce(monkeypatch, server, content)
        with pytest.raises(FileExistsError, match=r"no finished download made it.*move it away"):
            download()
        assert server.asked == []
    with pytest.raises(FileNotFoundError):
        adebook.load("sceneparse150")


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


TOP = "ADEChallengeData2016/"


@pytest.mark.parametrize(
    "name, data, says",
    [
        ("../evil.txt", b"x", "outside of the folder"),
        (TOP + "../../evil.txt", b"x", "outside of the folder"),
        ("/tmp/evil.txt", b"x", "outside of the folder"),
        ("C:/evil.txt", b"x", "outside of the folder"),
        ("..\\evil.txt", b"x", "outside of the folder"),
        (TOP + "a\\b.txt", b"x", "another place"),
        (TOP + "file:stream", b"x", "another place"),
        (link(TOP + "images"), b"/etc", "a link or a device"),
        (TOP + "SCENEcategories.txt", b"x", "there twice"),
        (TOP + "zeros", bytes(10_000_000), "too much for pictures"),
    ],
)
def test_a_zip_that_does_harm(monkeypatch, place, content, name, data, says):
    memory = io.BytesIO(content)
    with zipfile.ZipFile(memory, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    evil = memory.getvalue()
    before = sorted(place.parent.rglob("*"))
    with serving(lambda asked: Answer(evil)) as server:
        announce(monkeypatch, server, evil)
        with pytest.raises(RuntimeError, match=rf"{says}.*Nothing was unpacked"):
            download()
    assert_nothing_is_used(place)
    new = {path.relative_to(place.parent).as_posix() for path in place.parent.rglob("*")} - set(before)
    assert {path.partition("/")[0] for path in new} <= {"cache"}


def test_a_zip_that_lies_about_sizes(monkeypatch, place, content):
    """The directory says 5 bytes, the data are 50,000."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(TOP + "zeros", bytes(50_000))
    lie = memory.getvalue().replace((50_000).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    with serving(lambda asked: Answer(lie)) as server:
        announce(monkeypatch, server, lie)
        with pytest.raises(RuntimeError, match="no good zip file"):
            download()
    assert_nothing_is_used(place)


@pytest.mark.parametrize(
    "made", [lambda content: b"no zip at all", lambda content: content[: len(content) // 2]]
)
def test_no_zip(monkeypatch, place, content, made):
    with serving(lambda asked: Answer(made(content))) as server:
        announce(monkeypatch, server, made(content))
        with pytest.raises(RuntimeError, match="no good zip file"):
            download()
    assert_nothing_is_used(place)


def test_a_zip_of_something_else(monkeypatch, place):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("holiday/beach.jpg", b"x")
    with serving(lambda asked: Answer(memory.getvalue())) as server:
        announce(monkeypatch, server, memory.getvalue())
        with pytest.raises(RuntimeError, match="no folder images or annotations"):
            download()
    assert_nothing_is_used(place)


def test_the_cache_is_where_the_platform_expects_it(monkeypatch):
    import pooch

    monkeypatch.delenv("ADEBOOK_CACHE")
    assert _cache.place() == pooch.os_cache("adebook")
    monkeypatch.setenv("ADEBOOK_CACHE", "~/data")
    assert _cache.place() == Path("~/data").expanduser()
    assert os.environ["ADEBOOK_CACHE"] == "~/data"
