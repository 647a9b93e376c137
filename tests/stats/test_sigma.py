"""The sigma scale of every distance against the table of requirements 5.2, and intervals that hold when rows depend on each other."""

import numpy as np
import pytest
from scipy.stats import ncx2, norm

from validators.stats.sigma import (
    LARGEST,
    _noncentral,
    _squared,
    binned_shift,
    d2_of_shift,
    moved,
    psi_of_shift,
    shift_of_d2,
)

TENTHS = np.full(10, 0.1)
EDGES = norm.ppf(np.arange(1, 10) / 10)
UNEQUAL = np.array([0.02, 0.5, 0.3, 0.08, 0.1])
DAYS = 120


# requirements.md 5.2, ten bins of equal mass: shift, PSI
TABLE = [(0.32, 0.100), (0.38, 0.137), (0.45, 0.193), (0.51, 0.250), (0.55, 0.282)]


@pytest.mark.parametrize(("delta", "psi"), TABLE)
def test_psi_is_that_of_the_table(delta, psi):
    assert psi_of_shift(delta, TENTHS) == pytest.approx(psi, abs=0.006)  # delta has two digits there


@pytest.mark.parametrize("probabilities", [TENTHS, UNEQUAL, np.array([0.5, 0.0, 0.5])])
@pytest.mark.parametrize("delta", [0.01, 0.3, 2.0, 5.0])
def test_a_distance_goes_to_sigma_and_back(delta, probabilities):
    assert shift_of_d2(d2_of_shift(delta, probabilities), probabilities) == pytest.approx(delta, abs=1e-4)


def test_moved_probabilities_are_those_of_a_normal_on_unequal_bins():
    edges = norm.ppf(np.cumsum(UNEQUAL)[:-1])

    np.testing.assert_allclose(
        moved(0.7, UNEQUAL), np.diff([0, *norm.cdf(edges, loc=0.7), 1]), atol=1e-12
    )  # same formula, other library


def test_small_shifts_have_the_square_as_their_psi():
    assert psi_of_shift(0.01, np.full(1000, 1e-3)) == pytest.approx(1e-4, rel=0.01)


def test_distances_out_of_reach_are_the_largest_shift_and_none_is_none():
    assert shift_of_d2(1e6, TENTHS) == LARGEST
    assert (shift_of_d2(-1.0, TENTHS), shift_of_d2(0.0, TENTHS)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("x", "df", "noncentrality"), [(3200, 5, 3000), (5000, 9, 4800), (1e5, 9, 1e5), (3100, 40, 2980)]
)
def test_the_approximation_for_large_arguments_agrees_with_scipy(x, df, noncentrality):
    assert _noncentral(x, df, noncentrality) == pytest.approx(ncx2.cdf(x, df, noncentrality), abs=1e-5)


def test_the_square_of_a_noisy_covariance_is_right_on_average():
    rng = np.random.default_rng(0)
    root, df = rng.normal(size=(4, 4)), 20
    s = root @ root.T
    draws = []
    for _ in range(4000):
        x = rng.normal(size=(df, 4)) @ root.T
        draws.append(_squared(x.T @ x / df, df))

    assert np.mean(draws) == pytest.approx((s * s).sum(), abs=5 * np.std(draws) / np.sqrt(4000))


def side(rng, n, shift, design, edges=EDGES):
    """(50, bins) counts of n rows of a unit normal; clustered: by day, intra-class correlation .1."""
    bins = len(edges) + 1
    if design == "clustered":
        day, of_day = rng.integers(0, DAYS, n), rng.integers(0, 50, DAYS)
        x, group = np.sqrt(0.1) * rng.normal(size=DAYS)[day] + np.sqrt(0.9) * rng.normal(size=n) + shift, of_day[day]
    else:
        x, group = rng.normal(size=n) + shift, rng.integers(0, 50, n)
    weight = np.exp(0.7 * rng.normal(size=n)) if design == "weighted" else np.ones(n)
    place = group * bins + np.searchsorted(edges, x)
    return np.bincount(place, weights=weight, minlength=50 * bins).reshape(50, bins)


def covered(estimate, n, shift, design, runs, **kwargs):
    """Share of intervals that hold the shift, and their mean half-width."""
    rng = np.random.default_rng([7, n, int(1000 * shift)])
    found = [estimate(side(rng, n, 0.0, design), side(rng, n, shift, design), **kwargs) for _ in range(runs)]
    return np.mean([f.low <= shift <= f.high for f in found]), np.mean([(f.high - f.low) / 2 for f in found])


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_intervals_cover_when_days_are_clusters(shift):
    share, _ = covered(binned_shift, 6000, shift, "clustered", 150, confidence=0.95)

    assert share >= 0.89  # three binomial standard errors below .95; a chi-square without direction covers .84


def test_intervals_at_the_simultaneous_level_are_as_narrow_as_the_limits_suppose():
    _, wide = covered(binned_shift, 2500, 0.0, "iid", 40, confidence=0.9993)
    _, narrow = covered(binned_shift, 6000, 0.0, "iid", 40, confidence=0.9993)

    assert (wide, narrow) == (pytest.approx(0.08, abs=0.012), pytest.approx(0.052, abs=0.01))


@pytest.mark.parametrize(("design", "n"), [("iid", 6000), ("clustered", 6000)])
def test_the_value_of_a_shift_is_right_on_average(design, n):
    rng = np.random.default_rng(2)
    found = [
        binned_shift(side(rng, n, 0, design), side(rng, n, 0.6, design), confidence=0.95).value for _ in range(100)
    ]

    assert np.mean(found) == pytest.approx(0.6, abs=4 * np.std(found) / 10 + 0.005)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["iid", "clustered", "weighted"])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.15, 0.3, 0.6, 1.5])
@pytest.mark.parametrize("n", [300, 2500, 6000])
def test_intervals_cover_at_both_levels(n, shift, design):
    usual, _ = covered(binned_shift, n, shift, design, 1000, confidence=0.95)
    simultaneous, _ = covered(binned_shift, n, shift, design, 1000, confidence=0.9993)

    assert usual >= 0.93 - 0.015  # two binomial standard errors of 1000 runs
    assert usual <= 0.97 + 0.01 or shift == 0.0
    assert simultaneous >= 0.995


def test_a_distance_below_what_sampling_gives_does_not_prove_that_nothing_moved():
    """Every day has one weekday and every group its share of them: the upper limit was 0 with a Kolmogorov distance of .07."""
    days = np.zeros((50, 7))
    days[np.arange(50), np.arange(50) % 7] = 40
    other = np.zeros((50, 7))
    other[np.arange(50), (np.arange(50) * 3) % 7] = 40
    found = binned_shift(days, other, confidence=0.95)

    assert (found.value, found.low) == (0, 0)
    assert found.high > 0.15
