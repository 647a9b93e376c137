"""DRF104: how have the features moved since, period by period of production?

How it is measured
------------------
The shift in sigma of DRF101 for every feature and every period of production, against the reference (else train). A trend per
feature: the shift of the last three periods together. Intervals hold for all features of that last stretch. The house policies set no
limit here: history moves with seasons and the calendar under sound models too (sound production of bike hire and hotels moves by two
and three sigma in some features); what it does to the scores is judged in the backtest.

Why it matters
--------------
A slow drift passes every month-on-month comparison. Against the data that the model was validated on, it adds up.

What to do
----------
Find the period in which the feature left the limit, and what changed in the process then.

Sources
-------
As DRF101.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import Grid, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.sigma import binned_shift
from ..summaries.feature_counts import FeatureCounts, FeatureCountsKind, coarse_counts, rare_together

ALL, BY_PERIOD = FeatureCountsKind("all"), FeatureCountsKind("period")
LATEST = "rows:latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`latest`: how many periods at the end are judged together; `min_rows` of a period that is shown."""

    latest: int = 3
    min_rows: int = 50
    confidence: float = 0.95


def production_drift(given: Given) -> Iterator[Measurement]:
    """Shift of every feature by period, and over the latest periods."""
    base = next((r for r in (Role.REFERENCE, Role.TRAIN) if given.has(r, ALL)), Role.TEST)
    expected: FeatureCounts = given.summary(base, ALL)
    actual: FeatureCounts = given.summary(Role.PRODUCTION, BY_PERIOD)
    shared = [f for f in given.grid.features if f in expected.counts]
    level = simultaneous_level(given.options.confidence, len(shared))
    for name in shared:
        bins = given.grid.features[name]
        e = coarse_counts(expected.weighted(name), bins)
        periods = [actual.weighted(name, k) for k in range(actual.counts[name].shape[0])]
        filled = [k for k, p in enumerate(periods) if p.sum() >= given.options.min_rows]
        last = filled[-given.options.latest :]
        if last:
            whole = np.sum([periods[k] for k in last], axis=0)
            subject = subjects.join(subjects.feature(name), LATEST)
            yield _measured("latest_shift_sigma", subject, *rare_together(e, whole, bins), level, base)
        for k in filled:
            subject = subjects.join(subjects.feature(name), period_of(given.grid, k))
            binned = rare_together(e, periods[k], bins)
            yield _measured("shift_sigma", subject, *binned, given.options.confidence, base)


def period_of(grid: Grid, k: int) -> str:
    """Subject of a period; its last day belongs to it."""
    start, after = (p.astype("datetime64[D]").item() for p in grid.periods[k : k + 2])
    return subjects.period(start, after - timedelta(days=1))


def _measured(
    metric: str, subject: str, e: NDArray[np.float64], a: NDArray[np.float64], level: float, base: Role
) -> Measurement:
    n = round(float(min(e.sum(), a.sum())))
    found = binned_shift(e, a, confidence=level)
    if found is None:
        note = "fewer than 8 groups of dependent rows"
        return Measurement(metric=metric, subject=subject, value=None, n=n, note=note)
    return Measurement(
        metric=metric, subject=subject, value=found.value, low=found.low, high=found.high, level=level,
        method="noncentral chi-square, jackknife", n=n, n_eff=float(n), note=f"against {base.value}",
    )  # fmt: skip


CHECK = Check(
    code="DRF104",
    family=Family.FEATURE_DRIFT,
    title="Production by period",
    metrics=("latest_shift_sigma", "shift_sigma"),
    needs=Needs(
        roles=(Role.PRODUCTION,),
        optional=(Role.REFERENCE, Role.TRAIN, Role.TEST),
        summaries=(ALL, BY_PERIOD),
        time=True,
    ),
    measure=production_drift,
    doc=__doc__,
    plants=(Plant(metric="latest_shift_sigma", fault="latest_shift", null="shuffled_in_time", into=Role.PRODUCTION),),
    options=Options(),
)
