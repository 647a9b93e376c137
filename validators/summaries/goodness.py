"""How good scores are on sampled rows, by one metric per task, with the versions that leave out one group of dependent rows."""

import numpy as np
from numpy.typing import NDArray

from ..core.data import Batch, Task
from ..stats.jackknife import MIN_GROUPS, leave_one_out
from ..stats.ranking import roc_auc_many
from .cells import divided
from .scored_rows import Floats, ScoredRows


def goodness(rows: ScoredRows, scores: Floats, task: Task) -> Floats:
    """(1 + groups,): area under the ROC curve, its mean over classes, each against the rest, or R2 / 2 in regression.

    Classes are those that stand in at least 8 groups (in all where there are fewer): one that a single group holds is undefined
    without it, and so would be the mean. On all rows, then without each group; NaN where undefined (one class only, a constant
    outcome). One limit fits all three.
    """
    if task.type == "regression":
        return _half_r2(rows, scores[:, 0])
    if task.type == "binary":
        return areas(rows, scores[:, 0], rows.y == 1)
    held = classes_of(rows.y, rows.group, scores.shape[1])
    found = [areas(rows, scores[:, k], rows.y == k) for k in held]
    return np.asarray(np.mean(found, axis=0)) if held else np.full(rows.groups + 1, np.nan)


def classes_of(y: Floats, group: NDArray[np.int64], classes: int) -> list[int]:
    """The classes that stand in at least 8 groups of rows, or in all where there are fewer."""
    least = max(min(MIN_GROUPS, len(np.unique(group))), 1)
    return [k for k in range(classes) if len(np.unique(group[y == k])) >= least]


def base(task: Task) -> float:
    """The same metric of a constant score, in regression of the mean of these very rows."""
    return 0.0 if task.type == "regression" else 0.5


def constant(rows: ScoredRows, known: Batch, task: Task) -> Floats:
    """(1 + groups,) the same metric of a constant score, in regression of the mean outcome of other rows that are known (train).

    Where the level has moved since train, that constant is far worse than the mean of test, which nobody knew.
    """
    if task.type != "regression":
        return np.full(rows.groups + 1, base(task))
    there = ~np.isnan(known.y)
    return _half_r2(rows, np.full(rows.n, np.average(known.y[there], weights=known.weight[there])))


def _half_r2(rows: ScoredRows, predicted: Floats) -> Floats:
    y = rows.y - np.average(rows.y, weights=rows.weight) if rows.n else rows.y
    error = rows.y - predicted
    w, wy, wyy, wee = rows.sums(np.ones(rows.n), y, y**2, error**2).T
    total = wyy - divided(wy**2, w)
    return np.asarray((1 - divided(wee, total)) / 2)


def areas(rows: ScoredRows, score: Floats, positive: NDArray[np.bool_]) -> Floats:
    """(1 + groups,) areas, every distinct score in a bin of its own."""
    values, place = np.unique(score, return_inverse=True)
    cell = (rows.group * 2 + positive) * len(values) + place
    counts = np.bincount(cell, weights=rows.weight, minlength=rows.groups * 2 * len(values))
    counts = counts.reshape(rows.groups, 2, len(values))
    whole = np.concatenate([counts.sum(axis=0)[None], leave_one_out(counts, np.ones(rows.groups, np.bool_))])
    return roc_auc_many(whole[:, 0], whole[:, 1])
