"""FIT103: is there structure left that a model could have learnt?

How it is measured
------------------
On the test sample, boosted trees that see the features and the candidate's score try to predict its residual (outcome minus score;
per class in multiclass), cross-fitted in five folds of dependent rows. `structure_left` is the share of the squared residual that
they remove: 0 or below, and nothing is left; .05, and a correction of the candidate lowers its squared error by 5 %. The interval
is by the delete-a-group jackknife, rows of a group together. For information, `structure_by_feature` is what a small tree on one
feature removes alone, simultaneous over the features.

Why it matters
--------------
Residuals of a model that has learnt what the features say are noise. What can be predicted from the same features is underfit, a
lost feature, a wrong transformation, or labels that changed between train and test.

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

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import simultaneous_level
from ..summaries.cells import divided, measured
from ..summaries.refits import cross_fitted, design
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

SAMPLE = RowSampleKind()
FOLDS, MIN_ROWS, MOST_CLASSES = 5, 300, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided interval: .90 makes each end a one-sided 95 % bound."""

    confidence: float = 0.9


def residual_structure(given: Given) -> Iterator[Measurement]:
    """Share of the squared residual that can be predicted, by all features and by each alone."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    if rows.n < MIN_ROWS:
        why = f"{rows.n} scored outcomes; cross-fitting takes {MIN_ROWS}"
        yield Measurement(metric="structure_left", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    residual = _residuals(given, rows)
    codes = design(take(sample.rows, rows.where).codes, given.grid).astype(np.float64)
    fold = (rows.unit // np.uint64(50) % np.uint64(FOLDS)).astype(np.int64)
    matrix = np.column_stack([codes, rows.scores[CANDIDATE]])
    left = [cross_fitted(r, rows.weight, matrix, fold, folds=FOLDS) for r in residual.T]
    yield _removed("structure_left", subjects.MODEL, rows, residual, np.column_stack(left), given.options.confidence)
    level = simultaneous_level(given.options.confidence, codes.shape[1])
    centred = residual - np.average(residual, axis=0, weights=rows.weight)
    for j, name in enumerate(given.grid.features):
        alone = np.column_stack([_tree_fitted(r, rows.weight, codes[:, [j]], fold) for r in centred.T])
        yield _removed("structure_by_feature", subjects.feature(name), rows, centred, alone, level)


def _residuals(given: Given, rows: ScoredRows) -> Floats:
    """(n, k) outcome minus score, per class in multiclass (the first ten classes)."""
    scores = rows.scores[CANDIDATE]
    if given.task.type != "multiclass":
        return np.asarray(rows.y[:, None] - scores)
    k = min(scores.shape[1], MOST_CLASSES)
    return np.asarray((rows.y[:, None] == np.arange(k)) - scores[:, :k])


def _tree_fitted(target: Floats, weight: Floats, column: Floats, fold: NDArray[np.int64]) -> Floats:
    from sklearn.tree import DecisionTreeRegressor

    found = np.zeros(len(target))
    for k in range(FOLDS):
        mine = fold == k
        if mine.any() and not mine.all():
            tree = DecisionTreeRegressor(max_leaf_nodes=6, min_samples_leaf=40, random_state=0)
            found[mine] = tree.fit(column[~mine], target[~mine], sample_weight=weight[~mine]).predict(column[mine])
    return found


def _removed(
    metric: str, subject: str, rows: ScoredRows, residual: Floats, expected: Floats, level: float
) -> Measurement:
    before, after = (residual**2).sum(axis=1), ((residual - expected) ** 2).sum(axis=1)
    total, rest = rows.sums(before, after).T
    return measured(
        metric,
        subject,
        divided(total - rest, total),
        rows,
        level=level,
        undefined="the candidate makes no error",
        note=rows.note,
    )


CHECK = Check(
    code="FIT103",
    family=Family.FIT,
    title="Structure left in the residuals",
    metrics=("structure_left", "structure_by_feature"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=residual_structure,
    doc=__doc__,
    options=Options(),
)
