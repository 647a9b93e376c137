"""DRF101 and DRF105: what is shown beside the shift in sigma."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from tests.checks.performance_cases import BINARY, batch_of, frame, grid_of
from tests.engine.projects import project
from validators.catalog import catalog
from validators.checks.feature_distributions import CHECK
from validators.checks.robust_shift import CHECK as DRF105
from validators.core.data import Role
from validators.core.records import Given
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.engine.workers import serial
from validators.io.project import read_project

N = 3000


def measured(X, reference, check=CHECK):
    grid = grid_of(reference, np.linspace(0, 1, len(reference)))
    batches = {
        role: batch_of(rows, np.zeros(len(rows)), np.full(len(rows), 0.5), grid)
        for role, rows in ((Role.TEST, X), (Role.REFERENCE, reference))
    }
    given = Given(
        task=BINARY,
        grid=grid,
        options=check.options,
        rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in batches.items() for kind in check.needs.summaries},
    )
    return {(m.metric, m.subject): m for m in check.measure(given)}


def test_a_shift_by_half_a_robust_sigma_is_seen_in_these_units_and_none_is_not():
    reference = frame(N, 1)
    moved = frame(N, 2)
    quartiles = reference["income"].quantile([0.25, 0.75])
    moved["income"] += 0.5 * np.ptp(quartiles) / 1.349
    found = measured(moved, reference, DRF105)
    m = found["wasserstein_sigma", "feature:income"]
    assert m.low < 0.5 < m.high
    assert m.low > 0.3
    for seed in range(4):
        quiet = measured(frame(N, 10 + seed), reference, DRF105)["wasserstein_sigma", "feature:income"]
        assert quiet.low == 0
        assert quiet.high < 0.2


def test_distances_of_levels_are_those_of_scipy_and_of_hand():
    reference, moved = frame(N, 1), frame(N, 2)
    moved.loc[moved["region"] == "north", "region"] = "south"
    found = measured(moved, reference)
    p, q = (
        x["region"].value_counts(normalize=True).reindex(["east", "north", "south", "west"], fill_value=0)
        for x in (reference, moved)
    )
    assert found["total_variation", "feature:region"].value == pytest.approx(abs(p - q).sum() / 2)
    assert found["jensen_shannon", "feature:region"].value == pytest.approx(jensenshannon(p, q, base=2))
    assert found["cramers_v", "feature:region"].value > 0.3
    assert measured(frame(N, 3), reference)["cramers_v", "feature:region"].value < 0.05


def test_few_rows_that_move_far_show_here_and_hardly_in_bins():
    reference, moved = frame(N, 1), frame(N, 2)
    moved.loc[moved.index[:60], "income"] *= 100
    far = measured(moved, reference, DRF105)["wasserstein_sigma", "feature:income"]
    near = measured(moved, reference)["shift_sigma", "feature:income"]
    assert far.value > 4 * near.value
    assert far.low > 0


def test_a_feature_without_values_is_undefined():
    m = measured(frame(N, 2).assign(income=np.nan), frame(N, 1), DRF105)["wasserstein_sigma", "feature:income"]
    assert m.value is None
    assert "fewer than 8 groups" in m.note


def test_many_rare_levels_do_not_widen_the_interval_and_common_and_new_ones_still_count():
    rng = np.random.default_rng(5)
    rare = [f"r{k}" for k in range(40)]

    def rows(seed):
        level = np.random.default_rng(seed).choice(["us", "mx", *rare], N, p=[0.88, 0.02, *[0.1 / 40] * 40])
        return frame(N, seed).assign(region=level)

    def shift(X):
        return measured(X, rows(1))["shift_sigma", "feature:region"]

    quiet, fewer, new = rows(2), rows(3), rows(4)
    fewer.loc[rng.random(N) < 0.2, "region"] = "r0"
    new.loc[rng.random(N) < 0.05, "region"] = "new"
    assert shift(quiet).high < 0.2
    assert shift(fewer).low > 0.3
    assert shift(new).low > 0.1


@pytest.mark.parametrize("broken", [True, False])
def test_a_feature_that_broke_in_test_matters_as_it_did_before(tmp_path, broken):
    """One value in all test rows moves no score there, so by the attributions of test alone nothing hung on it."""

    def dead(role, frame):
        return frame.assign(x0=frame.x0.median()) if broken and role == "test" else frame

    trial = resolve(read_project(project(tmp_path / "p", model=True, dead=dead)))
    results = measure(trial, make_plan(trial, catalog(), only=("DRF101", "QUA106")), mapper=serial).results
    found = {(m.metric, m.subject): m for r in results for m in r.measurements}
    shift = found["shift_sigma", "feature:x0"]

    assert not shift.minor
    assert "hardly matters" not in shift.note
    assert (shift.low > 0.3) == broken
    assert ("on earlier rows its share was" in found["attribution_share", "feature:x0"].note) == broken
