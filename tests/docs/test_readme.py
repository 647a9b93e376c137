"""Every example of the README runs as printed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from validators.catalog import catalog
from validators.io.project_problems import SECTIONS
from validators.views.words import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def shell(tmp_path):
    """A folder with a trial in it, and a shell in which `seatrial` is the command of this checkout."""
    command = tmp_path / "bin" / "seatrial"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m validators.cli "$@"\n')
    command.chmod(0o755)
    trial = tmp_path / "mytrial"
    trial.mkdir()
    for name in ("candidate.joblib", "candidate.skops", "test.parquet", "reference.parquet"):
        source = ROOT / "sample_data" / "credit" / name
        if source.exists():
            shutil.copy(source, trial / name)
    environment = {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SEATRIAL_HOME": str(tmp_path / "home"),
        "SEATRIAL_KEY_PASSPHRASE": "correct horse battery staple",
        "HOME": str(tmp_path),
    }

    def run(text):
        return subprocess.run(
            ["bash", "-e", "-c", text], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_the_first_trial_and_its_verification_run_as_printed(shell):
    found = shell("\n".join(blocks("sh")))

    assert found.returncode == 0, found.stderr
    assert "wrote mytrial/seatrial.toml" in found.stdout
    assert "VALID" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_first_trial_takes_five_commands():
    assert len([line for line in blocks("sh")[0].splitlines() if line.startswith("seatrial")]) == 5


def test_the_project_file_that_is_shown_has_only_known_keys():
    shown = tomllib.loads(blocks("toml")[0])

    for section, held in shown.items():
        assert section in SECTIONS or section == "slices"
        assert set(held) <= set(SECTIONS.get(section, held))


def test_the_readme_names_the_built_families_and_no_others():
    section = README.split("## What is checked")[1].split("## ")[0]
    named = {family for family in FAMILIES if f"**{FAMILIES[family].title.lower()}**" in section}

    assert {c.family.value for c in catalog()} == named


def test_links_and_pictures_of_the_readme_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


PROJECT = (ROOT / "docs" / "project.md").read_text("utf-8")


def test_every_key_of_a_project_file_is_explained():
    told = set(re.findall(r"`([a-z_]+)`", PROJECT.split("| section |")[1]))

    assert {key for keys in SECTIONS.values() for key in keys} <= told
