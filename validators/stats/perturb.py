"""Perturbed columns: array in, array of the same kind out. Missing values stay missing, whole numbers stay whole."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

TAIL = 0.05
_CUT = float(ndtri(1 - TAIL))
_WINSORISED = float(np.sqrt(1 - 2 * TAIL - 2 * _CUT * np.exp(-(_CUT**2) / 2) / np.sqrt(2 * np.pi) + 2 * TAIL * _CUT**2))


def usual_spread(values: Floats) -> float:
    """Standard deviation, at most what the values' central nine tenths say it is.

    The latter is the standard deviation of the values winsorised at their 5 % and 95 % quantiles, over what that is for a normal
    of spread one, sqrt(1 - 2 p - 2 c phi(c) + 2 p c**2) = .912 with p = .05 and c = 1.645. So a few values far away do not tell how
    far the others are apart: a count of days that is 1 in most rows and 1,000 in some is not uncertain by 30 days. It is 0 where
    more than 95 % of the values are the same.

    Parameters
    ----------
    values : (n,)
        Finite, at least one.

    Sources
    -------
    Tukey & McLaughlin (1963), Sankhya A 25, 331-352, for winsorised variances.
    """
    low, high = np.quantile(values, (TAIL, 1 - TAIL))
    return float(min(values.std(), np.clip(values, low, high).std() / _WINSORISED))


def gaussian(values: Floats, level: float, normals: Floats, uniforms: Floats) -> Floats:
    """Values plus normal noise of `level` times their usual spread (`usual_spread`).

    Whole numbers are rounded at random, up with the probability of the fraction, so that small noise is not rounded away and
    the mean is kept. Values stay within the range that occurs: an amount does not turn negative, values beyond the range are
    another question. A constant column stays as it is.

    Parameters
    ----------
    values, normals, uniforms : (n,)
        `normals` and `uniforms` are the draws; the same ones at every level and for every model.
    """
    known = values[np.isfinite(values)]
    if not len(known) or np.ptp(known) == 0:
        return values.copy()
    noisy = values + level * usual_spread(known) * normals
    noisy = stochastic_round(noisy, uniforms) if is_whole(known) else noisy
    return np.asarray(np.clip(noisy, known.min(), known.max()))


def quantile_noise(values: Floats, level: float, normals: Floats, uniforms: Floats) -> Floats:
    """Values moved by `level` standard deviations on the scale of their normal scores, so that the distribution stays.

    A value's rank (at random among its ties) becomes a normal score z, which becomes (z + level e) / sqrt(1 + level**2), and is
    read off the column's own quantiles: only values that occur come out, about as often as before.
    """
    return _through_scores(values, uniforms, lambda z, good: (z + level * normals[good]) / np.sqrt(1 + level**2))


def quantile_shift(values: Floats, delta: float, uniforms: Floats) -> Floats:
    """Values moved up by `delta` standard deviations on the scale of their normal scores.

    Whatever the shape of the distribution, old and new are as far apart as two normals of equal spread, `delta` apart; only
    values that occur come out.
    """
    return _through_scores(values, uniforms, lambda z, _: z + delta)


def _through_scores(values: Floats, uniforms: Floats, moved: Callable[[Floats, NDArray[np.bool_]], Floats]) -> Floats:
    """Values to normal scores (ties in random order), moved there, and back through the column's own quantiles."""
    good = np.isfinite(values)
    pool = np.sort(values[good])
    n = len(pool)
    if n == 0 or pool[0] == pool[-1]:
        return values.copy()
    left, right = np.searchsorted(pool, values[good], "left"), np.searchsorted(pool, values[good], "right")
    share = np.clip((left + uniforms[good] * (right - left)) / n, 0.5 / n, 1 - 0.5 / n)
    out = values.copy()
    out[good] = pool[np.minimum((ndtr(moved(ndtri(share), good)) * n).astype(np.int64), n - 1)]
    return out


def stochastic_round(values: Floats, uniforms: Floats) -> Floats:
    """Whole numbers with the same mean: up with the probability of the fraction."""
    low = np.floor(values)
    return np.asarray(low + (uniforms < values - low))


def is_whole(values: Floats) -> bool:
    """Whether all values are whole numbers."""
    return bool((values == np.rint(values)).all())
