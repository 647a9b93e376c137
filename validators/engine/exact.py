"""Exact attributions where the trees of the models can be read, each held against the user's own model before it is used."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from ..core.data import Batch, Task
from ..core.errors import ModelError
from ..core.models import Model
from ..models.ensembles import FlatTrees
from ..stats.tree_shap import interventional_shapley, raw_scores, work

Floats = NDArray[np.float64]
ROWS, BACKGROUND, MIXED = 1000, 2000, 500
WORK, NODES = 4e8, 100_000  # about three CPU seconds a model
CLIP = 1e-6
TOLERANCE = 1e-5  # scores of XGBoost are float32


@dataclass(frozen=True, slots=True)
class Exact:
    """Values (n, d) per model of the first n rows, how many rows they are held against, and the largest additivity error."""

    phi: Mapping[str, Floats]
    n: int
    background: int
    residual: float


def margin(scores: Floats, task: Task, column: int = 0) -> Floats:
    """What is explained: log-odds of a probability clipped at 1e-6, or the value."""
    if task.type == "regression":
        return scores.reshape(-1)
    p = scores if scores.ndim == 1 else scores[:, column]
    q = np.clip(p, CLIP, 1 - CLIP)
    return np.asarray(np.log(q / (1 - q)))


def exact_values(models: Mapping[str, Model], rows: Batch, task: Task, *, seed: int) -> Exact | str:
    """Exact values under every model, or in words why there are none under one of them.

    The trees are believed only if they give the model's own scores (up to a constant on the raw scale) on rows mixed of two test
    rows feature by feature, which is what attributions rest on, and if every row's values add up to its score. Forests of
    classifiers average probabilities, so they do not add up in log-odds: the worker does not offer them. Probabilities are compared, not
    log-odds, so that rounding near 0 and 1 is of no account; beyond the clip the trees' own raw score is explained.
    """
    if task.type == "multiclass":
        return "several classes do not add up in log-odds"
    there = rows.X.iloc[:BACKGROUND].reset_index(drop=True)
    n, worst = min(ROWS, len(there)), 0.0
    phi: dict[str, Floats] = {}
    read: dict[str, FlatTrees] = {}
    for name, model in models.items():
        ask = getattr(model, "trees", None)
        try:
            held = None if ask is None else ask(there)
        except ModelError as error:
            return f"the {name} cannot be read as trees ({str(error)[:160]})"
        if held is None or n == 0:
            return f"the {name} cannot be read as trees"
        if len(held.ensemble.feature) > NODES or work(held.ensemble, _players(held, there)) > WORK:
            return f"the trees of the {name} are too many or too deep to be walked exactly in a few seconds"
        read[name] = held
    for name, held in read.items():
        offset = _offset(models[name], held, there, task, np.random.default_rng([seed, 0xE4AC]))
        if offset is None:
            return f"the trees of the {name} do not give its own scores"
        player = _players(held, there)
        values = interventional_shapley(held.ensemble, held.matrix[:n], held.matrix, player, there.shape[1])
        phi[name] = values
        told = margin(models[name].predict(there), task)
        summed = values.sum(axis=1) + raw_scores(held.ensemble, held.matrix).mean() + offset
        off = float(np.abs(_on_scale(summed, task) - _on_scale(told[:n], task)).max())
        if off > _tolerance(told, task):
            return f"the values of the {name} do not add up to its own scores"
        worst = max(worst, off)
    return Exact(phi, n, len(there), worst)


def _players(held: FlatTrees, there: pd.DataFrame) -> list[int]:
    """Feature of every column, counted as the rows have them."""
    place = {str(name): j for j, name in enumerate(there.columns)}
    return [place[held.features[k]] for k in held.source]


def _offset(model: Model, held: FlatTrees, there: pd.DataFrame, task: Task, rng: np.random.Generator) -> float | None:
    """Constant between the model's raw score and that of its trees on mixed rows; None where they differ by anything else."""
    m, player = len(there), np.array(_players(held, there))
    a, b = rng.integers(0, m, MIXED), rng.integers(0, m, MIXED)
    ours = rng.random((MIXED, there.shape[1])) < rng.random((MIXED, 1))
    mixed = pd.DataFrame(
        {name: there[name].take(np.where(ours[:, j], a, b)).array for j, name in enumerate(there.columns)}
    )
    raw = raw_scores(held.ensemble, np.where(ours[:, player], held.matrix[a], held.matrix[b]))
    told = margin(model.predict(mixed), task)
    if not np.isfinite(told).all():
        return None
    offset = float(np.median(told - raw))
    apart = float(np.abs(_on_scale(raw + offset, task) - _on_scale(told, task)).max())
    return None if apart > _tolerance(told, task) else offset


def _on_scale(raw: Floats, task: Task) -> Floats:
    return raw if task.type == "regression" else np.asarray(expit(raw))


def _tolerance(told: Floats, task: Task) -> float:
    if task.type != "regression":
        return TOLERANCE
    return TOLERANCE * float(np.ptp(told)) + 3e-7 * float(np.abs(told).max())
