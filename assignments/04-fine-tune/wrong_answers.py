# Answers that must lose points, one block each: "# %% QUESTION: what is wrong with it". The tests of the assignments
# run every block in the solution's notebook; each hidden test must fail on at least one of them. Those of Question 4
# train for a step at most.
# ruff: noqa


# %% q1: by name, so that a picture that came twice can be on both sides
def split(collection, seed):
    rng = np.random.default_rng(seed)
    training, development = [], []
    for _, group in collection[collection["labeled"] > 0].groupby("scene"):
        names = rng.permutation(group["name"].to_numpy())
        count = max(1, len(names) // 3)
        development += names[:count].tolist()
        training += names[count:].tolist()
    return training, development


# %% q1: drops copies before it looks for masks, and loses pictures whose first upload has none
def split(collection, seed):
    rng = np.random.default_rng(seed)
    usable = collection.drop_duplicates("fingerprint")
    training, development = [], []
    for _, group in usable[usable["labeled"] > 0].groupby("scene"):
        names = rng.permutation(group["name"].to_numpy())
        count = max(1, len(names) // 3)
        development += names[:count].tolist()
        training += names[count:].tolist()
    return training, development


# %% q1: a third of all, whatever they show
def split(collection, seed):
    names = collection[collection["labeled"] > 0].drop_duplicates("fingerprint")["name"].to_numpy()
    names = np.random.default_rng(seed).permutation(names)
    return names[len(names) // 3 :].tolist(), names[: len(names) // 3].tolist()


# %% q1: the first third of each kind, whatever the seed
def split(collection, seed):
    usable = collection[collection["labeled"] > 0].drop_duplicates("fingerprint")
    training, development = [], []
    for _, group in usable.groupby("scene"):
        count = max(1, len(group) // 3)
        development += group["name"].tolist()[:count]
        training += group["name"].tolist()[count:]
    return training, development


# %% q1: draws from NumPy's global numbers
def split(collection, seed):
    usable = collection[collection["labeled"] > 0].drop_duplicates("fingerprint")
    training, development = [], []
    for _, group in usable.groupby("scene"):
        names = np.random.permutation(group["name"].to_numpy())
        count = max(1, len(names) // 3)
        development += names[:count].tolist()
        training += names[count:].tolist()
    return training, development


# %% q2: the most frequent class of the pictures that it is scored on
def constant_counts(training_labeled, development_labeled):
    k = development_labeled.sum(axis=0).argmax()
    counts = np.zeros((len(development_labeled), 3, development_labeled.shape[1]), np.int64)
    counts[:, 0, k] = development_labeled[:, k]
    counts[:, 1] = development_labeled
    counts[:, 2, k] = development_labeled.sum(axis=1)
    return counts


# %% q2: predicts the class only where it is right
def constant_counts(training_labeled, development_labeled):
    k = training_labeled.sum(axis=0).argmax()
    counts = np.zeros((len(development_labeled), 3, development_labeled.shape[1]), np.int64)
    counts[:, 1] = development_labeled
    counts[:, 0, k] = counts[:, 2, k] = development_labeled[:, k]
    return counts


# %% q3: each model on pictures of its own, and whatever is passed
def paired_interval(before, after, score, samples=2000, seed=0):
    n, rng = len(after), np.random.default_rng(seed)
    times = [rng.multinomial(n, np.full(n, 1 / n), size=samples) for _ in range(2)]
    one, other = (score(np.tensordot(t, c[:n], axes=1)) for t, c in zip(times, (before, after)))
    low, high = np.quantile(other - one, [0.025, 0.975])
    return score(after.sum(axis=0)) - score(before.sum(axis=0)), low, high


# %% q3: pixels as samples
def paired_interval(before, after, score, samples=2000, seed=0):
    if before.shape != after.shape or (before[:, 1] != after[:, 1]).any():
        raise ValueError("before and after are counts of different pictures")
    one, other = score(before.sum(axis=0)), score(after.sum(axis=0))
    pixels = after[:, 1].sum()
    error = 1.96 * np.sqrt((one * (1 - one) + other * (1 - other)) / pixels)
    return other - one, other - one - error, other - one + error


# %% q3: the mean of the pictures' own scores, before minus after
def paired_interval(before, after, score, samples=2000, seed=0):
    difference = score(before) - score(after)
    drawn = np.random.default_rng(seed).integers(len(after), size=(samples, len(after)))
    low, high = np.quantile(difference[drawn].mean(axis=1), [0.025, 0.975])
    return difference.mean(), low, high


# %% q4: over the budget, and the old head with the untouched checkpoint handed in
tuned = adebook.pretrained("dollhouse-indoor")
_settings = my_config(0)


def my_config(seed):
    import dataclasses

    return dataclasses.replace(_settings, steps=2 * _settings.steps)


def tune(start, rows, development, config):
    torch.manual_seed(config.seed)
    model = adebook.pretrained("dollhouse-indoor") if start == "checkpoint" else models.build("small-fpn")
    return model, training.fit(model, rows, development, config)


# %% q4: trains on the development pictures, too
_tune = tune


def tune(start, rows, development, config):
    import datasets

    return _tune(start, datasets.concatenate_datasets([rows, development]), development, config)


import dataclasses

_, tuned_run = tune("checkpoint", train, development.select(range(12)), dataclasses.replace(config, steps=1))


# %% q4: trains twice as long as its record says
import copy

_tune = tune
tuned = copy.deepcopy(tuned)
for _name, _buffer in tuned.named_buffers():
    if _name.endswith("num_batches_tracked"):
        _buffer += config.steps


def tune(start, rows, development, config):
    model, _ = _tune(start, rows, development, config)
    return model, training.fit(model, rows, development, config)


# %% q5: every training is healthy
verdicts = ["healthy"] * 8


def diagnose(log):
    return "healthy"


# %% q5: thresholds that fit the logs that were sent
def diagnose(log):
    if log["learning_rate"].max() > 0.1:
        return "rate too large"
    if log["learning_rate"].max() < 1e-5:
        return "rate too small"
    if len(log) < 40:
        return "cut short"
    if log["loss"].iloc[-1] < 0.5:
        return "overfitted"
    return "labels shifted" if log["pixel_accuracy"].max() < 0.02 else "healthy"


# %% q6: 95 % for each class, however many there are
def class_changes(before, after, least=5, samples=10_000, seed=0):
    classes = np.flatnonzero((after[:, 1] > 0).sum(axis=0) >= least)
    times = np.random.default_rng(seed).multinomial(
        len(after), np.full(len(after), 1 / len(after)), size=samples
    )

    def iou(counts):
        hits, labeled, predicted = (times @ counts[:, i, classes] for i in range(3))
        return hits / (labeled + predicted - hits)

    low, high = np.nanquantile(iou(after) - iou(before), [0.025, 0.975], axis=0)
    words = np.where(low > 0, "gained", np.where(high < 0, "lost", "cannot tell"))
    return {int(k): str(word) for k, word in zip(classes, words)}


# %% q6: any difference is a change
def class_changes(before, after, least=5, samples=10_000, seed=0):
    classes = np.flatnonzero((after[:, 1] > 0).sum(axis=0) >= least)
    one, other = (c.sum(axis=0) for c in (before, after))
    with np.errstate(invalid="ignore"):
        change = other[0] / (other[1] + other[2] - other[0]) - one[0] / (one[1] + one[2] - one[0])
    return {
        int(k): "gained" if change[k] > 0 else "lost" if change[k] < 0 else "cannot tell" for k in classes
    }


# %% q6: every class that occurs
def class_changes(before, after, least=5, samples=10_000, seed=0):
    classes = np.flatnonzero((after[:, 1] > 0).any(axis=0))
    times = np.random.default_rng(seed).multinomial(
        len(after), np.full(len(after), 1 / len(after)), size=samples
    )

    def iou(counts):
        hits, labeled, predicted = (times @ counts[:, i, classes] for i in range(3))
        with np.errstate(invalid="ignore"):
            return hits / (labeled + predicted - hits)

    tail = 0.05 / len(classes) / 2
    low, high = np.nanquantile(iou(after) - iou(before), [tail, 1 - tail], axis=0)
    words = np.where(low > 0, "gained", np.where(high < 0, "lost", "cannot tell"))
    return {int(k): str(word) for k, word in zip(classes, words)}
