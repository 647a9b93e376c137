"""Proportions: Wilson and Clopper-Pearson intervals, differences, and the bound when nothing was seen."""

import math

from scipy.special import betaincinv

from .interval import Interval, quantile


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
    d = p1 - p2
    return Interval(
        d - math.hypot(p1 - a.low, b.high - p2),
        d + math.hypot(a.high - p1, p2 - b.low),
    )


def zero_event_upper_bound(n: float, *, confidence: float = 0.95) -> float:
    """Upper confidence bound of a rate when none of n was seen: 1 - (1 - confidence)**(1/n), about 3/n at 95 %."""
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    return float(1 - (1 - confidence) ** (1 / n))
