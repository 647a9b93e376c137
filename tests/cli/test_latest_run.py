"""A run is stale as soon as anything that it was made from is another: `gate` then runs the project again."""

import json
import shutil
from pathlib import Path

import pytest

from validators.cli.execute import execute
from validators.cli.latest import latest_run
from validators.engine.run import nothing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A trial with code, golden rows, scenarios and a policy of its own, and a run that passes for a whole one."""
    folder = tmp_path_factory.mktemp("ran") / "trial"
    shutil.copytree(ROOT / "sample_data" / "credit", folder, ignore=shutil.ignore_patterns("results", "build.py"))
    (folder / "helpers.py").write_text("A = 1\n")
    (folder / "bad_times").mkdir()
    (folder / "bad_times" / "lean.toml").write_text('[[change]]\nfeature = "income"\nmultiply = 0.8\n')
    (folder / "ours.toml").write_text((ROOT / "validators" / "policies" / "medium.toml").read_text())
    file = folder / "seatrial.toml"
    text = file.read_text().replace(
        'candidate = "candidate.skops"', 'candidate = "candidate.skops"\ncode = ["helpers.py"]'
    )
    text = text.replace("tier = 2", 'file = "ours.toml"').replace("[columns]", 'scenarios = "bad_times"\n[columns]', 1)
    file.write_text(text)
    held = execute(folder, only=("DRF102",), progress=nothing).folder / "results.json"
    document = json.loads(held.read_text())
    document["plan"]["narrowed"] = False
    held.write_text(json.dumps(document))
    return folder


@pytest.fixture
def trial(ran, tmp_path):
    return Path(shutil.copytree(ran, tmp_path / "trial"))


def test_a_run_of_the_same_inputs_is_found(trial):
    assert latest_run(trial) is not None
    assert latest_run(trial, trial / "ours.toml") is not None


@pytest.mark.parametrize(
    "name", ["helpers.py", "bad_times/lean.toml", "ours.toml", "seatrial.toml", "test.parquet", "prior.skops"]
)
def test_it_is_stale_once_an_input_is_another(trial, name):
    with (trial / name).open("ab") as file:
        file.write(b"\n# later\n")

    assert latest_run(trial) is None
    assert (latest_run(trial, trial / "ours.toml") is not None) == (name == "ours.toml")
