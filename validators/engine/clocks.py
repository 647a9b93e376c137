"""Columns of times that are compared with each other, before a run: all of them have a time zone, or none."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ..core.data import Role
from ..io.declared import Project
from ..io.tables import frames, partitions


def zone_problems(project: Project, schemas: Mapping[Role, pa.Schema]) -> Iterator[str]:
    """Times of a role that are compared with each other, of which some have a zone and some none; days have none to have."""
    c = project.columns
    declared = tuple(dict.fromkeys(n for n in (c.time, c.label_time, *c.available_at.values()) if n is not None))
    for role, schema in schemas.items():
        clocks = [n for n in declared if n in schema.names]
        if role is Role.SERVING or len(clocks) < 2:
            continue
        zoned = {name: _zoned(project.data[role], name, schema.field(name).type) for name in clocks}
        have, lack = ([n for n in clocks if flag in zoned[n]] for flag in (True, False))
        if have and lack:
            yield (
                f"[data] {role.value}: times of {', '.join(map(repr, have))} have a time zone and those of {', '.join(map(repr, lack))} "
                "none, so which came first cannot be told; write all of them with a zone, or none"
            )


def _zoned(path: Path, name: str, held: pa.DataType) -> set[bool]:
    """Whether the times of a column have a zone, of text those of its first rows."""
    if pa.types.is_timestamp(held):
        return {held.tz is not None}
    if not (pa.types.is_string(held) or pa.types.is_large_string(held)):
        return set()
    parts = frames(partitions(path)[0], (name,))
    first = next((f[name].dropna().astype(str) for f in parts), pd.Series(dtype=str))
    found = first[first.str.contains(r"\d[T ]\d")].str.contains(r"(?:Z|[+-]\d\d:?\d\d)$")
    return set(map(bool, found.unique()))
