"""LEK109: is the outcome itself among the features, under another name or in some values?

How it is measured
------------------
On the training sample. `copies_outcome` is 1 where a feature and the outcome determine each other: a text or a code whose values and
the outcomes go one to one (missing is a value too), or a number with rank correlation 1 or -1 to the outcome of a regression; on all
rows, or on those where the feature is known. Of a match on fewer than 100 rows, or of one that outcomes dealt out at random would give
more often than once in a hundred over all features, nothing can be told, nor where all outcomes are equal. `pure_share` (classes, for
information) is the share of rows in values of a feature, with 30 rows or more, that have one class only though chance would give
that once in a hundred tries over all values of all features; the note names the largest such value and the exact upper bound (95 %)
of the other classes there.

Why it matters
--------------
A copy of the outcome, negated, recoded or in another unit, makes every metric perfect and the model useless. A single value that is
pure (a closing code, a department that sees only one kind of case) is the same leak in a part of the rows.

What to do
----------
Take the copy out and fit again. Ask who sets the pure value, and when; if it is set after the outcome, take the feature as it was before.

Sources
-------
Kaufman, Rosset, Perlich & Stitelman (2012), ACM Transactions on Knowledge Discovery from Data 6(4), 15; Clopper & Pearson (1934),
Biometrika 26, 404-413.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import zero_event_upper_bound
from ..summaries.row_sample import RowSampleKind, take

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
SAMPLE = RowSampleKind()
MIN_ROWS, MOST_LEVELS, VALUE_ROWS, CHANCE = 100, 50, 30, 0.01


def answers_inside(given: Given) -> Iterator[Measurement]:
    """Features that are the outcome, and values that are of one class."""
    held = given.summary(Role.TRAIN, SAMPLE).rows
    train = take(held, np.flatnonzero(~np.isnan(held.y) & (held.weight > 0)))
    n = len(train)
    equal = n >= MIN_ROWS and np.ptp(train.y) == 0
    if n < MIN_ROWS or equal:
        why = "all training rows have one outcome" if equal else f"{n} labelled training rows; it takes {MIN_ROWS}"
        yield Measurement(metric="copies_outcome", subject=subjects.MODEL, value=None, n=n, note=why)
        return
    values = sum(int((np.bincount(train.codes[:, j]) >= VALUE_ROWS).sum()) for j in range(train.codes.shape[1]))
    least = CHANCE / max(len(given.grid.features), 1)
    for j, name in enumerate(given.grid.features):
        subject, column = subjects.feature(name), train.X[name]
        yield _copies(subject, column, train.y, least, regression=given.task.type == "regression")
        if given.task.type != "regression":
            names = given.grid.features[name].names
            yield _pure(subject, train.codes[:, j], train.y.astype(np.int64), max(values, 1), names)


def _copies(subject: str, column: pd.Series, y: Floats, least: float, *, regression: bool) -> Measurement:
    """Whether a feature and the outcome determine each other, on all rows or where it is known, by more than `least` of a chance."""
    values, known = pd.factorize(column, use_na_sentinel=True)[0], column.notna().to_numpy()
    numbers = None
    if regression and pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        known = np.isfinite(numbers)
    for rows in (np.ones(len(y), np.bool_), known):
        chance = _accident(values[rows], y[rows], None if numbers is None else numbers[rows])
        if chance is None:
            continue
        n = int(rows.sum())
        note = "it and the outcome determine each other" + (
            "" if n == len(y) else f" on the {n:,} rows where it is known"
        )
        told = n >= MIN_ROWS and chance < least
        return Measurement(
            metric="copies_outcome", subject=subject, value=1.0 if told else None, n=n, method="comparison" if told else "",
            note=note if told else f"{note}, which so few may do by accident",
        )  # fmt: skip
    return Measurement(metric="copies_outcome", subject=subject, value=0.0, n=len(y), method="comparison")


def _accident(values: Codes, y: Floats, numbers: Floats | None) -> float | None:
    """Chance that shuffled outcomes go one to one with the values, or in the order of the numbers; None where these do not."""
    held, place, sizes = np.unique(y, return_inverse=True, return_counts=True)
    if len(held) < 2:
        return None
    log_orders = gammaln(len(y) + 1) - gammaln(sizes + 1).sum()
    levels = len(np.unique(values))
    if levels == len(held) <= MOST_LEVELS and len(np.unique(values * len(held) + place)) == levels:
        return float(np.exp(gammaln(levels + 1) - log_orders))
    if numbers is not None and np.isfinite(numbers).all() and len(held) > 2 and _same_order(numbers, y):
        return float(np.exp(np.log(2) - log_orders))
    return None


def _same_order(numbers: Floats, y: Floats) -> bool:
    """Whether the rank correlation is 1 or -1, ties included."""
    for sign in (1, -1):
        order = np.lexsort((y, sign * numbers))
        steps, moves = np.diff(sign * numbers[order]), np.diff(y[order])
        if ((steps > 0) == (moves > 0)).all() and (moves >= 0).all():
            return True
    return False


def _pure(subject: str, codes: NDArray[np.int32], y: Codes, tried: int, names: tuple[str, ...]) -> Measurement:
    counts = np.zeros((int(codes.max()) + 1, int(y.max()) + 1), np.int64)
    np.add.at(counts, (codes, y), 1)
    rows, main = counts.sum(axis=1), counts.argmax(axis=1)
    chance = (counts.sum(axis=0) / len(y))[main] ** rows
    pure = (rows >= VALUE_ROWS) & (counts.max(axis=1) == rows) & (chance < CHANCE / tried)
    note = ""
    if pure.any():
        worst = int(np.where(pure, rows, 0).argmax())
        bound = zero_event_upper_bound(int(rows[worst]))
        note = f"largest: {rows[worst]:,} rows in {names[worst]}, at most {bound:.2%} of another class"
    return Measurement(
        metric="pure_share",
        subject=subject,
        value=float(rows[pure].sum() / len(y)),
        n=len(y),
        method="count",
        note=note,
    )


CHECK = Check(
    code="LEK109",
    family=Family.LEAKAGE,
    title="The outcome among the features",
    metrics=("copies_outcome", "pure_share"),
    needs=Needs(roles=(Role.TRAIN,), summaries=(SAMPLE,), outcomes=True),
    measure=answers_inside,
    doc=__doc__,
    plants=(
        Plant(metric="copies_outcome", fault="outcome_copied", null="outcomes_dealt", into=Role.TRAIN, replicates=5),
    ),
)
