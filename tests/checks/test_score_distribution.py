"""PRD102: scores of test against those of the reference."""

import numpy as np
import pytest

from validators.checks.score_distribution import CHECK
from validators.core.data import Role

from .performance_cases import BINARY, REGRESSION, batch_of, frame, given_rows, grid_of, measured, verdict

N = 3000
X = frame(N)
Y = (np.random.default_rng(2).random(N) < 0.2).astype(float)
SPREAD = np.random.default_rng(1).uniform(0.02, 0.29, N)


def shift(reference, test, task=BINARY, y=Y):
    """Bins as the engine makes them: of the scores of test."""
    grid = grid_of(X, test, task=task, y=y)
    roles = {role: batch_of(X, y, s, grid) for role, s in ((Role.REFERENCE, reference), (Role.TEST, test))}
    return measured(CHECK, given_rows(CHECK, roles, grid, task))


@pytest.mark.parametrize("task", [BINARY, REGRESSION])
@pytest.mark.parametrize("others", [0, 1, 300])
def test_one_score_for_nearly_all_of_test_is_not_the_spread_of_the_reference(task, others):
    test = np.full(N, 0.15)
    test[:others] = 0.9
    m = shift(SPREAD, test, task)["shift_sigma", "model"]

    assert verdict(m, warn=0.15, fail=0.30) == "FAIL"


def test_one_score_for_all_rows_of_both_has_not_moved():
    m = shift(np.full(N, 0.15), np.full(N, 0.15))["shift_sigma", "model"]

    assert (m.value, m.high) == (0.0, 0.0)


def test_few_scores_that_both_have_pass():
    few = [np.random.default_rng(seed).choice([0.1, 0.15, 0.4], N, p=[0.6, 0.3, 0.1]) for seed in (1, 2)]
    m = shift(*few)["shift_sigma", "model"]

    assert verdict(m, warn=0.15, fail=0.30) == "PASS"


def test_counts_have_no_negatives_and_no_positives():
    counts = np.random.default_rng(1).poisson(1.5, N).astype(float)
    score = np.random.default_rng(2).normal(1.5, 0.5, N)

    assert {s for _, s in shift(score, score, REGRESSION, counts)} == {"model"}
    assert {s for m, s in shift(SPREAD, SPREAD) if m == "shift_sigma_of_class"} == {
        "model | rows:negatives",
        "model | rows:positives",
    }
