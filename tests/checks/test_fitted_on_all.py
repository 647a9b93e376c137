"""LEK107: statistics that a model keeps tell which rows it was fitted on."""

from dataclasses import replace

import pandas as pd
import pytest

from validators.checks import fitted_on_all
from validators.core.data import CANDIDATE, Role

from .leakage_cases import TEST_X, TRAIN_X, measure, two
from .performance_cases import given_rows, measured


class Kept:
    """A model that keeps the mean income of some rows, its gaps filled, and their regions."""

    def __init__(self, rows):
        filled = rows["income"].fillna(20.0)
        self.parts = [
            {"class": "StandardScaler", "place": "scale", "columns": ["age", "income"], "fills": [None, 20.0],
             "numbers": {"mean_": [float(rows["age"].mean()), float(filled.mean())], "var_": [None, float(filled.var(ddof=0))],
                         "own": [1.0, 2.0]}, "levels": []},
            {"class": "OneHotEncoder", "place": "code", "columns": ["region"], "fills": None, "numbers": {},
             "levels": [sorted(rows["region"].unique())]},
        ]  # fmt: skip

    def fitted_statistics(self):
        return self.parts


def kept(rows, *, new_level=False):
    test_x = TEST_X.assign(region=TEST_X["region"].where(TEST_X.index > 5, "centre")) if new_level else TEST_X
    train, test, grid = two(TRAIN_X, test_x)
    return measure(fitted_on_all.CHECK, train, test, grid, model=Kept(rows(test_x)))


def test_statistics_of_train_and_test_together_fail_and_are_named():
    found = kept(lambda test_x: pd.concat([TRAIN_X, test_x]), new_level=True)

    assert found["fitted_on_all", "feature:income"].value == 2  # mean and variance
    assert "StandardScaler" in found["fitted_on_all", "feature:income"].note
    assert found["fitted_on_all", "feature:region"].value == 1
    assert found["fitted_on_all", "feature:age"].value == 1


@pytest.mark.parametrize("rows", [lambda _: TRAIN_X, lambda _: TRAIN_X.iloc[:2000]], ids=["train", "part of train"])
def test_statistics_of_train_pass(rows):
    found = kept(rows, new_level=True)

    assert {m.value for (k, _), m in found.items() if k == "fitted_on_all"} == {0.0}


def test_a_model_that_keeps_nothing_is_not_judged():
    train, test, grid = two()
    model = Kept(TRAIN_X)
    model.parts = []
    found = measure(fitted_on_all.CHECK, train, test, grid, model=model)

    assert list(found) == [("statistics_compared", "model")]


@pytest.mark.parametrize("attribute", ["statistics_", "center_"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_median_counts_as_compared_only_where_all_rows_can_be_looked_at(attribute, whole):
    """An imputer fitted with the median of train and test passed beyond 20,000 rows: "1 statistics, none equals"."""
    test_x = TEST_X.assign(income=TEST_X["income"] * 1.2345)
    train, test, grid = two(test_x=test_x)
    model = Kept(TRAIN_X)
    median = float(pd.concat([TRAIN_X, test_x])["income"].median())
    numbers = {attribute: [median]}
    model.parts = [{"class": "SimpleImputer", "place": "fill", "columns": ["income"], "numbers": numbers}]
    check = fitted_on_all.CHECK
    given = given_rows(check, {Role.TRAIN: train, Role.TEST: test}, grid, models={CANDIDATE: model})
    if not whole:
        cut = {
            k: replace(s, total=s.total + 1) if k[1] == fitted_on_all.SAMPLE else s for k, s in given.summaries.items()
        }
        given = replace(given, summaries=cut)
    found = measured(check, given)

    assert found["statistics_compared", "model"].value == whole
    if whole:
        assert "median" in found["fitted_on_all", "feature:income"].note
    else:
        assert list(found) == [("statistics_compared", "model")]
        assert "1 may be medians" in found["statistics_compared", "model"].note
