"""What malformed models, data and project files get for an answer: a dated table.

    python -m benchmarks.broken.run OUT [--count 2000] [--seed 0] [--workers 2]

Each file takes the place of a sound one in a small project, and `seatrial run` is asked for three checks, in a process of its own.
A file may be read all the same (a flipped bit in a number), or be refused in one sentence with exit code 2; a traceback, a process
that dies, a sentence that says nothing and an answer after more than 10 seconds are defects, and are listed.
"""

import argparse
import collections
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.broken.base import stored_scores, with_model
from benchmarks.broken.corpus import FORMATS, corpus

CHECKS = ("PRF101", "QUA102", "DRF101")
PATIENCE, SLOW = 60.0, 10.0
LOST = 255  # what multiprocessing says where its fork server lost the status of a process
PROCESSES = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file got: exit code (None: the process died or was ended), seconds, what was printed, and what is wrong with it."""

    file: str
    damage: str
    code: int | None
    seconds: float
    said: str
    wrong: str


def bases(folder):
    """A sound project per file of the corpus, and the file's sound bytes."""
    made = {}
    for file in FORMATS:
        if file.startswith(("model", "mlflow")):
            made[file] = with_model(folder / file.replace("/", "-"), file)
        else:
            made[file] = stored_scores(folder / file, "test.parquet" if file == "seatrial.toml" else file)
    return made, {file: (project / file).read_bytes() for file, project in made.items()}


def ask(project, printed):
    """`seatrial run`, with what it prints in a file; leaves with its exit code."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with printed.open("wb") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    from validators.cli import main

    sys.argv = ["seatrial", "run", str(project), "--out", str(project / "out")]
    sys.argv += [part for check in CHECKS for part in ("--check", check)]
    main()


def answer(number, broken, base, folder):
    """Put one broken file in place of the sound one, and ask; once more where the exit code was lost on the way."""
    first = asked(number, broken, base, folder)
    return asked(number, broken, base, folder) if first.code == LOST else first


def asked(number, broken, base, folder):
    """The answer to one broken file."""
    project, printed = folder / f"{number:05d}", folder / f"{number:05d}.txt"
    shutil.copytree(base, project)
    (project / broken.file).write_bytes(broken.data)
    process = PROCESSES.Process(target=ask, args=(project, printed))
    started = time.monotonic()
    process.start()
    process.join(PATIENCE)
    seconds = time.monotonic() - started
    if process.is_alive():
        process.kill()
        process.join()
    code = process.exitcode if process.exitcode is not None and process.exitcode >= 0 else None
    said = printed.read_text("utf-8", errors="replace") if printed.exists() else ""
    shutil.rmtree(project)
    printed.unlink(missing_ok=True)
    return Answer(broken.file, broken.damage, code, seconds, said[:4000], fault(code, said, seconds))


def fault(code, said, seconds):
    """What is wrong with an answer; empty where nothing is."""
    sentences = [line for line in said.splitlines() if line.startswith("seatrial: ")]
    if code not in (0, 1, 2, 3):
        return f"ended with {code}"
    if "Traceback" in said:
        return "traceback"
    if code == 2 and (not sentences or any(len(s) > 500 for s in sentences)):
        return "no clear sentence"
    return f"after {seconds:.0f} s" if seconds > SLOW else ""


def ask_all(count, seed, workers):
    """Answers to the whole corpus."""
    PROCESSES.set_forkserver_preload(["benchmarks.broken.preload"])
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(workers) as pool:
        folder = Path(name)
        made, sound = bases(folder / "sound")
        asked = [
            pool.submit(answer, k, broken, made[broken.file], folder)
            for k, broken in enumerate(corpus(sound, count, seed))
        ]
        return [a.result() for a in asked]


def table(answers):
    """By file: how many were read, refused, answered wrongly; the slowest."""
    lines = ["| file | files | read | refused in a sentence | defects | slowest, s |", "|---|---|---|---|---|---|"]
    held = collections.defaultdict(list)
    for a in answers:
        held[a.file].append(a)
    for file, them in [*held.items(), ("all", answers)]:
        refused = sum(a.code == 2 and not a.wrong for a in them)
        wrong = sum(bool(a.wrong) for a in them)
        slowest = max(a.seconds for a in them)
        lines.append(f"| {file} | {len(them)} | {len(them) - refused - wrong} | {refused} | {wrong} | {slowest:.1f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    answers = ask_all(chosen.count, chosen.seed, chosen.workers)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / f"broken-{day}.json").write_text(json.dumps([asdict(a) for a in answers], indent=1), encoding="utf-8")
    print(table(answers))
    for a in answers:
        if a.wrong:
            print(f"\n{a.file}, {a.damage}: {a.wrong}\n{a.said[-600:]}")


if __name__ == "__main__":
    main()
