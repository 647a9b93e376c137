"""Data files as partitions that are read only when opened: parquet (a file or a folder), csv, arrow."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ..core.errors import DataError
from .column_types import in_pandas, types_of
from .reader import batches_of, layout_of, rows_of, telling

BATCH_ROWS, MAX_COLUMNS = 65_536, 10_000
SUFFIXES = (".parquet", ".csv", ".arrow", ".feather")


@dataclass(frozen=True, slots=True)
class Part:
    """One partition: a file, and its row groups (parquet) if not all; types that the whole data give to its columns."""

    path: Path
    row_groups: tuple[int, ...] | None = None
    types: Mapping[str, str] = field(default_factory=dict)


def partitions(path: Path, *, rows: int = 1_000_000) -> tuple[Part, ...]:
    """Partitions of a data file or a folder of parquet files, of about `rows` rows each.

    Raises
    ------
    DataError
        When the file cannot be read or is of no known kind.
    """
    files = _files(path) if path.is_dir() else [path]
    for file in files:
        schema_of(file)
    layouts = [layout_of(file) for file in files]
    types = types_of(layouts)
    parts: list[Part] = []
    for file, layout in zip(files, layouts, strict=True):
        if file.suffix != ".parquet":
            parts.append(Part(file, None, types))
            continue
        groups = layout.groups
        held: list[int] = []
        size = 0
        for g, n in enumerate(groups):
            held.append(g)
            size += n
            if size >= rows or g == len(groups) - 1:
                parts.append(Part(file, tuple(held), types))
                held, size = [], 0
        if not groups:
            parts.append(Part(file, (), types))
    return tuple(parts)


def schema_of(path: Path) -> pa.Schema:
    """Column names and types of a data file (of the first file of a folder)."""
    if path.is_dir():
        return next(iter(schemas_of(path).values()))
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path}: unknown kind of data file; give one of {', '.join(SUFFIXES)}")
    schema = layout_of(path).schema
    narrow(path, schema)
    with telling(path):
        counted = Counter(schema.names)
    twice = min((name for name, n in counted.items() if n > 1), default=None)
    if twice is not None:
        raise DataError(f"{path}: column {twice!r} appears {counted[twice]} times; rename all but one")
    if path.suffix == ".csv" and len(schema) == 1:
        mark = next((m for m in ";\t|" if m in schema.names[0]), None)
        if mark is not None:
            raise DataError(f"{path}: its columns are separated by {mark!r}; write the file with commas, or as parquet")
    return schema


def narrow(path: Path, schema: pa.Schema) -> None:
    """Raise DataError where a file has more columns than are read, those inside other columns counted."""
    wide = sum(_leaves(field.type) for field in schema)
    if wide > MAX_COLUMNS:
        inside = ", those inside others counted" * (wide > len(schema))
        raise DataError(f"{path}: has {wide:,} columns{inside}; at most {MAX_COLUMNS:,} are read, so leave some out")


def _leaves(held: pa.DataType) -> int:
    """Columns of plain values in a column; Arrow itself bounds how deep they may lie."""
    return sum(_leaves(held.field(k).type) for k in range(held.num_fields)) or 1


def schemas_of(path: Path) -> dict[str, pa.Schema]:
    """Column names and types of every file of a folder, by its name in it; of a file alone under its own name."""
    if not path.is_dir():
        return {path.name: schema_of(path)}
    return {file.relative_to(path).as_posix(): schema_of(file) for file in _files(path)}


def _files(folder: Path) -> list[Path]:
    """The parquet files of a folder; as Arrow and Spark do, it leaves out what is called _ or . something, as unfinished writes are."""
    found = sorted(folder.glob("**/*.parquet"))
    files = [f for f in found if not any(part[0] in "_." for part in f.relative_to(folder).parts)]
    if not files:
        raise DataError(f"{folder}: the folder has no .parquet file")
    return files


def frames(part: Part, columns: tuple[str, ...] | None = None) -> Iterator[pd.DataFrame]:
    """The rows of a partition, at most 65,536 at a time; only those of the named columns that its file has."""
    for table in batches_of(part.path, groups=part.row_groups, columns=columns, size=BATCH_ROWS):
        with telling(part.path):
            frame = in_pandas(table, part.types)
        yield frame if columns is None else frame[[c for c in columns if c in table.schema.names]]


def read_frame(path: Path, columns: tuple[str, ...] | None = None) -> pd.DataFrame:
    """A whole data file as one frame: for small files only."""
    parts = [f for part in partitions(path) for f in frames(part, columns)]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def count_rows(path: Path) -> int:
    """Rows of a data file or folder; of parquet without reading them."""
    return sum(rows_of(file) for file in {part.path for part in partitions(path)})
