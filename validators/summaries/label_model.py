"""Probabilities of the labels of train and of another role, learnt from train only and for each row without its own label."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core.data import GROUPS, WEIGHT_ONE, Batch, Grid, Task
from .learners import fit_rung, learn_encoding
from .refits import fit_restrained
from .row_sample import concat, take

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled rows of a role with their probabilities: `p` (n, K), `y` (n,), `group` of dependent rows, `weight`."""

    rows: Batch
    p: Floats
    y: NDArray[np.int64]

    def only(self, inside: NDArray[np.bool_]) -> "Labels":
        """Some of the rows."""
        return Labels(take(self.rows, np.flatnonzero(inside)), self.p[inside], self.y[inside])

    @property
    def group(self) -> NDArray[np.int64]:
        """(n,) one of 50 groups of dependent rows."""
        return (self.rows.unit % np.uint64(GROUPS)).astype(np.int64)

    @property
    def weight(self) -> Floats:
        """(n,) in rows."""
        return np.asarray(self.rows.weight / WEIGHT_ONE)

    @property
    def n_eff(self) -> float:
        """Kish's effective number of rows; 0 where nothing has weight."""
        squares = float((self.weight**2).sum())
        return float(self.weight.sum()) ** 2 / squares if squares > 0 else 0.0


def label_probabilities(train: Batch, other: Batch, task: Task, grid: Grid) -> tuple[Labels, Labels]:
    """Labels of both with the mean probability of a straight and of a boosted learner.

    Both are cut into five folds by what makes rows dependent; the rows of a fold, of either role, are judged by learners of the other four
    folds of train. So both see equally good learners, and no row sees its own label or that of a row that depends on it.
    """
    train, other = labelled(train), labelled(other)
    here, there = fold_of(train), fold_of(other)
    p = [np.full((len(b), len(task.classes)), np.nan) for b in (train, other)]
    for k in range(FOLDS):
        kept = take(train, np.flatnonzero(here != k))
        mine = [np.flatnonzero(fold == k) for fold in (here, there)]
        judged = concat(*(replace(take(b, at), time=None) for b, at in zip((train, other), mine, strict=True)))
        if len(judged):
            p[0][mine[0]], p[1][mine[1]] = np.split(_mean_probability(kept, judged, task, grid), [len(mine[0])])
    return Labels(train, p[0], train.y.astype(np.int64)), Labels(other, p[1], other.y.astype(np.int64))


def labelled(batch: Batch) -> Batch:
    """Rows with an outcome and a weight, without what one role may have and another not: scores and times."""
    lean = replace(batch, scores={}, lateness={}, immature=None, order=None)
    return take(lean, np.flatnonzero(~np.isnan(batch.y) & (batch.weight > 0)))


def fold_of(batch: Batch) -> NDArray[np.int64]:
    """(n,) fold of dependent rows; independent of the groups of the jackknife."""
    return (batch.unit // np.uint64(GROUPS) % np.uint64(FOLDS)).astype(np.int64)


def _mean_probability(train: Batch, there: Batch, task: Task, grid: Grid) -> Floats:
    encode = learn_encoding(train, grid)
    straight = fit_rung("simple", encode(train, grid), train.y, train.weight / WEIGHT_ONE, task)
    boosted = fit_restrained(train, there, task, grid, rounds=80, rate=0.1)
    if straight is None or boosted is None:
        return np.full((len(there), len(task.classes)), np.nan)
    mean = (straight.predict(encode(there, grid)) + boosted) / 2
    return np.column_stack([1 - mean, mean]) if task.type == "binary" else mean


def of_other_times(here: Times | None, there: Times | None) -> bool:
    """Whether the central nine tenths of two roles' times share less than half of the shorter one."""
    ends = []
    for times in (here, there):
        known = np.zeros(0) if times is None else times[~np.isnat(times)].astype("datetime64[s]").astype(np.float64)
        if not len(known):
            return False
        ends.append(np.quantile(known, [0.05, 0.95]))
    shared = min(e[1] for e in ends) - max(e[0] for e in ends)
    return bool(shared < 0.5 * min(e[1] - e[0] for e in ends))
