"""Models behind the wall: the parent starts a worker, hands it the file, and asks for scores."""

import time
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..confined.process import Limits, Worker
from ..confined.protocol import MAX_HEADER, clean, encoded, receive, send
from ..core.errors import ModelError, ModelTimeout
from .description import Description
from .ensembles import FlatTrees, flat_trees_from, size_of
from .loading import artefact, failure, loaded
from .usage import usage_of

Size = int | Callable[[dict[str, Any]], int]

ROWS_PER_CALL = 16_384
MAX_STATISTICS = 16 * 1024 * 1024


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
        self._artefact = artefact(path, code, types, allow_unconfined=allow_unconfined)
        self._name, self._task, self._limits = path.name, task, limits or Limits()
        self._classes, self._positive = [_label(c) for c in classes], _label(positive)
        self._features = None if features is None else list(features)
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
            raise ModelError(f"{self._name} could not be read for fitted statistics: {clean(reply.get('message'))}")
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
            raise ModelError(f"{self._name} gave scores of shape {clean(reply.get('shape'))}, expected {expected}")
        return np.frombuffer(payload, dtype=np.float64).reshape(expected).copy()

    def _ask(self, header: dict[str, Any], frame: pd.DataFrame, size: Size) -> tuple[dict[str, Any], bytes, float]:
        if self._worker is None:
            self._start()
        described, rows = encoded(frame)
        started = time.perf_counter()
        reply, payload = self._exchange(header | described, rows, size, self._limits.call_s)
        seconds = time.perf_counter() - started
        if not reply.get("ok"):
            kind, message = failure(reply, self._limits)
            raise ModelError(f"{self._name} raised {kind}: {message}")
        return reply, payload, seconds

    def _exchange(
        self, header: dict[str, Any], payload: memoryview | bytes, size: Size, seconds: float, most: int = MAX_HEADER
    ) -> tuple[dict[str, Any], bytes]:
        if self._worker is None:
            raise ModelError(f"{self._name}: its worker is closed")
        try:
            send(self._worker.socket, header, payload, seconds=seconds)
            return receive(self._worker.socket, payload_size=size, seconds=seconds, most=most)
        except ModelTimeout as error:
            self._kill()
            raise ModelTimeout(f"{self._name} {error}; its process was ended") from None
        except (EOFError, ConnectionError):
            raise ModelError(f"{self._name}: its process ended {self._kill()}") from None
        except ModelError as error:
            self._kill()
            raise ModelError(f"{self._name} {error}; its process was ended") from None

    def _start(self) -> Description:
        started = time.perf_counter()
        self._worker, found = loaded(self._artefact, self._limits)
        self._cold_start = time.perf_counter() - started
        return found

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
