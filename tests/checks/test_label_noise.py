"""QUA101: wrong labels are found, sized and laid at their door; clean twins are quiet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from validators.checks import label_noise
from validators.core.data import Role

from .performance_cases import batch_of, frame, grid_of, multiclass, sound, truth, verdict
from .quality_cases import measure

NOISE = {"warn": 0.02, "fail": 0.05}


def noisy(flips, *, n=5000, positives_only=False, slices=None):
    X, y, p = sound(n, seed=20)
    hit = np.random.default_rng(2).random(n) < flips
    if positives_only:
        hit &= y == 1
    wrong = np.where(hit, 1 - y, y)
    other_x, other_y, other_p = sound(n, seed=30)
    grid = grid_of(X, p, slices=slices and {k: (k, m(X)) for k, m in slices.items()})
    made = [
        batch_of(a, b, c, grid, slices=slices and {k: (k, m(a)) for k, m in slices.items()})
        for a, b, c in ((X, wrong, p), (other_x, other_y, other_p))
    ]
    return measure(label_noise.CHECK, {Role.TRAIN: made[0], Role.REFERENCE: made[1]}, grid)


def test_flipped_labels_are_found_and_sized():
    m = noisy(0.15)["noise_excess", "model"]

    assert verdict(m, **NOISE) == "FAIL"
    assert m.low < 0.15 < m.high


def test_flips_of_one_class_are_laid_at_its_door():
    found = noisy(0.4, positives_only=True)

    assert verdict(found["noise_excess", "class:1"], **NOISE) == "FAIL"
    assert verdict(found["noise_excess", "class:0"], **NOISE) == "PASS"


@pytest.mark.parametrize(("start", "minor"), [("2024-01-01", False), ("2024-03-01", False), ("2024-07-01", True)])
def test_labels_of_another_season_are_attention_at_most(start, minor):
    """Flights of July are later than those of winter: no label was wrong, and the check failed."""
    X, y, p = sound(3000, 1)
    grid, rng = grid_of(X, p), np.random.default_rng(0)

    def at(first, labels):
        days = pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, 180, 3000), unit="D")
        return replace(batch_of(X, labels, p, grid), time=days.to_numpy("datetime64[ns]"))

    more = np.where(rng.random(3000) < 0.3, 1.0, y)
    found = measure(label_noise.CHECK, {Role.TRAIN: at("2024-01-01", y), Role.REFERENCE: at(start, more)}, grid)

    judged = [m for (metric, _), m in found.items() if metric == "noise_excess"]
    assert {m.minor for m in judged} == {minor}
    assert all(("other times" in m.note) == minor for m in judged)


def test_clean_labels_pass():
    found = noisy(0.0)

    assert all(verdict(m, **NOISE) in ("PASS", "INCONCLUSIVE") for (k, _), m in found.items() if k == "noise_excess")
    assert 0.2 < found["planted_found", "model"].value <= 1


def test_a_declared_slice_with_wrong_labels_is_named():
    inside = {"region == north": lambda X: (X["region"] == "north").to_numpy()}
    X, y, p = sound(5000, seed=20)
    hit = inside["region == north"](X) & (np.random.default_rng(3).random(5000) < 0.5) & (y == 1)
    other_x, other_y, other_p = sound(5000, seed=30)
    grid = grid_of(X, p, slices={k: (k, m(X)) for k, m in inside.items()})
    made = [
        batch_of(a, b, c, grid, slices={k: (k, m(a)) for k, m in inside.items()})
        for a, b, c in ((X, np.where(hit, 0.0, y), p), (other_x, other_y, other_p))
    ]
    m = measure(label_noise.CHECK, {Role.TRAIN: made[0], Role.REFERENCE: made[1]}, grid)[
        "slice_label_gap", "slice:region == north"
    ]

    assert verdict(m, warn=0.05, fail=0.1) == "FAIL"
    assert "too few positive" in m.note


def test_multiclass_flips_are_found():
    task = multiclass("a", "b", "c")
    made, labels = [], []
    for seed in (20, 30):
        X = frame(4000, seed)
        rng = np.random.default_rng(seed)
        labels.append(
            (truth(X) + rng.logistic(size=4000) * 0.5 > -1).astype(int) + (truth(X) + rng.logistic(size=4000) * 0.5 > 1)
        )
        made.append(X)
    rng = np.random.default_rng(5)
    hit = rng.random(4000) < 0.15
    wrong = np.where(hit, (labels[0] + rng.integers(1, 3, 4000)) % 3, labels[0])
    p = np.full((4000, 3), 1 / 3)
    grid = grid_of(made[0], *p.T, task=task)
    roles = {Role.TRAIN: batch_of(made[0], wrong, p, grid), Role.REFERENCE: batch_of(made[1], labels[1], p, grid)}
    m = measure(label_noise.CHECK, roles, grid, task)["noise_excess", "model"]

    assert verdict(m, **NOISE) == "FAIL"
    assert m.value == pytest.approx(0.15, abs=0.03)  # learners that are not calibrated bend the scale a little


def test_equal_rows_with_unequal_labels_are_counted_beyond_expectation():
    X, y, p = sound(2000, seed=20)
    twice = np.r_[np.arange(2000), np.arange(200)]
    sure = (
        X.iloc[twice].reset_index(drop=True).assign(age=lambda d: np.where(np.arange(2200) % 2000 < 200, 18, d["age"]))
    )
    labels = np.where(np.arange(2200) < 2000, y[twice], 1 - y[twice])
    grid = grid_of(X, p)
    unit = (twice.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    train = batch_of(sure, labels, p[twice], grid, unit=unit)
    other_x, other_y, other_p = sound(2000, seed=30)
    other = batch_of(other_x, other_y, other_p, grid)
    m = measure(label_noise.CHECK, {Role.TRAIN: train, Role.REFERENCE: other}, grid)["conflict_excess", "model"]

    assert m.value > 0.05
    assert verdict(m, warn=0.001, fail=0.01) == "FAIL"


@pytest.mark.parametrize("heavy", [1.0, 10.0])
def test_sound_labels_of_equal_rows_conflict_as_expected_whatever_a_class_weighs(heavy):
    """With positives of weight 10 the probabilities were of weighted rows and the conflicts of plain ones: .04, limit .01."""
    X = frame(2000, 6).fillna({"income": 20.0})
    X = pd.concat([X, X], ignore_index=True)
    p = expit(truth(X))
    y = (np.random.default_rng(6).random(4000) < p).astype(float)
    grid = grid_of(X, p)
    train = batch_of(X, y, p, grid, weight=np.where(y == 1, heavy, 1.0))
    found = measure(label_noise.CHECK, {Role.TRAIN: train, Role.REFERENCE: batch_of(X, y, p, grid)}, grid)
    m = found["conflict_excess", "model"]

    assert m.low < 0 < m.high
    assert abs(m.value) < 0.01
