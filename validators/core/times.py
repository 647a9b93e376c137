"""Columns read as times, by one rule for all that look at a clock."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_ISO = r"\d{4}-\d{2}-\d{2}(?:$|[T ])"
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_YEARS = (1678, 2261)  # whole years that nanoseconds since 1970 reach; numpy wraps around beyond them
WRITTEN = f"write times as 2024-01-31 or 2024-01-31T09:30, of the years {_YEARS[0]} to {_YEARS[1]}, and leave unknown ones empty"


def as_times(column: pd.Series) -> NDArray[np.datetime64]:
    """Times in UTC, to the nanosecond, and NaT for missing values and for all that is no time.

    Times are dates, with or without a time of day, and text that begins like 2024-01-31 (ISO 8601). A number is none: whether
    it is a year, a day like 19880901 or seconds cannot be told, nor which end of 01/03/1987 is the month.

    Parameters
    ----------
    column : (n,)
        A column of any type.

    Returns
    -------
    (n,) datetime64[ns]
    """
    held = column
    if not pd.api.types.is_datetime64_any_dtype(held):
        texts = held.astype(object).map(str, na_action="ignore").astype("str")
        held = pd.to_datetime(texts.where(texts.str.match(_ISO)), format="ISO8601", errors="coerce", utc=True)
    if getattr(held.dt, "tz", None) is not None:
        held = held.dt.tz_convert(None)
    values = held.to_numpy()
    year = values.astype("datetime64[Y]").astype(np.int64) + 1970
    reached = (year >= _YEARS[0]) & (year <= _YEARS[1])
    return np.where(reached, values, np.datetime64("NaT")).astype("datetime64[ns]")


def lasting(days: float) -> str:
    """A length of time in words, in the largest unit that it reaches.

    Examples
    --------
    >>> lasting(1 / 12), lasting(1.0), lasting(539.04)
    ('2 hours', '1 day', '539 days')
    """
    seconds = round(days * 86_400)
    size, unit = next((u for u in _UNITS if seconds >= u[0]), _UNITS[-1])
    text = f"{seconds / size:,.1f}".removesuffix(".0")
    return f"{text} {unit}{'' if text == '1' else 's'}"
