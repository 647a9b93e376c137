"""How many rows a role has, what they weigh, and how many independent units they are."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ..core.data import WEIGHT_ONE, Batch, Grid


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows; rows with an outcome; sum of weights and of squared weights, exact, in units of 2**-20 and 2**-40."""

    rows: int = 0
    labelled: int = 0
    weight: int = 0
    weight2: int = 0

    def __add__(self, other: Self) -> "Totals":
        """Of both sets of rows."""
        return Totals(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.weight + other.weight,
            self.weight2 + other.weight2,
        )

    @property
    def n_eff(self) -> float:
        """Kish's effective number of rows, (sum w)**2 / sum w**2; 0 where all weights are 0."""
        return self.weight * self.weight / self.weight2 if self.weight2 else 0.0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; whole numbers as text, for they may pass 2**53."""
        return {name: str(getattr(self, name)) for name in ("rows", "labelled", "weight", "weight2")}


@dataclass(frozen=True, slots=True)
class TotalsKind:
    """Totals over all rows."""

    portable: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """``totals``."""
        return "totals"

    def of(self, batch: Batch, grid: Grid) -> Totals:  # noqa: ARG002 - the protocol's signature
        """Totals of one batch."""
        if (batch.weight == WEIGHT_ONE).all():
            weight2 = len(batch) * WEIGHT_ONE * WEIGHT_ONE
        else:
            weight2 = int(
                sum(int(w) * int(w) * int(n) for w, n in zip(*np.unique(batch.weight, return_counts=True), strict=True))
            )
        labelled = int((~np.isnan(batch.y)).sum())
        return Totals(len(batch), labelled, int(batch.weight.sum()), weight2)

    def load(self, stored: dict[str, Any]) -> Totals:
        """A stored summary of this kind."""
        return Totals(**{name: int(held) for name, held in stored.items()})
