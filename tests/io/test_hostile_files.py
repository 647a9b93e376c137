"""Data files made to break a reader: each is read or refused in one sentence, and the next file is read as ever."""

import io
import os
import pickle
import time
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validators.confined.process import Limits
from validators.core.errors import DataError
from validators.io import reader
from validators.io.tables import count_rows, frames, partitions, read_frame, schema_of

SOUND = b"a,b\n1,2\n3,4\n"


class Runs:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


class Celsius(pa.ExtensionType):
    """A type that the process that parses knows nothing of."""

    def __init__(self):
        super().__init__(pa.binary(), "seatrial.test.celsius")

    def __arrow_ext_serialize__(self):
        return b"cos\nsystem\n(S'true'\ntR."

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls()


def zipped(name, content):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return held.getvalue()


def parquet(table, **options):
    held = io.BytesIO()
    pq.write_table(table, held, **options)
    return held.getvalue()


def objects():
    held = io.BytesIO()
    np.save(held, np.array([Runs()], dtype=object), allow_pickle=True)
    return held.getvalue()


def read_checked(path):
    """As a run reads it: its columns first."""
    schema_of(path)
    return read_frame(path)


REFUSED = {
    "columns without end": ("x.csv", lambda: ",".join(f"a{k}" for k in range(1_000_000)).encode() + b"\n1\n"),
    "quote never closed": ("x.csv", lambda: b'a,b\n1,"2\n' + b"3,4\n" * 1_000_000),
    "header twice": ("x.csv", lambda: b"a,a\n1,2\n"),
    "rows of other lengths": ("x.csv", lambda: b"a,b\n1,2,3\n"),
    "nothing": ("x.csv", lambda: b""),
    "a mark of byte order and nothing": ("x.csv", lambda: b"\xef\xbb\xbf"),
    "wide": ("x.parquet", lambda: parquet(pa.table({f"a{k}": [1] for k in range(10_001)}))),
    "zip": ("x.parquet", lambda: zipped("x.parquet", b"PAR1")),
    "zip in a zip": ("x.parquet", lambda: zipped("x.parquet", zipped("x.parquet", b"\0" * 10_000_000))),
    "zeros in a zip": ("x.arrow", lambda: zipped("x.arrow", b"\0" * 50_000_000)),
    "pickle": ("x.parquet", lambda: pickle.dumps(Runs())),
    "pickle as arrow": ("x.arrow", lambda: pickle.dumps(Runs())),
    "array of objects": ("x.parquet", objects),
    "only its magic": ("x.parquet", lambda: b"PAR1PAR1"),
    "footer longer than the file": ("x.parquet", lambda: b"PAR1" + b"\xff\xff\xff\x7fPAR1"),
    "of another kind": ("x.xlsx", lambda: zipped("[Content_Types].xml", b"<x/>")),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_one_sentence_and_the_next_file_is_read(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    name, content = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(content())
    started = time.monotonic()
    with pytest.raises(DataError) as told:
        read_checked(path)

    assert time.monotonic() - started < 10
    assert len(str(told.value).splitlines()) == 1
    assert str(told.value).startswith(str(path))
    assert len(str(told.value)) < 600
    assert {p.name for p in tmp_path.iterdir()} == {name}
    (tmp_path / "sound.csv").write_bytes(SOUND)
    assert len(read_frame(tmp_path / "sound.csv")) == 2


@pytest.mark.parametrize(
    ("content", "rows"),
    [(b"a,b\n1,\x00\n", 1), (b"\xef\xbb\xbfa,b\n1,2\n", 1), (b"a,b\nx,\xff\xfe\n", None), (b"a;b\n1;2\n", 1)],
)
def test_odd_bytes_are_read_or_told(tmp_path, content, rows):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    try:
        found = read_frame(path)
    except DataError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either is an answer
    else:
        assert rows is None or len(found) == rows


def test_a_line_of_a_gigabyte_is_told_at_once(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,")
        file.seek(1_000_000_000)
        file.write(b"\n")
    started = time.monotonic()
    with pytest.raises(DataError, match="cannot be read as csv"):
        read_frame(path)

    assert time.monotonic() - started < 10


def test_a_type_that_nobody_registered_is_read_as_what_it_is_stored_as(tmp_path):
    table = pa.table({"a": pa.ExtensionArray.from_storage(Celsius(), pa.array([b"1", b"2"]))})
    (tmp_path / "x.parquet").write_bytes(parquet(table))

    assert list(read_frame(tmp_path / "x.parquet")["a"]) == [b"1", b"2"]


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path, kind):
    path = tmp_path / "x.csv"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()

    with pytest.raises(DataError) as told:
        count_rows(path)
    assert len(str(told.value).splitlines()) == 1


@pytest.fixture
def little_memory(monkeypatch):
    """A process that parses with 2 GiB of address space."""
    reader._end_all(reader._idle())
    monkeypatch.setattr(reader, "LIMITS", Limits(call_s=60.0, memory_bytes=2 << 30))
    yield
    reader._end_all(reader._idle())


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_zeros_that_inflate_pass_by_in_small_parts(tmp_path):
    path = tmp_path / "x.parquet"
    zeros = np.zeros(5_000_000, np.int64)
    with pq.ParquetWriter(path, pa.schema([("a", pa.int64()), ("b", pa.int64())]), compression="zstd") as writer:
        for _ in range(5):
            writer.write_table(pa.table({"a": zeros, "b": zeros}))
    seen = largest = 0
    for part in partitions(path):
        for frame in frames(part):
            seen, largest = seen + len(frame), max(largest, len(frame))

    assert path.stat().st_size < 400_000
    assert seen == 25_000_000
    assert largest <= 65_536


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_one_long_text_said_many_times_ends_the_process_that_parses_and_not_this_one(tmp_path):
    path = tmp_path / "x.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(4_000, np.int32)), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"a": long}), path, store_schema=False)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(DataError) as told:
        read_frame(path)

    assert len(str(told.value).splitlines()) == 1
    (tmp_path / "sound.csv").write_bytes(SOUND)
    assert len(read_frame(tmp_path / "sound.csv")) == 2


def test_more_columns_than_are_read_are_refused_before_any_row(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet(pa.table({f"a{k}": [1] for k in range(10_001)})))
    for read in (partitions, read_frame, count_rows):
        with pytest.raises(DataError, match="has 10,001 columns; at most 10,000 are read"):
            read(path)
    path.write_bytes(parquet(pa.table({f"a{k}": [1] for k in range(10_000)})))
    assert len(partitions(path)) == 1


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_columns_inside_a_column_count_and_lie_no_deeper_than_arrow_reads(tmp_path, suffix):
    path, plain = tmp_path / f"x{suffix}", pa.array([1.0])
    deep = pa.int64()
    for _ in range(60):
        deep = pa.list_(deep)
    wide = pa.StructArray.from_arrays([plain] * 10_001, names=[f"f{k}" for k in range(10_001)])
    for name, column in (
        ("wide", wide),
        ("deep", pa.nulls(1, deep)),
        ("sound", pa.StructArray.from_arrays([plain] * 3, names=list("abc"))),
    ):
        table = pa.table({"a": column})
        if suffix == ".parquet":
            path.write_bytes(parquet(table))
        else:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
        if name == "wide":
            with pytest.raises(DataError, match="has 10,001 columns, those inside others counted; at most 10,000"):
                partitions(path)
        elif name == "deep" and suffix == ".parquet":
            with pytest.raises(DataError, match="too deeply nested"):
                partitions(path)
        else:
            assert len(read_checked(path)) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_what_is_wide_and_long_comes_in_parts_of_bounded_size(tmp_path, suffix):
    rows, wide, path = 20_000, 2_000, tmp_path / f"x{suffix}"
    column = np.zeros(rows)
    table = pa.table({f"a{k}": column for k in range(wide)})
    if suffix == ".parquet":
        path.write_bytes(parquet(table, compression="zstd"))
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    parts = [len(frame) for part in partitions(path) for frame in frames(part)]

    assert sum(parts) == rows
    assert max(parts) * wide <= 8_000_000
    assert [len(f) for part in partitions(path) for f in frames(part, ("a1", "a0"))] == [rows]


@pytest.mark.slow
def test_long_texts_come_in_parts_of_bounded_size(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet(pa.table({"a": ["x" * 2_000_000] * 300}), compression="zstd"))
    parts = [len(frame) for part in partitions(path) for frame in frames(part)]

    assert sum(parts) == 300
    assert max(parts) <= 150


@pytest.mark.parametrize(
    "reply", [{"groups": "many"}, {"groups": [-1]}, {"groups": ["1"]}, {"rows": "1e9"}, {"rows": -5}, {}]
)
def test_a_parser_that_was_taken_over_cannot_say_what_is_none(tmp_path, monkeypatch, reply):
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet(pa.table({"a": [1]})))
    payload = pa.schema([("a", pa.int64())]).serialize().to_pybytes()
    monkeypatch.setattr(reader, "_ask", lambda *_: iter([({"ok": True, **reply}, payload)]))
    with pytest.raises(DataError, match="cannot be told"):
        reader.layout_of(path) if "groups" in reply else reader.rows_of(path)
