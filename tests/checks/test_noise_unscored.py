"""NOI101 and NOI102: rows without a score clear nobody, and a prior that says nothing is no yardstick."""

import numpy as np
import pytest
from scipy.special import expit

from validators.catalog import check_of
from validators.cli.execute import policy_of
from validators.core.data import CANDIDATE, PRIOR, Role
from validators.core.errors import ModelError
from validators.core.policy import Verdict
from validators.core.records import Result, Status

from .performance_cases import BINARY, REGRESSION, batch_of, frame, given_rows, grid_of, truth
from .stress_cases import Sound

X = frame(2000, 1)
P = Sound().predict(X)
Y = (np.random.default_rng(0).random(len(X)) < P).astype(float)


class Stepped(Sound):
    """As trees are."""

    def predict(self, X):
        return expit(2.5 * np.floor(truth(X)))


class Constant(Sound):
    def predict(self, X):
        return np.full(len(X), 0.7)


class Raising(Sound):
    def predict(self, X):
        raise ModelError("no noise, please")


class Gaps(Sound):
    """Has no score for the sixth row that it is asked about."""

    def predict(self, X):
        return np.where(np.arange(len(X)) == 5, np.nan, super().predict(X))


def judged(code, model, *, scores=None, prior=None, y=Y, task=BINARY, **held):
    """Verdict and measurements; `scores` are the stored ones of the test rows, `prior` is a model and its stored ones."""

    class Project:
        policy_file, tier, packs = None, 2, ()

    check, scores = check_of(code), model.predict(X) if scores is None else scores
    grid = grid_of(X, scores, task=task, y=np.nan_to_num(y))
    batch = batch_of(X, y, scores, grid, prior=None if prior is None else prior[1], **held)
    models = {CANDIDATE: model} | ({} if prior is None else {PRIOR: prior[0]})
    found = tuple(check.measure(given_rows(check, {Role.TEST: batch}, grid, task, models=models)))
    assert all(x is None or np.isfinite(x) for m in found for x in (m.value, m.low, m.high))
    verdict = (
        policy_of(Project())[0].judge(Result(code=code, status=Status.MEASURED, measurements=found), "noise").verdict
    )
    return verdict, found


@pytest.mark.parametrize("code", ["NOI101", "NOI102"])
def test_one_row_without_a_score_is_left_out_with_a_word_and_changes_nothing_else(code):
    """The change of every row became 0 [0, 0], and passed."""
    sound, whole = judged(code, Sound())
    verdict, found = judged(code, Sound(), scores=np.where(np.arange(len(X)) == 7, np.nan, P))
    values, others = ({(m.metric, m.subject): m.value for m in ms if m.value is not None} for ms in (whole, found))

    assert sound is verdict is Verdict.PASS
    assert {m.n for m in found} == {len(X) - 1}
    assert all(
        "1 of 2,000 rows without a usable score are left out" in m.note for m in found if "ripple" not in m.metric
    )
    assert values.keys() == others.keys()
    assert all(others[at] == pytest.approx(values[at], rel=0.5, abs=0.01) for at in values)


@pytest.mark.parametrize("code", ["NOI101", "NOI102"])
@pytest.mark.parametrize("prior", [None, (Sound(), P)])
@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"scores": np.full(len(X), np.nan)}, "2,000 of 2,000 rows have no usable score"),
        ({"scores": np.where(np.arange(len(X)) < 40, np.nan, P)}, "40 of 2,000 rows have no usable score"),
        ({"weight": np.zeros(len(X))}, "has a weight"),
    ],
)
def test_without_scores_or_weights_nothing_is_told(code, prior, change, note):
    verdict, found = judged(code, Sound(), prior=prior, **change)

    assert verdict is Verdict.INCONCLUSIVE
    assert all(m.value is None and note in m.note for m in found)


@pytest.mark.parametrize("model", [Sound(), Stepped()])
def test_a_constant_prior_leaves_the_change_itself_and_its_own_limit(model):
    """The excess over a constant is the change, which was held against limits a tenth as wide: sound models failed."""
    alone, whole = judged("NOI102", model)
    verdict, found = judged("NOI102", model, prior=(Constant(), np.full(len(X), 0.7)))
    values, others = ({(m.metric, m.subject): m.value for m in ms} for ms in (whole, found))

    assert alone is verdict is Verdict.PASS
    assert values == others
    assert any("the prior gives every row the same score" in m.note for m in found)
    assert not any("under this noise" in m.note for m in found)  # it was not asked


@pytest.mark.parametrize(("code", "prior"), [("NOI101", Raising()), ("NOI101", Gaps()), ("NOI102", Raising())])
def test_a_prior_that_cannot_be_asked_under_noise_is_not_the_candidate_s_fault(code, prior):
    verdict, found = judged(code, Sound(), prior=(prior, P))
    changes = [m for m in found if m.metric == "rms_change"]

    assert verdict is Verdict.PASS
    assert "excess_rms" not in {m.metric for m in found}
    assert code == "NOI101" or all(
        "the prior gives no usable score under this noise" in m.note for m in changes if m.value
    )


def test_a_prior_without_scores_is_left_out_and_one_without_a_few_is_not():
    few, many = (
        judged("NOI102", Sound(), prior=(Stepped(), np.where(np.arange(len(X)) < k, np.nan, P))) for k in (5, 1100)
    )

    assert {m.n for m in few[1]} == {len(X) - 5}
    assert "excess_rms" in {m.metric for m in few[1]}
    assert {m.n for m in many[1]} == {len(X)}
    assert "rms_change" in {m.metric for m in many[1]}
    assert any("the prior is left out: it gives 55% of rows no score" in m.note for m in many[1])


class Rippled(Sound):
    def predict(self, X):
        return expit(truth(X) + 0.8 * np.sin(X["age"].to_numpy() * 1.0))


@pytest.mark.parametrize(
    ("prior", "scores"), [(Sound(), P), (Sound(), np.where(np.arange(len(X)) < 40, np.nan, P)), (Gaps(), P)]
)
def test_a_prior_that_lacks_a_few_scores_is_compared_on_the_others(prior, scores):
    """A prior without scores on 2 % of the rows was dropped, and a candidate that failed beside it passed by a limit ten times as wide."""
    verdict, found = judged("NOI102", Rippled(), prior=(prior, scores))
    excess = {m.subject: m.value for m in found if m.metric == "excess_rms"}

    assert verdict is Verdict.FAIL
    assert excess["feature:age | rows:quantile_0.1"] == pytest.approx(0.27, abs=0.03)
    assert not any(m.metric == "rms_change" for m in found)


class Line(Sound):
    def predict(self, X):
        return truth(X)


@pytest.mark.parametrize("groups", [0, 1])
def test_a_regression_without_outcomes_or_with_those_of_one_entity_loses_no_quality_that_is_told(groups):
    """The mean of outcomes without weight stopped the check."""
    unit = np.random.default_rng(1).integers(0, 200, len(X))
    y = np.where((unit % 50 == 3) & (groups > 0), truth(X) + np.random.default_rng(0).normal(size=len(X)), np.nan)
    verdict, found = judged("NOI101", Line(), y=y, task=REGRESSION, unit=unit)
    lost = next(m for m in found if m.metric == "quality_lost")

    assert verdict is Verdict.INCONCLUSIVE
    assert (lost.value, lost.note) == (None, "under 8 groups of rows, no outcome, or no two classes in so many")
    assert any(m.metric == "curve_rms_change" and m.value is not None for m in found)
