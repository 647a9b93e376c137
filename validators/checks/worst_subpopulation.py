"""STR102: how bad is it for those for whom it is worst?

How it is measured
------------------
Every test row (at most 20,000, by key hash) has a loss and a loss that the model itself expects: the entropy of its
probabilities, recalibrated on all rows. A regression expects nothing; there it is the squared error that is natural at such a row:
that of our own learner, fitted on one half of train (at most 8,000 rows) and erring on the other, as a function of the features
(without train: that of the other half's test rows with predictions in the same tenth). Boosted trees, fitted on four fifths of the
rows (those of one entity or day together), say from the features alone where the loss is above what is expected; in the remaining
fifth the rows of which they expect most are the worst, and the loss found there is the estimate. So nobody is called worst for his
own bad luck. `worst_excess` is the loss beyond expectation of the worst tenth, relative to the mean loss of all (in regression to
the error that is natural there); `curve_worst_excess` gives it for shares from a twentieth to all. Intervals by the delete-a-group
jackknife, with the rows that the trees chose held fixed; each end of a 90 % interval is a one-sided 95 % bound. The note names the
one or two conditions that fit the worst tenth best. Below 1,000 rows nothing is said: trees fitted on fewer find nobody.

Why it matters
--------------
A mean hides a minority. Bad times are a shift of the mix towards those for whom the model is weakest: if the worst tenth loses twice
the mean, a portfolio that consists of them loses that too.

What to do
----------
Read the conditions, look at these rows, and declare them as a slice, so that the next version is held against it. A curve that stays
high up to half of the rows is underfit (see FIT103); one that is high at a twentieth only is a small group.

Sources
-------
Duchi & Namkoong (2021), Annals of Statistics 49, 1378-1406; Li, Namkoong & Xia (2021), Evaluating model performance under worst-case
subpopulations, NeurIPS 34, 17325-17334, for the cross-fitted estimate over covariates.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, GROUPS, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.cells import divided, measured
from ..summaries.conditions import conditions
from ..summaries.excess import excess_loss, relative_excess
from ..summaries.refits import cross_fitted, design, expected_error
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows
from ..summaries.subpopulation import in_words, worst_rows

SAMPLE = RowSampleKind()
FOLDS, BINS, LEVELS, TRAIN_ROWS = 5, 6, 20, 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`judged` share of the rows, and the `shares` of the curve; `min_rows` that it takes; `confidence` of the two-sided
    interval: .90 makes each end a one-sided 95 % bound.
    """

    judged: float = 0.1
    shares: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
    min_rows: int = 1000
    confidence: float = 0.9


def worst_subpopulation(given: Given) -> Iterator[Measurement]:
    """Loss over expectation of the worst tenth, and of other shares."""
    options = given.options
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    mean = float(np.average(rows.loss[CANDIDATE], weights=rows.weight)) if rows.n else 0.0
    if rows.n < options.min_rows or not mean > 0:
        few = f"{rows.n} rows with an outcome; it takes {options.min_rows}"
        why = "the model makes no error" if rows.n >= options.min_rows else few
        yield Measurement(metric="worst_excess", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    batch = take(sample.rows, rows.where)
    part = rows.unit // np.uint64(GROUPS)
    fold = (part % np.uint64(FOLDS)).astype(np.int64)
    half = part // np.uint64(FOLDS) % np.uint64(2) == 0
    excess, how = _excess(given, rows, batch, half, mean)
    matrix = design(batch.codes, given.grid).astype(np.float64)
    expected = cross_fitted(excess, rows.weight, matrix, fold, folds=FOLDS)

    def member(share: float) -> Floats:
        return worst_rows(expected, rows.weight, batch.key, fold, share)

    worst = member(options.judged)
    held = conditions(batch, bins=BINS, levels=LEVELS, min_rows=max(30, rows.n // 50))
    words = in_words(worst, rows.weight, held) or "no one or two conditions describe them"
    m = _measured("worst_excess", subjects.MODEL, excess, worst, rows, options.confidence)
    yield replace(m, note="; ".join(filter(None, (m.note, words, how, rows.note))))
    for share in options.shares if given.asks("curve_worst_excess") else ():
        subject = subjects.rows(f"worst_{share:g}")
        yield _measured("curve_worst_excess", subject, excess, member(share), rows, options.confidence)


def _excess(given: Given, rows: ScoredRows, batch: Batch, half: NDArray[np.bool_], mean: float) -> tuple[Floats, str]:
    """(n,) loss over expectation, relative, and how it was expected where that is not the rule."""
    note = ""
    if given.task.type == "regression":
        train = given.summary(Role.TRAIN, SAMPLE).thin(TRAIN_ROWS) if given.has(Role.TRAIN, SAMPLE) else None
        expected = None if train is None else expected_error(train, batch, given.task, given.grid)
        if expected is not None:
            return relative_excess(rows, CANDIDATE, expected), ""
        note = "expected by the level of the prediction, for want of train"
    return excess_loss(rows, CANDIDATE, given.task, half) / mean, note


def _measured(
    metric: str, subject: str, excess: Floats, member: Floats, rows: ScoredRows, confidence: float
) -> Measurement:
    """Mean excess of the members; `n` are the members, the groups those of all rows."""
    inside = rows.only(member > 0)
    over, w = inside.sums((excess * member)[member > 0], member[member > 0]).T
    return measured(metric, subject, divided(over, w), inside, level=confidence)


CHECK = Check(
    code="STR102",
    family=Family.STRESS,
    title="Worst subpopulation",
    metrics=("worst_excess", "curve_worst_excess"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.TRAIN,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=worst_subpopulation,
    doc=__doc__,
    plants=(Plant(metric="worst_excess", fault="worst_tenth", null="redrawn", replicates=5, rows=2500),),
    options=Options(),
    slow=True,
)
