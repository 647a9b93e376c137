"""One cell of outcomes as arrays, on all rows and again without each group of dependent rows, and intervals out of them.

Row 0 of every array is all rows, the others are jackknife replicates. Differences between models, classes or bins are
differences of such arrays, so what they have in common cancels. NaN inside stands for "undefined"; a measurement made of it
has the value None and says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.data import WEIGHT_ONE, Grid
from ..core.records import Measurement
from ..stats.interval import Interval, Scale, folded
from ..stats.jackknife import MIN_GROUPS, cross_fitted_spread, jackknife_interval, leave_one_out
from .outcomes import FIXED, PAIRED, Outcomes
from .quantities import QUANTITIES

CONSTANT = 2.0**-25  # variance that rounding each row to 2**-26 may leave of scores that are one
COUNTS = ("true_negatives", "false_positives", "false_negatives", "true_positives")
Floats = NDArray[np.float64]


class Counted(Protocol):
    """Rows that a measurement is made of."""

    @property
    def n(self) -> int:
        """Rows with an outcome, unweighted."""
        ...

    @property
    def n_eff(self) -> float | None:
        """Kish's effective number of rows."""
        ...

    @property
    def groups(self) -> int:
        """Groups of dependent rows that are not empty."""
        ...


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one cell of outcomes; every array has 1 + groups rows.

    Attributes
    ----------
    sums
        Per quantity (1 + groups,) sums of weight times it, in the units of `quantities.QUANTITIES`.
    negatives, positives
        Per score column (1 + groups, bins) weighted rows by score bin, lowest scores first, finite scores only.
    n
        Rows with an outcome, unweighted.
    equal_weights
        Whether each of them has a usable score and weighs one.
    paired
        Per quantity of `outcomes.PAIRED` the sums over the rows that both models scored; zero without a prior.
    """

    sums: Mapping[str, Floats]
    negatives: tuple[Floats, ...]
    positives: tuple[Floats, ...]
    n: int
    equal_weights: bool
    paired: Mapping[str, Floats]

    def mean(self, quantity: str) -> Floats:
        """(1 + groups,) weighted means of a quantity; NaN where no row has an outcome and a usable score."""
        return divided(self.sums[quantity], self.sums["w"])

    @property
    def n_eff(self) -> float | None:
        """Kish's effective number of rows with an outcome and a usable score; None where there is none."""
        w, w2 = float(self.sums["w"][0]), float(self.sums["w2"][0])
        return w * w / w2 if w2 > 0 else None

    @property
    def groups(self) -> int:
        """Groups of dependent rows that hold outcomes."""
        return len(self.sums["w"]) - 1

    @property
    def rarer(self) -> float:
        """Weighted rows of the rarer class (binary), else of the rarest one."""
        if len(self.positives) == 1:
            return float(min(self.negatives[0][0].sum(), self.positives[0][0].sum()))
        return float(min(p[0].sum() for p in self.positives))


def cell_of(outcomes: Outcomes, model: str, cell: int = 0) -> Cell:
    """The cell with its leave-one-group-out versions; groups without labelled rows are no replicates."""
    keep = outcomes.labelled[cell] > 0
    sums = stacked(outcomes.sums[model][cell] / FIXED, keep)
    columns = range(outcomes.scores[model].shape[1])
    histograms = [outcomes.histogram(model, cell, s)[:, :, :-2] for s in columns]
    w, w2 = float(sums[0, QUANTITIES.index("w")]), float(sums[0, QUANTITIES.index("w2")])
    n = int(outcomes.labelled[cell].sum())
    paired = stacked(np.stack([outcomes.paired_sum(q, cell) for q in PAIRED], axis=1), keep)
    return Cell(
        {q: sums[:, k] for k, q in enumerate(QUANTITIES)},
        tuple(stacked(h[:, 0], keep) for h in histograms),
        tuple(stacked(h[:, 1], keep) for h in histograms),
        n,
        bool(w > 0 and abs(w - n) < 1e-6 * max(n, 1) and abs(w2 - n) < 1e-6 * max(n, 1)),
        {q: paired[:, k] for k, q in enumerate(PAIRED)},
    )


def classes_held(outcomes: Outcomes, model: str, cell: int = 0, *, least: float = 0.0) -> NDArray[np.bool_]:
    """(n_scores,) classes with so many scored rows, in at least 8 groups (in all where there are fewer): others lack a jackknife."""
    rows = outcomes.scores[model][cell, :, :, 1, :-2].sum(axis=2) / WEIGHT_ONE
    groups = max(min(MIN_GROUPS, np.count_nonzero(outcomes.labelled[cell])), 1)
    return np.asarray((np.count_nonzero(rows, axis=1) >= groups) & (rows.sum(axis=1) >= least))


def stacked(per_group: Floats, keep: NDArray[np.bool_]) -> Floats:
    """(1 + groups kept, ...): the sum over all groups, then the sum without each kept one."""
    return np.concatenate([np.asarray(per_group, np.float64).sum(axis=0)[None], leave_one_out(per_group, keep)])


def divided(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient; NaN, for "undefined", where the denominator is not positive."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    return np.asarray(np.divide(numerator, denominator, out=np.full(shape, np.nan), where=np.asarray(denominator) > 0))


def cuts_of(cell: Cell, grid: Grid, column: int = 0) -> Floats:
    """The score cuts that the cell's histograms were made with: fine ones, or those of large cubes."""
    fine = cell.negatives[0].shape[1] == len(grid.score_cuts[0]) + 1
    return (grid.score_cuts if fine else grid.score_coarse)[column]


def counts_at(cell: Cell, threshold: float, grid: Grid) -> dict[str, Floats]:
    """Weighted rows by decision and outcome (`COUNTS`); a score at the threshold or above is called positive.

    Exact, for the threshold is one of the grid's cuts.
    """
    first = int(np.searchsorted(cuts_of(cell, grid), threshold, side="right"))
    negatives, positives = cell.negatives[0], cell.positives[0]
    parts = (negatives[:, :first], negatives[:, first:], positives[:, :first], positives[:, first:])
    return dict(zip(COUNTS, (p.sum(axis=1) for p in parts), strict=True))


def single_scores(cell: Cell, grid: Grid, column: int = 0) -> NDArray[np.bool_]:
    """(bins,) which bins hold one score only, so that pairs within them are ties; all of them where all scores of the cell are one.

    That is where all lie in one bin and those of the most probable class do not vary.
    """
    cuts, w = cuts_of(cell, grid, column), cell.sums["w"][0]
    variance = divided(cell.sums["score2"], w)[0] - divided(cell.sums["score"], w)[0] ** 2
    alone = np.count_nonzero(cell.negatives[column][0] + cell.positives[column][0]) == 1
    if alone and variance * w < CONSTANT * cell.n:
        return np.ones(len(cuts) + 1, np.bool_)
    return np.concatenate([[False], np.nextafter(cuts[:-1], np.inf) >= cuts[1:], [False]])[: len(cuts) + 1]


def measured(
    metric: str,
    subject: str,
    values: Floats,
    cell: Counted,
    *,
    level: float = 0.95,
    scale: Scale = "identity",
    bound: float = 0.0,
    fold: bool = False,
    size: float | None = None,
    folds: int = 0,
    note: str = "",
    undefined: str = "",
) -> Measurement:
    """A measurement out of a (1 + groups,) array, with its jackknife interval; without an interval there is no value.

    Parameters
    ----------
    values : (1 + groups,)
        The value on all rows, then the replicates.
    cell : Counted
        Whose rows they are: a cell, or scored rows.
    bound : float
        How far binning may have moved the value; added to both ends.
    fold : bool
        Report the absolute value; its interval starts at 0 where the signed one holds 0.
    folds : int
        Folds that were each judged by a learner of the others, if so (`stats.jackknife.cross_fitted_spread`).
    undefined : str
        Why the value is undefined, if it is.
    """
    value = float(values[0])

    def record(value: float | None, note: str, ends: Interval | None = None, method: str = "") -> Measurement:
        return Measurement(
            metric=metric, subject=subject, value=value, low=None if ends is None else ends.low, high=None if ends is None else ends.high,
            level=None if ends is None else level, method=method, n=cell.n, n_eff=cell.n_eff, size=size, note=note,
        )  # fmt: skip

    if not np.isfinite(value):
        return record(None, undefined or (why_undefined(cell) if isinstance(cell, Cell) else "undefined on these rows"))
    replicates = cross_fitted_spread(values[1:], folds) if folds else values[1:]
    ends = jackknife_interval(value, replicates, confidence=level, scale=scale)
    if ends is None:
        few = f"{cell.groups} groups of dependent rows; an interval takes {MIN_GROUPS}"
        why = few if cell.groups < MIN_GROUPS else "undefined without one of its groups"
        return record(None, f"no interval: {why}; the value on these rows is {value:.4g}")
    ends = widened(ends, bound, scale)
    if fold:
        value, ends = abs(value), folded(ends)
    method = f"jackknife over {cell.groups} groups" + ("" if scale == "identity" else f", {scale} scale")
    method += ", cross-fitted" if folds else ""
    return record(value, note, ends, method)


def widened(ends: Interval, bound: float, scale: Scale = "identity") -> Interval:
    """An interval with the binning error on both sides, kept within the range of its scale."""
    low, high = ends.low - bound, ends.high + bound
    if scale == "identity":
        return Interval(low, high)
    return Interval(max(low, 0.0), min(high, 1.0) if scale == "logit" else high)


def why_undefined(cell: Cell) -> str:
    """Why a metric of a cell is undefined, in words."""
    if cell.n == 0:
        return "there is no row with an outcome here"
    if not cell.sums["w"][0] > 0:
        return "no row with an outcome has a usable score and a weight"
    if len(cell.positives) == 1 and cell.positives[0][0].sum() + cell.negatives[0][0].sum() > 0:
        if not cell.positives[0][0].sum() > 0:
            return "no positive rows"
        if not cell.negatives[0][0].sum() > 0:
            return "no negative rows"
    return "undefined: a class or a denominator is empty"
