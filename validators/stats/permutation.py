"""Permutation tests."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .ranking import midranks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def side_permutation_p(
    score: Floats, side: Ints, fold: Ints, unit: NDArray[np.uint64], *, draws: int, rng: np.random.Generator
) -> float | None:
    """Chance that the mean AUC within folds of telling two sides apart is at least what was seen, were the sides drawn by lot.

    Units with rows on one side only swap sides as a whole, within their fold; rows of a unit that is on both swap within the unit.
    The scores stay: a fold's come from a learner that saw other folds only, so all these assignments were as likely.
    (k + 1) / (draws + 1), never 0.

    Parameters
    ----------
    score : (n,)
        Out-of-fold scores, higher for side 1.
    side : (n,) of 0 and 1
    fold, unit : (n,)
        Fold of every row; what makes rows dependent, each unit in one fold.

    Returns
    -------
    float, or None where a fold has rows of one side only.

    Notes
    -----
    Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR; the added one: Phipson & Smyth (2010), Statistical
    Applications in Genetics and Molecular Biology 9(1), 39.
    """
    seen, drawn = 0.0, np.zeros(draws)
    for k in np.unique(fold):
        here = fold == k
        mine = side[here]
        if not 0 < mine.sum() < len(mine):
            return None
        ranks = midranks(score[here])
        seen += _area(ranks, mine)
        drawn += [_area(ranks, shuffled) for shuffled in _shuffles(mine, unit[here], draws, rng)]
    return float(((drawn >= seen - 1e-12).sum() + 1) / (draws + 1))


def _shuffles(side: Ints, unit: NDArray[np.uint64], draws: int, rng: np.random.Generator) -> Iterator[Ints]:
    _, place, size = np.unique(unit, return_inverse=True, return_counts=True)
    ones = np.bincount(place, weights=side)
    whole = np.flatnonzero((ones == 0) | (ones == size))
    order = np.argsort(place, kind="stable")
    mixed = len(whole) < len(size)
    for _ in range(draws):
        found = np.empty_like(side)
        found[order] = side[np.lexsort((rng.random(len(side)), place))] if mixed else side[order]
        swapped = np.full(len(size), -1)
        swapped[whole] = rng.permutation(ones[whole] > 0)
        yield np.where(swapped[place] >= 0, swapped[place], found)


def _area(ranks: Floats, side: Ints) -> float:
    n1 = int(side.sum())
    n0 = len(side) - n1
    return (float(ranks @ side) - n1 * (n1 + 1) / 2) / (n1 * n0)
