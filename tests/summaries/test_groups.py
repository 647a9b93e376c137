"""Groups of a sensitive column: bands hold the values that their names say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from validators.summaries.groups import GroupOptions, partitions


def bands(column):
    (part,) = partitions(SimpleNamespace(sensitive=pd.DataFrame({"a": column})), GroupOptions())
    return {part.values[k][0]: np.flatnonzero(part.code == k) for k in range(len(part))}


@pytest.mark.parametrize("unit", [1.0, 0.1, 0.01, 1e-5, 1e4])
def test_every_value_is_in_the_band_that_its_name_says(unit):
    """68 tenths times a fifth of one is 6.800000000000001: ages of 6.8 were counted as under 6.8."""
    values = np.array([float(f"{v * unit:.10g}") for v in range(50, 100)] * 4)
    found = bands(values)

    for name, rows in found.items():
        words = name.split(" ")
        low = -np.inf if words[0] == "under" else float(words[0])
        high = float(words[1]) if words[0] == "under" else np.inf if words[1] == "and" else float(words[-1])
        inside = (values >= low) & ((values <= high) if "under" not in name and words[1] == "to" else (values < high))
        assert np.flatnonzero(inside).tolist() == rows.tolist(), name
    assert len(found) == 4


def test_dates_are_banded_by_their_year():
    """Days of birth had a group for each of the 39 most frequent days, and one for all the others."""
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(np.arange(0, 22_000, 11), unit="D")
    found = bands(pd.Series(born).where(np.arange(2000) != 7))

    assert list(found) == ["under 1955", "1955 to 1969", "1970 to 1984", "1985 and over", None]
    assert found[None].tolist() == [7]
    assert born[found["1955 to 1969"]].year.unique().tolist() == list(range(1955, 1970))


def test_dates_that_are_all_missing_are_one_group():
    """The quantiles of no year stopped five checks."""
    assert list(bands(pd.Series([pd.NaT] * 5, dtype="datetime64[ns]"))) == [None]


def test_quartiles_a_round_distance_apart_are_cut():
    """The logarithm of 0.09999999999999999 is -1: no step was small enough for quartiles of .3 and .7, nor for 342 pairs like them."""
    for low, high in ((a / 10, b / 10) for a in range(40) for b in range(a + 1, a + 20)):
        found = bands(np.repeat([low - 0.1, low, (low + high) / 2, high, high + 0.1, low + 0.01, high - 0.01], 5))
        assert 2 <= len(found) <= 4, (low, high)
    assert list(bands(np.repeat(np.arange(1, 10) / 10, [100, 150, 200, 100, 100, 100, 250, 100, 100]))) == [
        "under 0.3", "0.3 to under 0.5", "0.5 to under 0.7", "0.7 and over"
    ]  # fmt: skip


@pytest.mark.parametrize("unit", [1.0, 0.1])
def test_a_number_that_is_mostly_at_its_smallest_value_is_cut_above_it(unit):
    """Numbers of children, four in five 0, were "the only group of this column", to be taken out of it."""
    children = np.concatenate([np.zeros(80), np.repeat(np.arange(1, 9), 3)]) * unit
    found = bands(children)

    assert list(found) == [f"under {unit:g}", f"{unit:g} and over"]
    assert found[f"under {unit:g}"].tolist() == list(range(80))
