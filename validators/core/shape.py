"""Whether a document has the shape that a JSON Schema gives it, in words of one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator


def problems(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit, with its place; nothing where all fits."""
    for error in Draft202012Validator(schema).iter_errors(value):
        place = error.json_path.removeprefix("$").removeprefix(".")
        yield f"{place[:80] or 'it'}: {error.message[:120]}"
