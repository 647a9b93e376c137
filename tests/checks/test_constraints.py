"""STR103: bumps are counted and located, monotone models pass."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from validators.checks.constraints import CHECK
from validators.core.records import Given

from .performance_cases import REGRESSION, batch_of, frame, measured, multiclass, truth, verdict
from .stress_cases import Sound, given_of, run

LIMITS = {"warn": 0.001, "fail": 0.01}
RISING = {"age": {"monotone": "increasing"}, "income": {"monotone": "decreasing"}}


class Bump(Sound):
    """Falls back by half a logit between 40 and 43 years, in one region."""

    where = "north"

    def logit(self, X):
        dent = X["age"].between(40, 42) & (X["region"] == self.where)
        return truth(X) - 0.5 * dent.to_numpy()


class NarrowBump(Sound):
    """A dent in a hundredth of the incomes."""

    def logit(self, X):
        return truth(X) + 0.5 * X["income"].between(20.0, 20.2).to_numpy()


class Rounded(Sound):
    """Differences below a millionth, up and down."""

    def predict(self, X):
        return expit(truth(X)) + 1e-8 * np.sin(1e4 * X["age"].to_numpy())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("model", [Sound, Rounded])
def test_a_model_that_keeps_its_direction_passes(model, seed):
    found = run(CHECK, model(), seed=seed, constraints=RISING)

    for name in RISING:
        assert verdict(found["monotone_violations", f"feature:{name}"], **LIMITS) == "PASS"
    assert not any(metric == "ice_violations" for metric, _ in found)


@pytest.mark.parametrize("seed", range(3))
def test_a_bump_is_counted_measured_and_located(seed):
    found = run(CHECK, Bump(), seed=seed, constraints=RISING)
    m, largest = found["monotone_violations", "feature:age"], found["largest_violation", "feature:age"]
    bins = {s: m for (metric, s), m in found.items() if metric == "ice_violations" and "age" in s}
    worst = max(bins.values(), key=lambda m: m.value)

    assert verdict(m, **LIMITS) == "FAIL"
    # every row of the region whose grid has a value in the dent and one below: a quarter of the rows, most of them
    assert 0.15 < m.value < 0.30
    assert 0.05 < largest.value <= np.tanh(0.5 / 4) + 1e-9  # half a logit moves a probability by at most tanh(1/8)
    assert "falls between age" in largest.note
    low, high = (float(v) for v in worst.note.split(" to "))
    assert low <= 42
    assert high >= 38
    assert verdict(found["monotone_violations", "feature:income"], **LIMITS) == "PASS"


def test_a_bump_between_the_points_of_a_common_grid_is_hit_by_some_rows():
    found = run(CHECK, NarrowBump(), constraints=RISING)

    assert verdict(found["monotone_violations", "feature:income"], **LIMITS) == "FAIL"


def test_the_share_agrees_with_a_count_over_every_value():
    """Another route: every row gets every age there is, in a plain loop."""
    X = frame(400)
    model, ages = Bump(), np.arange(18, 80)
    curves = np.column_stack([model.predict(X.assign(age=a)) for a in ages])
    broken = (np.diff(curves, axis=1) < -1e-6).any(axis=1)
    found = run(CHECK, Bump(), n=400, constraints=RISING)["monotone_violations", "feature:age"]

    assert found.value <= broken.mean()
    assert found.value > 0.7 * broken.mean()  # a row's 20 points have none in the 3 of 62 years now and then


def test_an_opposite_direction_is_broken_by_every_row():
    found = run(CHECK, Sound(), constraints={"age": {"monotone": "decreasing"}})

    assert found["monotone_violations", "feature:age"].value == 1.0
    assert "rises between age" in found["largest_violation", "feature:age"].note


@pytest.mark.parametrize(
    ("constraints", "task", "note"),
    [
        ({"region": {"monotone": "increasing"}}, None, "takes numbers"),
        ({"age": {"monotone": "increasing"}}, multiclass("a", "b"), "add favourable = ... under [task]"),
    ],
)
def test_what_cannot_be_checked_is_undefined_with_its_reason(constraints, task, note):
    class Two(Sound):
        def predict(self, X):
            p = super().predict(X)
            return np.column_stack([1 - p, p])

    more = {} if task is None else {"task": task, "y": np.zeros(800)}
    found = run(CHECK, Sound() if task is None else Two(), constraints=constraints, **more)
    m = next(m for (metric, _), m in found.items() if metric == "monotone_violations")

    assert m.value is None
    assert note in m.note


@pytest.mark.parametrize(("favourable", "broken"), [("b", 0.0), ("a", 1.0)])
def test_of_several_classes_the_favourable_one_has_the_direction(favourable, broken):
    class Two(Sound):
        def predict(self, X):
            p = super().predict(X)
            return np.column_stack([1 - p, p])

    task = replace(multiclass("a", "b"), favourable=favourable)
    found = run(CHECK, Two(), constraints=RISING, task=task, y=np.zeros(800))

    assert {found["monotone_violations", f"feature:{name}"].value for name in RISING} == {broken}


def test_a_constant_feature_says_so():
    X = frame(300).assign(age=30)
    m = measured(CHECK, given_of(CHECK, Sound(), X, constraints=RISING))["monotone_violations", "feature:age"]

    assert (m.value, m.note) == (None, "one value only in these rows")


def test_what_is_not_declared_is_not_judged():
    found = run(CHECK, Sound(), constraints={"age": {"unit": "years"}})

    assert set(found) == {("beyond_output_range", "model")}


def test_scores_beyond_the_outcomes_that_train_knows_are_counted():
    class Far(Sound):
        def predict(self, X):
            z = truth(X)
            z[:8] = 100.0
            return z

    X = frame(800)
    y = truth(X)

    def train(grid):
        return batch_of(X, y, y, grid)

    given: Given = given_of(CHECK, Far(), X, y=y, task=REGRESSION, train=train)
    m = measured(CHECK, given)["beyond_output_range", "model"]

    assert m.value == 8 / 800
    assert "outcomes of train" in m.note


def test_probabilities_below_zero_are_counted():
    class Negative(Sound):
        def predict(self, X):
            return truth(X)

    found = run(CHECK, Negative())["beyond_output_range", "model"]

    assert found.value == pytest.approx(np.mean((truth(frame(800)) < 0) | (truth(frame(800)) > 1)))
    assert isinstance(frame(1), pd.DataFrame)


class Partly(Sound):
    """Has no score for incomes that are high."""

    def __init__(self, above):
        self.above = above

    def predict(self, X):
        return np.where(X["income"].fillna(0).to_numpy() > self.above, np.nan, super().predict(X))


def test_where_many_rows_get_no_score_nothing_is_told():
    """Three in four rows were dropped without a word, and none of the others stepped the wrong way."""
    found = run(CHECK, Partly(12), constraints={"age": {"monotone": "increasing"}})
    m, outside = found["monotone_violations", "feature:age"], found["beyond_output_range", "model"]
    missing = int((frame(800)["income"] > 12).sum())

    assert (m.value, m.n) == (None, 800)
    assert m.note == f"{missing} of 800 rows have no finite score at some of the values"
    assert (outside.value, outside.n) == (0.0, 800 - missing)
    assert f"{missing} rows without a score are left out" in outside.note
    assert run(CHECK, Partly(-1))["beyond_output_range", "model"].value is None


def test_a_few_rows_without_a_score_are_left_out_with_a_word():
    few = float(np.sort(frame(800)["income"].dropna())[-4])
    m = run(CHECK, Partly(few), constraints={"age": {"monotone": "increasing"}})["monotone_violations", "feature:age"]

    assert (m.value, m.n) == (0.0, 797)
    assert "3 of 800 rows have no finite score" in m.note
