"""The commands as users type them: exit codes, clean output, one sentence for bad input, never a traceback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from validators.cli.execute import execute
from validators.engine.run import nothing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def seatrial(home):
    def command(*arguments, **environment):
        env = (
            os.environ
            | {"PYTHONPATH": str(ROOT), "SEATRIAL_HOME": str(home), "SEATRIAL_KEY_PASSPHRASE": "correct horse"}
            | environment
        )
        found = subprocess.run(
            [sys.executable, "-m", "validators.cli", *map(str, arguments)],
            cwd=home, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert "Traceback" not in found.stderr, found.stderr
        return found

    return command


@pytest.fixture
def trial(tmp_path):
    """The credit sample, as predictions only: quick to run, no model process."""
    folder = tmp_path / "trial"
    shutil.copytree(ROOT / "sample_data" / "credit", folder, ignore=shutil.ignore_patterns("results", "build.py"))
    return folder


QUICK = ("--check", "PRF101", "--check", "DRF102")


def edit(trial, old, new):
    path = trial / "seatrial.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_narrowed_run_is_incomplete_at_best_and_writes_everything(seatrial, trial, tmp_path):
    found = seatrial("run", trial, *QUICK, "--out", tmp_path / "out", "--json")
    document = json.loads(found.stdout)

    assert found.returncode == 3
    assert document == json.loads((tmp_path / "out" / "results.json").read_text())
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "results.json",
        "policy.toml",
        "grid.json",
        "summaries.json",
        "report.html",
    }
    assert document["plan"]["narrowed"]
    assert document["verdict"] == "INCOMPLETE"
    assert any(n["what"] == "LEK101" for n in document["plan"]["not_tested"])


def test_equal_runs_give_equal_bytes_but_for_times_and_ids(seatrial, trial, tmp_path):
    documents = []
    for name in ("a", "b"):
        seatrial("run", trial, *QUICK, "--out", tmp_path / name, "--workers", "2" if name == "b" else "1")
        held = json.loads((tmp_path / name / "results.json").read_text())
        held["run"] = None
        for r in held["results"]:
            r["seconds"] = None
        documents.append(held)
        assert (tmp_path / name / "summaries.json").read_bytes() == (tmp_path / "a" / "summaries.json").read_bytes()

    assert documents[0] == documents[1]


def test_an_out_that_is_not_empty_is_refused_and_left_alone(seatrial, trial, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    found = seatrial("run", trial, *QUICK, "--out", tmp_path / "out")

    assert found.returncode == 2
    assert "is not empty" in found.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine"]


def break_table(trial):
    (trial / "test.parquet").write_bytes(b"PAR1 no more")


def break_model(trial):
    model = next(trial.glob("candidate.*"))
    model.write_bytes(b"not a model")


BROKEN = {
    "unknown check": (lambda t: None, ("--check", "DRF11"), "did you mean 'DRF101'"),
    "unknown suite": (lambda t: None, ("--suite", "fast"), "quick or release"),
    "unknown key": (lambda t: edit(t, "target =", "targett ="), (), "did you mean 'target'"),
    "missing file": (lambda t: (t / "test.parquet").unlink(), (), "no file 'test.parquet'"),
    "broken table": (break_table, (), "cannot be read as parquet"),
    "broken model": (break_model, (), "cannot be loaded"),
    "not toml": (lambda t: (t / "seatrial.toml").write_text("a ="), (), "not valid TOML"),
    "no project": (lambda t: (t / "seatrial.toml").unlink(), (), "seatrial init"),
    "unknown option": (
        lambda t: edit(t, "[run]", "[options.DRF101]\nconfidense = 0.9\n[run]"),
        (),
        "did you mean 'confidence'",
    ),
    "wrong positive": (lambda t: edit(t, 'positive = "bad"', 'positive = "worse"'), (), "no row has"),
    "workers": (lambda t: None, ("--workers", "many"), "number of processes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bad_input_gets_a_sentence_and_exit_code_2(seatrial, trial, name):
    spoil, arguments, words = BROKEN[name]
    spoil(trial)
    found = seatrial("run", trial, *arguments)

    assert found.returncode == 2, found.stderr
    assert words in found.stderr
    assert found.stdout == ""
    assert not (trial / "runs").exists()


def test_gate_judges_a_run_by_its_policy_and_by_another(seatrial, trial, tmp_path):
    seatrial("run", trial, *QUICK, "--out", tmp_path / "out")
    policy = (tmp_path / "out" / "policy.toml").read_text()
    strict = policy.replace("warn = 0.01\nfail = 0.05", "warn = -1.0\nfail = -0.9")
    assert strict != policy
    (tmp_path / "strict.toml").write_text(strict)

    assert seatrial("gate", tmp_path / "out").returncode == 3
    assert seatrial("gate", tmp_path / "out", "--policy", tmp_path / "strict.toml").returncode == 1
    (tmp_path / "wrong.toml").write_text(policy.replace("missing_difference", "missing_diference", 1))
    found = seatrial("gate", tmp_path / "out", "--policy", tmp_path / "wrong.toml")
    assert found.returncode == 2
    assert "missing_difference" in found.stderr
    assert seatrial("gate", tmp_path).returncode == 2


def test_diff_names_what_differs_and_what_another_policy_changes(seatrial, trial, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    seatrial("run", trial, *QUICK, "--out", a)
    edit(trial, "[run]", "[options.PRF101]\nconfidence = 0.8\n[run]")
    seatrial("run", trial, *QUICK, "--out", b)

    assert seatrial("diff", a, a).returncode == 0
    found = seatrial("diff", a, b, "--json")
    assert found.returncode == 1
    held = json.loads(found.stdout)
    assert {m["check"] for m in held["measurements"]} == {"PRF101"}
    assert held["checks"] == []
    assert "plan" in held["inputs_that_differ"]

    policy = (a / "policy.toml").read_text()
    (tmp_path / "strict.toml").write_text(policy.replace("warn = 0.01\nfail = 0.05", "warn = -1.0\nfail = -0.9"))
    assert seatrial("diff", "--policy", a / "policy.toml", a).returncode == 0
    found = seatrial("diff", "--policy", tmp_path / "strict.toml", a)
    assert found.returncode == 1
    assert "DRF102" in found.stdout
    assert "-> Fail" in found.stdout
    seatrial("keys", "new", "diana")
    seatrial("snapshot", a, "--key", "diana", "--out", tmp_path / "a.zip")
    assert seatrial("diff", tmp_path / "a.zip", a).returncode == 0

    for wrong in (
        (a,),
        (a, b, a),
        (a, tmp_path / "absent"),
        ("--policy", tmp_path / "absent.toml", a),
        ("--policy", b / "grid.json", a),
    ):
        found = seatrial("diff", *wrong)
        assert (found.returncode, found.stdout) == (2, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file or folder; give a run folder, its results.json or a snapshot"),
        ("", "is neither results.json nor a snapshot; give one of these, or a run folder"),
        ("no json", "is neither results.json nor a snapshot; give one of these, or a run folder"),
        ('{"schema": "other"}', "is neither results.json nor a snapshot; give one of these, or a run folder"),
    ],
)
def test_a_side_of_diff_that_is_none_is_told_what_it_can_be(seatrial, tmp_path, content, words):
    bad = tmp_path / "bad.txt"
    if content is not None:
        bad.write_text(content)
    found = seatrial("diff", bad, bad)

    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == f"seatrial: {bad}: {words}\n"


def test_packs_are_chosen_in_the_project_recorded_and_signed(seatrial, trial, tmp_path):
    edit(trial, "tier = 2", 'tier = 2\npacks = ["us-employment", "ours.toml"]')
    found = seatrial("run", trial, "--check", "BIA101", "--out", tmp_path / "out")
    assert found.returncode == 2
    assert "[policy] packs: no file 'ours.toml'" in found.stderr
    ours = seatrial("packs", "internal").stdout
    (trial / "ours.toml").write_text(
        ours.replace('id = "internal"', 'id = "ours"').replace("warn = 0.9", "warn = 0.95")
    )
    seatrial("run", trial, "--check", "BIA101", "--out", tmp_path / "out")
    held = json.loads((tmp_path / "out" / "results.json").read_text())

    assert held["policy"]["id"] == "house-medium+us-employment-1.0.0+ours-1.0.0"
    assert [p["id"] for p in held["plan"]["packs"]] == ["us-employment", "ours"]
    (result,) = held["results"]
    limits = {json.dumps(m["limit"]) for m in result["measurements"] if m["metric"] == "selection_ratio"}
    assert {json.loads(limit)["warn"] for limit in limits if limit != "null"} == {0.95}
    assert "Policy packs" in (tmp_path / "out" / "report.html").read_text()
    assert "not legal advice" in (tmp_path / "out" / "report.html").read_text()

    same = seatrial("gate", tmp_path / "out", "--policy", tmp_path / "out" / "policy.toml", "--json")
    assert json.loads(same.stdout) == held
    (tmp_path / "plain.toml").write_text((ROOT / "validators" / "policies" / "medium.toml").read_text())
    plain = json.loads(seatrial("gate", tmp_path / "out", "--policy", tmp_path / "plain.toml", "--json").stdout)
    assert (plain["policy"]["id"], plain["plan"].get("packs")) == ("house-medium", None)
    seatrial("keys", "new", "gina")
    assert seatrial("snapshot", tmp_path / "out", "--key", "gina", "--out", tmp_path / "s.zip").returncode == 0
    shown = json.loads(seatrial("verify", tmp_path / "s.zip", "--json").stdout)
    assert (
        "us-employment" in json.dumps(shown) or seatrial("diff", tmp_path / "s.zip", tmp_path / "out").returncode == 0
    )


def test_packs_are_listed_and_printed_and_claim_nothing(seatrial):
    listed = seatrial("packs").stdout

    assert "us-credit-new-jersey" in listed
    assert "not legal advice" in listed
    assert seatrial("packs", "uk").stdout.startswith('id = "uk"')
    assert seatrial("packs", "ukk").returncode == 2
    assert "did you mean 'uk'" in seatrial("packs", "ukk").stderr


def test_an_unknown_pack_is_told_with_the_nearest_one(seatrial, trial):
    edit(trial, "tier = 2", 'tier = 2\npacks = ["us-employmnt"]')
    found = seatrial("run", trial, "--check", "BIA101")

    assert found.returncode == 2
    assert "did you mean 'us-employment'?" in found.stderr


def test_explain_prints_every_check_and_its_three_texts(seatrial):
    listed = seatrial("explain", "all").stdout

    for code in (line.split()[0] for line in listed.splitlines()):
        found = seatrial("explain", code) if code in ("PRF101", "NOI104") else None
        assert found is None or all(
            h in found.stdout for h in ("How it is measured", "Why it matters", "What to do", "Metrics:")
        )
    assert seatrial("explain", "XXX999").returncode == 2


def test_every_command_has_help(seatrial):
    for command in ("run", "gate", "diff", "init", "explain", "demo", "snapshot", "verify", "app", "keys", "packs"):
        assert seatrial(command, "--help").returncode == 0


def test_from_a_key_to_a_verified_snapshot_and_a_tampered_one(seatrial, trial, tmp_path):
    seatrial("run", trial, *QUICK, "--out", tmp_path / "out")
    assert seatrial("keys", "new", "dora").returncode == 0
    assert seatrial("keys", "new", "dora").returncode == 2
    file = tmp_path / "s.zip"
    assert seatrial("snapshot", tmp_path / "out", "--key", "dora", "--out", file).returncode == 0
    found = seatrial("verify", file, "--data", f"test={trial / 'test.parquet'}", "--json")
    assert (found.returncode, json.loads(found.stdout)["owner"]) == (0, "dora")
    assert seatrial("verify", file, "--require", "passed").returncode == 4
    assert "dora" in seatrial("keys", "list").stdout
    spoiled = tmp_path / "t.zip"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    spoiled.write_bytes(bytes(data))
    assert seatrial("verify", spoiled).returncode in (1, 2)
    assert seatrial("verify", tmp_path / "absent.zip").returncode == 2
    assert (
        seatrial("snapshot", tmp_path / "out", "--key", "dora", SEATRIAL_KEY_PASSPHRASE="wrong horse").returncode == 2
    )
    assert seatrial("keys", "revoke", "dora", "--reason", "left").returncode == 0
    assert seatrial("verify", file).returncode == 3


def test_init_writes_a_project_that_runs(seatrial, trial):
    (trial / "seatrial.toml").unlink()
    found = seatrial("init", trial)

    assert found.returncode == 0
    assert "CHECK THIS" in found.stderr or "target" in found.stderr
    assert seatrial("init", trial).returncode == 2
    assert seatrial("run", trial, *QUICK).returncode in (1, 3)


def test_a_snapshot_stands_in_for_the_prior_without_its_rows(seatrial, trial, tmp_path):
    seatrial("run", trial, "--check", "PRF101", "--check", "PRD102", "--check", "DRF101", "--out", tmp_path / "out")
    seatrial("keys", "new", "emil")
    seatrial("snapshot", tmp_path / "out", "--key", "emil", "--out", trial / "before.zip")
    edit(trial, 'reference = "reference.parquet"\n', "")
    prior = next(line for line in (trial / "seatrial.toml").read_text().splitlines() if line.startswith("prior"))
    edit(trial, prior, 'prior_snapshot = "before.zip"')
    found = seatrial(
        "run",
        trial,
        "--check",
        "PRD102",
        "--check",
        "DRF101",
        "--check",
        "DRF103",
        "--out",
        tmp_path / "next",
        "--json",
    )
    held = {r["check"]: r for r in json.loads(found.stdout)["results"]}

    assert held["DRF101"]["status"] == "MEASURED"
    shifts = [m["value"] for m in held["DRF101"]["measurements"] if m["metric"] == "shift_sigma"]
    assert shifts
    assert max(shifts) < 1e-9  # the same rows then and now
    score = next(m for m in held["PRD102"]["measurements"] if m["metric"] == "shift_sigma")
    assert score["value"] == pytest.approx(0, abs=1e-9)
    assert "snapshot" in score["note"]
    assert "against train" in held["DRF103"]["measurements"][0]["note"]


@pytest.mark.slow
def test_a_killed_run_leaves_nothing_half_written(trial, tmp_path):
    """kill -9 at many moments: the run folder is whole or absent."""
    out = tmp_path / "out"
    for k in range(12):
        process = subprocess.Popen(
            [sys.executable, "-m", "validators.cli", "run", str(trial), "--suite", "quick", "--out", str(out)],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        time.sleep(0.7 * (k + 1))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if out.exists():
            assert len(list(out.iterdir())) == 5
            json.loads((out / "results.json").read_text())
            shutil.rmtree(out)


def test_a_quick_run_says_what_it_cannot_see(trial, tmp_path, monkeypatch):
    monkeypatch.setattr("validators.engine.plan.QUICK_ROWS", 350)
    done = execute(trial, suite="quick", only=("PRF101",), out=tmp_path / "out", progress=nothing)
    lost = {held["what"]: held["why"] for held in done.document["plan"]["not_tested"]}

    assert "about 2.0 times as large" in lost["test: 1,050 of 1,400 rows"]
