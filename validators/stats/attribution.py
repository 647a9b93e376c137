"""Shapley values by asking a function, not by reading a model: antithetic permutations against background rows."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Value = Callable[[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]], Floats]


def permutation_shapley(
    value: Value,
    n_rows: int,
    n_background: int,
    n_features: int,
    *,
    permutations: int,
    rng: np.random.Generator,
    groups: Sequence[Sequence[int]] | None = None,
) -> tuple[Floats, Floats]:
    """Shapley values of rows for a function of their features.

    A permutation starts from a background row and turns its features, one after the other, into the explained row's; each step's
    change is the turned feature's. Every permutation is walked forwards and backwards (antithetic). For each row the values sum
    exactly to f(row) minus the mean of f over the background rows drawn for it.

    Parameters
    ----------
    value
        f of mixed rows: `value(from_row (m, d) bool, row (m,), background (m,)) -> (m,)`, where `from_row` says which features
        are the explained row's.
    permutations : int
        Per row; even, so that both halves have as many.
    groups
        Players: features that are turned together, each feature in one group. Every feature is a player of its own without.

    Returns
    -------
    (2, n_rows, players) float64, two estimates from independent halves of the permutations; their mean is the estimate.
    (n_rows,) float64, the largest additivity error per row, f(row) - f(background) - sum of the values.

    Notes
    -----
    Sampling Shapley values: Castro, Gomez & Tejada (2009), Computers & Operations Research 36, 1726-1730. The game is the
    interventional one, features missing from a coalition taken from a background row: Lundberg & Lee (2017), NeurIPS.
    """
    if permutations < 2 or permutations % 2:
        raise ValueError(f"permutations must be even and at least 2, got {permutations}")
    player = _players(groups, n_features)
    n_players = int(player.max(initial=-1)) + 1
    halves = np.zeros((2, n_rows, n_players))
    error = np.zeros(n_rows)
    rows = np.arange(n_rows)
    steps = 2 * n_players
    for k in range(permutations):
        order = rng.permuted(np.tile(np.arange(n_players), (n_rows, 1)), axis=1)
        background = rng.integers(0, n_background, n_rows)
        # 2d + 1 points of the walk there (features turned on) and back in reverse order of leaving: on 0..d, then off 1..d-1
        position = np.argsort(order, axis=1)
        turned = np.empty((steps, n_rows, n_players), dtype=np.bool_)
        for s in range(steps):
            turned[s] = position < s if s <= n_players else position >= s - n_players
        walked = value(
            turned[..., player].reshape(-1, n_features), np.tile(rows, steps), np.tile(background, steps)
        ).reshape(steps, n_rows)
        there = np.diff(walked[: n_players + 1], axis=0)
        # the same order backwards: starting from nothing, the last feature of the order enters first
        back = np.concatenate([walked[n_players : n_players + 1], walked[n_players + 1 :], walked[:1]])
        change = -np.diff(back, axis=0)
        step = np.empty((n_rows, n_players))
        step[rows[:, None], order] = (there.T + change.T) / 2
        halves[k % 2] += step
        error = np.maximum(error, np.abs(walked[n_players] - walked[0] - step.sum(axis=1)))
    return halves / (permutations / 2), error


def _players(groups: Sequence[Sequence[int]] | None, n_features: int) -> NDArray[np.int64]:
    """Player of every feature."""
    if groups is None:
        return np.arange(n_features)
    if min((len(g) for g in groups), default=0) == 0 or sorted(f for g in groups for f in g) != list(range(n_features)):
        raise ValueError(f"groups must hold each of {n_features} features once, and none be empty, got {groups}")
    player = np.empty(n_features, dtype=np.int64)
    for k, members in enumerate(groups):
        player[list(members)] = k
    return player
