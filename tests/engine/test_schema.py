"""results.json keeps to its schema, which is frozen at version 1; the shipped results are its golden examples."""

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from validators.catalog import metrics
from validators.core.records import Family
from validators.core.shape import problems
from validators.engine.results import SCHEMA, judged_again, measured_again
from validators.io.policies import read_policy

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_FILE = ROOT / "validators" / "engine" / "results.schema.json"
NAMES = ("credit", "hotel", "lending")
FAMILIES = tuple(f.value for f in Family)


def results(name):
    return json.loads((ROOT / "sample_data" / name / "results" / "results.json").read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_shipped_results_keep_to_the_schema(name):
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(results(name))
    assert results(name)["schema"] == SCHEMA


@pytest.mark.parametrize("name", NAMES)
def test_stated_digests_are_those_of_the_files(name):
    document, folder = results(name), ROOT / "sample_data" / name
    stated = [document["inputs"]["model"][m] for m in ("candidate", "prior")] + list(
        document["inputs"]["data"].values()
    )

    for held in stated:
        assert hashlib.sha256((folder / held["file"]).read_bytes()).hexdigest() == held["sha256"], held["file"]
    assert (
        hashlib.sha256((folder / "seatrial.toml").read_bytes()).hexdigest() == document["inputs"]["project"]["sha256"]
    )


def test_a_document_with_another_field_does_not_keep_to_the_schema():
    document = results("credit") | {"score": 87}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(document)


def test_what_was_measured_comes_back_out_of_a_document_once():
    document = results("lending")
    pairs = [(r.code, m.metric, m.subject) for r in measured_again(document) for m in r.measurements]

    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("name", NAMES)
def test_results_judged_again_by_their_own_policy_say_the_same(name):
    """Notes too: what one judging adds the next takes off."""
    folder = ROOT / "sample_data" / name / "results"
    policy = read_policy((folder / "policy.toml").read_text("utf-8"), name=name, metrics=metrics(), families=FAMILIES)
    again = judged_again(results(name), policy, results(name)["policy"]["sha256"])

    notes = [
        [(r["check"], m["metric"], m["subject"], m["note"]) for r in held["results"] for m in r["measurements"]]
        for held in (results(name), again)
    ]
    assert notes[0] == notes[1]


@pytest.mark.parametrize("odd", [None, True, 7, 0.5, "words", [], {}, ["words"], {"metric": 7}])
def test_what_fits_and_what_is_said_is_what_jsonschema_finds(odd):
    """Another hand's validator finds the same places: every field of the document in turn holds something else."""
    schema = json.loads(SCHEMA_FILE.read_text())
    theirs = jsonschema.Draft202012Validator(schema)
    document = results("credit")
    result = next(r for r in document["results"] if any(m["limit"] for m in r["measurements"]))
    document["results"] = [result | {"measurements": [next(m for m in result["measurements"] if m["limit"])]}]

    for changed in _with_each_changed(document, odd):
        paths = [
            "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in e.path) for e in theirs.iter_errors(changed)
        ]
        expected = [path.removeprefix(".")[:80] or "it" for path in paths]
        assert sorted(said.split(": ")[0] for said in problems(changed, schema)) == sorted(expected)


@pytest.mark.parametrize("odd", [{"schema": "\ud800"}, {"\ud800": 1}])
def test_half_a_surrogate_pair_is_a_problem_and_no_exception(odd):
    assert "UnicodeEncodeError" in next(problems(odd, {"properties": {"schema": {"pattern": "x"}}, "minProperties": 2}))


def _with_each_changed(held, odd):
    yield odd
    if isinstance(held, dict):
        for name, value in held.items():
            yield from ({**held, name: changed} for changed in _with_each_changed(value, odd))
    if isinstance(held, list) and held:
        yield from ([changed, *held[1:]] for changed in _with_each_changed(held[0], odd))
