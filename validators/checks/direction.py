"""IMP102: does a feature work in the direction that is declared, and in the one it had?

How it is measured
------------------
Per numeric feature the (weighted) rank correlation between its value and its attribution on the same test rows, under the candidate and
under the prior, with jackknife intervals. Where the project declares a direction (monotone = "increasing" or "decreasing"), a candidate
whose whole interval lies on the other side is a reversal. Where the interval holds 0 and reaches further than `slack` on the other side,
nothing can be told. Of several classes each has its own direction: declared are those of the favourable one. Sampled attributions (of
models whose trees cannot be read) rest on few background rows each, which draws the correlation towards 0; it is divided by the root of
the correlation that two independent halves of the sampling have with each other, where that is positive.

Why it matters
--------------
A sign that turned is the plainest symptom of a leak, a join gone wrong or two correlated features trading places; and a score that
falls with income cannot be explained to the person who is refused.

What to do
----------
Look at the feature's data first. If they are right, constrain the model, or take the declaration back with a reason.

Sources
-------
Spearman (1904), The proof and measurement of association between two things, American Journal of Psychology 15, 72-101, for
rank correlation and for its correction by what repeated measurements say of each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.attributions import Attributions
from ..core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.jackknife import jackknife_interval
from ..stats.ranking import midranks
from ..summaries.decisions import WHICH_CLASS, favourable_class
from ..summaries.row_sample import RowSampleKind

GROUPS = 50
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`confidence` of all declared features together; `slack` is how far beyond 0 an interval may reach on the other side."""

    confidence: float = 0.95
    slack: float = 0.1


def direction(given: Given) -> Iterator[Measurement]:
    """Direction of every numeric feature; reversals of the declared ones."""
    held = given.attributions
    if held is None:
        return
    declared = {f: c["monotone"] for f, c in given.constraints.items() if "monotone" in c}
    level = simultaneous_level(given.options.confidence, max(len(declared), 1))
    for name in held.features:
        if not pd.api.types.is_numeric_dtype(held.X[name]):
            continue
        for model, metric in ((CANDIDATE, "direction"), (PRIOR, "direction_of_prior")):
            if model not in held.phi:
                continue
            found = _direction(held, model, name, metric, level)
            yield found
            if model == CANDIDATE and name in declared:
                yield _reversal(found, declared[name], name, given)


def _direction(held: Attributions, model: str, name: str, metric: str, level: float) -> Measurement:
    x = held.X[name].to_numpy(np.float64, na_value=np.nan)
    phi = held.phi[model][:, held.features.index(name)]
    good = np.isfinite(x) & (held.weight > 0)
    subject, n = subjects.feature(name), int(good.sum())
    if n < 50 or np.ptp(x[good]) == 0 or np.ptp(phi[good]) == 0:
        note = "the feature or its attribution is constant on these rows" if n >= 50 else f"{n} values"
        return Measurement(metric=metric, subject=subject, value=None, n=n, note=note)
    apart = held.apart[model][good, held.features.index(name)] if model in held.apart else np.zeros(n)
    group = (held.unit[good] % np.uint64(GROUPS)).astype(np.int64)
    note, x, phi = "rank correlation of value and attribution", x[good], phi[good]
    w = held.weight[good] / WEIGHT_ONE
    value, rest = _correlations(x, phi, apart, group, w)
    if apart.any() and np.isfinite(rest).all():
        note += ", corrected for the sampling of the attributions"
    elif apart.any():
        value, rest = _correlations(x, phi, np.zeros(n), group, w)
        note += "; nearer to 0 than it would be, for two halves of the sampling do not agree on the attributions"
    found = jackknife_interval(value, rest, confidence=level)
    if found is None:
        return Measurement(metric=metric, subject=subject, value=None, n=n, note="fewer than 8 groups of rows")
    return Measurement(
        metric=metric, subject=subject, value=float(np.clip(value, -1.0, 1.0)), low=float(np.clip(found.low, -1.0, 1.0)),
        high=float(np.clip(found.high, -1.0, 1.0)), level=level, method=f"jackknife over {len(rest)} groups", n=n,
        n_eff=float(w.sum() ** 2 / (w**2).sum()), note=note,
    )  # fmt: skip


def _correlations(
    x: Floats, phi: Floats, apart: Floats, group: NDArray[np.int64], weight: Floats
) -> tuple[float, Floats]:
    """The weighted correlation on all rows, and without each group."""
    ranks = np.stack([midranks(v, weight) for v in (x, phi + apart, phi - apart)])
    rest = [_corrected(ranks[:, group != k], weight[group != k]) for k in np.unique(group)]
    return _corrected(ranks, weight), np.array(rest)


def _corrected(ranks: Floats, weight: Floats) -> float:
    """Correlation of a feature with two measurements, over the root of theirs with each other; NaN where that is not positive."""
    with np.errstate(invalid="ignore", divide="ignore"):
        c = np.cov(ranks, aweights=weight)
        r = c / np.sqrt(np.outer(c.diagonal(), c.diagonal()))
    return float((r[0, 1] + r[0, 2]) / 2 / np.sqrt(r[1, 2])) if r[1, 2] > 0 else np.nan


def _reversal(found: Measurement, declared: str, name: str, given: Given) -> Measurement:
    sign = 1.0 if declared == "increasing" else -1.0
    subject = subjects.feature(name)
    if given.task.type == "multiclass" and favourable_class(given.task) is None:
        note = WHICH_CLASS
        return Measurement(metric="sign_reversal", subject=subject, value=None, n=found.n, note=note)
    if found.value is None or found.low is None or found.high is None:
        return Measurement(metric="sign_reversal", subject=subject, value=None, n=found.n, note=found.note)
    low, high = sorted((sign * found.low, sign * found.high))
    wrong = high < 0
    note = f"declared {declared}; rank correlation {found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
    if not wrong and low < -given.options.slack:
        note += ", which may be on either side"
        return Measurement(metric="sign_reversal", subject=subject, value=None, n=found.n, note=note)
    return Measurement(metric="sign_reversal", subject=subject, value=float(wrong), n=found.n, note=note)


CHECK = Check(
    code="IMP102",
    family=Family.IMPORTANCE,
    title="Direction of features",
    metrics=("direction", "direction_of_prior", "sign_reversal"),
    needs=Needs(roles=(Role.TEST,), summaries=(RowSampleKind(),), models=(CANDIDATE,), attributions=True),
    measure=direction,
    doc=__doc__,
    plants=(Plant(metric="sign_reversal", fault="against_declared", null="as_declared", replicates=3),),
    options=Options(),
    slow=True,
)
