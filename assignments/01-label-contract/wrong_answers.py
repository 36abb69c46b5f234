# Answers that must lose points, one block each: "# %% QUESTION: what is wrong with it". The tests of the assignments
# run every block in the solution's notebook; each hidden test must fail on at least one of them.
# ruff: noqa


# %% q1: looks at the largest value only
def numbering(array):
    largest = array.max()
    return "train" if largest == 255 else "official" if largest == 150 else "either"


# %% q1: takes an array without marks for official ids
def numbering(array):
    if ((array >= 0) & (array <= 150)).all():
        return "official"
    return "train" if ((array >= 0) & ((array < 150) | (array == 255))).all() else "neither"


# %% q1: the two results the wrong way round
def numbering(array):
    on_disk, in_tensors = (
        ((array >= 0) & (array <= 150)).all(),
        ((array >= 0) & ((array < 150) | (array == 255))).all(),
    )
    return {(True, True): "either", (True, False): "train", (False, True): "official"}.get(
        (on_disk, in_tensors), "neither"
    )


# %% q2: subtracts in the type that came
def to_train(mask):
    if ((mask < 0) | (mask > 150)).any():
        raise ValueError(f"not an official id: {mask[(mask < 0) | (mask > 150)]}")
    return mask - 1


# %% q2: right numbers, but nothing is refused
def to_train(mask):
    return (mask.astype(np.int64) - 1).astype(np.uint8)


# %% q2: works in the array that it was given
def to_train(mask):
    if ((mask < 0) | (mask > 150)).any():
        raise ValueError(f"not an official id: {mask[(mask < 0) | (mask > 150)]}")
    mask[mask == 0] = 0
    mask -= np.array(1, mask.dtype)
    return mask.astype(np.uint8)


# %% q3: a sum of the channels as the key, and unknown colors become other
def decode(rgb, table):
    ids = {int(color.astype(int).sum()): k for k, color in enumerate(table)}
    return np.array([[ids.get(int(p.astype(int).sum()), 0) for p in row] for row in rgb], dtype=np.uint8)


# %% q3: the class with the nearest color
def decode(rgb, table):
    distance = np.abs(rgb[:, :, None].astype(int) - table.astype(int)).sum(-1)
    return distance.argmin(-1).astype(np.uint8)


# %% q3: train ids instead of official ids
def decode(rgb, table):
    ids = {tuple(color): (k - 1) % 256 for k, color in enumerate(table.tolist())}
    return np.array([[ids[tuple(p)] for p in row] for row in rgb.tolist()], dtype=np.uint8)


# %% q3: refuses every table with a shared color
def decode(rgb, table):
    colors = [tuple(c) for c in table.tolist()]
    if len(set(colors)) < 151:
        raise ValueError("shared color")
    try:
        return np.array([[colors.index(tuple(p)) for p in row] for row in rgb.tolist()], dtype=np.uint8)
    except ValueError:
        raise


# %% q4: the mean difference, which errors and ignored pixels drag away
def shift_of(prediction, target):
    return int(np.sign(np.round((prediction.astype(int) - target).mean())))


# %% q4: subtracts in uint8, where 0 - 1 is 255
def shift_of(prediction, target):
    difference = prediction - target
    values, counts = np.unique(difference, return_counts=True)
    return int(values[counts.argmax()])


# %% q4: target minus prediction, and the laboratories all called right
def shift_of(prediction, target):
    labeled = target != 255
    difference = target[labeled].astype(int) - prediction[labeled]
    return max((-1, 0, 1), key=lambda s: (difference == s).sum())


shifts = dict.fromkeys("ABCDE", 0)


# %% q5: adds the shift once more
def repair(prediction, shift):
    repaired = prediction.astype(int) + shift
    if repaired.min() < 0 or repaired.max() > 149:
        raise ValueError
    return repaired.astype(np.uint8)


# %% q5: subtracts in uint8 and checks afterwards
def repair(prediction, shift):
    repaired = (prediction.astype(int) - shift).astype(np.uint8)
    return repaired


# %% q5: clips what it should refuse
def repair(prediction, shift):
    return (prediction.astype(int) - shift).clip(0, 149).astype(np.uint8)
