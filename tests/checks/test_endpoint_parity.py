"""PIP109: rows that neither the file nor the endpoint scores are no agreement."""

import numpy as np
import pytest

from validators.catalog import check_of
from validators.cli.execute import policy_of
from validators.core.data import CANDIDATE, ENDPOINT, Role
from validators.core.policy import Verdict
from validators.core.records import Result, Status

from .performance_cases import batch_of, frame, given_rows, grid_of
from .stress_cases import Sound

X = frame(800, 1)
P = Sound().predict(X)
CHECK = check_of("PIP109")


class Without(Sound):
    """Gives no score to the rows of some sexes."""

    def __init__(self, *sexes):
        self.sexes = sexes

    def predict(self, X):
        return np.where(X["sex"].isin(self.sexes), np.nan, super().predict(X))


def judged(mine, theirs):
    class Project:
        policy_file, tier, packs = None, 2, ()

    grid = grid_of(X, P)
    roles = {Role.TEST: batch_of(X, np.zeros(len(X)), P, grid)}
    found = tuple(CHECK.measure(given_rows(CHECK, roles, grid, models={CANDIDATE: mine, ENDPOINT: theirs})))
    result = Result(code="PIP109", status=Status.MEASURED, measurements=found)
    return policy_of(Project())[0].judge(result, "pipeline").verdict, {m.metric: m for m in found}


def test_where_neither_side_scores_any_row_nothing_is_told():
    """None of 800 scores differed, and that passed."""
    verdict, found = judged(Without("female", "male"), Without("female", "male"))

    assert verdict is Verdict.INCONCLUSIVE
    assert [(m.value, m.n) for m in found.values()] == [(None, 800)]
    assert "neither the file nor the endpoint scores any of 800 rows" in found["endpoint_differs"].note


@pytest.mark.parametrize("metric", ["endpoint_differs", "endpoint_flips"])
def test_rows_that_neither_side_scores_are_counted_and_left_out(metric):
    men = int((X["sex"] == "male").sum())
    verdict, found = judged(Without("female"), Without("female"))

    assert verdict is Verdict.PASS
    assert (found[metric].value, found[metric].n) == (0.0, men)
    assert f"{800 - men} rows that neither scores are left out" in found[metric].note


@pytest.mark.parametrize("sexes", [("female",), ("female", "male")])
def test_a_score_that_only_the_file_gives_differs(sexes):
    verdict, found = judged(Sound(), Without(*sexes))

    assert verdict is Verdict.FAIL
    assert found["endpoint_differs"].value == X["sex"].isin(sexes).mean()
