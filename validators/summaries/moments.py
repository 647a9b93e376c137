"""Exact count, sum, square sum, least and largest value of every numeric feature: what a scaler or an imputer would have learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch, Grid, NumericBins

_SCALE = 1126  # floats are whole multiples of 2**-1126 once their 53-bit mantissa is one
_HALF = 26


@dataclass(frozen=True, slots=True)
class Moment:
    """Of one feature: known and missing rows, least and largest value, sum and sum of squares in units of 2**-1126.

    Squares are taken about `centre`, rounded once each, and added without rounding.
    """

    centre: float
    known: int
    missing: int
    least: float
    most: float
    total: int
    squares: int

    def __add__(self, other: Self) -> "Moment":
        """Of both sets of rows."""
        return Moment(
            self.centre,
            self.known + other.known,
            self.missing + other.missing,
            min(self.least, other.least),
            max(self.most, other.most),
            self.total + other.total,
            self.squares + other.squares,
        )

    def filled(self, fill: float | None) -> "Moment":
        """With the missing values replaced by one value."""
        if fill is None or not self.missing or not np.isfinite(fill):
            return self
        return self + moment_of(np.full(self.missing, fill), 0, self.centre)

    def statistics(self) -> dict[str, float]:
        """Mean, variance (over n), least, largest and largest absolute value; empty without a known value."""
        if not self.known:
            return {}
        mean = Fraction(self.total, self.known << _SCALE)
        variance = Fraction(self.squares, self.known << _SCALE) - (mean - Fraction(self.centre)) ** 2
        spread = float(max(variance, Fraction(0)))
        held = {"mean": float(mean), "variance": spread, "least": self.least, "largest": self.most}
        return held | {"absolute": max(abs(self.least), abs(self.most)), "deviation": spread**0.5}


@dataclass(frozen=True, slots=True)
class Moments:
    """`Moment` per numeric feature; about 400 bytes each."""

    features: Mapping[str, Moment]

    def __add__(self, other: Self) -> "Moments":
        """Of both sets of rows."""
        return Moments({name: held + other.features[name] for name, held in self.features.items()})


@dataclass(frozen=True, slots=True)
class MomentsKind:
    """Moments of the features that are numbers."""

    portable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """``moments``."""
        return "moments"

    def of(self, batch: Batch, grid: Grid) -> Moments:
        """Of one batch."""
        found = {}
        for name, bins in grid.features.items():
            column = batch.X[name]
            if isinstance(bins, NumericBins) and pd.api.types.is_numeric_dtype(column.dtype):
                values = column.to_numpy(np.float64, na_value=np.nan)
                known = values[np.isfinite(values)]
                centre = float(np.clip(bins.cuts[len(bins.cuts) // 2], -1e150, 1e150)) if len(bins.cuts) else 0.0
                found[name] = moment_of(known, len(values) - len(known), centre)
        return Moments(found)


def moment_of(known: NDArray[Any], missing: int, centre: float) -> Moment:
    """The moment of some known values and a number of missing ones."""
    with np.errstate(over="ignore"):
        squares = np.minimum((known - centre) ** 2, np.finfo(np.float64).max)
    return Moment(
        centre, len(known), missing, float(known.min(initial=np.inf)), float(known.max(initial=-np.inf)),
        exact_sum(known), exact_sum(squares),
    )  # fmt: skip


def exact_sum(values: NDArray[np.float64]) -> int:
    """Sum of finite numbers without any rounding, as a whole number of units of 2**-1126."""
    if not len(values):
        return 0
    mantissa, exponent = np.frexp(values)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    first = int(exponent.min())
    place = exponent - first
    # halves of 27 bits add up exactly in float64 for the rows of any batch (below 2**26)
    high, low = (np.bincount(place, weights=half) for half in (whole >> _HALF, whole & ((1 << _HALF) - 1)))
    return sum(
        ((int(h) << _HALF) + int(lo)) << (first + k - 53 + _SCALE)
        for k, (h, lo) in enumerate(zip(high.tolist(), low.tolist(), strict=True))
        if h or lo
    )
