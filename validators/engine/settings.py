"""Settings of an installation, for every project on it: what a model may take of this machine.

``settings.toml`` in the folder that ``SEATRIAL_HOME`` names::

    [worker]
    memory_gb = 4      # address space of the process of a model
    cpu_hours = 12     # processor time of it
    load_s = 120       # to load a model
    call_s = 300       # to score up to 16,384 rows
"""

import difflib
import tomllib
from pathlib import Path

from ..core.errors import ProjectError
from ..models.process import Limits

FILE = "settings.toml"
UNITS = {
    "memory_gb": ("memory_bytes", 1 << 30),
    "cpu_hours": ("cpu_s", 3600),
    "load_s": ("load_s", 1),
    "call_s": ("call_s", 1),
}


def limits_of(home: Path) -> Limits:
    """Limits of the process of a model on this installation; the defaults where it says nothing.

    Raises
    ------
    ProjectError
        When the file cannot be read, has an unknown key or a value that is no number above 0.
    """
    path = home / FILE
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Limits()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProjectError(f"{path}: cannot be read ({error})") from None
    worker = held.get("worker", {})
    names = [(key, ("worker",)) for key in held] + [
        (key, tuple(UNITS)) for key in (worker if isinstance(worker, dict) else ())
    ]
    problems = [f"{path}: unknown key {key!r}{_hint(key, known)}" for key, known in names if key not in known]
    if not isinstance(worker, dict):
        problems.append(f"{path}: worker must be a table, [worker]")
    if problems:
        raise ProjectError(*problems)
    wrong = [
        key
        for key, value in worker.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0
    ]
    if wrong:
        raise ProjectError(*(f"{path}: {key} must be a number above 0, got {worker[key]!r}" for key in wrong))
    given = {UNITS[key][0]: value * UNITS[key][1] for key, value in worker.items()}
    whole = {name: int(value) if name in ("memory_bytes", "cpu_s") else float(value) for name, value in given.items()}
    return Limits(**whole)  # type: ignore[arg-type] # the names are those of UNITS


def _hint(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; it can have {', '.join(known)}"
