"""Models that run code, on a machine that cannot confine them: refused, or let in and recorded wherever the run is shown."""

import json

import pytest
from typer.testing import CliRunner

from tests.engine.projects import project
from validators.cli import app
from validators.cli.execute import execute
from validators.cli.latest import latest_run
from validators.confined.process import Limits
from validators.core.errors import ModelError
from validators.engine import scoring
from validators.engine.places import run_options
from validators.engine.run import nothing
from validators.snapshot.statement import statement
from validators.views.reading import unconfined
from validators.views.report import report_html
from validators.views.sentences import isolation_sentence


@pytest.fixture
def open_machine(monkeypatch):
    """A machine without Landlock and seccomp."""
    monkeypatch.setattr(scoring, "limits_of", lambda _: Limits(layers=()))


@pytest.mark.usefixtures("open_machine")
def test_code_is_refused_and_an_override_is_recorded_in_results_report_and_snapshot(tmp_path):
    folder = project(tmp_path / "p", model=True)
    with pytest.raises(ModelError, match=r"candidate.joblib was not loaded.*--allow-unconfined"):
        execute(folder, only=("PRF101",), out=tmp_path / "a", progress=nothing)
    assert not (tmp_path / "a").exists()
    document = execute(folder, only=("PRF101",), out=tmp_path / "b", allow_unconfined=True, progress=nothing).document

    held = document["environment"]
    assert (held["isolation"], held["allow_unconfined"]) == ("process", True)
    assert "Not confined" in report_html(document)
    predicate = statement(document, {"results.json": b""}, created="2026-01-01T00:00:00+00:00", prev=None)["predicate"]
    assert (predicate["isolation"], predicate["allowUnconfined"]) == ("process", True)


def test_a_run_with_an_override_is_no_run_of_a_gate_without_one(tmp_path):
    folder = project(tmp_path / "p")
    run = execute(folder, only=("PRF101",), progress=nothing).folder
    document = json.loads((run / "results.json").read_text())
    document["plan"]["narrowed"] = False
    for level, allowed, fits in (("full", True, True), ("process", True, False), ("process", False, True)):
        document["environment"] |= {"isolation": level, "allow_unconfined": allowed}
        (run / "results.json").write_text(json.dumps(document))
        assert (latest_run(folder) == run) is fits
        assert latest_run(folder, allow_unconfined=True) == run


@pytest.mark.parametrize("level", ["full", "partial", "process", "no model"])
def test_the_level_is_told_in_a_sentence(level):
    environment = {"isolation": level, "allow_unconfined": True}

    assert ("--allow-unconfined" in isolation_sentence(environment)) is (level in ("partial", "process"))
    assert unconfined({"environment": environment}) is (level in ("partial", "process"))
    assert level in isolation_sentence(environment) or level == "no model"


def test_run_gate_and_app_take_the_option_and_jobs_of_the_app_pass_it_on():
    for command in ("run", "gate", "app"):
        assert "--allow-unconfined" in CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    assert run_options({"SEATRIAL_ALLOW_UNCONFINED": "1"}) == ["--allow-unconfined"]
    assert run_options({"SEATRIAL_ALLOW_UNCONFINED": ""}) == run_options({}) == []
