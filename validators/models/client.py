"""Models behind the wall: the parent starts a worker, hands it the file, and asks for scores."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ..core.errors import ModelError, ModelTimeout
from .ensembles import FlatTrees, flat_trees_from, size_of
from .protocol import MAX_HEADER, clean, receive, send
from .usage import usage_of

Size = int | Callable[[dict[str, Any]], int]

WORKER = Path(__file__).with_name("worker.py")
SUFFIXES = (".joblib", ".pkl", ".pickle", ".skops", ".json", ".ubj", ".txt")
ROWS_PER_CALL = 16_384
MAX_STATISTICS = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Deadlines in seconds."""

    start_s: float = 60.0
    load_s: float = 120.0
    call_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a model file is, and how it was kept apart."""

    file: str
    format: str
    sha256: str
    bytes: int
    isolation: str
    class_name: str
    module: str
    classes: tuple[Any, ...] | None
    features: tuple[str, ...] | None
    libraries: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "file": self.file,
            "format": self.format,
            "sha256": self.sha256,
            "bytes": self.bytes,
            "isolation": self.isolation,
            "class": f"{self.module}.{self.class_name}",
            "libraries": dict(self.libraries),
        }


class Model:
    """A model in its worker process. After a time-out or a crash the next call starts a new worker."""

    def __init__(
        self,
        path: Path,
        *,
        task: Literal["binary", "multiclass", "regression"],
        classes: Sequence[Any] = (),
        positive: Any = None,
        code: Sequence[Path] = (),
        features: Sequence[str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        if path.suffix not in SUFFIXES:
            raise ModelError(f"{path.name}: unknown model format {path.suffix!r}; give one of {', '.join(SUFFIXES)}")
        self._path, self._task, self._limits = path, task, limits or Limits()
        self._classes, self._positive = [_label(c) for c in classes], _label(positive)
        self._code = {p.stem: p.read_text("utf-8") for p in code}
        self._features = None if features is None else list(features)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._calls: list[tuple[int, float]] = []
        self.description = self._start()

    def predict(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Scores of rows.

        Parameters
        ----------
        X : (n, d) DataFrame
            With at least the features.

        Returns
        -------
        (n,) float64, probability of the positive class or value; (n, K) in a multiclass task. NaN and infinities are as the
        model gave them.

        Raises
        ------
        ModelError
            When the model raises, dies, or answers with something else.
        ModelTimeout
            When it does not answer in time.
        """
        frame = X if self._features is None else X[self._features]
        parts = [self._call(frame.iloc[at : at + ROWS_PER_CALL]) for at in range(0, len(frame), ROWS_PER_CALL)]
        if not parts:
            return np.zeros((0, len(self._classes)) if self._task == "multiclass" else 0)
        return np.concatenate(parts)

    def fitted_statistics(self) -> list[dict[str, Any]]:
        """What the model's parts keep of the rows they were fitted on: class, place, columns, fills, numbers, levels.

        Raises
        ------
        ModelError, ModelTimeout
            As `predict` does.
        """
        if self._socket is None:
            self._start()
        reply, _ = self._exchange({"ask": "fitted_statistics"}, b"", 0, self._limits.call_s, most=MAX_STATISTICS)
        found = reply.get("found")
        if not reply.get("ok") or not isinstance(found, list) or not all(isinstance(f, dict) for f in found):
            raise ModelError(
                f"{self._path.name} could not be read for fitted statistics: {clean(reply.get('message'))}"
            )
        return found

    def predict_no_rows(self, X: pd.DataFrame) -> None:
        """Ask for the scores of an empty frame; raises ModelError where the model does not answer it."""
        self._call((X if self._features is None else X[self._features]).iloc[:0])

    def predict_in_threads(self, X: pd.DataFrame, threads: int) -> NDArray[np.float64]:
        """(threads, n) or (threads, n, K) scores of rows that several threads of the worker ask for at once."""
        return self._call(X if self._features is None else X[self._features], threads=threads)

    def again(self) -> "Model":
        """The same model in another, fresh process; close it."""
        twin = copy(self)
        twin._process = twin._socket = None
        twin._calls = []
        twin._start()
        return twin

    def trees(self, X: pd.DataFrame) -> FlatTrees:
        """The ensemble as flat arrays, and the rows as its trees see them; raises ModelError when it is none that we can read."""
        frame = X if self._features is None else X[self._features]
        reply, payload, _ = self._ask({"ask": "trees"}, frame, lambda header: size_of(header, len(frame)))
        return flat_trees_from(reply, payload, tuple(map(str, frame.columns)))

    def _call(self, frame: pd.DataFrame, *, threads: int = 0) -> NDArray[np.float64]:
        width = len(self._classes) if self._task == "multiclass" else 1
        header = {"task": self._task, "classes": self._classes, "positive": self._positive, "threads": threads}
        reply, payload, seconds = self._ask(header, frame, max(threads, 1) * len(frame) * width * 8)
        if not threads:
            self._calls.append((len(frame), seconds))
        expected = [threads] * bool(threads) + [len(frame)] + [width] * (self._task == "multiclass")
        if reply.get("shape") != expected:
            self._kill()
            raise ModelError(f"{self._path.name} gave scores of shape {clean(reply.get('shape'))}, expected {expected}")
        return np.frombuffer(payload, dtype=np.float64).reshape(expected).copy()

    def _ask(self, header: dict[str, Any], frame: pd.DataFrame, size: Size) -> tuple[dict[str, Any], bytes, float]:
        if self._socket is None:
            self._start()
        table = pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        started = time.perf_counter()
        reply, payload = self._exchange(header, memoryview(sink.getvalue()), size, self._limits.call_s)
        seconds = time.perf_counter() - started
        if not reply.get("ok"):
            raise ModelError(f"{self._path.name} raised {clean(reply.get('type'), 80)}: {clean(reply.get('message'))}")
        return reply, payload, seconds

    def _exchange(
        self, header: dict[str, Any], payload: memoryview | bytes, size: Size, seconds: float, most: int = MAX_HEADER
    ) -> tuple[dict[str, Any], bytes]:
        if self._socket is None:
            raise ModelError(f"{self._path.name}: its worker is closed")
        try:
            send(self._socket, header, payload, seconds=seconds)
            return receive(self._socket, payload_size=size, seconds=seconds, most=most)
        except ModelTimeout as error:
            self._kill()
            raise ModelTimeout(f"{self._path.name} {error}; its process was ended") from None
        except (EOFError, ConnectionError, BrokenPipeError):
            raise ModelError(f"{self._path.name}: its process ended {self._kill()}") from None
        except ModelError as error:
            self._kill()
            raise ModelError(f"{self._path.name} {error}; its process was ended") from None

    def _start(self) -> Description:
        data_bytes, digest = _digest(self._path)
        ours, theirs = socket.socketpair()
        # threads of OpenMP that wait by spinning burn the other core of a small machine
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "OMP_WAIT_POLICY": "PASSIVE"}
        environment |= {k: v for k, v in os.environ.items() if k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        with tempfile.TemporaryFile() as sink, theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own file, our own interpreter
                [sys.executable, "-I", "-B", str(WORKER), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=environment,
                close_fds=True,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._socket = ours
        try:
            hello, _ = receive(ours, payload_size=0, seconds=self._limits.start_s)
            send(ours, {"suffix": self._path.suffix, "code": self._code}, b"", seconds=self._limits.start_s)
            with self._path.open("rb") as file:
                socket.send_fds(ours, [b"m"], [file.fileno()])
            reply, _ = receive(ours, payload_size=0, seconds=self._limits.load_s)
        except ModelTimeout as error:
            self._kill()
            raise ModelTimeout(f"{self._path.name} {error}; its process was ended") from None
        except (EOFError, ConnectionError):
            raise ModelError(f"{self._path.name}: the process that loads it ended {self._kill()}") from None
        except ModelError as error:
            self._kill()
            raise ModelError(f"{self._path.name} {error}") from None
        if not reply.get("ok"):
            self._kill()
            raise ModelError(self._refusal(clean(reply.get("type"), 80), clean(reply.get("message"))))
        return Description(
            file=self._path.name,
            format=self._path.suffix.lstrip("."),
            sha256=digest,
            bytes=data_bytes,
            isolation=clean(hello.get("isolation"), 20),
            class_name=clean(reply.get("class"), 80),
            module=clean(reply.get("module"), 80),
            classes=None if reply.get("classes") is None else tuple(reply["classes"]),
            features=None if reply.get("features") is None else tuple(clean(f, 200) for f in reply["features"]),
            libraries=tuple(sorted((clean(k, 40), clean(v, 40)) for k, v in dict(reply.get("libraries", {})).items())),
        )

    def _refusal(self, kind: str, message: str) -> str:
        if kind in ("ModuleNotFoundError", "ImportError"):
            return (
                f"{self._path.name} cannot be loaded: {message}; install that library beside seatrial, "
                'or name the module under code = ["..."] in [model]'
            )
        return f"{self._path.name} cannot be loaded ({kind}: {message})"

    def usage(self) -> dict[str, Any]:
        """What calling the model cost so far (`usage.usage_of`)."""
        return usage_of(self._calls, None if self._process is None else self._process.pid)

    def _kill(self) -> str:
        """End the worker and its session; in words, how it ended."""
        process, self._process = self._process, None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if process is None:
            return "before"
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            with_group = os.getpgid(process.pid)
            os.killpg(with_group, signal.SIGKILL)
            process.wait()
        code = process.returncode
        return f"with signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"

    def close(self) -> None:
        """End the worker."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


open_model = Model


def _label(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _digest(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path.name}: cannot be read ({error.strerror})") from None
