"""Faults that a model of the right size would not have, planted with a known size: structure left, and a worst tenth."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.data import CANDIDATE, GROUPS, Batch, Role
from .excess import excess_loss
from .planted_rows import movable
from .quantities import QUANTITIES, per_row
from .row_sample import RowSample
from .scored_rows import scored_rows
from .worlds import Planted, World, redrawn

Changing = tuple[Callable[[int], Batch], int]
LOSS = QUANTITIES.index("loss")
TENTH, FIFTH = 0.1, 0.2


def structure_left(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Scores too high for one half of a feature's values and too low for the other: that share of the squared error can be foretold."""
    batch = world.batch
    upper = next(_parts(world, turn, 0.5), None)
    if world.task.type == "multiclass" or upper is None or not 0 < size < 1:
        return None
    score = batch.scores[CANDIDATE]
    known = np.isfinite(score[:, 0]) & np.isfinite(batch.y)
    error = float(((batch.y - score[:, 0])[known] ** 2).mean())
    sign = np.where(upper, 1.0, -1.0)
    for step in np.sqrt(size / (1 - size) * error) * np.geomspace(1.0, 4.0, 40):
        moved = score[:, 0] + sign * step
        if world.task.type == "binary":
            moved = np.clip(moved, 0.5 * np.fmin(score[:, 0], 1e-3), 1 - 0.5 * np.fmin(1 - score[:, 0], 1e-3))
        square = float(((moved - score[:, 0])[known] ** 2).mean())
        if square >= size * (error + square):
            planted = {**batch.scores, CANDIDATE: moved[:, None]}
            return Planted(world=world.having(replace(batch, scores=planted)), subject="", changed=1.0)
    return None


def worst_tenth(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In a tenth of the rows, where one feature is smallest, outcomes are turned (errors enlarged) until the loss exceeds what is expected
    by `size`.
    """
    tried = (_excess(world, inside, size * float(inside.mean()), rng) for inside in _parts(world, turn, TENTH))
    return next(filter(None, tried), None)


def hidden_slice_excess(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In about a fifth of the rows, where one feature is smallest, outcomes are turned (errors enlarged) until that adds `size` to the
    mean loss.
    """
    return next(filter(None, (_excess(world, inside, size, rng) for inside in _parts(world, turn, FIFTH))), None)


def redrawn_alone(world: World, rng: np.random.Generator) -> World:
    """As redrawn; in regression without outcomes in train, whose errors would tell of another world what is natural."""
    drawn = redrawn(world, rng)
    if world.task.type != "regression" or Role.TRAIN not in world.rows:
        return drawn
    train = world.rows[Role.TRAIN]
    return replace(drawn, rows={**drawn.rows, Role.TRAIN: replace(train, y=np.full(len(train), np.nan))})


def _added(world: World, batch: Batch, inside: NDArray[np.bool_]) -> float:
    """What the rows inside add to the mean loss beyond what is expected there, in mean losses, as the checks measure it."""
    rows = scored_rows(RowSample(batch, len(batch), max(len(batch), 1)), world.grid, (CANDIDATE,))
    mean = float(np.average(rows.loss[CANDIDATE], weights=rows.weight)) if rows.n else 0.0
    if not mean > 0:
        return 0.0
    half = rows.unit // np.uint64(GROUPS) % np.uint64(2) == 0
    over = excess_loss(rows, CANDIDATE, world.task, half)
    return float(np.average(over * inside[rows.where], weights=rows.weight)) / mean


def _excess(world: World, inside: NDArray[np.bool_], wanted: float, rng: np.random.Generator) -> Planted | None:
    """Outcomes changed inside until the excess loss there adds `wanted` mean losses to the mean; None where that is not to be had.

    What is expected is recalibrated as the checks do it: turned outcomes also flatten what all rows may be expected to lose.
    """
    after, most = _enlarged(world.batch, inside) if world.task.type == "regression" else _turned(world, inside, rng)

    def added(steps: int) -> float:
        return _added(world, after(steps), inside)

    # outcomes of nearly all rows turned are no surprise any more: look where it still rises
    low, high = 0, 1
    while added(high) < wanted:
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if added(middle) >= wanted else (middle, high)
    planted = after(high)
    changed = np.isfinite(world.batch.y) & (planted.y != world.batch.y)
    return Planted(world=world.having(planted), subject="", changed=float(changed.mean()))


def _turned(world: World, inside: NDArray[np.bool_], rng: np.random.Generator) -> Changing:
    """So many outcomes inside become the least likely class."""
    batch = world.batch
    score = batch.scores[CANDIDATE]
    other = score.argmin(axis=1).astype(np.float64) if world.task.type == "multiclass" else 1 - batch.y
    now, then = (per_row(y, score, world.grid) for y in (batch.y, other))
    order = rng.permutation(np.flatnonzero(inside & now.usable))
    order = order[(then.values - now.values)[order, LOSS] > 0]

    def after(count: int) -> Batch:
        y = batch.y.copy()
        y[order[:count]] = other[order[:count]]
        return replace(batch, y=y)

    return after, len(order)


def _enlarged(batch: Batch, inside: NDArray[np.bool_]) -> Changing:
    """All errors inside become larger by so many hundredths, at most eightfold."""
    score = batch.scores[CANDIDATE][:, 0]
    hit = inside & np.isfinite(score)

    def after(hundredths: int) -> Batch:
        return replace(batch, y=np.where(hit, score + (1 + hundredths / 100) * (batch.y - score), batch.y))

    return after, 700


def _parts(world: World, turn: int, share: float) -> Iterator[NDArray[np.bool_]]:
    """Rows with the smallest values of one feature, as near to that share as its bins allow; another feature first at each turn."""
    batch, d = world.batch, len(world.grid.features)
    for j in np.roll(np.arange(d), -(turn % max(d, 1))).tolist():
        if movable(batch, world.grid, j):
            reached = np.cumsum(np.bincount(batch.codes[:, j])) / len(batch)
            code = int(np.abs(reached - share).argmin())
            if share / 2 <= reached[code] <= min(2 * share, 0.75):
                yield batch.codes[:, j] <= code
