"""Shapley values of a bounded sample of test rows under each model: exact from its trees, else by asking the models themselves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.attributions import Attributions
from ..core.data import CANDIDATE, Batch, Task
from ..core.errors import ModelError
from ..core.models import Model
from ..stats.attribution import permutation_shapley
from ..summaries.decisions import favourable_class
from ..summaries.row_sample import take
from .exact import Exact, exact_values, margin

ROWS, PERMUTATIONS = 600, 8
FEW = 400
CALL_ROWS = 65_536
CORRELATED = 0.7


def attribute(
    models: Mapping[str, Model],
    rows: Batch,
    task: Task,
    *,
    seed: int,
    n_rows: int = ROWS,
    permutations: int = PERMUTATIONS,
) -> Attributions:
    """Attributions of the rows with the smallest key hashes, against background rows out of all the given rows.

    Where the trees of every model can be read and give its own scores (`exact.exact_values`), values are exact. Else they are
    sampled for all models, with the same permutations and background rows, so that what they share cancels in the difference:
    exact values of one model against sampled ones of another would differ by the sampling alone. The game is the same either
    way. Explained is the raw margin: log-odds of the positive class (binary), log-odds of the favourable class or, where
    none is declared, of the one that is most frequent in the rows (multiclass), the value (regression). Probabilities are clipped
    at 1e-6 first.

    Raises
    ------
    ModelError
        When a model raises, or gives a score that is not finite, on mixed rows; or when values do not add up to its own score.
    """
    scale_words = "the value" if task.type == "regression" else "log-odds"
    found = exact_values(models, rows, task, seed=seed)
    if isinstance(found, Exact):
        return Attributions(
            features=tuple(rows.X.columns),
            groups=feature_groups(rows.X),
            phi=found.phi,
            X=rows.X.iloc[: found.n],
            unit=rows.unit[: found.n],
            weight=rows.weight[: found.n],
            residual=found.residual,
            method=f"exact, from the trees, against {found.background:,} rows; {scale_words}",
        )
    n = min(n_rows, len(rows))
    explained = take(rows, np.arange(n))
    column = _explained_class(rows, task)
    if task.type == "multiclass":
        scale_words += f" of {task.target} = {task.classes[column]}"
    phi, apart, worst = {}, {}, 0.0
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
        phi[name], apart[name] = halves.mean(axis=0), (halves[0] - halves[1]) / 2
    return Attributions(
        features=tuple(rows.X.columns),
        groups=feature_groups(rows.X),
        phi=phi,
        X=explained.X,
        unit=explained.unit,
        weight=explained.weight,
        residual=worst,
        apart=apart,
        method=f"{permutations} antithetic permutations a row, as {found}; {scale_words}",
    )


def shares_before(model: Model, rows: Batch, task: Task, *, seed: int) -> dict[str, float]:
    """Share of each feature in the candidate's attributions of other rows; of few of them, for it only has to rank.

    Empty where the model would not answer.
    """
    few = take(rows, np.arange(min(FEW, len(rows))))
    try:
        held = attribute({CANDIDATE: model}, few, task, seed=seed, n_rows=FEW // 2, permutations=PERMUTATIONS // 2)
    except ModelError:
        return {}
    return held.shares(CANDIDATE)


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


def _explained_class(rows: Batch, task: Task) -> int:
    if task.type != "multiclass":
        return 0
    known = rows.y[~np.isnan(rows.y)].astype(np.int64)
    wanted = favourable_class(task)
    return wanted if wanted is not None else int(np.bincount(known).argmax()) if len(known) else 0


def feature_groups(X: pd.DataFrame, *, limit: float = CORRELATED) -> tuple[tuple[str, ...], ...]:
    """Features that stand in for each other, chained, in the order of the columns.

    Numbers by absolute rank correlation above `limit`. Where text is involved, by the informational coefficient of correlation
    sqrt(1 - exp(-2 I)) of the mutual information I in nats, numbers in ten bins: for normals it equals the correlation (Linfoot
    1957, Information and Control 1, 85-89). The mutual information is corrected for its bias (Miller & Madow).
    """
    names = [str(c) for c in X.columns]
    numeric = [_is_number(X[c]) for c in names]
    ranked = [
        X[c].rank(na_option="top").to_numpy(np.float64) if n else None for c, n in zip(names, numeric, strict=True)
    ]
    codes = [_codes(X[c], number=n) for c, n in zip(names, numeric, strict=True)]
    home = list(range(len(names)))
    for i in range(len(names)):
        for j in range(i):
            a, b = ranked[i], ranked[j]
            if a is not None and b is not None:
                strength = abs(float(np.corrcoef(a, b)[0, 1])) if np.ptp(a) > 0 and np.ptp(b) > 0 else 0.0
            else:
                strength = informational_correlation(codes[i], codes[j])
            if strength > limit:
                old, new = home[i], home[j]
                home = [new if h == old else h for h in home]
    return tuple(tuple(names[k] for k in range(len(names)) if home[k] == h) for h in dict.fromkeys(home))


def informational_correlation(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """sqrt(1 - exp(-2 I)) of two coded columns, in [0, 1)."""
    table = np.zeros((int(a.max(initial=0)) + 1, int(b.max(initial=0)) + 1))
    np.add.at(table, (a, b), 1.0)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    p = table / max(len(a), 1)
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    filled = p > 0
    information = float((p[filled] * np.log(p[filled] / expected[filled])).sum())
    bias = (filled.sum() - len(p) - p.shape[1] + 1) / (2 * max(len(a), 1))
    return float(np.sqrt(1 - np.exp(-2 * max(information - bias, 0.0))))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)


def _codes(column: pd.Series, *, number: bool) -> NDArray[np.int64]:
    """Bins 0, 1, ...; missing values are one of them."""
    if not number:
        return np.asarray(pd.factorize(column, use_na_sentinel=True)[0], np.int64) + 1
    share = (column.rank(na_option="top").to_numpy(np.float64) - 0.5) / max(len(column), 1)
    return np.minimum((share * 10).astype(np.int64), 9)
