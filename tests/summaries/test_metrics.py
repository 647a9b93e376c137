"""Metrics out of outcomes agree with scikit-learn's on the rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn import metrics as skm

from validators.core.data import WEIGHT_ONE, Batch, Grid, Task
from validators.engine.score_bins import COARSE_SCORES, FINE_SCORES, even_cuts, score_cuts
from validators.stats.ranking import auc_bound, precision_bound
from validators.summaries.cells import cell_of, measured, single_scores
from validators.summaries.metrics import estimates, measurement
from validators.summaries.outcomes import OutcomesKind

ALL = OutcomesKind()
BINARY = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.3)
OF_THREE = Task(type="multiclass", target="y", classes=("a", "b", "c"))


def batch_of(y, scores, *, weight=None, unit=None, slices=None):
    n = len(y)
    scores = {m: np.asarray(s, float).reshape(n, -1 if n else 1) for m, s in scores.items()}
    return Batch(
        X=pd.DataFrame({"a": np.zeros(n)}),
        codes=np.zeros((n, 1), np.int32),
        y=np.asarray(y, float),
        scores=scores,
        weight=np.full(n, WEIGHT_ONE) if weight is None else np.rint(np.asarray(weight) * WEIGHT_ONE).astype(np.int64),
        key=np.arange(n, dtype=np.uint64),
        unit=np.arange(n, dtype=np.uint64) if unit is None else np.asarray(unit, np.uint64),
        period=np.full(n, -1),
        slices=np.zeros((n, 0), bool) if slices is None else slices,
        sensitive=pd.DataFrame(index=range(n)),
    )


def grid_of(*columns, threshold=(0.3,), **held):
    fine = tuple(score_cuts(np.asarray(c, float), FINE_SCORES, threshold) for c in columns)
    coarse = tuple(score_cuts(np.asarray(c, float), COARSE_SCORES, threshold) for c in columns)
    return Grid(features={}, score_cuts=fine, score_coarse=coarse, **held)


def binary(n=1500, seed=0, decimals=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) - 1
    p = np.round(expit(x), decimals).clip(0.001, 0.999)
    return (rng.random(n) < expit(x)).astype(float), p


def sklearn_binary(y, p, w):
    d = p >= 0.3
    fpr, tpr, _ = skm.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    flagged = tpr * np.average(y, weights=w) + fpr * (1 - np.average(y, weights=w))
    return {
        "lift": np.interp(0.1, flagged, tpr) / 0.1,
        "auc": skm.roc_auc_score(y, p, sample_weight=w),
        "gini": 2 * skm.roc_auc_score(y, p, sample_weight=w) - 1,
        "average_precision": skm.average_precision_score(y, p, sample_weight=w),
        "log_loss": skm.log_loss(y, p, sample_weight=w),
        "brier": skm.brier_score_loss(y, p, sample_weight=w),
        "accuracy": skm.accuracy_score(y, d, sample_weight=w),
        "precision": skm.precision_score(y, d, sample_weight=w),
        "recall": skm.recall_score(y, d, sample_weight=w),
        "specificity": skm.recall_score(y, d, pos_label=0, sample_weight=w),
        "f1": skm.f1_score(y, d, sample_weight=w),
        "base_rate": np.average(y, weights=w),
        "ks": np.ptp(np.subtract(*skm.roc_curve(y, p, sample_weight=w)[:2])),
    }


@pytest.mark.parametrize("weighted", [False, True])
def test_binary_metrics_agree_with_scikit_learn(weighted):
    y, p = binary()
    w = np.random.default_rng(1).integers(1, 5, len(y)) / 4 if weighted else np.ones(len(y))
    found = estimates(ALL.of(batch_of(y, {"candidate": p}, weight=w), grid_of(p)), "candidate", BINARY, grid_of(p))

    theirs = sklearn_binary(y, p, w)
    assert found.keys() == theirs.keys()
    for name, value in theirs.items():
        assert found[name].value == pytest.approx(value, abs=1e-7), name  # sums are rounded to 2**-26 a row


def test_replicates_are_the_metric_without_each_group():
    y, p = binary(400)
    unit = np.random.default_rng(2).integers(0, 12, 400)
    found = estimates(ALL.of(batch_of(y, {"candidate": p}, unit=unit), grid_of(p)), "candidate", BINARY, grid_of(p))
    for k, g in enumerate(np.unique(unit)):
        theirs = sklearn_binary(y[unit != g], p[unit != g], np.ones((unit != g).sum()))
        for name in ("auc", "average_precision", "log_loss", "f1", "ks"):
            assert found[name].replicates[k] == pytest.approx(theirs[name], abs=1e-7), name


@pytest.mark.parametrize("seed", range(4))
def test_binning_moves_ranking_metrics_by_no_more_than_the_bound(seed):
    """More distinct scores than bins, and a few frequent ones as a tree gives."""
    rng = np.random.default_rng(seed)
    y, p = binary(20_000, seed, decimals=9)
    if seed % 2:
        p = np.where(rng.random(len(p)) < 0.5, np.round(p, 1), p)
    grid = grid_of(p)
    kind = OutcomesKind("slice")
    coarse_grid = Grid(features={}, score_cuts=grid.score_cuts, score_coarse=grid.score_coarse, slices={"all": "all"})
    batch = batch_of(y, {"candidate": p}, slices=np.ones((len(y), 1), bool))
    for outcomes, g in ((ALL.of(batch, grid), grid), (kind.of(batch, coarse_grid), coarse_grid)):
        held = cell_of(outcomes, "candidate")
        neg, pos, single = held.negatives[0][0], held.positives[0][0], single_scores(held, g)
        found = estimates(outcomes, "candidate", BINARY, g)
        off = abs(found["auc"].value - skm.roc_auc_score(y, p))
        assert off <= auc_bound(neg, pos, single) <= 0.02
        off = abs(found["average_precision"].value - skm.average_precision_score(y, p))
        assert off <= precision_bound(neg, pos, single) <= 0.06


@pytest.mark.parametrize("even", [False, True])
def test_rows_with_scores_where_the_grid_s_rows_had_none_are_as_well_ranked_as_the_bins_allow(even):
    """Cuts of scores about .02, asked about rows with scores from .5 to 1; even cuts keep what binning hides small."""
    rng = np.random.default_rng(0)
    cuts = score_cuts(expit(rng.normal(-4, 1, 5000)), 256, (0.5,), even_cuts(256, regression=False) if even else ())
    p = expit(rng.normal(3, 1.5, 4000))
    y = (rng.random(4000) < p).astype(float)
    grid = Grid(features={}, score_cuts=(cuts,), score_coarse=(cuts,))
    found = estimates(ALL.of(batch_of(y, {"candidate": p}), grid), "candidate", BINARY, grid)

    for metric, theirs in (("auc", skm.roc_auc_score(y, p)), ("average_precision", skm.average_precision_score(y, p))):
        assert abs(found[metric].value - theirs) <= found[metric].bound
    assert (found["auc"].bound < 0.02) is even


@pytest.mark.parametrize("score", [0.42, 0.967])
def test_a_cell_of_one_score_hides_nothing(score):
    cuts = np.linspace(0.1, 0.9, 9)
    grid = Grid(features={}, score_cuts=(cuts,), score_coarse=(cuts,))
    y = np.arange(200) % 2.0
    found = estimates(ALL.of(batch_of(y, {"candidate": np.full(200, score)}), grid), "candidate", BINARY, grid)["auc"]
    assert (found.value, found.bound) == (0.5, 0.0)


@pytest.mark.parametrize(("spread", "bound"), [(0.0, 0.0), (0.01, 0.5)])
def test_a_cell_of_one_score_a_class_hides_nothing(spread, bound):
    """Scores that vary within a bin may rank in any way."""
    cuts = np.linspace(0.1, 0.9, 9)
    grid = Grid(features={}, score_cuts=(cuts,) * 3, score_coarse=(cuts,) * 3)
    moved = spread * np.linspace(-1, 1, 300)
    p = np.column_stack([0.25 + moved, np.full(300, 0.2), 0.55 - moved])
    found = estimates(ALL.of(batch_of(np.arange(300) % 3.0, {"candidate": p}), grid), "candidate", OF_THREE, grid)
    assert found["auc_ovr"].value == 0.5
    assert found["auc_ovr"].bound == bound


def test_regression_metrics_agree_with_scikit_learn():
    rng = np.random.default_rng(3)
    y = rng.normal(50, 8, 600)
    f = y + rng.normal(1, 4, 600)
    grid = grid_of(f, threshold=(), regression=True, scale=float(y.std()), target_mean=float(y.mean()))
    task = Task(type="regression", target="y")
    found = estimates(ALL.of(batch_of(y, {"candidate": f}), grid), "candidate", task, grid)

    assert found["rmse"].value == pytest.approx(skm.root_mean_squared_error(y, f), rel=1e-7)
    assert found["mae"].value == pytest.approx(skm.mean_absolute_error(y, f), rel=1e-7)
    assert found["r2"].value == pytest.approx(skm.r2_score(y, f), abs=1e-7)
    assert found["mean_error"].value == pytest.approx((f - y).mean(), abs=1e-6)


def test_multiclass_metrics_agree_with_scikit_learn():
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(800, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array([rng.choice(3, p=q) for q in p])
    grid = grid_of(*p.T, threshold=())
    found = estimates(ALL.of(batch_of(y, {"candidate": p}), grid), "candidate", OF_THREE, grid)

    assert found["auc_ovr"].value == pytest.approx(skm.roc_auc_score(y, p, multi_class="ovr"), abs=1e-12)
    assert found["log_loss"].value == pytest.approx(skm.log_loss(y, p), abs=1e-7)
    assert found["accuracy"].value == pytest.approx(skm.accuracy_score(y, p.argmax(axis=1)), abs=1e-12)
    assert found["brier"].value == pytest.approx(skm.brier_score_loss(y, p, scale_by_half=False), abs=1e-7)


def test_a_class_in_too_few_groups_is_left_out_of_the_mean_with_a_word():
    rng = np.random.default_rng(4)
    p = rng.dirichlet(np.ones(3), 800)
    y = (rng.random(800) < p[:, 1]).astype(float)
    y[7] = 2.0
    grid = grid_of(*p.T, threshold=())
    found = estimates(ALL.of(batch_of(y, {"candidate": p}), grid), "candidate", OF_THREE, grid)["auc_ovr"]

    assert found.value == pytest.approx(np.mean([skm.roc_auc_score(y == k, p[:, k]) for k in (0, 1)]), abs=1e-12)
    assert found.size == (y == 1).sum()
    assert measurement(found, "model").note == "without 1 of 3 classes (c), in too few groups of dependent rows"


@pytest.mark.parametrize("y", [np.ones(200), np.zeros(200), np.full(200, np.nan), np.zeros(0)])
def test_undefined_metrics_are_none_with_a_reason(y):
    p = np.linspace(0.1, 0.9, len(y))
    grid = grid_of(np.linspace(0.1, 0.9, 50))
    found = estimates(ALL.of(batch_of(y, {"candidate": p}), grid), "candidate", BINARY, grid)
    for name in ("auc", "ks", "gini"):
        m = measurement(found[name], "model")
        assert m.value is None
        assert m.note


def test_few_groups_give_no_value_that_could_be_taken_for_a_fact():
    y, p = binary(300)
    grid = grid_of(p, grouping="entity")
    outcomes = ALL.of(batch_of(y, {"candidate": p}, unit=np.arange(300) % 5), grid)
    m = measurement(estimates(outcomes, "candidate", BINARY, grid)["log_loss"], "model")
    assert (m.value, m.low, m.high) == (None, None, None)
    assert "5 groups" in m.note
    cell = cell_of(outcomes, "candidate")
    assert measured("loss", "model", cell.mean("loss"), cell).value is None


def test_intervals_hold_the_value_and_a_common_weight_changes_only_what_it_must():
    y, p = binary(1000)
    grid = grid_of(p)
    one = estimates(ALL.of(batch_of(y, {"candidate": p}), grid), "candidate", BINARY, grid)
    two = estimates(ALL.of(batch_of(y, {"candidate": p}, weight=np.full(1000, 2.0)), grid), "candidate", BINARY, grid)
    for name, estimate in one.items():
        m, n = measurement(estimate, "model"), measurement(two[name], "model")
        assert m.low <= m.value <= m.high
        assert n.value == pytest.approx(m.value, abs=1e-7)
        assert n.high - n.low == pytest.approx(
            m.high - m.low, rel=0.4
        )  # the jackknife in the place of DeLong or Wilson


@pytest.mark.slow
def test_intervals_of_dependent_rows_cover():
    """Twenty equal rows per entity: the interval of accuracy holds the truth in about 95 % of 200 draws."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(200):
        hits = np.repeat(rng.random(100) < 0.8, 20)
        y = (rng.random(2000) < 0.4).astype(float)
        p = np.where(hits == (y == 1), 0.9, 0.1)
        grid = grid_of([0.1, 0.9], grouping="entity")
        unit = np.repeat(rng.integers(0, 2**63, 100, dtype=np.uint64), 20)
        found = estimates(ALL.of(batch_of(y, {"candidate": p}, unit=unit), grid), "candidate", BINARY, grid)
        m = measurement(found["accuracy"], "model")
        held += m.low <= 0.8 <= m.high
    assert 180 <= held <= 200
