"""QUA101: how many training labels are wrong?

How it is measured
------------------
A straight and a boosted learner of our own give every labelled row of train and of reference a probability per class, learnt on other
rows of train (five folds of dependent rows). If labels of train were flipped, these probabilities are drawn to the middle, and reference,
whose labels were not, shows it. `noise_excess` is the share of training labels that are wrong beyond those of reference: for the whole
(flips at random, see `stats/label_noise`), and per class (share of all labels that train calls something else where reference does not).
`slice_label_gap` (binary) is the same share inside a declared slice. Intervals are by the delete-a-group jackknife over both roles,
simultaneous over whole and classes. Without reference, test is taken. Only what train has beyond the other role is seen: labels that are
wrong as often and in the same way in both leave every one of these numbers at 0. Where the two are of other times (the central nine
tenths of their times share less than half of the shorter), what differs may be the outcomes of another season and no fault of the labels:
then it is Attention at most. For information: `suspect_share`, the labels that confident learning doubts, `planted_found`, the share of 2
% planted flips that it finds here, and `conflict_excess`, the (weighted) share of rows that disagree with a row of equal features beyond
what their probabilities let expect (judged).

Why it matters
--------------
A model learns what the labels say. Flipped labels pull scores to the middle and metrics down, in one class or one source most. An
absolute estimate cannot tell wrong labels from a hard problem, so what is judged is the difference between two roles.

What to do
----------
Read the suspects with somebody who knows the cases, start with the class named here. If train was labelled by other people, rules
or at another time than reference, label a few hundred rows of it again and compare.

Sources
-------
Northcutt, Jiang & Chuang (2021), Journal of Artificial Intelligence Research 70, 1373-1411; Natarajan, Dhillon, Ravikumar & Tewari
(2013), NeurIPS 26, 1196-1204.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..core import subjects
from ..core.data import GROUPS, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import Interval, folded, normal_interval, simultaneous_level
from ..stats.jackknife import MIN_GROUPS, jackknife_variance
from ..stats.label_noise import confident_suspects, noise_rate, noise_terms
from ..stats.proportions import wilson_interval
from ..summaries.identities import codes, content_hash
from ..summaries.label_model import Floats, Labels, label_probabilities, of_other_times
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
MIN_ROWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of the two-sided intervals together (.90: each end a one-sided 95 % bound); share of labels `planted`."""

    confidence: float = 0.9
    planted: float = 0.02


def label_noise(given: Given) -> Iterator[Measurement]:
    """Wrong labels of train beyond those of reference; what confident learning doubts and finds; conflicts."""
    role = Role.REFERENCE if given.has(Role.REFERENCE, SAMPLE) else Role.TEST
    samples: list[RowSample] = [given.summary(r, SAMPLE) for r in (Role.TRAIN, role)]
    train, other = label_probabilities(samples[0].rows, samples[1].rows, given.task, given.grid)
    apart = of_other_times(samples[0].rows.time, samples[1].rows.time)
    least = min(len(train.y), len(other.y))
    if least < MIN_ROWS or not np.isfinite(train.p).all() or not np.isfinite(other.p).all():
        why = (
            "a fold of train has one class only" if least >= MIN_ROWS else f"{least} labelled rows; it takes {MIN_ROWS}"
        )
        yield Measurement(metric="noise_excess", subject=subjects.MODEL, value=None, n=least, note=why)
        return
    classes = given.task.classes
    # in a binary task the gaps of the classes are one number with two signs
    level = simultaneous_level(given.options.confidence, 2 if given.task.type == "binary" else 1 + len(classes))
    note = f"against {role.value}; {len(train.y):,} and {len(other.y):,} rows"
    note += "; they are of other times, in which outcomes may have changed" if apart else ""
    means = [_means(held) for held in (train, other)]
    n_eff = min(train.n_eff, other.n_eff)
    found = [_estimate(subjects.MODEL, _rate, means, level, least, n_eff, note)]
    for k, label in enumerate(classes):
        size = int((other.y == k).sum())
        rows = size, n_eff * size / len(other.y)
        found.append(_estimate(subjects.class_of(label), partial(_class_gap, k), means, level, *rows, note))
    if given.task.type == "binary":
        found += _slices(given, train, other)
    yield from (replace(m, minor=apart) for m in found)
    yield from _suspects(given, train)
    yield _conflicts(train, given.options.confidence)


def _means(held: Labels) -> Floats:
    """(1 + groups, 2 + K) weighted means of the noise terms and of label minus probability; all rows, then without each group."""
    k = held.p.shape[1]
    columns = np.column_stack(
        [noise_terms(held.p, held.y), (held.y[:, None] == np.arange(k)) - held.p, np.ones(len(held.y))]
    )
    sums = np.stack([np.bincount(held.group, weights=held.weight * c, minlength=GROUPS) for c in columns.T], axis=1)
    sums = sums[np.bincount(held.group, minlength=GROUPS) > 0]
    whole = np.concatenate([sums.sum(axis=0)[None], sums.sum(axis=0) - sums])
    return np.asarray(whole[:, :-1] / whole[:, -1:])


def _rate(mine: Floats, theirs: Floats) -> Floats:
    return noise_rate(theirs[..., 0] - mine[..., 0], theirs[..., 1], mine.shape[-1] - 2)


def _slices(given: Given, train: Labels, other: Labels) -> Iterator[Measurement]:
    """Declared slices: how far the two roles differ in what they call positive there."""
    level = simultaneous_level(given.options.confidence, len(given.grid.slices))
    least = min(len(train.y), len(other.y))
    for j, label in enumerate(given.grid.slices):
        inside = [held.only(held.rows.slices[:, j]) for held in (train, other)]
        n = min(len(held.y) for held in inside)
        if n == 0:
            yield Measurement(
                metric="slice_label_gap", subject=_slice(given, label), value=None, n=0, note="no labelled row"
            )
            continue
        means = [_means(held) for held in inside]
        n_eff = min(held.n_eff for held in inside)
        gap = _estimate(
            _slice(given, label), partial(_class_gap, 1), means, level, n, n_eff, label, metric="slice_label_gap"
        )
        # a slice of less than a fifth of the rows may alarm, but does not keep its check from passing
        yield replace(_folded(gap), size=float(n if 5 * n >= least else 0))


def _folded(m: Measurement) -> Measurement:
    """The size of a signed difference."""
    if m.value is None or m.low is None or m.high is None:
        return m
    ends = folded(Interval(m.low, m.high))
    way = "few" if m.value > 0 else "many"
    return replace(
        m, value=abs(m.value), low=ends.low, high=ends.high, note=f"{m.note}: train has too {way} positive labels there"
    )


def _slice(given: Given, label: str) -> str:
    return f"slice:{given.grid.slices[label]}"


def _class_gap(k: int, mine: Floats, theirs: Floats) -> Floats:
    return np.asarray(theirs[..., 2 + k] - mine[..., 2 + k])


def _estimate(
    subject: str,
    statistic: Callable[[Floats, Floats], Floats],
    means: Sequence[Floats],
    level: float,
    n: int,
    n_eff: float,
    note: str,
    *,
    metric: str = "noise_excess",
) -> Measurement:
    train, other = means
    value = float(statistic(train[0], other[0]))
    replicates = [statistic(train[1:], other[0]), statistic(train[0], other[1:])]
    few = min(len(r) for r in replicates) < MIN_GROUPS
    if few or not np.isfinite(value) or not all(np.isfinite(r).all() for r in replicates):
        why = "too few groups of dependent rows" if few else "the learners tell nothing about these labels"
        return Measurement(metric=metric, subject=subject, value=None, n=n, note=f"{why}; {note}")
    se = float(np.sqrt(sum(jackknife_variance(r) for r in replicates)))
    df = min(len(r) for r in replicates) - 1
    ends = normal_interval(value, se, confidence=level, df=df)
    return Measurement(
        metric=metric, subject=subject, value=value, low=ends.low, high=ends.high, level=level,
        method="jackknife of both roles", n=n, n_eff=n_eff, note=note,
    )  # fmt: skip


def _suspects(given: Given, train: Labels) -> Iterator[Measurement]:
    n = len(train.y)
    doubted = int(confident_suspects(train.p, train.y).rows.sum())
    yield _share("suspect_share", doubted, n, "confident learning; hard cases are among them")
    flipped = given.rng.permutation(n)[: max(int(given.options.planted * n), 1)]
    y = train.y.copy()
    y[flipped] = (y[flipped] + given.rng.integers(1, train.p.shape[1], len(flipped))) % train.p.shape[1]
    found = confident_suspects(train.p, y).rows
    note = f"of {given.options.planted:.0%} planted flips; {found[flipped].sum() / max(found.sum(), 1):.0%} of what it names was planted"
    yield _share("planted_found", int(found[flipped].sum()), len(flipped), note)


def _share(metric: str, count: int, n: int, note: str) -> Measurement:
    ends = wilson_interval(count, n)
    return Measurement(
        metric=metric,
        subject=subjects.MODEL,
        value=count / n,
        low=ends.low,
        high=ends.high,
        level=0.95,
        method="Wilson",
        n=n,
        n_eff=n,
        note=note,
    )


def _conflicts(train: Labels, confidence: float) -> Measurement:
    """Disagreeing pairs of rows with equal features beyond expectation, per row; groups of equal rows are draws."""
    table = np.ascontiguousarray(content_hash(train.rows.X)).view([("a", np.uint64), ("b", np.uint64)]).reshape(-1)
    (place,) = codes(table)
    size = np.bincount(place)
    twins, n = int((size > 1).sum()), len(train.y)
    if twins == 0:
        return Measurement(
            metric="conflict_excess", subject=subjects.MODEL, value=0.0, n=n, method="count", note="no two rows have equal features",
        )  # fmt: skip
    weight = train.weight / train.weight.mean()
    onehot = (train.y[:, None] == np.arange(train.p.shape[1])) * weight[:, None]
    counts = np.stack([np.bincount(place, weights=c) for c in onehot.T], axis=1)
    mean = np.stack([np.bincount(place, weights=c) for c in train.p.T], axis=1) / size[:, None]
    # a pair weighs the product of its rows, as in the probabilities, which are of weighted rows; each row has m - 1 partners
    others = np.maximum(size - 1, 1)
    squares = counts.sum(axis=1) ** 2
    disagree = (squares - (counts**2).sum(axis=1)) / others
    expected = (squares - np.bincount(place, weights=weight**2)) / others * (1 - (mean**2).sum(axis=1))
    over = np.where(size > 1, disagree - expected, 0.0)
    value = float(over.sum() / n)
    ends = normal_interval(value, float(np.sqrt((over[size > 1] ** 2).sum()) / n), confidence=confidence)
    note = f"{twins:,} sets of equal rows; they disagree at {disagree[size > 1].sum() / n:.2%} of all rows"
    return Measurement(
        metric="conflict_excess", subject=subjects.MODEL, value=value, low=ends.low, high=ends.high, level=confidence,
        method="sum over sets", n=n, n_eff=twins, size=twins, note=note,
    )  # fmt: skip


CHECK = Check(
    code="QUA101",
    family=Family.QUALITY,
    title="Wrong labels",
    metrics=("noise_excess", "slice_label_gap", "suspect_share", "planted_found", "conflict_excess"),
    needs=Needs(
        roles=(Role.TRAIN,),
        one_of=(Role.REFERENCE, Role.TEST),
        summaries=(SAMPLE,),
        outcomes=True,
        tasks=("binary", "multiclass"),
    ),
    measure=label_noise,
    doc=__doc__,
    unplanted="in every run it plants flipped labels itself (planted_found); another plant would fit its learners again",
    options=Options(),
)
