"""What one feature alone says of the outcome: a small tree on training rows, asked about other rows."""

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from ..core.data import Batch, Bins, NumericBins, Task
from .row_sample import take
from .scored_rows import ScoredRows
from .values import values_of

Floats = NDArray[np.float64]
LEAVES, LEAF_ROWS, PRIOR_ROWS = 24, 30, 20.0


def with_outcome(batch: Batch) -> Batch:
    """Rows with an outcome and a weight."""
    return take(batch, np.flatnonzero(~np.isnan(batch.y) & (batch.weight > 0)))


def unlearnable(train: Batch, rows: ScoredRows, task: Task, least: int) -> str:
    """Why nothing can be learnt from the training rows (`with_outcome`) and tried on the others; empty where it can."""
    if rows.n == 0:
        return "no test row has an outcome and a score"
    if len(train) < least:
        return f"{len(train)} labelled training rows; it takes {least}"
    return "train has one class only" if task.type != "regression" and len(np.unique(train.y)) < 2 else ""


def single_feature_scores(train: Batch, test: Batch, name: str, j: int, bins: Bins, task: Task) -> Floats:
    """(n, n_scores) scores of the test rows from one feature, in the units of the task.

    A regression tree of at most 24 leaves, each with 30 training rows or more; a text's levels are ordered by their mean outcome, drawn
    to the overall mean as if by 20 rows. Missing values are a value of their own.
    """
    target = _target(train.y, task)
    here, there = (_numbers(rows, name, j, bins, train.codes[:, j], target) for rows in (train, test))
    return tree_scores(here, there, train, task)


def tree_scores(here: Floats, there: Floats, train: Batch, task: Task) -> Floats:
    """(n, n_scores) scores of other rows by a small tree on some columns of the training rows; NaN is a value of its own."""
    target = _target(train.y, task)
    tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, min_samples_leaf=LEAF_ROWS, random_state=0)
    tree.fit(here, target, sample_weight=train.weight.astype(np.float64))
    return np.asarray(tree.predict(there), np.float64).reshape(len(there), -1)


def _target(y: Floats, task: Task) -> Floats:
    if task.type == "multiclass":
        return np.asarray(y[:, None] == np.arange(len(task.classes)), np.float64)
    return y.reshape(-1, 1)


def _numbers(rows: Batch, name: str, j: int, bins: Bins, train_codes: NDArray[np.int32], target: Floats) -> Floats:
    """(n, 1) matrix, NaN where missing."""
    if isinstance(bins, NumericBins):
        values = values_of(rows.X[name], rows.codes[:, j])
        kept = np.where(np.isfinite(values), values, np.nan)
        return np.where(np.abs(kept) < np.finfo(np.float32).max, kept, np.nan)[:, None]
    outcome = target @ np.arange(1, target.shape[1] + 1)
    count = np.bincount(train_codes, minlength=bins.n_bins)
    total = np.bincount(train_codes, weights=outcome, minlength=bins.n_bins)
    mean = (total + PRIOR_ROWS * outcome.mean()) / (count + PRIOR_ROWS)
    return np.asarray(mean[rows.codes[:, j]][:, None])
