"""PRF201: does the candidate hold in the slices that the project names?

How it is measured
------------------
For every slice of the project file, on all test rows in it: the mean loss (log-loss, or squared error), the mean residual (observed minus
expected), and, for a binary task, the area under the ROC curve against the area on all rows (on bins of the score, 256 in the slice; what
they may hide widens the interval). What is judged is `slice_excess_loss`: the loss in the slice over what the model itself expects there,
relative to its mean loss on all rows. A classifier expects the entropy of its own probabilities; a regression expects the squared error
that is natural at such rows: that of our own learner, fitted on one half of train and erring on the other, as a function of the features,
and the excess is relative to it (without train: that of all rows with predictions in the same tenth). So a slice that is merely hard, or
where values are merely large, is no failure. Intervals come from the delete-a-group jackknife and hold for all slices together
(Bonferroni); what is expected and the mean loss are taken as known. A slice with less than a fifth of the rows can alarm, but cannot make
the check inconclusive; `largest_excess` can: the most that any slice adds to the mean loss, its excess times its share of the weight,
where a share above a fifth counts as a fifth.

Why it matters
--------------
A model that is right on average can be wrong for a region, a product or an age; nobody sees it in the overall metrics, and those who
are in the slice are affected every time. Accuracy or AUC alone cannot tell a weak slice from one where nobody could know.

What to do
----------
Look at the mean residual first: a slice whose level is off needs a feature or a new intercept; one whose level is right but whose
excess is high has lost its ranking: look for features that mean something else there, stale or missing values, or wrong labels.

Sources
-------
Kleinberg, Lakkaraju, Leskovec, Ludwig & Mullainathan (2018), Quarterly Journal of Economics 133, 237-293, on judging predictions
within groups; Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, SIAM.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import normal_interval, simultaneous_level
from ..stats.jackknife import MIN_GROUPS, jackknife_variance
from ..stats.ranking import auc_bound, roc_auc_many
from ..summaries.cells import (
    Cell,
    Counted,
    Floats,
    cell_of,
    divided,
    measured,
    single_scores,
    why_undefined,
    widened,
)
from ..summaries.excess import relative_excess
from ..summaries.outcomes import Outcomes, OutcomesKind
from ..summaries.refits import expected_error
from ..summaries.row_sample import RowSampleKind
from ..summaries.scored_rows import expected_squared_error, scored_rows

ALL, SLICES, SAMPLE = OutcomesKind("all"), OutcomesKind("slice"), RowSampleKind()
FIFTH = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the intervals of all slices together; `train_rows` that tell what is natural in a regression, at most."""

    confidence: float = 0.95
    train_rows: int = 8000


def declared_slices(given: Given) -> Iterator[Measurement]:
    """Every declared slice, under the candidate and the prior."""
    overall: Outcomes = given.summary(Role.TEST, ALL)
    slices: Outcomes = given.summary(Role.TEST, SLICES)
    level = simultaneous_level(given.options.confidence, len(given.grid.slices))
    judged: list[tuple[Measurement, float]] = []
    natural = _natural(given) if given.task.type == "regression" else None
    for model in (m for m in (CANDIDATE, PRIOR) if m in slices.sums):
        whole = cell_of(overall, model)
        for k, (label, text) in enumerate(given.grid.slices.items()):
            cell = cell_of(slices, model, k)
            subject, note = subjects.slice_of([text]), f"declared as {label}"
            excess = _excess(cell, whole, given, model, k, level, subject, natural)
            if model == CANDIDATE:
                judged.append((excess, float(divided(cell.sums["w"][:1], whole.sums["w"][:1])[0])))
            for m in (excess, *_others(cell, whole, given, level, subject)):
                yield replace(_as_prior(m) if model == PRIOR else m, note="; ".join(filter(None, (m.note, note))))
    yield _largest(judged, cell_of(overall, CANDIDATE).n)


def _largest(judged: list[tuple[Measurement, float]], rows: int) -> Measurement:
    """The most that a slice adds to the mean loss: excess times share of the weight (a fifth at most), in simultaneous intervals."""
    known = [(m, share) for m, share in judged if m.value is not None and m.low is not None and m.high is not None]
    left_out = len(judged) - len(known)
    note = f"{left_out} slices without an interval are left out" if left_out else ""
    if not known:
        return Measurement(
            metric="largest_excess", subject=subjects.MODEL, value=None, n=rows, note="no slice has an interval"
        )
    ends = np.array([[m.value, m.low, m.high] for m, _ in known], np.float64)
    ends *= np.array([[min(share, FIFTH)] for _, share in known])
    value, low, high = ends.max(axis=0).tolist()
    first, _ = known[int(ends[:, 0].argmax())]
    return Measurement(
        metric="largest_excess", subject=subjects.MODEL, value=value, low=low, high=high, level=first.level, n=rows,
        method="largest of simultaneous intervals", note="; ".join(filter(None, (first.subject, note))),
    )  # fmt: skip


def _natural(given: Given) -> Floats | None:
    """(rows of the sample,) squared error that is natural there, as either half of train tells it; None where train cannot tell."""
    if not given.has(Role.TRAIN, SAMPLE):
        return None
    train = given.summary(Role.TRAIN, SAMPLE).thin(given.options.train_rows)
    found = expected_error(train, given.summary(Role.TEST, SAMPLE).rows, given.task, given.grid)
    return None if found is None else np.mean(found, axis=0)


def _excess(
    cell: Cell, whole: Cell, given: Given, model: str, k: int, level: float, subject: str, natural: Floats | None
) -> Measurement:
    """Loss over expectation; the size that a policy holds it against is the slice's share of the rows, in thousandths."""
    mean, size = float(whole.mean("loss")[0]), 1000 * cell.n / max(whole.n, 1)
    counted: Counted = cell
    why, note = "the model makes no error on any row" if cell.n > 0 and mean == 0 else "", ""
    if given.grid.regression:
        sample = given.summary(Role.TEST, SAMPLE)
        rows = scored_rows(sample, given.grid, (model,))
        if not mean > 0:
            excess = np.full(rows.n, np.nan)
        elif natural is None:
            excess = (rows.loss[model] - expected_squared_error(rows, model)) / mean
        else:
            excess = relative_excess(rows, model, natural[rows.where])
        inside = sample.rows.slices[rows.where, k]
        counted, note = rows.only(inside), rows.note
        over, w = counted.sums(excess[inside], np.ones(counted.n)).T
        values = divided(over, w)
    else:
        over, w = cell.sums["loss"] - cell.sums["expected"], cell.sums["w"]
        values = divided(over, w * mean) if mean > 0 else np.full(len(w), np.nan)
    m = measured(
        "slice_excess_loss", subject, values, counted, level=level, size=size, undefined=why or why_undefined(cell)
    )
    return replace(m, note="; ".join(filter(None, (m.note, note))))


def _others(cell: Cell, whole: Cell, given: Given, level: float, subject: str) -> Iterator[Measurement]:
    unit = given.grid.scale
    yield measured("slice_loss", subject, cell.mean("loss") * unit**2, cell, level=level)
    yield measured("slice_calibration", subject, (cell.mean("y") - cell.mean("score")) * unit, cell, level=level)
    if given.task.type == "binary":
        yield _auc_gap(cell, whole, given, level, subject)


def _auc_gap(cell: Cell, whole: Cell, given: Given, level: float, subject: str) -> Measurement:
    """Area on all rows minus that in the slice; their variances are added, though the slice is part of all rows."""
    areas = [roc_auc_many(c.negatives[0], c.positives[0]) for c in (whole, cell)]
    value = float(areas[0][0] - areas[1][0])
    empty = Measurement(
        metric="slice_auc_gap", subject=subject, value=None, n=cell.n, n_eff=cell.n_eff, size=cell.rarer
    )
    if not np.isfinite(value):
        return replace(empty, note=why_undefined(cell))
    variance = float(sum(jackknife_variance(a[1:]) for a in areas))
    if cell.groups < MIN_GROUPS or not np.isfinite(variance):
        return replace(empty, note=f"no interval; the value on these rows is {value:.4g}")
    ends = normal_interval(value, variance**0.5, confidence=level, df=cell.groups - 1)
    bound = sum(auc_bound(c.negatives[0][0], c.positives[0][0], single_scores(c, given.grid)) for c in (whole, cell))
    ends, method = widened(ends, bound), f"jackknife over {cell.groups} groups"
    return replace(empty, value=value, low=ends.low, high=ends.high, level=level, method=method)


def _as_prior(m: Measurement) -> Measurement:
    """The prior's own value: under names that no policy judges."""
    return replace(m, metric=f"prior_{m.metric}", subject=subjects.join(m.subject, subjects.rows(PRIOR)))


METRICS = ("slice_excess_loss", "slice_loss", "slice_calibration", "slice_auc_gap")
CHECK = Check(
    code="PRF201",
    family=Family.PERFORMANCE,
    title="Declared slices",
    metrics=("largest_excess", *METRICS, *(f"prior_{m}" for m in METRICS)),
    needs=Needs(
        roles=(Role.TEST,),
        optional=(Role.TRAIN,),
        summaries=(ALL, SLICES, SAMPLE),
        models=(CANDIDATE,),
        outcomes=True,
        declared=("slices",),
    ),
    measure=declared_slices,
    doc=__doc__,
    plants=(Plant(metric="slice_excess_loss", fault="slice_loss", null="redrawn_alone"),),
    options=Options(),
)
