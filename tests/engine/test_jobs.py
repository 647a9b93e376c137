"""Jobs: real subprocesses, with a stand-in for the command that they run."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from validators.core.errors import RunError
from validators.engine import jobs, memory, processes
from validators.engine.jobs import SEATS, JobLimits

PLACES = 2
STAND_IN = """
import json, sys, time
from pathlib import Path
progress = Path(sys.argv[sys.argv.index("--progress") + 1])
share, seconds, code = (float(a) for a in sys.argv[-3:])
with progress.open("a") as file:
    file.write(json.dumps({"what": "DRF101 Feature distributions", "share": share}) + "\\n")
print("the last word", file=sys.stderr)
time.sleep(seconds)
sys.exit(int(code))
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a job whose command only sleeps; whatever is left is killed at the end."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    program = jobs._program
    monkeypatch.setattr(jobs, "_program", lambda m: [sys.executable, str(script)] if m == "cli" else program(m))
    made = []

    def begin(*, share=0.5, seconds=0.0, code=0, project="project", **more):
        folder = tmp_path / project
        folder.mkdir(exist_ok=True)
        spec = [str(share), str(seconds), str(code)]
        # the stand-in reads its last three arguments, so they follow --progress
        job = start_with(folder, spec, places=tmp_path / "places", **{"limits": JobLimits(running=PLACES), **more})
        made.append((folder, job))
        return folder, job

    def start_with(folder, spec, **more):
        write = jobs.write_json

        def appended(path, document):
            if path.name == "job.json":
                document = {**document, "command": [*document["command"], *spec]}
            write(path, document)

        monkeypatch.setattr(jobs, "write_json", appended)
        try:
            return jobs.start(folder, ["--suite", "quick"], **more)
        finally:
            monkeypatch.setattr(jobs, "write_json", write)

    begin.script = script
    yield begin
    for folder, job in made:
        runner = jobs.read_json(folder / "jobs" / job / "runner.json")
        held = jobs.read(folder, job)
        if held is not None and held.active and runner is not None:
            os.killpg(runner["pid"], signal.SIGKILL)
            wait(folder, job, lambda j: not j.active)


def wait(folder: Path, job: str, until, seconds: float = 10.0):
    """The job once it is as wished; fails when that takes too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        held = jobs.read(folder, job)
        if until(held):
            return held
        time.sleep(0.02)
    raise AssertionError(f"still {held}")


def test_a_job_shows_its_progress_and_then_its_exit_code(start):
    folder, job = start(share=0.42, seconds=0.4)

    running = wait(folder, job, lambda j: j.share > 0)
    assert (running.state, running.what, running.share) == (jobs.State.RUNNING, "DRF101 Feature distributions", 0.42)

    done = wait(folder, job, lambda j: not j.active)
    assert (done.state, done.code, done.share) == (jobs.State.DONE, 0, 1.0)
    assert done.out == folder / "runs" / job


@pytest.mark.parametrize(("code", "state"), [(1, "done"), (3, "done"), (2, "failed"), (70, "failed")])
def test_a_run_that_failed_its_policy_is_done_and_one_that_could_not_run_has_failed(start, code, state):
    folder, job = start(code=code)

    held = wait(folder, job, lambda j: not j.active)

    assert (held.state.value, held.code) == (state, code)
    assert held.message.endswith("the last word")


def test_a_cancelled_job_is_gone_with_all_that_it_started(start):
    folder, job = start(seconds=60)
    wait(folder, job, lambda j: j.state is jobs.State.RUNNING and j.share > 0)
    group = json.loads((folder / "jobs" / job / "runner.json").read_text())["pid"]

    jobs.cancel(folder, job)
    held = wait(folder, job, lambda j: not j.active)

    assert held.state is jobs.State.CANCELLED
    assert "60" not in alive_in(group)


def alive_in(group: int) -> str:
    """Command lines of a process group that are not zombies."""
    lines = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                lines.append((stat.parent / "cmdline").read_text())
        except OSError:
            continue
    return "\n".join(lines)


def test_no_more_than_two_run_at_once_over_all_projects(start):
    held = [start(seconds=60, project=f"p{i}") for i in range(PLACES + 1)]
    wait(*held[0], lambda _: [jobs.read(*h).state for h in held].count(jobs.State.RUNNING) >= PLACES)
    time.sleep(0.5)  # time enough for one more to start, if it could

    states = [jobs.read(*h).state for h in held]

    assert states.count(jobs.State.RUNNING) == PLACES
    assert states.count(jobs.State.QUEUED) == 1
    waiting = held[states.index(jobs.State.QUEUED)]
    jobs.cancel(*held[states.index(jobs.State.RUNNING)])
    wait(*waiting, lambda j: j.state is jobs.State.RUNNING)


def test_of_one_owner_one_runs_three_wait_and_more_are_refused_until_one_ends(start):
    mine = [start(seconds=60, project=f"p{i}", owner="a1") for i in range(SEATS)]
    wait(*mine[0], lambda _: any(jobs.read(*h).state is jobs.State.RUNNING for h in mine))
    with pytest.raises(RunError, match="4 of your jobs are running or waiting"):
        start(owner="a1", project="p9")
    wait(*start(seconds=60, owner="b2", project="q"), lambda j: j.state is jobs.State.RUNNING)

    assert [jobs.read(*h).state for h in mine].count(jobs.State.RUNNING) == 1
    running = next(h for h in mine if jobs.read(*h).state is jobs.State.RUNNING)
    runner = jobs.read_json(running[0] / "jobs" / running[1] / "runner.json")["pid"]
    os.kill(runner, signal.SIGKILL)  # also a runner that was killed gives its turn and its seat back
    wait(*running, lambda j: not j.active)
    wait(*mine[0], lambda _: any(jobs.read(*h).state is jobs.State.RUNNING for h in mine))
    assert start(owner="a1", project="p9")


def test_a_job_has_low_priority_and_ends_with_its_runner(start):
    folder, job = start(seconds=60)
    wait(folder, job, lambda j: j.share > 0)
    runner = jobs.read_json(folder / "jobs" / job / "runner.json")["pid"]
    (child,) = Path(f"/proc/{runner}/task/{runner}/children").read_text().split()
    assert os.getpriority(os.PRIO_PROCESS, int(child)) >= 10

    os.kill(runner, signal.SIGKILL)
    wait(folder, job, lambda j: j.state is jobs.State.LOST)
    end = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and processes.stat(int(child))[:1] not in ([], ["Z"]):
        assert time.monotonic() < end, "the command works on unseen"
        time.sleep(0.02)


def test_a_job_is_stopped_after_the_limit_of_time_and_says_so(start):
    folder, job = start(seconds=60, limits=JobLimits(running=1, wall_s=0.9))

    held = wait(folder, job, lambda j: not j.active)
    assert (held.state, held.code) == (jobs.State.FAILED, 124)
    assert "stopped after 0.00025 h, the limit of this installation" in held.message


@pytest.mark.parametrize(("allowed", "seconds", "stopped"), [(200 << 20, 60, True), (600 << 20, 1.6, False)])
def test_a_job_is_stopped_at_the_limit_of_memory_of_all_that_it_started_and_says_so(start, allowed, seconds, stopped):
    child = f"import time; held = bytearray(300 << 20); time.sleep({seconds})"
    start.script.write_text(
        STAND_IN.replace("time.sleep(seconds)", f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])")
    )
    folder, job = start(limits=JobLimits(running=1, memory=allowed))

    held = wait(folder, job, lambda j: not j.active, 20)
    if stopped:
        assert (held.state, held.code) == (jobs.State.FAILED, 124)
        assert re.search(
            r"stopped at 0\.\d+ GB of memory; a job of this installation may have 0.2 GB, which memory_gb", held.message
        )
    else:
        assert (held.state, held.code) == (jobs.State.DONE, 0)


@pytest.mark.parametrize(
    ("machine", "cores", "running", "each", "expected"),
    [
        (20, 4, None, None, (4, 3.0)),  # as many as cores, three fifths shared out
        (5, 8, None, None, (1, 3.0)),  # no second one fits with 2 GB
        (1, 2, None, None, (1, 0.6)),
        (20, 4, 2, None, (2, 6.0)),
        (20, 8, None, 4.0, (3, 4.0)),
        (20, 8, 5, 4.0, (5, 4.0)),  # what is said counts
        (0, 4, None, None, (4, None)),  # a machine that does not tell
    ],
)
def test_jobs_together_stay_within_six_tenths_of_memory(monkeypatch, machine, cores, running, each, expected):
    monkeypatch.setattr(memory, "of_machine", lambda: machine << 30)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)

    at_once, held = memory.shares(running, each and int(each * (1 << 30)))
    assert (at_once, held and round(held / (1 << 30), 2)) == expected


def test_memory_of_a_process_counts_what_it_started_and_a_container_counts_its_own(tmp_path, monkeypatch):
    grow = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(200 << 20); print(1, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", grow], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
        held.stdout.readline()
        found = memory.of_tree(held.pid)
        held.stdin.close()
    assert 200 << 20 < found < 300 << 20
    assert memory.of_tree(2**22 + 1) == 0

    whole = memory.of_machine()
    (tmp_path / "memory.max").write_text("1073741824\n")
    monkeypatch.setattr(memory, "GROUP", (tmp_path / "memory.max", tmp_path / "none"))
    assert memory.of_machine() == 1 << 30
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.of_machine() >= whole


def test_what_a_job_shows_is_in_its_files_so_another_process_of_the_app_shows_the_same(start, monkeypatch):
    folder, job = start(share=0.42, seconds=60)
    here = wait(folder, job, lambda j: j.share > 0)
    monkeypatch.setattr(jobs, "_runners", {})  # as after a restart of the app

    again = jobs.read(folder, job)
    assert (again.state, again.what, again.share) == (here.state, here.what, here.share)


def test_a_waiting_job_can_be_cancelled(start):
    held = [start(seconds=60) for _ in range(PLACES)]
    for folder, job in held:
        wait(folder, job, lambda j: j.state is jobs.State.RUNNING)
    folder, job = start(seconds=60)

    jobs.cancel(folder, job)

    assert wait(folder, job, lambda j: not j.active).state is jobs.State.CANCELLED


def test_a_job_whose_process_was_killed_is_lost(start):
    folder, job = start(seconds=60)
    wait(folder, job, lambda j: j.state is jobs.State.RUNNING)

    os.killpg(json.loads((folder / "jobs" / job / "runner.json").read_text())["pid"], signal.SIGKILL)

    assert wait(folder, job, lambda j: not j.active).state is jobs.State.LOST


def test_a_number_that_another_process_uses_now_is_not_taken_for_the_job(start):
    folder, job = start(seconds=60)
    wait(folder, job, lambda j: j.state is jobs.State.RUNNING)
    runner = folder / "jobs" / job / "runner.json"
    held = json.loads(runner.read_text())

    runner.write_text(json.dumps({"pid": os.getpid(), "born": "1"}))
    assert jobs.read(folder, job).state is jobs.State.LOST
    runner.write_text(json.dumps(held))


def test_jobs_are_listed_newest_first_and_an_unknown_one_is_none(start, tmp_path):
    folder, first = start()
    wait(folder, first, lambda j: not j.active)

    assert [j.id for j in jobs.listed(folder)] == [first]
    assert jobs.read(folder, "../escape") is None
    assert jobs.read(folder, "") is None
    assert jobs.listed(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    "line", ["", "no json", '{"what": 1}', '{"what": "x", "share": "a lot"}', "[1]", '{"what": "x"']
)
def test_a_broken_line_of_progress_is_passed_over(tmp_path, line):
    path = tmp_path / "progress.jsonl"
    path.write_text('{"what": "reading", "share": 0.1}\n' + line)

    assert jobs._progress(path) == ("reading", 0.1)
    assert jobs._progress(tmp_path / "none") == ("starting", 0.0)


def test_the_program_is_found_from_the_folder_that_it_is_started_in():
    assert (jobs._import_root() / "validators" / "engine" / "jobs.py").is_file()
    assert jobs._program("cli")[-1] == "validators.cli"
