"""LEK103, LEK108, FIT102, PRD101, PRF202: what cannot be learnt or weighed is said, and does not pass."""

from dataclasses import replace

import numpy as np
import pytest

from validators.checks.refits_ladder import CHECK as FIT102
from validators.checks.same_rows import CHECK as PRD101
from validators.checks.searched_slices import CHECK as PRF202
from validators.checks.side_channels import CHECK as LEK108
from validators.checks.single_features import CHECK as LEK103

from . import performance_cases
from .leakage_cases import TEST_P, TEST_X, TEST_Y, TRAIN_P, TRAIN_X, TRAIN_Y, measure
from .performance_cases import batch_of, grid_of, multiclass, sound

MAIN = [(LEK103, "lift_share"), (LEK108, "missing_lift_share"), (FIT102, "score_lost_to_refit")]


@pytest.mark.parametrize(("check", "metric"), MAIN, ids=["LEK103", "LEK108", "FIT102"])
@pytest.mark.parametrize(("train_y", "why"), [(0.0, "one class only"), (np.nan, "0 labelled training rows")])
def test_a_train_of_one_class_or_of_no_outcome_leaves_the_question_open(check, metric, train_y, why):
    grid = grid_of(TRAIN_X, TEST_P)
    train = batch_of(TRAIN_X, np.full(len(TRAIN_X), train_y), TRAIN_P, grid)
    test = batch_of(TEST_X, TEST_Y, TEST_P, grid, prior=TEST_P)
    m = measure(check, train, test, grid)[metric, "model"]

    assert (m.value, m.n) == (None, len(TEST_X))
    assert why in m.note


def test_a_train_of_one_entity_cannot_be_cut_into_learnt_and_tried():
    grid = grid_of(TRAIN_X, TEST_P, grouping="entity")
    for unit in (5, 6):
        train = batch_of(TRAIN_X, TRAIN_Y, TRAIN_P, grid, unit=np.full(len(TRAIN_X), unit))
        m = measure(FIT102, train, batch_of(TEST_X, TEST_Y, TEST_P, grid), grid)["score_lost_to_refit", "model"]
        assert m.value is None
        assert "no learner of ours could be fitted" in m.note


def test_a_candidate_no_surer_than_a_constant_has_no_gain_that_gaps_could_share():
    holed = [X.assign(income=X["income"].where(y == 0)) for X, y in ((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y))]
    grid = grid_of(holed[0], TEST_P)
    train = batch_of(holed[0], TRAIN_Y, TRAIN_P, grid)
    chance = np.random.default_rng(0).random(len(TEST_X))
    found = measure(LEK108, train, batch_of(holed[1], TEST_Y, chance, grid), grid)

    assert found["missing_lift_share", "model"].value is None
    assert "no surer than a constant" in found["missing_lift_share", "model"].note
    assert found["missing_lift", "model"].value > 0.4


@pytest.mark.parametrize("rare", [0, 1, 3])
def test_a_class_of_which_test_has_no_row_or_few_does_not_hide_what_the_others_tell(rare):
    """With one row of it the intervals were undefined without that row's group, and the checks could tell nothing."""
    task, rng = multiclass("a", "b", "c", "d"), np.random.default_rng(0)
    train_y, test_y = (y + (X["region"] == "east").to_numpy() for X, y in ((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y)))
    train_y[:60], test_y[:rare] = 3, 3
    scores = np.eye(4)[test_y.astype(int)] * 0.6 + rng.dirichlet(np.ones(4), len(test_y)) * 0.4
    grid = grid_of(TRAIN_X, *scores.T, task=task)
    train = batch_of(TRAIN_X, train_y, np.full((len(train_y), 4), 0.25), grid)
    test = batch_of(TEST_X, test_y, scores, grid)

    assert measure(FIT102, train, test, grid, task)["score_lost_to_refit", "model"].high < 0
    assert measure(LEK103, train, test, grid, task)["lift_share", "feature:region"].low > 0.3
    assert measure(LEK108, train, test, grid, task)["missing_lift_share", "model"].high < 0.5


def test_rows_without_weight_are_said():
    X, y, p = sound(500)
    grid = grid_of(X, p)
    m = performance_cases.measure(PRD101, batch_of(X, y, p, grid, prior=p, weight=np.zeros(500)), grid)[
        "mean_change_sd", "model"
    ]
    assert (m.value, m.note) == (None, "no row has weight")


def test_infinities_are_searched_around():
    X, y, p = sound(3000)
    wrong = ((X["region"] == "east") & (X["sex"] == "male")).to_numpy()
    broken = X.assign(income=X["income"].where(np.arange(3000) % 4 > 0, np.inf))
    grid = grid_of(X, p)
    batch = replace(batch_of(X, np.where(wrong, 1 - y, y), p, grid), X=broken)
    names = [s for (metric, s) in performance_cases.measure(PRF202, batch, grid) if metric == "slice_excess_loss"]

    assert "slice:region==east & sex==male" in names
    assert not any("inf" in name for name in names)
