"""Differences of proportions against the rest of Newcombe's table."""

import pytest

from validators.stats.proportions import newcombe_interval

# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10, cases (b) to (h)
TABLE_II = [
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


@pytest.mark.parametrize(("k1", "n1", "k2", "n2", "low", "high"), TABLE_II)
def test_difference_agrees_with_newcombes_table_at_the_boundary_too(k1, n1, k2, n2, low, high):
    found = newcombe_interval(k1 / n1, n1, k2 / n2, n2)

    assert (low, high) == pytest.approx((found.low, found.high), abs=6e-5)  # four printed digits


def test_swapping_the_samples_mirrors_the_interval():
    one, other = newcombe_interval(0.3, 40, 0.1, 25), newcombe_interval(0.1, 25, 0.3, 40)

    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
