"""STR104: does a row's score depend on anything but the row?

How it is measured
------------------
The same test rows (at most 1,000, by key hash) are scored again and again. `unstable_share` is the share of rows whose score moves
by more than a billionth of itself when the same rows are asked for once more (five times in all), in a fresh process, and by four
threads of the model's process at once, each starting at another row (300 rows, six rounds).
`context_share` is the share of rows whose score moves by more
than a millionth (of a probability; in regression of the value or the standard deviation of the scores, whichever is larger) when only
the company changes: rows in random order, in batches of 37, each row twice, ten times as many rows, and the first 60 rows one by one.
An exception counts as all rows; rows without a finite score in any of the answers tell nothing and are left out. Facts about these
rows need no interval; where no row moved, the bound of an unseen event is given.
Whether an empty frame is answered is told, not judged. What the calls cost (latency of single rows, throughput, cold start,
peak memory of the process) differs between equal runs: it stands under `run` in results.json, and STR107 measures
it where a policy limits it.

Why it matters
--------------
A model that looks at the whole batch (a mean, a rank, a normalisation, the row before) scores the same applicant differently at
night, in a batch, and at the counter. A score that is not the same twice cannot be explained, audited or reproduced.

What to do
----------
Look for statistics that are computed in predict instead of fit, for state that predict writes, and for a random generator without a
seed. Fix them at training time.

Sources
-------
Chen et al. (2018), ACM Computing Surveys 51, 4: metamorphic relations; Ioffe & Szegedy (2015), ICML, 448-456, for batch statistics
at inference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.errors import ModelError
from ..core.models import Model, Operated
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import zero_event_upper_bound
from ..summaries.reactions import Floats, ask
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
SAME, CLOSE = 1e-9, 1e-6
Positions = Sequence[NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of test, by key hash; `repeats` in all; rows of a `batch` and number of `single` rows; `times` as many rows;
    `threads` at once, on `thread_rows`, in `rounds`.
    """

    max_rows: int = 1000
    repeats: int = 5
    batch: int = 37
    single: int = 60
    times: int = 10
    threads: int = 4
    thread_rows: int = 300
    rounds: int = 6


def operation(given: Given) -> Iterator[Measurement]:
    """Rows whose score moves though the row does not."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    options, model = given.options, given.models[CANDIDATE]
    X = sample.thin(options.max_rows).X
    if not len(X):
        yield Measurement(metric="unstable_share", subject=subjects.rows("repeated"), value=None, n=0, note="no rows")
        return
    first = ask(model, X)
    again = [ask(model, X) for _ in range(options.repeats - 1)]
    repeated = _moved([first] * len(again), again, SAME, 0.0)
    told = _answered(first, *again)
    yield _share("unstable_share", "repeated", repeated, told, f"asked {options.repeats} times")
    if isinstance(model, Operated):
        part = X.iloc[: options.thread_rows]
        yield _fresh(model, X, first)
        yield _threads(model, part, ask(given.models[CANDIDATE], part), options)
        yield _empty(model, X)
    yield from _context(model, X, first, given, stable=not repeated.any())


def _moved(a: Sequence[Floats], b: Sequence[Floats], relative: float, absolute: float) -> NDArray[np.bool_]:
    """(n,) rows in which any of the scores differ; two that are not numbers are the same."""
    x, y = np.stack(a, axis=1), np.stack(b, axis=1)
    with np.errstate(invalid="ignore"):
        near = np.abs(x - y) <= absolute + relative * np.maximum(np.abs(x), np.abs(y))
    same = near | (x == y) | (np.isnan(x) & np.isnan(y))
    return np.asarray(~same.all(axis=tuple(range(1, same.ndim))))


def _answered(*scores: Floats) -> NDArray[np.bool_]:
    """(n,) rows with a finite score in any of the answers."""
    return np.asarray(np.isfinite(np.concatenate(scores, axis=1)).any(axis=1))


def _share(metric: str, word: str, moved: NDArray[np.bool_], told: NDArray[np.bool_], note: str) -> Measurement:
    if not told.any():
        why = f"{note}; none of {len(told)} rows has a finite score"
        return Measurement(metric=metric, subject=subjects.rows(word), value=None, n=len(told), note=why)
    moved = moved[told]
    share, n = float(moved.mean()), len(moved)
    return Measurement(
        metric=metric, subject=subjects.rows(word), value=share, high=None if share else zero_event_upper_bound(n),
        level=None if share else 0.95, method="count", n=n, n_eff=float(n), note=f"{note}; {int(moved.sum())} of {n} rows moved",
    )  # fmt: skip


def _raised(metric: str, word: str, n: int, error: ModelError) -> Measurement:
    note = f"raised: {str(error)[:200]}"
    return Measurement(metric=metric, subject=subjects.rows(word), value=1.0, method="count", n=n, note=note)


def _fresh(model: Operated, X: pd.DataFrame, first: Floats) -> Measurement:
    """Scores of a process that has answered nothing else."""
    with model.again() as other:
        scores = ask(other, X)
    moved = _moved([first], [scores], SAME, 0.0)
    return _share("unstable_share", "fresh_process", moved, _answered(first, scores), "asked in a fresh process")


def _threads(model: Operated, X: pd.DataFrame, first: Floats, options: Options) -> Measurement:
    """Several rounds, for what threads mix up depends on the moment."""
    word, n, threads = "threads", len(X), options.threads
    try:
        rounds = [model.predict_in_threads(X, threads).reshape(threads, n, -1) for _ in range(options.rounds)]
    except ModelError as error:
        if "start new thread" in str(error):
            return Measurement(
                metric="unstable_share", subject=subjects.rows(word), value=None, n=n,
                note="the process may not start threads here",
            )  # fmt: skip
        return _raised("unstable_share", word, n, error)
    scores = [s for found in rounds for s in found]
    moved = _moved([first] * len(scores), scores, SAME, 0.0)
    told = _answered(first, *scores)
    return _share("unstable_share", word, moved, told, f"asked by {threads} threads at once, {options.rounds} times")


def _empty(model: Operated, X: pd.DataFrame) -> Measurement:
    note, value = "an empty frame gets no scores", 0.0
    try:
        model.predict_no_rows(X)
    except ModelError as error:
        note, value = f"raised: {str(error)[:200]}", 1.0
    return Measurement(
        metric="empty_raises", subject=subjects.rows("empty"), value=value, method="count", n=1, note=note
    )


def _treatments(n: int, given: Given) -> Iterator[tuple[str, Positions, str]]:
    """Rows in other company: positions of the rows of each call, and what was done in words."""
    options, order = given.options, given.rng.permutation(n)
    yield "order", [order], "in random order"
    yield "batches", np.array_split(order, -(-n // options.batch)), f"in batches of {options.batch}"
    yield "duplicated", [np.repeat(np.arange(n), 2)], "each row twice"
    yield "large_batch", [np.tile(np.arange(n), options.times)], f"{options.times} times as many rows"
    yield "single", [np.array([i]) for i in range(min(n, options.single))], "row by row"


def _context(model: Model, X: pd.DataFrame, first: Floats, given: Given, *, stable: bool) -> Iterator[Measurement]:
    regression = given.task.type == "regression"
    absolute, relative = (CLOSE * float(np.nan_to_num(first.std())), CLOSE) if regression else (CLOSE, 0.0)
    for word, calls, note in _treatments(len(X), given):
        where = np.concatenate(calls)
        rows = np.unique(where)
        if not stable:
            why = "the score moves even when the same rows are asked for again"
            yield Measurement(metric="context_share", subject=subjects.rows(word), value=None, n=len(rows), note=why)
            continue
        try:
            scores = np.concatenate([ask(model, X.iloc[at]) for at in calls])
        except ModelError as error:
            yield _raised("context_share", word, len(rows), error)
            continue
        moved = _moved([first[where]], [scores], relative, absolute)
        told = _answered(first[where], scores)
        with np.errstate(invalid="ignore"):
            largest = float(np.nan_to_num(np.abs(scores - first[where])[moved]).max()) if moved.any() else 0.0
        how = f"{note}, by up to {largest:.3g}" if largest else note
        yield _share("context_share", word, np.isin(rows, where[moved]), np.isin(rows, where[told]), how)


CHECK = Check(
    code="STR104",
    family=Family.STRESS,
    title="Operational behaviour",
    metrics=("unstable_share", "context_share", "empty_raises"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=operation,
    doc=__doc__,
    plants=(
        Plant(metric="unstable_share", fault="other_when_asked_again", null="recalled", replicates=3, rows=500),
        Plant(metric="context_share", fault="other_in_company", null="recalled", replicates=3, rows=500),
    ),
    options=Options(),
)
