"""Temporary folders of the app, and what killed processes left half-made: gone at the end, or swept by age."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OLD_S = 3600.0
# where in the home what killed processes leave lies, and what its names look like; a user's own hidden files have others
HALF_MADE = (
    ("scratch", r".+"),
    ("projects", r"\.[A-Za-z0-9_-]+\.\d+"),
    ("projects/*/runs", r"\.\d{8}T\d{6}Z-[0-9a-f]{6}\.\w{8}"),
    ("projects/*", r"\.seatrial\.toml\.\w{8}"),
    ("projects/*/jobs/*", r"\.(job|runner|started|ended|cancelled)\.json\.\d+"),
    ("keys", r"\..+\.\w{8}"),
    ("trust", r"\.[0-9a-f]{64}\.json\.\w{8}"),
    ("snapshots/*/*", r"\..+\.\d+\.tmp"),
)


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """A folder for the owner's eyes, gone at the end of the block; those that earlier processes could not remove are swept on the way."""
    parent = home / "scratch"
    parent.mkdir(parents=True, exist_ok=True)
    parent.chmod(0o700)
    sweep(home)
    with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def sweep(home: Path, *, older_s: float = OLD_S) -> int:
    """Remove what was left half-made longer ago; how much there was. What cannot be removed stays until the next time."""
    before, found = time.time() - older_s, 0
    for folder, name in HALF_MADE:
        for parent in home.glob(folder):
            for path in parent.glob("*" if folder == "scratch" else ".*"):
                if not re.fullmatch(name, path.name) or path.lstat().st_mtime > before:
                    continue
                found += 1
                with suppress(OSError):
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                    else:
                        path.unlink()
    return found
