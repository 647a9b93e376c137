"""LEK105: do train and test share keys, entities or time?

How it is measured
------------------
All rows of both roles. `key_overlap`: share of test rows whose declared key train also holds. `entity_overlap`: share of test rows
whose entity (the declared one) also stands in train. `time_overlap`: share of test rows from before the last day of train. The
last two are information, for many sound splits are random; the options `disjoint_entities` and `time_split` declare that the split
was meant to keep them apart, and then `broken_entity_split` and `broken_time_split` are the same shares, judged.

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
from ..summaries.identities import Days, DaysKind, Identities, IdentitiesKind, shared

ROWS, DAYS = IdentitiesKind(), DaysKind()
CONFIDENCE = 0.95


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
        yield _share("key_overlap", int(shared(test.keys(), train.keys()).sum()), test.rows)
    if given.grid.grouping == "entity":
        known = int(shared(test.entities(), train.entities()).sum())
        yield _share("entity_overlap", known, test.rows)
        if given.options.disjoint_entities:
            yield _share("broken_entity_split", known, test.rows)
    yield from _time(given, given.summary(Role.TRAIN, DAYS), given.summary(Role.TEST, DAYS))


def _time(given: Given, train: Days, test: Days) -> Iterator[Measurement]:
    if not train.rows or not test.rows:
        if given.options.time_split:
            yield Measurement(
                metric="broken_time_split", subject=subjects.MODEL, value=None, n=0, note="a role has no time column"
            )
        return
    last = max(train.rows)
    early = sum(n for day, n in test.rows.items() if day < last)
    note = f"train ends {np.datetime64(last, 'D')}, test begins {np.datetime64(min(test.rows), 'D')}"
    yield _share("time_overlap", early, sum(test.rows.values()), note)
    if given.options.time_split:
        yield _share("broken_time_split", early, sum(test.rows.values()), note)


def _share(metric: str, count: int, n: int, note: str = "") -> Measurement:
    if n == 0:
        return Measurement(metric=metric, subject=subjects.MODEL, value=None, n=0, note="no rows")
    return Measurement(
        metric=metric, subject=subjects.MODEL, value=count / n, n=n, level=CONFIDENCE, method="count",
        high=count_upper_bound(count, n, confidence=CONFIDENCE),
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
