"""Faults of rows and features, planted with a known size. Each returns None where the data cannot carry it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..core import subjects
from ..core.data import Batch, Grid, LevelBins, NumericBins, Role, with_columns
from ..stats.perturb import quantile_shift
from .row_sample import concat, take
from .worlds import Planted, World, some

T = TypeVar("T")
A_LITTLE = 1e-3


def feature_shift(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """One feature moved up by so many sigma on the scale of its normal scores; a different one at each turn."""
    batch, features = world.batch, list(world.grid.features)
    able = [j for j in range(len(features)) if movable(batch, world.grid, j)]
    if not able:
        return None
    j = able[turn % len(able)]
    return Planted(
        world=world.having(_shifted(batch, world.grid, j, size, rng)),
        subject=subjects.feature(features[j]),
        changed=1.0,
    )


def area_shift(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """One feature moved so far that the best classifier's AUC is .5 + size."""
    found = feature_shift(world, float(np.sqrt(2) * ndtri(0.5 + size)), rng, turn)
    return None if found is None else replace(found, subject="")


def latest_shift(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """One feature moved by so many sigma in the last three periods."""
    found = feature_shift(world, size, rng, turn)
    if found is None:
        return None
    last = world.batch.period >= len(world.grid.periods) - 4
    moved = found.world.batch
    codes = np.where(last[:, None], moved.codes, world.batch.codes)
    X = moved.X.where(np.broadcast_to(last[:, None], moved.X.shape), world.batch.X)
    return replace(found, world=world.having(replace(moved, codes=codes, X=X)), changed=float(last.mean()))


def movable(batch: Batch, grid: Grid, j: int) -> bool:
    """Whether a feature has spread: at most nine in ten rows in one bin."""
    known = batch.codes[:, j][batch.codes[:, j] != list(grid.features.values())[j].missing]
    return bool(len(known) and np.bincount(known).max() <= 0.9 * len(batch))


def _shifted(batch: Batch, grid: Grid, j: int, size: float, rng: np.random.Generator) -> Batch:
    """Every known value of a feature replaced by that of the row `size` sigma further up."""
    known = np.flatnonzero(batch.codes[:, j] != list(grid.features.values())[j].missing)
    column = batch.X.columns[j]
    ordered = np.argsort(batch.codes[known, j], kind="stable")
    place = np.empty(len(known))
    place[ordered] = np.arange(len(known), dtype=np.float64)
    donor = known[ordered[quantile_shift(place, size, rng.random(len(known))).astype(np.int64)]]
    codes = batch.codes.copy()
    codes[known, j] = batch.codes[donor, j]
    where = np.arange(len(batch))
    where[known] = donor
    X = with_columns(batch.X, {column: batch.X[column].take(where).set_axis(batch.X.index)})
    return replace(batch, X=X, codes=codes)


def missing_values(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the rows loses its value of one feature."""
    batch, (name, bins) = world.batch, _turn(list(world.grid.features.items()), turn)
    j = list(world.grid.features).index(name)
    hit = some(len(batch), size, rng)
    codes = batch.codes.copy()
    codes[hit, j] = bins.missing
    X = with_columns(batch.X, {batch.X.columns[j]: batch.X.iloc[:, j].mask(hit)})
    return Planted(
        world=world.having(replace(batch, X=X, codes=codes)), subject=subjects.feature(name), changed=hit.mean()
    )


def new_levels(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the rows gets a level of one feature that nobody has seen."""
    levels = {name: bins for name, bins in world.grid.features.items() if isinstance(bins, LevelBins)}
    if not levels:
        return None
    name, bins = _turn(list(levels.items()), turn)
    batch, j = world.batch, list(world.grid.features).index(name)
    hit = some(len(batch), size, rng)
    codes = batch.codes.copy()
    codes[hit, j] = bins.new
    column = batch.X.iloc[:, j].astype(object).mask(hit, "(planted)")
    X = with_columns(batch.X, {batch.X.columns[j]: column})
    return Planted(
        world=world.having(replace(batch, X=X, codes=codes)), subject=subjects.feature(name), changed=hit.mean()
    )


def copied_rows(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows is replaced by rows of train."""
    batch, source = world.batch, world.rows[Role.TRAIN]
    n = max(round(size * len(batch)), 1)
    kept = take(batch, np.sort(rng.permutation(len(batch))[n:]))
    moved = take(source, rng.choice(len(source), n, replace=n > len(source)))
    return Planted(world=world.having(concat(kept, moved)), subject="", changed=n / max(len(batch), 1))


def near_copies_of_train(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows is replaced by rows of train whose numbers are a thousandth of a standard deviation off."""
    batch, source = world.batch, world.rows[Role.TRAIN]
    numeric = [
        name
        for name, bins in world.grid.features.items()
        if isinstance(bins, NumericBins)
        and pd.api.types.is_numeric_dtype(source.X[name].dtype)
        and not pd.api.types.is_bool_dtype(source.X[name].dtype)
    ]
    if not numeric or not len(source):
        return None
    hit = some(len(batch), size, rng)
    moved = take(source, rng.choice(len(source), int(hit.sum()), replace=int(hit.sum()) > len(source)))
    held = moved.X[numeric].to_numpy(np.float64, na_value=np.nan)
    spread = np.nanstd(source.X[numeric].to_numpy(np.float64, na_value=np.nan), axis=0)
    X = with_columns(
        moved.X, dict(zip(numeric, (held + A_LITTLE * spread * rng.normal(size=held.shape)).T, strict=True))
    )
    moved = replace(moved, X=X, key=batch.key[hit], unit=batch.unit[hit])
    return Planted(
        world=world.having(concat(take(batch, np.flatnonzero(~hit)), moved)), subject="", changed=float(hit.mean())
    )


def repeated_keys(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows, at least one, comes twice."""
    batch = world.batch
    again = take(batch, np.flatnonzero(some(len(batch), size, rng)))
    return Planted(world=world.having(concat(batch, again)), subject="", changed=len(again) / max(len(batch), 1))


def rows_again(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Rows come a second time under new keys, so that this share of all of them is repeated."""
    batch = world.batch
    again = take(batch, np.flatnonzero(some(len(batch), size / max(2 - size, 1), rng)))
    renamed = replace(again, key=rng.integers(0, 2**63, len(again)).astype(np.uint64))
    return Planted(world=world.having(concat(batch, renamed)), subject="", changed=len(again) / max(len(batch), 1))


def _turn(held: Sequence[T], turn: int) -> T:
    return held[turn % len(held)]
