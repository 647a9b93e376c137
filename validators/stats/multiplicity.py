"""Many questions at once: critical values that hold for all."""

import numpy as np
from numpy.typing import NDArray

from .interval import quantile, simultaneous_level

Floats = NDArray[np.float64]


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
