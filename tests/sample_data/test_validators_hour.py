"""Each planted fault of `lending` is found from the pages alone: by the words of the Overview, or one click from there."""

import json

import pytest

from validators.views import pipeline, reading, sentences, slices

from .projects import SAMPLES

DOCUMENT = json.loads((SAMPLES / "lending" / "results" / "results.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("family", "named"),
    [
        ("performance", ("region = south", "purpose = business")),
        ("feature_drift", ("utilisation",)),
        ("leakage", ("Values known after the decision", "bureau_score")),
        ("noise", ("loan_amount",)),
        ("backtest", ("2024-08-01",)),
        ("pipeline", ("income", "1/12", "months")),
    ],
)
def test_the_tile_of_a_planted_fault_fails_and_names_its_place(family, named):
    tile = sentences.tile(DOCUMENT, family)

    assert reading.family_verdict(DOCUMENT, family) == "FAIL"
    assert [word for word in named if word not in f"{tile.what} {tile.note}"] == []


def test_slices_lists_the_whole_weak_slice_and_pipeline_says_what_is_wrong_first():
    found = [m["subject"] for m in slices.chosen(DOCUMENT, "slice_excess_loss", verdicts=["FAIL"])]

    assert "slice:term_months>=48 & region==south & purpose==business" in found
    assert "unit factor" in pipeline.diagnoses(DOCUMENT)[0]
