"""The runner of a job, a program: waits for one of two places, runs the command, writes how it ended.

It imports nothing but the standard library, so that a waiting job costs little.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

PLACES = 2
GRACE_S = 5.0


def _place(places: Path) -> IO[bytes]:
    """Wait for one of the places; the lock goes with the process, however it ends."""
    while True:
        for number in range(PLACES):
            file = (places / f"{number}.lock").open("wb")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                return file
        time.sleep(0.2)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def run(folder: Path) -> int:
    """The runner: wait for a place, run the command, write how it ended. SIGTERM ends it and all that it started."""
    signal.signal(signal.SIGTERM, _stop)
    spec = read_json(folder / "job.json") or {}
    child: subprocess.Popen[bytes] | None = None
    code = 130
    try:
        with (
            _place(Path(spec["places"])),
            (folder / "output.txt").open("wb") as out,
            (folder / "errors.txt").open("wb") as err,
        ):
            write_json(folder / "started.json", {"at": now()})
            child = subprocess.Popen(spec["command"], stdin=subprocess.DEVNULL, stdout=out, stderr=err)  # noqa: S603
            code = child.wait()
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        gone = _gone(child)
        write_json(folder / "ended.json", {"at": now(), "code": 130})
        if not gone:
            os.killpg(0, signal.SIGKILL)
        return 130
    write_json(folder / "ended.json", {"at": now(), "code": code})
    return code


def _gone(child: subprocess.Popen[bytes] | None) -> bool:
    """Whether the command has gone within the time of grace."""
    if child is None:
        return True
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def read_json(path: Path) -> dict[str, Any] | None:
    """A small JSON object; None where there is none that can be read."""
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Put a small JSON object in place at once."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.write_text(json.dumps(document), "utf-8")
    making.replace(path)


def now() -> str:
    """The time, in UTC."""
    return datetime.now(UTC).isoformat()


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
