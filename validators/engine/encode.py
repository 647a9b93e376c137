"""Frames into batches: keys, groups, outcomes, weights and bins, once per row for all summaries."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import WEIGHT_ONE, Batch, Bins, Grid, LevelBins, NumericBins, Role, Task
from ..core.errors import DataError
from ..core.times import WRITTEN, as_times
from ..io.declared import Project
from ..io.slices import members
from ..summaries.values import text_of
from .keys import key_order, row_keys, units, without_entity, without_key
from .trial import Trial


def batch_of(
    frame: pd.DataFrame, trial: Trial, grid: Grid, scores: Mapping[str, NDArray[np.float64]], role: Role
) -> Batch:
    """A frame as a batch; in served rows, text in a numeric feature is a missing value to the bins, and no error."""
    project, columns = trial.project, trial.project.columns
    n, served = len(frame), role is Role.SERVING
    X = frame[list(trial.features)]
    key = row_keys(frame, trial)
    codes = np.empty((n, len(grid.features)), dtype=np.int32, order="F")
    mine = key <= np.uint64(grid.last_key) if role is grid.base else None
    for j, (name, bins) in enumerate(grid.features.items()):
        codes[:, j] = encode(readable(X[name], bins) if served else X[name], bins, mine)
    time = times(frame, columns.time, role)
    period = np.full(n, -1, np.int64)
    if time is not None and len(grid.periods) > 1:
        place = np.searchsorted(np.array(grid.periods, "datetime64[ns]"), time, side="right") - 1
        period = np.where((place >= 0) & (place < len(grid.periods) - 1) & ~np.isnat(time), place, -1)
    slices = [members(project.slices[label], frame, strict=not served) for label in grid.slices]
    return Batch(
        X=X,
        codes=codes,
        y=outcomes(frame, trial.task),
        scores=scores,
        weight=fixed_weights(frame, columns.weight, grid.row_weights.get(role, 1.0)),
        key=key,
        unit=units(frame, trial, grid.grouping, key, time),
        period=period,
        slices=np.column_stack(slices) if slices else np.zeros((n, 0), dtype=np.bool_),
        sensitive=frame[[s for s in columns.sensitive if s in frame]],
        time=time,
        lateness=lateness(frame, project, time, role),
        immature=immature(frame, project, time, role),
        order=key_order(frame, trial),
        keyless=without_key(frame, trial),
        ownerless=without_entity(frame, trial),
    )


def lateness(
    frame: pd.DataFrame, project: Project, time: NDArray[np.datetime64] | None, role: Role
) -> dict[str, NDArray[np.float64]]:
    """Days from the event until each feature's value was known; empty without an event time."""
    if time is None:
        return {}
    known = {f: times(frame, column, role) for f, column in project.columns.available_at.items()}
    return {f: (at - time) / np.timedelta64(1, "D") for f, at in known.items() if at is not None}


def immature(
    frame: pd.DataFrame, project: Project, time: NDArray[np.datetime64] | None, role: Role
) -> NDArray[np.float64] | None:
    """1 where the outcome was read before its horizon was over, else 0, NaN without one of the times; None where not declared."""
    horizon, read = project.columns.label_horizon, times(frame, project.columns.label_time, role)
    if horizon is None or read is None or time is None:
        return None
    early = read < time + pd.Timedelta(horizon).to_timedelta64()
    return np.where(np.isnat(read) | np.isnat(time), np.nan, early)


def times(frame: pd.DataFrame, column: str | None, role: Role) -> NDArray[np.datetime64] | None:
    """Times of a column in UTC; None when none is declared or the role has none. Raises DataError for what is no time."""
    if column is None or column not in frame:
        return None
    held = as_times(frame[column])
    unread = frame[column][np.isnat(held)]
    strange = unread[unread.notna() & (unread.astype(object) != "")]
    if len(strange):
        raise DataError(
            f"[data] {role.value}: column {column!r} is read as a time and holds {str(strange.iloc[0])[:60]!r} "
            f"({len(strange):,} of {len(held):,} rows are no time); {WRITTEN}"
        )
    return held


def weights(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Sample weights as they are; raises DataError for what is none."""
    held = pd.to_numeric(frame[column], errors="coerce").to_numpy(np.float64)
    bad = int((~(np.isfinite(held) & (held >= 0))).sum())
    if bad:
        raise DataError(
            f"column {column!r} (weight): {bad} values are missing, negative or infinite; weights are 0 or more"
        )
    return np.asarray(held)


def fixed_weights(frame: pd.DataFrame, column: str | None, one: float) -> NDArray[np.int64]:
    """Sample weights in fixed point, `one` of them the weight of a row; one for each row where no column is declared."""
    if column is None or column not in frame:
        return np.full(len(frame), WEIGHT_ONE, np.int64)
    fixed: NDArray[np.int64] = np.rint(weights(frame, column) / one * WEIGHT_ONE).astype(np.int64)
    return fixed


def outcomes(frame: pd.DataFrame, task: Task) -> NDArray[np.float64]:
    """Outcome as a number: value, 1 for the positive class, or index of the class; NaN where missing."""
    if task.target not in frame:
        return np.full(len(frame), np.nan)
    held = frame[task.target]
    if task.type == "regression":
        values = pd.to_numeric(held, errors="coerce").to_numpy(np.float64)
        if np.isinf(values).any():
            raise DataError(f"target {task.target!r}: infinite values; outcomes are finite or missing")
        if (np.isnan(values) & held.notna().to_numpy()).any():
            raise DataError(f"target {task.target!r}: values that are not numbers in a regression")
        return values
    known = held.notna().to_numpy()
    index = np.full(len(frame), np.nan)
    for k, label in enumerate(task.classes):
        if label is not None:
            index[(held == label).to_numpy(dtype=bool, na_value=False) & known] = k
    strange = known & np.isnan(index)
    if strange.any():
        shown = ", ".join(repr(v) for v in pd.unique(held[strange])[:5])
        raise DataError(
            f"target {task.target!r}: unknown classes {shown}; the task has {', '.join(map(repr, task.classes))}"
        )
    return index


def encode(column: pd.Series, bins: Bins, mine: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Bin of every value; missing values have a bin of their own. `mine` are the rows, if any, that the bins were made of."""
    return _encode_numbers(column, bins) if isinstance(bins, NumericBins) else _encode_levels(column, bins, mine)


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """A numeric column as float64, times in nanoseconds since 1970, missing values as NaN; raises DataError where text is found."""
    if pd.api.types.is_datetime64_any_dtype(column):
        unit, size = ("ns", 1.0) if column.dt.unit == "ns" else ("us", 1e3)  # as integers, nanoseconds end in 2262
        held = column.to_numpy(f"datetime64[{unit}]")
        return np.where(np.isnat(held), np.nan, held.astype(np.int64) * size)
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan)
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    strange = np.isnan(values) & column.notna().to_numpy()
    if strange.any():
        raise DataError(
            f"feature {column.name!r} is numeric in the data that the bins come from, but {str(column[strange].iloc[0])[:60]!r} "
            f"was found in {int(strange.sum())} rows; make the types of all roles agree"
        )
    return values


def readable(column: pd.Series, bins: Bins) -> pd.Series:
    """A served column for the bins: text in a numeric feature becomes a missing value."""
    plain = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    return column if plain or not isinstance(bins, NumericBins) else pd.to_numeric(column, errors="coerce")


def _encode_numbers(column: pd.Series, bins: NumericBins) -> NDArray[np.int64]:
    values = numbers(column)
    code = np.searchsorted(bins.cuts, values, side="right").astype(np.int64)
    code[np.isnan(values)] = bins.missing
    return code


def _encode_levels(column: pd.Series, bins: LevelBins, mine: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    code, uniques = pd.factorize(column, use_na_sentinel=True)
    texts = [level_name(value) for value in uniques]
    place = {level: i for i, level in enumerate(bins.levels)}
    place |= dict.fromkeys(bins.rarer | bins.once, bins.remainder)
    found = np.array([*(place.get(text, bins.new) for text in texts), bins.missing], np.int64)[code]
    if mine is not None and bins.once:
        lone = np.array([*(text in bins.once for text in texts), False])
        found[mine & lone[code]] = bins.new
    return found


def level_name(value: Any) -> str:
    """A level as text; whole floats without their fraction, so that 1 and 1.0 are one level."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return text_of(value)
