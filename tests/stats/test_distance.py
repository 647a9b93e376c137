"""Distances on bins against SciPy and Bergsma's definition; the Wasserstein shift in simulation."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm, wasserstein_distance
from scipy.stats.contingency import association

from validators.stats.distance import (
    cramers_v_corrected,
    ks_distance,
    population_stability_index,
    wasserstein_shift,
)
from validators.stats.sigma import robust_scale

from .test_sigma import side

CUTS = np.linspace(-4, 4, 65)


def test_distances_on_the_sleep_groups():
    # R ks.test on the sleep data: .4 (reference_values.json, "two-sample KS statistic")
    a = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    b = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    values = np.unique(np.concatenate([a, b]))
    counts = [(x[:, None] == values).sum(axis=0) for x in (a, b)]

    assert ks_distance(*counts) == pytest.approx(0.4)
    assert ks_distance(*counts) == pytest.approx(ks_2samp(a, b).statistic)


def test_half_the_mass_moved_to_an_empty_band_is_seen():
    # the peers' bug B2: .35 on the bins that are not empty, 4.06 in all
    assert population_stability_index([1000, 1000, 0], [1000, 0, 1000]) > 3


def test_cramers_v_is_corrected_for_chance():
    table = np.array([[10, 10, 20], [20, 20, 20]])
    n, phi2 = 100, 2.7777777777777777 / 100  # the statistic: reference_values.json, scipy docs chi2_contingency
    expected = np.sqrt(max(0, phi2 - 2 / (n - 1)) / min(2 - 1 / (n - 1) - 1, 3 - 4 / (n - 1) - 1))

    assert cramers_v_corrected(table) == pytest.approx(expected)
    assert cramers_v_corrected(table) < association(table, method="cramer")
    assert cramers_v_corrected(1000 * table) == pytest.approx(association(table, method="cramer"), abs=1e-2)
    assert cramers_v_corrected(np.diag([50, 50, 50])) == pytest.approx(1, abs=1e-9)
    assert cramers_v_corrected(np.outer([1, 2], [30, 40])) == 0.0


def test_cramers_v_of_one_row_or_of_all_different_rows_is_undefined():
    assert cramers_v_corrected([[3, 4], [0, 0]]) is None
    assert cramers_v_corrected([[1, 0], [0, 0]]) is None
    assert cramers_v_corrected(np.eye(2)) is None


def test_the_robust_scale_of_a_normal_is_its_standard_deviation():
    counts = 1e6 * np.diff(np.concatenate([[0], norm.cdf(CUTS, scale=0.7), [1]]))

    assert robust_scale(counts, CUTS) == pytest.approx(0.7, rel=0.01)


def test_the_robust_scale_never_has_a_floor_and_may_be_undefined():
    # the peers' bug B6: max(sd, .001)
    counts = np.diff(np.concatenate([[0], norm.cdf(CUTS), [1]]))

    assert robust_scale(counts, CUTS * 1e-9) == pytest.approx(1e-9, rel=0.01)
    assert robust_scale([0, 0, 0], CUTS[:2]) is None
    assert robust_scale([100, 0, 0], CUTS[:2]) is None
    assert robust_scale([80, 10, 10], np.array([0.0, 1.0])) > 0  # the quartiles are equal, the outer tenths are not
    # four fifths are 0: between the quartiles there is nothing, and the cuts around 0 do not say how far the others are
    spike = robust_scale([0, 80, 10, 10], np.array([-1e-5, 15.0, 1000.0]))
    assert spike == pytest.approx(1000 / 3.29, rel=0.02)


def test_wasserstein_shift_is_free_of_units_and_takes_a_declared_scale():
    rng = np.random.default_rng(1)
    e, a = side(rng, 3000, 0, "iid", CUTS), side(rng, 3000, 0.4, "iid", CUTS)
    plain = wasserstein_shift(e, a, CUTS, confidence=0.95)
    tiny = wasserstein_shift(e, a, 1e-6 * CUTS, confidence=0.95)
    declared = wasserstein_shift(e, a, CUTS, confidence=0.95, scale=2.0)

    assert (tiny.value, tiny.low, tiny.high) == pytest.approx((plain.value, plain.low, plain.high))
    assert plain.low < 0.4 < plain.high
    assert declared.raw == pytest.approx(wasserstein_distance(CUTS, CUTS + 0.4) / 2, abs=0.05)


def test_wasserstein_shift_is_undefined_without_groups_cuts_or_scale():
    e = side(np.random.default_rng(0), 500, 0, "iid", CUTS)
    constant = np.zeros((50, 3))
    constant[:, 0] = 4

    assert wasserstein_shift(e[:5], e, CUTS, confidence=0.95) is None
    assert wasserstein_shift(e[:, :2], e[:, :2], CUTS[:1], confidence=0.95) is None
    assert wasserstein_shift(constant, constant, CUTS[:2], confidence=0.95) is None
    same = wasserstein_shift(constant, constant, CUTS[:2], confidence=0.95, scale=1.0)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def by_wasserstein(e, a, *, confidence):
    return wasserstein_shift(e, a, CUTS, confidence=confidence)


def cover(n, shift, design, runs, confidence=0.95):
    rng = np.random.default_rng([3, n, int(1000 * shift)])
    found = [
        by_wasserstein(side(rng, n, 0, design, CUTS), side(rng, n, shift, design, CUTS), confidence=confidence)
        for _ in range(runs)
    ]
    return np.mean([f.low <= shift <= f.high for f in found])


@pytest.mark.parametrize("design", ["iid", "clustered"])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_wasserstein_intervals_cover(shift, design):
    assert cover(2500, shift, design, 60) >= 0.85  # 60 runs: three binomial standard errors below .95 is .866


@pytest.mark.slow
@pytest.mark.parametrize("design", ["iid", "clustered", "weighted"])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("n", [300, 2500, 6000])
def test_wasserstein_intervals_cover_at_least_92_percent(n, shift, design):
    assert cover(n, shift, design, 600) >= 0.92
