"""Data files as partitions that are read only when opened: parquet (a file or a folder), csv, arrow."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from ..core.errors import DataError

BATCH_ROWS, MAX_COLUMNS = 65_536, 10_000
SUFFIXES = (".parquet", ".csv", ".arrow", ".feather")


@dataclass(frozen=True, slots=True)
class Part:
    """One partition: a file, and its row groups (parquet) if not all."""

    path: Path
    row_groups: tuple[int, ...] | None = None


def partitions(path: Path, *, rows: int = 1_000_000) -> tuple[Part, ...]:
    """Partitions of a data file or a folder of parquet files, of about `rows` rows each.

    Raises
    ------
    DataError
        When the file cannot be read or is of no known kind.
    """
    files = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path}: the folder has no .parquet file")
    parts: list[Part] = []
    for file in files:
        if file.suffix != ".parquet":
            schema_of(file)
            parts.append(Part(file))
            continue
        with _readable(file):
            meta = pq.ParquetFile(file).metadata
        held: list[int] = []
        size = 0
        for g in range(meta.num_row_groups):
            held.append(g)
            size += meta.row_group(g).num_rows
            if size >= rows or g == meta.num_row_groups - 1:
                parts.append(Part(file, tuple(held)))
                held, size = [], 0
        if meta.num_row_groups == 0:
            parts.append(Part(file, ()))
    return tuple(parts)


def schema_of(path: Path) -> pa.Schema:
    """Column names and types of a data file (of the first file of a folder)."""
    if path.is_dir():
        return next(iter(schemas_of(path).values()))
    with _readable(path):
        if path.suffix == ".parquet":
            schema = pq.read_schema(path)
        elif path.suffix == ".csv":
            with pa.csv.open_csv(path) as reader:
                schema = reader.schema
        elif path.suffix in SUFFIXES:
            with pa.ipc.open_file(path) as reader:
                schema = reader.schema
        else:
            raise DataError(f"{path}: unknown kind of data file; give one of {', '.join(SUFFIXES)}")
        counted = Counter(schema.names)
    if len(schema) > MAX_COLUMNS:
        raise DataError(f"{path}: has {len(schema):,} columns; at most {MAX_COLUMNS:,} are read, so leave some out")
    twice = min((name for name, n in counted.items() if n > 1), default=None)
    if twice is not None:
        raise DataError(f"{path}: column {twice!r} appears {counted[twice]} times; rename all but one")
    return schema


def schemas_of(path: Path) -> dict[str, pa.Schema]:
    """Column names and types of every file of a folder, by its name in it; of a file alone under its own name."""
    if not path.is_dir():
        return {path.name: schema_of(path)}
    files = sorted(path.glob("**/*.parquet"))
    if not files:
        raise DataError(f"{path}: the folder has no .parquet file")
    return {file.relative_to(path).as_posix(): schema_of(file) for file in files}


def frames(part: Part, columns: tuple[str, ...] | None = None) -> Iterator[pd.DataFrame]:
    """The rows of a partition, at most 65,536 at a time; only those of the named columns that its file has."""
    with _readable(part.path):
        if part.path.suffix == ".parquet":
            file = pq.ParquetFile(part.path, pre_buffer=False)
            wanted = _held(columns, file.schema_arrow)
            groups = None if part.row_groups is None else list(part.row_groups)
            batches = file.iter_batches(batch_size=BATCH_ROWS, row_groups=groups, columns=wanted)
            empty = file.schema_arrow.empty_table()
        else:
            table = _whole(part.path)
            wanted = _held(columns, table.schema)
            batches = iter(table.to_batches(max_chunksize=BATCH_ROWS))
            empty = table.schema.empty_table()
        seen = False
        for batch in batches:
            seen = True
            frame = batch.to_pandas(ignore_metadata=True)
            yield frame if wanted is None else frame[wanted]
        if not seen:
            yield (empty if wanted is None else empty.select(wanted)).to_pandas(ignore_metadata=True)


def _held(columns: tuple[str, ...] | None, schema: pa.Schema) -> list[str] | None:
    return None if columns is None else [c for c in columns if c in schema.names]


def read_frame(path: Path, columns: tuple[str, ...] | None = None) -> pd.DataFrame:
    """A whole data file as one frame: for small files only."""
    parts = [f for part in partitions(path) for f in frames(part, columns)]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def count_rows(path: Path) -> int:
    """Rows of a data file or folder; of parquet without reading them."""
    parts = partitions(path)
    if all(part.path.suffix == ".parquet" for part in parts):
        return sum(int(pq.read_metadata(file).num_rows) for file in {part.path for part in parts})
    return sum(_whole(part.path).num_rows for part in parts)


def _whole(path: Path) -> pa.Table:
    if path.suffix == ".csv":
        return pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(strings_can_be_null=True))
    with pa.ipc.open_file(path) as reader:
        return reader.read_all()


class _readable:  # noqa: N801 - reads as a phrase
    """Turns what readers raise into one sentence that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise DataError(f"{self.path}: no such file") from error
        if isinstance(error, pa.ArrowException | OSError | ValueError | TypeError | KeyError | MemoryError):
            first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise DataError(
                f"{self.path}: cannot be read as {self.path.suffix.lstrip('.') or 'data'}: {first}"
            ) from error
