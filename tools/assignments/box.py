"""The box a submission runs in: limits, and whatever isolation the machine grants. Started by grade.py.

    python box.py '{"namespaces": true, ...}'

With namespaces (Linux) this process is the first of its own PID namespace and was started without a network;
it makes the file system read-only but for the work folder, hides the folders it is told to hide, gives up its
rights and becomes the runner. Without, it only sets limits, and afterwards ends whatever the submission left.

It imports nothing but the standard library and starts in milliseconds.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
# Linux numbers, the same on x86-64 and arm64.
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1
_MS_NOSUID, _MS_NODEV = 2, 4
_PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 24, 36, 38


def main() -> None:
    wish = json.loads(sys.argv[1])
    if wish["namespaces"]:
        isolate(Path(wish["work"]), [Path(p) for p in wish["hide"]], wish["uid"])
    os.chdir(wish["work"])
    limit(wish)
    if wish["namespaces"]:
        give_up_rights(wish["uid"])
        os.execv(wish["command"][0], wish["command"])
    run_and_clean(wish["command"])


def isolate(work: Path, hide: list[Path], uid: int | None) -> None:
    """Read-only file system, an empty work folder in memory, hidden folders, own /proc."""

    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]

    read_only = Attributes(_RDONLY, 0, 0, 0)
    _call(
        _LIBC.syscall(
            _MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE, ctypes.byref(read_only), ctypes.sizeof(read_only)
        ),
        "make the file system read-only",
    )
    owner = f",uid={uid},gid={uid}" if uid else ""
    _mount("tmpfs", work, f"size=256m,mode=0700{owner}")
    for folder in hide:
        if folder.is_dir():
            _mount("tmpfs", folder, "size=4k,mode=0000")
    with contextlib.suppress(OSError):  # refused inside some containers; then other processes can be seen
        _mount("proc", Path("/proc"), "")
    with contextlib.suppress(OSError):
        _mount("tmpfs", Path("/dev/shm"), f"size=256m,mode=1777{owner}")


def _mount(kind: str, where: Path, options: str) -> None:
    flags = _MS_NOSUID | _MS_NODEV
    _call(
        _LIBC.mount(kind.encode(), os.fsencode(where), kind.encode(), flags, options.encode()),
        f"mount {kind} at {where}",
    )


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"could not {what}: {os.strerror(number)}")


def limit(wish: dict) -> None:
    """Limits that hold in every process the submission starts (not all systems enforce all of them)."""
    for name, value in {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": wish["cpu_seconds"],
        "RLIMIT_DATA": wish["memory"],
        "RLIMIT_AS": 4 * wish["memory"],  # libraries are mapped, too: torch alone maps gigabytes
        "RLIMIT_FSIZE": 256 << 20,
        "RLIMIT_NOFILE": 512,
        "RLIMIT_NPROC": wish["processes"],
    }.items():
        if name == "RLIMIT_NPROC" and not wish["namespaces"]:
            continue  # it would count every process of the account, the instructor's own among them
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def give_up_rights(uid: int | None) -> None:
    """No rights to mount, and no way to get any back."""
    for capability in range(64):
        _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def run_and_clean(command: list[str]) -> None:
    """Without namespaces: wait for the runner, then end every process that it left behind."""
    if sys.platform == "linux":  # orphans become children of this process, whatever session they are in
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    runner = os.posix_spawn(command[0], command, os.environ)
    _, status = os.waitpid(runner, 0)
    while sys.platform == "linux":
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        if not children:
            break
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(int(child), signal.SIGKILL)
                os.waitpid(int(child), 0)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main()
