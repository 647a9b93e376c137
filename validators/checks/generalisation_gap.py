"""FIT101: how much better is the candidate on the rows that it learnt from?

How it is measured
------------------
The candidate's metric (area under the ROC curve, its mean over the classes, without those of under 1 % of the rows that one role holds
in under 8 groups of dependent rows, or R2 / 2) on train and on test, all rows of both, and the gap between them with an interval of two
independent samples, each by the delete-a-group jackknife, or by DeLong's variance where rows are independent. `membership_advantage` is
how much more often a training row than a test row has a loss below the mean training loss: what somebody who knows the loss of a row can
tell about its having been in train. Nothing here is judged.

Why it matters
--------------
The gap says how far the training score may be believed, and the advantage how much the model remembers of single persons. Neither
says that the model is worse for it: a sound forest scores .99 on its own rows and no less on new ones for that. Whether memory
cost anything is the question of FIT102.

What to do
----------
Report the test score, never the training score. Where the advantage is large and the rows are people, treat the model itself as
personal data. For what overfitting costs, see FIT102; for where, see FIT104.

Sources
-------
Yeom, Giacomelli, Fredrikson & Jha (2018), IEEE 31st Computer Security Foundations Symposium, 268-282, adversary 1; Belkin, Hsu, Ma
& Mandal (2019), PNAS 116, 15849-15854, on models that interpolate and generalise.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import normal_interval
from ..stats.jackknife import jackknife_variance
from ..summaries.cells import divided
from ..summaries.outcomes import OutcomesKind
from ..summaries.quality import NAME_OF, Quality, quality_of_both
from ..summaries.row_sample import RowSampleKind
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows

ALL, SAMPLE = OutcomesKind("all"), RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the intervals."""

    confidence: float = 0.95


def generalisation_gap(given: Given) -> Iterator[Measurement]:
    """Metric on train and on test, the gap, and the advantage of who knows the loss."""
    one, other = (given.summary(role, ALL) for role in (Role.TRAIN, Role.TEST))
    train, test = quality_of_both((one, CANDIDATE), (other, CANDIDATE), given.task, given.grid)
    for role, held in ((Role.TRAIN, train), (Role.TEST, test)):
        shown = held.value, held.variance, held.n, held.n_eff, given, held.method
        yield _one("score_of_role", subjects.rows(role.value), *shown, name=held.name)
    gap = None if train.value is None or test.value is None else train.value - test.value
    shown = gap, train.variance + test.variance, *_least(train, test), given, test.method
    yield _one("train_test_gap", subjects.MODEL, *shown, name=test.name)
    yield _advantage(given)


def _least(a: Quality | ScoredRows, b: Quality | ScoredRows) -> tuple[int, float | None]:
    return min(a.n, b.n), min((n for n in (a.n_eff, b.n_eff) if n is not None), default=None)


def _one(
    metric: str, subject: str, value: float | None, variance: float, n: int, n_eff: float | None, given: Given,
    method: str = "jackknife", *, name: str = "",
) -> Measurement:  # fmt: skip
    if value is None or not np.isfinite(variance):
        return Measurement(
            metric=metric, subject=subject, value=None, n=n, note="undefined on these rows, or no interval"
        )
    level = given.options.confidence
    ends = normal_interval(value, float(np.sqrt(variance)), confidence=level)
    return Measurement(
        metric=metric, subject=subject, value=value, low=ends.low, high=ends.high, level=level, method=method, n=n,
        n_eff=n_eff, note=name or NAME_OF[given.task.type],
    )  # fmt: skip


def _advantage(given: Given) -> Measurement:
    train, test = (
        scored_rows(given.summary(role, SAMPLE), given.grid, (CANDIDATE,)) for role in (Role.TRAIN, Role.TEST)
    )
    if train.n == 0 or test.n == 0:
        return Measurement(
            metric="membership_advantage", subject=subjects.MODEL, value=None, n=0, note="a role has no scored outcome"
        )
    cut = float(np.average(train.loss[CANDIDATE], weights=train.weight))
    below = [_share_below(rows, cut) for rows in (train, test)]
    variance = sum(float(jackknife_variance(b[1:])) for b in below)
    return _one(
        "membership_advantage", subjects.MODEL, float(below[0][0] - below[1][0]), variance, *_least(train, test), given
    )


def _share_below(rows: ScoredRows, cut: float) -> Floats:
    inside, whole = rows.sums((rows.loss[CANDIDATE] <= cut).astype(np.float64), np.ones(rows.n)).T
    return divided(inside, whole)


CHECK = Check(
    code="FIT101",
    family=Family.FIT,
    title="Train against test",
    metrics=("score_of_role", "train_test_gap", "membership_advantage"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(ALL, SAMPLE), models=(CANDIDATE,), outcomes=True),
    measure=generalisation_gap,
    doc=__doc__,
    options=Options(),
)
