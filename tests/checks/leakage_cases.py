"""Rows of a sound split, and a leakage check measured on them."""

from dataclasses import replace

import numpy as np
from scipy.special import expit

from validators.core.data import CANDIDATE, Role

from .performance_cases import BINARY, batch_of, given_rows, grid_of, measured, sound, truth

TEST_X, TEST_Y, TEST_P = sound(2000)
TRAIN_X, TRAIN_Y, TRAIN_P = sound(3000, seed=10)


def measure(check, train, test, grid, task=BINARY, *, options=None, declared=("key",), model=None):
    roles = {Role.TRAIN: train, Role.TEST: test}
    more = {"declared": frozenset(declared), "models": {CANDIDATE: model}}
    return measured(check, given_rows(check, roles, grid, task, options=options, **more))


def two(train_x=TRAIN_X, test_x=TEST_X, *, p=TEST_P):
    grid = grid_of(train_x, p)
    return (
        batch_of(train_x, TRAIN_Y[: len(train_x)], expit(truth(train_x)), grid),
        batch_of(test_x, TEST_Y, p, grid),
        grid,
    )


def rekeyed(batch, offset):
    """Rows with keys of their own."""
    return replace(batch, key=batch.key + np.uint64(offset))


def continuous(X, seed):
    return X.assign(income=np.random.default_rng(seed).normal(size=len(X)))
