from validators.views import reading, sentences, tables, text

from .documents import document, feature_drift, limit, m, performance, r, ranged, skipped


def test_a_family_is_as_bad_as_its_worst_check_that_was_run():
    held = document()

    assert reading.family_verdict(held, "performance") == "FAIL"
    assert reading.family_verdict(held, "prediction_drift") == "WARN"
    assert (
        reading.family_verdict(document(skipped("BKT101", "backtest", "no production data")), "backtest") == "NOT_RUN"
    )


def test_a_check_that_raised_keeps_its_family_from_passing_and_is_named():
    passed, raised = r("NOI101", "noise", "PASS", []), skipped("NOI104", "noise", "TypeError: oh", status="ERROR")
    failed = r("NOI102", "noise", "FAIL", [m("x", "model", 1.0, limit=limit(0.1, 0.2), verdict="FAIL")])

    assert reading.family_verdict(document(passed, raised), "noise") == "INCONCLUSIVE"
    assert reading.family_verdict(document(passed, raised, failed), "noise") == "FAIL"
    assert "could not be measured: TypeError: oh" in sentences.family_sentence(document(passed, raised), "noise")
    assert "could not be measured: TypeError: oh" in sentences.tile(document(passed, raised), "noise").what


def test_a_check_without_a_limit_does_not_hide_one_that_passed():
    held = document(r("PRF101", "performance", None, []), r("PRF102", "performance", "PASS", []))

    assert reading.family_verdict(held, "performance") == "PASS"


def test_families_come_worst_first():
    verdicts = [reading.RANK.index(reading.family_verdict(document(), f)) for f in reading.families(document())]

    assert verdicts == sorted(verdicts)


def test_a_measurement_held_against_two_limits_is_one_with_both():
    (held,) = reading.measurements(document(), "calibration_slope")

    assert [limit_["worse"] for limit_ in held["limits"]] == ["below", "above"]


def test_the_telling_measurement_is_the_one_furthest_beyond_its_limit():
    held = limit(0.15, 0.3)
    near = ranged("shift_sigma", "feature:a", 0.4, 0.01, limit=held, verdict="FAIL")
    far = ranged("shift_sigma", "feature:b", 0.9, 0.01, limit=held, verdict="FAIL")
    worse_but_passed = ranged("shift_sigma", "feature:c", 0.1, 0.01, limit=held, verdict="PASS")

    assert (
        reading.telling(r("DRF101", "feature_drift", "FAIL", [near, far, worse_but_passed]))["subject"] == "feature:b"
    )


def test_a_pass_is_told_by_what_the_check_is_about():
    mine = ranged("auc_loss", "model", 0.001, 0.002, limit=limit(0.01, 0.03), verdict="PASS")
    other = ranged("prior_above_chance", "model", 0.3, 0.1, limit=limit(0.0, None, "below"), verdict="PASS")
    other["limit"]["supporting"] = True

    assert reading.telling(r("PRF102", "performance", "PASS", [other, mine]))["metric"] == "auc_loss"
    other["verdict"] = "WARN"
    assert reading.telling(r("PRF102", "performance", "WARN", [mine, other]))["metric"] == "prior_above_chance"


def test_of_two_failures_the_surer_one_tells():
    few = m("x", "slice:a==1", 1.5, low=0.86, high=2.1, limit=limit(0.25, 0.75), verdict="FAIL")
    many = m("x", "slice:b==1", 1.3, low=0.89, high=1.6, limit=limit(0.25, 0.75), verdict="FAIL")

    assert reading.telling(r("PRF202", "performance", "FAIL", [few, many]))["subject"] == "slice:b==1"


def test_a_check_that_fails_says_what_lies_behind_it():
    late = m(
        "late_share",
        "feature:score",
        0.1,
        limit=limit(None, 0.0),
        verdict="FAIL",
        note="506 of 5,000 rows, by up to 539 days",
    )
    held = r("LEK102", "leakage", "FAIL", [late])

    assert sentences.open_ends(held) == "506 of 5,000 rows, by up to 539 days."
    assert sentences.tile(document(held), "leakage").note == "506 of 5,000 rows, by up to 539 days."
    assert (
        sentences.note_sentence({**late, "note": "income: served values are 1/12"}) == "income: served values are 1/12."
    )


def test_what_cannot_be_told_does_not_hide_an_attention():
    open_ = ranged("shift_sigma", "feature:a", 0.0, 0.4, limit=limit(0.15, 0.3), verdict="INCONCLUSIVE")
    told = ranged("shift_sigma", "feature:b", 0.41, 0.2, limit=limit(0.15, 0.3), verdict="WARN")
    other = ranged("missing_rise", "feature:c", 0.02, 0.005, limit=limit(0.01, 0.05), verdict="WARN")
    first = r("DRF101", "feature_drift", "INCONCLUSIVE", [open_, told])
    held = document(first, r("DRF102", "feature_drift", "WARN", [other]))
    alone = document(r("DRF101", "feature_drift", "INCONCLUSIVE", [open_]))

    for sentence in (
        sentences.family_sentence(held, "feature_drift"),
        sentences.result_sentence(first),
        sentences.tile(held, "feature_drift").besides,
    ):
        assert "Attention for: Shift (sigma), b: 0.410 [0.210, 0.610]" in sentence
    assert "Attention for" not in sentences.family_sentence(alone, "feature_drift")
    assert sentences.tile(alone, "feature_drift").besides == ""


def test_a_check_that_its_self_test_does_not_believe_says_so_in_words():
    passed = m("overlap_excess", "model", 0.0, high=0.0007, limit=limit(0.001, 0.01), verdict="PASS")
    doubt = (
        "Self-test: a planted fault of twice the tolerance (overlap_excess, 0.002) was passed in 10 of 10 replicates"
    )
    held = r("LEK101", "leakage", "INCONCLUSIVE", [passed], reason=doubt)

    assert (
        "beyond what repeats by itself, 0.2%) was passed in 10 of 10" in sentences.tile(document(held), "leakage").note
    )
    assert "repeats by itself, 0.2%)" in sentences.result_sentence(held)


def test_of_equal_measurements_the_one_that_names_a_place_tells():
    whole, place = (m("x", s, 1.0, limit=limit(0.1, 0.2), verdict="FAIL") for s in ("model", "feature:income"))

    assert reading.telling(r("PIP103", "pipeline", "FAIL", [whole, place]))["subject"] == "feature:income"


def test_a_limit_below_which_it_is_worse_counts_the_other_way():
    held = limit(0.8, 0.67, "below")

    assert reading.excess(m("x", "model", 0.5, limit=held)) > 0 > reading.excess(m("x", "model", 0.9, limit=held))


def test_a_sentence_has_value_interval_limit_and_n():
    sentence = sentences.measurement_sentence(feature_drift()[0]["measurements"][0])

    assert (
        sentence
        == "Shift (sigma), income: 0.440 [0.370, 0.510], limit: attention above 0.15, fail above 0.3, n = 1,000."
    )


def test_an_undefined_number_is_said_to_be_with_its_reason():
    assert (
        sentences.measurement_sentence(m("auc", "model", None, note="one class only"))
        == "AUC: not defined (one class only)."
    )


def test_what_was_not_run_says_why():
    held = skipped("BKT101", "backtest", 'no production data; add production = "..." under [data]')

    assert sentences.result_sentence(held) == 'Not run: no production data; add production = "..." under [data]'
    assert sentences.result_sentence(skipped("X", "noise", "ValueError: x", "ERROR")) == "Not run: error: ValueError: x"


def test_an_inconclusive_check_says_what_these_rows_can_show_and_how_many_would_settle_it():
    hint = sentences.open_ends(performance()[2])

    assert "can show an effect of 0.400 or more" in hint
    assert "about 2,250 rows would settle it" in hint


def test_a_tile_says_not_run_in_the_place_of_the_number():
    tile = sentences.tile(document(skipped("BKT101", "backtest", "no production data")), "backtest")

    assert (tile.value, tile.what) == ("Not run", "No production data")


def test_every_check_is_a_row_of_the_overview():
    rows = tables.check_rows(document())

    assert len(rows) == len(document()["results"])
    assert any(row["Verdict"] == "✕ Fail" and row["Limit"] == "attention above 0.15, fail above 0.3" for row in rows)


def test_what_was_not_tested_lists_checks_and_families():
    listed = {row["What"]: row["Why"] for row in tables.not_tested_rows(document())}

    assert listed["Leakage"] == "no check of this family is built in this version"
    assert listed["BKT103 Title of BKT103"] == "error: ValueError: no rows"


def test_an_unknown_metric_has_a_table():
    ((name, table),) = tables.result_tables(document()["results"][-1])

    assert name == "A metric nobody knows"
    assert table.rows[0]["Subject"] == "sex = F"
    assert not {"Metric", "Verdict", "Limit"} & set(table.rows[0]), "told by its name, or empty"


def test_the_terminal_summary_names_verdict_checks_and_what_is_missing():
    lines = "\n".join(text.summary_lines(document()))

    assert "FAILED" in lines
    assert "BKT103" in lines
    assert "Not tested: leakage" in lines
