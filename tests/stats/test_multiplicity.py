"""Adjusted p-values against SciPy and a second route."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from validators.stats.multiplicity import benjamini_hochberg, holm

p_values = st.lists(st.sampled_from([0.0, 1e-9, 0.001, 0.01, 0.02, 0.02, 0.3, 1.0]), min_size=1, max_size=30)


@given(p_values)
def test_benjamini_hochberg_agrees_with_scipy_with_ties_and_in_any_order(values):
    p = np.array(values)

    np.testing.assert_allclose(false_discovery_control(p), benjamini_hochberg(p), rtol=1e-12)


@given(p_values)
def test_holm_rejects_what_stepping_down_rejects(values):
    p, alpha = np.array(values), 0.05
    rejected = np.zeros(len(p), bool)
    for step, place in enumerate(np.argsort(p, kind="stable")):
        if p[place] * (len(p) - step) > alpha:
            break
        rejected[place] = True

    np.testing.assert_array_equal(rejected, holm(p) <= alpha)


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_no_p_values_give_none_rather_than_an_error(adjust):
    # the peers' bug: .max() of an empty array raises
    assert adjust(np.array([])).size == 0


def test_a_clean_family_is_flagged_no_more_often_than_q():
    # the peers' bug: ranks taken as argsort() + 1 flagged 93 % of clean families at q = .10
    draws = np.random.default_rng(2).random((2000, 50))
    flagged = sum((benjamini_hochberg(p) <= 0.10).any() for p in draws)

    assert 0.08 <= flagged / 2000 <= 0.12  # 3 standard errors around q
