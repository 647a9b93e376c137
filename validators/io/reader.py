"""Data files behind the wall: a confined process parses them and hands back names, types and batches.

Parsers of parquet, arrow and csv are C++, and a malformed file can end the process that runs one. A thread keeps its idle process
for the next file, as the process dies with the thread that started it.
"""

import os
import socket
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..confined.process import Limits, Worker
from ..confined.protocol import clean, receive, send
from ..core.errors import DataError, ModelError

MAX_HEADER, MAX_PAYLOAD = 16 << 20, 2 << 30
_own = threading.local()


def _memory() -> int:
    """Address space of the process that parses: 16 GiB, or most of this machine's memory where that is less."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 16 << 30
    return min(16 << 30, max(there * 6 // 10, 2 << 30))


LIMITS = Limits(call_s=600.0, memory_bytes=_memory())


@dataclass(frozen=True, slots=True)
class Layout:
    """Names and types of a file, of parquet the rows of each row group; columns with missing values, with whole numbers beyond
    2^53, which a float does not hold, and with those beyond 2^63, which no integer holds.
    """

    schema: pa.Schema
    groups: tuple[int, ...] = ()
    gaps: frozenset[str] = frozenset()
    long: frozenset[str] = frozenset()
    longest: frozenset[str] = frozenset()


def layout_of(path: Path) -> Layout:
    """What a file holds; of one that did not change it is asked once.

    Raises
    ------
    DataError
        When the file is not there or cannot be parsed: as all functions here.
    """
    try:
        about = path.stat()
    except OSError:
        return _layout(path, ())
    return _layout(path, (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns))


@lru_cache(maxsize=4096)
def _layout(path: Path, _state: tuple[int, ...]) -> Layout:
    ((reply, payload),) = _ask(path, {"ask": "schema"})
    groups = reply.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(n, int) and n >= 0 for n in groups):
        raise unreadable(path, "its groups of rows cannot be told")
    names = [reply.get(word, []) for word in ("gaps", "long", "longest")]
    if not all(isinstance(held, list) and all(isinstance(name, str) for name in held) for held in names):
        raise unreadable(path, "its missing values cannot be told")
    with telling(path):
        return Layout(pa.ipc.read_schema(pa.py_buffer(payload)), tuple(groups), *map(frozenset, names))


def rows_of(path: Path) -> int:
    """Rows of a file; of parquet without reading them."""
    ((reply, _),) = _ask(path, {"ask": "rows"})
    rows = reply.get("rows")
    if not isinstance(rows, int) or rows < 0:
        raise unreadable(path, "the number of its rows cannot be told")
    return rows


def batches_of(
    path: Path, *, groups: Sequence[int] | None, columns: Sequence[str] | None, size: int
) -> Iterator[pa.Table]:
    """Rows, at most `size` at a time, of those of the named columns that the file has; at least one table, which may be empty."""
    asked = {"ask": "batches", "groups": groups, "columns": columns, "size": size}
    seen = False
    for reply, payload in _ask(path, asked):
        if reply.get("more") or not seen:
            seen = True
            with telling(path), pa.ipc.open_stream(payload) as reader:
                table = reader.read_all()
                table.validate(full=True)
            yield table


def _ask(path: Path, header: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Replies to one question about a file; a process that did not come to the end of them is not used again."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: is no file")  # opening a pipe would wait for its other end
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(
            f"{path}: no such file" if isinstance(error, FileNotFoundError) else f"{path}: {error.strerror}"
        ) from None
    with file:
        idle = _idle()
        try:
            worker = idle.pop() if idle else Worker(LIMITS, serves="reading")
        except ModelError as error:
            raise DataError(f"{path}: {error}") from None
        done = False
        try:
            send(worker.socket, header | {"suffix": path.suffix}, b"", seconds=LIMITS.call_s)
            socket.send_fds(worker.socket, [b"d"], [file.fileno()])
            more = True
            while more:
                reply, payload = receive(worker.socket, payload_size=_due, seconds=LIMITS.call_s, most=MAX_HEADER)
                more = bool(reply.get("more"))
                done = not more
                if not reply.get("ok"):
                    raise unreadable(path, reply.get("message") or reply.get("type"))
                yield reply, payload
        except (EOFError, ConnectionError):
            done = True
            raise unreadable(path, f"the process that parsed it ended {worker.end()}; write the file anew") from None
        except ModelError as error:
            raise DataError(f"{path}: the process that parses it {error}") from None
        finally:
            if not done:
                worker.end()
            elif not worker.ended:
                idle.append(worker)


def _due(header: dict[str, Any]) -> int:
    size = header.get("payload")
    if not isinstance(size, int) or not 0 <= size <= MAX_PAYLOAD:
        raise ModelError(f"gave {size} bytes for a single row; at most {MAX_PAYLOAD} are read")
    return size


def unreadable(path: Path, why: object) -> DataError:
    """The one sentence on a file that cannot be parsed."""
    if "codec can't decode" in str(why):
        why = "it is no UTF-8 text; save it as UTF-8, or as parquet"
    return DataError(
        f"{path}: cannot be read as {path.suffix.lstrip('.')}: {clean(next(iter(str(why).splitlines()), ''), 200)}"
    )


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Say what is raised on the way from Arrow in one sentence that names the file."""
    try:
        yield
    except (pa.ArrowException, ValueError, TypeError, KeyError, MemoryError) as error:
        raise unreadable(path, error or type(error).__name__) from error


def _idle() -> list[Worker]:
    """Idle processes of this thread, ended when the thread is gone."""
    idle: list[Worker] = _own.__dict__.setdefault("idle", [])
    if "ended" not in _own.__dict__:
        _own.ended = weakref.finalize(threading.current_thread(), _end_all, idle)
    return idle


def _end_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().end()
