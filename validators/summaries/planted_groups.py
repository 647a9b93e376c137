"""A fault of one group, planted with a known size; and groups that mean nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE
from .worlds import Planted, World

FEW, MOST_LEVELS = 100, 20


def regrouped(world: World, rng: np.random.Generator) -> World | None:
    """The sensitive columns dealt out anew over the rows: no group differs from another but by chance."""
    batch = world.batch
    if batch.sensitive.shape[1] == 0:
        return None
    dealt = batch.sensitive.iloc[rng.permutation(len(batch))].reset_index(drop=True)
    return world.having(replace(batch, sensitive=dealt))


def found_less_often(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In one group that share more of its positives is no longer found: their scores fall below the threshold."""
    batch, t = world.batch, world.task.threshold
    if world.task.type != "binary" or t is None:
        return None
    score = batch.scores[CANDIDATE].copy()
    able = [
        (column, inside)
        for column in batch.sensitive
        for inside in _smaller_groups(batch.sensitive[column])
        if (inside & (batch.y == 1)).sum() >= FEW
    ]
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


def _smaller_groups(column: pd.Series) -> list[np.ndarray]:
    """Members of every group of a column but the largest; none where the values are too many to be groups."""
    levels = column.value_counts().index
    return (
        [] if len(levels) > MOST_LEVELS else [(column == level).to_numpy(bool, na_value=False) for level in levels[1:]]
    )
