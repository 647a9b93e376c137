"""A published logistic regression, end to end: line, area and Brier score."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from validators.stats.ranking import weighted_auc
from validators.stats.recalibration import isotonic_parts, logistic_line

# R datasets::mtcars, columns wt and am
WT = np.array([
    2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.2, 1.615,
    1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78,
])  # fmt: skip
AM = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0], [3, 14, 3, 5, 7])


def test_logistic_regression_of_am_on_wt_agrees_with_r():
    # R glm(am ~ wt, binomial) and pROC: b0, b1, deviance, AUC, Brier; R stops at a change in deviance of 1e-8
    ones = np.ones(32)
    line = logistic_line(AM, WT, ones)
    p = expit(line.intercept + line.slope * WT)
    deviance = -2 * np.log(np.where(AM == 1, p, 1 - p)).sum()

    assert pytest.approx((line.intercept, line.slope), rel=1e-7) == (12.040369659, -4.02396994033)
    assert deviance == pytest.approx(19.1760848074, abs=1e-9)
    assert weighted_auc(AM, p, ones) == pytest.approx(0.933198380567, abs=1e-11)
    parts = isotonic_parts(AM, p, ones)
    brier = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert brier == pytest.approx(0.0895004693145, abs=1e-9)
    assert brier == pytest.approx(brier_score_loss(AM, p), abs=1e-12)
