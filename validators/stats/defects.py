"""Defects of one column of numbers: placeholder values far outside the rest, and values in two units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, ks_2samp

Floats = NDArray[np.float64]
UNITS = (10.0, 10.7639, 12.0, 60.0, 100.0, 1000.0, 1e4, 1e6, 2.54, 2.20462, 3.28084, 3.6, 7.0, 24.0, 365.25)
DISTINCT, LEAST, ONE_SIGN = 10, 100, 0.95
KNOWN = 0.1


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One repeated value beyond everything else."""

    value: float
    count: int


def placeholder(values: Floats, *, min_rows: int = 5) -> Placeholder | None:
    """The smallest or largest value, if it repeats and lies further from the rest than the rest is wide.

    A 0 beside less than ten other values is one of their levels (no policy; never) and no code for an unknown number.

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
        level = distinct[end] == 0 and len(rest) < DISTINCT
        if gap > rest[-1] - rest[0] and counts[end] >= min_rows and not level:
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
    """Two clusters of one shape: rows in the smaller one, the known factor between them, and how far apart their medians are."""

    count: int
    factor: float
    ratio: float


def mixed_units(
    values: Floats, *, units: Sequence[float] = UNITS, least: float = 0.005, rows: int = 30
) -> Mixture | None:
    """Whether values fall into two clusters of the same shape, a known unit factor apart.

    On the scale of logarithms, for every unit: the place where most values lie within a quarter of the factor, the place one factor
    up or down from it, and the emptiest one between them, which cuts the values in two. It is a valley where it holds at most a third
    of what the smaller place holds, and significantly less (one-sided binomial, 1e-4). Values that repeat are spread halfway to their
    neighbours first, so that rounding digs no valleys. Each part must hold `least` of the values and `rows`, and ten distinct ones,
    for two levels are codes as well as units. The parts must lie apart by the factor (to 3 % of its logarithm and three standard errors
    of their medians, which may be a tenth of it at most: known less well, any factor is near some unit) and, their
    medians brought together, be alike: spreads within a quarter of each other, two-sample
    Kolmogorov-Smirnov distance at most .15, or what chance gives. None where they are not, or values are not positive.
    """
    if len(values) < LEAST or not (values > 0).all():
        return None
    logs = np.sort(np.log(values))
    distinct, counts = np.unique(logs, return_counts=True)
    if len(distinct) < 2 * DISTINCT:
        return None
    held = _spread_out(distinct, counts)
    room = max(int(least * len(logs)), rows)
    cuts = {cut for unit in units for cut in _valleys(held, float(np.log(unit)))}
    found = []
    for cut in sorted(int(np.searchsorted(logs, cut)) for cut in cuts):
        low, high = logs[:cut], logs[cut:]
        if min(len(low), len(high)) < room or min(len(np.unique(low)), len(np.unique(high))) < DISTINCT:
            continue
        distance = float(np.median(high) - np.median(low))
        near = min(units, key=lambda u: abs(np.log(u) - distance))
        step = float(np.log(near))
        spread = (_sd(low), _sd(high))
        if min(spread) <= 0:
            continue
        error = 1.2533 * np.hypot(spread[0] / np.sqrt(len(low)), spread[1] / np.sqrt(len(high)))
        chance = 1.95 * np.sqrt(len(logs) / (len(low) * len(high)))
        alike = ks_2samp(low - np.median(low), high - np.median(high)).statistic <= max(0.15, chance)
        alike &= abs(np.log(spread[0] / spread[1])) <= np.log(1.25) + 1.5 * chance
        off = abs(distance - step)
        if alike and 3 * error <= KNOWN * step and off <= 0.03 * step + 3 * error:
            found.append((off / step, Mixture(min(len(low), len(high)), near, float(np.exp(distance)))))
    return min(found, key=lambda f: f[0])[1] if found else None


def one_sign(values: Floats) -> tuple[Floats, str]:
    """Sizes of the values of the sign that 95 % or more have, for `mixed_units`; or none, and why no two units can be looked for.

    Fewer than twenty distinct values are levels, of which no unit is asked: none, and no reason.
    """
    held = values[values != 0]
    if len(np.unique(held)) < 2 * DISTINCT:
        return held[:0], ""
    sizes = np.abs(held[(held > 0) == (np.mean(held > 0) >= 0.5)])
    if len(sizes) < ONE_SIGN * len(held):
        return held[:0], f"{1 - len(sizes) / len(held):.0%} of the values lie on the other side of 0"
    return (held[:0], f"{len(sizes)} values other than 0; it takes {LEAST}") if len(sizes) < LEAST else (sizes, "")


@dataclass(frozen=True, slots=True)
class _Spread:
    """Counts up to each edge; a value's rows lie evenly between the edges around it."""

    edges: Floats
    up_to: Floats

    def within(self, place: Floats, width: float) -> Floats:
        """Rows within half a width of each place."""
        high, low = (np.interp(place + side * width / 2, self.edges, self.up_to) for side in (1, -1))
        return np.asarray(high - low)


def _spread_out(distinct: Floats, counts: NDArray[np.int64]) -> _Spread:
    middle = (distinct[1:] + distinct[:-1]) / 2
    edges = np.concatenate([[2 * distinct[0] - middle[0]], middle, [2 * distinct[-1] - middle[-1]]])
    return _Spread(edges, np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)]))


def _valleys(held: _Spread, step: float) -> Iterator[float]:
    """Where to cut between the highest place and the one a step below or above it, if there is a valley."""
    width = step / 4
    first, last = float(held.edges[0]), float(held.edges[-1])
    places = np.linspace(first, last, max(int(8 * (last - first) / width), 16))
    mode = float(places[held.within(places, width).argmax()])
    for side in (-1, 1):
        smaller = float(held.within(np.array([mode + side * step]), width)[0])
        between = np.linspace(mode, mode + side * step, 33)
        rows = held.within(between, width)
        valley = float(rows.min())
        total = max(round(valley + smaller), int(np.ceil(valley)))
        if valley <= smaller / 3 and binom.cdf(np.ceil(valley), total, 0.5) <= 1e-4:
            yield float(between[np.isclose(rows, valley)].mean())


def _sd(logs: Floats) -> float:
    """Standard deviation by the interquartile range, as of a normal distribution."""
    low, high = np.quantile(logs, [0.25, 0.75])
    return float(high - low) / 1.349
