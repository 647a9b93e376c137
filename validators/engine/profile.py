"""Round 0: a bounded look at the data that freezes the grid for the scan."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Bins, Grid, LevelBins, NumericBins, Role
from ..core.errors import DataError
from ..io.tables import frames, partitions
from .encode import level_name, numbers, times, weights
from .keys import row_keys, units
from .score_bins import COARSE_SCORES, FINE_SCORES, between, even_cuts, quantile_cuts, same_length, score_cuts
from .trial import Trial

PROFILE_ROWS = 50_000
SCORE_ROWS = 20_000
FINE_BINS, COARSE_BINS = 512, 10
TOP_LEVELS, LEVEL_ROWS = 200, 5
MIN_DAYS = 20
MIN_UNITS = 12
STEPS = ("week", "fortnight", "month", "quarter")
BIN_ROLES = (Role.REFERENCE, Role.TRAIN, Role.TEST)
Scorer = Callable[[pd.DataFrame], Mapping[str, NDArray[np.float64]]]


def smallest_rows(trial: Trial, role: Role, size: int) -> pd.DataFrame:
    """The `size` rows of a role with the smallest key hashes, in that order."""
    held, keys = pd.DataFrame(), np.zeros(0, np.uint64)
    for part in partitions(trial.project.data[role]):
        for frame in frames(part, trial.columns_of[role]):
            key = row_keys(frame, trial)
            able = np.flatnonzero(key < keys[-1]) if 0 < size <= len(keys) else np.arange(len(key))
            if not len(able) and len(keys):
                continue
            held = frame if held.empty else pd.concat([held, frame.iloc[able]], ignore_index=True)
            keys = np.concatenate([keys, key[able]])
            order = np.argsort(keys, kind="stable")[:size]
            held, keys = held.iloc[order].reset_index(drop=True), keys[order]
    return held


def build_grid(trial: Trial, scorer: Scorer) -> Grid:
    """The grid: features from `reference` (else train, else test), scores from test, periods from production."""
    role = next(r for r in BIN_ROLES if r in trial.project.data)
    base = smallest_rows(trial, role, PROFILE_ROWS)
    if base.empty:
        raise DataError(f"role {role.value} has no rows; bins cannot be made")
    test = base if role is Role.TEST else smallest_rows(trial, Role.TEST, SCORE_ROWS)
    if test.empty:
        raise DataError("role test has no rows")
    test = test.iloc[:SCORE_ROWS]
    scores = scorer(test)
    regression = trial.task.type == "regression"
    grouping = _grouping(trial, {role: base, Role.TEST: test})
    keys, other = row_keys(base, trial), row_keys(test, trial)
    unit, theirs = (
        units(f, trial, grouping, k, times(f, trial.project.columns.time, r))
        for r, f, k in ((role, base, keys), (Role.TEST, test, other))
    )
    # where test has the same days or entities, what other rows of one know of a level is known to test too
    shared = np.isin(theirs, unit).mean() > 0.5
    target = numbers(test[trial.task.target].dropna()) if regression else np.zeros(0)
    spread = float(target.std()) if len(target) > 1 else 0.0
    if regression and spread == 0:
        raise DataError(f"target {trial.task.target!r} is constant in role test; nothing can be measured")
    columns = [np.concatenate([np.zeros(0), *(s[:, k] for s in scores.values())]) for k in range(trial.task.n_scores)]
    keep = (trial.task.threshold,) if trial.task.type == "binary" and trial.task.threshold is not None else ()
    fine, coarse = (
        same_length([score_cuts(c, size, keep, even_cuts(size, regression=regression)) for c in columns])
        for size in (FINE_SCORES, COARSE_SCORES)
    )
    return Grid(
        features={name: bins_of(base[name], keys if shared else unit) for name in trial.features},
        score_cuts=fine,
        score_coarse=coarse,
        regression=regression,
        scale=spread if regression else 1.0,
        target_mean=float(target.mean()) if regression else 0.0,
        periods=_periods(trial, grouping),
        grouping=grouping,
        slices={label: " & ".join(t.text for t in terms) for label, terms in trial.project.slices.items()},
        row_weights=_row_weights(trial),
        base=role,
        last_key=int(keys.max()),
    )


def _row_weights(trial: Trial) -> dict[Role, float]:
    """Per role with weights the one that counts as a row, over all rows; one whose weights are all 0 is left out."""
    column = trial.project.columns.weight
    found: dict[Role, float] = {}
    for role, path in trial.project.data.items():
        if column is not None and column in trial.columns_of[role]:
            held = np.concatenate([weights(f, column) for part in partitions(path) for f in frames(part, (column,))])
            most = float(held.max(initial=0.0))
            if most > 0:
                share = held / most  # summed with one rounding: the order of the rows does not matter
                found[role] = most * (math.fsum(share * share) / math.fsum(share))
    return found


def bins_of(column: pd.Series, unit: NDArray[np.uint64]) -> Bins:
    """Bins of a feature: quantiles of numbers (every distinct value where there are few), the most frequent levels otherwise.

    A level needs five rows, not all of one unit, for a bin of its own: what fewer have says little of how often it comes elsewhere.
    """
    dtype = column.dtype
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        values = numbers(column)
        return numeric_bins(values[np.isfinite(values)])
    code, distinct = pd.factorize(column, use_na_sentinel=True)
    names, place = np.unique(np.array([level_name(v) for v in distinct], dtype=object), return_inverse=True)
    known = code >= 0
    level = place[code[known]]
    rows = np.bincount(level, minlength=len(names))
    held = pd.DataFrame({"level": level, "unit": unit[known]}).drop_duplicates()
    by = np.bincount(held["level"], minlength=len(names))
    ordered = [int(k) for k in np.lexsort((np.arange(len(names)), -rows)) if rows[k] >= LEVEL_ROWS and by[k] > 1]
    own = ordered[:TOP_LEVELS]
    rest = np.setdiff1d(np.arange(len(names)), own)
    return LevelBins(
        levels=tuple(names[own]),
        rarer=frozenset(names[rest[by[rest] > 1]]),
        once=frozenset(names[rest[by[rest] == 1]]),
    )


def numeric_bins(values: NDArray[np.float64]) -> NumericBins:
    """Cuts between distinct values, thinned to quantiles, with a few cuts beyond the range so that far values show."""
    if not len(values):
        return NumericBins(cuts=np.zeros(0), coarse=np.zeros(1, np.int64))
    distinct = np.unique(values)
    cuts = between(distinct)
    if len(cuts) > FINE_BINS:
        cuts = quantile_cuts(values, distinct, FINE_BINS)
    low, high = distinct[0], distinct[-1]
    width = float(high - low) or max(abs(float(low)), 1.0)
    steps = width * np.array([1e-9, 0.1, 1.0, 10.0, 100.0])
    beyond = np.concatenate([low - steps[::-1], high + steps])
    cuts = np.unique(np.concatenate([beyond[: len(steps)], cuts, beyond[len(steps) :]]))
    code = np.searchsorted(cuts, values, side="right")
    mass = np.cumsum(np.bincount(code, minlength=len(cuts) + 1)) / len(values)
    before = np.concatenate([[0.0], mass[:-1]])
    middle = np.minimum((COARSE_BINS * (before + mass) / 2).astype(np.int64), COARSE_BINS - 1)
    return NumericBins(cuts=cuts, coarse=np.unique(middle, return_inverse=True)[1].astype(np.int64))


def _grouping(trial: Trial, rows: Mapping[Role, pd.DataFrame]) -> str:
    columns = trial.project.columns
    if columns.entity is not None:
        return "entity"
    for role, frame in rows.items():
        time = times(frame, columns.time, role)
        if time is None:
            return "row"
        days = len(np.unique(time[~np.isnat(time)].astype("datetime64[D]")))
        if days < MIN_DAYS or days >= len(time):
            return "row"
    return "day"


def _periods(trial: Trial, grouping: str) -> tuple[np.datetime64, ...]:
    """First days of the calendar periods of production, and the day after the last; empty without production or time.

    Weeks up to four months, months up to four years, quarters above; longer ones where half of the periods would have fewer than
    12 units of dependent rows in the profile, for then they have no interval.
    """
    column = trial.project.columns.time
    if Role.PRODUCTION not in trial.project.data or column is None:
        return ()
    if column not in trial.columns_of[Role.PRODUCTION]:
        return ()
    first, last = _span(trial, column)
    if first is None or last is None:
        return ()
    days = float((last - first) / np.timedelta64(1, "D"))
    sample = smallest_rows(trial, Role.PRODUCTION, SCORE_ROWS)
    time = times(sample, column, Role.PRODUCTION)
    if time is None:
        return ()
    unit = units(sample, trial, grouping, row_keys(sample, trial), time)
    found: tuple[np.datetime64, ...] = ()
    for step in STEPS[0 if days <= 124 else 2 if days <= 4 * 366 else 3 :]:
        found = calendar_periods(first, last, step)
        place = np.searchsorted(np.array(found, "datetime64[ns]"), time, side="right")
        held = [len(np.unique(unit[place == k])) for k in range(1, len(found))]
        if len(held) <= 4 or np.median(held) >= MIN_UNITS:
            return found
    return found


def _span(trial: Trial, column: str) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """Earliest and latest time of production, over all rows."""
    first, last = None, None
    for part in partitions(trial.project.data[Role.PRODUCTION]):
        for frame in frames(part, (column,)):
            held = times(frame, column, Role.PRODUCTION)
            held = held[~np.isnat(held)] if held is not None else np.zeros(0, "datetime64[ns]")
            if len(held):
                first = held.min() if first is None else min(first, held.min())
                last = held.max() if last is None else max(last, held.max())
    return first, last


def calendar_periods(first: np.datetime64, last: np.datetime64, step: str) -> tuple[np.datetime64, ...]:
    """Starts of the weeks, fortnights, months or quarters from the first time to the day after the last period."""
    if step in ("week", "fortnight"):
        width = np.timedelta64(7 if step == "week" else 14, "D")
        starts = [first.astype("datetime64[W]").astype("datetime64[D]")]
        while starts[-1] <= last:
            starts.append(starts[-1] + width)
        return tuple(starts)
    months = 1 if step == "month" else 3
    month = first.astype("datetime64[M]")
    month = month - (month.astype(np.int64) % months)
    held = [month]
    while held[-1].astype("datetime64[D]") <= last:
        held.append(held[-1] + months)
    return tuple(s.astype("datetime64[D]") for s in held)
