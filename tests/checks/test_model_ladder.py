"""PRF104."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn import metrics as skm

from validators.checks.model_ladder import CHECK

from .performance_cases import (
    REGRESSION,
    batch_of,
    frame,
    grid_of,
    measure,
    multiclass,
    same,
    shuffled,
    sound,
    truth,
    verdict,
)

X, Y, P = sound(2000)
TRAIN_X, TRAIN_Y, TRAIN_P = sound(3000, seed=10)
RNG = np.random.default_rng(5)


def run(p, *, y=Y, train_y=TRAIN_Y, **held):
    grid = grid_of(TRAIN_X, p)
    train = batch_of(TRAIN_X, train_y, TRAIN_P, grid)
    return measure(CHECK, batch_of(X, y, p, grid, **held), grid, train=train)


def test_the_true_model_passes_and_an_upside_down_one_fails():
    sure = {"warn": 0.0, "fail": 0.02}
    good, bad = run(P), run(1 - P)
    assert verdict(good["shortfall_dummy", "model"], **sure) == "PASS"
    assert verdict(bad["shortfall_dummy", "model"], **sure) == "FAIL"
    assert verdict(bad["shortfall_simple", "model"], **sure) == "FAIL"


def test_a_candidate_that_a_regression_beats_fails_against_the_simple_rung_only():
    noisy = expit(truth(X) + RNG.normal(0, 1.0, len(X)))
    found = run(noisy)
    assert verdict(found["shortfall_simple", "model"], warn=0.0, fail=0.02) == "FAIL"
    assert verdict(found["shortfall_dummy", "model"], warn=0.0, fail=0.02) == "PASS"


def test_scores_of_the_ladder_agree_with_scikit_learn():
    found = run(P)
    assert found["ladder_score", "rows:dummy"].value == 0.5
    assert found["ladder_score", "model"].value == pytest.approx(skm.roc_auc_score(Y, P), abs=1e-12)
    gained = found["ladder_score", "model"].value - found["ladder_score", "rows:simple"].value
    assert found["shortfall_simple", "model"].value == pytest.approx(-gained, abs=1e-12)
    assert found["ladder_score", "rows:simple"].value > 0.7  # the truth is nearly linear


def test_regression_is_relative_to_the_rungs_loss():
    y, train_y = truth(X) + RNG.normal(0, 1, len(X)), truth(TRAIN_X) + RNG.normal(0, 1, len(TRAIN_X))
    f = truth(X)
    grid = grid_of(TRAIN_X, f, task=REGRESSION, y=train_y)
    train = batch_of(TRAIN_X, train_y, truth(TRAIN_X), grid)
    found = measure(CHECK, batch_of(X, y, f, grid), grid, REGRESSION, train=train)
    dummy = ((y - train_y.mean()) ** 2).mean()
    assert found["shortfall_dummy", "model"].value == pytest.approx(((y - f) ** 2).mean() / dummy - 1, rel=1e-6)
    assert found["ladder_score", "rows:dummy"].value == pytest.approx(0, abs=1e-12)


def test_several_classes():
    both = frame(4000, 20)
    logits = np.column_stack([truth(both), -truth(both), np.zeros(4000)])
    scores = softmax(logits, axis=1)
    y = np.array([RNG.choice(3, p=s) for s in scores]).astype(float)
    task = multiclass("a", "b", "c")
    grid = grid_of(both, *scores.T, task=task)
    first, second = (both.iloc[s].reset_index(drop=True) for s in (slice(2000), slice(2000, None)))
    train = batch_of(first, y[:2000], scores[:2000], grid)
    found = measure(CHECK, batch_of(second, y[2000:], scores[2000:], grid), grid, task, train=train)
    assert found["shortfall_simple", "model"].value < 0.01
    assert found["ladder_score", "model"].value > found["ladder_score", "rows:dummy"].value


@pytest.mark.parametrize("train_y", [np.ones(len(TRAIN_X)), np.full(len(TRAIN_X), np.nan)])
def test_training_rows_that_cannot_be_learned_from_leave_it_undefined(train_y):
    m = run(P, train_y=train_y)["shortfall_dummy", "model"]
    assert m.value is None
    assert "training rows" in m.note


@pytest.mark.parametrize("y", [np.ones(len(X)), np.full(len(X), np.nan)])
def test_one_class_or_none_among_the_test_rows_is_undefined(y):
    assert run(P, y=y)["shortfall_dummy", "model"].value is None


def test_order_of_rows_is_of_no_account():
    grid = grid_of(TRAIN_X, P)
    batch, train = batch_of(X, Y, P, grid), batch_of(TRAIN_X, TRAIN_Y, TRAIN_P, grid)
    same(measure(CHECK, batch, grid, train=train), measure(CHECK, shuffled(batch), grid, train=shuffled(train)))
