"""The lock files install what pyproject.toml asks for, by hash, from wherever the user's pip looks."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "requirements.txt": ("boost", "catboost", "onnx"),
    "requirements-dev.txt": ("boost", "catboost", "onnx", "mlflow", "dask", "dev"),
}
PLATFORMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
]
PYTHONS = ["3.11", "3.12", "3.13"]


def environments():
    """Every platform and Python that the lock files are for."""
    for platform in PLATFORMS:
        for version in PYTHONS:
            yield {
                **default_environment(),
                **platform,
                "python_version": version,
                "python_full_version": f"{version}.1",
            }


def entries(name):
    """Yield each pin of a lock file with the lines that follow it."""
    text = (ROOT / name).read_text()
    for block in re.split(r"\n(?=[A-Za-z0-9])", "\n" + text)[1:]:
        first = block.splitlines()[0].removesuffix("\\").strip()
        yield Requirement(first), block


def applies(requirement, environment):
    return requirement.marker is None or requirement.marker.evaluate(environment)


def pins(name, environment):
    """Map the package to its pinned version in one environment."""
    found = {}
    for requirement, _ in entries(name):
        if applies(requirement, environment):
            package = canonicalize_name(requirement.name)
            assert package not in found, f"{package} is pinned twice for {environment['sys_platform']}"
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            found[package] = pin.version
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name):
    found = list(entries(name))

    assert len(found) > 50
    for pin, block in found:
        hashes = re.findall(r"--hash=(\S+)", block)
        assert hashes, pin
        assert [h for h in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", h)] == [], pin


@pytest.mark.parametrize("name", [*LOCKS, "tests/packaging/beside.txt"])
def test_a_lock_names_no_index_no_host_and_no_path_of_a_machine(name):
    text = (ROOT / name).read_text()

    assert re.findall(r"://|--(?:extra-)?index-url|--find-links|--trusted-host|(?<![\w.])/\w+", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_satisfies_every_requirement_on_every_platform(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in LOCKS[name]:
        wanted += project["optional-dependencies"][extra]
    for environment in environments():
        pinned = pins(name, environment)
        for requirement in map(Requirement, wanted):
            if applies(requirement, environment):
                version = pinned.get(canonicalize_name(requirement.name))
                assert version is not None, f"{requirement} is not in {name}: run make lock"
                assert requirement.specifier.contains(version), f"{name} has {version} for {requirement}: run make lock"


def test_the_tests_run_on_the_pins_that_users_get():
    for environment in environments():
        users = pins("requirements.txt", environment)
        ours = pins("requirements-dev.txt", environment)

        assert {package: ours.get(package) for package in users} == users


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_for_processors_only(name):
    packages = {canonicalize_name(pin.name) for pin, _ in entries(name)}

    assert sorted(p for p in packages if re.search(r"nvidia|cuda|cupy|rocm|^torch$|^tensorflow$", p)) == []


def test_the_build_backend_is_pinned_because_it_runs_without_isolation():
    for environment in environments():
        assert "setuptools" in pins("requirements.txt", environment)
