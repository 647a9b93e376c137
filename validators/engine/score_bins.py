"""Cut points of scores: quantiles of those of test, single ones of scores that many rows have, and even ones where test has none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FINE_SCORES, COARSE_SCORES = 4096, 256


def score_cuts(
    values: NDArray[np.float64], size: int, keep: Sequence[float] = (), even: Sequence[float] | NDArray[np.float64] = ()
) -> NDArray[np.float64]:
    """Cuts between distinct scores, thinned to `size` quantiles, and those in `keep` and `even`.

    A score of more rows than two of the quantile bins hold gets a bin of its own, so that no other passes for it; `even` ones keep bins
    small where other rows have their scores.
    """
    finite = values[np.isfinite(values)]
    distinct, rows = np.unique(finite, return_counts=True)
    cuts, often = between(distinct), distinct[size * rows >= 2 * len(finite)]
    if len(cuts) > size:
        cuts = quantile_cuts(finite, distinct, size)
    return np.unique(np.concatenate([cuts, often, np.nextafter(often, np.inf), keep, even]))


def even_cuts(size: int, *, regression: bool) -> NDArray[np.float64]:
    """Half as many probabilities as quantile bins, evenly spread in log-odds; of a regression none, whose metrics need no bins."""
    return np.zeros(0) if regression else np.asarray(expit(np.linspace(-8.0, 8.0, size // 2 + 1)))


def between(distinct: NDArray[np.float64]) -> NDArray[np.float64]:
    """Midpoints; where rounding would put one on the lower value, the upper value itself (a bin holds its lower end)."""
    lower, upper = distinct[:-1], distinct[1:]
    middle = lower + (upper - lower) / 2
    return np.where(middle > lower, middle, upper)


def quantile_cuts(values: NDArray[np.float64], distinct: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Cuts between distinct values, next to quantiles of all values."""
    at = np.quantile(values, np.arange(1, size) / size, method="inverted_cdf")
    place = np.clip(np.searchsorted(distinct, np.unique(at)), 0, len(distinct) - 2)
    return np.asarray(np.unique(between(distinct)[place]))


def same_length(cuts: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], ...]:
    """Score columns share one array of bins: shorter ones are filled with cuts above every score."""
    longest = max(len(c) for c in cuts)
    return tuple(np.concatenate([c, np.full(longest - len(c), np.inf)]) for c in cuts)
