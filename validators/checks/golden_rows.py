"""PIP107: do the golden rows still get the scores that were written down for them?

How it is measured
------------------
The golden rows (`golden = "..."` under [data]: a file or a folder of .parquet, .csv or .arrow files with the features and a column
`score`, or `score_<class>` for every class) are scored by the candidate. `golden_misses` is the share of rows whose score is not the
expected one within the tolerance (in probability; relative to the value in regression), or no number at all; `golden_largest` is the
largest difference. One row beyond the tolerance is a fact, not an estimate.

Why it matters
--------------
A library, a type or a preprocessing step that changed shows in two hundred fixed rows within seconds, on every commit, wherever the
model is served. Synthetic rows do: no personal data need to leave.

What to do
----------
If the change was meant, write the new scores down and say why. If not, compare the versions of model, code and libraries.

Sources
-------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML test score, IEEE Big Data (infra tests 3 and 6).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.parity import differs
from ..summaries.reactions import ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`tolerance` of equal scores."""

    tolerance: float = 1e-6


def golden_rows(given: Given) -> Iterator[Measurement]:
    """Share of golden rows with another score, and the largest difference."""
    golden, width = given.golden, given.task.n_scores
    if golden is None or not len(golden):
        yield Measurement(metric="golden_misses", subject=subjects.MODEL, value=None, n=0, note="no golden rows")
        return
    expected = golden.iloc[:, -width:].to_numpy(np.float64)
    scores = ask(given.models[CANDIDATE], golden.iloc[:, :-width])
    relative = given.options.tolerance if given.task.type == "regression" else 0.0
    apart = differs(scores, expected, atol=given.options.tolerance, rtol=relative)
    wrong = np.asarray(apart.any(axis=1) | ~np.isfinite(scores).all(axis=1), np.bool_)
    k, n = int(wrong.sum()), len(wrong)
    note = f"all {n:,} golden rows score as written down"
    if k:
        first = int(np.flatnonzero(wrong)[0])
        note = f"{k:,} of {n:,} golden rows score otherwise, row {first + 1} first"
    yield Measurement(metric="golden_misses", subject=subjects.MODEL, value=k / n, n=n, method="count", note=note)
    distance = np.abs(scores - expected)
    if np.isfinite(distance).any():
        yield Measurement(metric="golden_largest", subject=subjects.MODEL, value=float(np.nanmax(distance)), n=n)


CHECK = Check(
    code="PIP107",
    family=Family.PIPELINE,
    title="Golden rows replayed",
    metrics=("golden_misses", "golden_largest"),
    needs=Needs(roles=(), models=(CANDIDATE,), calls=True, golden=True),
    measure=golden_rows,
    doc=__doc__,
    plants=(Plant(metric="golden_misses", fault="golden_otherwise", null="as_written", into=None, replicates=3),),
    options=Options(),
)
