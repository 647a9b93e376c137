"""What reads as a time, and what is none however it could be read."""

from datetime import date, time

import numpy as np
import pandas as pd
import pytest

from validators.core.times import as_times, lasting

NAT = np.datetime64("NaT")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1987-03-01", "1987-03-01"),
        ("1987-03-01 10:00", "1987-03-01T10:00"),
        ("1987-03-01T10:00:00+02:00", "1987-03-01T08:00"),
        (date(1987, 3, 1), "1987-03-01"),
        (pd.Timestamp("1987-03-01", tz="Asia/Tokyo"), "1987-02-28T15:00"),
        *((value, NAT) for value in (None, "", "01/03/1987", "1987", "19870301", "now", "1987-02-30", time(3))),
        *((value, NAT) for value in (19880901, 1987, 568_000_000.0, True, "9999-12-31", date(9999, 12, 31))),
    ],
)
def test_iso_dates_are_times_and_what_could_mean_two_things_is_none(value, expected):
    one, among = as_times(pd.Series([value])), as_times(pd.Series([value, "2024-01-31", None], dtype=object))

    assert np.array_equal(one, [np.datetime64(expected, "ns")], equal_nan=True)
    assert np.array_equal(among, np.array([expected, "2024-01-31", NAT], "datetime64[ns]"), equal_nan=True)


def test_times_beyond_what_nanoseconds_reach_do_not_come_back_in_another_century():
    assert np.isnat(as_times(pd.Series(np.array(["9999-12-31", "0001-01-01"], "datetime64[us]")))).all()


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (2 / 24, "2 hours"),
        (1 - 1e-12, "1 day"),
        (1.5, "1.5 days"),
        (1 / 1440, "1 minute"),
        (1 / 86_400, "1 second"),
        (0.0, "0 seconds"),
    ],
)
def test_a_length_of_time_is_told_in_the_largest_unit_that_it_reaches(days, expected):
    assert lasting(days) == expected
