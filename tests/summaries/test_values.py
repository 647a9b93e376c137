"""Booleans are 1 and 0 in every role, whether or not one of them is missing there."""

import numpy as np
import pandas as pd

from tests.checks.performance_cases import BINARY, batch_of, grid_of
from validators.core.data import NumericBins
from validators.summaries.identities import content_hash
from validators.summaries.learners import learn_encoding
from validators.summaries.nearest import two_nearest
from validators.summaries.univariate import single_feature_scores

RNG = np.random.default_rng(0)
FLAG, Y = RNG.random(600) < 0.4, (RNG.random(600) < 0.5).astype(float)
WHOLE = pd.DataFrame({"flag": FLAG, "x": RNG.normal(size=600)})
GAP = WHOLE.assign(flag=pd.Series(FLAG, dtype=object).where(np.arange(600) != 599, None))


def test_a_gap_in_one_role_changes_nothing_for_the_rows_without_it():
    """Booleans with a gap are objects: their rows had other hashes, and bin codes where the others had values."""
    grid = grid_of(WHOLE, Y)
    whole, gap = (batch_of(X, Y, Y, grid) for X in (WHOLE, GAP))
    encode = learn_encoding(whole, grid)
    found = [
        (
            content_hash(batch.X),
            two_nearest(batch, whole, grid, "deviation"),
            encode(batch, grid),
            single_feature_scores(whole, batch, "flag", 0, grid.features["flag"], BINARY),
        )
        for batch in (whole, gap)
    ]

    assert isinstance(grid.features["flag"], NumericBins)
    assert GAP["flag"].dtype == object
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one[:599], other[:599])


def test_booleans_with_a_gap_are_hashed_as_the_numbers_that_they_are():
    held = [pd.DataFrame({"flag": pd.Series([v, None], dtype=object)}) for v in (True, np.True_, 1, 1.0, "1")]
    assert len({content_hash(X)[0].tobytes() for X in held}) == 1
    assert len({content_hash(pd.DataFrame({"flag": v}))[0].tobytes() for v in ([True], [False], ["True"])}) == 3
