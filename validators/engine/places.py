"""Where things lie: the user's home of keys and projects, the sample projects, and the projects that the app may open."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from ..core.errors import ProjectError
from ..io.project import PROJECT_FILE

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_data"
MOST_PROJECTS = 200


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """``SEATRIAL_HOME``, or the platform's user data folder."""
    named = environment.get("SEATRIAL_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("seatrial", appauthor=False))


def data_root(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that data may be picked from (``SEATRIAL_DATA_ROOT``); None when there is none."""
    named = environment.get("SEATRIAL_DATA_ROOT")
    return Path(named).resolve() if named else None


def samples() -> dict[str, Path]:
    """The sample projects by name."""
    return {p.parent.name: p.parent for p in sorted(SAMPLES.glob(f"*/{PROJECT_FILE}"))}


def known_projects(environment: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """Every project that the app may open, by the id that stands in its address.

    Samples by their name; the one that the app was started with as ``this-NAME``; the user's own as ``my-NAME``; those under the data
    root as ``root-NAME``. A path in an address is never opened.
    """
    found: dict[str, Path] = {}
    named = environment.get("SEATRIAL_PROJECT")
    if named and (Path(named) / PROJECT_FILE).is_file():
        found[f"this-{Path(named).resolve().name}"] = Path(named).resolve()
    found |= samples()
    own = sorted((home(environment) / "projects").glob(f"*/{PROJECT_FILE}"))
    found |= {f"my-{p.parent.name}": p.parent for p in own[:MOST_PROJECTS]}
    root = data_root(environment)
    if root is not None:
        listed = sorted(root.glob(f"*/{PROJECT_FILE}"))
        found |= {f"root-{p.parent.name}": p.parent for p in listed[:MOST_PROJECTS]}
    return found


def runs_of(project: Path) -> dict[str, Path]:
    """Run folders of a project by name, the newest first; a sample's precomputed run is called ``results``."""
    held = [p.parent for p in (project / "runs").glob("*/results.json")]
    shipped = project / "results"
    found = {p.name: p for p in sorted(held, key=lambda p: p.name, reverse=True)}
    return found | ({"results": shipped} if (shipped / "results.json").is_file() else {})


def new_project(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """A new, empty folder for a project of the user; a number is added to a name that is taken."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-").lower()[:60] or "project"
    parent = home(environment) / "projects"
    for number in range(1, 1000):
        folder = parent / (base if number == 1 else f"{base}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise ProjectError(f"{parent}: a thousand projects are called {base!r}; choose another name")


def user_copy(sample: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """A copy of a sample project in the user's folder of projects, made once; runs and results stay with the copy."""
    target = home(environment) / "projects" / sample.name
    if not (target / PROJECT_FILE).exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        making = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copytree(sample, making, ignore=shutil.ignore_patterns("results", "__pycache__", "build.py"))
        making.rename(target)
    return target


def safe_name(name: str) -> str:
    """The file name of an upload without folders or odd characters; raises ProjectError when nothing is left."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(name.replace("\\", "/")).name).lstrip(".")
    if not base:
        raise ProjectError(f"{name!r}: is no file name")
    return base[:120]
