"""BIA106: does a regression err to one side for some groups?

How it is measured
------------------
First the size of every group. `residual_gap`: the mean residual (outcome minus prediction) of a group, minus that of the
reference, the largest group of its column, in standard deviations of the outcome; the reference itself is set against all other
groups. Intervals by the jackknife over dependent rows, for all groups together (max-T). For information: the gap of the mean
predictions in standard deviations of the predictions (standardised mean difference), and each group's root mean squared error in
units of the target. A column with one group only, and a group of which no row can be used, has no gap,
and the check cannot pass.

Why it matters
--------------
A price, a limit or a wage that is predicted too low for one group on average is a cost that the group bears every time; the
overall error does not show it. A difference of the predictions alone may be a difference of the outcomes.

What to do
----------
Look for features that mean something else in the group, for outcomes that are recorded differently, and for a transformed target
whose back-transform shifts means where spread is larger.

Sources
-------
Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, on standardised differences; Agarwal, Dudik & Wu (2019),
Fair Regression, ICML.
"""

from collections.abc import Iterator

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.cells import measured
from ..summaries.group_counts import counts_of
from ..summaries.group_rates import Pair, compared, pair_of
from ..summaries.groups import GroupOptions, Partition, contrasts, group_sizes, partitions, undivided
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

SAMPLE = RowSampleKind()


def group_residuals(given: Given) -> Iterator[Measurement]:
    """Sizes, gaps of residuals and of predictions, and errors by group."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, options = scored_rows(sample, given.grid, (CANDIDATE,)), given.options
    if rows.n == 0:
        why = "no row has an outcome and a usable score"
        yield Measurement(metric="residual_gap", subject=subjects.MODEL, value=None, n=0, note=why)
        return
    predicted, gaps, shifts = rows.scores[CANDIDATE][:, 0], list[Pair](), list[Pair]()
    units = _spread(rows.y, rows), _spread(predicted, rows)
    for part in (p.only(rows.where) for p in partitions(sample.rows, options)):
        yield from group_sizes(part, rows.note)
        yield from _errors(rows, part, options)
        yield from undivided(part, "residual_gap")
        for (metric, values), unit, pairs in zip(
            (("residual_gap", rows.y - predicted), ("prediction_gap", predicted)), units, (gaps, shifts), strict=True
        ):
            found = counts_of(rows, part, (values - values.mean()) / unit) if unit > 0 else None
            for c in contrasts(part, options):
                if found is None:
                    n, why = int((part.code == c.group).sum()), "the outcome or the prediction is the same in all rows"
                    yield Measurement(metric=metric, subject=part.subject(c.group), value=None, n=n, note=why)
                else:
                    pairs.append(pair_of(metric, "mean", part, c, found, note=rows.note))
    for pairs in (gaps, shifts):
        yield from compared(pairs, confidence=options.confidence, min_cell=options.min_cell, rng=given.rng)


def _spread(values: Floats, rows: ScoredRows) -> float:
    mean = np.average(values, weights=rows.weight)
    return float(np.average((values - mean) ** 2, weights=rows.weight) ** 0.5)


def _errors(rows: ScoredRows, part: Partition, options: GroupOptions) -> Iterator[Measurement]:
    squared = (rows.y - rows.scores[CANDIDATE][:, 0]) ** 2
    for k in np.flatnonzero(part.sizes() >= options.min_cell):
        inside = part.code == k
        some = rows.only(inside)
        total, w = some.sums(squared[inside], np.ones(some.n)).T
        mean = np.divide(total, w, out=np.full(len(w), np.nan), where=w > 0)
        yield measured("group_rmse", part.subject(int(k)), np.sqrt(mean), some, scale="log")


CHECK = Check(
    code="BIA106",
    family=Family.BIAS,
    title="Residuals by group",
    metrics=("residual_gap", "prediction_gap", "group_rmse", "group_size"),
    needs=Needs(
        roles=(Role.TEST,),
        summaries=(SAMPLE,),
        models=(CANDIDATE,),
        outcomes=True,
        tasks=("regression",),
        declared=("sensitive",),
    ),
    measure=group_residuals,
    doc=__doc__,
    plants=(Plant(metric="residual_gap", fault="outcomes_above", null="regrouped", replicates=10),),
    options=GroupOptions(),
)
