"""Our own learners, fitted on a sample of training rows: what a model has to beat, and a yardstick for what it leaves.

Rows are encoded once: numbers winsorised at the first and last percentile and standardised, with a missing value as a level of
its own; text as one column per frequent level, with one each for the others, for new and for missing ones. Settings are fixed and
small, on purpose: a ladder that is tuned is another candidate.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.data import Batch, Grid, LevelBins, NumericBins, Task
from .values import values_of

Floats = NDArray[np.float64]
Rung = Literal["dummy", "simple", "boosted"]
RUNGS: tuple[Rung, ...] = ("dummy", "simple", "boosted")
MAX_LEVELS, MAX_LEVEL_COLUMNS = 30, 600


@dataclass(frozen=True, slots=True)
class Column:
    """How one feature becomes columns: standardised number with a flag for missing, or one flag per kept level."""

    low: float
    high: float
    middle: float
    spread: float
    levels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How rows become a matrix; learned on training rows."""

    columns: tuple[Column, ...]

    def __call__(self, batch: Batch, grid: Grid) -> Floats:
        """(n, columns) matrix without missing values."""
        parts = []
        for j, (name, bins) in enumerate(grid.features.items()):
            column, code = self.columns[j], batch.codes[:, j]
            if isinstance(bins, NumericBins):
                values = np.clip(values_of(batch.X[name], code), column.low, column.high)
                absent = ~np.isfinite(values)
                scaled = (values - column.middle) / column.spread if column.spread > 0 else np.zeros(len(values))
                parts += [np.where(absent, 0.0, scaled)[:, None], absent[:, None].astype(np.float64)]
            else:
                parts.append((code[:, None] == column.levels).astype(np.float64))
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(batch), 0))


def learn_encoding(batch: Batch, grid: Grid) -> Encoding:
    """Percentiles, means and frequent levels of training rows.

    At most 30 levels of a feature get a column, fewer where all features together would need more than 600.
    """
    texts = sum(isinstance(b, LevelBins) for b in grid.features.values())
    most = max(2, min(MAX_LEVELS, MAX_LEVEL_COLUMNS // max(texts, 1)))
    columns = []
    for j, (name, bins) in enumerate(grid.features.items()):
        code = batch.codes[:, j]
        if isinstance(bins, LevelBins):
            counts = np.bincount(code, minlength=bins.n_bins)
            frequent = np.argsort(-counts[: len(bins.levels)], kind="stable")[:most]
            special = np.array([bins.remainder, bins.new, bins.missing])
            columns.append(Column(0.0, 0.0, 0.0, 0.0, np.concatenate([frequent, special]).astype(np.int64)))
            continue
        values = values_of(batch.X[name], code)
        values = values[np.isfinite(values)]
        if not len(values):
            columns.append(Column(0.0, 0.0, 0.0, 0.0, np.zeros(0, np.int64)))
            continue
        low, high = (float(q) for q in np.quantile(values, [0.01, 0.99]))
        kept = np.clip(values, low, high)
        columns.append(Column(low, high, float(kept.mean()), float(kept.std()), np.zeros(0, np.int64)))
    return Encoding(tuple(columns))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted rung: (n, columns) matrix in, scores (n, n_scores) out, in the units of the task."""

    rung: Rung
    estimator: object
    constant: Floats
    classes: NDArray[np.float64]
    task: Task

    def predict(self, matrix: NDArray[Any]) -> Floats:
        """Scores in the layout of `Batch.scores`."""
        if self.estimator is None:
            return np.broadcast_to(self.constant, (len(matrix), len(self.constant))).copy()
        if self.task.type == "regression":
            return np.asarray(self.estimator.predict(matrix), np.float64).reshape(-1, 1)  # type: ignore[attr-defined]
        found = np.zeros((len(matrix), max(2, len(self.task.classes))))
        found[:, self.classes.astype(int)] = self.estimator.predict_proba(matrix)  # type: ignore[attr-defined]
        return found[:, 1:2] if self.task.type == "binary" else found


def fit_rung(
    rung: Rung, matrix: NDArray[Any], y: Floats, weight: Floats, task: Task, *, seed: int = 0
) -> Fitted | None:
    """Fit one rung; None where the rows do not allow it (a single class).

    dummy: the mean, or the share of each class. simple: ridge (penalty 1) or logistic regression (C = 1). boosted: histogram
    gradient boosting with 100 trees of at most 15 leaves and learning rate 0.1, which bin codes serve as well as values.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    regression = task.type == "regression"
    classes = np.zeros(0) if regression else np.unique(y[weight > 0])
    if not (weight > 0).any() or (not regression and len(classes) < 2):
        return None
    if rung == "dummy":
        constant = [np.average(y, weights=weight)] if regression or task.type == "binary" else _shares(y, weight, task)
        return Fitted(rung, None, np.asarray(constant, np.float64), classes, task)
    kept = weight > 0
    boosting = {
        "max_iter": 100,
        "max_leaf_nodes": 15,
        "learning_rate": 0.1,
        "early_stopping": False,
        "random_state": seed,
    }
    if regression:
        model = Ridge(alpha=1.0) if rung == "simple" else HistGradientBoostingRegressor(**boosting)
    elif rung == "simple":
        model = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=100)
    else:
        model = HistGradientBoostingClassifier(**boosting)
    fitted = model.fit(matrix[kept], y[kept], sample_weight=unless_ones(weight[kept]))
    return Fitted(rung, fitted, np.zeros(0), classes, task)


def unless_ones(weight: Floats) -> Floats | None:
    """The weights; None where all are one, with which boosting finds the same quantiles in a tenth of the time."""
    return None if (weight == 1).all() else weight


def _shares(y: Floats, weight: Floats, task: Task) -> Floats:
    counts = np.bincount(y.astype(np.int64), weights=weight, minlength=len(task.classes))
    return np.asarray(counts / weight.sum(), np.float64)
