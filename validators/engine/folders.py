"""Folders of files whose columns differ: an error where the model is tested, a finding where production serves."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from ..core.data import Role

NOT_IN = "not in "
NESTED = "lists or records"


def united(schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """Every column of any file, as the first file that has it holds it."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas.values():
        for field in schema:
            fields.setdefault(field.name, field)
    return pa.schema(list(fields.values()))


def kinds_of(schemas: Mapping[str, pa.Schema]) -> dict[str, str]:
    """What every column of any file holds, in a word; one that some files lack is ``not in 2 of 5 files``, from the first of them on."""
    found: dict[str, str] = {}
    for name in united(schemas).names:
        kinds = dict.fromkeys(kind_of(s.field(name).type) for s in schemas.values() if name in s.names)
        known = [k for k in kinds if k != "nothing"] or list(kinds)
        without = [file for file, s in schemas.items() if name not in s.names]
        files = f"{len(without)} of {len(schemas)} files (the first: {without[0]})" if without else ""
        found[name] = f"{NOT_IN}{files}" if without else " and ".join(known)
    return found


def differences(role: Role, schemas: Mapping[str, pa.Schema], used: Sequence[str]) -> Iterator[str]:
    """What keeps the files of a folder from being read as one table."""
    (first, expected), *others = schemas.items()
    for name in (c for c in used if c in expected.names):
        kind = kind_of(expected.field(name).type)
        for file, schema in others:
            if name not in schema.names:
                yield f"[data] {role.value}: {file} has no column {name!r}, which {first} has; write it, or take the file out"
                break
            other = kind_of(schema.field(name).type)
            if other != kind and "nothing" not in (kind, other):
                yield f"[data] {role.value}: column {name!r} is {kind} in {first} and {other} in {file}; write both as one"
                break


def kind_of(held: pa.DataType) -> str:
    """What a column holds, in a word; the width of its numbers does not matter."""
    if pa.types.is_dictionary(held):
        return kind_of(held.value_type)
    tests = (
        ("number", (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)),
        ("true or false", (pa.types.is_boolean,)),
        ("text", (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)),
        ("time", (pa.types.is_temporal,)),
        ("nothing", (pa.types.is_null,)),
        (NESTED, (pa.types.is_nested,)),
    )
    return next((word for word, some in tests if any(test(held) for test in some)), "other")


def holds_bytes(held: pa.DataType) -> bool:
    """Whether the values of a column are bytes that nothing calls text."""
    if pa.types.is_dictionary(held):
        return holds_bytes(held.value_type)
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return any(test(held) for test in tests)
