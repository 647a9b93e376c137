"""Sampled Shapley values of single and joint players against enumeration, closed forms and shap."""

import itertools
import math

import numpy as np
import pytest

from validators.stats.attribution import permutation_shapley

RNG = np.random.default_rng(0)
X, B = RNG.normal(size=(5, 6)), RNG.normal(size=(4, 6))
GROUPS = [[0, 3], [1], [2, 4, 5]]


def f(z):
    return z[:, 0] * z[:, 1] + np.sin(z[:, 2]) * z[:, 4] + z[:, 3] ** 2 + z[:, 5]


def asked(function, x=X, background=B):
    return lambda mask, row, back: function(np.where(mask, x[row], background[back]))


def enumerated(groups):
    """(rows, players) Shapley values over all coalitions of the players, against all background rows."""
    n, out = len(groups), np.zeros((len(X), len(groups)))
    for i, x in enumerate(X):
        worth = {}
        for r in range(n + 1):
            for s in itertools.combinations(range(n), r):
                mask = np.zeros(X.shape[1], bool)
                mask[[k for j in s for k in groups[j]]] = True
                worth[s] = f(np.where(mask, x, B)).mean()
        for j in range(n):
            rest = [k for k in range(n) if k != j]
            for r in range(n):
                weight = math.factorial(r) * math.factorial(n - r - 1) / math.factorial(n)
                out[i, j] += sum(
                    weight * (worth[tuple(sorted((*s, j)))] - worth[s]) for s in itertools.combinations(rest, r)
                )
    return out


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_values_of_players_agree_with_enumeration(groups):
    rng = np.random.default_rng(1)
    phi, error = permutation_shapley(asked(f), 5, 4, 6, permutations=3000, rng=rng, groups=groups)
    spread = np.abs(phi[0] - phi[1]).max()

    np.testing.assert_allclose(phi.mean(axis=0), enumerated(groups or [[j] for j in range(6)]), atol=0.09)
    assert spread < 0.2
    assert error.max() < 1e-12


def test_groups_of_one_are_no_groups():
    one = permutation_shapley(asked(f), 5, 4, 6, permutations=4, rng=np.random.default_rng(2))
    other = permutation_shapley(
        asked(f), 5, 4, 6, permutations=4, rng=np.random.default_rng(2), groups=[[j] for j in range(6)]
    )

    np.testing.assert_array_equal(one[0], other[0])


def test_a_group_of_all_features_gets_the_whole_difference():
    one = B[:1]
    phi, _ = permutation_shapley(
        asked(f, background=one), 5, 1, 6, permutations=2, rng=np.random.default_rng(3), groups=[range(6)]
    )

    np.testing.assert_allclose(phi[0, :, 0], f(X) - f(one), atol=1e-12)
    np.testing.assert_array_equal(phi[0], phi[1])


def test_the_players_of_a_linear_model_get_the_sum_of_their_features():
    beta, one = np.arange(6.0), B[:1]
    phi, _ = permutation_shapley(
        asked(lambda z: z @ beta, background=one), 5, 1, 6, permutations=2, rng=np.random.default_rng(4), groups=GROUPS
    )
    single = (X - one) * beta

    np.testing.assert_allclose(phi.mean(axis=0), np.array([single[:, g].sum(axis=1) for g in GROUPS]).T, atol=1e-12)


def test_values_sum_to_the_score_less_the_background_rows_that_were_drawn():
    seen = []

    def value(mask, row, back):
        seen.append(back[: len(X)])
        return asked(f)(mask, row, back)

    phi, _ = permutation_shapley(value, 5, 4, 6, permutations=6, rng=np.random.default_rng(5))
    base = np.mean([f(B[b]) for b in seen], axis=0)

    np.testing.assert_allclose(phi.mean(axis=0).sum(axis=1), f(X) - base, atol=1e-12)


def test_halves_are_independent_so_their_product_is_free_of_sampling_noise():
    # a feature without effect beside noise: mean of phi**2 is biased upwards, the product of the halves is not
    rng, truth = np.random.default_rng(6), enumerated([[j] for j in range(6)])
    products, squares = [], []
    for _ in range(60):
        phi, _ = permutation_shapley(asked(f), 5, 4, 6, permutations=2, rng=rng)
        products.append(phi[0] * phi[1])
        squares.append(phi.mean(axis=0) ** 2)
    error = np.std(products, axis=0) / np.sqrt(60)

    assert (np.abs(np.mean(products, axis=0) - truth**2) <= 4.5 * error + 1e-9).all()
    assert np.mean(squares) > np.mean(truth**2) + 0.01


@pytest.mark.filterwarnings("ignore")
def test_values_agree_with_shaps_permutation_explainer():
    import shap

    explainer = shap.explainers.Permutation(f, shap.maskers.Independent(B, max_samples=4), seed=0)
    theirs = explainer(X, max_evals=2 * 6 * 300 + 1).values
    phi, _ = permutation_shapley(asked(f), 5, 4, 6, permutations=3000, rng=np.random.default_rng(7))

    np.testing.assert_allclose(phi.mean(axis=0), theirs, atol=0.12)  # Monte Carlo of both


@pytest.mark.parametrize(
    "groups", [[[0, 1], [2, 3]], [[0, 1, 2, 3, 4, 5], [5]], [[0, 1, 2, 3, 4, 5], []], [[0, 1, 2, 3, 4, 9]]]
)
def test_groups_that_are_no_partition_are_refused(groups):
    with pytest.raises(ValueError, match="each of 6 features once"):
        permutation_shapley(asked(f), 5, 4, 6, permutations=2, rng=RNG, groups=groups)


@pytest.mark.parametrize("permutations", [0, 3])
def test_halves_need_an_even_number_of_permutations(permutations):
    with pytest.raises(ValueError, match="even"):
        permutation_shapley(asked(f), 5, 4, 6, permutations=permutations, rng=RNG)
