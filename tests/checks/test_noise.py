"""NOI101, NOI102, NOI104: what perturbs nothing, or a model that says nothing, clears nobody (N21)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.catalog import check_of
from validators.cli.execute import policy_of
from validators.core.errors import ModelError
from validators.core.policy import Verdict
from validators.core.records import Result, Status

from .performance_cases import frame
from .stress_cases import Sound, given_of

CODES = ("NOI101", "NOI102", "NOI104")


class Silent(Sound):
    """Everybody gets the same score."""

    def predict(self, X):
        return np.full(len(X), 0.3)


class Guarded(Sound):
    """Numbers are kept within what occurs, gaps filled."""

    def logit(self, X):
        return super().logit(X.assign(age=X["age"].clip(18, 90).fillna(40), income=X["income"].clip(0, 200).fillna(30)))


def judged(code, model, X):
    class Project:
        policy_file, tier, packs = None, 2, ()

    check = check_of(code)
    found = tuple(check.measure(given_of(check, model, X)))
    result = Result(code=code, status=Status.MEASURED, measurements=found)
    return policy_of(Project())[0].judge(result, "noise").verdict, found


def still(X):
    """No number has room for noise."""
    return X.assign(**dict.fromkeys(X.select_dtypes("number"), 1.0))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("seed", range(3))
def test_a_sound_model_is_cleared(code, seed):
    assert judged(code, Guarded(), frame(2000, seed))[0] is Verdict.PASS


@pytest.mark.parametrize("code", CODES)
def test_a_model_that_answers_a_constant_is_never_cleared(code):
    verdict, found = judged(code, Silent(), frame(2000, 1))

    assert verdict is Verdict.INCONCLUSIVE
    assert any("the same score" in m.note for m in found)


@pytest.mark.parametrize("code", ["NOI101", "NOI102"])
def test_noise_that_changes_no_row_clears_nobody(code):
    X = frame(2000, 1)

    assert judged(code, Sound(), X.assign(**still(X)))[0] is Verdict.INCONCLUSIVE


def test_shares_of_values_and_of_rows_that_changed_are_reported():
    _, found = judged("NOI101", Sound(), frame(2000, 1))

    assert all("of values in " in m.note and "% of rows changed" in m.note for m in found if m.value is not None)


def test_one_feature_without_room_is_listed_and_the_others_are_judged():
    X = frame(2000, 1)
    name = X.select_dtypes("number").columns[0]
    few = X.assign(**{name: np.where(np.arange(len(X)) < 3, np.arange(len(X)), 5.0)})
    verdict, found = judged("NOI102", Sound(), few)

    assert next(m.note for m in found if m.subject == f"feature:{name}").startswith("vacuous")
    assert verdict is Verdict.PASS


def test_a_feature_that_is_missing_everywhere_cannot_be_made_missing():
    X = frame(500, 1)
    name = X.select_dtypes("number").columns[-1]
    _, found = judged("NOI104", Sound(), X.assign(**{name: np.nan}))

    assert not [m for m in found if name in m.subject and "null" in m.subject and m.value is not None]


def test_every_failure_has_an_interval_and_what_no_row_shows_a_bound():
    X = frame(1000, 1).assign(ignored=np.arange(1000) % 7)
    check = check_of("NOI103")
    found = {(m.metric, m.subject): m for m in check.measure(given_of(check, Guarded(), X))}
    flips = found["failure_flip_rate", "feature:income | rows:zero"]
    by_hand = 1.96 * np.sqrt(flips.value * (1 - flips.value) / 1000)  # independent rows: the binomial's

    assert all(0 <= m.low <= m.value <= m.high for m in found.values())
    assert (flips.high - flips.low) / 2 == pytest.approx(by_hand, rel=0.35)
    unseen = found["failure_flip_rate", "feature:ignored | rows:zero"]
    assert (unseen.value, unseen.low, unseen.high) == (0, 0, pytest.approx(1 - 0.05 ** (1 / 1000)))


class Heavy(Sound):
    """Says by far the most of one row in a hundred, whatever else it is given."""

    def predict(self, X):
        return np.where(X["rare"].to_numpy() == 1, 1 - 1e-9, 0.4 + 0.2 * super().predict(X.fillna(0)).clip(0.4, 0.6))


def test_a_row_that_is_far_out_as_it_is_is_no_wild_reaction_to_another_feature():
    X = frame(2000, 3).assign(rare=(np.arange(2000) % 100 == 0).astype(float))
    _, found = judged("NOI104", Heavy(), X)
    wild = {m.subject: m.value for m in found if m.metric == "wild_reaction"}

    assert len(wild) > 5
    assert not any(share for subject, share in wild.items() if "rare" not in subject)


class Votes(Sound):
    """Counts votes, so that 0 is usual; says what no count can be where an income is absurd."""

    def __init__(self, votes=20, absurd=1e-14):
        self.votes, self.absurd = votes, absurd

    def predict(self, X):
        counted = np.round(super().predict(X.fillna(0)) ** 2 * self.votes) / self.votes
        return np.where(X["income"].to_numpy(float) > 1e4, self.absurd, counted)


def test_scores_of_0_and_1_do_not_hide_a_wild_reaction_and_are_none():
    (_, wild), (_, silent) = (judged("NOI104", Votes(absurd=p), frame(2000, 3)) for p in (1e-14, 0.0))
    about = "feature:income | rows:absurdly_high"

    assert (Votes().predict(frame(2000, 3)) == 0).mean() > 0.05
    assert next(m.value for m in wild if (m.metric, m.subject) == ("wild_reaction", about)) == 1.0
    assert next(m.value for m in silent if (m.metric, m.subject) == ("wild_reaction", about)) == 0.0


def test_where_every_probability_is_usual_none_is_wild_and_nothing_is_passed_for_it():
    verdict, found = judged("NOI104", Votes(votes=1), frame(2000, 3))
    wild = [m for m in found if m.metric == "wild_reaction"]

    assert all(m.value is None and m.note.startswith("vacuous") for m in wild)
    assert verdict is Verdict.PASS  # on what is broken


class Wild(Heavy):
    """Loses hold where a number is absurd."""

    def predict(self, X):
        return np.where(X["income"].to_numpy(float) > 1e4, 1 - 1e-11, super().predict(X))


def test_rows_that_are_sent_far_out_are_counted_beside_those_that_were_there():
    X = frame(2000, 3).assign(rare=(np.arange(2000) % 100 == 0).astype(float))
    _, found = judged("NOI104", Wild(), X)
    m = next(m for m in found if m.metric == "wild_reaction" and m.subject == "feature:income | rows:absurdly_high")

    assert 0.95 < m.value < 1
    assert f"{m.value:.1%} of scores beyond 6" in m.note


class Typed(Guarded):
    """Takes booleans, categories and dates, missing ones too; text in a boolean and levels that a category lacks raise."""

    def logit(self, X):
        assert set(X["member"].dropna().unique()) <= {0.0, 1.0}
        assert isinstance(X["tariff"].dtype, pd.CategoricalDtype)
        years = X["since"].dt.year.clip(2000, 2030).fillna(2020).to_numpy()
        return super().logit(X) + X["member"].astype(float).fillna(0).to_numpy() + 0.01 * (years - 2020)


def typed(X):
    rng = np.random.default_rng(5)
    return X.assign(
        member=rng.random(len(X)) < 0.4,
        tariff=pd.Categorical(rng.choice(["a", "b"], len(X))),
        since=pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, len(X)), unit="D"),
    )


@pytest.mark.parametrize("gaps", [False, True])
def test_booleans_categories_and_dates_get_what_can_come_to_them(gaps):
    """Text in a boolean made three sound models fail, and a date was passed over without a word."""
    X = typed(frame(2000, 1))
    X = X.assign(member=X.member.astype(object).where(X.index % 9 > 0, None)) if gaps else X
    verdict, found = judged("NOI104", Typed(), X)
    asked = {m.subject.removeprefix("feature:") for m in found if m.metric == "broken_reaction"}

    assert verdict is Verdict.PASS
    assert {s for s in asked if s.startswith("member")} == {"member | rows:null"}
    assert {s for s in asked if s.startswith("tariff")} == {"tariff | rows:null", "tariff | rows:unknown_level"}
    assert {s for s in asked if s.startswith("since")} == {
        f"since | rows:{word}" for word in ("null", "absurdly_high", "absurdly_low")
    }


class Encoded(Typed):
    """Behind an encoder that was fitted on true, false and None, which raises where these are floats."""

    def predict(self, X):
        if X["member"].dtype.kind == "f":
            raise ModelError("ufunc 'isnan' not supported for the input types")
        return super().predict(X)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("code", ["NOI103", "NOI104"])
def test_a_missing_boolean_is_what_a_file_holds(code, gaps):
    """NaN stopped a sound model that scored the same rows with None (NOI104: broken in all of them)."""
    X = typed(frame(2000, 1))
    X = X.assign(member=X.member.astype(object).where(X.index % 9 > 0, None)) if gaps else X
    _, found = judged(code, Encoded(), X)
    there = [m for m in found if "member" in m.subject]

    assert there
    assert not [m for m in there if "isnan" in m.note]


@pytest.mark.parametrize(
    "kind", ["datetime64[s]", "datetime64[ns]", "datetime64[us, UTC]", "datetime64[ns, Asia/Kolkata]"]
)
@pytest.mark.parametrize("code", ["NOI101", "NOI103", "NOI104", "IMP103"])
def test_dates_stay_in_the_zone_and_unit_of_their_column(code, kind):
    """Any column with a time zone stopped NOI104."""

    class Zoned(Typed):
        def logit(self, X):
            assert X["since"].dtype == kind
            return super().logit(X)

    X = typed(frame(400, 1))
    since = X["since"].dt.tz_localize("UTC") if "," in kind else X["since"]
    check = check_of(code)
    found = list(check.measure(given_of(check, Zoned(), X.assign(since=since.astype(kind)))))

    assert found
    assert not [m for m in found if "absurd" in m.subject and "since" in m.subject and m.value]


def test_a_model_that_dates_break_is_found():
    class Dated(Typed):
        def logit(self, X):
            return super().logit(X) + np.where(X["since"].isna(), np.nan, 0.0)

    verdict, found = judged("NOI104", Dated(), typed(frame(2000, 1)))

    assert verdict is Verdict.FAIL
    assert [m.subject for m in found if m.metric == "broken_reaction" and m.value] == ["feature:since | rows:null"]


class Selfish(Guarded):
    """Its features are called self, the first argument of pandas' methods, and class."""

    def logit(self, X):
        return super().logit(X.rename(columns={"self": "age", "class": "region"}))


@pytest.mark.parametrize("code", ["NOI101", "NOI102", "NOI103", "NOI104", "IMP103"])
def test_a_feature_may_be_called_self(code):
    check, X = check_of(code), frame(400, 1).rename(columns={"age": "self", "region": "class"})

    assert list(check.measure(given_of(check, Selfish(), X)))


@pytest.mark.parametrize("code", ["NOI102", "NOI103", "IMP103"])
def test_many_features_are_asked_about_on_fewer_rows(code):
    check = check_of(code)
    few = replace(check, options=replace(check.options, max_asked=1000))
    found = tuple(few.measure(given_of(few, Guarded(), frame(2000, 1))))

    assert {m.n for m in found} == {200}


def test_one_failure_that_the_model_refuses_takes_no_other_along():
    class Refuses(Guarded):
        def predict(self, X):
            if (X["age"] < 0).any():
                raise ModelError("no age below 0")
            return super().predict(X)

    check = check_of("NOI103")
    found = {(m.metric, m.subject): m for m in check.measure(given_of(check, Refuses(), frame(2000, 1)))}
    sound = {(m.metric, m.subject): m for m in check.measure(given_of(check, Guarded(), frame(2000, 1)))}
    refused = ("failure_rms_change", "feature:age | rows:sign_turned")

    assert found.pop(refused).note == "no age below 0"
    assert found == {at: m for at, m in sound.items() if at[1] != refused[1]}
