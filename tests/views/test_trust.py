"""The self-test in words and as a table."""

import json

from validators.engine.self_trust import Tried, Trust, trust_document
from validators.views.trust import planted, read_self_test, trust_sentence, trust_table, untested


def written(tmp_path):
    tried = Tried(
        metric="shift_sigma", fault="feature_shift", null="exchanged", into="test", tolerance=0.15, replicates=20,
        null_alarms=1, found_1x=9, found_2x=12, open_2x=2, changed_1x=0.5, changed_2x=1.0,
    )  # fmt: skip
    found = (
        Trust(check="DRF101", tried=(tried,), rows=50, rows_given=100),
        Trust(check="NOI101", reason="it asks the model"),
    )
    (tmp_path / "self_trust.json").write_text(json.dumps(trust_document(found, seed=1)))
    return read_self_test(tmp_path)


def test_every_plant_is_a_row_and_what_was_not_tested_says_why(tmp_path):
    results = [{"check": "DRF101"}, {"check": "NOI101"}, {"check": "XXX101"}]
    rows = trust_table(written(tmp_path), results).rows

    assert [r["Check"] for r in rows] == ["DRF101"]
    assert rows[0]["Alarms without"] == "1 of 20"
    assert rows[0]["Found at twice"] == "12 of 20, held open in 2"
    assert rows[0]["Rows used"] == 0.5
    assert untested(written(tmp_path), results) == ["NOI101: it asks the model"]


def test_the_sentence_names_what_lets_a_fault_pass(tmp_path):
    held = written(tmp_path)

    assert trust_sentence(held, [{"check": "DRF101"}, {"check": "NOI101"}]).endswith("pass: DRF101.")
    assert "not tested" in trust_sentence({}, [{"check": "DRF101"}])


def test_a_lighter_test_says_by_what_and_a_fault_of_another_version_has_its_name(tmp_path):
    tried = Tried(
        metric="flip_rate", fault="of_a_later_version", null="steady", into="test", tolerance=0.1, replicates=10,
        null_alarms=0, found_1x=4, found_2x=10, open_2x=0, changed_1x=0.1, changed_2x=0.2,
        options={"levels": (0.1,), "draws": 1},
    )  # fmt: skip
    found = trust_document([Trust(check="NOI101", tried=(tried,), rows=50, rows_given=100)], seed=1)
    (tmp_path / "self_trust.json").write_text(json.dumps(found))
    (row,) = trust_table(read_self_test(tmp_path), [{"check": "NOI101"}]).rows

    assert row["Lighter by"] == "levels = 0.1, draws = 1"
    assert planted(read_self_test(tmp_path), [{"check": "NOI101"}]) == [
        "NOI101, Decisions that flip: of a later version"
    ]


def test_a_run_without_a_self_test_or_with_a_broken_one_has_none(tmp_path):
    assert read_self_test(tmp_path) == {}
    (tmp_path / "self_trust.json").write_text("[")
    assert read_self_test(tmp_path) == {}


def test_a_planted_size_is_no_formula(tmp_path):
    held = written(tmp_path)
    held["DRF101"]["tried"][0] |= {"metric": "calibration_gap", "tolerance": 0.1}
    table = trust_table(held, [{"check": "DRF101"}])

    assert table.rows[0]["Planted"] == table.scaled()[0]["Planted"] == "0.100 in test"
