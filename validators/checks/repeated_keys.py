"""QUA103: are keys unique, and rows recorded once?

How it is measured
------------------
All rows of every role. `repeated_keys`: of the rows with a key, the share whose key another row of the role has too (served rows are the
matter of PIP102; a role without keys cannot tell, and only `test` must have them). `repeated_rows`: share of rows with another row of
equal features and outcome in the role, whatever their keys. Coarse features repeat by themselves, so `repeat_excess` takes off the share
that train repeats (for train: test), both among equally many rows (the expectation over all draws of entities or days from the larger
role), times the rows of the role for each of those. Without outcomes the features alone are compared. The interval takes rows of one
content, or of one entity or day, as one event, and is simultaneous over the roles; each end is a one-sided bound. Events count as
Poisson: days of one season differ by less (by a third on the hotel's bookings), but roles are of other seasons. None seen has the bound
of an unseen event; where test is all there is and rows of it repeat, nothing tells how many do by themselves.
`near_duplicates`, on a sample of train (else test): rows whose nearest other row is at most a third as far as the second nearest, in
ranks or in standard deviations, and not equal (information).

Why it matters
--------------
A key that comes twice is a join that fanned out or an extract that was loaded twice. Its rows count double, in the metric and in
training, and a later join on the key multiplies them again. A second load that numbers its rows anew is seen by their content only; a
world whose common values became commoner looks the same, so this alone is Attention at most in the house policies.

What to do
----------
Find the join or the load. If several rows per key are meant (visits, months), declare the entity and give every row a key of its
own.

Sources
-------
Schelter et al. (2018), Proceedings of the VLDB Endowment 11, 1781-1794, on uniqueness as a constraint; Hurlbert (1971), Ecology 52,
577-586, on counts of roles of other sizes by what draws of one size would show.
"""

from collections.abc import Iterator
from dataclasses import replace

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.proportions import zero_event_upper_bound
from ..summaries.identities import Identities, IdentitiesKind, repeated
from ..summaries.nearest import near_copies
from ..summaries.repetition import excess_share, repeat_share
from ..summaries.row_sample import RowSample, RowSampleKind

ROWS, SAMPLE = IdentitiesKind(), RowSampleKind()
ASKED, COMPARED = 1500, 6000
CONFIDENCE = 0.9  # of both ends of all roles, so each end of one role is a one-sided bound


def repeated_keys(given: Given) -> Iterator[Measurement]:
    """Shares of rows with a repeated key and with repeated content, by role."""
    held: dict[Role, Identities] = {role: given.summary(role, ROWS) for role in Role if given.has(role, ROWS)}
    for role, rows in held.items():
        if "key" in given.declared and role is not Role.SERVING and given.asks("repeated_keys"):
            yield _keys(role, rows)
        if given.asks("repeated_rows"):
            yield _share("repeated_rows", role, int(repeated(rows.content(labelled=True)).sum()), rows.rows)
    if given.asks("repeat_excess"):
        for role in held if len(held) > 1 else ():
            base = Role.TEST if role is Role.TRAIN or Role.TRAIN not in held else Role.TRAIN
            if role is not base and min(held[role].rows, held[base].rows) > 1:
                yield _excess(role, held[role], base, held[base], simultaneous_level(CONFIDENCE, len(held)))
        if len(held) == 1:
            yield from (_alone(role, rows) for role, rows in held.items())
    if given.asks("near_duplicates"):
        yield _near(given)


def _keys(role: Role, rows: Identities) -> Measurement:
    """Of the rows that have a key; a role without any, other than test, is left to `repeat_excess`."""
    keys = rows.keys()
    without = rows.rows - len(keys)
    if without and not len(keys):
        return Measurement(
            metric="repeated_keys", subject=subjects.rows(role.value), value=None, n=rows.rows, minor=role is not Role.TEST,
            note=f"no row of {role.value} has a key",
        )  # fmt: skip
    found = _share("repeated_keys", role, int(repeated(keys).sum()), len(keys))
    return replace(found, note=f"{found.note}; {without:,} more have no key") if without else found


def _excess(role: Role, rows: Identities, base: Role, natural: Identities, level: float) -> Measurement:
    """Share of repeated rows beyond that of another role, among equally many rows."""
    labelled = rows.labelled and natural.labelled
    contents = [held.content(labelled=labelled) for held in (rows, natural)]
    count, n, among = int(repeated(contents[0]).sum()), rows.rows, min(rows.rows, natural.rows)
    if count == 0:
        return _share("repeat_excess", role, 0, n)
    shares = [
        repeat_share(content, held.entities(), among, confidence=level)
        for content, held in zip(contents, (rows, natural), strict=True)
    ]
    value, ends = excess_share(*shares)
    larger = n / among
    note = f"{count:,} of {n:,} rows repeat; {shares[1][0]:.2%} of rows do in {base.value}"
    if larger > 1 or natural.rows > among:
        note += f", of {among:,} against {shares[0][0]:.2%}"
    return Measurement(
        metric="repeat_excess", subject=subjects.rows(role.value), value=value * larger, low=ends.low * larger,
        high=ends.high * larger, level=level, method="weighted counts", n=n, note=note,
    )  # fmt: skip


def _alone(role: Role, rows: Identities) -> Measurement:
    """Of the only role there is: none, or nothing tells how many repeat by themselves."""
    count = int(repeated(rows.content(labelled=rows.labelled)).sum())
    if count == 0:
        return _share("repeat_excess", role, 0, rows.rows)
    note = f"{count:,} of {rows.rows:,} rows repeat; how many do by themselves takes another role"
    return Measurement(metric="repeat_excess", subject=subjects.rows(role.value), value=None, n=rows.rows, note=note)


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
    metrics=("repeated_keys", "repeated_rows", "repeat_excess", "near_duplicates"),
    needs=Needs(
        roles=(Role.TEST,),
        optional=(Role.TRAIN, Role.REFERENCE, Role.PRODUCTION, Role.SERVING),
        summaries=(ROWS, SAMPLE),
    ),
    measure=repeated_keys,
    doc=__doc__,
    plants=(
        Plant(metric="repeated_keys", fault="repeated_keys", null="keyed"),
        Plant(metric="repeat_excess", fault="rows_again", null="exchanged", replicates=10),
    ),
)
