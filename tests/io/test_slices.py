"""Conditions of declared slices, and the rows that meet them."""

import tomllib

import numpy as np
import pandas as pd
import pytest

from validators.core.errors import ProjectError
from validators.core.subjects import term
from validators.io.slices import declared, members, parse_slice, with_slice

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
        ("south == 01", [0, 2]),
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


DAYS = pd.date_range("2025-01-01", periods=31)
KINDS = pd.DataFrame(
    {
        "gap": [1.0, 2.0, np.nan] * 10 + [1.0],
        "nullable": pd.array([1, 2, None] * 10 + [1], "Int64"),
        "spelt": [str(k) for k in range(1, 32)],
        "grade": pd.Categorical([*range(2, 32), None]),
        "day": DAYS,
        "date": [*DAYS[:30].date, None],
        "when": DAYS + pd.Timedelta("9h30min"),
        "zoned": (DAYS + pd.Timedelta("9h30min")).tz_localize("UTC").tz_convert("Asia/Tokyo"),
        "far": np.array(["9999-12-31", *["2025-01-01"] * 30], "M8[us]"),
        "word": ["A1", *map(str, range(2, 32))],
        "code": ["00501", "501", "1E5", "1.50", *["x"] * 27],
    }
)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("gap in [1, 2]", 21),
        ('gap in ["1", null]', 11),
        ('gap == "1"', 11),
        ("gap == 1.0", 11),
        ("gap != 1", 10),
        ("gap != abc", 21),
        ("gap == abc", 0),
        ("gap in [true]", 0),
        ("gap == null", 10),
        ("nullable in [1.0]", 11),
        ("nullable >= 2", 10),
        ("spelt < 10", 9),
        ("spelt >= 9", 23),
        ("spelt == 10", 1),
        ('spelt < "10"', 1),
        ("grade < 10", 8),
        ("grade in [10]", 1),
        ("grade != 10", 29),
        ("day == 2025-01-31", 1),
        ("day != 2025-01-31", 30),
        ("day > 2025-01-31", 0),
        ("day <= 2025-01-10", 10),
        ('day in ["2025-01-10", "2025-01-11"]', 2),
        ("date <= 2025-01-10", 10),
        ("date != 2025-01-10", 29),
        ("when == 2025-01-31", 1),
        ("when <= 2025-01-10", 10),
        ("when > 2025-01-10T09:29", 22),
        ("when == 2025-01-10T09:30:00Z", 1),
        ("when == 2025-01", 31),
        ("when < 2025", 0),
        ("zoned <= 2025-01-10", 10),
        ("far > 2025-06-01", 1),
        ("word == 2", 1),
        ("code == 00501", 1),
        ("code == 501", 1),
        ("code != 00501", 30),
        ("code == 1E5", 1),
        ("code == 1.50", 1),
        ("code in [1.50, 1E5]", 2),
        ("spelt < 010", 9),
        ("gap == 01", 11),
        ("gap < 1.50", 11),
        ("gap in [1e0]", 11),
    ],
)
def test_values_are_compared_as_what_they_are(text, n):
    """Numbers, categories and times were compared as texts."""
    assert members(parse_slice(text), KINDS).sum() == n
    alone = sum(int(members(parse_slice(text), KINDS.iloc[[i]]).sum()) for i in range(len(KINDS)))
    assert alone == n  # however the rows are parted


@pytest.mark.parametrize("code", ["00501", "501", "1E5", "1.50"])
def test_a_slice_that_a_search_found_holds_its_rows_when_it_is_declared(code):
    """zip==00501 became 501 on the way through the project file, and held 0 rows of 2."""
    toml = with_slice("[slices]\n", "found", term("code", "==", code))

    assert members(parse_slice(tomllib.loads(toml)["slices"]["found"]), KINDS).sum() == 1
    assert declared(toml) == {"found": f"code=={code}"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("word < 10", "1 of 31 values, such as 'A1', are no numbers"),
        ("gap < abc", "holds numbers and 'abc' is none"),
        ("when > yesterday", "is a time and 'yesterday' is none"),
        ("date == 20250131", "is a time and 20250131 is none"),
    ],
)
def test_what_cannot_be_compared_is_told(text, words):
    with pytest.raises(ProjectError, match=words):
        members(parse_slice(text), KINDS)

    assert members(parse_slice(text), KINDS, strict=False).sum() == 0


def test_a_bare_name_with_blanks_is_told_to_be_quoted():
    with pytest.raises(ProjectError, match="a name with blanks stands in double quotes"):
        parse_slice("two words >= 2")
