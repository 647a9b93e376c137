"""Differences of proportions against the rest of Newcombe's table; weighted counts against R and Garwood."""

import numpy as np
import pytest
from scipy.stats import chi2

from validators.stats.proportions import newcombe_interval, weighted_count_interval

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


def test_a_weighted_count_agrees_with_the_rates_of_fay_and_feuer():
    # births of fifth or later children with Down's syndrome in Michigan, by age of the mother, per 100,000 standard births:
    # 67.70212 to 188.30017 by R's dsrTest 1.0.0 (gamma method), which takes the data from Fay & Feuer (1997)
    cases = np.array([0, 8, 63, 112, 262, 295])
    births = np.array([327, 30666, 123419, 149919, 104088, 34392])
    standard = np.array([319933, 931318, 786511, 488235, 237863, 61313])
    weight = standard / standard.sum() / births * 1e5

    found = weighted_count_interval((weight * cases).sum(), (weight**2 * cases).sum(), weight.max())

    assert (found.low, found.high) == pytest.approx((67.70212, 188.30017), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 7, 300])
def test_equal_weights_give_the_exact_interval_of_a_poisson_count(count):
    found = weighted_count_interval(count / 2, count / 4, 0.5, confidence=0.9)

    low = chi2.ppf(0.05, 2 * count) / 4 if count else 0.0  # Garwood (1936)
    assert (found.low, found.high) == pytest.approx((low, chi2.ppf(0.95, 2 * count + 2) / 4), rel=1e-9)


def test_a_weight_that_may_follow_must_be_positive():
    with pytest.raises(ValueError, match="following must be positive, got 0"):
        weighted_count_interval(0.0, 0.0, 0.0)
