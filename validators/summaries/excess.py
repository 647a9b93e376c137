"""Loss over what the model itself expects, row by row."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from ..core.data import Task
from ..stats.recalibration import equal_mass_bins, logistic_line, logits
from .scored_rows import ScoredRows

Floats = NDArray[np.float64]
TENTHS = 10


def excess_loss(rows: ScoredRows, model: str, task: Task, half: NDArray[np.bool_]) -> Floats:
    """(n,) loss minus expected loss, about 0 on average over all rows.

    Binary: log-loss minus entropy of the probabilities after a logistic recalibration on all rows; the excess then sums to zero.
    Multiclass: log-loss minus entropy times the constant that makes the sum zero. Regression: squared error minus the mean squared
    error of the other half's rows with predictions in the same tenth, in the units of `loss`.
    """
    if task.type == "regression":
        return rows.loss[model] - _expected_by_level(rows, model, half)
    if task.type == "multiclass":
        loss, expected = float(rows.weight @ rows.loss[model]), float(rows.weight @ rows.expected[model])
        return np.asarray(rows.loss[model] - rows.expected[model] * (loss / expected if expected > 0 else 0.0))
    x = logits(rows.scores[model][:, 0])
    line = logistic_line(rows.y, x, rows.weight)
    if line is None:
        return rows.loss[model] - rows.expected[model]
    p = np.clip(expit(line.intercept + line.slope * x), 1e-15, 1 - 1e-15)
    surprise = xlogy(rows.y - p, p) + xlogy(p - rows.y, 1 - p)
    return np.asarray(-surprise)


def relative_excess(rows: ScoredRows, model: str, expected: Floats) -> Floats:
    """(n,) squared error over what is expected there (`refits.expected_error`), less one; scaled so that it sums to zero.

    A quotient, for errors differ by orders of magnitude: a difference would be ruled by the few rows with the largest values.
    A quarter of the mean is added to both, so that what is small for everyone does not count as large.
    """
    loss, whole = rows.loss[model], float(np.average(rows.loss[model], weights=rows.weight))
    natural = expected * whole / float(np.average(expected, weights=rows.weight))
    ratio = (loss + whole / 4) / (natural + whole / 4)
    return np.asarray(ratio / np.average(ratio, weights=rows.weight) - 1)


def _expected_by_level(rows: ScoredRows, model: str, half: NDArray[np.bool_]) -> Floats:
    """Mean loss by tenth of the prediction, learned on the half that a row is not in."""
    code = equal_mass_bins(rows.scores[model][:, 0], rows.weight, TENTHS)
    expected = np.empty(rows.n)
    for side in (half, ~half):
        other = rows.weight * ~side
        total, weight = np.bincount(code, weights=other * rows.loss[model]), np.bincount(code, weights=other)
        whole = float(total.sum() / weight.sum()) if weight.sum() > 0 else 0.0
        by_level = np.divide(total, weight, out=np.full(len(total), whole), where=weight > 0)
        expected[side] = by_level[code[side]]
    return expected
