"""The runner of a job, a program: waits for its owner's turn and for a place, runs the command within its limits, writes how it ended.

It imports little but the standard library, so that a waiting job costs little.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from .memory import of_tree

NICE = 10
GRACE_S = 5.0
LOOK_S = 1.0  # how often memory is looked at
PR_SET_PDEATHSIG = 1


def locked(folder: Path, names: Sequence[str]) -> IO[bytes] | None:
    """The first lock of these names that is free, taken; it goes with the process that holds it, however that ends."""
    for name in names:
        file = (folder / name).open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            return file
    return None


def _wait(folder: Path, names: Sequence[str]) -> IO[bytes]:
    while (held := locked(folder, names)) is None:
        time.sleep(0.2)
    return held


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def run(folder: Path) -> int:
    """The runner: wait, run the command, write how it ended. SIGTERM ends it and all that it started, and so does the limit of time."""
    signal.signal(signal.SIGTERM, _stop)
    os.nice(NICE)
    spec = read_json(folder / "job.json") or {}
    places, wall = Path(spec["places"]), float(spec["wall_s"])
    child: subprocess.Popen[bytes] | None = None
    try:
        with ExitStack() as held:
            if spec.get("owner"):
                held.enter_context(_wait(places, [f"{spec['owner']}.turn.lock"]))
            held.enter_context(_wait(places, [f"{k}.lock" for k in range(spec["running"])]))
            out = held.enter_context((folder / "output.txt").open("wb"))
            err = held.enter_context((folder / "errors.txt").open("wb"))
            write_json(folder / "started.json", {"at": now()})
            child = subprocess.Popen(  # noqa: S603 - our own program
                spec["command"], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                preexec_fn=_end_with_runner,  # noqa: PLW1509 - there is one thread
            )  # fmt: skip
            code, why = _watched(child, wall, spec.get("memory"))
    except KeyboardInterrupt:
        code, why = 130, ""
    if why:
        with (folder / "errors.txt").open("ab") as err:
            err.write(f"\n{why}\n".encode())
    if code not in (124, 130):
        write_json(folder / "ended.json", {"at": now(), "code": code})
        return code
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gone = _gone(child)
    write_json(folder / "ended.json", {"at": now(), "code": code})
    if not gone:
        os.killpg(0, signal.SIGKILL)
    return code


def _watched(child: subprocess.Popen[bytes], wall: float, memory: int | None) -> tuple[int, str]:
    """Exit code of the command; or 124, and which limit of the installation it has met."""
    end = time.monotonic() + wall
    while (left := end - time.monotonic()) > 0:
        try:
            return child.wait(min(left, LOOK_S)), ""
        except subprocess.TimeoutExpired:
            held = of_tree(child.pid) if memory else 0
        if memory and held > memory:
            return 124, (
                f"stopped at {held / (1 << 30):.2g} GB of memory; a job of this installation may have {memory / (1 << 30):.2g} GB, "
                "which memory_gb under [jobs] in settings.toml sets"
            )
    return 124, f"stopped after {wall / 3600:.3g} h, the limit of this installation"


def _end_with_runner() -> None:
    """Between fork and exec: the kernel kills the command when its runner is gone, so that none works on unseen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


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
