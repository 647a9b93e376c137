"""Rows on their way to being summarised: roles, the task, the grid and one batch of encoded rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

GROUPS = 50
LARGE_CUBE_GROUPS = 20
WEIGHT_ONE = 1 << 20


def with_columns(X: pd.DataFrame, changed: Mapping[str, Any]) -> pd.DataFrame:
    """The frame with other values in some columns, whatever they are called: `DataFrame.assign` takes none called self."""
    X = X.copy(deep=False)
    for name, values in changed.items():
        X[name] = values
    return X


class Role(StrEnum):
    """The five data roles of a trial."""

    TRAIN = "train"
    TEST = "test"
    REFERENCE = "reference"
    PRODUCTION = "production"
    SERVING = "serving"


CANDIDATE, PRIOR, ENDPOINT = "candidate", "prior", "endpoint"
TaskType = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is predicted. `classes` lists the labels in score-column order; binary has (negative, positive)."""

    type: TaskType
    target: str
    classes: tuple[Any, ...] = ()
    positive: Any = None
    threshold: float | None = None
    favourable: Any = None

    @property
    def n_scores(self) -> int:
        """Score columns per model: one, or one per class of a multiclass task."""
        return len(self.classes) if self.type == "multiclass" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericBins:
    """Cut points of a numeric feature; bin i holds [cuts[i-1], cuts[i]), the outer bins are open.

    `coarse[i]` is the coarse bin (about ten of equal mass in the reference) that fine bin i belongs to.
    The bin after the last is for missing values.
    """

    cuts: NDArray[np.float64]
    coarse: NDArray[np.int64]

    @property
    def n_bins(self) -> int:
        """Fine bins, the one for missing values included."""
        return len(self.cuts) + 2

    @property
    def missing(self) -> int:
        """Index of the bin of missing values."""
        return len(self.cuts) + 1

    @property
    def names(self) -> tuple[str, ...]:
        """What each fine bin holds, in words."""
        ends = [f"{c:.4g}" for c in self.cuts]
        if not ends:
            return ("any number", "missing")
        inner = (a if a == b else f"from {a} to below {b}" for a, b in pairwise(ends))
        return (f"below {ends[0]}", *inner, f"{ends[-1]} or more", "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBins:
    """Levels of a categorical feature; after them one bin each for rarer known levels, new levels, missing values.

    `once` are the levels that one unit (entity, day or row) of the grid's rows alone had: known to other rows, and new where those
    rows themselves are counted, as they would be if the grid were made of the others. What is new elsewhere has its like there.
    """

    levels: tuple[str, ...]
    rarer: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()

    @property
    def n_bins(self) -> int:
        """Levels and the three bins after them."""
        return len(self.levels) + 3

    @property
    def remainder(self) -> int:
        """Index of the bin of known levels that are too rare for a bin of their own."""
        return len(self.levels)

    @property
    def new(self) -> int:
        """Index of the bin of levels that the grid's (other) rows did not have."""
        return len(self.levels) + 1

    @property
    def missing(self) -> int:
        """Index of the bin of missing values."""
        return len(self.levels) + 2

    @property
    def coarse(self) -> NDArray[np.int64]:
        """Every level is its own coarse bin."""
        return np.arange(self.n_bins - 1)

    @property
    def names(self) -> tuple[str, ...]:
        """What each bin holds, in words."""
        return (*self.levels, "(rarer levels)", "(new levels)", "missing")


Bins = NumericBins | LevelBins


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Bins, cut points and periods, fixed before a scan so that summaries can add.

    `score_cuts` is (n_scores, cuts) ascending per row and `score_coarse` thins it for large cubes. For a binary task the
    threshold is one of the cuts, so decisions are exact. `scale` is the unit of errors in regression (the target's standard
    deviation on the grid's rows), 1 otherwise. `periods` are the first days of the periods and the day after the last;
    `grouping` says what makes rows dependent: "entity", "day" or "row". `row_weights` is per role the weight that counts as one
    row, sum w**2 / sum w: weights add up to the effective number of rows (Kish), whatever their unit; 1 where none is named.
    The bins come from the rows of `base` whose key hash is not above `last_key`; no role where they come from a snapshot, whose own
    score cuts, all of them among `score_cuts`, are then `before`.
    """

    features: Mapping[str, Bins]
    score_cuts: tuple[NDArray[np.float64], ...]
    score_coarse: tuple[NDArray[np.float64], ...]
    regression: bool = False
    scale: float = 1.0
    target_mean: float = 0.0
    periods: tuple[np.datetime64, ...] = ()
    grouping: str = "row"
    slices: Mapping[str, str] = field(default_factory=dict)
    row_weights: Mapping[Role, float] = field(default_factory=dict)
    base: Role | None = None
    last_key: int = 0
    before: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One partition of a role, encoded once for all summaries.

    Attributes
    ----------
    X
        The features as the model takes them; read-only by convention.
    codes : (n, d) int32
        Bin of every feature, in the order of the grid.
    y : (n,) float64
        Outcome: the value, or the index of the class (binary: 1 is positive); NaN where there is none.
    scores
        Per model (n, n_scores) float64; NaN and infinities stay as the model gave them.
    weight : (n,) int64
        Fixed point, in units of 2**-20 of the weight of one row (`Grid.row_weights`).
    key, unit : (n,) uint64
        Hash of the row's key, and of what makes rows dependent (entity, else day, else key).
    period : (n,) int64
        Index into the grid's periods, -1 for none.
    slices : (n, s) bool
        Membership of the declared slices.
    sensitive
        Declared sensitive columns, never given to a model.
    time
        Event time, or None when no such column is declared.
    lateness
        Per feature with a column in ``available_at``: (n,) days from the event until the value was known, NaN where unknown.
    immature : (n,) float64
        1 where the outcome was read before its horizon was over, else 0, NaN where a time is missing; None where label_time or
        label_horizon is not declared.
    order : (n,) float64
        The number in the key (of a text the digits at its end), NaN where there is none; None where no key is declared.
    keyless, ownerless : (n,) bool
        Rows without a key (`key` is then the hash of the whole row) and without an entity; None: none of them.
    """

    X: pd.DataFrame
    codes: NDArray[np.int32]
    y: NDArray[np.float64]
    scores: Mapping[str, NDArray[np.float64]]
    weight: NDArray[np.int64]
    key: NDArray[np.uint64]
    unit: NDArray[np.uint64]
    period: NDArray[np.int64]
    slices: NDArray[np.bool_]
    sensitive: pd.DataFrame
    time: NDArray[np.datetime64] | None = None
    lateness: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    immature: NDArray[np.float64] | None = None
    order: NDArray[np.float64] | None = None
    keyless: NDArray[np.bool_] | None = None
    ownerless: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.y)
