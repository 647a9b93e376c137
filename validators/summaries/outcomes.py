"""Scores and outcomes boiled down: sums of per-row quantities and score histograms by class.

Over all rows, by period or by declared slice. Everything that the metrics need, and no row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..core.data import CANDIDATE, GROUPS, LARGE_CUBE_GROUPS, PRIOR, WEIGHT_ONE, Batch, Grid
from .codec import decode_array, encode_array
from .feature_counts import add_up
from .quantities import SCALE, per_row

Members = list[NDArray[np.int64] | slice]
NO_CLASS = 2
FIXED = 1 << 26
PAIRED = ("w", "loss", "loss2", "error", "error2")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Sums and score histograms per cell and group of dependent rows.

    Attributes
    ----------
    rows : (cells, groups) int64
        Rows, unweighted, with or without an outcome.
    labelled : (cells, groups) int64
        Rows with an outcome, unweighted.
    sums
        Per model (cells, groups, len(QUANTITIES)) int64, in units of 2**-26: sums of weight times the quantity, over rows
        with an outcome and a usable score. Regression quantities are in units of the grid's scale.
    scores
        Per model (cells, n_scores, groups, 3, bins) int64 weights in units of 2**-20. The axis of 3 is: negative, positive,
        no outcome (or regression). The last two bins hold scores out of range and missing scores.
    paired : (cells, groups, 5) int64
        Over rows scored by both models and with an outcome, in units of 2**-26: weight; loss of the candidate minus that of the
        prior, and its square; the same for the second loss of `QUANTITIES`, "error".
    """

    rows: NDArray[np.int64]
    labelled: NDArray[np.int64]
    sums: Mapping[str, NDArray[np.int64]]
    scores: Mapping[str, NDArray[np.int64]]
    paired: NDArray[np.int64]

    def __add__(self, other: Self) -> "Outcomes":
        """Of both sets of rows; raises OverflowError rather than wrap around."""
        if self.sums.keys() != other.sums.keys():
            raise ValueError("outcomes of different models cannot be added")
        return Outcomes(
            self.rows + other.rows,
            self.labelled + other.labelled,
            {m: _exact_sum(held, other.sums[m]) for m, held in self.sums.items()},
            {m: held + other.scores[m] for m, held in self.scores.items()},
            _exact_sum(self.paired, other.paired),
        )

    def paired_sum(self, quantity: str, cell: int = 0) -> NDArray[np.float64]:
        """(groups,) float sums over the rows scored by both models."""
        return self.paired[cell, :, PAIRED.index(quantity)] / FIXED

    def histogram(self, model: str, cell: int = 0, column: int = 0) -> NDArray[np.float64]:
        """(groups, 3, bins) weighted rows: negative, positive, no class; the last two bins are out of range and missing."""
        return np.asarray(self.scores[model][cell, column], np.float64) / WEIGHT_ONE

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "rows": encode_array(self.rows),
            "labelled": encode_array(self.labelled),
            "sums": {m: encode_array(a) for m, a in self.sums.items()},
            "scores": {m: encode_array(a) for m, a in self.scores.items()},
            "paired": encode_array(self.paired),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Outcomes":
        """Inverse of `to_json`."""
        return cls(
            decode_array(stored["rows"]),
            decode_array(stored["labelled"]),
            {m: decode_array(a) for m, a in stored["sums"].items()},
            {m: decode_array(a) for m, a in stored["scores"].items()},
            decode_array(stored["paired"]),
        )


@dataclass(frozen=True, slots=True)
class OutcomesKind:
    """Outcomes over all rows (fine score bins, 50 groups), by period or by declared slice (coarse, 20 groups)."""

    by: Literal["all", "period", "slice"] = "all"
    portable: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """``outcomes/period``."""
        return f"outcomes/{self.by}"

    def of(self, batch: Batch, grid: Grid) -> Outcomes:
        """Outcomes of one batch."""
        groups = GROUPS if self.by == "all" else LARGE_CUBE_GROUPS
        cuts = grid.score_cuts if self.by == "all" else grid.score_coarse
        group = (batch.unit % np.uint64(groups)).astype(np.int64)
        members = self._members(batch, grid)
        labelled = ~np.isnan(batch.y)
        tables = {m: per_row(batch.y, s, grid) for m, s in batch.scores.items()}
        weight = batch.weight / SCALE
        sums = {}
        for m, t in tables.items():
            values = np.column_stack([t.values[:, :-1], weight])
            sums[m] = self._summed(members, group, groups, values, t.usable, weight)
        paired = np.zeros((len(members), groups, len(PAIRED)), np.int64)
        if CANDIDATE in tables and PRIOR in tables:
            a, b = tables[CANDIDATE], tables[PRIOR]
            loss, error = a.values[:, 1] - b.values[:, 1], a.values[:, 2] - b.values[:, 2]
            table = np.column_stack([np.ones_like(loss), loss, loss**2, error, error**2])
            paired = self._summed(members, group, groups, table, a.usable & b.usable, weight)
        return Outcomes(
            _rows(members, group, groups, np.ones(len(batch), np.int64)),
            _rows(members, group, groups, labelled.astype(np.int64)),
            sums,
            {
                m: _histograms(members, group, groups, batch, s, cuts, regression=grid.regression)
                for m, s in batch.scores.items()
            },
            paired,
        )

    def load(self, stored: Mapping[str, Any]) -> Outcomes:
        """A stored summary of this kind."""
        return Outcomes.from_json(stored)

    def _members(self, batch: Batch, grid: Grid) -> Members:
        """Row positions of every cell; a row may belong to several declared slices."""
        if self.by == "all":
            return [slice(None)]
        if self.by == "slice":
            return [np.flatnonzero(batch.slices[:, k]) for k in range(len(grid.slices))]
        return [np.flatnonzero(batch.period == k) for k in range(max(len(grid.periods) - 1, 0))]

    @staticmethod
    def _summed(
        members: Members,
        group: NDArray[np.int64],
        groups: int,
        table: NDArray[np.float64],
        usable: NDArray[np.bool_],
        weight: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """(cells, groups, quantities) in units of 2**-26, each row rounded once."""
        with np.errstate(invalid="ignore"):
            fixed = np.where(usable[:, None], np.rint(table * weight[:, None] * FIXED), 0.0)
        if np.abs(fixed).sum() >= 2.0**62:
            raise OverflowError("weights times losses are too large for exact sums: scale the weights down")
        amounts = np.ascontiguousarray(fixed.T, np.int64)
        out = np.zeros((len(members), groups, table.shape[1]), np.int64)
        for k, i in enumerate(members):
            for q in range(table.shape[1]):
                out[k, :, q] = add_up(group[i], amounts[q][i], groups)
        return out


def _rows(members: Members, group: NDArray[np.int64], groups: int, amount: NDArray[np.int64]) -> NDArray[np.int64]:
    """(cells, groups) sums of integers."""
    out = np.zeros((len(members), groups), np.int64)
    for k, i in enumerate(members):
        out[k] = np.bincount(group[i], weights=amount[i], minlength=groups)
    return out


def _histograms(
    members: Members,
    group: NDArray[np.int64],
    groups: int,
    batch: Batch,
    scores: NDArray[np.float64],
    cuts: tuple[NDArray[np.float64], ...],
    *,
    regression: bool,
) -> NDArray[np.int64]:
    """(cells, n_scores, groups, 3, bins) fixed-point weights."""
    width = len(cuts[0]) + 3
    out = np.zeros((len(members), len(cuts), groups, 3, width), np.int64)
    for s, edges in enumerate(cuts):
        code = score_codes(scores[:, s], edges, probabilities=not regression)
        known = ~np.isnan(batch.y) & (not regression)
        label = np.where(known, 0, NO_CLASS)
        if len(cuts) > 1:
            label[known] = (batch.y[known] == s).astype(np.int64)
        else:
            label[known] = np.where(np.isin(batch.y[known], (0.0, 1.0)), batch.y[known], NO_CLASS)
        place = (group * 3 + label) * width + code
        for k, i in enumerate(members):
            out[k, s] = add_up(place[i], batch.weight[i], groups * 3 * width).reshape(groups, 3, width)
    return out


def score_codes(
    scores: NDArray[np.float64], cuts: NDArray[np.float64], *, probabilities: bool = False
) -> NDArray[np.int64]:
    """Bin of each score: bin i holds [cuts[i-1], cuts[i]); then one bin for scores out of range, one for NaN."""
    code = np.searchsorted(cuts, scores, side="right").astype(np.int64)
    code[out_of_range(scores, probabilities=probabilities)] = len(cuts) + 1
    code[np.isnan(scores)] = len(cuts) + 2
    return code


def out_of_range(scores: NDArray[np.float64], *, probabilities: bool) -> NDArray[np.bool_]:
    """Which scores are infinite or, of probabilities, below 0 or above 1; missing ones are not."""
    outside = np.isinf(scores)
    return np.asarray(outside | (scores < 0) | (scores > 1)) if probabilities else outside


def _exact_sum(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    total = a + b
    if (((a > 0) & (b > 0) & (total < 0)) | ((a < 0) & (b < 0) & (total >= 0))).any():
        raise OverflowError("sums of losses are too large for exact integers: scale the weights down")
    return total
