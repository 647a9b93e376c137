"""PRF101."""

import numpy as np
import pytest
from sklearn import metrics as skm
from sklearn.metrics import balanced_accuracy_score, f1_score

from validators.checks.metrics_overall import CHECK

from .performance_cases import BINARY, batch_of, frame, grid_of, measure, multiclass, same, shuffled, sound

X, Y, P = sound(1500)
GRID = grid_of(X, P)


def test_values_agree_with_scikit_learn_and_intervals_hold_them():
    found = measure(CHECK, batch_of(X, Y, P, GRID), GRID)
    tn, fp, fn, tp = skm.confusion_matrix(Y, BINARY.threshold <= P).ravel()

    assert found["auc", "model"].value == pytest.approx(skm.roc_auc_score(Y, P), abs=1e-12)
    assert [found[c, "model"].value for c in ("true_negatives", "false_positives", "false_negatives", "true_positives")] == [
        tn, fp, fn, tp,
    ]  # fmt: skip
    for metric in ("auc", "log_loss", "brier", "accuracy", "recall", "f1", "ks"):
        m = found[metric, "model"]
        assert m.low <= m.value <= m.high
        assert m.level == 0.95


def test_prior_has_its_own_subject():
    grid = grid_of(X, np.concatenate([P, P**2]))
    found = measure(CHECK, batch_of(X, Y, P, grid, prior=P**2), grid)
    assert found["brier", "model | rows:prior"].value == pytest.approx(skm.brier_score_loss(Y, P**2), abs=1e-7)
    assert {s for _, s in found} == {"model", "model | rows:prior"}


def test_each_class_of_several_has_its_area():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([1, 1, 1], len(X))
    y = np.array([rng.choice(3, p=s) for s in scores]).astype(float)
    task = multiclass("a", "b", "c d")
    grid = grid_of(X, *scores.T, task=task)
    found = measure(CHECK, batch_of(X, y, scores, grid), grid, task)
    assert found["auc", 'class:"c d"'].value == pytest.approx(skm.roc_auc_score(y == 2, scores[:, 2]), abs=1e-12)


def test_rows_without_a_usable_score_are_left_out_and_told():
    p = P.copy()
    p[:30] = np.nan
    found = measure(CHECK, batch_of(X, Y, p, GRID), GRID)
    assert found["auc", "model"].value == pytest.approx(skm.roc_auc_score(Y[30:], P[30:]), abs=1e-12)
    assert "weight 30" in found["auc", "model"].note


def test_order_of_rows_is_of_no_account():
    batch = batch_of(X, Y, P, GRID)
    same(measure(CHECK, batch, GRID), measure(CHECK, shuffled(batch), GRID))


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_are_undefined_with_a_reason(n):
    found = measure(CHECK, batch_of(X.iloc[:n], Y[:n], P[:n], GRID), GRID)
    assert found["auc", "model"].value is None


def test_constant_score_ranks_nothing():
    found = measure(CHECK, batch_of(X, Y, np.full(len(X), 0.4), grid_of(X, [0.4])), grid_of(X, [0.4]))
    assert found["auc", "model"].value == 0.5
    assert found["recall", "model"].value == 1.0
    assert found["specificity", "model"].value == 0.0


def test_perfect_separation_still_has_an_interval():
    found = measure(CHECK, batch_of(X, Y, 0.1 + 0.8 * Y, grid_of(X, [0.1, 0.9])), grid_of(X, [0.1, 0.9]))
    m = found["auc", "model"]
    assert (m.value, m.high) == (1.0, 1.0)
    assert 0.99 < m.low < 1


def test_macro_means_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    X = frame(900)
    scores = rng.dirichlet([1.5, 1, 0.5], 900)
    y = np.array([rng.choice(3, p=s) for s in scores]).astype(float)
    task = multiclass("a", "b", "c")
    grid = grid_of(X, *scores.T, task=task)
    found = measure(CHECK, batch_of(X, y, scores, grid), grid, task)
    told = scores.argmax(axis=1)
    for metric, theirs in (
        ("macro_f1", f1_score(y, told, average="macro")),
        ("macro_recall", balanced_accuracy_score(y, told)),
    ):
        m = found[metric, "model"]
        assert m.value == pytest.approx(theirs, abs=1e-12)
        assert m.low < theirs < m.high


def test_lift_is_the_rate_of_the_top_tenth_over_that_of_all():
    X, y, p = sound(2000)
    grid = grid_of(X, p)
    top = np.argsort(-p, kind="stable")[:200]
    m = measure(CHECK, batch_of(X, y, p, grid), grid)["lift", "model"]
    assert m.value == pytest.approx(y[top].mean() / y.mean(), abs=0.02)
    assert m.low < m.value < m.high
    nothing = np.random.default_rng(5).random(2000)
    lost = measure(CHECK, batch_of(X, y, nothing, grid), grid)["lift", "model"]
    assert lost.low < 1 < lost.high
