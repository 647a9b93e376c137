"""PRF101: how good are the model's scores and decisions on the test rows?

How it is measured
------------------
Every usual metric of the task on all test rows with an outcome, for the candidate and, where there is one, for the prior. Ranking
metrics (AUC, average precision, KS, Gini, lift of the top tenth) are computed on some four thousand score bins; where more scores
than that occur, the interval includes what binning can have moved. Decisions are exact at the threshold of the project file: a
score at the threshold or above is called positive. Shares have Wilson's interval, AUC DeLong's on the logit scale; where rows
depend on each other or carry weights, shares use their effective number of rows, and everything else the delete-a-group
jackknife. A metric without an interval or with an empty class is undefined, never zero; the mean of the areas of
several classes is that of those in at least 8 groups of dependent rows, and says which it leaves out. Nothing here is judged by the house
policies: the level that a model must reach is its owner's to set.

Why it matters
--------------
It is the first thing that anybody asks, and the figures that later versions will be held against. A metric without an interval
invites reading noise as progress: between two samples of 2,500 rows, AUC moves by one or two points by chance alone.

What to do
----------
Look at the metrics that the decision depends on, with their intervals, before the others. Precision and recall belong together, and
both depend on the base rate: accuracy far above the base rate of a rare class says little. Compare with the prior in PRF102, on the
same rows.

Sources
-------
DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; Wilson (1927), JASA 22, 209-212; Saito & Rehmsmeier (2015), PLoS ONE
10(3) e0118432, for precision and recall on rare classes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.ranking import auc_bound, roc_auc_many
from ..summaries.cells import COUNTS, Cell, cell_of, counts_at, divided, measured, single_scores
from ..summaries.metrics import estimates, measurements
from ..summaries.outcomes import Outcomes, OutcomesKind
from ..summaries.row_sample import RowSampleKind
from ..summaries.scored_rows import scored_rows

ALL, SAMPLE = OutcomesKind("all"), RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of every interval."""

    confidence: float = 0.95


def metrics_overall(given: Given) -> Iterator[Measurement]:
    """All metrics of both models on the test rows."""
    outcomes: Outcomes = given.summary(Role.TEST, ALL)
    for model in (m for m in (CANDIDATE, PRIOR) if m in outcomes.sums):
        subject = subjects.MODEL if model == CANDIDATE else subjects.join(subjects.MODEL, subjects.rows(PRIOR))
        left_out = float(outcomes.histogram(model)[:, :, -2:].sum())
        note = f"rows of weight {left_out:g} have no usable score and are left out" if left_out else ""
        found = estimates(outcomes, model, given.task, given.grid)
        for m in measurements(found, subject, confidence=given.options.confidence):
            sign = "predicted minus observed" if m.metric == "mean_error" else ""
            yield replace(m, note="; ".join(filter(None, (m.note, sign, note))))
        yield from _by_class(cell_of(outcomes, model), given, subject)
        if given.task.type == "multiclass":
            yield from _macro(model, given, subject)


def _by_class(cell: Cell, given: Given, subject: str) -> Iterator[Measurement]:
    """Decisions by outcome (binary), or the area of each class against the rest (multiclass)."""
    task = given.task
    if task.type == "binary" and task.threshold is not None:
        for metric, values in counts_at(cell, task.threshold, given.grid).items():
            yield Measurement(metric=metric, subject=subject, value=float(values[0]), n=cell.n, n_eff=cell.n_eff)
    if task.type != "multiclass":
        return
    single = [single_scores(cell, given.grid, k) for k in range(len(task.classes))]
    for label, negatives, positives, one in zip(task.classes, cell.negatives, cell.positives, single, strict=True):
        atoms = [subjects.class_of(label), *subject.split(" | ")[1:]]
        yield measured(
            "auc",
            subjects.join(*atoms),
            roc_auc_many(negatives, positives),
            cell,
            level=given.options.confidence,
            scale="logit",
            bound=auc_bound(negatives[0], positives[0], one),
            size=float(min(negatives[0].sum(), positives[0].sum())),
            undefined="the class, or every other, is not among the rows",
        )


def _macro(model: str, given: Given, subject: str) -> Iterator[Measurement]:
    """Means over classes of F1 and recall of the most probable class; classes that neither occur nor are called are left out."""
    rows = scored_rows(given.summary(Role.TEST, SAMPLE), given.grid, (model,))
    decided = rows.scores[model].argmax(axis=1)
    classes = range(len(given.task.classes))
    mine, called = ([side == k for k in classes] for side in (rows.y, decided))
    hit = rows.sums(*((a & b).astype(float) for a, b in zip(mine, called, strict=True)))
    true, told = (rows.sums(*(x.astype(float) for x in side)) for side in (mine, called))
    for metric, above, below in (("macro_f1", 2 * hit, true + told), ("macro_recall", hit, true)):
        there = below[0] > 0
        values = divided(above[:, there], below[:, there])
        mean = values.mean(axis=1) if there.any() else np.full(len(values), np.nan)
        m = measured(
            metric, subject, mean, rows, level=given.options.confidence, undefined="no row has a class and scores"
        )
        gone = f"{int((~there).sum())} classes without rows are left out" if not there.all() else ""
        yield replace(m, note="; ".join(filter(None, (m.note, gone, rows.note))))


CHECK = Check(
    code="PRF101",
    family=Family.PERFORMANCE,
    title="Metrics on the test rows",
    metrics=(
        "auc", "average_precision", "log_loss", "brier", "accuracy", "precision", "recall", "specificity", "f1", "base_rate", "ks",
        "gini", "lift", "rmse", "mae", "r2", "mean_error", "auc_ovr", "macro_f1", "macro_recall", *COUNTS,
    ),
    needs=Needs(roles=(Role.TEST,), summaries=(ALL, SAMPLE), models=(CANDIDATE,), outcomes=True),
    measure=metrics_overall,
    doc=__doc__,
    options=Options(),
)  # fmt: skip
