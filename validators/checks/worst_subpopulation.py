"""STR102: how bad is it for those for whom it is worst?

How it is measured
------------------
Every test row (at most 20,000, by key hash) has a loss and a loss that the model itself expects: the entropy of its
probabilities, recalibrated on all rows. A regression expects nothing; there it is the squared error that is natural at such a row:
that of our own learner, fitted on one half of train (at most 8,000 rows) and erring on the other, as a function of the features
(without train: that of the other half's test rows with predictions in the same tenth). Boosted trees, fitted on four fifths of the
rows (those of one entity or day together), say from the features alone where the loss is above what is expected; in the remaining
fifth the rows of which they expect most are the worst, and the loss found there is the estimate. So nobody is called worst for his
own bad luck. That loss is taken relative to the mean loss of all (in regression to the error that is natural there). The natural error
is too low somewhere, by chance, and trees find the place: it is learnt from the errors in either half of train, and the rows found
with one are judged with the other, both ways (with one for both, ten sound models in 40 alarmed).

A sound model has a worst tenth too, for nobody learns everything from the rows there are. So our own learner, fitted on each half of
train and judged on the other, is put to the same test, and `worst_excess` is what the candidate shows beyond it (beyond nothing, where
it shows none or there is no train): a fault of the test rows or of the candidate remains, what such rows leave unlearnt does not.
`curve_worst_excess` gives it for shares from a twentieth to all. Intervals by the delete-a-group jackknife, in which the mean of all
rows is taken anew (what makes all days of a group dear is no weakness of some rows), with the rows that the trees
chose held fixed and the folds leaning on each other (`stats.jackknife.cross_fitted_spread`: taken as independent, intervals of 90 %
held .80), joined as those of independent estimates; each end of a 90 % interval is a one-sided 95 % bound. The note names the one
or two conditions that fit the worst tenth best. Below 1,000 rows nothing is said: trees fitted on fewer find nobody.

Why it matters
--------------
A mean hides a minority. Bad times are a shift of the mix towards those for whom the model is weakest: if the worst tenth loses twice
the mean, a portfolio that consists of them loses that too.

What to do
----------
Read the conditions, look at these rows, and declare them as a slice, so that the next version is held against it. A curve that stays
high up to half of the rows is underfit (see FIT103); one that is high at a twentieth only is a small group.

Sources
-------
Duchi & Namkoong (2021), Annals of Statistics 49, 1378-1406; Li, Namkoong & Xia (2021), Evaluating model performance under worst-case
subpopulations, NeurIPS 34, 17325-17334, for the cross-fitted estimate over covariates; Zou & Donner (2008), Statistics in Medicine 27,
1693-1702, for the interval of the difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, GROUPS, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import Interval
from ..stats.proportions import difference_interval
from ..summaries.cells import divided, measured
from ..summaries.conditions import conditions
from ..summaries.excess import excess_loss, relative_excess
from ..summaries.refits import cross_fitted, design, expected_error, fit_restrained
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows
from ..summaries.subpopulation import in_words, worst_rows

SAMPLE = RowSampleKind()
FOLDS, BINS, LEVELS, TRAIN_ROWS = 5, 6, 20, 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`judged` share of the rows, and the `shares` of the curve; `min_rows` that it takes; `own_learner`: whether what it shows is
    taken off; `confidence` of the two-sided interval: .90 makes each end a one-sided 95 % bound.
    """

    judged: float = 0.1
    shares: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
    min_rows: int = 1000
    own_learner: bool = True
    confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows with their excess and what trees in other folds expect of it.

    The excess is in units of a mean over all rows, that of `unit`: a replicate takes its own. In regression all come twice, by what
    either half of train says is natural: `expected[k]` is learnt from the other excess than `excess[k]`. A natural error that is too
    low by chance thus picks no rows that it also judges.
    """

    rows: ScoredRows
    batch: Batch
    excess: tuple[Floats, ...]
    unit: tuple[Floats, ...]
    expected: tuple[Floats, ...]
    fold: NDArray[np.int64]

    def members(self, share: float) -> list[Floats]:
        """(n,) memberships in the worst share, of each excess."""
        return [worst_rows(e, self.rows.weight, self.batch.key, self.fold, share) for e in self.expected]

    def measured(self, metric: str, subject: str, share: float, confidence: float) -> Measurement:
        """Mean excess of the members, less that of all rows (about 0 but in a replicate); `n` are the members, the groups those of all."""
        over, members = np.zeros((2, self.rows.groups + 1))
        chosen = np.zeros(self.rows.n)
        for excess, unit, member in zip(self.excess, self.unit, self.members(share), strict=True):
            mine, all_of_it, one, rows, w = self.rows.sums(
                excess * member, excess, unit, np.ones(self.rows.n), member
            ).T
            over += (mine - w * divided(all_of_it, rows)) / divided(one, rows)
            members += w
            chosen += member
        inside = self.rows.only(chosen > 0)
        m = measured(metric, subject, divided(over, members), self.rows, level=confidence, folds=FOLDS)
        return replace(m, n=inside.n, n_eff=inside.n_eff)


def worst_subpopulation(given: Given) -> Iterator[Measurement]:
    """Loss over expectation of the worst tenth, and of other shares, beyond that of our own learner."""
    options = given.options
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    mean = float(np.average(rows.loss[CANDIDATE], weights=rows.weight)) if rows.n else 0.0
    if rows.n < options.min_rows or not mean > 0:
        few = f"{rows.n} rows with an outcome; it takes {options.min_rows}"
        why = "the model makes no error" if rows.n >= options.min_rows else few
        yield Measurement(metric="worst_excess", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    train = given.summary(Role.TRAIN, SAMPLE).thin(TRAIN_ROWS) if given.has(Role.TRAIN, SAMPLE) else None
    batch = take(sample.rows, rows.where)
    natural, how = None, ""
    if given.task.type == "regression":
        natural = None if train is None else expected_error(train, batch, given.task, given.grid)
        how = "" if natural is not None else "expected by the level of the prediction, for want of train"
    own = _ranked(given, rows, batch, natural)
    learnt = _learnt(given, train) if train is not None and options.own_learner else None
    held = conditions(batch, bins=BINS, levels=LEVELS, min_rows=max(30, rows.n // 50))
    words = (
        in_words(np.mean(own.members(options.judged), axis=0), rows.weight, held)
        or "no one or two conditions describe them"
    )
    m = _beyond(own, learnt, "worst_excess", subjects.MODEL, options.judged, options.confidence)
    yield replace(m, note="; ".join(filter(None, (words, m.note, how, rows.note))))
    for share in options.shares if given.asks("curve_worst_excess") else ():
        subject = subjects.rows(f"worst_{share:g}")
        yield _beyond(own, learnt, "curve_worst_excess", subject, share, options.confidence)


def _ranked(
    given: Given,
    rows: ScoredRows,
    batch: Batch,
    natural: tuple[Floats, Floats] | None,
    part: NDArray[np.bool_] | None = None,
) -> Ranked:
    """Rows by what trees expect of their excess; `natural` are the squared errors that are natural there, in regression.

    Trees see rows of one `part` only, where there are two.
    """
    fold = (rows.unit // np.uint64(GROUPS) % np.uint64(FOLDS)).astype(np.int64)
    excess: tuple[Floats, ...]
    unit: tuple[Floats, ...]
    if natural is not None:
        excess = tuple(relative_excess(rows, CANDIDATE, n) for n in natural)
        unit = tuple(1 + e for e in excess)
    else:
        mean = float(np.average(rows.loss[CANDIDATE], weights=rows.weight))
        excess = (excess_loss(rows, CANDIDATE, given.task, _half(rows.unit)) / mean,)
        unit = (rows.loss[CANDIDATE] / mean,)
    matrix = design(batch.codes, given.grid).astype(np.float64)
    sides = (np.ones(rows.n, np.bool_),) if part is None else (part, ~part)
    expected = tuple(np.zeros(rows.n) for _ in excess)
    for found, other in zip(expected, reversed(excess), strict=True):
        for s in sides:
            found[s] = cross_fitted(other[s], rows.weight[s], matrix[s], fold[s], folds=FOLDS)
    return Ranked(rows, batch, excess, unit, expected, fold if part is None else fold + FOLDS * part)


def _half(unit: NDArray[np.uint64]) -> NDArray[np.bool_]:
    return np.asarray(unit // np.uint64(GROUPS * FOLDS) % np.uint64(2) == 0)


def _learnt(given: Given, train: Batch) -> Ranked | None:
    """Our own learner on training rows that it did not see; None where there are too few of them."""
    known = take(train, np.flatnonzero(~np.isnan(train.y) & (train.weight > 0)))
    half = _half(known.unit)
    if len(known) < given.options.min_rows or min(half.sum(), (~half).sum()) < given.options.min_rows // 4:
        return None
    regression = given.task.type == "regression"
    scores, natural = np.zeros((len(known), given.task.n_scores)), (np.zeros(len(known)), np.zeros(len(known)))
    for side in (half, ~half):
        mine, other = (take(known, np.flatnonzero(inside)) for inside in (side, ~side))
        fitted = fit_restrained(other, mine, given.task, given.grid)
        error = expected_error(other, mine, given.task, given.grid) if regression else ()
        if fitted is None or error is None:
            return None
        scores[side] = fitted
        for held, found in zip(natural, error, strict=False):
            held[side] = found
    sample = RowSample(replace(known, scores={CANDIDATE: scores}), len(known), len(known))
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    if not rows.loss[CANDIDATE].any():
        return None
    # what is natural in one half was learnt from the other: trees that see both would know the errors of the rows they are to judge
    return _ranked(given, rows, known, natural, half) if regression else _ranked(given, rows, known, None)


def _beyond(
    own: Ranked, learnt: Ranked | None, metric: str, subject: str, share: float, confidence: float
) -> Measurement:
    """What the candidate shows beyond our own learner; beyond nothing where that shows none."""
    m = own.measured(metric, subject, share, confidence)
    other = None if learnt is None else learnt.measured(metric, subject, share, confidence)
    if m.value is None or m.low is None or m.high is None:
        return m
    if other is None or other.value is None or other.low is None or other.high is None:
        return replace(m, note="not compared with our own learner")
    floor = max(other.value, 0.0)
    ends = difference_interval(
        m.value,
        Interval(m.low, m.high),
        floor,
        Interval(floor - other.value + other.low, floor - other.value + other.high),
    )
    note = f"{m.value:.2f} found, our own learner shows {other.value:.2f} inside train"
    return replace(m, value=m.value - floor, low=ends.low, high=ends.high, note=note)


CHECK = Check(
    code="STR102",
    family=Family.STRESS,
    title="Worst subpopulation",
    metrics=("worst_excess", "curve_worst_excess"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.TRAIN,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=worst_subpopulation,
    doc=__doc__,
    plants=(
        Plant(
            metric="worst_excess",
            fault="worst_tenth",
            null="redrawn_alone",
            replicates=5,
            rows=2500,
            options={"own_learner": False},
        ),
    ),
    options=Options(),
    slow=True,
)
