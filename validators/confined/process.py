"""The process that holds a model: started with nothing of ours but a socket, and ended with everything it started."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..core.errors import ModelError
from .protocol import clean, receive

START = Path(__file__).parent / "worker" / "start.py"
LAYERS = ("privileges", "landlock", "seccomp")
LEVELS = ("process", "partial", "full")
MOST_THREADS = 8
LAST_WORDS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Deadlines in seconds; address space and processor time of the process; layers of confinement, all of them but in tests."""

    start_s: float = 60.0
    load_s: float = 120.0
    call_s: float = 300.0
    memory_bytes: int = 4 << 30
    cpu_s: int = 12 * 3600
    layers: tuple[str, ...] = LAYERS


class Worker:
    """A running process and the socket to it. `isolation` is what it found in force before it saw anything of a model.

    `readable` are folders that it may read beside Python's own; `afterwards` is called when it has ended.

    Raises
    ------
    ModelError, ModelTimeout
        When it does not start; it is ended then.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        serves: Literal["serving", "reading"] = "serving",
        readable: Sequence[Path] = (),
        afterwards: Callable[[], object] = bool,
    ) -> None:
        self._afterwards, self._ended = afterwards, ""
        self._sink = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self.socket, theirs = socket.socketpair()
        config = {
            "serves": serves,
            "parent": os.getpid(),
            "layers": limits.layers,
            "memory": limits.memory_bytes,
            "cpu": limits.cpu_s,
            "readable": [str(path) for path in readable],
        }
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own file, our own interpreter
                [sys.executable, "-I", "-B", str(START), str(theirs.fileno()), json.dumps(config)],
                stdin=subprocess.DEVNULL,
                stdout=self._sink,
                stderr=self._sink,
                cwd="/",
                env=_environment(),
                close_fds=True,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.pid = self._process.pid
        try:
            hello, _ = receive(self.socket, payload_size=0, seconds=limits.start_s)
        except (EOFError, ConnectionError):
            raise ModelError(f"cannot be loaded: its process ended at its start, {self.end()}") from None
        except ModelError:
            self.end()
            raise
        self.isolation = str(hello.get("isolation"))
        self._lacks = [name for name in ("Landlock", "seccomp") if not hello.get(name.lower())]

    def refusal(self, what: str) -> str:
        """Why this process is not given `what`, which runs code, and the ways out."""
        return (
            f"was not loaded: {what} can do what it likes on a machine that confines it only at level {self.isolation} "
            f"(no {' and no '.join(self._lacks)}); save it as .skops or in its library's own format without code, use Linux "
            "5.13 or newer (WSL2 or a container elsewhere), or trust its author and pass --allow-unconfined"
        )

    @property
    def ended(self) -> bool:
        """Whether it was ended from here."""
        return bool(self._ended)

    def end(self) -> str:
        """End the process and its session; in words, how it ended, and the last it wrote. The second time only the words."""
        if self._ended:
            return self._ended
        self.socket.close()
        try:
            self._process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        words = self._last_words()
        self._sink.close()
        code = self._process.returncode
        how = f"with signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        self._ended = f"{how} ({words})" if words and code else how
        self._afterwards()
        return self._ended

    def _last_words(self) -> str:
        size = os.fstat(self._sink.fileno()).st_size
        written = os.pread(self._sink.fileno(), LAST_WORDS, max(size - LAST_WORDS, 0)).decode("utf-8", "replace")
        lines = [line for line in written.splitlines() if line.strip()]
        return clean(lines[-1], 200) if lines else ""


def _environment() -> dict[str, str]:
    """All that the process sees of ours: where Python's libraries lie, and threads, which must not wait by spinning."""
    threads = {"OMP_NUM_THREADS": str(min(os.cpu_count() or 1, MOST_THREADS)), "OMP_WAIT_POLICY": "PASSIVE"}
    passed = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LD_LIBRARY_PATH")
    threads |= {k: v for k, v in os.environ.items() if k in passed}
    return threads | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "JOBLIB_MULTIPROCESSING": "0"}
