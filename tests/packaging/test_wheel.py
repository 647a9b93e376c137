"""The wheel brings the command, the app and the samples, and takes no name that belongs to others."""

import configparser
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import venv
import zipfile
from pathlib import Path
from urllib.error import URLError

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("app.py", "pages", "validators", "sample_data", ".streamlit", "pyproject.toml", "README.md", "LICENSE")
BESIDE = Path(sys.prefix) / "beside"
NO_TRACE = shutil.ignore_patterns("__pycache__", "runs", "jobs", "*.egg-info")
LEFT_BY_USE = (
    "sample_data/lending/runs/1/results.json",
    "sample_data/lending/jobs/1/state.json",
    "sample_data/lending/__pycache__/x.pyc",
)


def run(*command, cwd, **environment):
    """Output of a command that must succeed, with nothing of the checkout on the path."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The checkout as its user leaves it: with runs, jobs and caches in the sample projects."""
    folder = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=NO_TRACE)
        else:
            shutil.copy(source, folder / name)
    for name in LEFT_BY_USE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("left by use")
    return folder


@pytest.fixture(scope="module")
def wheel(tree):
    """Built by the backend that pyproject.toml names, as pip calls it."""
    run(sys.executable, "-c", "from setuptools import build_meta; build_meta.build_wheel('dist')", cwd=tree)
    (built,) = (tree / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel):
    """What is in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Site-packages with the wheel and PyPI's `validators`; the dependencies are borrowed from the tests' own."""
    if not BESIDE.is_dir():
        message = f"{BESIDE} is missing: `make test` installs PyPI's validators there"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    (site,) = folder.glob("lib/python*/site-packages")
    shutil.copytree(BESIDE, site, dirs_exist_ok=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "-qq", "--no-deps", "--no-index", wheel, cwd=folder)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    return site


def python(site):
    return site.parents[2] / "bin" / "python"


def test_the_only_top_level_name_is_seatrial(names):
    top = {name.partition("/")[0] for name in names}

    assert {name for name in top if not name.endswith(".dist-info")} == {"seatrial"}


def test_app_pages_settings_and_policies_are_inside(names):
    expected = {"seatrial/app.py", "seatrial/.streamlit/config.toml", "seatrial/validators/py.typed"}
    for folder, pattern in [("pages", "*.py"), ("validators", "*.py"), ("validators/policies", "*.toml")]:
        found = {f"seatrial/{path.relative_to(ROOT)}" for path in (ROOT / folder).rglob(pattern)}
        assert found, folder
        expected |= found

    assert sorted(expected - names) == []


def test_every_file_of_the_samples_is_inside_but_for_what_use_leaves_behind(tree, names):
    samples = {path.relative_to(tree) for path in (tree / "sample_data").rglob("*") if path.is_file()}
    kept = {f"seatrial/{path}" for path in samples if str(path) not in LEFT_BY_USE}

    assert kept
    assert {name for name in names if name.startswith("seatrial/sample_data/")} == kept


def test_the_command_is_seatrial(wheel, names):
    (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
    parser = configparser.ConfigParser()
    with zipfile.ZipFile(wheel) as archive:
        parser.read_string(archive.read(entry_points).decode())

    assert dict(parser["console_scripts"]) == {"seatrial": "seatrial.validators.cli:main"}


def test_validators_of_pypi_works_beside_the_wheel(installed):
    code = "import validators; print(validators.__file__, validators.email('captain@example.org'), bool(validators.email('no')))"
    where, good, bad = run(python(installed), "-c", code, cwd=installed.parent).split()

    assert Path(where).parent == installed / "validators"
    assert (good, bad) == ("True", "False")


def test_every_module_of_ours_imports_from_the_wheel(installed):
    """Nothing of ours falls back on a top-level `validators`, which is not ours there."""
    code = """
import importlib, pkgutil, sys
import seatrial.validators as ours
for module in pkgutil.walk_packages(ours.__path__, "seatrial.validators."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(ours.__file__, sorted(name for name in sys.modules if name.partition(".")[0] in {"validators", "app", "pages"}))
"""
    where, strangers = run(python(installed), "-c", code, cwd=installed.parent).strip().split(" ", 1)

    assert Path(where).parent == installed / "seatrial" / "validators"
    assert strangers == "[]"


def test_the_command_runs_from_the_wheel(installed, tmp_path):
    command = python(installed).with_name("seatrial")
    text = run(command, "--help", cwd=tmp_path, COLUMNS="200", NO_COLOR="1", TERM="dumb")

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"seatrial-{version}.dist-info" in {path.name for path in installed.iterdir()}
    for name in ("app", "init", "run", "gate", "snapshot", "verify", "explain", "demo", "keys"):
        assert name in text.split(), name


@pytest.fixture
def served(installed, tmp_path):
    """Address of the app, started by the installed command from a folder that is not the checkout."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("STREAMLIT_", "PYTHONPATH"))
    }
    with log.open("w") as stream:
        server = subprocess.Popen(
            [python(installed).with_name("seatrial"), "app", "--port", str(port)],
            cwd=tmp_path,
            env={**environment, "SEATRIAL_HOME": str(tmp_path / "home")},
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
                    assert answer.read() == b"ok"
                break
            except (URLError, OSError):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        yield address, log
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


@pytest.mark.browser
def test_the_installed_app_opens_on_our_own_validators(served):
    """A page that found PyPI's `validators` instead would show an error where its title should be."""
    from playwright.sync_api import sync_playwright

    address, log = served
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("[data-testid='stApp'] h1", timeout=60_000)
        page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=60_000)
        errors = page.locator("[data-testid='stException']").all_inner_texts()
        browser.close()

    assert errors == []
    assert "Traceback" not in log.read_text()
