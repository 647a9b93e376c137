"""Distances between two distributions on the same bins. Missing values and new levels are bins like any other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

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
