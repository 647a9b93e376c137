"""LEK108: does something that should know nothing predict the outcome: gaps, keys, the clock?

How it is measured
------------------
Small trees are fitted on the training sample and scored on the test sample. `missing_lift_share` is what the pattern of missing values
alone gains over a constant (area under the ROC curve above .5, or R2 / 2 above that of the mean outcome of train), divided by the
candidate's gain on the same rows; judged like one feature. For information: `missing_lift` per feature with gaps, `key_lift` of the
number in the key, `clock_lift` of minute and second of the event time, and `quality_without_gaps`, our own learner without the features
whose gaps predict most. Inside test, `key_order` and `time_order` say how far the outcome stands in the order of the number in the key
and of the event time: the distance from .5 of the area under the ROC curve (of the class where it is largest; of outcomes above their
median), .5 where it was sorted; a base rate that moves from a tenth to four tenths gives .16. Intervals are by the delete-a-group
jackknife, simultaneous over what is tried. The order of rows in a file is not looked at: rows come in parts, in any order, and nothing
here depends on it.

Why it matters
--------------
A field that is filled in only after the event tells the outcome by being empty. Keys that were given out after sorting, or times that
a batch job wrote for one class, show how the extract was made, and that train and test share it. Where the outcome stands in the order
of the clock, every split by time, every backtest and every break is one of outcomes.

What to do
----------
Ask when the field is written, and take it as of the decision. Where the key or the clock predicts, look at how the rows were put
together before believing any metric on them.

Sources
-------
Kaufman, Rosset, Perlich & Stitelman (2012), ACM Transactions on Knowledge Discovery from Data 6(4), 15; Rosset et al. (2010), Data
Mining and Knowledge Discovery 20, 439-468.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role, Task
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.jackknife import jackknife_interval
from ..summaries.cells import divided, measured
from ..summaries.goodness import areas, constant, goodness
from ..summaries.refits import refit_goodness
from ..summaries.row_sample import RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows
from ..summaries.univariate import tree_scores, unlearnable, with_outcome

SAMPLE = RowSampleKind()
MIN_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided intervals; features whose gaps alone reach `suspect_share` of the gain are left out of a refit."""

    confidence: float = 0.95
    suspect_share: float = 0.5


def side_channels(given: Given) -> Iterator[Measurement]:
    """What gaps, keys and the clock gain alone."""
    train, test = with_outcome(given.summary(Role.TRAIN, SAMPLE).rows), given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(test, given.grid, (CANDIDATE,))
    why = unlearnable(train, rows, given.task, MIN_ROWS)
    if why:
        yield Measurement(metric="missing_lift_share", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    there = take(test.rows, rows.where)
    yield from _gaps(given, train, there, rows)
    for metric, columns in (("key_lift", _key), ("clock_lift", _clock)):
        here, asked = columns(train), columns(there)
        if given.asks(metric) and here is not None and asked is not None:
            lift = _lift(here, asked, train, rows, given.task)
            yield measured(
                metric, subjects.MODEL, lift, rows, level=given.options.confidence, undefined="one class only"
            )
    for metric, column in (("key_order", there.order), ("time_order", there.time)):
        if given.asks(metric) and column is not None and not np.isnan(column).any():
            lift = _order(column, rows, given.task)
            level = simultaneous_level(given.options.confidence, 2)
            yield measured(metric, subjects.MODEL, lift, rows, level=level, fold=True, undefined="one class only")


def _order(column: NDArray[Any], rows: ScoredRows, task: Task) -> Floats:
    """(1 + groups,) area above .5 of a column as a score of the outcome, of the class where it is farthest from there."""
    classes = (
        [rows.y > np.median(rows.y)] if task.type == "regression" else [rows.y == k for k in range(len(task.classes))]
    )
    found = [areas(rows, column, positive) - 0.5 for positive in classes]
    return max(found, key=lambda lift: abs(np.nan_to_num(lift[0])))


def _gaps(given: Given, train: Batch, there: Batch, rows: ScoredRows) -> Iterator[Measurement]:
    flags, asked = (b.X.isna().to_numpy(np.float64) for b in (train, there))
    holed = [j for j in range(flags.shape[1]) if flags[:, j].any() and not flags[:, j].all()]
    if not holed:
        yield Measurement(
            metric="missing_lift_share", subject=subjects.MODEL, value=0.0, n=rows.n, method="count",
            note="no feature has gaps in train",
        )  # fmt: skip
        return
    gain = goodness(rows, rows.scores[CANDIDATE], given.task) - constant(rows, train, given.task)
    ends = jackknife_interval(float(gain[0]), gain[1:], confidence=given.options.confidence)
    lift = _lift(flags[:, holed], asked[:, holed], train, rows, given.task)
    weak = "the candidate is no surer than a constant" if ends is None or ends.low <= 0 else ""
    share = np.full(len(gain), np.nan) if weak else divided(lift, gain)
    yield measured(
        "missing_lift_share",
        subjects.MODEL,
        share,
        rows,
        level=given.options.confidence,
        undefined=weak,
        note=rows.note,
    )
    if not given.asks("missing_lift", "quality_without_gaps"):
        return
    level = simultaneous_level(given.options.confidence, 1 + len(holed))
    yield measured("missing_lift", subjects.MODEL, lift, rows, level=level, undefined="one class only")
    suspects = []
    for j in holed:
        name = list(given.grid.features)[j]
        alone = _lift(flags[:, [j]], asked[:, [j]], train, rows, given.task)
        if alone[0] >= given.options.suspect_share * max(gain[0], 1e-3):
            suspects.append(name)
        yield measured("missing_lift", subjects.feature(name), alone, rows, level=level, undefined="one class only")
    if suspects:
        left = refit_goodness(train, there, rows, given.task, given.grid, left_out=suspects)
        yield measured("quality_without_gaps", subjects.features(suspects), left, rows, undefined="one class only")


def _lift(here: Floats, asked: Floats, train: Batch, rows: ScoredRows, task: Task) -> Floats:
    return goodness(rows, tree_scores(here, asked, train, task), task) - constant(rows, train, task)


def _key(batch: Batch) -> Floats | None:
    known = batch.order is not None and np.isfinite(batch.order).any()
    return batch.order[:, None] if known and batch.order is not None else None


def _clock(batch: Batch) -> Floats | None:
    if batch.time is None or np.isnat(batch.time).any():
        return None
    seconds = batch.time.astype("datetime64[s]").astype(np.int64)
    return np.column_stack([seconds // 60 % 60, seconds % 60]).astype(np.float64)


CHECK = Check(
    code="LEK108",
    family=Family.LEAKAGE,
    title="Gaps, keys and the clock as predictors",
    metrics=(
        "missing_lift_share",
        "missing_lift",
        "key_lift",
        "clock_lift",
        "key_order",
        "time_order",
        "quality_without_gaps",
    ),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=side_channels,
    doc=__doc__,
    plants=(Plant(metric="missing_lift_share", fault="told_by_gaps", null="features_dealt", replicates=3, rows=2000),),
    options=Options(),
)
