"""Rows of every bin of every feature, by group of dependent rows, over all rows or by period."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..core.data import GROUPS, LARGE_CUBE_GROUPS, WEIGHT_ONE, Batch, Bins, Grid, LevelBins
from .codec import decode_array, encode_array


@dataclass(frozen=True, slots=True)
class FeatureCounts:
    """Weighted rows per cell, group and bin, in units of 2**-20.

    `counts[feature]` is (cells, groups, bins) int64; cells are one for all rows, else the grid's periods.
    Size: 8 bytes x cells x groups x bins x features.
    """

    counts: Mapping[str, NDArray[np.int64]]

    def __add__(self, other: Self) -> "FeatureCounts":
        """Counts of both sets of rows; raises ValueError when the features differ."""
        if self.counts.keys() != other.counts.keys():
            raise ValueError("feature counts over different features cannot be added")
        return FeatureCounts({name: held + other.counts[name] for name, held in self.counts.items()})

    def weighted(self, feature: str, cell: int = 0) -> NDArray[np.float64]:
        """(groups, bins) in rows."""
        return np.asarray(self.counts[feature][cell], np.float64) / WEIGHT_ONE

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"counts": {name: encode_array(held) for name, held in self.counts.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "FeatureCounts":
        """Inverse of `to_json`."""
        return cls({name: decode_array(held) for name, held in stored["counts"].items()})


@dataclass(frozen=True, slots=True)
class FeatureCountsKind:
    """Feature counts over all rows (fine bins, 50 groups) or by period (coarse bins, 20 groups)."""

    by: Literal["all", "period"] = "all"
    portable: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """``feature_counts/all``."""
        return f"feature_counts/{self.by}"

    def of(self, batch: Batch, grid: Grid) -> FeatureCounts:
        """Counts of one batch."""
        groups = GROUPS if self.by == "all" else LARGE_CUBE_GROUPS
        group = (batch.unit % np.uint64(groups)).astype(np.int64)
        codes_of, weight, cells = batch.codes, batch.weight, 1
        if self.by == "period":
            kept, cells = np.flatnonzero(batch.period >= 0), max(len(grid.periods) - 1, 0)
            group = (batch.period * groups + group)[kept]
            codes_of, weight = codes_of[kept], weight[kept]
        counts = {}
        for j, (feature, bins) in enumerate(grid.features.items()):
            codes = codes_of[:, j]
            width = bins.n_bins
            if self.by == "period":
                to_coarse = np.append(bins.coarse, bins.coarse.max(initial=-1) + 1)
                codes, width = to_coarse[codes], int(to_coarse[-1]) + 1
            counts[feature] = add_up(group * width + codes, weight, cells * groups * width).reshape(
                cells, groups, width
            )
        return FeatureCounts(counts)

    def load(self, stored: Mapping[str, Any]) -> FeatureCounts:
        """A stored summary of this kind."""
        return FeatureCounts.from_json(stored)


def coarse_counts(counts: NDArray[np.float64], bins: Bins) -> NDArray[np.float64]:
    """(groups, coarse bins + missing) out of (groups, fine bins)."""
    places = np.append(bins.coarse, bins.coarse.max(initial=-1) + 1)
    out = np.zeros((len(counts), int(places[-1]) + 1))
    for i, place in enumerate(places):
        out[:, place] += counts[:, i]
    return out


def rare_together(
    expected: NDArray[np.float64], actual: NDArray[np.float64], bins: Bins, *, least: float = 0.01
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(groups, coarse bins + missing) of both, with the levels that hold less than `least` of all these rows in one bin.

    Forty rare levels would each add their noise to a distance and hardly anything else. Chosen by the rows of one side, those that it
    has often by chance would be rarer on the other. New levels and missing values stay apart.
    """
    rows = expected.sum(axis=0) + actual.sum(axis=0)
    if not isinstance(bins, LevelBins) or not rows.sum() > 0:
        return expected, actual
    rare = np.flatnonzero(rows[: bins.remainder] < least * rows.sum())
    found = []
    for counts in (expected, actual):
        kept = np.delete(counts, rare, axis=1)
        kept[:, bins.remainder - len(rare)] += counts[:, rare].sum(axis=1)
        found.append(kept)
    return found[0], found[1]


def add_up(place: NDArray[np.int64], amount: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Sum of integer amounts per place, exact: above 2**53 in all the float route of bincount would round."""
    if len(amount) and (amount == WEIGHT_ONE).all():
        return np.bincount(place, minlength=size).astype(np.int64) * WEIGHT_ONE
    if np.abs(amount).sum(dtype=np.float64) < 2.0**53:
        return np.bincount(place, weights=amount, minlength=size).astype(np.int64)
    total = np.zeros(size, np.int64)
    np.add.at(total, place, amount)
    return total
