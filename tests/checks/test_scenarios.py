"""STR101 and STR106: what scenarios do to rows, scores and quality is what arithmetic says."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from validators.checks import scenario_mix, scenarios
from validators.core.errors import ModelError
from validators.core.scenarios import Change, Scenario
from validators.io.scenarios import scenario_of
from validators.summaries.shocks import shocked

from .performance_cases import batch_of, frame, grid_of, measured, sound, truth, verdict
from .stress_cases import Sound, given_of, run


def changes(*tables):
    return scenario_of({"change": list(tables)}, "s")


def mix(*tables):
    return scenario_of({"target": list(tables)}, "s")


def after(X, *tables):
    batch = batch_of(X, np.zeros(len(X)), np.zeros(len(X)), grid_of(X, np.zeros(len(X))))
    return shocked(batch, changes(*tables))


X = frame(2000)
NORTH = (X["region"] == "north").to_numpy()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"feature": "income", "multiply": 2}, lambda x: 2 * x),
        ({"feature": "income", "add": -1.5}, lambda x: x - 1.5),
        ({"feature": "income", "set": 10}, lambda x: x * 0 + 10),
        ({"feature": "income", "clip": [15, float("inf")]}, lambda x: x.clip(lower=15)),
    ],
)
def test_changes_do_what_they_say_where_they_say(table, expected):
    Z, differs = after(X, {**table, "where": "region == north"})
    wanted = X["income"].where(~NORTH, expected(X["income"]))
    if "set" in table:
        wanted[NORTH] = 10.0

    pd.testing.assert_series_equal(Z["income"], wanted)
    np.testing.assert_array_equal(differs, ~((wanted == X["income"]) | (wanted.isna() & X["income"].isna())))
    pd.testing.assert_frame_equal(Z.drop(columns="income"), X.drop(columns="income"))


def test_a_quantile_map_keeps_ranks_and_gives_the_distribution():
    Z, _ = after(X, {"feature": "income", "quantile_map": [[0.0, 0], [0.5, 100], [1.0, 300]]})
    known = X["income"].notna()

    assert Z["income"].isna().equals(X["income"].isna())
    assert Z["income"].median() == pytest.approx(100, rel=0.02)
    assert Z["income"].quantile(0.75) == pytest.approx(200, rel=0.02)
    assert Z.loc[known, "income"].rank().corr(X.loc[known, "income"].rank()) == pytest.approx(1)


def test_whole_numbers_stay_whole_and_texts_can_be_set():
    Z, differs = after(X, {"feature": "age", "multiply": 1.1}, {"feature": "region", "set": "north"})

    assert Z["age"].dtype == X["age"].dtype
    np.testing.assert_array_equal(Z["age"], np.rint(1.1 * X["age"]))
    assert (Z["region"] == "north").all()
    assert differs.all()


@pytest.mark.parametrize(("name", "change"), [("age", {"add": 1}), ("region", {"set": "north"})])
def test_a_feature_may_be_called_self(name, change):
    Z, differs = after(X.rename(columns={name: "self"}), {"feature": "self", **change})

    assert not Z["self"].equals(X[name])
    assert differs.any()


def test_changes_follow_each_other_but_filters_see_the_rows_as_they_were():
    Z, _ = after(X, {"feature": "age", "set": 20}, {"feature": "age", "add": 5, "where": "age >= 50"})

    np.testing.assert_array_equal(Z["age"], np.where(X["age"] >= 50, 25, 20))


def shock(model, *tables, **more):
    return run(scenarios.CHECK, model, n=2000, scenarios={"bad": changes(*tables)}, **more)


def test_scores_and_decisions_move_by_what_the_model_says():
    found = shock(Sound(), {"feature": "age", "add": 10})
    before, later = expit(truth(X)), expit(truth(X.assign(age=X["age"] + 10)))

    assert found["changed_share", "rows:bad"].value == 1.0
    m = found["mean_score_change", "rows:bad"]
    assert m.value == pytest.approx((later - before).mean())
    assert m.low < m.value < m.high
    share = found["decision_share_change", "rows:bad"].value
    assert share == pytest.approx((later >= 0.3).mean() - (before >= 0.3).mean())
    assert found["flip_rate", "rows:bad"].value == pytest.approx(share)  # all flips go one way


def test_a_scenario_that_changes_nobody_is_vacuous():
    found = shock(Sound(), {"feature": "age", "add": 10, "where": "region == moon"})

    assert found["changed_share", "rows:bad"].value == 0.0
    assert found["mean_score_change", "rows:bad"].value is None
    assert "vacuous" in found["mean_score_change", "rows:bad"].note


def test_a_model_that_raises_or_breaks_under_a_scenario_says_so():
    class Raises(Sound):
        def predict(self, X):
            if X["age"].max() > 100:
                raise ModelError("raised ValueError: too old")
            return super().predict(X)

    class Breaks(Sound):
        def predict(self, X):
            return np.where(X["age"] > 100, np.nan, super().predict(X))

    for model, word in ((Raises(), "too old"), (Breaks(), "not finite")):
        m = shock(model, {"feature": "age", "add": 100})["mean_score_change", "rows:bad"]
        assert m.value is None
        assert word in m.note


def tilt(scenario, y=None, p=None, n=4000):
    X, drawn, sound_p = sound(n)

    class Fixed(Sound):
        def predict(self, _):
            return sound_p if p is None else p

    held = {"mix": scenario, "bad": changes({"feature": "age", "add": 1})}
    given = given_of(
        scenario_mix.CHECK,
        Fixed(),
        X,
        y=drawn if y is None else y,
        scenarios=held,
    )
    return measured(scenario_mix.CHECK, given), X, drawn, sound_p


def test_a_share_reweights_as_the_closed_form_does():
    found, X, y, p = tilt(mix({"where": "region == north", "share": 0.6}))
    north = (X["region"] == "north").to_numpy()
    weight = np.where(north, 0.6 / north.mean(), 0.4 / (1 - north.mean()))
    auc = roc_auc_score(y, p, sample_weight=weight)

    assert found["quality_under", "rows:mix"].value == pytest.approx(auc, abs=1e-9)
    assert found["quality_lost", "rows:mix"].value == pytest.approx(roc_auc_score(y, p) - auc, abs=1e-9)
    assert found["mean_score_change", "rows:mix"].value == pytest.approx(np.average(p, weights=weight) - p.mean())
    assert found["quality_lost", "rows:mix"].n_eff == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert not any("bad" in s for _, s in found)  # changes are STR101's


def test_a_mix_that_the_model_is_weak_in_fails_and_one_it_knows_passes():
    X, y, _ = sound(4000)
    north = (X["region"] == "north").to_numpy()
    coin = np.where(north, np.random.default_rng(5).random(4000) < 0.5, y).astype(float)
    weak = tilt(mix({"where": "region == north", "share": 0.8}), y=coin)[0]["quality_lost", "rows:mix"]
    same = tilt(mix({"feature": "age", "shift": 1.0}))[0]["quality_lost", "rows:mix"]

    assert verdict(weak, warn=0.05, fail=0.10) == "FAIL"
    assert verdict(same, warn=0.05, fail=0.10) == "PASS"


@pytest.mark.parametrize(
    ("target", "note"),
    [
        ({"feature": "age", "mean": 95.0}, "no weights of these rows reach"),
        ({"where": "age >= 79 & region == west", "share": 0.9}, "effective rows"),
        ({"where": "region == moon", "share": 0.5}, "no weights of these rows reach"),
    ],
)
def test_targets_out_of_reach_are_undefined(target, note):
    m = tilt(mix(target))[0]["quality_lost", "rows:mix"]

    assert m.value is None
    assert note in m.note


@pytest.mark.parametrize(
    ("targets", "note"),
    [
        ([{"where": "region == moon", "times": 2.0}], "vacuous: there is no row for: 2 times as many"),
        (
            [{"where": "region == moon", "times": 2.0}, {"feature": "age", "shift": 1.0}],
            "vacuous: there is no row for: 2 times as many",
        ),
        ([{"where": "age > 0", "times": 1.0}], "vacuous: the rows meet the targets as they are"),
        ([{"feature": "age", "shift": 0.0}], "vacuous: the rows meet the targets as they are"),
    ],
)
def test_targets_that_ask_for_nothing_are_undefined(targets, note):
    found = tilt(mix(*targets))[0]

    assert {m.value for m in found.values()} == {None}
    assert found["quality_lost", "rows:mix"].n == 4000
    assert note in found["quality_lost", "rows:mix"].note


def test_a_change_without_a_filter_is_for_all():
    assert changes({"feature": "age", "add": 1}) == Scenario(
        title="s", changes=(Change(feature="age", action="add", value=1),)
    )
