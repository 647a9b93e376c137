"""Planted faults on real data: found and named, and sound twins left in peace. Twenty cases; the whole is a dated benchmark."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.faults.run import run_case, scorer

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
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda a: run_case(cases / a["id"], runs / a["id"], tested=False), answers))
    results = {a["id"]: json.loads((runs / a["id"] / "results.json").read_text()) for a in answers}
    return scorer(FAULTS).score(answers, results), results


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
