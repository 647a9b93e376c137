"""LEK104: does an identifier predict the outcome?

How it is measured
------------------
A feature is taken for an identifier when its values are whole numbers, at least 99.5 % of them distinct within each of train and test, and
spread over their range as serial numbers are (Kolmogorov-Smirnov distance to the uniform distribution at most .05). A small tree on it
is fitted on train and scored on test: `identifier_lift` is its area under the ROC curve above .5, or R2 / 2, with the interval of the
delete-a-group jackknife, simultaneous over the identifiers. Where no feature looks like one, that is the finding.

Why it matters
--------------
A number that names a row knows nothing about it. If it predicts, it was given out in an order that knows: after sorting by the outcome,
per source, or by date in a drifting population. In production new rows get new numbers, and what the model learnt is void.

What to do
----------
Take the identifier out of the features, whether it predicts or not. If it predicts, find out who gave out the numbers, and when.

Sources
-------
Rosset et al. (2010), Data Mining and Knowledge Discovery 20, 439-468, on the patient identifier of the KDD Cup 2008; Kaufman et
al. (2012), ACM Transactions on Knowledge Discovery from Data 6(4), 15.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..summaries.cells import measured
from ..summaries.goodness import constant, goodness
from ..summaries.row_sample import RowSampleKind, take
from ..summaries.scored_rows import Floats, scored_rows
from ..summaries.univariate import single_feature_scores

SAMPLE = RowSampleKind()
MIN_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is taken for an identifier: share of `distinct` values, and `uniform`, the largest distance to serial numbers."""

    confidence: float = 0.95
    distinct: float = 0.995
    uniform: float = 0.05


def identifiers(given: Given) -> Iterator[Measurement]:
    """How well each identifier among the features predicts."""
    train, test = given.summary(Role.TRAIN, SAMPLE).rows, given.summary(Role.TEST, SAMPLE)
    train = take(train, np.flatnonzero(~np.isnan(train.y) & (train.weight > 0)))
    rows = scored_rows(test, given.grid, (CANDIDATE,))
    there = take(test.rows, rows.where)
    found = [f for f in given.grid.features if all(_is_serial(b, f, given.options) for b in (train, there))]
    yield Measurement(
        metric="identifiers", subject=subjects.MODEL, value=float(len(found)), n=rows.n, method="count",
        note=", ".join(found) or "no feature looks like an identifier",
    )  # fmt: skip
    level = simultaneous_level(given.options.confidence, len(found))
    for name in found:
        j = list(given.grid.features).index(name)
        scores = single_feature_scores(train, there, name, j, given.grid.features[name], given.task)
        lift = goodness(rows, scores, given.task) - constant(rows, train, given.task)
        yield measured("identifier_lift", subjects.feature(name), lift, rows, level=level, undefined="one class only")


def _is_serial(batch: Batch, name: str, options: Options) -> bool:
    column = batch.X[name]
    if len(column) < MIN_ROWS or not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    values = column.to_numpy(np.float64, na_value=np.nan)
    whole = bool(np.isfinite(values).all() and (values == np.rint(values)).all())
    return (
        whole
        and len(np.unique(values)) >= options.distinct * len(values)
        and _uniform_distance(values) <= options.uniform
    )


def _uniform_distance(values: Floats) -> float:
    """Kolmogorov-Smirnov distance to the uniform distribution between the smallest and the largest value."""
    held = np.sort(values)
    place = (held - held[0]) / (held[-1] - held[0])
    steps = np.arange(len(held) + 1) / len(held)
    return float(max(np.abs(place - steps[:-1]).max(), np.abs(place - steps[1:]).max()))


CHECK = Check(
    code="LEK104",
    family=Family.LEAKAGE,
    title="Identifiers that predict",
    metrics=("identifiers", "identifier_lift"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=identifiers,
    doc=__doc__,
    plants=(Plant(metric="identifiers", fault="serial_numbers", null="smooth", replicates=5),),
    options=Options(),
)
