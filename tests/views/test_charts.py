"""Figures are plain dicts: their marks, colours, limits and numbers are read off here."""

import json

import numpy as np
import pytest

from validators.views import (
    backtest,
    bias,
    chart,
    feature_drift,
    fit,
    importance,
    leakage,
    marks,
    noise,
    performance,
    prediction_drift,
    quality,
    reading,
    slices,
)
from validators.views.pages import charts_of
from validators.views.words import PAGES

from . import documents
from .documents import document, limit, m, r, ranged


def trace(drawn, name):
    return next(t for t in drawn.figure["data"] if t["name"] == name)


def by_key(charts, key):
    return next(c for c in charts if c.key == key)


@pytest.mark.parametrize("mode", ["light", "dark", None])
@pytest.mark.parametrize("family", PAGES)
def test_every_chart_has_a_table_a_sentence_for_those_who_cannot_see_it_and_no_number_that_json_lacks(family, mode):
    charts = charts_of(document(), family, chart.palette(mode))

    assert charts
    for held in charts:
        assert held.table.rows
        assert held.alt
        json.dumps(held.figure, allow_nan=False)
        json.dumps(held.table.rows, allow_nan=False)


@pytest.mark.parametrize("family", PAGES)
def test_keys_are_unique_on_a_page(family):
    keys = [c.key for c in charts_of(document(), family, chart.LIGHT)]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("family", [*PAGES, "bias", "no such family"])
def test_a_document_without_results_draws_nothing_and_breaks_nothing(family):
    assert charts_of(document(r("X", "performance", None, [])), family, chart.LIGHT) == []


@pytest.mark.parametrize("family", PAGES)
def test_undefined_numbers_are_left_out_of_pictures(family):
    held = document()
    for result in held["results"]:
        result["measurements"] = [{**x, "value": None, "low": None, "high": None} for x in result["measurements"]]

    assert charts_of(held, family, chart.LIGHT) == []


@pytest.mark.parametrize(("palette", "colour"), [(chart.LIGHT, "#0072B2"), (chart.DARK, "#56B4E9")])
def test_candidate_is_filled_prior_is_open_and_each_has_its_colour(palette, colour):
    drawn = by_key(performance.charts(document(), palette), "metrics")

    assert trace(drawn, "candidate")["marker"]["color"] == colour
    assert set(trace(drawn, "candidate")["marker"]["symbol"]) == {"circle"}
    assert trace(drawn, "prior")["marker"]["color"] == palette.prior
    assert set(trace(drawn, "prior")["marker"]["symbol"]) == {"circle-open"}


def test_intervals_are_drawn_as_wide_as_they_are():
    dots = trace(by_key(performance.charts(document(), chart.LIGHT), "metrics"), "candidate")

    assert dots["error_x"]["array"] == pytest.approx([0.02, 0.02, 0.02])
    assert dots["error_x"]["arrayminus"] == pytest.approx([0.02, 0.02, 0.02])


def test_both_limits_are_drawn_dashed_and_labelled():
    drawn = feature_drift.shifts(document(), chart.LIGHT)

    assert [s["x0"] for s in drawn.figure["layout"]["shapes"]] == [0.15, 0.3]
    assert {s["line"]["dash"] for s in drawn.figure["layout"]["shapes"]} == {"dash"}
    assert [a["text"] for a in drawn.figure["layout"]["annotations"]] == ["attention 0.15", "fail 0.3"]


def test_limits_that_differ_stand_on_their_own_row():
    drawn = by_key(prediction_drift.charts(document(), chart.LIGHT), "changes")
    shapes = drawn.figure["layout"]["shapes"]

    assert {s["x0"] for s in shapes} == {0.1, 0.25}


def test_features_stand_by_shift_those_that_alarm_first_however_few_their_rows():
    shift = [
        m("shift_sigma", f"feature:{f}", v, limit=limit(0.15, 0.3), verdict=w, counts=c)
        for f, v, w, c in (
            ("a", 0.0, "INCONCLUSIVE", True),
            ("b", 0.5, "INCONCLUSIVE", False),
            ("c", 0.4, "WARN", True),
        )
    ]
    held = document(r("DRF101", "feature_drift", "INCONCLUSIVE", shift))

    assert [reading.about(one, "feature") for one in feature_drift.shifted(held)] == ["c", "b", "a"]


def test_the_worst_feature_is_on_top_and_one_without_a_value_is_left_out():
    drawn = feature_drift.shifts(document(), chart.LIGHT)

    assert drawn.figure["layout"]["yaxis"]["ticktext"][0] == "income"
    assert len(trace(drawn, "candidate")["x"]) == 2


def test_a_name_with_markup_stays_text_in_what_a_figure_shows():
    drawn = feature_drift.shifts(document(), chart.LIGHT)
    shown = [hover for _, hover in drawn.figure["data"][0]["customdata"]] + drawn.figure["layout"]["yaxis"]["ticktext"]

    assert not any("<b>" in held for held in shown)
    assert sum("&lt;b&gt;" in held for held in shown) == 2


def test_every_dot_tells_its_n_when_pointed_at():
    for held in charts_of(document(), "feature_drift", chart.LIGHT)[:1]:
        assert all("n = 1,000" in hover for _, hover in held.figure["data"][0]["customdata"])


def test_a_dot_of_few_rows_is_hollow():
    held = slices.chosen(document(), "slice_excess_loss")
    drawn = slices.chart(document(), held, chart.LIGHT)

    assert trace(drawn, "candidate")["marker"]["symbol"] == ["circle", "circle-open"]


def test_the_reliability_curve_stands_beside_the_diagonal():
    drawn = by_key(performance.charts(document(), chart.LIGHT), "calibration")

    assert trace(drawn, "candidate")["x"] == pytest.approx([0.2, 0.4, 0.6])
    assert trace(drawn, "candidate")["y"] == pytest.approx([0.21, 0.42, 0.63])
    assert trace(drawn, "as expected")["x"] == trace(drawn, "as expected")["y"]


def test_every_row_of_the_migration_matrix_adds_up_to_one():
    drawn = prediction_drift.migration(document(), chart.LIGHT)

    assert [sum(row) for row in drawn.figure["data"][0]["z"]] == pytest.approx([1.0, 1.0])
    assert "80.0%" in drawn.alt


def test_the_noise_curve_has_a_band_both_models_and_the_limits_across():
    drawn = by_key(noise.charts(document(), chart.LIGHT), "curve_flip_rate")

    assert trace(drawn, "candidate")["x"] == [0.05, 0.1, 0.5]
    assert trace(drawn, "interval")["fill"] == "toself"
    assert trace(drawn, "prior")["marker"]["symbol"] == "circle-open"
    assert [s["y0"] for s in drawn.figure["layout"]["shapes"]] == [0.1, 0.2]


def test_reactions_are_a_matrix_of_features_by_kinds():
    drawn = noise.reactions(document(), chart.LIGHT)

    assert drawn.figure["layout"]["yaxis"]["ticktext"] == ["age", "income"]
    assert drawn.figure["data"][0]["z"] == [[0.5], [0.0]]


def test_the_break_is_marked_on_the_timeline():
    drawn = backtest.timeline(document(), chart.LIGHT)

    assert [s["x0"] for s in drawn.figure["layout"]["shapes"]] == ["2025-03-01"]
    assert trace(drawn, "candidate")["x"] == ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]


def test_a_standard_error_is_read_back_from_its_interval():
    held = m(
        "period_score", "period:2025-01-01..2025-01-31", 0.8, low=0.8 - 1.959964 * 0.02, high=0.8 + 1.959964 * 0.02
    )

    assert backtest.standard_error(held) == pytest.approx(0.02, rel=1e-6)
    assert backtest.standard_error({**held, "low": None}) is None


def test_shares_of_the_importance_page_are_sorted_by_the_larger_of_both_models():
    drawn = importance.shares(document(), chart.LIGHT)

    assert drawn.figure["layout"]["yaxis"]["ticktext"] == ["income", "age"]


def test_long_names_are_broken_over_two_lines_and_cut():
    lines = chart.tick("a very long name of a feature that goes on and on for ever").split("<br>")

    assert len(lines) == 2
    assert all(len(part) <= 24 for part in lines)


def test_shares_are_given_to_tables_in_percent():
    table = chart.Table(rows=[{"a": 0.126, "b": None, "c": 3}], kinds={"a": "share", "b": "share", "c": "count"})

    assert table.scaled() == [{"a": pytest.approx(12.6), "b": None, "c": 3}]


def test_a_gap_in_a_band_is_left_out():
    drawn = marks.band([1, 2, 3], [0.1, None, 0.3], [0.2, 0.3, 0.4], "x")

    assert drawn["x"] == [1, 3, 3, 1]


def test_drift_without_a_reference_is_said_to_be_against_train():
    missing = r("DRF102", "feature_drift", "FAIL", [ranged("missing_difference", "feature:age", 0.1, 0.02)])
    for role in ("reference", "train"):
        held = document(missing)
        held["inputs"]["data"] = {"test": held["inputs"]["data"]["test"], role: {"sha256": "0" * 64}}
        assert [c.title for c in feature_drift.charts(held, chart.LIGHT)] == [f"Missing values: test less {role}"]


def test_bars_say_at_which_level_they_are():
    loss = r("PRF104", "performance", "PASS", [ranged("shortfall_simple", "model", 0.02, 0.01, level=0.9)])
    (drawn,) = performance.charts(document(loss), chart.LIGHT)

    assert "Bars are 90 % intervals." in drawn.caption


def test_the_curve_of_a_regression_names_means():
    held = [m("expected_mean", "rows:bin_01", 36.2), ranged("observed_mean", "rows:bin_01", 36.4, 1.2)]
    found = document(r("PRF103", "performance", "PASS", held))
    found["project"]["task"]["type"] = "regression"
    (drawn,) = performance.charts(found, chart.LIGHT)

    assert drawn.alt.startswith("Mean outcome against mean score in 1 bins")


def groups():
    return bias.charts(document(*documents.bias()), chart.LIGHT)


def test_group_sizes_come_first_and_on_a_log_axis():
    first = groups()[0]

    assert first.key == "sizes"
    assert first.figure["layout"]["xaxis"]["type"] == "log"
    assert [row["n"] for row in first.table.rows] == [600, 400, 12]
    assert "Fewer than 100 rows: age = under 30" in first.caption


def test_ratios_stand_symmetric_around_one_with_the_band_of_the_limit():
    drawn = by_key(groups(), "selection_ratio")
    low, high = drawn.figure["layout"]["xaxis"]["range"]
    band = next(s for s in drawn.figure["layout"]["shapes"] if s["type"] == "rect")

    assert low == -high
    assert (band["x0"], band["x1"]) == (0.8, 1.25)
    assert drawn.table.rows[0]["Group"] == "sex = female"
    assert {a["x"] for a in drawn.figure["layout"]["annotations"]} == {np.log10(0.8)}


def test_gaps_show_the_limits_on_both_sides_of_no_difference():
    layout = by_key(groups(), "tpr_gap").figure["layout"]

    assert sorted(s["x0"] for s in layout["shapes"]) == [-0.2, -0.1, 0.1, 0.2]
    assert [a["text"] for a in layout["annotations"]] == ["attention ±10%", "fail ±20%"]


def test_groups_of_a_column_share_a_curve_and_combinations_that_cannot_tell_are_named():
    held = groups()
    curve = by_key(held, "curve_sex")

    assert {t["name"] for t in curve.figure["data"]} == {"as expected", "female", "male"}
    assert len(curve.table.rows) == 4
    assert "Cannot tell: sex = male & age = old" in by_key(held, "cell_ratio").caption
    assert "proxies" in [c.key for c in held]


def test_the_metric_without_the_suspects_comes_first_and_beside_that_with_them():
    held = [
        ranged("quality_all_rows", "model", 0.9, 0.01),
        ranged("quality_without_late", "model", 0.8, 0.02, n=900),
        ranged("quality_without_shared", "model", 0.9, 0.01),
        ranged("quality_refitted", "model", 0.91, 0.01),
        ranged("quality_without", "feature:income", 0.7, 0.02),
        m("late_share", "feature:income | rows:test", 0.3, limit=limit(None, 0.0), verdict="FAIL"),
    ]
    drawn = leakage.charts(document(r("LEK102", "leakage", "FAIL", held)), chart.LIGHT)

    assert [c.key for c in drawn] == ["without_suspects", "late_share"]
    assert [row["Value"] for row in drawn[0].table.rows] == [0.9, 0.8, 0.91, 0.7]
    assert "our learner without income" in drawn[0].alt


def test_train_stands_beside_test_and_the_curve_is_sorted_by_rows():
    held = [
        ranged("score_of_role", "rows:train", 0.95, 0.01),
        ranged("score_of_role", "rows:test", 0.85, 0.02),
        ranged("score_of_model", "rows:boosted", 0.86, 0.02),
        ranged("train_test_gap", "model", 0.1, 0.02),
        ranged("score_lost_to_refit", "model", 0.02, 0.005, limit=limit(0.01, 0.03), verdict="WARN"),
        *(ranged("region_gap", f"slice:age<{k}", k / 100, 0.1) for k in (20, 40, 30)),
        *(ranged("curve_score", f"rows:train_{n}", v, 0.02) for n, v in ((5000, 0.85), (300, 0.7))),
        ranged("gain_at_twice", "model", 0.01, 0.005),
    ]
    drawn = fit.charts(document(r("FIT101", "fit", "WARN", held)), chart.LIGHT)

    assert [c.key for c in drawn] == ["scores", "score_lost_to_refit", "region_gap", "learning_curve"]
    assert [row["Model and rows"] for row in drawn[0].table.rows] == [
        "candidate on train",
        "candidate on test",
        "boosted on test",
    ]
    assert [row["Value"] for row in drawn[2].table.rows] == [0.4, 0.3, 0.2]
    assert trace(drawn[3], "our learner")["x"] == [300, 5000]


def test_defects_are_a_matrix_with_what_needs_attention_on_top():
    one = limit(0.0, None)
    held = [
        m("placeholder_share", "feature:age", 0.0, limit=one, verdict="PASS"),
        m("placeholder_share", "feature:income", 0.01, limit=one, verdict="WARN", note="32 rows hold 99999"),
        m("modal_share", "feature:age", 0.9, limit=limit(0.99, None), verdict="PASS"),
        m("outlier_share", "feature:age", 0.02),
    ]
    drawn = quality.defects(document(r("QUA102", "quality", "WARN", held)), chart.LIGHT)

    assert [row["Feature"] for row in drawn.table.rows] == ["income", "age"]
    assert drawn.alt == "1 features need attention: income."
    assert "99999" in drawn.figure["data"][0]["text"][0][1]


def test_the_curve_of_the_worst_is_sorted_has_its_limits_and_says_who_they_are():
    drawn = by_key(charts_of(document(), "stress", chart.LIGHT), "worst")

    assert trace(drawn, "candidate")["x"] == [0.05, 0.1, 1.0]
    assert [s["y0"] for s in drawn.figure["layout"]["shapes"]] == [0.25, 0.75]
    assert drawn.caption.endswith("84% of them in slice age < 30.")


def test_the_scenario_that_moves_most_is_on_top_beside_the_prior():
    drawn = by_key(charts_of(document(), "stress", chart.LIGHT), "mean_score_change")

    assert drawn.figure["layout"]["yaxis"]["ticktext"] == ["recession", "mild"]
    assert trace(drawn, "prior")["x"] == [-0.12, 0.02]
    assert [row["Prior"] for row in drawn.table.rows] == [-0.12, 0.02]


def test_broken_directions_are_bars_by_tenth():
    drawn = by_key(charts_of(document(), "stress", chart.LIGHT), "directions")

    assert trace(drawn, "income")["x"] == [1, 2, 10]
    assert trace(drawn, "income")["y"] == [0.0, 0.3, 0.0]


def test_what_calls_cost_is_shown_where_the_run_tells_it():
    held = document()
    cost = {
        "single_row_ms": {"p50": 2.0, "p95": 3.0, "p99": 9.0},
        "rows_per_second": 50_000,
        "peak_memory_mb": 210.4,
        "single_row_calls": 60,
        "cold_start_ms": 812.0,
    }
    held["run"]["models"] = {"candidate": cost, "prior": {**cost, "single_row_ms": None}}
    drawn = by_key(charts_of(held, "stress", chart.LIGHT), "latency")

    assert trace(drawn, "candidate")["y"] == [2.0, 3.0, 9.0]
    assert "50,000 rows per second" in drawn.caption
    assert "210 MB" in drawn.caption
    assert "812 ms from a fresh process" in drawn.caption
    assert len(drawn.table.rows) == 1


def test_rows_unlike_train_come_as_a_whole_first():
    drawn = by_key(charts_of(document(), "stress", chart.LIGHT), "support")

    assert [row["Rows"] for row in drawn.table.rows] == ["in test: far from train", "income in test: out of range"]
