"""A scoring endpoint over HTTP: rows as MLflow's servers take them, scores back; only on a host that the installation allows.

Requests hold `{"dataframe_split": {"columns": [...], "data": [...]}}`, replies `{"predictions": [...]}`: one number a row (the
probability of the positive class, or the value), a number per class in the model's own order, or an object from class to number.
"""

import http.client
import json
import math
import os
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Sequence
from typing import IO, Any, Literal
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..confined.protocol import clean
from ..core.errors import ModelError, ModelTimeout

ROWS_PER_REQUEST, BYTES_PER_SCORE, BYTES_MORE = 100, 400, 64 * 1024
TOKEN = "SEATRIAL_ENDPOINT_TOKEN"  # noqa: S105 - the name of a variable


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Rows go to the host that is allowed, and nowhere else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Refuse; the reply is then an error of its own."""
        del req, fp, code, msg, headers, newurl


class Endpoint:
    """What answers at an address, asked for scores as a model is.

    `classes` are the task's labels in the order of the scores, `own` the model's, in the order of its probabilities. A token in
    SEATRIAL_ENDPOINT_TOKEN is sent as a bearer's.
    Rows are sent only if its host is one of `hosts` (`host` or `host:port`, in small letters).
    """

    def __init__(
        self,
        address: str,
        *,
        hosts: Collection[str],
        task: Literal["binary", "multiclass", "regression"],
        classes: Sequence[Any] = (),
        positive: Any = None,
        own: Sequence[Any] | None = None,
        seconds: float = 60.0,
    ) -> None:
        parts = urlsplit(address)
        self._allowed = parts.hostname in hosts or parts.netloc.lower() in hosts
        self._address, self._task, self._seconds = address, task, seconds
        self._wanted = [str(c) for c in (classes if task == "multiclass" else (positive,))]
        self._own = [str(c) for c in (own or classes)]
        self._opener = urllib.request.build_opener(_NoRedirects())

    def predict(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """(n,) or, in a multiclass task, (n, K) scores.

        Raises
        ------
        ModelError, ModelTimeout
            Where they do not come, and before anything is sent where the host is not one of `hosts`.
        """
        if not self._allowed:
            raise ModelError(
                f"{self._address}: this installation does not allow that host; whoever runs it can name it under "
                'hosts = ["..."] in [endpoint] of settings.toml, or in SEATRIAL_ENDPOINT_HOSTS'
            )
        n = ROWS_PER_REQUEST
        parts = [self._ask(X.iloc[at : at + n]) for at in range(0, len(X), n)]
        found = np.array([row for part in parts for row in part], dtype=np.float64).reshape(len(X), -1)
        return found if self._task == "multiclass" else found[:, 0]

    def fitted_statistics(self) -> list[dict[str, Any]]:
        """Nothing: an address does not tell what is behind it."""
        return []

    def _ask(self, X: pd.DataFrame) -> list[list[float]]:
        rows = {
            "columns": [str(c) for c in X.columns],
            "data": [[plain(v) for v in row] for row in X.itertuples(index=False)],
        }
        most = len(X) * max(len(self._own), 1) * BYTES_PER_SCORE + BYTES_MORE
        reply = self._post(json.dumps({"dataframe_split": rows}, allow_nan=False).encode(), most)
        try:
            found = json.loads(reply)["predictions"]
            held = [self._scores(row) for row in found]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{self._address}: answered with something else than scores ({clean(error, 120)}); "
                'due is {"predictions": [...]}, a probability, a number per class or an object of them for each row'
            ) from None
        if len(held) != len(X):
            raise ModelError(f"{self._address}: gave {len(held)} scores for {len(X)} rows")
        return held

    def _scores(self, row: Any) -> list[float]:
        """The scores that are asked for, out of the answer to one row."""
        if isinstance(row, dict):
            return [_number({str(k): v for k, v in row.items()}[label]) for label in self._wanted]
        if not isinstance(row, list) or len(row) == 1:
            if self._task == "multiclass":
                raise ValueError("one number for several classes")
            return [_number(row[0] if isinstance(row, list) else row)]
        if self._task == "regression" or len(row) != len(self._own):
            raise ValueError(f"{len(row)} numbers a row")
        return [_number(row[self._own.index(label)]) for label in self._wanted]

    def _post(self, body: bytes, most: int) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if os.environ.get(TOKEN):
            headers["Authorization"] = f"Bearer {os.environ[TOKEN]}"
        request = urllib.request.Request(self._address, data=body, headers=headers, method="POST")  # noqa: S310 - http(s) only
        deadline = time.monotonic() + self._seconds
        try:
            with self._opener.open(request, timeout=self._seconds) as reply:
                held = _read(reply, most, deadline)
        except urllib.error.HTTPError as error:
            with error:
                where = "; redirects are not followed" if 300 <= error.code < 400 else ""
                raise ModelError(f"{self._address}: answered {error.code} {clean(error.reason, 80)}{where}") from None
        except TimeoutError:
            raise ModelTimeout(f"{self._address}: gave no answer within {self._seconds:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                raise ModelTimeout(f"{self._address}: gave no answer within {self._seconds:g} s") from None
            raise ModelError(f"{self._address}: cannot be asked ({clean(error, 120)})") from None
        if len(held) > most:
            raise ModelError(f"{self._address}: answered with more than {most} bytes")
        return held


def _read(reply: http.client.HTTPResponse, most: int, deadline: float) -> bytes:
    """All of a reply, or a little more than the most that is read; TimeoutError after the deadline."""
    held = b""
    while len(held) <= most and (part := reply.read1(1 << 16)):
        held += part
        if time.monotonic() > deadline:
            raise TimeoutError
    return held


def _number(value: Any) -> float:
    """A score; null is one that is missing. Labels are none."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def plain(value: Any) -> Any:
    """A value as JSON can hold it: what is missing is null, times are ISO 8601."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, np.generic):
        return plain(value.item())
    return (
        value
        if isinstance(value, bool | int | float | str)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else str(value)
    )
