"""The one tolerance: every distance as the shift, in standard deviations, of a normal that would give the same distance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chndtr, ndtr, ndtri

from .jackknife import MIN_GROUPS, jackknife_covariance, leave_one_out

Counts = NDArray[Any]
Floats = NDArray[np.float64]
LARGEST = 8.0


@dataclass(frozen=True, slots=True)
class ShiftEstimate:
    """A shift in sigma with its limits, and the distance that it came from before it was debiased."""

    value: float
    low: float
    high: float
    raw: float


def shift_of_ks(distance: float) -> float:
    """Sigma of a Kolmogorov-Smirnov distance: 2 Phi^-1((1 + D) / 2), since D = 2 Phi(delta / 2) - 1."""
    return float(2 * ndtri((1 + min(max(distance, 0.0), 1 - 1e-12)) / 2))


def ks_of_shift(delta: float) -> float:
    """Kolmogorov-Smirnov distance of two unit normals delta apart, 2 Phi(delta / 2) - 1."""
    return float(2 * ndtr(delta / 2) - 1)


def auc_of_shift(delta: float) -> float:
    """AUC of the best classifier between two unit normals delta apart, Phi(delta / sqrt 2)."""
    return float(ndtr(delta / np.sqrt(2)))


def shift_of_auc(auc: float) -> float:
    """Inverse of `auc_of_shift`; negative below one half."""
    return float(np.sqrt(2) * ndtri(auc))


def d2_of_shift(delta: float, probabilities: Floats) -> float:
    """Triangular distance 2 sum (p - q)**2 / (p + q) of a normal moved by delta, on bins that hold `probabilities` before.

    For small delta it is about delta**2, as the population stability index is; it is at most 4.
    """
    p = np.asarray(probabilities, np.float64)
    edges = ndtri(np.clip(np.cumsum(p)[:-1], 0.0, 1.0))
    q = np.diff(np.concatenate([[0.0], ndtr(edges - delta), [1.0]]))
    return float(triangular(p, q))


def triangular(p: Floats, q: Floats) -> Any:
    """2 sum (p - q)**2 / (p + q) along the last axis; bins that are empty on both sides count nothing."""
    total = p + q
    return 2 * np.divide((p - q) ** 2, total, out=np.zeros_like(total), where=total > 0).sum(axis=-1)


def shift_of_d2(distance: float, probabilities: Floats) -> float:
    """Inverse of `d2_of_shift`; 8 sigma where the distance is out of reach on these bins."""
    if distance <= 0:
        return 0.0
    if distance >= d2_of_shift(LARGEST, probabilities):
        return LARGEST
    return float(brentq(lambda d: d2_of_shift(d, probabilities) - distance, 0.0, LARGEST, xtol=1e-10))


def binned_shift(expected: Counts, actual: Counts, *, confidence: float) -> ShiftEstimate | None:
    """Sigma-equivalent of the distance between two distributions on bins, debiased, with an interval.

    The distance is T = 2 sum (p - q)**2 / (p + q). Under sampling alone T is not 0 but the trace of the covariance S of
    (p - q) scaled by sqrt(2 / (p + q)); that trace is taken off. S comes from the delete-a-group jackknife, so dependent rows
    widen it. The interval inverts a noncentral chi-square, T ~ c chi2_nu(lambda) with c and nu matched to S (Satterthwaite
    1946), and is then put on the sigma scale by `shift_of_d2`, which is monotone. For a large distance the noncentral
    chi-square has the variance of the delta method, up to the change of the denominator.

    Parameters
    ----------
    expected, actual : (groups, bins)
        Rows per group of dependent rows and bin; the reference first.
    confidence : float
        Level of the interval, already simultaneous where it must be.

    Returns
    -------
    ShiftEstimate, or None when either side has fewer than 8 groups with rows.
    """
    e, a = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    used = (e.sum(axis=0) + a.sum(axis=0)) > 0
    e, a = e[:, used], a[:, used]
    keep_e, keep_a = e.sum(axis=1) > 0, a.sum(axis=1) > 0
    if keep_e.sum() < MIN_GROUPS or keep_a.sum() < MIN_GROUPS:
        return None
    p, q = e.sum(axis=0) / e.sum(), a.sum(axis=0) / a.sum()
    raw = float(triangular(p, q))
    covariance = _share_covariance(e, keep_e) + _share_covariance(a, keep_a)
    scale = np.sqrt(2 / (p + q))
    s = covariance * np.outer(scale, scale)
    trace, square = float(np.trace(s)), float((s * s).sum())
    if trace <= 0:
        delta = shift_of_d2(raw, p)
        return ShiftEstimate(delta, delta, delta, raw)
    groups = min(int(keep_e.sum()), int(keep_a.sum()))
    # E[tr(S^2)] is inflated by the noise of S itself, by about tr(S)^2 / df
    square = max(square - trace**2 / (groups - 1) / 2, trace**2 / max(len(p) - 1, 1))
    c, nu = square / trace, trace**2 / square
    tail = (1 - confidence) / 2
    low = _noncentrality(raw / c, nu, 1 - tail) * c
    high = _noncentrality(raw / c, nu, tail) * c
    return ShiftEstimate(shift_of_d2(raw - trace, p), shift_of_d2(low, p), shift_of_d2(high, p), raw)


def _share_covariance(counts: Floats, keep: NDArray[np.bool_]) -> Floats:
    rest = leave_one_out(counts, keep)
    return jackknife_covariance(rest / rest.sum(axis=1, keepdims=True))


def _noncentrality(x: float, df: float, probability: float) -> float:
    """Lambda with P(chi2_df(lambda) <= x) = probability; 0 where even lambda = 0 has less.

    Large x are inverted by the normal approximation of the square root, whose error is far below the interval's width there.
    """
    if float(chndtr(x, df, 0.0)) <= probability:
        return 0.0
    if x > 2000:
        z = float(ndtri(probability))
        root = max(np.sqrt(x - df / 2) - z, 0.0)
        return float(root**2 - df / 2 if root**2 > df / 2 else 0.0)
    top = 2 * x + 100
    while float(chndtr(x, df, top)) > probability:
        top *= 2
    return float(brentq(lambda lam: float(chndtr(x, df, lam)) - probability, 0.0, top, xtol=1e-8))
