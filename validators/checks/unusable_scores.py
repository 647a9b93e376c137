"""PRD103: does the candidate give scores that cannot be used?

How it is measured
------------------
Share of test rows, and of production rows, whose score is missing, and share whose score is infinite or outside the range of the task
(probabilities lie in [0, 1], and those of several classes add up to 1, to .05 or what rounding each of them to the two or three decimals
that it has may have moved), of any class. Rows are counted, whatever they weigh. Where none is seen the bound of an unseen event is
given. The same of the prior on test, for information: its scores decide nothing here.

Why it matters
--------------
Tools that drop such rows report on the rest. In production every row gets a decision, and a missing score is often taken for zero.

What to do
----------
Find the rows (a level that is new, a feature that is missing) and make the model, or what calls it, handle them on purpose.

Sources
-------
Clopper & Pearson (1934), Biometrika 26, 404-413.
"""

from collections.abc import Iterator

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.counted import counted
from ..summaries.unusable import Unusable, UnusableKind

UNUSABLE = UnusableKind()
CONFIDENCE = 0.95


def unusable_scores(given: Given) -> Iterator[Measurement]:
    """Shares of missing and of out-of-range scores: of the candidate on test and production, of the prior on test."""
    yield from _shares(given, Role.TEST, CANDIDATE, subjects.MODEL)
    if given.has(Role.PRODUCTION, UNUSABLE):
        yield from _shares(given, Role.PRODUCTION, CANDIDATE, subjects.rows(Role.PRODUCTION.value))
    yield from _shares(given, Role.TEST, PRIOR, subjects.join(subjects.MODEL, subjects.rows("prior")), whose="prior_")


def _shares(given: Given, role: Role, model: str, subject: str, whose: str = "") -> Iterator[Measurement]:
    found: Unusable = given.summary(role, UNUSABLE)
    n = found.rows
    for what, rows in (("missing_share", found.missing), ("out_of_range_share", found.outside)):
        if model not in rows:
            continue
        metric, k = whose + what, rows[model]
        if not n:
            yield Measurement(metric=metric, subject=subject, value=None, n=0, note="no rows")
            continue
        note = f"{k:,} of {n:,} rows" if k else "none seen"
        yield counted(metric, subject, k, n, level=CONFIDENCE, note=note)


CHECK = Check(
    code="PRD103",
    family=Family.PREDICTION_DRIFT,
    title="Unusable scores",
    metrics=("missing_share", "out_of_range_share", "prior_missing_share", "prior_out_of_range_share"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.PRODUCTION,), summaries=(UNUSABLE,), models=(CANDIDATE,)),
    measure=unusable_scores,
    doc=__doc__,
    plants=(Plant(metric="missing_share", fault="unusable_scores", null="usable"),),
)
