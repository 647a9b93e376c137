"""PRF104: is the candidate better than nothing, and better than a simple model?

How it is measured
------------------
Three learners of our own are fitted on the training rows (at most 20,000, by key hash) and scored on the same test rows as the candidate: a
dummy that gives everyone the mean or the base rate; a simple model, logistic or ridge regression on standardised numbers and levels with
fixed settings; and, for information, a small boosted model on bins. `shortfall_dummy` and `shortfall_simple` say how much worse the
candidate is than that rung: points of AUC for a binary task, relative increase of log-loss (multiclass) or of the mean squared error
(regression). Negative values are what the candidate gains. The interval is of the paired difference, by the delete-a-group jackknife,
two-sided at 90 % for both rungs together. `ladder_score` shows every rung: AUC, or the share of the dummy's loss that a rung removes.

Why it matters
--------------
A complex model has to earn its keep: it is harder to explain, to run and to watch. A candidate that a plain regression beats on the
same rows usually has a defect (a broken transformation, columns in another order, too little regularisation), or the
problem is simpler than its model.

What to do
----------
Behind the dummy: look for a broken pipeline or a label that is the wrong way round before anything else. Behind the simple model:
use that one, or find out what the candidate loses. Behind the boosted one only: there is structure left to learn (see fit).

Sources
-------
Holte (1993), Machine Learning 11, 63-91, on how well simple rules do; Hand (2006), Statistical Science 21, 1-14, on the
illusion of progress; Christodoulou et al. (2019), Journal of Clinical Epidemiology 110, 12-22.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Grid, Role, Task
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.jackknife import leave_one_out
from ..stats.ranking import roc_auc_many
from ..summaries.cells import Floats, divided, measured
from ..summaries.learners import RUNGS, Rung, fit_rung, learn_encoding
from ..summaries.quantities import QUANTITIES, per_row
from ..summaries.refits import design
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import ScoredRows, scored_rows

SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided intervals together: .90 makes each end a one-sided 95 % bound."""

    confidence: float = 0.9


def model_ladder(given: Given) -> Iterator[Measurement]:
    """The candidate against each rung, on the test rows."""
    test: RowSample = given.summary(Role.TEST, SAMPLE)
    models = tuple(m for m in (CANDIDATE, PRIOR) if m in test.rows.scores)
    rows = scored_rows(test, given.grid, models)
    scores = dict(rows.scores) | (_rungs(given, test, rows) if rows.n else {})
    level = simultaneous_level(given.options.confidence, 2)
    note = "; ".join(filter(None, (rows.note, _train_note(given.summary(Role.TRAIN, SAMPLE)))))
    if rows.n == 0 or "dummy" not in scores:
        why = (
            "no test row has an outcome and a score"
            if rows.n == 0
            else "the training rows have one class, or no outcome"
        )
        for rung in ("dummy", "simple"):
            yield Measurement(metric=f"shortfall_{rung}", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    binary = given.task.type == "binary"
    held = {name: (_areas if binary else _losses)(rows, s, given.task, given.grid) for name, s in scores.items()}
    why = "one class only among the test rows" if binary else "the rung makes no error"
    for rung in _asked(given):
        shortfall = held[rung] - held[CANDIDATE] if binary else divided(held[CANDIDATE] - held[rung], held[rung])
        m = measured(
            f"shortfall_{rung}", subjects.MODEL, shortfall, rows, level=level, undefined=why, size=_size(rows, binary)
        )
        yield replace(m, note="; ".join(filter(None, (m.note, note))))
    for name, values in held.items():
        subject = subjects.MODEL if name == CANDIDATE else subjects.rows(name)
        score = values if binary else 1 - divided(values, held["dummy"])
        yield measured("ladder_score", subject, score, rows, scale="logit" if binary else "identity", undefined=why)


def _asked(given: Given) -> tuple[Rung, ...]:
    """The rungs; without the boosted one, which costs most, where nobody reads of it."""
    return RUNGS if given.asks("shortfall_boosted", "ladder_score") else RUNGS[:2]


def _rungs(given: Given, test: RowSample, rows: ScoredRows) -> dict[str, Floats]:
    """Scores of our own learners on the test rows; empty where they cannot be fitted."""
    sample: RowSample = given.summary(Role.TRAIN, SAMPLE)
    train = take(sample.rows, np.flatnonzero(~np.isnan(sample.rows.y) & (sample.rows.weight > 0)))
    if not len(train):
        return {}
    encode, there = learn_encoding(train, given.grid), take(test.rows, rows.where)
    found = {}
    for rung in _asked(given):
        seed = int(given.rng.integers(2**31))
        matrix, asked = (
            (design(b.codes, given.grid) if rung == "boosted" else encode(b, given.grid)) for b in (train, there)
        )
        fitted = fit_rung(rung, matrix, train.y, train.weight / WEIGHT_ONE, given.task, seed=seed)
        if fitted is not None:
            found[str(rung)] = fitted.predict(asked)
    return found


def _areas(rows: ScoredRows, scores: Floats, task: Task, grid: Grid) -> Floats:  # noqa: ARG001 - like _losses
    """(1 + groups,) areas under the ROC curve, every distinct score in a bin of its own."""
    values, place = np.unique(scores[:, 0], return_inverse=True)
    cell = (rows.group * 2 + (rows.y == 1)) * len(values) + place
    counts = np.bincount(cell, weights=rows.weight, minlength=rows.groups * 2 * len(values))
    counts = counts.reshape(rows.groups, 2, len(values))
    without = leave_one_out(counts, np.ones(rows.groups, np.bool_))
    whole = np.concatenate([counts.sum(axis=0)[None], without])
    return roc_auc_many(whole[:, 0], whole[:, 1])


def _losses(rows: ScoredRows, scores: Floats, task: Task, grid: Grid) -> Floats:  # noqa: ARG001 - like _areas
    """(1 + groups,) mean losses."""
    loss = per_row(rows.y, scores, grid).values[:, QUANTITIES.index("loss")]
    total, weight = rows.sums(loss, np.ones_like(loss)).T
    return divided(total, weight)


def _size(rows: ScoredRows, binary: bool) -> float | None:  # noqa: FBT001 - a task type
    return float(min((rows.y == 1).sum(), (rows.y == 0).sum())) if binary else None


def _train_note(train: RowSample) -> str:
    return f"fitted on {len(train.rows)} of {train.total} training rows" if len(train.rows) < train.total else ""


CHECK = Check(
    code="PRF104",
    family=Family.PERFORMANCE,
    title="Ladder of simpler models",
    metrics=("shortfall_dummy", "shortfall_simple", "shortfall_boosted", "ladder_score"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=model_ladder,
    doc=__doc__,
    plants=(Plant(metric="shortfall_simple", fault="behind_simple", null="redrawn", replicates=5, rows=2500),),
    options=Options(),
)
