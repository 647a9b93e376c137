"""BIA102: is the model wrong more often about some groups?

How it is measured
------------------
On the test rows with an outcome: the share of each group's positives that are found (true positive rate) and of its negatives
that are called positive (false positive rate). `tpr_gap` and `fpr_gap` are the differences to the reference, the largest group of
the column; the reference itself is set against all other groups. Newcombe's interval, on rows reduced until the variance is that
of the jackknife over dependent rows, holds for all groups and both rates together (max-T). `equalised_odds` is the largest
difference of either rate between any two groups of a column that have enough rows of each outcome (`least_rows`), within
simultaneous intervals over all pairs. Precision and the rate of false alarms among those called positive are given by group.
Several classes: the favourable one against the rest, else each. A column with one group only, and a group of which no row can be used,
has no gap, and the check cannot pass.

Why it matters
--------------
Equal selection can hide unequal errors: the good customers of one group are turned down, the bad ones of another get through.
Where base rates differ, equal error rates and equal calibration exclude each other; both are shown, and people must choose.

What to do
----------
Look at calibration by group (BIA103) first: where it holds, the gap comes from base rates and the common cut; where it does not,
labels or features mean something else in that group. More rows of the group, or features that tell within it, help more than a
cut of its own.

Sources
-------
Hardt, Price & Srebro (2016), NeurIPS 29; Kleinberg, Mullainathan & Raghavan (2017), ITCS; Chouldechova (2017), Big Data 5,
153-163; Newcombe (1998), Statistics in Medicine 17, 873-890.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.decisions import Decisions, by_class
from ..summaries.group_counts import Counts, counts_of, rate_of
from ..summaries.group_rates import Pair, compared, pair_of
from ..summaries.groups import Contrast, GroupOptions, Partition, contrasts, partitions, undivided
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import ScoredRows, scored_rows

SAMPLE = RowSampleKind()
LEAST_ROWS = 100


def group_errors(given: Given) -> Iterator[Measurement]:
    """Rates by group, gaps to the reference, and the largest gap of each column."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, options = scored_rows(sample, given.grid, (CANDIDATE,)), given.options
    if rows.n == 0:
        why = "no row has an outcome and a usable score"
        yield Measurement(metric="tpr_gap", subject=subjects.MODEL, value=None, n=0, note=why)
        return
    parts = [p.only(rows.where) for p in partitions(sample.rows, options)]
    pairs: list[Pair] = []
    for held in by_class(rows, given.task, CANDIDATE):
        for part in parts:
            found = _counts(rows, part, held)
            yield from _rates(part, found, held, options)
            yield from undivided(part, "tpr_gap", "fpr_gap", atom=held.atom)
            for metric in ("tpr", "fpr"):
                for c in contrasts(part, options):
                    subject = subjects.join(part.subject(c.group), *held.atom)
                    pairs.append(
                        pair_of(f"{metric}_gap", "gap", part, c, found[metric], note=rows.note, subject=subject)
                    )
            yield from _equalised_odds(part, found, held, given)
    yield from compared(pairs, confidence=options.confidence, min_cell=options.min_cell, rng=given.rng)


def _counts(rows: ScoredRows, part: Partition, held: Decisions) -> dict[str, Counts]:
    """Counts behind each rate: of whom, and what of them."""
    yes, true = held.decided, held.actual
    return {
        "tpr": counts_of(rows, part, yes, true),
        "fpr": counts_of(rows, part, yes, ~true),
        "ppv": counts_of(rows, part, true, yes),
        "base_rate": counts_of(rows, part, true),
    }


def _rates(part: Partition, found: dict[str, Counts], held: Decisions, options: GroupOptions) -> Iterator[Measurement]:
    none = {"tpr": "no positive rows", "fpr": "no negative rows", "ppv": "none is called positive", "base_rate": ""}
    for k in range(len(part)):
        subject = subjects.join(part.subject(k), *held.atom)
        for name, counts in found.items():
            mine = counts.of(np.arange(len(part)) == k)
            note = none[name] if mine.n[0] == 0 else f"positive: {held.words}"
            yield rate_of(f"group_{name}", subject, mine, min_cell=options.min_cell, note=note)


def _equalised_odds(part: Partition, found: dict[str, Counts], held: Decisions, given: Given) -> Iterator[Measurement]:
    """The largest difference of either rate between any two groups with enough rows."""
    k = len(part)
    subject = subjects.join(subjects.feature(part.columns[0]), *held.atom)
    enough = [i for i in range(k) if min(found["tpr"].n[i], found["fpr"].n[i]) >= LEAST_ROWS]
    left = (
        f"{k - len(enough)} groups with fewer than {LEAST_ROWS} rows of an outcome are left out"
        if len(enough) < k
        else ""
    )
    n = int(part.sizes()[enough].sum())
    if len(enough) < 2:
        why = "; ".join(filter(None, ("fewer than two groups to compare", left)))
        yield Measurement(metric="equalised_odds", subject=subject, value=None, n=n, note=why)
        return
    pairs = [
        pair_of(m, "gap", part, Contrast(i, np.arange(k) == j, part.words(j)), found[m])
        for m in ("tpr", "fpr")
        for i, j in combinations(enough, 2)
    ]
    options = given.options
    yield _largest(
        tuple(compared(pairs, confidence=options.confidence, min_cell=options.min_cell, rng=given.rng, fold=True)),
        subject,
        n,
        left,
    )


def _largest(gaps: Sequence[Measurement], subject: str, n: int, left: str) -> Measurement:
    known = [m for m in gaps if m.value is not None and m.low is not None and m.high is not None]
    if not known:
        return Measurement(metric="equalised_odds", subject=subject, value=None, n=n, note="no pair has an interval")
    ends = np.array([[m.value, m.low, m.high] for m in known], np.float64).max(axis=0).tolist()
    worst = max(known, key=lambda m: m.value or 0.0)
    name = {"tpr": "true positive rate", "fpr": "false positive rate"}[worst.metric]
    words = f"{name} of {worst.subject.removeprefix('group:')}: {worst.note}"
    return replace(
        worst, metric="equalised_odds", subject=subject, value=ends[0], low=ends[1], high=ends[2], n=n, size=None,
        method="largest of simultaneous intervals", note="; ".join(filter(None, (words, left))),
    )  # fmt: skip


CHECK = Check(
    code="BIA102",
    family=Family.BIAS,
    title="Error rates by group",
    metrics=("tpr_gap", "fpr_gap", "equalised_odds", "group_tpr", "group_fpr", "group_ppv", "group_base_rate"),
    needs=Needs(
        roles=(Role.TEST,),
        summaries=(SAMPLE,),
        models=(CANDIDATE,),
        outcomes=True,
        tasks=("binary", "multiclass"),
        declared=("sensitive",),
    ),
    measure=group_errors,
    doc=__doc__,
    plants=(Plant(metric="tpr_gap", fault="found_less_often", null="regrouped", worse="below", replicates=10),),
    options=GroupOptions(),
)
