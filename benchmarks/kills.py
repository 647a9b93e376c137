"""kill -9 at random moments of a run, a job, the process of a model and the app: what is left is whole, and the next start works.

    python -m benchmarks.kills [--kills 25] [--seed 1]

After each kill: no run folder without all its files, no snapshot or key that cannot be read, nothing lost that was acknowledged, no
process that works on. 1,000 kills are the figure of a release.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from benchmarks.sessions import Session, left_over, serving
from tests.engine.projects import project
from validators.engine import jobs
from validators.engine.places import ROOT, runs_of
from validators.snapshot.keys import load_private, own_keys, trusted_keys
from validators.snapshot.verify import VALID, verify_snapshot

FILES = {"results.json", "policy.toml", "grid.json", "summaries.json", "report.html"}
PHRASE = "correct horse"
PLAIN, MODEL = "PRF102", "IMP101"


@dataclass(frozen=True)
class Place:
    """A home with projects, and how commands are run in it."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of its commands."""
        return os.environ | {
            "SEATRIAL_HOME": str(self.home),
            "SEATRIAL_KEY_PASSPHRASE": PHRASE,
            "PYTHONPATH": str(ROOT),
        }

    def command(self, *arguments: object) -> subprocess.Popen[bytes]:
        """The command line, in a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "validators.cli", *map(str, arguments)],
            env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def project(self, name: str) -> Path:
        """A project of the home."""
        return self.home / "projects" / name


def after_random_moment(process: subprocess.Popen[bytes], chance: random.Random, longest: float) -> bool:
    """Kill a process at a random moment; whether it was still at work."""
    try:
        process.wait(chance.uniform(0.0, longest))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def kill_command(place: Place, chance: random.Random, k: int) -> bool:
    """A run, a snapshot or a new key, killed."""
    run = next(iter(runs_of(place.project("plain")).values()), None)
    acts = [("run", place.project("plain"), "--check", PLAIN), ("keys", "new", f"k{k}")]
    if run is not None:
        acts.append(("snapshot", run, "--key", "first", "--out", place.home / f"s{k}.zip"))
    process = place.command(*acts[k % len(acts)])
    killed = after_random_moment(process, chance, 2.5)
    if not killed and process.returncode in (0, 1, 3):
        acknowledged(place, acts[k % len(acts)])
    return killed


def acknowledged(place: Place, act: tuple[object, ...]) -> None:
    """What a command that ended well has left."""
    if act[0] == "snapshot":
        assert Path(str(act[-1])).is_file(), "a snapshot that was acknowledged is lost"
    if act[0] == "keys":
        assert str(act[2]) in own_keys(place.home), "a key that was acknowledged is lost"


def kill_job(place: Place, chance: random.Random, k: int) -> bool:  # noqa: ARG001 - as the others
    """The runner of a job, killed: its command ends with it."""
    name, check = (("plain", PLAIN), ("model", MODEL))[chance.random() < 0.5]
    folder = place.project(name)
    with patch.dict(os.environ, SEATRIAL_HOME=str(place.home)):
        job = jobs.start(folder, ["--check", check], places=place.home / "places", owner="me")
    runner = jobs.read_json(folder / "jobs" / job / "runner.json")
    time.sleep(chance.uniform(0.0, 3.0))
    held = jobs.read(folder, job)
    if held is not None and held.active and runner is not None:
        os.kill(runner["pid"], signal.SIGKILL)
        wait(lambda: not jobs.read(folder, job).active, "a job is shown as active after its runner was killed")
        return True
    return False


def kill_worker(place: Place, chance: random.Random, k: int) -> bool:  # noqa: ARG001 - as the others
    """The process of a model, killed in the middle of a run: the run says so or goes on, and ends by itself."""
    process, found = place.command("run", place.project("model"), "--check", MODEL), list[int]()
    while not found and process.poll() is None:
        time.sleep(0.02)
        found = [pid for pid in children(process.pid) if "serving" in line_of(pid)]
    time.sleep(chance.uniform(0.0, 2.0))
    found = [pid for pid in children(process.pid) if "serving" in line_of(pid)]
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            found = []
    assert process.wait(60) in (0, 1, 2, 3), f"the run ended with {process.returncode}"
    return bool(found)


def kill_app(place: Place, chance: random.Random, k: int) -> bool:  # noqa: ARG001 - as the others
    """The app, killed while it draws: the next one starts and draws."""
    with serving(place.home) as (port, server), Session(port) as session:
        session.ask("overview", project="my-plain")
        time.sleep(chance.uniform(0.0, 1.0))
        server.kill()
        server.wait()
    return True


KILLS: dict[str, Callable[[Place, random.Random, int], bool]] = {
    "command": kill_command, "job": kill_job, "worker": kill_worker, "app": kill_app,
}  # fmt: skip


TURN = ("command", "job", "command", "app", "command", "worker")


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []


def line_of(pid: int) -> str:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def wait(until: Callable[[], bool], otherwise: str, seconds: float = 10.0) -> None:
    """Until something holds."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


def whole(place: Place, before: set[Path]) -> set[Path]:
    """Hold all that is left against the promises; the run folders that there are now."""
    wait(lambda: not left_over(place.home), "a process works on: " + str(left_over(place.home)))
    runs = {run for name in ("plain", "model") for run in runs_of(place.project(name)).values()}
    assert before <= runs, "a run that was acknowledged is lost"
    for folder in {p for name in ("plain", "model") for p in (place.project(name) / "runs").glob("[!.]*")} | runs:
        assert {p.name for p in folder.iterdir()} == FILES, f"half a run: {folder}"
        json.loads((folder / "results.json").read_bytes())
    for name in own_keys(place.home):
        public = load_private(name, PHRASE.encode(), place.home).public_key()
        assert public in [t.key for t in trusted_keys(place.home / "trust")], f"key {name} is not trusted"
    for file in place.home.glob("[!.]*.zip"):
        assert verify_snapshot(file, trust=place.home / "trust").code == VALID, f"half a snapshot: {file}"
        file.unlink()
    return runs


def kill_many(
    kills: int,
    seed: int,
    home: Path,
) -> Counter[str]:
    """Kill at random moments, look at all that is left after each, and start again at the end; how many were killed at work."""
    place, chance, met = Place(home), random.Random(seed), Counter[str]()
    project(place.project("plain"), n=200)
    project(place.project("model"), n=200, model=True)
    assert place.command("keys", "new", "first").wait(60) == 0
    runs: set[Path] = set()
    for k in range(kills):
        kind = TURN[k % len(TURN)]
        met[kind] += KILLS[kind](place, chance, k)
        runs = whole(place, runs)
    for name, check in (("plain", PLAIN), ("model", MODEL)):
        assert place.command("run", place.project(name), "--check", check).wait(120) in (0, 1, 3), (
            "the next start fails"
        )
    with serving(home) as (port, _), Session(port) as session:
        assert b"PRF102" in session.open("overview", project="my-plain"), "the next start of the app shows no run"
    whole(place, runs)
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder, started = Path(tempfile.mkdtemp()), time.monotonic()
    met = kill_many(asked.kills, asked.seed, folder / "home")
    shutil.rmtree(folder)
    told = ", ".join(f"{n} of {kind}" for kind, n in met.items())
    print(
        f"{asked.kills} kills in {time.monotonic() - started:.0f} s, at work when they came: {told}; nothing half-written or lost"
    )


if __name__ == "__main__":
    main()
