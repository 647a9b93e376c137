"""Rows that candidate and prior both scored, side by side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Batch, Task
from ..stats.jackknife import leave_one_out

GROUPS = 50
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows that both models scored: scores (n, classes), decisions, outcome, weight, group.

    `most` is the class that is decided most often, 0 where there is one score only; `of` names it where there are several.
    """

    candidate: Floats
    prior: Floats
    most: int
    of: str
    decided: NDArray[np.int64]
    decided_before: NDArray[np.int64]
    y: Floats
    weight: Floats
    group: NDArray[np.int64]
    note: str


def pairs_of(rows: Batch, total: int, task: Task) -> Pairs:
    """The rows of a sample that both models gave a finite score for."""
    a, b = rows.scores[CANDIDATE], rows.scores[PRIOR]
    good: NDArray[np.bool_] = np.logical_and(np.isfinite(a).all(axis=1), np.isfinite(b).all(axis=1))
    a, b = np.asarray(a[good]), np.asarray(b[good])
    if task.type == "binary":
        cut = 0.5 if task.threshold is None else task.threshold
        decided, before = np.asarray(a[:, 0] >= cut, np.int64), np.asarray(b[:, 0] >= cut, np.int64)
    elif a.shape[1] > 1 and a.shape[0]:
        decided, before = np.asarray(a.argmax(axis=1), np.int64), np.asarray(b.argmax(axis=1), np.int64)
    else:
        decided, before = np.zeros(a.shape[0], np.int64), np.zeros(a.shape[0], np.int64)
    most = int(np.bincount(decided, minlength=1).argmax()) if a.shape[1] > 1 else 0
    parts = []
    if len(good) < total:
        parts.append(f"on {len(good):,} of {total:,} rows by key hash")
    if not good.all():
        parts.append(f"{int((~good).sum())} rows without two finite scores are left out")
    of = f"score of {subjects.class_of(task.classes[most])}" if a.shape[1] > 1 else ""
    return Pairs(
        a, b, most, of, decided, before, rows.y[good],
        rows.weight[good] / float(1 << 20), (rows.unit[good] % np.uint64(GROUPS)).astype(np.int64), "; ".join(parts),
    )  # fmt: skip


def group_sums(pairs: Pairs, *columns: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(groups, 1 + columns) weighted sums, the first of ones; and which groups hold rows."""
    table = np.column_stack([np.ones(len(pairs.weight)), *columns]) * pairs.weight[:, None]
    sums = np.column_stack([np.bincount(pairs.group, weights=t, minlength=GROUPS) for t in table.T])
    return np.asarray(sums, np.float64), np.bincount(pairs.group, minlength=GROUPS) > 0


def widest(pairs: Pairs) -> int:
    """The column in which the prior's scores vary most."""
    mean = np.average(pairs.prior, axis=0, weights=pairs.weight)
    return int(np.average((pairs.prior - mean) ** 2, axis=0, weights=pairs.weight).argmax())


def in_deviations(pairs: Pairs, column: int, unit: int) -> Floats | None:
    """(1 + groups, 3) mean, mean absolute and RMS change of a column of the scores, in standard deviations of the prior's in the
    column `unit`; None where that is constant.
    """
    b = pairs.prior[:, unit]
    d = pairs.candidate[:, column] - pairs.prior[:, column]
    sums, keep = group_sums(pairs, d, np.abs(d), b, b**2, d**2)
    w, total, absolute, s, s2, d2 = np.concatenate([sums.sum(axis=0)[None], leave_one_out(sums, keep)]).T
    variance = s2 / w - (s / w) ** 2
    # not by the variance alone, which rounding makes 1e-16 for a constant of .7
    if np.ptp(b) == 0 or variance[0] <= 0:
        return None
    sd = np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    return np.asarray(np.column_stack([total / w, absolute / w, np.sqrt(d2 / w)]) / sd[:, None])
