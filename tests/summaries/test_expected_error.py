"""What error is natural at a row: known where it was planted, whatever the candidate does."""

import numpy as np
import pytest

from tests.checks.performance_cases import REGRESSION, batch_of, frame, grid_of, truth
from validators.core.data import CANDIDATE
from validators.summaries.excess import relative_excess
from validators.summaries.refits import expected_error
from validators.summaries.row_sample import RowSampleKind
from validators.summaries.scored_rows import scored_rows


def batches(n=4000):
    """Noise with a standard deviation of 1 in the north and 3 elsewhere."""
    rng = np.random.default_rng(0)
    made, sds, clean = [], [], []
    for seed in (1, 2):
        X = frame(n, seed)
        sd = np.where(X["region"] == "north", 1.0, 3.0)
        made.append((X, truth(X) + sd * rng.normal(size=n)))
        sds.append(sd)
        clean.append(truth(X))
    grid = grid_of(made[0][0], clean[0], task=REGRESSION, y=made[0][1])
    train, test = (batch_of(X, y, c, grid) for (X, y), c in zip(made, clean, strict=True))
    return train, test, sds[1], grid


def test_the_planted_noise_comes_back_by_region():
    train, test, sd, grid = batches()

    for found in expected_error(train, test, REGRESSION, grid):
        assert found[sd == 1].mean() == pytest.approx(1.0, rel=0.25)
        assert found[sd == 3].mean() == pytest.approx(9.0, rel=0.15)


def test_what_either_half_of_train_says_errs_in_other_places():
    """Noise of one size: whatever moves about it is chance, and the chance of one half is not that of the other."""
    X, there = frame(4000, 3), frame(4000, 4)
    y = truth(X) + np.random.default_rng(5).normal(size=4000)
    grid = grid_of(X, truth(X), task=REGRESSION, y=y)
    train, test = (batch_of(held, y, truth(held), grid) for held in (X, there))
    one, other = expected_error(train, test, REGRESSION, grid)

    assert min(one.std(), other.std()) > 0.15
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.25


def test_relative_excess_sums_to_zero_and_is_flat_where_noise_is_natural():
    train, test, _, grid = batches()
    sample = RowSampleKind().of(test, grid)
    rows = scored_rows(sample, grid, (CANDIDATE,))
    north = (sample.rows.X["region"] == "north").to_numpy()[rows.where]

    for natural in expected_error(train, sample.rows, REGRESSION, grid):
        over = relative_excess(rows, CANDIDATE, natural[rows.where])
        assert over.mean() == pytest.approx(0.0, abs=1e-12)
        assert abs(over[north].mean()) < 0.15


def test_too_few_training_rows_expect_nothing():
    train, test, _, grid = batches(300)

    assert expected_error(train, test, REGRESSION, grid) is None
