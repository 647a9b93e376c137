"""LEK110: can a learner tell training rows from test rows, and from the rows of a later time?

How it is measured
------------------
Boosted trees learn to tell rows of train from rows of test on one half of the rows, and are scored on the other half; whole entities
or days are in one of them, and there are at most 3,000 rows of each role by key hash. `told_apart` is the area under the ROC curve
of the trees that were fitted; .5 says that both are random parts of one population. Where there is production, the same is asked of
train against production, which is out of time. The interval is by the delete-a-group jackknife; it holds because no row that is
scored helped to fit. Nothing is judged: a split by time is told apart because the world moves.

Why it matters
--------------
Where train and test are random parts of one population, the test says how the model does on more of the same, and nothing about later
days. Where a random split is told apart, something that is no random split was done to the rows.

What to do
----------
With a random split, look at what tells them apart (feature drift names it): a column that was made per file is a leak of the split. With
a split by time, read the test metric together with backtest. Where production is told apart far better than test, the test metric
speaks of rows that production no longer sees.

Sources
-------
Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR; Bates, Hastie & Tibshirani (2024), JASA 119, 1434-1445, on
intervals of cross-validation that are too narrow.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import GROUPS, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.jackknife import jackknife_interval, leave_one_out
from ..stats.ranking import roc_auc_many
from ..summaries.refits import evenly_coded, expected_elsewhere
from ..summaries.row_sample import RowSampleKind

SAMPLE = RowSampleKind()
MIN_ROWS, LEAST_GROUPS = 200, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """At most `rows` of each role; `confidence` of the two-sided interval."""

    rows: int = 3000
    confidence: float = 0.95


def told_apart(given: Given) -> Iterator[Measurement]:
    """Area under the ROC curve of telling test from train, and production from train."""
    for role in (Role.TEST, Role.PRODUCTION):
        if given.has(role, SAMPLE):
            yield _told(given, role, subjects.MODEL if role is Role.TEST else subjects.rows(role.value))


def _told(given: Given, other: Role, subject: str) -> Measurement:
    sides = [given.summary(role, SAMPLE).thin(given.options.rows) for role in (Role.TRAIN, other)]
    n = min(map(len, sides))
    unit = np.concatenate([b.unit for b in sides])
    group = (unit % np.uint64(GROUPS)).astype(np.int64)
    if n < MIN_ROWS or len(np.unique(group)) < LEAST_GROUPS:
        note = f"{n} rows in a role, or too few groups of them; it takes {MIN_ROWS}"
        return Measurement(metric="told_apart", subject=subject, value=None, n=n, note=note)
    label = np.repeat([0, 1], [len(b) for b in sides])
    weight = np.concatenate([b.weight / max(float(b.weight.mean()), 1.0) for b in sides])
    matrix = evenly_coded(sides, given.grid).astype(np.float64)
    learnt = unit // np.uint64(GROUPS) % np.uint64(2) == 0
    if any(len(np.unique(label[part])) < 2 for part in (learnt, ~learnt)):
        note = "the entities or days of one role are too few to be divided in two halves"
        return Measurement(metric="told_apart", subject=subject, value=None, n=n, note=note)
    score = expected_elsewhere(label.astype(np.float64), weight, matrix, learnt)
    label, group, weight = label[~learnt], group[~learnt], weight[~learnt]
    _, place = np.unique(np.round(score, 4), return_inverse=True)
    bins = int(place.max()) + 1
    counts = np.bincount((group * 2 + label) * bins + place, weights=weight, minlength=GROUPS * 2 * bins)
    counts = counts.reshape(GROUPS, 2, bins)
    total = counts.sum(axis=0)
    rest = leave_one_out(counts, counts.sum(axis=(1, 2)) > 0)
    value, level = float(roc_auc_many(total[0], total[1])), given.options.confidence
    ends = jackknife_interval(value, roc_auc_many(rest[:, 0], rest[:, 1]), confidence=level, scale="logit")
    if ends is None:
        return Measurement(metric="told_apart", subject=subject, value=None, n=n, note="no interval on these rows")
    return Measurement(
        metric="told_apart", subject=subject, value=value, low=ends.low, high=ends.high, level=level,
        method="jackknife, on the half not learnt from", n=len(label), n_eff=float(weight.sum() ** 2 / (weight**2).sum()),
        note=f"{len(sides[0]):,} rows of train and {len(sides[1]):,} of {other.value}; half of them taught the trees",
    )  # fmt: skip


CHECK = Check(
    code="LEK110",
    family=Family.LEAKAGE,
    title="Train told from test",
    metrics=("told_apart",),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), optional=(Role.PRODUCTION,), summaries=(SAMPLE,)),
    measure=told_apart,
    doc=__doc__,
    options=Options(),
    slow=True,
)
