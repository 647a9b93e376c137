"""PIP108: research and serving without a common key."""

import numpy as np
import pytest

from validators.checks import (
    unkeyed_serving,
)
from validators.core.data import Grid, Role
from validators.core.records import Given

from .pipeline_cases import BINARY, N, batch, features, kinds, measure


def unkeyed(served, seed=1, research=lambda X: X):
    grid, X = Grid(features={}, score_cuts=(), score_coarse=()), research(features())
    both = {Role.TEST: batch(X), Role.SERVING: batch(served(features(seed=seed)))}
    check = unkeyed_serving.CHECK
    given = Given(
        task=BINARY, grid=grid, options=check.options, rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in both.items() for kind in check.needs.summaries},
        schemas={role: kinds(b.X) for role, b in both.items()},
    )  # fmt: skip
    return {(m.metric, m.subject): m for m in check.measure(given)}


@pytest.mark.parametrize("seed", range(1, 9))
def test_other_rows_of_the_same_population_have_no_factor_and_no_gap(seed):
    found = unkeyed(lambda X: X, seed)

    assert {m.value for m in found.values() if m.metric == "scale_factor_found"} == {0.0}
    assert all(m.low <= 0 <= m.high for m in found.values() if m.metric == "missing_gap")


@pytest.mark.parametrize(("factor", "words"), [(1 / 12, "months"), (100.0, "power of ten"), (2.20462, "pounds")])
def test_a_unit_error_shows_in_the_quantiles_without_a_key(factor, words):
    found = unkeyed(lambda X: X.assign(income=X.income * factor))

    assert found["scale_factor_found", "feature:income"].value == 1.0
    assert words in found["scale_factor_found", "feature:income"].note
    assert found["scale_factor_found", "feature:debt"].value == 0.0


def test_lost_values_and_new_levels_show_without_a_key():
    found = unkeyed(lambda X: X.assign(debt=X.debt.where(np.arange(N) % 5 > 0), region=X.region.str.upper()))

    assert found["missing_gap", "feature:debt"].low > 0.05
    assert found["new_level_gap", "feature:region"].low > 0.5


def test_open_levels_of_other_rows_are_no_gap():
    rng = np.random.default_rng(0)
    found = unkeyed(lambda X: X.assign(region=rng.integers(0, 3000, N).astype(str)), seed=1)
    assert found["new_level_gap", "feature:region"].low > 0.5  # test has four regions

    open_levels = lambda X, seed: X.assign(region=np.random.default_rng(seed).integers(0, 3000, N).astype(str))  # noqa: E731
    gap = unkeyed(lambda X: open_levels(X, 2), research=lambda X: open_levels(X, 3))["new_level_gap", "feature:region"]
    assert gap.low < 0 < gap.high
    assert abs(gap.value) < 0.05


def test_with_a_key_the_rows_themselves_are_compared():
    X = features()

    assert set(measure(unkeyed_serving.CHECK, batch(X), batch(X))) == {("served_rows", "model")}
