"""Intervals against Newcombe's table, SciPy and simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student_t

from validators.stats.interval import Interval, folded, normal_interval, quantile, simultaneous_level
from validators.stats.jackknife import (
    cross_fitted_spread,
    effective_n,
    jackknife_covariance,
    jackknife_interval,
    jackknife_variance,
    leave_one_out,
    student_rows,
)
from validators.stats.proportions import (
    clopper_pearson_interval,
    count_upper_bound,
    newcombe_interval,
    wilson_interval,
    zero_event_upper_bound,
)

# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (Wilson) and 5 (Clopper-Pearson)
PUBLISHED = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]


@pytest.mark.parametrize(("k", "n", "low", "high"), PUBLISHED)
def test_wilson_interval_agrees_with_newcombes_table(k, n, low, high):
    found = wilson_interval(k, n)

    assert (low, high) == pytest.approx((found.low, found.high), abs=6e-5)  # four printed digits


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (450, 1000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_wilson_and_clopper_pearson_agree_with_scipy(k, n, confidence):
    theirs = [binomtest(k, n).proportion_ci(confidence, method=m) for m in ("wilson", "exact")]
    ours = [f(k, n, confidence=confidence) for f in (wilson_interval, clopper_pearson_interval)]

    assert [(t.low, t.high) for t in theirs] == [pytest.approx((o.low, o.high), abs=1e-9) for o in ours]


def test_clopper_pearson_agrees_with_newcombes_table():
    found = clopper_pearson_interval(81, 263)

    assert pytest.approx((found.low, found.high), abs=6e-5) == (0.2527, 0.3676)


def test_newcombe_difference_agrees_with_his_example():
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, case (a), 56/70 - 48/80, method 10
    found = newcombe_interval(56 / 70, 70, 48 / 80, 80)

    assert pytest.approx((found.low, found.high), abs=6e-5) == (0.0524, 0.3339)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (0, 2400), (3, 10), (450, 1000), (10, 10)])
def test_the_upper_bound_of_a_count_is_scipys_one_sided_one(k, n):
    exact = binomtest(k, n, alternative="less").proportion_ci(0.95, method="exact")

    assert count_upper_bound(k, n) == pytest.approx(exact.high, abs=1e-9)


def test_zero_event_bound_is_about_three_over_n():
    assert zero_event_upper_bound(2400) == pytest.approx(3 / 2400, rel=0.01)
    assert zero_event_upper_bound(20) == pytest.approx(
        binomtest(0, 20).proportion_ci(0.9, method="exact").high, abs=1e-9
    )


@pytest.mark.parametrize("f", [zero_event_upper_bound, lambda n: wilson_interval(0, n)])
def test_an_interval_of_no_rows_is_refused(f):
    with pytest.raises(ValueError, match="must be positive"):
        f(0)


def test_simultaneous_level_is_bonferronis():
    assert simultaneous_level(0.95, 10) == pytest.approx(0.995)
    assert simultaneous_level(0.95, 0) == simultaneous_level(0.95, 1) == pytest.approx(0.95)


def test_quantiles_are_the_textbooks():
    assert quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert quantile(0.95, 10) == pytest.approx(2.228139, abs=1e-6)


def test_scaled_intervals_stay_in_their_range():
    logit = normal_interval(0.98, 0.02, confidence=0.99, scale="logit")
    log = normal_interval(0.5, 0.6, confidence=0.99, scale="log")
    edge = normal_interval(1.0, 0.1, confidence=0.95, scale="logit")

    assert 0 < logit.low < 0.98 < logit.high < 1
    assert 0 < log.low < 0.5 < log.high
    assert edge.high == 1.0


def test_the_interval_of_an_absolute_value_is_folded_at_zero():
    assert folded(Interval(-3, 1)) == Interval(0, 3)
    assert folded(Interval(-3, -1)) == Interval(1, 3)


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_that_lean_on_each_other_have_the_variance_of_nadeau_and_bengio(folds):
    """Their formula 1: the variance of the mean of equally correlated folds, with the correlation of section 4."""
    share = 1 / folds
    covariance = np.full((folds, folds), share) + (1 - share) * np.eye(folds)
    independent = np.random.default_rng(folds).normal(size=(50, 3))
    ratio = jackknife_variance(cross_fitted_spread(independent, folds)) / jackknife_variance(independent)

    assert ratio == pytest.approx(covariance.mean() / (np.eye(folds).mean()))
    # their corrected estimate (1/J + n2/n1) S2, where folds of that correlation have S2 = 1 - 1/K
    assert ratio == pytest.approx(folds * (1 / folds + 1 / (folds - 1)) * (1 - share))


def test_jackknife_variance_of_a_mean_is_the_textbooks():
    x = np.random.default_rng(0).normal(size=40)
    rest = leave_one_out(x, np.ones(40, bool)) / 39

    assert jackknife_variance(rest) == pytest.approx(x.var(ddof=1) / 40)
    both = leave_one_out(np.column_stack([x, x**2]), np.ones(40, bool)) / 39
    assert jackknife_covariance(both)[0, 0] == pytest.approx(x.var(ddof=1) / 40)


def test_too_few_groups_or_an_undefined_replicate_give_no_interval():
    assert jackknife_interval(1.0, np.ones(7), confidence=0.95) is None
    assert jackknife_interval(1.0, np.array([1.0] * 9 + [np.nan]), confidence=0.95) is None
    assert np.isnan(jackknife_variance(np.ones(1)))


def test_effective_n_never_exceeds_n_and_falls_with_clusters():
    assert effective_n(0.5, 1e-9, 100) == 100
    assert effective_n(0.5, 0.01, 100) == pytest.approx(25)
    assert effective_n(0.0, 0.0, 100) == 100


def test_rows_for_students_quantile_give_its_interval_in_large_samples():
    n = student_rows(40_000, 12, confidence=0.95)
    ends = wilson_interval(0.3 * n, n)
    half = student_t.ppf(0.975, 11) * (0.3 * 0.7 / 40_000) ** 0.5

    assert (ends.high - ends.low) / 2 == pytest.approx(half, rel=1e-3)
    assert student_rows(500, 10**9, confidence=0.95) == pytest.approx(500)


def coverage(draw, truth, *, runs, confidence=0.95):
    """Share of jackknife intervals of a ratio of sums that hold the truth."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(runs):
        sums = draw(rng)
        value = sums[:, 1].sum() / sums[:, 0].sum()
        rest = leave_one_out(sums, sums[:, 0] > 0)
        found = jackknife_interval(value, rest[:, 1] / rest[:, 0], confidence=confidence)
        hits += found is not None and found.low <= truth <= found.high
    return hits / runs


def independent(rng):
    y, group = rng.random(2000) < 0.3, rng.integers(0, 50, 2000)
    return np.column_stack([np.bincount(group, minlength=50), np.bincount(group, weights=y, minlength=50)])


def clustered(rng):
    days = rng.integers(0, 150, 2000)
    rate = np.clip(0.3 + rng.normal(0, 0.1, 150), 0.02, 0.98)
    y, group = rng.random(2000) < rate[days], days % 50
    return np.column_stack([np.bincount(group, minlength=50), np.bincount(group, weights=y, minlength=50)])


def weighted(rng):
    w, y, group = rng.choice([0.5, 1, 4], 2000), rng.random(2000) < 0.3, rng.integers(0, 50, 2000)
    return np.column_stack(
        [np.bincount(group, weights=w, minlength=50), np.bincount(group, weights=w * y, minlength=50)]
    )


@pytest.mark.parametrize("draw", [independent, clustered, weighted])
def test_jackknife_intervals_cover(draw):
    # 300 runs: the binomial 99.9 % band around .95 is .90 to .985
    assert 0.90 <= coverage(draw, 0.3, runs=300) <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("draw", [independent, clustered, weighted])
def test_jackknife_intervals_cover_between_93_and_97_percent(draw):
    assert 0.93 <= coverage(draw, 0.3, runs=4000) <= 0.97
