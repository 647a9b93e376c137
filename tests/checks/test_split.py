"""LEK105: what train and test share, and roles without rows."""

from dataclasses import replace

import numpy as np
import pytest

from validators.checks import shared_rows, single_features, split
from validators.core.data import CANDIDATE

from .leakage_cases import TEST_P, TRAIN_P, TRAIN_X, TRAIN_Y, measure, rekeyed, two
from .performance_cases import batch_of, frame, grid_of, verdict


def dated(train_from, test_from, **options):
    train, test, grid = two()
    day = np.timedelta64(1, "D")
    start = np.datetime64("2024-01-01", "ns")
    train = replace(rekeyed(train, 1), time=start + train_from * day + np.arange(len(train)) % 100 * day)
    test = replace(test, time=start + test_from * day + np.arange(len(test)) % 50 * day)
    held = replace(split.CHECK.options, **options)
    return measure(split.CHECK, train, test, replace(grid, grouping="entity"), options=held)


def test_a_declared_time_split_that_overlaps_fails_and_an_undeclared_one_is_information():
    assert verdict(dated(0, 60, time_split=True)["broken_time_split", "model"], warn=None, fail=0.0) == "FAIL"
    assert verdict(dated(0, 100, time_split=True)["broken_time_split", "model"], warn=None, fail=0.0) == "PASS"
    found = dated(0, 60)
    assert ("broken_time_split", "model") not in found
    assert found["time_overlap", "model"].value == pytest.approx(39 / 50)


@pytest.mark.parametrize(("known", "told"), [(1, False), (1700, True)])
def test_a_time_split_is_not_told_by_the_few_training_rows_that_have_a_time(known, told):
    train, test, grid = two()
    start = np.datetime64("2024-01-01", "ns")
    when = np.full(len(train), np.datetime64("NaT", "ns"))
    when[:known] = start
    held = {"options": split.Options(time_split=True)}
    late = replace(test, time=np.full(len(test), start + np.timedelta64(9, "D")))
    early = replace(test, time=np.full(len(test), start - np.timedelta64(9, "D")))
    found = [
        measure(split.CHECK, replace(train, time=when), t, grid, **held)["broken_time_split", "model"]
        for t in (late, early)
    ]

    assert found[0].value == (0.0 if told else None)
    assert found[1].value == 1.0


def test_shared_keys_and_entities_are_counted():
    train, test, grid = two()
    grid = replace(grid, grouping="entity")
    found = measure(split.CHECK, train, test, grid, options=split.Options(disjoint_entities=True))

    assert found["key_overlap", "model"].value == 1.0  # both batches number their rows alike
    assert found["broken_entity_split", "model"].value == 1.0
    other = measure(split.CHECK, replace(rekeyed(train, 1), unit=train.unit + np.uint64(1)), test, grid)
    assert (other["key_overlap", "model"].value, other["entity_overlap", "model"].value) == (0.0, 0.0)


def test_without_a_declared_key_none_is_compared():
    train, test, grid = two()

    assert ("key_overlap", "model") not in measure(split.CHECK, train, test, grid, declared=())


def test_no_rows_are_undefined_everywhere():
    grid = grid_of(TRAIN_X, TEST_P)
    none = batch_of(frame(0), [], np.zeros(0), grid)
    train = batch_of(TRAIN_X, TRAIN_Y, TRAIN_P, grid)

    assert measure(shared_rows.CHECK, train, none, grid)["overlap_excess", "model"].value is None
    assert measure(single_features.CHECK, train, none, grid)["lift_share", "model"].value is None
    assert measure(split.CHECK, train, none, grid)["key_overlap", "model"].value is None
    assert CANDIDATE in train.scores
