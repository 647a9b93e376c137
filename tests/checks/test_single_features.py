"""LEK103: a feature that is nearly the outcome is found; strong and honest ones are not accused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from validators.checks import single_features

from .leakage_cases import TEST_X, TEST_Y, TRAIN_X, TRAIN_Y, measure, two
from .performance_cases import BINARY, REGRESSION, batch_of, grid_of, multiclass, truth, verdict


def alone(strength, task=BINARY):
    rng = np.random.default_rng(4)
    if task.type == "regression":
        ys = [truth(X) + rng.normal(0, 1, len(X)) for X in (TRAIN_X, TEST_X)]
    elif task.type == "multiclass":
        ys = [(TRAIN_Y + (TRAIN_X["region"] == "east")), (TEST_Y + (TEST_X["region"] == "east"))]
    else:
        ys = [TRAIN_Y, TEST_Y]
    train_x, test_x = (
        X.assign(code=np.asarray(y) * strength + rng.normal(size=len(X)))
        for X, y in zip((TRAIN_X, TEST_X), ys, strict=True)
    )
    scores = []
    for X, y in ((train_x, ys[0]), (test_x, ys[1])):
        if task.type == "regression":
            scores.append(np.asarray(y) + rng.normal(0, 0.3, len(X)))
        elif task.type == "multiclass":
            scores.append(np.eye(3)[np.asarray(y, int)] * 0.5 + rng.dirichlet(np.ones(3), len(X)) * 0.5)
        else:
            scores.append(expit(truth(X) + strength * (X["code"] - strength / 2)))
    columns = scores[1].T if task.type == "multiclass" else (scores[1],)
    grid = grid_of(train_x, *columns, task=task, y=ys[0] if task.type == "regression" else None)
    train, test = (batch_of(X, y, s, grid) for X, y, s in zip((train_x, test_x), ys, scores, strict=True))
    return measure(single_features.CHECK, train, test, grid, task)


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
def test_a_copy_of_the_outcome_is_nearly_the_whole_lift(task):
    found = alone(8.0 if task.type != "regression" else 60.0, task)

    assert verdict(found["lift_share", "feature:code"], warn=0.9, fail=0.98) == "FAIL"
    assert verdict(found["lift_share", "feature:sex"], warn=0.9, fail=0.98) == "PASS"
    assert found["quality_without", "feature:code"].value < found["quality_refitted", "model"].value


def test_an_honest_feature_is_part_of_the_lift():
    found = alone(0.8)

    assert verdict(found["lift_share", "feature:code"], warn=0.9, fail=0.98) == "PASS"
    assert ("quality_without", "feature:code") not in found


def cells(leak=None, twins=1):
    """breast_cancer, where one feature alone has an area of .95 and all of them .99; or a few weak ones and copies of the outcome."""
    held = load_breast_cancer(as_frame=True)
    X, rng = held.data if leak is None else held.data.iloc[:, [9, 11, 14, 18]], np.random.default_rng(0)
    y = held.target.to_numpy(float)
    for k in range(twins if leak is not None else 0):
        X = X.assign(**{f"leak{k}": np.where(rng.random(len(y)) < leak, rng.integers(0, 2, len(y)), y)})
    order = rng.permutation(len(y))
    mine, other = order[:340], order[340:]
    p = LogisticRegression(max_iter=5000).fit(X.iloc[mine], y[mine]).predict_proba(X.iloc[other])[:, 1]
    grid = grid_of(X.iloc[mine].reset_index(drop=True), p)
    train, test = (
        batch_of(X.iloc[k].reset_index(drop=True), y[k], s, grid) for k, s in ((mine, np.zeros(340)), (other, p))
    )
    return measure(single_features.CHECK, train, test, grid)


def test_a_strong_feature_that_the_weaker_ones_beat_together_is_information():
    found = cells()
    matched = [m for (metric, _), m in found.items() if metric == "lift_share_matched"]

    assert max(m.value for m in matched) > 0.9
    assert "the weaker features reach 0.9" in matched[0].note
    for (metric, _), m in found.items():
        assert metric != "lift_share" or verdict(m, warn=0.9, fail=0.98) != "WARN"


def test_a_leak_is_not_excused_by_honest_features_that_it_adds_to():
    """Many honest features reach together what the leak reaches alone, and with it much more: it knows what they do not."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 3000).astype(float)
    honest = {f"x{k}": 0.95 * y + rng.normal(size=3000) for k in range(8)}
    X = pd.DataFrame(honest | {"points": rng.poisson(np.where(y == 1, 9, 3))})
    train, test, grid = _halves(X, y)
    found = measure(single_features.CHECK, train, test, grid)

    assert verdict(found["lift_share", "feature:points"], warn=0.9, fail=0.98) in ("WARN", "FAIL")


def test_three_positives_do_not_tell_a_leak():
    y = np.zeros(2000)
    y[:1000:20], y[1000:1003] = 1, 1
    X = pd.DataFrame({"x": y + np.random.default_rng(0).normal(0, 0.1, 2000), "z": np.arange(2000) % 7})
    train, test, grid = _halves(X, y, half=1000)
    found = measure(single_features.CHECK, train, test, grid)

    assert found["lift_share", "model"].value is None
    assert "3 test rows of another class" in found["lift_share", "model"].note


def _halves(X, y, half=1500):
    grid = grid_of(X.iloc[:half], np.linspace(0, 1, 100))
    p = LogisticRegression(max_iter=500).fit(X.iloc[:half], y[:half]).predict_proba(X)[:, 1]
    parts = (slice(0, half), slice(half, None))
    return *(batch_of(X.iloc[s].reset_index(drop=True), y[s], p[s], grid) for s in parts), grid


def test_two_copies_of_the_outcome_do_not_excuse_each_other():
    found = cells(leak=0.04, twins=2)

    for k in (0, 1):
        assert verdict(found["lift_share", f"feature:leak{k}"], warn=0.9, fail=0.98) in ("WARN", "FAIL")


def test_a_weak_candidate_does_not_make_a_leak_of_an_honest_feature():
    train, test, grid = two(p=expit(truth(TEST_X.assign(age=50, income=22))))
    found = measure(single_features.CHECK, train, test, grid)

    # the candidate knows the region only, which alone is all of its own lift
    assert verdict(found["lift_share", "feature:region"], warn=0.9, fail=0.98) == "PASS"


def test_outcomes_that_nothing_predicts_leave_the_share_undefined():
    train, test, grid = two(p=np.random.default_rng(0).random(2000))
    train = replace(train, y=np.random.default_rng(1).permutation(train.y))
    m = measure(single_features.CHECK, train, test, grid)["lift_share", "feature:age"]

    assert m.value is None
    assert "is surer than a constant" in m.note
