"""DRF103: can a classifier tell test rows from reference rows?

How it is measured
------------------
A small gradient-boosting classifier learns to tell test from reference on one half of the rows, and is scored on the other half; whole
entities or days are in one of them. Its AUC is 0.5 when the two are alike in every respect, joint ones included; 0.542 is what a shift of
0.15 sigma in one direction gives. The interval is DeLong's, or the jackknife's where rows depend on each other. It is about the classifier
that was fitted, and holds because no row that it is scored on helped to fit it: in cross-fitting every row does both, and the parts lean
on each other, so that intervals of 95 % held .8. Where all of it lies below 0.5, entities or days of both sides come from one pool, and
those that one half of them took the other half lacks: nothing can be told. A classifier that finds nothing to split by gets the interval
of a ranking by chance. Levels that fewer than 40 of the rows have count as one. Beside it, as information, the share of shuffles of the
sides of whole entities, days or rows that give at least the AUC that was seen.

Why it matters
--------------
Features can keep their own distributions and change how they hang together: income and age both look as before, but the young now
earn what the old did. No check of single features sees that.

What to do
----------
If single features moved too, start there. If only this check alarms, look at the features that the note names.

Sources
-------
Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR; Bates, Hastie & Tibshirani (2024), JASA 119, 1434-1445, on
intervals of cross-validation that are too narrow; Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular
Biology 9(1), 39.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.data import Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import Interval, normal_interval
from ..stats.jackknife import jackknife_interval, leave_one_out
from ..stats.permutation import side_permutation_p
from ..stats.ranking import delong_variance, roc_auc_many
from ..summaries.refits import evenly_coded
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
GROUPS, LEAST, HALF = 50, 100, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of each side, by key hash; `trees` of the classifier; `shuffles` of the sides."""

    max_rows: int = 10_000
    trees: int = 40
    shuffles: int = 199
    confidence: float = 0.95


def two_sample(given: Given) -> Iterator[Measurement]:
    """AUC of telling test from reference."""
    base = Role.REFERENCE if given.has(Role.REFERENCE, SAMPLE) else Role.TRAIN
    if not given.has(base, SAMPLE):
        note = "the prior snapshot keeps no rows; a classifier needs rows of both sides"
        yield Measurement(metric="c2st_auc", subject="model", value=None, n=0, note=note)
        return
    held: tuple[RowSample, RowSample] = (given.summary(base, SAMPLE), given.summary(Role.TEST, SAMPLE))
    sides = [s.thin(given.options.max_rows) for s in held]
    n = min(len(s) for s in sides)
    if n < LEAST:
        note = f"{n} rows are too few to train and test a classifier"
        yield Measurement(metric="c2st_auc", subject="model", value=None, n=n, note=note)
        return
    X, label, unit, weight = _joined(sides, given)
    learnt = (unit // np.uint64(GROUPS)) % np.uint64(2) == 0
    if any(len(np.unique(label[part])) < 2 for part in (learnt, ~learnt)):
        note = "the entities or days of one side are too few to be divided in two halves"
        yield Measurement(metric="c2st_auc", subject="model", value=None, n=n, note=note)
        return
    score, drivers = _told_apart(X, label, learnt, weight, given)
    label, unit, weight = label[~learnt], unit[~learnt], weight[~learnt]
    interval, value, method = _interval(score, label, unit, weight, given)
    taken = (
        ""
        if all(len(s) == h.total for s, h in zip(sides, held, strict=True))
        else f"on {n:,} rows a side by key hash; "
    )
    names = list(given.grid.features)
    note = f"against {base.value}; {taken}told apart most by {', '.join(names[j] for j in drivers)}; scored on {len(score):,} rows of both"
    if interval is None:
        yield Measurement(
            metric="c2st_auc", subject="model", value=None, n=n, note="too few groups of rows for an interval"
        )
        return
    if given.grid.grouping != "row" and interval.high < HALF:
        note = (
            f"what marks a side in one half of the entities or days marks the other in the rest ({value:.2f}, {interval.low:.2f} to "
            f"{interval.high:.2f}, where 0.5 is chance): both sides were drawn from one pool of them, and nothing can be told; {note}"
        )
        yield Measurement(metric="c2st_auc", subject="model", value=None, n=n, note=note)
        return
    yield Measurement(
        metric="c2st_auc", subject="model", value=value, low=interval.low, high=interval.high,
        level=given.options.confidence, method=method, n=n, n_eff=float(n), note=note,
    )  # fmt: skip
    if not given.asks("c2st_p"):
        return
    p = side_permutation_p(score, label, unit, draws=given.options.shuffles, rng=given.rng)
    drawn = f"{given.options.shuffles} shuffles of the sides, of whole entities, days or rows, within an entity or day that has both"
    told = f"{drawn}; the least that they can give is {1 / (given.options.shuffles + 1):.2g}"
    if p is None:
        told = "only one side has entities or days of its own: no shuffle of whole ones moves those"
    yield Measurement(metric="c2st_p", subject="model", value=p, n=n, note=told)


def _joined(
    sides: list[Batch], given: Given
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint64], NDArray[np.float64]]:
    """Codes of both sides, which side, unit and weight of every row."""
    label = np.repeat([0, 1], [len(s) for s in sides])
    unit = np.concatenate([s.unit for s in sides])
    weight = np.concatenate([s.weight / max(s.weight.mean(), 1) for s in sides])
    return evenly_coded(sides, given.grid), label, unit, weight


def _told_apart(
    X: NDArray[np.int32], label: NDArray[np.int64], learnt: NDArray[np.bool_], weight: NDArray[np.float64], given: Given
) -> tuple[NDArray[np.float64], list[int]]:
    """Scores of the rows that the classifier did not learn from, and the three features whose shuffling changes them most."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=given.options.trees, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=40,
        l2_regularization=5.0, early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(X[learnt], label[learnt], sample_weight=weight[learnt])
    rows = X[~learnt][:2000]
    before = model.decision_function(rows)
    change = np.zeros(X.shape[1])
    for j in range(X.shape[1]):
        shuffled = rows.copy()
        shuffled[:, j] = given.rng.permutation(shuffled[:, j])
        change[j] = np.abs(model.decision_function(shuffled) - before).mean()
    return model.predict_proba(X[~learnt])[:, 1], np.argsort(-change, kind="stable")[:3].tolist()


def _interval(
    score: NDArray[np.float64],
    label: NDArray[np.int64],
    unit: NDArray[np.uint64],
    weight: NDArray[np.float64],
    given: Given,
) -> tuple[Interval | None, float, str]:
    _, code = np.unique(score, return_inverse=True)
    bins = int(code.max()) + 1
    group = (unit % np.uint64(GROUPS)).astype(np.int64)
    place = (group * 2 + label) * bins + code
    counts = np.bincount(place, weights=weight, minlength=GROUPS * 2 * bins).reshape(GROUPS, 2, bins)
    total = counts.sum(axis=0)
    value = float(roc_auc_many(total[0], total[1]))
    variance = delong_variance(total[0], total[1])
    confidence = given.options.confidence
    if bins == 1:  # a classifier that splits nothing tells no more than one that ranks by chance
        n0, n1 = (len(np.unique(unit[label == k])) for k in (0, 1))
        chance = normal_interval(value, ((n0 + n1 + 1) / (12 * n0 * n1)) ** 0.5, confidence=confidence, scale="logit")
        return chance, value, "that of a ranking by chance"
    if given.grid.grouping == "row" and np.ptp(weight) == 0 and variance is not None:
        return (
            normal_interval(value, variance**0.5, confidence=confidence, scale="logit"),
            value,
            "DeLong",
        )
    rest = leave_one_out(counts, counts.sum(axis=(1, 2)) > 0)
    replicates = roc_auc_many(rest[:, 0], rest[:, 1])
    return jackknife_interval(value, replicates, confidence=confidence, scale="logit"), value, "jackknife"


CHECK = Check(
    code="DRF103",
    family=Family.FEATURE_DRIFT,
    title="Joint distribution (classifier two-sample test)",
    metrics=("c2st_auc", "c2st_p"),
    needs=Needs(roles=(Role.TEST,), one_of=(Role.REFERENCE, Role.TRAIN), summaries=(SAMPLE,)),
    measure=two_sample,
    doc=__doc__,
    plants=(Plant(metric="c2st_auc", fault="area_shift", null="exchanged", replicates=10),),
    options=Options(),
    slow=True,
)
