"""QUA107: a month with worse labels stands out; equal months do not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from validators.checks import label_noise_by_month
from validators.core.data import Role

from .performance_cases import BINARY, batch_of, grid_of, sound, truth, verdict
from .quality_cases import measure

MONTH = {"warn": 0.1, "fail": None}


def by_month(flips, *, seed=20, n=4000, months=5, task=BINARY, moving=0.0):
    """Labels of the third month flipped at random, in a world whose odds move from month to month; what is measured of every month."""
    X, y, p = sound(n, seed=seed)
    rng = np.random.default_rng([seed, 3])
    month = rng.integers(0, months, n)
    when = (np.datetime64("2025-01") + month).astype("datetime64[D]") + rng.integers(0, 28, n)
    hit = (month == 2) & (rng.random(n) < flips)
    if moving:
        p = expit(truth(X) * np.exp(rng.normal(0, moving, months))[month])
        y = (rng.random(n) < p).astype(float)
    grid = grid_of(X, p)
    train = replace(batch_of(X, np.where(hit, 1 - y, y), p, grid), time=when.astype("datetime64[ns]"))
    return measure(label_noise_by_month.CHECK, {Role.TRAIN: train}, grid, task)


def test_a_month_with_worse_labels_stands_out_and_is_sized():
    found = by_month(0.3)
    bad = found.pop(("month_noise", "period:2025-03-01..2025-03-31"))

    assert bad.low > 0.08
    assert bad.value == pytest.approx(0.3, abs=0.15)
    assert len(found) == 4
    assert all(m.low < 0.03 for m in found.values())
    assert verdict(bad, **MONTH) == "WARN"
    assert all(verdict(m, **MONTH) != "WARN" for m in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("moving", [0.0, 0.5])
def test_no_month_stands_out_where_all_are_labelled_alike(moving):
    found = [m for seed in range(8) for m in by_month(0.0, seed=seed, n=2500, moving=moving).values()]

    assert len(found) == 40
    assert sum(m.low > 0 for m in found) <= 3
    assert sum(verdict(m, **MONTH) == "WARN" for m in found) <= 1


def test_of_one_month_or_without_rows_there_is_a_reason():
    assert "1 months" in by_month(0.0, n=1200, months=1)["month_noise", "model"].note
    assert by_month(0.0, n=600, months=5)["month_noise", "model"].value is None
