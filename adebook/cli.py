"""The command `adebook`: one table of subcommands, each a module that is imported when it is asked for.

Such a module has two functions: `configure(parser)` adds its arguments to an `argparse.ArgumentParser`, and
`run(args)` does the work and returns the exit status. So `adebook --help` imports neither NumPy nor torch.
"""

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["main"]


class _Command(NamedTuple):
    name: str
    module: str
    help: str


_COMMANDS = (
    _Command("data", "adebook.data_command", "find, fetch, check and count data sets"),
    _Command("evaluate", "adebook.evaluate", "score a folder of predicted masks against annotations"),
    _Command(
        "train", "adebook.train_command", "train a model that a file describes; goes on where it stopped"
    ),
    _Command("predict", "adebook.predict_command", "predict masks for pictures"),
)

# What the package raises about its input, and the system about files. Anything else is a bug and shows where.
_EXPECTED = (ValueError, TypeError, OSError, RuntimeError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments, without the name of the program; None means `sys.argv`.

    Returns:
        the exit status: 0; 1 after an error, whose message is on stderr; 130 after Ctrl-C; 141 when the
        reader of a pipe went away. Wrong usage leaves through `SystemExit` with status 2, as argparse does.
    """
    try:
        return _run(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `adebook ... | head`; what is still buffered must not be tried again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(argv: list[str]) -> int:
    parser, modules = _parser(argv)
    args = parser.parse_args(argv)
    name = f"adebook {args.command}"

    def show(message: Warning | str, *_: object) -> None:
        print(f"{name}: warning: {message}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = show
            status = modules[args.command].run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except _EXPECTED as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return status


def _parser(argv: list[str]) -> tuple[argparse.ArgumentParser, dict]:
    """The parser, in which only the chosen command knows its arguments, and the module of that command."""
    parser = argparse.ArgumentParser("adebook", description="Semantic segmentation on ADE20K.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    chosen = next((word for word in argv if not word.startswith("-")), None)
    modules = {}
    for command in _COMMANDS:
        subparser = commands.add_parser(command.name, help=command.help)
        if command.name == chosen:
            modules[chosen] = importlib.import_module(command.module)
            modules[chosen].configure(subparser)
    return parser, modules


class _Version(argparse.Action):
    """argparse's own wants the version even when nobody asks, and finding it out takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import adebook

        print(f"adebook {adebook.__version__}")
        parser.exit()
