"""Distances against SciPy, and the sigma scale against the table of requirements, by quadrature and by simulation."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import ndtri
from scipy.stats import norm, wasserstein_distance

from validators.stats.distance import (
    jensen_shannon_distance,
    ks_distance,
    population_stability_index,
    total_variation,
    wasserstein_on_bins,
)
from validators.stats.sigma import (
    LARGEST,
    auc_of_shift,
    binned_shift,
    d2_of_shift,
    ks_of_shift,
    shift_of_d2,
)

TENTHS = np.full(10, 0.1)
EDGES = ndtri(np.arange(1, 10) / 10)


def test_jensen_shannon_distance_agrees_with_scipy():
    p, q = np.array([3, 5, 2]), np.array([1, 4, 9])

    assert jensen_shannon_distance(p, q) == pytest.approx(jensenshannon(p, q, base=2))
    # SciPy's documentation: [1, 0] against [.5, .5] is .46450140402245893 to base e
    assert jensen_shannon_distance([1, 0], [1, 1]) == pytest.approx(0.46450140402245893 / np.sqrt(np.log(2)))
    assert jensen_shannon_distance([1, 0], [0, 1]) == pytest.approx(1.0)


def test_disjoint_distributions_are_far_apart():
    # the peers' bug B2: an inner join of the non-empty bins gives 0
    assert population_stability_index([1000, 0], [0, 1000]) > 10
    assert total_variation([1, 0], [0, 1]) == 1.0


def test_every_bin_counts():
    # the peers' bug B3: nine cut points taken as nine bins lose the top decile
    before, after = np.full(10, 1000), np.array([833] * 9 + [2503])
    p, q = before / before.sum(), after / after.sum()

    assert population_stability_index(before, after) == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-2)


def test_equal_distributions_are_at_no_distance():
    c = np.array([5, 10, 0, 3])

    assert population_stability_index(c, c) == pytest.approx(0)
    assert [f(c, 2 * c) for f in (jensen_shannon_distance, total_variation, ks_distance)] == pytest.approx([0, 0, 0])


def test_shares_of_no_rows_are_refused():
    with pytest.raises(ValueError, match="no rows"):
        total_variation([0, 0], [1, 1])


def test_wasserstein_on_fine_bins_agrees_with_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=4000), rng.normal(0.5, 1.3, 4000)
    cuts = np.linspace(-7, 7, 2000)
    counts = [np.bincount(np.searchsorted(cuts, x, side="right"), minlength=len(cuts) + 1) for x in (a, b)]

    assert wasserstein_on_bins(*counts, cuts) == pytest.approx(wasserstein_distance(a, b), abs=0.004)  # half a bin


def test_a_tiny_scale_is_not_masked_by_a_floor():
    # the peers' bug B6: max(sd, .001)
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1e-4, 3000), rng.normal(5e-5, 1e-4, 3000)
    cuts = np.quantile(a, np.arange(1, 200) / 200)
    counts = [np.bincount(np.searchsorted(cuts, x), minlength=200) for x in (a, b)]

    assert wasserstein_on_bins(*counts, cuts) == pytest.approx(5e-5, rel=0.2)


@pytest.mark.parametrize(("delta", "ks", "auc"), [(0.10, 0.040, 0.528), (0.32, 0.128, 0.590), (0.51, 0.200, 0.640)])
def test_equivalences_of_a_normal_shift_are_those_of_the_table(delta, ks, auc):
    assert (ks_of_shift(delta), auc_of_shift(delta)) == pytest.approx((ks, auc), abs=2e-3)


@pytest.mark.parametrize("delta", [0.05, 0.3, 1.0, 3.0])
def test_the_distance_of_a_shift_agrees_with_quadrature(delta):
    q = np.diff(np.concatenate([[0], norm.cdf(EDGES - delta), [1]]))
    direct = sum(2 * (0.1 - x) ** 2 / (0.1 + x) for x in q)

    assert d2_of_shift(delta, TENTHS) == pytest.approx(direct)
    assert shift_of_d2(direct, TENTHS) == pytest.approx(delta, abs=1e-8)


def test_the_distance_of_disjoint_bins_is_the_largest_shift():
    assert shift_of_d2(4.0, TENTHS) == LARGEST
    assert shift_of_d2(-0.1, TENTHS) == 0.0


def table(x, group):
    return np.bincount(group * 10 + np.searchsorted(EDGES, x), minlength=500).reshape(50, 10)


def simulated(shift, n, confidence, runs, *, clustered=False):
    """Coverage and mean upper limit."""
    rng, hits, highs = np.random.default_rng(11), 0, []
    for _ in range(runs):
        held = []
        for d in (0.0, shift):
            day = rng.integers(0, 120, n)
            common = rng.normal(size=120)[day] * np.sqrt(0.1) if clustered else 0.0
            x = common + rng.normal(size=n) * (np.sqrt(0.9) if clustered else 1.0) + d
            held.append(table(x, day % 50 if clustered else rng.integers(0, 50, n)))
        found = binned_shift(*held, confidence=confidence)
        hits += found.low <= shift <= found.high
        highs.append(found.high)
    return hits / runs, float(np.mean(highs))


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.5])
def test_intervals_of_a_shift_cover(shift):
    share, _ = simulated(shift, 2500, 0.95, 150)

    assert share >= 0.90  # 150 runs: four binomial standard errors below .95 is .88


def test_the_null_is_passed_at_6000_rows_and_30_features():
    _, high = simulated(0.0, 6000, 1 - 0.05 / 30, 100)

    assert high < 0.15


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.15, 0.3, 0.6])
@pytest.mark.parametrize("n", [300, 2500])
def test_intervals_of_a_shift_cover_at_least_93_percent(n, shift, clustered):
    share, _ = simulated(shift, n, 0.95, 600, clustered=clustered)

    # at and near 0 the interval is one-sided and covers more; never less
    assert share >= 0.92


def test_too_few_groups_give_none():
    counts = np.zeros((50, 4))
    counts[:5] = 10

    assert binned_shift(counts, np.full((50, 4), 3), confidence=0.95) is None


def test_identical_constant_columns_are_at_no_distance():
    counts = np.zeros((50, 3))
    counts[:, 1] = 7
    found = binned_shift(counts, counts, confidence=0.95)

    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
