"""Quality of scores by group of dependent rows: undefined where no outcome has weight."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.checks.performance_cases import BINARY, REGRESSION, batch_of, frame, grid_of, multiclass, truth
from validators.summaries.reactions import base_of, quality_parts

X = frame(400, 0)
UNIT = np.arange(len(X))
Y = truth(X) + np.random.default_rng(0).normal(size=len(X))


def parts(known, task):
    """Quality of the whole and without each group of rows, where some outcomes are known."""
    y = Y if task is REGRESSION else (Y > 0).astype(float)
    grid = grid_of(X, truth(X), task=task, y=y)
    base = base_of(batch_of(X, np.where(known, y, np.nan), truth(X), grid, unit=UNIT), task, ["candidate"])
    return quality_parts(base, base.scores["candidate"])


@pytest.mark.parametrize("task", [BINARY, REGRESSION])
def test_without_outcomes_there_is_no_quality_and_without_the_only_ones_neither(task):
    """The mean of outcomes without weight raised."""
    none, one, some = (parts(np.isin(UNIT % 50, range(k)), task) for k in (0, 1, 9))

    assert (len(none), np.isnan(none).all()) == (1, True)
    assert np.isfinite(one).tolist() == [True, False]
    assert (len(some), np.isfinite(some).all()) == (10, True)


def test_a_class_of_one_group_does_not_leave_quality_undefined():
    y, task = (Y > 0).astype(float), multiclass("a", "b", "c")
    y[3] = 2
    scores = np.random.default_rng(1).dirichlet(np.ones(3), len(X))
    base = base_of(batch_of(X, y, scores, grid_of(X, *scores.T, task=task), unit=UNIT), task, ["candidate"])
    found = quality_parts(base, scores)

    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(np.mean([roc_auc_score(y == k, scores[:, k]) for k in (0, 1)]))
