"""The same keys' rows in research and in production, side by side; their columns as numbers or normalised texts."""

import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch
from ..core.times import as_times
from .row_sample import RowSample, RowSampleKind, take
from .values import text_of

Floats = NDArray[np.float64]
PAIRED = RowSampleKind(200_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Rows of test and serving with one key each, aligned; `note` says which rows were compared, `total` how many test has."""

    test: Batch
    serving: Batch
    total: int
    note: str

    def __len__(self) -> int:
        return len(self.test)


def pair(test: RowSample, serving: RowSample) -> Pairs:
    """Every served row of a key that test has once.

    Each side holds all its rows or those with the smallest key hashes; keys beyond the smaller of the largest ones that were kept
    are left out, so a row is never missing for want of room. Keys that test repeats have no partner of their own.
    """
    mine, theirs = test.rows, serving.rows
    last = [s.rows.key.max() for s in (test, serving) if s.total > len(s.rows)]
    bound = min(last) if last else None
    unique, first, counts = np.unique(mine.key, return_index=True, return_counts=True)
    once = counts == 1 if bound is None else (counts == 1) & (unique < bound)
    unique, first = unique[once], first[once]
    at = np.searchsorted(unique, theirs.key)
    found = at < len(unique)
    found[found] = unique[at[found]] == theirs.key[found]
    a, b = take(mine, first[at[found]]), take(theirs, np.flatnonzero(found))
    words = f"all {len(a):,} rows with a key in both"
    if bound is not None:
        words = f"{len(a):,} rows with a key in both, those with the smallest key hashes of {test.total:,}"
    return Pairs(test=a, serving=b, total=test.total, note=words)


def is_number(column: pd.Series) -> bool:
    """Whether a column is compared as numbers: numbers, true or false, times."""
    return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)


def is_time(column: pd.Series) -> bool:
    """Whether a column holds times."""
    return bool(pd.api.types.is_datetime64_any_dtype(column.dtype))


def as_numbers(column: pd.Series) -> Floats:
    """(n,) float64; times in seconds since 1970 UTC, text as the number that it spells, all else NaN."""
    if is_time(column):
        held = column if getattr(column.dt, "tz", None) is None else column.dt.tz_convert("UTC").dt.tz_localize(None)
        stamps = held.to_numpy("datetime64[us]")  # nanoseconds wrap around after 2262
        return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def served_times(column: pd.Series) -> Floats:
    """Times of a served column, read from text (ISO 8601) or seconds where they are not times."""
    if is_time(column) or pd.api.types.is_numeric_dtype(column.dtype):
        return as_numbers(column)
    return as_numbers(pd.Series(as_times(column)))


def as_texts(column: pd.Series) -> NDArray[Any]:
    """(n,) objects: text in Unicode form NFC, whole numbers without their fraction, None for missing values."""
    code, levels = pd.factorize(column, use_na_sentinel=True)
    names = np.array([*(_text(level) for level in levels), None], object)
    return names[code]


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return unicodedata.normalize("NFC", text_of(value))
