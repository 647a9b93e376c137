"""Trials with groups, made by hand for the bias checks."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from validators.core.data import Role, Task

from .performance_cases import batch_of, frame, given_rows, grid_of, measured, truth

TASK = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5, favourable=1)


def people(n, seed):
    """Sex, race with a gap, and age."""
    rng = np.random.default_rng([seed, 5])
    race = pd.Series(rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]), dtype=object)
    return pd.DataFrame(
        {
            "sex": pd.Series(rng.choice(["female", "male"], n), dtype=object),
            "race": race.where(rng.random(n) > 0.02),
            "age": rng.integers(18, 70, n).astype(float),
        }
    )


def trial(n=2000, seed=0, *, task=TASK, offset=0.0, flips=0.0, columns=("sex", "race", "age"), weight=None, unit=None):
    """(batch, grid): a sound model and groups that nothing depends on, but for what is planted on women.

    `offset` is added to the log-odds of their scores; `flips` is the share of their positive outcomes that are recorded as negative.
    """
    X, who, rng = frame(n, seed), people(n, seed), np.random.default_rng([seed, 6])
    women = (who["sex"] == "female").to_numpy()
    p = expit(truth(X))
    y = (rng.random(n) < p).astype(float)
    y[women & (rng.random(n) < flips)] = 0.0
    score = expit(logit(p) + offset * women)
    grid = grid_of(X, score, task=task, grouping="row" if unit is None else "entity")
    return batch_of(X, y, score, grid, sensitive=who[list(columns)], weight=weight, unit=unit), grid


def measure(check, batch, grid, task=TASK, *, train=None, **options):
    """What a check measures, by (metric, subject)."""
    roles = {Role.TEST: batch} | ({} if train is None else {Role.TRAIN: train})
    chosen = replace(check.options, **options)
    return measured(check, given_rows(check, roles, grid, task, options=chosen, declared=frozenset({"sensitive"})))


def of(found, metric):
    """Measurements of a metric by subject."""
    return {s: m for (name, s), m in found.items() if name == metric}
