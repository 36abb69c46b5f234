"""From a data set to batches: torch data sets, loaders, a sampler that can stop and go on, subsets and
weights.

    rows = adebook.load("sceneparse150", "training")
    train = SegmentationDataset(rows, training_transform(), seed=0)
    loader = training_loader(train, batch_size=16, num_workers=8)
    for batch in loader:            # one epoch; the next loop is the next epoch
        loss = cross_entropy(model(batch["image"]), batch["target"], ignore_index=255)

    validation = SegmentationDataset(adebook.load("sceneparse150", "validation"), evaluation_transform())
    for batch in evaluation_loader(validation):
        logits = logits_at_native_size(model(batch["image"]), batch)
        confusion.update_from_logits(logits, batch["target"])

Conventions:

- `image` is float32 [3, H, W], normalized. `target` is int64 [H, W], train ids with 255 = ignore:
  `cross_entropy` takes class indices in no narrower type. Until the last step it is uint8.
- A training sample is a function of (seed, epoch, name, repeat) and of nothing else: not of the number of
  workers, nor of who loads it, in which order, map-style or from a stream. Names rather than row numbers, so
  that a subset gives the same crops as the whole.
- Training batches have one size. Evaluation batches hold one picture each: to stack pictures of different
  sizes they would be padded, and a network that pools over the picture would score each by the company it is
  in.
- Whatever goes to a worker process is a plain object of this package and can be pickled: "spawn" (Windows,
  macOS), "forkserver" and "fork" all work, in a notebook, too.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adebook import _checks, labels
from adebook.transforms import (  # the first import: it says what to install where torch is missing
    F,
    Recipe,
    Sample,
    evaluation_transform,
    torch,
    training_transform,
    tv_tensors,
)

if TYPE_CHECKING:
    import datasets as hf

__all__ = [
    "Draw",
    "EpochSampler",
    "Prepare",
    "Recipe",
    "SegmentationDataset",
    "SegmentationStream",
    "TrainingLoader",
    "class_weights",
    "collate",
    "count_pixels",
    "evaluation_loader",
    "evaluation_transform",
    "logits_at_native_size",
    "repeat_factors",
    "stratified_subset",
    "training_loader",
    "training_transform",
]

_COLUMNS = ["image", "annotation", "name"]


class Draw(NamedTuple):
    """What a sampler hands to a data set: which row, in which epoch, and how often it came before in it."""

    index: int
    epoch: int = 0
    repeat: int = 0


# --- samples ------------------------------------------------------------------------------------------------


class Prepare:
    """Turn a row of `adebook.load` into a sample; what all data sets of this module have in common.

    It also takes rows as `Dataset.with_transform` hands them out (a dictionary of lists) and as
    `IterableDataset.map` does, for those who would rather stay with `datasets`:

        rows.with_transform(Prepare(evaluation_transform()))

    Args:
        transform: takes and returns a dictionary with `image` (`tv_tensors.Image`, uint8 [3, H, W]), `target`
            (`tv_tensors.Mask`, uint8 [H, W], train ids) and `name`; draws its random numbers from torch's
            generator.
        seed: of the random numbers.
    """

    def __init__(self, transform: Callable[[Sample], Sample], *, seed: int = 0) -> None:
        if not callable(transform):
            raise TypeError(
                f"transform is {transform!r}, but takes a sample and returns one. Cure: "
                f"training_transform() or evaluation_transform()."
            )
        self.transform = transform
        self.seed = _not_negative(seed, "seed")

    def __call__(self, row: dict[str, Any], epoch: int = 0, repeat: int = 0) -> Sample:
        """The sample of a row.

        Args:
            row: `image` (PIL, "RGB"), `annotation` (PIL, official ids) and `name`; other columns are left
                out.
            epoch: number of the pass over the data.
            repeat: how often it was drawn before in this epoch.

        Returns:
            `image` float32 [3, h, w], `target` int64 [h, w], `name`, and what the transform adds.

        Raises:
            ValueError, TypeError: for a picture that is not RGB, a mask with a value above 150, and a mask of
                another size than its picture; naming the row.
            KeyError: for a row without these columns, naming those it has.
        """
        if missing := [column for column in _COLUMNS if column not in row]:
            raise KeyError(
                f"The row has no column {missing[0]!r}; it has {', '.join(row)}. Cure: rename_column, or "
                f"load with adebook.load."
            )
        if isinstance(row["name"], list):
            columns = zip(*(row[column] for column in _COLUMNS), strict=True)
            samples = [self(dict(zip(_COLUMNS, cells, strict=True)), epoch, repeat) for cells in columns]
            return {key: [sample[key] for sample in samples] for key in samples[0]}
        name = row["name"]
        sample = {
            "image": _image_of(row["image"], name),
            "target": _target_of(row["annotation"], name),
            "name": name,
        }
        size, expected = tuple(sample["target"].shape), tuple(sample["image"].shape[1:])
        if size != expected:
            raise ValueError(
                f"{name}: the mask is {size[1]} x {size[0]}, but its picture is {expected[1]} x "
                f"{expected[0]} (width x height). Cure: get both again; a mask is never resized to fit."
            )
        with _seeded(self.seed, epoch, name, repeat):
            sample = self.transform(sample)
        plain = {
            k: v.as_subclass(torch.Tensor) if isinstance(v, torch.Tensor) else v for k, v in sample.items()
        }
        plain["image"] = plain["image"].contiguous()
        plain["target"] = plain["target"].to(torch.int64, memory_format=torch.contiguous_format)
        return plain


def _image_of(picture: Any, name: str) -> tv_tensors.Image:
    mode = getattr(picture, "mode", None)
    if mode != "RGB":
        found = f"a PIL image of mode {mode!r}" if isinstance(mode, str) else f"a {type(picture).__name__}"
        raise TypeError(
            f"{name}: the picture is {found}, but a PIL image of mode 'RGB' is expected. Cure: load it with "
            f"adebook.load, or .convert('RGB') first."
        )
    return tv_tensors.Image(F.pil_to_tensor(picture))


def _target_of(annotation: Any, name: str) -> tv_tensors.Mask:
    mask = labels.check_mask(annotation, f"{name}: the mask")
    return tv_tensors.Mask(torch.from_numpy(labels.to_train_ids(mask)))


@contextmanager
def _seeded(seed: int, epoch: int, name: str, repeat: int) -> Iterator[None]:
    """Within it, torch's generator on the CPU depends on these four only; afterwards it is put back."""
    digest = hashlib.blake2b(f"{seed} {epoch} {repeat} {name}".encode(), digest_size=8).digest()
    state = torch.default_generator.get_state()
    try:
        torch.default_generator.manual_seed(int.from_bytes(digest, "little") >> 1)
        yield
    finally:
        torch.default_generator.set_state(state)


class SegmentationDataset(torch.utils.data.Dataset):
    """What `adebook.load` returns, as a torch data set.

    Args:
        rows: a `datasets.Dataset` with the columns `image`, `annotation` and `name`; others are not read.
        transform: `training_transform(...)` or `evaluation_transform(...)`, or one of your own; see
            `Prepare`.
        seed: of the random numbers of the transform.

    `dataset[i]` is the sample of row i in epoch 0, `dataset[Draw(i, epoch, repeat)]` that of a later one; see
    `Prepare` for what a sample holds.

    Raises:
        TypeError: for a stream, which is `SegmentationStream`'s.
        ValueError: for no rows at all, or without those columns.

    Example:
        >>> train = SegmentationDataset(adebook.load("dollhouse", "training"), training_transform())
        >>> train[0]["image"].shape
        torch.Size([3, 512, 512])
    """

    def __init__(self, rows: "hf.Dataset", transform: Callable[[Sample], Sample], *, seed: int = 0) -> None:
        self.rows = _only_what_is_read(rows, "SegmentationStream(rows, ...)")
        self.prepare = Prepare(transform, seed=seed)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, draw: int | Draw) -> Sample:
        index, epoch, repeat = draw if isinstance(draw, tuple) else (draw, 0, 0)
        return self.prepare(self.rows[int(index)], epoch, repeat)


def _only_what_is_read(
    rows: "hf.Dataset", for_streams: str, columns: Sequence[str] = _COLUMNS
) -> "hf.Dataset":
    if not (hasattr(rows, "select_columns") and hasattr(rows, "__len__")):
        kind = "a stream" if hasattr(rows, "select_columns") else f"a {type(rows).__name__}"
        cure = for_streams if hasattr(rows, "select_columns") else "pass what adebook.load returns"
        raise TypeError(f"rows is {kind}, but must be a datasets.Dataset. Cure: {cure}.")
    if missing := [column for column in columns if column not in rows.column_names]:
        raise ValueError(
            f"The data set has no column {missing[0]!r}; it has {', '.join(rows.column_names)}. Cure: "
            f"rename_column, or load with adebook.load."
        )
    if not len(rows):
        raise ValueError(
            "The data set is empty: it has no rows. Cure: look at the filter or select before it."
        )
    return rows.select_columns(list(columns))  # other columns would be decoded with each row


class SegmentationStream(torch.utils.data.IterableDataset):
    """A stream of `adebook.load(..., streaming=True)`, as a torch data set: the same samples, in the stream's
    order.

    Give it to a `DataLoader` with `collate_fn=collate`. Each worker reads its own shards, so with several
    workers the order is another one; the samples are the same bit for bit. Shuffle the stream before
    (`stream.shuffle(seed=0, buffer_size=1000)`), and share it among ranks before
    (`datasets.distributed.split_dataset_by_node`).

    Args:
        stream: a `datasets.IterableDataset` with the columns `image`, `annotation` and `name`.
        transform, seed: as in `SegmentationDataset`.

    Raises:
        TypeError: for anything but a stream.
    """

    def __init__(
        self, stream: "hf.IterableDataset", transform: Callable[[Sample], Sample], *, seed: int = 0
    ) -> None:
        if hasattr(stream, "__len__") or not hasattr(stream, "set_epoch"):
            raise TypeError(
                f"stream is a {type(stream).__name__}, but must be a datasets.IterableDataset. Cure: "
                f"adebook.load(..., streaming=True), or SegmentationDataset for a datasets.Dataset."
            )
        self.stream = stream.select_columns(_COLUMNS)
        self.prepare = Prepare(transform, seed=seed)
        self._epoch = torch.zeros(
            (), dtype=torch.int64
        ).share_memory_()  # persistent workers must see it change

    def set_epoch(self, epoch: int) -> None:
        """Call it before each epoch; crops and order (of the shards, by `datasets`) are others in each."""
        self._epoch.fill_(_not_negative(epoch, "epoch"))
        self.stream.set_epoch(epoch)

    def __iter__(self) -> Iterator[Sample]:
        epoch = int(self._epoch)
        for row in self.stream:
            yield self.prepare(row, epoch)


def collate(samples: Sequence[Sample]) -> dict[str, Any]:
    """Stack samples into a batch.

    Args:
        samples: as a data set of this module gives them.

    Returns:
        `image` float32 [B, 3, H, W], `target` int64 [B, H, W], and lists of length B for what else there is:
        `name`, and `content` for evaluation.

    Raises:
        ValueError: when the pictures or targets differ in size, naming two that do.
    """
    for key in ("image", "target"):
        first = samples[0]
        for other in samples:
            if other[key].shape != first[key].shape:
                raise ValueError(
                    f"A batch has one size, but the {key} of {first['name']} is {_size(first[key])} and "
                    f"that of {other['name']} is {_size(other[key])} (height x width). Cure: "
                    f"training_transform gives crops of one size; evaluation at native size has batches of "
                    f"1 (evaluation_loader)."
                )
    return {
        key: torch.stack([sample[key] for sample in samples])
        if key in ("image", "target")
        else [sample[key] for sample in samples]
        for key in samples[0]
    }


def _size(tensor: torch.Tensor) -> str:
    return " x ".join(str(n) for n in tensor.shape[-2:])


# --- order --------------------------------------------------------------------------------------------------


class EpochSampler(torch.utils.data.Sampler[Draw]):
    """A shuffled pass over the data, the same for the same (seed, epoch), that can stop anywhere and go on
    later.

    Each rank takes every world_size-th place of one common order, and all take equally many: what is left
    over at the end of an epoch (fewer than world_size) is not drawn in it, because a rank with one batch more
    would wait for the others forever.

    The position counts samples of that common order over all ranks. So a state can be saved on 8 ranks and
    loaded on 2: training goes on with the very samples that have not been drawn.

    Args:
        size: number of rows.
        seed: of the order.
        rank, world_size: which process of how many this is.
        repeat_factors: float [size], how often each row is drawn per epoch, on average (`repeat_factors`); a
            factor of 1.3 is once always and twice in 3 of 10 epochs, as in LVIS. None means each row once.

    Iterating does not move the position: a loader's workers ask for samples long before they are trained on.
    Call `advance` with what was; `TrainingLoader` does.

    Raises:
        ValueError: for no rows, a rank outside 0..world_size - 1, more ranks than rows, factors that do not
            fit.
    """

    def __init__(
        self,
        size: int,
        *,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        repeat_factors: npt.ArrayLike | None = None,
    ) -> None:
        if size < 1:
            raise ValueError(f"size is {size}: there is nothing to draw from.")
        if not 0 <= rank < world_size:
            raise ValueError(f"rank is {rank}, but is 0..{world_size - 1} with world_size={world_size}.")
        if world_size > size:
            raise ValueError(f"{world_size} ranks cannot share {size} rows. Cure: use fewer ranks.")
        self.size, self.seed = size, _not_negative(seed, "seed")
        self.rank, self.world_size = rank, world_size
        self.factors = None
        if repeat_factors is not None:
            self.factors = np.asarray(repeat_factors, dtype=np.float64)
            if self.factors.shape != (size,):
                raise ValueError(f"repeat_factors has shape {self.factors.shape}, but there are {size} rows.")
            if not (np.isfinite(self.factors).all() and self.factors.min() >= 1):
                raise ValueError(
                    "repeat_factors holds a value below 1 or none at all: each row is drawn once at least."
                )
        self.epoch = 0
        self.position = 0

    def order(self, epoch: int) -> list[Draw]:
        """The draws of all ranks in one epoch, in order."""
        rng = np.random.default_rng([self.seed, epoch])
        times = np.ones(self.size, dtype=np.int64)
        if self.factors is not None:
            times = np.floor(self.factors + rng.random(self.size)).astype(np.int64)
        rows = np.repeat(np.arange(self.size), times)
        repeats = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        places = rng.permutation(len(rows))
        return [Draw(int(rows[i]), epoch, int(repeats[i])) for i in places]

    def __iter__(self) -> Iterator[Draw]:
        left = self.order(self.epoch)[self.position :]
        yield from left[self.rank : len(left) - len(left) % self.world_size : self.world_size]

    def __len__(self) -> int:
        """How many samples this rank has left in the epoch."""
        return (len(self.order(self.epoch)) - self.position) // self.world_size

    def advance(self, samples: int) -> None:
        """Note that this rank (and each other) has been trained on so many samples more."""
        self.position += samples * self.world_size

    def set_epoch(self, epoch: int) -> None:
        """Start an epoch; does nothing in the middle of that very epoch, so that a loaded state holds."""
        if epoch != self.epoch:
            self.epoch, self.position = _not_negative(epoch, "epoch"), 0

    def state_dict(self) -> dict[str, int]:
        """Where it is, as plain numbers (the same on every rank)."""
        return {"seed": self.seed, "size": self.size, "epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a saved state.

        Raises:
            ValueError: when it belongs to another seed or to a data set of another size, whose order is
                another one.
        """
        if missing := {"seed", "size", "epoch", "position"} - state.keys():
            raise ValueError(
                f"The state of a sampler has no {', '.join(sorted(missing))}: it is of something else."
            )
        for key in ("seed", "size"):
            if state[key] != getattr(self, key):
                raise ValueError(
                    f"The state was saved with {key}={state[key]}, but the sampler has "
                    f"{key}={getattr(self, key)}, which means another order. Cure: make it with "
                    f"{key}={state[key]}."
                )
        self.epoch, self.position = int(state["epoch"]), int(state["position"])


class TrainingLoader(torch.utils.data.DataLoader):
    """A `DataLoader` that knows how far training has come; `training_loader` makes it.

    A loop over it is the rest of the current epoch; when the epoch is through, the next loop is the next
    epoch. `state_dict` and `load_state_dict` are those of its sampler and count the batches that were handed
    out, not those that workers have prepared in advance. A batch counts from the moment it is handed out.
    """

    sampler: EpochSampler

    def __iter__(self) -> Iterator[dict[str, Any]]:
        sampler = self.sampler
        for batch in super().__iter__():
            sampler.advance(len(batch["name"]))
            yield batch
        sampler.set_epoch(sampler.epoch + 1)

    def state_dict(self) -> dict[str, int]:
        """See `EpochSampler.state_dict`."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """See `EpochSampler.load_state_dict`."""
        self.sampler.load_state_dict(state)


def training_loader(
    dataset: SegmentationDataset,
    batch_size: int,
    *,
    num_workers: int = 0,
    seed: int = 0,
    rank: int = 0,
    world_size: int = 1,
    repeat_factors: npt.ArrayLike | None = None,
    multiprocessing_context: str | None = None,
) -> TrainingLoader:
    """Shuffled batches of training crops, the same whatever the number of workers.

    Args:
        dataset: with `training_transform` or one of your own that gives samples of one size.
        batch_size: per rank. The last batch of an epoch is left out when it is smaller: batch normalization
            does not bear a batch of one.
        num_workers: processes that prepare batches; they stay for the next epoch.
        seed: of the order. The crops follow the seed of `dataset`.
        rank, world_size, repeat_factors: as in `EpochSampler`.
        multiprocessing_context: "fork", "spawn" or "forkserver"; None is what Python does on this system.

    Raises:
        ValueError: when the data set is smaller than one batch on each rank.
    """
    sampler = EpochSampler(
        len(dataset), seed=seed, rank=rank, world_size=world_size, repeat_factors=repeat_factors
    )
    if len(sampler) < batch_size:
        raise ValueError(
            f"A batch of {batch_size} on each of {world_size} rank(s) needs more than the {len(dataset)} "
            f"rows there are. Cure: a smaller batch_size."
        )
    return TrainingLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        drop_last=True,
        **_worker_options(num_workers, multiprocessing_context),
    )


def evaluation_loader(
    dataset: SegmentationDataset,
    *,
    num_workers: int = 0,
    rank: int = 0,
    world_size: int = 1,
    multiprocessing_context: str | None = None,
) -> torch.utils.data.DataLoader:
    """Every picture exactly once, in order, in batches of one, with its target at native size.

    Over several ranks, rank r takes the rows r, r + world_size, ...; none is repeated to make the counts even
    (as `DistributedSampler` does, which counts those pictures twice), so some ranks have one batch more. Sum
    the confusion matrices at the end, rather than in every step.

    Args:
        dataset: with `evaluation_transform`.
        num_workers, rank, world_size, multiprocessing_context: as in `training_loader`. A rank may have no
            rows.

    Returns:
        batches of `image` [1, 3, h, w], `target` [1, H, W], `name` and `content` (lists of length 1).
    """
    if not 0 <= rank < world_size:
        raise ValueError(f"rank is {rank}, but is 0..{world_size - 1} with world_size={world_size}.")
    return torch.utils.data.DataLoader(
        dataset,
        batch_size=1,
        sampler=range(rank, len(dataset), world_size),
        **_worker_options(num_workers, multiprocessing_context),
    )


def _worker_options(num_workers: int, context: str | None) -> dict[str, Any]:
    return {
        "num_workers": num_workers,
        "collate_fn": collate,
        "persistent_workers": num_workers > 0,
        "multiprocessing_context": context if num_workers else None,
    }


def logits_at_native_size(logits: torch.Tensor, batch: dict[str, Any]) -> torch.Tensor:
    """The logits of an evaluation batch, resized (bilinearly) to the target's size.

    Args:
        logits: float [1, C, h, w], at the size of `batch["image"]` or smaller by the network's stride.
        batch: of `evaluation_loader`.

    Returns:
        float [1, C, H, W], with [H, W] the size of `batch["target"]`; what was computed on padding is cut
        off.
    """
    resize = torch.nn.functional.interpolate
    shown, (height, width) = tuple(batch["image"].shape[-2:]), batch["content"][0]
    if shown != (height, width):
        logits = resize(logits, size=shown, mode="bilinear", align_corners=False)[..., :height, :width]
    return resize(logits, size=tuple(batch["target"].shape[-2:]), mode="bilinear", align_corners=False)


# --- which pictures, how often, with which weight -----------------------------------------------------------


def count_pixels(rows: "hf.Dataset") -> npt.NDArray[np.int64]:
    """Pixels of each class in each mask; reads every mask once.

    Args:
        rows: of `adebook.load`.

    Returns:
        int64 [len(rows), 150]; column k is train id k. Pixels of other (0) are not counted.
    """
    masks = _only_what_is_read(rows, "take rows from the stream first", ["annotation", "name"])
    counts = np.empty((len(masks), labels.NUM_CLASSES), dtype=np.int64)
    for i, row in enumerate(masks):
        mask = labels.check_mask(row["annotation"], f"{row['name']}: the mask")
        counts[i] = np.bincount(mask.reshape(-1), minlength=_checks.MAX_OFFICIAL + 1)[1:]
    return counts


def repeat_factors(pixel_counts: npt.ArrayLike, threshold: float) -> npt.NDArray[np.float64]:
    """How often to draw each picture per epoch so that pictures of rare classes come more often.

    f(c) is the share of pictures that show class c; r(c) = max(1, sqrt(threshold / f(c))); a picture's factor
    is the largest r(c) of the classes in it.

    Args:
        pixel_counts: int [N, C], as from `count_pixels`; only what is above 0 matters.
        threshold: classes in fewer than this share of the pictures are repeated. LVIS takes 0.001, with about
            1,200 classes in 100,000 pictures.

    Returns:
        float64 [N], 1 or more; for `training_loader(repeat_factors=...)`.

    Raises:
        ValueError: for a threshold that is no share, or counts of another shape.

    Source: Gupta, Dollár, Girshick, "LVIS: A Dataset for Large Vocabulary Instance Segmentation", CVPR 2019,
    section 4.1 and the RepeatFactorTrainingSampler of detectron2.
    """
    present = _counts(pixel_counts) > 0
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}, but is a share of pictures above 0, at most 1.")
    share = np.maximum(present.sum(axis=0), 1) / len(present)  # of absent classes the factor is used nowhere
    of_class = np.maximum(1.0, np.sqrt(threshold / share))
    return np.where(present, of_class, 1.0).max(axis=1)


def class_weights(pixel_counts: npt.ArrayLike, method: str = "median_frequency") -> npt.NDArray[np.float32]:
    """Weights of the classes for `cross_entropy(weight=...)`, from pixel counts.

    - "median_frequency": the median of all frequencies over the class's own; its frequency is the share of
      its pixels in those pictures that show it (Eigen and Fergus, ICCV 2015).
    - "inverse_log": 1 / ln(1.02 + p), with p its share of all labeled pixels (Paszke et al., ENet, 2016);
      from 1.4 to 50.5.

    Args:
        pixel_counts: int [N, C], as from `count_pixels`.
        method: one of the two.

    Returns:
        float32 [C]. A class that no picture shows gets the largest weight of the others.

    Raises:
        ValueError: for another method, or when no pixel is labeled.
    """
    counts = _counts(pixel_counts)
    per_class = counts.sum(axis=0)
    shown = per_class > 0
    if not shown.any():
        raise ValueError("No pixel of any class was counted, so there is nothing to weigh.")
    if method == "median_frequency":
        in_pictures = np.where(counts > 0, counts.sum(axis=1, keepdims=True), 0).sum(axis=0)
        frequency = per_class[shown] / in_pictures[shown]
        of_shown = np.median(frequency) / frequency
    elif method == "inverse_log":
        of_shown = 1 / np.log(1.02 + per_class[shown] / per_class.sum())
    else:
        raise ValueError(f"Unknown method {method!r}. There are 'median_frequency' and 'inverse_log'.")
    weights = np.full(len(per_class), of_shown.max(), dtype=np.float32)
    weights[shown] = of_shown
    return weights


def _counts(pixel_counts: npt.ArrayLike) -> npt.NDArray[np.integer]:
    counts = np.asarray(pixel_counts)
    if counts.ndim != 2 or not len(counts) or not np.issubdtype(counts.dtype, np.integer) or counts.min() < 0:
        raise ValueError(
            f"pixel_counts is {counts.dtype} {list(counts.shape)}, but holds whole numbers [pictures, "
            f"classes], 0 or more. Cure: count_pixels(rows)."
        )
    return counts


def stratified_subset(rows: "hf.Dataset", n: int, seed: int = 0) -> "hf.Dataset":
    """n rows in which every scene kind has its share of the whole.

    A kind with m of N rows gets m * n / N of the n, rounded up or down (largest remainders up, so that they
    add up to n); so one that is due a whole row has one at least. Rows without a scene are a kind of their
    own.

    Args:
        rows: of `adebook.load`, with the column `scene`.
        n: how many rows, at most all.
        seed: which rows of a kind, and which kinds are rounded up where remainders are equal.

    Returns:
        the rows, in their order in `rows`; the same for the same seed.

    Raises:
        ValueError: when n is not 1..len(rows), or without the column `scene`.
        TypeError: for a stream.
    """
    _only_what_is_read(rows, "stratified_subset needs to know all scenes; load without streaming", ["scene"])
    if not 1 <= n <= len(rows):
        raise ValueError(f"n is {n}, but is 1..{len(rows)}, the number of rows there are.")
    scenes = list(rows["scene"])
    rng = np.random.default_rng(_not_negative(seed, "seed"))
    kinds = sorted(Counter(scenes).items(), key=lambda item: (item[0] is None, item[0] or ""))
    # in whole numbers: m * n = (rows for sure) * N + remainder
    sure, remainder = np.divmod(np.array([m * n for _, m in kinds]), len(scenes))
    tie_breaker = rng.permutation(len(kinds))
    for i in np.lexsort((tie_breaker, -remainder))[: n - int(sure.sum())]:
        sure[i] += 1
    chosen: list[int] = []
    for (kind, _), quota in zip(kinds, sure, strict=True):
        members = [i for i, scene in enumerate(scenes) if scene == kind]
        chosen += rng.permutation(members)[:quota].tolist()
    return rows.select(sorted(chosen))


def _not_negative(value: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}, but is a whole number.")
    if value < 0:
        raise ValueError(f"{name} is {value}, but is 0 or more.")
    return value
