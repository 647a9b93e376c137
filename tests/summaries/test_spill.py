"""Rows on disk are the rows that were given, in whatever parts they came and whoever asks for them."""

import errno
import pickle
from unittest.mock import patch

import numpy as np
import pytest

from validators.summaries.identities import Identities
from validators.summaries.spill import CHUNK, columns, gathered


def table(n, seed):
    return np.random.default_rng(seed).integers(0, 1 << 60, (n, 6)).astype(np.uint64) & ~np.uint64(3)


def on_disk(part):
    while isinstance(part, np.ndarray):
        part = part.base
    return isinstance(part, memoryview)


@pytest.fixture
def tables():
    return [table(n, k) for k, n in enumerate((1000, CHUNK, 5, 0, CHUNK // 2, CHUNK // 2 + 7))]


def added(tables):
    held = Identities(())
    for t in tables:
        held = held + Identities((t,))
    return held


def test_rows_go_to_disk_and_come_back_as_they_were(tables):
    held = added(tables)

    assert sum(on_disk(p) for p in held.parts) == 2
    assert sum(len(p) for p in held.parts if not on_disk(p)) < CHUNK
    assert held.rows == sum(map(len, tables))
    np.testing.assert_array_equal(held.keys(), np.concatenate(tables)[:, 2])
    np.testing.assert_array_equal(held.table(), Identities(tuple(tables)).table())
    np.testing.assert_array_equal(held.content(labelled=True), Identities(tuple(tables)).content(labelled=True))


def test_the_order_and_the_grouping_of_sums_make_no_difference(tables):
    one = added(tables)
    other = added(tables[3:][::-1]) + added(tables[:3])

    np.testing.assert_array_equal(one.table(), other.table())


@pytest.mark.parametrize("protocol", [4, 5])
def test_another_process_gets_the_rows_themselves_and_their_sum_lies_on_disk_again(tables, protocol):
    held = pickle.loads(pickle.dumps(added(tables), protocol=protocol))
    again = held + Identities((table(9, 9),))

    assert not any(on_disk(p) for p in held.parts)
    assert sum(len(p) for p in again.parts if not on_disk(p)) < CHUNK
    np.testing.assert_array_equal(again.keys()[:-9], added(tables).keys())


def test_workers_and_one_process_give_the_same_rows_in_the_same_order():
    """Row groups larger than a chunk, in frames: as a worker adds them up, and as the parent does."""
    frames = [[table(65_536, 10 * g + k) for k in range(7)] + [table(41_248, 10 * g + 9)] for g in range(3)]
    serial, worked = Identities(()), Identities(())
    for group in frames:
        serial = serial + added(group)
        worked = worked + pickle.loads(pickle.dumps(added(group), protocol=5))

    for held in (serial, worked):
        np.testing.assert_array_equal(held.keys(), np.concatenate([t for g in frames for t in g])[:, 2])


def test_on_a_full_disk_they_stay_in_memory(tables):
    with patch("validators.summaries.spill.tempfile.TemporaryFile", side_effect=OSError(errno.ENOSPC, "full")):
        parts = gathered(tables)

    assert not any(on_disk(p) for p in parts)
    np.testing.assert_array_equal(columns(parts, range(6)), np.concatenate(tables))
