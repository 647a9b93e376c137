"""QUA102: planted defects are found where they are; sound features have none."""

import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from validators.checks import feature_defects
from validators.cli.execute import policy_of
from validators.core.data import Role
from validators.core.records import Result, Status

from .performance_cases import BINARY, REGRESSION, batch_of, frame, grid_of, multiclass, truth
from .quality_cases import measure


def test_values_beyond_those_of_the_reference_share_a_bin_and_are_not_dead():
    reference, train = frame(2000, 1), frame(2000, 2)
    train["income"] = 1000 + np.arange(2000.0)
    grid = grid_of(reference, np.linspace(0, 1, 100))
    found = measure(
        feature_defects.CHECK, {Role.TRAIN: batch_of(train, np.zeros(2000), np.full(2000, 0.5), grid)}, grid
    )

    assert found["modal_share", "feature:income"].value == pytest.approx(1 / 2000)


def defects(**columns):
    X = frame(3000).assign(**columns)
    p = expit(truth(frame(3000)))
    grid = grid_of(X, p)
    return measure(feature_defects.CHECK, {Role.TRAIN: batch_of(X, np.zeros(3000), p, grid)}, grid)


def test_defects_are_found_where_they_are():
    rng = np.random.default_rng(1)
    found = defects(
        flat=1.0,
        nothing=np.full(3000, np.nan),
        coded=np.where(rng.random(3000) < 0.01, -999.0, rng.normal(50, 5, 3000)),
        weight=rng.lognormal(4, 0.2, 3000) * np.where(rng.random(3000) < 0.05, 1000.0, 1.0),
        area=rng.lognormal(4, 0.2, 3000) * np.where(rng.random(3000) < 0.05, 10.7639, 1.0),
        text=np.where(rng.random(3000) < 0.1, "12", "often").astype(object),
    )

    assert found["modal_share", "feature:flat"].value == 1.0
    assert found["all_missing", "feature:nothing"].value == 1.0
    assert 0.005 < found["placeholder_share", "feature:coded"].value < 0.02
    assert 0.03 < found["mixed_unit_share", "feature:weight"].value < 0.07
    assert (
        "times another (nearest known: 10.7639: square metres and square feet)"
        in found["mixed_unit_share", "feature:area"].note
    )
    assert 0.05 < found["mixed_type_share", "feature:text"].value < 0.15
    assert found["all_missing", "feature:flat"].value == 0.0


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
def test_a_rare_flag_that_tells_something_is_not_dead_and_one_that_tells_nothing_is(task):
    rng = np.random.default_rng(7)
    flag = np.arange(4000) % 160 == 0
    y = rng.normal(size=4000) + 3 * flag
    even = np.argsort(np.argsort(y)) % 160 == 80  # as often with any outcome
    X = frame(4000).assign(flag=flag * 1.0, idle=even * 1.0, flat=1.0)
    labels = y if task.type == "regression" else (y > 1.5).astype(float) + (task.type == "multiclass") * (y > 3)
    p = np.full((4000, task.n_scores), 1 / task.n_scores if task.n_scores > 1 else 0.5)
    grid = grid_of(X, *p.T, task=task, y=labels)
    found = measure(feature_defects.CHECK, {Role.TRAIN: batch_of(X, labels, p, grid)}, grid, task)

    assert found["modal_share_telling", "feature:flag"].value == found["modal_share", "feature:idle"].value == 0.99375
    assert "the outcomes of the others differ" in found["modal_share_telling", "feature:flag"].note
    assert found["modal_share", "feature:flat"].value == 1.0


@pytest.mark.parametrize("heavy", [0.3, 1.7, 1000.25])
def test_a_feature_without_any_value_is_found_whatever_its_rows_weigh(heavy):
    X = frame(3000).assign(nothing=np.nan, flat=0.0)
    p = expit(truth(frame(3000)))
    grid = grid_of(X, p)
    batch = batch_of(X, np.zeros(3000), p, grid, weight=np.where(np.arange(3000) % 7 == 0, heavy, 0.1))
    found = measure(feature_defects.CHECK, {Role.TRAIN: batch}, grid)

    assert found["all_missing", "feature:nothing"].value == 1.0
    assert found["modal_share", "feature:flat"].value == 1.0
    assert {m.n for (k, f), m in found.items() if k in ("all_missing", "modal_share")} == {3000}


def test_a_number_that_is_everywhere_is_named_by_itself():
    assert defects(flat=0.0)["modal_share", "feature:flat"].note == "train: 100.00% of rows are 0"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (datetime.date(2024, 2, 1), "2024-02-01"),
        (datetime.time(1, 2), "01:02:00"),
        (pd.Timedelta(hours=2), "0 days 02:00:00"),
        (np.True_, "True"),
    ],
    ids=["date", "time", "timedelta", "boolean"],
)
def test_a_value_that_is_no_number_is_named_by_itself(value, name):
    """Days of a csv, and dates, times and spans of a parquet file, stopped the check."""
    found = defects(held=pd.Series([value] * 3000))

    assert found["modal_share", "feature:held"].note == f"train: 100.00% of rows are {name}"


def test_categories_of_one_kind_and_of_two_are_counted_as_texts_are():
    """A parquet dictionary with one level, or with the levels "1" and "a", stopped the check."""
    mixed = np.where(np.arange(3000) % 10 == 0, "1", "a")
    found = defects(mixed=pd.Categorical(mixed), one=pd.Categorical(["only"] * 3000), codes=pd.Categorical([7] * 3000))

    assert found["mixed_type_share", "feature:mixed"].value == pytest.approx(0.1)
    assert found["mixed_type_share", "feature:one"].value == found["mixed_type_share", "feature:codes"].value == 0.0


def test_a_date_that_is_everywhere_is_named_by_itself():
    assert (
        "train: 100.00% of rows are 2024-02-01"
        in defects(month=pd.Timestamp("2024-02-01"))["modal_share", "feature:month"].note
    )


def test_sound_features_have_none():
    found = defects()

    assert (
        max(
            m.value
            for (k, _), m in found.items()
            if k.endswith(("_missing", "holder_share", "unit_share", "type_share"))
        )
        == 0
    )
    assert max(m.value for (k, _), m in found.items() if k == "modal_share") < 0.6


@pytest.mark.parametrize("sign", [1, -1])
def test_a_few_values_of_the_other_sign_hide_no_second_unit(sign):
    """A fifth of the rows a hundred times as large was found (0.2), and not beside one value of -5 (0.0)."""
    rng = np.random.default_rng(2)
    weight = sign * rng.lognormal(4, 0.2, 3000) * np.where(rng.random(3000) < 0.2, 100.0, 1.0)
    weight[7] = -5.0 * sign

    assert 0.18 < defects(weight=weight)["mixed_unit_share", "feature:weight"].value < 0.22


def test_where_no_two_units_can_be_looked_for_that_is_said_and_keeps_nothing_open():
    rng = np.random.default_rng(3)
    found = defects(
        signed=rng.normal(size=3000),
        few=np.where(np.arange(3000) < 60, rng.lognormal(size=3000), np.nan),
        nothing=np.full(3000, np.nan),
        levels=rng.integers(-2, 3, 3000),
    )
    judged = {f: found["mixed_unit_share", f"feature:{f}"] for f in ("signed", "few", "nothing", "levels")}
    policy, _ = policy_of(SimpleNamespace(policy_file=None, tier=2, packs=()))
    result = Result(
        code="QUA102",
        status=Status.MEASURED,
        measurements=tuple(m for m in found.values() if "nothing" not in m.subject),
    )

    assert {f: m.value for f, m in judged.items()} == {"signed": None, "few": None, "nothing": None, "levels": 0.0}
    assert "lie on the other side of 0" in judged["signed"].note
    assert "60 values other than 0; it takes 100" in judged["few"].note
    assert found["placeholder_share", "feature:nothing"].value is None
    assert policy.judge(result, "quality").verdict == "PASS"
