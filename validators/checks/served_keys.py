"""PIP102: is every test row served, and once?

How it is measured
------------------
Key hashes (64 bits) of `test` and `serving`, all rows of both that have a key. `not_served` is the share of test keys without a served row,
`served_twice` the share of served keys that come more than once although test has them once (a join that fans out), each with its
exact upper bound. For information, how many keys match and how many only serving has. Under a bound on the rows that were read
(suite `quick`) both sides are cut at the same key hash.

Why it matters
--------------
Parity can only be seen where both sides have the row. What production did not compute, or computed twice with two answers, is the
first thing to explain.

What to do
----------
Export the served features of exactly the test keys; look for a filter, a late partition or a second match in the join.

Sources
-------
Clopper & Pearson (1934), Biometrika 26, 404-413; Breck et al. (2019), Data validation for machine learning, MLSys.
"""

from collections.abc import Iterator

import numpy as np

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.counted import counted
from ..summaries.identities import Identities, IdentitiesKind, read_to

ROWS = IdentitiesKind()
CONFIDENCE = 0.95


def served_keys(given: Given) -> Iterator[Measurement]:
    """Keys that are missing on a side, and keys that are served more than once."""
    test: Identities = given.summary(Role.TEST, ROWS)
    serving: Identities = given.summary(Role.SERVING, ROWS)
    mine, theirs = test.keys(), serving.keys()
    bound = read_to(given.rows, test, serving)
    if bound is not None:
        mine, theirs = mine[mine <= bound], theirs[theirs <= bound]
    here, n_here = np.unique(mine, return_counts=True)
    there, n_there = np.unique(theirs, return_counts=True)
    if not len(here) or not len(there):
        empty = "test" if not len(here) else "serving"
        note = f"no row of {empty} has a key"
        yield Measurement(metric="not_served", subject=subjects.MODEL, value=None, n=test.rows, note=note)
        return
    both = np.isin(here, there)
    alike = "" if both.any() else ": are they written alike in both (numbers or text, blanks, leading noughts)?"
    yield _share("not_served", int((~both).sum()), len(here), f"test keys have no served row{alike}")
    twice = n_there[(n_there > 1) & np.isin(there, here[n_here == 1])]
    words = f"served keys come more than once; the largest {twice.max(initial=0)} times"
    yield _share("served_twice", len(twice), len(there), words)
    for metric, k, n, words in (
        ("matched_keys", int(both.sum()), len(here), "test keys have a served row"),
        ("only_served", int((~np.isin(there, here)).sum()), len(there), "served keys are not in test"),
    ):
        note = f"{k:,} of {n:,} {words}"
        yield Measurement(metric=metric, subject=subjects.MODEL, value=k / n, n=n, method="count", note=note)


def _share(metric: str, k: int, n: int, words: str) -> Measurement:
    note = f"{k:,} of {n:,} {words}" if k else f"none of {n:,}: {words.partition(';')[0]}"
    return counted(metric, subjects.MODEL, k, n, level=CONFIDENCE, note=note)


CHECK = Check(
    code="PIP102",
    family=Family.PIPELINE,
    title="Every test key is served once",
    metrics=("not_served", "served_twice", "matched_keys", "only_served"),
    needs=Needs(roles=(Role.TEST, Role.SERVING), summaries=(ROWS,), declared=("key",)),
    measure=served_keys,
    doc=__doc__,
    plants=(
        Plant(metric="not_served", fault="dropped_keys", null="served", into=Role.SERVING, replicates=10),
        Plant(metric="served_twice", fault="repeated_keys", null="served", into=Role.SERVING, replicates=10),
    ),
)
