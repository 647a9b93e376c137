"""QUA103: repeated keys and second loads are counted beyond what repeats by itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.checks import repeated_keys
from validators.core.data import Role
from validators.core.policy import Policy, Rule
from validators.core.records import Result, Status
from validators.summaries.row_sample import take

from .performance_cases import batch_of, grid_of, verdict
from .quality_cases import measure, rows

LIMITS = (
    Rule(check="QUA103", metric="repeated_keys", worse="above", warn=None, fail=0.0),
    Rule(check="QUA103", metric="repeat_excess", worse="above", warn=0.01, fail=None),
)


def test_one_repeated_key_fails_and_none_passes_with_a_bound():
    test, grid = rows()
    key = test.key.copy()
    assert (
        verdict(
            measure(repeated_keys.CHECK, {Role.TEST: test}, grid)["repeated_keys", "rows:test"], warn=None, fail=0.0
        )
        == "PASS"
    )
    key[3] = key[7]
    m = measure(repeated_keys.CHECK, {Role.TEST: replace(test, key=key)}, grid)["repeated_keys", "rows:test"]
    assert m.value == 2 / 1000
    assert verdict(m, warn=None, fail=0.0) == "FAIL"


def few_values(n, seed, again=0.0, values=30_000):
    """Rows of a population of few values, so that they repeat by nature; a part of them comes a second time under new keys."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, values, n)
    X = pd.DataFrame({"income": number // 20, "age": number % 20, "sex": "f", "region": "a"})
    X = pd.concat([X, X.sample(frac=again, random_state=seed)], ignore_index=True)
    grid = grid_of(X, np.linspace(0, 1, len(X)))
    return batch_of(X, X["age"] % 2, np.full(len(X), 0.5), grid), grid


def repeat_excess(seed, again, values, sizes=(900, 2500)):
    (train, grid), (other, _) = (
        few_values(sizes[0], seed, values=values),
        few_values(sizes[1], seed + 500, again, values),
    )
    roles = {
        Role.TEST: train,
        Role.TRAIN: train,
        Role.PRODUCTION: other,
        Role.SERVING: replace(other, y=other.y * np.nan),
    }
    return measure(repeated_keys.CHECK, roles, grid, declared=())


@pytest.mark.parametrize("values", [30_000, 10**6])
@pytest.mark.parametrize("sizes", [(900, 2500), (2500, 900)])
def test_rows_under_new_keys_are_counted_beyond_what_train_repeats_among_equally_many(values, sizes):
    quiet = [repeat_excess(seed, 0.0, values, sizes)["repeat_excess", "rows:production"] for seed in range(40)]
    planted = [repeat_excess(seed, 0.15, values, sizes) for seed in range(5)]

    # 5 % at each end; 7 of 40 or more come by chance once in 200
    assert sum(verdict(m, warn=0.01, fail=None) == "WARN" for m in quiet) < 7
    for role in ("production", "serving"):
        found = [p["repeat_excess", f"rows:{role}"] for p in planted]
        assert all(verdict(m, warn=0.01, fail=None) == "WARN" for m in found)
    if values == 10**6:
        assert np.mean([p["repeat_excess", "rows:production"].value for p in planted]) == pytest.approx(0.26, abs=0.03)


def test_parties_of_equal_rows_on_one_day_are_no_second_load():
    def parties(n, seed):
        batch, grid = few_values(n, seed, values=10**6)
        where = np.repeat(np.arange(n), np.where(np.arange(n) % 20 == 0, 5, 1))
        return take(batch, where), grid

    (train, grid), (test, _) = parties(3000, 1), parties(600, 2)
    found = measure(repeated_keys.CHECK, {Role.TRAIN: train, Role.TEST: test}, grid, declared=())

    assert repeated_keys.repeated(test.key).mean() > 0.2
    assert found["repeat_excess", "rows:test"].value == pytest.approx(0, abs=0.02)


def test_a_train_that_was_loaded_twice_is_seen_by_test():
    (train, grid), (test, _) = few_values(2000, 1, 1.0, 10**9), few_values(700, 2, values=10**9)
    found = measure(repeated_keys.CHECK, {Role.TRAIN: train, Role.TEST: test}, grid, declared=())

    assert found["repeat_excess", "rows:train"].value == pytest.approx(1.0, abs=0.01)
    assert found["repeat_excess", "rows:test"].value == 0
    assert found["repeat_excess", "rows:test"].high == pytest.approx(3 / 700, rel=0.01)


def test_rows_recorded_twice_with_a_little_noise_are_near_duplicates():
    test, grid = rows(1000)
    rng = np.random.default_rng(0)
    X = test.X.assign(a=rng.normal(size=1000), b=rng.normal(size=1000))
    twice = X.iloc[np.r_[np.arange(1000), np.arange(100)]].reset_index(drop=True)
    twice.loc[1000:, "a"] += 0.0005
    grid = grid_of(twice, np.full(1100, 0.5))
    y = np.r_[test.y, test.y[:100]]
    shares = [
        measure(repeated_keys.CHECK, {Role.TEST: batch_of(Z, z, np.full(len(Z), 0.5), grid)}, grid)[
            "near_duplicates", "rows:test"
        ].value
        for Z, z in ((X, test.y), (twice, y))
    ]

    assert shares[0] < 0.02
    assert shares[1] == pytest.approx(200 / 1100, abs=0.03)


@pytest.mark.parametrize(
    ("again", "declared", "says"),
    [
        (0.0, (), "PASS"),
        (0.3, (), "INCONCLUSIVE"),
        (0.3, ("key",), "PASS"),
    ],
)
def test_without_keys_and_other_roles_repeated_rows_do_not_go_unjudged(again, declared, says):
    """A test file loaded 1.3 times had no verdict, and the run was none the worse for it."""
    test, grid = few_values(1000, 1, again, values=10**9)
    found = measure(repeated_keys.CHECK, {Role.TEST: test}, grid, declared=declared)
    policy = Policy(id="", version="", tier=2, rules=LIMITS)
    result = Result(code="QUA103", status=Status.MEASURED, measurements=tuple(found.values()))

    assert policy.judge(result, "quality").verdict == says
