"""LEK109: the outcome under another name is found and named."""

import numpy as np
import pandas as pd
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


def copies(column, y=TRAIN_Y, task=BINARY):
    X = TRAIN_X.assign(held=column)
    p = np.full(3000, 0.5)
    grid = grid_of(X, p, task=task, y=y)
    train = batch_of(X, y, p, grid)
    found = measure(answers_inside.CHECK, train, train, grid, task)
    return found.get(("copies_outcome", "feature:held")) or found["copies_outcome", "model"]


def test_a_copy_with_gaps_and_one_that_is_missing_for_a_class_fail():
    """Known in 45 % of rows, or "closed" where y = 1 and missing elsewhere: 0.0, so it passed."""
    gaps = copies(np.where(np.random.default_rng(0).random(3000) < 0.45, TRAIN_Y, np.nan))
    closed = copies(pd.Series(np.where(TRAIN_Y == 1, "closed", None), dtype=object))
    y = np.random.default_rng(1).normal(size=3000)
    negated = copies(np.where(np.arange(3000) < 400, -y, np.nan), y, REGRESSION)

    assert gaps.value == closed.value == negated.value == 1.0
    assert closed.note == "it and the outcome determine each other"
    assert "on the 400 rows where it is known" in negated.note
    assert negated.n == 400


def test_with_one_class_in_train_nothing_can_be_told():
    m = copies(TRAIN_Y, np.zeros(3000))

    assert (m.value, m.n) == (None, 3000)
    assert m.note == "all training rows have one outcome"


def test_a_match_that_may_be_an_accident_is_neither_a_copy_nor_none():
    one = np.arange(3000) == 7
    few = copies(np.where(np.arange(3000) < 60, TRAIN_Y, np.nan))
    lone = copies(np.where(np.arange(3000) < 120, one, np.nan), one * 1.0)

    assert few.value is lone.value is None
    assert (few.n, lone.n) == (60, 120)


@pytest.mark.parametrize("known", [0, 40, 2900])
def test_a_feature_that_is_mostly_missing_or_constant_is_no_copy(known):
    flag = copies(np.where(np.arange(3000) < known, 1.0, np.nan))
    words = copies(
        pd.Series(np.where(np.arange(3000) < known, np.where(np.arange(3000) % 2, "a", "b"), None), dtype=object)
    )

    assert flag.value == words.value == 0.0
