"""Ratios of proportions and critical values of many estimates, against published values and SciPy."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, chi2
from scipy.stats.contingency import relative_risk

from validators.stats.interval import quantile
from validators.stats.multiplicity import max_t_quantile
from validators.stats.proportions import ratio_score_interval


def test_koopmans_own_example():
    found = ratio_score_interval(36, 40, 16, 80)

    assert (found.low, found.high) == pytest.approx((2.940, 7.152), abs=5e-4)  # Koopman (1984), Biometrics 40, 513-517


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2"), [(36, 40, 16, 80), (3, 10, 7, 12), (10, 10, 10, 10), (9, 50, 40, 60)]
)
def test_its_ends_are_where_the_score_test_by_a_numerical_fit_rejects(x1, n1, x2, n2):
    """Another route: the likeliest rates under the ratio by numerical search, Pearson's statistic against them."""

    def statistic(ratio):
        top = min(1.0, 1 / ratio)

        def loss(p2):
            return -(binom.logpmf(x1, n1, ratio * p2) + binom.logpmf(x2, n2, p2))

        p2 = minimize_scalar(loss, bounds=(1e-9, top - 1e-9), method="bounded", options={"xatol": 1e-12}).x
        p1 = ratio * p2
        return (x1 - n1 * p1) ** 2 / (n1 * p1 * (1 - p1)) + (x2 - n2 * p2) ** 2 / (n2 * p2 * (1 - p2))

    found = ratio_score_interval(x1, n1, x2, n2)
    for end in (found.low, found.high):
        assert statistic(end) == pytest.approx(chi2.ppf(0.95, 1), rel=1e-3)


def test_it_comes_close_to_the_logarithmic_interval_of_scipy_where_counts_are_large():
    theirs = relative_risk(1890, 11034, 1040, 11037).confidence_interval()
    mine = ratio_score_interval(1890, 11034, 1040, 11037)

    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), rel=1e-3)


def test_at_the_boundaries_one_end_is_open_and_the_other_mirrors():
    none, all_of = ratio_score_interval(0, 10, 3, 10), ratio_score_interval(3, 10, 0, 10)

    assert none.low == 0
    assert all_of.high == np.inf
    assert none.high == pytest.approx(1 / all_of.low)
    with pytest.raises(ValueError, match="no ratio"):
        ratio_score_interval(0, 10, 0, 10)


def rejected(x1, n1, x2, n2, ratio, confidence):
    """Whether the score test rejects each ratio, by the textbook root of the quadratic."""
    a, b, c = (n1 + n2) * ratio, -(ratio * (n1 + x2) + x1 + n2), x1 + x2
    p2 = (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0))) / (2 * a)
    p1 = np.minimum(ratio * p2, 1)
    variance = p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2
    return (x1 / n1 - ratio * x2 / n2) ** 2 > quantile(confidence) ** 2 * variance


ROWS, RATES = st.floats(0.02, 1000), st.sampled_from([0.0, 1.0]) | st.floats(0.001, 0.999)


@given(n1=ROWS, p1=RATES, n2=ROWS, p2=RATES, confidence=st.sampled_from([0.5, 0.8, 0.95, 0.999]))
@example(n1=3.0, p1=0.1, n2=3.0, p2=0.9, confidence=0.5)
@example(n1=0.36, p1=0.0, n2=1.9, p2=0.95, confidence=0.5)
@settings(max_examples=300, deadline=None)
def test_on_few_effective_rows_too_it_holds_the_ratios_that_the_test_does_not_reject_and_no_others(
    n1, p1, n2, p2, confidence
):
    """The search began at half an event: one that the test rejects where so few rows had less. It raised in one case of eight."""
    assume(p1 + p2 > 0)
    x1, x2 = p1 * n1, p2 * n2
    ends = ratio_score_interval(x1, n1, x2, n2, confidence=confidence)
    low = np.log(ends.low) if x1 > 0 else np.log(ends.high) - 10
    high = np.log(ends.high) if x2 > 0 else low + 10
    at = np.linspace(low - 3, high + 3, 400)
    inside = (at > (low if x1 > 0 else -np.inf)) & (at < (high if x2 > 0 else np.inf))
    clear = (np.abs(at - low) > 1e-6) & (np.abs(at - high) > 1e-6)

    assert (rejected(x1, n1, x2, n2, np.exp(at), confidence) == ~inside)[clear].all()
    assert x1 == 0 or x2 == 0 or ends.low <= p1 / p2 * (1 + 1e-9)
    assert x1 == 0 or x2 == 0 or ends.high >= p1 / p2 * (1 - 1e-9)


@pytest.mark.parametrize(("p1", "p2", "n"), [(0.5, 0.6, 200), (0.1, 0.2, 150), (0.95, 0.9, 120)])
def test_it_covers(p1, p2, n):
    rng = np.random.default_rng(1)
    x1, x2 = rng.binomial(n, p1, 400), rng.binomial(2 * n, p2, 400)
    ends = [ratio_score_interval(a, n, b, 2 * n) for a, b in zip(x1, x2, strict=True)]
    covered = np.mean([e.low <= p1 / p2 <= e.high for e in ends])

    assert 0.92 <= covered <= 0.98  # three standard errors of 400 draws about .95


def replicates(m, correlation, g=100_001, seed=0):
    rng = np.random.default_rng(seed)
    common, own = rng.standard_normal((g, 1)), rng.standard_normal((g, m))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


@pytest.mark.parametrize(("m", "published"), [(2, 2.21), (3, 2.35), (4, 2.44)])
def test_critical_values_agree_with_dunnetts_table(m, published):
    # Dunnett (1964), Biometrics 20, 482-491: two-sided, joint 95 %, correlation one half, infinitely many degrees of freedom
    held = replicates(m, 0.5, g=500)
    found = max_t_quantile(held, confidence=0.95, rng=np.random.default_rng(2), draws=20_000)

    assert found == pytest.approx(published, abs=0.03)


def test_two_estimates_that_move_as_one_cost_nothing_and_undefined_ones_count_as_independent():
    held = replicates(1, 0.0, g=50)
    single = quantile(0.95, 49)

    def critical(columns):
        return max_t_quantile(np.concatenate(columns, axis=1), confidence=0.95, rng=np.random.default_rng(3))

    assert critical([held, -held]) == pytest.approx(single, rel=0.01)
    lost = critical([held, np.full((50, 1), np.nan)])
    assert single < lost <= quantile(0.975, 49)
    assert critical([held]) == single
