"""STR105: rows beyond train are counted, rows of the same population are about one in a hundred."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from validators.checks.support import CHECK
from validators.core.data import GROUPS
from validators.summaries.learners import learn_encoding
from validators.summaries.row_sample import take

from .performance_cases import batch_of, frame, grid_of, measure, same, shuffled


def run(train_x, test_x):
    grid = grid_of(train_x, np.zeros(2))
    train, test = (batch_of(X, np.zeros(len(X)), np.zeros(len(X)), grid) for X in (train_x, test_x))
    return measure(CHECK, test, grid, train=train), train, test, grid


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_the_same_population_are_one_in_a_hundred(seed):
    found = run(frame(3000, seed), frame(2000, seed + 50))[0]

    assert found["beyond_support", "rows:test"].value < 0.03
    assert found["beyond_range", "rows:test"].value < 0.005


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_a_combination_that_never_was_are_far_though_every_value_is_within_range(seed):
    train, test = frame(3000, seed), frame(2000, seed + 50)
    train = train[~((train["age"] > 55) & (train["income"] > 25))].reset_index(drop=True)
    test.loc[:199, "age"], test.loc[:199, "income"] = 78, 60.0
    found = run(train, test)[0]

    assert 0.08 < found["beyond_support", "rows:test"].value < 0.2
    assert found["beyond_support", "rows:test"].low > 0.03


def test_values_and_levels_that_train_does_not_have_are_counted_by_feature():
    train, test = frame(1000), frame(500, 9)
    test.loc[:9, "age"] = 200
    test.loc[5:24, "region"] = "moon"
    test.loc[30:40, "income"] = np.nan
    found = run(train, test)[0]

    assert found["beyond_range", "feature:age | rows:test"].value == 10 / 500
    assert found["beyond_range", "feature:region | rows:test"].value == 20 / 500
    assert found["beyond_range", "rows:test"].value == pytest.approx(25 / 500, abs=0.005)


def test_the_share_agrees_with_distances_from_scipy():
    found, train, test, grid = run(frame(900), frame(300, 7))
    half = train.unit // np.uint64(GROUPS) % np.uint64(2) == 0
    order = np.argsort(train.key)
    near, far = (take(train, order[half[order] == side]) for side in (True, False))
    encode = learn_encoding(near, grid)
    usual, asked = (np.sort(cdist(encode(b, grid), encode(near, grid)), axis=1)[:, 4] for b in (far, test))
    limit = np.quantile(usual, 0.99, method="higher")

    assert found["beyond_support", "rows:test"].value == pytest.approx((asked > limit).mean(), abs=1e-12)


def test_order_does_not_matter_and_no_rows_are_undefined():
    train, test = frame(600), frame(300, 3)
    found, _, batch, grid = run(train, test)
    whole = batch_of(train, np.zeros(600), np.zeros(600), grid)

    same(found, measure(CHECK, shuffled(batch), grid, train=shuffled(whole)))
    empty = run(train, test.head(0))[0]
    assert empty["beyond_range", "rows:test"].value is None
    assert run(train.head(50), test)[0]["beyond_support", "rows:test"].value is None
    assert isinstance(train, pd.DataFrame)
