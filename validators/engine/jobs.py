"""Jobs: the command line as a subprocess of the app, its state in files under ``PROJECT/jobs/<id>/``.

A job outlives the page that started it and the app itself. `start` launches a small runner (`job_runner`) in a process
group of its own: it waits for the owner's turn and for a place, starts the command, and writes how it ended. Cancelling is a SIGTERM to
the group; what has not gone after five seconds is killed. Turns, places and seats are locks on files: they go with their process.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..core.errors import RunError
from .job_runner import locked, now, read_json, write_json
from .memory import shares
from .processes import alive, born

TAIL = 4_000
SEATS = 4  # of one owner: one job that runs, three that wait
_runners: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """Of an installation: jobs that run at once, the bytes of memory of each, and how long one may take.

    Without a number of either: as many as cores, and so much that all together stay within six tenths of the machine's memory.
    """

    running: int | None = None
    memory: int | None = None
    wall_s: float = 12 * 3600.0


class State(StrEnum):
    """How a job stands. LOST: its process is gone and left no word."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as its files tell. `share` is in 0..1; `code` is the command's exit code, `message` the end of what it wrote on stderr."""

    id: str
    folder: Path
    state: State
    what: str
    share: float
    created: str
    seconds: float
    code: int | None
    message: str

    @property
    def out(self) -> Path:
        """The run folder that the job writes."""
        return self.folder.parent.parent / "runs" / self.id

    @property
    def active(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in (State.QUEUED, State.RUNNING)


def start(
    project: Path, arguments: Sequence[str], *, places: Path, owner: str = "", limits: JobLimits | None = None
) -> str:
    """Start ``seatrial run PROJECT ARGUMENTS`` as a job and return its id.

    Parameters
    ----------
    arguments
        Options of the command, e.g. ``["--suite", "quick"]``.
    places
        Folder of lock files, one for each job that may run at once; the same for all projects of an app.
    owner
        Whose job it is, in letters and digits: of one owner one job runs at a time, and three wait. Nobody's jobs are not counted.

    Raises
    ------
    RunError
        When the owner has as many jobs as it may.
    """
    try:
        places.mkdir(parents=True, exist_ok=True)
        return _start(project.resolve(), arguments, places.resolve(), owner, limits or JobLimits())
    except OSError as error:
        raise RunError(f"{project / 'jobs'}: the job cannot be started ({error.strerror})") from None


def _start(project: Path, arguments: Sequence[str], places: Path, owner: str, limits: JobLimits) -> str:
    at = datetime.now(UTC)
    job = f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder, out = project / "jobs" / job, project / "runs" / job
    seat = locked(places, [f"{owner}.seat{k}.lock" for k in range(SEATS)]) if owner else None
    if owner and seat is None:
        raise RunError(
            f"{SEATS} of your jobs are running or waiting, as many as one may have; cancel one or wait for its end"
        )
    folder.mkdir(parents=True)
    command = [*_program("cli"), "run", str(project), *arguments]
    command += ["--out", str(out), "--progress", str(folder / "progress.jsonl")]
    spec: dict[str, Any] = {
        "created": at.isoformat(),
        "command": command,
        "places": str(places),
        "owner": owner,
    }
    running, bytes_each = shares(limits.running, limits.memory)
    spec |= {"running": running, "memory": bytes_each, "wall_s": limits.wall_s}
    write_json(folder / "job.json", spec)
    runner = subprocess.Popen(  # noqa: S603 - our own program
        [*_program("engine.job_runner"), str(folder)],
        cwd=_import_root(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[] if seat is None else [seat.fileno()],
    )
    if seat is not None:
        seat.close()  # the runner holds it now
    _runners[runner.pid] = runner
    write_json(folder / "runner.json", {"pid": runner.pid, "born": born(runner.pid)})
    return job


def read(project: Path, job: str) -> Job | None:
    """A job as it stands; None when there is none of that id."""
    folder = project / "jobs" / job
    spec = read_json(folder / "job.json") if job and Path(job).name == job else None
    if spec is None:
        return None
    _reap()
    ended, started = read_json(folder / "ended.json"), read_json(folder / "started.json")
    state = _state(folder, ended, started)
    what, share = _progress(folder / "progress.jsonl")
    began = datetime.fromisoformat((started or spec)["at" if started else "created"])
    until = datetime.fromisoformat(ended["at"]) if ended else datetime.now(UTC)
    return Job(
        id=job,
        folder=folder,
        state=state,
        what={State.QUEUED: "waiting for a place"}.get(state, what),
        share=1.0 if state is State.DONE else share,
        created=spec["created"],
        seconds=max((until - began).total_seconds(), 0.0),
        code=None if ended is None else ended["code"],
        message=_tail(folder / "errors.txt"),
    )


def listed(project: Path) -> list[Job]:
    """All jobs of a project, the newest first."""
    names = sorted((p.parent.name for p in (project / "jobs").glob("*/job.json")), reverse=True)
    return [job for name in names if (job := read(project, name)) is not None]


def cancel(project: Path, job: str) -> None:
    """Ask a job to stop; its runner sees to it that the whole group is gone within five seconds. Harmless when it has ended."""
    folder = project / "jobs" / job
    held = read(project, job)
    runner = read_json(folder / "runner.json")
    if held is None or not held.active or runner is None:
        return
    write_json(folder / "cancelled.json", {"at": now()})
    try:
        os.killpg(runner["pid"], signal.SIGTERM)
    except ProcessLookupError:
        return


def _state(folder: Path, ended: Mapping[str, Any] | None, started: Mapping[str, Any] | None) -> State:
    if ended is not None:
        if (folder / "cancelled.json").exists():
            return State.CANCELLED
        # a verdict other than passed is not a failure of the job: it wrote its results
        return State.DONE if ended["code"] in (0, 1, 3) else State.FAILED
    runner = read_json(folder / "runner.json")
    if runner is not None and not alive(runner["pid"], runner["born"]):
        return State.CANCELLED if (folder / "cancelled.json").exists() else State.LOST
    return State.RUNNING if started is not None else State.QUEUED


def _progress(path: Path) -> tuple[str, float]:
    """The last whole line of a progress file."""
    for line in reversed(_tail(path).splitlines()):
        try:
            held = json.loads(line)
            return str(held["what"]), min(max(float(held["share"]), 0.0), 1.0)
        except (ValueError, KeyError, TypeError):
            continue
    return "starting", 0.0


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - TAIL, 0))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _program(module: str) -> list[str]:
    """A module of this package as a program, under whatever name the package is installed."""
    top = __spec__.name.removesuffix(".engine.jobs") if __spec__ else "validators"
    return [sys.executable, "-m", f"{top}.{module}"]


def _import_root() -> Path:
    """The folder from which this package is imported."""
    depth = len(_program("x")[2].split(".")) - 1
    return Path(__file__).resolve().parents[depth + 1]


def _reap() -> None:
    """Take leave of runners that have ended, so that the app keeps no dead process."""
    for pid, runner in list(_runners.items()):
        if runner.poll() is not None:
            _runners.pop(pid, None)
