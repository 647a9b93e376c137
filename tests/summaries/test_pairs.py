"""Columns of both sides as numbers."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from validators.confined.protocol import encoded
from validators.engine.encode import numbers
from validators.engine.keys import hash_values
from validators.io.column_types import in_pandas
from validators.summaries.identities import cell_bits
from validators.summaries.pairs import as_numbers, as_texts
from validators.summaries.parity import column_of


@pytest.mark.parametrize("unit", ["s", "us"])
def test_a_time_after_2262_is_in_seconds_since_1970(unit):
    """The end of a validity that nobody set, 9999-12-31, was told as 1816-03-29."""
    column = pd.Series(np.array(["9999-12-31", "2024-01-31T09:30", "NaT"], f"datetime64[{unit}]"))

    assert as_numbers(column)[:2].tolist() == [253_402_214_400.0, 1_706_693_400.0]
    assert np.isnan(as_numbers(column)[2])


def days_of(*days, times=1):
    """Days as a role's file brings them: of a csv, or of dates in a parquet file."""
    return in_pandas(pa.table({"since": pa.array([*days] * times, pa.date32())}), {})["since"]


@pytest.mark.parametrize("swapped", [False, True])
def test_days_and_times_at_midnight_of_the_same_days_do_not_differ(swapped):
    days = days_of(date(2025, 1, 31), None, date(9999, 12, 31), times=20)
    times = days.astype("datetime64[us]")
    later = times + pd.to_timedelta(np.arange(60) % 2, unit="h")
    for other, apart in ((times, 0), (later, 20)):
        a, b = (other, days) if swapped else (days, other)
        rows = [SimpleNamespace(X=pd.DataFrame({"since": s})) for s in (a, b)]
        found = column_of(SimpleNamespace(test=rows[0], serving=rows[1]), "since", atol=1e-9, rtol=1e-6)
        assert found.time
        assert found.differs.sum() == apart


@pytest.mark.parametrize("swapped", [False, True])
def test_true_and_false_with_a_gap_are_the_numbers_that_they_are(swapped):
    """A gap makes objects of them: served as 1 and 0, all rows differed but those of the gap."""
    flags = pd.Series([True, None, False] * 20, dtype=object)
    served = pd.Series([1.0, np.nan, 0.0] * 20)
    for other, apart in ((served, 0), (served.fillna(0), 20), (1 - served, 40)):
        a, b = (other, flags) if swapped else (flags, other)
        rows = [SimpleNamespace(X=pd.DataFrame({"own": s})) for s in (a, b)]
        found = column_of(SimpleNamespace(test=rows[0], serving=rows[1]), "own", atol=1e-9, rtol=1e-6)
        assert found.numeric
        assert found.differs.sum() == apart


def test_a_day_is_one_value_whatever_holds_it():
    days = days_of(date(2025, 1, 31), None, date(9999, 12, 31))
    times = days.astype("datetime64[us]")
    np.testing.assert_array_equal(cell_bits(days), cell_bits(times))
    np.testing.assert_array_equal(numbers(days), numbers(times))
    texts = pd.Series(["2025-01-31", "9999-12-31"])
    assert hash_values(days)[[0, 2]].tolist() == hash_values(times)[[0, 2]].tolist() == hash_values(texts).tolist()
    assert as_texts(days).tolist() == ["2025-01-31", None, "9999-12-31"]


def test_a_model_is_given_days_where_a_file_holds_days():
    """Its pipeline was fitted on them, and takes a time of day for another type."""
    times = pd.Series(np.array(["2025-01-31T09:30", "NaT", "2025-02-01"], "datetime64[s]"))
    frame = pd.DataFrame(
        {"day": days_of(date(2025, 1, 31), None, date(9999, 12, 31)), "time": times.astype("datetime64[us]")}
    )
    _, payload = encoded(frame)
    held = pa.ipc.open_stream(payload).read_all()

    assert held.schema.field("day").type == pa.date32()
    assert held["day"].to_pylist() == [date(2025, 1, 31), None, date(9999, 12, 31)]
    assert held.schema.field("time").type == pa.timestamp("us")


def test_seconds_of_a_file_are_times_and_no_days():
    at = np.array(["2025-01-31T09:30"], "datetime64[s]")
    frame = in_pandas(pa.table({"at": pa.array(at)}), {})

    assert (
        pa.ipc.open_stream(encoded(frame)[1]).read_all()["at"].to_numpy().tolist()
        == at.astype("datetime64[ms]").tolist()
    )
