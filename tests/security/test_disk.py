"""A disk that is full or broken at any one operation: one sentence, exit code 2, nothing half-written, and the next start works."""

import errno
import io
import os
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

import pytest

from tests.engine.projects import project
from tests.pages.runs import TOML
from validators import cli
from validators.cli.execute import execute
from validators.cli.progress import reporting
from validators.core.errors import KeyFileError, ModelError, ProjectError, RunError, SnapshotError
from validators.engine import jobs, places
from validators.engine.places import runs_of
from validators.engine.run import nothing
from validators.engine.store import write_folder
from validators.models.client import open_model
from validators.snapshot import keys
from validators.snapshot.build import build_snapshot
from validators.snapshot.verify import VALID, verify_snapshot

PHRASE = b"correct horse"
OPERATIONS = ("fsync", "link", "rename", "replace", "mkdir")
CODES = (errno.ENOSPC, errno.EIO)


class Disk:
    """Every operation that writes is counted; the one with the number `breaks` fails, and so do those after it."""

    def __init__(self, code, breaks):
        self.code, self.breaks, self.seen = code, breaks, 0

    def tick(self, path=None):
        self.seen += 1
        if self.seen >= self.breaks:
            raise OSError(self.code, os.strerror(self.code), None if path is None else str(path))


class File:
    """A file that asks the disk before it writes."""

    def __init__(self, held, disk):
        self._held, self._disk = held, disk

    def write(self, data):
        self._disk.tick()
        return self._held.write(data)

    def __getattr__(self, name):
        return getattr(self._held, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._held.close()


@contextmanager
def failing(code, breaks):
    """A disk that breaks at one operation; what cleans up (unlink, rmtree) still works, as it does on a full disk."""
    disk, real = Disk(code, breaks), io.open

    def opened(file, mode="r", *more, **named):
        if not set(mode) & set("wxa+") or str(file) == os.devnull:
            return real(file, mode, *more, **named)
        disk.tick(file)
        return File(real(file, mode, *more, **named), disk)

    def asked(name):
        call = getattr(os, name)

        def checked(*arguments, **named):
            disk.tick(arguments[0] if isinstance(arguments[0], str | os.PathLike) else None)
            return call(*arguments, **named)

        return checked

    with patch.multiple(os, **{name: asked(name) for name in OPERATIONS}), patch.object(io, "open", opened):
        yield disk


def broken_everywhere(act, kinds, untouched, code):
    """Break every operation of an act in turn; how many there were."""
    for breaks in range(1, 200):
        with failing(code, breaks) as disk:
            try:
                act()
            except kinds as error:
                told = str(error)
            else:
                assert disk.seen < breaks
                return breaks - 1
        assert len(told.splitlines()) == 1
        assert os.strerror(code) in told
        untouched()
    raise AssertionError("no end")


def names(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project with one whole run."""
    folder = project(tmp_path_factory.mktemp("disk") / "p", n=200)
    return execute(folder, only=("PRF102",), progress=nothing).folder


@pytest.mark.parametrize("code", CODES)
def test_a_run_folder_is_whole_or_not_there(tmp_path, code):
    files = {"results.json": b"{}", "report.html": b"<p>", "grid.json": b"1"}
    place = tmp_path / "p" / "runs"
    steps = broken_everywhere(lambda: write_folder(place / "r1", files), RunError, lambda: assert_empty(place), code)

    assert steps >= 12
    assert runs_of(tmp_path / "p") == {"r1": place / "r1"}
    assert {p.name: p.read_bytes() for p in (place / "r1").iterdir()} == files


@pytest.mark.parametrize("code", CODES)
def test_a_snapshot_is_whole_or_not_there(finished, tmp_path, code):
    private = keys.load_private("me", PHRASE, made_key(tmp_path / "home"))
    out, made = tmp_path / "out.zip", []

    def act():
        made.append(build_snapshot(finished, private_key=private, out=out, created=datetime(2026, 1, 2, tzinfo=UTC)))

    def untouched():
        assert not list(tmp_path.glob("*.zip*"))

    assert broken_everywhere(act, SnapshotError, untouched, code) >= 4
    assert verify_snapshot(made[0], trust=tmp_path / "home" / "trust").code == VALID


def made_key(home):
    keys.new_key("me", PHRASE, home)
    return home


@pytest.mark.parametrize("code", CODES)
def test_a_key_is_whole_and_trusted_or_not_there(tmp_path, code, monkeypatch):
    monkeypatch.setattr(keys, "KDF_ROUNDS", 1)

    def untouched():
        assert keys.own_keys(tmp_path) == []
        assert keys.trusted_keys(tmp_path / "trust") == []
        assert names(tmp_path) == set()

    assert broken_everywhere(lambda: keys.new_key("me", PHRASE, tmp_path), KeyFileError, untouched, code) >= 12
    (trusted,) = keys.trusted_keys(tmp_path / "trust")
    assert trusted.key.public_bytes_raw() == keys.load_private("me", PHRASE, tmp_path).public_key().public_bytes_raw()
    with pytest.raises(KeyFileError, match="exists"):
        keys.new_key("me", PHRASE, tmp_path)


@pytest.mark.parametrize("code", CODES)
def test_a_revocation_counts_or_says_that_it_does_not(tmp_path, code):
    made_key(tmp_path)
    done = broken_everywhere(
        lambda: keys.revoke("me", tmp_path, reason="left"),
        KeyFileError,
        lambda: keys.trusted_keys(tmp_path / "trust"),
        code,
    )

    assert done >= 3
    assert keys.trusted_keys(tmp_path / "trust")[0].revoked_at


@pytest.mark.parametrize("code", CODES)
def test_an_upload_becomes_a_project_or_leaves_nothing(tmp_path, code):
    environment = {"SEATRIAL_HOME": str(tmp_path)}
    held = {"seatrial.toml": TOML.encode(), "test.csv": b"income,score,default\n1,0.5,1\n"}

    steps = broken_everywhere(
        lambda: places.receive(held, "mine", environment),
        ProjectError,
        lambda: assert_empty(tmp_path / "projects"),
        code,
    )

    assert steps >= 5
    assert "my-mine" in places.known_projects(environment)


@pytest.mark.parametrize("code", CODES)
def test_the_copy_of_a_model_folder_is_made_or_leaves_nothing(tmp_path, monkeypatch, code):
    (tmp_path / "m" / "deep").mkdir(parents=True)
    (tmp_path / "m" / "MLmodel").write_text("flavors: 5")
    (tmp_path / "m" / "deep" / "x").write_bytes(b"x")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def load():
        try:
            open_model(tmp_path / "m", task="regression")
        except ModelError as error:
            if "lists no flavors" not in str(error):
                raise

    steps = broken_everywhere(load, ModelError, lambda: assert_empty(tmp_path / "temporary"), code)
    assert steps >= 4
    assert_empty(tmp_path / "temporary")


def assert_empty(folder):
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize("code", CODES)
def test_a_job_that_cannot_be_written_is_not_started(tmp_path, code):
    with failing(code, 1), pytest.raises(RunError, match=os.strerror(code)):
        jobs.start(tmp_path, [], places=tmp_path / "places", owner="me")

    assert jobs.listed(tmp_path) == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("command", ["run", "init", "keys"])
def test_the_command_says_it_in_a_sentence_and_ends_with_2(tmp_path, monkeypatch, capsys, command, code):
    folder = project(tmp_path / "p", n=200)
    if command == "init":
        (folder / "seatrial.toml").unlink()
    arguments = {
        "run": ["run", str(folder), "--check", "PRF102", "--progress", str(tmp_path / "progress")],
        "init": ["init", str(folder)],
        "keys": ["keys", "new", "me"],
    }
    monkeypatch.setenv("SEATRIAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEATRIAL_KEY_PASSPHRASE", PHRASE.decode())
    monkeypatch.setattr(sys, "argv", ["seatrial", *arguments[command]])
    for breaks in (1, 2, 5):
        before = names(tmp_path)
        with failing(code, breaks), pytest.raises(SystemExit) as ended:
            cli.main()
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("seatrial: ")]
        assert ended.value.code == 2
        assert len(told) == 1
        assert os.strerror(code) in told[0]
        assert {n for n in names(tmp_path) - before if "/." not in n} <= {"progress"}


def test_news_of_progress_may_be_lost_but_not_the_run(tmp_path):
    with reporting(tmp_path / "progress") as report, failing(errno.ENOSPC, 1):
        report("reading", 0.5)
    with reporting(tmp_path / "progress") as report:
        report("reading", 0.6)

    assert jobs._progress(tmp_path / "progress") == ("reading", 0.6)
