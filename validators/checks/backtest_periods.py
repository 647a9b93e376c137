"""BKT102: is there a date in production after which the candidate does worse?

How it is measured
------------------
The ranking metric (AUC; in regression R2 / 2) of every period with its own variance. Every date that leaves at least a fifth of
the evidence on each side is tried; the largest fall is reported with an interval that holds for all tried dates at once (largest
statistic, simulated). Beside it, as information: every period of candidate and prior with its interval, the slope per year with
its interval, and whether the periods differ by more than chance (overdispersion).

Why it matters
--------------
A mean over twelve months hides a model that stopped working in the ninth.

What to do
----------
Ask what changed at the date: product, process, source, law. If outcomes stopped following the features, only new data help.

Sources
-------
Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, for the funnel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Grid, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import normal_interval
from ..stats.series import largest_break, overdispersion, weighted_slope
from ..summaries.outcomes import Outcomes, OutcomesKind
from ..summaries.quality import NAME_OF, Quality, quality

BY_PERIOD = OutcomesKind("period")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`min_size`: rows (of the rarer class) that a period needs; `min_share` of the evidence on each side of a break."""

    min_size: int = 15
    min_share: float = 0.2
    confidence: float = 0.95


def periods(given: Given) -> Iterator[Measurement]:
    """The largest break, and what is known of every period."""
    outcomes: Outcomes = given.summary(Role.PRODUCTION, BY_PERIOD)
    spans = [span(given.grid, k) for k in range(len(given.grid.periods) - 1)]
    candidate = by_period(outcomes, CANDIDATE, given)
    yield from _break(candidate, spans, given)
    yield from _slope(candidate, spans, given)
    for model in (CANDIDATE, PRIOR):
        if model not in outcomes.sums:
            continue
        found = candidate if model == CANDIDATE else by_period(outcomes, model, given)
        for k, q in found.items():
            yield _shown(q, spans[k], model, given)


def span(grid: Grid, k: int) -> tuple[date, date]:
    """First and last day of a period."""
    start, after = (p.astype("datetime64[D]").item() for p in grid.periods[k : k + 2])
    return start, after - timedelta(days=1)


def by_period(outcomes: Outcomes, model: str, given: Given) -> dict[int, Quality]:
    """Quality of every period that has enough rows for a variance."""
    held = {k: quality(outcomes, model, given.task, given.grid, k) for k in range(len(outcomes.rows))}
    return {
        k: q
        for k, q in held.items()
        if q.value is not None and q.variance > 0 and np.isfinite(q.variance) and q.size >= given.options.min_size
    }


def _break(found: dict[int, Quality], spans: list[tuple[date, date]], given: Given) -> Iterator[Measurement]:
    held = list(found)
    values = np.array([q.value for q in found.values()], np.float64)
    variances = np.array([q.variance for q in found.values()], np.float64)
    n = sum(q.n for q in found.values())
    result = largest_break(
        values, variances, confidence=given.options.confidence, rng=given.rng, min_share=given.options.min_share
    )
    if result is None:
        note = f"{len(held)} periods have enough rows; a break needs four or more"
        yield Measurement(metric="break_size", subject="model", value=None, n=n, note=note)
        return
    subject = subjects.period(spans[held[result.at]][0], spans[held[-1]][1])
    before, after = values[: result.at].mean(), values[result.at :].mean()
    others = [str(spans[held[k]][0]) for k in result.near if k != result.at]
    dates = f"; dates that fit about as well: {', '.join(others)}" if others else ""
    note = f"{NAME_OF[given.task.type]} {before:.3f} before {spans[held[result.at]][0]}, {after:.3f} after; p {result.p_value:.3g}{dates}"
    yield Measurement(
        metric="break_size", subject=subject, value=-result.difference, low=-result.interval.high,
        high=-result.interval.low, level=given.options.confidence, method="date searched, simultaneous", n=n, n_eff=float(n),
        note=note,
    )  # fmt: skip


def _slope(found: dict[int, Quality], spans: list[tuple[date, date]], given: Given) -> Iterator[Measurement]:
    years = np.array([(spans[k][0] - spans[0][0]).days / 365.25 for k in found], np.float64)
    values = np.array([q.value for q in found.values()], np.float64)
    variances = np.array([q.variance for q in found.values()], np.float64)
    n = sum(q.n for q in found.values())
    slope = weighted_slope(years, values, variances, confidence=given.options.confidence)
    if slope is not None:
        yield Measurement(
            metric="decay_per_year", subject="model", value=-slope.value, low=-slope.interval.high,
            high=-slope.interval.low, level=given.options.confidence, method="weighted least squares, t", n=n, n_eff=float(n),
            note=f"{NAME_OF[given.task.type]} lost per year if the line goes on",
        )  # fmt: skip
    spread = overdispersion(values, variances)
    if spread is not None:
        note = f"1 is chance alone; p {spread.p_value:.3g} that all periods are the same"
        yield Measurement(metric="overdispersion", subject="model", value=spread.phi, n=n, note=note)


def _shown(q: Quality, days: tuple[date, date], model: str, given: Given) -> Measurement:
    subject = subjects.period(*days)
    if model == PRIOR:
        subject = subjects.join(subject, subjects.rows("prior"))
    df = max(len(q.replicates) - 1, 1)
    value = 0.0 if q.value is None else q.value
    found = normal_interval(value, q.variance**0.5, confidence=given.options.confidence, df=df)
    return Measurement(
        metric="period_score", subject=subject, value=value, low=found.low, high=found.high,
        level=given.options.confidence, method=f"jackknife over {df + 1} groups", n=q.n, n_eff=float(q.n), size=q.size,
        note=NAME_OF[given.task.type],
    )  # fmt: skip


CHECK = Check(
    code="BKT102",
    family=Family.BACKTEST,
    title="Periods, break and slope",
    metrics=("break_size", "decay_per_year", "overdispersion", "period_score"),
    needs=Needs(roles=(Role.PRODUCTION,), summaries=(BY_PERIOD,), models=(CANDIDATE,), outcomes=True, time=True),
    measure=periods,
    doc=__doc__,
    options=Options(),
)
