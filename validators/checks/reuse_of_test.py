"""FIT106: how often has this test data been looked at?

How it is measured
------------------
`looks` is the number of distinct candidates, this one included, that were measured on the very same test data (its digest): in the
earlier runs of this project and along the chain of prior snapshots, each of which records its own count. Running one candidate again
is no new look.

Why it matters
--------------
Whoever keeps the best of many candidates by their test score keeps luck as well. After enough looks the test is a training set of the
people who look at it, and its intervals, which know of one look, are too narrow.

What to do
----------
Choose among candidates on a part of train. Keep fresh rows for the last look, and replace the test data after some ten.

Sources
-------
Dwork, Feldman, Hardt, Pitassi, Reingold & Roth (2015), Science 349, 636-638; Blum & Hardt (2015), ICML, PMLR 37, 1006-1014.
"""

from collections.abc import Iterator

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.totals import Totals, TotalsKind

ROWS = TotalsKind()


def reuse_of_test(given: Given) -> Iterator[Measurement]:
    """Candidates that were measured on this test data."""
    held: Totals = given.summary(Role.TEST, ROWS)
    n = max(len(given.looks), 1)
    note = "the first look" if n == 1 else f"{n - 1} other candidates were measured on the same rows"
    yield Measurement(
        metric="looks", subject=subjects.MODEL, value=float(n), n=held.rows, size=float(max(held.rows, 100)), method="count", note=note,
    )  # fmt: skip


CHECK = Check(
    code="FIT106",
    family=Family.FIT,
    title="Looks at the test data",
    metrics=("looks",),
    needs=Needs(roles=(Role.TEST,), summaries=(ROWS,)),
    measure=reuse_of_test,
    doc=__doc__,
    plants=(Plant(metric="looks", fault="looked_before", null="first_look", replicates=3, rows=200),),
)
