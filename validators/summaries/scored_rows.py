"""The rows of a sample that have an outcome and usable scores, with what their dependence asks for."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core.data import GROUPS, WEIGHT_ONE, Grid
from ..stats.jackknife import leave_one_out
from ..stats.recalibration import equal_mass_bins
from .quantities import QUANTITIES, per_row
from .row_sample import RowSample

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """Rows with an outcome and a usable score of every model asked for.

    Attributes
    ----------
    where : (n,)
        Positions in the sample.
    y, weight : (n,)
        Outcome and weight.
    scores, loss, expected
        Per model: (n, n_scores); (n,) loss and the loss that the model itself expects (`quantities.QUANTITIES`).
    group : (n,)
        Group of dependent rows, numbered without gaps; `groups` is their number.
    sampled, total
        Rows in the sample, and rows that it was drawn from.
    independent
        No entity or day joins rows, and all weigh the same.
    """

    where: NDArray[np.int64]
    y: Floats
    weight: Floats
    scores: dict[str, Floats]
    loss: dict[str, Floats]
    expected: dict[str, Floats]
    group: NDArray[np.int64]
    groups: int
    unit: NDArray[np.uint64]
    sampled: int
    total: int
    independent: bool

    @property
    def n(self) -> int:
        """Rows, unweighted."""
        return len(self.y)

    @property
    def n_eff(self) -> float | None:
        """Kish's effective number of rows; None where nothing has weight."""
        squares = float((self.weight**2).sum())
        return float(self.weight.sum()) ** 2 / squares if squares > 0 else None

    @property
    def note(self) -> str:
        """What part of the rows was used, where it is not all of them."""
        return f"on {self.sampled} of {self.total} rows" if self.sampled < self.total else ""

    def sums(self, *columns: Floats) -> Floats:
        """(1 + groups, columns): weighted sums over all rows, then without each group."""
        parts = [np.bincount(self.group, weights=self.weight * c, minlength=self.groups) for c in columns]
        held = np.stack(parts, axis=1) if parts else np.zeros((self.groups, 0))
        return np.concatenate([held.sum(axis=0)[None], leave_one_out(held, np.ones(self.groups, np.bool_))])

    def only(self, inside: NDArray[np.bool_]) -> "ScoredRows":
        """Some of the rows; groups without any are gone."""
        groups, group = np.unique(self.group[inside], return_inverse=True)
        return replace(
            self,
            where=self.where[inside],
            y=self.y[inside],
            weight=self.weight[inside],
            scores={m: s[inside] for m, s in self.scores.items()},
            loss={m: s[inside] for m, s in self.loss.items()},
            expected={m: s[inside] for m, s in self.expected.items()},
            group=group.astype(np.int64),
            groups=len(groups),
            unit=self.unit[inside],
        )

    def refitted(self, statistic: Callable[[Floats], Floats]) -> Floats:
        """(1 + groups, ...): a statistic of the weights, on all rows, then with the weight of each group set to zero."""
        found = [statistic(self.weight)]
        found += [statistic(np.where(self.group == g, 0.0, self.weight)) for g in range(self.groups)]
        return np.stack(found)


def scored_rows(sample: RowSample, grid: Grid, models: tuple[str, ...]) -> ScoredRows:
    """The rows of a sample that each of the models scored and that have an outcome and a weight."""
    batch = sample.rows
    tables = {m: per_row(batch.y, batch.scores[m], grid) for m in models}
    usable = np.logical_and.reduce([t.usable for t in tables.values()]) & (batch.weight > 0)
    where = np.flatnonzero(usable)
    groups, group = np.unique(batch.unit[where] % np.uint64(GROUPS), return_inverse=True)
    return ScoredRows(
        where=where,
        y=batch.y[where],
        weight=batch.weight[where] / WEIGHT_ONE,
        scores={m: batch.scores[m][where] for m in models},
        loss={m: t.values[where, QUANTITIES.index("loss")] for m, t in tables.items()},
        expected={m: t.values[where, QUANTITIES.index("expected")] for m, t in tables.items()},
        group=group.astype(np.int64),
        groups=len(groups),
        unit=batch.unit[where],
        sampled=len(batch),
        total=sample.total,
        independent=grid.grouping == "row" and len(np.unique(batch.weight[where])) == 1,
    )


def expected_squared_error(rows: ScoredRows, model: str, *, bins: int = 10) -> Floats:
    """(n,) squared error that a regression makes on all rows with predictions in the same tenth, in the units of `loss`.

    What is wider where values are larger is not thereby a weakness.
    """
    if rows.n == 0:
        return np.zeros(0)
    code = equal_mass_bins(rows.scores[model][:, 0], rows.weight, bins)
    total = np.bincount(code, weights=rows.weight * rows.loss[model])
    return np.asarray((total / np.bincount(code, weights=rows.weight))[code])
