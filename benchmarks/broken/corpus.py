"""Malformed files out of a seed: what a broken export, a hurried edit or a hostile hand leaves of a sound one."""

# ruff: noqa: ARG001, ARG005 - every damage takes the same four arguments

import io
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = {
    "test.csv": 0.22,
    "test.parquet": 0.17,
    "test.arrow": 0.13,
    "seatrial.toml": 0.12,
    "model.joblib": 0.04,
    "model.pkl": 0.04,
    "model.skops": 0.04,
    "model.json": 0.04,
    "model.ubj": 0.04,
    "model.txt": 0.04,
    "model.cbm": 0.04,
    "model.onnx": 0.04,
    "mlflow/MLmodel": 0.04,
}


@dataclass(frozen=True, slots=True)
class Broken:
    """One malformed file: what it stands for, what was done to it, its bytes."""

    file: str
    damage: str
    data: bytes


def corpus(sound, count, seed):
    """`count` malformed files in all; `sound` maps the names of FORMATS to sound bytes. The hand-made ones come first."""
    for file, share in FORMATS.items():
        rng = np.random.default_rng([seed, zlib.crc32(file.encode())])
        due = max(round(share * count), 1)
        made = list(HAND_MADE[file](sound[file])) if file in HAND_MADE else []
        picked = rng.permutation(len(made))[: due // 2]
        yield from (Broken(file, made[k][0], made[k][1]) for k in sorted(picked))
        for _ in range(due - len(picked)):
            yield Broken(file, *damaged(sound, file, rng))


def damaged(sound, file, rng):
    """One random damage to the bytes of a file: its name and what it leaves."""
    data = sound[file]
    name = str(rng.choice([*DAMAGES, "of another kind"]))
    if name == "of another kind":
        return name, sound[str(rng.choice([f for f in sound if f != file]))]
    return name, DAMAGES[name](data, *sorted(int(k) for k in rng.integers(0, len(data), 2)), rng)


def flipped(data, a, b, rng):
    """Up to 32 bits turned over."""
    held = np.frombuffer(data, np.uint8).copy()
    where = rng.integers(0, len(data), int(rng.integers(1, 33)))
    held[where] ^= (1 << rng.integers(0, 8, len(where))).astype(np.uint8)
    return held.tobytes()


def exchanged(data, a, b, rng):
    """Two pieces change places."""
    k = min(64, len(data) // 4)
    a, b = min(a, len(data) - k), min(b, len(data) - k)
    held = bytearray(data)
    held[a : a + k], held[b : b + k] = held[b : b + k], held[a : a + k]
    return bytes(held)


def other_digits(data, a, b, rng):
    """Other digits, points and signs where digits were."""
    held = bytearray(data)
    for at in rng.integers(0, len(data), 200):
        if chr(held[at]).isdigit():
            held[at] = int(rng.integers(45, 58))
    return bytes(held)


def reordered(data, a, b, rng):
    """Its lines in another order."""
    lines = data.split(b"\n")
    return b"\n".join(lines[k] for k in rng.permutation(len(lines)))


DAMAGES = {
    "bits flipped": flipped,
    "cut off": lambda data, a, b, rng: data[:b],
    "a hole": lambda data, a, b, rng: data[:a] + data[b:],
    "a part twice": lambda data, a, b, rng: data[:b] + data[a:],
    "zeros": lambda data, a, b, rng: data[:a] + bytes(min(b - a, 4096)) + data[min(b, a + 4096) :],
    "pieces exchanged": exchanged,
    "other digits": other_digits,
    "noise": lambda data, a, b, rng: rng.bytes(int(rng.integers(0, 2000))),
    "lines reordered": reordered,
    "more behind it": lambda data, a, b, rng: data + rng.bytes(100),
}


def broken_csv(data):
    """What exports and hands do to a csv."""
    text = data.decode()
    head, _, body = text.partition("\n")
    first, _, rest = body.partition("\n")
    cells = first.split(",")
    wrong = {
        "y": [*cells[:-2], "maybe", cells[-1]],
        "score": [*cells[:-1], "high"],
        "a": [*cells[:2], "tall", *cells[3:]],
        "at": [cells[0], "yesterday", *cells[2:]],
        "id": ["", *cells[1:]],
    }
    yield from ((f"a word in {k}", f"{head}\n{','.join(v)}\n{rest}".encode()) for k, v in wrong.items())
    yield from (
        (f"{word} as score", f"{head}\n{','.join([*cells[:-1], word])}\n{rest}".encode())
        for word in ("nan", "inf", "-1e400", "1e999", "0x1p3", "1,5", "", "  ", "NULL", "=1+1", "true")
    )
    yield "empty", b""
    yield "a line feed", b"\n"
    yield "header only", head.encode()
    yield "no header", body.encode()
    yield "one row", f"{head}\n{first}\n".encode()
    yield "NUL", text.replace("red", "re\0d").encode()
    yield "byte order mark", b"\xef\xbb\xbf" + data
    yield "utf-16", text.encode("utf-16")
    yield "latin-1", text.replace("red", "r\u00f6t").encode("latin-1")
    yield "two encodings", data + "1,2025-01-01,0,0,r\u00f6t,1,.5\n".encode("latin-1")
    yield "column twice", data.replace(b"score", b"a", 1)
    yield "column without a name", data.replace(b"score", b"", 1)
    yield "column renamed", data.replace(b"score", b"Score", 1)
    yield "quote never closed", data.replace(b"red", b'"red', 1)
    yield "semicolons", data.replace(b",", b";")
    yield "tabs", data.replace(b",", b"\t")
    yield "more cells", data.replace(b"\n", b",9\n", 40).replace(b",9\n", b"\n", 1)
    yield "fewer cells", data.replace(b",red,", b",", 3)
    yield "old line ends", data.replace(b"\n", b"\r")
    yield "100,000 columns", ",".join(f"c{k}" for k in range(100_000)).encode() + b"\n" + b",".join([b"1"] * 100_000)
    yield "a long line", head.encode() + b"\n" + b"9" * 20_000_000
    yield "hostile name", data.replace(b"a,b,c", b"<script>alert(1)</script>,b,c", 1)
    yield "formula", data.replace(b"red", b"=cmd|'/c calc'!A0")
    yield "one outcome", b"\n".join([head.encode(), *(_outcome(line) for line in body.encode().split(b"\n") if line)])
    yield "keys repeated", data + body.encode()
    yield "huge whole numbers", data.replace(b"\n3", b"\n" + b"9" * 40)
    yield "compressed", zlib.compress(data)
    yield "json", pd.read_csv(io.BytesIO(data)).to_json().encode()


def _outcome(line):
    cells = line.split(b",")
    return b",".join([*cells[:-2], b"1", cells[-1]])


def odd_frames(frame):
    """Sound containers of unusable columns."""
    n = len(frame)
    yield "no rows", frame.iloc[:0]
    yield "no columns", frame[[]]
    yield "column gone", frame.drop(columns="score")
    yield "feature gone", frame.drop(columns="a")
    yield "score all missing", frame.assign(score=np.nan)
    yield "score above one", frame.assign(score=frame.score + 5)
    yield "infinite score", frame.assign(score=np.inf)
    yield "outcome of words", frame.assign(y=np.where(frame.y == 1, "yes", "no"))
    yield "outcome of three", frame.assign(y=np.arange(n) % 3)
    yield "outcome all missing", frame.assign(y=np.nan)
    yield "times as words", frame.assign(at="soon")
    yield "times of year 9999", frame.assign(at=pd.Timestamp("9999-12-31").as_unit("s"))
    yield "lists", frame.assign(a=[[1.0, 2.0]] * n)
    yield "structs", frame.assign(a=[{"x": 1}] * n)
    yield "bytes", frame.assign(c=[b"\xff\x00"] * n)
    yield "all missing feature", frame.assign(a=None)
    yield "mixed", frame.assign(c=[str(k) for k in range(n)])
    yield "durations", frame.assign(b=pd.to_timedelta(np.arange(n), unit="s"))
    yield "booleans", frame.assign(b=np.arange(n) % 2 == 0)
    yield "hostile levels", frame.assign(c="<img src=x onerror=alert(1)> | a=1 & b")
    yield "long levels", frame.assign(c="x" * 100_000)
    yield "huge numbers", frame.assign(a=1e308)
    yield "keys missing", frame.assign(id=None)


def broken_table(data, read, write):
    """A parquet or arrow file with unusable columns, and containers that are none."""
    frame = read(io.BytesIO(data))
    for name, odd in odd_frames(frame):
        yield name, write(pa.Table.from_pandas(odd, preserve_index=False))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    yield "column twice", write(table.append_column("a", table["a"]))
    yield "decimals", write(table.set_column(2, "a", table["y"].cast(pa.decimal128(30, 2))))
    yield "2,000 columns", write(pa.table({f"c{k}": [1.0] for k in range(2000)}))
    yield "empty", b""


def broken_parquet(data):
    """Parquet."""
    yield from broken_table(data, pd.read_parquet, _parquet)
    yield "magic only", b"PAR1PAR1"
    yield "a length that lies", data[:-8] + b"\xff\xff\xff\x7fPAR1"
    zeros = pa.table({k: pa.array(np.zeros(5_000_000)) for k in ("id", "a", "b", "y", "score")})
    yield "zeros that inflate", _parquet(zeros)


def broken_arrow(data):
    """Arrow's file format."""
    yield from broken_table(data, pd.read_feather, _arrow)
    yield "magic only", b"ARROW1\0\0ARROW1"


def _parquet(table):
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _arrow(table):
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def broken_project(data):
    """A project file with one wrong line, and files that are none."""
    text = data.decode()
    lines = text.splitlines()
    for k, line in enumerate(lines):
        left, right = lines[:k], lines[k + 1 :]
        yield f"without line {k + 1}", "\n".join(left + right).encode()
        key = line.split(" = ")[0]
        if key != line:
            for value in ('""', "7", "[]", "{}", "nan", '["x", 1]', "2025-01-01", '"../../../etc/passwd"', '"\\u0000"'):
                yield f"{key} = {value}", "\n".join([*left, f"{key} = {value}", *right]).encode()
            yield f"{key} misspelt", "\n".join([*left, "x" + line, *right]).encode()
    yield "deep", text.encode() + b"\n[slices]\nx = " + b"[" * 5000
    yield "long slice", text.encode() + b'\n[slices]\nx = "' + b"a > 1 & " * 5000 + b'a > 2"'
    yield "empty", b""
    yield "utf-16", text.encode("utf-16")


def broken_mlflow(data):
    """MLflow's description of a model with one wrong line, and descriptions that are none."""
    lines = data.decode().splitlines()
    for k, line in enumerate(lines):
        key, _, _ = line.partition(":")
        yield f"without line {k + 1}", "\n".join(lines[:k] + lines[k + 1 :]).encode()
        for value in ("../../../etc/passwd", "[]", "{}", "~", "1e999", "&a [*a]", "!!python/name:os.system", "'\\0'"):
            yield f"{key.strip()}: {value}", "\n".join([*lines[:k], f"{key}: {value}", *lines[k + 1 :]]).encode()
    yield "a text of many texts", b"a: &a [x, x]\nb: &b [*a, *a]\nflavors: {xgboost: {data: *b}}"
    yield "deep", b"flavors: " + b"[" * 100_000
    yield "empty", b""


HAND_MADE = {
    "mlflow/MLmodel": broken_mlflow,
    "test.csv": broken_csv,
    "test.parquet": broken_parquet,
    "test.arrow": broken_arrow,
    "seatrial.toml": broken_project,
}
