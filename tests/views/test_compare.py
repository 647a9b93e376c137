import copy

from validators.views.compare import compare

from .documents import document


def test_a_document_equals_itself():
    found = compare(document(), document())

    assert found.same == found.numbers > 100
    assert found.sentence.startswith("Same numbers")


def test_one_changed_number_is_named():
    other = copy.deepcopy(document())
    held = next(r for r in other["results"] if r["check"] == "DRF101")
    held["measurements"][0]["value"] += 1e-3

    found = compare(document(), other)

    assert found.numbers - found.same == 1
    assert "DRF101 shift_sigma income, value: 0.44 and 0.441" in found.differences[0]
    assert found.sentence.startswith("Not the same")


def test_a_difference_in_the_last_digits_is_none():
    other = copy.deepcopy(document())
    other["results"][0]["measurements"][0]["value"] *= 1 + 1e-9

    assert compare(document(), other).sentence.startswith("Same numbers")


def test_a_missing_number_and_another_verdict_are_differences():
    other = copy.deepcopy(document())
    del other["results"][0]["measurements"][0]
    other["results"][1]["verdict"] = "FAIL"

    found = compare(document(), other)

    assert found.numbers - found.same == 3
    assert not found.verdicts_same


def test_runs_of_different_inputs_are_not_compared():
    other = copy.deepcopy(document())
    other["inputs"]["data"]["test"]["sha256"] = "0" * 64

    assert compare(document(), other).sentence.startswith("Not comparable")
