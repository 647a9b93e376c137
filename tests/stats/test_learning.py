"""The power law against curves that were made with known parameters, and against SciPy's curve_fit."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from validators.stats.learning import power_law_gain

SIZES = np.geomspace(300, 5000, 8)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_a_curve_of_that_shape_is_continued_exactly(power):
    scores = np.column_stack([0.8 - b * SIZES**-power for b in (3.0, 5.0)])
    gain, found = power_law_gain(SIZES, scores, 10_000.0)

    assert found == pytest.approx(power)
    assert gain == pytest.approx([b * (5000**-power - 10_000**-power) for b in (3.0, 5.0)], rel=1e-9)


def test_it_agrees_with_scipy_on_a_noisy_curve():
    rng = np.random.default_rng(0)
    scores = 0.8 - 2.0 * SIZES**-0.5 + rng.normal(0, 1e-4, 8)
    (_, b, c), _ = curve_fit(lambda n, a, b, c: a - b * n**-c, SIZES, scores, p0=(0.8, 1.0, 0.7), sigma=SIZES**-0.5)
    gain, _ = power_law_gain(SIZES, scores[:, None], 10_000.0)

    assert gain[0] == pytest.approx(b * (5000**-c - 10_000**-c), abs=5e-4)


def test_two_sizes_or_a_missing_score_give_none():
    assert np.isnan(power_law_gain(SIZES[:2], np.ones((2, 3)), 1e4)[0]).all()
    assert np.isnan(power_law_gain(SIZES, np.full((8, 2), np.nan), 1e4)[0]).all()
