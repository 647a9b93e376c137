"""DRF101: has the distribution of any feature moved against the reference?

How it is measured
------------------
Every feature of test is counted in the bins of the reference (about ten of equal mass for numbers, every level of at least 1 % for text;
missing values, rarer levels together and new levels are bins of their own). The distance between the two histograms is expressed in
sigma: the shift of a normal, in standard deviations, that would give the same distance on those bins. What sampling alone would give is
taken off, and the interval holds for all features together (Bonferroni), so that chance alone makes any feature at all look moved in at
most one run of twenty: fewer false flags than a false discovery rate of .10 would allow. Rows of one entity or one day count as one draw.
Beside it, as information: PSI; for numbers Kolmogorov-Smirnov and Wasserstein (DRF105 puts it in sigma), both on fine bins in which
values count as spread evenly: of a feature with two values Wasserstein is half of what it is; for levels total variation, Jensen-Shannon
and Cramer's V less what chance gives. Where the model can be asked, features outside the top 80 % of its attributions can at most bring
Attention: outside in test and in the reference (else train), for a feature that broke in test moves no score there.

Why it matters
--------------
A model is only known to work on data like those it was tested on. A classical example is a feature that starts to be recorded in
another unit or another population: the scores still look plausible, and are wrong.

What to do
----------
Look at the feature's two histograms first: a moved unit, a new source, a season. If the shift is real and lasting, retrain or
test the model on such data; if it is a defect of the feed, mend the feed.

Sources
-------
Satterthwaite (1946), Biometrics Bulletin 2, 110-114, for the distribution of the distance; Lin, Lucas & Shmueli (2013),
Information Systems Research 24, 906-917, for judging effects rather than p-values on large samples; Bergsma (2013), Journal of the
Korean Statistical Society 42, 323-328, for Cramer's V.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Bins, LevelBins, NumericBins, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.distance import (
    cramers_v_corrected,
    jensen_shannon_distance,
    ks_distance,
    population_stability_index,
    total_variation,
    wasserstein_on_bins,
)
from ..stats.interval import simultaneous_level
from ..stats.sigma import binned_shift
from ..summaries.feature_counts import FeatureCounts, FeatureCountsKind, coarse_counts, rare_together

COUNTS = FeatureCountsKind("all")
DAY = 86_400e9  # nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`important_share`: features up to this share of all attributions matter; the rest can at most warn."""

    important_share: float = 0.8
    confidence: float = 0.95


def distributions(given: Given) -> Iterator[Measurement]:
    """Sigma-equivalent shift of every feature, test against the reference."""
    base = Role.REFERENCE if given.has(Role.REFERENCE, COUNTS) else Role.TRAIN
    expected: FeatureCounts = given.summary(base, COUNTS)
    actual: FeatureCounts = given.summary(Role.TEST, COUNTS)
    shared = [f for f in given.grid.features if f in expected.counts]
    minor = unimportant(given)
    level = simultaneous_level(given.options.confidence, len(shared))
    for name in given.grid.features:
        subject = subjects.feature(name)
        if name not in expected.counts:
            note = f"new feature: {base.value} does not have it in comparable bins"
            yield Measurement(metric="shift_sigma", subject=subject, value=None, n=0, size=0, note=note)
            continue
        bins = given.grid.features[name]
        e, a = expected.weighted(name), actual.weighted(name)
        n = round(min(e.sum(), a.sum()))
        binned = rare_together(coarse_counts(e, bins), coarse_counts(a, bins), bins)
        yield _shift(subject, *binned, n, level, base, minor=name in minor)
        if n and given.asks("psi", "ks", "wasserstein", "total_variation", "jensen_shannon", "cramers_v"):
            date = given.schemas.get(Role.TEST, {}).get(name) == "time"
            yield from _plain_distances(subject, e.sum(axis=0), a.sum(axis=0), bins, n, date=date)


def unimportant(given: Given) -> frozenset[str]:
    """Features outside the given share of the candidate's attributions, in test and before it; none when they are not known."""
    if given.attributions is None:
        return frozenset()
    now, before = given.attributions.shares(CANDIDATE), given.attributions.before
    return _outside(now, given.options.important_share) & _outside(before or now, given.options.important_share)


def _outside(share: Mapping[str, float], important: float) -> frozenset[str]:
    ordered = sorted(share, key=lambda f: -share[f])
    larger = np.cumsum([0.0, *(share[f] for f in ordered)])[:-1]
    return frozenset(f for f, b in zip(ordered, larger, strict=True) if b >= important)


def _shift(
    subject: str,
    e: NDArray[np.float64],
    a: NDArray[np.float64],
    n: int,
    level: float,
    base: Role,
    *,
    minor: bool,
) -> Measurement:
    found = binned_shift(e, a, confidence=level) if n else None
    if found is None:
        note = f"test or {base.value} has fewer than 8 groups of rows"
        return Measurement(metric="shift_sigma", subject=subject, value=None, n=n, note=note, minor=minor)
    return Measurement(
        metric="shift_sigma",
        subject=subject,
        value=found.value,
        low=found.low,
        high=found.high,
        level=level,
        method="noncentral chi-square, jackknife",
        n=n,
        n_eff=float(n),
        minor=minor,
        note=f"against {base.value}" + ("; hardly matters to the model" if minor else ""),
    )


def _plain_distances(
    subject: str, e: NDArray[np.float64], a: NDArray[np.float64], bins: Bins, n: int, *, date: bool
) -> Iterator[Measurement]:
    coarse_e, coarse_a = (coarse_counts(c[None], bins)[0] for c in (e, a))
    psi = population_stability_index(coarse_e, coarse_a)
    yield Measurement(metric="psi", subject=subject, value=psi, n=n)
    if isinstance(bins, NumericBins) and e[:-1].sum() > 0 and a[:-1].sum() > 0:
        yield Measurement(metric="ks", subject=subject, value=ks_distance(e[:-1], a[:-1]), n=n)
        distance = wasserstein_on_bins(e[:-1], a[:-1], bins.cuts) / (DAY if date else 1.0)
        note = "in days" if date else "in units of the feature"
        yield Measurement(metric="wasserstein", subject=subject, value=distance, n=n, note=note)
    if isinstance(bins, LevelBins):
        yield Measurement(metric="total_variation", subject=subject, value=total_variation(e, a), n=n)
        yield Measurement(metric="jensen_shannon", subject=subject, value=jensen_shannon_distance(e, a), n=n)
        v = cramers_v_corrected(np.array([e, a]))
        note = "" if v is not None else "fewer than two levels"
        yield Measurement(metric="cramers_v", subject=subject, value=v, n=n, note=note)


CHECK = Check(
    code="DRF101",
    family=Family.FEATURE_DRIFT,
    title="Feature distributions",
    metrics=(
        "shift_sigma", "psi", "ks", "wasserstein", "total_variation", "jensen_shannon", "cramers_v",
    ),
    needs=Needs(roles=(Role.TEST,), one_of=(Role.REFERENCE, Role.TRAIN), summaries=(COUNTS,), importance=True),
    measure=distributions,
    doc=__doc__,
    plants=(Plant(metric="shift_sigma", fault="feature_shift", null="exchanged"),),
    options=Options(),
)  # fmt: skip
