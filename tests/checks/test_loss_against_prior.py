"""PRF102."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn import metrics as skm

from validators.checks.loss_against_prior import CHECK
from validators.stats.ranking import paired_delong

from .performance_cases import REGRESSION, batch_of, grid_of, measure, same, shuffled, sound, truth, verdict

X, Y, P = sound(4000)
RNG = np.random.default_rng(7)
NOISY = expit(logit(P) + RNG.normal(0, 1.2, len(P)))
TWIN = expit(logit(P) + RNG.normal(0, 0.05, len(P)))


def run(candidate, prior, **held):
    grid = grid_of(X, np.concatenate([candidate, prior]))
    return measure(CHECK, batch_of(X, Y, candidate, grid, prior=prior, **held), grid)


def test_a_noisy_candidate_fails_and_a_twin_passes():
    assert verdict(run(NOISY, P)["auc_loss", "model"], warn=0.01, fail=0.03) == "FAIL"
    assert verdict(run(TWIN, P)["auc_loss", "model"], warn=0.01, fail=0.03) == "PASS"
    assert verdict(run(P, NOISY)["auc_loss", "model"], warn=0.01, fail=0.03) == "PASS"


def test_a_prior_that_ranks_the_wrong_way_round_is_no_yardstick():
    def judged(prior):
        return verdict(run(P, prior)["prior_above_chance", "model"], warn=0.0, fail=None, worse="below")

    assert run(P, 1 - P)["prior_above_chance", "model"].value == pytest.approx(0.5 - skm.roc_auc_score(Y, P), abs=1e-3)
    assert judged(1 - P) == "WARN"
    assert judged(RNG.random(len(P))) in ("INCONCLUSIVE", "PASS")
    assert judged(P) == "PASS"


def test_values_agree_with_scikit_learn_and_the_interval_with_delong():
    found = run(NOISY, P)
    m = found["auc_loss", "model"]
    delong = paired_delong(Y, P, NOISY)

    assert m.value == pytest.approx(skm.roc_auc_score(Y, P) - skm.roc_auc_score(Y, NOISY), abs=1e-3)
    assert (m.high - m.low) / 2 == pytest.approx(
        1.676 * delong.se, rel=0.35
    )  # t of 49 df; a variance of 50 groups is uneven
    shown = found["auc_loss_delong", "model"]
    assert shown.value == pytest.approx(skm.roc_auc_score(Y, P) - skm.roc_auc_score(Y, NOISY), abs=1e-12)
    assert (shown.high - shown.low) / 2 == pytest.approx(1.6449 * delong.se, rel=1e-4)
    theirs = skm.log_loss(Y, NOISY) / skm.log_loss(Y, P) - 1
    assert found["log_loss_increase", "model"].value == pytest.approx(theirs, abs=1e-6)


def test_regression_measures_the_relative_increase_of_squared_error():
    y = truth(X) + RNG.normal(0, 1, len(X))
    prior, candidate = truth(X), truth(X) + 0.4
    grid = grid_of(X, np.concatenate([prior, candidate]), task=REGRESSION, y=y)
    m = measure(CHECK, batch_of(X, y, candidate, grid, prior=prior), grid, REGRESSION)["loss_increase", "model"]
    theirs = skm.mean_squared_error(y, candidate) / skm.mean_squared_error(y, prior) - 1
    assert m.value == pytest.approx(theirs, abs=1e-6)
    assert m.low < 0.16 < m.high
    held = measure(CHECK, batch_of(X, y, prior, grid, prior=-prior), grid, REGRESSION)["prior_above_chance", "model"]
    assert held.value == pytest.approx(skm.r2_score(y, -prior) / 2, abs=1e-6)
    assert held.high < 0


def test_equal_models_lose_nothing():
    m = run(P, P)["auc_loss", "model"]
    assert m.value == 0
    assert m.high - m.low < 0.002


def test_one_class_is_undefined():
    grid = grid_of(X, P)
    found = measure(CHECK, batch_of(X, np.ones(len(X)), P, grid, prior=P), grid)
    assert found["auc_loss", "model"].value is None
    assert found["auc_loss", "model"].note == "no negative rows"


def test_order_of_rows_is_of_no_account():
    grid = grid_of(X, np.concatenate([NOISY, P]))
    batch = batch_of(X, Y, NOISY, grid, prior=P)
    same(measure(CHECK, batch, grid), measure(CHECK, shuffled(batch), grid))


HARD = X["income"].isna().to_numpy() | (np.random.default_rng(3).random(len(X)) < 0.25)


def test_a_prior_that_leaves_hard_rows_out_is_compared_on_the_rows_of_both():
    """Nobody can tell the hard rows; on the others both models are one."""
    y = np.where(HARD, RNG.random(len(Y)) < 0.5, Y).astype(float)
    candidate = np.where(HARD, 0.5 + 0.01 * (P - 0.5), P)
    grid = grid_of(X, np.concatenate([candidate, P]))
    found = measure(CHECK, batch_of(X, y, candidate, grid, prior=np.where(HARD, np.nan, P)), grid)

    m = found["auc_loss", "model"]
    assert (m.value, m.n) == (0.0, (~HARD).sum())
    assert f"{(~HARD).sum():,} of 4,000 rows" in m.note
    assert found["log_loss_increase", "model"].value == 0.0


def test_a_candidate_that_leaves_hard_rows_out_does_not_look_better_for_it():
    worse = np.clip(P + RNG.normal(0, 0.12, len(P)), 0.001, 0.999)
    m = run(np.where(HARD, np.nan, worse), P)["auc_loss", "model"]
    theirs = skm.roc_auc_score(Y[~HARD], P[~HARD]) - skm.roc_auc_score(Y[~HARD], worse[~HARD])

    assert m.value == pytest.approx(theirs, abs=1e-3)
    assert m.low > 0
