"""STR105: are rows asked about that are unlike any that the model has seen?

How it is measured
------------------
Two views of the rows of test and production against train, both for information. `beyond_range` is the share of rows with at least
one value outside the range of train (numbers) or with a level that train does not have, as a whole and by feature; `beyond_support`
is the share of rows that lie farther from train than 99 in 100 training rows do: distance to the fifth nearest row of one half of
train (at most 2,000 rows each, standardised, levels as flags), with the limit set by the other half, so about 1 % is what chance
gives. Halves, and the jackknife intervals, keep rows of one entity or day together.

Why it matters
--------------
Outside of what it has seen a model still answers, without a sign that it guesses: trees stay flat, linear models run on. No metric
on the test rows tells about such rows if there are none of them in test.

What to do
----------
Look at the features named here, and at the rows. Collect such rows, or send them to a person in operation.

Sources
-------
Ramaswamy, Rastogi & Shim (2000), SIGMOD, 427-438, on outliers by the distance to the k-th nearest neighbour.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import GROUPS, WEIGHT_ONE, Batch, LevelBins, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.jackknife import jackknife_interval, leave_one_out
from ..stats.proportions import zero_event_upper_bound
from ..summaries.learners import learn_encoding
from ..summaries.row_sample import RowSample, RowSampleKind, take

SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of each half of train and of each other role; `neighbour` whose distance counts; `quantile` of train that is far."""

    max_rows: int = 2000
    neighbour: int = 5
    quantile: float = 0.99
    confidence: float = 0.95


def support(given: Given) -> Iterator[Measurement]:
    """Rows outside the range and far from the rows of train, by role."""
    train: RowSample = given.summary(Role.TRAIN, SAMPLE)
    for role in (Role.TEST, Role.PRODUCTION):
        if given.has(role, SAMPLE):
            sample: RowSample = given.summary(role, SAMPLE)
            yield from _range(given, train, sample, role)
            yield _distance(given, train, sample, role)


def _range(given: Given, train: RowSample, sample: RowSample, role: Role) -> Iterator[Measurement]:
    place, options = subjects.rows(role.value), given.options
    if not len(train.rows) or not len(sample.rows):
        yield Measurement(metric="beyond_range", subject=place, value=None, n=len(sample.rows), note="no rows")
        return
    outside = {name: _outside(train.rows, sample.rows, name, given) for name in given.grid.features}
    either = np.logical_or.reduce(list(outside.values())) if outside else np.zeros(len(sample.rows), np.bool_)
    note = f"train: {len(train.rows):,} of {train.total:,} rows by key hash" if len(train.rows) < train.total else ""
    yield _share("beyond_range", place, either, sample.rows, options.confidence, note)
    for name, rows in outside.items():
        if rows.any():
            subject = subjects.join(subjects.feature(name), place)
            yield _share("beyond_range", subject, rows, sample.rows, options.confidence, note)


def _outside(train: Batch, rows: Batch, name: str, given: Given) -> NDArray[np.bool_]:
    """Rows whose value is beyond the range of train, or a level that it does not have; missing values are another question."""
    bins = given.grid.features[name]
    if isinstance(bins, LevelBins) or not pd.api.types.is_numeric_dtype(train.X[name]):
        levels = set(train.X[name].astype(object).map(str))
        return np.asarray(~rows.X[name].astype(object).map(str).isin(levels) & rows.X[name].notna(), np.bool_)
    seen, asked = (b.X[name].to_numpy(np.float64, na_value=np.nan) for b in (train, rows))
    known = seen[np.isfinite(seen)]
    if not len(known):
        return np.zeros(len(rows), np.bool_)
    return np.asarray((asked < known.min()) | (asked > known.max()))


def _distance(given: Given, train: RowSample, sample: RowSample, role: Role) -> Measurement:
    from sklearn.neighbors import NearestNeighbors

    place, options = subjects.rows(role.value), given.options
    half = train.rows.unit // np.uint64(GROUPS) % np.uint64(2) == 0
    near, far = (take(train.rows, np.flatnonzero(side)[: options.max_rows]) for side in (half, ~half))
    rows = sample.thin(options.max_rows)
    if min(len(near), len(far)) < 100 or not len(rows):
        why = f"{len(train.rows)} rows of train and {len(rows)} of {role.value}; it takes 200 and one"
        return Measurement(metric="beyond_support", subject=place, value=None, n=len(rows), note=why)
    encode = learn_encoding(near, given.grid)
    index = NearestNeighbors(n_neighbors=options.neighbour, algorithm="brute").fit(encode(near, given.grid))
    usual, asked = (index.kneighbors(encode(b, given.grid))[0][:, -1] for b in (far, rows))
    limit = float(np.quantile(usual, options.quantile, method="higher"))
    note = (
        f"farther than {options.quantile:.0%} of train are from each other; on {len(rows):,} of {sample.total:,} rows"
    )
    return _share("beyond_support", place, asked > limit * (1 + 1e-9), rows, options.confidence, note)


def _share(
    metric: str, subject: str, inside: NDArray[np.bool_], rows: Batch, confidence: float, note: str
) -> Measurement:
    weight, n = rows.weight / WEIGHT_ONE, len(rows)
    group = (rows.unit % np.uint64(GROUPS)).astype(np.int64)
    sums = np.column_stack([np.bincount(group, weights=weight * v, minlength=GROUPS) for v in (inside, np.ones(n))])
    total = np.concatenate([sums.sum(axis=0)[None], leave_one_out(sums, sums[:, 1] > 0)])
    if not total[0, 1] > 0:
        return Measurement(metric=metric, subject=subject, value=None, n=n, note="no row has weight")
    if not total[0, 0]:
        return Measurement(
            metric=metric, subject=subject, value=0.0, high=zero_event_upper_bound(n, confidence=confidence), level=confidence,
            method="count", n=n, n_eff=float(n), note=note,
        )  # fmt: skip
    shares = np.divide(total[:, 0], total[:, 1], out=np.full(len(total), np.nan), where=total[:, 1] > 0)
    ends = jackknife_interval(float(shares[0]), shares[1:], confidence=confidence, scale="logit")
    if ends is None:
        why = f"fewer than 8 groups of rows; the share on these rows is {shares[0]:.4g}"
        return Measurement(metric=metric, subject=subject, value=None, n=n, note=why)
    n_eff = float(weight.sum()) ** 2 / float((weight**2).sum())
    return Measurement(
        metric=metric, subject=subject, value=float(shares[0]), low=ends.low, high=ends.high, level=confidence,
        method=f"jackknife over {len(shares) - 1} groups, logit scale", n=n, n_eff=n_eff, note=note,
    )  # fmt: skip


CHECK = Check(
    code="STR105",
    family=Family.STRESS,
    title="Support of train",
    metrics=("beyond_range", "beyond_support"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), optional=(Role.PRODUCTION,), summaries=(SAMPLE,)),
    measure=support,
    doc=__doc__,
    options=Options(),
)
