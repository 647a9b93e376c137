"""PRF103."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from scipy.stats import t as student_t
from sklearn.linear_model import LinearRegression, LogisticRegression

from validators.checks.calibration import CHECK
from validators.stats.proportions import wilson_interval
from validators.views.words import metric_kind

from .performance_cases import REGRESSION, batch_of, grid_of, measure, multiclass, same, shuffled, sound, truth, verdict

X, Y, P = sound(4000)
EXTREME = expit(2.5 * logit(P))
SHIFTED = expit(logit(P) + 0.8)


def run(p, y=Y, grouping="row", **held):
    grid = grid_of(X, p, grouping=grouping)
    return measure(CHECK, batch_of(X, y, p, grid, **held), grid)


def band(m):
    return {verdict(m, warn=0.8, fail=0.67, worse="below", null=1), verdict(m, warn=1.25, fail=1.5, null=1)}


def test_calibrated_scores_pass():
    found = run(P)
    assert band(found["calibration_slope", "model"]) == {"PASS"}
    assert verdict(found["calibration_in_the_large", "model"], warn=0.1, fail=0.25) == "PASS"
    assert found["calibration_error", "model"].value < 0.02
    assert abs(found["spiegelhalter_z", "model"].value) < 3


def test_extreme_scores_fail_by_slope_and_shifted_ones_by_level():
    extreme, shifted = run(EXTREME), run(SHIFTED)
    assert "FAIL" in band(extreme["calibration_slope", "model"])
    assert extreme["calibration_slope", "model"].value == pytest.approx(1 / 2.5, abs=0.05)
    assert verdict(shifted["calibration_in_the_large", "model"], warn=0.1, fail=0.25) == "FAIL"
    assert band(shifted["calibration_slope", "model"]) == {"PASS"}
    assert extreme["calibration_error", "model"].low > 0.05


def test_slope_agrees_with_an_unpenalised_logistic_regression():
    theirs = LogisticRegression(C=1e12, tol=1e-10, solver="newton-cholesky").fit(
        logit(EXTREME.clip(1e-6, 1 - 1e-6))[:, None], Y
    )
    assert run(EXTREME)["calibration_slope", "model"].value == pytest.approx(theirs.coef_[0, 0], rel=1e-5)


def test_level_is_relative_to_the_observed_rate_and_its_interval_starts_at_zero():
    m = run(P)["calibration_in_the_large", "model"]
    assert m.value == pytest.approx(abs(P.mean() - Y.mean()) / Y.mean(), abs=1e-12)
    assert m.low == 0


def test_the_interval_of_a_bin_allows_for_its_estimated_effective_n():
    alone = run(P)["observed_rate", "rows:bin_05"]
    ends = wilson_interval(alone.value * alone.n, alone.n)
    assert alone.n_eff == alone.n  # rows that nothing joins
    assert (alone.low, alone.high) == pytest.approx((ends.low, ends.high), abs=1e-9)

    m = run(P, grouping="entity")["observed_rate", "rows:bin_05"]
    t = (
        norm.cdf(student_t.ppf(0.975, 49)) * 2 - 1
    )  # 50 groups of dependent rows; the normal quantile that reaches as far
    score = wilson_interval(m.value * m.n_eff, m.n_eff, confidence=t)

    assert (m.low, m.high) == pytest.approx((score.low, score.high), abs=1e-9)


def test_parts_of_the_loss_add_up():
    found = run(EXTREME)
    mcb, dsc, unc = (found[name, "model"].value for name in ("miscalibration", "discrimination", "uncertainty"))
    assert mcb - dsc + unc == pytest.approx(((EXTREME - Y) ** 2).mean(), abs=1e-12)


def test_bins_hold_all_rows_and_their_rates():
    found = run(P)
    bins = [s for metric, s in found if metric == "observed_rate"]
    assert bins == [f"rows:bin_{b:02d}" for b in range(1, 11)]
    assert sum(found["observed_rate", s].n for s in bins) == len(X)
    lowest = np.argsort(P)[:400]
    assert found["observed_rate", "rows:bin_01"].value == pytest.approx(Y[lowest].mean(), abs=0.01)


def test_regression_by_slope_and_mean_error():
    y = truth(X) + np.random.default_rng(3).normal(0, 1, len(X))
    f = 0.5 * truth(X) + 0.3
    grid = grid_of(X, f, task=REGRESSION, y=y)
    found = measure(CHECK, batch_of(X, y, f, grid), grid, REGRESSION)
    slope = LinearRegression().fit(f[:, None], y).coef_[0]
    assert found["calibration_slope", "model"].value == pytest.approx(slope, rel=1e-9)
    assert found["calibration_in_the_large", "model"].value == pytest.approx(
        abs(f.mean() - y.mean()) / y.std(), rel=1e-9
    )


def test_classes_are_judged_one_by_one_against_the_rest():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([1, 1, 1], len(X))
    y = np.array([rng.choice(3, p=s) for s in scores]).astype(float)
    task = multiclass("a", "b", "c")
    grid = grid_of(X, *scores.T, task=task)
    found = measure(CHECK, batch_of(X, y, scores, grid), grid, task)
    slopes = [found["calibration_slope", f"class:{c}"] for c in "abc"]
    assert all(m.low < 1 < m.high and m.level == pytest.approx(1 - 0.05 / 3) for m in slopes)
    assert ("observed_rate", "class:b | rows:bin_04") in found


def test_the_curve_of_a_regression_holds_means_and_no_rates():
    score = 40 + 100 * P
    y = score + np.random.default_rng(0).normal(size=len(X))
    grid = grid_of(X, score, task=REGRESSION, y=y)
    found = measure(CHECK, batch_of(X, y, score, grid), grid, REGRESSION)
    assert not {"expected_rate", "observed_rate"} & {metric for metric, _ in found}
    assert found["observed_mean", "rows:bin_01"].value == pytest.approx(
        y[score <= np.quantile(score, 0.1)].mean(), rel=0.01
    )
    assert found["expected_mean", "rows:bin_01"].value == pytest.approx(np.sort(score)[: len(y) // 10].mean(), rel=0.01)
    assert metric_kind("observed_mean") == metric_kind("expected_mean") == "number"


def test_weights_of_two_equal_rows_twice():
    twice = np.repeat(np.arange(len(X)), 2)
    grid = grid_of(X, P)
    doubled = batch_of(X.iloc[twice].reset_index(drop=True), Y[twice], P[twice], grid)
    weighted = run(P, weight=np.full(len(X), 2.0))
    for key in (("calibration_slope", "model"), ("calibration_in_the_large", "model"), ("miscalibration", "model")):
        assert weighted[key].value == pytest.approx(measure(CHECK, doubled, grid)[key].value, rel=1e-9)


@pytest.mark.parametrize(("p", "why"), [(np.full(len(X), 0.4), "constant"), (Y, "separate")])
def test_slope_without_an_answer_is_none(p, why):
    m = run(p)["calibration_slope", "model"]
    assert m.value is None
    assert why in m.note


@pytest.mark.parametrize("y", [np.zeros(len(X)), np.ones(len(X)), np.full(len(X), np.nan)])
def test_one_class_or_none_is_undefined(y):
    assert run(P, y)["calibration_slope", "model"].value is None


def test_order_of_rows_is_of_no_account():
    grid = grid_of(X, P)
    batch = batch_of(X, Y, P, grid)
    same(measure(CHECK, batch, grid), measure(CHECK, shuffled(batch), grid))


def test_the_error_of_a_declared_slice_is_seen_inside_it_only():
    young = (X["age"] < 40).to_numpy()
    slices = {
        "young": ("age < 40", young),
        "old": ("age >= 40", ~young),
        "few": ("age < 19", (X["age"] < 19).to_numpy()),
    }
    p = np.where(young, expit(logit(P) + 1.0), P)
    grid = grid_of(X, p, slices=slices)
    found = measure(CHECK, batch_of(X, Y, p, grid, slices=slices), grid)
    wrong, right = (found["calibration_error", f"slice:age {op} 40"] for op in ("<", ">="))
    assert wrong.low > 0.02 > right.value
    assert wrong.level == pytest.approx(1 - 0.05 / 3)
    few = found["calibration_error", "slice:age < 19"]
    assert few.value is None
    assert "rows" in few.note


def test_the_error_of_a_sound_model_is_near_zero_in_slices_of_any_seed():
    for seed in range(6):
        frame, y, p = sound(2000, seed)
        part = {"north": ("region == north", (frame["region"] == "north").to_numpy())}
        grid = grid_of(frame, p, slices=part)
        m = measure(CHECK, batch_of(frame, y, p, grid, slices=part), grid)["calibration_error", "slice:region == north"]
        assert m.low == 0
        assert m.value < 0.08
