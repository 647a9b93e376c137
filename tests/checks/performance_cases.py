"""Small trials made by hand for the performance checks: rows, scores and what a check is given of them."""

import numpy as np
import pandas as pd
from scipy.special import expit

from validators.core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Batch, Grid, Role, Task
from validators.core.policy import Rule
from validators.core.records import Given
from validators.engine.encode import encode
from validators.engine.profile import bins_of
from validators.engine.score_bins import COARSE_SCORES, FINE_SCORES, score_cuts
from validators.summaries.row_sample import take

BINARY = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.3)
REGRESSION = Task(type="regression", target="y")


def multiclass(*labels):
    return Task(type="multiclass", target="y", classes=labels)


def frame(n, seed=0):
    """Two numbers, one of them with gaps, and two texts."""
    rng = np.random.default_rng(seed)
    income = np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(3, 0.5, n).round(1))
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": income,
            "region": pd.Series(rng.choice(["north", "south", "east", "west"], n), dtype=object),
            "sex": pd.Series(rng.choice(["female", "male"], n), dtype=object),
        }
    )


def truth(X):
    """Log-odds of the outcome."""
    income = X["income"].fillna(25).to_numpy()
    return 0.1 * (X["age"].to_numpy() - 50) - 0.04 * (income - 22) + 1.2 * (X["region"] == "north").to_numpy() - 0.8


def sound(n=3000, seed=0):
    """(X, y, probability) of a calibrated model."""
    X = frame(n, seed)
    p = expit(truth(X))
    return X, (np.random.default_rng(seed + 1).random(n) < p).astype(float), p


def grid_of(X, *columns, task=BINARY, y=None, slices=None, grouping="row"):
    keep = (task.threshold,) if task.type == "binary" else ()
    regression = task.type == "regression"
    return Grid(
        features={name: bins_of(X[name], np.arange(len(X), dtype=np.uint64)) for name in X},
        score_cuts=tuple(score_cuts(np.asarray(c, float), FINE_SCORES, keep) for c in columns),
        score_coarse=tuple(score_cuts(np.asarray(c, float), COARSE_SCORES, keep) for c in columns),
        regression=regression,
        scale=float(np.std(y)) if regression else 1.0,
        target_mean=float(np.mean(y)) if regression else 0.0,
        grouping=grouping,
        slices={} if slices is None else {label: text for label, (text, _) in slices.items()},
    )


def batch_of(X, y, candidate, grid, *, prior=None, weight=None, unit=None, slices=None, sensitive=None):
    n = len(X)
    keys = np.random.default_rng(99).permutation(n).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    scores = {CANDIDATE: candidate, PRIOR: prior}
    members = [] if slices is None else [mask for _, mask in slices.values()]
    return Batch(
        X=X,
        codes=np.column_stack([encode(X[f], b) for f, b in grid.features.items()]).astype(np.int32),
        y=np.asarray(y, float),
        scores={m: np.asarray(s, float).reshape(n, -1 if n else 1) for m, s in scores.items() if s is not None},
        weight=np.full(n, WEIGHT_ONE) if weight is None else np.rint(np.asarray(weight) * WEIGHT_ONE).astype(np.int64),
        key=keys,
        unit=keys >> np.uint64(7) if unit is None else np.asarray(unit, np.uint64),
        period=np.full(n, -1),
        slices=np.column_stack(members) if members else np.zeros((n, 0), bool),
        sensitive=pd.DataFrame(index=range(n)) if sensitive is None else sensitive,
    )


def given_rows(check, roles, grid, task=BINARY, *, options=None, seed=0, **more):
    """What a check is given of the rows of some roles."""
    return Given(
        task=task,
        grid=grid,
        options=check.options if options is None else options,
        rng=np.random.default_rng(seed),
        summaries={(role, kind): kind.of(b, grid) for role, b in roles.items() for kind in check.needs.summaries},
        **more,
    )


def measured(check, given):
    """Its measurements, by (metric, subject); sound records only."""
    found = {}
    for m in check.measure(given):
        assert m.metric in check.metrics
        assert all(x is None or np.isfinite(x) for x in (m.value, m.low, m.high, m.n_eff))
        assert m.value is not None or m.note
        assert (m.metric, m.subject) not in found
        found[m.metric, m.subject] = m
    return found


def measure(check, batch, grid, task=BINARY, *, train=None, options=None, seed=0):
    """What a check measures, by (metric, subject)."""
    roles = {Role.TEST: batch} | ({} if train is None else {Role.TRAIN: train})
    return measured(check, given_rows(check, roles, grid, task, options=options, seed=seed))


def shuffled(batch, seed=0):
    return take(batch, np.random.default_rng(seed).permutation(len(batch)))


def verdict(m, *, warn, fail, worse="above", null=0.0):
    return Rule(check="", metric=m.metric, worse=worse, warn=warn, fail=fail, null=null).judge(m).value


def same(a, b, *, within=1e-9):
    assert a.keys() == b.keys()
    for key, m in a.items():
        for x, y in zip((m.value, m.low, m.high), (b[key].value, b[key].low, b[key].high), strict=True):
            assert (x is None) == (y is None), key
            assert x is None or np.isclose(x, y, rtol=1e-9, atol=within), key
