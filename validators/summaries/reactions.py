"""How scores react when the same rows are changed: RMS change, flips, quality lost, by group of dependent rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch, Task, with_columns
from ..core.models import Model
from ..core.records import Measurement
from ..stats.jackknife import jackknife_interval, leave_one_out
from ..stats.ranking import weighted_auc
from .cells import divided
from .goodness import classes_of
from .row_sample import take

Floats = NDArray[np.float64]
GROUPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Rows to perturb, with each model's scores of them: the common ground of all perturbations."""

    rows: Batch
    task: Task
    scores: dict[str, Floats]
    group: NDArray[np.int64]
    weight: Floats

    @property
    def present(self) -> NDArray[np.bool_]:
        """Groups that hold rows."""
        return np.bincount(self.group, minlength=GROUPS) > 0


def base_of(rows: Batch, task: Task, models: list[str]) -> Base:
    """The rows with the scores that they already have."""
    return Base(
        rows=rows,
        task=task,
        scores={m: rows.scores[m].reshape(len(rows), -1) for m in models},
        group=(rows.unit % np.uint64(GROUPS)).astype(np.int64),
        weight=rows.weight / float(1 << 20),
    )


def base_where_scored(
    rows: Batch, task: Task, models: list[str], *, most: float, of_others: float | None = None
) -> tuple[Base | None, str]:
    """The rows that all models score as they are, and a word on what is left out: None, and why, if the first of them scores too few.

    That is where it gives more than the share `most` of the rows no finite score. Another that gives none to more than `of_others`
    (`most`, unless it is told) is left out itself.
    """
    gone = {m: ~np.isfinite(rows.scores[m].reshape(len(rows), -1)).all(axis=1) for m in models}
    share = dict.fromkeys(models, most if of_others is None else of_others) | {models[0]: most}
    held = [m for m in models if gone[m].mean() <= share[m]]
    if models[0] not in held:
        return None, f"{int(gone[models[0]].sum()):,} of {len(rows):,} rows have no usable score as they are"
    out = np.logical_or.reduce([gone[m] for m in held])
    if not rows.weight[~out].any():
        return None, "no row with a usable score has a weight"
    notes = [f"{int(out.sum()):,} of {len(rows):,} rows without a usable score are left out"] if out.any() else []
    notes += [f"the {m} is left out: it gives {gone[m].mean():.0%} of rows no score" for m in models if m not in held]
    return base_of(take(rows, np.flatnonzero(~out)) if out.any() else rows, task, held), "; ".join(notes)


def says_nothing(scores: Floats) -> bool:
    """Whether a model gives every row the same score: it reacts to nothing, so how little it reacts is no finding."""
    finite = scores[np.isfinite(scores).all(axis=1)]
    return bool(len(finite) and (np.ptp(finite, axis=0) == 0).all())


def ask(model: Model, X: pd.DataFrame) -> Floats:
    """(n, n_scores) scores of changed rows."""
    return model.predict(X).reshape(len(X), -1)


def with_column(X: pd.DataFrame, name: str, values: NDArray[np.float64]) -> pd.DataFrame:
    """The frame with one numeric column changed; whole numbers keep their type where nothing is missing."""
    dtype = X[name].dtype
    column = pd.Series(values, index=X.index)
    if pd.api.types.is_bool_dtype(dtype):
        return X
    if pd.api.types.is_integer_dtype(dtype) and np.isfinite(values).all():
        info = np.iinfo(dtype.type if hasattr(dtype, "type") else np.int64)
        column = column.clip(float(info.min), float(info.max)).astype(dtype)
    elif not pd.api.types.is_integer_dtype(dtype):
        column = column.astype(dtype)
    return with_columns(X, {name: column})


def decisions(scores: Floats, task: Task) -> NDArray[np.int64]:
    """Decision of every row: at or above the threshold, or the most probable class; zeros in regression."""
    if task.type == "binary":
        return np.asarray(scores[:, 0] >= (0.5 if task.threshold is None else task.threshold), np.int64)
    return np.asarray(scores.argmax(axis=1), np.int64) if task.type == "multiclass" else np.zeros(len(scores), np.int64)


def rms_parts(base: Base, model: str, changed: Floats) -> tuple[Floats, Floats]:
    """Per kept group left out, with the whole in front: mean square change, and variance of the unchanged score."""
    before = base.scores[model]
    square = ((changed - before) ** 2).mean(axis=1)
    table = (
        np.column_stack([np.ones(len(square)), square, before.mean(axis=1), (before**2).mean(axis=1)])
        * base.weight[:, None]
    )
    sums = np.column_stack([np.bincount(base.group, weights=t, minlength=GROUPS) for t in table.T])
    stacked = np.concatenate([sums.sum(axis=0)[None], leave_one_out(sums, base.present)])
    w, s, m, m2 = stacked.T
    return divided(s, w), np.maximum(divided(m2, w) - divided(m, w) ** 2, 0.0)


def flip_parts(base: Base, model: str, changed: Floats) -> Floats:
    """Share of flipped decisions: whole, then without each group."""
    return mean_parts(base, (decisions(changed, base.task) != decisions(base.scores[model], base.task)).astype(float))


def mean_parts(base: Base, values: Floats) -> Floats:
    """Weighted mean of (n,) values: whole, then without each group; NaN without weight."""
    sums = np.column_stack(
        [np.bincount(base.group, weights=t * base.weight, minlength=GROUPS) for t in (np.ones(len(values)), values)]
    )
    stacked = np.concatenate([sums.sum(axis=0)[None], leave_one_out(sums, base.present)])
    mean = np.full(len(stacked), np.nan)
    return np.asarray(np.divide(stacked[:, 1], stacked[:, 0], out=mean, where=stacked[:, 0] > 0))


def quality_parts(base: Base, scores: Floats) -> Floats:
    """AUC (macro over classes in 8 groups or more) or R2 / 2: whole, then without each group that has an outcome; NaN where undefined."""
    known = ~np.isnan(base.rows.y)
    y, w, group, s = base.rows.y[known], base.weight[known], base.group[known], scores[known]
    kept = [np.ones(len(y), bool), *(group != k for k in np.unique(group))]
    classes = classes_of(y, group, s.shape[1])
    return np.array([quality_of(y[k], s[k], w[k], base.task, classes) for k in kept])


def quality_of(y: Floats, s: Floats, w: Floats, task: Task, classes: Sequence[int]) -> float:
    """AUC (macro over these classes in multiclass) or R2 / 2 of weighted rows; NaN where undefined."""
    if not w.sum() > 0:
        return float("nan")
    if task.type == "binary":
        return weighted_auc(y, s[:, 0], w)
    if task.type == "multiclass":
        areas = [weighted_auc((y == k).astype(int), s[:, k], w) for k in classes]
        return float(np.mean(areas)) if areas else float("nan")
    spread = float(np.average((y - np.average(y, weights=w)) ** 2, weights=w))
    return float((1 - np.average((y - s[:, 0]) ** 2, weights=w) / spread) / 2) if spread > 0 else float("nan")


def estimated(metric: str, subject: str, values: Floats, n: int, level: float, note: str = "") -> Measurement:
    """A measurement from the whole's value and, behind it, those without each group of rows."""
    found = jackknife_interval(float(values[0]), values[1:], confidence=level)
    if found is None or not np.isfinite(values[0]):
        why = "fewer than 8 groups of rows, or undefined without one of them"
        return Measurement(metric=metric, subject=subject, value=None, n=n, note=why)
    return Measurement(
        metric=metric, subject=subject, value=float(values[0]), low=found.low, high=found.high, level=level,
        method=f"jackknife over {len(values) - 1} groups", n=n, n_eff=float(n), note=note,
    )  # fmt: skip
