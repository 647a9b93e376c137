"""Tables of words that lie in a file without a name once there are many: memory does not grow with the rows."""

import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
CHUNK = 1 << 18


def gathered(parts: Iterable[Words]) -> tuple[Words, ...]:
    """The same rows in the same order, fewer than `CHUNK` of them in memory (and all of them where the disk is full).

    The files have no name, so the system takes them back however the process ends; pickled, the words go along.
    """
    held = tuple(p for p in parts if len(p))
    if sum(len(p) for p in held if _mapped(p) is None) < CHUNK:
        return held
    try:
        return tuple(_spilled(held))
    except OSError:
        return held


def columns(parts: Sequence[Words], wanted: Sequence[int]) -> Words:
    """(rows, len(wanted)) some columns of all rows."""
    found = []
    for part in parts:
        found.append(part[:, wanted])
        held = _mapped(part)
        if held is not None and hasattr(mmap, "MADV_DONTNEED"):
            held.madvise(mmap.MADV_DONTNEED)  # what was read would count as memory of this process
    return np.concatenate(found) if found else np.zeros((0, len(wanted)), np.uint64)


def _spilled(parts: Iterable[Words]) -> Iterator[Words]:
    for on_disk, run in groupby(parts, lambda p: _mapped(p) is not None):
        if on_disk:
            yield from run
        else:
            yield _on_disk(np.concatenate(list(run)))


def _on_disk(table: Words) -> Words:
    """The words in a file, one column after the other, so that reading one leaves the others there."""
    with tempfile.TemporaryFile() as file:
        np.ascontiguousarray(table.T).tofile(file)
        file.flush()
        held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(held, np.uint64).reshape(table.shape[::-1]).T


def _mapped(part: Words) -> mmap.mmap | None:
    """The file that an array lies in; None for one in memory."""
    base: object = part
    while isinstance(base, np.ndarray):
        base = base.base
    held = base.obj if isinstance(base, memoryview) else base
    return held if isinstance(held, mmap.mmap) else None
