"""BIA101 to BIA104 and BIA106: a sensitive column with one group only, and outcomes that tell nothing, clear nobody."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.catalog import check_of
from validators.cli.execute import policy_of
from validators.core.policy import Verdict
from validators.core.records import Result, Status

from .bias_cases import TASK, measure, trial
from .performance_cases import REGRESSION, batch_of, grid_of

LACKING = ("outcome", "score")
JUDGED = {
    "BIA101": {"selection_ratio"},
    "BIA102": {"tpr_gap", "fpr_gap"},
    "BIA103": {"calibration_gap"},
    "BIA106": {"residual_gap"},
}
ONE = {
    "one": pd.Series(["f"] * 1200, dtype=object),
    "missing": pd.Series([None] * 1200, dtype=object),
    "date": pd.Series([pd.NaT] * 1200, dtype="datetime64[ns]"),
    "number": pd.Series([3.5] * 1200),
}


def judged(code, *columns, y=None, lacks=None, **named):
    """Verdict and measurements of a sound model on people with these sensitive columns: those of the trial, and others.

    No woman has the outcome or the score, which one she `lacks`.
    """

    class Project:
        policy_file, tier, packs = None, 2, ()

    batch, grid = trial(1200, columns=columns)
    batch, task = replace(batch, sensitive=batch.sensitive.assign(**named)), TASK
    if code == "BIA106":
        p = batch.scores["candidate"][:, 0]
        rng, task = np.random.default_rng(0), REGRESSION
        grid = grid_of(batch.X, p, task=task, y=p)
        batch = batch_of(batch.X, p + rng.normal(0, 0.05, 1200), p, grid, sensitive=batch.sensitive)
    if y is not None:
        batch = replace(batch, y=np.full(1200, y))
    if lacks is not None:
        women = (batch.sensitive["sex"] == "female").to_numpy()
        scores = np.where(women[:, None] & (lacks == "score"), np.nan, batch.scores["candidate"])
        batch = replace(batch, y=np.where(women & (lacks == "outcome"), np.nan, batch.y), scores={"candidate": scores})
    found = measure(check_of(code), batch, grid, task)
    result = Result(code=code, status=Status.MEASURED, measurements=tuple(found.values()))
    return policy_of(Project())[0].judge(result, "bias").verdict, found


@pytest.mark.parametrize("kind", ONE)
@pytest.mark.parametrize("code", JUDGED)
def test_a_column_with_one_group_only_is_named_and_the_check_does_not_pass(code, kind):
    """It had no verdict, and a run that requires the check passed."""
    verdict, found = judged(code, born=ONE[kind])
    open_ends = {m.metric: m for (_, s), m in found.items() if s.startswith("group:born=") and m.value is None}

    assert verdict is Verdict.INCONCLUSIVE
    assert JUDGED[code] <= open_ends.keys()
    assert {open_ends[name].n for name in JUDGED[code]} == {1200}
    assert all("take born out of sensitive" in open_ends[name].note for name in JUDGED[code])


@pytest.mark.parametrize("code", JUDGED)
def test_beside_a_column_that_is_judged_it_keeps_the_check_from_passing(code):
    verdict, found = judged(code, "sex", born=ONE["missing"])

    assert verdict is Verdict.INCONCLUSIVE
    assert all(found[name, "group:sex=female"].value is not None for name in JUDGED[code])
    assert all(found[name, "group:born=null"].value is None for name in JUDGED[code])


@pytest.mark.parametrize(
    ("code", "lacks"),
    [(code, lacks) for code in (*JUDGED, "BIA104") for lacks in LACKING if (code, lacks) != ("BIA101", "outcome")],
)
def test_a_group_of_which_no_row_can_be_used_keeps_the_check_from_passing(code, lacks):
    """Its size was 0, too few to matter: beside another column the check passed. Rates of selection take no outcome."""
    verdict, found = judged(code, "sex", "age", lacks=lacks)
    open_ends = {m.metric: m for (_, s), m in found.items() if s.startswith("group:sex=female") and m.value is None}

    assert verdict is Verdict.INCONCLUSIVE
    for name in JUDGED.get(code, {"cell_gap"}):
        assert open_ends[name].n > 500
        assert "none of its rows has all that is compared" in open_ends[name].note


def test_it_is_named_among_combinations_and_one_column_by_itself_asks_for_none():
    (both, named), (alone, cells) = judged("BIA104", "sex", born=ONE["one"]), judged("BIA104", born=ONE["one"])

    assert both is Verdict.INCONCLUSIVE
    assert "the only group" in named["cell_gap", "group:born=f"].note
    assert (alone, list(cells)) == (None, [("cells", "model")])


@pytest.mark.parametrize("y", [np.nan, 1.0])
def test_combinations_without_outcomes_that_differ_do_not_pass(y):
    verdict, found = judged("BIA104", "sex", "race", y=y)

    assert verdict is Verdict.INCONCLUSIVE
    assert "no row has an outcome" in found["cell_gap", "model"].note
