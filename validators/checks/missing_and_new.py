"""DRF102: do values go missing more often, or do levels turn up that the reference never had?

How it is measured
------------------
Per feature: share of missing values in test minus that in the reference, and share of test rows whose level the reference does
not have, minus the share of reference rows whose level no other row of it has (of no other entity or day, where rows depend on each
other): so many new levels are to be expected where levels are open, as names of employers or places are. Newcombe's intervals on
effective rows, held for all features together; half the reference's rows count for new levels, since what is expected is told by
the rarest levels alone. Where nothing was seen on either side the bound of an unseen event is given, of rows as
if they were independent: how much entities or days share cannot be told from what was not seen.

Why it matters
--------------
A feed that breaks shows first as missing values and unknown codes; a model scores such rows all the same, often with a default
that nobody chose.

What to do
----------
Ask the owner of the source what changed on which day. Decide what the model shall do with such rows, and test that.

Sources
-------
Newcombe (1998), Statistics in Medicine 17, 873-890, method 10, for the difference of proportions; Good (1953), Biometrika 40,
237-264, for the share of levels seen once as the share to be expected of unseen ones; Esty (1983), Annals of Statistics 11, 905-912,
for its variance, (n1 + 2 n2) / n**2 at most, where counts alone give n1 / n**2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import LevelBins, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.jackknife import MIN_GROUPS, effective_n, jackknife_variance, leave_one_out, student_rows
from ..stats.proportions import newcombe_interval, zero_event_upper_bound
from ..summaries.feature_counts import FeatureCounts, FeatureCountsKind

COUNTS = FeatureCountsKind("all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of all intervals together."""

    confidence: float = 0.95


def missing_and_new(given: Given) -> Iterator[Measurement]:
    """Missing-rate difference and mass of new levels of every feature."""
    base = Role.REFERENCE if given.has(Role.REFERENCE, COUNTS) else Role.TRAIN
    expected: FeatureCounts = given.summary(base, COUNTS)
    actual: FeatureCounts = given.summary(Role.TEST, COUNTS)
    shared = [f for f in given.grid.features if f in expected.counts]
    levels = [f for f in shared if isinstance(given.grid.features[f], LevelBins)]
    confidence = simultaneous_level(given.options.confidence, len(shared) + len(levels))
    independent = given.grid.grouping == "row" and "weight" not in given.declared
    for name in shared:
        bins = given.grid.features[name]
        e, a = expected.weighted(name), actual.weighted(name)
        yield _difference(
            "missing_difference", subjects.feature(name), e, a, bins.missing, confidence, independent=independent
        )
        if isinstance(bins, LevelBins):
            yield _difference(
                "new_level_mass", subjects.feature(name), e, a, bins.new, confidence, independent=independent, told_by=0.5
            )  # fmt: skip


def _difference(
    metric: str,
    subject: str,
    e: NDArray[np.float64],
    a: NDArray[np.float64],
    place: int,
    confidence: float,
    *,
    independent: bool,
    told_by: float = 1.0,
) -> Measurement:
    """Share of one bin in test minus that in the reference: Newcombe's interval on effective rows, `told_by` of the reference's."""
    n = round(min(e.sum(), a.sum()))
    if min((e.sum(axis=1) > 0).sum(), (a.sum(axis=1) > 0).sum()) < MIN_GROUPS:
        return Measurement(metric=metric, subject=subject, value=None, n=n, note="fewer than 8 groups of rows")
    (p_e, n_e), (p_a, n_a) = (_share(held, place, confidence, independent=independent) for held in (e, a))
    if p_a == 0 and p_e == 0:
        bound = zero_event_upper_bound(float(a.sum()), confidence=confidence)
        note = f"none seen in either; the rate in test is below {bound:.2g}"
        return Measurement(
            metric=metric, subject=subject, value=0.0, high=bound, level=confidence, n=n, n_eff=float(min(e.sum(), a.sum())), note=note
        )  # fmt: skip
    found = newcombe_interval(p_a, n_a, p_e, n_e * told_by, confidence=confidence)
    return Measurement(
        metric=metric,
        subject=subject,
        value=p_a - p_e,
        low=found.low,
        high=found.high,
        level=confidence,
        method="Newcombe, effective rows",
        n=n,
        n_eff=min(n_e, n_a),
        note=f"{p_e:.2%} before, {p_a:.2%} now",
    )


def _share(counts: NDArray[np.float64], place: int, confidence: float, *, independent: bool) -> tuple[float, float]:
    """Share of a bin, and on how many independent rows an interval of it rests."""
    total = float(counts.sum())
    p = float(counts[:, place].sum() / total)
    if independent:
        return p, total
    rest = leave_one_out(counts, counts.sum(axis=1) > 0)
    variance = float(jackknife_variance(rest[:, place] / rest.sum(axis=1)))
    return p, student_rows(effective_n(p, variance, total), len(rest), confidence=confidence)


CHECK = Check(
    code="DRF102",
    family=Family.FEATURE_DRIFT,
    title="Missing values and new levels",
    metrics=("missing_difference", "new_level_mass"),
    needs=Needs(roles=(Role.TEST,), one_of=(Role.REFERENCE, Role.TRAIN), summaries=(COUNTS,)),
    measure=missing_and_new,
    doc=__doc__,
    plants=(
        Plant(metric="missing_difference", fault="missing_values", null="exchanged"),
        Plant(metric="new_level_mass", fault="new_levels", null="exchanged"),
    ),
    options=Options(),
)
