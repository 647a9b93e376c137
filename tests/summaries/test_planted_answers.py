"""Models that answer from what is stored: quiet as they are, and otherwise in exactly the share of rows that was asked for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.laws import batches
from validators.core.data import CANDIDATE, Role, Task
from validators.summaries.planting import FAULTS, NULLS
from validators.summaries.worlds import World

N = 400
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def world():
    made = batches.batch(N, 4, "binary", broken=False)
    p = 1 / (1 + np.exp(-made.X.x.to_numpy()))
    held = replace(made, scores={CANDIDATE: p[:, None]})
    golden = pd.concat([made.X.head(20), pd.Series(p[:20], name=0)], axis=1)
    task = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5)
    return World(
        rows={Role.TEST: held, Role.TRAIN: batches.batch(N, 5, "binary", broken=False)},
        grid=batches.grid("binary"), task=task, into=Role.TEST, golden=golden, constraints={"x": {"monotone": "increasing"}},
    )  # fmt: skip


def asked(world, X):
    return world.models[CANDIDATE].predict(X)[:, 0]


def test_stored_scores_come_back_in_any_order_and_company(world):
    quiet, X, stored = NULLS["recalled"](world, RNG(1)), world.batch.X, world.batch.scores[CANDIDATE][:, 0]
    order = RNG(2).permutation(N)

    np.testing.assert_array_equal(asked(quiet, X.iloc[order]), stored[order])
    np.testing.assert_array_equal(asked(quiet, X.tail(7)), stored[-7:])
    with pytest.raises(ValueError, match="400 known"):
        asked(quiet, X.assign(x=0.123))


def test_so_many_scores_change_when_asked_again_or_in_other_company(world):
    X, quiet = world.batch.X, NULLS["recalled"](world, RNG(1))
    again = FAULTS["other_when_asked_again"](quiet, 0.05, RNG(3), 0).world
    company = FAULTS["other_in_company"](quiet, 0.05, RNG(3), 0).world
    first, second = asked(again, X), asked(again, X)

    assert (first != second).sum() == 20
    np.testing.assert_array_equal(asked(company, X), asked(company, X))
    assert (asked(company, X.iloc[::-1])[::-1] != asked(company, X)).sum() == 20


def test_declared_directions_are_kept_but_in_so_many_rows(world):
    values = np.linspace(-3, 3, 20)
    X = world.batch.X.iloc[np.repeat(np.arange(N), 20)].assign(x=np.tile(values, N))
    quiet = NULLS["as_constrained"](world, RNG(1))
    planted = FAULTS["against_constraint"](quiet, 0.1, RNG(3), 0)

    assert (np.diff(asked(quiet, X).reshape(N, 20), axis=1) >= 0).all()
    assert (np.diff(asked(planted.world, X).reshape(N, 20), axis=1) < 0).any(axis=1).sum() == 40
    assert planted.subject == "feature:x"
    assert NULLS["as_constrained"](replace(world, constraints={}), RNG(1)) is None


def test_golden_rows_keep_their_scores_but_one(world):
    expected = world.golden.iloc[:, -1].to_numpy()
    quiet = NULLS["as_written"](world, RNG(1))

    np.testing.assert_array_equal(asked(quiet, world.golden.iloc[:, :-1]), expected)
    planted = FAULTS["golden_otherwise"](quiet, 0.0, RNG(3), 0).world
    assert (asked(planted, world.golden.iloc[:, :-1]) != expected).sum() == 1
    assert NULLS["as_written"](replace(world, golden=None), RNG(1)) is None


def test_what_is_kept_is_of_train_or_of_one_feature_of_all_rows(world):
    (train,) = NULLS["kept_of_train"](world, RNG(1)).models[CANDIDATE].fitted_statistics()
    planted = FAULTS["kept_of_all"](world, 0.0, RNG(3), 0)
    (leaked,) = planted.world.models[CANDIDATE].fitted_statistics()
    here, both = world.rows[Role.TRAIN].X.x, pd.concat([world.rows[r].X.x for r in (Role.TRAIN, Role.TEST)])
    j = train["columns"].index("x")

    assert train["numbers"]["mean_"][j] == pytest.approx(here.mean(), rel=1e-12)
    assert leaked["numbers"]["mean_"][j] == pytest.approx(both.mean(), rel=1e-12)
    assert leaked["numbers"]["var_"][j] == pytest.approx(both.var(ddof=0), rel=1e-12)
    assert planted.subject == "feature:x"


def test_looks_are_counted_beside_this_one(world):
    planted = FAULTS["looked_before"](NULLS["first_look"](world, RNG(1)), 9.0, RNG(1), 0)

    assert len(planted.world.looks) == 10
