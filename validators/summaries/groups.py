"""Groups of people: the declared sensitive columns of sampled rows, numbers in bands, a missing value as a group of its own.

Each group is set against others by one rule: the reference, which is the largest group of its column, and the reference itself
against all others together. So every group has a comparison, and a wrong done to the largest one shows as well.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import Batch
from ..core.records import Measurement

Floats = NDArray[np.float64]
BANDS, DISTINCT, MOST = 4, 6, 40
OTHERS = "(other levels)"
ALONE = "the only group of this column: there is none to compare it with"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOptions:
    """`confidence` of all intervals of the check together. `reference`: "largest", or "rest" to set each group against all others.

    `references` names the reference of a column, ``{sex = "male"}``; `cuts` the bounds of a column's bands, ``{age = [25, 40, 60]}``.
    `min_cell`: groups with fewer rows are listed with their size only, for a person could be told from the numbers.
    """

    confidence: float = 0.95
    reference: str = "largest"
    references: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, Sequence[float]] = field(default_factory=dict)
    min_cell: int = 10


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows in groups: by one column, or by several at once.

    Attributes
    ----------
    columns
        What the groups are made of.
    values
        Per group the value in each column; None for a missing one.
    code : (n,) int64
        Group of each row.
    whole : (k,) int64
        Rows of each group before some were chosen (`only`); None where none were.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    code: NDArray[np.int64]
    whole: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def subject(self, group: int) -> str:
        """``group:sex=female & age="under 25"``."""
        return "group:" + " & ".join(
            f"{subjects.quoted(c)}={subjects.quoted(v)}" for c, v in zip(self.columns, self.values[group], strict=True)
        )

    def words(self, group: int) -> str:
        """``sex = female``."""
        held = zip(self.columns, self.values[group], strict=True)
        return " & ".join(f"{c} = {'missing' if v is None else v}" for c, v in held)

    def sizes(self) -> NDArray[np.int64]:
        """(k,) rows of each group, unweighted."""
        return np.bincount(self.code, minlength=len(self))

    def only(self, where: NDArray[Any]) -> "Partition":
        """The same groups, of some of the rows."""
        return Partition(self.columns, self.values, self.code[where], self.sizes())


@dataclass(frozen=True, slots=True)
class Contrast:
    """One group of a partition against others; `against` says which, in words."""

    group: int
    others: NDArray[np.bool_]
    against: str


def partitions(batch: Batch, options: GroupOptions) -> tuple[Partition, ...]:
    """A partition for each declared sensitive column.

    A number with more than six values, and the years of a date, are cut at the options' bounds, else near their quartiles, at round
    values; other columns have a group for each level (the 39 most frequent, and one for the others).
    """
    return tuple(_of_column(str(c), batch.sensitive[c], options.cuts.get(str(c))) for c in batch.sensitive)


def crossed(parts: Sequence[Partition]) -> Partition:
    """The groups of several columns at once; only combinations that some row has."""
    stacked = np.column_stack([p.code for p in parts])
    held, code = np.unique(stacked, axis=0, return_inverse=True)
    values = tuple(tuple(p.values[k][0] for p, k in zip(parts, row, strict=True)) for row in held.tolist())
    return Partition(tuple(p.columns[0] for p in parts), values, code.reshape(-1).astype(np.int64))


def contrasts(part: Partition, options: GroupOptions) -> list[Contrast]:
    """Every group that has rows against its others, by the options' rule; none where one group only has any.

    Raises
    ------
    ValueError
        For a rule that does not exist, or a named reference that no row has.
    """
    if options.reference not in ("largest", "rest"):
        raise ValueError(f'reference must be "largest" or "rest", got {options.reference!r}')
    k, there = len(part), np.flatnonzero(part.sizes()).tolist()
    if len(there) < 2:
        return []
    rest = ~np.eye(k, dtype=np.bool_)
    if options.reference == "rest" or len(part.columns) > 1:
        return [Contrast(i, rest[i], "all others") for i in there]
    named = options.references.get(part.columns[0])
    if named is not None and (named,) not in part.values:
        raise ValueError(f"no row of test has {part.columns[0]} = {named}, the reference that is named for it")
    sizes = np.where([v == (None,) for v in part.values], 0, part.sizes())
    chosen = part.values.index((named,)) if named is not None else int(sizes.argmax())
    one = np.eye(k, dtype=np.bool_)[chosen]
    return [
        Contrast(i, rest[i], "all others") if i == chosen and k > 2
        else Contrast(i, rest[i] if i == chosen else one, part.words(1 - i if i == chosen else chosen))
        for i in there
    ]  # fmt: skip


def group_sizes(part: Partition, note: str) -> Iterator[Measurement]:
    """Rows of each group."""
    n = int(part.sizes().sum())
    for k, size in enumerate(part.sizes()):
        alone = ALONE if len(part) == 1 else ""
        words = "; ".join(filter(None, (f"{size / n:.1%} of the rows", alone, note)))
        yield Measurement(
            metric="group_size", subject=part.subject(k), value=float(size), n=int(size), method="count", note=words
        )


def undivided(part: Partition, *metrics: str, atom: tuple[str, ...] = ()) -> Iterator[Measurement]:
    """What a check judges, undefined, of a column with one group only, and of groups of which no row can be used.

    The rows that there are are its size, so that a declared group which nobody can judge keeps its check from passing.
    """
    note = (
        f"{ALONE}, so no row tells; take {part.columns[0]} out of sensitive under [columns] if that is as it should be"
    )
    untold = {0: len(part.code)} if len(part) == 1 else {}
    if len(part) > 1 and part.whole is not None:
        note = "none of its rows has all that is compared (a usable score; the outcome)"
        untold = {k: int(part.whole[k]) for k in np.flatnonzero((part.sizes() == 0) & (part.whole > 0)).tolist()}
    for metric in metrics:
        for k, n in untold.items():
            subject = subjects.join(part.subject(k), *atom)
            yield Measurement(metric=metric, subject=subject, value=None, n=n, note=note)


def _of_column(name: str, column: pd.Series, cuts: Sequence[float] | None) -> Partition:
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numeric:
        values = np.asarray(column.to_numpy(np.float64, na_value=np.nan), np.float64)
        distinct = np.unique(values[np.isfinite(values)])
        if cuts is not None or len(distinct) > DISTINCT:
            return _banded(
                name, values, np.unique(np.asarray(cuts if cuts is not None else _round_cuts(values), float))
            )
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        years = column.dt.year.to_numpy(np.float64, na_value=np.nan)
        return _banded(name, years, np.unique(np.asarray(cuts if cuts is not None else _round_cuts(years), float)))
    return _levels(name, column)


def _levels(name: str, column: pd.Series) -> Partition:
    """A group for each level, in the order of their names, then the rarer levels, then missing values."""
    text = column.astype(object).map(lambda v: None if pd.isna(v) else _level(v))
    counts = text.value_counts()
    ordered = sorted(counts.index, key=lambda level: (-int(counts[level]), level))
    kept = sorted(ordered if len(ordered) <= MOST else ordered[: MOST - 1])
    names: list[str | None] = [
        *kept,
        *([OTHERS] if len(ordered) > MOST else []),
        *([None] if text.isna().any() else []),
    ]
    place = {level: k for k, level in enumerate(kept)}
    missing = len(names) - 1
    code = [missing if v is None else place.get(v, len(kept)) for v in text]
    return Partition((name,), tuple((v,) for v in names), np.asarray(code, np.int64))


def _level(value: object) -> str:
    """A level as text; whole floats without their fraction, so that 1 and 1.0 are one level."""
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else str(value)


def _banded(name: str, values: Floats, cuts: Floats) -> Partition:
    """Bands of a number: below the first cut, between, from the last one on; then missing values."""
    known = np.isfinite(values)
    code = np.where(known, np.searchsorted(cuts, values, side="right"), len(cuts) + 1).astype(np.int64)
    whole = bool((values[known] == np.rint(values[known])).all() and (cuts == np.rint(cuts)).all())
    names: list[str | None] = [f"under {cuts[0]:g}"] if len(cuts) else ["any"]
    names += [f"{a:g} to {b - 1:g}" if whole else f"{a:g} to under {b:g}" for a, b in pairwise(cuts)]
    names += [f"{cuts[-1]:g} and over"] if len(cuts) else []
    held, place = np.unique(code, return_inverse=True)
    return Partition((name,), tuple(((*names, None)[k],) for k in held.tolist()), place.astype(np.int64))


def _round_cuts(values: Floats) -> Floats:
    """Bounds near the quartiles, at multiples of 1, 2 or 5 times a power of ten about a quarter of their distance apart.

    One bound where the quartiles are one value: that value, or the next one where it is the smallest. None where no value is known.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return known
    quartiles = np.quantile(known, np.arange(1, BANDS) / BANDS)
    spread = float(quartiles[-1] - quartiles[0])
    if not spread > 0:
        above = known[known > known.min()]
        return np.unique(quartiles if quartiles[0] > known.min() or not len(above) else above.min())
    power = 10.0 ** np.floor(np.log10(spread / BANDS))
    # half a power, for the logarithm of 0.09999999999999999 is -1
    step = max(s * power for s in (0.5, 1.0, 2.0, 5.0) if s * power <= spread / BANDS)
    digits = max(0, 1 - math.floor(math.log10(step)))  # 6.8, and not the 6.800000000000001 of 34 fifths
    cuts = np.unique(np.round(np.round(quartiles / step) * step, digits))
    return np.asarray(cuts[(cuts > known.min()) & (cuts <= known.max())])
