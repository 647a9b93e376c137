"""Perturbed columns: array in, array of the same kind out. Missing values stay missing, whole numbers stay whole."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]


def gaussian(values: Floats, level: float, normals: Floats, uniforms: Floats) -> Floats:
    """Values plus `level` standard deviations of normal noise.

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
    noisy = values + level * known.std() * normals
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
