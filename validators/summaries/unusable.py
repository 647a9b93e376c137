"""Rows whose scores cannot be used, as counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..core.data import Batch, Grid
from .outcomes import out_of_range

NEAR_ONE = 0.05
STEPS = 0.001, 0.01  # probabilities that were rounded to three decimals, or two, still add up


@dataclass(frozen=True, slots=True)
class Unusable:
    """Rows, whatever they weigh; and per model those with a missing score, and those with one out of range or that do not add up to 1."""

    rows: int
    missing: Mapping[str, int]
    outside: Mapping[str, int]

    def __add__(self, other: Self) -> "Unusable":
        """Of both sets of rows."""
        if self.missing.keys() != other.missing.keys():
            raise ValueError("scores of different models cannot be added")
        return Unusable(
            self.rows + other.rows,
            {m: k + other.missing[m] for m, k in self.missing.items()},
            {m: k + other.outside[m] for m, k in self.outside.items()},
        )


@dataclass(frozen=True, slots=True)
class UnusableKind:
    """Unusable scores of all rows."""

    portable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """``unusable``."""
        return "unusable"

    def of(self, batch: Batch, grid: Grid) -> Unusable:
        """Of one batch."""
        missing, outside = {}, {}
        for m, s in batch.scores.items():
            missing[m] = int(np.isnan(s).any(axis=1).sum())
            beyond = out_of_range(s, probabilities=not grid.regression).any(axis=1)
            if s.shape[1] > 1:
                beyond |= np.abs(s.sum(axis=1) - 1) > _room(s)
            outside[m] = int(beyond.sum())
        return Unusable(len(batch), missing, outside)


def _room(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) how far the sum of the probabilities may be from 1: more of many classes that are all rounded."""
    room = np.full(len(scores), NEAR_ONE)
    with np.errstate(invalid="ignore"):
        for step in STEPS:
            rounded = (np.abs(scores / step - np.rint(scores / step)) < 1e-3).all(axis=1)
            room[rounded] = max(NEAR_ONE, step / 2 * scores.shape[1])
    return room
