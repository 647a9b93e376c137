"""PRD101: agreement and migration of two scores of the same rows."""

import numpy as np
import pytest

from validators.checks.same_rows import CHECK

from .performance_cases import batch_of, grid_of, measure, sound

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
