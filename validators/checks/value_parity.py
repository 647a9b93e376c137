"""PIP103: does production compute the same values, and if not, what does it do instead?

How it is measured
------------------
Rows of `test` and `serving` are joined by key. Numbers agree when |research - served| <= atol + rtol |served| (single precision
agrees); whole numbers of a feature that has no others when they are the same (within atol; where they were served in single precision, in
it); times when they lie within a millisecond (in UTC), a missing value with a missing value only, texts in Unicode form NFC.
`rows_differ` is the share of rows in which any feature differs, `mismatch_rate` that of each feature, with exact upper bounds (for all
features together); where nothing differs the bound of an unseen event says what these rows could have missed. All rows are compared up to
200,000, beyond that those with the smallest key hashes, and the note says so.
The differing rows are then explained: nulls and fills, swapped or copied columns, time zone, unit factor, offset, rounding, truncation,
lag or stale copy, periods or levels moved in their order, permuted codes, a line, case and blanks, rows in another order.
`explained_share` is the share of the differing rows that a named cause reproduces within tolerance. A fault of only one period or level is
named with it.

Why it matters
--------------
The model was tested on research values and decides on served ones. A unit, a default or a join that differs turns a good model
into a wrong one without any error, and no drift report says why.

What to do
----------
Mend the named difference in the serving code, or compute both sides with one code, and export `serving` again.

Sources
-------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML test score, IEEE Big Data (training-serving skew); Breck, Polyzotis, Roy,
Whang & Zinkevich (2019), Data validation for machine learning, MLSys; Clopper & Pearson (1934), Biometrika 26, 404-413.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.causes import Levels
from ..stats.interval import simultaneous_level
from ..stats.numeric_causes import told
from ..stats.proportions import count_upper_bound
from ..summaries.counted import counted
from ..summaries.pairs import PAIRED, Pairs, pair
from ..summaries.parity import Column, column_of, diagnosed, levels_of, where


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`atol` and `rtol` of equal numbers (whole ones: `atol` alone); `drawn`: features with values of both sides kept by bin; `bins`."""

    atol: float = 1e-9
    rtol: float = 1e-6
    drawn: int = 6
    bins: int = 20
    confidence: float = 0.95


def value_parity(given: Given) -> Iterator[Measurement]:
    """Share of rows that differ, in any feature and in each, and why."""
    pairs = pair(given.summary(Role.TEST, PAIRED), given.summary(Role.SERVING, PAIRED))
    served = given.schemas.get(Role.SERVING)
    names = [str(f) for f in pairs.test.X if served is None or f in served]
    if not len(pairs) or not names:
        note = "no feature is served" if len(pairs) else "no key of test is in serving"
        yield Measurement(metric="rows_differ", subject=subjects.MODEL, value=None, n=0, note=note)
        return
    options: Options = given.options
    columns = {f: column_of(pairs, f, atol=options.atol, rtol=options.rtol) for f in names}
    yield _any(columns, pairs, options)
    worst = sorted((c for c in columns.values() if c.differs.any()), key=lambda c: -int(c.differs.sum()))
    level = simultaneous_level(options.confidence, len(columns))
    for column in columns.values():
        if not column.differs.any():
            yield _rate(column, pairs, level, f"none of {len(pairs):,} rows differs")
    levels = levels_of(columns, pairs) if worst else {}
    for column in worst:
        yield from _explained(column, columns, levels, pairs, level)
    for column in [c for c in worst if c.numeric][: options.drawn]:
        yield from _binned(column, options.bins)
    for column in worst[: options.drawn]:
        yield from _by_month(column, pairs)


def _any(columns: Mapping[str, Column], pairs: Pairs, options: Options) -> Measurement:
    wrong = np.zeros(len(pairs), np.bool_)
    for column in columns.values():
        wrong |= column.differs
    k, n = int(wrong.sum()), len(pairs)
    bound = count_upper_bound(k, n, confidence=options.confidence)
    note = f"no row differs in any of {len(columns)} features: fewer than {bound:.2g} of the rows do; {pairs.note}"
    if k:
        named = sorted((c for c in columns.values() if c.differs.any()), key=lambda c: -int(c.differs.sum()))
        listed = ", ".join(f"{c.name} ({int(c.differs.sum()):,})" for c in named[:8])
        note = f"{k:,} of {n:,} rows differ: {listed}{', ...' if len(named) > 8 else ''}; {pairs.note}"
    return counted("rows_differ", subjects.MODEL, k, n, level=options.confidence, note=note)


def _rate(column: Column, pairs: Pairs, level: float, note: str) -> Measurement:
    k, n = int(column.differs.sum()), len(pairs)
    return counted("mismatch_rate", subjects.feature(column.name), k, n, level=level, note=note)


def _explained(
    column: Column, columns: Mapping[str, Column], levels: Mapping[str, Levels], pairs: Pairs, level: float
) -> Iterator[Measurement]:
    causes = diagnosed(column, columns, pairs)
    k = int(column.differs.sum())
    seen = min(k, len(causes[0].rows)) if causes else k
    left = seen - sum(int(c.rows.sum()) for c in causes)
    parts = [c.words if len(causes) == 1 and left == 0 else f"{c.words} ({int(c.rows.sum()):,} rows)" for c in causes]
    parts += [f"{left:,} rows without a named cause"] if causes and left else []
    parts = parts or ["no single cause explains the difference"]
    place = where(column.differs, column, levels, pairs)
    words = f"{column.name}: {'; '.join(parts)}" + (f"; only {place}" if place else "")
    yield _rate(column, pairs, level, f"{words}; {k:,} of {len(pairs):,} rows differ")
    for i, cause in enumerate(causes):
        again = sum(other.kind == cause.kind for other in causes[:i])
        word = f"{cause.kind}_{again + 1}" if again else cause.kind
        about = subjects.join(subjects.feature(column.name), subjects.rows(word))
        note = cause.words + (f"; only {place}" if place else "")
        yield Measurement(metric="explained_share", subject=about, value=cause.share, n=seen, method="count", note=note)
        for metric, value in (("unit_factor", cause.factor), ("offset", cause.offset)):
            if value is not None:
                yield Measurement(metric=metric, subject=about, value=value, n=int(cause.rows.sum()), note=note)


def _binned(column: Column, bins: int) -> Iterator[Measurement]:
    """Medians of research and served values, by equal shares of the researched ones: what the chart draws."""
    ok = np.isfinite(column.research) & np.isfinite(column.served)
    if not ok.any():
        return
    a, b = column.research[ok], column.served[ok]
    order = np.argsort(a, kind="stable")
    for i, rows in enumerate(np.array_split(order, min(bins, len(order))), 1):
        about = subjects.join(subjects.feature(column.name), subjects.rows(f"bin_{i:02d}"))
        for metric, values in (("research_value", a[rows]), ("served_value", b[rows])):
            middle = float(np.median(values))
            yield Measurement(
                metric=metric,
                subject=about,
                value=middle,
                n=len(rows),
                method="median",
                note=told(middle, time=True) if column.time else "",
            )


def _by_month(column: Column, pairs: Pairs) -> Iterator[Measurement]:
    """Share of rows that differ, by calendar month."""
    if pairs.test.time is None:
        return
    months = pairs.test.time.astype("datetime64[M]")
    for month in np.unique(months[~np.isnat(months)])[:36]:
        rows = months == month
        start: date = month.astype("datetime64[D]").item()
        end: date = ((month + 1).astype("datetime64[D]") - 1).item()
        about = subjects.join(subjects.feature(column.name), subjects.period(start, end))
        share = float(column.differs[rows].mean())
        yield Measurement(metric="mismatch_in_month", subject=about, value=share, n=int(rows.sum()), method="count")


CHECK = Check(
    code="PIP103",
    family=Family.PIPELINE,
    title="Same values in research and production",
    metrics=(
        "rows_differ",
        "mismatch_rate",
        "explained_share",
        "unit_factor",
        "offset",
        "research_value",
        "served_value",
        "mismatch_in_month",
    ),
    needs=Needs(roles=(Role.TEST, Role.SERVING), summaries=(PAIRED,), declared=("key",)),
    measure=value_parity,
    doc=__doc__,
    plants=(
        Plant(metric="rows_differ", fault="other_values", null="served", into=Role.SERVING, replicates=10, rows=5000),
    ),
    options=Options(),
)
