"""Permutation tests."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .ranking import midranks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEW = 0.3  # of the rows, which may stay where they are


def side_permutation_p(
    score: Floats, side: Ints, unit: NDArray[np.uint64], *, draws: int, rng: np.random.Generator
) -> float | None:
    """Chance that the AUC of telling two sides apart is at least what was seen, were the sides drawn by lot.

    Units with rows on one side only swap sides as a whole; rows of a unit that is on both swap within the unit. The scores stay:
    they come from a learner that saw other units only, so all these assignments were as likely. (k + 1) / (draws + 1), never 0.

    Parameters
    ----------
    score : (n,)
        Scores of a learner that saw none of these units, higher for side 1.
    side : (n,) of 0 and 1
    unit : (n,)
        What makes rows dependent.

    Returns
    -------
    float, or None where all rows are of one side, or only one side has units of its own, of three tenths of the rows or more: no swap moves
    those.

    Notes
    -----
    Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR; the added one: Phipson & Smyth (2010), Statistical
    Applications in Genetics and Molecular Biology 9(1), 39.
    """
    if not 0 < side.sum() < len(side):
        return None
    _, place, size = np.unique(unit, return_inverse=True, return_counts=True)
    ones = np.bincount(place, weights=side)
    alone = [float(size[held].sum()) / len(side) for held in (ones == 0, ones == size)]
    if min(alone) == 0 and max(alone) > FEW:
        return None
    ranks = midranks(score)
    drawn = np.array([_area(ranks, shuffled) for shuffled in _shuffles(side, unit, draws, rng)])
    return float(((drawn >= _area(ranks, side) - 1e-12).sum() + 1) / (draws + 1))


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
