"""Rows whose scores cannot be used, as counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ..core.data import Batch, Grid
from .outcomes import out_of_range


@dataclass(frozen=True, slots=True)
class Unusable:
    """Rows; and per model those with a missing score and those with one out of range, of any class. What a row weighs is no matter."""

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
        return Unusable(
            len(batch),
            {m: int(np.isnan(s).any(axis=1).sum()) for m, s in batch.scores.items()},
            {
                m: int(out_of_range(s, probabilities=not grid.regression).any(axis=1).sum())
                for m, s in batch.scores.items()
            },
        )
