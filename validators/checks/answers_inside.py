"""LEK109: is the outcome itself among the features, under another name or in some values?

How it is measured
------------------
On the training sample. `copies_outcome` is 1 where a feature and the outcome determine each other: a text or a code whose values and
the classes go one to one, or a number with rank correlation 1 or -1 to the outcome of a regression. `pure_share` (classes, for
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

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import zero_event_upper_bound
from ..summaries.row_sample import RowSampleKind, take

SAMPLE = RowSampleKind()
MIN_ROWS, MOST_LEVELS, VALUE_ROWS, CHANCE = 100, 50, 30, 0.01


def answers_inside(given: Given) -> Iterator[Measurement]:
    """Features that are the outcome, and values that are of one class."""
    held = given.summary(Role.TRAIN, SAMPLE).rows
    train = take(held, np.flatnonzero(~np.isnan(held.y) & (held.weight > 0)))
    n = len(train)
    if n < MIN_ROWS:
        why = f"{n} labelled training rows; it takes {MIN_ROWS}"
        yield Measurement(metric="copies_outcome", subject=subjects.MODEL, value=None, n=n, note=why)
        return
    values = sum(int((np.bincount(train.codes[:, j]) >= VALUE_ROWS).sum()) for j in range(train.codes.shape[1]))
    for j, name in enumerate(given.grid.features):
        subject, column = subjects.feature(name), train.X[name]
        copy = _copies(column, train.y, regression=given.task.type == "regression")
        yield Measurement(
            metric="copies_outcome", subject=subject, value=float(copy), n=n, method="comparison",
            note="it and the outcome determine each other" if copy else "",
        )  # fmt: skip
        if given.task.type != "regression":
            names = given.grid.features[name].names
            yield _pure(subject, train.codes[:, j], train.y.astype(np.int64), max(values, 1), names)


def _copies(column: pd.Series, y: NDArray[np.float64], *, regression: bool) -> bool:
    known = column.notna().to_numpy()
    if known.sum() < max(MIN_ROWS, 0.5 * len(y)):
        return False
    target, held = y[known], column[known]
    if len(np.unique(target)) < 2:
        return False
    if regression:
        if not pd.api.types.is_numeric_dtype(held.dtype) or held.nunique() < 3:
            return False
        numbers = held.to_numpy(np.float64)
        for sign in (1, -1):
            order = np.lexsort((target, sign * numbers))
            steps, moves = np.diff(sign * numbers[order]), np.diff(target[order])
            if ((steps > 0) == (moves > 0)).all() and (moves >= 0).all():
                return True
        return False
    pairs = pd.DataFrame({"x": held.to_numpy(), "y": target}).drop_duplicates()
    return len(pairs) <= MOST_LEVELS and not pairs["x"].duplicated().any() and not pairs["y"].duplicated().any()


def _pure(
    subject: str, codes: NDArray[np.int32], y: NDArray[np.int64], tried: int, names: tuple[str, ...]
) -> Measurement:
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
