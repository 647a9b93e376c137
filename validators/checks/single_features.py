"""LEK103: does one feature alone know the answer?

How it is measured
------------------
For every feature a small tree is fitted on the training sample and scored on the test sample. `lift_share` is its gain over a constant
(area under the ROC curve above .5, or R2 / 2 above that of the mean outcome of train) divided by the gain of the candidate, or of a
learner of our own with all features where that is better, on the same rows; 1 says that the feature alone does what all of them do.
Intervals are by the delete-a-group jackknife, simultaneous over the features. Where neither is better than a constant, or fewer than 15
test rows are of another class than most, the share is undefined. Where classes separate well every strong feature comes near to the whole
lift. So the features that alone gain nearly as much as the strongest (nine tenths of its gain) are left out together: where our own
learner does better with the rest than one of these alone, that one knows no more than the weaker ones do, unless to add these brings the
rest half of the way to certainty (and by .02 at least), and its share is `lift_share_matched`, for information. For the strongest
features, `quality_without` is the metric of our own learner refitted without the feature, beside the same learner with all of them.

Why it matters
--------------
A feature that carries nine tenths of a model's lift is either the whole trade secret or the answer in disguise: a status that is set
after the event, a sum that contains the target. An absolute limit on its strength cannot tell the two apart; the share can.

What to do
----------
Ask where the feature comes from and when it is written. If it is legitimate, waive it with that reason, and consider a simpler model.
The metric without it says what is left if it has to go.

Sources
-------
Kaufman, Rosset, Perlich & Stitelman (2012), ACM Transactions on Knowledge Discovery from Data 6(4), 15.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role, Task
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.jackknife import jackknife_interval
from ..summaries.cells import divided, measured
from ..summaries.goodness import constant, goodness
from ..summaries.refits import refit_goodness
from ..summaries.row_sample import RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows
from ..summaries.univariate import single_feature_scores, unlearnable, with_outcome

SAMPLE = RowSampleKind()
MIN_ROWS, MIN_CLASS, NEAR, ADDED = 100, 15, 0.9, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided intervals; `suspects` features at most, of those above `suspect_share`, are left out in turn."""

    confidence: float = 0.95
    suspects: int = 3
    suspect_share: float = 0.75


def single_features(given: Given) -> Iterator[Measurement]:
    """Each feature's share of the candidate's gain, and the metric of a learner without the strongest ones."""
    train, test = with_outcome(given.summary(Role.TRAIN, SAMPLE).rows), given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(test, given.grid, (CANDIDATE,))
    why = _too_few(given, train, rows)
    if why:
        yield Measurement(metric="lift_share", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    there = take(test.rows, rows.where)
    nothing = constant(rows, train, given.task)
    refitted = refit_goodness(train, there, rows, given.task, given.grid)
    candidate = goodness(rows, rows.scores[CANDIDATE], given.task)
    gain = (refitted if np.nan_to_num(refitted[0]) > np.nan_to_num(candidate[0]) else candidate) - nothing
    level = simultaneous_level(given.options.confidence, len(given.grid.features))
    ends = jackknife_interval(float(gain[0]), gain[1:], confidence=given.options.confidence)
    weak = "neither the candidate nor our own learner is surer than a constant" if ends is None or ends.low <= 0 else ""
    alone = {
        name: goodness(rows, single_feature_scores(train, there, name, j, bins, given.task), given.task)
        for j, (name, bins) in enumerate(given.grid.features.items())
    }
    held = {f: np.full(len(gain), np.nan) if weak else divided(a - nothing, gain) for f, a in alone.items()}
    shares = {name: float(share[0]) for name, share in held.items()}
    rest = _rest(given, train, there, rows, shares)
    for name, share in held.items():
        beaten = name in rest and _matched(rest[name], alone[name], refitted, given.task)
        metric, words = "lift_share", ""
        if beaten:
            metric = "lift_share_matched"
            words = f"the weaker features reach {rest[name][0]:.3f} together, this one {alone[name][0]:.3f}, all {refitted[0]:.3f}"
        note = "; ".join(filter(None, (words, rows.note)))
        yield measured(metric, subjects.feature(name), share, rows, level=level, undefined=weak, note=note)
        if given.asks("quality_alone"):
            yield measured(
                "quality_alone", subjects.feature(name), alone[name], rows, level=level, undefined="one class only"
            )
    if given.asks("quality_refitted", "quality_without"):
        yield from _without(given, train, there, rows, shares, refitted)


def _too_few(given: Given, train: Batch, rows: ScoredRows) -> str:
    why = unlearnable(train, rows, given.task, MIN_ROWS)
    if why or given.task.type == "regression":
        return why
    other = rows.n - int(np.bincount(rows.y.astype(np.int64)).max())
    return f"{other} test rows of another class than most; it takes {MIN_CLASS}" if other < MIN_CLASS else ""


def _rest(given: Given, train: Batch, there: Batch, rows: ScoredRows, shares: Mapping[str, float]) -> dict[str, Floats]:
    """For each feature that alone does nearly as well as the strongest: the metric of our own learner without all of these."""
    top = max(shares.values(), default=np.nan)
    if not top >= given.options.suspect_share:
        return {}
    near = tuple(f for f, share in shares.items() if share >= NEAR * top)
    return dict.fromkeys(near, refit_goodness(train, there, rows, given.task, given.grid, left_out=near))


def _matched(rest: Floats, alone: Floats, every: Floats, task: Task) -> bool:
    """Whether the rest knows as much as one feature alone, and does not lack what would bring it half of the way to certainty."""
    best, adds = (0.5 if task.type == "regression" else 1.0), every[0] - rest[0]
    return bool(rest[0] > alone[0] and not (adds >= ADDED and adds >= (best - rest[0]) / 2))


def _without(
    given: Given, train: Batch, there: Batch, rows: ScoredRows, shares: Mapping[str, float], refitted: Floats
) -> Iterator[Measurement]:
    ordered = sorted(shares, key=lambda f: -shares[f])[: given.options.suspects]
    suspects = [f for f in ordered if shares[f] >= given.options.suspect_share]
    if not suspects:
        return
    yield measured("quality_refitted", subjects.MODEL, refitted, rows)
    for name in suspects:
        without = refit_goodness(train, there, rows, given.task, given.grid, left_out=(name,))
        yield measured("quality_without", subjects.feature(name), without, rows)


CHECK = Check(
    code="LEK103",
    family=Family.LEAKAGE,
    title="One feature's share of the lift",
    metrics=("lift_share", "lift_share_matched", "quality_alone", "quality_refitted", "quality_without"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=single_features,
    doc=__doc__,
    plants=(Plant(metric="lift_share", fault="told_by_a_feature", null="features_dealt", replicates=3, rows=2000),),
    options=Options(),
)
