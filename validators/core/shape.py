"""Whether a document has the shape that a JSON Schema gives it: the part of that language that our schemas are written in."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
KNOWN = {
    *("$schema", "$id", "title", "type", "const", "enum", "pattern", "minimum", "oneOf", "items"),
    *("properties", "additionalProperties", "required"),
}


def problems(value: Any, schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """What does not fit, with its place; nothing where all fits. `where` is the place of the value itself."""
    if unknown := schema.keys() - KNOWN:
        raise ValueError(f"the schema uses {sorted(unknown)}, which is not known here")
    if "oneOf" in schema:
        if sum(not any(problems(value, s, where)) for s in schema["oneOf"]) != 1:
            yield f"{where or 'it'} has none of the forms that it may have"
        return
    if not _plain(value, schema):
        yield f"{where or 'it'} is {str(value)[:40]!r}"
        return
    if isinstance(value, dict):
        yield from _of_object(value, schema, where)
    elif isinstance(value, list) and "items" in schema:
        for k, held in enumerate(value):
            yield from problems(held, schema["items"], f"{where}[{k}]")


def _plain(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value by itself fits: its type, and what it may be. JSON has no numbers but finite ones."""
    names = schema.get("type", list(TYPES))
    wanted = [names] if isinstance(names, str) else names
    truth = isinstance(value, bool)
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return (
        any(isinstance(value, TYPES[n]) and (n == "boolean") >= truth for n in wanted)
        and ("const" not in schema or value == schema["const"])
        and ("enum" not in schema or any(value == held and truth == isinstance(held, bool) for held in schema["enum"]))
        and ("pattern" not in schema or not isinstance(value, str) or re.search(schema["pattern"], value) is not None)
        and ("minimum" not in schema or not isinstance(value, int | float) or value >= schema["minimum"])
    )


def _of_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    named, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{where or 'it'} has no {name}" for name in schema.get("required", ()) if name not in value)
    for name, held in value.items():
        place = f"{where}.{name}" if where else name
        if name in named:
            yield from problems(held, named[name], place)
        elif more is False:
            yield f"{place[:80]} is not known"
        elif isinstance(more, dict):
            yield from problems(held, more, place)
