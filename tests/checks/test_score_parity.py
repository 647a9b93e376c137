"""PIP104: scores of the same rows on both sides."""

import numpy as np
import pytest

from validators.checks import (
    score_parity,
)
from validators.core.data import Task

from .pipeline_cases import BINARY, N, batch, features, measure, verdict


def scored(p, q, task=BINARY):
    X = features()
    return measure(score_parity.CHECK, batch(X, scores=p), batch(X, scores=q), task=task)


def test_equal_scores_pass_and_flips_are_counted():
    p = np.random.default_rng(0).random(N)
    q = np.where(np.arange(N) < 30, 1 - p, p)
    same, other = scored(p, p.astype(np.float32)), scored(p, q)

    assert verdict(same["decision_flips", "model"]) == "PASS"
    assert verdict(same["scores_differ", "model"]) == "PASS"
    assert other["decision_flips", "model"].value == pytest.approx(np.mean((p >= 0.5) != (q >= 0.5)))
    assert other["largest_score_change", "model"].value == pytest.approx(np.abs(p - q).max())
    assert verdict(other["decision_flips", "model"]) == "FAIL"


@pytest.mark.parametrize(
    ("served", "stored", "expected"),
    [
        (lambda X: X.assign(debt=X.debt.astype(np.float32)), False, "WARN"),
        (lambda X: X.assign(debt=X.debt.astype(np.float32)), True, "FAIL"),  # another model may have scored
        (lambda X: X.assign(debt=X.debt.astype(np.float32) * 1.001), False, "FAIL"),
        (lambda X: X, False, "FAIL"),  # the same features, and another score
    ],
)
def test_single_precision_on_the_thresholds_of_a_model_is_attention_at_most(served, stored, expected):
    X = features()
    p = X.debt.rank(pct=True).to_numpy()
    q = np.where(np.arange(N) < 20, 1 - p, p)
    both = batch(X, scores=p), batch(served(X), scores=q)
    declared = frozenset({"key", *(["prediction"] if stored else [])})
    found = measure(score_parity.CHECK, *both, declared=declared)

    assert verdict(found["scores_differ", "model"]) == expected
    assert ("single precision" in found["scores_differ", "model"].note) == (expected == "WARN")


def test_a_score_that_one_side_lacks_differs():
    p = np.random.default_rng(0).random(N)
    q = np.where(np.arange(N) < 30, np.nan, p)

    assert scored(p, q)["scores_differ", "model"].value == pytest.approx(0.03)
    assert scored(q, q)["scores_differ", "model"].value == 0.0


@pytest.mark.parametrize("known", [0, 1])
def test_rows_without_a_score_on_any_side_tell_nothing(known):
    """None of 1,000 differed, and the check passed."""
    p = np.where(np.arange(N) < known, 0.7, np.nan)
    found = scored(p, p)

    for metric in ("scores_differ", "decision_flips"):
        m = found[metric, "model"]
        assert (m.value, m.n) == ((0.0, 1) if known else (None, N))
    assert scored(p, np.full(N, 0.7))["scores_differ", "model"].value == 1 - known / N


@pytest.mark.parametrize("mean", [0, 100, 1e6])
def test_scores_of_a_regression_in_single_precision_are_the_same_wherever_they_lie(mean):
    p = mean + np.random.default_rng(0).normal(size=N)
    task = Task(type="regression", target="y")
    same, other = scored(p, p.astype(np.float32), task), scored(p, p + 1e-5 * max(mean, 1), task)

    assert same["scores_differ", "model"].value == 0.0
    assert other["scores_differ", "model"].value == 1.0


def test_classes_flip_by_their_largest_score_and_values_differ_in_standard_deviations():
    p = np.random.default_rng(0).dirichlet(np.ones(3), N)
    task = Task(type="multiclass", target="y", classes=("a", "b", "c"))
    rolled = scored(p, np.roll(p, 1, axis=1), task)
    value = scored(p[:, 0] * 1e6, p[:, 0] * 1e6 + 1e-3, Task(type="regression", target="y"))

    assert rolled["decision_flips", "model"].value == 1.0
    assert value["scores_differ", "model"].value == 0.0
    assert ("decision_flips", "model") not in value


def test_scores_that_cannot_be_had_are_no_pass():
    X = features()
    found = measure(score_parity.CHECK, batch(X, scores=np.zeros(N)), batch(X))

    assert found["scores_differ", "model"].value is None
