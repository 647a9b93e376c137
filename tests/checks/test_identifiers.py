"""LEK104: numbers given out in the order of the outcome are found and named."""

import numpy as np
import pandas as pd

from validators.checks import identifiers

from .leakage_cases import TEST_X, TEST_Y, TRAIN_X, TRAIN_Y, measure, two
from .performance_cases import verdict


def numbered(order):
    """Serial numbers given out after sorting by the outcome, or at random."""
    held = []
    for X, y in ((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y)):
        rng = np.random.default_rng(5)
        rank = pd.Series(order * y + rng.normal(size=len(X))).rank(method="first").astype(int)
        held.append(X.assign(number=1_000_000 + 7 * rank))
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
