"""Memory of this machine, and of a process with all that it started; with the standard library alone, as a job's runner reads it."""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from .processes import stat

SHARE = 0.6  # of a machine's memory that jobs may have together; the rest is the app's and the system's
LEAST = 2 << 30  # of one job
GROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def of_machine() -> int:
    """Bytes of memory of this machine or container; 0 where they cannot be told."""
    try:
        found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (ValueError, OSError):
        return 0
    for path in GROUP:
        try:
            found.append(int(path.read_text("utf-8")))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return min(found)


def shares(running: int | None, each: int | None) -> tuple[int, int | None]:
    """How many jobs run at once, and the bytes of each; what is not said is chosen so that all together stay within six tenths.

    No bytes where the machine does not tell its memory and nothing is said.
    """
    budget, cores = int(SHARE * of_machine()), os.cpu_count() or 1
    if not budget:
        return running or cores, each
    at_once = running or max(min(cores, budget // (each or LEAST)), 1)
    return at_once, each or budget // at_once


def of_tree(pid: int) -> int:
    """Bytes of memory that a process and all that it started hold for themselves; 0 where the system does not tell."""
    page = os.sysconf("SC_PAGE_SIZE")
    return page * sum(_own_pages(process) for process in _tree(pid))


def _tree(pid: int) -> Iterator[int]:
    below: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*"):
        if fields := stat(int(path.name)):
            below[int(fields[1])].append(int(path.name))
    waiting = [pid]
    while waiting:
        yield (one := waiting.pop())
        waiting += below[one]


def _own_pages(pid: int) -> int:
    """Pages in memory less those that are files' or shared."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text("utf-8").split()
    except (OSError, ValueError):
        return 0
    return int(resident) - int(shared)
