"""Rows and events of each group of a partition, with the versions that leave out one group of dependent rows; rates out of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.records import Measurement
from ..stats.jackknife import leave_one_out
from ..stats.proportions import rate_interval
from .cells import divided
from .groups import Partition
from .scored_rows import ScoredRows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Weighted rows and events of each group of a partition; row 0 is all rows, the others leave out one group of dependent rows.

    Attributes
    ----------
    events, rows : (1 + g, k)
        Weighted sums.
    n : (k,)
        Rows, unweighted.
    squares : (k,)
        Sums of squared weights.
    units : (k,)
        Groups of dependent rows that hold some of its rows.
    independent
        Rows depend on no others, and all weigh the same.
    """

    events: Floats
    rows: Floats
    n: NDArray[np.int64]
    squares: Floats
    units: NDArray[np.int64]
    independent: bool

    def of(self, members: NDArray[np.bool_]) -> "Counts":
        """Several groups as one, (1 + g, 1); for dependent rows the number of groups is that of the most widespread member."""
        return Counts(
            self.events[:, members].sum(axis=1, keepdims=True),
            self.rows[:, members].sum(axis=1, keepdims=True),
            self.n[members].sum(keepdims=True),
            self.squares[members].sum(keepdims=True),
            self.units[members].max(initial=0, keepdims=True),
            self.independent,
        )

    @property
    def rate(self) -> Floats:
        """(1 + g, k) events over rows; NaN without rows."""
        return divided(self.events, self.rows)

    @property
    def n_eff(self) -> Floats:
        """(k,) Kish's effective rows."""
        found = np.divide(self.rows[0] ** 2, self.squares, out=np.zeros(len(self.n)), where=self.squares > 0)
        return np.asarray(found, np.float64)


def counts_of(rows: ScoredRows, part: Partition, event: NDArray[Any], of: NDArray[np.bool_] | None = None) -> Counts:
    """Sums of an event (or of a number) over the rows of each group, or over those of them that `of` marks."""
    inside = np.ones(rows.n, np.bool_) if of is None else of
    k, weight = len(part), rows.weight * inside
    cell = rows.group * k + part.code

    def sums(values: Floats) -> Floats:
        held = np.bincount(cell, weights=values, minlength=rows.groups * k).reshape(rows.groups, k)
        return np.concatenate([held.sum(axis=0)[None], leave_one_out(held, np.ones(rows.groups, np.bool_))])

    present = np.bincount(cell, weights=inside.astype(np.float64), minlength=rows.groups * k).reshape(rows.groups, k)
    return Counts(
        sums(weight * event),
        sums(weight),
        np.bincount(part.code[inside], minlength=k),
        np.bincount(part.code, weights=weight**2, minlength=k).astype(np.float64),
        (present > 0).sum(axis=0),
        rows.independent,
    )


def scatter_of(rows: ScoredRows, part: Partition, variance: Floats) -> Floats:
    """(k,) sums over each group of squared weight times variance: the variance of its weighted sum, for independent rows."""
    return np.bincount(part.code, weights=rows.weight**2 * variance, minlength=len(part)).astype(np.float64)


def rate_of(
    metric: str, subject: str, counts: Counts, *, min_cell: int, level: float = 0.95, note: str = ""
) -> Measurement:
    """One group's rate with Wilson's interval, of dependent rows on effective ones; `counts` holds that group alone."""
    n, p = int(counts.n[0]), float(counts.rate[0, 0])
    empty = Measurement(metric=metric, subject=subject, value=None, n=n, note=note)
    if n < min_cell or not np.isfinite(p):
        why = "no such rows" if n == 0 else f"{n} rows, fewer than {min_cell}: not shown"
        return replace(empty, note="; ".join(filter(None, (why, note))))
    rest = None if counts.independent else counts.rate[1:, 0]
    ends, n_eff = rate_interval(p, float(counts.n_eff[0]), rest, confidence=level, groups=int(counts.units[0]))
    return replace(
        empty,
        value=min(p, 1.0),
        low=ends.low,
        high=ends.high,
        level=level,
        n_eff=n_eff,
        method="Wilson on effective rows",
    )
