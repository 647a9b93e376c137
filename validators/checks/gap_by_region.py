"""FIT104: where is the gap between train and test?

How it is measured
------------------
`region_gap` is the candidate's mean loss on test minus that on train inside a region, relative to its mean loss on all test rows. The
declared slices are regions; others are searched: on one half of the rows of both roles every interval of a number and every frequent
level is tried, and of each of the features with the largest gaps the worst region is kept. What is reported comes from the other half,
so the search does not flatter it. Intervals are by the delete-a-group jackknife of both roles, simultaneous over the regions.
Nothing here is judged, for a gap alone is no fault; what a region loses is the question of the slices.

Why it matters
--------------
A model that has learnt a region by heart (a small branch, a rare product) shows it there first, long before the overall gap moves.

What to do
----------
Look at how many training rows the region has, and restrain the model there: larger leaves, fewer levels, more data.

Sources
-------
Athey & Imbens (2016), PNAS 113, 7353-7360, on choosing regions and estimating in them on different rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import normal_interval, simultaneous_level
from ..stats.jackknife import MIN_GROUPS, jackknife_variance
from ..summaries.cells import divided
from ..summaries.conditions import conditions
from ..summaries.outcomes import OutcomesKind
from ..summaries.row_sample import RowSample, RowSampleKind, concat, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

SAMPLE = RowSampleKind()
ALL = OutcomesKind("all")  # not read: rows of train are scored for those who ask for outcomes
BINS, LEVELS, MIN_ROWS = 5, 6, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`regions` that are searched for; `share` of the rows that a region must hold; `confidence` of all intervals together."""

    regions: int = 6
    share: float = 0.05
    confidence: float = 0.95


def gap_by_region(given: Given) -> Iterator[Measurement]:
    """Gaps of declared slices and of the regions with the largest ones."""
    samples: list[RowSample] = [given.summary(role, SAMPLE) for role in (Role.TRAIN, Role.TEST)]
    rows = [scored_rows(s, given.grid, (CANDIDATE,)) for s in samples]
    least = min(r.n for r in rows)
    if least < MIN_ROWS:
        note = f"{least} scored outcomes in a role; it takes {MIN_ROWS}"
        yield Measurement(metric="region_gap", subject=subjects.MODEL, value=None, n=least, note=note)
        return
    there = [take(s.rows, r.where) for s, r in zip(samples, rows, strict=True)]
    found = [(f"slice:{text}", [b.slices[:, j] for b in there]) for j, text in enumerate(given.grid.slices.values())]
    chosen = _search(there, rows, given.options)
    level = simultaneous_level(given.options.confidence, len(found) + len(chosen))
    later = [_half(r) for r in rows]
    for subject, inside in found:
        yield _gap(subject, rows, inside, level, "declared")
    for subject, inside in chosen:
        halves = [r.only(~early) for r, early in zip(rows, later, strict=True)]
        kept = [i[~early] for i, early in zip(inside, later, strict=True)]
        yield _gap(subject, halves, kept, level, "found on one half of the rows, measured on the other")


def _half(rows: ScoredRows) -> NDArray[np.bool_]:
    """Half of the units, independent of groups."""
    return np.asarray(rows.unit // np.uint64(64) % np.uint64(2) == 0)


def _search(there: list[Batch], rows: list[ScoredRows], options: Options) -> list[tuple[str, list[NDArray[np.bool_]]]]:
    """Worst region of each of the features with the largest gaps, seen on the first half of the rows."""
    lean = [replace(b, scores={}, lateness={}, immature=None, order=None, time=None) for b in there]
    sizes = [len(b) for b in lean]
    tried = conditions(concat(*lean), bins=BINS, levels=LEVELS, min_rows=int(options.share * sum(sizes)))
    early = [_half(r) for r in rows]
    best: dict[int, tuple[float, str, list[NDArray[np.bool_]]]] = {}
    for item, terms in zip(tried.items, tried.terms, strict=True):
        inside = np.split(np.isin(tried.codes[:, item.column], item.bins), [sizes[0]])
        stats = [_mean_and_error(r, i & e) for r, i, e in zip(rows, inside, early, strict=True)]
        if any(not np.isfinite(se) or se == 0 for _, se in stats):
            continue
        z = float((stats[1][0] - stats[0][0]) / np.hypot(stats[0][1], stats[1][1]))
        if item.column not in best or z > best[item.column][0]:
            best[item.column] = (z, subjects.slice_of(terms), inside)
    ordered = sorted(best.values(), key=lambda b: (-b[0], b[1]))[: options.regions]
    return [(subject, inside) for _, subject, inside in ordered]


def _mean_and_error(rows: ScoredRows, inside: NDArray[np.bool_]) -> tuple[float, float]:
    loss = rows.loss[CANDIDATE][inside]
    if len(loss) < 30:
        return float("nan"), float("nan")
    return float(loss.mean()), float(loss.std(ddof=1) / np.sqrt(len(loss)))


def _gap(subject: str, rows: list[ScoredRows], inside: list[NDArray[np.bool_]], level: float, note: str) -> Measurement:
    n = int(min(i.sum() for i in inside))
    train, test = (_means(r, i) for r, i in zip(rows, inside, strict=True))
    whole = float(np.average(rows[1].loss[CANDIDATE], weights=rows[1].weight)) if rows[1].n else 0.0
    if min(len(train), len(test)) <= MIN_GROUPS or not np.isfinite(np.append(train, test)).all() or whole <= 0:
        return Measurement(metric="region_gap", subject=subject, value=None, n=n, note=f"too few rows inside; {note}")
    se = float(np.sqrt(jackknife_variance(train[1:]) + jackknife_variance(test[1:]))) / whole
    value = float(test[0] - train[0]) / whole
    ends = normal_interval(value, se, confidence=level)
    return Measurement(
        metric="region_gap", subject=subject, value=value, low=ends.low, high=ends.high, level=level,
        method="jackknife of both roles", n=n, n_eff=float(n), note=note,
    )  # fmt: skip


def _means(rows: ScoredRows, inside: NDArray[np.bool_]) -> Floats:
    """(1 + groups,) mean loss inside, on all rows and without each group."""
    loss, held = rows.sums(rows.loss[CANDIDATE] * inside, inside.astype(np.float64)).T
    return divided(loss, held)


CHECK = Check(
    code="FIT104",
    family=Family.FIT,
    title="Gap between train and test by region",
    metrics=("region_gap",),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(ALL, SAMPLE), models=(CANDIDATE,), outcomes=True),
    measure=gap_by_region,
    doc=__doc__,
    options=Options(),
)
