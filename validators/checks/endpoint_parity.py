"""PIP109: does the scoring endpoint give the scores of the model file?

How it is measured
------------------
A sample of test rows (at most `max_rows`, those with the smallest key hashes) is scored by the candidate's file and by what answers at
`endpoint` under [model], asked over HTTP with the rows as JSON. `endpoint_differs` is the share of rows whose score differs by more
than the tolerance (in probability; relative to the spread of the score in regression), `endpoint_flips` the share whose decision does,
each with its exact upper bound; `endpoint_largest` is the largest difference. A score that only one side gives differs; rows that
neither scores are counted, left out, and tell nothing.

Why it matters
--------------
What was validated is a file; what decides about people is a service. Another version, another preprocessing or another order of
features behind the address makes the validation one of something else.

What to do
----------
Compare the versions of model and libraries behind the endpoint, then the types: whole numbers, dates and missing values change on
their way through JSON. Differences near 1e-7 are single precision.

Sources
-------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML test score, IEEE Big Data (infra test 6); Clopper & Pearson (1934), Biometrika 26.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, ENDPOINT, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.parity import differs
from ..summaries.counted import counted_share
from ..summaries.reactions import ask, decisions
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of test by key hash; `tolerance` of equal scores: in probability, or in standard deviations of the score (regression)."""

    max_rows: int = 1000
    tolerance: float = 1e-6
    confidence: float = 0.95


def endpoint_parity(given: Given) -> Iterator[Measurement]:
    """Share of rows that the endpoint scores and decides otherwise, and the largest difference."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    X = sample.thin(given.options.max_rows).X
    if not len(X):
        yield Measurement(metric="endpoint_differs", subject=subjects.MODEL, value=None, n=0, note="no rows in test")
        return
    mine, theirs = ask(given.models[CANDIDATE], X), ask(given.models[ENDPOINT], X)
    scored = np.isfinite(mine).all(axis=1) | np.isfinite(theirs).all(axis=1)
    left_out = f"; {int((~scored).sum()):,} rows that neither scores are left out" if not scored.all() else ""
    if not scored.any():
        why = f"neither the file nor the endpoint scores any of {len(X):,} rows"
        yield Measurement(metric="endpoint_differs", subject=subjects.MODEL, value=None, n=len(X), note=why)
        return
    mine, theirs = mine[scored], theirs[scored]
    finite = np.isfinite(mine)
    spread = float(mine[finite].std()) if given.task.type == "regression" and finite.any() else 1.0
    apart = np.asarray(
        differs(mine, theirs, atol=given.options.tolerance * (spread or 1.0), rtol=0.0).any(axis=1), np.bool_
    )
    level = given.options.confidence
    yield counted_share(
        "endpoint_differs", apart, level=level,
        words=f"scores differ by more than {given.options.tolerance:g}{left_out}",
    )  # fmt: skip
    if given.task.type != "regression":
        flips = decisions(mine, given.task) != decisions(theirs, given.task)
        yield counted_share("endpoint_flips", flips, level=level, words=f"decisions differ{left_out}")
    distance = np.abs(mine - theirs)
    if np.isfinite(distance).any():
        largest = float(distance[np.isfinite(distance)].max())
        yield Measurement(metric="endpoint_largest", subject=subjects.MODEL, value=largest, n=len(mine))


CHECK = Check(
    code="PIP109",
    family=Family.PIPELINE,
    title="Scoring endpoint gives the file's scores",
    metrics=("endpoint_differs", "endpoint_flips", "endpoint_largest"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True, endpoint=True),
    measure=endpoint_parity,
    doc=__doc__,
    unplanted="it compares the answers of two programs one by one, and stored predictions are neither",
    options=Options(),
)
