"""BIA105: can the group be told from what the model sees, and from what it says?

How it is measured
------------------
For the two largest groups of each sensitive column (one, where it has two groups): `proxy_auc` is the area under the ROC curve of our own
boosted trees that tell its members from all others by the features, each row judged by trees that were fitted on the other folds (folds
by what makes rows dependent; at most `max_rows` test rows by key hash), less their share of members: a fold with more members has fewer
in those, and scores that carry it fall below one half where nothing tells. The column itself is left out where it is a feature.
`score_auc` is the area of the candidate's score alone: below one half, members score lower. `proxy_feature_auc` gives the features that
tell most by themselves. Intervals by the jackknife over dependent rows, the trees taken as they are; that of `proxy_auc` is wider by a
third because the folds lean on each other (`stats.jackknife.cross_fitted_spread`), those of single features hold for all of them. Nothing
is judged: a feature may tell the group and the outcome for good reasons.

Why it matters
--------------
Leaving the column out does not keep it from the model: a postcode, a first name or an occupation can stand in for it. Where
groups are treated differently, these are the features to look at.

What to do
----------
Where BIA101 to BIA104 show a difference, refit without the strongest proxies and compare. Ask of each whether it would be used if
it did not tell the group.

Sources
-------
Feldman et al. (2015), Certifying and removing disparate impact, KDD, on predicting the group as the measure of what a model could use;
Hanley & McNeil (1982), Radiology 143, 29-36; Parker, Günter & Bedo (2007), BMC Bioinformatics 8, 326, on areas of pooled folds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import simultaneous_level
from ..summaries.cells import Floats, divided, measured
from ..summaries.decisions import decided_rows, favourable_class
from ..summaries.goodness import areas
from ..summaries.groups import GroupOptions, Partition, partitions
from ..summaries.label_model import fold_of
from ..summaries.refits import cross_fitted, design
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import ScoredRows

SAMPLE = RowSampleKind()
FOLDS, TARGETS, SHOWN, LEAST_ROWS = 5, 2, 5, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of test by key hash; `cuts` as in the other checks; `confidence` of the intervals of all single features together."""

    confidence: float = 0.95
    max_rows: int = 3000
    cuts: Mapping[str, Sequence[float]] = field(default_factory=dict)


def group_proxies(given: Given) -> Iterator[Measurement]:
    """How well features and score tell each group."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    some = RowSample(sample.thin(given.options.max_rows), sample.total, sample.size)
    rows = decided_rows(some, given.grid, CANDIDATE)
    batch = take(some.rows, rows.where)
    if rows.n == 0:
        yield Measurement(metric="proxy_auc", subject=subjects.MODEL, value=None, n=0, note="no row has a usable score")
        return
    for part in partitions(batch, GroupOptions(cuts=given.options.cuts)):
        sizes = part.sizes()
        largest = np.argsort(-sizes, kind="stable")[: 1 if len(part) == 2 else TARGETS]
        for k in sorted(largest.tolist()):
            subject, member = part.subject(k), part.code == k
            rarer = int(min(member.sum(), (~member).sum()))
            if rarer < LEAST_ROWS:
                note = f"{rarer} rows in or out of the group, fewer than {LEAST_ROWS}: nothing to learn from"
                yield Measurement(metric="proxy_auc", subject=subject, value=None, n=rows.n, note=note)
                continue
            yield from _one(given, rows, batch, part, member, subject)


def _one(
    given: Given, rows: ScoredRows, batch: Batch, part: Partition, member: NDArray[np.bool_], subject: str
) -> Iterator[Measurement]:
    names = list(given.grid.features)
    kept = [j for j, name in enumerate(names) if name != part.columns[0]]
    left = f"{part.columns[0]} is itself a feature; it is left out here" if len(kept) < len(names) else ""
    note = "; ".join(filter(None, (left, rows.note)))
    fold, target = fold_of(batch), member.astype(np.float64)
    if kept:
        found = cross_fitted(target, rows.weight, design(batch.codes, given.grid)[:, kept].astype(np.float64), fold)
        yield measured(
            "proxy_auc",
            subject,
            areas(rows, found - _elsewhere(target, rows.weight, fold)[fold], member),
            rows,
            level=given.options.confidence,
            folds=FOLDS,
            note=note,
        )
    wanted = favourable_class(given.task)
    if given.task.type != "multiclass" or wanted is not None:
        score = rows.scores[CANDIDATE][:, wanted if given.task.type == "multiclass" and wanted is not None else 0]
        values = areas(rows, score, member)
        yield measured("score_auc", subject, values, rows, level=given.options.confidence, note=rows.note)
    level = simultaneous_level(given.options.confidence, len(kept))
    alone = {j: areas(rows, _alone(batch.codes[:, j], target, rows.weight, fold), member) for j in kept}
    told = [j for j in kept if np.isfinite(alone[j][0])]
    for j in sorted(told, key=lambda j: -alone[j][0])[:SHOWN]:
        place = subjects.join(subject, subjects.feature(names[j]))
        yield measured("proxy_feature_auc", place, alone[j], rows, level=level, note=rows.note)


def _alone(code: NDArray[np.int32], target: Floats, weight: Floats, fold: NDArray[np.int64]) -> Floats:
    """(n,) share of members in the row's bin of one feature less that overall, of the other folds; one pseudo-row of it in each bin."""
    bins = int(code.max(initial=0)) + 1
    cell = fold * bins + code
    w = np.bincount(cell, weights=weight, minlength=FOLDS * bins).reshape(FOLDS, bins)
    hits = np.bincount(cell, weights=weight * target, minlength=FOLDS * bins).reshape(FOLDS, bins)
    others_w, others_hits = w.sum(axis=0) - w, hits.sum(axis=0) - hits
    base = _elsewhere(target, weight, fold)[:, None]
    return np.asarray(((others_hits + base) / (others_w + 1.0) - base)[fold, code])


def _elsewhere(target: Floats, weight: Floats, fold: NDArray[np.int64]) -> Floats:
    """(folds,) share of members in all other folds."""
    w, hits = (np.bincount(fold, weights=held, minlength=FOLDS) for held in (weight, weight * target))
    return divided(hits.sum() - hits, w.sum() - w)


CHECK = Check(
    code="BIA105",
    family=Family.BIAS,
    title="Proxies of the group",
    metrics=("proxy_auc", "score_auc", "proxy_feature_auc"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), declared=("sensitive",)),
    measure=group_proxies,
    doc=__doc__,
    options=Options(),
    slow=True,
)
