"""QUA104: had the outcomes time to happen?

How it is measured
------------------
With `label_time` (when the outcome of a row was read) and `label_horizon` (how long an outcome takes) declared, a row is immature
when it was read before its event time plus the horizon. `immature_share` per role, of the sampled rows that have both times; where
none is, the bound of an unseen event. Rows with an outcome and without one of the times are unknown: the note tells their share, and
where they are more than `most_unknown` of those that were asked, finding no immature row tells nothing. For information: the
candidate's metric on all test rows, and on those that are known to be mature.

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
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.cells import measured
from ..summaries.counted import counted
from ..summaries.goodness import goodness
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import scored_rows

SAMPLE = RowSampleKind()
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`most_unknown`: share of the outcomes without a time beyond which none seen does not clear a role (house)."""

    most_unknown: float = 0.5


def label_maturity(given: Given) -> Iterator[Measurement]:
    """Share of rows read too early, by role, and the metric without them."""
    for role in (Role.TRAIN, Role.TEST, Role.REFERENCE, Role.PRODUCTION):
        if given.has(role, SAMPLE):
            yield _share(role, given.summary(role, SAMPLE), given.options.most_unknown)
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    if sample.rows.immature is None or CANDIDATE not in sample.rows.scores:
        return
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    mature = sample.rows.immature[rows.where] == 0
    for metric, kept in (("quality_all_rows", rows), ("quality_mature_rows", rows.only(mature))):
        values = goodness(kept, kept.scores[CANDIDATE], given.task) if kept.n else np.full(1, np.nan)
        yield measured(metric, subjects.MODEL, values, kept, undefined="undefined on these rows", note=kept.note)


def _share(role: Role, sample: RowSample, most_unknown: float) -> Measurement:
    subject, rows = subjects.rows(role.value), sample.rows
    if rows.immature is None or len(rows) == 0:
        why = "no rows" if len(rows) == 0 else "the role lacks label_time"
        return Measurement(metric="immature_share", subject=subject, value=None, n=len(rows), size=0.0, note=why)
    known = ~np.isnan(rows.immature)
    asked, n, count = int((known | ~np.isnan(rows.y)).sum()), int(known.sum()), int((rows.immature == 1).sum())
    lacking = f"{asked - n:,} of {asked:,} outcomes lack label_time or the time of the event"
    if n == 0 or (count == 0 and asked - n > most_unknown * asked):
        why = f"{lacking}; none of the others is immature" if n else lacking if asked else "no row has an outcome"
        return Measurement(metric="immature_share", subject=subject, value=None, n=asked, note=why)
    note = f"{count:,} of {n:,} rows" + (f"; {lacking}" if n < asked else "")
    return counted("immature_share", subject, count, n, level=CONFIDENCE, note=note)


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
    options=Options(),
)
