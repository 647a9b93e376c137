"""Columns of both sides as numbers."""

import numpy as np
import pandas as pd
import pytest

from validators.summaries.pairs import as_numbers


@pytest.mark.parametrize("unit", ["s", "us"])
def test_a_time_after_2262_is_in_seconds_since_1970(unit):
    """The end of a validity that nobody set, 9999-12-31, was told as 1816-03-29."""
    column = pd.Series(np.array(["9999-12-31", "2024-01-31T09:30", "NaT"], f"datetime64[{unit}]"))

    assert as_numbers(column)[:2].tolist() == [253_402_214_400.0, 1_706_693_400.0]
    assert np.isnan(as_numbers(column)[2])
