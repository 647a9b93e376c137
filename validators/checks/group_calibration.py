"""BIA103: does a score mean the same in every group?

How it is measured
------------------
`calibration_gap`: what the model expects too little (observed minus expected rate) in a group, minus the same in the reference,
the largest group of its column; the reference itself is set against all other groups. Its unit is the standard deviation of the
outcome, so that one limit fits rare and frequent outcomes; the note gives the rates. Intervals by the jackknife over dependent
rows, for all groups together (max-T). For information: the slope of the outcome on the log-odds of the score in each group (1 is
right), and expected and observed rate in five bins of each group. Several classes: the favourable one, else each. A column with one
group only has no gap, and the check cannot pass.

Why it matters
--------------
Where a score of 0.2 means one in five for some and one in three for others, one cut treats them differently, whoever is
preferred. It is also the sign of labels or features that mean something else in a group.

What to do
----------
A gap of level: look for features that the group lacks, and for outcomes that are recorded differently; a feature or an intercept
for the group mends it where the law allows one. A slope below 1 in one group: the model ranks worse there; more rows, or features
that tell within it.

Sources
-------
Kleinberg, Mullainathan & Raghavan (2017), ITCS, on calibration against equal errors; Pleiss et al. (2017), NeurIPS 30; Cox
(1958), Biometrika 45, 562-565.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.recalibration import equal_mass_bins, logistic_line, logits
from ..summaries.cells import Floats, measured
from ..summaries.decisions import by_class
from ..summaries.group_counts import counts_of, rate_of, scatter_of
from ..summaries.group_rates import Pair, compared, pair_of
from ..summaries.groups import GroupOptions, Partition, contrasts, partitions, undivided
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import ScoredRows, scored_rows

SAMPLE = RowSampleKind()
BINS, LEAST_ROWS = 5, 100


def group_calibration(given: Given) -> Iterator[Measurement]:
    """Gaps of level, slopes and curves of all groups."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, options = scored_rows(sample, given.grid, (CANDIDATE,)), given.options
    if rows.n == 0:
        why = "no row has an outcome and a usable score"
        yield Measurement(metric="calibration_gap", subject=subjects.MODEL, value=None, n=0, note=why)
        return
    parts = [p.only(rows.where) for p in partitions(sample.rows, options)]
    score, pairs = rows.scores[CANDIDATE], list[Pair]()
    for held in by_class(rows, given.task, CANDIDATE):
        y = held.actual.astype(np.float64)
        p = score[:, 0] if score.shape[1] == 1 else score[:, held.index]
        rate = float(np.average(y, weights=rows.weight))
        spread = (rate * (1 - rate)) ** 0.5
        for part in parts:
            yield from undivided(part, "calibration_gap", atom=held.atom)
            found = counts_of(rows, part, (y - p) / spread) if spread > 0 else None
            scatter = scatter_of(rows, part, p * (1 - p) / spread**2) if spread > 0 else None
            for c in contrasts(part, options):
                subject, inside = subjects.join(part.subject(c.group), *held.atom), part.code == c.group
                if found is None:
                    why = "the outcome is the same in all rows"
                    yield Measurement(
                        metric="calibration_gap", subject=subject, value=None, n=int(inside.sum()), note=why
                    )
                    continue
                note = "; ".join(filter(None, (_levels(y, p, rows, inside), rows.note)))
                pairs.append(
                    pair_of("calibration_gap", "mean", part, c, found, note=note, subject=subject, scatter=scatter)
                )
            for k in np.flatnonzero(part.sizes() >= LEAST_ROWS):
                yield from _within(y, p, rows, part, int(k), held.atom)
    yield from compared(pairs, confidence=options.confidence, min_cell=options.min_cell, rng=given.rng)


def _levels(y: Floats, p: Floats, rows: ScoredRows, inside: Floats) -> str:
    w = rows.weight * inside
    total = float(w.sum())
    return f"observed {float(w @ y) / total:.1%}, expected {float(w @ p) / total:.1%}" if total > 0 else ""


def _within(
    y: Floats, p: Floats, rows: ScoredRows, part: Partition, k: int, atom: tuple[str, ...]
) -> Iterator[Measurement]:
    """Slope and curve of one group."""
    inside, subject = part.code == k, subjects.join(part.subject(k), *atom)
    some, y, p = rows.only(inside), y[inside], p[inside]
    whole = logistic_line(y, logits(p), some.weight)

    def slope(weight: Floats) -> Floats:
        line = None if whole is None else logistic_line(y, logits(p), weight, start=whole)
        return np.array(np.nan if line is None else line.slope)

    why = "one class only, constant scores, or scores that separate the classes"
    yield measured("group_slope", subject, some.refitted(slope), some, undefined=why)
    code = equal_mass_bins(p, some.weight, BINS)
    bins = Partition(("bin",), tuple((f"{b}",) for b in range(int(code.max()) + 1)), code)
    observed, expected = counts_of(some, bins, y), counts_of(some, bins, p)
    for b in range(len(bins)):
        place, one = subjects.join(subject, subjects.rows(f"bin_{b + 1:02d}")), np.arange(len(bins)) == b
        found = rate_of("group_observed_rate", place, observed.of(one), min_cell=10)
        if found.value is not None:
            mean = float(expected.rate[0, b])
            yield found
            yield replace(
                found,
                metric="group_expected_rate",
                value=mean,
                low=None,
                high=None,
                level=None,
                n_eff=None,
                method="mean",
            )


CHECK = Check(
    code="BIA103",
    family=Family.BIAS,
    title="Calibration by group",
    metrics=("calibration_gap", "group_slope", "group_observed_rate", "group_expected_rate"),
    needs=Needs(
        roles=(Role.TEST,),
        summaries=(SAMPLE,),
        models=(CANDIDATE,),
        outcomes=True,
        tasks=("binary", "multiclass"),
        declared=("sensitive",),
    ),
    measure=group_calibration,
    doc=__doc__,
    plants=(Plant(metric="calibration_gap", fault="outcomes_above", null="regrouped", replicates=5),),
    options=GroupOptions(),
)
