"""Batches for law tests: a task, a grid and rows of every kind."""

import numpy as np
import pandas as pd

from validators.core.data import WEIGHT_ONE, Batch, Grid, LevelBins, NumericBins

FEATURES = ("x", "c")


def grid(task="binary"):
    cuts = np.array([-1.0, 0.0, 1.0])
    scores = {"binary": 1, "regression": 1, "multiclass": 3}[task]
    edges = np.array([-2.0, 0.0, 2.0]) if task == "regression" else np.array([0.2, 0.5, 0.8])
    return Grid(
        features={"x": NumericBins(cuts=cuts, coarse=np.array([0, 0, 1, 1])), "c": LevelBins(levels=("a", "b"))},
        score_cuts=(edges,) * scores,
        score_coarse=(edges[1:2],) * scores,
        regression=task == "regression",
        scale=2.0 if task == "regression" else 1.0,
        periods=tuple(np.array(["2025-01-01", "2025-02-01", "2025-03-01"], "datetime64[D]")),
        slices={"first": "x < 0", "second": "c == a"},
    )


def batch(n, seed, task="binary", *, broken=True):
    """Rows with missing outcomes and odd scores among them."""
    rng = np.random.default_rng(seed)
    classes = {"binary": 2, "multiclass": 3}.get(task, 0)
    y = rng.integers(0, classes, n).astype(float) if classes else rng.normal(size=n)
    k = 3 if task == "multiclass" else 1
    scores = {}
    for name in ("candidate", "prior"):
        s = rng.dirichlet(np.ones(3), n) if k == 3 else rng.random((n, 1)) if classes else rng.normal(size=(n, 1))
        if broken and n:
            s[rng.random(n) < 0.1] = np.nan
            s[rng.random(n) < 0.05] = np.inf
        scores[name] = s
    if broken:
        y[rng.random(n) < 0.1] = np.nan
    return Batch(
        X=pd.DataFrame({"x": rng.normal(size=n), "c": rng.choice(["a", "b"], n)}),
        codes=np.column_stack([rng.integers(0, 5, n), rng.integers(0, 5, n)]).astype(np.int32),
        y=y,
        scores=scores,
        weight=rng.choice([WEIGHT_ONE // 2, WEIGHT_ONE, 3 * WEIGHT_ONE], n).astype(np.int64),
        key=rng.integers(0, 2**63, n).astype(np.uint64),
        unit=rng.integers(0, 2**63, n).astype(np.uint64),
        period=rng.integers(-1, 2, n),
        slices=rng.random((n, 2)) < 0.5,
        sensitive=pd.DataFrame(index=range(n)),
        time=np.datetime64("2025-01-01", "ns") + rng.integers(0, 5, n) * np.timedelta64(1, "D"),
        lateness={"x": np.where(rng.random(n) < 0.2, np.nan, rng.integers(-3, 3, n) / 2)},
        immature=rng.choice([0.0, 1.0, np.nan], n, p=[0.8, 0.1, 0.1]),
    )
