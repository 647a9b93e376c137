"""Where things lie: the user's home of keys and projects, the sample projects, the app."""

import os
import shutil
from pathlib import Path

import platformdirs

from ..core.errors import ProjectError

ROOT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """``SEATRIAL_HOME``, or the platform's user data folder."""
    named = os.environ.get("SEATRIAL_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("seatrial", appauthor=False))


def sample_project(name: str) -> Path:
    """A sample project's folder, read-only by convention."""
    folder = ROOT / "sample_data" / name
    known = sorted(p.parent.name for p in (ROOT / "sample_data").glob("*/seatrial.toml"))
    if name not in known:
        raise ProjectError(f"no sample project {name!r}; there are {', '.join(known)}")
    return folder


def user_copy(sample: Path) -> Path:
    """A copy of a sample project in the user's folder of projects, made once; runs and results stay with the copy."""
    target = home() / "projects" / sample.name
    if not (target / "seatrial.toml").exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        making = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copytree(sample, making, ignore=shutil.ignore_patterns("results", "__pycache__", "build.py"))
        making.rename(target)
    return target
