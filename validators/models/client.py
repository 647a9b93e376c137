"""Models behind the wall: the parent starts a worker, hands it the file, and asks for scores."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.errors import ModelError, ModelTimeout
from .description import Description, described
from .ensembles import FlatTrees, flat_trees_from, size_of
from .packed import opened
from .process import Limits, Worker
from .protocol import MAX_HEADER, clean, encoded, receive, send
from .usage import usage_of

Size = int | Callable[[dict[str, Any]], int]

SUFFIXES = (".joblib", ".pkl", ".pickle", ".skops", ".json", ".ubj", ".txt", ".cbm", ".onnx")
CODE_BEARING = (".joblib", ".pkl", ".pickle")
ROWS_PER_CALL = 16_384
MAX_STATISTICS = 16 * 1024 * 1024
MAX_DESCRIPTION = 4 * 1024 * 1024


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
        types: Sequence[str] = (),
        features: Sequence[str] | None = None,
        limits: Limits | None = None,
        allow_unconfined: bool = False,
    ) -> None:
        self._format = "mlflow" if path.is_dir() else path.suffix
        if self._format not in (*SUFFIXES, "mlflow"):
            raise ModelError(
                f"{path.name}: unknown model format {path.suffix!r}; give one of {', '.join(SUFFIXES)}, or a folder of MLflow"
            )
        self._path, self._task, self._limits = path, task, limits or Limits()
        self._classes, self._positive = [_label(c) for c in classes], _label(positive)
        self._code = {p.stem: p.read_text("utf-8") for p in code}
        self._types = list(types)
        self._features = None if features is None else list(features)
        self._allow_unconfined = allow_unconfined
        self._worker: Worker | None = None
        self._calls: list[tuple[int, float]] = []
        self._cold_start: float | None = None
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
        if self._worker is None:
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
        twin._worker = None
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
        if self._worker is None:
            self._start()
        described, rows = encoded(frame)
        started = time.perf_counter()
        reply, payload = self._exchange(header | described, rows, size, self._limits.call_s)
        seconds = time.perf_counter() - started
        if not reply.get("ok"):
            kind, message = _failure(reply, self._limits)
            raise ModelError(f"{self._path.name} raised {kind}: {message}")
        return reply, payload, seconds

    def _exchange(
        self, header: dict[str, Any], payload: memoryview | bytes, size: Size, seconds: float, most: int = MAX_HEADER
    ) -> tuple[dict[str, Any], bytes]:
        if self._worker is None:
            raise ModelError(f"{self._path.name}: its worker is closed")
        try:
            send(self._worker.socket, header, payload, seconds=seconds)
            return receive(self._worker.socket, payload_size=size, seconds=seconds, most=most)
        except ModelTimeout as error:
            self._kill()
            raise ModelTimeout(f"{self._path.name} {error}; its process was ended") from None
        except (EOFError, ConnectionError):
            raise ModelError(f"{self._path.name}: its process ended {self._kill()}") from None
        except ModelError as error:
            self._kill()
            raise ModelError(f"{self._path.name} {error}; its process was ended") from None

    def _start(self) -> Description:
        try:
            held, digest, size = opened(self._path)
            with held:
                started = time.perf_counter()
                found = self._load(held.fileno(), digest, size)
                self._cold_start = time.perf_counter() - started
                return found
        except OSError as error:
            self._kill()
            raise ModelError(f"{self._path.name}: cannot be read ({error.strerror})") from None
        except ModelTimeout as error:
            self._kill()
            raise ModelTimeout(f"{self._path.name} {error}; its process was ended") from None
        except ModelError as error:
            self._kill()
            raise ModelError(f"{self._path.name} {error}") from None

    def _load(self, file: int, digest: str, size: int) -> Description:
        """Start a worker; hand it the model, the very file that was digested, if the worker is confined enough for it."""
        limits = self._limits
        try:
            self._worker = worker = Worker(limits)
            code = (
                f"a {self._format} file"
                if self._format in CODE_BEARING
                else "code of its own" * bool(self._code or self._types)
            )
            run_code = worker.isolation == "full" or self._allow_unconfined
            if code and not run_code:
                raise ModelError(worker.refusal(code))
            os.lseek(file, 0, os.SEEK_SET)
            send(
                worker.socket,
                {"suffix": self._format, "code": self._code, "types": self._types, "run_code": run_code},
                b"",
                seconds=limits.start_s,
            )
            socket.send_fds(worker.socket, [b"m"], [file])
            reply, _ = receive(worker.socket, payload_size=0, seconds=limits.load_s, most=MAX_DESCRIPTION)
        except (EOFError, ConnectionError):
            raise ModelError(f"cannot be loaded: the process that loads it ended {self._kill()}") from None
        if not reply.get("ok"):
            if reply.get("type") == "RunsCode":  # what a folder holds is for the worker to read
                raise ModelError(worker.refusal(clean(reply.get("message"))))
            raise ModelError(_refusal(*_failure(reply, limits)))
        return described(
            reply,
            file=self._path.name,
            format=self._format.lstrip("."),
            sha256=digest,
            bytes=size,
            isolation=worker.isolation,
        )

    def usage(self) -> dict[str, Any]:
        """What calling the model cost so far (`usage.usage_of`)."""
        return usage_of(self._calls, None if self._worker is None else self._worker.pid, cold_start=self._cold_start)

    def _kill(self) -> str:
        """End the worker; in words, how it ended."""
        worker, self._worker = self._worker, None
        return "before" if worker is None else worker.end()

    def close(self) -> None:
        """End the worker."""
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


def _failure(reply: dict[str, Any], limits: Limits) -> tuple[str, str]:
    """Kind and words of what a model raised."""
    kind, message = clean(reply.get("type"), 80), clean(reply.get("message"))
    if kind == "MemoryError":
        message = f"its process may take {limits.memory_bytes / (1 << 30):g} GB; memory_gb in settings.toml sets it {message}".strip()
    return kind, message


def _refusal(kind: str, message: str) -> str:
    if kind in ("ModuleNotFoundError", "ImportError"):
        return (
            f"cannot be loaded: {message}; install that library beside seatrial, "
            'or name the module under code = ["..."] in [model]'
        )
    return f"cannot be loaded ({kind}: {message})"
