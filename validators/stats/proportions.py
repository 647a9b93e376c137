"""Proportions: Wilson and Clopper-Pearson intervals, weighted counts, differences, ratios, and the bound when nothing was seen."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, gammaincinv

from .interval import Interval, quantile
from .jackknife import effective_n, jackknife_variance, student_rows


def wilson_interval(successes: float, n: float, *, confidence: float = 0.95) -> Interval:
    """Score interval of a proportion (Wilson 1927, JASA 22, 209-212).

    Parameters
    ----------
    successes, n : float
        0 <= successes <= n, n > 0; fractional for effective sample sizes.

    Raises
    ------
    ValueError
        When n is not positive.
    """
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    z = quantile(confidence)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(
        0.0 if successes == 0 else max(centre - half, 0.0), 1.0 if successes == n else min(centre + half, 1.0)
    )


def rate_interval(
    p: float, n: float, replicates: NDArray[np.float64] | None, *, confidence: float = 0.95, groups: int | None = None
) -> tuple[Interval, float]:
    """Wilson's interval of a rate, p inside it, and the rows that it rests on.

    Parameters
    ----------
    p, n : float
        The rate, at most 1 but for rounding; its rows, Kish's effective ones where weights differ.
    replicates : (groups,) or None
        The rate without each group of rows that depend on each other; None where rows are independent and weigh the same, which
        takes n as it is. Else effective rows give the jackknife's variance, and Student's quantile.
    groups : int, optional
        Groups that hold some of the rows, where not all do.
    """
    p, n_eff, wide = min(p, 1.0), n, n
    if replicates is not None:
        n_eff = effective_n(p, float(jackknife_variance(replicates)), n)
        wide = student_rows(n_eff, len(replicates) if groups is None else groups, confidence=confidence)
    ends = wilson_interval(p * wide, wide, confidence=confidence)
    return Interval(min(ends.low, p), max(ends.high, p)), n_eff


def clopper_pearson_interval(successes: float, n: float, *, confidence: float = 0.95) -> Interval:
    """Exact interval of a proportion (Clopper & Pearson 1934, Biometrika 26, 404-413); conservative."""
    alpha = 1 - confidence
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, alpha / 2))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - alpha / 2))
    return Interval(low, high)


def newcombe_interval(p1: float, n1: float, p2: float, n2: float, *, confidence: float = 0.95) -> Interval:
    """Interval of p1 - p2 of two independent proportions: method 10 of Newcombe (1998), Statistics in Medicine 17, 873-890."""
    a = wilson_interval(p1 * n1, n1, confidence=confidence)
    b = wilson_interval(p2 * n2, n2, confidence=confidence)
    return difference_interval(p1, a, p2, b)


def difference_interval(one: float, ends: Interval, other: float, other_ends: Interval) -> Interval:
    """Interval of the difference of two independent estimates out of their own, whose variances the limits carry.

    What Newcombe's method 10 does with two Wilson intervals, for any two: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702.
    """
    d = one - other
    return Interval(
        d - math.hypot(one - ends.low, other_ends.high - other),
        d + math.hypot(ends.high - one, other - other_ends.low),
    )


def weighted_count_interval(y: float, v: float, following: float, *, confidence: float = 0.95) -> Interval:
    """Interval of the expectation of a weighted number of events: the gamma method.

    Low is the quantile of a gamma distribution with mean y and variance v, high that of one with mean y + w and variance v + w**2,
    where w is the weight of the event that came not. With equal weights of Poisson events it is the exact interval of their count.
    Source: Fay & Feuer (1997), Statistics in Medicine 16, 791-801, formulas 1 and 2.

    Parameters
    ----------
    y : float
        Sum of the weights of the events that were seen; 0 gives a low end of 0.
    v : float
        Its variance: for Poisson events the sum of the squared weights.
    following : float
        Weight of the event that may come next: the largest weight is conservative, the mean one is near the nominal level
        (Tiwari, Clegg & Zou 2006, Statistical Methods in Medical Research 15, 547-569).

    Raises
    ------
    ValueError
        When `following` is not positive.
    """
    if not following > 0:
        raise ValueError(f"following must be positive, got {following}")
    tail = (1 - confidence) / 2
    low = v / y * float(gammaincinv(y * y / v, tail)) if y > 0 else 0.0
    y, v = y + following, v + following**2
    return Interval(low, v / y * float(gammaincinv(y * y / v, 1 - tail)))


def zero_event_upper_bound(n: float, *, confidence: float = 0.95) -> float:
    """Upper confidence bound of a rate when none of n was seen: 1 - (1 - confidence)**(1/n), about 3/n at 95 %.

    Of n independent rows: dependent ones tell less, and by how much cannot be estimated where nothing was seen.
    """
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    return float(1 - (1 - confidence) ** (1 / n))


def count_upper_bound(k: float, n: float, *, confidence: float = 0.95) -> float:
    """One-sided upper bound of a rate of which k of n were seen: Clopper & Pearson's, 1 - (1 - confidence)**(1/n) where none was."""
    return 1.0 if k == n else float(betaincinv(k + 1, n - k, confidence))


def ratio_score_interval(x1: float, n1: float, x2: float, n2: float, *, confidence: float = 0.95) -> Interval:
    """Score interval of the ratio p1 / p2 of two independent proportions (Koopman 1984, Biometrics 40, 513-517).

    All ratios r that the score test of p1 = r p2 does not reject. It exists at the boundaries, where the logarithm of Katz et al.
    (1978, Biometrics 34, 469-474) does not: the low end is 0 when x1 is 0, the high end infinite when x2 is 0.

    Parameters
    ----------
    x1, n1, x2, n2 : float
        0 <= x <= n, n > 0; fractional for effective sample sizes.

    Raises
    ------
    ValueError
        When an n is not positive, or both x are 0 (any ratio fits).
    """
    if n1 <= 0 or n2 <= 0 or (x1 <= 0 and x2 <= 0):
        raise ValueError(f"no ratio of {x1} of {n1} to {x2} of {n2}")
    limit = quantile(confidence) ** 2

    def beyond(log_ratio: float) -> float:
        return _score_of_ratio(x1, n1, x2, n2, math.exp(log_ratio)) - limit

    # a ratio that fits: that of the rates themselves, at which the statistic is 0; where a count is 0 it falls towards 0 on that side
    middle = math.log((max(x1, 0.5) / n1) / (max(x2, 0.5) / n2))
    if x1 > 0 and x2 > 0:
        middle = math.log((x1 / n1) / (x2 / n2))
    elif beyond(middle) >= 0:
        middle = _far(lambda log_ratio: -beyond(log_ratio), middle, -1.0 if x1 <= 0 else 1.0)
    low, high = 0.0, math.inf
    if x1 > 0:
        low = math.exp(brentq(beyond, _far(beyond, middle, -1.0), middle, xtol=1e-12))
    if x2 > 0:
        high = math.exp(brentq(beyond, middle, _far(beyond, middle, 1.0), xtol=1e-12))
    return Interval(low, high)


def _far(beyond: Callable[[float], float], middle: float, step: float) -> float:
    """A point on one side where this is not negative."""
    while beyond(middle + step) < 0:
        step *= 2
    return middle + step


def _score_of_ratio(x1: float, n1: float, x2: float, n2: float, ratio: float) -> float:
    """Squared score statistic of p1 = ratio x p2, at the likeliest p2 under that constraint (the root of a quadratic)."""
    a, b, c = (n1 + n2) * ratio, -(ratio * (n1 + x2) + x1 + n2), x1 + x2
    p2 = 2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0)))  # the stable form of the smaller root
    p1 = min(ratio * p2, 1.0)
    if p1 <= 0 or p2 <= 0:
        return math.inf
    variance = p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2
    difference = x1 / n1 - ratio * x2 / n2
    if variance <= 0:
        return 0.0 if abs(difference) < 1e-12 else math.inf
    return difference**2 / variance
