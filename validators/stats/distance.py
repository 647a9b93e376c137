"""Distances between two distributions on the same bins. Missing values and new levels are bins like any other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaincinv, ndtr, ndtri, rel_entr

from .jackknife import MIN_GROUPS, jackknife_covariance, jackknife_variance
from .sigma import ShiftEstimate, robust_scale, shares_left, student_tail

Counts = NDArray[Any]
Floats = NDArray[np.float64]


def shares(counts: Counts) -> Floats:
    """Counts as shares of their sum; raises ValueError when the sum is 0."""
    held = np.asarray(counts, np.float64)
    total = held.sum()
    if total <= 0:
        raise ValueError("shares of no rows are undefined")
    return np.asarray(held / total)


def smoothed(counts: Counts) -> Floats:
    """Shares after half a row was added to every bin (Jeffreys), so that an empty bin is a rare one and not an impossible one."""
    return shares(np.asarray(counts, np.float64) + 0.5)


def population_stability_index(expected: Counts, actual: Counts) -> float:
    """Sum of (q - p) log(q / p) over bins, in nats, 0 or more; counts get half a row per bin.

    It is the symmetric Kullback-Leibler divergence (Jeffreys 1946). On equal distributions its mean is about
    (bins - 1)(1/n + 1/m), so a bare value says little: see `sigma.binned_shift`.
    """
    p, q = smoothed(expected), smoothed(actual)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon_distance(expected: Counts, actual: Counts) -> float:
    """Square root of the Jensen-Shannon divergence to base 2, in [0, 1]."""
    p, q = shares(expected), shares(actual)
    m = (p + q) / 2
    divergence = (rel_entr(p, m) + rel_entr(q, m)).sum() / 2 / np.log(2)
    return float(np.sqrt(max(divergence, 0.0)))


def total_variation(expected: Counts, actual: Counts) -> float:
    """Half the sum of |p - q|, in [0, 1]: the largest difference in the probability of any set of bins."""
    return float(np.abs(shares(expected) - shares(actual)).sum() / 2)


def cramers_v_corrected(table: Counts) -> float | None:
    """Association of the rows and columns of a table of counts, in [0, 1], less what chance alone gives.

    With phi2 = chi2 / n: sqrt(max(phi2 - (r - 1)(c - 1)/(n - 1), 0) / min(r' - 1, c' - 1)), r' = r - (r - 1)**2/(n - 1), c'
    likewise. Rows and columns without counts are left out; None with fewer than two of either, or where a corrected number
    of levels is 1 or less. Source: Bergsma (2013), Journal of the Korean Statistical Society 42, 323-328.
    """
    t = np.asarray(table, np.float64)
    t = t[t.sum(axis=1) > 0][:, t.sum(axis=0) > 0]
    n, (r, c) = float(t.sum()), t.shape
    if min(r, c) < 2 or n <= 1:
        return None
    independent = np.outer(t.sum(axis=1), t.sum(axis=0)) / n
    phi2 = float(((t - independent) ** 2 / independent).sum()) / n - (r - 1) * (c - 1) / (n - 1)
    levels = min(k - (k - 1) ** 2 / (n - 1) for k in (r, c)) - 1
    return float(np.sqrt(min(max(phi2, 0.0) / levels, 1.0))) if levels > 0 else None


def ks_distance(expected: Counts, actual: Counts) -> float:
    """Largest difference of the distribution functions over ordered bins, in [0, 1]; exact when bins are distinct values."""
    return float(np.abs(np.cumsum(shares(expected) - shares(actual))).max())


def wasserstein_on_bins(expected: Counts, actual: Counts, cuts: Floats) -> float:
    """Integral of |F - G| between the first and the last cut, in units of the values.

    F and G are known exactly at the cuts and taken as linear between them. Mass beyond the outer cuts counts from the cut on.

    Parameters
    ----------
    expected, actual : (cuts + 1,)
        Counts of the bins between cuts; no bin for missing values.
    cuts : (cuts,)
        Ascending.
    """
    gap = np.cumsum(shares(expected) - shares(actual))[:-1]
    if len(cuts) < 2:
        return 0.0
    a, b, width = gap[:-1], gap[1:], np.diff(cuts)
    crossing = a * b < 0
    steps = np.abs(b - a)
    straight = (np.abs(a) + np.abs(b)) / 2
    bent = np.divide(a**2 + b**2, 2 * steps, out=np.zeros_like(steps), where=steps > 0)
    return float((width * np.where(crossing, bent, straight)).sum())


def wasserstein_shift(
    expected: Counts, actual: Counts, cuts: Floats, *, confidence: float, scale: float | None = None
) -> ShiftEstimate | None:
    """Wasserstein distance over the robust scale of the reference: sigma of a shift, debiased, with an interval.

    W = integral of |F - G| by the trapezoidal rule over the cuts. Sampling alone gives W a mean that is not 0: F - G is taken as
    normal around t (F - G as observed), with the jackknife's variance, and t is chosen so that W has the mean that was seen; 0
    where even t = 0 has more. Limits do the same with W -/+ quantile x standard error: the jackknife's (that of the scale
    within), downwards at least as far as the quantile of W without a shift (a gamma of equal mean and variance), upwards at
    least that of the difference of means, as a shift moves all of F one way.

    Parameters
    ----------
    expected, actual : (groups, cuts + 1)
        Rows per group of dependent rows and ordered bin; no bin for missing values.
    cuts : (cuts,)
        Ascending.
    scale : float, optional
        Units of the values that count as one sigma, positive; `robust_scale` of the reference without.

    Returns
    -------
    ShiftEstimate with `raw` = W / scale, or None with fewer than 8 groups with rows on a side, fewer than two cuts, or no scale.
    """
    e, a = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    left_e, left_a = (np.cumsum(shares_left(x), axis=1)[:, :-1] for x in (e, a))
    if min(len(left_e), len(left_a)) < MIN_GROUPS or len(cuts) < 2:
        return None
    unit = robust_scale(e.sum(axis=0), cuts) if scale is None else scale
    if unit is None:
        return None
    width = np.convolve(np.diff(cuts), [0.5, 0.5])
    weight = width / unit
    below_e, below_a = (np.cumsum(shares(x.sum(axis=0)))[:-1] for x in (e, a))
    covariance = jackknife_covariance(left_e) + jackknife_covariance(left_a)
    units = np.array([unit if scale is not None else robust_scale(x, cuts) or unit for x in shares_left(e)])
    v_e = float(jackknife_variance(np.abs(left_e - below_a) @ width / units))
    v_a = float(jackknife_variance(np.abs(below_e - left_a) @ weight))
    mean, variance = _chance(covariance, weight)
    gap, sd = below_e - below_a, np.sqrt(np.diag(covariance))
    raw = float(np.abs(gap) @ weight)
    tail = student_tail((1 - confidence) / 2, (v_e, len(left_e) - 1), (v_a, len(left_a) - 1))
    down, up = (float(-ndtri(tail) * np.sqrt(max(v_e + v_a, v))) for v in (variance, weight @ covariance @ weight))
    down = (
        max(down, float(gammaincinv(mean**2 / variance, 1 - tail) * variance / mean) - mean) if variance > 0 else down
    )

    def debiased(w: float) -> float:
        profile = gap if raw > 0 else sd
        if w <= mean or not profile.any():
            return 0.0
        size = float(np.abs(profile) @ weight)
        found = brentq(lambda t: float(_folded_mean(t * profile, sd) @ weight) - w, 0.0, w / size * (1 + 1e-9))
        return float(found * size)

    return ShiftEstimate(debiased(raw), debiased(raw - down), debiased(raw + up), raw, "Wasserstein, jackknife")


def _folded_mean(mean: Floats, sd: Floats) -> Floats:
    """Mean of |N(mean, sd)|."""
    z = np.divide(mean, sd, out=np.zeros_like(mean), where=sd > 0)
    return np.where(sd > 0, sd * np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) + mean * (2 * ndtr(z) - 1), np.abs(mean))


def _chance(covariance: Floats, weight: Floats) -> tuple[float, float]:
    """Mean and variance of the weighted sum of |X| for a normal X around 0."""
    sd = np.sqrt(np.diag(covariance))
    product = np.outer(sd, sd)
    r = np.clip(np.divide(covariance, product, out=np.zeros_like(product), where=product > 0), -1.0, 1.0)
    together = 2 / np.pi * product * (np.sqrt(1 - r**2) + r * np.arcsin(r) - 1)
    return float(np.sqrt(2 / np.pi) * sd @ weight), float(weight @ together @ weight)
