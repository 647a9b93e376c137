"""LEK110: train is told from test and from later rows where something tells them."""

import numpy as np
import pytest

from validators.checks import told_apart
from validators.core.data import Role
from validators.core.records import Given

from .leakage_cases import TEST_P, TEST_X, TEST_Y, TRAIN_X, measure, two
from .performance_cases import BINARY, batch_of


def test_a_column_made_per_file_tells_train_from_test():
    plain, made = (
        measure(told_apart.CHECK, *two(TRAIN_X.assign(batch=0.0), TEST_X.assign(batch=v)))["told_apart", "model"]
        for v in (0.0, 1.0)
    )

    assert plain.low < 0.5 < plain.high
    assert made.low > 0.95


@pytest.mark.parametrize(("shift", "told"), [(0.0, False), (1.5, True)])
def test_rows_of_a_later_time_are_told_from_train_where_the_world_has_moved(shift, told):
    later = TEST_X.assign(age=TEST_X.age + 20 * shift)
    train, test, grid = two(TRAIN_X, TEST_X)
    batches = {Role.TRAIN: train, Role.TEST: test, Role.PRODUCTION: batch_of(later, TEST_Y, TEST_P, grid)}
    given = Given(
        task=BINARY, grid=grid, options=told_apart.CHECK.options, rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in batches.items() for kind in told_apart.CHECK.needs.summaries},
    )  # fmt: skip
    found = {m.subject: m for m in told_apart.CHECK.measure(given)}

    assert set(found) == {"model", "rows:production"}
    assert (found["rows:production"].low > 0.6) == told
    assert told or found["rows:production"].high < 0.58
