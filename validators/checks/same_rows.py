"""PRD101: on the same rows, how differently do candidate and prior score and decide?

How it is measured
------------------
Both models score the test rows. Mean change of the score in standard deviations of the prior's score (multiclass: of the class in
which it is largest, with the interval of the largest, for all classes in standard deviations of the class whose prior scores vary most,
for a refit moves a rare class by much of its own; what else is said of scores is of the class decided most often); share of rows whose
decision flips (binary: score at or above the threshold; multiclass: most probable class), flips towards the favourable outcome minus
flips away from it, flips by true outcome; migration between ten bands of the prior's score; agreement (Lin's concordance, Kendall's
tau-b, the limits of agreement of Bland and Altman). Intervals by the delete-a-group jackknife, or Wilson on effective rows.

Why it matters
--------------
Two models with the same AUC can decide differently for one customer in ten. Those customers will ask why, and the bands that
limits and prices hang on fill up differently.

What to do
----------
A refit alone flips 3 to 10 % of decisions; gross flips within that are churn. Net flips mean that the cut must be set anew.
Look at who flips from right to wrong before anything else.

Sources
-------
Lin (1989), Biometrics 45, 255-268; Bland & Altman (1986), Lancet 327, 307-310; Yan et al. (2021), Positive-congruent training,
CVPR; Stuart (1955), Biometrika 42, 412-416.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import folded, simultaneous_level
from ..stats.jackknife import MIN_GROUPS, jackknife_interval, leave_one_out
from ..stats.paired import (
    bland_altman,
    concordance_correlation,
    kendall_tau_b,
    mcnemar,
    mcnemar_corrected,
    stuart_maxwell,
)
from ..stats.proportions import rate_interval
from ..summaries.both_scored import Floats, Pairs, group_sums, in_deviations, pairs_of, widest
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`bands` of the migration matrix."""

    bands: int = 10
    confidence: float = 0.95


def same_rows(given: Given) -> Iterator[Measurement]:
    """Change of scores, flips, migration and agreement."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    pairs = pairs_of(sample.rows, sample.total, given.task)
    n = len(pairs.weight)
    if n < 2 or not pairs.weight.any():
        why = "no row is scored by both models" if n < 2 else "no row has weight"
        yield Measurement(metric="mean_change_sd", subject="model", value=None, n=n, note=why)
        return
    yield from _change(pairs, given)
    if given.task.type != "regression":
        yield from _flips(pairs, given)
    yield from _agreement(pairs)
    yield from _migration(pairs, given)


def _change(pairs: Pairs, given: Given) -> Iterator[Measurement]:
    n, confidence = len(pairs.weight), given.options.confidence
    columns, unit = range(pairs.prior.shape[1]), widest(pairs)
    held = {k: v for k in columns if (v := in_deviations(pairs, k, unit)) is not None}
    level = simultaneous_level(confidence, len(columns))
    ends = {k: jackknife_interval(float(v[0, 0]), v[1:, 0], confidence=level) for k, v in held.items()}
    ranges = [folded(e) for e in ends.values() if e is not None]
    if not held or len(ranges) < len(held):
        why = f"fewer than {MIN_GROUPS} groups of rows" if held else "the prior's score is constant"
        yield Measurement(metric="mean_change_sd", subject="model", value=None, n=n, note=why)
        return
    largest = max(held, key=lambda k: abs(held[k][0, 0]))
    signed = float(held[largest][0, 0])
    words = f"signed: {signed:+.3f}"
    if pairs.of:
        mine, its = (subjects.class_of(given.task.classes[k]) for k in (largest, unit))
        words += (
            f", of {mine}, the largest of {len(columns)} classes; in standard deviations of the prior's score of {its}"
        )
    method = f"jackknife over {len(held[largest]) - 1} groups"
    yield Measurement(
        metric="mean_change_sd", subject="model", value=abs(signed), low=max(e.low for e in ranges), high=max(e.high for e in ranges),
        level=confidence, method=method, n=n, n_eff=float(n), note="; ".join(filter(None, (words, pairs.note))),
    )  # fmt: skip
    for metric, column in (("mean_absolute_change_sd", 1), ("rms_change_sd", 2)):
        values = held[pairs.most][:, column]
        found = jackknife_interval(float(values[0]), values[1:], confidence=confidence)
        if found is not None:
            yield Measurement(
                metric=metric, subject="model", value=float(values[0]), low=max(found.low, 0.0), high=found.high,
                level=confidence, method=method, n=n, n_eff=float(n), note="; ".join(filter(None, (pairs.of, pairs.note))),
            )  # fmt: skip


def _flips(pairs: Pairs, given: Given) -> Iterator[Measurement]:
    flipped = (pairs.decided != pairs.decided_before).astype(float)
    everyone = np.ones(len(flipped), dtype=bool)
    yield _rate("flip_rate", "model", pairs, flipped, everyone, given)
    known = np.isfinite(pairs.y)
    right, before = pairs.decided == pairs.y, pairs.decided_before == pairs.y
    yield _rate("right_to_wrong", "model", pairs, (before & ~right & known).astype(float), known, given)
    yield _rate("wrong_to_right", "model", pairs, (~before & right & known).astype(float), known, given)
    only = int((right & ~before & known).sum()), int((~right & before & known).sum())
    test, corrected = mcnemar(*only), mcnemar_corrected(*only)
    if known.any():
        yield Measurement(
            metric="mcnemar",
            subject="model",
            value=test.statistic,
            n=int(known.sum()),
            note=f"mid-p {test.p_value:.3g}"
            + (f"; with the continuity correction p {corrected.p_value:.3g}" if corrected is not None else ""),
        )
    if given.task.type == "binary":
        yield _net_flips(pairs, given)
        for label, name in ((1.0, "positive"), (0.0, "negative")):
            part = pairs.y == label
            subject = subjects.join("model", subjects.class_of(given.task.classes[int(label)]))
            if part.any():
                yield _rate("flip_rate_of_class", subject, pairs, flipped, part, given, note=f"true {name}s")


def _net_flips(pairs: Pairs, given: Given) -> Measurement:
    """Decisions that turned against the person minus those that turned for them; the prior as the baseline."""
    good = 0 if given.task.favourable is not None and given.task.favourable != given.task.positive else 1
    away = (pairs.decided_before == good) & (pairs.decided != good)
    towards = (pairs.decided_before != good) & (pairs.decided == good)
    net = away.astype(float) - towards.astype(float)
    sums, keep = group_sums(pairs, net)
    rest = leave_one_out(sums, keep)
    value = float(np.average(net, weights=pairs.weight))
    found = jackknife_interval(value, rest[:, 1] / rest[:, 0], confidence=given.options.confidence)
    n = len(net)
    if found is None:
        return Measurement(metric="net_flips", subject="model", value=None, n=n, note="fewer than 8 groups of rows")
    interval = folded(found)
    words = f"{away.mean():.2%} turn unfavourable, {towards.mean():.2%} favourable"
    return Measurement(
        metric="net_flips", subject="model", value=abs(value), low=interval.low, high=interval.high,
        level=given.options.confidence, method="jackknife, folded at 0", n=n, n_eff=float(n),
        note="; ".join(filter(None, (words, pairs.note))),
    )  # fmt: skip


def _rate(
    metric: str, subject: str, pairs: Pairs, event: Floats, of: NDArray[np.bool_], given: Given, *, note: str = ""
) -> Measurement:
    n = int(of.sum())
    if n == 0 or pairs.weight[of].sum() <= 0:
        return Measurement(metric=metric, subject=subject, value=None, n=n, note="no such rows")
    part = np.where(of, 1.0, 0.0)
    sums, _ = group_sums(pairs, event * part, part)
    keep = sums[:, 2] > 0
    total = sums.sum(axis=0)
    p = float(total[1] / total[2])
    rest = leave_one_out(sums, keep)
    kish = float(pairs.weight[of].sum() ** 2 / (pairs.weight[of] ** 2).sum())
    dependent = given.grid.grouping != "row" or np.ptp(pairs.weight) > 0
    replicates = rest[:, 1] / rest[:, 2] if dependent else None
    found, n_eff = rate_interval(p, kish, replicates, confidence=given.options.confidence)
    return Measurement(
        metric=metric, subject=subject, value=p, low=found.low, high=found.high, level=given.options.confidence,
        method="Wilson, effective rows", n=n, n_eff=n_eff, note="; ".join(filter(None, (note, pairs.note))),
    )  # fmt: skip


def _agreement(pairs: Pairs) -> Iterator[Measurement]:
    n, (prior, candidate) = len(pairs.weight), (s[:, pairs.most] for s in (pairs.prior, pairs.candidate))
    told = "; ".join(filter(None, (pairs.of, pairs.note)))
    found = (
        ("concordance", concordance_correlation(prior, candidate, pairs.weight)),
        ("kendall_tau", kendall_tau_b(prior, candidate)),
    )
    for metric, value in found:
        note = told if value is not None else "a score is constant"
        yield Measurement(metric=metric, subject="model", value=value, n=n, note=note)
    limits = bland_altman(prior, candidate)
    for word, end in () if limits is None else (("low", limits.low_interval), ("high", limits.high_interval)):
        yield Measurement(
            metric="limit_of_agreement", subject=subjects.join("model", subjects.rows(word)), value=(end.low + end.high) / 2,
            low=end.low, high=end.high, level=0.95, method="Bland-Altman, rows taken as independent", n=n, n_eff=float(n),
            note="; ".join(filter(None, ("95 % of changes of the score lie between the two limits, were they normal", told))),
        )  # fmt: skip


def _migration(pairs: Pairs, given: Given) -> Iterator[Measurement]:
    """Share of rows from each band of the prior's score to each band of the candidate's."""
    prior, candidate = (s[:, pairs.most] for s in (pairs.prior, pairs.candidate))
    cuts = np.unique(np.quantile(prior, np.arange(1, given.options.bands) / given.options.bands))
    before = np.searchsorted(cuts, prior, side="right")
    now = np.searchsorted(cuts, candidate, side="right")
    k = len(cuts) + 1
    table = np.bincount(before * k + now, minlength=k * k).reshape(k, k)
    n = int(table.sum())
    for i in range(k):
        for j in range(k):
            subject = subjects.rows(f"band_{i + 1:02d}_to_{j + 1:02d}")
            yield Measurement(metric="migration", subject=subject, value=float(table[i, j] / n), n=int(table[i].sum()))
    moved = stuart_maxwell(table)
    if moved is not None:
        note = f"{moved.df} degrees of freedom, p {moved.p_value:.3g}"
        yield Measurement(metric="stuart_maxwell", subject="model", value=moved.statistic, n=n, note=note)


CHECK = Check(
    code="PRD101",
    family=Family.PREDICTION_DRIFT,
    title="Same rows, candidate against prior",
    metrics=(
        "mean_change_sd", "mean_absolute_change_sd", "rms_change_sd", "flip_rate", "flip_rate_of_class", "net_flips",
        "right_to_wrong", "wrong_to_right", "mcnemar", "concordance", "kendall_tau", "limit_of_agreement", "migration", "stuart_maxwell",
    ),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE, PRIOR)),
    measure=same_rows,
    doc=__doc__,
    plants=(
        Plant(metric="mean_change_sd", fault="score_offset", null="swapped"),
        Plant(metric="flip_rate", fault="decision_flips", null="copied"),
        Plant(metric="net_flips", fault="one_way_flips", null="swapped"),
    ),
    options=Options(),
)  # fmt: skip
