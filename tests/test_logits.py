"""From logits to a label map: the oracle everywhere is torch's own interpolate and argmax."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adebook import _logits

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
KINDS = ("normal", "quantized", "constant", "equal channels", "peaked", "tiny", "huge", "masked", "infinite")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Small pictures by the hundred: where others use the cores too, threads would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def usual(logits: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    batch = logits if logits.ndim == 4 else logits[None]
    enlarged = F.interpolate(batch.float().contiguous(), size=size, mode="bilinear", align_corners=False)
    return enlarged.argmax(1).reshape(*logits.shape[:-3], *size).numpy()


def some_logits(kind: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(shape, generator=generator)
    at_random = torch.rand(shape, generator=generator) < 0.1
    match kind:
        case "quantized":  # ties everywhere
            return (normal * 2).round()
        case "constant":
            return torch.full(shape, 0.1)
        case "equal channels":  # the second half repeats the first
            half = shape[1] // 2
            return torch.cat([normal[:, half:], normal[:, half:], normal], dim=1)[:, : shape[1]]
        case "peaked":
            return normal + 20 * F.one_hot(normal.argmax(1), shape[1]).movedim(-1, 1)
        case "tiny":
            return normal * 1e-37
        case "huge":
            return normal * 1e38
        case "masked":  # classes that may not be predicted
            normal[:, :: shape[1] // 2 + 1] = (-1e9, -1e4, -torch.inf, torch.finfo(torch.float32).min)[
                seed % 4
            ]
            return normal
        case "infinite":
            normal[at_random] = -torch.inf
            normal[at_random & (normal.roll(1) > 0.5)] = torch.inf
    return normal


def differing(logits: torch.Tensor, size: tuple[int, int]) -> int:
    found = _logits.upsampled_argmax(logits, size)
    return int((found != usual(logits, size)).sum())


def test_the_oracle_takes_the_lowest_of_equal_classes():
    assert torch.zeros(1, 150, 9, 9).argmax(1).max() == 0
    assert torch.tensor([1.0, 3, 2, 3, 3]).reshape(1, 5, 1, 1).expand(1, 5, 40, 40).argmax(1).unique() == 1
    assert torch.tensor([1.0, torch.nan, 2, torch.nan, 3]).argmax() == 1


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(KINDS),
    dtype=st.sampled_from(DTYPES),
    batch=st.integers(1, 3),
    channels=st.sampled_from((1, 2, 3, 4, 5, 8, 17, 31)),
    low=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.tuples(st.integers(1, 150), st.integers(1, 150)),
    seed=st.integers(0, 1000),
)
@example("normal", torch.float32, 1, 31, (1, 1), (129, 129), 0)
@example("constant", torch.float32, 2, 17, (13, 1), (130, 7), 0)
@example("masked", torch.float16, 2, 31, (32, 32), (128, 128), 2)
@example("infinite", torch.float32, 2, 17, (16, 16), (64, 190), 1)
def test_equals_torch_to_the_bit(kind, dtype, batch, channels, low, size, seed):
    logits = some_logits(kind, (batch, channels, *low), seed).to(dtype)
    assert differing(logits, size) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(("normal", "peaked", "quantized", "equal channels")),
    low=st.tuples(st.integers(8, 20), st.integers(8, 20)),
    factors=st.tuples(st.sampled_from((2, 4, 8, 3, 5.34, 31.9)), st.sampled_from((2, 4, 8, 3, 5.34, 31.9))),
    seed=st.integers(0, 1000),
)
def test_equals_torch_at_the_usual_ratios(kind, low, factors, seed):
    size = tuple(int(n * f) for n, f in zip(low, factors, strict=True))
    logits = some_logits(kind, (1, 24, *low), seed)
    assert differing(logits, size) == 0


@pytest.mark.parametrize(
    ("dtype", "size", "threads", "seed"),
    [
        (torch.float32, (512, 512), 1, 0),
        (torch.float32, (512, 512), 2, 1),
        (torch.float16, (512, 512), 3, 2),
        (torch.float32, (683, 512), 2, 3),
        (torch.float16, (511, 683), 1, 4),
    ],
)
def test_equals_torch_at_full_size(dtype, size, threads, seed):
    logits = torch.randn(1, 150, 128, 128, generator=torch.Generator().manual_seed(seed)).to(dtype)
    torch.set_num_threads(threads)
    try:
        assert differing(logits, size) == 0
    finally:
        torch.set_num_threads(1)


def test_equals_torch_where_float32_cannot_hold_the_positions():
    logits = torch.randn(1, 3, 1, 20_000, generator=torch.Generator().manual_seed(0))
    assert differing(logits, (1, 30_011)) == 0
    assert differing(logits.movedim(-1, -2), (30_011, 2)) == 0


def test_ask_torch_about_single_pixels_and_about_whole_pictures(monkeypatch):
    """Both ways of settling near-ties are taken, and a picture without any needs neither."""
    asked = []
    for name in ("_ask_for_pixels", "_ask_for_picture"):
        function = getattr(_logits, name)
        monkeypatch.setattr(
            _logits,
            name,
            lambda *args, name=name, function=function: (asked.append(name), function(*args))[1],
        )

    clear = torch.arange(5.0).reshape(1, 5, 1, 1).expand(1, 5, 20, 20)
    assert differing(clear, (80, 80)) == 0
    assert asked == []

    few = clear.contiguous().clone()
    few[0, :, 9, 9] = 5  # enlarged an odd number of times, one pixel lies in the very middle
    few[0, 1:, 15, 3] = 7
    assert differing(few, (60, 100)) == 0
    assert asked == ["_ask_for_pixels"]

    asked.clear()
    assert differing(torch.zeros(1, 5, 20, 20), (80, 80)) == 0
    assert asked == ["_ask_for_pixels", "_ask_for_picture"]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_channel_does_not_depend_on_those_beside_it(threads):
    """Asking torch about a few channels rests on this; where it is not so, all must be asked about."""
    torch.set_num_threads(threads)
    try:
        for channels in (2, 3, 4, 5, 8, 37):
            logits = torch.randn(1, channels, 21, 18, generator=torch.Generator().manual_seed(0))
            for size in ((84, 72), (100, 61), (200, 31), (7, 130), (130, 1), (30, 20)):
                together = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
                for c in range(channels):
                    alone = F.interpolate(
                        logits[:, c : c + 1], size=size, mode="bilinear", align_corners=False
                    )
                    equal = torch.equal(alone[0, 0], together[0, c])
                    assert equal or _logits.needs_all_channels(channels, (21, 18), size), (channels, size)
        assert not _logits.needs_all_channels(150, (128, 128), (512, 512))
        assert _logits.needs_all_channels(150, (128, 128), (64, 64))
        assert _logits.needs_all_channels(150, (1, 1), (512, 512))
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("channels", [2, 3, 4, 5, 9])
def test_equals_torch_where_near_ties_abound(channels, threads):
    """Channels alike but for a few roundings."""
    torch.set_num_threads(threads)
    try:
        generator = torch.Generator().manual_seed(channels)
        base = torch.randn(1, 1, 40, 30, generator=generator)
        nudge = torch.randint(-2, 3, (1, channels, 40, 30), generator=generator)
        logits = base * (1 + nudge * 2.0**-23)
        for size in ((160, 120), (123, 211), (100, 60), (40, 90)):
            assert differing(logits, size) == 0
        logits[torch.rand(logits.shape, generator=generator) < 0.95] = -3.0  # few enough for single questions
        assert differing(logits, (67, 64)) == 0
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("size", [(24, 24), (11, 200), (6, 5)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_memory_layout_and_numpy(dtype, size):
    logits = torch.randn(2, 7, 6, 5, generator=torch.Generator().manual_seed(1)).to(dtype)
    expected = usual(logits, size)
    layouts = (
        logits.to(memory_format=torch.channels_last),
        logits.repeat_interleave(2, dim=3)[..., ::2],
        logits.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0),
        logits.clone().requires_grad_(),
        torch.nn.Parameter(logits) * 1,
    )
    for layout in layouts:
        assert np.array_equal(_logits.upsampled_argmax(layout, size), expected)
    assert np.array_equal(_logits.upsampled_argmax(logits[0], size), expected[0])
    if dtype != torch.bfloat16:
        array = logits.numpy()
        array.flags.writeable = False
        assert np.array_equal(_logits.upsampled_argmax(array, size), expected)
        swapped = array.astype(array.dtype.newbyteorder())[:, :, ::-1][:, :, ::-1]
        assert np.array_equal(_logits.upsampled_argmax(swapped, size), expected)


@pytest.mark.parametrize(("classes", "dtype"), [(256, np.uint8), (257, np.int16), (32769, np.int32)])
def test_label_maps_are_as_narrow_as_the_classes_allow(classes, dtype):
    logits = torch.zeros(classes, 2, 2)
    logits[-1] = 1
    labels = _logits.upsampled_argmax(logits, (3, 4))
    assert labels.dtype == dtype
    assert labels.tolist() == [[classes - 1] * 4] * 3


def test_counts_at_the_size_of_the_target():
    # Class 1 left, class 0 right; enlarged twice, the border stays in the middle.
    logits = torch.tensor([[[0.0, 1.0]], [[1.0, 0.0]], [[-1.0, -1.0]]])
    target = np.array([[1, 1, 2, 255], [0, 1, 0, 0]], np.uint8)
    assert _logits.count_from_logits(logits, target, 3, 255).tolist() == [[2, 1, 0], [0, 3, 0], [1, 0, 0]]
    batch = torch.stack([logits, logits.flip(2)])
    both = _logits.count_from_logits(batch, torch.from_numpy(np.stack([target, target])).long(), 3, 255)
    assert both.tolist() == [[3, 3, 0], [3, 3, 0], [1, 1, 0]]
    assert both.dtype == np.int64


def test_a_batch_is_its_pictures():
    logits = torch.randn(5, 20, 16, 12, generator=torch.Generator().manual_seed(3))
    target = torch.randint(0, 21, (5, 50, 61), generator=torch.Generator().manual_seed(4))
    together = _logits.count_from_logits(logits, target, 20, 20)
    alone = sum(_logits.count_from_logits(x, t, 20, 20) for x, t in zip(logits, target, strict=True))
    assert np.array_equal(together, alone)
    assert together.sum() == (target != 20).sum()
    assert _logits.count_from_logits(logits[:0], target[:0], 20, 20).sum() == 0


def refused(logits, target, error=ValueError, classes=4) -> str:
    with pytest.raises(error) as caught:
        _logits.count_from_logits(logits, target, classes, 255)
    return str(caught.value)


def test_refuses_what_does_not_belong_together():
    logits, target = torch.zeros(2, 4, 5, 6), np.zeros((2, 10, 12), np.uint8)
    message = refused(torch.zeros(2, 5, 6, 4), target)
    assert "5 channels" in message
    assert "4 classes" in message
    assert "logits.permute(0, 3, 1, 2)" in message
    assert "logits.transpose(2, 0, 1)" in refused(np.zeros((5, 6, 4), np.float32), target[0])
    assert "3 channels" in refused(torch.zeros(2, 3, 5, 6), target)
    assert "2 pictures and target 3" in refused(logits, np.zeros((3, 10, 12), np.uint8))
    assert "target[None]" in refused(logits, target[0])
    assert "neither" in refused(logits[0], target)
    assert "squeeze(1)" in refused(logits, target[:, None])
    assert "[C, h, w]" in refused(logits[0, 0], target)
    assert "no values" in refused(logits[:, :, :0], target)
    assert "without pixels" in refused(logits, target[:, :0])
    assert "label map" in refused(logits.long(), target, TypeError)
    assert "complex64" in refused(logits.to(torch.complex64), target, TypeError)
    assert "list" in refused(logits.tolist(), target, TypeError)
    assert "float64" in refused(logits, target.astype(float), TypeError)
    message = refused(logits, np.where(np.arange(12) == 7, 4, target).astype(np.uint8))
    assert "target holds 4 at index (0, 0, 7) (20 pixels out of range)" in message
    with pytest.raises(ValueError, match="at least 1"):
        _logits.upsampled_argmax(logits, (0, 4))
    with pytest.raises(ValueError, match="meta"):
        _logits.upsampled_argmax(logits.to("meta"), (4, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_refuses_nan_wherever_it_is(dtype):
    for place in ((0, 0, 0, 0), (1, 3, 4, 5), (1, 2, 3, 1)):
        logits = torch.zeros(2, 4, 5, 6, dtype=dtype)
        logits[place] = torch.nan
        for size in ((20, 24), (5, 6), (1, 1), (2, 40)):  # reduced, most values are not even read
            b, c, y, x = place
            message = refused(logits, np.zeros((2, *size), np.uint8))
            assert f"1 NaN value, the first in picture {b}, channel {c}, row {y}, column {x}" in message
    logits[0, 1:3] = torch.nan
    logits[0, 0] = torch.inf
    assert "61 NaN values, the first in picture 0, channel 1, row 0, column 0" in refused(
        logits, np.zeros((2, 9, 9), np.uint8)
    )


_MEMORY = """
    import ctypes
    import numpy as np, torch
    import torch.nn.functional as F
    from adebook import _logits

    target = np.zeros((512, 512), np.uint8)
    logits = torch.randn(150, 128, 128, generator=torch.Generator().manual_seed(0))
    runs = [lambda: F.interpolate(logits[None], size=(512, 512), mode="bilinear").argmax(1)] + [
        lambda logits=logits: _logits.count_from_logits(logits, target, 150, 255)
        for logits in (logits, logits.half(), torch.full_like(logits, 0.1))
    ]

    def memory(key):  # of this process, in bytes
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))

    for threads, run in zip((2, 2, 2, 1), runs, strict=True):
        torch.set_num_threads(threads)
        run()  # the first time, code is read into memory too
        ctypes.CDLL(None).malloc_trim(0)  # what was freed goes back, so that using it again counts
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak starts anew from what is held now
        before = memory("VmRSS")
        run()
        print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_needs_a_twentieth_of_the_upsampled_tensor():
    command = [sys.executable, "-c", textwrap.dedent(_MEMORY)]
    # Large blocks go back at once: the peak is what is asked for, not how the allocator fills earlier gaps.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(1 << 17)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    usual, *peaks = map(int, ran.stdout.split())
    upsampled = 150 * 512 * 512 * 4
    assert usual > 0.99 * upsampled  # the measurement sees what it should see
    assert max(peaks) < upsampled / 20, peaks  # float32, float16, and constant logits, all of them ties
