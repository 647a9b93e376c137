"""LEK106: are there near copies of test rows in the training data?

How it is measured
------------------
Every sampled test row is compared with the sampled training rows, once in ranks (a number is the share of training and test rows below
it) and once in standard deviations; a text agrees or not. It has a near copy where, in either, its nearest training row is not equal to
it, but at most a fifth as far as the second nearest distinct one; that takes a number of more than ten values which most training rows
have. Training rows, each without itself, show how often that happens by itself (rows of other units only, where the units of test are
not in train); `near_copy_excess` is the difference of the two shares, with Newcombe's interval on the rows that the delete-a-group
jackknife finds them worth (two rows of train that are near copies of each other count once); each end of a 90 % interval is a one-sided
95 % bound. Of a train larger than its sample, or than the rows that were read (suite `quick`), a part is compared: the row of a copy is in
that part, or oftener where it has several, so the excess and its high end are divided by the part, the low end stays, and up to that
many times more test rows are asked. With 20,000 test rows and no likeness by chance 0.5 % can be told in 700,000 rows of train. For
information: the candidate's metric on the test rows without a near copy. Rows that are equal are the matter of LEK101.

Why it matters
--------------
A row that was rounded, converted or recorded a second time escapes every comparison of equal rows, and the model knows its outcome
all the same.

What to do
----------
Look at the pairs: a second extract, a resampled or augmented row, or two records of one case. Keep all records of one case on one
side of the split. The metric without them says what the test was worth.

Sources
-------
Lowe (2004), International Journal of Computer Vision 60, 91-110, section 7.1, on the ratio of the nearest to the second nearest;
Newcombe (1998), Statistics in Medicine 17, 873-890.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, GROUPS, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.jackknife import MIN_GROUPS, effective_n, jackknife_variance
from ..stats.proportions import newcombe_interval
from ..summaries.cells import divided, measured
from ..summaries.goodness import goodness
from ..summaries.nearest import near_copies, varying
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import Floats, scored_rows

SAMPLE = RowSampleKind()
MIN_ROWS, MIXED, PAIR = 100, 0.5, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`ratio` of the nearest to the second nearest; at most `rows` of each role are asked, and more where only a part of train is compared;
    `confidence` of the two-sided interval: .90 makes each end a one-sided 95 % bound.
    """

    ratio: float = 1 / 5
    rows: int = 6000
    confidence: float = 0.9


def near(given: Given) -> Iterator[Measurement]:
    """Share of test rows with a near copy in train beyond that of train itself, and the metric without them."""
    train: RowSample = given.summary(Role.TRAIN, SAMPLE)
    test: RowSample = given.summary(Role.TEST, SAMPLE)
    base, part = train.rows, _part(train, given.rows)
    asked = int(given.options.rows / part)
    mine, inside = test.thin(asked), train.thin(asked)
    least = min(len(mine), len(base))
    apart = bool(np.isin(mine.unit, base.unit).mean() < MIXED) if least else False
    units, why, metric = len(np.unique(inside.unit)), "", "near_copy_excess"
    if least < MIN_ROWS:
        why = f"{least} rows in a role; it takes {MIN_ROWS}"
    elif not varying(base, given.grid):
        metric, why = (
            "near_copies",
            "not looked at: no feature is a number that is mostly known in train and has more than ten values there; levels and flags are "
            "not near or far",
        )
    elif apart and units < MIN_GROUPS:
        why = f"train is of {units} units and test of others; what happens by itself takes {MIN_GROUPS} units of train"
    if why:
        yield Measurement(metric=metric, subject=subjects.MODEL, value=None, n=least, note=why)
        return
    ratio = given.options.ratio
    copied = near_copies(mine, base, given.grid, ratio=ratio, beside=mine)
    natural = near_copies(inside, base, given.grid, ratio=ratio, beside=mine, among_themselves=True, other_units=apart)
    shares = [_shares(held, batch) for held, batch in ((copied, mine), (natural, inside))]
    note = f"{int(copied.sum()):,} of {len(mine):,} test rows against {shares[1][0]:.2%} inside train"
    if part < 1:
        note += f"; over {part:.2%}, the part of train that was compared"
    yield _excess(shares, (len(mine), len(inside)), given.options.confidence, part, note)
    for name, share, n in (
        ("near_copies", copied.mean(), len(mine)),
        ("near_copies_in_train", natural.mean(), len(inside)),
    ):
        yield Measurement(metric=name, subject=subjects.MODEL, value=share, n=n, method="count", note=note)
    yield from _without(given, test, copied)


def _part(train: RowSample, read: int | None) -> float:
    """The part of all training rows that the sample holds; of train read up to a hash (suite `quick`) as those hashes tell."""
    if read is not None and train.total >= read and len(train.rows):
        return (float(train.rows.key.max()) + 1) / 2.0**64
    return len(train.rows) / max(train.total, 1) or 1.0


def _shares(hit: NDArray[np.bool_], batch: Batch) -> Floats:
    """(1 + groups,) share of rows, then without each group of dependent rows."""
    group = (batch.unit % np.uint64(GROUPS)).astype(np.int64)
    rows, hits = (np.bincount(group, weights=w, minlength=GROUPS) for w in (np.ones(len(hit)), hit))
    kept = rows > 0
    return np.append(hits.sum() / rows.sum(), divided(hits.sum() - hits[kept], rows.sum() - rows[kept]))


def _excess(shares: list[Floats], sizes: tuple[int, int], confidence: float, part: float, note: str) -> Measurement:
    """A copy is seen where its row is in the part of train that was compared, or oftener where it has several."""
    (one, n), (other, m) = (
        (float(share[0]), effective_n(float(share[0]), float(jackknife_variance(share[1:])), size))
        for share, size in zip(shares, sizes, strict=True)
    )
    ends = newcombe_interval(one, n, other, m / PAIR, confidence=confidence)
    low = ends.low if ends.low > 0 else max(ends.low / part, -1.0)
    high = min(ends.high / part, 1.0) if ends.high > 0 else ends.high
    return Measurement(
        metric="near_copy_excess", subject=subjects.MODEL, value=min(max((one - other) / part, -1.0), 1.0), low=low, high=high,
        level=confidence, n=sizes[0], n_eff=n, size=sizes[0] * part, method="newcombe", note=note,
    )  # fmt: skip


def _without(given: Given, test: RowSample, copied: NDArray[np.bool_]) -> Iterator[Measurement]:
    if CANDIDATE not in test.rows.scores:
        return
    rows = scored_rows(test, given.grid, (CANDIDATE,))
    hit = np.append(copied, np.zeros(len(test.rows) - len(copied), np.bool_))[rows.where]
    for metric, kept in (("quality_all_rows", rows), ("quality_without_near", rows.only(~hit))):
        values = goodness(kept, kept.scores[CANDIDATE], given.task) if kept.n else np.full(1, np.nan)
        yield measured(metric, subjects.MODEL, values, kept, undefined="undefined on these rows", note=kept.note)


CHECK = Check(
    code="LEK106",
    family=Family.LEAKAGE,
    title="Near copies of test rows in train",
    metrics=(
        "near_copy_excess",
        "near_copies",
        "near_copies_in_train",
        "quality_all_rows",
        "quality_without_near",
    ),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,)),
    measure=near,
    doc=__doc__,
    plants=(Plant(metric="near_copy_excess", fault="near_copies_of_train", null="exchanged", replicates=5, rows=2500),),
    options=Options(),
)
