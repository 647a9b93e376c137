"""Importance: rankings against their floor, features that only one model uses, declared directions, loss when a group is shuffled."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.inspection import permutation_importance

from tests.checks.performance_cases import BINARY, batch_of, frame, grid_of
from validators.checks.direction import CHECK as IMP102
from validators.checks.importance_shift import CHECK as IMP101
from validators.checks.shuffled_groups import CHECK as IMP103
from validators.core.attributions import Attributions
from validators.core.data import CANDIDATE, PRIOR, Role
from validators.core.records import Given
from validators.summaries.row_sample import RowSampleKind

N = 600
FEATURES = ("a", "b", "c", "d", "e", "f")


def attributions(candidate, prior, seed=0):
    """Values of a linear model: coefficient times a standard normal feature."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 6))
    return Attributions(
        features=FEATURES,
        groups=tuple((f,) for f in FEATURES),
        phi={CANDIDATE: X * np.array(candidate), PRIOR: X * np.array(prior)},
        X=frame(N),
        unit=rng.integers(0, 2**63, N).astype(np.uint64),
        weight=np.full(N, 1 << 20),
        residual=0.0,
        method="by hand",
    )


def given(check, held, *, rows=None, models=None):
    X = frame(N)
    batch = batch_of(X, np.zeros(N), np.full(N, 0.5), grid_of(X, np.linspace(0, 1, N))) if rows is None else rows
    grid = grid_of(batch.X, batch.scores[CANDIDATE][:, 0])
    return Given(
        task=BINARY,
        grid=grid,
        options=check.options,
        rng=np.random.default_rng(0),
        summaries={(Role.TEST, kind): kind.of(batch, grid) for kind in check.needs.summaries},
        attributions=held,
        models={} if models is None else models,
    )


def measured(check, *args, **kwargs):
    return {(m.metric, m.subject): m for m in check.measure(given(check, *args, **kwargs))}


def test_equal_models_agree_above_the_floor_and_turned_ones_do_not():
    same = measured(IMP101, attributions([6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1]))
    turned = measured(IMP101, attributions([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]))
    floor = same["rank_overlap_floor", "model | rows:resamples"].value
    assert same["rank_overlap", "model"].value == 1.0
    assert 0.9 < floor <= 1.0  # ranks this far apart hardly ever swap
    assert turned["rank_overlap", "model"].value < 0.8 * floor
    assert "by hand" in same["rank_overlap", "model"].note


def test_what_does_not_reach_beyond_what_refits_move_counts_as_nothing(monkeypatch):
    held = attributions([8, 3, 3, 3, 2, 1], [6, 5, 4, 3, 2, 1])
    plain = measured(IMP101, held)["share_shift", "feature:a"]
    assert 0 < plain.low < plain.value < plain.high
    beside = given(IMP101, held)
    rows = beside.summary(Role.TEST, RowSampleKind())
    beside = replace(beside, summaries={(role, RowSampleKind()): rows for role in (Role.TRAIN, Role.TEST)})
    ends = (plain.low, plain.value, plain.high)
    for floor, counted in ((0.9 * ends[0], 3), (1.01 * ends[0], 2), (1.01 * ends[1], 1), (1.01 * ends[2], 0)):
        moved = np.full((2, 6), 0.5)
        moved[1] += floor
        monkeypatch.setattr("validators.checks.importance_shift.refit_shares", lambda *_, moved=moved, **__: moved)
        m = next(m for m in IMP101.measure(beside) if (m.metric, m.subject) == ("share_shift", "feature:a"))
        assert (m.low, m.value, m.high) == pytest.approx((*[0.0] * (3 - counted), *ends[3 - counted :]))


def test_why_no_share_can_be_told_is_said():
    held = attributions([6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1])
    few = replace(held, unit=held.unit % np.uint64(5))
    blank = replace(held, weight=np.zeros(N, np.int64))
    constant = replace(held, phi=held.phi | {PRIOR: np.zeros((N, 6))})
    for changed, word in (
        (few, "fewer than 8 groups"),
        (blank, "no row has weight"),
        (constant, "the prior gives every row"),
    ):
        m = measured(IMP101, changed)["share_shift", "model"]
        assert m.value is None
        assert word in m.note


def test_a_direction_is_that_of_the_weight_and_a_row_of_weight_two_is_two_rows():
    x = np.random.default_rng(1).normal(size=(N, len(FEATURES)))
    heavy = np.arange(N) % 4 == 0
    phi = np.where(heavy[:, None], -x, x)
    held = replace(attributions([1] * 6, [1] * 6), X=pd.DataFrame(x, columns=FEATURES), phi={CANDIDATE: phi})
    held = replace(held, weight=np.where(heavy, 2, 1) << 20)
    twice = np.repeat(np.arange(N), np.where(heavy, 2, 1))
    doubled = replace(
        held, X=held.X.iloc[twice], phi={CANDIDATE: phi[twice]}, unit=held.unit[twice], weight=np.full(len(twice), 1 << 20)
    )  # fmt: skip
    one, two = (measured(IMP102, h)["direction", "feature:a"] for h in (held, doubled))
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high), abs=2e-3)

    against = replace(held, weight=np.where(heavy, 100, 1) << 20)
    asked = replace(given(IMP102, against), constraints={"a": {"monotone": "increasing"}})
    assert next(m for m in IMP102.measure(asked) if m.metric == "sign_reversal").value == 1.0


def test_near_ties_make_the_floor_low():
    tied = [5, 5, 5, 5, 5, 5]
    found = measured(IMP101, attributions(tied, tied))
    assert found["rank_overlap_floor", "model | rows:resamples"].value < 0.8


def test_features_that_only_one_model_uses_are_named():
    found = measured(IMP101, attributions([6, 5, 0, 3, 0, 1], [6, 5, 4, 3, 0, 0]))
    assert found["new_features", "model"].value == 1
    assert "f (" in found["new_features", "model"].note
    assert found["vanished_features", "model"].value == 1
    assert "c (" in found["vanished_features", "model"].note
    quiet = measured(IMP101, attributions([6, 5, 4, 3, 2, 1], [5, 5, 4, 3, 2, 1]))
    assert [quiet[m, "model"].value for m in ("new_features", "vanished_features")] == [0, 0]


OF_CLASSES = replace(BINARY, type="multiclass", classes=("bad", "good", "mid"))


@pytest.mark.parametrize(
    ("task", "sign", "reversed_"),
    [(BINARY, 1, 0.0), (BINARY, -1, 1.0), (OF_CLASSES, -1, None), (replace(OF_CLASSES, favourable="mid"), -1, 1.0)],
)
def test_a_declared_direction_is_judged_for_the_score_that_is_meant(task, sign, reversed_):
    held = attributions([1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1])
    x = np.random.default_rng(1).normal(size=(N, len(FEATURES)))
    held = replace(held, X=pd.DataFrame(x, columns=FEATURES), phi={CANDIDATE: sign * x})
    asked = replace(given(IMP102, held), constraints={"a": {"monotone": "increasing"}}, task=task)
    found = [*IMP102.measure(asked)]
    reversal = next(m for m in found if m.metric == "sign_reversal")

    assert reversal.value == reversed_
    assert (reversal.subject, reversal.n) == ("feature:a", N)


@pytest.mark.parametrize(
    ("rows", "effect", "reversed_"), [(N, 0.2, 0.0), (150, 0.0, None), (150, 0.5, 0.0), (150, -0.5, 1.0)]
)
def test_a_direction_on_either_side_of_no_effect_is_not_told(rows, effect, reversed_):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(rows, len(FEATURES)))
    phi = effect * x + rng.normal(size=x.shape)
    held = replace(attributions([1] * 6, [1] * 6), X=pd.DataFrame(x, columns=FEATURES), phi={CANDIDATE: phi})
    held = replace(held, unit=held.unit[:rows], weight=held.weight[:rows])
    asked = replace(given(IMP102, held), constraints={"a": {"monotone": "increasing"}})
    reversal = next(m for m in IMP102.measure(asked) if m.metric == "sign_reversal")

    assert reversal.value == reversed_
    assert ("may be on either side" in reversal.note) is (reversed_ is None)


def test_sampled_attributions_tell_the_direction_that_exact_ones_have():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(N, len(FEATURES)))
    exact = x * [1, -1, 1, 1, 1, 1] + rng.normal(size=x.shape) * [0, 0, 1, 3, 0, 0]
    noise = rng.normal(size=(2, *x.shape)) * [1, 1, 1, 2, 30, 0]
    held = replace(
        attributions([1] * 6, [1] * 6), X=pd.DataFrame(x, columns=FEATURES),
        phi={CANDIDATE: exact + noise.mean(axis=0), PRIOR: exact}, apart={CANDIDATE: (noise[0] - noise[1]) / 2},
    )  # fmt: skip
    found = measured(IMP102, held)

    for name in "abcd":
        sampled, told = (found[m, f"feature:{name}"] for m in ("direction", "direction_of_prior"))
        assert sampled.low <= told.value <= sampled.high
        assert "corrected" in sampled.note
        assert "corrected" not in told.note
    assert found["direction", "feature:a"].low > 0.95  # the plain correlation is .8
    assert found["direction", "feature:f"].value == found["direction_of_prior", "feature:f"].value == pytest.approx(1.0)
    e = found["direction", "feature:e"]  # all noise: as it is where the halves do not agree, else a wide interval
    assert "do not agree" in e.note or e.high - e.low > 0.5


def test_halves_that_do_not_agree_leave_the_correlation_as_it_is():
    x = np.random.default_rng(2).normal(size=(N, len(FEATURES)))
    held = replace(
        attributions([1] * 6, [1] * 6), X=pd.DataFrame(x, columns=FEATURES), phi={CANDIDATE: -x},
        apart={CANDIDATE: np.random.default_rng(3).normal(size=x.shape) * 100},
    )  # fmt: skip
    m = measured(IMP102, held)["direction", "feature:a"]

    assert m.value == pytest.approx(-1.0)
    assert "do not agree" in m.note


class Linear:
    """Log-odds that are linear in age and income."""

    classes_ = np.array([0, 1])

    def __init__(self, age, income):
        self.age, self.income = age, income

    def predict(self, X):
        income = X["income"].fillna(20).to_numpy(float)
        return expit(self.age * (X["age"].to_numpy(float) - 50) / 20 + self.income * (income - 20) / 10)


def shuffled(candidate, prior, *, seed=0, n=2000):
    X = frame(n, seed)
    truth = Linear(1.5, -1.0)
    y = (np.random.default_rng(seed).random(n) < truth.predict(X)).astype(float)
    batch = batch_of(X, y, candidate.predict(X), grid_of(X, candidate.predict(X)), prior=prior.predict(X))
    return measured(IMP103, None, rows=batch, models={CANDIDATE: candidate, PRIOR: prior}), X, y


def test_the_loss_hangs_on_what_the_model_uses_and_on_nothing_else():
    found, _, _ = shuffled(Linear(1.5, -1.0), Linear(1.5, -1.0))
    assert found["loss_when_shuffled", "feature:age"].low > 0.1
    assert found["loss_when_shuffled", "feature:income"].low > 0
    for name in ("region", "sex"):
        assert found["loss_when_shuffled", f"feature:{name}"].value == 0
    assert all(found["loss_reliance_change", f"feature:{f}"].value == 0 for f in ("age", "income", "region", "sex"))


def test_a_model_that_leans_elsewhere_than_the_prior_is_seen_and_equal_ones_are_not():
    found, _, _ = shuffled(Linear(0.2, -1.0), Linear(1.5, -1.0))
    assert found["loss_reliance_change", "feature:age"].high < 0
    assert found["loss_when_shuffled", "feature:age | rows:prior"].low > 0


def test_the_rise_is_that_of_scikit_learns_permutation_importance():
    found, X, y = shuffled(Linear(1.5, -1.0), Linear(1.5, -1.0), n=1000)
    model = Linear(1.5, -1.0)

    def loss(_, rows, truth):
        p = model.predict(rows)
        return float((truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean())

    model.fit = lambda X, y: model
    theirs = permutation_importance(model, X, y, scoring=loss, n_repeats=20, random_state=0)
    rise = theirs.importances_mean[0] / -loss(None, X, y)
    assert found["loss_when_shuffled", "feature:age"].value == pytest.approx(
        rise, rel=0.1
    )  # five shuffles against twenty


def test_scores_that_break_are_undefined():
    class Breaks(Linear):
        def predict(self, X):
            p = super().predict(X)
            return np.where(X["age"].to_numpy() > 78, np.nan, p) if len(X) > 2000 else p

    found, _, _ = shuffled(Breaks(1.5, -1.0), Linear(1.5, -1.0))
    m = found["loss_when_shuffled", "feature:age"]
    assert m.value is None
    assert "missing" in m.note
