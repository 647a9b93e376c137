"""The type that a column has in pandas, the same in every part of the data: that which pandas gives to the whole of them."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa

from .reader import Layout

TEXT, FLOAT, OBJECT = "text", "float64", "object"
NULLABLE = {"Int64": (pa.int64(), pd.Int64Dtype()), "UInt64": (pa.uint64(), pd.UInt64Dtype())}


def types_of(layouts: Sequence[Layout]) -> dict[str, str]:
    """Of the files of one data set, the types of those columns that Arrow alone would give another type from part to part.

    Whole numbers with a gap are floats, or nullable integers where a float does not hold them; truths with a gap are objects; whole
    numbers too long for an integer are text.
    """
    held: dict[str, list[pa.DataType]] = {}
    for layout in layouts:
        for field in layout.schema:
            held.setdefault(field.name, []).append(field.type)
    gaps, long, longest = (
        frozenset[str]().union(*(getattr(x, w) for x in layouts)) for w in ("gaps", "long", "longest")
    )
    found = {}
    for name, types in held.items():
        gap = name in gaps or len(types) < len(layouts)
        kind = _type(types, gap=gap, long=name in long, longest=name in longest)
        if kind is not None:
            found[name] = kind
    return found


def _type(types: Sequence[pa.DataType], *, gap: bool, long: bool, longest: bool) -> str | None:
    known = [t for t in types if not pa.types.is_null(t)]
    whole = [pa.types.is_integer(t) or (pa.types.is_decimal(t) and t.scale == 0) for t in known]
    if not known:
        return None
    if all(whole):
        unsigned = [*map(pa.types.is_uint64, known)]
        if longest and (any(map(pa.types.is_decimal, known)) or (any(unsigned) and not all(unsigned))):
            return TEXT
        return None if not gap else FLOAT if not long else "UInt64" if all(unsigned) else "Int64"
    if all(w or pa.types.is_floating(t) or pa.types.is_decimal(t) for w, t in zip(whole, known, strict=True)):
        return FLOAT if any(whole) or len(known) < len(types) else None
    return OBJECT if gap and all(map(pa.types.is_boolean, known)) else None


def in_pandas(table: pa.Table, types: Mapping[str, str]) -> pd.DataFrame:
    """A table as a frame, decimals as numbers and days as times at midnight: pandas has objects for them, which look like text.

    Days alone are counted in whole seconds, which tells them from times where a model is asked: it gets days.
    """
    columns = [_plain(table.column(k), types.get(name)) for k, name in enumerate(table.schema.names)]
    whole = pa.Table.from_arrays(columns, names=table.schema.names)
    frame: pd.DataFrame = whole.to_pandas(ignore_metadata=True)
    for name in [n for n in types if n in frame]:
        if types[name] == OBJECT:
            frame[name] = frame[name].astype(object)
        elif types[name] in NULLABLE:
            held, dtype = NULLABLE[types[name]]
            exact = whole.select([name]).cast(pa.schema([(name, held)]))
            frame[name] = exact.to_pandas(types_mapper={held: dtype}.get)[name]
    return frame


def _plain(column: pa.ChunkedArray, kind: str | None) -> pa.ChunkedArray:
    held = column.type
    if kind == TEXT:
        return column.cast(pa.string())
    if pa.types.is_decimal(held) and (kind == FLOAT or held.scale != 0):
        return column.cast(pa.string()).cast(pa.float64())  # Arrow's own cast makes 0.35000000000000003 of 0.35
    if kind == FLOAT:
        return column.cast(pa.float64(), safe=False)
    if pa.types.is_date(held):
        return column.cast(pa.date32(), safe=False).cast(pa.timestamp("s"))
    if held == pa.timestamp("s"):
        return column.cast(pa.timestamp("ms"))
    if pa.types.is_decimal(held):
        return column.cast(pa.int64())
    return column
