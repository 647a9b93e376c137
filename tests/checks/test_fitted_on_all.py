"""LEK107: statistics that a model keeps tell which rows it was fitted on."""

import pandas as pd
import pytest

from validators.checks import fitted_on_all

from .leakage_cases import TEST_X, TRAIN_X, measure, two


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
