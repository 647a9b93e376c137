"""LEK108: gaps, keys and clocks that know the outcome."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.checks import side_channels

from .leakage_cases import TEST_P, TEST_X, TEST_Y, TRAIN_X, TRAIN_Y, measure, two
from .performance_cases import BINARY, REGRESSION, batch_of, grid_of, multiclass, verdict


def holed(share_when_positive, share_else):
    held = []
    for seed, (X, y) in enumerate(((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y))):
        gone = np.random.default_rng(seed).random(len(X)) < np.where(y == 1, share_when_positive, share_else)
        held.append(X.assign(closed=np.where(gone, np.nan, 1.0 + np.arange(len(X)) % 5)))
    return two(*held)


def test_a_field_that_is_empty_when_the_outcome_is_known_fails_and_is_left_out():
    found = measure(side_channels.CHECK, *holed(0.97, 0.02))

    assert verdict(found["missing_lift_share", "model"], warn=0.9, fail=0.98) == "FAIL"
    assert found["missing_lift", "feature:closed"].low > 0.3
    assert ("quality_without_gaps", "feature:closed") in found


def test_gaps_at_random_and_none_at_all_pass():
    found = measure(side_channels.CHECK, *holed(0.3, 0.3))
    assert verdict(found["missing_lift_share", "model"], warn=0.9, fail=0.98) == "PASS"
    whole = two(TRAIN_X.fillna({"income": 1.0}), TEST_X.fillna({"income": 1.0}))
    assert verdict(measure(side_channels.CHECK, *whole)["missing_lift_share", "model"], warn=0.9, fail=0.98) == "PASS"


def test_keys_given_out_after_sorting_and_a_telling_clock_are_reported():
    train, test, grid = two()

    def stamped(batch, seed):
        rng = np.random.default_rng(seed)
        order = pd.Series(batch.y + rng.normal(0, 0.5, len(batch))).rank().to_numpy()
        time = np.datetime64("2024-01-01", "ns") + rng.integers(0, 3000, len(batch)) * np.timedelta64(1, "s")
        return replace(batch, order=order, time=time)

    found = measure(side_channels.CHECK, stamped(train, 1), stamped(test, 2), grid)
    assert found["key_lift", "model"].low > 0.1
    assert abs(found["clock_lift", "model"].value) < 0.05
    assert verdict(found["time_order", "model"], warn=0.4, fail=None) == "PASS"


def ordered(task, how):
    """Keys and times of the test rows: at random, in the order of the outcome, or in a world whose outcomes drift."""
    rng = np.random.default_rng(7)
    y = TEST_Y + rng.normal(0, 0.1, len(TEST_Y)) if task.type == "regression" else TEST_Y
    if task.type == "multiclass":
        y = rng.integers(0, 3, len(y)).astype(float)
    X, n = TEST_X, len(TEST_Y)
    p = np.full((n, 3), 1 / 3) if task.type == "multiclass" else TEST_P
    grid = grid_of(TRAIN_X, *(p.T if p.ndim > 1 else (p,)), task=task, y=y)
    train, test = (
        batch_of(TRAIN_X, np.resize(y, len(TRAIN_X)), np.resize(p, (len(TRAIN_X), *p.shape[1:])), grid),
        batch_of(X, y, p, grid),
    )
    noise = {"random": 1e9, "sorted": 1e-9, "reversed": 1e-9, "drift": 2.5}[how]
    place = pd.Series((-y if how == "reversed" else y) + rng.normal(0, noise, n)).rank(method="first").to_numpy()
    time = np.datetime64("2024-01-01", "ns") + place.astype(int) * np.timedelta64(1, "h")
    return measure(side_channels.CHECK, train, replace(test, order=place, time=time), grid, task)


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
@pytest.mark.parametrize(
    ("how", "says"), [("sorted", "WARN"), ("reversed", "WARN"), ("drift", "PASS"), ("random", "PASS")]
)
def test_a_clock_and_keys_in_the_order_of_the_outcome_are_told_and_a_drift_is_not(task, how, says):
    found = ordered(task, how)

    assert {verdict(found[m, "model"], warn=0.4, fail=None) for m in ("key_order", "time_order")} == {says}
