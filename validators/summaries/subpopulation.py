"""The worst subpopulation of a given size: who is in it, and in what words."""

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from .conditions import Conditions

Floats = NDArray[np.float64]
CANDIDATES, LEAST_AGREEMENT = 12, 0.3


def worst_rows(
    expected: Floats, weight: Floats, key: NDArray[np.uint64], fold: NDArray[np.int64], share: float
) -> Floats:
    """(n,) membership, from 0 to 1, in the `share` of the weight of every fold of which most is expected.

    Folds have learners of their own, whose scales need not agree. Rows expected alike are drawn by key, so that a learner that
    found nothing picks rows at random; the last row of a fold counts in part, so that the share is exact.
    """
    member = np.zeros(len(expected))
    for k in np.unique(fold):
        mine = np.flatnonzero(fold == k)
        order = mine[np.lexsort((key[mine], -expected[mine]))]
        before = np.cumsum(weight[order]) - weight[order]
        room = share * weight[order].sum() - before
        member[order] = np.clip(np.divide(room, weight[order], out=np.zeros(len(order)), where=weight[order] > 0), 0, 1)
    return member


def in_words(member: Floats, weight: Floats, held: Conditions) -> str:
    """The one or two conditions that agree best with a membership, as ``slice:`` with how well; empty where none does.

    Agreement is the harmonic mean of the share of members that meet the conditions and of the share of those who meet them that
    are members (Dice's coefficient); a second condition must add a tenth to it.
    """
    total = float(weight @ member)
    if not held.items or total <= 0:
        return ""

    def agreement(inside: NDArray[np.bool_]) -> Floats:
        """Of every condition, among the rows inside."""
        both, size = held.sums(weight * member * inside), held.sums(weight * inside)
        return np.asarray(2 * both / (size + total))

    alone = agreement(np.ones(len(member), np.bool_))
    first = np.argsort(-alone, kind="stable")[:CANDIDATES]
    best, chosen = float(alone[first[0]]), [int(first[0])]
    for i in first:
        together = agreement(held.met(int(i)))
        j = int(together.argmax())
        if held.items[j].column != held.items[i].column and together[j] > max(best, float(alone[first[0]]) * 1.1):
            best, chosen = float(together[j]), sorted((int(i), j), key=lambda k: held.items[k].column)
    if best < LEAST_AGREEMENT:
        return ""
    inside = np.logical_and.reduce([held.met(k) for k in chosen])
    met, size = float(inside @ (weight * member)) / total, float(inside @ weight) / float(weight.sum())
    text = subjects.slice_of([t for k in chosen for t in held.terms[k]])
    return f"{met:.0%} of them in {text} ({size:.0%} of all rows)"
