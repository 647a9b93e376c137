"""Metrics of one cell of outcomes, each with its delete-a-group replicates, and as measurements with intervals."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ..core.data import Grid, Task
from ..core.records import Measurement
from ..stats.interval import Interval, Scale, normal_interval
from ..stats.jackknife import MIN_GROUPS, jackknife_interval
from ..stats.proportions import rate_interval, zero_event_upper_bound
from ..stats.ranking import (
    auc_bound,
    average_precision,
    delong_variance,
    ks_between_classes,
    lift,
    precision_bound,
    roc_auc_many,
)
from .cells import (
    Cell,
    Floats,
    cell_of,
    classes_held,
    counts_at,
    divided,
    single_scores,
    why_undefined,
    widened,
)
from .outcomes import Outcomes

RATES = ("accuracy", "precision", "recall", "specificity", "base_rate")
HIGHER_IS_BETTER = (
    "auc",
    "average_precision",
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "r2",
    "ks",
    "gini",
    "lift",
    "auc_ovr",
    "macro_f1",
    "macro_recall",
)

_LOGIT: Scale = "logit"
_LOG: Scale = "log"
_SCALES = dict.fromkeys(("auc", "average_precision", "f1", "ks", "auc_ovr"), _LOGIT) | dict.fromkeys(
    ("log_loss", "brier", "rmse", "mae"), _LOG
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric on all rows of a cell, without each group in turn, and what its interval is made of.

    `of` is the number of rows that the metric is a share of (rates), `size` that of the rarer class where classes matter.
    """

    metric: str
    value: float | None
    replicates: Floats
    n: int
    of: float
    size: float
    independent: bool = False
    variance: float | None = None
    bound: float = 0.0
    n_eff: float | None = None
    weight: float = 1.0
    why: str = ""
    note: str = ""


def estimates(
    outcomes: Outcomes, model: str, task: Task, grid: Grid, cell: int = 0, classes: NDArray[np.bool_] | None = None
) -> dict[str, Estimate]:
    """All metrics of a cell by name; those that are undefined have the value None. Of `classes` (those held) `auc_ovr` is the mean."""
    held = cell_of(outcomes, model, cell)
    classes = classes_held(outcomes, model, cell) if classes is None else classes
    independent = grid.grouping == "row" and held.equal_weights
    if task.type == "binary":
        found = _binary(held, 0.5 if task.threshold is None else task.threshold, grid)
    elif task.type == "regression":
        found = _regression(held, grid)
    else:
        found = _multiclass(held, classes)
    single, out = [single_scores(held, grid, k) for k in range(len(held.negatives))], {}
    for metric, (values, of, size) in found.items():
        value = float(values[0])
        out[metric] = Estimate(
            metric=metric,
            value=value if np.isfinite(value) else None,
            replicates=values[1:],
            n=held.n,
            of=of,
            size=size,
            independent=independent,
            variance=_delong(metric, held) if independent else None,
            bound=_bound(metric, held, single, classes) if np.isfinite(value) else 0.0,
            n_eff=held.n_eff,
            weight=float(held.sums["w"][0]),
            why="" if np.isfinite(value) else why_undefined(held),
            note=_left_out(task, classes) if metric == "auc_ovr" else "",
        )
    return out


def _left_out(task: Task, classes: NDArray[np.bool_]) -> str:
    gone = [str(c) for c, there in zip(task.classes, classes, strict=True) if not there]
    few = f"without {len(gone)} of {len(classes)} classes ({', '.join(gone[:6])}), in too few groups of dependent rows"
    return few if gone else ""


def _delong(metric: str, held: Cell) -> float | None:
    if metric not in ("auc", "gini"):
        return None
    variance = delong_variance(held.negatives[0][0], held.positives[0][0])
    return variance if variance is None or metric == "auc" else 4 * variance


def _bound(metric: str, held: Cell, single: list[NDArray[np.bool_]], classes: NDArray[np.bool_]) -> float:
    """How far binning may have moved a ranking metric; the others are exact."""
    neg, pos = held.negatives[0][0], held.positives[0][0]
    if metric in ("auc", "gini"):
        return (2 if metric == "gini" else 1) * auc_bound(neg, pos, single[0])
    if metric == "average_precision":
        return precision_bound(neg, pos, single[0])
    if metric == "auc_ovr":
        columns = zip(held.negatives, held.positives, single, strict=True)
        return float(np.mean([auc_bound(a[0], b[0], one) for a, b, one in compress(columns, classes)]))
    return 0.0


def _binary(held: Cell, threshold: float, grid: Grid) -> dict[str, tuple[Floats, float, float]]:
    neg, pos = held.negatives[0], held.positives[0]
    n0, n1 = neg.sum(axis=1), pos.sum(axis=1)
    tn, fp, fn, tp = counts_at(held, threshold, grid).values()
    auc = roc_auc_many(neg, pos)
    rare, every, n = held.rarer, float(n0[0] + n1[0]), held.n
    ap = np.array([_nan(average_precision(a, b)) for a, b in zip(neg, pos, strict=True)])
    ks = np.array([_nan(ks_between_classes(a, b)) for a, b in zip(neg, pos, strict=True)])
    top = np.array([_nan(lift(a, b)) for a, b in zip(neg, pos, strict=True)])
    return {
        "auc": (auc, n, rare),
        "average_precision": (ap, n, rare),
        "log_loss": (held.mean("loss"), n, n),
        "brier": (held.mean("error"), n, n),
        "accuracy": (divided(tp + tn, n0 + n1), every, n),
        "precision": (divided(tp, tp + fp), float(tp[0] + fp[0]), float(tp[0] + fp[0])),
        "recall": (divided(tp, n1), float(n1[0]), float(n1[0])),
        "specificity": (divided(tn, n0), float(n0[0]), float(n0[0])),
        "f1": (divided(2 * tp, 2 * tp + fp + fn), n, rare),
        "base_rate": (divided(n1, n0 + n1), every, n),
        "ks": (ks, n, rare),
        "gini": (2 * auc - 1, n, rare),
        "lift": (top, n, rare),
    }


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


def _regression(held: Cell, grid: Grid) -> dict[str, tuple[Floats, float, float]]:
    n = held.n
    mse, spread = held.mean("loss"), held.mean("y2") - held.mean("y") ** 2
    # sums are rounded to 2**-26 a row, so a spread below that is an outcome that does not vary
    spread = np.where(spread > 2.0**-24, spread, 0.0)
    return {
        "rmse": (np.sqrt(mse) * grid.scale, n, n),
        "mae": (held.mean("error") * grid.scale, n, n),
        "r2": (1 - divided(mse, spread), n, n),
        "mean_error": ((held.mean("score") - held.mean("y")) * grid.scale, n, n),
    }


def _multiclass(held: Cell, classes: NDArray[np.bool_]) -> dict[str, tuple[Floats, float, float]]:
    n = held.n
    columns = list(compress(zip(held.negatives, held.positives, strict=True), classes))
    nothing = np.full(held.groups + 1, np.nan)
    auc = np.mean([roc_auc_many(a, b) for a, b in columns], axis=0) if columns else nothing
    rarest = min((float(side[0].sum()) for column in columns for side in column), default=0.0)
    return {
        "accuracy": (held.mean("hit"), n, n),
        "log_loss": (held.mean("loss"), n, n),
        "brier": (held.mean("error"), n, n),
        "auc_ovr": (auc, n, rarest),
    }


def measurement(estimate: Estimate, subject: str, *, confidence: float = 0.95) -> Measurement:
    """An estimate with its interval: Wilson for rates, DeLong for areas of independent rows, else the jackknife."""
    e = estimate

    def record(value: float | None, note: str, ends: Interval | None, method: str, n_eff: float | None) -> Measurement:
        return Measurement(
            metric=e.metric, subject=subject, value=value, low=None if ends is None else ends.low, high=None if ends is None else ends.high,
            level=None if ends is None else confidence, method=method, n=e.n, n_eff=n_eff, size=e.size, note=note,
        )  # fmt: skip

    if e.value is None:
        return record(None, e.why or "undefined: a class or a denominator is empty", None, "", e.n_eff)
    found, method, n_eff = _interval(e, confidence)
    if found is None:
        groups = len(e.replicates)
        why = f"{groups} groups of dependent rows" if groups < MIN_GROUPS else "undefined without one of its groups"
        return record(None, f"no interval: {why}; the value on these rows is {e.value:.4g}", None, "", n_eff)
    return record(e.value, e.note, widened(found, e.bound, _SCALES.get(e.metric, "identity")), method, n_eff)


def _interval(e: Estimate, confidence: float) -> tuple[Interval | None, str, float | None]:
    value = np.nan if e.value is None else e.value
    scale = _SCALES.get(e.metric, "identity")
    enough = len(e.replicates) >= MIN_GROUPS and bool(np.isfinite(e.replicates).all())
    if e.metric in RATES and (e.independent or enough) and e.of > 0:
        kish = e.of if e.n_eff is None or e.n == 0 else e.of * e.n_eff / e.weight
        n, rest = (e.of, None) if e.independent else (kish, e.replicates)
        ends, n_eff = rate_interval(value, n, rest, confidence=confidence)
        return ends, "Wilson", n_eff
    if e.metric == "auc" and value in (0.0, 1.0) and e.size >= 1:
        # perfect separation has no variance to estimate; no exception among n rows still allows about 3 / n
        room = zero_event_upper_bound(e.size, confidence=confidence)
        ends = Interval(1 - room, 1.0) if value == 1.0 else Interval(0.0, room)
        return ends, "no exception among the rarer class", e.n_eff
    if e.variance is not None:
        ends = normal_interval(value, e.variance**0.5, confidence=confidence, scale=scale)
        return ends, "DeLong" + (", logit scale" if scale == "logit" else ""), e.n_eff
    found = jackknife_interval(value, e.replicates, confidence=confidence, scale=scale) if enough else None
    return found, f"jackknife over {len(e.replicates)} groups", e.n_eff


def measurements(found: dict[str, Estimate], subject: str, *, confidence: float = 0.95) -> Iterator[Measurement]:
    """All estimates as measurements about one subject."""
    for estimate in found.values():
        yield measurement(estimate, subject, confidence=confidence)
