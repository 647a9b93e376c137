"""The one tolerance: every distance as the shift, in standard deviations, of a normal that would give the same distance.

Of two unit normals delta apart the Wasserstein distance is delta, the total variation equals the Kolmogorov-Smirnov distance, and
the other distances follow from the functions here. Counts come in groups of dependent rows; all variances are the
delete-a-group jackknife's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chndtr, ndtr, ndtri, stdtrit

from .jackknife import MIN_GROUPS, jackknife_covariance, jackknife_variance, leave_one_out

Counts = NDArray[Any]
Floats = NDArray[np.float64]
LARGEST = 8.0
SMALL = 0.1


@dataclass(frozen=True, slots=True)
class ShiftEstimate:
    """A shift in sigma with its limits, the distance that it came from before it was debiased, and how it was found."""

    value: float
    low: float
    high: float
    raw: float
    method: str


def ks_of_shift(delta: float) -> float:
    """Kolmogorov-Smirnov (and total variation) distance of two unit normals delta apart, 2 Phi(delta / 2) - 1."""
    return float(2 * ndtr(delta / 2) - 1)


def auc_of_shift(delta: float) -> float:
    """AUC of the best classifier between two unit normals delta apart, Phi(delta / sqrt 2)."""
    return float(ndtr(delta / np.sqrt(2)))


def moved(delta: float, probabilities: Floats) -> Floats:
    """Bin probabilities, along the last axis, after a normal that gave `probabilities` has moved up by delta >= 0."""
    edges = ndtri(np.clip(np.cumsum(probabilities, axis=-1)[..., :-1], 0.0, 1.0))
    below = ndtr(edges - delta)
    none = np.zeros((*below.shape[:-1], 1))
    return np.asarray(np.diff(np.concatenate([none, below, none + 1], axis=-1), axis=-1))


def psi_of_shift(delta: float, probabilities: Floats) -> float:
    """Population stability index of a normal moved by delta, on bins that hold `probabilities` before; about delta**2 when small."""
    p = np.asarray(probabilities, np.float64)
    q = moved(delta, p)
    held = (p > 0) & (q > 0)
    return float(((q - p)[held] * np.log(q[held] / p[held])).sum())


def d2_of_shift(delta: float, probabilities: Floats) -> float:
    """Triangular distance 2 sum (p - q)**2 / (p + q) of a normal moved by delta, on bins that hold `probabilities` before.

    For small delta it is about delta**2, as the population stability index is; it is at most 4.
    """
    p = np.asarray(probabilities, np.float64)
    return float(triangular(p, moved(delta, p)))


def triangular(p: Floats, q: Floats) -> Any:
    """2 sum (p - q)**2 / (p + q) along the last axis; bins that are empty on both sides count nothing."""
    total = p + q
    return 2 * np.divide((p - q) ** 2, total, out=np.zeros_like(total), where=total > 0).sum(axis=-1)


def shift_of_d2(distance: float, probabilities: Floats) -> float:
    """Inverse of `d2_of_shift`; 0 for a distance of 0 or less, 8 sigma where it is out of reach on these bins."""
    return _inverse(d2_of_shift, distance, probabilities)


def _inverse(distance_of: Callable[[float, Floats], float], distance: float, probabilities: Floats) -> float:
    if distance <= 0:
        return 0.0
    if distance >= distance_of(LARGEST, probabilities):
        return LARGEST
    return float(brentq(lambda d: distance_of(d, probabilities) - distance, 0.0, LARGEST, xtol=1e-10))


def robust_scale(counts: Counts, cuts: Floats) -> float | None:
    """Standard deviation of a normal with the same middle half: interquartile range / 1.349, in units of the values.

    Where the quartiles are equal or in one bin, which may be one value, the range of the middle nine tenths / 3.290; None where that
    is so too, and never a constant floor. Values are taken as spread evenly within bins; beyond the outer cuts nothing is known.
    """
    total = float(np.sum(counts))
    if total <= 0:
        return None
    at_cuts = np.cumsum(np.asarray(counts, np.float64) / total)[:-1]
    for tail in (0.25, 0.05):
        low, high = np.interp([tail, 1 - tail], at_cuts, cuts)
        apart = np.searchsorted(at_cuts, tail) < np.searchsorted(at_cuts, 1 - tail)
        if apart and high > low:
            return float((high - low) / (2 * ndtri(1 - tail)))
    return None


def binned_shift(expected: Counts, actual: Counts, *, confidence: float) -> ShiftEstimate | None:
    """Sigma-equivalent of the distance between two distributions on bins, debiased, with an interval.

    The distance is T = 2 sum (p - q)**2 / (p + q). Under sampling alone T is not 0 but the trace of the covariance S of
    (p - q) scaled by sqrt(2 / (p + q)); that trace is taken off. S comes from the delete-a-group jackknife, so dependent rows
    widen it. The interval inverts a scaled noncentral chi-square: where the true distance is t, T has about the mean
    tr S + t and the variance 2 tr S^2 + 4 r t, so T ~ c chi2 with c = (tr S^2 + 2 r t) / (tr S + 2 t) (Satterthwaite 1946 at
    t = 0). r is the variance that the difference has in its own direction: the jackknife variance of T, mapped to sigma, over
    4 T. A chance difference may hide a shift in a noisier direction, so the upper limit takes the larger of r and the
    variance in the direction of a location shift. Limits are put on the sigma scale by `shift_of_d2`, which is monotone.

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
    left_e, left_a = shares_left(e), shares_left(a)
    if min(len(left_e), len(left_a)) < MIN_GROUPS:
        return None
    p, q = e.sum(axis=0) / e.sum(), a.sum(axis=0) / a.sum()
    raw = float(triangular(p, q))
    scale = np.sqrt(2 / (p + q))
    s_e, s_a = jackknife_covariance(left_e * scale), jackknife_covariance(left_a * scale)
    trace = float(np.trace(s_e) + np.trace(s_a))
    value = shift_of_d2(raw - trace, p)
    method = "noncentral chi-square, jackknife"
    if trace <= 0:
        return ShiftEstimate(value, value, value, raw, method)
    df_e, df_a = len(left_e) - 1, len(left_a) - 1
    square = _squared(s_e, df_e) + _squared(s_a, df_a) + 2 * float((s_e * s_a).sum())
    square = min(max(square, trace**2 / max(len(p) - 1, 1)), trace**2)
    # only e moves the map from distance to sigma, by d2_of_shift(value, p)
    v_e = float(jackknife_variance(triangular(left_e, q) - triangular(left_e, moved(value, left_e))))
    v_a = float(jackknife_variance(triangular(p, left_a)))
    along = (v_e + v_a) / (4 * raw) if raw > 0 else 0.0
    aside = along
    if raw < 1:
        # near 0 the variance of a square says nothing of its root: no direction varies more than the most variable one
        along = min(along, float(np.linalg.eigvalsh(s_e + s_a)[-1]))
        aside = max(along, _location_variance(s_e + s_a, (moved(SMALL, p) - p) * scale))
    tail = student_tail((1 - confidence) / 2, (v_e, df_e), (v_a, df_a))

    def limit(r: float, probability: float, seen: float = raw) -> float:
        def below(t: float) -> float:
            c = (square + 2 * r * t) / (trace + 2 * t)
            return _noncentral(seen / c, trace / c, t / c)

        return shift_of_d2(_root(below, probability), p)

    # a distance smaller than sampling ever gives (levels dealt evenly to every day) tells that S is too large, not that nothing moved
    high = limit(aside, tail) or limit(aside, tail, trace)
    return ShiftEstimate(value, min(limit(along, 1 - tail), value), max(high, value), raw, method)


def shares_left(counts: Floats) -> Floats:
    """(groups with rows, bins) shares without each group; none when all rows are in one group."""
    keep = counts.sum(axis=1) > 0
    if keep.sum() < 2:
        return np.zeros((0, counts.shape[1]))
    rest = leave_one_out(counts, keep)
    return np.asarray(rest / rest.sum(axis=1, keepdims=True))


def _squared(s: Floats, df: int) -> float:
    """tr(S^2) less what the noise of S itself adds; exact in expectation for a Wishart S with `df` degrees of freedom."""
    return (df**2 * float((s * s).sum()) - df * float(np.trace(s)) ** 2) / ((df - 1) * (df + 2))


def _location_variance(s: Floats, direction: Floats) -> float:
    length = float(direction @ direction)
    return float(direction @ s @ direction) / length if length > 0 else 0.0


def student_tail(tail: float, *parts: tuple[float, int]) -> float:
    """The normal tail that reaches as far as Student's, with Welch's degrees of freedom of a sum of estimated variances."""
    total = sum(v for v, _ in parts)
    if total <= 0:
        return tail
    df = total**2 / sum(v**2 / d for v, d in parts)
    return float(ndtr(-stdtrit(df, 1 - tail)))


def _noncentral(x: float, df: float, noncentrality: float) -> float:
    """P(chi2_df(noncentrality) <= x); for large arguments by the normal approximation of Sankaran (1959), Biometrika 46, 235-237."""
    if x + noncentrality < 3000:
        return float(chndtr(x, df, noncentrality))
    mean, spread = df + noncentrality, df + 2 * noncentrality
    power = 1 - 2 * mean * (df + 3 * noncentrality) / (3 * spread**2)
    p = spread / mean**2
    m = (power - 1) * (1 - 3 * power)
    centre = 1 + power * p * (power - 1 - (2 - power) * m * p / 2)
    return float(ndtr(((x / mean) ** power - centre) / (power * np.sqrt(2 * p) * (1 + m * p / 2))))


def _root(below: Callable[[float], float], probability: float) -> float:
    """The distance at which `below`, which falls, has come down to `probability`: 0 to 4."""
    if below(0.0) <= probability:
        return 0.0
    if below(4.0) > probability:
        return 4.0
    return float(brentq(lambda t: below(t) - probability, 0.0, 4.0, xtol=1e-12))
