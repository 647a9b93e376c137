"""Planted faults on real data: found and named, and sound twins left in peace. Twenty cases; the whole is a dated benchmark."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULTS = ROOT.parent / "shared" / "faults"
KINDS = (
    "untouched,untouched_large,legit_strong_feature,float32_serving,slice_failure,miscalibration,prediction_shift,"
    "covariate_drift_important,importance_shift,brittle_noise,unseen_category,disparate_impact,label_noise_class,dup_exact,"
    "time_travel,leak_proxy,overfit,underfit,concept_drift,unit_change"
)

pytestmark = [pytest.mark.slow, pytest.mark.shared]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Twenty cases of all twelve families, run by the command and scored by the benchmark's own script."""
    base = tmp_path_factory.mktemp("faults")
    cases, runs = base / "cases", base / "runs"
    generate = [sys.executable, str(FAULTS / "generate.py"), str(cases), "--only", KINDS, "--limit", "20"]
    subprocess.run(generate, check=True, capture_output=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    answers = json.loads((cases / "answers.json").read_text())
    results = {}
    for case in answers:
        command = [
            sys.executable,
            "-m",
            "validators.cli",
            "run",
            str(cases / case["id"]),
            "--out",
            str(runs / case["id"]),
        ]
        subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
        results[case["id"]] = json.loads((runs / case["id"] / "results.json").read_text())
    spec = importlib.util.spec_from_file_location("score", FAULTS / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.score(answers, results), results


def test_clear_and_gross_faults_are_found(report):
    scored, _ = report

    assert scored["found clear+gross"][0] >= 0.80, scored["found by fault"]


def test_sound_and_harmless_cases_do_not_fail(report):
    scored, _ = report

    assert scored["false FAIL, cases"][0] <= 0.10, scored["false FAIL by family"]


def test_no_check_is_in_error_and_no_case_costs_more_than_a_minute(report):
    _, results = report
    errors = [
        (k, r["check"], r["reason"]) for k, run in results.items() for r in run["results"] if r["status"] == "ERROR"
    ]

    assert errors == []
    assert max(run["run"]["cpu_seconds"] for run in results.values()) < 60
