"""Conditions of declared slices, and the rows that meet them."""

import numpy as np
import pandas as pd
import pytest

from validators.core.errors import ProjectError
from validators.io.slices import members, parse_slice

ROWS = pd.DataFrame(
    {
        "south": [True, False, True],
        "maybe": pd.Series([True, None, False], dtype="boolean"),
        "mixed": pd.Series([True, None, False], dtype=object),
        "word": ["true", "True", "x"],
        "région": ["nord", "sud", "nord"],
        "two words": [1, 2, 3],
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("south == true", [0, 2]),
        ("south == True", [0, 2]),
        ("south == 1", [0, 2]),
        ("south != true", [1]),
        ("south in [true]", [0, 2]),
        ("maybe == true", [0]),
        ("maybe == false", [2]),
        ("mixed == true", [0]),
        ("mixed == null", [1]),
        ("word == true", [0]),
        ("word == True", [1]),
        ("région == nord", [0, 2]),
        ('"two words" >= 2 & south == true', [2]),
    ],
)
def test_rows_that_meet_a_condition(text, rows):
    assert np.flatnonzero(members(parse_slice(text), ROWS)).tolist() == rows


def test_a_bare_name_with_blanks_is_told_to_be_quoted():
    with pytest.raises(ProjectError, match="a name with blanks stands in double quotes"):
        parse_slice("two words >= 2")
