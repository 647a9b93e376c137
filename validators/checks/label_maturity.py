"""QUA104: had the outcomes time to happen?

How it is measured
------------------
With `label_time` (when the outcome of a row was read) and `label_horizon` (how long an outcome takes) declared, a row is immature
when it was read before its event time plus the horizon. `immature_share` per role, on the sample; where none is, the bound of an
unseen event. For information: the candidate's metric with and without the immature test rows.

Why it matters
--------------
The default of a loan granted last week has not happened yet, so it is recorded as good. Recent rows look better than they are, in
the test and in every backtest, and the model learns that recent people do not default.

What to do
----------
Cut the data at the extract date minus the horizon, or wait. Where recent rows are needed, use a model of the time to the event.

Sources
-------
Siddiqi (2017), Intelligent Credit Scoring, 2nd ed., Wiley, chapter 4, on performance windows.
"""

from collections.abc import Iterator

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import count_upper_bound
from ..summaries.cells import measured
from ..summaries.goodness import goodness
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import scored_rows

SAMPLE = RowSampleKind()
CONFIDENCE = 0.95


def label_maturity(given: Given) -> Iterator[Measurement]:
    """Share of rows read too early, by role, and the metric without them."""
    for role in (Role.TRAIN, Role.TEST, Role.REFERENCE, Role.PRODUCTION):
        if given.has(role, SAMPLE):
            yield _share(role, given.summary(role, SAMPLE))
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    if sample.rows.immature is None or CANDIDATE not in sample.rows.scores:
        return
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    mature = ~sample.rows.immature[rows.where]
    for metric, kept in (("quality_all_rows", rows), ("quality_mature_rows", rows.only(mature))):
        values = goodness(kept, kept.scores[CANDIDATE], given.task) if kept.n else np.full(1, np.nan)
        yield measured(metric, subjects.MODEL, values, kept, undefined="undefined on these rows", note=kept.note)


def _share(role: Role, sample: RowSample) -> Measurement:
    subject, n = subjects.rows(role.value), len(sample.rows)
    if sample.rows.immature is None or n == 0:
        why = "no rows" if n == 0 else "the role lacks label_time"
        return Measurement(metric="immature_share", subject=subject, value=None, n=n, size=0.0, note=why)
    count = int(sample.rows.immature.sum())
    return Measurement(
        metric="immature_share", subject=subject, value=count / n, n=n, level=CONFIDENCE, method="count",
        high=count_upper_bound(count, n, confidence=CONFIDENCE), note=f"{count:,} of {n:,} rows",
    )  # fmt: skip


CHECK = Check(
    code="QUA104",
    family=Family.QUALITY,
    title="Immature outcomes",
    metrics=("immature_share", "quality_all_rows", "quality_mature_rows"),
    needs=Needs(
        roles=(Role.TEST,),
        optional=(Role.TRAIN, Role.REFERENCE, Role.PRODUCTION),
        summaries=(SAMPLE,),
        time=True,
        declared=("label_time", "label_horizon"),
    ),
    measure=label_maturity,
    doc=__doc__,
    plants=(Plant(metric="immature_share", fault="read_too_early", null="matured", replicates=5),),
)
