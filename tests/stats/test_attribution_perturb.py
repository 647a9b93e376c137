"""Shapley values against enumeration, a linear model's closed form and shap; perturbations keep what they must."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats.mstats import winsorize

from validators.stats.attribution import permutation_shapley
from validators.stats.perturb import gaussian, is_whole, quantile_noise, stochastic_round, usual_spread

RNG = np.random.default_rng(0)
X, B = RNG.normal(size=(6, 4)), RNG.normal(size=(3, 4))


def f(z):
    return z[:, 0] * z[:, 1] + np.sin(z[:, 2]) + z[:, 3] ** 2 * z[:, 0]


def asked(function, x, background):
    return lambda mask, row, back: function(np.where(mask, x[row], background[back]))


def exact(i):
    """Shapley values of row i by enumerating all coalitions."""
    d = X.shape[1]

    def worth(members):
        mask = np.zeros((len(B), d), bool)
        mask[:, list(members)] = True
        return f(np.where(mask, X[i], B)).mean()

    out = np.zeros(d)
    for j in range(d):
        others = [k for k in range(d) if k != j]
        for r in range(d):
            weight = math.factorial(r) * math.factorial(d - r - 1) / math.factorial(d)
            out[j] += sum(weight * (worth((*s, j)) - worth(s)) for s in itertools.combinations(others, r))
    return out


def test_sampled_values_agree_with_enumeration():
    phi, _ = permutation_shapley(asked(f, X, B), 6, 3, 4, permutations=2000, rng=np.random.default_rng(1))

    np.testing.assert_allclose(
        phi.mean(axis=0), [exact(i) for i in range(6)], atol=0.05
    )  # Monte Carlo of 2000 permutations


def test_values_add_up_to_the_score():
    _, error = permutation_shapley(asked(f, X, B), 6, 3, 4, permutations=4, rng=np.random.default_rng(1))

    assert error.max() < 1e-12


def test_a_linear_model_has_its_closed_form():
    beta = np.array([1.0, -2.0, 0.5, 0.0])
    one = B[:1]
    phi, _ = permutation_shapley(
        asked(lambda z: z @ beta, X, one), 6, 1, 4, permutations=2, rng=np.random.default_rng(1)
    )

    np.testing.assert_allclose(phi.mean(axis=0), (X - one) * beta, atol=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_values_agree_with_shaps_exact_explainer():
    import shap

    explainer = shap.explainers.Exact(f, shap.maskers.Independent(B, max_samples=3))
    theirs = explainer(X).values
    phi, _ = permutation_shapley(asked(f, X, B), 6, 3, 4, permutations=2000, rng=np.random.default_rng(7))

    np.testing.assert_allclose(phi.mean(axis=0), theirs, atol=0.05)  # Monte Carlo of 2000 permutations


@pytest.mark.parametrize("permutations", [0, 1, 3])
def test_odd_numbers_of_permutations_are_refused(permutations):
    with pytest.raises(ValueError, match="even"):
        permutation_shapley(asked(f, X, B), 6, 3, 4, permutations=permutations, rng=RNG)


def test_whole_numbers_stay_whole_and_keep_their_mean():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 50, 20_000).astype(float)
    noisy = gaussian(x, 0.1, rng.normal(size=20_000), rng.random(20_000))

    assert is_whole(noisy)
    assert noisy.mean() == pytest.approx(x.mean(), abs=0.05)
    assert (noisy != x).mean() > 0.5


def test_noise_is_scaled_to_the_column():
    # the peers' bug B4: noise of one size for age, income and rates alike
    rng = np.random.default_rng(4)
    for scale in (1e-6, 1.0, 1e6):
        x = rng.normal(size=5000) * scale
        moved = gaussian(x, 0.1, rng.normal(size=5000), rng.random(5000)) - x
        assert moved.std() / x.std() == pytest.approx(0.1, rel=0.05)


def test_the_usual_spread_is_the_standard_deviation_but_for_a_few_values_far_away():
    # SciPy's winsorising and its integral of a winsorised normal are the other hand
    rng = np.random.default_rng(8)
    normal, heavy = rng.normal(5, 3, 200_000), rng.standard_t(2, 4000)
    of_normal = np.sqrt(norm.expect(lambda z: np.clip(z, norm.ppf(0.05), norm.ppf(0.95)) ** 2))
    held = np.asarray(winsorize(heavy, (0.05, 0.05)))
    spike = np.where(rng.random(4000) < 0.04, 1000.0, 1.0)

    assert usual_spread(normal) == pytest.approx(3, rel=0.01)
    assert usual_spread(heavy) == pytest.approx(held.std() / of_normal, rel=0.01)
    assert usual_spread(heavy) < heavy.std() / 1.5
    assert usual_spread(rng.random(4000)) == pytest.approx(
        1 / np.sqrt(12), rel=0.02
    )  # uniform and two values: as they are
    assert usual_spread(np.repeat([0.0, 1.0], 500)) == 0.5
    assert usual_spread(spike) == 0.0
    z, u = rng.normal(size=4000), rng.random(4000)
    np.testing.assert_array_equal(gaussian(spike, 0.1, z, u), spike)


def test_missing_values_stay_missing_and_constants_stay_constant():
    x = np.array([1.0, np.nan, 3.0, 4.0])
    z, u = np.ones(4), np.full(4, 0.5)

    for noise in (gaussian, quantile_noise):
        np.testing.assert_array_equal(np.isnan(noise(x, 0.3, z, u)), np.isnan(x))
        np.testing.assert_array_equal(noise(np.ones(4), 0.3, z, u), np.ones(4))
        np.testing.assert_array_equal(noise(np.full(4, np.nan), 0.3, z, u), np.full(4, np.nan))


def test_quantile_noise_gives_only_values_that_occur_about_as_often():
    rng = np.random.default_rng(5)
    x = rng.choice([0.0, 1.0, 10.0, 500.0], 8000, p=[0.5, 0.3, 0.15, 0.05])
    moved = quantile_noise(x, 0.3, rng.normal(size=8000), rng.random(8000))

    assert set(moved) == set(x)
    assert (moved == 500).mean() == pytest.approx(0.05, abs=0.01)


def test_stochastic_rounding_keeps_the_mean():
    u = np.random.default_rng(6).random(50_000)

    assert stochastic_round(np.full(50_000, 2.3), u).mean() == pytest.approx(2.3, abs=0.01)
