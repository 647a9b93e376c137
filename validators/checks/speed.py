"""STR107: is the model as fast and as small as its place asks?

How it is measured
------------------
In a fresh process of the model, confined as it is: single rows of test one after another, whole batches of them, and fresh starts.
`latency_p95_ms` is the 95th percentile of the time of a single row, `rows_per_second` the median of the batches, `cold_start_ms` the
median time from an empty process to a loaded model, the way to the process and back included. Their intervals are order statistics,
free of any distribution. `peak_memory_mb` is the most that the process held at once, libraries included. Times are those of this
machine and differ between equal runs, so the check runs only where a rule of the policy, or the command, asks for it.

Why it matters
--------------
A model that answers in a second is of no use at a counter that waits for a tenth of one, and one that needs eight gigabytes does not
start in a container of two.

What to do
----------
Measure on the machine that will serve it. Fewer or shallower trees, a smaller batch, preprocessing moved out of predict, a native format.

Sources
-------
Hahn & Meeker (1991), Statistical Intervals, chapter 5: intervals of a quantile from order statistics.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pandas as pd
from scipy.stats import quantile_test

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.models import Operated
from ..core.records import Check, Family, Given, Measurement, Needs
from ..summaries.reactions import ask
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
NOT_OPERATED = "the model has no process of its own here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`single` rows one by one after `warm_up` others, `batches` of `batch` rows, `starts` of a process; `confidence` of each interval."""

    warm_up: int = 20
    single: int = 200
    batch: int = 10_000
    batches: int = 9
    starts: int = 6
    confidence: float = 0.95


def speed(given: Given) -> Iterator[Measurement]:
    """Time of a row, of batches and of a start; memory of the process."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    options, model, X = given.options, given.models[CANDIDATE], sample.rows.X
    if not len(X) or not isinstance(model, Operated):
        note = NOT_OPERATED if len(X) else "no rows"
        for metric in CHECK.metrics:
            yield Measurement(metric=metric, subject=subjects.MODEL, value=None, n=0, note=note)
        return
    starts = np.array([_started(model) for _ in range(options.starts - 1)])
    with model.again() as fresh:
        starts = np.append(starts, fresh.usage()["cold_start_ms"])
        rows = X.iloc[np.arange(options.warm_up + options.single) % len(X)]
        single = np.array([_ms(fresh, rows.iloc[i : i + 1]) for i in range(len(rows))])[options.warm_up :]
        whole = X.iloc[np.arange(options.batch) % len(X)]
        batches = options.batch / np.array([_ms(fresh, whole) / 1000 for _ in range(options.batches)])
        memory = fresh.usage()["peak_memory_mb"]
    yield _quantile("latency_p95_ms", single, 0.95, options.confidence, "single rows")
    yield _quantile("rows_per_second", batches, 0.5, options.confidence, f"batches of {options.batch:,} rows")
    yield _quantile("cold_start_ms", starts, 0.5, options.confidence, "starts")
    note = f"after {options.single} single rows and batches of {options.batch:,}"
    yield Measurement(
        metric="peak_memory_mb", subject=subjects.MODEL, value=memory, n=len(X), method="high-water mark",
        note=note if memory is not None else "this system does not tell",
    )  # fmt: skip


def _started(model: Operated) -> float:
    with model.again() as fresh:
        return float(fresh.usage()["cold_start_ms"])


def _ms(model: Operated, X: pd.DataFrame) -> float:
    began = perf_counter()
    ask(model, X)
    return 1000 * (perf_counter() - began)


def _quantile(metric: str, seen: np.ndarray, p: float, confidence: float, what: str) -> Measurement:
    """A quantile of the times seen; no interval where there are too few of them for one."""
    low, high = np.ravel(quantile_test(seen, p=p).confidence_interval(confidence))
    known = bool(np.isfinite([low, high]).all())
    return Measurement(
        metric=metric, subject=subjects.MODEL, value=float(np.quantile(seen, p, method="inverted_cdf")) if known else None,
        low=float(low) if known else None, high=float(high) if known else None, level=confidence if known else None,
        method="order statistics", n=len(seen), n_eff=float(len(seen)),
        note=f"{len(seen)} {what}" + ("" if known else ", too few for an interval"),
    )  # fmt: skip


CHECK = Check(
    code="STR107",
    family=Family.STRESS,
    title="Speed and memory",
    metrics=("latency_p95_ms", "rows_per_second", "cold_start_ms", "peak_memory_mb"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=speed,
    doc=__doc__,
    unplanted="it times the model's process, and stored predictions take no time",
    options=Options(),
    timed=True,
)
