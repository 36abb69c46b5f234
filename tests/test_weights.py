"""Trained models by name: the book's own files, and the hub, played by a server on loopback.

`huggingface_hub` reads its settings when it is imported, so the client's side is a process of its own for each
setting; what it is to do is a function of this module.
"""

import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from servers import Answer, Asked, Hub, Server

from adebook import checkpoints, weights
from adebook.inference import predict
from adebook.models import build
from adebook.weights import PUBLISHED, pretrained

SEGFORMER = "smp-hub/segformer-b0-512x512-ade-160k"
# As albumentations writes it; the entries of the hub have these values.
PREPARATION = {
    "__version__": "1.4.14",
    "transform": {
        "__class_fullname__": "Compose",
        "p": 1.0,
        "transforms": [
            {"__class_fullname__": "Resize", "p": 1.0, "height": 512, "width": 512, "interpolation": 1},
            {
                "__class_fullname__": "Normalize",
                "p": 1.0,
                "mean": [123.675, 116.28, 103.53],
                "std": [58.395, 57.12, 57.375],
                "max_pixel_value": 1.0,
                "normalization": "standard",
            },
        ],
        "bbox_params": None,
        "keypoint_params": None,
        "additional_targets": {},
        "is_check_shapes": True,
    },
}
PREPARATION_OF_DPT = {
    "transform": {
        "transforms": [
            {"__class_fullname__": "LongestMaxSize", "p": 1.0, "max_size": 480, "interpolation": 2},
            {
                "__class_fullname__": "albumentations.Normalize",
                "mean": [0.5] * 3,
                "std": [0.5] * 3,
                "max_pixel_value": 255.0,
            },
            {"__class_fullname__": "PadIfNeeded", "pad_height_divisor": 32, "pad_width_divisor": 32},
        ]
    }
}


class ModelHub(Hub):
    """A hub that has models, too. `stated` overrules the checksum of a file, `cut_models` breaks off."""

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[str, dict[str, bytes]] = {}
        self.stated: dict[str, str] = {}
        self.cut_models: int | None = None

    def respond(self, asked: Asked) -> Answer:
        match = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", unquote(urlsplit(asked.path).path))
        if not match or match[1] == "datasets":
            return super().respond(asked)
        repo, _, name = match.groups()
        content = self.models.get(repo, {}).get(name)
        if content is None:
            return self._missing("EntryNotFound" if repo in self.models else "RepoNotFound")
        tag = self.stated.get(name) or hashlib.sha256(content).hexdigest()
        large = name.endswith(".safetensors")
        cut = self.cut_models if large and asked.method == "GET" else None
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": self.SHA}
        return Answer(content, headers=headers, cut=cut)


def files_of(net: torch.nn.Module, folder: Path, preparation: dict = PREPARATION) -> dict[str, bytes]:
    """What `save_pretrained` of the model and of albumentations put into a repository."""
    net.save_pretrained(folder)
    (folder / "albumentations_config_eval.json").write_text(json.dumps(preparation))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict[str, bytes]:
    torch.manual_seed(1)
    net = smp.Segformer("mit_b0", encoder_weights=None, classes=150)
    return files_of(net, tmp_path_factory.mktemp("segformer"))


@contextmanager
def client(url: str, home: Path, **more: str) -> Iterator[ProcessPoolExecutor]:
    settings = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_ETAG_TIMEOUT": "2",
        "HF_HUB_OFFLINE": "0",
        "NO_PROXY": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    } | more
    kept = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        pool.submit(os.getpid).result(timeout=60)  # starts it, with these settings
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def site(published, tmp_path_factory):
    """The server, the folder of the cache, and two processes: with a network, and without."""
    hub = ModelHub()
    hub.models[SEGFORMER] = published
    server = Server(hub.respond)
    server.start()
    home = tmp_path_factory.mktemp("home")
    try:
        with client(server.url, home) as online, client(server.url, home, HF_HUB_OFFLINE="1") as offline:
            yield Site(hub, server, home, online, offline)
    finally:
        server.stop()


class Site:
    def __init__(self, hub, server, home, online, offline):
        self.hub, self.server, self.home = hub, server, home
        self._clients = {"online": online, "offline": offline}

    def ask(self, function, *args, by="online"):
        self.server.asked.clear()
        return self._clients[by].submit(function, *args).result(timeout=120)

    def empty_cache(self) -> None:
        shutil.rmtree(self.home / "hub", ignore_errors=True)

    def blobs(self) -> list[Path]:
        return [path for path in (self.home / "hub").rglob("blobs/*") if path.stat().st_size > 1_000_000]


@pytest.fixture
def fresh(site, published):
    site.empty_cache()
    site.hub.models = {SEGFORMER: published}
    site.hub.stated, site.hub.cut_models = {}, None
    return site


PICTURE = torch.linspace(-2, 2, 3 * 40 * 70).reshape(1, 3, 40, 70)


def loaded(name: str) -> dict:
    """What a client gets."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        model = pretrained(name)
    with torch.inference_mode():
        logits = model(PICTURE)
    return {
        "said": said.getvalue(),
        "logits": logits.numpy(),
        "stride": model.stride,
        "window": model.window,
        "training": model.training,
        "preprocessing": model.preprocessing,
        "about": model.about,
    }


def failed(name: str) -> str:
    try:
        pretrained(name)
    except (RuntimeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("it loaded")


def where(name: str) -> str:
    return weights.available().loc[name, "where"]


# --- the hub ---


@pytest.mark.parametrize("name", ["segformer-b0", SEGFORMER])
def test_a_published_checkpoint(fresh, published, tmp_path, name):
    assert fresh.ask(where, "segformer-b0") == "on the hub"
    got = fresh.ask(loaded, name)
    assert got["said"] == (
        f"{name}: SegFormer-B0; license: NVIDIA Source Code License for SegFormer: research and evaluation only, "
        f"no commercial use\n"
    )
    assert not got["training"]
    assert got["preprocessing"] == {
        "mean": pytest.approx((0.485, 0.456, 0.406)),
        "std": pytest.approx((0.229, 0.224, 0.225)),
        "short_side": 512,
        "long_side": 2048,
    }
    about = got["about"]
    assert about["name"] == "segformer-b0"
    assert about["source"] == f"https://huggingface.co/{SEGFORMER}"
    assert about["commit"] == Hub.SHA
    # The logits are those of the library's model before it enlarges them.
    for file, content in published.items():
        (tmp_path / file).write_bytes(content)
    net = smp.from_pretrained(str(tmp_path))
    net.segmentation_head[1] = torch.nn.Identity()
    with torch.inference_mode():
        expected = net(F.pad(PICTURE, (0, 26, 0, 24)))[..., :10, :18]
    assert (got["stride"], got["logits"].shape) == (4, (1, 150, 10, 18))
    assert np.allclose(got["logits"], expected.numpy(), atol=1e-5)
    # The second time it comes from the cache: the hub is asked for headers only.
    assert fresh.ask(where, "segformer-b0") == "in the cache"
    fresh.ask(loaded, name)
    assert {asked.method for asked in fresh.server.asked} <= {"HEAD"}


def test_without_a_network_the_cache_serves(fresh):
    first = fresh.ask(loaded, "segformer-b0")
    again = fresh.ask(loaded, "segformer-b0", by="offline")
    assert np.array_equal(first["logits"], again["logits"])
    assert fresh.server.asked == []
    message = fresh.ask(failed, "segformer-b1", by="offline")
    assert re.fullmatch(
        r"RuntimeError: segformer-b1: config\.json of smp-hub/segformer-b1-512x512-ade-160k is not in the cache "
        r"\(.*\), and HF_HUB_OFFLINE is set\. There without a network: .*segformer-b0\. Cure: unset "
        r"HF_HUB_OFFLINE and call once with a network\.",
        message,
    )


def test_what_the_hub_does_not_have(fresh):
    fresh.hub.models = {}
    message = fresh.ask(failed, "segformer-b0")
    assert f"{fresh.server.url} did not give it" in message
    assert "RepositoryNotFound" in message
    assert "Cure: look at the network" in message


def test_a_download_that_breaks_off_is_not_used(fresh, published):
    fresh.hub.cut_models = 2_000_000
    message = fresh.ask(failed, "segformer-b0")
    assert message.startswith("RuntimeError: segformer-b0: model.safetensors")
    fresh.hub.cut_models = None
    assert fresh.ask(loaded, "segformer-b0")["logits"].shape == (1, 150, 10, 18)


def test_a_wrong_checksum_is_not_used_and_fetched_anew(fresh):
    """What comes is whole, but not what the hub says it is."""
    fresh.hub.stated["model.safetensors"] = "0" * 64
    message = fresh.ask(failed, "segformer-b0")
    assert "the weights are not those that the hub stated (SHA-256" in message
    assert "stated 000000000000...)" in message
    assert fresh.blobs() == []
    del fresh.hub.stated["model.safetensors"]
    assert fresh.ask(loaded, "segformer-b0")["logits"].shape == (1, 150, 10, 18)


@pytest.mark.parametrize("how", ["cut", "changed"])
def test_what_is_damaged_in_the_cache_is_not_used(fresh, how):
    fresh.ask(loaded, "segformer-b0")
    (blob,) = fresh.blobs()
    content = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(content[:-1000] if how == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    assert "damaged on the way or on the disk" in fresh.ask(failed, "segformer-b0", by="offline")
    assert "not in the cache" in fresh.ask(failed, "segformer-b0", by="offline")
    assert fresh.ask(loaded, "segformer-b0")["logits"].shape == (1, 150, 10, 18)


def test_a_truncated_file_with_a_right_checksum(fresh, published):
    fresh.hub.models = {SEGFORMER: published | {"model.safetensors": published["model.safetensors"][:-5]}}
    message = fresh.ask(failed, "segformer-b0")
    assert re.search(
        r"model\.safetensors does not load as SegFormer-B0: .*Nothing of it is used\. Cure", message
    )


def test_a_checkpoint_of_other_classes(fresh, tmp_path):
    net = smp.Segformer("mit_b0", encoder_weights=None, classes=19)
    fresh.hub.models = {SEGFORMER: files_of(net, tmp_path)}
    assert "the model has 19 outputs, but ADE20K has 150 classes" in fresh.ask(failed, "segformer-b0")


def test_an_unknown_step_of_preparation(fresh, published):
    steps = json.loads(json.dumps(PREPARATION))
    steps["transform"]["transforms"].insert(0, {"__class_fullname__": "ToGray", "p": 1.0})
    changed = {"albumentations_config_eval.json": json.dumps(steps).encode()}
    fresh.hub.models = {SEGFORMER: published | changed}
    assert "asks for the step ToGray, which is not known here" in fresh.ask(failed, "segformer-b0")


@pytest.mark.parametrize(
    ("name", "net", "preparation", "stride", "window", "short_side"),
    [
        (
            "upernet-convnext-tiny",
            lambda: smp.UPerNet("tu-convnext_atto", encoder_weights=None, decoder_channels=32, classes=150),
            PREPARATION,
            4,
            None,
            512,
        ),
        (
            "swin-l-upernet",
            lambda: smp.UPerNet(
                "tu-swin_tiny_patch4_window7_224",
                encoder_weights=None,
                decoder_channels=32,
                classes=150,
                img_size=64,
                embed_dim=24,
                depths=(1, 1, 1, 1),
            ),
            PREPARATION,
            4,
            64,
            512,
        ),
        (
            "dpt-large",
            lambda: smp.DPT(
                "tu-vit_tiny_patch16_224",
                encoder_weights=None,
                decoder_intermediate_channels=(16, 16, 16, 16),
                decoder_fusion_channels=16,
                classes=150,
                dynamic_img_size=True,
            ),
            PREPARATION_OF_DPT,
            1,
            None,
            480,
        ),
    ],
)
def test_other_families(fresh, tmp_path, name, net, preparation, stride, window, short_side):
    """Small models of the same classes: UPerNet on ConvNeXt and on Swin of one size, and DPT."""
    torch.manual_seed(0)
    entry = weights._find_published(name)
    net = net().eval()
    fresh.hub.models = {entry.repo: files_of(net, tmp_path, preparation)}
    got = fresh.ask(loaded, name)
    assert (got["stride"], got["window"]) == (stride, window)
    assert got["logits"].shape == (1, 150, -(-40 // stride), -(-70 // stride))
    assert got["preprocessing"]["short_side"] == short_side
    if stride == 1:
        with torch.inference_mode():
            assert np.allclose(got["logits"], net(F.pad(PICTURE, (0, 26, 0, 24)))[..., :40, :70], atol=1e-4)
    assert ("MIT" in got["about"]["license"]) and entry.license_source.startswith("https://")


def test_the_preparation_of_dpt():
    assert weights._preprocessing(PREPARATION_OF_DPT, "there") == {
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "short_side": 480,
        "long_side": 480,
    }


# --- names ---


def test_the_names_of_the_issue_are_known():
    repos = {entry.repo for entry in PUBLISHED.values()}
    assert repos == {
        *(f"smp-hub/segformer-b{i}-512x512-ade-160k" for i in range(5)),
        "smp-hub/segformer-b5-640x640-ade-160k",
        *(f"smp-hub/upernet-convnext-{size}" for size in ("tiny", "small", "base", "large", "xlarge")),
        *(f"smp-hub/upernet-swin-{size}" for size in ("tiny", "small", "large")),
        "smp-hub/dpt-large-ade20k",
    }
    from adebook.models import keys

    for entry in PUBLISHED.values():
        if entry.also or entry.name.startswith("segformer"):
            assert (entry.also or entry.name) in keys()


def test_an_unknown_name():
    with pytest.raises(
        ValueError, match="no checkpoint has the name 'segformer_b0'; did you mean 'segformer-b0'"
    ):
        pretrained("segformer_b0")
    with pytest.raises(ValueError, match=r"has the name 'xyz'; there are .*dpt-large"):
        pretrained("xyz")
    with pytest.raises(ValueError, match="has the name ''"):
        pretrained("")


# --- the book's own ---


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """A folder `data/checkpoints` with a small model in it."""
    torch.manual_seed(0)
    model = build("small-fpn", teaching=True)
    path = tmp_path / "checkpoints" / "dollhouse-tiny.safetensors"
    checkpoints.save_model(
        path,
        model,
        build={"key": "small-fpn", "num_classes": 150, "teaching": True, "image_size": 128},
        preprocessing={"mean": (0.5,) * 3, "std": (0.25,) * 3, "short_side": 64, "long_side": 256},
        about={"title": "a small one", "license": "MIT"},
    )
    monkeypatch.setattr(weights, "data_path", lambda *parts: tmp_path.joinpath(*parts))
    return path


def test_our_own_by_name(own, capsys):
    model = pretrained("dollhouse-tiny")
    assert capsys.readouterr().out == "dollhouse-tiny: a small one; license: MIT\n"
    assert predict(model, np.zeros((30, 40, 3), np.uint8)).mask.shape == (30, 40)
    row = weights.available().loc["dollhouse-tiny"]
    assert row.to_dict() == {
        "title": "a small one",
        "megabytes": round(own.stat().st_size / 1e6),
        "where": "here",
        "license": "MIT",
    }


def test_our_own_when_broken(own):
    content = own.read_bytes()
    own.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"dollhouse-tiny\.safetensors is broken"):
        pretrained("dollhouse-tiny")


def test_every_checkpoint_of_the_data_predicts():
    """Those that are committed: they load, and predict one of the 150 classes everywhere."""
    for name in weights._own():
        mask = predict(pretrained(name), np.zeros((50, 60, 3), np.uint8)).mask
        assert mask.min() >= 1


def test_available_lists_every_name_once():
    table = weights.available()
    assert table.index.is_unique
    assert set(PUBLISHED) <= set(table.index)
    assert list(table.columns) == ["title", "megabytes", "where", "license"]
    assert "no commercial use" in table.loc["segformer-b5", "license"]
