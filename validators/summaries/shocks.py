"""Scenarios made real on rows: changed features, tilted weights."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch, with_columns
from ..core.scenarios import Change, Scenario, Target
from ..stats.tilting import exponential_tilt
from .reactions import with_column

Floats = NDArray[np.float64]


def table_of(batch: Batch) -> pd.DataFrame:
    """What filters see: the features and the sensitive columns."""
    extra = [c for c in batch.sensitive if c not in batch.X]
    return pd.concat([batch.X, batch.sensitive[extra]], axis=1) if extra else batch.X


def shocked(batch: Batch, scenario: Scenario) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """The features under a scenario, and the rows in which any of them really differs.

    Changes are made one after the other; their filters see the rows as they were.
    """
    table, X = table_of(batch), batch.X
    for change in scenario.changes:
        inside = np.ones(len(X), np.bool_) if change.where is None else change.where(table)
        X = _changed(X, change, inside)
    differs = np.zeros(len(X), np.bool_)
    for name in scenario.features:
        a, b = X[name], batch.X[name]
        differs |= ~((a == b) | (a.isna() & b.isna())).to_numpy(dtype=bool, na_value=False)
    return X, differs


def _changed(X: pd.DataFrame, change: Change, inside: NDArray[np.bool_]) -> pd.DataFrame:
    name, column = change.feature, X[change.feature]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        values = column.astype(object).where(~inside, change.value)
        return with_columns(X, {name: values.astype(column.dtype) if pd.api.types.is_bool_dtype(column) else values})
    before = column.to_numpy(np.float64, na_value=np.nan)
    after = np.where(inside, _moved(before, change), before)
    whole = pd.api.types.is_integer_dtype(column) and bool(np.isfinite(after).all())
    return with_column(X, name, np.rint(after) if whole else after)


def _moved(values: Floats, change: Change) -> Floats:
    """All values under a change; missing ones stay missing unless they are set."""
    if change.action == "multiply":
        return np.asarray(values * change.value)
    if change.action == "add":
        return np.asarray(values + change.value)
    if change.action == "set":
        return np.full(len(values), float(change.value))
    if change.action == "clip":
        return np.clip(values, change.value[0], change.value[1])
    known = np.isfinite(values)
    pool = np.sort(values[known])
    middle = (np.searchsorted(pool, values[known], "left") + np.searchsorted(pool, values[known], "right")) / 2
    out, (levels, wanted) = values.copy(), zip(*change.value, strict=True)
    out[known] = np.interp(middle / max(len(pool), 1), levels, wanted)
    return out


def moments_of(table: pd.DataFrame, targets: Sequence[Target]) -> Floats:
    """(n, targets) what each target is the mean of: 1 in the rows of its filter, or the feature, missing values as its mean."""
    columns = []
    for target in targets:
        if target.where is not None:
            columns.append(target.where(table).astype(np.float64))
        else:
            values = table[str(target.feature)].to_numpy(np.float64, na_value=np.nan)
            known = np.isfinite(values)
            columns.append(np.where(known, values, values[known].mean() if known.any() else 0.0))
    return np.column_stack(columns) if columns else np.zeros((len(table), 0))


def aims(targets: Sequence[Target], now: Floats) -> Floats:
    """(targets,) means to be reached, from those that are."""
    wanted = [
        (t.value * at if t.where is not None else t.value + at) if t.relative else t.value
        for t, at in zip(targets, now, strict=True)
    ]
    return np.array(wanted)


def tilted(moments: Floats, wanted: Floats, weight: Floats) -> Floats | None:
    """Weights under which the moments have the wanted means; None where there are none."""
    return exponential_tilt(moments, wanted, weight)
