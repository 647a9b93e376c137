"""Search for slices: conjunctions of up to three conditions whose rows lose more than expected.

Works on bins and knows no names. Every condition is a set of bins of one variable; sums over all pairs of conditions come out of
four matrix products, so the lattice is enumerated, not sampled, down to pairs; triples grow from the best pairs.
What is found on some rows must be measured on others: the best of many thousand slices looks bad by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Slice = tuple[int, ...]
BLOCK = 400


@dataclass(frozen=True, slots=True)
class Item:
    """One condition: rows whose variable `column` falls into one of `bins`."""

    column: int
    bins: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for.

    `min_rows` is the least support; `material` the excess, in units of the rows' `excess`, below which a slice is of no
    interest; `beam` pairs grow into triples; `keep` slices of each number of
    conditions are given back, no two with more than `overlap` of their joint rows in common.
    """

    min_rows: int
    material: float = 0.0
    conditions: int = 3
    beam: int = 100
    keep: int = 5
    overlap: float = 0.5


def search(
    codes: NDArray[np.int64],
    items: Sequence[Item],
    excess: Floats,
    weight: Floats,
    rows: NDArray[np.bool_],
    what: Search,
) -> list[Slice]:
    """The slices whose mean excess is most surely above `material`, as sorted positions in `items`, the surest first.

    With z = (mean excess - material) / standard error, slices are ranked by z |z| / 2 - log(number of possible slices with as
    many conditions): about minus the log of a p-value after Bonferroni, so that a condition must earn the wider choice that it
    brings. A child must also beat each parent by its own standard error. The variance of a small slice is taken to be at
    least a quarter of that of all rows.

    Parameters
    ----------
    codes : (n, columns)
        Bin of every variable.
    excess, weight : (n,)
        Loss over expectation, and weight.
    rows : (n,) bool
        The rows to search. Support is counted on all rows, for it needs no outcome.
    """
    if not items or not rows.any():
        return []
    table = _Table.of(codes, items, excess, weight, rows)
    alone = table.scores(table.moments, what)
    found: list[tuple[Slice, float]] = [((int(i),), float(alone.z[i])) for i in np.flatnonzero(alone.enough)]
    pairs = _pairs(table, alone, what) if what.conditions > 1 else []
    found += [(pair, z) for pair, z, _ in pairs]
    if what.conditions > 2:
        for pair, _, mean in sorted(pairs, key=lambda p: (-p[1], p[0]))[: what.beam]:
            found += _children(table, pair, mean, what)
    return _diverse(table, found, what)


@dataclass(frozen=True, slots=True)
class _Scores:
    z: Floats
    mean: Floats
    se: Floats
    enough: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Table:
    """Bins as 0/1 columns, items as sets of them, and the moments of the searched rows."""

    onehot: NDArray[np.float32]
    searched: Floats
    member: Floats
    column: NDArray[np.int64]
    values: Floats
    moments: Floats
    floor: float

    @classmethod
    def of(
        cls, codes: NDArray[np.int64], items: Sequence[Item], excess: Floats, weight: Floats, rows: NDArray[np.bool_]
    ) -> "_Table":
        widths = codes.max(axis=0, initial=0) + 1
        start = np.concatenate([[0], np.cumsum(widths)[:-1]])
        onehot = np.zeros((len(codes), int(widths.sum())), np.float32)
        np.put_along_axis(onehot, codes + start, 1.0, axis=1)
        member = np.zeros((len(items), onehot.shape[1]))
        for k, item in enumerate(items):
            member[k, start[item.column] + np.array(item.bins)] = 1.0
        searched = onehot[rows].astype(np.float64)
        w, e = weight[rows], excess[rows]
        values = np.column_stack([w, w * e, w**2, (w * e) ** 2])
        mean = values[:, 1].sum() / values[:, 0].sum() if values[:, 0].sum() > 0 else 0.0
        floor = float(np.average((e - mean) ** 2, weights=w)) / 4 if w.sum() > 0 else 0.0
        whole = np.concatenate([(searched.T @ values).T, onehot.sum(axis=0, dtype=np.float64)[None]])
        return cls(onehot, searched, member, np.array([i.column for i in items]), values, whole @ member.T, floor)

    def scores(self, moments: Floats, what: Search) -> _Scores:
        """Out of (5, ...) sums: weight, weighted excess, squared weight, square of weighted excess, rows of support."""
        w, s, w2, q, support = moments
        safe = np.where(w > 0, w, 1.0)
        mean = s / safe
        variance = np.maximum(q - mean**2 * w2, self.floor * w2)
        se = np.sqrt(np.maximum(variance, 0.0)) / safe
        enough = (support >= what.min_rows) & (w > 0) & (se > 0)
        z = np.where(enough, (mean - what.material) / np.where(se > 0, se, 1.0), -np.inf)
        return _Scores(z, mean, se, enough)

    def inside(self, found: Slice) -> NDArray[np.bool_]:
        """All rows that are in the slice."""
        held = np.ones(len(self.onehot), np.bool_)
        for i in found:
            held &= self.onehot @ self.member[i].astype(np.float32) > 0
        return held


def _pairs(table: _Table, alone: _Scores, what: Search) -> list[tuple[Slice, float, float]]:
    """Pairs of conditions that beat both of their parents, with z and mean; at most ten beams of them."""
    grams = [(table.searched * v[:, None]).T @ table.searched for v in table.values.T]
    grams.append((table.onehot.T @ table.onehot).astype(np.float64))
    kept: list[tuple[Slice, float, float]] = []
    for first in range(0, len(table.member), BLOCK):
        block = slice(first, first + BLOCK)
        here = table.scores(np.stack([table.member[block] @ g @ table.member.T for g in grams]), what)
        parent = np.maximum(alone.mean[block, None], alone.mean)
        later = np.arange(len(table.member)) > np.arange(first, first + len(parent))[:, None]
        other = table.column[block, None] != table.column
        good = here.enough & later & other & (here.mean >= parent + here.se)
        at = np.flatnonzero(good)
        at = at[np.argsort(-here.z.ravel()[at], kind="stable")[: 10 * what.beam]]
        for i, j in zip(*np.unravel_index(at, good.shape), strict=True):
            kept.append(((first + int(i), int(j)), float(here.z[i, j]), float(here.mean[i, j])))
    return sorted(kept, key=lambda p: (-p[1], p[0]))[: 10 * what.beam]


def _children(table: _Table, pair: Slice, mean: float, what: Search) -> list[tuple[Slice, float]]:
    """The pair with one more condition, where that beats the pair."""
    product = table.member[pair[0]], table.member[pair[1]]
    inside = (table.searched @ product[0] > 0) & (table.searched @ product[1] > 0)
    sums = table.values[inside].T @ table.searched[inside]
    support = table.onehot[table.inside(pair)].sum(axis=0, dtype=np.float64)
    here = table.scores(np.concatenate([sums, support[None]]) @ table.member.T, what)
    other = ~np.isin(table.column, table.column[list(pair)])
    good = here.enough & other & (here.mean >= mean + here.se)
    return [(tuple(sorted((*pair, int(k)))), float(here.z[k])) for k in np.flatnonzero(good)]


def _diverse(table: _Table, found: list[tuple[Slice, float]], what: Search) -> list[Slice]:
    """The surest slices, leaving out those that mostly hold the rows of a surer one."""
    price = {k: k * log(len(table.member)) - lgamma(k + 1) for k in range(1, 4)}
    worth = {s: z * abs(z) / 2 - price[len(s)] for s, z in found}
    ranked = sorted(worth.items(), key=lambda f: (-f[1], len(f[0]), f[0]))
    kept: list[tuple[Slice, NDArray[np.bool_]]] = []
    room = dict.fromkeys(range(1, what.conditions + 1), what.keep)
    for candidate, _ in ranked[: 40 * what.beam]:
        if not room[len(candidate)]:
            continue
        rows = table.inside(candidate)
        if all((rows & held).sum() <= what.overlap * (rows | held).sum() for _, held in kept):
            kept.append((candidate, rows))
            room[len(candidate)] -= 1
        if not any(room.values()):
            break
    return [s for s, _ in kept]
