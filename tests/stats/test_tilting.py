"""Exponential tilting against closed forms and SciPy's minimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp

from validators.stats.tilting import effective_rows, exponential_tilt

RNG = np.random.default_rng(0)


def test_one_share_is_the_odds_of_the_group_times_a_constant():
    """The closed form: members weigh t / s, the others (1 - t) / (1 - s)."""
    inside, weight = (np.arange(200) % 5 == 0).astype(float), RNG.random(200) + 0.5
    share = np.average(inside, weights=weight)
    found = exponential_tilt(inside[:, None], np.array([0.5]), weight)

    np.testing.assert_allclose(found, weight * np.where(inside, 0.5 / share, 0.5 / (1 - share)), rtol=1e-9)


def test_the_mean_of_a_normal_variable_is_tilted_by_its_density_ratio():
    """On a fine grid under normal weights the tilt to mean m has the weights of a normal around m."""
    x = np.linspace(-8, 8, 4001)
    found = exponential_tilt(x[:, None], np.array([0.7]), np.exp(-(x**2) / 2))
    wanted = np.exp(-((x - 0.7) ** 2) / 2)

    np.testing.assert_allclose(found / found.sum(), wanted / wanted.sum(), atol=1e-9)


def test_joint_targets_agree_with_scipy():
    c = np.column_stack([RNG.random(300) < 0.3, RNG.lognormal(0, 1, 300), RNG.normal(size=300)]).astype(float)
    weight, targets = RNG.random(300), np.array([0.5, 2.2, 0.3])
    found = exponential_tilt(c, targets, weight)
    best = minimize(
        lambda at: logsumexp((c - targets) @ at, b=weight), np.zeros(3), method="BFGS", options={"gtol": 1e-10}
    )
    theirs = weight * np.exp(c @ best.x)

    np.testing.assert_allclose(np.average(c, axis=0, weights=found), targets, atol=1e-9)
    np.testing.assert_allclose(found / found.sum(), theirs / theirs.sum(), atol=1e-7)
    assert found.sum() == pytest.approx(weight.sum())


@pytest.mark.parametrize("target", [1.5, -0.1])
def test_a_target_that_the_rows_do_not_span_has_no_weights(target):
    inside = (np.arange(100) % 4 == 0).astype(float)

    assert exponential_tilt(inside[:, None], np.array([target]), np.ones(100)) is None


def test_targets_already_met_change_nothing_and_constants_cannot_move():
    c, weight = RNG.normal(size=(50, 2)), RNG.random(50)

    np.testing.assert_allclose(exponential_tilt(c, np.average(c, axis=0, weights=weight), weight), weight, rtol=1e-7)
    assert exponential_tilt(np.ones((50, 1)), np.array([2.0]), weight) is None
    assert exponential_tilt(c, np.zeros(2), np.zeros(50)) is None


def test_weight_two_is_the_row_twice_and_no_weight_is_no_row():
    c = RNG.normal(size=(40, 2))
    weight = np.array([0, 1, 2, 1] * 10, float)
    twice = np.repeat(np.arange(40), weight.astype(int))
    whole = exponential_tilt(c, np.array([0.3, -0.2]), weight)
    split = exponential_tilt(c[twice], np.array([0.3, -0.2]), np.ones(len(twice)))

    np.testing.assert_allclose(np.bincount(twice, split, minlength=40), whole, rtol=1e-8, atol=1e-12)


def test_effective_rows():
    assert effective_rows(np.ones(7)) == 7
    assert effective_rows(np.array([3.0, 1.0])) == 16 / 10
    assert effective_rows(np.zeros(3)) == 0
