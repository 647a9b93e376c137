"""QUA105: the nearest relative of a feature is named."""

import numpy as np
import pytest

from validators.checks import redundant_features
from validators.core.data import Role

from .performance_cases import batch_of, grid_of, sound
from .quality_cases import measure


@pytest.mark.parametrize(("noise", "low", "high"), [(0.0, 0.999, 1.0), (1.0, 0.5, 0.9)])
def test_the_nearest_relative_is_named(noise, low, high):
    X, y, p = sound(1000)
    X = X.assign(twin=X["age"] * 2 + np.random.default_rng(0).normal(0, 40 * noise + 1e-9, 1000))
    grid = grid_of(X, p)
    m = measure(redundant_features.CHECK, {Role.TRAIN: batch_of(X, y, p, grid)}, grid)[
        "nearest_relative", "feature:twin"
    ]

    assert low <= m.value <= high
    assert m.note == "with age"


def test_what_several_features_give_together_inflates_though_none_alone_is_a_twin():
    X, y, p = sound(2000)
    rng = np.random.default_rng(1)
    parts = {f"part{i}": rng.normal(size=2000) for i in range(6)}
    X = X.assign(**parts, total=sum(parts.values()))
    grid = grid_of(X, p)
    found = measure(redundant_features.CHECK, {Role.TRAIN: batch_of(X, y, p, grid)}, grid)

    assert found["nearest_relative", "feature:total"].value < 0.6
    assert found["variance_inflation", "feature:total"].value > 10
    assert found["variance_inflation", "feature:age"].value < 1.2
    assert "of it" in found["variance_inflation", "feature:total"].note


def test_one_feature_of_numbers_has_no_relative_and_says_so():
    X, y, p = sound(500)
    X = X[["age"]]
    grid = grid_of(X, p)
    found = measure(redundant_features.CHECK, {Role.TRAIN: batch_of(X, y, p, grid)}, grid)

    assert found["nearest_relative", "model"].note == "fewer than two features of numbers"
