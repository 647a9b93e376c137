"""Faults of served rows, keys and columns, planted with a known size. Each returns None where the data cannot carry it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE, Role, with_columns
from .pairs import as_numbers, is_time
from .row_sample import take
from .worlds import Planted, World, keyed, some

DAYS_LATER = 30.0


def served(world: World, rng: np.random.Generator) -> World:
    """Production serves exactly what test holds, every key once."""
    rows = keyed(replace(world, into=Role.TEST), rng).batch
    schemas = {**world.schemas, Role.SERVING: world.schemas.get(Role.TEST, {})}
    return replace(world, rows={**world.rows, Role.SERVING: rows}, schemas=schemas)


def halves(world: World, rng: np.random.Generator) -> World:
    """Research has one random half of the rows of test, production the other; rows of one unit stay together."""
    rows = world.rows[Role.TEST]
    _, unit = np.unique(rows.unit, return_inverse=True)
    first = (rng.permutation(int(unit.max(initial=-1)) + 1) % 2 == 0)[unit]
    parts = {role: take(rows, np.flatnonzero(half)) for role, half in ((Role.TEST, first), (Role.SERVING, ~first))}
    schemas = {**world.schemas, Role.SERVING: world.schemas.get(Role.TEST, {})}
    return replace(world, rows={**world.rows, **parts}, schemas=schemas)


def other_values(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the rows is served another value of one feature."""
    batch = world.batch
    j = turn % batch.X.shape[1]
    hit = some(len(batch), size, rng)
    X = with_columns(batch.X, {str(batch.X.columns[j]): _otherwise(batch.X.iloc[:, j], hit)})
    return Planted(world=world.having(replace(batch, X=X)), subject=str(batch.X.columns[j]), changed=float(hit.mean()))


def _otherwise(column: pd.Series, hit: np.ndarray) -> pd.Series:
    """The column with values in some rows that differ from what they were, and from nothing where nothing was."""
    if is_time(column):
        later = (column + pd.Timedelta(days=1)).fillna(pd.Timestamp(0, tz=getattr(column.dt, "tz", None)))
        return column.where(~hit, later)
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = as_numbers(column)
        known = values[np.isfinite(values)]
        step = float(np.ptp(known)) / 2 if len(known) else 0.0
        moved = np.where(np.isfinite(values), values + (step or 1.0), 0.0)
        return pd.Series(np.where(hit, moved, values), index=column.index)
    return column.astype(object).mask(hit, "(planted)")


def scaled_feature(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One feature is served in thousandths of its unit, on every row."""
    batch = world.batch
    able = [c for c in batch.X if _positive(batch.X[c])]
    if not able:
        return None
    name = str(able[turn % len(able)])
    X = with_columns(batch.X, {name: batch.X[name] * 1000})
    return Planted(world=world.having(replace(batch, X=X)), subject=subjects.feature(name), changed=1.0)


def _positive(column: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    return bool(numeric and column.nunique() > 10 and column.quantile(0.1) > 0)


def other_scores(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows is served another score: a tenth towards the middle, or a standard deviation off."""
    batch = world.batch
    if CANDIDATE not in batch.scores:
        return None
    score = batch.scores[CANDIDATE].copy()
    hit = some(len(score), size, rng)
    spread = float(np.nanstd(score)) or 1.0
    score[hit] = score[hit] + spread if world.task.type == "regression" else score[hit] * 0.9 + 0.05 + 1e-3
    scores = {**batch.scores, CANDIDATE: score}
    return Planted(world=world.having(replace(batch, scores=scores)), subject="", changed=float(hit.mean()))


def dropped_keys(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted:  # noqa: ARG001
    """That share of the keys is not served."""
    gone = some(len(world.batch), size, rng)
    return Planted(world=world.having(take(world.batch, np.flatnonzero(~gone))), subject="", changed=float(gone.mean()))


def stale_values(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the rows is served the value of a month before."""
    return _aged(world, size, rng, turn, -DAYS_LATER)


def values_of_later(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the rows holds a value that became known a month after the decision."""
    return _aged(world, size, rng, turn, None)


def _aged(world: World, size: float, rng: np.random.Generator, turn: int, days: float | None) -> Planted | None:
    """Known so many days later than it was; None: a month after the decision."""
    batch = world.batch
    able = [f for f, held in batch.lateness.items() if (np.isfinite(held) & (held <= 0)).any()]
    if not able:
        return None
    name = able[turn % len(able)]
    held = batch.lateness[name].copy()
    known = np.flatnonzero(np.isfinite(held) & (held <= 0))
    hit = rng.permutation(known)[: max(round(size * len(known)), 1)]
    held[hit] = DAYS_LATER if days is None else held[hit] + days
    lateness: Mapping[str, np.ndarray] = {**batch.lateness, name: held}
    return Planted(
        world=world.having(replace(batch, lateness=lateness)),
        subject=subjects.feature(name),
        changed=len(hit) / len(batch),
    )


def absent_column(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One feature is not served."""
    held = dict(world.schemas.get(world.into, {}))
    names = [str(f) for f in world.batch.X if str(f) in held]
    if not names:
        return None
    name = names[turn % len(names)]
    del held[name]
    return Planted(world=replace(world, schemas={**world.schemas, world.into: held}), subject=name, changed=1.0)


def other_type(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One feature is served as text where it was a number, or the reverse."""
    held = dict(world.schemas.get(world.into, {}))
    names = [str(f) for f in world.batch.X if held.get(str(f)) in ("number", "text")]
    if not names:
        return None
    name = names[turn % len(names)]
    held[name] = "text" if held[name] == "number" else "number"
    return Planted(world=replace(world, schemas={**world.schemas, world.into: held}), subject=name, changed=1.0)
