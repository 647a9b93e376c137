"""Structure, slices and reasons are planted in the size that was asked for, measured here by another route."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit, xlogy
from sklearn.linear_model import LogisticRegression

from tests.laws import batches
from validators.core.attributions import Attributions
from validators.core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Role, Task
from validators.summaries.planting import FAULTS, NULLS
from validators.summaries.worlds import World

N = 8000
RNG = np.random.default_rng


@pytest.fixture(scope="module", params=["binary", "regression"])
def world(request):
    """A calibrated model of one feature in forty bins."""
    rng, made = RNG(1), batches.batch(N, 2, request.param, broken=False)
    x = rng.normal(size=N)
    p = 1 / (1 + np.exp(-1.5 * x)) if request.param == "binary" else 2 * x
    y = (rng.random(N) < p).astype(float) if request.param == "binary" else p + rng.normal(size=N)
    codes = np.column_stack([(rng.random(N) * 10).astype(np.int32), made.codes[:, 1] % 2]).astype(np.int32)
    held = replace(
        made,
        y=y,
        scores={CANDIDATE: p[:, None], PRIOR: p[:, None]},
        weight=np.full(N, WEIGHT_ONE, np.int64),
        codes=codes,
    )
    classes, positive = ((0, 1), 1) if request.param == "binary" else ((), None)
    task = Task(type=request.param, target="y", classes=classes, positive=positive, threshold=0.5 if classes else None)
    return World(rows={Role.TEST: held}, grid=batches.grid(request.param), task=task, into=Role.TEST)


@pytest.mark.parametrize("size", [0.03, 0.06])
def test_so_much_of_the_squared_error_can_be_foretold(world, size):
    after = FAULTS["structure_left"](world, size, RNG(2), 0).world.batch.scores[CANDIDATE][:, 0]
    before, y = world.batch.scores[CANDIDATE][:, 0], world.batch.y

    assert 1 - np.mean((y - before) ** 2) / np.mean((y - after) ** 2) == pytest.approx(size, abs=0.012)
    if world.task.type == "binary":
        assert after.min() > 0
        assert after.max() < 1


@pytest.mark.parametrize(("name", "size"), [("hidden_slice_excess", 0.06), ("worst_tenth", 0.4)])
def test_the_part_loses_so_much_more_than_a_recalibrated_model_expects(world, name, size):
    found = FAULTS[name](world, size, RNG(3), 0)
    y, raw = found.world.batch.y, world.batch.scores[CANDIDATE][:, 0]
    inside = world.batch.codes[:, 0] <= world.batch.codes[y != world.batch.y, 0].max()
    wanted = size if name == "hidden_slice_excess" else size * inside.mean()
    if world.task.type == "regression":  # the part does not depend on the prediction: the mean is expected of it
        square = (y - raw) ** 2
        assert np.mean((square / square.mean() - 1) * inside) == pytest.approx(wanted, abs=0.01)
        assert found.changed == pytest.approx(inside.mean())
        return
    x = logit(raw)
    p = LogisticRegression(C=np.inf).fit(x[:, None], y).predict_proba(x[:, None])[:, 1]
    mean = -np.mean(xlogy(y, raw) + xlogy(1 - y, 1 - raw))
    excess = -(xlogy(y - p, p) + xlogy(p - y, 1 - p)) / mean

    assert np.mean(excess * inside) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize(("name", "size"), [("hidden_slice_excess", 0.06), ("worst_tenth", 0.4)])
def test_of_several_classes_outcomes_become_the_least_likely_one(name, size):
    rng, made = RNG(6), batches.batch(N, 2, "multiclass", broken=False)
    p = rng.dirichlet([0.6, 0.6, 0.6], N).clip(1e-3)
    p = p / p.sum(axis=1, keepdims=True)
    y = (rng.random((N, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1).astype(float)
    codes = np.column_stack([(rng.random(N) * 10).astype(np.int32), made.codes[:, 1] % 2]).astype(np.int32)
    held = replace(made, y=y, scores={CANDIDATE: p}, weight=np.full(N, WEIGHT_ONE, np.int64), codes=codes)
    task = Task(type="multiclass", target="y", classes=("a", "b", "c"))
    several = World(rows={Role.TEST: held}, grid=batches.grid("multiclass"), task=task, into=Role.TEST)
    after = FAULTS[name](several, size, RNG(7), 0).world.batch.y
    hit = after != y
    inside = codes[:, 0] <= codes[hit, 0].max()
    loss, entropy = -np.log(p[np.arange(N), after.astype(int)]), -(p * np.log(p)).sum(axis=1)
    over = loss / loss.mean() - entropy / entropy.mean()

    assert (after[hit] == p[hit].argmin(axis=1)).all()
    assert np.mean(over * inside) == pytest.approx(
        size if name == "hidden_slice_excess" else size * inside.mean(), abs=0.01
    )


def test_redrawn_alone_leaves_train_no_outcomes_in_regression(world):
    both = replace(world, rows={**world.rows, Role.TRAIN: world.batch})
    found, alike = (NULLS[null](both, RNG(8)) for null in ("redrawn_alone", "redrawn"))

    assert (found.batch.y == alike.batch.y).all()
    assert np.isnan(found.rows[Role.TRAIN].y).all() == (world.task.type == "regression")


@pytest.fixture
def leaning(world):
    """Attributions of four features in three groups."""
    n, rng = 600, RNG(4)
    phi = rng.normal(size=(n, 4)) * [4.0, 2.0, 1.0, 1.0]
    held = Attributions(
        features=("a", "b", "c", "d"), groups=(("a",), ("b",), ("c", "d")), phi={CANDIDATE: phi, PRIOR: phi + 0.1},
        X=pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd")), unit=np.arange(n, dtype=np.uint64),
        weight=np.full(n, WEIGHT_ONE, np.int64), residual=0.0,
    )  # fmt: skip
    return replace(world, attributions=held, constraints={"b": {"monotone": "decreasing"}, "c": {"min": 0}})


@pytest.mark.parametrize("turn", range(3))
def test_one_group_gets_so_much_more_of_the_importance(leaning, turn):
    found = FAULTS["share_moved"](leaning, 0.12, RNG(5), turn)

    def shares(held):
        parts = [np.abs(held.phi[CANDIDATE][:, g].sum(axis=1)).mean() for g in ([0], [1], [2, 3])]
        return np.array(parts) / sum(parts)

    gained = shares(found.world.attributions) - shares(leaning.attributions)
    assert gained[turn] == pytest.approx(0.12, abs=1e-9)
    assert gained.sum() == pytest.approx(0.0, abs=1e-12)


def test_swapped_reasons_lean_alike_and_declared_ones_turn_round(leaning):
    quiet = NULLS["reasons_swapped"](leaning, RNG(6)).attributions
    right = NULLS["as_declared"](leaning, RNG(6))
    wrong = FAULTS["against_declared"](right, 0.0, RNG(6), 0).world

    assert abs(quiet.phi[CANDIDATE].mean() - quiet.phi[PRIOR].mean()) < 0.02
    x = leaning.attributions.X.b
    assert np.corrcoef(x, right.attributions.phi[CANDIDATE][:, 1])[0, 1] < -0.8
    assert np.corrcoef(x, wrong.attributions.phi[CANDIDATE][:, 1])[0, 1] > 0.8
    np.testing.assert_array_equal(right.attributions.phi[CANDIDATE][:, 2], leaning.attributions.phi[CANDIDATE][:, 2])


def test_without_attributions_there_is_nothing_to_plant(world):
    assert NULLS["reasons_swapped"](world, RNG(1)) is None
    assert FAULTS["share_moved"](world, 0.1, RNG(1), 0) is None
