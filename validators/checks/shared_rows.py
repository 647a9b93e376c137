"""LEK101: are test rows in the training data?

How it is measured
------------------
Every row of train and test is hashed (128 bits over the features) and compared, all rows of both. Of the share of test rows whose features
also stand in train, the share of training rows that have a twin among the other training rows is taken off: that is what such a population
repeats by itself. Where test is of other days or entities than train, a twin counts in another day or entity only: parties that book alike
on one day say nothing of other days. Where no training row has one, that share may be as high as the bound of an unseen event; where test
rows repeat all the same, as when train was cleaned of repeats, the share that test repeats in itself is taken off. No row in both is a
plain count, with that bound. Where rows repeat, chance twins would drown a few copies, so rows count the more the less likely they are to
come again by themselves, as their values tell (how many training rows share each of them): `overlap_excess` is the difference of the two
weighted shares. Its interval takes rows of one content, or of one entity or day, as drawn together; each end is a one-sided 98 % bound
(95 % where nothing repeats), and the high one at most the share of equal rows. A role larger than its sample is weighted in the sample,
or counted unweighted in full, whichever is the more exact. Copies of common rows alone are seen late. Under a bound on the rows that were
read (suite `quick`) the twin of a copy with a key of its own may be in the rest of train, so the excess and its high end are those over the
part that was read; but not of copies that keep their key (where none is declared: the whole row), for both roles are read up to one hash.
For information: the share shared with the same outcome, the repeats inside train, and the candidate's metric on the test rows
that train does not have.

Why it matters
--------------
A model is asked about rows that it learnt by heart. The metric is too good, by an amount that grows with the model's capacity, and
production does not repeat it. Coarse features repeat by themselves, so a bare count accuses sound splits.

What to do
----------
Split again, by entity or by content, before fitting; a join that fans out is the usual cause. Read the metric without these rows.

Sources
-------
Fay & Feuer (1997), Statistics in Medicine 16, 791-801, on weighted counts; Zou & Donner (2008), Statistics in Medicine 27, 1693-1702,
on differences; Kapoor & Narayanan (2023), Patterns 4, 100804, on leakage as the most frequent cause of results that do not repeat.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import Interval
from ..stats.proportions import zero_event_upper_bound
from ..summaries.cells import measured
from ..summaries.goodness import goodness
from ..summaries.identities import (
    Identities,
    IdentitiesKind,
    codes,
    content_hash,
    joined,
    read_to,
    repeated,
    repeated_elsewhere,
    shared,
)
from ..summaries.repetition import excess_share, repeat_weights, weighted_share
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.scored_rows import scored_rows

ROWS, SAMPLE = IdentitiesKind(), RowSampleKind()
CONFIDENCE = 0.95  # of a one-sided bound
SURE = 0.98  # the same, where rows repeat by themselves: one sound split in fifty, not in twenty, may alarm
PAIR = 2
MOST = 0.5  # of the test rows of days or entities that train has too: the two are not apart


def shared_rows(given: Given) -> Iterator[Measurement]:
    """Share of test rows that train holds, beyond what repeats inside train, and the metric without them."""
    train: Identities = given.summary(Role.TRAIN, ROWS)
    test: Identities = given.summary(Role.TEST, ROWS)
    if train.rows == 0 or test.rows == 0:
        empty = "train" if train.rows == 0 else "test"
        yield Measurement(metric="overlap_excess", subject=subjects.MODEL, value=None, n=0, note=f"no rows in {empty}")
        return
    hit = shared(test.content(), train.content())
    apart = given.grid.grouping != "row" and shared(test.entities(), train.entities()).mean() < MOST
    again = _again(train, apart=apart)
    overlap, repeats = float(hit.mean()), float(again.mean())
    labelled = float(shared(test.content(labelled=True), train.content(labelled=True)).mean())
    where = ", in another day or entity" if apart else ""
    read = _read(given, train)
    kept = _kept(train, test, hit, apart=apart) if read < 1 else 0.0
    known = kept, min(read / _read(given, test), 1.0), read
    note = f"{overlap:.2%} of test rows are in train; {repeats:.2%} of the training rows repeat by themselves{where}"
    note += f"; {read:.2%} of train were read, with all twins that have the row's key: {kept:.2%}" if read < 1 else ""
    if overlap == 0:
        yield _none_seen(test.rows, read)
    elif repeats == 0 and (inside := _again(test, apart=apart)).any():
        note += f", and {inside.mean():.2%} of the test rows"
        yield _excess(_against_test(train, test, hit, inside), overlap, test.rows, note, known)
    else:
        ways = list(_compared(given, train, test, hit, again))
        yield _excess(min(ways, key=lambda way: way[1].high - way[1].low), overlap, test.rows, note, known)
    for metric, share, n in (
        ("overlap", overlap, test.rows),
        ("overlap_with_outcome", labelled, test.rows),
        ("repeats_in_train", float(repeated(train.content()).mean()), train.rows),
    ):
        yield Measurement(
            metric=metric,
            subject=subjects.MODEL,
            value=share,
            n=n,
            method="count",
            note=f"{share * n:,.0f} of {n:,} rows",
        )
    if given.asks("quality_all_rows", "quality_without_shared"):
        yield from _without(given, train)


def _again(held: Identities, *, apart: bool, keyed: bool = False) -> NDArray[np.bool_]:
    """(n,) rows that repeat by themselves; where roles are of other days or entities only those that repeat in another one."""
    content = held.content(keyed=keyed)
    return repeated_elsewhere(content, held.entities()) if apart else repeated(content)


def _read(given: Given, role: Identities) -> float:
    """The share of a role's hashes that were read."""
    part = read_to(given.rows, role)
    return 1.0 if part is None else float(part) / 2.0**64


def _kept(train: Identities, test: Identities, hit: NDArray[np.bool_], *, apart: bool) -> float:
    """Share of test rows whose twin in train has their key, beyond what repeats so inside train: it was read wherever the row was."""
    same = hit & shared(test.content(keyed=True), train.content(keyed=True))
    return max(float(same.mean() - _again(train, apart=apart, keyed=True).mean()), 0.0)


def _in_all(share: float, kept: float, reach: float, read: float) -> float:
    """A share of copies, had all of train been read: those that keep their key count over the `reach` of these, the rest over `read`."""
    same = min(max(share, 0.0), kept)
    return same / reach + (share - same) / read


def _none_seen(n: int, read: float) -> Measurement:
    part = f"the {read:.2%} of train that were read" if read < 1 else "train"
    return Measurement(
        metric="overlap_excess", subject=subjects.MODEL, value=0.0, high=zero_event_upper_bound(n * read, confidence=CONFIDENCE),
        level=CONFIDENCE, method="count", n=n, size=n * read, note=f"none of {n:,} test rows is in {part}",
    )  # fmt: skip


def _against_test(
    train: Identities, test: Identities, hit: NDArray[np.bool_], inside: NDArray[np.bool_]
) -> tuple[float, Interval, int]:
    """(excess, interval, test rows) over what test repeats in itself, times the rows of train for one of test."""
    draws = [*codes(test.content()), *codes(test.entities())]
    ones, both = np.ones(test.rows), 2 * SURE - 1
    seen = weighted_share(hit, ones, *draws, confidence=both)
    share, ends = weighted_share(inside, ones, *draws, confidence=both, together=PAIR)
    larger = max(train.rows / test.rows, 1.0)
    natural = min(share * larger, 1.0), Interval(min(ends.low * larger, 1.0), min(ends.high * larger, 1.0))
    return *excess_share(seen, natural), test.rows


def _compared(
    given: Given, train: Identities, test: Identities, hit: NDArray[np.bool_], again: NDArray[np.bool_]
) -> Iterator[tuple[float, Interval, int]]:
    """(excess, interval, test rows): weighted in the samples; in all rows without weights where the samples are but a part."""
    samples: list[RowSample] = [given.summary(role, SAMPLE) for role in (Role.TRAIN, Role.TEST)]
    X = [s.rows.X for s in samples]
    held = [joined(content_hash(rows).T) for rows in X]
    whole = train.content()
    twin = [shared(held[0], whole[again]), shared(held[1], whole)]
    weights = repeat_weights(X[0], X[1], held, twin[0])
    draws = [[*codes(h), *codes(s.rows.unit)] for h, s in zip(held, samples, strict=True)]
    yield _difference(twin[::-1], weights[::-1], draws[::-1])
    if any(s.total > len(s.rows) for s in samples):
        draws = [[*codes(i.content()), *codes(i.entities())] for i in (test, train)]
        yield _difference([hit, again], [np.ones(test.rows), np.ones(train.rows)], draws)


def _difference(
    hit: Sequence[NDArray[np.bool_]], weights: Sequence[NDArray[np.float64]], draws: Sequence[list[NDArray[np.int64]]]
) -> tuple[float, Interval, int]:
    both = 2 * SURE - 1
    test, train = (
        weighted_share(h, w, *d, confidence=both, together=k)
        for h, w, d, k in zip(hit, weights, draws, (1, PAIR), strict=True)
    )
    return *excess_share(test, train), len(hit[0])


def _excess(
    found: tuple[float, Interval, int], overlap: float, n: int, note: str, known: tuple[float, float, float]
) -> Measurement:
    """No more rows can be copied than are equal. `known`: the share that keeps its key, and what was read of such twins and of train."""
    value, ends, used = found
    part = "" if used == n else f"; weighted in {used:,} of {n:,} test rows"
    read = known[-1]
    most = overlap if read == 1 else 1.0
    seen = min(value, overlap)
    value = min(_in_all(seen, *known), 1.0)
    low = min(ends.low if ends.low > 0 else ends.low / read, most)
    high = min(_in_all(ends.high, *known) if ends.high > 0 else ends.high, most)
    size = n * (seen / value if seen > 0 else read)
    return Measurement(
        metric="overlap_excess", subject=subjects.MODEL, value=value, low=low, high=high,
        level=2 * SURE - 1, method="weighted counts", n=n, n_eff=float(used), size=size, note=note + part,
    )  # fmt: skip


def _without(given: Given, train: Identities) -> Iterator[Measurement]:
    """The candidate's metric on all sampled test rows, and on those that train does not hold."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    if CANDIDATE not in sample.rows.scores:
        return
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    seen = shared(joined(content_hash(sample.rows.X.iloc[rows.where]).T), train.content())
    for metric, kept in (("quality_all_rows", rows), ("quality_without_shared", rows.only(~seen))):
        values = goodness(kept, kept.scores[CANDIDATE], given.task) if kept.n else np.full(1, np.nan)
        yield measured(metric, subjects.MODEL, values, kept, undefined="undefined on these rows", note=kept.note)


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
    plants=(Plant(metric="overlap_excess", fault="copied_rows", null="exchanged", replicates=10),),
)
