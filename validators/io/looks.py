"""What a column looks like: a counter of rows, dates."""

import re

import numpy as np
import pandas as pd

from ..core.times import as_times

COUNTED = 20
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


def reads_as_other_dates(column: pd.Series) -> bool:
    """Whether a text column holds dates like 31/01/2024, whose order cannot be told."""
    return _all_match(column, _OTHER_DATE)
