"""FIT101 to FIT103: over- and underfit models are found; sound ones, and forests with a large gap, are quiet."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from validators.checks import gap_by_region, generalisation_gap, learning_curve, refits_ladder, residual_structure
from validators.core.data import Role
from validators.core.records import Given

from .performance_cases import (
    BINARY,
    REGRESSION,
    batch_of,
    frame,
    given_rows,
    grid_of,
    measured,
    multiclass,
    sound,
    truth,
    verdict,
)

TEST_X, TEST_Y, TEST_P = sound(2500)
TRAIN_X, TRAIN_Y, TRAIN_P = sound(3000, seed=10)
LOST, LEFT = {"warn": 0.01, "fail": 0.03}, {"warn": 0.03, "fail": 0.1}


def measure(check, train, test, grid, task=BINARY, *, reads=()):
    return measured(check, given_rows(check, {Role.TRAIN: train, Role.TEST: test}, grid, task, reads=reads))


def run(check, train_p=TRAIN_P, test_p=TEST_P, *, prior=None, reads=()):
    grid = grid_of(TRAIN_X, test_p)
    train = batch_of(TRAIN_X, TRAIN_Y, train_p, grid, prior=None if prior is None else TRAIN_P)
    return measure(check, train, batch_of(TEST_X, TEST_Y, test_p, grid, prior=prior), grid, reads=reads)


def encoded(X):
    return X.assign(
        income=X["income"].fillna(-1), region=X["region"].astype("category").cat.codes, sex=X["sex"] == "male"
    )


def fitted(model):
    model.fit(encoded(TRAIN_X), TRAIN_Y)
    return tuple(model.predict_proba(encoded(X))[:, 1] for X in (TRAIN_X, TEST_X))


FULL_TREE = fitted(DecisionTreeClassifier(random_state=0))
STUMP = fitted(DecisionTreeClassifier(max_depth=1, random_state=0))
FOREST = fitted(RandomForestClassifier(200, min_samples_leaf=4, max_features=0.7, random_state=0))


@pytest.mark.parametrize("scores", [FULL_TREE, STUMP], ids=["overfit", "underfit"])
def test_what_a_model_of_the_wrong_size_loses_is_found(scores):
    lost = run(refits_ladder.CHECK, *scores, prior=TEST_P)

    assert verdict(lost["score_lost_to_refit", "model"], **LOST) == "FAIL"
    assert verdict(lost["score_lost_to_prior", "model"], **LOST) == "FAIL"


@pytest.mark.parametrize("scores", [(TRAIN_P, TEST_P), FOREST], ids=["the truth", "a forest with a gap"])
def test_sound_models_lose_nothing_and_leave_nothing(scores):
    assert verdict(run(refits_ladder.CHECK, *scores)["score_lost_to_refit", "model"], **LOST) != "FAIL"
    assert verdict(run(residual_structure.CHECK, *scores)["structure_excess", "model"], **LEFT) != "FAIL"


def test_the_gap_of_a_sound_forest_is_large_and_nobody_judges_it():
    found = run(generalisation_gap.CHECK, *FOREST)

    assert found["train_test_gap", "model"].low > 0.05
    assert found["membership_advantage", "model"].low > 0.05
    expected = roc_auc_score(TRAIN_Y, FOREST[0]) - roc_auc_score(TEST_Y, FOREST[1])
    assert found["train_test_gap", "model"].value == pytest.approx(expected, abs=1e-3)


def test_the_gap_of_the_truth_covers_zero():
    gap = run(generalisation_gap.CHECK)["train_test_gap", "model"]

    assert gap.low < 0 < gap.high


def test_what_few_training_rows_could_not_teach_is_not_held_against_the_model():
    """A learner of 400 rows leaves what 2,000 test rows teach; where train had 2,000 rows, the same is underfit."""
    rng = np.random.default_rng(2)
    X, Z = rng.normal(size=(2, 2000, 4)) * 2
    y, z = (np.sin(A[:, 0]) * A[:, 1] + np.cos(A[:, 2]) + rng.normal(0, 0.3, len(A)) for A in (X, Z))
    few = GradientBoostingRegressor(n_estimators=60, random_state=0).fit(X[:400], y[:400])
    frames = [pd.DataFrame(A, columns=list("abcd")) for A in (X, Z)]
    p, q = few.predict(X), few.predict(Z)
    grid = grid_of(frames[0], p, task=REGRESSION, y=y)
    test = batch_of(frames[1], z, q, grid)

    found = [
        measure(residual_structure.CHECK, batch_of(frames[0][:n], y[:n], p[:n], grid), test, grid, REGRESSION)
        for n in (400, 2000)
    ]
    left, excess = (found[0][metric, "model"].value for metric in ("structure_left", "structure_excess"))
    assert left > 0.3
    assert excess < left / 2
    assert verdict(found[1]["structure_excess", "model"], **LEFT) == "FAIL"
    assert found[1]["structure_left", "model"] == found[0]["structure_left", "model"]


def test_without_train_nothing_is_taken_off():
    grid = grid_of(TRAIN_X, STUMP[1])
    test = batch_of(TEST_X, TEST_Y, STUMP[1], grid)
    check = residual_structure.CHECK
    given = Given(
        task=BINARY, grid=grid, options=check.options, rng=np.random.default_rng(0),
        summaries={(Role.TEST, kind): kind.of(test, grid) for kind in check.needs.summaries},
    )  # fmt: skip
    found = {m.metric: m for m in check.measure(given)}

    assert found["structure_excess"].value == found["structure_left"].value > 0.03
    assert found["structure_excess"].note == "not compared with our own learner"


def test_structure_is_found_and_the_feature_is_named():
    blind = expit(truth(TEST_X.assign(region="south")))
    found = run(residual_structure.CHECK, TRAIN_P, blind)

    assert verdict(found["structure_excess", "model"], **LEFT) in ("WARN", "FAIL")
    alone = {s: m.value for (metric, s), m in found.items() if metric == "structure_by_feature"}
    assert max(alone, key=alone.get) == "feature:region"
    assert found["structure_by_feature", "feature:region"].low > 0 > found["structure_by_feature", "feature:sex"].value


def test_a_feature_that_the_candidate_does_not_list_is_not_held_against_it_but_is_named():
    """All that can be learnt without the region is learnt; on all features the same scores are underfit."""
    rng = np.random.default_rng(4)
    labels = [
        (rng.random(len(X)) < expit(truth(X) + 3 * (X["region"] == "north"))).astype(float) for X in (TRAIN_X, TEST_X)
    ]
    numbers, seen = (X.assign(income=X["income"].fillna(-1))[["age", "income"]] for X in (TRAIN_X, TEST_X))
    model = RandomForestClassifier(200, min_samples_leaf=20, random_state=0).fit(numbers, labels[0])
    grid = grid_of(TRAIN_X, TEST_P)
    train, test = (
        batch_of(X, y, model.predict_proba(Z)[:, 1], grid)
        for X, y, Z in ((TRAIN_X, labels[0], numbers), (TEST_X, labels[1], seen))
    )
    lost, left = (
        {reads: measure(check, train, test, grid, reads=reads) for reads in ((), ("age", "income", "elsewhere"))}
        for check in (refits_ladder.CHECK, residual_structure.CHECK)
    )
    every, own = lost

    lost_by, left_by = (
        {reads: found[reads][metric, "model"] for reads in found}
        for found, metric in ((lost, "score_lost_to_refit"), (left, "structure_excess"))
    )

    assert verdict(lost_by[every], **LOST) in ("WARN", "FAIL")
    assert lost_by[own].value < lost_by[every].value / 2
    assert "on the 2 features that the candidate lists" in lost_by[own].note
    assert left_by[every].low > 0
    assert left_by[own].value < left_by[every].value / 2
    alone = ("structure_by_feature", "feature:region")
    assert left[every][alone] == left[own][alone]


def test_regression_and_multiclass():
    rng = np.random.default_rng(1)
    ys = [truth(X) + rng.normal(0, 1, len(X)) for X in (TRAIN_X, TEST_X)]
    constant = np.full(len(TEST_X), ys[0].mean())
    grid = grid_of(TRAIN_X, ys[0], constant, task=REGRESSION, y=ys[0])
    train, test = batch_of(TRAIN_X, ys[0], ys[0], grid), batch_of(TEST_X, ys[1], constant, grid)
    lost = measure(refits_ladder.CHECK, train, test, grid, REGRESSION)["score_lost_to_refit", "model"]
    left = measure(residual_structure.CHECK, train, test, grid, REGRESSION)["structure_excess", "model"]
    assert verdict(lost, **LOST) == verdict(left, **LEFT) == "FAIL"

    task = multiclass("a", "b", "c")
    labels = [(y > -1).astype(int) + (y > 1) for y in ys]
    flat = [np.full((len(y), 3), 1 / 3) + rng.normal(0, 1e-3, (len(y), 3)) for y in ys]
    grid = grid_of(TRAIN_X, *flat[1].T, task=task)
    train, test = (batch_of(X, y, p, grid) for X, y, p in zip((TRAIN_X, TEST_X), labels, flat, strict=True))
    assert (
        verdict(measure(refits_ladder.CHECK, train, test, grid, task)["score_lost_to_refit", "model"], **LOST) == "FAIL"
    )
    assert (
        verdict(measure(residual_structure.CHECK, train, test, grid, task)["structure_excess", "model"], **LEFT)
        == "FAIL"
    )


def test_too_few_rows_are_undefined_with_the_reason():
    few = frame(50)
    grid = grid_of(TRAIN_X, TRAIN_P)
    small = batch_of(few, np.arange(50) % 2, np.full(50, 0.5), grid)

    for check, metric in ((refits_ladder.CHECK, "score_lost_to_refit"), (residual_structure.CHECK, "structure_excess")):
        m = measure(check, small, small, grid)[metric, "model"]
        assert m.value is None
        assert "50" in m.note


# --- regions, learning curve ------------------------------------------------------------------------------------------
def test_a_region_that_was_learnt_by_heart_is_named_and_an_honest_one_is_not():
    learnt = TRAIN_P.copy()
    inside = (TRAIN_X["region"] == "north").to_numpy()
    learnt[inside] = np.where(TRAIN_Y[inside] == 1, 0.98, 0.02)
    found = run(gap_by_region.CHECK, learnt)

    assert found["region_gap", "slice:region==north"].low > 0.2
    sound_gaps = run(gap_by_region.CHECK)
    assert sound_gaps
    assert all(m.low <= 0 for m in sound_gaps.values())


def test_the_curve_climbs_with_the_rows_and_says_what_twice_would_give():
    found = run(learning_curve.CHECK)
    curve = [m.value for (metric, _), m in found.items() if metric == "curve_score"]

    assert len(curve) == 8
    assert curve[-1] > curve[0]
    assert -0.01 < found["gain_at_twice", "model"].value < 0.05
