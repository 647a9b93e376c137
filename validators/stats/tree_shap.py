"""Exact Shapley values of an ensemble of trees, out of flat arrays: no model object is needed, and none is loaded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BATCH = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Trees that add up, as flat arrays over all nodes, tree after tree; children come after their parent, leaves have feature -1.

    A row goes left where its value is below the threshold (`strict`) or at most the threshold; a missing value goes left where
    `missing_left` says so. `single`: values are rounded to float32 first, as the library does.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: Floats
    root: NDArray[np.int32]
    strict: bool
    single: bool


def raw_scores(trees: Ensemble, X: Floats) -> Floats:
    """(n,) sum of the leaves that each row of X (n, p) falls into."""
    total = np.zeros(len(X))
    rows = np.arange(len(X))
    for root, end in _spans(trees):
        left = _goes_left(trees, X, root, end)
        at = np.full(len(X), root)
        while (inner := trees.feature[at] >= 0).any():
            step = np.where(left[at - root, rows], trees.left[at], trees.right[at])
            at = np.where(inner, step, at)
        total += trees.value[at]
    return total


def work(trees: Ensemble, player: Sequence[int]) -> float:
    """Rough count of steps that `interventional_shapley` takes for some 3,000 rows; grows with 2 to the players on a path."""
    paths = (len(path) for root, _ in _spans(trees) for _, path, _ in _leaves(trees, player, root))
    return float(sum(k * (k + 1) * 2.0**k + 2e4 for k in paths))


def interventional_shapley(
    trees: Ensemble, X: Floats, background: Floats, player: Sequence[int], n_players: int
) -> Floats:
    """Shapley values of every row for every player, features missing from a coalition taken from all background rows in turn.

    The value of a leaf is paid where each condition on its path holds, by the row's columns for players in the coalition and by
    the background row's for the others. For one pair of rows let A be the players whose conditions only the row meets, B those
    that only the background row meets (a player that neither meets pays nothing). A member of A gets (|A|-1)! |B|! / (|A|+|B|)!,
    one of B minus |A|! (|B|-1)! / (|A|+|B|)! times the leaf. Background rows that meet the same conditions are counted
    together, and sums over all of them are subset sums over the k players of the path: O(k^2 2^k) a leaf, whatever the number
    of background rows. Exact in float64; the values of a row sum to its score minus the mean score of the background.

    Parameters
    ----------
    X : (n, p)
    background : (m, p)
    player : (p,) int
        Player of every column, from 0 to `n_players` - 1: columns of one player move together.

    Returns
    -------
    (n, n_players) float64

    Notes
    -----
    Game: Lundberg & Lee (2017), NeurIPS; weights of a leaf: Lundberg et al. (2020), Nature Machine Intelligence 2, 56-67
    (independent Tree SHAP); subset sums by Yates' algorithm.
    """
    n = len(X)
    phi = np.zeros((n, n_players))
    both = np.concatenate([X, background])
    held: dict[int, list[tuple[list[int], NDArray[np.int64], Floats]]] = {}
    for root, end in _spans(trees):
        left = _goes_left(trees, both, root, end)
        for leaf, path, conditions in _leaves(trees, player, root):
            k = len(path)
            if k == 0:
                continue
            code = _met(left, conditions, root)
            met = np.bincount(code[n:], minlength=1 << k).astype(np.float64)
            mass: Floats = np.asarray(met * float(trees.value[leaf]) / len(background))
            held.setdefault(k, []).append((path, code[:n], mass))
            if len(held[k]) * max((k + 1) << k, n) >= _BATCH:
                _add(phi, held.pop(k), k)
    for k, leaves in held.items():
        _add(phi, leaves, k)
    return phi


def _add(phi: Floats, leaves: list[tuple[list[int], NDArray[np.int64], Floats]], k: int) -> None:
    table = _shapley_tables(np.array([mass for *_, mass in leaves]), k)
    for (path, code, _), values in zip(leaves, table, strict=True):
        phi[:, path] += values[code]


def _shapley_tables(mass: Floats, k: int) -> Floats:
    """(leaves, 2**k, k) values of each player by what the row meets, out of (leaves, 2**k) mass by what the background meets."""
    size = 1 << k
    index = np.arange(size)
    count = np.array([int(i).bit_count() for i in index])
    # what the background does not meet must be the row's to meet: A runs over the subsets of what the row meets
    ranked = np.where((count == np.arange(k + 1)[:, None])[:, None, :], mass[None, :, ::-1], 0.0)
    for bit in range(k):
        pairs = ranked.reshape(k + 1, len(mass), size >> (bit + 1), 2, 1 << bit)
        pairs[..., 1, :] += pairs[..., 0, :]
    met = np.zeros((k + 1, size))
    unmet = np.zeros((k + 1, size))
    for a in range(k + 1):
        met[a] = [_weight(a - 1, k - int(s)) if a > 0 else 0.0 for s in count]
        unmet[a] = [_weight(a, k - int(s) - 1) if s < k else 0.0 for s in count]
    whole, against = (np.einsum("as,als->ls", w, ranked) for w in (met, unmet))
    out = np.empty((len(mass), size, k))
    for j in range(k):
        own = (index >> j & 1).astype(np.bool_)
        without = np.einsum("as,als->ls", met, ranked[:, :, index & ~(1 << j)])
        out[:, :, j] = np.where(own, whole - without, -against)
    return out


def _weight(a: int, b: int) -> float:
    return factorial(a) * factorial(b) / factorial(a + b + 1)


def _spans(trees: Ensemble) -> Iterator[tuple[int, int]]:
    """First node and end of every tree."""
    return pairwise([*trees.root.tolist(), len(trees.feature)])


def _goes_left(trees: Ensemble, X: Floats, root: int, end: int) -> NDArray[np.bool_]:
    """(nodes of the tree, n) whether a row would go left; False at leaves."""
    out = np.zeros((end - root, len(X)), np.bool_)
    for node in root + np.flatnonzero(trees.feature[root:end] >= 0):
        x = X[:, trees.feature[node]]
        x = x.astype(np.float32).astype(np.float64) if trees.single else x
        below = x < trees.threshold[node] if trees.strict else x <= trees.threshold[node]
        out[node - root] = np.where(np.isnan(x), trees.missing_left[node], below)
    return out


def _met(left: NDArray[np.bool_], conditions: Sequence[Sequence[tuple[int, bool]]], root: int) -> NDArray[np.int64]:
    """(n,) bit i: a row meets all conditions of the i-th player of a path."""
    code = np.zeros(left.shape[1], np.int64)
    for i, steps in enumerate(conditions):
        met = np.ones(left.shape[1], np.bool_)
        for node, went_left in steps:
            met &= left[node - root] if went_left else ~left[node - root]
        code |= met.astype(np.int64) << i
    return code


def _leaves(
    trees: Ensemble, player: Sequence[int], root: int
) -> Iterator[tuple[int, list[int], list[tuple[tuple[int, bool], ...]]]]:
    """Every leaf of a tree, the players on its path and per player the (node, went left) that the path asks for."""
    waiting: list[tuple[int, Mapping[int, tuple[tuple[int, bool], ...]]]] = [(root, {})]
    while waiting:
        node, path = waiting.pop()
        if trees.feature[node] < 0:
            yield node, list(path), list(path.values())
            continue
        who = int(player[trees.feature[node]])
        for child, went_left in ((trees.right[node], False), (trees.left[node], True)):
            waiting.append((int(child), {**path, who: (*path.get(who, ()), (node, went_left))}))
