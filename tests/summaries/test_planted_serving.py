"""Faults of served rows have the size that was asked for; a copy of test and two halves of it hold none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.laws import batches
from validators.core.data import CANDIDATE, Role, Task
from validators.summaries.planting import FAULTS, NULLS
from validators.summaries.worlds import World

N = 4000
RNG = np.random.default_rng
SCHEMA = {"x": "number", "c": "text"}


@pytest.fixture(scope="module")
def world():
    """Test with two repeated keys, and served rows that have nothing to do with it."""
    made = batches.batch(N, 3, "binary", broken=False)
    key = made.key.copy()
    key[1], key[3] = key[0], key[2]
    late = np.where(np.arange(N) % 4 == 0, np.nan, -2.0)
    test = replace(made, key=key, lateness={"x": late})
    other = batches.batch(100, 9, "binary", broken=False)
    task = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5)
    return World(
        rows={Role.TEST: test, Role.SERVING: other}, grid=batches.grid("binary"), task=task, into=Role.SERVING,
        schemas={Role.TEST: SCHEMA, Role.SERVING: {}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def quiet(world):
    return NULLS["served"](world, RNG(1))


def planted(quiet, name, size, turn=0):
    return FAULTS[name](quiet, size, RNG(5), turn)


def test_what_is_served_without_a_fault_is_test_with_every_key_once(world, quiet):
    rows = quiet.rows[Role.SERVING]

    assert len(rows) == len(set(rows.key)) == N - 2
    assert set(rows.key) == set(world.rows[Role.TEST].key)
    assert quiet.rows[Role.TEST] is world.rows[Role.TEST]
    assert quiet.schemas[Role.SERVING] == SCHEMA


def test_halves_are_halves_of_test_and_share_no_unit(world):
    unit = np.arange(N, dtype=np.uint64) // np.uint64(4)
    rows = {**world.rows, Role.TEST: replace(world.rows[Role.TEST], unit=unit)}
    found = NULLS["halves"](replace(world, rows=rows), RNG(2))
    test, serving = found.rows[Role.TEST], found.rows[Role.SERVING]

    assert len(test) + len(serving) == N
    assert abs(len(test) - len(serving)) <= 4
    assert not set(test.unit) & set(serving.unit)


@pytest.mark.parametrize(("size", "count"), [(0.0, 1), (0.001, 4), (0.01, 40)])
@pytest.mark.parametrize("turn", [0, 1])
def test_so_many_rows_get_another_value_of_one_feature(quiet, size, count, turn):
    found = planted(quiet, "other_values", size, turn)
    before, after = quiet.batch.X, found.world.batch.X
    differs = [((before[c] != after[c]) & ~(before[c].isna() & after[c].isna())).sum() for c in before]

    assert differs[turn] == count
    assert sum(differs) == count
    assert found.subject == before.columns[turn]


def test_times_flags_and_gaps_get_another_value_too(quiet):
    held = replace(
        quiet.batch,
        X=pd.DataFrame({
            "t": pd.to_datetime(["2025-01-01", None] * ((N - 2) // 2)),
            "b": [True, False] * ((N - 2) // 2),
            "gone": np.full(N - 2, np.nan),
        }),
    )  # fmt: skip
    world = replace(quiet, rows={**quiet.rows, Role.SERVING: held})
    for turn, name in enumerate(held.X):
        after = planted(world, "other_values", 1.0, turn).world.batch.X[name]
        same = (after == held.X[name]) | (after.isna() & held.X[name].isna())
        assert not same.any(), name


def test_scores_and_keys_change_in_so_many_rows(quiet):
    scored = planted(quiet, "other_scores", 0.01).world.batch.scores[CANDIDATE]
    dropped = planted(quiet, "dropped_keys", 0.01).world.batch

    assert (scored != quiet.batch.scores[CANDIDATE]).any(axis=1).sum() == 40
    assert len(dropped) == N - 2 - 40


def test_values_age_and_come_late_in_so_many_rows_that_were_in_time(quiet):
    stale = planted(quiet, "stale_values", 0.01).world.batch.lateness["x"]
    late = planted(quiet, "values_of_later", 0.0).world.batch.lateness["x"]
    known = np.isfinite(quiet.batch.lateness["x"])

    assert (stale[known] == -32).sum() == round(0.01 * known.sum())
    assert (late[known] > 0).sum() == 1
    np.testing.assert_array_equal(np.isnan(stale), ~known)


def test_columns_are_gone_or_of_another_type(quiet):
    gone = planted(quiet, "absent_column", 0.0, 1)
    other = planted(quiet, "other_type", 0.0, 0)

    assert gone.world.schemas[Role.SERVING] == {"x": "number"}
    assert other.world.schemas[Role.SERVING] == {"x": "text", "c": "text"}
    assert gone.world.schemas[Role.TEST] == SCHEMA


def test_a_unit_is_a_thousandth_where_a_feature_allows_it(quiet):
    held = replace(quiet.batch, X=quiet.batch.X.assign(x=RNG(3).gamma(2, size=N - 2)))
    found = planted(replace(quiet, rows={**quiet.rows, Role.SERVING: held}), "scaled_feature", 0.0)

    np.testing.assert_array_equal(found.world.batch.X.x, held.X.x * 1000)
    assert planted(quiet, "scaled_feature", 0.0) is None  # x is as often below zero as above
