"""Permutation p-value of a classifier two-sample test."""

import numpy as np
import pytest
from scipy.stats import kstest, mannwhitneyu

from validators.stats.permutation import side_permutation_p


def test_p_agrees_with_mann_whitney():
    rng = np.random.default_rng(0)
    side = np.repeat([0, 1], 60)
    score = rng.normal(size=120) + 0.35 * side
    theirs = mannwhitneyu(score[side == 1], score[side == 0], alternative="greater").pvalue

    p = side_permutation_p(score, side, np.arange(120).astype(np.uint64), draws=4999, rng=rng)

    assert p == pytest.approx(theirs, abs=0.012)  # three Monte Carlo standard errors


def p_of(seed, *, days, effect=0.0, by_day=False):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(40), 10) if days else np.arange(400)
    side = (unit % 2) if days else rng.integers(0, 2, 400)
    score = rng.normal(size=40)[unit] if days else rng.normal(size=400)
    held = np.arange(400) if days and not by_day else unit
    return side_permutation_p(score + effect * side, side, held.astype(np.uint64), draws=99, rng=rng)


def test_p_is_uniform_without_a_difference_rows_or_days():
    for days in (False, True):
        p = [p_of(s, days=days, by_day=days) for s in range(150)]
        assert kstest(p, "uniform").pvalue > 0.01


def test_days_shuffled_row_by_row_would_alarm_and_a_real_difference_does():
    assert np.mean([p_of(s, days=True) < 0.05 for s in range(60)]) > 0.2
    assert p_of(0, days=False, effect=1.0) == 0.01


def test_units_on_both_sides_swap_within_themselves():
    """Days that differ a lot, each on both sides: the difference of the days is not that of the sides."""
    unit = np.repeat(np.arange(20), 10).astype(np.uint64)

    def p_within(seed, effect):
        rng = np.random.default_rng(seed)
        side = (rng.random(200) < np.repeat(rng.random(20), 10)).astype(int)
        score = np.repeat(3 * rng.normal(size=20), 10) + rng.normal(size=200) + effect * side
        return side_permutation_p(score, side, unit, draws=99, rng=rng)

    assert kstest([p_within(s, 0.0) for s in range(120)], "uniform").pvalue > 0.01
    assert np.median([p_within(s, 1.0) for s in range(10)]) <= 0.02


def test_one_side_only_has_no_answer():
    rng = np.random.default_rng(0)
    held = (np.zeros(40, int), np.arange(40).astype(np.uint64))
    assert side_permutation_p(rng.normal(size=40), *held, draws=9, rng=rng) is None


def test_days_of_their_own_on_one_side_only_leave_nothing_to_swap():
    """Test rows of another month, told apart by .83, had p = .66: those days stayed where they were in every shuffle."""
    unit, side = np.repeat(np.arange(20), 10), np.tile([0, 1], 100)
    side[unit >= 12] = 1

    assert side_permutation_p(side + 0.0, side, unit.astype(np.uint64), draws=9, rng=np.random.default_rng(0)) is None
