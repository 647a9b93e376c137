"""Lines and parts of calibration agree with scikit-learn's."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression

from validators.stats.recalibration import (
    Line,
    equal_mass_bins,
    isotonic_parts,
    least_squares_line,
    logistic_line,
    logits,
    spiegelhalter_z,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=800)
Y = (RNG.random(800) < expit(0.3 + 0.7 * X)).astype(float)
W = RNG.integers(1, 4, 800).astype(float)


def test_logistic_line_agrees_with_scikit_learn():
    theirs = LogisticRegression(C=1e12, tol=1e-12, solver="newton-cholesky").fit(X[:, None], Y, sample_weight=W)
    ours = logistic_line(Y, X, W)
    assert (ours.intercept, ours.slope) == pytest.approx((theirs.intercept_[0], theirs.coef_[0, 0]), rel=1e-6)
    assert logistic_line(Y, X, W, start=Line(2.0, -2.0)).slope == pytest.approx(ours.slope, rel=1e-9)


@pytest.mark.parametrize("start", [None, Line(0.3, 0.7), Line(-3.0, 4.0)])
def test_at_the_maximum_the_residuals_are_orthogonal_to_the_line(start):
    line = logistic_line(Y, X, W, start=start)
    residual = W * (Y - expit(line.intercept + line.slope * X))
    assert (residual.sum(), residual @ X) == pytest.approx((0.0, 0.0), abs=1e-10)  # 800 terms of order 1


def test_weight_two_is_the_row_twice_and_weight_zero_no_row():
    twice = np.repeat(np.arange(800), W.astype(int))
    assert logistic_line(Y, X, W).slope == pytest.approx(logistic_line(Y[twice], X[twice], np.ones(len(twice))).slope)
    half = np.where(np.arange(800) < 400, 1.0, 0.0)
    assert logistic_line(Y, X, half).slope == pytest.approx(logistic_line(Y[:400], X[:400], np.ones(400)).slope)


@pytest.mark.parametrize(
    ("y", "x"), [(np.ones(20), X[:20]), (Y[:20], np.ones(20)), ((X[:20] > 0).astype(float), X[:20])]
)
def test_a_line_that_does_not_exist_is_none(y, x):
    assert logistic_line(y, x, np.ones(20)) is None


def test_least_squares_line_agrees_with_scikit_learn():
    y = 3 + 2 * X + RNG.normal(size=800)
    theirs = LinearRegression().fit(X[:, None], y, sample_weight=W)
    ours = least_squares_line(y, X, W)
    assert (ours.intercept, ours.slope) == pytest.approx((theirs.intercept_, theirs.coef_[0]))
    assert least_squares_line(y, np.ones(800), W) is None


def test_isotonic_parts_agree_with_scikit_learn_with_ties_and_weights():
    p = np.round(expit(X), 1)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(p, Y, sample_weight=W).predict(p)
    brier, least, base = (np.average((Y - f) ** 2, weights=W) for f in (p, fitted, np.average(Y, weights=W)))
    parts = isotonic_parts(Y, p, W)
    assert (parts.miscalibration, parts.discrimination) == pytest.approx((brier - least, base - least), abs=1e-12)
    assert parts.uncertainty == pytest.approx(base)


def test_spiegelhalter_z_is_standard_normal_where_calibrated():
    z = [spiegelhalter_z((RNG.random(800) < p).astype(float), p, np.ones(800)) for p in [expit(X)] * 300]
    assert abs(np.mean(z)) < 0.25  # 4 standard errors of 300 draws
    assert 0.85 < np.std(z) < 1.15
    assert spiegelhalter_z(Y, np.full(800, 0.5), W) is None


def test_bins_have_about_equal_mass_and_never_part_equal_scores():
    code = equal_mass_bins(X, np.ones(800), 10)
    assert np.bincount(code).tolist() == [80] * 10
    ties = equal_mass_bins(np.repeat([0.1, 0.2], [700, 100]), np.ones(800), 10)
    assert len(np.unique(ties)) == 2


def test_logits_of_certain_scores_are_finite():
    assert logits(np.array([0.0, 0.5, 1.0])) == pytest.approx([logit(1e-6), 0, -logit(1e-6)])
