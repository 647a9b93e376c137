"""Whether a document has the shape that a JSON Schema gives it, in words of one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend


def _properties(validator: Any, properties: Mapping[str, Any], value: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    """As jsonschema's own; where nothing but a type is asked of a property, without a validator made for it."""
    if not validator.is_type(value, "object"):
        return
    for name, asked in properties.items():
        if name in value and not _is_all_that_is_asked(validator, value[name], asked):
            yield from validator.descend(value[name], asked, path=name, schema_path=name)


def _is_all_that_is_asked(validator: Any, value: Any, schema: Any) -> bool:
    if not isinstance(schema, dict) or schema.keys() != {"type"}:
        return False
    types = schema["type"]
    return any(validator.is_type(value, t) for t in ([types] if isinstance(types, str) else types))


_Validator: Any = extend(Draft202012Validator, {"properties": _properties})


def problems(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit, with its place; nothing where all fits."""
    for error in _Validator(schema).iter_errors(value):
        place = error.json_path.removeprefix("$").removeprefix(".")
        yield f"{place[:80] or 'it'}: {error.message[:120]}"
