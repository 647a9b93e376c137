"""Shares of rows that repeat: their intervals hold where rows come day by day, and are no wider than that takes."""

import numpy as np
import pytest
from scipy.stats import chi2

from validators.summaries.repetition import excess_share, weighted_share


def days(rng, n=60):
    """Day and content of bookings; a party books up to twelve equal rooms on one day."""
    day = np.repeat(np.arange(n), rng.poisson(12, n) + 1)
    party = np.cumsum(rng.random(len(day)) < rng.beta(6, 2, n)[day])
    return day, party * n + day


def test_the_difference_between_two_draws_of_days_is_none_in_nine_of_ten():
    rng, held, half, values = np.random.default_rng(4), 0, [], []
    for _ in range(400):
        shares = []
        for day, party in (days(rng) for _ in range(2)):
            repeats = np.bincount(party)[party] > 1
            shares.append(weighted_share(repeats, np.ones(len(day)), party, day, confidence=0.9, together=2))
        value, ends = excess_share(*shares)
        held += ends.low <= 0 <= ends.high
        half.append((ends.high - ends.low) / 2)
        values.append(value)

    assert 0.87 <= held / 400 <= 0.94
    assert np.mean(half) < 1.2 * 1.645 * np.std(values)


def test_a_share_of_single_rows_has_nearly_the_interval_of_a_count():
    n, rng = 5000, np.random.default_rng(1)
    hit = np.arange(n) < 40
    share, ends = weighted_share(hit, np.ones(n), rng.permutation(n), confidence=0.9)

    exact = chi2.ppf(0.05, 80) / 2, chi2.ppf(0.95, 82) / 2  # Garwood's, of 40 Poisson events
    assert share == 40 / n
    assert (ends.low * n, ends.high * n) == pytest.approx(exact, rel=0.01)


def test_all_or_one_day_alone_still_have_an_interval():
    one = np.zeros(30, np.int64)
    share, ends = weighted_share(np.arange(30) < 3, np.ones(30), one, confidence=0.9)
    assert (share, ends.low < 0.02, ends.high > 0.2) == (0.1, True, True)

    share, ends = weighted_share(np.ones(30, np.bool_), np.ones(30), np.arange(30), confidence=0.9)
    assert (share, ends.high) == (1.0, 1.0)
    assert 0.9 < ends.low < 1
