import os
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adebook import _counting

DTYPES = ["u1", "i1", "<u2", ">u2", "<i2", ">i4", "<u4", "<i8", ">i8", "<u8", ">u8"]


def expected(prediction, target, classes, ignore):
    """The definition, with masks and int64."""
    t, p = (a.astype(np.int64).ravel() for a in (target, prediction))
    if ignore is not None:
        t, p = t[t != ignore], p[t != ignore]
    return np.bincount(t * classes + p, minlength=classes**2).reshape(classes, classes)


def in_runs(rng, values, size, length):
    """`size` labels in runs of about `length`."""
    starts = rng.random(size) < 1 / length
    picked = rng.choice(values, size=int(starts.sum()) + 1)
    return picked[np.cumsum(starts)]


def fits(values, dtype):
    info = np.iinfo(dtype)
    return info.min <= min(values) and max(values) <= info.max


LAYOUTS = {
    "plain": lambda a: a,
    "read-only": lambda a: (c := a.copy(), c.setflags(write=False))[0],
    "every second": lambda a: np.repeat(a, 2)[::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "not aligned": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, offset=1),
    "columns first": lambda a: np.asfortranarray(a.reshape(-1, 1 if a.size % 3 else 3)),
}


@st.composite
def cases(draw):
    classes = draw(st.sampled_from([1, 2, 5, 150, 254, 255, 256, 300]))
    ignore = draw(st.sampled_from([None, *(i for i in (255, 254, 256, -1, -100) if not 0 <= i < classes)]))
    labels = [*range(classes), *([] if ignore is None else [ignore])]
    fitting = [d for d in DTYPES if fits(labels, d)]
    dtypes = draw(st.one_of(st.just(fitting[:1] * 2), st.tuples(*[st.sampled_from(fitting)] * 2)))
    layouts = [draw(st.sampled_from(sorted(LAYOUTS))) for _ in range(2)]
    if "columns first" in layouts:
        layouts = ["columns first"] * 2
    size = draw(st.one_of(st.integers(0, 70), st.integers(0, 100_000)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    length = draw(st.sampled_from([1, 5, 40, 10_000]))
    target = in_runs(rng, labels, size, length).astype(dtypes[0])
    prediction = in_runs(rng, range(classes), size, length).astype(dtypes[1])
    return LAYOUTS[layouts[0]](prediction), LAYOUTS[layouts[1]](target), classes, ignore


@settings(deadline=None, max_examples=300)
@given(cases(), st.sampled_from([24, _counting._BLOCK]))
def test_equals_the_definition(case, block):
    with mock.patch.object(_counting, "_BLOCK", block):
        counts = _counting.count(*case)
    assert counts.dtype == np.int64
    assert (counts == expected(*case)).all()


@settings(deadline=None)
@given(cases(), st.integers(0, 2**32), st.booleans())
def test_one_wrong_label_is_noticed(case, seed, in_target):
    prediction, target, classes, ignore = case
    if target.size == 0:
        return
    rng = np.random.default_rng(seed)
    wrong = int(rng.choice([classes, -1, -200, 253, 254, 255, 256, 511, 2**32, 2**63 - 1, -(2**63)]))
    if 0 <= wrong < classes or (in_target and wrong == ignore):
        return
    where = np.unravel_index(rng.integers(target.size), target.shape)
    prediction, target = prediction.astype(np.int64), target.astype(np.int64)
    (target if in_target else prediction)[where] = wrong
    ignored = not in_target and ignore is not None and target[where] == ignore
    for dtype in DTYPES:
        if all(fits([int(a.min()), int(a.max())], dtype) for a in (prediction, target)):
            counts = _counting.count(prediction.astype(dtype), target.astype(dtype), classes, ignore)
            if ignored:  # what is predicted there does not matter
                assert (counts == expected(prediction, target, classes, ignore)).all()
            else:
                assert counts is None


def test_uint64_does_not_wrap_around():
    largest = np.array([2**64 - 1, 0], np.uint64)
    zeros = np.zeros(2, np.uint64)
    assert _counting.count(zeros, largest, 3, -1) is None
    assert _counting.count(largest, zeros, 3, -1) is None
    assert _counting.count(largest, np.array([255, 0], np.uint64), 3, 255).sum() == 1


@pytest.mark.parametrize("dtype", ["u1", "i8"])
@pytest.mark.parametrize("parts", [1, 3])
def test_millions_of_pixels(monkeypatch, dtype, parts):
    monkeypatch.setattr(_counting, "_threads", lambda: parts)
    rng = np.random.default_rng(0)
    size = 5_000_003
    target = in_runs(rng, [*range(150), 255], size, 30).astype(dtype)
    prediction = np.where(rng.random(size) < 0.8, np.minimum(target, 149), 7).astype(dtype)
    case = prediction, target, 150, 255
    assert (_counting.count(*case) == expected(*case)).all()
    target[-1] = 200
    assert _counting.count(*case) is None


def test_counters_are_emptied_before_they_overflow(monkeypatch):
    monkeypatch.setattr(_counting, "_PIXELS_PER_PART", 1000)
    jobs = []
    count_part = _counting._count_part
    monkeypatch.setattr(
        _counting,
        "_count_part",
        lambda labels, **rest: (jobs.append(labels[0].size), count_part(labels, **rest))[1],
    )
    zeros = np.zeros(2501, np.uint8)
    assert _counting.count(zeros, zeros, 2, None).tolist() == [[2501, 0], [0, 0]]
    assert sum(jobs) == 2501
    assert max(jobs) <= 1000


def test_an_interrupted_count_leaves_nothing_behind(monkeypatch):
    ones = np.ones(10, np.uint8)
    _counting.count(ones, ones, 2, None)

    def interrupt(prediction, target, histogram):
        histogram[:] = 1
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_counting, "_count_bytes", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _counting.count(ones, ones, 2, None)
    assert _counting.count(ones, ones, 2, None).tolist() == [[0, 0], [0, 10]]


def test_a_refused_count_leaves_nothing_behind():
    assert _counting.count(np.array([9], np.uint8), np.array([0], np.uint8), 2, 255) is None
    assert _counting.count(np.array([1], np.uint8), np.array([0], np.uint8), 2, 255).tolist() == [
        [0, 1],
        [0, 0],
    ]


def test_no_more_threads_than_torch_may_use(monkeypatch):
    monkeypatch.setattr(_counting, "_cores", lambda: 8)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert _counting._threads() == 8
    torch = type(sys)("torch")
    torch.get_num_threads = lambda: 1  # as in a worker of a DataLoader
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert _counting._threads() == 1


def test_works_where_nothing_can_be_cached(monkeypatch):
    njit, asked = _counting.njit, []

    def refusing(signatures, **options):
        asked.append("cache" in options)
        if "cache" in options:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(signatures, **options)

    monkeypatch.setattr(_counting, "njit", refusing)
    double = _counting._compile(_counting.types.int64(_counting.types.int64))(lambda x: 2 * x)
    assert double(21) == 42
    assert asked == [True, False]


IN_A_NEW_PROCESS = """
import sys
import numpy as np
import adebook
adebook.metrics.ConfusionMatrix
assert not {"numba", "torch"} & set(sys.modules), "importing loads too much"
cm = adebook.ConfusionMatrix(2)
ones = np.ones(3_000_000, np.uint8)
cm.update(ones, ones)
assert "torch" not in sys.modules
import os
child = os.fork()  # whose threads are gone
cm.update(ones, ones)
assert cm.matrix[1, 1] == 6_000_000
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_imports_little_and_survives_a_fork():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_A_NEW_PROCESS], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
