"""Metrics in time: slopes, breaks, overdispersion, and two forecasters compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, stdtr

from .interval import Interval, quantile

Floats = NDArray[np.float64]
PROFILE = 3.841458820694124  # the 95 % quantile of chi-square with one degree of freedom


def newey_west_variance(values: Floats, lags: int) -> float:
    """Variance of the mean of an autocorrelated series, Bartlett weights.

    (gamma_0 + 2 sum_{k=1..lags} (1 - k/(lags+1)) gamma_k) / n. Source: Newey & West (1987), Econometrica 55, 703-708.
    """
    n = len(values)
    d = values - values.mean()
    total = float(d @ d) / n
    for k in range(1, min(lags, n - 1) + 1):
        total += 2 * (1 - k / (lags + 1)) * float(d[k:] @ d[:-k]) / n
    return max(total, 0.0) / n


@dataclass(frozen=True, slots=True)
class DieboldMariano:
    """Mean loss differential, corrected statistic and two-sided p-value."""

    mean: float
    statistic: float
    p_value: float


def diebold_mariano(loss_a: Floats, loss_b: Floats, *, horizon: int = 1) -> DieboldMariano | None:
    """Do two forecasters lose the same? Differential a - b with the small-sample correction of Harvey, Leybourne & Newbold.

    Autocovariances up to horizon - 1, unweighted; Student's t with n - 1 degrees of freedom. None when the differential is
    constant or its variance estimate is not positive. Sources: Diebold & Mariano (1995), JBES 13, 253-263; Harvey, Leybourne
    & Newbold (1997), International Journal of Forecasting 13, 281-291.
    """
    d = np.asarray(loss_a, np.float64) - np.asarray(loss_b, np.float64)
    n = len(d)
    if n < 2:
        return None
    centred = d - d.mean()
    variance = float(centred @ centred) / n
    for k in range(1, horizon):
        variance += 2 * float(centred[k:] @ centred[:-k]) / n
    if variance <= 0:
        return None
    correction = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    statistic = float(correction * d.mean() / np.sqrt(variance / n))
    return DieboldMariano(float(d.mean()), statistic, float(2 * stdtr(n - 1, -abs(statistic))))


def theil_sen(x: Floats, y: Floats) -> float | None:
    """Median of the slopes of all pairs with different x; None when there is none. Source: Sen (1968), JASA 63, 1379-1389."""
    i, j = np.triu_indices(len(x), 1)
    apart = x[j] != x[i]
    return float(np.median((y[j] - y[i])[apart] / (x[j] - x[i])[apart])) if apart.any() else None


def theil_sen_interval(x: Floats, y: Floats, *, confidence: float) -> Interval | None:
    """Limits of `theil_sen`: order statistics of the slopes, by the normal approximation of Kendall's statistic, with ties.

    The values of y are taken as independent. None where there is no slope. Source: Sen (1968), JASA 63, 1379-1389.
    """
    n = len(x)
    i, j = np.triu_indices(n, 1)
    apart = x[j] != x[i]
    slopes = np.sort((y[j] - y[i])[apart] / (x[j] - x[i])[apart])
    if len(slopes) == 0:
        return None
    ties = sum(float((k * (k - 1) * (2 * k + 5)).sum()) for k in (np.unique(v, return_counts=True)[1] for v in (x, y)))
    reach = quantile(confidence) * np.sqrt(max((n * (n - 1) * (2 * n + 5) - ties) / 18, 0.0))
    low, high = round((len(slopes) - reach) / 2) - 1, round((len(slopes) + reach) / 2)
    return Interval(float(slopes[max(low, 0)]), float(slopes[min(high, len(slopes) - 1)]))


@dataclass(frozen=True, slots=True)
class Slope:
    """Least-squares slope per unit of x, with its interval."""

    value: float
    interval: Interval


def weighted_slope(x: Floats, y: Floats, variances: Floats, *, confidence: float) -> Slope | None:
    """Slope with weights 1/variance; its variance is scaled up by the overdispersion where the line does not fit.

    Student's t with n - 2 degrees of freedom. None with fewer than four points or constant x.
    """
    n = len(x)
    if n < 4 or np.ptp(x) == 0:
        return None
    w = 1 / variances
    centre = np.average(x, weights=w)
    spread = float((w * (x - centre) ** 2).sum())
    value = float((w * (x - centre) * y).sum() / spread)
    rest = y - np.average(y, weights=w) - value * (x - centre)
    phi = max(float((w * rest**2).sum()) / (n - 2), 1.0)
    half = quantile(confidence, n - 2) * np.sqrt(phi / spread)
    return Slope(value, Interval(value - half, value + half))


def hac_slope(x: Floats, y: Floats, *, lags: int, confidence: float) -> Slope | None:
    """Least-squares slope whose interval holds under heteroscedastic errors that are correlated up to `lags` steps.

    Variance (Newey & West 1987, Bartlett weights) of the sum of (x - mean) times residual, over the square of the sum of
    (x - mean)**2, times n/(n - 2); Student's t with n - 2 degrees of freedom. None with fewer than four points or constant x.
    """
    n = len(x)
    if n < 4 or np.ptp(x) == 0:
        return None
    d = x - x.mean()
    spread = float(d @ d)
    value = float(d @ y) / spread
    score = d * (y - y.mean() - value * d)
    half = quantile(confidence, n - 2) * n * np.sqrt(newey_west_variance(score, lags) * n / (n - 2)) / spread
    return Slope(value, Interval(value - half, value + half))


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Weighted mean, overdispersion and the p-value of "all the same"."""

    mean: float
    phi: float
    p_value: float


def overdispersion(values: Floats, variances: Floats) -> Dispersion | None:
    """Do the values differ by more than their own variances? phi = sum((v - mean)**2 / variance) / (n - 1).

    Source: Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24, 1185-1202.
    None with fewer than two values.
    """
    n = len(values)
    if n < 2:
        return None
    mean = float(np.average(values, weights=1 / variances))
    q = float(((values - mean) ** 2 / variances).sum())
    return Dispersion(mean, q / (n - 1), float(chdtrc(n - 1, q)))


def funnel_limits(found: Dispersion, variances: Floats, *, confidence: float) -> tuple[Floats, Floats]:
    """Lower and upper limit of each value around the common mean, widened by the overdispersion where phi is above 1.

    mean -/+ z sqrt(max(phi, 1) variance); the multiplicative model of Spiegelhalter (2005).
    """
    half = quantile(confidence) * np.sqrt(max(found.phi, 1.0) * np.asarray(variances, np.float64))
    return found.mean - half, found.mean + half


@dataclass(frozen=True, slots=True)
class Break:
    """Largest difference of means after - before over candidate positions; the interval holds for all of them at once.

    `at` is the index of the first value after the break; `p_value` that of "no break anywhere", of either direction. `near` lists all
    positions that fit about as well: those whose squared statistic is within 3.84 of the largest (profile likelihood, 95 %).
    """

    at: int
    near: tuple[int, ...]
    difference: float
    interval: Interval
    p_value: float


def largest_break(
    values: Floats,
    variances: Floats,
    weights: Floats,
    *,
    confidence: float,
    rng: np.random.Generator,
    min_share: float = 0.2,
    draws: int = 4000,
    falls: bool = False,
) -> Break | None:
    """The position at which weighted means before and after differ most in standard errors; with `falls`, at which they fall most.

    Candidates leave at least `min_share` of the weights on each side. `weights` are the sizes of the periods, not their precisions:
    a score that breaks often becomes noisier as well, and precisions would then leave no date at which it broke, and next to no
    weight to what came after. The critical value is the quantile of the largest
    absolute statistic over all candidates, by simulation of independent normals with the given variances, so the interval is
    simultaneous over the searched dates. None with fewer than four values or no candidate.
    """
    n = len(values)
    if n < 4 or not (np.isfinite(values).all() and (variances > 0).all() and (weights > 0).all()):
        return None
    w = weights / weights.sum()
    before = np.cumsum(w)[:-1]
    after = w.sum() - before
    # shares of equal periods are sums of floats: a fifth of them is still a fifth
    allowed = (before >= min_share - 1e-12) & (before <= 1 - min_share + 1e-12)
    if not allowed.any():
        return None
    spread = np.cumsum(w**2 * variances)
    se = np.sqrt(spread[:-1] / before**2 + (spread[-1] - spread[:-1]) / after**2)

    def differences(rows: Floats) -> Floats:
        head = np.cumsum(rows * w, axis=-1)
        return np.asarray((head[..., -1:] - head[..., :-1]) / after - head[..., :-1] / before)

    noise = rng.standard_normal((draws, n)) * np.sqrt(variances)
    largest = np.abs(differences(noise) / se)[:, allowed].max(axis=1)
    found = differences(values)
    t = np.where(allowed, -found / se if falls else np.abs(found / se), -np.inf)
    k = int(t.argmax())
    half = float(np.quantile(largest, confidence)) * float(se[k])
    p = float(((largest >= abs(t[k])).sum() + 1) / (draws + 1))
    near = tuple(int(j) + 1 for j in np.flatnonzero(allowed & (t * abs(t) >= t[k] * abs(t[k]) - PROFILE)))
    return Break(k + 1, near, float(found[k]), Interval(float(found[k]) - half, float(found[k]) + half), p)
