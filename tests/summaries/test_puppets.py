"""Puppets answer what is stored until an input changes, and then react by the size that was asked for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.laws import batches
from validators.core.data import CANDIDATE, PRIOR, Role, Task
from validators.summaries.planting import FAULTS, NULLS
from validators.summaries.worlds import World

N = 5000
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def world():
    made = batches.batch(N, 4, "binary", broken=False)
    p = 1 / (1 + np.exp(-made.X.x.to_numpy()))
    codes = np.column_stack([np.digitize(made.X.x, [-1, 0, 1]), made.codes[:, 1] % 2]).astype(np.int32)
    held = replace(
        made, codes=codes, y=(RNG(1).random(N) < p).astype(float), scores={CANDIDATE: p[:, None], PRIOR: p[:, None]}
    )
    task = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5)
    made = World(rows={Role.TEST: held}, grid=batches.grid("binary"), task=task, into=Role.TEST)
    return NULLS["steady"](made, RNG(2))


def answer(world, X, name="", size=0.1, model=CANDIDATE):
    found = FAULTS[name](world, size, RNG(3), 0).world if name else world
    return found.models[model].predict(X)[:, 0]


def moved(world):
    return world.batch.X.assign(x=world.batch.X.x + 1e-9)


@pytest.mark.parametrize("name", ["", "flips_under_noise", "ranking_lost_under_noise", "touchy_feature", "wild_answer"])
def test_rows_as_they_are_get_their_stored_scores_however_often_they_come(world, name):
    twice = pd.concat([world.batch.X] * 2, ignore_index=True)

    np.testing.assert_array_equal(answer(world, twice, name), np.tile(world.batch.scores[CANDIDATE][:, 0], 2))


def test_a_steady_model_and_the_prior_do_not_react(world):
    stored = world.batch.scores[CANDIDATE][:, 0]

    np.testing.assert_array_equal(answer(world, moved(world)), stored)
    np.testing.assert_array_equal(answer(world, moved(world), "flips_under_noise", model=PRIOR), stored)


def test_reactions_have_the_size_that_was_asked_for(world):
    y, before = world.batch.y, world.batch.scores[CANDIDATE][:, 0]
    flips, lost, touchy = (
        answer(world, moved(world), f"{n}") for n in ("flips_under_noise", "ranking_lost_under_noise", "touchy_feature")
    )

    assert ((flips >= 0.5) != (before >= 0.5)).mean() == pytest.approx(0.1, abs=1e-3)
    assert roc_auc_score(y, before) - roc_auc_score(y, lost) == pytest.approx(0.1, abs=0.02)
    assert np.sqrt(np.mean((touchy - before) ** 2)) / before.std() == pytest.approx(0.1, rel=1e-6)


def test_a_touchy_feature_moves_no_score_when_another_one_changes(world):
    X = world.batch.X.assign(c="b")

    np.testing.assert_array_equal(answer(world, X, "touchy_feature"), world.batch.scores[CANDIDATE][:, 0])


def test_texts_and_gaps_are_seen_to_change(world):
    gone = world.batch.X.assign(x=np.nan)
    same = FAULTS["broken_answer"](world, 0.0, RNG(3), 1).world

    assert np.isnan(FAULTS["broken_answer"](world, 0.0, RNG(3), 0).world.models[CANDIDATE].predict(gone)).all()
    assert np.isnan(same.models[CANDIDATE].predict(world.batch.X.assign(c=None))).all()
    assert np.isfinite(same.models[CANDIDATE].predict(gone)).all()


def test_other_rows_are_refused(world):
    with pytest.raises(ValueError, match="5000 rows was asked for 7"):
        world.models[CANDIDATE].predict(world.batch.X.head(7))
