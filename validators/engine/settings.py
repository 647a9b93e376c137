"""Settings of an installation, for every project on it: what a model may take of this machine, and where rows may go.

``settings.toml`` in the folder that ``SEATRIAL_HOME`` names::

    [worker]
    memory_gb = 4      # address space of the process of a model
    cpu_hours = 12     # processor time of it
    load_s = 120       # to load a model
    call_s = 300       # to score up to 16,384 rows

    [jobs]
    running = 2        # jobs of the app at once; where it is not said as many as cores, if memory allows
    memory_gb = 6      # of one job, with the processes of its models; by default six tenths of the machine's, shared out
    hours = 12         # after which one is stopped

    [endpoint]
    hosts = ["scores.example.org"]   # to which rows may be sent, where a project names a scoring endpoint there
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..confined.process import Limits
from ..core.errors import ProjectError
from ..core.hints import nearest
from .jobs import JobLimits

FILE = "settings.toml"
WORKER = {
    "memory_gb": ("memory_bytes", 1 << 30),
    "cpu_hours": ("cpu_s", 3600),
    "load_s": ("load_s", 1),
    "call_s": ("call_s", 1),
}
JOBS = {"running": ("running", 1), "memory_gb": ("memory", 1 << 30), "hours": ("wall_s", 3600)}
MOST = 1_000_000
WHOLE = ("memory_bytes", "memory", "cpu_s", "running")
SECTIONS = ("worker", "jobs", "endpoint")


def limits_of(home: Path) -> Limits:
    """Limits of the process of a model on this installation; the defaults where it says nothing.

    Raises
    ------
    ProjectError
        When the file cannot be read, has an unknown key or a value that is no number above 0.
    """
    return Limits(**_numbers(home, "worker", WORKER))  # type: ignore[arg-type] # the names are those of the table


def job_limits(home: Path) -> JobLimits:
    """Limits of the app's jobs on this installation; raises as `limits_of`."""
    return JobLimits(**_numbers(home, "jobs", JOBS))  # type: ignore[arg-type] # the names are those of the table


def _numbers(home: Path, section: str, units: Mapping[str, tuple[str, int]]) -> dict[str, float]:
    """A section of numbers above 0, in the units and under the names that we use."""
    path, held = home / FILE, _held(home / FILE)
    given = held.get(section, {})
    names: list[tuple[str, Sequence[str]]] = [(key, SECTIONS) for key in held]
    names += [(key, list(units)) for key in (given if isinstance(given, dict) else ())]
    problems = [f"{path}: unknown key {key!r}; {nearest(key, known)}" for key, known in names if key not in known]
    if not isinstance(given, dict):
        problems.append(f"{path}: {section} must be a table, [{section}]")
    if problems:
        raise ProjectError(*problems)
    wrong = [
        key
        for key, value in given.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < MOST
    ]
    if wrong:
        raise ProjectError(
            *(f"{path}: {key} must be a number above 0 and below {MOST:,}, got {given[key]!r}" for key in wrong)
        )
    ours = {units[key][0]: value * units[key][1] for key, value in given.items()}
    return {name: max(int(value), 1) if name in WHOLE else float(value) for name, value in ours.items()}


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
