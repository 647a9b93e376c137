"""Which rows, keys and entities a role holds, as hashes: what two roles share, and what repeats inside one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch, Grid
from .spill import Words, columns, gathered

_LANES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_FOLD = np.uint64(0xFF51AFD7ED558CCD)
_HASH_KEY = "seatrial-cells-1"
# longer ones would not be told apart
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,17})?(e[+-]?[0-9]{1,3})?")
_UNKNOWN = np.float64(np.nan).view(np.uint64)
_KEYLESS, _OWNERLESS = np.uint64(1), np.uint64(2)


@dataclass(frozen=True, slots=True)
class Identities:
    """Hashes of every row of a role; never leaves in a snapshot.

    `parts` holds tables of (rows, 6) uint64: 128 bits of the content of the features, the key, the entity (or what else makes
    rows dependent), the bits of the outcome, and whether the row lacks a key (1) and an entity (2). 48 bytes a row, on disk where
    there are many.
    """

    parts: tuple[Words, ...]

    def __add__(self, other: Self) -> "Identities":
        """Of both sets of rows."""
        return Identities(gathered((*self.parts, *other.parts)))

    def table(self) -> Words:
        """(rows, 6) in an order that does not depend on how the rows were cut into parts."""
        whole = columns(self.parts, range(6))
        return whole[np.lexsort(whole.T[::-1])]

    @property
    def rows(self) -> int:
        """How many rows."""
        return sum(len(p) for p in self.parts)

    def content(self, *, labelled: bool = False, keyed: bool = False) -> Words:
        """(rows,) content of the features (and outcome, and key) as records; rows of `content` and `entities` come as they came.

        The key of a row that has none is the hash of the whole row.
        """
        return _records(columns(self.parts, (0, 1, *((4,) if labelled else ()), *((2,) if keyed else ()))))

    @property
    def labelled(self) -> bool:
        """Whether any row has an outcome."""
        return bool((columns(self.parts, (4,)) != _UNKNOWN).any())

    def keys(self) -> Words:
        """(k,) hash of the key of every row that has one."""
        return self._named(2, _KEYLESS)

    def owners(self) -> Words:
        """(k,) hash of the entity of every row that has one; none where the project declares no entity."""
        return self._named(3, _OWNERLESS)

    @property
    def last(self) -> np.uint64:
        """The largest hash of a key, or of a whole row where it has none; at least one row."""
        return np.uint64(columns(self.parts, (2,)).max())

    def _named(self, column: int, lacking: np.uint64) -> Words:
        held = columns(self.parts, (column, 5))
        return np.asarray(held[held[:, 1] & lacking == 0, 0])

    def entities(self) -> Words:
        """(rows,) hash of the entity, day or row."""
        return columns(self.parts, (3,))[:, 0]


@dataclass(frozen=True, slots=True)
class IdentitiesKind:
    """Hashes of content, key, entity and outcome of every row."""

    portable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """``identities``."""
        return "identities"

    def of(self, batch: Batch, grid: Grid) -> Identities:  # noqa: ARG002 - the protocol's signature
        """Of one batch."""
        outcome = np.where(np.isnan(batch.y), np.nan, batch.y + 0.0).view(np.uint64)
        lacks = np.zeros(len(batch), np.uint64)
        for rows, flag in ((batch.keyless, _KEYLESS), (batch.ownerless, _OWNERLESS)):
            lacks |= np.where(rows, flag, np.uint64(0)) if rows is not None else np.uint64(0)
        table = np.column_stack([content_hash(batch.X), batch.key, batch.unit, outcome, lacks])
        return Identities((table,) if len(table) else ())


def read_to(rows: int | None, *roles: Identities) -> np.uint64 | None:
    """The largest hash up to which all of these roles were read, where one was cut at so many rows; None where none was."""
    full = [held.last for held in roles if rows is not None and held.rows >= rows]
    return min(full, default=None)


def content_hash(X: pd.DataFrame) -> Words:
    """(n, 2) uint64: 128 bits of the values of each row, equal for equal values whatever the type they are held in.

    1, 1.0, True and the text 1 are one value, a time is one in any unit and zone, -0.0 is 0.0, every missing value is the same. Not
    meant to withstand somebody who looks for two rows with one hash; by chance two of 10 million rows agree with probability 1e-25.
    """
    lanes = [np.full(len(X), lane, np.uint64) for lane in _LANES]
    for j, name in enumerate(X.columns):
        value = cell_bits(X[name])
        for k, lane in enumerate(_LANES):
            mixed = _mixed(value ^ np.uint64(((j + 1) * int(lane)) & 0xFFFFFFFFFFFFFFFF))
            lanes[k] = _mixed(lanes[k] * lane + mixed)
    return np.column_stack(lanes)


def _mixed(words: Words) -> Words:
    """Every bit of the input moves every bit of the output (the finaliser of MurmurHash3)."""
    held = words ^ (words >> np.uint64(33))
    held *= _FOLD
    held ^= held >> np.uint64(29)
    held *= _LANES[1]
    held ^= held >> np.uint64(32)
    return held


def cell_bits(column: pd.Series) -> Words:
    """(n,) 64 bits of each value, the same for equal values whatever the type they are held in."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(np.float64, na_value=np.nan) + 0.0
        return np.where(np.isnan(values), np.nan, values).view(np.uint64)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        stamps = column.to_numpy("datetime64[us]")  # nanoseconds wrap around after 2262
        return np.where(np.isnat(stamps), _UNKNOWN, stamps.view(np.uint64))
    code, levels = pd.factorize(column, use_na_sentinel=True)
    # a gap makes objects of booleans
    plain = (int(level) if isinstance(level, bool | np.bool_) else level for level in levels)
    texts = np.array([str(level) for level in plain], object)
    bits = np.append(np.asarray(pd.util.hash_array(texts, hash_key=_HASH_KEY), np.uint64), _UNKNOWN)
    spelt = [i for i, text in enumerate(texts) if _NUMBER.fullmatch(text)]
    bits[spelt] = (texts[spelt].astype(np.float64) + 0.0).view(np.uint64)
    return bits[code]


def joined(words: Iterable[Words]) -> Words:
    """Columns of words as one array of fixed-width records that compare and sort as a whole."""
    return _records(np.column_stack(list(words)))


def _records(table: Words) -> Words:
    whole = np.ascontiguousarray(table)
    return whole.view([(f"f{k}", np.uint64) for k in range(whole.shape[1])]).reshape(-1)


def shared(mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,) whether each of mine is among theirs."""
    here, there = codes(mine, theirs)
    found = np.zeros(1 + max(here.max(initial=0), there.max(initial=0)), np.bool_)
    found[there] = True
    return found[here]


def codes(*arrays: NDArray[Any]) -> tuple[NDArray[np.int64], ...]:
    """The same small whole number for the same record in each of the arrays."""
    whole = np.concatenate(arrays)
    # ten times as fast as np.unique, which compares records one by one
    fields = [whole[name] for name in whole.dtype.names] if whole.dtype.names else [whole]
    order = np.lexsort(fields[::-1])
    place = np.zeros(len(whole), np.int64)
    if len(whole):
        begins = np.logical_or.reduce([f[order][1:] != f[order][:-1] for f in fields])
        place[order[1:]] = np.cumsum(begins)
    return tuple(np.split(place, np.cumsum([len(a) for a in arrays])[:-1]))


def repeated(values: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,) whether a row's record comes more than once."""
    (place,) = codes(values)
    return np.bincount(place)[place] > 1


def repeated_elsewhere(values: NDArray[Any], units: Words) -> NDArray[np.bool_]:
    """(n,) whether a row's record comes in a row of another unit too."""
    (place,), (unit,) = codes(values), codes(units)
    pairs = np.unique(place * (unit.max(initial=0) + 1) + unit)
    return np.bincount(pairs // (unit.max(initial=0) + 1), minlength=1)[place] > 1


@dataclass(frozen=True, slots=True)
class Days:
    """Rows per calendar day (days since 1970), and rows without a time."""

    rows: Mapping[int, int]
    unknown: int = 0

    def __add__(self, other: Self) -> "Days":
        """Of both sets of rows."""
        held = dict(self.rows)
        for day, n in other.rows.items():
            held[day] = held.get(day, 0) + n
        return Days(dict(sorted(held.items())), self.unknown + other.unknown)


@dataclass(frozen=True, slots=True)
class DaysKind:
    """Rows per calendar day."""

    portable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """``days``."""
        return "days"

    def of(self, batch: Batch, grid: Grid) -> Days:  # noqa: ARG002 - the protocol's signature
        """Of one batch."""
        if batch.time is None:
            return Days({}, len(batch))
        known = batch.time[~np.isnat(batch.time)].astype("datetime64[D]").astype(np.int64)
        day, n = np.unique(known, return_counts=True)
        return Days(dict(zip(day.tolist(), n.tolist(), strict=True)), len(batch) - len(known))
