"""PIP104: does production give the same score for the same key, and the same decision?

How it is measured
------------------
The candidate scores the rows of `test` and the rows of `serving` (or the predictions that both files hold are read), joined by key.
`decision_flips` is the share of rows whose decision differs (threshold of the task; class of the largest score), `scores_differ`
the share whose score differs by more than the tolerance (of a probability; in regression of the value or of the standard deviation of
the scores, whichever is larger), each with its exact upper bound, that of an unseen event where none is seen. A score that one side
lacks differs; rows that have none on any side tell nothing. For information the largest and the 99th percentile of the difference.
Where the candidate scored both sides and all the rows that differ agree in every feature to single precision, their values lie on
thresholds of the model; that is Attention at most, and the note says so. All rows up to 200,000, beyond that those with the smallest
key hashes.

Why it matters
--------------
Not every difference of a feature moves the score, and some that look small turn decisions. This is what a customer sees.

What to do
----------
PIP103 names the feature and the cause. Where all features agree and scores do not, another model or another preprocessing is served.

Sources
-------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML test score, IEEE Big Data; Clopper & Pearson (1934), Biometrika 26, 404-413.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role, Task
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.parity import Floats
from ..summaries.counted import counted_share
from ..summaries.pairs import PAIRED, Pairs, pair
from ..summaries.parity import column_of
from ..summaries.row_sample import take


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`tolerance` of equal scores: in probability, or as a part of the value or their standard deviation, whichever is larger
    (regression); `atol` and `rtol` of numbers that are equal to single precision.
    """

    tolerance: float = 1e-6
    atol: float = 1e-9
    rtol: float = 1e-6
    confidence: float = 0.95


def score_parity(given: Given) -> Iterator[Measurement]:
    """Share of rows with another decision and with another score, and how far scores lie apart."""
    pairs = pair(given.summary(Role.TEST, PAIRED), given.summary(Role.SERVING, PAIRED))
    n = len(pairs)
    if not n or CANDIDATE not in pairs.serving.scores or CANDIDATE not in pairs.test.scores:
        why = (
            "the candidate cannot score serving: it lacks a feature or the prediction column"
            if n
            else "no key of test is in serving"
        )
        yield Measurement(metric="scores_differ", subject=subjects.MODEL, value=None, n=0, note=why)
        return
    a, b = (np.asarray(side.scores[CANDIDATE], np.float64).reshape(n, -1) for side in (pairs.test, pairs.serving))
    here, there = (np.asarray(np.isfinite(side).all(axis=1), np.bool_) for side in (a, b))
    both, asked = here & there, here | there
    regression, level, options = given.task.type == "regression", given.options.confidence, given.options
    if not asked.any():
        why = "no row has a score on any side"
        for metric in ("scores_differ", *([] if regression else ["decision_flips"])):
            yield Measurement(metric=metric, subject=subjects.MODEL, value=None, n=n, note=why)
        return
    change = np.abs(np.where(both[:, None], a - np.where(both[:, None], b, 0.0), 0.0)).max(axis=1)
    spread = (float(a[both].std()) if regression and both.any() else 0.0) or 1.0
    size = np.maximum(spread, np.abs(a).max(axis=1)) if regression else np.ones(n)
    away = (both & (change > options.tolerance * size)) | (here != there)
    edge = "prediction" not in given.declared and bool(away.any()) and _on_thresholds(pairs, away, options)
    rows = pairs.note if asked.all() else f"{pairs.note}, {n - int(asked.sum()):,} of them without a score on any side"
    note = f"in all of them the features agree to single precision: on thresholds of the model; {rows}"
    note = note if edge else rows
    words = f"scores differ by more than {options.tolerance:g}; {note}"
    yield counted_share("scores_differ", away[asked], level=level, words=words, minor=edge)
    if not regression:
        flips = (decisions(a, given.task) != decisions(b, given.task))[asked]
        words = f"decisions differ; {note if flips.any() else rows}"
        yield counted_share("decision_flips", flips, level=level, words=words, minor=edge)
    known = change[both] / spread
    if len(known):
        word = "standard deviations of the score" if regression else "in probability"
        for metric, value in (("largest_score_change", known.max()), ("score_change_q99", np.quantile(known, 0.99))):
            yield Measurement(metric=metric, subject=subjects.MODEL, value=float(value), n=len(known), note=word)


def _on_thresholds(pairs: Pairs, away: NDArray[np.bool_], options: Options) -> bool:
    """Whether the features of all these rows agree within the tolerance of PIP103, though in each of them some are not the same."""
    at = np.flatnonzero(away)
    some = replace(pairs, test=take(pairs.test, at), serving=take(pairs.serving, at))
    if not set(some.test.X) <= set(some.serving.X):
        return False
    near, same = (
        [column_of(some, str(f), atol=atol, rtol=rtol).differs for f in some.test.X]
        for atol, rtol in ((options.atol, options.rtol), (0.0, 0.0))
    )
    return not np.any(near) and bool(np.any(same, axis=0).all())


def decisions(scores: Floats, task: Task) -> NDArray[np.int64]:
    """(n,) decision of each row; -1 where the score is missing."""
    finite = np.isfinite(scores).all(axis=1)
    if task.type == "multiclass":
        chosen = np.where(np.isfinite(scores), scores, -np.inf).argmax(axis=1)
    else:
        cut = 0.5 if task.threshold is None else task.threshold
        chosen = (scores[:, 0] >= cut).astype(np.int64)
    return np.where(finite, chosen, -1)


CHECK = Check(
    code="PIP104",
    family=Family.PIPELINE,
    title="Same scores and decisions",
    metrics=("scores_differ", "decision_flips", "largest_score_change", "score_change_q99"),
    needs=Needs(roles=(Role.TEST, Role.SERVING), summaries=(PAIRED,), models=(CANDIDATE,), declared=("key",)),
    measure=score_parity,
    doc=__doc__,
    plants=(
        Plant(metric="decision_flips", fault="decision_flips", null="served", into=Role.SERVING),
        Plant(metric="scores_differ", fault="other_scores", null="served", into=Role.SERVING),
    ),
    options=Options(),
)
