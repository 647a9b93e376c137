"""Paired comparisons and series against SciPy and published values."""

import numpy as np
import pytest
from scipy.stats import binomtest, kendalltau, theilslopes

from validators.stats.paired import (
    concordance_correlation,
    kendall_tau_b,
    mcnemar,
    rank_biased_overlap,
    stuart_maxwell,
)
from validators.stats.series import (
    diebold_mariano,
    largest_break,
    newey_west_variance,
    overdispersion,
    theil_sen,
    weighted_slope,
)


def test_mcnemar_on_the_approval_ratings():
    # Agresti, Categorical Data Analysis: 794, 150, 86, 570; the uncorrected statistic (150 - 86)**2 / (150 + 86)
    found = mcnemar(150, 86)

    assert found.statistic == pytest.approx(64**2 / 236)
    exact = binomtest(86, 236).pvalue
    assert found.p_value < exact
    assert found.p_value == pytest.approx(exact, rel=0.3)
    assert mcnemar(0, 0).p_value == 1.0
    assert mcnemar(3, 3).p_value == 1.0


def test_stuart_maxwell_of_two_classes_is_mcnemar():
    found = stuart_maxwell(np.array([[794, 150], [86, 570]]))

    assert (found.statistic, found.df) == (pytest.approx(64**2 / 236), 1)


def test_stuart_maxwell_agrees_with_the_definition_on_three_classes():
    table = np.array([[20, 10, 5], [3, 30, 15], [0, 5, 40]])
    d = (table.sum(1) - table.sum(0))[:2]
    s = np.array([
        [table[0].sum() + table[:, 0].sum() - 2 * 20, -(10 + 3)],
        [-(10 + 3), table[1].sum() + table[:, 1].sum() - 2 * 30],
    ])  # fmt: skip

    assert stuart_maxwell(table).statistic == pytest.approx(d @ np.linalg.inv(s) @ d)
    assert stuart_maxwell(np.eye(1)) is None
    assert stuart_maxwell(np.diag([3, 4, 5])) is None


def test_concordance_is_one_on_the_line_of_equality_and_less_beside_it():
    x = np.arange(10.0)

    assert concordance_correlation(x, x) == pytest.approx(1)
    assert concordance_correlation(x, x + 1) == pytest.approx(2 * x.var() / (2 * x.var() + 1))
    assert concordance_correlation(np.ones(3), np.ones(3)) is None


def test_kendall_agrees_with_scipy_and_is_none_for_a_constant():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 100), rng.integers(0, 9, 100)

    assert kendall_tau_b(a, b) == pytest.approx(kendalltau(a, b).statistic)
    assert kendall_tau_b(np.ones(5), np.arange(5)) is None


def test_rank_biased_overlap_is_one_for_equal_and_less_at_the_top():
    items = list("abcdef")
    top, tail = ["b", "a", *items[2:]], [*items[:4], "f", "e"]

    assert rank_biased_overlap(items, items) == pytest.approx(1)
    assert rank_biased_overlap(items, top) < rank_biased_overlap(items, tail) < 1


def lynx():
    """Annual Canadian lynx trappings, 1821-1934 (Campbell & Walker 1977), as in R's datasets."""
    return np.array([
        269, 321, 585, 871, 1475, 2821, 3928, 5943, 4950, 2577, 523, 98, 184, 279, 409, 2285, 2685, 3409, 1824, 409, 151, 45,
        68, 213, 546, 1033, 2129, 2536, 957, 361, 377, 225, 360, 731, 1638, 2725, 2871, 2119, 684, 299, 236, 245, 552, 1623,
        3311, 6721, 4254, 687, 255, 473, 358, 784, 1594, 1676, 2251, 1426, 756, 299, 201, 229, 469, 736, 2042, 2811, 4431,
        2511, 389, 73, 39, 49, 59, 188, 377, 1292, 4031, 3495, 587, 105, 153, 387, 758, 1307, 3465, 6991, 6313, 3794, 1836,
        345, 382, 808, 1388, 2713, 3800, 3091, 2985, 3790, 374, 81, 80, 108, 229, 399, 1132, 2432, 3574, 2935, 1537, 529, 485,
        662, 1000, 1590, 2657, 3396,
    ], float)  # fmt: skip


def test_diebold_mariano_of_a_series_with_itself_is_none():
    loss = np.random.default_rng(0).random(30)

    assert diebold_mariano(loss, loss) is None
    assert diebold_mariano(loss[:1], loss[:1] * 2) is None


def test_diebold_mariano_is_the_corrected_t_test_at_horizon_one():
    rng = np.random.default_rng(2)
    a, b = rng.random(40), rng.random(40) + 0.1
    d = a - b
    t = d.mean() / np.sqrt(d.var(ddof=0) / 40) * np.sqrt(39 / 40)

    assert diebold_mariano(a, b).statistic == pytest.approx(t)


def test_diebold_mariano_changes_sign_with_the_order():
    x = lynx()
    naive, drift = (
        np.diff(x)[1:] ** 2,
        np.array([(x[t] - x[t - 1] - (x[t - 1] - x[0]) / (t - 1)) ** 2 for t in range(2, len(x))]),
    )

    assert diebold_mariano(naive, drift).statistic == pytest.approx(-diebold_mariano(drift, naive).statistic)


def test_newey_west_without_lags_is_the_variance_of_the_mean():
    x = np.random.default_rng(0).normal(size=50)

    assert newey_west_variance(x, 0) == pytest.approx(x.var() / 50)
    assert newey_west_variance(np.repeat(x, 2), 1) > np.repeat(x, 2).var() / 100


def test_theil_sen_agrees_with_scipy():
    rng = np.random.default_rng(1)
    x, y = np.arange(20.0), rng.normal(size=20)

    assert theil_sen(x, y) == pytest.approx(theilslopes(y, x).slope)
    assert theil_sen(np.ones(3), np.arange(3.0)) is None


def test_weighted_slope_agrees_with_polyfit():
    x, y, v = np.arange(8.0), np.array([0.1, 0.3, 0.2, 0.5, 0.4, 0.7, 0.6, 0.9]), np.full(8, 1.0)
    found = weighted_slope(x, y, v, confidence=0.95)

    assert found.value == pytest.approx(np.polyfit(x, y, 1)[0])
    assert found.interval.low < found.value < found.interval.high
    assert weighted_slope(x[:3], y[:3], v[:3], confidence=0.95) is None


def test_overdispersion_is_one_by_chance_and_large_when_periods_differ():
    rng = np.random.default_rng(3)
    same = overdispersion(rng.normal(0, 0.1, 400), np.full(400, 0.01))
    apart = overdispersion(np.repeat([0.0, 1.0], 10), np.full(20, 0.01))

    assert same.phi == pytest.approx(1, abs=0.25)
    assert apart.p_value < 1e-6
    assert overdispersion(np.ones(1), np.ones(1)) is None


def test_a_planted_break_is_found_at_its_place():
    rng = np.random.default_rng(4)
    values = np.concatenate([np.full(10, 0.8), np.full(8, 0.7)]) + rng.normal(0, 0.01, 18)
    found = largest_break(values, np.full(18, 1e-4), np.ones(18), confidence=0.95, rng=rng)

    assert found.at == 10
    assert found.at in found.near
    assert len(found.near) <= 3
    assert found.interval.low < -0.1 < found.interval.high
    assert found.p_value < 0.01


def test_the_break_interval_holds_over_the_searched_dates():
    rng, alarms = np.random.default_rng(5), 0
    for _ in range(200):
        found = largest_break(
            rng.normal(0, 0.1, 12), np.full(12, 0.01), np.ones(12), confidence=0.95, rng=rng, draws=400
        )
        alarms += not found.interval.low <= 0 <= found.interval.high

    assert alarms <= 22  # 200 clean series: the 99.9 % binomial limit of a 5 % rate


def test_too_short_a_series_has_no_break():
    rng = np.random.default_rng(0)

    assert largest_break(np.ones(3), np.ones(3), np.ones(3), confidence=0.95, rng=rng) is None
    assert largest_break(np.array([1, 2, np.nan, 4]), np.ones(4), np.ones(4), confidence=0.95, rng=rng) is None
