"""PRF103: do the probabilities mean what they say?

How it is measured
------------------
Binary: `calibration_slope` is the slope of a logistic regression of the outcome on the log-odds of the score (1 is right, below 1
the scores are too extreme, above 1 too timid). `calibration_in_the_large` is the distance between expected and observed base
rate, relative to the observed one. `calibration_error` is the root mean square distance between expected and observed rate over
ten bins of equal size, less what sampling alone would give, also inside every declared slice; the reliability curve gives both
rates bin by bin. The mean squared error (Brier score) is split by isotonic regression into miscalibration, discrimination and
uncertainty. Multiclass: each class against the rest. Regression: the slope of the outcome on the prediction, the mean error
relative to the standard deviation of the outcome, and mean outcome and mean prediction by bin. Intervals come from the
delete-a-group jackknife; those of slope and level hold for all classes together. Probabilities are clipped at one in a million
for the slope. Spiegelhalter's z is shown for reference; with many rows it is large for any model.

Why it matters
--------------
A threshold, an expected loss or a price computed from a score is only right if a score of 0.3 means three in ten. Ranking metrics
cannot see it: scores that are all doubled in log-odds have the same AUC. Boosted trees, neural networks and models fitted on
resampled classes are often too extreme.

What to do
----------
Slope right and level wrong: the base rate has moved, or classes were resampled; adjust the intercept. Slope wrong: recalibrate on
rows that the model was not fitted on (a logistic or isotonic map), or regularise more. Wrong in some bins only: look at the slices.

Sources
-------
Cox (1958), Biometrika 45, 562-565; Van Calster et al. (2019), BMC Medicine 17, 230; Dimitriadis, Gneiting & Jordan (2021), PNAS
118(8) e2016191118; Kumar, Liang & Ma (2019), Verified Uncertainty Calibration, NeurIPS 32; Spiegelhalter (1986), Statistics in
Medicine 5, 421-433.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role, Task
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.jackknife import jackknife_covariance
from ..stats.proportions import rate_interval
from ..stats.recalibration import (
    equal_mass_bins,
    isotonic_parts,
    least_squares_line,
    logistic_line,
    logits,
    spiegelhalter_z,
)
from ..summaries.cells import Floats, divided, measured
from ..summaries.row_sample import RowSampleKind
from ..summaries.scored_rows import ScoredRows, scored_rows

SAMPLE = RowSampleKind()
CURVE = (
    "calibration_error", "expected_rate", "observed_rate", "expected_mean", "observed_mean", "miscalibration", "discrimination",
    "uncertainty", "spiegelhalter_z",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`bins` of the reliability curve, at most 99; `confidence` of the intervals."""

    bins: int = 10
    confidence: float = 0.95


def calibration(given: Given) -> Iterator[Measurement]:
    """Calibration of the candidate on the test rows, by class where there are several."""
    rows = scored_rows(given.summary(Role.TEST, SAMPLE), given.grid, (CANDIDATE,))
    task, score = given.task, rows.scores[CANDIDATE]
    level = simultaneous_level(given.options.confidence, task.n_scores)
    for k in range(task.n_scores):
        several = task.type == "multiclass"
        y = (rows.y == k).astype(np.float64) if several else rows.y
        atom = (subjects.class_of(task.classes[k]),) if several else ()
        yield from (replace(m, note=_joined(m.note, rows.note)) for m in _one(y, score[:, k], rows, given, level, atom))
    if task.type != "multiclass" and given.asks("calibration_error"):
        yield from _by_slice(rows, given)


def _by_slice(rows: ScoredRows, given: Given) -> Iterator[Measurement]:
    """Debiased distance of expected and observed rates inside every declared slice, held for all slices together."""
    level = simultaneous_level(given.options.confidence, len(given.grid.slices))
    members = given.summary(Role.TEST, SAMPLE).rows.slices[rows.where]
    for k, (label, text) in enumerate(given.grid.slices.items()):
        part = rows.only(members[:, k])
        note = _joined(f"declared as {label}", rows.note)
        subject, bins = subjects.slice_of([text]), min(given.options.bins, part.n // 50)
        if bins < 2:
            why = f"{part.n} rows; two bins of 50 are the least"
            yield Measurement(
                metric="calibration_error", subject=subject, value=None, n=part.n, note=_joined(why, note)
            )
            continue
        binned = _binned(part.y, part.scores[CANDIDATE][:, 0], part, bins)
        error = _error(binned, subject, part, level, given.grid.scale)
        yield replace(error, note=_joined(error.note, f"{binned.inside.shape[0]} bins", note))


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _one(
    y: Floats, score: Floats, rows: ScoredRows, given: Given, level: float, atom: tuple[str, ...]
) -> Iterator[Measurement]:
    """Everything about one column of scores, against 0/1 outcomes or (regression) a number."""
    regression, subject = given.task.type == "regression", atom[0] if atom else subjects.MODEL
    x = score if regression else logits(score)
    if rows.n == 0:
        for metric in ("calibration_slope", "calibration_in_the_large", "calibration_error"):
            yield Measurement(metric=metric, subject=subject, value=None, n=0, note="no row has an outcome and a score")
        return
    why = "the scores are constant" if not np.ptp(x) > 0 else "one class only, or the scores separate the classes"
    if given.asks("calibration_slope"):
        yield measured("calibration_slope", subject, _slopes(y, x, rows, given.task), rows, level=level, undefined=why)
    w, observed, expected = rows.sums(np.ones_like(y), y, score).T
    unit = given.grid.scale if regression else divided(observed, w)
    large = divided(divided(expected - observed, w), np.broadcast_to(unit, w.shape))
    why = "no positive rows"
    yield measured("calibration_in_the_large", subject, large, rows, level=level, fold=True, undefined=why)
    if not given.asks(*CURVE):
        return
    yield from _curve(y, score, rows, given, atom)
    parts = isotonic_parts(y, score, rows.weight)
    for name in ("miscalibration", "discrimination", "uncertainty") if parts is not None else ():
        value = getattr(parts, name)
        note = "a part of the mean squared error, split by isotonic regression"
        yield Measurement(metric=name, subject=subject, value=value, n=rows.n, n_eff=rows.n_eff, note=note)
    if not regression:
        z = spiegelhalter_z(y, score, rows.weight)
        why = "takes rows to be independent" if z is not None else "every probability is 0, 1 or one half"
        yield Measurement(metric="spiegelhalter_z", subject=subject, value=z, n=rows.n, n_eff=rows.n_eff, note=why)


def _slopes(y: Floats, x: Floats, rows: ScoredRows, task: Task) -> Floats:
    """(1 + groups,) slope of the line of outcomes on x; NaN where there is none."""
    whole = None if task.type == "regression" else logistic_line(y, x, rows.weight)

    def slope(weight: Floats) -> Floats:
        if task.type == "regression":
            line = least_squares_line(y, x, weight)
        else:
            line = None if whole is None else logistic_line(y, x, weight, start=whole)
        return np.array(np.nan if line is None else line.slope)

    return rows.refitted(slope)


@dataclass(frozen=True, slots=True)
class Binned:
    """Membership (bins, n); weight, observed and expected mean (1 + groups, bins) of bins of equal size of the score."""

    inside: Floats
    w: Floats
    observed: Floats
    expected: Floats


def _binned(y: Floats, score: Floats, rows: ScoredRows, bins: int) -> Binned:
    code = equal_mass_bins(score, rows.weight, bins)
    inside = (code == np.arange(int(code.max()) + 1)[:, None]).astype(np.float64)
    w = rows.sums(*inside)
    observed, expected = (divided(rows.sums(*(inside * x)), w) for x in (y, score))
    return Binned(inside, w, observed, expected)


def _error(binned: Binned, subject: str, rows: ScoredRows, level: float, unit: float) -> Measurement:
    """Root mean square distance of expected and observed rate over bins, less what sampling alone gives."""
    gap, w = (binned.expected - binned.observed) / unit, binned.w
    share = divided(w, np.broadcast_to(w.sum(axis=1, keepdims=True), w.shape))
    bins = gap.shape[1]
    noise = jackknife_covariance(gap[1:]) if len(gap) > 2 else np.full((bins, bins), np.nan)
    squared = (share * (gap**2 - np.diag(noise))).sum(axis=1)
    why = "too few dependent groups in a bin"
    error = measured("calibration_error", subject, squared, rows, level=level, undefined=why)
    return replace(error, value=_root(error.value), low=_root(error.low), high=_root(error.high))


def _curve(y: Floats, score: Floats, rows: ScoredRows, given: Given, atom: tuple[str, ...]) -> Iterator[Measurement]:
    """Expected and observed by bin, and the debiased distance between them."""
    regression, confidence = given.task.type == "regression", given.options.confidence
    binned = _binned(y, score, rows, given.options.bins)
    inside, w, observed, expected = binned.inside, binned.w, binned.observed, binned.expected
    subject = atom[0] if atom else subjects.MODEL
    yield _error(binned, subject, rows, confidence, given.grid.scale)
    for b, members in enumerate(inside):
        place = subjects.join(*atom, subjects.rows(f"bin_{b + 1:02d}"))
        n = int(members.sum())
        mean = float(expected[0, b])
        if regression:
            yield Measurement(metric="expected_mean", subject=place, value=mean, n=n)
            m = measured("observed_mean", place, observed[:, b], rows, level=confidence)
            yield replace(m, n=n, n_eff=float(n))
            continue
        yield Measurement(metric="expected_rate", subject=place, value=mean, n=n)
        p = float(observed[0, b])
        squares = float((members * rows.weight**2).sum())
        rest = None if rows.independent else observed[1:, b]
        ends, n_eff = rate_interval(p, float(w[0, b]) ** 2 / squares, rest, confidence=confidence)
        yield Measurement(
            metric="observed_rate", subject=place, value=p, low=ends.low, high=ends.high, n=n, n_eff=n_eff,
            level=confidence, method="Wilson" if rows.independent else "Wilson, effective n, Student",
        )  # fmt: skip


def _root(squared: float | None) -> float | None:
    """Root of a debiased square; where less is seen than noise would give, 0."""
    return None if squared is None else max(squared, 0.0) ** 0.5


CHECK = Check(
    code="PRF103",
    family=Family.PERFORMANCE,
    title="Calibration",
    metrics=("calibration_slope", "calibration_in_the_large", *CURVE),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=calibration,
    doc=__doc__,
    plants=(
        Plant(metric="calibration_slope", fault="slope", null="redrawn", replicates=10, worse="below"),
        Plant(metric="calibration_slope", fault="flat_slope", null="redrawn", replicates=10),
        Plant(metric="calibration_in_the_large", fault="level_off", null="redrawn", replicates=10),
    ),
    options=Options(),
)  # fmt: skip
