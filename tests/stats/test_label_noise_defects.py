"""Label noise against simulation and closed form; placeholders and mixed units both ways."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from validators.stats.defects import mixed_units, placeholder
from validators.stats.label_noise import confident_suspects, noise_rate, noise_terms

RNG = np.random.default_rng(1)
ROOT = Path(__file__).resolve().parents[2]


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


def test_a_nought_among_a_few_levels_is_one_of_them():
    """Contributions as codes 0 (no policy), 5, 6, 7: half of the rows were called placeholders. Beside many values 0 is one."""
    levels, years = np.repeat([0.0, 5, 6, 7], 50), np.repeat(np.arange(1950.0, 1990), 5)

    assert placeholder(levels) is None
    assert placeholder(np.append(levels, [99.0] * 20)).value == 99
    assert placeholder(np.append(years, [0.0] * 20)).value == 0


def test_placeholders_are_found_at_either_end_and_outliers_are_none():
    values = RNG.normal(50, 10, 2000)

    assert placeholder(np.append(values, [-999.0] * 20)).value == -999
    assert placeholder(np.append(values, [99999.0] * 20)).count == 20
    assert placeholder(np.append(values, [-999.0])) is None
    assert placeholder(values) is None
    assert placeholder(np.append(RNG.lognormal(0, 2, 5000), [0.0] * 900)) is None
    assert placeholder(np.repeat([0.0, 1.0], 50)) is None


def mixed(seed, factor, spread, share, n=3000):
    rng = np.random.default_rng(seed)
    values = rng.lognormal(3, spread, n)
    return np.where(np.arange(n) < share * n, values * factor, values)


@pytest.mark.parametrize(
    ("factor", "spread", "share"),
    [
        (10.7639, 0.3, 0.05),
        (12.0, 0.3, 0.03),
        (12.0, 0.4, 0.04),
        (100.0, 0.5, 0.03),
        (1000.0, 0.5, 0.03),
        (2.54, 0.12, 0.05),
        (1 / 100, 0.5, 0.3),
    ],
)
def test_two_units_in_one_column_are_found_in_every_draw(factor, spread, share):
    """Neighbouring units (10, 10.76 and 12) can be taken for each other where the spread is wide; the count is right to a few rows."""
    found = [mixed_units(mixed(seed, factor, spread, share)) for seed in range(40)]

    assert all(f is not None for f in found)
    assert sum(f.factor == max(factor, 1 / factor) for f in found) >= 34
    assert all(abs(f.count - share * 3000) <= 0.15 * share * 3000 for f in found)


def rounded(values):
    """To one significant digit."""
    size = 10 ** np.floor(np.log10(values))
    return np.round(values / size) * size


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.lognormal(3, 0.3, 2000),
        lambda rng: rng.lognormal(0, 3, 2000),
        lambda rng: np.round(1 + rng.pareto(1, 2000) * 10),
        lambda rng: np.concatenate([rng.lognormal(0, 0.1, 1400), rng.lognormal(4, 0.8, 600)]),
        lambda rng: np.concatenate([rng.lognormal(0, 0.5, 1800), rng.lognormal(2.4, 0.25, 200)]),
        lambda rng: rounded(rng.lognormal(8, 1, 2000)),
        lambda rng: np.maximum(np.round(rng.lognormal(3, 1, 2000) / 5) * 5, 5),
        lambda rng: rng.poisson(2, 2000) + 1.0,
        lambda rng: rng.integers(1, 3, 2000) * 1.0,
        lambda rng: rng.choice([6.0, 12.0, 24.0, 36.0, 60.0, 120.0], 2000),
        lambda rng: rng.normal(size=500),
        lambda rng: rng.lognormal(size=50),
    ],
    ids=["one unit", "long tail", "Pareto", "another shape", "another spread", "heaped", "fives", "counts", "two codes", "terms",
         "negative", "few"],
)  # fmt: skip
def test_one_unit_is_quiet_in_every_draw(draw):
    assert [mixed_units(draw(np.random.default_rng(seed))) for seed in range(20)] == [None] * 20


def test_heaps_of_a_zero_inflated_amount_are_no_two_units():
    """Gains as tax tables round them: two broad groups of few values, whose medians a few hundred rows place too badly for a factor."""

    def gains(seed, n):
        rng = np.random.default_rng(seed)
        low, high = (np.round(rng.lognormal(m, 0.45, 60), -1) for m in (8.0, 9.19))
        return np.where(rng.random(n) < 0.5, rng.choice(low, n), rng.choice(high, n))

    # 1 of 600 draws before a rule of chance speaks; 3 of 80 are less likely than one in a thousand
    assert sum(mixed_units(gains(seed, n)) is not None for seed in range(40) for n in (190, 400)) <= 2


@pytest.mark.shared
@pytest.mark.parametrize("name", ["capital_gain", "capital_loss"])
def test_no_sample_of_real_amounts_seems_to_be_in_two_units(name):
    column = pd.read_parquet(ROOT.parent / "shared" / "data" / "adult.parquet")[name]
    samples = [column.sample(n, random_state=seed).to_numpy(float) for seed in range(30) for n in (2500, 5000)]

    assert [mixed_units(v[(v > 0) & (v < 99999)]) for v in samples] == [None] * 60


@pytest.mark.shared
@pytest.mark.parametrize("path", sorted((ROOT.parent / "shared" / "data").glob("*.parquet")), ids=lambda p: p.stem)
def test_no_column_of_real_data_seems_to_be_in_two_units(path):
    frame = pd.read_parquet(path).select_dtypes("number")
    found = {}
    for name in frame:
        values = frame[name].to_numpy(float, na_value=np.nan)
        found[name] = mixed_units(values[np.isfinite(values) & (values != 0)])

    assert {name for name, f in found.items() if f is not None} == set()
