"""How many days after (or before) the decision each value became known, as exact counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..core.data import Batch, Grid

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lateness:
    """Per feature: distinct lateness in whole seconds with its rows, ascending; and rows with a value that lack one of the two times.

    Where there is neither a value nor a time, nothing was known, early or late. Lateness is kept to the second, rounded away from zero,
    so that a value known after the event is late by at least one.
    """

    days: Mapping[str, tuple[Counts, Counts]]
    unknown: Mapping[str, int]

    def __add__(self, other: Self) -> "Lateness":
        """Of both sets of rows."""
        return Lateness(
            {f: _merged(held, other.days[f]) for f, held in self.days.items()},
            {f: n + other.unknown[f] for f, n in self.unknown.items()},
        )

    def counts(self, name: str, embargo: float = 0.0) -> tuple[int, int, float]:
        """Rows with both times, rows known less than `embargo` days before the event or after it, and the largest lateness in days."""
        seconds, rows = self.days[name]
        late = seconds > -embargo * 86_400
        worst = float(seconds[late].max()) / 86_400 if late.any() else 0.0
        return int(rows.sum()), int(rows[late].sum()), worst

    def total(self, name: str) -> int:
        """Rows with both times or a value."""
        return int(self.days[name][1].sum()) + self.unknown[name]


@dataclass(frozen=True, slots=True)
class LatenessKind:
    """Lateness of every feature with a declared time."""

    portable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """``lateness``."""
        return "lateness"

    def of(self, batch: Batch, grid: Grid) -> Lateness:  # noqa: ARG002 - the protocol's signature
        """Of one batch."""
        held, unknown = {}, {}
        for name, days in batch.lateness.items():
            there = np.isfinite(days)
            known = days[there] * 86_400
            seconds, rows = np.unique(
                (np.sign(known) * np.ceil(np.abs(known) - 1e-6)).astype(np.int64), return_counts=True
            )
            held[name] = (seconds, rows.astype(np.int64))
            unknown[name] = int((~there & valued(batch, name)).sum())
        return Lateness(held, unknown)


def valued(batch: Batch, name: str) -> NDArray[np.bool_]:
    """(n,) where a feature has a value; everywhere where it is no feature of the model."""
    return np.asarray(batch.X[name].notna()) if name in batch.X else np.ones(len(batch), np.bool_)


def _merged(a: tuple[Counts, Counts], b: tuple[Counts, Counts]) -> tuple[Counts, Counts]:
    values, place = np.unique(np.concatenate([a[0], b[0]]), return_inverse=True)
    rows = np.bincount(place, weights=np.concatenate([a[1], b[1]]), minlength=len(values))
    return values, rows.astype(np.int64)
