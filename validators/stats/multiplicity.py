"""Many questions at once: adjusted p-values, critical values and false-coverage levels."""

import numpy as np
from numpy.typing import NDArray

from .interval import quantile, simultaneous_level

Floats = NDArray[np.float64]


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjusted p-values that control the false discovery rate (Benjamini & Hochberg 1995, JRSS B 57, 289-300).

    Rejecting those at or below q keeps the expected share of false rejections at or below q for independent or positively
    dependent tests.
    """
    p = np.asarray(p_values, dtype=np.float64)
    m = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * m / np.arange(1, m + 1)
    out = np.empty(m)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


def holm(p_values: Floats) -> Floats:
    """Adjusted p-values that control the family-wise error (Holm 1979, Scandinavian Journal of Statistics 6, 65-70)."""
    p = np.asarray(p_values, dtype=np.float64)
    m = len(p)
    order = np.argsort(p, kind="stable")
    out = np.empty(m)
    out[order] = np.minimum(np.maximum.accumulate(p[order] * (m - np.arange(m))), 1.0)
    return out


def false_coverage_level(selected: int, total: int, *, q: float = 0.05) -> float:
    """Level of intervals for `selected` of `total` parameters so that the false-coverage rate is at most q.

    1 - q x selected / total (Benjamini & Yekutieli 2005, JASA 100, 71-81).
    """
    return 1 - q * selected / total


def max_t_quantile(replicates: Floats, *, confidence: float, rng: np.random.Generator, draws: int = 20_000) -> float:
    """Critical value c with P(max |t| <= c) = confidence for m estimates that depend on each other as their replicates do.

    Draws from the multivariate t distribution with g - 1 degrees of freedom and the correlation of the delete-a-group
    replicates. Estimates whose replicates are undefined or do not vary are taken as independent of all others. Never below the value for
    one estimate, never above Bonferroni's for m. Source: Hothorn, Bretz & Westfall (2008), Biometrical Journal 50, 346-363.

    Parameters
    ----------
    replicates : (g, m)
        Jackknife replicates of the m estimates, g >= 2.
    """
    g, m = replicates.shape
    least, most = (quantile(c, g - 1) for c in (confidence, simultaneous_level(confidence, m)))
    if m < 2:
        return least
    spread = replicates - replicates.mean(axis=0)
    size = np.sqrt((spread**2).sum(axis=0))
    told = np.isfinite(size) & (size > 0)
    scale = np.sqrt(rng.chisquare(g - 1, draws) / (g - 1))
    largest = np.zeros(draws)
    if told.any():
        largest = np.abs(rng.standard_normal((draws, g)) @ (spread[:, told] / size[told])).max(axis=1)
    for _ in range(m - int(told.sum())):
        largest = np.maximum(largest, np.abs(rng.standard_normal(draws)))
    return float(np.clip(np.quantile(largest / scale, confidence), least, most))
