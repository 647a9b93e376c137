"""The per-row quantities that outcomes are summed from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from ..core.data import WEIGHT_ONE, Grid

SCALE = float(WEIGHT_ONE)
QUANTITIES = (
    "w",            # 1: the sum is the sum of weights
    "loss",         # log-loss; squared error / scale**2 in regression
    "error",        # Brier: squared error of the probability (multiclass: summed over classes); absolute error / scale in regression
    "loss2",        # loss squared
    "expected",     # the loss that the model itself expects (entropy of its probabilities); 0 in regression
    "score",        # probability of the positive class; (prediction - target mean) / scale
    "y",            # 1 for the positive class; (outcome - target mean) / scale
    "score_y",      # product of the two
    "score2",       # score squared
    "y2",           # outcome squared
    "hit",          # 1 when the most probable class is the outcome; 0 in regression
    "w2",           # the weight itself, so that the sum is that of squared weights
)  # fmt: skip
# The definition of the metric at p = 0 and 1, as in scikit-learn: probabilities are clipped at the float64 epsilon.
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class PerRow:
    """(n, len(QUANTITIES)) values and which rows have an outcome and a usable score; the last column is not yet weighted."""

    values: NDArray[np.float64]
    usable: NDArray[np.bool_]


def per_row(y: NDArray[np.float64], scores: NDArray[np.float64], grid: Grid) -> PerRow:
    """The quantities of every row.

    Parameters
    ----------
    y : (n,) float64
        Outcomes; NaN where there is none.
    scores : (n, n_scores) float64
        One column (binary, regression) or one per class.
    grid : Grid
        Tells whether this is regression, and gives the scale and mean of the target.
    """
    usable = ~np.isnan(y) & np.isfinite(scores).all(axis=1)
    safe_y = np.where(usable, y, 0.0)
    if grid.regression:
        return PerRow(_regression(safe_y, np.where(usable, scores[:, 0], 0.0), grid), usable)
    if scores.shape[1] == 1:
        usable = usable & (scores[:, 0] >= 0) & (scores[:, 0] <= 1)
        return PerRow(_binary(safe_y, np.where(usable, scores[:, 0], 0.5)), usable)
    usable = usable & (scores >= 0).all(axis=1) & (scores <= 1).all(axis=1)
    p = np.where(usable[:, None], scores, 1 / scores.shape[1])
    return PerRow(_multiclass(safe_y.astype(int), p), usable)


def _binary(y: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    q = np.clip(p, EPSILON, 1 - EPSILON)
    loss = -(xlogy(y, q) + xlogy(1 - y, 1 - q))
    entropy = -(xlogy(q, q) + xlogy(1 - q, 1 - q))
    one = np.ones_like(p)
    return np.column_stack(
        [one, loss, (p - y) ** 2, loss**2, entropy, p, y, p * y, p**2, y**2, ((p >= 0.5) == (y == 1)), one]
    )


def _multiclass(y: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.arange(len(y))
    q = np.clip(p, EPSILON, 1 - EPSILON)
    loss = -np.log(q[rows, y])
    entropy = -xlogy(p, q).sum(axis=1)
    top = p.max(axis=1) if len(y) else np.zeros(0)
    right = (p.argmax(axis=1) == y).astype(float) if len(y) else np.zeros(0)
    brier = (p**2).sum(axis=1) - 2 * p[rows, y] + 1
    one = np.ones(len(y))
    return np.column_stack([one, loss, brier, loss**2, entropy, top, right, top * right, top**2, right, right, one])


def _regression(y: NDArray[np.float64], prediction: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    f, t = (prediction - grid.target_mean) / grid.scale, (y - grid.target_mean) / grid.scale
    loss = (f - t) ** 2
    one, zero = np.ones_like(f), np.zeros_like(f)
    return np.column_stack([one, loss, np.abs(f - t), loss**2, zero, f, t, f * t, f**2, t**2, zero, one])
