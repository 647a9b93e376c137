"""Rows as research stored and as production served them, for the checks of the family pipeline."""

import numpy as np
import pandas as pd

from validators.checks import (
    value_parity,
)
from validators.core.data import WEIGHT_ONE, Batch, Grid, Role, Task
from validators.core.policy import Rule
from validators.summaries.row_sample import take

from .performance_cases import given_rows, measured

N = 1000
LIMITS = {"warn": 0.001, "fail": 0.01}
BINARY = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5)


def features(n=N, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(10, 0.5, n)),
            "debt": rng.lognormal(8, 1, n),
            "visits": rng.integers(0, 12, n),
            "hour": rng.integers(0, 24, n),
            "region": pd.Series(rng.choice(["north", "south", "east"], n), dtype=object),
            "opened": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s"),
        }
    )


def batch(X, *, entities=None, keys=None, seed=5, scores=None, lateness=None):
    n = len(X)
    rng = np.random.default_rng(seed)
    number = np.arange(n) if keys is None else np.asarray(keys)
    hashed = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    days = np.sort(rng.integers(0, 180 * 86_400, 10**4))[np.arange(n) * 10**4 // max(n, 1)]
    return Batch(
        X=X.reset_index(drop=True),
        codes=np.zeros((n, 0), np.int32),
        y=np.full(n, np.nan),
        scores={} if scores is None else {"candidate": np.asarray(scores, float).reshape(n, -1)},
        weight=np.full(n, WEIGHT_ONE),
        key=hashed,
        unit=hashed if entities is None else np.asarray(entities).astype(np.uint64),
        period=np.full(n, -1),
        slices=np.zeros((n, 0), bool),
        sensitive=pd.DataFrame(index=range(n)),
        time=np.datetime64("2025-01-01", "ns") + days * np.timedelta64(1, "s"),
        order=number.astype(float),
        lateness={} if lateness is None else lateness,
    )


def kinds(frame):
    names = {"f": "number", "i": "number", "u": "number", "b": "true or false", "M": "time"}
    return {str(c): names.get(frame[c].dtype.kind, "text") for c in frame}


def measure(
    check, test, serving, *, schemas=None, task=BINARY, options=None, constraints=None, models=None, rows=None, **more
):
    grid = Grid(features={}, score_cuts=(), score_coarse=())
    both = {Role.TEST: test, Role.SERVING: serving}
    held = schemas or {role: kinds(b.X) for role, b in both.items()}
    asked = {"constraints": constraints or {}, "models": models or {}, "schemas": held, "rows": rows}
    return measured(
        check, given_rows(check, both, grid, task, options=options, **asked, **{"declared": frozenset({"key"})} | more)
    )


def verdict(m, limits=LIMITS):
    return Rule(check="", metric=m.metric, worse="above", **limits).judge(m).value


def parity(X, served, **how):
    """What PIP103 finds, with the served rows in another order."""
    order = np.random.default_rng(1).permutation(len(X))
    return measure(value_parity.CHECK, batch(X, **how), take(batch(served, **how), order))


# --- value parity -----------------------------------------------------------------------------------------------------
def single(X, served):
    return parity(X, X.assign(**served(X)) if callable(served) else served)
