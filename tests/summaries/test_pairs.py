"""Columns of both sides as numbers."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from validators.engine.encode import numbers
from validators.summaries.identities import cell_bits
from validators.summaries.pairs import as_numbers
from validators.summaries.parity import column_of


@pytest.mark.parametrize("unit", ["s", "us"])
def test_a_time_after_2262_is_in_seconds_since_1970(unit):
    """The end of a validity that nobody set, 9999-12-31, was told as 1816-03-29."""
    column = pd.Series(np.array(["9999-12-31", "2024-01-31T09:30", "NaT"], f"datetime64[{unit}]"))

    assert as_numbers(column)[:2].tolist() == [253_402_214_400.0, 1_706_693_400.0]
    assert np.isnan(as_numbers(column)[2])


@pytest.mark.parametrize("swapped", [False, True])
def test_days_and_times_at_midnight_of_the_same_days_do_not_differ(swapped):
    days = pd.Series([date(2025, 1, 31), None, date(9999, 12, 31)] * 20, dtype=object)
    times = pd.Series(np.array([*days], "datetime64[us]"))
    later = times + pd.to_timedelta(np.arange(60) % 2, unit="h")
    for other, apart in ((times, 0), (later, 20)):
        a, b = (other, days) if swapped else (days, other)
        rows = [SimpleNamespace(X=pd.DataFrame({"since": s})) for s in (a, b)]
        found = column_of(SimpleNamespace(test=rows[0], serving=rows[1]), "since", atol=1e-9, rtol=1e-6)
        assert found.time
        assert found.differs.sum() == apart


def test_a_day_is_one_value_whatever_holds_it():
    days = pd.Series([date(2025, 1, 31), None, date(9999, 12, 31)], dtype=object)
    times = pd.Series(np.array([*days], "datetime64[us]"))
    np.testing.assert_array_equal(cell_bits(days), cell_bits(times))
    np.testing.assert_array_equal(numbers(days), numbers(times))
