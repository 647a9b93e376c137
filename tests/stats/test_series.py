"""Series against R's forecast package, SciPy, a sandwich written out, and simulation."""

import numpy as np
import pytest
from scipy.stats import norm, theilslopes

from validators.stats.series import (
    diebold_mariano,
    funnel_limits,
    hac_slope,
    largest_break,
    newey_west_variance,
    overdispersion,
    theil_sen,
    theil_sen_interval,
)

# R's datasets::lynx, annual trappings 1821-1934
LYNX = np.array([
    269, 321, 585, 871, 1475, 2821, 3928, 5943, 4950, 2577, 523, 98, 184, 279, 409, 2285, 2685, 3409, 1824, 409, 151, 45,
    68, 213, 546, 1033, 2129, 2536, 957, 361, 377, 225, 360, 731, 1638, 2725, 2871, 2119, 684, 299, 236, 245, 552, 1623,
    3311, 6721, 4254, 687, 255, 473, 358, 784, 1594, 1676, 2251, 1426, 756, 299, 201, 229, 469, 736, 2042, 2811, 4431,
    2511, 389, 73, 39, 49, 59, 188, 377, 1292, 4031, 3495, 587, 105, 153, 387, 758, 1307, 3465, 6991, 6313, 3794, 1836,
    345, 382, 808, 1388, 2713, 3800, 3091, 2985, 3790, 674, 81, 80, 108, 229, 399, 1132, 2432, 3574, 2935, 1537, 529, 485,
    662, 1000, 1590, 2657, 3396,
], float)  # fmt: skip


# reference_values.json, "Diebold-Mariano (HLN) lynx" and "lynx power 1": forecast::dm.test, no change against last change goes on
@pytest.mark.parametrize(
    ("power", "statistic", "p"), [(2, -0.834524244261, 0.405778089184), (1, -0.304109622968, 0.761613738161)]
)
def test_diebold_mariano_agrees_with_r_on_the_lynx(power, statistic, p):
    change = np.diff(LYNX)
    found = diebold_mariano(np.abs(change[1:]) ** power, np.abs(np.diff(change)) ** power)

    assert (found.statistic, found.p_value) == pytest.approx((statistic, p), rel=1e-9)


def test_diebold_mariano_at_a_longer_horizon_is_the_formula_written_out():
    rng = np.random.default_rng(0)
    d, n, h = rng.normal(size=30), 30, 3
    c = d - d.mean()
    gamma = [(c[k:] * c[: n - k]).sum() / n for k in range(h)]
    statistic = d.mean() / np.sqrt((gamma[0] + 2 * gamma[1] + 2 * gamma[2]) / n)

    found = diebold_mariano(d, np.zeros(n), horizon=h)
    assert found.statistic == pytest.approx(statistic * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_theil_sen_intervals_agree_with_scipy(seed, ties):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(0, 8, 25)) if ties else np.arange(25.0)
    y = rng.integers(0, 6, 25).astype(float) if ties else 0.1 * x + rng.normal(size=25)
    theirs = theilslopes(y, x, alpha=0.9)
    mine = theil_sen_interval(x.astype(float), y, confidence=0.9)

    assert theil_sen(x.astype(float), y) == pytest.approx(theirs.slope)
    assert (mine.low, mine.high) == pytest.approx((theirs.low_slope, theirs.high_slope))


def test_theil_sen_of_two_points_or_of_constant_x():
    assert theil_sen_interval(np.ones(4), np.arange(4.0), confidence=0.95) is None
    both = theil_sen_interval(np.arange(2.0), np.array([1.0, 3.0]), confidence=0.95)
    assert (both.low, both.high) == (2.0, 2.0)


def test_hac_slope_agrees_with_the_sandwich_written_out():
    rng = np.random.default_rng(1)
    n, lags = 40, 3
    x, y = np.arange(n, dtype=float), rng.normal(size=n)
    X = np.column_stack([np.ones(n), x])
    beta = np.linalg.solve(X.T @ X, X.T @ y)
    u = X * (y - X @ beta)[:, None]
    meat = u.T @ u
    for k in range(1, lags + 1):
        meat += (1 - k / (lags + 1)) * (u[k:].T @ u[:-k] + u[:-k].T @ u[k:])
    bread = np.linalg.inv(X.T @ X)
    se = np.sqrt((bread @ meat @ bread)[1, 1] * n / (n - 2))
    found = hac_slope(x, y, lags=lags, confidence=0.95)

    assert found.value == pytest.approx(beta[1])
    assert found.interval.high - found.value == pytest.approx(2.0243941639 * se)  # t quantile, 38 degrees of freedom
    assert hac_slope(np.ones(9), y[:9], lags=1, confidence=0.95) is None


def test_newey_west_sees_autocorrelation():
    rng = np.random.default_rng(2)
    e = rng.normal(size=20_000)
    x = e.copy()
    for t in range(1, len(x)):
        x[t] += 0.5 * x[t - 1]

    assert newey_west_variance(x, 60) * len(x) == pytest.approx(4.0, rel=0.15)  # 1 / (1 - .5)**2


def test_a_constant_series_has_no_variance():
    assert newey_west_variance(np.ones(9), 3) == 0.0


def test_funnel_limits_hold_95_percent_and_widen_with_overdispersion():
    rng = np.random.default_rng(3)
    variances = rng.uniform(0.01, 0.1, 2000)
    values = 0.7 + rng.normal(size=2000) * np.sqrt(3 * variances)
    found = overdispersion(values, variances)
    low, high = funnel_limits(found, variances, confidence=0.95)

    assert found.phi == pytest.approx(3, rel=0.12)
    assert np.mean((low <= values) & (values <= high)) == pytest.approx(0.95, abs=0.02)
    calm = overdispersion(np.full(5, 0.7), np.full(5, 0.01))
    assert funnel_limits(calm, np.full(5, 0.01), confidence=0.95)[1] == pytest.approx(0.7 + norm.ppf(0.975) * 0.1)


def test_overdispersion_is_the_q_statistic_over_its_degrees_of_freedom():
    values, variances = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.5, 2.0])
    mean = (1 / 1 + 2 / 0.5 + 4 / 2) / (1 + 2 + 0.5)
    q = ((values - mean) ** 2 / variances).sum()

    assert overdispersion(values, variances).phi == pytest.approx(q / 2)
    assert overdispersion(values, variances).p_value == pytest.approx(np.exp(-q / 2))


def test_break_intervals_cover_a_planted_break_and_repeat_with_the_seed():
    values = np.r_[np.full(8, 0.8), np.full(8, 0.7)]
    held = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        found = largest_break(
            values + rng.normal(0, 0.04, 16), np.full(16, 0.0016), np.ones(16), confidence=0.95, rng=rng, draws=500
        )
        held += found.interval.low <= -0.1 <= found.interval.high
    again = [
        largest_break(values, np.full(16, 0.0016), np.ones(16), confidence=0.95, rng=np.random.default_rng(1))
        for _ in range(2)
    ]

    assert held >= 150 * 0.95 - 3 * np.sqrt(150 * 0.05 * 0.95)
    assert again[0] == again[1]


def test_a_break_leaves_its_share_of_the_rows_on_each_side():
    rng = np.random.default_rng(4)
    values = np.r_[5.0, np.zeros(19)]
    found = largest_break(values, np.ones(20), np.ones(20), confidence=0.95, rng=rng, min_share=0.3)

    assert 6 <= found.at <= 14
    assert largest_break(values[:4], np.ones(4), np.array([1.0, 1e-9, 1e-9, 1e-9]), confidence=0.95, rng=rng) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_break_after_which_the_score_is_noisier_is_found_in_full(seed):
    """R2 of .86 falls to .70: its variance within a month grows twentyfold, so precisions would leave out all that came after."""
    rng = np.random.default_rng(seed)
    sd = np.repeat([0.007, 0.03], 6)
    found = largest_break(
        np.repeat([0.43, 0.35], 6) + rng.normal(0, sd), sd**2, np.full(12, 330.0), confidence=0.95, rng=rng, draws=500
    )

    assert abs(found.at - 6) <= 2
    assert found.difference == pytest.approx(-0.08, abs=0.04)
    assert found.interval.high < 0
