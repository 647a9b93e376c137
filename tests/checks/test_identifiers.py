"""LEK104: numbers given out in the order of the outcome are found and named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.checks import identifiers
from validators.core.data import Role
from validators.summaries.planting import NULLS
from validators.summaries.row_sample import take
from validators.summaries.worlds import World

from .leakage_cases import TEST_X, TEST_Y, TRAIN_X, TRAIN_Y, measure, two
from .performance_cases import BINARY, verdict


def numbered(order, called=lambda number: number):
    """Serial numbers given out after sorting by the outcome, or at random; `called` what becomes of them."""
    held = []
    for X, y in ((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y)):
        rng = np.random.default_rng(5)
        rank = pd.Series(order * y + rng.normal(size=len(X))).rank(method="first").astype(int)
        held.append(X.assign(number=called(1_000_000 + 7 * rank)))
    train, test, grid = two(*held)
    return measure(identifiers.CHECK, train, test, grid)


def test_numbers_given_out_in_the_order_of_the_outcome_fail():
    assert verdict(numbered(2.0)["identifier_lift", "feature:number"], warn=0.02, fail=0.05) == "FAIL"


def test_numbers_given_out_at_random_are_named_and_do_not_predict():
    found = numbered(0.0)

    assert found["identifiers", "model"].note == "number"
    assert abs(found["identifier_lift", "feature:number"].value) < 0.02


def test_amounts_and_ages_are_no_identifiers():
    rng = np.random.default_rng(6)
    held = [X.assign(amount=rng.lognormal(12, 1, len(X)).astype(int)) for X in (TRAIN_X, TEST_X)]
    train, test, grid = two(*held)

    assert measure(identifiers.CHECK, train, test, grid)["identifiers", "model"].value == 0


@pytest.mark.parametrize(
    "called",
    [
        lambda number: "C0" + number.astype(str),
        lambda number: number.where(number.index > 0),
        lambda number: number.where(number.index > 0, np.inf),
        lambda number: pd.Categorical(number.astype(str)),
    ],
    ids=["prefix", "one missing", "one infinite", "text"],
)
def test_a_number_in_a_text_or_with_a_gap_is_an_identifier_all_the_same(called):
    """One missing value of 3,000, or a text C0123, read "no feature looks like an identifier"."""
    found = numbered(2.0, called)

    assert found["identifiers", "model"].note == "number"
    assert verdict(found["identifier_lift", "feature:number"], warn=0.02, fail=0.05) == "FAIL"


def test_texts_of_two_kinds_and_columns_that_are_mostly_empty_are_no_identifiers():
    two_kinds = numbered(0.0, lambda number: number.map(lambda n: f"{'AB'[n % 2]}{n}"))
    sparse = numbered(0.0, lambda number: number.where(number.index % 3 > 0))

    assert two_kinds["identifiers", "model"].value == sparse["identifiers", "model"].value == 0


def test_numbers_are_looked_at_without_an_outcome_and_too_few_rows_tell_nothing():
    held = [X.assign(number=np.arange(len(X))) for X in (TRAIN_X, TEST_X)]
    train, test, grid = two(*held)
    unlabelled = measure(identifiers.CHECK, replace(train, y=np.full(len(train), np.nan)), test, grid)
    few = measure(identifiers.CHECK, train, take(test, np.arange(150)), grid)

    assert unlabelled["identifiers", "model"].note == "number"
    assert unlabelled["identifier_lift", "feature:number"].note == "train or test has no usable outcome"
    assert few["identifiers", "model"].value is None
    assert "150 rows of test" in few["identifiers", "model"].note


def test_a_world_of_which_no_feature_is_an_identifier_has_none_in_its_texts():
    """Customers C1000123 became "level C1000123", a number after one prefix, and the check's own test began with an alarm."""
    codes = [X.assign(customer=[f"C{1_000_000 + k}" for k in range(len(X))]) for X in (TRAIN_X, TEST_X)]
    train, test, grid = two(*codes)
    before = measure(identifiers.CHECK, train, test, grid)["identifiers", "model"]
    world = World(rows={Role.TRAIN: train, Role.TEST: test}, grid=grid, task=BINARY, into=Role.TEST)
    rows = NULLS["smooth"](world, np.random.default_rng(0)).rows

    assert (before.value, before.note) == (1.0, "customer")
    assert measure(identifiers.CHECK, rows[Role.TRAIN], rows[Role.TEST], grid)["identifiers", "model"].value == 0
