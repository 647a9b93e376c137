"""The sample projects: complete, documented, rebuilt from their scripts, and with results that are not canned."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from validators.core.data import Role
from validators.engine.trial import resolve
from validators.io.project import read_project

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("credit", "hotel", "lending")
FOLDERS = {name: ROOT / "sample_data" / name for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_a_complete_project_with_a_datasheet(name):
    trial = resolve(read_project(FOLDERS[name]))
    sheet = (FOLDERS[name] / "DATASHEET.md").read_text("utf-8")

    assert trial.scorers == ("candidate", "prior")
    assert "licence" in sheet.lower()
    assert all(f"`{c}`" in sheet for c in (trial.task.target, trial.project.columns.key))


def test_the_samples_hold_models_of_three_formats():
    suffixes = {p.suffix for n in NAMES for p in (read_project(FOLDERS[n]).candidate, read_project(FOLDERS[n]).prior)}

    assert {".skops", ".joblib", ".ubj"} <= suffixes


def test_lending_says_at_once_that_it_is_simulated_and_fills_every_role():
    for file in ("seatrial.toml", "DATASHEET.md"):
        assert "simulated" in (FOLDERS["lending"] / file).read_text("utf-8").splitlines()[0].lower()
    assert set(read_project(FOLDERS["lending"]).data) == set(Role)


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_unique_and_belong_to_one_role(name):
    project = read_project(FOLDERS[name])
    keys = [pd.read_parquet(p, columns=[project.columns.key]) for r, p in project.data.items() if r is not Role.SERVING]
    held = pd.concat(keys)[project.columns.key]

    assert held.is_unique


def test_serving_holds_the_keys_of_test_with_income_by_the_month():
    project = read_project(FOLDERS["lending"])
    test, serving = (
        pd.read_parquet(project.data[r]).set_index(project.columns.key).sort_index() for r in (Role.TEST, Role.SERVING)
    )

    assert test.index.equals(serving.index)
    ratio = (serving.income / test.income).median()
    assert min(ratio, 1) == pytest.approx(1 / 12, rel=0.05)


def test_the_planted_leak_has_its_time_stamp():
    test = pd.read_parquet(FOLDERS["lending"] / "test.parquet")

    assert 0.05 < (test.bureau_score_at > test.applied_at).mean() < 0.2


def results(name):
    return json.loads((FOLDERS[name] / "results" / "results.json").read_text("utf-8"))


EXPECTED = {
    "PRF202": ("south", "a weak slice"),
    "DRF101": ("utilisation", "drift of an important feature"),
    "NOI102": ("loan_amount", "a brittle feature"),
    "BKT102": ("2024-0", "decay in time"),
    "LEK102": ("bureau_score", "a leak"),
    "PIP103": ("income", "a unit change in serving"),
}


@pytest.mark.parametrize("code", EXPECTED)
def test_the_results_show_the_planted_faults_of_lending_by_name(code):
    word, _ = EXPECTED[code]
    found = next(r for r in results("lending")["results"] if r["check"] == code)
    alarms = [m for m in found["measurements"] if m["verdict"] in ("FAIL", "WARN")]

    assert found["verdict"] == "FAIL"
    assert any(word in m["subject"] for m in alarms)


def test_the_unplanted_features_of_lending_raise_no_drift_alarm():
    found = next(r for r in results("lending")["results"] if r["check"] == "DRF101")
    alarms = {m["subject"] for m in found["measurements"] if m["verdict"] in ("FAIL", "WARN")}

    assert alarms == {"feature:utilisation"}


def test_backtest_does_not_apply_to_credit_for_want_of_dates():
    status = {r["check"]: r["status"] for r in results("credit")["results"]}

    assert status["BKT101"] == "NOT_APPLICABLE"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_results_are_those_of_a_fresh_run(name, tmp_path):
    command = [sys.executable, "-m", "validators.cli", "run", str(FOLDERS[name]), "--out", str(tmp_path / "run")]
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    fresh = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))

    def flat(document):
        return {
            (r["check"], m["metric"], m["subject"], json.dumps(m["limit"])): (
                m["verdict"],
                m["value"],
                m["low"],
                m["high"],
            )
            for r in document["results"]
            for m in r["measurements"]
        }

    mine, shipped = flat(fresh), flat(results(name))
    assert mine.keys() == shipped.keys()
    for key, (verdict, *numbers) in mine.items():
        assert verdict == shipped[key][0], key
        np.testing.assert_allclose(
            np.array(numbers, float), np.array(shipped[key][1:], float), rtol=1e-6, atol=1e-6, err_msg=str(key)
        )
