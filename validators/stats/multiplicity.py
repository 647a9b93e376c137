"""Many questions at once: adjusted p-values and false-coverage levels."""

import numpy as np
from numpy.typing import NDArray

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
