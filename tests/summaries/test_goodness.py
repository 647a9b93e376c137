"""What a constant that was fitted on other rows is worth."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from tests.checks.performance_cases import BINARY, REGRESSION, batch_of, grid_of, sound
from validators.core.data import CANDIDATE
from validators.summaries.goodness import constant, goodness
from validators.summaries.row_sample import RowSample
from validators.summaries.scored_rows import scored_rows


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_a_constant_of_train_knows_nothing_of_where_test_lies(shift):
    X = sound(1000)[0]
    rng = np.random.default_rng(0)
    y, before = shift + rng.normal(size=1000), rng.normal(size=1000)
    grid = grid_of(X, y, task=REGRESSION, y=y)
    test, train = (batch_of(X, outcome, outcome, grid) for outcome in (y, before))
    rows = scored_rows(RowSample(test, 1000, 1000), grid, (CANDIDATE,))
    found = constant(rows, train, REGRESSION)

    assert found[0] == pytest.approx(r2_score(y, np.full(1000, before.mean())) / 2)
    assert len(found) == rows.groups + 1
    assert (found[0] < -1) == (shift > 0)
    assert goodness(rows, rows.scores[CANDIDATE], REGRESSION)[0] == pytest.approx(0.5)


def test_a_constant_ranks_nothing():
    X, y, p = sound(500)
    grid = grid_of(X, p)
    batch = batch_of(X, y, p, grid)
    rows = scored_rows(RowSample(batch, 500, 500), grid, (CANDIDATE,))

    assert set(constant(rows, batch, BINARY)) == {0.5}
