"""The laws of all summaries: + is exact, associative and commutative; no rows are its identity; parts make the whole."""

import json
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.core.data import WEIGHT_ONE, Role
from validators.engine.documents import PORTABLE, grid_document, grid_from, summaries_document, summaries_from
from validators.summaries.codec import decode_array, encode_array
from validators.summaries.identities import DaysKind, Identities, IdentitiesKind
from validators.summaries.lateness import LatenessKind
from validators.summaries.moments import MomentsKind
from validators.summaries.row_sample import RowSampleKind, concat, take
from validators.summaries.unusable import UnusableKind

from .batches import batch, grid

KINDS = (
    *PORTABLE.values(),
    RowSampleKind(size=7),
    IdentitiesKind(),
    DaysKind(),
    LatenessKind(),
    MomentsKind(),
    UnusableKind(),
)
TASKS = ("binary", "multiclass", "regression")
sizes = st.tuples(st.integers(0, 25), st.integers(0, 25), st.integers(0, 25))


def same(a, b):
    """Whether two summaries hold the same, to the bit."""
    if isinstance(a, Identities):
        return np.array_equal(a.table(), b.table())
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, pd.DataFrame):
        return a.reset_index(drop=True).equals(b.reset_index(drop=True))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
@given(n=sizes)
def test_parts_add_up_to_the_whole(kind, task, n):
    g = grid(task)
    a, b, c = (batch(k, i, task) for i, k in enumerate(n))
    parts = [kind.of(x, g) for x in (a, b, c)]

    assert same(parts[0] + parts[1] + parts[2], kind.of(concat(concat(a, b), c), g))


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
@given(n=sizes)
def test_addition_is_commutative_and_associative(kind, n):
    g = grid()
    a, b, c = (kind.of(batch(k, i), g) for i, k in enumerate(n))

    assert same(a + b, b + a)
    assert same((a + b) + c, a + (b + c))


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_no_rows_are_the_identity(kind):
    g = grid()
    some, none = kind.of(batch(20, 1), g), kind.of(batch(0, 2), g)

    assert same(some + none, some)
    assert same(none + some, some)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_the_order_of_rows_does_not_matter(kind):
    g, rows = grid(), batch(40, 3)
    order = np.random.default_rng(0).permutation(40)

    assert same(kind.of(rows, g), kind.of(take(rows, order), g))


@pytest.mark.parametrize("kind", PORTABLE.values(), ids=lambda k: k.name)
def test_portable_summaries_survive_the_round_trip_through_json(kind):
    made = kind.of(batch(30, 4), grid())
    stored = json.loads(json.dumps(summaries_document({(Role.TEST, kind): made})))

    assert same(summaries_from(stored)[Role.TEST, kind], made)


def test_rows_never_leave():
    sample = RowSampleKind(size=5)

    assert summaries_document({(Role.TEST, sample): sample.of(batch(9, 1), grid())})["roles"] == {}


def test_the_grid_survives_the_round_trip_through_json():
    stored = json.loads(json.dumps(grid_document(grid())))

    assert grid_document(grid_from(stored)) == grid_document(grid())
    del stored["row_weights"]  # runs of before weights had a unit
    assert grid_from(stored).row_weights == {}


@pytest.mark.parametrize("task", TASKS)
def test_the_same_numbers_from_other_bins_of_memory(task):
    """Weights of one and no weights are the same thing, exactly."""
    from dataclasses import replace

    rows = batch(50, 5, task)
    ones = replace(rows, weight=np.full(50, WEIGHT_ONE, np.int64))
    twice = concat(ones, ones)
    doubled = replace(rows, weight=np.full(50, 2 * WEIGHT_ONE, np.int64))
    for kind in (k for k in PORTABLE.values() if k.name.startswith("feature_counts")):
        assert same(kind.of(twice, grid(task)), kind.of(doubled, grid(task)))


@given(st.lists(st.integers(-(2**62), 2**62), max_size=40))
def test_arrays_survive_the_codec(values):
    array = np.array(values, np.int64)

    np.testing.assert_array_equal(decode_array(encode_array(array)), array)


@pytest.mark.parametrize("spoil", [{"shape": [3]}, {"shape": [-1]}, {"shape": "x"}, {"shape": [10**12]}])
def test_arrays_that_do_not_fill_their_shape_are_refused(spoil):
    stored = encode_array(np.arange(4)) | spoil

    with pytest.raises(ValueError, match="stored array"):
        decode_array(stored)


def test_samples_of_different_sizes_do_not_add():
    a, b = RowSampleKind(size=3), RowSampleKind(size=4)

    with pytest.raises(ValueError, match="cannot be added"):
        _ = a.of(batch(9, 1), grid()) + b.of(batch(9, 1), grid())
