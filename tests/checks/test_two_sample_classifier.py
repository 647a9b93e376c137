"""DRF103: joint changes are told, sound twins are not, and the interval holds."""

import numpy as np
import pandas as pd
import pytest

from tests.checks.performance_cases import BINARY, batch_of, grid_of
from validators.checks.two_sample_classifier import CHECK
from validators.core.data import Role
from validators.core.records import Given


def measured(test, reference, units=(None, None), seen=None):
    grid = grid_of(
        reference if seen is None else seen,
        np.linspace(0, 1, len(reference)),
        grouping="row" if units[0] is None else "day",
    )
    batches = {
        role: batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid, unit=unit)
        for role, X, unit in ((Role.TEST, test, units[0]), (Role.REFERENCE, reference, units[1]))
    }
    given = Given(
        task=BINARY, grid=grid, options=CHECK.options, rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in batches.items() for kind in CHECK.needs.summaries},
    )  # fmt: skip
    return {m.metric: m for m in CHECK.measure(given)}


def rows(n, seed, *, correlation=0.0, shift=0.0):
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, n))
    return pd.DataFrame({"a": a + shift, "b": correlation * a + np.sqrt(1 - correlation**2) * b, "c": c})


def test_features_that_hang_together_otherwise_are_told_and_a_sound_twin_is_not():
    changed, sound = (measured(rows(2500, 2, correlation=r), rows(2500, 1)) for r in (0.8, 0.0))

    assert changed["c2st_auc"].low > 0.6
    assert changed["c2st_p"].value == 1 / 200
    assert sound["c2st_auc"].high < 0.542
    assert sound["c2st_p"].value > 0.01


@pytest.mark.parametrize("shift", [0.15, 0.5])
def test_a_shift_of_one_feature_gives_nearly_the_area_of_the_best_classifier(shift):
    from scipy.stats import norm

    m = measured(rows(8000, 2, shift=shift), rows(8000, 1))["c2st_auc"]

    assert m.value == pytest.approx(norm.cdf(shift / np.sqrt(2)), abs=0.03)
    assert m.low <= norm.cdf(shift / np.sqrt(2))


def test_the_interval_holds_one_half_where_there_is_no_difference():
    found = [measured(rows(400, 2 * s), rows(400, 2 * s + 1))["c2st_auc"] for s in range(100)]

    assert 0.89 <= np.mean([m.low <= 0.5 <= m.high for m in found]) <= 1  # three standard errors below .95
    assert np.mean([m.value for m in found]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("pooled", [True, False])
def test_days_of_one_calendar_tell_nothing_and_days_of_a_changed_world_are_told(pooled):
    rng, days, each = np.random.default_rng(3), np.arange(100), 60
    season, half = days // 2, days % 2
    # of the two days of a season each side has one, so that what one half of the days shows is turned round in the other
    side = (half == 0) ^ (season % 2 == 0) if pooled else season < 25
    X = pd.DataFrame({"a": np.repeat(season, each) + rng.normal(0, 0.1, 100 * each), "b": rng.normal(size=100 * each)})
    unit, side = (np.repeat(held, each) for held in ((days * 100 + half * 50 + days % 50), side))
    sides = side, ~side
    m = measured(*(X[s].reset_index(drop=True) for s in sides), [unit[s] for s in sides])["c2st_auc"]

    if pooled:
        assert m.value is None
        assert "one pool" in m.note
    else:
        assert m.low > 0.7


def test_too_few_rows_are_undefined_with_a_reason():
    m = measured(rows(60, 2), rows(60, 1))["c2st_auc"]

    assert m.value is None
    assert "too few" in m.note


def test_a_classifier_that_finds_nothing_to_split_by_does_not_tell_that_there_is_nothing():
    """Text of 150 rows a side without one level in common; no level has the 40 rows that it takes to count."""

    def side(letter, seed):
        levels = [f"{letter}{i}" for i in range(10)]
        rng = np.random.default_rng(seed)
        return pd.DataFrame({f"c{k}": pd.Series(rng.choice(levels, 150), dtype=object) for k in range(4)})

    test, reference = side("a", 1), side("b", 2)
    m = measured(test, reference, seen=pd.concat([test, reference], ignore_index=True))["c2st_auc"]

    assert m.value == 0.5
    assert m.high - m.low > 0.15
