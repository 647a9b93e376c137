"""BKT102: is there a date in production after which the candidate does worse?

How it is measured
------------------
The ranking metric (AUC, on 256 bins of the score, of several classes the mean, without those of under 1 % of the rows that are too few
in periods with over a fifth of them; in regression R2 / 2) of every period with its own variance. Every date that leaves at
least a fifth of the rows (of the rarer class) on each side is tried; the largest fall (in standard errors) is reported with an interval
that holds for all tried dates at once (largest statistic, simulated); the note says where it is the first or last of them, for the break
may then lie beyond. Beside it, as information: every period of candidate and prior with its interval; the slope per year by least squares
weighted with each period's precision, its interval the wider of two (scaled up by what the line leaves unexplained; and holding when
periods are correlated in time), and Theil and Sen's slope, which single odd periods cannot pull; where the score surely falls, the date at
which the line has lost `fall`; and whether the periods differ by more than chance (overdispersion), with the number of periods beyond the
99.8 % limits of a funnel that is widened by it; and how many periods have too few rows, days or entities for an interval, which no number
above knows of. Where most rows of a period that is large enough have no usable score, nothing can be told of a break. A period in which
the score ranks all rows alike, or perfectly, has no variance of its own: it takes the one that the other periods have at its size.

Why it matters
--------------
A mean over twelve months hides a model that stopped working in the ninth.

What to do
----------
Ask what changed at the date: product, process, source, law. If outcomes stopped following the features, only new data help.

Sources
-------
Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, for the funnel; Newey & West (1987), Econometrica 55, 703-708; Sen (1968),
JASA 63, 1379-1389.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Grid, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import normal_interval
from ..stats.jackknife import MIN_GROUPS
from ..stats.series import (
    funnel_limits,
    hac_slope,
    largest_break,
    overdispersion,
    theil_sen,
    theil_sen_interval,
    weighted_slope,
)
from ..summaries.outcomes import Outcomes, OutcomesKind
from ..summaries.quality import NAME_OF, Quality, classes_of_cells, quality_by_cell, unscored_cells

BY_PERIOD = OutcomesKind("period")
FUNNEL = 0.998
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`min_size`: rows (of the rarer class) that a period needs; `min_share` of them on each side of a break.

    `fall`: the loss of the ranking metric since the first period whose date is projected.
    """

    min_size: int = 15
    min_share: float = 0.2
    fall: float = 0.1
    confidence: float = 0.95


def periods(given: Given) -> Iterator[Measurement]:
    """The largest break, and what is known of every period."""
    outcomes: Outcomes = given.summary(Role.PRODUCTION, BY_PERIOD)
    spans = [span(given.grid, k) for k in range(len(given.grid.periods) - 1)]
    least = given.options.min_size
    classes = classes_of_cells(outcomes, CANDIDATE, least=least, most_without=given.options.min_share)
    candidate = quality_by_cell(outcomes, CANDIDATE, given.task, given.grid, least=least, classes=classes)
    yield _left_out(outcomes, candidate, spans, given)
    yield from _break(candidate, spans, given, unscored_cells(outcomes, CANDIDATE, least=least))
    yield from _slope(candidate, spans, given)
    for model in (CANDIDATE, PRIOR):
        if model not in outcomes.sums:
            continue
        found = candidate
        if model == PRIOR:
            found = quality_by_cell(outcomes, model, given.task, given.grid, least=least, classes=classes)
        for k, q in found.items():
            yield _shown(q, spans[k], model, given)


def span(grid: Grid, k: int) -> tuple[date, date]:
    """First and last day of a period."""
    start, after = (p.astype("datetime64[D]").item() for p in grid.periods[k : k + 2])
    return start, after - timedelta(days=1)


def _left_out(
    outcomes: Outcomes, found: dict[int, Quality], spans: list[tuple[date, date]], given: Given
) -> Measurement:
    """How many periods with rows are too small for an interval, and which: neither break nor slope knows of them."""
    out = [str(spans[k][0]) for k, rows in enumerate(outcomes.rows.sum(axis=1)) if rows and k not in found]
    note = (
        f"of {len(out) + len(found)}; a period needs {MIN_GROUPS} groups of dependent rows and {given.options.min_size} rows with a "
        f"usable score, of the rarer class if there are classes; left out: {', '.join(out) or 'none'}"
    )
    n = sum(q.n for q in found.values())
    return Measurement(metric="periods_left_out", subject=subjects.MODEL, value=float(len(out)), n=n, note=note)


def _break(
    found: dict[int, Quality], spans: list[tuple[date, date]], given: Given, blank: Sequence[int] = ()
) -> Iterator[Measurement]:
    held = list(found)
    values = np.array([q.value for q in found.values()], np.float64)
    variances = np.array([q.variance for q in found.values()], np.float64)
    sizes = np.array([q.size for q in found.values()], np.float64)
    n = sum(q.n for q in found.values())
    result = largest_break(
        values,
        variances,
        sizes,
        confidence=given.options.confidence,
        rng=given.rng,
        min_share=given.options.min_share,
        falls=True,
    )
    if result is None or blank:
        note = f"{len(held)} periods have enough rows, and a score that ranks them; a break needs four or more"
        if blank:
            note = f"most rows have no usable score in {', '.join(str(spans[k][0]) for k in blank)}"
        yield Measurement(metric="break_size", subject="model", value=None, n=n, note=note)
        return
    subject = subjects.period(spans[held[result.at]][0], spans[held[-1]][1])
    before, after = (float(np.average(values[s], weights=sizes[s])) for s in (slice(result.at), slice(result.at, None)))
    others = [str(spans[held[k]][0]) for k in result.near if k != result.at]
    dates = f"; dates that fit about as well: {', '.join(others)}" if others else ""
    dates += _edge(sizes, result.at, given.options.min_share)
    name, start = found[held[0]].name or NAME_OF[given.task.type], spans[held[result.at]][0]
    note = f"{name} {before:.3f} before {start}, {after:.3f} after; p {result.p_value:.3g}{dates}"
    yield Measurement(
        metric="break_size", subject=subject, value=-result.difference, low=-result.interval.high,
        high=-result.interval.low, level=given.options.confidence, method="date searched, simultaneous", n=n, n_eff=float(n),
        note=note,
    )  # fmt: skip


def _edge(sizes: Floats, at: int, least: float) -> str:
    """A word where no date beyond the one that was found could be tried: the break may lie there, and be larger."""
    before = np.cumsum(sizes) / sizes.sum()
    if at + 1 < len(sizes) and 1 - before[at] < least:
        return f"; no later date was tried (it takes {least:.0%} of the rows on either side): the break may be later and larger"
    if at > 1 and before[at - 2] < least:
        return f"; no earlier date was tried (it takes {least:.0%} of the rows on either side): the break may be earlier and larger"
    return ""


def _slope(found: dict[int, Quality], spans: list[tuple[date, date]], given: Given) -> Iterator[Measurement]:
    years = np.array([(spans[k][0] - spans[0][0]).days / 365.25 for k in found], np.float64)
    values = np.array([q.value for q in found.values()], np.float64)
    variances = np.array([q.variance for q in found.values()], np.float64)
    n, confidence = sum(q.n for q in found.values()), given.options.confidence
    plain = weighted_slope(years, values, variances, confidence=confidence)
    correlated = hac_slope(years, values, lags=int(4 * (len(years) / 100) ** (2 / 9)), confidence=confidence)
    if plain is not None and correlated is not None:
        half = max((s.interval.high - s.interval.low) / 2 for s in (plain, correlated))
        fall = Measurement(
            metric="decay_per_year", subject="model", value=-plain.value, low=-plain.value - half, high=-plain.value + half,
            level=confidence, method="weighted least squares; the wider of overdispersed and Newey-West, t", n=n, n_eff=float(n),
            note=f"{NAME_OF[given.task.type]} lost per year if the line goes on",
        )  # fmt: skip
        yield fall
        yield _crossing(fall, spans[next(iter(found))][0], given.options.fall)
        robust, ends = theil_sen(years, values), theil_sen_interval(years, values, confidence=confidence)
        if robust is not None and ends is not None:
            yield Measurement(
                metric="decay_per_year_robust", subject="model", value=-robust, low=-ends.high, high=-ends.low, level=confidence,
                method="Theil-Sen", n=n, n_eff=float(n), note="median of the slopes between all pairs of periods",
            )  # fmt: skip
    yield from _funnel(found, spans, values, variances, n)


def _crossing(fall: Measurement, first: date, lost: float) -> Measurement:
    """Years from the first period until the line has lost so much; undefined unless the score falls by more than chance."""
    metric = "years_to_fall"
    if fall.value is None or fall.low is None or fall.high is None or fall.low <= 0:
        note = f"no fall that chance does not explain, so no date at which {lost:g} is lost"
        return Measurement(metric=metric, subject="model", value=None, n=fall.n, note=note)
    soon, middle, late = (lost / slope for slope in (fall.high, fall.value, fall.low))
    dates = [
        str(first + timedelta(days=round(y * 365.25))) if y < 100 else "more than a century"
        for y in (middle, soon, late)
    ]
    note = f"{lost:g} lost since {first} by {dates[0]} ({dates[1]} to {dates[2]}), if the line goes on"
    return Measurement(
        metric=metric, subject="model", value=middle, low=soon, high=late, level=fall.level, method="from the slope's interval",
        n=fall.n, n_eff=fall.n_eff, note=note,
    )  # fmt: skip


def _funnel(
    found: dict[int, Quality], spans: list[tuple[date, date]], values: Floats, variances: Floats, n: int
) -> Iterator[Measurement]:
    spread = overdispersion(values, variances)
    if spread is None:
        return
    note = f"1 is chance alone; p {spread.p_value:.3g} that all periods are the same"
    yield Measurement(metric="overdispersion", subject="model", value=spread.phi, n=n, note=note)
    low, high = funnel_limits(spread, variances, confidence=FUNNEL)
    out = [str(spans[k][0]) for k, outside in zip(found, (values < low) | (values > high), strict=True) if outside]
    note = f"of {len(values)} periods; by chance about {len(values) * (1 - FUNNEL):.2g}; beyond: {', '.join(out) or 'none'}"
    yield Measurement(metric="periods_outside", subject="model", value=float(len(out)), n=n, note=note)


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
    metrics=(
        "break_size", "decay_per_year", "decay_per_year_robust", "years_to_fall", "overdispersion", "periods_outside", "period_score",
        "periods_left_out",
    ),
    needs=Needs(roles=(Role.PRODUCTION,), summaries=(BY_PERIOD,), models=(CANDIDATE,), outcomes=True, time=True),
    measure=periods,
    doc=__doc__,
    plants=(Plant(metric="break_size", fault="ranking_lost_late", null="shuffled_in_time", into=Role.PRODUCTION),),
    options=Options(),
)  # fmt: skip
