"""BIA107: are the positives of one group ranked below the negatives of another more often than the other way round?

How it is measured
------------------
`group_auc` is the area under the ROC curve inside each group. `xauc` crosses two groups: the probability that a positive row of the
group scores above a negative row of its reference (ties count one half); `xauc_gap` is that minus the probability that a positive row of
the reference scores above a negative row of the group. The reference is the largest group of the column, and all others for the
reference itself. Of several classes the favourable one counts, else each. Groups with fewer than 30 rows of either outcome cannot tell.
Intervals are by the delete-a-group jackknife; those of all gaps hold together (Bonferroni). Above 2,000 distinct scores neighbours
share a bin. Nothing is judged unless a policy says so.

Why it matters
--------------
A ranking can be as good inside each group and still put one of them behind: its positives wait behind the other's negatives. Areas
inside groups cannot see that, and rates at one cut see it at that cut only.

What to do
----------
See BIA103: where the score means the same in both groups and base rates differ, a gap follows from the base rates alone. Where it does
not, look for what is measured worse in the group: features that are missing there, labels that are late, few training rows.

Sources
-------
Kallus & Zhou (2019), The fairness of risk scores beyond classification: bipartite ranking and the xAUC metric, NeurIPS 32.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import simultaneous_level
from ..stats.jackknife import leave_one_out
from ..stats.ranking import roc_auc_many
from ..summaries.cells import measured
from ..summaries.decisions import by_class
from ..summaries.groups import Contrast, GroupOptions, Partition, contrasts, partitions
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

SAMPLE = RowSampleKind()
LEAST, BINS = 30, 2000


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Rows of one outcome per group of people and bin of the score, again without each group of dependent rows: (1 + g, k, bins)."""

    negatives: Floats
    positives: Floats
    rows: NDArray[np.int64]

    def auc(self, positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> Floats:
        """(1 + g,) areas: positives of some groups against negatives of some."""
        return roc_auc_many(self.negatives[:, negative].sum(axis=1), self.positives[:, positive].sum(axis=1))

    def least(self, *members: NDArray[np.bool_]) -> int:
        """Rows of the rarer outcome in the smallest of some sets of groups."""
        return int(min(self.rows[:, m].sum(axis=1).min() for m in members))


def group_ranking(given: Given) -> Iterator[Measurement]:
    """Areas inside groups and across them."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, options = scored_rows(sample, given.grid, (CANDIDATE,)), given.options
    if rows.n == 0:
        why = "no row has an outcome and a usable score"
        yield Measurement(metric="xauc_gap", subject=subjects.MODEL, value=None, n=0, note=why)
        return
    parts = [p.only(rows.where) for p in partitions(sample.rows, options)]
    classes = list(by_class(rows, given.task, CANDIDATE))
    held = [(part, contrasts(part, options)) for part in parts]
    level = simultaneous_level(options.confidence, len(classes) * sum(len(against) for _, against in held))
    for found in classes:
        column = 0 if given.task.type == "binary" else found.index
        score = rows.scores[CANDIDATE][:, column]
        for part, against in held:
            ranked = _ranked(rows, part, score, found.actual)
            yield from _inside(rows, part, ranked, found.atom, options)
            yield from _across(rows, part, ranked, against, found.atom, level)


def _ranked(rows: ScoredRows, part: Partition, score: Floats, actual: NDArray[np.bool_]) -> _Ranked:
    values, place = np.unique(score, return_inverse=True)
    if len(values) > BINS:
        place = place * BINS // len(values)
    bins, k = int(place.max()) + 1, len(part)
    cell = ((rows.group * 2 + actual) * k + part.code) * bins + place
    counts = np.bincount(cell, weights=rows.weight, minlength=rows.groups * 2 * k * bins)
    counts = counts.reshape(rows.groups, 2, k, bins)
    whole = np.concatenate([counts.sum(axis=0)[None], leave_one_out(counts, np.ones(rows.groups, np.bool_))])
    n = np.stack([np.bincount(part.code[actual == side], minlength=k) for side in (False, True)])
    return _Ranked(whole[:, 0], whole[:, 1], n)


def _inside(
    rows: ScoredRows, part: Partition, ranked: _Ranked, atom: tuple[str, ...], options: GroupOptions
) -> Iterator[Measurement]:
    for k, me in enumerate(np.eye(len(part), dtype=np.bool_)):
        subject, least = subjects.join(part.subject(k), *atom), ranked.least(me)
        if least < LEAST:
            yield _few("group_auc", subject, int(ranked.rows[:, k].sum()), least)
        else:
            m = measured("group_auc", subject, ranked.auc(me, me), rows, level=options.confidence, scale="logit")
            yield replace(m, n=int(ranked.rows[:, k].sum()), n_eff=None)


def _across(
    rows: ScoredRows, part: Partition, ranked: _Ranked, against: Sequence[Contrast], atom: tuple[str, ...], level: float
) -> Iterator[Measurement]:
    for c in against:
        me = np.arange(len(part)) == c.group
        subject, least = subjects.join(part.subject(c.group), *atom), ranked.least(me, c.others)
        if least < LEAST:
            yield _few("xauc_gap", subject, int(ranked.rows[:, c.group].sum()), least)
            continue
        mine, theirs = ranked.auc(me, c.others), ranked.auc(c.others, me)
        words = f"{mine[0]:.3f} against {theirs[0]:.3f} for {c.against}"
        n = int(ranked.rows[:, c.group].sum())
        crossed = measured(
            "xauc", subject, mine, rows, level=level, scale="logit", note=f"against negatives of {c.against}"
        )
        gap = measured("xauc_gap", subject, mine - theirs, rows, level=level, size=float(least), note=words)
        yield from (replace(m, n=n, n_eff=None) for m in (crossed, gap))


def _few(metric: str, subject: str, n: int, least: int) -> Measurement:
    note = f"cannot tell: {least} rows of the rarer outcome in the group or its reference, fewer than {LEAST}"
    return Measurement(metric=metric, subject=subject, value=None, n=n, size=float(least), note=note)


CHECK = Check(
    code="BIA107",
    family=Family.BIAS,
    title="Ranking across groups",
    metrics=("xauc_gap", "xauc", "group_auc"),
    needs=Needs(
        roles=(Role.TEST,),
        summaries=(SAMPLE,),
        models=(CANDIDATE,),
        outcomes=True,
        tasks=("binary", "multiclass"),
        declared=("sensitive",),
    ),
    measure=group_ranking,
    doc=__doc__,
    options=GroupOptions(),
)
