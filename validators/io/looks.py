"""What a column looks like: a counter of rows, dates."""

import re

import numpy as np
import pandas as pd

from ..core.times import as_times

COUNTED = 20
_WEIGHTS = ("w", "weight", "sample_weight", "exposure")
_OTHER_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{4}\b")


def counts_rows(column: pd.Series) -> bool:
    """Whether a column goes up by one from each row to the next, over enough rows for that to be no chance."""
    return (
        len(column) >= COUNTED and pd.api.types.is_integer_dtype(column) and bool((column.diff().iloc[1:] == 1).all())
    )


def _all_match(column: pd.Series, pattern: re.Pattern[str]) -> bool:
    some = [] if pd.api.types.is_numeric_dtype(column) else column.dropna().head(50).astype(str).tolist()
    return bool(some) and all(map(pattern.match, some))


def reads_as_time(column: pd.Series) -> bool:
    """Whether a text column holds dates, with or without a time of day."""
    some = column.dropna().head(50)
    return not pd.api.types.is_numeric_dtype(column) and len(some) > 0 and not bool(np.isnat(as_times(some)).any())


def is_time(column: pd.Series) -> bool:
    """Whether a column holds times, or text that reads as dates."""
    return pd.api.types.is_datetime64_any_dtype(column) or reads_as_time(column)


def is_weight(name: str, column: pd.Series) -> bool:
    """Whether a column is called a weight and could be one: positive numbers, none missing."""
    number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return name.lower() in _WEIGHTS and number and bool((column > 0).all())


def reads_as_other_dates(column: pd.Series) -> bool:
    """Whether a text column holds dates like 31/01/2024, whose order cannot be told."""
    return _all_match(column, _OTHER_DATE)
