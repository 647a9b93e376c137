"""NOI101: how fast do decisions and quality go when all inputs are a little wrong?

How it is measured
------------------
All numeric features of the test rows get normal noise of 0.05 to 1 standard deviations at once, in several draws; whole numbers
stay whole (rounded at random). The standard deviation of a feature is at most what its central nine tenths say it is: a few values
far away do not make all others uncertain, and a feature of which more than 95 % of the values are the same stays as it is. Candidate
and prior get the same draws. At every level: share of flipped decisions, RMS change of the score over its standard deviation, and
the AUC (R2 / 2; of several classes the mean of those in at least 8 groups of dependent rows) lost, with jackknife intervals. Judged
at 0.1 standard deviations. The shares of values and of rows that really changed are reported; where less than 1 % of either changed,
or the candidate gives every row the same score, nothing is judged. Rows that have no usable score as they are are left out; where
they are more than 1 % of all, nothing is judged.

Why it matters
--------------
Inputs are measured, typed and rounded. A model whose decisions hang on the third digit decides by accident.

What to do
----------
See NOI102 for the feature behind it. Smooth or bin that feature, or regularise the model.

Sources
-------
Saltelli et al. (2008), Global
Sensitivity Analysis: The Primer, Wiley.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Batch, Role
from ..core.errors import ModelError
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.jackknife import jackknife_interval
from ..stats.perturb import gaussian
from ..summaries.reactions import (
    Base,
    ask,
    base_where_scored,
    flip_parts,
    quality_parts,
    rms_parts,
    says_nothing,
    with_column,
)
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`levels` in standard deviations; `judged` is one of them; `draws` of the noise; `max_rows` of test, by key hash; `least_changed`
    share of values and rows; `most_unscored`, the share of the rows that may be left out for want of a usable score.
    """

    levels: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5, 1.0)
    judged: float = 0.1
    draws: int = 4
    max_rows: int = 8000
    least_changed: float = 0.01
    most_unscored: float = 0.01
    confidence: float = 0.95


def joint_noise(given: Given) -> Iterator[Measurement]:
    """Curves of flips, change and quality lost, candidate and prior."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = sample.thin(given.options.max_rows)
    note = "" if len(rows) == sample.total else f"on {len(rows):,} of {sample.total:,} rows by key hash"
    numeric = [
        str(c) for c in rows.X if pd.api.types.is_numeric_dtype(rows.X[c]) and not pd.api.types.is_bool_dtype(rows.X[c])
    ]
    base, word = _ground(given, rows, numeric)
    if base is None:
        for metric in ("flip_rate", "quality_lost"):
            yield Measurement(metric=metric, subject="model", value=None, n=len(rows), note=word)
        return
    rows, note = base.rows, "; ".join(filter(None, (note, word)))
    normals = given.rng.standard_normal((given.options.draws, len(numeric), len(rows)))
    uniforms = given.rng.random((given.options.draws, len(numeric), len(rows)))
    for level in given.options.levels:
        frames, changed, touched = [], 0.0, 0.0
        for z, u in zip(normals, uniforms, strict=True):
            X, row = rows.X, np.zeros(len(rows), np.bool_)
            for j, name in enumerate(numeric):
                before = X[name].to_numpy(np.float64, na_value=np.nan)
                after = gaussian(before, level, z[j], u[j])
                moved = ~np.isclose(before, after, rtol=1e-12, atol=0, equal_nan=True)
                changed, row = changed + float(moved.mean()), row | moved
                X = with_column(X, name, after)
            touched += float(row.mean())
            frames.append(X)
        shares = changed / (len(frames) * len(numeric)), touched / len(frames)
        for model in base.scores:
            try:
                scores = [ask(given.models[model], X) for X in frames]
            except ModelError:
                if model == CANDIDATE:
                    raise
                continue
            yield from _level(base, model, level, scores, shares, given, note)


def _ground(given: Given, rows: Batch, numeric: list[str]) -> tuple[Base | None, str]:
    """The rows to add noise to, and a word on those left out; None, and why, where noise tells nothing."""
    if not numeric or len(rows) < 2:
        return None, "no rows" if numeric else "no numeric feature to add noise to"
    models = [m for m in (CANDIDATE, PRIOR) if m in given.models and m in rows.scores]
    base, word = base_where_scored(rows, given.task, models, most=given.options.most_unscored)
    if base is not None and says_nothing(base.scores[CANDIDATE]):
        return None, "vacuous: the candidate gives every row the same score"
    return base, word


def _level(
    base: Base,
    model: str,
    level: float,
    scores: list[Floats],
    changed: tuple[float, float],
    given: Given,
    note: str,
) -> Iterator[Measurement]:
    """Everything at one level for one model; draws are averaged. `changed`: shares of the values and of the rows."""
    n, options = len(base.rows), given.options
    atom = subjects.rows(f"gaussian_{level:g}")
    subject = atom if model == CANDIDATE else subjects.join(atom, subjects.rows("prior"))
    judged = model == CANDIDATE and level == options.judged
    words = "; ".join(filter(None, (f"{changed[0]:.0%} of values in {changed[1]:.0%} of rows changed", note)))
    broken = sum(int((~np.isfinite(s)).any(axis=1).sum()) for s in scores)
    if broken or min(changed) < options.least_changed:
        why = (
            f"{broken} scores are not finite under noise"
            if broken
            else f"vacuous: only {changed[0]:.2%} of values, in {changed[1]:.2%} of rows, changed"
        )
        for metric in ("flip_rate", "quality_lost") if judged else ():
            yield Measurement(metric=metric, subject=atom, value=None, n=n, note=why)
        return
    curves = {"curve_rms_change": np.mean([np.sqrt(_ratio(*rms_parts(base, model, s))) for s in scores], axis=0)}
    if given.task.type != "regression":
        curves["curve_flip_rate"] = np.mean([flip_parts(base, model, s) for s in scores], axis=0)
    whole = quality_parts(base, base.scores[model])
    curves["curve_quality_lost"] = whole - np.mean([quality_parts(base, s) for s in scores], axis=0)
    for metric, values in curves.items():
        found = jackknife_interval(float(values[0]), values[1:], confidence=options.confidence)
        names = [metric, metric.removeprefix("curve_")] if judged and metric != "curve_rms_change" else [metric]
        for name in names:
            if found is None or not np.isfinite(values[0]):
                why = "under 8 groups of rows" + (
                    ", no outcome, or no two classes in so many" if "quality" in metric else ""
                )
                yield Measurement(metric=name, subject=subject, value=None, n=n, note=why)
                continue
            yield Measurement(
                metric=name, subject=subject, value=float(values[0]), low=found.low, high=found.high,
                level=options.confidence, method=f"jackknife over {len(values) - 1} groups, {len(scores)} draws", n=n,
                n_eff=float(n), note=words,
            )  # fmt: skip


def _ratio(square: Floats, variance: Floats) -> Floats:
    return np.asarray(np.divide(square, variance, out=np.full_like(square, np.nan), where=variance > 0))


CHECK = Check(
    code="NOI101",
    family=Family.NOISE,
    title="Noise on all features at once",
    metrics=("flip_rate", "quality_lost", "curve_flip_rate", "curve_quality_lost", "curve_rms_change"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=joint_noise,
    doc=__doc__,
    plants=tuple(
        Plant(
            metric=metric, fault=fault, null="steady", replicates=5, rows=2500, options={"levels": (0.1,), "draws": 1}
        )
        for metric, fault in (("flip_rate", "flips_under_noise"), ("quality_lost", "ranking_lost_under_noise"))
    ),
    options=Options(),
)
