"""BKT103: on production history, does the candidate do at least as well as the prior?

How it is measured
------------------
Both models score the same production rows; rows that one of them did not score are left out with a word. Binary and multiclass: AUC of the
prior minus AUC of the candidate (of several classes the mean, without those of under 1 % of the rows in under 8 groups), by the
delete-a-group jackknife on the difference; regression: relative increase of the mean squared error. A non-inferiority question: 90 %
two-sided, so the upper limit is a one-sided 95 % bound. `prior_above_chance` is the prior's AUC less .5, or half of its R2: a prior worse
than chance is no yardstick. As information, the Diebold-Mariano test on the mean loss by period.

Why it matters
--------------
The prior runs today. A candidate that is worse on the months just past must have a reason.

What to do
----------
See by period where the difference comes from: one bad month, or all of them.

Sources
-------
Diebold & Mariano (1995), JBES 13, 253-263; Harvey, Leybourne & Newbold (1997), International Journal of Forecasting 13, 281-291.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.jackknife import jackknife_interval
from ..stats.series import diebold_mariano
from ..summaries.cells import widened
from ..summaries.common_rows import scored_by_both
from ..summaries.outcomes import Outcomes, OutcomesKind
from ..summaries.quality import prior_above_chance, quality_of_both
from ..summaries.row_sample import RowSampleKind

ALL, BY_PERIOD, SAMPLE = OutcomesKind("all"), OutcomesKind("period"), RowSampleKind()
PERFECT = 0.5  # half of R2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` two-sided: .90 makes each end a 95 % bound."""

    confidence: float = 0.90


def against_prior(given: Given) -> Iterator[Measurement]:
    """Paired loss of the candidate against the prior on production."""
    rows = given.summary(Role.PRODUCTION, SAMPLE)
    outcomes, left_out = scored_by_both(given.summary(Role.PRODUCTION, ALL), rows, given.grid, ALL)
    a, b = quality_of_both((outcomes, CANDIDATE), (outcomes, PRIOR), given.task, given.grid)
    metric = "loss_increase" if given.task.type == "regression" else "auc_loss"
    if a.value is None or b.value is None or len(a.replicates) != len(b.replicates):
        yield Measurement(
            metric=metric, subject="model", value=None, n=a.n, note="one class only, or no rows scored by both"
        )
        return
    if metric == "loss_increase" and not (b.replicates < PERFECT).all():
        yield Measurement(
            metric=metric, subject="model", value=None, n=a.n, size=a.size, note="the prior makes no error"
        )
        return
    note = f"{a.name}: candidate {a.value:.3f}, prior {b.value:.3f}"
    note = "; ".join(filter(None, (note, left_out)))
    if metric == "auc_loss":
        value, replicates = b.value - a.value, b.replicates - a.replicates
    else:
        value = (PERFECT - a.value) / (PERFECT - b.value) - 1
        replicates = (PERFECT - a.replicates) / (PERFECT - b.replicates) - 1
    found = jackknife_interval(value, replicates, confidence=given.options.confidence)
    if found is None:
        note = "fewer than 8 groups of dependent rows"
        yield Measurement(metric=metric, subject="model", value=None, n=a.n, size=a.size, note=note)
        return
    found = widened(found, a.bound + b.bound)
    yield Measurement(
        metric=metric, subject="model", value=value, low=found.low, high=found.high, level=given.options.confidence,
        method=f"paired jackknife over {len(replicates)} groups", n=a.n, n_eff=float(a.n), size=a.size, note=note,
    )  # fmt: skip
    yield prior_above_chance(outcomes, given.task, given.grid, confidence=given.options.confidence)
    yield from _diebold_mariano(given.summary(Role.PRODUCTION, BY_PERIOD))


def _diebold_mariano(outcomes: Outcomes) -> Iterator[Measurement]:
    rows = [outcomes.paired_sum("w", k).sum() for k in range(len(outcomes.rows))]
    means = np.array([outcomes.paired_sum("loss", k).sum() / w for k, w in enumerate(rows) if w > 0])
    test = diebold_mariano(means, np.zeros_like(means)) if len(means) >= 4 else None
    if test is not None:
        note = f"loss of candidate minus prior by period, mean {test.mean:+.4g}, p {test.p_value:.3g}"
        yield Measurement(metric="diebold_mariano", subject="model", value=test.statistic, n=len(means), note=note)


CHECK = Check(
    code="BKT103",
    family=Family.BACKTEST,
    title="Candidate against prior on production",
    metrics=("auc_loss", "loss_increase", "prior_above_chance", "diebold_mariano"),
    needs=Needs(
        roles=(Role.PRODUCTION,),
        summaries=(ALL, BY_PERIOD, SAMPLE),
        models=(CANDIDATE, PRIOR),
        outcomes=True,
        time=True,
    ),
    measure=against_prior,
    doc=__doc__,
    plants=(
        Plant(metric="auc_loss", fault="ranking_lost", null="swapped", into=Role.PRODUCTION, replicates=10),
        Plant(metric="loss_increase", fault="loss_increase", null="swapped", into=Role.PRODUCTION, replicates=10),
    ),
    options=Options(),
)
