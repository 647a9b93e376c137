"""What a model file is: read from what its worker says of it, which is checked first, as the model may have said it."""

from dataclasses import dataclass
from typing import Any

from ..confined.protocol import clean
from ..core.errors import ModelError

MOST_NAMES, MOST_TYPES = 100_000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a model file is, and how it was kept apart. `types` are those of a skops file beyond the ones that skops trusts itself."""

    file: str
    format: str
    sha256: str
    bytes: int
    isolation: str
    class_name: str
    module: str
    classes: tuple[Any, ...] | None
    features: tuple[str, ...] | None
    libraries: tuple[tuple[str, str], ...]
    types: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "file": self.file,
            "format": self.format,
            "sha256": self.sha256,
            "bytes": self.bytes,
            "isolation": self.isolation,
            "class": f"{self.module}.{self.class_name}",
            "libraries": dict(self.libraries),
            "types": list(self.types),
        }


def described(reply: dict[str, Any], **known: Any) -> Description:
    """The description out of a worker's reply and what the parent knows itself; raises ModelError where the reply is none."""
    classes, features, libraries, types = (reply.get(n) for n in ("classes", "features", "libraries", "types"))
    if (
        not isinstance(libraries, dict)
        or not _names(types, str)
        or not _names(classes, bool | int | float | str)
        or not _names(features, str)
    ):
        raise ModelError("described itself in a way that cannot be read")
    return Description(
        class_name=clean(reply.get("class"), 80),
        module=clean(reply.get("module"), 80),
        classes=None if classes is None else tuple(clean(c, 200) if isinstance(c, str) else c for c in classes),
        features=None if features is None else tuple(clean(f, 200) for f in features),
        libraries=tuple(sorted((clean(k, 40), clean(v, 40)) for k, v in list(libraries.items())[:20])),
        types=tuple(clean(t, 200) for t in (types or ())[:MOST_TYPES]),
        **known,
    )


def _names(held: object, kind: Any) -> bool:
    return held is None or (
        isinstance(held, list) and len(held) <= MOST_NAMES and all(isinstance(x, kind) for x in held)
    )
