"""PIP108: research and serving without a common key."""

import numpy as np
import pandas as pd
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


def test_true_and_false_with_a_gap_in_test_served_as_numbers_have_no_new_level():
    own = np.random.default_rng(0).random(N) < 0.4
    gap = pd.Series(own, dtype=object).where(np.arange(N) % 20 > 0, None)
    found = unkeyed(lambda X: X.assign(own=own.astype(float)), research=lambda X: X.assign(own=gap))

    assert ("new_level_gap", "feature:own") not in found
    assert found["scale_factor_found", "feature:own"].value == 0.0
    assert found["missing_gap", "feature:own"].value == 0.05


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


def factor(research, served):
    """What is found of a feature of which research and production have other rows."""
    found = unkeyed(lambda X: X.assign(f=served), research=lambda X: X.assign(f=research))
    return found["scale_factor_found", "feature:f"]


DRAWS = {
    "normal": lambda r: r.normal(size=N),
    "lognormal": lambda r: r.lognormal(0, 2, N),
    "half are 0": lambda r: np.where(r.random(N) < 0.5, 0.0, r.lognormal(3, 1, N)),
    "counts": lambda r: r.poisson(2, N).astype(float),
    "uniform": lambda r: r.random(N),
    "flag": lambda r: (r.random(N) < 0.3).astype(float),
    "either sign": lambda r: np.sign(r.random(N) - 0.5),
    "constant": lambda r: np.full(N, 7.0),
    "nothing but 0": lambda r: np.zeros(N),
    "rarely known": lambda r: np.where(r.random(N) < 0.94, np.nan, r.lognormal(3, 1, N)),
}


@pytest.mark.parametrize("draw", DRAWS)
def test_two_draws_of_one_distribution_never_alarm_and_leave_nothing_open(draw):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert factor(DRAWS[draw](rng), DRAWS[draw](rng)).value == 0.0


@pytest.mark.parametrize("draw", ["normal", "half are 0", "uniform", "counts"])
def test_values_on_both_sides_of_0_and_many_noughts_do_not_hide_a_factor(draw):
    hits = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        m = factor(DRAWS[draw](rng), 100 * DRAWS[draw](rng))
        hits += m.value == 1.0 and "power of ten" in m.note
    assert hits >= 10


def test_a_sign_turned_round_is_found_where_the_values_have_one():
    rng = np.random.default_rng(0)
    a, b = rng.lognormal(3, 1, (2, N))

    assert factor(a, -b).value == 1.0
    assert "the sign is turned round" in factor(a, -b).note
    assert "×-1000, a power of ten, and the sign" in factor(a, -1000 * b).note
    assert factor(a - 20, 20 - b).value == 0.0  # as many values on either side: a shift would look the same


def test_few_known_values_tell_a_large_factor_and_fewer_tell_nothing():
    rng = np.random.default_rng(0)
    known = rng.lognormal(3, 1, N)
    known[90:] = np.nan
    assert factor(known, 1000 * known).value == 1.0

    known[20:] = np.nan
    m = factor(known, 1000 * known)
    assert m.value is None
    assert m.n == 20
    assert "20 known values" in m.note


@pytest.mark.parametrize(
    ("research", "served"),
    [("flag", lambda v: 100 * v), ("constant", lambda v: v * 1000), ("uniform", lambda v: 0 * v)],
)
def test_what_no_ratio_can_be_made_of_is_undefined_and_not_none(research, served):
    rng = np.random.default_rng(0)
    m = factor(DRAWS[research](rng), served(DRAWS[research](rng)))

    assert m.value is None
    assert m.n >= 100  # not too small a subject: it keeps the check from passing


def test_gaps_that_production_fills_are_a_gap_too():
    found = unkeyed(
        lambda X: X.assign(income=X.income.fillna(0.0)),
        research=lambda X: X.assign(income=X.income.where(np.arange(N) % 3 > 0)),
    )

    m = found["missing_gap", "feature:income"]
    assert 0.25 < m.low < m.value < m.high < 0.45
