"""BIA104: who stands at the crossing of several groups?

How it is measured
------------------
Every combination of two or three sensitive columns that some row has is set against all other rows: `cell_ratio`, its share of
favourable decisions over theirs (score interval, where the favourable outcome is declared), and `cell_gap`, its mean residual
less theirs, in standard deviations of the outcome (jackknife; the favourable or positive class, or the predicted number).
Intervals hold for all combinations together (max-T). Combinations with fewer rows than `min_cell` are listed with their size and
the verdict "cannot tell". Of several columns one that has a single group is named, and the check cannot pass. Nothing is smoothed: a
small cell borrows no strength from others, it waits for rows.

Why it matters
--------------
A model can treat women as well as men and the young as well as the old, and young women worse than anybody. Averages over one
column cannot show it.

What to do
----------
Read the two columns by themselves first (BIA101, BIA103): most combinations are off because one of their columns is. Where only
the combination is, look for features that mean something else there. Collect rows for those that cannot tell.

Sources
-------
Crenshaw (1989), University of Chicago Legal Forum 1989, 139-167; Kearns, Neel, Roth & Wu (2018), ICML, on subgroups that marginal
groups hide; Koopman (1984), Biometrics 40, 513-517.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.decisions import decided_rows, favourable_class, predicted
from ..summaries.group_counts import counts_of, scatter_of
from ..summaries.group_rates import Pair, compared, pair_of
from ..summaries.groups import GroupOptions, Partition, contrasts, crossed, partitions, undivided
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

SAMPLE = RowSampleKind()
MOST_COLUMNS, MOST_CROSSED = 5, 3


def group_combinations(given: Given) -> Iterator[Measurement]:
    """Ratio and gap of every combination of groups."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    declared = partitions(sample.rows, given.options)
    columns = [p for p in declared if len(p) > 1]
    chosen = columns[:MOST_COLUMNS]
    cells = (
        [crossed(some) for k in range(2, MOST_CROSSED + 1) for some in combinations(chosen, k)]
        if len(sample.rows)
        else []
    )
    small = sum(int((c.sizes() < given.options.min_cell).sum()) for c in cells)
    note = (
        f"{small} of them have fewer than {given.options.min_cell} rows"
        if cells
        else "fewer than two columns with groups to cross"
    )
    if len(columns) > len(chosen):
        note += f"; only the first {MOST_COLUMNS} sensitive columns are crossed"
    yield Measurement(
        metric="cells",
        subject=subjects.MODEL,
        value=float(sum(len(c) for c in cells)),
        n=len(sample.rows),
        method="count",
        note=note,
    )
    usable = scored_rows(sample, given.grid, (CANDIDATE,)).where
    for part in declared if len(declared) > 1 else ():
        yield from undivided(part.only(usable) if len(usable) else part, "cell_gap")
    gaps = _gaps(given, sample, cells)
    if cells and not gaps and (given.task.type != "multiclass" or favourable_class(given.task) is not None):
        why = "no row has an outcome and a usable score, or all that do have the same outcome"
        yield Measurement(metric="cell_gap", subject=subjects.MODEL, value=None, n=len(sample.rows), note=why)
    for pairs in (_ratios(given, sample, cells), gaps):
        yield from compared(pairs, confidence=given.options.confidence, min_cell=given.options.min_cell, rng=given.rng)


def _ratios(given: Given, sample: RowSample, cells: list[Partition]) -> list[Pair]:
    wanted = favourable_class(given.task)
    rows = decided_rows(sample, given.grid, CANDIDATE)
    if wanted is None or rows.n == 0:
        return []
    event = predicted(rows, given.task, CANDIDATE) == wanted
    return _against_others("cell_ratio", "ratio", given, rows, cells, event)


def _gaps(given: Given, sample: RowSample, cells: list[Partition]) -> list[Pair]:
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    if rows.n == 0:
        return []
    y, score = rows.y, rows.scores[CANDIDATE][:, 0]
    if given.task.type == "multiclass":
        wanted = favourable_class(given.task)
        if wanted is None:
            return []
        y, score = (y == wanted).astype(np.float64), rows.scores[CANDIDATE][:, wanted]
    spread = float(np.average((y - np.average(y, weights=rows.weight)) ** 2, weights=rows.weight) ** 0.5)
    if not spread > 0:
        return []
    variance = None if given.task.type == "regression" else score * (1 - score) / spread**2
    return _against_others("cell_gap", "mean", given, rows, cells, (y - score) / spread, variance)


def _against_others(
    metric: str,
    kind: str,
    given: Given,
    rows: ScoredRows,
    cells: list[Partition],
    event: Floats,
    variance: Floats | None = None,
) -> list[Pair]:
    pairs = []
    for whole in cells:
        part = whole.only(rows.where)
        counts = counts_of(rows, part, event)
        scatter = None if variance is None else scatter_of(rows, part, variance)
        pairs += [
            pair_of(metric, kind, part, c, counts, note=rows.note, scatter=scatter)
            for c in contrasts(part, given.options)
        ]
    return pairs


CHECK = Check(
    code="BIA104",
    family=Family.BIAS,
    title="Combinations of groups",
    metrics=("cell_ratio", "cell_gap", "cells"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True, declared=("sensitive",)),
    measure=group_combinations,
    doc=__doc__,
    plants=(Plant(metric="cell_gap", fault="outcomes_above_in_a_cell", null="regrouped", replicates=10),),
    options=GroupOptions(min_cell=30),
)
