"""PRF202."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from validators.checks.searched_slices import CHECK, Options
from validators.io.slices import members, parse_slice

from .performance_cases import REGRESSION, batch_of, frame, grid_of, measure, same, shuffled, sound, truth, verdict

X, Y, P = sound(4000)
INSIDE = ((X["region"] == "east") & (X["sex"] == "male")).to_numpy()
FLIPPED = np.where(INSIDE & (np.random.default_rng(1).random(len(X)) < 0.5), 1 - Y, Y)
LIMITS = {"warn": 0.25, "fail": 0.75}


def run(y, p=P, X=X, **held):
    grid = grid_of(X, p)
    return measure(CHECK, batch_of(X, y, p, grid, **held), grid)


def alarms(found):
    slices = {s: verdict(m, **LIMITS) for (metric, s), m in found.items() if metric == "slice_excess_loss"}
    return [s for s, v in slices.items() if v in ("WARN", "FAIL")]


def test_a_planted_slice_is_found_by_name():
    found = run(FLIPPED)
    assert "slice:region==east & sex==male" in alarms(found)
    m = found["slice_excess_loss", "slice:region==east & sex==male"]
    assert "either half" in m.note
    assert m.n == INSIDE.sum() == found["slice_n", m.subject].value
    assert found["largest_excess", "model"].low > 0


def test_a_planted_slice_of_missing_values_is_found_by_name():
    inside = (X["income"].isna() & (X["age"] < 50)).to_numpy()
    y = np.where(inside & (np.random.default_rng(2).random(len(X)) < 0.7), 1 - Y, Y)
    assert any("income==null" in s for s in alarms(run(y)))


def test_a_sound_model_is_quiet_and_passes_as_a_whole():
    found = run(Y)
    assert not alarms(found)
    assert verdict(found["largest_excess", "model"], warn=0.05, fail=0.15) == "PASS"


def test_a_model_that_is_off_everywhere_is_not_reported_as_a_slice():
    assert not alarms(run(Y, expit(1.8 * logit(P) + 0.5)))


@pytest.mark.slow
def test_false_alarms_are_rarer_than_one_in_twenty():
    """The simultaneous interval of a sound model's slices excludes zero from below in at most 5 % of runs, and largest_excess too."""
    slices = whole = 0
    for seed in range(100, 200):
        X, y, p = sound(1500, seed)
        found = run(y, p, X)
        slices += any(
            m.low is not None and m.low > 0 for (metric, _), m in found.items() if metric == "slice_excess_loss"
        )
        whole += found["largest_excess", "model"].low > 0
    # one-sided 2.5 % of 100: 99.9 % of binomials are at most 9
    assert slices <= 9
    assert whole <= 9


def test_subjects_read_back_as_the_same_rows():
    found = run(FLIPPED)
    for (metric, subject), m in found.items():
        if metric == "slice_n":
            rows = members(parse_slice(subject.removeprefix("slice:")), X)
            assert rows.sum() == m.value, subject


def test_regression_errors_that_grow_with_the_level_are_no_slice_but_a_planted_one_is():
    rng = np.random.default_rng(3)
    f = np.exp(truth(X) / 2)
    y = f * (1 + rng.normal(0, 0.3, len(X)))
    wrong = y + np.where(INSIDE, 1.5 * f * rng.choice([-1, 1], len(X)), 0)
    grid = grid_of(X, f, task=REGRESSION, y=y)
    assert not alarms(measure(CHECK, batch_of(X, y, f, grid), grid, REGRESSION))
    found = alarms(measure(CHECK, batch_of(X, wrong, f, grid), grid, REGRESSION))
    assert any("region==east" in s and "sex==male" in s for s in found)


def test_a_regression_s_noisy_rows_are_no_slice_where_train_is_as_noisy_there_but_a_planted_one_is():
    there, rng = frame(6000, 9), np.random.default_rng(3)
    spread = lambda of: np.where(of["region"] == "west", 3.0, 1.0)  # noqa: E731
    f, g = truth(X), truth(there)
    y, seen = f + spread(X) * rng.normal(size=len(X)), g + spread(there) * rng.normal(size=len(there))
    wrong = y + np.where(INSIDE, 4 * rng.choice([-1, 1], len(X)), 0)
    grid = grid_of(X, f, task=REGRESSION, y=y)

    def found(y, **train):
        return alarms(measure(CHECK, batch_of(X, y, f, grid), grid, REGRESSION, **train))

    train = batch_of(there, seen, g, grid)
    assert any("region==west" in s for s in found(y))  # nothing tells that this is natural
    assert not found(y, train=train)
    assert any("region==east" in s and "sex==male" in s for s in found(wrong, train=train))


def test_sensitive_columns_are_searched_though_no_feature():
    sensitive = pd.DataFrame({"sex": X["sex"]})
    features = X.drop(columns="sex")
    grid = grid_of(features, P)
    y = np.where((X["sex"] == "male") & (np.random.default_rng(4).random(len(X)) < 0.3), 1 - Y, Y)
    found = measure(CHECK, batch_of(features, y, P, grid, sensitive=sensitive), grid)
    assert any("sex==male" in s for s in alarms(found))


def test_dates_are_named_as_not_searched():
    dated = X.assign(since=pd.Timestamp("2024-01-01") + pd.to_timedelta(X["age"], unit="D"))
    found = run(Y, X=dated)
    assert "not searched: since" in found["largest_excess", "model"].note


@pytest.mark.parametrize("n", [0, 1, 150])
def test_too_few_rows_are_undefined_with_a_reason(n):
    found = run(Y[:n], P[:n], X.iloc[:n].reset_index(drop=True)) if n else None
    if found is None:
        grid = grid_of(X, P)
        found = measure(CHECK, batch_of(X.iloc[:0], Y[:0], P[:0], grid), grid)
    assert list(found) == [("largest_excess", "model")]
    assert found["largest_excess", "model"].value is None


@pytest.mark.parametrize("y", [np.ones(len(X)), np.full(len(X), np.nan)])
def test_one_class_or_no_outcomes_do_not_crash(y):
    assert ("largest_excess", "model") in run(y)


def test_constant_and_empty_columns_give_no_conditions():
    bare = pd.DataFrame(
        {"a": np.ones(len(X)), "b": np.full(len(X), np.nan), "c": pd.Series([None] * len(X), dtype=object)}
    )
    grid = grid_of(bare, P)
    m = measure(CHECK, batch_of(bare, Y, P, grid), grid)["largest_excess", "model"]
    assert m.value is None
    assert "no condition" in m.note


def test_options_bound_the_search():
    grid = grid_of(X, P)
    one = measure(CHECK, batch_of(X, FLIPPED, P, grid), grid, options=Options(conditions=1))
    assert not any(" & " in s and "region" in s and "sex" in s for _, s in one)


def test_order_of_rows_is_of_no_account():
    grid = grid_of(X, P)
    batch = batch_of(X, FLIPPED, P, grid)
    same(measure(CHECK, batch, grid), measure(CHECK, shuffled(batch), grid))


def test_weight_of_one_changes_nothing():
    grid = grid_of(X, P)
    same(run(FLIPPED), measure(CHECK, batch_of(X, FLIPPED, P, grid, weight=np.ones(len(X))), grid))


def test_frames_are_not_changed():
    X = frame(500)
    before = X.copy()
    run(Y[:500], P[:500], X)
    pd.testing.assert_frame_equal(X, before)


def test_what_the_surest_slice_adds_is_by_its_weight():
    """Half of the rows with a tenth of the weight counted as half, of which a fifth was taken."""
    men = (X["sex"] == "male").to_numpy()
    y = np.where(men & (np.random.default_rng(4).random(len(X)) < 0.3), 1 - Y, Y)
    weight = np.where(men, 1 / 8, 1.0)
    found = run(y, weight=weight)
    whole = found["slice_excess_loss", "slice:sex==male"]
    assert whole.n == men.sum()
    assert found["largest_excess", "model"].value == pytest.approx(
        whole.value * (weight @ men) / weight.sum(), rel=0.05
    )
