"""A model that is a folder, as one open file: a tar of it, so that its process sees these files and no path."""

import hashlib
import io
import os
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from ..core.errors import ModelError

MARK = "MLmodel"
MOST_FILES, MOST_BYTES = 2_000, 4 << 30


def opened(path: Path) -> tuple[IO[bytes], str, int]:
    """A model's file, or the tar of its folder, open at its start; its digest and its size."""
    if path.is_dir():
        return packed(path)
    file = path.open("rb")
    return file, hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size


def packed(folder: Path) -> tuple[IO[bytes], str, int]:
    """The tar, the digest of the tree and its size. Raises ModelError where the folder is no model, OSError where it cannot be read.

    The digest is that of the lines of SHA-256 and relative name of every file in order, as of folders of data; it is of the very
    bytes that are packed.
    """
    if not (folder / MARK).is_file():
        raise ModelError(f"is a folder without a file {MARK}; give the folder that MLflow wrote, or a model file")
    names = sorted(p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    odd = [p.relative_to(folder) for p in names if p.is_symlink() or not p.is_file() or not str(p).isprintable()]
    if odd:
        raise ModelError(f"holds {str(odd[0])!r}, which is a link or no plain file; copy the content there")
    size = sum(p.stat().st_size for p in names)
    if len(names) > MOST_FILES or size > MOST_BYTES:
        raise ModelError(f"has {len(names)} files of {size} bytes; at most {MOST_FILES} and {MOST_BYTES} are read")
    held = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    lines = ""
    with tarfile.open(fileobj=held, mode="w") as tar:
        for path in names:
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            lines += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    held.flush()
    held.seek(0)
    return held, hashlib.sha256(lines.encode()).hexdigest(), size
