"""Ranking metrics out of counts per score bin, lowest scores first, and paired on rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[Any]
Floats = NDArray[np.float64]


def roc_auc_many(negatives: Counts, positives: Counts) -> Floats:
    """Area under the ROC curve along the last axis; NaN where a class is empty.

    P(score of a positive > that of a negative) + P(equal) / 2 (Mann-Whitney).
    """
    neg, pos = np.asarray(negatives, np.float64), np.asarray(positives, np.float64)
    below = np.cumsum(neg, axis=-1) - neg
    pairs = neg.sum(axis=-1) * pos.sum(axis=-1)
    wins = (pos * (below + neg / 2)).sum(axis=-1)
    out = np.full(np.shape(pairs), np.nan)
    return np.asarray(np.divide(wins, pairs, out=out, where=pairs > 0))


def roc_auc(negatives: Counts, positives: Counts) -> float | None:
    """Area under the ROC curve; None if either class is empty.

    Source: Hanley & McNeil (1982), Radiology 143, 29-36.

    Examples
    --------
    >>> round(roc_auc(np.array([2, 1]), np.array([0, 3])), 6)
    0.833333
    """
    value = float(roc_auc_many(negatives, positives))
    return None if np.isnan(value) else value


def delong_variance(negatives: Counts, positives: Counts) -> float | None:
    """Variance of the area (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, 837-845), rows independent and unweighted.

    Exact when every distinct score has its bin. None with fewer than two rows of a class.
    """
    neg, pos = np.asarray(negatives, np.float64), np.asarray(positives, np.float64)
    n0, n1 = neg.sum(), pos.sum()
    if n0 < 2 or n1 < 2:
        return None
    below = (np.cumsum(neg) - neg / 2) / n0
    above = 1 - (np.cumsum(pos) - pos / 2) / n1
    auc = (pos * below).sum() / n1
    s10 = (pos * (below - auc) ** 2).sum() / (n1 - 1)
    s01 = (neg * (above - auc) ** 2).sum() / (n0 - 1)
    return float(s10 / n1 + s01 / n0)


@dataclass(frozen=True, slots=True)
class PairedAuc:
    """Areas of two scores on the same rows, their difference a - b and its standard error."""

    auc_a: float
    auc_b: float
    difference: float
    se: float


def paired_delong(y_true: Counts, score_a: Floats, score_b: Floats) -> PairedAuc | None:
    """DeLong's comparison of two correlated areas, in O(n log n) by midranks (Sun & Xu 2014, IEEE SPL 21, 1389-1393).

    Parameters
    ----------
    y_true : (n,) of 0 and 1
    score_a, score_b : (n,)

    Returns
    -------
    PairedAuc, or None with fewer than two rows of a class.
    """
    positive = np.asarray(y_true) == 1
    n1, n0 = int(positive.sum()), int((~positive).sum())
    if n1 < 2 or n0 < 2:
        return None
    v10, v01 = np.empty((2, n1)), np.empty((2, n0))
    for k, score in enumerate((score_a, score_b)):
        s = np.asarray(score, np.float64)
        whole = midranks(s)
        v10[k] = (whole[positive] - midranks(s[positive])) / n0
        v01[k] = 1 - (whole[~positive] - midranks(s[~positive])) / n1
    auc = v10.mean(axis=1)
    s10, s01 = np.cov(v10), np.cov(v01)
    contrast = np.array([1.0, -1.0])
    variance = float(contrast @ (s10 / n1 + s01 / n0) @ contrast)
    return PairedAuc(float(auc[0]), float(auc[1]), float(auc[0] - auc[1]), float(np.sqrt(max(variance, 0.0))))


def midranks(values: Floats, weights: Floats | None = None) -> Floats:
    """Ranks from 1, ties sharing the mean of their ranks; a row of weight 2 takes up the ranks of two."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    if weights is not None:
        counts = np.bincount(inverse, weights=weights)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def average_precision(negatives: Counts, positives: Counts) -> float | None:
    """Sum over cuts of the step in recall times the precision; None without positives. Agrees with scikit-learn's."""
    neg, pos = np.asarray(negatives, np.float64)[::-1], np.asarray(positives, np.float64)[::-1]
    total = pos.sum()
    if total == 0:
        return None
    tp, fp = np.cumsum(pos), np.cumsum(neg)
    precision = np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp + fp > 0)
    return float((pos / total * precision).sum())


def ks_between_classes(negatives: Counts, positives: Counts) -> float | None:
    """Largest distance between the score distributions of the classes, in [0, 1]; None if either is empty."""
    n0, n1 = float(np.sum(negatives)), float(np.sum(positives))
    if n0 == 0 or n1 == 0:
        return None
    return float(np.abs(np.cumsum(negatives) / n0 - np.cumsum(positives) / n1).max())


def lift(negatives: Counts, positives: Counts, *, share: float = 0.1) -> float | None:
    """Rate of positives in the given share of rows with the highest scores, over that in all rows; None where there are none.

    Rows of a bin that straddles the border count by the part of the bin that is inside.
    """
    neg, pos = np.asarray(negatives, np.float64)[::-1], np.asarray(positives, np.float64)[::-1]
    total, found = float((neg + pos).sum()), float(pos.sum())
    if found == 0:
        return None
    rows, hits = (np.concatenate([[0.0], np.cumsum(x)]) for x in (neg + pos, pos))
    return float(np.interp(share * total, rows, hits)) / found / share


def weighted_auc(y_true: Counts, score: Floats, weight: Floats) -> float:
    """Area under the ROC curve of rows with weights, ties one half; NaN where a class has no weight."""
    distinct, place = np.unique(score, return_inverse=True)
    neg = np.bincount(place, weights=weight * (y_true == 0), minlength=len(distinct))
    pos = np.bincount(place, weights=weight * (y_true == 1), minlength=len(distinct))
    return float(roc_auc_many(neg, pos))


def auc_bound(negatives: Floats, positives: Floats, single: NDArray[np.bool_]) -> float:
    """How far binning may have moved the area: half of the pairs within bins, but for the bins that hold one score (`single`)."""
    n, p = float(negatives.sum()), float(positives.sum())
    if n == 0 or p == 0:
        return 0.0
    return float((negatives * positives)[~single].sum()) / 2 / (n * p)


def precision_bound(negatives: Floats, positives: Floats, single: NDArray[np.bool_]) -> float:
    """How far binning may have moved average precision: each bin ranked at best and at worst, but for those of one score (`single`)."""
    both = (negatives > 0) & (positives > 0) & ~single
    total = float(positives.sum())
    if total == 0 or not both.any():
        return 0.0
    tp, fp = np.cumsum(positives[::-1])[::-1][both], np.cumsum(negatives[::-1])[::-1][both]
    p, n = positives[both], negatives[both]
    here = tp / (tp + fp)
    best = tp / (tp + fp - n)
    worst = (tp - p) / (tp - p + fp)
    return float((p * np.maximum(best - here, here - worst)).sum()) / total
