"""QUA103: are keys unique, and rows recorded once?

How it is measured
------------------
All rows of every role. `repeated_keys`: share of rows whose declared key another row of the role has too. `repeated_rows`: share
of rows with another row of equal features and outcome in the role (information: coarse features repeat by themselves).
`near_duplicates`, on a sample of train (else test): rows whose nearest other row is at most a third as far as the second nearest, in
ranks or in standard deviations, and not equal (information).

Why it matters
--------------
A key that comes twice is a join that fanned out or an extract that was loaded twice. Its rows count double, in the metric and in
training, and a later join on the key multiplies them again.

What to do
----------
Find the join or the load. If several rows per key are meant (visits, months), declare the entity and give every row a key of its
own.

Sources
-------
Schelter et al. (2018), Proceedings of the VLDB Endowment 11, 1781-1794, on uniqueness as a constraint.
"""

from collections.abc import Iterator
from dataclasses import replace

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import zero_event_upper_bound
from ..summaries.identities import Identities, IdentitiesKind, repeated
from ..summaries.nearest import near_copies
from ..summaries.row_sample import RowSample, RowSampleKind

ROWS, SAMPLE = IdentitiesKind(), RowSampleKind()
ASKED, COMPARED = 1500, 6000


def repeated_keys(given: Given) -> Iterator[Measurement]:
    """Shares of rows with a repeated key and with repeated content, by role."""
    for role in Role:
        if not given.has(role, ROWS):
            continue
        held: Identities = given.summary(role, ROWS)
        if "key" in given.declared and given.asks("repeated_keys"):
            yield _share("repeated_keys", role, int(repeated(held.keys()).sum()), held.rows)
        if given.asks("repeated_rows"):
            yield _share("repeated_rows", role, int(repeated(held.content(labelled=True)).sum()), held.rows)
    if given.asks("near_duplicates"):
        yield _near(given)


def _near(given: Given) -> Measurement:
    role = Role.TRAIN if given.has(Role.TRAIN, SAMPLE) else Role.TEST
    sample: RowSample = given.summary(role, SAMPLE)
    rows, base = sample.thin(ASKED), sample.thin(COMPARED)
    count = int(near_copies(rows, base, given.grid, ratio=1 / 3, among_themselves=True).sum())
    return replace(_share("near_duplicates", role, count, len(rows)), high=None, level=None)


def _share(metric: str, role: Role, count: int, n: int) -> Measurement:
    subject = subjects.rows(role.value)
    if n == 0:
        return Measurement(metric=metric, subject=subject, value=None, n=0, note="no rows")
    return Measurement(
        metric=metric, subject=subject, value=count / n, n=n, method="count", note=f"{count:,} of {n:,} rows",
        high=zero_event_upper_bound(n) if count == 0 else None, level=0.95 if count == 0 else None,
    )  # fmt: skip


CHECK = Check(
    code="QUA103",
    family=Family.QUALITY,
    title="Repeated keys and rows",
    metrics=("repeated_keys", "repeated_rows", "near_duplicates"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.TRAIN, Role.REFERENCE, Role.PRODUCTION), summaries=(ROWS, SAMPLE)),
    measure=repeated_keys,
    doc=__doc__,
    plants=(Plant(metric="repeated_keys", fault="repeated_keys", null="keyed"),),
)
