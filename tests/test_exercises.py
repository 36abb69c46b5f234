import pytest

import adebook
from adebook.exercises import check, results


def verdict(capsys, title="Exercise 9.9"):
    out = capsys.readouterr().out
    assert out.startswith(f"{title}: ")
    assert out.count("\n") == 1
    return out.strip().removeprefix(f"{title}: ")


@pytest.fixture(autouse=True)
def _no_results():
    results.clear()


def test_passed(capsys):
    with check("Exercise 9.9"):
        assert 1 + 1 == 2
    assert verdict(capsys) == "passed."
    assert adebook.exercises.results == {"Exercise 9.9": True}


def test_not_yet_with_a_message(capsys):
    with check("Exercise 9.9"):
        raise AssertionError("f(3) should be 4, because ...")  # what a failing assert does
    assert verdict(capsys) == "not yet. f(3) should be 4, because ..."
    assert results == {"Exercise 9.9": False}


def test_not_yet_without_a_message(capsys):
    with check("Exercise 9.9"):
        exec(compile("x = 3\nassert x == 4", "<cell>", "exec"), {})
    assert "line 2" in verdict(capsys)


def test_shows_the_line_that_is_not_so(capsys):
    with check("Exercise 9.9"):
        raise AssertionError
    assert "raise AssertionError" in verdict(capsys)


def test_stub(capsys):
    with check("Exercise 9.9"):
        raise NotImplementedError
    assert verdict(capsys) == "not yet. Replace the stub with your own code, then run this cell again."
    with check("Exercise 9.9"):
        raise NotImplementedError("Count the pixels first.")
    assert verdict(capsys) == "not yet. Count the pixels first."


def my_answer(x):
    return x / 0


def test_own_code_raises(capsys):
    with check("Exercise 9.9"):
        my_answer(1)
    said = verdict(capsys)
    assert said.startswith("not yet. Your code raised ZeroDivisionError: division by zero")
    assert "of my_answer: return x / 0" in said


def test_the_learners_line_is_named_not_the_librarys(capsys):
    import json

    with check("Exercise 9.9"):
        json.loads("{")
    said = verdict(capsys)
    assert "JSONDecodeError" in said
    assert 'json.loads("{")' in said


def test_adebooks_own_errors_point_at_the_learner(capsys):
    with check("Exercise 9.9"):
        adebook.classes.find("chiar")
    said = verdict(capsys)
    assert "did you mean 'chair'" in said
    assert 'find("chiar")' in said


def test_message_of_several_lines_stays_on_one(capsys):
    with check("Exercise 9.9"):
        raise ValueError("one\ntwo")
    assert "ValueError: one two" in verdict(capsys)


def test_a_later_run_replaces_the_result():
    with check("Exercise 9.9"):
        raise NotImplementedError
    with check("Exercise 9.9"):
        pass
    assert results == {"Exercise 9.9": True}


@pytest.mark.parametrize("passes", [KeyboardInterrupt, SystemExit])
def test_passes_through(passes):
    with pytest.raises(passes), check("Exercise 9.9"):
        raise passes
    assert results == {"Exercise 9.9": False}
