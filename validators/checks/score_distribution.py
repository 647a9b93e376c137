"""PRD102: has the distribution of the score moved between the reference and test?

How it is measured
------------------
The candidate's scores on test against its scores on the reference (against the prior's own, where only its snapshot is there), in
ten bins of equal mass of the reference; out-of-range and missing scores are bins of their own. The distance is put in sigma, less
what sampling alone gives, with its interval (as DRF101). PSI and Kolmogorov-Smirnov beside it; and the same within each true
class, so that a moved base rate is not taken for a moved score.

Why it matters
--------------
The score is what decisions hang on: if it moves, approval rates, provisions and prices move, whatever the features did.

What to do
----------
Look whether features moved too. If the base rate moved and the classes did not, the population changed. If the score moved and
nothing else did, look at the model.

Sources
-------
Yurdakul & Naranjo (2020), Statistical properties of the population stability index, Journal of Risk Model Validation 14(4).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.distance import ks_distance, population_stability_index
from ..stats.interval import simultaneous_level
from ..stats.sigma import binned_shift
from ..summaries.outcomes import Outcomes, OutcomesKind

OUTCOMES = OutcomesKind("all")
BINS = 10
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of all intervals together."""

    confidence: float = 0.95


def score_distribution(given: Given) -> Iterator[Measurement]:
    """Shift of the score in sigma, overall and by true class."""
    expected: Outcomes = given.summary(Role.REFERENCE, OUTCOMES)
    actual: Outcomes = given.summary(Role.TEST, OUTCOMES)
    name = CANDIDATE if CANDIDATE in expected.scores else PRIOR
    note = (
        "scores of the candidate, test against reference"
        if name == CANDIDATE
        else "scores of the candidate against the prior's in its snapshot"
    )
    columns = expected.scores[name].shape[1]
    level = simultaneous_level(given.options.confidence, columns)
    for s in range(columns):
        e, a = expected.histogram(name, column=s), actual.histogram(CANDIDATE, column=s)
        if given.grid.before:
            a = added_up(a, given.grid.score_cuts[s], given.grid.before[s])
        atom = "model" if columns == 1 else subjects.class_of(given.task.classes[s])
        yield from _shift("shift_sigma", atom, e.sum(axis=1), a.sum(axis=1), level, note)
        for k, word in ((0, "negatives"), (1, "positives")):
            if e[:, k].sum() > 0 and a[:, k].sum() > 0:
                yield from _shift(
                    "shift_sigma_of_class", subjects.join(atom, subjects.rows(word)), e[:, k], a[:, k], level, note
                )


def added_up(counts: Floats, cuts: Floats, fewer: Floats) -> Floats:
    """(groups, 3, bins) on fewer of the cuts; the last two bins, out of range and missing, stay."""
    starts = np.concatenate([[0], np.searchsorted(cuts, fewer) + 1, np.arange(len(cuts) + 1, len(cuts) + 3)])
    return np.diff(np.cumsum(counts, axis=-1)[..., np.append(starts[1:], counts.shape[-1]) - 1], axis=-1, prepend=0.0)


def _shift(metric: str, subject: str, e: Floats, a: Floats, level: float, note: str) -> Iterator[Measurement]:
    n = round(float(min(e.sum(), a.sum())))
    coarse = equal_mass(e.sum(axis=0))
    e10, a10 = regroup(e, coarse), regroup(a, coarse)
    found = binned_shift(e10, a10, confidence=level) if n else None
    if found is None:
        yield Measurement(metric=metric, subject=subject, value=None, n=n, note="fewer than 8 groups of rows on a side")
        return
    yield Measurement(
        metric=metric, subject=subject, value=found.value, low=found.low, high=found.high, level=level,
        method="noncentral chi-square, jackknife", n=n, n_eff=float(n), note=note,
    )  # fmt: skip
    if metric == "shift_sigma":
        whole_e, whole_a = e.sum(axis=0), a.sum(axis=0)
        psi = population_stability_index(e10.sum(axis=0), a10.sum(axis=0))
        yield Measurement(metric="psi", subject=subject, value=psi, n=n)
        if whole_e[:-2].sum() > 0 and whole_a[:-2].sum() > 0:
            yield Measurement(metric="ks", subject=subject, value=ks_distance(whole_e[:-2], whole_a[:-2]), n=n)


def equal_mass(counts: Floats) -> NDArray[np.int64]:
    """Coarse bin of every score bin: ten of about equal mass; the last two bins, out of range and missing, stay alone."""
    inner = counts[:-2]
    total = max(float(inner.sum()), 1e-300)
    middle = (np.cumsum(inner) - inner / 2) / total
    place = np.minimum((middle * BINS).astype(np.int64), BINS - 1)
    _, dense = np.unique(place, return_inverse=True)
    top = int(dense.max(initial=-1)) + 1
    return np.concatenate([dense, [top, top + 1]]).astype(np.int64)


def regroup(counts: Floats, coarse: NDArray[np.int64]) -> Floats:
    """(groups, coarse bins) out of (groups, bins)."""
    out = np.zeros((len(counts), int(coarse.max()) + 1))
    for b in range(out.shape[1]):
        out[:, b] = counts[:, coarse == b].sum(axis=1)
    return out


CHECK = Check(
    code="PRD102",
    family=Family.PREDICTION_DRIFT,
    title="Score distribution against the reference",
    metrics=("shift_sigma", "shift_sigma_of_class", "psi", "ks"),
    needs=Needs(roles=(Role.TEST,), one_of=(Role.REFERENCE,), summaries=(OUTCOMES,), models=(CANDIDATE,)),
    measure=score_distribution,
    doc=__doc__,
    plants=(Plant(metric="shift_sigma", fault="score_shift", null="exchanged"),),
    options=Options(),
)
