"""The delete-a-group jackknife: variances that stay right when rows of a group depend on each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interval import Interval, Scale, normal_interval, quantile

MIN_GROUPS = 8
Floats = NDArray[np.float64]


def leave_one_out(sums: NDArray[Any], keep: NDArray[np.bool_]) -> Floats:
    """Total minus each kept group.

    Parameters
    ----------
    sums : (groups, ...)
        Additive quantities per group.
    keep : (groups,) bool
        Groups that hold rows; the others are no replicates.

    Returns
    -------
    (kept groups, ...) float64
    """
    held = np.asarray(sums, dtype=np.float64)
    return np.asarray(held.sum(axis=0) - held[keep])


def jackknife_variance(replicates: Floats) -> Any:
    """(g - 1)/g x sum over g groups of (theta_i - mean)**2, along axis 0.

    NaN where a replicate is undefined or there are fewer than two. Source: Efron (1982), The Jackknife, the Bootstrap and
    Other Resampling Plans, SIAM, chapter 3, with groups in the place of observations.
    """
    g = len(replicates)
    if g < 2:
        return np.full(np.shape(replicates)[1:], np.nan) if np.ndim(replicates) > 1 else np.nan
    spread = replicates - replicates.mean(axis=0)
    return (g - 1) / g * (spread**2).sum(axis=0)


def jackknife_covariance(replicates: Floats) -> Floats:
    """(d, d) covariance of a vector estimate, from (g, d) replicates; the diagonal is `jackknife_variance`."""
    g = len(replicates)
    spread = replicates - replicates.mean(axis=0)
    return np.asarray((g - 1) / g * spread.T @ spread)


def cross_fitted_spread(replicates: Floats, folds: int) -> Floats:
    """Replicates, along axis 0, of a mean over `folds` folds that were each judged by a learner of the others.

    They are spread about their mean by sqrt(2 - 1/folds), for the folds lean on each other: each taught the learners of the rest. With a
    correlation of 1/folds between two folds (Nadeau & Bengio 2003, Machine Learning 52, 239-281, section 4, on their choice of n2 / n1),
    the variance of the mean of K folds is (1 + (K - 1) / K) / K times that of one, not 1 / K of it; a jackknife with the learners held
    fixed estimates the latter. Bates, Hastie & Tibshirani (2024), JASA 119, 1434-1445: without it intervals are too narrow.
    """
    mean = replicates.mean(axis=0)
    return np.asarray(mean + np.sqrt(2 - 1 / folds) * (replicates - mean))


def jackknife_interval(
    value: float, replicates: Floats, *, confidence: float, scale: Scale = "identity"
) -> Interval | None:
    """Student interval with g - 1 degrees of freedom; None with fewer than 8 groups or an undefined replicate."""
    if len(replicates) < MIN_GROUPS or not np.isfinite(replicates).all():
        return None
    se = float(np.sqrt(jackknife_variance(replicates)))
    return normal_interval(value, se, confidence=confidence, df=len(replicates) - 1, scale=scale)


def effective_n(p: float, variance: float, n: float) -> float:
    """Independent rows that would give a rate the same variance: p (1 - p) / variance, never above n.

    At p = 0 or 1, or without a variance, there is nothing to estimate it from, and n is given back.
    """
    if not 0 < p < 1 or not variance > 0:
        return n
    return min(n, p * (1 - p) / variance)


def student_rows(n_eff: float, groups: int, *, confidence: float) -> float:
    """Rows on which a normal interval is as wide as Student's with groups - 1 degrees of freedom on n_eff: n_eff (z / t)**2.

    For effective rows that a variance over so many groups gave. Source: Korn & Graubard (1998), Survey Methodology 24, 193-201, who
    reduce the effective rows of a proportion in this way.
    """
    return n_eff * (quantile(confidence) / quantile(confidence, max(groups - 1, 1))) ** 2
