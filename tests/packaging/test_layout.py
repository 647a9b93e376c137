"""pyproject.toml lists what is in the folders, and declares what the code imports."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Formats that a user may have, imported only when a model of theirs is in one.
OPTIONAL = {"mlflow"}
SHIPPED = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *sorted((ROOT / "validators").rglob("*.py"))]


def test_the_package_list_is_the_list_of_folders():
    folders = {path.parent for path in SHIPPED if path.is_relative_to(ROOT / "validators")}
    folders |= {path.parent for path in (ROOT / "validators").rglob("*.toml")}
    expected = {".".join(("seatrial", *folder.relative_to(ROOT).parts)) for folder in folders}
    expected |= {"seatrial", "seatrial.pages", "seatrial.sample_data"}

    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == expected


def imported(path):
    """Top-level names that a module imports absolutely, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_whatever_the_code_imports_is_declared():
    project = PYPROJECT["project"]
    declared = [
        *project["dependencies"],
        *project["optional-dependencies"]["boost"],
        *project["optional-dependencies"]["catboost"],
        *project["optional-dependencies"]["onnx"],
        *project["optional-dependencies"]["dask"],
    ]
    allowed = {canonicalize_name(Requirement(line).name) for line in declared}
    providers = packages_distributions()
    undeclared = {}
    for path in SHIPPED:
        for name in set(imported(path)) - sys.stdlib_module_names - OPTIONAL - {"validators", "pages"}:
            distributions = {canonicalize_name(d) for d in providers.get(name, [name])}
            if not distributions & allowed:
                undeclared.setdefault(name, str(path.relative_to(ROOT)))

    assert undeclared == {}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "validators").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_validators_imports_itself_relatively(path):
    """In the wheel it is seatrial.validators, and `validators` may be somebody else's."""
    assert not {"validators", "seatrial", "app", "pages"} & set(imported(path))


def test_no_file_of_ours_names_the_package_as_a_module_to_run():
    """`python -m validators.x` would run nothing, or a stranger, where the wheel is installed."""
    named = [
        str(p.relative_to(ROOT))
        for p in SHIPPED
        if re.search(r"""["']-m["'],\s*["'](?:validators|seatrial)\b""", p.read_text())
    ]

    assert named == []
