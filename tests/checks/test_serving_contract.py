"""PIP101, PIP102: what serving must hold, and its keys."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.checks import (
    served_keys,
    serving_contract,
)
from validators.core.data import Role
from validators.summaries.row_sample import take

from .pipeline_cases import N, batch, features, kinds, measure, verdict


def contract(X, served, constraints=None):
    schemas = {Role.TEST: kinds(X), Role.SERVING: kinds(served)}
    conformed = served.assign(**{c: np.nan for c in X if c not in served})[list(X)]
    return measure(serving_contract.CHECK, batch(X), batch(conformed), schemas=schemas, constraints=constraints)


def test_a_feature_that_is_not_served_or_of_another_type_is_named():
    X = features()
    found = contract(X, X.drop(columns="debt").assign(hour=X.hour.map("{} h".format), more=1))

    assert verdict(found["absent_feature", "feature:debt"], {"warn": None, "fail": 0.0}) == "FAIL"
    assert "number in test and text" in found["other_type", "feature:hour"].note
    assert found["extra_columns", "model"].value == 1.0
    assert ("absent_feature", "model") not in found


def test_a_sound_contract_passes():
    X = features()
    found = contract(X, X.astype({"debt": np.float32, "visits": float}), {"debt": {"min": 0, "nullable": False}})

    assert found["absent_feature", "model"].value == 0.0
    assert found["other_type", "model"].value == 0.0
    assert {verdict(m) for m in found.values() if m.metric == "outside_contract"} == {"PASS"}


def test_declared_constraints_are_held_against_every_served_row():
    X = features()
    served = X.assign(debt=np.where(np.arange(N) < 20, -1.0, X.debt), region=X.region.where(np.arange(N) >= 30, "mars"))
    declared = {
        "debt": {"min": 0, "max": 1e9},
        "region": {"levels": ["north", "south", "east"]},
        "income": {"nullable": False},
    }
    found = contract(X, served, declared)

    assert found["outside_contract", "feature:debt | rows:min"].value == pytest.approx(0.02)
    assert found["outside_contract", "feature:debt | rows:max"].value == 0.0
    assert found["outside_contract", "feature:region | rows:levels"].value == pytest.approx(0.03)
    assert found["outside_contract", "feature:income | rows:null"].value == pytest.approx(X.income.isna().mean())
    assert found["unknown_level_share", "feature:region"].value == pytest.approx(0.03)


@pytest.mark.parametrize("levels", [[0.0, 1.0, 2.0], [0, 1, 2]])
@pytest.mark.parametrize("kind", [int, float, str])
def test_levels_that_are_whole_numbers_may_be_written_with_or_without_a_fraction(levels, kind):
    """All rows broke levels = [0.0, 1.0, 2.0]."""
    X = features().assign(visits=(np.arange(N) % 4).astype(kind))

    found = contract(X, X, {"visits": {"levels": levels}})["outside_contract", "feature:visits | rows:levels"]
    assert found.value == 0.25


@pytest.mark.parametrize("empty", [None, np.nan])
def test_a_feature_that_is_served_without_any_value_is_named_and_breaks_no_range(empty):
    """It was "nothing" in serving, which every type passed as, and "no served row of income is below 0"."""
    X = features()
    served = X.assign(income=pd.Series([empty] * N, dtype=float if empty else object))
    schemas = {Role.TEST: kinds(X), Role.SERVING: kinds(served) | ({"income": "nothing"} if empty is None else {})}
    given = {"schemas": schemas, "constraints": {"income": {"min": 0}}}
    found = measure(serving_contract.CHECK, batch(X), batch(served), **given)

    assert verdict(found["other_type", "feature:income"], {"warn": None, "fail": 0.0}) == "FAIL"
    assert ("other_type", "model") not in found
    assert found["outside_contract", "feature:income | rows:min"].value is None


def test_a_sparse_feature_may_be_missing_in_a_few_served_rows():
    X = features().assign(income=lambda f: f.income.where(np.arange(N) % 50 == 0))
    found = contract(X, X[1:40], {"income": {"min": 0}})

    assert found["other_type", "model"].value == 0.0
    assert (found["outside_contract", "feature:income | rows:min"].value, found["absent_feature", "model"].value) == (
        None,
        0,
    )


def test_a_contract_is_broken_by_a_share_of_the_values_that_are_there():
    X = features()
    served = X.assign(debt=X.debt.where(np.arange(N) < 100).where(np.arange(N) >= 10, -1.0))
    m = contract(X, served, {"debt": {"min": 0}})["outside_contract", "feature:debt | rows:min"]

    assert (m.value, m.n) == (0.1, 100)


def test_no_served_row_is_no_contract_that_was_kept():
    X = features()
    found = contract(X, X.head(0), {"debt": {"min": 0}})

    assert {(m.metric, m.n) for m in found.values() if m.value is None} == {("other_type", N), ("outside_contract", N)}


def test_the_range_of_a_date_is_told_in_dates_and_text_that_is_served_for_it_is_read():
    X = features().assign(opened=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N) % 90, unit="D"))
    m = contract(X, X.assign(opened=np.where(np.arange(N) < 20, "2031-01-01", "2020-02-02")))[
        "outside_range", "feature:opened"
    ]

    assert m.note == "test holds 2020-01-01 to 2020-03-30"
    assert m.value == pytest.approx(0.02)


# --- keys -------------------------------------------------------------------------------------------------------------
def test_keys_that_are_missing_or_served_twice_are_counted_exactly():
    X = features()
    keys = np.concatenate([np.arange(40, N), [50, 51, 51], np.arange(N, N + 5)])
    served = batch(X.iloc[np.arange(len(keys)) % N], keys=keys)
    found = measure(served_keys.CHECK, batch(X), served)

    assert found["not_served", "model"].value == pytest.approx(40 / N)
    assert found["served_twice", "model"].value == pytest.approx(2 / (N - 40 + 5))
    assert found["only_served", "model"].value == pytest.approx(5 / (N - 40 + 5))
    assert found["matched_keys", "model"].value == pytest.approx(0.96)
    assert "written alike" not in found["not_served", "model"].note


def test_how_often_a_key_is_served_is_told_of_the_keys_that_count():
    """A key that test does not have came 40 times, and the one that counts twice."""
    X = features()
    keys = np.concatenate([np.arange(N), [3], np.full(40, 10**6)])
    m = measure(served_keys.CHECK, batch(X), batch(X.iloc[np.arange(len(keys)) % N], keys=keys))[
        "served_twice", "model"
    ]

    assert m.note == "1 of 1,001 served keys come more than once; the largest 2 times"


def test_rows_without_a_key_are_no_keys():
    X = features()
    without = replace(batch(X), keyless=np.arange(N) < 30)
    found = measure(served_keys.CHECK, without, batch(X))
    none = measure(served_keys.CHECK, batch(X), replace(batch(X), keyless=np.ones(N, bool)))["not_served", "model"]

    assert found["not_served", "model"].n == N - 30
    assert (none.value, none.n) == (None, N)
    assert "serving" in none.note


def test_where_no_key_matches_the_way_they_are_written_is_asked_for():
    X = features()
    found = measure(served_keys.CHECK, batch(X), batch(X, keys=np.arange(N) + N))

    assert "are they written alike in both" in found["not_served", "model"].note


def test_the_same_keys_once_pass_also_where_fewer_rows_were_read():
    X = features()
    order = np.argsort(batch(X).key)
    found = measure(served_keys.CHECK, batch(X), take(batch(X), order[::-1]))
    bounded = measure(served_keys.CHECK, take(batch(X), order[:100]), take(batch(X), order[5:105]), rows=100)

    assert {verdict(found[m, "model"]) for m in ("not_served", "served_twice")} == {"PASS"}
    assert bounded["not_served", "model"].value == pytest.approx(0.05)
    assert bounded["only_served", "model"].value == 0.0


def test_no_served_rows_are_no_pass():
    X = features()

    assert measure(served_keys.CHECK, batch(X), batch(X.head(0)))["not_served", "model"].value is None


# --- scores -----------------------------------------------------------------------------------------------------------


def test_true_and_false_with_a_gap_keep_to_their_levels_and_know_those_served_as_numbers():
    own = np.arange(N) % 3 == 0
    X = features().assign(own=pd.Series(own, dtype=object).where(np.arange(N) % 20 > 0, None))
    as_flags = contract(X, X, {"own": {"levels": [True, False]}})
    as_numbers = contract(X, X.assign(own=own.astype(float)))

    assert as_flags["outside_contract", "feature:own | rows:levels"].value == 0
    assert as_numbers["outside_range", "feature:own"].value == 0
    assert ("unknown_level_share", "feature:own") not in as_numbers
