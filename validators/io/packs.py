"""Policy packs: tolerances of bias checks for one field of use, shipped or of the project, written into a policy's text."""

import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from ..core.errors import PolicyError
from ..core.hints import nearest

SUFFIX = ".toml"
NOT_ADVICE = "A pack is a set of tolerances, not legal advice; it decides no question of law."
_HEADING = re.compile(r"^(\s*\[\[?)(?=[A-Za-z_]+\]\]?\s*(#.*)?$)", re.MULTILINE)


def pack_names() -> tuple[str, ...]:
    """Names of the packs that are shipped."""
    found = resources.files(__package__).joinpath("..", "policies", "packs").iterdir()
    return tuple(sorted(f.name.removesuffix(SUFFIX) for f in found if f.name.endswith(SUFFIX)))


def pack_text(name: str, folder: Path | None = None) -> str:
    """Text of a shipped pack, or of a file of the project folder where the name ends in .toml."""
    if folder is not None and name.endswith(SUFFIX):
        try:
            return (folder / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"{name}: cannot be read as text ({type(error).__name__})") from None
    if name not in pack_names():
        raise PolicyError(_unknown(name))
    return resources.files(__package__).joinpath("..", "policies", "packs", name + SUFFIX).read_text("utf-8")


def pack_problems(names: Sequence[str]) -> list[str]:
    """What is wrong with the packs that a project names; files are looked for elsewhere."""
    unknown = [_unknown(name) for name in names if not name.endswith(SUFFIX) and name not in pack_names()]
    twice = [f"{name!r} is named twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    return [f"[policy] packs: {p}" for p in (*unknown, *twice)]


def _unknown(name: str) -> str:
    known = (*pack_names(), f"or a {SUFFIX} file here")
    return f"there is no policy pack {name!r}; {nearest(name, known)}"


def with_packs(text: str, packs: Sequence[str]) -> str:
    """A policy's text with the texts of packs written into it as ``[[packs]]``: one file says all that a run is judged by.

    Raises
    ------
    PolicyError
        Where a pack is not valid TOML, or written so that it cannot stand inside another file.
    """
    for pack in packs:
        try:
            alone = tomllib.loads(pack)
            inside = "[[packs]]\n" + _HEADING.sub(r"\1packs.", pack)
            as_part = tomllib.loads(inside)["packs"]
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise PolicyError(f"policy pack: not valid TOML: {error}") from None
        if as_part != [alone]:
            raise PolicyError("policy pack: put it plainly: single keys, [required] and [[limits]]")
        text = f"{text.rstrip()}\n\n{inside}"
    return text
