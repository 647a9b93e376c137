"""LEK106: where near copies cannot be told, nothing passes and nothing fails."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.checks.near_copies import CHECK
from validators.core.data import Role
from validators.core.policy import Policy, Rule, Verdict
from validators.core.records import Result, Status
from validators.summaries.row_sample import take

from .leakage_cases import TEST_P, TEST_X, TEST_Y, TRAIN_P, TRAIN_X, TRAIN_Y, continuous, measure, two
from .performance_cases import batch_of, given_rows, grid_of, measured

TRAIN, TEST, GRID = two(continuous(TRAIN_X, 1), continuous(TEST_X, 2))
LIMIT = Rule(check="LEK106", metric="near_copy_excess", worse="above", warn=0.005, fail=0.02)


def judged(found):
    policy = Policy(id="", version="", tier=2, rules=(LIMIT,))
    result = Result(code="LEK106", status=Status.MEASURED, measurements=tuple(found.values()))
    return policy.judge(result, "leakage").verdict


def texts(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"c{k}": pd.Series(rng.choice(list("abcdefghijkl"), n), dtype=object) for k in range(8)})


def flags(n):
    return np.random.default_rng(2).random(n) < 0.4


@pytest.mark.parametrize(
    "beside",
    [
        None,
        lambda n: np.full(n, float(n)),
        flags,
        lambda n: flags(n).astype(float),
        lambda n: np.where(np.arange(n) % 100 == 0, np.random.default_rng(3).normal(size=n), np.nan),
    ],
    ids=["nothing", "a constant", "booleans", "0 and 1", "a number known to few"],
)
def test_levels_alone_are_not_looked_at_and_neither_pass_nor_hold_a_run_open(beside):
    """Beside one flag, rows that were copied with one level changed passed: 0 of 300 were seen."""
    train_x = texts(3000, 1)
    test_x = train_x.iloc[:2000].assign(c3="a")
    if beside is not None:
        train_x, test_x = train_x.assign(z=beside(3000)), test_x.assign(z=beside(3000)[:2000])
    grid = grid_of(train_x, TEST_P)
    train, test = batch_of(train_x, TRAIN_Y, TRAIN_P, grid), batch_of(test_x, TEST_Y, TEST_P, grid)
    found = measure(CHECK, train, replace(test, unit=test.unit + np.uint64(1 << 40)), grid)

    assert list(found) == [("near_copies", "model")]
    assert found["near_copies", "model"].value is None
    assert "not looked at" in found["near_copies", "model"].note
    assert judged(found) is None


@pytest.mark.parametrize(("units", "told"), [(1, False), (7, False), (8, True), (100, True)])
def test_what_happens_by_itself_takes_units_of_train_where_test_has_others(units, told):
    rows = np.arange(3000, dtype=np.uint64)
    train = replace(TRAIN, unit=rows % np.uint64(units))
    test = replace(TEST, unit=np.uint64(10**6) + rows[:2000] % np.uint64(100))
    m = measure(CHECK, train, test, GRID)["near_copy_excess", "model"]

    assert (m.value is not None) == told
    if not told:
        assert f"train is of {units} units" in m.note
        assert m.n == 2000


def sound(n, seed, *, numbers=1, levels="", columns=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({f"x{k}": rng.normal(size=n) for k in range(numbers)})
    return X.assign(**{f"c{k}": pd.Series(rng.choice(list(levels), n), dtype=object) for k in range(columns)})


def excess(train_x, test_x):
    grid = grid_of(train_x, TEST_P)
    train, test = (batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid) for X in (train_x, test_x))
    return measure(CHECK, train, replace(test, unit=train.unit[: len(test)]), grid)


@pytest.mark.parametrize(
    "shape",
    [
        {"levels": "abc", "columns": 1},
        {"levels": "abcd", "columns": 1},
        {"levels": "ab", "columns": 2},
        {"levels": "ab", "columns": 3},
        {"numbers": 2},
    ],
    ids=["three levels", "four levels", "two flags", "three flags", "another number"],
)
def test_rows_that_are_drawn_alike_have_no_excess_beside_one_number(shape):
    """Training rows lay on whole steps of rank from each other, test rows on half ones: .07 beside three levels, a Fail each time."""
    found = [excess(sound(3000, 2 * k, **shape), sound(2500, 2 * k + 1, **shape)) for k in range(4)]

    # one standard deviation of the mean of four is at most .008
    assert abs(np.mean([f["near_copy_excess", "model"].value for f in found])) < 0.024


def test_a_training_row_with_an_equal_twin_is_no_more_a_near_copy_than_a_test_row_with_one():
    """Without its twin it was asked for the next row: half of the training rows were near copies, and 30 % copied were hidden."""
    X = sound(1500, 1, numbers=3)
    twins = pd.concat([X, X, X.iloc[:750] + 1e-5], ignore_index=True)
    found = excess(twins, sound(1000, 2, numbers=3))

    assert found["near_copies_in_train", "model"].value == pytest.approx(
        0.2, abs=0.02
    )  # the 750 themselves; chance is .01


def given_part(copied, part, *, rows=None, asked=6000):
    """A test of which some rows are near copies of train, of which a part was read (`rows`) or kept as the sample."""
    train_x, test_x = sound(5000, 1, numbers=8), sound(2000, 2, numbers=8)
    test_x.iloc[:copied] = train_x.iloc[:copied] + 1e-5
    grid = grid_of(train_x, TEST_P)
    train, test = (batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid) for X in (train_x, test_x))
    test = replace(test, unit=train.unit[:2000])
    held = take(train, np.argsort(train.key)[: int(5000 * part)])
    given = given_rows(CHECK, {Role.TRAIN: held, Role.TEST: test}, grid, rows=rows)
    samples = {key: s if key[0] is Role.TEST or rows else replace(s, total=5000) for key, s in given.summaries.items()}
    return measured(CHECK, replace(given, summaries=samples, options=replace(CHECK.options, rows=asked)))


@pytest.mark.parametrize("rows", [None, 1000], ids=["the sample", "what was read"])
def test_of_a_part_of_train_copies_count_for_those_of_the_rest(rows):
    """Beside 25,000 training rows half of test was copied from them, and nothing was judged."""
    found = given_part(1000, 0.2, rows=rows)
    m = found["near_copy_excess", "model"]

    assert m.value == pytest.approx(0.5, abs=0.06)
    assert m.low < 0.1  # each may have rows enough in train to be seen whatever the part
    assert m.size == pytest.approx(400, rel=0.1)
    assert "the part of train that was compared" in m.note
    assert judged(found) is Verdict.FAIL


@pytest.mark.parametrize(("part", "says"), [(1.0, "PASS"), (0.5, "PASS"), (0.04, "INCONCLUSIVE")])
def test_a_part_of_train_passes_where_it_is_large_enough_to_tell(part, says):
    found = given_part(0, part)

    assert found["near_copy_excess", "model"].value == pytest.approx(0, abs=0.01)
    assert judged(found) == says


@pytest.mark.parametrize(("part", "asked"), [(1.0, 500), (0.5, 1000), (0.1, 2000)])
def test_the_smaller_the_part_the_more_rows_are_asked(part, asked):
    assert given_part(0, part, asked=500)["near_copy_excess", "model"].n == asked
