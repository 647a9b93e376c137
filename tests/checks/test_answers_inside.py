"""LEK109: the outcome under another name is found and named."""

import numpy as np
import pytest

from validators.checks import answers_inside

from .leakage_cases import TEST_X, TRAIN_X, TRAIN_Y, measure, two
from .performance_cases import BINARY, REGRESSION, batch_of, grid_of, multiclass


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
def test_the_outcome_under_another_name_fails_and_a_strong_feature_does_not(task):
    rng = np.random.default_rng(0)
    y = rng.normal(size=3000) if task.type == "regression" else rng.integers(0, len(task.classes), 3000)
    copy = 3 - 2 * y if task.type == "regression" else np.array(["x", "y", "z"], object)[y]
    strong = y + rng.normal(0, 0.01, 3000) if task.type == "regression" else np.where(rng.random(3000) < 0.01, 9, y)
    X = TRAIN_X.assign(copy=copy, strong=strong)
    p = np.full(3000, 0.5)
    grid = grid_of(X, *([p] * task.n_scores), task=task, y=y)
    train = batch_of(X, y, np.column_stack([p] * task.n_scores), grid)
    found = measure(answers_inside.CHECK, train, train, grid, task)

    assert {s: m.value for (k, s), m in found.items() if k == "copies_outcome"} == {
        f"feature:{f}": float(f == "copy") for f in X
    }


def test_a_pure_value_is_named_with_its_bound():
    X = TRAIN_X.assign(code=np.where((np.arange(3000) < 400) & (TRAIN_Y == 1), "closed", "open").astype(object))
    train, test, grid = two(X, TEST_X.assign(code="open"))
    found = measure(answers_inside.CHECK, train, test, grid)

    assert "closed" in found["pure_share", "feature:code"].note
    assert found["pure_share", "feature:region"].value == 0
