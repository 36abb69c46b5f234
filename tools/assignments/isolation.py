"""How a submission is kept apart from the machine and from the others, as far as this machine grants it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
_NOBODY = 65534


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Seconds are wall-clock seconds unless the name says otherwise."""

    seconds: float = 300
    cell_seconds: float = 90
    test_seconds: float = 30
    memory: int = 4 << 30
    processes: int = 64


@dataclass(frozen=True)
class Isolation:
    """A way to start a box.

    Attributes:
        unshare: the command that gives it namespaces of its own; empty: none.
        uid: the account that the submission runs under, if the grader runs as root and can change it.
    """

    unshare: tuple[str, ...]
    uid: int | None = None

    def __str__(self) -> str:
        if not self.unshare:
            return (
                "time and memory limits only. This machine grants no namespaces, so a submission has the "
                "rights of your account: it can reach the network and change your files. Grade inside a "
                "container or a virtual machine, or on Linux with user namespaces."
            )
        account = "an account without rights" if self.uid else "your account, stripped of special rights"
        return (
            "no network, a read-only file system with a work folder in memory, processes of its own, the "
            f"other submissions and the solutions hidden; runs under {account}."
        )

    @contextmanager
    def start(
        self, command: list[str], limits: Limits, hide: list[Path]
    ) -> Iterator[tuple[subprocess.Popen, Path]]:
        """A process in its box, with pipes, and its work folder; nothing of both is left afterwards."""
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            work = Path(folder).resolve()
            wish = {
                "namespaces": bool(self.unshare),
                "work": str(work),
                "hide": [str(path.resolve()) for path in hide if path.resolve() not in work.parents],
                "uid": self.uid,
                "cpu_seconds": int(2 * limits.seconds) + 1,
                "memory": limits.memory,
                "processes": limits.processes,
                "command": [sys.executable, "-I", "-B", *command],
            }
            process = subprocess.Popen(
                [*self.unshare, sys.executable, "-I", "-S", "-B", str(HERE / "box.py"), json.dumps(wish)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(work),
                start_new_session=True,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            try:
                yield process, work
            finally:
                end(process)


def end(process: subprocess.Popen) -> None:
    """End the process and everything it started; with namespaces, the kernel does the latter."""
    import psutil

    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):
            pipe.close()


def _environment(work: Path) -> dict[str, str]:
    """Nothing of the instructor's environment: no tokens, no settings."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(work),
        "TMPDIR": str(work),
        "IPYTHONDIR": str(work / ".ipython"),
        "MPLCONFIGDIR": str(work / ".matplotlib"),
        "HF_HOME": str(work / ".huggingface"),
        "HF_HUB_OFFLINE": "1",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
    }


def best() -> Isolation:
    """The strongest isolation that works here, found by trying."""
    plain = Isolation(())
    if sys.platform != "linux" or not shutil.which("unshare"):
        return plain
    own = ("--net", "--pid", "--ipc", "--mount", "--fork", "--kill-child", "--")
    candidates = [Isolation(("unshare", "--user", "--map-root-user", *own))]
    if os.geteuid() == 0:
        candidates.insert(0, Isolation(("unshare", *own), uid=_NOBODY))
    for candidate in candidates:
        if _works(candidate):
            return candidate
    return plain


def _works(isolation: Isolation) -> bool:
    trial = "import adebook, numpy; open('trial', 'w').close(); print('works')"
    try:
        with isolation.start(["-c", trial], Limits(), []) as (process, _):
            return "works" in process.communicate(timeout=60)[0]
    except (OSError, subprocess.TimeoutExpired):
        return False
