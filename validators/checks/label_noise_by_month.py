"""QUA107: in which months are training labels worse?

How it is measured
------------------
A straight and a boosted learner of our own give every labelled row of train a probability per class, learnt on other rows of
train (five folds of dependent rows), on at most 6,000 rows by key hash. In a month whose labels are partly wrong these
probabilities agree less with the labels than in the other months. `month_noise` is the share of labels replaced at random that
would bring this about: (K - 1) / K times what the agreement falls short of the other months', over the agreement that clean
labels would show beyond guessing. Below 0 the month is the better one. Months with fewer than 200 rows are left out, and so is
all of it with fewer than two months. Intervals are by the delete-a-group jackknife over month and others, simultaneous over the
months (Bonferroni), and wider where the other months differ among themselves by more than their rows tell (overdispersion): a world
that moves from month to month looks like labels that do. A world that changed in one month looks the same, so a month is Attention at
most in the house policies, and the check is advisory there, since few rows a month tell little. For annotators and sources declare
slices ([slices] by_ann = "annotator == ann"): QUA101 compares their labels with reference.

Why it matters
--------------
Labels go wrong by the batch: a new rule, a new team, a feed that stopped for three weeks. A few bad months hide in an overall rate.

What to do
----------
Ask who labelled the month that stands out, and by which rule. Label some of its rows again, or fit without it and compare.

Sources
-------
Natarajan, Dhillon, Ravikumar & Tewari (2013), NeurIPS 26, 1196-1204, for noise at random; the estimator by month is our own and is tested
against simulation; Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, for the overdispersion.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import GROUPS, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import normal_interval, simultaneous_level
from ..stats.jackknife import MIN_GROUPS, jackknife_variance
from ..stats.label_noise import noise_terms
from ..stats.series import overdispersion
from ..summaries.cells import divided
from ..summaries.label_model import Floats, Labels, label_probabilities
from ..summaries.row_sample import RowSample, RowSampleKind, take

SAMPLE = RowSampleKind()
MIN_ROWS = 200
UNPLANTED = (
    "months hold too few rows for the tolerance to be found in each of them; the upper end of a month's interval says how many wrong "
    "labels a pass leaves open"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """At most `rows` of train; `confidence` of the two-sided intervals of all months together."""

    rows: int = 6000
    confidence: float = 0.95


def label_noise_by_month(given: Given) -> Iterator[Measurement]:
    """Wrong labels of each month beyond those of the other months."""
    sample: RowSample = given.summary(Role.TRAIN, SAMPLE)
    some = sample.thin(given.options.rows)
    train, _ = label_probabilities(some, take(some, np.zeros(0, np.int64)), given.task, given.grid)
    time = train.rows.time
    month = np.zeros(0, "datetime64[M]") if time is None else time.astype("datetime64[M]")
    names, place, counts = np.unique(month, return_inverse=True, return_counts=True)
    told = [k for k in range(len(names)) if counts[k] >= MIN_ROWS and not np.isnat(names[k])]
    if len(told) < 2 or not np.isfinite(train.p).all():
        why = f"{len(told)} months with {MIN_ROWS} labelled rows" if len(told) < 2 else "a fold has one class only"
        yield Measurement(metric="month_noise", subject=subjects.MODEL, value=None, n=len(train.y), note=why)
        return
    found = [_rates(train, place == k) for k in told]
    values = np.array([float(rates[0]) for rates in found])
    variances = np.array([float(jackknife_variance(rates[1:])) for rates in found])
    level = simultaneous_level(given.options.confidence, len(told))
    for i, k in enumerate(told):
        first, last = names[k].astype("datetime64[D]"), (names[k] + 1).astype("datetime64[D]") - 1
        subject = subjects.period(first.item(), last.item())
        others = overdispersion(np.delete(values, i), np.delete(variances, i)) if (variances > 0).all() else None
        wider = 1.0 if others is None else max(others.phi, 1.0)
        note = f"{len(told)} months of train" + (
            f"; the others differ {wider:.1f} times as rows tell" if wider > 1 else ""
        )
        yield _month(train, place == k, subject, level, found[i], wider * variances[i], note)


def _rates(train: Labels, inside: NDArray[np.bool_]) -> Floats:
    """(1 + groups,) share of labels replaced at random; all rows, then without each group of dependent rows."""
    classes = train.p.shape[1]
    mine, theirs = _means(train, inside), _means(train, ~inside)
    # on clean rows of the month the own label would get sum p**2 and what the others' labels get beyond it
    clean = mine[:, 1] + theirs[:, 0]
    return np.asarray((classes - 1) / classes * divided(theirs[:, 0] - mine[:, 0], clean))


def _month(
    train: Labels, inside: NDArray[np.bool_], subject: str, level: float, rates: Floats, variance: float, note: str
) -> Measurement:
    n, units = int(inside.sum()), len(np.unique(train.group[inside]))
    if units < MIN_GROUPS or not np.isfinite(rates).all():
        why = (
            "too few groups of dependent rows" if units < MIN_GROUPS else "the learners tell nothing about these labels"
        )
        return Measurement(metric="month_noise", subject=subject, value=None, n=n, note=f"{why}; {note}")
    ends = normal_interval(float(rates[0]), float(np.sqrt(variance)), confidence=level, df=units - 1)
    return Measurement(
        metric="month_noise", subject=subject, value=float(rates[0]), low=ends.low, high=ends.high, level=level,
        method="jackknife", n=n, n_eff=train.only(inside).n_eff, note=note,
    )  # fmt: skip


def _means(train: Labels, inside: NDArray[np.bool_]) -> Floats:
    """(1 + groups, 2) weighted means of the noise terms; all rows, then without each group of dependent rows."""
    weight = train.weight * inside
    columns = np.column_stack([noise_terms(train.p, train.y), np.ones(len(train.y))])
    sums = np.stack([np.bincount(train.group, weights=weight * c, minlength=GROUPS) for c in columns.T], axis=1)
    whole = np.concatenate([sums.sum(axis=0)[None], sums.sum(axis=0) - sums])
    return divided(whole[:, :-1], whole[:, -1:])


CHECK = Check(
    code="QUA107",
    family=Family.QUALITY,
    title="Wrong labels by month",
    metrics=("month_noise",),
    needs=Needs(roles=(Role.TRAIN,), summaries=(SAMPLE,), outcomes=True, time=True, tasks=("binary", "multiclass")),
    measure=label_noise_by_month,
    doc=__doc__,
    unplanted=UNPLANTED,
    options=Options(),
    slow=True,
)
