"""Features whose levels never end (employers, places, codes): rows of the grid count theirs as if the grid were made of the others."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from validators.catalog import catalog
from validators.engine.encode import encode
from validators.engine.plan import make_plan
from validators.engine.profile import bins_of
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.io.project import read_project
from validators.stats.proportions import newcombe_interval
from validators.stats.sigma import binned_shift
from validators.summaries.feature_counts import rare_together
from validators.summaries.refits import evenly_coded, expected_elsewhere

from .projects import project

DRIFT = {"DRF101", "DRF102", "DRF103", "DRF104"}


def rows_of(n):
    return np.arange(n, dtype=np.uint64)


def named(rng, n, *, levels=4000, falling=1.0):
    """Levels with frequencies that fall as 1 / rank, like names of employers."""
    share = 1 / np.arange(1, levels + 1) ** falling
    return pd.Series(rng.choice(levels, n, p=share / share.sum()).astype(str), dtype=object)


def test_a_bin_of_its_own_takes_five_rows_of_two_units():
    column = pd.Series(["often"] * 6 + ["pair"] * 2 + ["lone"] + ["one day"] * 5)
    bins = bins_of(column, np.array([*range(9), *[99] * 5], np.uint64))

    assert bins.levels == ("often",)
    assert bins.rarer == {"pair"}
    assert bins.once == {"lone", "one day"}


def test_a_lone_level_is_new_to_its_own_row_and_known_to_others():
    column = pd.Series(["often"] * 6 + ["pair"] * 2 + ["lone", None])
    bins = bins_of(column, rows_of(10))
    asked = pd.Series(["often", "pair", "lone", "never", None])

    own = encode(column, bins, np.ones(10, bool))
    assert own.tolist() == [0] * 6 + [bins.remainder] * 2 + [bins.new, bins.missing]
    assert encode(asked, bins).tolist() == [0, bins.remainder, bins.remainder, bins.new, bins.missing]
    assert encode(column, bins, np.arange(10) < 5)[8] == bins.remainder


def test_one_and_one_point_nought_are_one_level():
    bins = bins_of(pd.Series([1, 1.0, "1"], dtype=object), rows_of(3))

    assert (bins.levels, bins.rarer, bins.once) == ((), {"1"}, frozenset())


@pytest.mark.parametrize(("n", "falling"), [(300, 1.0), (2000, 1.0), (2000, 0.0)])
def test_as_many_new_levels_as_expected_are_within_the_interval(n, falling):
    """Good and Turing's estimate from the reference against what new rows show: about 95 in 100 times no difference."""
    rng, held, differences = np.random.default_rng(n), [], []
    for _ in range(200):
        base, test = (named(rng, n, falling=falling) for _ in range(2))
        bins = bins_of(base, rows_of(n))
        expected = (encode(base, bins, np.ones(n, bool)) == bins.new).mean()
        found = (encode(test, bins) == bins.new).mean()
        ends = newcombe_interval(found, n, expected, n / 2)
        held.append(ends.low <= 0 <= ends.high)
        differences.append(found - expected)

    assert abs(np.mean(differences)) < 4 * np.std(differences) / np.sqrt(200)
    assert 0.93 <= np.mean(held) <= 1


def test_levels_that_the_reference_has_by_chance_more_often_do_not_tell_it_from_others():
    """300 levels, all alike: coded in the order of the reference, trees told such rows apart with an area of .57."""
    rng, areas = np.random.default_rng(0), []
    for _ in range(10):
        sides = [named(rng, 2000, levels=300, falling=0) for _ in range(2)]
        bins = bins_of(sides[0], rows_of(2000))
        mine = (np.ones(2000, bool), None)
        codes = [encode(side, bins, own)[:, None].astype(np.int32) for side, own in zip(sides, mine, strict=True)]
        matrix = evenly_coded([SimpleNamespace(codes=c) for c in codes], SimpleNamespace(features={"level": bins}))
        label, learnt = np.repeat([0.0, 1.0], 2000), rng.random(4000) < 0.5
        areas.append(
            roc_auc_score(label[~learnt], expected_elsewhere(label, np.ones(4000), matrix.astype(float), learnt))
        )

    assert np.mean(areas) == pytest.approx(0.5, abs=0.01)


def test_levels_that_the_reference_has_by_chance_more_often_are_no_drift():
    """100 levels of .3 to 6 %: with those kept that had a hundredth of the reference, 18 of 100 sound samples had moved for sure."""
    rng, moved = np.random.default_rng(1), 0
    for _ in range(100):
        sides = [named(rng, 800, levels=100, falling=0.7) for _ in range(2)]
        bins = bins_of(sides[0], rows_of(800))
        mine = (np.ones(800, bool), None)
        codes = (encode(side, bins, own) for side, own in zip(sides, mine, strict=True))
        e, a = (np.eye(bins.n_bins)[code].reshape(50, 16, -1).sum(axis=1) for code in codes)
        moved += binned_shift(*rare_together(e, a, bins), confidence=0.95).low > 0

    assert moved <= 11  # one in twenty, and the noise of a hundred


def drift(folder, change):
    def open_levels(role, frame):
        rng = np.random.default_rng(["train", "test", "reference", "production"].index(role))
        return change(role, frame.assign(level=named(rng, len(frame)).to_numpy()))

    trial = resolve(read_project(project(folder, n=1500, change=open_levels)))
    plan = make_plan(trial, [c for c in catalog() if c.code in DRIFT])
    results = {r.code: r for r in measure(trial, plan).results}
    return {(m.metric, m.subject): m for r in results.values() for m in r.measurements}


def test_sound_rows_with_open_levels_drift_nowhere(tmp_path):
    found = drift(tmp_path / "p", lambda _, frame: frame)
    new = found["new_level_mass", "feature:level"]

    assert abs(new.value) < 0.04
    assert new.low < 0 < new.high
    assert "before" in new.note
    assert found["shift_sigma", "feature:level"].low == 0
    assert found["latest_shift_sigma", "feature:level | rows:latest"].low < 0.15
    assert found["c2st_auc", "model"].low < 0.542


def test_codes_that_change_are_found_among_open_levels(tmp_path):
    def renamed(role, frame):
        hit = np.arange(len(frame)) % 4 == 0
        return frame.assign(level=frame.level.mask(hit, "x" + frame.level)) if role == "test" else frame

    found = drift(tmp_path / "p", renamed)

    assert found["new_level_mass", "feature:level"].low > 0.05
    assert found["c2st_auc", "model"].low > 0.5
