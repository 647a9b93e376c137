"""A bounded sample of rows: those with the smallest key hashes, so the same rows whatever the partitioning."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Batch, Grid


@dataclass(frozen=True, slots=True)
class RowSample:
    """At most `size` rows of `total`; in the order of their key hashes. Never leaves in a snapshot."""

    rows: Batch
    total: int
    size: int

    def __add__(self, other: Self) -> "RowSample":
        """The sample of both sets of rows."""
        if self.size != other.size:
            raise ValueError(f"samples of {self.size} and {other.size} rows cannot be added")
        return RowSample(_smallest(concat(self.rows, other.rows), self.size), self.total + other.total, self.size)

    def thin(self, size: int) -> Batch:
        """The `size` rows with the smallest hashes, or all when there are fewer."""
        return self.rows if len(self.rows) <= size else take(self.rows, np.arange(size))


@dataclass(frozen=True, slots=True)
class RowSampleKind:
    """The `size` rows with the smallest key hashes."""

    size: int = 20_000
    portable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """``row_sample/20000``."""
        return f"row_sample/{self.size}"

    def of(self, batch: Batch, grid: Grid) -> RowSample:  # noqa: ARG002 - the protocol's signature
        """The sample of one batch."""
        return RowSample(_smallest(batch, self.size), len(batch), self.size)


def take(batch: Batch, where: NDArray[np.int64]) -> Batch:
    """Rows of a batch by position, in that order."""
    changed: dict[str, Any] = {}
    for name in (f.name for f in fields(batch)):
        held = getattr(batch, name)
        if isinstance(held, pd.DataFrame):
            changed[name] = held.iloc[where].reset_index(drop=True)
        elif isinstance(held, Mapping):
            changed[name] = {m: s[where] for m, s in held.items()}
        elif held is not None:
            changed[name] = held[where]
    return replace(batch, **changed)


def concat(a: Batch, b: Batch) -> Batch:
    """The rows of two batches, one after the other."""
    if not len(a):
        return b
    if not len(b):
        return a
    changed: dict[str, Any] = {}
    for name in (f.name for f in fields(a)):
        mine, yours = getattr(a, name), getattr(b, name)
        if isinstance(mine, pd.DataFrame):
            changed[name] = pd.concat([mine, yours], ignore_index=True)
        elif isinstance(mine, Mapping):
            changed[name] = {m: np.concatenate([mine[m], yours[m]]) for m in mine}
        elif mine is not None:
            changed[name] = np.concatenate([mine, yours])
    return replace(a, **changed)


def _smallest(batch: Batch, size: int) -> Batch:
    """The rows with the smallest keys, sorted; rows of one key keep an order of their own content."""
    able = np.arange(len(batch))
    if size < len(batch):
        able = np.flatnonzero(batch.key <= np.partition(batch.key, size)[size])
    order = np.lexsort((batch.unit[able], np.nan_to_num(batch.y[able], nan=-np.inf), batch.key[able]))
    return take(batch, able[order[:size]])
