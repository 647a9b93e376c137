"""PRF102: is the candidate worse than the prior on the same rows?

How it is measured
------------------
Both models score the same test rows; rows that one of them did not score are left out with a word. Binary: `auc_loss` is the prior's area
under the ROC curve minus the candidate's, and `log_loss_increase` the relative increase of log-loss (information). Regression and
multiclass: `loss_increase` is the relative increase of the mean squared error, or of log-loss; .03 means that the candidate's loss is 3 %
higher. The question is one-sided (is the candidate worse by more than the limit?), so the interval is two-sided at 90 %. It comes from the
delete-a-group jackknife of the difference: what both models get wrong together cancels. Binning of scores is included in the interval of
the areas. Where rows are independent and of one weight, DeLong's interval of the same difference on the rows themselves is shown beside
it. `prior_above_chance` is the prior's AUC (multiclass: macro AUC) less .5, or half of its R2.

Why it matters
--------------
The prior is what runs today, so "better than nothing" is not enough. Comparing two printed figures with intervals of their own
misses most real differences, and comparing on different rows measures the rows: on the same rows a difference of half a point of
AUC can be told with a few thousand rows. A prior that is worse than chance (scores turned round, of other rows) is no yardstick: any
candidate is at least as good.

What to do
----------
If the candidate is worse, find where: the slices (PRF201, PRF202) and the calibration (PRF103) say which part of the loss
is ranking, level, or a segment. If the interval is too wide, more test rows settle it; the note says about how many.

Sources
-------
DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845, for correlated areas; Efron (1982), The Jackknife, the Bootstrap and
Other Resampling Plans, SIAM; Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680, for one-sided bounds
in two-sided 90 % intervals.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import normal_interval
from ..stats.ranking import auc_bound, paired_delong, roc_auc_many
from ..summaries.cells import Cell, cell_of, divided, measured, single_scores
from ..summaries.common_rows import scored_by_both
from ..summaries.outcomes import OutcomesKind
from ..summaries.quality import prior_above_chance
from ..summaries.row_sample import RowSampleKind
from ..summaries.scored_rows import scored_rows

ALL, SAMPLE = OutcomesKind("all"), RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided interval: .90 makes each end a one-sided 95 % bound."""

    confidence: float = 0.9


def loss_against_prior(given: Given) -> Iterator[Measurement]:
    """What the candidate loses against the prior, paired on the test rows."""
    outcomes, note = scored_by_both(given.summary(Role.TEST, ALL), given.summary(Role.TEST, SAMPLE), given.grid, ALL)
    candidate, prior = cell_of(outcomes, CANDIDATE), cell_of(outcomes, PRIOR)
    binary = given.task.type == "binary"
    if binary:
        yield _auc_loss(candidate, prior, given, note)
        if given.grid.grouping == "row" and candidate.equal_weights and given.asks("auc_loss_delong"):
            yield from _delong(given)
    increase = divided(divided(candidate.paired["loss"], candidate.paired["w"]), prior.mean("loss"))
    yield measured(
        "log_loss_increase" if binary else "loss_increase",
        subjects.MODEL,
        increase,
        candidate,
        level=given.options.confidence,
        note=note,
        undefined="" if candidate.n == 0 else "no row is scored by both models, or the prior makes no error",
    )
    yield prior_above_chance(outcomes, given.task, given.grid, confidence=given.options.confidence)


def _auc_loss(candidate: Cell, prior: Cell, given: Given, note: str) -> Measurement:
    single = single_scores(candidate, given.grid)
    areas = [roc_auc_many(cell.negatives[0], cell.positives[0]) for cell in (prior, candidate)]
    bounds = [auc_bound(cell.negatives[0][0], cell.positives[0][0], single) for cell in (prior, candidate)]
    return measured(
        "auc_loss",
        subjects.MODEL,
        areas[0] - areas[1],
        candidate,
        level=given.options.confidence,
        bound=sum(bounds),
        size=candidate.rarer,
        note=note,
    )


def _delong(given: Given) -> Iterator[Measurement]:
    """The same difference by DeLong's test of two correlated areas, on the rows themselves; only where they are independent."""
    rows = scored_rows(given.summary(Role.TEST, SAMPLE), given.grid, (CANDIDATE, PRIOR))
    found = paired_delong(rows.y, rows.scores[PRIOR][:, 0], rows.scores[CANDIDATE][:, 0])
    if found is None:
        return
    ends = normal_interval(found.difference, found.se, confidence=given.options.confidence)
    yield Measurement(
        metric="auc_loss_delong", subject=subjects.MODEL, value=found.difference, low=ends.low, high=ends.high,
        level=given.options.confidence, method="DeLong, paired", n=rows.n, n_eff=rows.n_eff, note=rows.note,
    )  # fmt: skip


CHECK = Check(
    code="PRF102",
    family=Family.PERFORMANCE,
    title="Loss against the prior",
    metrics=("auc_loss", "auc_loss_delong", "loss_increase", "log_loss_increase", "prior_above_chance"),
    needs=Needs(roles=(Role.TEST,), summaries=(ALL, SAMPLE), models=(CANDIDATE, PRIOR), outcomes=True),
    measure=loss_against_prior,
    doc=__doc__,
    plants=(
        Plant(metric="auc_loss", fault="ranking_lost", null="swapped"),
        Plant(metric="loss_increase", fault="loss_increase", null="swapped"),
    ),
    options=Options(),
)
