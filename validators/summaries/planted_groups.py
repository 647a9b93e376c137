"""A fault of one group, planted with a known size; and groups that mean nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Batch
from .groups import GroupOptions, partitions
from .worlds import Planted, World

FEW = 100


def regrouped(world: World, rng: np.random.Generator) -> World | None:
    """The sensitive columns dealt out anew over the rows: no group differs from another but by chance."""
    batch = world.batch
    if batch.sensitive.shape[1] == 0:
        return None
    dealt = batch.sensitive.iloc[rng.permutation(len(batch))].reset_index(drop=True)
    return world.having(replace(batch, sensitive=dealt))


def chosen_less_often(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In one group that share more of those decided in their favour no longer is: their scores cross the threshold."""
    batch, task, t = world.batch, world.task, world.task.threshold
    if task.type != "binary" or t is None or task.favourable is None:
        return None
    score = batch.scores[CANDIDATE].copy()
    high = task.favourable == task.positive
    chosen = (score[:, 0] >= t) if high else (score[:, 0] < t)
    able = [(c, inside) for c, inside in _groups(batch) if (inside & chosen).sum() >= FEW]
    if not able:
        return None
    column, inside = able[turn % len(able)]
    mine = np.flatnonzero(inside & chosen)
    hit = rng.permutation(mine)[: round(size * len(mine))]
    score[hit, 0] = t * 0.999 if high else t + (1 - t) * 1e-3
    return _grouped(world, replace(batch, scores={**batch.scores, CANDIDATE: score}), column, len(hit))


def outcomes_above(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In one group the outcomes lie above the scores by so many standard deviations of the outcome."""
    able = [(column, inside) for column, inside in _groups(world.batch) if inside.sum() >= 3 * FEW]
    return _raised(world, able, size, rng, turn)


def outcomes_above_in_a_cell(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """The same where a group of one column and a group of another meet."""
    held = _groups(world.batch, least=0)
    able = [
        (a, inside & other) for a, inside in held for b, other in held if a < b and (inside & other).sum() >= 3 * FEW
    ]
    return _raised(world, able, size, rng, turn)


def _raised(
    world: World, able: Sequence[tuple[str, NDArray[np.bool_]]], size: float, rng: np.random.Generator, turn: int
) -> Planted | None:
    batch = world.batch
    if not able or world.task.type == "multiclass":
        return None
    column, inside = able[turn % len(able)]
    y, spread = batch.y.copy(), float(np.nanstd(batch.y))
    if world.task.type == "regression":
        y[inside] += size * spread
        return _grouped(world, replace(batch, y=y), column, int(inside.sum()))
    zeros = np.flatnonzero(inside & (y == 0))
    count = round(size * spread * int(inside.sum()))
    if count > len(zeros):
        return None
    y[rng.choice(zeros, count, replace=False)] = 1.0
    return _grouped(world, replace(batch, y=y), column, count)


def _grouped(world: World, batch: Batch, column: str, count: int) -> Planted:
    return Planted(world=world.having(batch), subject=f"{subjects.quoted(column)}=", changed=count / max(len(batch), 1))


def _groups(batch: Batch, *, least: int = 1) -> list[tuple[str, NDArray[np.bool_]]]:
    """Column and members of every group but the largest (`least` = 0: of every group), numbers in bands."""
    return [
        (part.columns[0], part.code == k)
        for part in partitions(batch, GroupOptions())
        for k in np.argsort(-part.sizes(), kind="stable")[least:]
    ]


def found_less_often(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In one group that share more of its positives is no longer found: their scores fall below the threshold."""
    batch, t = world.batch, world.task.threshold
    if world.task.type != "binary" or t is None:
        return None
    score = batch.scores[CANDIDATE].copy()
    able = [(column, inside) for column, inside in _groups(batch) if (inside & (batch.y == 1)).sum() >= FEW]
    if not able:
        return None
    column, inside = able[turn % len(able)]
    positive = inside & (batch.y == 1)
    found = np.flatnonzero(positive & (score[:, 0] >= t))
    count = round(size * int(positive.sum()))
    if count > len(found):
        return None
    score[rng.choice(found, count, replace=False), 0] *= t * 0.999
    world = world.having(replace(batch, scores={**batch.scores, CANDIDATE: score}))
    return Planted(world=world, subject=f"group:{subjects.quoted(column)}=", changed=count / len(batch))
