"""Defects of one column of numbers: placeholder values far outside the rest, and values in two units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

Floats = NDArray[np.float64]
UNITS = (10.0, 12.0, 60.0, 100.0, 1000.0, 1e4, 1e6, 2.54, 2.20462, 3.28084, 3.6, 7.0, 24.0, 365.25)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One repeated value beyond everything else."""

    value: float
    count: int


def placeholder(values: Floats, *, min_rows: int = 5) -> Placeholder | None:
    """The smallest or largest value, if it repeats and lies further from the rest than the rest is wide.

    Parameters
    ----------
    values : (n,)
        Finite values.
    min_rows : int
        Repeats from which on a value is a code rather than an outlier.

    Returns
    -------
    None where there is none, or where fewer than three distinct values are left to compare with.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 4:
        return None
    found = []
    for end, rest in ((0, distinct[1:]), (-1, distinct[:-1])):
        gap = float(np.min(np.abs(distinct[end] - rest)))
        if gap > rest[-1] - rest[0] and counts[end] >= min_rows:
            found.append(Placeholder(float(distinct[end]), int(counts[end])))
    return max(found, key=lambda p: p.count, default=None)


def heaping(values: Floats) -> float | None:
    """Share of multiples of ten beyond the tenth that chance gives, at least 0; None below a hundred distinct whole numbers."""
    if (values != np.rint(values)).any() or len(np.unique(values)) < 100:
        return None
    return max(float((values % 10 == 0).mean()) - 0.1, 0.0)


def far_out(values: Floats) -> float | None:
    """Share of values further than three interquartile ranges from the quartiles; None where the quartiles are equal."""
    low, high = np.quantile(values, [0.25, 0.75])
    if high <= low:
        return None
    reach = 3 * (high - low)
    return float(((values < low - reach) | (values > high + reach)).mean())


@dataclass(frozen=True, slots=True)
class Mixture:
    """Two clusters of one shape: rows in the smaller one, and the factor between them."""

    count: int
    factor: float


def mixed_units(
    values: Floats, *, units: Sequence[float] = UNITS, least: float = 0.005, rows: int = 30
) -> Mixture | None:
    """Whether values fall into two clusters of the same shape, a known unit factor apart.

    The widest gap between neighbouring logarithms cuts the values in two; each part must hold `least` of them and `rows`, the gap
    must be wider than a quarter of the factor, and the parts, their medians brought together, must be alike (two-sample
    Kolmogorov-Smirnov distance at most .15). None where they are not, or values are not positive.
    """
    if len(values) < 100 or not (values > 0).all():
        return None
    logs = np.sort(np.log(values))
    room = max(int(least * len(logs)), rows)
    gaps = np.diff(logs)[room - 1 : len(logs) - room]
    if not len(gaps):
        return None
    cut = int(gaps.argmax()) + room
    low, high = logs[:cut], logs[cut:]
    distance = float(np.median(high) - np.median(low))
    near = min(units, key=lambda u: abs(np.log(max(u, 1 / u)) - distance))
    step = float(np.log(max(near, 1 / near)))
    chance = 1.63 * np.sqrt((len(low) + len(high)) / (len(low) * len(high)))
    alike = ks_2samp(low - np.median(low), high - np.median(high)).statistic <= max(0.15, chance)
    clear = float(gaps.max()) >= step / 4 and abs(distance - step) <= 0.1 * step + 1.5 / np.sqrt(
        min(len(low), len(high))
    )
    return Mixture(min(len(low), len(high)), near) if alike and clear else None
