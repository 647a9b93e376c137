"""A prior snapshot stands in for the reference, and leaves the trial's own numbers alone."""

import json
from dataclasses import replace

import numpy as np
import pytest

from validators.catalog import catalog
from validators.checks.score_distribution import added_up
from validators.core.errors import RunError
from validators.engine.documents import dump, grid_document, summaries_document
from validators.engine.plan import make_plan
from validators.engine.prior import PriorSummaries
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.io.project import read_project

from .projects import project

CHECKS = [c for c in catalog() if c.code in ("PRF101", "PRD102", "DRF101")]


def measured(folder, prior=None):
    trial = resolve(read_project(folder))
    if prior is not None:
        trial = replace(trial, project=replace(trial.project, prior_snapshot=folder / "before.zip"))
    return trial, measure(trial, make_plan(trial, CHECKS), prior=prior)


def snapshot_of(trial, found, **task):
    told = {"type": trial.task.type, "classes": list(trial.task.classes), "positive": trial.task.positive} | task
    members = (grid_document(found.grid), summaries_document(found.summaries), {"project": {"task": told}})
    return PriorSummaries.of(*(dump(m).encode() for m in members), trial.task)


def values(found, code):
    (result,) = [r for r in found.results if r.code == code]
    return {(m.metric, m.subject): (m.value, m.low, m.high) for m in result.measurements}


def rounded_high(role, frame):
    """Scores of another model: a percentage, hardly ever below the threshold of .4."""
    return frame.assign(score=(0.45 + 0.5 * frame.score).round(2))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_prior_snapshot_leaves_the_metrics_of_the_candidate_as_they_are(tmp_path, task):
    before = project(tmp_path / "before", task=task, n=2000, **({"change": rounded_high} if task == "binary" else {}))
    prior = snapshot_of(*measured(before))
    now = project(tmp_path / "now", task=task, n=2000)
    alone, beside = (values(measured(now, held)[1], "PRF101") for held in (None, prior))

    assert alone.keys() == beside.keys()
    for key, ends in alone.items():
        assert beside[key] == pytest.approx(ends, abs=1e-3), key


def test_the_same_rows_are_the_same_and_other_scores_are_told(tmp_path):
    now = project(tmp_path / "now", n=2000)
    same = values(measured(now, snapshot_of(*measured(now)))[1], "PRD102")["shift_sigma", "model"]
    before = project(tmp_path / "before", n=2000, change=rounded_high)
    other = values(measured(now, snapshot_of(*measured(before)))[1], "PRD102")["shift_sigma", "model"]

    assert same[0] == pytest.approx(0, abs=1e-9)
    assert other[1] > 1


@pytest.mark.parametrize("task", [{"classes": [1, 0]}, {"positive": 0}, {"type": "multiclass"}])
def test_a_snapshot_of_another_task_is_refused(tmp_path, task):
    trial, found = measured(project(tmp_path / "p"))
    with pytest.raises(RunError, match=r"^prior snapshot: its task is .* that of this project binary with \[0, 1\]"):
        snapshot_of(trial, found, **task)


def test_a_snapshot_whose_results_tell_no_task_is_refused(tmp_path):
    trial, found = measured(project(tmp_path / "p"))
    members = (grid_document(found.grid), summaries_document(found.summaries))
    with pytest.raises(RunError, match="^prior snapshot: its summaries cannot be read"):
        PriorSummaries.of(*(dump(m).encode() for m in members), json.dumps({}).encode(), trial.task)


def test_bins_between_fewer_cuts_add_up():
    rng = np.random.default_rng(0)
    fewer, cuts = np.array([0.2, 0.5, np.inf]), np.array([0.1, 0.2, 0.3, 0.5, 0.8, np.inf])
    scores, group = rng.random(500), rng.integers(0, 2, 500)
    fine, coarse = (np.zeros((2, 1, len(c) + 3)) for c in (cuts, fewer))
    for counts, edges in ((fine, cuts), (coarse, fewer)):
        np.add.at(counts, (group, 0, np.searchsorted(edges, scores, side="right")), 1.0)
        counts[:, 0, -2:] = [[1, 2], [3, 4]]

    np.testing.assert_array_equal(added_up(fine, cuts, fewer), coarse)
