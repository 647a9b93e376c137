"""FIT103: is there structure left that a model could have learnt?

How it is measured
------------------
On the test sample, boosted trees that see the candidate's score and the features that its file lists as its own (all declared ones
where it lists none) try to predict its residual (outcome minus score;
per class in multiclass), cross-fitted in five folds of dependent rows. `structure_left` is the share of the squared residual that
they remove: 0 or below, and nothing is left; .05, and a correction of the candidate lowers its squared error by 5 %. Any model leaves
some, for the test rows that the correction learns from are news to it: the fewer training rows, the more. So our own learner, fitted
on the training sample, is put to the same test, and `structure_excess` is what the candidate leaves beyond it (beyond nothing, where
it leaves none or there is no train). The intervals are by the delete-a-group jackknife, rows of a group together, and about the
corrections that were fitted. That of `structure_left` is wider by a third because the folds lean on each other
(`stats.jackknife.cross_fitted_spread`); in a difference of two they cancel. For information, `structure_by_feature` is what a small
tree on one declared feature removes alone, simultaneous over the features.

Why it matters
--------------
Residuals of a model that has learnt what the features say are noise. What can be predicted from the same features, and what another
learner got out of the same training rows, is underfit, a lost feature, a wrong transformation, or a model that learnt chance.

What to do
----------
Look at the features named here: plot the residual over them. Give the model more capacity or the interaction that it lacks. If
train shows no such structure but test does, the world has moved (see feature drift and backtest).

Sources
-------
Chernozhukov et al. (2018), Econometrics Journal 21, C1-C68, on cross-fitting; Hébert-Johnson et al. (2018), ICML, PMLR 80,
1939-1948: residuals that a learner can predict are a failure of multicalibration.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..summaries.cells import divided, measured
from ..summaries.refits import as_read, cross_fitted, design, fit_restrained, rows_as_read
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

SAMPLE = RowSampleKind()
FOLDS, MIN_ROWS, MOST_CLASSES = 5, 300, 10
NO_ERROR = "the candidate makes no error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`own_learner`: whether it is put to the same test; `confidence` of the two-sided interval: .90 makes each end a one-sided
    95 % bound.
    """

    own_learner: bool = True
    confidence: float = 0.9


def residual_structure(given: Given) -> Iterator[Measurement]:
    """Share of the squared residual that can be predicted, by all features and by each alone, and beyond that of our own learner."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    if rows.n < MIN_ROWS:
        why = f"{rows.n} scored outcomes; cross-fitting takes {MIN_ROWS}"
        yield Measurement(metric="structure_excess", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    there = take(sample.rows, rows.where)
    grid = as_read(given.grid, given.reads)
    codes = design(rows_as_read(there, given.grid, grid).codes, grid).astype(np.float64)
    fold = (rows.unit // np.uint64(50) % np.uint64(FOLDS)).astype(np.int64)
    residual = _residuals(given, rows, rows.scores[CANDIDATE])
    left = _left(rows, residual, codes, rows.scores[CANDIDATE], fold)
    whole = partial(measured, subject=subjects.MODEL, cell=rows, level=given.options.confidence, undefined=NO_ERROR)
    yield whole("structure_left", values=left, folds=FOLDS, note=rows.note)
    refit = _own_learner(given, there) if given.options.own_learner else None
    note = "not compared with our own learner"
    floor = np.zeros(len(left))
    if refit is not None:
        floor = _left(rows, _residuals(given, rows, refit), codes, refit, fold)
        note = f"our own learner leaves {floor[0]:.3f}"
    beyond = floor[0] > 0
    yield whole(
        "structure_excess",
        values=left - floor if beyond else left,
        folds=0 if beyond else FOLDS,
        note="; ".join(filter(None, (note, rows.note))),
    )
    codes = design(there.codes, given.grid).astype(np.float64)
    level = simultaneous_level(given.options.confidence, codes.shape[1])
    centred = residual - np.average(residual, axis=0, weights=rows.weight)
    for j, name in enumerate(given.grid.features if given.asks("structure_by_feature") else ()):
        alone = np.column_stack([_tree_fitted(r, rows.weight, codes[:, [j]], fold) for r in centred.T])
        values = _removed(rows, centred, alone)
        yield measured(
            "structure_by_feature",
            subjects.feature(name),
            values,
            rows,
            level=level,
            undefined=NO_ERROR,
            note=rows.note,
        )


def _own_learner(given: Given, there: Batch) -> Floats | None:
    """(n, n_scores) test scores of boosted trees held back, fitted on the training sample; None without enough of it."""
    if not given.has(Role.TRAIN, SAMPLE):
        return None
    train: RowSample = given.summary(Role.TRAIN, SAMPLE)
    known = np.flatnonzero(~np.isnan(train.rows.y) & (train.rows.weight > 0))
    if len(known) < MIN_ROWS:
        return None
    grid = as_read(given.grid, given.reads)
    fitted_on, asked = (rows_as_read(b, given.grid, grid) for b in (take(train.rows, known), there))
    return fit_restrained(fitted_on, asked, given.task, grid)


def _residuals(given: Given, rows: ScoredRows, scores: Floats) -> Floats:
    """(n, k) outcome minus score, per class in multiclass (the first ten classes)."""
    if given.task.type != "multiclass":
        return np.asarray(rows.y[:, None] - scores)
    k = min(scores.shape[1], MOST_CLASSES)
    return np.asarray((rows.y[:, None] == np.arange(k)) - scores[:, :k])


def _left(rows: ScoredRows, residual: Floats, codes: Floats, scores: Floats, fold: NDArray[np.int64]) -> Floats:
    """(1 + groups,) share of the squared residual that boosted trees on features and score remove."""
    matrix = np.column_stack([codes, scores])
    expected = [cross_fitted(r, rows.weight, matrix, fold, folds=FOLDS) for r in residual.T]
    return _removed(rows, residual, np.column_stack(expected))


def _removed(rows: ScoredRows, residual: Floats, expected: Floats) -> Floats:
    total, rest = rows.sums((residual**2).sum(axis=1), ((residual - expected) ** 2).sum(axis=1)).T
    return divided(total - rest, total)


def _tree_fitted(target: Floats, weight: Floats, column: Floats, fold: NDArray[np.int64]) -> Floats:
    from sklearn.tree import DecisionTreeRegressor

    found = np.zeros(len(target))
    for k in range(FOLDS):
        mine = fold == k
        if mine.any() and not mine.all():
            tree = DecisionTreeRegressor(max_leaf_nodes=6, min_samples_leaf=40, random_state=0)
            found[mine] = tree.fit(column[~mine], target[~mine], sample_weight=weight[~mine]).predict(column[mine])
    return found


CHECK = Check(
    code="FIT103",
    family=Family.FIT,
    title="Structure left in the residuals",
    metrics=("structure_excess", "structure_left", "structure_by_feature"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.TRAIN,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=residual_structure,
    doc=__doc__,
    plants=(
        Plant(
            metric="structure_excess",
            fault="structure_left",
            null="redrawn",
            replicates=5,
            rows=2500,
            options={"own_learner": False},
        ),
    ),
    options=Options(),
)
