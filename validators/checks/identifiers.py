"""LEK104: does an identifier predict the outcome?

How it is measured
------------------
A feature is taken for an identifier when its values are whole numbers, alone or after one prefix that all its texts share (C000123), at
least 99.5 % of them distinct within each of train and test, and spread over their range as serial numbers are (Kolmogorov-Smirnov
distance to the uniform distribution at most .05). At most 5 % may be missing or infinite. All sampled rows are looked at, with or
without an outcome; it takes 200 of each role. Other texts are not looked at. A small tree on the numbers is fitted on train and scored
on test:
`identifier_lift` is its area under the ROC curve above .5, or R2 / 2, with the interval of the delete-a-group jackknife, simultaneous
over the identifiers. Where no feature looks like one, that is the finding.

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
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..summaries.cells import measured
from ..summaries.goodness import constant, goodness
from ..summaries.row_sample import RowSampleKind, take
from ..summaries.scored_rows import Floats, scored_rows
from ..summaries.univariate import tree_scores

SAMPLE = RowSampleKind()
MIN_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is taken for an identifier: shares of `known` and `distinct` values, `uniform`, the largest distance to serial numbers."""

    confidence: float = 0.95
    known: float = 0.95
    distinct: float = 0.995
    uniform: float = 0.05


def identifiers(given: Given) -> Iterator[Measurement]:
    """How well each identifier among the features predicts."""
    both = {role.value: given.summary(role, SAMPLE).rows for role in (Role.TRAIN, Role.TEST)}
    role, n = min(((role, len(rows)) for role, rows in both.items()), key=lambda held: held[1])
    if n < MIN_ROWS:
        why = f"{n} rows of {role}; it takes {MIN_ROWS} to know serial numbers"
        yield Measurement(metric="identifiers", subject=subjects.MODEL, value=None, n=n, note=why)
        return
    numbers = {f: [_numbers(rows.X[f]) for rows in both.values()] for f in given.grid.features}
    found = [f for f, held in numbers.items() if all(_is_serial(values, given.options) for values in held)]
    yield Measurement(
        metric="identifiers", subject=subjects.MODEL, value=float(len(found)), n=n, method="count",
        note=", ".join(found) or "no feature looks like an identifier",
    )  # fmt: skip
    labelled = np.flatnonzero(~np.isnan(both["train"].y) & (both["train"].weight > 0))
    train = take(both["train"], labelled)
    rows = scored_rows(given.summary(Role.TEST, SAMPLE), given.grid, (CANDIDATE,))
    level = simultaneous_level(given.options.confidence, len(found))
    for name in found:
        here, there = (values[:, None] for values in numbers[name])
        lift = np.full(1, np.nan)
        if len(train) and rows.n:
            scores = tree_scores(here[labelled], there[rows.where], train, given.task)
            lift = goodness(rows, scores, given.task) - constant(rows, train, given.task)
        undefined = "one class only" if len(train) and rows.n else "train or test has no usable outcome"
        yield measured("identifier_lift", subjects.feature(name), lift, rows, level=level, undefined=undefined)


def _numbers(column: pd.Series) -> Floats:
    """(n,) the numbers of a column, or those behind the one prefix of all its texts; NaN where there is none."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(np.float64, na_value=np.nan)
        return np.where(np.isfinite(values), values, np.nan)
    found = np.full(len(column), np.nan)
    known = column.astype(object).dropna().map(str)
    if len(known):
        parts = known.str.extract(r"^(\D*)(\d{1,15})$")
        if len(set(parts[0].dropna())) == 1:
            found[column.notna().to_numpy()] = parts[1].to_numpy(np.float64, na_value=np.nan)
    return found


def _is_serial(values: Floats, options: Options) -> bool:
    known = values[np.isfinite(values)]
    return bool(
        len(known) >= max(MIN_ROWS, options.known * len(values))
        and (known == np.rint(known)).all()
        and len(np.unique(known)) >= options.distinct * len(known)
        and _uniform_distance(known) <= options.uniform
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
