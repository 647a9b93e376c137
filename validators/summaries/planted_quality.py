"""Faults of labels, keys and single columns, planted with a known size. Each returns None where the data cannot carry it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ..core import subjects
from ..core.data import Batch, LevelBins, NumericBins, Role, with_columns
from .planted_rows import movable
from .row_sample import take
from .worlds import Planted, World, some

Floats = NDArray[np.float64]
A_YEAR, UNIT, PLACEHOLDER_SHARE, UNIT_SHARE = 366.0, 1000.0, 0.01, 0.1


def matured(world: World, rng: np.random.Generator) -> World | None:  # noqa: ARG001 - every null has one signature
    """Every outcome of which it is known was read after its horizon."""
    if world.batch.immature is None:
        return None
    read = {r: None if b.immature is None else np.minimum(b.immature, 0.0) for r, b in world.rows.items()}
    return replace(world, rows={r: replace(b, immature=read[r]) for r, b in world.rows.items()})


def in_time(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """Every value was known a year before the decision."""
    rows = {
        role: replace(b, lateness={f: np.where(np.isfinite(v), -A_YEAR, np.nan) for f, v in b.lateness.items()})
        for role, b in world.rows.items()
    }
    return replace(world, rows=rows)


def apart(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """Only the rows whose key train does not hold."""
    new = ~np.isin(world.batch.key, world.rows[Role.TRAIN].key)
    return world.having(take(world.batch, np.flatnonzero(new)))


def smooth(world: World, rng: np.random.Generator) -> World:
    """Numbers become a smooth function of their rank, levels plain words: no codes, no units, no identifiers."""
    rows = {role: replace(b, X=_smooth(b, world, rng)) for role, b in world.rows.items()}
    return replace(world, rows=rows)


def _smooth(batch: Batch, world: World, rng: np.random.Generator) -> pd.DataFrame:
    changed = {}
    for name, bins in world.grid.features.items():
        column = batch.X[name]
        if isinstance(bins, LevelBins):
            changed[name] = column.astype(object).map(lambda v: f"level {v} as it is", na_action="ignore")
        elif pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            values = column.to_numpy(np.float64, na_value=np.nan)
            known = np.flatnonzero(np.isfinite(values))
            order = np.lexsort((rng.random(len(known)), values[known]))
            out = np.full(len(values), np.nan)
            out[known[order]] = np.exp(0.3 * ndtri((np.arange(len(known)) + 0.5) / max(len(known), 1)))
            changed[name] = pd.Series(out, index=column.index)
    return with_columns(batch.X, changed)


def outcomes_dealt(world: World, rng: np.random.Generator) -> World:
    """The outcomes dealt out anew over the rows: no feature knows them."""
    return world.having(replace(world.batch, y=rng.permutation(world.batch.y)))


def read_too_early(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the outcomes was read before its horizon."""
    batch = world.batch
    if batch.immature is None:
        return None
    hit = some(len(batch), size, rng)
    return Planted(
        world=world.having(replace(batch, immature=np.where(hit, 1.0, batch.immature))),
        subject=subjects.rows(world.into.value),
        changed=float(hit.mean()),
    )


def copied_keys(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows has a key of train."""
    batch, source = world.batch, world.rows[Role.TRAIN]
    theirs = source.key if source.keyless is None else source.key[~source.keyless]
    if not len(theirs):
        return None
    hit = some(len(batch), size, rng)
    key = batch.key.copy()
    key[hit] = rng.choice(theirs, int(hit.sum()))
    keyless = None if batch.keyless is None else batch.keyless & ~hit
    return Planted(world=world.having(replace(batch, key=key, keyless=keyless)), subject="", changed=float(hit.mean()))


def placeholders(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One row in a hundred holds -999 in one feature of numbers."""
    hit = some(len(world.batch), PLACEHOLDER_SHARE, rng)
    return _in_numbers(world, turn, lambda v: np.where(hit & np.isfinite(v), -999.0, v), PLACEHOLDER_SHARE)


def two_units(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One row in ten holds one feature in thousandths of its unit."""
    hit = some(len(world.batch), UNIT_SHARE, rng)
    return _in_numbers(world, turn, lambda v: np.where(hit, v * UNIT, v), UNIT_SHARE)


def serial_numbers(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One feature numbers the rows of every role."""
    names = numbers(world.batch, world)
    if not names:
        return None
    name = names[turn % len(names)]
    rows = {r: replace(b, X=with_columns(b.X, {name: np.arange(len(b), dtype=float)})) for r, b in world.rows.items()}
    return Planted(world=replace(world, rows=rows), subject=name, changed=1.0)


def _in_numbers(world: World, turn: int, change: Callable[[Floats], Floats], share: float) -> Planted | None:
    batch, names = world.batch, numbers(world.batch, world)
    if not names:
        return None
    name = names[turn % len(names)]
    values = batch.X[name].to_numpy(np.float64, na_value=np.nan)
    X = with_columns(batch.X, {name: pd.Series(change(values), index=batch.X.index)})
    return Planted(world=world.having(replace(batch, X=X)), subject=subjects.feature(name), changed=share)


def numbers(batch: Batch, world: World) -> list[str]:
    """Features of numbers with spread that are mostly known."""
    return [
        name
        for j, (name, bins) in enumerate(world.grid.features.items())
        if isinstance(bins, NumericBins)
        and pd.api.types.is_numeric_dtype(batch.X[name].dtype)
        and not pd.api.types.is_bool_dtype(batch.X[name].dtype)
        and movable(batch, world.grid, j)
        and float(batch.X[name].notna().mean()) > 0.5
    ]


def mixed_types(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """One row of a feature of words holds a number."""
    names = [f for f, bins in world.grid.features.items() if isinstance(bins, LevelBins)]
    if not names:
        return None
    batch, name = world.batch, names[turn % len(names)]
    known = np.flatnonzero(batch.X[name].notna())
    if not len(known):
        return None
    hit: NDArray[np.bool_] = np.zeros(len(batch), np.bool_)
    hit[rng.choice(known, max(round(size * len(known)), 1), replace=False)] = True
    X = with_columns(batch.X, {name: batch.X[name].astype(object).mask(hit, "17")})
    return Planted(world=world.having(replace(batch, X=X)), subject=subjects.feature(name), changed=float(hit.mean()))


def emptied_feature(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted:  # noqa: ARG001
    """One feature is missing on every row."""
    batch = world.batch
    j = turn % len(world.grid.features)
    name = list(world.grid.features)[j]
    codes = batch.codes.copy()
    codes[:, j] = list(world.grid.features.values())[j].missing
    X = with_columns(batch.X, {name: batch.X[name].mask(np.ones(len(batch), np.bool_))})
    return Planted(world=world.having(replace(batch, X=X, codes=codes)), subject=subjects.feature(name), changed=1.0)


def outcome_copied(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted:  # noqa: ARG001
    """One feature holds the outcome on every row."""
    batch = world.batch
    name = list(world.grid.features)[turn % len(world.grid.features)]
    X = with_columns(batch.X, {name: pd.Series(batch.y, index=batch.X.index)})
    return Planted(world=world.having(replace(batch, X=X)), subject=subjects.feature(name), changed=1.0)
