"""LEK105: do train and test share keys, entities or time?

How it is measured
------------------
All rows of both roles that have the key, the entity or the time in question; where a role has none, or most rows of train and no row of
test is found in the rest, nothing can be told. `key_overlap`: share of test rows whose declared key train also holds (whole numbers are
the same as numbers and as text). `entity_overlap`: share of test rows whose entity (the declared one) also stands in train.
`time_overlap`: share of test rows from before the last day of train. The last two are information, for many sound splits are random; the
options `disjoint_entities` and `time_split` declare that the split was meant to keep them apart, and then `broken_entity_split` and
`broken_time_split` are the same shares, judged. Under a bound on the rows that were read (suite `quick`) keys of both sides are cut at the
same hash; entities and days of train may go unseen, so those shares are the least that there is.

Why it matters
--------------
Rows of one customer, or of one day, resemble each other. If production will bring new customers and later days, a test that knows
both is a test of memory.

What to do
----------
Split as the model will be used: by entity if new entities will come, by time if the future is what it is for. Declare it in the
options of this check, so that nobody undoes it unseen.

Sources
-------
Kapoor & Narayanan (2023), Patterns 4, 100804: overlap of entities and temporal leakage in their taxonomy; Roberts et al. (2017),
Ecography 40, 913-929, on blocked validation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import count_upper_bound
from ..summaries.identities import Days, DaysKind, Identities, IdentitiesKind, read_to, shared
from ..summaries.spill import Words

ROWS, DAYS = IdentitiesKind(), DaysKind()
CONFIDENCE, LEAST_KNOWN = 0.95, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the split promises: entities of test are new, or all of test lies after train."""

    disjoint_entities: bool = False
    time_split: bool = False


def split(given: Given) -> Iterator[Measurement]:
    """Shares of test rows with a key, an entity or a time that train covers."""
    train: Identities = given.summary(Role.TRAIN, ROWS)
    test: Identities = given.summary(Role.TEST, ROWS)
    if "key" in given.declared:
        bound = read_to(given.rows, train, test)
        mine, theirs = (keys if bound is None else keys[keys <= bound] for keys in (test.keys(), train.keys()))
        known = len(train.keys()) / max(train.rows, 1)
        yield _shared("key_overlap", mine, theirs, test.rows, known)
    if given.grid.grouping == "entity":
        part = read_to(given.rows, train)
        read = 1.0 if part is None else float(part) / 2.0**64
        mine, theirs = test.owners(), train.owners()
        known = read * len(theirs) / max(train.rows, 1)
        for metric in ("entity_overlap", *(["broken_entity_split"] if given.options.disjoint_entities else [])):
            yield _shared(metric, mine, theirs, test.rows, known)
    yield from _time(given, given.summary(Role.TRAIN, DAYS), given.summary(Role.TEST, DAYS))


def _shared(metric: str, mine: Words, theirs: Words, rows: int, known: float) -> Measurement:
    """Share of the keys (entities) of test rows that train holds too; in so much of train one is `known`."""
    word = "key" if metric == "key_overlap" else "entity"
    for role, names in (("train", theirs), ("test", mine)):
        if not len(names):
            note = f"no row that was read of {role} has a value in the {word} column"
            return Measurement(metric=metric, subject=subjects.MODEL, value=None, n=rows, note=note)
    note = f"the {word} of {known:.1%} of the rows of train is known" if known < 1 else ""
    return _share(metric, int(shared(mine, theirs).sum()), len(mine), note, known)


def _time(given: Given, train: Days, test: Days) -> Iterator[Measurement]:
    n = sum(test.rows.values())
    for role, held in (("train", train), ("test", test)):
        if not held.rows:
            if given.options.time_split:
                yield Measurement(
                    metric="broken_time_split", subject=subjects.MODEL, value=None, n=n + test.unknown,
                    note=f"no row of {role} has a time",
                )  # fmt: skip
            return
    last = max(train.rows)
    early = sum(k for day, k in test.rows.items() if day < last)
    note = f"train ends {np.datetime64(last, 'D')}, test begins {np.datetime64(min(test.rows), 'D')}"
    dated = sum(train.rows.values())
    known = dated / (dated + train.unknown)
    note += f"; the time of {known:.1%} of the rows of train is known" if known < 1 else ""
    for metric in ("time_overlap", *(["broken_time_split"] if given.options.time_split else [])):
        yield _share(metric, early, n, note, known)


def _share(metric: str, count: int, n: int, note: str, known: float) -> Measurement:
    """A share of n test rows, which bound what is not seen no better than that part of them whose like in train is known."""
    size = n * known
    if known < LEAST_KNOWN and not count:
        note = f"{note}; what most rows of train have is unknown"
        return Measurement(metric=metric, subject=subjects.MODEL, value=None, n=n, note=note)
    return Measurement(
        metric=metric, subject=subjects.MODEL, value=count / n, n=n, size=size, level=CONFIDENCE, method="count",
        high=count_upper_bound(count, max(size, count), confidence=CONFIDENCE),
        note="; ".join(filter(None, (f"{count:,} of {n:,} test rows", note))),
    )  # fmt: skip


CHECK = Check(
    code="LEK105",
    family=Family.LEAKAGE,
    title="What train and test share",
    metrics=("key_overlap", "entity_overlap", "broken_entity_split", "time_overlap", "broken_time_split"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(ROWS, DAYS), one_declared=("key", "entity", "time")),
    measure=split,
    doc=__doc__,
    plants=(Plant(metric="key_overlap", fault="copied_keys", null="apart", replicates=10),),
    options=Options(),
)
