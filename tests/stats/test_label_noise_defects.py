"""Label noise against simulation and closed form; placeholders and mixed units both ways."""

import numpy as np
import pytest

from validators.stats.defects import mixed_units, placeholder
from validators.stats.label_noise import confident_suspects, noise_rate, noise_terms

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.2])
def test_the_rate_of_random_replacement_is_recovered_exactly_in_expectation(classes, rate):
    """With the expectation over labels in the place of labels the formula holds to rounding."""
    q = RNG.dirichlet(np.full(classes, 0.4), 4000)
    c = 1 - rate * classes / (classes - 1)
    p = q * c + (1 - c) / classes
    expected_gain = ((q * p).sum(axis=1) - (p**2).sum(axis=1)).mean()
    spread = ((p - 1 / classes) ** 2).sum(axis=1).mean()

    assert float(noise_rate(np.array(expected_gain), np.array(spread), classes)) == pytest.approx(rate, abs=1e-12)


def test_terms_are_what_they_are_said_to_be():
    p = np.array([[0.7, 0.3], [0.2, 0.8]])

    np.testing.assert_allclose(noise_terms(p, np.array([0, 0])), [[0.7 - 0.58, 0.08], [0.2 - 0.68, 0.18]])


def test_simulated_flips_are_estimated_without_bias():
    q = 1 / (1 + np.exp(-RNG.normal(-1, 2, 200_000)))
    p = np.column_stack([1 - (q * 0.8 + 0.1), q * 0.8 + 0.1])  # what calibrated learning gives at a flip rate of .1
    y = (RNG.random(len(q)) < q).astype(int)
    gain, spread = noise_terms(p, y).mean(axis=0)

    assert float(noise_rate(gain, spread, 2)) == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize(("gain", "spread"), [(0.1, 0.0), (-0.2, 0.1), (0.0, np.nan)])
def test_where_probabilities_say_nothing_the_rate_is_undefined(gain, spread):
    assert np.isnan(noise_rate(np.array(gain), np.array(spread), 2))


def test_confident_learning_agrees_with_the_definition_by_hand():
    """Thresholds are .8 (class 0: .9, .7) and .55 (class 1: .3, .8); only the third row is confidently of the other class."""
    p = np.array([[0.9, 0.1], [0.7, 0.3], [0.81, 0.19], [0.2, 0.8]])
    p[2] = [0.85, 0.15]
    found = confident_suspects(p, np.array([0, 0, 1, 1]))

    assert found.rows.tolist() == [False, False, True, False]
    assert found.other[2] == 0


def test_placeholders_are_found_at_either_end_and_outliers_are_none():
    values = RNG.normal(50, 10, 2000)

    assert placeholder(np.append(values, [-999.0] * 20)).value == -999
    assert placeholder(np.append(values, [99999.0] * 20)).count == 20
    assert placeholder(np.append(values, [-999.0])) is None
    assert placeholder(values) is None
    assert placeholder(np.append(RNG.lognormal(0, 2, 5000), [0.0] * 900)) is None
    assert placeholder(np.repeat([0.0, 1.0], 50)) is None


@pytest.mark.parametrize("factor", [12.0, 100.0, 1000.0])
def test_two_units_in_one_column_are_found(factor):
    values = RNG.lognormal(3, 0.2, 3000)
    mixed = np.where(np.arange(3000) < 90, values * factor, values)
    found = mixed_units(mixed)

    assert (found.count, found.factor) == (90, factor)


@pytest.mark.parametrize(
    "values",
    [
        RNG.lognormal(3, 0.3, 3000),
        RNG.lognormal(0, 3, 3000),
        np.concatenate([RNG.lognormal(0, 0.1, 2000), RNG.lognormal(4, 0.8, 1000)]),
        RNG.normal(size=500),
        RNG.lognormal(size=50),
    ],
    ids=["one unit", "long tail", "two kinds of another shape", "negative", "few"],
)
def test_one_unit_is_quiet(values):
    assert mixed_units(values) is None
