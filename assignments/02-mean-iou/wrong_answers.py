# Answers that must lose points, one block each: "# %% QUESTION: what is wrong with it". The tests of the assignments
# run every block in the solution's notebook; each hidden test must fail on at least one of them.
# ruff: noqa


# %% q1: columns are the truth
def confusion(prediction, target, num_classes):
    labeled = target != 255
    pairs = prediction[labeled].astype(int) * num_classes + target[labeled]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


# %% q1: multiplies in uint8
def confusion(prediction, target, num_classes):
    labeled = target != 255
    if (prediction[labeled] >= num_classes).any() or (target[labeled] >= num_classes).any():
        raise ValueError
    pairs = target[labeled] * np.array(num_classes, target.dtype) + prediction[labeled]
    return np.bincount(pairs.ravel(), minlength=num_classes**2)[: num_classes**2].reshape(
        num_classes, num_classes
    )


# %% q1: leaves out what is ignored in the prediction, too, and refuses nothing
def confusion(prediction, target, num_classes):
    counted = (target < num_classes) & (prediction < num_classes)
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(matrix, (target[counted], prediction[counted]), 1)
    return matrix


# %% q1: takes ignored pixels for class 0
def confusion(prediction, target, num_classes):
    target = np.where(target == 255, 0, target).astype(int)
    prediction = np.where(prediction == 255, 0, prediction).astype(int)
    return np.bincount((target * num_classes + prediction).ravel(), minlength=num_classes**2).reshape(
        num_classes, -1
    )


# %% q1: asks the library
def confusion(prediction, target, num_classes):
    counts = adebook.ConfusionMatrix(num_classes=num_classes)
    counts.update(prediction, target)
    return counts.matrix


# %% q2: row sum plus column sum, hits counted twice
def iou(matrix):
    with np.errstate(all="ignore"):
        return np.diag(matrix) / (matrix.sum(0) + matrix.sum(1))


# %% q2: a small number in the denominator
def iou(matrix):
    return np.diag(matrix) / (matrix.sum(0) + matrix.sum(1) - np.diag(matrix) + 1e-6)


# %% q2: divides and lets NumPy warn
def iou(matrix):
    return np.diag(matrix) / (matrix.sum(0) + matrix.sum(1) - np.diag(matrix))


# %% q2: in single precision
def iou(matrix):
    union = (matrix.sum(0) + matrix.sum(1) - np.diag(matrix)).astype(np.float32)
    return np.where(union > 0, np.diag(matrix).astype(np.float32) / np.maximum(union, 1), np.nan)


# %% q3: nanmean for every word
def mean_iou(matrix, absent="exclude"):
    return np.nanmean(iou(matrix))


# %% q3: always over all classes
def mean_iou(matrix, absent="exclude"):
    if absent not in ("exclude", "zero", "exclude_unlabeled"):
        raise ValueError(absent)
    return np.nan_to_num(iou(matrix)).mean()


# %% q4: both are the mean over pictures
def two_means(predictions, targets, num_classes=150):
    means = [mean_iou(confusion(p, t, num_classes), "exclude") for p, t in zip(predictions, targets)]
    return float(np.mean(means)), float(np.mean(means))


scores = two_means(predictions, targets)


# %% q4: an empty picture counts as 0
def two_means(predictions, targets, num_classes=150):
    matrices = [confusion(p, t, num_classes) for p, t in zip(predictions, targets)]
    own = [mean_iou(m, "exclude") if m.any() else 0.0 for m in matrices]
    return float(mean_iou(sum(matrices), "exclude")), float(np.mean(own))


# %% q5: one pair for all
def witness(number):
    return np.array([[0, 1]], dtype=np.uint8), np.array([[0, 1]], dtype=np.uint8)


# %% q5: shows each bug, and others with it
def witness(number):
    prediction, target = (
        np.array([[19, 1, 2, 0]], dtype=np.uint8),
        np.array([[19, 255, 3, 0]], dtype=np.uint8),
    )
    return prediction, target
