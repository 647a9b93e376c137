"""PRD101: agreement and migration of two scores of the same rows."""

import numpy as np
import pytest

from validators.checks.same_rows import CHECK

from .performance_cases import batch_of, grid_of, measure, multiclass, sound, verdict

X, Y, P = sound(2000)


def run(candidate):
    grid = grid_of(X, np.concatenate([P, candidate]))
    return measure(CHECK, batch_of(X, Y, candidate, grid, prior=P), grid)


def test_limits_of_agreement_are_the_mean_change_and_1_96_standard_deviations():
    moved = np.clip(P + np.random.default_rng(0).normal(0.02, 0.05, len(P)), 0, 1)
    change = moved - P
    found = run(moved)
    for word, sign in (("low", -1), ("high", 1)):
        m = found["limit_of_agreement", f"model | rows:{word}"]
        assert m.value == pytest.approx(change.mean() + sign * 1.959964 * change.std(ddof=1), abs=1e-9)
        assert m.low < m.value < m.high


def test_equal_scores_agree_wholly_and_nobody_moves():
    found = run(P)
    assert found["concordance", "model"].value == pytest.approx(1)
    assert found["kendall_tau", "model"].value == pytest.approx(1)
    assert found["flip_rate", "model"].value == 0
    kept = sum(m.value for (metric, s), m in found.items() if metric == "migration" and s[-8:-6] == s[-2:])
    assert sum(m.value for (metric, _), m in found.items() if metric == "migration") == pytest.approx(1)
    assert kept == pytest.approx(1)


THREE = multiclass("a", "b", "c")
FIRST = np.random.default_rng(3).uniform(0.5, 0.7, 2000)
SECOND = np.random.default_rng(4).random(2000) * (1 - FIRST)
PRIOR = np.column_stack([FIRST, SECOND, 1 - FIRST - SECOND])


def run_three(candidate, prior=PRIOR):
    grid = grid_of(X, *prior.T, task=THREE)
    y = np.random.default_rng(5).integers(0, 3, 2000)
    return measure(CHECK, batch_of(X, y, candidate, grid, prior=prior), grid, THREE)


def test_mass_that_moves_between_two_classes_is_seen_where_a_third_is_decided():
    second = PRIOR[:, 1] * 0.05
    moved = np.column_stack([FIRST, second, 1 - FIRST - second])
    found = run_three(moved)
    m = found["mean_change_sd", "model"]
    change = (moved - PRIOR).mean(axis=0) / PRIOR.std(axis=0).max()

    assert m.value == pytest.approx(np.abs(change).max())
    assert m.low < m.value < m.high
    assert verdict(m, warn=0.1, fail=0.25) == "FAIL"
    assert "class:b, the largest of 3 classes; in standard deviations of the prior's score of class:c" in m.note
    assert "score of class:a" in found["concordance", "model"].note
    assert verdict(run_three(PRIOR)["mean_change_sd", "model"], warn=0.1, fail=0.25) == "PASS"


def test_the_largest_of_the_classes_is_no_larger_in_sound_refits():
    noise = np.random.default_rng(6).normal(0, 0.01, (2000, 3))
    m = run_three(PRIOR + noise - noise.mean(axis=1, keepdims=True))["mean_change_sd", "model"]

    assert verdict(m, warn=0.1, fail=0.25) == "PASS"


def test_a_rare_class_of_which_a_sound_refit_moves_much_of_its_own_is_no_finding():
    """In standard deviations of its own scores, of a class of four rows in a thousand, sound refits were .10 to .19."""
    rare = np.random.default_rng(7).lognormal(-6, 0.7, 2000)
    prior = np.column_stack([FIRST * (1 - rare), rare, (1 - FIRST) * (1 - rare)])
    moved = np.column_stack([prior[:, 0] - 0.3 * rare, 1.3 * rare, prior[:, 2]])
    m = run_three(moved, prior)["mean_change_sd", "model"]

    assert 0.3 * rare.mean() / rare.std() > 0.25
    assert m.value == pytest.approx(0.3 * rare.mean() / prior.std(axis=0).max())
    assert verdict(m, warn=0.1, fail=0.25) == "PASS"


def test_a_class_that_the_prior_scores_all_alike_is_seen_where_it_moved():
    prior = np.column_stack([FIRST, 1 - FIRST, np.zeros(2000)])
    assert run_three(prior, prior)["mean_change_sd", "model"].value == 0

    m = run_three(np.column_stack([FIRST - 0.1, 1 - FIRST, np.full(2000, 0.1)]), prior)["mean_change_sd", "model"]
    assert m.value == pytest.approx(0.1 / prior.std(axis=0).max())
    assert verdict(m, warn=0.1, fail=0.25) == "FAIL"


def test_rows_without_weight_tell_nothing():
    grid = grid_of(X, P)
    found = measure(CHECK, batch_of(X, Y, P, grid, prior=P, weight=np.zeros(2000)), grid)

    assert found["mean_change_sd", "model"].value is None
    assert "weight" in found["mean_change_sd", "model"].note


@pytest.mark.parametrize("constant", [0.3, 0.37, 0.7, 0.9])
def test_a_constant_prior_has_no_spread_to_measure_a_change_by(constant):
    """Rounding left a variance of 1e-16, and the mean change was 14 million standard deviations."""
    grid = grid_of(X, P)
    found = measure(CHECK, batch_of(X, Y, P, grid, prior=np.full(len(X), constant)), grid)
    assert found["mean_change_sd", "model"].value is None
    assert "the prior's score is constant" in found["mean_change_sd", "model"].note
