"""Which process a number stands for, and whether it lives: as Linux tells it, else as far as any system does."""

import os
from pathlib import Path


def born(pid: int) -> str:
    """When a process began, in the kernel's ticks, so that a number used again is not taken for it; empty where it cannot be told."""
    fields = stat(pid)
    return fields[19] if len(fields) > 19 else ""


def alive(pid: int, began: str) -> bool:
    """Whether the process that began then is alive."""
    fields = stat(pid)
    if fields:
        return fields[0] != "Z" and (not began or fields[19] == began)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return not Path("/proc/self/stat").exists()


def stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name: state first, start time at 19; empty without /proc or without the process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
