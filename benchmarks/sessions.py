"""Many people at once: sessions of the dashboard over its websocket, while two trials with attributions are at work.

    python -m benchmarks.sessions [--sessions 20] [--reruns 10] [--jobs 2] [--pause 3]

Each session opens a project of its own, whose results hold a word that no other project holds: a word in another session's
messages is data that crossed over. Held against: 95 % of reruns under 2 s, no data crossed, no process left afterwards.
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.engine.projects import project as engine_project
from tests.pages.runs import project, run
from tests.views.documents import document, r, ranged
from validators.engine import jobs
from validators.engine.places import ROOT
from validators.engine.posture import server_command

PAGES = ("overview", "feature_drift", "performance", "slices", "importance", "compare")
SHOWS_WORD = "feature_drift"


@dataclass
class Session:
    """One browser's side of the websocket: asks for a page, keeps what it was sent."""

    port: int
    seconds: list[float] = field(default_factory=list)
    sent: bytes = b""

    def __enter__(self):
        address = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        self._held = ExitStack()
        self._socket = self._held.enter_context(connect(address, subprotocols=["streamlit"], max_size=None))
        self._seen: dict[str, bytes] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def ask(self, page: str = "", **query: str) -> None:
        """Ask for one run of a page's script."""
        asked = BackMsg()
        asked.rerun_script.query_string = urlencode(query)
        asked.rerun_script.page_name = page
        self._socket.send(asked.SerializeToString())

    def open(self, page: str = "", **query: str) -> bytes:
        """What the server sends for one run of a page's script, until it has finished."""
        started = time.perf_counter()
        self.ask(page, **query)
        held = []
        while True:
            raw = self._socket.recv(timeout=60)
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "ref_hash":
                raw = self._seen[message.ref_hash]
            elif message.hash:
                self._seen[message.hash] = raw
            held.append(raw)
            # a page that hands over to another ends one run and begins the next
            if kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                break
        self.seconds.append(time.perf_counter() - started)
        self.sent += b"".join(held)
        return b"".join(held)


@contextmanager
def serving(
    home: Path, script: Path | None = None, *options: str, **environment: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server with the shipped settings, of the app or of another script; its port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = server_command(ROOT, address="127.0.0.1", port=port, proxied=False)
    if script is not None:
        command[4] = str(script)
    command += options
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SEATRIAL_", "STREAMLIT_"))}
    log = home.parent / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**kept, "SEATRIAL_HOME": str(home), **environment}, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(port, server, log)
        yield port, server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server does not answer:\n{log.read_text()}")


def word(number: int) -> str:
    """A word that only the results of one project hold."""
    return f"crossing{number:03d}word"


def own_project(home: Path, number: int) -> str:
    """A project of one session with a run of its own; its id in the address."""
    held = ranged("shift_sigma", f"feature:{word(number)}", 0.2, 0.1)
    made = document(r("DRF101", "feature_drift", "PASS", [held]))
    made["project"]["features"] = [word(number)]
    run(project(home, f"p{number:03d}"), made)
    return f"my-p{number:03d}"


def left_over(home: Path) -> list[str]:
    """Processes of this home that are alive: workers, runners and jobs; the server itself is not one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            environment = (path / "environ").read_bytes()
        except OSError:
            continue
        if (str(home) in line or f"SEATRIAL_HOME={home}".encode() in environment) and "streamlit run" not in line:
            found.append(line)
    return found


@dataclass(frozen=True)
class Outcome:
    """What a round of sessions saw."""

    first: tuple[float, ...]
    reruns: tuple[float, ...]
    crossed: tuple[str, ...]
    unseen: tuple[int, ...]
    jobs: tuple[str, ...]
    left: tuple[str, ...]


def rounds(sessions: int, reruns: int, n_jobs: int, folder: Path, pause: float = 0.0) -> Outcome:
    """Sessions that rerun their pages at the same time, beside jobs; between reruns each pauses for `pause` seconds on average."""
    home = folder / "home"
    names = [own_project(home, k) for k in range(sessions)]
    # of each job a project of its own, as each has a turn of its own
    trials = [engine_project(home / "projects" / f"trial{k}", model=True) for k in range(n_jobs)]
    held = [Session(0) for _ in names]
    with serving(home) as (port, _), patch.dict(os.environ, SEATRIAL_HOME=str(home)):
        begun = [(t, jobs.start(t, ["--check", "IMP101", "--check", "IMP102"], places=home / "places")) for t in trials]
        gate = threading.Barrier(sessions)

        def visit(k: int) -> None:
            held[k].port = port
            with held[k]:
                gate.wait()
                held[k].open(SHOWS_WORD, project=names[k])
                chance = random.Random(k)
                for n in range(1, reruns):
                    time.sleep(chance.uniform(0, 2 * pause))
                    held[k].open(PAGES[(k + n) % len(PAGES)], project=names[k])

        threads = [threading.Thread(target=visit, args=(k,)) for k in range(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        end = time.monotonic() + 300
        while any(jobs.read(t, j).active for t, j in begun) and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(0.5)
        ended = tuple(jobs.read(t, j).state.value for t, j in begun)
        left = left_over(home)
    crossed = [
        f"{word(other)} in session {k}"
        for k, one in enumerate(held)
        for other in range(sessions)
        if other != k and word(other).encode() in one.sent
    ]
    unseen = [k for k, one in enumerate(held) if word(k).encode() not in one.sent]
    return Outcome(
        tuple(one.seconds[0] for one in held),
        tuple(s for one in held for s in one.seconds[1:]),
        tuple(crossed),
        tuple(unseen),
        ended,
        tuple(left + left_over(home)),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--reruns", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pause", type=float, default=3.0, help="seconds that a person looks at a page, on average")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = rounds(asked.sessions, asked.reruns, asked.jobs, Path(folder), asked.pause)
    for what, seconds in (("first pages, all at the same moment", found.first), ("reruns", found.reruns)):
        p50, p95 = np.quantile(seconds, [0.5, 0.95])
        print(f"{len(seconds)} {what}: p50 {p50:.2f} s, p95 {p95:.2f} s")
    print(
        f"crossed {len(found.crossed)}, own word unseen {len(found.unseen)}, jobs {', '.join(found.jobs)}, left {len(found.left)}"
    )
    return bool(found.crossed or found.unseen or found.left)


if __name__ == "__main__":
    sys.exit(main())
