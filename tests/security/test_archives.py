"""Archives made to harm whoever unpacks them, as models and as data: one sentence each, nothing written, memory bounded.

Each is live: unpacked as a careless program does it, it writes beside its folder, grows beyond bounds, or is two things at once.
"""

import gzip
import io
import resource
import stat
import time
import zipfile

import joblib
import numpy as np
import pytest
import scipy.sparse
import skops.io
from sklearn.linear_model import LogisticRegression

from validators.confined.process import Limits
from validators.core.errors import DataError, ModelError
from validators.io.tables import read_frame, schema_of
from validators.models.client import open_model

TASK = {"task": "binary", "positive": 1}
MB = 1 << 20
BOMB = 200 * MB


def sound():
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    return skops.io.dumps(model)


def with_members(*more, data=None):
    """A sound archive with members behind its own; each a ZipInfo or a name, and its bytes."""
    held = io.BytesIO(sound() if data is None else data)
    with zipfile.ZipFile(held, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def special(name, kind):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    info.create_system = 3
    return info


def with_schema(text):
    """An archive that holds nothing but a schema."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", text)
    return held.getvalue()


def with_array(content, suffix=".npy"):
    """A sound model one of whose arrays is replaced, with the size that its new content has."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    if suffix == ".npz":
        model.coef_ = scipy.sparse.csr_matrix(model.coef_)
    data, held = skops.io.dumps(model), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        first = next(n for n in old.namelist() if n.endswith(suffix))
        for name in old.namelist():
            new.writestr(name, content if name == first else old.read(name))
    return held.getvalue()


def saying(data, size):
    """The same archive, all of whose members are said to unpack to `size` bytes."""
    held, at = bytearray(data), 0
    while (at := held.find(b"PK\x01\x02", at)) >= 0:
        held[at + 24 : at + 28] = size.to_bytes(4, "little")
        at += 4
    return bytes(held)


def npy(shape, dtype="<f8", content=b""):
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": dtype, "fortran_order": False, "shape": shape})
    return held.getvalue() + content


def npz(**members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return held.getvalue()


def escapes(data, folder):
    """Whether a careless program writes beside its folder."""
    inside = folder / "a" / "b"
    inside.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            target = inside / info.filename.replace("C:\\", "../").replace("\\", "/")
            if stat.S_ISLNK(info.external_attr >> 16):
                target.symlink_to(archive.read(info).decode())
            elif target.parent.is_dir():
                target.write_bytes(archive.read(info))
    return any(p.parent != inside for p in folder.rglob("*") if p.is_file()) or any(
        p.is_symlink() and not p.exists() for p in inside.iterdir()
    )


def grows(data, folder):
    """Whether it unpacks to more than a hundred times its size."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(i.file_size for i in archive.infolist()) > 100 * len(data)


def two_at_once(data, folder):
    """Whether the first and the last member of one name differ."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [i.filename.casefold() for i in archive.infolist()]
        held = {}
        for info in archive.infolist():
            held.setdefault(info.filename.casefold(), set()).add(archive.read(info))
    return len(names) != len(set(names)) and any(len(contents) > 1 for contents in held.values())


def inner_grows(data, folder):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".npz"))
        return grows(archive.read(name), folder)


def runs_when_allowed(data, folder):
    """Whether its array is a pickle, for whoever allows that."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = min((archive.read(n) for n in archive.namelist() if n.endswith(".npy")), key=lambda c: b"|O" not in c)
    return isinstance(np.load(io.BytesIO(content), allow_pickle=True), np.ndarray)


def objects():
    held = io.BytesIO()
    np.save(held, np.array([{1: 2}], dtype=object), allow_pickle=True)
    return held.getvalue()


FROM_ROOT = "a careless program writes into the root folder, where no test should"
NO_DEVICE = "only root makes devices"
NOTHING_THERE = "there is nothing to unpack; what is told of it is not so"


# name: (archive, what is said, what a careless program makes of it or why that is not tried)
MODELS = {
    "a path upwards": (lambda: with_members(("../../x", b"x")), "named like a path", escapes),
    "a path from the root": (lambda: with_members(("/x", b"x")), "named like a path", FROM_ROOT),
    "a path with a drive": (lambda: with_members(("C:\\x", b"x")), "named like a path", escapes),
    "a path with backslashes": (lambda: with_members(("..\\..\\x", b"x")), "named like a path", escapes),
    "a symbolic link": (lambda: with_members((special("x.npy", stat.S_IFLNK), b"/nowhere")), "no plain file", escapes),
    "a device": (lambda: with_members((special("x.npy", stat.S_IFBLK), b"")), "no plain file", NO_DEVICE),
    "a schema that is there twice": (lambda: with_members(("schema.json", b"{}")), "there twice", two_at_once),
    "a schema in capitals beside it": (lambda: with_members(("SCHEMA.JSON", b"{}")), "there twice", two_at_once),
    "a member that becomes 200 MB": (lambda: with_members(("x.npy", bytes(BOMB))), "", grows),
    "an array that becomes 200 MB": (lambda: with_array(npy((BOMB // 8,), content=bytes(BOMB))), "classes; at most|memory_gb|raised", grows),
    "an array of a size that is not there": (lambda: with_array(npy((1 << 40,))), "cannot be loaded|memory_gb", NOTHING_THERE),
    "an array of objects": (lambda: with_array(objects()), "cannot be loaded", runs_when_allowed),
    "sizes that are too large": (lambda: saying(sound(), 0xFFFFFFFE), "unpacks to [0-9,]+ bytes", grows),
    "sizes that are too small": (lambda: saying(sound(), 3), "cannot be loaded", NOTHING_THERE),
    "a zip in it that becomes 200 MB": (
        lambda: with_array(npz(data=npy((BOMB // 8,), content=bytes(BOMB)), format=npy((), "|S3", b"csr")), ".npz"),
        "cannot be loaded|memory_gb|raised",
        inner_grows,
    ),
    "a schema that is deep": (lambda: with_schema("[" * 100_000 + "]" * 100_000), "cannot be loaded", NOTHING_THERE),
    "a schema that becomes 200 MB": (lambda: with_schema(b" " * BOMB + b"{}"), "cannot be loaded|memory_gb", grows),
    "no schema": (lambda: npz(a=b"x"), "cannot be loaded", NOTHING_THERE),
}  # fmt: skip
LITTLE = Limits(load_s=30, call_s=30, memory_bytes=1200 * MB)


def tree(folder):
    return {p.relative_to(folder): p.is_file() and p.stat().st_size for p in folder.rglob("*")}


FAST = (
    "a path upwards",
    "a symbolic link",
    "a schema that is there twice",
    "an array of objects",
    "sizes that are too large",
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in MODELS])
def test_an_archive_as_a_model_is_told_in_a_sentence_and_writes_nothing(tmp_path, monkeypatch, name):
    make, words, careless = MODELS[name]
    held = tmp_path / "held"
    held.mkdir()
    monkeypatch.chdir(held)
    (held / "m.skops").write_bytes(make())
    before, started = tree(tmp_path), time.monotonic()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if words:
        with (
            pytest.raises(ModelError, match=words) as told,
            open_model(held / "m.skops", limits=LITTLE, **TASK) as model,
        ):
            model.predict(np_frame())
        assert len(str(told.value).splitlines()) == 1
        assert len(str(told.value)) < 700
    else:
        with open_model(held / "m.skops", limits=LITTLE, **TASK) as model:
            assert np.isfinite(model.predict(np_frame())).all()

    assert time.monotonic() - started < 40
    assert tree(tmp_path) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown < 100 * 1024  # KiB: this process unpacks nothing
    assert isinstance(careless, str) or careless((held / "m.skops").read_bytes(), tmp_path / "careless")


def np_frame():
    import pandas as pd

    return pd.DataFrame({"a": [0.0, 1.0]})


@pytest.mark.slow
def test_an_archive_of_more_members_than_any_model_has_is_refused(tmp_path):
    held = io.BytesIO(sound())
    with zipfile.ZipFile(held, "a") as archive:
        for k in range(100_000):
            archive.writestr(f"{k}.npy", b"")
    (tmp_path / "m.skops").write_bytes(held.getvalue())
    started = time.monotonic()

    with pytest.raises(ModelError, match="members; at most 100,000 are read"):
        open_model(tmp_path / "m.skops", **TASK)
    assert time.monotonic() - started < 40


def test_a_sound_archive_with_harmless_members_is_a_model(tmp_path):
    (tmp_path / "m.skops").write_bytes(with_members(("notes.txt", b"x"), ("x.npy", npy((1,), content=bytes(8)))))
    with open_model(tmp_path / "m.skops", **TASK) as model:
        assert len(model.predict(np_frame())) == 2


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".zip", ".gz", ".csv.gz", ".tar", ".7z", ".xlsx"])
def test_archives_are_no_data_and_no_models(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    for read in (schema_of, read_frame):
        with pytest.raises(DataError, match=r"unknown kind of data file; give one of \.parquet"):
            read(path)
    with pytest.raises(ModelError, match="unknown model format"):
        open_model(path, **TASK)
    joblib.dump([1], path)


@pytest.mark.parametrize("compress", [gzip.compress])
def test_a_compressed_csv_is_told(tmp_path, compress):
    (tmp_path / "x.csv").write_bytes(compress(b"a,b\n" + b"1,2\n" * 100_000))

    with pytest.raises(DataError) as told:
        read_frame(tmp_path / "x.csv")
    assert len(str(told.value).splitlines()) == 1
