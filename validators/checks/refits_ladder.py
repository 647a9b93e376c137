"""FIT102: what does the candidate lose against a model of the right size?

How it is measured
------------------
Two learners of our own with fixed settings, a straight line and boosted trees held back by small leaves and shrinkage, are fitted
on four fifths of the training sample and compared on the last fifth; the best is fitted on all of it. They see the features that the
candidate's file lists as its own, all declared ones where it lists none. More learners, or less restrained ones, would be candidates,
and sound models lose to a rival that was picked for this very data. `score_lost_to_refit` is
that learner's metric (area under the ROC curve, its mean over the classes, or R2 / 2) minus the candidate's, on the same test
rows; `score_lost_to_prior` likewise for the prior. The winner is chosen without the test rows, so nothing is gained by having
tried several. Intervals are of the paired difference, by the delete-a-group jackknife.

Why it matters
--------------
Over- and underfitting are the same loss on new rows: too large a model spends it on chance, too small a one never earns it. The
gap between train and test cannot tell them from sound work, for a sound forest has a large gap and an underfit stump none.

What to do
----------
If FIT101 shows a gap and score is lost here, restrain the model: fewer leaves, more rows per leaf, more shrinkage, early stopping.
If there is no gap, let it grow: more rounds, deeper trees, the features that FIT103 names.

Sources
-------
Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, 2nd ed., sections 7.2 and 7.10, on test error against
complexity, and on choosing outside the test rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.cells import measured
from ..summaries.goodness import goodness
from ..summaries.learners import fit_rung, learn_encoding
from ..summaries.refits import as_read, fit_restrained, rows_as_read
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows
from ..summaries.univariate import unlearnable, with_outcome

SAMPLE = RowSampleKind()
LEARNERS = ("simple", "restrained")
MIN_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided interval: .90 makes each end a one-sided 95 % bound."""

    confidence: float = 0.9


def refits_ladder(given: Given) -> Iterator[Measurement]:
    """What the candidate loses against the best refit, and against the prior."""
    test: RowSample = given.summary(Role.TEST, SAMPLE)
    models = tuple(m for m in (CANDIDATE, PRIOR) if m in test.rows.scores)
    rows = scored_rows(test, given.grid, models)
    sample: RowSample = given.summary(Role.TRAIN, SAMPLE)
    train = with_outcome(sample.rows)
    why = unlearnable(train, rows, given.task, MIN_ROWS)
    if why:
        yield Measurement(metric="score_lost_to_refit", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    mine = goodness(rows, rows.scores[CANDIDATE], given.task)
    best, found = "", None
    grid = as_read(given.grid, given.reads)
    if given.asks("score_lost_to_refit", "score_of_model"):
        train, there = (rows_as_read(b, given.grid, grid) for b in (train, take(test.rows, rows.where)))
        best, found = _best_refit(replace(given, grid=grid), train, there)
        if found is None:
            why = "no learner of ours could be fitted on four fifths of the training rows (by entity or day) and tried on the rest"
            yield Measurement(metric="score_lost_to_refit", subject=subjects.MODEL, value=None, n=rows.n, note=why)
    fitted_on = f"fitted on {len(train):,} of {sample.total:,} training rows"
    if len(grid.features) < len(given.grid.features):
        fitted_on += f", on the {len(grid.features)} features that the candidate lists"
    held: dict[str, Floats] = {} if found is None else {best: goodness(rows, found, given.task)}
    level, size = given.options.confidence, _rarer(given, rows)
    for name, score in held.items():
        note = f"best of {', '.join(LEARNERS)}: {name}, {fitted_on}"
        yield measured(
            "score_lost_to_refit",
            subjects.MODEL,
            score - mine,
            rows,
            level=level,
            size=size,
            undefined="one class only",
            note=note,
        )
        yield measured("score_of_model", subjects.rows(name), score, rows, undefined="one class only")
    if PRIOR in models:
        prior = goodness(rows, rows.scores[PRIOR], given.task)
        yield measured(
            "score_lost_to_prior",
            subjects.MODEL,
            prior - mine,
            rows,
            level=level,
            size=size,
            undefined="one class only",
        )
        yield measured("score_of_model", subjects.rows(PRIOR), prior, rows, undefined="one class only")
    yield measured("score_of_model", subjects.MODEL, mine, rows, undefined="one class only")


def _best_refit(given: Given, train: Batch, there: Batch) -> tuple[str, Floats | None]:
    """Name and test scores of the learner that does best on a fifth of the training rows that it did not see."""
    outer = train.unit % np.uint64(5) == 0
    kept, judged = (take(train, np.flatnonzero(mask)) for mask in (~outer, outer))
    sample = RowSample(judged, len(judged), max(len(judged), 1))
    tried: dict[str, float] = {}
    for name in LEARNERS if len(kept) and len(judged) else ():
        scores = _scores(given, name, kept, judged)
        if scores is not None:
            rows = scored_rows(_with(sample, scores), given.grid, (CANDIDATE,))
            tried[name] = float(goodness(rows, rows.scores[CANDIDATE], given.task)[0]) if rows.n else float("nan")
    best = max(tried, key=lambda name: (np.nan_to_num(tried[name], nan=-np.inf), name), default="")
    return (best, _scores(given, best, train, there)) if best else ("", None)


def _with(sample: RowSample, scores: Floats) -> RowSample:
    return replace(sample, rows=replace(sample.rows, scores={CANDIDATE: scores}))


def _scores(given: Given, name: str, train: Batch, there: Batch) -> Floats | None:
    if name == "restrained":
        return fit_restrained(train, there, given.task, given.grid)
    encode = learn_encoding(train, given.grid)
    weight = train.weight / WEIGHT_ONE
    fitted = fit_rung("simple", encode(train, given.grid), train.y, weight, given.task)
    return None if fitted is None else fitted.predict(encode(there, given.grid))


def _rarer(given: Given, rows: ScoredRows) -> float | None:
    return float(min((rows.y == 1).sum(), (rows.y == 0).sum())) if given.task.type == "binary" else None


CHECK = Check(
    code="FIT102",
    family=Family.FIT,
    title="Score lost to a model of the right size",
    metrics=("score_lost_to_refit", "score_lost_to_prior", "score_of_model"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=refits_ladder,
    doc=__doc__,
    plants=(Plant(metric="score_lost_to_prior", fault="ranking_lost", null="swapped"),),
    options=Options(),
)
