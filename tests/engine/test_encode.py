"""Columns as the numbers that their bins are made of."""

import numpy as np
import pandas as pd
import pytest

from validators.engine.encode import encode, numbers
from validators.engine.profile import bins_of

DAY = 86_400 * 1e9


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_times_are_nanoseconds_since_1970_in_any_unit_and_zone(unit, zone):
    column = pd.Series(pd.to_datetime(["2024-01-31T09:30", None, "1950-06-01T00:00"])).dt.as_unit(unit)
    held = numbers(column if zone is None else column.dt.tz_localize("UTC").dt.tz_convert(zone))

    assert held[[0, 2]].tolist() == [1_706_693_400 * 1e9, -618_105_600 * 1e9]
    assert np.isnan(held[1])


@pytest.mark.parametrize("unit", ["s", "us"])
def test_the_end_of_time_is_the_latest(unit):
    """9999-12-31 was 1816-03-29: the first of all bins, and not the last."""
    days = np.append(np.arange("2024-01-01", "2024-12-31", dtype="datetime64[D]"), np.datetime64("9999-12-31"))
    column = pd.Series(days.astype(f"datetime64[{unit}]"))
    code = encode(column, bins_of(column, np.arange(len(days), dtype=np.uint64)))

    assert numbers(column)[-1] / DAY == 2_932_896
    assert code[-1] == code.max() > code[0]
