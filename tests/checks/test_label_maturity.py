"""QUA104."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from validators.checks import label_maturity
from validators.core.data import Role
from validators.engine.encode import immature

from .performance_cases import verdict
from .quality_cases import measure, rows


def test_immature_outcomes_are_counted_and_an_undeclared_role_is_undefined():
    test, grid = rows()
    early = (np.arange(1000) < 80) * 1.0
    roles = {Role.TEST: replace(test, immature=early), Role.TRAIN: test}
    found = measure(label_maturity.CHECK, roles, grid)

    assert found["immature_share", "rows:test"].value == 0.08
    assert verdict(found["immature_share", "rows:test"], warn=0.0, fail=0.05) == "FAIL"
    assert found["quality_mature_rows", "model"].n == 920
    assert found["immature_share", "rows:train"].value is None


def test_a_missing_time_is_neither_mature_nor_immature():
    at = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-01", None]))
    frame = pd.DataFrame({"at": at, "read": pd.to_datetime(["2024-01-02", "2024-06-01", None, "2024-06-01"])})
    project = SimpleNamespace(columns=SimpleNamespace(label_time="read", label_horizon="90 days"))
    held = immature(frame, project, at.to_numpy("datetime64[ns]"), Role.TEST)

    np.testing.assert_array_equal([1.0, 0.0, np.nan, np.nan], held)


@pytest.mark.parametrize(("known", "value", "n"), [(0, None, 1000), (120, None, 1000), (600, 0.0, 600)])
def test_outcomes_that_nobody_dated_are_not_taken_for_mature(known, value, n):
    """All 1,000 outcomes without a label_time read "immature: 0 of 1,000 rows" and passed."""
    test, grid = rows()
    found = measure(
        label_maturity.CHECK, {Role.TEST: replace(test, immature=np.where(np.arange(1000) < known, 0.0, np.nan))}, grid
    )
    m = found["immature_share", "rows:test"]

    assert (m.value, m.n) == (value, n)
    assert f"{1000 - known:,} of 1,000 outcomes lack label_time" in m.note
    assert found["quality_mature_rows", "model"].n == known


def test_one_immature_row_tells_however_many_are_unknown_and_rows_without_an_outcome_are_not_asked():
    test, grid = rows()
    read = np.where(np.arange(1000) < 400, 0.0, np.nan)
    y = np.where(np.arange(1000) < 500, test.y, np.nan)
    early = np.where(np.arange(1000) < 1, 1.0, np.where(np.arange(1000) < 120, 0.0, np.nan))
    roles = {Role.TEST: replace(test, immature=early), Role.TRAIN: replace(test, immature=read, y=y)}
    found = measure(label_maturity.CHECK, roles, grid)

    assert found["immature_share", "rows:test"].value == pytest.approx(1 / 120)
    assert found["immature_share", "rows:train"].value == 0.0
    assert "100 of 500 outcomes lack" in found["immature_share", "rows:train"].note
