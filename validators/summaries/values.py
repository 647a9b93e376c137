"""The numbers and times that a feature holds, in whatever type a role's file brings them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def values_of(column: pd.Series, code: NDArray[np.int32]) -> Floats:
    """(n,) values of a numeric feature, NaN where missing; of dates and times, the bin that they fall into.

    Booleans are 1 and 0, also with gaps, which make objects of them in one role and not in the other.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan), np.float64)
    if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
        return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan), np.float64)
    return np.where(column.isna(), np.nan, code).astype(np.float64)


def text_of(value: object) -> str:
    """A value as text; midnight as its day, as which a file of another kind may hold it."""
    return str(value).removesuffix(" 00:00:00")


def flags_as_numbers(column: pd.Series) -> pd.Series:
    """True and false with gaps (objects) as 1, 0 and NaN; any other column as it is."""
    if column.dtype != object or pd.api.types.infer_dtype(column, skipna=True) != "boolean":
        return column
    return column.astype("boolean").astype("float64")
