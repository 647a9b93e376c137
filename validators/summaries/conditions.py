"""Conditions that slices are searched over: quantile intervals of numbers, frequent levels of text, missing values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import Batch
from ..stats.slices import Item


@dataclass(frozen=True, slots=True)
class Conditions:
    """Bins of every column, the conditions over them, and each condition's terms in the grammar of subjects.

    `left_out` names columns that are neither numbers nor text (dates).
    """

    codes: NDArray[np.int64]
    items: tuple[Item, ...]
    terms: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...]

    def met(self, k: int) -> NDArray[np.bool_]:
        """(n,) rows that meet a condition."""
        return np.isin(self.codes[:, self.items[k].column], self.items[k].bins)

    def sums(self, amount: NDArray[np.float64]) -> NDArray[np.float64]:
        """(items,) sum of an amount over the rows that meet each condition."""
        bins = [np.bincount(code, weights=amount) for code in self.codes.T]
        return np.array([bins[item.column][list(item.bins)].sum() for item in self.items])


def conditions(batch: Batch, *, bins: int, levels: int, min_rows: int) -> Conditions:
    """Conditions over the features and the sensitive columns of some rows.

    Parameters
    ----------
    bins : int
        Quantile bins of a number; where it has no more distinct values, each is a bin. Every run of neighbouring bins is a
        condition.
    levels : int
        Most frequent levels of text that are conditions.
    min_rows : int
        Conditions that fewer rows meet are left out.
    """
    extra = [c for c in batch.sensitive if c not in batch.X]
    columns = {str(c): batch.X[c] for c in batch.X} | {str(c): batch.sensitive[c] for c in extra}
    codes: list[NDArray[np.int64]] = []
    items: list[Item] = []
    terms: list[tuple[str, ...]] = []
    left_out: list[str] = []
    for name, column in columns.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            code, found = _of_numbers(name, column, bins)
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            left_out.append(name)
            continue
        else:
            code, found = _of_levels(name, column, levels)
        rows = np.bincount(code, minlength=1 + max(max(held) for held, _ in found))
        for held, text in found:
            if min_rows <= rows[list(held)].sum() < len(code):
                items.append(Item(len(codes), held))
                terms.append(text)
        codes.append(code)
    stacked = np.column_stack(codes) if codes else np.zeros((len(batch), 0), np.int64)
    return Conditions(stacked, tuple(items), tuple(terms), tuple(left_out))


Found = list[tuple[tuple[int, ...], tuple[str, ...]]]


def _of_numbers(name: str, column: pd.Series, bins: int) -> tuple[NDArray[np.int64], Found]:
    """Bins 0 to k - 1, k for missing, k + 1 for infinities; conditions in the smallest and largest finite values that the bins hold."""
    values = np.asarray(column.to_numpy(np.float64, na_value=np.nan), np.float64)
    known = np.isfinite(values)
    distinct = np.unique(values[known])
    if not len(distinct):
        return np.zeros(len(values), np.int64), [((0,), (subjects.term(name, "==", None),))]
    if len(distinct) > bins:
        at = np.quantile(values[known], np.arange(1, bins) / bins, method="higher")
        place = np.unique(np.searchsorted(distinct, at))
        edges = distinct[place[place > 0]]
    else:
        edges = distinct[1:]
    code = np.searchsorted(edges, values, side="right").astype(np.int64)
    last = len(edges)
    code[np.isnan(values)], code[np.isinf(values)] = last + 1, last + 2
    starts = np.concatenate([distinct[:1], edges])
    ends = np.append(distinct[np.searchsorted(distinct, edges) - 1], distinct[-1])
    found: Found = [((last + 1,), (subjects.term(name, "==", None),))]
    for a in range(last + 1):
        for b in range(a, last + 1):
            if (a, b) != (0, last):
                found.append((tuple(range(a, b + 1)), _between(name, starts[a], ends[b], a > 0, b < last)))
    return code, found


def _between(name: str, low: float, high: float, below: bool, above: bool) -> tuple[str, ...]:  # noqa: FBT001 - is there anything
    if low == high:
        return (subjects.term(name, "==", _number(low)),)
    ends = [subjects.term(name, ">=", _number(low))] if below else []
    return (*ends, subjects.term(name, "<=", _number(high))) if above else tuple(ends)


def _number(value: float) -> str:
    """Shortest text that reads back as the same number, without a plus sign."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value)).replace("e+", "e")


def _of_levels(name: str, column: pd.Series, levels: int) -> tuple[NDArray[np.int64], Found]:
    """A bin for each of the most frequent levels, then one for missing values and one for the other levels."""
    text = column.astype(object).map(_level)
    counts = text.value_counts()
    ordered = sorted(counts.index, key=lambda level: (-int(counts[level]), level))[:levels]
    place: dict[Any, int] = {level: k for k, level in enumerate(ordered)}
    missing = text.isna().to_numpy()
    code = text.map(place).to_numpy(np.float64, na_value=np.nan)
    code = np.where(missing, len(ordered), np.where(np.isnan(code), len(ordered) + 1, code)).astype(np.int64)
    found: Found = [((k,), (subjects.term(name, "==", level),)) for level, k in place.items()]
    return code, [*found, ((len(ordered),), (subjects.term(name, "==", None),))]


def _level(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
