"""BKT101: does the candidate do as well on production history as on test?

How it is measured
------------------
The ranking metric (AUC; of several classes its mean, without those of under 1 % of the rows that one side holds in under 8 groups
of dependent rows; in regression R2 / 2) on test minus that on all of production, with the interval of the difference of two independent
samples; rows of one day or entity count as one draw.

Why it matters
--------------
A test set is one moment. What a model loses between the test and the months after is what the user of its scores lives with.

What to do
----------
See in the timeline whether the loss came at once, at a date, or step by step; then look at the features that moved by then.

Sources
-------
Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, SIAM.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import normal_interval
from ..summaries.outcomes import OutcomesKind
from ..summaries.quality import quality_of_both, unscored_cells

ALL = OutcomesKind("all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the interval."""

    confidence: float = 0.95


def level(given: Given) -> Iterator[Measurement]:
    """What the candidate (and, for comparison, the prior) loses from test to production."""
    test, production = given.summary(Role.TEST, ALL), given.summary(Role.PRODUCTION, ALL)
    for model in (CANDIDATE, PRIOR):
        if model not in test.sums or model not in production.sums:
            continue
        subject = "model" if model == CANDIDATE else "model | rows:prior"
        metric = "score_lost" if model == CANDIDATE else "score_lost_of_prior"
        a, b = quality_of_both((test, model), (production, model), given.task, given.grid)
        n, size = min(a.n, b.n), min(a.size, b.size)
        variance = a.variance + b.variance
        blank = [
            role for role, held in (("test", test), ("production", production)) if unscored_cells(held, model, least=1)
        ]
        if blank or a.value is None or b.value is None or not np.isfinite(variance):
            note = "test or production lacks groups of rows, or a class in enough of them"
            if blank:
                note = f"most rows of {' and '.join(blank)} have no usable score"
            yield Measurement(metric=metric, subject=subject, value=None, n=n, size=size, note=note)
            continue
        groups = min(len(a.replicates), len(b.replicates))
        found = normal_interval(a.value - b.value, variance**0.5, confidence=given.options.confidence, df=groups - 1)
        yield Measurement(
            metric=metric, subject=subject, value=a.value - b.value, low=found.low, high=found.high,
            level=given.options.confidence, method=f"difference of independent samples, {groups} groups", n=n,
            n_eff=float(n), size=size, note=f"{a.name}: {a.value:.3f} on test, {b.value:.3f} in production",
        )  # fmt: skip


CHECK = Check(
    code="BKT101",
    family=Family.BACKTEST,
    title="Production against test",
    metrics=("score_lost", "score_lost_of_prior"),
    needs=Needs(roles=(Role.PRODUCTION, Role.TEST), summaries=(ALL,), models=(CANDIDATE,), outcomes=True, time=True),
    measure=level,
    doc=__doc__,
    plants=(Plant(metric="score_lost", fault="ranking_lost", null="exchanged", into=Role.PRODUCTION, replicates=10),),
    options=Options(),
)
