"""PRD103: scores that are missing or out of range."""

import numpy as np
import pytest

from validators.checks.unusable_scores import CHECK
from validators.core.data import CANDIDATE, Role
from validators.summaries import planted_scores
from validators.summaries.worlds import World

from .performance_cases import batch_of, given_rows, grid_of, measure, measured, multiclass, sound

X, Y, P = sound(2000)
GRID = grid_of(X, P)
THREE = multiclass("a", "b", "c")
CLASSES = np.random.default_rng(0).integers(0, 3, 2000).astype(float)
SCORES = np.random.default_rng(1).dirichlet(np.ones(3), 2000)


def of_three(scores):
    grid = grid_of(X, *SCORES.T, task=THREE)
    return measure(CHECK, batch_of(X, CLASSES, scores, grid), grid, THREE)


def test_sound_scores_are_none_seen_with_the_bound_of_that():
    found = measure(CHECK, batch_of(X, Y, P, GRID), GRID)

    for metric in ("missing_share", "out_of_range_share"):
        assert found[metric, "model"].value == 0
        assert found[metric, "model"].high == pytest.approx(1 - 0.05 ** (1 / 2000))


@pytest.mark.parametrize("column", range(3))
def test_the_score_of_any_class_can_be_missing_or_out_of_range(column):
    scores = SCORES.copy()
    scores[:1000, column], scores[1000:1200, column - 1] = np.nan, 7.0
    found = of_three(scores)

    assert found["missing_share", "model"].value == 0.5
    assert found["out_of_range_share", "model"].value == 0.1


def test_a_row_counts_once_however_many_of_its_scores_are_missing():
    scores = SCORES.copy()
    scores[:300, 0], scores[200:500, 1] = np.nan, np.nan

    assert of_three(scores)["missing_share", "model"].value == 0.25


@pytest.mark.parametrize("weight", [0.01, 0.0, 5.0])
def test_rows_are_counted_whatever_they_weigh(weight):
    weights, scores = np.ones(2000), P.copy()
    weights[:200], scores[:200] = weight, np.nan
    m = measure(CHECK, batch_of(X, Y, scores, GRID, weight=weights), GRID)["missing_share", "model"]

    assert m.value == 0.1
    assert m.note == "200 of 2,000 rows"


def test_what_the_prior_lacks_is_told_and_is_not_the_candidates_fault():
    prior = P.copy()
    prior[:20], prior[20:24] = np.nan, -1.0
    found = measure(CHECK, batch_of(X, Y, P, GRID, prior=prior), GRID)

    assert found["prior_missing_share", "model | rows:prior"].value == 0.01
    assert found["prior_out_of_range_share", "model | rows:prior"].value == 0.002
    assert {m.value for (metric, _), m in found.items() if not metric.startswith("prior_")} == {0.0}


def test_production_is_looked_at_too():
    batches = {
        Role.TEST: batch_of(X, Y, P, GRID),
        Role.PRODUCTION: batch_of(X, Y, np.where(X["age"] < 30, np.nan, P), GRID),
    }
    found = measured(CHECK, given_rows(CHECK, batches, GRID))

    assert found["missing_share", "model"].value == 0
    assert found["missing_share", "rows:production"].value == (X["age"] < 30).mean() > 0


def test_probabilities_of_several_classes_add_up_to_one():
    assert of_three(np.round(SCORES, 2))["out_of_range_share", "model"].value == 0
    assert (
        of_three(np.where(np.arange(2000)[:, None] < 300, SCORES * 0.7, SCORES))["out_of_range_share", "model"].value
        == 0.15
    )


@pytest.mark.parametrize("decimals", [2, 3])
def test_probabilities_of_many_classes_that_were_rounded_add_up(decimals):
    """At a hundred classes a third of such rows are off by more than .05."""
    task = multiclass(*map(str, range(400)))
    scores = np.random.default_rng(2).dirichlet(np.ones(400), 2000)
    grid = grid_of(X, *SCORES.T, task=task)

    def share(scores):
        unusable = CHECK.needs.summaries[0].of(batch_of(X, CLASSES, scores, grid), grid)
        return unusable.outside[CANDIDATE] / 2000

    assert share(np.round(scores, decimals)) == 0
    assert share(scores * 0.9) == 1


def test_of_no_rows_nothing_is_told():
    found = measure(CHECK, batch_of(X.iloc[:0], Y[:0], P[:0], GRID), GRID)

    assert {m.value for m in found.values()} == {None}


@pytest.mark.parametrize("turn", range(3))
def test_the_planted_fault_is_in_one_class_and_is_seen(turn):
    grid = grid_of(X, *SCORES.T, task=THREE)
    world = World(
        task=THREE, grid=grid, into=Role.TEST, rows={Role.TEST: batch_of(X, CLASSES, SCORES, grid)}
    )  # fmt: skip
    planted = planted_scores.unusable_scores(world, 0.1, np.random.default_rng(0), turn)

    assert planted is not None
    assert np.isnan(planted.world.batch.scores[CANDIDATE]).any(axis=0).tolist() == [turn == k for k in range(3)]
    found = measured(CHECK, given_rows(CHECK, {Role.TEST: planted.world.batch}, grid, THREE))
    assert found["missing_share", "model"].value == pytest.approx(planted.changed)
