"""A common ratio of deciles is found in few rows, and not where distributions differ otherwise."""

import numpy as np
import pytest

from validators.stats.deciles import common_ratio
from validators.stats.units import named_factor


def found(a, b):
    ratio = common_ratio(a, b, spread=0.15).value
    return "" if ratio is None else named_factor(ratio, near=0.075)[1]


@pytest.mark.parametrize("draw", ["lognormal", "exponential", "gamma"])
def test_thousandths_are_seen_in_half_of_1250_rows(draw):
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        values = [rng.lognormal(0, 1, 625), rng.exponential(1, 625), rng.gamma(2, 1, 625)]
        other = [rng.lognormal(0, 1, 625), rng.exponential(1, 625), rng.gamma(2, 1, 625)]
        k = ["lognormal", "exponential", "gamma"].index(draw)
        hits += found(values[k], 1000 * other[k]) == "a power of ten"
    assert hits >= 30


def test_equal_and_otherwise_changed_distributions_have_no_unit_factor():
    rng = np.random.default_rng(1)
    a = rng.lognormal(0, 1, (200, 625))

    assert not any(found(x, y) for x, y in zip(a[:100], a[100:], strict=True))
    assert not any(found(x, y**1.5 * 1000) for x, y in zip(a[:100], a[100:], strict=True))
