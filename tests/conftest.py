"""What tests share: data sets made on the spot, and the way to the real files."""

import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

SIZE = (12, 9)  # width, height
WHY_SKIPPED = "ADE20K_ROOT is not set: no real files here (set it to a folder ADEChallengeData2016)"


@pytest.fixture(autouse=True)
def _no_setting_leaks_in(request):
    """A test that is about sources must not depend on the shell it was started from.

    Not with monkeypatch: `Dataset.map(num_proc=...)` puts a copy in the place of `os.environ`, and what was taken
    out of the old one would never come back.
    """
    about_sources = (
        request.module.__name__.rpartition(".")[2] == "test_datasets" and "real" not in request.keywords
    )
    names = ("ADEBOOK_SOURCE", "ADE20K_ROOT") if about_sources else ()
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    yield
    os.environ.update(kept)


@pytest.fixture
def real_root() -> Path:
    """The folder of the real SceneParse150, or skip."""
    root = os.environ.get("ADE20K_ROOT")
    if not root:
        pytest.skip(WHY_SKIPPED)
    return Path(root).resolve()


@pytest.fixture
def full_release_2016(real_root) -> Path:
    """The folder with full-release masks beside the real SceneParse150, or skip."""
    folder = real_root.parent / "ADE20K_2016_07_26"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: no full-release masks beside ADE20K_ROOT")
    return folder


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium. Closed after each file: a process can hold one playwright at a time."""
    from pages import need
    from playwright.sync_api import sync_playwright

    from tools.slides import deck

    try:
        executable = deck.chromium()
    except RuntimeError as error:
        need(False, str(error))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=deck.QUIET)
        yield browser
        browser.close()


@pytest.fixture
def one_thread_one_seed():
    """torch on one thread, so that files tested side by side do not fight for cores; and one seed."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def dollhouse_batch():
    """Four crops of Dollhouse: a batch with "image" [4, 3, 128, 128] and "target" [4, 128, 128]."""
    import adebook
    from adebook.batches import SegmentationDataset, training_loader
    from adebook.transforms import Recipe, training_transform

    recipe = Recipe(short_side=128, scale=(1, 1), crop_size=128, max_class_share=1, flip=0, photometric=False)
    rows = adebook.load("dollhouse", "training").select(range(4))
    loader = training_loader(SegmentationDataset(rows, training_transform(recipe)), batch_size=4)
    return next(iter(loader))


def some_mask(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A mask of official ids, 0 and 150 among them."""
    mask = np.random.default_rng(seed).integers(0, 151, size=size[::-1], dtype=np.uint8)
    mask[0, 0], mask[0, 1] = 0, 150
    return mask


def write_pair(root: Path, split: str, name: str, mask: np.ndarray, size: tuple[int, int] = SIZE) -> None:
    picture = root / "images" / split / f"{name}.jpg"
    annotation = root / "annotations" / split / f"{name}.png"
    for path in (picture, annotation):
        path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(name))
    PIL.Image.fromarray(rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).save(picture)
    PIL.Image.fromarray(mask).save(annotation)


@pytest.fixture
def root(tmp_path) -> Path:
    """A small data set in official layout: 5 validation and 2 training pairs, names out of order on purpose."""
    folder = tmp_path / "ADEChallengeData2016"
    for number in (3, 1, 5, 2, 4):
        write_pair(folder, "validation", f"ADE_val_{number:08d}", some_mask(number))
    for number in (2, 1):
        write_pair(folder, "training", f"ADE_train_{number:08d}", some_mask(10 + number))
    (folder / "sceneCategories.txt").write_text(
        "ADE_val_00000001 abbey\nADE_val_00000002 living_room\nADE_train_00000001 street\n"
    )
    return folder
