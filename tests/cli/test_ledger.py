"""The ledger counts distinct candidates on the same test data, in runs and along prior snapshots."""

import json

import pytest

from tests.engine.projects import project
from validators.cli import ledger
from validators.core.data import Role
from validators.engine.store import file_digest
from validators.io.project import read_project


def document(test, candidate, looks=1):
    model = None if candidate is None else {"sha256": candidate}
    measured = [{"metric": "looks", "value": float(looks)}]
    return {
        "inputs": {"data": {"test": {"sha256": test}}, "model": {"candidate": model}},
        "results": [{"measurements": measured}],
    }


@pytest.fixture
def trial(tmp_path, monkeypatch):
    held = read_project(project(tmp_path / "p", n=60))
    monkeypatch.setattr(ledger, "read_results", lambda run: json.loads((run / "results.json").read_text()))
    return held, file_digest(held.data[Role.TEST])


def test_other_candidates_on_the_same_rows_are_looks_and_runs_of_one_candidate_are_one(trial):
    held, digest = trial
    for k, (test, candidate) in enumerate(
        [(digest, "a"), (digest, "a"), (digest, "b"), ("other rows", "c"), (digest, None)]
    ):
        folder = held.folder / "runs" / str(k)
        folder.mkdir(parents=True)
        (folder / "results.json").write_text(json.dumps(document(test, candidate)))

    assert ledger.looks_at(held) == (ledger.PREDICTIONS, "a", "b")


def test_a_prior_snapshot_hands_on_its_own_count(trial, monkeypatch):
    from dataclasses import replace

    held, digest = trial
    monkeypatch.setattr(ledger, "read_member", lambda file, name: json.dumps(document(digest, "a", looks=4)).encode())

    assert len(ledger.looks_at(replace(held, prior_snapshot=held.folder / "s.zip"))) == 1 + 4


def test_without_runs_it_is_the_first_look(trial):
    assert ledger.looks_at(trial[0]) == (ledger.PREDICTIONS,)
