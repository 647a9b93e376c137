"""Two scores of the same rows: agreement, flips, migration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, chdtrc

from .interval import Interval, quantile

Floats = NDArray[np.float64]


def concordance_correlation(a: Floats, b: Floats, weight: Floats | None = None) -> float | None:
    """Agreement with the line of equality: 2 cov(a, b) / (var a + var b + (mean a - mean b)**2), in [-1, 1].

    None when both are constant and equal. Source: Lin (1989), Biometrics 45, 255-268.
    """
    w = np.ones(len(a)) if weight is None else weight
    mean_a, mean_b = np.average(a, weights=w), np.average(b, weights=w)
    covariance = np.average((a - mean_a) * (b - mean_b), weights=w)
    spread = np.average((a - mean_a) ** 2, weights=w) + np.average((b - mean_b) ** 2, weights=w)
    below = spread + (mean_a - mean_b) ** 2
    return float(2 * covariance / below) if below > 0 else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Mean difference b - a and the limits within which 95 % of the rows' differences lie, each limit with its interval."""

    bias: float
    low: float
    high: float
    low_interval: Interval
    high_interval: Interval


def bland_altman(a: Floats, b: Floats, *, confidence: float = 0.95) -> Agreement | None:
    """Limits of agreement of two measures of the same rows: mean of b - a, -/+ 1.96 standard deviations, in their units.

    The limits take the differences as normal and the rows as independent; each has a Student interval with the standard error
    sd sqrt(1/n + 1.96**2 / (2 (n - 1))). None with fewer than two rows. Source: Bland & Altman (1986), Lancet 327, 307-310.
    """
    d = np.asarray(b, np.float64) - np.asarray(a, np.float64)
    n = len(d)
    if n < 2:
        return None
    bias, sd, z = float(d.mean()), float(d.std(ddof=1)), quantile(0.95)
    half = quantile(confidence, n - 1) * sd * float(np.sqrt(1 / n + z * z / (2 * (n - 1))))
    low, high = bias - z * sd, bias + z * sd
    return Agreement(bias, low, high, Interval(low - half, low + half), Interval(high - half, high + half))


def kendall_tau_b(a: Floats, b: Floats) -> float | None:
    """Kendall's rank correlation with ties, by SciPy in O(n log n); None when either is constant."""
    from scipy.stats import kendalltau

    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(kendalltau(a, b).statistic)


@dataclass(frozen=True, slots=True)
class TestResult:
    """A statistic, its degrees of freedom and its p-value."""

    statistic: float
    df: int
    p_value: float


def mcnemar(only_a: int, only_b: int) -> TestResult:
    """Do two deciders err equally often on the same rows? Exact mid-p on the discordant pairs.

    Parameters
    ----------
    only_a, only_b : int
        Rows on which only the one, only the other is right.

    Notes
    -----
    Source: McNemar (1947), Psychometrika 12, 153-157; mid-p: Fagerland, Lydersen & Laake (2013), BMC Medical Research
    Methodology 13, 91. The statistic given is (b - c)**2 / (b + c).
    """
    n, k = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return TestResult(0.0, 1, 1.0)
    point = float(bdtr(k, n, 0.5) - (bdtr(k - 1, n, 0.5) if k > 0 else 0.0))
    p = 2 * float(bdtr(k, n, 0.5)) - point
    return TestResult((only_a - only_b) ** 2 / n, 1, min(p, 1.0))


def mcnemar_corrected(only_a: int, only_b: int) -> TestResult | None:
    """McNemar's chi-square with the continuity correction of R's `mcnemar.test`, max(|b - c| - 1, 0)**2 / (b + c).

    For comparison with other software: `mcnemar` is exact and less conservative. None without discordant rows. Source:
    Edwards (1948), Psychometrika 13, 185-187.
    """
    n = only_a + only_b
    if n == 0:
        return None
    statistic = max(abs(only_a - only_b) - 1, 0) ** 2 / n
    return TestResult(statistic, 1, float(chdtrc(1, statistic)))


def stuart_maxwell(table: NDArray[Any]) -> TestResult | None:
    """Have the margins of a square migration table moved? Chi-square with k - 1 degrees of freedom.

    None when the covariance of the differences is singular. Sources: Stuart (1955), Biometrika 42, 412-416; Maxwell (1970),
    British Journal of Psychiatry 116, 651-655.
    """
    t = np.asarray(table, np.float64)
    keep = (t.sum(axis=0) + t.sum(axis=1)) > 0
    t = t[np.ix_(keep, keep)]
    k = len(t)
    if k < 2:
        return None
    rows, columns = t.sum(axis=1), t.sum(axis=0)
    d = (rows - columns)[:-1]
    s = -(t + t.T)
    np.fill_diagonal(s, rows + columns - 2 * np.diag(t))
    s = s[:-1, :-1]
    if np.linalg.matrix_rank(s) < len(s):
        return None
    statistic = float(d @ np.linalg.solve(s, d))
    return TestResult(statistic, k - 1, float(chdtrc(k - 1, statistic)))


def rank_biased_overlap(a: list[str], b: list[str], *, p: float = 0.9) -> float:
    """Top-weighted agreement of two full rankings of the same items, in [0, 1]; 1 when equal.

    (1 - p) sum p**(d-1) A_d, truncated at the common length and scaled so that equal rankings give 1. Source: Webber, Moffat &
    Zobel (2010), ACM TOIS 28(4), 20.
    """
    depth = min(len(a), len(b))
    if depth == 0:
        return 1.0
    weights = p ** np.arange(depth)
    agreement = [len(set(a[: d + 1]) & set(b[: d + 1])) / (d + 1) for d in range(depth)]
    return float((weights * agreement).sum() / weights.sum())
