"""PIP106: do the same served rows score the same in another order, in other batches, and when asked again?

How it is measured
------------------
A sample of served rows is scored as a whole, again as a whole, in reverse order, in small batches, and each row twice. `changed_scores`
is the share of rows whose score is not the same within the tolerance (relative to the score, or to its spread where that is larger),
with the exact upper bound, for each way of asking. Rows that have no finite score either way tell nothing and are left out; a score
that is finite only one way changes.

Why it matters
--------------
A score that hangs on the row before it, on the size of the batch or on a counter cannot be reproduced, explained or appealed.

What to do
----------
Look for state in the preprocessing (running means, caches, shuffles), for batch-wise normalisation, and for unseeded sampling.

Sources
-------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML test score, IEEE Big Data (reproducible training and serving).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.models import Model
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.parity import Floats
from ..summaries.counted import counted
from ..summaries.pairs import PAIRED
from ..summaries.reactions import ask
from ..summaries.row_sample import RowSample


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of serving by key hash; `batches` of so many rows for at most `batched_rows`; `tolerance`, relative."""

    max_rows: int = 2000
    batch: int = 7
    batched_rows: int = 140
    tolerance: float = 1e-6
    confidence: float = 0.95


def served_again(given: Given) -> Iterator[Measurement]:
    """Share of served rows whose score changes with the way of asking."""
    sample: RowSample = given.summary(Role.SERVING, PAIRED)
    options: Options = given.options
    X = sample.thin(options.max_rows).X
    served = given.schemas.get(Role.SERVING, {})
    absent = [str(f) for f in X if served and f not in served]
    if absent or not len(X):
        note = (
            f"serving lacks {absent[0]}; the model cannot be asked as production does"
            if absent
            else "no rows in serving"
        )
        yield Measurement(metric="changed_scores", subject=subjects.MODEL, value=None, n=0, note=note)
        return
    model = given.models[CANDIDATE]
    first = ask(model, X)
    spread = float(np.nanstd(np.where(np.isfinite(first), first, np.nan))) if np.isfinite(first).any() else 0.0
    ways = list(_ways(model, X, first, options))
    level = simultaneous_level(options.confidence, len(ways))
    for word, scores in ways:
        yield _changed(word, first[: len(scores)], scores, max(spread, 1e-12), options.tolerance, level)


def _ways(model: Model, X: pd.DataFrame, first: Floats, options: Options) -> Iterator[tuple[str, Floats]]:
    yield "asked_again", ask(model, X)
    yield "reverse_order", ask(model, X.iloc[::-1].reset_index(drop=True))[::-1]
    some = X.iloc[: options.batched_rows]
    parts = [some.iloc[i : i + options.batch].reset_index(drop=True) for i in range(0, len(some), options.batch)]
    yield "small_batches", np.concatenate([ask(model, part) for part in parts])
    twice = ask(model, X.loc[np.repeat(np.arange(len(X)), 2)].reset_index(drop=True))
    yield "each_row_twice", np.where(twice[::2] == first, twice[1::2], twice[::2])


def _changed(word: str, first: Floats, then: Floats, spread: float, tolerance: float, level: float) -> Measurement:
    with np.errstate(invalid="ignore"):
        near = np.abs(first - then) <= tolerance * np.maximum(np.abs(first), spread)
    same = (near | (first == then) | (np.isnan(first) & np.isnan(then))).all(axis=1)
    told = (np.isfinite(first) | np.isfinite(then)).any(axis=1)
    k, n, none = int((~same & told).sum()), int(told.sum()), int((~told).sum())
    if not n:
        note = f"none of {none:,} rows has a finite score"
        return Measurement(metric="changed_scores", subject=subjects.rows(word), value=None, n=none, note=note)
    note = f"{k:,} of {n:,} scores change" if k else f"none of {n:,} scores changes"
    note += f"; {none:,} rows without a finite score are left out" if none else ""
    return counted("changed_scores", subjects.rows(word), k, n, level=level, note=note)


CHECK = Check(
    code="PIP106",
    family=Family.PIPELINE,
    title="Same score in any order and every time",
    metrics=("changed_scores",),
    needs=Needs(roles=(Role.SERVING,), summaries=(PAIRED,), models=(CANDIDATE,), calls=True),
    measure=served_again,
    doc=__doc__,
    plants=(
        Plant(
            metric="changed_scores",
            fault="other_when_asked_again",
            null="recalled",
            into=Role.SERVING,
            replicates=5,
            rows=1000,
        ),
    ),
    options=Options(),
)
