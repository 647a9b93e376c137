"""BKT101: production without scores. BKT102: slope, projected date and funnel out of scores by period."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import theilslopes

from tests.checks.performance_cases import BINARY, batch_of, frame, given_rows, grid_of, measured, multiclass, sound
from tests.engine.projects import project
from validators.catalog import catalog
from validators.checks.backtest_level import CHECK as BKT101
from validators.checks.backtest_periods import CHECK, Options, _break, _slope, periods
from validators.core.data import Role
from validators.core.records import Given
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.engine.workers import serial
from validators.io.project import read_project
from validators.summaries.outcomes import OutcomesKind
from validators.summaries.quality import Quality

SPANS = [(date(2023, 1, 1) + timedelta(days=30 * k), date(2023, 1, 30) + timedelta(days=30 * k)) for k in range(24)]
SE = 0.02
THREE = multiclass("a", "b", "c")
GIVEN = SimpleNamespace(options=Options(), task=BINARY)


def slopes(values):
    found = {
        k: Quality(value=float(v), variance=SE**2, replicates=np.zeros(50), n=400, size=100)
        for k, v in enumerate(values)
    }
    return {m.metric: m for m in _slope(found, SPANS, GIVEN)}


def series(seed, per_year=0.0, extra=0.0):
    rng = np.random.default_rng(seed)
    years = np.array([(s[0] - SPANS[0][0]).days / 365.25 for s in SPANS])
    return 0.8 - per_year * years + SE * rng.normal(size=24) + extra * rng.normal(size=24)


def test_a_steady_fall_is_dated_within_its_interval():
    """A hundredth of the 40 seeds or more may miss; the interval is that of the slope, at 95 %."""
    hits = 0
    for seed in range(40):
        m = slopes(series(seed, per_year=0.1))["years_to_fall"]
        assert m.value is not None
        hits += m.low <= 1.0 <= m.high
    assert hits >= 34
    note = slopes(series(0, per_year=0.1))["years_to_fall"].note
    assert "lost since 2023-01-01 by 202" in note


def test_without_a_fall_there_is_no_date():
    told = [slopes(series(seed))["years_to_fall"].value is not None for seed in range(40)]
    assert sum(told) <= 5  # one-sided 2.5 %


def test_the_robust_slope_is_scipys():
    values = series(3, per_year=0.1)
    years = [(s[0] - SPANS[0][0]).days / 365.25 for s in SPANS]
    found = slopes(values)["decay_per_year_robust"]
    assert found.value == pytest.approx(-theilslopes(values, years).slope)
    assert found.low < found.value < found.high


def test_correlated_periods_widen_the_interval_of_the_slope():
    rng = np.random.default_rng(0)
    wander = np.cumsum(rng.normal(size=24)) * 0.004
    calm = slopes(np.full(24, 0.8) + 1e-3 * rng.normal(size=24))["decay_per_year"]
    found = slopes(0.8 + wander)["decay_per_year"]
    assert found.high - found.low >= calm.high - calm.low


def test_one_odd_period_lies_outside_the_funnel_and_a_calm_series_does_not():
    assert [slopes(series(s))["periods_outside"].value for s in range(8)] == [0] * 8
    values = series(1)
    values[10] -= 0.25
    found = slopes(values)["periods_outside"]
    assert found.value == 1
    assert str(SPANS[10][0]) in found.note


def test_spread_that_all_periods_share_widens_the_funnel():
    found = slopes(series(2, extra=0.06))
    assert found["overdispersion"].value > 3
    assert found["periods_outside"].value == 0


@pytest.mark.parametrize(("broken", "word"), [(2, "later"), (10, ""), (21, "earlier")])
def test_a_break_at_the_edge_of_the_search_says_that_it_may_lie_beyond(broken, word):
    """The score falls for the last `broken` of 24 periods; a fifth of the rows must lie on either side of a date."""
    values = np.full(24, 0.8)
    values[24 - broken :] = 0.5
    found = {
        k: Quality(value=float(v), variance=SE**2, replicates=np.zeros(50), n=400, size=100)
        for k, v in enumerate(values)
    }
    (m,) = _break(found, SPANS, SimpleNamespace(options=Options(), task=BINARY, rng=np.random.default_rng(0)))

    assert (f"no {word} date was tried" in m.note) if word else ("was tried" not in m.note)


@pytest.mark.parametrize("before", [[0.7] * 3 + [0.9] * 5, [0.7] * 4 + [0.9] * 4, [0.9] * 8])
def test_a_fall_is_found_behind_a_larger_rise(before):
    found = {
        k: Quality(value=v, variance=0.01**2, replicates=np.zeros(50), n=400, size=100)
        for k, v in enumerate([*before, *[0.75] * 4])
    }
    (m,) = _break(found, SPANS, SimpleNamespace(options=Options(), task=BINARY, rng=np.random.default_rng(0)))

    assert m.subject.startswith(f"period:{SPANS[8][0]}")
    assert m.low > 0.03


MONTHS = tuple(np.arange("2023-01", "2024-02", 1, dtype="datetime64[M]").astype("datetime64[D]"))


def of_a_year(late):
    """BKT102 of 6,000 rows in twelve months whose scores are `late(scores)` in the last four."""
    rng = np.random.default_rng(0)
    X, month = frame(6000), np.arange(6000) * 12 // 6000
    y = (rng.random(6000) < expit(2 * rng.normal(size=6000))).astype(float)
    scores = expit(2 * y - 1 + rng.normal(size=6000))
    scores = np.where(month >= 8, late(scores), scores)
    grid = replace(grid_of(X, scores[np.isfinite(scores)]), periods=MONTHS)
    batch = replace(batch_of(X, y, scores, grid), period=month)
    kind = OutcomesKind("period")
    held = Given(
        task=BINARY, grid=grid, options=Options(), rng=rng, summaries={(Role.PRODUCTION, kind): kind.of(batch, grid)}
    )  # fmt: skip
    return {m.metric: m for m in periods(held)}


def test_a_score_that_becomes_constant_is_a_break():
    assert of_a_year(lambda s: s)["break_size"].low < 0.01
    found = of_a_year(lambda s: np.full_like(s, 0.4))
    assert found["break_size"].low > 0.1
    assert found["break_size"].subject.startswith("period:2023-09-01")
    assert found["periods_left_out"].value == 0


def of_three(n, rare):
    """Rows of three classes, the last of which is `rare` of them and ranked best."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    y[rng.permutation(n)[:rare]] = 2
    logits = rng.normal(size=(n, 3)) + np.diag([1, 1, 5])[y]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    cuts = (np.linspace(0.01, 0.99, 99),) * 3
    X = frame(n)
    grid = replace(grid_of(X, *p.T, task=THREE), periods=MONTHS, score_cuts=cuts, score_coarse=cuts)
    return X, y.astype(float), p, grid


def breaks(X, y, p, grid):
    production = replace(batch_of(X, y, p, grid), period=np.arange(len(X)) * 12 // len(X))
    found = measured(CHECK, given_rows(CHECK, {Role.PRODUCTION: production}, grid, THREE))
    (m,) = [m for (metric, _), m in found.items() if metric == "break_size"]
    return m, found["periods_left_out", "model"]


def test_probabilities_of_three_classes_that_become_constant_are_a_break():
    X, y, p, grid = of_three(6000, 2000)
    p[4000:] = [0.3, 0.33, 0.37]
    m, _ = breaks(X, y, p, grid)

    assert m.low > 0.1
    assert m.subject.startswith("period:2023-09-01")


@pytest.mark.parametrize("rare", [0, 1, 40])
def test_a_class_that_most_months_hardly_have_does_not_leave_them_out(rare):
    m, left = breaks(*of_three(6000, rare))

    assert left.value == 0
    assert m.low < 0.01
    assert "AUC without 1 of 3 classes (c), in too few groups" in m.note


@pytest.mark.parametrize(("rare", "here"), [((300, 250), ""), ((20, 1), "without 1 of 3"), ((0, 20), "without 1 of 3")])
def test_test_and_production_are_compared_over_the_same_classes(rare, here):
    """The class that ranks best counts on both sides or on none: else it is .05 of a difference."""
    m = between(rare)

    assert abs(m.value) < 0.02
    assert m.note.startswith(f"macro AUC {here}".rstrip())


def test_a_frequent_class_that_vanishes_leaves_production_open():
    """It is in the rest of the others, and moves their areas."""
    m = between((300, 1))

    assert (m.value, m.note) == (None, "test or production lacks groups of rows, or a class in enough of them")


def between(rare):
    """BKT101 of test and production with so many rows of the third class."""
    (*test, grid), (*production, _) = (of_three(3000, k) for k in rare)
    roles = {role: batch_of(*rows, grid) for role, rows in ((Role.TEST, test), (Role.PRODUCTION, production))}
    return measured(BKT101, given_rows(BKT101, roles, grid, THREE))["score_lost", "model"]


def test_months_without_usable_scores_leave_the_break_open():
    found = of_a_year(lambda s: np.full_like(s, np.nan))["break_size"]
    assert found.value is None
    assert "no usable score in 2023-09-01, 2023-10-01" in found.note


def test_a_production_without_usable_scores_cannot_be_held_against_test():
    X, y, p = sound(2000)
    grid = grid_of(X, p)
    test = batch_of(X, y, p, grid)

    def score_lost(blank):
        production = batch_of(X, y, np.where(np.arange(2000) < blank, np.nan, p), grid)
        return measured(BKT101, given_rows(BKT101, {Role.TEST: test, Role.PRODUCTION: production}, grid))[
            "score_lost", "model"
        ]

    assert (score_lost(1200).value, score_lost(1200).note) == (None, "most rows of production have no usable score")
    assert abs(score_lost(200).value) < 0.02


def through_the_engine(folder, *, last):
    """BKT102 of 1,500 rows of production from January on, the last of them on `last`."""

    def until(role, frame):
        return frame[frame.when <= last] if role == "production" else frame

    trial = resolve(read_project(project(folder, n=1500, until=until)))
    (result,) = measure(trial, make_plan(trial, catalog(), only=("BKT102",)), mapper=serial).results
    held = {m.metric: m for m in result.measurements}
    return held, [m.subject for m in result.measurements if m.metric == "period_score"]


def test_a_month_too_short_for_an_interval_is_left_out_with_a_word(tmp_path):
    found, periods = through_the_engine(tmp_path / "short", last="2025-10-02")
    left = found["periods_left_out"]

    assert (left.value, left.note.rpartition("left out: ")[2]) == (1, "2025-10-01")
    assert not any("2025-10" in subject for subject in periods)


def test_where_every_month_is_measured_none_is_left_out(tmp_path):
    found, periods = through_the_engine(tmp_path / "long", last="2025-09-30")

    assert (found["periods_left_out"].value, found["periods_left_out"].note[-4:]) == (0, "none")
    assert any("2025-09" in subject for subject in periods)
