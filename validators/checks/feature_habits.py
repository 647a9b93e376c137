"""QUA106: which features are useless, stale, heaped or full of far values?

How it is measured
------------------
For information. On train (else test): `heaping_share`, of features with a hundred distinct whole numbers or more, the share of multiples
of ten beyond the tenth that chance gives; `outlier_share`, rows further than three interquartile ranges from the quartiles (Tukey's far
out). On the latest dated role (production, else test): `stale_days`, how long before the last row the feature stopped changing; 0 unless
a run of one value that long would come once in a million by chance, as often as the value was followed by itself before. Where the model
can be asked, `attribution_share` is the feature's share of the attributions with its jackknife interval, simultaneous over the features;
the note calls it useless where the whole interval lies below the margin.

Why it matters
--------------
A feed that stopped repeats its last value and nothing complains. Heaps are guesses that people round. A useless feature costs a feed,
a contract and an explanation, and breaks the model on the day that it breaks.

What to do
----------
Ask the owner of a stale feed first. Take useless features out at the next refit. Far values: see how the model reacts to them (noise).

Sources
-------
Tukey (1977), Exploratory Data Analysis, section 2D; Heitjan & Rubin (1991), Annals of Statistics 19, 2244-2253, on heaping.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.attributions import Attributions
from ..core.data import CANDIDATE, GROUPS, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.defects import far_out, heaping
from ..stats.interval import simultaneous_level
from ..stats.jackknife import jackknife_interval
from ..summaries.row_sample import RowSampleKind

SAMPLE = RowSampleKind()
MIN_ROWS, CHANCE, LEAST_GROUPS = 100, 1e-6, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`margin` of the share of attributions below which a feature is useless; `confidence` of those intervals together."""

    margin: float = 0.002
    confidence: float = 0.95


def feature_habits(given: Given) -> Iterator[Measurement]:
    """Heaps, far values, stale tails and shares of the attributions."""
    role = Role.TRAIN if given.has(Role.TRAIN, SAMPLE) else Role.TEST
    rows: Batch = given.summary(role, SAMPLE).rows
    for name in given.grid.features:
        yield from _numbers(rows.X[name], subjects.feature(name), role.value)
    dated = next((r for r in (Role.PRODUCTION, Role.TEST) if _has_time(given, r)), None)
    if dated is not None:
        yield from _stale(given, given.summary(dated, SAMPLE).rows, dated.value)
    if given.attributions is not None:
        yield from _useless(given, given.attributions)
    yield Measurement(
        metric="features_read", subject=subjects.MODEL, value=float(len(given.grid.features)), n=len(rows), method="count",
        note=f"{role.value}, {len(rows):,} rows",
    )  # fmt: skip


def _numbers(column: pd.Series, subject: str, where: str) -> Iterator[Measurement]:
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return
    values = column.to_numpy(np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    if len(values) < MIN_ROWS:
        return
    for metric, value in (("heaping_share", heaping(values)), ("outlier_share", far_out(values))):
        if value is not None:
            yield Measurement(metric=metric, subject=subject, value=value, n=len(values), method="count", note=where)


def _has_time(given: Given, role: Role) -> bool:
    return given.has(role, SAMPLE) and given.summary(role, SAMPLE).rows.time is not None


def _stale(given: Given, rows: Batch, where: str) -> Iterator[Measurement]:
    time = rows.time if rows.time is not None else np.zeros(0, "datetime64[ns]")
    known = ~np.isnat(time)
    order = np.lexsort((rows.key[known], time[known]))
    time = time[known][order]
    if len(time) < MIN_ROWS:
        return
    for name in given.grid.features:
        code, _ = pd.factorize(rows.X[name][known].iloc[order], use_na_sentinel=False)
        same = code == code[-1]
        if same.all():
            continue  # a constant is the matter of QUA102
        last = int(np.flatnonzero(~same)[-1])
        tail, again = len(code) - 1 - last, code[1 : last + 1] == code[:last]
        # how often this value was followed by itself, one pseudo-row of how often any was: a value a day is followed by itself all day
        follows = again[same[:last]]
        stays = (float(follows.sum()) + (float(again.mean()) if last else 0.0)) / (len(follows) + 1)
        stale = tail > 1 and tail * np.log(max(stays, 1e-12)) < np.log(CHANCE / len(given.grid.features))
        days = float((time[-1] - time[last]) / np.timedelta64(1, "D")) if stale else 0.0
        note = f"{where}: one value in the last {tail:,} rows" if stale else where
        yield Measurement(
            metric="stale_days", subject=subjects.feature(name), value=days, n=len(code), method="count", note=note
        )


def _useless(given: Given, held: Attributions) -> Iterator[Measurement]:
    group = held.unit % np.uint64(GROUPS)
    members = [[f] for f in held.features]
    sizes = [held.sizes(CANDIDATE, members)]
    sizes += [held.sizes(CANDIDATE, members, group != g) for g in np.unique(group)]
    shares = np.array([s / s.sum() if s.sum() > 0 else np.full(len(s), np.nan) for s in sizes])
    level = simultaneous_level(given.options.confidence, len(members))
    for j, name in enumerate(held.features):
        ends = jackknife_interval(float(shares[0, j]), shares[1:, j], confidence=level)
        if ends is None or not np.isfinite(shares[:, j]).all() or len(shares) <= LEAST_GROUPS:
            continue
        note, earlier = "", held.before.get(name, 0.0)
        if ends.high < given.options.margin:
            note = "useless: the whole interval is below the margin"
        if note and earlier >= given.options.margin:
            note = f"moves no score of test; on earlier rows its share was {earlier:.1%}"
        yield Measurement(
            metric="attribution_share", subject=subjects.feature(name), value=float(shares[0, j]), low=ends.low, high=ends.high,
            level=level, method="jackknife", n=len(held.unit), n_eff=float(len(held.unit)), note=note,
        )  # fmt: skip


CHECK = Check(
    code="QUA106",
    family=Family.QUALITY,
    title="Useless, stale, heaped and far values",
    metrics=("heaping_share", "outlier_share", "stale_days", "attribution_share", "features_read"),
    needs=Needs(
        roles=(), one_of=(Role.TRAIN, Role.TEST), optional=(Role.PRODUCTION,), summaries=(SAMPLE,), importance=True
    ),
    measure=feature_habits,
    doc=__doc__,
    options=Options(),
)
