"""LEK102: were values known at the time of the decision?

How it is measured
------------------
For every feature with a column in `available_at`, the value of each row, all rows of each role, must have become known no later
than its event time. `late_share` is the share of rows that break this, per role; where none does, the bound of an unseen event is
given. Rows with a value that lack one of the two times are listed apart; where they are more than `most_unknown`, seeing no late row
tells nothing. For information: the candidate's metric on the test rows without any late value, beside that of all rows, and a learner
of our own refitted without the late features, beside the same learner with all.

Why it matters
--------------
A value written after the outcome knows the outcome. The model learns from it, the test agrees, and in production the value is not
there yet when the decision is due. One late row is proof that the join has no clock.

What to do
----------
Rebuild the feature as of the decision time, in every role, and fit again. The metric without the late rows says roughly what
remains.

Sources
-------
Kaufman, Rosset, Perlich & Stitelman (2012), ACM Transactions on Knowledge Discovery from Data 6(4), 15: a legitimate value was
observable before the target.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..core.times import lasting
from ..summaries.cells import measured
from ..summaries.counted import counted
from ..summaries.goodness import goodness
from ..summaries.lateness import Lateness, LatenessKind
from ..summaries.refits import refit_goodness
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import ScoredRows, scored_rows

LATE, SAMPLE = LatenessKind(), RowSampleKind()
CONFIDENCE = 0.95
MIN_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`embargo_days`: how long before the decision a value must have been known.

    `most_unknown`: share of the values without a time beyond which none seen late does not clear a role (house).
    """

    embargo_days: float = 0.0
    most_unknown: float = 0.5


def late_values(given: Given) -> Iterator[Measurement]:
    """Share of rows whose value was known only after the decision, by role and feature."""
    for role in (Role.TRAIN, Role.REFERENCE, Role.TEST, Role.PRODUCTION):
        if given.has(role, LATE):
            held: Lateness = given.summary(role, LATE)
            for name in held.days:
                yield from _shares(held, name, role, given.options)
    yield from _without(given)


def _shares(held: Lateness, name: str, role: Role, options: Options) -> Iterator[Measurement]:
    subject = subjects.join(subjects.feature(name), subjects.rows(role.value))
    known, late, worst = held.counts(name, options.embargo_days)
    total = held.total(name)
    lacking = f"{total - known:,} of {total:,} rows lack one of the two times"
    if known == 0 or (late == 0 and total - known > options.most_unknown * total):
        why = f"{lacking}; none of the others is late" if known else "no row has both times" if total else "no value"
        yield Measurement(metric="late_share", subject=subject, value=None, n=total, note=why)
    else:
        by = f"by up to {lasting(worst + options.embargo_days)}"
        note = f"{late:,} of {known:,} rows, {by}" if late else f"none of {known:,} rows"
        yield counted("late_share", subject, late, known, level=CONFIDENCE, note=note)
    if known < total:
        yield Measurement(
            metric="unknown_time_share", subject=subject, value=1 - known / total, n=total, method="count", note=lacking,
        )  # fmt: skip


def _without(given: Given) -> Iterator[Measurement]:
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    if CANDIDATE not in sample.rows.scores or not sample.rows.lateness:
        return
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    late = np.zeros(rows.n, np.bool_)
    for days in sample.rows.lateness.values():
        late |= days[rows.where] > -given.options.embargo_days
    for metric, kept in (("quality_all_rows", rows), ("quality_without_late", rows.only(~late))):
        values = goodness(kept, kept.scores[CANDIDATE], given.task) if kept.n else np.full(1, np.nan)
        yield measured(metric, subjects.MODEL, values, kept, undefined="undefined on these rows", note=kept.note)
    yield from _refitted(given, sample, rows)


def _refitted(given: Given, sample: RowSample, rows: ScoredRows) -> Iterator[Measurement]:
    """Our own learner with all features, and without those that are late anywhere."""
    late = [f for f, days in sample.rows.lateness.items() if rows.n and (days > -given.options.embargo_days).any()]
    if not late or not given.has(Role.TRAIN, SAMPLE):
        return
    train = given.summary(Role.TRAIN, SAMPLE).rows
    train = take(train, np.flatnonzero(~np.isnan(train.y) & (train.weight > 0)))
    if len(train) < MIN_ROWS:
        return
    there = take(sample.rows, rows.where)
    pairs: tuple[tuple[str, str, list[str]], ...] = (
        ("quality_refitted", subjects.MODEL, []),
        ("quality_without", subjects.features(late), late),
    )
    for metric, subject, left_out in pairs:
        values = refit_goodness(train, there, rows, given.task, given.grid, left_out=left_out)
        yield measured(metric, subject, values, rows, undefined="one class only", note=rows.note)


CHECK = Check(
    code="LEK102",
    family=Family.LEAKAGE,
    title="Values known after the decision",
    metrics=(
        "late_share",
        "unknown_time_share",
        "quality_all_rows",
        "quality_without_late",
        "quality_refitted",
        "quality_without",
    ),
    needs=Needs(
        roles=(Role.TEST,),
        optional=(Role.TRAIN, Role.REFERENCE, Role.PRODUCTION),
        summaries=(LATE, SAMPLE),
        time=True,
        declared=("available_at",),
    ),
    measure=late_values,
    doc=__doc__,
    plants=(Plant(metric="late_share", fault="values_of_later", null="in_time", replicates=3, rows=2000),),
    options=Options(),
)
