import copy

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm, wasserstein_distance
from sklearn.metrics import roc_auc_score

from validators.core.data import WEIGHT_ONE, Grid, LevelBins, NumericBins, Role
from validators.core.policy import Verdict
from validators.summaries.feature_counts import FeatureCounts, FeatureCountsKind
from validators.views import tolerance

from .documents import document, m

COUNTS = FeatureCountsKind("all")


def cell(table, name, column):
    return next(row for row in table.rows if row["Distance"].startswith(name))[column]


@pytest.mark.parametrize("delta", [0.1, 0.5])
def test_the_scale_is_that_of_two_normals(delta):
    """Another hand: SciPy and scikit-learn on 100,001 quantiles of two normals delta apart."""
    a = norm.ppf((np.arange(100_001) + 0.5) / 100_001)
    b = a + delta
    rows = tolerance.scale_table(document(), delta, {})
    edges = norm.ppf(np.arange(1, 10) / 10)
    p, q = np.full(10, 0.1), np.diff(norm.cdf(np.r_[-np.inf, edges, np.inf] - delta))

    assert float(cell(rows, "KS", "At this tolerance")) == pytest.approx(ks_2samp(a, b).statistic, abs=1e-3)
    assert float(cell(rows, "W1", "At this tolerance")) == pytest.approx(wasserstein_distance(a, b), abs=1e-2)
    area = roc_auc_score(np.r_[np.zeros(len(a)), np.ones(len(b))], np.r_[a, b])
    assert float(cell(rows, "C2ST", "At this tolerance")) == pytest.approx(area, abs=1e-3)
    assert float(cell(rows, "PSI", "At this tolerance")) == pytest.approx(((q - p) * np.log(q / p)).sum(), abs=1e-3)


def test_the_slider_begins_at_the_policy_and_there_agrees_with_it():
    delta = tolerance.start(document())

    assert delta == 0.15
    for row in tolerance.feature_table(document(), delta, {}).rows:
        official, here = row["Official verdict"], row["At this tolerance"]
        assert (official == here) or ("Fail" in official and "Attention" in here)


def test_a_wider_tolerance_alarms_on_fewer_features_and_changes_nothing_official():
    held = document()
    before = copy.deepcopy(held)
    beyond = [
        sum(r["At this tolerance"].startswith("!") for r in tolerance.feature_table(held, d, {}).rows)
        for d in (0.02, 0.15, 0.6)
    ]

    assert beyond == sorted(beyond, reverse=True)
    assert beyond[0] > beyond[-1] == 0
    assert held == before


def test_what_has_no_value_is_never_within():
    nothing = m("shift_sigma", "feature:new", None)

    assert tolerance.judged(nothing, 0.5) is Verdict.INCONCLUSIVE
    assert "of 1 these rows cannot tell" in tolerance.sentence(document(), 0.15)


def test_plain_distances_are_held_against_each_features_own_bins():
    held = document()
    drift = next(r for r in held["results"] if r["check"] == "DRF101")
    drift["measurements"] += [
        m("psi", "feature:income", 0.5), m("ks", "feature:income", 0.3), m("wasserstein", "feature:income", 20.0),
    ]  # fmt: skip
    cuts = 50 + 10 * norm.ppf(np.arange(1, 100) / 100)
    grid = Grid(
        features={"income": NumericBins(cuts=cuts, coarse=np.arange(100) // 10), "region": LevelBins(levels=("EU", "US"))},
        score_cuts=(), score_coarse=(),
    )  # fmt: skip
    counts = np.r_[np.full(100, 50), 0][None, None] * WEIGHT_ONE
    stored = {(Role.REFERENCE, COUNTS): FeatureCounts({"income": counts.astype(np.int64)})}
    known = tolerance.bases(stored, grid)

    assert set(known) == {"income"}
    assert known["income"].scale == pytest.approx(10, rel=0.02)
    row = next(r for r in tolerance.feature_table(held, 0.5, known).rows if r["Feature"] == "income")
    assert row["W1 (SD)"] == pytest.approx(2, rel=0.02)
    table = tolerance.scale_table(held, 0.5, known)
    assert cell(table, "PSI", "Beyond it") == "1 of 1 features"
    assert cell(table, "KS", "Beyond it") == "1 of 1 features"
    assert cell(tolerance.scale_table(held, 1.0, known), "KS", "Beyond it") == "0 of 1 features"


def test_without_summaries_the_rest_is_there():
    assert cell(tolerance.scale_table(document(), 0.2, {}), "W1", "Beyond it") == "not measured"
