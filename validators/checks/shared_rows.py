"""LEK101: are test rows in the training data?

How it is measured
------------------
Every row of train and test is hashed (128 bits over the features) and compared, all rows of both. Of the share of test rows whose
features also stand in train, the share of training rows that have a twin among the other training rows is taken off: that is what
such a population repeats by itself. `overlap_excess` is the difference, with Newcombe's interval where rows repeat inside train (the
rows of a pair count once); where nothing repeats it is a plain count, and none seen has the bound of an unseen event. For
information: the share shared with the same outcome, the repeats inside train, and the candidate's metric on the test rows that train
does not have.

Why it matters
--------------
A model is asked about rows that it learnt by heart. The metric is too good, by an amount that grows with the model's capacity, and
production does not repeat it. Coarse features repeat by themselves, so a bare count accuses sound splits.

What to do
----------
Split again, by entity or by content, before fitting; a join that fans out is the usual cause. Read the metric without these rows.

Sources
-------
Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Kapoor & Narayanan (2023), Patterns 4, 100804, on leakage as the most
frequent cause of results that do not repeat.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import newcombe_interval, zero_event_upper_bound
from ..summaries.cells import measured
from ..summaries.goodness import goodness
from ..summaries.identities import Identities, IdentitiesKind, content_hash, repeated, shared
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import scored_rows

ROWS, SAMPLE = IdentitiesKind(), RowSampleKind()
CONFIDENCE = 0.95


def shared_rows(given: Given) -> Iterator[Measurement]:
    """Share of test rows that train holds, beyond what repeats inside train, and the metric without them."""
    train: Identities = given.summary(Role.TRAIN, ROWS)
    test: Identities = given.summary(Role.TEST, ROWS)
    if train.rows == 0 or test.rows == 0:
        empty = "train" if train.rows == 0 else "test"
        yield Measurement(metric="overlap_excess", subject=subjects.MODEL, value=None, n=0, note=f"no rows in {empty}")
        return
    overlap = float(shared(test.content(), train.content()).mean())
    repeats = float(repeated(train.content()).mean())
    labelled = float(shared(test.content(labelled=True), train.content(labelled=True)).mean())
    yield _excess(overlap, test.rows, repeats, train.rows)
    for metric, share, n in (
        ("overlap", overlap, test.rows),
        ("overlap_with_outcome", labelled, test.rows),
        ("repeats_in_train", repeats, train.rows),
    ):
        yield Measurement(
            metric=metric,
            subject=subjects.MODEL,
            value=share,
            n=n,
            method="count",
            note=f"{share * n:,.0f} of {n:,} rows",
        )
    yield from _without(given, train)


def _excess(overlap: float, n_test: int, repeats: float, n_train: int) -> Measurement:
    note = f"{overlap:.2%} of test rows are in train; {repeats:.2%} of the training rows repeat by themselves"
    if overlap == 0 or repeats == 0:
        bound = zero_event_upper_bound(n_test, confidence=CONFIDENCE)
        return Measurement(
            metric="overlap_excess", subject=subjects.MODEL, value=overlap, high=max(overlap, bound), level=CONFIDENCE,
            method="count", n=n_test, note=note if overlap else f"none of {n_test:,} test rows is in train",
        )  # fmt: skip
    ends = newcombe_interval(overlap, n_test, repeats, max(n_train / 2, 1.0), confidence=CONFIDENCE)
    return Measurement(
        metric="overlap_excess", subject=subjects.MODEL, value=overlap - repeats, low=ends.low, high=ends.high,
        level=CONFIDENCE, method="Newcombe", n=n_test, n_eff=float(n_test), note=note,
    )  # fmt: skip


def _without(given: Given, train: Identities) -> Iterator[Measurement]:
    """The candidate's metric on all sampled test rows, and on those that train does not hold."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    if CANDIDATE not in sample.rows.scores:
        return
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    table = np.unique(train.table()[:, :2], axis=0)
    seen = shared(_pairs(content_hash(sample.rows.X.iloc[rows.where])), _pairs(table))
    for metric, kept in (("quality_all_rows", rows), ("quality_without_shared", rows.only(~seen))):
        values = goodness(kept, kept.scores[CANDIDATE], given.task) if kept.n else np.full(1, np.nan)
        yield measured(metric, subjects.MODEL, values, kept, undefined="undefined on these rows", note=kept.note)


def _pairs(table: NDArray[np.uint64]) -> NDArray[Any]:
    return np.ascontiguousarray(table).view([("a", np.uint64), ("b", np.uint64)]).reshape(-1)


CHECK = Check(
    code="LEK101",
    family=Family.LEAKAGE,
    title="Rows in both train and test",
    metrics=(
        "overlap_excess",
        "overlap",
        "overlap_with_outcome",
        "repeats_in_train",
        "quality_all_rows",
        "quality_without_shared",
    ),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(ROWS, SAMPLE)),
    measure=shared_rows,
    doc=__doc__,
    plants=(Plant(metric="overlap_excess", fault="copied_rows", null="exchanged"),),
)
