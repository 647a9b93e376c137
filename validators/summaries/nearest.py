"""How near the nearest rows of a base lie: what tells a near copy from a row that just resembles others."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..core.data import Batch, Grid, NumericBins
from .values import values_of

Floats = NDArray[np.float64]
CHUNK = 64
MISSING = -5.0  # standard deviations below the mean: nearer to no value than to another missing one
SAME = 1e-6
FEW = 10
Space = Literal["rank", "deviation"]
SPACES: tuple[Space, ...] = ("rank", "deviation")


def near_copies(
    rows: Batch,
    base: Batch,
    grid: Grid,
    *,
    ratio: float,
    beside: Batch | None = None,
    among_themselves: bool = False,
    other_units: bool = False,
) -> NDArray[np.bool_]:
    """(n,) rows whose nearest row is not equal, and is `ratio` times as far as the second nearest or nearer, in either space.

    Noise of one size moves ranks far where rows are dense, noise in proportion moves deviations far in the tail: each space sees one.
    """
    found = np.zeros(len(rows), np.bool_)
    for space in SPACES:
        first, second = two_nearest(
            rows, base, grid, space, beside=beside, among_themselves=among_themselves, other_units=other_units
        ).T
        found |= (first > SAME) & (first <= ratio * second) & np.isfinite(second)
    return found


def two_nearest(
    rows: Batch,
    base: Batch,
    grid: Grid,
    space: Space,
    *,
    beside: Batch | None = None,
    among_themselves: bool = False,
    other_units: bool = False,
) -> Floats:
    """(n, 2) distance of every row to the nearest and the second nearest distinct row of the base.

    A number counts as the share of the rows of the base, and of those `beside` it, that are below it, or in standard deviations of the
    base; a missing one lies apart from all; texts are 0 or 1 apart; the distance is Euclidean. Equal rows of the base count once. With
    `among_themselves` the rows are the first of the base, and each is asked without itself, or (`other_units`) without those that
    depend on it. Rows of the base lie on whole steps of rank from each other, rows that are not ranked with it on half ones: where two
    kinds of rows are compared, those of either must be in the base or beside it. Infinity where the base has too few distinct rows.
    Memory: a few times 64 x base rows x 8 bytes.
    """
    numbers, texts = _coordinates(base, base, beside, grid, space)
    _, first, distinct = np.unique(np.column_stack([numbers, texts]), axis=0, return_index=True, return_inverse=True)
    numbers, texts = numbers[first], texts[first]
    drawn = base.unit if other_units else np.arange(len(base), dtype=np.uint64)
    alone, sole = _of_one(distinct.ravel(), drawn)
    columns = np.ascontiguousarray(texts.T)
    mine, labels = _coordinates(rows, base, beside, grid, space)
    squares = (numbers**2).sum(axis=1)
    found = np.full((len(rows), 2), np.inf)
    for at in range(0, len(rows), CHUNK):
        part, held = mine[at : at + CHUNK], labels[at : at + CHUNK]
        apart = (part**2).sum(axis=1)[:, None] + squares
        apart -= 2 * part @ numbers.T
        np.maximum(apart, 0.0, out=apart)
        differ = np.zeros(apart.shape, np.uint16)
        for text, theirs in zip(held.T, columns, strict=True):
            differ += text[:, None] != theirs
        apart += differ
        if among_themselves:
            apart[alone & (drawn[at : at + len(part), None] == sole)] = np.inf
        for k in range(min(2, apart.shape[1])):
            where = apart.argmin(axis=1)[:, None]
            found[at : at + CHUNK, k] = np.take_along_axis(apart, where, axis=1)[:, 0]
            np.put_along_axis(apart, where, np.inf, axis=1)
    return np.asarray(np.sqrt(found))


def _of_one(kind: NDArray[np.int64], drawn: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Per kind: whether all rows of it were drawn together, and as what. A kind of others too is still there without them."""
    order = np.lexsort((drawn, kind))
    kind, drawn = kind[order], drawn[order]
    least, most = drawn[np.diff(kind, prepend=-1) != 0], drawn[np.diff(kind, append=-1) != 0]
    return least == most, least


def varying(base: Batch, grid: Grid) -> bool:
    """Whether any number of the base is mostly known and has more than ten values.

    Levels are 0 or 1 apart, flags and scores of a few points lie on a few places: no row lies much nearer than the next.
    """
    numbers = (
        _values(base, f, j) for j, (f, bins) in enumerate(grid.features.items()) if isinstance(bins, NumericBins)
    )
    known = ((v[np.isfinite(v)], len(v)) for v in numbers)
    return any(len(v) > n / 2 and len(np.unique(v)) > FEW for v, n in known)


def _coordinates(
    rows: Batch, base: Batch, beside: Batch | None, grid: Grid, space: Space
) -> tuple[Floats, NDArray[np.int32]]:
    numbers, texts = [], []
    for j, (name, bins) in enumerate(grid.features.items()):
        if not isinstance(bins, NumericBins):
            texts.append(rows.codes[:, j])
            continue
        known = _values(base, name, j)
        if space == "rank" and beside is not None:
            known = np.append(known, _values(beside, name, j))
        known = np.sort(known[np.isfinite(known)])
        values = _values(rows, name, j)
        if space == "deviation":
            spread = float(known.std()) if len(known) else 0.0
            scaled = (values - known.mean()) / spread if spread > 0 and np.isfinite(spread) else np.zeros(len(values))
            numbers.append(np.where(np.isfinite(scaled), scaled, MISSING))
            continue
        below = np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")
        numbers.append(np.where(np.isnan(values), -1.0, below / (2 * max(len(known), 1))))
    n = len(rows)
    return (
        np.column_stack(numbers) if numbers else np.zeros((n, 0)),
        np.column_stack(texts) if texts else np.zeros((n, 0), np.int32),
    )


def _values(rows: Batch, name: str, j: int) -> Floats:
    return values_of(rows.X[name], rows.codes[:, j])
