"""Exact moments against fractions and NumPy."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.batches import batch, grid
from validators.summaries.moments import MomentsKind, exact_sum, moment_of

floats = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(floats, max_size=30))
def test_sums_are_those_of_fractions(values):
    assert Fraction(exact_sum(np.array(values, np.float64)), 1 << 1126) == sum(map(Fraction, values))


def test_statistics_agree_with_numpy():
    rows = batch(300, 1)
    found = MomentsKind().of(rows, grid()).features
    assert found
    for name, held in found.items():
        values = rows.X[name].to_numpy(np.float64, na_value=np.nan)
        filled = np.where(np.isnan(values), 7.5, values)
        mine = held.filled(7.5).statistics()
        assert mine["mean"] == pytest.approx(filled.mean(), rel=1e-12)
        assert mine["variance"] == pytest.approx(filled.var(), rel=1e-10)
        assert (mine["least"], mine["largest"]) == (filled.min(), filled.max())


def test_a_variance_far_from_zero_keeps_its_digits():
    far = 1e9 + np.arange(300.0) % 4

    assert moment_of(far, 0, 1e9 + 7).statistics()["variance"] == pytest.approx(1.25, rel=1e-9)
