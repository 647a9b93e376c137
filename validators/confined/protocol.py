"""The parent's side of the wire: frames with deadlines, and what may come back."""

import json
import re
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.errors import ModelError, ModelTimeout

MAX_HEADER = 64 * 1024
CHUNK = 1 << 20
MOST_RAW = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


def encoded(frame: pd.DataFrame) -> tuple[dict[str, Any], memoryview]:
    """Rows for the worker, and what it must know to read them: float64 as it lies in memory, anything else as Arrow."""
    names = list(frame.columns)
    if len(names) <= MOST_RAW and all(t == np.float64 for t in frame.dtypes) and all(isinstance(n, str) for n in names):
        block = np.ascontiguousarray(frame.to_numpy(np.float64).T)
        return {"columns": names}, block.reshape(-1).view(np.uint8).data
    table = pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
    for k, field in enumerate(table.schema):
        if field.type == pa.timestamp("s"):  # what a file holds as days (io.column_types)
            days = table.column(k).cast(pa.date32(), safe=False)
            table = table.set_column(k, field.with_type(pa.date32()), days)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return {}, memoryview(sink.getvalue())


def send(sock: socket.socket, header: dict[str, Any], payload: memoryview | bytes, *, seconds: float) -> None:
    """Send one header and its payload; raises ModelTimeout when the worker does not take it in time."""
    text = json.dumps({**header, "payload": len(payload)}).encode()
    deadline = time.monotonic() + seconds
    for piece in (struct.pack(">Q", len(text)) + text, payload):
        view = memoryview(piece)
        while view:
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                view = view[sock.send(view[:CHUNK]) :]
            except TimeoutError:
                raise ModelTimeout(f"did not take its rows within {seconds:g} s") from None


def receive(
    sock: socket.socket, *, payload_size: int | Callable[[dict[str, Any]], int], seconds: float, most: int = MAX_HEADER
) -> tuple[dict[str, Any], bytes]:
    """One reply; its payload must have exactly the size that the parent fixed, or works out of the header.

    Raises
    ------
    ModelError
        When the frame is not one: too long, not JSON, or of another size.
    ModelTimeout
        When it does not come in time.
    EOFError
        When the worker is gone.
    """
    deadline = time.monotonic() + seconds
    (size,) = struct.unpack(">Q", _exactly(sock, 8, deadline, seconds))
    if size > most:
        raise ModelError(f"answered with a header of {size} bytes; at most {most} are read")
    try:
        header = json.loads(_exactly(sock, size, deadline, seconds), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ModelError("answered with something that is not JSON") from None
    if not isinstance(header, dict):
        raise ModelError("answered with something that is not an object")
    promised = header.get("payload", 0)
    if header.get("ok") is False:
        if promised:
            raise ModelError("sent a payload with a failure")
        return header, b""
    due = payload_size(header) if callable(payload_size) else payload_size
    if promised != due:
        raise ModelError(f"gave {promised} bytes of scores where {due} were due")
    return header, _exactly(sock, due, deadline, seconds)


def _refuse(text: str) -> None:
    raise ValueError(text)


def _exactly(sock: socket.socket, size: int, deadline: float, seconds: float) -> bytes:
    held = bytearray(size)
    view = memoryview(held)
    got = 0
    while got < size:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            n = sock.recv_into(view[got:], min(size - got, CHUNK))
        except TimeoutError:
            raise ModelTimeout(f"gave no answer within {seconds:g} s") from None
        if n == 0:
            raise EOFError
        got += n
    return bytes(held)


def clean(text: object, limit: int = 300) -> str:
    """Text from a worker: no control characters, no direction overrides, not long."""
    return _CONTROL.sub(" ", str(text))[:limit].strip()
