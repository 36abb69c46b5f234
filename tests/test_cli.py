"""The command `adebook` itself: its table of subcommands, its exit status, what it imports."""

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import adebook
from adebook import cli

RUN = [sys.executable, "-m", "adebook"]


def run(*arguments: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*RUN, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options
    )


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """Predictions that are right in 3 of 4 labeled pixels, and their annotations."""
    for folder, mask in (("predictions", [[1, 2, 2], [3, 3, 9]]), ("truth", [[1, 2, 3], [3, 0, 0]])):
        (tmp_path / folder).mkdir()
        PIL.Image.fromarray(np.array(mask, np.uint8)).save(tmp_path / folder / "a.png")
    return tmp_path / "predictions", tmp_path / "truth"


def test_the_script_is_this_function():
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="adebook")
    assert script.load() is cli.main


def test_help_lists_the_commands():
    done = run("--help")
    assert done.returncode == 0
    assert "evaluate" in done.stdout
    assert "score a folder of predicted masks" in done.stdout


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"adebook {adebook.__version__}\n")


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument):
    code = f"""
import sys
from adebook.cli import main
try: main([{argument!r}])
except SystemExit: print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "adebook" in loaded
    assert not loaded & {"numpy", "torch", "PIL", "pandas", "numba", "datasets", "tqdm"}


def test_every_command_is_configured_and_described():
    for command in cli._COMMANDS:
        done = run(command.name, "--help")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"usage: adebook {command.name}")


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "COMMAND"),
        (["evalute"], "invalid choice: 'evalute'"),
        (["evaluate", "p", "t"], "--ids"),
        (["evaluate", "p", "t", "--ids", "mit"], "invalid choice: 'mit'"),
        (["evaluate", "p"], "GROUND_TRUTH"),
    ],
)
def test_wrong_usage_is_2(arguments, says):
    done = run(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_success_is_0(folders):
    done = run("evaluate", *folders, "--ids", "official")
    assert done.returncode == 0, done.stderr
    assert "pixel accuracy          0.750000" in done.stdout
    assert done.stderr == ""


def test_an_error_is_1_and_one_message(folders):
    done = run("evaluate", folders[0] / "nowhere", folders[1], "--ids", "official")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("adebook evaluate: The predictions folder ")
    assert "Traceback" not in done.stderr


class Command:
    """A stand-in for a module of the table."""

    def __init__(self, error: BaseException | None = None, warning: str = ""):
        self.error, self.warning = error, warning

    def configure(self, parser):
        parser.add_argument("--word")

    def run(self, args):
        if self.warning:
            warnings.warn(self.warning, UserWarning, stacklevel=2)
        if self.error:
            raise self.error
        print(args.word)
        return 0


@pytest.fixture
def command(monkeypatch):
    def install(**arguments):
        monkeypatch.setattr(cli, "_COMMANDS", (cli._Command("try", "stand_in", "help"),))
        monkeypatch.setitem(sys.modules, "stand_in", Command(**arguments))

    return install


@pytest.mark.parametrize(
    "error, says",
    [
        (ValueError("v"), "v"),
        (TypeError("t"), "t"),
        (FileNotFoundError("f"), "f"),
        (NotADirectoryError("n"), "n"),
        (PermissionError(13, "Permission denied", "x.png"), "[Errno 13] Permission denied: 'x.png'"),
        (RuntimeError("r"), "r"),
    ],
)
def test_errors_of_the_known_kinds(command, capsys, error, says):
    command(error=error)
    assert cli.main(["try"]) == 1
    assert capsys.readouterr().err == f"adebook try: {says}\n"


def test_a_bug_shows_where_it_is(command):
    command(error=KeyError("k"))
    with pytest.raises(KeyError):
        cli.main(["try"])


def test_ctrl_c_is_quiet(command, capsys):
    command(error=KeyboardInterrupt())
    assert cli.main(["try"]) == 130
    assert capsys.readouterr() == ("", "")


def test_warnings_read_like_messages(command, capsys):
    command(warning="careful")
    assert cli.main(["try", "--word", "hello"]) == 0
    assert capsys.readouterr() == ("hello\n", "adebook try: warning: careful\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_reader_that_goes_away(folders):
    process = subprocess.Popen(
        [*RUN, "evaluate", *map(str, folders), "--ids", "official"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 128 + signal.SIGPIPE
