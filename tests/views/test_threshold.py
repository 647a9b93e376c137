"""Decisions from the histogram equal those counted on rows."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from validators.core.data import Grid, Role
from validators.summaries.outcomes import Outcomes, OutcomesKind
from validators.views import threshold
from validators.views.chart import LIGHT

CUTS = np.arange(1, 20) / 20


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 2000)
    return y, np.clip(0.3 * y + rng.uniform(0, 0.7, 2000), 0, 1)


@pytest.fixture(scope="module")
def cuts(rows):
    y, score = rows
    bins = np.searchsorted(CUTS, score, side="right")
    held = np.zeros((1, 1, 1, 3, len(CUTS) + 3), np.int64)
    np.add.at(held[0, 0, 0], (y, bins), 1 << 20)
    empty = np.zeros((1, 1), np.int64)
    outcomes = Outcomes(empty, empty, {}, {"candidate": held}, empty)
    grid = Grid(features={}, score_cuts=(CUTS,), score_coarse=(CUTS,))
    return threshold.cuts_of({(Role.TEST, OutcomesKind("all")): outcomes}, grid, "candidate")


@pytest.mark.parametrize("at", [0.05, 0.5, 0.95])
def test_decisions_at_a_cut_are_those_of_scikit_learn(rows, cuts, at):
    y, score = rows
    k = int(np.argmin(np.abs(CUTS - at)))
    decided = score >= CUTS[k]
    tn, fp, fn, tp = confusion_matrix(y, decided).ravel()

    found = threshold.decide(cuts, at)

    assert (found.tn, found.fp, found.fn, found.tp) == (tn, fp, fn, tp)
    table = {row["Rate"]: row for row in threshold.rate_table({"candidate": found}).rows}
    assert table["Precision"]["Value"] == pytest.approx(precision_score(y, decided))
    assert table["Recall"]["Value"] == pytest.approx(recall_score(y, decided))
    assert table["Recall"]["Low"] <= table["Recall"]["Value"] <= table["Recall"]["High"]


def test_between_cuts_the_next_one_up_is_used(cuts):
    assert threshold.decide(cuts, 0.52).threshold == pytest.approx(0.55)


def test_beyond_the_last_cut_the_last_is_used(cuts):
    assert threshold.decide(cuts, 1.0).threshold == pytest.approx(0.95)


def test_a_rate_without_trials_is_undefined_not_zero(cuts):
    nobody = threshold.Decisions(1.0, 0.0, 0.0, 3.0, 4.0)
    table = {row["Rate"]: row["Value"] for row in threshold.rate_table({"candidate": nobody}).rows}

    assert table["Precision"] is None
    assert table["Recall"] == 0.0


def test_rows_that_are_worth_less_widen_the_interval(cuts):
    found = {"candidate": threshold.decide(cuts, 0.5)}
    whole, half = (threshold.rate_table(found, worth=w).rows[0] for w in (1.0, 0.5))

    assert half["High"] - half["Low"] > whole["High"] - whole["Low"]


def test_the_curve_shows_the_threshold_and_both_rates(cuts):
    drawn = threshold.curve(cuts, 0.5, LIGHT)

    assert [t["name"] for t in drawn.figure["data"]] == ["Precision", "Recall"]
    assert drawn.figure["layout"]["shapes"][0]["x0"] == pytest.approx(0.5)
    recall = drawn.figure["data"][1]["y"]
    assert recall == sorted(recall, reverse=True)


def test_a_run_without_scores_has_no_threshold():
    grid = Grid(features={}, score_cuts=(CUTS,), score_coarse=(CUTS,))

    assert threshold.cuts_of({}, grid, "candidate") is None
