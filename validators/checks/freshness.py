"""PIP105: are served values as fresh as researched ones?

How it is measured
------------------
For every feature with a column in `available_at`: its age at the decision (event time less the time at which the value became
known), in `test` and in `serving`, joined by key. `staler_share` is the share of rows whose served value is older than the
researched one by more than `slack_hours`, `served_late_share` the share that became known only after the decision though the researched
one was in time; both with exact upper bounds (for all features together). For information the median age on both sides, the
largest served age, and the share of rows that lack a time. Rows without both times are left out of the shares.

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
from ..stats.parity import Floats
from ..summaries.counted import counted
from ..summaries.pairs import PAIRED, pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`slack_hours`: how much older a served value may be."""

    slack_hours: float = 1.0
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
        yield from _feature(
            name, -pairs.test.lateness[name], -pairs.serving.lateness[name], given.options.slack_hours, level
        )


def _feature(name: str, mine: Floats, theirs: Floats, slack: float, level: float) -> Iterator[Measurement]:
    """`mine` and `theirs` are ages in days."""
    about, both = subjects.feature(name), np.isfinite(mine) & np.isfinite(theirs)
    n = int(both.sum())
    if n == 0:
        yield Measurement(
            metric="staler_share", subject=about, value=None, n=0, note="no row has both times on both sides"
        )
        return
    a, b = mine[both], theirs[both]
    older, late = b - a > slack / 24, (b < 0) & (a >= 0)
    words = f"served older by more than {slack:g} hours"
    more = f", by up to {lasting(float((b - a).max()))}" if older.any() else ""
    for metric, odd, what in (
        ("staler_share", older, f"{words}{more}"),
        ("served_late_share", late, "served from after the decision"),
    ):
        k = int(odd.sum())
        note = f"{name}: {k:,} of {n:,} rows are {what}" if k else f"none of {n:,} rows is {what}"
        yield counted(metric, about, k, n, level=level, note=note)
    for metric, value in (
        ("age_days_test", np.median(a)),
        ("age_days_serving", np.median(b)),
        ("oldest_days_serving", b.max()),
    ):
        yield Measurement(metric=metric, subject=about, value=float(value), n=n)
    if n < len(mine):
        note = f"{len(mine) - n:,} of {len(mine):,} rows lack a time on one side"
        yield Measurement(metric="unknown_age_share", subject=about, value=1 - n / len(mine), n=len(mine), note=note)


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
