"""Runs one submission inside the box: its cells first, then the hidden tests, which arrive only afterwards.

Talks with grade.py in lines of JSON over the pipes it was started with. What the submission prints goes to a
file in the work folder. Neither the notebook's metadata nor its outputs are looked at.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import types


class TimeIsUp(BaseException):
    """Not an Exception, so that `except Exception` around an endless loop does not swallow it."""


def main() -> None:
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)

    def say(**event: object) -> None:
        answers.write(json.dumps(event) + "\n")
        answers.flush()

    first = json.loads(requests.readline())
    shell = start_shell()
    for number, source in enumerate(first["cells"], start=1):
        say(event="cell", number=number)
        message = run_cell(shell, source, first["cell_seconds"])
        if message:
            say(event="error", number=number, message=message)
    say(event="cells done")
    second = json.loads(requests.readline())  # the submission has run: only now do the tests come here
    for question, source in second["tests"].items():
        for index, (case, function) in enumerate(load_tests(source)):
            say(event="testing", question=question, index=index)
            passed, message = run_test(function, shell.user_ns, second["test_seconds"])
            say(
                event="test",
                nonce=second["nonce"],
                question=question,
                index=index,
                points=case["points"],
                name=function.__name__,
                passed=passed,
                message=message,
            )
    say(event="done", nonce=second["nonce"])
    os._exit(0)  # threads that a submission left do not hold it up


def start_shell():
    """An IPython without a kernel, whose `!` and `%pip` do nothing: there is no network to install from."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    refuse = lambda *_args, **_options: print("Not run while grading.")  # noqa: E731
    shell.system = shell.system_raw = shell.system_piped = shell.getoutput = refuse
    for magic in ("pip", "conda", "mamba", "uv", "system", "sx", "bash", "sh", "script"):
        shell.register_magic_function(refuse, "line_cell", magic)
    return shell


def run_cell(shell, source: str, seconds: float) -> str | None:
    """None, or what went wrong in one line."""
    with time_limit(seconds):
        result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return None
    if isinstance(error, TimeIsUp):
        return f"stopped after {seconds:.0f} s"
    return one_line(error)


def run_test(function, namespace: dict, seconds: float) -> tuple[bool, str]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    missing = [name for name in names if name not in namespace]
    if missing:
        return (
            False,
            f"{' and '.join(missing)} is not defined: the cell that defines it is missing or failed.",
        )
    try:
        with time_limit(seconds):
            function(**{name: namespace[name] for name in names})
    except TimeIsUp:
        return False, f"stopped after {seconds:.0f} s"
    except AssertionError as error:
        return False, str(error) or "not as asked"
    except BaseException as error:
        return False, one_line(error)
    return True, ""


def one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except BaseException:  # a submission's own exception may do anything
        text = ""
    return f"{type(error).__name__}{': ' + text if text else ''}"[:400]


@contextlib.contextmanager
def time_limit(seconds: float):
    def stop(_signal, _frame):
        raise TimeIsUp

    # Set anew each time, since a submission may have put its own in place. It rings every second from then
    # on, for code that catches everything.
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def load_tests(source: str) -> list[tuple[dict, types.FunctionType]]:
    """The cases of one file of otter's exception format, in its order, without otter."""
    cases: list[tuple[dict, types.FunctionType]] = []

    def test_case(**settings):
        def keep(function):
            cases.append((settings, function))
            return function

        return keep

    stand_in = types.ModuleType("otter.test_files")
    stand_in.test_case = test_case
    before = {name: sys.modules.get(name) for name in ("otter", "otter.test_files")}
    sys.modules |= {"otter": types.ModuleType("otter"), "otter.test_files": stand_in}
    try:
        exec(compile(source, "<hidden test>", "exec"), {"__name__": "hidden_tests"})
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return cases


if __name__ == "__main__":
    sys.setswitchinterval(0.005)
    threading.excepthook = lambda *_: None
    main()
