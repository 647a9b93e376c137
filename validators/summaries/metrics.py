"""Metrics of one cell of outcomes, each with its delete-a-group replicates, and as measurements with intervals."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.data import Grid, Task
from ..core.records import Measurement
from ..stats.interval import Interval, normal_interval
from ..stats.jackknife import MIN_GROUPS, effective_n, jackknife_interval, jackknife_variance
from ..stats.proportions import wilson_interval
from ..stats.ranking import (
    average_precision,
    delong_variance,
    ks_between_classes,
    roc_auc_bound,
    roc_auc_many,
)
from .outcomes import FIXED, Outcomes
from .quantities import QUANTITIES

Floats = NDArray[np.float64]
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
    "auc_ovr",
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


@dataclass(frozen=True, slots=True)
class Cell:
    """Sums and histograms of a cell: row 0 is all rows, the others leave one group out."""

    sums: dict[str, Floats]
    negatives: tuple[Floats, ...]
    positives: tuple[Floats, ...]
    n: int
    equal_weights: bool


def cell_of(outcomes: Outcomes, model: str, cell: int = 0) -> Cell:
    """The cell with its leave-one-group-out versions; groups without labelled rows are no replicates."""
    keep = outcomes.labelled[cell] > 0
    table = outcomes.sums[model][cell] / FIXED
    stacked = _stack(table, keep)
    sums = {q: stacked[:, k] for k, q in enumerate(QUANTITIES)}
    columns = range(outcomes.scores[model].shape[1])
    histograms = [outcomes.histogram(model, cell, s)[:, :, :-2] for s in columns]
    w, w2 = float(stacked[0, 0]), float(stacked[0, QUANTITIES.index("w2")])
    n = int(outcomes.labelled[cell].sum())
    return Cell(
        sums,
        tuple(_stack(h[:, 0], keep) for h in histograms),
        tuple(_stack(h[:, 1], keep) for h in histograms),
        n,
        bool(w > 0 and abs(w - n) < 1e-6 * max(n, 1) and abs(w2 - n) < 1e-6 * max(n, 1)),
    )


def _stack(per_group: Floats, keep: NDArray[np.bool_]) -> Floats:
    total = per_group.sum(axis=0)
    return np.concatenate([total[None], total - per_group[keep]])


def estimates(outcomes: Outcomes, model: str, task: Task, grid: Grid, cell: int = 0) -> dict[str, Estimate]:
    """All metrics of a cell by name; those that are undefined have the value None."""
    held = cell_of(outcomes, model, cell)
    independent = grid.grouping == "row" and held.equal_weights
    cuts = grid.score_cuts[0] if held.negatives[0].shape[1] == len(grid.score_cuts[0]) + 1 else grid.score_coarse[0]
    if task.type == "binary":
        found = _binary(held, task.threshold if task.threshold is not None else 0.5, cuts)
    elif task.type == "regression":
        found = _regression(held, grid)
    else:
        found = _multiclass(held)
    out = {}
    for metric, (values, of, size) in found.items():
        value = float(values[0])
        variance, bound = None, 0.0
        if metric in ("auc", "gini"):
            factor = 1.0 if metric == "auc" else 2.0
            bound = factor * roc_auc_bound(held.negatives[0][0], held.positives[0][0])
            if independent:
                delong = delong_variance(held.negatives[0][0], held.positives[0][0])
                variance = None if delong is None else factor**2 * delong
        out[metric] = Estimate(
            metric=metric,
            value=value if np.isfinite(value) else None,
            replicates=values[1:],
            n=held.n,
            of=of,
            size=size,
            independent=independent,
            variance=variance,
            bound=0.0 if _exact_bins(held) else bound,
        )
    return out


def _exact_bins(held: Cell) -> bool:
    """Whether no bin mixes scores: then ties within bins are true ties."""
    return held.negatives[0].shape[1] < 4000


def _divide(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.divide(a, b, out=np.full(np.shape(a), np.nan), where=b > 0))


def _mean(held: Cell, quantity: str) -> Floats:
    return _divide(held.sums[quantity], held.sums["w"])


def _binary(held: Cell, threshold: float, cuts: Floats) -> dict[str, tuple[Floats, float, float]]:
    neg, pos = held.negatives[0], held.positives[0]
    n0, n1 = neg.sum(axis=1), pos.sum(axis=1)
    first = int(np.searchsorted(cuts, threshold, side="right"))
    tp, fp = pos[:, first:].sum(axis=1), neg[:, first:].sum(axis=1)
    precision, recall = _divide(tp, tp + fp), _divide(tp, n1)
    auc = roc_auc_many(neg, pos)
    rare = float(min(n0[0], n1[0]))
    every, n = float(n0[0] + n1[0]), held.n
    per_row = [(a, b) for a, b in zip(neg, pos, strict=True)]
    ap = np.array([_nan(average_precision(a, b)) for a, b in per_row])
    ks = np.array([_nan(ks_between_classes(a, b)) for a, b in per_row])
    return {
        "auc": (auc, n, rare),
        "average_precision": (ap, n, rare),
        "log_loss": (_mean(held, "loss"), n, n),
        "brier": (_mean(held, "error"), n, n),
        "accuracy": (_divide(tp + n0 - fp, n0 + n1), every, n),
        "precision": (precision, float(tp[0] + fp[0]), float(tp[0] + fp[0])),
        "recall": (recall, float(n1[0]), float(n1[0])),
        "specificity": (_divide(n0 - fp, n0), float(n0[0]), float(n0[0])),
        "f1": (_divide(2 * tp, 2 * tp + fp + (n1 - tp)), n, rare),
        "base_rate": (_divide(n1, n0 + n1), every, n),
        "ks": (ks, n, rare),
        "gini": (2 * auc - 1, n, rare),
    }


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


def _regression(held: Cell, grid: Grid) -> dict[str, tuple[Floats, float, float]]:
    n = held.n
    mse = _mean(held, "loss")
    spread = _mean(held, "y2") - _mean(held, "y") ** 2
    return {
        "rmse": (np.sqrt(mse) * grid.scale, n, n),
        "mae": (_mean(held, "error") * grid.scale, n, n),
        "r2": (1 - _divide(mse, spread), n, n),
        "mean_error": ((_mean(held, "score") - _mean(held, "y")) * grid.scale, n, n),
    }


def _multiclass(held: Cell) -> dict[str, tuple[Floats, float, float]]:
    n = held.n
    aucs = np.array([roc_auc_many(a, b) for a, b in zip(held.negatives, held.positives, strict=True)])
    rare = float(min(p[0].sum() for p in held.positives))
    return {
        "accuracy": (_mean(held, "hit"), n, n),
        "log_loss": (_mean(held, "loss"), n, n),
        "brier": (_mean(held, "error"), n, n),
        "auc_ovr": (aucs.mean(axis=0), n, rare),
    }


def measurement(estimate: Estimate, subject: str, *, confidence: float = 0.95) -> Measurement:
    """An estimate with its interval: Wilson for rates, DeLong for areas of independent rows, else the jackknife."""
    if estimate.value is None:
        why = "undefined: a class or a denominator is empty"
        return Measurement(
            metric=estimate.metric, subject=subject, value=None, n=estimate.n, size=estimate.size, note=why
        )
    found, method, n_eff = _interval(estimate, confidence)
    if found is None:
        few = len(estimate.replicates) < MIN_GROUPS
        note = f"no interval: {f'{len(estimate.replicates)} groups of dependent rows' if few else 'undefined without a group'}"
        return Measurement(
            metric=estimate.metric, subject=subject, value=None, n=estimate.n, size=estimate.size,
            note=f"{note}; the value on these rows is {estimate.value:.4g}",
        )  # fmt: skip
    return Measurement(
        metric=estimate.metric,
        subject=subject,
        value=estimate.value,
        low=found.low - estimate.bound,
        high=found.high + estimate.bound,
        level=confidence,
        method=method,
        n=estimate.n,
        n_eff=n_eff,
        size=estimate.size,
    )


def _interval(e: Estimate, confidence: float) -> tuple[Interval | None, str, float]:
    value = e.value if e.value is not None else np.nan
    enough = len(e.replicates) >= MIN_GROUPS and bool(np.isfinite(e.replicates).all())
    variance = float(jackknife_variance(e.replicates)) if enough else 0.0
    if e.metric in RATES and (e.independent or enough) and e.of > 0:
        n_eff = e.of if e.independent else effective_n(value, variance, e.of)
        return wilson_interval(min(value, 1.0) * n_eff, n_eff, confidence=confidence), "Wilson", n_eff
    if e.variance is not None and e.metric == "auc":
        return (
            normal_interval(value, e.variance**0.5, confidence=confidence, scale="logit"),
            "DeLong, logit",
            float(e.n),
        )
    if e.variance is not None:
        return normal_interval(value, e.variance**0.5, confidence=confidence), "DeLong", float(e.n)
    scale = "logit" if e.metric in ("auc", "average_precision", "f1", "ks", "auc_ovr") else "identity"
    scale = "log" if e.metric in ("log_loss", "brier", "rmse", "mae") else scale
    found = jackknife_interval(value, e.replicates, confidence=confidence, scale=scale) if enough else None  # type: ignore[arg-type]
    return (
        found,
        f"jackknife over {len(e.replicates)} groups",
        float(len(e.replicates)) if not e.independent else float(e.n),
    )


def measurements(found: dict[str, Estimate], subject: str, *, confidence: float = 0.95) -> Iterator[Measurement]:
    """All estimates as measurements about one subject."""
    for estimate in found.values():
        yield measurement(estimate, subject, confidence=confidence)
