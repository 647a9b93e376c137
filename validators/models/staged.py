"""A model that is a folder: copied, read-only, to where its process may read it, and to nothing else of ours.

A copy is gone when its model is closed; those of processes that were killed are removed when the next one is made.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from ..core.errors import ModelError

MARK = "MLmodel"
MOST_FILES, MOST_BYTES = 2_000, 4 << 30
PREFIX, YOUNG_S = "seatrial-model-", 60.0


class Scratch:
    """A temporary folder with a lock that goes with this process, however it ends."""

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self) -> None:
        """Remove it. Harmless the second time."""
        if self._lock >= 0:
            remove(self.path)
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Staged:
    """The read-only copy of a model's folder: its file `MLmodel`, open; the digest of the tree, as of folders of data; its size.

    Raises
    ------
    ModelError
        Where the folder is no model, or is too large.
    OSError
        Where it cannot be read, or the copy not written.
    """

    def __init__(self, folder: Path) -> None:
        names = files_of(folder)
        self._scratch = Scratch()
        self.folder = self._scratch.path / "model"
        try:
            lines, self.size = "", 0
            for path in names:
                name = path.relative_to(folder)
                copy = self.folder / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                lines += f"{copied(path, copy)}  {name.as_posix()}\n"
                self.size += copy.stat().st_size
            self.sha256 = hashlib.sha256(lines.encode()).hexdigest()
            only_read(self.folder)
            self.file = (self.folder / MARK).open("rb")
        except BaseException:
            self._scratch.close()
            raise

    def close(self) -> None:
        """Remove the copy."""
        self.file.close()
        self._scratch.close()


def copied(source: Path, copy: Path) -> str:
    """Copy a file; the digest of the very bytes that were written."""
    digest = hashlib.sha256()
    with source.open("rb") as held, copy.open("wb") as new:
        while block := held.read(1 << 20):
            digest.update(block)
            new.write(block)
    return digest.hexdigest()


def files_of(folder: Path) -> list[Path]:
    """The files of a model's folder in order; raises ModelError where it is none that is read."""
    if not (folder / MARK).is_file():
        raise ModelError(f"is a folder without a file {MARK}; give the folder that MLflow wrote, or a model file")
    names = sorted(p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    odd = [p.relative_to(folder) for p in names if p.is_symlink() or not p.is_file() or not str(p).isprintable()]
    if odd:
        raise ModelError(f"holds {str(odd[0])!r}, which is a link or no plain file; copy the content there")
    size = sum(p.stat().st_size for p in names)
    if len(names) > MOST_FILES or size > MOST_BYTES:
        raise ModelError(f"has {len(names)} files of {size} bytes; at most {MOST_FILES} and {MOST_BYTES} are read")
    return names


def only_read(folder: Path) -> None:
    """Take the right to write from all that lies in a folder, and from itself."""
    for path in (*folder.rglob("*"), folder):
        if not path.is_symlink():
            path.chmod(0o500 if path.is_dir() else 0o400)


def remove(folder: Path) -> None:
    """Remove a folder whose content can only be read."""
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what processes that were killed have left: old enough to be locked, and locked by nobody."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), _opened(path) as held:
            about = os.fstat(held)
            if about.st_uid == os.getuid() and about.st_mtime < time.time() - YOUNG_S:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield held
    finally:
        os.close(held)
