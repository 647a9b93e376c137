"""The page Pipeline: the cause in words first, marks as wide as the bounds, both sides of the worst feature."""

import pytest

from validators.views import chart, pipeline

from .documents import document, m, r


def by_key(key):
    return next(c for c in pipeline.charts(document(), chart.LIGHT) if c.key == key)


def test_the_diagnosis_comes_in_words_worst_first():
    words = pipeline.diagnoses(document())

    assert words[0].startswith("income: served values are 1/12 of research (research is ×12")


def test_where_nothing_differs_the_bound_is_said():
    note = "no row differs in any of 2 features: fewer than 0.003 of the rows do"
    sound = document(r("PIP103", "pipeline", "PASS", [m("rows_differ", "model", 0.0, high=0.003, note=note),
                                                      m("mismatch_rate", "feature:age", 0.0, high=0.004)]))  # fmt: skip

    assert pipeline.diagnoses(sound) == ["No row differs in any of 2 features: fewer than 0.003 of the rows do."]
    assert pipeline.diagnoses(document(r("X", "performance", None, []))) == []


def test_rates_reach_to_their_bounds_and_the_table_names_the_cause():
    drawn = by_key("rates")
    dots = next(t for t in drawn.figure["data"] if t["name"] == "candidate")

    assert dots["x"] == [1.0, 0.0]
    assert dots["error_x"]["array"] == pytest.approx([0.0, 0.003])
    assert dots["error_x"]["arrayminus"] == pytest.approx([0.0, 0.0])
    assert "×12" in drawn.table.rows[0]["What differs"]


def test_both_sides_of_the_worst_feature_are_drawn_with_the_line_of_no_difference():
    served = next(t for t in by_key("values_income").figure["data"] if t["name"] == "served")

    assert served["x"] == [12.0, 24.0, 36.0]
    assert served["y"] == [1.0, 2.0, 3.0]
    assert {t["name"] for t in by_key("values_income").figure["data"]} == {"the same", "served"}


def test_keys_are_counted_by_where_they_are():
    bars = by_key("keys").figure["data"][0]

    assert bars["x"] == [980, 20, 0]


def test_times_are_drawn_as_dates():
    both = [
        m(f"{side}_value", f"feature:opened | rows:bin_0{k}", 1.6e9 + k, note=f"2020-09-1{k}")
        for side in ("research", "served")
        for k in (1, 2)
    ]
    held = document(
        r("PIP103", "pipeline", "FAIL", [m("mismatch_rate", "feature:opened", 1.0, note="opened: moved"), *both])
    )
    drawn = next(c for c in pipeline.charts(held, chart.LIGHT) if c.key == "values_opened")

    assert drawn.figure["layout"]["xaxis"]["type"] == "date"
    assert drawn.figure["data"][1]["x"] == ["2020-09-11", "2020-09-12"]
