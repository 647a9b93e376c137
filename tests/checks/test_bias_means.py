"""BIA103 and BIA106: scores that mean something else in one group, and predictions that err to one side there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from validators.checks import group_calibration, group_residuals
from validators.core.data import Task
from validators.core.policy import Rule, worst

from .bias_cases import measure, of, people, trial
from .performance_cases import REGRESSION, batch_of, frame, grid_of, truth

CALIBRATION, RESIDUALS = group_calibration.CHECK, group_residuals.CHECK


def gap(m):
    """The worse of the two verdicts on a signed gap."""
    sides = (Rule(check="", metric="", worse=w, warn=s * 0.1, fail=s * 0.2) for w, s in (("above", 1), ("below", -1)))
    return worst(rule.judge(m) for rule in sides).value


@pytest.mark.slow
def test_labels_that_are_missed_in_one_group_are_found_and_its_clean_twin_passes():
    clean, faulty = (
        [measure(CALIBRATION, *trial(4000, seed, flips=flips, columns=("sex",))) for seed in range(20)]
        for flips in (0.0, 0.5)
    )
    subject = "calibration_gap", "group:sex=female"

    assert [gap(f[subject]) for f in faulty].count("FAIL") >= 19
    assert all(f[subject].value < 0 for f in faulty)
    told = [gap(f[subject]) for f in clean]
    assert "FAIL" not in told
    assert told.count("PASS") >= 17


def test_the_gap_is_that_of_the_rates_by_hand():
    batch, grid = trial(2000, flips=0.3, columns=("sex",))
    m = measure(CALIBRATION, batch, grid)["calibration_gap", "group:sex=female"]
    women = (batch.sensitive["sex"] == "female").to_numpy()
    residual, y = batch.y - batch.scores["candidate"][:, 0], batch.y

    assert m.value == pytest.approx((residual[women].mean() - residual[~women].mean()) / y.std())
    assert f"observed {y[women].mean():.1%}" in m.note


@pytest.mark.slow
def test_its_interval_covers_no_gap():
    found = [measure(CALIBRATION, *trial(800, seed, columns=("sex",))) for seed in range(60)]
    ends = [f["calibration_gap", "group:sex=female"] for f in found]
    held = sum(m.low <= 0 <= m.high for m in ends)

    assert held >= 52  # of 60; three standard errors below 95 %


def test_slope_and_curve_of_each_group_are_there_and_a_small_group_has_none():
    batch, grid = trial(2000, columns=("race",))
    found = measure(CALIBRATION, batch, grid)

    assert found["group_slope", "group:race=a"].low < 1 < found["group_slope", "group:race=a"].high
    assert found["group_observed_rate", "group:race=a | rows:bin_05"].value > 0.5
    assert ("group_slope", "group:race=null") not in found
    assert found["calibration_gap", "group:race=null"].value is not None


def test_an_outcome_that_never_varies_has_no_gap_and_says_why():
    batch, grid = trial(500, columns=("sex",))
    m = measure(CALIBRATION, replace(batch, y=np.ones(500)), grid)["calibration_gap", "group:sex=male"]

    assert m.value is None
    assert "the same in all rows" in m.note


def prices(n, seed, shift):
    X, who, rng = frame(n, seed), people(n, seed), np.random.default_rng([seed, 7])
    y = truth(X) + rng.normal(0, 1, n)
    score = truth(X) - shift * (who["sex"] == "female").to_numpy()
    grid = grid_of(X, score, task=REGRESSION, y=y)
    return batch_of(X, y, score, grid, sensitive=who), grid


@pytest.mark.slow
def test_predictions_too_low_for_one_group_are_found_and_the_clean_twin_passes():
    clean, faulty = (
        [measure(RESIDUALS, *prices(2500, seed, shift), REGRESSION) for seed in range(20)] for shift in (0.0, 0.9)
    )
    subject = "residual_gap", "group:sex=female"

    assert [gap(f[subject]) for f in faulty].count("FAIL") >= 19
    assert [gap(f[subject]) for f in clean].count("PASS") >= 17
    assert all("FAIL" not in [gap(m) for m in of(f, "residual_gap").values()] for f in clean)
    assert of(clean[0], "group_size")["group:sex=female"].value > 1000


def test_the_standardised_difference_and_the_error_are_those_by_hand():
    batch, grid = prices(1000, 0, 0.5)
    found = measure(RESIDUALS, batch, grid, REGRESSION)
    women = (batch.sensitive["sex"] == "female").to_numpy()
    p = batch.scores["candidate"][:, 0]

    assert found["prediction_gap", "group:sex=female"].value == pytest.approx(
        (p[women].mean() - p[~women].mean()) / p.std()
    )
    assert found["group_rmse", "group:sex=female"].value == pytest.approx(np.sqrt(((batch.y - p)[women] ** 2).mean()))


def test_each_class_is_calibrated_by_group_where_no_class_is_favourable():
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(3), 900)
    y = np.array([rng.choice(3, p=q) for q in p], float)
    task = Task(type="multiclass", target="y", classes=("red", "green", "blue"))
    X = pd.DataFrame({"x": rng.normal(size=900)})
    grid = grid_of(X, *p.T, task=task)
    batch = batch_of(X, y, p, grid, sensitive=pd.DataFrame({"sex": rng.choice(["f", "m"], 900)}))
    found = of(measure(CALIBRATION, batch, grid, task), "calibration_gap")

    assert set(found) == {f"group:sex={g} | class:{c}" for g in "fm" for c in ("red", "green", "blue")}
    assert all(m.low < 0 < m.high for m in found.values())


def test_a_small_group_without_an_event_is_no_alarm():
    batch, grid = trial(2000, columns=("sex",))
    rare = replace(
        batch, scores={"candidate": batch.scores["candidate"] * 0.0 + 0.06}, y=(np.arange(2000) % 16 == 1) * 1.0
    )
    few = np.flatnonzero(rare.y == 0)[:20]
    who = rare.sensitive.assign(sex=np.where(np.isin(np.arange(2000), few), "few", "many"))
    m = measure(CALIBRATION, replace(rare, sensitive=who), grid)["calibration_gap", "group:sex=few"]

    assert gap(m) == "INCONCLUSIVE"
    assert m.high > 0.15  # the jackknife alone sees no spread at all among rows without an event
