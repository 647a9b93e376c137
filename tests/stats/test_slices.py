"""The slice search against brute force, and on rows without a slice."""

from itertools import combinations

import numpy as np
import pytest

from validators.stats.slices import Item, Search, search

N = 2000
RNG = np.random.default_rng(3)
CODES = RNG.integers(0, 3, (N, 4))
ITEMS = [Item(c, (b,)) for c in range(4) for b in range(3)]
NOISE = RNG.normal(size=N)
ONES, ALL = np.ones(N), np.ones(N, bool)


def rows_of(found):
    return np.logical_and.reduce([np.isin(CODES[:, ITEMS[i].column], ITEMS[i].bins) for i in found])


def z_of(found, excess, material):
    e = excess[rows_of(found)]
    return (e.mean() - material) / (e.std() / np.sqrt(len(e)))


@pytest.mark.parametrize("planted", [(4,), (1, 5), (0, 4, 8)])
def test_a_planted_slice_comes_first(planted):
    excess = NOISE + 1.5 * rows_of(planted)
    assert search(CODES, ITEMS, excess, ONES, ALL, Search(min_rows=30, material=0.1))[0] == planted


def test_best_pair_is_that_of_brute_force():
    excess = NOISE + 0.8 * rows_of((2, 7)) + 0.3 * rows_of((3,))
    found = search(CODES, ITEMS, excess, ONES, ALL, Search(min_rows=30, conditions=2, keep=1, overlap=1.0))
    pairs = [p for p in combinations(range(12), 2) if ITEMS[p[0]].column != ITEMS[p[1]].column]
    best = max(pairs, key=lambda p: z_of(p, excess, 0.0))
    assert best in found


def test_only_the_given_rows_are_searched():
    half = np.arange(N) < N // 2
    excess = NOISE + 3 * (rows_of((1, 5)) & ~half)
    assert (1, 5) not in search(CODES, ITEMS, excess, ONES, half, Search(min_rows=30, keep=1))
    assert search(CODES, ITEMS, excess, ONES, ~half, Search(min_rows=30, keep=1))[0] == (1, 5)


def test_support_bounds_what_is_found():
    for found in search(CODES, ITEMS, NOISE, ONES, ALL, Search(min_rows=200, keep=9)):
        assert rows_of(found).sum() >= 200


def test_slices_given_back_differ_in_their_rows():
    excess = NOISE + rows_of((1,))
    found = search(CODES, ITEMS, excess, ONES, ALL, Search(min_rows=30, keep=5))
    for a, b in combinations(found, 2):
        assert (rows_of(a) & rows_of(b)).sum() <= 0.5 * (rows_of(a) | rows_of(b)).sum()


def test_rows_of_weight_zero_do_not_count():
    weight = (np.arange(N) % 2).astype(float)
    excess = np.where(weight == 0, 1e6, NOISE + rows_of((1, 5)))
    assert search(CODES, ITEMS, excess, weight, ALL, Search(min_rows=30, material=0.1))[0] == (1, 5)


def test_nothing_to_search_finds_nothing():
    assert search(CODES, [], NOISE, ONES, ALL, Search(min_rows=1)) == []
    assert search(CODES, ITEMS, NOISE, ONES, ~ALL, Search(min_rows=1)) == []
