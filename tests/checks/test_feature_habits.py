"""QUA106: feeds that stopped, heaps and far values."""

from dataclasses import replace

import numpy as np
import pytest

from validators.checks import feature_habits
from validators.core.data import Role

from .performance_cases import batch_of, grid_of
from .quality_cases import measure, rows


def habits(**columns):
    test, _ = rows(2000)
    X = test.X.assign(**columns)
    grid = grid_of(X, np.full(2000, 0.5))
    day = np.datetime64("2024-01-01", "ns") + (np.arange(2000) // 20) * np.timedelta64(1, "D")
    batch = replace(batch_of(X, test.y, np.full(2000, 0.5), grid), time=day, key=np.arange(2000, dtype=np.uint64))
    return measure(feature_habits.CHECK, {Role.TEST: batch}, grid)


def test_a_feed_that_stopped_is_dated_and_one_that_lives_is_not():
    values = np.random.default_rng(0).normal(size=2000)
    found = habits(feed=np.where(np.arange(2000) >= 1400, 7.0, values))

    assert found["stale_days", "feature:feed"].value == pytest.approx(30, abs=1)
    assert {m.value for (k, s), m in found.items() if k == "stale_days" and s != "feature:feed"} == {0.0}


def test_a_feature_of_one_value_a_day_is_stale_when_it_stops_and_not_on_its_last_day():
    day = np.arange(2000) // 20
    rate = np.random.default_rng(1).normal(size=100)
    found = habits(rate=rate[day], stopped=rate[np.minimum(day, 60)])

    assert found["stale_days", "feature:rate"].value == 0
    assert found["stale_days", "feature:stopped"].value == 40


def test_heaps_and_far_values_are_counted_against_chance():
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 5000, 2000)
    heaped = np.where(rng.random(2000) < 0.5, plain // 10 * 10, plain)
    far = np.where(rng.random(2000) < 0.02, 1000.0, rng.normal(size=2000))
    found = habits(plain=plain, heaped=heaped, far=far)

    assert found["heaping_share", "feature:plain"].value < 0.03
    assert 0.4 < found["heaping_share", "feature:heaped"].value < 0.5
    assert 0.01 < found["outlier_share", "feature:far"].value < 0.03
    assert found["outlier_share", "feature:plain"].value == 0
