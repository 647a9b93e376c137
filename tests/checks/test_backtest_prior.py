"""BKT103."""

from dataclasses import replace

import numpy as np
import pytest

from validators.checks.backtest_prior import CHECK
from validators.core.data import Role

from .performance_cases import BINARY, REGRESSION, batch_of, given_rows, grid_of, measured, sound, truth

X, Y, P = sound(4000)
QUARTERS = tuple(np.datetime64("2024-01-01") + np.arange(0, 121, 30))


def run(candidate, prior, *, task=BINARY, y=Y):
    scores = np.concatenate([candidate, prior])
    grid = grid_of(X, scores[np.isfinite(scores)], **({} if task == BINARY else {"task": task, "y": y}))
    grid = replace(grid, periods=QUARTERS)
    batch = replace(batch_of(X, y, candidate, grid, prior=prior), period=np.arange(len(X)) % 4)
    return measured(CHECK, given_rows(CHECK, {Role.PRODUCTION: batch}, grid, task))


def test_models_that_left_out_different_rows_are_compared_on_those_of_both():
    """Where the prior says nothing nobody can tell; on the others both models are one."""
    hard = np.random.default_rng(3).random(len(X)) < 0.3
    y = np.where(hard, np.random.default_rng(4).random(len(X)) < 0.5, Y).astype(float)
    m = run(np.where(hard, 0.5, P), np.where(hard, np.nan, P), y=y)["auc_loss", "model"]

    assert (m.value, m.n) == (0.0, (~hard).sum())
    assert f"{(~hard).sum():,} of 4,000 rows" in m.note


def test_a_noisy_candidate_loses_and_a_twin_does_not():
    noisy = np.clip(P + np.random.default_rng(5).normal(0, 0.2, len(P)), 0, 1)
    assert run(noisy, P)["auc_loss", "model"].low > 0.01
    twin = run(P, P)["auc_loss", "model"]
    assert (twin.value, twin.note.count("rows")) == (0.0, 0)


def test_against_a_prior_without_error_a_relative_increase_is_undefined():
    y = truth(X)
    found = run(y + 0.1, y, task=REGRESSION, y=y)["loss_increase", "model"]

    assert (found.value, found.note) == (None, "the prior makes no error")
    assert run(y + 0.1, y + 0.2, task=REGRESSION, y=y)["loss_increase", "model"].value == pytest.approx(-0.75, abs=1e-6)
