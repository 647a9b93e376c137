"""PIP105 to PIP107: age of served values, rows asked again, golden rows."""

import numpy as np
import pytest

from validators.checks import (
    freshness,
    golden_rows,
    served_again,
)

from .pipeline_cases import N, batch, features, measure, verdict


def fresh(served):
    X = features()
    age = np.random.default_rng(0).uniform(0, 3, N)
    return measure(
        freshness.CHECK,
        batch(X, lateness={"debt": -age}),
        batch(X, lateness={} if served is None else {"debt": -served(age)}),
    )


def test_values_of_yesterday_are_found_and_fresh_ones_pass():
    stale = fresh(lambda age: np.where(np.arange(N) < 50, age + 1, age))
    same = fresh(lambda age: age)

    assert stale["staler_share", "feature:debt"].value == pytest.approx(0.05)
    assert verdict(stale["staler_share", "feature:debt"]) == "FAIL"
    assert "by up to 1 day" in stale["staler_share", "feature:debt"].note
    assert verdict(same["staler_share", "feature:debt"]) == "PASS"


def test_served_from_after_the_decision_and_unknown_times_are_told():
    found = fresh(lambda age: np.where(np.arange(N) < 10, -1.0, np.where(np.arange(N) < 30, np.nan, age)))

    assert found["served_late_share", "feature:debt"].value == pytest.approx(10 / 980)
    assert found["unknown_age_share", "feature:debt"].value == pytest.approx(0.02)
    assert fresh(None)["staler_share", "feature:debt"].value is None


@pytest.mark.parametrize(("known", "note"), [(0, "no row has both times"), (300, "700 of 1,000 rows lack a time")])
def test_values_that_are_served_without_a_time_count_and_are_not_taken_for_fresh(known, note):
    """A feature without any served time had n = 0, so that its check passed by the others."""
    m = fresh(lambda age: np.where(np.arange(N) < known, age, np.nan))["staler_share", "feature:debt"]

    assert (m.value, m.n) == (None, N)
    assert note in m.note


# --- asked again ------------------------------------------------------------------------------------------------------
class Steady:
    def predict(self, X):
        return np.tanh(X["debt"].to_numpy() / 1e4)


class Ranks:
    """A preprocessing that looks at the whole batch."""

    def predict(self, X):
        return X["debt"].rank(pct=True).to_numpy()


class Position:
    def predict(self, X):
        return np.arange(len(X), dtype=float)


class FirstOfEqual:
    """Gives the first of two equal rows another score."""

    def predict(self, X):
        return X["debt"].to_numpy() + X.duplicated(keep="last").to_numpy()


def test_either_copy_of_a_row_that_is_asked_twice_may_differ():
    assert asked(FirstOfEqual())["changed_scores", "rows:each_row_twice"].value == 1.0


def asked(model):
    X = features()
    return measure(served_again.CHECK, batch(X), batch(X), models={"candidate": model})


def test_a_model_that_only_looks_at_the_row_passes_and_others_are_found():
    steady, ranks, position = asked(Steady()), asked(Ranks()), asked(Position())

    assert {m.value for m in steady.values()} == {0.0}
    assert ranks["changed_scores", "rows:small_batches"].value > 0.9
    assert ranks["changed_scores", "rows:asked_again"].value == 0.0
    assert position["changed_scores", "rows:reverse_order"].value > 0.9


class Silent(Steady):
    """Answers NaN to the rows from `first` on; in company of fewer than 100 rows it answers all."""

    def __init__(self, first, when_few=False):
        self.first, self.when_few = first, when_few

    def predict(self, X):
        scores = super().predict(X)
        silent = X["debt"].rank(method="first") > self.first
        return scores if self.when_few and len(X) < 100 else np.where(silent, np.nan, scores)


def test_rows_without_a_score_tell_nothing_of_whether_scores_change():
    whole = asked(Silent(0))
    assert {m.value for m in whole.values()} == {None}
    assert {m.n for m in whole.values()} == {N, 140}
    assert "none of 1,000 rows has a finite score" in whole["changed_scores", "rows:asked_again"].note

    part = asked(Silent(200))["changed_scores", "rows:asked_again"]
    assert (part.value, part.n) == (0.0, 200)
    assert "800 rows without a finite score are left out" in part.note

    assert asked(Silent(0, when_few=True))["changed_scores", "rows:small_batches"].value == 1.0


# --- golden rows ------------------------------------------------------------------------------------------------------
def golden(change=0.0, rows=20):
    X = features()
    frame = X.head(rows).assign(score=Steady().predict(X.head(rows)) + change)
    return measure(golden_rows.CHECK, batch(X), batch(X), models={"candidate": Steady()}, golden=frame)


def test_golden_rows_that_score_as_written_pass_and_one_that_does_not_fails():
    one = np.where(np.arange(20) == 7, 0.01, 0.0)

    assert golden()["golden_misses", "model"].value == 0.0
    assert golden(one)["golden_misses", "model"].value == pytest.approx(0.05)
    assert "row 8 first" in golden(one)["golden_misses", "model"].note
    assert golden(one)["golden_largest", "model"].value == pytest.approx(0.01)
    assert golden(rows=0)["golden_misses", "model"].value is None


def test_a_golden_row_without_a_number_on_either_side_is_no_agreement():
    class Mute(Steady):
        def predict(self, X):
            return np.full(len(X), np.nan)

    X = features()
    frame = X.head(20).assign(score=np.nan)
    found = measure(golden_rows.CHECK, batch(X), batch(X), models={"candidate": Mute()}, golden=frame)

    assert found["golden_misses", "model"].value == 1.0


# --- without a key ----------------------------------------------------------------------------------------------------
