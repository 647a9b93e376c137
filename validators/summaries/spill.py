"""Tables of words that lie in a file without a name once there are many: memory does not grow with the rows."""

import tempfile
from collections.abc import Iterable, Sequence
from mmap import ACCESS_READ, mmap

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
CHUNK = 1 << 18


def gathered(parts: Iterable[Words]) -> tuple[Words, ...]:
    """The same rows, fewer than `CHUNK` of them in memory (and all of them where the disk is full); the others, read-only, on disk.

    The file has no name, so the system takes it back however the process ends; pickled, the words go along.
    """
    held = [p for p in parts if len(p)]
    loose = [p for p in held if p.flags.writeable]
    if sum(map(len, loose)) < CHUNK:
        return tuple(held)
    try:
        return (*(p for p in held if not p.flags.writeable), _on_disk(np.concatenate(loose)))
    except OSError:
        return tuple(held)


def _on_disk(table: Words) -> Words:
    with tempfile.TemporaryFile() as file:
        table.tofile(file)
        file.flush()
        return np.frombuffer(mmap(file.fileno(), 0, access=ACCESS_READ), np.uint64).reshape(table.shape)


def columns(parts: Sequence[Words], wanted: Sequence[int]) -> Words:
    """(rows, len(wanted)) some columns of all rows."""
    found = [p[:, wanted] for p in parts]
    return np.concatenate(found) if found else np.zeros((0, len(wanted)), np.uint64)
