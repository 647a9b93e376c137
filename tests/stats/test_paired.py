"""Paired comparisons against published examples and R."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from validators.stats.paired import (
    bland_altman,
    concordance_correlation,
    kendall_tau_b,
    mcnemar,
    mcnemar_corrected,
    rank_biased_overlap,
    stuart_maxwell,
)


def test_mcnemar_agrees_with_r_on_the_approval_ratings():
    # R mcnemar.test(matrix(c(794, 86, 150, 570), 2)), reference_values.json "McNemar (continuity), p"
    found = mcnemar_corrected(150, 86)

    assert found.statistic == pytest.approx(16.8177966102)
    assert found.p_value == pytest.approx(4.11456228135e-05)
    assert mcnemar_corrected(0, 0) is None
    assert mcnemar_corrected(3, 3).p_value == 1.0


def test_mid_p_is_the_published_one_for_airway_hyperresponsiveness():
    # Fagerland, Lydersen & Laake (2013): 1 against 7 discordant pairs, mid-p .039
    assert mcnemar(1, 7).p_value == pytest.approx(0.039, abs=5e-4)
    assert mcnemar(7, 1) == mcnemar(1, 7)


def test_stuart_maxwell_on_the_vision_of_7477_women():
    # Stuart (1955), Biometrika 42, 412-416: right and left eye in four grades; 11.96 on 3 degrees of freedom
    eyes = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
    found = stuart_maxwell(eyes)

    assert (found.statistic, found.df) == (pytest.approx(11.96, abs=0.005), 3)


def test_stuart_maxwell_does_not_hang_on_the_order_of_classes():
    eyes = np.array([[20, 10, 5], [3, 30, 15], [1, 5, 40]])
    turned = eyes[::-1, ::-1]

    assert stuart_maxwell(turned).statistic == pytest.approx(stuart_maxwell(eyes).statistic)


def test_limits_of_agreement_hold_95_percent_and_their_intervals_cover():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(400):
        a = rng.normal(size=60)
        found = bland_altman(a, a + rng.normal(0.5, 2.0, 60))
        inside += found.low_interval.low <= 0.5 - 1.959964 * 2 <= found.low_interval.high
        assert found.low < found.bias < found.high

    assert inside >= 400 * 0.95 - 3 * np.sqrt(400 * 0.05 * 0.95)


def test_limits_of_agreement_are_the_mean_and_two_standard_deviations():
    a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.5, 1.5, 4.0, 5.0])
    d = b - a
    found = bland_altman(a, b)

    assert found.bias == pytest.approx(d.mean())
    assert found.high == pytest.approx(d.mean() + 1.959963985 * d.std(ddof=1))
    assert bland_altman(a[:1], b[:1]) is None


def test_concordance_counts_weight_two_as_two_rows():
    rng = np.random.default_rng(1)
    a, b, w = rng.normal(size=20), rng.normal(size=20), rng.integers(1, 4, 20)

    assert concordance_correlation(a, b, w) == pytest.approx(concordance_correlation(np.repeat(a, w), np.repeat(b, w)))


@pytest.mark.parametrize("levels", [2, 50, 10**6])
def test_kendall_agrees_with_the_definition_over_pairs(levels):
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, levels, 80), rng.integers(0, levels, 80)
    s = np.sign(a[:, None] - a) * np.sign(b[:, None] - b)
    tau = s.sum() / np.sqrt((a[:, None] != a).sum() * (b[:, None] != b).sum())

    assert kendall_tau_b(a, b) == pytest.approx(tau)
    assert kendall_tau_b(a, b) == pytest.approx(kendalltau(a, b).statistic)


def test_rank_biased_overlap_is_the_sum_of_overlaps_by_hand():
    # overlaps of abc and bca at depths 1, 2, 3: 0, 1/2, 1; weights 1, p, p**2
    p = 0.9

    assert rank_biased_overlap(list("abc"), list("bca"), p=p) == pytest.approx((p / 2 + p**2) / (1 + p + p**2))
    assert rank_biased_overlap(["a"], ["b"], p=p) == 0.0
    assert rank_biased_overlap([], [], p=p) == 1.0


def test_a_smaller_p_looks_at_the_top_only():
    a, b = list("abcdef"), list("abdcfe")

    assert rank_biased_overlap(a, b, p=0.1) > rank_biased_overlap(a, b, p=0.9)
