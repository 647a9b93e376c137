"""Shapley values of a bounded sample of test rows under each model, by asking the models themselves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch, Task
from ..core.errors import ModelError
from ..core.records import Attributions, Model
from ..stats.attribution import permutation_shapley
from ..summaries.row_sample import take
from .encode import level_name

ROWS, PERMUTATIONS = 600, 6
CALL_ROWS = 65_536
CORRELATED = 0.7
CLIP = 1e-6


def attribute(
    models: Mapping[str, Model],
    rows: Batch,
    task: Task,
    *,
    seed: int,
    n_rows: int = ROWS,
    permutations: int = PERMUTATIONS,
) -> Attributions:
    """Attributions of the rows with the smallest key hashes, against background rows drawn from all the given rows.

    Every model gets the same permutations and background rows, so what they share cancels in the difference. Explained is the
    raw margin: log-odds of the positive class (binary), log-odds of the class that is most frequent in the rows (multiclass), the
    value (regression). Probabilities are clipped at 1e-6 first.

    Raises
    ------
    ModelError
        When a model raises, or gives a score that is not finite, on mixed rows; or when values do not add up to its own score.
    """
    n = min(n_rows, len(rows))
    explained = take(rows, np.arange(n))
    column = _frequent(rows, task)
    phi, worst = {}, 0.0
    for name, model in models.items():
        asked = _Asked(model, explained.X, rows.X, task, column)
        rng = np.random.default_rng([seed, 0x5A9])
        halves, error = permutation_shapley(asked, n, len(rows), rows.X.shape[1], permutations=permutations, rng=rng)
        scale = max(float(np.abs(asked.seen).max()), 1.0)
        residual = float(error.max(initial=0.0))
        if residual > 1e-6 * scale * rows.X.shape[1]:
            raise ModelError(
                f"attributions of the {name} do not add up to its own scores (off by {residual:.3g}): it gives different answers "
                "to the same row, so no importance can be shown"
            )
        worst = max(worst, residual)
        phi[name] = halves
    return Attributions(
        features=tuple(rows.X.columns),
        groups=feature_groups(rows.X),
        phi=phi,
        X=explained.X,
        unit=explained.unit,
        weight=explained.weight,
        residual=worst,
    )


class _Asked:
    """A model as a function of mixed rows; keeps the scores seen."""

    def __init__(
        self, model: Model, explained: pd.DataFrame, background: pd.DataFrame, task: Task, column: int
    ) -> None:
        self._model, self._task, self._column = model, task, column
        self._both = pd.concat([explained, background], ignore_index=True)
        self._n = len(explained)
        self.seen = np.zeros(1)

    def __call__(
        self, from_row: NDArray[np.bool_], row: NDArray[np.int64], background: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        parts = []
        for at in range(0, len(row), CALL_ROWS):
            piece = slice(at, at + CALL_ROWS)
            place = np.where(from_row[piece], row[piece, None], self._n + background[piece, None])
            mixed = pd.DataFrame(
                {name: self._both[name].take(place[:, j]).array for j, name in enumerate(self._both.columns)}
            )
            parts.append(margin(self._model.predict(mixed), self._task, self._column))
        found = np.concatenate(parts)
        if not np.isfinite(found).all():
            raise ModelError("a score is not finite on a row mixed from two test rows; no importance can be shown")
        self.seen = found
        return found


def margin(scores: NDArray[np.float64], task: Task, column: int = 0) -> NDArray[np.float64]:
    """What is explained: log-odds of a probability clipped at 1e-6, or the value."""
    if task.type == "regression":
        return scores.reshape(-1)
    p = scores if scores.ndim == 1 else scores[:, column]
    q = np.clip(p, CLIP, 1 - CLIP)
    return np.asarray(np.log(q / (1 - q)))


def _frequent(rows: Batch, task: Task) -> int:
    known = rows.y[~np.isnan(rows.y)].astype(np.int64)
    return int(np.bincount(known).argmax()) if task.type == "multiclass" and len(known) else 0


def feature_groups(X: pd.DataFrame, *, limit: float = CORRELATED) -> tuple[tuple[str, ...], ...]:
    """Features that stand in for each other: absolute rank correlation above `limit`, chained; in the order of the columns.

    Text is ranked by the frequency of its levels against numbers and compared by Cramer's V with other text.
    """
    names = list(X.columns)
    ranked = np.column_stack([_ranks(X[c]) for c in names]) if names else np.zeros((len(X), 0))
    spread = ranked.std(axis=0)
    good = spread > 0
    z = np.zeros_like(ranked)
    z[:, good] = (ranked[:, good] - ranked[:, good].mean(axis=0)) / spread[good]
    close = np.abs(z.T @ z / max(len(X), 1)) > limit
    home = list(range(len(names)))
    for i in range(len(names)):
        for j in range(i):
            if close[i, j]:
                old, new = home[i], home[j]
                home = [new if h == old else h for h in home]
    return tuple(tuple(names[k] for k in range(len(names)) if home[k] == h) for h in dict.fromkeys(home))


def _ranks(column: pd.Series) -> NDArray[np.float64]:
    """Ranks of a column, missing values first; levels of text by their frequency, then name."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return np.asarray(column.rank(na_option="top"), np.float64)
    counts = column.map(level_name, na_action="ignore").astype(object)
    order = {
        level: i for i, level in enumerate(sorted(counts.dropna().unique(), key=lambda v: (-(counts == v).sum(), v)))
    }
    return np.asarray(counts.map(order).astype(float).fillna(-1.0).rank(), np.float64)
