import copy
import json

import pytest

from validators.views.diff import as_json, difference
from validators.views.diff_words import (
    CHANCE,
    check_change_rows,
    family_rows,
    lines,
    number_rows,
    side_rows,
)

from .documents import document, r, ranged


def result(held, code):
    return next(x for x in held["results"] if x["check"] == code)


@pytest.fixture
def other():
    """The document with: a better feature, an added and a removed check, an error instead of a skip."""
    held = copy.deepcopy(document())
    m = result(held, "DRF101")["measurements"][0]
    m |= {"value": 0.05, "low": 0.0, "high": 0.1, "verdict": "PASS"}
    result(held, "DRF101")["verdict"] = "PASS"
    held["results"] = [x for x in held["results"] if x["check"] != "IMP101"]
    held["results"].append(r("PRF999", "performance", "PASS", [ranged("auc", "model", 0.8, 0.1)]))
    result(held, "PRD102")["status"] = "ERROR"
    held["inputs"]["data"]["test"]["sha256"] = "0" * 64
    held["verdict"] = "WARNED"
    return held


def test_a_document_differs_in_nothing_from_itself():
    found = difference(document(), document())

    assert found.none
    assert found.inputs == ()
    assert "Nothing differs" in found.sentence
    assert found.all_numbers > 50
    assert CHANCE not in list(lines(found))


def test_every_kind_of_difference_is_named_once(other):
    found = difference(document(), other)

    assert {c.code: c.change for c in found.checks} == {
        "DRF101": "verdict", "IMP101": "removed", "PRF999": "added", "PRD102": "verdict",
    }  # fmt: skip
    assert [n.change for n in found.numbers if n.code == "DRF101"] == ["verdict"]
    assert {n.change for n in found.numbers if n.code == "IMP101"} == {"removed"}
    assert {n.change for n in found.numbers if n.code == "PRF999"} == {"added"}
    assert found.inputs == ("test data",)


def test_the_text_says_what_changed_from_what_to_what(other):
    text = "\n".join(lines(difference(document(), other)))

    assert "Not the same: test data" in text
    assert "DRF101 Title of DRF101: Fail -> Pass" in text
    assert "PRD102 Title of PRD102: Not run -> Not run (error)" in text
    assert "DRF101 Shift (sigma), income: 0.440 [0.370, 0.510] -> 0.050 [0.000, 0.100], Fail -> Pass" in text
    assert "IMP101 Title of IMP101: Attention -> absent" in text


def test_what_became_worse_stands_first(other):
    worse = difference(other, document())

    assert worse.checks[0].code == "DRF101"
    assert worse.numbers[0].code == "DRF101"


def test_a_number_that_moves_within_its_verdict_is_a_difference_without_a_verdict():
    held = copy.deepcopy(document())
    result(held, "PRF101")["measurements"][0]["value"] += 1e-3
    found = difference(document(), held)

    assert not found.none
    assert found.checks == ()
    assert [n.change for n in found.numbers] == ["number"]
    assert CHANCE in list(lines(found))


def test_a_measurement_that_stops_counting_is_a_difference():
    """A check's verdict can change by that alone: an inconclusive number that no longer counts leaves it open no longer."""
    held = copy.deepcopy(document())
    m = result(held, "PRF103")["measurements"][0]
    assert (m["verdict"], m["counts"]) == ("INCONCLUSIVE", True)
    m["counts"] = False
    result(held, "PRF103")["verdict"] = "PASS"
    found = difference(document(), held)

    assert [n.change for n in found.numbers] == ["counts"]
    assert "1 in whether they count" in found.sentence
    assert "Inconclusive -> Inconclusive, does not count" in "\n".join(lines(found))


def test_a_policy_that_asks_for_less_differs_by_its_requirements():
    held = copy.deepcopy(document())
    held["plan"]["required"] = {"performance": "advisory", "backtest": "if_roles_given"}
    result(held, "PRF201")["required"] = False
    found = difference(document(), held)
    kinds = {c.code: c.change for c in found.checks}

    assert kinds["PRF201"] == kinds["BKT103"] == "requirement"
    assert not found.none
    assert "0 differ in verdict, 7 in whether the policy requires them, and 0 stand" in found.sentence
    text = "\n".join(lines(found))
    assert "PRF201 Title of PRF201: Fail, required -> advisory" in text
    assert "BKT103 Title of BKT103: Not run (error), required -> required where it applies" in text
    row = next(r for r in check_change_rows(found.checks) if r["Check"].startswith("PRF201"))
    assert (row["Needed in A"], row["Needed in B"]) == ("required", "advisory")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"code": {"bands.py": {"sha256": "1" * 64}}}, "bands.py"),
        ({"scenarios": {"file": "scenarios", "sha256": "1" * 64}}, "scenarios"),
        ({"project": {"sha256": "1" * 64}}, "project file"),
        ({"prior_snapshot": {"file": "p.zip", "sha256": "1" * 64}}, "prior snapshot"),
        ({"golden": {"file": "golden.parquet", "sha256": "1" * 64}}, "golden"),
        ({"model": {"candidate": {"file": "candidate.skops", "sha256": "1" * 64}, "prior": None}}, "candidate model"),
    ],
)
def test_every_input_that_differs_is_named(change, named):
    held = copy.deepcopy(document())
    held["inputs"] |= change

    assert difference(document(), held).inputs == (named,)


def test_another_seed_is_named():
    held = copy.deepcopy(document())
    held["plan"]["seed"] = 8

    assert difference(document(), held).inputs == ("seed",)


def test_json_holds_all_of_it_and_has_no_nan(other):
    held = json.loads(json.dumps(as_json(difference(document(), other)), allow_nan=False))

    assert held["a"]["verdict"] == "FAILED"
    assert held["b"]["verdict"] == "WARNED"
    shift = next(m for m in held["measurements"] if m["check"] == "DRF101")
    assert (shift["change"], shift["before"]["verdict"], shift["after"]["verdict"]) == ("verdict", "FAIL", "PASS")
    assert next(c for c in held["checks"] if c["check"] == "PRF999")["before"] is None


def test_the_tables_of_the_page_have_both_sides(other):
    found = difference(document(), other)

    assert {row["What"] for row in side_rows(found.a, found.b)} >= {"Verdict", "Model", "Policy"}
    assert len(family_rows(found.a, found.b)) == 12
    assert next(row for row in check_change_rows(found.checks) if row["Check"].startswith("PRF999"))["A"] == "absent"
    assert len(number_rows(found.numbers)) == len(found.numbers)
