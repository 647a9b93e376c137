"""Where things lie: the user's home of keys and projects, the sample projects, and the projects that the app may open."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from ..core.data import Grid, Role
from ..core.errors import ProjectError, RunError, SeatrialError
from ..core.records import Kind
from ..io.folder import MODEL_SUFFIXES
from ..io.guess import guess_project
from ..io.project import PROJECT_FILE
from ..io.tables import SUFFIXES
from ..models.loading import listed_features
from .documents import grid_from, summaries_from
from .store import write_synced

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_data"
MOST_PROJECTS = 200
UPLOADS = (*SUFFIXES, *MODEL_SUFFIXES, ".py", ".toml")
MOST_UPLOADS, UPLOAD_BYTES = 100, 200 << 20
# names that are devices on Windows, whatever follows the dot
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{k}" for port in ("COM", "LPT") for k in range(10))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open project and run. `document` is its results.json, parsed once per content (`digest`) and never changed."""

    id: str
    project: Path
    run: Path
    document: dict[str, Any]
    digest: str


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """``SEATRIAL_HOME``, or the platform's user data folder."""
    named = environment.get("SEATRIAL_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("seatrial", appauthor=False))


def data_root(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that data may be picked from (``SEATRIAL_DATA_ROOT``); None when there is none that can be read."""
    named = environment.get("SEATRIAL_DATA_ROOT")
    return Path(named).resolve() if named and Path(named).is_dir() else None


def samples() -> dict[str, Path]:
    """The sample projects by name."""
    return {p.parent.name: p.parent for p in sorted(SAMPLES.glob(f"*/{PROJECT_FILE}"))}


def run_options(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Options that every run of the app has, as its own command line asked for."""
    return ["--allow-unconfined"] if environment.get("SEATRIAL_ALLOW_UNCONFINED") else []


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


def read_summaries(run: Path, *wanted: str) -> tuple[dict[tuple[Role, Kind], Any], Grid]:
    """Summaries and grid of a run folder: all of them, or those named as ``test:outcomes/all``.

    Decoding one takes up to 30 ms, so a page names what it needs.

    Raises
    ------
    RunError
        When they cannot be read.
    """
    held = []
    for name in ("summaries.json", "grid.json"):
        try:
            held.append(json.loads((run / name).read_bytes()))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{run / name}: cannot be read ({type(error).__name__}); run the trial again") from None
    stored = held[0]
    roles = stored.get("roles") if isinstance(stored, dict) else None
    if wanted and isinstance(roles, dict) and all(isinstance(by, dict) for by in roles.values()):
        stored["roles"] = {r: {k: s for k, s in by.items() if f"{r}:{k}" in wanted} for r, by in roles.items()}
    return summaries_from(stored), grid_from(held[1])


def job_places(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the jobs of this installation take their turns."""
    return home(environment) / "places"


def receive(
    files: Mapping[str, bytes], name: str, environment: Mapping[str, str] = os.environ
) -> tuple[Path, tuple[str, ...]]:
    """Copy an upload into a new project folder and guess its project file.

    Returns
    -------
    The folder, and the reasons of each guess; none where the upload holds a project file.
    """
    named: dict[str, bytes] = {}
    for file, content in files.items():
        if (safe := safe_name(file)) in named:
            raise ProjectError(f"two files of the upload would both be called {safe}; rename one")
        named[safe] = content
    _refuse_upload(named)
    folder = new_project(name, environment)
    try:
        for file, content in named.items():
            write_synced(folder / file, content)
        return folder, adopt(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ProjectError(f"{folder}: cannot be written ({error.strerror})") from None
    except SeatrialError as error:
        shutil.rmtree(folder, ignore_errors=True)
        # who uploads knows the files by their names, not where the server put them
        told = str(error).replace(f"{folder}{os.sep}", "").replace(str(folder), "the upload")
        raise ProjectError(*told.splitlines()) from None


def _refuse_upload(files: Mapping[str, bytes]) -> None:
    """What the browser is asked to keep to, asked again here: how many files, how large, and of what kinds."""
    if len(files) > MOST_UPLOADS:
        raise ProjectError(f"{len(files)} files are more than {MOST_UPLOADS}; pick a folder under --data-root instead")
    problems = []
    for file, content in files.items():
        if not file.lower().endswith(UPLOADS):
            problems.append(f"{file}: is of no kind that is read; give one of {', '.join(UPLOADS)}")
        if len(content) > UPLOAD_BYTES:
            problems.append(
                f"{file}: is larger than {UPLOAD_BYTES >> 20} MB; start the app with --data-root FOLDER and pick a folder there"
            )
    if problems:
        raise ProjectError(*problems)


def adopt(folder: Path) -> tuple[str, ...]:
    """Guess the project file of a folder that has none; the reasons of each guess.

    Raises
    ------
    ProjectError
        When nothing can be guessed, or the folder cannot be written.
    """
    if (folder / PROJECT_FILE).exists():
        return ()
    guess = guess_project(folder, listed=listed_features)
    try:
        write_synced(folder / PROJECT_FILE, guess.toml.encode())
    except OSError as error:
        raise ProjectError(
            f"{folder}: cannot be written ({error.strerror}); copy the files into a new project"
        ) from None
    return guess.reasons


def new_project(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """A new, empty folder for a project of the user; a number is added to a name that is taken."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-").lower()[:60] or "project"
    parent = home(environment) / "projects"
    for number in range(1, 1000):
        folder = parent / (base if number == 1 else f"{base}-{number}")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise ProjectError(f"{folder}: cannot be written ({error.strerror})") from None
        return folder
    raise ProjectError(f"{parent}: a thousand projects are called {base!r}; choose another name")


def user_copy(sample: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """A copy of a sample project in the user's folder of projects, made once; runs and results stay with the copy."""
    target = home(environment) / "projects" / sample.name
    if not (target / PROJECT_FILE).exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        making = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            shutil.copytree(sample, making, ignore=shutil.ignore_patterns("results", "__pycache__", "build.py"))
            making.rename(target)
        except OSError as error:  # of copytree: a list of them, without a reason of its own
            shutil.rmtree(making, ignore_errors=True)
            raise ProjectError(f"{target}: cannot be written ({error.strerror or 'the copy failed'})") from None
    return target


def safe_name(name: str) -> str:
    """The file name of an upload without folders or odd characters; raises ProjectError when nothing is left."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(name.replace("\\", "/")).name).lstrip(".-").rstrip(".")
    if not base.strip("_"):
        raise ProjectError(f"{name[:60]!r}: is no file name")
    stem, dot, suffix = base.rpartition(".")
    cut = f"{stem[: 119 - len(suffix)]}.{suffix}" if dot and len(suffix) < 20 else base[:120]
    return f"_{cut}" if cut.split(".")[0].upper() in DEVICES else cut
