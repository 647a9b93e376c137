"""BIA107: areas inside and across groups against all pairs by hand and the normal distribution; both ways."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, softmax

from validators.checks.group_ranking import CHECK
from validators.core.data import Task

from .bias_cases import TASK, measure, of, people, trial
from .performance_cases import batch_of, frame, grid_of, truth


def pairs(score, positive, negative):
    """Share of pairs in which the positive row scores above the negative one; ties count one half."""
    a, b = score[positive][:, None], score[negative][None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


def test_every_area_is_that_of_all_pairs_by_hand():
    batch, grid = trial(900, offset=-0.7, columns=("sex",))
    score, y = batch.scores["candidate"][:, 0], batch.y == 1
    women = (batch.sensitive["sex"] == "female").to_numpy()
    found = measure(CHECK, batch, grid)

    crossed = pairs(score, y & women, ~y & ~women), pairs(score, y & ~women, ~y & women)
    assert found["group_auc", "group:sex=female"].value == pytest.approx(pairs(score, y & women, ~y & women))
    assert found["xauc", "group:sex=female"].value == pytest.approx(crossed[0])
    assert found["xauc_gap", "group:sex=female"].value == pytest.approx(crossed[0] - crossed[1])
    assert found["xauc_gap", "group:sex=male"].value == pytest.approx(crossed[1] - crossed[0])
    assert found["xauc_gap", "group:sex=female"].n == women.sum()


def test_of_normal_scores_the_area_across_is_known_in_closed_form():
    """Positives of a at 1, of b at 1.5, negatives at 0, all with unit variance: P = Phi(difference / sqrt 2)."""
    n = 8000
    rng = np.random.default_rng(4)
    X, y, b = frame(n, 1), (rng.random(n) < 0.5).astype(float), rng.random(n) < 0.5
    score = 1 / (1 + np.exp(-(rng.normal(size=n) + y * np.where(b, 1.5, 1.0))))
    who = pd.DataFrame({"sex": pd.Series(np.where(b, "b", "a"), dtype=object)})
    grid = grid_of(X, score, task=TASK)
    found = measure(CHECK, batch_of(X, y, score, grid, sensitive=who), grid)

    for group, other, shift, reverse in (("a", "b", 1.0, 1.5), ("b", "a", 1.5, 1.0)):
        m = found["xauc_gap", f"group:sex={group}"]
        assert m.low < ndtr(shift / 2**0.5) - ndtr(reverse / 2**0.5) < m.high, other


@pytest.mark.parametrize("seed", range(6))
def test_scores_that_are_lowered_in_one_group_put_it_behind_and_sound_ones_do_not(seed):
    sound, behind = (
        measure(CHECK, *trial(3000, seed, offset=offset, columns=("sex",)))["xauc_gap", "group:sex=female"]
        for offset in (0.0, -1.5)
    )

    assert behind.high < -0.1
    assert sound.low < 0.03
    assert sound.high > -0.03


@pytest.mark.slow
def test_the_interval_of_the_gap_covers_no_gap():
    found = [measure(CHECK, *trial(800, seed, columns=("sex",))) for seed in range(80)]
    ends = [f["xauc_gap", "group:sex=female"] for f in found]

    assert sum(m.low <= 0 <= m.high for m in ends) >= 70  # of 80; level .95 and above, three standard errors below


def test_every_group_is_listed_and_small_ones_cannot_tell():
    batch, grid = trial(1500, columns=("sex", "race", "age"))
    found = measure(CHECK, batch, grid)

    assert of(found, "xauc_gap")["group:race=null"].value is None
    assert "cannot tell" in of(found, "xauc_gap")["group:race=null"].note
    assert set(of(found, "xauc_gap")) == set(of(found, "group_auc"))
    assert all(m.value is None or m.low <= m.value <= m.high for m in found.values())


def test_many_distinct_scores_share_bins_and_hardly_move_the_area():
    batch, grid = trial(6000, offset=-0.5, columns=("sex",))
    score, y = batch.scores["candidate"][:, 0], batch.y == 1
    women = (batch.sensitive["sex"] == "female").to_numpy()

    value = measure(CHECK, batch, grid)["xauc", "group:sex=female"].value
    assert value == pytest.approx(pairs(score, y & women, ~y & ~women), abs=1e-4)


def test_of_several_classes_the_favourable_one_counts():
    task = Task(type="multiclass", target="y", classes=("a", "b", "c"), favourable="b")
    (X, who, rng), n = (frame(1500, 3), people(1500, 3), np.random.default_rng(3)), 1500
    p = softmax(np.column_stack([truth(X), -truth(X), np.zeros(n)]), axis=1)
    y = (rng.random(n)[:, None] > p.cumsum(axis=1)).sum(axis=1).astype(float)
    grid = grid_of(X, p, task=task)
    batch = batch_of(X, y, p, grid, sensitive=who[["sex"]])
    found = measure(CHECK, batch, grid, task)
    every = measure(CHECK, batch, grid_of(X, p, task=replace(task, favourable=None)), replace(task, favourable=None))

    assert set(of(found, "xauc_gap")) == {f"group:sex={s} | class:b" for s in ("female", "male")}
    assert len(of(every, "xauc_gap")) == 6
    women = (who["sex"] == "female").to_numpy()
    expected = pairs(p[:, 1], (y == 1) & women, (y != 1) & women)
    assert found["group_auc", "group:sex=female | class:b"].value == pytest.approx(expected)


def test_without_rows_or_with_one_outcome_there_is_a_reason():
    batch, grid = trial(500, columns=("sex",))
    found = measure(CHECK, replace(batch, y=np.ones(500)), grid)

    assert all(m.value is None and "cannot tell" in m.note for m in found.values())
    assert measure(CHECK, replace(batch, y=np.full(500, np.nan)), grid)["xauc_gap", "model"].value is None
