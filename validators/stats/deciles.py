"""What two columns without a key have in common: the ratio of their deciles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ratio:
    """What the deciles of two columns have in common: their ratio, None where they have none; how many distinct ones told it; and
    whether a ratio of 1 fits them too.
    """

    value: float | None
    distinct: int
    one: bool = False


def common_ratio(a: Floats, b: Floats, *, spread: float) -> Ratio:
    """Ratio of the deciles of b to those of a, mean of their logarithms weighted by how well each is known.

    Only deciles that are clearly off 0 in both tell: those whose level, three binomial standard deviations to either side, holds
    values of one sign. Where all of them have the other sign in b, they are compared in mirrored order, and the ratio is negative.
    There is none where some have, or where a ratio lies further off than `spread` and three standard errors: deciles of few or
    long-tailed values scatter by more than any fixed spread. The error of the logarithm of a decile is half the distance
    of those of the quantiles one binomial standard deviation of its level to either side (David & Nagaraja, 2003, Order Statistics, 7.1).
    """
    x, y, error = _clear_deciles(a, b)
    turned = bool(len(x)) and bool((np.sign(x) != np.sign(y)).all())
    if turned:
        x, y, error = _clear_deciles(a, -b)
    distinct = min(len(np.unique(x)), len(np.unique(y)))
    if not distinct or (np.sign(x) != np.sign(y)).any():
        return Ratio(None, distinct)
    log = np.log(y / x)
    middle = float(np.average(log, weights=1 / np.maximum(error, 1e-6) ** 2))
    if (np.abs(log - middle) > np.log1p(spread) + 3 * error).any():
        return Ratio(None, distinct)
    # deciles of the same values move together, so their mean is hardly better known than one of them
    one = not turned and bool(abs(middle) <= np.log1p(spread) + 3 * np.median(error))
    return Ratio(float(-np.exp(middle) if turned else np.exp(middle)), distinct, one)


def _clear_deciles(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Deciles of a and b that are clearly off 0 in both, and the standard error of the logarithm of each ratio."""
    places = np.arange(1, 10) / 10
    at, errors, clear = [], [], np.ones(len(places), np.bool_)
    for values in (a, b):
        steps = np.array([-3, -1, 0, 1, 3])[:, None] * np.sqrt(places * (1 - places) / len(values))
        lowest, low, middle, high, highest = np.quantile(values, np.clip(places + steps, 0, 1))
        clear &= np.sign(lowest) * np.sign(highest) > 0
        at.append(middle)
        errors.append(np.log(high / low, out=np.zeros(len(places)), where=clear) / 2)
    return at[0][clear], at[1][clear], np.hypot(*errors)[clear]
