"""Settings of an installation, for every project on it: what a model may take of this machine, and where rows may go.

``settings.toml`` in the folder that ``SEATRIAL_HOME`` names::

    [worker]
    memory_gb = 4      # address space of the process of a model
    cpu_hours = 12     # processor time of it
    load_s = 120       # to load a model
    call_s = 300       # to score up to 16,384 rows

    [endpoint]
    hosts = ["scores.example.org"]   # to which rows may be sent, where a project names a scoring endpoint there
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from ..core.errors import ProjectError
from ..core.hints import nearest
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
    path, held = home / FILE, _held(home / FILE)
    worker = held.get("worker", {})
    names = [(key, ("worker", "endpoint")) for key in held] + [
        (key, tuple(UNITS)) for key in (worker if isinstance(worker, dict) else ())
    ]
    problems = [f"{path}: unknown key {key!r}; {nearest(key, known)}" for key, known in names if key not in known]
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


def endpoint_hosts(home: Path) -> tuple[str, ...]:
    """Hosts (`host` or `host:port`) to which rows may be sent: those of the settings, and of SEATRIAL_ENDPOINT_HOSTS, with commas.

    Raises
    ------
    ProjectError
        When the file cannot be read, or `[endpoint]` holds anything but a list of hosts.
    """
    path, held = home / FILE, _held(home / FILE).get("endpoint", {})
    hosts = held.get("hosts", []) if isinstance(held, dict) and set(held) <= {"hosts"} else None
    if not isinstance(hosts, list) or not all(isinstance(h, str) for h in hosts):
        raise ProjectError(f'{path}: [endpoint] can hold hosts = ["..."] and nothing else')
    named = os.environ.get("SEATRIAL_ENDPOINT_HOSTS", "").split(",")
    return tuple(h.strip().lower() for h in (*hosts, *named) if h.strip())


def _held(path: Path) -> dict[str, Any]:
    """The settings; none where there is no file."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProjectError(f"{path}: cannot be read ({error})") from None
