"""One number for how good a model is, the same for checks of time, fit and noise: AUC, or half of R2."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import PRIOR, Grid, Task
from ..core.records import Measurement
from ..stats.jackknife import MIN_GROUPS, jackknife_interval, jackknife_variance
from .cells import classes_held
from .metrics import estimates
from .outcomes import Outcomes

METRIC_OF = {"binary": ("auc", 1.0), "multiclass": ("auc_ovr", 1.0), "regression": ("r2", 0.5)}
RARE = 0.01  # of the rows: a class left out is in the rest of the others, and moves their areas by no more
CHANCE = {"binary": 0.5, "multiclass": 0.5, "regression": 0.0}
NAME_OF = {"binary": "AUC", "multiclass": "macro AUC", "regression": "R2 / 2"}


@dataclass(frozen=True, slots=True)
class Quality:
    """Value, delete-a-group replicates, variance (theirs, or DeLong's: `method`), rows, rows of the rarer class, effective rows.

    None and NaN where undefined. `bound` is how far binning may have moved the value; its square is part of the variance. `name` is
    that of the metric, with the classes that are left out.
    """

    value: float | None
    replicates: NDArray[np.float64]
    variance: float
    n: int
    size: float
    n_eff: float | None = None
    method: str = "jackknife"
    bound: float = 0.0
    name: str = ""


def quality(
    outcomes: Outcomes, model: str, task: Task, grid: Grid, cell: int = 0, classes: NDArray[np.bool_] | None = None
) -> Quality:
    """The task's ranking metric of a cell; in regression R2 / 2, so that one limit fits both (`limits`: AUC, R2 / 2).

    Of several classes the mean over `classes`, which are those in enough groups of this cell unless they are told.
    """
    metric, factor = METRIC_OF[task.type]
    found = estimates(outcomes, model, task, grid, cell, classes)[metric]
    value = None if found.value is None else factor * found.value
    replicates = factor * found.replicates
    variance, method, bound = float("nan"), "jackknife", factor * found.bound
    if len(replicates) >= MIN_GROUPS and np.isfinite(replicates).all():
        variance = float(jackknife_variance(replicates))
        if found.variance is not None:
            variance, method = factor**2 * found.variance, "DeLong"
    name = " ".join(filter(None, (NAME_OF[task.type], found.note)))
    return Quality(value, replicates, variance + bound**2, found.n, found.size, found.n_eff, method, bound, name)


def quality_of_both(
    one: tuple[Outcomes, str], other: tuple[Outcomes, str], task: Task, grid: Grid
) -> tuple[Quality, Quality]:
    """Of two sets of rows, or models, to be compared: of several classes without rare ones that either holds in too few groups."""
    held, rare = (np.logical_and(made(*one), made(*other)) for made in (classes_held, _rare))
    classes = held | ~rare
    a, b = (quality(outcomes, model, task, grid, classes=classes) for outcomes, model in (one, other))
    return a, b


def classes_of_cells(outcomes: Outcomes, model: str, *, least: float, most_without: float) -> NDArray[np.bool_]:
    """(n_scores,) all classes but rare ones which cells with more than a share of the rows lack, and would be left out for.

    To lack it is to hold fewer rows of it, or in too few groups. Cells that hold no two classes say nothing of it.
    """
    held = np.array([classes_held(outcomes, model, k, least=least) for k in range(len(outcomes.rows))], np.bool_)
    held = held.reshape(-1, outcomes.scores[model].shape[1])
    rows = np.where(held.sum(axis=1) > 1, outcomes.labelled.sum(axis=1), 0)
    return np.asarray((rows @ ~held <= most_without * rows.sum()) | ~_rare(outcomes, model))


def _rare(outcomes: Outcomes, model: str) -> NDArray[np.bool_]:
    rows = outcomes.scores[model][..., :2, :-2].sum(axis=(0, 2, 4))  # (columns, the others and the class)
    return np.asarray(rows[:, 1] < RARE * rows.sum(axis=1))


def quality_by_cell(
    outcomes: Outcomes, model: str, task: Task, grid: Grid, *, least: float, classes: NDArray[np.bool_] | None = None
) -> dict[int, Quality]:
    """Of every cell with so many rows and groups enough for a variance; one that has none takes that of the others, by its size."""
    held = {k: quality(outcomes, model, task, grid, k, classes) for k in range(len(outcomes.rows))}
    held = {k: q for k, q in held.items() if q.value is not None and np.isfinite(q.variance) and q.size >= least}
    known = [q.variance * q.size for q in held.values() if q.variance > 0]
    if not known:
        return {}
    return {k: q if q.variance > 0 else replace(q, variance=float(np.median(known)) / q.size) for k, q in held.items()}


def unscored_cells(outcomes: Outcomes, model: str, *, least: float) -> list[int]:
    """Cells of at least so many rows, most of which have no usable score."""
    weight = outcomes.scores[model].sum(axis=(2, 3))  # (cells, columns, bins)
    usable = weight[..., :-2].sum(axis=2).min(axis=1)
    return [
        int(k) for k in np.flatnonzero((outcomes.rows.sum(axis=1) >= least) & (2 * usable < weight[:, 0].sum(axis=1)))
    ]


def prior_above_chance(outcomes: Outcomes, task: Task, grid: Grid, *, confidence: float) -> Measurement:
    """How far the prior is above chance: to be no worse than a prior that ranks the wrong way round says nothing."""
    prior, chance = quality(outcomes, PRIOR, task, grid), CHANCE[task.type]
    found = None
    if prior.value is not None:
        found = jackknife_interval(prior.value - chance, prior.replicates - chance, confidence=confidence)
    if prior.value is None or found is None:
        note = "the prior cannot be measured: one class only, or fewer than 8 groups of dependent rows"
        return Measurement(metric="prior_above_chance", subject=subjects.MODEL, value=None, n=prior.n, note=note)
    return Measurement(
        metric="prior_above_chance", subject=subjects.MODEL, value=prior.value - chance, low=found.low, high=found.high,
        level=confidence, method=f"jackknife over {len(prior.replicates)} groups", n=prior.n, n_eff=prior.n_eff, size=prior.size,
        note=f"{NAME_OF[task.type]} of the prior less that of chance, {chance:g}",
    )  # fmt: skip
