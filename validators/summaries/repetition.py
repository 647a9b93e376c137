"""Which rows repeat by themselves: how common their values are, and what the others say about copies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from ..stats.interval import Interval
from ..stats.jackknife import student_rows
from ..stats.proportions import difference_interval, weighted_count_interval
from .identities import cell_bits, codes, shared

Floats = NDArray[np.float64]
LEAST = 0.1


def repeat_weights(
    train: pd.DataFrame, test: pd.DataFrame, contents: Sequence[NDArray[Any]], repeats: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Weights of training and test rows, larger the less likely it is that a row comes again by itself.

    The weight is 1 / (q + m / 10) with q the chance that a training row with such values has a twin in train, and m its mean: nearly the
    inverse variance of "has a twin", so that rows which hardly ever repeat decide. q is a logistic curve over how common the values
    are, fitted on train: the sum over the features of the logarithm of how many distinct training rows have the value, the row
    itself counted once. So a copy makes no value commoner.

    Parameters
    ----------
    train, test
        Features.
    contents
        What tells the rows of both apart: the same for equal rows.
    repeats : (n,)
        Whether a training row has a twin, in these rows or in those they are a sample of.
    """
    from sklearn.linear_model import LogisticRegression

    if repeats.all() or not repeats.any():
        return np.ones(len(train)), np.ones(len(test))
    distinct = train.iloc[np.unique(contents[0], return_index=True)[1]]
    asked = ((train, np.ones(len(train), np.bool_)), (test, shared(contents[1], contents[0])))
    common = [np.sum([_log_count(distinct[f], rows[f], known) for f in train.columns], axis=0) for rows, known in asked]
    spread = float(common[0].std())
    scaled = [((c - common[0].mean()) / (spread or 1.0))[:, None] for c in common]
    model = LogisticRegression().fit(scaled[0], repeats)
    floor = LEAST * float(repeats.mean())
    mine, theirs = (1 / (model.predict_proba(z)[:, 1] + floor) for z in scaled)
    return np.asarray(mine), np.asarray(theirs)


def _log_count(rows: pd.Series, asked: pd.Series, known: NDArray[np.bool_]) -> Floats:
    """(n,) logarithm of how many of the rows have the value, one more where the row that asks is not known to be among them."""
    levels, counts = np.unique(cell_bits(rows), return_counts=True)
    bits = cell_bits(asked)
    at = np.minimum(np.searchsorted(levels, bits), len(levels) - 1)
    return np.asarray(np.log(np.where(levels[at] == bits, counts[at], 0) + ~known))


def weighted_share(
    hit: NDArray[np.bool_], weight: Floats, *draws: NDArray[np.int64], confidence: float, together: int = 1
) -> tuple[float, Interval]:
    """Weighted share of rows that are hit, with an interval.

    Rows that one of the `draws` (codes per row) holds together are drawn together: those of one content come and go together, and so do
    those of one entity. An event hits at least so many rows `together`: a repeat inside a role hits two. The variance is that of the way
    of drawing under which the share varies most; of m sets drawn, with h the hits in one and w its share of the weight, m / (m - 1) times
    the sum of (h - p w)**2, as of a ratio of totals (Cochran 1977, Sampling Techniques, chapter 6), and Student's quantile.
    """
    share = weight / weight.sum()
    p, following = float(share[hit].sum()), together / len(hit)
    variance = following**2
    for code in draws:
        m = int(np.count_nonzero(np.bincount(code)))
        if m == 1:
            variance = max(variance, p**2)
        else:
            seen = float((np.bincount(code, weights=share * (hit - p)) ** 2).sum()) * m / (m - 1)
            variance = max(variance, seen / student_rows(1.0, m, confidence=confidence))
    ends = weighted_count_interval(p, variance, following, confidence=confidence)
    return p, Interval(ends.low, min(ends.high, 1.0))


def repeat_share(content: NDArray[Any], unit: NDArray[Any], among: int, *, confidence: float) -> tuple[float, Interval]:
    """Share of rows that another of `among` rows of the role equals, these drawn from all of them, with an interval.

    Rows of equally many others, so that roles of other sizes can be compared. A row of a content that comes c times in n rows has no
    twin among m of them with the chance C(n - c, m - 1) / C(n - 1, m - 1). Rows of one entity or day are drawn together, so a twin
    among these is there in any draw (a party that books ten rooms). The variance is the sum of the squared hits of what is drawn together:
    more than days differ by, which leaves room for seasons, since roles are of other times.
    """
    n, draws = len(content), (*codes(content), *codes(unit))
    times = np.bincount(draws[0])
    _, place, inside = np.unique(draws[0] * (n + 1) + draws[1], return_inverse=True, return_counts=True)
    twin = np.where(times > 1, 1 - _none_of(times, n, among), 0.0)[draws[0]]
    twin = np.where(inside[place] > 1, 1.0, twin)
    pair = 2 * float(1 - _none_of(np.array([2]), n, among)[0]) / n
    variance = max(float((np.bincount(code, weights=twin / n) ** 2).sum()) for code in draws)
    ends = weighted_count_interval(float(twin.mean()), variance, max(pair, 1 / n**2), confidence=confidence)
    return float(twin.mean()), Interval(ends.low, min(ends.high, 1.0))


def _none_of(times: NDArray[np.int64], n: int, among: int) -> Floats:
    """Chance that `among` - 1 of the other n - 1 rows hold none of the `times` - 1 that equal a row."""
    others, drawn = times - 1.0, among - 1.0
    room = n - 1 - others - drawn
    log = gammaln(n - others) + gammaln(n - drawn) - gammaln(np.maximum(room, 0) + 1) - gammaln(n)
    return np.where(room < 0, 0.0, np.exp(log))


def excess_share(one: tuple[float, Interval], other: tuple[float, Interval]) -> tuple[float, Interval]:
    """The difference of two shares, with an interval."""
    return one[0] - other[0], difference_interval(*one, *other)
