"""Run folders: written whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import RunError


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that must not exist or be empty; it appears with all of them or not at all.

    Raises
    ------
    RunError
        When `out` holds something, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out}: is not empty; give another --out or remove it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror}); give another --out") from None
    made = making
    try:
        making.chmod(0o755)
        for name, content in files.items():
            write_synced(making / name, content)
        _sync_folder(making)
        if out.exists():
            out.rmdir()
        making.rename(out)
        made = out
        _sync_folder(out.parent)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and have it on disk before returning."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Put new content in a file's place: readers see the old or the new, never a part."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        os.close(handle)
        write_synced(Path(name), content)
        Path(name).replace(path)
        _sync_folder(path.parent)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's relative names and digests in order."""
    if path.is_dir():
        names = sorted(p for p in path.rglob("*") if p.is_file())
        lines = "".join(f"{file_digest(p)}  {p.relative_to(path).as_posix()}\n" for p in names)
        return hashlib.sha256(lines.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
