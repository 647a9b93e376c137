"""Clues to the outcome have the size that was asked for; without them no feature knows it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress
from sklearn.metrics import roc_auc_score

from tests.laws import batches
from validators.core.data import CANDIDATE, Role, Task
from validators.summaries.planting import FAULTS, NULLS
from validators.summaries.worlds import World

N = 4000
RNG = np.random.default_rng


def role(seed):
    made = batches.batch(N, seed, "binary", broken=False)
    x = RNG(seed).normal(size=N)
    p = 1 / (1 + np.exp(-x))
    codes = np.column_stack([np.digitize(x, [-1, 0, 1]), made.codes[:, 1] % 2]).astype(np.int32)
    y = (RNG(seed + 10).random(N) < p).astype(float)
    return replace(made, X=made.X.assign(x=x, c="a"), codes=codes, y=y, scores={CANDIDATE: p[:, None]})


@pytest.fixture(scope="module")
def world():
    task = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5)
    return World(rows={Role.TEST: role(4), Role.TRAIN: role(5)}, grid=batches.grid("binary"), task=task, into=Role.TEST)


def area(batch, values):
    return roc_auc_score(batch.y, values)


def test_features_that_are_dealt_out_know_nothing_and_stay_rows(world):
    quiet = NULLS["features_dealt"](world, RNG(1)).batch

    assert area(quiet, quiet.X.x) == pytest.approx(0.5, abs=0.04)
    np.testing.assert_array_equal(np.digitize(quiet.X.x, [-1, 0, 1]), quiet.codes[:, 0])
    np.testing.assert_array_equal(np.sort(quiet.X.x), np.sort(world.batch.X.x))


@pytest.mark.parametrize("size", [0.5, 1.0])
def test_a_feature_gets_so_much_of_the_gain_in_every_role(world, size):
    quiet = NULLS["features_dealt"](world, RNG(1))
    gain = area(quiet.batch, quiet.batch.scores[CANDIDATE][:, 0]) - 0.5
    found = FAULTS["told_by_a_feature"](quiet, size, RNG(2), 0)

    assert found.subject == "feature:x"
    for batch in found.world.rows.values():
        assert area(batch, batch.X.x) - 0.5 == pytest.approx(size * gain, abs=0.03)


def test_in_regression_a_feature_that_moved_between_roles_still_gets_so_much_of_the_gain(world):
    """R2 of the best line by SciPy is twice the gain, and one line holds for train and test."""
    task = Task(type="regression", target="y")
    rows = {
        r: replace(b, y=b.X.x + RNG(7).normal(0, 1, N), scores={CANDIDATE: b.X[["x"]].to_numpy()})
        for r, b in world.rows.items()
    }
    rows[Role.TRAIN] = replace(rows[Role.TRAIN], X=rows[Role.TRAIN].X.assign(x=rows[Role.TRAIN].X.x + 3))
    moved = replace(world, rows=rows, task=task, grid=batches.grid("regression"))
    found = FAULTS["told_by_a_feature"](NULLS["features_dealt"](moved, RNG(1)), 1.0, RNG(2), 0)
    lines = {r: linregress(b.X.x, b.y) for r, b in found.world.rows.items()}

    gain = 1 - np.var(rows[Role.TEST].y - rows[Role.TEST].X.x) / np.var(rows[Role.TEST].y)
    assert {r: line.rvalue**2 for r, line in lines.items()} == pytest.approx(dict.fromkeys(lines, gain), abs=0.04)
    assert lines[Role.TRAIN].intercept == pytest.approx(lines[Role.TEST].intercept, abs=0.1)


def test_gaps_get_so_much_of_the_gain(world):
    gain = area(world.batch, world.batch.scores[CANDIDATE][:, 0]) - 0.5
    found = FAULTS["told_by_gaps"](world, 1.0, RNG(2), 0)
    (emptied,) = [f for f in found.world.batch.X if found.world.batch.X[f].isna().any()]

    for batch in found.world.rows.values():
        assert area(batch, batch.X[emptied].isna()) - 0.5 == pytest.approx(gain, abs=0.03)
