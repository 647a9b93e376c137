"""PIP105: are served values as fresh as researched ones?

How it is measured
------------------
For every feature with a column in `available_at`: its age at the decision (event time less the time at which the value became
known), in `test` and in `serving`, joined by key. `staler_share` is the share of rows whose served value is older than the
researched one by more than `slack_hours`, `served_late_share` the share that became known only after the decision though the researched
one was in time; both with exact upper bounds (for all features together). For information the median age on both sides, the
largest served age, and the share of rows with a value on both sides that lack a time. They are left out of the shares; where they are
more than `most_unknown`, seeing no stale row tells nothing.

Why it matters
--------------
Research reads the value that was current at the decision; production reads the one of last night's load. The model learnt from
fresher values than it gets.

What to do
----------
Load more often, or rebuild the research values as of the last load before each decision, and fit again.

Sources
-------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML test score, IEEE Big Data (model staleness and serving skew).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..core.times import lasting
from ..stats.interval import simultaneous_level
from ..summaries.counted import counted
from ..summaries.lateness import valued
from ..summaries.pairs import PAIRED, Pairs, pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`slack_hours`: how much older a served value may be.

    `most_unknown`: share of the values without a time beyond which none seen stale does not clear a feature (house).
    """

    slack_hours: float = 1.0
    most_unknown: float = 0.5
    confidence: float = 0.95


def freshness(given: Given) -> Iterator[Measurement]:
    """Share of rows that are served an older value, or one from after the decision, per feature."""
    pairs = pair(given.summary(Role.TEST, PAIRED), given.summary(Role.SERVING, PAIRED))
    names = [f for f in pairs.test.lateness if f in pairs.serving.lateness]
    for name in (f for f in pairs.test.lateness if f not in names):
        note = "serving has no column that reads as a time, or not the one in available_at"
        yield Measurement(metric="staler_share", subject=subjects.feature(name), value=None, n=len(pairs), note=note)
    level = simultaneous_level(given.options.confidence, 2 * len(names))
    for name in names:
        yield from _feature(name, pairs, given.options, level)


def _feature(name: str, pairs: Pairs, options: Options, level: float) -> Iterator[Measurement]:
    mine, theirs = -pairs.test.lateness[name], -pairs.serving.lateness[name]  # ages in days
    about, both = subjects.feature(name), np.isfinite(mine) & np.isfinite(theirs)
    total = int((both | (valued(pairs.test, name) & valued(pairs.serving, name))).sum())
    n = int(both.sum())
    lacking = f"{total - n:,} of {total:,} rows lack a time on one side"
    if n < total:
        yield Measurement(metric="unknown_age_share", subject=about, value=1 - n / total, n=total, note=lacking)
    if n == 0:
        why = "no row has both times on both sides" if total else "no row has a value on both sides"
        yield Measurement(metric="staler_share", subject=about, value=None, n=total, note=why)
        return
    a, b = mine[both], theirs[both]
    older, late = b - a > options.slack_hours / 24, (b < 0) & (a >= 0)
    words = f"served older by more than {options.slack_hours:g} hours"
    more = f", by up to {lasting(float((b - a).max()))}" if older.any() else ""
    for metric, odd, what in (
        ("staler_share", older, f"{words}{more}"),
        ("served_late_share", late, "served from after the decision"),
    ):
        k = int(odd.sum())
        if k == 0 and total - n > options.most_unknown * total:
            yield Measurement(metric=metric, subject=about, value=None, n=total, note=f"{lacking}; none is {what}")
            continue
        note = f"{name}: {k:,} of {n:,} rows are {what}" if k else f"none of {n:,} rows is {what}"
        yield counted(metric, about, k, n, level=level, note=note)
    for metric, value in (
        ("age_days_test", np.median(a)),
        ("age_days_serving", np.median(b)),
        ("oldest_days_serving", b.max()),
    ):
        yield Measurement(metric=metric, subject=about, value=float(value), n=n)


CHECK = Check(
    code="PIP105",
    family=Family.PIPELINE,
    title="Freshness of served values",
    metrics=(
        "staler_share",
        "served_late_share",
        "age_days_test",
        "age_days_serving",
        "oldest_days_serving",
        "unknown_age_share",
    ),
    needs=Needs(roles=(Role.TEST, Role.SERVING), summaries=(PAIRED,), time=True, declared=("key", "available_at")),
    measure=freshness,
    doc=__doc__,
    plants=(
        Plant(metric="staler_share", fault="stale_values", null="served", into=Role.SERVING, replicates=10),
        Plant(metric="served_late_share", fault="values_of_later", null="served", into=Role.SERVING, replicates=10),
    ),
    options=Options(),
)
