"""Whether a document has the shape that a JSON Schema gives it, in words of one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema_rs import validator_for


def problems(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit, with its place; nothing where all fits."""
    try:
        for error in validator_for(dict(schema)).iter_errors(value):
            place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.instance_path).removeprefix(".")
            yield f"{place[:80] or 'it'}: {error.message[:120]}"
    except (ValueError, RecursionError) as error:  # half of a surrogate pair, or nested without end
        yield f"it: cannot be looked through ({type(error).__name__})"
