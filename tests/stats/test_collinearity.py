"""Variance inflation against regressions of each quantity on the others."""

import numpy as np
import pytest

from validators.stats.collinearity import variance_inflation


@pytest.mark.parametrize("seed", range(5))
def test_it_is_that_of_a_regression_on_all_the_others(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4))
    X = X - X.mean(axis=0)
    expected = []
    for j in range(4):
        others = np.delete(X, j, axis=1)
        rest = X[:, j] - others @ np.linalg.lstsq(others, X[:, j], rcond=None)[0]
        expected.append((X[:, j] @ X[:, j]) / (rest @ rest))

    np.testing.assert_allclose(variance_inflation(np.corrcoef(X.T)), expected, rtol=1e-6)


def test_what_the_others_give_exactly_is_infinite_and_strangers_keep_theirs():
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(size=(3, 5000))
    found = variance_inflation(np.corrcoef([a, b, a + b, c]))

    assert np.isinf(found[:3]).all()
    assert found[3] == pytest.approx(1, abs=0.01)


def test_quantities_without_correlation_inflate_nothing():
    np.testing.assert_allclose(variance_inflation(np.eye(3)), 1)
