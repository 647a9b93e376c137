"""Temporary folders leave nothing, and what killed processes left is swept, and nothing else."""

import os
import time

import pytest

from validators.engine.scratch import scratch, sweep

LEFT = (
    "scratch/tmpabc", "projects/.credit.4711", "projects/credit/runs/.20261125T043531Z-047107.ab_cd123",
    "projects/credit/.seatrial.toml.abcd1234", "projects/credit/jobs/20261125T043531Z-047107/.ended.json.12", "keys/.me.abcd1234",
    "keys/.me.pub.pem.abcd1234", f"trust/.{'a' * 64}.json.abcd1234", "snapshots/credit-aa/now/.s.zip.33.tmp",
)  # fmt: skip
KEPT = (
    "projects/credit/seatrial.toml", "projects/credit/.git", "projects/credit/.gitignore", "projects/.config", "projects/credit/runs/.keep",
    "projects/credit/runs/20261125T043531Z-047107", "keys/me", "keys/.lock", "snapshots/credit-aa/now/s.zip", "settings.toml",
)  # fmt: skip


@pytest.fixture
def home(tmp_path):
    for name in (*LEFT, *KEPT):
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path / "home"


def age(folder, hours):
    then = time.time() - 3600 * hours
    for path in folder.rglob("*"):
        os.utime(path, (then, then), follow_symlinks=False)


def names(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() or p.is_symlink()}


def test_what_was_left_is_swept_by_age_and_nothing_else(home):
    assert sweep(home) == 0
    age(home, 2)

    assert sweep(home) == len(LEFT)
    assert names(home) == set(KEPT)
    assert sweep(home) == 0


def test_a_link_is_removed_and_not_followed(tmp_path, home):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    (home / "scratch" / "link").symlink_to(tmp_path / "other")
    age(home, 2)
    sweep(home)

    assert not (home / "scratch" / "link").is_symlink()
    assert (tmp_path / "other" / "precious").exists()


def test_a_temporary_folder_is_for_the_owners_eyes_and_gone_at_the_end_also_after_an_error(home):
    def fails():
        with scratch(home) as folder:
            (folder / "upload.zip").write_bytes(b"x")
            held.append(folder)
            assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 == 0o700
            raise KeyError

    held = []
    with pytest.raises(KeyError):
        fails()

    assert not held[0].exists()
