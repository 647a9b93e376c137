"""PRD103: does the candidate give scores that cannot be used?

How it is measured
------------------
Share of test rows whose score is missing, and share whose score is infinite or outside the range of the task (probabilities lie
in [0, 1]). Where none is seen the bound of an unseen event is given.

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

from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import count_upper_bound
from ..summaries.outcomes import Outcomes, OutcomesKind

OUTCOMES = OutcomesKind("all")
CONFIDENCE = 0.95


def unusable_scores(given: Given) -> Iterator[Measurement]:
    """Shares of missing and of out-of-range scores, candidate and prior."""
    outcomes: Outcomes = given.summary(Role.TEST, OUTCOMES)
    n = int(outcomes.rows[0].sum())
    for model in (CANDIDATE, PRIOR):
        if model not in outcomes.scores:
            continue
        subject = "model" if model == CANDIDATE else "model | rows:prior"
        bins = outcomes.histogram(model).sum(axis=(0, 1))
        total = float(bins.sum())
        for metric, count in (("missing_share", float(bins[-1])), ("out_of_range_share", float(bins[-2]))):
            if total == 0:
                yield Measurement(metric=metric, subject=subject, value=None, n=n, note="no rows")
                continue
            share = count / total
            high = count_upper_bound(share * n, n, confidence=CONFIDENCE)
            yield Measurement(
                metric=metric, subject=subject, value=share, high=high, level=CONFIDENCE, method="count", n=n,
                note="none seen" if share == 0 else f"{share * n:.0f} of {n:,} rows",
            )  # fmt: skip


CHECK = Check(
    code="PRD103",
    family=Family.PREDICTION_DRIFT,
    title="Unusable scores",
    metrics=("missing_share", "out_of_range_share"),
    needs=Needs(roles=(Role.TEST,), summaries=(OUTCOMES,), models=(CANDIDATE,)),
    measure=unusable_scores,
    doc=__doc__,
    plants=(Plant(metric="missing_share", fault="unusable_scores", null="usable"),),
)
